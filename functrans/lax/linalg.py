"""Factorisations under the names of JAX's ``lax.linalg``.

They take floating and complex matrices of shape ``(…, n, m)``, square unless said otherwise;
integers are converted to float64. Leading axes are batches, which every result has too. Other
shapes raise ShapeError. Errors are as in ``functrans.numpy.linalg``: a matrix that is not positive
definite raises LinAlgError, where JAX returns NaN.

>>> ft.lax.linalg.lu(np.ones((5, 3, 2)))[0].shape
(5, 3, 2)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans.control.while_loop import fori_loop
from functrans.core.avals import dtype_of, shape_of
from functrans.errors import OptionError, ShapeError
from functrans.numpy.promote import array_like
from functrans.numpy.solving import matrices, square
from functrans.primitives import layout, linear, orthogonal, reduced, spectral, triangular
from functrans.primitives import lu as factors
from functrans.primitives import tridiagonal as diagonals
from functrans.primitives.elementwise import eq, lt
from functrans.primitives.indexing import gather
from functrans.primitives.matrices import (
    adjoint,
    diagonal,
    hermitian_part,
    identity_like,
    lower_triangle,
    matmul,
    matrix_transpose,
    rows,
    upper_triangle,
)
from functrans.typing import Array, Operand

# --- cholesky ------------------------------------------------------------------------------------


def cholesky(x: Operand, *, symmetrize_input: bool = True) -> Array:
    """The lower triangular L with L·Lᴴ = x.

    Of (x + xᴴ)/2 when ``symmetrize_input``, else of the lower triangle.

    Raises
    ------
    LinAlgError: a matrix is not positive definite.

    >>> ft.lax.linalg.cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
    array([[2., 0.],
           [1., 2.]])
    """
    x = square("cholesky", x)
    return triangular.cholesky(hermitian_part(x) if symmetrize_input else x)


def cholesky_update(r_matrix: Operand, w_vector: Operand) -> Array:
    """The upper triangular R' with R'ᵀ·R' = Rᵀ·R + w·wᵀ and a positive diagonal.

    ``r_matrix`` is upper triangular of shape ``(…, n, n)``, ``w_vector`` of shape ``(…, n)``.
    Raises ShapeError for others.

    >>> ft.lax.linalg.cholesky_update(np.eye(2), np.array([np.sqrt(3.0), 0.0])).diagonal()
    array([2., 1.])
    """
    r = square("cholesky_update", r_matrix)
    if shape_of(w_vector)[-1:] != shape_of(r)[-1:]:
        raise ShapeError(
            f"cholesky_update got a vector of shape {shape_of(w_vector)} for a matrix of shape "
            f"{shape_of(r)}."
        )
    row = layout.expand_dims(array_like(w_vector), (-2 % (len(shape_of(w_vector)) + 1),))
    r, row = matrices("cholesky_update", r, row)
    stacked = layout.concatenate([upper_triangle(r), row], len(shape_of(r)) - 2)
    found = orthogonal.qr(stacked)[1]
    negative = lt(diagonal(found), dtype_of(found).type(0))
    flips = rows(negative, shape_of(found))
    return linear.select_n(flips, found, linear.neg(found))


def symmetric_product(
    a_matrix: Operand,
    c_matrix: Operand,
    *,
    alpha: float = 1.0,
    beta: float = 0.0,
    symmetrize_output: bool = False,
) -> Array:
    """α·a·aᵀ + β·c, for a of shape ``(…, n, k)`` and symmetric c of shape ``(…, n, n)``.

    >>> ft.lax.linalg.symmetric_product(np.array([[1.0], [2.0]]), np.eye(2), beta=1.0)
    array([[2., 2.],
           [2., 5.]])
    """
    a, c = matrices("symmetric_product", a_matrix, c_matrix)
    scalar = dtype_of(a).type
    product = matmul(a, matrix_transpose(a))
    total = linear.add(linear.mul(product, scalar(alpha)), linear.mul(c, scalar(beta)))
    if not symmetrize_output:
        return total
    below = lower_triangle(total, strict=True)
    return linear.add(lower_triangle(total), matrix_transpose(below))


# --- lu, triangular and tridiagonal systems ------------------------------------------------------


def lu(x: Operand) -> tuple[Array, Array, Array]:
    """L and U in one matrix, the pivots, and the order that they make: x[order] = L·U.

    For x of shape ``(…, n, m)``, of shapes ``(…, n, m)``, ``(…, min(n, m))`` and ``(…, n)``; the
    latter two are int32, as LAPACK's.

    >>> ft.lax.linalg.lu(np.array([[1.0, 2.0], [2.0, 2.0]]))[0]
    array([[2. , 2. ],
           [0.5, 1. ]])
    """
    (x,) = matrices("lu", x)
    found, pivots, order = factors.lu(x)
    return found, pivots, order


def lu_pivots_to_permutation(pivots: Operand, permutation_size: int) -> Array:
    """The order of rows after exchanging row i with row ``pivots[i]``, for i from 0 on.

    >>> ft.lax.linalg.lu_pivots_to_permutation(np.array([2, 2], np.int32), 3)
    array([2, 0, 1], dtype=int32)
    """
    pivots = linear.convert(array_like(pivots), np.int32)
    *lead, count = shape_of(pivots)
    shape = (*lead, permutation_size)
    places = layout.iota(np.int32, shape, len(lead))

    def spread(x: Any) -> Any:
        return layout.broadcast_in_dim(x, shape, tuple(range(len(lead))))

    def exchanged(i: Any, order: Any) -> Any:
        i = linear.convert(i, np.int32)
        other = gather(pivots, (i,), (len(lead),))
        here = gather(order, (i,), (len(lead),))
        at_other = eq(places, spread(other))
        zero = np.int32(0)
        there = layout.reduce_sum(linear.select_n(at_other, zero, order), (len(lead),))
        order = linear.select_n(at_other, order, spread(here))
        return linear.select_n(eq(places, layout.broadcast_to(i, shape)), order, spread(there))

    return fori_loop(0, count, exchanged, places)


def inverse_order(order: Any) -> Any:
    """The order that undoes another."""
    from functrans.numpy.reductions import argsort  # few functions need it

    return argsort(order, axis=-1)


def triangular_solve(
    a: Operand,
    b: Operand,
    *,
    left_side: bool = False,
    lower: bool = False,
    transpose_a: bool = False,
    conjugate_a: bool = False,
    unit_diagonal: bool = False,
) -> Array:
    """The solution x of x·op(a) = b, or of op(a)·x = b when ``left_side``; x has b's shape.

    A zero on the diagonal makes infinities and NaN.

    >>> a = np.array([[2.0, 0.0], [1.0, 4.0]])
    >>> ft.lax.linalg.triangular_solve(a, np.array([2.0, 5.0]), left_side=True, lower=True)
    array([1., 1.])
    """
    b = array_like(b)
    vector = len(shape_of(b)) == len(shape_of(a)) - 1
    place = len(shape_of(b)) if left_side else len(shape_of(b)) - 1
    a, b = matrices("triangular_solve", a, layout.expand_dims(b, (place,)) if vector else b)
    x = triangular.triangular_solve(
        linear.conj(a) if conjugate_a else a, b, left=left_side, lower=lower,
        transposed=transpose_a, unit=unit_diagonal,
    )  # fmt: skip
    if not vector:
        return x
    kept = shape_of(x)
    return layout.reshape(x, kept[:-1] if left_side else (*kept[:-2], kept[-1]))


def tridiagonal_solve(
    dl: Operand, d: Operand, du: Operand, b: Operand, *, perturb_singular: bool = False
) -> Array:
    """The solution of a·x = b, where a has the diagonals dl, d and du, all of one length.

    ``dl[…, 0]`` and ``du[…, -1]`` are not read. ``b`` are matrices.

    Raises
    ------
    LinAlgError: a matrix is singular.

    >>> zero, two = np.zeros(2), np.full(2, 2.0)
    >>> ft.lax.linalg.tridiagonal_solve(zero, two, zero, np.ones((2, 1)))
    array([[0.5],
           [0.5]])
    """
    if perturb_singular:
        raise OptionError("perturb_singular=True is not supported.", "Perturb the diagonal.")
    (b,) = matrices("tridiagonal_solve", b)
    dtype = dtype_of(b)
    lower, middle, upper = (linear.convert(array_like(x), dtype) for x in (dl, d, du))
    return diagonals.tridiagonal_solve(lower, middle, upper, b)


def tridiagonal(a: Operand, *, lower: bool = True) -> tuple[Array, Array, Array, Array]:
    """LAPACK's ``sytrd``: reflections, both diagonals of the tridiagonal form, their factors.

    >>> ft.lax.linalg.tridiagonal(np.diag([1.0, 2.0]))[1]
    array([1., 2.])
    """
    found, d, e, taus = reduced.tridiagonal(square("tridiagonal", a), lower)
    return found, d, e, taus


# --- orthogonal factors --------------------------------------------------------------------------


def qr(x: Operand, *, pivoting: bool = False, full_matrices: bool = True) -> Any:
    """Q and R with Q·R = x of shape ``(…, n, m)``; Q is square when ``full_matrices``.

    With ``pivoting`` also the order of columns that makes the diagonal of R descend.

    >>> q, r = ft.lax.linalg.qr(np.array([[3.0], [4.0]]), full_matrices=False)
    >>> np.abs(r)
    array([[5.]])
    """
    (x,) = matrices("qr", x)
    if not pivoting:
        return tuple(orthogonal.qr(x, full_matrices))
    order = orthogonal.column_order(x)
    return (*orthogonal.qr(orthogonal.columns_in_order(x, order), full_matrices), order)


def householder_product(a: Operand, taus: Operand) -> Array:
    """The first columns of the product of reflections that ``geqrf`` leaves below a diagonal.

    Hᵢ = 1 − τᵢ·vᵢ·vᵢᴴ, where vᵢ is column i of ``a`` below the diagonal, and 1 on it.

    >>> ft.lax.linalg.householder_product(np.eye(2), np.zeros(2))
    array([[1., 0.],
           [0., 1.]])
    """
    (a,) = matrices("householder_product", a)
    return _reflected(a, array_like(taus), identity_like(a), left=True, transpose=False)


def ormqr(
    a: Operand, taus: Operand, c: Operand, *, left: bool = True, transpose: bool = False
) -> Array:
    """Q·c (c·Q unless ``left``, Qᴴ when ``transpose``) for the Q of :func:`householder_product`.

    >>> ft.lax.linalg.ormqr(np.eye(2), np.zeros(2), np.array([[1.0], [2.0]]))
    array([[1.],
           [2.]])
    """
    a, c = matrices("ormqr", a, c)
    return _reflected(a, array_like(taus), c, left=left, transpose=transpose)


def _reflected(a: Any, taus: Any, c: Any, *, left: bool, transpose: bool) -> Any:
    # H₁⋯H_k = 1 − V·T·Vᴴ with T = (1 + D·S)⁻¹·D, where D holds the τ and S is the strictly upper
    # triangle of VᴴV (R. Schreiber, C. Van Loan 1989; W. Joffrain et al. 2006).
    axis = len(shape_of(a)) - 1
    count = shape_of(taus)[-1]
    if count > min(shape_of(a)[-2:]):
        raise ShapeError(f"{count} reflections do not fit in a matrix of shape {shape_of(a)}.")
    below = lower_triangle(layout.slice_axis(a, axis, 0, count), strict=True)
    v = linear.add(below, identity_like(below))
    vh = adjoint(v)
    square_shape = (*shape_of(v)[:-2], count, count)
    scale = rows(linear.convert(taus, dtype_of(v)), square_shape)
    upper = linear.mul(scale, upper_triangle(matmul(vh, v), strict=True))
    weights = linear.mul(scale, identity_like(upper))
    t = triangular.triangular_solve(upper, weights, unit=True)
    t = adjoint(t) if transpose else t
    if left:
        return linear.sub(c, matmul(v, matmul(t, matmul(vh, c))))
    return linear.sub(c, matmul(matmul(matmul(c, v), t), vh))


def hessenberg(a: Operand) -> tuple[Array, Array]:
    """LAPACK's ``gehrd``: the Hessenberg form with reflections below it, and their factors.

    >>> ft.lax.linalg.hessenberg(np.array([[1.0, 2.0], [3.0, 4.0]]))[0]
    array([[1., 2.],
           [3., 4.]])
    """
    found, taus = reduced.hessenberg(square("hessenberg", a))
    return found, taus


# --- spectral factors ----------------------------------------------------------------------------


def eigh(
    x: Operand,
    *,
    lower: bool = True,
    symmetrize_input: bool = True,
    sort_eigenvalues: bool = True,
    subset_by_index: tuple[int, int] | None = None,
) -> tuple[Array, Array]:
    """Eigenvectors as columns, and eigenvalues, of Hermitian matrices: in JAX's order.

    Eigenvalues ascend; ``sort_eigenvalues=False`` allows any order, and makes no difference.
    ``subset_by_index`` picks those from the first up to, not including, the second number.

    >>> v, w = ft.lax.linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> w
    array([1., 3.])
    """
    x = square("eigh", x)
    x = hermitian_part(x) if symmetrize_input else x if lower else adjoint(x)
    w, v = spectral.eigh(x)
    if subset_by_index is None:
        return v, w
    ndim, (first, last) = len(shape_of(x)), subset_by_index
    return (
        layout.slice_axis(v, ndim - 1, first, last),
        layout.slice_axis(w, ndim - 2, first, last),
    )


def eig(
    x: Operand, *, compute_left_eigenvectors: bool = True, compute_right_eigenvectors: bool = True
) -> list[Array]:
    """Eigenvalues ``(…, n)``, then left and right eigenvectors as columns; complex always.

    >>> ft.lax.linalg.eig(np.diag([2.0, 3.0]))[0]
    array([2.+0.j, 3.+0.j])
    """
    return spectral.eig(square("eig", x), compute_left_eigenvectors, compute_right_eigenvectors)


def svd(x: Operand, *, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U, s and Vᴴ with U·diag(s)·Vᴴ = x of shape ``(…, n, m)``, or s alone; s descends.

    >>> ft.lax.linalg.svd(np.diag([3.0, 4.0]), compute_uv=False)
    array([4., 3.])
    """
    (x,) = matrices("svd", x)
    if not compute_uv:
        return spectral.singular_values(x)
    return tuple(spectral.svd(x, full_matrices))


def schur(
    x: Operand,
    *,
    compute_schur_vectors: bool = True,
    sort_eig_vals: bool = False,
    select_callable: Callable[..., Any] | None = None,
) -> tuple[Array, ...]:
    """T and Z with Z·T·Zᴴ = x, or T alone in a tuple. There is no derivative.

    >>> ft.lax.linalg.schur(np.diag([3.0, 4.0]))[0]
    array([[3., 0.],
           [0., 4.]])
    """
    if sort_eig_vals or select_callable is not None:
        raise OptionError("schur does not sort eigenvalues.", "Use scipy.linalg.schur.")
    t, z = reduced.schur(square("schur", x))
    return (t, z) if compute_schur_vectors else (t,)


__all__ = [
    "cholesky",
    "cholesky_update",
    "eig",
    "eigh",
    "hessenberg",
    "householder_product",
    "lu",
    "lu_pivots_to_permutation",
    "ormqr",
    "qr",
    "schur",
    "svd",
    "symmetric_product",
    "triangular_solve",
    "tridiagonal",
    "tridiagonal_solve",
]
