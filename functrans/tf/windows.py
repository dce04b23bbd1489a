"""What windows over tensors have in common: layouts, strides, dilations, padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from functrans.tf.convert import as_tensor
from functrans.tf.errors import InvalidArgumentError, InvalidValueError

Ints = tuple[int, ...]
Padding = str | list[tuple[int, int]]

_LETTERS = {1: "W", 2: "HW", 3: "DHW"}


class Layout(NamedTuple):
    """Where the axes of windows and of channels are, of so many axes of windows."""

    spaces: int
    """How many axes windows have."""
    last: bool
    """Whether channels are the last axis; else they come after the batch."""

    @property
    def letters(self) -> str:
        """The axes as functrans.lax names them."""
        windows = _LETTERS[self.spaces]
        return f"N{windows}C" if self.last else f"NC{windows}"

    @property
    def kernel(self) -> str:
        """The axes of TensorFlow's kernels."""
        return f"{_LETTERS[self.spaces]}IO"

    @property
    def windows(self) -> slice:
        """The axes of windows."""
        return slice(1, -1) if self.last else slice(2, None)

    @property
    def channels(self) -> int:
        """The axis of channels."""
        return -1 if self.last else 1

    def spread(self, sizes: Sequence[Any], other: Any) -> list[Any]:
        """One entry an axis: ``sizes`` for windows, ``other`` for batch and channels."""
        return [other, *sizes, other] if self.last else [other, other, *sizes]


def layout(op: str, count: int, data_format: str | None) -> Layout:
    """The layout of so many axes of windows that TensorFlow's letters name."""
    windows = _LETTERS[count]
    names = {f"N{windows}C": True, f"NC{windows}": False, None: True}
    if count == 1:
        names |= {"NHWC": True, "NCHW": False}
    if data_format not in names:
        raise InvalidArgumentError.at(
            f"Value for attr 'data_format' of \"{data_format}\" is not in the list of allowed "
            f'values: "N{windows}C", "NC{windows}" [Op:{op}] name: ',
        )
    return Layout(count, names[data_format])


def per_window(name: str, given: Any, form: Layout) -> Ints:
    """Positive numbers for the axes of windows, from one, one for each, or one for every axis."""
    numbers = [1] if given is None else np.atleast_1d(as_tensor(given).numpy()).tolist()
    count = form.spaces
    if len(numbers) == count + 2:
        if numbers[0] != 1 or numbers[form.channels] != 1:
            raise InvalidArgumentError.at(
                "Current implementation does not yet support "
                f"{name} in the batch and depth dimensions. ({name}={numbers})",
                "They must be 1 there.",
            )
        numbers = numbers[form.windows]
    elif len(numbers) == 1:
        numbers = numbers * count
    if len(numbers) != count:
        raise InvalidValueError(
            f"{name} should be of length 1, {count} or {count + 2}. Received: {name}={given} of "
            f"length {len(numbers)}",
            "Give one number, one for each axis of the window, or one for each axis.",
        )
    if min(numbers) < 1:
        raise InvalidArgumentError.at(
            f"{name} must be positive, and are {numbers}.", "Use 1 to leave an axis as it is."
        )
    return tuple(map(int, numbers))


def checked_padding(op: str, padding: Any, form: Layout) -> Padding:
    """``"SAME"``, ``"VALID"``, or the pairs for the axes of windows."""
    if isinstance(padding, str):
        if padding in ("SAME", "VALID"):
            return padding
        raise InvalidArgumentError.at(
            f"Value for attr 'padding' of \"{padding}\" is not in the list of allowed values: "
            f'"SAME", "VALID", "EXPLICIT" [Op:{op}] name: ',
            'Write "SAME", "VALID", or a pair of numbers for each axis.',
        )
    pairs = [tuple(map(int, pair)) for pair in padding]
    if len(pairs) != form.spaces + 2:
        raise InvalidValueError(
            f"When padding is a list, it must be of size {form.spaces + 2}. Received: "
            f"padding={padding} of size {len(pairs)}",
            "Give a pair for each axis; batch and channels are not padded.",
        )
    return [(low, high) for low, high in pairs[form.windows]]
