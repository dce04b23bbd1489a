"""Cholesky factors and triangular systems.

Derivatives: M. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation (2008), §2.2; I. Murray, Differentiation of the Cholesky decomposition (2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of, shape_of
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind
from functrans.errors import LinAlgError, ShapeError
from functrans.primitives.layout import batch_to_front, move_axis, reshape
from functrans.primitives.linear import add, conj, mul, neg, sub
from functrans.primitives.matrices import (
    batch_matrices,
    check_same,
    check_square,
    each,
    fortran,
    hermitian_part,
    lower_triangle,
    matmul,
    matrix_transpose,
    upper_triangle,
)
from functrans.primitives.types import NOT_LINEAR, native_or_fallback

# --- cholesky ------------------------------------------------------------------------------------


def _cholesky_abstract(a: Aval) -> Aval:
    check_square("cholesky", a)
    return a


def _cholesky_impl(a: Any) -> Any:
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        raise not_positive_definite() from None


def not_positive_definite() -> LinAlgError:
    return LinAlgError(
        "The matrix is not positive definite, it has no Cholesky factor.",
        "Add a small multiple of the identity, or take eigh of a matrix with small eigenvalues.",
    )


def _cholesky_linearize(nonzero: Sequence[bool], a: Any) -> Any:
    # L⁻¹·Ȧ·L⁻ᴴ = L⁻¹L̇ + (L⁻¹L̇)ᴴ, of which L⁻¹L̇ is the lower triangle with half the diagonal.
    factor = cholesky(a)
    half = dtype_of(factor).type(0.5)

    def pushforward(t: Any) -> Any:
        inner = triangular_solve(factor, hermitian_part(t), lower=True)
        both = triangular_solve(conj(factor), inner, left=False, lower=True, transposed=True)
        lower = mul(add(lower_triangle(both), lower_triangle(both, strict=True)), half)
        return matmul(factor, lower)

    return factor, pushforward


def _cholesky_lower(avals: Sequence[Aval], out: Aval) -> kernel.Word:
    return native_or_fallback(avals, kernel.Routine("cholesky", (0,)))


cholesky_p: Primitive = Primitive(
    "cholesky",
    _cholesky_abstract,
    _cholesky_impl,
    _cholesky_linearize,
    NOT_LINEAR,
    batch_matrices(lambda: cholesky_p),
    _cholesky_lower,
    failure=not_positive_definite,
)


def cholesky(a: Any) -> Any:
    """The lower triangular L with L·Lᴴ = a, of Hermitian matrices; only lower triangles are read.

    The derivative is that along Hermitian matrices.

    Raises
    ------
    LinAlgError: a matrix is not positive definite.
    """
    return bind(cholesky_p, a)


# --- triangular_solve ----------------------------------------------------------------------------


def _triangular_abstract(
    a: Aval, b: Aval, *, left: bool, lower: bool, transposed: bool, unit: bool, checked: bool
) -> Aval:
    n = check_square("triangular_solve", a)
    check_same("triangular_solve", a, b)
    if b.shape[-2 if left else -1] != n:
        raise ShapeError(f"triangular_solve got matrices of shapes {a.shape} and {b.shape}.")
    return b


def _triangular_impl(
    a: Any, b: Any, *, left: bool, lower: bool, transposed: bool, unit: bool, checked: bool
) -> Any:
    out = np.empty(b.shape, b.dtype)
    if not out.size:
        return out
    if checked and not unit and (np.diagonal(a, 0, -2, -1) == 0).any():
        raise singular()
    trsm = fortran("blas", "trsm", a.dtype)
    # To BLAS a row-major matrix is its transpose: op(A)·X = B is Xᵀ·op(A)ᵀ = Bᵀ.
    options = {"side": int(left), "lower": not lower, "trans_a": int(transposed), "diag": int(unit)}
    for x, y, z in each(a, b, out):
        z[...] = trsm(1.0, x.T, y.T, **options).T
    return out


def singular(**options: bool) -> LinAlgError:
    return LinAlgError(
        "The matrix is singular.",
        "Use lstsq or pinv, or add a small multiple of the identity.",
    )


def _triangular_linearize(nonzero: Sequence[bool], a: Any, b: Any, **params: Any) -> Any:
    x = bind(triangular_solve_p, a, b, **params)
    left, transposed = params["left"], params["transposed"]
    triangle = lower_triangle if params["lower"] else upper_triangle

    def pushforward(ta: Any, tb: Any) -> Any:
        right = tb
        if ta is not None:
            change = triangle(ta, strict=params["unit"])
            change = matrix_transpose(change) if transposed else change
            moved = matmul(change, x) if left else matmul(x, change)
            right = neg(moved) if tb is None else sub(tb, moved)
        return bind(triangular_solve_p, a, right, **params)

    return x, pushforward


def _triangular_transpose(ct: Any, a: Any, b: Accumulator, **params: Any) -> None:
    b.add(bind(triangular_solve_p, a, ct, **params | {"transposed": not params["transposed"]}))


def _triangular_batch(size: int, args: Any, dims: Any, **params: Any) -> Any:
    a, b = args
    if dims[0] is None and len(shape_of(a)) == 2:  # one matrix for all: their right sides together
        joined, split = join_columns(b, dims[1], params["left"])
        return split(bind(triangular_solve_p, a, joined, **params)), 0
    moved = [batch_to_front(size, x, d) for x, d in zip(args, dims, strict=True)]
    return bind(triangular_solve_p, *moved, **params), 0


def join_columns(b: Any, dim: int, left: bool = True) -> Any:
    """Matrices along an axis as one, side by side (one above the other unless ``left``).

    Returns it with the function that takes such a matrix apart again, matrices along axis 0.
    """
    first = move_axis(b, dim, 0)
    k, n, m = shape_of(first)
    if not left:
        return reshape(first, (k * n, m)), lambda x: reshape(x, (k, n, m))
    joined = reshape(move_axis(first, 0, 1), (n, k * m))
    return joined, lambda x: move_axis(reshape(x, (n, k, m)), 1, 0)


def _triangular_lower(avals: Sequence[Aval], out: Aval, **options: bool) -> kernel.Word:
    word = kernel.Routine("triangular_solve", (0, 1), tuple(options.items()))
    return native_or_fallback(avals, word)


triangular_solve_p: Primitive = Primitive(
    "triangular_solve",
    _triangular_abstract,
    _triangular_impl,
    _triangular_linearize,
    _triangular_transpose,
    _triangular_batch,
    _triangular_lower,
    failure=singular,
)


def triangular_solve(
    a: Any,
    b: Any,
    *,
    left: bool = True,
    lower: bool = False,
    transposed: bool = False,
    unit: bool = False,
    checked: bool = False,
) -> Any:
    """The solution x of op(a)·x = b, or of x·op(a) = b unless ``left``, for triangular a.

    op(a) is a, or aᵀ when ``transposed``. ``unit``: the diagonal is taken to be ones. ``checked``:
    a zero on the diagonal raises LinAlgError; it makes infinities and NaN otherwise.
    """
    return bind(
        triangular_solve_p,
        a, b, left=left, lower=lower, transposed=transposed, unit=unit, checked=checked,
    )  # fmt: skip


def cho_solve(factor: Any, b: Any) -> Any:
    """The solution of a·x = b, from the lower Cholesky factor of a."""
    y = triangular_solve(factor, b, lower=True)
    return triangular_solve(conj(factor), y, lower=True, transposed=True)
