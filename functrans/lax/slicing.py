"""Slices along one axis, slices whose start is known at run time alone, and other shapes."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from functrans.core.avals import aval_of, dtype_of, shape_of
from functrans.errors import ArgumentError, ShapeError
from functrans.primitives.elementwise import lt, max_, min_
from functrans.primitives.indexing import gather, scatter
from functrans.primitives.layout import (
    broadcast_in_dim,
    concatenate,
    expand_dims,
    iota,
    reshape,
    slice_,
    transpose,
)
from functrans.primitives.linear import add, convert, select_n
from functrans.typing import Array, ArrayLike, ArrayOrScalar, DTypeLike, Operand

Ints = tuple[int, ...]

_INDEX = np.dtype(np.int64)


def _axis(name: str, axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise ShapeError(f"{name} got axis {axis} of an array of rank {rank}.")
    return axis % rank


# --- static --------------------------------------------------------------------------------------


def slice_in_dim(
    operand: Operand,
    start_index: int | None,
    limit_index: int | None,
    stride: int = 1,
    axis: int = 0,
) -> ArrayOrScalar:
    """``operand[start:limit:stride]`` along one axis, as Python slices count.

    >>> ft.lax.slice_in_dim(np.arange(5.0), 1, -1)
    array([1., 2., 3.])
    """
    shape = shape_of(operand)
    axis = _axis("slice_in_dim", axis, len(shape))
    start, limit, _ = slice(start_index, limit_index).indices(shape[axis])
    starts, limits, strides = [0] * len(shape), list(shape), [1] * len(shape)
    starts[axis], limits[axis], strides[axis] = start, max(start, limit), stride
    return slice_(operand, tuple(starts), tuple(limits), tuple(strides))


def index_in_dim(
    operand: Operand, index: int, axis: int = 0, keepdims: bool = True
) -> ArrayOrScalar:
    """One row along an axis.

    >>> ft.lax.index_in_dim(np.arange(6.0).reshape(2, 3), -1, keepdims=False)
    array([3., 4., 5.])
    """
    shape = shape_of(operand)
    axis = _axis("index_in_dim", axis, len(shape))
    place = _axis("index_in_dim", operator.index(index), shape[axis])
    found = slice_in_dim(operand, place, place + 1, 1, axis)
    return found if keepdims else squeeze(found, (axis,))


def squeeze(array: Operand, dimensions: Sequence[int]) -> ArrayOrScalar:
    """The array without axes of length 1.

    >>> ft.lax.squeeze(np.zeros((1, 3, 1)), (0, 2)).shape
    (3,)
    """
    shape = shape_of(array)
    gone = {_axis("squeeze", d, len(shape)) for d in dimensions}
    if any(shape[d] != 1 for d in gone):
        raise ShapeError(f"squeeze cannot leave out the axes {sorted(gone)} of the shape {shape}.")
    return reshape(array, tuple(n for d, n in enumerate(shape) if d not in gone))


def split(operand: Operand, sizes: Sequence[int], axis: int = 0) -> list[Array]:
    """Consecutive parts of these lengths along an axis.

    >>> ft.lax.split(np.arange(3.0), (1, 2))
    [array([0.]), array([1., 2.])]
    """
    shape = shape_of(operand)
    axis = _axis("split", axis, len(shape))
    if sum(sizes) != shape[axis]:
        raise ShapeError(f"split got the sizes {tuple(sizes)} for an axis of length {shape[axis]}.")
    ends = np.cumsum([0, *sizes]).tolist()
    return [slice_in_dim(operand, a, b, 1, axis) for a, b in pairwise(ends)]


def stack(operands: Sequence[Any], axis: int = 0) -> ArrayOrScalar:
    """Arrays of one shape along a new axis.

    >>> ft.lax.stack([np.zeros(2), np.ones(2)])
    array([[0., 0.],
           [1., 1.]])
    """
    axis = _axis("stack", axis, len(shape_of(operands[0])) + 1)
    return concatenate([expand_dims(x, (axis,)) for x in operands], axis)


def unstack(operand: Operand, axis: int = 0) -> list[Array]:
    """The rows along an axis.

    >>> ft.lax.unstack(np.array([[1.0, 2.0], [3.0, 4.0]]))
    [array([1., 2.]), array([3., 4.])]
    """
    count = shape_of(operand)[axis]
    return [index_in_dim(operand, i, axis, keepdims=False) for i in range(count)]


def tile(operand: Operand, reps: Sequence[int]) -> ArrayOrScalar:
    """The array repeated along each axis.

    >>> ft.lax.tile(np.array([1.0, 2.0]), (2,))
    array([1., 2., 1., 2.])
    """
    shape = shape_of(operand)
    if len(reps) != len(shape):
        raise ShapeError(f"tile got {len(reps)} repetitions for an array of shape {shape}.")
    wide = tuple(n for pair in zip(reps, shape, strict=True) for n in pair)
    spread = broadcast_in_dim(operand, wide, tuple(range(1, 2 * len(shape), 2)))
    return reshape(spread, tuple(r * n for r, n in zip(reps, shape, strict=True)))


def collapse(
    operand: Operand, start_dimension: int, stop_dimension: int | None = None
) -> ArrayOrScalar:
    """The axes from ``start_dimension`` to before ``stop_dimension`` as one.

    >>> ft.lax.collapse(np.zeros((2, 3, 4)), 1).shape
    (2, 12)
    """
    shape = shape_of(operand)
    first, last, _ = slice(start_dimension, stop_dimension).indices(len(shape))
    return reshape(operand, (*shape[:first], math.prod(shape[first:last]), *shape[last:]))


def broadcast(operand: Operand, sizes: Sequence[int]) -> ArrayOrScalar:
    """The array repeated along new leading axes.

    >>> ft.lax.broadcast(np.array([1.0, 2.0]), (2,))
    array([[1., 2.],
           [1., 2.]])
    """
    shape = shape_of(operand)
    axes = tuple(range(len(sizes), len(sizes) + len(shape)))
    return broadcast_in_dim(operand, (*sizes, *shape), axes)


def broadcast_to_rank(x: Operand, rank: int) -> ArrayOrScalar:
    """The array with leading axes of length 1.

    >>> ft.lax.broadcast_to_rank(np.zeros(3), 2).shape
    (1, 3)
    """
    return expand_dims(x, tuple(range(rank - len(shape_of(x)))))


def broadcast_shapes(*shapes: Sequence[int]) -> Ints:
    """The shape to which all broadcast, by NumPy's rule.

    >>> ft.lax.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    try:
        return np.broadcast_shapes(*map(tuple, shapes))
    except ValueError as error:
        raise ShapeError(f"The shapes {shapes} do not broadcast together.") from error


def broadcasted_iota(dtype: DTypeLike, shape: Sequence[int], dimension: int) -> ArrayOrScalar:
    """The coordinate along one axis, everywhere.

    >>> ft.lax.broadcasted_iota(int, (2, 2), 1)
    array([[0, 1],
           [0, 1]])
    """
    return iota(dtype, tuple(shape), dimension)


# --- dynamic -------------------------------------------------------------------------------------


def _starts(name: str, shape: Ints, starts: Any, sizes: Sequence[int]) -> list[Any]:
    """Starts that lie within bounds: counted from the end where negative, then moved inwards."""
    if not isinstance(starts, list | tuple):
        starts = [index_in_dim(starts, i, keepdims=False) for i in range(shape_of(starts)[0])]
    if len(starts) != len(shape) or len(sizes) != len(shape):
        raise ArgumentError(
            f"{name} got {len(starts)} starts and {len(sizes)} sizes for an array of shape {shape}."
        )
    found = []
    for n, start, size in zip(shape, starts, sizes, strict=True):
        if not 0 <= size <= n:
            raise ShapeError(f"{name} got the sizes {tuple(sizes)} for an array of shape {shape}.")
        aval = aval_of(start)
        if aval.shape or aval.dtype.kind not in "iu":
            raise ArgumentError(f"{name} got the start {start!r:.60}, which is no integer.")
        if isinstance(start, int | np.integer):
            found.append(min(max(int(start) + n * (start < 0), 0), n - size))
            continue
        start = convert(start, _INDEX)
        number = _INDEX.type
        wrapped = add(start, _from_end(start, n))
        found.append(min_(max_(wrapped, number(0)), number(n - size)))
    return found


def _from_end(start: Any, n: int) -> Any:
    """n where the start is negative, else 0."""
    return select_n(lt(start, _INDEX.type(0)), _INDEX.type(0), _INDEX.type(n))


def _block(shape: Ints, starts: Sequence[Any], sizes: Sequence[int]) -> tuple[list[Any], list[int]]:
    """The axes along which a block is a part, and index arrays that address it there."""
    axes = [d for d, (n, size) in enumerate(zip(shape, sizes, strict=True)) if size != n]
    block = tuple(sizes[d] for d in axes)
    indices = []
    for i, d in enumerate(axes):
        places = iota(_INDEX, block, i)
        start = starts[d] if not isinstance(starts[d], int) else _INDEX.type(starts[d])
        indices.append(add(places, broadcast_in_dim(start, block, ())))
    return indices, axes


def dynamic_slice(
    operand: Operand, start_indices: ArrayLike, slice_sizes: Sequence[int]
) -> ArrayOrScalar:
    """A block of fixed size whose corner may be known at run time alone.

    Parameters
    ----------
    start_indices: one integer for each axis, or an array of them. Negative ones count from the
        end; a block that would reach over the edge is moved inwards.
    slice_sizes: the block's lengths, Python ints.

    Raises
    ------
    ShapeError: a block larger than the array. ArgumentError: starts that are no integers, or not
        one for each axis.

    >>> ft.jit(lambda x, i: ft.lax.dynamic_slice(x, (i,), (2,)))(np.arange(5.0), 4)
    array([3., 4.])
    """
    shape = shape_of(operand)
    sizes = tuple(map(operator.index, slice_sizes))
    starts = _starts("dynamic_slice", shape, start_indices, sizes)
    if all(isinstance(s, int) for s in starts):
        limits = tuple(s + n for s, n in zip(starts, sizes, strict=True))
        return slice_(operand, tuple(starts), limits)
    indices, axes = _block(shape, starts, sizes)
    if not axes:
        return operand
    found = gather(operand, tuple(indices), tuple(axes), "clip")
    order = [*axes, *(d for d in range(len(shape)) if d not in axes)]
    return transpose(found, tuple(np.argsort(order).tolist()))


def dynamic_slice_in_dim(
    operand: Operand, start_index: Operand, slice_size: int, axis: int = 0
) -> ArrayOrScalar:
    """As :func:`dynamic_slice`, along one axis.

    >>> ft.lax.dynamic_slice_in_dim(np.arange(5.0), 1, 3)
    array([1., 2., 3.])
    """
    shape = shape_of(operand)
    axis = _axis("dynamic_slice_in_dim", axis, len(shape))
    starts: list[Any] = [0] * len(shape)
    sizes = list(shape)
    starts[axis], sizes[axis] = start_index, slice_size
    return dynamic_slice(operand, starts, sizes)


def dynamic_index_in_dim(
    operand: Operand, index: Operand, axis: int = 0, keepdims: bool = True
) -> ArrayOrScalar:
    """One row along an axis, at an index that may be known at run time alone.

    >>> ft.lax.dynamic_index_in_dim(np.arange(6.0).reshape(2, 3), 1, keepdims=False)
    array([3., 4., 5.])
    """
    found = dynamic_slice_in_dim(operand, index, 1, axis)
    return found if keepdims else squeeze(found, (axis,))


def dynamic_update_slice(
    operand: Operand, update: Operand, start_indices: ArrayLike
) -> ArrayOrScalar:
    """The array with a block replaced, whose corner may be known at run time alone.

    Starts and errors are those of :func:`dynamic_slice`; the block has the shape of ``update``.

    >>> ft.lax.dynamic_update_slice(np.zeros(5), np.ones(2), (1,))
    array([0., 1., 1., 0., 0.])
    """
    shape, sizes = shape_of(operand), shape_of(update)
    if len(sizes) != len(shape) or dtype_of(update) != dtype_of(operand):
        raise ShapeError(
            f"dynamic_update_slice cannot put {aval_of(update)} into {aval_of(operand)}."
        )
    starts = _starts("dynamic_update_slice", shape, start_indices, sizes)
    indices, axes = _block(shape, starts, sizes)
    if not axes:
        return update
    order = (*axes, *(d for d in range(len(shape)) if d not in axes))
    return scatter(operand, transpose(update, order), tuple(indices), tuple(axes), "set", "clip")


def dynamic_update_slice_in_dim(
    operand: Operand, update: Operand, start_index: Operand, axis: int
) -> ArrayOrScalar:
    """As :func:`dynamic_update_slice`, along one axis; the update may lack the axis.

    >>> ft.lax.dynamic_update_slice_in_dim(np.zeros(3), np.ones(2), 1, 0)
    array([0., 1., 1.])
    """
    rank = len(shape_of(operand))
    axis = _axis("dynamic_update_slice_in_dim", axis, rank)
    if len(shape_of(update)) == rank - 1:
        update = expand_dims(update, (axis,))
    starts: list[Any] = [0] * rank
    starts[axis] = start_index
    return dynamic_update_slice(operand, update, starts)


dynamic_update_index_in_dim = dynamic_update_slice_in_dim
