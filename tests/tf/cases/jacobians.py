"""GradientTape.jacobian and batch_jacobian."""

from __future__ import annotations

from typing import Any

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import matrix, three, vector

GROUP = Group("jacobians")
case = GROUP.case


@case
def jacobians_of_every_rank(tf: Any) -> Any:
    found = []
    for x in (three(tf), vector(tf), matrix(tf)):
        for function in (
            tf.sin,
            tf.reduce_sum,
            lambda x: tf.reshape(tf.stack([x, x * x]), [2, -1]),
        ):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            found.append(tape.jacobian(y, x))
    return found


@case
def a_jacobian_with_a_nest_of_sources(tf: Any) -> Any:
    a, b = vector(tf), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        tape.watch(a)
        y = a * a * b
    return tape.jacobian(y, {"a": a, "b": [b, a]})


@case
def a_jacobian_of_a_list(tf: Any) -> Any:
    x = vector(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    return tape.jacobian([y, y], x)


@case
def an_unconnected_jacobian(tf: Any) -> Any:
    x, w = vector(tf), matrix(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, w])
        y = x * x
    return [
        tape.jacobian(y, w),
        tape.jacobian(y, [x, w]),
        tape.jacobian(y, w, unconnected_gradients="zero"),
        tape.jacobian(y, [x, w], unconnected_gradients=tf.UnconnectedGradients.ZERO),
    ]


@case
def a_jacobian_through_gather_is_dense(tf: Any) -> Any:
    x = vector(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.gather(x, [2, 0, 2]) ** 2
    return tape.jacobian(y, x)


@case
def a_jacobian_without_pfor(tf: Any) -> Any:
    x = vector(tf)
    found = []
    for persistent in (True, False):
        with tf.GradientTape(persistent=persistent) as tape:
            tape.watch(x)
            y = x * x
        found.append(
            raised(lambda tape=tape, y=y: tape.jacobian(y, x, experimental_use_pfor=False))
        )
    return found


@case
def a_jacobian_in_parallel_iterations(tf: Any) -> Any:
    x = vector(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    return tape.jacobian(y, x, parallel_iterations=2, experimental_use_pfor=False)


@case
def a_jacobian_of_a_gradient_is_a_hessian(tf: Any) -> Any:
    x = vector(tf)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_prod(x) + tf.reduce_sum(x**3)
        g = inner.gradient(y, x)
    return outer.jacobian(g, x)


@case
def a_jacobian_with_respect_to_a_variable_and_a_kernel(tf: Any) -> Any:
    kernel = tf.Variable([[1.0, -1.0], [0.5, 2.0]])
    with tf.GradientTape() as tape:
        y = tf.nn.relu(tf.matmul(matrix(tf), kernel))
    return tape.jacobian(y, kernel)


@case
def a_gradient_of_a_jacobian(tf: Any) -> Any:
    x = vector(tf)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x**3
        j = inner.jacobian(y, x)
    return outer.gradient(j, x)


@case
def a_jacobian_of_a_jacobian(tf: Any) -> Any:
    x = vector(tf)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.stack([tf.reduce_prod(x), tf.reduce_sum(x**2)])
        j = inner.jacobian(y, x)
    return outer.jacobian(j, x)


@case
def batch_jacobians(tf: Any) -> Any:
    found = []
    for x in (matrix(tf), tf.reshape(tf.range(12.0), [2, 3, 2])):
        for function in (tf.sin, lambda x: tf.cumsum(x, axis=1), lambda x: x[:, :1] * x[:, 1:]):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            found.append(tape.batch_jacobian(y, x))
    return found


@case
def a_batch_jacobian_mixes_nothing_between_rows(tf: Any) -> Any:
    x = matrix(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.matmul(x, tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    return tape.batch_jacobian(y, x)


@case
def an_unconnected_batch_jacobian_is_zero(tf: Any) -> Any:
    x, w = matrix(tf), matrix(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, w])
        y = x * x
    return [tape.batch_jacobian(y, w), tape.batch_jacobian(y, w, unconnected_gradients="zero")]


@case
def batch_jacobians_that_cannot_be(tf: Any) -> Any:
    x, v = matrix(tf), vector(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, v])
        y = x * x
        rank1 = v * v
        more_rows = tf.concat([y, y], 0)
    return [
        raised(lambda: tape.batch_jacobian(rank1, x)),
        raised(lambda: tape.batch_jacobian(y, v)),
        raised(lambda: tape.batch_jacobian(rank1, v)),
        raised(lambda: tape.batch_jacobian(more_rows, x)),
        raised(lambda: tape.batch_jacobian([y], x)),
        raised(lambda: tape.batch_jacobian(y, [x])),
    ]


@case
def a_batch_jacobian_without_pfor(tf: Any) -> Any:
    x = matrix(tf)
    found = []
    for persistent in (True, False):
        with tf.GradientTape(persistent=persistent) as tape:
            tape.watch(x)
            y = x * x
        found.append(
            raised(lambda tape=tape, y=y: tape.batch_jacobian(y, x, experimental_use_pfor=False))
        )
    return found
