"""Reductions, running sums, positions of extremes, segments and counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("reductions")
case, op = GROUP.case, GROUP.op

NAN, INF = np.nan, np.inf
X = np.array([[-1.5, 0.5, 2.0], [1.0, 4.0, 3.25]], np.float32)
CUBE = (np.arange(24, dtype=np.float32) / 8 - 1).reshape(2, 3, 4)
INTS = np.array([[-3, 0, 4], [2, -2, 2]], np.int32)
Z = np.array([[1 + 2j, -0.5j, 2], [0, 1j, -1 + 1j]])
BOOLS = np.array([[True, False], [True, True]])
TIES = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], np.float32)
SUMS = "reduce_sum reduce_mean reduce_prod reduce_max reduce_min reduce_logsumexp".split()
OTHERS = "math.reduce_variance math.reduce_std math.reduce_euclidean_norm".split()

for name in [*SUMS, *OTHERS]:
    op(name, [X], jvp=True)
    op(name, [X], {"axis": 0, "keepdims": True}, compiled=False, second=name != "math.reduce_std")
    op(name, [CUBE], {"axis": [0, -1]}, second=False, compiled=True)
    op(name, [CUBE], {"axis": (1,), "keepdims": True}, second=False)
    op(name, [X], {"axis": []}, second=False)
    op(name, [X], {"axis": np.array(1)})
    op(name, [X], {"axis": 2})
    op(name, [X], {"axis": [0, 0]})
    op(name, [X], {"axis": [1, -1]})
    op(name, [X], {"axis": 1.0})
    op(name, [np.float32(3.0)], second=name != "reduce_prod")
    op(name, [TIES], {"axis": 1}, second=False)
    op(name, [np.zeros((0, 2), np.float32)], {"axis": 0})
    op(name, [np.zeros(0, np.float32)])
    op(name, [INTS])
    op(name, [INTS], {"axis": 1})
    op(name, [INTS.astype(np.int8)])
    op(name, [np.array([200, 100], np.uint8)])
    op(name, [np.zeros(0, np.int32)])
    op(name, [X.astype(np.float16)], second=False)
    op(name, [X.astype(np.float64)])
    if name != "math.reduce_euclidean_norm":
        op(name, [Z], {"axis": 1}, second=False)
    op(name, [BOOLS])
    op(name, ["text"])
    op(name, [[1.0, 2.0]])
    op(name, [[1, 2]])
    op(name, [np.array([1.0, NAN], np.float32)], second=False)
    op(name, [np.array([1.0, INF], np.float32)], second=False)
op("reduce_logsumexp", [np.array([-INF, -INF], np.float32)], second=False)
op("reduce_logsumexp", [np.array([1000.0, 999.0], np.float32)])
op("reduce_mean", [np.array([100, 100, 100], np.int8)])
op("reduce_mean", [np.array([-1, -2], np.int32)])
op(
    "reduce_prod",
    [np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0]], np.float32)],
    {"axis": 1},
    second=False,
)
case("the norm of complex numbers", lambda tf: tf.math.reduce_euclidean_norm(Z, axis=1))
case("products of complex numbers", lambda tf: tf.math.cumprod(Z))
for name in ("reduce_all", "reduce_any"):
    op(name, [BOOLS])
    op(name, [BOOLS], {"axis": 0, "keepdims": True})
    op(name, [np.zeros((0, 2), bool)], {"axis": 0})
    op(name, [[True, False]])
    op(name, [[1, 0]])
    op(name, [X])
    op(name, [BOOLS], {"axis": 5})
op("math.count_nonzero", [INTS])
op("math.count_nonzero", [X], {"axis": 1, "keepdims": True, "dtype": np.int32})
op("math.count_nonzero", [["", "a", " "]])
op("math.count_nonzero", [BOOLS], {"axis": 0})
for values in (np.array([0.0, 1.0, 0.0], np.float32), INTS, np.zeros(0, np.float32), BOOLS):
    op("math.zero_fraction", [values])

# Positions

for name in ("argmax", "argmin"):
    op(name, [X])
    op(name, [X], {"axis": 1})
    op(name, [X], {"axis": -1, "output_type": np.int32})
    op(name, [TIES], {"axis": 1})
    op(name, [INTS], {"axis": 0})
    op(name, [BOOLS])
    op(name, [np.array([1.0, NAN, 3.0], np.float32)])
    op(name, [np.array([NAN, 1.0, 3.0], np.float32)])
    op(name, [np.float32(1.0)])
    op(name, [np.zeros(0, np.float32)])
    op(name, [X], {"axis": 2})
    op(name, [X], {"output_type": np.float32})
    op(name, [Z])
    op(name, [[3, 1, 2]])

# Running sums

for name in ("cumsum", "math.cumprod", "math.cumulative_logsumexp"):
    op(name, [X], jvp=True)
    op(name, [X], {"axis": 1, "exclusive": True}, second=False)
    op(name, [X], {"axis": -1, "reverse": True}, second=False)
    op(name, [X], {"axis": 1, "exclusive": True, "reverse": True}, second=False, compiled=True)
    op(name, [INTS], {"axis": 1})
    op(name, [np.float32(1.0)])
    op(name, [X], {"axis": 2})
    op(name, [np.zeros((0, 2), np.float32)], second=False)
    op(name, [X.astype(np.float64)], second=False)
    if name != "math.cumprod":
        op(name, [Z], second=False)
op("cumsum", [np.array([100, 100], np.int8)])

# Segments

IDS = np.array([0, 0, 2, 2])
ROWS = np.array([[1.0, 2.0], [3.0, 3.0], [5.0, 0.5], [5.0, -1.0]], np.float32)
for name in "sum mean max min prod".split():
    name = f"math.segment_{name}"
    op(name, [ROWS, IDS], compiled=False)
    op(name, [ROWS[:, 0], IDS.astype(np.int32)], second=False)
    op(name, [np.array([1, 2, 3, 5]), IDS])
    op(name, [ROWS, IDS[::-1].copy()])
    op(name, [ROWS, IDS[:2]])
    op(name, [ROWS, IDS - 1])
    op(name, [ROWS, IDS[:, None]])
    op(name, [np.zeros((0, 2), np.float32), np.zeros(0, np.int32)])
    op(name, [ROWS.astype(np.complex128), IDS], second=False)
SPREAD = np.array([3, 0, 3, -1])
for name in "sum mean max min prod sqrt_n".split():
    name = f"math.unsorted_segment_{name}"
    op(name, [ROWS, SPREAD, 5])
    op(name, [ROWS, np.array([[0, 1], [1, 1], [0, 0], [2, 1]]), 3], second=False)
    op(name, [np.array([1, 2, 3, 5]), IDS, 4])
    op(name, [ROWS, SPREAD, 3])
    op(name, [ROWS, SPREAD[:2], 5])
    op(name, [ROWS, SPREAD, -1])
    op(name, [ROWS.astype(np.complex128), IDS, 3], second=False)
    op(name, [ROWS.astype(np.float64), IDS, np.array(3)], second=False)

# Counts

op("math.bincount", [np.array([1, 1, 3], np.int32)], compiled=False)
for options in (
    {"minlength": 6},
    {"maxlength": 2},
    {"dtype": np.float32},
    {"dtype": np.int64},
    {"minlength": 5, "maxlength": 3},
    {"binary_output": True},
    {"axis": -1},
):
    op("math.bincount", [np.array([1, 1, 3], np.int32)], options)
TABLE = np.array([[1, 1], [2, 0]], np.int32)
for options in ({}, {"axis": -1}, {"axis": 0}, {"axis": -1, "binary_output": True}, {"axis": 1}):
    op("math.bincount", [TABLE], options)
op("math.bincount", [TABLE], {"axis": -1, "minlength": 5, "maxlength": 9})
op("math.bincount", [np.array([-1, 1])])
op("math.bincount", [np.zeros(0, np.int32)])
op("math.bincount", [3])
op("math.bincount", [[1, 1, 3]], {"weights": [0.5, 0.5, 2.0]})
op("math.bincount", [[1, 2]], {"weights": [1.0]})
op("math.bincount", [[[1, 1], [2, 0]]], {"weights": [[1.0, 2.0], [3.0, 4.0]], "axis": -1})
op("math.confusion_matrix", [[1, 2, 4], [2, 2, 4]])
op("math.confusion_matrix", [[1, 2], [2, 2]], {"num_classes": 4})
op("math.confusion_matrix", [[1, 2], [2, 2]], {"weights": [0.5, 2.0], "dtype": np.float32})
op("math.confusion_matrix", [[1, 2], [2, 2]], {"weights": [3, 2]})
op("math.confusion_matrix", [[1, 2], [2, 2]], {"weights": [0.5, 2.9]})
op("math.confusion_matrix", [[-1, 2], [2, 2]])
op("math.confusion_matrix", [[1, 5], [2, 2]], {"num_classes": 3})
op("math.confusion_matrix", [[[1], [0]], [0, 1]])
op("math.confusion_matrix", [[1], [0, 1]])
op("math.confusion_matrix", [[1.0, 0.0], [0.0, 1.0]])
op("math.confusion_matrix", [[1, 2], [2, 2]], {"weights": [0.5]})

# The largest

op("math.top_k", [TIES], {"k": 2})
op("math.top_k", [X])
op("math.top_k", [INTS], {"k": 3})
op("math.top_k", [np.array([200, 3, 7], np.uint8)], {"k": 2})
op("math.top_k", [np.array([1.0, NAN, 3.0], np.float32)], {"k": 3}, second=False)
case("positions of another dtype", lambda tf: list(tf.math.top_k(X, 1, index_type=tf.int64)))
op("math.top_k", [X], {"k": np.array(2)})
for k in (0, -1, 9):
    op("math.top_k", [X], {"k": k})
op("math.top_k", [np.float32(1.0)])
op("math.top_k", [[1.0, 2.0]])
op("math.approx_max_k", [X, 2])
CHANCES = np.array([[0.1, 0.5, 0.4], [0.3, 0.3, 0.2], [0.5, NAN, 0.5]], np.float32)
for classes in ([0, 2, 0], [1, 1, 1], [9, -1, 0]):
    for k in (1, 2, 3):
        op("math.in_top_k", [classes, CHANCES, k])
op("math.in_top_k", [[0], CHANCES, 1])
op("math.in_top_k", [[0], CHANCES[0], 1])
op("math.in_top_k", [[0, 1, 2], CHANCES.astype(np.float64), 1])
op("math.invert_permutation", [np.array([2, 0, 1], np.int32)])
op("math.invert_permutation", [np.array([2, 0, 1])])
for wrong in ([2, 0, 2], [3, 0, 1], [[0]], [0.0]):
    op("math.invert_permutation", [wrong])


@case
def what_top_k_returns(tf: Any) -> Any:
    found = tf.math.top_k([1.0, 3.0, 2.0], 2)
    values, indices = found
    return [type(found).__name__, found.values, indices, raised(lambda: found.nothing), values]
