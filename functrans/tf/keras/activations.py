"""tf.keras.activations: elementwise functions between the layers of a network."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from functrans.tf import activations as nn
from functrans.tf import cross_entropies
from functrans.tf import elementwise as of
from functrans.tf.arithmetic import maximum, minimum
from functrans.tf.clipping import clip_by_value
from functrans.tf.convert import as_tensor, cast
from functrans.tf.errors import InvalidValueError
from functrans.tf.gathering import where
from functrans.tf.rooms import names, public
from functrans.tf.tensor import Tensor


def _zero(x: Tensor) -> Tensor:
    zero: Tensor = cast(0, x._dtype)
    return zero


def linear(x: Any) -> Any:
    """``x`` itself.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.linear(2.0)
    2.0
    """
    return x


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """x from the threshold up to ``max_value``, below it ``negative_slope·(x − threshold)``.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.relu([-1.0, 2.0, 9.0], max_value=5.0).numpy()
    array([0., 2., 5.], dtype=float32)
    """
    x = as_tensor(x)
    if threshold:
        above = where(x > threshold, x, _zero(x))
    else:
        above = nn.relu(x)
    if max_value is not None:
        above = minimum(above, max_value)
    return above if not negative_slope else above - negative_slope * nn.relu(threshold - x)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """x where it is positive, else ``negative_slope·x``.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.leaky_relu([-1.0, 2.0]).numpy()
    array([-0.2,  2. ], dtype=float32)
    """
    return nn.leaky_relu(x, negative_slope)


def relu6(x: Any) -> Tensor:
    """x between 0 and 6, else the nearer of them.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.relu6([-1.0, 9.0]).numpy()
    array([0., 6.], dtype=float32)
    """
    return nn.relu6(x)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where it is positive, else ``alpha·(exp(x) − 1)``.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.elu([-1.0, 2.0], alpha=0.5).numpy()
    array([-0.31606027,  2.        ], dtype=float32)
    """
    x = as_tensor(x)
    found = nn.elu(x)
    return found if alpha == 1.0 else where(x > 0, found, alpha * found)


def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where it is positive, else ``alpha·(exp(x/alpha) − 1)``.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.celu([-1.0, 2.0]).numpy()
    array([-0.63212055,  2.        ], dtype=float32)
    """
    x = as_tensor(x)
    return maximum(x, 0.0) + alpha * of.expm1(minimum(x, 0.0) / alpha)


def selu(x: Any) -> Tensor:
    """λ·x where it is positive, else λ·α·(exp(x) − 1).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.selu([2.0]).numpy()
    array([2.101402], dtype=float32)
    """
    return nn.selu(x)


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """x·Φ(x), Φ being the normal distribution's function; with ``approximate`` by a tanh.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.gelu([2.0]).numpy()
    array([1.9544997], dtype=float32)
    """
    return nn.gelu(x, approximate)


def silu(x: Any) -> Tensor:
    """x·sigmoid(x).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.silu([0.0]).numpy()
    array([0.], dtype=float32)
    """
    return nn.silu(x)


def mish(x: Any) -> Tensor:
    """x·tanh(log(1 + exp(x))).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.mish([0.0]).numpy()
    array([0.], dtype=float32)
    """
    x = as_tensor(x)
    return as_tensor(x * of.tanh(of.softplus(x)))


def sigmoid(x: Any) -> Tensor:
    """1/(1 + exp(−x)).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.sigmoid([0.0]).numpy()
    array([0.5], dtype=float32)
    """
    return of.sigmoid(x)


def log_sigmoid(x: Any) -> Tensor:
    """log(sigmoid(x)).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.log_sigmoid([0.0]).numpy()
    array([-0.6931472], dtype=float32)
    """
    return of.log_sigmoid(x)


def hard_sigmoid(x: Any) -> Tensor:
    """relu6(x + 3)/6, a sigmoid of straight lines.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.hard_sigmoid([-4.0, 0.0, 4.0]).numpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return nn.relu6(as_tensor(x) + 3.0) / 6.0


def hard_silu(x: Any) -> Tensor:
    """x·hard_sigmoid(x).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.hard_silu([3.0]).numpy()
    array([3.], dtype=float32)
    """
    x = as_tensor(x)
    return as_tensor(x * hard_sigmoid(x))


def tanh(x: Any) -> Tensor:
    """Hyperbolic tangent.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.tanh([0.0]).numpy()
    array([0.], dtype=float32)
    """
    return of.tanh(x)


def hard_tanh(x: Any) -> Tensor:
    """x between −1 and 1, else the nearer of them.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.hard_tanh([-4.0, 0.5]).numpy()
    array([-1. ,  0.5], dtype=float32)
    """
    return as_tensor(clip_by_value(x, -1.0, 1.0))


def tanh_shrink(x: Any) -> Tensor:
    """x − tanh(x).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.tanh_shrink([0.0]).numpy()
    array([0.], dtype=float32)
    """
    x = as_tensor(x)
    return as_tensor(x - of.tanh(x))


def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x beyond the threshold on either side, else 0.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.hard_shrink([0.25, 2.0]).numpy()
    array([0., 2.], dtype=float32)
    """
    x = as_tensor(x)
    return where(of.abs(x) > threshold, x, _zero(x))


def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x nearer to 0 by the threshold, and 0 within it.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.soft_shrink([0.25, 2.0]).numpy()
    array([0. , 1.5], dtype=float32)
    """
    x = as_tensor(x)
    return where(x > threshold, x - threshold, where(x < -threshold, x + threshold, _zero(x)))


def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """x above the threshold, else ``default_value``.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.threshold([0.25, 2.0], 1.0, 9.0).numpy()
    array([9., 2.], dtype=float32)
    """
    x = as_tensor(x)
    return where(x > threshold, x, cast(default_value, x._dtype))


def softplus(x: Any) -> Tensor:
    """log(1 + exp(x)).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.softplus([0.0]).numpy()
    array([0.6931472], dtype=float32)
    """
    return of.softplus(x)


def squareplus(x: Any, b: float = 4) -> Tensor:
    """(x + √(x² + b))/2, a softplus without exponentials.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.squareplus([0.0]).numpy()
    array([1.], dtype=float32)
    """
    x = as_tensor(x)
    return as_tensor((x + of.sqrt(of.square(x) + builtins.float(b))) / 2.0)


def sparse_plus(x: Any) -> Tensor:
    """x above 1, 0 below −1, (x + 1)²/4 between.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.sparse_plus([-2.0, 0.0, 2.0]).numpy()
    array([0.  , 0.25, 2.  ], dtype=float32)
    """
    x = as_tensor(x)
    return where(x <= -1.0, _zero(x), where(x < 1.0, 0.25 * (x + 1.0) ** 2.0, x))


def sparse_sigmoid(x: Any) -> Tensor:
    """0 below −1, 1 above 1, (x + 1)/2 between.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.sparse_sigmoid([-2.0, 0.0, 2.0]).numpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    x = as_tensor(x)
    return where(x <= -1.0, _zero(x), where(x >= 1.0, cast(1, x._dtype), 0.5 * (x + 1.0)))


def softsign(x: Any) -> Tensor:
    """x/(1 + |x|).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.softsign([1.0]).numpy()
    array([0.5], dtype=float32)
    """
    return of.softsign(x)


def exponential(x: Any) -> Tensor:
    """exp(x).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.exponential([0.0]).numpy()
    array([1.], dtype=float32)
    """
    return of.exp(x)


def softmax(x: Any, axis: int = -1) -> Tensor:
    """exp(x) divided by the sum of exp(x) along an axis.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.softmax([0.0, 0.0]).numpy()
    array([0.5, 0.5], dtype=float32)
    """
    return cross_entropies.softmax(x, axis)


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """log(softmax(x)).

    >>> import functrans.tf as tf
    >>> tf.keras.activations.log_softmax([0.0, 0.0]).numpy()
    array([-0.6931472, -0.6931472], dtype=float32)
    """
    return cross_entropies.log_softmax(x, axis)


_BY_NAME: dict[str, Callable[..., Any]] = {
    name: function
    for name, function in globals().items()
    if getattr(function, "__module__", "") == __name__ and name[0] != "_" and name != "threshold"
} | {"swish": silu, "hard_swish": hard_silu}


def get(identifier: Any) -> Callable[..., Any]:
    """The activation of a name, ``linear`` for None, or the function given.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.get("relu") is tf.keras.activations.relu
    True
    """
    if identifier is None:
        return linear
    if callable(identifier):
        function: Callable[..., Any] = identifier
        return function
    if identifier not in _BY_NAME:
        raise InvalidValueError(
            f"Could not interpret activation function identifier: {identifier}",
            f"The names are {', '.join(_BY_NAME)}.",
        )
    return _BY_NAME[identifier]


def serialize(activation: Callable[..., Any]) -> str:
    """The name of an activation.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.serialize(tf.keras.activations.relu)
    'relu'
    """
    return activation.__name__


def deserialize(
    config: str, custom_objects: dict[str, Callable[..., Any]] | None = None
) -> Callable[..., Any]:
    """The activation of a name.

    >>> import functrans.tf as tf
    >>> tf.keras.activations.deserialize("relu") is tf.keras.activations.relu
    True
    """
    return (custom_objects or {}).get(config) or get(config)


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
