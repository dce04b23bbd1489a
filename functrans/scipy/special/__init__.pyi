"""Written by ``python docs/make_stubs.py``; do not edit."""

import builtins
from typing import Any, Protocol, TypedDict, Unpack, overload

from functrans.typing import Array, ArrayLike, ArrayOrScalar, Axes, DTypeLike, Number, Operand

class _Options(TypedDict, total=False):
    where: ArrayLike
    dtype: DTypeLike | None
    casting: str
    order: str
    subok: builtins.bool

from functrans.scipy.special.functions import UFUNCS as UFUNCS
from functrans.scipy.special.functions import factorial as factorial
from functrans.scipy.special.functions import log_softmax as log_softmax
from functrans.scipy.special.functions import logsumexp as logsumexp
from functrans.scipy.special.functions import multigammaln as multigammaln
from functrans.scipy.special.functions import polygamma as polygamma
from functrans.scipy.special.functions import softmax as softmax
from functrans.scipy.special.integrals import bernoulli as bernoulli
from functrans.scipy.special.integrals import comb as comb

@overload
def beta(a: Number, b: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Beta function of positive arguments, as the exponential of betaln."""
@overload
def beta(a: ArrayLike, b: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Beta function of positive arguments, as the exponential of betaln."""

@overload
def betainc(a: Number, b: Number, x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Regularised incomplete beta function; derivative in x only."""
@overload
def betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Regularised incomplete beta function; derivative in x only."""

@overload
def betaln(a: Number, b: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """log |B(a, b)|."""
@overload
def betaln(a: ArrayLike, b: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """log |B(a, b)|."""

@overload
def boxcox(x: Number, lmbda: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """(xᵏ − 1) / k with its limit log(x) at k = 0, smooth there."""
@overload
def boxcox(x: ArrayLike, lmbda: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """(xᵏ − 1) / k with its limit log(x) at k = 0, smooth there."""

@overload
def boxcox1p(x: Number, lmbda: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """boxcox(1 + x, k), accurate near x = 0."""
@overload
def boxcox1p(x: ArrayLike, lmbda: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """boxcox(1 + x, k), accurate near x = 0."""

@overload
def cbrt(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Cube root."""
@overload
def cbrt(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Cube root."""

@overload
def cosm1(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """cos(x) − 1, accurate near 0."""
@overload
def cosm1(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """cos(x) − 1, accurate near 0."""

@overload
def dawsn(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Dawson's integral exp(−x²)·∫exp(t²) from 0 to x."""
@overload
def dawsn(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Dawson's integral exp(−x²)·∫exp(t²) from 0 to x."""

@overload
def digamma(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Derivative of gammaln."""
@overload
def digamma(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Derivative of gammaln."""

@overload
def entr(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """−x·log(x); 0 at 0 and −inf below. The derivative at 0 is taken as 0, not inf."""
@overload
def entr(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """−x·log(x); 0 at 0 and −inf below. The derivative at 0 is taken as 0, not inf."""

@overload
def erf(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Error function."""
@overload
def erf(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Error function."""

@overload
def erfc(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """1 − erf(x), accurate for large x."""
@overload
def erfc(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """1 − erf(x), accurate for large x."""

@overload
def erfcx(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """exp(x²)·erfc(x), which does not underflow."""
@overload
def erfcx(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """exp(x²)·erfc(x), which does not underflow."""

@overload
def erfinv(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Inverse of the error function."""
@overload
def erfinv(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Inverse of the error function."""

@overload
def exp1(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The exponential integral E₁."""
@overload
def exp1(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The exponential integral E₁."""

@overload
def exp10(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """10 to the power x."""
@overload
def exp10(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """10 to the power x."""

@overload
def exp2(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """2 to the power x."""
@overload
def exp2(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """2 to the power x."""

@overload
def expi(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The exponential integral Ei."""
@overload
def expi(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The exponential integral Ei."""

@overload
def expit(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """1 / (1 + exp(−x))."""
@overload
def expit(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """1 / (1 + exp(−x))."""

@overload
def expm1(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """exp(x) − 1, accurate near 0."""
@overload
def expm1(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """exp(x) − 1, accurate near 0."""

@overload
def expn(n: Number, x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The exponential integral of order n; derivative in x only."""
@overload
def expn(n: ArrayLike, x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The exponential integral of order n; derivative in x only."""

@overload
def exprel(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """(exp(x) − 1) / x, smooth at 0 with all its derivatives."""
@overload
def exprel(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """(exp(x) − 1) / x, smooth at 0 with all its derivatives."""

@overload
def fresnel(z: Number, out: None = None, **options: Unpack[_Options]) -> tuple[ArrayOrScalar, ArrayOrScalar]:
    """The Fresnel integrals of sin(π·t²/2) and of cos(π·t²/2) from 0 to z, of real z."""
@overload
def fresnel(z: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> tuple[Array, Array]:
    """The Fresnel integrals of sin(π·t²/2) and of cos(π·t²/2) from 0 to z, of real z."""

@overload
def gamma(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Γ(x), as the exponential of gammaln with its sign."""
@overload
def gamma(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Γ(x), as the exponential of gammaln with its sign."""

@overload
def gammainc(a: Number, x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Regularised lower incomplete gamma function; derivative in x only."""
@overload
def gammainc(a: ArrayLike, x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Regularised lower incomplete gamma function; derivative in x only."""

@overload
def gammaincc(a: Number, x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Regularised upper incomplete gamma function; derivative in x only."""
@overload
def gammaincc(a: ArrayLike, x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Regularised upper incomplete gamma function; derivative in x only."""

@overload
def gammaln(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Logarithm of |Γ(x)|."""
@overload
def gammaln(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Logarithm of |Γ(x)|."""

@overload
def gammasgn(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The sign of Γ(x): that of a pole is 0, or what SciPy says of it."""
@overload
def gammasgn(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The sign of Γ(x): that of a pole is 0, or what SciPy says of it."""

@overload
def huber(delta: Number, r: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """½r² for |r| ≤ delta, linear beyond."""
@overload
def huber(delta: ArrayLike, r: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """½r² for |r| ≤ delta, linear beyond."""

@overload
def hyp1f1(a: Number, b: Number, x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Kummer's confluent hypergeometric function; derivative in x only."""
@overload
def hyp1f1(a: ArrayLike, b: ArrayLike, x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Kummer's confluent hypergeometric function; derivative in x only."""

@overload
def hyp2f1(a: Number, b: Number, c: Number, z: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Gauss's hypergeometric function; derivative in x only."""
@overload
def hyp2f1(a: ArrayLike, b: ArrayLike, c: ArrayLike, z: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Gauss's hypergeometric function; derivative in x only."""

@overload
def i0(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The modified Bessel function of order 0."""
@overload
def i0(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The modified Bessel function of order 0."""

@overload
def i0e(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """exp(−|x|)·I₀(x), with the modified Bessel function of order 0."""
@overload
def i0e(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """exp(−|x|)·I₀(x), with the modified Bessel function of order 0."""

@overload
def i1(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The modified Bessel function of order 1."""
@overload
def i1(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The modified Bessel function of order 1."""

@overload
def i1e(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """exp(−|x|)·I₁(x), with the modified Bessel function of order 1."""
@overload
def i1e(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """exp(−|x|)·I₁(x), with the modified Bessel function of order 1."""

@overload
def j0(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The Bessel function of the first kind, of order 0."""
@overload
def j0(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The Bessel function of the first kind, of order 0."""

@overload
def j1(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The Bessel function of the first kind, of order 1."""
@overload
def j1(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The Bessel function of the first kind, of order 1."""

@overload
def k0(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The modified Bessel function of the second kind, of order 0; NaN below 0."""
@overload
def k0(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The modified Bessel function of the second kind, of order 0; NaN below 0."""

@overload
def k0e(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """exp(x)·K₀(x), with the modified Bessel function of order 0."""
@overload
def k0e(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """exp(x)·K₀(x), with the modified Bessel function of order 0."""

@overload
def k1(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The modified Bessel function of the second kind, of order 1; NaN below 0."""
@overload
def k1(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The modified Bessel function of the second kind, of order 1; NaN below 0."""

@overload
def k1e(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """exp(x)·K₁(x), with the modified Bessel function of order 1."""
@overload
def k1e(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """exp(x)·K₁(x), with the modified Bessel function of order 1."""

@overload
def kl_div(x: Number, y: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """x·log(x / y) − x + y; y for x = 0 and y ≥ 0, inf outside."""
@overload
def kl_div(x: ArrayLike, y: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """x·log(x / y) − x + y; y for x = 0 and y ≥ 0, inf outside."""

@overload
def log1p(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """log(1 + x), accurate near 0."""
@overload
def log1p(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """log(1 + x), accurate near 0."""

@overload
def log_expit(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """log(expit(x)), accurate for very negative x."""
@overload
def log_expit(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """log(expit(x)), accurate for very negative x."""

@overload
def log_ndtr(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """log(ndtr(x)), accurate in both tails."""
@overload
def log_ndtr(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """log(ndtr(x)), accurate in both tails."""

@overload
def logit(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """log(x / (1 − x)), the inverse of expit."""
@overload
def logit(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """log(x / (1 − x)), the inverse of expit."""

@overload
def ndtr(x: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Cumulative distribution function of the standard normal distribution."""
@overload
def ndtr(x: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Cumulative distribution function of the standard normal distribution."""

@overload
def ndtri(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Inverse of the distribution function of the normal distribution."""
@overload
def ndtri(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Inverse of the distribution function of the normal distribution."""

@overload
def owens_t(h: Number, a: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Owen's T function."""
@overload
def owens_t(h: ArrayLike, a: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Owen's T function."""

@overload
def poch(z: Number, m: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Γ(z + m) / Γ(z) of positive arguments."""
@overload
def poch(z: ArrayLike, m: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Γ(z + m) / Γ(z) of positive arguments."""

@overload
def pseudo_huber(delta: Number, r: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """delta²·(√(1 + (r / delta)²) − 1): a smooth huber."""
@overload
def pseudo_huber(delta: ArrayLike, r: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """delta²·(√(1 + (r / delta)²) − 1): a smooth huber."""

@overload
def psi(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Derivative of gammaln."""
@overload
def psi(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Derivative of gammaln."""

@overload
def rel_entr(x: Number, y: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """x·log(x / y); 0 for x = 0 and y ≥ 0, inf outside. The derivative at x = 0 is taken as 0."""
@overload
def rel_entr(x: ArrayLike, y: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """x·log(x / y); 0 for x = 0 and y ≥ 0, inf outside. The derivative at x = 0 is taken as 0."""

@overload
def spence(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Spence's function, the dilogarithm of 1 − x."""
@overload
def spence(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Spence's function, the dilogarithm of 1 − x."""

@overload
def xlog1py(x: Number, y: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """x·log(1 + y), and 0 for x = 0 whatever y is but NaN."""
@overload
def xlog1py(x: ArrayLike, y: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """x·log(1 + y), and 0 for x = 0 whatever y is but NaN."""

@overload
def xlogy(x: Number, y: Number, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """x·log(y), and 0 for x = 0 whatever y is but NaN."""
@overload
def xlogy(x: ArrayLike, y: ArrayLike, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """x·log(y), and 0 for x = 0 whatever y is but NaN."""

@overload
def y0(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The Bessel function of the second kind, of order 0; NaN below 0."""
@overload
def y0(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The Bessel function of the second kind, of order 0; NaN below 0."""

@overload
def y1(x: Number, /, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """The Bessel function of the second kind, of order 1; NaN below 0."""
@overload
def y1(x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """The Bessel function of the second kind, of order 1; NaN below 0."""

@overload
def zeta(x: Number, q: Number = 1.0, out: None = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Hurwitz zeta function Σ (k + q)⁻ˣ; derivative in q only."""
@overload
def zeta(x: ArrayLike, q: ArrayLike = 1.0, out: Array | None = None, **options: Unpack[_Options]) -> Array:
    """Hurwitz zeta function Σ (k + q)⁻ˣ; derivative in q only."""

__all__ = [
    "UFUNCS",
    "bernoulli",
    "beta",
    "betainc",
    "betaln",
    "boxcox",
    "boxcox1p",
    "cbrt",
    "comb",
    "cosm1",
    "dawsn",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp1",
    "exp10",
    "exp2",
    "expi",
    "expit",
    "expm1",
    "expn",
    "exprel",
    "factorial",
    "fresnel",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammaln",
    "gammasgn",
    "huber",
    "hyp1f1",
    "hyp2f1",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "j0",
    "j1",
    "k0",
    "k0e",
    "k1",
    "k1e",
    "kl_div",
    "log1p",
    "log_expit",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "owens_t",
    "poch",
    "polygamma",
    "pseudo_huber",
    "psi",
    "rel_entr",
    "softmax",
    "spence",
    "xlog1py",
    "xlogy",
    "y0",
    "y1",
    "zeta",
]
