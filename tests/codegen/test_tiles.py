"""Products around a kernel run block by block: values are those of NumPy, and no row is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from tests.poison import compare

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


# --- which axis is cut --------------------------------------------------------------------------


def numbers(*shape: int) -> Any:
    return np.random.default_rng(0).integers(-2, 3, shape).astype(float)


def above(x: Any, w: Any) -> Any:
    return np.abs(x @ w - 1.0)


# Of square matrices every axis has the length of the loop over rows.
SQUARE: dict[str, Callable[..., Any]] = {
    "columns": lambda x, w, v: above(x, w) @ v,
    "rows": lambda x, w, v: above(x, w).T @ v,
    "from the left": lambda x, w, v: v @ above(x, w),
    "from the left, transposed": lambda x, w, v: v.T @ above(x, w),
    "only behind": lambda x, w, v: np.abs(x - 1.0) @ v,
    "only behind, rows": lambda x, w, v: np.abs(x - 1.0).T @ v,
    "itself": lambda x, w, v: (lambda z: z.T @ z)(above(x, w)),
    "both ways": lambda x, w, v: (lambda z: z @ z)(above(x, w)),
    "transposed before": lambda x, w, v: np.abs(x.T @ w.T - 1.0).T @ x,
    "turned between": lambda x, w, v: np.abs((x @ w).T - 1.0) @ v,
}


@pytest.mark.parametrize("name", SQUARE)
def test_square_matrices(name: str) -> None:
    x, w, v = numbers(512, 512), numbers(512, 512) / 64.0, numbers(512, 512) / 32.0
    compare(SQUARE[name], x, w, v)


TALL: dict[str, Callable[..., Any]] = {
    "rows": lambda y, b: above(y, b).T @ y,
    "from the left": lambda y, b: y.T @ above(y, b),
    "read twice": lambda y, b: (lambda z: (np.abs(z).T @ y, z.sum(0)))(y @ b - 1.0),
    "folded too": lambda y, b: (lambda z: (z.T @ y, np.sum(z, 1), np.max(z, 0)))(above(y, b)),
    "other rows": lambda y, b: (lambda z: (z.T @ y, z[::-1] * 2.0))(above(y, b)),
    "rows meet": lambda y, b: (lambda z: (z + z[::-1]).T @ y)(y @ b),
    "reshaped": lambda y, b: np.reshape(above(y, b), (150, -1)) @ y,
    "reshaped twice": lambda y, b: y.T @ np.reshape(np.reshape(above(y, b), (150, -1)), (-1, 150)),
    "stacked": lambda y, b: np.einsum("ab,cad->bcd", y, np.abs(np.stack([y @ b, y @ b * 2.0]))),
    "normalised": lambda y, b: (lambda z: (z - z.mean(0)).T @ y)(y @ b),
    "part of the columns": lambda y, b: above(y, b)[:, :33].T @ y,
    "joined columns": lambda y, b: np.concatenate([above(y, b), y], 1).T @ y,
    "other operand made later": lambda y, b: (
        lambda z: np.sort(z[:, :1] + y, 0).T @ z
    )(above(y, b)),
    "results as well": lambda y, b: (y @ b, above(y, b).T @ y, y @ b + 1.0),
    "gradient": ft.grad(lambda y, b: np.sum(above(above(y, b), b.T) ** 2), (0, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", TALL)
def test_tall_matrices(name: str) -> None:
    compare(TALL[name], numbers(1001, 100), numbers(100, 150) / 16.0)
