"""Shapes asked for and changed, broadcasts, values passed on."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group

GROUP = Group("shaping")
case, op = GROUP.case, GROUP.op

S = np.array(2.5, np.float32)
V = np.array([1.5, -2.0, 0.0], np.float32)
M = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)
T = np.arange(6, dtype=np.float64).reshape(1, 2, 3, 1)
Z = np.array([[1 + 2j, 3 - 1j]], np.complex64)
I32 = np.array([[1, 2], [3, 4]], np.int32)
W = np.array([["a", "b"]])

for x in (S, V, T, I32, W, [1, 2], 3.0, Z):
    op("shape", [x])
    op("rank", [x])
    op("size", [x])
op("shape", [M], {"out_type": "int64"})
op("shape_n", [[M, V]])

op("reshape", [M, [3, 2]], jvp=True)
op("reshape", [M, [-1]])
op("reshape", [M, (2, -1)])
op("reshape", [M, -1])
op("reshape", [M, [2, 3]])
op("reshape", [S, []])
op("reshape", [M[:1, :1], []])
op("reshape", [S, [1, 1]])
op("reshape", [W, [2]])
op("reshape", [I32, np.array([4], np.int64)])
op("reshape", [Z, [2]])
op("reshape", [M, [4]])
op("reshape", [M, [-1, 4]])
op("reshape", [M, [-1, -1]])
op("reshape", [M, [-2, 3]])
op("reshape", [M, [2.0, 3.0]])
op("reshape", [np.zeros((0, 3), np.float32), [-1]])
op("reshape", [np.zeros((0, 3), np.float32), [0, -1]])
op("reshape", [[1, 2], [2, 1]])

op("squeeze", [T])
op("squeeze", [T], {"axis": 0})
op("squeeze", [T], {"axis": [-1]})
op("squeeze", [T], {"axis": [0, 3]})
op("squeeze", [M])
op("squeeze", [M], {"axis": 0})
op("squeeze", [M], {"axis": 5})
op("squeeze", [M[:1, :1]])
op("squeeze", [T], {"axis": []})

op("expand_dims", [V, 0])
op("expand_dims", [V, -1])
op("expand_dims", [V, 1])
op("expand_dims", [S, 0])
op("expand_dims", [V, 3])
op("expand_dims", [V, [0]])
op("expand_dims", [V, [0, 1]])
op("expand_dims", [V], {"axis": -3})
op("expand_dims", [[1, 2], np.array(1, np.int32)])

op("transpose", [M])
op("transpose", [T, [3, 1, 2, 0]])
op("transpose", [I32], {"perm": [-1, 0]})
op("transpose", [Z], {"conjugate": True})
op("transpose", [Z])
op("transpose", [S])
op("transpose", [M, [0]])
op("transpose", [M, [0, 0]])
op("transpose", [M, [0, 2]])
op("transpose", [M, [0, 1]])
op("transpose", [[[1, 2]], np.array([1, 0], np.int32)])

op("broadcast_to", [V, [2, 3]])
op("broadcast_to", [S, [2]])
op("broadcast_to", [V, [3]])
op("broadcast_to", [M[:, :1], [2, 2, 3]])
op("broadcast_to", [M, [3]])
op("broadcast_to", [M, [2, 4]])
op("broadcast_to", [[1], np.array([2], np.int64)])
op("broadcast_to", [M, [0, 2, 3]])
op("broadcast_dynamic_shape", [[2, 1], [3]])
op("broadcast_dynamic_shape", [np.array([2, 1], np.int64), np.array([4, 1, 3], np.int64)])
op("broadcast_dynamic_shape", [[2], [3]])

op("ensure_shape", [M, [2, None]])
op("ensure_shape", [M, None])
op("ensure_shape", [M, [2, 2]])
op("ensure_shape", [M, [None]])
op("identity", [M], jvp=True)
op("identity", [[1, 2]])
op("identity_n", [[M, V]])
op("stop_gradient", [M], jvp=True)
op("stop_gradient", [[1.0]])
op("guarantee_const", [I32])
op("no_op", [], compiled=False)
op("group", [], compiled=False)

op("bitcast", [V, "int32"])
op("bitcast", [S, "uint8"], call=lambda tf, x, t: tf.bitcast(x, t))
op("bitcast", [np.array([[1, 2, 3, 4]], np.uint8), "float32"], compiled=True)
op("bitcast", [np.array([1, 2, 3], np.uint8), "float32"])
op("unravel_index", [np.array([2, 5, 7], np.int32), np.array([3, 3], np.int32)])
op("unravel_index", [np.array([9], np.int32), np.array([3, 3], np.int32)])
op("unravel_index", [np.int64(4), np.array([3, 3], np.int64)])


@case
def static_shapes_broadcast(tf: Any) -> Any:
    shape = tf.TensorShape
    return [
        tf.broadcast_static_shape(shape([2, 1]), shape([3])),
        tf.broadcast_static_shape(shape([None, 1]), shape([4, 3])),
        tf.broadcast_static_shape(shape(None), shape([3])),
        tf.broadcast_static_shape(shape([None]), shape([1])),
        tf.broadcast_static_shape(shape([]), shape([2])),
    ]


case(
    "static shapes that do not",
    lambda tf: tf.broadcast_static_shape(tf.TensorShape([2]), tf.TensorShape([3])),
    says="Incompatible shapes for broadcasting",
)


@case
def what_is_the_same_object(tf: Any) -> Any:
    x = tf.constant([[1.0, 2.0]])
    same = [tf.cast(x, tf.float32), tf.convert_to_tensor(x), tf.constant(x)]
    others = [
        tf.identity(x),
        tf.reshape(x, [1, 2]),
        tf.stop_gradient(x),
        tf.ensure_shape(x, [1, 2]),
        tf.broadcast_to(x, [1, 2]),
        tf.transpose(x, [0, 1]),
        tf.squeeze(x, []),
        tf.concat([x], 0),
        tf.tile(x, [1, 1]),
        tf.reverse(x, []),
        x[:],
        x[...],
    ]
    return [[y is x for y in same], [y is x for y in others]]


@case
def moving_nothing_is_an_operation_on_the_tape(tf: Any) -> Any:
    """The gradient with respect to what x was moved to counts no other use of x."""
    found = []
    moves = [
        tf.identity,
        lambda x: tf.reshape(x, [2]),
        lambda x: tf.ensure_shape(x, [2]),
        lambda x: tf.broadcast_to(x, [2]),
        lambda x: tf.transpose(x),
        lambda x: tf.squeeze(x),
        lambda x: tf.concat([x], 0),
        lambda x: tf.tile(x, [1]),
        lambda x: tf.reverse(x, []),
        lambda x: x[:],
        lambda x: x[...],
        lambda x: tf.pad(x, [[0, 0]]),
        lambda x: tf.roll(x, 0, 0),
        lambda x: tf.slice(x, [0], [-1]),
    ]
    for move in moves:
        x = tf.constant([1.0, 2.0])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = move(x)
            z = x * 3.0 + y * y
        found.append(tape.gradient(z, [x, y]))
    return found


@case
def sizes_that_are_tensors(tf: Any) -> Any:
    x = tf.zeros([2, 3])
    n = tf.shape(x)[1]
    return [
        tf.reshape(x, [n, -1]).shape,
        tf.reshape(x, tf.stack([n, 2])).shape,
        tf.zeros([n, 2]).shape,
        tf.ones(tf.shape(x)).shape,
        tf.fill([n], 1.0).shape,
        tf.tile(x, [1, n]).shape,
        tf.broadcast_to(x, [n, 2, 3]).shape,
        tf.eye(n).shape,
        tf.range(n),
        tf.expand_dims(x, tf.rank(x)).shape,
        tf.reshape(x, tf.TensorShape([6])).shape,
    ]


@case
def sizes_inside_tf_function(tf: Any) -> Any:
    @tf.function
    def f(x: Any) -> Any:
        n = tf.shape(x)[0]
        flat = tf.reshape(x, [n, -1])
        halves = tf.split(flat, 2, axis=1)
        rows = tf.reshape(x, tf.stack([n * 2, -1]))
        return flat, halves, rows, tf.zeros([n, 2]), tf.cast(tf.size(x), tf.float32) * x

    return f(tf.reshape(tf.range(8.0), [2, 2, 2]))
