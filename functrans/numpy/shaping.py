"""Shape functions: every element keeps its value, only its place changes."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.numpy.promote import (
    Ints,
    array_like,
    axes_tuple,
    axis_index,
    cast,
    common_shape,
    concrete,
    door,
    listed,
    operand,
    shape_tuple,
    to_shape,
)
from functrans.primitives import layout, linear
from functrans.primitives.indexing import gather
from functrans.typing import Array, ArrayLike, Axes, Shape

# --- shape and order of axes ---------------------------------------------------------------------


@door(np.shape)
def shape(a: ArrayLike) -> Ints:
    """The lengths of the axes.

    Always a tuple of Python ints, known under every transform.

    >>> fnp.shape(np.ones((2, 3)))
    (2, 3)
    """
    return shape_of(operand(a))


@door(np.ndim)
def ndim(a: ArrayLike) -> int:
    """The number of axes.

    >>> fnp.ndim(np.ones((2, 3)))
    2
    """
    return len(shape_of(operand(a)))


@door(np.size)
def size(a: ArrayLike, axis: Axes = None) -> int:
    """The number of elements, or the length of one axis.

    >>> fnp.size(np.ones((2, 3))), fnp.size(np.ones((2, 3)), axis=1)
    (6, 3)
    """
    dims = shape_of(operand(a))
    return math.prod(dims[d] for d in axes_tuple(axis, len(dims)))


def resolve_shape(old: Ints, new: Ints) -> Ints:
    """``new`` with its one −1 replaced by the length that fits."""
    total = math.prod(old)
    if -1 in new:
        known = -math.prod(new)
        if new.count(-1) > 1:
            raise ShapeError("Only one axis of a new shape can be −1.", "Give the other lengths.")
        if known == 0 or total % known:
            raise _cannot_reshape(old, new)
        new = tuple(total // known if n == -1 else n for n in new)
    if math.prod(new) != total or any(n < 0 for n in new):
        raise _cannot_reshape(old, new)
    return new


def _cannot_reshape(old: Ints, new: Ints) -> ShapeError:
    return ShapeError(
        f"Cannot reshape an array of shape {old}, size {math.prod(old)}, into shape {new}.",
        "Old and new shape must have the same number of elements.",
    )


@door(np.reshape)
def reshape(
    a: ArrayLike,
    shape: Shape | None = None,
    order: str = "C",
    *,
    newshape: Shape | None = None,
    copy: bool | None = None,
) -> Array:
    """The same elements in row-major (``order="F"``: column-major) order in another shape.

    One length may be −1: it is worked out from the others.

    >>> fnp.reshape(np.arange(6), (2, -1))
    array([[0, 1, 2],
           [3, 4, 5]])
    """
    a = array_like(a)
    old = shape_of(a)
    new = resolve_shape(old, shape_tuple(newshape if shape is None else shape))
    if order == "F":
        return transpose(layout.reshape(transpose(a), new[::-1]))
    if order not in ("C", "A"):
        raise OptionError(f"order={order!r} is not known.", 'Use "C" or "F".')
    return layout.reshape(a, new)


@door(np.ravel)
def ravel(a: ArrayLike, order: str = "C") -> Array:
    """All elements along one axis.

    >>> fnp.ravel(np.array([[1, 2], [3, 4]]))
    array([1, 2, 3, 4])
    """
    return reshape(a, -1, "F" if order == "F" else "C") if size(a) else reshape(a, (0,))


@door(np.transpose, np.permute_dims)
def transpose(a: ArrayLike, axes: Sequence[int] | None = None) -> Array:
    """The axes reversed, or in the given order.

    >>> fnp.shape(fnp.transpose(np.ones((2, 3, 4)), (1, 0, 2)))
    (3, 2, 4)
    """
    a = array_like(a)
    ndim = len(shape_of(a))
    if axes is None:
        return layout.transpose(a, tuple(range(ndim - 1, -1, -1)))
    order = tuple(axis_index(x, ndim) for x in axes)
    if sorted(order) != list(range(ndim)):
        raise ShapeError(
            f"The axes {tuple(axes)} do not name each axis of an array of {ndim} axes once.",
            "Give a permutation of all axes.",
        )
    return layout.transpose(a, order)


permute_dims = transpose


@door(np.matrix_transpose)
def matrix_transpose(x: ArrayLike, /) -> Array:
    """The last two axes exchanged.

    >>> fnp.matrix_transpose(np.array([[1, 2], [3, 4]]))
    array([[1, 3],
           [2, 4]])
    """
    return swapaxes(x, -1, -2)


@door(np.swapaxes)
def swapaxes(a: ArrayLike, axis1: int, axis2: int) -> Array:
    """Two axes exchanged.

    >>> fnp.shape(fnp.swapaxes(np.ones((2, 3, 4)), 0, 2))
    (4, 3, 2)
    """
    a = array_like(a)
    ndim = len(shape_of(a))
    order = list(range(ndim))
    i, j = axis_index(axis1, ndim), axis_index(axis2, ndim)
    order[i], order[j] = j, i
    return layout.transpose(a, tuple(order))


@door(np.moveaxis)
def moveaxis(a: ArrayLike, source: int | Sequence[int], destination: int | Sequence[int]) -> Array:
    """Axes moved to new positions, the others in order.

    >>> fnp.shape(fnp.moveaxis(np.ones((2, 3, 4)), 0, -1))
    (3, 4, 2)
    """
    a = array_like(a)
    ndim = len(shape_of(a))
    sources = [axis_index(s, ndim) for s in listed(source)]
    destinations = [axis_index(d, ndim) for d in listed(destination)]
    if len(sources) != len(destinations) or len(set(sources)) != len(sources):
        raise ShapeError("moveaxis needs one destination for each source, each named once.")
    order = [d for d in range(ndim) if d not in sources]
    for d, s in sorted(zip(destinations, sources, strict=True)):
        order.insert(d, s)
    return layout.transpose(a, tuple(order))


@door(np.rollaxis)
def rollaxis(a: ArrayLike, axis: int, start: int = 0) -> Array:
    """One axis moved backwards to lie before ``start``.

    >>> fnp.shape(fnp.rollaxis(np.ones((2, 3, 4)), 2))
    (4, 2, 3)
    """
    ndim = len(shape_of(operand(a)))
    axis = axis_index(axis, ndim)
    start = start + ndim if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


@door(np.squeeze)
def squeeze(a: ArrayLike, axis: Axes = None) -> Array:
    """Without axes of length one: all of them, or the given ones.

    >>> fnp.shape(fnp.squeeze(np.ones((1, 3, 1))))
    (3,)
    """
    a = array_like(a)
    dims = shape_of(a)
    if axis is None:
        return layout.reshape(a, tuple(n for n in dims if n != 1))
    axes = axes_tuple(axis, len(dims))
    if any(dims[d] != 1 for d in axes):
        raise ShapeError(
            f"Cannot squeeze the axes {axes} of an array of shape {dims}.",
            "Only axes of length one can be left out.",
        )
    return layout.reshape(a, tuple(n for d, n in enumerate(dims) if d not in axes))


@door(np.expand_dims)
def expand_dims(a: ArrayLike, axis: int | Sequence[int]) -> Array:
    """New axes of length one at the given positions of the result.

    >>> fnp.shape(fnp.expand_dims(np.ones(3), (0, 2)))
    (1, 3, 1)
    """
    a = array_like(a)
    new = listed(axis)
    return layout.expand_dims(a, axes_tuple(tuple(new), len(shape_of(a)) + len(new)))


@door(np.broadcast_to)
def broadcast_to(array: ArrayLike, shape: Shape, subok: bool = False) -> Array:
    """The array repeated to ``shape``; axes are aligned from the last one.

    Its derivative sums over the repetitions.

    >>> ft.vjp(lambda x: fnp.broadcast_to(x, (3, 2)), np.ones(2))[1](np.ones((3, 2)))
    (array([3., 3.]),)
    """
    return to_shape(array_like(array), shape_tuple(shape))


@door(np.broadcast_arrays)
def broadcast_arrays(*args: ArrayLike, subok: bool = False) -> tuple[Array, ...]:
    """The arrays repeated to their common shape.

    >>> [fnp.shape(a) for a in fnp.broadcast_arrays(np.ones((2, 1)), np.ones(3))]
    [(2, 3), (2, 3)]
    """
    arrays = [array_like(a) for a in args]
    shape = common_shape(*map(shape_of, arrays))
    return tuple(to_shape(a, shape) for a in arrays)


@overload
def atleast_1d(ary: ArrayLike, /) -> Array: ...
@overload
def atleast_1d(*arys: ArrayLike) -> Any: ...
@door(np.atleast_1d)
def atleast_1d(*arys: ArrayLike) -> Any:
    """Arrays of at least one axis.

    >>> fnp.shape(fnp.atleast_1d(2.0))
    (1,)
    """
    return _each(arys, lambda n: (1,) if n == () else n)


@overload
def atleast_2d(ary: ArrayLike, /) -> Array: ...
@overload
def atleast_2d(*arys: ArrayLike) -> Any: ...
@door(np.atleast_2d)
def atleast_2d(*arys: ArrayLike) -> Any:
    """Arrays of at least two axes; new ones come first.

    >>> fnp.shape(fnp.atleast_2d(np.ones(3)))
    (1, 3)
    """
    return _each(arys, lambda n: (1,) * (2 - len(n)) + n if len(n) < 2 else n)


@overload
def atleast_3d(ary: ArrayLike, /) -> Array: ...
@overload
def atleast_3d(*arys: ArrayLike) -> Any: ...
@door(np.atleast_3d)
def atleast_3d(*arys: ArrayLike) -> Any:
    """Arrays of at least three axes: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1).

    >>> fnp.shape(fnp.atleast_3d(np.ones(3)))
    (1, 3, 1)
    """
    return _each(arys, lambda n: {0: (1, 1, 1), 1: (1, *n, 1), 2: (*n, 1)}.get(len(n), n))


def _each(arrays: Sequence[Any], new_shape: Any) -> Any:
    results = [layout.reshape(a, new_shape(shape_of(a))) for a in map(array_like, arrays)]
    return results[0] if len(results) == 1 else tuple(results)


# --- repeating and reordering --------------------------------------------------------------------


@door(np.tile)
def tile(A: ArrayLike, reps: Shape) -> Array:
    """``A`` repeated as a whole along each axis.

    >>> fnp.tile(np.array([1, 2]), 2)
    array([1, 2, 1, 2])
    """
    x = array_like(A)
    counts = shape_tuple(reps)
    rank = max(len(counts), ndim(x))
    dims = (1,) * (rank - ndim(x)) + shape_of(x)
    counts = (1,) * (rank - len(counts)) + counts
    wide = tuple(n for pair in zip(counts, dims, strict=True) for n in pair)
    spread = layout.broadcast_in_dim(layout.reshape(x, dims), wide, tuple(range(1, 2 * rank, 2)))
    return layout.reshape(spread, tuple(c * n for c, n in zip(counts, dims, strict=True)))


@door(np.repeat)
def repeat(a: ArrayLike, repeats: ArrayLike, axis: int | None = None) -> Array:
    """Each element repeated along an axis, a number of times or each its own number of times.

    Repeats decide the shape: they must be known, under jit too.

    >>> ft.vjp(lambda x: fnp.repeat(x, 3), np.array([1.0, 2.0]))[1](np.ones(6))
    (array([3., 3.]),)
    """
    x = array_like(a)
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_index(axis, ndim(x))
    counts = concrete(repeats)
    if counts is None:
        raise ArgumentError(
            "repeat needs to know the numbers of repeats: they decide the result's shape.",
            "Pass repeats as Python ints or a plain NumPy array, or as a static argument.",
        )
    dims = shape_of(x)
    if counts.size != 1:
        if counts.shape != (dims[axis],):
            raise ShapeError(f"repeats of shape {counts.shape} for an axis of length {dims[axis]}.")
        return take_known(x, np.repeat(np.arange(dims[axis]), counts), axis)
    count = int(counts.reshape(()))
    wide = (*dims[: axis + 1], count, *dims[axis + 1 :])
    keep = tuple(d for d in range(len(wide)) if d != axis + 1)
    spread = layout.broadcast_in_dim(x, wide, keep)
    return layout.reshape(spread, (*dims[:axis], dims[axis] * count, *dims[axis + 1 :]))


@door(np.flip)
def flip(m: ArrayLike, axis: Axes = None) -> Array:
    """The elements in reverse order along the given axes, or all.

    >>> fnp.flip(np.array([1, 2, 3]))
    array([3, 2, 1])
    """
    x = array_like(m)
    return layout.rev(x, axes_tuple(axis, ndim(x)))


@door(np.fliplr)
def fliplr(m: ArrayLike) -> Array:
    """:func:`flip` along the second axis.

    >>> fnp.fliplr(np.array([[1, 2], [3, 4]]))
    array([[2, 1],
           [4, 3]])
    """
    return flip(m, 1)


@door(np.flipud)
def flipud(m: ArrayLike) -> Array:
    """:func:`flip` along the first axis.

    >>> fnp.flipud(np.array([[1, 2], [3, 4]]))
    array([[3, 4],
           [1, 2]])
    """
    return flip(m, 0)


@door(np.roll)
def roll(a: ArrayLike, shift: ArrayLike, axis: Axes = None) -> Array:
    """Elements moved along axes; those pushed off the end come back at the beginning.

    >>> fnp.roll(np.array([1, 2, 3, 4]), 1)
    array([4, 1, 2, 3])
    """
    x = array_like(a)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), shape_of(x))
    shifts, axes = listed(shift), listed(axis)
    if len(shifts) == 1:
        shifts = tuple(shifts) * len(axes)
    if len(axes) == 1:
        axes = tuple(axes) * len(shifts)
    for amount, one_axis in zip(shifts, axes, strict=True):
        d = axis_index(one_axis, ndim(x))
        n = shape_of(x)[d]
        cut = operator.index(amount) % n if n else 0
        if cut:
            parts = [layout.slice_axis(x, d, n - cut, n), layout.slice_axis(x, d, 0, n - cut)]
            x = layout.concatenate(parts, d)
    return x


@door(np.rot90)
def rot90(m: ArrayLike, k: int = 1, axes: Sequence[int] = (0, 1)) -> Array:
    """The array turned by 90 degrees ``k`` times in the plane of two axes.

    >>> fnp.rot90(np.array([[1, 2], [3, 4]]))
    array([[2, 4],
           [1, 3]])
    """
    x = array_like(m)
    first, second = (axis_index(a, ndim(x)) for a in axes)
    turns = k % 4
    if turns == 0:
        return x
    if turns == 2:
        return flip(x, (first, second))
    if turns == 1:
        return swapaxes(flip(x, second), first, second)
    return flip(swapaxes(x, first, second), second)


@door(np.resize)
def resize(a: ArrayLike, new_shape: Shape) -> Array:
    """The elements in order, repeated as often as ``new_shape`` needs.

    >>> fnp.resize(np.array([1, 2, 3]), (2, 2))
    array([[1, 2],
           [3, 1]])
    """
    x = ravel(a)
    new = shape_tuple(new_shape)
    total = math.prod(new)
    if not size(x):
        return layout.full(new, dtype_of(x).type(0))
    times = -(-total // size(x))
    return reshape(layout.slice_axis(tile(x, times), 0, 0, total), new)


# --- padding -------------------------------------------------------------------------------------


@door(np.pad)
def pad(array: ArrayLike, pad_width: Any, mode: str = "constant", **kwargs: Any) -> Array:
    """The array with elements added at both ends of each axis.

    ``mode``: constant (with constant_values), edge, reflect, symmetric, wrap.

    >>> fnp.pad(np.array([1, 2, 3]), 2, mode="reflect")
    array([3, 2, 1, 2, 3, 2, 1])
    """
    x = array_like(array)
    widths = _pairs(pad_width, ndim(x))
    if any(w < 0 for pair in widths for w in pair):
        raise OptionError("pad_width cannot be negative.", "Crop by slicing instead.")
    if mode == "constant":
        return _pad_constant(x, widths, kwargs.get("constant_values", 0))
    known = mode in ("edge", "reflect", "symmetric", "wrap")
    if not known or kwargs.get("reflect_type", "even") != "even":
        raise OptionError(
            f"pad has no mode {mode!r} for traced arrays.",
            "Use constant, edge, reflect, symmetric or wrap.",
        )
    for axis, pair in enumerate(widths):
        if pair != (0, 0):
            # NumPy pads the coordinates; reading at them pads the array.
            x = take_known(x, np.pad(np.arange(shape_of(x)[axis]), pair, mode=mode), axis)  # type: ignore[call-overload]
    return x


def _pairs(widths: Any, ndim: int) -> list[tuple[int, int]]:
    table = np.broadcast_to(np.asarray(widths), (ndim, 2)).tolist()
    return [(operator.index(low), operator.index(high)) for low, high in table]


def _pad_constant(x: Any, widths: list[tuple[int, int]], values: Any) -> Any:
    value = operand(values)
    if shape_of(value) == ():
        config = tuple((low, high, 0) for low, high in widths)
        return linear.pad(x, cast(value, dtype_of(x)), config)
    table = np.broadcast_to(np.asarray(values), (len(widths), 2))
    for axis, (low, high) in enumerate(widths):
        for side, width in enumerate((low, high)):
            config = tuple(
                ((width, 0, 0) if side == 0 else (0, width, 0)) if d == axis else (0, 0, 0)
                for d in range(len(widths))
            )
            x = linear.pad(x, dtype_of(x).type(table[axis, side]), config)
    return x


@door(np.insert)
def insert(
    arr: ArrayLike, obj: slice | ArrayLike, values: ArrayLike, axis: int | None = None
) -> Array:
    """``values`` put before the given positions, which must be known ints.

    >>> fnp.insert(np.array([1, 2, 3]), 1, 9)
    array([1, 9, 2, 3])
    """
    x = array_like(arr)
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_index(axis, ndim(x))
    n = shape_of(x)[axis]
    where = _known(obj, "insert")
    single = where.ndim == 0
    # NumPy inserts markers into the coordinates: −1−k stands for the k-th new element.
    values = cast(operand(values), dtype_of(x))
    if single and shape_of(values) != ():
        values = _at_front_axis(values, axis, ndim(x))
    count = where.size if not single else (shape_of(values)[axis] if shape_of(values) else 1)
    places = np.full(count, int(where)) if single else where
    order = np.insert(np.arange(n), places, -1 - np.arange(count))
    dims = list(shape_of(x))
    dims[axis] = count
    rows = to_shape(values, tuple(dims))
    both = layout.concatenate([x, rows], axis)
    return take_known(both, np.where(order < 0, n - 1 - order, order), axis)


def _at_front_axis(values: Any, axis: int, rank: int) -> Any:
    """Values for one scalar position: their first axis is the inserted one."""
    values = layout.reshape(values, (1,) * (rank - ndim(values)) + shape_of(values))
    return moveaxis(values, 0, axis)


@door(np.delete)
def delete(arr: ArrayLike, obj: slice | ArrayLike, axis: int | None = None) -> Array:
    """Without the elements at the given positions, which must be known.

    >>> fnp.delete(np.array([1, 2, 3]), 1)
    array([1, 3])
    """
    x = array_like(arr)
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_index(axis, ndim(x))
    which = obj if isinstance(obj, slice) else _known(obj, "delete")
    return take_known(x, np.delete(np.arange(shape_of(x)[axis]), which), axis)


def _known(x: Any, name: str) -> Any:
    value = concrete(x)
    if value is None:
        raise ArgumentError(
            f"{name} needs to know the positions: they decide the result's elements.",
            "Pass Python ints or a plain NumPy array.",
        )
    return value


def take_slice(x: Any, axis: int, index: int) -> Any:
    """The sub-array at one known index of an axis, which the result lacks."""
    dims = shape_of(x)
    row = layout.slice_axis(x, axis, index, index + 1)
    return layout.reshape(row, dims[:axis] + dims[axis + 1 :])


def take_known(x: Any, places: Any, axis: int) -> Any:
    """The sub-arrays at a vector of known indices of an axis."""
    return layout.move_axis(gather(x, (places,), (axis,)), 0, axis)
