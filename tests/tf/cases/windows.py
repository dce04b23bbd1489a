"""Convolutions and pooling.

Layouts with the channels first are not there: TensorFlow has no code for them on processors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group

GROUP = Group("windows")
case, op = GROUP.case, GROUP.op


def wave(*shape: int, dtype: Any = np.float32) -> Any:
    """Numbers that differ, of both signs."""
    return np.asarray(np.sin(np.arange(np.prod(shape)) * 1.3).reshape(shape), dtype)


# Convolutions

X1, K1 = wave(2, 5, 3), wave(3, 3, 2)
X, K = wave(2, 5, 4, 3), wave(3, 2, 3, 2)
X3, K3 = wave(1, 3, 2, 4, 2), wave(2, 2, 2, 2, 1)

op("nn.conv1d", [X1, K1, 1, "SAME"], second=False)
op("nn.conv1d", [X1, K1, 2, "VALID"])
op("nn.conv1d", [X1, K1, [2], "SAME"], second=False)
op("nn.conv1d", [X1, K1, 1, "VALID"], {"dilations": 2}, second=False)
op("nn.conv1d", [np.stack([X1, 2 * X1]), K1, 1, "SAME"], second=False)
op("nn.conv2d", [X, K, 1, "SAME"])
op("nn.conv2d", [X, K, 2, "SAME"])
op("nn.conv2d", [X, K, [2, 1], "VALID"], second=False)
op("nn.conv2d", [X, K, [1, 2, 1, 1], "VALID"], second=False)
op("nn.conv2d", [X, K, 1, [[0, 0], [1, 1], [2, 0], [0, 0]]], second=False)
op("nn.conv2d", [X.astype(np.float64), K.astype(np.float64), 1, "SAME"], second=False)
op("nn.conv2d", [X, K, 1, "VALID"], {"dilations": [2, 1]}, second=False)
op("nn.conv2d", [wave(1, 4, 4, 4), wave(2, 2, 2, 4), 1, "SAME"], second=False)
op("nn.conv2d", [X, K, 1, "same"])
op("nn.conv2d", [X, K, [2, 1, 1], "SAME"])
op("nn.conv2d", [X, K, 1, [[1, 1], [2, 0]]])
op("nn.conv2d", [X, K, 1, "SAME"], {"data_format": "x"})
op("nn.conv2d", [X, wave(2, 2, 2, 2), 1, "SAME"])
op("nn.conv2d", [X, K, 0, "SAME"])
op("nn.conv3d", [X3, K3, [1, 1, 1, 1, 1], "SAME"])
op("nn.conv3d", [X3, K3, [1, 2, 1, 2, 1], "VALID"], second=False)
op("nn.convolution", [X, K], second=False)
op("nn.convolution", [X1, K1], {"strides": 2, "padding": "SAME"}, second=False)
op("nn.convolution", [X, K], {"dilations": [2, 1]}, second=False)
op("nn.atrous_conv2d", [X, K, 2, "SAME"], second=False)
op("nn.depthwise_conv2d", [X, K, [1, 1, 1, 1], "SAME"], second=False)
op("nn.depthwise_conv2d", [X, K, [1, 2, 2, 1], "VALID"], second=False)
op("nn.depthwise_conv2d", [X, K, [1, 1, 1, 1], "VALID"], {"dilations": [1, 2]}, second=False)
op("nn.depthwise_conv2d", [X, K[:, :, :2], [1, 1, 1, 1], "SAME"])
op("nn.separable_conv2d", [X, K, wave(1, 1, 6, 2), [1, 1, 1, 1], "SAME"], second=False)

KT = wave(3, 2, 4, 3)
op("nn.conv2d_transpose", [X, KT, [2, 10, 8, 4], 2])
op("nn.conv2d_transpose", [X, KT, [2, 9, 7, 4], 2], second=False)
op("nn.conv2d_transpose", [X, KT, [2, 11, 8, 4], 2, "VALID"], second=False)
op("nn.conv2d_transpose", [X, KT, [2, 12, 9, 4], 2, "VALID"], second=False)
op(
    "nn.conv2d_transpose",
    [X, KT, [2, 5, 4, 4], 1, [[0, 0], [1, 1], [1, 0], [0, 0]]],
    second=False,
)
op("nn.conv2d_transpose", [X, KT, [2, 10, 8, 5], 2])
op("nn.conv1d_transpose", [X1, wave(3, 4, 3), [2, 10, 4], 2], second=False)
op("nn.conv3d_transpose", [X3, wave(2, 2, 2, 3, 2), [1, 6, 4, 8, 3], 2], second=False)
op("nn.conv_transpose", [X, KT, [2, 10, 8, 4], 2], second=False)
op("nn.atrous_conv2d_transpose", [X, KT, [2, 9, 6, 4], 2, "VALID"], second=False)

# Pooling

TIES = np.array([[1.0, 2.0, 2.0, 0.0], [2.0, 1.0, 2.0, 2.0]], np.float32)[None, :, :, None]

op("nn.max_pool2d", [X, 2, 2, "SAME"], second=False)
op("nn.max_pool2d", [X, [3, 2], [2, 1], "VALID"], second=False)
op("nn.max_pool2d", [X, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"], second=False)
op("nn.max_pool2d", [X, 2, 1, [[0, 0], [1, 0], [0, 1], [0, 0]]], second=False)
op("nn.max_pool2d", [TIES, 2, 1, "VALID"], second=False)
case(
    "the largest integers",
    lambda tf: tf.nn.max_pool2d(tf.reshape(tf.range(8), (1, 2, 4, 1)), 2, 2, "VALID"),
)
op("nn.max_pool2d", [X, 9, 1, "VALID"])
op("nn.max_pool2d", [X, 2, 2, "x"])
op("nn.max_pool2d", [X, 0, 2, "SAME"])
op("nn.max_pool1d", [X1, 2, 2, "SAME"], second=False)
op("nn.max_pool3d", [X3, 2, 1, "SAME"], second=False)
op("nn.max_pool", [X1, 2, 2, "SAME"], second=False)
op("nn.avg_pool2d", [X, 2, 2, "SAME"])
op("nn.avg_pool2d", [X, 3, 1, "VALID"])
op("nn.avg_pool2d", [np.arange(8, dtype=np.int32).reshape(1, 2, 4, 1), 2, 2, "VALID"])
op("nn.avg_pool1d", [X1, 2, 1, "SAME"])
op("nn.avg_pool3d", [X3, 2, 1, "SAME"])
op("nn.avg_pool", [X, 2, 2, "VALID"])
op("nn.pool", [X, [2, 2], "MAX"], second=False)
op("nn.pool", [X, [2, 2], "AVG"], {"strides": [2, 2], "padding": "SAME"}, second=False)
op("nn.pool", [X, [2, 2], "AVG"], {"dilations": [2, 2]}, second=False)
op("nn.pool", [X, [2, 2], "SUM"])
op("nn.max_pool_with_argmax", [X, 2, 2, "VALID"], second=False)
op("nn.max_pool_with_argmax", [X, 2, 2, "SAME"], second=False)


@case
def places_in_the_batch(tf: Any) -> Any:
    options = {"include_batch_in_index": True, "output_dtype": tf.int32}
    return tuple(tf.nn.max_pool_with_argmax(X, 2, 2, "VALID", **options))
