"""Elements in order, and counted: sort, searchsorted, unique, histograms."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import functrans
from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.convert import FLOAT64, INT32, NumpyDtype, as_tensor, integer, matched, mismatch
from functrans.tf.dtypes import as_dtype, int32
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidValueError,
    OperatorNotAllowedInGraphError,
)
from functrans.tf.layouts import axis_of, own
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind, refusing_gradient

# --- order ---------------------------------------------------------------------------------------


def sort(
    values: Any, axis: Any = -1, direction: str = "ASCENDING", name: str | None = None
) -> Tensor:
    """The elements of an axis in ascending or, by ``direction="DESCENDING"``, descending order.

    >>> import functrans.tf as tf
    >>> tf.sort([3, 1, 2], direction="DESCENDING").numpy()
    array([3, 2, 1], dtype=int32)
    """
    x = as_tensor(values)
    order = _order(x, axis, direction)
    place = axis_of("TopKV2", axis, len(x._v.shape))
    return wrap(fnp.take_along_axis(value(x), order, place), x._dtype)


def argsort(
    values: Any,
    axis: Any = -1,
    direction: str = "ASCENDING",
    stable: bool = False,
    name: str | None = None,
) -> Tensor:
    """The positions (int32) that sort an axis; equal elements stay in order.

    >>> import functrans.tf as tf
    >>> tf.argsort([3, 1, 2]).numpy()
    array([1, 2, 0], dtype=int32)
    """
    return wrap(fnp.astype(_order(as_tensor(values), axis, direction), INT32), INT32)


def _order(x: Tensor, axis: Any, direction: str) -> Any:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise InvalidValueError(
            f"`direction` should be one of ASCENDING, DESCENDING but got {direction}.",
            "Spell it as one of the two.",
        )
    check_kind("TopKV2", x._dtype, "fiu")
    if not x._v.shape:
        raise InvalidArgumentError.at(
            "input must have at least 1 dimension [Op:TopKV2] name: ", "A scalar has no order."
        )
    place = axis_of("TopKV2", axis, len(x._v.shape))
    v = functrans.stop_gradient(value(x))
    if direction == "DESCENDING":
        v = fnp.negative(v) if x._dtype.kind == "f" else fnp.invert(v)
    return fnp.argsort(v, axis=place)


def searchsorted(
    sorted_sequence: Any,
    values: Any,
    side: str = "left",
    out_type: Any = int32,
    name: str | None = None,
) -> Tensor:
    """Where values would be inserted into sorted rows: the last axis, row by row.

    ``side`` "left" is before equal elements, "right" after them.

    >>> import functrans.tf as tf
    >>> tf.searchsorted([1, 3, 5], [3, 4]).numpy()
    array([1, 2], dtype=int32)
    """
    if side not in ("left", "right"):
        raise InvalidValueError(
            f"Argument `side` must be either 'right' or 'left'. Received: `side` = '{side}'.",
            "left is before equal elements, right after them.",
        )
    rows, sought = matched("LowerBound", sorted_sequence, values)
    a, v = (functrans.stop_gradient(value(t)) for t in (rows, sought))
    if not a.shape or not v.shape:
        raise InvalidArgumentError.at(
            "slice index -1 of dimension 0 out of bounds. [Op:StridedSlice] name: strided_slice/",
            "The values are a vector at least: tf.searchsorted(rows, [x])[0].",
        )
    if a.shape[:-1] != v.shape[:-1]:
        raise InvalidArgumentError.at(
            f"Leading dim_size of both tensors must match: {list(a.shape)} and {list(v.shape)} "
            "[Op:LowerBound] name: ",
            "There is a row of values for each sorted row.",
        )
    before = fnp.less if side == "left" else fnp.less_equal
    counts = before(fnp.expand_dims(a, -2), fnp.expand_dims(v, -1))
    if len(a.shape) == 1:
        found = fnp.searchsorted(a, v, side=side)
    else:
        found = fnp.sum(counts, axis=-1)
    return wrap(own(fnp.astype(found, as_dtype(out_type).np)))


# --- distinct elements ---------------------------------------------------------------------------


class Unique(NamedTuple):
    """What tf.unique gives."""

    y: Tensor
    idx: Tensor


class UniqueWithCounts(NamedTuple):
    """What tf.unique_with_counts gives."""

    y: Tensor
    idx: Tensor
    count: Tensor  # type: ignore[assignment]  # TensorFlow's name, which hides tuple.count


def unique(x: Any, out_idx: Any = int32, name: str | None = None) -> Unique:
    """The distinct elements of a vector, as they come, and for each element its number of these.

    >>> import functrans.tf as tf
    >>> y, idx = tf.unique([3, 1, 3])
    >>> y.numpy().tolist(), idx.numpy().tolist()
    ([3, 1], [0, 1, 0])
    """
    y, idx, _ = unique_with_counts(x, out_idx)
    return Unique(y, idx)


def unique_with_counts(x: Any, out_idx: Any = int32, name: str | None = None) -> UniqueWithCounts:
    """As ``tf.unique``, and how often each distinct element comes.

    >>> import functrans.tf as tf
    >>> tf.unique_with_counts([3, 1, 3]).count.numpy()
    array([2, 1], dtype=int32)
    """
    x = as_tensor(x)
    array = _known(x, "tf.unique")
    if array.ndim != 1:
        raise InvalidArgumentError.at(
            f"unique expects a 1D vector, not {array.ndim} axes [Op:Unique] name: ",
            "tf.reshape(x, [-1]) makes one.",
        )
    dtype = as_dtype(out_idx).np
    _, first, inverse, counts = np.unique(
        array, return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return UniqueWithCounts(
        wrap(refusing_gradient("Unique", array[first[order]], value(x))),
        wrap(rank[inverse].astype(dtype)),
        wrap(counts[order].astype(dtype)),
    )


def _known(x: Tensor, what: str) -> np.ndarray[Any, Any]:
    v = known(value(x))
    if v is None:
        raise OperatorNotAllowedInGraphError(
            f"How many elements {what} gives is not known while tracing.",
            "Do it outside of tf.function, jit and vmap.",
        )
    return np.asarray(v)


# --- histograms ----------------------------------------------------------------------------------


def histogram_fixed_width_bins(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = int32, name: str | None = None
) -> Tensor:
    """The number of the bin of each value; the outer bins hold what is out of the range too.

    >>> import functrans.tf as tf
    >>> tf.histogram_fixed_width_bins([-1.0, 0.5, 9.0], [0.0, 1.0], nbins=4).numpy()
    array([0, 2, 3], dtype=int32)
    """
    x = as_tensor(values)
    if x._dtype.kind != "f":
        raise mismatch("Mul", 1, x._dtype, FLOAT64)
    return wrap(_bins(x, value_range, nbins, as_dtype(dtype).np))


def _bins(values: Tensor, value_range: Any, nbins: Any, dtype: NumpyDtype) -> Any:
    x, ends = matched("Sub", values, value_range)
    count = integer(nbins)
    if count <= 0:
        raise InvalidArgumentError.at(
            f"nbins should be a positive number, but got '{count}' [Op:HistogramFixedWidth]",
            "Ask for one bin or more.",
        )
    v, limits = (functrans.stop_gradient(value(t)) for t in (x, ends))
    low, high = limits[0], limits[1]
    if known(low) is not None and not known(low) < known(high):
        raise InvalidArgumentError.at(
            f"value_range should satisfy value_range[0] < value_range[1], but got "
            f"'[{known(low)}, {known(high)}]' [Op:HistogramFixedWidth]",
            "Give the lower end first.",
        )
    scaled = fnp.floor(count * fnp.true_divide(v - low, high - low))
    bins = fnp.clip(scaled, 0, count - 1)
    return own(fnp.astype(bins, dtype))


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = int32, name: str | None = None
) -> Tensor:
    """How many values fall in each of the equal bins of a range.

    >>> import functrans.tf as tf
    >>> tf.histogram_fixed_width([-1.0, 0.5, 9.0], [0.0, 1.0], nbins=4).numpy()
    array([1, 0, 1, 1], dtype=int32)
    """
    bins = _bins(as_tensor(values), value_range, nbins, INT32)
    numbers = np.arange(integer(nbins), dtype=INT32)
    hits = fnp.equal(numbers[:, None], fnp.reshape(bins, (1, -1)))
    return wrap(fnp.sum(hits, axis=1, dtype=as_dtype(dtype).np))
