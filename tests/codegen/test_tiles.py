"""Products around a kernel run block by block: values are those of NumPy, and no row is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp

Array = np.ndarray[Any, Any]


def layer(x: Any, w: Any, v: Any) -> Any:
    return np.tanh(x @ w) @ v


def gradient(x: Any, w: Any, v: Any) -> Any:
    return ft.grad(lambda w, v: (layer(x, w, v) ** 2).sum(), (0, 1))(w, v)


def shifted(x: Any, w: Any, v: Any) -> Any:
    h = x @ w
    return (h - h.max(axis=1, keepdims=True)).T @ x, v + 1.0


def of_transposed(x: Any, w: Any, v: Any) -> Any:
    return np.exp(0.01 * (x.T.copy().T @ w)).T @ x


def wanted_too(x: Any, w: Any, v: Any) -> Any:
    h = x @ w
    return np.tanh(h).T @ x, h


def scan_of_products(x: Any, w: Any, v: Any) -> Any:
    return ft.lax.fori_loop(0, 3, lambda _, w: w + 1e-5 * np.tanh(x @ w).T.dot(x).T, w)


FUNCTIONS: list[Callable[..., Any]] = [
    layer,
    gradient,
    shifted,
    of_transposed,
    wanted_too,
    scan_of_products,
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [2048, 5001])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_compiled_is_eager(
    function: Callable[..., Any], rows: int, dtype: type, rng: np.random.Generator
) -> None:
    x = rng.normal(size=(rows, 12)).astype(dtype)
    w = rng.normal(size=(12, 70)).astype(dtype)
    v = rng.normal(size=(70, 9)).astype(dtype)
    expected = ft.tree_util.tree_leaves(function(x, w, v))
    found = ft.tree_util.tree_leaves(ft.jit(function)(x, w, v))
    tolerance = 2e-4 if dtype is np.float32 else 1e-11
    for a, b in zip(found, expected, strict=True):
        scale = float(np.abs(b).max())
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def test_rows_are_forgotten(rng: np.random.Generator) -> None:
    x, w = rng.normal(size=(20_000, 12)), rng.normal(size=(12, 70))
    lowered = ft.jit(lambda x, w: np.exp(0.01 * (x @ w)).T @ x).lower(x, w)
    assert lowered.report().workspace < 20_000 * 70 * 8 / 4
    assert "dgemm" in lowered.as_text("loops")


def test_columns_of_one_matrix_may_serve_both(rng: np.random.Generator) -> None:
    x, w = rng.normal(size=(4000, 40)), rng.normal(size=(40, 40))

    def function(x: Any, w: Any) -> Any:
        h = fnp.sin(x @ w)
        return h.T @ h

    np.testing.assert_allclose(ft.jit(function)(x, w), function(x, w), rtol=1e-10, atol=1e-9)
