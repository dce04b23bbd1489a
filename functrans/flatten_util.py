"""A tree of arrays as one vector, and back.

>>> vector, unravel = ft.flatten_util.ravel_pytree({"w": np.ones((2, 2)), "b": 3.0})
>>> vector
array([3., 1., 1., 1., 1.])
>>> unravel(2 * vector)["b"]
np.float64(6.0)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans import tree
from functrans.core.avals import Aval, aval_of
from functrans.errors import ShapeError, TypeMismatchError
from functrans.transforms.stage import own

__all__ = ["ravel_pytree"]


def ravel_pytree(pytree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All elements of a tree's leaves as one vector, and the function that undoes it.

    Leaves of several dtypes are promoted to one; the second function gives each its own again. It
    takes vectors of the first one's length. Where the leaves had one dtype, its results have that
    of the vector, as derivatives need; otherwise the vector must have the first one's dtype.

    Returns
    -------
    The vector, and a function from such vectors to trees. That raises ShapeError for another
    shape, TypeMismatchError for another dtype.

    >>> vector, unravel = ft.flatten_util.ravel_pytree([np.array([1, 2]), 0.5])
    >>> vector, unravel(vector)
    (array([1. , 2. , 0.5]), [array([1, 2]), np.float64(0.5)])
    """
    leaves, structure = tree.flatten(pytree)
    avals = [aval_of(x).strengthen() for x in leaves]
    dtype = np.result_type(*(a.dtype for a in avals)) if avals else np.dtype(np.float64)
    uniform = all(a.dtype == dtype for a in avals)
    size = sum(a.size for a in avals)
    parts = [fnp.astype(fnp.ravel(x), dtype) for x in leaves]
    vector = fnp.concatenate(parts) if parts else np.zeros(0, dtype)
    ends = list(itertools.accumulate(a.size for a in avals))

    def unravel(vector: Any) -> Any:
        found = aval_of(vector)
        if found.shape != (size,):
            raise ShapeError(
                f"unravel got an array of shape {found.shape} for a tree with {size} elements.",
                f"Give a vector of shape ({size},).",
            )
        if not uniform and found.dtype != dtype:
            raise TypeMismatchError(
                f"unravel got a vector of dtype {found.dtype} for a tree of several dtypes, whose "
                f"vector has dtype {dtype}.",
                f"Convert it with .astype({str(dtype)!r}).",
            )
        pieces = [
            _restored(vector[end - aval.size : end], aval, uniform)
            for aval, end in zip(avals, ends, strict=True)
        ]
        return tree.unflatten(structure, own(pieces, ()))

    return vector, unravel


def _restored(piece: Any, aval: Aval, uniform: bool) -> Any:
    piece = fnp.reshape(piece, aval.shape)
    if uniform:
        return piece
    if piece.dtype.kind == "c" and aval.dtype.kind != "c":
        piece = fnp.real(piece)
    return fnp.astype(piece, aval.dtype)
