"""A million random numbers, compiled and eager, against JAX's and NumPy's generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import functrans.random
from benchmarks.harness import Call, Row, installed, take_turns

COUNT = 1_000_000

SAMPLERS: dict[str, tuple[tuple[Any, ...], Callable[[np.random.Generator], Any]]] = {
    # name: its parameters, and what NumPy's generator is asked
    "bits": ((), lambda g: g.integers(0, 2**64, COUNT, np.uint64)),
    "uniform": ((), lambda g: g.random(COUNT)),
    "normal": ((), lambda g: g.standard_normal(COUNT)),
    "exponential": ((), lambda g: g.standard_exponential(COUNT)),
    "gamma": ((2.0,), lambda g: g.standard_gamma(2.0, COUNT)),
}


def rows(rounds: int) -> Iterator[Row]:
    for name, (parameters, numpys) in SAMPLERS.items():
        calls = ours(name, parameters)
        calls["numpy"] = partial(numpys, np.random.default_rng(0))
        if installed("jax"):
            calls |= jaxs(name, parameters)
        samples = take_turns(calls, rounds, shortest=0.02)
        what = f"{COUNT:,} numbers: {name}"
        yield Row(what, "numpy", samples["ours"], samples["numpy"])
        if "jax" in samples:
            yield Row(what, "jax", samples["ours"], samples["jax"], 1.0)
            yield Row(f"{what}, eager", "jax", samples["ours, eager"], samples["jax, eager"], 1.0)


def ours(name: str, parameters: tuple[Any, ...]) -> dict[str, Call]:
    sampler = getattr(functrans.random, name)
    compiled = functrans.jit(lambda key: sampler(key, *parameters, (COUNT,)))
    key = functrans.random.key(0)
    return {
        "ours": lambda: compiled(key),
        "ours, eager": lambda: sampler(key, *parameters, (COUNT,)),
    }


def jaxs(name: str, parameters: tuple[Any, ...]) -> dict[str, Call]:
    import jax

    sampler = getattr(jax.random, name)
    compiled = jax.jit(lambda key: sampler(key, *parameters, (COUNT,)))
    key = jax.random.key(0)
    return {
        "jax": lambda: compiled(key).block_until_ready(),
        "jax, eager": lambda: sampler(key, *parameters, (COUNT,)).block_until_ready(),
    }
