"""Chains and reductions that fuse, their values and gradients, at three sizes, against JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from statistics import geometric_mean, median
from typing import Any

import numpy as np

from benchmarks.harness import Call, Row, installed, take_turns

OPTIONS = ("only",)
SIZES = (10**3, 10**5, 10**7)
COLUMNS = 100

Function = Callable[..., Any]


@dataclass(frozen=True)
class Measured:
    """A function of a library and arrays; ``arguments`` of about n numbers, all differentiated."""

    name: str
    function: Function
    arguments: Callable[[np.random.Generator, int], tuple[Any, ...]]


def rows(rounds: int, only: str = "") -> Iterator[Row]:
    if not installed("jax"):
        return
    chosen = [measured for measured in FUNCTIONS if only.lower() in measured.name]
    timed: dict[int, list[Row]] = {n: [] for n in SIZES}
    compiled = []
    for measured in chosen:
        for n in SIZES:
            for row in compared(measured, n, rounds):
                timed[n].append(row)
                yield row
        compiled.append(compile_times(measured, rounds=3))
        yield compiled[-1]
    summary(timed, compiled)


def summary(timed: dict[int, list[Row]], compiled: list[Row]) -> None:
    print()
    rows = [row for n in timed for row in timed[n]]
    ratios = [row.ratio for row in rows if row.peer == "jax"]
    print(f"  time ÷ JAX's: geometric mean {geometric_mean(ratios):.3g}, largest {max(ratios):.3g}")
    for n, some in timed.items():
        mean = geometric_mean(row.ratio for row in some if row.peer == "jax")
        print(f"  of these, {power(n)} elements: {mean:.3g}")
    print(f"  compile ÷ JAX's: {geometric_mean(row.ratio for row in compiled):.3g}")
    own = median(row.ratio for row in rows if row.peer == "own value")
    print(f"  gradient ÷ value: median {own:.3g}")


def power(n: int) -> str:
    return f"1e{round(np.log10(n))}"


def compared(measured: Measured, n: int, rounds: int) -> Iterator[Row]:
    """Value and gradient of one function at one size, after their results are compared."""
    import jax
    import jax.numpy

    import functrans
    import functrans.numpy

    arguments = measured.arguments(np.random.default_rng(0), n)
    arrays = jax.tree.map(jax.numpy.asarray, arguments)
    calls: dict[str, Call] = {}
    for what, make in (("value", value), ("gradient", gradient)):
        ours = functrans.jit(make(functrans, measured))
        theirs = jax.jit(make(jax, measured))
        for a, b in zip(flat(ours(*arguments)), flat(theirs(*arrays)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * float(np.max(np.abs(b))))
        calls[what] = partial(ours, *arguments)
        peak = ours.lower(*arguments).report().memory.peak
        print(f"    {measured.name}, {what}, {power(n)}: peak memory {peak / 1e6:.3g} MB")
        calls[f"jax {what}"] = partial(waited, theirs, arrays)
    samples = take_turns(calls, rounds)
    for what in ("value", "gradient"):
        title = f"{measured.name}, {what}, {power(n)}"
        yield Row(title, "jax", samples[what], samples[f"jax {what}"], most=1.0)
    title = f"{measured.name}, gradient ÷ value, {power(n)}"
    yield Row(title, "own value", samples["gradient"], samples["value"])


def waited(function: Function, arrays: tuple[Any, ...]) -> Any:
    import jax

    return jax.block_until_ready(function(*arrays))


def compile_times(measured: Measured, rounds: int) -> Row:
    """The gradient compiled anew, with a new constant in it each time."""
    import jax
    import jax.numpy

    import functrans

    arguments = measured.arguments(np.random.default_rng(0), 10**5)
    arrays = jax.tree.map(jax.numpy.asarray, arguments)
    constants = (1.0 + 1e-6 * i for i in count())

    def ours() -> None:
        functrans.jit(gradient(functrans, measured, next(constants)))(*arguments)

    def theirs() -> None:
        jax.jit(gradient(jax, measured, next(constants))).lower(*arrays).compile()

    calls: dict[str, Call] = {"ours": ours, "jax": theirs}
    samples = take_turns(calls, rounds, shortest=0.0)
    title = f"{measured.name}, compile the gradient"
    return Row(title, "jax", samples["ours"], samples["jax"])


def value(lib: Any, measured: Measured) -> Function:
    return partial(measured.function, lib)


def gradient(lib: Any, measured: Measured, constant: float = 1.0) -> Function:
    """Of the sum of squares of all results, by all arguments."""

    def total(arguments: tuple[Any, ...]) -> Any:
        result = constant * measured.function(lib, *arguments)
        return lib.numpy.sum(result) if result.ndim == 0 else 0.5 * lib.numpy.sum(result * result)

    return lambda *arguments: lib.grad(total)(arguments)


def flat(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple) else [result]


# --- the functions -------------------------------------------------------------------------------


def tanh_squares(lib: Any, x: Any, w: Any, b: Any) -> Any:
    return lib.numpy.sum(lib.numpy.tanh(x * w + b) ** 2)


def softmax(lib: Any, x: Any) -> Any:
    np_ = lib.numpy
    e = np_.exp(x - lib.lax.stop_gradient(np_.max(x, axis=-1, keepdims=True)))
    return e / np_.sum(e, axis=-1, keepdims=True)


def layer_norm(lib: Any, x: Any, scale: Any, shift: Any) -> Any:
    np_ = lib.numpy
    centred = x - np_.mean(x, axis=-1, keepdims=True)
    variance = np_.mean(centred**2, axis=-1, keepdims=True)
    return centred / np_.sqrt(variance + 1e-5) * scale + shift


def logsumexp(lib: Any, x: Any) -> Any:
    np_ = lib.numpy
    top = lib.lax.stop_gradient(np_.max(x, axis=-1, keepdims=True))
    return np_.log(np_.sum(np_.exp(x - top), axis=-1)) + np_.squeeze(top, -1)


def distances(lib: Any, x: Any, y: Any) -> Any:
    np_ = lib.numpy
    return np_.sqrt(np_.sum((x[:, None] - y) ** 2, axis=-1))


def black_scholes(lib: Any, spot: Any, strike: Any, maturity: Any, volatility: Any) -> Any:
    """Call prices at a rate of 2 %."""
    np_ = lib.numpy
    rate = 0.02
    spread = volatility * np_.sqrt(maturity)
    high = (np_.log(spot / strike) + rate * maturity) / spread + 0.5 * spread
    return spot * normal(lib, high) - strike * np_.exp(-rate * maturity) * normal(
        lib, high - spread
    )


def normal(lib: Any, x: Any) -> Any:
    """The distribution function of the standard normal."""
    return 0.5 * (1.0 + lib.lax.erf(x * 0.5**0.5))


def table(rng: np.random.Generator, n: int) -> Any:
    return rng.normal(size=(n // COLUMNS, COLUMNS))


def points(rng: np.random.Generator, n: int) -> tuple[Any, ...]:
    """Two clouds with n distances between them."""
    side = round(n**0.5)
    return rng.normal(size=(side, 3)), rng.normal(size=(side, 3))


def market(rng: np.random.Generator, n: int) -> tuple[Any, ...]:
    spot, strike = rng.uniform(80.0, 120.0, (2, n))
    return spot, strike, rng.uniform(0.1, 2.0, n), rng.uniform(0.1, 0.5, n)


FUNCTIONS = (
    Measured("sum(tanh(x*w+b)**2)", tanh_squares, lambda rng, n: tuple(rng.normal(size=(3, n)))),
    Measured("softmax", softmax, lambda rng, n: (table(rng, n),)),
    Measured(
        "layer norm",
        layer_norm,
        lambda rng, n: (table(rng, n), rng.normal(size=COLUMNS), rng.normal(size=COLUMNS)),
    ),
    Measured("logsumexp", logsumexp, lambda rng, n: (table(rng, n),)),
    Measured("distance matrix", distances, points),
    Measured("black–scholes", black_scholes, market),
)
