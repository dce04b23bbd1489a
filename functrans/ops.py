"""Sums, products and extremes of the rows of an array that belong together, by an array of ids.

>>> ft.ops.segment_sum(np.array([1.0, 2.0, 3.0]), np.array([1, 0, 1]))
array([2., 4.])
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.control.associative import associative_scan
from functrans.core.avals import is_inexact
from functrans.core.trace import Tracer
from functrans.custom_derivatives import custom_jvp
from functrans.errors import ConcretizationTypeError, DtypeError, OptionError, ShapeError
from functrans.primitives.indexing import scatter
from functrans.primitives.layout import full
from functrans.transforms.vmap import vmap
from functrans.typing import Array, ArrayLike

_MODES = (None, "drop", "fill", "promise_in_bounds", "clip", "raise")


def segment_sum(
    data: ArrayLike,
    segment_ids: ArrayLike,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: str | None = None,
) -> Array:
    """The sums of the rows of ``data`` that have the same id; 0 for an id that no row has.

    Parameters
    ----------
    data: an array whose leading axis is divided.
    segment_ids: the id of each row, integers.
    num_segments: the number of results; the largest id plus 1 if it is not given, which needs ids
        that are known: under jit and vmap it must be given.
    indices_are_sorted, unique_indices: accepted as promises; they change nothing here.
    bucket_size: fold this many rows at a time, and then what they gave: long sums of floats lose
        less.
    mode: what happens to ids below 0 or from ``num_segments`` on: their rows are left out (None,
        "drop"), counted to the nearest id ("clip"), or raise IndexError ("raise").

    Returns
    -------
    An array of shape ``(num_segments, *data.shape[1:])`` and of the dtype of ``data``.

    Raises
    ------
    ShapeError, DtypeError: ids that are no integers, one for each row.
    ConcretizationTypeError: no ``num_segments`` where ids are traced.

    >>> ids = np.array([0, 0, 1, 5])
    >>> ft.ops.segment_sum(np.array([1.0, 2.0, 3.0, 4.0]), ids, num_segments=3)
    array([3., 3., 0.])
    """
    return _segments("sum", data, segment_ids, num_segments, bucket_size, mode)


def segment_prod(
    data: ArrayLike,
    segment_ids: ArrayLike,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: str | None = None,
) -> Array:
    """The products of the rows with the same id, 1 where there are none; as :func:`segment_sum`.

    All derivatives are exact, where rows are zero too.

    >>> ft.ops.segment_prod(np.array([2.0, 3.0, 4.0]), np.array([0, 0, 2]))
    array([6., 1., 4.])
    """
    return _segments("prod", data, segment_ids, num_segments, bucket_size, mode)


def segment_max(
    data: ArrayLike,
    segment_ids: ArrayLike,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: str | None = None,
) -> Array:
    """The largest of the rows with the same id; as :func:`segment_sum`.

    For an id that no row has it is the least number of the dtype. Equal rows share the derivative.

    >>> ft.ops.segment_max(np.array([2.0, 3.0, 4.0]), np.array([0, 0, 2]))
    array([  3., -inf,   4.])
    """
    return _segments("max", data, segment_ids, num_segments, bucket_size, mode)


def segment_min(
    data: ArrayLike,
    segment_ids: ArrayLike,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: str | None = None,
) -> Array:
    """The smallest of the rows with the same id; as :func:`segment_sum`.

    For an id that no row has it is the greatest number of the dtype. Equal rows share the
    derivative.

    >>> ft.ops.segment_min(np.array([2.0, 3.0, 4.0]), np.array([0, 0, 2]))
    array([ 2., inf,  4.])
    """
    return _segments("min", data, segment_ids, num_segments, bucket_size, mode)


# --- what they share -----------------------------------------------------------------------------

_FOLDS = {"sum": "add", "prod": "mul", "max": "max", "min": "min"}
_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": fnp.sum,
    "prod": fnp.prod,
    "max": fnp.max,
    "min": fnp.min,
}


def _segments(
    op: str, data: Any, segment_ids: Any, given: int | None, bucket: int | None, mode: str | None
) -> Any:
    name = f"segment_{op}"
    data, ids = fnp.asarray(data), fnp.asarray(segment_ids)
    if ids.dtype.kind not in "iu":
        raise DtypeError(f"{name} got ids of dtype {ids.dtype}.", "Ids of segments are integers.")
    if ids.ndim != 1 or data.ndim == 0 or data.shape[0] != ids.shape[0]:
        raise ShapeError(
            f"{name} got ids of shape {ids.shape} for data of shape {data.shape}.",
            "Give one id for each row of the data's leading axis.",
        )
    if mode not in _MODES:
        raise OptionError(f"{name} got mode={mode!r}.", f"Choose one of {_MODES}.")
    count = _count(name, ids, given)
    ids = fnp.astype(ids, np.int64)
    if mode == "clip":
        ids = fnp.clip(ids, 0, count - 1)
    elif mode != "raise":
        ids = fnp.where(ids < 0, count, ids)  # out of bounds: left out
    kind = "raise" if mode == "raise" else "drop"
    if bucket is None:
        return _folded(op, data, ids, count, kind)
    size = operator.index(bucket)
    if size < 1:
        raise OptionError(f"{name} got bucket_size={bucket!r}, which is no positive number.")
    # Rows that fill the last bucket up are left out of every segment.
    lacking = -len(ids) % size
    rows = fnp.concatenate([data, fnp.zeros((lacking, *data.shape[1:]), data.dtype)])
    ids = fnp.concatenate([ids, fnp.full(lacking, count)])
    parts = vmap(lambda x, i: _folded(op, x, i, count, "drop"))(
        rows.reshape(-1, size, *data.shape[1:]), ids.reshape(-1, size)
    )
    return fnp.astype(_REDUCTIONS[op](parts, axis=0), data.dtype)


def _count(name: str, ids: Any, given: int | None) -> int:
    if given is not None:
        count = operator.index(given)
        if count < 0:
            raise OptionError(f"{name} got num_segments={count}.")
        return count
    known = ids.concrete() if isinstance(ids, Tracer) else ids
    if known is None or isinstance(known, Tracer):
        raise ConcretizationTypeError(
            f"{name} needs the values of its ids for the number of segments, but they are traced.",
            "Give num_segments, a Python int.",
        )
    return int(np.max(known, initial=-1)) + 1


def _folded(op: str, data: Any, ids: Any, count: int, mode: str) -> Any:
    if op == "prod" and is_inexact(data.dtype):
        return _product(data, ids, count, mode)
    return _scattered(op, data, ids, count, mode)


def _scattered(op: str, data: Any, ids: Any, count: int, mode: str) -> Any:
    start = full((count, *data.shape[1:]), _start(op, data.dtype))
    return scatter(start, data, (ids,), (0,), _FOLDS[op], mode)


def _start(op: str, dtype: np.dtype[Any]) -> Any:
    """What an empty fold gives."""
    if op in ("sum", "prod"):
        return dtype.type(op == "prod")
    lowest = op == "max"
    if dtype.kind == "b":
        return np.bool_(not lowest)
    if dtype.kind in "iu":
        return dtype.type(np.iinfo(dtype).min if lowest else np.iinfo(dtype).max)
    return dtype.type(-np.inf if lowest else np.inf)


# --- products ------------------------------------------------------------------------------------


@partial(custom_jvp, nondiff_argnums=(2, 3))
def _product(data: Any, ids: Any, count: int, mode: str) -> Any:
    return _scattered("prod", data, ids, count, mode)


@_product.defjvp
def _product_jvp(count: int, mode: str, primals: Any, tangents: Any) -> Any:
    """The tangent: the sum of those of the rows, each times the other rows' product."""
    data, ids = primals
    change = tangents[0] * _products_of_others(data, ids)
    return _product(data, ids, count, mode), _scattered("sum", change, ids, count, mode)


def _products_of_others(data: Any, ids: Any) -> Any:
    """For each row the product of all others with its id, formed without divisions.

    The rows are sorted by id; then the others are those before and those behind.
    """
    order = fnp.argsort(ids, stable=True)
    x, ids = fnp.take(data, order, axis=0), fnp.take(ids, order)
    sorted_products = _products_before(x, ids) * _products_before(x[::-1], ids[::-1])[::-1]
    return scatter(fnp.zeros_like(x), sorted_products, (order,), (0,))


def _products_before(x: Any, ids: Any) -> Any:
    """For each row of sorted ones the product of those before it with its id."""
    one = fnp.ones_like(x[:1])
    first = fnp.concatenate([fnp.full(1, True), ids[1:] != ids[:-1]])[: len(ids)]
    first = first.reshape(-1, *[1] * (x.ndim - 1))
    factors = fnp.where(first, one, fnp.concatenate([one, x[:-1]])[: len(ids)])
    first = fnp.broadcast_to(first, factors.shape)

    def joined(a: Any, b: Any) -> Any:
        (a_first, a_product), (b_first, b_product) = a, b
        return a_first | b_first, fnp.where(b_first, b_product, a_product * b_product)

    return associative_scan(joined, (first, factors))[1]
