"""How tensors and variables are written as text."""

from __future__ import annotations

from collections.abc import Iterator
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


# --- as tf.print writes it ----------------------------------------------------------------------


def printed(value: Any, summarize: int, quoted: bool = False) -> str:
    """A tensor's value as ``tf.print`` shows it: ``summarize`` elements from either end.

    ``quoted`` is about the string of a scalar; strings in arrays always are.
    """
    value = np.asarray(value)
    if value.ndim == 0:
        return _element(value[()], quoted)
    return "".join(_rows(value, summarize, 0))


def _rows(value: np.ndarray[Any, Any], summarize: int, depth: int) -> Iterator[str]:
    """The parts of one pair of brackets; arrays in it stand in rows, blank lines between blocks."""
    inside = value.ndim - 1
    between = "\n" * inside + " " * (depth + 1) if inside else " "
    yield "["
    for place, index in enumerate(_shown(len(value), summarize)):
        if place:
            yield between
        if index is None:
            yield "..."
        elif inside:
            yield from _rows(value[index], summarize, depth + 1)
        else:
            yield _element(value[index], quoted=True)
    yield "]"


def _shown(length: int, summarize: int) -> list[int | None]:
    """The indices to show, None where some are left out."""
    if summarize < 0 or length <= 2 * summarize:
        return list(range(length))
    return [*range(summarize), None, *range(length - summarize, length)]


_ESCAPES = {code: f"\\{code:03o}" for code in (*range(32), 127)} | str.maketrans(
    {"\\": r"\\", '"': r"\"", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
)


def _element(value: Any, quoted: bool) -> str:
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
        return f'"{text.translate(_ESCAPES)}"' if quoted else text
    kind = value.dtype.kind
    if kind == "c":
        imaginary = _number(value.imag)
        return f"({_number(value.real)}{'' if imaginary[0] == '-' else '+'}{imaginary}j)"
    return _number(value) if kind == "f" else str(int(value))


def _number(value: Any) -> str:
    """The digits that a dtype always keeps if they give the number back, or else all it has.

    >>> _number(np.float32(0.1)), _number(np.float32(1) / 3), _number(1.0)
    ('0.1', '0.333333343', '1')
    """
    single = np.dtype(type(value)).itemsize < 8
    few, all_ = (6, 9) if single else (15, 17)
    text = f"{float(value):.{few}g}"
    kind = np.float32 if single else np.float64
    return text if kind(text) == value or value != value else f"{float(value):.{all_}g}"
