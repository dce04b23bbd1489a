"""Tapes inside functrans' transforms, transforms inside tapes, and both inside ``tf.function``."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
import functrans.tf as tf
from functrans.core.trace import busy, current_trace, known
from functrans.errors import ConcretizationTypeError, TracerArrayConversionError

X = np.array([0.3, -1.2, 2.0])
Function = Callable[[Any], Any]


def energy(x: Any) -> Any:
    """A scalar function in TensorFlow's words."""
    return tf.reduce_sum(tf.sin(x) * x * x)


def slope(f: Function) -> Function:
    """The gradient by a tape."""

    def gradient(x: Any) -> Any:
        x = tf.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x)

    return gradient


def forward(f: Function) -> Function:
    """The derivative along ones by an accumulator."""

    def derivative(x: Any) -> Any:
        x = tf.convert_to_tensor(x)
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
            y = f(x)
        return accumulator.jvp(y)

    return derivative


EXACT = 2 * X * np.sin(X) + X * X * np.cos(X)
SECOND = (2 - X * X) * np.sin(X) + 4 * X * np.cos(X)

GRADIENTS = {
    "tape": slope,
    "grad": ft.grad,
    "jit": lambda f: ft.jit(ft.grad(f)),
    "function": lambda f: tf.function(slope(f)),
    "tape of function": lambda f: slope(tf.function(f)),
}


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("kind", [np.asarray, tf.constant])
def test_gradients_agree(name: str, kind: Any) -> None:
    np.testing.assert_allclose(GRADIENTS[name](energy)(kind(X)), EXACT, rtol=1e-12)


@pytest.mark.parametrize("outer", [*GRADIENTS, "forward"])
@pytest.mark.parametrize("inner", [*GRADIENTS])
def test_second_derivatives_in_every_nesting(outer: str, inner: str) -> None:
    first = GRADIENTS[inner](energy)

    def total(x: Any) -> Any:
        return tf.reduce_sum(first(x))

    second = forward(first) if outer == "forward" else GRADIENTS[outer](total)
    np.testing.assert_allclose(second(tf.constant(X)), SECOND, rtol=1e-12)


def test_a_mapped_tape_is_a_loop_of_tapes() -> None:
    mapped = ft.vmap(slope(lambda x: tf.sin(x) * x))(X)
    np.testing.assert_allclose(mapped, np.cos(X) * X + np.sin(X), rtol=1e-12)


def test_jax_style_functions_accept_tensors_under_a_tape() -> None:
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.convert_to_tensor(fnp.sum(fnp.sin(x) * x * x))
    np.testing.assert_allclose(tape.gradient(y, x), EXACT, rtol=1e-12)


def test_the_jacobian_and_hessian_of_tensors_are_tensors() -> None:
    matrix = ft.jacobian(lambda x: tf.sin(x) * x * x)(tf.constant(X))
    assert isinstance(matrix, tf.Tensor)
    np.testing.assert_allclose(matrix, np.diag(EXACT), rtol=1e-12)
    np.testing.assert_allclose(ft.hessian(energy)(tf.constant(X)), np.diag(SECOND), rtol=1e-12)


def test_a_variable_is_read_in_a_transform_around() -> None:
    w = tf.Variable(X)

    def loss(scale: Any) -> Any:
        return energy(w * scale)

    np.testing.assert_allclose(ft.grad(loss)(1.0), np.sum(EXACT * X), rtol=1e-6)


@pytest.mark.parametrize(
    "lose",
    [float, np.asarray, lambda x: x.numpy(), lambda x: tf.constant(np.mean(x))],
    ids=["float", "asarray", "numpy", "mean"],
)
def test_grad_loses_no_derivative_silently(lose: Function) -> None:
    with pytest.raises((ConcretizationTypeError, TracerArrayConversionError)):
        ft.grad(lose)(tf.constant(0.5))


def test_an_exception_inside_the_block_leaves_no_state() -> None:
    x, tape, found = tf.constant(X), tf.GradientTape(), []

    def fails() -> None:
        with tape:
            tape.watch(x)
            found.append(energy(x))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert current_trace() is None
    assert not busy
    np.testing.assert_allclose(tape.gradient(found[0], x), EXACT)


def test_an_exception_inside_a_trace_leaves_no_state() -> None:
    @tf.function
    def fails(x: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails(tf.constant(X))
    assert current_trace() is None
    assert not busy
    np.testing.assert_allclose(tf.constant(X) * 2.0, 2 * X)


def middle_of(tape: Any, x: Any) -> tuple[Any, weakref.ref[Any]]:
    """A recorded value, and a weak reference to an array that only its tape needs."""
    with tape:
        tape.watch(x)
        between = tf.exp(x)
        y = tf.reduce_sum(between * x)
    return y, weakref.ref(known(between._v))


def test_a_single_gradient_gives_the_memory_back() -> None:
    tape, x = tf.GradientTape(), tf.constant(X)
    y, held = middle_of(tape, x)
    assert held() is not None
    tape.gradient(y, x)
    assert held() is None


def test_a_dying_tape_gives_the_memory_back() -> None:
    tape, x = tf.GradientTape(persistent=True), tf.constant(X)
    y, held = middle_of(tape, x)
    tape.gradient(y, x)
    tape.gradient(y, x)
    assert held() is not None
    del tape
    gc.collect()
    assert held() is None
    np.testing.assert_allclose(y, np.sum(np.exp(X) * X))


def test_chains_may_be_longer_than_the_stack_of_python() -> None:
    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(2 * sys.getrecursionlimit()):
            y = y * 1.0 + x
    assert float(tape.gradient(y, x)) == float(y)
    del y, tape


def test_threads_do_not_see_each_others_tapes() -> None:
    x = tf.Variable(X)
    found: dict[int, Any] = {}
    barrier = threading.Barrier(3)

    def work(power: int) -> None:
        with tf.GradientTape() as tape:
            barrier.wait()
            y = tf.reduce_sum(x**power)
            barrier.wait()
        found[power] = tape.gradient(y, x), tape.watched_variables()

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in (1, 2, 3):
        np.testing.assert_allclose(found[n][0], n * X ** (n - 1))
        assert found[n][1] == (x,) or found[n][1][0] is x


def test_a_whole_training_step_compiles() -> None:
    w, b = tf.Variable(5.0), tf.Variable(0.0)
    xs = tf.constant(np.linspace(-1.0, 1.0, 50, dtype=np.float32))
    ys = 3.0 * xs + 2.0

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(ys - (w * xs + b)))
        for variable, gradient in zip((w, b), tape.gradient(loss, (w, b)), strict=True):
            variable.assign_sub(0.3 * gradient)
        return loss

    losses = [float(step()) for _ in range(100)]
    assert losses[-1] < 1e-6 < losses[0]
    assert step.experimental_get_tracing_count() == 1
    np.testing.assert_allclose([w.numpy(), b.numpy()], [3.0, 2.0], atol=1e-3)
