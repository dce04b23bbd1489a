"""The functions of the NumPy door that are loaded on first use: their edges and errors."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans import errors

NAN = np.nan
X = np.array([3.0, 1.0, 2.0, 5.0, 4.0])
SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, NAN, 5e-324, -5e-324, 1e308, 1.7976931348623157e308,
     2.2250738585072014e-308, 1e-310, 8.0, np.nextafter(8.0, 0.0), np.nextafter(1.0, 0.0)]
)  # fmt: skip


def same(actual: Any, expected: Any, **limits: float) -> None:
    """Equal types of results, dtypes and values."""
    if isinstance(expected, list | tuple):
        assert type(actual) is type(expected)
        for a, b in zip(actual, expected, strict=True):
            same(a, b, **limits)
        return
    assert np.asarray(actual).dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(actual, expected, **({"rtol": 0, "atol": 0} | limits))


def test_they_load_when_numpys_spelling_meets_a_traced_value() -> None:
    code = (
        "import sys, numpy as np, functrans as ft\n"
        "assert 'functrans.numpy.integers' not in sys.modules\n"
        "assert 'functrans.numpy.order' not in sys.modules\n"
        "print(ft.jit(lambda x: np.gcd(x, 4) + np.median(x))(np.array([6, 8])))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[ 9. 11.]\n"


# --- sets ----------------------------------------------------------------------------------------

PAIRS = [
    ([], []),
    ([1.0, 1.0], []),
    ([], [2.0]),
    ([NAN, 1.0, NAN], [NAN, 1.0]),
    ([NAN, NAN], [3.0]),
    ([3.0, NAN], [NAN, NAN]),
    ([[5.0, 2.0], [2.0, 0.0]], [0.0, 0.0, 7.0]),
]


@pytest.mark.parametrize("name", ["union1d", "intersect1d", "setxor1d", "setdiff1d"])
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_sets_of_a_size_equal_numpys(name: str, pair: Any) -> None:
    x, y = map(np.array, pair)
    expected = getattr(np, name)(x, y)
    exact = ft.jit(lambda x, y: getattr(fnp, name)(x, y, size=len(expected)))
    same(exact(x, y), expected)
    padded = ft.jit(lambda x, y: getattr(fnp, name)(x, y, size=7, fill_value=-1.0))(x, y)
    same(padded, np.concatenate([expected, np.full(7 - len(expected), -1.0)]))


def test_intersect1d_finds_the_first_places() -> None:
    x, y = np.array([4, 1, 4, 2]), np.array([2, 2, 4])
    expected = np.intersect1d(x, y, return_indices=True)
    same(ft.jit(lambda x, y: fnp.intersect1d(x, y, False, True, size=2))(x, y), expected)
    _, first, second = fnp.intersect1d(x, y, False, True, size=3)
    assert (first[-1], second[-1]) == (4, 3)  # the lengths: no place


def test_sets_need_a_size_under_jit_alone() -> None:
    with pytest.raises(errors.NonConcreteBooleanIndexError):
        ft.jit(fnp.union1d)(X, X)
    _, pull = ft.vjp(lambda x: fnp.intersect1d(x, np.array([5.0, 1.0])), X)
    same(pull(np.array([10.0, 20.0])), (np.array([0.0, 10.0, 0.0, 20.0, 0.0]),))


@pytest.mark.parametrize("x", [[NAN, 1.0, NAN], [[2.0, 1.0], [1.0, 0.0]], []], ids=str)
def test_unique_of_a_size_equals_numpys(x: Any) -> None:
    x = np.array(x)
    expected = np.unique(x, True, True, True)
    size = len(expected[0])
    same(ft.jit(lambda x: fnp.unique(x, True, True, True, size=size))(x), expected)
    if not np.isnan(x).any():
        named = ft.jit(lambda x: fnp.unique_all(x, size=size))(x)
        same(named, np.unique_all(x))


# --- order ---------------------------------------------------------------------------------------


def test_quantiles_of_nothing_but_nan() -> None:
    x = np.array([[NAN, NAN], [1.0, NAN]])
    same(ft.jit(lambda x: fnp.nanmedian(x, axis=1))(x), np.array([NAN, 1.0]))
    same(ft.jit(lambda x: fnp.median(x, axis=1))(x), np.array([NAN, NAN]))


def test_the_fraction_of_a_quantile_has_a_derivative() -> None:
    slope = ft.grad(fnp.quantile, argnums=1)
    same(slope(X, 0.4), np.float64(4.0))
    same(ft.jit(slope)(X, np.float64(0.4)), np.float64(4.0))
    same(ft.grad(lambda q: np.nanpercentile(X, q))(40.0), np.float64(0.04), rtol=1e-15)


@pytest.mark.parametrize("q", [0.3, [0.1, 0.9], [[0.5]]], ids=str)
@pytest.mark.parametrize("method", ["linear", "nearest"])
def test_quantiles_of_single_precision(q: Any, method: str) -> None:
    x = X.astype(np.float32)
    for name in ("quantile", "nanquantile"):
        expected = getattr(np, name)(x, q, method=method, keepdims=True)
        found = ft.jit(lambda x, n=name: getattr(fnp, n)(x, q, method=method, keepdims=True))(x)
        same(found, expected, rtol=1e-6)


# --- histograms ----------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [np.linspace(0, 1, 11), np.ones(3), np.zeros(0), X], ids=len)
@pytest.mark.parametrize("bins", [1, 10, [0.0, 0.1, 1.0]], ids=str)
@pytest.mark.parametrize("limits", [None, (0, 1)], ids=str)
def test_histograms_at_the_edges_of_bins(x: Any, bins: Any, limits: Any) -> None:
    found = ft.jit(lambda x: fnp.histogram(x, bins, limits))(x)
    same(found, tuple(np.histogram(x, bins, limits)), rtol=1e-15)


def test_histograms_leave_out_nan() -> None:
    x = np.array([0.0, NAN, 1.0, 5.0])
    same(ft.jit(lambda x: fnp.histogram(x, 3, (0, 2))[0])(x), np.array([1, 1, 0]))


def test_histogram_edges_have_derivatives() -> None:
    same(
        ft.jacobian(lambda x: fnp.histogram_bin_edges(x, 2))(X),
        np.array([[0, 1, 0, 0, 0], [0, 0.5, 0, 0.5, 0], [0, 0, 0, 1, 0.0]]),
    )


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["frexp", "spacing"])
@pytest.mark.parametrize("dtype", ["d", "f"])
def test_parts_of_special_numbers(name: str, dtype: str) -> None:
    with np.errstate(all="ignore"):
        x = SPECIAL.astype(dtype)
        same(ft.jit(getattr(fnp, name))(x), getattr(np, name)(x))


def test_frexp_of_every_power_of_two() -> None:
    x = np.ldexp(1.0, np.arange(-1074, 1024))
    same(ft.jit(fnp.frexp)(x), np.frexp(x))
    same(ft.vmap(ft.grad(lambda x: fnp.frexp(x)[0]))(np.array([3.0, 0.1])), np.array([0.25, 8.0]))


# --- polynomials ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "p", [[1, -3, 2.0], [0, 0, 1, -3, 2, 0, 0.0], [1.0, 0, 0], [0.0, 0], [2.0]], ids=str
)
def test_roots_of_known_coefficients(p: Any) -> None:
    found = ft.vjp(fnp.roots, np.array(p))[0]
    np.testing.assert_allclose(np.sort(found), np.sort(np.roots(p)), atol=1e-12)


def test_roots_follow_the_coefficients() -> None:
    # x² − s·x + p has roots 1 and 3: moving s by ds moves them by −ds·r/(s − 2r).
    slopes = ft.jacobian(lambda s: fnp.sort(fnp.real(fnp.roots([1.0, -s, 3.0], strip_zeros=False))))
    np.testing.assert_allclose(slopes(4.0), [-0.5, 1.5], rtol=1e-12)


def test_polyfit_gives_all_results_of_numpys() -> None:
    y = np.array([1.0, 2.0, 0.0, 5.0, 3.0])
    for options in ({"full": True}, {"cov": "unscaled"}, {"cov": True, "w": X}):
        expected = np.polyfit(X, y, 2, **options)
        found = ft.jit(lambda x, y, o=options: fnp.polyfit(x, y, 2, **o))(X, y)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9)


# --- arrangements --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        lambda x, y: (x, 0, slice(1, 3), x),
        lambda x, y: ("-1,2,0", x, x),
        lambda x, y: ("0,2", x, x),
        lambda x, y: ("0,3,1", x, x),
        lambda x, y: ("1,3,-1", x, x),
        lambda x, y: ("0,4,-2", y, y),
        lambda x, y: ("1", y, y),
        lambda x, y: (slice(0, 1, 5j), x),
        lambda x, y: (x[0], 2, 3.0),
    ],
)
def test_r_joins_as_numpys(key: Any) -> None:
    y = np.arange(6.0).reshape(3, 2)
    same(ft.jit(lambda x, y: fnp.r_[key(x, y)])(X, y), np.r_[key(X, y)])


@pytest.mark.parametrize("axis", [-3, -1, 0, 1])
@pytest.mark.parametrize("function", [np.sum, lambda v: v[:2], lambda v: np.outer(v, v)])
def test_apply_along_axis_places_results_as_numpy(axis: int, function: Any) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    expected = np.apply_along_axis(function, axis, x)
    same(ft.jit(lambda x: np.apply_along_axis(function, axis, x))(x), expected)


@pytest.mark.parametrize("axis", [0, -1, (0, 2), None], ids=str)
def test_ufuncs_fold_as_numpys(axis: Any) -> None:
    x = np.arange(1, 25).reshape(2, 3, 4)
    for ufunc in (np.bitwise_or, np.gcd, np.logaddexp, np.logical_xor, np.fmax):
        for options in ({}, {"keepdims": True}):
            found = ft.jit(lambda x, u=ufunc, o=options: u.reduce(x, axis, **o))(x)
            same(found, ufunc.reduce(x, axis, **options), rtol=1e-14)
    same(ft.jit(np.bitwise_xor.reduce)(np.zeros((0, 2), int)), np.zeros(2, int))
    same(ft.jit(lambda x: np.logaddexp.reduce(x, initial=2.0))(np.ones(1)), np.logaddexp(2.0, 1.0))
    if isinstance(axis, int):
        found = ft.jit(lambda x: np.gcd.accumulate(x, axis))(x)
        same(found, np.gcd.accumulate(x, axis))


def test_functions_of_ufuncs_have_their_methods() -> None:
    assert fnp.add.reduce([1, 2, 3]) == 6
    same(ft.jit(lambda x: fnp.maximum.accumulate(x))(X), np.maximum.accumulate(X))
    same(ft.jit(lambda x: fnp.subtract.outer(x, [1.0, 2.0]))(X), np.subtract.outer(X, [1.0, 2.0]))


def test_frompyfunc_has_the_methods_of_ufuncs() -> None:
    larger = fnp.frompyfunc(lambda a, b: fnp.where(a > b, a, b), 2, 1, identity=-np.inf)
    x = np.array([[1.0, 4.0], [3.0, 2.0]])
    same(ft.jit(larger.reduce)(x), np.max(x, 0))
    same(larger.reduce(x, axis=None), np.float64(4.0))
    same(larger.reduce(np.zeros((0, 2))), np.full(2, -np.inf))
    same(ft.jit(larger.accumulate)(X), np.maximum.accumulate(X))
    same(larger.outer(X, X[:2]), np.maximum.outer(X, X[:2]))
    halves = fnp.frompyfunc(lambda a: (a // 2, a - a // 2), 1, 2)
    same(halves(np.array([5, 6])), (np.array([2, 3]), np.array([3, 3])))
    for misuse in (lambda: halves.reduce(x), lambda: halves(x, x)):
        with pytest.raises(errors.ArgumentError):
            misuse()


def test_writing_in_place_is_numpys_own() -> None:
    x = np.zeros((2, 2))
    assert fnp.put(x, [1], 3.0) is None
    assert fnp.place(x, x == 0, [5.0]) is None
    assert fnp.fill_diagonal(x, 7.0) is None
    assert x.tolist() == [[7.0, 3.0], [5.0, 7.0]]
    before = x.copy()
    fnp.put(x, [0], 1.0, inplace=False)
    np.testing.assert_array_equal(x, before)


def test_methods_of_traced_values() -> None:
    for method in (
        lambda x: x.partition(range(5)) if isinstance(x, ft.core.trace.Tracer) else np.sort(x),
        lambda x: x.argpartition(range(5)),
        lambda x: x.compress([True, False, True]),
        lambda x: np.sort(x).searchsorted([1.5, 3.0]),
    ):
        same(ft.jit(method)(X), method(X))


# --- errors --------------------------------------------------------------------------------------

ERRORS: list[Any] = [
    (lambda x: fnp.partition(x, 9), errors.ShapeError),
    (lambda x: fnp.partition(x, x), errors.ArgumentError),
    (lambda x: fnp.quantile(x, 1.5), errors.OptionError),
    (lambda x: fnp.quantile(x, 0.5, method="hazen"), errors.OptionError),
    (lambda x: fnp.quantile(x, 0.5, weights=x), errors.ArgumentError),
    (lambda x: fnp.quantile(x + 1j, 0.5), errors.DtypeError),
    (lambda x: fnp.nanmedian(x[:0]), errors.ShapeError),
    (lambda x: fnp.histogram(x, 0), errors.OptionError),
    (lambda x: fnp.histogram(x, 2.5), errors.ArgumentError),
    (lambda x: fnp.histogram(x, [2.0, 1.0]), errors.OptionError),
    (lambda x: fnp.histogram(x, 3, (2.0, 1.0)), errors.OptionError),
    (lambda x: fnp.histogram(x, 3, weights=x[:2]), errors.ShapeError),
    (lambda x: fnp.histogramdd(x, [2, 3]), errors.ShapeError),
    (lambda x: fnp.gcd(x, 2), errors.DtypeError),
    (lambda x: fnp.packbits(x), errors.DtypeError),
    (lambda x: fnp.unpackbits(x), errors.DtypeError),
    (lambda x: fnp.poly(x[None]), errors.ShapeError),
    (lambda x: fnp.polyint(x, -1), errors.OptionError),
    (lambda x: fnp.polyint(x, 2, [1.0, 2.0, 3.0]), errors.ShapeError),
    (lambda x: fnp.polyfit(x, x[:2], 1), errors.ShapeError),
    (lambda x: fnp.polyfit(x, x, 4, cov=True), errors.ShapeError),
    (lambda x: fnp.put(x, 0, 1.0), errors.ArgumentError),
    (lambda x: np.put(x, 0, 1.0), errors.ArgumentError),
    (lambda x: fnp.place(x, x > 0, 1.0), errors.ArgumentError),
    (lambda x: fnp.place(x, x[:2] > 0, 1.0, inplace=False), errors.ShapeError),
    (lambda x: fnp.fill_diagonal(x, 1.0, inplace=False), errors.ShapeError),
    (lambda x: fnp.put(x, 0, 1.0, "skip", inplace=False), errors.OptionError),
    (lambda x: fnp.diag_indices_from(x), errors.ShapeError),
    (lambda x: fnp.matvec(x, x), errors.ShapeError),
    (lambda x: np.less.reduce(x), errors.MissingRuleError),
    (lambda x: np.fmax.reduce(x[:0]), errors.ShapeError),
    (lambda x: np.fmax.reduce(x, where=x > 0), errors.ArgumentError),
    (lambda x: fnp.r_["r", x], errors.OptionError),
    (lambda x: fnp.apply_over_axes(lambda v, axis: v[None], x, 0), errors.ShapeError),
]


@pytest.mark.parametrize(("program", "error"), ERRORS)
def test_errors_name_the_class_and_the_line(program: Any, error: Any) -> None:
    for transformed in (ft.make_jaxpr(program), lambda x: ft.vjp(program, x)):
        with pytest.raises(error) as info:
            transformed(X)
        assert info.value.line is not None
        assert info.value.line.file == __file__


@pytest.mark.parametrize(
    ("program", "error"),
    [
        (lambda x: fnp.roots(x), errors.ArgumentError),
        (lambda x: fnp.trim_zeros(x), errors.ArgumentError),
        (lambda x: fnp.histogram(x, "auto"), errors.ArgumentError),
        (lambda x: fnp.unique_values(x), errors.NonConcreteBooleanIndexError),
    ],
)
def test_shapes_that_depend_on_values_are_refused_under_jit(program: Any, error: Any) -> None:
    with pytest.raises(error) as info:
        ft.jit(program)(X)
    assert info.value.line.file == __file__
    ft.vjp(program, X)
