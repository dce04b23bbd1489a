"""Scalar functions as branch-free LLVM IR, which the loop vectoriser turns into vector code.

``scalar`` emits one application of a named function. Single instructions go into the caller's
code; longer functions become internal helper functions, defined once a module and always
inlined. Helpers are written in Python: ``Value`` overloads the operators, so that a helper reads
as its formula and one formula serves float32 and float64.

Three sources, best first: formulas of our own (polynomials, no branches, no tables); glibc's
vector library, through the attribute that tells LLVM of a function's vector variants; the scalar
C library. Constants of the polynomials are minimax fits of ours, the interval and error beside
each.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np

from functrans.codegen import compile as compiler

Dtype = np.dtype[Any]


class Emitter(Protocol):
    """What ``scalar`` needs of its caller."""

    def line(self, text: str) -> None:
        """Append one instruction to the current block."""

    def fresh(self) -> str:
        """A new SSA name."""

    def declare(self, text: str) -> None:
        """Add a declaration to the module, unless it is there."""

    def define(self, name: str, text: str) -> None:
        """Add a function to the module, unless it is there."""


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


# --- Helper functions written as formulas ---------------------------------------------------


class Body:
    """The straight-line body of one helper function."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.declarations: dict[str, None] = {}
        self.helpers: dict[str, str] = {}

    def emit(self, type_: str, text: str) -> Value:
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = {text}")
        return Value(self, name, type_)

    # The four methods of ``Emitter``, so that a helper can use ``scalar`` itself.

    def line(self, text: str) -> None:
        self.lines.append("  " + text)

    def fresh(self) -> str:
        return f"%v{len(self.lines)}"

    def declare(self, text: str) -> None:
        self.declarations[text] = None

    def define(self, name: str, text: str) -> None:
        self.helpers[name] = text


class Value:
    """A register of a helper; arithmetic on it emits instructions."""

    __slots__ = ("body", "name", "type")

    def __init__(self, body: Body, name: str, type_: str) -> None:
        self.body = body
        self.name = name
        self.type = type_

    @property
    def is_float(self) -> bool:
        return self.type in ("double", "float")

    @property
    def bits(self) -> int:
        return {"double": 64, "float": 32}.get(self.type) or int(self.type[1:])

    def of(self, x: Value | float) -> str:
        """The operand's text, a number becoming a constant of this type."""
        if isinstance(x, Value):
            return x.name
        if self.is_float:
            return literal(x, np.dtype(np.float32 if self.type == "float" else np.float64))
        if self.type == "i1":
            return "true" if x else "false"
        return str(x)

    def _binary(self, float_op: str, int_op: str, a: Value | float, b: Value | float) -> Value:
        op = float_op if self.is_float else int_op
        return self.body.emit(self.type, f"{op} {self.type} {self.of(a)}, {self.of(b)}")

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
            return self.body.emit(self.type, f"fneg {self.type} {self.name}")
        return 0 - self

    def __and__(self, y: Value | int) -> Value:
        return self._binary("and", "and", self, y)

    def __or__(self, y: Value | int) -> Value:
        return self._binary("or", "or", self, y)

    def __xor__(self, y: Value | int) -> Value:
        return self._binary("xor", "xor", self, y)

    def __lshift__(self, y: Value | int) -> Value:
        return self._binary("shl", "shl", self, y)

    def __rshift__(self, y: Value | int) -> Value:
        """Logical shift."""
        return self._binary("lshr", "lshr", self, y)

    def compare(self, predicate: str, y: Value | float) -> Value:
        op = "fcmp" if self.is_float else "icmp"
        return self.body.emit("i1", f"{op} {predicate} {self.type} {self.name}, {self.of(y)}")

    def where(self, yes: Value | float, no: Value | float, like: Value | None = None) -> Value:
        """``yes`` where this condition holds, else ``no``; a Value among the three types both."""
        typed = yes if isinstance(yes, Value) else no if isinstance(no, Value) else like
        assert isinstance(typed, Value)
        t = typed.type
        text = f"select i1 {self.name}, {t} {typed.of(yes)}, {t} {typed.of(no)}"
        return self.body.emit(t, text)

    def fma(self, y: Value | float, z: Value | float) -> Value:
        """``self·y + z``, rounded once."""
        return self.intrinsic("fma", y, z)

    def abs(self) -> Value:
        return self.intrinsic("fabs")

    def rint(self) -> Value:
        return self.intrinsic("rint")

    def copysign(self, y: Value | float) -> Value:
        return self.intrinsic("copysign", y)

    def intrinsic(self, name: str, *more: Value | float) -> Value:
        t = self.type
        symbol = f"@llvm.{name}.{'f' if self.is_float else 'i'}{self.bits}"
        types = ", ".join([t] * (1 + len(more)))
        self.body.declare(f"declare {t} {symbol}({types})")
        args = ", ".join(f"{t} {self.of(x)}" for x in (self, *more))
        return self.body.emit(t, f"call {t} {symbol}({args})")

    def as_int(self) -> Value:
        """The bits as an integer."""
        to = f"i{self.bits}"
        return self.body.emit(to, f"bitcast {self.type} {self.name} to {to}")

    def as_float(self) -> Value:
        to = "double" if self.bits == 64 else "float"
        return self.body.emit(to, f"bitcast {self.type} {self.name} to {to}")

    def rounded_bits(self) -> Value:
        """An integral float as an integer, in its low bits."""
        return (self + _SHIFT).as_int()

    def cast(self, op: str, to: str) -> Value:
        return self.body.emit(to, f"{op} {self.type} {self.name} to {to}")

    def call(self, name: str, *more: Value) -> Value:
        """Another function of this module on values of this type."""
        dtype = _dtype_of(self.type)
        args = [self.name, *(x.name for x in more)]
        out = scalar(self.body, name, (), args, [dtype] * len(args), dtype)
        return Value(self.body, out, self.type)


def _dtype_of(type_: str) -> Dtype:
    return np.dtype(
        {"double": "f8", "float": "f4", "i64": "i8", "i32": "i4", "i16": "i2", "i8": "i1"}[type_]
    )


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
        return x.body.emit(x.type, f"fadd {x.type} {x.of(last)}, {x.of(-0.0)}")
    sum_ = x.fma(last, rest.pop())
    for c in reversed(rest):
        sum_ = sum_.fma(x, c)
    return sum_


# --- Formulas -------------------------------------------------------------------------------
# Each takes Values of one float type. Double precision is the pattern; float32 runs the double
# formula unless a narrower one is listed in ``_NARROW``.

_LN2_HIGH = float.fromhex("0x1.62e42fefa3800p-1")  # 42 bits: k·_LN2_HIGH is exact
_LN2_LOW = float.fromhex("0x1.ef35793c76730p-45")
_SHIFT = 1.5 * 2.0**52  # adding it puts an integer into the low bits

# (e^r − 1 − r)/r² on |r| ≤ ln2/2: error of e^r below 2^-58, and 2^-61.7 relative to e^r − 1.
_EXP = (0.5000000000000012, 0.166666666666667, 0.04166666666651553, 0.008333333333307281,
        0.0013888888946994367, 0.00019841269917196815, 2.4801489957536435e-05,
        2.755721647481865e-06, 2.7631276862278717e-07, 2.5117805901432445e-08)  # fmt: skip
_EXPM1 = (0.5, 0.16666666666666677, 0.0416666666666667, 0.008333333333321615,
          0.0013888888888866854, 0.00019841269886158627, 2.4801587360526476e-05,
          2.755724418181788e-06, 2.755724278310075e-07, 2.5109044930089584e-08,
          2.0924436613885687e-09)  # fmt: skip

# (log((1+s)/(1−s))/s − 2)/s² in s², |s| ≤ 3 − 2√2: error below 2^-58.
_LOG = (0.6666666666666734, 0.3999999999941377, 0.2857142874262121, 0.22222198546364488,
        0.18183565853759207, 0.15314008306642574, 0.1479640204433873)  # fmt: skip


_SQRT_HALF = 0x3FE6A09E667F3BCD  # bits of √½
_TWO_52 = 0x4330000000000000  # bits of 2**52


def _clamp(x: Value, low: float, high: float) -> Value:
    """``x`` moved into the interval; NaN stays NaN."""
    x = x.compare("olt", low).where(low, x)
    return x.compare("ogt", high).where(high, x)


def _power_of_two(k: Value, bias: float = 0.0) -> Value:
    """``2**(k + bias)`` for integral k with the result a normal number."""
    return ((k + (_SHIFT + 1023.0 + bias)).as_int() << 52).as_float()


def _scale(e: Value, k: Value) -> Value:
    """``e·2**k`` in two factors, so that the result may be subnormal or infinite."""
    half = (k * 0.5).rint()
    return e * _power_of_two(half) * _power_of_two(k - half)


def _reduce_by_ln2(x: Value) -> tuple[Value, Value, Value]:
    """k, r and a tail with ``x = k·ln2 + r + tail`` and |r| ≤ ln2/2."""
    k = (x * (1 / math.log(2))).rint()
    minus_k = -k
    high = minus_k.fma(_LN2_HIGH, x)
    r = minus_k.fma(_LN2_LOW, high)
    return k, r, minus_k.fma(_LN2_LOW, high - r)


def _exp(x: Value) -> Value:
    k, r, _ = _reduce_by_ln2(_clamp(x, -746.0, 710.0))
    return _scale((r * r).fma(polynomial(r, _EXP), r) + 1.0, k)


def _exp2(x: Value) -> Value:
    x = _clamp(x, -1076.0, 1025.0)
    k = x.rint()
    r = (x - k) * math.log(2)
    return _scale((r * r).fma(polynomial(r, _EXP), r) + 1.0, k)


def _expm1_parts(x: Value, bias: float) -> tuple[Value, Value]:
    """p = exp(r) − 1 and 2**(k + bias), with x = k·ln2 + r."""
    k, r, tail = _reduce_by_ln2(x)
    p = r + (r * r).fma(polynomial(r, _EXPM1), tail)
    return p, _power_of_two(k, bias)


def _expm1_from_parts(x: Value) -> Value:
    p, half = _expm1_parts(x, -1.0)  # 2**k itself may overflow where the result does not
    return p.fma(half, half - 0.5) * 2.0


def _expm1(x: Value) -> Value:
    return _expm1_from_parts(_clamp(x, -100.0, 710.0)).copysign(x)


def _tanh(x: Value) -> Value:
    m = _expm1_from_parts(_clamp(x.abs() * 2.0, 0.0, 100.0))
    return (m / (m + 2.0)).copysign(x)


def _sinh(x: Value) -> Value:
    p, quarter = _expm1_parts(_clamp(x.abs(), 0.0, 710.7), -2.0)
    q = p.fma(quarter, quarter - 0.25)  # (exp(|x|) − 1)/4
    return ((q + q / q.fma(4.0, 1.0)) * 2.0).copysign(x)


def _cosh(x: Value) -> Value:
    p, quarter = _expm1_parts(_clamp(x.abs(), 0.0, 710.7), -2.0)
    q = p.fma(quarter, quarter)  # exp(|x|)/4
    return (q + 0.0625 / q) * 2.0


def _logistic(x: Value) -> Value:
    e = _exp(-x.abs())  # never overflows, and keeps small results exact
    return x.compare("olt", 0.0).where(e, 1.0) / (e + 1.0)


def _split(x: Value) -> tuple[Value, Value]:
    """k and m with ``x = 2**k·m`` and √½ ≤ m < √2, for positive x, subnormal ones included."""
    tiny = x.compare("olt", 2.0**-1022)
    bits = tiny.where(x * 2.0**54, x).as_int() + ((1023 << 52) - _SQRT_HALF)
    m = ((bits & (2**52 - 1)) + _SQRT_HALF).as_float()
    k = ((bits >> 52) | _TWO_52).as_float() - tiny.where(2.0**52 + 1023 + 54, 2.0**52 + 1023, x)
    return k, m


def _log_special(x: Value, result: Value) -> Value:
    """The logarithm's values at 0, below 0, at infinity and NaN."""
    result = x.compare("ogt", _LARGEST).where(x, result)
    result = x.compare("ult", 0.0).where(math.nan, result)
    return x.compare("oeq", 0.0).where(-math.inf, result)


_LARGEST = float.fromhex("0x1.fffffffffffffp+1023")


def _log_remainder(f: Value) -> tuple[Value, Value, Value]:
    """s, f²/2 and R with ``log(1 + f) = f − (f²/2 − s·(f²/2 + R))``."""
    s = f / (f + 2.0)
    z = s * s
    return s, f * f * 0.5, z * polynomial(z, _LOG)


def _log(x: Value) -> Value:
    k, m = _split(x)
    f = m - 1.0
    s, square, remainder = _log_remainder(f)
    low = s.fma(square + remainder, k * _LN2_LOW)
    return _log_special(x, k.fma(_LN2_HIGH, f - (square - low)))


def _log1p(x: Value) -> Value:
    u = x + 1.0
    k, m = _split(u)
    f = m - 1.0
    # u + lost = 1 + x exactly; log1p(x) = log(u) + lost/u, and the second term needs few bits.
    one = u - x
    lost = (1.0 - one) + (x - (u - one))
    scale = ((1024 - k.rounded_bits()) << 52).as_float()  # 2**(1 − k)
    tail = lost * scale * f.fma(f - 1.0, 1.0) * 0.5
    s, square, remainder = _log_remainder(f)
    low = s.fma(square + remainder, k.fma(_LN2_LOW, tail))
    result = _log_special(u, k.fma(_LN2_HIGH, f - (square - low)))
    return x.compare("oeq", 0.0).where(x, result)


def _log_in_base(x: Value, inverse: tuple[float, float], step: tuple[float, float]) -> Value:
    """``log(x)·inverse`` with inverse and step = log(2)·inverse as unevaluated sums."""
    k, m = _split(x)
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
    return _log_in_base(x, _LOG2_E, (1.0, 0.0))


def _log10(x: Value) -> Value:
    return _log_in_base(x, _LOG10_E, _LOG10_2)


_LOG2_E = (float.fromhex("0x1.71547652b82fep+0"), float.fromhex("0x1.777d0ffda0d24p-56"))
_LOG10_E = (float.fromhex("0x1.bcb7b1526e50ep-2"), float.fromhex("0x1.95355baaafad3p-57"))
_LOG10_2 = (float.fromhex("0x1.34413509f79ffp-2"), float.fromhex("-0x1.9dc1da994fd21p-59"))


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
    return x.body.emit(x.type, f"frem {x.type} {x.name}, {y.name}")


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

_FORMULAS: dict[str, _Formula] = {
    "exp": _exp, "exp2": _exp2, "expm1": _expm1, "log": _log, "log2": _log2, "log10": _log10,
    "log1p": _log1p, "tanh": _tanh, "sinh": _sinh, "cosh": _cosh, "logistic": _logistic,
    "logaddexp": _logaddexp, "sign": _sign, "max": _max, "min": _min, "mod": _mod,
    "floor_div": _floor_div, "rem": _frem,
}  # fmt: skip

_EITHER_WIDTH = {"sign", "max", "min", "rem", "mod", "floor_div"}  # constants fit float32 too


# --- Integer formulas -----------------------------------------------------------------------


def _int_helper(name: str, signed: bool) -> _Formula:
    """Division as NumPy has it: nothing traps, by zero gives zero."""

    def divide(x: Value, y: Value) -> Value:
        zero = y.compare("eq", 0)
        if not signed:
            op = "urem" if name in ("rem", "mod") else "udiv"
            safe = zero.where(1, y)
            result = x.body.emit(x.type, f"{op} {x.type} {x.name}, {safe.name}")
            return zero.where(0, result)
        minus_one = y.compare("eq", -1)  # INT_MIN // -1 traps; −x wraps as NumPy does
        safe = (zero | minus_one).where(1, y)
        rest = x.body.emit(x.type, f"srem {x.type} {x.name}, {safe.name}")
        floors = (rest ^ y).compare("slt", 0) & rest.compare("ne", 0)
        if name == "rem":
            return (zero | minus_one).where(0, rest)
        if name == "mod":
            return (zero | minus_one).where(0, floors.where(rest + y, rest))
        quotient = x.body.emit(x.type, f"sdiv {x.type} {x.name}, {safe.name}")
        if name == "floor_div":
            quotient = floors.where(quotient - 1, quotient)
        return zero.where(0, minus_one.where(-x, quotient))

    return divide


def _shift(op: str) -> _Formula:
    def shift(x: Value, y: Value) -> Value:
        inside = y.compare("ult", x.bits)  # a negative count is a large one
        if op == "ashr":
            count = inside.where(y, x.bits - 1)
            return x.body.emit(x.type, f"ashr {x.type} {x.name}, {count.name}")
        safe = inside.where(y, 0)
        return inside.where(x.body.emit(x.type, f"{op} {x.type} {x.name}, {safe.name}"), 0)

    return shift


def _int_sign(x: Value) -> Value:
    return x.compare("sgt", 0).cast("zext", x.type) - x.compare("slt", 0).cast("zext", x.type)


def _int_pow(x: Value, y: Value) -> Value:
    """Unsigned power by squaring; always all bits of the exponent, so that it vectorises."""
    result = x.body.emit(x.type, f"add {x.type} 1, 0")
    for bit in range(x.bits):
        odd = ((y >> bit) & 1).compare("ne", 0)
        result = odd.where(result * x, result)
        x = x * x
    return result


# --- Names to code --------------------------------------------------------------------------

_BINARY_INSTRUCTIONS = {  # name: (float, signed, unsigned, bool)
    "add": ("fadd contract", "add", "add", "or"),
    "sub": ("fsub contract", "sub", "sub", None),
    "mul": ("fmul contract", "mul", "mul", "and"),
    "div": ("fdiv contract", None, None, None),
    "and": (None, "and", "and", "and"),
    "or": (None, "or", "or", "or"),
    "xor": (None, "xor", "xor", "xor"),
}

_COMPARISONS = {  # name: (float, signed, unsigned and bool)
    "eq": ("oeq", "eq", "eq"), "ne": ("une", "ne", "ne"), "lt": ("olt", "slt", "ult"),
    "le": ("ole", "sle", "ule"), "gt": ("ogt", "sgt", "ugt"), "ge": ("oge", "sge", "uge"),
}  # fmt: skip

_FLOAT_INTRINSICS = {
    "abs": "fabs", "floor": "floor", "ceil": "ceil", "round": "rint", "sqrt": "sqrt",
    "copysign": "copysign",
}  # fmt: skip

# C library names; a helper of ours comes first where there is one.
_LIBRARY = {
    "sin": "sin", "cos": "cos", "tan": "tan", "asin": "asin", "acos": "acos", "atan": "atan",
    "asinh": "asinh", "acosh": "acosh", "atanh": "atanh", "cbrt": "cbrt", "erf": "erf",
    "erfc": "erfc", "lgamma": "lgamma", "pow": "pow", "atan2": "atan2", "hypot": "hypot",
    "nextafter": "nextafter",
}  # fmt: skip

_NUMBERS = frozenset("biuf")
_SIZES = frozenset((1, 2, 4, 8))


def supports(name: str, in_dtypes: Sequence[Dtype], out_dtype: Dtype) -> bool:
    """Whether ``scalar`` can emit this function on these dtypes."""
    dtypes = [np.dtype(d) for d in (*in_dtypes, out_dtype)]
    if any(d.kind not in _NUMBERS or not d.isnative for d in dtypes):
        return False
    if any(d.kind == "f" and d.itemsize not in (4, 8) for d in dtypes):
        return False
    if name in ("convert", "select_n"):
        return True
    kind = dtypes[0].kind
    if name in _COMPARISONS or name == "is_finite":
        return True
    if name in _BINARY_INSTRUCTIONS:
        return _BINARY_INSTRUCTIONS[name]["fiub".index(kind)] is not None or (
            name == "div" and kind in "iu"
        )
    if kind == "f":
        return (
            name in _FORMULAS or name in _LIBRARY or name in _FLOAT_INTRINSICS
            or name in ("neg", "integer_pow")
        )  # fmt: skip
    if kind == "b":
        return name in ("not", "max", "min", "abs")
    return name in _INT_NAMES or (name == "pow" and kind == "u")


_INT_NAMES = frozenset(
    "neg abs sign floor ceil round not population_count rem mod floor_div integer_pow max min "
    "shift_left shift_right shift_right_arithmetic shift_right_logical".split()
)


def scalar(
    emitter: Emitter,
    name: str,
    static: tuple[int, ...],
    args: Sequence[str],
    in_dtypes: Sequence[Dtype],
    out_dtype: Dtype,
) -> str:
    """Emit ``name(*args)`` and return the result's SSA name (or a constant).

    Parameters
    ----------
    static: numbers fixed at trace time: the exponent of ``integer_pow``.
    args: SSA names or constants of the types ``llvm_type`` gives.

    Raises
    ------
    NotImplementedError: where ``supports`` is false.
    """
    if not supports(name, in_dtypes, out_dtype):
        raise NotImplementedError(f"{name} on {', '.join(map(str, in_dtypes))}")
    dtype = np.dtype(in_dtypes[0])
    t = llvm_type(dtype)
    if name == "convert":
        return _convert(emitter, args[0], dtype, np.dtype(out_dtype))
    if name == "select_n":
        return _select_n(emitter, args, dtype, np.dtype(in_dtypes[1]))
    if name in _COMPARISONS:
        predicate = _COMPARISONS[name][{"f": 0, "i": 1}.get(dtype.kind, 2)]
        op = "fcmp" if dtype.kind == "f" else "icmp"
        return _emit(emitter, f"{op} {predicate} {t} {args[0]}, {args[1]}")
    if name == "is_finite":
        return _is_finite(emitter, args[0], dtype)
    if name in _BINARY_INSTRUCTIONS:
        op_or_none = _BINARY_INSTRUCTIONS[name]["fiub".index(dtype.kind)]
        if op_or_none is not None:
            return _emit(emitter, f"{op_or_none} {t} {args[0]}, {args[1]}")
    if dtype.kind == "f":
        return _float_function(emitter, name, static, args, dtype)
    return _int_function(emitter, name, static, args, dtype, np.dtype(out_dtype))


def _emit(emitter: Emitter, text: str) -> str:
    name = emitter.fresh()
    emitter.line(f"{name} = {text}")
    return name


def _float_function(
    emitter: Emitter, name: str, static: tuple[int, ...], args: Sequence[str], dtype: Dtype
) -> str:
    t = llvm_type(dtype)
    if name == "neg":
        return _emit(emitter, f"fneg {t} {args[0]}")
    if name == "integer_pow":
        return _integer_pow(emitter, args[0], static[0], dtype)
    if name in _FLOAT_INTRINSICS:
        return _intrinsic(emitter, _FLOAT_INTRINSICS[name], args, dtype)
    if name in _FORMULAS:
        return _call_helper(emitter, name, args, dtype)
    return _call_library(emitter, _LIBRARY[name], args, dtype)


def _intrinsic(
    emitter: Emitter, name: str, args: Sequence[str], dtype: Dtype, extra: str = ""
) -> str:
    t = llvm_type(dtype)
    symbol = f"@llvm.{name}.{'f' if dtype.kind == 'f' else 'i'}{8 * dtype.itemsize}"
    types = ", ".join([t] * len(args)) + (", i1" if extra else "")
    emitter.declare(f"declare {t} {symbol}({types})")
    return _emit(emitter, f"call {t} {symbol}({', '.join(f'{t} {a}' for a in args)}{extra})")


def _call_helper(emitter: Emitter, name: str, args: Sequence[str], dtype: Dtype) -> str:
    symbol, text, declarations, inner = _helper(name, dtype.str[1:], len(args))
    for declaration in declarations:
        emitter.declare(declaration)
    for inner_name, inner_text in inner:
        emitter.define(inner_name, inner_text)
    emitter.define(symbol, text)
    t = llvm_type(dtype)
    return _emit(emitter, f"call {t} @{symbol}({', '.join(f'{t} {a}' for a in args)})")


_Helper = tuple[str, str, tuple[str, ...], tuple[tuple[str, str], ...]]


@cache
def _helper(name: str, dtype_code: str, arity: int) -> _Helper:
    """Symbol, text, declarations and inner helpers of one function on one dtype."""
    dtype = np.dtype(dtype_code)
    t = llvm_type(dtype)
    body = Body()
    arguments = [Value(body, f"%x{i}", t) for i in range(arity)]
    if dtype.kind != "f":
        result = _int_formula(name, dtype)(*arguments)
    elif dtype.itemsize == 8 or name in _EITHER_WIDTH:
        result = _FORMULAS[name](*arguments)
    else:
        wide = [a.cast("fpext", "double") for a in arguments]
        result = _FORMULAS[name](*wide).cast("fptrunc", t)
    symbol = f"ft.{name}.{dtype_code}"
    parameters = ", ".join(f"{t} %x{i}" for i in range(arity))
    text = (
        f"define internal {t} @{symbol}({parameters}) alwaysinline nounwind {{\n"
        + "\n".join(body.lines)
        + f"\n  ret {t} {result.name}\n}}\n"
    )
    return symbol, text, tuple(body.declarations), tuple(body.helpers.items())


def _call_library(emitter: Emitter, function: str, args: Sequence[str], dtype: Dtype) -> str:
    """A C library function, with its vector variants named where the process has them."""
    t = llvm_type(dtype)
    symbol = function if dtype.itemsize == 8 else function + "f"
    emitter.declare(f"declare {t} @{symbol}({', '.join([t] * len(args))})")
    arguments = ", ".join(f"{t} {a}" for a in args)
    attributes = "nounwind willreturn memory(none)"
    variants = _vector_variants(symbol, len(args))
    if not variants:
        return _emit(emitter, f"call {t} @{symbol}({arguments}) {attributes}")
    for width, variant in variants:
        vector = f"<{width} x {t}>"
        emitter.declare(f"declare {vector} @{variant}({', '.join([vector] * len(args))})")
    # LLVM takes a call of "sin" for its own intrinsic and forgets the variants: hide the name.
    hidden = f"ft.libm.{symbol}"
    parameters = ", ".join(f"{t} %x{i}" for i in range(len(args)))
    emitter.define(
        hidden,
        f"define internal {t} @{hidden}({parameters}) noinline {attributes} {{\n"
        f"  %y = call {t} @{symbol}({parameters}) {attributes}\n  ret {t} %y\n}}\n",
    )
    names = ",".join(f"_ZGV{v[4:].split('_')[0]}_{hidden}({v})" for _, v in variants)
    call = f"call {t} @{hidden}({arguments}) {attributes}"
    return _emit(emitter, f'{call} "vector-function-abi-variant"="{names}"')


_LIBMVEC_CLASSES = (("b", 128), ("d", 256), ("e", 512))  # SSE, AVX2, AVX-512


@cache
def _vector_variants(symbol: str, arity: int) -> tuple[tuple[int, str], ...]:
    if not compiler.vector_library():
        return ()
    item = 32 if symbol.endswith("f") and symbol != "erf" else 64
    widest = compiler.vector_bits()
    found = []
    for letter, bits in _LIBMVEC_CLASSES:
        width = bits // item
        name = f"_ZGV{letter}N{width}{'v' * arity}_{symbol}"
        if bits <= widest and compiler.has_symbol(name):
            found.append((width, name))
    return tuple(found)


def _integer_pow(emitter: Emitter, x: str, exponent: int, dtype: Dtype) -> str:
    """By squaring; a negative exponent divides once at the end."""
    one = literal(1, dtype)
    multiply = "fmul contract" if dtype.kind == "f" else "mul"
    t = llvm_type(dtype)
    result: str | None = None
    n = abs(exponent)
    while n:
        if n & 1:
            result = x if result is None else _emit(emitter, f"{multiply} {t} {result}, {x}")
        n >>= 1
        if n:
            x = _emit(emitter, f"{multiply} {t} {x}, {x}")
    if result is None:
        return one
    if exponent >= 0:
        return result
    if dtype.kind == "f":
        return _emit(emitter, f"fdiv {t} {one}, {result}")
    return _call_int_helper(emitter, "div", [one, result], dtype)


def _is_finite(emitter: Emitter, x: str, dtype: Dtype) -> str:
    if dtype.kind != "f":
        return "true"
    magnitude = _intrinsic(emitter, "fabs", [x], dtype)
    return _emit(emitter, f"fcmp olt {llvm_type(dtype)} {magnitude}, {literal(math.inf, dtype)}")


def _select_n(emitter: Emitter, args: Sequence[str], which: Dtype, dtype: Dtype) -> str:
    selector, *cases = args
    t = llvm_type(dtype)
    if which.kind == "b":
        return _emit(emitter, f"select i1 {selector}, {t} {cases[1]}, {t} {cases[0]}")
    result = cases[-1]
    for i in reversed(range(len(cases) - 1)):
        here = _emit(emitter, f"icmp eq {llvm_type(which)} {selector}, {i}")
        result = _emit(emitter, f"select i1 {here}, {t} {cases[i]}, {t} {result}")
    return result


def _int_formula(name: str, dtype: Dtype) -> _Formula:
    signed = dtype.kind == "i"
    if name in ("rem", "mod", "floor_div", "div"):
        return _int_helper(name, signed)
    if name == "sign":
        return _int_sign
    if name == "pow":
        return _int_pow
    right = "ashr" if signed else "lshr"
    ops = {"shift_left": "shl", "shift_right": right, "shift_right_logical": "lshr",
           "shift_right_arithmetic": right}  # fmt: skip
    return _shift(ops[name])


def _int_function(
    emitter: Emitter, name: str, static: tuple[int, ...], args: Sequence[str],
    dtype: Dtype, out_dtype: Dtype,
) -> str:  # fmt: skip
    t = llvm_type(dtype)
    kind = dtype.kind
    x = args[0]
    if name in ("floor", "ceil", "round") or (name == "abs" and kind != "i"):
        return x
    if name == "not":
        return _emit(emitter, f"xor {t} {x}, {'true' if kind == 'b' else -1}")
    if name == "neg":
        return _emit(emitter, f"sub {t} 0, {x}")
    if name == "integer_pow":
        return _integer_pow(emitter, x, static[0], dtype)
    if kind == "b":  # max and min
        return _emit(emitter, f"{'or' if name == 'max' else 'and'} i1 {x}, {args[1]}")
    if name in ("max", "min"):
        return _intrinsic(emitter, ("s" if kind == "i" else "u") + name, args, dtype)
    if name == "abs":
        return _intrinsic(emitter, "abs", args, dtype, ", i1 false")
    if name == "population_count":  # of the magnitude, as numpy.bitwise_count
        magnitude = x if kind == "u" else _intrinsic(emitter, "abs", args, dtype, ", i1 false")
        count = _intrinsic(emitter, "ctpop", [magnitude], dtype)
        return _convert(emitter, count, dtype, out_dtype)
    if name == "sign" and kind == "u":
        positive = _emit(emitter, f"icmp ne {t} {x}, 0")
        return _emit(emitter, f"zext i1 {positive} to {t}")
    return _call_int_helper(emitter, name, args, dtype)


def _call_int_helper(emitter: Emitter, name: str, args: Sequence[str], dtype: Dtype) -> str:
    return _call_helper(emitter, name, args, dtype)


# --- Conversion between dtypes --------------------------------------------------------------


def _convert(emitter: Emitter, x: str, source: Dtype, target: Dtype) -> str:
    """``x.astype(target)`` of NumPy."""
    if source == target:
        return x
    s, t = llvm_type(source), llvm_type(target)
    if target.kind == "b":
        if source.kind == "f":
            return _emit(emitter, f"fcmp une {s} {x}, {literal(0.0, source)}")
        return _emit(emitter, f"icmp ne {s} {x}, 0")
    if source.kind == "f" and target.kind == "f":
        op = "fpext" if target.itemsize > source.itemsize else "fptrunc"
        return _emit(emitter, f"{op} {s} {x} to {t}")
    if source.kind == "f":
        return _float_to_int(emitter, x, source, target)
    if target.kind == "f":
        op = "sitofp" if source.kind == "i" else "uitofp"
        return _emit(emitter, f"{op} {s} {x} to {t}")
    if source.kind != "b" and target.itemsize == source.itemsize:
        return x
    if source.kind != "b" and target.itemsize < source.itemsize:
        return _emit(emitter, f"trunc {s} {x} to {t}")
    return _emit(emitter, f"{'sext' if source.kind == 'i' else 'zext'} {s} {x} to {t}")


def _float_to_int(emitter: Emitter, x: str, source: Dtype, target: Dtype) -> str:
    """Towards zero; what does not fit gives what the C cast gives on x86: the lowest integer.

    Small types and uint32 go through the next wider integer, as there; uint64 takes its upper
    half from the value less 2**63.
    """
    s = llvm_type(source)
    if target == np.uint64:
        limit = literal(2.0**63, source)
        large = _emit(emitter, f"fcmp oge {s} {x}, {limit}")
        moved = _emit(emitter, f"fsub {s} {x}, {limit}")
        near = _emit(emitter, f"select i1 {large}, {s} {moved}, {s} {x}")
        low = _checked_fptosi(emitter, near, source, 64)
        flipped = _emit(emitter, f"xor i64 {low}, {-(2**63)}")
        return _emit(emitter, f"select i1 {large}, i64 {flipped}, i64 {low}")
    bits = 64 if target.itemsize == 8 or target == np.uint32 else 32
    wide = _checked_fptosi(emitter, x, source, bits)
    if bits == 8 * target.itemsize:
        return wide
    return _emit(emitter, f"trunc i{bits} {wide} to {llvm_type(target)}")


def _checked_fptosi(emitter: Emitter, x: str, source: Dtype, bits: int) -> str:
    s = llvm_type(source)
    lowest, limit = literal(-(2.0 ** (bits - 1)), source), literal(2.0 ** (bits - 1), source)
    # Below the lowest integer by less than one still fits after rounding towards zero.
    floor = "ogt" if bits == 32 and source.itemsize == 8 else "oge"
    if floor == "ogt":
        lowest = literal(-(2.0**31) - 1.0, source)
    above = _emit(emitter, f"fcmp {floor} {s} {x}, {lowest}")
    below = _emit(emitter, f"fcmp olt {s} {x}, {limit}")
    fits = _emit(emitter, f"and i1 {above}, {below}")
    safe = _emit(emitter, f"select i1 {fits}, {s} {x}, {s} {literal(0.0, source)}")
    whole = _emit(emitter, f"fptosi {s} {safe} to i{bits}")
    return _emit(emitter, f"select i1 {fits}, i{bits} {whole}, i{bits} {-(2 ** (bits - 1))}")
