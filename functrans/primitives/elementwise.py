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
from typing import Any, TypeVar

import numpy as np

from functrans.core.avals import Aval, dtype_of, is_complex
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import bind
from functrans.errors import DtypeError
from functrans.primitives.layout import full_like
from functrans.primitives.linear import (
    complex_,
    conj,
    convert,
    div,
    elementwise,
    imag,
    keep_weak,
    mul,
    real,
    select_n,
)
from functrans.primitives.types import bool_dtype, same_dtype
from functrans.typing import ArrayOrScalar, Operand

F = TypeVar("F", bound=Callable[..., Any])
Unary = Callable[[Operand], ArrayOrScalar]
Binary = Callable[[Operand, Operand], ArrayOrScalar]

_HALF = np.dtype(np.float16)
_LN2 = math.log(2.0)
_LN10 = math.log(10.0)
_TWO_OVER_SQRT_PI = 2.0 / math.sqrt(math.pi)


def special_function(name: str, which: int | None = None) -> Callable[..., Any]:
    """A function of scipy.special, imported on first use, or one of its several results.

    SciPy has no loops for halves and answers in a wider dtype: here they stay halves.
    """

    def call(*args: Any) -> Any:
        import scipy.special  # heavy: imported on first need

        result = getattr(scipy.special, name)(*args)
        if which is not None:
            result = result[which]
        return result.astype(_HALF) if dtype_of(args[0]) == _HALF else result

    return call


# --- dtype rules ---------------------------------------------------------------------------------


def real_inexact(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
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
    "cbrt", np.cbrt, [lambda y, x: (1.0 / 3.0) / (y * y)], dtype=real_inexact
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
    dtype=real_inexact,
)
hypot_p: Primitive = elementwise(
    "hypot", np.hypot, [lambda r, x, y: x / r, lambda r, x, y: y / r], dtype=real_inexact
)


def _logistic(x: Any) -> Any:
    if np.iscomplexobj(x):
        return 1.0 / (1.0 + np.exp(-x))
    return special_function("expit")(x)


logistic_p: Primitive = elementwise("logistic", _logistic, [lambda y, x: y * (1.0 - y)])
logaddexp_p: Primitive = elementwise(
    "logaddexp",
    np.logaddexp,
    [lambda r, x, y: logistic(x - y), lambda r, x, y: logistic(y - x)],
    dtype=real_inexact,
)

# --- special functions ---------------------------------------------------------------------------

_NO_SHAPE_DERIVATIVE = Absent("the derivative with respect to a shape parameter has no closed form")

erf_p: Primitive = elementwise(
    "erf",
    special_function("erf"),
    [lambda y, x: _TWO_OVER_SQRT_PI * exp(-x * x)],
    dtype=real_inexact,
)
erfc_p: Primitive = elementwise(
    "erfc",
    special_function("erfc"),
    [lambda y, x: -_TWO_OVER_SQRT_PI * exp(-x * x)],
    dtype=real_inexact,
)


def _erf_inv(x: Any) -> Any:
    return np.copysign(special_function("erfinv")(x), x)  # SciPy's loses the sign of −0


erf_inv_p: Primitive = elementwise(
    "erf_inv",
    _erf_inv,
    [lambda y, x: (1.0 / _TWO_OVER_SQRT_PI) * exp(y * y)],
    dtype=real_inexact,
)
lgamma_p: Primitive = elementwise(
    "lgamma",
    special_function("gammaln"),
    [lambda y, x: digamma(x)],
    dtype=real_inexact,
    opaque="gammaln",
)
digamma_p: Primitive = elementwise(
    "digamma", special_function("psi"), [lambda y, x: _zeta2(x)], dtype=real_inexact, opaque="psi"
)
zeta_p: Primitive = elementwise(
    "zeta",
    special_function("zeta"),
    [_NO_SHAPE_DERIVATIVE, lambda r, x, q: -x * zeta(x + 1.0, q)],
    dtype=real_inexact,
    opaque="zeta",
)
igamma_p: Primitive = elementwise(
    "igamma",
    special_function("gammainc"),
    [_NO_SHAPE_DERIVATIVE, lambda r, a, x: exp(_scaled(a - 1.0, log, x) - x - lgamma(a))],
    dtype=real_inexact,
    opaque="gammainc",
)
igammac_p: Primitive = elementwise(
    "igammac",
    special_function("gammaincc"),
    [_NO_SHAPE_DERIVATIVE, lambda r, a, x: -exp(_scaled(a - 1.0, log, x) - x - lgamma(a))],
    dtype=real_inexact,
    opaque="gammaincc",
)
betainc_p: Primitive = elementwise(
    "betainc",
    special_function("betainc"),
    [
        _NO_SHAPE_DERIVATIVE,
        _NO_SHAPE_DERIVATIVE,
        lambda r, a, b, x: exp(
            _scaled(a - 1.0, log, x)
            + _scaled(b - 1.0, log1p, -x)
            + (lgamma(a + b) - lgamma(a) - lgamma(b))
        ),
    ],
    dtype=real_inexact,
    opaque="betainc",
)


def _scaled(k: Any, function: Unary, x: Any) -> Any:
    # k·f(x), and 0 for k = 0 even where f is infinite.
    half = dtype_of(x).type(0.5)
    return k * function(select_n(eq(k, dtype_of(k).type(0)), x, half))


def _zeta2(x: Any) -> Any:
    return zeta(dtype_of(x).type(2), x)


# --- powers --------------------------------------------------------------------------------------


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
    dtype=same_dtype,
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
    dtype=same_dtype,
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


sign_p: Primitive = elementwise("sign", np.sign, dtype=same_dtype, linearize=_sign_linearize)
floor_p: Primitive = elementwise("floor", np.floor, dtype=real_inexact)
ceil_p: Primitive = elementwise("ceil", np.ceil, dtype=real_inexact)
round_p: Primitive = elementwise("round", np.rint, dtype=real_inexact)
is_finite_p: Primitive = elementwise("is_finite", np.isfinite, dtype=_truth)
nextafter_p: Primitive = elementwise("nextafter", np.nextafter, [None, None], dtype=real_inexact)


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
    [lambda r, x, y: copysign(sign(x), y) * sign(x), None],
    dtype=real_inexact,
)


def _share(x: Any, y: Any, wins: Any) -> Any:
    """1 where x wins, ½ where x and y are equal, else 0."""
    one = dtype_of(x).type
    return select_n(eq(x, y), select_n(wins, one(0), one(1)), one(0.5))


max_p: Primitive = elementwise(
    "max",
    np.maximum,
    [lambda r, x, y: _share(x, y, gt(x, y)), lambda r, x, y: _share(y, x, gt(y, x))],
    dtype=same_dtype,
)
min_p: Primitive = elementwise(
    "min",
    np.minimum,
    [lambda r, x, y: _share(x, y, lt(x, y)), lambda r, x, y: _share(y, x, lt(y, x))],
    dtype=same_dtype,
)

# --- division with remainder ---------------------------------------------------------------------

floor_div_p: Primitive = elementwise("floor_div", operator.floordiv, [None, None], dtype=same_dtype)
mod_p: Primitive = elementwise(
    "mod",
    operator.mod,
    [lambda r, x, y: x * 0.0 + 1.0, lambda r, x, y: -floor(x / y)],
    dtype=same_dtype,
)
rem_p: Primitive = elementwise(
    "rem",
    np.fmod,
    [lambda r, x, y: x * 0.0 + 1.0, lambda r, x, y: -truncate(x / y)],
    dtype=same_dtype,
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


def with_example(doc: str, example: str) -> str:
    """A docstring with ``example``, written as "call → result", as its doctest."""
    call, _, result = example.partition(" → ")
    return f"{doc}\n\n    >>> {call}\n    {result}\n    " if example else doc


_OWN_NAMES = {"pow": "power"} | {
    name: f"{name}_" for name in ("abs", "and", "max", "min", "not", "or", "round")
}


def _unary(primitive: Primitive, doc: str, example: str = "") -> Unary:
    def function(x: Operand) -> ArrayOrScalar:
        return bind(primitive, x)

    return _named(function, primitive, doc, example)


def _binary(primitive: Primitive, doc: str, example: str = "") -> Binary:
    def function(x: Operand, y: Operand) -> ArrayOrScalar:
        return bind(primitive, x, y)

    return _named(function, primitive, doc, example)


def _named(function: F, primitive: Primitive, doc: str, example: str) -> F:
    """The function with the name that it has in this file, by which it is pickled."""
    function.__name__ = function.__qualname__ = _OWN_NAMES.get(primitive.name, primitive.name)
    function.__doc__ = with_example(doc, example)
    return function


exp: Unary = _unary(exp_p, "eˣ.", "ft.grad(ft.lax.exp)(0.0) → np.float64(1.0)")
exp2: Unary = _unary(exp2_p, "2ˣ.", "ft.lax.exp2(np.array([0.0, 3.0])) → array([1., 8.])")
expm1: Unary = _unary(
    expm1_p, "eˣ − 1, accurate near 0.", "ft.lax.expm1(np.array([1e-20])) → array([1.e-20])"
)
log: Unary = _unary(log_p, "Natural logarithm.", "ft.grad(ft.lax.log)(4.0) → np.float64(0.25)")
log2: Unary = _unary(log2_p, "Logarithm to base 2.")
log10: Unary = _unary(log10_p, "Logarithm to base 10.")
log1p: Unary = _unary(
    log1p_p, "log(1 + x), accurate near 0.", "ft.lax.log1p(np.array([1e-20])) → array([1.e-20])"
)
sqrt: Unary = _unary(sqrt_p, "Square root.", "ft.grad(ft.lax.sqrt)(4.0) → np.float64(0.25)")
cbrt: Unary = _unary(
    cbrt_p, "Cube root of a real number.", "ft.lax.cbrt(np.array([-8.0, 27.0])) → array([-2.,  3.])"
)
sin: Unary = _unary(sin_p, "Sine of x radians.", "ft.grad(ft.lax.sin)(0.0) → np.float64(1.0)")
cos: Unary = _unary(
    cos_p, "Cosine of x radians.", "ft.lax.cos(np.array([0.0, np.pi])) → array([ 1., -1.])"
)
tan: Unary = _unary(tan_p, "Tangent of x radians.", "ft.grad(ft.lax.tan)(0.0) → np.float64(1.0)")
asin: Unary = _unary(
    asin_p, "Inverse sine, in radians.", "ft.grad(ft.lax.asin)(0.0) → np.float64(1.0)"
)
acos: Unary = _unary(
    acos_p, "Inverse cosine, in radians.", "ft.grad(ft.lax.acos)(0.0) → np.float64(-1.0)"
)
atan: Unary = _unary(
    atan_p, "Inverse tangent, in radians.", "ft.grad(ft.lax.atan)(1.0) → np.float64(0.5)"
)
sinh: Unary = _unary(sinh_p, "Hyperbolic sine.", "ft.grad(ft.lax.sinh)(0.0) → np.float64(1.0)")
cosh: Unary = _unary(cosh_p, "Hyperbolic cosine.", "ft.lax.cosh(np.array([0.0])) → array([1.])")
tanh: Unary = _unary(tanh_p, "Hyperbolic tangent.", "ft.grad(ft.lax.tanh)(0.0) → np.float64(1.0)")
asinh: Unary = _unary(
    asinh_p, "Inverse hyperbolic sine.", "ft.grad(ft.lax.asinh)(0.0) → np.float64(1.0)"
)
acosh: Unary = _unary(
    acosh_p,
    "Inverse hyperbolic cosine.",
    "ft.lax.acosh(np.array([1.0, 2.0])) → array([0.       , 1.3169579])",
)
atanh: Unary = _unary(
    atanh_p, "Inverse hyperbolic tangent.", "ft.grad(ft.lax.atanh)(0.0) → np.float64(1.0)"
)
logistic: Unary = _unary(
    logistic_p, "1 / (1 + e⁻ˣ).", "ft.grad(ft.lax.logistic)(0.0) → np.float64(0.25)"
)
erf: Unary = _unary(
    erf_p, "Error function.", "ft.lax.erf(np.array([0.0, 1.0])) → array([0.        , 0.84270079])"
)
erfc: Unary = _unary(
    erfc_p,
    "1 − erf(x), accurate for large x.",
    "ft.lax.erfc(np.array([0.0, 10.0])) → array([1.00000000e+00, 2.08848758e-45])",
)
erf_inv: Unary = _unary(
    erf_inv_p,
    "Inverse of erf.",
    "ft.lax.erf_inv(np.array([0.0, 0.5])) → array([0.        , 0.47693628])",
)
lgamma: Unary = _unary(
    lgamma_p,
    "Logarithm of |Γ(x)|.",
    "ft.lax.lgamma(np.array([1.0, 10.0])) → array([ 0.        , 12.80182748])",
)
digamma: Unary = _unary(
    digamma_p,
    "Derivative of log Γ.",
    "ft.lax.digamma(np.array([1.0, 2.0])) → array([-0.57721566,  0.42278434])",
)
sign: Unary = _unary(
    sign_p,
    "−1, 0 or 1; z/|z| of a complex number.",
    "ft.lax.sign(np.array([-2.0, 0.0, 3.0])) → array([-1.,  0.,  1.])",
)
floor: Unary = _unary(
    floor_p,
    "Largest integer not above x.",
    "ft.lax.floor(np.array([1.5, -1.5])) → array([ 1., -2.])",
)
ceil: Unary = _unary(
    ceil_p,
    "Smallest integer not below x.",
    "ft.lax.ceil(np.array([1.5, -1.5])) → array([ 2., -1.])",
)
round_: Unary = _unary(
    round_p,
    "Nearest integer, halves to the even one.",
    "ft.lax.round(np.array([0.5, 1.5, 2.4])) → array([0., 2., 2.])",
)
is_finite: Unary = _unary(
    is_finite_p,
    "True where x is neither infinite nor NaN.",
    "ft.lax.is_finite(np.array([1.0, np.inf, np.nan])) → array([ True, False, False])",
)
abs_: Unary = _unary(
    abs_p,
    "Absolute value.",
    "ft.vmap(ft.grad(ft.lax.abs))(np.array([-2.0, 0.0, 2.0])) → array([-1.,  1.,  1.])",
)
not_: Unary = _unary(
    not_p,
    "Bitwise, of booleans logical, negation.",
    "ft.lax.bitwise_not(np.array([True, False])) → array([False,  True])",
)
population_count: Unary = _unary(
    population_count_p,
    "Number of one bits in |x|.",
    "ft.lax.population_count(np.array([7, 8])) → array([3, 1], dtype=uint8)",
)

atan2: Binary = _binary(
    atan2_p,
    "Angle of the point (second, first) in radians.",
    "ft.grad(ft.lax.atan2)(0.0, 2.0) → np.float64(0.5)",
)
hypot: Binary = _binary(hypot_p, "√(x² + y²) without overflow.")
logaddexp: Binary = _binary(logaddexp_p, "log(eˣ + eʸ) without overflow.")
zeta: Binary = _binary(
    zeta_p,
    "Hurwitz zeta function.",
    "ft.lax.zeta(np.array([2.0, 2.0]), np.array([1.0, 2.0])) → array([1.64493407, 0.64493407])",
)
igamma: Binary = _binary(
    igamma_p,
    "Regularised lower incomplete gamma function P(a, x).",
    "ft.lax.igamma(np.array([1.0]), np.array([1.0])) → array([0.63212056])",
)
igammac: Binary = _binary(
    igammac_p,
    "Regularised upper incomplete gamma function Q(a, x).",
    "ft.lax.igammac(np.array([1.0]), np.array([1.0])) → array([0.36787944])",
)
power: Binary = _binary(
    pow_p, "xʸ of operands of one dtype.", "ft.grad(ft.lax.pow)(2.0, 3.0) → np.float64(12.0)"
)
nextafter: Binary = _binary(
    nextafter_p,
    "Next floating number after x towards y.",
    "ft.lax.nextafter(1.0, 2.0) - 1.0 → np.float64(2.220446049250313e-16)",
)
copysign: Binary = _binary(copysign_p, "|x| with the sign of y.")
max_: Binary = _binary(
    max_p,
    "The greater; NaN if either is. Equal operands share the derivative.",
    "ft.grad(ft.lax.max)(2.0, 2.0) → np.float64(0.5)",
)
min_: Binary = _binary(
    min_p,
    "The smaller; NaN if either is. Equal operands share the derivative.",
    "ft.grad(ft.lax.min)(2.0, 2.0) → np.float64(0.5)",
)
floor_div: Binary = _binary(floor_div_p, "⌊x / y⌋.")
mod: Binary = _binary(mod_p, "x − y·⌊x / y⌋: the sign of y.")
rem: Binary = _binary(
    rem_p,
    "x − y·trunc(x / y): the sign of x.",
    "ft.lax.rem(np.array([7, -7]), np.array([3, 3])) → array([ 1, -1])",
)
eq: Binary = _binary(
    eq_p, "x = y.", "ft.lax.eq(np.array([1, 2]), np.array([2, 2])) → array([False,  True])"
)
ne: Binary = _binary(
    ne_p, "x ≠ y.", "ft.lax.ne(np.array([1, 2]), np.array([2, 2])) → array([ True, False])"
)
lt: Binary = _binary(
    lt_p, "x < y.", "ft.lax.lt(np.array([1, 2]), np.array([2, 2])) → array([ True, False])"
)
le: Binary = _binary(
    le_p, "x ≤ y.", "ft.lax.le(np.array([1, 2]), np.array([2, 2])) → array([ True,  True])"
)
gt: Binary = _binary(
    gt_p, "x > y.", "ft.lax.gt(np.array([3, 2]), np.array([2, 2])) → array([ True, False])"
)
ge: Binary = _binary(
    ge_p, "x ≥ y.", "ft.lax.ge(np.array([3, 2]), np.array([2, 2])) → array([ True,  True])"
)
and_: Binary = _binary(
    and_p,
    "Bitwise, of booleans logical, and.",
    "ft.lax.bitwise_and(np.array([3, 5]), np.array([6, 6])) → array([2, 4])",
)
or_: Binary = _binary(
    or_p,
    "Bitwise, of booleans logical, or.",
    "ft.lax.bitwise_or(np.array([3, 5]), np.array([6, 6])) → array([7, 7])",
)
xor: Binary = _binary(
    xor_p,
    "Bitwise, of booleans logical, exclusive or.",
    "ft.lax.bitwise_xor(np.array([3, 5]), np.array([6, 6])) → array([5, 3])",
)
shift_left: Binary = _binary(
    shift_left_p,
    "x·2ʸ in the bits of x.",
    "ft.lax.shift_left(np.array([1, 3]), np.array([2, 2])) → array([ 4, 12])",
)
shift_right: Binary = _binary(
    shift_right_p, "⌊x / 2ʸ⌋: arithmetic for signed, logical for unsigned x."
)


def betainc(a: Operand, b: Operand, x: Operand) -> Any:
    """Regularised incomplete beta function Iₓ(a, b).

    Real floating operands of one dtype and shape; differentiable in ``x`` alone.

    >>> ft.lax.betainc(np.array([2.0]), np.array([2.0]), np.array([0.25]))
    array([0.15625])
    """
    return bind(betainc_p, a, b, x)


def integer_pow(x: Operand, y: int) -> Any:
    """x to a fixed integer power.

    ``y`` is a Python int, part of the program; x⁰ has derivative 0.

    >>> ft.grad(lambda x: ft.lax.integer_pow(x, 3))(2.0)
    np.float64(12.0)
    """
    return bind(integer_pow_p, x, y=y)


def truncate(x: Any) -> Any:
    """x without its fraction."""
    return select_n(lt(x, dtype_of(x).type(0)), floor(x), ceil(x))
