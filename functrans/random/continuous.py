"""Continuous distributions that are functions of uniform or normal numbers.

Their derivatives in the parameters are those of the functions. Densities are named as in SciPy's
``scipy.stats``.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.control.call import jit
from functrans.core.avals import dtype_of, shape_of
from functrans.numpy.promote import cast, common_shape, one_of, operand, shape_tuple
from functrans.primitives.elementwise import erf, erf_inv, nextafter
from functrans.primitives.linear import convert
from functrans.primitives.marks import stop_gradient
from functrans.random.keys import KeyLike, child, word_of
from functrans.random.sampling import (
    Ints,
    between,
    coin,
    dtype_for,
    float_for,
    param,
    random_bits,
    shape_for,
    unit,
)
from functrans.typing import ArrayLike, ArrayOrScalar, DTypeLike, Shape

_STATIC = ("shape", "dtype")


def _open_unit(word: Any, shape: Ints, dtype: str) -> Any:
    """Floats in (0, 1), whose logarithm is finite."""
    info = np.finfo(dtype)
    return between(word, shape, dtype, info.tiny, info.dtype.type(1))


# --- normal --------------------------------------------------------------------------------------


def _inverse_erf(x: Any) -> Any:
    if dtype_of(x) != np.float16:
        return erf_inv(x)
    return convert(erf_inv(convert(x, np.dtype(np.float32))), dtype_of(x))


def standard_normal(word: Any, shape: Ints, dtype: str) -> Any:
    """√2·erf⁻¹ of uniform numbers in (−1, 1)."""
    one = np.dtype(dtype).type(1)
    u = between(word, shape, dtype, np.nextafter(-one, one), one)
    return _inverse_erf(u) * math.sqrt(2)


def standard_numbers(word: Any, shape: Ints, dtype: str) -> Any:
    """Standard normal numbers, real or complex."""
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return standard_normal(word, shape, dtype)
    part = kind.type(0).real.dtype.char
    re, im = (standard_normal(child(word, i), shape, part).astype(kind) for i in (0, 1))
    return (re + 1j * im) / kind.type(math.sqrt(2))


@partial(jit, static_argnames=_STATIC)
def _normal(word: Any, *, shape: Ints, dtype: str) -> Any:
    return standard_numbers(word, shape, dtype)


def normal(key: KeyLike, shape: Shape = (), dtype: DTypeLike | None = None) -> ArrayOrScalar:
    """Standard normal numbers; complex ones have variance 1, half in each part.

    >>> ft.random.normal(ft.random.key(0), (2,))
    array([-0.20584214, -0.78476578])
    """
    kind = dtype_for("normal", dtype, "fc", float)
    return _normal(word_of("normal", key), shape=shape_tuple(shape), dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _truncated_normal(word: Any, lower: Any, upper: Any, *, shape: Ints, dtype: str) -> Any:
    lower, upper = param(lower, dtype, shape), param(upper, dtype, shape)
    root = math.sqrt(2)
    x = erf_inv(between(word, shape, dtype, erf(lower / root), erf(upper / root))) * root
    infinite = np.dtype(dtype).type(np.inf)
    least = nextafter(stop_gradient(lower), infinite)
    return fnp.clip(x, least, nextafter(stop_gradient(upper), -infinite))


def truncated_normal(
    key: KeyLike,
    lower: ArrayLike,
    upper: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
) -> ArrayOrScalar:
    """Standard normal numbers given that they are between ``lower`` and ``upper``.

    >>> ft.random.truncated_normal(ft.random.key(0), -1.0, 1.0, (2,))
    array([-0.13999612, -0.50631466])
    """
    lower, upper = operand(lower), operand(upper)
    shape = shape_for("truncated_normal", shape, lower, upper)
    word, kind = word_of("truncated_normal", key), float_for("truncated_normal", dtype)
    return _truncated_normal(word, lower, upper, shape=shape, dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _lognormal(word: Any, sigma: Any, *, shape: Ints, dtype: str) -> Any:
    return fnp.exp(standard_normal(word, shape, dtype) * param(sigma, dtype, shape))


def lognormal(
    key: KeyLike, sigma: ArrayLike = 1.0, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """exp of normal numbers with standard deviation ``sigma``.

    >>> ft.random.lognormal(ft.random.key(0), 0.5, (2,))
    array([0.90219818, 0.67544544])
    """
    sigma = operand(sigma)
    shape = shape_for("lognormal", shape, sigma)
    word, kind = word_of("lognormal", key), float_for("lognormal", dtype)
    return _lognormal(word, sigma, shape=shape, dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _maxwell(word: Any, *, shape: Ints, dtype: str) -> Any:
    return fnp.linalg.norm(standard_normal(word, (*shape, 3), dtype), axis=-1)


def maxwell(key: KeyLike, shape: Shape = (), dtype: DTypeLike | None = None) -> ArrayOrScalar:
    """Lengths of vectors of three standard normal numbers.

    >>> ft.random.maxwell(ft.random.key(0), (2,))
    array([1.98906991, 0.42460738])
    """
    kind = float_for("maxwell", dtype)
    return _maxwell(word_of("maxwell", key), shape=shape_tuple(shape), dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _double_sided_maxwell(word: Any, loc: Any, scale: Any, *, shape: Ints, dtype: str) -> Any:
    sizes = _maxwell(child(word, 0), shape=shape, dtype=dtype)
    signs = coin(child(word, 1), shape)
    loc, scale = param(loc, dtype, shape), param(scale, dtype, shape)
    return fnp.where(signs, sizes, -sizes) * scale + loc


def double_sided_maxwell(
    key: KeyLike,
    loc: ArrayLike,
    scale: ArrayLike,
    shape: Shape = (),
    dtype: DTypeLike | None = None,
) -> ArrayOrScalar:
    """``loc`` ± ``scale`` times Maxwell numbers, either sign with equal probability.

    The result has the shape ``shape``, by default that of the parameters, and after it the
    parameters' shape.

    >>> ft.random.double_sided_maxwell(ft.random.key(0), 1.0, 2.0, (2,))
    array([ 4.96922408, -3.9564148 ])
    """
    loc, scale = operand(loc), operand(scale)
    params = common_shape(shape_of(loc), shape_of(scale))
    shape = (*(shape_tuple(shape) or params), *params)
    word, kind = word_of("double_sided_maxwell", key), float_for("double_sided_maxwell", dtype)
    return _double_sided_maxwell(word, loc, scale, shape=shape, dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _wald(word: Any, mean: Any, *, shape: Ints, dtype: str) -> Any:
    mean = param(mean, dtype, shape)
    y = standard_normal(child(word, 0), shape, dtype) ** 2
    z = unit(child(word, 1), shape, dtype)
    square = mean * mean
    x = mean + square * y / 2 - mean / 2 * fnp.sqrt(4 * mean * y + square * (y * y))
    return fnp.where(z <= mean / (mean + x), x, square / x)


def wald(
    key: KeyLike, mean: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Inverse Gaussian numbers of the given mean and scale 1.

    By the transformation of J. R. Michael, W. R. Schucany and R. W. Haas, The American
    Statistician 30 (1976).

    >>> ft.random.wald(ft.random.key(0), 1.0, (2,))
    array([0.18700294, 1.61073217])
    """
    mean = operand(mean)
    shape = shape_for("wald", shape, mean)
    return _wald(word_of("wald", key), mean, shape=shape, dtype=float_for("wald", dtype))


# --- by inverse distribution functions -----------------------------------------------------------


@partial(jit, static_argnames=_STATIC)
def _cauchy(word: Any, *, shape: Ints, dtype: str) -> Any:
    info = np.finfo(dtype)
    return fnp.tan(math.pi * (between(word, shape, dtype, info.eps, info.dtype.type(1)) - 0.5))


def cauchy(key: KeyLike, shape: Shape = (), dtype: DTypeLike | None = None) -> ArrayOrScalar:
    """Standard Cauchy numbers.

    >>> ft.random.cauchy(ft.random.key(0), (2,))
    array([-0.26192951, -1.23784602])
    """
    kind = float_for("cauchy", dtype)
    return _cauchy(word_of("cauchy", key), shape=shape_tuple(shape), dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _exponential(word: Any, *, shape: Ints, dtype: str) -> Any:
    return standard_exponential(word, shape, dtype)


def standard_exponential(word: Any, shape: Ints, dtype: str) -> Any:
    """−log(1 − u) of uniform u in [0, 1)."""
    return -fnp.log1p(-unit(word, shape, dtype))


def exponential(key: KeyLike, shape: Shape = (), dtype: DTypeLike | None = None) -> ArrayOrScalar:
    """Exponential numbers of mean 1.

    >>> ft.random.exponential(ft.random.key(0), (2,))
    array([0.54207056, 0.24372319])
    """
    kind = float_for("exponential", dtype)
    return _exponential(word_of("exponential", key), shape=shape_tuple(shape), dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _pareto(word: Any, b: Any, *, shape: Ints, dtype: str) -> Any:
    return fnp.exp(standard_exponential(word, shape, dtype) / param(b, dtype, shape))


def pareto(
    key: KeyLike, b: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Pareto numbers from 1 on, of the density b / x^(b + 1).

    >>> ft.random.pareto(ft.random.key(0), 2.0, (2,))
    array([1.31132133, 1.12959775])
    """
    b = operand(b)
    shape = shape_for("pareto", shape, b)
    return _pareto(word_of("pareto", key), b, shape=shape, dtype=float_for("pareto", dtype))


@partial(jit, static_argnames=_STATIC)
def _rayleigh(word: Any, scale: Any, *, shape: Ints, dtype: str) -> Any:
    return param(scale, dtype, shape) * fnp.sqrt(fnp.log(unit(word, shape, dtype)) * -2)


def rayleigh(
    key: KeyLike, scale: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Rayleigh numbers of the given scale; infinite once in 2⁵² draws.

    >>> ft.random.rayleigh(ft.random.key(0), 1.0, (2,))
    array([1.31998551, 1.74991998])
    """
    scale = operand(scale)
    shape = shape_for("rayleigh", shape, scale)
    word, kind = word_of("rayleigh", key), float_for("rayleigh", dtype)
    return _rayleigh(word, scale, shape=shape, dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _weibull_min(word: Any, scale: Any, power: Any, *, shape: Ints, dtype: str) -> Any:
    kind = np.dtype(dtype)
    scale, power = cast(scale, kind), cast(power, kind)
    return standard_exponential(word, shape, dtype) ** (1.0 / power) * scale


def weibull_min(
    key: KeyLike,
    scale: ArrayLike,
    concentration: ArrayLike,
    shape: Shape = (),
    dtype: DTypeLike | None = None,
) -> ArrayOrScalar:
    """Weibull numbers: ``scale`` times exponential ones to the power 1/``concentration``.

    The parameters' shape and ``shape`` are broadcast together.

    >>> ft.random.weibull_min(ft.random.key(0), 1.0, 2.0, (2,))
    array([0.73625441, 0.49368328])
    """
    scale, power = operand(scale), operand(concentration)
    word, kind = word_of("weibull_min", key), float_for("weibull_min", dtype)
    return _weibull_min(word, scale, power, shape=shape_tuple(shape), dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _laplace(word: Any, *, shape: Ints, dtype: str) -> Any:
    info = np.finfo(dtype)
    one = info.dtype.type(1)
    u = between(word, shape, dtype, info.epsneg - one, one)
    return fnp.sign(u) * fnp.log1p(-fnp.abs(u))


def laplace(key: KeyLike, shape: Shape = (), dtype: DTypeLike | None = None) -> ArrayOrScalar:
    """Standard Laplace numbers, of the density exp(−|x|) / 2.

    >>> ft.random.laplace(ft.random.key(0), (2,))
    array([0.17803369, 0.83796278])
    """
    kind = float_for("laplace", dtype)
    return _laplace(word_of("laplace", key), shape=shape_tuple(shape), dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _logistic(word: Any, *, shape: Ints, dtype: str) -> Any:
    x = _open_unit(word, shape, dtype)
    return fnp.log(x) - fnp.log1p(-x)


def logistic(key: KeyLike, shape: Shape = (), dtype: DTypeLike | None = None) -> ArrayOrScalar:
    """Standard logistic numbers.

    >>> ft.random.logistic(ft.random.key(0), (2,))
    array([-0.32911032, -1.28738678])
    """
    kind = float_for("logistic", dtype)
    return _logistic(word_of("logistic", key), shape=shape_tuple(shape), dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _triangular(word: Any, left: Any, mode: Any, right: Any, *, shape: Ints, dtype: str) -> Any:
    left, mode, right = (param(x, dtype, shape) for x in (left, mode, right))
    u = unit(word, shape, dtype)
    rising = left + fnp.sqrt(u * (right - left) * (mode - left))
    falling = right - fnp.sqrt((1 - u) * (right - left) * (right - mode))
    return fnp.where(u < (mode - left) / (right - left), rising, falling)


def triangular(
    key: KeyLike,
    left: ArrayLike,
    mode: ArrayLike,
    right: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
) -> ArrayOrScalar:
    """Numbers from ``left`` to ``right`` whose density is a triangle with its peak at ``mode``.

    >>> ft.random.triangular(ft.random.key(0), 0.0, 0.5, 1.0, (2,))
    array([0.45741508, 0.32885822])
    """
    left, mode, right = operand(left), operand(mode), operand(right)
    shape = shape_for("triangular", shape, left, mode, right)
    word, kind = word_of("triangular", key), float_for("triangular", dtype)
    return _triangular(word, left, mode, right, shape=shape, dtype=kind)


# --- Gumbel --------------------------------------------------------------------------------------


def gumbel_mode(mode: str | None) -> str:
    """The mode of Gumbel numbers that a caller asks for."""
    found: str = one_of("mode", "low" if mode is None else mode, "low", "high", "highest")
    return found


def gumbel_noise(word: Any, shape: Ints, dtype: str, mode: str) -> Any:
    """Gumbel numbers; see :func:`gumbel` for the modes."""
    info = np.finfo(dtype)
    if mode == "low":
        return -fnp.log(-fnp.log(_open_unit(word, shape, dtype)))
    if mode == "highest" and dtype == "f":
        return _gumbel_of_64_bits(word, shape)
    high, low = unit(word, (2, *shape), dtype)
    finer = high + info.dtype.type(2.0**-info.nmant) * low + info.tiny
    return -fnp.log(-fnp.log1p(-fnp.where(high >= 0.5, high, finer)))


def _gumbel_of_64_bits(word: Any, shape: Ints) -> Any:
    """float32 numbers that follow the distribution in both tails as far as 2⁻⁶⁴."""
    upper, lower = convert(random_bits(word, (2, *shape), 32), np.dtype(np.uint64))
    bits = upper << 32 | lower
    left = upper < 2**31
    x = _fraction(fnp.where(left, bits, ~bits + 1))
    return fnp.where(left, -fnp.log(-fnp.log1p(-x)), -fnp.log(-fnp.log(x)))


def _fraction(bits: Any) -> Any:
    """``bits``/2⁶⁴ as a float32, cut off rather than rounded; half a step where it is 0."""
    x = convert(bits, np.dtype(np.float32))
    x = fnp.where(convert(x, np.dtype(np.uint64)) > bits, nextafter(x, np.float32(0)), x)
    return fnp.where(bits == 0, np.float32(0.5), x) * np.float32(2.0**-64)


@partial(jit, static_argnames=(*_STATIC, "mode"))
def _gumbel(word: Any, *, shape: Ints, dtype: str, mode: str) -> Any:
    return gumbel_noise(word, shape, dtype, mode)


def gumbel(
    key: KeyLike, shape: Shape = (), dtype: DTypeLike | None = None, mode: str | None = None
) -> ArrayOrScalar:
    """Standard Gumbel numbers, of the density exp(−x − exp(−x)).

    ``mode`` says how far the right tail reaches in float32: "low" (the default) to about 16, "high"
    to about 32 for twice the bits; "highest" is right in both tails as far as 64 bits go.

    >>> ft.random.gumbel(ft.random.key(0), (2,))
    array([ 0.13790566, -0.42599294])
    """
    kind, mode = float_for("gumbel", dtype), gumbel_mode(mode)
    return _gumbel(word_of("gumbel", key), shape=shape_tuple(shape), dtype=kind, mode=mode)
