"""Functions of few operations that have names of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import tree
from functrans.core.avals import dtype_of, is_weak, shape_of
from functrans.errors import DtypeError, ShapeError
from functrans.lax.windows import reduce
from functrans.primitives import elementwise as ew
from functrans.primitives.contraction import dot_general
from functrans.primitives.elementwise import lt, shift_right, sqrt
from functrans.primitives.layout import broadcast_to, full_like
from functrans.primitives.linear import convert, div, mul, select_n
from functrans.primitives.marks import barrier
from functrans.typing import Array, ArrayOrScalar, Operand


def square(x: Operand) -> ArrayOrScalar:
    """x².

    >>> ft.lax.square(np.array([1.0, -2.0]))
    array([1., 4.])
    """
    return mul(x, x)


def reciprocal(x: Operand) -> ArrayOrScalar:
    """1/x.

    >>> ft.lax.reciprocal(np.array([2.0, 4.0]))
    array([0.5 , 0.25])
    """
    return div(full_like(x, 1), x)


def rsqrt(x: Operand) -> ArrayOrScalar:
    """1/√x.

    >>> ft.lax.rsqrt(np.array([4.0, 16.0]))
    array([0.5 , 0.25])
    """
    return reciprocal(sqrt(x))


def select(pred: Operand, on_true: Operand, on_false: Operand) -> ArrayOrScalar:
    """``on_true`` where ``pred``, else ``on_false``.

    >>> ft.lax.select(np.array([True, False]), np.ones(2), np.zeros(2))
    array([1., 0.])
    """
    return select_n(pred, on_false, on_true)


def clamp(min: Operand, x: Operand, max: Operand) -> ArrayOrScalar:
    """x, or the bound that it lies beyond; its derivative is 0 at a bound.

    Bounds have the shape of x or rank 0.

    >>> ft.lax.clamp(0.0, np.array([-1.0, 0.5, 2.0]), 1.0)
    array([0. , 0.5, 1. ])
    """
    low, high = (_like(bound, x) for bound in (min, max))
    inside = select_n(ew.gt(x, low), low, x)
    return select_n(lt(inside, high), high, inside)


def _like(bound: Any, x: Any) -> Any:
    if shape_of(bound) not in ((), shape_of(x)):
        raise ShapeError(f"clamp got a bound of shape {shape_of(bound)} for {shape_of(x)}.")
    if is_weak(bound):
        bound = convert(bound, dtype_of(x))
    return broadcast_to(bound, shape_of(x))


def dot(lhs: Operand, rhs: Operand) -> ArrayOrScalar:
    """The product of vectors and matrices: the last axis with the first.

    >>> ft.lax.dot(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.float64(11.0)
    """
    ranks = len(shape_of(lhs)), len(shape_of(rhs))
    if not all(rank in (1, 2) for rank in ranks) or shape_of(lhs)[-1] != shape_of(rhs)[0]:
        raise ShapeError(f"dot cannot multiply {shape_of(lhs)} by {shape_of(rhs)}.")
    return dot_general(lhs, rhs, (((ranks[0] - 1,), (0,)), ((), ())))


def batch_matmul(lhs: Operand, rhs: Operand) -> Array:
    """Products of matrices, one for each element of the leading axes.

    >>> ft.lax.batch_matmul(np.ones((5, 2, 3)), np.ones((5, 3, 4))).shape
    (5, 2, 4)
    """
    rank = len(shape_of(lhs))
    if rank < 2 or len(shape_of(rhs)) != rank:
        raise ShapeError(f"batch_matmul cannot multiply {shape_of(lhs)} by {shape_of(rhs)}.")
    batch = tuple(range(rank - 2))
    return dot_general(lhs, rhs, (((rank - 1,), (rank - 2,)), (batch, batch)))


def shift_right_arithmetic(x: Operand, y: Operand) -> ArrayOrScalar:
    """x shifted right, its sign kept.

    >>> ft.lax.shift_right_arithmetic(np.array([-8]), np.array([1]))
    array([-4])
    """
    signed = np.dtype(dtype_of(x).name.removeprefix("u"))
    return convert(shift_right(convert(x, signed), convert(y, signed)), dtype_of(x))


def shift_right_logical(x: Operand, y: Operand) -> ArrayOrScalar:
    """x shifted right as bits: zeros come in.

    >>> ft.lax.shift_right_logical(np.array([-1], np.int8), np.array([4], np.int8))
    array([15], dtype=int8)
    """
    if dtype_of(x).kind not in "iu":
        raise DtypeError(f"Bits of {dtype_of(x)} cannot be shifted.")
    name = dtype_of(x).name
    unsigned = np.dtype(name if name.startswith("u") else f"u{name}")
    return convert(shift_right(convert(x, unsigned), convert(y, unsigned)), dtype_of(x))


def polygamma(m: Operand, x: Operand) -> ArrayOrScalar:
    """The m-th derivative of digamma; m is an array of x's dtype and shape, or a number.

    >>> float(ft.lax.polygamma(1.0, 1.0)) - np.pi**2 / 6 < 1e-12
    True
    """
    from functrans.scipy.special import polygamma as by_special  # that room needs SciPy

    return by_special(m, x)


def optimization_barrier(operand: Any) -> Any:
    """The tree of arrays itself; the compiler does not look through it, nor move work across.

    >>> ft.lax.optimization_barrier((1.0, np.zeros(2)))
    (1.0, array([0., 0.]))
    """
    leaves, structure = tree.flatten(operand)
    return tree.unflatten(structure, barrier(leaves, ()))


def reduce_xor(x: Operand, axes: tuple[int, ...]) -> ArrayOrScalar:
    """The exclusive or of all elements along the axes.

    >>> ft.lax.reduce_xor(np.array([1, 3, 4]), (0,))
    np.int64(6)
    """
    return reduce(x, dtype_of(x).type(0), ew.xor, axes)


__all__ = [
    "batch_matmul",
    "clamp",
    "dot",
    "optimization_barrier",
    "polygamma",
    "reciprocal",
    "reduce_xor",
    "rsqrt",
    "select",
    "shift_right_arithmetic",
    "shift_right_logical",
    "square",
]
