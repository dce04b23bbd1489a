"""Logarithms, and the inverse hyperbolic functions, which are logarithms of sums.

``x = 2**k·(1 + f)`` with √½ ≤ 1 + f < √2. Where x is no positive normal number, k carries what the
logarithm is there: every formula adds k's share to a finite remainder.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from functrans.codegen.exponentials import exp
from functrans.codegen.values import Value, polynomial

Repair = Callable[[float], list[Value]]


def whole(bits: Value) -> tuple[Value, float]:
    """An exponent's bits in place, as a number of units; and what the unit is.

    AVX-512 converts integers of 64 bits to floats, as scalar processors do. Elsewhere the integer
    becomes the low bits of a float.
    """
    form = bits.format
    p = form.precision
    if bits.bits == 32 or bits.body.lanes in (1, 8):
        return bits.cast("sitofp", "double" if bits.bits == 64 else "float"), 2.0**-p
    offset = 2.0**p + form.bias
    biased = (bits + (form.bias << p)) >> p
    return (biased | ((form.bias + p) << p)).as_float() - offset, 1.0


def split(x: Value) -> tuple[Value, Value]:
    """The bits of k in place, and 1 + f; both mean nothing unless x is positive and normal."""
    form = x.format
    bits = x.as_int()
    k = (bits - form.sqrt_half) & -(1 << form.precision)
    return k, (bits - k).as_float()


def no_normal(x: Value) -> Value:
    """Whether x is negative, zero, subnormal, infinite or NaN."""
    form = x.format
    smallest, infinity = 1 << form.precision, (2 * form.bias + 1) << form.precision
    return (x.as_int() - smallest).compare("uge", infinity - smallest)


def _instead_of_k(x: Value, otherwise: Value) -> Value:
    """The logarithm at 0, below 0, at infinity and NaN."""
    k = x.compare("ogt", x.format.largest).where(x, otherwise)
    k = x.compare("ult", 0.0).where(math.nan, k)
    return x.compare("oeq", 0.0).where(-math.inf, k)


def _parts(x: Value) -> tuple[Value, float, Value]:
    """k in units, the unit, and f."""
    form = x.format
    lift = form.precision + 2
    bits, m = split(x)
    unit = whole(bits)[1]

    def repaired() -> list[Value]:
        tiny = x.compare("olt", form.smallest_normal)
        bits, m = split(tiny.where(x * 2.0**lift, x))
        k = whole(bits)[0] - tiny.where(lift / unit, 0.0, x)
        return [_instead_of_k(x, k), m - 1.0]

    k, f = x.body.rarely(no_normal(x).any(), [whole(bits)[0], m - 1.0], repaired)
    return k, unit, f


def _remainder(f: Value) -> tuple[Value, Value, Value]:
    """f²/2, s and f²/2 + R with ``log(1 + f) = f − (f²/2 − s·(f²/2 + R))``."""
    s = f / (f + 2.0)
    z = s * s
    square = f * f * 0.5
    return square, s, square + z * polynomial(z, f.format.log)


def _log_of_parts(k: Value, unit: float, f: Value) -> Value:
    high, low = f.format.ln2
    square, s, more = _remainder(f)
    correction = s.fma(more, k * (low * unit))
    return k.fma(high * unit, f - (square - correction))


def log(x: Value) -> Value:
    return _log_of_parts(*_parts(x))


def log2(x: Value) -> Value:
    k, unit, f = _parts(x)
    square, s, more = _remainder(f)
    factor = f.format.log2_e[0]
    return f.fma(factor, s.fma(more, -square).fma(factor, k * unit))


def log10(x: Value) -> Value:
    k, unit, f = _parts(x)
    square, s, more = _remainder(f)
    factor, (high, low) = f.format.log10_e[0], f.format.log10_2
    rest = s.fma(more, -square).fma(factor, k * (low * unit))
    return f.fma(factor, k.fma(high * unit, rest))


def _log_of_sum(u: Value, lost: Value, special: Value, repaired: Repair) -> Value:
    """log(u + lost), as accurate where it is near 0; ``lost`` is below the last bit of u.

    ``repaired`` gives u, lost and what is added to k in the special lanes.
    """
    form = u.format
    unit = whole(u.as_int())[1]
    u, lost, more = u.body.rarely(
        special.any(), [u, lost, u.constant(0.0)], lambda: repaired(1.0 / unit)
    )
    bits, m = split(u)
    scale = ((form.bias << form.precision) - bits).as_float()  # 2**−k
    f = lost.fma(scale, m - 1.0)
    return _log_of_parts(whole(bits)[0] + more, unit, f)


def log1p(x: Value) -> Value:
    u = x + 1.0
    lost = x - (u - 1.0)  # u + lost = 1 + x, but for large x, where it does not matter
    huge = 2.0 ** (x.format.bias - 1)

    def repaired(one: float) -> list[Value]:
        far = u.compare("uge", huge)
        more = _instead_of_k(u, far.where(one, 0.0, u))
        finite = u.compare("ogt", 0.0) & u.compare("olt", math.inf)
        return [finite.where(far.where(u * 0.5, u), 1.0), far.where(0.0, lost), more]

    special = u.compare("uge", huge) | u.compare("ole", 0.0)
    return _log_of_sum(u, lost, special, repaired).copysign(x)


def _log_of_root_and(a: Value, sign: float) -> Value:
    """log(a + √(a² + sign)) for a ≥ 0."""
    square = a * a
    s = square + sign
    lost = (square - (s - sign)) + a.fma(a, -square)
    root = s.sqrt()
    if sign > 0:
        u = root + a  # the larger term first, so that the sum's error is exact
        lost_sum = a - (u - root)
        divisor = root
    else:
        u = a + root
        lost_sum = root - (u - a)
        divisor = root.compare("olt", 2.0**-60).where(1.0, root)
    lost = ((-root).fma(root, s) + lost) * (0.5 / divisor) + lost_sum

    def repaired(one: float) -> list[Value]:
        far = a.compare("uge", a.format.far_log)
        endless = a.compare("ueq", math.inf)
        more = endless.where(a, far.where(2.0 * one, 0.0, a))
        return [endless.where(1.0, far.where(a * 0.5, u)), far.where(0.0, lost), more]

    return _log_of_sum(u, lost, a.compare("uge", a.format.far_log), repaired)


def asinh(x: Value) -> Value:
    return _log_of_root_and(x.abs(), 1.0).copysign(x)


def acosh(x: Value) -> Value:
    return x.compare("olt", 1.0).where(math.nan, _log_of_root_and(x, -1.0))


def atanh(x: Value) -> Value:
    """Half of log((1 + a)/(1 − a)), with k from the bits of the two so that one division is left.

    It is k/2·log(2) + atanh(s), where s = (n − d)/(n + d), n = 1 + a and d = 2**k·(1 − a).
    """
    form, size = x.format, x.abs()
    p = form.precision
    unit = whole(x.as_int())[1]

    def repaired() -> list[Value]:
        outside = size.compare("uge", 1.0)
        value = size.compare("oeq", 1.0).where(math.inf, math.nan, x)
        return [outside.where(0.0, size), outside.where(value, 0.0)]

    beyond = size.compare("uge", 1.0).any()
    a, more = x.body.rarely(beyond, [size, x.constant(0.0)], repaired)
    n, d = a + 1.0, 1.0 - a
    lost_n, lost_d = a - (n - 1.0), (1.0 - d) - a
    # k becomes 1 at a = 1/4, so that the two terms never cancel much.
    bits = (n.as_int() - d.as_int() + (1 << (p - 2))) & -(1 << p)
    scale = (bits + (form.bias << p)).as_float()
    d = d * scale
    s = (n - d + (-scale).fma(lost_d, lost_n)) / (n + d + scale.fma(lost_d, lost_n))
    k = whole(bits)[0] + more
    high, low = form.ln2
    z = s * s
    rest = (s * z).fma(polynomial(z, form.atanh), k * (0.5 * low * unit))
    return k.fma(0.5 * high * unit, s + rest).copysign(x)


def logaddexp(x: Value, y: Value) -> Value:
    difference = x - y
    larger = difference.compare("ogt", 0.0).where(x, y)
    sum_ = larger + log1p(exp(-difference.abs()))
    return x.compare("oeq", y).where(x + math.log(2), sum_)  # equal infinities
