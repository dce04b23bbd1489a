"""Factorisations of ``numpy.linalg``, and what singular values and eigenvalues tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import OptionError, ShapeError
from functrans.numpy import creation as cr
from functrans.numpy import elementwise as el
from functrans.numpy import indexing as ix
from functrans.numpy import reductions as red
from functrans.numpy import selecting as sel
from functrans.numpy.norms import norm
from functrans.numpy.promote import TRACED, array_like, door
from functrans.numpy.solving import inv, matrices, square
from functrans.primitives import (
    layout,
    linear,
    marks,
    orthogonal,
    pseudoinverse,
    spectral,
    triangular,
)
from functrans.primitives.matrices import adjoint, columns, matmul
from functrans.typing import Array, ArrayLike, ArrayOrScalar

if TYPE_CHECKING:
    from numpy.linalg._linalg import EighResult, EigResult, QRResult, SVDResult

_QRResult: Any = type(np.linalg.qr(np.eye(1)))
_EighResult: Any = type(np.linalg.eigh(np.eye(1)))
_EigResult: Any = type(np.linalg.eig(np.eye(1)))
_SVDResult: Any = type(np.linalg.svd(np.eye(1)))


@door(np.linalg.cholesky)
def cholesky(a: ArrayLike, /, *, upper: bool = False) -> Array:
    """The lower triangular L with L·Lᴴ = a, or the upper one Lᴴ, of Hermitian matrices.

    Only one triangle is read: the lower one, or the upper one when ``upper``. The derivative is
    that along Hermitian matrices.

    Raises
    ------
    LinAlgError: a matrix is not positive definite; compiled too.

    >>> fnp.linalg.cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
    array([[2., 0.],
           [1., 2.]])
    """
    a = square("cholesky", a)
    return adjoint(triangular.cholesky(adjoint(a))) if upper else triangular.cholesky(a)


@overload
def qr(a: ArrayLike, mode: Literal["reduced", "complete"] = "reduced") -> QRResult: ...
@overload
def qr(a: ArrayLike, mode: Literal["r"]) -> Array: ...
@overload
def qr(a: ArrayLike, mode: str) -> Any: ...
@door(np.linalg.qr)
def qr(a: ArrayLike, mode: str = "reduced") -> Any:
    """Q with orthonormal columns and an upper triangle R with Q·R = a.

    ``mode`` is "reduced", "complete" (Q is square) or "r" (R alone); under a transform "raw" raises
    OptionError. The derivative is NaN or infinite where the first columns are linearly dependent.

    >>> q, r = fnp.linalg.qr(np.array([[3.0], [4.0]]))
    >>> np.abs(r)
    array([[5.]])
    """
    if mode not in ("reduced", "complete", "r"):
        raise OptionError(f"qr got mode={mode!r}.", 'Use "reduced", "complete" or "r".')
    (a,) = matrices("qr", a)
    q, r = orthogonal.qr(a, mode == "complete")
    return r if mode == "r" else _QRResult(q, r)


@door(np.linalg.eigh)
def eigh(a: ArrayLike, UPLO: str = "L") -> EighResult:
    """Eigenvalues of Hermitian matrices, ascending, and eigenvectors as columns.

    ``UPLO`` says which triangle is read. The derivative is that along Hermitian matrices;
    that of eigenvectors whose eigenvalues coincide is NaN or infinite.

    >>> w, v = fnp.linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> w
    array([1., 3.])
    """
    return _EighResult(*spectral.eigh(_hermitian(a, UPLO)))


@door(np.linalg.eigvalsh)
def eigvalsh(a: ArrayLike, UPLO: str = "L") -> Array:
    """Eigenvalues of Hermitian matrices, ascending.

    >>> fnp.linalg.eigvalsh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    array([1., 3.])
    """
    return spectral.eigh(_hermitian(a, UPLO), vectors=False)[0]


def _hermitian(a: Any, triangle: str) -> Any:
    if triangle.upper() not in ("L", "U"):
        raise OptionError(f"UPLO={triangle!r} names no triangle.", 'Use "L" or "U".')
    a = square("eigh", a)
    return a if triangle.upper() == "L" else adjoint(a)


def eig(a: ArrayLike) -> EigResult:
    """Eigenvalues of square matrices, and eigenvectors of length 1 as columns; complex always.

    (``np.linalg.eig`` gives real arrays where all eigenvalues happen to be real. Which type it is
    may not depend on values here.)

    >>> w, v = fnp.linalg.eig(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    >>> w
    array([0.+1.j, 0.-1.j])
    """
    return _EigResult(*spectral.eig(square("eig", a)))


def eigvals(a: ArrayLike) -> Array:
    """Eigenvalues of square matrices; complex always.

    >>> fnp.linalg.eigvals(np.array([[2.0, 1.0], [0.0, 3.0]]))
    array([2.+0.j, 3.+0.j])
    """
    return spectral.eig(square("eigvals", a), right=False)[0]


TRACED[np.linalg.eig] = eig
TRACED[np.linalg.eigvals] = eigvals


@overload
def svd(
    a: ArrayLike,
    full_matrices: bool = True,
    compute_uv: Literal[True] = True,
    hermitian: bool = False,
) -> SVDResult: ...
@overload
def svd(
    a: ArrayLike, full_matrices: bool = True, *, compute_uv: Literal[False], hermitian: bool = False
) -> Array: ...
@overload
def svd(
    a: ArrayLike, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any: ...
@door(np.linalg.svd)
def svd(
    a: ArrayLike, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """U, S and Vᴴ with U·diag(S)·Vᴴ = a; S descends. Without ``compute_uv`` S alone.

    The derivative of vectors is NaN or infinite where singular values coincide or vanish. With
    ``full_matrices``, the default, matrices that are not square have none: MissingRuleError.

    >>> fnp.linalg.svd(np.diag([3.0, 4.0]), compute_uv=False)
    array([4., 3.])
    """
    if hermitian:
        return _hermitian_svd(square("svd", a), compute_uv)
    (a,) = matrices("svd", a)
    if not compute_uv:
        return spectral.singular_values(a)
    return _SVDResult(*spectral.svd(a, full_matrices))


def _hermitian_svd(a: Any, vectors: bool) -> Any:
    """From eigenvalues, by their size."""
    w, v = spectral.eigh(a)
    size = el.absolute(w)
    order = red.argsort(size, axis=-1)[..., ::-1]
    s = ix.take_along_axis(size, order, -1)
    if not vectors:
        return s
    u = ix.take_along_axis(v, layout.broadcast_to(order[..., None, :], shape_of(v)), -1)
    signs = linear.convert(el.sign(ix.take_along_axis(w, order, -1)), dtype_of(v))
    return _SVDResult(u, s, adjoint(linear.mul(u, columns(signs, shape_of(u)))))


@door(np.linalg.svdvals)
def svdvals(x: ArrayLike, /) -> Array:
    """Singular values in descending order.

    >>> fnp.linalg.svdvals(np.diag([3.0, 4.0]))
    array([4., 3.])
    """
    return svd(x, compute_uv=False)


_UNSET: Any = object()


def _precision(a: Any) -> float:
    return max(shape_of(a)[-2:]) * float(np.finfo(dtype_of(a)).eps)


@door(np.linalg.pinv)
def pinv(
    a: ArrayLike,
    rcond: ArrayLike | None = None,
    hermitian: bool = False,
    *,
    rtol: ArrayLike = _UNSET,
) -> Array:
    """The Moore–Penrose pseudoinverse.

    Singular values up to ``rcond`` (or ``rtol``) times the largest count as zero: 1e-15 by default,
    with ``rtol=None`` max(m, n) times the precision. The derivative is that at fixed rank.

    >>> fnp.linalg.pinv(np.array([[3.0], [4.0]]))
    array([[0.12, 0.16]])
    """
    (a,) = matrices("pinv", a)
    limit = 1e-15 if rcond is None and rtol is _UNSET else rtol if rcond is None else rcond
    if limit is None:
        limit = _precision(a)
    u, s, vh = svd(marks.stop_gradient(a), full_matrices=False, hermitian=hermitian)
    scaled = linear.mul(adjoint(vh), _inverse_rows(s, limit, vh))
    return pseudoinverse.pinv(matmul(scaled, adjoint(u)), a)


def _inverse_rows(s: Any, limit: Any, vh: Any) -> Any:
    """1/s for each column of V, zero where s is as good as zero."""
    if not shape_of(s)[-1]:
        return linear.convert(columns(s, shape_of(adjoint(vh))), dtype_of(vh))
    counts = s > array_like(limit)[..., None] * s[..., :1]
    inverse = sel.where(counts, 1 / sel.where(counts, s, 1), 0)
    return linear.convert(columns(inverse, shape_of(adjoint(vh))), dtype_of(vh))


@door(np.linalg.matrix_rank)
def matrix_rank(
    A: ArrayLike,
    tol: ArrayLike | None = None,
    hermitian: bool = False,
    *,
    rtol: ArrayLike | None = None,
) -> ArrayOrScalar:
    """How many singular values exceed ``tol``, or ``rtol`` times the largest.

    >>> fnp.linalg.matrix_rank(np.array([[1.0, 2.0], [2.0, 4.0]]))
    np.int64(1)
    """
    if len(shape_of(array_like(A))) < 2:
        return cr.asarray(red.any_(el.not_equal(A, 0)), dtype=np.int64)
    (a,) = matrices("matrix_rank", A)
    s = svd(a, compute_uv=False, hermitian=hermitian)
    if tol is None:
        factor = _precision(a) if rtol is None else array_like(rtol)[..., None]
        limit = red.max(s, axis=-1, keepdims=True) * factor
    else:
        limit = array_like(tol)[..., None]
    return red.count_nonzero(s > limit, axis=-1)


@door(np.linalg.cond)
def cond(x: ArrayLike, p: str | float | None = None) -> ArrayOrScalar:
    """The condition number: the norm of a matrix times that of its inverse.

    ``p`` is an order of :func:`norm`; None is that of the 2-norm. A singular matrix has the
    condition inf by singular values, and raises LinAlgError for the other orders.

    >>> fnp.linalg.cond(np.diag([2.0, 4.0]))
    np.float64(2.0)
    """
    (x,) = matrices("cond", x)
    if p in (None, 2, -2):
        s = spectral.singular_values(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))


@door(np.linalg.lstsq)
def lstsq(a: ArrayLike, b: ArrayLike, rcond: ArrayLike | None = None) -> Any:
    """The x of least length that makes ‖a·x − b‖ least: ``(x, residuals, rank, s)``.

    Singular values up to ``rcond`` times the largest count as zero, by default max(m, n) times the
    precision. Under a transform residuals are given for every matrix with more rows than columns,
    whatever its rank. The derivative is that at fixed rank.

    >>> x, *_ = fnp.linalg.lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0]))
    >>> x
    array([2.])
    """
    b = array_like(b)
    vector = len(shape_of(b)) == 1
    a, b = matrices("lstsq", a, layout.expand_dims(b, (1,)) if vector else b)
    if len(shape_of(a)) != 2 or shape_of(a)[0] != shape_of(b)[0]:
        raise ShapeError(f"lstsq got operands of shapes {shape_of(a)} and {shape_of(b)}.")
    m, n = shape_of(a)
    if rcond is None:
        rcond = _precision(a)
    elif array_like(rcond) < 0:
        rcond = float(np.finfo(dtype_of(a)).eps)
    s = spectral.singular_values(a)
    x = matmul(pinv(a, rcond), b)
    rest = el.absolute(linear.sub(b, matmul(a, x)))
    residuals = red.sum(rest * rest, axis=0)[: None if m > n else 0]
    rank = linear.convert(red.count_nonzero(s > rcond * red.max(s, initial=0)), np.int32)
    return layout.reshape(x, shape_of(x)[:1]) if vector else x, residuals, rank, s
