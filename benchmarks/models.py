"""The measured functions, written once for every library: ``np`` is the array module."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy

Function = Callable[..., Any]

LAYERS = (64, 64, 64, 64, 64, 10)
BATCH = 32


def product(np: Any) -> Function:
    """``sin(x) * x``."""

    def f(x: Any) -> Any:
        return np.sin(x) * x

    return f


def pair_energy(np: Any) -> Function:
    """The energy of Lennard-Jones of all pairs, from their distances."""

    def f(r: Any) -> Any:
        s = 1.0 / (r * r)
        s = s * s * s
        return np.sum(4.0 * (s * s - s))

    return f


def mlp_loss(np: Any) -> Function:
    """Mean cross entropy of a five-layer tanh network; targets of shape (batch, 10)."""

    def loss(params: Any, x: Any, targets: Any) -> Any:
        for w, b in params[:-1]:
            x = np.tanh(np.dot(x, w) + b)
        w, b = params[-1]
        z = np.dot(x, w) + b
        z = z - np.max(z, axis=1, keepdims=True)
        log_total = np.log(np.sum(np.exp(z), axis=1))
        return np.mean(log_total - np.sum(z * targets, axis=1))

    return loss


def mlp_arguments(scale: float = 1.0) -> tuple[Any, Any, Any]:
    """Parameters, inputs and targets, the same in every call."""
    rng = numpy.random.default_rng(0)
    params = [
        (scale * rng.normal(0.0, 1.0 / numpy.sqrt(n), (n, m)), numpy.zeros(m))
        for n, m in pairwise(LAYERS)
    ]
    x = rng.normal(size=(BATCH, LAYERS[0]))
    targets = numpy.eye(10)[rng.integers(10, size=BATCH)]
    return params, x, targets


def chain(np: Any, length: int, constant: float) -> Function:
    """A chain of ``length`` elementwise operations; ``constant`` makes each one new."""

    def f(x: Any) -> Any:
        for i in range(length):
            match i % 4:
                case 0:
                    x = np.sin(x)
                case 1:
                    x = x * constant
                case 2:
                    x = np.tanh(x)
                case _:
                    x = x + constant
        return x

    return f


def scaled_mlp_loss(np: Any, constant: float) -> Function:
    """The network's loss times a constant, so that each one is a new program."""
    loss = mlp_loss(np)

    def f(params: Any, x: Any, targets: Any) -> Any:
        return constant * loss(params, x, targets)

    return f
