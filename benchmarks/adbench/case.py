"""What one measured case is: arguments, and the same programs for every library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.adbench.manual import Handle, Manual

DATA = Path(__file__).parent.parent / "data"

Array = NDArray[Any]
Function = Callable[..., Any]


class Program(NamedTuple):
    """One way to write a problem: both functions take ``arguments`` and can be compiled.

    ``derivative`` gives arrays that, flattened and joined, have the order of :attr:`Case.expected`.
    """

    objective: Function
    derivative: Function
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    """A problem of one size.

    ``formulations`` are programs by name, made for a library that has JAX's names. ``most`` is the
    largest time of the derivative, over Manual's, that meets the target. ``value`` and
    ``expected``, its derivative, come with the data of some sizes; ``ours_from`` turns Manual's
    layout of a derivative into ours.
    """

    name: str
    formulations: Mapping[str, Callable[[Any], Program]]
    prepare: Callable[[Manual], Handle]
    most: float
    value: Array | None = None
    expected: Array | None = None
    ours_from: Callable[[Array], Array] = lambda derivative: derivative


def load(name: str) -> dict[str, Array]:
    """The arrays of one file."""
    with np.load(DATA / f"{name}.npz") as file:
        return dict(file)


def joined(result: Any) -> Array:
    """A derivative as one row of numbers."""
    arrays = result if isinstance(result, tuple | list) else (result,)
    return np.concatenate([np.ravel(np.asarray(a)) for a in arrays])


def difference(a: Array, b: Array) -> float:
    """The largest |a − b| / max(1, |a| + |b|): ADBench's measure, which must be at most 1e-8."""
    if a.shape != b.shape or not np.isfinite(a).all():
        return float("inf")
    return float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(a) + np.abs(b)), initial=0.0))
