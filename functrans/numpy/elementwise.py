"""Elementwise functions: one row of the table for each ufunc that is a primitive, then the rest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of
from functrans.errors import DtypeError
from functrans.numpy.promote import (
    array_like,
    broadcast,
    cast,
    door,
    key_of,
    loop,
    no_out,
    operand,
    result_dtype,
    strong,
)
from functrans.numpy.ufuncs import Function, binary, derived, public, unary
from functrans.primitives import elementwise as ew
from functrans.primitives import linear
from functrans.typing import Array, ArrayLike, ArrayOrScalar

# --- one primitive each --------------------------------------------------------------------------

exp = unary(np.exp, ew.exp_p, "Exponential function.", "ft.grad(fnp.exp)(0.0) → np.float64(1.0)")
exp2 = unary(
    np.exp2, ew.exp2_p, "2 to the power x.", "fnp.exp2(np.array([0.0, 3.0])) → array([1., 8.])"
)
expm1 = unary(
    np.expm1,
    ew.expm1_p,
    "exp(x) − 1, accurate near 0.",
    "fnp.expm1(np.array([1e-20])) → array([1.e-20])",
)
log = unary(np.log, ew.log_p, "Natural logarithm.", "ft.grad(fnp.log)(4.0) → np.float64(0.25)")
log2 = unary(
    np.log2, ew.log2_p, "Logarithm to base 2.", "fnp.log2(np.array([1.0, 8.0])) → array([0., 3.])"
)
log10 = unary(
    np.log10,
    ew.log10_p,
    "Logarithm to base 10.",
    "fnp.log10(np.array([1.0, 100.0])) → array([0., 2.])",
)
log1p = unary(
    np.log1p,
    ew.log1p_p,
    "log(1 + x), accurate near 0.",
    "fnp.log1p(np.array([1e-20])) → array([1.e-20])",
)
sqrt = unary(
    np.sqrt,
    ew.sqrt_p,
    "Square root; its derivative at 0 is inf.",
    "ft.grad(fnp.sqrt)(4.0) → np.float64(0.25)",
)
cbrt = unary(
    np.cbrt,
    ew.cbrt_p,
    "Cube root of real numbers; its derivative at 0 is inf.",
    "fnp.cbrt(np.array([-8.0, 27.0])) → array([-2.,  3.])",
)
sin = unary(np.sin, ew.sin_p, "Sine of radians.", "ft.grad(fnp.sin)(0.0) → np.float64(1.0)")
cos = unary(
    np.cos, ew.cos_p, "Cosine of radians.", "ft.grad(ft.grad(fnp.cos))(0.0) → np.float64(-1.0)"
)
tan = unary(np.tan, ew.tan_p, "Tangent of radians.", "ft.grad(fnp.tan)(0.0) → np.float64(1.0)")
arcsin = asin = unary(
    np.arcsin,
    ew.asin_p,
    "Inverse sine, in radians; its derivative at ±1 is inf.",
    "ft.grad(fnp.arcsin)(0.0) → np.float64(1.0)",
)
arccos = acos = unary(
    np.arccos,
    ew.acos_p,
    "Inverse cosine, in radians; its derivative at ±1 is −inf.",
    "ft.grad(fnp.arccos)(0.0) → np.float64(-1.0)",
)
arctan = atan = unary(
    np.arctan,
    ew.atan_p,
    "Inverse tangent, in radians.",
    "ft.grad(fnp.arctan)(1.0) → np.float64(0.5)",
)
sinh = unary(np.sinh, ew.sinh_p, "Hyperbolic sine.", "ft.grad(fnp.sinh)(0.0) → np.float64(1.0)")
cosh = unary(
    np.cosh, ew.cosh_p, "Hyperbolic cosine.", "ft.grad(ft.grad(fnp.cosh))(0.0) → np.float64(1.0)"
)
tanh = unary(np.tanh, ew.tanh_p, "Hyperbolic tangent.", "ft.grad(fnp.tanh)(0.0) → np.float64(1.0)")
arcsinh = asinh = unary(
    np.arcsinh,
    ew.asinh_p,
    "Inverse hyperbolic sine.",
    "ft.grad(fnp.arcsinh)(0.0) → np.float64(1.0)",
)
arccosh = acosh = unary(
    np.arccosh,
    ew.acosh_p,
    "Inverse hyperbolic cosine; its derivative at 1 is inf.",
    "fnp.arccosh(np.array([1.0, 2.0])) → array([0.       , 1.3169579])",
)
arctanh = atanh = unary(
    np.arctanh,
    ew.atanh_p,
    "Inverse hyperbolic tangent.",
    "ft.grad(fnp.arctanh)(0.0) → np.float64(1.0)",
)
negative = unary(
    np.negative, linear.neg_p, "−x.", "fnp.negative(np.array([1.0, -2.0])) → array([-1.,  2.])"
)
absolute = abs = unary(
    np.absolute,
    ew.abs_p,
    "Absolute value; its derivative at 0 is 1.",
    "ft.vmap(ft.grad(fnp.absolute))(np.array([-2.0, 0.0, 2.0])) → array([-1.,  1.,  1.])",
)
sign = unary(
    np.sign,
    ew.sign_p,
    "−1, 0 or 1, with derivative 0; z/|z| of complex numbers.",
    "fnp.sign(np.array([-2.0, 0.0, 3.0])) → array([-1.,  0.,  1.])",
)
invert = bitwise_not = bitwise_invert = unary(
    np.invert,
    ew.not_p,
    "Bitwise, of booleans logical, not.",
    "fnp.invert(np.array([True, False])) → array([False,  True])",
)
bitwise_count = unary(
    np.bitwise_count,
    ew.population_count_p,
    "Number of one bits in |x|.",
    "fnp.bitwise_count(np.array([7, 8])) → array([3, 1], dtype=uint8)",
)

add = binary(
    np.add, linear.add_p, "x + y.", "fnp.add(np.array([1.0, 2.0]), 10.0) → array([11., 12.])"
)
subtract = binary(
    np.subtract,
    linear.sub_p,
    "x − y.",
    "ft.grad(fnp.subtract, argnums=1)(5.0, 2.0) → np.float64(-1.0)",
)
multiply = binary(
    np.multiply, linear.mul_p, "x·y.", "ft.grad(fnp.multiply)(3.0, 4.0) → np.float64(4.0)"
)
true_divide = divide = binary(
    np.true_divide,
    linear.div_p,
    "x / y.",
    "ft.grad(fnp.divide, argnums=1)(1.0, 2.0) → np.float64(-0.25)",
)
floor_divide = binary(
    np.floor_divide,
    ew.floor_div_p,
    "⌊x / y⌋; its derivatives are 0.",
    "fnp.floor_divide(np.array([7, -7]), 2) → array([ 3, -4])",
)
remainder = mod = binary(
    np.remainder,
    ew.mod_p,
    "x − y·⌊x / y⌋: the sign of y; derivatives 1 and −⌊x / y⌋.",
    "fnp.remainder(np.array([7, -7]), 3) → array([1, 2])",
)
fmod = binary(
    np.fmod,
    ew.rem_p,
    "x − y·trunc(x / y): the sign of x; derivatives 1 and −trunc(x / y).",
    "fnp.fmod(np.array([7, -7]), 3) → array([ 1, -1])",
)
arctan2 = atan2 = binary(
    np.arctan2,
    ew.atan2_p,
    "Angle of the point (y, x), in radians; its derivatives at (0, 0) are NaN.",
    "ft.grad(fnp.arctan2)(0.0, 2.0) → np.float64(0.5)",
)
hypot = binary(
    np.hypot,
    ew.hypot_p,
    "√(x² + y²) without overflow; its derivatives at (0, 0) are NaN.",
    "ft.grad(fnp.hypot)(3.0, 4.0) → np.float64(0.6)",
)
logaddexp = binary(
    np.logaddexp,
    ew.logaddexp_p,
    "log(exp(x) + exp(y)) without overflow.",
    "ft.grad(fnp.logaddexp)(1000.0, 1000.0) → np.float64(0.5)",
)
maximum = binary(
    np.maximum,
    ew.max_p,
    "The greater; equal operands get ½ of the derivative each.",
    "ft.grad(fnp.maximum)(2.0, 2.0) → np.float64(0.5)",
)
minimum = binary(
    np.minimum,
    ew.min_p,
    "The smaller; equal operands get ½ of the derivative each.",
    "ft.grad(fnp.minimum)(1.0, 2.0) → np.float64(1.0)",
)
copysign = binary(
    np.copysign,
    ew.copysign_p,
    "|x| with the sign of y; its derivative in y is 0.",
    "ft.grad(fnp.copysign)(np.inf, -1.0) → np.float64(-1.0)",
)
nextafter = binary(
    np.nextafter,
    ew.nextafter_p,
    "The next floating number after x towards y; its derivatives are 0.",
    "fnp.nextafter(1.0, 2.0) - 1.0 → np.float64(2.220446049250313e-16)",
)
equal = binary(
    np.equal, ew.eq_p, "x = y.", "fnp.equal(np.array([1, 2]), 2) → array([False,  True])"
)
not_equal = binary(
    np.not_equal, ew.ne_p, "x ≠ y.", "fnp.not_equal(np.array([1, 2]), 2) → array([ True, False])"
)
less = binary(
    np.less, ew.lt_p, "x < y.", "fnp.less(np.array([1, 2, 3]), 2) → array([ True, False, False])"
)
less_equal = binary(
    np.less_equal,
    ew.le_p,
    "x ≤ y.",
    "fnp.less_equal(np.array([1, 2, 3]), 2) → array([ True,  True, False])",
)
greater = binary(
    np.greater,
    ew.gt_p,
    "x > y.",
    "fnp.greater(np.array([1, 2, 3]), 2) → array([False, False,  True])",
)
greater_equal = binary(
    np.greater_equal,
    ew.ge_p,
    "x ≥ y.",
    "fnp.greater_equal(np.array([1, 2, 3]), 2) → array([False,  True,  True])",
)
bitwise_and = binary(
    np.bitwise_and,
    ew.and_p,
    "Bitwise, of booleans logical, and.",
    "fnp.bitwise_and(np.array([3, 5]), 6) → array([2, 4])",
)
bitwise_or = binary(
    np.bitwise_or,
    ew.or_p,
    "Bitwise, of booleans logical, or.",
    "fnp.bitwise_or(np.array([3, 5]), 6) → array([7, 7])",
)
bitwise_xor = binary(
    np.bitwise_xor,
    ew.xor_p,
    "Bitwise, of booleans logical, exclusive or.",
    "fnp.bitwise_xor(np.array([3, 5]), 6) → array([5, 3])",
)
left_shift = bitwise_left_shift = binary(
    np.left_shift,
    ew.shift_left_p,
    "x·2ʸ in the bits of x.",
    "fnp.left_shift(np.array([1, 3]), 2) → array([ 4, 12])",
)
right_shift = bitwise_right_shift = binary(
    np.right_shift,
    ew.shift_right_p,
    "⌊x / 2ʸ⌋.",
    "fnp.right_shift(np.array([8, -8]), 2) → array([ 2, -2])",
)


# --- rounding ------------------------------------------------------------------------------------


def _rounding(ufunc: np.ufunc, rounded: Function, doc: str, example: str) -> Function:
    def traced(x: ArrayLike, /) -> ArrayOrScalar:
        x = strong(operand(x))
        dtype = loop(ufunc, dtype_of(x))[0]
        return cast(x, dtype) if dtype.kind in "iub" else rounded(cast(x, dtype))

    return public(ufunc.__name__, ufunc, traced, ew.with_example(doc, example), 1)


def _complex_rint(x: Any) -> Any:
    if dtype_of(x).kind == "c":
        return linear.complex_(ew.round_(linear.real(x)), ew.round_(linear.imag(x)))
    return ew.round_(x)


floor = _rounding(
    np.floor,
    ew.floor,
    "The largest integer not above x; its derivative is 0.",
    "fnp.floor(np.array([1.5, -1.5])) → array([ 1., -2.])",
)
ceil = _rounding(
    np.ceil,
    ew.ceil,
    "The smallest integer not below x; its derivative is 0.",
    "fnp.ceil(np.array([1.5, -1.5])) → array([ 2., -1.])",
)
trunc = _rounding(
    np.trunc,
    ew.truncate,
    "x without its fraction; its derivative is 0.",
    "fnp.trunc(np.array([1.5, -1.5])) → array([ 1., -1.])",
)
rint = _rounding(
    np.rint,
    _complex_rint,
    "The nearest integer, halves to the even one; its derivative is 0.",
    "fnp.rint(np.array([0.5, 1.5, 2.4])) → array([0., 2., 2.])",
)


def _numpy_fix(x: Any, out: Any = None) -> Any:
    """NumPy 2.5 deprecates its own name for this."""
    return np.trunc(x, out=out)


@door(_numpy_fix, np.fix)
def fix(x: ArrayLike, out: Array | None = None) -> ArrayOrScalar:
    """x without its fraction.

    >>> fnp.fix(np.array([1.5, -1.5]))
    array([ 1., -1.])
    """
    no_out("fix", out)
    return trunc(x)


@door(np.round, np.around)
def round(a: ArrayLike, decimals: int = 0, out: Array | None = None) -> ArrayOrScalar:
    """``a`` rounded to a number of decimals, halves to the even one; the derivative is 0.

    >>> fnp.round(np.array([1.25, 2.675, 3.5]), 1)
    array([1.2, 2.7, 3.5])
    """
    no_out("round", out)
    a = array_like(a)
    kind = dtype_of(a).kind
    if kind == "b":
        a, kind = cast(a, np.dtype(np.float16)), "f"
    if kind in "iu" and decimals >= 0:
        return strong(a)
    dtype = dtype_of(a)
    if decimals == 0:
        return rint(a)
    scale = 10 ** (decimals if decimals > 0 else -decimals)
    if decimals > 0:
        return divide(rint(multiply(a, dtype.type(scale))), dtype.type(scale))
    scaled = multiply(rint(divide(a, dtype.type(scale))), dtype.type(scale))
    return cast(scaled, dtype)


around = round


@derived(np.modf)
def modf(x: ArrayLike, /) -> tuple[ArrayOrScalar, ArrayOrScalar]:
    """The fraction and the whole part of x, both with its sign.

    >>> fnp.modf(np.array([1.5, -1.5]))
    (array([ 0.5, -0.5]), array([ 1., -1.]))
    """
    x = strong(operand(x))
    x = cast(x, loop(np.modf, dtype_of(x))[0])
    whole = ew.truncate(x)
    infinite = isinf(x)
    fraction = linear.select_n(infinite, linear.sub(x, whole), dtype_of(x).type(0))
    return copysign(fraction, x), whole


@derived(np.divmod)
def divmod(x: ArrayLike, y: ArrayLike, /) -> tuple[ArrayOrScalar, ArrayOrScalar]:
    """⌊x / y⌋ and the remainder.

    >>> fnp.divmod(np.array([7, -7]), 3)
    (array([ 2, -3]), array([1, 2]))
    """
    return floor_divide(x, y), remainder(x, y)


# --- tests on values -----------------------------------------------------------------------------


@derived(np.isnan)
def isnan(x: ArrayLike, /) -> ArrayOrScalar:
    """True where x is NaN.

    >>> fnp.isnan(np.array([1.0, np.nan]))
    array([False,  True])
    """
    x = strong(operand(x))
    return ew.ne(x, x)


@derived(np.isinf)
def isinf(x: ArrayLike, /) -> ArrayOrScalar:
    """True where x is infinite.

    >>> fnp.isinf(np.array([1.0, -np.inf]))
    array([False,  True])
    """
    x = strong(operand(x))
    if dtype_of(x).kind in "iub":
        return ew.ne(x, x)
    if dtype_of(x).kind == "c":
        return bitwise_or(isinf(linear.real(x)), isinf(linear.imag(x)))
    return ew.eq(ew.abs_(x), dtype_of(x).type(np.inf))


@derived(np.isfinite)
def isfinite(x: ArrayLike, /) -> ArrayOrScalar:
    """True where x is neither infinite nor NaN.

    >>> fnp.isfinite(np.array([1.0, np.inf, np.nan]))
    array([ True, False, False])
    """
    x = strong(operand(x))
    return ew.eq(x, x) if dtype_of(x).kind in "iub" else ew.is_finite(x)


def _refuse_complex(name: str, x: Any) -> None:
    if dtype_of(array_like(x)).kind == "c":
        raise DtypeError(f"{name} of complex numbers would be ambiguous.", "Test real and imag.")


@door(np.isposinf)
def isposinf(x: ArrayLike, out: Array | None = None) -> ArrayOrScalar:
    """True where x is +inf.

    >>> fnp.isposinf(np.array([np.inf, -np.inf]))
    array([ True, False])
    """
    no_out("isposinf", out)
    _refuse_complex("isposinf", x)
    return equal(x, np.inf)


@door(np.isneginf)
def isneginf(x: ArrayLike, out: Array | None = None) -> ArrayOrScalar:
    """True where x is −inf.

    >>> fnp.isneginf(np.array([np.inf, -np.inf]))
    array([False,  True])
    """
    no_out("isneginf", out)
    _refuse_complex("isneginf", x)
    return equal(x, -np.inf)


@derived(np.signbit)
def signbit(x: ArrayLike, /) -> ArrayOrScalar:
    """True where the sign bit is set, −0.0 included.

    >>> fnp.signbit(np.array([1.0, -0.0]))
    array([False,  True])
    """
    x = strong(operand(x))
    if dtype_of(x).kind in "iub":
        return less(x, 0)
    return less(copysign(dtype_of(x).type(1), x), 0)


@door(np.isclose)
def isclose(
    a: ArrayLike,
    b: ArrayLike,
    rtol: ArrayLike = 1e-05,
    atol: ArrayLike = 1e-08,
    equal_nan: bool = False,
) -> ArrayOrScalar:
    """True where |a − b| ≤ atol + rtol·|b|.

    >>> fnp.isclose(np.array([1.0, 2.0]), np.array([1.0 + 1e-9, 2.1]))
    array([ True, False])
    """
    a, b = array_like(a), array_like(b)
    if dtype_of(b).kind in "biu":  # the difference of two integers could overflow
        b = cast(b, np.dtype(np.float64))
    close = less_equal(absolute(subtract(a, b)), add(atol, multiply(rtol, absolute(b))))
    close = logical_or(logical_and(close, isfinite(b)), equal(a, b))
    return logical_or(close, logical_and(isnan(a), isnan(b))) if equal_nan else close


@derived(np.logical_not)
def logical_not(x: ArrayLike, /) -> ArrayOrScalar:
    """True where x is zero.

    >>> fnp.logical_not(np.array([0.0, 2.0]))
    array([ True, False])
    """
    return ew.not_(truth(x))


def truth(x: Any) -> Any:
    """x as booleans: True where it is not zero."""
    x = strong(operand(x))
    return x if dtype_of(x).kind == "b" else ew.ne(x, dtype_of(x).type(0))


@derived(np.logical_and)
def logical_and(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """True where both are not zero.

    >>> fnp.logical_and(np.array([0.0, 2.0]), 1.0)
    array([False,  True])
    """
    return bitwise_and(truth(x), truth(y))


@derived(np.logical_or)
def logical_or(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """True where either is not zero.

    >>> fnp.logical_or(np.array([0.0, 2.0]), 0.0)
    array([False,  True])
    """
    return bitwise_or(truth(x), truth(y))


@derived(np.logical_xor)
def logical_xor(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """True where exactly one is not zero.

    >>> fnp.logical_xor(np.array([0.0, 2.0]), 1.0)
    array([ True, False])
    """
    return bitwise_xor(truth(x), truth(y))


# --- choice --------------------------------------------------------------------------------------


def select(mask: Any, x: Any, y: Any) -> Any:
    """``x`` where ``mask`` and ``y`` elsewhere, promoted and broadcast; no derivative leaks."""
    x, y = operand(x), operand(y)
    dtype = result_dtype(x, y)
    mask, x, y = broadcast(truth(mask), cast(x, dtype), cast(y, dtype))
    return linear.select_n(mask, y, x)


@derived(np.fmax)
def fmax(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """The greater; a number where the other operand is NaN.

    >>> fnp.fmax(np.array([1.0, np.nan]), 0.5)
    array([1. , 0.5])
    """
    return select(isnan(x), y, select(isnan(y), x, maximum(x, y)))


@derived(np.fmin)
def fmin(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """The smaller; a number where the other operand is NaN.

    >>> fnp.fmin(np.array([1.0, np.nan]), 0.5)
    array([0.5, 0.5])
    """
    return select(isnan(x), y, select(isnan(y), x, minimum(x, y)))


@door(np.clip)
def clip(
    a: ArrayLike,
    a_min: ArrayLike | None = None,
    a_max: ArrayLike | None = None,
    out: Array | None = None,
    *,
    min: ArrayLike | None = None,
    max: ArrayLike | None = None,
) -> ArrayOrScalar:
    """``a`` limited to [min, max]; at a bound each side has half of the derivative.

    >>> ft.vmap(ft.grad(lambda x: fnp.clip(x, 0.0, 1.0)))(np.array([-1.0, 0.0, 0.5]))
    array([0. , 0.5, 1. ])
    """
    no_out("clip", out)
    low = a_min if min is None else min
    high = a_max if max is None else max
    a = array_like(a)
    if low is not None:
        a = maximum(a, low)
    return a if high is None else minimum(a, high)


@derived(np.heaviside)
def heaviside(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """0 below zero, ``y`` at zero, 1 above; NaN stays.

    The derivative in ``x`` is 0 everywhere, at zero too.

    >>> fnp.heaviside(np.array([-1.0, 0.0, 2.0]), 0.5)
    array([0. , 0.5, 1. ])
    """
    x, y = operand(x), operand(y)
    dtype = loop(np.heaviside, key_of(x), key_of(y))[0]
    x, y = cast(x, dtype), cast(y, dtype)
    step = select(greater(x, 0), dtype.type(1), select(less(x, 0), dtype.type(0), y))
    return select(isnan(x), dtype.type(np.nan), step)


@door(np.nan_to_num)
def nan_to_num(
    x: ArrayLike,
    copy: bool = True,
    nan: ArrayLike = 0.0,
    posinf: ArrayLike | None = None,
    neginf: ArrayLike | None = None,
) -> ArrayOrScalar:
    """``x`` with NaN and infinities replaced by numbers, whose derivative is 0.

    >>> ft.grad(lambda x: fnp.sum(fnp.nan_to_num(x)))(np.array([1.0, np.nan]))
    array([1., 0.])
    """
    x = array_like(x)
    dtype = dtype_of(x)
    if dtype.kind in "iub":
        return x
    if dtype.kind == "c":
        return linear.complex_(
            nan_to_num(linear.real(x), copy, nan, posinf, neginf),
            nan_to_num(linear.imag(x), copy, nan, posinf, neginf),
        )
    limits = np.finfo(dtype)
    x = select(isnan(x), dtype.type(nan), x)
    x = select(equal(x, np.inf), dtype.type(limits.max if posinf is None else posinf), x)
    return select(equal(x, -np.inf), dtype.type(limits.min if neginf is None else neginf), x)


# --- in terms of the others ----------------------------------------------------------------------


@derived(np.positive)
def positive(x: ArrayLike, /) -> ArrayOrScalar:
    """+x.

    >>> fnp.positive(np.array([1.0, -2.0]))
    array([ 1., -2.])
    """
    x = operand(x)
    return cast(x, loop(np.positive, key_of(x))[0])


@derived(np.fabs)
def fabs(x: ArrayLike, /) -> ArrayOrScalar:
    """Absolute value of real numbers, floating; its derivative at 0 is 1.

    >>> fnp.fabs(np.array([-1, 2]))
    array([1., 2.])
    """
    x = operand(x)
    return ew.abs_(cast(x, loop(np.fabs, key_of(x))[0]))


@derived(np.logaddexp2)
def logaddexp2(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """log₂(2ˣ + 2ʸ) without overflow.

    >>> fnp.logaddexp2(np.array([1000.0]), 1000.0)
    array([1001.])
    """
    x, y = operand(x), operand(y)
    dtype = loop(np.logaddexp2, key_of(x), key_of(y))[0]
    ln2 = dtype.type(math.log(2.0))
    return divide(logaddexp(multiply(cast(x, dtype), ln2), multiply(cast(y, dtype), ln2)), ln2)
