"""Images between their pixels, as ``scipy.ndimage`` interpolates them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.errors import OptionError, ShapeError
from functrans.numpy.promote import array_like, cast, float_dtype
from functrans.typing import Array, ArrayLike

__all__ = ["map_coordinates"]


def _mirror(index: Any, size: int) -> Any:
    """Places of a row that is reflected at the centres of its last pixels."""
    period = max(2 * (size - 1), 1)
    return fnp.absolute(fnp.mod(index + (size - 1), period) - (size - 1))


def _reflect(index: Any, size: int) -> Any:
    """Places of a row that is reflected at its edges: as if it had a pixel between any two."""
    return (_mirror(2 * index + 1, 2 * size + 1) - 1) // 2


_PLACES: dict[str, Callable[[Any, int], Any]] = {
    "constant": lambda index, size: fnp.clip(index, 0, size - 1),
    "nearest": lambda index, size: fnp.clip(index, 0, size - 1),
    "wrap": lambda index, size: fnp.mod(index, size),
    "mirror": _mirror,
    "reflect": _reflect,
}
_SAME = {"grid-constant": "constant", "grid-wrap": "wrap", "grid-mirror": "reflect"}


def map_coordinates(
    input: ArrayLike,
    coordinates: Sequence[Any],
    order: int,
    mode: str = "constant",
    cval: ArrayLike = 0.0,
) -> Array:
    """The values of an array at places between its elements.

    Parameters
    ----------
    input: array of n axes. Results of integers are rounded.
    coordinates: n arrays of one shape, which is the result's: where, along each axis.
    order: 0 takes the nearest element, 1 interpolates linearly.
    mode: what stands outside: ``"constant"`` (``cval``), ``"nearest"``, ``"wrap"``, ``"mirror"`` or
        ``"reflect"``. "constant" and "wrap" are what SciPy calls "grid-constant" and "grid-wrap";
        those names and "grid-mirror" are accepted too.

    Raises
    ------
    ShapeError, OptionError: another number of coordinates, order or mode.

    >>> x = np.arange(12.0).reshape(3, 4)
    >>> ft.scipy.ndimage.map_coordinates(x, [np.array([0.5]), np.array([1.5])], order=1)
    array([3.5])
    >>> ft.grad(lambda u: ft.scipy.ndimage.map_coordinates(x, [u, 0.0], order=1))(0.5)
    np.float64(4.0)
    """
    x = fnp.asarray(array_like(input))  # which takes traced indices
    places = fnp.broadcast_arrays(*(array_like(c) for c in coordinates))
    mode = _SAME.get(mode, mode)
    if len(places) != x.ndim:
        raise ShapeError(f"map_coordinates got {len(places)} coordinates for {x.ndim} axes.")
    if mode not in _PLACES:
        raise OptionError(f"mode={mode!r} is not known.", f"Use one of {', '.join(_PLACES)}.")
    if order not in (0, 1):
        raise OptionError(f"order={order} is not known.", "Use 0 (nearest) or 1 (linear).")
    result: Any = 0.0
    neighbours = (_neighbours(c, order) for c in places)
    for corner in product(*neighbours):
        indices, weights = zip(*corner, strict=True)
        value = x[tuple(_PLACES[mode](i, n) for i, n in zip(indices, x.shape, strict=True))]
        if mode == "constant":
            value = fnp.where(_inside(indices, x.shape), value, cval)
        for weight in weights:
            value = value * weight
        result = result + value
    if x.dtype.kind in "iub":
        result = fnp.trunc(result + fnp.copysign(0.5, result))
    return cast(array_like(result), x.dtype)[()]


def _neighbours(coordinate: Any, order: int) -> list[tuple[Any, Any]]:
    """The indices along one axis that count for a coordinate, and how much."""
    c = cast(coordinate, float_dtype(coordinate))
    if order == 0:
        return [(_index(fnp.floor(c + 0.5)), 1.0)]
    below = fnp.floor(c)
    return [(_index(below), 1.0 - (c - below)), (_index(below) + 1, c - below)]


def _index(x: Any) -> Any:
    return cast(x, np.dtype(np.int64))


def _inside(indices: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    found: Any = True
    for i, n in zip(indices, shape, strict=True):
        found = fnp.logical_and(found, fnp.logical_and(i >= 0, i < n))
    return found
