"""Contractions as BLAS calls: which ones pay, what a matrix is to BLAS, and the IR of a call.

::

    gemm   ::= sizes, dtype, lhs matrix, rhs matrix
    matrix ::= batch stride, leading stride, transposed?      strides in elements

BLAS counts rows and columns in Fortran's order. A row-major product ``C = A·B`` is its product
``Cᵀ = Bᵀ·Aᵀ``, so operands change places and a row-major matrix counts as not transposed.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from functrans.kernel import Contract

Ints = tuple[int, ...]

# Below this many multiplications a loop nest is faster than a BLAS call (measured with square
# float64 matrices on AVX-512: a 10³ product takes about as long either way).
_BLAS_FROM = 1000


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
    """Whether BLAS is faster than a loop nest. Products with a vector are memory-bound: loops."""
    if dtype.kind != "f" or min(sizes.m, sizes.n) == 1:
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


def emit(gemm: Gemm, name: str) -> str:
    """A function ``name(blas, a, b, c)`` that does the product."""
    s, t = gemm.sizes, "double" if gemm.dtype.itemsize == 8 else "float"
    numbers = (s.n, s.m, s.k, gemm.rhs.leading, gemm.lhs.leading, s.n)
    labels = ("n", "m", "k", "ldb", "lda", "ldc")
    lines = [
        f"@{name}.{label} = private constant i32 {max(number, 1)}"
        for label, number in zip(labels, numbers, strict=True)
    ]
    flags = [ord("T" if m.transposed else "N") for m in (gemm.rhs, gemm.lhs)]
    lines += [
        f"@{name}.tb = private constant i8 {flags[0]}",
        f"@{name}.ta = private constant i8 {flags[1]}",
        f"@{name}.one = private constant {t} 1.0",
        f"@{name}.zero = private constant {t} 0.0",
        f"define internal void @{name}(ptr %f, ptr %a, ptr %b, ptr %c) noinline {{",
        "entry:",
        "  br label %loop",
        "loop:",
        "  %i = phi i64 [ 0, %entry ], [ %next, %loop ]",
    ]
    steps = (gemm.lhs.batch_stride, gemm.rhs.batch_stride, s.m * s.n)
    for pointer, step in zip("abc", steps, strict=True):
        lines += [
            f"  %o{pointer} = mul i64 %i, {step}",
            f"  %p{pointer} = getelementptr {t}, ptr %{pointer}, i64 %o{pointer}",
        ]
    arguments = ", ".join(
        f"ptr {p}"
        for p in (
            *(f"@{name}.{label}" for label in ("tb", "ta", "n", "m", "k", "one")),
            *("%pb", f"@{name}.ldb", "%pa", f"@{name}.lda"),
            *(f"@{name}.zero", "%pc", f"@{name}.ldc"),
        )
    )
    lines += [
        f"  call void %f({arguments})",
        "  %next = add i64 %i, 1",
        f"  %done = icmp eq i64 %next, {s.batch}",
        "  br i1 %done, label %exit, label %loop",
        "exit:",
        "  ret void",
        "}",
    ]
    return "\n".join(lines)


@cache
def address(routine: str) -> int:
    """The address of a BLAS routine, from the library that SciPy carries."""
    from scipy.linalg import cython_blas

    capsule = cython_blas.__pyx_capi__[routine]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    pointer: int = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
    return pointer
