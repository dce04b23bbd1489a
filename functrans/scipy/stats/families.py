"""Families of distributions: a standard density and distribution function, and what follows.

A row of :mod:`continuous` or :mod:`discrete` says what is particular to one distribution, for
loc = 0 and scale = 1 and on its support. Here that is moved and scaled, continued outside, and
made into SciPy's methods.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import functrans.numpy as fnp
from functrans.errors import ArgumentError, MissingRuleError
from functrans.numpy.promote import cast, strong
from functrans.scipy.doors import is_plain, scipy_function
from functrans.scipy.special.functions import special_dtype, special_operands
from functrans.typing import ArrayLike, ArrayOrScalar

Function = Callable[..., Any]

_DEFAULTS = {"loc": 0.0, "scale": 1.0}


def positive(*shapes: Any) -> Any:
    """Whether all parameters of the shape are greater than 0."""
    found: Any = True
    for shape in shapes:
        found = fnp.logical_and(found, shape > 0)
    return found


def _inner(low: Any, high: Any) -> Any:
    """A number between two bounds, either of which may be infinite."""
    left, right = fnp.isfinite(low), fnp.isfinite(high)
    one_sided = fnp.where(left, low + 1.0, fnp.where(right, high - 1.0, 0.0))
    both = fnp.logical_and(left, right)
    middle = 0.5 * fnp.where(both, low, 0.0) + 0.5 * fnp.where(both, high, 0.0)
    return fnp.where(both, middle, one_sided)


def _pieces(z: Any, low: Any, high: Any, under: float, within: Function, over: float) -> Any:
    """``within(z)`` between the bounds, constants outside; no slope of the other piece leaks."""
    below, above = z < low, z > high
    safe = fnp.where(fnp.logical_or(below, above), _inner(low, high), z)
    return fnp.where(below, under, fnp.where(above, over, within(safe)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Family:
    """What a row says of a distribution, and the methods that all of them have.

    ``log_density``, ``below`` (P(Z ≤ z)), ``above`` (P(Z > z)), their logarithms and inverses take
    the standard variable (or a probability) and the parameters of the shape. ``support`` gives its
    bounds, ``valid`` whether the parameters are in their range; else all results are NaN.

    >>> ft.scipy.stats.norm.name, ft.scipy.stats.gamma.shapes
    ('norm', ('a',))
    """

    name: str
    log_density: Function
    shapes: tuple[str, ...] = ()
    support: Function | None = None
    valid: Function = positive
    below: Function | None = None
    above: Function | None = None
    log_below: Function | None = None
    log_above: Function | None = None
    quantile: Function | None = None
    upper_quantile: Function | None = None

    _places: ClassVar[tuple[str, ...]] = ("loc",)

    def __repr__(self) -> str:
        return f"functrans.scipy.stats.{self.name}"

    def cdf(self, x: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The probability of at most x.

        >>> ft.grad(ft.scipy.stats.expon.cdf)(0.0)
        np.float64(1.0)
        """
        return self._tail("cdf", (x, args, named), 0.0, self._below(), 1.0)

    def sf(self, x: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The probability of more than x, accurate where it is small.

        >>> ft.scipy.stats.norm.sf(10.0)
        np.float64(7.61985302416...e-24)
        """
        return self._tail("sf", (x, args, named), 1.0, self._above(), 0.0)

    def logcdf(self, x: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The logarithm of :meth:`cdf`.

        >>> ft.grad(ft.scipy.stats.gumbel_r.logcdf)(0.0)
        np.float64(1.0)
        """
        inner = self.log_below or _log(self._below())
        return self._tail("logcdf", (x, args, named), -math.inf, inner, 0.0)

    def logsf(self, x: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The logarithm of :meth:`sf`.

        >>> ft.grad(ft.scipy.stats.expon.logsf)(1000.0)
        np.float64(-1.0)
        """
        inner = self.log_above or _log(self._above())
        return self._tail("logsf", (x, args, named), 0.0, inner, -math.inf)

    def _below(self) -> Function | None:
        if self.below or not self.log_below:
            return self.below
        log_below = self.log_below
        return lambda *args: fnp.exp(log_below(*args))

    def _above(self) -> Function | None:
        if self.above:
            return self.above
        if self.log_above:
            log_above = self.log_above
            return lambda *args: fnp.exp(log_above(*args))
        below = self._below()
        return below and (lambda *args: 1.0 - below(*args))

    def _tail(
        self, method: str, call: tuple[Any, ...], under: float, inner: Function | None, over: float
    ) -> Any:
        def traced(x: Any, shapes: tuple[Any, ...], *places: Any) -> Any:
            z = self._standard(x, *places)
            low, high = self._last_step(*self._bounds(shapes))
            part = self._given(method, inner)
            return _pieces(z, low, high, under, lambda z: part(z, *shapes), over)

        return self._call(method, traced, *call)

    def _given(self, method: str, part: Function | None) -> Function:
        if part is None:
            raise MissingRuleError(
                f"functrans.scipy.stats.{self.name} has no {method} under a transform.",
                "Call it with plain arrays, which SciPy takes, or through pure_callback.",
            )
        return part

    def _bounds(self, shapes: tuple[Any, ...]) -> tuple[Any, Any]:
        return (-math.inf, math.inf) if self.support is None else self.support(*shapes)

    def _standard(self, x: Any, *places: Any) -> Any:
        return x - places[0]

    def _last_step(self, low: Any, high: Any) -> tuple[Any, Any]:
        """The bounds between which the distribution function is neither 0 nor 1."""
        return low, high

    def _call(
        self, method: str, traced: Function, x: Any, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """SciPy's method of that name for plain arrays, else ``traced(x, shapes, loc, scale)``."""
        values = (x, *self._arguments(method, args, named))
        if is_plain(values, {}):
            return self._plain(method, values)
        x, *rest = special_operands(*values)
        count = len(self.shapes)
        shapes, places = tuple(rest[:count]), rest[count:]
        result = traced(x, shapes, *places)
        valid = fnp.logical_and(self.valid(*shapes), positive(*places[1:]))
        valid = fnp.logical_and(valid, fnp.logical_not(fnp.isnan(x)))
        return strong(cast(fnp.where(valid, result, math.nan), x.dtype))

    def _plain(self, method: str, values: tuple[Any, ...]) -> Any:
        result = getattr(scipy_function("stats", self.name), method)(*values)
        return cast(result, special_dtype(*values))

    def _arguments(self, method: str, args: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
        """The parameters in order: of the shape, then loc and scale."""
        names = (*self.shapes, *self._places)
        given = dict(zip(names, args, strict=False))
        found = {name: _DEFAULTS[name] for name in self._places} | given | named
        if len(args) > len(names) or given.keys() & named.keys() or found.keys() != set(names):
            raise ArgumentError(
                f"{self.name}.{method} got {len(args) + 1} arguments and {sorted(named)} by name.",
                f"Its parameters are {', '.join(names)}; loc and scale may be left out.",
            )
        return [found[name] for name in names]


def _log(part: Function | None) -> Function | None:
    return part and (lambda *args: fnp.log(part(*args)))


class Continuous(Family):
    """A continuous distribution, with the methods of SciPy's.

    >>> ft.grad(ft.scipy.stats.norm.logpdf)(1.0, loc=0.0, scale=2.0)
    np.float64(-0.25)
    """

    _places: ClassVar[tuple[str, ...]] = ("loc", "scale")

    def logpdf(self, x: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The logarithm of the density; −inf outside the support.

        >>> ft.vmap(ft.grad(ft.scipy.stats.expon.logpdf))(np.array([-1.0, 2.0]))
        array([ 0., -1.])
        """
        return self._call("logpdf", self._log_density, x, args, named)

    def pdf(self, x: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The density; 0 outside the support.

        >>> ft.scipy.stats.uniform.pdf(np.array([-1.0, 0.5]))
        array([0., 1.])
        """
        return self._call("pdf", lambda *a: fnp.exp(self._log_density(*a)), x, args, named)

    def ppf(self, q: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The number that is not exceeded with probability q.

        >>> ft.grad(ft.scipy.stats.logistic.ppf)(0.5)
        np.float64(4.0)
        """

        def traced(q: Any, shapes: tuple[Any, ...], loc: Any, scale: Any) -> Any:
            low, high = self._bounds(shapes)
            inverse = self._given("ppf", self.quantile)
            return loc + scale * _inverse(q, low, lambda q: inverse(q, *shapes), high)

        return self._call("ppf", traced, q, args, named)

    def isf(self, q: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The number that is exceeded with probability q.

        >>> ft.jit(ft.scipy.stats.norm.isf)(1e-300)
        np.float64(37.047096299361...)
        """

        def traced(q: Any, shapes: tuple[Any, ...], loc: Any, scale: Any) -> Any:
            low, high = self._bounds(shapes)
            quantile = self._given("isf", self.quantile)
            inverse = self.upper_quantile or (lambda q, *shapes: quantile(1.0 - q, *shapes))
            return loc + scale * _inverse(q, high, lambda q: inverse(q, *shapes), low)

        return self._call("isf", traced, q, args, named)

    def _log_density(self, x: Any, shapes: tuple[Any, ...], loc: Any, scale: Any) -> Any:
        low, high = self._bounds(shapes)
        density = _pieces(
            self._standard(x, loc, scale),
            low,
            high,
            -math.inf,
            lambda z: self.log_density(z, *shapes),
            -math.inf,
        )
        return density - fnp.log(scale)

    def _standard(self, x: Any, *places: Any) -> Any:
        loc, scale = places
        return (x - loc) / scale


def _inverse(q: Any, first: Any, within: Function, last: Any) -> Any:
    """``within(q)`` for 0 < q < 1, the ends of the support at 0 and 1, NaN outside."""
    inside = fnp.logical_and(q > 0, q < 1)
    value = fnp.where(inside, within(fnp.where(inside, q, 0.5)), math.nan)
    return fnp.where(q == 0, first, fnp.where(q == 1, last, value))


class Discrete(Family):
    """A distribution of integers, with the methods of SciPy's.

    >>> ft.grad(ft.scipy.stats.poisson.logpmf, argnums=1)(3.0, 2.0)
    np.float64(0.5)
    """

    def logpmf(self, k: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The logarithm of the probability of k; −inf where k is no integer of the support.

        >>> ft.scipy.stats.bernoulli.logpmf(np.array([0.0, 0.5]), 0.5)
        array([-0.69314718,        -inf])
        """
        return self._call("logpmf", self._log_density, k, args, named)

    def pmf(self, k: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The probability of k.

        >>> ft.grad(ft.scipy.stats.bernoulli.pmf, argnums=1)(0.0, 0.25)
        np.float64(-1.0)
        """
        return self._call("pmf", lambda *a: fnp.exp(self._log_density(*a)), k, args, named)

    def ppf(self, q: ArrayLike, *args: ArrayLike, **named: ArrayLike) -> ArrayOrScalar:
        """The smallest integer that is not exceeded with probability q.

        >>> ft.jit(ft.scipy.stats.bernoulli.ppf)(np.array([0.1, 0.9]), 0.5)
        array([0., 1.])
        """

        def traced(q: Any, shapes: tuple[Any, ...], loc: Any) -> Any:
            low, high = self._bounds(shapes)
            inverse = self._given("ppf", self.quantile)
            return loc + _inverse(q, low - 1.0, lambda q: inverse(q, *shapes), high)

        return self._call("ppf", traced, q, args, named)

    def _log_density(self, k: Any, shapes: tuple[Any, ...], loc: Any) -> Any:
        z = self._standard(k, loc)
        low, high = self._bounds(shapes)
        density = _pieces(
            z, low, high, -math.inf, lambda z: self.log_density(z, *shapes), -math.inf
        )
        between = fnp.logical_and(z != fnp.floor(z), fnp.isfinite(z))
        return fnp.where(between, -math.inf, density)

    def _last_step(self, low: Any, high: Any) -> tuple[Any, Any]:
        return low, high - 0.5
