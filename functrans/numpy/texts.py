"""Arrays as text: traced values show their type, since their elements are not known."""

from __future__ import annotations

import numpy as np

from functrans.core.trace import Tracer
from functrans.numpy.promote import door
from functrans.typing import Array


@door(np.array_repr)
def array_repr(
    arr: Array,
    max_line_width: int | None = None,
    precision: int | None = None,
    suppress_small: bool | None = None,
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
    a: Array,
    max_line_width: int | None = None,
    precision: int | None = None,
    suppress_small: bool | None = None,
) -> str:
    """The text of ``str(a)``; the type of a traced value.

    >>> fnp.array_str(np.array([1, 2]))
    '[1 2]'
    """
    if isinstance(a, Tracer):
        return str(a)
    return np.array_str(a, max_line_width, precision, suppress_small)
