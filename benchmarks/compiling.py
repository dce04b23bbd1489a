"""Trace to callable: chains of elementwise operations and the network's gradient.

Ours is timed to the first result, so that nothing can be put off; JAX to its compiled object.
Every repetition compiles a new function with a new constant, so that no cache can answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import numpy

import functrans
import functrans.numpy
from benchmarks.harness import Call, Row, installed, take_turns
from benchmarks.models import Function, chain, mlp_arguments, scaled_mlp_loss

LENGTHS = (2, 10, 40, 160)
Maker = Callable[[Any, float], Function]


def rows(rounds: int) -> Iterator[Row]:
    if not installed("jax"):
        return
    x = numpy.linspace(0.0, 1.0, 1000)
    for length in LENGTHS:
        make = partial(chain_of, length)
        yield compare(f"compile a chain of {length}", make, (x,), rounds)
    yield compare("compile the MLP gradient", mlp_gradient, mlp_arguments(), rounds)


def chain_of(length: int, library: Any, constant: float) -> Function:
    return chain(library.numpy, length, constant)


def mlp_gradient(library: Any, constant: float) -> Function:
    gradient: Function = library.grad(scaled_mlp_loss(library.numpy, constant))
    return gradient


def compare(what: str, make: Maker, arguments: tuple[Any, ...], rounds: int) -> Row:
    """Time the compilation of a new function in each round."""
    import jax
    import jax.numpy

    constants = (1.0 + 1e-6 * i for i in count())
    arrays = jax.tree.map(jax.numpy.asarray, arguments)

    def ours() -> None:
        functrans.jit(make(functrans, next(constants)))(*arguments)

    def theirs() -> None:
        jax.jit(make(jax, next(constants))).lower(*arrays).compile()

    calls: dict[str, Call] = {"ours": ours, "jax": theirs}
    samples = take_turns(calls, rounds, shortest=0.0)
    return Row(what, "jax", samples["ours"], samples["jax"], most=1.0)
