"""The typechecker: every variable defined before use and once, every type what its rule says."""

from __future__ import annotations

from functrans.core.avals import Aval
from functrans.core.jaxpr import Eqn, Jaxpr, Literal, Var
from functrans.errors import CheckError


def check(jaxpr: Jaxpr) -> Jaxpr:
    """Return ``jaxpr`` if it keeps the grammar; raise :class:`CheckError` naming the equation."""
    defined: set[Var] = set()

    def define(var: Var, where: str) -> None:
        if var in defined:
            raise CheckError(f"{where} defines {var} again", "A pass must make a new variable.")
        defined.add(var)

    if len(jaxpr.constvars) != len(jaxpr.consts):
        raise CheckError("constants and their variables differ in number")
    for var in (*jaxpr.constvars, *jaxpr.invars):
        define(var, "the head")
    for eqn in jaxpr.eqns:
        for atom in eqn.invars:
            if isinstance(atom, Var) and atom not in defined:
                raise CheckError(f"{eqn} reads {atom} before it is defined", line=eqn.source)
        _check_types(eqn)
        for value in eqn.params.values():
            if isinstance(value, Jaxpr):
                check(value)
        for var in eqn.outvars:
            define(var, repr(eqn))
    for atom in jaxpr.outvars:
        if isinstance(atom, Var) and atom not in defined:
            raise CheckError(f"the output {atom} is never defined")
        if isinstance(atom, Literal) and atom.aval.shape != ():
            raise CheckError(f"the literal {atom} is not a scalar")
    return jaxpr


def _check_types(eqn: Eqn) -> None:
    out = eqn.primitive.abstract(*(a.aval for a in eqn.invars), **eqn.params)
    avals: list[Aval] = list(out) if eqn.primitive.multiple else [out]
    if len(avals) != len(eqn.outvars):
        raise CheckError(f"{eqn} should have {len(avals)} outputs", line=eqn.source)
    for var, aval in zip(eqn.outvars, avals, strict=True):
        if not var.aval.same_type(aval):
            raise CheckError(f"{eqn} gives {aval}, not {var.aval}", line=eqn.source)
