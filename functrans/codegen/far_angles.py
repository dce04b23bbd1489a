"""Large angles modulo a quarter turn: the reduction of Payne and Hanek (1983).

An angle is an integer M of 53 bits times a power of two. Its product with 2/π is wanted modulo 4:
bits of 2/π that make multiples of 4 are skipped, and of the next 192 the product with M has 139
good ones, enough although up to 61 cancel. The functions for such angles are compiled once for a
process, and other code calls them by name.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from functrans.codegen.values import Body, Value

Circular = Callable[[Value, Value, Value], Value]  # of r, a tail and k
PREFIX = "ft_far_"

_TWO_OVER_PI = (  # the fraction, 64 bits a word
    0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561,
    0xB7246E3A424DD2E0, 0x06492EEA09D1921C, 0xFE1DEB1CB129A73E, 0xE88235F52EBB4484,
    0xE99C7026B45F7E41, 0x3991D639835339F4, 0x9C845F8BBDF9283B, 0x1FF897FFDE05980F,
    0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7, 0x4F463F669E5FEA2D, 0x7527BAC7EBE5F17B,
    0x3D0739F78A5292EA, 0x6BFB5FB11F8D5D08, 0x56033046FC7B6BAB,
)  # fmt: skip
_PADDING = 64  # zero bits before them, for angles that reach no multiple of 4
_HALF_PI = (math.pi / 2 * 2.0**-64, float.fromhex("0x1.1a62633145c07p-54") * 2.0**-64)
_TYPES = ("double", "float")


def symbol_of(name: str, t: str) -> str:
    """The symbol of the function, a ``void (ptr values, i64 count)`` that works in place."""
    return f"{PREFIX}{name}{'f' if t == 'float' else ''}"


def of_far_angle(x: Value, name: str) -> Value:
    """The function of this name, for angles that are finite and at least 1."""
    body = x.body
    symbol = symbol_of(name, x.type)
    body.declarations[f"declare void @{symbol}(ptr, i64)"] = None
    slot = body.slot(x.full)
    body.lines.append(f"  store {x.full} {x.name}, ptr {slot}")
    attributes = "cold nounwind memory(argmem: readwrite)"
    body.lines.append(f"  call void @{symbol}(ptr {slot}, i64 {body.lanes}) {attributes}")
    return body.emit(x.type, f"load {x.full}, ptr {slot}")


def module(formulas: dict[str, Circular]) -> tuple[str, list[str]]:
    """The functions of large angles as LLVM IR, and their symbols."""
    declarations = dict.fromkeys(
        (
            "declare i64 @llvm.fshl.i64(i64, i64, i64)",
            "declare i64 @llvm.smax.i64(i64, i64)",
            "declare i64 @llvm.smin.i64(i64, i64)",
            "declare double @llvm.fma.f64(double, double, double)",
            _table(),
        )
    )
    functions = [_reduction(t) for t in _TYPES]
    symbols = []
    for t in _TYPES:
        for name, formula in formulas.items():
            symbols.append(symbol_of(name, t))
            functions.append(_function(symbols[-1], t, formula, declarations))
    return "\n".join([*declarations, *functions]), symbols


def _table() -> str:
    words = (0,) * (_PADDING // 64) + _TWO_OVER_PI
    entries = ", ".join(f"i64 {word}" for word in words)
    return f"@ft.far.table = private constant [{len(words)} x i64] [{entries}]"


def _record(t: str) -> str:
    return f"{{ {t}, {t}, {'i32' if t == 'float' else 'i64'} }}"


def _reduction(t: str) -> str:
    """The function of one angle that gives r, tail and k."""
    high, low = (f"0x{_bits(v):016X}" for v in _HALF_PI)
    last = 64 * (_PADDING // 64 + len(_TWO_OVER_PI)) - 193  # of the bits where a window starts
    single = t == "float"
    start = "%x = fpext float %given to double" if single else "%x = fadd double %given, -0.0"
    end = (
        """  %first = fptrunc double %r to float
  %back = fpext float %first to double
  %over = fsub double %r, %back
  %over.tail = fadd double %over, %tail
  %second = fptrunc double %over.tail to float
  %count = trunc i64 %k to i32"""
        if single
        else """  %first = fadd double %r, -0.0
  %second = fadd double %tail, -0.0
  %count = add i64 %k, 0"""
    )
    record, k = _record(t), "i32" if single else "i64"
    return f"""define internal {record} @ft.far.{t}({t} %given) noinline nounwind {{
  {start}
  %bits = bitcast double %x to i64
  %exponent.sign = lshr i64 %bits, 52
  %exponent = and i64 %exponent.sign, 2047
  %fraction = and i64 %bits, {2**52 - 1}
  %m = or i64 %fraction, {2**52}
  %offset = sub i64 %exponent, {1075 + 2 - _PADDING}
  %offset.up = call i64 @llvm.smax.i64(i64 %offset, i64 0)
  %from = call i64 @llvm.smin.i64(i64 %offset.up, i64 {last})
  %word = lshr i64 %from, 6
  %at0 = getelementptr i64, ptr @ft.far.table, i64 %word
  %at1 = getelementptr i64, ptr %at0, i64 1
  %at2 = getelementptr i64, ptr %at0, i64 2
  %at3 = getelementptr i64, ptr %at0, i64 3
  %t0 = load i64, ptr %at0
  %t1 = load i64, ptr %at1
  %t2 = load i64, ptr %at2
  %t3 = load i64, ptr %at3
  %shift = and i64 %from, 63
  %w2 = call i64 @llvm.fshl.i64(i64 %t0, i64 %t1, i64 %shift)
  %w1 = call i64 @llvm.fshl.i64(i64 %t1, i64 %t2, i64 %shift)
  %w0 = call i64 @llvm.fshl.i64(i64 %t2, i64 %t3, i64 %shift)
  %m.wide = zext i64 %m to i128
  %w1.wide = zext i64 %w1 to i128
  %w0.wide = zext i64 %w0 to i128
  %p0 = mul i128 %w0.wide, %m.wide
  %p0.high = lshr i128 %p0, 64
  %p1.only = mul i128 %w1.wide, %m.wide
  %p1 = add i128 %p1.only, %p0.high
  %middle = trunc i128 %p1 to i64
  %p1.high.wide = lshr i128 %p1, 64
  %p1.high = trunc i128 %p1.high.wide to i64
  %p2 = mul i64 %w2, %m
  %top = add i64 %p2, %p1.high
  %whole = lshr i64 %top, 62
  %turned = call i64 @llvm.fshl.i64(i64 %top, i64 %middle, i64 2)
  %rest = shl i64 %middle, 2
  %up = lshr i64 %turned, 63
  %k.plus = add i64 %whole, %up
  %a = sitofp i64 %turned to double
  %a.back = fptosi double %a to i64
  %a.left = sub i64 %turned, %a.back
  %a.lost = sitofp i64 %a.left to double
  %rest.high = lshr i64 %rest, 32
  %rest.low = and i64 %rest, {2**32 - 1}
  %b.scaled = sitofp i64 %rest.high to double
  %b = fmul double %b.scaled, 0x3DF0000000000000
  %c.scaled = sitofp i64 %rest.low to double
  %c = fmul double %c.scaled, 0x3BF0000000000000
  %s = fadd double %a, %b
  %s.back = fsub double %a, %s
  %s.lost = fadd double %s.back, %b
  %s.lost.a = fadd double %s.lost, %a.lost
  %s.low = fadd double %s.lost.a, %c
  %r.plus = fmul double %s, {high}
  %r.minus = fneg double %r.plus
  %tail0 = call double @llvm.fma.f64(double %s, double {high}, double %r.minus)
  %tail1 = call double @llvm.fma.f64(double %s, double {low}, double %tail0)
  %tail.plus = call double @llvm.fma.f64(double %s.low, double {high}, double %tail1)
  %negative = icmp slt i64 %bits, 0
  %tail.minus = fneg double %tail.plus
  %k.minus = sub i64 0, %k.plus
  %r = select i1 %negative, double %r.minus, double %r.plus
  %tail = select i1 %negative, double %tail.minus, double %tail.plus
  %k = select i1 %negative, i64 %k.minus, i64 %k.plus
{end}
  %out0 = insertvalue {record} poison, {t} %first, 0
  %out1 = insertvalue {record} %out0, {t} %second, 1
  %out2 = insertvalue {record} %out1, {k} %count, 2
  ret {record} %out2
}}"""


def _bits(value: float) -> int:
    return int.from_bytes(struct.pack(">d", value))


def _function(symbol: str, t: str, formula: Circular, declarations: dict[str, None]) -> str:
    """The loop over angles, each reduced and then put into the formula."""
    body = Body()
    record = _record(t)
    types = (t, t, "i32" if t == "float" else "i64")
    parts = [body.emit(v, f"extractvalue {record} %parts, {i}") for i, v in enumerate(types)]
    result = formula(*parts)
    declarations.update(body.declarations)
    code = "\n".join(body.lines[1:])
    return f"""define void @{symbol}(ptr %values, i64 %count) nounwind {{
start:
  br label %next
next:
  %i = phi i64 [0, %start], [%i.next, %next]
  %at = getelementptr {t}, ptr %values, i64 %i
  %x = load {t}, ptr %at
  %parts = call {record} @ft.far.{t}({t} %x)
{code}
  store {t} {result.name}, ptr %at
  %i.next = add i64 %i, 1
  %end = icmp eq i64 %i.next, %count
  br i1 %end, label %done, label %next
done:
  ret void
}}"""
