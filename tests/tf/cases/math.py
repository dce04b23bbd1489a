"""Elementwise mathematics: one row for each function, corners and dtypes beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("math")
case, op = GROUP.case, GROUP.op

NAN, INF = np.nan, np.inf
X = np.array([[-1.5, 0.0, 0.5], [1.0, 2.0, 3.25]], np.float32)
SMALL = np.array([-0.75, -0.25, 0.0, 0.5], np.float32)
ABOVE = np.array([0.25, 1.0, 2.5], np.float32)
CORNERS = np.array([-INF, -100.0, -0.0, 0.0, 1e-30, 100.0, INF, NAN], np.float32)
Z = np.array([1 + 2j, -0.5j, -3.0 + 0.25j], np.complex128)
INTS = np.array([-3, 0, 4], np.int32)

# Value, gradient, second derivative, jvp; and inside a tf.function

for name in "sin cos tan sinh cosh tanh asinh atan exp math.expm1 square sigmoid".split():
    op(name, [X], jvp=True)
for name in "asin acos atanh math.log1p".split():
    op(name, [SMALL], jvp=True)
for name in "sqrt math.rsqrt math.log math.reciprocal math.reciprocal_no_nan".split():
    op(name, [ABOVE], jvp=True)
op("acosh", [ABOVE + np.float32(1)], jvp=True)
op("math.softplus", [X], jvp=True)
op("math.softsign", [X], second=False)
op("math.log_sigmoid", [X], jvp=True)
for name in "abs sign negative floor math.ceil round math.rint math.real math.imag".split():
    op(name, [X])
for name in "math.conj math.angle math.is_nan math.is_inf math.is_finite".split():
    op(name, [X])

# Corners of values and gradients; second derivatives there are another matter

for name in (
    "abs sign negative square sqrt math.rsqrt math.reciprocal exp math.expm1 math.log1p tanh"
    " sigmoid math.softplus math.softsign math.log_sigmoid sin atan math.log"
).split():
    op(name, [CORNERS], second=False, compiled=False)
for name in "floor math.ceil round math.rint math.is_nan math.is_inf math.is_finite".split():
    op(name, [CORNERS], compiled=False)
for name in "round math.rint floor math.ceil".split():
    op(name, [np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1e30], np.float32)], compiled=False)

# Other dtypes, and which are refused

DOUBLES = "sin tanh exp math.log sqrt square sigmoid abs sign math.softplus floor round".split()
for name in DOUBLES:
    op(name, [ABOVE.astype(np.float64)], compiled=False)
    op(name, [ABOVE.astype(np.float16)], compiled=False)
for name in (
    "sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh exp math.expm1 math.log"
    " math.log1p sqrt math.rsqrt square math.reciprocal math.reciprocal_no_nan sigmoid negative"
    " abs math.conj math.real math.imag math.angle"
).split():
    op(name, [Z], second=False, compiled=False)
op("sign", [np.array([3 + 4j, 0, -2j])], compiled=False)
for name in "abs sign negative square round math.conj math.real math.imag".split():
    op(name, [INTS], compiled=False)
    op(name, [INTS.astype(np.int8)], compiled=False)
for name in "sin exp sqrt math.log tanh sigmoid floor math.rint math.is_nan".split():
    op(name, [INTS], compiled=False)
for name in "square round abs negative sign".split():
    op(name, [INTS.astype(np.uint8)], compiled=False)
for name in "sin abs square math.conj math.real math.angle logical_not".split():
    op(name, [np.array([True, False])], compiled=False)
for name in "sin abs math.is_nan sigmoid".split():
    op(name, ["text"], compiled=False)
for name in "floor math.softplus math.is_nan logical_not".split():
    op(name, [Z], compiled=False)
op("math.angle", [INTS], compiled=False)
op("math.imag", [np.array([True, False])], compiled=False)

# Python's values

for value in (2, 2.0, True, [1, 2], [1.0, 2.0], np.float64(2.0), [[1.0], [2.0]], None, "1"):
    op("square", [value], compiled=False)
    op("sqrt", [value], compiled=False)
op("sin", [X[0]], {"name": "wave"})
op("sin", [np.zeros((0, 2), np.float32)])

# Complex numbers from parts

op("complex", [ABOVE, np.float32(2.0)], jvp=True)
op("complex", [1.0, 2.0])
op("complex", [ABOVE.astype(np.float64), ABOVE.astype(np.float64)])
op("complex", [ABOVE, ABOVE.astype(np.float64)])
op("complex", [INTS, INTS])
op("complex", [ABOVE.astype(np.float64), 2.0])

# Casts that stop at the ends

LOUD = np.array([300.0, -1.0, 1.7], np.float32)
for dtype in (np.uint8, np.int8, np.float16, np.complex64, np.float64):
    op("saturate_cast", [LOUD, dtype], second=False, compiled=False)
op("saturate_cast", [np.array([300, -1], np.int32), np.int8])
op("saturate_cast", [np.array([-5, 2**40]), np.int32])
op("saturate_cast", [np.array([-5], np.int32), np.uint64])
op("saturate_cast", [np.array([1e6, -1e9, INF], np.float32), np.float16], second=False)
op("saturate_cast", [np.array([1e300]), np.float32], second=False)
op("saturate_cast", [np.array([INF, -INF], np.float32), np.int32])
case("saturate complex numbers", lambda tf: tf.saturate_cast([1e300 + 1j], tf.complex64))
op("saturate_cast", [np.array([True]), np.int8])
op("saturate_cast", [300, np.uint8])
op("realdiv", [X, np.float32(2.0)], jvp=True)

# Whether tensors come back as they are


@case
def a_real_tensor_is_its_own_conjugate_and_real_part(tf: Any) -> Any:
    x = tf.constant([1.0])
    return [tf.math.conj(x) is x, tf.math.real(x) is x, tf.abs(x) is x]


@case
def names_are_the_same_in_both_rooms(tf: Any) -> Any:
    return [
        tf.math.sin is tf.sin,
        tf.math.reduce_sum is tf.reduce_sum,
        tf.nn.sigmoid is tf.sigmoid,
        tf.math.top_k is tf.nn.top_k,
    ]


# Bits

A, B = np.array([6, -3, 127], np.int32), np.array([3, 5, 1], np.int32)
for name in "bitwise_and bitwise_or bitwise_xor left_shift right_shift".split():
    op(f"bitwise.{name}", [A, B])
    op(f"bitwise.{name}", [A.astype(np.uint8), B.astype(np.uint8)])
op("bitwise.invert", [A])
op("bitwise.invert", [A.astype(np.uint8)])
op("bitwise.left_shift", [np.array([1, 1, -1]), np.array([33, -1, 1])])
op("bitwise.left_shift", [np.array([1, 1, -1], np.int32), np.array([33, -1, 1], np.int32)])
op("bitwise.right_shift", [np.array([-8, 8], np.int32), np.array([1, 40], np.int32)])
op("bitwise.bitwise_and", [1.0, 2.0])
op("bitwise.bitwise_and", [np.array([True]), np.array([True])])
case("bits of other dtypes", lambda tf: raised(lambda: tf.bitwise.bitwise_or(1, tf.constant(1.0))))
