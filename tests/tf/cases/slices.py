"""IndexedSlices, the sparse gradients of gather."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("slices")
case = GROUP.case


def slices(tf: Any, rows: int | None = 4) -> Any:
    shape = None if rows is None else tf.constant([rows, 2])
    return tf.IndexedSlices(tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([2, 0]), shape)


case("its parts", lambda tf: [slices(tf).values, slices(tf).indices, slices(tf).dense_shape])
case("its shape and dtype", lambda tf: [slices(tf).shape, slices(tf).dtype, slices(tf, None).shape])
case("to a tensor", lambda tf: tf.convert_to_tensor(slices(tf)))
case("to a tensor without a shape", lambda tf: tf.convert_to_tensor(slices(tf, None)))
case("to a tensor of another dtype", lambda tf: tf.convert_to_tensor(slices(tf), tf.float64))
case("added", lambda tf: slices(tf) + 1.0)
case("multiplied", lambda tf: slices(tf) * 2.0)
case("subtracted from a tensor", lambda tf: tf.ones([4, 2]) - slices(tf))
case("negated", lambda tf: raised(lambda: -slices(tf)))
case("indexed", lambda tf: slices(tf)[0])
case("its length", lambda tf: len(slices(tf)))
case("a function of it", lambda tf: [tf.reduce_sum(slices(tf)), tf.square(slices(tf)).shape])
case("tf.add of it", lambda tf: tf.add(slices(tf), 1.0))
case("as an array", lambda tf: np.asarray(slices(tf)).shape)
case("numpy", lambda tf: slices(tf).numpy())
case(
    "whether it is a tensor",
    lambda tf: [tf.is_tensor(slices(tf)), isinstance(slices(tf), tf.Tensor)],
)
case("its string", lambda tf: str(slices(tf)).partition("(")[0])


@case
def duplicates_add_up(tf: Any) -> Any:
    s = tf.IndexedSlices(tf.constant([1.0, 2.0, 3.0]), tf.constant([1, 1, 0]), tf.constant([3]))
    return tf.convert_to_tensor(s)


@case
def assigning_slices_to_a_variable(tf: Any) -> Any:
    v = tf.Variable(tf.ones([4, 2]))
    added = raised(lambda: v.assign_add(slices(tf)).numpy())
    scattered = v.scatter_add(slices(tf))
    return [added, scattered.numpy(), v.scatter_sub(slices(tf)).numpy(), v]
