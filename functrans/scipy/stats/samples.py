"""Statistics of samples that depend on their order: the mode and ranks; and the mean's error."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import functrans.numpy as fnp
from functrans.errors import OptionError
from functrans.lax.linalg import inverse_order
from functrans.lax.sorting import cummax, cummin
from functrans.numpy.promote import array_like, axis_index, cast, float_dtype
from functrans.scipy.doors import is_plain, scipy_function
from functrans.typing import ArrayLike, ArrayOrScalar

_METHODS = ("average", "min", "max", "dense", "ordinal")


class ModeResult(NamedTuple):
    """The most frequent values and how often they occur.

    >>> ft.scipy.stats.mode(np.array([2, 1, 2])).count
    np.int64(2)
    """

    mode: Any
    count: Any


def _only(name: str, nan_policy: str, *policies: str) -> None:
    if nan_policy not in policies:
        raise OptionError(
            f"{name} with nan_policy={nan_policy!r} does not work under a transform.",
            f"Use {' or '.join(map(repr, policies))}, or plain arrays.",
        )


def _last(x: Any, axis: int | None) -> Any:
    """``x`` with the given axis last; None flattens it."""
    x = fnp.atleast_1d(x)
    return fnp.ravel(x) if axis is None else fnp.moveaxis(x, axis, -1)


def _fresh(x: Any) -> Any:
    """Where a sorted last axis begins a new value; all NaN are one value."""
    later, earlier = x[..., 1:], x[..., :-1]
    differ = later != earlier
    if x.dtype.kind == "f":
        differ = fnp.logical_and(differ, fnp.logical_not(fnp.isnan(earlier)))
    return fnp.concatenate([fnp.ones((*x.shape[:-1], 1), bool), differ], -1)


def _run_ends(fresh: Any) -> tuple[Any, Any]:
    """For each place of sorted values: where its run of equal values begins, and ends."""
    n, last = fresh.shape[-1], fresh.ndim - 1
    places = fnp.broadcast_to(np.arange(n), fresh.shape)
    closing = fnp.concatenate([fresh[..., 1:], fnp.ones((*fresh.shape[:-1], 1), bool)], -1)
    first = cummax(fnp.where(fresh, places, 0), last)
    return first, cummin(fnp.where(closing, places, n), last, reverse=True)


def mode(
    a: ArrayLike, axis: int | None = 0, nan_policy: str = "propagate", keepdims: bool = False
) -> ModeResult:
    """The most frequent value along an axis, the smallest of several, and how often it occurs.

    Raises OptionError for another ``nan_policy`` than "propagate" under a transform.

    >>> mode, count = ft.jit(ft.scipy.stats.mode)(np.array([3.0, 1.0, 3.0, 1.0, 2.0]))
    >>> mode, count
    (np.float64(1.0), np.int64(2))
    """
    if is_plain((a,), {}):
        return ModeResult(*scipy_function("stats", "mode")(a, axis, nan_policy, keepdims))
    _only("mode", nan_policy, "propagate")
    whole = fnp.atleast_1d(array_like(a))
    x = fnp.sort(_last(whole, axis), -1)
    if not x.shape[-1]:
        nothing = fnp.zeros(x.shape[:-1])
        found, count = nothing + np.nan, nothing
    else:
        first, last = _run_ends(_fresh(x))
        length = last - first + 1
        place = fnp.expand_dims(fnp.argmax(length, -1), -1)
        found = fnp.take_along_axis(x, place, -1)[..., 0]
        count = fnp.max(length, -1)
    if keepdims:
        where = tuple(range(whole.ndim)) if axis is None else axis
        found, count = fnp.expand_dims(found, where), fnp.expand_dims(count, where)
    return ModeResult(found, count)


def rankdata(
    a: ArrayLike, method: str = "average", *, axis: int | None = None, nan_policy: str = "propagate"
) -> ArrayOrScalar:
    """The ranks of the elements along an axis, from 1, as float64; None ranks all of them.

    Equal elements share the ``"average"``, ``"min"`` or ``"max"`` of their ranks; ``"dense"``
    leaves no gap behind them; ``"ordinal"`` ranks them by their places. A NaN makes all ranks NaN.

    Raises OptionError for another method, or another ``nan_policy`` than "propagate" under a
    transform.

    >>> ft.jit(ft.scipy.stats.rankdata)(np.array([10.0, 30.0, 20.0, 30.0]))
    array([1. , 3.5, 2. , 3.5])
    """
    if method not in _METHODS:
        raise OptionError(f"rankdata knows no method {method!r}.", f"Use one of {_METHODS}.")
    if is_plain((a,), {}):
        ranks = scipy_function("stats", "rankdata")(a, method, axis=axis, nan_policy=nan_policy)
        return cast(ranks, np.dtype(np.float64))
    _only("rankdata", nan_policy, "propagate")
    a = array_like(a)
    x = _last(a, axis)
    order = fnp.argsort(x, -1)
    ranks = _sorted_ranks(_fresh(fnp.take_along_axis(x, order, -1)), method)
    ranks = fnp.take_along_axis(cast(ranks, np.dtype(np.float64)), inverse_order(order), -1)
    if x.dtype.kind == "f":
        ranks = fnp.where(fnp.any(fnp.isnan(x), -1, keepdims=True), np.nan, ranks)
    return ranks if axis is None else fnp.moveaxis(ranks, -1, axis)


def _sorted_ranks(fresh: Any, method: str) -> Any:
    if method == "ordinal":
        return fnp.broadcast_to(np.arange(1, fresh.shape[-1] + 1), fresh.shape)
    if method == "dense":
        return fnp.cumsum(fresh, -1)
    first, last = _run_ends(fresh)
    if method == "min":
        return first + 1
    return last + 1 if method == "max" else 0.5 * (first + last) + 1.0


def sem(
    a: ArrayLike,
    axis: int | None = 0,
    ddof: int = 1,
    nan_policy: str = "propagate",
    *,
    keepdims: bool = False,
) -> ArrayOrScalar:
    """The standard error of the mean: the standard deviation by the root of the number.

    ``nan_policy="omit"`` leaves NaN out; under a transform another one than that and "propagate"
    raises OptionError.

    >>> ft.jit(ft.scipy.stats.sem)(np.array([1.0, 3.0]))
    np.float64(1.0)
    """
    if is_plain((a,), {}):
        return scipy_function("stats", "sem")(a, axis, ddof, nan_policy, keepdims=keepdims)
    _only("sem", nan_policy, "propagate", "omit")
    x = fnp.atleast_1d(array_like(a))
    x = cast(x, float_dtype(x))
    if nan_policy == "omit":
        count = fnp.sum(fnp.logical_not(fnp.isnan(x)), axis, keepdims=keepdims)
        return cast(fnp.nanstd(x, axis, ddof=ddof, keepdims=keepdims) / fnp.sqrt(count), x.dtype)
    size = x.size if axis is None else x.shape[axis_index(axis, x.ndim)]
    return fnp.std(x, axis, ddof=ddof, keepdims=keepdims) / float(np.sqrt(size))
