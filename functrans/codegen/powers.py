"""Powers, cube roots and the hypotenuse."""

from __future__ import annotations

import math

from functrans.codegen.exponentials import clamp, nearest, power_of_two
from functrans.codegen.logarithms import no_normal, split, whole
from functrans.codegen.values import Value, polynomial


def pow(x: Value, y: Value) -> Value:
    """``2**(y·log2 |x|)``; signs, zeros, infinities and what overflows come last."""
    form, special = x.format, no_normal(x)
    lift = form.precision + 2
    unit = whole(x.as_int())[1]
    bits, m = split(x)

    def positive() -> list[Value]:
        size = x.abs()
        tiny = size.compare("olt", form.smallest_normal)
        bits, m = split(tiny.where(size * 2.0**lift, size))
        return [whole(bits)[0] - tiny.where(lift / unit, 0.0, x), m - 1.0]

    k, f = x.body.rarely(special.any(), [whole(bits)[0], m - 1.0], positive)
    power = _single_power if x.type == "float" else _double_power
    return power(x, y, special, k, unit, f)


def _double_power(x: Value, y: Value, special: Value, k: Value, unit: float, f: Value) -> Value:
    p, p_low = _times_log2(k, unit, f, y)
    shifted = (p + p_low) + x.format.shift
    r = (p - (shifted - x.format.shift)) + p_low
    e = r.fma(polynomial(r, x.format.two_power), 1.0)
    exponent = shifted.as_int() << x.format.precision

    def repaired() -> list[Value]:
        up = p.compare("ogt", 0.0)
        half = 64 << x.format.precision
        scaled = (e.as_int() + (exponent + up.where(-half, half, exponent))).as_float()
        scaled = scaled * up.where(2.0**64, 2.0**-64, x)
        scaled = p.compare("ogt", 1025.0).where(math.inf, scaled)
        scaled = p.compare("olt", -1080.0).where(0.0, scaled)
        return [_all_powers(x, y, scaled)]

    outside = special | p.abs().compare("uge", 1020.0)
    return x.body.rarely(outside.any(), [(e.as_int() + exponent).as_float()], repaired)[0]


# log2((1 + s)/(1 − s)) = s·(first + z·(second + z·(…))), z = s²; first is a sum.
_FIRST = (float.fromhex("0x1.71547652b82fep+1"), float.fromhex("0x1.777d0ffda0d24p-55"))
_SECOND = float.fromhex("0x1.ec709dc3a03fdp-1")
_OTHERS = (0.5770780163556545, 0.41219858308250823, 0.3205989034666969, 0.2623076186969008,
           0.22198717270686083, 0.19119112079546485, 0.19091268710715847)  # fmt: skip


def _times_log2(k: Value, unit: float, f: Value, y: Value) -> tuple[Value, Value]:
    """``y·(k + log2(1 + f))`` to 2^-64 of itself, as a number and up to 2^-12 of it."""
    inverse = 1.0 / (f + 2.0)
    s = f * inverse
    s_lost = (-s).fma(f, s.fma(-2.0, f)) * inverse  # f − s·(f + 2), whose first part is exact
    z = s * s
    z_lost = s.fma(s, -z)
    b = z * _SECOND
    bend = z * polynomial(z, _OTHERS)
    b_lost = z.fma(bend, z_lost.fma(_SECOND, z.fma(_SECOND, -b)))
    c = b + _FIRST[0]
    c_lost = ((_FIRST[0] - c) + b) + (b_lost + _FIRST[1])
    log = s * c
    slope = b.fma(2.0, c)
    log_lost = s_lost.fma(slope, s.fma(c_lost, s.fma(c, -log)))
    total = k.fma(unit, log)
    total_lost = (k.fma(unit, -total) + log) + log_lost
    p = y * total
    return p, y.fma(total_lost, y.fma(total, -p))


_SINGLE_LOG2 = (2 / math.log(2), 2 / math.log(2) / 3, 0.5770802093258208, 0.4118482571351238,
                0.3378556191743336)  # fmt: skip
_SINGLE_POWER = (1.0, 0.6931471882324562, 0.24022651084117294, 0.05550357094287028,
                 0.009618030782505154, 0.0013390871338035259, 0.00015469731977475548)  # fmt: skip


def _single_power(x: Value, y: Value, special: Value, k: Value, unit: float, f: Value) -> Value:
    """In float64, whose range needs no care."""
    inverse = (1.0 / (f + 2.0)).cast("fpext", "double")  # to 24 bits; one step makes it 48
    f = f.cast("fpext", "double")
    s = f * inverse
    s = (-s).fma(f + 2.0, f).fma(inverse, s)
    log = s.fma(polynomial(s * s, _SINGLE_LOG2), k.cast("fpext", "double") * unit)
    p = clamp(y.cast("fpext", "double") * log, -300.0, 300.0)
    k, bits = nearest(p)
    e = polynomial(p - k, _SINGLE_POWER) * power_of_two(bits)
    result = e.cast("fptrunc", "float")
    outside = special | y.abs().compare("uge", math.inf)
    return x.body.rarely(outside.any(), [result], lambda: [_all_powers(x, y, result)])[0]


def _all_powers(x: Value, y: Value, power: Value) -> Value:
    """C's pow from |x| raised to y, which is right for positive finite |x|."""
    size, less = x.abs(), y.compare("olt", 0.0)
    power = size.compare("oeq", 0.0).where(less.where(math.inf, 0.0, x), power)
    power = size.compare("oeq", math.inf).where(less.where(0.0, math.inf, x), power)
    power = x.compare("uno", y).where(math.nan, power)
    integral = y.compare("oeq", y.rint())
    half = y * 0.5
    odd = integral & half.compare("one", half.rint())
    power = (odd & x.as_int().compare("slt", 0)).where(-power, power)
    negative = x.compare("olt", 0.0) & size.compare("olt", math.inf)
    power = (negative & (integral ^ True)).where(math.nan, power)
    both = size.compare("oeq", 1.0) & y.abs().compare("oeq", math.inf)
    return (both | x.compare("oeq", 1.0) | y.compare("oeq", 0.0)).where(1.0, power)


def cbrt(x: Value) -> Value:
    """From w ≈ 1/∛x, whose seed is a third of the bits of x, and one step on the residual."""
    form, size = x.format, x.abs()
    lowest, lift = form.cbrt_range
    infinity = (2 * form.bias + 1) << form.precision
    first = (form.bias + round(math.log2(lowest))) << form.precision
    some = (size.as_int() - first).compare("uge", infinity - first).any()

    def lifted() -> list[Value]:
        return [size.compare("olt", lowest).where(size * lift, size)]

    (a,) = x.body.rarely(some, [size], lifted)
    w = _cbrt_seed(a)
    h = (-(a * w * w)).fma(w, 1.0)
    w = (w * h).fma(polynomial(h, form.cbrt), w)
    square = w * w
    y = a * square
    y = (-(y * y)).fma(y, a).fma(square * (1 / 3), y)

    def lowered() -> list[Value]:
        small = size.compare("olt", lowest).where(y * 2.0 ** (-round(math.log2(lift)) // 3), y)
        odd = size.compare("ueq", math.inf) | size.compare("oeq", 0.0)
        return [odd.where(size, small)]

    (y,) = x.body.rarely(some, [y], lowered)
    return y.copysign(x)


def _cbrt_seed(a: Value) -> Value:
    seed = a.format.cbrt_seed
    if a.bits == 32:
        third = a.as_int().cast("sitofp", "float").fma(-1 / 3, seed)
        return third.cast("fptosi", "i32").as_float()
    third = ((a.as_int() >> 32) * 0x55555556) >> 32
    return ((seed - third) << 32).as_float()


def hypot(x: Value, y: Value) -> Value:
    form = x.format
    low, high = form.hypot_range
    first, last = ((form.bias + round(math.log2(v))) << form.precision for v in (low, high))
    larger = x.abs().as_int().intrinsic("umax", y.abs().as_int())
    some = (larger - first).compare("uge", last - first).any()
    scale = high**1.5

    def factor(up: float) -> Value:
        size = larger.as_float()
        smaller = size.compare("olt", low).where(up, 1.0, x)
        return size.compare("oge", high).where(1.0 / up, smaller)

    def scaled() -> list[Value]:
        by = factor(scale)
        return [x * by, y * by]

    a, b = x.body.rarely(some, [x, y], scaled)
    length = a.fma(a, b * b).sqrt()

    def rescaled() -> list[Value]:
        infinite = x.abs().compare("oeq", math.inf) | y.abs().compare("oeq", math.inf)
        return [infinite.where(math.inf, length * factor(1.0 / scale))]

    return x.body.rarely(some, [length], rescaled)[0]
