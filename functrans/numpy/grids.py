"""Arrays written down by their parts: ``r_``, ``c_`` and ``fromiter``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from functrans.core.avals import shape_of
from functrans.errors import OptionError
from functrans.numpy.creation import asarray, lifted
from functrans.numpy.joining import concatenate
from functrans.numpy.promote import (
    cast,
    from_nested,
    has_tracer,
    operand,
    result_dtype,
    strong,
)
from functrans.numpy.shaping import reshape
from functrans.typing import Array, DTypeLike


class _Joiner:
    """What ``r_`` and ``c_`` are: their parts in brackets are joined along an axis.

    NumPy's own does the work where no part is traced.
    """

    def __init__(self, original: Any, axis: int, ndmin: int, first: int) -> None:
        self._original = original
        self._defaults = axis, ndmin, first
        self.__doc__ = original.__doc__

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not has_tracer(parts, {}):
            return lifted(self._original[key])
        axis, ndmin, first = self._defaults
        if isinstance(parts[0], str):
            axis, ndmin, first = _directive(parts[0], axis, ndmin, first)
            parts = parts[1:]
        values = [np.r_[p] if isinstance(p, slice) else operand(p) for p in parts]
        dtype = result_dtype(*values)
        return concatenate([_shaped(strong(cast(v, dtype)), ndmin, first) for v in values], axis)

    def __len__(self) -> int:
        return 0


def _directive(text: str, axis: int, ndmin: int, first: int) -> tuple[int, int, int]:
    """What a string as the first part says: the axis, the least rank, where an array's axes go."""
    try:
        given = [int(number) for number in text.split(",")]
    except ValueError:
        raise OptionError(
            f"{text!r} is no directive for traced values.",
            'Use one to three ints, as in fnp.r_["0,2", x, y].',
        ) from None
    defaults = [axis, ndmin, first]
    axis, ndmin, first = given[:3] + defaults[len(given) :]
    return axis, ndmin, first


def _shaped(x: Any, ndmin: int, first: int) -> Any:
    """``x`` with at least ``ndmin`` axes, its own one beginning at ``first``, the others before."""
    shape = shape_of(x)
    missing = max(ndmin, 1) - len(shape)
    if missing <= 0:
        return x
    if not shape:
        return reshape(x, (1,) * missing)
    # From the end -1 means behind all new axes: what NumPy calls not transposed.
    front = first % (missing + 1) if first >= 0 else max(missing + 1 + first, 0)
    return reshape(x, (1,) * front + shape + (1,) * (missing - front))


r_ = _Joiner(np.r_, 0, 1, -1)
c_ = _Joiner(np.c_, -1, 2, 0)


def fromiter(iter: Iterable[Any], dtype: DTypeLike, count: int = -1) -> Array:
    """A vector of the numbers that an iterable gives; they may be traced.

    >>> fnp.fromiter((k * k for k in range(4)), float)
    array([0., 1., 4., 9.])
    """
    items = list(iter if count < 0 else islice(iter, count))
    if has_tracer(items, {}):
        return cast(from_nested(items), np.dtype(dtype))
    return asarray(np.fromiter(items, dtype, count))
