"""Distributions on whole numbers, by counting or by rejection; they have no derivatives."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.control.call import jit
from functrans.control.loops import scan
from functrans.control.while_loop import while_loop
from functrans.core.avals import dtype_of, shape_of
from functrans.errors import ShapeError
from functrans.numpy.promote import (
    array_like,
    cast,
    common_shape,
    float_dtype,
    result_dtype,
    shape_tuple,
    to_shape,
)
from functrans.primitives.elementwise import lgamma
from functrans.primitives.layout import full
from functrans.primitives.marks import stop_gradient
from functrans.random.keys import KeyLike, child, hashes, word_of
from functrans.random.sampling import Ints, dtype_for, float_for, param, shape_for, unit
from functrans.typing import ArrayLike, ArrayOrScalar, DTypeLike, Shape

_STATIC = ("shape", "dtype")


def _fixed(x: Any) -> Any:
    """A parameter as a floating array of which counts have no derivative."""
    x = array_like(x)
    return stop_gradient(cast(x, float_dtype(x)))


# --- waiting times -------------------------------------------------------------------------------


@partial(jit, static_argnames=_STATIC)
def _geometric(word: Any, p: Any, *, shape: Ints, dtype: str) -> Any:
    u = unit(word, shape, dtype_of(p).char)
    steps = fnp.floor(fnp.log(fnp.where(u == 0, 1, u)) / fnp.log1p(-p)) + 1
    return steps.astype(np.dtype(dtype))


def geometric(
    key: KeyLike, p: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """How many trials of probability ``p`` it takes to succeed, at least 1; int64 by default.

    >>> ft.random.geometric(ft.random.key(0), 0.3, (4,))
    array([3, 5, 1, 2])
    """
    p = _fixed(p)
    shape, kind = shape_for("geometric", shape, p), dtype_for("geometric", dtype, "iu", int)
    return _geometric(word_of("geometric", key), p, shape=shape, dtype=kind)


# --- Poisson -------------------------------------------------------------------------------------


def _product_counts(word: Any, rate: Any) -> Any:
    """For small rates: how many uniform numbers it takes until their product is below exp(−rate).

    D. E. Knuth, The Art of Computer Programming 2, 3.4.1.
    """

    def going(carry: Any) -> Any:
        return fnp.any(carry[2] > -rate)

    def draw(carry: Any) -> Any:
        word, count, log_product = carry
        u = unit(child(word, 1), shape_of(rate), "f")
        count = fnp.where(log_product > -rate, count + 1, count)
        return child(word, 0), count, log_product + fnp.log(u)

    zero = full(shape_of(rate), np.float32(0))
    return while_loop(going, draw, (word, full(shape_of(rate), np.int64(0)), zero))[1] - 1


def _transformed_counts(word: Any, rate: Any) -> Any:
    """For large rates: transformed rejection.

    W. Hörmann, "The transformed rejection method for generating Poisson random variables",
    Insurance: Mathematics and Economics 12 (1993), algorithm PTRS.
    """
    b = 0.931 + 2.53 * fnp.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2)

    def going(carry: Any) -> Any:
        return ~fnp.all(carry[2])

    def draw(carry: Any) -> Any:
        word, found, done = carry
        u = unit(child(word, 1), shape_of(rate), "f") - 0.5
        v = unit(child(word, 2), shape_of(rate), "f")
        near = 0.5 - fnp.abs(u)
        k = fnp.floor((2 * a / near + b) * u + rate + 0.43)
        hat = fnp.log(v * inverse_alpha / (a / (near * near) + b))
        inside = (k >= 0) & ~((near < 0.013) & (v > near))
        density = k * fnp.log(rate) - rate - lgamma(fnp.where(inside, k, 0) + 1)
        accept = (near >= 0.07) & (v <= squeeze) | inside & (hat <= density)
        return child(word, 0), fnp.where(accept, k, found), done | accept

    start = full(shape_of(rate), np.float32(-1)), full(shape_of(rate), np.bool_(False))
    return while_loop(going, draw, (word, *start))[1]


@partial(jit, static_argnames=_STATIC)
def _poisson(word: Any, rate: Any, *, shape: Ints, dtype: str) -> Any:
    rate = param(rate, "f", shape)
    small = fnp.isnan(rate) | (rate < 10)
    few = _product_counts(word, fnp.where(small, rate, 0))
    many = _transformed_counts(word, fnp.where(small, 1e5, rate))
    found = fnp.where(small, few.astype(np.dtype(dtype)), many.astype(np.dtype(dtype)))
    return fnp.where(rate == 0, 0, found)


def poisson(
    key: KeyLike, lam: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Numbers of events of rate ``lam`` ≥ 0, int64 by default; −1 for a rate that is NaN.

    Computed in float32, as JAX does, so rates are good to seven digits.

    >>> ft.random.poisson(ft.random.key(0), np.array([0.5, 3.0, 1e4]))
    array([   0,    0, 9871])
    """
    lam = _fixed(lam)
    shape, kind = shape_for("poisson", shape, lam), dtype_for("poisson", dtype, "iu", int)
    return _poisson(word_of("poisson", key), lam, shape=shape, dtype=kind)


# --- binomial ------------------------------------------------------------------------------------


def _inverted_counts(word: Any, n: Any, p: Any) -> Any:
    """For few expected successes: how many waiting times fit into ``n`` trials."""

    def going(carry: Any) -> Any:
        return fnp.any(carry[2] <= n)

    def draw(carry: Any) -> Any:
        word, count, total = carry
        u = unit(child(word, 0), shape_of(n), dtype_of(p).char)
        count = fnp.where(total <= n, count + 1, count)
        return child(word, 1), count, total + fnp.ceil(fnp.log(u) / fnp.log1p(-p))

    zero = full(shape_of(n), dtype_of(n).type(0))
    return while_loop(going, draw, (word, zero, zero))[1] - 1


_STIRLING = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
    0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
    0.00925546218271273, 0.00833056343336287,
)  # fmt: skip


def _stirling_rest(k: Any) -> Any:
    """log(k!) less Stirling's formula: a table up to 9, its series above."""
    small = fnp.clip(k, 0, 9)
    square = (small + 1) * (small + 1)
    series = (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (small + 1)
    table = fnp.asarray(np.array(_STIRLING, dtype_of(k)))
    return fnp.where(k <= 9, table[fnp.floor(small).astype(np.int64)], series)


def _rejected_counts(word: Any, n: Any, p: Any) -> Any:
    """For many expected successes: transformed rejection.

    W. Hörmann, "The generation of binomial random variates", Journal of Statistical Computation
    and Simulation 46 (1993), algorithm BTRS.
    """
    deviation = fnp.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = n * p + 0.5
    squeeze = 0.92 - 4.2 / b
    odds = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    m = fnp.floor((n + 1) * p)
    dtype = dtype_of(p).char

    def going(carry: Any) -> Any:
        return ~fnp.all(carry[2])

    def draw(carry: Any) -> Any:
        word, found, done = carry
        u = unit(child(word, 1), shape_of(n), dtype) - 0.5
        v = unit(child(word, 2), shape_of(n), dtype)
        near = 0.5 - fnp.abs(u)
        k = fnp.floor((2 * a / near + b) * u + c)
        inside = (k >= 0) & (k <= n)
        hat = fnp.log(v * alpha / (a / (near * near) + b))
        density = (
            (m + 0.5) * fnp.log((m + 1) / (odds * (n - m + 1)))
            + (n + 1) * fnp.log((n - m + 1) / (n - k + 1))
            + (k + 0.5) * fnp.log(odds * (n - k + 1) / (k + 1))
            + _stirling_rest(m)
            + _stirling_rest(n - m)
            - _stirling_rest(k)
            - _stirling_rest(n - k)
        )
        accept = (near >= 0.07) & (v <= squeeze) | inside & (hat <= density)
        return child(word, 0), fnp.where(accept, k, found), done | accept

    start = full(shape_of(n), dtype_of(n).type(-1)), full(shape_of(n), np.bool_(False))
    return while_loop(going, draw, (word, *start))[1]


@partial(jit, static_argnames=_STATIC)
def _binomial(word: Any, n: Any, p: Any, *, shape: Ints, dtype: str) -> Any:
    p = to_shape(p, shape)
    n = to_shape(cast(n, dtype_of(p)), shape)
    kind = np.dtype(dtype)
    rare = p < 0.5
    q = fnp.where(rare, p, 1.0 - p)
    unknown = fnp.isnan(n) | (n < 0) | fnp.isnan(q) | (q < 0)
    q = fnp.where(fnp.isnan(q) | (q < 0), 0.01, q)
    trials = fnp.where(fnp.isfinite(n), n, 0)
    few, whole = trials * q <= 10, fnp.floor(trials)
    by_waiting = _inverted_counts(word, fnp.where(few, whole, 0), q)
    by_rejection = _rejected_counts(word, fnp.where(few, 1e4, whole), fnp.where(few, 0.5, q))
    found = fnp.where(few, by_waiting.astype(kind), by_rejection.astype(kind))
    found = fnp.where(unknown, np.nan, found)
    found = fnp.where(fnp.isinf(n) & ~unknown, np.inf, found)
    asked = rare | fnp.isnan(n) | (n < 0) | fnp.isnan(p) | fnp.isinf(n)
    return fnp.where(asked, found, whole.astype(kind) - found)


def binomial(
    key: KeyLike,
    n: ArrayLike,
    p: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
) -> ArrayOrScalar:
    """How many of ``n`` trials of probability ``p`` succeed, as whole floats; float64 by default.

    NaN where ``n`` or ``p`` is negative or NaN.

    >>> ft.random.binomial(ft.random.key(0), 10, np.array([0.1, 0.5, 0.9]))
    array([2., 7., 8.])
    """
    n, p = _fixed(n), _fixed(p)
    shape, kind = shape_for("binomial", shape, n, p), float_for("binomial", dtype)
    return _binomial(word_of("binomial", key), n, p, shape=shape, dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _multinomial(word: Any, n: Any, p: Any, *, shape: Ints, dtype: str) -> Any:
    """Category after category, each a binomial share of the trials that remain."""
    p = fnp.moveaxis(to_shape(p, shape), -1, 0)
    n = to_shape(n, shape[:-1])
    remaining = fnp.flip(fnp.cumsum(fnp.flip(p, 0), 0), 0)
    ratios = fnp.clip(p / fnp.where(remaining == 0, 1, remaining), 0, 1)

    def category(left: Any, row: Any) -> Any:
        word, ratio = row
        count = _binomial(word, left, ratio, shape=shape[:-1], dtype=dtype_of(left).char)
        return left - count, count

    _, counts = scan(category, n, (hashes(word, (shape[-1],)), ratios))
    return fnp.moveaxis(counts, 0, -1).astype(np.dtype(dtype))


def multinomial(
    key: KeyLike,
    n: ArrayLike,
    p: ArrayLike,
    *,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
    unroll: int | bool = 1,
) -> ArrayOrScalar:
    """How many of ``n`` trials fall into each category, of probabilities ``p`` of shape ``(…, k)``.

    ``shape`` is the result's, by default that of ``p``; ``n`` has that shape without its last axis.
    ``unroll`` is accepted and ignored.

    >>> ft.random.multinomial(ft.random.key(0), 10, np.array([0.2, 0.3, 0.5]))
    array([1., 4., 5.])
    """
    n, p = _fixed(n), _fixed(p)
    common = result_dtype(n, p)
    if shape_of(p) == ():
        raise ShapeError("multinomial needs probabilities along an axis, not one number.")
    whole = shape_of(p) if shape is None else shape_tuple(shape)
    for given, wanted in ((shape_of(p), whole), (shape_of(n), whole[:-1])):
        if common_shape(given, wanted) != wanted:
            raise ShapeError(f"multinomial cannot give the shape {whole} to shapes {given}.")
    word, kind = word_of("multinomial", key), float_for("multinomial", dtype)
    return _multinomial(word, cast(n, common), cast(p, common), shape=whole, dtype=kind)
