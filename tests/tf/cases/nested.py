"""Tapes within tapes: higher derivatives, and programs with control flow."""

from __future__ import annotations

from typing import Any

from tests.tf.oracle import Group
from tests.tf.shorthand import matrix, slope, three, vector

GROUP = Group("nested")
case = GROUP.case


@case
def the_second_derivative(tf: Any) -> Any:
    x = tf.Variable(1.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = x * x * x
        first = inner.gradient(y, x)
    return [first, outer.gradient(first, x)]


@case
def a_gradient_taken_outside_the_outer_tape_is_not_recorded(tf: Any) -> Any:
    x = tf.Variable(1.0)
    with tf.GradientTape() as outer, tf.GradientTape() as inner:
        y = x * x * x
    first = inner.gradient(y, x)
    return [first, outer.gradient(first, x)]


@case
def derivatives_to_the_fifth_order(tf: Any) -> Any:
    def derivative(function: Any) -> Any:
        def derived(x: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            return tape.gradient(y, x)

        return derived

    x, function, found = tf.constant(0.7), tf.tanh, []
    for _ in range(5):
        function = derivative(function)
        found.append(function(x))
    return found


@case
def derivatives_by_one_persistent_tape(tf: Any) -> Any:
    x = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        y = x**4
        first = tape.gradient(y, x)
        second = tape.gradient(first, x)
        third = tape.gradient(second, x)
    return [first, second, third, tape.gradient(third, x)]


@case
def mixed_derivatives(tf: Any) -> Any:
    x, y = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            z = x**2 * y**3
        dx, dy = inner.gradient(z, [x, y])
    return [outer.gradient(dx, [x, y]), outer.gradient(dy, [x, y])]


@case
def a_hessian_vector_product_by_two_tapes(tf: Any) -> Any:
    x, v = vector(tf), tf.constant([1.0, -1.0, 0.5])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(tf.sin(x) * x**2)
        g = inner.gradient(y, x)
    return outer.gradient(g, x, output_gradients=v)


@case
def a_gradient_penalty(tf: Any) -> Any:
    w, x = tf.Variable([[0.5, -1.0], [2.0, 1.0]]), matrix(tf)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(tf.tanh(tf.matmul(x, w)))
        g = inner.gradient(y, x)
        penalty = tf.reduce_mean(tf.square(tf.norm(g, axis=1) - 1.0))
    return [penalty, outer.gradient(penalty, w)]


@case
def an_inner_tape_over_part_of_the_outer(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as outer:
        outer.watch(x)
        y = x * x
        with tf.GradientTape() as inner:
            inner.watch(y)
            z = y * y * x
        g = inner.gradient(z, y)
        total = g + x
    return [g, outer.gradient(total, x)]


@case
def a_step_of_descent_can_be_differentiated(tf: Any) -> Any:
    rate, w = tf.constant(0.1), tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(rate)
        for _ in range(3):
            with tf.GradientTape() as inner:
                inner.watch(w)
                loss = (w - 1.0) ** 2 * w
            w = w - rate * inner.gradient(loss, w)
    return [w, outer.gradient(w, rate)]


@case
def control_flow_of_Python(tf: Any) -> Any:
    def power(x: Any, n: int) -> Any:
        y = 1.0
        for i in range(n):
            if 1 < i < 5:
                y = tf.multiply(y, x)
        return y

    return [slope(tf, lambda x, n=n: power(x, n), tf.constant(2.0)) for n in (6, 5, 4)]


@case
def a_branch_on_the_value(tf: Any) -> Any:
    found = []
    for start in (0.5, -0.5):
        x = tf.constant(start)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x**2 if x > 0.0 else -3.0 * x
        found += [y, tape.gradient(y, x), tape.gradient(x > 0.0, x)]
    return found


@case
def a_long_chain(tf: Any) -> Any:
    x = tf.constant(0.5)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(200):
            y = tf.sin(y) + 0.1 * x
    return [y, tape.gradient(y, x)]
