"""The way back through a while: what each iteration keeps, and the program that reads it.

``unwind`` is the operation that compiled code knows: run the loop and keep rows of every iteration,
then run another program from the last rows to the first. How many rows there are is known to nobody
before, and is no value of any program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from functrans import kernel
from functrans.control.bodies import filled
from functrans.control.budget import Budget, Run, Steps, go_back
from functrans.control.call import executable_of, jit_disabled
from functrans.control.hints import in_role, told, watched
from functrans.control.loop_programs import (
    Linearized,
    Mask,
    Transposed,
    Values,
    chosen,
    linearized,
    parts,
    transposed,
)
from functrans.core.avals import Aval
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import bind, current_trace, run_under
from functrans.errors import TypeMismatchError
from functrans.kernel import Hints
from functrans.passes.dce import dce, needed_inputs
from functrans.passes.loops import live_inputs
from functrans.primitives.layout import zeros
from functrans.primitives.linear import add
from functrans.transforms.linearize import LinearTracer, Tape
from functrans.transforms.stage import stage
from functrans.transforms.transpose import backward

T = TypeVar("T")

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
    hints: Hints | None = None,
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
    hints: Hints | None = None,
) -> Sequence[Any]:
    cond, body, back = (
        partial(evaluate, p) if jit_disabled.get() else executable_of(p).run
        for p in (cond_jaxpr, body_jaxpr, back_jaxpr)
    )
    counts = (cond_constants, body_constants, carries, back_constants)
    of_cond, of_body, state, of_back, sums = _groups(args, *counts)
    pile = []
    with watched(hints, None) as tick:
        while cond(*of_cond, *state)[0]:
            outs = body(*of_body, *state)
            state = outs[:carries]
            pile.append(outs[carries:])
            tick()
        while pile:
            sums = back(*of_back, *sums, *pile.pop())
            tick()
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
    hints: Hints | None = None,
) -> kernel.Word:
    progress = None if hints is None else hints.progress
    return kernel.Unwind(cond_constants, body_constants, carries, back_constants, progress)


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
class While:
    """The parameters of a while: two programs over constants and carries, and its budget."""

    cond_jaxpr: Jaxpr
    body_jaxpr: Jaxpr
    cond_constants: int
    body_constants: int
    checkpoint: Budget
    hints: Hints | None = None

    @property
    def params(self) -> dict[str, Any]:
        """As the equation has them."""
        names = [name for name in self.__slots__ if name != "hints"]
        return {**{name: getattr(self, name) for name in names}, **told(self.hints)}

    @property
    def carries(self) -> int:
        """How many there are."""
        return len(self.body_jaxpr.outvars)

    @property
    def in_avals(self) -> list[Aval]:
        """The types of the operands: constants of the condition, of the body, carries."""
        return [*self.cond_jaxpr.in_avals[: self.cond_constants], *self.body_jaxpr.in_avals]

    def parts(self, values: Sequence[T]) -> tuple[Sequence[T], Sequence[T], Sequence[T]]:
        """What belongs to the operands, in their groups."""
        return parts(values, self.cond_constants, self.body_constants)


def way_back(loop: While, wanted: Mask, given: Mask, run: Run) -> Jaxpr:
    """The program of the cotangents of a while's inputs.

    It maps the loop's operands and the cotangents of the carries in ``given`` to those of the
    ``wanted`` constants of the body and initial carries. ``run`` applies a while.
    """
    body, m = loop.body_jaxpr, loop.body_constants
    steady = [out is v for out, v in zip(body.outvars, body.invars[m:], strict=True)]
    moving = [not on for on in steady]
    inner = _with_steady_constants(loop, steady)

    def cotangents(*args: Any) -> list[Any]:
        asked, fixed, rest = loop.parts(args)
        starts, cts = rest[: loop.carries], iter(rest[loop.carries :])
        lasts = [next(cts) if on else None for on in given]
        same = chosen(starts, steady)
        mask = (*wanted[:m], *chosen(wanted[m:], steady), *chosen(wanted[m:], moving))
        found = _unwound(
            inner, mask, [*asked, *same], [*fixed, *same], chosen(starts, moving),
            chosen(lasts, moving), run,
        )  # fmt: skip
        of_fixed, of_same = found[:m], iter(found[m:])
        of_moving = iter(found[m + len(same) :])
        of_starts = [
            _sum(next(of_same), last) if on else next(of_moving)
            for on, last in zip(steady, lasts, strict=True)
        ]
        return filled([*of_fixed, *of_starts], body.in_avals, wanted)

    avals = [*loop.in_avals, *chosen(body.out_avals, given)]
    return stage(cotangents, [a.strengthen() for a in avals])


def _sum(a: Any, b: Any) -> Any:
    """Of two cotangents, None for zero."""
    if a is None or b is None:
        return b if a is None else a
    return add(a, b)


def _with_steady_constants(loop: While, steady: Sequence[bool]) -> While:
    """The loop with the carries that no iteration changes as constants, after the others."""
    moving = [not on for on in steady]
    cond, body = loop.cond_jaxpr, loop.body_jaxpr
    asked, states = cond.invars[: loop.cond_constants], cond.invars[loop.cond_constants :]
    fixed, carries = body.invars[: loop.body_constants], body.invars[loop.body_constants :]
    asked, fixed = (*asked, *chosen(states, steady)), (*fixed, *chosen(carries, steady))
    cond = Jaxpr((), (), [*asked, *chosen(states, moving)], cond.eqns, cond.outvars)
    outvars = chosen(body.outvars, moving)
    body = Jaxpr((), (), [*fixed, *chosen(carries, moving)], body.eqns, outvars)
    return While(cond, body, len(asked), len(fixed), loop.checkpoint, loop.hints)


def _unwound(
    loop: While,
    wanted: Mask,
    asked: Values,
    fixed: Values,
    starts: Values,
    lasts: Values,
    run: Run,
) -> list[Any]:
    """The cotangents of constants and initial carries, None for zero or where not wanted."""
    split: Linearized = linearized(
        loop.body_jaxpr, loop.body_constants, loop.carries, wanted, careful=True
    )
    once = evaluate(split.before, *fixed)
    known = {"arg": fixed, "before": once}
    residuals = [known[kind][k] for kind, k in split.residuals[: split.fixed]]

    # The constants of the linear loop: tape variables where they depend on tangents.
    tape = Tape(current_trace())
    of_fixed = wanted[: loop.body_constants]
    tangents = [
        tape.input(v.aval) for v, on in zip(loop.body_jaxpr.invars, of_fixed, strict=False) if on
    ]
    constants = chosen([*residuals, *tangents], split.read)
    constants += run_under(tape, evaluate, split.outside, *residuals, *tangents)
    linear = [tape.owns(x) for x in constants]
    summed: list[LinearTracer] = chosen(constants, linear)

    rows = [k for _, k in split.residuals[split.fixed :]]
    back = _transposed(split, linear, [ct is not None for ct in lasts], len(rows))
    if not any(back.live):
        return [None] * len(loop.body_jaxpr.invars)
    of_carries = chosen(lasts, split.carried)
    carried = chosen(loop.body_jaxpr.out_avals, split.carried)
    sums = [zeros(t.aval) for t in summed]
    sums += filled(of_carries, carried, back.live)
    of_back = [*back.body.captured, *(x for x in constants if not tape.owns(x))]
    of_record = [*split.primal.captured, *fixed, *once]
    record, cond, needed = _recording(loop, split, rows, going=loop.checkpoint is None)
    states = chosen(starts, needed)
    if loop.checkpoint is None:
        found = bind(
            unwind_p, *asked, *of_record, *states, *of_back, *sums,
            cond_jaxpr=cond,
            body_jaxpr=record,
            back_jaxpr=back.body.jaxpr,
            cond_constants=len(asked),
            body_constants=len(of_record),
            carries=len(states),
            back_constants=len(of_back),
            **told(in_role(loop.hints, "gradient")),
        )  # fmt: skip
    else:
        steps = Steps(
            going=lambda *carries: evaluate(loop.cond_jaxpr, *asked, *carries)[0],
            forward=lambda *carries: evaluate(loop.body_jaxpr, *fixed, *carries),
            starts=starts,
            advance=dce(record.replace(outvars=record.outvars[: len(states)])),
            record=dce(record.replace(outvars=record.outvars[len(states) :])),
            constants=of_record,
            states=states,
            back=back.body.jaxpr,
            of_back=of_back,
            sums=sums,
        )
        found = go_back(steps, loop.checkpoint, run)
    of_tangents = iter(backward(tape, summed, found[: len(summed)], tangents))
    live = iter(found[len(summed) :])
    of_linear = iter([next(live) if on else None for on in back.live])
    of_starts = [next(of_linear) if on else None for on in split.carried]
    return [
        *(next(of_tangents) if on else None for on in of_fixed),
        *(
            ct if on else None
            for ct, on in zip(of_starts, wanted[loop.body_constants :], strict=True)
        ),
    ]


def _transposed(
    split: Linearized, linear: Sequence[bool], given: Sequence[bool], rows: int
) -> Transposed:
    """The linear loop backwards; its rows are known."""
    count = sum(split.carried)
    program = split.linear.jaxpr
    mask = (*linear, *[True] * count, *[False] * rows)
    return transposed(program, len(linear), count, mask, (), tuple(chosen(given, split.carried)))


def _recording(
    loop: While, split: Linearized, rows: Sequence[int], going: bool
) -> tuple[Jaxpr, Jaxpr, list[bool]]:
    """The loop's body with the rows that it keeps, its condition, and which carries they need.

    Of the condition only where it is asked whether the loop is ``going`` on.
    """
    jaxpr = split.primal.jaxpr
    count = loop.carries
    start = len(jaxpr.invars) - count
    outvars = [*jaxpr.outvars[:count], *(jaxpr.outvars[k] for k in rows)]
    whole = Jaxpr((), (), jaxpr.invars, jaxpr.eqns, outvars)
    asked = needed_inputs(loop.cond_jaxpr, [going])[loop.cond_constants :]
    live = live_inputs(whole, start, count, [*asked, *[True] * len(rows)])
    needed = live[start:]
    invars = [*jaxpr.invars[:start], *chosen(jaxpr.invars[start:], needed)]
    record = dce(
        Jaxpr((), (), invars, jaxpr.eqns, [*chosen(outvars[:count], needed), *outvars[count:]])
    )
    states = chosen(loop.cond_jaxpr.invars[loop.cond_constants :], needed)
    invars = [*loop.cond_jaxpr.invars[: loop.cond_constants], *states]
    return record, Jaxpr((), (), invars, loop.cond_jaxpr.eqns, loop.cond_jaxpr.outvars), needed
