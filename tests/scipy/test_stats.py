"""Distributions: SciPy's values in compiled code, derivatives, and where they have none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats

import functrans as ft
from functrans.errors import ArgumentError, MissingRuleError, OptionError, ShapeError
from functrans.scipy import stats
from functrans.testing import check_grads, check_laws

CONTINUOUS: dict[str, tuple[float, ...]] = {
    "beta": (2.0, 3.5),
    "cauchy": (),
    "chi2": (3.0,),
    "expon": (),
    "gamma": (2.5,),
    "gennorm": (1.5,),
    "gumbel_l": (),
    "gumbel_r": (),
    "laplace": (),
    "logistic": (),
    "norm": (),
    "pareto": (2.5,),
    "t": (3.5,),
    "truncnorm": (-0.5, 3.0),
    "uniform": (),
    "vonmises": (2.0,),
    "wrapcauchy": (0.4,),
}
DISCRETE: dict[str, tuple[float, ...]] = {
    "bernoulli": (0.3,),
    "betabinom": (5.0, 2.0, 1.5),
    "binom": (5.0, 0.3),
    "geom": (0.3,),
    "nbinom": (2.5, 0.4),
    "poisson": (1.7,),
}
TAILS = ("cdf", "sf", "logcdf", "logsf")
NUMBERS = np.array([-3, -1, -0.2, 0, 0.3, 0.5, 1, 1.5, 2, 3, 7, np.nan, np.inf, -np.inf])
PROBABILITIES = np.array([-0.1, 0, 1e-12, 0.2, 0.5, 0.9, 1, 1.2, np.nan])


def has(name: str, method: str) -> bool:
    """Whether a distribution has this method under transforms."""
    row = getattr(stats, name)
    if method in ("ppf", "isf"):
        return row.quantile is not None
    return row.below is not None or row.log_below is not None


def check_values(name: str, methods: tuple[str, ...], args: tuple[float, ...]) -> None:
    for method in methods:
        x = PROBABILITIES if method in ("ppf", "isf") else NUMBERS
        with np.errstate(all="ignore"):
            expected = getattr(getattr(scipy.stats, name), method)(x, *args)
            actual = ft.jit(getattr(getattr(stats, name), method))(x, *args)
        np.testing.assert_allclose(actual, expected, 1e-11, 4e-15, err_msg=method)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions_have_scipys_values(name: str) -> None:
    methods = ("logpdf", "pdf", *(m for m in (*TAILS, "ppf", "isf") if has(name, m)))
    check_values(name, methods, (*CONTINUOUS[name], 0.2, 2.0))


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_distributions_have_scipys_values(name: str) -> None:
    methods = ("logpmf", "pmf", *(m for m in (*TAILS, "ppf") if has(name, m)))
    check_values(name, methods, (*DISCRETE[name], 1.0))


@pytest.mark.parametrize("name", [*CONTINUOUS, *DISCRETE])
def test_parameters_out_of_range_give_nan(name: str) -> None:
    args = (*CONTINUOUS[name], 0.0, -1.0) if name in CONTINUOUS else (*DISCRETE[name][:-1], -1.0)
    method = "pdf" if name in CONTINUOUS else "pmf"
    assert np.isnan(getattr(getattr(scipy.stats, name), method)(1.0, *args))
    assert np.isnan(ft.jit(getattr(getattr(stats, name), method))(1.0, *args))


@pytest.mark.parametrize("name", CONTINUOUS)
def test_densities_have_derivatives_in_every_parameter(name: str) -> None:
    x = np.array([1.3, 1.7]) + 2.0 * (name == "pareto")  # which begins at loc + scale
    args = (x, *CONTINUOUS[name], 0.2, 2.0)
    check_grads(getattr(stats, name).logpdf, args, order=1)


@pytest.mark.parametrize("name", DISCRETE)
def test_probabilities_have_derivatives_in_every_parameter(name: str) -> None:
    k = np.array([1.0, 3.0])
    row = getattr(stats, name)
    fixed = 1 if row.shapes[0] == "n" and name != "nbinom" else 0  # n must be an integer
    known, free = DISCRETE[name][:fixed], DISCRETE[name][fixed:]
    check_grads(lambda *p: row.pmf(k, *known, *p), free, order=1)


@pytest.mark.parametrize("name", [n for n in CONTINUOUS if has(n, "cdf")])
def test_the_slope_of_a_distribution_function_is_the_density(name: str) -> None:
    row, args = getattr(stats, name), (*CONTINUOUS[name], 0.2, 2.0)
    x = np.array([-40.0, 1.3, 1.7, 40.0])
    slope = ft.vmap(ft.grad(lambda x: row.cdf(x, *args)))(x)
    np.testing.assert_allclose(slope, row.pdf(x, *args), 1e-9, 1e-15)
    if row.support is not None:  # no slope leaks from within
        for method in (row.logpdf, row.logcdf, row.logsf):
            assert ft.grad(method)(-40.0, *args) == 0


@pytest.mark.parametrize("name", [n for n in CONTINUOUS if has(n, "ppf")])
def test_the_slope_of_a_quantile_is_that_of_the_inverse(name: str) -> None:
    row, args = getattr(stats, name), (*CONTINUOUS[name], 0.2, 2.0)
    slope = ft.grad(row.ppf)(0.3, *args)
    assert slope * row.pdf(row.ppf(0.3, *args), *args) == pytest.approx(1.0, rel=1e-9)
    assert ft.grad(row.isf)(0.7, *args) == pytest.approx(-slope, rel=1e-9)


def test_methods_keep_the_laws() -> None:
    x = np.array([0.5, 2.0, 3.0])
    check_laws(lambda x, a, s: stats.gamma.logpdf(x, a, scale=s), (x, x + 1.0, np.ones(3)))
    check_laws(lambda x, a: stats.truncnorm.logcdf(x, a, 5.0), (x, -x))
    check_laws(lambda q: stats.norm.isf(q), (x / 5.0,))


def test_float32_stays_float32_with_and_without_a_transform() -> None:
    x = np.float32([0.5, 1.0])
    assert stats.norm.logpdf(x).dtype == np.float32
    assert ft.jit(stats.norm.logpdf)(x).dtype == np.float32
    assert stats.norm.logpdf(x, 0.0, np.float64(1)).dtype == np.float64


def test_parameters_by_name_and_wrong_ones() -> None:
    named = ft.jit(lambda x: stats.gamma.pdf(x, scale=2.0, a=3.0))(1.0)
    assert named == pytest.approx(scipy.stats.gamma.pdf(1.0, 3.0, 0.0, 2.0))
    with pytest.raises(ArgumentError, match="a, loc, scale"):
        stats.gamma.pdf(1.0)
    with pytest.raises(ArgumentError, match=r"gamma\.pdf"):
        stats.gamma.pdf(1.0, 2.0, a=2.0)
    with pytest.raises(ArgumentError, match="mu, loc"):
        stats.poisson.pmf(1.0, 2.0, scale=3.0)
    with pytest.raises(MissingRuleError, match="vonmises has no cdf"):
        ft.jit(stats.vonmises.cdf)(1.0, 2.0)


def test_the_entropy_of_poissons_distribution() -> None:
    mu = np.array([0.0, 1e-3, 0.5, 7.0, 99.0, 101.0, 1e4])
    terms = scipy.special.entr(scipy.stats.poisson.pmf(np.arange(12_000)[:, None], mu))
    entropy = ft.jit(stats.poisson.entropy)
    np.testing.assert_allclose(entropy(mu), terms.sum(0), 1e-8)
    assert np.isnan(entropy(-1.0))
    check_grads(stats.poisson.entropy, (mu[2:6],), order=1)


# --- vectors -------------------------------------------------------------------------------------


def test_vector_distributions_have_scipys_values_and_derivatives() -> None:
    rng = np.random.default_rng(0)
    x, alpha = np.array([0.2, 0.3, 0.5]), np.array([1.0, 2.5, 3.0])
    a = rng.normal(size=(3, 3))
    mean, cov, points = rng.normal(size=3), a @ a.T + np.eye(3), rng.normal(size=(2, 4, 3))
    for ours, theirs, args in (
        (stats.dirichlet.logpdf, scipy.stats.dirichlet.logpdf, (x, alpha)),
        (stats.dirichlet.pdf, scipy.stats.dirichlet.pdf, (x[:2], alpha)),
        (
            stats.multivariate_normal.logpdf,
            scipy.stats.multivariate_normal.logpdf,
            (points, mean, cov),
        ),
        (
            stats.multivariate_normal.pdf,
            scipy.stats.multivariate_normal.pdf,
            (points, mean, 2.0 * np.eye(3)),
        ),
        (stats.multinomial.logpmf, scipy.stats.multinomial.logpmf, (np.array([[1, 2, 4]]), 7, x)),
    ):
        np.testing.assert_allclose(ours(*args), theirs(*args), 1e-12)
        np.testing.assert_allclose(ft.jit(ours)(*args), theirs(*args), 1e-12)
    check_grads(lambda alpha: stats.dirichlet.logpdf(x, alpha), (alpha,), order=1)
    check_grads(
        lambda m, a: stats.multivariate_normal.logpdf(points, m, a @ a.T), (mean, a), order=1
    )
    check_grads(lambda p: stats.multinomial.logpmf(np.array([1, 2, 4]), 7, p), (x,), order=1)


def test_a_normal_distribution_takes_numbers_and_batches() -> None:
    x = np.array([0.5, 1.0])
    ours, theirs = ft.jit(stats.multivariate_normal.logpdf), scipy.stats.multivariate_normal.logpdf
    assert ours(x, 0.5, 2.0) == pytest.approx(theirs(x, [0.5, 0.5], 2.0))
    assert ours(0.5) == pytest.approx(scipy.stats.norm.logpdf(0.5))
    covs = np.stack([np.eye(2), 3.0 * np.eye(2)])
    expected = [theirs(x, x, c) for c in covs]
    np.testing.assert_allclose(ours(x, x, covs), expected)
    with pytest.raises(ShapeError, match=r"vectors of 2 .* \(3, 3\)"):
        ours(x, x, np.eye(3))
    with pytest.raises(OptionError, match="allow_singular"):
        stats.multivariate_normal.logpdf(x, x, np.eye(2), True)


def test_vector_distributions_and_estimates_keep_the_laws() -> None:
    rng = np.random.default_rng(0)
    cov = np.diag([1.0, 2.0, 3.0]) + 0.5
    normal = stats.multivariate_normal.logpdf
    check_laws(lambda x, m: normal(x, m, cov), (rng.normal(size=(4, 3)), rng.normal(size=3)))
    check_laws(
        lambda d, p: stats.gaussian_kde(d).logpdf(p), (rng.normal(size=6), rng.normal(size=3))
    )


@pytest.mark.parametrize("infinite", [(-np.inf, 1.0), (0.0, np.inf), (-np.inf, np.inf)])
def test_a_truncated_normal_distribution_may_have_one_side(infinite: tuple[float, float]) -> None:
    x = np.array([0.3, 0.7, 3.0])
    for method in ("logpdf", "logcdf", "logsf", "cdf"):
        ours = ft.jit(getattr(stats.truncnorm, method))(x, *infinite)
        np.testing.assert_allclose(
            ours, getattr(scipy.stats.truncnorm, method)(x, *infinite), 1e-11
        )
        slope = ft.vmap(ft.grad(lambda x, m=method: getattr(stats.truncnorm, m)(x, *infinite)))(x)
        assert np.isfinite(slope).all()


def test_vectors_outside_the_support_have_density_0() -> None:
    assert stats.dirichlet.logpdf(np.array([0.5, 0.6]), np.ones(2)) == -np.inf
    assert stats.multinomial.pmf(np.array([1, 2]), 4, np.array([0.5, 0.5])) == 0
    with pytest.raises(ShapeError, match="dirichlet"):
        stats.dirichlet.logpdf(np.ones(5), np.ones(3))


# --- samples -------------------------------------------------------------------------------------

SAMPLE = np.array([[3.0, 1.0, 2.0, 1.0, 3.0], [np.nan, 4.0, 1.0, np.nan, np.nan], [2, 2, 2, 1, 1]])


@pytest.mark.parametrize("method", ["average", "min", "max", "dense", "ordinal"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_ranks_are_scipys(method: str, axis: int | None) -> None:
    ranks = ft.jit(lambda x: stats.rankdata(x, method, axis=axis))
    for x in (SAMPLE, SAMPLE[[0, 2]].astype(int)):
        expected = scipy.stats.rankdata(x, method, axis=axis)
        np.testing.assert_array_equal(ranks(x), expected)
        np.testing.assert_array_equal(stats.rankdata(x, method, axis=axis), expected)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_modes_and_errors_of_means_are_scipys(axis: int | None, keepdims: bool) -> None:
    def both(x: Any) -> Any:
        return stats.mode(x, axis, keepdims=keepdims), stats.sem(x, axis, keepdims=keepdims)

    mode, error = ft.jit(both)(SAMPLE)
    expected = scipy.stats.mode(SAMPLE, axis, keepdims=keepdims)
    np.testing.assert_array_equal(mode.mode, expected.mode)
    np.testing.assert_array_equal(mode.count, expected.count)
    np.testing.assert_allclose(error, scipy.stats.sem(SAMPLE, axis, keepdims=keepdims))
    omitted = ft.jit(lambda x: stats.sem(x, axis, nan_policy="omit"))(SAMPLE[:, 1:3])
    np.testing.assert_allclose(omitted, scipy.stats.sem(SAMPLE[:, 1:3], axis, nan_policy="omit"))


def test_what_ranks_and_modes_refuse() -> None:
    with pytest.raises(OptionError, match="no method"):
        stats.rankdata(SAMPLE, "first")
    with pytest.raises(OptionError, match="nan_policy='omit'"):
        ft.jit(lambda x: stats.mode(x, nan_policy="omit"))(SAMPLE)


# --- density estimates ---------------------------------------------------------------------------


@pytest.mark.parametrize("bw_method", [None, "silverman", 0.5, lambda kde: kde.n ** (-0.2)])
def test_density_estimates_are_scipys(bw_method: Any) -> None:
    rng = np.random.default_rng(0)
    data, points, weights = rng.normal(size=(2, 6)), rng.normal(size=(2, 4)), rng.uniform(size=6)
    theirs = scipy.stats.gaussian_kde(data, bw_method, weights)
    ours = ft.jit(lambda d, w: stats.gaussian_kde(d, bw_method, w))(data, weights)
    np.testing.assert_allclose(ours.covariance, theirs.covariance)
    np.testing.assert_allclose(ours.inv_cov, theirs.inv_cov)
    np.testing.assert_allclose(ours(points), theirs(points))
    np.testing.assert_allclose(ft.jit(ours.logpdf)(points), theirs.logpdf(points))
    mean, cov = points[:, 0], np.diag([1.0, 2.0])
    expected = theirs.integrate_gaussian(mean, cov)
    np.testing.assert_allclose(ours.integrate_gaussian(mean, cov), expected)
    np.testing.assert_allclose(ours.integrate_kde(ours), theirs.integrate_kde(theirs))


def test_density_estimates_are_differentiable_in_the_sample() -> None:
    data = np.array([-1.0, 0.3, 1.0])
    theirs = scipy.stats.gaussian_kde(data)
    assert stats.gaussian_kde(data).integrate_box_1d(-1, 2) == pytest.approx(
        theirs.integrate_box_1d(-1, 2)
    )
    check_grads(lambda d, x: stats.gaussian_kde(d).logpdf(x), (data, np.array([0.5, 2.0])), order=1)


def test_resampling_draws_from_the_estimate() -> None:
    estimate = stats.gaussian_kde(np.array([[-2.0, 2.0, 0.0], [0.0, 1.0, 2.0]]), 0.1)
    drawn = ft.jit(lambda k: estimate.resample(k, (2000,)))(ft.random.key(0))
    assert drawn.shape == (2, 2000)
    # The sample's own covariance, which divides by n, and the kernel's, a hundredth of it by n − 1.
    expected = estimate.covariance * (1.0 + 100.0 * 2 / 3)
    np.testing.assert_allclose(np.cov(drawn), expected, rtol=0.1, atol=0.1)


def test_what_density_estimates_refuse() -> None:
    estimate = stats.gaussian_kde(np.eye(2, 3))
    with pytest.raises(OptionError, match="bw_method='magic'"):
        stats.gaussian_kde(np.eye(2, 3), "magic")
    for wrong in (
        lambda: stats.gaussian_kde(np.ones(1)),
        lambda: stats.gaussian_kde(np.ones(3), weights=np.ones(2)),
        lambda: estimate.pdf(np.ones((3, 2))),
        lambda: estimate.integrate_box_1d(0.0, 1.0),
        lambda: estimate.integrate_gaussian(0.0, 1.0),
        lambda: estimate.integrate_kde(stats.gaussian_kde(np.arange(3.0))),
    ):
        with pytest.raises(ShapeError):
            wrong()
