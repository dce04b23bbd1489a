"""Sets of numbers: the elements of two arrays that a rule keeps, sorted and each once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.core.trace import current_trace
from functrans.numpy import elementwise as el
from functrans.numpy.joining import concatenate
from functrans.numpy.promote import TRACED, array_like, cast, has_tracer
from functrans.numpy.selecting import counted, first_where, isin, nonzero_traced, unique
from functrans.numpy.shaping import ravel
from functrans.primitives import layout
from functrans.primitives import reductions as red
from functrans.primitives.indexing import gather
from functrans.typing import Array, ArrayLike

Keep = Callable[[Any, Any], Any]

_INT = np.dtype(np.int64)
# NumPy's own classes of results, which it does not export.
_All = type(np.unique_all(np.zeros(0)))
_Counts = type(np.unique_counts(np.zeros(0)))
_Inverse = type(np.unique_inverse(np.zeros(0)))


def _plain(size: int | None, *arrays: Any) -> bool:
    """Whether NumPy's own function does: no transform runs and no size is asked for."""
    return size is None and current_trace() is None and not has_tracer(arrays, {})


def union1d(
    ar1: ArrayLike, ar2: ArrayLike, *, size: int | None = None, fill_value: ArrayLike | None = None
) -> Array:
    """The sorted distinct elements of two arrays, which are flattened.

    ``size`` fixes their number, which jit and vmap need: the first ``size`` of them, then
    ``fill_value`` (the smallest of them when not given).

    >>> fnp.union1d(np.array([3, 1]), np.array([1, 2]))
    array([1, 2, 3])
    """
    if _plain(size, ar1, ar2):
        return np.union1d(np.asarray(ar1), np.asarray(ar2))
    return unique(concatenate([ravel(ar1), ravel(ar2)], 0), size=size, fill_value=fill_value)


def intersect1d(
    ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False, return_indices: bool = False,
    *, size: int | None = None, fill_value: ArrayLike | None = None,
) -> Any:  # fmt: skip
    """The sorted distinct elements that two arrays share.

    ``size`` and ``fill_value`` as in :func:`union1d`. With ``return_indices`` also the places of
    the first occurrence in both flattened arrays; places that stand for nothing are those arrays'
    lengths. Derivatives follow the element of ``ar1``.

    >>> fnp.intersect1d(np.array([3, 1, 3]), np.array([3, 1, 2]))
    array([1, 3])
    >>> ft.jit(lambda a, b: fnp.intersect1d(a, b, size=3, fill_value=-1))([3, 1], [3, 2])
    array([ 3, -1, -1])
    """
    if _plain(size, ar1, ar2):
        return np.intersect1d(  # type: ignore[call-overload]
            ar1, ar2, assume_unique, return_indices
        )
    chosen = _Chosen(np.intersect1d, ar1, ar2, size, lambda first, last: el.less(first, last))
    values = chosen.values(fill_value)
    return (values, *chosen.places()) if return_indices else values


def setxor1d(
    ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False,
    *, size: int | None = None, fill_value: ArrayLike | None = None,
) -> Array:  # fmt: skip
    """The sorted distinct elements that are in exactly one of two arrays.

    ``size`` and ``fill_value`` as in :func:`union1d`.

    >>> fnp.setxor1d(np.array([3, 1, 3]), np.array([3, 2]))
    array([1, 2])
    """
    if _plain(size, ar1, ar2):
        return np.setxor1d(np.asarray(ar1), np.asarray(ar2), assume_unique)
    return _Chosen(np.setxor1d, ar1, ar2, size, el.equal).values(fill_value)


def setdiff1d(
    ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False,
    *, size: int | None = None, fill_value: ArrayLike | None = None,
) -> Array:  # fmt: skip
    """The sorted distinct elements of ``ar1`` that are not in ``ar2``.

    ``size`` and ``fill_value`` as in :func:`union1d`. With ``assume_unique`` they keep the order
    of ``ar1``.

    >>> fnp.setdiff1d(np.array([3, 1, 2]), np.array([2]))
    array([1, 3])
    """
    if _plain(size, ar1, ar2):
        return np.setdiff1d(np.asarray(ar1), np.asarray(ar2), assume_unique)
    if assume_unique:
        x = ravel(ar1)
        missing = isin(x, ar2, invert=True)
        size = int(counted("setdiff1d", missing).sum()) if size is None else size
        return first_where(x, missing, size, fill_value)
    chosen = _Chosen(
        np.setdiff1d, ar1, ar2, size, lambda first, last: el.logical_not(el.add(first, last))
    )
    return cast(chosen.values(fill_value), dtype_of(array_like(ar1)))


class _Chosen:
    """Groups of equal elements of two arrays, those that a rule keeps.

    The rule sees whether the first and the last element of a group come from the second array: a
    stable sort puts the elements of the first array first in each group.
    """

    def __init__(self, original: Any, ar1: Any, ar2: Any, size: int | None, keep: Keep) -> None:
        x, y = ravel(ar1), ravel(ar2)
        if size is None:
            name = original.__name__
            size = original(counted(name, x), counted(name, y)).size
        self.lengths = shape_of(x)[0], shape_of(y)[0]
        both = concatenate([x, y], 0)
        n = sum(self.lengths)
        self.order = red.argsort(both, 0)
        self.sorted = red.take_along_axis(both, self.order, 0)
        self.second = el.greater_equal(self.order, self.lengths[0])
        fresh = self._fresh(n)
        last = layout.concatenate(
            [layout.slice_axis(fresh, 0, min(n, 1), n), np.ones(min(n, 1), bool)], 0
        )
        self.starts = nonzero_traced(fresh, size=n)[0]
        self.ends = nonzero_traced(last, size=n)[0]
        count = layout.reduce_sum(cast(fresh, _INT), (0,))
        kept = keep(self._at(self.second, self.starts), self._at(self.second, self.ends))
        self.kept = el.logical_and(kept, el.less(np.arange(n), count))
        self.size = size

    def _at(self, x: Any, places: Any) -> Any:
        return gather(x, (places,), (0,))

    def _fresh(self, n: int) -> Any:
        """Where a group begins. As in NumPy, the NaNs of one array are one element."""
        later = layout.slice_axis(self.sorted, 0, min(n, 1), n)
        before = layout.slice_axis(self.sorted, 0, 0, max(n - 1, 0))
        changed = el.not_equal(later, before)
        if dtype_of(self.sorted).kind in "fc":
            side = [
                layout.slice_axis(self.second, 0, *cut)
                for cut in ((min(n, 1), n), (0, max(n - 1, 0)))
            ]
            nan = el.logical_and(el.isnan(later), el.isnan(before))
            changed = el.logical_and(changed, el.logical_not(el.logical_and(nan, el.equal(*side))))
        return layout.concatenate([np.ones(min(n, 1), bool), changed], 0)

    def values(self, fill_value: Any) -> Any:
        firsts = self._at(self.sorted, self.starts)
        return first_where(firsts, self.kept, self.size, fill_value)

    def places(self) -> tuple[Any, Any]:
        """Where the first occurrence is in each array."""
        of_first = cast(el.logical_not(self.second), _INT)
        running = red.cumulative("add", of_first, 0)
        # The elements of the first array in a group come before those of the second.
        ahead = el.subtract(self._at(running, self.ends), self._at(running, self.starts))
        n, m = self.lengths
        one = self._at(self.order, self.starts)
        two = el.subtract(
            gather(self.order, (el.add(el.add(self.starts, ahead), 1),), (0,), "clip"), n
        )
        return (
            first_where(one, self.kept, self.size, n),
            first_where(two, self.kept, self.size, m),
        )


# --- distinct elements ---------------------------------------------------------------------------


def unique_values(
    x: ArrayLike, /, *, size: int | None = None, fill_value: ArrayLike | None = None
) -> Array:
    """The distinct elements, each NaN being one; under a transform they are sorted.

    ``size`` and ``fill_value`` as in :func:`unique`.

    >>> ft.jit(lambda x: fnp.unique_values(x, size=2))(np.array([3, 1, 3]))
    array([1, 3])
    """
    if _plain(size, x):
        return np.unique_values(np.asarray(x))
    return unique(x, equal_nan=False, size=size, fill_value=fill_value)


def unique_counts(
    x: ArrayLike, /, *, size: int | None = None, fill_value: ArrayLike | None = None
) -> Any:
    """The sorted distinct elements and how often each occurs.

    ``size`` and ``fill_value`` as in :func:`unique`; what fills up occurs 0 times.

    >>> values, counts = fnp.unique_counts(np.array([3, 1, 3]))
    >>> counts
    array([1, 2])
    """
    if _plain(size, x):
        return np.unique_counts(np.asarray(x))
    return _Counts(
        *unique(x, return_counts=True, equal_nan=False, size=size, fill_value=fill_value)
    )


def unique_inverse(
    x: ArrayLike, /, *, size: int | None = None, fill_value: ArrayLike | None = None
) -> Any:
    """The sorted distinct elements and, in the shape of ``x``, the place of each element there.

    ``size`` and ``fill_value`` as in :func:`unique`.

    >>> values, inverse = fnp.unique_inverse(np.array([3, 1, 3]))
    >>> values[inverse]
    array([3, 1, 3])
    """
    if _plain(size, x):
        return np.unique_inverse(np.asarray(x))
    return _Inverse(
        *unique(x, return_inverse=True, equal_nan=False, size=size, fill_value=fill_value)
    )


def unique_all(
    x: ArrayLike, /, *, size: int | None = None, fill_value: ArrayLike | None = None
) -> Any:
    """The sorted distinct elements, their first places, their inverse and their counts.

    ``size`` and ``fill_value`` as in :func:`unique`.

    >>> found = fnp.unique_all(np.array([3, 1, 3]))
    >>> found.indices, found.counts
    (array([1, 0]), array([1, 2]))
    """
    if _plain(size, x):
        return np.unique_all(np.asarray(x))
    return _All(*unique(x, True, True, True, equal_nan=False, size=size, fill_value=fill_value))


TRACED |= {
    np.union1d: union1d,
    np.intersect1d: intersect1d,
    np.setxor1d: setxor1d,
    np.setdiff1d: setdiff1d,
    np.unique_values: unique_values,
    np.unique_counts: unique_counts,
    np.unique_inverse: unique_inverse,
    np.unique_all: unique_all,
}
