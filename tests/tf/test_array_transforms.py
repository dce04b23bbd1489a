"""The functions of arrays inside functrans.grad, jit and vmap: as they are outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.tf as tf

X = np.array([[0.5, -1.0, 2.0], [3.0, 0.25, -0.75]])
Function = Callable[[Any], Any]

FUNCTIONS: dict[str, Function] = {
    "reshape": lambda x: tf.reshape(x, [3, -1]),
    "reshape by shapes": lambda x: tf.reshape(x, [tf.shape(x)[1], tf.shape(x)[0]]),
    "transpose": tf.transpose,
    "expand_dims and squeeze": lambda x: tf.squeeze(tf.expand_dims(x, 1)),
    "broadcast_to": lambda x: tf.broadcast_to(x, [2, 2, 3]),
    "stack": lambda x: tf.stack([x, tf.sin(x)], axis=1),
    "concat": lambda x: tf.concat([x, x * x], axis=-1),
    "unstack": lambda x: tf.unstack(x, axis=1)[1],
    "split": lambda x: tf.split(x, [1, 2], axis=1)[1],
    "tile": lambda x: tf.tile(x, [1, 2]),
    "repeat": lambda x: tf.repeat(x, [2, 1], axis=0),
    "pad": lambda x: tf.pad(x, [[1, 0], [0, 1]], constant_values=2.0),
    "mirrored pad": lambda x: tf.pad(x, [[1, 0], [0, 1]], "REFLECT"),
    "reverse": lambda x: tf.reverse(x, [1]),
    "roll": lambda x: tf.roll(x, [1], [1]),
    "gather": lambda x: tf.gather(x, [1, 1, 0]),
    "gather at what is sorted": lambda x: tf.gather(x[0], tf.argsort(x[1])),
    "gather in batches": lambda x: tf.gather(x, [[0], [2]], batch_dims=1),
    "gather_nd": lambda x: tf.gather_nd(x, [[0, 1], [1, 2]]),
    "slice": lambda x: tf.slice(x, [0, 1], [2, 2]),
    "slice at what is found": lambda x: tf.slice(x[0], [tf.argmax(x[1])], [1]),
    "a key": lambda x: x[..., 1:, None],
    "a tensor as a key": lambda x: x[tf.argmin(x[:, 0])],
    "boolean_mask": lambda x: tf.boolean_mask(x, [True, False]),
    "where": lambda x: tf.where(x > 0.0, x, 0.0),
    "scatter_nd": lambda x: tf.scatter_nd([[1], [3]], x, [4, 3]),
    "tensor_scatter_nd_update": lambda x: tf.tensor_scatter_nd_update(x, [[0, 1]], [x[1, 1]]),
    "tensor_scatter_nd_add": lambda x: tf.tensor_scatter_nd_add(x, [[0, 1]], [x[1, 1]]),
    "dynamic_stitch": lambda x: tf.dynamic_stitch([[1], [0]], [x[:1], x[1:]]),
    "sort": lambda x: tf.sort(x, axis=1, direction="DESCENDING"),
    "searchsorted": lambda x: tf.gather(x[0], tf.searchsorted(tf.sort(x[0])[:2], x[1])),
    "one_hot": lambda x: x * tf.one_hot([0, 2], 3, dtype=x.dtype),
    "one_hot of what is found": lambda x: x[0] * tf.one_hot(tf.argmax(x[1]), 3, dtype=x.dtype),
    "zeros_like and ones_like": lambda x: x + tf.zeros_like(x) + tf.ones_like(x),
    "linspace": lambda x: tf.linspace(x[0], x[1], 4),
    "meshgrid": lambda x: tf.meshgrid(x[0], x[1])[1],
    "space_to_batch": lambda x: tf.space_to_batch(x[None], [1], [[0, 0]]),
    "clip_by_value": lambda x: tf.clip_by_value(x, -0.5, 1.0),
    "clip_by_norm": lambda x: tf.clip_by_norm(x, 2.0),
    "clip_by_global_norm": lambda x: tf.clip_by_global_norm([x], 2.0)[0][0],
}

WRAPPED: dict[str, Callable[[Function], Function]] = {
    "jit": ft.jit,
    "tf.function": tf.function,
}


def as_tensor(f: Function) -> Function:
    return lambda x: f(tf.convert_to_tensor(x))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_map_gives_each_row(name: str) -> None:
    f = as_tensor(FUNCTIONS[name])
    xs = np.stack([X, np.cos(X)])
    rows = [f(x).numpy() for x in xs]
    np.testing.assert_allclose(ft.vmap(f)(xs), np.stack(rows), rtol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("wrapper", WRAPPED)
def test_it_compiles(name: str, wrapper: str) -> None:
    f = as_tensor(FUNCTIONS[name])
    found = WRAPPED[wrapper](f)(tf.constant(X))
    np.testing.assert_allclose(found, f(X).numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_grad_is_the_gradient_of_a_tape(name: str) -> None:
    f = FUNCTIONS[name]

    def total(x: Any) -> Any:
        return tf.reduce_sum(tf.square(f(tf.convert_to_tensor(x))))

    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = total(x)
    np.testing.assert_allclose(ft.grad(total)(X), tf.convert_to_tensor(tape.gradient(y, x)))
