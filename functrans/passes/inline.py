"""Calls: an equation that runs an inner program becomes that program's equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from functrans import kernel
from functrans.core.avals import Aval
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from functrans.errors import Source
from functrans.primitives.linear import convert_p

Env = dict[Atom, Atom]


def inline(jaxpr: Jaxpr, own_rules: bool = True) -> Jaxpr:
    """``jaxpr`` with calls, at any depth, replaced by the equations of what they call.

    A call is an equation with a parameter ``jaxpr`` that lowers to the word ``Call``. Those with
    rules of their own stay where the program is still to be transformed (``own_rules=False``), and
    so do primitives whose ``lower`` is a :class:`Replacement`.
    Constants of inner programs become constants of the outer one, each array once. Equations keep
    the source line they have, or take the call's.
    """
    writer = _Writer(own_rules)
    if not any(map(writer.is_call, jaxpr.eqns)):
        return jaxpr
    outvars = writer.write(jaxpr, {}, None, renamed=False)
    constants = writer.constants.values()
    return Jaxpr(
        [v for v, _ in constants], [c for _, c in constants], jaxpr.invars, writer.eqns, outvars
    )


class Replacement:
    """A rule for the slot ``lower`` of a primitive: the compiler runs a program in its place.

    ``program(avals, outs, params)`` makes it, from the types of operands and results.
    """

    __slots__ = ("program",)

    def __init__(
        self, program: Callable[[Sequence[Aval], Sequence[Aval], dict[str, Any]], Jaxpr]
    ) -> None:
        self.program = program

    def __call__(self, avals: Any, out: Any, **params: Any) -> kernel.Word:
        return kernel.Call(own_rules=True)


def call_of(eqn: Eqn) -> kernel.Call | None:
    """What the compiler is told of an equation whose program may take its place."""
    if type(eqn.primitive.lower) is Replacement:
        return kernel.Call(own_rules=True)
    if type(eqn.params.get("jaxpr")) is not Jaxpr:
        return None
    avals, outs = [a.aval for a in eqn.invars], [v.aval for v in eqn.outvars]
    word = eqn.primitive.lower(avals, outs, **eqn.params)
    return word if isinstance(word, kernel.Call) else None


def program_of(eqn: Eqn) -> Jaxpr:
    """The program that takes the place of a call."""
    rule = eqn.primitive.lower
    if type(rule) is not Replacement:
        return eqn.params["jaxpr"]  # type: ignore[no-any-return]
    avals = [a.aval for a in eqn.invars]
    return rule.program(avals, [v.aval for v in eqn.outvars], eqn.params)


class _Writer:
    """The program being written; its constants are known by the identity of their arrays."""

    def __init__(self, own_rules: bool) -> None:
        self.own_rules = own_rules
        self.eqns: list[Eqn] = []
        self.constants: dict[int, tuple[Var, Any]] = {}

    def is_call(self, eqn: Eqn) -> bool:
        """Whether the equation's program takes its place."""
        word = call_of(eqn)
        return word is not None and (self.own_rules or not word.own_rules)

    def write(self, jaxpr: Jaxpr, env: Env, caller: Source | None, *, renamed: bool) -> list[Atom]:
        """Append the equations of ``jaxpr``, read through ``env``; returns its outputs.

        A body gets new variables, since it may be called twice.
        """
        for var, value in zip(jaxpr.constvars, jaxpr.consts, strict=True):
            env[var] = self.constants.setdefault(id(value), (Var(var.aval), value))[0]
        for eqn in jaxpr.eqns:
            invars = [env.get(a, a) for a in eqn.invars]
            source = eqn.source or caller
            if self.is_call(eqn):
                outs = self.call(program_of(eqn), invars, source)
                for var, out in zip(eqn.outvars, outs, strict=True):
                    env[var] = self.typed(out, var.aval, source)
                continue
            outvars: Sequence[Var] = eqn.outvars
            if renamed:
                outvars = [Var(v.aval) for v in eqn.outvars]
                env.update(zip(eqn.outvars, outvars, strict=True))
            self.eqns.append(Eqn(eqn.primitive, invars, outvars, eqn.params, source))
        return [env.get(a, a) for a in jaxpr.outvars]

    def call(self, body: Jaxpr, args: Sequence[Atom], source: Source | None) -> list[Atom]:
        typed = [self.typed(a, v.aval, source) for a, v in zip(args, body.invars, strict=True)]
        return self.write(body, dict(zip(body.invars, typed, strict=True)), source, renamed=True)

    def typed(self, atom: Atom, aval: Aval, source: Source | None) -> Atom:
        """``atom`` with the weakness of ``aval``: calls return arrays, never Python scalars."""
        if atom.aval.weak == aval.weak:
            return atom
        if isinstance(atom, Literal) and not aval.weak:
            return Literal(aval.dtype.type(atom.value))
        var = Var(aval)
        params = {"dtype": aval.dtype, "weak": aval.weak}
        self.eqns.append(Eqn(convert_p, [atom], [var], params, source))
        return var
