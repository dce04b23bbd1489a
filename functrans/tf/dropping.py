"""Dropout: elements put to zero at random, the others scaled up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.convert import as_tensor
from functrans.tf.drawing import uniform
from functrans.tf.errors import InvalidArgumentError, InvalidValueError
from functrans.tf.stateless import stateless_uniform
from functrans.tf.tensor import Tensor, TensorLike, value, wrap
from functrans.tf.words import operation


def dropout(
    x: Any, rate: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Each element 0 with the probability ``rate``, else x/(1 − rate).

    Sizes of 1 in ``noise_shape`` are axes along which all or none are dropped. The numbers are
    those of tf.random.uniform. A rate of 0 gives the tensor itself; rates outside [0, 1) and other
    than floating dtypes raise ValueError.

    >>> import functrans.tf as tf
    >>> sorted(set(tf.nn.dropout(tf.ones(100), 0.5, seed=1).numpy().tolist()))
    [0.0, 2.0]
    """
    return general_dropout(x, rate, partial(uniform, seed=seed), noise_shape)


def stateless_dropout(
    x: Any,
    rate: Any,
    seed: Any,
    rng_alg: Any = "auto_select",
    noise_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """As ``dropout``, by the numbers of tf.random.stateless_uniform for two integers.

    >>> import functrans.tf as tf
    >>> sorted(set(tf.nn.experimental.stateless_dropout(tf.ones(99), 0.5, [1, 2]).numpy().tolist()))
    [0.0, 2.0]
    """
    return general_dropout(x, rate, partial(stateless_uniform, seed=seed), noise_shape)


@operation("SelectV2")
def general_dropout(
    x: Any,
    rate: Any,
    uniform_sampler: Callable[..., Any],
    noise_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """As ``dropout``, by the numbers of ``uniform_sampler(shape=…, dtype=…)`` in [0, 1).

    >>> import functrans.tf as tf
    >>> half = lambda shape, dtype: tf.fill(shape, 0.5)
    >>> tf.nn.experimental.general_dropout([1.0, 2.0], 0.5, half).numpy()
    array([2., 4.], dtype=float32)
    """
    tensor = as_tensor(x)
    if tensor._dtype.kind != "f":
        raise InvalidValueError(
            "`x.dtype` must be a floating point tensor as `x` will be scaled. Received: x_dtype="
            f"{tensor.dtype}",
            "Convert it with tf.cast.",
        )
    if not isinstance(rate, Tensor | TensorLike):
        if not 0 <= rate < 1:
            raise InvalidValueError(
                "`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate="
                f"{rate}",
                "It is the share of elements that are dropped.",
            )
        if rate == 0:
            return tensor
    v, share = value(tensor), value(as_tensor(rate, tensor._dtype))
    shape = _noise_shape(v.shape, noise_shape)
    drawn = value(as_tensor(uniform_sampler(shape=shape, dtype=tensor.dtype)))
    scale = fnp.divide(tensor._dtype.type(1), fnp.subtract(tensor._dtype.type(1), share))
    kept = fnp.broadcast_to(drawn >= share, v.shape)
    return wrap(fnp.where(kept, v * scale, np.zeros((), tensor._dtype)), tensor._dtype)


def _noise_shape(shape: tuple[int, ...], given: Any) -> tuple[int, ...]:
    """The shape given, None in it standing for the tensor's size."""
    if given is None:
        return shape
    sizes = given if isinstance(given, list | tuple) else as_tensor(given).numpy().tolist()
    found = tuple(n if s is None else int(s) for s, n in zip(sizes, shape, strict=False))
    try:
        fits = len(sizes) <= len(shape) and np.broadcast_shapes(found, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise InvalidArgumentError.at(
            f"condition {list(sizes)}, then {list(shape)}, and else [] must be broadcastable "
            "[Op:SelectV2] name: ",
            "Sizes of the noise are those of the tensor, or 1.",
        )
    return found
