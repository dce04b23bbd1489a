"""Reductions, running folds and sorting, with NumPy's dtypes, axes and keepdims."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.numpy import elementwise as el
from functrans.numpy.promote import (
    Dtype,
    Ints,
    array_like,
    axes_tuple,
    axis_index,
    broadcast,
    cast,
    door,
    float_dtype,
    no_out,
    operand,
    result_dtype,
    to_shape,
)
from functrans.numpy.shaping import ravel
from functrans.primitives import layout, linear
from functrans.primitives import reductions as red
from functrans.typing import Array, ArrayLike, ArrayOrScalar, Arrays, Axes, DTypeLike

UNSET: Any = np._NoValue


def kept(shape: Ints, axes: Ints) -> Ints:
    """The shape with the reduced axes of length one."""
    return tuple(1 if d in axes else n for d, n in enumerate(shape))


def is_given(value: Any) -> bool:
    """Whether the caller gave an option that NumPy knows to be absent."""
    return value is not None and value is not UNSET


def with_kept(y: Any, shape: Ints, axes: Ints, keepdims: Any) -> Any:
    """``y`` with the reduced axes of ``shape``, where they are to stay."""
    return layout.reshape(y, kept(shape, axes)) if is_given(keepdims) and keepdims else y


def _sum_dtype(dtype: Dtype) -> Dtype:
    """NumPy adds and multiplies small integers in the platform's widest."""
    if dtype.kind in "bi" and dtype.itemsize < 8:
        return np.dtype(np.int64)
    if dtype.kind == "u" and dtype.itemsize < 8:
        return np.dtype(np.uint64)
    return dtype


def _masked(x: Array, where: Any, other: Any) -> Array:
    """``x`` where the mask holds, else ``other``; no mask leaves x as it is."""
    if not is_given(where) or where is True:
        return x
    shape = np.broadcast_shapes(shape_of(x), shape_of(operand(where)))
    return to_shape(el.select(where, x, other), shape)


# --- sums and products ---------------------------------------------------------------------------


@door(np.sum)
def sum(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    keepdims: bool = False,
    initial: ArrayLike = UNSET,
    where: ArrayLike = UNSET,
) -> ArrayOrScalar:
    """Sum over the given axes, or all; integers narrower than 64 bits are added in 64.

    >>> ft.grad(fnp.sum)(np.array([1.0, 2.0]))
    array([1., 1.])
    >>> ft.vmap(fnp.sum)(np.ones((2, 3)))
    array([3., 3.])
    """
    no_out("sum", out)
    a = array_like(a)
    a = cast(a, _sum_dtype(dtype_of(a)) if dtype is None else np.dtype(dtype))
    a = _masked(a, where, dtype_of(a).type(0))
    shape = shape_of(a)
    axes = axes_tuple(axis, len(shape))
    y = with_kept(layout.reduce_sum(a, axes), shape, axes, keepdims)
    return el.add(y, initial) if is_given(initial) else y


@door(np.prod)
def prod(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    keepdims: bool = False,
    initial: ArrayLike = UNSET,
    where: ArrayLike = UNSET,
) -> ArrayOrScalar:
    """Product over the given axes, or all; its derivative is exact with zeros.

    Integers narrower than 64 bits are multiplied in 64.

    >>> ft.grad(fnp.prod)(np.array([0.0, 2.0, 3.0]))
    array([6., 0., 0.])
    """
    no_out("prod", out)
    a = array_like(a)
    a = cast(a, _sum_dtype(dtype_of(a)) if dtype is None else np.dtype(dtype))
    a = _masked(a, where, dtype_of(a).type(1))
    shape = shape_of(a)
    axes = axes_tuple(axis, len(shape))
    y = with_kept(red.reduce_prod(a, axes), shape, axes, keepdims)
    return el.multiply(y, initial) if is_given(initial) else y


def count_of(a: Any, axes: Ints, where: Any) -> Any:
    """How many elements are reduced: an int, or an array where a mask decides."""
    shape = shape_of(a)
    if not is_given(where) or where is True:
        return math.prod(shape[d] for d in axes)
    mask = to_shape(el.truth(where), shape)
    return layout.reduce_sum(cast(mask, np.dtype(np.int64)), axes)


@door(np.mean)
def mean(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    keepdims: bool = False,
    *,
    where: ArrayLike = UNSET,
) -> ArrayOrScalar:
    """Arithmetic mean over the given axes, or all; integers are averaged in float64.

    >>> ft.grad(fnp.mean)(np.array([1.0, 2.0, 3.0, 4.0]))
    array([0.25, 0.25, 0.25, 0.25])
    """
    no_out("mean", out)
    a = array_like(a)
    result = float_dtype(a) if dtype is None else np.dtype(dtype)
    # float16 is summed in float32, as NumPy does.
    work = np.dtype(np.float32) if result.char == "e" and dtype is None else result
    axes = axes_tuple(axis, len(shape_of(a)))
    shape = shape_of(a)
    if not is_given(where):
        total = with_kept(layout.reduce_sum(cast(a, work), axes), shape, axes, keepdims)
        count = math.prod([shape[d] for d in axes])
        return cast(linear.div(total, work.type(count)), result)
    total = sum(cast(a, work), axes, None, None, keepdims, where=where)
    count = count_of(a, axes, where)
    if isinstance(count, int):
        return cast(linear.div(total, work.type(count)), result)
    if is_given(keepdims) and keepdims:
        count = layout.reshape(count, kept(shape_of(a), axes))
    return cast(linear.div(total, cast(count, work)), result)


@door(np.var)
def var(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: ArrayLike = UNSET,
    mean: ArrayLike = UNSET,
    correction: float = UNSET,
) -> ArrayOrScalar:
    """Mean squared distance from the mean, with n − ddof in the denominator.

    >>> ft.grad(fnp.var)(np.array([1.0, 2.0, 6.0]))
    array([-1.33333333, -0.66666667,  2.        ])
    """
    no_out("var", out)
    a = array_like(a)
    result = float_dtype(a) if dtype is None else np.dtype(dtype)
    work = np.dtype(np.float32) if result.char == "e" and dtype is None else result
    ddof = correction if is_given(correction) else ddof
    axes = axes_tuple(axis, len(shape_of(a)))
    a = cast(a, work)
    centre = mean if is_given(mean) else _mean_of(a, axes, where)
    deviation = linear.sub(*broadcast(a, centre))
    if work.kind == "c":
        square = linear.real(linear.mul(deviation, linear.conj(deviation)))
        result = dtype_of(square) if dtype is None else result
    else:
        square = linear.mul(deviation, deviation)
    total = sum(square, axes, None, None, keepdims, where=where)
    count = count_of(a, axes, where)
    if isinstance(count, int):
        free = dtype_of(total).type(max_int(count - ddof))
        return cast(linear.div(total, free), result)
    count = el.maximum(el.subtract(count, ddof), 0)
    if is_given(keepdims) and keepdims:
        count = layout.reshape(count, kept(shape_of(a), axes))
    return cast(linear.div(total, cast(count, dtype_of(total))), result)


def max_int(n: Any) -> Any:
    """The degrees of freedom, never negative."""
    return n if n > 0 else 0


def _mean_of(a: Any, axes: Ints, where: Any) -> Any:
    return mean(a, axes, None, None, True, where=where)


@door(np.std)
def std(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: ArrayLike = UNSET,
    mean: ArrayLike = UNSET,
    correction: float = UNSET,
) -> ArrayOrScalar:
    """Square root of :func:`var`; its derivative where all elements are equal is NaN.

    >>> fnp.std(np.array([[1.0, 3.0], [2.0, 8.0]]), axis=1)
    array([1., 3.])
    """
    no_out("std", out)
    variance = var(
        a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction
    )
    return el.sqrt(variance)


@door(np.average)
def average(
    a: ArrayLike,
    axis: Axes = None,
    weights: ArrayLike | None = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """Weighted mean; with ``returned`` also the sum of the weights.

    >>> fnp.average(np.array([1.0, 2.0]), weights=np.array([3.0, 1.0]))
    np.float64(1.25)
    """
    a = array_like(a)
    if weights is None:
        result = mean(a, axis, keepdims=keepdims)
        axes = axes_tuple(axis, len(shape_of(a)))
        total = dtype_of(result).type(count_of(a, axes, None))
    else:
        w = array_like(weights)
        if shape_of(w) != shape_of(a):
            axes = axes_tuple(axis, len(shape_of(a)))
            if axis is None or shape_of(w) != tuple(shape_of(a)[d] for d in axes):
                raise ShapeError(
                    f"weights of shape {shape_of(w)} for an array of shape {shape_of(a)}.",
                    "Weights have the shape of the array, or of the averaged axes.",
                )
            w = layout.broadcast_in_dim(w, shape_of(a), axes)
        dtype = result_dtype(a, w, 0.0)
        a, w = cast(a, dtype), cast(w, dtype)
        total = sum(w, axis, keepdims=keepdims)
        result = linear.div(sum(linear.mul(a, w), axis, keepdims=keepdims), total)
    if not returned:
        return result
    return result, to_shape(total, shape_of(result))


# --- extremes and logic --------------------------------------------------------------------------


def _refuse_empty(name: str, shape: Ints, axes: Ints) -> None:
    if any(shape[d] == 0 for d in axes):
        raise ShapeError(
            f"{name} over the empty axes {axes} of an array of shape {shape} has no value.",
            "Guard against empty arrays, or give an initial value.",
        )


def _extreme(name: str, fold: Any, pair: Any) -> Any:
    def reduce(
        a: Any,
        axis: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = UNSET,
        where: Any = UNSET,
    ) -> Any:
        no_out(name, out)
        a = array_like(a)
        shape = shape_of(a)
        axes = axes_tuple(axis, len(shape))
        if is_given(where) and where is not True:
            if not is_given(initial):
                raise OptionError(f"{name} with where= needs an initial value.", "Give initial=.")
            a = _masked(a, where, cast(operand(initial), dtype_of(a)))
            shape = shape_of(a)
        if is_given(initial) and any(shape[d] == 0 for d in axes):
            rest = tuple(n for d, n in enumerate(shape) if d not in axes)
            y = layout.full(rest, cast(operand(initial), dtype_of(a)))
        else:
            _refuse_empty(name, shape, axes)
            y = fold(a, axes)
        y = with_kept(y, shape, axes, keepdims)
        return pair(y, initial) if is_given(initial) else y

    return reduce


_max = _extreme("max", red.reduce_max, el.maximum)
_min = _extreme("min", red.reduce_min, el.minimum)


@door(np.max, np.amax)
def max(
    a: ArrayLike,
    axis: Axes = None,
    out: Array | None = None,
    keepdims: bool = False,
    initial: ArrayLike = UNSET,
    where: ArrayLike = UNSET,
) -> ArrayOrScalar:
    """Maximum over the given axes, or all; equal maxima share the derivative equally.

    Over an empty axis it needs ``initial``, and with ``where`` too.

    >>> ft.grad(fnp.max)(np.array([1.0, 5.0, 5.0]))
    array([0. , 0.5, 0.5])
    """
    return _max(a, axis, out, keepdims, initial, where)


@door(np.min, np.amin)
def min(
    a: ArrayLike,
    axis: Axes = None,
    out: Array | None = None,
    keepdims: bool = False,
    initial: ArrayLike = UNSET,
    where: ArrayLike = UNSET,
) -> ArrayOrScalar:
    """Minimum over the given axes, or all; equal minima share the derivative equally.

    Over an empty axis it needs ``initial``, and with ``where`` too.

    >>> ft.grad(fnp.min)(np.array([1.0, 5.0, 1.0]))
    array([0.5, 0. , 0.5])
    """
    return _min(a, axis, out, keepdims, initial, where)


amax, amin = max, min


@door(np.ptp)
def ptp(
    a: ArrayLike, axis: Axes = None, out: Array | None = None, keepdims: bool = False
) -> ArrayOrScalar:
    """Maximum minus minimum.

    >>> ft.grad(fnp.ptp)(np.array([1.0, 5.0, 2.0]))
    array([-1.,  1.,  0.])
    """
    no_out("ptp", out)
    return el.subtract(max(a, axis, None, keepdims), min(a, axis, None, keepdims))


@door(np.any)
def any_(
    a: ArrayLike,
    axis: Axes = None,
    out: Array | None = None,
    keepdims: bool = False,
    *,
    where: ArrayLike = UNSET,
) -> ArrayOrScalar:
    """True where any element along the axes is not zero.

    >>> fnp.any(np.array([[0, 1], [0, 0]]), axis=1)
    array([ True, False])
    """
    no_out("any", out)
    x = _masked(el.truth(array_like(a)), where, np.False_)
    axes = axes_tuple(axis, len(shape_of(x)))
    return with_kept(red.reduce_or(x, axes), shape_of(x), axes, keepdims)


@door(np.all)
def all_(
    a: ArrayLike,
    axis: Axes = None,
    out: Array | None = None,
    keepdims: bool = False,
    *,
    where: ArrayLike = UNSET,
) -> ArrayOrScalar:
    """True where all elements along the axes are not zero.

    >>> fnp.all(np.array([[0, 1], [1, 1]]), axis=1)
    array([False,  True])
    """
    no_out("all", out)
    x = _masked(el.truth(array_like(a)), where, np.True_)
    axes = axes_tuple(axis, len(shape_of(x)))
    return with_kept(red.reduce_and(x, axes), shape_of(x), axes, keepdims)


any_.__name__, all_.__name__ = "any", "all"


@door(np.count_nonzero)
def count_nonzero(a: ArrayLike, axis: Axes = None, *, keepdims: bool = False) -> ArrayOrScalar:
    """The number of elements that are not zero.

    >>> fnp.count_nonzero(np.array([[0, 1], [1, 1]]), axis=1)
    array([1, 2])
    """
    return sum(el.truth(array_like(a)), axis, np.int64, None, keepdims)


@door(np.allclose)
def allclose(
    a: ArrayLike,
    b: ArrayLike,
    rtol: ArrayLike = 1e-05,
    atol: ArrayLike = 1e-08,
    equal_nan: bool = False,
) -> ArrayOrScalar:
    """True if all |a − b| ≤ atol + rtol·|b|.

    A boolean of rank 0; under jit it is traced and cannot decide an ``if``.

    >>> fnp.allclose(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-9]))
    True
    """
    return all_(el.isclose(a, b, rtol, atol, equal_nan))


@door(np.array_equal)
def array_equal(a1: ArrayLike, a2: ArrayLike, equal_nan: bool = False) -> ArrayOrScalar:
    """True if both have one shape and equal elements.

    >>> fnp.array_equal(np.array([1, 2]), np.array([1, 2]))
    True
    """
    x, y = array_like(a1), array_like(a2)
    if shape_of(x) != shape_of(y):
        return False
    same = el.equal(x, y)
    if equal_nan:
        same = el.logical_or(same, el.logical_and(el.isnan(x), el.isnan(y)))
    return all_(same)


@door(np.array_equiv)
def array_equiv(a1: ArrayLike, a2: ArrayLike) -> ArrayOrScalar:
    """True if both broadcast to one shape and have equal elements there.

    >>> fnp.array_equiv(np.array([1, 1]), 1)
    True
    """
    x, y = array_like(a1), array_like(a2)
    try:
        np.broadcast_shapes(shape_of(x), shape_of(y))
    except ValueError:
        return False
    return all_(el.equal(x, y))


# --- running folds -------------------------------------------------------------------------------


def accumulate(op: str, a: Any, axis: Any, dtype: Any) -> Any:
    """Running ``op`` (add, mul, max, min) along ``axis``; None flattens first."""
    a = array_like(a)
    if axis is None:
        a, axis = ravel(a), 0
    if op in ("add", "mul"):
        a = cast(a, _sum_dtype(dtype_of(a)) if dtype is None else np.dtype(dtype))
    return red.cumulative(op, a, axis_index(axis, len(shape_of(a))))


@door(np.cumsum)
def cumsum(
    a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, out: Array | None = None
) -> Array:
    """Running sum along an axis, or of the flattened array.

    >>> ft.vjp(fnp.cumsum, np.array([1.0, 2.0, 3.0]))[1](np.ones(3))
    (array([3., 2., 1.]),)
    """
    no_out("cumsum", out)
    return accumulate("add", a, axis, dtype)


@door(np.cumprod)
def cumprod(
    a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, out: Array | None = None
) -> Array:
    """Running product along an axis, or of the flattened array.

    The derivative is exact with zeros.

    >>> ft.jacobian(fnp.cumprod)(np.array([0.0, 3.0]))
    array([[1., 0.],
           [3., 0.]])
    """
    no_out("cumprod", out)
    return accumulate("mul", a, axis, dtype)


@door(getattr(np, "cumulative_sum", None))  # new in NumPy 2.1
def cumulative_sum(
    x: ArrayLike,
    /,
    *,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    include_initial: bool = False,
) -> Array:
    """Running sum; with ``include_initial`` it starts at 0.

    >>> ft.jit(lambda x: fnp.cumulative_sum(x, include_initial=True))(np.array([1, 2, 3]))
    array([0, 1, 3, 6])
    """
    return _with_initial(x, axis, dtype, out, include_initial, "add", 0)


@door(getattr(np, "cumulative_prod", None))  # new in NumPy 2.1
def cumulative_prod(
    x: ArrayLike,
    /,
    *,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    include_initial: bool = False,
) -> Array:
    """Running product; with ``include_initial`` it starts at 1.

    >>> ft.jit(lambda x: fnp.cumulative_prod(x, include_initial=True))(np.array([1, 2, 3]))
    array([1, 1, 2, 6])
    """
    return _with_initial(x, axis, dtype, out, include_initial, "mul", 1)


def _with_initial(
    x: Any, axis: Any, dtype: Any, out: Any, include: bool, op: str, first: int
) -> Any:
    no_out("a running fold", out)
    x = array_like(x)
    if axis is None:
        if len(shape_of(x)) != 1:
            raise OptionError("axis is needed for an array of several axes.", "Give axis=.")
        axis = 0
    y = accumulate(op, x, axis, dtype)
    if not include:
        return y
    axis = axis_index(axis, len(shape_of(y)))
    shape = (*shape_of(y)[:axis], 1, *shape_of(y)[axis + 1 :])
    return layout.concatenate([layout.full(shape, dtype_of(y).type(first)), y], axis)


# --- places of extremes, order -------------------------------------------------------------------


def _place(find: Any, name: str, a: Any, axis: Any, out: Any, keepdims: Any) -> Any:
    no_out(name, out)
    a = array_like(a)
    shape = shape_of(a)
    _refuse_empty(name, shape, axes_tuple(axis, len(shape)))
    if axis is None:
        y = find(ravel(a), 0)
        return with_kept(y, shape, tuple(range(len(shape))), keepdims)
    number = axis_index(axis, len(shape))
    return with_kept(find(a, number), shape, (number,), keepdims)


@door(np.argmax)
def argmax(
    a: ArrayLike, axis: int | None = None, out: Array | None = None, *, keepdims: bool = False
) -> ArrayOrScalar:
    """Index of the first maximum along an axis, or in the flattened array.

    The derivative is 0, as of all functions with integer results.

    >>> fnp.argmax(np.array([[1.0, 3.0], [5.0, 2.0]]), axis=1)
    array([1, 0])
    """
    return _place(red.argmax, "argmax", a, axis, out, keepdims)


@door(np.argmin)
def argmin(
    a: ArrayLike, axis: int | None = None, out: Array | None = None, *, keepdims: bool = False
) -> ArrayOrScalar:
    """Index of the first minimum along an axis, or in the flattened array.

    The derivative is 0, as of all functions with integer results.

    >>> fnp.argmin(np.array([[1.0, 3.0], [5.0, 2.0]]), axis=1)
    array([0, 1])
    """
    return _place(red.argmin, "argmin", a, axis, out, keepdims)


@door(np.argsort)
def argsort(
    a: ArrayLike,
    axis: int | None = -1,
    kind: str | None = None,
    order: str | None = None,
    *,
    stable: bool | None = None,
) -> Array:
    """The indices that sort ``a`` along an axis; equal elements stay in order.

    >>> fnp.argsort(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    return red.argsort(*_sorted_along(a, axis, order))


def _sorted_along(a: Any, axis: int | None, order: str | None) -> tuple[Any, int]:
    """The operand of a sort, and its axis."""
    if order is not None:
        raise ArgumentError("order= names fields of structured arrays, which hold no numbers.")
    a = array_like(a)
    if axis is None:
        return ravel(a), 0
    return a, axis_index(axis, len(shape_of(a)))


@door(np.sort)
def sort(
    a: ArrayLike,
    axis: int | None = -1,
    kind: str | None = None,
    order: str | None = None,
    *,
    stable: bool | None = None,
) -> Array:
    """``a`` in ascending order along an axis; derivatives follow the elements.

    >>> ft.jacobian(fnp.sort)(np.array([3.0, 1.0]))
    array([[0., 1.],
           [1., 0.]])
    """
    return red.sort(*_sorted_along(a, axis, order))


@door(np.sort_complex)
def sort_complex(a: ArrayLike) -> Array:
    """``a`` as complex numbers, sorted by real part, then imaginary part.

    >>> fnp.sort_complex(np.array([2 + 1j, 1 + 5j, 2 - 1j]))
    array([1.+5.j, 2.-1.j, 2.+1.j])
    """
    a = array_like(a)
    return sort(cast(a, np.result_type(dtype_of(a), np.complex64)))


@door(np.lexsort)
def lexsort(keys: Arrays, axis: int = -1) -> Array:
    """The order that sorts by the last key, then the one before it, and so on.

    >>> fnp.lexsort((np.array([3, 1, 2]), np.array([0, 1, 0])))
    array([2, 0, 1])
    """
    rows = [array_like(k) for k in keys]
    number = axis_index(axis, len(shape_of(rows[0])))
    order = red.argsort(rows[0], number)
    for row in rows[1:]:
        step = red.argsort(red.take_along_axis(row, order, number), number)
        order = red.take_along_axis(order, step, number)
    return order
