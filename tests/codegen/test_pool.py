"""The memory that stays with the process: who owns it, where it goes, and that it is bounded."""

from __future__ import annotations

import copy
import ctypes
import gc
import os
import pickle
import subprocess
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.codegen import pool

N = 100_000  # elements of 8 bytes: more than the least that is pooled
HANDLER = "functrans_pool"


def handler(array: Any) -> str:
    return str(np._core.multiarray.get_handler_name(array))


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    gc.collect()
    pool.clear()
    limit = pool.memory().limit
    yield
    pool.set_limit(limit)


@pytest.fixture(scope="module")
def twice() -> Any:
    f = ft.jit(lambda x: x + x)
    f(np.ones(N))
    return f


def test_a_result_is_an_ordinary_array(twice: Any) -> None:
    y = twice(np.arange(float(N)))
    plain = np.empty(N)
    assert type(y) is np.ndarray
    assert y.base is None
    assert str(y.flags) == str(plain.flags)
    assert handler(y) == HANDLER
    assert y.ctypes.data % 64 == 0
    matrix = ft.jit(lambda x: x.reshape(10, -1) * 1.0)(y)
    assert handler(matrix) == HANDLER
    assert str(matrix.flags) == str(np.empty((10, 5)).flags)
    weak = weakref.ref(y)
    del y
    assert weak() is None


def test_small_results_are_numpys_own(twice: Any) -> None:
    assert handler(ft.jit(lambda x: x + 1)(np.ones(10))) == handler(np.ones(10))
    assert handler(ft.jit(lambda x: x + 1)(np.ones((0, N)))) == handler(np.ones(10))


def test_memory_comes_back_and_is_used_again(twice: Any) -> None:
    x = np.ones(N)
    before = pool.memory()
    y = twice(x)
    address = y.ctypes.data
    assert pool.memory().used == before.used + y.nbytes
    view = y[10:20]
    del y
    assert pool.memory().used == before.used + 8 * N
    del view
    assert pool.memory() == pool.Memory(before.used, before.idle + 8 * N, 1, before.limit)
    assert twice(x).ctypes.data == address
    np.testing.assert_array_equal(twice(x), 2 * x)


def test_living_results_never_share_memory(twice: Any) -> None:
    results = [twice(np.full(N, float(i))) for i in range(20)]
    for i, y in enumerate(results):
        assert (y == 2 * i).all()
    assert len({y.ctypes.data for y in results}) == 20


def test_resize_copy_and_pickle(twice: Any) -> None:
    x = np.arange(float(N))
    y = twice(x)
    y.resize(3 * N, refcheck=False)
    np.testing.assert_array_equal(y[:N], 2 * x)
    np.testing.assert_array_equal(y[N:], 0)
    y.resize(10, refcheck=False)
    np.testing.assert_array_equal(y, 2 * x[:10])
    assert handler(y) == HANDLER
    del y
    y = twice(x)
    for other in (copy.copy(y), copy.deepcopy(y), pickle.loads(pickle.dumps(y)), y + 0):
        assert handler(other) != HANDLER
        np.testing.assert_array_equal(other, y)
    del y, other
    assert pool.memory().used == 0


def test_numpys_handler_functions(twice: Any) -> None:
    """malloc and calloc too, though nothing of ours calls them."""
    code = pool._code[0]
    table = pool.table().ctypes.data
    words = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)
    calloc = ctypes.PYFUNCTYPE(ctypes.c_void_p, *words)(code.address_of("pool.calloc"))
    malloc = ctypes.PYFUNCTYPE(ctypes.c_void_p, *words[:2])(code.address_of("pool.malloc"))
    free = ctypes.PYFUNCTYPE(None, *words)(code.address_of("pool.free"))
    for _ in range(2):
        block = malloc(table, 1000)
        ctypes.memset(block, 7, 1000)
        free(table, block, 1000)
        block = calloc(table, 10, 100)
        assert ctypes.string_at(block, 1000) == bytes(1000)
        free(table, block, 1000)
    assert calloc(table, 2**62, 8) is None
    assert malloc(table, 2**62) is None
    free(table, 0, 0)
    assert pool.memory().used == 0


def test_the_oldest_go_when_the_limit_is_reached(twice: Any) -> None:
    pool.set_limit(10 * 8 * N)
    x = np.ones(N)
    results = [twice(x) for _ in range(30)]
    assert pool.memory().used == 30 * 8 * N
    del results
    assert pool.memory().idle == 10 * 8 * N
    larger = ft.jit(lambda x: x + 1)
    y = larger(np.ones(9 * N))
    del y
    assert pool.memory().idle == 10 * 8 * N
    y = larger(np.ones(11 * N))
    del y
    assert pool.memory().idle == 10 * 8 * N  # what is over the limit alone is not kept
    pool.set_limit(0)
    assert pool.memory().idle == 0
    twice(x)
    assert pool.memory().idle == 0


def test_many_blocks(twice: Any) -> None:
    x = np.ones(N // 2)
    results = [twice(x) for _ in range(pool._KEPT + 50)]
    del results
    assert pool.memory().blocks <= pool._KEPT
    assert pool.memory().idle == pool.memory().blocks * x.nbytes
    assert pool.memory().used == 0


def test_workspaces_come_from_the_same_pool() -> None:
    f = ft.jit(lambda x: np.cumsum(np.cumsum(x)[::-1]) / np.sum(x))
    x = np.ones(N)
    f(x)
    workspace = f.lower(x).report().workspace
    assert workspace >= 8 * N
    pool.clear()
    f(x)
    assert pool.memory().used == 0
    assert pool.memory().idle >= workspace + 8 * N


def test_tracemalloc_sees_living_results_only(twice: Any) -> None:
    x = np.ones(N)
    twice(x)
    tracemalloc.start()
    y = twice(x)
    assert tracemalloc.get_traced_memory()[0] >= 8 * N
    del y
    assert tracemalloc.get_traced_memory()[0] < 8 * N
    tracemalloc.stop()


def test_no_memory_is_a_memory_error() -> None:
    f = ft.jit(lambda x: np.broadcast_to(x, (2**40, 2**10)) + 1.0)
    for _ in range(3):
        with pytest.raises(MemoryError):
            f(np.float64(1.0))
    assert pool.memory().used == 0


def test_threads(twice: Any) -> None:
    wrong: list[Any] = []

    def work(seed: int) -> None:
        x = np.full(N + 1000 * seed, float(seed))
        for _ in range(100):
            y, z = twice(x), twice(x)
            z[:] = -1.0
            if not (y == 2.0 * seed).all():
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert pool.memory().used == 0


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return done.stdout


def test_results_outlive_everything() -> None:
    code = """
import sys, numpy as np, functrans as ft
f = ft.jit(lambda x: x + x)
sys.result = f(np.ones(100_000))  # dies with the interpreter's own state
np.result = f(np.ones(100_000))
ft.result = f(np.ones(100_000))
"""
    assert run(code) == ""


def test_a_fork_has_a_pool_of_its_own() -> None:
    code = """
import os, warnings, numpy as np, functrans as ft
warnings.simplefilter("ignore")
f = ft.jit(lambda x: x + x)
x = np.ones(100_000)
y = f(x)
child = os.fork()
z = f(x)
assert (y == 2).all() and (z == 2).all()
del y, z
assert (f(x) == 2).all()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    if hasattr(os, "fork"):
        run(code)


@pytest.mark.parametrize(("value", "limit"), [("1000", 1000), ("2K", 2048), ("-1", 0)])
def test_the_limit_comes_from_the_environment(value: str, limit: int) -> None:
    code = "from functrans.codegen import pool; print(pool.memory().limit)"
    assert run(code, FUNCTRANS_POOL_BYTES=value) == f"{limit}\n"


def test_a_limit_that_is_no_size_warns() -> None:
    code = """
import warnings
from functrans.codegen import pool
with warnings.catch_warnings(record=True) as found:
    print(pool.memory().limit)
assert "FUNCTRANS_POOL_BYTES" in str(found[0].message)
"""
    assert run(code, FUNCTRANS_POOL_BYTES="much") == f"{pool.usual_limit()}\n"
