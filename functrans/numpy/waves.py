"""Angles, phases and windows: degrees, unwrap, sinc, I₀ and the Kaiser window made of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.core.trace import bind
from functrans.errors import DtypeError, ShapeError
from functrans.numpy import elementwise as el
from functrans.numpy import powers
from functrans.numpy import reductions as red
from functrans.numpy.creation import lifted
from functrans.numpy.joining import concatenate
from functrans.numpy.promote import (
    array_like,
    axis_index,
    cast,
    door,
    float_dtype,
    key_of,
    loop,
    operand,
    result_dtype,
)
from functrans.numpy.signal import diff
from functrans.numpy.ufuncs import Function, public
from functrans.primitives import elementwise as ew
from functrans.primitives import integrals, layout, linear
from functrans.typing import ArrayLike, ArrayOrScalar


@door(np.unwrap)
def unwrap(
    p: ArrayLike,
    discont: ArrayLike | None = None,
    axis: int = -1,
    *,
    period: ArrayLike = 2 * math.pi,
) -> ArrayOrScalar:
    """Phases without jumps: steps beyond half a period are changed by whole periods.

    Derivatives pass through: the derivative in ``p`` is 1, as in a sum with a constant.

    >>> fnp.unwrap(np.array([0.0, 2.0, 4.0, 0.0]), period=6.0)
    array([0., 2., 4., 6.])
    """
    p, period = array_like(p), operand(period)
    axis = axis_index(axis, len(shape_of(p)))
    n = shape_of(p)[axis]
    step = diff(p, axis=axis)
    dtype = result_dtype(step, period)
    if dtype.kind in "iu":
        high: Any = el.floor_divide(period, 2)
        either = el.equal(el.remainder(period, 2), 0)
    else:
        high, either = el.divide(period, 2), True
    limit = el.divide(period, 2) if discont is None else discont
    low = el.negative(high)
    wrapped = el.add(el.remainder(el.subtract(step, low), period), low)
    # Half a period up stays up, where the remainder would turn it down.
    stays = el.logical_and(el.logical_and(el.equal(wrapped, low), el.greater(step, 0)), either)
    change = el.subtract(el.select(stays, high, wrapped), step)
    change = el.select(el.less(el.absolute(step), limit), 0, change)
    first = layout.slice_axis(p, axis, 0, min(n, 1))
    rest = el.add(layout.slice_axis(p, axis, min(n, 1), n), red.cumsum(change, axis))
    return concatenate([cast(first, dtype), cast(rest, dtype)], axis)


@door(np.i0)
def i0(x: ArrayLike) -> ArrayOrScalar:
    """The modified Bessel function of order 0, as ``functrans.scipy.special.i0``.

    >>> ft.grad(fnp.i0)(0.0)
    np.float64(0.0)
    """
    x = array_like(x)
    if dtype_of(x).kind == "c":
        raise DtypeError("i0 takes real numbers only.")
    return bind(integrals.i0_p, cast(x, float_dtype(x)))


@door(np.kaiser)
def kaiser(M: int, beta: ArrayLike) -> ArrayOrScalar:
    """The Kaiser window of M points, I₀(β√(1 − t²)) / I₀(β) with t from −1 to 1.

    It has a derivative in ``beta``.

    >>> fnp.kaiser(3, 0.0)
    array([1., 1., 1.])
    """
    shape = array_like(beta)
    if shape_of(shape):
        raise ShapeError("beta is one number.", "Use vmap for several windows.")
    if M <= 1:
        return lifted(np.kaiser(M, 0.0))
    t = np.linspace(-1.0, 1.0, M)
    arch = np.sqrt(np.maximum(1.0 - t * t, 0.0))
    return el.divide(i0(el.multiply(arch, shape)), i0(shape))


def _scaled(ufunc: np.ufunc, factor: float, doc: str, example: str) -> Function:
    def traced(x: ArrayLike, /) -> ArrayOrScalar:
        x = operand(x)
        dtype = loop(ufunc, key_of(x))[0]
        return linear.mul(cast(x, dtype), dtype.type(factor))

    return public(ufunc.__name__, ufunc, traced, ew.with_example(doc, example), 1)


deg2rad = _scaled(
    np.deg2rad,
    math.pi / 180.0,
    "Degrees to radians.",
    "fnp.deg2rad(np.array([0.0, 180.0])) → array([0.        , 3.14159265])",
)
radians = _scaled(
    np.radians,
    math.pi / 180.0,
    "Degrees to radians.",
    "fnp.radians(np.array([0.0, 180.0])) → array([0.        , 3.14159265])",
)
rad2deg = _scaled(
    np.rad2deg,
    180.0 / math.pi,
    "Radians to degrees.",
    "fnp.rad2deg(np.array([0.0, np.pi])) → array([  0., 180.])",
)
degrees = _scaled(
    np.degrees,
    180.0 / math.pi,
    "Radians to degrees.",
    "fnp.degrees(np.array([0.0, np.pi])) → array([  0., 180.])",
)


@door(np.sinc)
def sinc(x: ArrayLike) -> ArrayOrScalar:
    """el.sin(πx) / (πx), smooth at 0 with all its derivatives.

    >>> fnp.round(ft.grad(ft.grad(fnp.sinc))(0.0), 6)
    np.float64(-3.289868)
    """
    x = array_like(x)
    x = el.multiply(cast(x, loop(np.true_divide, dtype_of(x), dtype_of(x))[0]), math.pi)
    small = el.less(el.absolute(x), 0.5)
    # Near 0 the Taylor series Σ (−x²)ᵏ / (2k+1)!, so that every derivative there is exact.
    z = el.negative(powers.square(el.select(small, x, dtype_of(x).type(0))))
    series = layout.full_like(z, 0)
    for k in range(9, -1, -1):
        series = el.add(el.multiply(series, z), 1.0 / math.factorial(2 * k + 1))
    safe = el.select(small, dtype_of(x).type(1), x)
    return el.select(small, series, el.divide(el.sin(safe), safe))
