"""tf.random: random numbers of several distributions, from streams or from given keys.

Each public function with a state has a twin in :mod:`functrans.tf.stateless`; both call the
functions of keys here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import functrans as ft
from functrans import numpy as fnp
from functrans import random as keys
from functrans.extend import known
from functrans.tf.convert import (
    FLOAT32,
    INT32,
    INT64,
    NumpyDtype,
    as_tensor,
    numpy_dtype,
    sizes_of,
    type_name,
)
from functrans.tf.dtypes import as_dtype, float32
from functrans.tf.errors import InvalidArgumentError, InvalidValueError
from functrans.tf.streams import next_key
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind

# --- with a state --------------------------------------------------------------------------------


def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normally distributed numbers; they have gradients with respect to mean and deviation.

    ``mean`` and ``stddev`` broadcast with the shape.

    >>> import functrans.tf as tf
    >>> tf.random.normal([2, 3]).shape
    TensorShape([2, 3])
    """
    kind = real_dtype(dtype)
    location, scale = as_tensor(mean, kind), as_tensor(stddev, kind)
    check_kind("RandomStandardNormal", kind, "f")
    sizes = sample_shape("RandomStandardNormal", shape)
    drawn = standard_normal(next_key("RandomStandardNormal", seed), sizes, kind)
    if type(mean) is float and type(stddev) is float and mean == 0.0 and stddev == 1.0:
        return drawn
    return drawn * scale + location


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers that are evenly distributed from ``minval`` up to ``maxval``, which is left out.

    ``maxval`` is 1 for floats, and must be given for integers. Floats have gradients with respect
    to both.

    Raises
    ------
    InvalidValueError: another dtype than floats, int32 and int64; no ``maxval`` for integers.

    >>> import functrans.tf as tf
    >>> tf.random.uniform([2], maxval=10, dtype=tf.int32).dtype
    tf.int32
    """
    wanted = as_dtype(dtype)
    if not wanted.is_floating and wanted.np not in (INT32, INT64):
        raise InvalidValueError(
            f"Argument `dtype` got invalid value {wanted!s}. Accepted dtypes are (tf.float16, "
            "tf.bfloat16, tf.float32, tf.float64, tf.int32, tf.int64).",
            "Draw in one of these, and use tf.cast.",
        )
    if maxval is None and wanted.is_integer:
        raise InvalidValueError(
            f"Must specify maxval for integer dtype {wanted!r}", "Give the end of the range."
        )
    op = "RandomUniformInt" if wanted.is_integer else "RandomUniform"
    low = as_tensor(minval, wanted.np)
    high = as_tensor(1 if maxval is None else maxval, wanted.np)
    sizes = sample_shape(op, shape)
    if wanted.is_integer:
        return integers(op, next_key(op, seed), sizes, low, high)
    drawn = standard_uniform(next_key(op, seed), sizes, wanted.np)
    if maxval is None and type(minval) is int and minval == 0:
        return drawn
    return drawn * (high - low) + low


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normally distributed numbers, without those beyond two standard deviations.

    >>> import functrans.tf as tf
    >>> bool(tf.reduce_max(tf.abs(tf.random.truncated_normal([100]))) < 2.0)
    True
    """
    kind = real_dtype(dtype)
    location, scale = as_tensor(mean, kind), as_tensor(stddev, kind)
    check_kind("TruncatedNormal", kind, "f")
    sizes = sample_shape("TruncatedNormal", shape)
    drawn = within_two(next_key("TruncatedNormal", seed), sizes, kind)
    return drawn * scale + location


def gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers of gamma distributions with shape ``alpha`` and rate ``beta``, 1 if left out.

    The result's shape is ``shape`` followed by that of ``alpha`` and ``beta``, broadcast. They
    have gradients with respect to both.

    >>> import functrans.tf as tf
    >>> tf.random.gamma([10], [0.5, 1.5]).shape
    TensorShape([10, 2])
    """
    kind = real_dtype(dtype)
    rate = as_tensor(1.0 if beta is None else beta, kind)
    concentration = as_tensor(alpha, kind)
    each = np.broadcast_shapes(concentration._v.shape, rate._v.shape)
    sizes = (*sample_shape("RandomGamma", shape), *each)
    return gammas(next_key("RandomGamma", seed), sizes, concentration, rate)


def poisson(
    shape: Any,
    lam: Any,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers of Poisson distributions with means ``lam``; they have no gradient.

    The result's shape is ``shape`` followed by that of ``lam``.

    >>> import functrans.tf as tf
    >>> tf.random.poisson([10], [0.5, 1.5]).shape
    TensorShape([10, 2])
    """
    means = as_tensor(lam)
    sizes = (*sample_shape("RandomPoissonV2", shape), *means._v.shape)
    return poissons(next_key("RandomPoissonV2", seed), sizes, means, as_dtype(dtype).np)


def categorical(
    logits: Any,
    num_samples: Any,
    dtype: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """For each row of unnormalized log-probabilities ``num_samples`` classes, as int64.

    >>> import functrans.tf as tf
    >>> tf.random.categorical([[0.0, 0.0]], 5).shape
    TensorShape([1, 5])
    """
    return classes(next_key("Multinomial", seed), as_tensor(logits), num_samples, dtype)


def shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """The rows of a tensor in random order; they have no gradient.

    >>> import functrans.tf as tf
    >>> sorted(tf.random.shuffle([1, 2, 3]).numpy().tolist())
    [1, 2, 3]
    """
    return shuffled(next_key("RandomShuffle", seed), as_tensor(value))


# --- from keys -----------------------------------------------------------------------------------


def real_dtype(dtype: Any) -> NumpyDtype:
    """NumPy's dtype of a dtype argument."""
    return numpy_dtype(dtype) or FLOAT32


def sample_shape(op: str, shape: Any) -> tuple[int, ...]:
    """The sizes of a shape, which must be a vector of integers."""
    if isinstance(shape, list | tuple) and all(type(n) is int for n in shape):
        sizes = tuple(shape)
    else:
        tensor = as_tensor(shape, INT32 if isinstance(shape, list) and not shape else None)
        if tensor._dtype.kind not in "iu":
            raise InvalidArgumentError.at(
                f"Value for attr 'T' of {type_name(tensor._dtype)} is not in the list of allowed "
                f"values: int32, int64 [Op:{op}] name: ",
                "Give integers as the shape.",
            )
        if len(tensor._v.shape) != 1:
            raise InvalidArgumentError.at(
                f"shape must be a vector of {{int32,int64}}, got shape {tensor.shape.as_list()} "
                f"[Op:{op}] name: ",
                f"Write [{shape}].",
            )
        sizes = sizes_of(tensor)
    for size in sizes:
        if size < 0:
            raise InvalidArgumentError.at(
                f"Dimension {size} must be >= 0 [Op:{op}] name: ", "Sizes are not negative."
            )
    return sizes


def _drawing_dtype(dtype: NumpyDtype) -> NumpyDtype:
    """What functrans.random draws in: float16 is rounded from float32."""
    return FLOAT32 if dtype == np.float16 else dtype


def standard_normal(key: Any, sizes: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
    """Numbers of mean 0 and deviation 1."""
    return wrap(fnp.astype(keys.normal(key, sizes, _drawing_dtype(dtype)), dtype), dtype)


def standard_uniform(key: Any, sizes: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
    """Numbers from 0 to 1, without 1."""
    drawn = fnp.astype(keys.uniform(key, sizes, _drawing_dtype(dtype)), dtype)
    if dtype == np.float16:  # the largest float32 below 1 rounds to 1
        drawn = fnp.minimum(drawn, np.float16(1.0 - 2.0**-11))
    return wrap(drawn, dtype)


def within_two(key: Any, sizes: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
    """Normal numbers within two deviations."""
    drawn = keys.truncated_normal(key, -2.0, 2.0, sizes, _drawing_dtype(dtype))
    return wrap(fnp.astype(drawn, dtype), dtype)


def integers(op: str, key: Any, sizes: tuple[int, ...], low: Tensor, high: Tensor) -> Tensor:
    """Integers of a range."""
    for name, end in (("minval", low), ("maxval", high)):
        if end._v.shape:
            raise InvalidArgumentError.at(
                f"{name} must be 0-D, got shape {end.shape.as_list()} [Op:{op}] name: ",
                "Give one integer; draw several ranges one by one.",
            )
    a, b = value(low), value(high)
    first, last = known(a), known(b)
    if first is not None and last is not None and first >= last:
        raise InvalidArgumentError.at(
            f"Need minval < maxval, got {first} >= {last} [Op:{op}] name: ",
            "The range does not contain maxval.",
        )
    return wrap(keys.randint(key, sizes, a, b, low._dtype), low._dtype)


def gammas(key: Any, sizes: tuple[int, ...], alpha: Tensor, beta: Tensor) -> Tensor:
    """Numbers of gamma distributions, with gradients."""
    dtype = alpha._dtype
    wide = _drawing_dtype(dtype)
    shape = fnp.astype(fnp.broadcast_to(value(alpha), sizes), wide)
    drawn = wrap(fnp.astype(keys.gamma(key, shape, sizes, wide), dtype), dtype)
    return wrap(fnp.maximum(value(drawn / beta), np.finfo(dtype).tiny), dtype)


def poissons(key: Any, sizes: tuple[int, ...], lam: Tensor, dtype: NumpyDtype) -> Tensor:
    """Numbers of Poisson distributions."""
    means = fnp.broadcast_to(ft.stop_gradient(value(lam)), sizes)
    return wrap(fnp.astype(keys.poisson(key, means, sizes), dtype), dtype)


def classes(key: Any, logits: Tensor, num_samples: Any, dtype: Any) -> Tensor:
    """Classes by their log-probabilities."""
    if len(logits._v.shape) != 2:
        raise InvalidArgumentError.at(
            f"logits should be a matrix, got shape {logits.shape.as_list()} [Op:Multinomial] "
            "name: ",
            "Give a row for each draw: logits[None].",
        )
    count = int(as_tensor(num_samples))
    if count < 0:
        raise InvalidArgumentError.at(
            f"num_samples should be non-negative, got {count} [Op:Multinomial] name: ",
            "Give how many classes to draw for each row.",
        )
    rows = int(logits._v.shape[0])
    drawn = keys.categorical(key, ft.stop_gradient(value(logits)), shape=(count, rows))
    kind = numpy_dtype(dtype) or INT64
    return wrap(fnp.astype(fnp.transpose(drawn), kind), kind)


def shuffled(key: Any, tensor: Tensor) -> Tensor:
    """The rows in random order."""
    v = ft.stop_gradient(value(tensor))
    if not tensor._v.shape:
        return wrap(v, tensor._dtype)
    order = keys.permutation(key, int(tensor._v.shape[0]))
    return wrap(fnp.take(v, order, axis=0), tensor._dtype)
