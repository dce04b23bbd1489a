"""Numbers of bytes that the user sets in the environment."""

from __future__ import annotations

import os
import warnings
from functools import cache

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def size_of(variable: str, usual: int) -> int:
    """What an environment variable says, or what is usual; a value that is no size warns once."""
    text = os.environ.get(variable)
    return _parsed(variable, text, usual) if text else usual


@cache
def _parsed(variable: str, text: str, usual: int) -> int:
    """
    >>> _parsed("SIZE", "2K", 0), _parsed("SIZE", "100", 0)
    (2048, 100)
    """
    number, unit = text.strip().upper(), 1
    if number[-1:] in _UNITS:
        number, unit = number[:-1], _UNITS[number[-1]]
    try:
        return max(int(float(number) * unit), 0)
    except (ValueError, OverflowError):
        warnings.warn(
            f"{variable} is {text!r}, which is no number of bytes; {usual} is used. "
            "Write a number, with K, M or G behind it if you like.",
            RuntimeWarning,
            stacklevel=3,
        )
        return usual
