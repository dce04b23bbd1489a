"""Tensors and gradients that many cases use."""

from __future__ import annotations

from typing import Any


def three(tf: Any) -> Any:
    return tf.constant(3.0)


def vector(tf: Any) -> Any:
    return tf.constant([1.0, 2.0, 3.0])


def matrix(tf: Any) -> Any:
    return tf.constant([[1.0, 2.0], [3.0, 4.0]])


def slope(tf: Any, function: Any, *sources: Any, **options: Any) -> Any:
    """The gradient of a function of watched sources, with respect to the one or to all."""
    with tf.GradientTape() as tape:
        tape.watch(sources)
        target = function(*sources)
    return tape.gradient(target, sources[0] if len(sources) == 1 else list(sources), **options)
