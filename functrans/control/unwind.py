"""The way back through a while: what each iteration keeps, and the program that reads it.

``unwind`` is the operation that compiled code knows: run the loop and keep rows of every iteration,
then run another program from the last rows to the first. How many rows there are is known to nobody
before, and is no value of any program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from functrans import kernel
from functrans.control.bodies import filled
from functrans.control.call import _disabled, executable_of
from functrans.control.loop_programs import (
    Linearized,
    Mask,
    Transposed,
    Values,
    linearized,
    transposed,
)
from functrans.core.avals import Aval
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import bind, current_trace, run_under
from functrans.errors import TypeMismatchError
from functrans.passes.dce import dce, needed_inputs
from functrans.passes.loops import live_inputs
from functrans.primitives.layout import zeros
from functrans.primitives.linear import add
from functrans.transforms.linearize import LinearTracer, Tape
from functrans.transforms.stage import stage
from functrans.transforms.transpose import backward

# --- the operation -------------------------------------------------------------------------------


def _groups(
    values: Sequence[Any], cond_constants: int, body_constants: int, carries: int, back: int
) -> Iterator[Sequence[Any]]:
    """Operands: constants of condition and body, carries; of the way back constants, carries."""
    for count in (cond_constants, body_constants, carries, back):
        yield values[:count]
        values = values[count:]
    yield values


def _unwind_abstract(
    *avals: Aval,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    back_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
    carries: int,
    back_constants: int,
) -> list[Aval]:
    outs = back_jaxpr.out_avals
    rows = body_jaxpr.out_avals[carries:]
    wanted = [
        *cond_jaxpr.in_avals[:cond_constants],
        *body_jaxpr.in_avals,
        *back_jaxpr.in_avals[: back_constants + len(outs)],
    ]
    found = [*avals, *outs, *rows, *body_jaxpr.out_avals[:carries]]
    wanted += back_jaxpr.in_avals[back_constants:]
    wanted += cond_jaxpr.in_avals[cond_constants:]
    if len(found) != len(wanted) or not all(map(Aval.same_type, found, wanted)):
        raise TypeMismatchError(
            f"unwind got operands of types {avals} for programs {body_jaxpr.in_avals} -> "
            f"{body_jaxpr.out_avals} and {back_jaxpr.in_avals} -> {outs}."
        )
    return [a.strengthen() for a in outs]


def _unwind_impl(
    *args: Any,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    back_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
    carries: int,
    back_constants: int,
) -> Sequence[Any]:
    cond, body, back = (
        partial(evaluate, p) if _disabled.get() else executable_of(p).run
        for p in (cond_jaxpr, body_jaxpr, back_jaxpr)
    )
    counts = (cond_constants, body_constants, carries, back_constants)
    of_cond, of_body, state, of_back, sums = _groups(args, *counts)
    pile = []
    while cond(*of_cond, *state)[0]:
        outs = body(*of_body, *state)
        state = outs[:carries]
        pile.append(outs[carries:])
    while pile:
        sums = back(*of_back, *sums, *pile.pop())
    return sums


def _unwind_lower(
    avals: Sequence[Aval],
    out: Sequence[Aval],
    *,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    back_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
    carries: int,
    back_constants: int,
) -> kernel.Word:
    return kernel.Unwind(cond_constants, body_constants, carries, back_constants)


_INSIDE = Absent("it stands only inside the program of a while_vjp, which has the rule")

unwind_p: Primitive = Primitive(
    "unwind",
    _unwind_abstract,
    _unwind_impl,
    _INSIDE,
    _INSIDE,
    _INSIDE,
    _unwind_lower,
    multiple=True,
)


# --- the programs --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loop:
    """A while as its two programs over constants and carries."""

    cond: Jaxpr
    body: Jaxpr
    of_cond: int
    of_body: int

    @property
    def carries(self) -> int:
        return len(self.body.outvars)


def way_back(loop: Loop, wanted: Mask, given: Mask) -> Jaxpr:
    """The program of the cotangents of a while's inputs.

    It maps the loop's operands and the cotangents of the carries in ``given`` to those of the
    ``wanted`` constants of the body and initial carries.
    """
    steady = [
        out is v for out, v in zip(loop.body.outvars, loop.body.invars[loop.of_body :], strict=True)
    ]
    inner = _with_steady_constants(loop, steady)

    def cotangents(*args: Any) -> list[Any]:
        n, m = loop.of_cond, loop.of_body
        asked, fixed, starts = args[:n], args[n : n + m], args[n + m : n + m + loop.carries]
        rest = iter(args[n + m + loop.carries :])
        lasts = [next(rest) if on else None for on in given]
        same = _chosen(starts, steady)
        moving = [not on for on in steady]
        mask = (*wanted[:m], *_chosen(wanted[m:], steady), *_chosen(wanted[m:], moving))
        found = _unwound(
            inner, mask, [*asked, *same], [*fixed, *same], _chosen(starts, moving),
            _chosen(lasts, moving),
        )  # fmt: skip
        of_fixed, of_same = found[:m], iter(found[m:])
        of_moving = iter(found[m + len(same) :])
        of_starts = [
            _sum(next(of_same), last) if on else next(of_moving)
            for on, last in zip(steady, lasts, strict=True)
        ]
        avals = loop.body.in_avals
        return filled([*of_fixed, *of_starts], avals, wanted)

    last = [a for a, on in zip(loop.body.out_avals, given, strict=True) if on]
    avals = [*loop.cond.in_avals[: loop.of_cond], *loop.body.in_avals, *last]
    return stage(cotangents, [a.strengthen() for a in avals])


def _chosen(values: Sequence[Any], mask: Sequence[bool]) -> list[Any]:
    return [x for x, on in zip(values, mask, strict=True) if on]


def _sum(a: Any, b: Any) -> Any:
    """Of two cotangents, None for zero."""
    if a is None or b is None:
        return b if a is None else a
    return add(a, b)


def _with_steady_constants(loop: Loop, steady: Sequence[bool]) -> Loop:
    """The loop with the carries that no iteration changes as constants, after the others."""
    moving = [not on for on in steady]
    states = loop.cond.invars[loop.of_cond :]
    carries = loop.body.invars[loop.of_body :]
    asked = (*loop.cond.invars[: loop.of_cond], *_chosen(states, steady))
    fixed = (*loop.body.invars[: loop.of_body], *_chosen(carries, steady))
    cond = Jaxpr((), (), (*asked, *_chosen(states, moving)), loop.cond.eqns, loop.cond.outvars)
    invars = (*fixed, *_chosen(carries, moving))
    body = Jaxpr((), (), invars, loop.body.eqns, _chosen(loop.body.outvars, moving))
    return Loop(cond, body, len(asked), len(fixed))


def _unwound(
    loop: Loop, wanted: Mask, asked: Values, fixed: Values, starts: Values, lasts: Values
) -> list[Any]:
    """The cotangents of constants and initial carries, None for zero or where not wanted."""
    split: Linearized = linearized(loop.body, loop.of_body, loop.carries, wanted, careful=True)
    once = evaluate(split.before, *fixed)
    known = {"arg": fixed, "before": once}
    residuals = [known[kind][k] for kind, k in split.residuals[: split.fixed]]

    # The constants of the linear loop: tape variables where they depend on tangents.
    tape = Tape(current_trace())
    of_fixed = wanted[: loop.of_body]
    tangents = [tape.input(v.aval) for v, on in zip(loop.body.invars, of_fixed, strict=False) if on]
    constants = _chosen([*residuals, *tangents], split.read)
    constants += run_under(tape, evaluate, split.outside, *residuals, *tangents)
    linear = [tape.owns(x) for x in constants]
    summed: list[LinearTracer] = _chosen(constants, linear)

    rows = [k for _, k in split.residuals[split.fixed :]]
    back = _transposed(split, linear, [ct is not None for ct in lasts], len(rows))
    if not any(back.live):
        return [None] * len(loop.body.invars)
    record, cond, needed = _recording(loop, split, rows)
    of_carries = _chosen(lasts, split.carried)
    carried = _chosen(loop.body.out_avals, split.carried)
    sums = [zeros(t.aval) for t in summed]
    known_constants = [x for x in constants if not tape.owns(x)]
    found = bind(
        unwind_p,
        *asked,
        *split.primal.captured,
        *fixed,
        *once,
        *_chosen(starts, needed),
        *back.body.captured,
        *known_constants,
        *sums,
        *filled(of_carries, carried, back.live),
        cond_jaxpr=cond,
        body_jaxpr=record,
        back_jaxpr=back.body.jaxpr,
        cond_constants=len(asked),
        body_constants=len(split.primal.captured) + len(fixed) + len(once),
        carries=sum(needed),
        back_constants=len(back.body.captured) + len(known_constants),
    )
    of_tangents = iter(backward(tape, summed, found[: len(sums)], tangents))
    live = iter(found[len(sums) :])
    of_linear = iter([next(live) if on else None for on in back.live])
    of_starts = [next(of_linear) if on else None for on in split.carried]
    return [
        *(next(of_tangents) if on else None for on in of_fixed),
        *(ct if on else None for ct, on in zip(of_starts, wanted[loop.of_body :], strict=True)),
    ]


def _transposed(
    split: Linearized, linear: Sequence[bool], given: Sequence[bool], rows: int
) -> Transposed:
    """The linear loop backwards; its rows are known."""
    count = sum(split.carried)
    program = split.linear.jaxpr
    mask = (*linear, *[True] * count, *[False] * rows)
    return transposed(program, len(linear), count, mask, (), tuple(_chosen(given, split.carried)))


def _recording(
    loop: Loop, split: Linearized, rows: Sequence[int]
) -> tuple[Jaxpr, Jaxpr, list[bool]]:
    """The loop's body with the rows that it keeps, its condition, and which carries they need."""
    jaxpr = split.primal.jaxpr
    count = loop.carries
    start = len(jaxpr.invars) - count
    outvars = [*jaxpr.outvars[:count], *(jaxpr.outvars[k] for k in rows)]
    whole = Jaxpr((), (), jaxpr.invars, jaxpr.eqns, outvars)
    asked = needed_inputs(loop.cond, [True])[loop.of_cond :]
    live = live_inputs(whole, start, count, [*asked, *[True] * len(rows)])
    needed = live[start:]
    invars = [*jaxpr.invars[:start], *_chosen(jaxpr.invars[start:], needed)]
    record = dce(
        Jaxpr((), (), invars, jaxpr.eqns, [*_chosen(outvars[:count], needed), *outvars[count:]])
    )
    states = _chosen(loop.cond.invars[loop.of_cond :], needed)
    invars = [*loop.cond.invars[: loop.of_cond], *states]
    return record, Jaxpr((), (), invars, loop.cond.eqns, loop.cond.outvars), needed
