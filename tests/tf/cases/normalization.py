"""Norms, moments, normalisation, biases, embeddings, blocks of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group

GROUP = Group("normalization")
case, op = GROUP.case, GROUP.op

A = np.array([[4.0, 1.0, -0.5], [-1.0, 3.0, 2.0]], np.float32)
V = np.array([1.0, -2.0, 0.5], np.float32)
Z = np.array([3 + 4j, -1j])

# Norms

for order in ("euclidean", 1, 2, np.inf, 3, 1.5):
    op("norm", [A], {"ord": order})
for order in ("euclidean", "fro", 1, 2, np.inf):
    op("norm", [A], {"ord": order, "axis": (0, 1)}, rtol=1e-4, second=order != 2)
for order in ("fro", "nuc", 0, -1, "x"):
    op("norm", [A], {"ord": order})
for order in (3, 0, "nuc"):
    op("norm", [A], {"ord": order, "axis": [0, 1]})
op("norm", [A], {"axis": 1})
op("norm", [A], {"axis": -1, "keepdims": True})
op("norm", [A], {"ord": 1, "axis": [0, 1], "keepdims": True})
op("norm", [A], {"ord": 2, "axis": [0, 1], "keepdims": True}, second=False, rtol=1e-4)
op("norm", [np.stack([A, -2 * A])], {"ord": np.inf, "axis": [0, 2]}, second=False)
op("norm", [np.stack([A, -2 * A])], {"ord": 2, "axis": [0, 2]}, second=False, rtol=1e-4)
op("norm", [A], {"axis": [0, 0]})
op("norm", [A], {"axis": 5})
op("norm", [np.array([[3, 4]])])
op("norm", [np.zeros(0, np.float32)])
case("norms of complex numbers", lambda tf: [tf.norm(Z), tf.norm(Z, ord=1)])
op("linalg.normalize", [A], {"axis": 1})
op("linalg.normalize", [A], {"ord": 1})
op("linalg.normalize", [V])
op("linalg.l2_normalize", [A])
op("linalg.l2_normalize", [A], {"axis": 0})
op("math.l2_normalize", [V], {"epsilon": 100.0})
op("nn.l2_normalize", [A], {"dim": 1})
op("nn.l2_normalize", [[1, 2]])
case("l2_normalize of complex numbers", lambda tf: tf.math.l2_normalize(tf.constant(Z)))
op("linalg.global_norm", [[A, V]])

# Moments

op("nn.moments", [A, [0]])
op("nn.moments", [A, [0, 1]], {"keepdims": True})
op("nn.moments", [A, 1])
op("nn.moments", [A.astype(np.float16), [0]], second=False)
op("nn.moments", [np.array([[1, 2], [4, 4]]), [0]])
op("nn.weighted_moments", [A, [1], np.array([1.0, 2.0, 0.5], np.float32)])
op("nn.weighted_moments", [A, [0, 1], np.float32(2.0)], {"keepdims": True}, second=False)
op("nn.weighted_moments", [A, [0], np.zeros((2, 1), np.float32)], second=False)
op("nn.weighted_moments", [A, [0], V[:2]])
op("nn.sufficient_statistics", [A, [0]])
op("nn.sufficient_statistics", [A, [0, 1]], {"shift": np.float32(1.0), "keepdims": True})
op("nn.normalize_moments", [np.float32(2.0), V, V * V * 2, None])
op("nn.normalize_moments", [np.float32(2.0), V, V * V * 2, np.float32(1.0)])

# Normalisation

S = np.array([0.5, 1.0, 2.0], np.float32)
op("nn.batch_normalization", [A, V, S, V, S, 1e-3])
op("nn.batch_normalization", [A, V, S, None, None, 1e-3])
op("nn.batch_normalization", [A, V, S, None, S, 1e-3], second=False)
op(
    "nn.batch_norm_with_global_normalization",
    [A[None, None], V, S, V, S, 1e-3, True],
    second=False,
)
op("nn.local_response_normalization", [A[None, None], 1])
op("nn.lrn", [A[None, None]], {"depth_radius": 1, "bias": 2, "alpha": 0.5, "beta": 0.75})
op("nn.lrn", [A])
op("nn.bias_add", [A, V])
op("nn.bias_add", [A[None, :, :, None], V[:2]], {"data_format": "NCHW"})
op("nn.bias_add", [A, V[:2]])
op("nn.bias_add", [A, A])
op("nn.bias_add", [V, V])
op("nn.bias_add", [A, V], {"data_format": "x"})
op("nn.compute_average_loss", [V])
op("nn.compute_average_loss", [V], {"sample_weight": S, "global_batch_size": 6})
op("nn.compute_average_loss", [np.float32(2.0)])
op("nn.scale_regularization_loss", [V])

# Tables and blocks

op("nn.embedding_lookup", [A, np.array([1, 0, 1])])
op("nn.embedding_lookup", [A, np.array([[1, 0], [1, 1]])], {"max_norm": 2.0}, second=False)
case("several tables", lambda tf: tf.nn.embedding_lookup([A, 2 * A], [3, 0]))
op("nn.embedding_lookup", [A, np.array([2])])
PIXELS = np.arange(32, dtype=np.float32).reshape(1, 4, 4, 2)
op("nn.space_to_depth", [PIXELS, 2])
op("nn.depth_to_space", [PIXELS.reshape(1, 2, 4, 4), 2])
op("nn.space_to_depth", [PIXELS, 3])
op("nn.space_to_depth", [PIXELS, 1])
op("nn.depth_to_space", [PIXELS, 2])

# Dropout: what does not depend on the numbers

op("nn.dropout", [A, 0.0])
op("nn.dropout", [A, 1.0])
op("nn.dropout", [np.array([1, 2]), 0.5])
op("nn.dropout", [A, 0.5], {"noise_shape": [3, 1]})
case("a rate of 0 drops nothing", lambda tf: tf.nn.dropout(A, 0).shape)


def sampled(tf: Any, x: Any, rate: Any) -> Any:
    """Dropout by numbers that are told."""

    def numbers(shape: Any, dtype: Any) -> Any:
        return tf.reshape(tf.linspace(tf.constant(0.0, dtype), 0.9, 6), shape)

    return tf.nn.experimental.general_dropout(x, rate, numbers)


op("nn.experimental.general_dropout", [A, np.float32(0.3)], call=sampled)
op("nn.experimental.general_dropout", [A, 0.7], call=sampled)


@case
def a_batch_normalised_by_its_moments(tf: Any) -> Any:
    x = tf.Variable(A)
    with tf.GradientTape() as tape:
        mean, variance = tf.nn.moments(x, [0])
        y = tf.nn.batch_normalization(x, mean, variance, tf.zeros(3), tf.ones(3), 1e-3)
        loss = tf.reduce_sum(y * y * y)
    return [y, tape.gradient(loss, x)]
