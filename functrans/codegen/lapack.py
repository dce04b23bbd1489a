"""Factorisations by LAPACK and BLAS, whose matrices lie column by column.

To them a row-major matrix is its transpose. Where that is no loss they work on the memory as it is
(a lower Cholesky factor is an upper one of theirs, a triangular system changes sides); elsewhere
the matrix is copied. Workspaces have the sizes that LAPACK's documentation asks for, with blocks of
64.
"""

from __future__ import annotations

from functrans.codegen.code import Array, Code

_BLOCK = 64


def cholesky(code: Code, routine: str, a: str, out: str, n: int) -> None:
    size = code.dtype.itemsize
    code.copy(out, a, n * n * size)
    info = code.alloca("i32")
    code.fortran(routine, code.letter("U"), code.int32(n), out, code.int32(n), info)
    failed = code.let(f"load i32, ptr {info}")
    code.fail_where(code.let(f"icmp ne i32 {failed}, 0"))
    code.declare("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
    rows = Array(code, out, (n + 1,))
    for i in code.span(n - 1):
        above = code.let(f"getelementptr i8, ptr {rows.at(i)}, i64 {size}")
        count = code.index((n - 1, 1), (i, -1))
        nbytes = code.index((count, size))
        code.line(f"call void @llvm.memset.p0.i64(ptr {above}, i8 0, i64 {nbytes}, i1 false)")


def triangular_solve(
    code: Code,
    routines: tuple[str, str],
    a: str,
    x: str,
    shape: tuple[int, int],
    *,
    left: bool,
    lower: bool,
    transposed: bool,
    unit: bool,
) -> None:
    """By ``trsm``, or ``trsv`` for one right side; ``x`` of the given shape is overwritten."""
    height, width = shape
    uplo, diag = code.letter("U" if lower else "L"), code.letter("U" if unit else "N")
    trsm, trsv = routines
    n = height if left else width
    if left and width == 1:
        trans = code.letter("N" if transposed else "T")
        code.fortran(trsv, uplo, trans, diag, code.int32(n), a, code.int32(n), x, code.int32(1))
        return
    trans = code.letter("T" if transposed else "N")
    side = code.letter("R" if left else "L")
    code.fortran(
        trsm, side, uplo, trans, diag, code.int32(width), code.int32(height), code.real(1.0),
        a, code.int32(n), x, code.int32(width),
    )  # fmt: skip


def turn(code: Code, source: str, target: str, rows: int, columns: int) -> None:
    """A row-major matrix as a row-major matrix of its transpose."""
    a, b = Array(code, source, (columns, 1)), Array(code, target, (1, rows))
    for i in code.span(rows):
        for j in code.span(columns):
            b[i, j] = a[i, j]


def lu(
    code: Code, routine: str, a: str, out: str, pivots: str, scratch: str, shape: tuple[int, int]
) -> None:
    m, n = shape
    turn(code, a, scratch, m, n)
    info = code.alloca("i32")
    code.fortran(routine, code.int32(m), code.int32(n), scratch, code.int32(m), pivots, info)
    turn(code, scratch, out, n, m)
