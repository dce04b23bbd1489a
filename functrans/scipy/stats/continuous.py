"""The continuous distributions, a row for each: Johnson, Kotz and Balakrishnan (1994, 1995)."""

from __future__ import annotations

import math
from typing import Any

import functrans.numpy as fnp
from functrans.scipy.special import (
    betainc,
    betaln,
    cosm1,
    expit,
    gammainc,
    gammaincc,
    gammaln,
    i0e,
    log_expit,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    xlog1py,
    xlogy,
)
from functrans.scipy.stats.families import Continuous, Function

_LOG_2PI = math.log(2 * math.pi)


def _half_line(*shapes: Any) -> tuple[float, float]:
    return 0.0, math.inf


def _unit(*shapes: Any) -> tuple[float, float]:
    return 0.0, 1.0


def _symmetric(
    below: Function, log_below: Function | None = None, quantile: Function | None = None
) -> dict[str, Any]:
    """Both tails of a distribution that is the same turned round."""
    return {
        "below": below,
        "above": lambda z, *shapes: below(-z, *shapes),
        "log_below": log_below,
        "log_above": log_below and (lambda z, *shapes: log_below(-z, *shapes)),
        "quantile": quantile,
        "upper_quantile": quantile and (lambda q, *shapes: -quantile(q, *shapes)),
    }


def _from_tail(tail: Function) -> Function:
    """P(Z ≤ z) of a symmetric distribution by P(Z > |z|)."""

    def below(z: Any, *shapes: Any) -> Any:
        upper = tail(fnp.absolute(z), *shapes)
        return fnp.where(z > 0, 1.0 - upper, upper)

    return below


# --- on the line ---------------------------------------------------------------------------------

norm = Continuous(
    name="norm",
    log_density=lambda z: -0.5 * (z * z + _LOG_2PI),
    **_symmetric(ndtr, log_ndtr, ndtri),
)
cauchy = Continuous(
    name="cauchy",
    log_density=lambda z: -math.log(math.pi) - fnp.log1p(z * z),
    **_symmetric(
        lambda z: fnp.arctan2(1.0, -z) / math.pi,
        quantile=lambda q: -1.0 / fnp.tan(math.pi * q),
    ),
)
laplace = Continuous(
    name="laplace",
    log_density=lambda z: -math.log(2.0) - fnp.absolute(z),
    **_symmetric(
        _from_tail(lambda z: 0.5 * fnp.exp(-z)),
        quantile=lambda q: fnp.where(q < 0.5, fnp.log(2.0 * q), -fnp.log(2.0 - 2.0 * q)),
    ),
)
logistic = Continuous(
    name="logistic",
    log_density=lambda z: log_expit(z) + log_expit(-z),
    **_symmetric(expit, log_expit, logit),
)
t = Continuous(
    name="t",
    shapes=("df",),
    log_density=lambda z, df: (
        gammaln(0.5 * (df + 1.0))
        - gammaln(0.5 * df)
        - 0.5 * fnp.log(math.pi * df)
        - 0.5 * (df + 1.0) * fnp.log1p(z * z / df)
    ),
    **_symmetric(_from_tail(lambda z, df: 0.5 * betainc(0.5 * df, 0.5, df / (df + z * z)))),
)
gennorm = Continuous(
    name="gennorm",
    shapes=("beta",),
    log_density=lambda z, b: fnp.log(0.5 * b) - gammaln(1.0 / b) - fnp.absolute(z) ** b,
    **_symmetric(_from_tail(lambda z, b: 0.5 * gammaincc(1.0 / b, z**b))),
)
gumbel_r = Continuous(
    name="gumbel_r",
    log_density=lambda z: -z - fnp.exp(-z),
    log_below=lambda z: -fnp.exp(-z),
    above=lambda z: -fnp.expm1(-fnp.exp(-z)),
    quantile=lambda q: -fnp.log(-fnp.log(q)),
    upper_quantile=lambda q: -fnp.log(-fnp.log1p(-q)),
)
gumbel_l = Continuous(
    name="gumbel_l",
    log_density=lambda z: z - fnp.exp(z),
    below=lambda z: -fnp.expm1(-fnp.exp(z)),
    log_below=lambda z: fnp.log1p(-fnp.exp(-fnp.exp(z))),
    log_above=lambda z: -fnp.exp(z),
    quantile=lambda q: fnp.log(-fnp.log1p(-q)),
    upper_quantile=lambda q: fnp.log(-fnp.log(q)),
)
vonmises = Continuous(
    name="vonmises",
    shapes=("kappa",),
    log_density=lambda z, kappa: kappa * cosm1(z) - _LOG_2PI - fnp.log(i0e(kappa)),
)

# --- on the half line ----------------------------------------------------------------------------

expon = Continuous(
    name="expon",
    support=_half_line,
    log_density=lambda z: -z,
    below=lambda z: -fnp.expm1(-z),
    log_above=lambda z: -z,
    quantile=lambda q: -fnp.log1p(-q),
    upper_quantile=lambda q: -fnp.log(q),
)
gamma = Continuous(
    name="gamma",
    shapes=("a",),
    support=_half_line,
    log_density=lambda z, a: xlogy(a - 1.0, z) - z - gammaln(a),
    below=lambda z, a: gammainc(a, z),
    above=lambda z, a: gammaincc(a, z),
)
chi2 = Continuous(
    name="chi2",
    shapes=("df",),
    support=_half_line,
    log_density=lambda z, df: (
        xlogy(0.5 * df - 1.0, z) - 0.5 * (z + math.log(2.0) * df) - gammaln(0.5 * df)
    ),
    below=lambda z, df: gammainc(0.5 * df, 0.5 * z),
    above=lambda z, df: gammaincc(0.5 * df, 0.5 * z),
)
pareto = Continuous(
    name="pareto",
    shapes=("b",),
    support=lambda b: (1.0, math.inf),
    log_density=lambda z, b: fnp.log(b) - (b + 1.0) * fnp.log(z),
    below=lambda z, b: -fnp.expm1(-b * fnp.log(z)),
    log_above=lambda z, b: -b * fnp.log(z),
    quantile=lambda q, b: fnp.exp(-fnp.log1p(-q) / b),
    upper_quantile=lambda q, b: fnp.exp(-fnp.log(q) / b),
)

# --- on intervals --------------------------------------------------------------------------------

uniform = Continuous(
    name="uniform",
    support=_unit,
    log_density=fnp.zeros_like,
    below=lambda z: z,
    above=lambda z: 1.0 - z,
    quantile=lambda q: q,
)
beta = Continuous(
    name="beta",
    shapes=("a", "b"),
    support=_unit,
    log_density=lambda z, a, b: xlogy(a - 1.0, z) + xlog1py(b - 1.0, -z) - betaln(a, b),
    below=lambda z, a, b: betainc(a, b, z),
    above=lambda z, a, b: betainc(b, a, 1.0 - z),
)
wrapcauchy = Continuous(
    name="wrapcauchy",
    shapes=("c",),
    support=lambda c: (0.0, 2 * math.pi),
    valid=lambda c: fnp.logical_and(c > 0, c < 1),
    # The denominator 1 + c² − 2c·cos z is written as a sum of squares, which does not cancel.
    log_density=lambda z, c: (
        fnp.log1p(-c * c)
        - _LOG_2PI
        - fnp.log(fnp.square(1.0 - c) + 4.0 * c * fnp.square(fnp.sin(0.5 * z)))
    ),
)


def _log_mass(a: Any, b: Any) -> Any:
    """log P(a < Z < b) of a normal variable, by whichever tail is the smaller."""
    right = a > 0
    low, high = fnp.where(right, -b, a), fnp.where(right, -a, b)
    upper, bounded = log_ndtr(high), fnp.isfinite(low)
    lower = fnp.where(bounded, log_ndtr(fnp.where(bounded, low, 0.0)), -math.inf)
    return upper + fnp.log1p(-fnp.exp(lower - upper))


truncnorm = Continuous(
    name="truncnorm",
    shapes=("a", "b"),
    support=lambda a, b: (a, b),
    valid=lambda a, b: a < b,
    log_density=lambda z, a, b: norm.log_density(z) - _log_mass(a, b),
    log_below=lambda z, a, b: _log_mass(a, z) - _log_mass(a, b),
    log_above=lambda z, a, b: _log_mass(z, b) - _log_mass(a, b),
)
