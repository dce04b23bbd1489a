"""Dead code: the equations that no output needs are dropped, unless they do something else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from functrans.core.jaxpr import Atom, Eqn, Jaxpr, has_effects, is_effectful, remember

T = TypeVar("T")


def dce(jaxpr: Jaxpr) -> Jaxpr:
    """``jaxpr`` without the equations, and the constants, that no output or effect needs.

    Branchings lose the results that nobody reads, and the operands that no branch reads.
    """
    needed: set[Atom] = set(jaxpr.outvars)
    kept: list[Eqn] = []
    for eqn in reversed(jaxpr.eqns):
        if not needed.isdisjoint(eqn.outvars) or has_effects(eqn):
            if is_branching(eqn):
                eqn = _narrowed(eqn, needed)
            kept.append(eqn)
            needed.update(eqn.invars)
    live = [(v, c) for v, c in zip(jaxpr.constvars, jaxpr.consts, strict=True) if v in needed]
    return Jaxpr(
        [v for v, _ in live], [c for _, c in live], jaxpr.invars, kept[::-1], jaxpr.outvars
    )


def is_branching(eqn: Eqn) -> bool:
    """Whether an equation holds programs one of which runs, as the word ``Branch`` says."""
    return "branches" in eqn.params


def _narrowed(eqn: Eqn, needed: set[Atom]) -> Eqn:
    """The branching without results that are not needed, and what only these read."""
    branches: Sequence[Jaxpr] = eqn.params["branches"]
    wanted = [v in needed for v in eqn.outvars]
    read = _read(branches, wanted)
    if all(wanted) and all(read):
        return eqn
    programs = tuple(
        dce(
            Jaxpr(
                branch.constvars,
                branch.consts,
                _where(read, branch.invars),
                branch.eqns,
                _where(wanted, branch.outvars),
            )
        )
        for branch in branches
    )
    index, *operands = eqn.invars
    params = {**eqn.params, "branches": programs}
    operands = [index, *_where(read, operands)]
    return Eqn(eqn.primitive, operands, _where(wanted, eqn.outvars), params, eqn.source)


def _where(mask: Sequence[bool], values: Sequence[T]) -> list[T]:
    return [value for value, on in zip(values, mask, strict=True) if on]


def needed_inputs(jaxpr: Jaxpr, outputs: Sequence[bool]) -> list[bool]:
    """Which inputs the chosen outputs of a program read, or its effects."""
    needed: set[Atom] = {v for v, on in zip(jaxpr.outvars, outputs, strict=True) if on}
    for eqn in reversed(jaxpr.eqns):
        if needed.isdisjoint(eqn.outvars) and not has_effects(eqn):
            continue
        if is_branching(eqn):
            index, *operands = eqn.invars
            read = _read(eqn.params["branches"], [v in needed for v in eqn.outvars])
            needed.update((index, *_where(read, operands)))
        else:
            needed.update(eqn.invars)
    return [v in needed for v in jaxpr.invars]


def _read(branches: Sequence[Jaxpr], outputs: Sequence[bool]) -> list[bool]:
    """Which inputs the chosen outputs of one branch or another read."""
    return [any(on) for on in zip(*(needed_inputs(b, outputs) for b in branches), strict=True)]


def without_effects(jaxpr: Jaxpr) -> Jaxpr:
    """``jaxpr`` as it is run once more for values that it gave before, inner programs too.

    What it does besides computing has been done, so only effects whose results are read stay.
    """
    if not is_effectful(jaxpr):
        return jaxpr
    result: Jaxpr = remember(jaxpr, "without effects", lambda: _without_effects(jaxpr))
    return result


def _without_effects(jaxpr: Jaxpr) -> Jaxpr:
    needed: set[Atom] = set(jaxpr.outvars)
    kept: list[Eqn] = []
    for eqn in reversed(jaxpr.eqns):
        if needed.isdisjoint(eqn.outvars):
            continue
        if has_effects(eqn):
            params = {name: calmed(value) for name, value in eqn.params.items()}
            eqn = Eqn(eqn.primitive, eqn.invars, eqn.outvars, params, eqn.source)
        kept.append(eqn)
        needed.update(eqn.invars)
    return jaxpr.replace(eqns=kept[::-1])


def calmed(value: Any) -> Any:
    """A parameter with its programs as :func:`without_effects` has them."""
    if isinstance(value, tuple):
        return tuple(map(calmed, value))
    return without_effects(value) if isinstance(value, Jaxpr) else value
