"""Which way a call of ``functrans.scipy.signal`` goes: to SciPy, or to what transforms see."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, ParamSpec, TypeVar

from functrans.core.trace import current_trace
from functrans.errors import OptionError
from functrans.numpy.promote import has_tracer
from functrans.transforms.stage import is_staging

P = ParamSpec("P")
R = TypeVar("R")


def door(traced: Callable[P, R]) -> Callable[P, R]:
    """A public function: SciPy's of the same name for plain arrays, ``traced`` otherwise."""

    def function(*args: P.args, **kwargs: P.kwargs) -> R:
        if has_tracer(args, kwargs) or is_staging(current_trace()):
            return traced(*args, **kwargs)
        import scipy.signal  # heavy: imported on first need

        return getattr(scipy.signal, traced.__name__)(*args, **kwargs)  # type: ignore[no-any-return]

    return update_wrapper(function, traced)


def one_of(name: str, value: Any, *known: Any) -> Any:
    """``value``, or OptionError where it is none of the known ones."""
    if value not in known:
        raise OptionError(
            f"{name}={value!r} is not known.", f"Use one of {', '.join(map(repr, known))}."
        )
    return value
