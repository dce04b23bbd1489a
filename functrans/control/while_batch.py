"""A while for all examples: one loop that runs until each of them is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from functrans.control.bodies import Body, closed
from functrans.control.call import jit_p
from functrans.control.examples import following, guarded, wide
from functrans.control.loop_programs import Mask, Values, batched, examples_first, parts
from functrans.control.unwind import While
from functrans.core.avals import Aval, is_inexact
from functrans.core.axes import HERE, concerns
from functrans.core.jaxpr import Jaxpr, evaluate, remember
from functrans.core.trace import bind
from functrans.passes.branches import is_plain
from functrans.primitives.layout import batch_to_front
from functrans.primitives.linear import select_n
from functrans.primitives.reductions import reduce_or
from functrans.transforms.stage import stage
from functrans.transforms.vmap import batch_flat

T = TypeVar("T")
Dims = Sequence[int | None]


@dataclass(frozen=True, slots=True)
class BatchedWhile:
    """A while for all examples, with its operands; ``carried`` says which carries differ.

    Where examples stop at different times (``flags``) one more carry, the first, says who goes on,
    and all constants belong to the body.
    """

    loop: While
    operands: list[Any]
    carried: Sequence[bool]
    flags: bool

    def placed(self, values: Sequence[T], other: T) -> list[T]:
        """What belongs to the inputs of one example's body, for those of the body for all."""
        count = len(values) - len(self.carried)
        more = self.loop.body_constants - count  # what is captured, or was the condition's
        return [*[other] * more, *values[:count], *[other] * self.flags, *values[count:]]


def spread_for_examples(
    loop: While, size: int, args: Values, dims: Dims, spread: Mask
) -> BatchedWhile:
    """The while for all examples; of the body's inputs those in ``spread`` differ between them."""
    every = (*[False] * loop.cond_constants, *spread)
    operands = [
        batch_to_front(size, x, d) if on else x for x, d, on in zip(args, dims, every, strict=True)
    ]
    axes = [0 if on else d for d, on in zip(dims, every, strict=True)]
    return for_examples(loop, size, operands, axes)


def for_examples(loop: While, size: int, args: Values, dims: Dims) -> BatchedWhile:
    of_cond, of_body, carries = loop.parts(args)
    cond_dims, body_dims, carry_dims = loop.parts(tuple(dims))
    inner = tuple(None if d is None else 0 for d in carry_dims)
    key = (loop, size, tuple(cond_dims), tuple(body_dims), inner)
    cond, body, carried, varies = remember(
        loop.body_jaxpr,
        ("while batch", *key),
        lambda: _batched_programs(loop, size, cond_dims, body_dims, inner),
    )

    def spread(mask: Sequence[bool]) -> list[Any]:
        return [
            batch_to_front(size, x, d) if on else x
            for x, d, on in zip(carries, carry_dims, mask, strict=True)
        ]

    def found(
        cond: Body, body: Body, asked: Values, fixed: Values, *starts: Any
    ) -> tuple[While, list[Any]]:
        asked, fixed = [*cond.captured, *asked], [*body.captured, *fixed]
        programs = replace(
            loop, cond_jaxpr=cond.jaxpr, body_jaxpr=body.jaxpr, cond_constants=len(asked),
            body_constants=len(fixed),
        )  # fmt: skip
        return programs, [*asked, *fixed, *starts]

    if not varies:
        return BatchedWhile(
            *found(cond, body, of_cond, of_body, *spread(carried)), carried, flags=False
        )
    # Examples stop at different times: all carries differ, and those that are done stay.
    going, stepping, asking = remember(
        loop.body_jaxpr,
        ("while frozen", *key),
        lambda: _frozen_programs(
            loop.cond_jaxpr, loop.body_jaxpr, size, cond_dims, body_dims, len(carries)
        ),
    )
    everyone = [True] * len(carries)
    starts = spread(everyone)
    [first] = bind(jit_p, *of_cond, *starts, jaxpr=asking, name="while_condition")
    constants = [*of_cond, *of_body]
    return BatchedWhile(
        *found(going, stepping, (), constants, first, *starts), everyone, flags=True
    )


def _batched_programs(
    loop: While,
    size: int,
    cond_dims: Dims,
    body_dims: Dims,
    carry_dims: Dims,
) -> tuple[Body, Body, Mask, bool]:
    """Condition and body for all examples, which carries differ, and whether the condition does."""
    dims = (*body_dims, *carry_dims)
    body = batched(loop.body_jaxpr, loop.body_constants, loop.carries, size, dims)
    cond, varies = _batched_condition(loop.cond_jaxpr, size, cond_dims, body.carried)
    return cond, body.body, body.carried, varies


def _batched_condition(
    cond_jaxpr: Jaxpr, size: int, cond_dims: Dims, carried: Sequence[bool]
) -> tuple[Body, bool]:
    """The condition for all examples, and whether it differs between them."""
    dims = [*cond_dims, *(0 if on else None for on in carried)]
    found: list[int | None] = []

    def condition(*args: Any) -> list[Any]:
        outs, found[:] = batch_flat(partial(evaluate, cond_jaxpr), size, args, dims)
        return outs

    program = stage(condition, examples_first(cond_jaxpr.in_avals, dims, size))
    return closed(program), found[0] is not None


def _frozen_programs(
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    size: int,
    cond_dims: Dims,
    body_dims: Dims,
    carries: int,
) -> tuple[Body, Body, Jaxpr]:
    """Condition, body and first condition of the loop over (who is going on, all carries).

    The loop runs while any example goes on; an example that is done keeps its carries. For it the
    body runs too, on values that make no difference to it.
    """
    of_cond, of_body = len(cond_dims), len(body_dims)
    lead = [0] * carries
    safe = partial(_guarded if _may_be_guarded(body_jaxpr, body_dims) else _following, size)

    def ask(*args: Any) -> list[Any]:
        [on], [dim] = batch_flat(partial(evaluate, cond_jaxpr), size, args, [*cond_dims, *lead])
        return [batch_to_front(size, on, dim)]

    def step(*args: Any) -> list[Any]:
        known, inner, (going, *old) = parts(args, of_cond, of_body)
        operands, dims = safe([*inner, *old], [*body_dims, *lead], going)
        new, found = batch_flat(partial(evaluate, body_jaxpr), size, operands, dims)
        kept = [
            select_n(wide(going, x), x, batch_to_front(size, y, d))
            for x, y, d in zip(old, new, found, strict=True)
        ]
        return [*ask(*known, *kept), *kept]

    flags = Aval((size,), np.dtype(bool))
    cond_avals = examples_first(cond_jaxpr.in_avals, [*cond_dims, *lead], size)
    body_avals = examples_first(body_jaxpr.in_avals, [*body_dims, *lead], size)
    state = [flags, *body_avals[of_body:]]
    going = stage(lambda on, *rest: [reduce_or(on, (0,))], state)
    stepping = stage(step, [*cond_avals[:of_cond], *body_avals[:of_body], *state])
    return closed(going), closed(stepping), stage(ask, cond_avals)


def _may_be_guarded(body: Jaxpr, dims: Dims) -> bool:
    """Whether the body can run on any values, without much more memory.

    What goes across the axis must see all examples as they are.
    """
    if concerns(jit_p, {"body_jaxpr": body}, HERE):
        return True
    shared, carried = body.in_avals[: len(dims)], body.in_avals[len(dims) :]
    spread = sum(a.nbytes for a, d in zip(shared, dims, strict=True) if d is None)
    return is_plain(body) and spread <= sum(a.nbytes for a in carried)


def _guarded(size: int, operands: Values, dims: Dims, going: Any) -> tuple[list[Any], Dims]:
    """The body's operands; no derivative comes back to them from examples that are done."""
    floats = [is_inexact(x.dtype) for x in operands]
    safe = [
        guarded(batch_to_front(size, x, d), going) if on else x
        for x, d, on in zip(operands, dims, floats, strict=True)
    ]
    return safe, [0 if on else d for d, on in zip(dims, floats, strict=True)]


def _following(size: int, operands: Values, dims: Dims, going: Any) -> tuple[list[Any], Dims]:
    """The body's operands, where examples that are done do as the first one that is not."""
    safe = [
        x if d is None else following(batch_to_front(size, x, d), going, size)
        for x, d in zip(operands, dims, strict=True)
    ]
    return safe, [None if d is None else 0 for d in dims]
