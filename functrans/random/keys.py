"""Keys: arrays of 64-bit words, typed so that nobody computes with them by mistake."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeAlias, TypeVar

import numpy as np

from functrans import tree
from functrans.control.call import jit
from functrans.core.avals import dtype_of, shape_of
from functrans.core.trace import Tracer
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.numpy.creation import asarray
from functrans.numpy.promote import has_tracer, shape_tuple
from functrans.primitives import layout, linear
from functrans.primitives.elementwise import or_, shift_left, shift_right
from functrans.primitives.random import threefry2x32
from functrans.typing import Array, Operand

_IMPLEMENTATION = "threefry2x32"
_WORD, _HALF = np.dtype(np.uint64), np.dtype(np.uint32)
_32 = np.uint64(32)


@dataclass(frozen=True, slots=True)
class KeyType:
    """The dtype of key arrays; its one instance is ``key_dtype()``.

    >>> ft.random.key(0).dtype.name
    'key<fry>'
    """

    name: str = "key<fry>"
    itemsize: int = 8

    def __repr__(self) -> str:
        return self.name


class PRNGKeyArray:
    """An array of keys. To transforms it is a container of one uint64 array of its shape.

    So it passes through ``jit``, ``vmap``, loops and trees, axes counting as its own. It can be
    indexed, iterated over, reshaped, compared, and rearranged by NumPy's functions (``np.stack``,
    ``np.concatenate``, ``np.where``, ``np.take``, …), but not computed with.

    >>> keys = ft.random.split(ft.random.key(0), 6).reshape(2, 3)
    >>> keys.shape, keys[1].shape, keys.dtype
    ((2, 3), (3,), key<fry>)
    """

    __slots__ = ("words",)

    def __init__(self, words: Any) -> None:
        self.words = words

    @property
    def dtype(self) -> KeyType:
        return KeyType()

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.words)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, index: Any) -> PRNGKeyArray:
        words = asarray(self.words) if has_tracer((index,), {}) else self.words
        return PRNGKeyArray(words[index])

    def __iter__(self) -> Iterator[PRNGKeyArray]:
        return map(PRNGKeyArray, self.words)

    def reshape(self, *shape: Any) -> PRNGKeyArray:
        """The same keys in another shape."""
        return PRNGKeyArray(self.words.reshape(*shape))

    def ravel(self) -> PRNGKeyArray:
        """The same keys along one axis."""
        return self.reshape(-1)

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, PRNGKeyArray):
            return NotImplemented
        return self.words == other.words

    __hash__ = None  # type: ignore[assignment]  # the standard way to say: not hashable

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in _REARRANGING:
            return NotImplemented
        return PRNGKeyArray(function(*_bare(args), **_bare(kwargs)))

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        raise ArgumentError(
            "Keys are no numbers: they cannot become an array to compute with.",
            "Draw numbers from them, or take their words with functrans.random.key_data.",
        )

    def __repr__(self) -> str:
        return f"PRNGKeyArray(shape={self.shape}, words={self.words!r})"


KeyLike: TypeAlias = PRNGKeyArray | Array
"""Keys, or the two 32-bit words of old ones in an array."""

K = TypeVar("K", bound=KeyLike)


_REARRANGING = frozenset(
    {
        np.broadcast_to, np.concatenate, np.expand_dims, np.flip, np.hstack, np.moveaxis, np.ravel,
        np.repeat, np.reshape, np.roll, np.squeeze, np.stack, np.swapaxes, np.take, np.tile,
        np.transpose, np.vstack, np.where,
    }
)  # fmt: skip
"""NumPy's functions that move elements about and leave them as they are."""


def _bare(x: Any) -> Any:
    """Arguments with words in place of keys."""
    if isinstance(x, PRNGKeyArray):
        return x.words
    if isinstance(x, dict):
        return {k: _bare(v) for k, v in x.items()}
    return type(x)(map(_bare, x)) if type(x) in (list, tuple) else x


tree.register_pytree_node(PRNGKeyArray, lambda k: ((k.words,), None), lambda _, c: PRNGKeyArray(*c))


# --- words and halves ----------------------------------------------------------------------------


def word_of(name: str, key: Any) -> Any:
    """The uint64 of the single key that a function named ``name`` was given."""
    words = _words(key)
    if shape_of(words) != ():
        raise ShapeError(
            f"{name} takes one key, but got keys of shape {shape_of(words)}.",
            f"Map it over keys: vmap({name}, in_axes=…)(keys).",
        )
    return words


def _words(key: Any) -> Any:
    """The uint64 words of typed or legacy keys."""
    if isinstance(key, PRNGKeyArray):
        return key.words
    if not isinstance(key, np.ndarray | Tracer) or dtype_of(key) != _HALF:
        raise ArgumentError(
            f"{key!r:.80} is no key.",
            "Make one with functrans.random.key(seed), or PRNGKey(seed) for a legacy one.",
        )
    if shape_of(key)[-1:] != (2,):
        raise ShapeError(f"A legacy key has two uint32 words, not the shape {shape_of(key)}.")
    wide = linear.convert(key, _WORD)
    return or_(shift_left(wide[..., 0], _32), wide[..., 1])


def _halves(words: Any) -> Any:
    """The uint32 words, first ones first, along a new last axis."""
    last = len(shape_of(words))
    parts = (linear.convert(shift_right(words, _32), _HALF), linear.convert(words, _HALF))
    return layout.concatenate([layout.expand_dims(p, (last,)) for p in parts], last)


def _like(key: Any, words: Any) -> Any:
    """New keys of the kind of ``key``: typed or legacy."""
    return PRNGKeyArray(words) if isinstance(key, PRNGKeyArray) else _halves(words)


# --- making keys ---------------------------------------------------------------------------------


def _check_implementation(*names: Any) -> None:
    for name in names:
        if name not in (None, _IMPLEMENTATION, "fry", KeyType()):
            raise OptionError(
                f"There is no generator {name!r}.",
                f"The one generator is {_IMPLEMENTATION!r}; leave out impl= and dtype=.",
            )


def _seed_word(seed: Any) -> Any:
    """The key of a seed: its 64 bits in two's complement, where it has so many."""
    if isinstance(seed, bool | float | complex) or dtype_of(seed).kind not in "iu":
        raise ArgumentError(f"A seed is an integer, not {seed!r:.60}.")
    if shape_of(seed) != ():
        raise ShapeError(
            f"A seed is one integer, not an array of shape {shape_of(seed)}.",
            "Map over seeds: vmap(functrans.random.key)(seeds).",
        )
    if not isinstance(seed, Tracer):
        value, narrow = int(seed), not isinstance(seed, int) and dtype_of(seed).itemsize <= 4
        if not -(2**63) <= value < 2**64:
            raise OptionError(f"The seed {value} has more than 64 bits.", "Give a smaller one.")
        return np.uint64(value % (2**32 if narrow else 2**64))
    if seed.dtype.itemsize <= 4:
        seed = linear.convert(seed, _HALF)
    return linear.convert(seed, _WORD)


def key(seed: Operand, *, impl: str | None = None, dtype: Any = None) -> PRNGKeyArray:
    """A typed key from an integer seed of at most 64 bits.

    Raises
    ------
    ArgumentError: a seed that is no integer. OptionError: one with more bits; another generator.

    >>> ft.random.key_data(ft.random.key(7))
    array([0, 7], dtype=uint32)
    """
    _check_implementation(impl, dtype)
    return PRNGKeyArray(_seed_word(seed))


def PRNGKey(seed: Operand, *, impl: str | None = None) -> Any:  # noqa: N802  # JAX's name
    """A legacy key, a uint32 array of two words, from an integer seed of at most 64 bits.

    >>> ft.random.PRNGKey(7)
    array([0, 7], dtype=uint32)
    """
    _check_implementation(impl)
    return _halves(_seed_word(seed))


def wrap_key_data(key_bits_array: Operand, *, impl: str | None = None, dtype: Any = None) -> Any:
    """Typed keys of a uint32 array of shape ``(…, 2)``.

    >>> ft.random.wrap_key_data(np.array([[0, 1], [2, 3]], np.uint32)).shape
    (2,)
    """
    _check_implementation(impl, dtype)
    if isinstance(key_bits_array, PRNGKeyArray):
        raise ArgumentError("These keys are typed already.", "Use them as they are.")
    return PRNGKeyArray(_words(key_bits_array))


# --- asking keys ---------------------------------------------------------------------------------


def key_data(keys: KeyLike) -> Any:
    """The uint32 words of keys of shape ``(…)``, an array of shape ``(…, 2)``.

    >>> ft.random.key_data(ft.random.split(ft.random.key(0), 3)).shape
    (3, 2)
    """
    return _halves(keys.words) if isinstance(keys, PRNGKeyArray) else _halves(_words(keys))


def key_impl(keys: KeyLike) -> str:
    """The name of the generator of keys.

    >>> ft.random.key_impl(ft.random.key(0))
    'threefry2x32'
    """
    _words(keys)  # raises for what is no key
    return _IMPLEMENTATION


def key_dtype(impl_spec: str | None = None) -> KeyType:
    """The dtype of typed keys.

    >>> ft.random.key_dtype()
    key<fry>
    """
    _check_implementation(impl_spec)
    return KeyType()


def clone(key: K) -> K:
    """The same key, to be used a second time on purpose.

    >>> key = ft.random.key(0)
    >>> bool(ft.random.clone(key) == key)
    True
    """
    return _like(key, _words(key))


# --- new keys from old ---------------------------------------------------------------------------


def hashes(word: Any, shape: tuple[int, ...]) -> Any:
    """64 random bits for each element of an array of ``shape``: the hashes of its indices."""
    size = math.prod(shape)
    counter = layout.reshape(layout.iota(_WORD, (size,), 0), shape)
    return threefry2x32(layout.broadcast_in_dim(word, shape, ()), counter)


@partial(jit, static_argnames="shape")
def _split(word: Any, *, shape: tuple[int, ...]) -> Any:
    return hashes(word, shape)


@jit
def _fold_in(word: Any, data: Any) -> Any:
    return threefry2x32(word, linear.convert(linear.convert(data, _HALF), _WORD))


def split(key: K, num: int | tuple[int, ...] = 2) -> K:
    """As many new keys as ``num`` says, or an array of that shape; typed or legacy as ``key``.

    >>> ft.random.split(ft.random.key(0), (2, 3)).shape
    (2, 3)
    """
    return _like(key, _split(word_of("split", key), shape=shape_tuple(num)))


def fold_in(key: K, data: Operand) -> K:
    """A new key for each of the numbers that ``data``, an integer of 32 bits, can be.

    >>> key = ft.random.key(0)
    >>> bool(ft.random.fold_in(key, 1) == ft.random.fold_in(key, 2))
    False
    """
    if isinstance(data, bool | float | complex) or dtype_of(data).kind not in "iu":
        raise ArgumentError(f"fold_in takes an integer, not {data!r:.60}.")
    if shape_of(data) != ():
        raise ShapeError(
            f"fold_in takes one integer, not an array of shape {shape_of(data)}.",
            "Map over it: vmap(functrans.random.fold_in, in_axes=(None, 0))(key, data).",
        )
    if isinstance(data, int) and not 0 <= data < 2**32:
        raise OptionError(f"{data} does not fit in 32 unsigned bits.", "Give another number.")
    return _like(key, _fold_in(word_of("fold_in", key), data))


def child(word: Any, index: int) -> Any:
    """The key that :func:`split` gives at ``index``."""
    return threefry2x32(word, np.uint64(index))
