"""Powers, with fixed exponents and with any."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.core.avals import dtype_of
from functrans.core.trace import Tracer, bind
from functrans.errors import OptionError
from functrans.numpy import elementwise as el
from functrans.numpy.promote import (
    apply_binary,
    array_like,
    broadcast,
    cast,
    key_of,
    loop,
    operand,
    strong,
)
from functrans.numpy.ufuncs import derived
from functrans.primitives import elementwise as ew
from functrans.primitives import linear
from functrans.typing import ArrayLike, ArrayOrScalar

_MOST_MULTIPLICATIONS = 32  # beyond this exponent the general power is as good


def integer_power(x: Any, exponent: int) -> Any:
    """``x`` to a Python int, whose value the program knows."""
    if dtype_of(x).kind in "iub":
        if exponent < 0 and isinstance(x, Tracer) and x.weak:  # Python's int ** −1 is a float
            x = bind(linear.convert_p, x, dtype=np.dtype(np.float64), weak=True)
        elif exponent < 0:
            raise OptionError(
                "Integers to negative integer powers are not allowed.",
                "Convert the base first: x.astype(float) ** n, or use a float exponent.",
            )
        x = cast(x, loop(np.power, key_of(x), int)[0]) if dtype_of(x).kind == "b" else x
    return ew.integer_pow(x, exponent)


@derived(np.power)
def power(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """x to the power y. A Python int as y is a fixed exponent; ``x**0`` has derivative 0.

    >>> ft.grad(fnp.power)(2.0, 3.0)
    np.float64(12.0)
    >>> ft.grad(lambda x: x**0)(0.0)
    np.float64(0.0)
    """
    x, y = operand(x), operand(y)
    if type(y) is int and abs_small(y):
        return integer_power(array_like(x) if not isinstance(x, Tracer) else strong(x), y)
    return strong(apply_binary(ew.pow_p, np.power, x, y))


def abs_small(exponent: int) -> bool:
    """Whether a fixed exponent is worth a chain of multiplications."""
    return -_MOST_MULTIPLICATIONS <= exponent <= _MOST_MULTIPLICATIONS


pow = power


@derived(np.float_power)
def float_power(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """x to the power y in at least float64.

    >>> fnp.float_power(np.array([1, 2]), -1)
    array([1. , 0.5])
    """
    x, y = operand(x), operand(y)
    dtype = loop(np.float_power, key_of(x), key_of(y))[0]
    return bind(ew.pow_p, *broadcast(cast(x, dtype), cast(y, dtype)))


@derived(np.square)
def square(x: ArrayLike, /) -> ArrayOrScalar:
    """x·x.

    >>> ft.grad(fnp.square)(3.0)
    np.float64(6.0)
    """
    x = operand(x)
    return ew.integer_pow(cast(x, loop(np.square, key_of(x))[0]), 2)


@derived(np.reciprocal)
def reciprocal(x: ArrayLike, /) -> ArrayOrScalar:
    """1 / x; of integers the integer part.

    >>> ft.grad(fnp.reciprocal)(2.0)
    np.float64(-0.25)
    """
    x = operand(x)
    x = cast(x, loop(np.reciprocal, key_of(x))[0])
    one = dtype_of(x).type(1)
    if dtype_of(x).kind in "iu":  # only ±1 have a reciprocal that is not 0
        return el.select(el.equal(el.absolute(x), one), x, dtype_of(x).type(0))
    return linear.div(one, x)


@derived(np.ldexp)
def ldexp(x: ArrayLike, exponent: ArrayLike, /) -> ArrayOrScalar:
    """x·2ⁱ.

    >>> fnp.ldexp(np.array([1.0, 1.5]), 3)
    array([ 8., 12.])
    """
    x = array_like(x)
    dtype = loop(np.ldexp, key_of(x), key_of(operand(exponent)))[0]
    return el.multiply(cast(x, dtype), el.exp2(cast(operand(exponent), dtype)))
