"""What can be said of a value without computing with it."""

from __future__ import annotations

from typing import Any

from functrans.extend import known
from functrans.tf.convert import as_tensor
from functrans.tf.errors import InvalidTypeError, InvalidValueError
from functrans.tf.shapes import TensorSpec
from functrans.tf.tensor import Tensor, TensorLike


def is_symbolic_tensor(tensor: Any) -> bool:
    """Whether this is a tensor of which only the type is known, as inside ``tf.function``.

    >>> import functrans.tf as tf
    >>> tf.is_symbolic_tensor(tf.constant(1.0))
    False
    """
    return isinstance(tensor, Tensor) and known(tensor._v) is None


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The values of a tensor if they are known, else None; what is no tensor, as it is.

    >>> import functrans.tf as tf
    >>> tf.get_static_value(tf.constant([1, 2]))
    array([1, 2], dtype=int32)
    """
    if isinstance(tensor, TensorLike):
        return None
    if not isinstance(tensor, Tensor):
        return tensor
    return None if is_symbolic_tensor(tensor) else tensor.numpy()


def type_spec_from_value(value: Any) -> TensorSpec:
    """The TensorSpec of a tensor, or of what makes one.

    >>> import functrans.tf as tf
    >>> tf.type_spec_from_value(tf.constant([1.0, 2.0]))
    TensorSpec(shape=(2,), dtype=tf.float32, name=None)
    """
    try:
        return TensorSpec.from_tensor(as_tensor(value))
    except InvalidValueError as error:
        raise InvalidTypeError(
            f"Could not build a TypeSpec for {value} of unsupported type {type(value)}.",
            "Give a tensor, an array or a number.",
        ) from error
