"""GradientTape: watching, and what a gradient is asked of and with respect to."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np

from tests.tf.oracle import Group, fails, logged, raised
from tests.tf.shorthand import matrix, slope, three, vector

GROUP = Group("tape")
case = GROUP.case

Pair = namedtuple("Pair", ["first", "second"])

# Watching

case(
    "GradientTape is autodiff.GradientTape", lambda tf: tf.autodiff.GradientTape is tf.GradientTape
)
case("a watched tensor", lambda tf: slope(tf, lambda x: x * x, three(tf)))
case("watch a float", lambda tf: tf.GradientTape().watch(3.0), says="Passed in object")
case("watch an array", lambda tf: tf.GradientTape().watch(np.ones(2)), says="Passed in object")
case("watch None", lambda tf: tf.GradientTape().watch(None), says="Passed in object")
case("watch a string", lambda tf: tf.GradientTape().watch("x"), says="Passed in object")


@case("watch a list with a float", says="Passed in object")
def _(tf: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch([three(tf), 1.0])


@case
def watch_returns_None(tf: Any) -> Any:
    with tf.GradientTape() as tape:
        return tape.watch(three(tf))


@case
def watch_a_nest(tf: Any) -> Any:
    nest = {"a": three(tf), "b": [vector(tf), (matrix(tf),)]}
    with tf.GradientTape() as tape:
        tape.watch(nest)
        y = nest["a"] * tf.reduce_sum(nest["b"][0]) * tf.reduce_sum(nest["b"][1][0])
    return tape.gradient(y, nest)


@case
def watch_does_not_reach_back(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as tape:
        y = x * x
        tape.watch(x)
        z = y * x
    return tape.gradient(z, x)


@case
def watching_an_intermediate_keeps_the_chain(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        tape.watch(y)
        z = y * y
    return [tape.gradient(z, x), tape.gradient(z, y)]


@case
def watching_twice_counts_once(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        tape.watch(x)
        y = x * x
    return tape.gradient(y, x)


@case
def watching_is_per_tape(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as outer, tf.GradientTape() as inner:
        outer.watch(x)
        y = x * x
    return [inner.gradient(y, x), outer.gradient(y, x)]


@case
def watching_before_the_context(tf: Any) -> Any:
    x = three(tf)
    tape = tf.GradientTape()
    refused = fails(lambda: tape.watch(x))
    with tape:
        y = x * x
    return [refused, tape.gradient(y, x)]


@case
def watching_after_the_context(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    w = three(tf)
    tape.watch(w)
    z = w * w
    return [tape.gradient(z, w), tape.gradient(y, x)]


@case
def equal_constants_are_watched_separately(tf: Any) -> Any:
    a, b = three(tf), three(tf)
    with tf.GradientTape() as tape:
        tape.watch(a)
        y = a * b
    return tape.gradient(y, [a, b])


@case
def a_constant_made_of_a_tensor_is_that_tensor(tf: Any) -> Any:
    x = three(tf)
    same = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = same * same
    return tape.gradient(y, [x, same])


@case
def identity_is_another_tensor(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        other = tf.identity(x)
        y = other * x
    return [tape.gradient(y, x), tape.gradient(y, other)]


@case("an integer logs and gives None")
def _(tf: Any) -> Any:
    found = {}
    x = tf.constant(3)

    def program() -> None:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        found["gradient"] = tape.gradient(y, x)

    lines = logged(tf, program)
    return [found["gradient"], [line.partition("got")[0] for line in lines]]


@case("what integers log", alone=True)
def _(tf: Any) -> Any:
    def program() -> None:
        dtypes = (tf.int32, tf.bool, tf.int64, tf.uint8, tf.int8, tf.int16, tf.int32)
        with tf.GradientTape() as tape:
            for dtype in dtypes:
                tape.watch(tf.cast(1, dtype))

    return logged(tf, program)


@case("an integer target logs", alone=True)
def _(tf: Any) -> Any:
    x = three(tf)

    def program() -> None:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.cast(x, tf.int32)
        assert tape.gradient(y, x) is None

    return logged(tf, program)


@case("an integer source logs", alone=True)
def _(tf: Any) -> Any:
    x = three(tf)

    def program() -> None:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        assert tape.gradient(y, tf.constant(1)) is None

    return logged(tf, program)


@case
def variables_are_watched_when_read(tf: Any) -> Any:
    v, w = tf.Variable(3.0), tf.Variable(4.0)
    with tf.GradientTape() as tape:
        y = v * v
    return tape.gradient(y, [v, w])


@case
def watch_accessed_variables_False(tf: Any) -> Any:
    v, w = tf.Variable(3.0), tf.Variable(4.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(w)
        y = v * w
    return [tape.gradient(y, [v, w]), len(tape.watched_variables())]


@case
def a_variable_that_is_not_trainable_can_be_watched(tf: Any) -> Any:
    v = tf.Variable(3.0, trainable=False)
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = v * v
    return [tape.gradient(y, v), len(tape.watched_variables())]


# The structure of sources and targets


@case
def the_result_has_the_structure_of_the_sources(tf: Any) -> Any:
    x, y = three(tf), vector(tf)
    structures = [
        [x, y],
        (x, y),
        {"b": x, "a": y},
        Pair(x, y),
        OrderedDict([("z", x), ("a", y)]),
        {"outer": [x, {"inner": (y,)}]},
        [],
        {},
        [x, x, y],
        [[[x]]],
    ]
    found = []
    for sources in structures:
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            z = x * x * tf.reduce_sum(y)
        found.append(tape.gradient(z, sources))
    return found


@case
def several_targets_are_summed(tf: Any) -> Any:
    x = three(tf)
    return [
        slope(tf, lambda x: [x * x, 2.0 * x], x),
        slope(tf, lambda x: {"a": x * x, "b": [2.0 * x, vector(tf) * x]}, x),
        slope(tf, lambda x: (x, x), x),
        slope(tf, lambda x: x * vector(tf), x),
    ]


@case
def a_target_that_is_a_source_counts_as_one(tf: Any) -> Any:
    v, x = tf.Variable(3.0), vector(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = v * v
    return [
        tape.gradient(y, y),
        tape.gradient(x, x),
        tape.gradient(v, v),
        tape.gradient([y, v], v),
        tape.gradient([y, y], v),
    ]


@case
def a_variable_never_read_has_the_gradient_one_of_itself(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        pass
    return tape.gradient(v, v)


@case
def a_tensor_never_watched_has_which_gradient_of_itself(tf: Any) -> Any:
    x = vector(tf)
    with tf.GradientTape() as tape:
        pass
    return tape.gradient(x, x)


@case
def intermediates_and_several_paths(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        a = x * x
        b = a + x
        c = a * b
        d = c + a
    return [tape.gradient(d, [x, a, b, c]), tape.gradient(d, a), tape.gradient(c, [b, x])]


for label, target in [
    ("None", lambda tf, y: None),
    ("a list with None", lambda tf, y: [None, y]),
    ("an empty list", lambda tf, y: []),
    ("a string", lambda tf, y: "y"),
]:

    @case(f"the target is {label}")
    def _(tf: Any, target: Any = target) -> Any:
        x = three(tf)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        return tape.gradient(target(tf, y), x)


for label, source in [
    ("None", lambda tf, x: None),
    ("a list with None", lambda tf, x: [None, x]),
    ("a string", lambda tf, x: "x"),
    ("a list with an integer tensor", lambda tf, x: [x, tf.constant(1)]),
]:

    @case(f"the source is {label}")
    def _(tf: Any, source: Any = source) -> Any:
        x = three(tf)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        return tape.gradient(y, source(tf, x))


@case
def numbers_and_arrays_are_no_targets_and_no_sources(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    others = (3.0, np.ones(2), np.float32(3.0))
    targets = [fails(lambda o=o: tape.gradient(o, x)) for o in others]
    return targets + [fails(lambda o=o: tape.gradient(y, o)) for o in others]


# output_gradients and unconnected_gradients


@case
def output_gradients_of_several_kinds(tf: Any) -> Any:
    x, seeds = vector(tf), [1.0, 10.0, 100.0]
    kinds = [
        tf.constant(seeds),
        np.array(seeds, np.float32),
        tf.Variable(seeds),
    ]
    return [slope(tf, lambda x: x * x, x, output_gradients=k) for k in kinds]


@case
def output_gradients_nested_like_the_target(tf: Any) -> Any:
    x = three(tf)
    return [
        slope(tf, lambda x: [x * x, 2.0 * x], x, output_gradients=[10.0, tf.constant(1.0)]),
        slope(tf, lambda x: {"a": x * x, "b": x}, x, output_gradients={"a": 1.0, "b": 10.0}),
        slope(tf, lambda x: x * x, x, output_gradients=5.0),
        slope(tf, lambda x: x * x, x, output_gradients=None),
    ]


for label, seeds in [
    ("of another shape", lambda tf: tf.constant([1.0, 2.0])),
    ("of float64", lambda tf: tf.constant([1.0, 2.0, 3.0], tf.float64)),
    ("that is an array of float64", lambda tf: np.array([1.0, 2.0, 3.0])),
    ("of integers", lambda tf: tf.constant([1, 2, 3])),
]:

    @case(f"an output gradient {label}")
    def _(tf: Any, seeds: Any = seeds) -> Any:
        return slope(tf, lambda x: tf.sin(x) * x, vector(tf), output_gradients=seeds(tf))


@case
def unconnected_gradients(tf: Any) -> Any:
    x = three(tf)
    others = [vector(tf), tf.constant([1, 2]), tf.Variable([[1.0]], dtype=tf.float64)]
    found = []
    for kind in ("none", "zero", tf.UnconnectedGradients.NONE, tf.UnconnectedGradients.ZERO):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        found.append(tape.gradient(y, [x, *others], unconnected_gradients=kind))
    return found


@case("an unknown kind of unconnected gradients")
def _(tf: Any) -> Any:
    return slope(tf, lambda x: x, three(tf), unconnected_gradients="nope")


@case
def the_enumeration_UnconnectedGradients(tf: Any) -> Any:
    kinds = tf.UnconnectedGradients
    return [
        [k.name for k in kinds],
        [k.value for k in kinds],
        kinds("zero") is kinds.ZERO,
        kinds.NONE,
        raised(lambda: kinds("nope")),
    ]
