"""The error, gamma, beta and zeta functions, and those composed of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.core.primitive import Primitive
from functrans.core.trace import bind
from functrans.errors import ArgumentError, OptionError
from functrans.numpy import elementwise as el
from functrans.numpy import powers, ufuncs
from functrans.numpy import reductions as red
from functrans.numpy.promote import (
    Dtype,
    array_like,
    broadcast,
    cast,
    check_options,
    concrete,
    float_dtype,
    key_of,
    operand,
    promote_keys,
    strong,
)
from functrans.primitives import elementwise as ew
from functrans.primitives import layout, linear, marks
from functrans.scipy.doors import is_plain, scipy_function
from functrans.typing import Array, ArrayLike, ArrayOrScalar, Axes

Function = Callable[..., Any]

UFUNCS: dict[str, Function] = {}
"""What a SciPy ufunc, by its name, does with traced arguments."""

_SINGLE = np.dtype(np.float32)


def special_dtype(*xs: Any) -> Dtype:
    """SciPy computes in float32 what fits, the rest in float64."""
    keys = [key_of(x) for x in xs]
    if all(isinstance(k, type) for k in keys):
        return promote_keys(*keys, np.dtype(np.float64))
    return promote_keys(*keys, _SINGLE)


def special_operands(*xs: Any) -> tuple[Array, ...]:
    xs = tuple(map(operand, xs))
    dtype = special_dtype(*xs)
    return broadcast(*(cast(x, dtype) for x in xs))


def special(traced: Function) -> Function:
    """A public function: SciPy's own for plain arrays, ``traced`` otherwise."""
    name = traced.__name__

    def with_options(*args: Any, **options: Any) -> Any:
        if options:
            dtype = check_options(name, options)
            args = args if dtype is None else tuple(cast(operand(a), dtype) for a in args)
        return strong(traced(*args))

    def function(*args: Any, **options: Any) -> Any:
        if is_plain(args, options):
            return scipy_special(name)(*args, **options)
        return with_options(*args, **options)

    UFUNCS[name] = with_options
    function.__name__ = function.__qualname__ = name
    function.__module__ = "functrans.scipy.special"
    function.__dict__["__wrapped__"] = traced  # whose parameters help and editors show
    function.__doc__ = ufuncs.after_first(traced.__doc__ or "", f"As ``scipy.special.{name}``.")
    return function


scipy_special: Callable[[str], Function] = partial(scipy_function, "special")


def special_primitive(
    name: str, primitive: Primitive, doc: str, example: str, parameters: str = "x"
) -> Function:
    """A public function that is one primitive; ``parameters`` are SciPy's names of them."""

    def traced(*args: Any) -> Any:
        return bind(primitive, *special_operands(*args))

    kind = Parameter.POSITIONAL_ONLY
    named = [Parameter(p, kind, annotation="ArrayLike") for p in parameters.split()]
    traced.__dict__["__signature__"] = Signature(named, return_annotation="ArrayOrScalar")

    traced.__name__, traced.__doc__ = name, ew.with_example(doc, example)
    return special(traced)


# --- one primitive each --------------------------------------------------------------------------

erf = special_primitive(
    "erf",
    ew.erf_p,
    "Error function.",
    "fnp.round(ft.grad(ft.scipy.special.erf)(0.0), 8) → np.float64(1.12837917)",
)
erfc = special_primitive(
    "erfc",
    ew.erfc_p,
    "1 − erf(x), accurate for large x.",
    "ft.scipy.special.erfc(np.array([0.0, 10.0])) → array([1.00000000e+00, 2.08848758e-45])",
)
erfinv = special_primitive(
    "erfinv",
    ew.erf_inv_p,
    "Inverse of the error function.",
    "ft.scipy.special.erfinv(np.array([0.0, 0.5])) → array([0.        , 0.47693628])",
)
gammaln = special_primitive(
    "gammaln",
    ew.lgamma_p,
    "Logarithm of |Γ(x)|.",
    "ft.scipy.special.gammaln(np.array([1.0, 10.0])) → array([ 0.        , 12.80182748])",
)
digamma = special_primitive(
    "digamma",
    ew.digamma_p,
    "Derivative of gammaln.",
    "ft.scipy.special.digamma(np.array([1.0, 2.0])) → array([-0.57721566,  0.42278434])",
)
psi = special_primitive(
    "psi",
    ew.digamma_p,
    "Derivative of gammaln.",
    "ft.scipy.special.psi(np.array([1.0, 2.0])) → array([-0.57721566,  0.42278434])",
)
expit = special_primitive(
    "expit",
    ew.logistic_p,
    "1 / (1 + exp(−x)).",
    "ft.grad(ft.scipy.special.expit)(0.0) → np.float64(0.25)",
)
gammainc = special_primitive(
    "gammainc",
    ew.igamma_p,
    "Regularised lower incomplete gamma function; derivative in x only.",
    "ft.grad(ft.scipy.special.gammainc, argnums=1)(1.0, 0.0) → np.float64(1.0)",
    "a x",
)
gammaincc = special_primitive(
    "gammaincc",
    ew.igammac_p,
    "Regularised upper incomplete gamma function; derivative in x only.",
    "ft.scipy.special.gammaincc(1.0, np.array([0.0, 1.0])) → array([1.        , 0.36787944])",
    "a x",
)
betainc = special_primitive(
    "betainc",
    ew.betainc_p,
    "Regularised incomplete beta function; derivative in x only.",
    "ft.grad(ft.scipy.special.betainc, argnums=2)(1.0, 1.0, 0.0) → np.float64(1.0)",
    "a b x",
)


# --- logistic and normal -------------------------------------------------------------------------


@special
def logit(x: ArrayLike) -> ArrayOrScalar:
    """log(x / (1 − x)), the inverse of expit.

    >>> ft.grad(ft.scipy.special.logit)(0.5)
    np.float64(4.0)
    """
    (x,) = special_operands(x)
    return el.subtract(el.log(x), el.log1p(el.negative(x)))


@special
def log_expit(x: ArrayLike) -> ArrayOrScalar:
    """log(expit(x)), accurate for very negative x.

    >>> ft.scipy.special.log_expit(np.array([-1000.0, 0.0]))
    array([-1.00000000e+03, -6.93147181e-01])
    """
    (x,) = special_operands(x)
    return el.negative(el.logaddexp(dtype_of(x).type(0), el.negative(x)))


@special
def ndtr(x: ArrayLike) -> ArrayOrScalar:
    """Cumulative distribution function of the standard normal distribution.

    >>> ft.scipy.special.ndtr(np.array([0.0, 1.96]))
    array([0.5      , 0.9750021])
    """
    (x,) = special_operands(x)
    return el.multiply(0.5, ew.erfc(el.multiply(x, -math.sqrt(0.5))))


_TAIL = (1.0, -1.0, 3.0, -15.0, 105.0, -945.0, 10395.0, -135135.0)


@special
def log_ndtr(x: ArrayLike) -> ArrayOrScalar:
    """log(ndtr(x)), accurate in both tails.

    Far to the left by an asymptotic series (NIST Digital Library of Mathematical Functions,
    7.12.1).

    >>> ft.grad(lambda x: fnp.sum(ft.scipy.special.log_ndtr(x)))(np.array([-100.0, 0.0]))
    array([100.009998  ,   0.79788456])
    """
    (x,) = special_operands(x)
    one = dtype_of(x).type(1)
    far, right = el.less(x, -14.0), el.greater(x, 1.0)
    # log(1 − Q) on the right, log Q in the middle, the asymptotic series far to the left.
    # Each branch sees a harmless number where another one is taken: no infinite slope leaks.
    above = el.select(right, x, one)
    upper = el.log1p(el.multiply(-0.5, ew.erfc(el.multiply(above, math.sqrt(0.5)))))
    safe = el.select(far, -one, x)
    middle = el.log(el.multiply(0.5, ew.erfc(el.multiply(safe, -math.sqrt(0.5)))))
    tail = el.select(far, x, dtype_of(x).type(-14))
    z = el.divide(1.0, powers.square(tail))
    series = layout.full_like(z, 0)
    for coefficient in _TAIL[::-1]:
        series = el.add(el.multiply(series, z), coefficient)
    lead = el.multiply(-0.5, powers.square(tail))
    lower = el.subtract(lead, el.log(el.multiply(el.negative(tail), math.sqrt(2.0 * math.pi))))
    lower = el.add(lower, el.log(series))
    return el.select(far, lower, el.select(right, upper, middle))


# --- logarithms and entropies --------------------------------------------------------------------


@special
def xlogy(x: ArrayLike, y: ArrayLike) -> ArrayOrScalar:
    """x·log(y), and 0 for x = 0 whatever y is but NaN.

    Its derivative in ``x`` at x = y = 0 is 0, as if y were 1.

    >>> ft.scipy.special.xlogy(np.array([0.0, 2.0]), np.array([0.0, 1.0]))
    array([0., 0.])
    """
    x, y = special_operands(x, y)
    return el.multiply(x, el.log(_harmless(x, y, 0.0)))


@special
def xlog1py(x: ArrayLike, y: ArrayLike) -> ArrayOrScalar:
    """x·log(1 + y), and 0 for x = 0 whatever y is but NaN.

    >>> ft.scipy.special.xlog1py(np.array([0.0, 2.0]), np.array([-1.0, 0.0]))
    array([0., 0.])
    """
    x, y = special_operands(x, y)
    return el.multiply(x, el.log1p(_harmless(x, y, -1.0)))


def _harmless(x: Any, y: Any, pole: float) -> Any:
    """``y`` where its logarithm is finite or x is not 0, else a number with a finite logarithm."""
    inside = el.logical_and(el.greater(y, pole), el.isfinite(y))
    keep = el.logical_or(el.logical_or(inside, el.isnan(y)), el.not_equal(x, 0))
    return el.select(keep, y, dtype_of(y).type(1))


@special
def entr(x: ArrayLike) -> ArrayOrScalar:
    """−x·log(x); 0 at 0 and −inf below. The derivative at 0 is taken as 0, not inf.

    >>> ft.scipy.special.entr(np.array([0.0, 0.5]))
    array([0.        , 0.34657359])
    """
    (x,) = special_operands(x)
    one = dtype_of(x).type(1)
    value = el.negative(el.multiply(x, el.log(el.select(el.equal(x, 0), one, x))))
    return el.select(el.less(x, 0), dtype_of(x).type(-np.inf), value)


@special
def rel_entr(x: ArrayLike, y: ArrayLike) -> ArrayOrScalar:
    """x·log(x / y); 0 for x = 0 and y ≥ 0, inf outside. The derivative at x = 0 is taken as 0.

    >>> ft.scipy.special.rel_entr(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    array([ 0.        , -0.69314718])
    """
    return _relative(x, y, lambda x, y, core: core, lambda y: dtype_of(y).type(0))


@special
def kl_div(x: ArrayLike, y: ArrayLike) -> ArrayOrScalar:
    """x·log(x / y) − x + y; y for x = 0 and y ≥ 0, inf outside.

    The derivative in x at x = 0 is taken as 0.

    >>> ft.scipy.special.kl_div(np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    array([1., 0.])
    """
    return _relative(x, y, lambda x, y, core: el.add(el.subtract(core, x), y), lambda y: y)


def _relative(x: Any, y: Any, finish: Function, at_zero: Function) -> Any:
    x, y = special_operands(x, y)
    one, infinite = dtype_of(x).type(1), dtype_of(x).type(np.inf)
    both = el.logical_and(el.greater(x, 0), el.greater(y, 0))
    zero = el.logical_and(el.equal(x, 0), el.greater_equal(y, 0))
    safe_x, safe_y = el.select(both, x, one), el.select(both, y, one)
    core = el.multiply(safe_x, el.log(el.divide(safe_x, safe_y)))
    value = el.select(both, finish(x, y, core), el.select(zero, at_zero(y), infinite))
    missing = el.logical_or(el.isnan(x), el.isnan(y))
    return el.select(missing, dtype_of(x).type(np.nan), value)


# --- gamma, beta, zeta ---------------------------------------------------------------------------


@special
def gamma(x: ArrayLike) -> ArrayOrScalar:
    """Γ(x), as the exponential of gammaln with its sign.

    >>> ft.scipy.special.gamma(np.array([0.5, 5.0]))
    array([ 1.77245385, 24.        ])
    """
    (x,) = special_operands(x)
    # Below zero the sign changes at every integer.
    odd = el.not_equal(el.remainder(el.floor(x), 2.0), 0)
    sign = el.select(el.logical_and(el.less(x, 0), odd), dtype_of(x).type(-1), dtype_of(x).type(1))
    pole = el.logical_and(el.less(x, 0), el.equal(x, el.floor(x)))
    value = el.multiply(sign, el.exp(ew.lgamma(x)))
    return el.select(pole, dtype_of(x).type(np.nan), value)


@special
def betaln(a: ArrayLike, b: ArrayLike) -> ArrayOrScalar:
    """log |B(a, b)|.

    >>> ft.scipy.special.betaln(np.array([1.0, 2.0]), 1.0)
    array([ 0.        , -0.69314718])
    """
    a, b = special_operands(a, b)
    return el.subtract(el.add(gammaln(a), gammaln(b)), gammaln(el.add(a, b)))


@special
def beta(a: ArrayLike, b: ArrayLike) -> ArrayOrScalar:
    """Beta function of positive arguments, as the exponential of betaln.

    >>> ft.scipy.special.beta(np.array([1.0, 2.0]), 3.0)
    array([0.33333333, 0.08333333])
    """
    return el.exp(betaln(a, b))


@special
def poch(z: ArrayLike, m: ArrayLike) -> ArrayOrScalar:
    """Γ(z + m) / Γ(z) of positive arguments.

    >>> ft.scipy.special.poch(np.array([1.0, 2.0]), 3.0)
    array([ 6., 24.])
    """
    z, m = special_operands(z, m)
    return el.exp(el.subtract(gammaln(el.add(z, m)), gammaln(z)))


@special
def zeta(x: ArrayLike, q: ArrayLike = 1.0) -> ArrayOrScalar:
    """Hurwitz zeta function Σ (k + q)⁻ˣ; derivative in q only.

    >>> ft.scipy.special.zeta(2.0, np.array([1.0, 2.0]))
    array([1.64493407, 0.64493407])
    """
    return bind(ew.zeta_p, *special_operands(x, q))


def polygamma(n: ArrayLike, x: ArrayLike) -> ArrayOrScalar:
    """The n-th derivative of digamma; n is a known integer.

    As ``scipy.special.polygamma``.

    >>> ft.scipy.special.polygamma(1, np.array([1.0, 2.0]))
    array([1.64493407, 0.64493407])
    """
    if is_plain((n, x), {}):
        return scipy_special("polygamma")(n, x)
    order = concrete(n)
    if order is None or order.ndim or order != int(order) or order < 0:
        raise ArgumentError(
            "polygamma needs a known order, one non-negative integer.", "Pass n as a Python int."
        )
    n = int(order)
    x = array_like(x)
    x = cast(x, float_dtype(x))
    if n == 0:
        return ew.digamma(x)
    factor = dtype_of(x).type((-1.0) ** (n + 1) * math.factorial(n))
    return linear.mul(factor, bind(ew.zeta_p, dtype_of(x).type(n + 1), x))


def multigammaln(a: ArrayLike, d: int) -> ArrayOrScalar:
    """Logarithm of the multivariate gamma function of dimension d.

    As ``scipy.special.multigammaln``.

    >>> fnp.round(ft.scipy.special.multigammaln(3.0, 2), 8)
    np.float64(1.55019499)
    """
    if is_plain((a, d), {}):
        return scipy_special("multigammaln")(a, d)
    (a,) = special_operands(a)
    total: Any = d * (d - 1) / 4.0 * math.log(math.pi)
    for j in range(d):
        total = el.add(gammaln(el.subtract(a, j / 2.0)), total)
    return total


# --- near-zero forms and transforms of data ------------------------------------------------------


@special
def exprel(x: ArrayLike) -> ArrayOrScalar:
    """(exp(x) − 1) / x, smooth at 0 with all its derivatives.

    >>> ft.grad(ft.scipy.special.exprel)(0.0)
    np.float64(0.5)
    """
    (x,) = special_operands(x)
    zero, one = dtype_of(x).type(0), dtype_of(x).type(1)
    small = el.less(el.absolute(x), 0.5)
    z = el.select(small, x, zero)
    series = layout.full_like(z, 0)
    for k in range(14, -1, -1):
        series = el.add(el.multiply(series, z), 1.0 / math.factorial(k + 1))
    safe = el.select(small, one, x)
    quotient = el.divide(el.expm1(safe), safe)
    infinite = el.equal(x, np.inf)
    return el.select(small, series, el.select(infinite, dtype_of(x).type(np.inf), quotient))


@special
def cosm1(x: ArrayLike) -> ArrayOrScalar:
    """cos(x) − 1, accurate near 0.

    >>> ft.scipy.special.cosm1(np.array([1e-10]))
    array([-5.e-21])
    """
    (x,) = special_operands(x)
    return el.multiply(-2.0, powers.square(el.sin(el.multiply(0.5, x))))


@special
def exp10(x: ArrayLike) -> ArrayOrScalar:
    """10 to the power x.

    >>> ft.scipy.special.exp10(np.array([0.0, 2.0]))
    array([  1., 100.])
    """
    (x,) = special_operands(x)
    return bind(ew.pow_p, dtype_of(x).type(10), x)


@special
def exp2(x: ArrayLike) -> ArrayOrScalar:
    """2 to the power x.

    >>> ft.scipy.special.exp2(np.array([0.0, 3.0]))
    array([1., 8.])
    """
    return bind(ew.exp2_p, *special_operands(x))


@special
def expm1(x: ArrayLike) -> ArrayOrScalar:
    """exp(x) − 1, accurate near 0.

    >>> ft.scipy.special.expm1(np.array([1e-20]))
    array([1.e-20])
    """
    return bind(ew.expm1_p, *special_operands(x))


@special
def log1p(x: ArrayLike) -> ArrayOrScalar:
    """log(1 + x), accurate near 0.

    >>> ft.scipy.special.log1p(np.array([1e-20]))
    array([1.e-20])
    """
    return bind(ew.log1p_p, *special_operands(x))


@special
def cbrt(x: ArrayLike) -> ArrayOrScalar:
    """Cube root.

    >>> ft.scipy.special.cbrt(np.array([-8.0, 27.0]))
    array([-2.,  3.])
    """
    return bind(ew.cbrt_p, *special_operands(x))


@special
def boxcox(x: ArrayLike, lmbda: ArrayLike) -> ArrayOrScalar:
    """(xᵏ − 1) / k with its limit log(x) at k = 0, smooth there.

    >>> ft.grad(ft.scipy.special.boxcox)(2.0, 0.0)
    np.float64(0.5)
    """
    x, lmbda = special_operands(x, lmbda)
    logarithm = el.log(x)
    return el.multiply(logarithm, exprel(el.multiply(lmbda, logarithm)))


@special
def boxcox1p(x: ArrayLike, lmbda: ArrayLike) -> ArrayOrScalar:
    """boxcox(1 + x, k), accurate near x = 0.

    >>> ft.grad(ft.scipy.special.boxcox1p)(0.0, 0.5)
    np.float64(1.0)
    """
    x, lmbda = special_operands(x, lmbda)
    logarithm = el.log1p(x)
    return el.multiply(logarithm, exprel(el.multiply(lmbda, logarithm)))


@special
def huber(delta: ArrayLike, r: ArrayLike) -> ArrayOrScalar:
    """½r² for |r| ≤ delta, linear beyond.

    >>> ft.vmap(ft.grad(lambda r: ft.scipy.special.huber(1.0, r)))(np.array([0.5, 3.0]))
    array([0.5, 1. ])
    """
    delta, r = special_operands(delta, r)
    size = el.absolute(r)
    square = el.multiply(0.5, el.multiply(r, r))
    line = el.multiply(delta, el.subtract(size, el.multiply(0.5, delta)))
    value = el.select(el.less_equal(size, delta), square, line)
    return el.select(el.less(delta, 0), dtype_of(r).type(np.inf), value)


@special
def pseudo_huber(delta: ArrayLike, r: ArrayLike) -> ArrayOrScalar:
    """delta²·(√(1 + (r / delta)²) − 1): a smooth huber.

    >>> ft.scipy.special.pseudo_huber(1.0, np.array([0.0, 3.0]))
    array([0.        , 2.16227766])
    """
    delta, r = special_operands(delta, r)
    ratio = powers.square(el.divide(r, delta))
    # √(1 + z) − 1 = z / (√(1 + z) + 1), without cancellation.
    root = el.sqrt(el.add(1.0, ratio))
    return el.multiply(powers.square(delta), el.divide(ratio, el.add(root, 1.0)))


# --- over axes -----------------------------------------------------------------------------------


def logsumexp(
    a: ArrayLike,
    axis: Axes = None,
    b: ArrayLike | None = None,
    keepdims: bool = False,
    return_sign: bool = False,
) -> Any:
    """log Σ b·exp(a) over the given axes, without overflow.

    As ``scipy.special.logsumexp``. With ``return_sign`` also the sign of the sum; without it a
    negative sum gives NaN.

    >>> ft.grad(ft.scipy.special.logsumexp)(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    if is_plain((a, b), {}):
        return scipy_special("logsumexp")(a, axis, b, keepdims, return_sign)
    a = array_like(a)
    a = cast(a, float_dtype(a))
    if dtype_of(a).kind == "c":
        raise OptionError("logsumexp of complex numbers is not supported under a transform.")
    if b is not None:
        weights = array_like(b)
        dtype = promote_keys(dtype_of(a), dtype_of(weights))
        a, weights = broadcast(cast(a, dtype), cast(weights, dtype))
        a = el.select(el.equal(weights, 0), dtype.type(-np.inf), a)
    largest = _largest(a, axis)
    terms = el.exp(el.subtract(a, largest))
    if b is not None:
        terms = el.multiply(weights, terms)
    total = red.sum(terms, axis, keepdims=keepdims)
    if return_sign:
        sign = el.sign(total)
        total = el.absolute(total)
    offset = largest if keepdims else layout.reshape(largest, shape_of(total))
    result = el.add(el.log(total), offset)
    return (result, sign) if return_sign else result


def _largest(a: Any, axis: Any) -> Any:
    """The maximum as a constant for derivatives, 0 where it is not finite."""
    if not math.prod(shape_of(a)):
        return red.sum(a, axis, keepdims=True)
    largest = marks.stop_gradient(red.max(a, axis, keepdims=True))
    return el.select(el.isfinite(largest), largest, dtype_of(a).type(0))


def softmax(x: ArrayLike, axis: Axes = None) -> Array:
    """exp(x) divided by its sum over the given axes.

    As ``scipy.special.softmax``.

    >>> ft.jacobian(ft.scipy.special.softmax)(np.zeros(2))
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    if is_plain((x,), {}):
        return scipy_special("softmax")(x, axis)
    x = array_like(x)
    x = cast(x, float_dtype(x))
    terms = el.exp(el.subtract(x, marks.stop_gradient(red.max(x, axis, keepdims=True))))
    return el.divide(terms, red.sum(terms, axis, keepdims=True))


def log_softmax(x: ArrayLike, axis: Axes = None) -> Array:
    """log(softmax(x)) without overflow.

    As ``scipy.special.log_softmax``.

    >>> ft.scipy.special.log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    if is_plain((x,), {}):
        return scipy_special("log_softmax")(x, axis)
    x = array_like(x)
    x = cast(x, float_dtype(x))
    shifted = el.subtract(x, _largest(x, axis))
    return el.subtract(shifted, el.log(red.sum(el.exp(shifted), axis, keepdims=True)))


def factorial(n: ArrayLike, exact: bool = False) -> ArrayOrScalar:
    """n! as Γ(n + 1), for floating derivatives; 0 below zero.

    As ``scipy.special.factorial``.

    >>> fnp.round(ft.grad(ft.scipy.special.factorial)(0.0), 8)
    np.float64(-0.57721566)
    """
    if is_plain((n,), {}) or exact:
        return scipy_special("factorial")(n, exact)
    (n,) = special_operands(n)
    return el.select(el.less(n, 0), dtype_of(n).type(0), gamma(el.add(n, 1.0)))
