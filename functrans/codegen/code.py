"""Functions written out as LLVM IR: numbers, indices, loops over arrays.

An index is an int where it is known, and the name of an ``i64`` where it is not. Python loops over
ints make straight code; ``Code.span`` makes a loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from functrans.codegen.formulas import literal, llvm_type, memory_type

Dtype = np.dtype[Any]
Index = int | str


class Module(Protocol):
    """Where declarations and helpers go."""

    def declare(self, text: str) -> None: ...

    def define(self, name: str, text: str) -> None: ...

    def loop_mark(self, hint: str) -> str: ...


class Code:
    """The body of a function ``i32 (ptr…)`` that computes with floats of one dtype.

    It returns 0, or 1 where ``fail_where`` met a true condition.
    """

    def __init__(self, module: Module, dtype: Dtype) -> None:
        self.declare = module.declare
        self.define = module.define
        self.loop_mark = module.loop_mark
        self.dtype = dtype
        self.type = llvm_type(dtype)
        self.params: list[str] = []
        self.allocas: list[str] = []
        self.lines: list[str] = []
        self.label = "entry"
        self.count = 0
        self.fails = False

    def text(self) -> str:
        """The function from its parameters on."""
        if self.fails:
            self.allocas += ["  %status = alloca i32", "  store i32 0, ptr %status"]
            self.line(f"ret i32 {self.let('load i32, ptr %status')}")
        else:
            self.line("ret i32 0")
        params = ", ".join(f"ptr noalias {name}" for name in self.params)
        lines = [f"({params}) noinline nounwind {{", "entry:", *self.allocas, *self.lines, "}"]
        return "\n".join(lines)

    def parameter(self) -> str:
        self.params.append(f"%p{len(self.params)}")
        return self.params[-1]

    # Instructions.

    def line(self, text: str) -> None:
        self.lines.append("  " + text)

    def fresh(self) -> str:
        self.count += 1
        return f"%x{self.count}"

    def let(self, text: str) -> str:
        name = self.fresh()
        self.line(f"{name} = {text}")
        return name

    def alloca(self, type_: str, size: int = 1) -> str:
        name = self.fresh()
        self.allocas.append(f"  {name} = alloca {type_}, i64 {size}, align 64")
        return name

    def fail_where(self, condition: str) -> None:
        self.fails = True
        bit = self.let(f"zext i1 {condition} to i32")
        before = self.let("load i32, ptr %status")
        self.line(f"store i32 {self.let(f'or i32 {before}, {bit}')}, ptr %status")

    # Numbers.

    def number(self, value: float) -> str:
        return literal(value, self.dtype)

    def add(self, x: str, y: str) -> str:
        return self.let(f"fadd contract {self.type} {x}, {y}")

    def sub(self, x: str, y: str) -> str:
        return self.let(f"fsub contract {self.type} {x}, {y}")

    def mul(self, x: str, y: str) -> str:
        return self.let(f"fmul contract {self.type} {x}, {y}")

    def div(self, x: str, y: str) -> str:
        return self.let(f"fdiv {self.type} {x}, {y}")

    def neg(self, x: str) -> str:
        return self.let(f"fneg {self.type} {x}")

    def sqrt(self, x: str) -> str:
        return self.intrinsic("sqrt", x)

    def abs(self, x: str) -> str:
        return self.intrinsic("fabs", x)

    def intrinsic(self, name: str, *xs: str) -> str:
        full = f"llvm.{name}.f{8 * self.dtype.itemsize}"
        types = ", ".join(self.type for _ in xs)
        self.declare(f"declare {self.type} @{full}({types})")
        return self.let(f"call {self.type} @{full}({', '.join(f'{self.type} {x}' for x in xs)})")

    def compare(self, how: str, x: str, y: str) -> str:
        """A comparison of floats: oeq, ogt, ult, …"""
        return self.let(f"fcmp {how} {self.type} {x}, {y}")

    def select(self, condition: str, yes: str, no: str, type_: str | None = None) -> str:
        t = type_ or self.type
        return self.let(f"select i1 {condition}, {t} {yes}, {t} {no}")

    # Indices and loops.

    def index(self, *terms: tuple[Index, int]) -> Index:
        """Σ coefficient·index."""
        known = sum(i * c for i, c in terms if isinstance(i, int))
        total: Index = known
        for i, c in terms:
            if isinstance(i, str) and c:
                part = i if c == 1 else self.let(f"mul nsw i64 {i}, {c}")
                total = part if total == 0 else self.let(f"add nsw i64 {total}, {part}")
        return total

    def span(self, stop: int, vector: bool = False) -> Iterator[Index]:
        """0, 1, … as one loop: its body is what is written until the next index is asked for.

        Only a ``vector`` loop is offered to the vectoriser, which takes long to decline.
        """
        if stop <= 1:
            yield from range(stop)
            return
        self.count += 1
        name, before = self.count, self.label
        self.line(f"br label %b{name}")
        self.label = f"b{name}"
        self.lines.append(f"b{name}:")
        phi = len(self.lines)
        self.lines.append("")
        yield f"%i{name}"
        self.lines[phi] = f"  %i{name} = phi i64 [ 0, %{before} ], [ %n{name}, %{self.label} ]"
        self.line(f"%n{name} = add nuw nsw i64 %i{name}, 1")
        self.line(f"%c{name} = icmp eq i64 %n{name}, {stop}")
        mark = "" if vector else self.loop_mark('!"llvm.loop.vectorize.enable", i1 false')
        self.line(f"br i1 %c{name}, label %e{name}, label %b{name}{mark}")
        self.label = f"e{name}"
        self.lines.append(f"e{name}:")

    def copy(self, target: str, source: str, nbytes: int) -> None:
        self.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        self.line(
            f"call void @llvm.memcpy.p0.p0.i64(ptr {target}, ptr {source}, i64 {nbytes}, i1 false)"
        )

    # Calls of Fortran.

    def fortran(self, routine: str, *arguments: str) -> None:
        """A call of a routine by its address; all arguments are pointers."""
        self.line(f"call void {routine}({', '.join(f'ptr {a}' for a in arguments)})")

    def int32(self, value: int) -> str:
        """A pointer to a constant integer."""
        return self.constant(f"int.{value}", f"i32 {value}")

    def letter(self, value: str) -> str:
        """A pointer to a constant character."""
        return self.constant(f"letter.{value}", f"i8 {ord(value)}")

    def real(self, value: float) -> str:
        """A pointer to a constant number."""
        return self.constant(f"{self.type}.{value}", f"{self.type} {self.number(value)}")

    def constant(self, name: str, value: str) -> str:
        name = name.replace("-", "m")
        self.define(f"fortran.{name}", f"@fortran.{name} = private constant {value}")
        return f"@fortran.{name}"


class Array:
    """Memory as an array of the given strides, in elements."""

    def __init__(
        self, code: Code, pointer: str, strides: Sequence[int], dtype: Dtype | None = None
    ) -> None:
        self.code = code
        self.pointer = pointer
        self.strides = tuple(strides)
        self.dtype = dtype or code.dtype
        self.type = memory_type(self.dtype)

    def at(self, *indices: Index) -> str:
        """A pointer to an element."""
        place = self.code.index(*zip(indices, self.strides, strict=True))
        if place == 0:
            return self.pointer
        return self.code.let(f"getelementptr inbounds {self.type}, ptr {self.pointer}, i64 {place}")

    def __getitem__(self, indices: tuple[Index, ...]) -> str:
        return self.code.let(f"load {self.type}, ptr {self.at(*indices)}")

    def __setitem__(self, indices: tuple[Index, ...], value: str) -> None:
        self.code.line(f"store {self.type} {value}, ptr {self.at(*indices)}")

    def part(self, index: Index) -> Array:
        """The array at an index of the first axis."""
        rest = (0,) * (len(self.strides) - 1)
        return Array(self.code, self.at(index, *rest), self.strides[1:], self.dtype)

    @property
    def transposed(self) -> Array:
        """A matrix with its axes exchanged."""
        return Array(self.code, self.pointer, self.strides[::-1], self.dtype)
