"""Writing into arrays: NumPy's functions that do it in place, and with a new array as result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.numpy import elementwise as el
from functrans.numpy.indexing import at
from functrans.numpy.promote import TRACED, array_like, axis_index, cast, has_tracer
from functrans.numpy.reductions import cumsum
from functrans.numpy.shaping import ravel, resize
from functrans.primitives import layout
from functrans.primitives.indexing import gather
from functrans.typing import ArrayLike


def _in_place(function: Callable[..., Any], *args: Any) -> Any:
    """NumPy's own function, which a traced array cannot follow."""
    if has_tracer(args, {}):
        name = function.__name__
        raise ArgumentError(
            f"{name} changes an array in place, which a traced array cannot do.",
            f"Write x = fnp.{name}(x, …, inplace=False), or x = x.at[…].set(values).",
        )
    return function(*args)


def put(
    a: ArrayLike, ind: ArrayLike, v: ArrayLike, mode: str = "raise", *, inplace: bool = True
) -> Any:
    """Set elements of the flattened array to values, repeated as often as needed.

    Changes ``a`` as NumPy does; with ``inplace=False``, which traced arrays need, returns a new
    array. ``mode`` says what happens to indices out of bounds: raise, wrap or clip.

    >>> fnp.put(np.zeros((2, 2)), [0, 3], [1.0, 2.0], inplace=False)
    array([[1., 0.],
           [0., 2.]])
    """
    if inplace:
        return _in_place(np.put, a, ind, v, mode)
    x, index = array_like(a), ravel(ind)
    flat = ravel(x)
    n = shape_of(flat)[0]
    if mode == "wrap":
        index = el.remainder(index, n)
    elif mode == "clip":
        index = el.clip(index, 0, n - 1)
    elif mode != "raise":
        raise OptionError(f"mode={mode!r} is not known.", "Use raise, wrap or clip.")
    count = shape_of(index)[0]
    if not count or not shape_of(ravel(v))[0]:
        return x
    values = cast(resize(ravel(v), (count,)), dtype_of(x))
    return layout.reshape(at(flat)[index].set(values), shape_of(x))


def place(arr: ArrayLike, mask: ArrayLike, vals: ArrayLike, *, inplace: bool = True) -> Any:
    """Set the elements where the mask holds to the first of ``vals``, repeated as often as needed.

    Changes ``arr`` as NumPy does; with ``inplace=False``, which traced arrays need, returns a new
    array.

    >>> ft.jit(lambda x: fnp.place(x, x > 1, [7, 8], inplace=False))(np.array([1, 2, 3, 4]))
    array([1, 7, 8, 7])
    """
    if inplace:
        return _in_place(np.place, arr, mask, vals)
    x, chosen, values = array_like(arr), el.truth(array_like(mask)), ravel(vals)
    if shape_of(chosen) != shape_of(x):
        raise ShapeError(
            f"place got a mask of shape {shape_of(chosen)} for an array of shape {shape_of(x)}.",
            "Both have one shape.",
        )
    count = shape_of(values)[0]
    if not count:
        raise ShapeError("place needs at least one value.")
    order = el.subtract(cumsum(cast(ravel(chosen), np.dtype(np.int64))), 1)
    picked = gather(cast(values, dtype_of(x)), (el.remainder(order, count),), (0,))
    return el.select(chosen, layout.reshape(picked, shape_of(x)), x)


def fill_diagonal(a: ArrayLike, val: ArrayLike, wrap: bool = False, *, inplace: bool = True) -> Any:
    """Set the main diagonal of an array of two or more axes to a value, or to values in turn.

    Changes ``a`` as NumPy does; with ``inplace=False``, which traced arrays need, returns a new
    array. ``wrap`` begins the diagonal of a tall matrix again below its end.

    >>> fnp.fill_diagonal(np.zeros((2, 2)), 5.0, inplace=False)
    array([[5., 0.],
           [0., 5.]])
    """
    if inplace:
        return _in_place(np.fill_diagonal, a, val, wrap)
    x = array_like(a)
    shape = shape_of(x)
    if len(shape) < 2 or (len(shape) > 2 and len(set(shape)) > 1):
        raise ShapeError(
            f"fill_diagonal got an array of shape {shape}.",
            "It takes a matrix, or an array of more axes of one length.",
        )
    # As in a flattened matrix: a step goes one row down and one column to the right.
    step = 1 + int(np.cumprod(shape[:0:-1]).sum())
    end = shape[1] * shape[1] if len(shape) == 2 and not wrap else int(np.prod(shape))
    return put(x, np.arange(0, min(end, int(np.prod(shape))), step), val, inplace=False)


def put_along_axis(
    arr: ArrayLike, indices: ArrayLike, values: ArrayLike, axis: int | None, *, inplace: bool = True
) -> Any:
    """Along an axis, set one element for each of ``indices``, as argsort and argmax give them.

    Changes ``arr`` as NumPy does; with ``inplace=False``, which traced arrays need, returns a new
    array.

    >>> x = np.array([[3, 1], [2, 5]])
    >>> fnp.put_along_axis(x, fnp.argmin(x, axis=1)[:, None], 0, axis=1, inplace=False)
    array([[3, 0],
           [0, 5]])
    """
    if inplace:
        return _in_place(np.put_along_axis, arr, indices, values, axis)
    x, index = array_like(arr), array_like(indices)
    if axis is None:
        flat = put_along_axis(ravel(x), ravel(index), values, 0, inplace=False)
        return layout.reshape(flat, shape_of(x))
    rank = len(shape_of(x))
    axis = axis_index(axis, rank)
    if len(shape_of(index)) != rank:
        raise ShapeError(
            f"put_along_axis got {len(shape_of(index))} axes of indices for an array of {rank}.",
            "Both have the same number of axes.",
        )
    rows = [np.arange(n).reshape((n,) + (1,) * (rank - d - 1)) for d, n in enumerate(shape_of(x))]
    whole = tuple(index if d == axis else rows[d] for d in range(rank))
    return at(x)[whole].set(values)


TRACED |= {
    np.put: put,
    np.place: place,
    np.fill_diagonal: fill_diagonal,
    np.put_along_axis: put_along_axis,
}
