"""The compiled gradient of the network, against JAX's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy

import functrans
import functrans.numpy
from benchmarks.harness import Call, Row, installed, take_turns
from benchmarks.models import mlp_arguments, mlp_loss


def rows(rounds: int) -> Iterator[Row]:
    arguments = mlp_arguments()
    gradient = functrans.jit(functrans.grad(mlp_loss(functrans.numpy)))
    forward = mlp_loss(numpy)
    calls: dict[str, Call] = {
        "ours": lambda: gradient(*arguments),
        "numpy, forward only": lambda: forward(*arguments),
    }
    targets: dict[str, float | None] = {"numpy, forward only": None}
    if installed("jax"):
        import jax
        import jax.numpy

        theirs = jax.jit(jax.grad(mlp_loss(jax.numpy)))
        arrays = jax.tree.map(jax.numpy.asarray, arguments)
        calls["jax"] = lambda: jax.block_until_ready(theirs(*arrays))
        targets["jax"] = 1.0
    samples = take_turns(calls, rounds, shortest=0.02)
    for peer, most in targets.items():
        yield Row("jitted MLP gradient", peer, samples["ours"], samples[peer], most)
