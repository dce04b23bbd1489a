"""Jaxpr: an immutable typed program. ``Var``, ``Literal``, ``Eqn``, ``Jaxpr`` and evaluation.

Grammar (JAX's, with one class where JAX has two)::

    jaxpr ::= { lambda constvars ; invars . let eqn* in (atom*) }     constvars carry their arrays
    eqn   ::= var+ = primitive[params] atom*
    atom  ::= var | literal
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from functrans.core.avals import Aval, aval_of
from functrans.core.primitive import Primitive
from functrans.core.trace import bind
from functrans.errors import Source, current_line
from functrans.rich import Rich


class Var:
    """A typed variable; identity is its name."""

    __slots__ = ("aval",)

    def __init__(self, aval: Aval) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"Var({id(self) % 10_000}:{self.aval})"


class Literal:
    """A rank-0 constant written into an equation: a NumPy scalar or a weak Python scalar."""

    __slots__ = ("aval", "value")

    def __init__(self, value: Any, aval: Aval | None = None) -> None:
        self.value = value
        self.aval = aval_of(value) if aval is None else aval

    def __repr__(self) -> str:
        return f"{self.value}:{self.aval}"


Atom = Var | Literal


class Eqn:
    """One application of a primitive, with the user's line that made it."""

    __slots__ = ("invars", "outvars", "params", "primitive", "source")

    def __init__(
        self,
        primitive: Primitive,
        invars: Sequence[Atom],
        outvars: Sequence[Var],
        params: dict[str, Any],
        source: Source | None = None,
    ) -> None:
        self.primitive = primitive
        self.invars = tuple(invars)
        self.outvars = tuple(outvars)
        self.params = params
        self.source = source

    def with_invars(self, invars: Sequence[Atom]) -> Eqn:
        return Eqn(self.primitive, invars, self.outvars, self.params, self.source)

    def __repr__(self) -> str:
        return f"Eqn({self.outvars} = {self.primitive}[{self.params}] {self.invars})"


class Jaxpr(Rich):
    """A program: constants attached, inputs, equations in order, outputs.

    ``consts[i]`` is the array (or, inside other transforms, the tracer) that ``constvars[i]``
    stands for. Jaxprs compare and hash by identity; passes return new ones. ``memo`` is for
    :func:`remember` alone.

    >>> jaxpr = ft.make_jaxpr(lambda x: x + 1.0)(np.ones(2))
    >>> jaxpr.in_avals, len(jaxpr.eqns)
    ([Aval(f64[2])], 1)
    """

    __slots__ = ("__weakref__", "consts", "constvars", "eqns", "invars", "memo", "outvars")

    def __init__(
        self,
        constvars: Sequence[Var],
        consts: Sequence[Any],
        invars: Sequence[Var],
        eqns: Sequence[Eqn],
        outvars: Sequence[Atom],
    ) -> None:
        self.constvars = tuple(constvars)
        self.consts = tuple(consts)
        self.invars = tuple(invars)
        self.eqns = tuple(eqns)
        self.outvars = tuple(outvars)
        self.memo: dict[Any, Any] = {}

    @property
    def in_avals(self) -> list[Aval]:
        return [v.aval for v in self.invars]

    @property
    def out_avals(self) -> list[Aval]:
        return [v.aval for v in self.outvars]

    def replace(
        self, eqns: Sequence[Eqn] | None = None, outvars: Sequence[Atom] | None = None
    ) -> Jaxpr:
        """The same program with other equations or outputs; unused constants are dropped."""
        eqns = self.eqns if eqns is None else eqns
        outvars = self.outvars if outvars is None else outvars
        used = {v for eqn in eqns for v in eqn.invars} | set(outvars)
        kept = [(v, c) for v, c in zip(self.constvars, self.consts, strict=True) if v in used]
        return Jaxpr([v for v, _ in kept], [c for _, c in kept], self.invars, eqns, outvars)

    def __str__(self) -> str:
        from functrans.core.show import show  # the printer reads this module: lazy by need

        return show(self)

    __repr__ = __str__


def remember(jaxpr: Jaxpr, key: Any, make: Callable[[], Any]) -> Any:
    """``make()``, computed once for each Jaxpr and key.

    It is kept in the Jaxpr, so that both are freed together even where it refers to the Jaxpr.
    """
    if key not in jaxpr.memo:
        jaxpr.memo[key] = make()
    return jaxpr.memo[key]


def evaluate(jaxpr: Jaxpr, *args: Any) -> list[Any]:
    """Run ``jaxpr`` by binding each equation under the current trace.

    Values are dropped after their last use, so that memory does not outlive need.

    >>> ft.extend.evaluate(ft.make_jaxpr(lambda x: x + 1.0)(2.0), 2.0)
    [3.0]
    """
    env: dict[Var, Any] = dict(zip(jaxpr.constvars, jaxpr.consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))

    def read(atom: Atom) -> Any:
        return atom.value if isinstance(atom, Literal) else env[atom]

    last = last_uses(jaxpr)
    token = current_line.set(None)
    try:
        for i, eqn in enumerate(jaxpr.eqns):
            current_line.set(eqn.source)  # errors and new equations keep the user's line
            out = bind(eqn.primitive, *map(read, eqn.invars), **eqn.params)
            if eqn.primitive.multiple:
                env.update(zip(eqn.outvars, out, strict=True))
            else:
                env[eqn.outvars[0]] = out
            for var in last[i]:
                env.pop(var, None)
    finally:
        current_line.reset(token)
    return [read(atom) for atom in jaxpr.outvars]


def inner_programs(eqn: Eqn) -> Iterator[Jaxpr]:
    """The programs that an equation holds as parameters, alone or in tuples."""
    return programs_among(eqn.params)


def programs_among(params: dict[str, Any]) -> Iterator[Jaxpr]:
    """The programs among parameters, alone or in tuples."""
    for value in params.values():
        for held in value if isinstance(value, tuple) else (value,):
            if isinstance(held, Jaxpr):
                yield held


def has_effects(eqn: Eqn) -> bool:
    """Whether an equation does something besides computing, itself or in a program it holds."""
    effects = eqn.primitive.effects
    if effects is not None and effects(**eqn.params):
        return True
    return any(map(is_effectful, inner_programs(eqn)))


def is_effectful(jaxpr: Jaxpr) -> bool:
    """Whether a program does something besides computing its results; remembered."""
    result: bool = remember(jaxpr, "effects", lambda: any(map(has_effects, jaxpr.eqns)))
    return result


def last_uses(jaxpr: Jaxpr) -> list[list[Var]]:
    """For each equation, the variables that no later equation or output reads."""
    seen = {v for v in jaxpr.outvars if isinstance(v, Var)}
    result: list[list[Var]] = []
    for eqn in reversed(jaxpr.eqns):
        dying: list[Var] = []
        for v in (*eqn.invars, *eqn.outvars):
            if isinstance(v, Var) and v not in seen:
                seen.add(v)
                dying.append(v)
        result.append(dying)
    return result[::-1]


def is_literal_value(x: Any) -> bool:
    """Whether a constant is written into equations rather than attached as an array."""
    return isinstance(x, bool | int | float | complex | np.generic)
