"""What samplers share: their dtypes and shapes, and random bits as integers and floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.core.avals import shape_of
from functrans.errors import OptionError, ShapeError
from functrans.numpy.promote import array_like, cast, common_shape, shape_tuple, to_shape
from functrans.primitives import linear
from functrans.primitives.elementwise import max_
from functrans.random.keys import hashes

Ints = tuple[int, ...]

_UNSIGNED = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}


# --- dtypes and shapes ---------------------------------------------------------------------------
# Between functions a dtype is its character, which compiled calls compare by value.


def dtype_for(name: str, dtype: Any, kinds: str, default: type) -> str:
    """The dtype's character; ``kinds`` are those that a distribution may have."""
    found = np.dtype(default if dtype is None else dtype)
    if found.kind not in kinds or found.char in "gG":
        raise OptionError(f"{name} gives no numbers of dtype {found}.")
    return found.char


def float_for(name: str, dtype: Any) -> str:
    """A floating dtype's character, float64 by default."""
    return dtype_for(name, dtype, "f", float)


def shape_for(name: str, shape: Any, *params: Any) -> Ints:
    """The result's shape: the parameters' common one, or a given one to which they broadcast."""
    common = common_shape(*map(shape_of, params))
    if shape is None:
        return common
    wanted = shape_tuple(shape)
    if common_shape(wanted, common) != wanted:
        raise ShapeError(f"{name} cannot give the shape {wanted} to parameters of shape {common}.")
    return wanted


def param(x: Any, dtype: str, shape: Ints) -> Any:
    """A parameter in the dtype and shape of the result."""
    return to_shape(cast(array_like(x), np.dtype(dtype)), shape)


# --- bits ----------------------------------------------------------------------------------------


def random_bits(word: Any, shape: Ints, width: int) -> Any:
    """Unsigned integers of ``width`` bits; both halves of a hash count where 32 do."""
    bits = hashes(word, shape)
    if width == 64:
        return bits
    return linear.convert(bits >> 32 ^ bits, np.dtype(np.uint32)).astype(_UNSIGNED[width])


def unit(word: Any, shape: Ints, dtype: str) -> Any:
    """Floats in [0, 1): as many random bits as the dtype's fraction has."""
    info = np.finfo(dtype)
    bits = random_bits(word, shape, info.bits) >> (info.bits - info.nmant)
    whole = linear.convert(bits, np.dtype(f"i{info.bits // 8}"))  # cheaper to convert than unsigned
    return linear.convert(whole, info.dtype) * info.dtype.type(2.0**-info.nmant)


def between(word: Any, shape: Ints, dtype: str, low: Any, high: Any) -> Any:
    """Floats in [low, high)."""
    floats = unit(word, shape, dtype)
    return max_(to_shape(low, shape), floats * (high - low) + low)


def coin(word: Any, shape: Ints) -> Any:
    """True or False with equal probability."""
    return unit(word, shape, "d") < 0.5
