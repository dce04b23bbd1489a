"""Short loops unrolled, elements in registers, outer loops as vector code: the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.errors import IndexBoundsError
from tests.poison import compare

BATCHES = [1, 15, 16, 17]  # an outer loop becomes vector code from 16 iterations on
SHORT = [1, 2, 3, 7, 8, 15, 16, 17]  # up to 7, or up to 16, iterations are unrolled


def numbers(*shape: int) -> Any:
    count = int(np.prod(shape))
    return (np.arange(float(count)) * 37 % 23 - 11).reshape(shape)


@pytest.mark.parametrize("short", SHORT)
@pytest.mark.parametrize("batch", [15, 16])
def test_reductions_of_short_rows(batch: int, short: int) -> None:
    """Folds, running folds and extremes of temporaries that are registers."""

    def f(x: Any) -> Any:
        a = np.sin(x) + 2.0
        shifted = a - np.max(a, axis=-1, keepdims=True)
        share = np.exp(shifted) / np.sum(np.exp(shifted), axis=-1, keepdims=True)
        return (
            share,
            np.argmax(share, axis=-1),
            np.cumsum(share, axis=-1)[:, ::-1],
            np.prod(a, axis=-1),
            np.any(a > 2.9, axis=-1),
            np.min(a[:, ::-1] * np.cumsum(a, axis=-1), axis=-1),
            np.sum(share * share, axis=0),
        )

    x = numbers(batch, short) / 7.0
    compare(f, x)
    if batch == 16:
        compare(ft.grad(lambda x: sum(np.sum(np.cos(v)) for v in f(x) if v.dtype.kind == "f")), x)


@pytest.mark.parametrize(("batch", "size"), [(1, 3), (15, 2), (16, 3), (17, 4)])
def test_small_matrices(batch: int, size: int) -> None:
    """Products, traces, elimination: matrices of a few elements for each example."""

    def solved(a: Any, b: Any) -> Any:
        """Elimination without pivots, written element by element."""
        rows = [[a[i, j] for j in range(size)] for i in range(size)]
        right = [b[i] for i in range(size)]
        for k in range(size):
            for i in range(k + 1, size):
                factor = rows[i][k] / rows[k][k]
                rows[i] = [p - factor * q for p, q in zip(rows[i], rows[k], strict=True)]
                right[i] = right[i] - factor * right[k]
        out: list[Any] = [None] * size
        for k in reversed(range(size)):
            known = sum((rows[k][j] * out[j] for j in range(k + 1, size)), 0.0)
            out[k] = (right[k] - known) / rows[k][k]
        return fnp.stack(out)

    def f(a: Any, b: Any) -> Any:
        m = a @ a.T / 9.0 + 30.0 * np.eye(size)
        x = solved(m, b)
        return m, x, m @ x - b, np.trace(m), np.linalg.norm(x), np.outer(x, b) @ m

    a, b = numbers(batch, size, size), numbers(batch, size)
    compare(ft.vmap(f), a, b)
    compare(ft.vmap(ft.jacfwd(lambda a, b: f(a, b)[1], (0, 1))), a, b)
    compare(ft.vmap(ft.grad(lambda a, b: np.sum(f(a, b)[1] ** 2), (0, 1))), a, b)


def rotation(v: Any) -> Any:
    angle = np.sqrt(np.sum(v * v) + 1e-8)
    axis = v / angle
    zero = axis[0] * 0.0
    cross = fnp.array(
        [[zero, -axis[2], axis[1]], [axis[2], zero, -axis[0]], [-axis[1], axis[0], zero]]
    )
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)


@pytest.mark.parametrize("batch", [1, 16])
def test_projections(batch: int) -> None:
    """Many tiny arrays with concatenations, and their Jacobians and Hessians."""

    def project(camera: Any, point: Any) -> Any:
        p = rotation(camera[:3]) @ (point - camera[3:6])
        flat = p[:2] / (p[2] + 5.0)
        size = np.sum(flat * flat)
        return flat * (1.0 + camera[6] * size + camera[7] * size * size) * camera[8]

    camera, point = numbers(batch, 9) / 40.0, numbers(batch, 3) / 30.0
    compare(ft.vmap(project), camera, point)
    compare(ft.vmap(ft.jacrev(project, (0, 1))), camera, point)
    compare(ft.vmap(ft.jacfwd(project, (0, 1))), camera, point, rtol=1e-8)
    compare(
        ft.vmap(ft.hessian(lambda p, c: np.sum(project(c, p) ** 2))), point, camera, rtol=1e-7,
        atol=1e-7,
    )  # fmt: skip


@pytest.mark.parametrize("batch", BATCHES)
def test_short_arrays_at_run_time_indices(batch: int) -> None:
    """Elements that a number picks cannot be registers; those around them can."""
    picks = np.arange(batch * 2).reshape(batch, 2) % 6 - 3

    def f(x: Any, i: Any) -> Any:
        a = x * 2.0 + 1.0
        b = np.concatenate([a, a[::-1]])
        return (
            b[i],
            fnp.at(b)[i].add(1.0),
            fnp.at(b * 3.0)[i].set(a[i] + np.sum(b)),
            np.cumsum(fnp.at(a)[i[0]].multiply(2.0)),
            np.sum(np.pad(a, 1)[1:-1] * b[3:][: a.shape[0]]),
        )

    compare(ft.vmap(f), numbers(batch, 3), picks)


def test_index_out_of_bounds_in_unrolled_code() -> None:
    f = ft.jit(ft.vmap(lambda x, i: np.sum((x * 2.0)[i])))
    x = numbers(17, 3)
    for row in (0, 5, 16):
        picks = np.zeros((17, 2), np.int64)
        picks[row, 1] = 3
        with pytest.raises(IndexBoundsError):
            f(x, picks)
        picks[row, 1] = -3
        f(x, picks)


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8", "bool"])
@pytest.mark.parametrize("batch", [16])
def test_registers_of_other_types(batch: int, dtype: str) -> None:
    x = (np.arange(batch * 5) % 4).astype(dtype).reshape(batch, 5)

    def f(x: Any) -> Any:
        a = np.logical_not(x) if dtype == "bool" else x + x.dtype.type(1)
        b = np.concatenate([a[:, ::-1], x], axis=1)
        return (
            b,
            np.max(b, axis=1),
            np.argmin(b, axis=1),
            np.any(b, axis=1),
            np.sum(b, axis=1),
            b[:, 3:8] == x,
            np.where(a > x, b[:, :5], b[:, 5:]),
            np.stack([a, x], axis=2).astype("float64") * 0.5,
        )

    compare(f, x)


@pytest.mark.parametrize("pieces", [3, 20, 60])
def test_long_straight_programs(pieces: int) -> None:
    """More statements than one kernel, or one unrolled loop, takes."""

    def f(x: Any, y: Any) -> Any:
        parts = [x]
        for k in range(pieces):
            last = parts[-1]
            parts.append(np.sin(last[..., ::-1] * 0.7 + k) + y[..., : last.shape[-1]])
            if k % 5 == 4:
                parts.append(parts[-1] - np.mean(parts[-3], axis=-1, keepdims=True))
        return np.concatenate(parts, axis=-1), np.sum(np.stack(parts), axis=0), parts[-1]

    compare(f, numbers(3) / 9.0, numbers(4) / 9.0, rtol=1e-8, atol=1e-8)
    compare(f, numbers(17, 3) / 9.0, numbers(17, 4) / 9.0, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("batch", [2047, 2048, 2049])
def test_long_sums_of_short_rows(batch: int) -> None:
    """Sums in blocks around unrolled loops, beside other folds and updates of the same rows."""
    x = numbers(batch, 3)
    picks = np.arange(batch) % 5

    def f(x: Any) -> Any:
        a = x * x - 1.0
        row = np.sum(a, axis=-1)
        return (
            np.sum(a, axis=0),
            np.sum(row),
            np.max(row),
            np.sum(a, axis=0) + np.min(a, axis=0),
            fnp.at(np.zeros((5, 3)))[picks].add(a),
            np.cumsum(row),
            np.sum(np.where(row[:, None] > 3.0, a, 0.0), axis=0),
        )

    compare(f, x)
    compare(ft.grad(lambda x: sum(np.sum(v * v) for v in f(x))), x)


@pytest.mark.parametrize("size", [511, 512, 513])
def test_temporaries_around_the_size_of_locals(size: int) -> None:
    """4096 bytes, and more of them than the stack of a kernel holds."""

    def f(x: Any, y: Any) -> Any:
        rows = [np.sin(x * (k + 1.0)) + y[:, None] for k in range(10)]
        totals = [np.sum(r, axis=1, keepdims=True) for r in rows]
        return sum(r / (t * t + 1.0) for r, t in zip(rows, totals, strict=True)), totals[3]

    compare(f, numbers(3, size) / 9.0, numbers(3))


def test_hessian_of_a_small_function() -> None:
    def f(x: Any) -> Any:
        a = np.outer(x, x) + np.diag(x * x)
        return np.sum(np.sin(a @ x)) * np.prod(1.0 + x[1:] * x[:-1])

    for size in (3, 8):
        compare(ft.hessian(f), numbers(size) / 20.0)
    batch = np.stack([numbers(3) / 20.0 * k for k in range(17)])
    compare(ft.vmap(ft.jacrev(ft.grad(f))), batch)
