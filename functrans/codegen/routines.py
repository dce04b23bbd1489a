"""Matrix routines: what each is called with, and the code of one call for a batch.

::

    routine ::= name, options, dtype, operand shapes, result shapes

A routine is a function of pointers to LAPACK's routines, operands, results and scratch memory. It
loops over the leading axes. Small matrices are factorised by code of their own
(``small_matrices``), others by LAPACK (``lapack``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from functrans.codegen import lapack, small_matrices, vector_math
from functrans.codegen.code import Array, Code, Index, Module
from functrans.codegen.link import RoutineAddress

Dtype = np.dtype[Any]
Shape = tuple[int, ...]
_INT32 = np.dtype(np.int32)


@dataclass(frozen=True, slots=True)
class Routine:
    """One call: what it computes, of what."""

    name: str
    options: tuple[tuple[str, bool], ...]
    dtype: Dtype
    reads: tuple[Shape, ...]
    writes: tuple[Shape, ...]

    @property
    def lead(self) -> Shape:
        """The axes of the batch."""
        return self.reads[0][:-2]

    @property
    def batch(self) -> int:
        return math.prod(self.lead)

    @property
    def matrix(self) -> tuple[int, int]:
        """The shape of the first operand's matrices."""
        m, n = self.reads[0][-2:]
        return m, n

    @property
    def is_small(self) -> bool:
        return max(self.matrix) <= small_matrices.LARGEST

    def option(self, name: str) -> bool:
        return dict(self.options)[name]

    @property
    def addresses(self) -> tuple[RoutineAddress, ...]:
        """The routines of LAPACK that it calls."""
        kind = _KINDS[self.name]
        letter = "d" if self.dtype.itemsize == 8 else "s"
        return tuple(RoutineAddress(letter + name) for name in kind.libraries(self))

    @property
    def scratch(self) -> int:
        """How many numbers it needs room for."""
        return _KINDS[self.name].scratch(self)

    @property
    def flops(self) -> int:
        m, n = self.matrix
        size = max(math.prod(shape[-2:]) for shape in (*self.reads, *self.writes))
        return self.batch * size * min(m, n)

    def __str__(self) -> str:
        flags = "".join(f" {name}" for name, on in self.options if on)
        return f"{self.name}{flags} {'×'.join(map(str, self.reads[0]))}"

    def text(self, module: Module) -> str:
        """The function ``i32 (library…, operand…, result…, scratch)``, from its parameters on."""
        code = Code(module, self.dtype)
        libraries = [code.parameter() for _ in self.addresses]
        reads = [code.parameter() for _ in self.reads]
        writes = [code.parameter() for _ in self.writes]
        scratch = code.parameter() if self.scratch else ""
        kind = _KINDS[self.name]
        for number in code.span(self.batch):
            one = _One(
                self,
                code,
                libraries,
                self._moved(code, reads, self.reads, kind.read_types, number),
                self._moved(code, writes, self.writes, kind.write_types, number),
                scratch,
            )
            kind.emit(one)
        return code.text()

    def _moved(
        self,
        code: Code,
        pointers: Sequence[str],
        shapes: Sequence[Shape],
        types: Sequence[Dtype | None],
        number: Index,
    ) -> list[str]:
        lead = len(self.lead)
        return [
            Array(code, pointer, (math.prod(shape[lead:]),), dtype or self.dtype).at(number)
            for pointer, shape, dtype in zip(pointers, shapes, types, strict=False)
        ]


@dataclass(slots=True)
class _One:
    """The call for one matrix of the batch."""

    routine: Routine
    code: Code
    libraries: list[str]
    reads: list[str]
    writes: list[str]
    scratch: str

    def rows(self, pointer: str, columns: int) -> Array:
        return Array(self.code, pointer, (columns, 1))


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of routine is called; None stands for the dtype of the matrices."""

    emit: Callable[[_One], None]
    libraries: Callable[[Routine], tuple[str, ...]]
    scratch: Callable[[Routine], int]
    read_types: tuple[Dtype | None, ...]
    write_types: tuple[Dtype | None, ...]


def _nothing(routine: Routine) -> int:
    return 0


def _none(routine: Routine) -> tuple[str, ...]:
    return ()


def _unless_small(*names: str) -> Callable[[Routine], tuple[str, ...]]:
    return lambda routine: () if routine.is_small else names


# --- cholesky, triangular_solve ------------------------------------------------------------------


def _cholesky(one: _One) -> None:
    n = one.routine.matrix[0]
    (a,), (out,) = one.reads, one.writes
    if one.routine.is_small:
        small_matrices.cholesky(one.code, one.rows(a, n), one.rows(out, n), n)
    else:
        lapack.cholesky(one.code, one.libraries[0], a, out, n)


def _triangular_solve(one: _One) -> None:
    options = dict(one.routine.options)
    (a, b), (x,) = one.reads, one.writes
    height, width = one.routine.writes[0][-2:]
    one.code.copy(x, b, height * width * one.code.dtype.itemsize)
    if options.pop("checked"):
        _fail_at_zero(one, a)
    _solve_triangle(one, a, x, (height, width), **options)


def _solve_triangle(
    one: _One,
    a: str,
    x: str,
    shape: tuple[int, int],
    *,
    left: bool,
    lower: bool,
    transposed: bool,
    unit: bool,
) -> None:
    height, width = shape
    if not one.routine.is_small:
        trsm, trsv = one.libraries[-2:]
        lapack.triangular_solve(
            one.code, (trsm, trsv), a, x, shape,
            left=left, lower=lower, transposed=transposed, unit=unit,
        )  # fmt: skip
        return
    n, m = (height, width) if left else (width, height)
    matrix, sides = one.rows(a, n), one.rows(x, width)
    if transposed == left:  # xᵀ·op(a) = b is op(a)ᵀ·x = bᵀ
        matrix, lower = matrix.transposed, not lower
    sides = sides if left else sides.transposed
    small_matrices.triangular_solve(one.code, matrix, sides, n, m, lower, unit)


def _fail_at_zero(one: _One, a: str) -> None:
    """Fail where the diagonal holds a zero."""
    code, n = one.code, one.routine.matrix[0]
    diagonal = Array(code, a, (n + 1,))
    for i in range(n) if one.routine.is_small else code.span(n):
        code.fail_where(code.compare("oeq", diagonal[(i,)], code.number(0.0)))


# --- lu, lu_solve, determinants ------------------------------------------------------------------


def _lu(one: _One) -> None:
    code = one.code
    m, n = one.routine.matrix
    (a,), (out, pivots, order) = one.reads, one.writes
    rows, places = Array(code, pivots, (1,), _INT32), Array(code, order, (1,), _INT32)
    if one.routine.is_small:
        small_matrices.lu(code, one.rows(a, n), one.rows(out, n), rows, places, (m, n))
        return
    library = one.libraries[0]
    lapack.lu(code, library, a, out, pivots, one.scratch, (m, n))
    for i in code.span(min(m, n)):
        rows[(i,)] = code.let(f"sub i32 {rows[(i,)]}, 1")
    for i in code.span(m):
        places[(i,)] = code.let(f"trunc i64 {i} to i32")
    for i in code.span(min(m, n)):
        other = code.let(f"sext i32 {rows[(i,)]} to i64")
        here, there = places[(i,)], places[(other,)]
        places[(i,)] = there
        places[(other,)] = here


def _lu_solve(one: _One) -> None:
    code = one.code
    (factors, pivots, b), (x,) = one.reads, one.writes
    n, m = one.routine.writes[0][-2:]
    transposed = one.routine.option("transposed")
    code.copy(x, b, n * m * code.dtype.itemsize)
    _fail_at_zero(one, factors)
    lower = {"left": True, "lower": True, "transposed": transposed, "unit": True}
    upper = {"left": True, "lower": False, "transposed": transposed, "unit": False}
    if transposed:
        _solve_triangle(one, factors, x, (n, m), **upper)
        _solve_triangle(one, factors, x, (n, m), **lower)
        _exchange_rows(one, pivots, x, (n, m), backwards=True)
    else:
        _exchange_rows(one, pivots, x, (n, m), backwards=False)
        _solve_triangle(one, factors, x, (n, m), **lower)
        _solve_triangle(one, factors, x, (n, m), **upper)


def _exchange_rows(
    one: _One, pivots: str, x: str, shape: tuple[int, int], *, backwards: bool
) -> None:
    code, (n, m) = one.code, shape
    rows = Array(code, pivots, (1,), _INT32)
    sides = one.rows(x, m)
    for step in range(n) if one.routine.is_small else code.span(n):
        k = code.index((n - 1, 1), (step, -1)) if backwards else step
        other = code.let(f"sext i32 {rows[(k,)]} to i64")
        small_matrices.exchange(code, sides, k, other, m)


def _det(one: _One) -> None:
    code = one.code
    product = _each_pivot(one, _Total(code, code.number(1.0)), lambda x: x)
    Array(code, one.writes[0], ())[()] = product


def _slogdet(one: _One) -> None:
    code = one.code
    dtype = code.dtype
    zero, plus, minus = (code.number(x) for x in (0.0, 1.0, -1.0))

    def sign(x: str) -> str:
        below = code.select(code.compare("olt", x, zero), minus, x)
        return code.select(code.compare("ogt", x, zero), plus, below)

    total = _Total(code, zero)

    def signed(x: str) -> str:
        logarithm = vector_math.scalar(code, "log", (), [code.abs(x)], [dtype], dtype)
        total.put(code.add(total.get(), logarithm))
        return sign(x)

    Array(code, one.writes[0], ())[()] = _each_pivot(one, _Total(code, plus), signed)
    Array(code, one.writes[1], ())[()] = total.get()


def _each_pivot(one: _One, product: _Total, factor: Callable[[str], str]) -> str:
    """The product of the factors that the pivots make, its sign changed with each exchange."""
    code, n = one.code, one.routine.matrix[0]
    factors, pivots = one.reads
    diagonal, rows = Array(code, factors, (n + 1,)), Array(code, pivots, (1,), _INT32)
    for i in range(n) if one.routine.is_small else code.span(n):
        x = code.mul(product.get(), factor(diagonal[(i,)]))
        here = str(i) if isinstance(i, int) else code.let(f"trunc i64 {i} to i32")
        stays = code.let(f"icmp eq i32 {rows[(i,)]}, {here}")
        product.put(code.select(stays, x, code.neg(x)))
    return product.get()


class _Total:
    """A number that changes from one round of a loop to the next."""

    def __init__(self, code: Code, start: str) -> None:
        self.cell = Array(code, code.alloca(code.type), ())
        self.put(start)

    def put(self, value: str) -> None:
        self.cell[()] = value

    def get(self) -> str:
        return self.cell[()]


# --- qr, eigh, svd -------------------------------------------------------------------------------


def _qr(one: _One) -> None:
    geqrf, orgqr = one.libraries
    q, r = one.writes
    full = one.routine.option("full")
    lapack.qr(one.code, (geqrf, orgqr), one.reads[0], (q, r), one.scratch, one.routine.matrix, full)


def _eigh(one: _One) -> None:
    values, *vectors = one.writes
    target = vectors[0] if vectors else None
    n = one.routine.matrix[0]
    lapack.eigh(one.code, one.libraries[0], one.reads[0], values, target, one.scratch, n)


def _svd(one: _One) -> None:
    full = one.routine.option("full")
    values, *_ = one.writes
    vectors = None
    if one.routine.option("vectors"):
        u, values, vh = one.writes
        vectors = u, vh
    lapack.svd(
        one.code, one.libraries[0], one.reads[0], values, vectors, one.scratch,
        one.routine.matrix, full,
    )  # fmt: skip


def _tridiagonal_solve(one: _One) -> None:
    b, *diagonals = one.reads
    lower, middle, upper = diagonals
    lapack.tridiagonal_solve(
        one.code, one.libraries[0], (lower, middle, upper), b, one.writes[0], one.scratch,
        one.routine.matrix,
    )  # fmt: skip


def _tridiagonal_room(routine: Routine) -> int:
    n, m = routine.matrix
    return n * (3 + m)


def _qr_room(routine: Routine) -> int:
    return lapack.qr_room(*routine.matrix, routine.option("full"))


def _eigh_room(routine: Routine) -> int:
    return sum(lapack.eigh_room(routine.matrix[0], routine.option("vectors")))


def _svd_room(routine: Routine) -> int:
    options = routine.option("vectors"), routine.option("full")
    return sum(lapack.svd_room(*routine.matrix, *options))


_TRIANGULAR = _unless_small("trsm", "trsv")

_KINDS = {
    "cholesky": _Kind(_cholesky, _unless_small("potrf"), _nothing, (None,), (None,)),
    "triangular_solve": _Kind(_triangular_solve, _TRIANGULAR, _nothing, (None, None), (None,)),
    "lu": _Kind(
        _lu, _unless_small("getrf"), lambda r: 0 if r.is_small else math.prod(r.matrix),
        (None,), (None, _INT32, _INT32),
    ),
    "lu_solve": _Kind(_lu_solve, _TRIANGULAR, _nothing, (None, _INT32, None), (None,)),
    "det": _Kind(_det, _none, _nothing, (None, _INT32), (None,)),
    "qr": _Kind(_qr, lambda r: ("geqrf", "orgqr"), _qr_room, (None,), (None, None)),
    "eigh": _Kind(_eigh, lambda r: ("syevd",), _eigh_room, (None,), (None, None)),
    "svd": _Kind(_svd, lambda r: ("gesdd",), _svd_room, (None,), (None, None, None)),
    "tridiagonal_solve": _Kind(
        _tridiagonal_solve, lambda r: ("gtsv",), _tridiagonal_room, (None,) * 4, (None,)
    ),
    "slogdet": _Kind(_slogdet, _none, _nothing, (None, _INT32), (None, None)),
}  # fmt: skip
