"""Norms of vectors and matrices of ``numpy.linalg``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import OptionError, ShapeError
from functrans.numpy import elementwise as el
from functrans.numpy import powers
from functrans.numpy import reductions as red
from functrans.numpy import shaping as sh
from functrans.numpy.promote import array_like, axes_tuple, axis_index, cast, door, float_dtype
from functrans.primitives import layout, linear, spectral
from functrans.typing import ArrayLike, ArrayOrScalar, Axes


@door(np.linalg.norm)
def norm(
    x: ArrayLike, ord: str | float | None = None, axis: Axes = None, keepdims: bool = False
) -> ArrayOrScalar:
    """Norm of vectors or matrices along the given axes, or of all elements.

    Vectors: any number, inf, −inf, 0. Matrices: "fro", "nuc" (the sum of singular values), 2 and −2
    (the largest and the least of them), 1, −1, inf, −inf. The derivative of the 2-norm at zero is
    NaN; of equal extremes, each gets its share.

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


def _is_pair(axis: Any) -> TypeGuard[Sequence[int]]:
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
    total = red.sum(powers.power(size, ord), axis, keepdims=keepdims)
    return powers.power(total, 1.0 / ord)


def _matrix_norm(x: Any, ord: Any, row: int, column: int, keepdims: bool) -> Any:
    if ord in (None, "fro", "f"):
        return _two_norm(x, tuple(sorted((row, column))), keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        summed, other = (row, column) if ord in (1, -1) else (column, row)
        sums = red.sum(el.absolute(x), summed, keepdims=True)
        extreme = red.max if ord > 0 else red.min
        y = extreme(sums, other, keepdims=True)
        return y if keepdims else sh.squeeze(y, (row, column))
    if ord not in ("nuc", 2, -2):
        raise OptionError(
            f"ord={ord!r} is no norm of matrices.", 'Use "fro", "nuc", ±1, ±2, inf or −inf.'
        )
    rest = tuple(d for d in range(len(shape_of(x))) if d not in (row, column))
    s = spectral.singular_values(layout.transpose(x, (*rest, row, column)))
    fold: Any = {"nuc": red.sum, 2: red.max, -2: red.min}[ord]
    folded = fold(s, axis=-1)
    return layout.expand_dims(folded, tuple(sorted((row, column)))) if keepdims else folded


@door(np.linalg.vector_norm)
def vector_norm(
    x: ArrayLike, /, *, axis: Axes = None, keepdims: bool = False, ord: str | float = 2
) -> ArrayOrScalar:
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
def matrix_norm(
    x: ArrayLike, /, *, keepdims: bool = False, ord: str | float = "fro"
) -> ArrayOrScalar:
    """Norm of the matrices in the last two axes.

    >>> fnp.linalg.matrix_norm(np.array([[1.0, 2.0], [3.0, 4.0]]), ord=1)
    np.float64(6.0)
    """
    return norm(x, ord, (-2, -1), keepdims)
