"""Systems with tridiagonal matrices, given by their three diagonals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of, shape_of
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind
from functrans.errors import ShapeError
from functrans.primitives.linear import mul, neg, pad, sub
from functrans.primitives.matrices import batch_matrices, check_matrix, fortran, rows
from functrans.primitives.triangular import singular
from functrans.primitives.types import native_or_fallback


def _abstract(lower: Aval, middle: Aval, upper: Aval, b: Aval) -> Aval:
    shape = check_matrix("tridiagonal_solve", b)
    if any(d.shape != shape[:-1] or d.dtype != b.dtype for d in (lower, middle, upper)):
        raise ShapeError(
            f"tridiagonal_solve got diagonals of types {lower}, {middle}, {upper} and right sides "
            f"of type {b}.",
            "All diagonals have the length of the main one; what lies outside is not read.",
        )
    return b


def _impl(lower: Any, middle: Any, upper: Any, b: Any) -> Any:
    out = np.empty(b.shape, b.dtype)
    if not out.size:
        return out
    if out.shape[-2] == 1:  # SciPy's gtsv takes no empty diagonals
        if (middle == 0).any():
            raise singular()
        return b / middle[..., None]
    gtsv = fortran("lapack", "gtsv", b.dtype)
    for k in np.ndindex(*b.shape[:-2]):
        *_, out[k], info = gtsv(lower[k][1:], middle[k], upper[k][:-1], b[k])
        if info:
            raise singular()
    return out


def _shifted(x: Any, by: int) -> Any:
    """Rows moved down, or up; zeros where none were."""
    *lead, _, _ = shape_of(x)
    config = (*((0, 0, 0),) * len(lead), (by, -by, 0), (0, 0, 0))
    return pad(x, dtype_of(x).type(0), config)


def _linearize(nonzero: Sequence[bool], lower: Any, middle: Any, upper: Any, b: Any) -> Any:
    x = tridiagonal_solve(lower, middle, upper, b)
    neighbours = _shifted(x, 1), x, _shifted(x, -1)

    def pushforward(*tangents: Any) -> Any:
        *diagonals, right = tangents
        for t, near in zip(diagonals, neighbours, strict=True):
            if t is not None:
                moved = mul(rows(t, shape_of(x)), near)
                right = neg(moved) if right is None else sub(right, moved)
        return tridiagonal_solve(lower, middle, upper, right)

    return x, pushforward


def _vector_shifted(d: Any, by: int) -> Any:
    config = (*((0, 0, 0),) * (len(shape_of(d)) - 1), (by, -by, 0))
    return pad(d, dtype_of(d).type(0), config)


def _transpose(ct: Any, lower: Any, middle: Any, upper: Any, b: Accumulator) -> None:
    b.add(tridiagonal_solve(_vector_shifted(upper, 1), middle, _vector_shifted(lower, -1), ct))


def _lower(avals: Sequence[Aval], out: Aval) -> kernel.Word:
    return native_or_fallback(avals, kernel.Routine("tridiagonal_solve", (3, 0, 1, 2)))


tridiagonal_solve_p: Primitive = Primitive(
    "tridiagonal_solve",
    _abstract,
    _impl,
    _linearize,
    _transpose,
    batch_matrices(lambda: tridiagonal_solve_p),
    _lower,
    failure=singular,
)


def tridiagonal_solve(lower: Any, middle: Any, upper: Any, b: Any) -> Any:
    """The solution of a·x = b, where a has these diagonals.

    ``lower[…, i]`` stands left of ``middle[…, i]``, ``upper[…, i]`` right of it; the first of the
    lower ones and the last of the upper ones are not read. ``b`` are matrices.

    Raises
    ------
    LinAlgError: a matrix is singular.
    """
    return bind(tridiagonal_solve_p, lower, middle, upper, b)
