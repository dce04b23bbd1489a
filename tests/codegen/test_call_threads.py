"""Threads beside compiled programs: long ones let them run, and signatures are added safely."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
import scipy.special

import functrans as ft
from functrans.codegen.work import is_long

X = np.linspace(0.1, 1.0, 500_000)


def slow_sum(x: Any) -> Any:
    for _ in range(20):
        x = np.sin(x) + np.exp(-x)
    return x


def test_what_is_long() -> None:
    def long(function: Any, *args: Any) -> bool:
        return is_long(ft.make_jaxpr(function)(*args))

    assert not long(slow_sum, X[:50])
    assert long(slow_sum, X[:1000])
    assert long(lambda a, b: a @ b, np.ones((64, 64)), np.ones((64, 64)))
    assert not long(lambda a, b: a @ b, np.ones((10, 10)), np.ones((10, 10)))
    assert long(ft.jit(lambda x: x + 1), X)
    assert not long(lambda x: ft.lax.fori_loop(0, 10, lambda i, c: c + 1, x), X[:10])
    assert long(lambda x: ft.lax.fori_loop(0, 1000, lambda i, c: c + 1, x), X[:10])
    assert long(lambda x: ft.lax.while_loop(lambda c: c[0] < 1, lambda c: c + 1, x), X[:10])


def test_other_threads_run_meanwhile() -> None:
    f = ft.jit(slow_sum)
    f(X)
    done = threading.Event()

    def work() -> None:
        for _ in range(5):
            f(X)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    steps = 0
    start = time.perf_counter()
    while not done.is_set():
        steps += 1
    seconds = time.perf_counter() - start
    thread.join()
    assert steps > 1e5 * seconds  # without the lock it would be a handful


def test_fallbacks_and_errors_without_the_lock() -> None:
    f = ft.jit(lambda x: np.sort(slow_sum(x)) * 2.0)
    wanted = f(X)
    bad = ft.jit(lambda x, i: ft.numpy.take(slow_sum(x), i, mode="raise"))
    bad(X, 0)
    wrong: list[Any] = []

    def work() -> None:
        for _ in range(3):
            wrong.extend([1] * (not np.array_equal(f(X), wanted)))
            with pytest.raises(IndexError):
                bad(X, X.size)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_special_function_raises_without_the_lock() -> None:
    f = ft.jit(lambda x: ft.scipy.special.digamma(x))
    x = np.full(20_000, -1.0)
    with np.errstate(all="ignore"):
        f(x)
    for _ in range(2):
        error = pytest.raises(scipy.special.SpecialFunctionError)
        with scipy.special.errstate(all="raise"), error:
            f(x)


def test_signatures_added_by_many_threads() -> None:
    f = ft.jit(lambda x, n: x * n, static_argnums=1)
    wrong: list[Any] = []

    def work(seed: int) -> None:
        for i in range(40):
            n = (i * 7 + seed) % 12
            x = np.arange(float(1 + i % 3))
            wrong.extend([n] * (not np.array_equal(f(x, n), n * x)))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(f._native) + len(f._tree_stubs) >= 16
