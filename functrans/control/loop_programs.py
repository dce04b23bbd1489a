"""What is derived from a loop's program: its linear part, its transpose, its tangents, its batch.

A loop's program maps constants, carries and rows to new carries and rows. So do the programs made
here, and none has constants of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from functrans.control.bodies import Body, closed, filled
from functrans.control.residuals import Residuals
from functrans.core.avals import Aval
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, evaluate
from functrans.passes.dce import dce, needed_inputs
from functrans.passes.literals import filled as filled_equation
from functrans.passes.loops import (
    FREE,
    frontier,
    invariant,
    live_inputs,
    may_fail,
    renamed,
    split_invariant,
)
from functrans.primitives.layout import batch_to_front
from functrans.transforms.linearize import LinearizedJaxpr, jvp_flat, linearize_jaxpr
from functrans.transforms.stage import stage
from functrans.transforms.transpose import transpose_jaxpr
from functrans.transforms.vmap import batch_flat

T = TypeVar("T")
Values = Sequence[Any]
Mask = tuple[bool, ...]


def parts(
    values: Sequence[T], constants: int, carries: int
) -> tuple[Sequence[T], Sequence[T], Sequence[T]]:
    """Operands, or inputs of the program, as constants, carries and rows."""
    start = constants + carries
    return values[:constants], values[constants:start], values[start:]


def chosen(values: Sequence[T], mask: Sequence[bool]) -> list[T]:
    """The values where the mask says so."""
    return [x for x, on in zip(values, mask, strict=True) if on]


@dataclass(frozen=True, slots=True)
class Linearized:
    """A loop's program split in two loops, with what runs before each of them.

    ``residuals`` says where each residual comes from: an operand ``("arg", k)``, what ``before``
    computes once ``("before", k)``, or results of the primal loop ``("out", k)``. The first
    ``fixed`` of them are constants of the linear loop, the others its rows. ``outside`` maps the
    linear loop's constants, residuals and tangents, to more of them; of the former it reads those
    in ``read``.
    """

    before: Jaxpr
    primal: Body
    outside: Jaxpr
    linear: Body
    residuals: list[tuple[str, int]]
    fixed: int
    read: Mask
    carried: Mask
    out_nonzero: Mask


def linearized(
    jaxpr: Jaxpr, constants: int, carries: int, nonzero: Mask, careful: bool = False
) -> Linearized:
    """The split for these inputs; ``careful`` where the loop may run no iteration at all."""
    mask = list(nonzero)
    start = constants + carries
    while True:  # a carry has a tangent as soon as an iteration gives it one
        split = linearize_jaxpr(jaxpr, tuple(mask))
        found = [a or b for a, b in zip(mask[constants:start], split.out_nonzero, strict=False)]
        if found == mask[constants:start]:
            break
        mask[constants:start] = found
    primal = split.primal
    sources: list[Any] = [
        primal.invars[k] if kind == "in" else primal.outvars[k] for kind, k in split.residuals
    ]
    results = primal.outvars[: len(jaxpr.outvars)]
    same = invariant(primal, constants, careful)
    given: set[Atom] = {*results[carries:]} - same
    given.update(primal.invars[:constants], primal.invars[start:])
    kept = Residuals(primal, sources, given, same)
    once = [v for v in kept.leaves if v in same and v not in given]
    storing = Jaxpr(
        primal.constvars, primal.consts, primal.invars, primal.eqns, [*results, *kept.stored]
    )
    before, body = split_invariant(storing, constants, once)

    places: dict[Atom, tuple[str, int]] = {}
    places |= {v: ("out", k) for k, v in enumerate(storing.outvars) if k >= carries}
    places |= {v: ("before", k) for k, v in enumerate(once)}
    places |= {v: ("arg", k) for k, v in enumerate(primal.invars) if not constants <= k < start}
    fixed = [v for v in kept.leaves if v in same]
    rows = [v for v in kept.leaves if v not in same]
    linear = _linear_program(split, sources, kept, fixed, rows, mask, constants, carries)
    count = len(fixed) + sum(mask[:constants])
    outside, inside = split_invariant(linear, count, _moved_out(linear, len(fixed), count, careful))
    read = needed_inputs(inside, [True] * len(inside.outvars))[:count]
    invars = [v for v, on in zip(inside.invars, read, strict=False) if on]
    inside = dce(
        Jaxpr(
            inside.constvars,
            inside.consts,
            [*invars, *inside.invars[count:]],
            inside.eqns,
            inside.outvars,
        )
    )
    return Linearized(
        before,
        closed(body),
        outside,
        closed(inside),
        [places[v] for v in (*fixed, *rows)],
        len(fixed),
        tuple(read),
        tuple(mask[constants:start]),
        (*mask[constants:start], *split.out_nonzero[carries:]),
    )


def _linear_program(
    split: LinearizedJaxpr,
    sources: Sequence[Var],
    kept: Residuals,
    fixed: Sequence[Var],
    rows: Sequence[Var],
    mask: Sequence[bool],
    constants: int,
    carries: int,
) -> Jaxpr:
    """The linear program as that of a loop: residuals and tangents as constants, tangents of
    carries, residuals and tangents as rows."""
    linear = split.linear
    given = {v: Var(v.aval) for v in kept.leaves}
    names: dict[Atom, Atom] = {v: given[v] for v in kept.leaves}
    eqns = [renamed(eqn, names) for eqn in kept.eqns]
    tangents = linear.invars[len(sources) :]
    names.update({v: names[source] for v, source in zip(linear.invars, sources, strict=False)})
    eqns += [e.with_invars([names.get(a, a) for a in e.invars]) for e in linear.eqns]
    a = sum(mask[:constants])
    b = a + sum(mask[constants : constants + carries])
    invars = [
        *(given[v] for v in fixed), *tangents[:b], *(given[v] for v in rows), *tangents[b:]
    ]  # fmt: skip
    found = iter(linear.outvars)
    outvars: list[Atom] = []
    carried = iter(tangents[a:b])
    for i, on in enumerate(split.out_nonzero):
        tangent = next(carried) if i < carries and mask[constants + i] else None
        if on:
            outvars.append(next(found))
        elif tangent is not None:  # zero after an iteration
            zero, eqn = written_zero(tangent.aval)
            outvars.append(zero)
            eqns += eqn
    return Jaxpr(linear.constvars, linear.consts, invars, eqns, outvars)


_SMALL = 4096  # bytes up to which a tangent is spread out before the loop


def _moved_out(linear: Jaxpr, fixed: int, constants: int, careful: bool) -> list[Var]:
    """What the linear loop computes from constant tangents alone, to be done outside.

    Slices of a parameter, for example: their cotangents are then summed apart, and put together
    once after the loop. What makes large arrays of small ones stays inside.
    """
    tangents: set[Atom] = set(linear.invars[fixed:constants])
    for eqn in linear.eqns:
        if not tangents.isdisjoint(eqn.invars):
            tangents.update(eqn.outvars)

    def stays(eqn: Eqn) -> bool:
        if tangents.isdisjoint(eqn.outvars):
            return eqn.primitive in FREE
        made = sum(v.aval.nbytes for v in eqn.outvars)
        return made > max(_SMALL, sum(a.aval.nbytes for a in eqn.invars))

    return frontier(linear, constants, stays, lambda eqn: not (careful and may_fail(eqn)))


def written_zero(aval: Aval) -> tuple[Atom, list[Eqn]]:
    """A zero, and the equations that make it."""
    number = Literal(aval.dtype.type(0))
    if not aval.shape:
        return number, []
    var = Var(aval)
    return var, [filled_equation(var, number, None)]


@dataclass(frozen=True, slots=True)
class Transposed:
    """The loop that runs a linear loop's program backwards.

    Its carries are sums of the cotangents of constants, then the cotangents of the carries that
    can be nonzero; its results are the cotangents of rows.
    """

    body: Body
    live: Mask


def transposed(
    jaxpr: Jaxpr, constants: int, carries: int, linear: Mask, rows_nonzero: Mask, last: Mask
) -> Transposed:
    live_in = live_inputs(jaxpr, constants, carries, [*last, *rows_nonzero])
    live = tuple(live_in[constants : constants + carries])
    summed = [v for v, on in zip(jaxpr.invars[:constants], linear, strict=False) if on]
    # The sums go in as cotangents of one more output, the constant itself: what the program adds
    # to a constant's cotangent, it then adds to the sum, in place where it is a part.
    extended = Jaxpr(
        jaxpr.constvars, jaxpr.consts, jaxpr.invars, jaxpr.eqns, [*jaxpr.outvars, *summed]
    )
    sums = len(summed)
    program = transpose_jaxpr(extended, linear, (*live, *rows_nonzero, *[True] * sums))
    # Known constants, known rows; cotangents of carries, of rows, sums.
    known = linear[:constants].count(False)
    rows = known + linear[constants + carries :].count(False)
    ends = [rows + sum(live), rows + sum(live) + sum(rows_nonzero)]
    given = program.invars
    invars = [
        *given[:known], *given[ends[1] :], *given[rows : ends[0]],
        *given[known:rows], *given[ends[0] : ends[1]],
    ]  # fmt: skip
    found = program.outvars  # of constants, of carries, of rows
    outvars = [
        *found[:sums],
        *(v for v, on in zip(found[sums : sums + carries], live, strict=True) if on),
        *found[sums + carries :],
    ]
    return Transposed(
        closed(Jaxpr(program.constvars, program.consts, invars, program.eqns, outvars)), live
    )


@dataclass(frozen=True, slots=True)
class Pushed:
    """A loop's program with tangents beside its values."""

    body: Body
    carried: Mask
    rows: Mask


def pushed(jaxpr: Jaxpr, constants: int, carries: int, nonzero: Mask) -> Pushed:
    mask = list(nonzero)
    start = constants + carries
    masks: list[Mask] = []

    def both(*args: Any) -> list[Any]:
        """Constants, carries and rows, each group followed by its tangents."""
        values: list[Any] = []
        tangents: list[Any] = []
        rest = iter(args)
        for group in parts(mask, constants, carries):
            values += [next(rest) for _ in group]
            tangents += [next(rest) if on else None for on in group]
        outs, dots = jvp_flat(partial(evaluate, jaxpr), values, tangents)
        masks.append(tuple(d is not None for d in dots))
        new = filled(dots[:carries], jaxpr.out_avals[:carries], mask[constants:start])
        return [
            *outs[:carries], *new, *outs[carries:], *(d for d in dots[carries:] if d is not None)
        ]  # fmt: skip

    while True:
        avals: list[Aval] = []
        groups = parts(mask, constants, carries)
        for group, types in zip(groups, parts(jaxpr.in_avals, constants, carries), strict=True):
            avals += types
            avals += [a for a, on in zip(types, group, strict=True) if on]
        body = stage(both, avals)
        found = [a or b for a, b in zip(groups[1], masks[-1], strict=False)]
        if found == mask[constants:start]:
            return Pushed(closed(body), tuple(found), masks[-1][carries:])
        mask[constants:start] = found


@dataclass(frozen=True, slots=True)
class Batched:
    body: Body
    carried: Mask
    rows: tuple[int | None, ...]


def batched(
    jaxpr: Jaxpr, constants: int, carries: int, size: int, dims: tuple[int | None, ...]
) -> Batched:
    """The program for all examples; the carries that differ between them have them first."""
    fixed, carried, rows = parts(dims, constants, carries)
    mask = [d is not None for d in carried]
    while True:
        inner = [*fixed, *(0 if on else None for on in mask), *rows]
        found: list[int | None] = []
        avals = examples_first(jaxpr.in_avals, inner, size)
        body = stage(partial(_for_examples, jaxpr, size, inner, mask, found), avals)
        grown = [on or d is not None for on, d in zip(mask, found, strict=False)]
        if grown == mask:
            return Batched(closed(body), tuple(mask), tuple(found[carries:]))
        mask = grown


def _for_examples(
    jaxpr: Jaxpr,
    size: int,
    dims: Sequence[int | None],
    carried: Sequence[bool],
    found: list[int | None],
    *args: Any,
) -> list[Any]:
    """All examples at once; carries that differ have examples first; ``found`` gets the axes."""
    outs, axes = batch_flat(partial(evaluate, jaxpr), size, args, dims)
    found[:] = axes
    for i, on in enumerate(carried):
        if on:
            outs[i] = batch_to_front(size, outs[i], axes[i])
    return outs


def examples_first(avals: Sequence[Aval], dims: Sequence[int | None], size: int) -> list[Aval]:
    """Types with one more axis, of the examples, where ``dims`` puts it."""
    return [
        a if d is None else a.with_shape((*a.shape[:d], size, *a.shape[d:]))
        for a, d in zip(avals, dims, strict=True)
    ]
