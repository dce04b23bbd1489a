"""JAX's device functions, for code that comes from there: here all memory is the host's."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import tree
from functrans.core.trace import Tracer


def block_until_ready(x: Any) -> Any:
    """``x`` itself: a result is there when the call that makes it returns.

    >>> block_until_ready([1.0, 2.0])
    [1.0, 2.0]
    """
    return x


def device_put(x: Any, device: Any = None) -> Any:
    """A tree of arrays with the values of ``x``; NumPy arrays are copied, as JAX would.

    >>> device_put({"a": [1.0, 2.0]})["a"]
    [np.float64(1.0), np.float64(2.0)]
    """
    return tree.map_(lambda v: v if isinstance(v, Tracer) else np.array(v)[()], x)


def device_get(x: Any) -> Any:
    """A tree of NumPy arrays and scalars with the values of ``x``.

    >>> device_get((np.ones(2), 3.0))
    (array([1., 1.]), np.float64(3.0))
    """
    return tree.map_(lambda v: v if isinstance(v, Tracer) else np.asarray(v)[()], x)
