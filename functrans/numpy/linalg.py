"""``numpy.linalg``: products here, the rest from the files that it is made in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans.core.avals import shape_of
from functrans.errors import ShapeError
from functrans.numpy import contraction as con
from functrans.numpy import indexing as ix
from functrans.numpy import shaping as sh
from functrans.numpy.decompositions import (
    cholesky,
    cond,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    lstsq,
    matrix_rank,
    pinv,
    qr,
    svd,
    svdvals,
)
from functrans.numpy.norms import matrix_norm, norm, vector_norm
from functrans.numpy.promote import array_like, door
from functrans.numpy.solving import (
    det,
    inv,
    matrix_power,
    slogdet,
    solve,
    tensorinv,
    tensorsolve,
)
from functrans.typing import Array, ArrayLike, ArrayOrScalar, Arrays, DTypeLike


@door(np.linalg.multi_dot)
def multi_dot(arrays: Arrays, *, out: Array | None = None) -> ArrayOrScalar:
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
def matmul(x1: ArrayLike, x2: ArrayLike, /) -> ArrayOrScalar:
    """Matrix products over the last two axes, the others broadcast.

    >>> fnp.linalg.matmul(np.array([[1, 2], [3, 4]]), np.array([1, 1]))
    array([3, 7])
    """
    return con.matmul(x1, x2)


@door(np.linalg.vecdot)
def vecdot(x1: ArrayLike, x2: ArrayLike, /, *, axis: int = -1) -> ArrayOrScalar:
    """Σ conj(x1)·x2 along an axis, the others broadcast.

    >>> fnp.linalg.vecdot(np.array([[1, 2], [3, 4]]), np.array([1, 1]))
    array([3, 7])
    """
    return con.vecdot(x1, x2, axis=axis)


@door(np.linalg.matrix_transpose)
def matrix_transpose(x: ArrayLike, /) -> Array:
    """The last two axes exchanged.

    >>> fnp.linalg.matrix_transpose(np.array([[1, 2], [3, 4]]))
    array([[1, 3],
           [2, 4]])
    """
    return sh.matrix_transpose(x)


@door(np.linalg.outer)
def outer(x1: ArrayLike, x2: ArrayLike, /) -> Array:
    """All products of an element of each of two vectors.

    >>> fnp.linalg.outer(np.array([1, 2]), np.array([3, 4]))
    array([[3, 4],
           [6, 8]])
    """
    return con.outer(x1, x2)


@door(np.linalg.cross)
def cross(x1: ArrayLike, x2: ArrayLike, /, *, axis: int = -1) -> Array:
    """Vector product of vectors of three components.

    >>> fnp.linalg.cross(np.array([1, 0, 0]), np.array([0, 1, 0]))
    array([0, 0, 1])
    """
    return con.cross(x1, x2, axis=axis)


@door(np.linalg.tensordot)
def tensordot(x1: ArrayLike, x2: ArrayLike, /, *, axes: int | Sequence[Any] = 2) -> ArrayOrScalar:
    """Sum of products over paired axes.

    >>> fnp.linalg.tensordot(np.array([1, 2]), np.array([3, 4]), axes=1)
    array(11)
    """
    return con.tensordot(x1, x2, axes)


@door(np.linalg.trace)
def trace(x: ArrayLike, /, *, offset: int = 0, dtype: DTypeLike | None = None) -> ArrayOrScalar:
    """Sum along a diagonal of the matrices in the last two axes.

    >>> fnp.linalg.trace(np.array([[1, 2], [3, 4]]))
    np.int64(5)
    """
    return con.trace(x, offset, -2, -1, dtype)


@door(np.linalg.diagonal)
def diagonal(x: ArrayLike, /, *, offset: int = 0) -> Array:
    """A diagonal of the matrices in the last two axes.

    >>> fnp.linalg.diagonal(np.array([[1, 2], [3, 4]]))
    array([1, 4])
    """
    return ix.diagonal(x, offset, -2, -1)


__all__ = [
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]
