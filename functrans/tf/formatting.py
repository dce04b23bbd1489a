"""How tensors and variables are written as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.tf.dtypes import DType


def numpy_text(v: Any) -> str:
    """The part ``numpy=…`` of a tensor's or variable's repr."""
    array = np.asarray(v)
    text = repr(array.item()) if array.shape == () else repr(array)
    return f"numpy=\n{text}" if "\n" in text else f"numpy={text}"


def tensor_repr(v: Any, dtype: DType, shape: tuple[int, ...]) -> str:
    """The repr of a tensor; ``v`` is None where only the type is known.

    >>> import numpy as np
    >>> from functrans.tf.dtypes import float32
    >>> tensor_repr(np.float32(3.0), float32, ())
    '<tf.Tensor: shape=(), dtype=float32, numpy=3.0>'
    """
    if v is None:
        return f"<tf.Tensor: shape={shape}, dtype={dtype.name}>"
    return f"<tf.Tensor: shape={shape}, dtype={dtype.name}, {numpy_text(v)}>"


def tensor_str(v: Any, dtype: DType, shape: tuple[int, ...]) -> str:
    """The str of a tensor; ``v`` is None where only the type is known."""
    if v is None:
        return f"Tensor(shape={shape}, dtype={dtype.name})"
    text = str(v)
    newline = "\n" if "\n" in text else ""
    return f"tf.Tensor({newline}{text}, shape={shape}, dtype={dtype.name})"
