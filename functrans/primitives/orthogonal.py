"""QR factors.

Derivatives: S. Walter, L. Lehmann, Algorithmic differentiation of linear algebra functions with
application in optimum experimental design (2010); M. Seeger et al., Auto-differentiating linear
algebra (2017); D. Roberts, L. Roberts, QR and LQ decomposition matrix backpropagation algorithms
(2020), for wide matrices; arXiv:2409.13374 for the columns that complete Q.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of, is_complex, shape_of
from functrans.core.primitive import Primitive
from functrans.core.trace import bind, bind_many
from functrans.primitives.layout import concatenate, full, slice_axis
from functrans.primitives.linear import add, complex_, imag, mul, select_n, sub
from functrans.primitives.lu import factored, lu_solve, rows_in_order
from functrans.primitives.matrices import (
    adjoint,
    batch_matrices,
    check_matrix,
    fortran,
    identity_like,
    lower_triangle,
    matmul,
    matrix_transpose,
    on_diagonal,
)
from functrans.primitives.triangular import triangular_solve
from functrans.primitives.types import NOT_LINEAR, native_or_fallback

# --- qr ------------------------------------------------------------------------------------------


def _qr_abstract(a: Aval, *, full: bool) -> list[Aval]:
    *lead, m, n = check_matrix("qr", a)
    k = m if full else min(m, n)
    return [a.with_shape((*lead, m, k)), a.with_shape((*lead, k, n))]


def _qr_impl(a: Any, *, full: bool) -> Any:
    q, r = np.linalg.qr(a, "complete" if full else "reduced")
    return [q, r]


def _qr_linearize(nonzero: Sequence[bool], a: Any, *, full: bool) -> Any:
    q, r = bind(qr_p, a, full=full)
    *lead, m, n = shape_of(a)
    axis, k = len(lead), min(m, n)
    thin_q = slice_axis(q, axis + 1, 0, k)
    square_r = slice_axis(slice_axis(r, axis, 0, k), axis + 1, 0, k)

    def pushforward(t: Any) -> list[Any]:
        tq, tr = _thin_pushforward(thin_q, square_r, slice_axis(t, axis + 1, 0, k))
        if n > m:  # the other columns: R₂ = Qᴴ·A₂
            rest, t_rest = (slice_axis(x, axis + 1, m, n) for x in (a, t))
            t_right = add(matmul(adjoint(tq), rest), matmul(adjoint(q), t_rest))
            tr = concatenate([tr, t_right], axis + 1)
        if full and m > n:
            tq = concatenate([tq, _completion_pushforward(q, tq)], axis + 1)
            tr = concatenate([tr, _zeros((*lead, m - n, n), tr)], axis)
        return [tq, tr]

    return [q, r], pushforward


def _zeros(shape: tuple[int, ...], like: Any) -> Any:
    return full(shape, dtype_of(like).type(0))


def _thin_pushforward(q: Any, r: Any, t: Any) -> tuple[Any, Any]:
    """Tangents of Q and a square R: QᴴQ̇ is skew-Hermitian, and ṘR⁻¹ an upper triangle."""
    right = triangular_solve(r, t, left=False)
    inner = matmul(adjoint(q), right)
    below = lower_triangle(inner, strict=True)
    turn = sub(below, adjoint(below))
    if is_complex(dtype_of(q)):  # the diagonal of R stays real
        turn = add(turn, _imaginary_diagonal(inner))
    upper = sub(inner, turn)
    return add(matmul(q, sub(turn, inner)), right), matmul(upper, r)


def _imaginary_diagonal(x: Any) -> Any:
    part = imag(x)
    zero = dtype_of(part).type(0)
    return complex_(mul(part, zero), select_n(on_diagonal(shape_of(x)), zero, part))


def _completion_pushforward(q: Any, tq: Any) -> Any:
    """The tangent of the columns that complete Q, as Householder reflections choose them."""
    *lead, m, n = shape_of(tq)
    axis = len(lead)
    thin, other = slice_axis(q, axis + 1, 0, n), slice_axis(q, axis + 1, n, m)
    top, bottom = slice_axis(thin, axis, 0, n), slice_axis(thin, axis, n, m)
    t_top, t_bottom = slice_axis(tq, axis, 0, n), slice_axis(tq, axis, n, m)
    # Z = Q₂₁·(Q₁₁ − 1)⁻¹
    moved = matrix_transpose(sub(top, identity_like(top)))
    z = matrix_transpose(lu_solve(moved, *factored(moved), matrix_transpose(bottom)))
    turned = adjoint(sub(t_bottom, matmul(z, t_top)))
    return sub(matmul(tq, adjoint(z)), matmul(add(thin, matmul(other, z)), turned))


def _qr_lower(avals: Sequence[Aval], out: Any, *, full: bool) -> kernel.Word:
    return native_or_fallback(avals, kernel.Routine("qr", (0,), (("full", full),)))


qr_p: Primitive = Primitive(
    "qr",
    _qr_abstract,
    _qr_impl,
    _qr_linearize,
    NOT_LINEAR,
    batch_matrices(lambda: qr_p),
    _qr_lower,
    multiple=True,
)


def qr(a: Any, full: bool = False) -> list[Any]:
    """Q with orthonormal columns and an upper triangle R with Q·R = a.

    They have min(m, n) columns and rows; when ``full``, Q is square. The derivative is NaN or
    infinite where the first min(m, n) columns are linearly dependent.
    """
    return bind_many(qr_p, a, full=full)


# --- the order of columns ------------------------------------------------------------------------


def _order_abstract(a: Aval) -> Aval:
    *lead, _, n = check_matrix("column_order", a)
    return Aval((*lead, n), np.dtype(np.int32))


def _order_impl(a: Any) -> Any:
    order = np.empty((*a.shape[:-2], a.shape[-1]), np.int32)
    order[...] = np.arange(a.shape[-1])
    if a.size:
        geqp3 = fortran("lapack", "geqp3", a.dtype)
        for k in np.ndindex(*a.shape[:-2]):
            order[k] = geqp3(a[k])[1] - 1
    return order


def _order_linearize(nonzero: Sequence[bool], a: Any) -> Any:
    return column_order(a), None


def _order_lower(avals: Sequence[Aval], out: Aval) -> kernel.Word:
    return kernel.Fallback("the order of columns is found by SciPy")


column_order_p: Primitive = Primitive(
    "column_order",
    _order_abstract,
    _order_impl,
    _order_linearize,
    NOT_LINEAR,
    batch_matrices(lambda: column_order_p),
    _order_lower,
)


def column_order(a: Any) -> Any:
    """The order of columns with which the diagonal of R descends."""
    return bind(column_order_p, a)


def columns_in_order(a: Any, order: Any) -> Any:
    """Column ``order[…, j]`` of each matrix as column j."""
    return matrix_transpose(rows_in_order(matrix_transpose(a), order))
