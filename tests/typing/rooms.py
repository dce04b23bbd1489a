"""Names that are loaded when they are used: checkers see them, and miss those that are not there.

Nothing here is run; see ``tests/typing/transforms.py``.
"""

from typing import Any, assert_type

import numpy as np

import functrans as ft
import functrans.tf as tf


def of_functrans() -> None:
    assert_type(ft.random.key(0), ft.random.PRNGKeyArray)
    ft.scipy.special.gammaln(2.0)
    ft.scipy.linalg.expm(np.eye(2))
    ft.scipy.stats.norm.logpdf(0.0)
    ft.lax.scan(lambda c, x: (c, x), 0.0, np.ones(3))
    ft.lax.linalg.cholesky(np.eye(2))
    ft.numpy.linalg.solve(np.eye(2), np.ones(2))
    ft.numpy.fft.fft(np.ones(2))
    ft.numpy.median(np.ones(2))
    ft.nn.initializers.zeros(ft.random.key(0), (2,))
    ft.experimental.ode.odeint(lambda y, t: -y, 1.0, np.ones(2))
    assert_type(ft.debug.counters.traces, int)
    ft.testing.check_grads(np.sin, (1.0,), order=1)
    ft.tf.constant(1.0)


def of_tensors() -> None:
    v = tf.Variable([1.0, 2.0])
    assert_type(tf.constant(1.0), tf.Tensor)
    assert_type(tf.reduce_sum(v, axis=0, keepdims=True), tf.Tensor)
    assert_type(2.0 * v[0] - v / 3.0, tf.Tensor)
    assert_type(-(v @ v) < 1.0, tf.Tensor)
    with tf.GradientTape(persistent=True) as tape:
        y = tf.math.sin(v)
    tape.gradient(y, v)
    assert_type(tf.keras.optimizers.Adam(0.1).get_config(), dict[str, Any])
    assert_type(tf.optimizers.SGD(learning_rate=0.1).name, str)
    assert_type(tf.losses.MSE([1.0], [2.0]), tf.Tensor)
    tf.nn.experimental.stateless_dropout([1.0], 0.5, [1, 2])
    tf.random.set_seed(1)
    tf.constnat(1.0)  # expected
    tf.math.sinn(1.0)  # expected
    tf.reduce_sum(v, axes=0)  # expected


@tf.function
def scaled(x: tf.Tensor, factor: float = 2.0) -> tf.Tensor:
    return x * factor


@tf.function(jit_compile=True)
def squared(x: tf.Tensor) -> tf.Tensor:
    return x * x


def of_functions() -> None:
    assert_type(scaled(tf.constant(1.0), factor=3.0), tf.Tensor)
    assert_type(squared(tf.constant(1.0)), tf.Tensor)
    scaled.get_concrete_function(tf.constant(1.0))
    scaled(tf.constant(1.0), fcator=3.0)  # expected
