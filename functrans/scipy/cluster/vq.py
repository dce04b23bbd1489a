"""Vector quantisation: which entry of a code book is nearest."""

from __future__ import annotations

import numpy as np

import functrans.numpy as fnp
from functrans.errors import ShapeError
from functrans.numpy.promote import array_like, cast
from functrans.scipy.doors import is_plain, scipy_function
from functrans.scipy.special.functions import special_dtype
from functrans.typing import Array, ArrayLike

__all__ = ["vq"]


def vq(obs: ArrayLike, code_book: ArrayLike, check_finite: bool = True) -> tuple[Array, Array]:
    """The number of the nearest code for each observation, int32, and the distance to it.

    Observations of shape (M, N) and codes of shape (K, N), or vectors for N = 1. Their distance
    has no derivative (NaN) where it is 0. ``check_finite`` concerns plain arrays, which SciPy
    takes. Raises ShapeError for other shapes.

    >>> codes = np.array([[0.0, 0.0], [3.0, 4.0]])
    >>> ft.jit(ft.scipy.cluster.vq.vq)(np.array([[3.0, 3.0], [0.0, 1.0]]), codes)
    (array([1, 0], dtype=int32), array([1., 1.]))
    """
    if is_plain((obs, code_book), {}):
        return tuple(scipy_function("cluster.vq", "vq")(obs, code_book, check_finite))
    points, codes = array_like(obs), array_like(code_book)
    dtype = special_dtype(points, codes)
    points, codes = cast(points, dtype), cast(codes, dtype)
    if points.ndim == codes.ndim == 1:
        points, codes = points[:, None], codes[:, None]
    if points.ndim != 2 or codes.ndim != 2 or points.shape[1] != codes.shape[1]:
        raise ShapeError(
            f"vq got observations of shape {points.shape} and codes of shape {codes.shape}.",
            "Give shapes (M, N) and (K, N).",
        )
    squares = fnp.sum(fnp.square(points[:, None, :] - codes), -1)
    code = fnp.argmin(squares, 1)
    nearest = fnp.take_along_axis(squares, code[:, None], 1)[:, 0]
    return cast(code, np.dtype(np.int32)), fnp.sqrt(nearest)
