"""Memory budgets of loops: time and memory of a gradient, for all that it needs kept and for less.

The loop is a ``while_loop`` of 100 pendulums. What the theory says of the time: beside the value,
which is computed once more to count the iterations, each of them is visited as often as the
binomial schedule has it, then taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import functrans.numpy as fnp
from benchmarks.harness import Row, take_turns
from functrans import debug, grad, jit, lax

STEPS = (10**3, 10**4, 10**5)
BUDGETS = (None, 10, 100, "log")


def rows(rounds: int) -> Iterator[Row]:
    start = np.linspace(0.1, 3.0, 100)
    for steps in STEPS:
        value = jit(partial(pendulums, budget=None))
        count = np.int64(steps)
        for budget in BUDGETS:
            gradient = jit(grad(partial(pendulums, budget=budget)))
            memory = kept(gradient, start, count)
            calls = {
                "gradient": partial(gradient, start, count),
                "value": partial(value, start, count),
            }
            samples = take_turns(calls, rounds)
            what = f"{steps:,} steps, checkpoint={budget!r}, {memory / 1e6:.3g} MB"
            yield Row(what, "own value", samples["gradient"], samples["value"])


def pendulums(x: Any, steps: Any, budget: Any) -> Any:
    """The sum of the angles after so many steps."""

    def step(state: Any) -> Any:
        i, angle, speed = state
        return i + 1, angle + 1e-3 * speed, speed - 1e-3 * np.sin(angle)

    start = (0, x, 0.0 * x)
    state = lax.while_loop(lambda state: state[0] < steps, step, start, checkpoint=budget)
    return fnp.sum(state[1])


def kept(gradient: Any, *args: Any) -> int:
    """The bytes that a call takes for itself: what the pool of memory keeps afterwards."""
    gradient(*args)
    debug.clear_memory()
    gradient(*args)
    return debug.memory().idle
