"""repr and str of tensors and variables, and tf.print."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections import OrderedDict, namedtuple
from pathlib import Path
from typing import Any

import numpy as np

from tests.tf.oracle import Group, printed
from tests.tf.shorthand import lines

GROUP = Group("printing")
case = GROUP.case

Pair = namedtuple("Pair", "b a")  # a plain one, as users write it


def add(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


class Unknown:
    def __repr__(self) -> str:
        return "unknown"


def shown(tf: Any, *things: Any, **options: Any) -> str:
    """What tf.print writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        tf.print(*things, output_stream=f"file://{path}", **options)
        return path.read_text(encoding="utf-8")


TENSORS = """
c(3.0)
c(0.1)
c(0.1, tf.float64)
c(0.1, tf.float16)
c(3)
c(True)
c(1 + 2j)
c(-1.5 + 0j)
c(1 + 2j, tf.complex64)
c(-0.0)
c(float("nan"))
c(float("inf"))
c(1e10)
c(1e20)
c(1e-10)
c(255, tf.uint8)
c(1, tf.float64) / 3
c("ab")
c(b"\\xff\\x00")
c("é")
c([1.0, 2.0])
c([1.0, 0.5, 1e-8])
c([1 / 3, 2 / 3], tf.float64)
c([[1.0, 2.0], [3.0, 4.0]])
c([[1, 2]])
c(np.arange(24).reshape(2, 3, 4))
c(np.arange(2000))
c(np.zeros((100, 100), "f"))
c(np.zeros(0, "f"))
c(np.zeros((2, 0), "f"))
c(np.zeros(0, "i4"))
c([True, False])
c(["a", "bc"])
c([["a"], ["bc"]])
c([], tf.string)
c([1 + 2j, 0.5])
c([0.1, 0.2], tf.float16)
c([float("nan"), float("inf")])
c([1, 2], tf.int64)
c(["x" * 100] * 3)
tf.Variable(3.0)
tf.Variable([1.0, 2.0], name="w")
tf.Variable([[1.0, 2.0], [3.0, 4.0]])
tf.Variable(["ab"])
tf.Variable(np.arange(2000.0))
""".strip().splitlines()

for text in TENSORS:
    lines(GROUP, f"[repr({text}), str({text})]")

lines(
    GROUP,
    """
"{}".format(c([1.0, 2.0]))
"{}".format(c(1.5))
f"{c(1.5):.3f}"
f"{c([[1.0, 2.0], [3.0, 4.0]])}"
f"{c(3):5d}"
f"{c(0.1)}"
f"{c(1.5)!r}"
"%s" % c(1.5)
"%.2f" % c(1.5)
"%d" % c(3)
"{:>10}".format(c(1.5))
f"{c([1.0]):.2f}"
f"{tf.Variable(1.5)}"
[c(1.0), c([1, 2])].__repr__()
""",
)

PRINTED = """
c(0.999998569)
c([1.5, 1e-8]), 2
c(1.0)
1.0
0.1
c(0.1)
c(0.1, tf.float64)
c(1 / 3, tf.float64)
c([1 / 3], tf.float64)
c(3.14159265358979, tf.float64)
c(1 / 3)
c(0.1, tf.float16)
c([0.1, 3.0], tf.float16)
c(123456789.0)
c(1234567890.0)
c(100000.0)
c(1e6)
c(1000000.5)
c(12345.678)
c(1e15)
c(2.0**60)
c(123456789012.0, tf.float64)
c(0.0001)
c(0.00001)
c(8.5e-5)
c(-0.0)
c([float("nan"), float("inf"), -float("inf")])
c(2**60)
c(3, tf.uint8)
c([3, 4], tf.int8)
c(True)
c([True, False])
np.float32(0.1)
np.array([0.1, 2.0])
np.arange(9)
np.zeros((2, 2))
np.str_("a")
np.bool_(True)
c(np.arange(6))
c(np.arange(7))
c(np.arange(10)), summarize=-1
c(np.arange(7)), summarize=2
c(np.arange(5)), summarize=1
c(np.arange(7)), summarize=None
c(np.zeros((2, 2)))
c(np.zeros((8, 8)))
c(np.zeros((7, 2)))
c(np.zeros((2, 7)))
c(np.zeros((8, 1, 1)))
c(np.zeros((1, 8, 1)))
c(np.zeros((2, 3, 2, 2)))
c(np.zeros(0))
c(np.zeros((0, 2)))
c("ab")
c(["ab", "c"])
c([["a"], ["b"]])
c(['a"b', "a\\nb", "a\\\\b", "a'b", "é"])
c(["a"] * 7)
"ab"
"a\\nb"
b"ab"
True
None
["ab", "c"]
("a", 1, c(2.0))
[1.5, c(2.0)]
(c(1.0),)
[c(1.0), [c(2.0), c([3.0, 4.0])]]
[c("ab"), c(["ab"])]
["a{}b", c(1.0)]
"{}", c(1.0)
"%d"
{"b": 1, "a": c(2.0)}
{"a": [1, 2], "b": {"c": "d"}}
Pair(1, c(2.0))
{1: 2}
{"k": None}
[]
()
{}
[[]]
[None, True]
Unknown()
[Unknown()]
range(3)
{1}
1 + 2j
10**12
1e100
int
tf.float32
tf.TensorShape([1])
tf.TensorShape(None)
tf.TensorSpec([2])
tf.Variable(1.5)
[tf.Variable([1.0, 2.0])]
list(range(60))
[c(1.0)] * 40
{f"k{i}": c(np.arange(20)) for i in range(9)}
"x:", c([1.0, 2.0])
c([[1.0, 2.0], [3.0, 4.0]]), c([5])
"a", "b", sep="-"
"a", "b", end="!"
"a", end=""
"a", c(1.0), [1, 2], sep=", "
"a", name="n"
"a", nothing=3  # Unrecognized keyword arguments for tf.print: {'nothing': 3}
"a", summarize="x"  # Expected int for argument 'summarize' not 'x'.
""".strip().splitlines()

for text in PRINTED:
    arguments, sign, says = text.partition("  # ")
    lines(
        GROUP,
        f"shown(tf, {arguments}){sign}{says}",
        shown=shown,
        Pair=Pair,
        Unknown=Unknown,
    )


@case
def numbers_of_all_sizes(tf: Any) -> Any:
    digits = np.array([1.0, 1.5, 9.99999, 1 / 3, 0.1 + 0.2, np.pi, 123456789.0, 7 / 9])
    exponents = np.arange(-36, 30, 3.0)
    numbers = np.concatenate([10.0**e * digits for e in exponents])
    kinds = ("float32", "float64")
    small = np.concatenate([10.0**e * digits[:6] for e in range(-4, 4)])
    shorts = shown(tf, tf.constant(small.astype("float16")), summarize=-1)
    return [shown(tf, tf.constant(numbers.astype(k)), summarize=-1) for k in kinds] + [shorts]


@case("complex numbers are shown", differs="TensorFlow prints a question mark")
def complex_numbers(tf: Any) -> Any:
    return shown(tf, tf.constant(1 + 2j))


@case("ordered dicts keep values apart", differs="TensorFlow exchanges values of unsorted keys")
def ordered_dicts(tf: Any) -> Any:
    return shown(tf, OrderedDict([("z", tf.constant(1)), ("a", tf.constant(2))]))


@case("rows without elements", differs="TensorFlow prints an ellipsis")
def empty_rows(tf: Any) -> Any:
    return shown(tf, tf.constant(np.zeros((2, 0))))


@case
def nothing_to_print_is_an_empty_line(tf: Any) -> Any:
    return shown(tf)


@case
def it_gives_nothing(tf: Any) -> Any:
    return [tf.print("", end="", output_stream=sys.stdout)]


@case
def it_writes_to_stderr(tf: Any) -> Any:
    return printed(tf, lambda: tf.print("x", tf.constant(1.0)))


@case
def it_writes_to_stdout_where_asked(tf: Any) -> Any:
    return printed(tf, lambda: tf.print("x", [1], output_stream=sys.stdout))


@case("other streams", says="Supported streams are sys.stdout, sys.stderr")
def other_streams(tf: Any) -> Any:
    tf.print("x", output_stream=print)


@case("no file of that name can be")
def no_such_folder(tf: Any) -> Any:
    tf.print("x", output_stream="file:///no/such/folder/x")


@case
def a_file_is_appended_to(tf: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        for text in "ab":
            tf.print(text, output_stream=f"file://{path}")
        return path.read_text(encoding="utf-8")


@case
def inside_a_function_it_prints_at_each_call(tf: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"

        @tf.function
        def step(x: Any) -> Any:
            add(path, "traced\n")
            tf.print("x:", x, {"a": x, "b": [1, "q"]}, "py", 3, output_stream=f"file://{path}")
            tf.print("no tensor", output_stream=f"file://{path}")
            return x + 1.0

        for number in (1.0, 2.0, 3.0):
            step(tf.constant(number))
        return path.read_text(encoding="utf-8")


@case
def under_a_tape(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        return shown(tf, "x", x, x * x)


@case
def levels_of_logging(tf: Any) -> Any:
    for level in (logging.INFO, logging.WARNING, logging.ERROR):
        tf.print("x", output_stream=level)
    return tf.get_logger().level


@case("other levels", says="Unsupported output stream, logging level, or file.10")
def other_levels(tf: Any) -> Any:
    tf.print("x", output_stream=logging.DEBUG)


@case
def timestamps(tf: Any) -> Any:
    first, second = tf.timestamp(), tf.timestamp()
    return [first.dtype, first.shape, float(first) > 1.7e9, bool(second >= first)]
