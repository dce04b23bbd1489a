"""Density estimates: a normal kernel at each point of a sample (Scott 1992, Silverman 1986)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import functrans.numpy as fnp
from functrans import random
from functrans.errors import OptionError, ShapeError
from functrans.numpy.promote import array_like, cast, float_dtype
from functrans.random.keys import KeyLike
from functrans.scipy.special import logsumexp, ndtr
from functrans.scipy.stats.multivariate import multivariate_normal
from functrans.tree import register_pytree_node_class
from functrans.typing import ArrayLike, ArrayOrScalar

Bandwidth = str | float | Callable[["gaussian_kde"], Any] | None


@register_pytree_node_class
@dataclass(frozen=True, init=False)
class gaussian_kde:  # noqa: N801 (SciPy's name)
    """An estimate of a density from a sample: the mean of normal densities around its points.

    A tree whose leaves are its arrays: it goes through transforms, as argument or result.

    Parameters
    ----------
    dataset: n points, of shape (n,) or (d, n).
    bw_method: the factor between the sample's standard deviations and the kernel's, as a number,
        by the rule of "scott" (default) or "silverman", or as a function of the estimate.
    weights: of the points, of shape (n,); all equal unless given.

    Attributes
    ----------
    dataset, weights: as given, of shape (d, n), and with the sum 1.
    neff: the effective number of points, 1/Σw².
    covariance, inv_cov: of the kernel, of shape (d, d).

    Raises
    ------
    ShapeError, OptionError: arrays or a bandwidth that do not fit.

    >>> estimate = ft.scipy.stats.gaussian_kde(np.array([-1.0, 0.0, 1.0]))
    >>> ft.vmap(ft.grad(lambda x: estimate.pdf(x)[0]))(np.array([0.0, 1.0])).round(3)
    array([ 0.   , -0.141])
    """

    neff: Any
    dataset: Any
    weights: Any
    covariance: Any
    inv_cov: Any

    def __init__(
        self, dataset: ArrayLike, bw_method: Bandwidth = None, weights: ArrayLike | None = None
    ) -> None:
        data = fnp.atleast_2d(array_like(dataset))
        data = cast(data, float_dtype(data))
        if data.ndim != 2 or data.shape[1] < 2 or data.dtype.kind == "c":
            raise ShapeError(
                f"gaussian_kde got a sample of shape {data.shape} and dtype {data.dtype}.",
                "Give two or more real points, of shape (n,) or (d, n).",
            )
        size = data.shape[1]
        weights = fnp.ones(size) if weights is None else fnp.atleast_1d(array_like(weights))
        if weights.shape != (size,):
            raise ShapeError(
                f"gaussian_kde got weights of shape {weights.shape} for {size} points."
            )
        weights = cast(weights / fnp.sum(weights), data.dtype)
        self._set(dataset=data, weights=weights, neff=1.0 / fnp.sum(fnp.square(weights)))
        centred = data - (data @ weights)[:, None]
        spread = (centred * weights) @ centred.T / (1.0 - fnp.sum(fnp.square(weights)))
        factor = self._factor("scott" if bw_method is None else bw_method)
        self._set(covariance=spread * factor**2, inv_cov=fnp.linalg.inv(spread) / factor**2)

    def tree_flatten(self) -> tuple[tuple[Any, ...], None]:
        """The arrays, for transforms.

        >>> ft.jit(lambda x: ft.scipy.stats.gaussian_kde(x))(np.array([-1.0, 1.0])).n
        2
        """
        arrays = (self.neff, self.dataset, self.weights, self.covariance, self.inv_cov)
        return arrays, None

    @classmethod
    def tree_unflatten(cls, aux: None, arrays: Sequence[Any]) -> gaussian_kde:
        """The estimate with these arrays.

        >>> estimate = ft.scipy.stats.gaussian_kde(np.array([-1.0, 1.0]))
        >>> ft.tree.map(np.zeros_like, estimate).covariance
        array([[0.]])
        """
        neff, dataset, weights, covariance, inv_cov = arrays
        made = object.__new__(cls)
        made._set(neff=neff, dataset=dataset, weights=weights)
        made._set(covariance=covariance, inv_cov=inv_cov)
        return made

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)  # frozen for all but the constructor

    def _factor(self, bw_method: Any) -> Any:
        if callable(bw_method):
            return bw_method(self)
        if bw_method == "scott":
            return self.neff ** (-1.0 / (self.d + 4))
        if bw_method == "silverman":
            return (self.neff * (self.d + 2) / 4.0) ** (-1.0 / (self.d + 4))
        if isinstance(bw_method, str):
            raise OptionError(
                f"bw_method={bw_method!r} is not known.",
                'Use "scott", "silverman", a number or a function.',
            )
        return bw_method

    @property
    def d(self) -> int:
        """The dimension of the points."""
        return int(self.dataset.shape[0])

    @property
    def n(self) -> int:
        """The number of points."""
        return int(self.dataset.shape[1])

    def __call__(self, points: ArrayLike) -> ArrayOrScalar:
        return self.evaluate(points)

    def pdf(self, points: ArrayLike) -> ArrayOrScalar:
        """The density at m points of shape (d, m), or (m,) in one dimension.

        >>> ft.scipy.stats.gaussian_kde(np.array([-1.0, 1.0])).pdf(0.0).round(4)
        array([0.233])
        """
        return self.evaluate(points)

    def evaluate(self, points: ArrayLike) -> ArrayOrScalar:
        """The same as :meth:`pdf`.

        >>> ft.scipy.stats.gaussian_kde(np.array([-1.0, 1.0])).evaluate(0.0).round(4)
        array([0.233])
        """
        return fnp.exp(self._kernels(points)) @ self.weights

    def logpdf(self, points: ArrayLike) -> ArrayOrScalar:
        """The logarithm of :meth:`pdf`, also where that would be 0.

        >>> ft.scipy.stats.gaussian_kde(np.array([-1.0, 1.0])).logpdf(1e3).round(-3)
        array([-329000.])
        """
        return logsumexp(self._kernels(points), 1, self.weights)

    def _kernels(self, points: Any) -> Any:
        """The logarithm of each point's kernel (last axis) at each of the given points."""
        points = self._points(points)
        distance = points.T[:, None, :] - self.dataset.T
        return multivariate_normal.logpdf(distance, 0.0, self.covariance)

    def _points(self, points: Any) -> Any:
        points = fnp.atleast_2d(array_like(points))
        if points.shape[0] != self.d and points.shape == (1, self.d):
            points = points.T
        if points.ndim != 2 or points.shape[0] != self.d:
            raise ShapeError(
                f"Points of shape {points.shape} have no density in {self.d} dimensions."
            )
        return points

    def integrate_gaussian(self, mean: ArrayLike, cov: ArrayLike) -> ArrayOrScalar:
        """The integral of the density times that of a normal distribution.

        >>> ft.scipy.stats.gaussian_kde(np.array([-1.0, 1.0])).integrate_gaussian(0.0, 1.0).round(4)
        np.float64(0.2062)
        """
        mean, cov = fnp.atleast_1d(array_like(mean)), fnp.atleast_2d(array_like(cov))
        if mean.shape != (self.d,) or cov.shape != (self.d, self.d):
            raise ShapeError(
                f"A normal distribution of shapes {mean.shape} and {cov.shape} is not one in "
                f"{self.d} dimensions."
            )
        density = multivariate_normal.pdf(self.dataset.T, mean, self.covariance + cov)
        return density @ self.weights

    def integrate_box_1d(self, low: ArrayLike, high: ArrayLike) -> ArrayOrScalar:
        """The probability of an interval, of an estimate in one dimension.

        >>> estimate = ft.scipy.stats.gaussian_kde(np.array([-1.0, 1.0]))
        >>> estimate.integrate_box_1d(0.0, np.inf).round(8)
        np.float64(0.5)
        """
        if self.d != 1:
            raise ShapeError(f"integrate_box_1d needs points in one dimension, not {self.d}.")
        width, points = fnp.sqrt(self.covariance[0, 0]), self.dataset[0]
        inside = ndtr((high - points) / width) - ndtr((low - points) / width)
        return inside @ self.weights

    def integrate_kde(self, other: gaussian_kde) -> ArrayOrScalar:
        """The integral of the product of two densities.

        >>> estimate = ft.scipy.stats.gaussian_kde(np.array([-1.0, 1.0]))
        >>> estimate.integrate_kde(estimate).round(4)
        np.float64(0.1738)
        """
        if other.d != self.d:
            raise ShapeError(f"Densities in {self.d} and {other.d} dimensions have no product.")
        distance = self.dataset.T[:, None, :] - other.dataset.T
        density = multivariate_normal.pdf(distance, 0.0, self.covariance + other.covariance)
        return self.weights @ density @ other.weights

    def resample(self, key: KeyLike, shape: tuple[int, ...] = ()) -> ArrayOrScalar:
        """Random points of the estimated distribution, of shape ``(d, *shape)``.

        >>> estimate = ft.scipy.stats.gaussian_kde(np.array([-1.0, 1.0]))
        >>> estimate.resample(ft.random.key(0), (5,)).shape
        (1, 5)
        """
        which, noise = random.split(key)
        chosen = random.choice(which, self.n, shape=shape, p=self.weights)
        moved = random.multivariate_normal(
            noise, fnp.zeros(self.d), self.covariance, shape=shape, dtype=self.dataset.dtype
        )
        return fnp.take(self.dataset, chosen, 1) + fnp.moveaxis(moved, -1, 0)
