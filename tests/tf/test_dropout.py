"""Dropout drops the share it is told, and knows its derivative; the numbers are our own."""

from __future__ import annotations

import numpy as np
import pytest

import functrans.tf as tf


def test_the_share_and_the_scale_are_right() -> None:
    y = tf.nn.dropout(tf.ones(10_000), 0.25, seed=3).numpy()
    np.testing.assert_array_equal(np.unique(y), np.float32([0.0, 1 / 0.75]))
    assert abs((y == 0).mean() - 0.25) < 0.02


def test_noise_is_shared_along_axes_of_size_one() -> None:
    y = tf.nn.dropout(tf.ones((50, 4)), 0.5, noise_shape=[None, 1], seed=3).numpy()
    assert (y == y[:, :1]).all()
    assert 0 < (y[:, 0] == 0).mean() < 1


def test_the_gradient_goes_where_elements_are_kept() -> None:
    x = tf.Variable(tf.ones(20))
    with tf.GradientTape() as tape:
        y = tf.nn.dropout(x, 0.5, seed=1)
    np.testing.assert_array_equal(tape.gradient(y, x), y)


def test_the_stateless_one_is_determined_by_its_seed() -> None:
    def drawn(seed: list[int]) -> bytes:
        y = tf.nn.experimental.stateless_dropout(tf.ones(40), rate=0.5, seed=seed)
        return bytes(y.numpy().tobytes())

    assert drawn([1, 2]) == drawn([1, 2]) != drawn([2, 1])


def test_each_call_of_a_compiled_function_drops_others() -> None:
    @tf.function
    def step(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.dropout(x, 0.5)

    x = tf.ones(40)
    assert (step(x).numpy() != step(x).numpy()).any()


@pytest.mark.parametrize("rate", [1.0, -0.1, 1.5])
def test_rates_outside_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=r"in the range \[0, 1\)"):
        tf.nn.dropout(tf.ones(3), rate)
