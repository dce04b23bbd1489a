"""Common subexpressions: what is computed twice is computed once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from functrans.core.jaxpr import Eqn, Jaxpr, Literal, Var, has_effects
from functrans.passes.literals import literal_key
from functrans.passes.match import COMMUTATIVE, Result, Rewrite, Scope, walk


def cse(jaxpr: Jaxpr) -> Jaxpr:
    """``jaxpr`` with one equation for each primitive, operands and parameters.

    Equations with effects, and those whose parameters cannot be hashed, are left alone.
    """
    return walk(jaxpr, [common_equation()])


def common_equation() -> Rewrite:
    """The rewrite, with the memory of one walk: the outputs of an equal equation before.

    It comes last among rewrites: an equation that it does not know is one that is written.
    """
    known: dict[Hashable, Sequence[Var]] = {}

    def find_common(eqn: Eqn, scope: Scope) -> Result:
        if has_effects(eqn):
            return None
        operands = tuple([literal_key(a) if isinstance(a, Literal) else a for a in eqn.invars])
        key = (
            eqn.primitive,
            frozenset(operands) if eqn.primitive in COMMUTATIVE else operands,
            _frozen(eqn.params) if eqn.params else (),
        )
        try:
            before = known.setdefault(key, eqn.outvars)
        except TypeError:
            return None
        return None if before is eqn.outvars else before

    return find_common


def _frozen(value: Any) -> Hashable:
    """A key that tells apart what ``==`` does not: 1, 1.0 and True, 0.0 and −0.0."""
    if isinstance(value, dict):
        return tuple([(k, _frozen(value[k])) for k in sorted(value)])
    if isinstance(value, tuple):
        return tuple(map(_frozen, value))
    if isinstance(value, bool | int | float | complex):
        return (type(value), repr(value))
    key: Hashable = value
    return key
