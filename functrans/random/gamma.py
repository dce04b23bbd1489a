"""Gamma numbers by rejection, and the distributions that are made of them.

Differentiable in every parameter: a gamma number follows its shape parameter by implicit
differentiation.
"""

from __future__ import annotations

import math
import operator
from functools import partial
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.control.call import jit
from functrans.control.implicit import gamma_sample
from functrans.control.loops import scan
from functrans.control.while_loop import while_loop
from functrans.core.avals import shape_of
from functrans.errors import ShapeError
from functrans.numpy.promote import cast, operand, shape_tuple
from functrans.primitives.layout import full_like, reshape
from functrans.primitives.marks import stop_gradient
from functrans.random.continuous import standard_exponential, standard_normal
from functrans.random.keys import KeyLike, child, hashes, word_of
from functrans.random.sampling import Ints, coin, float_for, param, shape_for, unit
from functrans.typing import ArrayLike, ArrayOrScalar, DTypeLike, Shape

_STATIC = ("shape", "dtype")


# --- the sampler ---------------------------------------------------------------------------------


def _accepted(word: Any, d: Any, c: Any, dtype: str) -> Any:
    """(1 + c·x)³ for a normal x, accepted so that d times it is a gamma number.

    G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM
    Transactions on Mathematical Software 26 (2000).
    """

    def rejected(carry: Any) -> Any:
        _, square, cube, u = carry
        quick = u >= 1 - 0.0331 * (square * square)
        return quick & (fnp.log(u) >= square * 0.5 + d * (1 - cube + fnp.log(cube)))

    def attempt(carry: Any) -> Any:
        word = carry[0]

        def positive(inner: Any) -> Any:
            x = standard_normal(child(inner[0], 1), (), dtype)
            return child(inner[0], 0), x, 1 + x * c

        start = child(word, 1), full_like(d, 0), full_like(d, -1)
        _, x, v = while_loop(lambda inner: inner[2] <= 0, positive, start)
        return child(word, 0), x * x, v * v * v, unit(child(word, 2), (), dtype)

    start = word, full_like(d, 0), full_like(d, 1), full_like(d, 2)
    return while_loop(rejected, attempt, start)[2]


def _one(word: Any, a: Any, dtype: str, log: bool) -> Any:
    """One gamma number or its logarithm; for a < 1 that of a + 1, times u^(1/a)."""
    large = a >= 1
    d = fnp.where(large, a, a + 1) - 1 / 3
    rest = child(word, 1)
    cube = _accepted(child(word, 0), d, 1 / 3 / fnp.sqrt(d), dtype)
    if log:
        boost = -standard_exponential(rest, (), dtype)
        return fnp.log(d) + fnp.log(cube) + fnp.where(large | (boost == 0), 0, boost / a)
    return d * cube * fnp.where(large, 1, (1 - unit(rest, (), dtype)) ** (1 / a))


@partial(jit, static_argnames=(*_STATIC, "log"))
def _gamma(word: Any, a: Any, *, shape: Ints, dtype: str, log: bool) -> Any:
    a = param(a, dtype, shape)
    flat = reshape(stop_gradient(a), (math.prod(shape),))
    rows = hashes(word, shape_of(flat)), flat
    _, found = scan(lambda _, row: (None, _one(row[0], row[1], dtype, log)), None, rows)
    return gamma_sample(a, reshape(found, shape), log)


def gamma(
    key: KeyLike, a: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Gamma numbers of shape parameter ``a`` > 0 and scale 1.

    >>> ft.random.gamma(ft.random.key(0), np.array([0.5, 3.0]))
    array([0.09805369, 1.96213947])
    """
    a = operand(a)
    shape, kind = shape_for("gamma", shape, a), float_for("gamma", dtype)
    return _gamma(word_of("gamma", key), a, shape=shape, dtype=kind, log=False)


def loggamma(
    key: KeyLike, a: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Logarithms of gamma numbers of shape parameter ``a``, finite where those would be 0.

    >>> ft.random.loggamma(ft.random.key(0), np.array([0.001, 3.0]))
    array([-1.11302585e+03,  6.74035442e-01])
    """
    a = operand(a)
    shape, kind = shape_for("loggamma", shape, a), float_for("loggamma", dtype)
    return _gamma(word_of("loggamma", key), a, shape=shape, dtype=kind, log=True)


# --- quotients and powers of gamma numbers -------------------------------------------------------


@partial(jit, static_argnames=_STATIC)
def _beta(word: Any, a: Any, b: Any, *, shape: Ints, dtype: str) -> Any:
    x = _gamma(child(word, 0), a, shape=shape, dtype=dtype, log=True)
    y = _gamma(child(word, 1), b, shape=shape, dtype=dtype, log=True)
    most = fnp.maximum(x, y)
    x, y = fnp.exp(x - most), fnp.exp(y - most)
    return x / (x + y)


def beta(
    key: KeyLike,
    a: ArrayLike,
    b: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
) -> ArrayOrScalar:
    """Beta numbers in [0, 1], of the density proportional to xᵃ⁻¹·(1 − x)ᵇ⁻¹.

    >>> ft.random.beta(ft.random.key(0), 2.0, 3.0, (2,))
    array([0.32795607, 0.61380901])
    """
    a, b = operand(a), operand(b)
    shape, kind = shape_for("beta", shape, a, b), float_for("beta", dtype)
    return _beta(word_of("beta", key), a, b, shape=shape, dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _dirichlet(word: Any, alpha: Any, *, shape: Ints, dtype: str) -> Any:
    x = _gamma(word, alpha, shape=shape, dtype=dtype, log=True)
    x = fnp.exp(x - stop_gradient(fnp.max(x, axis=-1, keepdims=True)))
    return x / fnp.sum(x, axis=-1, keepdims=True)


def dirichlet(
    key: KeyLike, alpha: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Vectors of proportions that sum to 1, of concentrations ``alpha`` of shape ``(…, n)``.

    ``shape`` is the result's without the last axis.

    >>> ft.random.dirichlet(ft.random.key(0), np.array([1.0, 2.0, 3.0]))
    array([0.07065346, 0.16705569, 0.76229085])
    """
    alpha = operand(alpha)
    if shape_of(alpha) == ():
        raise ShapeError("dirichlet needs concentrations along an axis, not one number.")
    batch = shape_for("dirichlet", shape, np.empty(shape_of(alpha)[:-1]))
    whole, kind = (*batch, shape_of(alpha)[-1]), float_for("dirichlet", dtype)
    return _dirichlet(word_of("dirichlet", key), alpha, shape=whole, dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _chisquare(word: Any, df: Any, *, shape: Ints, dtype: str) -> Any:
    half = param(df, dtype, shape) / 2
    return fnp.exp(_gamma(word, half, shape=shape, dtype=dtype, log=True)) * 2


def chisquare(
    key: KeyLike, df: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Sums of ``df`` squares of standard normal numbers; ``df`` > 0 need not be whole.

    >>> ft.random.chisquare(ft.random.key(0), 4.0, (2,))
    array([2.70406159, 2.2487189 ])
    """
    df = operand(df)
    shape, kind = shape_for("chisquare", shape, df), float_for("chisquare", dtype)
    return _chisquare(word_of("chisquare", key), df, shape=shape, dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _f(word: Any, dfnum: Any, dfden: Any, *, shape: Ints, dtype: str) -> Any:
    above = _chisquare(child(word, 1), dfnum, shape=shape, dtype=dtype)
    below = _chisquare(child(word, 0), dfden, shape=shape, dtype=dtype)
    return (above / param(dfnum, dtype, shape)) / (below / param(dfden, dtype, shape))


def f(
    key: KeyLike,
    dfnum: ArrayLike,
    dfden: ArrayLike,
    shape: Shape | None = None,
    dtype: DTypeLike | None = None,
) -> ArrayOrScalar:
    """F numbers: quotients of two mean squares of ``dfnum`` and ``dfden`` normal numbers.

    >>> ft.random.f(ft.random.key(0), 4.0, 6.0, (2,))
    array([1.47160001, 0.41216472])
    """
    dfnum, dfden = operand(dfnum), operand(dfden)
    shape, kind = shape_for("f", shape, dfnum, dfden), float_for("f", dtype)
    return _f(word_of("f", key), dfnum, dfden, shape=shape, dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _t(word: Any, df: Any, *, shape: Ints, dtype: str) -> Any:
    x = standard_normal(child(word, 0), shape, dtype)
    half = param(df, dtype, shape) / 2
    return x * fnp.sqrt(half / _gamma(child(word, 1), half, shape=shape, dtype=dtype, log=False))


def t(
    key: KeyLike, df: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Student's t numbers with ``df`` > 0 degrees of freedom.

    >>> ft.random.t(ft.random.key(0), 5.0, (2,))
    array([ 1.46806694, -0.55869328])
    """
    df = operand(df)
    shape, kind = shape_for("t", shape, df), float_for("t", dtype)
    return _t(word_of("t", key), df, shape=shape, dtype=kind)


@partial(jit, static_argnames=_STATIC)
def _generalized_normal(word: Any, p: Any, *, shape: Ints, dtype: str) -> Any:
    p = cast(p, np.dtype(dtype))
    size = _gamma(child(word, 0), 1 / p, shape=shape, dtype=dtype, log=False) ** (1 / p)
    return fnp.where(coin(child(word, 1), shape), size, -size)


def generalized_normal(
    key: KeyLike, p: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Numbers of the density proportional to exp(−|x|ᵖ), p > 0.

    >>> ft.random.generalized_normal(ft.random.key(0), 3.0, (2,))
    array([ 0.74663734, -1.07920374])
    """
    p = operand(p)
    shape = shape_for("generalized_normal", shape_tuple(shape), p)
    word, kind = word_of("generalized_normal", key), float_for("generalized_normal", dtype)
    return _generalized_normal(word, p, shape=shape, dtype=kind)


@partial(jit, static_argnames=(*_STATIC, "d"))
def _ball(word: Any, p: Any, *, d: int, shape: Ints, dtype: str) -> Any:
    p = cast(p, np.dtype(dtype))
    g = _generalized_normal(child(word, 0), p, shape=(*shape, d), dtype=dtype)
    e = standard_exponential(child(word, 1), shape, dtype)
    length = (fnp.sum(fnp.abs(g) ** p, axis=-1) + e) ** (1 / p)
    return g / length[..., None]


def ball(
    key: KeyLike, d: int, p: ArrayLike = 2, shape: Shape = (), dtype: DTypeLike | None = None
) -> ArrayOrScalar:
    """Points uniform in the unit ball of the p-norm in ``d`` dimensions, of shape ``(…, d)``.

    F. Barthe, O. Guédon, S. Mendelson and A. Naor, "A probabilistic approach to the geometry of
    the ℓₚⁿ-ball", Annals of Probability 33 (2005).

    >>> ft.random.ball(ft.random.key(0), 3)
    array([-0.86703795, -0.45310376,  0.084509  ])
    """
    p = operand(p)
    if shape_of(p) != ():
        raise ShapeError(f"ball needs one number p, not the shape {shape_of(p)}.")
    kind, shape = float_for("ball", dtype), shape_tuple(shape)
    return _ball(word_of("ball", key), p, d=operator.index(d), shape=shape, dtype=kind)
