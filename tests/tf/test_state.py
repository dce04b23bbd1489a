"""Variables and optimizers: transforms around them, memory, threads, and what TensorFlow lacks."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.tf as tf
from functrans.errors import FunctransError, UnexpectedTracerError
from functrans.extend import Recording, detached


def squares(v: Any) -> Any:
    return tf.reduce_sum(v * v)


def test_minimize_takes_a_function_or_a_loss_with_its_tape() -> None:
    v, optimizer = tf.Variable([1.0, 2.0]), tf.keras.optimizers.SGD(0.25)
    optimizer.minimize(lambda: squares(v), [v])
    np.testing.assert_array_equal(v.numpy(), [0.5, 1.0])
    with tf.GradientTape() as tape:
        loss = squares(v)
    count = optimizer.minimize(loss, [v], tape=tape)
    np.testing.assert_array_equal(v.numpy(), [0.25, 0.5])
    assert int(count) == 2
    with pytest.raises(ValueError, match="`tape` is required"):
        optimizer.minimize(loss, [v])


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Nadam", "Ftrl"])
def test_a_compiled_step_does_what_an_eager_one_does(name: str) -> None:
    def trained(compiled: bool) -> tuple[np.ndarray[Any, Any], list[Any]]:
        v = tf.Variable(np.linspace(-1.0, 2.0, 6).reshape(2, 3))
        options = {"momentum": 0.5} if name in ("SGD", "RMSprop") else {}
        schedule = tf.keras.optimizers.schedules.CosineDecay(0.1, 10)
        optimizer = getattr(tf.keras.optimizers, name)(schedule, clipnorm=1.0, **options)

        def step(x: Any) -> None:
            with tf.GradientTape() as tape:
                loss = squares(v - x)
            optimizer.apply_gradients(zip(tape.gradient(loss, [v]), [v], strict=True))

        run = tf.function(step) if compiled else step
        for i in range(3):
            run(tf.constant(float(i), tf.float64))
        return v.numpy(), [s.numpy() for s in optimizer.variables]

    (v, state), (w, others) = trained(compiled=False), trained(compiled=True)
    np.testing.assert_allclose(v, w, rtol=1e-6)  # the learning rate is a float32
    for ours, theirs in zip(state, others, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_an_optimizer_says_what_it_needs() -> None:
    with pytest.raises(FunctransError, match=r"Make it a tf\.Variable"):
        tf.keras.optimizers.SGD().apply_gradients([(tf.constant(1.0), tf.constant(1.0))])
    with pytest.raises(FunctransError, match="Add up gradients"):
        tf.keras.optimizers.SGD(gradient_accumulation_steps=2)


def test_functrans_grad_goes_through_an_assignment() -> None:
    v = tf.Variable(3.0)

    def f(x: Any) -> Any:
        v.assign(x * v)
        return v * v

    assert float(ft.grad(f)(tf.constant(2.0))) == 36.0  # d(9·x²)
    with pytest.raises(UnexpectedTracerError):
        v + 1.0
    v.assign(1.0)
    assert float(v) == 1.0


def test_a_variable_is_an_argument_of_transforms() -> None:
    v = tf.Variable([1.0, 2.0])
    np.testing.assert_array_equal(ft.grad(squares)(v), [2.0, 4.0])
    np.testing.assert_array_equal(ft.jit(squares)(v.assign([3.0, 4.0])), 25.0)


def test_detached_values_keep_the_tracers_of_transforms() -> None:
    def f(x: float) -> Any:
        with Recording() as recording:
            y = recording.watch(x) * 2.0
            plain = detached(y)
            assert recording.tangent_of(y) is not None
            assert recording.tangent_of(plain) is None
        return plain

    assert ft.grad(f)(3.0) == 2.0


def test_variables_are_freed() -> None:
    def used() -> list[weakref.ref[Any]]:
        v, w, u = tf.Variable([1.0, 2.0]), tf.Variable(1.0), tf.Variable(1.0)
        part, returned = v[0], w.assign(2.0)
        with tf.GradientTape() as tape:
            loss = u * part * returned
        tape.gradient(loss, u)
        return [weakref.ref(x) for x in (v, w, u)]

    refs = used()
    gc.collect()
    assert [ref() for ref in refs] == [None] * 3


def test_name_scopes_are_each_threads_own() -> None:
    names = []
    with tf.name_scope("outer"):
        thread = threading.Thread(target=lambda: names.append(tf.Variable(1.0, name="v").name))
        thread.start()
        thread.join()
        names.append(tf.Variable(1.0, name="v").name)
    assert names == ["v:0", "outer/v:0"]


def test_variables_and_modules_are_pickled() -> None:
    v = tf.Variable([1.0, 2.0], name="w", trainable=False)
    twin = pickle.loads(pickle.dumps(v))
    assert (twin.name, twin.trainable, twin.numpy().tolist()) == ("w:0", False, [1.0, 2.0])


class Scaled(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(2.0)

    @tf.function
    def __call__(self, x: Any) -> Any:
        return self.w * x


@tf.function
def doubled(x: Any) -> Any:
    return x + x


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"]
)
def test_a_module_that_was_compiled_is_copied(copied: Any) -> None:
    module = Scaled()
    x = tf.constant(3.0)
    assert float(module(x)) == 6.0
    twin = copied(module)
    twin.w.assign(5.0)
    assert (float(module(x)), float(twin(x))) == (6.0, 15.0)
    assert copied(doubled) is doubled
    assert float(copied(tf.function(squares))(x)) == 9.0


def test_no_update_of_a_thread_is_lost() -> None:
    v = tf.Variable([0.0, 0.0])
    one = tf.IndexedSlices(tf.constant([1.0]), tf.constant([1]))

    def work() -> None:
        for _ in range(200):
            v.assign_add([1.0, 0.0])
            v.scatter_add(one)

    in_threads(work)
    np.testing.assert_array_equal(v, [800.0, 800.0])


def test_threads_share_the_trace_of_a_function() -> None:
    made: list[Any] = []
    found: list[float] = []

    @tf.function
    def run(x: Any) -> Any:
        if not made:
            made.append(tf.Variable(2.0))
        return made[0] * x

    in_threads(lambda: found.append(float(run(tf.constant(3.0)))))
    assert (len(made), found) == (1, [6.0] * 4)
    assert run.experimental_get_tracing_count() == 2  # one makes the variable, one is kept


def in_threads(work: Callable[[], None]) -> None:
    """Run it in four threads that take turns as often as can be."""
    threads = [threading.Thread(target=work) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)


def test_initializers_draw_from_the_global_stream() -> None:
    def drawn() -> list[Any]:
        tf.random.set_seed(4)
        make = (tf.keras.initializers.GlorotUniform(), tf.random_normal_initializer())
        return [initializer([2, 3]).numpy().tolist() for initializer in make]

    assert drawn() == drawn()


@pytest.mark.parametrize("room", ["optimizers", "losses", "metrics", "initializers"])
def test_rooms_have_keras_own_under_two_names(room: str) -> None:
    assert getattr(tf, room) is getattr(tf.keras, room)
