"""Gradients where the derivative does not exist, is a matter of convention, or is None."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group
from tests.tf.shorthand import matrix, slope, three, vector

GROUP = Group("conventions")
case, op = GROUP.case, GROUP.op

CORNER = np.array([-1.0, 0.0, 2.0], np.float32)
TIES = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], np.float32)

# Corners. Second gradients are left out where the first is singular, or where TensorFlow's is
# not the derivative of its first: products with zeros, labels of a cross entropy.

op("abs", [CORNER])
op("sign", [CORNER])
op("nn.relu", [CORNER])
op("nn.relu6", [np.array([0.0, 3.0, 6.0, 7.0], np.float32)])
op("nn.leaky_relu", [CORNER])
op("nn.elu", [CORNER])
op("nn.selu", [CORNER])
op("nn.softplus", [np.array([-100.0, 0.0, 100.0], np.float32)])
op("nn.softsign", [CORNER])
op("nn.gelu", [CORNER])
op("nn.silu", [CORNER])
op("clip_by_value", [np.array([-1.0, 0.0, 0.5, 1.0, 2.0], np.float32), 0.0, 1.0])
op("maximum", [TIES[0], TIES[1]])
op("maximum", [CORNER, CORNER])
op("minimum", [CORNER, CORNER])
op("maximum", [CORNER, np.float32(0.0)])
op("reduce_max", [TIES], {"axis": 1})
op("reduce_min", [TIES], {"axis": 0})
op("reduce_max", [TIES])
op("reduce_prod", [np.array([2.0, 0.0, 3.0], np.float32)], second=False)
op("reduce_prod", [np.array([0.0, 0.0, 3.0], np.float32)], second=False)
op("reduce_prod", [np.array([2.0, -1.5, 3.0], np.float32)])
op("sqrt", [CORNER])
op("math.log", [CORNER])
op("math.rsqrt", [CORNER])
op("norm", [np.zeros(2, np.float32)])
op("atan2", [np.zeros(2, np.float32), np.array([0.0, 1.0], np.float32)])
op("pow", [CORNER, np.float32(0.0)], second=False)
op("pow", [CORNER, 2.0])
op("pow", [CORNER, np.array([1.0, 0.5, 3.0], np.float32)], second=False)
op("pow", [np.float32(2.0), CORNER], second=False)
op("pow", [TIES[0], np.array([1.0, 0.5, 3.0], np.float32)])
op(
    "math.floormod",
    [np.array([5.5, -5.5], np.float32), np.array([2.0, 3.0], np.float32)],
    second=False,
)
op("math.divide_no_nan", [CORNER, np.array([2.0, 0.0, 0.0], np.float32)])
op("math.multiply_no_nan", [np.array([3.0, 1.0], np.float32), np.array([0.0, 2.0], np.float32)])
op("math.xlogy", [np.array([0.0, 0.0, 2.0], np.float32), np.array([0.0, 1.0, 3.0], np.float32)])
op("math.xdivy", [np.array([0.0, 0.0, 2.0], np.float32), np.array([0.0, 1.0, 3.0], np.float32)])
op("math.xlog1py", [np.array([0.0, 2.0], np.float32), np.array([-1.0, 3.0], np.float32)])
op("math.asin", [np.array([0.0, 1.0], np.float32)])
op("math.acosh", [np.array([1.0, 2.0], np.float32)], second=False)
op("math.atanh", [np.array([0.0, 1.0], np.float32)], second=False)
op("math.reduce_euclidean_norm", [np.zeros(2, np.float32)])
op("math.reduce_std", [np.ones(3, np.float32)])
op("math.l2_normalize", [np.zeros(2, np.float32)])
op("math.log1p", [np.array([-1.0, 0.0], np.float32)])
op("math.reciprocal_no_nan", [CORNER])
op("sort", [TIES], {"direction": "DESCENDING"})
op("nn.max_pool1d", [TIES[:, :, None], 2, 1, "VALID"], second=False)

case(
    "log of one plus exp overflows",
    lambda tf: slope(tf, lambda x: tf.math.log(1.0 + tf.exp(x)), tf.constant(100.0)),
)
case(
    "a where over a bad branch",
    lambda tf: slope(tf, lambda x: tf.where(x > 0.0, tf.sqrt(x), x), tf.constant([-1.0, 0.0, 4.0])),
    differs="0 times the infinite slope of sqrt is nan, as for other functions; TensorFlow makes"
    " an exception for sqrt. Choose the argument: tf.sqrt(tf.where(x > 0.0, x, 1.0))",
)
case(
    "a where over the argument of a bad branch",
    lambda tf: slope(
        tf,
        lambda x: tf.where(x > 0.0, tf.sqrt(tf.where(x > 0.0, x, 1.0)), x),
        tf.constant([-1.0, 0.0, 4.0]),
    ),
)
case(
    "a where over a bad logarithm",
    lambda tf: slope(
        tf, lambda x: tf.where(x > 0.0, tf.math.log(x), x), tf.constant([-1.0, 0.0, 4.0])
    ),
)
case("x squared at 0", lambda tf: slope(tf, lambda x: x**2, tf.constant(0.0)))
case("x to the 0 at 0", lambda tf: slope(tf, lambda x: x**0, tf.constant(0.0)))
case("x to a tensor 0 at 0", lambda tf: slope(tf, lambda x: x**0.0, tf.constant(0.0)))
case("the remainder", lambda tf: slope(tf, lambda x, y: x % y, tf.constant(5.5), tf.constant(2.0)))
case("the whole quotient", lambda tf: slope(tf, lambda x: x // 2.0, tf.constant(5.5)))

# Cross entropies

LOGITS = np.array([[1.0, 2.0, -1.0], [0.0, 0.0, 0.0]], np.float32)
op(
    "nn.softmax_cross_entropy_with_logits",
    [],
    {"labels": np.array([[0.5, 0.0, 1.0], [0.0, 1.0, 0.0]], np.float32), "logits": LOGITS},
    second=False,
)
op(
    "nn.softmax_cross_entropy_with_logits",
    [],
    {"labels": [[0.25, 0.0, 0.75], [0.0, 1.0, 0.0]], "logits": LOGITS},
)
op(
    "nn.sparse_softmax_cross_entropy_with_logits",
    [],
    {"labels": np.array([2, 0]), "logits": LOGITS},
)
op(
    "nn.sigmoid_cross_entropy_with_logits",
    [],
    {"labels": np.array([0.0, 1.0, 0.5], np.float32), "logits": CORNER},
)

# Complex numbers: TensorFlow's gradient is the conjugate of JAX's

Z = np.array([1 + 2j, 3 + 4j, -0.5j], np.complex64)
for name in ("square", "exp", "sin", "sqrt", "math.log", "math.conj", "math.real", "math.imag"):
    op(name, [Z])
for name in ("abs", "math.angle", "math.reciprocal", "math.tanh", "reduce_sum"):
    op(name, [Z])
op("reduce_prod", [Z], second=False)
for name in ("multiply", "divide", "subtract"):
    op(name, [Z, Z[::-1].copy()])
op("pow", [Z, np.complex64(2)])
op("complex", [CORNER, TIES[0]])
op("matmul", [Z[:, None], Z[None, :]])
op("signal.fft", [Z])
op("abs", [np.zeros(1, np.complex64)])


@case
def a_real_variable_through_complex_numbers(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0])

    def power(v: Any) -> Any:
        z = tf.complex(v, v * v)
        return tf.math.real(z * z * tf.math.conj(z))

    with tf.GradientTape() as tape:
        y = power(v)
    return tape.gradient(y, v)


@case
def a_complex_target(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0])
    return slope(tf, lambda x: tf.complex(x, x * x), x)


@case
def a_cast_to_complex_and_back(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0])
    return slope(tf, lambda x: tf.cast(tf.cast(x, tf.complex64) ** 2, tf.float32), x)


# Dtypes and shapes of gradients

for dtype in (np.float16, np.float32, np.float64, np.complex64, np.complex128):
    op("multiply", [np.array([1.5, -2.0], dtype), np.array([0.5, 3.0], dtype)], compiled=False)
op("add", [np.ones((2, 3), np.float32), np.ones(3, np.float32)])
op("multiply", [np.ones((2, 1), np.float32), np.arange(3, dtype=np.float32)])
op("subtract", [np.ones((2, 1, 3), np.float32), np.float32(2.0)])
op("divide", [np.ones((4, 1), np.float32), np.full((1, 2), 2.0, np.float32)])
op("broadcast_to", [np.ones((2, 1), np.float32), [3, 2, 2]])
op("cast", [np.array([1.5, 2.0], np.float32), np.float64])
op("cast", [np.array([1.5, 2.0], np.float64), np.float16])
op("nn.tanh", [np.array([0.5, -1.0], np.float16)])


@case
def the_gradient_has_the_dtype_of_its_source(tf: Any) -> Any:
    half = tf.Variable([1.0, 2.0], dtype=tf.float16)
    double = tf.Variable([3.0, 4.0], dtype=tf.float64)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.cast(half, tf.float32) * tf.cast(double, tf.float32))
    return tape.gradient(y, [half, double])


@case
def slicing_a_variable_gives_dense_gradients(tf: Any) -> Any:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        y = v[0] * v[:, 1] + v[1, 0]
    return tape.gradient(y, v)


# None comes back

for name in ("floor", "math.ceil", "round", "math.rint", "zeros_like", "ones_like"):
    op(name, [CORNER])
for name in ("stop_gradient", "argmax", "math.is_nan", "math.is_finite", "shape", "size", "rank"):
    op(name, [CORNER])
for name in ("greater", "equal", "not_equal", "less_equal", "math.floordiv"):
    op(name, [CORNER, TIES[0]])
op("argsort", [CORNER])
op("searchsorted", [CORNER, TIES[0]])
op("one_hot", [np.array([1, 0]), 3])
op("cast", [CORNER, np.int32])
op("math.is_inf", [CORNER])
op("bitcast", [CORNER, np.int32])
# How many elements there are is not known while tracing, so it is not compiled.
op("unique", [CORNER], call=lambda tf, x: tuple(tf.unique(x)), compiled=False)
op("math.bincount", [np.array([0, 2, 2])])


# Targets of their own dtype: a boolean or an integer as the target

for path in ("math.is_nan", "math.is_inf", "math.is_finite"):

    @case(
        f"the gradient of {path}",
        differs="the gradient of a bool is None for every operation that gives one",
    )
    def _(tf: Any, path: str = path) -> Any:
        return slope(tf, getattr(tf.math, path.partition(".")[2]), tf.constant([1.0, 2.0]))


for path in ("argmax", "shape"):

    @case(f"the gradient of {path}")
    def _(tf: Any, path: str = path) -> Any:
        return slope(tf, getattr(tf, path), tf.constant([1.0, 2.0]))


case("the gradient of a comparison", lambda tf: slope(tf, lambda x: x > 0.0, three(tf)))
case("the gradient of equality", lambda tf: slope(tf, lambda x: x == 3.0, three(tf)))
case("the gradient of unique", lambda tf: slope(tf, lambda x: tf.unique(x)[0], vector(tf)))
case(
    "the gradient through is_nan",
    lambda tf: slope(tf, lambda x: tf.cast(tf.math.is_nan(x), tf.float32), three(tf)),
)


def unconnected(name: str, program: Any) -> None:
    """A program that loses the connection between its source and its target."""

    @case(name)
    def _(tf: Any) -> Any:
        with tf.GradientTape() as tape:
            target, source = program(tf, tape)
        return tape.gradient(target, source)


def watched(tf: Any, tape: Any) -> Any:
    x = three(tf)
    tape.watch(x)
    return x


def rebound(tf: Any, tape: Any) -> Any:
    v = w = tf.Variable(3.0)
    v = v + 1.0
    return v * v, [v, w]


def through_numpy(tf: Any, tape: Any) -> Any:
    x = watched(tf, tape)
    return tf.constant(x.numpy() ** 2) * 2.0, x


def through_a_mean_of_numpy(tf: Any, tape: Any) -> Any:
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    return tf.reduce_mean(np.mean(x**2, axis=0), axis=0), x


def through_state(tf: Any, tape: Any) -> Any:
    x0, x1 = tf.Variable(3.0), tf.Variable(0.0)
    x1.assign_add(x0)
    return x1**2, x0


def through_assign(tf: Any, tape: Any) -> Any:
    x0, x1 = tf.Variable(3.0), tf.Variable(0.0)
    x1.assign(x0 * 2.0)
    return x1**2, [x0, x1]


def a_variable_of_a_tensor(tf: Any, tape: Any) -> Any:
    x = watched(tf, tape)
    v = tf.Variable(x * 2.0)
    return v * v, [x, v]


def an_integer_variable(tf: Any, tape: Any) -> Any:
    v = tf.Variable(3)
    return v * v, v


def a_boolean(tf: Any, tape: Any) -> Any:
    v = tf.Variable(True)
    return tf.cast(v, tf.float32) * 2.0, v


def a_string(tf: Any, tape: Any) -> Any:
    s = tf.constant("a")
    return tf.strings.length(s), s


def through_an_integer(tf: Any, tape: Any) -> Any:
    x = watched(tf, tape)
    return tf.cast(tf.cast(x, tf.int32), tf.float32) * 2.0, x


def not_watched(tf: Any, tape: Any) -> Any:
    x = three(tf)
    return x * x, x


def not_trainable(tf: Any, tape: Any) -> Any:
    v = tf.Variable(3.0, trainable=False)
    return v * v, v


def unrelated(tf: Any, tape: Any) -> Any:
    x, v = watched(tf, tape), tf.Variable(2.0)
    return x * x, v


def a_tensor_made_of_a_variable(tf: Any, tape: Any) -> Any:
    v = tf.Variable(2.0, name="v") + 1.0
    return v * v, v


def a_python_float_of_it(tf: Any, tape: Any) -> Any:
    x = watched(tf, tape)
    return float(x) * tf.constant(2.0), x


def a_list_converted(tf: Any, tape: Any) -> Any:
    x = watched(tf, tape)
    return tf.convert_to_tensor([x, x * 2.0]), x


for program in (
    rebound,
    through_numpy,
    through_a_mean_of_numpy,
    through_state,
    through_assign,
    a_variable_of_a_tensor,
    an_integer_variable,
    a_boolean,
    a_string,
    through_an_integer,
    not_watched,
    not_trainable,
    unrelated,
    a_tensor_made_of_a_variable,
    a_python_float_of_it,
    a_list_converted,
):
    unconnected(f"unconnected? {program.__name__.replace('_', ' ')}", program)


# Sparse gradients


@case
def gather_gives_slices(tf: Any) -> Any:
    v, x = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), matrix(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.gather(v, [2, 0, 2]) ** 2) + tf.reduce_sum(tf.gather(x, [1]))
    return tape.gradient(y, [v, x])


@case
def embedding_lookup_gives_slices(tf: Any) -> Any:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    with tf.GradientTape() as tape:
        y = tf.nn.embedding_lookup(v, [[0, 1], [1, 1]]) ** 2
    return tape.gradient(y, v)


@case
def gather_along_another_axis_is_dense(tf: Any) -> Any:
    x = matrix(tf)
    return slope(tf, lambda x: tf.gather(x, [1, 1, 0], axis=1) ** 2, x)


@case
def slices_and_dense_gradients_mixed(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        sparse = tf.gather(v, [0, 0]) * 2.0
        dense = v * v
        both = tf.reduce_sum(sparse) + tf.reduce_sum(dense)
        twice = tf.reduce_sum(sparse) + tf.reduce_sum(tf.gather(v, [1]))
    return [tape.gradient(both, v), tape.gradient(twice, v), tape.gradient([sparse, dense], v)]


@case
def slices_through_an_operation_are_dense(tf: Any) -> Any:
    x = vector(tf)
    return slope(tf, lambda x: tf.gather(x * 2.0, [2, 2]), x)


@case
def an_output_gradient_of_slices(tf: Any) -> Any:
    x = vector(tf)
    seeds = tf.constant([1.0, 10.0])
    return slope(tf, lambda x: tf.gather(x, [1, 1]), x, output_gradients=seeds)
