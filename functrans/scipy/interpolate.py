"""Interpolation on a regular grid, as in ``scipy.interpolate``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.numpy.promote import array_like, cast, concrete, float_dtype
from functrans.tree import register_pytree_node_class
from functrans.typing import ArrayLike, ArrayOrScalar

__all__ = ["RegularGridInterpolator"]


def _method(method: str) -> str:
    if method not in ("linear", "nearest"):
        raise OptionError(f"method={method!r} is not known.", 'Use "linear" or "nearest".')
    return method


@register_pytree_node_class
class RegularGridInterpolator:
    """A function that interpolates values on a grid; differentiable in places, grid and values.

    A tree of its grid, values and fill_value: it goes through transforms.

    Parameters
    ----------
    points: for each of n axes the ascending coordinates of the grid, two or more.
    values: of shape (m₁, …, mₙ, …), on the points of the grid.
    method: "linear" or "nearest".
    bounds_error: must be False, since traced values cannot raise.
    fill_value: outside the grid; None extrapolates.

    Raises
    ------
    ShapeError, ArgumentError: points and values that do not fit, or points not in order.
    OptionError: another method, or ``bounds_error``.

    >>> x, y = np.array([0.0, 1.0]), np.array([0.0, 1.0, 2.0])
    >>> f = ft.scipy.interpolate.RegularGridInterpolator((x, y), np.arange(6.0).reshape(2, 3))
    >>> ft.grad(lambda u: f(u)[0])(np.array([0.5, 1.5]))
    array([3., 1.])
    """

    def __init__(
        self,
        points: Sequence[Any],
        values: ArrayLike,
        method: str = "linear",
        bounds_error: bool = False,
        fill_value: ArrayLike = np.nan,
    ) -> None:
        if bounds_error:
            raise OptionError("bounds_error does not work under transforms.", "Use fill_value.")
        self.method = _method(method)
        self.grid = tuple(array_like(p) for p in points)
        values = array_like(values)
        self.values = cast(values, float_dtype(values))
        self.fill_value = fill_value
        sizes = tuple(g.shape[0] if g.ndim == 1 else 0 for g in self.grid)
        if sizes != self.values.shape[: len(sizes)] or min(sizes, default=0) < 2:
            raise ShapeError(
                f"A grid of {sizes} points does not fit values of shape {self.values.shape}.",
                "Give a vector of two or more points for each of the first axes.",
            )
        for known in map(concrete, self.grid):
            if known is not None and not (np.diff(known) > 0).all():
                raise ArgumentError(
                    "The points of a grid must ascend.", "Turn points and values round."
                )

    def tree_flatten(self) -> tuple[tuple[Any, ...], str]:
        """The arrays, for transforms, and the method.

        >>> f = ft.scipy.interpolate.RegularGridInterpolator((np.arange(2.0),), np.arange(2.0))
        >>> ft.jit(lambda f: f([0.25]))(f)
        array([0.25])
        """
        return (self.grid, self.values, self.fill_value), self.method

    @classmethod
    def tree_unflatten(cls, method: str, arrays: Sequence[Any]) -> RegularGridInterpolator:
        """The function of these arrays.

        >>> f = ft.scipy.interpolate.RegularGridInterpolator((np.arange(2.0),), np.arange(2.0))
        >>> ft.tree.map(lambda x: 2 * x, f)([0.5])
        array([0.5])
        """
        made = object.__new__(cls)
        made.method = method
        made.grid, made.values, made.fill_value = arrays
        return made

    def __call__(self, xi: ArrayLike, method: str | None = None) -> ArrayOrScalar:
        """The values at places of shape (…, n), or at a tuple of n arrays of coordinates."""
        method = self.method if method is None else _method(method)
        count = len(self.grid)
        if isinstance(xi, tuple):
            places = fnp.stack(fnp.broadcast_arrays(*(array_like(x) for x in xi)), -1)
        else:
            places = array_like(xi)
            places = fnp.reshape(places, (-1, count)) if places.ndim == 1 else places
        if places.shape[-1:] != (count,):
            raise ShapeError(f"Places of shape {places.shape} are none on a grid of {count} axes.")
        spots = [places[..., d] for d in range(count)]
        cells = [_cell(x, grid) for x, grid in zip(spots, self.grid, strict=True)]
        result = self._nearest(cells) if method == "nearest" else self._linear(cells)
        missing, outside = fnp.isnan(spots[0]), fnp.full(places.shape[:-1], False)
        for x, grid in zip(spots, self.grid, strict=True):
            missing = fnp.logical_or(missing, fnp.isnan(x))
            outside = fnp.logical_or(outside, fnp.logical_or(x < grid[0], x > grid[-1]))
        if self.fill_value is not None:
            result = fnp.where(self._spread(outside), self.fill_value, result)
        return cast(fnp.where(self._spread(missing), np.nan, result), self.values.dtype)

    def _spread(self, x: Any) -> Any:
        """``x`` with an axis for each axis of the values beyond the grid's."""
        return fnp.reshape(x, x.shape + (1,) * (self.values.ndim - len(self.grid)))

    def _nearest(self, cells: list[tuple[Any, Any]]) -> Any:
        values = fnp.asarray(self.values)  # which takes traced indices
        return values[tuple(fnp.where(part <= 0.5, i, i + 1) for i, part in cells)]

    def _linear(self, cells: list[tuple[Any, Any]]) -> Any:
        values, result = fnp.asarray(self.values), 0.0  # an array that takes traced indices
        for corner in product((0, 1), repeat=len(cells)):
            weight: Any = 1.0
            for (_, part), upper in zip(cells, corner, strict=True):
                weight = weight * (part if upper else 1.0 - part)
            indices = tuple(i + upper for (i, _), upper in zip(cells, corner, strict=True))
            result = result + values[indices] * self._spread(weight)
        return result


def _cell(x: Any, grid: Any) -> tuple[Any, Any]:
    """The cell of the grid around a coordinate, and how far into it that is."""
    i = fnp.clip(fnp.searchsorted(grid, x) - 1, 0, grid.shape[0] - 2)
    grid = fnp.asarray(grid)
    low, high = fnp.take(grid, i), fnp.take(grid, i + 1)
    return i, (x - low) / (high - low)
