"""Indexing of tensors: integers, slices, ``...``, ``tf.newaxis``, scalar tensors, boolean masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.extend import known
from functrans.tf.convert import BOOL, as_tensor, is_traced
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
    OperatorNotAllowedInGraphError,
)
from functrans.tf.layouts import own
from functrans.tf.tensor import Tensor, TensorLike, value, wrap

newaxis = None
"""As a key: a new axis of size 1."""


def take_slice(tensor: Tensor, key: Any) -> Tensor:
    """``tensor[key]`` as TensorFlow has it: a list is a tuple, integer arrays are refused.

    Raises
    ------
    InvalidTypeError: a key of another type.
    InvalidArgumentError: a position out of range, more keys than axes, a step of zero.
    """
    if isinstance(key, bool | np.bool_):
        raise InvalidValueError("mask cannot be scalar.", "Give a mask with an axis.")
    if is_mask(key):
        return wrap(_masked(value(tensor), as_tensor(key)))
    parts = positions(key)
    v = value(tensor)
    shape = v.shape
    try:
        return wrap(own(v[parts if len(parts) != 1 else parts[0]], v), tensor._dtype)
    except (IndexError, ValueError) as error:
        raise _out_of_range(parts, shape) from error


def is_mask(key: Any) -> bool:
    """Whether a key is an array of bools."""
    if isinstance(key, Tensor | TensorLike):
        return key.dtype == BOOL
    return isinstance(key, np.ndarray) and key.dtype == BOOL


def positions(key: Any) -> tuple[Any, ...]:
    """A key that is no mask, axis by axis as functrans.numpy takes it."""
    if type(key) is int or type(key) is slice:
        key = (key,)
    parts = key if isinstance(key, tuple | list) else (key,)
    return tuple(p if type(p) is int else _part(p) for p in parts)


def _masked(v: Any, mask: Tensor) -> Any:
    m = value(mask)
    if not m.shape:
        raise InvalidValueError("mask cannot be scalar.", "Give a mask with an axis.")
    if v.shape[: m.ndim] != m.shape:
        raise InvalidValueError(
            f"Shapes {v.shape[: m.ndim]} and {m.shape} are incompatible",
            "The mask's shape must be the tensor's first axes.",
        )
    chosen = known(m)
    if chosen is None:
        raise OperatorNotAllowedInGraphError(
            "How many elements of a mask are True is not known while tracing.",
            "Use tf.where(mask, x, other), which keeps the shape.",
        )
    return v[chosen]


def _part(part: Any) -> Any:
    """One key as functrans.numpy takes it."""
    if part is None or part is Ellipsis:
        return part
    if isinstance(part, slice):
        ends = (part.start, part.stop, part.step)
        return slice(*(None if p is None else _end(p) for p in ends))
    return _place(part)


def _end(part: Any) -> int:
    """An end or the step of a slice, on which the size of the result depends."""
    place = _place(part)
    if is_traced(place):
        place = known(place)
    if place is None:
        raise OperatorNotAllowedInGraphError(
            "The ends of a slice are not known while tracing, so its size is not.",
            "tf.slice(x, begin, size) takes a begin that is not known, and a size that is.",
        )
    return int(place)


def _place(part: Any) -> Any:
    """An integer, or a traced one."""
    if isinstance(part, bool | np.bool_):
        raise _slice_error(
            "Value for attr 'Index' of bool is not in the list of allowed values: int16, int32, "
            "int64",
            "Make an array of the mask: x[tf.constant([True, False])].",
        )
    if isinstance(part, int | np.integer):
        return int(part)
    if isinstance(part, Tensor | TensorLike | np.ndarray) or is_traced(part):
        tensor = as_tensor(part)
        if tensor._dtype.kind in "iu" and not tensor._v.shape:
            return int(tensor._v) if tensor._plain else value(tensor)
    raise InvalidTypeError(
        "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
        f"tf.int32/tf.int64 tensors are valid indices, got {part!r}",
        "Use tf.gather or tf.gather_nd for several positions.",
    )


def _out_of_range(parts: tuple[Any, ...], shape: tuple[int, ...]) -> InvalidArgumentError:
    """The error of the first key that does not fit."""
    axis = 0
    for i, part in enumerate(parts):
        if part is None:
            continue
        if part is Ellipsis:
            axis = len(shape) - sum(p is not None for p in parts[i + 1 :])
            continue
        if axis >= len(shape):
            break
        if isinstance(part, slice) and part.step == 0:
            what = f"strides[{i}] must be non-zero"
            return _slice_error(what, "Use a step of ±1 or more.")
        if isinstance(part, int) and not -shape[axis] <= part < shape[axis]:
            what = f"slice index {part} of dimension {axis} out of bounds."
            return _slice_error(what, f"That axis has {shape[axis]} elements.")
        axis += 1
    what = f"Index out of range using input dim {len(shape)}; input has only {len(shape)} dims"
    return _slice_error(what, "Give at most one key for each axis.")


def _slice_error(what: str, remedy: str) -> InvalidArgumentError:
    return InvalidArgumentError.at(f"{what} [Op:StridedSlice] name: strided_slice/", remedy)
