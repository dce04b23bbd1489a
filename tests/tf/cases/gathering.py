"""Elements taken at positions and put there: gather, slice, masks, where, scatter, partitions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("gathering")
case, op = GROUP.case, GROUP.op

S = np.array(2.5, np.float32)
V = np.array([1.5, -2.0, 0.5], np.float32)
M = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)
T = np.arange(12, dtype=np.float64).reshape(2, 3, 2)
W = np.array(["a", "b"])
Z = np.array([1 + 2j, 3 - 1j], np.complex64)


def i32(*values: Any) -> Any:
    return np.array(values, np.int32)


op("gather", [M, i32(1, 1, 0)], jvp=True, compiled=True)
op("gather", [V, 1])
op("gather", [V, [2, 0]])
op("gather", [M, i32([0, 1], [1, 1])])
op("gather", [M, np.array([1], np.int64)])
op("gather", [M, i32(2, 0)], {"axis": 1}, compiled=True)
op("gather", [M, i32([2, 0], [1, 1])], {"axis": -1})
op("gather", [M, 1], {"axis": 1})
op("gather", [M, i32(1)], {"axis": -2})
op("gather", [T, i32([2, 0], [1, 1])], {"batch_dims": 1}, compiled=True)
op("gather", [T, i32([1, 0], [1, 1])], {"batch_dims": 1, "axis": 2})
op("gather", [T, i32([[0], [1], [1]], [[1], [1], [0]])], {"batch_dims": 2})
op("gather", [T, i32([2, 0], [1, 1])], {"batch_dims": -1})
op("gather", [T, i32(1, 0)], {"batch_dims": 1})
op("gather", [W, i32(1, 0)])
op("gather", [W, 1])
op("gather", [Z, i32(1, 1)])
op("gather", [V, []])
op("gather", [V, i32()])
op("gather", [V, [3]])
op("gather", [V, [-1]])
op("gather", [V, 3])
op("gather", [V, [0.0]])
op("gather", [S, 0])
op("gather", [V, np.array([0], np.uint8)])
op("gather", [V, np.array([0], np.int16)])
op("gather", [M, [0]], {"axis": 2})
op("gather", [T, i32([2, 0], [1, 1])], {"batch_dims": 3})
op("gather", [T, i32([2, 0], [1, 1])], {"batch_dims": 1, "axis": 0})
op("gather", [T, i32([2, 0], [1, 1], [0, 0])], {"batch_dims": 1})
op("gather", [[10, 20, 30], [2]])

op("gather_nd", [M, i32([0, 1], [1, 2])], jvp=True)
op("gather_nd", [M, i32([1], [0], [1])])
op("gather_nd", [M, i32([[1]], [[0]])])
op("gather_nd", [M.astype(np.int32), i32(1, 2)])
op("gather_nd", [T, i32([0, 1], [1, 2])])
op("gather_nd", [T, i32([[1, 0]], [[2, 1]])], {"batch_dims": 1})
op("gather_nd", [T, i32([[1]], [[2]])], {"batch_dims": 1})
op("gather_nd", [M, np.array([[0, 1]], np.int64)])
op("gather_nd", [W, i32([1], [0])])
op("gather_nd", [M, i32([0, 3])])
op("gather_nd", [M, i32([0, -1])])
op("gather_nd", [M, i32([0, 1, 2])])
op("gather_nd", [M, 0])
op("gather_nd", [M, [[0, 1]]])
op("gather_nd", [[[1, 2], [3, 4]], [[0, 1]]])
op("gather_nd", [M.astype(np.int32), np.zeros((2, 0), np.int32)])

op("slice", [M, [0, 1], [2, 2]], jvp=True)
op("slice", [M, [1, 0], [-1, -1]])
op("slice", [M, [1, 1], [1, 0]])
op("slice", [V, i32(1), np.array([2], np.int32)])
op("slice", [V, np.array([1], np.int64), np.array([2], np.int64)])
op("slice", [V, [1], [3]])
op("slice", [V, [-1], [1]])
op("slice", [V, [4], [0]])
op("slice", [M, [0], [1]])
op("slice", [W, [0], [1]])

op("strided_slice", [V, [0], [3], [2]], jvp=True)
op("strided_slice", [M, [0, 0], [2, 3], [1, -1]])
op("strided_slice", [M, [1, 2], [0, 0], [-1, -1]])
op("strided_slice", [M, [0, 1], [1, 3]])
op("strided_slice", [M, [1], [2]])
op("strided_slice", [M, [0, 1], [0, 0]], {"begin_mask": 1, "end_mask": 3})
op("strided_slice", [M, [1, 0], [2, 3]], {"shrink_axis_mask": 1})
op("strided_slice", [M, [0, 0], [1, 2]], {"new_axis_mask": 1})
op("strided_slice", [T, [0, 1], [0, 2]], {"ellipsis_mask": 1})
op("strided_slice", [V, [0], [3], [0]])
op("strided_slice", [V, [0, 0], [1, 1]])

MASK = np.array([True, False, True])
MASK2 = np.array([[True, False, True], [False, False, True]])
op("boolean_mask", [V, MASK], compiled=False)
op("boolean_mask", [M, np.array([False, True])])
op("boolean_mask", [M, MASK2])
op("boolean_mask", [M, MASK], {"axis": 1})
op("boolean_mask", [T, MASK2], {"axis": 0})
op("boolean_mask", [T, MASK], {"axis": 1})
op("boolean_mask", [V, [True, False, True]])
op("boolean_mask", [W, [True, False]])
op("boolean_mask", [V, np.array([False] * 3)])
op("boolean_mask", [V, [True, False]])
op("boolean_mask", [V, True])
op("boolean_mask", [V, [1, 0, 2]])
op("boolean_mask", [V, MASK2])
op("boolean_mask", [np.zeros((0, 2), np.float32), np.zeros(0, bool)])

op("where", [MASK, V, 2 * V], jvp=True)
op("where", [MASK, M, V])
op("where", [MASK, S, V])
op("where", [MASK, V, 1.0])
op("where", [MASK, 1, V])
op("where", [np.array([[True], [False]]), V, M])
op("where", [True, V, S])
op("where", [MASK, Z[0], Z[1]])
op("where", [MASK, 1, 2])
op("where", [MASK, "a", "b"])
op("where", [[True, False], W, W[::-1].copy()])
op("where", [MASK, V, V.astype(np.float64)])
op("where", [MASK, V, M[:, :2]])
op("where", [MASK, V])
op("where", [V, V, V])
op("where", [[1, 0, 1], V, V])
op("where", [MASK], compiled=False)
op("where", [MASK2])
op("where", [[0, 1, 2]])
op("where", [V])
op("where", [True])
op("where", [[False]])
NAN = np.array([np.nan, 1.0, np.inf], np.float32)
op("where", [MASK, NAN, V])

op("scatter_nd", [i32([1], [3]), V[:2], [5]])
op("scatter_nd", [i32([1], [1]), V[:2], i32(3)])
op("scatter_nd", [i32([0, 1], [1, 2]), V[:2], [2, 3]])
op("scatter_nd", [i32([1]), M[:1], [3, 3]])
op("scatter_nd", [i32([[0], [1]]), M[None, :, :2].copy(), [3, 2]])
op("scatter_nd", [np.array([[2]], np.int64), V[:1], np.array([4], np.int64)])
op("scatter_nd", [i32([0]), [True], [2]])
op("scatter_nd", [i32([5]), V[:1], [3]])
op("scatter_nd", [i32([-1]), V[:1], [3]])
op("scatter_nd", [i32([0]), V, [3]])
op("scatter_nd", [i32([0, 0]), V[:1], [3]])
op("scatter_nd", [i32([0]), Z[:1], [2]])
op("scatter_nd", [[[1]], [2.5], [3]])

for word in ("update", "add", "sub", "max", "min"):
    name = f"tensor_scatter_nd_{word}"
    op(name, [V, i32([1]), S.reshape(1)])
    op(name, [M, i32([0, 1], [1, 2]), 3 * V[:2]], second=word in ("update", "add", "sub"))
    op(name, [M, i32([1]), V[None]], second=word in ("update", "add", "sub"))
    op(name, [[1, 2, 3], [[0]], [9]])
    op(name, [V, i32([3]), S.reshape(1)])
    op(name, [V, i32([0]), V])
    op(name, [V, i32([0]), np.array([1.0])])
    op(name, [V, [[0.0]], [1.0]])
op("tensor_scatter_nd_add", [V, i32([1], [1]), V[:2]])
op("tensor_scatter_nd_sub", [V, i32([1], [1]), V[:2]])
op("tensor_scatter_nd_max", [V, i32([1], [1]), V[::2].copy()], second=False)
op("tensor_scatter_nd_max", [V, i32([0]), V[:1]], second=False)
op("tensor_scatter_nd_min", [V, i32([0]), V[:1]], second=False)
op("tensor_scatter_nd_update", [W, [[0]], ["z"]])

op("dynamic_partition", [V, i32(0, 1, 0), 2], compiled=False)
op("dynamic_partition", [M, i32(1, 0), 3])
op("dynamic_partition", [M, i32([0, 1, 1], [0, 0, 1]), 2])
op("dynamic_partition", [[1, 2, 3], [0, 1, 0], 2], compiled=True)
op("dynamic_partition", [V, i32(0, 2, 0), 2])
op("dynamic_partition", [V, i32(0, 1), 2])
op("dynamic_stitch", [[[0, 2], [1]], [V[:2], S.reshape(1)]])
op("dynamic_stitch", [[[0, 1], [1]], [V[:2], S.reshape(1)]])
op("dynamic_stitch", [[[0], [3]], [M[:1], M[1:]]])
op("dynamic_stitch", [[1, [0, 2]], [V, M]])
op("dynamic_stitch", [[[0, 0, 0]], [V]])
op("dynamic_stitch", [[[0, 1]], [V]])
op("dynamic_stitch", [[[0, -1]], [V[:2]]])


@case
def positions_that_are_traced(tf: Any) -> Any:
    @tf.function
    def f(x: Any, i: Any) -> Any:
        return tf.gather(x, i), tf.gather_nd(x, i[:, None]), x[i[0]], tf.slice(x, i[:1], [2])

    return f(tf.constant([1.0, 2.0, 3.0, 4.0]), tf.constant([1, 2]))


@case
def the_gradient_of_where_stays_finite_in_the_branch_chosen(tf: Any) -> Any:
    x = tf.constant([0.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.where(x > 0.0, tf.sqrt(tf.where(x > 0.0, x, 1.0)), 0.0)
    return tape.gradient(y, x)


@case
def out_of_range_while_a_program_runs(tf: Any) -> Any:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    reads = [
        lambda i: tf.gather(x, i),
        lambda i: tf.gather_nd(x, i[None]),
        lambda i: tf.scatter_nd(i[None], [9.0], [3]),
        lambda i: tf.tensor_scatter_nd_update(x, i[None], [[9.0, 9.0]]),
        lambda i: x[i[0]],
    ]
    found = []
    for read in reads:
        run = tf.function(read)
        found.append([raised(lambda r=run, n=n: r(tf.constant([n]))) for n in (7, -1)])
    return found


@case
def rolled_by_a_tensor(tf: Any) -> Any:
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    return tf.function(lambda n: tf.roll(x, n, axis=1))(tf.constant(-1))
