"""``numpy.linalg``: norms and products here, the rest from the files that it is made in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import OptionError, ShapeError
from functrans.numpy import contraction as con
from functrans.numpy import elementwise as el
from functrans.numpy import indexing as ix
from functrans.numpy import reductions as red
from functrans.numpy import shaping as sh
from functrans.numpy.promote import array_like, axes_tuple, axis_index, cast, door, float_dtype
from functrans.numpy.solving import (
    det,
    inv,
    matrix_power,
    slogdet,
    solve,
    tensorinv,
    tensorsolve,
)
from functrans.primitives import layout, linear


@door(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of vectors or matrices along the given axes, or of all elements.

    Vectors: any number, inf, −inf, 0. Matrices: "fro", 1, −1, inf, −inf; under a transform the
    others, which need singular values, raise OptionError. The derivative of the 2-norm at zero is
    NaN.

    >>> ft.grad(fnp.linalg.norm)(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    x = array_like(x)
    x = cast(x, float_dtype(x))
    rank = len(shape_of(x))
    if ord is None and (axis is None or _is_pair(axis)):
        return _two_norm(x, axes_tuple(axis, rank), keepdims)
    if axis is None:
        if rank not in (1, 2):
            raise ShapeError(
                f"A norm of order {ord} of an array of {rank} axes needs axis=.",
                "Name one axis for vectors or two for matrices.",
            )
        axis = tuple(range(rank))
    if not _is_pair(axis):
        one = axis[0] if isinstance(axis, tuple | list) else axis
        return _vector_norm(x, 2 if ord is None else ord, axis_index(one, rank), keepdims)
    row, column = (axis_index(a, rank) for a in axis)
    if row == column:
        raise ShapeError("The two axes of a matrix norm must differ.")
    return _matrix_norm(x, ord, row, column, keepdims)


def _is_pair(axis: Any) -> bool:
    return isinstance(axis, tuple | list) and len(axis) == 2


def _squared(x: Any) -> Any:
    if dtype_of(x).kind == "c":
        re, im = linear.real(x), linear.imag(x)
        return linear.add(linear.mul(re, re), linear.mul(im, im))
    return linear.mul(x, x)


def _two_norm(x: Any, axes: Any, keepdims: bool) -> Any:
    return el.sqrt(red.sum(_squared(x), axes, keepdims=keepdims))


def _vector_norm(x: Any, ord: Any, axis: int, keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise OptionError(f"ord={ord!r} is no norm of vectors.", "Use a number, inf or −inf.")
    if ord == 2:
        return _two_norm(x, (axis,), keepdims)
    size = el.absolute(x)
    if ord == np.inf:
        return red.max(size, axis, keepdims=keepdims)
    if ord == -np.inf:
        return red.min(size, axis, keepdims=keepdims)
    if ord == 0:
        return red.sum(cast(el.not_equal(x, 0), dtype_of(size)), axis, keepdims=keepdims)
    if ord == 1:
        return red.sum(size, axis, keepdims=keepdims)
    total = red.sum(el.power(size, ord), axis, keepdims=keepdims)
    return el.power(total, 1.0 / ord)


def _matrix_norm(x: Any, ord: Any, row: int, column: int, keepdims: bool) -> Any:
    if ord in (None, "fro", "f"):
        return _two_norm(x, tuple(sorted((row, column))), keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        summed, other = (row, column) if ord in (1, -1) else (column, row)
        sums = red.sum(el.absolute(x), summed, keepdims=True)
        extreme = red.max if ord > 0 else red.min
        y = extreme(sums, other, keepdims=True)
        return y if keepdims else sh.squeeze(y, (row, column))
    raise OptionError(
        f"The matrix norm of order {ord!r} needs singular values, which are not supported yet.",
        'Use "fro", 1, −1, inf or −inf.',
    )


@door(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Norm of the elements along the given axes, taken as one vector.

    >>> fnp.linalg.vector_norm(np.array([[3.0, 4.0], [0.0, 0.0]]), axis=1)
    array([5., 0.])
    """
    x = array_like(x)
    x = cast(x, float_dtype(x))
    shape = shape_of(x)
    axes = axes_tuple(axis, len(shape))
    rest = tuple(d for d in range(len(shape)) if d not in axes)
    size = math.prod(shape[d] for d in axes)
    flat = layout.reshape(layout.transpose(x, rest + axes), (*(shape[d] for d in rest), size))
    y = _vector_norm(flat, ord, len(rest), False)
    return layout.reshape(y, red.kept(shape, axes)) if keepdims else y


@door(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Norm of the matrices in the last two axes.

    >>> fnp.linalg.matrix_norm(np.array([[1.0, 2.0], [3.0, 4.0]]), ord=1)
    np.float64(6.0)
    """
    return norm(x, ord, (-2, -1), keepdims)


@door(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """The product of several matrices, in the order that costs least.

    >>> fnp.linalg.multi_dot([np.array([1, 2]), np.eye(2), np.array([3, 4])])
    np.float64(11.0)
    """
    xs = [array_like(x) for x in arrays]
    ranks = [len(shape_of(x)) for x in xs]
    if len(xs) < 2 or any(r != 2 for r in ranks[1:-1]) or not {ranks[0], ranks[-1]} <= {1, 2}:
        raise ShapeError(
            f"multi_dot got arrays of {ranks} axes.",
            "Give two or more matrices; the first and the last may be vectors.",
        )
    # Operand i has the axes i and i + 1: the first vector lacks its first, the last its last.
    terms = [[i, i + 1] for i in range(len(xs))]
    terms[0] = terms[0][2 - ranks[0] :]
    terms[-1] = terms[-1][: ranks[-1]]
    free = terms[0][: ranks[0] - 1] + terms[-1][1:]
    return con.einsum(*(part for pair in zip(xs, terms, strict=True) for part in pair), free)


@door(np.linalg.matmul)
def matmul(x1: Any, x2: Any, /) -> Any:
    """Matrix products over the last two axes, the others broadcast.

    >>> fnp.linalg.matmul(np.array([[1, 2], [3, 4]]), np.array([1, 1]))
    array([3, 7])
    """
    return con.matmul(x1, x2)


@door(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Σ conj(x1)·x2 along an axis, the others broadcast.

    >>> fnp.linalg.vecdot(np.array([[1, 2], [3, 4]]), np.array([1, 1]))
    array([3, 7])
    """
    return con.vecdot(x1, x2, axis=axis)


@door(np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """The last two axes exchanged.

    >>> fnp.linalg.matrix_transpose(np.array([[1, 2], [3, 4]]))
    array([[1, 3],
           [2, 4]])
    """
    return sh.matrix_transpose(x)


@door(np.linalg.outer)
def outer(x1: Any, x2: Any, /) -> Any:
    """All products of an element of each of two vectors.

    >>> fnp.linalg.outer(np.array([1, 2]), np.array([3, 4]))
    array([[3, 4],
           [6, 8]])
    """
    return con.outer(x1, x2)


@door(np.linalg.cross)
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Vector product of vectors of three components.

    >>> fnp.linalg.cross(np.array([1, 0, 0]), np.array([0, 1, 0]))
    array([0, 0, 1])
    """
    return con.cross(x1, x2, axis=axis)


@door(np.linalg.tensordot)
def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """Sum of products over paired axes.

    >>> fnp.linalg.tensordot(np.array([1, 2]), np.array([3, 4]), axes=1)
    array(11)
    """
    return con.tensordot(x1, x2, axes)


@door(np.linalg.trace)
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """Sum along a diagonal of the matrices in the last two axes.

    >>> fnp.linalg.trace(np.array([[1, 2], [3, 4]]))
    np.int64(5)
    """
    return con.trace(x, offset, -2, -1, dtype)


@door(np.linalg.diagonal)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """A diagonal of the matrices in the last two axes.

    >>> fnp.linalg.diagonal(np.array([[1, 2], [3, 4]]))
    array([1, 4])
    """
    return ix.diagonal(x, offset, -2, -1)


__all__ = [
    "cross",
    "det",
    "diagonal",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "slogdet",
    "solve",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]
