"""Control flow and custom gradients of functrans.tf inside functrans' own transforms."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.tf as tf


@tf.custom_gradient
def cube(x: Any) -> Any:
    """x³, whose gradient is 7 x² for any to see."""
    return x * x * x, lambda dy: dy * 7.0 * x * x


def chosen(x: Any) -> Any:
    return tf.cond(x > 2.0, lambda: x * x, lambda: 3.0 * x)


def repeated(x: Any) -> Any:
    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), (0, x))[1]


def mapped(x: Any) -> Any:
    return tf.reduce_sum(tf.map_fn(lambda y: y * x, tf.stack([x, 2.0 * x])))


def scanned(x: Any) -> Any:
    return tf.foldl(lambda a, y: a * y, tf.stack([x, x, x]))


def written(x: Any) -> Any:
    array = tf.TensorArray(x.dtype, size=2)
    step = lambda i, ta: (i + 1, ta.write(i, x * tf.cast(i + 1, x.dtype)))  # noqa: E731
    _, array = tf.while_loop(lambda i, ta: i < 2, step, (0, array))
    return tf.reduce_prod(array.stack())


def switched(x: Any) -> Any:
    return tf.switch_case(tf.cast(x > 2.0, tf.int32), [lambda: 3.0 * x, lambda: x * x])


PROGRAMS: dict[str, tuple[Callable[[Any], Any], Callable[[float], float]]] = {
    "cond": (chosen, lambda x: 2 * x if x > 2 else 3.0),
    "switch_case": (switched, lambda x: 2 * x if x > 2 else 3.0),
    "while_loop": (repeated, lambda x: 4 * x**3),
    "map_fn": (mapped, lambda x: 6 * x),
    "foldl": (scanned, lambda x: 3 * x**2),
    "TensorArray": (written, lambda x: 4 * x),
    "custom_gradient": (cube, lambda x: 7 * x**2),
    "recompute_grad": (tf.recompute_grad(lambda x: x * x * x), lambda x: 3 * x**2),
    "py_function": (
        lambda x: tf.py_function(lambda y: y * y, [x], tf.float64),
        lambda x: 2 * x,
    ),
}


def slope(function: Callable[[Any], Any], x: Any) -> Any:
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives_are_the_same_in_every_transform(name: str) -> None:
    function, derivative = PROGRAMS[name]
    points = np.array([1.5, 3.0])
    wanted = [derivative(x) for x in points]
    by_tape = [slope(function, x).numpy() for x in points]
    ways = {
        "tape": by_tape,
        "grad": [ft.grad(lambda v: function(tf.convert_to_tensor(v)))(x) for x in points],
        "jit": [ft.jit(lambda v: slope(function, v))(x).numpy() for x in points],
        "tf.function": [
            tf.function(lambda v: slope(function, v))(tf.constant(x)).numpy() for x in points
        ],
        "around tf.function": [slope(tf.function(function), x).numpy() for x in points],
        "vmap": ft.vmap(lambda v: slope(function, v))(points).numpy(),
        "vectorized_map": tf.vectorized_map(lambda v: slope(function, v), points).numpy(),
    }
    for way, found in ways.items():
        np.testing.assert_allclose(found, wanted, err_msg=way)


def test_the_second_derivative_is_that_of_the_gradient() -> None:
    x = tf.constant(2.0, tf.float64)
    assert float(slope(lambda x: slope(cube, x), x)) == pytest.approx(14.0 * 2.0)
    inside = tf.function(lambda x: slope(lambda x: slope(cube, x), x))
    assert float(inside(x)) == pytest.approx(14.0 * 2.0)
    assert float(ft.grad(lambda v: slope(cube, v))(2.0)) == pytest.approx(14.0 * 2.0)


def test_a_wrong_shape_of_a_gradient_is_refused() -> None:
    total = tf.custom_gradient(lambda x: (tf.reduce_sum(x), lambda dy: dy))
    with pytest.raises(tf.errors.InvalidArgumentError, match="returned a gradient of shape"):
        slope(total, tf.constant([1.0, 2.0]))


class Kept:
    """Something to be held by a gradient function."""


def slope_that_holds(kept: Kept) -> Any:
    @tf.custom_gradient
    def double(x: Any) -> Any:
        def gradient(dy: Any) -> Any:
            assert kept is not None
            return dy * 2.0

        return x * 2.0, gradient

    return slope(double, 1.0)


def test_nothing_is_kept_of_a_custom_gradient() -> None:
    kept = Kept()
    reference = weakref.ref(kept)
    assert float(slope_that_holds(kept)) == 2.0
    del kept
    gc.collect()
    assert reference() is None


def test_a_TensorArray_of_no_size_says_what_to_do_in_a_compiled_loop() -> None:
    @tf.function
    def run(x: Any) -> Any:
        array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        step = lambda i, ta: (i + 1, ta.write(i, x))  # noqa: E731
        return tf.while_loop(lambda i, ta: i < 2, step, (0, array))[1].stack()

    with pytest.raises(ValueError, match="size=n"):
        run(tf.constant(1.0))


def test_python_functions_are_called_when_programs_run() -> None:
    seen: list[float] = []

    @tf.function
    def run(x: Any) -> Any:
        return tf.numpy_function(lambda v: seen.append(float(v)) or v * 2, [x], tf.float32)

    assert float(run(tf.constant(3.0))) == 6.0
    assert float(run(tf.constant(4.0))) == 8.0
    assert seen == [1.0, 3.0, 4.0]  # with ones first, for the shape


def test_a_python_function_that_breaks_its_promise() -> None:
    @tf.function
    def run(x: Any) -> Any:
        return tf.numpy_function(lambda v: v.astype(np.float64), [x], tf.float32)

    with pytest.raises(tf.errors.InvalidArgumentError, match="is double, but expects float"):
        run(tf.constant(3.0))


def test_assertions_hold_in_every_row() -> None:
    def row(x: Any) -> Any:
        tf.debugging.assert_positive(x)
        return x

    assert tf.vectorized_map(row, tf.constant([1.0, 2.0])).shape == [2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="x > 0"):
        tf.vectorized_map(row, tf.constant([1.0, -2.0]))
