"""Gaussian mixture: the gradient of the log posterior, by ``grad``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.adbench.case import Array, Case, Function, Program, joined, load

SIZES = ((1000, 2, 5), (1000, 10, 25), (1000, 20, 50), (1000, 32, 50), (10000, 10, 25))
LARGE = ((1000, 64, 50), (1000, 128, 25))


def cases(large: bool) -> Iterator[Case]:
    for n, d, k in SIZES + (LARGE if large else ()):
        yield case(f"GMM {n // 1000}k d{d} K{k}", instance(n, d, k))


def case(name: str, data: dict[str, Array]) -> Case:
    alphas, means, icf, x = (data[key] for key in ("alphas", "means", "icf", "x"))
    gamma, m = float(data["gamma"]), int(data["m"])
    gradient = [data[key] for key in ("J_alphas", "J_means", "J_icf") if key in data]

    def program(distances: Function, lib: Any) -> Program:
        def objective(alphas: Any, means: Any, icf: Any, x: Any) -> Any:
            return log_posterior(lib, distances, alphas, means, icf, x, gamma, m)

        return Program(objective, lib.grad(objective, (0, 1, 2)), (alphas, means, icf, x))

    return Case(
        name,
        {f.__name__: partial(program, f) for f in (centred, centred_by_component, product)},
        lambda manual: manual.gmm(alphas, means, icf, x, gamma, m),
        most=0.20,
        value=data.get("F"),
        expected=joined(gradient) if gradient else None,
    )


def log_posterior(
    lib: Any, distances: Function, alphas: Any, means: Any, icf: Any, x: Any, gamma: float, m: int
) -> Any:
    """The objective; ``distances`` gives ‖Q_k (x_i − μ_k)‖² as (n, k)."""
    np_ = lib.numpy
    (n, d), k = x.shape, len(means)
    q, strict = icf[:, :d], icf[:, d:]
    total = np_.sum(q, axis=1)
    diagonal = np_.exp(q)
    factors = lower(np_, strict, d) + diagonal[:, :, None] * np.eye(d)
    scores = alphas + total - 0.5 * distances(np_, factors, means, x)
    prior = 0.5 * gamma**2 * (np_.sum(diagonal**2) + np_.sum(strict**2)) - m * np_.sum(total)
    likelihood = np_.sum(logsumexp(lib, scores, 1)) - n * logsumexp(lib, alphas, 0)
    return likelihood + prior + constant(n, d, k, gamma, m)


def centred(np_: Any, factors: Any, means: Any, x: Any) -> Any:
    """Q (x − μ), as the definition has it."""
    y = np_.einsum("kij,nkj->nki", factors, x[:, None] - means)
    return np_.sum(y * y, axis=2)


def centred_by_component(np_: Any, factors: Any, means: Any, x: Any) -> Any:
    """The same, one product of matrices for each component."""
    y = np_.einsum("knj,kij->kni", x - means[:, None], factors)
    return np_.sum(y * y, axis=2).T


def product(np_: Any, factors: Any, means: Any, x: Any) -> Any:
    """Qx − Qμ, so that all components share one product of matrices."""
    (n, d), k = x.shape, len(means)
    y = (x @ factors.reshape(k * d, d).T).reshape(n, k, d)
    y = y - np_.einsum("kij,kj->ki", factors, means)
    return np_.sum(y * y, axis=2)


def lower(np_: Any, strict: Any, d: int) -> Any:
    """The strictly lower triangles, stored column by column, as matrices."""
    columns, rows = np.triu_indices(d, 1)
    table = np.zeros((d, d), int)
    table[rows, columns] = np.arange(len(rows))
    return np_.where(np.tri(d, k=-1, dtype=bool), strict[:, table], 0.0)


def logsumexp(lib: Any, a: Any, axis: int) -> Any:
    top = lib.lax.stop_gradient(lib.numpy.max(a, axis=axis, keepdims=True))
    total = lib.numpy.sum(lib.numpy.exp(a - top), axis=axis)
    return lib.numpy.log(total) + lib.numpy.squeeze(top, axis)


def constant(n: int, d: int, k: int, gamma: float, m: int) -> float:
    """What does not depend on the parameters."""
    freedom = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi)
    log_gamma += sum(math.lgamma(0.5 * (freedom + 1 - j)) for j in range(1, d + 1))
    wishart = freedom * d * (math.log(gamma) - 0.5 * math.log(2)) - log_gamma
    return -0.5 * n * d * math.log(2 * math.pi) - k * wishart


def instance(n: int, d: int, k: int) -> dict[str, Array]:
    """ADBench's file where it is kept here; otherwise drawn from its distributions."""
    if n == 1000 and d <= 32:
        return load(f"gmm_1k_d{d}_K{k}")
    rng = np.random.default_rng(0)
    return {
        "alphas": rng.normal(size=k),
        "means": rng.uniform(size=(k, d)),
        "icf": rng.normal(size=(k, d * (d + 1) // 2)),
        "x": rng.normal(size=(n, d)),
        "gamma": np.array(1.0),
        "m": np.array(0),
    }
