"""Assertions about values, shapes and dtypes, and their messages."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import slope, three, vector

GROUP = Group("debugging")
case = GROUP.case


def says(name: str, *arguments: Any, **options: Any) -> None:
    """The whole message of an assertion that fails, or what it returns."""

    def program(tf: Any) -> Any:
        try:
            return getattr(tf.debugging, name)(*arguments, **options)
        except Exception as error:
            names = [c.__name__ for c in type(error).__mro__]
            kind = next(n for n in names if n in ("OpError", "ValueError", "TypeError"))
            return [kind, _own_words(getattr(error, "message", str(error)))]

    shown = ", ".join([*map(repr, arguments), *(f"{k}={v!r}" for k, v in options.items())])
    case(f"{name}({shown})", program)


def _own_words(text: str) -> str:
    """What both write: without our line and remedy, TensorFlow's places and its lists of dtypes."""
    for start in ("\n  at ", " [Op:", "not in the list of allowed values"):
        text = text.split(start)[0]
    return text.split("}} ")[-1]


for x, y in [
    ([1, 2, 3], [1, 5, 3]),
    ([1, 2, 3], [1, 2, 3]),
    ([1, 2, 3], 2),
    ([[1, 2, 3], [4, 5, 6]], [[1, 2, 3], [4, 0, 6]]),
    (1.0, 2.0),
    ([1, 2], [1, 2, 3]),
    ([1, 2], [1.0, 2.0]),
    ([True], [False]),
    ([1.0, 5.0, 3.0], [2.0, 2.0, 3.0]),
]:
    for name in ("equal", "none_equal", "less", "less_equal", "greater", "greater_equal"):
        if x != [True] or name == "equal":
            says(f"assert_{name}", x, y)

says("assert_equal", [1, 2, 3], [1, 5, 3], message="hello", summarize=1)
says("assert_equal", list(range(9)), list(range(1, 10)))
says("assert_equal", list(range(9)), list(range(1, 10)), summarize=-1)
says("assert_equal", [], 1.0)
says("assert_less", "a", "b")

for name in ("positive", "negative", "non_negative", "non_positive"):
    for values in ([1.0, -5.0, 0.0], [], float("nan"), list(range(-5, 5))):
        says(f"assert_{name}", values)
    says(f"assert_{name}", [1.0, -5.0, 0.0], message="m", summarize=2)

says("assert_near", [1.0, 2.0], [1.0, 2.1])
says("assert_near", [1.0, 2.0], [1.0, 2.1], message="m")
says("assert_near", [1.0, 2.0], [1.0, 2.1], atol=0.2)
says("assert_near", 1.0, 1.0000005)
says("assert_near", 1.0, 2.0, rtol=0.1, atol=0.01)
says("assert_near", 1, 2)
says("assert_near", np.float64(1.0), np.float64(2.0))
says("assert_near", 1j, 2j)
says("assert_near", float("nan"), float("nan"))
says("assert_near", [1.0, 2.0], [1.0, 2.0, 3.0])

for name in ("assert_rank", "assert_rank_at_least"):
    for rank in (0, 1, 2, [1], 1.0):
        says(name, [1.0, 2.0], rank)
    says(name, [1.0, 2.0], 2, message="m")
says("assert_rank_in", [1.0, 2.0], [2, 3])
says("assert_rank_in", [1.0, 2.0], (2, 3), message="m")
says("assert_rank_in", [1.0, 2.0], (1, 3))
says("assert_rank_in", [1.0], [[3]])
says("assert_scalar", [1.0, 2.0])
says("assert_scalar", [1.0, 2.0], message="m")
says("assert_scalar", 1.0)
says("assert_integer", [1.0, 2.0])
says("assert_integer", 3)

ROW, PAIR, ONE = [[1.0, 2.0]], [1.0, 2.0], [1.0]
for shapes in [
    [(ROW, ("N", "D")), (ONE, ("N",))],
    [(ROW, ("N", "D")), (PAIR, ("N",))],
    [(ROW, (2, "D"))],
    [(ROW, ("D",))],
    [(ROW, ("N", "Q")), (PAIR, (None,)), (3.0, ())],
    [(ROW, "ND"), (ONE, "N")],
    [(ROW, (..., "D")), (PAIR, ("D",))],
    [(ROW, (..., "D")), (ONE, ("D",))],
    [(ROW, ("*", "D")), (ONE, ("D",))],
    [(ROW, ("N", "D", ...))],
    [(ROW, ("N", ".", "D"))],
    [(ROW, (".", 2))],
    [(ROW, ("1", "2"))],
    [(3.0, 1)],
    [(3.0, (1,))],
    [(3.0, (2,))],
    [(3.0, ("N",)), (PAIR, ("N",))],
    [(3.0, ("*", "D"))],
    [(ONE, ())],
    [(PAIR, ())],
    [(PAIR, None)],
    [],
]:
    says("assert_shapes", shapes)
says("assert_shapes", [(ONE, ("N",)), (PAIR, ("N",))], message="m", data=["d"])

says("Assert", False, ["x", 1, list(range(9))])
says("Assert", False, [list(range(9))], summarize=2)
says("Assert", False, [list(range(9))], summarize=-1)
says("Assert", False, [[[1.5, 2.0], [3.0, 4.0]], 2.0, True])
says("Assert", True, [1])
says("Assert", False, 1)

NAN, INF = float("nan"), float("inf")
for values in ([1.0, NAN], [INF], [-INF, NAN], [1.0], [1], 1j):
    says("check_numerics", values, "m")
says("assert_all_finite", [1.0, NAN], "m")
says("assert_all_finite", [1.0], "m")

for iterable in ([1], {"a": 1}, "abc", 1):
    says("assert_proper_iterable", iterable)


@case
def dtypes(tf: Any) -> Any:
    one, two = tf.constant(1.0), tf.constant(2.0, tf.float64)
    programs = [
        lambda: tf.debugging.assert_type(one, tf.float32),
        lambda: tf.debugging.assert_type(one, tf.int32),
        lambda: tf.debugging.assert_same_float_dtype([one, one]),
        lambda: tf.debugging.assert_same_float_dtype([one, two]),
        lambda: tf.debugging.assert_same_float_dtype([tf.constant(1)]),
        lambda: tf.debugging.assert_same_float_dtype([one], tf.float64),
        lambda: tf.debugging.assert_same_float_dtype(None, tf.float64),
        lambda: tf.debugging.assert_same_float_dtype(),
        lambda: tf.debugging.assert_same_float_dtype(None, tf.int32),
        lambda: tf.debugging.assert_proper_iterable(one),
        lambda: [
            tf.debugging.is_numeric_tensor(x) for x in (one, 1, tf.constant("a"), tf.constant(True))
        ],
        lambda: tf.debugging.assert_shapes({"a": 1}),
        lambda: tf.debugging.assert_equal(tf.shape(tf.ones([2, 3])), (2, 3)),
        lambda: tf.debugging.assert_equal(one, two),
    ]
    return [raised(p) for p in programs]


@case
def gradients_are_checked_too(tf: Any) -> Any:
    def checked(x: Any) -> Any:
        return tf.sqrt(tf.debugging.check_numerics(x, "m"))

    return [raised(lambda x=x: slope(tf, checked, tf.constant(x))) for x in (4.0, 0.0)]


@case
def assertions_inside_a_function(tf: Any) -> Any:
    @tf.function
    def run(x: Any) -> Any:
        tf.debugging.assert_positive(x, message="m")
        tf.debugging.assert_equal(tf.shape(x), [3])
        tf.debugging.assert_less(x, 10.0)
        tf.debugging.Assert(tf.reduce_all(x < 9.0), [x])
        tf.debugging.assert_rank(x, 1)
        return tf.debugging.check_numerics(x * 2.0, "c")

    bad = [-1.0, 1.0, 1.0], [1.0, 11.0, 1.0], [1.0, 9.5, 1.0], [3e38, 1.0, 1.0]
    return [run(vector(tf)), [raised(lambda v=v: run(tf.constant(v))) for v in bad]]


@case
def ranks_inside_a_function(tf: Any) -> Any:
    @tf.function
    def run(x: Any) -> Any:
        tf.debugging.assert_rank(x, 1)
        return x

    return raised(lambda: run(three(tf)))
