"""Integer division, shifts and powers as NumPy has them, and the hash of random numbers."""

from __future__ import annotations

from collections.abc import Callable

from functrans.codegen.values import Value
from functrans.primitives.random import PARITY, ROTATIONS

Formula = Callable[..., Value]


def _division(name: str, signed: bool) -> Formula:
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


def _shift(op: str) -> Formula:
    def shift(x: Value, y: Value) -> Value:
        inside = y.compare("ult", x.bits)  # a negative count is a large one
        if op == "ashr":
            count = inside.where(y, x.bits - 1)
            return x.instruction("ashr", x, count)
        safe = inside.where(y, 0)
        return inside.where(x.instruction(op, x, safe), 0)

    return shift


def _sign(x: Value) -> Value:
    return x.compare("sgt", 0).cast("zext", x.type) - x.compare("slt", 0).cast("zext", x.type)


def _pow(x: Value, y: Value) -> Value:
    """Unsigned power by squaring; always all bits of the exponent, so that it vectorises."""
    result = x.instruction("add", 1, 0)
    for bit in range(x.bits):
        odd = ((y >> bit) & 1).compare("ne", 0)
        result = odd.where(result * x, result)
        x = x * x
    return result


def _halves(x: Value) -> tuple[Value, Value]:
    return (x >> 32).cast("trunc", "i32"), x.cast("trunc", "i32")


def _threefry2x32(key: Value, counter: Value) -> Value:
    """As ``primitives.random`` says; a funnel shift of a word with itself rotates it."""
    first, second = _halves(key)
    schedule = (first, second, first ^ second ^ PARITY)
    x, y = _halves(counter)
    x, y = x + schedule[0], y + schedule[1]
    for block in range(5):
        for r in ROTATIONS[block % 2]:
            x = x + y
            y = y.intrinsic("fshl", y, r) ^ x
        x = x + schedule[(block + 1) % 3]
        y = y + (schedule[(block + 2) % 3] + (block + 1))
    return x.cast("zext", "i64") << 32 | y.cast("zext", "i64")


def formula(name: str, signed: bool) -> Formula:
    if name in ("rem", "mod", "floor_div", "div"):
        return _division(name, signed)
    if name == "sign":
        return _sign
    if name == "pow":
        return _pow
    if name == "threefry2x32":
        return _threefry2x32
    right = "ashr" if signed else "lshr"
    ops = {
        "shift_left": "shl",
        "shift_right": right,
        "shift_right_logical": "lshr",
        "shift_right_arithmetic": right,
    }
    return _shift(ops[name])
