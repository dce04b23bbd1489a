"""``functrans.tf`` against TensorFlow: tapes run eagerly, and whole steps under ``tf.function``.

Each program is written once and takes the library as ``tf``. Results are compared before anything
is timed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.harness import Row, installed, take_turns
from benchmarks.importing import import_seconds

EAGER, COMPILED, IMPORT = 0.3, 0.5, 0.1
"""The most of TensorFlow's time that a program may take."""

Program = Callable[[], Any]


def rows(rounds: int) -> Iterator[Row]:
    if not installed("tensorflow"):
        return
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(import_seconds("functrans.tf"))
        theirs.append(import_seconds("tensorflow"))
    yield Row("import functrans.tf", "import tensorflow", ours, theirs, IMPORT)
    import tensorflow

    import functrans.tf

    # As everything here, TensorFlow has one core; more threads would only wait for each other.
    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)

    for name, (make, most) in PROGRAMS.items():
        calls = {"functrans.tf": make(functrans.tf), "tensorflow": make(tensorflow)}
        check(name, calls)
        samples = take_turns(calls, rounds)
        yield Row(name, "tensorflow", samples["functrans.tf"], samples["tensorflow"], most)


def check(name: str, calls: dict[str, Program]) -> None:
    """Both libraries agree on the first result."""
    ours, theirs = (np.asarray(call()) for call in calls.values())
    if not np.allclose(ours, theirs, rtol=1e-4, atol=1e-5):
        raise AssertionError(f"{name}: functrans.tf gives {ours}, TensorFlow {theirs}")


# --- the seed's programs -------------------------------------------------------------------------


def seed_sum(tf: Any) -> Program:
    """The square of a sum, with respect to the tensor."""

    def program() -> Any:
        x = tf.ones((2, 2))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(x)
            z = tf.multiply(y, y)
        return tape.gradient(z, x)

    return program


def seed_persistent(tf: Any) -> Program:
    """Two gradients of one persistent tape."""

    def program() -> Any:
        x = tf.constant(3.0)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x * x
            z = y * y
        return tape.gradient(z, x) + tape.gradient(y, x)

    return program


def seed_control_flow(tf: Any) -> Program:
    """Python's own loop and condition under a tape."""

    def power(x: Any, n: int) -> Any:
        output = 1.0
        for i in range(n):
            if 1 < i < 5:
                output = tf.multiply(output, x)
        return output

    def program() -> Any:
        x = tf.convert_to_tensor(2.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = power(x, 6)
        return tape.gradient(out, x)

    return program


def seed_second(tf: Any) -> Program:
    """A second derivative by nested tapes over a variable."""
    x = tf.Variable(1.0)

    def program() -> Any:
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = x * x * x
            first = inner.gradient(y, x)
        return outer.gradient(first, x)

    return program


# --- models --------------------------------------------------------------------------------------


def digits(tf: Any) -> Program:
    """A training step of a two-layer network on 32 of the handwritten digits."""
    rng = np.random.default_rng(0)
    images = tf.constant(rng.random((32, 64)).astype(np.float32))
    labels = tf.constant(np.eye(10, dtype=np.float32)[rng.integers(0, 10, 32)])
    sizes = (64, 64), (64,), (64, 10), (10,)
    start = [0.1 * rng.standard_normal(s).astype(np.float32) for s in sizes]
    w1, b1, w2, b2 = variables = [tf.Variable(s) for s in start]

    def program() -> Any:
        with tf.GradientTape() as tape:
            hidden = tf.nn.relu(images @ w1 + b1)
            logits = hidden @ w2 + b2
            loss = tf.reduce_mean(
                tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            )
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.01 * gradient)
        return loss

    return program


def convolutions(tf: Any) -> Program:
    """A training step of a small convolutional network on 32 images of 16 by 16."""
    rng = np.random.default_rng(3)
    images = tf.constant(rng.random((32, 16, 16, 1)).astype(np.float32))
    labels = tf.constant(np.eye(10, dtype=np.float32)[rng.integers(0, 10, 32)])
    sizes = (3, 3, 1, 8), (3, 3, 8, 16), (256, 10)
    filters, more, dense = variables = [
        tf.Variable(0.1 * rng.standard_normal(s).astype(np.float32)) for s in sizes
    ]

    def program() -> Any:
        with tf.GradientTape() as tape:
            x = tf.nn.relu(tf.nn.conv2d(images, filters, strides=1, padding="SAME"))
            x = tf.nn.relu(tf.nn.conv2d(tf.nn.max_pool2d(x, 2, 2, "SAME"), more, 1, "SAME"))
            logits = tf.reshape(tf.nn.max_pool2d(x, 2, 2, "SAME"), (32, 256)) @ dense
            loss = tf.reduce_mean(
                tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            )
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.01 * gradient)
        return loss

    return program


def regression(tf: Any) -> Program:
    """A training step of a linear regression on 201 points."""
    rng = np.random.default_rng(1)
    x = tf.constant(np.linspace(-2, 2, 201, dtype=np.float32))
    y = tf.constant((3 * np.linspace(-2, 2, 201) + rng.standard_normal(201)).astype(np.float32))
    w, b = tf.Variable(5.0), tf.Variable(0.0)

    def program() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - (w * x + b)))
        dw, db = tape.gradient(loss, [w, b])
        w.assign_sub(0.1 * dw)
        b.assign_sub(0.1 * db)
        return loss

    return program


def compiled(make: Callable[[Any], Program]) -> Callable[[Any], Program]:
    """The same step as one ``tf.function``."""

    def of(tf: Any) -> Program:
        program: Program = tf.function(make(tf))
        return program

    return of


# --- derivatives ---------------------------------------------------------------------------------


def jacobian(tf: Any) -> Program:
    """The Jacobian of a layer of 64."""
    rng = np.random.default_rng(2)
    matrix = tf.constant(rng.standard_normal((64, 64)).astype(np.float32))
    x = tf.constant(rng.standard_normal(64).astype(np.float32))

    def program() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.tanh(tf.linalg.matvec(matrix, x))
        return tape.jacobian(y, x)

    return program


def third(tf: Any) -> Program:
    """A third derivative by three tapes."""
    x = tf.Variable(1.0)

    def program() -> Any:
        with tf.GradientTape() as third:
            with tf.GradientTape() as second:
                with tf.GradientTape() as first:
                    y = x * x * x * x
                slope = first.gradient(y, x)
            bend = second.gradient(slope, x)
        return third.gradient(bend, x)

    return program


def scalars(tf: Any) -> Program:
    """A thousand operations on numbers under one tape."""
    x = tf.constant(0.5)

    def program() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in range(500):
                y = tf.sin(y) * x
        return tape.gradient(y, x)

    return program


PROGRAMS: dict[str, tuple[Callable[[Any], Program], float | None]] = {
    "seed: square of a sum": (seed_sum, EAGER),
    "seed: persistent tape": (seed_persistent, EAGER),
    "seed: control flow": (seed_control_flow, EAGER),
    "seed: second derivative": (seed_second, EAGER),
    "digits MLP, training step": (digits, EAGER),
    "linear regression, training step": (regression, EAGER),
    "jacobian of 64 by 64": (jacobian, EAGER),
    "third derivative, nested tapes": (third, EAGER),
    "1,000 scalar operations": (scalars, EAGER),
    "digits MLP, tf.function": (compiled(digits), COMPILED),
    "linear regression, tf.function": (compiled(regression), COMPILED),
    "convolutional network, training step": (convolutions, None),
    "convolutional network, tf.function": (compiled(convolutions), None),
    "jacobian of 64 by 64, tf.function": (compiled(jacobian), COMPILED),
    "1,000 scalar operations, tf.function": (compiled(scalars), COMPILED),
}
