"""What operations that move elements are written with: axes, results of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import lax
from functrans.tf.convert import NumpyDtype, as_tensor, integer, mismatch, type_name
from functrans.tf.errors import InvalidArgumentError
from functrans.tf.tensor import Tensor, TensorLike, value, wrap
from functrans.tf.words import OURS, failed

Sizes = tuple[int, ...]


def own(v: Any, *operands: Any) -> Any:
    """A result that is no operand itself: a tape tells ``tf.identity(x)`` from ``x``."""
    kind = type(v)
    if kind is np.ndarray:
        return v if v.shape or v.dtype == object else v[()]
    if isinstance(v, bytes):  # an element of an array of strings
        return np.asarray(v, object)
    if any(v is o for o in operands) and not isinstance(v, np.generic):
        return lax.convert_element_type(v, v.dtype)
    return v


def rearranged(op: str, function: Callable[[Any], Any], x: Tensor) -> Tensor:
    """``function`` of one operand, which moves elements of whatever dtype."""
    v = value(x)
    try:
        return wrap(own(function(v), v), x._dtype)
    except OURS as error:
        failed(op, error)


def shape_text(shape: Sizes) -> str:
    """A shape as operations print it: ``[2,3]``."""
    return f"[{','.join(map(str, shape))}]"


def axis_of(op: str, axis: Any, ndim: int, extra: int = 0) -> int:
    """An axis counted from the front; ``extra`` is 1 where a new one may come last."""
    place = integer(axis)
    if not -ndim - extra <= place < ndim + extra:
        raise InvalidArgumentError.at(
            f"Tried to use axis {place} of a tensor with {ndim} dimensions: expected one in the "
            f"range [{-ndim - extra}, {ndim + extra}) [Op:{op}] name: ",
            "Axes count from 0, or from −1 for the last one.",
        )
    return place % (ndim + extra)


def check_indices(op: str, attribute: str, x: Tensor, allowed: str = "int16 int32 int64") -> None:
    """Raise TensorFlow's error for positions of another dtype than the ``allowed`` ones."""
    if x._dtype.name not in allowed.split():
        raise InvalidArgumentError.at(
            f"Value for attr '{attribute}' of {type_name(x._dtype)} is not in the list of allowed "
            f"values: {allowed.replace(' ', ', ')} [Op:{op}] name: ",
            "Positions are integers: tf.cast(x, tf.int32).",
        )


def alike(op: str, values: Any) -> list[Tensor]:
    """Operands as tensors of one dtype: that of the first tensor, which other values adapt to."""
    values = list(values)
    first = next((v for v in values if isinstance(v, Tensor | TensorLike)), None)
    dtype: NumpyDtype | None = None if first is None else as_tensor(first)._dtype
    tensors: list[Tensor] = []
    for v in values:
        tensor = as_tensor(v) if isinstance(v, Tensor | TensorLike) else as_tensor(v, dtype)
        if dtype is None:
            dtype = tensor._dtype
        if tensor._dtype != dtype:
            raise mismatch(op, len(tensors), dtype, tensor._dtype)
        tensors.append(tensor)
    return tensors
