"""Bessel, hypergeometric and other functions defined by integrals, and small numbers of theirs."""

from __future__ import annotations

import operator
from typing import Any

from functrans.core.trace import bind
from functrans.errors import OptionError
from functrans.numpy import elementwise as el
from functrans.numpy.promote import has_tracer, operand
from functrans.primitives import elementwise as ew
from functrans.primitives import integrals as it
from functrans.primitives import linear
from functrans.scipy.special.functions import (
    gammaln,
    scipy_special,
    special,
    special_operands,
    special_primitive,
)
from functrans.typing import ArrayLike, ArrayOrScalar

ndtri = special_primitive(
    "ndtri",
    it.ndtri_p,
    "Inverse of the distribution function of the normal distribution.",
    "ft.grad(ft.scipy.special.ndtri)(0.5) → np.float64(2.5066282746310002)",
)
i0 = special_primitive(
    "i0",
    it.i0_p,
    "The modified Bessel function of order 0.",
    "ft.grad(ft.scipy.special.i0)(0.0) → np.float64(0.0)",
)
i1 = special_primitive(
    "i1",
    it.i1_p,
    "The modified Bessel function of order 1.",
    "ft.grad(ft.scipy.special.i1)(0.0) → np.float64(0.5)",
)
i0e = special_primitive(
    "i0e",
    it.i0e_p,
    "exp(−|x|)·I₀(x), with the modified Bessel function of order 0.",
    "ft.scipy.special.i0e(np.array([0.0, 1000.0])) → array([1.        , 0.01261724])",
)
i1e = special_primitive(
    "i1e",
    it.i1e_p,
    "exp(−|x|)·I₁(x), with the modified Bessel function of order 1.",
    "ft.grad(ft.scipy.special.i1e)(0.0) → np.float64(0.5)",
)
j0 = special_primitive(
    "j0",
    it.j0_p,
    "The Bessel function of the first kind, of order 0.",
    "ft.grad(ft.scipy.special.j0)(0.0) → np.float64(-0.0)",
)
j1 = special_primitive(
    "j1",
    it.j1_p,
    "The Bessel function of the first kind, of order 1.",
    "ft.grad(ft.scipy.special.j1)(0.0) → np.float64(0.5)",
)
y0 = special_primitive(
    "y0",
    it.y0_p,
    "The Bessel function of the second kind, of order 0; NaN below 0.",
    "ft.scipy.special.y0(1.0) → np.float64(0.08825696421567697)",
)
y1 = special_primitive(
    "y1",
    it.y1_p,
    "The Bessel function of the second kind, of order 1; NaN below 0.",
    "ft.scipy.special.y1(1.0) → np.float64(-0.7812128213002888)",
)
k0 = special_primitive(
    "k0",
    it.k0_p,
    "The modified Bessel function of the second kind, of order 0; NaN below 0.",
    "round(float(ft.scipy.special.k0(1.0)), 6) → 0.421024",
)
k1 = special_primitive(
    "k1",
    it.k1_p,
    "The modified Bessel function of the second kind, of order 1; NaN below 0.",
    "ft.scipy.special.k1(1.0) → np.float64(0.6019072301972346)",
)
k0e = special_primitive(
    "k0e",
    it.k0e_p,
    "exp(x)·K₀(x), with the modified Bessel function of order 0.",
    "round(float(ft.scipy.special.k0e(1000.0)), 6) → 0.039628",
)
k1e = special_primitive(
    "k1e",
    it.k1e_p,
    "exp(x)·K₁(x), with the modified Bessel function of order 1.",
    "round(float(ft.scipy.special.k1e(1000.0)), 6) → 0.039648",
)


@special
def fresnel(z: ArrayLike) -> tuple[ArrayOrScalar, ArrayOrScalar]:
    """The Fresnel integrals of sin(π·t²/2) and of cos(π·t²/2) from 0 to z, of real z.

    >>> [float(fnp.round(v, 8)) for v in ft.scipy.special.fresnel(1.0)]
    [0.43825915, 0.7798934]
    """
    (z,) = special_operands(z)
    return bind(it.fresnel_sin_p, z), bind(it.fresnel_cos_p, z)


dawsn = special_primitive(
    "dawsn",
    it.dawsn_p,
    "Dawson's integral exp(−x²)·∫exp(t²) from 0 to x.",
    "ft.grad(ft.scipy.special.dawsn)(0.0) → np.float64(1.0)",
)
erfcx = special_primitive(
    "erfcx",
    it.erfcx_p,
    "exp(x²)·erfc(x), which does not underflow.",
    "ft.scipy.special.erfcx(100.0) → np.float64(0.005641613782989433)",
)
exp1 = special_primitive(
    "exp1",
    it.exp1_p,
    "The exponential integral E₁.",
    "ft.scipy.special.exp1(1.0) → np.float64(0.2193839343955205)",
)
expi = special_primitive(
    "expi",
    it.expi_p,
    "The exponential integral Ei.",
    "ft.scipy.special.expi(1.0) → np.float64(1.895117816355937)",
)
expn = special_primitive(
    "expn",
    it.expn_p,
    "The exponential integral of order n; derivative in x only.",
    "ft.scipy.special.expn(2, 1.0) → np.float64(0.14849550677592194)",
    "n x",
)
spence = special_primitive(
    "spence",
    it.spence_p,
    "Spence's function, the dilogarithm of 1 − x.",
    "ft.grad(ft.scipy.special.spence)(1.0) → np.float64(-1.0)",
)
hyp1f1 = special_primitive(
    "hyp1f1",
    it.hyp1f1_p,
    "Kummer's confluent hypergeometric function; derivative in x only.",
    "ft.grad(ft.scipy.special.hyp1f1, 2)(1.0, 1.0, 0.0) → np.float64(1.0)",
    "a b x",
)
hyp2f1 = special_primitive(
    "hyp2f1",
    it.hyp2f1_p,
    "Gauss's hypergeometric function; derivative in x only.",
    "ft.grad(ft.scipy.special.hyp2f1, 3)(1.0, 1.0, 1.0, 0.0) → np.float64(1.0)",
    "a b c z",
)
owens_t = special_primitive(
    "owens_t",
    it.owens_t_p,
    "Owen's T function.",
    "ft.scipy.special.owens_t(0.0, 1.0) → np.float64(0.125)",
    "h a",
)


@special
def gammasgn(x: ArrayLike) -> ArrayOrScalar:
    """The sign of Γ(x): that of a pole is 0, or what SciPy says of it.

    >>> ft.scipy.special.gammasgn(np.array([-0.5, 0.5]))
    array([-1.,  1.])
    """
    (x,) = special_operands(x)
    number = x.dtype.type
    below = ew.floor(x)
    odd = ew.ne(ew.rem(below, number(2)), number(0))
    negative = ew.lt(x, number(0))
    sign = linear.select_n(ew.and_(negative, odd), number(1), number(-1))
    pole = ew.and_(negative, ew.eq(below, x))
    return linear.select_n(pole, sign, number(0))


def comb(
    N: ArrayLike, k: ArrayLike, exact: bool = False, repetition: bool = False
) -> ArrayOrScalar:
    """The number of ways to take ``k`` of ``N`` things, by gamma functions.

    As ``scipy.special.comb``; exact integers only of plain numbers.

    >>> ft.scipy.special.comb(5, 2)
    np.float64(10.0)
    >>> float(ft.grad(ft.scipy.special.comb)(5.0, 1.0))
    1.0000000000000...
    """
    if has_tracer((N, k), {}):
        if exact:
            raise OptionError("comb counts exactly with plain integers only.", "Leave out exact.")
        of: Any = operand(N)
        taken: Any = operand(k)
        if repetition:
            return comb(of + taken - 1, taken)
        total = gammaln(of + 1.0) - gammaln(taken + 1.0) - gammaln(of - taken + 1.0)
        possible = el.logical_and(el.greater_equal(taken, 0), el.less_equal(taken, of))
        return el.multiply(el.exp(total), possible)
    return scipy_special("comb")(N, k, exact=exact, repetition=repetition)


def bernoulli(n: int) -> ArrayOrScalar:
    """The Bernoulli numbers B₀ to Bₙ; n is a Python int.

    >>> ft.scipy.special.bernoulli(2)
    array([ 1.        , -0.5       ,  0.16666667])
    """
    return scipy_special("bernoulli")(operator.index(n))


__all__ = [
    "bernoulli",
    "comb",
    "dawsn",
    "erfcx",
    "exp1",
    "expi",
    "expn",
    "gammasgn",
    "hyp1f1",
    "hyp2f1",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "ndtri",
    "owens_t",
    "spence",
]
