"""Sylvester equations, and the square root of a matrix, whose derivative solves one.

Derivatives: N. Higham, Functions of Matrices (2008), §3.2 and 6.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind
from functrans.errors import ShapeError
from functrans.primitives.linear import convert, neg, sub
from functrans.primitives.matrices import (
    batch_matrices,
    check_same,
    check_square,
    matmul,
    matrix_transpose,
)
from functrans.primitives.triangular import singular
from functrans.primitives.types import NOT_LINEAR

# --- sylvester -----------------------------------------------------------------------------------


def _sylvester_abstract(a: Aval, b: Aval, q: Aval) -> Aval:
    m, n = check_square("solve_sylvester", a), check_square("solve_sylvester", b)
    check_same("solve_sylvester", a, b, q)
    if q.shape[-2:] != (m, n):
        raise ShapeError(f"solve_sylvester got matrices of shapes {a.shape}, {b.shape}, {q.shape}.")
    return q


def _sylvester_impl(a: Any, b: Any, q: Any) -> Any:
    import scipy.linalg  # one of SciPy's larger parts, for few programs

    out = np.empty(q.shape, q.dtype)
    for k in np.ndindex(*q.shape[:-2]):
        try:
            out[k] = scipy.linalg.solve_sylvester(a[k], b[k], q[k])
        except np.linalg.LinAlgError:
            raise singular() from None
    return out


def _sylvester_linearize(nonzero: Sequence[bool], a: Any, b: Any, q: Any) -> Any:
    x = sylvester(a, b, q)

    def pushforward(ta: Any, tb: Any, tq: Any) -> Any:
        right = tq
        for moved in (
            None if ta is None else matmul(ta, x),
            None if tb is None else matmul(x, tb),
        ):
            if moved is not None:
                right = neg(moved) if right is None else sub(right, moved)
        return sylvester(a, b, right)

    return x, pushforward


def _sylvester_transpose(ct: Any, a: Any, b: Any, q: Accumulator) -> None:
    q.add(sylvester(matrix_transpose(a), matrix_transpose(b), ct))


def _lower(avals: Sequence[Aval], out: Aval) -> kernel.Word:
    return kernel.Fallback("it is computed by SciPy")


sylvester_p: Primitive = Primitive(
    "sylvester",
    _sylvester_abstract,
    _sylvester_impl,
    _sylvester_linearize,
    _sylvester_transpose,
    batch_matrices(lambda: sylvester_p),
    _lower,
    failure=singular,
)


def sylvester(a: Any, b: Any, q: Any) -> Any:
    """The solution x of a·x + x·b = q."""
    return bind(sylvester_p, a, b, q)


# --- sqrtm ---------------------------------------------------------------------------------------


def _sqrtm_abstract(a: Aval) -> Aval:
    check_square("sqrtm", a)
    return a.with_dtype(np.result_type(a.dtype, np.complex64))


def _sqrtm_impl(a: Any) -> Any:
    import scipy.linalg  # one of SciPy's larger parts, for few programs

    out = np.empty(a.shape, np.result_type(a.dtype, np.complex64))
    for k in np.ndindex(*a.shape[:-2]):
        out[k] = scipy.linalg.sqrtm(a[k])
    return out


def _sqrtm_linearize(nonzero: Sequence[bool], a: Any) -> Any:
    x = sqrtm(a)

    def pushforward(t: Any) -> Any:
        return sylvester(x, x, convert(t, dtype_of(x)))

    return x, pushforward


sqrtm_p: Primitive = Primitive(
    "sqrtm",
    _sqrtm_abstract,
    _sqrtm_impl,
    _sqrtm_linearize,
    NOT_LINEAR,
    batch_matrices(lambda: sqrtm_p),
    _lower,
)


def sqrtm(a: Any) -> Any:
    """The principal square root of a matrix, complex always."""
    return bind(sqrtm_p, a)
