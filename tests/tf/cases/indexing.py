"""Indexing tensors and variables: what each index gives, and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import slope

GROUP = Group("indexing")
case = GROUP.case


def cube(tf: Any) -> Any:
    return tf.reshape(tf.range(24.0), [2, 3, 4])


INDICES: dict[str, Any] = {
    "an integer": lambda tf: 1,
    "a negative integer": lambda tf: -1,
    "a NumPy integer": lambda tf: np.int64(1),
    "a scalar integer tensor": lambda tf: tf.constant(1),
    "a scalar int64 tensor": lambda tf: tf.constant(1, tf.int64),
    "a scalar variable": lambda tf: tf.Variable(1),
    "integers": lambda tf: (1, 2, 3),
    "tensors and integers": lambda tf: (tf.constant(1), 2, tf.constant(-1)),
    "a slice": lambda tf: slice(0, 1),
    "a slice with a step": lambda tf: (slice(None), slice(None, None, 2)),
    "a reversed slice": lambda tf: (slice(None, None, -1), slice(2, 0, -1)),
    "a slice beyond the end": lambda tf: slice(1, 10),
    "an empty slice": lambda tf: slice(1, 1),
    "a slice of tensors": lambda tf: slice(tf.constant(0), tf.constant(1)),
    "a slice with a negative bound": lambda tf: (slice(None), slice(-2, None)),
    "an ellipsis": lambda tf: (..., 0),
    "an ellipsis in between": lambda tf: (0, ..., slice(1, 3)),
    "only an ellipsis": lambda tf: ...,
    "a new axis": lambda tf: (slice(None), None, 0),
    "tf.newaxis": lambda tf: (tf.newaxis, ..., tf.newaxis),
    "everything": lambda tf: slice(None),
    "an empty tuple": lambda tf: (),
    "a list": lambda tf: [0, 1],
    "a list of slices": lambda tf: [slice(None), 1],
    "a boolean mask": lambda tf: tf.constant([True, False]),
    "a boolean mask of two axes": lambda tf: cube(tf)[:, :, 0] > 3.0,
    "a boolean mask of all axes": lambda tf: cube(tf) > 20.0,
    "a boolean array": lambda tf: np.array([False, True]),
    "a list of booleans": lambda tf: [True, False],
    "a boolean": lambda tf: True,
    "a mask of another length": lambda tf: tf.constant([True, False, True]),
    "an integer array": lambda tf: np.array([1, 0]),
    "an integer tensor": lambda tf: tf.constant([1, 0]),
    "a float": lambda tf: 1.0,
    "a float tensor": lambda tf: tf.constant(1.0),
    "a string": lambda tf: "a",
    "None": lambda tf: None,
    "out of range": lambda tf: 2,
    "out of range below": lambda tf: -3,
    "too many": lambda tf: (0, 0, 0, 0),
    "two ellipses": lambda tf: (..., 0, ...),
    "a step of 0": lambda tf: slice(None, None, 0),
    "a slice of floats": lambda tf: slice(0.0, 1.0),
}
for label, index in INDICES.items():

    @case(label)
    def _(tf: Any, index: Any = index) -> Any:
        return cube(tf)[index(tf)]


@case
def gradients(tf: Any) -> Any:
    indices = (
        1,
        (slice(None), -1),
        (0, ..., slice(1, 3)),
        (None, 1, 2),
        (..., slice(None, None, -2)),
    )
    return [slope(tf, lambda x, i=i: x[i] ** 2, cube(tf)) for i in indices]


@case
def gradients_of_a_mask(tf: Any) -> Any:
    x = tf.constant([1.0, -2.0, 3.0])
    return [
        slope(tf, lambda x: x[x > 0.0] ** 2, x),
        slope(tf, lambda x: tf.boolean_mask(x, [True, True, False]) ** 2, x),
    ]


@case
def a_gradient_twice_through_one_element(tf: Any) -> Any:
    return slope(tf, lambda x: x[0] * x[0] * x[1:] + x[-1], tf.constant([1.0, 2.0, 3.0]))


@case
def second_gradients(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        g = slope(tf, lambda x: x[0] ** 2 * x[1:], x)
    return tape.gradient(g, x)


@case
def variables(tf: Any) -> Any:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    mask = tf.constant([True, False])
    return [v[0], v[:, 1], v[-1, ..., None], v[mask], raised(lambda: v[2]), list(v)]


@case
def a_row_of_a_loop(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0, 3.0])
    return slope(tf, lambda x: sum(x[i] * x[i - 1] for i in tf.range(1, 3)), x)


@case
def strings(tf: Any) -> Any:
    s = tf.constant(["a", "b", "c"])
    return [s[1], s[::-1], [str(x.numpy()) for x in s]]
