"""The operators of tensors and variables: the functions of tf.math under Python's signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans.tf import arithmetic, elementwise, logic
from functrans.tf.convert import BOOL, as_tensor
from functrans.tf.errors import InvalidArgumentError
from functrans.tf.indexing import take_slice
from functrans.tf.products import product
from functrans.tf.tensor import Tensor, TensorLike, wrap
from functrans.tf.words import binary

Binary = Callable[[Any, Any], Any]


def attach(cls: type) -> None:
    """Give a class of tensors or variables its operators."""
    for sign, function in _BINARY.items():
        setattr(cls, f"__{sign}__", function)
        setattr(cls, f"__r{sign}__", _RIGHT.get(sign) or _reflected(function))
    for sign, function in _COMPARISONS.items():
        setattr(cls, f"__{sign}__", function)
    for sign, one in _UNARY.items():
        setattr(cls, f"__{sign}__", one)


def _reflected(function: Binary) -> Binary:
    def reflected(x: Any, y: Any) -> Any:
        return function(y, x)

    return reflected


# --- the operators that are more than one function -----------------------------------------------


def _right_sum(x: Any, y: Any) -> Any:
    return binary("AddV2", arithmetic.plus, y, x, "fciuO")  # adapts y, as tf.add does not


def _power(x: Any, y: Any) -> Any:
    return arithmetic.pow(x, y)  # which would take Python's third argument for a name


def _times(x: Any, y: Any) -> Any:
    if not _is_bool(x, y):
        return arithmetic.multiply(x, y)
    a, b = (bool(v) if type(v) is int else v for v in (x, y))
    return logic.logical_and(a, b)


def _is_bool(x: Any, y: Any) -> bool:
    """Whether the operand that is a tensor has bools."""
    operand = x if isinstance(x, Tensor | TensorLike) else y
    dtype = operand._dtype if type(operand) is Tensor else operand.dtype.np
    return dtype is BOOL or dtype == BOOL


def _bits(name: str, boolean: Binary) -> Binary:
    """Logic of bools, bits of integers."""

    def run(x: Any, y: Any) -> Any:
        if _is_bool(x, y):
            return boolean(x, y)
        # Few programs use the bits, and tf.bitwise need not load for the others.
        from functrans.tf import bitwise

        function: Binary = getattr(bitwise, name)
        return function(x, y)

    return run


def _invert(x: Any) -> Any:
    if _is_bool(x, x):
        return logic.logical_not(x)
    from functrans.tf import bitwise  # as in _bits

    return bitwise.invert(x)


def _equal(x: Any, y: Any) -> Any:
    return _compared(logic.equal, x, y, False)


def _not_equal(x: Any, y: Any) -> Any:
    return _compared(logic.not_equal, x, y, True)


def _compared(function: Binary, x: Any, y: Any, otherwise: bool) -> Any:
    """A comparison that has an answer for None and for shapes that do not broadcast too."""
    if y is None:
        return otherwise
    try:
        return function(x, y)
    except InvalidArgumentError:
        try:
            np.broadcast_shapes(as_tensor(x)._v.shape, as_tensor(y)._v.shape)
        except ValueError:
            return wrap(np.bool_(otherwise))
        raise


_BINARY: dict[str, Binary] = {
    "add": arithmetic.add,
    "sub": arithmetic.subtract,
    "mul": _times,
    "truediv": arithmetic.truediv,
    "floordiv": arithmetic.floordiv,
    "mod": arithmetic.floormod,
    "pow": _power,
    "matmul": product,
    "and": _bits("bitwise_and", logic.logical_and),
    "or": _bits("bitwise_or", logic.logical_or),
    "xor": _bits("bitwise_xor", logic.logical_xor),
}
_RIGHT: dict[str, Binary] = {"add": _right_sum}
"""Reflected operators that differ from the others."""

_COMPARISONS: dict[str, Binary] = {
    "lt": logic.less,
    "le": logic.less_equal,
    "gt": logic.greater,
    "ge": logic.greater_equal,
    "eq": _equal,
    "ne": _not_equal,
}
_UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": elementwise.negative,
    "abs": elementwise.abs,
    "invert": _invert,
}

attach(Tensor)
Tensor.__getitem__ = take_slice  # type: ignore[method-assign]  # indexing builds on tensors
