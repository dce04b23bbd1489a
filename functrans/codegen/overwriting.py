"""What may be updated in place: results that lead from a carried input to the output it becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from functrans import kernel
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Var

WordOf = Callable[[Eqn], kernel.Word]


def overwriting(
    jaxpr: Jaxpr, carried: Sequence[tuple[int, int]], word_of: WordOf
) -> tuple[dict[Var, Var], dict[Var, int]]:
    """Results and the operands that they may overwrite; and the outputs that the last of them are.

    Scatters overwrite what they update, branchings what a branch updates or leaves alone, if no
    other one updates something else. Each is the last to read its operand, and the first one's
    operand is the carried input. An output that is its input is among the last, too.
    """
    if not carried:
        return {}, {}
    last: dict[Var, int] = {}
    makers: dict[Var, int] = {}
    bases: dict[Atom, Var] = {}  # what layouts lie on: who reads them reads it
    for number, eqn in enumerate(jaxpr.eqns):
        for atom in eqn.invars:
            if isinstance(atom, Var):
                last[bases.get(atom, atom)] = number
        if isinstance(word_of(eqn), kernel.View | kernel.Reshape | kernel.Fence):
            pairs = zip(eqn.outvars, eqn.invars, strict=False)
            bases.update({out: bases.get(a, a) for out, a in pairs if isinstance(a, Var)})
        makers.update(dict.fromkeys(eqn.outvars, number))
    results = [bases.get(atom, atom) for atom in jaxpr.outvars if isinstance(atom, Var)]
    found: dict[Var, Var] = {}
    finals: dict[Var, int] = {}
    for first, final in carried:
        chain: dict[Var, Var] = {}
        atom = jaxpr.outvars[final]
        while isinstance(atom, Var) and atom in makers and results.count(atom) <= (not chain):
            operand = _updated(jaxpr.eqns[makers[atom]], atom, word_of)
            if not isinstance(operand, Var) or last.get(operand) != makers[atom]:
                break
            chain[atom] = operand
            atom = operand
        unread = isinstance(atom, Var) and results.count(atom) == (not chain)
        if isinstance(atom, Var) and atom is jaxpr.invars[first] and unread:
            found.update(chain)
            finals[next(iter(chain), atom)] = final
    return found, finals


def _updated(eqn: Eqn, result: Var, word_of: WordOf) -> Atom | None:
    """The operand of which a result is a new version."""
    word = word_of(eqn)
    if isinstance(word, kernel.Scatter):
        return eqn.invars[0]
    if not isinstance(word, kernel.Branch):
        return None
    position = eqn.outvars.index(result)
    found = [_origin(branch, position, word_of) for branch in eqn.params["branches"]]
    origins = {origin for origin in found if origin is not None}
    return eqn.invars[1 + origins.pop()] if len(origins) == 1 else None


def _origin(jaxpr: Jaxpr, output: int, word_of: WordOf) -> int | None:
    """The input of which an output is a new version."""
    makers = {v: eqn for eqn in jaxpr.eqns for v in eqn.outvars}
    atom: Atom | None = jaxpr.outvars[output]
    while isinstance(atom, Var) and atom in makers:
        atom = _updated(makers[atom], atom, word_of)
    inputs = {v: k for k, v in enumerate(jaxpr.invars)}
    return inputs.get(atom) if isinstance(atom, Var) else None
