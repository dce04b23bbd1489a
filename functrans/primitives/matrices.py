"""What the rules of factorisations share: matrices in the last two axes, batches in the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from functrans.core.avals import Aval, dtype_of, is_complex, is_inexact, shape_of
from functrans.core.primitive import Primitive, Rule
from functrans.core.trace import bind
from functrans.errors import DtypeError, ShapeError
from functrans.primitives.contraction import dot_general
from functrans.primitives.elementwise import eq, ge, gt
from functrans.primitives.layout import (
    batch_to_front,
    broadcast_in_dim,
    iota,
    reduce_sum,
    reshape,
    slice_axis,
    transpose,
)
from functrans.primitives.linear import add, conj, mul, real, select_n
from functrans.primitives.types import Ints

_INT = np.int64


# --- what an operand must be ---------------------------------------------------------------------


def check_matrix(name: str, x: Aval) -> Ints:
    """The shape of an array of floating or complex matrices."""
    if x.ndim < 2:
        raise ShapeError(f"{name} needs matrices, not an array of shape {x.shape}.")
    if not is_inexact(x.dtype) or x.dtype.itemsize < 4:
        raise DtypeError(
            f"{name} needs float32, float64 or complex numbers, not {x.dtype}.",
            "Convert the matrix with x.astype(float).",
        )
    return x.shape


def check_square(name: str, x: Aval) -> int:
    """The size of the square matrices in an array."""
    shape = check_matrix(name, x)
    if shape[-1] != shape[-2]:
        raise ShapeError(f"{name} needs square matrices, not an array of shape {shape}.")
    return shape[-1]


def check_same(name: str, *avals: Aval) -> None:
    """Operands of one dtype with the same batch axes."""
    if len({(a.shape[:-2], a.dtype) for a in avals}) > 1:
        raise ShapeError(
            f"{name} got operands of types {', '.join(map(str, avals))}.",
            "Give operands of one dtype and with equal leading axes.",
        )


def part_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of real and imaginary parts."""
    part: np.dtype[Any] = dtype.type(0).real.dtype
    return part


# --- rules ---------------------------------------------------------------------------------------


def each(*arrays: Any) -> Iterator[tuple[Any, ...]]:
    """The matrices of arrays with equal leading axes, one from each."""
    lead = arrays[0].shape[:-2]
    for index in np.ndindex(*lead):
        yield tuple(a[index] for a in arrays)


@cache
def fortran(library: str, name: str, dtype: np.dtype[Any]) -> Callable[..., Any]:
    """SciPy's function of a routine of "blas" or "lapack", for matrices of one dtype."""
    import scipy.linalg.blas  # one of SciPy's larger parts: only programs that solve need it
    import scipy.linalg.lapack  # the same

    if library == "blas":
        return scipy.linalg.blas.get_blas_funcs(name, dtype=dtype)  # type: ignore[no-any-return]
    return scipy.linalg.lapack.get_lapack_funcs(name, dtype=dtype)  # type: ignore[no-any-return]


def batch_matrices(get: Callable[[], Primitive]) -> Rule:
    """The batch rule of primitives that take any leading axes: the new one comes first."""

    def batch(size: int, args: Sequence[Any], dims: Sequence[int | None], **params: Any) -> Any:
        primitive = get()
        moved = [batch_to_front(size, x, d) for x, d in zip(args, dims, strict=True)]
        out = bind(primitive, *moved, **params)
        return out, [0] * len(out) if primitive.multiple else 0

    return batch


# --- algebra -------------------------------------------------------------------------------------


def matrix_transpose(x: Any) -> Any:
    ndim = len(shape_of(x))
    return transpose(x, (*range(ndim - 2), ndim - 1, ndim - 2))


def adjoint(x: Any) -> Any:
    """The conjugate transpose."""
    return conj(matrix_transpose(x))


def matmul(x: Any, y: Any) -> Any:
    """The products of matrices with equal leading axes."""
    ndim = len(shape_of(x))
    lead = tuple(range(ndim - 2))
    return dot_general(x, y, (((ndim - 1,), (ndim - 2,)), (lead, lead)))


def real_part(x: Any) -> Any:
    return real(x) if is_complex(dtype_of(x)) else x


def _coordinates(shape: Ints) -> tuple[Any, Any]:
    n = len(shape)
    return iota(_INT, shape, n - 2), iota(_INT, shape, n - 1)


def lower_triangle(x: Any, strict: bool = False) -> Any:
    """The elements below the diagonal, and those on it unless ``strict``; zeros elsewhere."""
    row, column = _coordinates(shape_of(x))
    return _where((gt if strict else ge)(row, column), x)


def upper_triangle(x: Any, strict: bool = False) -> Any:
    """The elements above the diagonal, and those on it unless ``strict``; zeros elsewhere."""
    row, column = _coordinates(shape_of(x))
    return _where((gt if strict else ge)(column, row), x)


def _where(keep: Any, x: Any) -> Any:
    return select_n(keep, dtype_of(x).type(0), x)


def on_diagonal(shape: Ints) -> Any:
    """True on the diagonals of matrices."""
    return eq(*_coordinates(shape))


def identity_like(x: Any) -> Any:
    """Identity matrices of the shape and dtype of ``x``."""
    one = dtype_of(x).type(1)
    return select_n(on_diagonal(shape_of(x)), dtype_of(x).type(0), one)


def diagonal(x: Any) -> Any:
    """The main diagonals of matrices: a layout of them, never a copy."""
    *lead, m, n = shape_of(x)
    k = min(m, n)
    if k == 0:
        return reshape(x, (*lead, 0))
    x = slice_axis(x, len(lead), 0, k)
    flat = reshape(x, (*lead, k * n))
    return slice_axis(flat, len(lead), 0, (k - 1) * (n + 1) + 1, n + 1)


def trace(x: Any) -> Any:
    d = diagonal(x)
    return reduce_sum(d, (len(shape_of(d)) - 1,))


def columns(v: Any, shape: Ints) -> Any:
    """``v[…, j]`` at every element ``(…, i, j)`` of ``shape``."""
    n = len(shape)
    return broadcast_in_dim(v, shape, (*range(n - 2), n - 1))


def rows(v: Any, shape: Ints) -> Any:
    """``v[…, i]`` at every element ``(…, i, j)`` of ``shape``."""
    return broadcast_in_dim(v, shape, tuple(range(len(shape) - 1)))


def hermitian_part(x: Any) -> Any:
    """(x + xᴴ) / 2."""
    return mul(add(x, adjoint(x)), dtype_of(x).type(0.5))
