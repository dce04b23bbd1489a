"""Which way a call of ``functrans.scipy`` goes: to SciPy, or to what transforms see."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

import numpy as np

from functrans.core.avals import native
from functrans.core.trace import current_trace
from functrans.numpy.promote import has_tracer
from functrans.transforms.stage import is_staging

P = ParamSpec("P")
R = TypeVar("R")


def is_plain(args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Whether a call concerns no transform, so that SciPy itself may answer it."""
    return not has_tracer(args, options) and not is_staging(current_trace())


def scipy_function(module: str, name: str) -> Callable[..., Any]:
    """A function of SciPy's, which is imported on first need: that takes long."""
    function: Callable[..., Any] = getattr(import_module(f"scipy.{module}"), name)
    return function


def scipy_door(module: str, traced: Callable[P, R]) -> Callable[P, R]:
    """A public function: SciPy's of the same name for plain arrays, ``traced`` otherwise.

    Some of SciPy's functions compute nonsense of arrays in another byte order; they get none.
    """

    def function(*args: P.args, **kwargs: P.kwargs) -> R:
        if not is_plain(args, kwargs):
            return traced(*args, **kwargs)
        plain = [native(x) if isinstance(x, np.ndarray) else x for x in args]
        result: R = scipy_function(module, traced.__name__)(*plain, **kwargs)
        return result

    return update_wrapper(function, traced)
