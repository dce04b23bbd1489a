"""Elementwise mathematics."""

from __future__ import annotations

import numpy as np

from tests.tf.oracle import Group

GROUP = Group("math")
case, op = GROUP.case, GROUP.op

X = np.array([[-1.5, 0.0, 0.5], [1.0, 2.0, 3.25]], np.float32)
Z = np.array([1 + 2j, -0.5j], np.complex128)

op("math.sin", [X], jvp=True)
op("math.sin", [Z])
op("math.sin", [X.astype(np.float64)])
op("math.sin", [np.array([1, 2])])
op("math.floor", [X])
op("gather", [X, np.array([1, 1])])
op("concat", [[X, X[:1]], 0])
op("reduce_sum", [X], {"axis": 0})
op("math.top_k", [X], {"k": 2})
op("math.is_nan", [X])
op("math.abs", [Z])
