"""Whole numbers: common divisors and multiples, and bits packed into bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.control.while_loop import while_loop
from functrans.core.avals import dtype_of, shape_of
from functrans.errors import DtypeError, OptionError
from functrans.numpy import elementwise as el
from functrans.numpy import ufuncs
from functrans.numpy.promote import (
    array_like,
    axis_index,
    cast,
    common_shape,
    door,
    key_of,
    loop,
    operand,
    to_shape,
)
from functrans.numpy.shaping import ravel
from functrans.primitives import layout, linear
from functrans.primitives import reductions as red
from functrans.typing import Array, ArrayLike, ArrayOrScalar

_BYTE = np.dtype(np.uint8)
_SHIFTS = {"big": np.arange(7, -1, -1, dtype=_BYTE), "little": np.arange(8, dtype=_BYTE)}


@ufuncs.derived(np.gcd)
def gcd(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """The greatest common divisor of whole numbers, by Euclid's algorithm.

    >>> ft.jit(fnp.gcd)(np.array([12, -18, 0]), 30)
    array([ 6,  6, 30])
    """
    x, y = operand(x), operand(y)
    dtype = loop(np.gcd, key_of(x), key_of(y))[0]
    shape = common_shape(shape_of(x), shape_of(y))
    start = tuple(el.absolute(to_shape(cast(v, dtype), shape)) for v in (x, y))
    axes = tuple(d for d, _ in enumerate(shape))

    def remains(pair: Any) -> Any:
        return red.reduce_or(el.not_equal(pair[1], dtype.type(0)), axes)

    def divided(pair: Any) -> Any:
        a, b = pair
        done = el.equal(b, dtype.type(0))
        rest = el.remainder(a, el.select(done, dtype.type(1), b))
        return el.select(done, a, b), el.select(done, dtype.type(0), rest)

    return el.absolute(while_loop(remains, divided, start)[0])


@ufuncs.derived(np.lcm)
def lcm(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """The least common multiple of whole numbers; 0 if one of them is 0.

    >>> fnp.lcm(np.array([4, 6, 0]), 10)
    array([20, 30,  0])
    """
    divisor = gcd(x, y)
    a, b = (el.absolute(cast(operand(v), dtype_of(divisor))) for v in (x, y))
    return el.multiply(el.floor_divide(a, el.maximum(divisor, 1)), b)


@door(np.packbits)
def packbits(a: ArrayLike, /, axis: int | None = None, bitorder: str = "big") -> Array:
    """Bytes of eight truth values each along an axis, the last one filled up with zeros.

    >>> fnp.packbits(np.array([0, 0, 0, 0, 0, 1, 1, 0, 1]))
    array([  6, 128], dtype=uint8)
    """
    x = array_like(a)
    if dtype_of(x).kind not in "iub":
        raise DtypeError(f"packbits takes whole numbers or booleans, not {dtype_of(x)}.")
    shifts = _bit_order(bitorder)
    x, axis = (ravel(x), 0) if axis is None else (x, axis_index(axis, len(shape_of(x))))
    n = shape_of(x)[axis]
    bits = cast(el.truth(x), _BYTE)
    bits = linear.pad(
        bits, _BYTE.type(0), tuple((0, -n % 8 if d == axis else 0, 0) for d in range(bits.ndim))
    )
    *front, length = shape_of(bits)[: axis + 1]
    bits = layout.reshape(bits, (*front, length // 8, 8, *shape_of(bits)[axis + 1 :]))
    weights = layout.reshape(shifts, (8,) + (1,) * (len(shape_of(bits)) - axis - 2))
    return layout.reduce_sum(el.left_shift(bits, weights), (axis + 1,))


@door(np.unpackbits)
def unpackbits(
    a: ArrayLike, /, axis: int | None = None, count: int | None = None, bitorder: str = "big"
) -> Array:
    """The bits of bytes along an axis, as zeros and ones.

    ``count`` is how many of them to keep, zeros filling up; if negative, how many to leave out.

    >>> fnp.unpackbits(np.array([6], np.uint8))
    array([0, 0, 0, 0, 0, 1, 1, 0], dtype=uint8)
    """
    x = array_like(a)
    if dtype_of(x) != _BYTE:
        raise DtypeError(f"unpackbits takes bytes, not {dtype_of(x)}.", "Use x.astype(np.uint8).")
    shifts = _bit_order(bitorder)
    x, axis = (ravel(x), 0) if axis is None else (x, axis_index(axis, len(shape_of(x))))
    shape = shape_of(x)
    shifts = layout.reshape(shifts, (8,) + (1,) * (len(shape) - axis - 1))
    spread = el.right_shift(layout.expand_dims(x, (axis + 1,)), shifts)
    total = 8 * shape[axis]
    bits = layout.reshape(
        el.bitwise_and(spread, _BYTE.type(1)), (*shape[:axis], total, *shape[axis + 1 :])
    )
    if count is None:
        return bits
    wanted = count if count >= 0 else total + count
    if wanted < 0:
        raise OptionError(f"count={count} leaves out more than the {total} bits there are.")
    kept = layout.slice_axis(bits, axis, 0, min(wanted, total))
    widths = tuple((0, max(wanted - total, 0) if d == axis else 0, 0) for d in range(len(shape)))
    return linear.pad(kept, _BYTE.type(0), widths)


def _bit_order(name: str) -> Any:
    if name not in _SHIFTS:
        raise OptionError(f"bitorder={name!r} is not known.", "Use big or little.")
    return _SHIFTS[name]
