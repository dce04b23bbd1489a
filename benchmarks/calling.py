"""The call of a compiled small function of one 10-vector: ndarray in, ndarray out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy

import functrans
import functrans.numpy
from benchmarks.harness import Call, Row, installed, take_turns
from benchmarks.models import product


def rows(rounds: int) -> Iterator[Row]:
    x = numpy.linspace(0.0, 1.0, 10)
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
        limit = 0.5e-6 if peer == "numpy" else None
        yield Row("call, 10-vector", peer, samples["ours"], samples[peer], most, limit)
