"""Scalar functions written as branch-free formulas, and the LLVM IR they become.

``Value`` overloads the operators, so that a Python function over Values reads as its formula and
emits instructions when it runs. The same formula serves float32 and float64, one element or a
vector of them. ``helper`` gives a short function, to be inlined at once; ``late_helper`` gives a
long one, or its vector form, to be linked in after the vectoriser has run, so that the optimiser
never sees its body. The polynomials are minimax fits of ours.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

Dtype = np.dtype[Any]


# --- Types and constants --------------------------------------------------------------------


def llvm_type(dtype: Dtype) -> str:
    """The type of a value in a register; a bool is one bit."""
    if dtype.kind == "b":
        return "i1"
    if dtype.kind == "f":
        return {8: "double", 4: "float", 2: "half"}[dtype.itemsize]
    if dtype.kind in "iu":
        return f"i{8 * dtype.itemsize}"
    raise TypeError(f"no LLVM type for {dtype}")


def memory_type(dtype: Dtype) -> str:
    """The type of a value in memory; a bool is one byte, 0 or 1."""
    return "i8" if dtype.kind == "b" else llvm_type(dtype)


def literal(value: Any, dtype: Dtype) -> str:
    """A constant, exact to the bit; infinities and NaN included.

    >>> literal(0.1, np.dtype(np.float64)), literal(True, np.dtype(bool))
    ('0x3FB999999999999A', 'true')
    """
    if dtype.kind == "b":
        return "true" if value else "false"
    if dtype.kind == "f":
        return _float_literal(float(dtype.type(value)))
    return str(int(dtype.type(value)))


def _float_literal(value: float) -> str:
    return "0x" + struct.pack(">d", value).hex().upper()  # LLVM writes float32 so, too


# --- Values ---------------------------------------------------------------------------------


class Body:
    """The straight-line body of one helper, over vectors when ``lanes`` is more than one."""

    def __init__(self, lanes: int = 1) -> None:
        self.lanes = lanes
        self.lines: list[str] = []
        self.declarations: dict[str, None] = {}

    def full(self, type_: str) -> str:
        """The type of all lanes."""
        return type_ if self.lanes == 1 else f"<{self.lanes} x {type_}>"

    def emit(self, type_: str, text: str) -> Value:
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = {text}")
        return Value(self, name, type_)


class Value:
    """A register of a helper; arithmetic on it emits instructions. ``type`` is of one lane."""

    __slots__ = ("body", "name", "type")

    def __init__(self, body: Body, name: str, type_: str) -> None:
        self.body = body
        self.name = name
        self.type = type_

    @property
    def full(self) -> str:
        return self.body.full(self.type)

    @property
    def is_float(self) -> bool:
        return self.type in ("double", "float")

    @property
    def bits(self) -> int:
        return {"double": 64, "float": 32}.get(self.type) or int(self.type[1:])

    @property
    def format(self) -> Format:
        """The float format of this width, also for the bits of one."""
        return _DOUBLE if self.bits == 64 else _SINGLE

    def of(self, x: Value | float) -> str:
        """The operand's text, a number becoming a constant of this type."""
        if isinstance(x, Value):
            return x.name
        if self.is_float:
            text = literal(x, np.dtype(np.float32 if self.type == "float" else np.float64))
        elif self.type == "i1":
            text = "true" if x else "false"
        else:
            text = str(x)
        return text if self.body.lanes == 1 else f"splat ({self.type} {text})"

    def _binary(self, float_op: str, int_op: str, a: Value | float, b: Value | float) -> Value:
        op = float_op if self.is_float else int_op
        return self.instruction(op, a, b)

    def instruction(self, op: str, a: Value | float, b: Value | float) -> Value:
        """``a op b`` in this type."""
        return self.body.emit(self.type, f"{op} {self.full} {self.of(a)}, {self.of(b)}")

    def __add__(self, y: Value | float) -> Value:
        return self._binary("fadd", "add", self, y)

    def __radd__(self, y: Value | float) -> Value:
        return self._binary("fadd", "add", y, self)

    def __sub__(self, y: Value | float) -> Value:
        return self._binary("fsub", "sub", self, y)

    def __rsub__(self, y: Value | float) -> Value:
        return self._binary("fsub", "sub", y, self)

    def __mul__(self, y: Value | float) -> Value:
        return self._binary("fmul", "mul", self, y)

    def __rmul__(self, y: Value | float) -> Value:
        return self._binary("fmul", "mul", y, self)

    def __truediv__(self, y: Value | float) -> Value:
        return self._binary("fdiv", "sdiv", self, y)

    def __rtruediv__(self, y: Value | float) -> Value:
        return self._binary("fdiv", "sdiv", y, self)

    def __neg__(self) -> Value:
        if self.is_float:
            return self.body.emit(self.type, f"fneg {self.full} {self.name}")
        return 0 - self

    def __and__(self, y: Value | int) -> Value:
        return self.instruction("and", self, y)

    def __or__(self, y: Value | int) -> Value:
        return self.instruction("or", self, y)

    def __xor__(self, y: Value | int) -> Value:
        return self.instruction("xor", self, y)

    def __lshift__(self, y: Value | int) -> Value:
        return self.instruction("shl", self, y)

    def __rshift__(self, y: Value | int) -> Value:
        """Logical shift."""
        return self.instruction("lshr", self, y)

    def compare(self, predicate: str, y: Value | float) -> Value:
        op = "fcmp" if self.is_float else "icmp"
        return self.body.emit("i1", f"{op} {predicate} {self.full} {self.name}, {self.of(y)}")

    def where(self, yes: Value | float, no: Value | float, like: Value | None = None) -> Value:
        """``yes`` where this condition holds, else ``no``; a Value among the three types both."""
        typed = yes if isinstance(yes, Value) else no if isinstance(no, Value) else like
        assert isinstance(typed, Value)
        t = typed.full
        choices = f"{t} {typed.of(yes)}, {t} {typed.of(no)}"
        return self.body.emit(typed.type, f"select {self.full} {self.name}, {choices}")

    def fma(self, y: Value | float, z: Value | float) -> Value:
        """``self·y + z``, rounded once."""
        return self.intrinsic("fma", y, z)

    def abs(self) -> Value:
        return self.intrinsic("fabs")

    def copysign(self, y: Value | float) -> Value:
        return self.intrinsic("copysign", y)

    def intrinsic(self, name: str, *more: Value | float) -> Value:
        t, lanes = self.full, self.body.lanes
        vector = "" if lanes == 1 else f"v{lanes}"
        symbol = f"@llvm.{name}.{vector}{'f' if self.is_float else 'i'}{self.bits}"
        types = ", ".join([t] * (1 + len(more)))
        self.body.declarations[f"declare {t} {symbol}({types})"] = None
        args = ", ".join(f"{t} {self.of(x)}" for x in (self, *more))
        return self.body.emit(self.type, f"call {t} {symbol}({args})")

    def as_int(self) -> Value:
        """The bits as an integer."""
        return self.cast("bitcast", f"i{self.bits}")

    def as_float(self) -> Value:
        return self.cast("bitcast", "double" if self.bits == 64 else "float")

    def cast(self, op: str, to: str) -> Value:
        return self.body.emit(to, f"{op} {self.full} {self.name} to {self.body.full(to)}")


def polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """``Σ c[i]·x**i`` in two interleaved chains, which halves the latency of Horner's one."""
    if len(coefficients) < 5:
        return _horner(x, coefficients)
    square = x * x
    even, odd = _horner(square, coefficients[::2]), _horner(square, coefficients[1::2])
    return odd.fma(x, even)


def _horner(x: Value, coefficients: Sequence[float]) -> Value:
    *rest, last = coefficients
    if not rest:
        return x.instruction("fadd", last, -0.0)
    sum_ = x.fma(last, rest.pop())
    for c in reversed(rest):
        sum_ = sum_.fma(x, c)
    return sum_


# --- Formulas -------------------------------------------------------------------------------
# Each takes Values of one float type; the numbers of that format come from ``Format``.


@dataclass(frozen=True, slots=True)
class Format:
    """A binary floating format, and the polynomials that are good enough for it."""

    precision: int  # stored bits of the significand
    bias: int
    ln2: tuple[float, float]  # high part, so short that its product with an exponent is exact
    sqrt_half: int  # bits of √½
    largest: float
    exp_range: tuple[float, float]  # beyond which exp is 0 or infinite
    exp2_range: tuple[float, float]
    exp_subnormal: float  # below which exp may be subnormal
    expm1_low: float  # below which expm1 is −1
    sinh_high: float  # above which sinh is infinite
    exp: tuple[float, ...]  # (e^r − 1 − r)/r² on |r| ≤ ln2/2, for e^r
    expm1: tuple[float, ...]  # the same, for e^r − 1
    log: tuple[float, ...]  # (log((1+s)/(1−s))/s − 2)/s² in s², |s| ≤ 3 − 2√2
    log2_e: tuple[float, float]  # 1/log(2), 1/log(10) and log10(2) as sums
    log10_e: tuple[float, float]
    log10_2: tuple[float, float]
    half_pi: tuple[float, float, float]  # as a sum
    circle_limit: float  # beyond which three parts of π/2 are too few
    sin: tuple[float, ...]  # (sin(r)/r − 1)/r² in r², |r| ≤ π/4
    cos: tuple[float, ...]  # (cos(r) − 1 + r²/2)/r⁴ in r²

    @property
    def shift(self) -> float:
        """Added to an integral number, it puts the integer into the low bits."""
        return 1.5 * 2.0**self.precision

    @property
    def smallest_normal(self) -> float:
        return 2.0 ** (1 - self.bias)


_DOUBLE = Format(
    precision=52,
    bias=1023,
    ln2=(float.fromhex("0x1.62e42fefa3800p-1"), float.fromhex("0x1.ef35793c76730p-45")),
    sqrt_half=0x3FE6A09E667F3BCD,
    largest=float.fromhex("0x1.fffffffffffffp+1023"),
    exp_range=(-746.0, 710.0),
    exp2_range=(-1076.0, 1025.0),
    exp_subnormal=-707.0,
    expm1_low=-100.0,
    sinh_high=710.7,
    # Errors below 2^-58 of e^r, 2^-61.7 relative to e^r − 1, 2^-58 of the logarithm.
    exp=(0.5000000000000012, 0.166666666666667, 0.04166666666651553, 0.008333333333307281,
         0.0013888888946994367, 0.00019841269917196815, 2.4801489957536435e-05,
         2.755721647481865e-06, 2.7631276862278717e-07, 2.5117805901432445e-08),
    expm1=(0.5, 0.16666666666666677, 0.0416666666666667, 0.008333333333321615,
           0.0013888888888866854, 0.00019841269886158627, 2.4801587360526476e-05,
           2.755724418181788e-06, 2.755724278310075e-07, 2.5109044930089584e-08,
           2.0924436613885687e-09),
    log=(0.6666666666666734, 0.3999999999941377, 0.2857142874262121, 0.22222198546364488,
         0.18183565853759207, 0.15314008306642574, 0.1479640204433873),
    log2_e=(float.fromhex("0x1.71547652b82fep+0"), float.fromhex("0x1.777d0ffda0d24p-56")),
    log10_e=(float.fromhex("0x1.bcb7b1526e50ep-2"), float.fromhex("0x1.95355baaafad3p-57")),
    log10_2=(float.fromhex("0x1.34413509f79ffp-2"), float.fromhex("-0x1.9dc1da994fd21p-59")),
    half_pi=(float.fromhex("0x1.921fb54442d18p+0"), float.fromhex("0x1.1a62633145c07p-54"),
             float.fromhex("-0x1.f1976b7ed8fbcp-110")),
    circle_limit=2.0**26,
    # Errors below 2^-58 of the sine, relative to r, and 2^-64 of the cosine.
    sin=(-0.16666666666666632, 0.008333333333322429, -0.00019841269829817492,
         2.755731369458922e-06, -2.5050758440326755e-08, 1.5896809994963965e-10),
    cos=(0.0416666666666666, -0.001388888888887413, 2.4801587289484725e-05,
         -2.7557314352876433e-07, 2.087572332839126e-09, -1.1359649942279497e-11),
)  # fmt: skip

_SINGLE = Format(
    precision=23,
    bias=127,
    ln2=(float.fromhex("0x1.62e400p-1"), float.fromhex("0x1.7f7d1cf79abcap-20")),
    sqrt_half=0x3F3504F3,
    largest=float.fromhex("0x1.fffffep+127"),
    exp_range=(-104.0, 89.0),
    exp2_range=(-151.0, 129.0),
    exp_subnormal=-86.0,
    expm1_low=-30.0,
    sinh_high=89.6,
    # Errors below 2^-28.2 of e^r, 2^-31.9 relative to e^r − 1, 2^-29.1 of the logarithm.
    exp=(0.5, 0.16666518, 0.041666206, 0.00836889, 0.0013950494),
    expm1=(0.5, 0.16666667, 0.041666355, 0.008333273, 0.0013941014, 0.00019914276),
    log=(0.66666776, 0.3997753, 0.2987215),
    log2_e=(float.fromhex("0x1.7154760000000p+0"), float.fromhex("0x1.4ae0c00000000p-26")),
    log10_e=(float.fromhex("0x1.bcb7b20000000p-2"), float.fromhex("-0x1.5b235e0000000p-27")),
    log10_2=(float.fromhex("0x1.3441360000000p-2"), float.fromhex("-0x1.ec10c00000000p-27")),
    half_pi=(float.fromhex("0x1.921fb6p+0"), float.fromhex("-0x1.777a5cp-25"),
             float.fromhex("-0x1.ee59dap-50")),
    circle_limit=2.0**12,
    # Errors below 2^-28 of the sine, relative to r, and 2^-33.2 of the cosine.
    sin=(-0.16666654874737866, 0.008332173526601327, -0.00019516649097606203),
    cos=(0.041666646762778266, -0.0013887361892257783, 2.4437760048104152e-05),
)  # fmt: skip


def _clamp(x: Value, low: float, high: float) -> Value:
    """``x`` moved into the interval; NaN stays NaN."""
    x = x.compare("olt", low).where(low, x)
    return x.compare("ogt", high).where(high, x)


def _nearest(x: Value, factor: float = 1.0) -> tuple[Value, Value]:
    """The integer next to ``x·factor``: as a float, and with the exponent bias in low bits.

    The addition rounds, and nothing may be cancelled out of it: helpers carry no flag that
    allows reassociation.
    """
    form = x.format
    offset = form.shift + form.bias
    shifted = x + offset if factor == 1.0 else x.fma(factor, offset)
    return shifted - offset, shifted.as_int()


def _power_of_two(biased: Value, plus: int = 0) -> Value:
    """``2**(k + plus)`` from the bits that ``_nearest`` gives for k; it must be normal."""
    form = biased.format
    return ((biased + plus if plus else biased) << form.precision).as_float()


def _reduce_by_ln2(x: Value) -> tuple[Value, Value, Value, Value]:
    """k with its bits, r and a tail, with ``x = k·ln2 + r + tail`` and |r| ≤ ln2/2."""
    high, low = x.format.ln2
    k, bits = _nearest(x, 1 / math.log(2))
    minus_k = -k
    partly = minus_k.fma(high, x)
    r = minus_k.fma(low, partly)
    return k, bits, r, minus_k.fma(low, partly - r)


def _exp(x: Value) -> Value:
    x = _clamp(x, *x.format.exp_range)
    _, bits, r, _ = _reduce_by_ln2(x)
    return _exp_of_parts(r, bits, x.compare("olt", x.format.exp_subnormal))


def _exp2(x: Value) -> Value:
    x = _clamp(x, *x.format.exp2_range)
    k, bits = _nearest(x)
    low = x.compare("olt", float(3 - x.format.bias))
    return _exp_of_parts((x - k) * math.log(2), bits, low)


def _exp_of_parts(r: Value, bits: Value, low: Value) -> Value:
    """``e^r·2**k``, scaled in two steps so that it may be subnormal (``low``) or infinite."""
    e = (r * r).fma(polynomial(r, r.format.exp), r) + 1.0
    lift = r.format.precision + 12
    scale = _power_of_two(bits + low.where(lift, -1, bits))
    return e * scale * low.where(2.0**-lift, 2.0, r)


def _expm1_parts(x: Value, plus: int) -> tuple[Value, Value]:
    """p = exp(r) − 1 and 2**(k + plus), with x = k·ln2 + r."""
    _, bits, r, tail = _reduce_by_ln2(x)
    p = r + (r * r).fma(polynomial(r, r.format.expm1), tail)
    return p, _power_of_two(bits, plus)


def _expm1_clamped(x: Value) -> Value:
    p, half = _expm1_parts(x, -1)  # 2**k itself may overflow where the result does not
    return p.fma(half, half - 0.5) * 2.0


def _expm1(x: Value) -> Value:
    return _expm1_clamped(_clamp(x, x.format.expm1_low, x.format.exp_range[1])).copysign(x)


def _tanh(x: Value) -> Value:
    """From exp(2|x|) − 1, which stays small where x is small."""
    twice = x.abs() * 2.0
    limit = -x.format.expm1_low  # beyond it the result is 1
    m = _expm1_clamped(twice.compare("ogt", limit).where(limit, twice))
    return (m / (m + 2.0)).copysign(x)


def _sinh(x: Value) -> Value:
    p, quarter = _expm1_parts(_clamp(x.abs(), 0.0, x.format.sinh_high), -2)
    q = p.fma(quarter, quarter - 0.25)  # (exp(|x|) − 1)/4
    return ((q + q / q.fma(4.0, 1.0)) * 2.0).copysign(x)


def _cosh(x: Value) -> Value:
    p, quarter = _expm1_parts(_clamp(x.abs(), 0.0, x.format.sinh_high), -2)
    q = p.fma(quarter, quarter)  # exp(|x|)/4
    return (q + 0.0625 / q) * 2.0


def _logistic(x: Value) -> Value:
    e = _exp(-x.abs())  # never overflows, and keeps small results exact
    return x.compare("olt", 0.0).where(e, 1.0) / (e + 1.0)


def _split(x: Value) -> tuple[Value, Value, Value]:
    """k with its biased bits and m with ``x = 2**k·m``, √½ ≤ m < √2, for positive x."""
    form = x.format
    p, lift = form.precision, form.precision + 2
    tiny = x.compare("olt", form.smallest_normal)
    scaled = tiny.where(x * 2.0**lift, x).as_int()
    bits = scaled + ((form.bias << p) - form.sqrt_half)
    m = ((bits & (2**p - 1)) + form.sqrt_half).as_float()
    biased = bits >> p
    exponent_of_two_p = (form.bias + p) << p  # so that the bits of an integer make a float
    offset = 2.0**p + form.bias
    k = (biased | exponent_of_two_p).as_float() - tiny.where(offset + lift, offset, x)
    return k, biased, m


def _log_special(x: Value, result: Value) -> Value:
    """The logarithm's values at 0, below 0, at infinity and NaN."""
    result = x.compare("ogt", x.format.largest).where(x, result)
    result = x.compare("ult", 0.0).where(math.nan, result)
    return x.compare("oeq", 0.0).where(-math.inf, result)


def _log_remainder(f: Value) -> tuple[Value, Value, Value]:
    """s, f²/2 and R with ``log(1 + f) = f − (f²/2 − s·(f²/2 + R))``."""
    s = f / (f + 2.0)
    z = s * s
    return s, f * f * 0.5, z * polynomial(z, f.format.log)


def _log(x: Value) -> Value:
    k, _, m = _split(x)
    high, low = x.format.ln2
    f = m - 1.0
    s, square, remainder = _log_remainder(f)
    correction = s.fma(square + remainder, k * low)
    return _log_special(x, k.fma(high, f - (square - correction)))


def _log1p(x: Value) -> Value:
    form = x.format
    u = x + 1.0
    k, biased, m = _split(u)
    f = m - 1.0
    # u + lost = 1 + x exactly; log1p(x) = log(u) + lost/u, and the second term needs few bits.
    one = u - x
    lost = (1.0 - one) + (x - (u - one))
    scale = ((2 * form.bias + 1 - biased) << form.precision).as_float()  # 2**(1 − k)
    tail = lost * scale * f.fma(f - 1.0, 1.0) * 0.5
    s, square, remainder = _log_remainder(f)
    high, low = form.ln2
    correction = s.fma(square + remainder, k.fma(low, tail))
    result = _log_special(u, k.fma(high, f - (square - correction)))
    return x.compare("oeq", 0.0).where(x, result)


def _log_in_base(x: Value, inverse: tuple[float, float], step: tuple[float, float]) -> Value:
    """``log(x)·inverse`` with inverse and step = log(2)·inverse as unevaluated sums."""
    k, _, m = _split(x)
    f = m - 1.0
    s, square, remainder = _log_remainder(f)
    lost_square = (f * 0.5).fma(f, -square)
    high = f - square
    low = s.fma(square + remainder, ((f - high) - square) - lost_square)
    product = high * inverse[0]
    product_low = high.fma(inverse[0], -product) + high.fma(inverse[1], low * inverse[0])
    whole = k * step[0]
    total = whole + product
    lost = (whole - total) + product  # |whole| ≥ |product| unless k = 0, where nothing is lost
    return _log_special(x, total + (lost + k.fma(step[1], product_low)))


def _log2(x: Value) -> Value:
    return _log_in_base(x, x.format.log2_e, (1.0, 0.0))


def _log10(x: Value) -> Value:
    return _log_in_base(x, x.format.log10_e, x.format.log10_2)


def _circle(x: Value, turns: int) -> Value:
    """sin(x + turns·π/2); arguments beyond the format's limit are ``_RESCUED`` elsewhere."""
    form = x.format
    high, middle, low = form.half_pi
    k, bits = _nearest(x, 2 / math.pi)
    minus_k = -k
    partly = minus_k.fma(high, x)  # exact
    r = minus_k.fma(middle, partly)
    tail = minus_k.fma(low, minus_k.fma(middle, partly - r))
    z = r * r
    sine = r + (r * z).fma(polynomial(z, form.sin), tail)
    square = z * 0.5
    near = 1.0 - square
    lost = (1.0 - near) - square
    cosine = near + (lost + (z * z).fma(polynomial(z, form.cos), -(r * tail)))
    quarter = bits + (turns - form.bias)
    result = (quarter & 1).compare("ne", 0).where(cosine, sine)
    sign = (quarter & 2) << (x.bits - 2)
    return (result.as_int() ^ sign).as_float()


def _sin(x: Value) -> Value:
    return x.compare("oeq", 0.0).where(x, _circle(x, 0))  # keeps −0


def _cos(x: Value) -> Value:
    return _circle(x, 1)


def _far_around(x: Value) -> Value:
    """Where ``_circle`` is not enough: large arguments, but neither infinity nor NaN."""
    size = x.abs()
    return size.compare("ogt", x.format.circle_limit) & size.compare("one", math.inf)


def _logaddexp(x: Value, y: Value) -> Value:
    difference = x - y
    larger = difference.compare("ogt", 0.0).where(x, y)
    sum_ = larger + _log1p(_exp(-difference.abs()))
    return x.compare("oeq", y).where(x + math.log(2), sum_)  # equal infinities


def _sign(x: Value) -> Value:
    result = x.compare("olt", 0.0).where(-1.0, x.compare("oeq", 0.0).where(0.0, x))
    return x.compare("ogt", 0.0).where(1.0, result)


def _max(x: Value, y: Value) -> Value:
    return x.compare("uno", x).where(x, x.compare("ogt", y).where(x, y))


def _min(x: Value, y: Value) -> Value:
    return x.compare("uno", x).where(x, x.compare("olt", y).where(x, y))


def _frem(x: Value, y: Value) -> Value:
    return x.instruction("frem", x, y)


def _mod(x: Value, y: Value) -> Value:
    rest = _frem(x, y)
    opposite = y.compare("olt", 0.0) ^ rest.compare("olt", 0.0)
    moved = opposite.where(rest + y, rest)
    return rest.compare("oeq", 0.0).where(rest.copysign(y), moved)


def _floor_div(x: Value, y: Value) -> Value:
    rest = _frem(x, y)
    opposite = y.compare("olt", 0.0) ^ rest.compare("olt", 0.0)
    inexact = rest.compare("une", 0.0)
    quotient = (x - rest) / y
    quotient = (opposite & inexact).where(quotient - 1.0, quotient)
    floor = quotient.intrinsic("floor")
    floor = (quotient - floor).compare("ogt", 0.5).where(floor + 1.0, floor)
    plain = x / y
    floor = quotient.compare("oeq", 0.0).where(plain * 0.0, floor)
    return y.compare("oeq", 0.0).where(plain, floor)


_Formula = Callable[..., Value]

FORMULAS: dict[str, _Formula] = {
    "exp": _exp, "exp2": _exp2, "expm1": _expm1, "log": _log, "log2": _log2, "log10": _log10,
    "log1p": _log1p, "sin": _sin, "cos": _cos, "sinh": _sinh, "cosh": _cosh, "tanh": _tanh,
    "logistic": _logistic, "logaddexp": _logaddexp, "sign": _sign, "max": _max, "min": _min,
    "mod": _mod, "floor_div": _floor_div, "rem": _frem,
}  # fmt: skip

# Functions whose formula ends somewhere: where, and the C library's name of the function.
_RESCUED: dict[str, tuple[_Formula, str]] = {
    "sin": (_far_around, "sin"),
    "cos": (_far_around, "cos"),
}

# --- Integer formulas -----------------------------------------------------------------------


def _int_division(name: str, signed: bool) -> _Formula:
    """Division as NumPy has it: nothing traps, by zero gives zero."""

    def divide(x: Value, y: Value) -> Value:
        zero = y.compare("eq", 0)
        if not signed:
            op = "urem" if name in ("rem", "mod") else "udiv"
            safe = zero.where(1, y)
            result = x.instruction(op, x, safe)
            return zero.where(0, result)
        minus_one = y.compare("eq", -1)  # INT_MIN // -1 traps; −x wraps as NumPy does
        safe = (zero | minus_one).where(1, y)
        rest = x.instruction("srem", x, safe)
        floors = (rest ^ y).compare("slt", 0) & rest.compare("ne", 0)
        if name == "rem":
            return (zero | minus_one).where(0, rest)
        if name == "mod":
            return (zero | minus_one).where(0, floors.where(rest + y, rest))
        quotient = x.instruction("sdiv", x, safe)
        if name == "floor_div":
            quotient = floors.where(quotient - 1, quotient)
        return zero.where(0, minus_one.where(-x, quotient))

    return divide


def _shift(op: str) -> _Formula:
    def shift(x: Value, y: Value) -> Value:
        inside = y.compare("ult", x.bits)  # a negative count is a large one
        if op == "ashr":
            count = inside.where(y, x.bits - 1)
            return x.instruction("ashr", x, count)
        safe = inside.where(y, 0)
        return inside.where(x.instruction(op, x, safe), 0)

    return shift


def _int_sign(x: Value) -> Value:
    return x.compare("sgt", 0).cast("zext", x.type) - x.compare("slt", 0).cast("zext", x.type)


def _int_pow(x: Value, y: Value) -> Value:
    """Unsigned power by squaring; always all bits of the exponent, so that it vectorises."""
    result = x.instruction("add", 1, 0)
    for bit in range(x.bits):
        odd = ((y >> bit) & 1).compare("ne", 0)
        result = odd.where(result * x, result)
        x = x * x
    return result


def _int_formula(name: str, signed: bool) -> _Formula:
    if name in ("rem", "mod", "floor_div", "div"):
        return _int_division(name, signed)
    if name == "sign":
        return _int_sign
    if name == "pow":
        return _int_pow
    right = "ashr" if signed else "lshr"
    ops = {
        "shift_left": "shl",
        "shift_right": right,
        "shift_right_logical": "lshr",
        "shift_right_arithmetic": right,
    }
    return _shift(ops[name])


# --- Helpers --------------------------------------------------------------------------------


class Helper(NamedTuple):
    """A function of the module: its symbol, text and the declarations the text needs."""

    symbol: str
    text: str
    declarations: tuple[str, ...]


LATE = frozenset(FORMULAS) - {"sign", "max", "min", "mod", "floor_div", "rem"}
"""Functions so long that they are linked in after the optimiser."""


@cache
def helper(name: str, dtype_code: str, arity: int) -> Helper:
    """A short function, inlined at the start of optimisation."""
    symbol = f"ft.{name}.{dtype_code}"
    return _written(symbol, name, dtype_code, arity, 1, "internal", "alwaysinline nounwind")


PURE = "nounwind willreturn memory(none)"


def late_symbol(name: str, dtype_code: str, arity: int, lanes: int) -> str:
    """The symbol says everything that ``late_helper`` needs to write the function."""
    return f"ft.late.{name}.{dtype_code}.{arity}.{lanes}"


LATE_SYMBOL = re.compile(r"ft\.late\.\w+\.\w+\.\d+\.\d+")


def late_helper(symbol: str, inline: bool) -> Helper:
    """The definition of a symbol of ``late_symbol``, to be inlined or to be called."""
    _, _, name, dtype_code, arity, lanes = symbol.split(".")
    if name == OPAQUE:
        return _opaque_call(symbol, dtype_code, int(arity), int(lanes))
    return _late(symbol, name, dtype_code, int(arity), int(lanes), inline)


@cache
def _late(symbol: str, name: str, dtype_code: str, arity: int, lanes: int, inline: bool) -> Helper:
    linkage = "available_externally" if inline else ""  # what is inlined leaves no code of its own
    attributes = f"{'alwaysinline' if inline else 'noinline'} {PURE}"
    return _written(symbol, name, dtype_code, arity, lanes, linkage, attributes)


def _written(
    symbol: str, name: str, dtype_code: str, arity: int, lanes: int, linkage: str, attributes: str
) -> Helper:
    dtype = np.dtype(dtype_code)
    t = llvm_type(dtype)
    body = Body(lanes)
    arguments = [Value(body, f"%x{i}", t) for i in range(arity)]
    if dtype.kind != "f":
        result = _int_formula(name, dtype.kind == "i")(*arguments)
    else:
        result = FORMULAS[name](*arguments)
    if name in _RESCUED:
        where, function = _RESCUED[name]
        result = _rescue(body, where(arguments[0]), arguments[0], result, function)
    full = body.full(t)
    parameters = ", ".join(f"{full} %x{i}" for i in range(arity))
    code = "\n".join(body.lines)
    text = (
        f"define {linkage} {full} @{symbol}({parameters}) {attributes} {{\nstart:\n"
        f"{code}\n  ret {full} {result.name}\n}}\n"
    )
    return Helper(symbol, text, tuple(body.declarations))


OPAQUE = "opaque"
"""The late function that calls the inner loop of a ufunc on its lanes.

Its first argument is a record of the loop's addresses of code and data. The record never changes,
so that calls count as pure; the vectoriser would refuse a call that may read memory.
"""


@cache
def _opaque_call(symbol: str, dtype_code: str, arity: int, lanes: int) -> Helper:
    dtype = np.dtype(dtype_code)
    full = Body(lanes).full(llvm_type(dtype))
    arrays = [*(f"%a{i}" for i in range(arity)), "%result"]
    count = f"@ft.count.{lanes}"
    steps = f"@ft.steps.{dtype.itemsize}.{len(arrays)}"
    lines = [f"  {a} = alloca {full}, align 64" for a in arrays]
    lines.append(f"  %arrays = alloca [{len(arrays)} x ptr]")
    lines += [f"  store {full} %x{i}, ptr %a{i}" for i in range(arity)]
    for i, a in enumerate(arrays):
        lines.append(f"  %at{i} = getelementptr ptr, ptr %arrays, i64 {i}")
        lines.append(f"  store ptr {a}, ptr %at{i}")
    parameters = "".join(f", {full} %x{i}" for i in range(arity))
    text = "\n".join(
        [
            f"define {full} @{symbol}(ptr %record{parameters}) noinline nounwind {{",
            *lines,
            "  %loop = load ptr, ptr %record",
            "  %data.at = getelementptr ptr, ptr %record, i64 1",
            "  %data = load ptr, ptr %data.at",
            f"  call void %loop(ptr %arrays, ptr {count}, ptr {steps}, ptr %data)",
            f"  %y = load {full}, ptr %result",
            f"  ret {full} %y",
            "}",
        ]
    )
    strides = ", ".join([f"i64 {dtype.itemsize}"] * len(arrays))
    numbers = (
        f"{count} = private constant i64 {lanes}",
        f"{steps} = private constant [{len(arrays)} x i64] [{strides}]",
    )
    return Helper(symbol, text, numbers)


def _rescue(body: Body, condition: Value, x: Value, result: Value, function: str) -> Value:
    """``result``, but the C library's value in the lanes where the condition holds.

    The library is called for all lanes if it must be called for one: that is rare.
    """
    t, lanes = x.type, body.lanes
    symbol = function if t == "double" else function + "f"
    body.declarations[f"declare {t} @{symbol}({t})"] = None
    some = condition
    if lanes > 1:
        mask = body.emit(f"i{lanes}", f"bitcast <{lanes} x i1> {condition.name} to i{lanes}")
        some = body.emit("i1", f"icmp ne i{lanes} {mask.name}, 0")
    body.lines += [f"  br i1 {some.name}, label %rare, label %done", "rare:"]
    collected = "poison"
    for lane in range(lanes):
        one = x.name
        if lanes > 1:
            one = body.emit(t, f"extractelement {x.full} {x.name}, i64 {lane}").name
        y = body.emit(t, f"call {t} @{symbol}({t} {one}) cold {PURE}").name
        if lanes > 1:
            place = f"{x.full} {collected}, {t} {y}, i64 {lane}"
            y = body.emit(t, f"insertelement {place}").name
        collected = y
    choices = f"{x.full} {collected}, {x.full} {result.name}"
    collected = body.emit(t, f"select {condition.full} {condition.name}, {choices}").name
    body.lines += ["  br label %done", "done:"]
    choices = f"[{result.name}, %start], [{collected}, %rare]"
    return body.emit(t, f"phi {x.full} {choices}")
