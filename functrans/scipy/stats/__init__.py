"""Distributions of ``scipy.stats``: densities and distribution functions with derivatives.

Plain arrays go to SciPy, whose results are rounded to float32 where all arguments fit in it.

>>> data = np.array([0.5, 1.5, 1.0])
>>> ft.grad(lambda m: ft.scipy.stats.norm.logpdf(data, m, 0.5).sum())(0.0)
np.float64(12.0)
"""

from functrans.scipy.stats.continuous import (
    beta,
    cauchy,
    chi2,
    expon,
    gamma,
    gennorm,
    gumbel_l,
    gumbel_r,
    laplace,
    logistic,
    norm,
    pareto,
    t,
    truncnorm,
    uniform,
    vonmises,
    wrapcauchy,
)
from functrans.scipy.stats.discrete import bernoulli, betabinom, binom, geom, nbinom, poisson
from functrans.scipy.stats.families import Continuous, Discrete
from functrans.scipy.stats.kde import gaussian_kde
from functrans.scipy.stats.multivariate import dirichlet, multinomial, multivariate_normal
from functrans.scipy.stats.samples import ModeResult, mode, rankdata, sem

__all__ = [
    "Continuous",
    "Discrete",
    "ModeResult",
    "bernoulli",
    "beta",
    "betabinom",
    "binom",
    "cauchy",
    "chi2",
    "dirichlet",
    "expon",
    "gamma",
    "gaussian_kde",
    "gennorm",
    "geom",
    "gumbel_l",
    "gumbel_r",
    "laplace",
    "logistic",
    "mode",
    "multinomial",
    "multivariate_normal",
    "nbinom",
    "norm",
    "pareto",
    "poisson",
    "rankdata",
    "sem",
    "t",
    "truncnorm",
    "uniform",
    "vonmises",
    "wrapcauchy",
]
