"""Means and straight lines taken out of signals."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.errors import OptionError
from functrans.numpy.promote import array_like, cast, float_dtype, one_of
from functrans.scipy.signal.doors import door
from functrans.typing import Array, ArrayLike


@door
def detrend(
    data: ArrayLike,
    axis: int = -1,
    type: str = "linear",
    bp: ArrayLike = 0,
    overwrite_data: bool = False,
) -> Array:
    """``data`` without its least-squares line, or without its mean, along an axis.

    Parameters
    ----------
    type: "linear" or "constant".
    bp: for "linear", known places where another line begins.
    overwrite_data: must be False under a transform.

    Raises OptionError for another type, or places outside the data.

    >>> ft.jacobian(lambda x: ft.scipy.signal.detrend(x, type="constant"))(np.ones(2))
    array([[ 0.5, -0.5],
           [-0.5,  0.5]])
    """
    one_of("type", type, "linear", "constant")
    one_of("overwrite_data", overwrite_data, False)
    x = array_like(data)
    x = fnp.moveaxis(cast(x, float_dtype(x)), axis, -1)
    n = x.shape[-1]
    breaks = np.unique(np.r_[0, bp, n]) if type == "linear" else np.array([0, n])
    if breaks[0] < 0 or breaks[-1] > n:
        raise OptionError(f"bp={bp} is not within {n} samples.")
    pieces = [x[..., start:stop] for start, stop in pairwise(breaks)]
    flat = [_residual(piece, type == "linear") for piece in pieces]
    return fnp.moveaxis(fnp.concatenate(flat, -1), -1, axis)


def _residual(x: Any, sloped: bool) -> Any:
    """What is orthogonal to the constants, and to the line."""
    rest = x - fnp.mean(x, -1, keepdims=True)
    n = x.shape[-1]
    if not sloped or n < 2:
        return rest
    line = (np.arange(n) - 0.5 * (n - 1)).astype(np.finfo(x.dtype).dtype)
    line /= np.sqrt(np.sum(line**2))
    return rest - fnp.sum(rest * line, -1, keepdims=True) * line
