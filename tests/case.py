"""What a row of ``cases.py`` is: an operation, NumPy's own, and the arguments it is tried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Ints = tuple[int, ...]


@dataclass(frozen=True)
class Arg:
    """How one argument is drawn: uniformly from ``low`` to ``high``, away from kinks.

    ``dtype`` fixes the dtype, otherwise it is that of the run. ``apart`` makes all elements
    distinct; ``signed`` gives each a random sign.
    """

    shape: Ints = (3, 4)
    low: float = -2.0
    high: float = 2.0
    dtype: str | None = None
    apart: bool = False
    signed: bool = False

    def draw(self, dtype: str, rng: np.random.Generator, shape: Ints | None = None) -> Any:
        """An array, or a NumPy scalar for rank 0."""
        kind = np.dtype(self.dtype or dtype)
        shape = self.shape if shape is None else shape
        if kind.kind == "b":
            return np.asarray(rng.integers(0, 2, shape).astype(bool))[()]
        if kind.kind in "iu":
            low = max(int(np.ceil(self.low)), 0 if kind.kind == "u" else -100)
            return np.asarray(rng.integers(low, int(self.high) + 1, shape).astype(kind))[()]
        values = self._real(rng, shape)
        if kind.kind == "c":
            values = values + 1j * self._real(rng, shape)
        return np.asarray(values.astype(kind))[()]

    def _real(self, rng: np.random.Generator, shape: Ints) -> Any:
        if self.apart:
            count = int(np.prod(shape, dtype=int))
            steps = rng.permutation(count) + 0.5
            return self.low + (self.high - self.low) * steps.reshape(shape) / max(count, 1)
        values = rng.uniform(self.low, self.high, shape)
        return values * rng.choice([-1.0, 1.0], shape) if self.signed else values


@dataclass(frozen=True)
class Case:
    """One row. ``dtypes`` are the dtypes (as characters) of the arguments without their own.

    ``smooth``: the derivative laws hold there, up to ``order``. ``anyshape``: the arguments may
    have any one shape. ``spelled``: the oracle, a plain NumPy function, accepts traced arrays.
    ``static``: the value laws only, since the result's shape depends on values.
    """

    name: str
    fun: Callable[..., Any]
    oracle: Callable[..., Any]
    args: tuple[Arg, ...]
    dtypes: str = "df"
    smooth: bool = True
    order: int = 2
    anyshape: bool = False
    spelled: bool = False
    static: bool = False
    door: bool = False
    tolerance: float = 1.0  # in multiples of the usual one

    @property
    def operation(self) -> str:
        return self.name.partition(":")[0]

    def draw(self, dtype: str, seed: int = 0, shape: Ints | None = None) -> tuple[Any, ...]:
        rng = np.random.default_rng(seed + sum(map(ord, self.name)))
        return tuple(a.draw(dtype, rng, shape) for a in self.args)


FLOATS = "df"
INEXACT = "dfDF"
NUMBERS = "dfDFliB"
REAL_NUMBERS = "dfliB"
INTEGERS = "liB"
LOGIC = "?liB"


def elementwise(
    name: str, fun: Callable[..., Any], oracle: Callable[..., Any], *args: Arg, **flags: Any
) -> Case:
    """A row whose arguments may have any shape."""
    return Case(name, fun, oracle, args or (Arg(),), anyshape=True, **flags)


def door(
    name: str,
    expression: Callable[..., Any],
    *args: Arg,
    spelled: bool = True,
    anyshape: bool = False,
    **flags: Any,
) -> Case:
    """A row that evaluates one expression with functrans' module and with NumPy's.

    ``expression(m, *args)`` gets the module. NumPy's spelling on traced arrays is checked too,
    unless ``spelled`` is False: where NumPy offers no hook.
    """

    def fun(*xs: Any) -> Any:
        import functrans.numpy as fnp

        return expression(fnp, *xs)

    def oracle(*xs: Any) -> Any:
        return expression(np, *xs)

    return Case(
        f"numpy.{name}", fun, oracle, args or (Arg(),),
        spelled=spelled, anyshape=anyshape, door=True, **flags,
    )  # fmt: skip
