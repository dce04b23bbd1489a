"""The doors of ``functrans.scipy.signal``, and what they check."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from functrans.scipy.doors import scipy_door

P = ParamSpec("P")
R = TypeVar("R")


def door(traced: Callable[P, R]) -> Callable[P, R]:
    """A public function: SciPy's of the same name for plain arrays, ``traced`` otherwise."""
    return scipy_door("signal", traced)
