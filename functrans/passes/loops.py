"""Loops: what no iteration needs is dropped, and what every iteration repeats is done once before.

A *loop* is an equation that holds a program over constants, carried values and rows, as the word
``Loop`` says; it is known by its parameters ``constants``, ``carries`` and ``length``. A *while*
equation, of the word ``While``, holds a condition and a body, and has no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

from functrans.core.avals import aval_of
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, has_effects, inner_programs
from functrans.core.primitive import Primitive
from functrans.errors import Source
from functrans.passes.dce import dce, is_branching, needed_inputs
from functrans.passes.inline import Replacement, call_of
from functrans.passes.literals import filled, strong
from functrans.primitives import layout
from functrans.primitives.indexing import gather_p, scatter_p
from functrans.primitives.marks import name_p

Env = dict[Atom, Atom]

# --- what depends on what ------------------------------------------------------------------------


def invariant(jaxpr: Jaxpr, constants: int, careful: bool = False) -> set[Atom]:
    """The variables of a loop's program that are the same in every iteration.

    What effects give may differ. Where one is ``careful`` those are left out that may fail: nothing
    to compute too early.
    """
    known: set[Atom] = {*jaxpr.constvars, *jaxpr.invars[:constants]}
    for eqn in jaxpr.eqns:
        differs = has_effects(eqn) or (careful and may_fail(eqn))
        if not differs and all(isinstance(a, Literal) or a in known for a in eqn.invars):
            known.update(eqn.outvars)
    return known


def split_invariant(jaxpr: Jaxpr, constants: int, wanted: Sequence[Var]) -> tuple[Jaxpr, Jaxpr]:
    """A loop's program in two: what computes the ``wanted`` invariant variables, and the rest.

    The first maps the constants to the wanted variables; in the second they are constants that
    come after the others.
    """
    pure = [eqn for eqn in jaxpr.eqns if not has_effects(eqn)]
    before = dce(Jaxpr(jaxpr.constvars, jaxpr.consts, jaxpr.invars[:constants], pure, wanted))
    # The variables belong to both programs, so one of them gets new ones.
    given = [Var(v.aval) for v in wanted]
    twins: Env = dict(zip(wanted, given, strict=True))
    inputs = (*jaxpr.invars[:constants], *given, *jaxpr.invars[constants:])
    return before, dce(read_as(jaxpr, twins, inputs))


def read_as(jaxpr: Jaxpr, names: Env, invars: Sequence[Var]) -> Jaxpr:
    """The program with other operands in the place of those in ``names``, and these inputs."""
    eqns = jaxpr.eqns
    if names:
        eqns = tuple(e.with_invars([names.get(a, a) for a in e.invars]) for e in eqns)
    outs = [names.get(a, a) for a in jaxpr.outvars]
    return Jaxpr(jaxpr.constvars, jaxpr.consts, invars, eqns, outs)


def reached_outputs(jaxpr: Jaxpr, inputs: Sequence[bool]) -> list[bool]:
    """Which results of a program depend on the chosen inputs, seen through inner programs."""
    reached: set[Atom] = set(compress(jaxpr.invars, inputs))
    for eqn in jaxpr.eqns:
        given = [a in reached for a in eqn.invars]
        if any(given):
            reached.update(compress(eqn.outvars, _reached_results(eqn, given)))
    return [v in reached for v in jaxpr.outvars]


def _reached_results(eqn: Eqn, given: Sequence[bool]) -> Sequence[bool]:
    """Which results of an equation depend on the given operands.

    A custom rule may say anything of a derivative, so all results of such an equation do. That of
    a function with a vmap rule is its program's.
    """
    params = eqn.params
    everything = [True] * len(eqn.outvars)
    if is_branching(eqn):
        if given[0]:
            return everything
        found = [reached_outputs(branch, given[1:]) for branch in params["branches"]]
        return [any(on) for on in zip(*found, strict=True)]
    if is_loop(eqn):
        n, m = params["constants"], params["carries"]
        carried = reached_carries(params["jaxpr"], n, m, given)
        stacks = reached_outputs(params["jaxpr"], [*given[:n], *carried, *given[n + m :]])[m:]
        return [*carried, *stacks]
    if is_while(eqn) and type(eqn.primitive.lower) is not Replacement:
        n, m = params["cond_constants"], params["body_constants"]
        carried = reached_carries(params["body_jaxpr"], m, len(eqn.outvars), given[n:])
        ends = reached_outputs(params["cond_jaxpr"], [*given[:n], *carried])
        return everything if any(ends) else carried
    call = call_of(eqn)
    if is_checkpoint(eqn) or (call is not None and call.own_batch):
        return reached_outputs(params["jaxpr"], given)
    return everything


def reached_carries(
    jaxpr: Jaxpr, constants: int, carries: int, inputs: Sequence[bool]
) -> list[bool]:
    """Which carried values depend on the chosen inputs, after any number of iterations."""
    chosen = list(inputs)
    while True:
        again = chosen[constants : constants + carries]
        outs = reached_outputs(jaxpr, chosen)
        found = [a or b for a, b in zip(again, outs[:carries], strict=True)]
        if found == again:
            return found
        chosen[constants : constants + carries] = found


def live_inputs(jaxpr: Jaxpr, constants: int, carries: int, outputs: Sequence[bool]) -> list[bool]:
    """Which inputs of a loop's program the chosen outputs need, after any number of iterations.

    A carry counts as needed where its last value is.
    """
    chosen = list(outputs)
    while True:
        live = needed_inputs(jaxpr, chosen)
        again = live[constants : constants + carries]
        found = [a or b for a, b in zip(chosen[:carries], again, strict=True)]
        if found == chosen[:carries]:
            return [*live[:constants], *found, *live[constants + carries :]]
        chosen[:carries] = found


# --- loops taken apart ---------------------------------------------------------------------------


@dataclass(slots=True)
class OpenLoop:
    """A loop's equation, or a while's, as operands beside the inputs of its programs.

    ``carries`` pairs the operand, the body's input, the body's output and the result; ``rows``
    the operand and the input; ``stacks`` the body's output and the result. A while has none of
    the last two, and constants and inputs of a condition of its own.
    """

    eqn: Eqn
    body: Jaxpr
    constants: list[tuple[Atom, Var]]
    carries: list[tuple[Atom, Var, Atom, Var]]
    rows: list[tuple[Atom, Var]] = field(default_factory=list)
    stacks: list[tuple[Atom, Var]] = field(default_factory=list)
    cond: Jaxpr | None = None
    asked: list[tuple[Atom, Var]] = field(default_factory=list)
    states: list[Var] = field(default_factory=list)

    def written(self) -> Eqn:
        """The equation again, with programs that read what is left."""
        outvars = [*(r for *_, r in self.carries), *(r for _, r in self.stacks)]
        body_ins = [
            *(v for _, v in self.constants), *(v for _, v, _, _ in self.carries),
            *(v for _, v in self.rows),
        ]  # fmt: skip
        body_outs = [*(out for _, _, out, _ in self.carries), *(out for out, _ in self.stacks)]
        body = dce(Jaxpr((), (), body_ins, self.body.eqns, body_outs))
        operands = [
            *(a for a, _ in self.constants), *(a for a, *_ in self.carries),
            *(a for a, _ in self.rows),
        ]  # fmt: skip
        if self.cond is None:
            params = {
                **self.eqn.params,
                "jaxpr": body,
                "constants": len(self.constants),
                "carries": len(self.carries),
            }
        else:
            cond_ins = [*(v for _, v in self.asked), *self.states]
            operands = [*(a for a, _ in self.asked), *operands]
            params = {
                **self.eqn.params,
                "cond_jaxpr": dce(Jaxpr((), (), cond_ins, self.cond.eqns, self.cond.outvars)),
                "body_jaxpr": body,
                "cond_constants": len(self.asked),
                "body_constants": len(self.constants),
            }
        return Eqn(self.eqn.primitive, operands, outvars, params, self.eqn.source)


def is_loop(eqn: Eqn) -> bool:
    return "carries" in eqn.params and "length" in eqn.params


def is_while(eqn: Eqn) -> bool:
    return "cond_jaxpr" in eqn.params and not is_unwound(eqn)


def is_unwound(eqn: Eqn) -> bool:
    return "back_jaxpr" in eqn.params


def is_checkpoint(eqn: Eqn) -> bool:
    """Whether an equation runs its program, which is computed again where it is linearized."""
    return "policy" in eqn.params


def has_loops(jaxpr: Jaxpr) -> bool:
    return any(is_loop(eqn) or is_while(eqn) or is_unwound(eqn) for eqn in jaxpr.eqns)


def opened(eqn: Eqn, operands: Sequence[Atom], constants: Constants) -> OpenLoop:
    """The equation taken apart; constants of its programs are operands now."""
    if is_loop(eqn):
        body = eqn.params["jaxpr"]
        n, m = eqn.params["constants"], eqn.params["carries"]
        ins = list(zip(operands, body.invars, strict=True))
        outs = list(zip(body.outvars, eqn.outvars, strict=True))
        carries = [(a, v, out, r) for (a, v), (out, r) in zip(ins[n : n + m], outs, strict=False)]
        return OpenLoop(eqn, body, [*constants.of(body), *ins[:n]], carries, ins[n + m :], outs[m:])
    cond, body = eqn.params["cond_jaxpr"], eqn.params["body_jaxpr"]
    n, m = eqn.params["cond_constants"], eqn.params["body_constants"]
    asked = [*constants.of(cond), *zip(operands, cond.invars[:n], strict=False)]
    ins = list(zip(operands[n:], body.invars, strict=True))
    carries = [
        (a, v, out, r) for (a, v), out, r in zip(ins[m:], body.outvars, eqn.outvars, strict=True)
    ]
    fixed = [*constants.of(body), *ins[:m]]
    return OpenLoop(eqn, body, fixed, carries, cond=cond, asked=asked, states=list(cond.invars[n:]))


class Constants:
    """The constants of the program around, each array once."""

    def __init__(self, jaxpr: Jaxpr) -> None:
        pairs = zip(jaxpr.constvars, jaxpr.consts, strict=True)
        self.known = {id(c): (v, c) for v, c in pairs}

    def of(self, inner: Jaxpr) -> list[tuple[Atom, Var]]:
        """The constants of an inner program, as operands beside its variables."""
        pairs = zip(inner.constvars, inner.consts, strict=True)
        return [(self.atom(c), v) for v, c in pairs]

    def atom(self, value: Any) -> Var:
        """The variable that stands for a constant."""
        return self.known.setdefault(id(value), (Var(aval_of(value)), value))[0]


# --- what no iteration needs ---------------------------------------------------------------------


def trim_loops(jaxpr: Jaxpr) -> Jaxpr:
    """Loops without what nobody reads, and without carrying or storing what needs neither.

    Results, carries, rows and constants that no needed result reads are dropped. A carry that no
    iteration changes becomes a constant, a row that is only copied is its operand, rows that are
    all the same become a constant, and constants that are numbers are written into the program.
    """
    if not has_loops(jaxpr):
        return jaxpr
    constants = Constants(jaxpr)
    names: Env = {}
    writer = Writer()
    for eqn in _live_equations(jaxpr, constants):
        eqn = eqn.with_invars([names.get(a, a) for a in eqn.invars])
        if is_loop(eqn) or is_while(eqn):
            loop = opened(eqn, eqn.invars, constants)
            _forward(loop, names, writer)
            eqn = loop.written()
        writer.add(eqn)
    pairs = constants.known.values()
    outs = [names.get(a, a) for a in jaxpr.outvars]
    return Jaxpr([v for v, _ in pairs], [c for _, c in pairs], jaxpr.invars, writer.eqns, outs)


def _live_equations(jaxpr: Jaxpr, constants: Constants) -> list[Eqn]:
    """The equations that outputs and effects need, loops without the parts that they do not."""
    needed: set[Atom] = set(jaxpr.outvars)
    kept: list[Eqn] = []
    for eqn in reversed(jaxpr.eqns):
        if needed.isdisjoint(eqn.outvars) and not has_effects(eqn):
            continue
        if is_loop(eqn) or is_while(eqn):
            loop = opened(eqn, eqn.invars, constants)
            _drop_dead(loop, needed)
            eqn = loop.written()
        needed.update(eqn.invars)
        kept.append(eqn)
    return kept[::-1]


def _drop_dead(loop: OpenLoop, needed: set[Atom]) -> None:
    """Take out of the loop what the needed results do not read."""
    inputs = (*(v for _, v in loop.constants), *(v for _, v, _, _ in loop.carries))
    inputs = (*inputs, *(v for _, v in loop.rows))
    outs = [*(out for _, _, out, _ in loop.carries), *(out for out, _ in loop.stacks)]
    wanted = [r in needed for r in (*(r for *_, r in loop.carries), *(r for _, r in loop.stacks))]
    n, m = len(loop.constants), len(loop.carries)
    if loop.cond is not None:
        asked = needed_inputs(loop.cond, [True])
        of_states = asked[len(loop.cond.invars) - len(loop.states) :]
        wanted = [a or b for a, b in zip(wanted, of_states, strict=True)]
        read = dict(zip(loop.cond.invars, asked, strict=True))
        loop.asked = [pair for pair in loop.asked if read.get(pair[1], True)]
    live = live_inputs(Jaxpr((), (), inputs, loop.body.eqns, outs), n, m, wanted)
    carried = live[n : n + m]
    loop.constants = [x for x, on in zip(loop.constants, live, strict=False) if on]
    loop.carries = [x for x, on in zip(loop.carries, carried, strict=True) if on]
    loop.rows = [x for x, on in zip(loop.rows, live[n + m :], strict=True) if on]
    loop.stacks = [x for x, on in zip(loop.stacks, wanted[m:], strict=True) if on]
    if loop.cond is not None:
        loop.states = [x for x, on in zip(loop.states, carried, strict=True) if on]


def _forward(loop: OpenLoop, names: Env, writer: Writer) -> None:
    """Turn carries, rows and stacked results that are something else already into that."""
    inner: Env = {}
    asked: Env = {}
    carries, states = [], []
    for i, (atom, var, out, result) in enumerate(loop.carries):
        state = loop.states[i] if loop.states else None
        if out is not var:
            carries.append((atom, var, out, result))
            states += [state] if state is not None else []
            continue
        loop.constants.append((atom, var))
        names[result] = atom
        if state is not None:
            loop.asked.append((atom, state))
    loop.carries, loop.states = carries, states

    rows: list[tuple[Atom, Var]] = []
    first: dict[Atom, Var] = {}
    for atom, var in loop.rows:
        same = writer.repeated(atom)
        if same is not None:
            loop.constants.append((same, var))
        elif atom in first:
            inner[var] = first[atom]
        else:
            first[atom] = var
            rows.append((atom, var))
    loop.rows = rows

    begin: list[Eqn] = []
    loop.constants = _distinct(loop.constants, inner, begin, writer)
    ask_begin: list[Eqn] = []
    loop.asked = _distinct(loop.asked, asked, ask_begin, writer)
    loop.body = read_as(loop.body, inner, ())
    loop.body = Jaxpr((), (), (), [*begin, *loop.body.eqns], ())
    loop.carries = [(a, v, inner.get(out, out), r) for a, v, out, r in loop.carries]
    if loop.cond is not None:
        cond = read_as(loop.cond, asked, ())
        loop.cond = Jaxpr((), (), (), [*ask_begin, *cond.eqns], cond.outvars)

    operands: Env = {v: a for a, v in loop.rows}
    stacks: list[tuple[Atom, Var]] = []
    stacked: Env = {}
    for out, result in loop.stacks:
        out = inner.get(out, out)
        known = operands.get(out) or stacked.get(out)
        if known is not None and known.aval == result.aval:
            names[result] = known
            continue
        stacked[out] = result
        stacks.append((out, result))
    loop.stacks = stacks


def _distinct(
    pairs: Sequence[tuple[Atom, Var]], inner: Env, begin: list[Eqn], writer: Writer
) -> list[tuple[Atom, Var]]:
    """Constants, each once; numbers and arrays of one number are written into the program."""
    kept: dict[Atom, Var] = {}
    for atom, var in pairs:
        number = writer.number(atom)
        if number is not None and not var.aval.shape:
            inner[var] = number
        elif number is not None:
            begin.append(filled(var, number, None))
        elif atom in kept:
            inner[var] = kept[atom]
        else:
            kept[atom] = var
    return list(kept.items())


class Writer:
    """The equations written so far, and which of them broadcast something."""

    def __init__(self) -> None:
        self.eqns: list[Eqn] = []
        self._broadcasts: dict[Atom, Eqn] = {}

    def add(self, eqn: Eqn) -> None:
        self.eqns.append(eqn)
        if eqn.primitive is layout.broadcast_in_dim_p:
            self._broadcasts[eqn.outvars[0]] = eqn

    def number(self, atom: Atom) -> Literal | None:
        """The number that every element of ``atom`` is, where that is known."""
        if isinstance(atom, Literal):
            return strong(atom)
        eqn = self._broadcasts.get(atom)
        return None if eqn is None else self.number(eqn.invars[0])

    def repeated(self, atom: Atom) -> Atom | None:
        """The one row that ``atom`` repeats along its first axis, where it does."""
        eqn = self._broadcasts.get(atom)
        if eqn is None:
            return None
        dimensions: tuple[int, ...] = eqn.params["broadcast_dimensions"]
        source = eqn.invars[0]
        if 0 in dimensions:
            return None
        aval = atom.aval.with_shape(atom.aval.shape[1:])
        if source.aval == aval:
            return source
        lower = tuple(d - 1 for d in dimensions)
        out = Var(aval)
        params = {"shape": aval.shape, "broadcast_dimensions": lower}
        self.add(Eqn(layout.broadcast_in_dim_p, [source], [out], params, eqn.source))
        return out


# --- what every iteration repeats ----------------------------------------------------------------

FREE: frozenset[Primitive] = frozenset(
    {
        layout.broadcast_in_dim_p,
        layout.reshape_p,
        layout.transpose_p,
        layout.rev_p,
        layout.slice_p,
        layout.iota_p,
        name_p,
    }
)
"""Operations that compiled code does while it reads: repeating them costs nothing."""

_GROWTH = 1 << 16  # bytes that may be kept beyond four times what they are computed from


def hoist(jaxpr: Jaxpr) -> Jaxpr:
    """What an iteration computes from constants alone is computed once, before the loop.

    Reading an array through a layout is free, so layouts stay. What would take much more memory
    than it is computed from stays too. A while may run no iteration, so nothing that can fail
    leaves it.
    """
    if not has_loops(jaxpr):
        return jaxpr
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        if is_loop(eqn):
            eqns += _hoisted(eqn, "jaxpr", "constants", 0)
        elif is_while(eqn):
            eqns += _hoisted_from_while(eqn)
        elif is_unwound(eqn):
            *before, eqn = _hoisted_from_while(eqn)
            eqns += before
            counts = ("cond_constants", "body_constants", "carries")
            start = sum(eqn.params[name] for name in counts)
            eqns += _hoisted(eqn, "back_jaxpr", "back_constants", start)
        else:
            eqns.append(eqn)
    return jaxpr.replace(eqns=eqns)


def _hoisted_from_while(eqn: Eqn) -> list[Eqn]:
    *before, eqn = _hoisted(eqn, "cond_jaxpr", "cond_constants", 0)
    return [*before, *_hoisted(eqn, "body_jaxpr", "body_constants", eqn.params["cond_constants"])]


def _hoisted(eqn: Eqn, program: str, constants: str, start: int) -> list[Eqn]:
    """The equations that run before the loop, and the loop, for one of its programs."""
    body: Jaxpr = eqn.params[program]
    count: int = eqn.params[constants]
    wanted = _worth_keeping(body, count, careful=not is_loop(eqn))
    if not wanted:
        return [eqn]
    before, rest = split_invariant(body, count, wanted)
    stop = start + count
    # New variables: two loops may hold one program.
    names: Env = dict(zip(before.invars, eqn.invars[start:stop], strict=True))
    eqns = [renamed(e, names, eqn.source) for e in before.eqns]
    given = [names[v] for v in wanted]
    operands = [*eqn.invars[:stop], *given, *eqn.invars[stop:]]
    params = {**eqn.params, program: rest, constants: count + len(wanted)}
    return [*eqns, Eqn(eqn.primitive, operands, eqn.outvars, params, eqn.source)]


def renamed(eqn: Eqn, names: Env, source: Source | None = None) -> Eqn:
    """The equation read through ``names``, which gets new variables for its results."""
    outvars = [Var(v.aval) for v in eqn.outvars]
    invars = [names.get(a, a) for a in eqn.invars]
    names.update(zip(eqn.outvars, outvars, strict=True))
    return Eqn(eqn.primitive, invars, outvars, eqn.params, eqn.source or source)


def frontier(
    jaxpr: Jaxpr, constants: int, stays: Callable[[Eqn], bool], leaves: Callable[[Eqn], bool]
) -> list[Var]:
    """The invariant variables that varying equations and results read, in order.

    Equations that ``stays`` names are repeated, so what they read counts in their place; what
    comes from equations that may not be moved, those that ``leaves`` refuses, stays too.
    """
    same = invariant(jaxpr, constants)
    maker: dict[Atom, Eqn] = {v: eqn for eqn in jaxpr.eqns for v in eqn.outvars if v in same}
    movable: set[Atom] = {*jaxpr.constvars, *jaxpr.invars[:constants]}
    for eqn in jaxpr.eqns:
        if leaves(eqn) and all(isinstance(a, Literal) or a in movable for a in eqn.invars):
            movable.update(eqn.outvars)
    asked: list[Atom] = [
        a for eqn in jaxpr.eqns if same.isdisjoint(eqn.outvars) for a in eqn.invars
    ]
    asked += jaxpr.outvars
    wanted: set[Atom] = set()
    while asked:
        atom = asked.pop()
        if atom in wanted or atom not in maker:
            continue
        eqn = maker[atom]
        if stays(eqn) or atom not in movable:
            asked += eqn.invars
        else:
            wanted.add(atom)
    return [v for eqn in jaxpr.eqns for v in eqn.outvars if v in wanted]


def _worth_keeping(body: Jaxpr, constants: int, careful: bool) -> list[Var]:
    """What to compute before the loop; ``careful`` where that may be too early for an error."""
    wanted = frontier(
        body,
        constants,
        lambda eqn: eqn.primitive in FREE,
        lambda eqn: not (careful and may_fail(eqn)),
    )
    allowed = _GROWTH + 4 * sum(v.aval.nbytes for v in body.invars[:constants])
    if sum(v.aval.nbytes for v in wanted) > allowed:
        return [v for v in wanted if v.aval.nbytes <= _GROWTH]
    return wanted


def may_fail(eqn: Eqn) -> bool:
    """Whether an equation can end the program with an error."""
    if eqn.primitive in (gather_p, scatter_p):
        return bool(eqn.params["mode"] == "raise")
    primitive = eqn.primitive
    if primitive.effects is not None or primitive.failure is not None:
        return True
    return any(True for _ in inner_programs(eqn))
