"""Operations of two operands and their operators: dtypes, broadcasting, corners, errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("arithmetic")
case, op = GROUP.case, GROUP.op

NAN, INF = np.nan, np.inf
A = np.array([[1.5, -2.0, 0.5], [3.0, 1.0, -0.25]], np.float32)
B = np.array([2.0, 0.5, -1.5], np.float32)
P, Q = np.array([7, -7, 8], np.int32), np.array([2, 2, -3], np.int32)
Z, W = np.array([1 + 2j, -0.5j]), np.array([0.5 - 1j, 2 + 0j])
PAIRS = (
    "add subtract multiply divide truediv maximum minimum math.floordiv math.floormod math.mod"
    " truncatediv atan2 math.squared_difference math.divide_no_nan math.multiply_no_nan"
).split()
COMPARISONS = "equal not_equal less less_equal greater greater_equal".split()


def _named(tf: Any, path: str) -> Any:
    for part in path.split("."):
        tf = getattr(tf, part)
    return tf


for name in PAIRS:
    smooth = name not in ("math.floordiv", "truncatediv")
    op(name, [A, B], jvp=smooth, second="mod" not in name)
    op(name, [P, Q], compiled=False)
    op(name, [B.astype(np.float64), 2.0], compiled=False, second="mod" not in name)
    op(name, [3, 2], compiled=False)
    op(name, [A, np.ones((2, 2), np.float32)], compiled=False)
    op(name, [A, P], compiled=False)
    op(name, [2.5, P], compiled=False)
    if "div" not in name:
        op(name, [np.array([True]), np.array([False])], compiled=False)
for name in "add subtract multiply divide math.divide_no_nan pow".split():
    op(name, [Z, W], second=False)
for name in "math.squared_difference math.multiply_no_nan math.xlogy math.xdivy".split():
    case(f"{name} of complex numbers", lambda tf, name=name: _named(tf, name)(Z, W))
for name in COMPARISONS:
    op(name, [A, B])
    op(name, [P, Q], compiled=False)
    op(name, [A, np.ones((2, 2), np.float32)], compiled=False)
    op(name, [A, P], compiled=False)
    op(name, [Z, W], compiled=False)
    op(name, ["a", "b"], compiled=False)
    op(name, [True, np.array([False, True])], compiled=False)
    op(name, [np.array([NAN, INF, 0.0], np.float32), np.array([NAN, INF, -0.0], np.float32)])

# Integers of other sizes

for dtype in (np.int8, np.int16, np.int64, np.uint8, np.uint16, np.uint32, np.uint64):
    for name in "add divide math.floordiv math.floormod multiply maximum".split():
        op(name, [np.array([7, 100], dtype), np.array([2, 3], dtype)], compiled=False)
op("math.floordiv", [np.array([1]), np.array([0])])
op("math.floormod", [np.array([1]), np.array([0])])
op("divide", [np.array([1, 0]), np.array([0, 0])])
op("pow", [np.array([2]), np.array([-1])], compiled=False)
op("pow", [np.array([2, 3, 0]), np.array([2, 0, 0])])
op("truncatemod", [P, Q])
case("the remainder of floats", lambda tf: tf.truncatemod(tf.constant([-7.5, 7.5]), 2.0))

# Corners

TOP = np.array([1.0, -1.0, 0.0, 5.5, -5.5], np.float32)
BELOW = np.array([0.0, 0.0, 0.0, -2.0, INF], np.float32)
for name in "divide math.floordiv math.floormod truncatediv math.divide_no_nan".split():
    op(name, [TOP, BELOW], second=False, compiled=False)
LEFT = np.array([0.0, 0.0, 0.0, 1.0, 2.0], np.float32)
RIGHT = np.array([0.0, -1.0, NAN, 0.0, 3.0], np.float32)
for name in "math.xlogy math.xdivy math.xlog1py".split():
    op(name, [LEFT, RIGHT], second=False, jvp=name != "math.xdivy")
op("math.multiply_no_nan", [np.array([INF, NAN, 1.0], np.float32), 0.0], compiled=False)
for name in ("maximum", "minimum"):
    case(
        f"{name} with NaN", lambda tf, name=name: _named(tf, name)([NAN, 1.0, 2.0], [1.0, NAN, 2.0])
    )
    op(name, [np.array([1.0, 2.0], np.float32), np.array([1.0, NAN], np.float32)])
op(
    "math.nextafter",
    [np.array([1.0, 0.0, -1.0], np.float32), np.array([2.0, 1.0, 3.0], np.float32)],
)

# Powers

BASE = np.array([-2.0, 0.0, 0.0, 2.0, -2.0, 0.0, INF], np.float32)
POWER = np.array([2.0, 1.0, 2.0, 3.0, -1.0, 0.5, 2.0], np.float32)
op("pow", [BASE, POWER], second=False)
op("pow", [BASE, POWER.tolist()], second=False)
op("pow", [np.array([-2.0, 0.0, 0.0], np.float32), [1.5, -1.0, 0.0]], second=False)
op("pow", [ABOVE := np.array([0.5, 1.0, 3.0], np.float32), B], jvp=True)
op("pow", [ABOVE, 2], jvp=True)
op("pow", [ABOVE, 0.5], compiled=False)
op("pow", [2.0, B], jvp=True, compiled=False)
op("pow", [np.array([0.0, 1.0], np.float32), 0.0], second=False, compiled=False)
op("pow", [np.array([0.0, 0.0], np.float32), np.zeros(2, np.float32)], second=False)
op("pow", [Z, W], second=False)
op("pow", [Z, 2.0], second=False, compiled=False)
op("pow", [P, 0.5], compiled=False)
op("pow", [3, 2], compiled=False)
for n in range(-2, 5):
    case(
        f"derivatives of x to the power {n}",
        lambda tf, n=n: _derivatives(tf, lambda x: x**n, 1.5, 3),
    )


def _derivatives(tf: Any, function: Any, at: float, order: int) -> list[Any]:
    x = tf.constant(at)

    def derivative(depth: int) -> Any:
        if not depth:
            return function(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = derivative(depth - 1)
        return tape.gradient(y, x)

    return [derivative(depth) for depth in range(order + 1)]


# Sums of many

op("add_n", [[A, A, A]])
op("add_n", [[1.0, 2.0]])
op("add_n", [[P, P]], compiled=False)
op("add_n", [[]])
op("add_n", [[A, B]], compiled=False)
op("add_n", [[A, np.ones((2, 3), np.int32)]], compiled=False)
op("add_n", [A], compiled=False)
op("add_n", [[A]], compiled=False)
op("add_n", [(A, A)], compiled=False)
op("add_n", [3.0])
op("math.accumulate_n", [[A, A]])
op("math.accumulate_n", [[A, A]], {"shape": [2, 3], "tensor_dtype": np.float32})
op("math.accumulate_n", [[]])
op("math.accumulate_n", [[A]], {"shape": [3]})
op("math.accumulate_n", [[A, B]])
op("math.accumulate_n", [[A]], {"tensor_dtype": np.int32})
op("scalar_mul", [2, A])
op("scalar_mul", [np.float32(2.0), A])
op("scalar_mul", [B, A])
op("scalar_mul", [2.5, P])
op("scalar_mul", [np.array(2, np.int32), A])
op("math.polyval", [[1.0, np.float32(-2.0), 3.0], B])
op("math.polyval", [[], B])
op("math.polyval", [B, B])
op("math.polyval", [[1, 2], 3])
op("math.polyval", [[2.0], B])

# Logic

T = np.array([True, True, False, False])
for name in "logical_and logical_or math.logical_xor".split():
    op(name, [T, np.array([True, False, True, False])])
    op(name, [True, T])
    op(name, [1, 0])
    op(name, [B, B])
    op(name, [T, P])
for name in "math.is_non_decreasing math.is_strictly_increasing".split():
    for values in ([1, 1, 2], [2, 1], [1], [], [[1, 2], [0, 4]], [1.0, 2.0], [True, False]):
        op(name, [values])

# Operators

for label, operator in {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "@": lambda a, b: a @ b,
}.items():

    @case(f"operator {label}")
    def _(tf: Any, operator: Any = operator) -> Any:
        def pairs(x: Any, others: list[Any]) -> list[Any]:
            return [
                raised(lambda pair=pair: operator(*pair))
                for other in others
                for pair in ((x, other), (other, x))
            ]

        f, i = tf.constant([4.0, 3.0]), tf.constant([4, 3])
        others = [2, 2.0, True, [1, 2], [1.0, 2.0], (1, 2), np.array([1, 2]), np.array([1.5, 2.5])]
        others += [np.float32(2.0), np.int64(2), [1, 2, 3], tf.constant([1.0, 2.0]), i]
        return [pairs(x, others) for x in (f, i)]


for label, operator in {
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "*": lambda a, b: a * b,
    "==": lambda a, b: a == b,
}.items():

    @case(f"operator {label} of bools")
    def _(tf: Any, operator: Any = operator) -> Any:
        x = tf.constant([True, False])
        return [operator(x, y) for y in (True, [True, True], tf.constant([False, True]))]


for label, sign in {
    "-": lambda x: -x,
    "+": lambda x: +x,
    "~": lambda x: ~x,
    "abs": abs,
    "round": round,
    "<<": lambda x: x << 1,
    "divmod": lambda x: divmod(x, 2),
    "three powers": lambda x: pow(x, 3, 5),
}.items():

    @case(f"sign {label}")
    def _(tf: Any, sign: Any = sign) -> Any:
        found = []
        for value in (-1.5, -2, True, 1 - 2j, "text"):
            result = raised(lambda value=value: sign(tf.constant(value)))
            found.append(result if tf.is_tensor(result) else type(result).__name__)
        return found


@case
def strings_are_joined_and_compared(tf: Any) -> Any:
    s = tf.constant(["a", "b"])
    return [
        s + "c",
        "c" + s,
        tf.constant("a") + tf.constant("b"),
        s == "a",
        s != "a",
        tf.constant("a") == "a",
        raised(lambda: s * 2),
        raised(lambda: s < "b"),
    ]


@case
def shapes_that_do_not_broadcast_are_unequal(tf: Any) -> Any:
    x, y = tf.constant([1.0, 2.0]), tf.constant([1.0, 2.0, 3.0])
    return [x == y, x != y, x == None, x != None]  # noqa: E711  # None is the operand
