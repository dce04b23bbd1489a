"""Arithmetic that writes LLVM IR: a Python function over ``Value`` becomes the code of a formula.

The same formula serves float32 and float64, one element or a vector of them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans.codegen.formats import DOUBLE, SINGLE, Format

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


PURE = "nounwind willreturn memory(none)"


# --- Values ---------------------------------------------------------------------------------


class Body:
    """The body of one helper, over vectors when ``lanes`` is more than one."""

    def __init__(self, lanes: int = 1) -> None:
        self.lanes = lanes
        self.lines: list[str] = ["start:"]
        self.block = "start"
        self.declarations: dict[str, None] = {}  # or definitions of what it calls

    def full(self, type_: str) -> str:
        """The type of all lanes."""
        return type_ if self.lanes == 1 else f"<{self.lanes} x {type_}>"

    def emit(self, type_: str, text: str) -> Value:
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = {text}")
        return Value(self, name, type_)

    def rarely(
        self, some: Value, usual: Sequence[Value], repaired: Callable[[], Sequence[Value]]
    ) -> list[Value]:
        """The usual values, but the repaired ones if ``some`` (of ``Value.any``) holds.

        The code of ``repaired`` runs for all lanes or for none, so it must leave those lanes
        alone that need no repair.
        """
        before, number = self.block, len(self.lines)
        weights = '!prof !{!"branch_weights", i32 1, i32 2000}'
        self.lines.append(f"  br i1 {some.name}, label %rare{number}, label %go{number}, {weights}")
        self.begin(f"rare{number}")
        others = list(repaired())
        after = self.block
        self.lines.append(f"  br label %go{number}")
        self.begin(f"go{number}")
        return [
            self.emit(x.type, f"phi {x.full} [{x.name}, %{before}], [{y.name}, %{after}]")
            for x, y in zip(usual, others, strict=True)
        ]

    def slot(self, full: str) -> str:
        """The address of memory on the stack for a value of this type."""
        name = f"%slot{len(self.lines)}"
        self.lines.insert(1, f"  {name} = alloca {full}, align 64")
        return name

    def begin(self, block: str) -> None:
        self.lines.append(f"{block}:")
        self.block = block


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
        return DOUBLE if self.bits == 64 else SINGLE

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

    def constant(self, x: float) -> Value:
        """A number as a value of this type."""
        return Value(self.body, self.of(x), self.type)

    def any(self) -> Value:
        """Whether this condition holds in some lane: one bit for all lanes."""
        lanes = self.body.lanes
        if lanes == 1:
            return self
        mask = self.body.emit("i1", f"bitcast {self.full} {self.name} to i{lanes}")
        return self.body.emit("i1", f"icmp ne i{lanes} {mask.name}, 0")

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

    def sqrt(self) -> Value:
        return self.intrinsic("sqrt")

    def rint(self) -> Value:
        return self.intrinsic("rint")

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
