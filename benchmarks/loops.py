"""Loops that carry a state: values and gradients, against JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Call, Row, installed, take_turns

OPTIONS = ("only",)

Function = Callable[..., Any]
_STEPS = 1_000


@dataclass(frozen=True)
class Measured:
    """A function of a library and arrays; its first argument, a tree, is differentiated.

    ``most`` is the largest ratio to JAX's time that meets the target. Results may differ by
    ``tolerance``, relative to the largest number. Where JAX has no reverse mode, ``forward`` lets
    it compute the derivative by one number in forward mode.
    """

    name: str
    function: Function
    arguments: Callable[[np.random.Generator], tuple[Any, ...]]
    most: float = 0.5
    tolerance: float = 1e-9
    forward: bool = False


def rows(rounds: int, only: str = "") -> Iterator[Row]:
    if not installed("jax"):
        return
    for measured in FUNCTIONS:
        if only.lower() in measured.name.lower():
            yield from compared(measured, rounds)


def compared(measured: Measured, rounds: int) -> Iterator[Row]:
    """Value and gradient of one function, after their results are compared."""
    import jax
    import jax.experimental.ode
    import jax.numpy

    import functrans
    import functrans.experimental.ode
    import functrans.lax
    import functrans.numpy
    import functrans.numpy.linalg

    arguments = measured.arguments(np.random.default_rng(0))
    arrays = jax.tree.map(jax.numpy.asarray, arguments)
    forms: dict[str, Callable[[Any, Function], Function]] = {
        "value": lambda lib, f: f,
        "gradient": lambda lib, f: (
            lib.jacfwd(f) if measured.forward and lib is jax else lib.grad(f)
        ),
    }
    calls: dict[str, Call] = {}
    for what, form in forms.items():
        ours = functrans.jit(form(functrans, partial(measured.function, functrans)))
        theirs = jax.jit(form(jax, partial(measured.function, jax)))
        found, wanted = ours(*arguments), theirs(*arrays)
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
            largest = float(np.max(np.abs(b)))
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=measured.tolerance * largest)
        calls[what] = partial(ours, *arguments)
        calls[f"jax {what}"] = partial(_waited, theirs, arrays)
    samples = take_turns(calls, rounds)
    for what in forms:
        title = f"{measured.name}, {what}"
        yield Row(title, "jax", samples[what], samples[f"jax {what}"], measured.most)
    title = f"{measured.name}, gradient ÷ value"
    yield Row(title, "own value", samples["gradient"], samples["value"], 3.0)


def _waited(function: Function, arrays: tuple[Any, ...]) -> Any:
    import jax

    return jax.block_until_ready(function(*arrays))


# --- the functions -------------------------------------------------------------------------------


def oscillator(lib: Any, parameters: Any, measured: Any, step: float) -> Any:
    """The mean square error of a damped oscillator's path, by the semi-implicit Euler method."""
    stiffness, damping, x, v = parameters

    def move(state: Any, _: None) -> Any:
        x, v = state
        v = v - step * (stiffness * x + damping * v)
        x = x + step * v
        return (x, v), x

    _, path = lib.lax.scan(move, (x, v), None, len(measured))
    return lib.numpy.mean((path - measured) ** 2)


def elman(lib: Any, parameters: Any, inputs: Any, wanted: Any) -> Any:
    """The mean square error of a simple recurrent network."""
    np_ = lib.numpy
    enter, turn, bias = parameters

    def cell(h: Any, x: Any) -> Any:
        h = np_.tanh(x @ enter + h @ turn + bias)
        return h, h

    _, states = lib.lax.scan(cell, np_.zeros_like(bias), inputs)
    return np_.mean((states - wanted) ** 2)


def lstm(lib: Any, parameters: Any, inputs: Any, wanted: Any) -> Any:
    """The mean square error of an LSTM cell."""
    np_ = lib.numpy
    enter, turn, bias = parameters
    width = wanted.shape[1]

    def cell(state: Any, x: Any) -> Any:
        h, c = state
        gates = x @ enter + h @ turn + bias
        i, f, o = (_logistic(np_, gates[k * width : (k + 1) * width]) for k in range(3))
        c = f * c + i * np_.tanh(gates[3 * width :])
        h = o * np_.tanh(c)
        return (h, c), h

    start = np_.zeros(width)
    _, states = lib.lax.scan(cell, (start, start), inputs)
    return np_.mean((states - wanted) ** 2)


def _logistic(np_: Any, x: Any) -> Any:
    return 1.0 / (1.0 + np_.exp(-x))


def bouncing(lib: Any, parameters: Any, wind: Any, step: float) -> Any:
    """The mean height of balls that lose speed where they hit the ground, and drag above it."""
    np_ = lib.numpy
    height, loss = parameters

    def fall(x: Any, v: Any, w: Any) -> Any:
        return x, v - step * (9.81 + 0.1 * np_.tanh(v + w))

    def bounce(x: Any, v: Any, w: Any) -> Any:
        return -x, -loss * v

    def move(state: Any, w: Any) -> Any:
        x, v = state
        x = x + step * v
        x, v = lib.lax.cond(np_.min(x) > 0.0, fall, bounce, x, v, w)
        return (x, v), np_.mean(x)

    _, heights = lib.lax.scan(move, (height, np_.zeros_like(height)), wind)
    return np_.mean(heights)


def kepler(lib: Any, eccentricity: Any, anomalies: Any) -> Any:
    """Kepler's equation E − e sin E = M by Newton's method, each start until it is done."""
    np_ = lib.numpy

    def solve(mean: Any) -> Any:
        def go_on(state: Any) -> Any:
            return np_.abs(state[1]) > 1e-12

        def improve(state: Any) -> Any:
            e, _ = state
            change = (e - eccentricity * np_.sin(e) - mean) / (1.0 - eccentricity * np_.cos(e))
            return e - change, change

        return lib.lax.while_loop(go_on, improve, (mean, np_.ones_like(mean)))[0]

    return np_.sum(lib.vmap(solve)(anomalies) ** 2)


def kalman(lib: Any, parameters: Any, measured: Any) -> Any:
    """The log likelihood of measured places, of something that moves in a plane."""
    np_ = lib.numpy
    drift, noise, move = parameters
    see = np_.eye(2, 4)

    def filtered(state: Any, place: Any) -> Any:
        mean, spread = state
        mean = move @ mean
        spread = move @ spread @ move.T + np_.exp(drift) * np_.eye(4)
        surprise = place - see @ mean
        expected = see @ spread @ see.T + np_.exp(noise) * np_.eye(2)
        gain = np_.linalg.solve(expected, see @ spread).T
        _, size = np_.linalg.slogdet(expected)
        likelihood = -0.5 * (surprise @ np_.linalg.solve(expected, surprise) + size)
        return (mean + gain @ surprise, spread - gain @ see @ spread), likelihood

    start = np_.zeros(4), np_.eye(4)
    _, likelihoods = lib.lax.scan(filtered, start, measured)
    return np_.sum(likelihoods)


def _tracking(rng: np.random.Generator) -> tuple[Any, ...]:
    move = np.eye(4) + 0.1 * np.eye(4, k=2)
    return (np.log(0.01), np.log(0.5), move), np.cumsum(rng.normal(size=(_STEPS, 2)), axis=0)


def populations(lib: Any, parameters: Any, times: Any, measured: Any, **options: Any) -> Any:
    """The mean square error of the populations of prey and predators, by Lotka and Volterra."""
    np_ = lib.numpy
    rates, start = parameters

    def change(y: Any, t: Any, rates: Any) -> Any:
        prey, predators = y
        return np_.stack(
            [
                prey * (rates[0] - rates[1] * predators),
                predators * (rates[2] * prey - rates[3]),
            ]
        )

    odeint = lib.experimental.ode.odeint
    path = odeint(change, start, times, rates, rtol=1e-8, atol=1e-8, **options)
    return np_.mean((path - measured) ** 2)


def populations_by_steps(lib: Any, *arguments: Any) -> Any:
    """The same; its gradient is that of the solver's own steps where the library has it."""
    options = {} if lib.__name__ == "jax" else {"adjoint": False}
    return populations(lib, *arguments, **options)


def _hunting(rng: np.random.Generator) -> tuple[Any, ...]:
    parameters = np.array([1.0, 0.1, 0.075, 1.5]), np.array([10.0, 5.0])
    return parameters, np.linspace(0.0, 20.0, 101), rng.uniform(2.0, 30.0, (101, 2))


def _balls(count: int, rng: np.random.Generator) -> tuple[Any, ...]:
    return (np.full(count, 1.5), 0.9), rng.normal(size=10 * _STEPS), 1e-3


def _network(gates: int, width: int, rng: np.random.Generator) -> tuple[Any, ...]:
    scale = width**-0.5
    parameters = (
        scale * rng.normal(size=(width, gates * width)),
        scale * rng.normal(size=(width, gates * width)),
        0.1 * rng.normal(size=gates * width),
    )
    return parameters, rng.normal(size=(_STEPS, width)), rng.normal(size=(_STEPS, width))


def _networks() -> Iterator[Measured]:
    for name, function, gates in (("Elman", elman, 1), ("LSTM", lstm, 4)):
        for width in (4, 32, 128):
            most = 0.5 if width <= 32 else 1.0
            yield Measured(f"{name} {width}", function, partial(_network, gates, width), most)


FUNCTIONS = (
    Measured(
        "oscillator",
        oscillator,
        lambda rng: ((4.0, 0.1, 1.0, 0.0), rng.normal(size=10 * _STEPS), 1e-3),
    ),
    *_networks(),
    *(Measured(f"bouncing balls, {count}", bouncing, partial(_balls, count)) for count in (1, 32)),
    Measured(
        "Newton, 10,000 starts",
        kepler,
        lambda rng: (0.6, rng.uniform(0.0, 2.0 * np.pi, 10_000)),
        forward=True,
    ),
    Measured("Kalman filter", kalman, _tracking),
    Measured("Lotka–Volterra, adjoint", populations, _hunting, tolerance=1e-5),
    Measured("Lotka–Volterra, own steps", populations_by_steps, _hunting, tolerance=1e-5),
)
