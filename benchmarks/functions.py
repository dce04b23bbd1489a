"""Each mathematical function of 10⁵ numbers, compiled, against NumPy or SciPy and against JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy

import functrans
import functrans.numpy
import functrans.scipy.special
from benchmarks.harness import Call, Row, installed, take_turns

SIZE = 100_000
OPTIONS = ("only",)


class Case(NamedTuple):
    """A function by its names in the libraries, and the ranges of its arguments."""

    name: str
    ranges: tuple[tuple[float, float], ...] = ((-10.0, 10.0),)
    special: bool = False  # of scipy.special, not of NumPy


_POSITIVE = ((1e-3, 100.0),)
_UNIT = ((-1.0, 1.0),)
_TWO = ((-10.0, 10.0), (-10.0, 10.0))
CASES = (
    Case("exp"), Case("exp2"), Case("expm1"), Case("log", _POSITIVE), Case("log2", _POSITIVE),
    Case("log10", _POSITIVE), Case("log1p", ((-0.9, 100.0),)), Case("sin"), Case("cos"),
    Case("sincos"), Case("tan"), Case("arcsin", _UNIT), Case("arccos", _UNIT), Case("arctan"),
    Case("sinh"), Case("cosh"), Case("tanh"), Case("arcsinh"), Case("arccosh", ((1.0, 50.0),)),
    Case("arctanh", _UNIT), Case("expit", special=True), Case("softplus"),
    Case("erf", ((-4.0, 4.0),), special=True), Case("erfc", special=True), Case("cbrt"),
    Case("power", ((0.01, 10.0), (-8.0, 8.0))), Case("arctan2", _TWO), Case("hypot", _TWO),
)  # fmt: skip


def function(case: Case, numpy_like: Any, special_like: Any) -> Callable[..., Any]:
    """The case's function in one library."""
    if case.name == "sincos":
        return lambda x: numpy_like.sin(x) + numpy_like.cos(x)
    if case.name == "softplus":
        return lambda x: numpy_like.logaddexp(x, 0.0)
    found: Callable[..., Any] = getattr(special_like if case.special else numpy_like, case.name)
    return lambda *arguments: found(*arguments)


def rows(rounds: int, only: str = "") -> Iterator[Row]:
    """Targets where the issue sets them: float64."""
    for dtype in ("float64", "float32"):
        for case in CASES:
            if only in case.name:
                yield from _compared(case, dtype, rounds)


def _compared(case: Case, dtype: str, rounds: int) -> Iterator[Row]:
    rng = numpy.random.default_rng(0)
    arguments = [rng.uniform(low, high, SIZE).astype(dtype) for low, high in case.ranges]
    ours = functrans.jit(function(case, functrans.numpy, functrans.scipy.special))
    calls: dict[str, Call] = {"ours": lambda: ours(*arguments)}
    if not case.special:
        plain = function(case, numpy, None)
        calls["numpy"] = lambda: plain(*arguments)
    elif installed("scipy"):
        import scipy.special

        special = function(case, numpy, scipy.special)
        calls["scipy"] = lambda: special(*arguments)
    if installed("jax"):
        import jax
        import jax.numpy
        import jax.scipy.special

        theirs = jax.jit(function(case, jax.numpy, jax.scipy.special))
        arrays = [jax.numpy.asarray(a) for a in arguments]
        calls["jax"] = lambda: jax.block_until_ready(theirs(*arrays))
    samples = take_turns(calls, rounds)
    for peer in [name for name in calls if name != "ours"]:
        most = 1.0 if dtype == "float64" else None
        yield Row(f"{case.name} of 10⁵ {dtype}", peer, samples["ours"], samples[peer], most)
