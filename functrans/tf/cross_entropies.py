"""Softmax and the losses that take logits: cross entropies that neither overflow nor round to 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import functrans as ft
from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.convert import as_tensor, cast, matched
from functrans.tf.errors import InvalidArgumentError, InvalidValueError
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind, operation

# --- softmax -------------------------------------------------------------------------------------


def _shifted(v: Any, axis: int) -> Any:
    """``v`` minus its maximum, which is a constant: it cancels."""
    if not v.shape[axis]:
        return v
    return v - fnp.max(ft.stop_gradient(v), axis=axis, keepdims=True)


def _logits(op: str, logits: Any, axis: int | None) -> tuple[Tensor, int]:
    x = as_tensor(logits)
    check_kind(op, x._dtype, "f")
    rank = len(x._v.shape)
    place = -1 if axis is None else int(axis)
    if not -rank <= place < rank:
        raise InvalidArgumentError.at(
            f"`dim` must be in the range [{-rank}, {rank}) where {rank} is the number of "
            f"dimensions in the input. Received: dim={place} [Op:{op}] name: ",
            "Logits need an axis of classes.",
        )
    return x, place


@operation("Softmax")
def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """exp(x) over its sum along ``axis``, the last one by default.

    >>> import functrans.tf as tf
    >>> tf.nn.softmax([0.0, 0.0, 1000.0]).numpy()
    array([0., 0., 1.], dtype=float32)
    """
    x, axis = _logits("Softmax", logits, axis)
    powers = fnp.exp(_shifted(value(x), axis))
    return wrap(powers / fnp.sum(powers, axis=axis, keepdims=True), x._dtype)


@operation("LogSoftmax")
def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """The logarithm of softmax along ``axis``, the last one by default.

    >>> import functrans.tf as tf
    >>> tf.nn.log_softmax([0.0, 1000.0]).numpy()
    array([-1000.,     0.], dtype=float32)
    """
    x, axis = _logits("LogSoftmax", logits, axis)
    return wrap(_log_softmax(value(x), axis), x._dtype)


def _log_softmax(v: Any, axis: int) -> Any:
    shifted = _shifted(v, axis)
    return shifted - fnp.log(fnp.sum(fnp.exp(shifted), axis=axis, keepdims=True))


# --- several classes -----------------------------------------------------------------------------


@operation("SoftmaxCrossEntropyWithLogits")
def softmax_cross_entropy_with_logits(
    labels: Any, logits: Any, axis: int = -1, name: str | None = None
) -> Tensor:
    """−Σ labels·log softmax(logits) along ``axis``; labels broadcast, and take logits' dtype.

    The derivative by logits is softmax(logits) − labels, even where labels do not sum to 1.

    >>> import functrans.tf as tf
    >>> tf.nn.softmax_cross_entropy_with_logits([[0.0, 1.0]], [[0.0, 0.0]]).numpy()
    array([0.6931472], dtype=float32)
    """
    x, axis = _logits("SoftmaxCrossEntropyWithLogits", logits, axis)
    v, p = value(x), value(cast(labels, x._dtype))
    p = _spread(p, v.shape)
    shifted = _shifted(v, axis)
    total = fnp.log(fnp.sum(fnp.exp(shifted), axis=axis))
    # The sum of labels stands for 1 in the derivative by logits, and for itself in that by labels.
    excess = fnp.sum(p, axis=axis) - 1
    found = total - fnp.sum(p * shifted, axis=axis) + excess * ft.stop_gradient(total)
    return wrap(found, x._dtype)


def _spread(p: Any, shape: tuple[int, ...]) -> Any:
    if p.shape == shape:
        return p
    try:
        return fnp.broadcast_to(p, shape)
    except ValueError as error:
        raise InvalidArgumentError.at(
            f"logits and labels must be broadcastable: logits_size={list(shape)} "
            f"labels_size={list(p.shape)} [Op:SoftmaxCrossEntropyWithLogits] name: ",
            "Labels have the shape of logits: a probability for each class. Numbers of classes "
            "are what tf.nn.sparse_softmax_cross_entropy_with_logits takes.",
        ) from error


@operation("SparseSoftmaxCrossEntropyWithLogits")
def sparse_softmax_cross_entropy_with_logits(
    labels: Any, logits: Any, name: str | None = None
) -> Tensor:
    """−log softmax(logits)[label] over the last axis, for labels that are numbers of classes.

    Numbers outside raise InvalidArgumentError.

    >>> import functrans.tf as tf
    >>> tf.nn.sparse_softmax_cross_entropy_with_logits([1], [[0.0, 0.0]]).numpy()
    array([0.6931472], dtype=float32)
    """
    if labels is None or logits is None:
        raise _incomplete("sparse_softmax_cross_entropy_with_logits", labels, logits)
    numbers, x = as_tensor(labels), as_tensor(logits)
    check_kind("SparseSoftmaxCrossEntropyWithLogits", x._dtype, "f")
    if numbers._dtype.name not in ("int32", "int64"):
        check_kind("SparseSoftmaxCrossEntropyWithLogits", numbers._dtype, "")
    v, n = value(x), value(numbers)
    _check_classes(n, v)
    shifted = _shifted(v, -1)
    total = fnp.log(fnp.sum(fnp.exp(shifted), axis=-1))
    return wrap(total - _picked(shifted, n), x._dtype)


def _picked(v: Any, n: Any) -> Any:
    """The elements of the last axis at ``n``; compiled code raises where there is none."""
    count = v.shape[-1]
    if known(n) is None:
        inside = fnp.where(n < 0, count, n)  # a negative one would count from the end
        return fnp.squeeze(fnp.take_along_axis(v, fnp.expand_dims(inside, -1), axis=-1), -1)
    chosen = fnp.expand_dims(n, -1) == np.arange(count, dtype=n.dtype)
    return fnp.sum(fnp.where(chosen, v, 0), axis=-1)


def _check_classes(n: Any, v: Any) -> None:
    if not v.shape:
        raise InvalidValueError(
            f"`logits` cannot be a scalar. Received logits={v}", "Logits need an axis of classes."
        )
    if len(n.shape) != len(v.shape) - 1:
        raise InvalidValueError(
            "`labels.shape.rank` must equal `logits.shape.rank - 1`. Received: labels.shape="
            f"{n.shape} of rank {len(n.shape)} and logits.shape={v.shape} of rank {len(v.shape)}",
            "Labels are numbers of classes; probabilities are what "
            "tf.nn.softmax_cross_entropy_with_logits takes.",
        )
    if n.shape != v.shape[:-1]:
        raise InvalidValueError(
            "`labels.shape` must equal `logits.shape` except for the last dimension. Received: "
            f"labels.shape={n.shape} and logits.shape={v.shape}",
            "Give one label for each row of logits.",
        )
    count, numbers = v.shape[-1], known(n)
    if numbers is not None:
        wrong = (numbers < 0) | (numbers >= count)
        if wrong.any():
            raise InvalidArgumentError.at(
                f"Received a label value of {numbers[wrong].flat[0]} which is outside the valid "
                f"range of [0, {count}).  Label values: {' '.join(map(str, numbers.flat))} "
                "[Op:SparseSoftmaxCrossEntropyWithLogits] name: ",
                "Classes are counted from 0.",
            )


# --- two classes ---------------------------------------------------------------------------------


def _incomplete(name: str, labels: Any, logits: Any) -> InvalidValueError:
    return InvalidValueError(
        f"Both `labels` and `logits` must be provided for {name}. Received: labels={labels} and "
        f"logits={logits}",
        "Give both by keyword.",
    )


def _same_shape(name: str, labels: Any, logits: Any) -> tuple[Tensor, Any, Any]:
    """Operands of one dtype and shape, as values; the first is the tensor of the logits."""
    x, z = as_tensor(logits), as_tensor(labels)
    if x._v.shape != z._v.shape:
        raise InvalidValueError(
            f"`logits` and `labels` must have the same shape, received ({x.shape} vs {z.shape}).",
            "Give a label for each logit.",
        )
    matched("Mul", x, z)
    check_kind(name, x._dtype, "f")
    return x, value(x), value(z)


@operation("LogisticLoss")
def sigmoid_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """−z·log sigmoid(x) − (1 − z)·log(1 − sigmoid(x)), elementwise, for labels z and logits x.

    Other shapes raise ValueError, other dtypes InvalidArgumentError.

    >>> import functrans.tf as tf
    >>> tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[0.0]).numpy()
    array([0.6931472], dtype=float32)
    """
    if labels is None or logits is None:
        raise _incomplete("sigmoid_cross_entropy_with_logits", labels, logits)
    tensor, x, z = _same_shape("Mul", labels, logits)
    positive = x >= 0
    tail = fnp.log1p(fnp.exp(fnp.where(positive, -x, x)))
    return wrap(fnp.where(positive, x, 0) - x * z + tail, tensor._dtype)


@operation("LogisticLoss")
def weighted_cross_entropy_with_logits(
    labels: Any, logits: Any, pos_weight: Any, name: str | None = None
) -> Tensor:
    """As sigmoid_cross_entropy_with_logits, the positive labels counted ``pos_weight`` times.

    >>> import functrans.tf as tf
    >>> tf.nn.weighted_cross_entropy_with_logits([1.0], [0.0], pos_weight=2.0).numpy()
    array([1.3862944], dtype=float32)
    """
    tensor, x, z = _same_shape("Mul", labels, logits)
    weight = 1 + (value(matched("Mul", tensor, pos_weight)[1]) - 1) * z
    size = x * fnp.sign(x)  # its derivative at 0 is 0
    tail = fnp.log1p(fnp.exp(-size)) + fnp.where(x < 0, -x, 0)
    return wrap((1 - z) * x + weight * tail, tensor._dtype)


@operation("LogPoissonLoss")
def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Tensor:
    """exp(c) − z·c for targets z and c = ``log_input``: −log of Poisson's likelihood.

    ``compute_full_loss`` adds Stirling's approximation of log z! where z > 1.

    >>> import functrans.tf as tf
    >>> tf.nn.log_poisson_loss([2.0], [0.0]).numpy()
    array([1.], dtype=float32)
    """
    c, z = as_tensor(log_input), as_tensor(targets)
    if c._v.shape != z._v.shape:
        raise InvalidValueError(
            "`log_input` and `targets` must have the same shape, received "
            f"({c.shape} vs {z.shape}).",
            "Give a target for each prediction.",
        )
    matched("Mul", c, z)
    check_kind("Exp", c._dtype, "f")
    x, y = value(c), value(z)
    loss = fnp.exp(x) - x * y
    if compute_full_loss:
        stirling = y * fnp.log(y) - y + 0.5 * fnp.log(2 * math.pi * y)
        loss = loss + fnp.where((y >= 0) & (y <= 1), 0, stirling)
    return wrap(loss, c._dtype)
