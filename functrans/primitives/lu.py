"""LU factors with pivots, and what they give: solutions, determinants.

``lu_solve``, ``det`` and ``slogdet`` take the matrix beside its factors. The factors say the value,
the matrix says the derivative: of a solution x it is A⁻¹·(ḃ − Ȧ·x) (Giles 2008, §2.2.4 and 2.3.1),
of a determinant tr(adj(A)·Ȧ). So one factorisation serves the value and all its derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of, is_complex, shape_of
from functrans.core.primitive import Accumulator, Primitive, Rule
from functrans.core.trace import bind, bind_many
from functrans.errors import ShapeError
from functrans.primitives.elementwise import abs_, and_, eq, ge, sqrt
from functrans.primitives.indexing import gather
from functrans.primitives.layout import (
    batch_to_front,
    broadcast_in_dim,
    concatenate,
    full,
    iota,
    reduce_sum,
    slice_axis,
)
from functrans.primitives.linear import (
    add,
    complex_,
    convert,
    imag,
    mul,
    neg,
    real,
    select_n,
    sub,
)
from functrans.primitives.marks import stop_gradient
from functrans.primitives.matrices import (
    batch_matrices,
    check_matrix,
    check_same,
    check_square,
    diagonal,
    fortran,
    lower_triangle,
    matmul,
    matrix_transpose,
    on_diagonal,
    part_dtype,
    trace,
    upper_triangle,
)
from functrans.primitives.triangular import join_columns, singular, triangular_solve
from functrans.primitives.types import NOT_LINEAR, native_or_fallback

_PIVOTS = np.dtype(np.int32)  # as LAPACK counts


# --- lu ------------------------------------------------------------------------------------------


def _lu_abstract(a: Aval) -> list[Aval]:
    *lead, m, n = check_matrix("lu", a)
    return [a, Aval((*lead, min(m, n)), _PIVOTS), Aval((*lead, m), _PIVOTS)]


def _lu_impl(a: Any) -> Any:
    *lead, m, n = a.shape
    factors = np.empty(a.shape, a.dtype)
    pivots = np.empty((*lead, min(m, n)), _PIVOTS)
    if factors.size:
        getrf = fortran("lapack", "getrf", a.dtype)
        for index in np.ndindex(*lead):
            factors[index], pivots[index], _ = getrf(a[index])
    return [factors, pivots, _order(pivots, m)]


def _order(pivots: Any, m: int) -> Any:
    """Where each row of the factors was, after exchanging row i with row ``pivots[i]`` in turn."""
    order = np.empty((*pivots.shape[:-1], m), _PIVOTS)
    for index in np.ndindex(*pivots.shape[:-1]):
        rows = list(range(m))
        for i, other in enumerate(pivots[index].tolist()):
            rows[i], rows[other] = rows[other], rows[i]
        order[index] = rows
    return order


def _lu_linearize(nonzero: Sequence[bool], a: Any) -> Any:
    # With L and U completed to square matrices by identities: L⁻¹·P·Ȧ·U⁻¹ = L⁻¹L̇ + U̇U⁻¹, a
    # strictly lower and an upper triangle.
    factors, pivots, order = bind(lu_p, a)
    *lead, m, n = shape_of(a)
    k = min(m, n)
    axis = len(lead)
    lower = _completed(lower_triangle(slice_axis(factors, axis + 1, 0, k), strict=True), m, 0)
    upper = _completed(upper_triangle(slice_axis(factors, axis, 0, k)), n, k)

    def pushforward(t: Any) -> list[Any]:
        moved = rows_in_order(t, order)
        inner = triangular_solve(lower, moved, lower=True, unit=True)
        both = triangular_solve(upper, inner, left=False)
        below = matmul(lower, lower_triangle(both, strict=True))
        return [add(below, matmul(upper_triangle(both), upper)), None, None]

    return [factors, pivots, order], pushforward


def rows_in_order(x: Any, order: Any) -> Any:
    """Row ``order[…, i]`` of each matrix as row i."""
    shape = shape_of(order)
    last = len(shape) - 1
    spots = (*(iota(np.int64, shape, axis) for axis in range(last)), convert(order, np.int64))
    return gather(x, spots, tuple(range(last + 1)))


def _completed(x: Any, n: int, ones_from: int) -> Any:
    """A triangle as a square matrix; the diagonal holds ones from a place on."""
    *lead, height, width = shape_of(x)
    if (height, width) != (n, n):
        axis = len(lead) + int(width < n)
        extra = (*lead, n - height, n) if height < n else (*lead, n, n - width)
        x = concatenate([x, full(extra, dtype_of(x).type(0))], axis)
    if ones_from == n:
        return x
    square = (*lead, n, n)
    beyond = ge(iota(np.int64, square, len(lead)), np.int64(ones_from))
    return select_n(and_(on_diagonal(square), beyond), x, dtype_of(x).type(1))


def _lower(name: str, *uses: int) -> Rule:
    def lower(avals: Sequence[Aval], out: Any, **options: bool) -> kernel.Word:
        return native_or_fallback(avals, kernel.Routine(name, uses, tuple(options.items())))

    return lower


lu_p: Primitive = Primitive(
    "lu",
    _lu_abstract,
    _lu_impl,
    _lu_linearize,
    NOT_LINEAR,
    batch_matrices(lambda: lu_p),
    _lower("lu", 0),
    multiple=True,
)


def lu(a: Any) -> list[Any]:
    """LU factors of matrices with partial pivoting: P·a = L·U.

    Returns L (its unit diagonal left out) and U in one matrix, the pivots (row i was exchanged
    with row ``pivots[i]``, in turn) and the order that they make: row i of P·a is row ``order[i]``
    of a. A singular matrix has factors too.
    """
    return bind_many(lu_p, a)


def factored(a: Any) -> tuple[Any, Any]:
    """Factors and pivots as constants to every derivative, for the functions below."""
    factors, pivots, _ = bind(lu_p, stop_gradient(a))
    return factors, pivots


# --- lu_solve ------------------------------------------------------------------------------------


def _lu_solve_abstract(a: Aval, factors: Aval, pivots: Aval, b: Aval, *, transposed: bool) -> Aval:
    n = check_square("lu_solve", a)
    check_same("lu_solve", a, factors, b)
    if b.shape[-2] != n:
        raise ShapeError(f"solve got matrices of shapes {a.shape} and {b.shape}.")
    return b


def _lu_solve_impl(a: Any, factors: Any, pivots: Any, b: Any, *, transposed: bool) -> Any:
    if (np.diagonal(factors, 0, -2, -1) == 0).any():
        raise singular()
    out = np.empty(b.shape, b.dtype)
    if not out.size:
        return out
    # By its parts: OpenBLAS's laswp and getrs start threads for the smallest of matrices. To BLAS
    # the factors are their transpose, L above the diagonal and U on and below it.
    trsm = fortran("blas", "trsm", a.dtype)
    upper, lower = {"lower": 0, "diag": 1}, {"lower": 1, "diag": 0}
    order = _order(pivots, out.shape[-2])
    for k in np.ndindex(*out.shape[:-2]):
        matrix = factors[k].T
        if transposed:
            x = trsm(1.0, matrix, b[k], **lower)
            out[k][order[k]] = trsm(1.0, matrix, x, **upper)
        else:
            x = trsm(1.0, matrix, b[k][order[k]], trans_a=1, **upper)
            out[k] = trsm(1.0, matrix, x, trans_a=1, **lower)
    return out


def _lu_solve_linearize(
    nonzero: Sequence[bool], a: Any, factors: Any, pivots: Any, b: Any, *, transposed: bool
) -> Any:
    x = lu_solve(a, factors, pivots, b, transposed)
    if not (nonzero[0] or nonzero[3]):
        return x, None

    def pushforward(ta: Any, _factors: Any, _pivots: Any, tb: Any) -> Any:
        right = tb
        if ta is not None:
            moved = matmul(matrix_transpose(ta) if transposed else ta, x)
            right = neg(moved) if tb is None else sub(tb, moved)
        return lu_solve(a, factors, pivots, right, transposed)

    return x, pushforward


def _lu_solve_transpose(
    ct: Any, a: Any, factors: Any, pivots: Any, b: Accumulator, *, transposed: bool
) -> None:
    b.add(lu_solve(a, factors, pivots, ct, not transposed))


def _lu_solve_batch(size: int, args: Any, dims: Any, **params: Any) -> Any:
    *matrix, b = args
    if all(d is None for d in dims[:3]) and len(shape_of(b)) == 3:
        joined, split = join_columns(b, dims[3])
        return split(bind(lu_solve_p, *matrix, joined, **params)), 0
    moved = [batch_to_front(size, x, d) for x, d in zip(args, dims, strict=True)]
    return bind(lu_solve_p, *moved, **params), 0


lu_solve_p: Primitive = Primitive(
    "lu_solve",
    _lu_solve_abstract,
    _lu_solve_impl,
    _lu_solve_linearize,
    _lu_solve_transpose,
    _lu_solve_batch,
    _lower("lu_solve", 1, 2, 3),
    failure=singular,
)


def lu_solve(a: Any, factors: Any, pivots: Any, b: Any, transposed: bool = False) -> Any:
    """The solution x of a·x = b (aᵀ·x = b when ``transposed``), from the LU factors of a.

    Raises
    ------
    LinAlgError: a matrix is singular: there is a zero on the diagonal of U.
    """
    return bind(lu_solve_p, a, factors, pivots, b, transposed=transposed)


# --- det, slogdet --------------------------------------------------------------------------------


def _det_abstract(a: Aval, factors: Aval, pivots: Aval) -> Aval:
    check_square("det", a)
    return a.with_shape(a.shape[:-2])


def _parity(pivots: Any) -> Any:
    """−1 where an odd number of rows was exchanged, else 1."""
    swaps = (pivots != np.arange(pivots.shape[-1], dtype=_PIVOTS)).sum(-1)
    return 1 - 2 * (swaps % 2)


def _det_impl(a: Any, factors: Any, pivots: Any) -> Any:
    product = np.diagonal(factors, 0, -2, -1).prod(-1, dtype=a.dtype)
    return (product * _parity(pivots)).astype(a.dtype)[()]


def _det_linearize(nonzero: Sequence[bool], a: Any, factors: Any, pivots: Any) -> Any:
    value = bind(det_p, a, factors, pivots)
    if not nonzero[0]:
        return value, None
    # adj(A) = det(A)·A⁻¹. With one pivot zero, both are taken at a pivot next to zero: the
    # adjugate is a polynomial. With more it is zero. Second derivatives are then NaN.
    dtype = dtype_of(factors)
    shape = shape_of(factors)
    zero = eq(diagonal(factors), dtype.type(0))
    several = ge(reduce_sum(convert(zero, np.int64), (len(shape) - 2,)), np.int64(2))
    tiny = dtype.type(float(np.finfo(dtype).tiny) ** 0.66)
    pivot = broadcast_in_dim(
        select_n(several, tiny, dtype.type(1)), shape, tuple(range(len(shape) - 2))
    )
    vanishes = and_(on_diagonal(shape), eq(factors, dtype.type(0)))
    near = select_n(vanishes, factors, pivot)
    scale = select_n(several, bind(det_p, a, near, pivots), dtype.type(0))
    # Zero, with a derivative that is NaN where the determinant is zero.
    poison = convert(mul(sqrt(abs_(value)), part_dtype(dtype).type(0)), dtype)
    scale = add(scale, poison)

    def pushforward(ta: Any, _factors: Any, _pivots: Any) -> Any:
        return mul(trace(lu_solve(a, near, pivots, ta)), scale)

    return value, pushforward


det_p: Primitive = Primitive(
    "det",
    _det_abstract,
    _det_impl,
    _det_linearize,
    NOT_LINEAR,
    batch_matrices(lambda: det_p),
    _lower("det", 1, 2),
)


def det(a: Any, factors: Any, pivots: Any) -> Any:
    """The determinants of square matrices, from their LU factors."""
    return bind(det_p, a, factors, pivots)


def _slogdet_abstract(a: Aval, factors: Aval, pivots: Aval) -> list[Aval]:
    check_square("slogdet", a)
    lead = a.shape[:-2]
    return [a.with_shape(lead), Aval(lead, part_dtype(a.dtype))]


def _slogdet_impl(a: Any, factors: Any, pivots: Any) -> Any:
    d = np.diagonal(factors, 0, -2, -1)
    size = np.abs(d)
    with np.errstate(divide="ignore", invalid="ignore"):
        sign = np.sign(d).prod(-1, dtype=a.dtype) * _parity(pivots)
        return [sign.astype(a.dtype)[()], np.log(size).sum(-1)[()]]


def _slogdet_linearize(nonzero: Sequence[bool], a: Any, factors: Any, pivots: Any) -> Any:
    sign, logarithm = bind(slogdet_p, a, factors, pivots)
    if not nonzero[0]:
        return [sign, logarithm], None

    def pushforward(ta: Any, _factors: Any, _pivots: Any) -> list[Any]:
        slope = trace(lu_solve(a, factors, pivots, ta))
        if not is_complex(dtype_of(sign)):
            return [None, slope]
        part = imag(slope)
        turn = complex_(mul(part, dtype_of(part).type(0)), part)
        return [mul(turn, sign), real(slope)]

    return [sign, logarithm], pushforward


slogdet_p: Primitive = Primitive(
    "slogdet",
    _slogdet_abstract,
    _slogdet_impl,
    _slogdet_linearize,
    NOT_LINEAR,
    batch_matrices(lambda: slogdet_p),
    _lower("slogdet", 1, 2),
    multiple=True,
)


def slogdet(a: Any, factors: Any, pivots: Any) -> list[Any]:
    """Signs of determinants and logarithms of their absolute values, from LU factors.

    The derivative at a singular matrix raises LinAlgError.
    """
    return bind_many(slogdet_p, a, factors, pivots)
