"""Compiled factorisations and Fourier transforms, and gradients through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy

import functrans
import functrans.numpy
from benchmarks.harness import Call, Row, installed, take_turns

OPTIONS = ("only",)
_SIZES = (4, 32, 256)

_VALUES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "cholesky": lambda np, a, b: np.linalg.cholesky(a),
    "solve": lambda np, a, b: np.linalg.solve(a, b),
    "inv": lambda np, a, b: np.linalg.inv(a),
    "qr": lambda np, a, b: np.linalg.qr(a),
    "eigh": lambda np, a, b: np.linalg.eigh(a),
    "svd": lambda np, a, b: np.linalg.svd(a),
    "rfft": lambda np, a, b: np.fft.rfft(a),
}
_LOSSES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "Gaussian likelihood": lambda np, a, b: b @ np.linalg.solve(a, b) + np.linalg.slogdet(a)[1],
    "eigenvalues": lambda np, a, b: (np.linalg.eigvalsh(a) ** 2).sum(),
}


def rows(rounds: int, only: str = "") -> Iterator[Row]:
    for size in _SIZES:
        rng = numpy.random.default_rng(size)
        a = rng.normal(size=(size, size))
        a = a @ a.T + size * numpy.eye(size)
        b = rng.normal(size=size)
        for name, function in _VALUES.items():
            what = f"{name}, {size}×{size}"
            if only in what:
                yield from _compared(what, function, a, b, rounds, False)
        for name, function in _LOSSES.items():
            what = f"gradient of a {name}, {size}×{size}"
            if only in what:
                yield from _compared(what, function, a, b, rounds, True)


def _compared(
    what: str, function: Callable[..., Any], a: Any, b: Any, rounds: int, gradient: bool
) -> Iterator[Row]:
    def of(np: Any) -> Callable[[Any, Any], Any]:
        return lambda a, b: function(np, a, b)

    ours = of(functrans.numpy)
    compiled = functrans.jit(functrans.grad(ours) if gradient else ours)
    calls: dict[str, Call] = {"ours": lambda: compiled(a, b)}
    targets: dict[str, float | None] = {}
    if not gradient:
        calls["numpy"] = lambda: function(numpy, a, b)
        targets["numpy"] = None
    if installed("jax"):
        import jax
        import jax.numpy

        theirs = of(jax.numpy)
        peer = jax.jit(jax.grad(theirs) if gradient else theirs)
        arrays = jax.numpy.asarray(a), jax.numpy.asarray(b)
        calls["jax"] = lambda: jax.block_until_ready(peer(*arrays))
        targets["jax"] = 0.5 if len(a) <= 32 else 1.0
    samples = take_turns(calls, rounds)
    for name, most in targets.items():
        yield Row(what, name, samples["ours"], samples[name], most)
