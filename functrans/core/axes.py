"""Names of mapped axes: which are bound here, and which operations one of them concerns.

An operation across a named axis (a *collective*) has the name in its parameter ``axis_name``. The
``vmap`` of that name removes it: the name becomes HERE, in the operation itself or throughout the
programs that an operation holds, just before the batch rule runs; and batch rules of collectives
do their work where they find HERE. So no other rule needs to know of names, and what is
remembered of a program does not depend on where it is used: a program with HERE is another
program.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from functrans.core.jaxpr import Eqn, Jaxpr, inner_programs, programs_among, remember
from functrans.core.primitive import Primitive
from functrans.core.trace import current_trace

Name = Hashable


class _Here:
    """The axis that is being mapped now, whatever its name is."""

    def __repr__(self) -> str:
        return "HERE"


HERE = _Here()


def bound_axes() -> dict[Name, int]:
    """The names of the mapped axes around, innermost first, and their sizes."""
    found: dict[Name, int] = {}
    trace = current_trace()
    while trace is not None:
        if trace.axis is not None:
            found.setdefault(*trace.axis)
        trace = trace.parent
    return found


def concerns(primitive: Primitive, params: dict[str, Any], name: Name) -> bool:
    """Whether an operation, or one within the programs it holds, goes across the axis ``name``."""
    if "axis_name" in params:
        return bool(params["axis_name"] == name)
    # Programs are held by operations with several results.
    return primitive.multiple and any(name in _names(p) for p in programs_among(params))


def placed_here(params: dict[str, Any], name: Name) -> dict[str, Any]:
    """The parameters with HERE in the place of ``name``, within programs too."""
    return {key: _placed(key, value, name) for key, value in params.items()}


def _placed(key: str, value: Any, name: Name) -> Any:
    if key == "axis_name":
        return HERE if value == name else value
    if isinstance(value, tuple):
        return tuple(_placed("", v, name) for v in value)
    if isinstance(value, Jaxpr) and name in _names(value):
        return remember(value, ("placed here", name), lambda: _placed_program(value, name))
    return value


def _placed_program(jaxpr: Jaxpr, name: Name) -> Jaxpr:
    def placed(eqn: Eqn) -> Eqn:
        if not concerns(eqn.primitive, eqn.params, name):
            return eqn
        params = placed_here(eqn.params, name)
        return Eqn(eqn.primitive, eqn.invars, eqn.outvars, params, eqn.source)

    return jaxpr.replace(eqns=[placed(eqn) for eqn in jaxpr.eqns])


def _names(jaxpr: Jaxpr) -> frozenset[Name]:
    """The names of all axes that a program goes across; remembered."""

    def find() -> frozenset[Name]:
        found: set[Name] = set()
        for eqn in jaxpr.eqns:
            if "axis_name" in eqn.params:
                found.add(eqn.params["axis_name"])
            elif eqn.primitive.multiple:
                found.update(*map(_names, inner_programs(eqn)))
        return frozenset(found)

    result: frozenset[Name] = remember(jaxpr, "axis names", find)
    return result
