"""Initializers: functions from a key, a shape and a dtype to the first weights of a layer.

>>> import functrans as ft
>>> make = ft.nn.initializers.glorot_uniform()
>>> make(ft.random.key(0), (3, 2)).shape
(3, 2)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

import functrans.numpy as fnp
from functrans import random
from functrans.errors import ShapeError
from functrans.numpy.promote import one_of
from functrans.random.keys import KeyLike
from functrans.typing import Array, ArrayLike, DTypeLike

Axes = int | Sequence[int]

_TRUNCATED_DEVIATION = 0.87962566103423978
"""The standard deviation of a standard normal number that lies between −2 and 2."""


class Initializer(Protocol):
    """What makes weights: called with a key, a shape and, if need be, a dtype.

    >>> isinstance(ft.nn.initializers.zeros, object)
    True
    """

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = ..., /) -> Any: ...


def zeros(key: KeyLike, shape: Sequence[int], dtype: DTypeLike = float) -> Array:
    """Zeros; the key is not used.

    >>> ft.nn.initializers.zeros(ft.random.key(0), (2,))
    array([0., 0.])
    """
    return np.zeros(shape, dtype)


def ones(key: KeyLike, shape: Sequence[int], dtype: DTypeLike = float) -> Array:
    """Ones; the key is not used.

    >>> ft.nn.initializers.ones(ft.random.key(0), (2,))
    array([1., 1.])
    """
    return np.ones(shape, dtype)


def constant(value: ArrayLike, dtype: DTypeLike = float) -> Initializer:
    """An initializer of one value everywhere, or of an array that broadcasts to the shape.

    >>> ft.nn.initializers.constant(3.0)(ft.random.key(0), (2,))
    array([3., 3.])
    """

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
        return fnp.broadcast_to(fnp.asarray(value).astype(dtype), tuple(shape)).copy()

    return init


def uniform(scale: ArrayLike = 1e-2, dtype: DTypeLike = float) -> Initializer:
    """An initializer of numbers between 0 and ``scale``.

    >>> ft.nn.initializers.uniform(10.0)(ft.random.key(0), (2,)).max() < 10.0
    np.True_
    """

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
        return random.uniform(key, tuple(shape), dtype) * np.dtype(dtype).type(scale)

    return init


def normal(stddev: ArrayLike = 1e-2, dtype: DTypeLike = float) -> Initializer:
    """An initializer of normal numbers with mean 0.

    >>> ft.nn.initializers.normal(1.0)(ft.random.key(0), (2, 3)).shape
    (2, 3)
    """

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
        return random.normal(key, tuple(shape), dtype) * np.dtype(dtype).type(stddev)

    return init


def truncated_normal(
    stddev: ArrayLike = 1e-2,
    dtype: DTypeLike = float,
    lower: ArrayLike = -2.0,
    upper: ArrayLike = 2.0,
) -> Initializer:
    """An initializer of normal numbers between ``lower`` and ``upper`` deviations.

    ``stddev`` is that of the normal numbers before those outside are left out.

    >>> abs(ft.nn.initializers.truncated_normal(1.0)(ft.random.key(0), (99,))).max() <= 2.0
    np.True_
    """

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
        drawn = random.truncated_normal(key, lower, upper, tuple(shape), dtype)
        return drawn * np.dtype(dtype).type(stddev)

    return init


def _axes(axes: Axes, rank: int) -> list[int]:
    return [a % rank for a in ([axes] if isinstance(axes, int) else axes)]


def _fans(
    shape: Sequence[int], in_axis: Axes, out_axis: Axes, batch_axis: Axes
) -> tuple[float, float]:
    """How many inputs each output has, and how many outputs each input."""
    if len(shape) <= 1:
        raise ShapeError(
            f"The weights of shape {tuple(shape)} have no inputs and outputs.",
            "Initializers that scale by them need two axes at least.",
        )
    ins, outs, batches = (
        math.prod(shape[a] for a in _axes(axes, len(shape)))
        for axes in (in_axis, out_axis, batch_axis)
    )
    field = math.prod(shape) / ins / outs / batches
    return ins * field, outs * field


def variance_scaling(
    scale: float,
    mode: str,
    distribution: str,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: DTypeLike = float,
) -> Initializer:
    """An initializer with variance ``scale``/n.

    Parameters
    ----------
    mode: what n is: the number of inputs ``fan_in``, of outputs ``fan_out``, or the mean of both,
        ``fan_avg`` or ``fan_geo_avg``.
    distribution: ``truncated_normal``, ``normal`` or ``uniform``.
    in_axis, out_axis, batch_axis: the axes of inputs, outputs, and of independent layers; the
        others count for both.

    Raises
    ------
    OptionError: another mode or distribution. ShapeError: weights of rank below 2.

    >>> make = ft.nn.initializers.variance_scaling(2.0, "fan_in", "uniform")
    >>> abs(make(ft.random.key(0), (6, 9))).max() <= 1.0
    np.True_
    """
    fans: dict[str, Callable[[float, float], float]] = {
        "fan_in": lambda ins, outs: ins,
        "fan_out": lambda ins, outs: outs,
        "fan_avg": lambda ins, outs: (ins + outs) / 2,
        "fan_geo_avg": lambda ins, outs: math.sqrt(ins * outs),
    }
    one_of("mode", mode, *fans)
    one_of("distribution", distribution, "truncated_normal", "normal", "uniform")

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
        number = np.dtype(dtype).type
        variance = number(scale / fans[mode](*_fans(shape, in_axis, out_axis, batch_axis)))
        shape = tuple(shape)
        if distribution == "uniform":
            return random.uniform(key, shape, dtype, -1.0, 1.0) * np.sqrt(number(3) * variance)
        if distribution == "normal":
            return random.normal(key, shape, dtype) * np.sqrt(variance)
        drawn = random.truncated_normal(key, -2.0, 2.0, shape, dtype)
        return drawn * (np.sqrt(variance) / number(_TRUNCATED_DEVIATION))

    return init


def glorot_uniform(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: DTypeLike = float
) -> Initializer:
    """Uniform, variance 1 over the mean of inputs and outputs (Glorot and Bengio, 2010).

    >>> ft.nn.initializers.glorot_uniform()(ft.random.key(0), (2, 3)).shape
    (2, 3)
    """
    return variance_scaling(1.0, "fan_avg", "uniform", in_axis, out_axis, batch_axis, dtype)


def glorot_normal(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: DTypeLike = float
) -> Initializer:
    """Truncated normal, variance 1 over the mean of inputs and outputs (Glorot and Bengio, 2010).

    >>> ft.nn.initializers.glorot_normal()(ft.random.key(0), (2, 3)).shape
    (2, 3)
    """
    return variance_scaling(
        1.0, "fan_avg", "truncated_normal", in_axis, out_axis, batch_axis, dtype
    )


def lecun_uniform(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: DTypeLike = float
) -> Initializer:
    """Uniform, variance 1 over the number of inputs (LeCun et al., *Efficient BackProp*, 1998).

    >>> ft.nn.initializers.lecun_uniform()(ft.random.key(0), (2, 3)).shape
    (2, 3)
    """
    return variance_scaling(1.0, "fan_in", "uniform", in_axis, out_axis, batch_axis, dtype)


def lecun_normal(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: DTypeLike = float
) -> Initializer:
    """Truncated normal, variance 1 over the number of inputs (LeCun et al., 1998).

    >>> ft.nn.initializers.lecun_normal()(ft.random.key(0), (2, 3)).shape
    (2, 3)
    """
    return variance_scaling(1.0, "fan_in", "truncated_normal", in_axis, out_axis, batch_axis, dtype)


def he_uniform(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: DTypeLike = float
) -> Initializer:
    """Uniform, variance 2 over the number of inputs (He, Zhang, Ren and Sun, arXiv:1502.01852).

    >>> ft.nn.initializers.he_uniform()(ft.random.key(0), (2, 3)).shape
    (2, 3)
    """
    return variance_scaling(2.0, "fan_in", "uniform", in_axis, out_axis, batch_axis, dtype)


def he_normal(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: DTypeLike = float
) -> Initializer:
    """Truncated normal, variance 2 over the number of inputs (He et al., arXiv:1502.01852).

    >>> ft.nn.initializers.he_normal()(ft.random.key(0), (2, 3)).shape
    (2, 3)
    """
    return variance_scaling(2.0, "fan_in", "truncated_normal", in_axis, out_axis, batch_axis, dtype)


xavier_uniform, xavier_normal = glorot_uniform, glorot_normal
kaiming_uniform, kaiming_normal = he_uniform, he_normal


def orthogonal(
    scale: ArrayLike = 1.0, column_axis: int = -1, dtype: DTypeLike = float
) -> Initializer:
    """An initializer of matrices with orthonormal rows or columns, of uniform distribution.

    Axes other than ``column_axis`` are the rows together. Mezzadri, *Notices of the AMS* 54, 2007.

    >>> w = ft.nn.initializers.orthogonal()(ft.random.key(0), (3, 2))
    >>> np.allclose(w.T @ w, np.eye(2))
    True
    """

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
        if len(shape) < 2:
            raise ShapeError(f"An orthogonal matrix has two axes, not the shape {tuple(shape)}.")
        columns = shape[column_axis]
        rows = math.prod(shape) // columns
        drawn = random.normal(key, (max(rows, columns), min(rows, columns)), dtype)
        q, r = fnp.linalg.qr(drawn)
        q = q * fnp.sign(fnp.diagonal(r))
        if rows < columns:
            q = q.T
        others = tuple(np.delete(np.asarray(shape), column_axis))
        q = fnp.moveaxis(q.reshape((*others, columns)), -1, column_axis)
        return q * np.dtype(dtype).type(scale)

    return init


def delta_orthogonal(
    scale: ArrayLike = 1.0, column_axis: int = -1, dtype: DTypeLike = float
) -> Initializer:
    """An initializer of convolutions that are an orthogonal matrix at their centre, else 0.

    The last two axes are inputs and outputs (Xiao et al., arXiv:1806.05393). Raises ShapeError for
    shapes of other ranks than 3, 4 and 5, or with more inputs than outputs.

    >>> ft.nn.initializers.delta_orthogonal()(ft.random.key(0), (3, 2, 2))[0]
    array([[0., 0.],
           [0., 0.]])
    """

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
        if len(shape) not in (3, 4, 5) or shape[-1] < shape[-2]:
            raise ShapeError(
                f"No delta-orthogonal convolution has the shape {tuple(shape)}.",
                "Give 1 to 3 axes of the window, then inputs, then at least as many outputs.",
            )
        matrix = orthogonal(scale, column_axis, dtype)(key, shape[-2:], dtype)
        centre = tuple((n - 1) // 2 for n in shape[:-2])
        weights = np.zeros(tuple(shape), dtype)
        return fnp.at(weights)[centre].set(matrix)

    return init


__all__ = [
    "Initializer",
    "constant",
    "delta_orthogonal",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "lecun_normal",
    "lecun_uniform",
    "normal",
    "ones",
    "orthogonal",
    "truncated_normal",
    "uniform",
    "variance_scaling",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
