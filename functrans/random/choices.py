"""Random orders and choices: permutations, draws from arrays, categories."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.control.call import jit
from functrans.core.avals import dtype_of, shape_of
from functrans.errors import ShapeError
from functrans.numpy.promote import array_like, axis_index, cast, float_dtype, shape_tuple
from functrans.random.continuous import gumbel_mode, gumbel_noise
from functrans.random.keys import KeyLike, child, word_of
from functrans.random.sampling import Ints, random_bits, shape_for, unit
from functrans.random.uniform import randint
from functrans.typing import ArrayLike, ArrayOrScalar, Shape

_UINT32_MAX = 2**32 - 1


@partial(jit, static_argnames="axis")
def _shuffled(word: Any, x: Any, *, axis: int) -> Any:
    """``x`` sorted by random keys, so often that equal 32-bit keys bias no order."""
    size = math.prod(shape_of(x))
    for _ in range(math.ceil(3 * math.log(max(1, size)) / math.log(_UINT32_MAX))):
        word, sub = child(word, 0), child(word, 1)
        order = fnp.argsort(random_bits(sub, shape_of(x), 32), axis, kind="stable")
        x = fnp.take_along_axis(x, order, axis)
    return x


def permutation(
    key: KeyLike, x: ArrayLike, axis: int = 0, independent: bool = False
) -> ArrayOrScalar:
    """``x``, or ``arange(x)`` of an int, in random order along ``axis``.

    ``independent`` shuffles each vector along the axis by itself.

    >>> ft.random.permutation(ft.random.key(0), 5)
    array([0, 1, 4, 3, 2])
    """
    word = word_of("permutation", key)
    x = array_like(x)
    if shape_of(x) == ():
        axis_index(axis, 1)
        if dtype_of(x).kind not in "iu":
            raise ShapeError("permutation needs an integer, or an array with an axis to shuffle.")
        return _shuffled(word, np.arange(int(x)), axis=0)
    axis = axis_index(axis, len(shape_of(x)))
    if independent or len(shape_of(x)) == 1:
        return _shuffled(word, x, axis=axis)
    return fnp.take(x, _shuffled(word, np.arange(shape_of(x)[axis]), axis=0), axis)


def choice(
    key: KeyLike,
    a: ArrayLike,
    shape: Shape = (),
    replace: bool = True,
    p: ArrayLike | None = None,
    axis: int = 0,
    mode: str | None = None,
) -> ArrayOrScalar:
    """Elements of ``a`` along ``axis``, or integers below an int ``a``.

    Parameters
    ----------
    shape: how many to draw; it takes the place of the axis.
    replace: whether an element may come twice.
    p: the probability of each element, uniform by default; need not sum to 1.
    mode: that of :func:`gumbel`, for draws without replacement with ``p``.

    >>> ft.random.choice(ft.random.key(0), np.array([10, 20, 30]), (2,), replace=False)
    array([10, 20])
    """
    word = word_of("choice", key)
    a, shape = array_like(a), shape_tuple(shape)
    ranged = shape_of(a) == ()
    axis = 0 if ranged else axis_index(axis, len(shape_of(a)))
    inputs, draws = int(a) if ranged else shape_of(a)[axis], math.prod(shape)
    if draws and inputs <= 0:
        raise ShapeError("choice cannot draw from nothing.", "Give an array that has elements.")
    if not replace and draws > inputs:
        raise ShapeError(
            f"choice cannot draw {draws} of {inputs} elements without replacement.",
            "Draw fewer, or pass replace=True.",
        )
    if p is None and not replace:
        index = _shuffled(word, np.arange(inputs), axis=0)[:draws]
    elif p is None:
        index = randint(key, shape, 0, inputs)
    else:
        p = array_like(p)
        if shape_of(p) != (inputs,):
            raise ShapeError(f"choice got {shape_of(p)} probabilities for {inputs} elements.")
        p = cast(p, float_dtype(p))
        draw = _with_replacement if replace else _without_replacement
        index = draw(word, p, shape=shape, mode=gumbel_mode(mode))
    if ranged:
        return index.reshape(shape)
    before, after = shape_of(a)[:axis], shape_of(a)[axis + 1 :]
    return fnp.take(a, index.reshape(-1), axis).reshape((*before, *shape, *after))


@partial(jit, static_argnames=("shape", "mode"))
def _with_replacement(word: Any, p: Any, *, shape: Ints, mode: str) -> Any:
    total = fnp.cumsum(p)
    return fnp.searchsorted(total, total[-1] * (1 - unit(word, shape, dtype_of(p).char)))


@partial(jit, static_argnames=("shape", "mode"))
def _without_replacement(word: Any, p: Any, *, shape: Ints, mode: str) -> Any:
    score = gumbel_noise(word, shape_of(p), dtype_of(p).char, mode) + fnp.log(p)
    return _best(score, math.prod(shape))


def _best(score: Any, count: int) -> Any:
    """The places of the ``count`` highest scores along the last axis, equal ones in order."""
    return fnp.argsort(-score, -1, kind="stable")[..., :count]


@partial(jit, static_argnames=("axis", "shape", "mode"))
def _categories(word: Any, logits: Any, *, axis: int, shape: Ints, mode: str) -> Any:
    """Gumbel's trick: the category with the greatest log probability plus noise."""
    noise = gumbel_noise(word, shape, dtype_of(logits).char, mode)
    return fnp.argmax(noise + logits, axis - len(shape_of(logits)))


@partial(jit, static_argnames=("axis", "count", "mode"))
def _different_categories(word: Any, logits: Any, *, axis: int, count: int, mode: str) -> Any:
    noise = gumbel_noise(word, shape_of(logits), dtype_of(logits).char, mode)
    return fnp.moveaxis(_best(fnp.moveaxis(noise + logits, axis, -1), count), -1, 0)


def categorical(
    key: KeyLike,
    logits: ArrayLike,
    axis: int = -1,
    shape: Shape | None = None,
    replace: bool = True,
    mode: str | None = None,
) -> ArrayOrScalar:
    """Categories drawn with the log probabilities ``logits``, which need no normalisation.

    By Gumbel's trick; without replacement its top k (W. Kool, H. van Hoof and M. Welling,
    "Stochastic beams and where to find them", ICML 2019).

    Parameters
    ----------
    axis: the axis of ``logits`` that counts the categories.
    shape: the result's; it ends in that of ``logits`` without the axis, which is the default.
    replace: whether the draws along the leading axes of ``shape`` may repeat a category.
    mode: that of :func:`gumbel`.

    >>> ft.random.categorical(ft.random.key(0), np.log([0.1, 0.9]), shape=(5,))
    array([1, 0, 1, 1, 1])
    """
    word = word_of("categorical", key)
    logits = array_like(logits)
    logits = cast(logits, float_dtype(logits))
    axis = axis_index(axis, len(shape_of(logits)))
    batch = shape_of(logits)[:axis] + shape_of(logits)[axis + 1 :]
    shape = shape_for("categorical", shape, np.empty(batch))
    prefix = shape[: len(shape) - len(batch)]
    categories, mode = shape_of(logits)[axis], gumbel_mode(mode)
    if replace:
        whole = list(shape[len(prefix) :])
        whole.insert(axis, categories)
        return _categories(word, logits, axis=axis, shape=(*prefix, *whole), mode=mode)
    count = math.prod(prefix)
    if count > categories:
        raise ShapeError(
            f"categorical cannot draw {count} of {categories} categories without replacement.",
            "Draw fewer, or pass replace=True.",
        )
    found = _different_categories(word, logits, axis=axis, count=count, mode=mode)
    return found.reshape(shape)
