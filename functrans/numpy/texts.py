"""Arrays as text: traced values show their type, since their elements are not known."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.core.trace import Tracer
from functrans.numpy.promote import door


@door(np.array_repr)
def array_repr(
    arr: Any, max_line_width: Any = None, precision: Any = None, suppress_small: Any = None
) -> str:
    """The text of ``repr(arr)``; the type of a traced value.

    >>> fnp.array_repr(np.array([1, 2]))
    'array([1, 2])'
    """
    if isinstance(arr, Tracer):
        return repr(arr)
    return np.array_repr(arr, max_line_width, precision, suppress_small)


@door(np.array_str)
def array_str(
    a: Any, max_line_width: Any = None, precision: Any = None, suppress_small: Any = None
) -> str:
    """The text of ``str(a)``; the type of a traced value.

    >>> fnp.array_str(np.array([1, 2]))
    '[1 2]'
    """
    if isinstance(a, Tracer):
        return str(a)
    return np.array_str(a, max_line_width, precision, suppress_small)
