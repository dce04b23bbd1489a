"""Linear systems and factorisations of ``scipy.linalg``.

Options that only say how memory is used or checked (``overwrite_…``, ``check_finite``) are taken
and have no effect under a transform.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import OptionError, ShapeError
from functrans.lax import linalg as lax_linalg
from functrans.numpy import creation as cr
from functrans.numpy import linalg as nla
from functrans.numpy import shaping as sh
from functrans.numpy.promote import array_like
from functrans.numpy.solving import matrices, side_by_side, square
from functrans.primitives import layout, linear, orthogonal, spectral, triangular
from functrans.primitives import lu as factors
from functrans.primitives.matrices import (
    adjoint,
    identity_like,
    lower_triangle,
    matmul,
    matrix_transpose,
    upper_triangle,
)
from functrans.scipy.linalg.doors import door
from functrans.typing import Array, ArrayLike, ArrayOrScalar, Operand

# --- systems -------------------------------------------------------------------------------------


def _right_sides(name: str, a: Any, b: Any) -> tuple[Array, Array, bool]:
    """Operands as matrices of one dtype with equal leading axes; whether ``b`` was a vector."""
    b = array_like(b)
    vector = len(shape_of(b)) == 1
    a, b = matrices(name, a, layout.expand_dims(b, (1,)) if vector else b)
    if shape_of(a)[-1] != shape_of(a)[-2] or shape_of(a)[-1] != shape_of(b)[-2]:
        raise ShapeError(f"{name} got operands of shapes {shape_of(a)} and {shape_of(b)}.")
    a, b = side_by_side(a, b)
    return a, b, vector


def _solution(x: Any, vector: bool) -> Any:
    return layout.reshape(x, shape_of(x)[:-1]) if vector else x


_TRANSPOSITIONS = {0: "N", 1: "T", 2: "C", "N": "N", "T": "T", "C": "C"}


def _transposition(trans: Any) -> str:
    if trans not in _TRANSPOSITIONS:
        raise OptionError(f"trans={trans!r} is none.", 'Use 0 or "N", 1 or "T", 2 or "C".')
    return _TRANSPOSITIONS[trans]


@door
def solve(
    a: ArrayLike,
    b: ArrayLike,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Array:
    """The solution x of a·x = b, aᵀ·x = b when ``transposed``.

    ``assume_a``: "gen" (also None), "pos", "sym" and "her", of which one triangle is read, the
    upper one unless ``lower``; or one triangle alone, "upper triangular", "lower triangular".

    Raises
    ------
    LinAlgError: a matrix is singular, or not positive definite; compiled too.

    >>> ft.scipy.linalg.solve(np.diag([2.0, 4.0]), np.ones(2), assume_a="pos")
    array([0.5 , 0.25])
    """
    kind = assume_a or "gen"
    if kind in ("upper triangular", "lower triangular"):
        return solve_triangular(a, b, int(transposed), lower=kind.startswith("lower"))
    a, b, vector = _right_sides("solve", a, b)
    if kind in ("pos", "positive definite"):
        whole = a if lower else adjoint(a)
        factor = triangular.cholesky(linear.conj(whole) if transposed else whole)
        return _solution(triangular.cho_solve(factor, b), vector)
    if kind in ("sym", "symmetric", "her", "hermitian"):
        a = _mirrored(a, lower, kind.startswith("her"))
    elif kind not in ("gen", "general"):
        raise OptionError(f"assume_a={assume_a!r} is not supported under a transform.")
    return _solution(factors.lu_solve(a, *factors.factored(a), b, transposed), vector)


def _mirrored(a: Any, lower: bool, hermitian: bool) -> Any:
    """The matrix of which one triangle is given."""
    half = lower_triangle(a, strict=True) if lower else upper_triangle(a, strict=True)
    whole = lower_triangle(a) if lower else upper_triangle(a)
    return linear.add(whole, adjoint(half) if hermitian else matrix_transpose(half))


@door
def solve_triangular(
    a: ArrayLike,
    b: ArrayLike,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Array:
    """The solution x of a·x = b for triangular a; of aᵀ·x = b or aᴴ·x = b by ``trans``.

    Raises
    ------
    LinAlgError: there is a zero on the diagonal; compiled too.

    >>> a = np.array([[2.0, 0.0], [1.0, 4.0]])
    >>> ft.scipy.linalg.solve_triangular(a, np.array([2.0, 5.0]), lower=True)
    array([1., 1.])
    """
    a, b, vector = _right_sides("solve_triangular", a, b)
    way = _transposition(trans)
    x = triangular.triangular_solve(
        linear.conj(a) if way == "C" else a, b,
        lower=lower, transposed=way != "N", unit=unit_diagonal, checked=True,
    )  # fmt: skip
    return _solution(x, vector)


@door
def inv(a: ArrayLike, overwrite_a: bool = False, check_finite: bool = True) -> Array:
    """The inverse of a square matrix.

    Raises
    ------
    LinAlgError: a matrix is singular; compiled too.

    >>> ft.scipy.linalg.inv(np.diag([2.0, 4.0]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return nla.inv(a)


def det(a: ArrayLike, overwrite_a: bool = False, check_finite: bool = True) -> ArrayOrScalar:
    """The determinant of a square matrix, of shape ``(…)`` for matrices ``(…, n, n)``.

    At a singular matrix it is 0 and its gradient the adjugate.

    >>> round(float(ft.scipy.linalg.det(np.diag([2.0, 4.0]))), 12)
    8.0
    """
    return nla.det(a)


# --- cholesky ------------------------------------------------------------------------------------


@door
def cholesky(
    a: ArrayLike, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Array:
    """The upper triangular U with Uᴴ·U = a, or the lower L with L·Lᴴ = a; one triangle is read.

    Raises
    ------
    LinAlgError: a matrix is not positive definite; compiled too.

    >>> ft.scipy.linalg.cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
    array([[2., 1.],
           [0., 2.]])
    """
    return nla.cholesky(square("cholesky", a), upper=not lower)


@door
def cho_factor(
    a: ArrayLike, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Array, bool]:
    """A Cholesky factor for :func:`cho_solve`, and whether it is the lower one.

    The factor has the matrix' shape; what lies in its other triangle means nothing.

    Raises
    ------
    LinAlgError: a matrix is not positive definite; compiled too.

    >>> factor = ft.scipy.linalg.cho_factor(np.diag([2.0, 4.0]))
    >>> ft.scipy.linalg.cho_solve(factor, np.ones(2))
    array([0.5 , 0.25])
    """
    return cholesky(a, lower), lower


@door
def cho_solve(
    c_and_lower: tuple[ArrayLike, bool],
    b: ArrayLike,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Array:
    """The solution of a·x = b from a factor of :func:`cho_factor`.

    ``b`` has shape ``(n,)`` or ``(…, n, k)``, and the solution too.

    >>> factor = ft.scipy.linalg.cho_factor(np.diag([2.0, 4.0]), lower=True)
    >>> ft.scipy.linalg.cho_solve(factor, np.ones(2))
    array([0.5 , 0.25])
    """
    factor, lower = c_and_lower
    factor, b, vector = _right_sides("cho_solve", factor, b)
    return _solution(triangular.cho_solve(factor if lower else adjoint(factor), b), vector)


# --- lu ------------------------------------------------------------------------------------------


@door
def lu_factor(
    a: ArrayLike, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Array, Array]:
    """LU factors in one matrix, and the row exchanged with each row in turn.

    For a of shape ``(…, n, m)`` they have shapes ``(…, n, m)`` and ``(…, min(n, m))``.

    >>> matrix, exchanged = ft.scipy.linalg.lu_factor(np.array([[1.0, 2.0], [2.0, 2.0]]))
    >>> matrix
    array([[2. , 2. ],
           [0.5, 1. ]])
    """
    (a,) = matrices("lu_factor", a)
    found, pivots, _ = factors.lu(a)
    return found, pivots


@door
def lu_solve(
    lu_and_piv: tuple[ArrayLike, Operand],
    b: ArrayLike,
    trans: int = 0,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Array:
    """The solution of a·x = b (aᵀ, aᴴ by ``trans``) from the factors of :func:`lu_factor`.

    >>> factors = ft.scipy.linalg.lu_factor(np.diag([2.0, 4.0]))
    >>> ft.scipy.linalg.lu_solve(factors, np.ones(2))
    array([0.5 , 0.25])
    """
    matrix, pivots = lu_and_piv
    matrix, b, vector = _right_sides("lu_solve", matrix, b)
    order = lax_linalg.lu_pivots_to_permutation(pivots, shape_of(matrix)[-1])
    order = layout.broadcast_to(order, shape_of(b)[:-1])
    way = _transposition(trans)
    matrix = linear.conj(matrix) if way == "C" else matrix
    unit, upper = {"lower": True, "unit": True}, {"lower": False}
    if way == "N":
        y = triangular.triangular_solve(matrix, factors.rows_in_order(b, order), **unit)
        return _solution(triangular.triangular_solve(matrix, y, **upper), vector)
    y = triangular.triangular_solve(matrix, b, transposed=True, **upper)
    x = triangular.triangular_solve(matrix, y, transposed=True, **unit)
    back = lax_linalg.inverse_order(order)
    return _solution(factors.rows_in_order(x, back), vector)


@door
def lu(
    a: ArrayLike,
    permute_l: bool = False,
    overwrite_a: bool = False,
    check_finite: bool = True,
    p_indices: bool = False,
) -> Any:
    """P, L and U with P·L·U = a; P·L and U when ``permute_l``; P as indices when ``p_indices``.

    >>> p, l, u = ft.scipy.linalg.lu(np.array([[1.0, 2.0], [2.0, 2.0]]))
    >>> u
    array([[2., 2.],
           [0., 1.]])
    """
    (a,) = matrices("lu", a)
    found, _, order = factors.lu(a)
    *lead, m, n = shape_of(a)
    k, axis = min(m, n), len(lead)
    strict = lower_triangle(layout.slice_axis(found, axis + 1, 0, k), strict=True)
    lower = linear.add(strict, identity_like(strict))
    upper = upper_triangle(layout.slice_axis(found, axis, 0, k))
    back = lax_linalg.inverse_order(order)
    if permute_l:
        return factors.rows_in_order(lower, back), upper
    if p_indices:
        return back, lower, upper
    whole = identity_like(layout.full((*lead, m, m), dtype_of(a).type(0)))
    return factors.rows_in_order(whole, back), lower, upper


# --- orthogonal and spectral factors -------------------------------------------------------------


@door
def qr(
    a: ArrayLike,
    overwrite_a: bool = False,
    lwork: int | None = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    """Q and R with Q·R = a; ``mode`` is "full", "economic" or "r" (R alone, in a tuple).

    With ``pivoting`` also the order of the columns that makes the diagonal of R descend.

    >>> q, r = ft.scipy.linalg.qr(np.array([[3.0], [4.0]]), mode="economic")
    >>> np.abs(r)
    array([[5.]])
    """
    if mode not in ("full", "economic", "r"):
        raise OptionError(f"mode={mode!r} is none.", 'Use "full", "economic" or "r".')
    (a,) = matrices("qr", a)
    rest: tuple[Any, ...] = ()
    if pivoting:
        order = orthogonal.column_order(a)
        a, rest = orthogonal.columns_in_order(a, order), (order,)
    q, r = orthogonal.qr(a, full=mode != "economic")
    return (r, *rest) if mode == "r" else (q, r, *rest)


@door
def qr_multiply(
    a: ArrayLike,
    c: ArrayLike,
    mode: str = "right",
    pivoting: bool = False,
    conjugate: bool = False,
    overwrite_a: bool = False,
    overwrite_c: bool = False,
) -> Any:
    """``c·Q``, or ``Q·c`` by ``mode`` "left", and R, for the economic Q and R with Q·R = a.

    >>> product, r = ft.scipy.linalg.qr_multiply(np.eye(2), np.ones((1, 2)))
    >>> np.abs(product)
    array([[1., 1.]])
    """
    if mode not in ("left", "right"):
        raise OptionError(f"mode={mode!r} is none.", 'Use "left" or "right".')
    c = array_like(c)
    vector = len(shape_of(c)) == 1
    if vector:
        c = layout.expand_dims(c, (1,) if mode == "left" else (0,))
    a, c = matrices("qr_multiply", a, c)
    q, r, *rest = qr(a, mode="economic", pivoting=pivoting)
    q = linear.conj(q) if conjugate else q
    product = matmul(q, c) if mode == "left" else matmul(c, q)
    return (sh.ravel(product) if vector else product, r, *rest)


@door
def svd(
    a: ArrayLike,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """U, s and Vᴴ with U·diag(s)·Vᴴ = a, or s alone; s descends.

    For a of shape ``(…, n, m)`` and k = min(n, m) they have shapes ``(…, n, n)``, ``(…, k)`` and
    ``(…, m, m)``, or k in the place of the last n and the first m unless ``full_matrices``; then
    alone they have derivatives where n ≠ m.

    >>> ft.scipy.linalg.svd(np.diag([3.0, 4.0]), compute_uv=False)
    array([4., 3.])
    """
    found = nla.svd(a, full_matrices, compute_uv)
    return tuple(found) if compute_uv else found


@door
def eigh(
    a: ArrayLike,
    b: ArrayLike | None = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Sequence[int] | None = None,
    subset_by_value: Sequence[float] | None = None,
    driver: str | None = None,
) -> Any:
    """Eigenvalues of Hermitian matrices, ascending, and vectors: a·v = w·b·v, b the identity.

    ``b`` is positive definite; vectors then have vᴴ·b·v = 1. Under a transform ``type`` is 1, and
    ``subset_by_value`` is not supported.

    >>> ft.scipy.linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]]), eigvals_only=True)
    array([1., 3.])
    """
    if type != 1 or subset_by_value is not None:
        raise OptionError("eigh takes type=1 and no subset_by_value under a transform.")
    a = square("eigh", a)
    a = a if lower else adjoint(a)
    first, last = (0, shape_of(a)[-1] - 1) if subset_by_index is None else subset_by_index
    ndim = len(shape_of(a))
    if b is not None:  # L⁻¹·a·L⁻ᴴ·y = w·y with v = L⁻ᴴ·y
        b = square("eigh", b)
        factor = triangular.cholesky(b if lower else adjoint(b))
        whole = _mirrored(a, True, True)
        half = triangular.triangular_solve(factor, whole, lower=True)
        a = adjoint(triangular.triangular_solve(factor, adjoint(half), lower=True))
    found = spectral.eigh(a, vectors=not eigvals_only)
    w = layout.slice_axis(found[0], ndim - 2, first, last + 1)
    if eigvals_only:
        return w
    v = layout.slice_axis(found[1], ndim - 1, first, last + 1)
    if b is not None:
        v = triangular.triangular_solve(linear.conj(factor), v, lower=True, transposed=True)
    return w, v


@door
def eigh_tridiagonal(
    d: ArrayLike,
    e: ArrayLike,
    eigvals_only: bool = False,
    select: str = "a",
    select_range: Sequence[float] | None = None,
    check_finite: bool = True,
    tol: float = 0.0,
    lapack_driver: str = "auto",
) -> Any:
    """Eigenvalues and vectors of the symmetric matrix with diagonal d and off-diagonal e.

    Under a transform ``select`` is "a", all of them, or "i", those numbered in ``select_range``.

    >>> ft.scipy.linalg.eigh_tridiagonal(np.array([2.0, 2.0]), np.array([1.0]), eigvals_only=True)
    array([1., 3.])
    """
    if select not in ("a", "i"):
        raise OptionError(f"select={select!r} is not supported under a transform.")
    whole = cr.diag(d) + cr.diag(e, -1) + cr.diag(e, 1)
    subset: Any = select_range if select == "i" else None
    return eigh(whole, eigvals_only=eigvals_only, subset_by_index=subset)
