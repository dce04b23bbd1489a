"""The operators of tensors and variables: the functions of tf.math under Python's signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from functrans.tf import math
from functrans.tf.indexing import take_slice
from functrans.tf.products import product
from functrans.tf.tensor import Tensor

Binary = Callable[[Any, Any], Any]


def attach(cls: type) -> None:
    """Give a class of tensors or variables its operators."""
    for sign, function in _BINARY.items():
        setattr(cls, f"__{sign}__", function)
        setattr(cls, f"__r{sign}__", _reflected(function))
    for sign, function in _COMPARISONS.items():
        setattr(cls, f"__{sign}__", function)
    for sign, one in _UNARY.items():
        setattr(cls, f"__{sign}__", one)


def _reflected(function: Binary) -> Binary:
    def reflected(x: Any, y: Any) -> Any:
        return function(y, x)

    return reflected


_BINARY: dict[str, Binary] = {
    "add": math.add,
    "sub": math.subtract,
    "mul": math.multiply,
    "matmul": product,
}
_COMPARISONS: dict[str, Binary] = {"lt": math.less}
_UNARY: dict[str, Callable[[Any], Any]] = {"neg": math.negative}

attach(Tensor)
Tensor.__getitem__ = take_slice  # type: ignore[method-assign]  # indexing builds on tensors
