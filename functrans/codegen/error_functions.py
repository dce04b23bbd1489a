"""The error function and its complement."""

from __future__ import annotations

from functrans.codegen.exponentials import nearest, power_of_two, reduce_by_ln2
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
