"""Dead code: the equations that no output needs are dropped, unless they do something else."""

from __future__ import annotations

from typing import Any

from functrans.core.jaxpr import Atom, Eqn, Jaxpr, has_effects, is_effectful, remember


def dce(jaxpr: Jaxpr) -> Jaxpr:
    """``jaxpr`` without the equations, and the constants, that no output or effect needs."""
    needed: set[Atom] = set(jaxpr.outvars)
    kept: list[Eqn] = []
    for eqn in reversed(jaxpr.eqns):
        if not needed.isdisjoint(eqn.outvars) or has_effects(eqn):
            kept.append(eqn)
            needed.update(eqn.invars)
    live = [(v, c) for v, c in zip(jaxpr.constvars, jaxpr.consts, strict=True) if v in needed]
    return Jaxpr(
        [v for v, _ in live], [c for _, c in live], jaxpr.invars, kept[::-1], jaxpr.outvars
    )


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
