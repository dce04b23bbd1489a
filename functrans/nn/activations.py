"""Activations: functions of one number, element by element.

Each takes an array or a number and returns a floating array of its shape; complex numbers only
where the formula makes sense for them.
"""

from __future__ import annotations

import math
from typing import Any

import functrans.numpy as fnp
from functrans.core.avals import aval_of, is_inexact
from functrans.errors import ShapeError
from functrans.lax import erfc, logistic
from functrans.numpy import tanh
from functrans.typing import Array, ArrayLike, ArrayOrScalar

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def floating(x: Any) -> Array:
    """``x`` as an array or traced value of a floating or complex dtype."""
    x = fnp.asarray(x)
    return x if is_inexact(aval_of(x).dtype) else x.astype(float)


def identity(x: ArrayLike) -> ArrayOrScalar:
    """x itself, as an array.

    >>> ft.nn.identity(np.array([1.0, 2.0]))
    array([1., 2.])
    """
    return fnp.asarray(x)


def relu(x: ArrayLike) -> ArrayOrScalar:
    """max(x, 0), with derivative 0 at 0.

    >>> ft.nn.relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    >>> float(ft.grad(ft.nn.relu)(0.0))
    0.0
    """
    x = fnp.asarray(x)
    return fnp.where(x <= 0, 0, x)


def relu6(x: ArrayLike) -> ArrayOrScalar:
    """min(max(x, 0), 6), with derivative 0 at both kinks.

    >>> ft.nn.relu6(np.array([-1.0, 3.0, 7.0]))
    array([0., 3., 6.])
    """
    x = fnp.asarray(x)
    return fnp.where(x <= 0, 0, fnp.where(x >= 6, 6, x))


def leaky_relu(x: ArrayLike, negative_slope: ArrayLike = 0.01) -> ArrayOrScalar:
    """x where it is positive or 0, else ``negative_slope``·x.

    >>> ft.nn.leaky_relu(np.array([-1.0, 2.0]))
    array([-0.01,  2.  ])
    """
    x = floating(x)
    return fnp.where(x >= 0, x, negative_slope * x)


def elu(x: ArrayLike, alpha: ArrayLike = 1.0) -> ArrayOrScalar:
    """x where it is positive, else ``alpha``·(exp x − 1).

    Clevert, Unterthiner and Hochreiter, arXiv:1511.07289.

    >>> ft.nn.elu(np.array([-1.0, 2.0]))
    array([-0.63212056,  2.        ])
    """
    x = floating(x)
    return fnp.where(x > 0, x, alpha * fnp.expm1(fnp.where(x > 0, 0.0, x)))


def celu(x: ArrayLike, alpha: ArrayLike = 1.0) -> ArrayOrScalar:
    """x where it is positive, else ``alpha``·(exp(x/``alpha``) − 1).

    Barron, arXiv:1704.07483.

    >>> ft.nn.celu(np.array([-1.0, 2.0]), 2.0)
    array([-0.78693868,  2.        ])
    """
    x = floating(x)
    return fnp.where(x > 0, x, alpha * fnp.expm1(fnp.where(x > 0, 0.0, x) / alpha))


def selu(x: ArrayLike) -> ArrayOrScalar:
    """λ·elu(x, α), with the constants for which mean 0 and variance 1 stay so.

    Klambauer, Unterthiner, Mayr and Hochreiter, arXiv:1706.02515.

    >>> ft.nn.selu(np.array([-1.0, 1.0]))
    array([-1.11133074,  1.05070099])
    """
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def sigmoid(x: ArrayLike) -> ArrayOrScalar:
    """1/(1 + exp(−x)).

    >>> ft.nn.sigmoid(0.0)
    np.float64(0.5)
    """
    return logistic(floating(x))


def log_sigmoid(x: ArrayLike) -> ArrayOrScalar:
    """log(sigmoid x), without overflow.

    >>> ft.nn.log_sigmoid(np.array([-1000.0, 0.0]))
    array([-1.00000000e+03, -6.93147181e-01])
    """
    return -softplus(-floating(x))


def softplus(x: ArrayLike) -> ArrayOrScalar:
    """log(1 + exp x), without overflow.

    >>> ft.nn.softplus(np.array([0.0, 1000.0]))
    array([6.93147181e-01, 1.00000000e+03])
    """
    return fnp.logaddexp(floating(x), 0.0)


def squareplus(x: ArrayLike, b: ArrayLike = 4) -> ArrayOrScalar:
    """(x + √(x² + b))/2, an algebraic softplus.

    Barron, arXiv:2112.11687.

    >>> ft.nn.squareplus(0.0)
    np.float64(1.0)
    """
    x = floating(x)
    return (x + fnp.sqrt(x * x + b)) / 2


def sparse_plus(x: ArrayLike) -> ArrayOrScalar:
    """0 up to −1, x from 1 on, (x + 1)²/4 between: a softplus with zeros.

    >>> ft.nn.sparse_plus(np.array([-2.0, 0.0, 2.0]))
    array([0.  , 0.25, 2.  ])
    """
    x = floating(x)
    return fnp.where(x <= -1, 0.0, fnp.where(x >= 1, x, (x + 1) ** 2 / 4))


def sparse_sigmoid(x: ArrayLike) -> ArrayOrScalar:
    """(x + 1)/2 between −1 and 1, and 0 and 1 outside: the derivative of ``sparse_plus``.

    >>> ft.nn.sparse_sigmoid(np.array([-2.0, 0.0, 2.0]))
    array([0. , 0.5, 1. ])
    """
    return 0.5 * fnp.clip(floating(x) + 1.0, 0.0, 2.0)


def soft_sign(x: ArrayLike) -> ArrayOrScalar:
    """x/(|x| + 1).

    >>> ft.nn.soft_sign(np.array([-1.0, 3.0]))
    array([-0.5 ,  0.75])
    """
    x = floating(x)
    return x / (fnp.abs(x) + 1)


def silu(x: ArrayLike) -> ArrayOrScalar:
    """x·sigmoid(x), also known as swish.

    Elfwing, Uchibe and Doya, arXiv:1702.03118.

    >>> ft.nn.silu(np.array([0.0, 1.0]))
    array([0.        , 0.73105858])
    """
    x = floating(x)
    return x * sigmoid(x)


swish = silu


def mish(x: ArrayLike) -> ArrayOrScalar:
    """x·tanh(softplus x).

    Misra, arXiv:1908.08681.

    >>> ft.nn.mish(np.array([0.0, 1.0]))
    array([0.        , 0.86509839])
    """
    x = floating(x)
    return x * fnp.tanh(softplus(x))


def gelu(x: ArrayLike, approximate: bool = True) -> ArrayOrScalar:
    """x·Φ(x) with the distribution function Φ of the normal distribution.

    With ``approximate`` by a tanh, as most models have been trained.
    Hendrycks and Gimpel, arXiv:1606.08415.

    >>> ft.nn.gelu(1.0), ft.nn.gelu(1.0, approximate=False)
    (np.float64(0.8411919906082768), np.float64(0.8413447460685429))
    """
    x = floating(x)
    if approximate:
        inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)
        return x * (0.5 * (1.0 + fnp.tanh(inner)))
    return 0.5 * x * erfc(-x * math.sqrt(0.5))


def glu(x: ArrayLike, axis: int = -1) -> ArrayOrScalar:
    """The first half along ``axis``, times the sigmoid of the second half.

    Dauphin, Fan, Auli and Grangier, arXiv:1612.08083. Raises ShapeError for an odd axis.

    >>> ft.nn.glu(np.array([1.0, 2.0, 0.0, 0.0]))
    array([0.5, 1. ])
    """
    x = floating(x)
    if not x.ndim or x.shape[axis] % 2:
        raise ShapeError(
            f"glu cannot halve axis {axis} of an array of shape {x.shape}.",
            "Give an axis of even length.",
        )
    first, second = fnp.split(x, 2, axis)
    return first * sigmoid(second)


def hard_tanh(x: ArrayLike) -> ArrayOrScalar:
    """x between −1 and 1, and these numbers outside.

    >>> ft.nn.hard_tanh(np.array([-2.0, 0.5, 2.0]))
    array([-1. ,  0.5,  1. ])
    """
    x = fnp.asarray(x)
    return fnp.where(x > 1, 1, fnp.where(x < -1, -1, x))


def hard_sigmoid(x: ArrayLike) -> ArrayOrScalar:
    """relu6(x + 3)/6.

    >>> ft.nn.hard_sigmoid(np.array([-4.0, 0.0, 4.0]))
    array([0. , 0.5, 1. ])
    """
    return relu6(floating(x) + 3.0) / 6.0


def hard_silu(x: ArrayLike) -> ArrayOrScalar:
    """x·hard_sigmoid(x), also known as hard swish.

    >>> ft.nn.hard_silu(np.array([-4.0, 0.0, 4.0]))
    array([-0.,  0.,  4.])
    """
    x = floating(x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "identity",
    "leaky_relu",
    "log_sigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_sign",
    "softplus",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "swish",
    "tanh",
]
