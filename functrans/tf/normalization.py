"""Moments, normalisation over batches and neighbouring channels, biases, averaged losses."""

from __future__ import annotations

from typing import Any

import numpy as np

import functrans as ft
from functrans import numpy as fnp
from functrans.tf.arithmetic import add, divide, divide_no_nan, multiply, subtract
from functrans.tf.convert import FLOAT32, as_tensor, cast, matched
from functrans.tf.elementwise import reciprocal, rsqrt, square
from functrans.tf.errors import InvalidArgumentError, InvalidValueError
from functrans.tf.reductions import reduce_mean, reduce_sum
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind, operation

FLOAT16 = np.dtype(np.float16)

# --- moments -------------------------------------------------------------------------------------


def _axes(axes: Any) -> Any:
    return tuple(axes) if isinstance(axes, list | tuple) else axes


def _stopped(x: Tensor) -> Tensor:
    return wrap(ft.stop_gradient(value(x)), x._dtype)


def moments(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Mean and variance over axes; float16 is computed in float32. ``shift`` is not used.

    >>> import functrans.tf as tf
    >>> [m.numpy() for m in tf.nn.moments([[1.0, 2.0], [3.0, 4.0]], [0])]
    [array([2., 3.], dtype=float32), array([1., 1.], dtype=float32)]
    """
    tensor = as_tensor(x)
    if tensor._dtype == FLOAT16:
        found = moments(cast(tensor, FLOAT32), axes, keepdims=keepdims)
        return cast(found[0], FLOAT16), cast(found[1], FLOAT16)
    over = _axes(axes)
    mean = reduce_mean(tensor, over, True)
    distances = subtract(tensor, _stopped(mean))
    variance = reduce_mean(square(distances), over, keepdims)
    if not keepdims:
        mean = reduce_mean(tensor, over)
    return mean, variance


def weighted_moments(
    x: Any,
    axes: Any,
    frequency_weights: Any,
    keepdims: bool = False,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Mean and variance over axes of elements that count as often as the weights say.

    >>> import functrans.tf as tf
    >>> mean, variance = tf.nn.weighted_moments([1.0, 3.0], 0, [1.0, 3.0])
    >>> mean.numpy(), variance.numpy()
    (np.float32(2.5), np.float32(0.75))
    """
    tensor, weights = as_tensor(x), as_tensor(frequency_weights)
    if tensor._dtype == FLOAT16:
        wide = cast(tensor, FLOAT32), cast(weights, FLOAT32)
        found = weighted_moments(wide[0], axes, wide[1], keepdims)
        return cast(found[0], FLOAT16), cast(found[1], FLOAT16)
    weights = cast(weights, tensor._dtype)
    over = _axes(axes)
    share = add(weights, wrap(np.zeros(tensor._v.shape, tensor._dtype)))
    total = reduce_sum(share, over, True)
    mean = divide_no_nan(reduce_sum(multiply(weights, tensor), over, True), total)
    squares = square(subtract(tensor, mean))
    variance = divide_no_nan(reduce_sum(multiply(weights, squares), over, True), total)
    if keepdims:
        return mean, variance
    # A sum over axes of length 1 takes them away.
    return reduce_sum(mean, over), reduce_sum(variance, over)


def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """How many elements there are over axes, their sum, their sum of squares, and the shift.

    >>> import functrans.tf as tf
    >>> [s.numpy() for s in tf.nn.sufficient_statistics([1.0, 3.0], [0])[:3]]
    [np.float32(2.0), np.float32(4.0), np.float32(10.0)]
    """
    tensor = as_tensor(x)
    over = _axes(axes)
    places = np.atleast_1d(over).astype(int)
    count = wrap(tensor._dtype.type(np.prod([tensor._v.shape[a] for a in places])))
    moved = None if shift is None else matched("Sub", tensor, shift)[1]
    seen = tensor if moved is None else subtract(tensor, moved)
    return count, reduce_sum(seen, over, keepdims), reduce_sum(square(seen), over, keepdims), moved


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Mean and variance from what ``sufficient_statistics`` gives.

    >>> import functrans.tf as tf
    >>> statistics = tf.nn.sufficient_statistics([1.0, 3.0], [0])
    >>> [m.numpy() for m in tf.nn.normalize_moments(*statistics)]
    [np.float32(2.0), np.float32(1.0)]
    """
    share = reciprocal(counts)
    shifted = multiply(mean_ss, share)
    mean = shifted if shift is None else add(shifted, shift)
    return mean, subtract(multiply(variance_ss, share), square(shifted))


# --- normalisation -------------------------------------------------------------------------------


@operation("BatchNorm")
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: Any,
    name: str | None = None,
) -> Tensor:
    """scale·(x − mean)/√(variance + variance_epsilon) + offset; the last two may be None.

    >>> import functrans.tf as tf
    >>> tf.nn.batch_normalization([1.0, 3.0], 2.0, 1.0, None, None, 0.0).numpy()
    array([-1.,  1.], dtype=float32)
    """
    tensor = as_tensor(x)
    factor = rsqrt(add(variance, variance_epsilon))
    if scale is not None:
        factor = multiply(factor, scale)
    moved = multiply(mean, factor)
    rest = multiply(moved, -1.0) if offset is None else subtract(offset, moved)
    return add(multiply(tensor, cast(factor, tensor._dtype)), cast(rest, tensor._dtype))


def batch_norm_with_global_normalization(
    input: Any,
    mean: Any,
    variance: Any,
    beta: Any,
    gamma: Any,
    variance_epsilon: Any,
    scale_after_normalization: bool,
    name: str | None = None,
) -> Tensor:
    """batch_normalization with the offset ``beta``, scaled by ``gamma`` if so wished.

    >>> import functrans.tf as tf
    >>> x, one = tf.ones((1, 1, 1, 1)), tf.ones(1)
    >>> tf.nn.batch_norm_with_global_normalization(x, one, one, one, one, 0.0, True).numpy()
    array([[[[1.]]]], dtype=float32)
    """
    scale = gamma if scale_after_normalization else None
    return batch_normalization(input, mean, variance, beta, scale, variance_epsilon)


@operation("LRN")
def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1,
    alpha: float = 1,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """x/(bias + alpha·s)^beta, s being the sum of squares of channels within ``depth_radius``.

    >>> import functrans.tf as tf
    >>> tf.nn.local_response_normalization(tf.ones((1, 1, 1, 3)), 1).numpy().ravel()
    array([0.57735026, 0.5       , 0.57735026], dtype=float32)
    """
    tensor = as_tensor(input)
    check_kind("LRN", tensor._dtype, "f")
    v = value(tensor)
    if len(v.shape) != 4:
        raise InvalidArgumentError.at(
            "in must be 4-dimensional [Op:LRN] name: ",
            "The axes are (batch, height, width, channels).",
        )
    places = np.arange(v.shape[-1])
    near = np.abs(places[:, None] - places) <= depth_radius
    sums = fnp.matmul(v * v, near.astype(tensor._dtype))
    return wrap(v * (bias + alpha * sums) ** (-beta), tensor._dtype)


lrn = local_response_normalization

# --- biases and losses ---------------------------------------------------------------------------


@operation("BiasAdd")
def bias_add(
    value: Any, bias: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """A vector added along the axis of channels: the last one, or the second of "NC…".

    >>> import functrans.tf as tf
    >>> tf.nn.bias_add([[1.0, 2.0]], [10.0, 20.0]).numpy()
    array([[11., 22.]], dtype=float32)
    """
    form = data_format or "N...C"
    if not (form.startswith("NC") or (form.startswith("N") and form.endswith("C"))):
        raise InvalidValueError(
            "`data_format` must be of the form `N...C` or `NC...`. Received: data_format="
            f"{data_format}",
            "The letters say where the channels are.",
        )
    x, b = matched("BiasAdd", as_tensor(value), bias)
    shape, sizes = x._v.shape, b._v.shape
    place = 1 if form.startswith("NC") else len(shape) - 1
    if len(sizes) != 1:
        _refuse(f"Biases must be 1D: {list(sizes)}", "Add other shapes with +.")
    if len(shape) < 2:
        _refuse(f"Input tensor must be at least 2D: {list(shape)}", "Add vectors with +.")
    if shape[place] != sizes[0]:
        _refuse(
            "Must provide as many biases as the last dimension of the input tensor: "
            f"{list(sizes)} vs. {list(shape)}",
            "Each channel has its bias.",
        )
    return add(x, wrap(_column(b, len(shape) - 1 - place), b._dtype))


def _refuse(message: str, remedy: str) -> None:
    raise InvalidArgumentError.at(f"{message} [Op:BiasAdd] name: ", remedy)


def _column(b: Tensor, axes: int) -> Any:
    v = value(b)
    return fnp.reshape(v, (-1,) + (1,) * axes) if axes else v


def compute_average_loss(
    per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None
) -> Tensor:
    """The weighted sum of losses over the size of the batch; scalars raise ValueError.

    >>> import functrans.tf as tf
    >>> tf.nn.compute_average_loss([1.0, 3.0], global_batch_size=4).numpy()
    np.float32(1.0)
    """
    loss = as_tensor(per_example_loss)
    if not loss._v.shape:
        raise InvalidValueError(
            "Invalid value passed for `per_example_loss`. Expected a tensor with at least rank 1. "
            f"Received per_example_loss={loss} with rank 0",
            "Give the losses of the examples, one each.",
        )
    if sample_weight is not None:
        loss = multiply(loss, cast(sample_weight, loss._dtype))
    size = loss._v.shape[0] if global_batch_size is None else global_batch_size
    return divide(reduce_sum(loss), cast(size, loss._dtype))


def scale_regularization_loss(regularization_loss: Any) -> Tensor:
    """The sum of the losses: there is one replica to share it.

    >>> import functrans.tf as tf
    >>> tf.nn.scale_regularization_loss([1.0, 3.0]).numpy()
    np.float32(4.0)
    """
    return reduce_sum(regularization_loss)
