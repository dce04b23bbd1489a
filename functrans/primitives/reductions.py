"""Reductions other than the sum: extremes, products, logic, running folds, arg-extremes, order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of, shape_of
from functrans.core.primitive import Absent, Accumulator, Primitive, Rule
from functrans.core.trace import bind
from functrans.errors import ShapeError
from functrans.primitives.elementwise import eq
from functrans.primitives.indexing import gather
from functrans.primitives.layout import (
    batch_reduction,
    broadcast_in_dim,
    concatenate,
    full,
    iota,
    lower_reduction,
    move_axis,
    reduce_sum,
    reshape,
    rev,
    slice_axis,
)
from functrans.primitives.linear import add, convert, div, mul, select_n
from functrans.primitives.types import NOT_LINEAR, Ints, check_axes, native_or_fallback
from functrans.typing import ArrayOrScalar, Operand


def _kept(shape: Ints, axes: Ints) -> Ints:
    return tuple(d for d in range(len(shape)) if d not in axes)


def reduction(name: str, op: str, impl: Rule, linearize: Rule | Absent) -> Primitive:
    """A primitive that folds an associative operation over ``axes``."""

    def abstract(x: Aval, *, axes: Ints) -> Aval:
        check_axes(name, axes, x.ndim)
        if op in ("max", "min") and any(x.shape[a] == 0 for a in axes):
            raise ShapeError(
                f"{name} over the empty axes {axes} of an array of shape {x.shape} has no value.",
                "Guard against empty arrays, or give an initial value.",
            )
        return x.with_shape(tuple(x.shape[d] for d in _kept(x.shape, axes)))

    primitive = Primitive(
        name,
        abstract,
        impl,
        linearize,
        NOT_LINEAR,
        batch_reduction(lambda: primitive),
        lower_reduction(op),
    )
    return primitive


def _constant(get: Callable[[], Primitive]) -> Rule:
    """The linearize rule of a piecewise constant function: its derivative is zero."""

    def constant_linearize(nonzero: Sequence[bool], x: Any, **params: Any) -> Any:
        return bind(get(), x, **params), None

    return constant_linearize


def _extreme_linearize(get: Callable[[], Primitive]) -> Rule:
    def linearize(nonzero: Sequence[bool], x: Any, *, axes: Ints) -> Any:
        y = bind(get(), x, axes=axes)
        shape = shape_of(x)
        kept = _kept(shape, axes)
        wins = convert(eq(x, broadcast_in_dim(y, shape, kept)), dtype_of(x))
        winners = reduce_sum(wins, axes)

        def pushforward(t: Any) -> Any:
            # Nothing equals a NaN: 0/0 then makes the derivative NaN too.
            return div(reduce_sum(mul(t, wins), axes), winners)

        return y, pushforward

    return linearize


def _fold(ufunc: np.ufunc) -> Rule:
    def impl(x: Any, *, axes: Ints) -> Any:
        x = np.asarray(x)
        return ufunc.reduce(x, axis=axes, dtype=x.dtype)

    return impl


def _prod_linearize(nonzero: Sequence[bool], x: Any, *, axes: Ints) -> Any:
    # ∂Πx/∂x_i = (product before i)·(product after i): exact with any number of zeros.
    y = bind(reduce_prod_p, x, axes=axes)
    shape = shape_of(x)
    kept = _kept(shape, axes)
    order = kept + axes
    lead = tuple(shape[d] for d in kept)
    total = int(np.prod([shape[a] for a in axes], dtype=int))

    def flat(v: Any) -> Any:
        from_axes = v
        for position, axis in enumerate(order):
            here = current.index(axis)
            from_axes = move_axis(from_axes, here, position)
            current.insert(position, current.pop(here))
        return reshape(from_axes, (*lead, total))

    current = list(range(len(shape)))
    rows = flat(x)
    one = full((*lead, min(total, 1)), dtype_of(x).type(1))
    last = len(lead)
    before = cumulative(
        "mul", concatenate([one, slice_axis(rows, last, 0, max(total - 1, 0))], last), last
    )
    after = cumulative(
        "mul",
        concatenate([slice_axis(rows, last, min(total, 1), total), one], last),
        last,
        reverse=True,
    )
    slope = mul(before, after)

    def pushforward(t: Any) -> Any:
        current[:] = range(len(shape))
        return reduce_sum(mul(flat(t), slope), (last,))

    return y, pushforward


reduce_max_p: Primitive = reduction(
    "reduce_max", "max", _fold(np.maximum), _extreme_linearize(lambda: reduce_max_p)
)
reduce_min_p: Primitive = reduction(
    "reduce_min", "min", _fold(np.minimum), _extreme_linearize(lambda: reduce_min_p)
)
reduce_prod_p: Primitive = reduction("reduce_prod", "mul", _fold(np.multiply), _prod_linearize)
reduce_and_p: Primitive = reduction(
    "reduce_and", "and", _fold(np.bitwise_and), _constant(lambda: reduce_and_p)
)
reduce_or_p: Primitive = reduction(
    "reduce_or", "or", _fold(np.bitwise_or), _constant(lambda: reduce_or_p)
)


def reduce_max(x: Operand, axes: Ints) -> ArrayOrScalar:
    """Maximum over ``axes``; equal maxima share the derivative equally.

    >>> ft.grad(lambda x: ft.lax.reduce_max(x, (0,)))(np.array([1.0, 5.0, 5.0]))
    array([0. , 0.5, 0.5])
    """
    return bind(reduce_max_p, x, axes=axes) if axes else x


def reduce_min(x: Operand, axes: Ints) -> ArrayOrScalar:
    """Minimum over ``axes``; equal minima share the derivative equally.

    >>> ft.grad(lambda x: ft.lax.reduce_min(x, (0,)))(np.array([1.0, 5.0, 1.0]))
    array([0.5, 0. , 0.5])
    """
    return bind(reduce_min_p, x, axes=axes) if axes else x


def reduce_prod(x: Operand, axes: Ints) -> ArrayOrScalar:
    """Product over ``axes``; its derivative is exact with zeros.

    >>> ft.grad(lambda x: ft.lax.reduce_prod(x, (0,)))(np.array([0.0, 2.0, 3.0]))
    array([6., 0., 0.])
    """
    return bind(reduce_prod_p, x, axes=axes) if axes else x


def reduce_and(x: Operand, axes: Ints) -> ArrayOrScalar:
    """Logical (of integers bitwise) and over ``axes``.

    >>> ft.lax.reduce_and(np.array([[True, False], [True, True]]), (1,))
    array([False,  True])
    """
    return bind(reduce_and_p, x, axes=axes) if axes else x


def reduce_or(x: Operand, axes: Ints) -> ArrayOrScalar:
    """Logical (of integers bitwise) or over ``axes``.

    >>> ft.lax.reduce_or(np.array([[True, False], [False, False]]), (1,))
    array([ True, False])
    """
    return bind(reduce_or_p, x, axes=axes) if axes else x


# --- argmax, argmin, argsort, sort ---------------------------------------------------------------


def _along(get: Callable[[], Primitive]) -> Rule:
    """Batch rule of primitives with one ``axis``."""

    def batch(size: int, args: Any, dims: Any, *, axis: int, **params: Any) -> Any:
        x = move_axis(args[0], dims[0], 0)
        return bind(get(), x, axis=axis + 1, **params), 0

    return batch


def _arg_abstract(name: str) -> Rule:
    def abstract(x: Aval, *, axis: int) -> Aval:
        check_axes(name, (axis,), x.ndim)
        if x.shape[axis] == 0:
            raise ShapeError(f"{name} along an empty axis of {x.shape} has no value.")
        return Aval(x.shape[:axis] + x.shape[axis + 1 :], np.dtype(np.int64))

    return abstract


def _arg_lower(op: str) -> Rule:
    def lower(avals: Sequence[Aval], out: Aval, *, axis: int) -> kernel.Word:
        return native_or_fallback([*avals, out], kernel.ArgReduce(op, axis))

    return lower


def _arg_impl(function: Rule) -> Rule:
    def impl(x: Any, *, axis: int) -> Any:
        return function(x, axis=axis)

    return impl


argmax_p: Primitive = Primitive(
    "argmax", _arg_abstract("argmax"), _arg_impl(np.argmax),
    _constant(lambda: argmax_p), NOT_LINEAR, _along(lambda: argmax_p), _arg_lower("max"),
)  # fmt: skip
argmin_p: Primitive = Primitive(
    "argmin", _arg_abstract("argmin"), _arg_impl(np.argmin),
    _constant(lambda: argmin_p), NOT_LINEAR, _along(lambda: argmin_p), _arg_lower("min"),
)  # fmt: skip


def argmax(x: Operand, axis: int) -> ArrayOrScalar:
    """Index of the first maximum along ``axis``.

    >>> ft.lax.argmax(np.array([1.0, 5.0, 5.0]), 0)
    np.int64(1)
    """
    return bind(argmax_p, x, axis=axis)


def argmin(x: Operand, axis: int) -> ArrayOrScalar:
    """Index of the first minimum along ``axis``.

    >>> ft.lax.argmin(np.array([3.0, 1.0, 5.0]), 0)
    np.int64(1)
    """
    return bind(argmin_p, x, axis=axis)


def _argsort_abstract(x: Aval, *, axis: int) -> Aval:
    check_axes("argsort", (axis,), x.ndim)
    return x.with_dtype(np.int64)


def _argsort_impl(x: Any, *, axis: int) -> Any:
    return np.argsort(x, axis=axis, kind="stable")


def _sorting_lower(avals: Sequence[Aval], out: Aval, *, axis: int) -> kernel.Word:
    return kernel.Fallback("NumPy's sort is native already and fuses with nothing")


argsort_p: Primitive = Primitive(
    "argsort", _argsort_abstract, _argsort_impl,
    _constant(lambda: argsort_p), NOT_LINEAR, _along(lambda: argsort_p), _sorting_lower,
)  # fmt: skip


def argsort(x: Any, axis: int) -> Any:
    """Stable order along ``axis``: the indices that sort ``x``."""
    return bind(argsort_p, x, axis=axis)


def take_along_axis(x: Any, indices: Any, axis: int) -> Any:
    """``x[…, indices[…, j, …], …]``: one index along ``axis`` for every element of ``indices``."""
    shape = shape_of(indices)
    coordinates = [indices if d == axis else iota(np.int64, shape, d) for d in range(len(shape))]
    return gather(x, tuple(coordinates), tuple(range(len(shape))))


def _sort_abstract(x: Aval, *, axis: int) -> Aval:
    check_axes("sort", (axis,), x.ndim)
    return x.strengthen()


def _sort_impl(x: Any, *, axis: int) -> Any:
    return np.sort(x, axis=axis)


def _sort_linearize(nonzero: Sequence[bool], x: Any, *, axis: int) -> Any:
    order = argsort(x, axis)

    def pushforward(t: Any) -> Any:
        return take_along_axis(t, order, axis)

    return take_along_axis(x, order, axis), pushforward


sort_p: Primitive = Primitive(
    "sort", _sort_abstract, _sort_impl,
    _sort_linearize, NOT_LINEAR, _along(lambda: sort_p), _sorting_lower,
)  # fmt: skip


def sort(x: Any, axis: int) -> Any:
    """``x`` in ascending order along ``axis``; several times quicker than by way of ``argsort``."""
    return bind(sort_p, x, axis=axis)


# --- running folds -------------------------------------------------------------------------------


def _cumulative_abstract(x: Aval, *, axis: int, reverse: bool) -> Aval:
    check_axes("a running fold", (axis,), x.ndim)
    return x.strengthen()


def _cumulative_impl(ufunc: np.ufunc) -> Rule:
    def impl(x: Any, *, axis: int, reverse: bool) -> Any:
        x = np.flip(x, axis) if reverse else x
        out = ufunc.accumulate(x, axis=axis, dtype=x.dtype)
        return np.flip(out, axis) if reverse else out

    return impl


def _cumulative_lower(op: str) -> Rule:
    def lower(avals: Sequence[Aval], out: Aval, *, axis: int, reverse: bool) -> kernel.Word:
        return native_or_fallback([*avals, out], kernel.Cumulative(op, axis, reverse))

    return lower


def _running(op: str, ufunc: np.ufunc, linearize: Rule, transpose: Rule | Absent) -> Primitive:
    name = {"add": "cumsum", "mul": "cumprod", "max": "cummax", "min": "cummin"}[op]
    primitive = Primitive(
        name,
        _cumulative_abstract,
        _cumulative_impl(ufunc),
        linearize,
        transpose,
        _along(lambda: primitive),
        _cumulative_lower(op),
    )
    return primitive


def _cumsum_linearize(nonzero: Sequence[bool], x: Any, **params: Any) -> Any:
    def pushforward(t: Any) -> Any:
        return bind(cumsum_p, t, **params)

    return bind(cumsum_p, x, **params), pushforward


def _cumsum_transpose(ct: Any, x: Accumulator, *, axis: int, reverse: bool) -> None:
    x.add(bind(cumsum_p, ct, axis=axis, reverse=not reverse))


def _cumprod_linearize(nonzero: Sequence[bool], x: Any, *, axis: int, reverse: bool) -> Any:
    # The prefix product of dual numbers (x, t) by doubling, log₂ n steps: exact with zeros.
    y = bind(cumprod_p, x, axis=axis, reverse=reverse)
    value = rev(x, (axis,)) if reverse else x
    n = shape_of(x)[axis]
    steps = []
    step = 1
    while step < n:
        shifted = _delay(value, axis, step, 1)
        steps.append((step, value, shifted))
        value = mul(value, shifted)
        step *= 2

    def pushforward(t: Any) -> Any:
        t = rev(t, (axis,)) if reverse else t
        for step, here, earlier in steps:
            t = add(mul(t, earlier), mul(_delay(t, axis, step, 0), here))
        return rev(t, (axis,)) if reverse else t

    return y, pushforward


def _delay(x: Any, axis: int, step: int, fill: int) -> Any:
    """``x`` moved ``step`` places up the axis, ``fill`` in the places left free."""
    shape = shape_of(x)
    head = full((*shape[:axis], step, *shape[axis + 1 :]), dtype_of(x).type(fill))
    return concatenate([head, slice_axis(x, axis, 0, shape[axis] - step)], axis)


def _cumulative_extreme_linearize(get: Callable[[], Primitive]) -> Rule:
    def linearize(nonzero: Sequence[bool], x: Any, *, axis: int, reverse: bool) -> Any:
        # The running extreme at k is the element at the latest position that set it.
        y = bind(get(), x, axis=axis, reverse=reverse)
        here = iota(np.int64, shape_of(x), axis)
        if reverse:
            n = np.int64(shape_of(x)[axis])
            position = select_n(eq(x, y), n, here)
            position = bind(cummin_p, position, axis=axis, reverse=True)
        else:
            position = select_n(eq(x, y), np.int64(0), here)
            position = bind(cummax_p, position, axis=axis, reverse=False)

        def pushforward(t: Any) -> Any:
            return take_along_axis(t, position, axis)

        return y, pushforward

    return linearize


cumsum_p: Primitive = _running("add", np.add, _cumsum_linearize, _cumsum_transpose)
cumprod_p: Primitive = _running("mul", np.multiply, _cumprod_linearize, NOT_LINEAR)
cummax_p: Primitive = _running(
    "max", np.maximum, _cumulative_extreme_linearize(lambda: cummax_p), NOT_LINEAR
)
cummin_p: Primitive = _running(
    "min", np.minimum, _cumulative_extreme_linearize(lambda: cummin_p), NOT_LINEAR
)
_RUNNING = {"add": cumsum_p, "mul": cumprod_p, "max": cummax_p, "min": cummin_p}


def cumulative(op: str, x: Operand, axis: int, reverse: bool = False) -> ArrayOrScalar:
    """Running add, mul, max or min along ``axis``, from its end when ``reverse``.

    The derivative of a running extreme goes to the latest element that set it.

    >>> ft.lax.cumulative("max", np.array([1, 3, 2]), 0)
    array([1, 3, 3])
    >>> ft.lax.cumulative("add", np.array([1, 3, 2]), 0, reverse=True)
    array([6, 5, 2])
    """
    return bind(_RUNNING[op], x, axis=axis, reverse=reverse)
