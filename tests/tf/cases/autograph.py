"""AutoGraph: Python control flow that tensors decide inside tf.function."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("autograph")
case = GROUP.case


def on(tf: Any, program: Callable[..., Any], *calls: Any) -> list[Any]:
    """What the program gives inside a tf.function for each of the calls' arguments."""
    compiled = tf.function(program)
    return [raised(lambda args=args: compiled(*map(tf.constant, _listed(args)))) for args in calls]


def _listed(args: Any) -> tuple[Any, ...]:
    return args if isinstance(args, tuple) else (args,)


# Branches


@case
def an_if_gives_a_name_its_value(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            y = x * 2
        else:
            y = -x
        return y

    return on(tf, f, 3.0, -3.0)


@case
def an_if_without_else_changes_a_name(tf: Any) -> Any:
    def f(x: Any) -> Any:
        y = x
        if x > 0:
            y = y + 10
        return y

    return on(tf, f, 3.0, -3.0)


@case
def nested_ifs(tf: Any) -> Any:
    def f(x: Any, y: Any) -> Any:
        if x > 0:
            if y > 0:
                quadrant = 1
            else:
                quadrant = 4
            x = x * 10
        elif y > 0:
            quadrant = 2
        else:
            quadrant = 3
        return quadrant, x

    return on(tf, f, (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0))


@case
def both_branches_return(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            return x * 2
        else:  # noqa: RET505  # this is what is tested
            return -x

    return on(tf, f, 3.0, -3.0)


@case
def an_early_return_and_what_follows(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 10:
            return x
        y = x * x
        if y > 10:
            return y
        return y + 100

    return on(tf, f, 11.0, 4.0, 1.0)


@case
def a_return_deep_inside(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            x = x + 1
            if x > 5:
                return x
            x = x + 100
            return x * 3
        return x * 2

    return on(tf, f, 9.0, 1.0, -1.0)


@case
def returns_of_structures(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            return {"a": x, "b": [x, 1]}
        return {"a": -x, "b": [x * 2, 2]}

    return on(tf, f, 3.0, -3.0)


@case
def Python_numbers_become_tensors(tf: Any) -> Any:
    found = []

    @tf.function
    def f(x: Any) -> Any:
        n, m, b = 3, 1.5, True
        if x > 0:
            n, m, b = 4, 2.5, False
        found.append([n.dtype.name, m.dtype.name, b.dtype.name])
        return n, m, b

    return [f(tf.constant(1.0)), f(tf.constant(-1.0)), found]


@case
def an_expression_chooses(tf: Any) -> Any:
    return on(tf, lambda x: x * 2 if x > 0 else 0.0, 3.0, -3.0)


@case
def comparisons_in_a_chain(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if 0 < x <= 2:
            return x * 10
        return x

    return on(tf, f, 1.0, 2.0, 3.0, -1.0)


@case
def boolean_operators(tf: Any) -> Any:
    def f(x: Any) -> Any:
        return x > 0 and x < 2, x > 5 or x < -1, not x > 0, x > 0 and not x > 5 and x != 2.0

    return on(tf, f, 1.0, 2.0, 7.0, -3.0)


@case
def boolean_operators_with_Python_values(tf: Any) -> Any:
    def f(x: Any) -> Any:
        return (x > 0 and True), (True and x), (0 or x), (x < 0 or False)

    return on(tf, f, 1.0)


@case
def not_of_a_vector(tf: Any) -> Any:
    return on(tf, lambda x: not (x > 0), [1.0, -1.0])


@case
def Python_conditions_stay_Python(tf: Any) -> Any:
    traced = []

    @tf.function
    def f(x: Any, mode: str, flag: Any = None) -> Any:
        if mode == "double":
            traced.append("double")
            return x * 2
        if flag is None and mode:
            traced.append("none")
            return x
        traced.append("else")
        return -x

    one = tf.constant(1.0)
    return [f(one, "double"), f(one, "x"), f(one, "", 1), traced]


@case
def strings_decided_by_Python_choose_later(tf: Any) -> Any:
    def f(x: Any) -> Any:
        mode = "a"
        if x > 0:
            z = x
        else:
            z = -x
        return z if mode == "a" else x

    return on(tf, f, -3.0)


@case
def an_if_inside_try(tf: Any) -> Any:
    def f(x: Any) -> Any:
        try:
            raise KeyError("a")
        except KeyError:
            if x > 0:
                y = x
            else:
                y = -x
        finally:
            z = 1.0
        return y + z

    return on(tf, f, -3.0)


@case
def a_raise_in_a_branch_is_raised_while_tracing(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            raise KeyError("no")
        return x

    return on(tf, f, -1.0)


@case
def attributes_are_state(tf: Any) -> Any:
    class Counter:
        def __init__(self) -> None:
            self.total = tf.constant(0.0)

        @tf.function
        def run(self, x: Any) -> Any:
            if x > 0:
                self.total = self.total + x
            for i in tf.range(3):
                self.total = self.total + tf.cast(i, tf.float32)
            return self.total

    one, other = Counter(), Counter()
    return [one.run(tf.constant(2.0)), other.run(tf.constant(-2.0))]


@case
def items_are_state(tf: Any) -> Any:
    def f(x: Any) -> Any:
        found = {"a": x}
        if x > 0:
            found["a"] = x * 3
        for _ in tf.range(2):
            found["a"] = found["a"] + 1
        return found

    return on(tf, f, 2.0, -2.0)


@case
def new_items_of_both_branches(tf: Any) -> Any:
    def f(x: Any) -> Any:
        found = {}
        if x > 0:
            found["a"] = x * 3
        else:
            found["a"] = x
        return found

    return on(tf, f, 2.0, -2.0)


# Branches that do not fit


@case
def a_name_must_have_a_value_in_the_else_branch(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            y = 1.0
        return y

    return raised(
        lambda: tf.function(f)(1.0 * tf.constant(1.0)),
        "'y' must also be initialized in the else branch",
    )


@case
def a_name_must_have_a_value_in_the_main_branch(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            z = 1.0
        else:
            y = z = 2.0
        return y, z

    return raised(
        lambda: tf.function(f)(tf.constant(1.0)), "'y' must also be initialized in the main branch"
    )


def refused(name: str, says: str, *args: Any) -> Callable[[Any], Any]:
    """A case whose program must raise inside a tf.function."""

    def add(make: Callable[[Any], Callable[..., Any]]) -> Any:
        def program(tf: Any) -> Any:
            return tf.function(make(tf))(*map(tf.constant, args or (1.0,)))

        return case(name, program, says=says)

    return add


@refused("one branch returns", "the else branch must also have a return statement")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:  # noqa: RET503  # this is what is tested
        if x > 0:
            return x

    return f


@refused("a Python loop returns where a tensor says so", "the else branch must also have a return")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        for i in range(3):
            if x > i:
                return x
        return -x

    return f


@refused("dtypes differ", "'y' has dtype float32 in the main branch, but dtype int32 in the else")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            y = 1.0
        else:
            y = 1
        return y

    return f


@refused("dtypes of an expression differ", "'x > 0' has dtype float32 in the main branch")
def _(tf: Any) -> Any:
    return lambda x: x * 2 if x > 0 else 0


@refused("structures differ", "")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            y = (x, x)
        else:
            y = x
        return y

    return f


@refused("None in the main branch", "'y' is None at the end of the main branch.")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            y = None
        else:
            y = x
        return y

    return f


@refused("None returned from the else branch", "'retval_' is None at the end of the else branch.")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            return x
        return None

    return f


@refused("objects in branches", "")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            y = object()
        else:
            y = object()
        return x, y is None

    return f


@refused("a float condition", "expected to be `tf.bool` scalar, got")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x:
            return x
        return -x

    return f


@refused("an int condition of a loop", "expected to be `tf.bool` scalar, got", 3)
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        while x:
            x = x - 1
        return x

    return f


@refused("a vector condition", "expected to be `tf.bool` scalar, got", [1.0, 2.0])
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            return x
        return -x

    return f


@refused("not of a float", "")
def _(tf: Any) -> Any:
    return lambda x: not x


@refused("and of floats", "")
def _(tf: Any) -> Any:
    return lambda x: x and x


@refused("and of a boolean and a number", "")
def _(tf: Any) -> Any:
    return lambda x: x > 0 and 3


@case
def a_name_without_value(tf: Any) -> Any:
    def f(x: Any, flag: bool) -> Any:
        if flag:
            y = x
        return y

    return raised(lambda: tf.function(f)(tf.constant(1.0), False))


# While


@case
def a_while_loop(tf: Any) -> Any:
    def f(n: Any) -> Any:
        steps = 0
        while n > 1:
            if n % 2 == 0:
                n = n // 2
            else:
                n = 3 * n + 1
            steps += 1
        return steps

    return on(tf, f, 27, 1, 6)


@case
def a_while_with_break_and_continue(tf: Any) -> Any:
    def f(n: Any) -> Any:
        i, total = 0, 0
        while i < n:
            i += 1
            if i % 2 == 0:
                continue
            if i > 8:
                break
            total += i
        return i, total

    return on(tf, f, 5, 100, 0)


@case
def a_while_until_a_flag(tf: Any) -> Any:
    def f(x: Any) -> Any:
        done = tf.constant(False)
        i = 0
        while not done:
            i += 1
            if i * i > x:
                done = True
        return i, done

    return on(tf, f, 17)


@case
def newtons_method_to_convergence(tf: Any) -> Any:
    def f(a: Any) -> Any:
        x = a
        while tf.abs(x * x - a) > 1e-4 * a:
            x = 0.5 * (x + a / x)
        return x

    return on(tf, f, 2.0, 144.0)


@case
def nested_while_loops(tf: Any) -> Any:
    def f(n: Any) -> Any:
        total, i = 0, 0
        while i < n:
            j = 0
            while j < i:
                if (i + j) % 3 == 0:
                    j += 2
                    continue
                total += i * j
                j += 1
            i += 1
        return total

    return on(tf, f, 5, 0)


@case
def a_while_over_structures(tf: Any) -> Any:
    def f(n: Any) -> Any:
        y = {"a": n, "b": [n, 1.0]}
        while n > 0:
            y = {"a": y["a"] + 1, "b": [n, y["b"][1] * 2.0]}
            n = n - 1
        return y

    return on(tf, f, 3)


@case
def fibonacci_by_tuples(tf: Any) -> Any:
    def f(n: Any) -> Any:
        a, b = 0, 1
        for _ in tf.range(n):
            a, b = b, a + b
        return a

    return on(tf, f, 10, 0)


@case
def temporaries_of_a_loop_may_change_their_shape(tf: Any) -> Any:
    def f(n: Any) -> Any:
        t = tf.zeros([3])
        total = 0.0
        while n > 0:
            t = tf.ones([2]) * tf.cast(n, tf.float32)
            total += tf.reduce_sum(t)
            n -= 1
        return total

    return on(tf, f, 3)


@case
def a_name_that_first_a_loop_gives_a_value(tf: Any) -> Any:
    def f(n: Any) -> Any:
        while n > 0:
            y = n * 2
            n = n - 1
        return y

    return on(tf, f, 3, 0)


@case
def a_name_that_is_None_before_the_loop(tf: Any) -> Any:
    def f(n: Any) -> Any:
        best = None
        for i in tf.range(n):
            if best is None:
                best = i
            else:
                best = best + i
        return best

    return on(tf, f, 4, 0)


@case
def loop_options(tf: Any) -> Any:
    def f(n: Any) -> Any:
        total = tf.constant(0)
        while n > 0:
            tf.autograph.experimental.set_loop_options(maximum_iterations=2, parallel_iterations=1)
            n = n - 1
            total += 1
        return total

    def g(n: Any) -> Any:
        total = 0
        for i in tf.range(n):
            tf.autograph.experimental.set_loop_options(maximum_iterations=3)
            total += i
        return total

    return [on(tf, f, 10, 1), on(tf, g, 10, 2)]


@case
def a_Python_loop_stays_one(tf: Any) -> Any:
    traced = []

    @tf.function
    def f(x: Any) -> Any:
        for i in range(10):
            if i == 3:
                break
            if i == 1:
                continue
            traced.append(i)
            x = x + 1
        k = 0
        while k < 3:
            k += 1
            x = x * k
        return x

    return [f(tf.constant(2.0)), traced]


@refused("a while loop that starts with Python values", "")
def _(tf: Any) -> Any:
    def f(n: Any) -> Any:
        while True:
            n = n - 1
            if n < 0:
                break
        return n

    return f


@refused("a break in a Python loop where a tensor says so", "break and return statements which")
def _(tf: Any) -> Any:
    def f(n: Any) -> Any:
        for _ in range(5):
            n = n - 1
            if n < 0:
                break
        return n

    return f


@refused("a return in a loop", "a return statement cannot be placed inside this TensorFlow loop", 3)
def _(tf: Any) -> Any:
    def f(n: Any) -> Any:
        while n > 0:
            if n == 2:
                return n * 10
            n = n - 1
        return n

    return f


@refused(
    "a shape that changes", "'x' has shape (1,) before the loop, but shape (2,) after one", [1.0]
)
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        for _ in tf.range(3):
            x = tf.concat([x, x], 0)
        return x

    return f


@refused("a dtype that changes", "'x' has dtype int32 before the loop, but dtype float32 after", 3)
def _(tf: Any) -> Any:
    def f(n: Any) -> Any:
        x = tf.constant(0)
        while n > 0:
            x = tf.cast(x, tf.float32)
            n = n - 1
        return x

    return f


@refused("a structure that changes", "", 3)
def _(tf: Any) -> Any:
    def f(n: Any) -> Any:
        y = (n, n)
        while n > 0:
            y = (n, n, n)
            n = n - 1
        return y

    return f


@refused("a name read before a loop gives it a value", "'y' must be defined before the loop", 3)
def _(tf: Any) -> Any:
    def f(n: Any) -> Any:
        while n > 0:
            y = y + n  # noqa: F821  # this is what is tested
            n = n - 1
        return y

    return f


@refused("None before and after a loop", "'y' is not allowed to be None before the loop", 3)
def _(tf: Any) -> Any:
    def f(n: Any) -> Any:
        y = None
        while n > 0:
            y = None
            n = n - 1
        return y

    return f


@refused("objects in a loop", "", 3)
def _(tf: Any) -> Any:
    def f(n: Any) -> Any:
        y = object()
        while n > 0:
            y = object()
            n = n - 1
        return n, y is None

    return f


# For


@case
def a_loop_over_a_tensor_is_traced_once(tf: Any) -> Any:
    traced = []

    @tf.function
    def f(x: Any) -> Any:
        s = 0.0
        for row in x:
            traced.append(1)
            s = s + tf.reduce_sum(row * row)
        return s

    return [f(tf.constant([[1.0, 2.0], [3.0, 4.0]])), traced]


@case
def loops_over_ranges(tf: Any) -> Any:
    def f(start: Any, limit: Any, delta: Any) -> Any:
        total, k = start * 0, 0
        for i in tf.range(start, limit, delta):
            total = total + i
            k += 1
        return total, k

    return on(tf, f, (1, 10, 3), (10, 0, -3), (0.0, 1.0, 0.25), (5, 1, 1), (1, 8, 3))


@case
def a_range_of_Pythons_over_a_tensor(tf: Any) -> Any:
    def f(n: Any) -> Any:
        total = 0
        for i in range(n):
            total += i
        return total

    return on(tf, f, 5)


@case
def the_target_after_the_loop(tf: Any) -> Any:
    def f(n: Any) -> Any:
        for i in tf.range(n):  # noqa: B007  # read after the loop
            pass
        j = 7
        for j in tf.range(n):  # noqa: B007  # read after the loop
            pass
        return i, j

    return on(tf, f, 4, 0)


@case
def a_for_with_break_and_continue(tf: Any) -> Any:
    def f(x: Any) -> Any:
        s = 0.0
        for a in x:
            if a > 2.5:
                break
            if a < 1.5:
                continue
            s = s + a
        return s

    return on(tf, f, [1.0, 2.0, 1.9, 3.0, 2.0], [1.0], [3.0, 2.0])


@case
def nested_for_loops_with_break(tf: Any) -> Any:
    def f(n: Any, m: Any) -> Any:
        y = 0
        for i in tf.range(n):
            for j in tf.range(m):
                if j > i:
                    break
                if (i + j) % 2 == 0:
                    continue
                y += i * j
        return y

    return on(tf, f, (5, 4), (0, 3))


@case
def a_loop_over_a_list_of_tensors(tf: Any) -> Any:
    def f(x: Any, y: Any) -> Any:
        s = 0.0
        for i, a in enumerate([x, y]):
            if a > 0:
                s = s + a * float(i + 1)
            else:
                s = s - a
        for a, b in zip([x, y], (1.0, 2.0), strict=True):
            s = s + a * b
        return s

    return on(tf, f, (1.0, -3.0))


@case
def a_loop_over_an_array_is_Pythons(tf: Any) -> Any:
    traced = []

    @tf.function
    def f(x: Any) -> Any:
        for a in np.arange(3):
            traced.append(1)
            x = x + a
        return x

    return [f(tf.constant(1.0)), traced]


@case
def a_loop_over_nothing(tf: Any) -> Any:
    def f(x: Any) -> Any:
        for a in x:
            y = a * 2
        return y

    @tf.function
    def g(x: Any) -> Any:
        s = 1.0
        for a in x:
            s = s + a
        return s

    return [raised(lambda: tf.function(f)(tf.zeros([0]))), g(tf.zeros([0]))]


@refused("a loop over a scalar", "len requires a non-scalar tensor")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        for a in x:
            x = a
        return x

    return f


@refused("a comprehension over a tensor", "", [1.0, 2.0])
def _(tf: Any) -> Any:
    return lambda x: [a * 2 for a in x]


@refused("zip of tensors", "", [1.0, 2.0], [1.0, 2.0])
def _(tf: Any) -> Any:
    def f(x: Any, y: Any) -> Any:
        s = 0.0
        for a, b in zip(x, y, strict=True):
            s = s + a * b
        return s

    return f


@refused("a list that a loop appends to", "", 4)
def _(tf: Any) -> Any:
    def f(n: Any) -> Any:
        found = []
        for i in tf.range(n):
            found.append(i)  # noqa: PERF402  # this is what is tested
        return found[0] + 1

    return f


@case
def an_element_of_a_list_in_a_loop(tf: Any) -> Any:
    def f(n: Any) -> Any:
        found = [n, n]
        for i in tf.range(3):
            found[0] = found[0] + i
        return found

    return on(tf, f, 3)


@case
def an_object_made_in_a_loop(tf: Any) -> Any:
    class Holder:
        value: Any

    def f(n: Any) -> Any:
        for i in tf.range(3):
            made = Holder()
            made.value = i
            n = n + made.value
        return n

    return on(tf, f, 3)


@case
def a_recurrent_network_by_hand(tf: Any) -> Any:
    w = tf.constant([[0.5, -0.2], [0.1, 0.3]])

    def f(x: Any) -> Any:
        state = tf.zeros([2])
        for row in x:
            state = tf.tanh(tf.linalg.matvec(w, state) + row)
        return state

    return on(tf, f, [[1.0, 0.5], [0.2, -0.3], [0.0, 1.0]])


# Derivatives


@case
def gradients_through_branches(tf: Any) -> Any:
    @tf.function
    def f(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            if x > 0:
                y = x * x
            else:
                y = -3.0 * x
        return tape.gradient(y, x)

    return [f(tf.constant(2.0)), f(tf.constant(-2.0))]


@case
def gradients_through_loops(tf: Any) -> Any:
    @tf.function
    def f(x: Any, n: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            while y < 100.0:
                y = y * x
            z = x
            for _ in tf.range(n):
                z = z * tf.sin(x)
            s = 0.0
            for a in tf.stack([x, 2.0 * x]):
                s += a * a
        return y, z, s, tape.gradient([y, z, s], x)

    return [f(tf.constant(3.0), tf.constant(4)), f(tf.constant(1.5), tf.constant(0))]


@case
def gradients_of_a_compiled_function_from_outside(tf: Any) -> Any:
    @tf.function
    def f(x: Any) -> Any:
        y = x
        for i in tf.range(3):
            if i == 1:
                y = y * x
            else:
                y = tf.sin(y)
        return y

    x = tf.constant(0.7)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        slope = tape.gradient(y, x)
    return [y, slope, outer.gradient(slope, x)]


@case
def a_tape_inside_a_branch(tf: Any) -> Any:
    @tf.function
    def f(x: Any) -> Any:
        if x > 0:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = x * x * x
            g = tape.gradient(y, x)
        else:
            g = 0.0
        return g

    return [f(tf.constant(2.0)), f(tf.constant(-2.0))]


@case
def gradients_of_variables_read_in_loops_and_assigned(tf: Any) -> Any:
    v = tf.Variable(2.0)

    @tf.function
    def read(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in tf.range(3):
                y = y * v
        return tape.gradient(y, [x, v])

    @tf.function
    def assigned(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            for _ in tf.range(3):
                v.assign(v * x)
            if x > 5:
                v.assign(x)
            y = v * x
        return tape.gradient(y, [x, v])

    return [read(tf.constant(1.0)), assigned(tf.constant(2.0)), v.numpy()]


@case
def a_second_derivative_through_a_loop(tf: Any) -> Any:
    @tf.function
    def f(x: Any) -> Any:
        y = x
        while y < 50.0:
            y = y * x
        return y

    x = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        slope = tape.gradient(y, x)
    return [y, slope, outer.gradient(slope, x)]


@case
def an_optimizer_in_a_loop(tf: Any) -> Any:
    w = tf.Variable(5.0)
    optimizer = tf.keras.optimizers.SGD(0.1, momentum=0.9)

    @tf.function
    def train(n: Any) -> Any:
        for _ in tf.range(n):
            with tf.GradientTape() as tape:
                loss = w * w
            optimizer.apply_gradients([(tape.gradient(loss, w), w)])
        return w.read_value()

    return [train(tf.constant(10)), w.numpy(), optimizer.iterations.numpy()]


# Variables


@case
def variables_assigned_in_branches(tf: Any) -> Any:
    v, w = tf.Variable(1.0), tf.Variable(5.0)

    @tf.function
    def f(x: Any) -> Any:
        if x > 0:
            v.assign_add(x)
        else:
            v.assign(10.0)
            w.assign_sub(x)
        return v * 2.0 + w

    return [f(tf.constant(1.0)), f(tf.constant(-1.0)), v.numpy(), w.numpy()]


@case
def variables_assigned_in_loops(tf: Any) -> Any:
    v, count = tf.Variable(1.0), tf.Variable(0)

    @tf.function
    def f(n: Any) -> Any:
        for i in tf.range(n):
            v.assign(v * 2.0)
            if i % 2 == 0:
                count.assign_add(1)
        while v > 10.0:
            v.assign_sub(3.0)
        return v.read_value()

    return [f(tf.constant(5)), v.numpy(), count.numpy(), f(tf.constant(0)), v.numpy()]


@case
def a_training_loop(tf: Any) -> Any:
    w = tf.Variable(3.0)

    @tf.function
    def train(n: Any) -> Any:
        loss = 0.0
        for _ in tf.range(n):
            with tf.GradientTape() as tape:
                loss = (w - 1.0) ** 2
            w.assign_sub(0.1 * tape.gradient(loss, w))
        return loss

    return [train(tf.constant(5)), w.numpy(), train(tf.constant(2)), w.numpy()]


@case
def a_training_loop_that_gives_the_loss_its_first_value(tf: Any) -> Any:
    w, count = tf.Variable(3.0), tf.Variable(0)

    @tf.function
    def train(n: Any) -> Any:
        for _ in tf.range(n):
            with tf.GradientTape() as tape:
                loss = (w - 1.0) ** 2
            w.assign_sub(0.1 * tape.gradient(loss, w))
            count.assign_add(1)
        return loss

    return [train(tf.constant(5)), w.numpy(), count.numpy(), train(tf.constant(1)), w.numpy()]


@case
def variables_in_conditions_and_as_results(tf: Any) -> Any:
    v = tf.Variable(0.0)

    @tf.function
    def f(n: Any) -> Any:
        while v < 5.0 and n > 0:
            y = v * 2.0
            v.assign_add(1.0)
            n -= 1
        return y, v.read_value()

    @tf.function
    def g(x: Any) -> Any:
        if x > 0 and v > 1.0:
            v.assign_add(x)
        return (v if x > 5 else v * 2.0) + 0.0

    two = f(tf.constant(3))
    return [two, v.numpy(), g(tf.constant(1.0)), g(tf.constant(6.0)), v.numpy()]


@case
def a_variable_made_on_the_first_call(tf: Any) -> Any:
    class Scale:
        def __init__(self) -> None:
            self.v: Any = None

        @tf.function
        def __call__(self, x: Any) -> Any:
            if self.v is None:
                self.v = tf.Variable(2.0)
            if x > 0:
                return self.v * x
            return x

    scale = Scale()
    return [scale(tf.constant(3.0)), scale(tf.constant(-3.0))]


# What is converted


def halved_or_tripled(x: Any) -> Any:
    if x > 1.0:
        return x / 2.0
    return x * 3.0


@case
def functions_that_are_called(tf: Any) -> Any:
    def inner(x: Any, times: int = 1, *, shift: float = 0.0) -> Any:
        if x > 0:
            x = x * float(times)
        return halved_or_tripled(x) + shift

    bound = functools.partial(inner, times=3)

    def f(x: Any) -> Any:
        return inner(x), inner(x, 2, shift=1.0), bound(x), (lambda y: y if y > 2 else -y)(x)

    return on(tf, f, 3.0, 0.5, -1.0)


@case
def methods_and_callable_objects(tf: Any) -> Any:
    class Base:
        def shifted(self, x: Any) -> Any:
            if x > 0:
                return x + 1.0
            return x

    class Model(Base):
        factor = 2.0

        def __call__(self, x: Any) -> Any:
            if x > 10:
                return x
            return self.shifted(x) * self.factor

        def shifted(self, x: Any) -> Any:
            if x > -5:
                y = super().shifted(x)
            else:
                y = 0.0
            return y

        @staticmethod
        def clipped(x: Any) -> Any:
            return x if x < 1 else 1.0

        @classmethod
        def made(cls, x: Any) -> Any:
            return cls.clipped(x) if x > 0 else -1.0

    model = Model()

    def f(x: Any) -> Any:
        return model(x), Model.clipped(x), Model.made(x)

    return on(tf, f, 11.0, 3.0, -3.0, -7.0)


@case
def recursion_with_Python_numbers(tf: Any) -> Any:
    def factorial(n: int) -> int:
        if n <= 1:
            return 1
        return n * factorial(n - 1)

    def power(x: Any, n: int) -> Any:
        if n == 0:
            return tf.ones_like(x)
        if x > 100:
            return x
        return x * power(x, n - 1)

    def f(x: Any) -> Any:
        return power(x, 3) * factorial(4)

    return on(tf, f, 2.0, 101.0)


@case
def closures_are_shared(tf: Any) -> Any:
    scale = 2.0
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    @tf.function
    def f(x: Any) -> Any:
        count()
        if x > 0:
            x = x * scale
        return x

    first = f(tf.constant(1.0))
    scale = 5.0
    return [first, f(tf.constant(2.0)), f(tf.constant([[3.0]])), calls]


@case
def a_class_defined_inside(tf: Any) -> Any:
    def f(x: Any) -> Any:
        class Halver:
            def run(self, y: Any) -> Any:
                if y > 1.0:
                    return y / 2.0
                return y

        return Halver().run(x)

    return on(tf, f, 4.0, 0.5)


@case
def functions_in_functions(tf: Any) -> Any:
    v = tf.Variable(0.0)

    @tf.function
    def bump(x: Any) -> Any:
        v.assign_add(x)
        if x > 1.0:
            return x * 3.0
        return x

    @tf.function
    def f(n: Any) -> Any:
        total = 0.0
        for i in tf.range(n):
            total += bump(tf.cast(i, tf.float32))
        return total, v.read_value()

    return [f(tf.constant(4)), v.numpy(), f(tf.constant(0))]


@case
def a_function_defined_inside(tf: Any) -> Any:
    def f(x: Any) -> Any:
        def g(y: Any) -> Any:
            if y > 0:
                return y * 2
            return -y

        if len(x.shape) > 5:

            def h(y: Any) -> Any:
                return g(y) + 1.0
        else:
            h = g
        return h(-x)

    return on(tf, f, 3.0, -3.0)


@case
def a_generator_stays_as_it_is(tf: Any) -> Any:
    def f(x: Any) -> Any:
        s = 0.0
        for a in doubles(x):
            s = s + a if a > 0 else s
        return s

    def doubles(x: Any) -> Any:
        for _ in range(3):
            x = x * 2
            yield x

    return on(tf, f, 2.0, -1.0)


@case
def functions_given_to_others(tf: Any) -> Any:
    def f(x: Any) -> Any:
        return (
            tf.cond(x[0] > -9, lambda: halved_or_tripled(x[0]), lambda: x[0]),
            tf.map_fn(halved_or_tripled, x),
        )

    return on(tf, f, [3.0, 0.5, 7.0])


def larger(x: Any, y: Any) -> Any:
    if x > y:
        return x
    return y


@refused("a function given to scan", "", [1.0, 2.0])
def _(tf: Any) -> Any:
    return lambda x: tf.scan(larger, x)


@refused("a function given to foldl", "", [1.0, 2.0])
def _(tf: Any) -> Any:
    return lambda x: tf.foldl(larger, x)


@refused("a function given to while_loop", "", 5.0)
def _(tf: Any) -> Any:
    return lambda x: tf.while_loop(lambda y: y < 100.0, doubled, [x])


def doubled(x: Any) -> Any:
    if x > 0:
        return [x * 2]
    return [x]


@case
def a_TensorArray_in_loops(tf: Any) -> Any:
    def f(x: Any) -> Any:
        fixed = tf.TensorArray(tf.float32, size=3)
        growing = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        listed = tf.TensorArray(tf.float32, 0, True, clear_after_read=False)
        for i in tf.range(3):
            fixed = fixed.write(2 - i, x[i] * 2)
            growing = growing.write(i, x + 1)
        for row in x:
            listed = listed.write(listed.size(), row * row)
        return fixed.stack(), growing.stack(), listed.stack(), listed.size()

    return on(tf, f, [1.0, 2.0, 3.0])


@case
def a_TensorArray_in_branches(tf: Any) -> Any:
    def f(x: Any) -> Any:
        one = tf.TensorArray(tf.float32, size=2)
        two = tf.TensorArray(tf.float32, size=2)
        if x > 0:
            one = one.write(0, x)
        else:
            one = one.write(1, x)
            two = two.write(0, [x, x])
        for i in tf.range(2):
            if i == 1:
                two = two.write(i, [x, 1.0])
        return one.stack(), two.stack()

    return on(tf, f, 1.0, -1.0)


@case
def the_gradient_through_a_TensorArray(tf: Any) -> Any:
    @tf.function
    def f(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            rows = tf.TensorArray(tf.float32, size=3)
            for i in tf.range(3):
                rows = rows.write(i, x * tf.cast(i, tf.float32) * x)
            y = tf.reduce_sum(rows.stack())
        return y, tape.gradient(y, x)

    return f(tf.constant(2.0))


@case
def builtins_take_tensors(tf: Any) -> Any:
    def f(x: Any) -> Any:
        return len(x), abs(x), int(x[0]), float(x[1]), sorted(x), sorted(x, reverse=True)

    return on(tf, f, [1.5, -2.0, 0.0])


@refused("max of two tensors", "")
def _(tf: Any) -> Any:
    return lambda x: max(x, x)


@refused("sum of a tensor", "", [1.0, 2.0])
def _(tf: Any) -> Any:
    return lambda x: sum(x)


@refused("bool of a tensor", "")
def _(tf: Any) -> Any:
    return lambda x: bool(x > 0)


@refused("an assertion about a tensor", "")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        assert x > 0
        return x

    return f


@refused("an assertion about a shape", "bad")
def _(tf: Any) -> Any:
    def f(x: Any) -> Any:
        assert x.shape == (2,), "bad"
        return x

    return f


@refused("do_not_convert", "")
def _(tf: Any) -> Any:
    @tf.autograph.experimental.do_not_convert
    def g(x: Any) -> Any:
        if x > 0:
            return x
        return -x

    return lambda x: g(x)


@case
def autograph_can_be_left_out(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            return x
        return -x

    return raised(lambda: tf.function(f, autograph=False)(tf.constant(1.0)))


@case
def a_converted_function_in_eager_code(tf: Any) -> Any:
    def f(x: Any) -> Any:
        found = []
        for a in x:
            if a > 1:
                found.append(a)
        while len(found) < 4:
            found.append(x[0])
        return found

    x = tf.constant([1.0, 2.0, 3.0])
    return tf.autograph.to_graph(f)(x)


@case
def the_code_of_a_converted_function(tf: Any) -> Any:
    def f(x: Any) -> Any:
        if x > 0:
            return x
        return -x

    return ["ag__." in tf.autograph.to_code(f), "ag__" in tf.autograph.to_code(f)]
