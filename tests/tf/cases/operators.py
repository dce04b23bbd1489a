"""Operators of tensors: no promotion, what Python and NumPy operands become, comparisons."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import matrix, slope, three, vector

GROUP = Group("operators")
case = GROUP.case

ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")

# What the two sides are: each operator gives a value, a dtype or an error

SIDES: dict[str, Any] = {
    "float32 and float32": lambda tf: (vector(tf), tf.constant([2.0, -1.5, 0.5])),
    "float32 and a float": lambda tf: (vector(tf), 1.5),
    "float32 and an integer": lambda tf: (vector(tf), 2),
    "a float and float32": lambda tf: (1.5, vector(tf)),
    "an integer and float32": lambda tf: (2, vector(tf)),
    "float32 and float64": lambda tf: (vector(tf), tf.constant(1.5, tf.float64)),
    "float32 and int32": lambda tf: (vector(tf), tf.constant(2)),
    "int32 and int32": lambda tf: (tf.constant([7, -7, 3]), tf.constant([2, 2, 3])),
    "int32 and an integer": lambda tf: (tf.constant([7, -7, 3]), 2),
    "int32 and a float": lambda tf: (tf.constant([7, 3]), 1.5),
    "int32 and a whole float": lambda tf: (tf.constant([7, 3]), 2.0),
    "int32 and int64": lambda tf: (tf.constant(7), tf.constant(2, tf.int64)),
    "int64 and an integer": lambda tf: (tf.constant(7, tf.int64), 2),
    "uint8 and uint8": lambda tf: (tf.constant([7, 3], tf.uint8), tf.constant([2, 5], tf.uint8)),
    "int16 and int16": lambda tf: (tf.constant(7, tf.int16), tf.constant(2, tf.int16)),
    "float16 and a float": lambda tf: (tf.constant([1.5, 2.0], tf.float16), 0.5),
    "float64 and a float": lambda tf: (tf.constant([1.5, 2.0], tf.float64), 0.1),
    "bool and bool": lambda tf: (tf.constant([True, False]), tf.constant([True, True])),
    "bool and an integer": lambda tf: (tf.constant([True, False]), 1),
    "float32 and a boolean": lambda tf: (vector(tf), True),
    "float32 and a list": lambda tf: (vector(tf), [1.0, 2.0, 4.0]),
    "float32 and a list of integers": lambda tf: (vector(tf), [1, 2, 4]),
    "float32 and a float64 array": lambda tf: (vector(tf), np.array([1.0, 2.0, 4.0])),
    "a float64 array and float32": lambda tf: (np.array([1.0, 2.0, 4.0]), vector(tf)),
    "a float64 scalar and float32": lambda tf: (np.float64(1.5), vector(tf)),
    "float32 and an int64 array": lambda tf: (vector(tf), np.array([1, 2, 4])),
    "int32 and a float64 array": lambda tf: (tf.constant([1, 2]), np.array([1.5, 2.5])),
    "int32 and an int64 array": lambda tf: (tf.constant([7, 3]), np.array([1, 2])),
    "float32 and a variable": lambda tf: (vector(tf), tf.Variable([2.0, 3.0, 4.0])),
    "a variable and a float": lambda tf: (tf.Variable([2.0, 3.0]), 2.0),
    "complex64 and a complex": lambda tf: (tf.constant([1 + 2j], tf.complex64), 2 - 1j),
    "complex128 and a float": lambda tf: (tf.constant([1 + 2j]), 2.0),
    "float32 and a complex": lambda tf: (three(tf), 1j),
    "float32 and None": lambda tf: (three(tf), None),
    "strings": lambda tf: (tf.constant(["a", "b"]), tf.constant(["a", "c"])),
    "a string tensor and a string": lambda tf: (tf.constant("a"), "b"),
    "shapes that broadcast": lambda tf: (matrix(tf), tf.constant([[10.0], [20.0]])),
    "shapes that do not": lambda tf: (vector(tf), tf.constant([1.0, 2.0])),
    "a large integer": lambda tf: (tf.constant(1), 2**40),
}
for label, sides in SIDES.items():

    @case(f"arithmetic: {label}")
    def _(tf: Any, sides: Any = sides) -> Any:
        def apply(name: str) -> Any:
            return raised(lambda: getattr(operator, name)(*sides(tf)))

        return {name: apply(name) for name in ARITHMETIC}

    @case(f"comparison: {label}")
    def _(tf: Any, sides: Any = sides) -> Any:
        def apply(name: str) -> Any:
            return raised(lambda: getattr(operator, name)(*sides(tf)))

        return {name: apply(name) for name in COMPARISONS}


@case("bitwise operators")
def _(tf: Any) -> Any:
    pairs = [
        (tf.constant([True, False]), tf.constant([True, True])),
        (tf.constant([6, 5]), tf.constant([3, 1])),
        (tf.constant([True, False]), True),
        (tf.constant([1.0]), tf.constant([2.0])),
        (tf.constant([6]), 3),
    ]
    names = ("and_", "or_", "xor")
    return [
        raised(lambda name=name, pair=pair: getattr(operator, name)(*pair))
        for pair in pairs
        for name in names
    ]


@case("inversion")
def _(tf: Any) -> Any:
    operands = (tf.constant([True, False]), tf.constant([6]), tf.constant([1.0]))
    return [raised(lambda x=x: ~x) for x in operands]


@case("negation and abs")
def _(tf: Any) -> Any:
    operands = (vector(tf), tf.constant([1, -2]), tf.constant([True]), tf.constant([3 + 4j]))
    minus = [raised(lambda x=x: -x) for x in operands]
    return minus + [raised(lambda x=x: abs(x)) for x in operands]


@case("matmul")
def _(tf: Any) -> Any:
    a, v = matrix(tf), tf.constant([1.0, 2.0])
    return [
        a @ a,
        a @ np.eye(2),
        np.eye(2) @ a,
        a @ [[1.0], [2.0]],
        a @ tf.Variable([[1.0], [2.0]]),
        raised(lambda: a @ v),
        raised(lambda: v @ v),
        raised(lambda: a @ tf.constant([[1, 2]])),
        raised(lambda: a @ tf.ones([3, 2])),
        raised(lambda: a @ 2.0),
        tf.ones([2, 2, 3]) @ tf.ones([3, 1]),
    ]


@case("powers")
def _(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0, 4.0])
    n = tf.constant([2, 3])
    return [x**2, x**0.5, x**-1, 2.0**x, 2**x, n**2, raised(lambda: n**-1), raised(lambda: n**0.5)]


@case("division by zero")
def _(tf: Any) -> Any:
    x, n = tf.constant([1.0, 0.0, -1.0]), tf.constant([1, 0])
    zero = tf.constant(0)
    return [
        x / 0.0,
        x // 0.0,
        x % 0.0,
        n / 0,
        raised(lambda: n // zero),
        raised(lambda: n % zero),
        raised(lambda: n // 0),
    ]


@case("division of negative numbers")
def _(tf: Any) -> Any:
    x, n = tf.constant([5.5, -5.5]), tf.constant([7, -7])
    return [x // 2.0, x % 2.0, x % -2.0, n // 2, n % 3, n % -3, n / 2, x / 2]


@case("equality with other things")
def _(tf: Any) -> Any:
    x = three(tf)
    return [
        x == None,  # noqa: E711
        x != None,  # noqa: E711
        raised(lambda: x == "a"),
        raised(lambda: vector(tf) == tf.constant([1.0, 2.0])),
        raised(lambda: vector(tf) != tf.constant([1.0, 2.0])),
        x == [3.0],
        x == np.array([3.0, 4.0]),
        x == tf.Variable(3.0),
        raised(lambda: x == object()),
        x in [tf.constant(4.0), x],
        raised(lambda: x == tf.constant(3)),
    ]


@case("an operand adapts and stays differentiable")
def _(tf: Any) -> Any:
    x = vector(tf)
    array = np.array([2.0, 3.0, 4.0])
    return [
        slope(tf, lambda x: array * x, x),
        slope(tf, lambda x: np.float64(2.0) * x, x),
        slope(tf, lambda x: x / array, x),
        slope(tf, lambda x: array - x, x),
        slope(tf, lambda x: [1.0, 2.0, 3.0] * x, x),
        slope(tf, lambda x: 2**x, x),
        slope(tf, lambda x: np.ones((2, 3)) @ tf.reshape(x, [3, 1]), x),
    ]


@case("NumPy's functions of two lose the tape")
def _(tf: Any) -> Any:
    x = vector(tf)
    return [type(np.add(x, 1.0)).__name__, type(np.float64(2.0) + x).__name__ == type(x).__name__]


@case("the functions behind operators")
def _(tf: Any) -> Any:
    a, b = tf.constant([7, -7]), tf.constant([2, 2])
    names = (
        "add",
        "subtract",
        "multiply",
        "divide",
        "math.floordiv",
        "math.floormod",
        "truncatediv",
    )
    found = []
    for name in names:
        function = tf
        for part in name.split("."):
            function = getattr(function, part)
        found.append(raised(lambda f=function: f(a, b)))
    return found


@case("functions match dtypes as operators do")
def _(tf: Any) -> Any:
    x = vector(tf)
    return [
        raised(lambda: tf.add(x, 1)),
        raised(lambda: tf.add(1, x)),
        raised(lambda: tf.add(1.5, 2)),
        raised(lambda: tf.add(1, 2.5)),
        raised(lambda: tf.multiply(x, np.array([1.0, 2.0, 3.0]))),
        raised(lambda: tf.multiply(np.array([1.0, 2.0, 3.0]), x)),
        raised(lambda: tf.maximum(x, 2)),
        raised(lambda: tf.maximum(2, x)),
        raised(lambda: tf.pow(x, tf.constant(2))),
        raised(lambda: tf.where(x > 1.0, x, 0)),
        raised(lambda: tf.where(x > 1.0, 0, x)),
        raised(lambda: tf.where([True, False], 1, 2.5)),
        raised(lambda: tf.concat([x, [1, 2]], 0)),
        raised(lambda: tf.concat([x, tf.constant([1, 2])], 0)),
        raised(lambda: tf.stack([x, [1, 2, 3]])),
        raised(lambda: tf.matmul(matrix(tf), np.eye(2))),
        raised(lambda: tf.add_n([x, x, [1.0, 1.0, 1.0]])),
        raised(lambda: tf.greater(x, 1)),
        raised(lambda: tf.reduce_sum([1, 2.5])),
        raised(lambda: tf.sqrt(4.0)),
        raised(lambda: tf.sqrt(4)),
        raised(lambda: tf.square(3)),
        raised(lambda: tf.nn.softmax(tf.constant([1, 2]))),
        raised(lambda: tf.sin(tf.constant(1))),
        raised(lambda: tf.sin("a")),
        raised(lambda: tf.sin(None)),
        raised(lambda: tf.add(x, None)),
    ]
