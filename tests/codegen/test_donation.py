"""Donated arguments: what is overwritten, what never is, and that results stay right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.errors import OptionError


def arrays(count: int, shape: tuple[int, ...] = (6, 5), seed: int = 0) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.uniform(0.5, 2.0, shape) for _ in range(count)]


PROGRAMS: dict[str, tuple[Callable[..., Any], int]] = {
    "scaled": (lambda x: 2.0 * x, 1),
    "itself": (lambda x: x, 1),
    "reversed": (lambda x: x[::-1] + x, 1),
    "transposed": (lambda x: x[:5].T + x[1:].T, 1),
    "normalised": (lambda x: x / np.sum(x), 1),
    "softmax": (lambda x: np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True), 1),
    "columns": (lambda x: x / np.sum(x, axis=0), 1),
    "cumulated": (lambda x: np.cumsum(x, axis=0), 1),
    "cumulated back": (lambda x: np.cumsum(x[::-1], axis=0) * x, 1),
    "sorted": (lambda x: np.sort(x, axis=0) + x, 1),
    "product": (lambda x, y: x @ y.T @ x, 1),
    "both": (lambda x, y: (x + y, x * y), 2),
    "exchanged": (lambda x, y: (y, x), 2),
    "crossed": (lambda x, y: (np.sin(y), np.cos(x)), 2),
    "shifted": (lambda x: np.concatenate([x[1:], x[:1]]), 1),
    "gathered": (lambda x: x[np.array([5, 4, 0, 0, 1, 2])], 1),
    "scattered": (lambda x: ft.numpy.at(x)[2].set(x[1] * 2.0), 1),
    "three": (lambda x, y, z: (x - 0.1 * z, 0.9 * y + z, x * y), 3),
    "unused": (lambda x, y: y * 2.0, 1),
    "twice": (lambda x: (x + 1.0, x + 2.0), 1),
    "reshaped": (lambda x: (x * 2.0).reshape(5, 6), 1),
    "sum after": (lambda x: (x * 2.0, np.sum(x * x)), 1),
    "loop": (lambda x: ft.lax.fori_loop(0, 5, lambda i, c: c * 0.5 + x, x), 1),
    "loop of two": (lambda x, y: ft.lax.fori_loop(0, 5, lambda i, c: (c[1], c[0] + y), (x, y)), 2),
    "scan": (lambda x: ft.lax.scan(lambda c, row: (c + row, c * row), x[0], x), 1),
    "scan back": (lambda x: ft.lax.scan(lambda c, r: (c + r, c * r), x[0], x, reverse=True)[1], 1),
    "while": (lambda x: ft.lax.while_loop(lambda c: c[0, 0] < 9.0, lambda c: c * 2.0 + x, x), 1),
    "neighbours": (lambda x: x.at[1:].add(x[:-1]), 1),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_results_are_those_without_donation(name: str) -> None:
    function, donated = PROGRAMS[name]
    count = function.__code__.co_argcount
    plain = ft.jit(function)
    f = ft.jit(function, donate_argnums=range(donated))
    for seed in range(3):
        args = arrays(count, seed=seed)
        wanted = plain(*args)
        result = f(*(x.copy() for x in args))
        for a, b in zip(ft.tree.leaves(result), ft.tree.leaves(wanted), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)


def test_the_result_is_the_donated_array() -> None:
    f = ft.jit(lambda p, g: {k: p[k] - 0.1 * g[k] for k in p}, donate_argnums=0)
    p = dict(zip("abc", arrays(3), strict=True))
    g = dict(zip("abc", arrays(3, seed=1), strict=True))
    wanted = {k: p[k] - 0.1 * g[k] for k in p}
    kept = {k: v.copy() for k, v in g.items()}
    result = f(p, g)
    for k in "abc":
        assert result[k] is p[k]
        np.testing.assert_allclose(result[k], wanted[k], rtol=1e-14)
        np.testing.assert_array_equal(g[k], kept[k])
    assert f(result, g)["a"] is p["a"]


@pytest.mark.parametrize("by", [{"donate_argnums": 1}, {"donate_argnames": "x"}])
def test_by_number_and_by_name(by: dict[str, Any]) -> None:
    f = ft.jit(lambda n, x: x * n, static_argnums=0, **by)
    x = np.ones(5)
    assert f(3, x) is x
    assert f(3, x=x) is x
    np.testing.assert_array_equal(x, 9.0)


def test_what_may_not_be_overwritten_is_not() -> None:
    f = ft.jit(lambda x, y: x * 2.0 + y, donate_argnums=0)
    y = np.ones(4)
    frozen = np.arange(4.0)
    frozen.flags.writeable = False
    whole = np.arange(8.0)
    for x in (frozen, whole[:4], whole[::2], whole[3::-1], np.arange(4)):
        before = np.array(x)
        for _ in range(2):
            result = f(x, y)
            assert result is not x
            np.testing.assert_array_equal(result, before * 2.0 + 1.0)
            np.testing.assert_array_equal(x, before)
    z = np.arange(4.0)
    for _ in range(2):
        result = f(z, z)
        assert result is not z
        np.testing.assert_array_equal(result, 3 * np.arange(4.0))
        np.testing.assert_array_equal(z, np.arange(4.0))
    for other in (whole[:4], whole[1:5], whole[4:]):
        owner = ft.jit(lambda x, y: (x * 2.0, y + 1.0), donate_argnums=0)
        before = whole.copy()
        np.testing.assert_array_equal(owner(whole, other)[1], other + 1.0)
        np.testing.assert_array_equal(whole, before)


def test_an_array_donated_twice() -> None:
    f = ft.jit(lambda x, y: (np.sin(x), np.cos(y)), donate_argnums=(0, 1))
    x = np.arange(4.0)
    a, b = f(x, x)
    np.testing.assert_allclose(a, np.sin(np.arange(4.0)))
    np.testing.assert_allclose(b, np.cos(np.arange(4.0)))


def test_under_a_trace_nothing_is_overwritten() -> None:
    f = ft.jit(lambda x: x * x, donate_argnums=0)
    x = np.arange(4.0)
    for _ in range(2):
        ft.grad(lambda x: np.sum(f(x)))(x)
        ft.jit(lambda x: f(x) + x)(x)
        ft.vmap(f)(x)
    np.testing.assert_array_equal(x, np.arange(4.0))


def test_scalars_and_other_types_are_not_donated() -> None:
    f = ft.jit(lambda x, s: (x.astype(np.float32), s + 1.0), donate_argnums=(0, 1))
    x, s = np.ones(3), np.array(2.0)
    for _ in range(2):
        assert f(x, s)[1] == 3.0
    assert s == 2.0


def test_bad_options() -> None:
    with pytest.raises(OptionError, match="donate_argnums"):
        ft.jit(lambda x: x, donate_argnums=3)
    with pytest.raises(OptionError, match="donate_argnames"):
        ft.jit(lambda x: x, donate_argnames="y")
    with pytest.raises(OptionError, match="both"):
        ft.jit(lambda x, y: x, donate_argnums=0, static_argnums=(0, 1))


def test_an_error_leaves_nothing_behind() -> None:
    f = ft.jit(lambda x, i: x * ft.numpy.take(x, i, mode="raise"), donate_argnums=0)
    x = np.ones(4)
    for _ in range(3):
        with pytest.raises(IndexError):
            f(x.copy(), 7)
        np.testing.assert_array_equal(f(x.copy(), 1), x)
