"""Linear systems of ``numpy.linalg``: solutions, inverses and determinants of square matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import OptionError, ShapeError
from functrans.numpy import contraction as con
from functrans.numpy import shaping as sh
from functrans.numpy.promote import (
    array_like,
    axis_index,
    cast,
    common_shape,
    door,
    result_dtype,
    to_shape,
)
from functrans.primitives import layout, lu
from functrans.primitives.matrices import identity_like
from functrans.typing import Array, ArrayLike, ArrayOrScalar

if TYPE_CHECKING:
    from numpy.linalg._linalg import SlogdetResult


def matrices(name: str, *operands: Any) -> list[Array]:
    """Operands in the one dtype in which ``numpy.linalg`` computes.

    Raises
    ------
    ShapeError: one of them is no matrix.
    """
    xs = [array_like(x) for x in operands]
    for x in xs:
        if len(shape_of(x)) < 2:
            raise ShapeError(f"{name} needs matrices, not an array of shape {shape_of(x)}.")
    dtype = result_dtype(*xs)
    if dtype.kind not in "fc":
        dtype = np.dtype(np.float64)
    return [cast(x, dtype) for x in xs]


def square(name: str, x: Any) -> Array:
    """One operand as :func:`matrices` gives it, which must be square."""
    (x,) = matrices(name, x)
    rows, columns = shape_of(x)[-2:]
    if rows != columns:
        raise ShapeError(f"{name} needs square matrices, not an array of shape {shape_of(x)}.")
    return x


def side_by_side(*xs: Any) -> list[Array]:
    """Matrices with their leading axes broadcast."""
    lead = common_shape(*(shape_of(x)[:-2] for x in xs))
    return [to_shape(x, lead + shape_of(x)[-2:]) for x in xs]


@door(np.linalg.solve)
def solve(a: ArrayLike, b: ArrayLike) -> Array:
    """The solution x of a·x = b for square matrices a.

    ``b`` is one vector, or matrices whose leading axes broadcast with those of ``a``.

    Raises
    ------
    LinAlgError: a matrix is singular; compiled and under ``vmap`` too, where one example is enough.

    >>> ft.grad(lambda b: fnp.linalg.solve(np.array([[2.0, 0.0], [0.0, 4.0]]), b).sum())(np.ones(2))
    array([0.5 , 0.25])
    """
    b = array_like(b)
    vector = len(shape_of(b)) == 1
    a, b = matrices("solve", a, layout.expand_dims(b, (1,)) if vector else b)
    a = square("solve", a)
    if shape_of(b)[-2] != shape_of(a)[-1]:
        raise ShapeError(f"solve got operands of shapes {shape_of(a)} and {shape_of(b)}.")
    a, b = side_by_side(a, b)
    x = lu.lu_solve(a, *lu.factored(a), b)
    return layout.reshape(x, shape_of(x)[:-1]) if vector else x


@door(np.linalg.inv)
def inv(a: ArrayLike) -> Array:
    """The inverses of square matrices.

    Raises
    ------
    LinAlgError: a matrix is singular.

    >>> fnp.linalg.inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    a = square("inv", a)
    return lu.lu_solve(a, *lu.factored(a), identity_like(a))


@door(np.linalg.det)
def det(a: ArrayLike) -> ArrayOrScalar:
    """The determinants of square matrices.

    The derivative is the adjugate, at singular matrices too; there, second derivatives are NaN
    from size 4 on.

    >>> ft.grad(fnp.linalg.det)(np.array([[1.0, 2.0], [2.0, 4.0]]))
    array([[ 4., -2.],
           [-2.,  1.]])
    """
    a = square("det", a)
    n = shape_of(a)[-1]
    if n > 3:
        return lu.det(a, *lu.factored(a))
    if n == 0:
        return layout.full(shape_of(a)[:-2], dtype_of(a).type(1))
    entries = [[a[..., i, j] for j in range(n)] for i in range(n)]
    return _expanded(entries)


def _expanded(rows: list[list[Any]]) -> Any:
    """The determinant by minors of the first row."""
    first, *rest = rows
    if not rest:
        return first[0]
    total = None
    for j, x in enumerate(first):
        term = x * _expanded([row[:j] + row[j + 1 :] for row in rest])
        total = term if total is None else total - term if j % 2 else total + term
    return total


_SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))


@door(np.linalg.slogdet)
def slogdet(a: ArrayLike) -> SlogdetResult:
    """Signs of determinants and logarithms of their absolute values: ``(sign, logabsdet)``.

    The derivative at a singular matrix raises LinAlgError.

    >>> sign, log = fnp.linalg.slogdet(np.array([[2.0, 0.0], [0.0, -4.0]]))
    >>> float(sign), round(float(log), 4)
    (-1.0, 2.0794)
    """
    a = square("slogdet", a)
    return _SlogdetResult(*lu.slogdet(a, *lu.factored(a)))


@door(np.linalg.tensorsolve)
def tensorsolve(a: ArrayLike, b: ArrayLike, axes: Sequence[int] | None = None) -> Array:
    """The x whose tensor product with ``a`` over all axes of x is ``b``.

    >>> fnp.linalg.tensorsolve(np.eye(4).reshape(2, 2, 4) * 2, np.ones((2, 2)))
    array([0.5, 0.5, 0.5, 0.5])
    """
    a, b = array_like(a), array_like(b)
    rank = len(shape_of(a))
    if axes is not None:
        moved = [axis_index(k, rank) for k in axes]
        kept = [k for k in range(rank) if k not in moved]
        a = layout.transpose(a, (*kept, *moved))
    shape = shape_of(a)[len(shape_of(b)) :]
    n = math.prod(shape)
    if math.prod(shape_of(a)) != n * n:
        raise ShapeError(f"tensorsolve got arrays of shapes {shape_of(a)} and {shape_of(b)}.")
    return layout.reshape(solve(sh.reshape(a, (n, n)), sh.ravel(b)), shape)


@door(np.linalg.tensorinv)
def tensorinv(a: ArrayLike, ind: int = 2) -> Array:
    """The inverse of the linear map that a tensor product over its last axes is.

    ``ind`` says how many leading axes are those of the map's result.

    >>> fnp.linalg.tensorinv(np.eye(4).reshape(2, 2, 4) * 2).shape
    (4, 2, 2)
    """
    a = array_like(a)
    if ind <= 0:
        raise OptionError(f"tensorinv got ind={ind}.", "Give a positive number of axes.")
    first, last = shape_of(a)[:ind], shape_of(a)[ind:]
    if math.prod(first) != math.prod(last):
        raise ShapeError(f"tensorinv with ind={ind} got an array of shape {shape_of(a)}.")
    inverse = inv(layout.reshape(a, (math.prod(first), math.prod(last))))
    return layout.reshape(inverse, last + first)


@door(np.linalg.matrix_power)
def matrix_power(a: ArrayLike, n: int) -> Array:
    """A square matrix to an integer power, by repeated squaring.

    A negative one is a power of the inverse.

    >>> fnp.linalg.matrix_power(np.array([[1, 1], [0, 1]]), 5)
    array([[1, 5],
           [0, 1]])
    """
    a = array_like(a)
    dims = shape_of(a)
    if len(dims) < 2 or dims[-1] != dims[-2]:
        raise ShapeError(f"matrix_power needs square matrices, not shape {dims}.")
    if n == 0:
        return sh.broadcast_to(np.eye(dims[-1], dtype=dtype_of(a)), dims)
    a, n = (inv(a), -n) if n < 0 else (a, n)
    result: Any = None
    power = a
    while True:
        if n & 1:
            result = power if result is None else con.matmul(result, power)
        n >>= 1
        if not n:
            return result
        power = con.matmul(power, power)
