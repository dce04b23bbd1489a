"""Random vectors and matrices that take a factorisation."""

from __future__ import annotations

import operator
from functools import partial
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.control.call import jit
from functrans.core.avals import shape_of
from functrans.errors import ShapeError
from functrans.numpy.promote import array_like, cast, one_of, result_dtype, shape_tuple
from functrans.random.continuous import standard_numbers
from functrans.random.keys import KeyLike, word_of
from functrans.random.sampling import Ints, dtype_for, float_for, shape_for
from functrans.typing import Array, ArrayLike, DTypeLike, Shape


def _factor(cov: Any, method: str) -> Any:
    """F with F·Fᵀ = cov."""
    if method == "cholesky":
        return fnp.linalg.cholesky(cov)
    if method == "eigh":
        values, vectors = fnp.linalg.eigh(cov)
    else:
        vectors, values, _ = fnp.linalg.svd(cov)
    return vectors * fnp.sqrt(values[..., None, :])


@partial(jit, static_argnames=("shape", "dtype", "method"))
def _multivariate_normal(
    word: Any, mean: Any, cov: Any, *, shape: Ints, dtype: str, method: str
) -> Any:
    numbers = standard_numbers(word, (*shape, shape_of(mean)[-1]), dtype)
    return mean + fnp.einsum("...ij,...j->...i", _factor(cov, method), numbers)


def multivariate_normal(
    key: KeyLike,
    mean: ArrayLike,
    cov: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
    method: str = "cholesky",
) -> Array:
    """Normal vectors of shape ``(…, n)`` with the given mean and covariance.

    Parameters
    ----------
    mean, cov: of shapes ``(…, n)`` and ``(…, n, n)``; ``shape`` is the result's without the last
        axis.
    method: how to find a factor of ``cov``: "cholesky", or "eigh" or "svd" where it is singular.

    >>> mean, cov = np.zeros(2), np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> ft.random.multivariate_normal(ft.random.key(0), mean, cov)
    array([-0.29110475, -1.38637601])
    """
    mean, cov = array_like(mean), array_like(cov)
    n = shape_of(mean)[-1:]
    if not n or shape_of(cov)[-2:] != (*n, *n):
        raise ShapeError(
            f"multivariate_normal got a mean of shape {shape_of(mean)} and a covariance of shape "
            f"{shape_of(cov)}.",
            "Give shapes (…, n) and (…, n, n).",
        )
    one_of("method", method, "cholesky", "eigh", "svd")
    common = result_dtype(mean, cov)
    common = common if common.kind == "f" else np.dtype(float)
    kind = float_for("multivariate_normal", common if dtype is None else dtype)
    batch = np.empty(shape_of(mean)[:-1]), np.empty(shape_of(cov)[:-2])
    shape = shape_for("multivariate_normal", shape, *batch)
    word, mean, cov = word_of("multivariate_normal", key), cast(mean, common), cast(cov, common)
    return _multivariate_normal(word, mean, cov, shape=shape, dtype=kind, method=method)


@partial(jit, static_argnames=("rows", "columns", "shape", "dtype"))
def _orthogonal(word: Any, *, rows: int, columns: int, shape: Ints, dtype: str) -> Any:
    numbers = standard_numbers(word, (*shape, max(rows, columns), min(rows, columns)), dtype)
    q, r = fnp.linalg.qr(numbers)
    q = q * fnp.sign(fnp.diagonal(r, axis1=-2, axis2=-1))[..., None, :]
    return fnp.matrix_transpose(q) if rows < columns else q


def orthogonal(
    key: KeyLike, n: int, shape: Shape = (), dtype: DTypeLike | None = None, m: int | None = None
) -> Array:
    """Orthogonal matrices of shape ``(…, n, m)``, uniform over their group; unitary if complex.

    With ``m`` other than ``n`` the rows, or the columns if they are fewer, are orthonormal.
    F. Mezzadri, "How to generate random matrices from the classical compact groups", Notices of
    the American Mathematical Society 54 (2007).

    >>> q = ft.random.orthogonal(ft.random.key(0), 3)
    >>> np.allclose(q @ q.T, np.eye(3))
    True
    """
    rows = operator.index(n)
    columns = rows if m is None else operator.index(m)
    word, kind = word_of("orthogonal", key), dtype_for("orthogonal", dtype, "fc", float)
    return _orthogonal(word, rows=rows, columns=columns, shape=shape_tuple(shape), dtype=kind)
