"""tf.function: when it traces, what it captures and returns, tapes in and around it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tests.tf.oracle import Group, fails, printed, raised
from tests.tf.shorthand import matrix, slope, three, vector

GROUP = Group("function")
case = GROUP.case


def counted(tf: Any, body: Any = None, **options: Any) -> Any:
    """A function and the list that grows whenever it is traced."""
    traces: list[int] = []

    @tf.function(**options)
    def run(x: Any) -> Any:
        traces.append(1)
        return x * 2 if body is None else body(x)

    return run, traces


# Tracing


@case
def one_trace_for_each_signature(tf: Any) -> Any:
    run, traces = counted(tf)
    counts = []
    for x in (
        three(tf),
        tf.constant(4.0),
        vector(tf),
        tf.constant([4.0, 5.0, 6.0]),
        tf.constant([1.0, 2.0]),
        tf.constant(1),
        tf.constant(2),
        tf.constant(1.0, tf.float64),
        three(tf),
    ):
        run(x)
        counts.append(len(traces))
    return [counts, run.experimental_get_tracing_count()]


@case
def Python_values_trace_again(tf: Any) -> Any:
    run, traces = counted(tf)
    found = []
    for x in (1, 1, 2, 2.5, 2.5, 1):
        found.append([run(x), len(traces)])
    return found


@case(
    "equal Python values share a trace",
    differs="1, 1.0 and True have dtypes of their own, which a shared trace would lose",
)
def _(tf: Any) -> Any:
    run, traces = counted(tf)
    return [run(1), run(1.0), run(True), len(traces)]


@case
def arrays_do_not_trace_again(tf: Any) -> Any:
    run, traces = counted(tf)
    results = [run(np.array([1.0, 2.0])), run(np.array([3.0, 4.0])), run(np.float32(2.0))]
    return [results, len(traces), run(np.float32(5.0)), len(traces)]


@case
def lists_of_tensors_and_numbers(tf: Any) -> Any:
    traces = []

    @tf.function
    def total(xs: Any) -> Any:
        traces.append(1)
        return xs[0] + xs[1]

    found = [total([three(tf), three(tf)]), total((three(tf), three(tf)))]
    found += [total([1.0, 2.0]), total([1.0, 2.0]), total([1.0, 3.0])]
    return [found, len(traces)]


@case
def dicts_and_keywords(tf: Any) -> Any:
    traces = []

    @tf.function
    def run(a: Any, b: Any = 1.0, *rest: Any, scale: Any = 2.0, **more: Any) -> Any:
        traces.append(1)
        return {"sum": (a["x"] + b) * scale, "rest": list(rest), **more}

    x = {"x": three(tf)}
    return [
        run(x),
        run(x, b=1.0),
        run(x, 1.0, scale=2.0),
        run(x, 2.0, three(tf), scale=3.0, other=vector(tf)),
        len(traces),
    ]


@case
def side_effects_of_Python_happen_at_tracing(tf: Any) -> Any:
    def program() -> None:
        @tf.function
        def run(x: Any) -> Any:
            print("tracing", x.shape)
            tf.print("running")
            return x

        run(three(tf))
        run(tf.constant(4.0))

    found = printed(tf, program)
    return [found["out"], found["err"]]


@case
def tensors_inside_are_symbolic(tf: Any) -> Any:
    found: list[Any] = []

    @tf.function
    def run(x: Any) -> Any:
        y = x * 2.0
        found.extend([y.shape, y.dtype, isinstance(y, tf.Tensor), tf.is_tensor(y)])
        found.append(tf.executing_eagerly())
        found.append(raised(lambda: y.numpy()))
        found.append(len(y))
        return y

    run(vector(tf))
    return [*found, tf.executing_eagerly()]


@case
def symbolic_tensors_are_not_Python_numbers(tf: Any) -> Any:
    found: list[Any] = []

    @tf.function(autograph=False)
    def run(x: Any) -> Any:
        programs = {
            "bool": lambda: bool(x),
            "if": lambda: 1 if x > 0.0 else 2,
            "float": lambda: float(x),
            "int": lambda: int(x),
            "iteration": lambda: list(x),
            "range": lambda: range(tf.cast(x, tf.int32)),
        }
        found.extend([name, raised(program)] for name, program in programs.items())
        found.append(fails(lambda: np.asarray(x)))
        return x

    run(three(tf))
    return found


# What comes back


@case
def results_of_every_kind(tf: Any) -> Any:
    @tf.function
    def run(x: Any) -> Any:
        return {
            "tensor": x,
            "tuple": (x, [x * 2.0]),
            "none": None,
            "number": 3,
            "float": 1.5,
            "bool": True,
            "string": "a",
            "array": np.array([1.0, 2.0]),
        }

    return run(three(tf))


@case
def nothing_comes_back(tf: Any) -> Any:
    return tf.function(lambda x: None)(three(tf))


@case
def an_object_cannot_come_back(tf: Any) -> Any:
    return tf.function(lambda x: object())(three(tf))


@case
def the_argument_itself(tf: Any) -> Any:
    x = three(tf)
    return [(y := tf.function(lambda x: x)(x)), y is x]


@case
def shapes_of_results(tf: Any) -> Any:
    result = tf.function(lambda x: tf.concat([x, x], 0))(matrix(tf))
    return [result.shape, type(result) is type(matrix(tf))]


# Captures


@case
def captured_tensors(tf: Any) -> Any:
    c = vector(tf)
    run = tf.function(lambda x: x * c)
    with tf.GradientTape() as tape:
        tape.watch(c)
        y = run(tf.constant(2.0))
    return [y, tape.gradient(y, c)]


@case
def a_captured_Python_number_stays(tf: Any) -> Any:
    box = [2.0]
    run = tf.function(lambda x: x * box[0])
    first = run(three(tf))
    box[0] = 10.0
    return [first, run(three(tf)), run(vector(tf))]


@case
def a_captured_variable_is_read_at_each_call(tf: Any) -> Any:
    v = tf.Variable(2.0)
    run, traces = counted(tf, lambda x: x * v)
    first = run(three(tf))
    v.assign(10.0)
    return [first, run(three(tf)), len(traces)]


@case
def a_variable_as_an_argument(tf: Any) -> Any:
    v, w = tf.Variable(2.0), tf.Variable(3.0)
    run, traces = counted(tf)
    return [run(v), run(w), run(v), len(traces)]


@case
def assignments_inside(tf: Any) -> Any:
    v = tf.Variable(1.0)

    @tf.function
    def step(x: Any) -> Any:
        before = v.read_value()
        v.assign_add(x)
        middle = v + 0.0
        v.assign(v * 2.0)
        return before, middle, v

    return [step(tf.constant(3.0)), step(tf.constant(1.0)), v]


@case
def an_assignment_returns_a_value_inside(tf: Any) -> Any:
    v = tf.Variable(1.0)
    run = tf.function(lambda x: v.assign_add(x) * 10.0)
    return [run(tf.constant(2.0)), v]


@case
def an_assignment_of_a_slice_inside(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0, 3.0])

    @tf.function
    def run(x: Any) -> Any:
        v[1].assign(x)
        v.scatter_add(tf.IndexedSlices(tf.reshape(x, [1]), tf.constant([2])))
        return tf.reduce_sum(v)

    return [run(tf.constant(10.0)), v]


@case
def assignments_that_fail_inside(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0])
    assign = tf.function(v.assign)
    return [raised(lambda: assign([1.0])), raised(lambda: assign(tf.constant([1, 2]))), v]


@case
def a_variable_made_inside(tf: Any) -> Any:
    return tf.function(lambda x: tf.Variable(x) * 2.0)(three(tf))


@case
def a_variable_made_at_the_first_call_only(tf: Any) -> Any:
    class Count(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.count: Any = None

        @tf.function
        def __call__(self) -> Any:
            if self.count is None:
                self.count = tf.Variable(0)
            return self.count.assign_add(1)

    counter = Count()
    return [counter(), counter(), counter.count]


@case
def a_variable_returned(tf: Any) -> Any:
    v = tf.Variable(2.0)
    return tf.function(lambda: v)()


# Tapes


@case
def a_tape_around(tf: Any) -> Any:
    v = tf.Variable(2.0)
    run = tf.function(lambda x: x * x * v)
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = run(x)
    return [tape.gradient(y, [x, v]), [w.name for w in tape.watched_variables()]]


@case
def a_tape_inside(tf: Any) -> Any:
    v = tf.Variable(2.0)

    @tf.function
    def run(x: Any) -> Any:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = tf.sin(x) * v
        return [*tape.gradient(y, [x, v]), tape.gradient(y, tf.constant(1.0))]

    return run(vector(tf))


@case
def a_target_that_is_a_source_inside(tf: Any) -> Any:
    v = tf.Variable(2.0)

    @tf.function
    def run(x: Any) -> Any:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x * v
        return tape.gradient(x, x), tape.gradient([x, y], x), tape.gradient([v, y], v)

    return run(three(tf))


@case
def a_tape_around_and_inside(tf: Any) -> Any:
    @tf.function
    def derivative(x: Any) -> Any:
        return slope(tf, lambda x: x**3, x)

    return [slope(tf, derivative, three(tf)), slope(tf, tf.function(derivative), three(tf))]


@case
def second_derivatives_around(tf: Any) -> Any:
    run, x = tf.function(lambda x: tf.sin(x) * x), vector(tf)
    with tf.GradientTape() as outer:
        outer.watch(x)
        first = slope(tf, run, x)
    return [first, outer.gradient(first, x)]


@case
def jacobians_inside_and_around(tf: Any) -> Any:
    x = vector(tf)

    @tf.function
    def inside(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.cumsum(x**2)
        return tape.jacobian(y, x)

    run = tf.function(lambda x: tf.cumsum(x**2))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = run(x)
    return [inside(x), tape.jacobian(y, x)]


@case
def a_function_in_a_function(tf: Any) -> Any:
    inner, traces = counted(tf)
    outer = tf.function(lambda x: inner(x) + inner(x + 1.0))
    return [outer(three(tf)), len(traces), slope(tf, outer, three(tf))]


@case(
    "unconnected through a function",
    differs="a result of a function depends on an argument or not as it does outside of it",
)
def _(tf: Any) -> Any:
    run = tf.function(lambda x: (tf.floor(x), x * 2.0))
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        floor, _ = run(x)
    return tape.gradient(floor, x)


@case
def tf_gradients_inside(tf: Any) -> Any:
    @tf.function
    def run(x: Any) -> Any:
        y = x**3
        return (
            tf.gradients(y, x)[0],
            tf.gradients([y, x], [x, y]),
            tf.gradients(y, tf.constant(1.0)),
        )

    return run(three(tf))


@case
def tf_hessians_inside(tf: Any) -> Any:
    run = tf.function(lambda x: tf.hessians(tf.reduce_prod(x), x))
    return run(vector(tf))


@case
def tf_gradients_outside(tf: Any) -> Any:
    x = three(tf)
    return [raised(lambda: tf.gradients(x * x, x)), raised(lambda: tf.hessians(x * x, x))]


@case
def a_training_step(tf: Any) -> Any:
    w = tf.Variable([[0.5], [-0.5]])
    x, y = matrix(tf), tf.constant([[1.0], [2.0]])

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ w - y) ** 2)
        w.assign_sub(0.05 * tape.gradient(loss, w))
        return loss

    return [tf.stack([step() for _ in range(4)]), w]


# Signatures


@case
def an_input_signature(tf: Any) -> Any:
    signature = [tf.TensorSpec([None], tf.float32)]
    run, _ = counted(tf, input_signature=signature)
    found = [run(vector(tf)), run(tf.constant([1.0])), run([1, 2]), run(np.array([1.0]))]
    errors = [
        raised(lambda: run(matrix(tf))),
        raised(lambda: run(tf.constant([1]))),
        raised(lambda: run(three(tf))),
        raised(lambda: run()),
        raised(lambda: run(vector(tf), vector(tf))),
    ]
    return [found, errors]


@case
def an_input_signature_of_a_known_shape(tf: Any) -> Any:
    run, traces = counted(tf, input_signature=[tf.TensorSpec([3], tf.float32)])
    return [run(vector(tf)), run([1, 2, 3]), len(traces), raised(lambda: run([1.0]))]


@case("unknown sizes inside", differs="functrans compiles for known shapes: a trace for each")
def _(tf: Any) -> Any:
    found = []

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def run(x: Any) -> Any:
        found.append(x.shape)
        return tf.shape(x)

    return [run(matrix(tf)), run(tf.ones([3, 2])), found]


@case
def a_concrete_function(tf: Any) -> Any:
    run, traces = counted(tf)
    concrete = run.get_concrete_function(tf.TensorSpec([], tf.float32))
    found = [concrete(three(tf)), concrete(x=three(tf)), len(traces)]
    return [*found, raised(lambda: concrete(tf.constant(1))), raised(lambda: concrete(vector(tf)))]


@case
def concrete_functions_of_Python_values(tf: Any) -> Any:
    @tf.function
    def power(x: Any, n: int) -> Any:
        return x**n

    concrete = power.get_concrete_function(three(tf), 3)
    return [concrete(tf.constant(2.0)), concrete.structured_outputs is not None]


@case
def missing_and_extra_arguments(tf: Any) -> Any:
    run, _ = counted(tf)
    x = three(tf)
    return [raised(lambda: run()), raised(lambda: run(x, x)), raised(lambda: run(x, y=x))]


def summed(tf: Any, tree: Any) -> Any:
    """A function of the module that calls itself."""
    if isinstance(tree, list):
        return tf.add_n([summed(tf, t) for t in tree])
    return tree * 2.0


@case
def a_function_that_calls_itself(tf: Any) -> Any:
    run = tf.function(lambda x, y: summed(tf, [x, [y, x]]))
    return run(three(tf), tf.constant(1.0))


# As an object


@case
def a_function_keeps_its_name_and_docstring(tf: Any) -> Any:
    @tf.function
    def documented(x: Any) -> Any:
        """Says something."""
        return x

    return [documented.__name__, documented.__doc__, documented.python_function(2.0)]


@case
def methods(tf: Any) -> Any:
    class Scale:
        def __init__(self, factor: float) -> None:
            self.factor = factor
            self.traces = 0

        @tf.function
        def __call__(self, x: Any) -> Any:
            self.traces += 1
            return x * self.factor

        @tf.function
        def named(self, x: Any) -> Any:
            return self(x) + 1.0

    two, ten = Scale(2.0), Scale(10.0)
    found = [two(three(tf)), ten(three(tf)), two(three(tf)), ten.named(three(tf))]
    return [found, two.traces, ten.traces]


@case
def partial_functions_and_lambdas(tf: Any) -> Any:
    run = tf.function(functools.partial(lambda x, y: x - y, y=1.0))
    return [run(three(tf)), tf.function(lambda: tf.constant(1.0))()]


@case
def options_are_accepted(tf: Any) -> Any:
    found = []
    for options in (
        {"jit_compile": True},
        {"reduce_retracing": True},
        {"autograph": False},
        {"jit_compile": False, "autograph": True},
        {"experimental_implements": "x"},
    ):
        found.append(tf.function(lambda x: x * 2.0, **options)(three(tf)))
    return found


@case("an unknown option")
def _(tf: Any) -> Any:
    return tf.function(lambda x: x, nope=True)


@case
def run_functions_eagerly(tf: Any) -> Any:
    found: list[Any] = [tf.config.functions_run_eagerly()]

    @tf.function
    def run(x: Any) -> Any:
        found.append(tf.executing_eagerly())
        return x * 2.0

    tf.config.run_functions_eagerly(True)
    try:
        found += [tf.config.functions_run_eagerly(), run(three(tf)), run(three(tf))]
    finally:
        tf.config.run_functions_eagerly(False)
    return [*found, run(three(tf))]


@case
def an_error_inside_comes_out(tf: Any) -> Any:
    def stumble(x: Any) -> Any:
        raise KeyError("mine")

    run, x = tf.function(stumble), three(tf)
    return raised(lambda: run(x))


@case
def an_argument_that_does_not_hash(tf: Any) -> Any:
    run, x = tf.function(lambda x, options: x), three(tf)
    return [raised(lambda: run(x, {1})), raised(lambda: run(x, [{2}]))]


@case("shapes that do not fit inside", differs="errors are of one class, inside and outside")
def _(tf: Any) -> Any:
    return tf.function(lambda x: x @ x)(vector(tf))


@case("dtypes that do not mix inside", differs="errors are of one class, inside and outside")
def _(tf: Any) -> Any:
    return tf.function(lambda x: x + tf.constant(1))(three(tf))


@case
def a_Python_number_inside(tf: Any) -> Any:
    return tf.function(lambda x: x + 1)(three(tf))


# Autograph, shortly: the group autograph has the rest


@case
def a_branch_on_a_tensor(tf: Any) -> Any:
    @tf.function
    def run(x: Any) -> Any:
        if x > 0.0:
            y = x * x
        else:
            y = -x
        return y

    return [run(three(tf)), run(tf.constant(-2.0)), slope(tf, run, three(tf))]


@case
def a_loop_over_a_range(tf: Any) -> Any:
    @tf.function
    def power(x: Any, n: Any) -> Any:
        y = tf.ones_like(x)
        for _ in tf.range(n):
            y *= x
        return y

    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = power(x, tf.constant(4))
    return [y, tape.gradient(y, x), power(x, tf.constant(0))]


@case
def a_loop_while_a_tensor(tf: Any) -> Any:
    @tf.function
    def collatz(n: Any) -> Any:
        steps = 0
        while n > 1:
            if n % 2 == 0:
                n = n // 2
            else:
                n = 3 * n + 1
            steps += 1
        return steps

    return [collatz(tf.constant(n)) for n in (1, 6, 27)]


@case
def a_loop_over_a_tensor(tf: Any) -> Any:
    @tf.function
    def total(xs: Any) -> Any:
        y = tf.constant(0.0)
        for x in xs:
            y = y * 2.0 + x
        return y

    return [total(vector(tf)), slope(tf, total, vector(tf))]
