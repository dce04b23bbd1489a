"""Factorisations of matrices so small that a call of LAPACK would cost more: straight code.

Textbook algorithms (Golub and Van Loan, Matrix Computations, 4th ed., 3.1, 3.4 and 4.2) with all
loops over rows and columns written out. Only the loop over right sides is one, so that it becomes
vector code.
"""

from __future__ import annotations

from functrans.codegen.code import Array, Code, Index

LARGEST = 8
"""The size up to which matrices are small."""

_VECTOR = 4  # right sides make vector code


def cholesky(code: Code, a: Array, out: Array, n: int) -> None:
    """The lower factor into ``out``; fails where a pivot is not positive, NaN stays NaN."""
    zero, one = code.number(0.0), code.number(1.0)
    factor: dict[tuple[int, int], str] = {}
    for j in range(n):
        inverse = ""
        for i in range(j, n):
            x = a[i, j]
            for k in range(j):
                x = code.sub(x, code.mul(factor[i, k], factor[j, k]))
            if i == j:
                code.fail_where(code.compare("ole", x, zero))
                x = code.sqrt(x)
                inverse = code.div(one, x)
            else:
                x = code.mul(x, inverse)
            factor[i, j] = x
    for i in range(n):
        for j in range(n):
            out[i, j] = factor.get((i, j), zero)


def triangular_solve(
    code: Code, a: Array, x: Array, n: int, m: int, lower: bool, unit: bool
) -> None:
    """a·x = b for the ``m`` right sides in ``x``, which the solutions replace."""
    one = code.number(1.0)
    order = range(n) if lower else range(n - 1, -1, -1)
    entries = {(i, k): a[i, k] for i in range(n) for k in (range(i) if lower else range(i + 1, n))}
    inverses = [] if unit else [code.div(one, a[i, i]) for i in range(n)]
    for j in code.span(m, vector=m >= _VECTOR):
        solved: dict[int, str] = {}
        for i in order:
            value = x[i, j]
            for k, known in solved.items():
                value = code.sub(value, code.mul(entries[i, k], known))
            solved[i] = value if unit else code.mul(value, inverses[i])
        for i, value in solved.items():
            x[i, j] = value


def lu(
    code: Code, a: Array, out: Array, pivots: Array, order: Array, shape: tuple[int, int]
) -> None:
    """The factors into ``out``, the rows that were exchanged, and where each was at first.

    All numbers are registers, exchanged by selections: no address depends on a pivot.
    """
    m, n = shape
    zero, one = code.number(0.0), code.number(1.0)
    rows = [[a[i, j] for j in range(n)] for i in range(m)]
    places = [str(i) for i in range(m)]
    for k in range(min(m, n)):
        largest, where = code.abs(rows[k][k]), str(k)
        for i in range(k + 1, m):
            size = code.abs(rows[i][k])
            larger = code.compare("ogt", size, largest)
            largest = code.select(larger, size, largest)
            where = code.select(larger, str(i), where, "i32")
        pivots[(k,)] = where
        for i in range(k + 1, m):
            here = code.let(f"icmp eq i32 {where}, {i}")
            p, q = places[k], places[i]
            places[k] = code.select(here, q, p, "i32")
            places[i] = code.select(here, p, q, "i32")
            for j, (x, y) in enumerate(zip(rows[k], rows[i], strict=True)):
                rows[k][j], rows[i][j] = code.select(here, y, x), code.select(here, x, y)
        pivot = rows[k][k]
        inverse = code.select(code.compare("oeq", pivot, zero), zero, code.div(one, pivot))
        for i in range(k + 1, m):
            factor = rows[i][k] = code.mul(rows[i][k], inverse)
            for j in range(k + 1, n):
                rows[i][j] = code.sub(rows[i][j], code.mul(factor, rows[k][j]))
    for i, row in enumerate(rows):
        order[(i,)] = places[i]
        for j, x in enumerate(row):
            out[i, j] = x


def exchange(code: Code, a: Array, k: Index, other: Index, n: int) -> None:
    """Exchange two rows; the second is found at run time."""
    above, below = a.part(k), a.part(other)
    for j in code.span(n) if n > LARGEST else range(n):
        x, y = above[(j,)], below[(j,)]
        above[(j,)] = y
        below[(j,)] = x
