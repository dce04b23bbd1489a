"""Accuracies of each example."""

from __future__ import annotations

from typing import Any

from functrans.tf.convert import FLOAT32, INT64, as_tensor
from functrans.tf.keras.loss_functions import alike_ranks, in_dtype
from functrans.tf.logic import equal
from functrans.tf.reductions import argmax, reduce_any
from functrans.tf.selection import in_top_k
from functrans.tf.shaping import reshape, squeeze
from functrans.tf.tensor import Tensor


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where labels and predictions are equal, else 0."""
    predicted = as_tensor(y_pred)
    true, predicted = alike_ranks(in_dtype(y_true, predicted._dtype), predicted)
    return in_dtype(equal(true, predicted), FLOAT32)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """1 where predictions are above the threshold and labels 1, or neither; else 0.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.binary_accuracy([1.0, 0.0], [0.7, 0.6]).numpy()
    array([1., 0.], dtype=float32)
    """
    predicted = in_dtype(y_pred, FLOAT32)
    true, predicted = alike_ranks(in_dtype(y_true, FLOAT32), predicted)
    return in_dtype(equal(true, in_dtype(predicted > threshold, FLOAT32)), FLOAT32)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the most probable class is that of the labels' largest number.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.categorical_accuracy([[0.0, 1.0]], [[0.4, 0.6]]).numpy()
    array([1.], dtype=float32)
    """
    return sparse_categorical_accuracy(argmax(as_tensor(y_true), -1), y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the most probable class is the label.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.sparse_categorical_accuracy([1, 1], [[0.4, 0.6], [0.9, 0.1]]).numpy()
    array([1., 0.], dtype=float32)
    """
    numbers, predicted = _numbers(y_true), as_tensor(y_pred)
    if numbers.ndim == predicted.ndim and numbers._v.shape[-1] == 1:
        numbers = squeeze(numbers, -1)
    return in_dtype(equal(numbers, argmax(predicted, -1)), FLOAT32)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where the class of the labels' largest number is among the k most probable.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.top_k_categorical_accuracy([[0, 0, 1]], [[0.1, 0.6, 0.3]], k=2).numpy()
    array([1.], dtype=float32)
    """
    return sparse_top_k_categorical_accuracy(argmax(as_tensor(y_true), -1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Tensor:
    """1 where the label is among the k most probable classes.

    With ``from_sorted_ids``, ``y_pred`` holds numbers of classes, the most probable first.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.sparse_top_k_categorical_accuracy([2], [[0.1, 0.6, 0.3]], k=2).numpy()
    array([1.], dtype=float32)
    """
    predicted = as_tensor(y_pred)
    numbers = reshape(_numbers(y_true), [-1])
    rows = reshape(predicted, [-1, predicted._v.shape[-1]])
    if from_sorted_ids:
        listed = in_dtype(rows[:, :k], INT64)
        found = reduce_any(equal(listed, reshape(numbers, [-1, 1])), -1)
    else:
        found = in_top_k(numbers, in_dtype(rows, FLOAT32), k)
    return reshape(in_dtype(found, FLOAT32), predicted._v.shape[:-1])


def _numbers(labels: Any) -> Tensor:
    return in_dtype(labels, INT64)
