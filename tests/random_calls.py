"""Random functions of one number that do something here and there, in loops, branches and calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import functrans as ft

Step = Callable[[Any, int], Any]


class RandomProgram:
    """A function that applies the given steps, with numbers to know them by, among others."""

    def __init__(self, steps: Sequence[Step], seed: int, depth: int = 0) -> None:
        self.steps = steps
        self.seed = seed
        self.depth = depth

    def __call__(self, x: Any) -> Any:
        rng = np.random.default_rng(self.seed)
        plain = [*self.steps, self.sine, self.sums]
        nested = [self.scan, self.cond, self.repeat, self.call] if self.depth < 2 else []
        for _ in range(rng.integers(1, 5)):
            step = [*plain, *nested][rng.integers(0, len(plain) + len(nested))]
            x = step(x, int(rng.integers(0, 2**31)))
        return x

    def inner(self, seed: int) -> RandomProgram:
        return RandomProgram(self.steps, seed, self.depth + 1)

    def sine(self, x: Any, seed: int) -> Any:
        return np.sin(x) + 1.5

    def sums(self, x: Any, seed: int) -> Any:
        return np.cumsum(np.full(4, 0.25) * x)[seed % 4]

    def scan(self, x: Any, seed: int) -> Any:
        step = self.inner(seed)
        rows = np.arange(1.0, 1.0 + seed % 4)
        options = {"reverse": seed % 2 == 0, "unroll": 1 + seed % 3}
        last, ys = ft.lax.scan(lambda c, r: (step(c + 0.1 * r), r * c), x, rows, **options)
        return last + ys.sum()

    def cond(self, x: Any, seed: int) -> Any:
        return ft.lax.cond(x > 1.0, self.inner(seed), self.inner(seed + 1), x)

    def repeat(self, x: Any, seed: int) -> Any:
        step = self.inner(seed)
        return ft.lax.while_loop(
            lambda s: (s[0] < 2) & (s[1] < 4.0), lambda s: (s[0] + 1, step(s[1])), (0, x)
        )[1]

    def call(self, x: Any, seed: int) -> Any:
        return ft.jit(self.inner(seed))(x)
