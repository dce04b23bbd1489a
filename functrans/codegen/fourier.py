"""Fourier transforms as calls of the inner loops of NumPy's own ufuncs.

They are C functions like those of special functions (``library``), for arrays with one more axis:
``void loop(char **arrays, long *lengths, long *steps, void *data)``. The lengths are that of the
loop and those of the transform, before and after; the steps, in bytes, those of the loop for each
array, then those along the transforms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from functrans.codegen import library
from functrans.codegen.code import Array, Code, Module
from functrans.codegen.link import LoopAddress

Dtype = np.dtype[Any]
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fourier:
    """One call for all signals of an array, along its last axis."""

    name: str
    scale: float
    in_dtype: Dtype
    out_dtype: Dtype
    read: Shape
    write: Shape

    @property
    def part(self) -> Dtype:
        """The dtype of real and imaginary parts."""
        return np.dtype(np.float64 if self.in_dtype.char in "dD" else np.float32)

    @property
    def types(self) -> str:
        return library.signature([self.in_dtype, self.part], self.out_dtype)

    @property
    def is_known(self) -> bool:
        """Whether this NumPy has the loop."""
        return library.special_loop(self.name, self.types) is not None

    @property
    def addresses(self) -> tuple[LoopAddress, ...]:
        return (LoopAddress(self.name, self.types),)

    @property
    def count(self) -> int:
        return math.prod(self.read[:-1])

    @property
    def flops(self) -> int:
        n = max(self.read[-1], self.write[-1])
        return int(5 * self.count * n * math.log2(n + 1))

    def __str__(self) -> str:
        return f"{self.name} {'×'.join(map(str, self.read))}"

    def text(self, module: Module) -> str:
        """The function ``i32 (record, operand, result)``, from its parameters on."""
        code = Code(module, self.part)
        record, x, y = (code.parameter() for _ in range(3))
        n, m = self.read[-1], self.write[-1]
        size, width = self.in_dtype.itemsize, self.out_dtype.itemsize
        arrays = _table(code, "ptr", [x, code.real(self.scale), y])
        lengths = _table(code, "i64", [str(k) for k in (self.count, n, m)])
        steps = _table(code, "i64", [str(k) for k in (n * size, 0, m * width, size, width)])
        loop = code.let(f"load ptr, ptr {record}")
        at = code.let(f"getelementptr ptr, ptr {record}, i64 1")
        data = code.let(f"load ptr, ptr {at}")
        code.line(f"call void {loop}(ptr {arrays}, ptr {lengths}, ptr {steps}, ptr {data})")
        return code.text()


def _table(code: Code, type_: str, values: list[str]) -> str:
    pointer = code.alloca(type_, len(values))
    for k, value in enumerate(values):
        at = Array(code, pointer, (1,), np.dtype(np.int64)).at(k)
        code.line(f"store {type_} {value}, ptr {at}")
    return pointer
