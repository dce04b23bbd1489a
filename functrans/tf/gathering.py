"""Elements taken at positions: gather, gather_nd, masks, where."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from functrans import lax
from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.convert import BOOL, INT64, as_tensor, integer, is_traced, matched
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidValueError,
    OperatorNotAllowedInGraphError,
)
from functrans.tf.indexed import from_the_front
from functrans.tf.layouts import Sizes, axis_of, check_indices, own, rearranged, shape_text
from functrans.tf.tensor import Tensor, TensorLike, value, wrap

# --- at positions --------------------------------------------------------------------------------


def gather(
    params: Any,
    indices: Any,
    validate_indices: bool | None = None,
    axis: Any = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Tensor:
    """The slices of an axis at integer positions, in the shape of ``indices``.

    The first ``batch_dims`` axes of both are walked together; ``axis`` is the one after them
    unless given. The gradient is a tf.IndexedSlices where the axis is the first.

    >>> import functrans.tf as tf
    >>> tf.gather([10, 20, 30], [2, 0]).numpy()
    array([30, 10], dtype=int32)
    """
    x, places = as_tensor(params), as_tensor(indices)
    check_indices("GatherV2", "Tindices", places)
    i = value(places)
    sizes = x._v.shape
    place = axis_of("GatherV2", batch_dims if axis is None else axis, len(sizes))
    batch = batch_dims + len(i.shape) if batch_dims < 0 else batch_dims
    _check_batch(sizes, i.shape, batch, place)
    check_positions("GatherV2", "indices", i, sizes[place])
    if batch:
        return rearranged("GatherV2", lambda v: _gather_batched(v, i, place, batch), x)
    sparse = axis is None or integer(axis) == 0
    return rearranged("GatherV2", lambda v: _gather_along(v, i, place, sparse), x)


def _gather_along(v: Any, i: Any, axis: int, sparse: bool) -> Any:
    if not is_traced(v) and not is_traced(i):
        return v.take(i, axis)
    if sparse:
        return lax.gather(v, (from_the_front(i),), (0,))
    return fnp.take(v, i, axis=axis)


def _gather_batched(v: Any, i: Any, axis: int, batch: int) -> Any:
    found = lax.gather(v, (*batch_positions(i.shape, batch), i), (*range(batch), axis))
    # (batch, inner of the indices, between batch and axis, after axis)
    ndim = len(i.shape)
    between = axis - batch
    order = (
        *range(batch),
        *range(ndim, ndim + between),
        *range(batch, ndim),
        *range(ndim + between, len(found.shape)),
    )
    return fnp.transpose(found, order)


def batch_positions(shape: Sizes, batch: int) -> list[np.ndarray[Any, Any]]:
    """The coordinates of the first axes, for index arrays of a shape."""
    return [
        np.broadcast_to(np.arange(shape[d]).reshape([-1] + [1] * (len(shape) - d - 1)), shape)
        for d in range(batch)
    ]


def _check_batch(sizes: Sizes, shape: Sizes, batch: int, axis: int) -> None:
    if not 0 <= batch <= len(shape):
        raise InvalidArgumentError.at(
            f"Expected batch_dims in the range [{-len(shape)}, {len(shape)}], but got {batch} "
            "[Op:GatherV2] name: ",
            "The batch axes are axes of the indices.",
        )
    if batch > axis:
        raise InvalidArgumentError.at(
            f"batch_dims ({batch}) must be less than or equal to axis ({axis}). [Op:GatherV2] ",
            "Gather along an axis after the batch.",
        )
    for d in range(batch):
        if sizes[d] != shape[d]:
            raise InvalidArgumentError.at(
                f"params.shape[{d}]: {sizes[d]} should be equal to indices.shape[{d}]: {shape[d]} "
                "[Op:GatherV2] name: ",
                "The batch axes of both have the same sizes.",
            )


def check_positions(op: str, what: str, i: Any, size: int) -> None:
    """Raise TensorFlow's error for the first of known positions that is out of range."""
    if is_traced(i):
        i = known(i)
        if i is None:
            return
    if not i.shape:
        if 0 <= i < size:
            return
    elif not i.size or (i.min() >= 0 and i.max() < size):
        return
    array = np.asarray(i)
    at = np.argwhere((array < 0) | (array >= size))[0]
    where = ",".join(map(str, at))
    raise InvalidArgumentError.at(
        f"{what}[{where}] = {array[tuple(at)]} is not in [0, {size}) [Op:{op}] name: ",
        "Positions count from 0 and are below the size of the axis.",
    )


def gather_nd(
    params: Any,
    indices: Any,
    batch_dims: int = 0,
    name: str | None = None,
    bad_indices_policy: str = "",
) -> Tensor:
    """The slices at coordinates, which lie along the last axis of ``indices``.

    ``bad_indices_policy="IGNORE"`` reads zeros out of range.

    >>> import functrans.tf as tf
    >>> tf.gather_nd([[1, 2], [3, 4]], [[0, 1], [1, 0]]).numpy()
    array([2, 3], dtype=int32)
    """
    x, where = as_tensor(params), as_tensor(indices)
    check_indices("GatherNd", "Tindices", where)
    i = value(where)
    batch = integer(batch_dims)
    sizes = x._v.shape
    coordinates = nd_positions("GatherNd", i, sizes[batch:], bad_indices_policy)
    depth = len(coordinates)
    if depth == 0:
        count = i.shape[:-1]
        return rearranged("GatherNd", lambda v: fnp.broadcast_to(v, count + sizes), x)
    batches = batch_positions(i.shape[:-1], batch)
    every = (*batches, *coordinates)
    if not batches and depth == 1 and len(i.shape) == 2:
        every = (from_the_front(coordinates[0]),)
    if bad_indices_policy == "IGNORE":
        mode = "fill"
    elif not any(map(is_traced, (*every, value(x)))):
        return rearranged("GatherNd", lambda v: v[every], x)
    else:
        mode = checked_mode(i)
    axes = tuple(range(len(every)))
    return rearranged("GatherNd", lambda v: lax.gather(v, every, axes, mode), x)


def checked_mode(i: Any) -> str:
    """How to read at positions: those that are known have been checked, and are not again."""
    return "raise" if is_traced(i) else "wrap"


def nd_positions(op: str, i: Any, sizes: Sizes, policy: str = "") -> list[Any]:
    """The index arrays, one an axis, of coordinates along the last axis of ``i``."""
    if not i.shape:
        raise InvalidArgumentError.at(
            f"indices must be at least a vector [Op:{op}] name: ",
            "The last axis of indices is one coordinate.",
        )
    depth = i.shape[-1]
    if depth > len(sizes):
        raise InvalidArgumentError.at(
            "index innermost dimension length must be <= params rank; saw: "
            f"{depth} vs. {len(sizes)} [Op:{op}] name: ",
            "A coordinate has at most as many numbers as the tensor has axes.",
        )
    _check_nd(op, i, sizes, policy)
    coordinates = [i[..., d] for d in range(depth)]
    if not is_traced(i):
        return coordinates
    # Below 0 is out of range too, where only the running program sees it.
    return [fnp.where(c < 0, n, c) for c, n in zip(coordinates, sizes, strict=False)]


def _check_nd(op: str, i: Any, sizes: Sizes, policy: str) -> None:
    if policy not in ("", "DEFAULT", "ERROR", "IGNORE"):
        raise InvalidArgumentError.at(
            f"Unknown bad_indices_policy: {policy} [Op:{op}]", 'Say "ERROR" or "IGNORE".'
        )
    array = known(i) if is_traced(i) else i
    if array is None or policy == "IGNORE" or not array.size:
        return
    bounds = np.asarray(sizes[: array.shape[-1]], array.dtype)
    if array.min() >= 0 and (array < bounds).all():
        return
    good = ((array >= 0) & (array < bounds)).all(-1)
    at = np.argwhere(~good)[0]
    bad = ", ".join(map(str, array[tuple(at)].tolist()))
    raise InvalidArgumentError.at(
        f"indices{[int(n) for n in at]} = [{bad}] does not index into param shape "
        f"{shape_text(sizes)} [Op:{op}] name: ",
        "Coordinates count from 0 and are below the sizes of their axes.",
    )


# --- masks ---------------------------------------------------------------------------------------


def boolean_mask(tensor: Any, mask: Any, axis: Any = None, name: str = "boolean_mask") -> Tensor:
    """The elements where a mask, which fits the axes from ``axis`` on, is True.

    >>> import functrans.tf as tf
    >>> tf.boolean_mask([1, 2, 3], [True, False, True]).numpy()
    array([1, 3], dtype=int32)
    """
    x, chosen = as_tensor(tensor), as_tensor(mask)
    place = 0 if axis is None else axis_of("GatherV2", axis, len(x._v.shape))
    sizes = chosen._v.shape
    if not sizes:
        raise InvalidValueError("mask cannot be scalar.", "Give a mask with an axis.")
    found = x._v.shape[place : place + len(sizes)]
    if found != sizes:
        raise InvalidValueError(
            f"Shapes {found} and {sizes} are incompatible",
            "The mask's shape must be that of the axes from `axis` on.",
        )
    flat = np.flatnonzero(_known_mask(chosen))
    merged = (*x._v.shape[:place], prod(sizes), *x._v.shape[place + len(sizes) :])

    def kept(v: Any) -> Any:
        return fnp.take(own(fnp.reshape(v, merged), v), flat, axis=place)

    return rearranged("GatherV2", kept, x)


def _known_mask(mask: Tensor) -> np.ndarray[Any, Any]:
    v = known(value(mask))
    if v is None:
        raise OperatorNotAllowedInGraphError(
            "How many elements of a mask are True is not known while tracing.",
            "Use tf.where(mask, x, other), which keeps the shape.",
        )
    return np.asarray(v)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """``x`` where the condition holds and ``y`` elsewhere; alone, the coordinates of True.

    The three broadcast. Elements that are not chosen have a zero gradient.

    >>> import functrans.tf as tf
    >>> tf.where([True, False], [1, 2], 0).numpy()
    array([1, 0], dtype=int32)
    >>> tf.where([False, True]).numpy()
    array([[1]])
    """
    if x is None and y is None:
        test = as_tensor(condition)
        if not test._v.shape:
            raise InvalidArgumentError.at(
                "WhereOp : Unhandled input dimensions: 0 [Op:Where] name: ",
                "A scalar has no coordinates: use if, or tf.cond.",
            )
        return wrap(np.argwhere(_known_mask(test)).astype(INT64))
    if x is None or y is None:
        raise InvalidValueError("x and y must both be non-None or both be None.", "Give both.")
    test = as_tensor(condition, None if isinstance(condition, Tensor | TensorLike) else BOOL)
    if test._dtype != BOOL:
        raise InvalidArgumentError.at(
            f"cannot compute SelectV2 as input #0(zero-based) was expected to be a bool tensor but "
            f"is a {test._dtype.name} tensor [Op:SelectV2] name: ",
            "Compare to make bools of numbers: x != 0.",
        )
    left, right = matched("SelectV2", x, y)
    c, a, b = value(test), value(left), value(right)
    if c.shape == a.shape == b.shape:
        return wrap(lax.select_n(c, b, a), left._dtype)
    try:
        return wrap(own(fnp.where(c, a, b), a, b), left._dtype)
    except ValueError as error:
        shapes = [t._v.shape for t in (test, left, right)]
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            text = " vs. ".join(map(shape_text, shapes))
            raise InvalidArgumentError.at(
                f"condition, x and y have incompatible shapes: {text} [Op:SelectV2] name: ",
                "Sizes must be equal or 1, counted from the last axis.",
            ) from error
        raise
