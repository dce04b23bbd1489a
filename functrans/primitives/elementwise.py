"""The table of nonlinear elementwise functions: NumPy's function and the partial derivatives.

Each row is all there is to say of an operation; every rule is generated from it. The derivatives
are textbook ones (NIST Digital Library of Mathematical Functions, chapters 4, 5, 7, 8 and 25).
Partials are written in Python operators and the functions of this file, so that they can be
differentiated again.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans.core.avals import Aval, dtype_of, is_complex
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import bind
from functrans.errors import DtypeError
from functrans.primitives.linear import (
    add,
    bool_dtype,
    complex_,
    conj,
    elementwise,
    keep_weak,
    mul,
    neg,
    real,
    same_dtype,
    select_n,
)

_LN2 = math.log(2.0)
_LN10 = math.log(10.0)
_TWO_OVER_SQRT_PI = 2.0 / math.sqrt(math.pi)


def _special(name: str) -> Callable[..., Any]:
    """A function of scipy.special, imported on first use."""

    def call(*args: Any) -> Any:
        import scipy.special  # heavy: imported on first need

        return getattr(scipy.special, name)(*args)

    return call


# --- dtype rules ---------------------------------------------------------------------------------


def _real_inexact(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    dtype = same_dtype(name, avals)
    if dtype.kind != "f":
        raise DtypeError(f"{name} needs real floating numbers, not {dtype}.")
    return dtype


def _integral(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    dtype = same_dtype(name, avals)
    if dtype.kind not in "iub":
        raise DtypeError(f"{name} needs integers or booleans, not {dtype}.")
    return dtype


def _magnitude(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    dtype: np.dtype[Any] = avals[0].dtype
    return dtype.type(0).real.dtype if is_complex(dtype) else dtype


def _count(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    _integral(name, avals)
    return np.dtype(np.uint8)


def _truth(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    return np.dtype(bool)


# --- exponentials, logarithms, roots -------------------------------------------------------------

exp_p = elementwise("exp", np.exp, [lambda y, x: y])
exp2_p = elementwise("exp2", np.exp2, [lambda y, x: y * _LN2])
expm1_p = elementwise("expm1", np.expm1, [lambda y, x: y + 1.0])
log_p = elementwise("log", np.log, [lambda y, x: 1.0 / x])
log2_p = elementwise("log2", np.log2, [lambda y, x: (1.0 / _LN2) / x])
log10_p = elementwise("log10", np.log10, [lambda y, x: (1.0 / _LN10) / x])
log1p_p = elementwise("log1p", np.log1p, [lambda y, x: 1.0 / (1.0 + x)])
sqrt_p = elementwise("sqrt", np.sqrt, [lambda y, x: 0.5 / y])
cbrt_p = elementwise("cbrt", np.cbrt, [lambda y, x: (1.0 / 3.0) / (y * y)], dtype=_real_inexact)

# --- trigonometric and hyperbolic functions ------------------------------------------------------

sin_p = elementwise("sin", np.sin, [lambda y, x: cos(x)])
cos_p = elementwise("cos", np.cos, [lambda y, x: -sin(x)])
tan_p = elementwise("tan", np.tan, [lambda y, x: 1.0 + y * y])
asin_p = elementwise("asin", np.arcsin, [lambda y, x: 1.0 / sqrt(1.0 - x * x)])
acos_p = elementwise("acos", np.arccos, [lambda y, x: -1.0 / sqrt(1.0 - x * x)])
atan_p = elementwise("atan", np.arctan, [lambda y, x: 1.0 / (1.0 + x * x)])
sinh_p = elementwise("sinh", np.sinh, [lambda y, x: cosh(x)])
cosh_p = elementwise("cosh", np.cosh, [lambda y, x: sinh(x)])
tanh_p = elementwise("tanh", np.tanh, [lambda y, x: 1.0 - y * y])
asinh_p = elementwise("asinh", np.arcsinh, [lambda y, x: 1.0 / sqrt(x * x + 1.0)])
acosh_p = elementwise("acosh", np.arccosh, [lambda y, x: 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0))])
atanh_p = elementwise("atanh", np.arctanh, [lambda y, x: 1.0 / ((1.0 - x) * (1.0 + x))])
atan2_p = elementwise(
    "atan2",
    np.arctan2,
    [lambda r, y, x: x / (x * x + y * y), lambda r, y, x: -y / (x * x + y * y)],
    dtype=_real_inexact,
)
hypot_p = elementwise(
    "hypot", np.hypot, [lambda r, x, y: x / r, lambda r, x, y: y / r], dtype=_real_inexact
)


def _logistic(x: Any) -> Any:
    if np.iscomplexobj(x):
        return 1.0 / (1.0 + np.exp(-x))
    return _special("expit")(x)


logistic_p = elementwise("logistic", _logistic, [lambda y, x: y * (1.0 - y)])
logaddexp_p = elementwise(
    "logaddexp",
    np.logaddexp,
    [lambda r, x, y: logistic(x - y), lambda r, x, y: logistic(y - x)],
    dtype=_real_inexact,
)

# --- special functions ---------------------------------------------------------------------------

_NO_SHAPE_DERIVATIVE = Absent("the derivative with respect to a shape parameter has no closed form")

erf_p = elementwise(
    "erf", _special("erf"), [lambda y, x: _TWO_OVER_SQRT_PI * exp(-x * x)], dtype=_real_inexact
)
erfc_p = elementwise(
    "erfc", _special("erfc"), [lambda y, x: -_TWO_OVER_SQRT_PI * exp(-x * x)], dtype=_real_inexact
)
erf_inv_p = elementwise(
    "erf_inv",
    _special("erfinv"),
    [lambda y, x: (1.0 / _TWO_OVER_SQRT_PI) * exp(y * y)],
    dtype=_real_inexact,
    native=False,
)
lgamma_p = elementwise(
    "lgamma", _special("gammaln"), [lambda y, x: digamma(x)], dtype=_real_inexact
)
digamma_p = elementwise(
    "digamma", _special("psi"), [lambda y, x: _zeta2(x)], dtype=_real_inexact, native=False
)
zeta_p = elementwise(
    "zeta",
    _special("zeta"),
    [_NO_SHAPE_DERIVATIVE, lambda r, x, q: -x * zeta(x + 1.0, q)],
    dtype=_real_inexact,
    native=False,
)
igamma_p = elementwise(
    "igamma",
    _special("gammainc"),
    [_NO_SHAPE_DERIVATIVE, lambda r, a, x: exp((a - 1.0) * log(x) - x - lgamma(a))],
    dtype=_real_inexact,
    native=False,
)
igammac_p = elementwise(
    "igammac",
    _special("gammaincc"),
    [_NO_SHAPE_DERIVATIVE, lambda r, a, x: -exp((a - 1.0) * log(x) - x - lgamma(a))],
    dtype=_real_inexact,
    native=False,
)
betainc_p = elementwise(
    "betainc",
    _special("betainc"),
    [
        _NO_SHAPE_DERIVATIVE,
        _NO_SHAPE_DERIVATIVE,
        lambda r, a, b, x: exp(
            (a - 1.0) * log(x)
            + (b - 1.0) * log1p(-x)
            + lgamma(a + b)
            - lgamma(a)
            - lgamma(b)
        ),
    ],
    dtype=_real_inexact,
    native=False,
)


def _zeta2(x: Any) -> Any:
    return zeta(x * 0.0 + 2.0, x)


# --- powers --------------------------------------------------------------------------------------


def _power_dtype(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    return same_dtype(name, avals)


def _pow_base_partial(r: Any, x: Any, y: Any) -> Any:
    # y·x^(y−1), and 0 for y = 0 even at x = 0.
    zero = eq(y, dtype_of(y).type(0))
    safe = select_n(zero, y, dtype_of(y).type(1))
    return y * power(x, safe - 1.0)


def _pow_exponent_partial(r: Any, x: Any, y: Any) -> Any:
    # log(x)·x^y, whose limit at x = 0 is 0 for y > 0.
    zero = eq(x, dtype_of(x).type(0))
    return log(select_n(zero, x, dtype_of(x).type(1))) * r


pow_p = elementwise(
    "pow",
    keep_weak(np.power),
    [_pow_base_partial, _pow_exponent_partial],
    dtype=_power_dtype,
)


def _integer_pow_impl(x: Any, *, y: int) -> Any:
    if y == 2:
        return x * x
    if not hasattr(x, "dtype"):
        return np.power(x, float(y) if y < 0 else y).item()
    return np.power(x, y)


integer_pow_p = elementwise(
    "integer_pow",
    _integer_pow_impl,
    [lambda r, x, *, y: x * 0 if y == 0 else y * integer_pow(x, y - 1)],
    dtype=_power_dtype,
    static="y",
)

# --- rounding, sign, magnitude -------------------------------------------------------------------

sign_p = elementwise("sign", np.sign, dtype=_power_dtype)
floor_p = elementwise("floor", np.floor, dtype=_real_inexact)
ceil_p = elementwise("ceil", np.ceil, dtype=_real_inexact)
round_p = elementwise("round", np.rint, dtype=_real_inexact)
is_finite_p = elementwise("is_finite", np.isfinite, dtype=_truth)
nextafter_p = elementwise("nextafter", np.nextafter, [None, None], dtype=_real_inexact)


def _abs_linearize(nonzero: Sequence[bool], x: Any) -> Any:
    y = bind(abs_p, x)
    if is_complex(dtype_of(x)):
        direction = conj(sign(x))

        def complex_pushforward(t: Any) -> Any:
            return real(mul(t, direction))

        return y, complex_pushforward
    slope = select_n(lt(x, dtype_of(x).type(0)), dtype_of(x).type(1), dtype_of(x).type(-1))

    def pushforward(t: Any) -> Any:
        return mul(t, slope)

    return y, pushforward


abs_p = elementwise("abs", operator.abs, dtype=_magnitude, linearize=_abs_linearize)
copysign_p = elementwise(
    "copysign",
    np.copysign,
    [lambda r, x, y: copysign(x * 0.0 + 1.0, y) * sign(x), None],
    dtype=_real_inexact,
)


def _share(x: Any, y: Any, wins: Any) -> Any:
    """1 where x wins, ½ where x and y are equal, else 0."""
    one = dtype_of(x).type
    return select_n(eq(x, y), select_n(wins, one(0), one(1)), one(0.5))


max_p = elementwise(
    "max",
    np.maximum,
    [lambda r, x, y: _share(x, y, gt(x, y)), lambda r, x, y: _share(y, x, gt(y, x))],
    dtype=_power_dtype,
)
min_p = elementwise(
    "min",
    np.minimum,
    [lambda r, x, y: _share(x, y, lt(x, y)), lambda r, x, y: _share(y, x, lt(y, x))],
    dtype=_power_dtype,
)

# --- division with remainder ---------------------------------------------------------------------

floor_div_p = elementwise("floor_div", operator.floordiv, [None, None], dtype=_power_dtype)
mod_p = elementwise(
    "mod",
    operator.mod,
    [lambda r, x, y: x * 0.0 + 1.0, lambda r, x, y: -floor(x / y)],
    dtype=_power_dtype,
)
rem_p = elementwise(
    "rem",
    np.fmod,
    [lambda r, x, y: x * 0.0 + 1.0, lambda r, x, y: -truncate(x / y)],
    dtype=_power_dtype,
)

# --- comparison, logic, bits ---------------------------------------------------------------------

eq_p = elementwise("eq", operator.eq, dtype=bool_dtype)
ne_p = elementwise("ne", operator.ne, dtype=bool_dtype)
lt_p = elementwise("lt", operator.lt, dtype=bool_dtype)
le_p = elementwise("le", operator.le, dtype=bool_dtype)
gt_p = elementwise("gt", operator.gt, dtype=bool_dtype)
ge_p = elementwise("ge", operator.ge, dtype=bool_dtype)
and_p = elementwise("and", np.bitwise_and, dtype=_integral)
or_p = elementwise("or", np.bitwise_or, dtype=_integral)
xor_p = elementwise("xor", np.bitwise_xor, dtype=_integral)
not_p = elementwise("not", np.invert, dtype=_integral)
shift_left_p = elementwise("shift_left", np.left_shift, dtype=_integral)
shift_right_p = elementwise("shift_right", np.right_shift, dtype=_integral)
population_count_p = elementwise("population_count", np.bitwise_count, dtype=_count)


# --- the functions -------------------------------------------------------------------------------


def _unary(primitive: Primitive, doc: str) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        return bind(primitive, x)

    function.__name__ = function.__qualname__ = primitive.name
    function.__doc__ = doc
    return function


def _binary(primitive: Primitive, doc: str) -> Callable[[Any, Any], Any]:
    def function(x: Any, y: Any) -> Any:
        return bind(primitive, x, y)

    function.__name__ = function.__qualname__ = primitive.name
    function.__doc__ = doc
    return function


exp = _unary(exp_p, "eˣ.")
exp2 = _unary(exp2_p, "2ˣ.")
expm1 = _unary(expm1_p, "eˣ − 1, accurate near 0.")
log = _unary(log_p, "Natural logarithm.")
log2 = _unary(log2_p, "Logarithm to base 2.")
log10 = _unary(log10_p, "Logarithm to base 10.")
log1p = _unary(log1p_p, "log(1 + x), accurate near 0.")
sqrt = _unary(sqrt_p, "Square root.")
cbrt = _unary(cbrt_p, "Cube root of a real number.")
sin = _unary(sin_p, "Sine of x radians.")
cos = _unary(cos_p, "Cosine of x radians.")
tan = _unary(tan_p, "Tangent of x radians.")
asin = _unary(asin_p, "Inverse sine, in radians.")
acos = _unary(acos_p, "Inverse cosine, in radians.")
atan = _unary(atan_p, "Inverse tangent, in radians.")
sinh = _unary(sinh_p, "Hyperbolic sine.")
cosh = _unary(cosh_p, "Hyperbolic cosine.")
tanh = _unary(tanh_p, "Hyperbolic tangent.")
asinh = _unary(asinh_p, "Inverse hyperbolic sine.")
acosh = _unary(acosh_p, "Inverse hyperbolic cosine.")
atanh = _unary(atanh_p, "Inverse hyperbolic tangent.")
logistic = _unary(logistic_p, "1 / (1 + e⁻ˣ).")
erf = _unary(erf_p, "Error function.")
erfc = _unary(erfc_p, "1 − erf(x), accurate for large x.")
erf_inv = _unary(erf_inv_p, "Inverse of erf.")
lgamma = _unary(lgamma_p, "Logarithm of |Γ(x)|.")
digamma = _unary(digamma_p, "Derivative of log Γ.")
sign = _unary(sign_p, "−1, 0 or 1; z/|z| of a complex number.")
floor = _unary(floor_p, "Largest integer not above x.")
ceil = _unary(ceil_p, "Smallest integer not below x.")
round_ = _unary(round_p, "Nearest integer, halves to the even one.")
is_finite = _unary(is_finite_p, "True where x is neither infinite nor NaN.")
abs_ = _unary(abs_p, "Absolute value.")
not_ = _unary(not_p, "Bitwise, of booleans logical, negation.")
population_count = _unary(population_count_p, "Number of one bits in |x|.")

atan2 = _binary(atan2_p, "Angle of the point (second, first) in radians.")
hypot = _binary(hypot_p, "√(x² + y²) without overflow.")
logaddexp = _binary(logaddexp_p, "log(eˣ + eʸ) without overflow.")
zeta = _binary(zeta_p, "Hurwitz zeta function.")
igamma = _binary(igamma_p, "Regularised lower incomplete gamma function P(a, x).")
igammac = _binary(igammac_p, "Regularised upper incomplete gamma function Q(a, x).")
power = _binary(pow_p, "xʸ of operands of one dtype.")
nextafter = _binary(nextafter_p, "Next floating number after x towards y.")
copysign = _binary(copysign_p, "|x| with the sign of y.")
max_ = _binary(max_p, "The greater; NaN if either is. Equal operands share the derivative.")
min_ = _binary(min_p, "The smaller; NaN if either is. Equal operands share the derivative.")
floor_div = _binary(floor_div_p, "⌊x / y⌋.")
mod = _binary(mod_p, "x − y·⌊x / y⌋: the sign of y.")
rem = _binary(rem_p, "x − y·trunc(x / y): the sign of x.")
eq = _binary(eq_p, "x = y.")
ne = _binary(ne_p, "x ≠ y.")
lt = _binary(lt_p, "x < y.")
le = _binary(le_p, "x ≤ y.")
gt = _binary(gt_p, "x > y.")
ge = _binary(ge_p, "x ≥ y.")
and_ = _binary(and_p, "Bitwise, of booleans logical, and.")
or_ = _binary(or_p, "Bitwise, of booleans logical, or.")
xor = _binary(xor_p, "Bitwise, of booleans logical, exclusive or.")
shift_left = _binary(shift_left_p, "x·2ʸ in the bits of x.")
shift_right = _binary(shift_right_p, "⌊x / 2ʸ⌋: arithmetic for signed, logical for unsigned x.")


def betainc(a: Any, b: Any, x: Any) -> Any:
    """Regularised incomplete beta function Iₓ(a, b)."""
    return bind(betainc_p, a, b, x)


def integer_pow(x: Any, y: int) -> Any:
    """x to a fixed integer power."""
    return bind(integer_pow_p, x, y=y)


def truncate(x: Any) -> Any:
    """x without its fraction."""
    return select_n(lt(x, dtype_of(x).type(0)), floor(x), ceil(x))


