"""ForwardAccumulator: derivatives along a direction, alone and with tapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import matrix, three, vector

GROUP = Group("forward")
case = GROUP.case


def push(tf: Any, function: Any, primals: Any, tangents: Any) -> Any:
    with tf.autodiff.ForwardAccumulator(primals, tangents) as accumulator:
        result = function(primals)
    return accumulator.jvp(result)


@case
def a_derivative_along_a_direction(tf: Any) -> Any:
    x, t = vector(tf), tf.constant([1.0, -1.0, 0.5])
    return [push(tf, f, x, t) for f in (tf.sin, lambda x: x**2, tf.reduce_sum, lambda x: x)]


@case
def a_variable_as_primal(tf: Any) -> Any:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    direction = tf.constant([[1.0, 0.0], [0.0, 0.0]])
    return push(tf, lambda v: tf.matmul(v, v), v, direction)


@case
def several_primals(tf: Any) -> Any:
    a, b = three(tf), tf.Variable(4.0)
    with tf.autodiff.ForwardAccumulator([a, b], [tf.constant(1.0), tf.constant(10.0)]) as acc:
        y = a * b
        z = {"y": y, "pair": (a, b * b)}
    return acc.jvp(z)


@case
def a_dict_of_primals(tf: Any) -> Any:
    primals = {"a": three(tf), "b": vector(tf)}
    tangents = {"a": tf.constant(1.0), "b": tf.constant([1.0, 0.0, 0.0])}
    return raised(lambda: push(tf, lambda p: p["a"] * p["b"], primals, tangents))


for label, primals, tangents in [
    ("numbers as tangents", vector, lambda tf: [1.0, 2.0, 3.0]),
    ("a number as a tangent", three, lambda tf: 2.0),
    ("an array as a tangent", vector, lambda tf: np.array([1, 2, 3], np.float32)),
    ("an array of float64 as a tangent", vector, lambda tf: np.array([1.0, 2.0, 3.0])),
    ("a tangent of float64", three, lambda tf: tf.constant(1.0, tf.float64)),
    ("a tangent of another shape", vector, lambda tf: tf.constant([1.0, 2.0])),
    ("a list for one primal", three, lambda tf: [tf.constant(1.0)]),
    ("an integer primal", lambda tf: tf.constant(3), lambda tf: tf.constant(1)),
    ("no tangent", three, lambda tf: None),
    ("a variable as tangent", three, lambda tf: tf.Variable(2.0)),
]:

    @case(label)
    def _(tf: Any, primals: Any = primals, tangents: Any = tangents) -> Any:
        return push(tf, lambda x: x * x, primals(tf), tangents(tf))


@case
def fewer_tangents_than_primals(tf: Any) -> Any:
    return tf.autodiff.ForwardAccumulator([three(tf), three(tf)], [tf.constant(1.0)])


@case
def a_primal_twice(tf: Any) -> Any:
    x, one = three(tf), tf.constant(1.0)
    return tf.autodiff.ForwardAccumulator([x, x], [one, one])


@case
def unconnected_results(tf: Any) -> Any:
    x, w = three(tf), vector(tf)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as acc:
        y, other = x * x, w * 2.0
    return [
        acc.jvp(other),
        acc.jvp([y, other]),
        acc.jvp(other, unconnected_gradients="zero"),
        acc.jvp([y, w], unconnected_gradients=tf.UnconnectedGradients.ZERO),
        raised(lambda: acc.jvp(y, unconnected_gradients="nope")),
        raised(lambda: acc.jvp(2.0)),
        acc.jvp(x),
    ]


@case
def what_gives_no_tangent(tf: Any) -> Any:
    x = tf.constant([1.5, -0.5])
    with tf.autodiff.ForwardAccumulator(x, tf.ones(2)) as acc:
        results = [tf.floor(x), tf.stop_gradient(x), x > 0.0, tf.argmax(x)]
    return acc.jvp(results)


@case
def operations_outside_the_context(tf: Any) -> Any:
    x = three(tf)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as acc:
        y = x * x
    z = y * y
    return [acc.jvp(y), acc.jvp(z), acc.jvp(x)]


@case
def jvp_inside_the_context(tf: Any) -> Any:
    x = three(tf)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as acc:
        y = x * x
        first = acc.jvp(y)
        z = first * x
    return [first, acc.jvp(z), acc.jvp(first)]


@case
def asking_twice(tf: Any) -> Any:
    x = three(tf)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as acc:
        y = x * x
    return [acc.jvp(y), acc.jvp(y)]


@case
def entering_again(tf: Any) -> Any:
    x = three(tf)
    acc = tf.autodiff.ForwardAccumulator(x, tf.constant(1.0))
    with acc:
        y = x * x
    with acc:
        z = y * x
    return [acc.jvp(y), acc.jvp(z)]


@case
def entering_while_active(tf: Any) -> Any:
    acc = tf.autodiff.ForwardAccumulator(three(tf), tf.constant(1.0))

    def again() -> None:
        with acc:
            pass

    with acc:
        return raised(again)


@case
def nested_accumulators(tf: Any) -> Any:
    x = tf.constant(1.1)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as outer:
        with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as inner:
            y = x**3
        first = inner.jvp(y)
    return [first, outer.jvp(first), outer.jvp(y), inner.jvp(outer.jvp(y))]


@case
def a_hessian_vector_product_forward_over_backward(tf: Any) -> Any:
    x, t = vector(tf), tf.constant([1.0, -1.0, 0.5])
    with tf.autodiff.ForwardAccumulator(x, t) as acc:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.sin(x) * x**2)
        g = tape.gradient(y, x)
    return [acc.jvp(g), acc.jvp(y)]


@case
def backward_over_forward(tf: Any) -> Any:
    x, t = vector(tf), tf.constant([1.0, -1.0, 0.5])
    with tf.GradientTape() as tape:
        tape.watch([x, t])
        with tf.autodiff.ForwardAccumulator(x, t) as acc:
            y = tf.sin(x) * x**2
        j = acc.jvp(y)
    return tape.gradient(j, [x, t])


@case
def a_jacobian_by_columns(tf: Any) -> Any:
    kernel, x = matrix(tf), tf.constant([[1.0, -1.0]])
    columns = []
    for i in range(4):
        direction = tf.reshape(tf.one_hot(i, 4), [2, 2])
        columns.append(push(tf, lambda k: tf.nn.sigmoid(tf.matmul(x, k)), kernel, direction))
    return tf.stack(columns)


@case
def of_a_function(tf: Any) -> Any:
    @tf.function
    def power(x: Any) -> Any:
        return x**3 * tf.exp(x)

    return push(tf, power, vector(tf), tf.ones(3))


@case
def within_a_function(tf: Any) -> Any:
    @tf.function
    def derivative(x: Any, t: Any) -> Any:
        return push(tf, lambda x: x**3, x, t)

    return derivative(vector(tf), tf.ones(3))


@case
def through_control_flow_and_slices(tf: Any) -> Any:
    def program(x: Any) -> Any:
        y = x[0] * x[1:]
        return tf.concat([y, tf.reshape(tf.reduce_max(x), [1])], 0) if x[0] > 0 else y

    return push(tf, program, vector(tf), tf.constant([1.0, 10.0, 100.0]))
