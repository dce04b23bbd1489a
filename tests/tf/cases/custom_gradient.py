"""Gradients of one's own: custom_gradient, grad_pass_through, recompute_grad, stop_gradient."""

from __future__ import annotations

from threading import Thread
from typing import Any

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import slope, three, vector

GROUP = Group("custom_gradient")
case = GROUP.case


def softplus(tf: Any) -> Any:
    @tf.custom_gradient
    def log1pexp(x: Any) -> Any:
        e = tf.exp(x)

        def grad(upstream: Any) -> Any:
            return upstream * (1 - 1 / (1 + e))

        return tf.math.log(1 + e), grad

    return log1pexp


@case
def a_stable_gradient(tf: Any) -> Any:
    function = softplus(tf)
    return [slope(tf, function, tf.constant(x)) for x in (0.0, 100.0)]


@case
def it_keeps_the_name(tf: Any) -> Any:
    return softplus(tf).__name__


@case
def it_is_differentiable_again(tf: Any) -> Any:
    function, x = softplus(tf), tf.constant(0.5)
    with tf.GradientTape() as outer:
        outer.watch(x)
        first = slope(tf, function, x)
    return [first, outer.gradient(first, x)]


@case
def it_works_without_a_tape(tf: Any) -> Any:
    return softplus(tf)(tf.constant([0.0, 1.0]))


@case
def it_takes_what_converts(tf: Any) -> Any:
    @tf.custom_gradient
    def twice(x: Any) -> Any:
        return 2.0 * x, lambda dy: dy * 10.0

    return [twice(3.0), twice([1.0, 2.0]), twice(tf.Variable(4.0))]


@case
def clipped_gradients(tf: Any) -> Any:
    @tf.custom_gradient
    def clip(y: Any) -> Any:
        return y, lambda dy: tf.clip_by_norm(dy, 0.5)

    v = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        output = clip(v * v)
    return tape.gradient(output, v)


@case
def several_arguments(tf: Any) -> Any:
    @tf.custom_gradient
    def product(x: Any, y: Any) -> Any:
        def grad(dy: Any) -> Any:
            return dy * y * 10.0, dy * x * 100.0

        return x * y, grad

    return slope(tf, product, tf.constant(2.0), tf.constant(3.0))


@case
def several_results(tf: Any) -> Any:
    @tf.custom_gradient
    def pair(x: Any) -> Any:
        def grad(da: Any, db: Any) -> Any:
            return da * 10.0 + db * 100.0

        return (x * 2.0, x * 3.0), grad

    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        a, b = pair(x)
        c = a + b
    return [type(pair(x)).__name__, tape.gradient(c, x), tape.gradient(a, x), tape.gradient(b, x)]


@case
def a_list_of_results(tf: Any) -> Any:
    @tf.custom_gradient
    def pair(x: Any) -> Any:
        return [x * 2.0, x * 3.0], lambda da, db: da + db

    return pair(three(tf))


@case
def a_nest_of_arguments(tf: Any) -> Any:
    @tf.custom_gradient
    def weighted(xs: Any, y: Any) -> Any:
        a, b = xs

        def grad(dy: Any) -> Any:
            return (dy * 10.0, dy * 20.0), dy * 30.0

        return a + b + y, grad

    a, b, y = three(tf), three(tf), three(tf)
    with tf.GradientTape() as tape:
        tape.watch([a, b, y])
        z = weighted((a, b), y)
    return tape.gradient(z, [a, b, y])


@case
def keywords_and_Python_arguments(tf: Any) -> Any:
    @tf.custom_gradient
    def scaled(x: Any, factor: Any = 2, *, extra: str = "no") -> Any:
        assert extra in ("no", "yes")

        def grad(dy: Any) -> Any:
            return (dy * factor * 10.0, None) if extra == "no" else dy * 1000.0

        return x * float(factor), grad

    return [
        raised(lambda: slope(tf, lambda x: scaled(x, 3), three(tf))),
        raised(lambda: slope(tf, lambda x: scaled(x), three(tf))),
        raised(lambda: slope(tf, lambda x: scaled(x, extra="yes"), three(tf))),
        raised(lambda: scaled(three(tf), factor=4)),
    ]


@case
def None_as_a_gradient(tf: Any) -> Any:
    @tf.custom_gradient
    def product(x: Any, y: Any) -> Any:
        return x * y, lambda dy: (dy * y, None)

    return slope(tf, product, tf.constant(2.0), tf.constant(3.0))


@case
def None_as_the_only_gradient(tf: Any) -> Any:
    @tf.custom_gradient
    def blocked(x: Any) -> Any:
        return x * 2.0, lambda dy: None

    return slope(tf, blocked, three(tf))


@case
def a_wrong_number_of_gradients(tf: Any) -> Any:
    @tf.custom_gradient
    def product(x: Any, y: Any) -> Any:
        return x * y, lambda dy: (dy,)

    @tf.custom_gradient
    def single(x: Any) -> Any:
        return x * 2.0, lambda dy: (dy, dy)

    return [
        raised(lambda: slope(tf, product, tf.constant(2.0), tf.constant(3.0))),
        raised(lambda: slope(tf, single, tf.constant(2.0))),
    ]


@case
def no_gradient_function(tf: Any) -> Any:
    @tf.custom_gradient
    def forgot(x: Any) -> Any:
        return x * 2.0

    return forgot(three(tf))


@case
def the_gradient_of_a_list_result_as_a_list(tf: Any) -> Any:
    @tf.custom_gradient
    def single(x: Any) -> Any:
        return x * 2.0, lambda dy: [dy * 7.0]

    return slope(tf, single, three(tf))


@case
def variables_need_their_keyword(tf: Any) -> Any:
    v = tf.Variable(2.0)

    @tf.custom_gradient
    def scaled(x: Any) -> Any:
        return x * v, lambda dy: dy * v

    return slope(tf, scaled, three(tf))


@case
def variables_with_their_keyword(tf: Any) -> Any:
    v = tf.Variable(2.0)

    @tf.custom_gradient
    def scaled(x: Any) -> Any:
        def grad(dy: Any, variables: Any = None) -> Any:
            assert [w.ref() for w in variables] == [v.ref()]
            return dy * 10.0, [dy * x * 100.0]

        return x * v, grad

    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = scaled(x)
    return tape.gradient(y, [x, v])


@case
def variables_with_a_wrong_number_of_gradients(tf: Any) -> Any:
    v = tf.Variable(2.0)

    @tf.custom_gradient
    def scaled(x: Any) -> Any:
        return x * v, lambda dy, variables=None: (dy * 10.0, [])

    return slope(tf, scaled, three(tf))


@case
def a_variable_as_an_argument_needs_no_keyword(tf: Any) -> Any:
    v = tf.Variable(2.0)

    @tf.custom_gradient
    def square(x: Any) -> Any:
        return x * x, lambda dy: dy * 10.0

    with tf.GradientTape() as tape:
        y = square(v)
    return tape.gradient(y, v)


@case
def a_keyword_without_variables(tf: Any) -> Any:
    @tf.custom_gradient
    def square(x: Any) -> Any:
        def grad(dy: Any, variables: Any = None) -> Any:
            return dy * 10.0

        return x * x, grad

    return slope(tf, square, three(tf))


@case
def a_function_inside_it_is_not_differentiated(tf: Any) -> Any:
    @tf.custom_gradient
    def opaque(x: Any) -> Any:
        return tf.floor(x) * x, lambda dy: dy

    return [slope(tf, opaque, tf.constant(2.5)), opaque(tf.constant(2.5))]


@case
def a_gradient_with_numpy_inside(tf: Any) -> Any:
    @tf.custom_gradient
    def square(x: Any) -> Any:
        return tf.constant(x.numpy() ** 2), lambda dy: dy * 2.0 * x

    return slope(tf, square, three(tf))


@case
def one_inside_another(tf: Any) -> Any:
    @tf.custom_gradient
    def inner(x: Any) -> Any:
        return x * 2.0, lambda dy: dy * 10.0

    @tf.custom_gradient
    def outer(x: Any) -> Any:
        return inner(x) * 3.0, lambda dy: inner(dy) * 100.0

    return slope(tf, lambda x: outer(inner(x)), three(tf))


@case
def inside_a_function(tf: Any) -> Any:
    function = softplus(tf)

    @tf.function
    def run(x: Any) -> Any:
        return slope(tf, function, x)

    return [run(tf.constant(100.0)), slope(tf, tf.function(function), tf.constant(0.0))]


@case
def a_jacobian_through_it(tf: Any) -> Any:
    @tf.custom_gradient
    def square(x: Any) -> Any:
        return x * x, lambda dy: dy * 10.0 * x

    x = vector(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = square(x)
    return tape.jacobian(y, x)


@case
def a_method(tf: Any) -> Any:
    class Scale:
        factor = 3.0

        @tf.custom_gradient
        def __call__(self, x: Any) -> Any:
            return x * self.factor, lambda dy: (None, dy * 10.0)

    return raised(lambda: slope(tf, Scale(), three(tf)))


@case
def a_straight_through_estimator(tf: Any) -> Any:
    return slope(tf, lambda x: x + tf.stop_gradient(tf.round(x) - x), tf.constant([0.4, 1.6]))


@case
def grad_pass_through(tf: Any) -> Any:
    rounded = tf.grad_pass_through(tf.round)
    x = tf.constant([0.4, 1.6])
    return [rounded(x), slope(tf, lambda x: rounded(x) * x, x)]


@case
def grad_pass_through_of_an_assignment(tf: Any) -> Any:
    x, z = tf.Variable(1.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.grad_pass_through(x.assign)(z**2)
    return [y, x, tape.gradient(y, z)]


@case
def recompute_grad(tf: Any) -> Any:
    calls = []

    def function(x: Any) -> Any:
        calls.append(1)
        return tf.sin(x) * x

    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.recompute_grad(function)(x)
    before = len(calls)
    return [y, tape.gradient(y, x), before, len(calls)]


@case
def recompute_grad_with_variables(tf: Any) -> Any:
    v = tf.Variable(2.0)
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.recompute_grad(lambda x: tf.sin(x * v))(x)
    return tape.gradient(y, [x, v])


@case
def stop_gradient(tf: Any) -> Any:
    x = vector(tf)
    return [
        slope(tf, lambda x: x * tf.stop_gradient(x), x),
        slope(tf, lambda x: tf.stop_gradient(x * x), x),
        tf.stop_gradient([1.0, 2.0]),
    ]


@case
def no_gradient_of_an_operation(tf: Any) -> Any:
    return [raised(lambda: slope(tf, lambda x: tf.stop_gradient(x) + x, three(tf)))]


@case
def two_tapes_side_by_side(tf: Any) -> Any:
    @tf.custom_gradient
    def square(x: Any) -> Any:
        return x * x, lambda dy: dy * 10.0 * x

    def both(x: Any) -> Any:
        with tf.GradientTape() as first, tf.GradientTape() as second:
            first.watch(x)
            second.watch(x)
            y = square(x) * x
        return first.gradient(y, x), second.gradient(y, x)

    return [both(three(tf)), tf.function(both)(three(tf))]


@case
def a_gradient_that_looks_at_values(tf: Any) -> Any:
    @tf.custom_gradient
    def square(x: Any) -> Any:
        def grad(dy: Any) -> Any:
            return dy * 10.0 if float(dy) > 1.0 else dy * 100.0

        return x * x, grad

    return [slope(tf, lambda x, f=f: square(x) * f, three(tf)) for f in (0.5, 2.0)]


@case
def orders_inside_a_function(tf: Any) -> Any:
    function = softplus(tf)

    def first(x: Any) -> Any:
        return slope(tf, function, x)

    @tf.function
    def second(x: Any) -> Any:
        return first(x), slope(tf, first, x)

    return [
        second(tf.constant(0.5)),
        slope(tf, lambda x: slope(tf, tf.function(function), x), tf.constant(0.5)),
    ]


@case
def variables_inside_a_function(tf: Any) -> Any:
    v = tf.Variable(2.0)

    @tf.custom_gradient
    def scaled(x: Any) -> Any:
        def grad(dy: Any, variables: Any = None) -> Any:
            return dy * 10.0, [dy * x * 100.0]

        return x * v, grad

    @tf.function
    def both(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = scaled(x)
        return tape.gradient(y, [x, v])

    return both(three(tf))


@case
def complex_numbers(tf: Any) -> Any:
    @tf.custom_gradient
    def square(z: Any) -> Any:
        return z * z, lambda dy: dy * tf.math.conj(2.0 * z)

    z = tf.constant(1 + 2j)
    return [slope(tf, square, z), slope(tf, lambda z: z * z, z)]


@case
def within_a_loop_and_a_map(tf: Any) -> Any:
    function = softplus(tf)

    def looped(x: Any) -> Any:
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, function(y)), (0, x))[1]

    x = tf.constant([0.5, 1.0])
    return [
        slope(tf, lambda x: tf.function(looped)(x), x),
        slope(tf, lambda x: tf.vectorized_map(function, x), x),
        slope(tf, lambda x: tf.map_fn(function, x), x),
    ]


@case
def recompute_grad_of_second_order(tf: Any) -> Any:
    x = three(tf)
    again = tf.recompute_grad(lambda x: tf.sin(x) * x)
    return [slope(tf, again, x), tf.function(lambda x: slope(tf, again, x))(x)]


@case
def arguments_and_results_of_other_kinds(tf: Any) -> Any:
    x = three(tf)
    return [
        slope(
            tf,
            lambda x: tf.custom_gradient(lambda d: (d["a"] * 2.0, lambda g: {"a": g * 9.0}))(
                {"a": x}
            ),
            x,
        ),
        slope(
            tf,
            lambda x: tf.custom_gradient(
                lambda x, n: (x * tf.cast(n, tf.float32), lambda dy: (dy * 7.0, None))
            )(x, tf.constant(3)),
            x,
        ),
        slope(
            tf,
            lambda x: tf.custom_gradient(
                lambda x: ((x * 2.0, tf.cast(x, tf.int32)), lambda a, b: a * 10.0)
            )(x)[0],
            x,
        ),
        slope(
            tf,
            lambda x: tf.custom_gradient(
                lambda x: ((x * 2.0, x * 3.0), lambda a, b: a * 10.0 + b * 100.0)
            )(x)[0],
            x,
        ),
        slope(
            tf,
            lambda x: tf.custom_gradient(lambda x, y: (x * y, lambda dy: (dy * 2.0, dy * 3.0)))(
                x, x
            ),
            x,
        ),
        tf.custom_gradient(lambda x: ({"a": x, "b": x * 2.0}, lambda a, b: a + b))(x),
        tf.custom_gradient(lambda x: (2.0, lambda dy: dy))(x),
        tf.custom_gradient()(lambda x: (x, lambda dy: dy))(x),
        raised(lambda: tf.custom_gradient(lambda x: (None, lambda dy: dy))(x)),
        raised(lambda: slope(tf, lambda x: tf.grad_pass_through(lambda a, b: a * b)(x, x), x)),
        slope(tf, lambda x: tf.recompute_grad(lambda x, k=1.0: x * k)(x, k=3.0), x),
        slope(tf, lambda x: tf.recompute_grad(lambda x, n: x * n)(x, 3.0), x),
        slope(tf, lambda x: tf.recompute_grad(lambda x: (x, x * 2.0))(x)[1], x),
    ]


@case
def a_branch_in_the_gradient(tf: Any) -> Any:
    @tf.custom_gradient
    def square(x: Any) -> Any:
        return x * x, lambda dy: tf.cond(tf.norm(dy) > 1.0, lambda: dy * 3.0, lambda: dy * 5.0)

    def both(x: Any) -> Any:
        return [slope(tf, lambda x, f=f: square(x) * f, x) for f in (2.0, 0.5)]

    return [both(three(tf)), tf.function(both)(three(tf))]


@case
def a_jacobian_through_it_in_a_function(tf: Any) -> Any:
    @tf.custom_gradient
    def square(x: Any) -> Any:
        return x * x, lambda dy: dy * 10.0 * x

    @tf.function
    def run(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = square(x)
        return tape.jacobian(y, x)

    return run(vector(tf))


@case
def a_product_with_the_hessian(tf: Any) -> Any:
    @tf.custom_gradient
    def clip(x: Any) -> Any:
        return x, lambda dy: tf.clip_by_norm(dy, 0.5)

    x = vector(tf)
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 0.0, 2.0])) as accumulator:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(clip(x) ** 3)
        g = tape.gradient(y, x)
    return [g, accumulator.jvp(g), accumulator.jvp(y)]


@case
def in_threads(tf: Any) -> Any:
    @tf.custom_gradient
    def clip(x: Any) -> Any:
        return x * 1.0, lambda dy: tf.clip_by_value(dy, -0.5, 0.5)

    found: list[Any] = [None] * 4

    def work(k: int) -> None:
        found[k] = slope(tf, lambda x: clip(x) * x, tf.constant(float(k)))

    threads = [Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
