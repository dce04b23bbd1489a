"""Sums and extremes of the rows of a tensor that belong together; counts of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans import ops
from functrans.extend import known
from functrans.tf.convert import INT32, NumpyDtype, as_tensor, cast, numpy_dtype
from functrans.tf.dtypes import int32
from functrans.tf.errors import InvalidArgumentError, InvalidValueError
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind, operation

Fold = Callable[[Any, Any, int], Any]

# --- how rows are put together -------------------------------------------------------------------


def _sums(v: Any, ids: Any, count: int) -> Any:
    return ops.segment_sum(v, ids, count)


def _products(v: Any, ids: Any, count: int) -> Any:
    return ops.segment_prod(v, ids, count)


def _maxima(v: Any, ids: Any, count: int) -> Any:
    return ops.segment_max(v, ids, count)


def _minima(v: Any, ids: Any, count: int) -> Any:
    return ops.segment_min(v, ids, count)


def _sizes(v: Any, ids: Any, count: int) -> Any:
    """How many rows each segment has, in the shape to divide its sums by; at least 1."""
    sizes = fnp.maximum(ops.segment_sum(np.ones(ids.shape, v.dtype), ids, count), v.dtype.type(1))
    return fnp.reshape(sizes, (count, *(1,) * (v.ndim - 1)))


def _means(v: Any, ids: Any, count: int) -> Any:
    sums, sizes = _sums(v, ids, count), _sizes(v, ids, count)
    if v.dtype.kind not in "iu":
        return fnp.divide(sums, sizes)
    whole = fnp.floor_divide(fnp.abs(sums), sizes)
    return fnp.multiply(fnp.sign(sums), whole)


def _sums_by_root(v: Any, ids: Any, count: int) -> Any:
    return fnp.divide(_sums(v, ids, count), fnp.sqrt(_sizes(v, ids, count)))


def _filled(fold: Fold, filling: Callable[[NumpyDtype], Any]) -> Fold:
    """The fold, with another number than its own in segments that have no row."""

    def run(v: Any, ids: Any, count: int) -> Any:
        rows = ops.segment_sum(np.ones(ids.shape, INT32), ids, count)
        empty = fnp.reshape(rows == 0, (count, *(1,) * (v.ndim - 1)))
        return fnp.where(empty, v.dtype.type(filling(v.dtype)), fold(v, ids, count))

    return run


def _zero(dtype: NumpyDtype) -> Any:
    return 0


def _least(dtype: NumpyDtype) -> Any:
    return (np.finfo if dtype.kind == "f" else np.iinfo)(dtype).min


def _greatest(dtype: NumpyDtype) -> Any:
    return (np.finfo if dtype.kind == "f" else np.iinfo)(dtype).max


# --- ids in order --------------------------------------------------------------------------------


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The sums of the rows with the same id. Ids do not decrease; the last one sets the length.

    >>> import functrans.tf as tf
    >>> tf.math.segment_sum([1.0, 2.0, 3.0], [0, 0, 2]).numpy()
    array([3., 0., 3.], dtype=float32)
    """
    return _in_order("SegmentSum", _sums, data, segment_ids, "fciu")


def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The means of the rows with the same id, 0 for an id without rows; as :func:`segment_sum`.

    >>> import functrans.tf as tf
    >>> tf.math.segment_mean([1.0, 2.0, 3.0], [0, 0, 2]).numpy()
    array([1.5, 0. , 3. ], dtype=float32)
    """
    return _in_order("SegmentMean", _means, data, segment_ids, "fciu")


def segment_prod(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The products of the rows with the same id, 1 for an id without; as :func:`segment_sum`.

    >>> import functrans.tf as tf
    >>> tf.math.segment_prod([1.0, 2.0, 3.0], [0, 0, 2]).numpy()
    array([2., 1., 3.], dtype=float32)
    """
    return _in_order("SegmentProd", _products, data, segment_ids, "fciu")


def segment_max(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The largest rows with the same id, 0 for an id without; as :func:`segment_sum`.

    >>> import functrans.tf as tf
    >>> tf.math.segment_max([1.0, 2.0, 3.0], [0, 0, 2]).numpy()
    array([2., 0., 3.], dtype=float32)
    """
    return _in_order("SegmentMax", _filled(_maxima, _zero), data, segment_ids, "fiu")


def segment_min(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The smallest rows with the same id, 0 for an id without; as :func:`segment_sum`.

    >>> import functrans.tf as tf
    >>> tf.math.segment_min([1.0, 2.0, 3.0], [0, 0, 2]).numpy()
    array([1., 0., 3.], dtype=float32)
    """
    return _in_order("SegmentMin", _filled(_minima, _zero), data, segment_ids, "fiu")


def _in_order(op: str, fold: Fold, data: Any, segment_ids: Any, kinds: str) -> Tensor:
    x, ids = as_tensor(data), as_tensor(segment_ids)
    check_kind(op, x._dtype, kinds)
    check_kind(op, ids._dtype, "iu")
    v, i = value(x), value(ids)
    if i.ndim != 1:
        raise _invalid(op, "segment_ids should be a vector.")
    if not v.ndim or v.shape[0] != i.shape[0]:
        raise _invalid(op, "segment_ids should be the same size as dimension 0 of input.")
    order = known(i)
    if order is None:
        raise _invalid(op, "segment_ids must be known: their last one is the length of the result.")
    if order.size and order[0] < 0:
        raise _invalid(op, f"Segment id {order[0]} out of range: ids start at 0.")
    if np.any(order[1:] < order[:-1]):
        raise _invalid(op, "segment ids are not increasing")
    count = int(order[-1]) + 1 if order.size else 0
    with np.errstate(all="ignore"):
        return wrap(fold(v, i, count), x._dtype)


def _invalid(op: str, what: str) -> InvalidArgumentError:
    remedy = "Ids are integers from 0 to num_segments − 1, one for each row; negative ones drop it."
    if op.startswith("Segment"):
        other = op.lower().replace("segment", "segment_")
        remedy = f"tf.math.unsorted_{other} takes any ids and the number of segments."
    return InvalidArgumentError.at(f"{what} [Op:{op}] name: ", remedy)


# --- ids in any order ----------------------------------------------------------------------------


def unsorted_segment_sum(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The sums of the rows with the same id, 0 for an id without.

    ``segment_ids`` has the shape of the first axes of ``data``; rows of negative ids drop out.

    >>> import functrans.tf as tf
    >>> tf.math.unsorted_segment_sum([1.0, 2.0, 3.0], [2, 0, 2], 3).numpy()
    array([2., 0., 4.], dtype=float32)
    """
    return _in_any_order("UnsortedSegmentSum", _sums, data, segment_ids, num_segments, "fciu")


def unsorted_segment_prod(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The products of the rows with the same id, 1 for an id without.

    >>> import functrans.tf as tf
    >>> tf.math.unsorted_segment_prod([1.0, 2.0, 3.0], [2, 0, 2], 3).numpy()
    array([2., 1., 3.], dtype=float32)
    """
    return _in_any_order("UnsortedSegmentProd", _products, data, segment_ids, num_segments, "fciu")


def unsorted_segment_max(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The largest rows with the same id, the least finite number for an id without.

    >>> import functrans.tf as tf
    >>> tf.math.unsorted_segment_max([1, 2, 3], [1, 0, 1], 2).numpy()
    array([2, 3], dtype=int32)
    """
    fold = _filled(_maxima, _least)
    return _in_any_order("UnsortedSegmentMax", fold, data, segment_ids, num_segments, "fiu")


def unsorted_segment_min(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The smallest rows with the same id, the greatest finite number for an id without.

    >>> import functrans.tf as tf
    >>> tf.math.unsorted_segment_min([1, 2, 3], [1, 0, 1], 2).numpy()
    array([2, 1], dtype=int32)
    """
    fold = _filled(_minima, _greatest)
    return _in_any_order("UnsortedSegmentMin", fold, data, segment_ids, num_segments, "fiu")


def unsorted_segment_mean(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The means of the rows with the same id, 0 for an id without; integers give float64.

    >>> import functrans.tf as tf
    >>> tf.math.unsorted_segment_mean([1.0, 2.0, 3.0], [1, 0, 1], 2).numpy()
    array([2., 2.], dtype=float32)
    """
    x = as_tensor(data)
    if x._dtype.kind in "iu":
        x = cast(x, np.float64 if x._dtype.itemsize > 2 else np.float32)
    return _in_any_order("UnsortedSegmentSum", _means, x, segment_ids, num_segments, "f")


def unsorted_segment_sqrt_n(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The sums of the rows with the same id over the square root of their number.

    >>> import functrans.tf as tf
    >>> tf.math.unsorted_segment_sqrt_n([3.0, 2.0, 3.0, 1.0, 1.0], [1, 0, 1, 1, 1], 2).numpy()
    array([2., 4.], dtype=float32)
    """
    return _in_any_order("UnsortedSegmentSum", _sums_by_root, data, segment_ids, num_segments, "f")


def _in_any_order(
    op: str, fold: Fold, data: Any, segment_ids: Any, num_segments: Any, kinds: str
) -> Tensor:
    x, ids = as_tensor(data), as_tensor(segment_ids)
    check_kind(op, x._dtype, kinds)
    check_kind(op, ids._dtype, "iu")
    count = int(as_tensor(num_segments).numpy())
    v, i = value(x), value(ids)
    if count < 0:
        raise _invalid(op, f"Input num_segments == {count} must not be negative.")
    if v.shape[: i.ndim] != i.shape:
        raise _invalid(
            op,
            f"data.shape = {list(v.shape)} does not start with segment_ids.shape = {list(i.shape)}",
        )
    found = known(i)
    if found is not None and np.any(found >= count):
        place = int(np.argmax(np.ravel(found) >= count))
        raise _invalid(
            op, f"segment_ids[{place}] = {np.ravel(found)[place]} is out of range [0, {count})"
        )
    rows = fnp.reshape(v, (-1, *v.shape[i.ndim :]) if v.size else (i.size, *v.shape[i.ndim :]))
    with np.errstate(all="ignore"):
        return wrap(fold(rows, fnp.reshape(i, -1), count), x._dtype)


# --- counts --------------------------------------------------------------------------------------


@operation("DenseBincount")
def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = int32,
    name: str | None = None,
    axis: int | None = None,
    binary_output: bool = False,
) -> Tensor:
    """How often each of 0, 1, 2, … is among integers, or the sums of their weights.

    The result is as long as the largest integer needs, between ``minlength`` and ``maxlength``.
    ``axis=-1`` counts in each row of a matrix. ``binary_output`` tells only whether.

    >>> import functrans.tf as tf
    >>> tf.math.bincount([1, 1, 3]).numpy()
    array([0, 2, 0, 1], dtype=int32)
    """
    if axis not in (None, 0, -1):
        raise InvalidValueError(
            f"Unsupported value for argument axis={axis}. Only 0 and -1 are currently supported.",
            "Move the axis to the end with tf.transpose.",
        )
    numbers = as_tensor(arr)
    if numbers._dtype.kind not in "iu":
        numbers = cast(numbers, int32)
    v = value(numbers)
    length = _bins(known(v), minlength, maxlength)
    each = _weights(weights, v.shape, numpy_dtype(dtype))
    in_rows = axis == -1 and v.ndim == 2
    rows = v.shape[0] if in_rows else 1
    starts = length * np.arange(rows)[:, None] if in_rows else 0
    ids = fnp.reshape(fnp.where(v < length, fnp.astype(v, np.int64) + starts, -1), -1)
    if binary_output:
        totals = _sums(np.ones(ids.size, INT32), ids, rows * length)
        totals = fnp.astype(totals > 0, each.dtype)
    else:
        totals = _sums(fnp.reshape(each, -1), ids, rows * length)
    return wrap(fnp.reshape(totals, (rows, length) if in_rows else (length,)))


def _bins(numbers: Any, minlength: Any, maxlength: Any) -> int:
    """How many numbers to count: as the numbers need, if these are known, within the limits."""
    least, most = (n if n is None else int(as_tensor(n).numpy()) for n in (minlength, maxlength))
    if numbers is None:
        if least is None or least != most:
            raise InvalidArgumentError.at(
                "bincount needs the values of arr for the length of its result, but they are "
                "traced.",
                "Give the length as both minlength and maxlength.",
            )
        return least
    if np.any(numbers < 0):
        raise InvalidArgumentError.at(
            "Input arr must be non-negative! [Op:DenseBincount] name: ", "Counts start at 0."
        )
    length = max(int(np.max(numbers, initial=-1)) + 1, least or 0)
    return length if most is None else min(length, most)


def _weights(weights: Any, shape: tuple[int, ...], dtype: NumpyDtype | None) -> Any:
    """What each number adds to its count."""
    if weights is None:
        return np.ones(shape, dtype)
    each = as_tensor(weights)
    if each._v.shape != shape:
        raise InvalidArgumentError.at(
            "`weights` must be the same shape as `arr` or a length-0 `Tensor`, in which case it "
            "acts as all weights equal to 1. [Op:DenseBincount] name: ",
            "Give a weight for each number.",
        )
    return value(each)


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    weights: Any = None,
    dtype: Any = int32,
    name: str | None = None,
) -> Tensor:
    """How often each label (the rows) was predicted as which class (the columns).

    ``weights`` count examples for more or less than one; negative labels and such beyond
    ``num_classes`` are an InvalidArgumentError.

    >>> import functrans.tf as tf
    >>> tf.math.confusion_matrix([0, 1, 1], [0, 0, 1]).numpy()
    array([[1, 0],
           [1, 1]], dtype=int32)
    """
    limit = None if num_classes is None else int(as_tensor(num_classes).numpy())
    rows, columns = _classes("labels", labels, limit), _classes("predictions", predictions, limit)
    if rows.shape != columns.shape:
        raise InvalidArgumentError.at(
            f"Shapes of all inputs must match: values[0].shape = {list(rows.shape)} != "
            f"values[1].shape = {list(columns.shape)} [Op:Pack] name: stack",
            "Give a prediction for each label.",
        )
    size = max(map(_count, (rows, columns))) if limit is None else limit
    wanted = numpy_dtype(dtype)
    each: Any = np.ones(rows.shape, wanted)
    if weights is not None:
        given = as_tensor(weights)
        if given._v.shape != rows.shape:
            raise InvalidValueError(
                f"Shapes {rows.shape} and {given._v.shape} are incompatible",
                "Give a weight for each label.",
            )
        each = value(cast(given, wanted))
    totals = _sums(each, rows * size + columns, size * size)
    return wrap(fnp.reshape(totals, (size, size)))


def _classes(name: str, x: Any, limit: int | None) -> Any:
    """Class numbers as a vector, checked as far as they are known."""
    numbers = fnp.astype(value(as_tensor(x)), np.int64)
    numbers = numbers[..., 0] if numbers.ndim == 2 and numbers.shape[1] == 1 else numbers
    found = known(numbers)
    if found is not None and np.any(found < 0):
        raise InvalidArgumentError.at(
            f"`{name}` contains negative values.", "Classes are numbered from 0."
        )
    if found is not None and limit is not None and np.any(found >= limit):
        raise InvalidArgumentError.at(
            f"`{name}` out of bound", f"With num_classes={limit} they are below it."
        )
    return numbers


def _count(classes: Any) -> int:
    """The number of classes that these make."""
    found = known(classes)
    if found is None:
        raise InvalidArgumentError.at(
            "confusion_matrix needs the values of its classes for its size, but they are traced.",
            "Give num_classes.",
        )
    return int(np.max(found, initial=-1)) + 1
