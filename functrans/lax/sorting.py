"""Sorting by one or more keys, the largest elements, and running sums and extremes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import OptionError, ShapeError
from functrans.lax.slicing import slice_in_dim
from functrans.primitives import reductions
from functrans.primitives.elementwise import logaddexp
from functrans.primitives.layout import rev
from functrans.primitives.linear import sub
from functrans.primitives.reductions import argsort, cumulative, take_along_axis
from functrans.typing import Array, Operand


def sort(operand: Any, dimension: int = -1, is_stable: bool = True, num_keys: int = 1) -> Any:
    """An array in ascending order along an axis, or several arrays by the order of the first.

    Parameters
    ----------
    operand: an array, or a sequence of arrays of one shape.
    is_stable: accepted; equal elements always keep their order.
    num_keys: how many of the arrays are keys; later ones decide between equal earlier ones.

    Raises
    ------
    OptionError: ``num_keys`` that is not between 1 and the number of arrays.

    >>> ft.lax.sort((np.array([3, 1, 2]), np.array([0.0, 1.0, 2.0])))
    (array([1, 2, 3]), array([1., 2., 0.]))
    """
    several = isinstance(operand, Sequence)
    arrays = list(operand) if several else [operand]
    if not 1 <= num_keys <= len(arrays):
        raise OptionError(f"sort got num_keys={num_keys} for {len(arrays)} arrays.")
    shape = shape_of(arrays[0])
    if any(shape_of(x) != shape for x in arrays):
        raise ShapeError(f"sort got arrays of the shapes {[shape_of(x) for x in arrays]}.")
    axis = dimension % max(len(shape), 1)
    if len(arrays) == 1:
        found = [reductions.sort(arrays[0], axis)]
        return tuple(found) if several else found[0]
    order = None  # stable sorts by one key after the other, the most important last
    for key in reversed(arrays[:num_keys]):
        seen = key if order is None else take_along_axis(key, order, axis)
        places = argsort(seen, axis)
        order = places if order is None else take_along_axis(order, places, axis)
    return tuple([take_along_axis(x, order, axis) for x in arrays])


def sort_key_val(
    keys: Operand, values: Operand, dimension: int = -1, is_stable: bool = True
) -> tuple[Array, Array]:
    """Keys in ascending order, and values in the order of their keys.

    >>> ft.lax.sort_key_val(np.array([2.0, 1.0]), np.array([10, 20]))
    (array([1., 2.]), array([20, 10]))
    """
    return sort((keys, values), dimension, is_stable)


def top_k(operand: Operand, k: int, *, axis: int = -1) -> tuple[Array, Array]:
    """The k largest elements along an axis, in descending order, and their indices.

    Of equal elements the first comes first. Raises OptionError for k beyond the axis.

    >>> ft.lax.top_k(np.array([3.0, 1.0, 4.0, 1.0]), 2)
    (array([4., 3.]), array([2, 0]))
    """
    shape = shape_of(operand)
    axis = axis % max(len(shape), 1)
    if not shape or not 0 <= k <= shape[axis]:
        raise OptionError(f"top_k got k={k} for an array of shape {shape}.")
    # Backwards before and after: a stable ascending order then keeps equal elements in theirs.
    backwards = rev(operand, (axis,))
    ascending = argsort(backwards, axis)
    last = sub(np.asarray(shape[axis] - 1, dtype_of(ascending))[()], rev(ascending, (axis,)))
    indices = slice_in_dim(last, 0, k, 1, axis)
    return take_along_axis(operand, indices, axis), indices


def cumsum(operand: Operand, axis: int = 0, reverse: bool = False) -> Array:
    """Running sums along an axis, from its end with ``reverse``.

    >>> ft.lax.cumsum(np.array([1.0, 2.0, 3.0]), reverse=True)
    array([6., 5., 3.])
    """
    return cumulative("add", operand, axis, reverse)


def cumprod(operand: Operand, axis: int = 0, reverse: bool = False) -> Array:
    """Running products along an axis.

    >>> ft.lax.cumprod(np.array([1.0, 2.0, 3.0]))
    array([1., 2., 6.])
    """
    return cumulative("mul", operand, axis, reverse)


def cummax(operand: Operand, axis: int = 0, reverse: bool = False) -> Array:
    """Running maxima along an axis.

    >>> ft.lax.cummax(np.array([1.0, 3.0, 2.0]))
    array([1., 3., 3.])
    """
    return cumulative("max", operand, axis, reverse)


def cummin(operand: Operand, axis: int = 0, reverse: bool = False) -> Array:
    """Running minima along an axis.

    >>> ft.lax.cummin(np.array([2.0, 3.0, 1.0]))
    array([2., 2., 1.])
    """
    return cumulative("min", operand, axis, reverse)


def cumlogsumexp(operand: Operand, axis: int = 0, reverse: bool = False) -> Array:
    """Running log Σ exp along an axis, without overflow.

    >>> ft.lax.cumlogsumexp(np.array([1000.0, 1000.0]))
    array([1000.        , 1000.69314718])
    """
    from functrans.control.associative import associative_scan  # loops are loaded when needed

    return associative_scan(logaddexp, operand, reverse=reverse, axis=axis)
