"""Distributions that are exact arithmetic on random bits: integers, fair floats, coins."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.control.call import jit
from functrans.core.avals import dtype_of
from functrans.errors import OptionError
from functrans.numpy.promote import array_like, cast, one_of, operand, shape_tuple
from functrans.random.keys import KeyLike, child, word_of
from functrans.random.sampling import (
    Ints,
    between,
    dtype_for,
    float_for,
    random_bits,
    shape_for,
    unit,
)
from functrans.typing import ArrayLike, ArrayOrScalar, DTypeLike, Shape

# --- bits and floats -----------------------------------------------------------------------------


@partial(jit, static_argnames=("shape", "width"))
def _bits(word: Any, *, shape: Ints, width: int) -> Any:
    return random_bits(word, shape, width)


def bits(key: KeyLike, shape: Shape = (), dtype: DTypeLike | None = None) -> ArrayOrScalar:
    """Uniform unsigned integers, uint64 by default.

    >>> ft.random.bits(ft.random.key(0), (2,), np.uint8)
    array([167, 146], dtype=uint8)
    """
    kind = np.dtype(dtype_for("bits", dtype, "u", np.uint64))
    return _bits(word_of("bits", key), shape=shape_tuple(shape), width=8 * kind.itemsize)


@partial(jit, static_argnames=("shape", "dtype"))
def _uniform(word: Any, low: Any, high: Any, *, shape: Ints, dtype: str) -> Any:
    low, high = (cast(x, np.dtype(dtype)) for x in (low, high))
    return between(word, shape, dtype, low, high)


def uniform(
    key: KeyLike,
    shape: Shape = (),
    dtype: DTypeLike | None = None,
    minval: ArrayLike = 0.0,
    maxval: ArrayLike = 1.0,
) -> ArrayOrScalar:
    """Uniform floats in [minval, maxval); differentiable in both.

    >>> ft.random.uniform(ft.random.key(0), (3,))
    array([0.41845711, 0.21629545, 0.96532146])
    """
    low, high = operand(minval), operand(maxval)
    shape = shape_for("uniform", shape_tuple(shape), low, high)
    word = word_of("uniform", key)
    return _uniform(word, low, high, shape=shape, dtype=float_for("uniform", dtype))


@partial(jit, static_argnames=("shape", "high"))
def _bernoulli(word: Any, p: Any, *, shape: Ints, high: bool) -> Any:
    p = array_like(p)
    dtype = dtype_of(p).char
    if not high:
        return unit(word, shape, dtype) < p
    coarse, fine = unit(word, (2, *shape), dtype)
    return fine * dtype_of(p).type(2.0 ** -np.finfo(dtype).nmant) < p - coarse


def bernoulli(
    key: KeyLike, p: ArrayLike = 0.5, shape: Shape | None = None, mode: str = "low"
) -> ArrayOrScalar:
    """True with probability ``p``; booleans of the given shape, or that of ``p``.

    Mode "high" takes twice the bits, so that probabilities below 1e-7 in float32 come out right.

    >>> ft.random.bernoulli(ft.random.key(0), 0.5, (3,))
    array([ True,  True, False])
    """
    p = operand(p)
    if dtype_of(p).kind != "f":
        raise OptionError(f"bernoulli needs a floating probability, not {dtype_of(p)}.")
    one_of("mode", mode, "low", "high")
    shape = shape_for("bernoulli", shape, p)
    return _bernoulli(word_of("bernoulli", key), p, shape=shape, high=mode == "high")


def rademacher(key: KeyLike, shape: Shape = (), dtype: DTypeLike | None = None) -> ArrayOrScalar:
    """1 or −1 with equal probability, int64 by default.

    >>> ft.random.rademacher(ft.random.key(1), (4,))
    array([ 1,  1, -1, -1])
    """
    kind = np.dtype(dtype_for("rademacher", dtype, "iufc", int))
    return cast(2 * bernoulli(key, 0.5, shape_tuple(shape)).astype(kind) - 1, kind)


# --- integers ------------------------------------------------------------------------------------


def _remainder(x: Any, n: Any) -> Any:
    """x mod n, where an n of 0 stands for the dtype's 2^bits."""
    return fnp.where(n == 0, x, x % fnp.where(n == 0, 1, n))


def _clipped(x: Any, dtype: np.dtype[Any]) -> Any:
    """An integer moved to the nearest one that ``dtype`` has."""
    own, other = np.iinfo(dtype_of(x)), np.iinfo(dtype)
    return cast(fnp.clip(x, max(own.min, other.min), min(own.max, other.max)), dtype)


@partial(jit, static_argnames=("shape", "dtype"))
def _randint(word: Any, low: Any, high: Any, *, shape: Ints, dtype: str) -> Any:
    kind = np.dtype(dtype)
    width = 8 * kind.itemsize
    low, high = array_like(low), array_like(high)
    beyond = high > min(np.iinfo(kind).max, np.iinfo(dtype_of(high)).max)
    low, high = _clipped(low, kind), _clipped(high, kind)
    with np.errstate(over="ignore"):  # wraps on purpose
        span = cast(high - low, np.dtype(f"u{kind.itemsize}"))
        span = fnp.where(high <= low, 1, span)
        span = fnp.where(beyond & (high > low), span + 1, span)
        upper, lower = (random_bits(child(word, i), shape, width) for i in (0, 1))
        power = _remainder(fnp.full_like(span, 2 ** (width // 2)), span)
        power = _remainder(power * power, span)
        offset = _remainder(upper, span) * power + _remainder(lower, span)
        return low + cast(_remainder(offset, span), kind)


def randint(
    key: KeyLike, shape: Shape, minval: ArrayLike, maxval: ArrayLike, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Integers in [minval, maxval), int64 by default; minval where the interval is empty.

    Computed modulo the interval's length from twice the bits of the dtype (of 32 bits for narrow
    dtypes), so the bias of lengths that are no powers of two is at most that length over 2⁶⁴.

    >>> ft.random.randint(ft.random.key(0), (5,), 0, 10)
    array([5, 1, 5, 7, 3])
    """
    kind = np.dtype(dtype_for("randint", dtype, "iu", int))
    low, high = _integer(minval), _integer(maxval)
    shape = shape_for("randint", shape_tuple(shape), low, high)
    wide = kind
    if kind.itemsize < 4:
        wide, limits = np.dtype(np.int32), np.iinfo(kind)
        low = fnp.clip(cast(low, wide), limits.min, limits.max)
        high = fnp.clip(cast(high, wide), limits.min, limits.max + 1)
    found = _randint(word_of("randint", key), low, high, shape=shape, dtype=wide.char)
    return found.astype(kind) if wide != kind else found


def _integer(x: Any) -> Any:
    x = array_like(x)
    return x if dtype_of(x).kind in "iu" else cast(x, np.dtype(np.int64))
