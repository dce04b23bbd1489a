"""Activations and losses of tf.nn."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group
from tests.tf.shorthand import slope

GROUP = Group("nn")
case, op = GROUP.case, GROUP.op

X = np.array([[-1.5, 0.0, 0.5], [1.0, 2.0, 3.25]], np.float32)
EDGES = np.array([np.inf, -np.inf, -0.0], np.float32)

# Activations

ROUGH = {"gelu": 1e-6}  # TensorFlow's constants are float32, for float64 too
for name in ("relu", "relu6", "leaky_relu", "elu", "selu", "silu", "swish", "gelu"):
    op(f"nn.{name}", [X * 3], jvp=True)
    op(f"nn.{name}", [X.astype(np.float64)], rtol=ROUGH.get(name))
    op(f"nn.{name}", [np.array([1, -2])])
for name in ("relu", "relu6", "elu", "selu"):
    op(f"nn.{name}", [EDGES])
for name in ("relu", "elu", "silu", "softmax", "gelu"):
    op(f"nn.{name}", [X.astype(np.float16)], second=False)
case("relu of nan", lambda tf: tf.nn.relu([np.nan, 1.0]))
op("nn.leaky_relu", [X], {"alpha": 1.5})
op("nn.leaky_relu", [X], {"alpha": -0.5})
op("nn.gelu", [X], {"approximate": True})
op("nn.silu", [X, np.float32(2.0)])
case("silu of complex numbers", lambda tf: tf.nn.silu(tf.constant([1 + 2j, -0.5j])))
op("nn.crelu", [X])
op("nn.crelu", [X], {"axis": 0})
op("nn.crelu", [X[0, 0]])
op("nn.crelu", [np.array([1, -2], np.int32)])
op("nn.l2_loss", [X])
op("nn.l2_loss", [np.array([1, -2])])
op("nn.relu", [np.array([1j])])

# Softmax

for name in ("softmax", "log_softmax"):
    op(f"nn.{name}", [X])
    op(f"nn.{name}", [X], {"axis": 0})
    op(f"nn.{name}", [X], {"axis": 2})
    op(f"nn.{name}", [np.array([1e4, -1e4, 0.0], np.float32)])
    op(f"nn.{name}", [np.zeros((2, 0), np.float32)])
    op(f"nn.{name}", [np.array([1, -2])])
op("nn.softmax", [np.array([-np.inf, 1.0], np.float32)])
op("nn.log_softmax", [np.float32(1.0)])

# Losses of logits

LOGITS = np.array([[1.0, 2.0, -1.0], [0.0, 0.0, 0.0]], np.float32)
LABELS = np.array([[0.25, 0.5, 0.25], [0.0, 1.0, 0.0]], np.float32)
SOFTMAX = "nn.softmax_cross_entropy_with_logits"


def by_logits(labels: Any, **options: Any) -> Any:
    """The cross entropy as a function of logits alone."""

    def call(tf: Any, logits: Any) -> Any:
        return tf.nn.softmax_cross_entropy_with_logits(labels, logits, **options)

    return call


op(SOFTMAX, [LOGITS], call=by_logits(LABELS), compiled=True)
op(SOFTMAX, [LOGITS], call=by_logits(LABELS * 3))
op(SOFTMAX, [LOGITS], call=by_logits(LABELS, axis=0))
op(SOFTMAX, [LOGITS * 1e4], call=by_logits(LABELS))
op(SOFTMAX, [LOGITS], call=by_logits(LABELS[0]))
op(SOFTMAX, [LOGITS[0]], call=by_logits(LABELS[0]))
op(SOFTMAX, [LOGITS], call=by_logits([[0, 0, 1], [0, 1, 0]]))
op(SOFTMAX, [LOGITS.astype(np.float64)], call=by_logits(LABELS))
op(SOFTMAX, [LOGITS.astype(np.float16)], call=by_logits(LABELS))
op(SOFTMAX, [np.ones((2, 2, 3), np.float32)], call=by_logits(np.ones((2, 2, 3), np.float32)))
op(SOFTMAX, [LOGITS], call=by_logits([[0.5, 0.5]]))
op(SOFTMAX, [LABELS * 3, LOGITS], second=False)

SPARSE = "nn.sparse_softmax_cross_entropy_with_logits"
op(SPARSE, [np.array([2, 0]), LOGITS])
op(SPARSE, [np.array([2, 0], np.int32), LOGITS.astype(np.float64)])
op(SPARSE, [np.array(1), LOGITS[0]])
op(SPARSE, [np.array([[2, 0], [1, 1]]), np.ones((2, 2, 3), np.float32)])
op(SPARSE, [np.array([2, 0]), LOGITS * 1e4])
op(SPARSE, [np.array([3, 0]), LOGITS])
op(SPARSE, [np.array([-1, 0]), LOGITS])
op(SPARSE, [np.array([2]), LOGITS])
op(SPARSE, [np.array([[2], [0]]), LOGITS])
op(SPARSE, [np.array([2.0, 0.0]), LOGITS])
op(SPARSE, [np.array([2, 0], np.uint8), LOGITS])
op(SPARSE, [None, LOGITS])

SIGMOID = "nn.sigmoid_cross_entropy_with_logits"
Z = np.array([0.0, 1.0, 0.25, 1.0], np.float32)
C = np.array([-1.0, 20.0, 2.0, 0.0], np.float32)
op(SIGMOID, [Z, C], second=False)
op(SIGMOID, [Z, C * 1000], second=False)
op(SIGMOID, [C], call=lambda tf, x: tf.nn.sigmoid_cross_entropy_with_logits(labels=Z, logits=x))
op(SIGMOID, [Z[:1], C])
op(SIGMOID, [np.array([0, 1, 0, 1]), C])
op(SIGMOID, [None, C])
op("nn.weighted_cross_entropy_with_logits", [Z, C, np.float32(2.0)])
op("nn.weighted_cross_entropy_with_logits", [Z, C * 100, 0.5])
op("nn.weighted_cross_entropy_with_logits", [Z[:1], C, 2.0])
TARGETS = np.array([0.5, 1.0, 5.0], np.float32)
op("nn.log_poisson_loss", [TARGETS, C[:3]])
op("nn.log_poisson_loss", [TARGETS, C[:3]], {"compute_full_loss": True})
op("nn.log_poisson_loss", [TARGETS[:1], C[:3]])


@case
def a_network_of_two_layers(tf: Any) -> Any:
    w, b = tf.Variable(X), tf.Variable([0.1, 0.2, 0.3])
    x, y = tf.constant([[1.0, -1.0], [0.5, 2.0]]), tf.constant([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    with tf.GradientTape() as tape:
        hidden = tf.nn.relu(tf.matmul(x, w) + b)
        loss = tf.nn.softmax_cross_entropy_with_logits(y, hidden)
    return [loss, *tape.gradient(loss, [w, b])]


@case
def three_derivatives_of_a_smooth_activation(tf: Any) -> Any:
    x = tf.constant([-1.0, 0.5])

    def once(x: Any) -> Any:
        return slope(tf, tf.nn.silu, x)

    def twice(x: Any) -> Any:
        return slope(tf, once, x)

    return slope(tf, twice, x)


@case("a label out of range, compiled")
def _(tf: Any) -> Any:
    compiled = tf.function(tf.nn.sparse_softmax_cross_entropy_with_logits)
    return compiled(tf.constant([3, 0]), tf.constant(LOGITS))


@case("a negative label, compiled")
def _(tf: Any) -> Any:
    compiled = tf.function(tf.nn.sparse_softmax_cross_entropy_with_logits)
    return compiled(tf.constant([-1, 0]), tf.constant(LOGITS))
