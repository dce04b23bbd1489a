"""The typechecker: every variable defined before use and once, every type what its rule says."""

from __future__ import annotations

from collections.abc import Sequence

from functrans.core.avals import Aval, aval_of
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, inner_programs
from functrans.errors import CheckError


def check(jaxpr: Jaxpr) -> Jaxpr:
    """Return ``jaxpr`` if it keeps the grammar; raise :class:`CheckError` naming the equation."""
    defined: set[Var] = set()
    if len(jaxpr.constvars) != len(jaxpr.consts):
        raise CheckError("constants and their variables differ in number")
    for var, value in zip(jaxpr.constvars, jaxpr.consts, strict=True):
        if not aval_of(value).same_type(var.aval):
            raise CheckError(f"a constant of type {aval_of(value)} is bound to {var}")
    _define((*jaxpr.constvars, *jaxpr.invars), defined, "the head")
    for eqn in jaxpr.eqns:
        for atom in eqn.invars:
            _check_atom(atom, defined, eqn)
        _check_types(eqn)
        for inner in inner_programs(eqn):
            check(inner)
        _define(eqn.outvars, defined, eqn)
    for atom in jaxpr.outvars:
        _check_atom(atom, defined, "the end")
    return jaxpr


def _define(variables: Sequence[Var], defined: set[Var], where: Eqn | str) -> None:
    for var in variables:
        if var in defined:
            raise CheckError(f"{where} defines {var} again", "A pass must make a new variable.")
        defined.add(var)


def _check_atom(atom: Atom, defined: set[Var], where: Eqn | str) -> None:
    line = where.source if isinstance(where, Eqn) else None
    if isinstance(atom, Literal):
        if atom.aval.shape != () or not aval_of(atom.value).same_type(atom.aval):
            raise CheckError(f"{where} reads {atom}, which is no scalar of its type", line=line)
    elif atom not in defined:
        raise CheckError(f"{where} reads {atom} before it is defined", line=line)


def _check_types(eqn: Eqn) -> None:
    out = eqn.primitive.abstract(*(a.aval for a in eqn.invars), **eqn.params)
    avals: list[Aval] = list(out) if eqn.primitive.multiple else [out]
    if len(avals) != len(eqn.outvars):
        raise CheckError(f"{eqn} should have {len(avals)} outputs", line=eqn.source)
    for var, aval in zip(eqn.outvars, avals, strict=True):
        if not var.aval.same_type(aval):
            raise CheckError(f"{eqn} gives {aval}, not {var.aval}", line=eqn.source)
