"""Distributions of vectors: Dirichlet's, the multinomial and the normal one.

With plain and with traced arrays they do the same: what lies outside the support has density 0,
where some of SciPy's functions raise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.errors import OptionError, ShapeError
from functrans.lax.linalg import cholesky, triangular_solve
from functrans.numpy.promote import array_like, cast, common_shape, strong
from functrans.scipy.special.functions import gammaln, special_dtype, xlogy
from functrans.typing import Array, ArrayLike, ArrayOrScalar

_LOG_2PI = math.log(2 * math.pi)


def _arrays(*xs: Any) -> list[Array]:
    """Arrays of the dtype in which SciPy's special functions would compute."""
    arrays = [array_like(x) for x in xs]
    return [cast(x, special_dtype(*arrays)) for x in arrays]


class _Dirichlet:
    """Dirichlet's distribution of vectors of positive numbers whose sum is 1.

    >>> ft.scipy.stats.dirichlet.logpdf(np.array([0.2, 0.8]), np.array([2.0, 1.0]))
    np.float64(-0.916290731874...)
    """

    def logpdf(self, x: ArrayLike, alpha: ArrayLike) -> ArrayOrScalar:
        """The logarithm of the density; −inf outside the simplex.

        Parameters
        ----------
        x: of shape (K, …), or (K − 1, …) without the last component, which is 1 − the others.
        alpha: K positive numbers.

        >>> x = np.array([0.2, 0.3, 0.5])
        >>> ft.grad(ft.scipy.stats.dirichlet.logpdf, argnums=1)(x, np.ones(3))
        array([-0.10943791,  0.2960272 ,  0.80685282])
        """
        x, alpha = _arrays(x, alpha)
        if alpha.ndim != 1 or not x.ndim or x.shape[0] - alpha.shape[0] not in (0, -1):
            raise ShapeError(
                f"dirichlet got x of shape {x.shape} and alpha of shape {alpha.shape}.",
                "Give x of shape (K, …) or (K − 1, …), and K numbers alpha.",
            )
        if x.shape[0] < alpha.shape[0]:
            x = fnp.concatenate([x, 1.0 - fnp.sum(x, 0, keepdims=True)])
        inside = fnp.logical_and(fnp.all(x > 0, 0), fnp.absolute(fnp.sum(x, 0) - 1.0) < 1e-6)
        weights = fnp.reshape(alpha, (-1,) + (1,) * (x.ndim - 1))
        safe = fnp.where(inside, x, 1.0)
        constant = gammaln(fnp.sum(alpha)) - fnp.sum(gammaln(alpha))
        terms = fnp.sum(xlogy(weights - 1.0, safe), 0)
        return strong(constant + fnp.where(inside, terms, -np.inf))

    def pdf(self, x: ArrayLike, alpha: ArrayLike) -> ArrayOrScalar:
        """The density, of arguments as those of :meth:`logpdf`.

        >>> ft.scipy.stats.dirichlet.pdf(np.array([0.2, 0.8]), np.array([2.0, 1.0])).round(8)
        np.float64(0.4)
        """
        return fnp.exp(self.logpdf(x, alpha))


class _Multinomial:
    """How often each of some outcomes occurs in n trials.

    >>> ft.scipy.stats.multinomial.pmf(np.array([1, 1]), 2, np.array([0.5, 0.5])).round(8)
    np.float64(0.5)
    """

    def logpmf(self, x: ArrayLike, n: ArrayLike, p: ArrayLike) -> ArrayOrScalar:
        """The logarithm of the probability of the counts x, along the last axis; −inf where their
        sum is not n.

        >>> p = np.array([0.25, 0.75])
        >>> ft.grad(lambda p: ft.scipy.stats.multinomial.logpmf(np.array([1, 3]), 4, p))(p)
        array([4., 4.])
        """
        x, n, p = _arrays(x, n, p)
        terms = fnp.sum(xlogy(x, p) - gammaln(x + 1.0), -1)
        integers = fnp.all(fnp.logical_and(x >= 0, x == fnp.floor(x)), -1)
        possible = fnp.logical_and(integers, fnp.sum(x, -1) == n)
        return strong(gammaln(n + 1.0) + fnp.where(possible, terms, -np.inf))

    def pmf(self, x: ArrayLike, n: ArrayLike, p: ArrayLike) -> ArrayOrScalar:
        """The probability, of arguments as those of :meth:`logpmf`.

        >>> ft.scipy.stats.multinomial.pmf(np.array([2, 1]), 2, np.array([0.5, 0.5]))
        np.float64(0.0)
        """
        return fnp.exp(self.logpmf(x, n, p))


class _MultivariateNormal:
    """The normal distribution of vectors.

    >>> ft.scipy.stats.multivariate_normal.logpdf(np.zeros(2), np.zeros(2), np.eye(2))
    np.float64(-1.8378770664093453)
    """

    def logpdf(
        self,
        x: ArrayLike,
        mean: ArrayLike | None = None,
        cov: ArrayLike = 1.0,
        allow_singular: None = None,
    ) -> ArrayOrScalar:
        """The logarithm of the density, by Cholesky's factor of the covariance.

        Parameters
        ----------
        x: of shape (…, n), or a number.
        mean: of shape (…, n), or a number; 0 unless given.
        cov: of shape (…, n, n), positive definite, or a positive number: so many times the
            identity. Leading axes broadcast. A matrix that is not positive definite gives NaN.
        allow_singular: must stay None.

        >>> ft.grad(ft.scipy.stats.multivariate_normal.logpdf)(np.ones(2), np.zeros(2), np.eye(2))
        array([-1., -1.])
        """
        if allow_singular is not None:
            raise OptionError("multivariate_normal takes no allow_singular.", "Leave it out.")
        x, mean, cov = _arrays(x, 0.0 if mean is None else mean, cov)
        distance = fnp.atleast_1d(x - mean)
        n = distance.shape[-1]
        cov = cov if cov.ndim else cov * fnp.eye(n)
        if cov.ndim == 1 or cov.shape[-2:] != (n, n):
            raise ShapeError(
                f"multivariate_normal got vectors of {n} and a covariance of shape {cov.shape}.",
                "Give a covariance of shape (…, n, n) with vectors of n numbers.",
            )
        factor = cholesky(cov)
        square = fnp.sum(fnp.square(_solved(factor, distance)), -1)
        half_logdet = fnp.sum(fnp.log(fnp.diagonal(factor, axis1=-2, axis2=-1)), -1)
        return strong(-0.5 * (square + n * _LOG_2PI) - half_logdet)

    def pdf(
        self, x: ArrayLike, mean: ArrayLike | None = None, cov: ArrayLike = 1.0
    ) -> ArrayOrScalar:
        """The density, of arguments as those of :meth:`logpdf`.

        >>> ft.scipy.stats.multivariate_normal.pdf(np.zeros(2), np.zeros(2), np.eye(2)).round(8)
        np.float64(0.15915494)
        """
        return fnp.exp(self.logpdf(x, mean, cov))


def _solved(factor: Any, vectors: Any) -> Any:
    """L⁻¹v: vectors of one matrix are solved for together."""
    n = vectors.shape[-1]
    if factor.ndim == 2:
        columns = fnp.reshape(vectors, (-1, n)).T
        solved = triangular_solve(factor, columns, left_side=True, lower=True)
        return fnp.reshape(solved.T, vectors.shape)
    lead = common_shape(factor.shape[:-2], vectors.shape[:-1])
    factor = fnp.broadcast_to(factor, (*lead, n, n))
    columns = fnp.broadcast_to(vectors, (*lead, n))[..., None]
    return triangular_solve(factor, columns, left_side=True, lower=True)[..., 0]


dirichlet = _Dirichlet()
multinomial = _Multinomial()
multivariate_normal = _MultivariateNormal()
