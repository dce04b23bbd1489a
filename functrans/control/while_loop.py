"""while_loop: a loop that runs as long as a condition holds; and fori_loop, one of either kind."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from functrans import tree
from functrans.control.bodies import (
    Body,
    changed_structure,
    changed_type,
    operand,
    stage_carried,
    staged,
)
from functrans.control.budget import Budget, checked_budget
from functrans.control.call import jit_disabled
from functrans.control.hints import hints_of, watched
from functrans.control.loop_programs import Values
from functrans.control.loops import scan
from functrans.control.while_rules import run_while
from functrans.core.avals import aval_of
from functrans.core.jaxpr import evaluate
from functrans.core.trace import Tracer, known
from functrans.errors import OptionError, TypeMismatchError
from functrans.kernel import Hints
from functrans.primitives.indexing import gather, scatter
from functrans.primitives.layout import zeros
from functrans.primitives.linear import add, convert
from functrans.transforms.stage import check_callable

_COUNT = np.dtype(np.int64)
"""What the numbers of iterations are counted in, where bounds say nothing else."""


def while_loop(
    cond_fun: Callable[[Any], Any],
    body_fun: Callable[[Any], Any],
    init_val: Any,
    *,
    checkpoint: int | str | None = None,
    progress: Any = None,
) -> Any:
    """``while cond_fun(val): val = body_fun(val)``, traced once and compiled.

    Reverse mode runs the loop once more and keeps what the derivative needs of every iteration, in
    memory that grows with their number; forward mode needs no more memory than the loop. Under
    :func:`vmap` the loop runs until every example is done; those that are done stay.

    Parameters
    ----------
    cond_fun: maps the value to one boolean.
    body_fun: maps the value to the next one, of the same structure, shapes and dtypes.
    init_val: the first value, a tree of arrays and numbers. A Python number takes the dtype that
        ``body_fun`` gives it.
    checkpoint: the memory budget of reverse mode. None keeps what the derivative needs of every
        iteration. An int is how many values are saved at most; the others are computed again from
        these, about ``r`` times each where the iterations are no more than the binomial
        coefficient of (checkpoint + r) over r. ``"log"`` saves about log2 of their number, at
        most 32.
    progress: that of :func:`scan`; nobody knows the total.

    Raises
    ------
    TypeMismatchError: a value that changes its structure, shape or dtype; a condition that is
        no boolean of rank 0.
    OptionError: ``checkpoint`` that is no budget.
    MemoryError: reverse mode through more iterations than memory has room for.

    >>> int(ft.lax.while_loop(lambda n: n < 100, lambda n: 2 * n, 3))
    192
    >>> ft.grad(lambda x: ft.lax.while_loop(lambda y: y < 100.0, lambda y: x * y, x))(3.0)
    np.float64(405.0)
    """
    check_callable("while_loop", cond_fun, body_fun)
    budget = checked_budget(checkpoint)
    hints = hints_of(1, progress)
    if jit_disabled.get() and all(known(x) is not None for x in tree.leaves(init_val)):
        value = init_val
        with watched(hints, None) as tick:
            while cond_fun(value):
                value = body_fun(value)
                tick()
        return value
    start, in_tree = tree.flatten(init_val)

    def flat_body(*leaves: Any) -> list[Any]:
        outs, out_tree = tree.flatten(body_fun(tree.unflatten(in_tree, leaves)))
        if out_tree != in_tree:
            raise changed_structure("while_loop", in_tree, out_tree)
        return outs

    def flat_cond(*leaves: Any) -> list[Any]:
        found = cond_fun(tree.unflatten(in_tree, leaves))
        if tree.structure(found).type is None:
            aval = aval_of(found)
            if aval.shape == () and aval.dtype == bool:
                return [found]
            found = aval
        raise TypeMismatchError(
            f"The condition of while_loop returned {found!s:.80}, which is no boolean of rank 0.",
            "Return one comparison, or combine an array of them with .any() or .all().",
        )

    body, types = stage_carried(
        flat_body, [aval_of(x) for x in start], (), partial(changed_type, "while_loop", init_val)
    )
    cond = staged(flat_cond, types)
    carries = [operand(x, a) for x, a in zip(start, types, strict=True)]
    return tree.unflatten(in_tree, run_while(cond, body, (), (), carries, budget, hints))


def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
    checkpoint: int | str | None = None,
    progress: Any = None,
) -> Any:
    """``for i in range(lower, upper): val = body_fun(i, val)``, compiled.

    With bounds that are known when it is called the loop is a :func:`scan`, with traced bounds a
    :func:`while_loop`; both can be differentiated in both modes. The index stands for a Python int.
    ``unroll`` and ``progress`` are those of :func:`scan`; the former needs known bounds.
    ``checkpoint`` is the memory budget of reverse mode, as for :func:`while_loop`.

    Raises
    ------
    TypeMismatchError: a value that changes its structure, shape or dtype.
    OptionError: bounds that are no integers; ``unroll`` with traced bounds or ``checkpoint``;
        ``checkpoint`` that is no budget.

    >>> import numpy as np
    >>> ft.lax.fori_loop(0, 4, lambda i, x: x.at[i].set(i * 2.0), np.zeros(4))
    array([0., 2., 4., 6.])
    """
    check_callable("fori_loop", body_fun)
    first, stop = _bound(lower), _bound(upper)
    if isinstance(first, Tracer) or isinstance(stop, Tracer) or checkpoint is not None:
        if unroll is not None:
            raise OptionError(
                f"fori_loop got unroll={unroll!r:.60} and traced bounds, or a budget.",
                "Give Python ints as bounds, and no checkpoint, or leave unroll out.",
            )
        first, stop = _comparable(first, stop)
        return while_loop(
            lambda state: state[0] < stop,
            lambda state: (state[0] + 1, body_fun(*state)),
            (first, init_val),
            checkpoint=checkpoint,
            progress=progress,
        )[1]
    steps = max(stop - first, 0)
    if jit_disabled.get():
        value = init_val
        with watched(hints_of(1, progress), steps) as tick:
            for i in range(first, stop):
                value = body_fun(i, value)
                tick()
        return value

    def step(state: Any, _: None) -> tuple[Any, None]:
        i, value = state
        return (add(i, 1), body_fun(i, value)), None

    times = 1 if unroll is None else unroll
    (_, value), _ = scan(step, (first, init_val), None, steps, unroll=times, progress=progress)
    return value


def _comparable(first: Any, stop: Any) -> tuple[Any, Any]:
    """Bounds in an integer type that counts from the one to the other.

    That is the type of a traced first bound where it can hold the other one, else int64.
    """
    dtype = _COUNT
    if isinstance(first, Tracer):
        if isinstance(stop, Tracer):
            dtype = np.promote_types(first.dtype, stop.dtype)
        elif np.iinfo(first.dtype).min <= stop <= np.iinfo(first.dtype).max:
            dtype = first.dtype
        if dtype.kind == "f":  # NumPy's, of uint64 and a signed type
            dtype = _COUNT
        first = _counting_in(dtype, first)
    return first, _counting_in(dtype, stop)


def _counting_in(dtype: np.dtype[Any], bound: Any) -> Any:
    known_or_same = not isinstance(bound, Tracer) or bound.dtype == dtype
    return bound if known_or_same else convert(bound, dtype)


def _bound(x: Any) -> Any:
    """A bound as a Python int, or a tracer of an integer."""
    if isinstance(x, Tracer):
        concrete = x.concrete()
        if concrete is not None and not isinstance(concrete, Tracer):
            x = concrete
        elif x.dtype.kind in "iu" and x.shape == ():
            return x
    try:
        return operator.index(np.asarray(x)[()] if isinstance(x, np.ndarray) else x)
    except TypeError:
        raise OptionError(
            f"fori_loop got the bound {x!r:.60}, which is no integer.",
            "Give ints, or traced integers of rank 0.",
        ) from None


def scan_by_while(
    body: Body,
    carries: Values,
    rows: Values,
    length: int,
    reverse: bool,
    budget: Budget,
    hints: Hints | None,
) -> tuple[list[Any], list[Any]]:
    """A scan as a while, which keeps within a budget; the last carries and the stacked results.

    Rows are read, and results written, at the number of the iteration. Of the results the way back
    saves nothing: it does not read them.
    """
    count = len(carries)
    avals = body.jaxpr.out_avals[count:]
    stacks = [zeros(a.with_shape((length, *a.shape))) for a in avals]

    def step(k: Any, *state: Any) -> list[Any]:
        i = (length - 1) - k if reverse else k
        here = [gather(x, (i,), (0,), "clip") for x in rows]
        outs = evaluate(body.jaxpr, *body.captured, *state[:count], *here)
        written = [
            scatter(stack, y, (i,), (0,), "set", "clip")
            for stack, y in zip(state[count:], outs[count:], strict=True)
        ]
        return [k + 1, *outs[:count], *written]

    starts = [np.int64(0), *carries, *stacks]
    types = [aval_of(x).strengthen() for x in starts]
    cond = staged(lambda k, *_: [k < length], types)
    last = run_while(cond, staged(step, types), (), (), starts, budget, hints)[1:]
    return last[:count], last[count:]
