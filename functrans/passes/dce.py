"""Dead code: the equations that no output needs are dropped."""

from __future__ import annotations

from functrans.core.jaxpr import Atom, Eqn, Jaxpr


def dce(jaxpr: Jaxpr) -> Jaxpr:
    """``jaxpr`` without the equations, and the constants, that no output needs."""
    needed: set[Atom] = set(jaxpr.outvars)
    kept: list[Eqn] = []
    for eqn in reversed(jaxpr.eqns):
        if not needed.isdisjoint(eqn.outvars):
            kept.append(eqn)
            needed.update(eqn.invars)
    live = [(v, c) for v, c in zip(jaxpr.constvars, jaxpr.consts, strict=True) if v in needed]
    return Jaxpr(
        [v for v, _ in live], [c for _, c in live], jaxpr.invars, kept[::-1], jaxpr.outvars
    )
