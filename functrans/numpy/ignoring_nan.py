"""Reductions that pass over NaN: its place is taken by what changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.numpy import elementwise as el
from functrans.numpy.promote import array_like, axes_tuple, door
from functrans.numpy.reductions import (
    UNSET,
    all_,
    argmax,
    argmin,
    count_of,
    cumprod,
    cumsum,
    is_given,
    max,
    mean,
    min,
    prod,
    sum,
    var,
    with_kept,
)
from functrans.typing import Array, ArrayLike, ArrayOrScalar, Axes, DTypeLike


def _without_nan(a: Any, other: Any) -> tuple[Any, Any]:
    """``a`` with NaN replaced, and the mask of NaN (None for integers)."""
    a = array_like(a)
    if dtype_of(a).kind not in "fc":
        return a, None
    mask = el.isnan(a)
    return el.select(mask, dtype_of(a).type(other), a), mask


@door(np.nansum)
def nansum(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    keepdims: bool = False,
    initial: ArrayLike = UNSET,
    where: ArrayLike = UNSET,
) -> ArrayOrScalar:
    """Sum with NaN as zero.

    The derivative at a NaN is 0.

    >>> ft.grad(fnp.nansum)(np.array([1.0, np.nan]))
    array([1., 0.])
    """
    return sum(_without_nan(a, 0)[0], axis, dtype, out, keepdims, initial, where)


@door(np.nanprod)
def nanprod(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    keepdims: bool = False,
    initial: ArrayLike = UNSET,
    where: ArrayLike = UNSET,
) -> ArrayOrScalar:
    """Product with NaN as one.

    >>> fnp.nanprod(np.array([2.0, np.nan, 3.0]))
    np.float64(6.0)
    """
    return prod(_without_nan(a, 1)[0], axis, dtype, out, keepdims, initial, where)


def _both(where: Any, mask: Any) -> Any:
    present = el.logical_not(mask)
    return el.logical_and(where, present) if is_given(where) else present


@door(np.nanmean)
def nanmean(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    keepdims: bool = False,
    *,
    where: ArrayLike = UNSET,
) -> ArrayOrScalar:
    """Mean of the elements that are not NaN.

    NaN where no element remains. The derivative at a NaN is 0.

    >>> ft.grad(fnp.nanmean)(np.array([1.0, np.nan, 3.0]))
    array([0.5, 0. , 0.5])
    """
    x, mask = _without_nan(a, 0)
    if mask is None:
        return mean(x, axis, dtype, out, keepdims, where=where)
    return mean(x, axis, dtype, out, keepdims, where=_both(where, mask))


@door(np.nanvar)
def nanvar(
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
    """Variance of the elements that are not NaN; NaN where fewer than ddof + 1 remain.

    >>> fnp.nanvar(np.array([1.0, np.nan, 3.0]))
    np.float64(1.0)
    """
    x, mask = _without_nan(a, 0)
    ddof = correction if is_given(correction) else ddof
    if mask is None:
        return var(x, axis, dtype, out, ddof, keepdims, where=where, mean=mean)
    chosen = _both(where, mask)
    y = var(x, axis, dtype, out, ddof, keepdims, where=chosen, mean=mean)
    axes = axes_tuple(axis, len(shape_of(x)))
    enough = with_kept(el.greater(count_of(x, axes, chosen), ddof), shape_of(x), axes, keepdims)
    return el.select(enough, y, dtype_of(y).type(np.nan))


@door(np.nanstd)
def nanstd(
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
    """Square root of :func:`nanvar`.

    >>> fnp.nanstd(np.array([1.0, np.nan, 5.0]))
    np.float64(2.0)
    """
    return el.sqrt(
        nanvar(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction)
    )


def _nan_extreme(reduce: Any, other: float, a: Any, axis: Any, options: tuple[Any, ...]) -> Any:
    x, mask = _without_nan(a, other)
    y = reduce(x, axis, *options)
    if mask is None:
        return y
    keepdims = options[1]
    empty = all_(mask, axis, None, keepdims)
    return el.select(empty, dtype_of(y).type(np.nan), y)


@door(np.nanmax)
def nanmax(
    a: ArrayLike, axis: Axes = None, out: Array | None = None, keepdims: bool = False,
    initial: ArrayLike = UNSET, where: ArrayLike = UNSET,
) -> ArrayOrScalar:  # fmt: skip
    """Maximum of the elements that are not NaN.

    >>> fnp.nanmax(np.array([[1.0, np.nan], [2.0, 3.0]]), axis=1)
    array([1., 3.])
    """
    return _nan_extreme(max, -np.inf, a, axis, (out, keepdims, initial, where))


@door(np.nanmin)
def nanmin(
    a: ArrayLike, axis: Axes = None, out: Array | None = None, keepdims: bool = False,
    initial: ArrayLike = UNSET, where: ArrayLike = UNSET,
) -> ArrayOrScalar:  # fmt: skip
    """Minimum of the elements that are not NaN.

    >>> fnp.nanmin(np.array([[1.0, np.nan], [2.0, 3.0]]), axis=1)
    array([1., 2.])
    """
    return _nan_extreme(min, np.inf, a, axis, (out, keepdims, initial, where))


@door(np.nanargmax)
def nanargmax(
    a: ArrayLike, axis: int | None = None, out: Array | None = None, *, keepdims: bool = False
) -> ArrayOrScalar:
    """Index of the first maximum of the elements that are not NaN.

    >>> fnp.nanargmax(np.array([1.0, np.nan, 3.0]))
    np.int64(2)
    """
    return argmax(_without_nan(a, -np.inf)[0], axis, out, keepdims=keepdims)


@door(np.nanargmin)
def nanargmin(
    a: ArrayLike, axis: int | None = None, out: Array | None = None, *, keepdims: bool = False
) -> ArrayOrScalar:
    """Index of the first minimum of the elements that are not NaN.

    >>> fnp.nanargmin(np.array([1.0, np.nan, 3.0]))
    np.int64(0)
    """
    return argmin(_without_nan(a, np.inf)[0], axis, out, keepdims=keepdims)


@door(np.nancumsum)
def nancumsum(
    a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, out: Array | None = None
) -> Array:
    """Running sum with NaN as zero.

    >>> fnp.nancumsum(np.array([1.0, np.nan, 3.0]))
    array([1., 1., 4.])
    """
    return cumsum(_without_nan(a, 0)[0], axis, dtype, out)


@door(np.nancumprod)
def nancumprod(
    a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, out: Array | None = None
) -> Array:
    """Running product with NaN as one.

    >>> fnp.nancumprod(np.array([2.0, np.nan, 3.0]))
    array([2., 2., 6.])
    """
    return cumprod(_without_nan(a, 1)[0], axis, dtype, out)
