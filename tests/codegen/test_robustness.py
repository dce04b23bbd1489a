"""Jitted functions with unusual arguments, too little memory, and many threads."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans import numpy as jnp
from functrans.errors import IndexBoundsError

# --- arguments -----------------------------------------------------------------------------------


def misaligned(x: Any) -> Any:
    buffer = np.zeros(x.nbytes + 1, np.uint8)
    result = buffer[1:].view(x.dtype).reshape(x.shape)
    result[...] = x
    return result


def padded(x: Any) -> Any:
    """The same numbers as fields of records."""
    records = np.zeros(x.shape, [("before", np.uint8), ("x", x.dtype)])
    records["x"] = x
    return records["x"]


def read_only(x: Any) -> Any:
    x = x.copy()
    x.flags.writeable = False
    return x


def over_strided(x: Any) -> Any:
    wide = np.zeros((*x.shape[:-1], 3 * x.shape[-1]), x.dtype)
    wide[..., ::3] = x
    return wide[..., ::3]


FORMS: dict[str, Callable[[Any], Any]] = {
    "plain": lambda x: x,
    "misaligned": misaligned,
    "byte-swapped": lambda x: x.astype(x.dtype.newbyteorder()),
    "Fortran order": np.asfortranarray,
    "negative strides": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "strided": over_strided,
    "fields": padded,
    "read-only": read_only,
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
    "subclass": lambda x: x.view(type("Sub", (np.ndarray,), {})),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32, np.complex128, bool])
@pytest.mark.parametrize("form", FORMS)
def test_arrays_of_every_form(form: str, dtype: Any) -> None:
    x = FORMS[form]((np.arange(24).reshape(4, 6) % 7).astype(dtype))
    before = x.copy()
    compiled = ft.jit(lambda x, w: (x * w, jnp.sum(x, axis=0), x.T))
    for _ in range(3):
        product, total, turned = compiled(x, x)
        np.testing.assert_array_equal(product, before * before)
        np.testing.assert_array_equal(total, before.sum(0))
        np.testing.assert_array_equal(turned, before.T)
        for out in (product, total, turned):
            assert type(out) is np.ndarray
            assert out.dtype.isnative
            assert out.flags.writeable
            assert not np.shares_memory(out, x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (0, 0), (2, 0, 4)])
def test_arrays_without_elements(shape: tuple[int, ...]) -> None:
    def f(x: Any) -> Any:
        return x * 2.0, jnp.sum(x, axis=-1), x.T @ x if x.ndim == 2 else x, jnp.sort(x)

    x = np.zeros(shape)
    for form in (x, np.asfortranarray(x)):
        for actual, expected in zip(ft.jit(f)(form), f(x), strict=True):
            assert actual.shape == expected.shape
            assert actual.dtype == expected.dtype
            np.testing.assert_array_equal(actual, expected)


# --- memory --------------------------------------------------------------------------------------


def outputs(n: int) -> Callable[[Any], Any]:
    return lambda x: (x * 2.0, jnp.broadcast_to(x[0], (n,)) + 1.0)


def workspace(n: int) -> Callable[[Any], Any]:
    return lambda x: jnp.cumsum(jnp.cumsum(jnp.broadcast_to(x[0], (n,)))[::-1])[0]


def fallback(n: int) -> Callable[[Any], Any]:
    return lambda x: jnp.sort(jnp.broadcast_to(x[0], (n,)))[0]


@pytest.mark.parametrize("size", [1 << 48, 1 << 57, 1 << 59])
@pytest.mark.parametrize("make", [outputs, workspace, fallback])
def test_too_little_memory_is_an_error_and_nothing_else(make: Any, size: int) -> None:
    x = np.ones(3)
    compiled = ft.jit(make(size))
    for _ in range(3):
        with pytest.raises(MemoryError):
            compiled(x)
    np.testing.assert_array_equal(ft.jit(lambda x: x + 1)(x), x + 1)


def test_failures_leak_no_outputs() -> None:
    compiled = ft.jit(outputs(1 << 48))
    x = np.ones(100_000)
    for _ in range(3):
        with pytest.raises(MemoryError):
            compiled(x)
    gc.collect()
    start = sys.getrefcount(np.dtype(float))
    for _ in range(50):
        with pytest.raises(MemoryError):
            compiled(x)
    assert abs(sys.getrefcount(np.dtype(float)) - start) < 10


# --- threads -------------------------------------------------------------------------------------


def test_threads_share_compiled_functions() -> None:
    """Native code, fallbacks, errors, large workspaces and first compilations at the same time."""
    shared = {
        "native": ft.jit(lambda x: jnp.sum(jnp.sin(x) * x)),
        "fallback": ft.jit(lambda x: jnp.sort(-x) * 2.0),
        "workspace": ft.jit(lambda x: jnp.cumsum(jnp.cumsum(x)[::-1])),
        "gradient": ft.jit(ft.grad(lambda x: jnp.sum(jnp.tanh(x) * x))),
    }
    plain: dict[str, Callable[[Any], Any]] = {
        "native": lambda x: np.sum(np.sin(x) * x),
        "fallback": lambda x: np.sort(-x) * 2.0,
        "workspace": lambda x: np.cumsum(np.cumsum(x)[::-1]),
        "gradient": lambda x: np.tanh(x) + x / np.cosh(x) ** 2,
    }
    lookup = ft.jit(lambda x, i: x[i] * 2.0)
    failures: list[BaseException] = []
    rounds: list[int] = []
    deadline = time.monotonic() + 1.0
    barrier = threading.Barrier(4)

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        try:
            barrier.wait()
            count = 0
            while time.monotonic() < deadline or count < 8:
                x = rng.normal(size=(5, 40, 3000)[count % 3])
                for name, compiled in shared.items():
                    expected = plain[name](x)
                    scale = np.max(np.abs(expected))
                    np.testing.assert_allclose(compiled(x), expected, atol=1e-12 * scale)
                assert lookup(x, np.int64(-1)) == x[-1] * 2.0
                with pytest.raises(IndexBoundsError):
                    lookup(x, np.int64(x.size))
                if count % 8 == 0:
                    own = ft.jit(lambda x, k=seed + count: x * k + jnp.sort(x))
                    np.testing.assert_allclose(own(x), x * (seed + count) + np.sort(x))
                count += 1
            rounds.append(count)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(usual)
    assert not failures
    assert len(rounds) == 4
