"""How values look as text: in repr and str of tensors, and in tf.print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from functrans.tf import dtypes


def numpy_text(value: Any) -> str:
    """What follows ``numpy=``: a scalar as Python shows it, an array on lines of its own."""
    value = np.asarray(value)
    return repr(value.item()) if value.ndim == 0 else _below(repr(value))


def tensor_repr(value: Any) -> str:
    """``repr`` of a tensor that has this value."""
    value = np.asarray(value)
    head = f"<tf.Tensor: shape={value.shape}, dtype={dtypes.of(value.dtype).name}"
    return f"{head}, numpy={numpy_text(value)}>"


def tensor_str(value: Any) -> str:
    """``str`` of a tensor that has this value."""
    value = np.asarray(value)
    tail = f"shape={value.shape}, dtype={dtypes.of(value.dtype).name}"
    return f"tf.Tensor({_below(str(value))}, {tail})"


def variable_repr(name: str, value: Any) -> str:
    """``repr`` and ``str`` of a variable."""
    value = np.asarray(value)
    head = f"<tf.Variable {name!r} shape={value.shape} dtype={dtypes.of(value.dtype).name}"
    return f"{head}, numpy={numpy_text(value)}>"


def _below(text: str) -> str:
    """Text of several lines begins on a line of its own."""
    return "\n" + text if "\n" in text else text


def printed(value: Any, summarize: int) -> str:
    """A tensor's value as ``tf.print`` shows it: ``summarize`` elements from either end."""
    value = np.asarray(value)
    if value.ndim == 0:
        return _element(value[()], quoted=False)
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
