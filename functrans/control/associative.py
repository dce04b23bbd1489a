"""associative_scan: all running combinations of rows, in a logarithmic number of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans import tree
from functrans.core.avals import aval_of
from functrans.errors import OptionError, ShapeError, TypeMismatchError
from functrans.primitives.layout import concatenate, expand_dims, reshape, rev, slice_axis
from functrans.transforms.stage import check_callable

Leaves = list[Any]
Combine = Callable[[Leaves, Leaves], Leaves]


def associative_scan(
    fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Running combinations along an axis: row i of the result is ``fn`` of all rows up to i.

    The rows are combined in pairs, the pairs are scanned, and the rows in between follow (Ladner
    and Fischer, *Parallel prefix computation*, 1980): about 2n combinations in 2 log₂ n calls of
    ``fn``, each for many rows at once. So sums of floats may differ in the last bits from those
    that a loop forms. :func:`scan` calls ``fn`` n times and needs no associative function.

    Parameters
    ----------
    fn: an associative function of two trees like ``elems``, elementwise along ``axis``, where
        it is given arrays with fewer rows. It keeps shapes and dtypes.
    elems: a tree of arrays that have equally many rows along ``axis``.
    reverse: combine from the last row to the first.
    axis: the axis of every array to run along; negative ones count from each array's last.

    Raises
    ------
    ShapeError: an array without this axis, or numbers of rows that differ.
    TypeMismatchError: ``fn`` that returns another structure, shape or dtype.

    >>> import numpy as np
    >>> ft.lax.associative_scan(lambda a, b: a * b, np.array([1.0, 2.0, 3.0, 4.0]))
    array([ 1.,  2.,  6., 24.])
    """
    check_callable("associative_scan", fn)
    if isinstance(axis, bool) or not isinstance(axis, int | np.integer):
        raise OptionError(f"axis is {axis!r:.60}, which is no Python int.")
    rows, structure = tree.flatten(elems)
    axes = [_axis_of(x, int(axis)) for x in rows]
    sizes = {x.shape[k] for x, k in zip(rows, axes, strict=True)}
    if len(sizes) > 1:
        raise ShapeError(
            f"associative_scan got arrays with {sorted(sizes)} rows along axis {axis}.",
            "All arrays need the same number of rows.",
        )
    if not sizes or sizes.pop() < 2:
        return tree.map_(lambda x: np.array(x) if isinstance(x, np.ndarray) else x, elems)

    def combine(a: Leaves, b: Leaves) -> Leaves:
        result = fn(tree.unflatten(structure, a), tree.unflatten(structure, b))
        outs, found = tree.flatten(result)
        if found != structure:
            raise TypeMismatchError(
                f"The function given to associative_scan got {structure} and returned {found}.",
                "Return the containers and keys of its arguments.",
            )
        for x, out in zip(a, outs, strict=True):
            if not aval_of(x).same_type(aval_of(out)):
                raise TypeMismatchError(
                    f"The function given to associative_scan got {aval_of(x)} and returned "
                    f"{aval_of(out)}.",
                    "Combining two arrays must give one of their shape and dtype.",
                )
        return outs

    if reverse:
        rows = [rev(x, (k,)) for x, k in zip(rows, axes, strict=True)]
    found = _scanned(combine, rows, axes)
    if reverse:
        found = [rev(x, (k,)) for x, k in zip(found, axes, strict=True)]
    return tree.unflatten(structure, found)


def _axis_of(x: Any, axis: int) -> int:
    shape = aval_of(x).shape
    if not -len(shape) <= axis < len(shape):
        raise ShapeError(
            f"associative_scan got an array of shape {shape}, which has no axis {axis}.",
            "Every array in elems needs the axis to run along.",
        )
    return axis % len(shape)


def _scanned(combine: Combine, rows: Leaves, axes: Sequence[int]) -> Leaves:
    size = rows[0].shape[axes[0]]
    if size < 2:
        return rows

    def every_other(xs: Leaves, start: int, end: int) -> Leaves:
        return [slice_axis(x, k, start, end, 2) for x, k in zip(xs, axes, strict=True)]

    def up_to(xs: Leaves, end: int) -> Leaves:
        return [slice_axis(x, k, 0, end) for x, k in zip(xs, axes, strict=True)]

    pairs = combine(every_other(rows, 0, size - 1), every_other(rows, 1, size))
    odd = _scanned(combine, pairs, axes)
    first = up_to(rows, 1)
    if size == 2:
        return _joined(first, odd, axes)
    later = combine(up_to(odd, (size - 1) // 2), every_other(rows, 2, size))
    return _interleaved(_joined(first, later, axes), odd, axes)


def _joined(a: Leaves, b: Leaves, axes: Sequence[int]) -> Leaves:
    return [concatenate([x, y], k) for x, y, k in zip(a, b, axes, strict=True)]


def _interleaved(even: Leaves, odd: Leaves, axes: Sequence[int]) -> Leaves:
    """Rows of both in turn; ``even`` may have one more."""
    result = []
    for x, y, k in zip(even, odd, axes, strict=True):
        count, left = y.shape[k], x.shape[k] - y.shape[k]
        pairs = [expand_dims(slice_axis(x, k, 0, count), (k + 1,)), expand_dims(y, (k + 1,))]
        shape = (*y.shape[:k], 2 * count, *y.shape[k + 1 :])
        both = reshape(concatenate(pairs, k + 1), shape)
        rest = [slice_axis(x, k, count, count + 1)] if left else []
        result.append(concatenate([both, *rest], k))
    return result
