"""Random bits: the Threefry-2x32 hash of a key and a counter, on which all sampling stands.

J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy as 1, 2,
3", SC11 (2011), with 20 rounds. Both pairs of 32-bit words are one uint64 each, the first word in
its upper half, so that the hash is an elementwise function like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans.core.avals import Aval, shape_of
from functrans.core.primitive import Primitive
from functrans.core.trace import bind
from functrans.errors import DtypeError
from functrans.primitives.linear import elementwise
from functrans.primitives.types import same_dtype

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
"""By how many bits the rounds rotate, four rounds in turn."""

PARITY = 0x1BD11BDA
"""What the third word of the key schedule is mixed with, from Skein."""


def _words(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    dtype = same_dtype(name, avals)
    if dtype != np.uint64:
        raise DtypeError(f"{name} hashes uint64 numbers, not {dtype}.")
    return dtype


def _halves(x: Any) -> tuple[Any, Any]:
    return (x >> np.uint64(32)).astype(np.uint32), x.astype(np.uint32)


def _threefry2x32(key: Any, counter: Any) -> Any:
    shape = np.broadcast_shapes(shape_of(key), shape_of(counter))
    first, second = _halves(np.atleast_1d(key))  # arrays wrap silently, scalars would warn
    schedule = (first, second, first ^ second ^ np.uint32(PARITY))
    x, y = _halves(np.atleast_1d(counter))
    x, y = x + schedule[0], y + schedule[1]
    for block in range(5):
        for r in ROTATIONS[block % 2]:
            x = x + y
            y = (y << np.uint32(r) | y >> np.uint32(32 - r)) ^ x
        x = x + schedule[(block + 1) % 3]
        y = y + (schedule[(block + 2) % 3] + np.uint32(block + 1))
    return (x.astype(np.uint64) << np.uint64(32) | y).reshape(shape)[()]


threefry2x32_p: Primitive = elementwise("threefry2x32", _threefry2x32, dtype=_words)


def threefry2x32(key: Any, counter: Any) -> Any:
    """The hash of ``counter`` under ``key``, uint64 all three and of one shape."""
    return bind(threefry2x32_p, key, counter)
