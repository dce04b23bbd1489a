"""The doors of ``functrans.scipy.linalg``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from functrans.scipy import doors

P = ParamSpec("P")
R = TypeVar("R")

scipy_function: Callable[[str], Callable[..., Any]] = partial(doors.scipy_function, "linalg")


def door(traced: Callable[P, R]) -> Callable[P, R]:
    """A public function: SciPy's of the same name for plain arrays, ``traced`` otherwise."""
    return doors.scipy_door("linalg", traced)
