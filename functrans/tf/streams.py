"""Streams of keys for random numbers: what tf.random.set_seed and the operations' seeds say.

The numbers are functrans.random's, not TensorFlow's; how they repeat is TensorFlow's. Outside of
functions every call takes the next key of a stream: of the one for calls without a seed, or of
the one for an operation with its seed. Inside a ``tf.function`` every operation has a stream of its
own, whose state the compiled program reads and writes like a variable's.
"""

from __future__ import annotations

import zlib
from typing import Any
from weakref import WeakSet

import numpy as np

from functrans import random as keys
from functrans.tf.control import is_traced_by_function
from functrans.tf.tensor import Tensor, WatchedVariable, frame, mapped_rows, seen, wrap

_DEFAULT = 87654321
"""The global seed where only an operation has one."""


class _Streams:
    """The global seed, and the streams that began with it."""

    def __init__(self) -> None:
        self.sites: WeakSet[_Site] = WeakSet()
        self.start(None)

    def start(self, seed: int | None) -> None:
        self.seed = seed
        self.unseeded = np.random.Generator(np.random.Philox(None if seed is None else [0, seed]))
        self.seeded: dict[tuple[str, int], np.random.Generator] = {}
        self.traced = 0
        for site in self.sites:
            site.restart()

    def of(self, op: str, seed: int | None) -> np.random.Generator:
        """The stream of calls outside of functions."""
        if seed is None:
            return self.unseeded
        found = self.seeded.get((op, seed))
        if found is None:
            found = self.seeded[op, seed] = self.fresh(1, zlib.crc32(op.encode()), _word(seed))
        return found

    def fresh(self, *words: int) -> np.random.Generator:
        """A stream that the global seed and these words determine."""
        start = _DEFAULT if self.seed is None else self.seed
        return np.random.Generator(np.random.Philox([start, *words]))


def set_seed(seed: Any) -> None:
    """Begin all streams of random numbers again, with a global seed; None for one by chance.

    After it, the same calls give the same numbers, in functions too. An operation that has a seed
    of its own draws from a stream of its own.

    >>> import functrans.tf as tf
    >>> tf.random.set_seed(5)
    >>> x = tf.random.uniform([])
    >>> tf.random.set_seed(5)
    >>> bool(tf.random.uniform([]) == x)
    True
    """
    _streams.start(None if seed is None else _word(seed))


def next_key(op: str, seed: Any) -> Any:
    """The key of functrans.random for the next call of an operation with this seed or None."""
    number = None if seed is None else int(seed)
    traced = is_traced_by_function()
    key = _Site(op, number).advance() if traced else _key(_streams.of(op, number))
    for row in mapped_rows.get():
        key = keys.fold_in(key, row)
    return key


def _word(seed: Any) -> int:
    return int(seed) % 2**64


def _key(stream: np.random.Generator) -> Any:
    return stream.integers(2**32, size=2, dtype=np.uint32)


class _Site(WatchedVariable):
    """The state of an operation inside a function: its next key."""

    __slots__ = ("__weakref__", "_number", "_seed", "_v", "_words")

    trainable = False
    is_hidden = True

    def __init__(self, op: str, seed: int | None) -> None:
        self._number = -1
        self._seed = seed
        if seed is None:
            self._words = [2, _streams.traced]
            _streams.traced += 1
        else:
            self._words = [3, zlib.crc32(op.encode()), _word(seed)]
        self.restart()
        _streams.sites.add(self)

    def restart(self) -> None:
        """Begin again, with the global seed that there is now."""
        if self._seed is None and _streams.seed is None:
            self._v = _key(_streams.unseeded)
        else:
            self._v = _key(_streams.fresh(*self._words))

    def advance(self) -> Any:
        """The key for this time; the next one is stored."""
        following, now = keys.split(seen(self, self._v, False))
        self._store(following)
        return now

    def _as_tensor(self) -> Tensor:
        return wrap(seen(self, self._v, False))

    def _store(self, v: Any) -> None:
        around = frame.get()
        if around is None or not around.assigned(self, v):
            self._v = v


_streams = _Streams()
