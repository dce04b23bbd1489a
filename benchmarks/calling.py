"""What a call costs around the kernel: arguments looked at, results built, their memory found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy

import functrans
import functrans.numpy
from benchmarks.harness import Call, Row, installed, take_turns
from benchmarks.models import product
from functrans.codegen import pool


def rows(rounds: int) -> Iterator[Row]:
    yield from _vector(rounds, "10-vector", numpy.linspace(0.0, 1.0, 10), 0.3e-6)
    yield from _vector(rounds, "column of 10", numpy.linspace(0.0, 1.0, 20).reshape(10, 2)[:, 0])
    yield from _tree(rounds)
    yield from _static(rounds)
    for elements in (100_000, 6_250_000, 10_000_000):
        yield from _large(rounds, elements)


def _vector(rounds: int, what: str, x: Any, most_seconds: float | None = None) -> Iterator[Row]:
    """One vector in, one out."""
    ours, plain = functrans.jit(product(functrans.numpy)), product(numpy)
    calls: dict[str, Call] = {"ours": lambda: ours(x), "numpy": lambda: plain(x)}
    targets: dict[str, float | None] = {"numpy": None}
    if installed("jax"):
        import jax
        import jax.numpy

        theirs, array = jax.jit(product(jax.numpy)), jax.numpy.asarray(x)
        calls["jax, ndarrays"] = lambda: numpy.asarray(theirs(x))
        calls["jax, its own arrays"] = lambda: jax.block_until_ready(theirs(array))
        targets.update({"jax, ndarrays": 0.1, "jax, its own arrays": None})
    samples = take_turns(calls, rounds)
    for peer, most in targets.items():
        limit = most_seconds if peer == "numpy" else None
        yield Row(f"call, {what}", peer, samples["ours"], samples[peer], most, limit)


def _loss(params: dict[str, Any]) -> Any:
    return sum((value * value).sum() for value in params.values())


def _tree(rounds: int) -> Iterator[Row]:
    """A dict of 8 vectors in, the dict of their gradients out."""
    params = {name: numpy.linspace(0.0, 1.0, 10) + i for i, name in enumerate("abcdefgh")}
    ours = functrans.jit(functrans.grad(_loss))
    calls: dict[str, Call] = {
        "ours": lambda: ours(params),
        "numpy": lambda: {name: 2.0 * value for name, value in params.items()},
    }
    if installed("jax"):
        import jax
        import jax.numpy

        theirs = jax.jit(jax.grad(_loss))
        arrays = {name: jax.numpy.asarray(value) for name, value in params.items()}
        calls["jax, its own arrays"] = lambda: jax.block_until_ready(theirs(arrays))
    samples = take_turns(calls, rounds)
    for peer in calls:
        limit = 1.5e-6 if peer == "numpy" else None
        if peer != "ours":
            yield Row("call, dict of 8", peer, samples["ours"], samples[peer], None, limit)


def _static(rounds: int) -> Iterator[Row]:
    """A static integer and a keyword beside a 10-vector."""
    x = numpy.linspace(0.0, 1.0, 10)

    def power(x: Any, n: int, *, scale: Any) -> Any:
        return scale * x**n

    ours = functrans.jit(power, static_argnums=1)
    calls: dict[str, Call] = {
        "ours": lambda: ours(x, 2, scale=3.0),
        "numpy": lambda: power(x, 2, scale=3.0),
    }
    if installed("jax"):
        import jax
        import jax.numpy

        theirs, array = jax.jit(power, static_argnums=1), jax.numpy.asarray(x)
        calls["jax, its own arrays"] = lambda: jax.block_until_ready(theirs(array, 2, scale=3.0))
    samples = take_turns(calls, rounds)
    for peer in calls:
        if peer != "ours":
            yield Row("call, static and keyword", peer, samples["ours"], samples[peer])


def _large(rounds: int, elements: int) -> Iterator[Row]:
    """``x * 2 + 1``, whose cost is memory: with the pool, without, and into memory given."""
    x = numpy.linspace(0.0, 1.0, elements)
    out = numpy.empty_like(x)

    def scaled(x: Any) -> Any:
        return x * 2.0 + 1.0

    ours, donating = functrans.jit(scaled), functrans.jit(scaled, donate_argnums=0)

    def numpy_out() -> None:
        numpy.multiply(x, 2.0, out=out)
        numpy.add(out, 1.0, out=out)

    calls: dict[str, Call] = {
        "ours": lambda: ours(x),
        "donated": lambda: donating(out),
        "numpy": lambda: scaled(x),
        "numpy, out=": numpy_out,
    }
    if installed("jax"):
        import jax
        import jax.numpy

        theirs, array = jax.jit(scaled), jax.numpy.asarray(x)
        calls["jax, its own arrays"] = lambda: jax.block_until_ready(theirs(array))
    samples = take_turns(calls, rounds)
    samples["without the pool"] = _without_pool(lambda: ours(x), rounds)
    for peer in samples:
        if peer != "ours":
            what = f"x * 2 + 1, {elements * 8 / 1e6:.3g} MB"
            yield Row(what, peer, samples["ours"], samples[peer])


def _without_pool(call: Call, rounds: int) -> list[float]:
    """Apart from the others: emptying the pool would take their memory too."""
    limit = pool.memory().limit
    pool.set_limit(0)
    try:
        return take_turns({"ours": call}, rounds)["ours"]
    finally:
        pool.set_limit(limit)
