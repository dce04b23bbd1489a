"""Functions of SciPy called from compiled loops: values, fusion, derivatives, report, errors."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special

import functrans as ft
from functrans.codegen import library
from functrans.codegen.host import vector_bits
from functrans.primitives import elementwise
from functrans.scipy import special

ROOT = Path(__file__).parents[2]
FUNCTIONS = {
    "psi": 1, "gammaln": 1, "gammainc": 2, "gammaincc": 2, "betainc": 3, "zeta": 2,
}  # fmt: skip


def numbers(count: int, size: int | tuple[int, ...], dtype: Any = float) -> list[Any]:
    return [np.random.default_rng(k).uniform(0.05, 0.95, size).astype(dtype) for k in range(count)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", [0, 1, 5, 8, 16, 37])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_are_scipys(name: str, size: int, dtype: Any) -> None:
    args = numbers(FUNCTIONS[name], size, dtype)
    if name == "zeta":
        args[0] += dtype(1.5)
    compiled = ft.jit(getattr(special, name))
    expected = getattr(scipy.special, name)(*args)
    actual = compiled(*args)
    assert actual.dtype == expected.dtype
    np.testing.assert_array_equal(actual, expected)
    assert compiled(*[a[0] for a in args if size]) == expected[0] if size else True
    assert not compiled.lower(*args).report().fallbacks


def test_values_at_the_edges_are_scipys() -> None:
    x = np.array([0.0, -0.0, -1.0, 1.0, 2.0, np.inf, -np.inf, np.nan, 1e-310, 1e300])
    for name in ("psi", "gammaln"):
        expected = getattr(scipy.special, name)(x)
        np.testing.assert_array_equal(ft.jit(getattr(special, name))(x), expected)


def test_calls_fuse_with_their_neighbours_and_stay_vectors() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.exp(-2.0 * special.psi(x * x + 1.0)), axis=1)

    (x,) = numbers(1, (6, 40))
    lowered = ft.jit(f).lower(x)
    report = lowered.report()
    assert len(report.kernels) == 1
    assert [(r.routine, r.calls) for r in report.opaque_calls] == [("psi", 240)]
    assert "test_opaque.py" in report.opaque_calls[0].line
    assert "240 calls of psi" in str(report)
    assert "call psi" in lowered.as_text("clusters")
    lanes = vector_bits() // 64
    if lanes > 1:
        assert f"x double> @ft.late.opaque.f8.1.{lanes}" in lowered.as_text("optimised")
    expected = np.exp(-2 * scipy.special.psi(x * x + 1)).sum(1)
    np.testing.assert_allclose(ft.jit(f)(x), expected, rtol=1e-14)


def test_derivatives_compile_without_fallbacks() -> None:
    x = np.linspace(0.5, 4.0, 9)
    slope = ft.jit(ft.vmap(ft.grad(special.gammaln)))
    np.testing.assert_allclose(slope(x), scipy.special.psi(x), rtol=1e-15)
    curvature = ft.jit(ft.vmap(ft.grad(ft.grad(special.gammaln))))
    np.testing.assert_allclose(curvature(x), scipy.special.polygamma(1, x), rtol=1e-14)
    for compiled in (slope, curvature):
        report = compiled.lower(x).report()
        assert not report.fallbacks
        assert len(report.kernels) == 1


def test_one_kernel_serves_equal_loops_of_different_routines() -> None:
    x = np.linspace(0.5, 4.0, 33)
    y = np.linspace(0.5, 4.0, 34)

    def f(x: Any, y: Any) -> Any:
        return special.psi(x), special.gammaln(x[:-1]), special.psi(y), special.gammaln(y[1:])

    a, b, c, d = ft.jit(f)(x, y)
    np.testing.assert_array_equal(a, scipy.special.psi(x))
    np.testing.assert_array_equal(b, scipy.special.gammaln(x[:-1]))
    np.testing.assert_array_equal(c, scipy.special.psi(y))
    np.testing.assert_array_equal(d, scipy.special.gammaln(y[1:]))


def test_errors_that_scipy_is_told_to_raise_are_raised() -> None:
    (x,) = numbers(1, 20)
    compiled = ft.jit(partial(special.gammainc, 2.0))
    outside = np.full(20, -1.0)
    assert np.isnan(compiled(outside)).all()
    with (
        scipy.special.errstate(domain="raise"),
        pytest.raises(scipy.special.SpecialFunctionError, match="domain"),
    ):
        compiled(outside)
    np.testing.assert_array_equal(compiled(x), scipy.special.gammainc(2.0, x))


def test_half_precision_falls_back() -> None:
    x = np.array([0.5, 1.5], np.float16)
    compiled = ft.jit(elementwise.digamma)
    (row,) = compiled.lower(x).report().fallbacks
    assert row.primitive == "digamma"
    assert "f16" in row.reason or "float16" in row.reason
    assert row.source is not None
    np.testing.assert_allclose(compiled(x), scipy.special.psi(x), rtol=1e-3)


def test_unknown_names_and_types_have_no_loop() -> None:
    assert library.special_loop("no_such_function", "d->d") is None
    assert library.special_loop("psi", "l->l") is None
    found = library.special_loop("psi", "d->d")
    assert found is not None
    assert found.loop


def test_scipy_special_is_not_imported_for_a_loop_that_loads_alone() -> None:
    code = (
        "import sys, numpy as np, functrans as ft\n"
        "from functrans.scipy.special import digamma\n"
        "print(float(ft.jit(ft.grad(digamma))(1.0)), 'scipy.special' in sys.modules)\n"
        "import scipy.special\n"
        "print(float(scipy.special.zeta(2.0, 1.0)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    first, loaded, second = done.stdout.split()
    assert first == second
    if importlib.util.find_spec("scipy.special._special_ufuncs"):
        assert loaded == "False"
