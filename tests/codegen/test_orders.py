"""Arrays whose axes lie in another order in memory: every reader finds every element."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.codegen.lowering import word_of
from functrans.codegen.orders import orders
from functrans.errors import IndexBoundsError
from functrans.passes.run import run
from tests.poison import compare

CUBE = (np.arange(2.0 * 17 * 9) % 11 - 5).reshape(2, 17, 9)
MOVES = list(itertools.permutations(range(3)))


def in_other_orders(f: Any, *args: Any) -> int:
    """How many variables of the program do not lie in row-major order."""
    return len(orders(run(ft.make_jaxpr(f)(*args)), word_of))


def test_the_cases_here_have_other_orders() -> None:
    assert in_other_orders(lambda x: np.transpose(np.sin(x * 2.0) + 1.0), CUBE)
    assert in_other_orders(lambda x: np.transpose(np.pad(x * 2.0, 1)), CUBE)


@pytest.mark.parametrize("move", MOVES)
def test_elementwise_chains_before_a_transpose(move: tuple[int, ...]) -> None:
    def f(x: Any, y: Any) -> Any:
        a = np.sin(x) * 2.0 + y
        b = np.where(a > 0.3, a, x - y)
        return np.transpose(b, move), np.transpose(a * b, move) + 1.0, b

    compare(f, CUBE, CUBE[::-1, :1] * 0.5)


@pytest.mark.parametrize("move", MOVES[2:5])
@pytest.mark.parametrize("axis", [0, 2])
def test_layout_changes_in_between(move: tuple[int, ...], axis: int) -> None:
    def f(x: Any) -> Any:
        a = x * 2.0
        return (
            np.transpose(np.pad(a, [(k == axis, 2 * (k != axis)) for k in range(3)]), move) + 1.0,
            np.transpose(np.concatenate([a, a[::-1] * 3.0, x], axis), move),
            np.transpose(np.stack([a, x + 1.0], axis), (*move, 3)),
            np.transpose(np.flip(a, axis), move) * a.ravel()[3],
            np.transpose(a[:1, 3:15:2, ::-1], move),
            np.transpose(ft.lax.pad(a, 0.5, ((-1, 0, 2), (1, -2, 1), (2, 1, 0))), move),
        )

    compare(f, CUBE)


@pytest.mark.parametrize("move", MOVES)
def test_reshapes_in_between(move: tuple[int, ...]) -> None:
    def f(x: Any) -> Any:
        a = x * 2.0
        b = np.transpose(a, move)
        joined = np.reshape(b * 1.5, (b.shape[0] * b.shape[1], b.shape[2]))
        split = np.reshape(a + 1.0, (2, 17, 3, 3))
        return (
            np.transpose(joined),
            np.transpose(split, (3, *move)),
            np.reshape(b, -1) + 1.0,
            np.transpose(np.reshape(b, (1, -1, 1)) * 2.0, move),
        )

    compare(f, CUBE)


@pytest.mark.parametrize("shape", [(0, 3, 7), (3, 0), (4, 0, 3)])
def test_reshapes_of_no_elements(shape: tuple[int, ...]) -> None:
    def f(x: Any) -> Any:
        whole = np.reshape(x * 2.0, shape[::-1])
        parts = np.reshape(x + 1.0, (*shape[1:], 1, shape[0]))
        return np.transpose(whole), np.transpose(parts)

    compare(f, np.empty(shape))


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("move", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_reductions(move: tuple[int, ...], count: int) -> None:
    for axes in itertools.combinations(range(3), count):

        def f(x: Any, axes: Any = axes) -> Any:
            a = np.transpose(x * 2.0, move)
            total = np.sum(a + 1.0, axis=axes)
            return (
                np.transpose(total) * 3.0,
                np.transpose(np.max(x - 1.0, axis=axes, keepdims=True)) + np.transpose(x),
                np.min(np.transpose(x * x), axis=axes),
                np.any(a > 5.0, axis=axes),
            )

        compare(f, CUBE)


@pytest.mark.parametrize(
    ("short", "long"), [(2, 64), (7, 16), (8, 16), (15, 16), (16, 17), (7, 15)]
)
def test_sums_over_short_rows(short: int, long: int) -> None:
    x = (np.arange(3.0 * long * short) % 13).reshape(3, long, short)

    def f(x: Any) -> Any:
        a = x * 2.0 - 1.0
        return np.sum(a, -1), np.sum(a * a, -1).T, np.max(np.sin(x), -1), np.argmax(a, -1)

    compare(f, x)
    compare(ft.grad(lambda x: np.sum(np.cos(np.sum(np.sin(x), -1).T))), x)


@pytest.mark.parametrize("move", MOVES)
def test_readers_that_want_rows(move: tuple[int, ...]) -> None:
    """What a transposed temporary is read by: folds, extremes, scatters, NumPy's own code."""

    def f(x: Any) -> Any:
        a = np.transpose(np.abs(x) * 2.0, move)
        return (
            np.cumsum(a, axis=1),
            np.maximum.accumulate(a, axis=2),
            np.argmin(a, axis=0),
            fnp.at(a)[np.array([0, -1, 0])].add(1.0),
            fnp.at(a)[:, np.array([1, -1])].multiply(2.0),
            np.sort(a, axis=1),
            np.transpose(np.sort(a, axis=0), move) + 1.0,
        )

    compare(f, CUBE)


PICKS = np.array([-1, 0, -2, 1])


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("end", ["whole", "slice", "reversed"])
@pytest.mark.parametrize("move", [(1, 2, 0), (2, 1, 0)])
def test_gathers_from_other_orders(axis: int, end: str, move: tuple[int, ...]) -> None:
    """Bounds and negative indices are those of what is read, not of what holds it."""
    x = (np.arange(4.0 * 5 * 6) % 17).reshape(4, 5, 6)

    def f(x: Any, picks: Any) -> Any:
        a = x * 2.0
        part = {"whole": a, "slice": a[:2, :3, :4], "reversed": a[::-1, :4]}[end]
        before = (slice(None),) * axis
        found = part[(*before, picks)]
        return np.transpose(found, move), np.transpose(found, move) + 1.0

    compare(f, x, PICKS)
    compare(lambda x: f(x, PICKS), x)


def test_bounds_of_a_slice_in_another_order() -> None:
    def f(x: Any, i: Any) -> Any:
        return np.transpose((x * 2.0)[:2, :3, :4][:, i], (1, 2, 0))

    x = np.arange(120.0).reshape(4, 5, 6)
    for bad in (3, -4):
        with pytest.raises(IndexBoundsError):
            ft.jit(f)(x, np.array([0, bad]))


def test_two_index_arrays() -> None:
    rows, columns = np.array([[0, -1], [1, 1]]), np.array([[2, -3], [0, 4]])

    def f(x: Any, i: Any, j: Any) -> Any:
        a = np.transpose(x * 2.0, (2, 0, 1))
        return (
            np.transpose(a[:, i, j]) + 1.0,
            np.transpose(a[i, :, j], (2, 1, 0)),
            np.transpose(x[i, j] * 3.0, (1, 2, 0)),
        )

    compare(f, CUBE, rows, columns)


EINSUMS = (
    "abc,dc->bad", "abc,cd->dba", "abc,adc->dba", "abc,adc->bda", "abc,abd->cad", "abc,bcd->da",
    "abc,abc->cb", "abc,cbd->dab", "abc,bd->dcab", "abc,ac->b", "abc,def->afc", "abc,acd->bdac",
)  # fmt: skip


@pytest.mark.parametrize("text", EINSUMS)
@pytest.mark.parametrize("sizes", [(3, 16, 2, 9, 2, 2), (9, 8, 17, 10, 1, 3)], ids=["few", "many"])
def test_products(text: str, sizes: tuple[int, ...]) -> None:
    """Loops and BLAS, from operands and into results in other orders."""
    size = dict(zip("abcdef", sizes, strict=True))
    left, right = text.split("->")[0].split(",")
    x, y = (
        (np.arange(float(np.prod([size[s] for s in side]))) % 7 - 3).reshape(
            [size[s] for s in side]
        )
        for side in (left, right)
    )

    def f(x: Any, y: Any) -> Any:
        plain = np.einsum(text, x, y)
        late = np.einsum(text, x * 2.0, np.transpose(np.transpose(y + 1.0)))
        turned = np.einsum(f"{left[::-1]},{right[::-1]}->{text.split('->')[1]}", x.T - 1.0, y.T)
        return plain, np.transpose(late) + 1.0, np.sum(turned, axis=0), np.transpose(turned * late)

    compare(f, x, y)


def test_products_of_reshaped_operands() -> None:
    x = (np.arange(120.0) % 7).reshape(2, 3, 4, 5)
    w = (np.arange(40.0) % 5).reshape(5, 8)

    def f(x: Any, w: Any) -> Any:
        joined = np.reshape(x, (6, 4, 5))
        return (
            joined @ w,
            np.reshape(x, (24, 5)) @ w,
            np.reshape(x, (1, 24, 5)) @ w,
            np.einsum("abc,cd->bda", joined, w),
            np.einsum("abc,dc->abd", joined, np.reshape(x, (-1, 5))),
            np.einsum("ab,ac->bc", np.reshape(x, (6, 20)), np.reshape(x, (6, 20))),
            np.einsum("abc,abd->acd", np.reshape(x, (3, 8, 5)), np.reshape(x, (3, 8, 5))),
        )

    compare(f, x, w)
    compare(ft.grad(lambda x: sum(np.sum(np.sin(v / 9.0)) for v in f(x, w))), x)


def test_outputs_that_are_one_array_seen_differently() -> None:
    def f(x: Any) -> Any:
        a = x * 2.0
        b = np.transpose(a)
        return a, b, a, np.reshape(a, -1), b[0], np.transpose(b), a[:1], np.concatenate([a, a])

    compare(f, CUBE)
    compare(lambda x: (x, np.transpose(x), x, x[None]), CUBE)


@pytest.mark.parametrize("rows", [1, 128, 129, 600])
def test_parts_made_in_place_in_a_concatenation(rows: int) -> None:
    """Around 4096 bytes: larger parts are computed where the whole lies."""
    x = (np.arange(rows * 4.0) % 9).reshape(rows, 4)

    def f(x: Any) -> Any:
        a, b = x * 2.0, np.sin(x)
        c = np.cumsum(x, axis=0)
        whole = np.concatenate([a, b, a, c, x])
        return (
            whole * 1.0,
            np.concatenate([np.sort(x, axis=0), b + a, x @ np.ones((4, 4))]),
            np.sum(a),
            b,
            np.transpose(np.concatenate([a.T, c.T], axis=1)),
            np.concatenate([np.concatenate([a + 1.0, b + 2.0]), c * 2.0]),
        )

    compare(f, x, rtol=1e-12)
    compare(ft.grad(lambda x: sum(np.sum(np.sin(v)) for v in f(x) if v is not None)), x / 50.0)
