"""Norms of vectors and matrices, and tensors scaled to the norm 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.arithmetic import divide, maximum, multiply, pow
from functrans.tf.convert import as_tensor
from functrans.tf.elementwise import abs, conj, rsqrt, sqrt, square
from functrans.tf.errors import InvalidValueError
from functrans.tf.reductions import reduce_max, reduce_sum
from functrans.tf.spectra import svd
from functrans.tf.tensor import Tensor, value, wrap

_EUCLIDEAN = "euclidean"
_MATRIX_NORMS: tuple[Any, ...] = (_EUCLIDEAN, "fro", 1, 2, np.inf)


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: Any = None, name: Any = None
) -> Tensor:
    """The norm of a tensor, of vectors along an ``axis``, or of matrices along a pair of axes.

    ``ord`` is "euclidean", a positive number or inf for vectors; "euclidean", "fro", 1, 2 or inf
    for matrices. Other values raise ValueError. The Euclidean norm has the gradient NaN at 0.

    >>> import functrans.tf as tf
    >>> tf.norm([3.0, 4.0]).numpy()
    np.float32(5.0)
    """
    x = as_tensor(tensor)
    axes = tuple(axis) if isinstance(axis, list | tuple) else axis
    is_matrix = isinstance(axes, tuple)
    if is_matrix and (len(axes) != 2 or axes[0] == axes[1]):
        raise InvalidValueError(
            f"'axis' must be None, an integer, or a tuple of 2 unique integers, got {axis}",
            "Two axes are those of matrices.",
        )
    _check_order(ord, is_matrix)
    keep = bool(keepdims)
    if ord in (_EUCLIDEAN, "fro") or (ord == 2 and not is_matrix):
        squares = multiply(x, conj(x)) if x._dtype.kind == "c" else square(x)
        return sqrt(reduce_sum(squares, axes, keep))
    sizes = abs(x)
    if is_matrix:
        return _matrix_norm(x, sizes, ord, axes, keep)
    if ord == 1:
        return reduce_sum(sizes, axes, keep)
    if ord == np.inf:
        return reduce_max(sizes, axes, keep)
    return pow(reduce_sum(pow(sizes, float(ord)), axes, keep), 1.0 / ord)


def _check_order(order: Any, is_matrix: bool) -> None:
    if is_matrix:
        known = order in _MATRIX_NORMS
        listed = f"a supported matrix norm in {list(_MATRIX_NORMS)}"
    else:
        is_number = not isinstance(order, str) and np.isreal(order)
        known = order == _EUCLIDEAN or (is_number and order > 0)
        listed = "a supported vector norm"
    if not known:
        raise InvalidValueError(
            f"'ord' must be {listed}, got {order}",
            "Vectors have the norms of positive numbers and inf; matrices, of two axes, those "
            'listed, of which "fro" is "euclidean".',
        )


def _matrix_norm(x: Tensor, sizes: Tensor, order: Any, axes: tuple[Any, ...], keep: bool) -> Tensor:
    rank = len(x._v.shape)
    rows, columns = (int(a) % rank for a in axes)
    if order == 2:
        moved = fnp.moveaxis(value(x), (rows, columns), (-2, -1))
        found = reduce_max(svd(wrap(moved, x._dtype), compute_uv=False), -1)
        places = tuple(sorted((rows, columns)))
        return wrap(fnp.expand_dims(value(found), places)) if keep else found
    summed, compared = (rows, columns) if order == 1 else (columns, rows)
    total = reduce_max(reduce_sum(sizes, summed, True), compared, True)
    return total if keep else wrap(fnp.squeeze(value(total), (rows, columns)))


def normalize(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """A tensor over its norm, and the norm, whose axes stay.

    >>> import functrans.tf as tf
    >>> tf.linalg.normalize([3.0, 4.0])[0].numpy()
    array([0.6, 0.8], dtype=float32)
    """
    size = norm(tensor, ord, axis, keepdims=True)
    return divide(tensor, size), size


def l2_normalize(
    x: Any,
    axis: Any = None,
    epsilon: float = 1e-12,
    name: str | None = None,
    dim: Any = None,
) -> Tensor:
    """x over the root of its sum of squares along ``axis``, or of ``epsilon`` if that is larger.

    >>> import functrans.tf as tf
    >>> tf.math.l2_normalize([3.0, 4.0]).numpy()
    array([0.6, 0.8], dtype=float32)
    """
    tensor = as_tensor(x)
    axes = dim if axis is None else axis
    if tensor._dtype.kind == "c":
        total = reduce_sum(square(abs(tensor)), axes, True)
        scale = rsqrt(maximum(total, epsilon))
        return multiply(tensor, wrap(fnp.astype(value(scale), tensor._dtype)))
    total = reduce_sum(square(tensor), axes, True)
    return multiply(tensor, rsqrt(maximum(total, epsilon)))
