"""Tensors and gradients that many cases use."""

from __future__ import annotations

from functools import partial
from types import CodeType
from typing import Any

import numpy as np

from tests.tf.oracle import Group


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


def numbers(*shape: int, seed: int = 0, scale: float = 1.0) -> Any:
    """Normal numbers, the same for each library."""
    return (scale * np.random.default_rng([seed, *shape]).normal(size=shape)).astype(np.float32)


class Layers:
    """Networks of dense layers with given weights, as classes of ``tf.Module``."""

    def __init__(self, tf: Any) -> None:
        class Dense(tf.Module):  # type: ignore[misc]
            def __init__(
                self, inputs: int, outputs: int, activation: Any = None, name: Any = None
            ) -> None:
                super().__init__(name=name)
                self.w = tf.Variable(numbers(inputs, outputs, scale=0.5), name="w")
                self.b = tf.Variable(tf.zeros([outputs]), name="b")
                self.activation = activation

            def __call__(self, x: Any) -> Any:
                y = tf.matmul(x, self.w) + self.b
                return self.activation(y) if self.activation is not None else y

        class Sequential(tf.Module):  # type: ignore[misc]
            def __init__(self, layers: Any, name: Any = None) -> None:
                super().__init__(name)
                self.layers = layers

            def __call__(self, x: Any) -> Any:
                for layer in self.layers:
                    x = layer(x)
                return x

        self.Dense, self.Sequential = Dense, Sequential


def lines(group: Group, text: str, **names: Any) -> None:
    """A case for each line, an expression of ``tf``, ``np`` and ``names``.

    What follows two spaces and ``#`` must be in the message of its error.
    """
    for line in text.strip().splitlines():
        expression, _, says = line.partition("  # ")
        code = compile(expression, "<case>", "eval")
        group.case(expression, partial(_evaluated, code=code, names=names), says=says)


def _evaluated(tf: Any, code: CodeType, names: dict[str, Any]) -> Any:
    return eval(code, {"tf": tf, "np": np, "c": tf.constant, **names})
