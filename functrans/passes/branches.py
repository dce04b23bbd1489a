"""Branches: what none of them needs is dropped, and cheap ones are all run and selected from.

A *branching* is an equation that holds several programs of one type, as the word ``Branch`` says;
it is known by its parameter ``branches``. Its first operand says which of them runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from functrans.core.avals import Aval, aval_of
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, has_effects
from functrans.core.primitive import Primitive
from functrans.errors import Source
from functrans.passes.dce import dce, is_branching
from functrans.passes.fold import ELEMENTWISE
from functrans.passes.inline import call_of, inline, program_of
from functrans.passes.literals import filled, same_literal
from functrans.passes.loops import FREE, Constants, Env, Writer, read_as, renamed
from functrans.passes.match import Result, Scope
from functrans.primitives import elementwise, layout, linear, reductions

Branches = tuple[Jaxpr, ...]


def closed_together(jaxprs: Sequence[Jaxpr]) -> tuple[tuple[Any, ...], Branches]:
    """The constants of all programs, each once, and the programs with them as first inputs."""
    captured = {id(c): c for jaxpr in jaxprs for c in jaxpr.consts}
    if not captured:
        return (), tuple(jaxprs)
    programs = []
    for jaxpr in jaxprs:
        own = {id(c): v for v, c in zip(jaxpr.constvars, jaxpr.consts, strict=True)}
        given = [own[i] if i in own else Var(aval_of(c)) for i, c in captured.items()]
        programs.append(Jaxpr((), (), [*given, *jaxpr.invars], jaxpr.eqns, jaxpr.outvars))
    return tuple(captured.values()), tuple(programs)


# --- what no branch needs ------------------------------------------------------------------------


def trim_branches(jaxpr: Jaxpr) -> Jaxpr:
    """Branchings without results that nobody reads and operands that no branch reads.

    Constants of branches become operands, numbers are written into the programs, operands that
    come twice come once. A result that is the same in all branches is computed outside.
    """
    if not any(map(is_branching, jaxpr.eqns)):
        return jaxpr
    jaxpr = dce(jaxpr)
    constants = Constants(jaxpr)
    names: Env = {}
    writer = Writer()
    for eqn in jaxpr.eqns:
        eqn = eqn.with_invars([names.get(a, a) for a in eqn.invars])
        if is_branching(eqn):
            _write_forwarded(eqn, constants, names, writer)
        else:
            writer.add(eqn)
    pairs = constants.known.values()
    outs = [names.get(a, a) for a in jaxpr.outvars]
    return Jaxpr([v for v, _ in pairs], [c for _, c in pairs], jaxpr.invars, writer.eqns, outs)


def _with_branches(
    eqn: Eqn, invars: Sequence[Atom], outvars: Sequence[Var], branches: Branches
) -> Eqn:
    return Eqn(eqn.primitive, invars, outvars, {**eqn.params, "branches": branches}, eqn.source)


def _write_forwarded(eqn: Eqn, constants: Constants, names: Env, writer: Writer) -> None:
    """Write the equation with each operand once, and without results that are known outside."""
    captured, branches = closed_together(eqn.params["branches"])
    index, *given = eqn.invars
    operands = [*map(constants.atom, captured), *given]
    first: dict[Atom, int] = {}  # operand -> its position
    numbers = [writer.number(atom) for atom in operands]
    for k, (atom, number) in enumerate(zip(operands, numbers, strict=True)):
        if number is None:
            first.setdefault(atom, k)

    def rewritten(branch: Jaxpr) -> Jaxpr:
        inner: Env = {}
        begin: list[Eqn] = []
        for atom, number, var in zip(operands, numbers, branch.invars, strict=True):
            if number is None:
                inner[var] = branch.invars[first[atom]]
            elif var.aval.shape:
                begin.append(filled(var, number, None))
            else:
                inner[var] = number
        invars = [branch.invars[k] for k in first.values()]
        read = read_as(branch, inner, invars)
        return Jaxpr((), (), invars, [*begin, *read.eqns], read.outvars)

    branches = tuple(map(rewritten, branches))
    makers = [{v: e for e in branch.eqns for v in e.outvars} for branch in branches]
    given = list(first)
    kept: dict[tuple[Atom, ...], Var] = {}
    for result, outs in zip(
        eqn.outvars, zip(*(b.outvars for b in branches), strict=True), strict=True
    ):
        known = _operand(outs, branches, given) or kept.get(outs)
        number = _number(outs, makers)
        if known is not None and known.aval == result.aval:
            names[result] = known
        elif number is not None and number.aval == result.aval:
            names[result] = number
        elif number is not None:
            writer.add(filled(result, number, eqn.source))
        else:
            kept[outs] = result
    if kept or has_effects(eqn):
        places = [eqn.outvars.index(v) for v in kept.values()]
        smaller = tuple(dce(b.replace(outvars=[b.outvars[k] for k in places])) for b in branches)
        writer.add(_with_branches(eqn, [index, *given], list(kept.values()), smaller))


def _operand(outs: Sequence[Atom], branches: Branches, given: Sequence[Atom]) -> Atom | None:
    """The operand that a result is in all branches."""
    for k, atom in enumerate(given):
        if all(out is branch.invars[k] for out, branch in zip(outs, branches, strict=True)):
            return atom
    return None


def _number(outs: Sequence[Atom], makers: Sequence[dict[Var, Eqn]]) -> Literal | None:
    """The number that a result, or each of its elements, is in all branches."""
    found: list[Atom] = []
    for out, maker in zip(outs, makers, strict=True):
        eqn = maker.get(out) if isinstance(out, Var) else None
        filling = eqn is not None and eqn.primitive is layout.broadcast_in_dim_p
        found.append(eqn.invars[0] if eqn is not None and filling else out)
    number = found[0]
    if isinstance(number, Literal) and all(same_literal(number, other) for other in found):
        return number
    return None


# --- branches that all run -----------------------------------------------------------------------

_PLAIN: frozenset[Primitive] = frozenset(
    p
    for module in (elementwise, layout, linear, reductions)
    for p in vars(module).values()
    if isinstance(p, Primitive)
)


def is_plain(jaxpr: Jaxpr) -> bool:
    """Whether a program does only what cannot fail and ends whatever the values are.

    Operations on elements, layouts and reductions are plain, and calls of such programs. A
    function with a vmap rule of the user's is not: the rule asks what differs between examples.
    """
    return all(map(_is_plain, inline(jaxpr, own_rules=False).eqns))


def _is_plain(eqn: Eqn) -> bool:
    call = call_of(eqn)
    if call is not None:
        return not call.own_batch and is_plain(program_of(eqn))
    if is_branching(eqn):
        return all(map(is_plain, eqn.params["branches"]))
    if eqn.primitive in (elementwise.pow_p, elementwise.integer_pow_p):
        return eqn.outvars[0].aval.dtype.kind not in "iu"  # a negative power raises
    return eqn.primitive in _PLAIN


_LIGHT: frozenset[Primitive] = frozenset(
    {
        linear.add_p, linear.sub_p, linear.neg_p, linear.mul_p, linear.convert_p,
        linear.select_n_p, elementwise.max_p, elementwise.min_p, elementwise.abs_p,
        elementwise.sign_p, elementwise.integer_pow_p, elementwise.eq_p, elementwise.ne_p,
        elementwise.lt_p, elementwise.le_p, elementwise.gt_p, elementwise.ge_p,
        elementwise.and_p, elementwise.or_p, elementwise.xor_p, elementwise.not_p,
    }
)  # fmt: skip

_HEAVY = 16  # of the light ones
_CHEAP = 16  # light operations on numbers: LLVM selects by itself where that is faster yet


def taken(index: Any, branches: Branches) -> Jaxpr:
    """The program that an index chooses; out of range it means the first or the last."""
    return branches[min(max(int(index), 0), len(branches) - 1)]


def settle_branching(eqn: Eqn, scope: Scope) -> Result:
    """The rewrite: the branch itself where it is known, a selection where all are cheap."""
    if not is_branching(eqn):
        return None
    index, *operands = eqn.invars
    branches: Branches = eqn.params["branches"]
    if any(branch.consts for branch in branches):
        return None
    last = len(branches) - 1
    if isinstance(index, Literal) or not last:
        branch = taken(index.value, branches) if isinstance(index, Literal) else branches[0]
        return _inlined(branch, operands, scope, eqn.source)
    if sum(map(_cost, branches)) > _CHEAP:
        return None
    chosen: list[Atom] = []
    for k, branch in enumerate(branches):
        outs = _inlined(branch, operands, scope, eqn.source)
        if k:
            compare = elementwise.ge_p if k == last else elementwise.eq_p
            number = Literal(index.aval.dtype.type(k))
            took = scope.emit(compare, [index, number], {}, eqn.source)
            chosen = [
                _selected(took, a, b, scope, eqn.source)
                for a, b in zip(chosen, outs, strict=True)
            ]  # fmt: skip
        else:
            chosen = outs
    return chosen


def _selected(took: Atom, no: Atom, yes: Atom, scope: Scope, source: Source | None) -> Atom:
    if no is yes or same_literal(no, yes):
        return no
    shape = no.aval.shape
    if shape:
        params = {"shape": shape, "broadcast_dimensions": ()}
        took = scope.emit(layout.broadcast_in_dim_p, [took], params, source)
    return scope.emit(linear.select_n_p, [took, no, yes], {}, source)


def _inlined(
    branch: Jaxpr, operands: Sequence[Atom], scope: Scope, source: Source | None
) -> list[Atom]:
    """The results of a branch whose equations are written here."""
    names: Env = dict(zip(branch.invars, operands, strict=True))
    for eqn in branch.eqns:
        written = renamed(eqn, names, source)
        scope.add(written)
        for old, new in zip(eqn.outvars, written.outvars, strict=True):
            names[old] = scope.names.get(new, new)
    return [names.get(a, a) for a in branch.outvars]


def _cost(branch: Jaxpr) -> float:
    """About how many light operations a branch is; infinite where it had better not run in vain."""
    return sum(map(_eqn_cost, branch.eqns))


def _eqn_cost(eqn: Eqn) -> float:
    if eqn.primitive in FREE:
        return 0
    if eqn.primitive not in ELEMENTWISE or not _is_plain(eqn):
        return math.inf
    out: Aval = eqn.outvars[0].aval
    if out.dtype.kind not in "biuf" or out.dtype.char == "e":  # NumPy computes those
        return math.inf
    return out.size * (1 if eqn.primitive in _LIGHT else _HEAVY)
