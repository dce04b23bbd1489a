"""Rows that fill no whole vectors, and loops that turn out late to belong together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
from tests.poison import compare

LENGTHS = [9, 10, 12, 15, 16, 31, 33, 64, 70, 96, 100, 103, 127, 128, 129]


def numbers(*shape: int, dtype: Any = float) -> Any:
    count = int(np.prod(shape))
    return ((np.arange(count) * 37 % 23 - 11).reshape(shape) / 7.0).astype(dtype)


def kernels(function: Any, *args: Any) -> int:
    return len(ft.jit(function).lower(*args).report().kernels)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_of_any_length(length: int, dtype: Any) -> None:
    """Extremes, sums and what is made of them; the last few numbers of a row count as well."""

    def f(x: Any) -> Any:
        e = np.exp(x - np.max(x, axis=-1, keepdims=True))
        share = e / np.sum(e, axis=-1, keepdims=True)
        centred = x - np.mean(x, axis=-1, keepdims=True)
        return share, np.max(x, axis=-1), np.sum(centred * centred, axis=-1), np.argmin(x, axis=-1)

    x = numbers(17, length, dtype=dtype)
    x[3, -1] = 40.0
    x[4, -1] = np.nan
    compare(f, x)
    compare(f, x[:1])
    compare(ft.grad(lambda x: np.sum(f(x)[0] ** 2) + np.sum(f(x)[2])), numbers(17, length))


def test_strangers_join_when_something_needs_both() -> None:
    """The first two loops have nothing in common until the third item reads what both make."""

    def f(x: Any, y: Any) -> Any:
        a = np.sqrt(x)
        b = np.log(y)
        return a / b, a * b

    x, y = abs(numbers(2, 1000)) + 2.0
    compare(f, x, y)
    assert kernels(f, x, y) == 1


def test_strangers_stay_apart_when_one_needs_all_of_the_other() -> None:
    def f(x: Any, y: Any) -> Any:
        a = np.sqrt(x)
        b = np.log(y) * np.sum(a)
        return a * b, b[::-1] + a

    x, y = abs(numbers(2, 1000)) + 2.0
    compare(f, x, y)
    compare(ft.grad(lambda x, y: np.sum(f(x, y)[0] * f(x, y)[1]), argnums=(0, 1)), x, y)
    assert kernels(f, x, y) > 1


def test_joined_loops_move_past_what_stands_between() -> None:
    """One of the two moves to the other, whichever is free to."""

    def f(x: Any, y: Any) -> Any:
        a = np.sqrt(x)
        total = np.sum(y * y)
        b = np.log(y) * total
        c = np.cumsum(a)
        return a / b, c, b[:500] * c[500:]

    x, y = abs(numbers(2, 1000)) + 2.0
    compare(f, x, y)
    compare(ft.grad(lambda x, y: sum(np.sum(v) for v in f(x, y)), argnums=(0, 1)), x, y)


def test_joined_loops_have_their_sums_and_inner_loops() -> None:
    def f(x: Any, y: Any) -> Any:
        a = x - np.mean(x, axis=-1, keepdims=True)
        b = np.exp(y) / np.sum(np.exp(y), axis=-1, keepdims=True)
        return np.sum(a * b, axis=-1), a / b, np.sum(a + b, axis=0)

    x, y = numbers(2, 40, 30)
    compare(f, x, y)
    compare(ft.grad(lambda x, y: sum(np.sum(v * v) for v in f(x, y)), argnums=(0, 1)), x, y)
