"""Eigenvalues and singular values.

Derivatives: M. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation (2008), §3.1 and 3.2; M. Seeger et al., Auto-differentiating linear algebra (2017);
J. Townsend, Differentiating the singular value decomposition (2016).

Vectors of eigenvalues that coincide have no derivative: it is NaN or infinite. That of the
eigenvalues is right there. Vectors of singular values that coincide, or are zero, give NaN or
infinity in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of, is_complex, shape_of
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import bind, bind_many
from functrans.errors import LinAlgError
from functrans.primitives.elementwise import abs_, eq
from functrans.primitives.layout import iota, reduce_sum
from functrans.primitives.linear import (
    add,
    complex_,
    conj,
    convert,
    div,
    imag,
    mul,
    neg,
    real,
    select_n,
    sub,
)
from functrans.primitives.lu import factored, lu_solve
from functrans.primitives.matrices import (
    adjoint,
    batch_matrices,
    check_matrix,
    check_square,
    columns,
    diagonal,
    hermitian_part,
    matmul,
    on_diagonal,
    part_dtype,
    real_part,
    rows,
)
from functrans.primitives.reductions import argmax
from functrans.primitives.types import NOT_LINEAR, native_or_fallback


def no_convergence(**params: Any) -> LinAlgError:
    return LinAlgError(
        "The iteration for eigenvalues or singular values did not converge.",
        "Look for NaN and infinity in the matrix.",
    )


def _off_diagonal(x: Any, other: Any) -> Any:
    """1/(x[j] − x[i]) at (i, j), and zeros on the diagonal."""
    shape = (*shape_of(x), shape_of(x)[-1])
    one = dtype_of(x).type(1)
    here = on_diagonal(shape)
    gap = select_n(here, other, one)
    return select_n(here, div(one, gap), dtype_of(x).type(0))


def _gaps(w: Any) -> Any:
    shape = (*shape_of(w), shape_of(w)[-1])
    return sub(columns(w, shape), rows(w, shape))


# --- eigh ----------------------------------------------------------------------------------------


def _eigh_abstract(a: Aval, *, vectors: bool) -> list[Aval]:
    check_square("eigh", a)
    values = Aval(a.shape[:-1], part_dtype(a.dtype))
    return [values, a] if vectors else [values]


def _eigh_impl(a: Any, *, vectors: bool) -> Any:
    try:
        return list(np.linalg.eigh(a)) if vectors else [np.linalg.eigvalsh(a)]
    except np.linalg.LinAlgError:
        raise no_convergence() from None


def _eigh_linearize(nonzero: Sequence[bool], a: Any, *, vectors: bool) -> Any:
    w, v = bind(eigh_p, a, vectors=True)

    def pushforward(t: Any) -> list[Any]:
        inner = matmul(adjoint(v), matmul(hermitian_part(t), v))
        tw = real_part(diagonal(inner))
        if not vectors:
            return [tw]
        factor = convert(_off_diagonal(w, _gaps(w)), dtype_of(v))
        return [tw, matmul(v, mul(inner, factor))]

    return [w, v] if vectors else [w], pushforward


def _eigh_lower(avals: Sequence[Aval], out: Any, *, vectors: bool) -> kernel.Word:
    return native_or_fallback(avals, kernel.Routine("eigh", (0,), (("vectors", vectors),)))


eigh_p: Primitive = Primitive(
    "eigh",
    _eigh_abstract,
    _eigh_impl,
    _eigh_linearize,
    NOT_LINEAR,
    batch_matrices(lambda: eigh_p),
    _eigh_lower,
    failure=no_convergence,
    multiple=True,
)


def eigh(a: Any, vectors: bool = True) -> list[Any]:
    """Eigenvalues of Hermitian matrices in ascending order, and eigenvectors as columns.

    Only lower triangles are read. The derivative is that along Hermitian matrices.
    """
    return bind_many(eigh_p, a, vectors=vectors)


# --- svd -----------------------------------------------------------------------------------------


def _svd_abstract(a: Aval, *, vectors: bool, full: bool) -> list[Aval]:
    *lead, m, n = check_matrix("svd", a)
    k = min(m, n)
    values = Aval((*lead, k), part_dtype(a.dtype))
    if not vectors:
        return [values]
    left = a.with_shape((*lead, m, m if full else k))
    return [left, values, a.with_shape((*lead, n if full else k, n))]


def _svd_impl(a: Any, *, vectors: bool, full: bool) -> Any:
    try:
        return list(np.linalg.svd(a, full)) if vectors else [np.linalg.svd(a, compute_uv=False)]
    except np.linalg.LinAlgError:
        raise no_convergence() from None


def _svd_linearize(nonzero: Sequence[bool], a: Any, *, vectors: bool, full: bool) -> Any:
    m, n = shape_of(a)[-2:]
    if vectors and full and m != n:
        _FULL()
    u, s, vh = bind(svd_p, a, vectors=True, full=False)
    v, uh = adjoint(vh), adjoint(u)
    dtype = dtype_of(u)

    def pushforward(t: Any) -> list[Any]:
        inner = matmul(uh, matmul(t, v))
        ts = real_part(diagonal(inner))
        if not vectors:
            return [ts]
        shape = shape_of(inner)
        across, down = convert(columns(s, shape), dtype), convert(rows(s, shape), dtype)
        factor = convert(_off_diagonal(s, mul(_gaps(s), _sums(s))), dtype)
        by_column, by_row = mul(inner, across), mul(inner, down)
        turn_u = mul(add(by_column, adjoint(by_column)), factor)
        turn_v = mul(add(by_row, adjoint(by_row)), factor)
        if is_complex(dtype):  # the phase, given to U
            turn_u = add(turn_u, _phases(inner, s))
        tu, tv = matmul(u, turn_u), matmul(v, turn_v)
        if m > n:
            moved = matmul(t, v)
            rest = sub(moved, matmul(u, matmul(uh, moved)))
            tu = add(tu, div(rest, convert(columns(s, shape_of(rest)), dtype)))
        if n > m:
            moved = matmul(adjoint(t), u)
            rest = sub(moved, matmul(v, matmul(vh, moved)))
            tv = add(tv, div(rest, convert(columns(s, shape_of(rest)), dtype)))
        return [tu, ts, adjoint(tv)]

    return [u, s, vh] if vectors else [s], pushforward


def _sums(s: Any) -> Any:
    shape = (*shape_of(s), shape_of(s)[-1])
    return add(columns(s, shape), rows(s, shape))


def _phases(inner: Any, s: Any) -> Any:
    """i·Im(inner)/s on the diagonal."""
    part = imag(inner)
    zero = dtype_of(part).type(0)
    here = on_diagonal(shape_of(part))
    slope = div(select_n(here, zero, part), columns(s, shape_of(part)))
    return complex_(mul(part, zero), select_n(here, zero, slope))


_FULL = Absent(
    "the columns that complete U and V to square matrices are any orthonormal ones, they have no "
    "derivative (full_matrices=False has)"
)


def _svd_lower(avals: Sequence[Aval], out: Any, *, vectors: bool, full: bool) -> kernel.Word:
    options = (("vectors", vectors), ("full", full))
    return native_or_fallback(avals, kernel.Routine("svd", (0,), options))


svd_p: Primitive = Primitive(
    "svd",
    _svd_abstract,
    _svd_impl,
    _svd_linearize,
    NOT_LINEAR,
    batch_matrices(lambda: svd_p),
    _svd_lower,
    failure=no_convergence,
    multiple=True,
)


def svd(a: Any, full: bool = False) -> list[Any]:
    """U, s and Vᴴ with U·diag(s)·Vᴴ = a: orthonormal columns and rows, s in descending order.

    U and V have min(m, n) columns, or are square when ``full``; those have no derivative unless the
    matrix is square.
    """
    return bind_many(svd_p, a, vectors=True, full=full)


def singular_values(a: Any) -> Any:
    """Singular values in descending order."""
    return bind(svd_p, a, vectors=False, full=False)[0]


# --- eig -----------------------------------------------------------------------------------------


def _complex_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.result_type(dtype, np.complex64))


def _eig_abstract(a: Aval, *, left: bool, right: bool) -> list[Aval]:
    check_square("eig", a)
    dtype = _complex_dtype(a.dtype)
    return [Aval(a.shape[:-1], dtype), *[Aval(a.shape, dtype)] * (left + right)]


def _eig_impl(a: Any, *, left: bool, right: bool) -> Any:
    dtype = _complex_dtype(a.dtype)
    try:
        if not (left or right):
            return [np.linalg.eigvals(a).astype(dtype)]
        if not left:
            return [x.astype(dtype) for x in np.linalg.eig(a)]
    except np.linalg.LinAlgError:
        raise no_convergence() from None
    import scipy.linalg  # only who asks for left vectors needs so large a package

    values = np.empty(a.shape[:-1], dtype)
    found = [values, *(np.empty(a.shape, dtype) for _ in range(left + right))]
    for index in np.ndindex(*a.shape[:-2]):
        parts = scipy.linalg.eig(a[index], left=left, right=right)
        for target, part in zip(found, parts, strict=True):
            target[index] = part
    return found


def _eig_linearize(nonzero: Sequence[bool], a: Any, *, left: bool, right: bool) -> Any:
    w, *found = bind(eig_p, a, left=left, right=True)
    right_vectors = found[-1]

    def pushforward(t: Any) -> list[Any]:
        t = convert(t, dtype_of(w))
        tw, tv = _vectors_pushforward(w, right_vectors, t, right)
        tangents = [tw]
        if left:
            tangents.append(_vectors_pushforward(conj(w), found[0], adjoint(t), True)[1])
        return [*tangents, tv] if right else tangents

    return [w, *(found if right else found[:-1])], pushforward


def _vectors_pushforward(w: Any, v: Any, t: Any, vectors: bool) -> tuple[Any, Any]:
    """Tangents of eigenvalues and of eigenvectors of length 1 whose largest component is real."""
    inner = lu_solve(v, *factored(v), matmul(t, v))
    tw = diagonal(inner)
    if not vectors:
        return tw, None
    free = matmul(v, mul(inner, _off_diagonal(w, _gaps(w))))
    last = len(shape_of(v)) - 2
    largest = argmax(abs_(v), last)
    shape = shape_of(v)
    chosen = eq(iota(np.int64, shape, last), columns(largest, shape))
    zero = dtype_of(v).type(0)

    def picked(x: Any) -> Any:
        return reduce_sum(select_n(chosen, zero, x), (last,))

    length = real(reduce_sum(mul(conj(v), free), (last,)))
    turn = div(imag(picked(free)), real(picked(v)))
    along = columns(complex_(neg(length), neg(turn)), shape)
    return tw, add(free, mul(v, along))


def _eig_lower(avals: Sequence[Aval], out: Any, **params: bool) -> kernel.Word:
    return kernel.Fallback("eigenvalues are complex numbers, which compiled code has not yet")


eig_p: Primitive = Primitive(
    "eig",
    _eig_abstract,
    _eig_impl,
    _eig_linearize,
    NOT_LINEAR,
    batch_matrices(lambda: eig_p),
    _eig_lower,
    failure=no_convergence,
    multiple=True,
)


def eig(a: Any, left: bool = False, right: bool = True) -> list[Any]:
    """Eigenvalues of square matrices, complex always, with left and right vectors as columns.

    Vectors have length 1 and a real largest component; their derivative keeps that.
    """
    return bind_many(eig_p, a, left=left, right=right)
