"""The parts of floating point numbers: mantissa and exponent, and the gap to the next number."""

from __future__ import annotations

import numpy as np

from functrans.numpy import elementwise as el
from functrans.numpy import ufuncs
from functrans.numpy.promote import cast, key_of, loop, operand
from functrans.primitives import marks
from functrans.typing import ArrayLike, ArrayOrScalar

_INT = np.dtype(np.int32)


@ufuncs.derived(np.frexp)
def frexp(x: ArrayLike, /) -> tuple[ArrayOrScalar, ArrayOrScalar]:
    """The mantissa, of magnitude in [0.5, 1), and the exponent of 2, whose product is x.

    The mantissa's derivative is 2⁻ᵉ.

    >>> fnp.frexp(np.array([6.0, -0.25]))
    (array([ 0.75, -0.5 ]), array([ 3, -1], dtype=int32))
    """
    x = operand(x)
    dtype = loop(np.frexp, key_of(x))[0]
    x = cast(x, dtype)
    limits = np.finfo(dtype)
    # Subnormal numbers have too few bits for the steps below: they are made greater first.
    lift = limits.nmant + 2
    tiny = el.less(el.absolute(x), limits.tiny)
    large = el.select(tiny, el.multiply(x, dtype.type(2.0**lift)), x)
    regular = el.logical_and(el.isfinite(x), el.not_equal(x, 0))
    safe = el.select(regular, large, dtype.type(1))
    guess = el.floor(el.log2(el.absolute(safe)))
    # Two halves of the power, of which none overflows; one binade is left to set right.
    half = el.floor(el.multiply(guess, 0.5))
    mantissa = el.multiply(
        el.multiply(safe, el.exp2(el.negative(half))), el.exp2(el.subtract(half, guess))
    )
    size = el.absolute(mantissa)
    up, down = el.greater_equal(size, 1), el.less(size, 0.5)
    mantissa = el.multiply(
        mantissa, el.select(up, dtype.type(0.5), el.select(down, dtype.type(2), dtype.type(1)))
    )
    exponent = el.subtract(el.add(cast(guess, _INT), cast(up, _INT)), cast(down, _INT))
    exponent = el.subtract(exponent, el.select(tiny, _INT.type(lift), _INT.type(0)))
    return el.select(regular, mantissa, x), el.select(regular, exponent, _INT.type(0))


@ufuncs.derived(np.spacing)
def spacing(x: ArrayLike, /) -> ArrayOrScalar:
    """The distance to the next number away from zero, with the sign of x; its derivative is 0.

    >>> fnp.spacing(np.array([1.0, -1.0]))
    array([ 2.22044605e-16, -2.22044605e-16])
    """
    x = operand(x)
    dtype = loop(np.spacing, key_of(x))[0]
    x = cast(x, dtype)
    away = el.nextafter(x, el.copysign(dtype.type(np.inf), el.add(x, 0)))
    gap = el.subtract(away, marks.stop_gradient(x))
    return el.select(el.isfinite(x), gap, dtype.type(np.nan))
