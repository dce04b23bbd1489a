"""What can be said of a value without computing with it."""

from __future__ import annotations

from typing import Any

from tests.tf.oracle import Group
from tests.tf.shorthand import lines

GROUP = Group("inspection")
case = GROUP.case

lines(
    GROUP,
    """
tf.type_spec_from_value(tf.ones(2))
tf.type_spec_from_value(np.ones(2))
tf.type_spec_from_value(3)
tf.type_spec_from_value([1, 2])
tf.type_spec_from_value([tf.ones(2)])
tf.type_spec_from_value("a")
tf.type_spec_from_value({})  # Could not build a TypeSpec for {} of unsupported type <class 'dict'>.
tf.get_static_value(c([1, 2]))
tf.get_static_value(c(2.0))
tf.get_static_value(c("a"))
tf.get_static_value(3)
tf.get_static_value([1])
tf.get_static_value(tf.Variable(1.0))
tf.is_symbolic_tensor(c(1.0))
tf.is_symbolic_tensor(tf.Variable(1.0))
tf.is_symbolic_tensor(np.ones(2))
""",
)


@case
def arguments_of_a_function_are_symbolic(tf: Any) -> Any:
    seen = []

    @tf.function
    def f(x: Any) -> Any:
        seen.extend([tf.is_symbolic_tensor(x), tf.get_static_value(x), tf.type_spec_from_value(x)])
        return x

    f(tf.constant([1.0, 2.0]))
    return seen


@case
def where_code_runs(tf: Any) -> Any:
    seen = []

    @tf.function
    def f(x: Any) -> Any:
        seen.extend([tf.inside_function(), tf.executing_eagerly()])
        return x

    f(tf.constant(1.0))
    with tf.name_scope("a"), tf.name_scope("b"):
        seen.append(tf.get_current_name_scope())
    return [*seen, tf.inside_function(), tf.executing_eagerly(), tf.get_current_name_scope()]


@case
def a_watched_tensor_is_known(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        return [tf.is_symbolic_tensor(y), tf.get_static_value(y)]
