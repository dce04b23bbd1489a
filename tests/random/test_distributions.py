"""Distributions: their moments and shapes, their derivatives, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.control.implicit import random_gamma_grad

MANY = 20_000
R = ft.random

SCIPY: dict[str, tuple[Any, ...]] = {  # sampler: its arguments, and SciPy's name and arguments
    "uniform": ((), "uniform", ()),
    "normal": ((), "norm", ()),
    "truncated_normal": ((-1.0, 2.0), "truncnorm", (-1.0, 2.0)),
    "lognormal": ((0.7,), "lognorm", (0.7,)),
    "maxwell": ((), "maxwell", ()),
    "wald": ((1.0,), "invgauss", (1.0,)),
    "cauchy": ((), "cauchy", ()),
    "exponential": ((), "expon", ()),
    "pareto": ((2.0,), "pareto", (2.0,)),
    "rayleigh": ((1.0,), "rayleigh", ()),
    "weibull_min": ((1.0, 2.5), "weibull_min", (2.5,)),
    "laplace": ((), "laplace", ()),
    "logistic": ((), "logistic", ()),
    "triangular": ((0.0, 0.3, 1.0), "triang", (0.3,)),
    "gumbel": ((), "gumbel_r", ()),
    "gamma": ((0.6,), "gamma", (0.6,)),
    "beta": ((0.6, 2.0), "beta", (0.6, 2.0)),
    "chisquare": ((3.0,), "chi2", (3.0,)),
    "f": ((5.0, 7.0), "f", (5.0, 7.0)),
    "t": ((4.0,), "t", (4.0,)),
    "generalized_normal": ((3.0,), "gennorm", (3.0,)),
}


@pytest.mark.parametrize("name", SCIPY)
def test_numbers_follow_the_distribution(name: str) -> None:
    stats = pytest.importorskip("scipy.stats")
    args, reference, parameters = SCIPY[name]
    numbers = getattr(R, name)(R.key(1), *args, shape=(MANY,))
    assert stats.kstest(numbers, reference, parameters).pvalue > 1e-3


COUNTS: dict[str, tuple[Any, ...]] = {
    "poisson": ((4.5,), "poisson", (4.5,)),
    "geometric": ((0.3,), "geom", (0.3,)),
    "binomial": ((12, 0.4), "binom", (12, 0.4)),
}
LARGE_COUNTS: dict[str, tuple[Any, ...]] = {
    "poisson": ((40.0,), "poisson", (40.0,)),
    "binomial": ((100, 0.7), "binom", (100, 0.7)),
}


@pytest.mark.parametrize(
    ("name", "row"), [*COUNTS.items(), *LARGE_COUNTS.items()], ids=lambda v: str(v)[:12]
)
def test_counts_follow_the_distribution(name: str, row: tuple[Any, ...]) -> None:
    stats = pytest.importorskip("scipy.stats")
    args, reference, parameters = row
    numbers = getattr(R, name)(R.key(2), *args, shape=(MANY,))
    values, found = np.unique(numbers, return_counts=True)
    expected = MANY * getattr(stats, reference)(*parameters).pmf(values)
    often = expected > 10
    rest = MANY - found[often].sum(), MANY - expected[often].sum()
    observed = np.append(found[often], rest[0])
    assert stats.chisquare(observed, np.append(expected[often], rest[1])).pvalue > 1e-3


def test_orders_and_categories_are_fair() -> None:
    orders = ft.vmap(lambda k: R.permutation(k, 3))(R.split(R.key(3), MANY))
    _, found = np.unique(orders @ [9, 3, 1], return_counts=True)
    assert len(found) == 6
    assert np.ptp(found) < 0.1 * MANY / 6 * 3
    chances = np.array([0.1, 0.2, 0.7])
    drawn = R.categorical(R.key(4), np.log(chances), shape=(MANY,))
    np.testing.assert_allclose(np.bincount(drawn) / MANY, chances, atol=0.015)
    chosen = R.choice(R.key(5), 3, (MANY,), p=chances)
    np.testing.assert_allclose(np.bincount(chosen) / MANY, chances, atol=0.015)


def test_vectors_have_the_covariance() -> None:
    cov = np.array([[2.0, 0.7], [0.7, 1.0]])
    for method in ("cholesky", "eigh", "svd"):
        drawn = R.multivariate_normal(R.key(6), np.ones(2), cov, (MANY,), method=method)
        np.testing.assert_allclose(np.cov(drawn.T), cov, atol=0.06)
    points = R.ball(R.key(7), 3, 1.0, (MANY,))
    assert np.all(np.abs(points).sum(-1) <= 1)
    parts = R.dirichlet(R.key(8), np.array([1.0, 2.0, 5.0]), (MANY,))
    np.testing.assert_allclose(parts.sum(-1), 1)
    np.testing.assert_allclose(parts.mean(0), [1 / 8, 2 / 8, 5 / 8], atol=0.01)
    shares = R.multinomial(R.key(9), 20, np.array([0.2, 0.3, 0.5]), shape=(MANY, 3))
    np.testing.assert_array_equal(shares.sum(-1), 20)
    np.testing.assert_allclose(shares.mean(0), [4, 6, 10], atol=0.1)


# --- transforms ----------------------------------------------------------------------------------

SMALL: dict[str, tuple[Any, ...]] = {
    "uniform": (), "normal": (), "gumbel": (), "gamma": (2.5,), "loggamma": (0.1,),
    "beta": (0.6, 2.0), "t": (4.0,), "poisson": (30.0,), "binomial": (100, 0.3),
    "geometric": (0.3,), "randint": ((), 0, 9), "bernoulli": (0.3,),
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_mapped_over_keys_is_one_call_each(name: str) -> None:
    keys = R.split(R.key(0), 3)

    def draw(key: Any) -> Any:
        return getattr(R, name)(key, *SMALL[name])

    expected = np.array([draw(k) for k in keys])
    np.testing.assert_array_equal(ft.vmap(draw)(keys), expected)
    np.testing.assert_array_equal(ft.jit(ft.vmap(draw))(keys), expected)
    np.testing.assert_array_equal(ft.lax.scan(lambda c, k: (c, draw(k)), 0, keys)[1], expected)


@pytest.mark.parametrize("name", ["uniform", "normal", "gamma", "randint", "permutation"])
def test_without_jit_the_numbers_are_the_same(name: str) -> None:
    args = {"gamma": (2.0, (3,)), "randint": ((3,), 0, 9), "permutation": (5,)}.get(name, ((3,),))
    expected = getattr(R, name)(R.key(0), *args)
    with ft.disable_jit():
        found = getattr(R, name)(R.key(0), *args)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


# --- derivatives ---------------------------------------------------------------------------------

SMOOTH: dict[str, tuple[Any, ...]] = {  # sampler: parameters in which its numbers are smooth
    "uniform": ((3,), None, 0.5, 2.0),
    "truncated_normal": (-1.0, 2.0),
    "lognormal": (0.7,),
    "wald": (1.3,),
    "pareto": (2.0,),
    "rayleigh": (1.5,),
    "weibull_min": (1.5, 2.5),
    "triangular": (0.0, 0.4, 1.0),
    "double_sided_maxwell": (0.5, 2.0),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_numbers_are_smooth_in_their_parameters(name: str) -> None:
    fixed = tuple(a for a in SMOOTH[name] if not isinstance(a, float))
    x = np.array([a for a in SMOOTH[name] if isinstance(a, float)])

    def draw(x: Any) -> Any:
        return getattr(R, name)(R.key(0), *fixed, *x)

    step = 1e-6
    slopes = [(draw(x + e) - draw(x - e)) / (2 * step) for e in step * np.eye(len(x))]
    expected = np.stack(slopes, -1)
    for jacobian in (ft.jacfwd, ft.jacrev):
        np.testing.assert_allclose(jacobian(draw)(x), expected, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(ft.jit(jacobian(draw))(x), expected, rtol=1e-6, atol=1e-8)


def slope_of_quantile(a: float, x: float) -> float:
    import mpmath

    with mpmath.workdps(40):
        a, x = mpmath.mpf(a), mpmath.mpf(x)
        # Of P below the mean and of 1 − P above, as the other one is nearly 1 far from it.
        bounds, sign = ((0, x), -1) if x < a else ((x, mpmath.inf), 1)
        change = sign * mpmath.diff(lambda s: mpmath.gammainc(s, *bounds, regularized=True), a)
        return float(change * mpmath.gamma(a) * mpmath.exp(x) * x ** (1 - a))


@pytest.mark.parametrize("a", [0.01, 0.5, 1.0, 3.0, 50.0])
def test_gamma_numbers_move_with_their_shape(a: float) -> None:
    pytest.importorskip("mpmath")
    x = np.array([0.01, 0.3, 0.9, 1.0, 1.5]) * a + np.array([0.0, 0.0, 0.0, 0.9, 2.0])
    expected = [slope_of_quantile(a, v) for v in x]
    np.testing.assert_allclose(random_gamma_grad(np.full(5, a), x), expected, rtol=1e-12)
    single = random_gamma_grad(np.full(5, a, "f"), x.astype("f"))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=1e-4)


def test_gamma_is_differentiated_through_everything() -> None:
    a = np.array([0.4, 2.0, 7.0])
    key = R.key(11)
    x = R.gamma(key, a)
    slopes = np.diag([slope_of_quantile(*pair) for pair in zip(a, x, strict=True)])
    for jacobian in (ft.jacfwd, ft.jacrev):
        draw = jacobian(lambda a: R.gamma(key, a))
        np.testing.assert_allclose(draw(a), slopes, rtol=1e-11)
        np.testing.assert_allclose(ft.jit(draw)(a), slopes, rtol=1e-11)
    logs = ft.jacrev(lambda a: R.loggamma(key, a))(a)
    np.testing.assert_allclose(logs, slopes / np.exp(R.loggamma(key, a))[:, None], rtol=1e-11)
    each = ft.vmap(ft.grad(lambda a: R.gamma(key, a)))(a)
    assert np.all(each > 0)
    # The mean of x² is a(a + 1): its derivative is that of the mean over many samples.
    found = ft.grad(lambda a: fnp.mean(R.gamma(key, a, (MANY,)) ** 2))(2.0)
    np.testing.assert_allclose(found, 5.0, rtol=0.05)


def test_counts_have_no_derivative() -> None:
    assert ft.grad(lambda p: R.binomial(R.key(0), 10, p))(0.3) == 0.0


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda k: R.bits(k, (), np.int32), ft.errors.OptionError),
        (lambda k: R.uniform(k, (), np.int32), ft.errors.OptionError),
        (lambda k: R.normal(k, (), np.longdouble), ft.errors.OptionError),
        (lambda k: R.randint(k, (), 0, 3, float), ft.errors.OptionError),
        (lambda k: R.bernoulli(k, 1), ft.errors.OptionError),
        (lambda k: R.bernoulli(k, 0.5, mode="best"), ft.errors.OptionError),
        (lambda k: R.gumbel(k, mode="best"), ft.errors.OptionError),
        (lambda k: R.gamma(k, np.ones(3), (2,)), ft.errors.ShapeError),
        (lambda k: R.uniform(k, (2,), None, np.zeros(3)), ft.errors.ShapeError),
        (lambda k: R.dirichlet(k, 1.0), ft.errors.ShapeError),
        (lambda k: R.multinomial(k, 3, 0.5), ft.errors.ShapeError),
        (lambda k: R.multinomial(k, 3, np.ones(2), shape=(3, 4)), ft.errors.ShapeError),
        (lambda k: R.permutation(k, 1.5), ft.errors.ShapeError),
        (lambda k: R.choice(k, 3, (5,), replace=False), ft.errors.ShapeError),
        (lambda k: R.choice(k, 0, (5,)), ft.errors.ShapeError),
        (lambda k: R.choice(k, 3, p=np.ones(2)), ft.errors.ShapeError),
        (lambda k: R.categorical(k, np.zeros(3), shape=(4,), replace=False), ft.errors.ShapeError),
        (lambda k: R.ball(k, 3, np.ones(2)), ft.errors.ShapeError),
        (lambda k: R.multivariate_normal(k, np.ones(2), np.eye(3)), ft.errors.ShapeError),
        (lambda k: R.multivariate_normal(k, np.ones(2), np.eye(2), method="lu"),
         ft.errors.OptionError),
        (lambda k: R.normal(7), ft.errors.ArgumentError),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="What to do"):
        call(R.key(0))


def test_what_is_no_number_of_trials_gives_nan() -> None:
    n = np.array([np.nan, -1.0, np.inf, 5.0, 5.0, 0.0])
    p = np.array([0.1, 0.2, 0.3, np.nan, -0.5, 0.5])
    found = R.binomial(R.key(0), n, p)
    np.testing.assert_array_equal(found, [np.nan, np.nan, np.inf, np.nan, np.nan, 0.0])
    np.testing.assert_array_equal(R.poisson(R.key(0), np.array([0.0, np.nan])), [0, -1])


def test_second_derivatives_of_gamma_numbers_follow_the_sample() -> None:
    mpmath = pytest.importorskip("mpmath")
    key = R.key(11)
    # Shapes whose samples lie below and above a + 1: both expansions are differentiated.
    a = np.array([0.4, 2.0, 7.0, 7.0])
    y = R.loggamma(key, a)
    assert {bool(v) for v in np.exp(y) < a + 1} == {True, False}

    def quantile(i: int) -> float:
        def probability(a: Any, y: Any) -> Any:
            return mpmath.gammainc(a, 0, mpmath.exp(y), regularized=True)

        with mpmath.workdps(40):
            p = probability(a[i], y[i])
            found = lambda a: mpmath.findroot(lambda y_: probability(a, y_) - p, y[i])  # noqa: E731
            return float(mpmath.diff(found, a[i], 2))

    expected = [quantile(i) for i in range(len(a))]
    total = lambda a: np.sum(R.loggamma(key, a))  # noqa: E731
    rows = np.sum(ft.jit(ft.hessian(total))(a), axis=1)
    np.testing.assert_allclose(rows, expected, rtol=1e-10)
    np.testing.assert_allclose(
        ft.grad(lambda a: np.sum(ft.grad(total)(a)))(a), expected, rtol=1e-10
    )
    beta = ft.jit(ft.hessian(lambda a: np.sum(R.beta(key, a, a + 1.0))))(a)
    assert np.all(np.isfinite(beta))
