"""The pattern engine: one forward walk that rewrites each equation until no rewrite applies.

A *rewrite* looks at an equation, whose operands are final already, and at how they were computed.
It returns None, the atoms that stand for its outputs, or another equation with the same outputs.
*Patterns* write such rewrites as algebra: ``Row("−(−x) → x", neg(neg(x)), x)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from functrans.core.avals import Aval
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from functrans.core.primitive import Primitive
from functrans.errors import Source
from functrans.passes.literals import filled, same_literal, strong
from functrans.primitives.elementwise import and_p, eq_p, ne_p, or_p, xor_p
from functrans.primitives.layout import broadcast_in_dim_p
from functrans.primitives.linear import add_p, mul_p

COMMUTATIVE = frozenset({add_p, mul_p, eq_p, ne_p, and_p, or_p, xor_p})
"""Primitives whose two operands may change places (maximum may not: ±0)."""

Result = Eqn | Sequence[Atom] | None
Rewrite = Callable[[Eqn, "Scope"], Result]


class Scope:
    """The program written so far: its equations, and the one that defines each variable."""

    def __init__(self, rewrites: Sequence[Rewrite]) -> None:
        self.rewrites = rewrites
        self.eqns: list[Eqn] = []
        self.definitions: dict[Atom, Eqn] = {}
        self.names: dict[Atom, Atom] = {}

    def producer(self, atom: Atom, primitive: Primitive) -> Eqn | None:
        """The equation that computes ``atom``, where it is one of ``primitive``."""
        eqn = self.definitions.get(atom)
        return eqn if eqn is not None and eqn.primitive is primitive else None

    def literal(self, atom: Atom) -> Literal | None:
        """The number that every element of ``atom`` is, where that is known."""
        if isinstance(atom, Literal):
            return atom
        eqn = self.definitions.get(atom)
        if eqn is None or eqn.primitive is not broadcast_in_dim_p:
            return None
        return strong(eqn.invars[0]) if isinstance(eqn.invars[0], Literal) else None

    def emit(
        self,
        primitive: Primitive,
        invars: Sequence[Atom],
        params: dict[str, Any],
        source: Source | None,
    ) -> Atom:
        """The result of one more equation, rewritten like all others."""
        aval: Aval = primitive.abstract(*(a.aval for a in invars), **params)
        out = Var(aval)
        self.add(Eqn(primitive, invars, [out], params, source))
        return self.names.get(out, out)

    def add(self, eqn: Eqn) -> None:
        """Write ``eqn``, or what the rewrites make of it."""
        while (rewritten := self._rewrite(eqn)) is not None:
            if rewritten is eqn:
                return
            eqn = rewritten
        self.eqns.append(eqn)
        for var in eqn.outvars:
            self.definitions[var] = eqn

    def _rewrite(self, eqn: Eqn) -> Eqn | None:
        """The equation that replaces ``eqn``; itself if its outputs have other names now."""
        for rewrite in self.rewrites:
            result = rewrite(eqn, self)
            if isinstance(result, Eqn):
                return result
            if result is not None:
                replaced = self._replace(eqn, result)
                if replaced is not None:
                    return replaced
        return None

    def _replace(self, eqn: Eqn, atoms: Sequence[Atom]) -> Eqn | None:
        pairs = list(zip(eqn.outvars, atoms, strict=True))
        if all(var.aval == atom.aval for var, atom in pairs):
            self.names.update(pairs)
            return eqn
        # A number stands for an array of it only through a broadcast: types are kept.
        (var, atom), *rest = pairs
        if rest or atom.aval.shape or not var.aval.shape or atom.aval.dtype != var.aval.dtype:
            return None
        return filled(var, atom, eqn.source)


def walk(jaxpr: Jaxpr, rewrites: Sequence[Rewrite]) -> Jaxpr:
    """``jaxpr`` with every equation rewritten, operands before what reads them."""
    scope = Scope(rewrites)
    names = scope.names
    for eqn in jaxpr.eqns:
        if any(a in names for a in eqn.invars):
            eqn = eqn.with_invars([names.get(a, a) for a in eqn.invars])
        scope.add(eqn)
    outvars = [names.get(a, a) for a in jaxpr.outvars]
    return Jaxpr(jaxpr.constvars, jaxpr.consts, jaxpr.invars, scope.eqns, outvars)


# --- patterns ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wild:
    """Matches any operand, or any that is no literal; a name twice matches one operand twice."""

    name: str
    variable: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """Matches a literal, or an array of one number, that passes the test."""

    name: str
    test: Callable[[np.generic], bool]


@dataclass(frozen=True, slots=True)
class Apply:
    """Matches an operand that was computed by ``primitive`` from operands that match."""

    primitive: Primitive
    args: tuple[Pattern, ...]


Pattern = Wild | Number | Apply
Found = dict[str, Atom]


def operation(primitive: Primitive) -> Callable[..., Apply]:
    """A function that writes applications of ``primitive`` in patterns."""

    def apply(*args: Pattern) -> Apply:
        return Apply(primitive, args)

    return apply


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the identity in words, its two sides, and where it holds.

    ``exact``: both sides agree in every bit for floating numbers, NaN, infinities and signed
    zeros included (the sign and payload of a NaN apart).
    """

    identity: str
    primitive: Primitive
    rewrite: Rewrite = field(repr=False)
    exact: bool = True


def algebra(
    identity: str,
    left: Apply,
    right: Pattern,
    *,
    exact: bool = True,
    where: Callable[[np.dtype[Any]], bool] | None = None,
) -> Row:
    """The row that rewrites ``left`` to ``right``, for results of the dtypes in ``where``."""

    def rewrite(eqn: Eqn, scope: Scope) -> Result:
        if where is not None and not where(eqn.outvars[0].aval.dtype):
            return None
        found = match_operands(left, eqn, scope)
        if found is None:
            return None
        if isinstance(right, Apply):
            operands = [_build(p, found, scope, eqn.source) for p in right.args]
            return Eqn(right.primitive, operands, eqn.outvars, {}, eqn.source)
        return [found[right.name]]

    return Row(identity, left.primitive, rewrite, exact)


def _build(pattern: Pattern, found: Found, scope: Scope, source: Source | None) -> Atom:
    if isinstance(pattern, Apply):
        operands = [_build(p, found, scope, source) for p in pattern.args]
        return scope.emit(pattern.primitive, operands, {}, source)
    return found[pattern.name]


def match_operands(pattern: Apply, eqn: Eqn, scope: Scope) -> Found | None:
    """What the names of ``pattern`` stand for in ``eqn``, if it matches."""
    orders = [eqn.invars]
    if pattern.primitive in COMMUTATIVE:
        orders.append(eqn.invars[::-1])
    for operands in orders:
        found: Found = {}
        pairs = zip(pattern.args, operands, strict=True)
        if all(_match(p, a, scope, found) for p, a in pairs):
            return found
    return None


def _match(pattern: Pattern, atom: Atom, scope: Scope, found: Found) -> bool:
    if isinstance(pattern, Apply):
        eqn = scope.producer(atom, pattern.primitive)
        inner = None if eqn is None else match_operands(pattern, eqn, scope)
        return inner is not None and all(_bind(k, v, found) for k, v in inner.items())
    if isinstance(pattern, Number):
        literal = scope.literal(atom)
        if literal is None or not pattern.test(strong(literal).value):
            return False
        atom = literal
    elif pattern.variable and isinstance(atom, Literal):
        return False
    return _bind(pattern.name, atom, found)


def _bind(name: str, atom: Atom, found: Found) -> bool:
    known = found.setdefault(name, atom)
    return known is atom or same_literal(known, atom)
