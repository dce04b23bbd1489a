"""Order statistics: partitions, quantiles and medians, with and without NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.core.trace import Tracer
from functrans.errors import ArgumentError, DtypeError, OptionError, ShapeError
from functrans.numpy import elementwise as el
from functrans.numpy.promote import (
    array_like,
    axes_tuple,
    axis_index,
    cast,
    concrete,
    door,
    float_dtype,
    has_tracer,
    no_out,
    operand,
    result_dtype,
)
from functrans.numpy.reductions import UNSET, argsort, kept, sort
from functrans.numpy.shaping import take_slice
from functrans.primitives import layout
from functrans.primitives import reductions as red
from functrans.typing import Array, ArrayLike, ArrayOrScalar, Axes

Ints = tuple[int, ...]

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")

# --- partitions ----------------------------------------------------------------------------------


@door(np.partition)
def partition(
    a: ArrayLike,
    kth: ArrayLike,
    axis: int | None = -1,
    kind: str = "introselect",
    order: str | None = None,
) -> Array:
    """``a`` with its k-th smallest element in place, smaller ones before, greater ones after.

    Under a transform everything is sorted, which is such an order. Derivatives follow the elements.

    >>> ft.jit(lambda x: fnp.partition(x, 1))(np.array([3.0, 1.0, 2.0]))
    array([1., 2., 3.])
    """
    _check_places(a, kth, axis)
    return sort(a, axis, order=order)


@door(np.argpartition)
def argpartition(
    a: ArrayLike,
    kth: ArrayLike,
    axis: int | None = -1,
    kind: str = "introselect",
    order: str | None = None,
) -> Array:
    """The indices that :func:`partition` puts in its order.

    >>> ft.jit(lambda x: fnp.argpartition(x, 1))(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    _check_places(a, kth, axis)
    return argsort(a, axis, order=order)


def _check_places(a: Any, kth: Any, axis: Any) -> None:
    shape = shape_of(array_like(a))
    n = math.prod(shape) if axis is None else shape[axis_index(axis, len(shape))]
    places = concrete(kth)
    if places is None or places.dtype.kind not in "iu":
        raise ArgumentError("kth must be a known int, or several.", "Pass kth as a plain number.")
    for place in places.flat:
        axis_index(place, n)


# --- quantiles -----------------------------------------------------------------------------------


@door(np.quantile)
def quantile(
    a: ArrayLike,
    q: ArrayLike,
    axis: Axes = None,
    out: Array | None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: ArrayLike | None = None,
    interpolation: str | None = None,
) -> ArrayOrScalar:
    """The value below which a fraction ``q`` of the elements lies; NaN if one of them is.

    Methods: linear, lower, higher, midpoint, nearest. A traced ``q`` has a derivative too: the
    slope between the two elements; it is not checked to be in [0, 1], and beyond gives an end.

    >>> ft.grad(lambda x: fnp.quantile(x, 0.25))(np.array([1.0, 3.0, 2.0]))
    array([0.5, 0. , 0.5])
    >>> ft.grad(fnp.quantile, argnums=1)(np.array([1.0, 3.0, 2.0]), 0.4)
    np.float64(2.0)
    """
    _check_options("quantile", out, weights, method)
    return _quantiles(a, q, axis, method, keepdims, skips_nan=False)


@door(np.percentile)
def percentile(
    a: ArrayLike,
    q: ArrayLike,
    axis: Axes = None,
    out: Array | None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: ArrayLike | None = None,
    interpolation: str | None = None,
) -> ArrayOrScalar:
    """:func:`quantile` with ``q`` in percent.

    >>> fnp.percentile(np.array([1.0, 3.0, 2.0]), 25)
    np.float64(1.5)
    """
    _check_options("percentile", out, weights, method)
    return _quantiles(a, _fraction(q), axis, method, keepdims, skips_nan=False)


@door(np.median)
def median(
    a: ArrayLike,
    axis: Axes = None,
    out: Array | None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> ArrayOrScalar:
    """The middle element, or the mean of the two in the middle.

    >>> ft.grad(fnp.median)(np.array([1.0, 9.0, 2.0, 8.0]))
    array([0. , 0. , 0.5, 0.5])
    """
    return quantile(a, 0.5, axis, out, keepdims=keepdims)


@door(np.nanquantile)
def nanquantile(
    a: ArrayLike,
    q: ArrayLike,
    axis: Axes = None,
    out: Array | None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = UNSET,
    *,
    weights: ArrayLike | None = None,
    interpolation: str | None = None,
) -> ArrayOrScalar:
    """:func:`quantile` of the elements that are not NaN, whose derivative is 0.

    NaN where no element remains.

    >>> ft.grad(lambda x: fnp.nanquantile(x, 0.25))(np.array([1.0, np.nan, 3.0]))
    array([0.75, 0.  , 0.25])
    """
    _check_options("nanquantile", out, weights, method)
    return _quantiles(a, q, axis, method, keepdims is True, skips_nan=True)


@door(np.nanpercentile)
def nanpercentile(
    a: ArrayLike,
    q: ArrayLike,
    axis: Axes = None,
    out: Array | None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = UNSET,
    *,
    weights: ArrayLike | None = None,
    interpolation: str | None = None,
) -> ArrayOrScalar:
    """:func:`nanquantile` with ``q`` in percent.

    >>> fnp.nanpercentile(np.array([1.0, np.nan, 3.0]), 25)
    np.float64(1.5)
    """
    _check_options("nanpercentile", out, weights, method)
    return _quantiles(a, _fraction(q), axis, method, keepdims is True, skips_nan=True)


@door(np.nanmedian)
def nanmedian(
    a: ArrayLike, axis: Axes = None, out: Array | None = None, overwrite_input: bool = False,
    keepdims: bool = UNSET,
) -> ArrayOrScalar:  # fmt: skip
    """The :func:`median` of the elements that are not NaN; NaN where none remains.

    >>> fnp.nanmedian(np.array([[1.0, np.nan], [2.0, 3.0]]), axis=1)
    array([1. , 2.5])
    """
    return nanquantile(a, 0.5, axis, out, keepdims=keepdims)


def _check_options(name: str, out: Any, weights: Any, method: str) -> None:
    no_out(name, out)
    if weights is not None:
        raise ArgumentError(f"{name} takes no weights under a transform.")
    if method not in _METHODS:
        raise OptionError(
            f"{name} has no method {method!r} under a transform.",
            f"Use {', '.join(_METHODS[:-1])} or {_METHODS[-1]}.",
        )


def _fraction(q: Any) -> Any:
    percent: Any = q if isinstance(q, Tracer | int | float) else array_like(q)
    return percent / 100  # a weak scalar stays one


def _quantiles(a: Any, q: Any, axis: Any, method: str, keepdims: bool, skips_nan: bool) -> Any:
    a = array_like(a)
    a = cast(a, float_dtype(a))
    if method in ("linear", "midpoint"):  # which compute; the others choose an element
        a = cast(a, result_dtype(a, operand(q)))
    if dtype_of(a).kind == "c":
        raise DtypeError("Complex numbers have no order, so no quantiles.", "Take real and imag.")
    shape = shape_of(a)
    axes = axes_tuple(axis, len(shape))
    rest = tuple(d for d in range(len(shape)) if d not in axes)
    n = math.prod(shape[d] for d in axes)
    if n == 0:
        raise ShapeError("A quantile of no elements has no value.", "Guard against empty arrays.")
    rows = tuple(shape[d] for d in rest)
    ordered = sort(layout.reshape(layout.transpose(a, rest + axes), (*rows, n)), -1)
    fractions = concrete(q)
    if fractions is not None and not ((fractions >= 0) & (fractions <= 1)).all():
        raise OptionError("Quantiles must be in the range [0, 1].")
    traced = has_tracer((q,), {})  # whose derivative counts even where its value is known
    if fractions is not None and not traced and not skips_nan:
        places = [float(f) * (n - 1) for f in fractions.flat]
        found = [_known_place(ordered, place, method) for place in places]
        wide = [layout.expand_dims(r, (0,)) for r in found]
        empty = layout.full((0, *rows), dtype_of(a).type(0))
        results = layout.concatenate(wide, 0) if wide else empty
    else:
        results = _traced_places(ordered, array_like(q), method, skips_nan)
    if not skips_nan:  # NaN sorts last and wins
        last = take_slice(ordered, len(rest), n - 1)
        results = el.select(el.isnan(last), dtype_of(results).type(np.nan), results)
    kept_shape = kept(shape, axes) if keepdims else rows
    return layout.reshape(results, (*shape_of(array_like(q)), *kept_shape))


def _known_place(ordered: Any, place: float, method: str) -> Any:
    """The value at a known place of the last axis, between two elements."""
    axis = len(shape_of(ordered)) - 1
    low, high = math.floor(place), math.ceil(place)
    if method == "lower" or low == high:
        return take_slice(ordered, axis, low)
    if method == "higher":
        return take_slice(ordered, axis, high)
    if method == "nearest":
        return take_slice(ordered, axis, int(np.rint(place)))
    below, above = take_slice(ordered, axis, low), take_slice(ordered, axis, high)
    step = el.subtract(above, below)
    weight = 0.5 if method == "midpoint" else place - low
    if weight < 0.5:
        return el.add(below, el.multiply(step, weight))
    return el.subtract(above, el.multiply(step, 1.0 - weight))


def _traced_places(ordered: Any, q: Any, method: str, skips_nan: bool) -> Any:
    """The values at fractions ``q`` of each row: one row of results for each fraction."""
    *rows, n = shape_of(ordered)
    if skips_nan:
        present = cast(el.logical_not(el.isnan(ordered)), np.dtype(np.int64))
        count = layout.reduce_sum(present, (len(rows),))
    else:
        count = layout.full(tuple(rows), np.int64(n))
    last = layout.expand_dims(el.subtract(count, 1), (len(rows),))
    fractions = cast(q, dtype_of(ordered))
    place = el.multiply(last, layout.reshape(fractions, (math.prod(shape_of(q)),)))
    place = cast(place, dtype_of(ordered))
    if method == "nearest":
        place = el.rint(place)
    ends = [el.clip(f(place), 0, el.maximum(last, 0)) for f in (el.floor, el.ceil)]
    below, above = (
        red.take_along_axis(ordered, cast(i, np.dtype(np.int64)), len(rows)) for i in ends
    )
    if method in ("lower", "nearest"):
        found = below
    elif method == "higher":
        found = above
    else:
        step = el.subtract(above, below)
        between = el.subtract(place, el.floor(place))
        halves = cast(el.greater(between, 0), dtype_of(ordered)) * 0.5
        weight = halves if method == "midpoint" else between
        found = el.select(
            el.less(weight, 0.5),
            el.add(below, el.multiply(step, weight)),
            el.subtract(above, el.multiply(step, el.subtract(1.0, weight))),
        )
    return layout.move_axis(found, len(rows), 0)
