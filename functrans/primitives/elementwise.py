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
    bool_dtype,
    complex_,
    conj,
    convert,
    div,
    elementwise,
    full_like,
    imag,
    keep_weak,
    mul,
    real,
    same_dtype,
    select_n,
)

Unary = Callable[[Any], Any]
Binary = Callable[[Any, Any], Any]

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

exp_p: Primitive = elementwise("exp", np.exp, [lambda y, x: y])
exp2_p: Primitive = elementwise("exp2", np.exp2, [lambda y, x: y * _LN2])
expm1_p: Primitive = elementwise("expm1", np.expm1, [lambda y, x: y + 1.0])
log_p: Primitive = elementwise("log", np.log, [lambda y, x: 1.0 / x])
log2_p: Primitive = elementwise("log2", np.log2, [lambda y, x: (1.0 / _LN2) / x])
log10_p: Primitive = elementwise("log10", np.log10, [lambda y, x: (1.0 / _LN10) / x])
log1p_p: Primitive = elementwise("log1p", np.log1p, [lambda y, x: 1.0 / (1.0 + x)])
sqrt_p: Primitive = elementwise("sqrt", np.sqrt, [lambda y, x: 0.5 / y])
cbrt_p: Primitive = elementwise(
    "cbrt", np.cbrt, [lambda y, x: (1.0 / 3.0) / (y * y)], dtype=_real_inexact
)

# --- trigonometric and hyperbolic functions ------------------------------------------------------

sin_p: Primitive = elementwise("sin", np.sin, [lambda y, x: cos(x)])
cos_p: Primitive = elementwise("cos", np.cos, [lambda y, x: -sin(x)])
tan_p: Primitive = elementwise("tan", np.tan, [lambda y, x: 1.0 + y * y])
asin_p: Primitive = elementwise("asin", np.arcsin, [lambda y, x: 1.0 / sqrt(1.0 - x * x)])
acos_p: Primitive = elementwise("acos", np.arccos, [lambda y, x: -1.0 / sqrt(1.0 - x * x)])
atan_p: Primitive = elementwise("atan", np.arctan, [lambda y, x: 1.0 / (1.0 + x * x)])
sinh_p: Primitive = elementwise("sinh", np.sinh, [lambda y, x: cosh(x)])
cosh_p: Primitive = elementwise("cosh", np.cosh, [lambda y, x: sinh(x)])
tanh_p: Primitive = elementwise("tanh", np.tanh, [lambda y, x: 1.0 - y * y])
asinh_p: Primitive = elementwise("asinh", np.arcsinh, [lambda y, x: 1.0 / sqrt(x * x + 1.0)])
acosh_p: Primitive = elementwise(
    "acosh", np.arccosh, [lambda y, x: 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0))]
)
atanh_p: Primitive = elementwise("atanh", np.arctanh, [lambda y, x: 1.0 / ((1.0 - x) * (1.0 + x))])
atan2_p: Primitive = elementwise(
    "atan2",
    np.arctan2,
    [lambda r, y, x: x / (x * x + y * y), lambda r, y, x: -y / (x * x + y * y)],
    dtype=_real_inexact,
)
hypot_p: Primitive = elementwise(
    "hypot", np.hypot, [lambda r, x, y: x / r, lambda r, x, y: y / r], dtype=_real_inexact
)


def _logistic(x: Any) -> Any:
    if np.iscomplexobj(x):
        return 1.0 / (1.0 + np.exp(-x))
    return _special("expit")(x)


logistic_p: Primitive = elementwise("logistic", _logistic, [lambda y, x: y * (1.0 - y)])
logaddexp_p: Primitive = elementwise(
    "logaddexp",
    np.logaddexp,
    [lambda r, x, y: logistic(x - y), lambda r, x, y: logistic(y - x)],
    dtype=_real_inexact,
)

# --- special functions ---------------------------------------------------------------------------

_NO_SHAPE_DERIVATIVE = Absent("the derivative with respect to a shape parameter has no closed form")

erf_p: Primitive = elementwise(
    "erf", _special("erf"), [lambda y, x: _TWO_OVER_SQRT_PI * exp(-x * x)], dtype=_real_inexact
)
erfc_p: Primitive = elementwise(
    "erfc", _special("erfc"), [lambda y, x: -_TWO_OVER_SQRT_PI * exp(-x * x)], dtype=_real_inexact
)
erf_inv_p: Primitive = elementwise(
    "erf_inv",
    _special("erfinv"),
    [lambda y, x: (1.0 / _TWO_OVER_SQRT_PI) * exp(y * y)],
    dtype=_real_inexact,
    opaque="erfinv",
)
lgamma_p: Primitive = elementwise(
    "lgamma", _special("gammaln"), [lambda y, x: digamma(x)], dtype=_real_inexact, opaque="gammaln"
)
digamma_p: Primitive = elementwise(
    "digamma", _special("psi"), [lambda y, x: _zeta2(x)], dtype=_real_inexact, opaque="psi"
)
zeta_p: Primitive = elementwise(
    "zeta",
    _special("zeta"),
    [_NO_SHAPE_DERIVATIVE, lambda r, x, q: -x * zeta(x + 1.0, q)],
    dtype=_real_inexact,
    opaque="zeta",
)
igamma_p: Primitive = elementwise(
    "igamma",
    _special("gammainc"),
    [_NO_SHAPE_DERIVATIVE, lambda r, a, x: exp((a - 1.0) * log(x) - x - lgamma(a))],
    dtype=_real_inexact,
    opaque="gammainc",
)
igammac_p: Primitive = elementwise(
    "igammac",
    _special("gammaincc"),
    [_NO_SHAPE_DERIVATIVE, lambda r, a, x: -exp((a - 1.0) * log(x) - x - lgamma(a))],
    dtype=_real_inexact,
    opaque="gammaincc",
)
betainc_p: Primitive = elementwise(
    "betainc",
    _special("betainc"),
    [
        _NO_SHAPE_DERIVATIVE,
        _NO_SHAPE_DERIVATIVE,
        lambda r, a, b, x: exp(
            (a - 1.0) * log(x) + (b - 1.0) * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b)
        ),
    ],
    dtype=_real_inexact,
    opaque="betainc",
)


def _zeta2(x: Any) -> Any:
    return zeta(dtype_of(x).type(2), x)


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


pow_p: Primitive = elementwise(
    "pow",
    keep_weak(np.power),
    [_pow_base_partial, _pow_exponent_partial],
    dtype=_power_dtype,
)


def _integer_pow_impl(x: Any, *, y: int) -> Any:
    if y == 2:
        return x * x
    if y == 3:
        return x * x * x  # a tenth of np.power's time
    if not hasattr(x, "dtype"):
        return np.power(x, float(y) if y < 0 else y).item()
    return np.power(x, y)


def _integer_pow_partial(r: Any, x: Any, *, y: int) -> Any:
    if y in (0, 1):
        return full_like(x, y)
    return y * x if y == 2 else y * integer_pow(x, y - 1)


integer_pow_p: Primitive = elementwise(
    "integer_pow",
    _integer_pow_impl,
    [_integer_pow_partial],
    dtype=_power_dtype,
    static="y",
)

# --- rounding, sign, magnitude -------------------------------------------------------------------



def _sign_linearize(nonzero: Sequence[bool], x: Any) -> Any:
    y = bind(sign_p, x)
    if not is_complex(dtype_of(x)):
        return y, None
    # z/|z| turns by Im(t/z): d(z/|z|) = i·z/|z|·Im(conj(z/|z|)·t)/|z|, and 0 at z = 0.
    size = abs_(x)
    safe = select_n(eq(size, dtype_of(size).type(0)), size, dtype_of(size).type(1))
    inverse = conj(y)
    turn = mul(y, complex_(mul(safe, dtype_of(size).type(0)), div(dtype_of(size).type(1), safe)))

    def pushforward(t: Any) -> Any:
        return mul(convert(imag(mul(t, inverse)), dtype_of(x)), turn)

    return y, pushforward


sign_p: Primitive = elementwise("sign", np.sign, dtype=_power_dtype, linearize=_sign_linearize)
floor_p: Primitive = elementwise("floor", np.floor, dtype=_real_inexact)
ceil_p: Primitive = elementwise("ceil", np.ceil, dtype=_real_inexact)
round_p: Primitive = elementwise("round", np.rint, dtype=_real_inexact)
is_finite_p: Primitive = elementwise("is_finite", np.isfinite, dtype=_truth)
nextafter_p: Primitive = elementwise("nextafter", np.nextafter, [None, None], dtype=_real_inexact)


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


abs_p: Primitive = elementwise("abs", operator.abs, dtype=_magnitude, linearize=_abs_linearize)
copysign_p: Primitive = elementwise(
    "copysign",
    np.copysign,
    [lambda r, x, y: copysign(x * 0.0 + 1.0, y) * sign(x), None],
    dtype=_real_inexact,
)


def _share(x: Any, y: Any, wins: Any) -> Any:
    """1 where x wins, ½ where x and y are equal, else 0."""
    one = dtype_of(x).type
    return select_n(eq(x, y), select_n(wins, one(0), one(1)), one(0.5))


max_p: Primitive = elementwise(
    "max",
    np.maximum,
    [lambda r, x, y: _share(x, y, gt(x, y)), lambda r, x, y: _share(y, x, gt(y, x))],
    dtype=_power_dtype,
)
min_p: Primitive = elementwise(
    "min",
    np.minimum,
    [lambda r, x, y: _share(x, y, lt(x, y)), lambda r, x, y: _share(y, x, lt(y, x))],
    dtype=_power_dtype,
)

# --- division with remainder ---------------------------------------------------------------------

floor_div_p: Primitive = elementwise(
    "floor_div", operator.floordiv, [None, None], dtype=_power_dtype
)
mod_p: Primitive = elementwise(
    "mod",
    operator.mod,
    [lambda r, x, y: x * 0.0 + 1.0, lambda r, x, y: -floor(x / y)],
    dtype=_power_dtype,
)
rem_p: Primitive = elementwise(
    "rem",
    np.fmod,
    [lambda r, x, y: x * 0.0 + 1.0, lambda r, x, y: -truncate(x / y)],
    dtype=_power_dtype,
)

# --- comparison, logic, bits ---------------------------------------------------------------------

eq_p: Primitive = elementwise("eq", operator.eq, dtype=bool_dtype)
ne_p: Primitive = elementwise("ne", operator.ne, dtype=bool_dtype)
lt_p: Primitive = elementwise("lt", operator.lt, dtype=bool_dtype)
le_p: Primitive = elementwise("le", operator.le, dtype=bool_dtype)
gt_p: Primitive = elementwise("gt", operator.gt, dtype=bool_dtype)
ge_p: Primitive = elementwise("ge", operator.ge, dtype=bool_dtype)
and_p: Primitive = elementwise("and", np.bitwise_and, dtype=_integral)
or_p: Primitive = elementwise("or", np.bitwise_or, dtype=_integral)
xor_p: Primitive = elementwise("xor", np.bitwise_xor, dtype=_integral)
not_p: Primitive = elementwise("not", np.invert, dtype=_integral)
shift_left_p: Primitive = elementwise("shift_left", np.left_shift, dtype=_integral)
shift_right_p: Primitive = elementwise("shift_right", np.right_shift, dtype=_integral)
population_count_p: Primitive = elementwise("population_count", np.bitwise_count, dtype=_count)


# --- the functions -------------------------------------------------------------------------------


def _unary(primitive: Primitive, doc: str) -> Unary:
    def function(x: Any) -> Any:
        return bind(primitive, x)

    function.__name__ = function.__qualname__ = primitive.name
    function.__doc__ = doc
    return function


def _binary(primitive: Primitive, doc: str) -> Binary:
    def function(x: Any, y: Any) -> Any:
        return bind(primitive, x, y)

    function.__name__ = function.__qualname__ = primitive.name
    function.__doc__ = doc
    return function


exp: Unary = _unary(exp_p, "eˣ.")
exp2: Unary = _unary(exp2_p, "2ˣ.")
expm1: Unary = _unary(expm1_p, "eˣ − 1, accurate near 0.")
log: Unary = _unary(log_p, "Natural logarithm.")
log2: Unary = _unary(log2_p, "Logarithm to base 2.")
log10: Unary = _unary(log10_p, "Logarithm to base 10.")
log1p: Unary = _unary(log1p_p, "log(1 + x), accurate near 0.")
sqrt: Unary = _unary(sqrt_p, "Square root.")
cbrt: Unary = _unary(cbrt_p, "Cube root of a real number.")
sin: Unary = _unary(sin_p, "Sine of x radians.")
cos: Unary = _unary(cos_p, "Cosine of x radians.")
tan: Unary = _unary(tan_p, "Tangent of x radians.")
asin: Unary = _unary(asin_p, "Inverse sine, in radians.")
acos: Unary = _unary(acos_p, "Inverse cosine, in radians.")
atan: Unary = _unary(atan_p, "Inverse tangent, in radians.")
sinh: Unary = _unary(sinh_p, "Hyperbolic sine.")
cosh: Unary = _unary(cosh_p, "Hyperbolic cosine.")
tanh: Unary = _unary(tanh_p, "Hyperbolic tangent.")
asinh: Unary = _unary(asinh_p, "Inverse hyperbolic sine.")
acosh: Unary = _unary(acosh_p, "Inverse hyperbolic cosine.")
atanh: Unary = _unary(atanh_p, "Inverse hyperbolic tangent.")
logistic: Unary = _unary(logistic_p, "1 / (1 + e⁻ˣ).")
erf: Unary = _unary(erf_p, "Error function.")
erfc: Unary = _unary(erfc_p, "1 − erf(x), accurate for large x.")
erf_inv: Unary = _unary(erf_inv_p, "Inverse of erf.")
lgamma: Unary = _unary(lgamma_p, "Logarithm of |Γ(x)|.")
digamma: Unary = _unary(digamma_p, "Derivative of log Γ.")
sign: Unary = _unary(sign_p, "−1, 0 or 1; z/|z| of a complex number.")
floor: Unary = _unary(floor_p, "Largest integer not above x.")
ceil: Unary = _unary(ceil_p, "Smallest integer not below x.")
round_: Unary = _unary(round_p, "Nearest integer, halves to the even one.")
is_finite: Unary = _unary(is_finite_p, "True where x is neither infinite nor NaN.")
abs_: Unary = _unary(abs_p, "Absolute value.")
not_: Unary = _unary(not_p, "Bitwise, of booleans logical, negation.")
population_count: Unary = _unary(population_count_p, "Number of one bits in |x|.")

atan2: Binary = _binary(atan2_p, "Angle of the point (second, first) in radians.")
hypot: Binary = _binary(hypot_p, "√(x² + y²) without overflow.")
logaddexp: Binary = _binary(logaddexp_p, "log(eˣ + eʸ) without overflow.")
zeta: Binary = _binary(zeta_p, "Hurwitz zeta function.")
igamma: Binary = _binary(igamma_p, "Regularised lower incomplete gamma function P(a, x).")
igammac: Binary = _binary(igammac_p, "Regularised upper incomplete gamma function Q(a, x).")
power: Binary = _binary(pow_p, "xʸ of operands of one dtype.")
nextafter: Binary = _binary(nextafter_p, "Next floating number after x towards y.")
copysign: Binary = _binary(copysign_p, "|x| with the sign of y.")
max_: Binary = _binary(max_p, "The greater; NaN if either is. Equal operands share the derivative.")
min_: Binary = _binary(min_p, "The smaller; NaN if either is. Equal operands share the derivative.")
floor_div: Binary = _binary(floor_div_p, "⌊x / y⌋.")
mod: Binary = _binary(mod_p, "x − y·⌊x / y⌋: the sign of y.")
rem: Binary = _binary(rem_p, "x − y·trunc(x / y): the sign of x.")
eq: Binary = _binary(eq_p, "x = y.")
ne: Binary = _binary(ne_p, "x ≠ y.")
lt: Binary = _binary(lt_p, "x < y.")
le: Binary = _binary(le_p, "x ≤ y.")
gt: Binary = _binary(gt_p, "x > y.")
ge: Binary = _binary(ge_p, "x ≥ y.")
and_: Binary = _binary(and_p, "Bitwise, of booleans logical, and.")
or_: Binary = _binary(or_p, "Bitwise, of booleans logical, or.")
xor: Binary = _binary(xor_p, "Bitwise, of booleans logical, exclusive or.")
shift_left: Binary = _binary(shift_left_p, "x·2ʸ in the bits of x.")
shift_right: Binary = _binary(
    shift_right_p, "⌊x / 2ʸ⌋: arithmetic for signed, logical for unsigned x."
)


def betainc(a: Any, b: Any, x: Any) -> Any:
    """Regularised incomplete beta function Iₓ(a, b)."""
    return bind(betainc_p, a, b, x)


def integer_pow(x: Any, y: int) -> Any:
    """x to a fixed integer power."""
    return bind(integer_pow_p, x, y=y)


def truncate(x: Any) -> Any:
    """x without its fraction."""
    return select_n(lt(x, dtype_of(x).type(0)), floor(x), ceil(x))
