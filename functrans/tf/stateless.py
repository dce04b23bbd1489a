"""tf.random.stateless_…: random numbers that their seed, a pair of integers, determines."""

from __future__ import annotations

from typing import Any

import numpy as np

import functrans as ft
from functrans import numpy as fnp
from functrans import random as keys
from functrans.tf.convert import as_tensor, numpy_dtype, type_name
from functrans.tf.drawing import (
    classes,
    gammas,
    integers,
    poissons,
    real_dtype,
    sample_shape,
    shuffled,
    standard_normal,
    standard_uniform,
    within_two,
)
from functrans.tf.dtypes import as_dtype, float32, int32, int64
from functrans.tf.errors import InvalidArgumentError, InvalidValueError
from functrans.tf.tensor import Tensor, value, wrap


def _key_of(seed: Any) -> Any:
    """The key of functrans.random for a seed of two integers."""
    tensor = as_tensor(seed)
    if tensor._dtype.kind not in "iu":
        raise InvalidArgumentError.at(
            f"Value for attr 'Tseed' of {type_name(tensor._dtype)} is not in the list of allowed "
            "values: int32, int64 [Op:StatelessRandomGetKeyCounter]",
            "Give two integers.",
        )
    if tensor._v.shape != (2,):
        raise InvalidArgumentError.at(
            f"seed must have shape [2], not {tensor.shape.as_list()} "
            "[Op:StatelessRandomGetKeyCounter]",
            "Give two integers.",
        )
    v = value(tensor)
    return keys.fold_in(keys.PRNGKey(v[0]), v[1])


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Normally distributed numbers that the seed determines, with gradients as tf.random.normal's.

    >>> import functrans.tf as tf
    >>> a, b = (tf.random.stateless_normal([2], seed=[1, 2]) for _ in range(2))
    >>> bool(tf.reduce_all(a == b))
    True
    """
    kind = real_dtype(dtype)
    drawn = standard_normal(_key_of(seed), sample_shape("StatelessRandomNormalV2", shape), kind)
    return drawn * as_tensor(stddev, kind) + as_tensor(mean, kind)


def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Evenly distributed numbers that the seed determines, of a range as tf.random.uniform's.

    Integers are of all values where both ends are None.

    >>> import functrans.tf as tf
    >>> tf.random.stateless_uniform([2], seed=[1, 2], maxval=5, dtype=tf.int32).shape
    TensorShape([2])
    """
    wanted = as_dtype(dtype)
    sizes = sample_shape("StatelessRandomUniformV2", shape)
    if not wanted.is_integer:
        low = as_tensor(0 if minval is None else minval, wanted.np)
        high = as_tensor(1 if maxval is None else maxval, wanted.np)
        drawn = standard_uniform(_key_of(seed), sizes, wanted.np)
        return drawn * (high - low) + low
    if (minval is None) != (maxval is None):
        raise InvalidValueError(
            f"For integer `dtype` argument {wanted!s}, argument `minval` and `maxval` must be both "
            f"None or not None. Got `minval`={minval} and `maxval`={maxval}.",
            "Give both ends of the range, or None for both.",
        )
    if minval is None:
        return any_integers(_key_of(seed), sizes, wanted.np)
    ends = as_tensor(minval, wanted.np), as_tensor(maxval, wanted.np)
    return integers("StatelessRandomUniformIntV2", _key_of(seed), sizes, *ends)


def any_integers(key: Any, sizes: tuple[int, ...], dtype: np.dtype[Any]) -> Tensor:
    """Integers of all values of the dtype."""
    unsigned = np.dtype(f"u{dtype.itemsize}")
    return wrap(fnp.astype(keys.bits(key, sizes, unsigned), dtype), dtype)


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Normal numbers within two standard deviations, that the seed determines.

    >>> import functrans.tf as tf
    >>> tf.random.stateless_truncated_normal([2], seed=[1, 2]).shape
    TensorShape([2])
    """
    kind = real_dtype(dtype)
    sizes = sample_shape("StatelessTruncatedNormalV2", shape)
    drawn = within_two(_key_of(seed), sizes, kind)
    return drawn * as_tensor(stddev, kind) + as_tensor(mean, kind)


def stateless_parameterized_truncated_normal(
    shape: Any,
    seed: Any,
    means: Any = 0.0,
    stddevs: Any = 1.0,
    minvals: Any = -2.0,
    maxvals: Any = 2.0,
    name: str | None = None,
) -> Tensor:
    """Normal numbers between ``minvals`` and ``maxvals``, that the seed determines.

    >>> import functrans.tf as tf
    >>> x = tf.random.stateless_parameterized_truncated_normal([9], [1, 2], 1.0, 2.0, 0.0, 2.0)
    >>> bool(tf.reduce_all((x >= 0.0) & (x <= 2.0)))
    True
    """
    location = as_tensor(means)
    scale, low, high = (as_tensor(x, location._dtype) for x in (stddevs, minvals, maxvals))
    sizes = sample_shape("StatelessParameterizedTruncatedNormal", shape)
    a, b = (value((x - location) / scale) for x in (low, high))
    drawn = keys.truncated_normal(_key_of(seed), a, b, sizes, location._dtype)
    return wrap(drawn) * scale + location


def stateless_gamma(
    shape: Any,
    seed: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = float32,
    name: str | None = None,
) -> Tensor:
    """Numbers of gamma distributions that the seed determines; the shape is the whole result's.

    >>> import functrans.tf as tf
    >>> tf.random.stateless_gamma([3, 2], seed=[1, 2], alpha=[1.0, 2.0]).shape
    TensorShape([3, 2])
    """
    kind = real_dtype(dtype)
    rate = as_tensor(1.0 if beta is None else beta, kind)
    concentration = as_tensor(alpha, kind)
    sizes = _whole_shape("StatelessRandomGammaV3", shape, concentration, rate)
    return gammas(_key_of(seed), sizes, concentration, rate)


def stateless_poisson(
    shape: Any, seed: Any, lam: Any, dtype: Any = int32, name: str | None = None
) -> Tensor:
    """Numbers of Poisson distributions that the seed determines; the shape is the whole result's.

    >>> import functrans.tf as tf
    >>> tf.random.stateless_poisson([3, 2], seed=[1, 2], lam=[1.0, 2.0]).shape
    TensorShape([3, 2])
    """
    means = as_tensor(lam)
    sizes = _whole_shape("StatelessRandomPoisson", shape, means)
    return poissons(_key_of(seed), sizes, means, as_dtype(dtype).np)


def stateless_binomial(
    shape: Any,
    seed: Any,
    counts: Any,
    probs: Any,
    output_dtype: Any = int32,
    name: str | None = None,
) -> Tensor:
    """Numbers of successes in ``counts`` trials, that the seed determines.

    >>> import functrans.tf as tf
    >>> tf.random.stateless_binomial([3], seed=[1, 2], counts=10, probs=0.5).shape
    TensorShape([3])
    """
    trials, chances = as_tensor(counts), as_tensor(probs)
    sizes = _whole_shape("StatelessRandomBinomial", shape, trials, chances)
    return binomials(_key_of(seed), sizes, trials, chances, as_dtype(output_dtype).np)


def binomials(
    key: Any, sizes: tuple[int, ...], counts: Tensor, probs: Tensor, dtype: np.dtype[Any]
) -> Tensor:
    """Numbers of binomial distributions."""
    trials, chances = (ft.stop_gradient(fnp.astype(value(x), float)) for x in (counts, probs))
    return wrap(fnp.astype(keys.binomial(key, trials, chances, sizes), dtype), dtype)


def stateless_categorical(
    logits: Any,
    num_samples: Any,
    seed: Any,
    dtype: Any = int64,
    name: str | None = None,
) -> Tensor:
    """For each row of log-probabilities ``num_samples`` classes, that the seed determines.

    >>> import functrans.tf as tf
    >>> tf.random.stateless_categorical([[0.0, 0.0]], 3, seed=[1, 2]).shape
    TensorShape([1, 3])
    """
    return classes(_key_of(seed), as_tensor(logits), num_samples, dtype)


def stateless_shuffle(
    value: Any, seed: Any, alg: Any = "auto_select", name: str | None = None
) -> Tensor:
    """The rows of a tensor in an order that the seed determines.

    >>> import functrans.tf as tf
    >>> sorted(tf.random.experimental.stateless_shuffle([1, 2, 3], seed=[1, 2]).numpy().tolist())
    [1, 2, 3]
    """
    return shuffled(_key_of(seed), as_tensor(value))


def _whole_shape(op: str, shape: Any, *parameters: Tensor) -> tuple[int, ...]:
    sizes = sample_shape(op, shape)
    each = np.broadcast_shapes(*(p._v.shape for p in parameters))
    if each and sizes[-len(each) :] != each:
        raise InvalidArgumentError.at(
            f"Shape passed in must end with broadcasted shape. [Op:{op}] name: ",
            f"Let the shape end with {list(each)}.",
        )
    return sizes


# --- seeds from seeds ----------------------------------------------------------------------------


def split(seed: Any, num: int = 2, alg: Any = "auto_select") -> Tensor:
    """``num`` new seeds, the rows of a tensor, that one seed determines.

    >>> import functrans.tf as tf
    >>> tf.random.split([1, 2], 3).shape
    TensorShape([3, 2])
    """
    kind = _seed_dtype(seed)
    return wrap(fnp.astype(keys.split(_key_of(seed), int(num)), kind), kind)


def fold_in(seed: Any, data: Any, alg: Any = "auto_select") -> Tensor:
    """A new seed that a seed and an integer determine.

    >>> import functrans.tf as tf
    >>> tf.random.fold_in([1, 2], 3).shape
    TensorShape([2])
    """
    kind = _seed_dtype(seed)
    return wrap(fnp.astype(keys.fold_in(_key_of(seed), value(as_tensor(data))), kind), kind)


def _seed_dtype(seed: Any) -> np.dtype[Any]:
    return numpy_dtype(as_tensor(seed).dtype) or int32.np
