"""tf.print, the logger and tf.timestamp: what a program says, and when, each time it runs."""

from __future__ import annotations

import logging
import pprint
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import functrans
from functrans import debug, experimental
from functrans.tf import nest
from functrans.tf.convert import as_tensor, is_traced
from functrans.tf.dtypes import string
from functrans.tf.errors import InvalidTypeError, InvalidValueError, NotFoundError
from functrans.tf.formatting import printed
from functrans.tf.tensor import Tensor, TensorLike, value, wrap

Writer = Callable[[str], Any]

_LEVELS = (logging.INFO, logging.WARNING, logging.ERROR)


def print(*inputs: Any, **kwargs: Any) -> None:
    """Print tensors and anything else, also from compiled code each time it runs.

    Tensors show up to ``summarize`` (3) elements from either end of an axis, -1 all; strings and
    tensors stand bare, structures as Python shows them. ``output_stream`` is ``sys.stderr`` (also
    where it is not given), ``sys.stdout``, ``"file://<path>"``, which is appended to, or a level of
    ``logging``; ``sep`` and ``end`` are as for Python's ``print``.

    >>> import sys
    >>> import functrans.tf as tf
    >>> tf.print("x:", tf.range(10), [tf.constant(1.5)], output_stream=sys.stdout)
    x: [0 1 2 ... 7 8 9] [1.5]
    """
    write = _writer(kwargs.pop("output_stream", sys.stderr))
    sep, end = kwargs.pop("sep", " "), kwargs.pop("end", "\n")
    summarize = kwargs.pop("summarize", None)
    kwargs.pop("name", None)
    _check_options(kwargs, sep, summarize)
    summarize = 3 if summarize is None else summarize
    parts = [part for each in inputs for part in (sep, *_parts(each, summarize))][1:]
    texts = [part if isinstance(part, str) else None for part in (*parts, end)]
    numbers = [value(part) for part in parts if isinstance(part, Tensor)]
    debug.callback(_Line(texts, summarize, write), *numbers)


def _check_options(unknown: dict[str, Any], sep: Any, summarize: Any) -> None:
    if unknown:
        raise InvalidValueError(
            f"Unrecognized keyword arguments for tf.print: {unknown}",
            "It takes output_stream, summarize, sep, end and name.",
        )
    if not isinstance(sep, str):
        raise InvalidTypeError(f"Expected str for argument 'sep' not {sep!r}.", "Give a string.")
    if not isinstance(summarize, int | None):
        raise InvalidTypeError(
            f"Expected int for argument 'summarize' not {summarize!r}.", "-1 shows all elements."
        )


@dataclass(frozen=True, eq=False)
class _Line:
    """What one ``tf.print`` writes: texts, with None for numbers that come at each run."""

    texts: list[str | None]
    summarize: int
    write: Writer

    def __call__(self, *numbers: Any) -> None:
        values = (printed(number, self.summarize) for number in numbers)
        self.write("".join(next(values) if text is None else text for text in self.texts))


@dataclass(frozen=True)
class _Slot:
    """What stands for a tensor in a structure while Python writes that: as wide as TensorFlow's
    ``{}``, so that long structures break into lines at the same places."""

    index: int

    def __repr__(self) -> str:
        return _MARK + chr(_FIRST + self.index)


_MARK, _FIRST = "\ue000", 0xE001
"""Characters that Python writes as escapes, so that no string's text has them."""


def _parts(thing: Any, summarize: int) -> list[str | Tensor]:
    """The texts of one argument, with its tensors of numbers between them."""
    if isinstance(thing, str):
        return [thing]
    slots: list[str | Tensor] = []
    quoted = nest.is_nested(thing)

    def leaf(x: Any) -> Any:
        if not (isinstance(x, Tensor | TensorLike) or is_traced(x)):
            return x
        tensor = as_tensor(x)
        is_text = tensor.dtype is string  # known by now: programs hand over numbers alone
        slots.append(printed(tensor.numpy(), summarize, quoted) if is_text else tensor)
        return _Slot(len(slots) - 1)

    texts = re.split(f"{_MARK}(.)", pprint.pformat(nest.map_structure(leaf, thing)))
    return [slots[ord(text) - _FIRST] if i % 2 else text for i, text in enumerate(texts)]


def _writer(stream: Any) -> Writer:
    """The function that writes to a stream, which is looked up when it writes."""
    if stream is sys.stderr:
        return lambda text: sys.stderr.write(text)
    if stream is sys.stdout:
        return lambda text: sys.stdout.write(text)
    if isinstance(stream, str) and stream.startswith("file://"):
        return lambda text: _append(stream.removeprefix("file://"), text)
    if stream in _LEVELS:
        return lambda text: get_logger().log(stream, text.rstrip("\n"))
    raise InvalidValueError(
        f"Unsupported output stream, logging level, or file.{stream}. Supported streams are "
        "sys.stdout, sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error. File needs "
        "to be in the form of 'file://<filepath>'.",
        "For other objects build the text with tf.strings.format and write it yourself.",
    )


def _append(path: str, text: str) -> None:
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise NotFoundError.at(
            f"{path}; {error.strerror} [Op:PrintV2] name: ", "Make the folder first."
        ) from error


def get_logger() -> logging.Logger:
    """The logger of this layer's warnings, for example to silence them.

    >>> import functrans.tf as tf
    >>> tf.get_logger().setLevel("WARNING")
    """
    return logging.getLogger("functrans.tf")


def timestamp(name: str | None = None) -> Tensor:
    """Seconds since 1970 as a float64 tensor, at each run inside ``tf.function``.

    >>> import functrans.tf as tf
    >>> tf.timestamp().dtype
    tf.float64
    """
    kind = functrans.ShapeDtypeStruct((), np.float64)
    return wrap(experimental.io_callback(lambda: np.float64(time.time()), kind))
