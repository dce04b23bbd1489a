"""tf.nn's activations: functions of one number, element by element, and crelu of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import nn
from functrans import numpy as fnp
from functrans.tf.arithmetic import multiply
from functrans.tf.convert import FLOAT32, as_tensor
from functrans.tf.elementwise import sigmoid
from functrans.tf.errors import InvalidArgumentError, InvalidValueError
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import bent, check_kind, operation, unary

REALS = "fiu"
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def relu(features: Any, name: str | None = None) -> Tensor:
    """max(x, 0), with derivative 0 at 0.

    >>> import functrans.tf as tf
    >>> tf.nn.relu([-1.0, 2.0]).numpy()
    array([0., 2.], dtype=float32)
    """
    return unary("Relu", _relu, features, REALS)


def _relu(v: Any) -> Any:
    return bent(v, nn.relu(v))


def relu6(features: Any, name: str | None = None) -> Tensor:
    """min(max(x, 0), 6), with derivative 0 at 0 and 6.

    >>> import functrans.tf as tf
    >>> tf.nn.relu6([-1.0, 2.0, 8.0]).numpy()
    array([0., 2., 6.], dtype=float32)
    """
    return unary("Relu6", lambda v: bent(v, nn.relu6(v)), features, REALS)


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Tensor:
    """x where it is positive, else alpha·x; integers become float32.

    >>> import functrans.tf as tf
    >>> tf.nn.leaky_relu([-1.0, 2.0]).numpy()
    array([-0.2,  2. ], dtype=float32)
    """
    x = as_tensor(features)
    if x._dtype.kind in "iu":
        x = wrap(fnp.astype(value(x), FLOAT32))
    slope = x._dtype.type(np.float32(alpha))
    return unary("LeakyRelu", lambda v: bent(v, fnp.where(v > 0, v, slope * v)), x, "f")


def elu(features: Any, name: str | None = None) -> Tensor:
    """x where it is positive, else exp(x) − 1.

    >>> import functrans.tf as tf
    >>> tf.nn.elu([-1.0, 2.0]).numpy()
    array([-0.63212055,  2.        ], dtype=float32)
    """
    return unary("Elu", lambda v: _exponential_below(v, 1.0), features, "f")


def _exponential_below(v: Any, alpha: float) -> Any:
    """α·(exp(x) − 1) where x is negative; at 0 the derivatives are those of x."""
    below = v < 0
    return fnp.where(below, alpha * fnp.expm1(fnp.where(below, v, 0)), v)


def selu(features: Any, name: str | None = None) -> Tensor:
    """λ·x where it is not negative, else λ·α·(exp(x) − 1): mean 0 and variance 1 stay so.

    >>> import functrans.tf as tf
    >>> tf.nn.selu([-1.0, 2.0]).numpy()
    array([-1.1113307,  2.101402 ], dtype=float32)
    """
    return unary("Selu", lambda v: SELU_SCALE * _exponential_below(v, SELU_ALPHA), features, "f")


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Tensor:
    """x·Φ(x), Φ being the normal distribution's function; with ``approximate`` by a tanh.

    Other than floating dtypes raise ValueError.

    >>> import functrans.tf as tf
    >>> tf.nn.gelu([-1.0, 2.0]).numpy()
    array([-0.15865526,  1.9544997 ], dtype=float32)
    """
    x = as_tensor(features)
    if x._dtype.kind != "f":
        raise InvalidValueError(
            f"`features.dtype` must be a floating point tensor. Received: features.dtype={x.dtype}",
            "Convert it with tf.cast.",
        )
    return unary("Gelu", lambda v: nn.gelu(v, approximate=approximate), x)


def silu(features: Any, beta: Any = 1.0) -> Tensor:
    """x·sigmoid(beta·x), also known as swish.

    >>> import functrans.tf as tf
    >>> tf.nn.silu([-1.0, 2.0]).numpy().round(4)
    array([-0.2689,  1.7616], dtype=float32)
    """
    x = as_tensor(features)
    check_kind("Sigmoid", x._dtype, "fc")
    return multiply(x, sigmoid(multiply(x, beta)))


swish = silu


@operation("ConcatV2")
def crelu(features: Any, axis: int = -1, name: str | None = None) -> Tensor:
    """relu(x) and relu(−x), one after the other along ``axis``.

    >>> import functrans.tf as tf
    >>> tf.nn.crelu([-1.0, 2.0]).numpy()
    array([0., 2., 1., 0.], dtype=float32)
    """
    x = as_tensor(features)
    check_kind("Relu", x._dtype, REALS)
    v = value(x)
    rank = len(v.shape)
    if not -rank <= axis < rank:
        raise InvalidArgumentError.at(
            f"ConcatOp : Expected concatenating dimensions in the range [{-rank}, {rank}), but "
            f"got {axis} [Op:ConcatV2] name: ",
            "A scalar has no axis.",
        )
    return wrap(fnp.concatenate([_relu(v), _relu(-v)], axis), x._dtype)


@operation("L2Loss")
def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Half the sum of all squares.

    >>> import functrans.tf as tf
    >>> tf.nn.l2_loss([3.0, 4.0]).numpy()
    np.float32(12.5)
    """
    x = as_tensor(t)
    check_kind("L2Loss", x._dtype, "f")
    v = value(x)
    return wrap(fnp.sum(v * v) * np.asarray(0.5, x._dtype)[()], x._dtype)
