"""Branches: cond and switch against Python's own if, under every transform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.lax import cond, scan, switch

Functions = list[Callable[..., Any]]


def same(a: Any, b: Any, rtol: float = 1e-10) -> None:
    assert ft.tree.structure(a) == ft.tree.structure(b)
    for x, y in zip(ft.tree.leaves(a), ft.tree.leaves(b), strict=True):
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, y, rtol=rtol, atol=1e-11)


def python_switch(index: Any, branches: Functions, *operands: Any) -> Any:
    """What switch means where the index is known."""
    return branches[min(max(int(index), 0), len(branches) - 1)](*operands)


def _cases() -> dict[str, tuple[Functions, tuple[Any, ...]]]:
    """Name: functions of the operands, operands."""
    rng = np.random.default_rng(5)
    w = rng.normal(size=(3, 3))

    def normal(*shape: int) -> Any:
        return rng.normal(size=shape)[()]

    def looping(x: Any, y: Any) -> Any:
        return scan(lambda c, _: (np.sin(c) * y, None), x, None, 3)[0]

    def inner(x: Any, y: Any) -> Any:
        return cond(x[0] > y[0], lambda: np.exp(x) * y, lambda: np.cos(y @ w))

    return {
        "scalars": ([lambda x, y: x * y, lambda x, y: np.sin(x), lambda x, y: y], (0.7, 1.3)),
        "products": (
            [lambda a, x: a @ x, lambda a, x: np.tanh(a.T @ x), lambda a, x: x * 2.0],
            (normal(4, 4), normal(4)),
        ),
        "trees": (
            [
                lambda d, x: {"s": d["a"] * x, "t": (d["b"].sum(), x)},
                lambda d, x: {"s": x, "t": (np.sum(d["a"] * d["b"]), np.exp(d["a"]))},
            ],
            ({"a": normal(3), "b": normal(3)}, normal(3)),
        ),
        "closures": ([lambda x: w @ x, lambda x: (x * w).sum(0), lambda x: x], (normal(3),)),
        "constants": ([lambda x: np.zeros(3), lambda x: x * 2.0, lambda x: 1.0 - x], (normal(3),)),
        "loops": ([looping, lambda x, y: x + y], (normal(3), normal(3))),
        "nested": ([inner, lambda x, y: x * y], (normal(3), normal(3))),
        "gathers": (
            [
                lambda t, i: ft.numpy.take(t, i, axis=0),
                lambda t, i: t[0] * t[1],
            ],
            (normal(5, 2), np.int64(3)),
        ),
        "calls": ([ft.jit(lambda x: np.sin(x) * x), ft.jit(lambda x: x @ x * x)], (normal(3),)),
        "large": ([lambda x: np.exp(x) / x.sum(), lambda x: np.sort(x) * x], (normal(300),)),
    }  # fmt: skip


CASES = _cases()
each_case = pytest.mark.parametrize("name", CASES)


def functions(name: str) -> tuple[Functions, tuple[Any, ...], list[int]]:
    branches, operands = CASES[name]
    return branches, operands, list(range(len(branches)))


def loss(branches: Functions, run: Any) -> Callable[..., Any]:
    """A number made of all floating results."""

    def of(index: Any, *operands: Any) -> Any:
        outs = ft.tree.leaves(run(index, branches, *operands))
        return sum(np.sum(np.sin(x)) for x in outs if np.dtype(x.dtype).kind == "f")

    return of


def floats(operands: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(
        i + 1
        for i, x in enumerate(operands)
        if all(np.asarray(leaf).dtype.kind == "f" for leaf in ft.tree.leaves(x))
    )


@each_case
def test_values(name: str) -> None:
    branches, operands, indices = functions(name)
    compiled = ft.jit(lambda i, *xs: switch(i, branches, *xs))
    for i in (-2, *indices, 7):
        want = ft.tree.map(lambda x: np.asarray(x)[()], python_switch(i, branches, *operands))
        same(switch(i, branches, *operands), want)
        same(compiled(i, *operands), want)
    assert compiled.trace_count == 1


@each_case
def test_reverse_mode(name: str) -> None:
    branches, operands, indices = functions(name)
    argnums = floats(operands)
    ours, plain = loss(branches, switch), loss(branches, python_switch)
    gradient = ft.grad(ours, argnums)
    compiled, inside = ft.jit(gradient), ft.grad(ft.jit(ours), argnums)
    for i in indices:
        want = ft.grad(plain, argnums)(i, *operands)
        same(gradient(i, *operands), want)
        same(compiled(i, *operands), want)
        same(inside(i, *operands), want)


def direction(x: Any) -> Any:
    """A tangent: integers have empty ones."""
    floating = np.asarray(x).dtype.kind == "f"
    return np.cos(x) if floating else np.zeros(np.shape(x), ft.float0)


@each_case
def test_forward_mode(name: str) -> None:
    branches, operands, indices = functions(name)
    dots = ft.tree.map(direction, operands)

    def push(f: Any, i: int) -> Any:
        return ft.jvp(lambda *xs: f(i, *xs), operands, dots)

    ours, plain = loss(branches, switch), loss(branches, python_switch)
    for i in indices:
        want = push(plain, i)
        same(push(ours, i), want)
        same(push(ft.jit(ours), i), want)


@each_case
def test_second_derivatives(name: str) -> None:
    branches, operands, indices = functions(name)
    first = floats(operands)[-1]
    ours, plain = loss(branches, switch), loss(branches, python_switch)

    def twice(f: Any) -> Any:
        def slope(*args: Any) -> Any:
            g = ft.tree.leaves(ft.grad(f, first)(*args))
            return sum(np.sum(x * np.cos(x)) for x in g)

        return ft.grad(slope, first)

    compiled = ft.jit(twice(ours))
    for i in indices:
        want = twice(plain)(i, *operands)
        same(twice(ours)(i, *operands), want, 1e-8)
        same(compiled(i, *operands), want, 1e-8)


def examples(operands: tuple[Any, ...], n: int) -> list[tuple[Any, ...]]:
    """Operands that differ a little."""

    def moved(x: Any, k: int) -> Any:
        x = np.asarray(x)
        return (x + 0.1 * k if x.dtype.kind == "f" else x - k % 2)[()]

    return [ft.tree.map(lambda x, k=k: moved(x, k), operands) for k in range(n)]


def stacked(rows: list[Any]) -> Any:
    return ft.tree.map(lambda *xs: np.stack(xs), rows[0], *rows[1:])


@each_case
def test_examples_that_choose_alike(name: str) -> None:
    branches, operands, indices = functions(name)
    rows = examples(operands, 3)
    mapped = ft.vmap(lambda i, *xs: switch(i, branches, *xs), (None, *[0] * len(operands)))
    compiled = ft.jit(mapped)
    for i in indices:
        want = stacked([python_switch(i, branches, *row) for row in rows])
        same(mapped(i, *stacked(rows)), want)
        same(compiled(i, *stacked(rows)), want)


@each_case
def test_examples_that_choose_for_themselves(name: str) -> None:
    branches, operands, indices = functions(name)
    rows = examples(operands, 4)
    mapped = ft.vmap(lambda i, *xs: switch(i, branches, *xs))
    choices = np.array([0, len(indices) - 1, 0, 1])
    want = stacked([python_switch(i, branches, *row) for i, row in zip(choices, rows, strict=True)])
    same(mapped(choices, *stacked(rows)), want)
    same(ft.jit(mapped)(choices, *stacked(rows)), want)
    alone = np.full(4, len(indices) - 1)
    want = stacked([python_switch(i, branches, *row) for i, row in zip(alone, rows, strict=True)])
    same(ft.jit(mapped)(alone, *stacked(rows)), want)


@each_case
def test_gradients_of_examples_that_choose_for_themselves(name: str) -> None:
    branches, operands, indices = functions(name)
    rows = examples(operands, 4)
    argnums = floats(operands)
    ours = loss(branches, switch)
    each = ft.vmap(ft.grad(ours, argnums))

    def whole(*args: Any) -> Any:
        return np.sum(ft.vmap(ours)(*args))

    choices = np.array([0, len(indices) - 1, 0, 1])
    plain = ft.grad(loss(branches, python_switch), argnums)
    want = stacked([plain(i, *row) for i, row in zip(choices, rows, strict=True)])
    same(each(choices, *stacked(rows)), want)
    same(ft.jit(each)(choices, *stacked(rows)), want)
    same(ft.grad(whole, argnums)(choices, *stacked(rows)), want)
    same(ft.jit(ft.grad(whole, argnums))(choices, *stacked(rows)), want)


@each_case
def test_gradients_of_examples_that_choose_alike(name: str) -> None:
    branches, operands, indices = functions(name)
    rows = examples(operands, 3)
    argnums = floats(operands)
    each = ft.vmap(ft.grad(loss(branches, switch), argnums), (None, *[0] * len(operands)))
    plain = ft.grad(loss(branches, python_switch), argnums)
    for i in indices:
        want = stacked([plain(i, *row) for row in rows])
        same(each(i, *stacked(rows)), want)
        same(ft.jit(each)(i, *stacked(rows)), want)
