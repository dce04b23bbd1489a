"""Which way a call of ``functrans.scipy.linalg`` goes: to SciPy, or to what transforms see."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, ParamSpec, TypeVar

import numpy as np

from functrans.core.avals import native
from functrans.core.trace import current_trace
from functrans.numpy.promote import has_tracer
from functrans.transforms.stage import is_staging

P = ParamSpec("P")
R = TypeVar("R")


def door(traced: Callable[P, R]) -> Callable[P, R]:
    """A public function: SciPy's of the same name for plain arrays, ``traced`` otherwise.

    Some of SciPy's functions compute nonsense of arrays in another byte order; they get none.
    """
    name = traced.__name__

    def function(*args: P.args, **kwargs: P.kwargs) -> R:
        if has_tracer(args, kwargs) or is_staging(current_trace()):
            return traced(*args, **kwargs)
        plain = [native(x) if isinstance(x, np.ndarray) else x for x in args]
        return scipy_function(name)(*plain, **kwargs)  # type: ignore[no-any-return]

    return update_wrapper(function, traced)


def scipy_function(name: str) -> Callable[..., Any]:
    import scipy.linalg  # heavy: imported on first need

    function: Callable[..., Any] = getattr(scipy.linalg, name)
    return function
