"""The distributions of integers, a row for each: Johnson, Kemp and Kotz (2005)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.numpy.promote import strong
from functrans.scipy.doors import is_plain
from functrans.scipy.special import betainc, betaln, gammaincc, gammaln, xlog1py, xlogy
from functrans.scipy.special.functions import special_operands
from functrans.scipy.stats.families import Discrete, positive
from functrans.typing import ArrayLike, ArrayOrScalar


def _probability(p: Any) -> Any:
    return fnp.logical_and(p >= 0, p <= 1)


def _counts(*shapes: Any) -> tuple[float, float]:
    return 0.0, math.inf


bernoulli = Discrete(
    name="bernoulli",
    shapes=("p",),
    support=lambda p: (0.0, 1.0),
    valid=_probability,
    log_density=lambda k, p: xlogy(k, p) + xlog1py(1.0 - k, -p),
    below=lambda k, p: 1.0 - p,
    above=lambda k, p: p,
    quantile=lambda q, p: fnp.where(q <= 1.0 - p, 0.0, 1.0),
)
binom = Discrete(
    name="binom",
    shapes=("n", "p"),
    support=lambda n, p: (0.0, n),
    valid=lambda n, p: fnp.logical_and(fnp.logical_and(n >= 0, n == fnp.floor(n)), _probability(p)),
    log_density=lambda k, n, p: (
        gammaln(n + 1.0)
        - gammaln(k + 1.0)
        - gammaln(n - k + 1.0)
        + xlogy(k, p)
        + xlog1py(n - k, -p)
    ),
    below=lambda k, n, p: betainc(n - fnp.floor(k), fnp.floor(k) + 1.0, 1.0 - p),
    above=lambda k, n, p: betainc(fnp.floor(k) + 1.0, n - fnp.floor(k), p),
)
betabinom = Discrete(
    name="betabinom",
    shapes=("n", "a", "b"),
    support=lambda n, a, b: (0.0, n),
    valid=lambda n, a, b: fnp.logical_and(
        fnp.logical_and(n >= 0, n == fnp.floor(n)), positive(a, b)
    ),
    log_density=lambda k, n, a, b: (
        betaln(k + a, n - k + b) - betaln(a, b) - fnp.log(n + 1.0) - betaln(n - k + 1.0, k + 1.0)
    ),
)
geom = Discrete(
    name="geom",
    shapes=("p",),
    support=lambda p: (1.0, math.inf),
    valid=lambda p: fnp.logical_and(p > 0, p <= 1),
    log_density=lambda k, p: fnp.log(p) + xlog1py(k - 1.0, -p),
    below=lambda k, p: -fnp.expm1(fnp.floor(k) * fnp.log1p(-p)),
    log_above=lambda k, p: fnp.floor(k) * fnp.log1p(-p),
)
nbinom = Discrete(
    name="nbinom",
    shapes=("n", "p"),
    support=_counts,
    valid=lambda n, p: fnp.logical_and(n > 0, fnp.logical_and(p > 0, p <= 1)),
    log_density=lambda k, n, p: (
        gammaln(k + n) - gammaln(n) - gammaln(k + 1.0) + n * fnp.log(p) + xlog1py(k, -p)
    ),
    below=lambda k, n, p: betainc(n, fnp.floor(k) + 1.0, p),
    above=lambda k, n, p: betainc(fnp.floor(k) + 1.0, n, 1.0 - p),
)


class Poisson(Discrete):
    """Poisson's distribution, which has an entropy under transforms, too.

    >>> ft.grad(ft.scipy.stats.poisson.logpmf, argnums=1)(3.0, 2.0)
    np.float64(0.5)
    """

    def entropy(self, mu: ArrayLike, loc: ArrayLike = 0.0) -> ArrayOrScalar:
        """The entropy: its sum up to a mean of 100, above by an asymptotic series.

        Evans, Boersma, Blachman and Jagers, *The entropy of a Poisson distribution*, SIAM Review
        30 (1988), 314–317.

        >>> ft.jit(ft.scipy.stats.poisson.entropy)(2.0).round(8)
        np.float64(1.70488264)
        """
        if is_plain((mu, loc), {}):
            return self._plain("entropy", (mu, loc))
        mu, _ = special_operands(mu, loc)
        large = mu > _LARGE
        few = fnp.where(fnp.logical_or(large, mu <= 0), 1.0, mu)[..., None]
        counts = np.arange(_COUNTS, dtype=mu.dtype)
        logs = self.log_density(counts, few)
        total = -fnp.sum(fnp.exp(logs) * logs, -1)
        many = fnp.where(large, mu, _LARGE)
        series = (
            0.5 * fnp.log(2.0 * math.pi * math.e * many)
            - (1.0 / 12.0 + (1.0 / 24.0 + 19.0 / 360.0 / many) / many) / many
        )
        return strong(
            fnp.where(mu > 0, fnp.where(large, series, total), fnp.where(mu == 0, 0.0, math.nan))
        )


_LARGE, _COUNTS = 100.0, 256  # above 256 there is no probability for a mean of 100


poisson = Poisson(
    name="poisson",
    shapes=("mu",),
    support=_counts,
    valid=lambda mu: mu >= 0,
    log_density=lambda k, mu: xlogy(k, mu) - gammaln(k + 1.0) - mu,
    # gammaincc has no derivative in its shape, which here is an integer: the slope in k is 0.
    below=lambda k, mu: gammaincc(fnp.floor(k) + 1.0, mu),
)
