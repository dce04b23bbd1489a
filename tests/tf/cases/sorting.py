"""Elements in order, and counted; values kept small."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group

GROUP = Group("sorting")
case, op = GROUP.case, GROUP.op

V = np.array([1.5, -2.0, 0.5, 1.5], np.float32)
M = np.array([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]], np.float32)
N = np.array([3, 1, 2, 1], np.int32)
U = np.array([3, 0, 200], np.uint8)
W = np.array(["b", "a", "b"])
NAN = np.array([1.0, np.nan, 0.0, np.inf], np.float32)
S = np.array(2.5, np.float32)

for direction in ("ASCENDING", "DESCENDING"):
    way = {"direction": direction}
    op("sort", [V], way)
    op("sort", [M], way | {"axis": 0})
    op("sort", [M], way | {"axis": -2})
    op("sort", [N], way)
    op("sort", [U], way)
    op("argsort", [V], way)
    op("argsort", [M], way | {"axis": 0})
    op("argsort", [N], way)
    op("argsort", [U], way)
    op("argsort", [N], way | {"stable": True})
    op("sort", [np.array([-(2**31), 5, 2**31 - 1], np.int32)], way)
op("sort", [S])
op("sort", [V], {"direction": "UP"})
op("sort", [V], {"axis": 1})
op("sort", [W])
op("sort", [np.array([True, False])])
op("sort", [[3, 1, 2]])
op("argsort", [[3.0, 1.0]])

op("searchsorted", [np.array([1.0, 3.0, 5.0], np.float32), V])
op("searchsorted", [np.array([1, 3, 3, 5]), np.array([3, 0, 9])], {"side": "right"})
op("searchsorted", [np.array([1, 3, 3, 5]), np.array([3, 0, 9])])
op("searchsorted", [np.array([[1, 3], [2, 4]]), np.array([[3, 0, 2], [3, 2, 9]])])
op("searchsorted", [[1, 2], [1]], {"side": "middle"})
op("searchsorted", [[1.0, 2.0], np.float64(1.5)])
op("searchsorted", [np.array([[1, 3], [2, 4]]), np.array([3])])
op("searchsorted", [[1, 2, 3], [2, 3]])

op("unique", [N], compiled=False)
op("unique", [W])
op("unique", [[4, 4, 1, 4]])
op("unique", [[1, 1], np.int64], call=lambda tf, x, t: tf.unique(x, tf.as_dtype(t)))
op("unique", [np.array([[1]])])
op("unique", [np.zeros(0, np.int32)])
op("unique_with_counts", [N], compiled=False)
op("unique_with_counts", [W])
op("unique_with_counts", [[True, False, True]])

op("histogram_fixed_width", [V, [-1.0, 2.0], 3])
op("histogram_fixed_width", [V, np.array([-1.0, 2.0], np.float32)], {"nbins": 5})
op("histogram_fixed_width", [N, [0, 4], 4])
op("histogram_fixed_width_bins", [V, [-1.0, 2.0], 3])
op("histogram_fixed_width_bins", [M, [0.0, 5.0]], {"nbins": 5})
op("histogram_fixed_width_bins", [N, [0, 4], 4])
op("histogram_fixed_width", [V, [2.0, -1.0], 3])
op("histogram_fixed_width", [V, [0.0, 1.0], 0])

op("clip_by_value", [V, -1.0, 1.5], jvp=True)
op("clip_by_value", [V, -2.0, 0.5])
op("clip_by_value", [V, np.float32(-1.0), np.float32(1.0)])
op("clip_by_value", [V, V - 1, V])
op("clip_by_value", [M, np.array([1.5, 0, 3], np.float32), 5.0])
op("clip_by_value", [V, 1.0, -1.0])
op("clip_by_value", [N, 1, 2])
op("clip_by_value", [NAN, 0.5, 2.0])
op("clip_by_value", [V, 0, 1])
op("clip_by_value", [N, 0.5, 1.5])
op("clip_by_value", [V, np.float64(0.0), np.float64(1.0)])
op("clip_by_value", [V[:1], V, V])
op("clip_by_value", [S, V, V])

op("clip_by_norm", [V, 1.0], jvp=True)
op("clip_by_norm", [V, 10.0])
op("clip_by_norm", [M, 2.0, 1])
op("clip_by_norm", [M, 2.0, [0]])
op("clip_by_norm", [M, np.float32(3.0)])
op("clip_by_norm", [0 * V, 1.0])
op("clip_by_norm", [V, np.float64(1.0)])
op("clip_by_norm", [V.astype(np.float64), 1])
op("clip_by_global_norm", [[V, M], 2.0])
op("clip_by_global_norm", [[V, M], 200.0])
op("clip_by_global_norm", [[V], np.float32(2.0)], {"use_norm": np.float32(4.0)})
op("clip_by_global_norm", [[0 * V], 1.0])
op("clip_by_global_norm", [[NAN], 1.0], second=False)
op("clip_by_global_norm", [V, 1.0])
op("clip_by_global_norm", [[], 1.0])
op("linalg.global_norm", [[V, M]])
op("linalg.global_norm", [[V.astype(np.float64)]])
op("linalg.global_norm", [V])


@case
def nothing_among_gradients(tf: Any) -> Any:
    clipped, norm = tf.clip_by_global_norm([None, tf.constant([3.0, 4.0]), None], 1.0)
    return [clipped, norm, tf.linalg.global_norm([None, tf.constant(2.0)])]


@case
def rows_of_gradients(tf: Any) -> Any:
    rows = tf.IndexedSlices(
        tf.constant([[3.0, 4.0], [0.0, 12.0]]), tf.constant([2, 0]), tf.constant([4, 2])
    )
    return [
        tf.clip_by_value(rows, 0.0, 4.0),
        tf.clip_by_norm(rows, 1.0),
        tf.clip_by_global_norm([rows, tf.ones([2])], 1.0),
        tf.linalg.global_norm([rows]),
    ]


def saturated(tf: Any, x: Any, dtype: str) -> Any:
    return tf.saturate_cast(x, tf.as_dtype(dtype))


for x, dtype in (
    ([300.0, -5.0, 3.7], "uint8"),
    ([3e10, -3e10, 1.5], "int32"),
    ([300, -300], "int8"),
    ([1e6, 2.0], "float16"),
    ([2.0**24, 5.0], "uint16"),
    ([1 + 2j], "float32"),
    ([1, -1], "uint32"),
):
    op("saturate_cast", [x, dtype], call=saturated)
op("saturate_cast", [np.array([1e300, -1e300, np.inf, 2.0]), "float32"], call=saturated)
