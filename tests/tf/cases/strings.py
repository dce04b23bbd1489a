"""tf.strings."""

from __future__ import annotations

from typing import Any

from tests.tf.oracle import Group
from tests.tf.shorthand import lines

GROUP = Group("strings")
case = GROUP.case

lines(
    GROUP,
    """
tf.strings.format("a {} b", c(1.0))
tf.strings.format("{} {}", [c(1.0), c([1, 2])])
tf.strings.format("{} {}", (c(1.0), c([1, 2])))
tf.strings.format("x{}", "s")
tf.strings.format("x{}", c("s"))
tf.strings.format("x{}", c(["s"]))
tf.strings.format("{}", c(np.arange(10)))
tf.strings.format("{}", c(np.arange(10)), summarize=-1)
tf.strings.format("{}", c([[0.0, 1.0], [2.0, 3.0]]))
tf.strings.format("{}", c(0.1, tf.float64))
tf.strings.format("{}", c(True))
tf.strings.format("no", [])
tf.strings.format("{}", [[1, 2]])
tf.strings.format("{}", tf.Variable(1.0))
tf.strings.format("%s", [1], placeholder="%s")
tf.strings.format("x{}", 3)
tf.strings.format("{}{}", [1])  # The template expects 2 tensors, but the inputs only has 1.
tf.strings.format("{}", [1, 2])  # The template expects 1 tensors, but the inputs only has 2.
tf.strings.join(["a", "b"])
tf.strings.join(["a", "b"], "-")
tf.strings.join([["a", "b"], ["c", "d"]])
tf.strings.join([["a", "b"], "c"], separator=" ")
tf.strings.join(c(["a", "b"]))
tf.strings.join([])
tf.strings.join(["a", tf.strings.as_string(3)])
tf.strings.join([["a", "b"], ["c", "d", "e"]])  # Input shapes do not match: [2] vs. [3]
tf.strings.join([["a"], ["b", "c"]])  # Input shapes do not match: [1] vs. [2]
tf.strings.join(["a", 1])  # Cannot convert 1 to EagerTensor of dtype string
tf.strings.join(["a", c(1)])  # Tensor conversion requested dtype string for Tensor with dtype int32
tf.strings.join("ab")  # Expected list for 'inputs' argument to 'string_join' Op, not 'ab'.
tf.strings.as_string(3)
tf.strings.as_string(3.5)
tf.strings.as_string([1.0, 2.0])
tf.strings.as_string(c(0.1, tf.float64))
tf.strings.as_string(c(1.5, tf.float16))
tf.strings.as_string([True, False])
tf.strings.as_string(3.14159, precision=2)
tf.strings.as_string(1e10)
tf.strings.as_string(1e10, scientific=True)
tf.strings.as_string(1e10, shortest=True)
tf.strings.as_string(3.5, shortest=True)
tf.strings.as_string(3.0, precision=3, scientific=True)
tf.strings.as_string(3, width=5)
tf.strings.as_string(3, width=5, fill="0")
tf.strings.as_string(-3, width=6, fill="0")
tf.strings.as_string(3, width=5, fill="-")
tf.strings.as_string(3.7, width=3, fill="+")
tf.strings.as_string(3.5, width=10, fill=" ")
tf.strings.as_string(3, fill="0")
tf.strings.as_string(True, width=8)
tf.strings.as_string(1 + 2j)
tf.strings.as_string("a")
tf.strings.as_string([[1, 2], [3, 4]])
tf.strings.as_string(2**40)
tf.strings.as_string(float("nan"))
tf.strings.as_string(float("inf"))
tf.strings.as_string(3, precision=2)  # precision not supported for datatype int32
tf.strings.as_string(3, scientific=True)  # scientific and shortest format not supported for
tf.strings.as_string(3, width=5, fill="x")  # Fill argument not supported: "x"
tf.strings.as_string(3, width=5, fill="ab")  # Fill string must be one or fewer characters
tf.strings.as_string(3.0, scientific=True, shortest=True)  # Cannot select both scientific and
tf.as_string(1.5)
tf.strings.length("abc")
tf.strings.length(["abc", "é"])
tf.strings.length(["abc", "é"], unit="UTF8_CHAR")
tf.strings.length([["a"]])
tf.strings.length("a", unit="foo")  # Value for attr 'unit' of "foo" is not in the list of allowed
tf.strings.length(3)  # Cannot convert 3 to EagerTensor of dtype string
tf.strings.upper("aé")
tf.strings.upper("aé", encoding="utf-8")
tf.strings.lower(["AB", "É"])
tf.strings.lower(["AB", "É"], encoding="utf-8")
tf.strings.upper("a", encoding="x")  # only utf-8 or '' (no encoding) is supported, received x
tf.strings.strip("  a b\\n ")
tf.strings.strip([" a "])
tf.strings.substr("hello", 1, 3)
tf.strings.substr("hello", -3, 2)
tf.strings.substr("hello", 1, 100)
tf.strings.substr("hello", 5, 1)
tf.strings.substr("hello", 6, 1)  # pos 6 out of range for string b'hello'
tf.strings.substr(["hello", "abc"], [1, 0], [2, 1])
tf.strings.substr(["hello", "abc"], 1, 2)
tf.strings.substr("héllo", 1, 2)
tf.strings.substr("héllo", 1, 2, unit="UTF8_CHAR")
tf.strings.reduce_join(["a", "b"])
tf.strings.reduce_join([["a", "b"], ["c", "d"]])
tf.strings.reduce_join([["a", "b"], ["c", "d"]], 0)
tf.strings.reduce_join([["a", "b"], ["c", "d"]], 1, separator="-")
tf.strings.reduce_join([["a", "b"], ["c", "d"]], axis=-1, keepdims=True)
tf.strings.reduce_join([["a", "b"], ["c", "d"]], axis=[0, 1], keepdims=True)
tf.strings.reduce_join([["a", "b"], ["c", "d"]], axis=[1, 0], separator=".")
tf.strings.reduce_join("a")
tf.strings.reduce_join(["a"], axis=1)
tf.strings.regex_replace("hello", "l", "L")
tf.strings.regex_replace("hello", "l", "L", replace_global=False)
tf.strings.regex_replace(["aab", "b"], "(a+)", r"<\\1>")
tf.strings.regex_replace("aab", "a+", r"<\\0>")
tf.strings.regex_full_match(["ab", "b"], "a.*")
tf.strings.regex_full_match("ab", "a(")
tf.strings.to_number("1.5")
tf.strings.to_number(["1", "2"], tf.int32)
tf.strings.to_number(" 1.5 ")
tf.strings.to_number("1e3")
tf.strings.to_number("inf")
tf.strings.to_number("1", tf.float64)
tf.strings.to_number("1", tf.int64)
tf.strings.to_number("x")  # StringToNumberOp could not correctly convert string: x
tf.strings.to_number("1_0")  # StringToNumberOp could not correctly convert string: 1_0
tf.strings.to_number("1.5", tf.int32)  # StringToNumberOp could not correctly convert string: 1.5
tf.strings.to_number("", tf.float32)  # StringToNumberOp could not correctly convert string:
tf.strings.to_number("3000000000", tf.int32)  # could not correctly convert string: 3000000000
tf.strings.to_number("1", tf.bool)  # Value for attr 'out_type' of bool is not in the list of
tf.strings.split("a b  c")
tf.strings.split("a,b", sep=",")
tf.strings.split("a,b,,c", sep=",", maxsplit=1)
tf.strings.split("")
tf.strings.bytes_split("abc")
tf.strings.unsorted_segment_join(["a", "b", "c"], [0, 1, 0], 2)
tf.strings.unsorted_segment_join(["a", "b", "c"], [0, 1, 0], 3, separator="-")
tf.strings.unicode_decode("é", "UTF-8")
tf.strings.unicode_decode(b"a\\xffb", "UTF-8")
tf.strings.unicode_decode(b"a\\xffb", "UTF-8", errors="ignore")
tf.strings.unicode_decode(b"a\\xffb", "UTF-8", replacement_char=63)
tf.strings.unicode_decode(b"a\\xffb", "UTF-8", errors="strict")
tf.strings.unicode_decode(b"a\\x01b", "UTF-8", replace_control_characters=True)
tf.strings.unicode_decode("a", "UTF-7")
tf.strings.unicode_decode("a", "no such")
tf.strings.unicode_encode([97], "UTF-7")
tf.strings.unicode_decode("a", "UTF-8", errors="nope")
tf.strings.unicode_encode([233, 97], "UTF-8")
tf.strings.unicode_encode([[233, 97], [98, 99]], "UTF-16-BE")
tf.strings.unicode_encode([0xD800, 97], "UTF-8")
tf.strings.unicode_encode([0xD800, 97], "UTF-8", errors="ignore")
tf.strings.unicode_encode([0xD800, 97], "UTF-8", errors="strict")
tf.strings.unicode_split("éa", "UTF-8")
tf.strings.unicode_transcode(["é", "a"], "UTF-8", "UTF-16-BE")
tf.strings.unicode_transcode("é", "UTF-8", "UTF-32-BE")
c(["a"]) == c(["a"])
c("a") != c("b")
c("a") == "a"
c("a") + c("b")
c("a") + "b"
c(["a", "b"]) + "x"
"x" + c("a")
c("a").numpy()
c(["a"]).numpy()
c(["a", "b"])[0]
c(["a", b"b"])
c(["a", 1])  # Can't convert Python sequence with mixed types to Tensor.
c("a", tf.float32)  # Cannot convert 'a' to EagerTensor of dtype float
c(1, tf.string)  # Cannot convert 1 to EagerTensor of dtype string
c(np.array(["a", "bb"]))
c(np.array([b"a", b"bb"]))
c(np.array(["a", 1], object))  # Failed to convert a NumPy array to a Tensor (Unsupported object
c(np.str_("a"))
""",
)


@case
def a_function_takes_and_returns_strings(tf: Any) -> Any:
    @tf.function
    def greet(name: Any, x: Any) -> Any:
        return tf.strings.join(["hello ", name]), x + 1.0

    names = [tf.constant("a"), tf.constant("b"), "c"]
    return [greet(name, tf.constant(1.0)) for name in names]


@case("text of unknown values", differs="strings are known while tracing")
def text_of_unknown_values(tf: Any) -> Any:
    return tf.function(lambda x: tf.strings.format("{}", x))(tf.constant(1.0))


@case("splits of several strings", differs="there are no ragged tensors")
def ragged(tf: Any) -> Any:
    return tf.strings.split(["a b", "c"]).shape


@case
def a_function_captures_strings(tf: Any) -> Any:
    greeting = tf.constant(["hello", "bye"])

    @tf.function
    def f() -> Any:
        return tf.strings.length(greeting), greeting[0]

    return f()


@case
def a_concrete_function_takes_the_string_it_was_made_for(tf: Any) -> Any:
    f = tf.function(lambda name: name).get_concrete_function(tf.constant("a"))
    return f(tf.constant("a"))
