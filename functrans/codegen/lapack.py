"""Factorisations by LAPACK and BLAS, whose matrices lie column by column.

To them a row-major matrix is its transpose. Where that is no loss they work on the memory as it is
(a lower Cholesky factor is an upper one of theirs, a triangular system changes sides); elsewhere
the matrix is copied. Workspaces have the sizes that LAPACK's documentation asks for, with blocks of
64.
"""

from __future__ import annotations

from functrans.codegen.code import Array, Code, Index

_BLOCK = 64
_LINE = 8  # numbers in a line of the cache


def cholesky(code: Code, routine: str, a: str, out: str, n: int) -> None:
    size = code.dtype.itemsize
    code.copy(out, a, n * n * size)
    info = code.alloca("i32")
    code.fortran(routine, code.letter("U"), code.int32(n), out, code.int32(n), info)
    _fail_unless_zero(code, info)
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
    whole = columns // _LINE * _LINE
    for block in code.span(whole // _LINE):  # a row at a time would touch each line of memory anew
        for i in code.span(rows):
            for k in range(_LINE):
                j = code.index((block, _LINE), (k, 1))
                b[i, j] = a[i, j]
    for i in code.span(rows):
        for j in range(whole, columns):
            b[i, j] = a[i, j]


def lu(
    code: Code, routine: str, a: str, out: str, pivots: str, scratch: str, shape: tuple[int, int]
) -> None:
    m, n = shape
    turn(code, a, scratch, m, n)
    info = code.alloca("i32")
    code.fortran(routine, code.int32(m), code.int32(n), scratch, code.int32(m), pivots, info)
    turn(code, scratch, out, n, m)


# --- orthogonal factors --------------------------------------------------------------------------


def qr_room(m: int, n: int, full: bool) -> int:
    """Numbers: the matrix or Q, whichever is wider, the reflections, LAPACK's own."""
    width = max(n, m if full else min(m, n))
    return m * width + min(m, n) + _BLOCK * width


def qr(
    code: Code,
    routines: tuple[str, str],
    a: str,
    results: tuple[str, str],
    scratch: str,
    shape: tuple[int, int],
    full: bool,
) -> None:
    """By Householder reflections: ``geqrf``, then ``orgqr`` for Q."""
    m, n = shape
    k = min(m, n)
    height = m if full else k
    width = max(n, height)
    q, r = results
    geqrf, orgqr = routines
    reflections = _offset(code, scratch, m * width)
    work = _offset(code, scratch, m * width + k)
    room, info = code.int32(_BLOCK * width), code.alloca("i32")
    turn(code, a, scratch, m, n)
    rows = code.int32(m)
    code.fortran(geqrf, rows, code.int32(n), scratch, rows, reflections, work, room, info)
    factor, upper = Array(code, scratch, (1, m)), Array(code, r, (n, 1))
    for i in code.span(height):
        for j in code.span(n):
            below = _before(code, j, i)
            upper[i, j] = code.select(below, code.number(0.0), factor[i, j])
    code.fortran(
        orgqr, rows, code.int32(height), code.int32(k), scratch, rows, reflections, work, room, info
    )
    turn(code, scratch, q, height, m)


def _offset(code: Code, pointer: str, numbers: int) -> str:
    return Array(code, pointer, (1,)).at(numbers)


def _before(code: Code, i: Index, j: Index) -> str:
    return code.let(f"icmp slt i64 {i}, {j}")


# --- eigenvalues, singular values ----------------------------------------------------------------


def eigh_room(n: int, vectors: bool) -> tuple[int, int, int]:
    """Numbers for the matrix, numbers and integers for ``syevd``."""
    if vectors:
        return n * n, max(1 + 6 * n + 2 * n * n, n * (_BLOCK + 2)), 3 + 5 * n
    return n * n, max(2 * n + 1, n * (_BLOCK + 2)), 1


def eigh(
    code: Code,
    routine: str,
    a: str,
    values: str,
    vectors: str | None,
    scratch: str,
    n: int,
) -> None:
    """By ``syevd``, which fails where it does not converge."""
    matrix, work, integers = eigh_room(n, vectors is not None)
    turn(code, a, scratch, n, n)
    info, size = code.alloca("i32"), code.int32(n)
    code.fortran(
        routine, code.letter("V" if vectors else "N"), code.letter("L"), size, scratch, size,
        values, _offset(code, scratch, matrix), code.int32(work),
        _offset(code, scratch, matrix + work), code.int32(integers), info,
    )  # fmt: skip
    _fail_unless_zero(code, info)
    if vectors:
        turn(code, scratch, vectors, n, n)


def _fail_unless_zero(code: Code, info: str) -> None:
    status = code.let(f"load i32, ptr {info}")
    code.fail_where(code.let(f"icmp ne i32 {status}, 0"))


def svd_room(m: int, n: int, vectors: bool, full: bool) -> tuple[int, int, int, int, int]:
    """Numbers for the matrix, U, Vᴴ and ``gesdd``, and integers for it."""
    short, long = min(m, n), max(m, n)
    u = m * (m if full else short) if vectors else 0
    vh = n * (n if full else short) if vectors else 0
    work = 6 * short * short + 10 * short + (_BLOCK + 1) * (m + n) + (long * short if full else 0)
    return m * n, u, vh, work, 8 * short


def svd(
    code: Code,
    routine: str,
    a: str,
    values: str,
    vectors: tuple[str, str] | None,
    scratch: str,
    shape: tuple[int, int],
    full: bool,
) -> None:
    """By ``gesdd``, which fails where it does not converge."""
    m, n = shape
    matrix, u, vh, work, _ = svd_room(m, n, vectors is not None, full)
    k = min(m, n)
    height = m if full else k, n if full else k
    left, right = _offset(code, scratch, matrix), _offset(code, scratch, matrix + u)
    room = matrix + u + vh
    job = ("A" if full else "S") if vectors else "N"
    turn(code, a, scratch, m, n)
    info, rows = code.alloca("i32"), code.int32(m)
    code.fortran(
        routine, code.letter(job), rows, code.int32(n), scratch, rows, values, left, rows,
        right, code.int32(height[1]), _offset(code, scratch, room), code.int32(work),
        _offset(code, scratch, room + work), info,
    )  # fmt: skip
    _fail_unless_zero(code, info)
    if vectors:
        turn(code, left, vectors[0], height[0], m)
        turn(code, right, vectors[1], n, height[1])


# --- tridiagonal systems -------------------------------------------------------------------------


def tridiagonal_solve(
    code: Code,
    routine: str,
    diagonals: tuple[str, str, str],
    b: str,
    x: str,
    scratch: str,
    shape: tuple[int, int],
) -> None:
    """By ``gtsv``, which changes the diagonals and fails where the matrix is singular."""
    n, m = shape
    size = code.dtype.itemsize
    places = [_offset(code, scratch, k * n) for k in range(3)]
    for place, pointer in zip(places, diagonals, strict=True):
        code.copy(place, pointer, n * size)
    sides = x if m == 1 else _offset(code, scratch, 3 * n)
    if m == 1:
        code.copy(x, b, n * size)
    else:
        turn(code, b, sides, n, m)
    info, rows = code.alloca("i32"), code.int32(n)
    below = _offset(code, places[0], 1)
    code.fortran(routine, rows, code.int32(m), below, places[1], places[2], sides, rows, info)
    _fail_unless_zero(code, info)
    if m != 1:
        turn(code, sides, x, m, n)
