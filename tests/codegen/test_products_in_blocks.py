"""Products around a kernel, run block by block only where the blocks are rows of what it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
from tests.poison import compare


def numbers(*shape: int) -> Any:
    return np.random.default_rng(0).integers(-2, 3, shape).astype(float)


def layer(x: Any, w: Any) -> Any:
    return np.abs(x @ w - 1.0)


# Of square matrices every axis has the length of the loop over rows.
SQUARE: dict[str, Callable[..., Any]] = {
    "columns": lambda x, w, v: layer(x, w) @ v,
    "rows": lambda x, w, v: layer(x, w).T @ v,
    "from the left": lambda x, w, v: v @ layer(x, w),
    "from the left, transposed": lambda x, w, v: v.T @ layer(x, w),
    "only behind": lambda x, w, v: np.abs(x - 1.0) @ v,
    "only behind, rows": lambda x, w, v: np.abs(x - 1.0).T @ v,
    "itself": lambda x, w, v: (lambda z: z.T @ z)(layer(x, w)),
    "both ways": lambda x, w, v: (lambda z: z @ z)(layer(x, w)),
    "transposed before": lambda x, w, v: np.abs(x.T @ w.T - 1.0).T @ x,
    "turned between": lambda x, w, v: np.abs((x @ w).T - 1.0) @ v,
}


@pytest.mark.parametrize("name", SQUARE)
def test_square_matrices(name: str) -> None:
    x, w, v = numbers(512, 512), numbers(512, 512) / 64.0, numbers(512, 512) / 32.0
    compare(SQUARE[name], x, w, v)


TALL: dict[str, Callable[..., Any]] = {
    "rows": lambda y, b: layer(y, b).T @ y,
    "from the left": lambda y, b: y.T @ layer(y, b),
    "read twice": lambda y, b: (lambda z: (np.abs(z).T @ y, z.sum(0)))(y @ b - 1.0),
    "folded too": lambda y, b: (lambda z: (z.T @ y, np.sum(z, 1), np.max(z, 0)))(layer(y, b)),
    "other rows": lambda y, b: (lambda z: (z.T @ y, z[::-1] * 2.0))(layer(y, b)),
    "rows meet": lambda y, b: (lambda z: (z + z[::-1]).T @ y)(y @ b),
    "reshaped": lambda y, b: np.reshape(layer(y, b), (150, -1)) @ y,
    "reshaped twice": lambda y, b: y.T @ np.reshape(np.reshape(layer(y, b), (150, -1)), (-1, 150)),
    "stacked": lambda y, b: np.einsum("ab,cad->bcd", y, np.abs(np.stack([y @ b, y @ b * 2.0]))),
    "normalised": lambda y, b: (lambda z: (z - z.mean(0)).T @ y)(y @ b),
    "part of the columns": lambda y, b: layer(y, b)[:, :33].T @ y,
    "joined columns": lambda y, b: np.concatenate([layer(y, b), y], 1).T @ y,
    "other operand made later": lambda y, b: (
        lambda z: np.sort(z[:, :1] + y, 0).T @ z
    )(layer(y, b)),
    "results as well": lambda y, b: (y @ b, layer(y, b).T @ y, y @ b + 1.0),
    "gradient": ft.grad(lambda y, b: np.sum(layer(layer(y, b), b.T) ** 2), (0, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", TALL)
def test_tall_matrices(name: str) -> None:
    compare(TALL[name], numbers(1001, 100), numbers(100, 150) / 16.0)
