"""Contractions as BLAS calls: which ones pay, what a matrix is to BLAS, and the IR of a call.

::

    gemm   ::= sizes, dtype, lhs matrix, rhs matrix
    matrix ::= batch stride, leading stride, transposed?      strides in elements

BLAS counts rows and columns in Fortran's order. A row-major product ``C = A·B`` is its product
``Cᵀ = Bᵀ·Aᵀ``, so operands change places and a row-major matrix counts as not transposed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from functrans.kernel import Contract

Ints = tuple[int, ...]


# From this many multiplications on BLAS is faster than a loop nest. Measured with float64 and
# float32 on AVX-512: a call costs 0.2–0.4 µs, an 8³ product takes about as long either way, a 10³
# product 0.3 µs against 1.0 µs. docs/design/emission.md has the table.
_BLAS_FROM = 500
_FEW = 4  # terms of a sum


@dataclass(frozen=True, slots=True)
class Sides:
    """The axes of both operands by role."""

    lhs_batch: Ints
    lhs_free: Ints
    lhs_contract: Ints
    rhs_batch: Ints
    rhs_contract: Ints
    rhs_free: Ints

    def sizes(self, lhs: Sequence[int], rhs: Sequence[int]) -> Sizes:
        return Sizes(
            math.prod(lhs[a] for a in self.lhs_batch),
            math.prod(lhs[a] for a in self.lhs_free),
            math.prod(rhs[a] for a in self.rhs_free),
            math.prod(lhs[a] for a in self.lhs_contract),
        )


@dataclass(frozen=True, slots=True)
class Sizes:
    """``batch`` products of an (m, k) with a (k, n) matrix."""

    batch: int
    m: int
    n: int
    k: int

    @property
    def products(self) -> int:
        return self.m * self.n * self.k


@dataclass(frozen=True, slots=True)
class Matrix:
    """Where a row-major (rows, columns) matrix lies; ``transposed`` if its rows are contiguous."""

    batch_stride: int
    leading: int
    transposed: bool


@dataclass(frozen=True, slots=True)
class Gemm:
    """One product, or one for each of a batch."""

    sizes: Sizes
    dtype: np.dtype[Any]
    lhs: Matrix
    rhs: Matrix

    @property
    def routine(self) -> str:
        return "dgemm" if self.dtype.itemsize == 8 else "sgemm"

    def __str__(self) -> str:
        s = self.sizes
        batch = f"{s.batch} × " if s.batch != 1 else ""
        left, right = ("ᵀ" if m.transposed else "" for m in (self.lhs, self.rhs))
        return f"{self.routine} {batch}({s.m}×{s.k}){left}·({s.k}×{s.n}){right}"


def sides(word: Contract, lhs_ndim: int, rhs_ndim: int) -> Sides:
    """The roles of all axes; contracted axes in the order in which the right operand has them."""
    pairs = sorted(zip(word.rhs_contract, word.lhs_contract, strict=True))
    lhs_taken = {*word.lhs_batch, *word.lhs_contract}
    rhs_taken = {*word.rhs_batch, *word.rhs_contract}
    return Sides(
        word.lhs_batch,
        tuple(a for a in range(lhs_ndim) if a not in lhs_taken),
        tuple(a for _, a in pairs),
        word.rhs_batch,
        tuple(b for b, _ in pairs),
        tuple(b for b in range(rhs_ndim) if b not in rhs_taken),
    )


def pays(sizes: Sizes, dtype: np.dtype[Any]) -> bool:
    """Whether BLAS is faster than a loop nest.

    Products with a vector and sums of a few terms are memory-bound: loops, which fuse.
    """
    if dtype.kind != "f" or min(sizes.m, sizes.n) == 1 or sizes.k <= _FEW:
        return False
    return sizes.products >= _BLAS_FROM


def matrix(
    shape: Sequence[int], strides: Sequence[int], batch: Ints, rows: Ints, columns: Ints
) -> Matrix | None:
    """The operand as BLAS sees it, or None if its strides do not make a matrix."""
    outer = _joint_stride(shape, strides, batch)
    down = _joint_stride(shape, strides, rows)
    across = _joint_stride(shape, strides, columns)
    if outer is None or down is None or across is None:
        return None
    height = math.prod(shape[a] for a in rows)
    width = math.prod(shape[a] for a in columns)
    if (across == 1 or width == 1) and (down >= width or height == 1):
        return Matrix(outer, max(down, width), False)
    if (down == 1 or height == 1) and (across >= height or width == 1):
        return Matrix(outer, max(across, height), True)
    return None


def _joint_stride(shape: Sequence[int], strides: Sequence[int], axes: Ints) -> int | None:
    """The stride of several axes taken as one, in row-major order; 0 when they have length 1."""
    step, inner = 0, 1
    for axis in reversed(axes):
        if shape[axis] == 1:
            continue
        if step == 0:
            step = strides[axis]
            if step == 0:
                return None
        elif strides[axis] != step * inner:
            return None
        inner *= shape[axis]
    return step


def emit(gemm: Gemm, emitter: Emitter, pointers: Sequence[str]) -> None:
    """The instructions of the product; ``pointers`` are the routine, the operands, the result."""
    s = gemm.sizes
    if s.batch == 1:
        _emit_call(gemm, emitter, pointers)
        return
    body = _Body(emitter)
    body.line("br label %loop")
    body.lines.append("loop:")
    body.line("%i = phi i64 [ 0, %entry ], [ %next, %loop ]")
    moved = ["%f"]
    steps = (gemm.lhs.batch_stride, gemm.rhs.batch_stride, s.m * s.n)
    for pointer, step in zip("abc", steps, strict=True):
        body.line(f"%o{pointer} = mul i64 %i, {step * gemm.dtype.itemsize}")
        body.line(f"%p{pointer} = getelementptr i8, ptr %{pointer}, i64 %o{pointer}")
        moved.append(f"%p{pointer}")
    _emit_call(gemm, body, moved)
    body.line("%next = add i64 %i, 1")
    body.line(f"%done = icmp eq i64 %next, {s.batch}")
    body.line("br i1 %done, label %exit, label %loop")
    body.lines += ["exit:", "  ret void"]
    numbers = (gemm.lhs.batch_stride, gemm.lhs.leading, gemm.rhs.batch_stride, gemm.rhs.leading)
    flags = f"{int(gemm.lhs.transposed)}{int(gemm.rhs.transposed)}"
    label = "_".join(map(str, (gemm.routine, s.batch, s.m, s.n, s.k, *numbers, flags)))
    head = f"define internal void @{label}(ptr %f, ptr %a, ptr %b, ptr %c) noinline {{"
    emitter.define(label, "\n".join([head, "entry:", *body.lines, "}"]))
    emitter.line(f"call void @{label}({', '.join(f'ptr {p}' for p in pointers)})")


class Emitter(Protocol):
    """Where instructions go."""

    def line(self, text: str) -> None: ...

    def define(self, name: str, text: str) -> None: ...


class _Body:
    """The instructions of a function of their own."""

    def __init__(self, emitter: Emitter) -> None:
        self.lines: list[str] = []
        self.define = emitter.define

    def line(self, text: str) -> None:
        self.lines.append("  " + text)


def emit_block(
    gemm: Gemm, emitter: Emitter, pointers: Sequence[str], axis: str, rows: str | None
) -> None:
    """The product of one block; ``rows`` points to how long ``axis`` is, where that varies."""
    _emit_call(gemm, emitter, pointers, {axis: rows} if rows else {}, adds=axis == "k")


def _emit_call(
    gemm: Gemm,
    emitter: Emitter,
    pointers: Sequence[str],
    found: Mapping[str, str] | None = None,
    adds: bool = False,
) -> None:
    """A call; ``found`` are pointers to sizes that are no constants."""
    found = found or {}
    s = gemm.sizes
    t = "double" if gemm.dtype.itemsize == 8 else "float"

    def number(value: int) -> str:
        return constant(f"int.{value}", f"i32 {value}")

    def constant(name: str, value: str) -> str:
        emitter.define(f"blas.{name}", f"@blas.{name} = private constant {value}")
        return f"@blas.{name}"

    def flag(matrix: Matrix) -> str:
        letter = "T" if matrix.transposed else "N"
        return constant(letter, f"i8 {ord(letter)}")

    routine, a, b, c = pointers
    arguments = (
        *(flag(gemm.rhs), flag(gemm.lhs), number(s.n)),
        *(found.get("m") or number(s.m), found.get("k") or number(s.k)),
        *(constant(f"{t}.1", f"{t} 1.0"), b, number(gemm.rhs.leading)),
        *(a, number(gemm.lhs.leading)),
        *(constant(f"{t}.{int(adds)}", f"{t} {int(adds)}.0"), c, number(s.n)),
    )
    emitter.line(f"call void {routine}({', '.join(f'ptr {x}' for x in arguments)})")
