"""Joining arrays and taking them apart again."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from functrans.core.avals import shape_of
from functrans.errors import OptionError, ShapeError
from functrans.numpy.promote import (
    array_like,
    axis_index,
    cast,
    door,
    no_out,
    operand,
    result_dtype,
)
from functrans.numpy.shaping import atleast_1d, atleast_2d, atleast_3d, ndim, ravel, reshape, size
from functrans.primitives import layout
from functrans.typing import Array, ArrayLike, Arrays, DTypeLike, Shape


def _promoted(arrays: Any, name: str, dtype: Any = None) -> list[Any]:
    operands = [operand(a) for a in arrays]
    if not operands:
        raise ShapeError(f"{name} needs at least one array.")
    common = result_dtype(*operands) if dtype is None else np.dtype(dtype)
    return [cast(a, common) for a in operands]


@door(np.concatenate)
def concatenate(
    arrays: Arrays,
    /,
    axis: int | None = 0,
    out: Array | None = None,
    *,
    dtype: DTypeLike | None = None,
    casting: str = "same_kind",
) -> Array:
    """Arrays joined along an existing axis.

    >>> fnp.concatenate([np.array([1, 2]), np.array([3.5])])
    array([1. , 2. , 3.5])
    """
    no_out("concatenate", out)
    xs = _promoted(arrays, "concatenate", dtype)
    if axis is None:
        xs, axis = [ravel(x) for x in xs], 0
    if any(shape_of(x) == () for x in xs):
        raise ShapeError(
            "Zero-dimensional arrays cannot be concatenated.", "Use stack, or hstack, instead."
        )
    axis = axis_index(axis, len(shape_of(xs[0])))
    rests = {shape_of(x)[:axis] + shape_of(x)[axis + 1 :] for x in xs}
    if len(rests) > 1 or len({len(shape_of(x)) for x in xs}) > 1:
        raise ShapeError(
            f"Arrays of shapes {', '.join(str(shape_of(x)) for x in xs)} cannot be joined along "
            f"axis {axis}.",
            "All axes but the joined one must agree.",
        )
    return layout.concatenate(xs, axis)


concat = concatenate


@door(np.stack)
def stack(
    arrays: Arrays,
    axis: int = 0,
    out: Array | None = None,
    *,
    dtype: DTypeLike | None = None,
    casting: str = "same_kind",
) -> Array:
    """Arrays of one shape joined along a new axis.

    >>> ft.jacobian(lambda x: fnp.stack([x * x, 3.0 * x]))(2.0)
    array([4., 3.])
    """
    no_out("stack", out)
    xs = _promoted(arrays, "stack", dtype)
    if len({shape_of(x) for x in xs}) > 1:
        raise ShapeError(
            f"stack got arrays of shapes {', '.join(str(shape_of(x)) for x in xs)}.",
            "All arrays must have the same shape.",
        )
    axis = axis_index(axis, len(shape_of(xs[0])) + 1)
    return layout.concatenate([layout.expand_dims(x, (axis,)) for x in xs], axis)


@door(np.vstack)
def vstack(tup: Arrays, *, dtype: DTypeLike | None = None, casting: str = "same_kind") -> Array:
    """Arrays joined along the first axis, vectors as rows.

    >>> fnp.vstack([np.array([1, 2]), np.array([3, 4])])
    array([[1, 2],
           [3, 4]])
    """
    return concatenate([atleast_2d(a) for a in tup], 0, dtype=dtype)


@door(np.hstack)
def hstack(tup: Arrays, *, dtype: DTypeLike | None = None, casting: str = "same_kind") -> Array:
    """Arrays joined along the second axis, vectors along their only one.

    >>> fnp.hstack([np.array([1, 2]), np.array([3])])
    array([1, 2, 3])
    """
    xs = [atleast_1d(a) for a in tup]
    return concatenate(xs, 0 if xs and ndim(xs[0]) == 1 else 1, dtype=dtype)


@door(np.dstack)
def dstack(tup: Arrays) -> Array:
    """Arrays joined along the third axis.

    >>> fnp.shape(fnp.dstack([np.ones((2, 3)), np.ones((2, 3))]))
    (2, 3, 2)
    """
    return concatenate([atleast_3d(a) for a in tup], 2)


@door(np.column_stack)
def column_stack(tup: Arrays) -> Array:
    """Vectors as the columns of a matrix; matrices are joined as they are.

    >>> fnp.column_stack([np.array([1, 2]), np.array([3, 4])])
    array([[1, 3],
           [2, 4]])
    """
    xs = [array_like(a) for a in tup]
    columns = [x if ndim(x) > 1 else reshape(x, (size(x), 1)) for x in xs]
    return concatenate(columns, 1)


@door(np.block)
def block(arrays: Any) -> Array:
    """An array from nested lists of blocks; the innermost lists run along the last axis.

    >>> fnp.block([[np.eye(2), np.zeros((2, 1))], [np.ones((1, 3))]])
    array([[1., 0., 0.],
           [0., 1., 0.],
           [1., 1., 1.]])
    """

    def depth_of(x: Any) -> int:
        return 1 + max(map(depth_of, x)) if isinstance(x, list) else 0

    def leaves(x: Any) -> Any:
        return [leaf for item in x for leaf in leaves(item)] if isinstance(x, list) else [x]

    depth = depth_of(arrays)
    rank = max(depth, *(ndim(x) for x in leaves(arrays)))

    def build(x: Any, level: int) -> Any:
        if isinstance(x, list):
            return concatenate([build(item, level + 1) for item in x], level - depth)
        a = array_like(x)
        return layout.reshape(a, (1,) * (rank - ndim(a)) + shape_of(a))

    return build(arrays, 0)


@door(np.append)
def append(arr: ArrayLike, values: ArrayLike, axis: int | None = None) -> Array:
    """``values`` joined to the end of ``arr``; without an axis both are flattened.

    >>> fnp.append(np.array([1, 2]), 3)
    array([1, 2, 3])
    """
    return concatenate([array_like(arr), array_like(values)], axis)


# --- splitting -----------------------------------------------------------------------------------


@door(np.array_split)
def array_split(ary: ArrayLike, indices_or_sections: Shape | Array, axis: int = 0) -> list[Array]:
    """Sub-arrays along an axis: a number of nearly equal ones, or cut at the given indices.

    >>> fnp.array_split(np.arange(5), 2)
    [array([0, 1, 2]), array([3, 4])]
    """
    x = array_like(ary)
    axis = axis_index(axis, ndim(x))
    n = shape_of(x)[axis]
    if isinstance(indices_or_sections, Sequence | np.ndarray):
        cuts = [operator.index(i) for i in indices_or_sections]
        bounds = [(c + n if c < 0 else c) for c in cuts]
        bounds = [0, *(min(max(b, 0), n) for b in bounds), n]
    else:
        sections = operator.index(indices_or_sections)
        if sections <= 0:
            raise OptionError("The number of sections must be larger than 0.")
        each, extra = n // sections, n % sections
        bounds = [i * each + min(i, extra) for i in range(sections + 1)]
    return [layout.slice_axis(x, axis, start, max(start, stop)) for start, stop in pairwise(bounds)]


@door(np.split)
def split(ary: ArrayLike, indices_or_sections: Shape | Array, axis: int = 0) -> list[Array]:
    """Sub-arrays along an axis: a number of equal ones, or cut at the given indices.

    >>> fnp.split(np.arange(4), 2)
    [array([0, 1]), array([2, 3])]
    """
    x = array_like(ary)
    if not isinstance(indices_or_sections, Sequence | np.ndarray):
        n = shape_of(x)[axis_index(axis, ndim(x))]
        if n % operator.index(indices_or_sections):
            raise ShapeError(
                f"An axis of length {n} cannot be split into {indices_or_sections} equal parts.",
                "Use array_split for parts of different lengths.",
            )
    return array_split(x, indices_or_sections, axis)


@door(np.vsplit)
def vsplit(ary: ArrayLike, indices_or_sections: Shape | Array) -> list[Array]:
    """:func:`split` along the first axis.

    >>> [fnp.shape(part) for part in fnp.vsplit(np.ones((4, 3)), 2)]
    [(2, 3), (2, 3)]
    """
    return split(ary, indices_or_sections, 0)


@door(np.hsplit)
def hsplit(ary: ArrayLike, indices_or_sections: Shape | Array) -> list[Array]:
    """:func:`split` along the second axis, of vectors along the only one.

    >>> [fnp.shape(part) for part in fnp.hsplit(np.ones((4, 3)), [1])]
    [(4, 1), (4, 2)]
    """
    return split(ary, indices_or_sections, 1 if ndim(ary) > 1 else 0)


@door(np.dsplit)
def dsplit(ary: ArrayLike, indices_or_sections: Shape | Array) -> list[Array]:
    """:func:`split` along the third axis.

    >>> [fnp.shape(part) for part in fnp.dsplit(np.ones((2, 2, 4)), 2)]
    [(2, 2, 2), (2, 2, 2)]
    """
    return split(ary, indices_or_sections, 2)


@door(getattr(np, "unstack", None))  # new in NumPy 2.1
def unstack(x: ArrayLike, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The sub-arrays along an axis, which they lack.

    >>> fnp.unstack(np.array([[1, 2], [3, 4]]))
    (array([1, 2]), array([3, 4]))
    """
    x = array_like(x)
    axis = axis_index(axis, ndim(x))
    dims = shape_of(x)
    rest = dims[:axis] + dims[axis + 1 :]
    return tuple(
        layout.reshape(layout.slice_axis(x, axis, i, i + 1), rest) for i in range(dims[axis])
    )
