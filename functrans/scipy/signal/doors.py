"""The doors of ``functrans.scipy.signal``, and what they check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from functrans.errors import OptionError
from functrans.scipy.doors import scipy_door

P = ParamSpec("P")
R = TypeVar("R")


def door(traced: Callable[P, R]) -> Callable[P, R]:
    """A public function: SciPy's of the same name for plain arrays, ``traced`` otherwise."""
    return scipy_door("signal", traced)


def one_of(name: str, value: Any, *known: Any) -> Any:
    """``value``, or OptionError where it is none of the known ones."""
    if value not in known:
        raise OptionError(
            f"{name}={value!r} is not known.", f"Use one of {', '.join(map(repr, known))}."
        )
    return value
