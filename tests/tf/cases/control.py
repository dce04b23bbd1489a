"""Control flow by functions, loops over rows, TensorArray, functions of NumPy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import slope, three, vector

GROUP = Group("control")
case = GROUP.case
INTS = np.array([1, 2, 3], np.int32)


def yes(tf: Any) -> Any:
    return tf.constant(True)


def no(tf: Any) -> Any:
    return tf.constant(False)


def several(name: str, *programs: Callable[[Any], Any]) -> None:
    """One case of many small programs, each with its result or its error."""
    case(name, lambda tf: [raised(partial(program, tf)) for program in programs])


def compiled(tf: Any, function: Any) -> Any:
    return tf.function(function, autograph=False)


# --- cond, case, switch_case

several(
    "cond",
    lambda tf: tf.cond(yes(tf), lambda: 1.0, lambda: 2.0),
    lambda tf: tf.cond(no(tf), lambda: [tf.constant(1.0), 2], lambda: [tf.constant(2.0), 3]),
    lambda tf: tf.cond(True, lambda: (tf.constant(1.0), 2), lambda: (tf.constant(2.0), 3)),
    lambda tf: tf.cond(yes(tf), lambda: {"a": 1}, lambda: {"a": tf.constant(2.0)}),
    lambda tf: tf.cond(yes(tf), lambda: None, lambda: None),
    lambda tf: tf.cond(tf.constant([True]), lambda: 1, lambda: 2),
    lambda tf: tf.cond(tf.constant([True, False]), lambda: 1, lambda: 2),
    lambda tf: tf.cond(tf.constant(0.5), lambda: 1, lambda: 2),
    lambda tf: tf.cond(tf.Variable(False), lambda: 1, lambda: 2),
    lambda tf: tf.cond(1, lambda: 1, lambda: 2),
    lambda tf: tf.cond(yes(tf), 1, 2),
    lambda tf: tf.cond(None, lambda: 1, lambda: 2),
    lambda tf: tf.cond(np.bool_(True), lambda: 1, lambda: 2),
    lambda tf: tf.cond("a", lambda: 1, lambda: 2),
)


@case
def cond_inside_a_function(tf: Any) -> Any:
    def run(x: Any) -> Any:
        return {
            "number": tf.cond(x > 2.0, lambda: x * 2.0, lambda: 1.0),
            "containers": tf.cond(
                x > 2.0, lambda: {"a": x, "b": (x, 1)}, lambda: {"a": x, "b": (x, 2)}
            ),
            "nothing": tf.cond(x > 2.0, lambda: None, lambda: None),
            "slope": slope(tf, lambda x: tf.cond(x > 2.0, lambda: x * x, lambda: x), x),
        }

    return [compiled(tf, run)(tf.constant(x)) for x in (3.0, 1.0)]


several(
    "cond inside a function with branches that differ",
    lambda tf: compiled(tf, lambda x: tf.cond(x > 2.0, lambda: [x], lambda: x))(three(tf)),
    lambda tf: compiled(tf, lambda x: tf.cond(x > 2.0, lambda: x, lambda: 1))(three(tf)),
    lambda tf: compiled(tf, lambda x: tf.cond(x, lambda: x, lambda: x))(three(tf)),
)


@case
def cond_with_assignments_inside_a_function(tf: Any) -> Any:
    v, w = tf.Variable(1.0), tf.Variable(10.0)

    def run(x: Any) -> Any:
        tf.cond(x > 2.0, lambda: v.assign_add(w).value(), lambda: w.assign_sub(x).value())
        return v + w

    return [compiled(tf, run)(tf.constant(x)) for x in (3.0, 1.0)] + [v, w]


several(
    "case",
    lambda tf: tf.case([(no(tf), lambda: 1), (yes(tf), lambda: 2)], default=lambda: 3),
    lambda tf: tf.case([(no(tf), lambda: 1)], default=lambda: 3),
    lambda tf: tf.case([(no(tf), lambda: 1)]),
    lambda tf: tf.case([(yes(tf), lambda: 1), (yes(tf), lambda: 2)]),
    lambda tf: tf.case([(yes(tf), lambda: 1), (yes(tf), lambda: 2)], exclusive=True),
    lambda tf: tf.case([(no(tf), lambda: 1), (yes(tf), lambda: 2)], exclusive=True),
    lambda tf: tf.case({True: lambda: 1}),
    lambda tf: tf.case([1]),
    lambda tf: tf.case([]),
    lambda tf: tf.case([(True, lambda: 1)]),
    lambda tf: tf.case([(yes(tf), lambda: 1)], default=3),
)

several(
    "switch_case",
    lambda tf: tf.switch_case(tf.constant(1), [lambda: 1.0, lambda: 2.0]),
    lambda tf: tf.switch_case(tf.constant(7), [lambda: 1.0, lambda: 2.0]),
    lambda tf: tf.switch_case(tf.constant(-1), [lambda: 1.0, lambda: 2.0]),
    lambda tf: tf.switch_case(tf.constant(7), [lambda: 1.0, lambda: 2.0], default=lambda: 9.0),
    lambda tf: tf.switch_case(tf.constant(1), {1: lambda: 1.0, 0: lambda: 2.0}),
    lambda tf: tf.switch_case(tf.constant(1), [(1, lambda: 1.0), (0, lambda: 2.0)]),
    lambda tf: tf.switch_case(tf.constant(1), {0: lambda: 1.0, 5: lambda: 2.0}),
    lambda tf: tf.switch_case(tf.constant(1), [(0, lambda: 1.0), (0, lambda: 2.0)]),
    lambda tf: tf.switch_case(1, [lambda: 1.0, lambda: 2.0]),
    lambda tf: tf.switch_case(tf.constant(1.0), [lambda: 1.0]),
    lambda tf: tf.switch_case(tf.constant(1), [1]),
    lambda tf: tf.switch_case(tf.constant(1), []),
    lambda tf: tf.switch_case(tf.constant(1), {"a": lambda: 1}),
    lambda tf: tf.switch_case(tf.constant(1), 3),
    lambda tf: tf.switch_case(tf.constant(1), [(0, 1), (1, 2)]),
)


@case
def case_and_switch_case_inside_a_function(tf: Any) -> Any:
    def run(x: Any, i: Any) -> Any:
        first = tf.case([(x > 5.0, lambda: 1.0), (x > 2.0, lambda: 2.0)], default=lambda: 3.0)
        last = tf.switch_case(i, [lambda: x, lambda: x * 2.0])
        other = tf.switch_case(i, [lambda: x, lambda: x * 2.0], default=lambda: 0.0)
        return first, last, other

    function = compiled(tf, run)
    return [function(tf.constant(x), tf.constant(i)) for x, i in ((9.0, 0), (3.0, 1), (1.0, 7))]


# --- while_loop

several(
    "while_loop",
    lambda tf: tf.while_loop(lambda i: i < 10, lambda i: [i + 1], [tf.constant(0)]),
    lambda tf: tf.while_loop(lambda i: i < 10, lambda i: (i + 1,), [0]),
    lambda tf: tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2.0), (0, 1.0)),
    lambda tf: tf.while_loop(
        lambda i, d: i < 3, lambda i, d: (i + 1, {"a": d["a"] * 2.0}), (0, {"a": 1.0})
    ),
    lambda tf: tf.while_loop(lambda i: i < 10, lambda i: [i + 1], [0], maximum_iterations=3),
    lambda tf: tf.while_loop(lambda i: i < 10, lambda i: [i + 1], [0], None, maximum_iterations=0),
    lambda tf: tf.while_loop(
        lambda x: tf.size(x) < 5,
        lambda x: [tf.concat([x, x], 0)],
        [tf.constant([1.0])],
        shape_invariants=[tf.TensorShape([None])],
    ),
    lambda tf: tf.while_loop(lambda i: i < 10, lambda i: i + 1, [tf.constant(0)]),
    lambda tf: tf.while_loop(lambda i: i < 10, lambda i: [i + 1, 2], [1]),
    lambda tf: tf.while_loop(lambda i: i < 10, lambda i: [i + 1], []),
    lambda tf: tf.while_loop(1, lambda i: [i + 1], [1]),
    lambda tf: tf.while_loop(lambda i: i < 10, 1, [1]),
    lambda tf: tf.while_loop(lambda i: i < 10, lambda i: [i + 1], [1], None, 0),
)


def power(tf: Any, x: Any) -> Any:
    return tf.while_loop(lambda y: y < 30.0, lambda y: [y * x], [x])[0]


@case
def a_gradient_through_a_loop(tf: Any) -> Any:
    with tf.GradientTape() as outer:
        x = three(tf)
        outer.watch(x)
        first = slope(tf, lambda x: power(tf, x), x)
    return [
        first,
        outer.gradient(first, x),
        compiled(tf, lambda x: slope(tf, lambda x: power(tf, x), x))(x),
    ]


@case
def a_loop_inside_a_function(tf: Any) -> Any:
    v = tf.Variable(1.0)

    def run(x: Any, n: Any) -> Any:
        def body(i: Any, y: Any) -> Any:
            v.assign_add(y)
            return [i + 1, y * x]

        i, y = tf.while_loop(lambda i, y: i < n, body, [0, 1.0])
        return i, y, tf.while_loop(lambda y: y < 1e9, lambda y: y * x, [x], maximum_iterations=2)

    return [compiled(tf, run)(three(tf), tf.constant(4)), v]


@case
def gradients_of_variables_through_branches_and_loops(tf: Any) -> Any:
    def loop(v: Any) -> Any:
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: [i + 1, y * v], [0, 1.0])[1]

    def branch(v: Any) -> Any:
        return tf.cond(v > 1.0, lambda: v * v, lambda: v)

    def rows(v: Any) -> Any:
        return tf.map_fn(lambda x: x * v, vector(tf))

    found = []
    for program in (loop, branch, rows):
        v = tf.Variable(2.0)

        def derivative(program: Any = program, v: Any = v) -> Any:
            with tf.GradientTape() as tape:
                y = program(v)
            return tape.gradient(y, v)

        found += [derivative(), compiled(tf, derivative)()]
        with tf.GradientTape() as tape:
            y = compiled(tf, partial(program, v))()
        found.append(tape.gradient(y, v))
    return found


@case
def functions_with_state_inside_branches_and_loops(tf: Any) -> Any:
    v = tf.Variable(1.0)
    bump = tf.function(lambda x: v.assign_add(x).value())
    x = three(tf)

    def turns(x: Any) -> Any:
        return tf.while_loop(lambda i, s: i < 3, lambda i, s: [i + 1, s + bump(x)], [0, 0.0])

    chosen = compiled(tf, lambda x: tf.cond(x > 0.0, lambda: bump(x), lambda: x))
    return [chosen(x), v.read_value(), chosen(-x), v.read_value(), compiled(tf, turns)(x), v]


@case
def a_variable_assigned_in_a_loop_under_a_tape(tf: Any) -> Any:
    v, w = tf.Variable(2.0), tf.Variable(3.0)

    def derivative() -> Any:
        def body(i: Any, y: Any) -> Any:
            w.assign_add(1.0)
            return [i + 1, y * v]

        with tf.GradientTape() as tape:
            y = tf.while_loop(lambda i, y: i < 2, body, [0, 1.0])[1] * w
        return tape.gradient(y, [v, w])

    return [derivative(), compiled(tf, derivative)(), w]


several(
    "loops inside a function that change their variables",
    lambda tf: compiled(tf, lambda x: tf.while_loop(lambda y: y < 9.0, lambda y: [y, y], [x]))(
        three(tf)
    ),
)

# --- over rows

several(
    "map_fn",
    lambda tf: tf.map_fn(lambda x: x * 2.0, vector(tf)),
    lambda tf: tf.map_fn(
        lambda x: x[0] * x[1], (vector(tf), vector(tf)), fn_output_signature=tf.float32
    ),
    lambda tf: tf.map_fn(
        lambda x: (x, -x), tf.constant([1, 2]), fn_output_signature=(tf.int32, tf.int32)
    ),
    lambda tf: tf.map_fn(
        lambda x: {"s": x["a"]}, {"a": tf.constant([1, 2])}, fn_output_signature={"s": tf.int32}
    ),
    lambda tf: tf.map_fn(lambda x: tf.cast(x, tf.float32), tf.constant([1, 2]), dtype=tf.float32),
    lambda tf: tf.map_fn(
        lambda x: tf.cast(x, tf.float32),
        tf.constant([1, 2]),
        fn_output_signature=tf.TensorSpec([], tf.float32),
    ),
    lambda tf: tf.map_fn(lambda x: x * 2.0, tf.zeros([0, 3])),
    lambda tf: tf.map_fn(lambda x: 1, tf.constant([1.0, 2.0])),
    lambda tf: tf.map_fn(lambda x: (x, -x), tf.constant([1, 2])),
    lambda tf: tf.map_fn(lambda x: tf.cast(x, tf.float32), tf.constant([1, 2])),
    lambda tf: tf.map_fn(lambda x: x * 2.0, three(tf)),
    lambda tf: tf.map_fn(
        lambda x: x[0], (tf.constant([1, 2]), tf.constant([1, 2, 3])), fn_output_signature=tf.int32
    ),
    lambda tf: tf.map_fn(lambda n: tf.range(n), tf.constant([1, 2])),
    lambda tf: tf.map_fn(lambda x: x, [1, 2, 3]),
    lambda tf: tf.map_fn(lambda x: x, []),
    lambda tf: tf.map_fn(lambda x: x * 2, tf.Variable([1.0, 2.0])),
    lambda tf: tf.map_fn(lambda x: x > 1.0, vector(tf), fn_output_signature=tf.bool),
    lambda tf: tf.map_fn(lambda x: x + "b", tf.constant(["a", "c"])),
    lambda tf: tf.map_fn(
        lambda x: [x, x], vector(tf), fn_output_signature=(tf.float32, tf.float32)
    ),
)

several(
    "scan and folds",
    lambda tf: tf.scan(lambda a, x: a + x, INTS),
    lambda tf: tf.scan(lambda a, x: a + x, INTS, initializer=10),
    lambda tf: tf.scan(lambda a, x: a + x, INTS, reverse=True),
    lambda tf: tf.scan(lambda a, x: a - x, INTS, initializer=10, reverse=True),
    lambda tf: tf.scan(lambda a, x: (a[0] + x, a[1] * x), INTS, initializer=(0, 1)),
    lambda tf: tf.scan(lambda a, x: a + x[0] * x[1], (INTS, INTS), initializer=0),
    lambda tf: tf.scan(lambda a, x: (a[0] + x[0], a[1] * x[1]), (INTS, INTS)),
    lambda tf: tf.scan(lambda a, x: a + x, tf.zeros([0]), initializer=1.0),
    lambda tf: tf.scan(lambda a, x: a + x, tf.zeros([0])),
    lambda tf: tf.scan(lambda a, x: (a, x), vector(tf), initializer=0.0),
    lambda tf: tf.foldl(lambda a, x: a - x, INTS),
    lambda tf: tf.foldr(lambda a, x: a - x, INTS),
    lambda tf: tf.foldl(lambda a, x: a - x, INTS, initializer=10),
    lambda tf: tf.foldr(lambda a, x: (a[0] - x, a[1] + x), INTS, initializer=(0, 1)),
    lambda tf: tf.foldl(lambda a, x: (a[0] - x[0], a[1] + x[1]), (INTS, INTS)),
    lambda tf: tf.foldl(lambda a, x: a + x, tf.zeros([0])),
)


@case
def gradients_through_loops_over_rows(tf: Any) -> Any:
    functions = [
        lambda x: tf.map_fn(lambda y: y * y, x),
        lambda x: tf.scan(lambda a, y: a * y, x),
        lambda x: tf.scan(lambda a, y: a * y, x, initializer=2.0, reverse=True),
        lambda x: tf.foldl(lambda a, y: a * y, x),
        lambda x: tf.vectorized_map(lambda y: y * y * y, x),
    ]
    x = vector(tf)
    eager = [slope(tf, f, x) for f in functions]
    return [eager, [compiled(tf, lambda x, f=f: slope(tf, f, x))(x) for f in functions]]


@case
def loops_over_rows_inside_a_function(tf: Any) -> Any:
    def run(x: Any) -> Any:
        return (
            tf.map_fn(lambda y: (y * 2.0, 1), x, fn_output_signature=(tf.float32, tf.int32)),
            tf.scan(lambda a, y: a - y, x),
            tf.scan(lambda a, y: a - y, x, reverse=True),
            tf.foldr(lambda a, y: a - y, x),
        )

    return compiled(tf, run)(vector(tf))


several(
    "vectorized_map",
    lambda tf: tf.vectorized_map(lambda x: x * x, vector(tf)),
    lambda tf: tf.vectorized_map(
        lambda x: (tf.matmul(x[0], x[1]), x[0]), (tf.ones([2, 3, 4]), tf.ones([2, 4, 5]))
    ),
    lambda tf: tf.vectorized_map(
        lambda x: x[0] + x[1], (tf.constant([1.0, 2.0]), tf.constant([1.0]))
    ),
    lambda tf: tf.vectorized_map(lambda x: tf.constant(5.0), vector(tf)),
    lambda tf: tf.vectorized_map(lambda x: 5.0, vector(tf)),
    lambda tf: tf.vectorized_map(lambda x: None, vector(tf)),
    lambda tf: tf.vectorized_map(lambda x: [x, x], vector(tf)),
    lambda tf: tf.vectorized_map(lambda x: slope(tf, lambda x: x**3, x), vector(tf)),
    lambda tf: tf.vectorized_map(lambda x: tf.cond(x > 1.5, lambda: x, lambda: -x), vector(tf)),
    lambda tf: tf.vectorized_map(1, vector(tf)),
    lambda tf: tf.vectorized_map(lambda x: x[0] + x[1], (tf.ones(2), tf.ones(3))),
    lambda tf: tf.vectorized_map(lambda x: x["a"] * 2.0, {"a": tf.ones([2, 2])}),
    lambda tf: tf.vectorized_map(tf.linalg.inv, 2.0 * tf.eye(2, batch_shape=[3])),
    lambda tf: tf.vectorized_map(lambda x: tf.vectorized_map(lambda y: y + x, x), tf.ones([2, 2])),
    lambda tf: tf.vectorized_map(lambda x: power(tf, x), tf.constant([2.0, 3.0])),
)

# --- TensorArray


def array(tf: Any, size: int = 2, **options: Any) -> Any:
    return tf.TensorArray(tf.float32, size=size, **options)


def twice(read: Any) -> Any:
    return [read.read(0), read.read(0)]


several(
    "TensorArray",
    lambda tf: array(tf, 3).write(0, 1.0).write(1, 2.0).write(2, 3.0).stack(),
    lambda tf: [array(tf).dtype, array(tf).dynamic_size, array(tf).element_shape, array(tf).size()],
    lambda tf: array(tf).write(0, [1.0]).element_shape,
    lambda tf: array(tf, 3).write(2, [3.0, 1.0]).stack(),
    lambda tf: array(tf, 0).stack(),
    lambda tf: array(tf, 0, dynamic_size=True).write(2, 1.0).stack(),
    lambda tf: array(tf, element_shape=[2]).read(0),
    lambda tf: twice(array(tf, clear_after_read=False).write(0, 1.0)),
    lambda tf: array(tf).unstack([1.0, 2.0]).read(1),
    lambda tf: array(tf, dynamic_size=True).unstack([1.0, 2.0, 3.0]).size(),
    lambda tf: array(tf, 3).unstack([1.0, 2.0, 3.0]).gather([2, 0]),
    lambda tf: array(tf, 3).scatter([2, 0], [1.0, 2.0]).stack(),
    lambda tf: array(tf).unstack([[1.0, 2.0], [3.0, 4.0]]).concat(),
    lambda tf: array(tf, infer_shape=False).write(0, [1.0]).write(1, [1.0, 2.0]).concat(),
    lambda tf: array(tf, infer_shape=False).split([1.0, 2.0, 3.0], [1, 2]).read(1),
    lambda tf: array(tf).unstack([1.0, 2.0]).identity().stack(),
    lambda tf: array(tf).close(),
    lambda tf: array(tf).write(tf.constant(0, tf.int64), 1.0).stack(),
    lambda tf: tf.TensorArray(tf.string, size=2).write(1, "b").stack(),
    lambda tf: tf.TensorArray(tf.bool, size=2).write(0, True).stack(),
    lambda tf: tf.TensorArray("float32", size=tf.constant(2)).size(),
)

several(
    "TensorArray refuses",
    lambda tf: array(tf, 3).stack(),
    lambda tf: array(tf, 1).write(1, 1.0).stack(),
    lambda tf: array(tf).write(-1, 1.0).stack(),
    lambda tf: array(tf).read(0),
    lambda tf: array(tf).read(3),
    lambda tf: twice(array(tf).write(0, 1.0)),
    lambda tf: array(tf).write(0, tf.constant(1)).stack(),
    lambda tf: array(tf).write(0, tf.constant(1.0, tf.float64)).stack(),
    lambda tf: array(tf).write(0, [1.0]).write(1, [1.0, 2.0]).stack(),
    lambda tf: array(tf, infer_shape=False).write(0, [1.0]).write(1, [1.0, 2.0]).stack(),
    lambda tf: array(tf, element_shape=[3]).write(0, [1.0]).stack(),
    lambda tf: array(tf).unstack([1.0, 2.0, 3.0]).size(),
    lambda tf: array(tf).unstack(1.0).size(),
    lambda tf: array(tf).unstack([1.0, 2.0]).concat(),
    lambda tf: tf.TensorArray(tf.float32).size(),
    lambda tf: array(tf, 0).concat(),
    lambda tf: array(tf).unstack([1.0, 2.0]).gather([3]),
    lambda tf: array(tf).write(0.0, 1.0).stack(),
    lambda tf: list(array(tf)),
    lambda tf: len(array(tf)),
)


def squares(tf: Any, x: Any) -> Any:
    def body(i: Any, ta: Any) -> Any:
        return i + 1, ta.write(i, x[i] * x)

    _, ta = tf.while_loop(lambda i, ta: i < 3, body, (0, array(tf, 3)))
    return ta.stack()


@case
def a_TensorArray_in_a_loop(tf: Any) -> Any:
    x = vector(tf)

    def derivative(x: Any) -> Any:
        return slope(tf, lambda x: squares(tf, x), x)

    values = [squares(tf, x), compiled(tf, lambda x: squares(tf, x))(x)]
    return [*values, derivative(x), compiled(tf, derivative)(x)]


def computed(tf: Any, x: Any) -> Any:
    ta = array(tf, 3)
    for i in tf.range(3):
        ta = ta.write(i, x * tf.cast(i, tf.float32))
    return ta.stack()


def chosen_rows(tf: Any, x: Any) -> Any:
    ta = array(tf, 3)
    for i in tf.range(3):
        if x[i] > 1.0:
            ta = ta.write(i, x[i])
        else:
            ta = ta.write(i, -x[i])
    return ta.stack()


def now_and_then(tf: Any, x: Any) -> Any:
    ta = array(tf, 3)
    for i in tf.range(3):
        if x[i] > 1.0:
            ta = ta.write(i, x[i])
    return ta.stack()


def in_a_branch(tf: Any, x: Any) -> Any:
    ta = array(tf, 3)
    if x[0] > 1.0:
        ta = ta.write(1, x[0])
    else:
        ta = ta.write(2, x[1])
    return ta.stack()


def grown(tf: Any, x: Any) -> Any:
    ta = array(tf, 0, dynamic_size=True)
    for i in tf.range(4):
        ta = ta.write(i, x * tf.cast(i, tf.float32))
    return ta.stack()


def grown_by_python(tf: Any, x: Any) -> Any:
    ta = array(tf, 0, dynamic_size=True)
    for i in range(4):
        ta = ta.write(i, x * float(i))
    return ta.stack()


def of_rows(tf: Any, x: Any) -> Any:
    ta, place = array(tf, 3), 0
    for row in x:
        ta = ta.write(place, row * 2.0)
        place = place + 1
    return ta.stack()


def read_again(tf: Any, x: Any) -> Any:
    ta, total = array(tf, 3).unstack(x), 0.0
    for i in tf.range(3):
        total += ta.read(i)
    return total


@case
def TensorArrays_in_statements(tf: Any) -> Any:
    functions = [
        partial(f, tf)
        for f in (
            computed,
            chosen_rows,
            now_and_then,
            in_a_branch,
            grown,
            grown_by_python,
            of_rows,
            read_again,
        )
    ]
    x = vector(tf)
    values = [tf.function(f)(x) for f in functions]
    return [values, [slope(tf, tf.function(f), x) for f in functions]]


@case
def a_recurrent_network(tf: Any) -> Any:
    @tf.function
    def run(data: Any, state: Any) -> Any:
        data = tf.transpose(data, [1, 0, 2])
        count = tf.shape(data)[0]
        states = tf.TensorArray(tf.float32, size=count)
        for i in tf.range(count):
            state = tf.tanh(data[i] + state)
            states = states.write(i, state)
        return tf.transpose(states.stack(), [1, 0, 2])

    data = tf.reshape(tf.linspace(-1.0, 1.0, 12), [2, 3, 2])
    return [run(data, tf.zeros([2, 2])), slope(tf, lambda x: run(x, tf.zeros([2, 2])), data)]


# --- Python functions as operations

several(
    "numpy_function",
    lambda tf: tf.numpy_function(lambda x: x + 1, [vector(tf)], tf.float32),
    lambda tf: tf.numpy_function(lambda x: (x + 1, x), [vector(tf)], [tf.float32, tf.float32]),
    lambda tf: tf.numpy_function(lambda x: x.astype(np.float64), [vector(tf)], tf.float32),
    lambda tf: tf.numpy_function(lambda x: 3, [vector(tf)], tf.int64),
    lambda tf: tf.numpy_function(lambda: 1, [], tf.int64),
    lambda tf: tf.numpy_function(lambda x: None, [vector(tf)], []),
    lambda tf: tf.numpy_function(lambda x: x, [tf.constant(1)], [tf.int32]),
    lambda tf: tf.numpy_function(lambda x: type(x).__name__, [tf.constant(1)], tf.string),
    lambda tf: tf.numpy_function(lambda x: 1 / 0, [tf.constant(1)], tf.int32),
    lambda tf: tf.numpy_function(lambda x: int("q"), [tf.constant(1)], tf.int32),
    lambda tf: tf.numpy_function(lambda a, b: a + b, [tf.constant(1.0), 2.0], tf.float32),
    lambda tf: slope(tf, lambda x: tf.numpy_function(lambda x: x**2, [x], tf.float32), three(tf)),
    lambda tf: compiled(tf, lambda x: tf.numpy_function(np.sin, [x], tf.float32) + 1.0)(vector(tf)),
)

several(
    "py_function",
    lambda tf: tf.py_function(lambda x: x + 1.0, [vector(tf)], tf.float32),
    lambda tf: tf.py_function(lambda x: (x + 1.0, x), [vector(tf)], [tf.float32, tf.float32]),
    lambda tf: tf.py_function(lambda x: x.numpy() + 1, [vector(tf)], tf.float32),
    lambda tf: tf.py_function(lambda x: 3, [vector(tf)], tf.float32),
    lambda tf: tf.py_function(lambda x: None, [vector(tf)], []),
    lambda tf: tf.py_function(lambda x: x, [tf.constant(1)], [tf.int32]),
    lambda tf: tf.py_function(lambda x: tf.cast(x, tf.float64), [vector(tf)], tf.float32),
    lambda tf: tf.py_function(lambda x: 1 / 0, [tf.constant(1)], tf.int32),
    lambda tf: tf.py_function(1, [tf.constant(1)], tf.int32),
    lambda tf: slope(tf, lambda x: tf.py_function(lambda x: x**2, [x], tf.float32), three(tf)),
)


def chosen(tf: Any, x: Any) -> Any:
    return tf.py_function(lambda x: x**2 if x.numpy() > 0 else -x, [x], tf.float32)


@case
def py_function_inside_a_function(tf: Any) -> Any:
    function = compiled(tf, lambda x: (chosen(tf, x), slope(tf, lambda x: chosen(tf, x), x)))
    return [function(tf.constant(x)) for x in (3.0, -3.0)]
