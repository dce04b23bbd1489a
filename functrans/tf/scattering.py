"""Elements put at positions: scatter_nd, tensor_scatter_nd_update and its kin, partitions."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import functrans
from functrans import lax
from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.convert import as_tensor, integer, is_traced, sizes_of
from functrans.tf.errors import InvalidArgumentError, OperatorNotAllowedInGraphError
from functrans.tf.gathering import checked_mode, nd_positions
from functrans.tf.layouts import alike, check_indices, own, rearranged, shape_text
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import operation


def scatter_nd(
    indices: Any, updates: Any, shape: Any, bad_indices_policy: str = "", name: str | None = None
) -> Tensor:
    """Zeros of a shape with updates added at coordinates, the last axis of ``indices``.

    Updates of one place add up. ``bad_indices_policy="IGNORE"`` leaves out those out of range.

    >>> import functrans.tf as tf
    >>> tf.scatter_nd([[1], [3]], [5, 6], [4]).numpy()
    array([0, 5, 0, 6], dtype=int32)
    """
    new = as_tensor(updates)
    sizes = sizes_of(shape)
    base = np.zeros(sizes, new._dtype)
    return _scattered("ScatterNd", "add", base, indices, new, bad_indices_policy)


@operation("TensorScatter")
def _scattered(
    op: str, how: str, base: Any, indices: Any, updates: Tensor, policy: str = ""
) -> Tensor:
    where = as_tensor(indices)
    check_indices(op, "Tindices", where)
    i = value(where)
    sizes = base.shape
    coordinates = nd_positions(op, i, sizes, policy)
    expected = i.shape[:-1] + sizes[i.shape[-1] :]
    new = value(updates)
    if new.shape != expected:
        raise InvalidArgumentError.at(
            f"Dimensions [0,{len(i.shape) - 1}) of indices[shape={shape_text(i.shape)}] must match "
            f"those of updates[shape={shape_text(new.shape)}], which should have the shape "
            f"{shape_text(expected)} [Op:{op}] name: ",
            "There is one update for each coordinate, of the shape of what it replaces.",
        )
    mode = "drop" if policy == "IGNORE" else checked_mode(i)
    if not coordinates:
        base, coordinates = fnp.expand_dims(base, 0), [np.zeros(i.shape[:-1], np.int64)]
        filled = lax.scatter(base, new, tuple(coordinates), (0,), how, mode)[0]
        return wrap(own(filled), updates._dtype)
    axes = tuple(range(len(coordinates)))
    return wrap(lax.scatter(base, new, tuple(coordinates), axes, how, mode), updates._dtype)


def _into(op: str, how: str, tensor: Any, indices: Any, updates: Any, policy: str = "") -> Tensor:
    x, new = alike(op, [tensor, updates])
    return _scattered(op, how, value(x), indices, new, policy)


def tensor_scatter_nd_update(
    tensor: Any, indices: Any, updates: Any, name: str | None = None
) -> Tensor:
    """A copy of a tensor with updates written at coordinates, the last axis of ``indices``.

    >>> import functrans.tf as tf
    >>> tf.tensor_scatter_nd_update([1, 2, 3], [[1]], [9]).numpy()
    array([1, 9, 3], dtype=int32)
    """
    return _into("TensorScatterUpdate", "set", tensor, indices, updates)


def tensor_scatter_nd_add(
    tensor: Any,
    indices: Any,
    updates: Any,
    bad_indices_policy: str = "",
    name: str | None = None,
) -> Tensor:
    """A copy of a tensor with updates added at coordinates.

    >>> import functrans.tf as tf
    >>> tf.tensor_scatter_nd_add([1, 2, 3], [[1], [1]], [9, 1]).numpy()
    array([ 1, 12,  3], dtype=int32)
    """
    return _into("TensorScatterAdd", "add", tensor, indices, updates, bad_indices_policy)


def tensor_scatter_nd_sub(
    tensor: Any,
    indices: Any,
    updates: Any,
    bad_indices_policy: str = "",
    name: str | None = None,
) -> Tensor:
    """A copy of a tensor with updates subtracted at coordinates.

    >>> import functrans.tf as tf
    >>> tf.tensor_scatter_nd_sub([1, 2, 3], [[1]], [9]).numpy()
    array([ 1, -7,  3], dtype=int32)
    """
    x, new = alike("TensorScatterSub", [tensor, updates])
    minus = wrap(fnp.negative(value(new)), new._dtype)
    return _into("TensorScatterSub", "add", x, indices, minus, bad_indices_policy)


def tensor_scatter_nd_max(
    tensor: Any,
    indices: Any,
    updates: Any,
    bad_indices_policy: str = "",
    name: str | None = None,
) -> Tensor:
    """A copy of a tensor where coordinates hold the larger of it and the updates.

    >>> import functrans.tf as tf
    >>> tf.tensor_scatter_nd_max([1, 2, 3], [[1]], [9]).numpy()
    array([1, 9, 3], dtype=int32)
    """
    return _into("TensorScatterMax", "max", tensor, indices, updates, bad_indices_policy)


def tensor_scatter_nd_min(
    tensor: Any,
    indices: Any,
    updates: Any,
    bad_indices_policy: str = "",
    name: str | None = None,
) -> Tensor:
    """A copy of a tensor where coordinates hold the smaller of it and the updates.

    >>> import functrans.tf as tf
    >>> tf.tensor_scatter_nd_min([1, 2, 3], [[1]], [-9]).numpy()
    array([ 1, -9,  3], dtype=int32)
    """
    return _into("TensorScatterMin", "min", tensor, indices, updates, bad_indices_policy)


# --- partitions ----------------------------------------------------------------------------------


def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """The slices of ``data`` as a list of tensors: to each the slices of its number.

    >>> import functrans.tf as tf
    >>> [t.numpy().tolist() for t in tf.dynamic_partition([1, 2, 3], [1, 0, 1], 2)]
    [[2], [1, 3]]
    """
    x = as_tensor(data)
    numbers = _known_positions(as_tensor(partitions))
    sizes = x._v.shape
    if sizes[: numbers.ndim] != numbers.shape:
        raise InvalidArgumentError.at(
            "data.shape must start with partitions.shape, got data.shape = "
            f"{shape_text(sizes)}, partitions.shape = {shape_text(numbers.shape)} "
            "[Op:DynamicPartition]",
            "Give one number for each slice of data.",
        )
    count = integer(num_partitions)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= count):
        raise InvalidArgumentError.at(
            f"partitions must be in [0, {count}) [Op:DynamicPartition]",
            "Check the numbers, or raise num_partitions.",
        )
    flat = numbers.reshape(-1)
    rows = (flat.size, *sizes[numbers.ndim :])

    def chosen(v: Any, number: int) -> Any:
        return fnp.take(own(fnp.reshape(v, rows), v), np.flatnonzero(flat == number), axis=0)

    return [
        rearranged("DynamicPartition", partial(chosen, number=number), x) for number in range(count)
    ]


def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """One tensor of slices put at the positions beside them; of several the last one counts.

    >>> import functrans.tf as tf
    >>> tf.dynamic_stitch([[0, 2], [1]], [[10, 30], [20]]).numpy()
    array([10, 20, 30], dtype=int32)
    """
    places = [_known_positions(as_tensor(i)) for i in indices]
    pieces = alike("DynamicStitch", data)
    if not places or len(places) != len(pieces):
        raise InvalidArgumentError.at(
            f"{len(places)} indices for {len(pieces)} pieces of data [Op:DynamicStitch]",
            "Give one tensor of positions for each of data.",
        )
    rest = pieces[0]._v.shape[places[0].ndim :]
    for i, (place, piece) in enumerate(zip(places, pieces, strict=True)):
        if piece._v.shape != place.shape + rest:
            raise InvalidArgumentError.at(
                f"data[{i}].shape must start with indices[{i}].shape and go on with "
                f"{shape_text(rest)}, got {shape_text(piece._v.shape)} [Op:DynamicStitch]",
                "All slices have one shape.",
            )
    flat = np.concatenate([p.reshape(-1) for p in places])
    if flat.size and flat.min() < 0:
        raise InvalidArgumentError.at(
            f"indices must not be negative, got {flat.min()} [Op:DynamicStitch]",
            "Positions count from 0.",
        )
    rows = [fnp.reshape(value(p), (-1, *rest)) for p in pieces]
    return wrap(_stitched(flat, fnp.concatenate(rows, 0)), pieces[0]._dtype)


def _stitched(flat: np.ndarray[Any, Any], rows: Any) -> Any:
    count = int(flat.max(initial=-1)) + 1
    last = np.full(count, -1)
    last[flat] = np.arange(flat.size)
    missing = last < 0
    result = fnp.take(rows, np.where(missing, 0, last), axis=0)
    if missing.any():
        hole = missing.reshape([-1] + [1] * (len(result.shape) - 1))
        result = fnp.where(hole, np.zeros((), result.dtype), result)
    if flat.size > count and is_traced(rows):
        # Slices that others overwrite have a gradient all the same, in TensorFlow.
        lost = np.setdiff1d(np.arange(flat.size), last)
        slices = fnp.take(rows, lost, axis=0)
        nothing = slices - functrans.stop_gradient(slices)
        result = lax.scatter(result, nothing, (flat[lost],), (0,), "add")
    return result


def _known_positions(x: Tensor) -> Any:
    v = known(value(x))
    if v is None:
        raise OperatorNotAllowedInGraphError(
            "The sizes of the result depend on numbers that are not known while tracing.",
            "Use tf.where with a mask for each part, or do it outside of tf.function.",
        )
    return np.asarray(v)
