"""The exponential function, its relatives, and the parts of it that other formulas share."""

from __future__ import annotations

import math

from functrans.codegen.values import Value, polynomial


def clamp(x: Value, low: float, high: float) -> Value:
    """``x`` moved into the interval; NaN stays NaN."""
    x = x.compare("olt", low).where(low, x)
    return x.compare("ogt", high).where(high, x)


def nearest(x: Value, factor: float = 1.0) -> tuple[Value, Value]:
    """The integer next to ``x·factor``: as a float, and with the exponent bias in low bits.

    The addition rounds, and nothing may be cancelled out of it: formulas carry no flag that
    allows reassociation.
    """
    form = x.format
    offset = form.shift + form.bias
    shifted = x + offset if factor == 1.0 else x.fma(factor, offset)
    return shifted - offset, shifted.as_int()


def power_of_two(biased: Value, plus: int = 0) -> Value:
    """``2**(k + plus)`` from the bits that ``_nearest`` gives for k; it must be normal."""
    form = biased.format
    return ((biased + plus if plus else biased) << form.precision).as_float()


def reduce_by_ln2(x: Value) -> tuple[Value, Value, Value, Value]:
    """k with its bits, r and a tail, with ``x = k·ln2 + r + tail`` and |r| ≤ ln2/2."""
    high, low = x.format.ln2
    k, bits = nearest(x, 1 / math.log(2))
    minus_k = -k
    partly = minus_k.fma(high, x)
    r = minus_k.fma(low, partly)
    return k, bits, r, minus_k.fma(low, partly - r)


def exp(x: Value) -> Value:
    x = clamp(x, *x.format.exp_range)
    _, bits, r, _ = reduce_by_ln2(x)
    return _exp_of_parts(r, bits, x.compare("olt", x.format.exp_subnormal))


def exp2(x: Value) -> Value:
    x = clamp(x, *x.format.exp2_range)
    k, bits = nearest(x)
    low = x.compare("olt", float(3 - x.format.bias))
    return _exp_of_parts((x - k) * math.log(2), bits, low)


def _exp_of_parts(r: Value, bits: Value, low: Value) -> Value:
    """``e^r·2**k``, scaled in two steps so that it may be subnormal (``low``) or infinite."""
    e = (r * r).fma(polynomial(r, r.format.exp), r) + 1.0
    lift = r.format.precision + 12
    scale = power_of_two(bits + low.where(lift, -1, bits))
    return e * scale * low.where(2.0**-lift, 2.0, r)


def _expm1_parts(x: Value, plus: int) -> tuple[Value, Value, Value]:
    """p and its rounding error with p = exp(r) − 1, and 2**(k + plus), where x = k·ln2 + r."""
    _, bits, r, tail = reduce_by_ln2(x)
    rest = (r * r).fma(polynomial(r, r.format.expm1), tail)
    p = r + rest
    return p, (r - p) + rest, power_of_two(bits, plus)


def expm1(x: Value) -> Value:
    p, _, half = _expm1_parts(clamp(x, x.format.expm1_low, x.format.exp_range[1]), -1)
    return (p.fma(half, half - 0.5) * 2.0).copysign(x)  # 2**k itself may overflow


def quotient(top: Value, bottom: Value, lost: Value) -> Value:
    """``top/(bottom + lost)`` rounded nearly once, ``lost`` being the rounding error of a sum."""
    inverse = 1.0 / bottom
    q = top * inverse
    return (-q).fma(lost, (-q).fma(bottom, top)).fma(inverse, q)


def tanh(x: Value) -> Value:
    """From exp(2|x|) − 1, which stays small where x is small."""
    twice = x.abs() * 2.0
    limit = (x.format.precision + 3) * math.log(2)  # beyond it the result is 1
    p, _, scale = _expm1_parts(twice.compare("ogt", limit).where(limit, twice), 0)
    m = p.fma(scale, scale - 1.0)
    bottom = m + 2.0
    return quotient(m, bottom, m - (bottom - 2.0)).copysign(x)


def sinh(x: Value) -> Value:
    """(m + m/(m + 1))/2 with m = exp(|x|) − 1; the error of m counts where x is small."""
    size = x.abs()
    p, lost, quarter = _expm1_parts(clamp(size, 0.0, x.format.sinh_high), -2)
    q = p.fma(quarter, quarter - 0.25)
    result = (q + q / q.fma(4.0, 1.0)).fma(2.0, lost)
    tiny = size.compare("olt", 2.0 ** -(x.format.precision // 2 + 2))  # a quarter may be subnormal
    return tiny.where(size, result).copysign(x)


def cosh(x: Value) -> Value:
    p, _, quarter = _expm1_parts(clamp(x.abs(), 0.0, x.format.sinh_high), -2)
    q = p.fma(quarter, quarter)  # exp(|x|)/4
    return (q + 0.0625 / q) * 2.0


def logistic(x: Value) -> Value:
    e = exp(-x.abs())  # never overflows, and keeps small results exact
    bottom = e + 1.0
    return quotient(x.compare("olt", 0.0).where(e, 1.0), bottom, e - (bottom - 1.0))
