"""The error function, its complement and its inverse."""

from __future__ import annotations

import math
from collections.abc import Sequence

from functrans.codegen.exponentials import nearest, power_of_two, reduce_by_ln2
from functrans.codegen.logarithms import log
from functrans.codegen.values import Value, polynomial


def erf(x: Value) -> Value:
    """A polynomial below 1; from there 1 − 2^(a polynomial)."""
    form, size = x.format, x.abs()
    high, low = form.two_over_root_pi
    z = x * x
    near = size.fma(high, size * z.fma(polynomial(z, form.erf), low))
    a = size.compare("ogt", form.erf_one).where(form.erf_one, size)
    p = a * polynomial(a, form.erf_far)
    k, bits = nearest(p)
    r = p - k
    far = 1.0 - r.fma(polynomial(r, form.two_power), 1.0) * power_of_two(bits)
    return size.compare("olt", 1.0).where(near, far).copysign(x)


def erfc(x: Value) -> Value:
    """From exp(x²)·erfc(x), which is smooth in (x − 3)/(x + 3), where x is large."""
    form, size = x.format, x.abs()
    high, low = form.two_over_root_pi
    z = x * x
    near = (-x).fma(z.fma(polynomial(z, form.erf), low), (-x).fma(high, 1.0))
    a = size.compare("ogt", form.erfc_zero).where(form.erfc_zero, size)
    value = _erfc_far(a)
    far = x.compare("olt", 0.0).where(2.0 - value, value)
    return size.compare("olt", 0.75).where(near, far)


def _erfc_far(a: Value) -> Value:
    form = a.format
    twice, three = a + a, a + 3.0
    bottom = twice + 1.0
    bottom_lost = 1.0 - (bottom - twice)
    inverse = 1.0 / (bottom * three)
    t = (a - 3.0) * (bottom * inverse)
    first, *rest = form.erfcx
    bend = t.fma(polynomial(t, rest), form.erfcx_start)
    top = bend + first
    top_lost = bend - (top - first)
    inverse = three * inverse  # 1/(1 + 2a)
    g = top * inverse
    g_lost = (-g).fma(bottom_lost, (-g).fma(bottom, top) + top_lost) * inverse
    square = a * a
    lost_square = a.fma(a, -square)
    _, bits, near, tail = reduce_by_ln2(-square)
    tail = tail - lost_square
    r = near + tail
    tail = (near - r) + tail
    bent = (r * r).fma(polynomial(r, form.exp), tail)
    e = g + g.fma(r, g.fma(bent, r.fma(g_lost, g_lost)))
    lift = form.precision + 12
    low = square.compare("ogt", -form.exp_subnormal)
    scale = power_of_two(bits + low.where(lift, 0, bits))
    return e * scale * low.where(2.0**-lift, 1.0, a)


# Numerators and denominators by ascending powers, of M. J. Wichura, "Algorithm AS 241: the
# percentage points of the normal distribution", Applied Statistics 37 (1988), PPND16. What
# is large and known, √π/2·x in the middle and 0.75·√−log in the tails, is split off the quotients
# and added in the end, so that their rounding errors hardly count.
_MIDDLE = (
    (0.43087250673264108756, 15.63593794597782126, 208.44676576752850498, 1257.013421588575123,
     3409.9384089128679731, 3579.34861845303067, 936.19169306141622233, 0.0, 0.0),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
     5.2264952788528545610e3),
)  # fmt: skip
_ROOT_PI_HALF = (0.886226925452758, -1.9468633076150305e-17)  # and what the float leaves
_TAIL = (
    (-0.19347796639631208, 0.0603133382366954424, 0.528095093132915306, 0.494408862560076377,
     0.203299372571679312, 0.041648408136226547, 0.00401207239363240539, 0.000136989414655709641,
     -7.88062553733312632e-10),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9),
)  # fmt: skip
_FAR = (
    (4.707849521913034, 3.8634793616288836, 1.2620629496172389, 0.209699991372496,
     0.01876109113396867, 0.0008786939826138098, 1.9173593302226658e-05, 1.4215210861921614e-07),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15),
)  # fmt: skip


def erf_inv(x: Value) -> Value:
    """The normal quantile of (1 + x)/2 over √2: rational in x² in the middle, else in √−log."""
    if x.type == "float":
        return erf_inv(x.cast("fpext", "double")).cast("fptrunc", "float")
    size = x.abs()
    middle = size.compare("ole", 0.85)
    half = (1.0 - size) * 0.5
    s = (-log(half)).sqrt()
    square = size * size
    r = middle.where(square.fma(-0.25, 0.180625), s - 1.6)
    top = _blended(r, middle, _MIDDLE[0], _TAIL[0])
    quotient = top / _blended(r, middle, _MIDDLE[1], _TAIL[1])
    high, low = _ROOT_PI_HALF
    inner = size.fma(high, size * square.fma(quotient, low))
    value = middle.where(inner, s.fma(0.75, quotient))
    far = s.compare("ogt", 5.0)

    def repaired() -> list[Value]:
        rest = s - 5.0
        beyond = polynomial(rest, _FAR[0]) / polynomial(rest, _FAR[1])
        finite = size.compare("une", 1.0)
        return [far.where(finite.where(beyond, math.inf), value)]

    [value] = x.body.rarely(far.any(), [value], repaired)
    return value.copysign(x)


def _blended(x: Value, first: Value, ones: Sequence[float], others: Sequence[float]) -> Value:
    """A polynomial with the first coefficients where the condition holds, else the others."""
    *rest, total = (first.where(a, b, x) for a, b in zip(ones, others, strict=True))
    for c in reversed(rest):
        total = total.fma(x, c)
    return total
