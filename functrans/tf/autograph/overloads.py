"""Builtins that take tensors of which only the type is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from functrans import numpy as fnp
from functrans.tf.autograph.state import is_staged
from functrans.tf.convert import FLOAT32, INT32
from functrans.tf.tensor import Tensor, value, wrap


def _cast(kind: type, dtype: Any) -> Callable[..., Any]:
    def cast(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], Tensor) and is_staged(args[0]):
            return wrap(fnp.astype(value(args[0]), dtype))
        return kind(*args, **kwargs)

    return cast


def _sorted(rows: Any, /, *, key: Any = None, reverse: bool = False) -> Any:
    if key is None and isinstance(rows, Tensor) and is_staged(rows):
        found = fnp.sort(value(rows), axis=0)
        return wrap(found[::-1] if reverse else found)
    return sorted(rows, key=key, reverse=reverse)


OVERLOADS: dict[Any, Callable[..., Any]] = {
    int: _cast(int, INT32),
    float: _cast(float, FLOAT32),
    sorted: _sorted,
}
"""What converted code calls in the place of a builtin."""
