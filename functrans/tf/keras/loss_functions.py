"""Losses of each example: functions of labels and predictions, mostly means over the last axis."""

from __future__ import annotations

import math
from typing import Any

from functrans import numpy as fnp
from functrans.tf.arithmetic import maximum
from functrans.tf.clipping import clip_by_value
from functrans.tf.convert import FLOAT32, INT64, NumpyDtype, as_tensor, cast
from functrans.tf.cross_entropies import (
    sigmoid_cross_entropy_with_logits,
    softmax,
    softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits,
)
from functrans.tf.elementwise import abs as absolute
from functrans.tf.elementwise import log, sigmoid, softplus, sqrt, square
from functrans.tf.errors import InvalidValueError
from functrans.tf.gathering import where
from functrans.tf.reductions import reduce_max, reduce_mean, reduce_sum
from functrans.tf.shaping import expand_dims, squeeze
from functrans.tf.tensor import Tensor, value

EPSILON = 1e-7
"""What keeps logarithms and quotients finite, as in Keras."""


def in_dtype(x: Any, dtype: NumpyDtype) -> Tensor:
    """The tensor of anything in a dtype: labels and weights adapt, tensors too."""
    tensor: Tensor = cast(as_tensor(x), dtype)
    return tensor


def pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Labels and predictions as tensors of the predictions' floating dtype and of like ranks."""
    predicted = as_tensor(y_pred)
    if predicted._dtype.kind != "f":
        predicted = cast(predicted, FLOAT32)
    return alike_ranks(in_dtype(y_true, predicted._dtype), predicted)


def alike_ranks(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Two tensors, a last axis of size 1 that only one of them has taken off or given."""
    if x.ndim == y.ndim + 1 and x._v.shape[-1] == 1:
        return (x, expand_dims(y, -1)) if y.ndim == 1 else (squeeze(x, -1), y)
    if y.ndim == x.ndim + 1 and y._v.shape[-1] == 1:
        return (expand_dims(x, -1), y) if x.ndim == 1 else (x, squeeze(y, -1))
    return x, y


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of squared differences.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.MSE([1.0, 2.0], [2.0, 4.0]).numpy()
    np.float32(2.5)
    """
    true, predicted = pair(y_true, y_pred)
    return reduce_mean(square(true - predicted), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of absolute differences.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.MAE([1.0, 2.0], [2.0, 4.0]).numpy()
    np.float32(1.5)
    """
    true, predicted = pair(y_true, y_pred)
    return reduce_mean(absolute(true - predicted), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of absolute differences in percent of the labels.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.MAPE([1.0, 2.0], [2.0, 4.0]).numpy()
    np.float32(100.0)
    """
    true, predicted = pair(y_true, y_pred)
    part = absolute((true - predicted) / maximum(absolute(true), EPSILON))
    return reduce_mean(part, axis=-1) * 100.0


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of squared differences of log(1 + x), of what is above 0.

    >>> import functrans.tf as tf
    >>> float(tf.keras.losses.MSLE([0.0], [0.0]))
    0.0
    """
    true, predicted = pair(y_true, y_pred)
    difference = log(maximum(predicted, EPSILON) + 1.0) - log(maximum(true, EPSILON) + 1.0)
    return reduce_mean(square(difference), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Half the squared difference where it is at most ``delta``, a line beyond.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.huber([0.0, 0.0], [1.0, 3.0]).numpy()
    np.float32(1.5)
    """
    true, predicted = pair(y_true, y_pred)
    error = predicted - true
    size = absolute(error)
    near, far = 0.5 * square(error), delta * size - 0.5 * delta**2
    return reduce_mean(where(size <= delta, near, far), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of log(cosh(difference)), a smooth absolute value.

    >>> import functrans.tf as tf
    >>> float(tf.keras.losses.logcosh([1.0], [1.0]))
    0.0
    """
    true, predicted = pair(y_true, y_pred)
    x = predicted - true
    return reduce_mean(x + softplus(-2.0 * x) - math.log(2.0), axis=-1)


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Σ true·log(true/predicted) of probabilities.

    >>> import functrans.tf as tf
    >>> float(tf.keras.losses.KLD([0.5, 0.5], [0.5, 0.5]))
    0.0
    """
    predicted = as_tensor(y_pred)
    true = in_dtype(y_true, predicted._dtype)
    true, predicted = (clip_by_value(x, EPSILON, 1.0) for x in alike_ranks(true, predicted))
    return reduce_sum(true * log(true / predicted), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of predicted − true·log(predicted).

    >>> import functrans.tf as tf
    >>> tf.keras.losses.poisson([0.0, 0.0], [1.0, 3.0]).numpy()
    np.float32(2.0)
    """
    true, predicted = pair(y_true, y_pred)
    return reduce_mean(predicted - true * log(predicted + EPSILON), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Minus the cosine of the angle between labels and predictions.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.cosine_similarity([0.0, 2.0], [0.0, 3.0]).numpy()
    np.float32(-1.0)
    """
    return -cosine(y_true, y_pred, axis)


def cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """The cosine of the angle between labels and predictions."""
    true, predicted = pair(y_true, y_pred)
    return reduce_sum(_of_length_one(true, axis) * _of_length_one(predicted, axis), axis=axis)


def _of_length_one(x: Tensor, axis: int) -> Tensor:
    return x / sqrt(maximum(reduce_sum(square(x), axis=axis, keepdims=True), 1e-12))


def _signs(labels: Tensor) -> Tensor:
    """Labels −1 and 1, where all were 0 and 1."""
    v = value(labels)
    binary = fnp.all((v == 0) | (v == 1))
    return where(binary, 2.0 * labels - 1.0, labels)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of max(1 − true·predicted, 0), of labels −1 and 1, or 0 and 1.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.hinge([-1.0, 1.0], [0.5, 2.0]).numpy()
    np.float32(0.75)
    """
    true, predicted = pair(y_true, y_pred)
    return reduce_mean(maximum(1.0 - _signs(true) * predicted, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """The mean of max(1 − true·predicted, 0)², of labels −1 and 1, or 0 and 1.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.squared_hinge([-1.0, 1.0], [1.0, 2.0]).numpy()
    np.float32(2.0)
    """
    true, predicted = pair(y_true, y_pred)
    return reduce_mean(square(maximum(1.0 - _signs(true) * predicted, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(1 + largest prediction of the wrong classes − that of the right one, 0).

    >>> import functrans.tf as tf
    >>> tf.keras.losses.categorical_hinge([0.0, 1.0], [0.5, 0.5]).numpy()
    np.float32(1.0)
    """
    predicted = as_tensor(y_pred)
    true = in_dtype(y_true, predicted._dtype)
    right = reduce_sum(true * predicted, axis=-1)
    wrong = reduce_max((1.0 - true) * predicted, axis=-1)
    return maximum(wrong - right + 1.0, 0.0)


# --- cross entropies -----------------------------------------------------------------------------


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """The mean cross entropy of labels 0 and 1 with probabilities, or with logits.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.binary_crossentropy([0.0, 1.0], [0.5, 0.5]).numpy()
    np.float32(0.6931472)
    """
    true, predicted = pair(y_true, y_pred)
    if label_smoothing:
        true = true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return reduce_mean(_binary(true, predicted, from_logits), axis=axis)


def _binary(true: Tensor, predicted: Tensor, from_logits: bool) -> Tensor:
    if from_logits:
        return sigmoid_cross_entropy_with_logits(true, predicted)
    p = clip_by_value(predicted, EPSILON, 1.0 - EPSILON)
    return -(true * log(p) + (1.0 - true) * log(1.0 - p))


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """The cross entropy of probabilities of the classes with predicted ones, or with logits.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
    array([0.6931472], dtype=float32)
    """
    predicted = as_tensor(y_pred)
    true = in_dtype(y_true, predicted._dtype)
    if true.ndim != predicted.ndim:
        raise InvalidValueError(
            "Arguments `target` and `output` must have the same rank (ndim). Received: "
            f"target.shape={true.shape}, output.shape={predicted.shape}",
            "Labels are probabilities of the classes; numbers of classes are what "
            "sparse_categorical_crossentropy takes.",
        )
    if label_smoothing:
        true = true * (1.0 - label_smoothing) + label_smoothing / predicted._v.shape[-1]
    if from_logits:
        return softmax_cross_entropy_with_logits(true, predicted, axis)
    p = predicted / reduce_sum(predicted, axis=axis, keepdims=True)
    return -reduce_sum(true * log(clip_by_value(p, EPSILON, 1.0 - EPSILON)), axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """The cross entropy of numbers of classes with predicted probabilities, or with logits.

    Examples of ``ignore_class`` give 0.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy()
    array([0.6931472], dtype=float32)
    """
    if axis not in (-1, as_tensor(y_pred).ndim - 1):
        raise InvalidValueError(
            f"Only axis=-1 is currently supported. Received: axis={axis}",
            "Transpose the predictions so that classes are the last axis.",
        )
    predicted, numbers = as_tensor(y_pred), cast(as_tensor(y_true), INT64)
    if numbers.ndim == predicted.ndim and numbers._v.shape[-1] == 1:
        numbers = squeeze(numbers, -1)
    counted = None
    if ignore_class is not None:
        counted = numbers != cast(ignore_class, INT64)
        numbers = where(counted, numbers, cast(0, INT64))
    if not from_logits:
        predicted = log(clip_by_value(predicted, EPSILON, 1.0 - EPSILON))
    loss = sparse_softmax_cross_entropy_with_logits(numbers, predicted)
    return loss if counted is None else where(counted, loss, cast(0.0, loss._dtype))


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """The binary cross entropy, times (1 − probability of the label)**gamma.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.binary_focal_crossentropy([0.0, 1.0], [0.5, 0.5]).numpy()
    np.float32(0.1732868)
    """
    true, predicted = pair(y_true, y_pred)
    if label_smoothing:
        true = true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    p = sigmoid(predicted) if from_logits else predicted
    right = true * p + (1.0 - true) * (1.0 - p)
    loss = (1.0 - right) ** gamma * _binary(true, p, from_logits=False)
    if apply_class_balancing:
        loss = loss * (true * alpha + (1.0 - true) * (1.0 - alpha))
    return reduce_mean(loss, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """The cross entropy of each class, times alpha·(1 − its probability)**gamma.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
    array([0.0433217], dtype=float32)
    """
    true, predicted = pair(y_true, y_pred)
    if label_smoothing:
        true = true * (1.0 - label_smoothing) + label_smoothing / predicted._v.shape[-1]
    if from_logits:
        predicted = softmax(predicted, axis)
    p = predicted / reduce_sum(predicted, axis=axis, keepdims=True)
    p = clip_by_value(p, EPSILON, 1.0 - EPSILON)
    return reduce_sum(alpha * (1.0 - p) ** gamma * -true * log(p), axis=axis)


# --- overlaps ------------------------------------------------------------------------------------


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Tensor:
    """1 − twice the overlap of labels and predictions divided by the sum of both.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.dice([0.0, 1.0], [0.0, 1.0]).numpy()
    np.float32(0.0)
    """
    true, predicted = pair(y_true, y_pred)
    both = reduce_sum(true * predicted, axis=axis)
    total = reduce_sum(true, axis=axis) + reduce_sum(predicted, axis=axis)
    return 1.0 - (2.0 * both) / (total + EPSILON)


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Tensor:
    """As dice, with what is missed weighed by ``alpha``, what is predicted wrongly by ``beta``.

    >>> import functrans.tf as tf
    >>> round(float(tf.keras.losses.tversky([0.0, 1.0], [0.0, 1.0])), 4)
    0.0
    """
    true, predicted = pair(y_true, y_pred)
    both = reduce_sum(true * predicted, axis=axis)
    wrong = reduce_sum((1.0 - true) * predicted, axis=axis)
    missed = reduce_sum(true * (1.0 - predicted), axis=axis)
    return 1.0 - both / (both + beta * wrong + alpha * missed + EPSILON)
