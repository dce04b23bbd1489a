"""Native loops: state that changes places, is written in place, or is read after it was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.errors import IndexBoundsError
from tests.poison import compare

X = np.arange(12.0).reshape(3, 4)
PICK = np.array([0, 1, 2, 1])
ORDERS = np.array([[1, 2, 0], [2, 1, 0], [0, 0, 1]])
scan, while_loop, fori_loop = ft.lax.scan, ft.lax.while_loop, ft.lax.fori_loop


def python_scan(f: Any, init: Any, xs: Any, reverse: bool = False) -> Any:
    carry, ys = init, []
    rows = range(len(ft.tree.leaves(xs)[0]))
    for i in reversed(rows) if reverse else rows:
        carry, y = f(carry, ft.tree.map(lambda x, i=i: x[i], xs))
        ys.append(y)
    if reverse:
        ys.reverse()
    return carry, ft.tree.map(lambda *parts: np.stack(parts), *ys)


def same_as_python(body: Callable[..., Any], init: Any, xs: Any) -> None:
    for reverse in (False, True):
        compare(
            lambda c, r, reverse=reverse: scan(body, c, r, reverse=reverse),
            init,
            xs,
            reference=lambda c, r, reverse=reverse: python_scan(body, c, r, reverse=reverse),
        )


def at(x: Any) -> Any:
    return fnp.at(x)


# A way to see the old matrix, and what is done with that once the new one is written.
Seen = tuple[Callable[[Any], Any], Callable[[Any], Any]]
VIEWS: dict[str, Seen] = {
    "transposed": (np.transpose, lambda v: v * 2.0),
    "transposed row": (np.transpose, lambda v: v),
    "reversed": (lambda c: c[::-1], lambda v: v),
    "reversed, computed": (lambda c: c[::-1], lambda v: v + 1.0),
    "flat": (lambda c: np.reshape(c, -1), lambda v: np.sum(v[:5])),
    "part": (lambda c: c[1:, 2:], lambda v: v),
    "row": (lambda c: c[1], lambda v: np.sin(v)),
    "itself": (lambda c: c, lambda v: v),
    "broadcast": (lambda c: np.broadcast_to(c[:, None], (3, 2, 4)), lambda v: v),
    "gathered": (lambda c: c[::-1], lambda v: v[ORDERS[0]]),
    "sum": (lambda c: c.T, lambda v: np.sum(v, axis=1)),
    "wide": (
        lambda c: np.broadcast_to(c[:, :, None], (3, 4, 5)),
        lambda v: np.sum(v * 1.0, axis=1),
    ),
    "waiting": (lambda c: np.broadcast_to(c[:1] * 1.5, (3, 4)), lambda v: v + 1.0),
    "product": (np.transpose, lambda v: v @ v.T),
    "sorted": (np.transpose, np.sort),
    "updated": (lambda c: c[::-1], lambda v: at(v)[0].set(7.0)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_of_old_state_after_the_new_one_is_written(name: str) -> None:
    view, use = VIEWS[name]

    def body(c: Any, r: Any) -> Any:
        seen = view(c)
        new = at(c)[r].add(1.0)
        return new, use(seen)

    def chained(c: Any, r: Any) -> Any:
        first = at(c)[r].add(1.0)
        seen = view(first)
        return at(first)[0].multiply(2.0), (use(seen), c[0])

    same_as_python(body, X, PICK)
    same_as_python(chained, X, PICK)
    compare(ft.vmap(lambda x: scan(body, x, PICK)), np.stack([X, X[::-1]]))


UPDATES: dict[str, Callable[[Any, Any], Any]] = {
    "scaled": lambda c, r: at(c)[r].set(c * 2.0),
    "reversed": lambda c, r: at(c)[r].set(c[::-1] + 1.0),
    "gathered": lambda c, r: at(c)[r].set(c[r[::-1]]),
    "taken": lambda c, r: at(c)[r].set(fnp.take(c, r, axis=0)[::-1] * 1.0),
    "added": lambda c, r: at(c)[r].add(c[::-1] * 2.0 + np.sin(c)),
    "broadcast": lambda c, r: at(c)[r].add(np.broadcast_to(c[0] * 2.0, (3, 4)) + 1.0),
    "padded": lambda c, r: at(c)[r].set(np.pad(c[:1] * 3.0, ((1, 1), (0, 0)))),
    "shifted": lambda c, r: at(c)[r].set(np.concatenate([c[1:], c[:1]])),
    "extreme": lambda c, r: at(c)[r].max(c[::-1]),
    "column": lambda c, r: at(c)[:, r].set(np.transpose(c[:, r]).T[::-1] + 1.0),
    "twice": lambda c, r: at(at(c)[r].set(c[::-1]))[r[::-1]].add(c),
}


@pytest.mark.parametrize("name", UPDATES)
def test_rows_written_from_rows_of_the_old_state(name: str) -> None:
    same_as_python(lambda c, r: (UPDATES[name](c, r), None), X, ORDERS)
    same_as_python(lambda c, r: (UPDATES[name](c, r), c), X, ORDERS)


def test_state_that_is_its_own_index() -> None:
    k = np.array([2, 0, 1])
    same_as_python(lambda c, r: (at(c)[c].set(c * 1), c), k, np.zeros(4))
    same_as_python(lambda c, r: (at(c)[c % 3].add(1), c * 2), k, np.zeros(4))


@pytest.mark.parametrize("length", [1, 4, 9])
def test_carries_that_change_places(length: int) -> None:
    rows = np.arange(float(length))
    bodies: list[Callable[[Any, Any], Any]] = [
        lambda c, r: ((c[1], c[0]), None),
        lambda c, r: ((c[1], c[0] + r), c),
        lambda c, r: ((c[1] + 1.0, c[0]), (c[0].T, c[1])),
        lambda c, r: ((c[0], c[0]), c[1]),
        lambda c, r: ((c[1], c[1]), c[0]),
        lambda c, r: ((at(c[1])[0].add(r), at(c[0])[1].add(2.0)), None),
        lambda c, r: ((at(c[0])[0].add(r), c[0]), c[1]),
        lambda c, r: (lambda new: ((new, new), new))(at(c[0])[0].add(r)),
        lambda c, r: ((np.transpose(np.transpose(c[1])), c[0][::-1][::-1]), None),
    ]
    for body in bodies:
        same_as_python(body, (X, X + 100.0), rows)
    same_as_python(lambda c, r: ((c[1], c[2], c[0]), (c[0] * 2, c[1])), (X, X + 1, X + 2), rows)
    same_as_python(
        lambda c, r: ((c[1], c[0], c[0] @ c[1].T + c[2]), c[2]), (X, X + 1, X[:, :3] * 1), rows
    )


def test_one_array_as_several_carries() -> None:
    compare(lambda x: scan(lambda c, r: ((at(c[0])[r].add(1.0), c[1] * 2), c), (x, x), PICK), X)
    compare(lambda x: scan(lambda c, r: ((c[1], at(c[0])[r].add(1.0)), x[r]), (x, x), PICK), X)


def test_input_is_not_changed() -> None:
    x = X.copy()
    ft.jit(lambda x: scan(lambda c, r: (at(c)[r].add(1.0), None), x, PICK))(x)
    scan(lambda c, r: (at(c)[r].add(1.0), None), x, PICK)
    np.testing.assert_array_equal(x, X)


def test_donated_state() -> None:
    f = ft.jit(lambda x: scan(lambda c, r: (at(c)[r].add(c[0]), c), x, PICK), donate_argnums=0)
    expected = python_scan(lambda c, r: (at(c)[r].add(c[0]), c), X, PICK)
    for x, y in zip(f(X.copy()), expected, strict=True):
        np.testing.assert_array_equal(x, y)


def test_rows_twice_and_rows_only_copied() -> None:
    rows = np.arange(8.0).reshape(4, 2)
    same_as_python(lambda c, r: (c + r[0] * r[1], (r[0], r[1], c)), np.ones(2), (rows, rows))
    same_as_python(lambda c, r: (c, r), np.ones(2), rows)
    same_as_python(lambda c, r: (c, r[::-1]), (), rows)


@pytest.mark.parametrize("size", [1, 511, 512, 513, 2048, 3000])
def test_sizes_around_thresholds(size: int) -> None:
    x = np.arange(float(size)) % 7

    def body(c: Any, r: Any) -> Any:
        a, b, total = c
        return (b, at(a)[r].add(b[r]), total + np.sum(a * b)), (np.max(a), a[::-1][:2])

    same_as_python(body, (x, x + 1.0, 0.0), np.array([0, size - 1, -1]))


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint64", "bool", "complex128", "float16"])
def test_dtypes(dtype: str) -> None:
    x = (X % 2).astype(dtype)
    one = np.ones((), dtype)[()]
    join = np.logical_xor if dtype == "bool" else np.add

    def body(c: Any, r: Any) -> Any:
        a, b = c
        return (join(a, b), at(a)[r].set(one)), (np.transpose(a), b)

    same_as_python(body, (x, x[::-1].copy()), PICK)


def test_numpy_inside_a_loop() -> None:
    same_as_python(lambda c, r: (np.sort(c, axis=0)[::-1] + r, np.argsort(c)), X, X[:, 0])
    same_as_python(lambda c, r: (at(c)[0].set(np.sort(c[0])) * r, np.sort(c.T)), X, X[:, 0])


WHILES: dict[str, tuple[Any, Any, Any]] = {
    "swap": (lambda c: c[2] < 5, lambda c: (c[1], c[0] + 1, c[2] + 1), (X, X + 1, 0)),
    "in place": (
        lambda c: np.sum(c[0]) < 300,
        lambda c: (at(c[0])[1].add(c[1][0]), c[0]),
        (X, X + 1),
    ),
    "view": (
        lambda c: c[1] < 4,
        lambda c: (at(c[0])[c[1] % 3].set(c[0][::-1][0] + 1.0), c[1] + 1, np.sum(c[0].T, axis=1)),
        (X, 0, np.zeros(4)),
    ),
    "never": (lambda c: c[1] < 0, lambda c: (c[0] * np.nan, c[1] + 1), (X, 0)),
    "once": (lambda c: c[1] < 1, lambda c: (c[0][:, ::-1], c[1] + 1), (X, 0)),
}


@pytest.mark.parametrize("name", WHILES)
def test_while(name: str) -> None:
    condition, body, init = WHILES[name]

    def python(*c: Any) -> Any:
        while condition(c):
            c = body(c)
        return c

    expected = python(*init)
    for f in (while_loop, ft.jit(while_loop, static_argnums=(0, 1))):
        for x, y in zip(f(condition, body, init), expected, strict=True):
            np.testing.assert_array_equal(x, y)
    compare(lambda *c: while_loop(condition, body, c), *init)


def test_mapped_while_stops_each_example() -> None:
    def f(x: Any, n: Any) -> Any:
        return while_loop(
            lambda c: c[1] < n, lambda c: (at(c[0])[0].add(c[0][1]), c[1] + 1), (x, 0)
        )

    counts = np.array([0, 3, 1, 7])
    batch = np.arange(8.0).reshape(4, 2)
    found = ft.jit(ft.vmap(f))(batch, counts)
    for k in range(4):
        for x, y in zip(found, f(batch[k], counts[k]), strict=True):
            np.testing.assert_array_equal(x[k], y)


def test_fori_counts_and_updates() -> None:
    def body(i: Any, c: Any) -> Any:
        return c[1], at(c[0])[i % 3].add(c[1][i % 3] * i)

    a, b = X, X + 1.0
    for i in range(5):
        a, b = body(i, (a, b))
    x, y = ft.jit(lambda x: fori_loop(0, 5, body, (x, x + 1.0)))(X)
    np.testing.assert_array_equal(x, a)
    np.testing.assert_array_equal(y, b)


@pytest.mark.parametrize("index", [3, -4, 10**12, -(2**63)])
def test_indices_out_of_bounds_are_reported(index: int) -> None:
    rows = np.array([0, index, 1])
    bodies: list[Callable[[Any, Any], Any]] = [
        lambda c, r: (c, c[r]),
        lambda c, r: (at(c)[r].add(1.0), None),
        lambda c, r: (scan(lambda d, q: (d + c[q][0], None), c, r[None])[0], None),
        lambda c, r: (while_loop(lambda d: c[r][0] > d[0, 0], lambda d: d + 1.0, c), None),
    ]
    for body in bodies:
        with pytest.raises(IndexBoundsError):
            ft.jit(lambda x, i, body=body: scan(body, x, i))(X, rows)


def test_part_of_a_gather_out_of_bounds_is_reported() -> None:
    """What nobody reads of a gather is checked all the same."""
    for f in (lambda x, i: x[i][:3] * 2.0, lambda x, i: np.sum(x[i][:3]), lambda x, i: x[i][:3]):
        with pytest.raises(IndexBoundsError):
            ft.jit(f)(np.arange(5.0), np.array([0, 1, 2, 9]))


def test_nested_loops_with_state_of_their_own() -> None:
    def inner(c: Any, r: Any) -> Any:
        return at(c)[r].add(c[0]), np.transpose(c)

    def outer(c: Any, r: Any) -> Any:
        a, b = c
        new, seen = scan(inner, a, np.array([0, 2, 1]))
        return (at(b)[r].set(a[r]), new), (seen[1], np.sum(b.T, axis=0))

    same_as_python(outer, (X, X + 1.0), PICK)
    compare(ft.vmap(lambda x: scan(outer, (x, x + 1.0), PICK)), np.stack([X, X * 2, X[::-1]]))


@pytest.mark.parametrize("length", [1, 2, 5])
def test_gradient_of_state_written_in_place(length: int) -> None:
    def body(c: Any, r: Any) -> Any:
        a, b = c
        return (at(a)[r].set(np.sin(a[::-1][0]) + b), np.cos(a[r]) * b), np.sum(a.T * 0.5)

    def loss(scan: Any) -> Any:
        def f(x: Any, y: Any) -> Any:
            (a, b), ys = scan(body, (x, y), PICK[:length])
            return np.sum(a * a) + np.sum(b) + np.sum(np.sin(ys))

        return ft.grad(f, (0, 1))

    compare(loss(scan), X / 10, X[0] / 5, reference=loss(python_scan))
    batch = np.stack([X / 10, X / 20]), np.stack([X[0] / 5, X[1] / 9])
    compare(ft.vmap(loss(scan)), *batch, reference=ft.vmap(loss(python_scan)))


N = 18  # more than 256 numbers in a matrix: products leave the loop
W = np.sin(np.arange(float(N * N))).reshape(N, N) / 4
ROWS = np.cos(np.arange(5.0 * N)).reshape(5, N)
PRODUCTS: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "rows and stacks": (lambda c, r: (np.tanh(W @ c + W.T @ r), (c @ W, np.tanh(c) @ W)), ROWS[0]),
    "sum": (
        lambda c, r: ((np.tanh(W @ c[0] + r), c[1] - np.outer(c[0], r).T + np.outer(r, r)), None),
        (ROWS[0], W),
    ),
    "sum that is read": (
        lambda c, r: ((np.tanh(W @ c[0] + r), c[1] + np.outer(c[0], r)), c[1][0]),
        (ROWS[0], W),
    ),
    "sum of the sum": (lambda c, r: (c + np.outer(c[0], r), None), W),
    "subtracted": (lambda c, r: (np.outer(r, r + 1.0) - c, None), W),
    "nested sums": (
        lambda c, r: (
            (
                np.sin(c[0] + r),
                (np.outer(r, c[0]) + (c[1] + np.outer(c[0], r).T)) - np.outer(c[0], c[0]),
            ),
            None,
        ),
        (ROWS[0], W),
    ),
    "constant": (
        lambda c, r: ((c[0] + np.outer(ROWS[0], ROWS[1]), c[1] + np.outer(r, ROWS[1])), None),
        (W, W.T),
    ),
    "carried matrix": (lambda c, r: ((c[0] @ W / 3 + r * c[0], c[0]), c[1] @ c[0]), (W, W.T)),
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_that_leave_the_loop(name: str) -> None:
    body, init = PRODUCTS[name]
    same_as_python(body, init, ROWS)
    same_as_python(body, init, ROWS[:1])

    def loss(scan: Any) -> Any:
        def f(init: Any, xs: Any) -> Any:
            leaves = ft.tree.leaves(scan(body, init, xs))
            return sum(np.sum(np.sin(x + i)) for i, x in enumerate(leaves))

        return ft.grad(f, (0, 1))

    compare(loss(scan), init, ROWS, reference=loss(python_scan), rtol=1e-8, atol=1e-8)
