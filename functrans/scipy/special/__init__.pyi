"""Written by ``python docs/make_stubs.py``; do not edit."""

import builtins
from typing import Any, TypedDict, Unpack, overload

from functrans.typing import Array, ArrayLike, ArrayOrScalar, Axes, DTypeLike, Elementwise, Number
from functrans.typing import Operand

class _Options(TypedDict, total=False):
    where: ArrayLike
    dtype: DTypeLike | None
    casting: str
    order: str
    subok: builtins.bool

class _Unary(Elementwise):
    @overload
    def __call__(
        self, x: Number, /, out: None = None, **options: Unpack[_Options]
    ) -> ArrayOrScalar: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]
    ) -> Array: ...

class _Binary(Elementwise):
    @overload
    def __call__(
        self, x: Number, y: Number, /, out: None = None, **options: Unpack[_Options]
    ) -> ArrayOrScalar: ...
    @overload
    def __call__(
        self, x: ArrayLike, y: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]
    ) -> Array: ...

class _Folding(_Binary):
    def reduce(
        self, array: ArrayLike, axis: Axes = 0, dtype: DTypeLike | None = None,
        out: Array | None = None, keepdims: builtins.bool = False, initial: ArrayLike = ...,
        where: ArrayLike = True,
    ) -> ArrayOrScalar: ...
    def accumulate(
        self, array: ArrayLike, axis: int = 0, dtype: DTypeLike | None = None,
        out: Array | None = None,
    ) -> Array: ...
    def outer(self, A: ArrayLike, B: ArrayLike, /, **options: Unpack[_Options]) -> Array: ...
    def at(self, a: Array, indices: Any, b: ArrayLike | None = None, /) -> None: ...

from functrans.scipy.special.functions import UFUNCS as UFUNCS
from functrans.scipy.special.functions import factorial as factorial
from functrans.scipy.special.functions import log_softmax as log_softmax
from functrans.scipy.special.functions import logsumexp as logsumexp
from functrans.scipy.special.functions import multigammaln as multigammaln
from functrans.scipy.special.functions import polygamma as polygamma
from functrans.scipy.special.functions import softmax as softmax
from functrans.scipy.special.integrals import bernoulli as bernoulli
from functrans.scipy.special.integrals import comb as comb

beta: _Binary
"""Beta function of positive arguments, as the exponential of betaln."""

def betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike, /, out: Any = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Regularised incomplete beta function; derivative in x only."""

betaln: _Binary
"""log |B(a, b)|."""

boxcox: _Binary
"""(xᵏ − 1) / k with its limit log(x) at k = 0, smooth there."""

boxcox1p: _Binary
"""boxcox(1 + x, k), accurate near x = 0."""

cbrt: _Unary
"""Cube root."""

cosm1: _Unary
"""cos(x) − 1, accurate near 0."""

dawsn: _Unary
"""Dawson's integral exp(−x²)·∫exp(t²) from 0 to x."""

digamma: _Unary
"""Derivative of gammaln."""

entr: _Unary
"""−x·log(x); 0 at 0 and −inf below. The derivative at 0 is taken as 0, not inf."""

erf: _Unary
"""Error function."""

erfc: _Unary
"""1 − erf(x), accurate for large x."""

erfcx: _Unary
"""exp(x²)·erfc(x), which does not underflow."""

erfinv: _Unary
"""Inverse of the error function."""

exp1: _Unary
"""The exponential integral E₁."""

exp10: _Unary
"""10 to the power x."""

exp2: _Unary
"""2 to the power x."""

expi: _Unary
"""The exponential integral Ei."""

expit: _Unary
"""1 / (1 + exp(−x))."""

expm1: _Unary
"""exp(x) − 1, accurate near 0."""

expn: _Binary
"""The exponential integral of order n; derivative in x only."""

exprel: _Unary
"""(exp(x) − 1) / x, smooth at 0 with all its derivatives."""

def fresnel(z: ArrayLike, out: Any = None, **options: Unpack[_Options]) -> tuple[ArrayOrScalar, ArrayOrScalar]:
    """The Fresnel integrals of sin(π·t²/2) and of cos(π·t²/2) from 0 to z, of real z."""

gamma: _Unary
"""Γ(x), as the exponential of gammaln with its sign."""

gammainc: _Binary
"""Regularised lower incomplete gamma function; derivative in x only."""

gammaincc: _Binary
"""Regularised upper incomplete gamma function; derivative in x only."""

gammaln: _Unary
"""Logarithm of |Γ(x)|."""

gammasgn: _Unary
"""The sign of Γ(x): that of a pole is 0, or what SciPy says of it."""

huber: _Binary
"""½r² for |r| ≤ delta, linear beyond."""

def hyp1f1(a: ArrayLike, b: ArrayLike, x: ArrayLike, /, out: Any = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Kummer's confluent hypergeometric function; derivative in x only."""

def hyp2f1(a: ArrayLike, b: ArrayLike, c: ArrayLike, z: ArrayLike, /, out: Any = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Gauss's hypergeometric function; derivative in x only."""

i0: _Unary
"""The modified Bessel function of order 0."""

i0e: _Unary
"""exp(−|x|)·I₀(x), with the modified Bessel function of order 0."""

i1: _Unary
"""The modified Bessel function of order 1."""

i1e: _Unary
"""exp(−|x|)·I₁(x), with the modified Bessel function of order 1."""

j0: _Unary
"""The Bessel function of the first kind, of order 0."""

j1: _Unary
"""The Bessel function of the first kind, of order 1."""

k0: _Unary
"""The modified Bessel function of the second kind, of order 0; NaN below 0."""

k0e: _Unary
"""exp(x)·K₀(x), with the modified Bessel function of order 0."""

k1: _Unary
"""The modified Bessel function of the second kind, of order 1; NaN below 0."""

k1e: _Unary
"""exp(x)·K₁(x), with the modified Bessel function of order 1."""

kl_div: _Binary
"""x·log(x / y) − x + y; y for x = 0 and y ≥ 0, inf outside."""

log1p: _Unary
"""log(1 + x), accurate near 0."""

log_expit: _Unary
"""log(expit(x)), accurate for very negative x."""

log_ndtr: _Unary
"""log(ndtr(x)), accurate in both tails."""

logit: _Unary
"""log(x / (1 − x)), the inverse of expit."""

ndtr: _Unary
"""Cumulative distribution function of the standard normal distribution."""

ndtri: _Unary
"""Inverse of the distribution function of the normal distribution."""

owens_t: _Binary
"""Owen's T function."""

poch: _Binary
"""Γ(z + m) / Γ(z) of positive arguments."""

pseudo_huber: _Binary
"""delta²·(√(1 + (r / delta)²) − 1): a smooth huber."""

psi: _Unary
"""Derivative of gammaln."""

rel_entr: _Binary
"""x·log(x / y); 0 for x = 0 and y ≥ 0, inf outside. The derivative at x = 0 is taken as 0."""

spence: _Unary
"""Spence's function, the dilogarithm of 1 − x."""

xlog1py: _Binary
"""x·log(1 + y), and 0 for x = 0 whatever y is but NaN."""

xlogy: _Binary
"""x·log(y), and 0 for x = 0 whatever y is but NaN."""

y0: _Unary
"""The Bessel function of the second kind, of order 0; NaN below 0."""

y1: _Unary
"""The Bessel function of the second kind, of order 1; NaN below 0."""

zeta: _Binary
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
