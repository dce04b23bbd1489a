"""Gradients without ``jit``: one float, a five-layer network, and long arrays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy

import functrans
import functrans.numpy
from benchmarks.harness import Row, installed, take_turns
from benchmarks.models import Function, mlp_arguments, mlp_loss, pair_energy, product


def rows(rounds: int) -> Iterator[Row]:
    yield from compare("sin(x)*x at a float", product, (1.5,), rounds)
    yield from compare("MLP 5 × 64, batch 32", mlp_loss, mlp_arguments(), rounds)
    for pairs in (10_000, 100_000):
        what = f"energy of {pairs:,} pairs"
        distances = numpy.linspace(0.9, 2.5, pairs)
        yield from compare(what, pair_energy, (distances,), rounds, most_of_jax=None)


def compare(
    what: str,
    model: Any,
    arguments: tuple[Any, ...],
    rounds: int,
    most_of_jax: float | None = 0.05,
) -> Iterator[Row]:
    """Ours through its own door and through plain NumPy, against the peers and NumPy's forward."""
    gradients: dict[str, Function] = {
        "functrans.numpy": functrans.grad(model(functrans.numpy)),
        "plain numpy": functrans.grad(model(numpy)),
    }
    operands = dict.fromkeys(gradients, arguments)
    gradients["numpy, forward only"] = model(numpy)
    operands["numpy, forward only"] = arguments
    targets: dict[str, float | None] = {"numpy, forward only": None}
    if installed("autograd"):
        import autograd
        import autograd.numpy

        gradients["autograd"] = autograd.grad(model(autograd.numpy))
        operands["autograd"] = arguments
        targets["autograd"] = 1.0
    if installed("jax"):
        import jax
        import jax.numpy

        gradients["jax, not jitted"] = jax.grad(model(jax.numpy))
        operands["jax, not jitted"] = jax.tree.map(jax.numpy.asarray, arguments)
        targets["jax, not jitted"] = most_of_jax
    calls = {name: partial(gradient, *operands[name]) for name, gradient in gradients.items()}
    samples = take_turns(calls, rounds)
    for ours in ("functrans.numpy", "plain numpy"):
        for peer, most in targets.items():
            yield Row(f"eager {what}, {ours}", peer, samples[ours], samples[peer], most)
