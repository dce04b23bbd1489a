"""Histograms: the edges of bins, and how many values fall into each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.numpy import elementwise as el
from functrans.numpy import reductions as red
from functrans.numpy.creation import linspace
from functrans.numpy.joining import concatenate
from functrans.numpy.promote import array_like, cast, concrete, door, operand, result_dtype
from functrans.numpy.shaping import expand_dims, ravel, reshape, take_slice
from functrans.numpy.signal import diff, searchsorted
from functrans.primitives import layout
from functrans.primitives.indexing import gather, scatter
from functrans.typing import Array, ArrayLike

_FLOAT = np.dtype(np.float64)
_INT = np.dtype(np.int64)


@door(np.histogram_bin_edges)
def histogram_bin_edges(
    a: ArrayLike,
    bins: ArrayLike | str = 10,
    range: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> Array:
    """The edges of the bins of :func:`histogram`.

    >>> fnp.histogram_bin_edges(np.array([0.0, 1.0, 2.0]), bins=2)
    array([0., 1., 2.])
    """
    return _edges(ravel(a), bins, range, weights)


@door(np.histogram)
def histogram(
    a: ArrayLike,
    bins: ArrayLike | str = 10,
    range: ArrayLike | None = None,
    density: bool | None = None,
    weights: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """Counts of values in bins, and the edges of the bins.

    ``bins`` is the number of equal bins over ``range``, or from the smallest to the largest value;
    or their edges; or, where the values are known, the name of a rule that chooses the number.
    Values outside count in no bin. Derivatives are those of the edges and of ``weights``.

    >>> ft.jit(lambda x: fnp.histogram(x, bins=2))(np.array([0.0, 1.0, 1.5, 2.0]))
    (array([1, 3]), array([0., 1., 2.]))
    """
    x = ravel(a)
    edges = _edges(x, bins, range, weights)
    n = shape_of(edges)[0] - 1
    uniform = len(shape_of(operand(bins))) == 0 if not isinstance(bins, str) else True
    bin_of = _equal_bin(x, edges) if uniform else _bin(x, edges)
    if weights is None:
        values: Any = layout.full(shape_of(x), np.int64(1))
    else:
        values = ravel(weights)
        kind = dtype_of(values)
        values = cast(values, np.result_type(kind, _FLOAT)) if kind.kind in "fc" else values
        if shape_of(values) != shape_of(x):
            raise ShapeError(
                f"histogram got {shape_of(x)[0]} values and {shape_of(values)[0]} weights.",
                "Give one weight for each value.",
            )
    slots = layout.full((n,), dtype_of(values).type(0))
    counts = scatter(slots, values, (bin_of,), (0,), "add", "drop")
    counts = counts if weights is None else cast(counts, kind)
    if density:
        widths = cast(diff(edges), _FLOAT)
        return el.divide(el.divide(counts, widths), red.sum(counts)), edges
    return counts, edges


@door(np.histogram2d)
def histogram2d(
    x: ArrayLike,
    y: ArrayLike,
    bins: Any = 10,
    range: Any = None,
    density: bool | None = None,
    weights: ArrayLike | None = None,
) -> tuple[Array, Array, Array]:
    """Counts of points (x, y) in a grid, and the edges of its rows and of its columns.

    ``bins`` is one number or vector of edges for both, or a pair.

    >>> x, y = np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0])
    >>> fnp.histogram2d(x, y, bins=2)[0]
    array([[1., 0.],
           [1., 1.]])
    """
    x, y = array_like(x), array_like(y)
    if shape_of(x) != shape_of(y) or len(shape_of(x)) != 1:
        raise ShapeError(
            f"histogram2d got points of shapes {shape_of(x)} and {shape_of(y)}.",
            "x and y are vectors of one length.",
        )
    listed = isinstance(bins, list | tuple)
    pair = bins if listed and len(bins) == 2 else (bins, bins)
    points = concatenate([expand_dims(x, 1), expand_dims(y, 1)], 1)
    counts, edges = histogramdd(points, pair, range, density, weights)
    return counts, edges[0], edges[1]


@door(np.histogramdd)
def histogramdd(
    sample: ArrayLike,
    bins: Any = 10,
    range: Any = None,
    density: bool | None = None,
    weights: ArrayLike | None = None,
) -> tuple[Array, Any]:
    """Counts of points, the rows of ``sample``, in a grid of bins, and the edges along each axis.

    ``bins`` is a number for all axes, or for each axis a number or a vector of edges; ``range`` a
    pair, or None, for each axis.

    >>> points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    >>> fnp.histogramdd(points, bins=2)[0]
    array([[1., 0.],
           [1., 1.]])
    """
    columns = _columns(sample)
    count = len(columns)
    each = list(bins) if isinstance(bins, list | tuple) else [bins] * count
    ranges = [None] * count if range is None else list(range)
    if len(each) != count or len(ranges) != count:
        raise ShapeError(
            f"histogramdd got {len(each)} bins and {len(ranges)} ranges for {count} axes.",
            "Give one for each axis.",
        )
    edges = [_edges(x, b, r, None) for x, b, r in zip(columns, each, ranges, strict=True)]
    shape = tuple(shape_of(e)[0] - 1 for e in edges)
    places = tuple(_bin(x, e) for x, e in zip(columns, edges, strict=True))
    points = shape_of(columns[0])
    values = layout.full(points, 1.0) if weights is None else cast(array_like(weights), _FLOAT)
    axes = tuple(i for i, _ in enumerate(shape))
    counts = scatter(layout.full(shape, 0.0), values, places, axes, "add", "drop")
    if density:
        total = red.sum(counts)
        for axis, e in enumerate(edges):
            widths = tuple(-1 if d == axis else 1 for d in axes)
            counts = el.divide(counts, reshape(cast(diff(e), _FLOAT), widths))
        counts = el.divide(counts, total)
    return counts, edges


def _columns(sample: Any) -> list[Any]:
    """The coordinates of points along each axis: rows of a list, columns of an array."""
    if isinstance(sample, list | tuple):
        return [ravel(x) for x in sample]
    points = array_like(sample)
    if len(shape_of(points)) == 1:
        return [points]
    if len(shape_of(points)) != 2:
        raise ShapeError(f"histogramdd got points of shape {shape_of(points)}.", "Give rows.")
    return [take_slice(points, 1, d) for d in np.arange(shape_of(points)[1]).tolist()]


# --- edges and places ----------------------------------------------------------------------------


def _edges(x: Any, bins: Any, limits: Any, weights: Any) -> Any:
    if isinstance(bins, str):
        known = concrete(x)
        if known is None:
            raise ArgumentError(
                f"bins={bins!r} chooses the number of bins by the values, which are not known.",
                "Give the number of bins.",
            )
        return np.histogram_bin_edges(known, bins, limits, weights)
    given = array_like(bins)
    if len(shape_of(given)) == 1:
        known = concrete(given)
        if known is not None and (known[1:] < known[:-1]).any():
            raise OptionError("The edges of bins must not descend.", "Sort them.")
        return given
    if shape_of(given) or concrete(given) is None or dtype_of(given).kind not in "iu":
        raise ArgumentError("bins must be a known int, or a vector of edges.")
    number = int(concrete(given))
    if number < 1:
        raise OptionError("There must be at least one bin.")
    low, high = _limits(x, limits)
    dtype = result_dtype(low, high, x)
    return linspace(low, high, number + 1, dtype=dtype if dtype.kind == "f" else _FLOAT)


def _limits(x: Any, limits: Any) -> tuple[Any, Any]:
    """The first and the last edge: as given, or the extremes; apart from each other."""
    low: Any
    high: Any
    if limits is not None:
        low, high = map(operand, limits)
    elif math.prod(shape_of(x)):
        low, high = red.min(x), red.max(x)
    else:
        low, high = 0, 1
    ends = concrete(low), concrete(high)
    if ends[0] is not None and ends[1] is not None:
        if not np.isfinite(ends).all() or ends[0] > ends[1]:
            raise OptionError(
                f"There are no bins from {ends[0]} to {ends[1]}.",
                "The first and the last edge must be finite and ascend: give range=.",
            )
        return (low - 0.5, high + 0.5) if ends[0] == ends[1] else (low, high)
    apart = el.multiply(el.equal(low, high), np.float32(0.5))
    return el.subtract(low, apart), el.add(high, apart)


def _bin(x: Any, edges: Any) -> Any:
    """The bin of each value, the number of bins for those outside: by comparing with every edge."""
    n = shape_of(edges)[0] - 1
    above = el.subtract(searchsorted(edges, x, "right"), 1)
    at_end = el.equal(x, take_slice(edges, 0, n))  # the last bin contains both of its edges
    found = el.select(at_end, n - 1, above)
    return cast(el.select(el.less(found, 0), n, found), _INT)


def _equal_bin(x: Any, edges: Any) -> Any:
    """As :func:`_bin` for bins of equal widths: by dividing, set right by the edges beside."""
    n = shape_of(edges)[0] - 1
    low, high = take_slice(edges, 0, 0), take_slice(edges, 0, n)
    inside = el.logical_and(el.greater_equal(x, low), el.less_equal(x, high))
    y = el.select(inside, x, low)
    guess = el.multiply(el.divide(el.subtract(y, low), el.subtract(high, low)), n)
    place = el.minimum(cast(guess, _INT), n - 1)
    left, right = (gather(edges, (el.add(place, d),), (0,)) for d in (0, 1))
    place = el.subtract(place, el.less(y, left))
    stays = el.logical_or(el.less(y, right), el.equal(place, n - 1))
    return el.select(inside, el.select(stays, place, el.add(place, 1)), n)
