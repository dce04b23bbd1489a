"""map and associative_scan against plain loops and NumPy, under every transform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.errors import ArgumentError, OptionError, ShapeError, TypeMismatchError
from functrans.lax import associative_scan
from functrans.lax import map as lax_map

Tree = Any


def same(a: Tree, b: Tree, rtol: float = 1e-12) -> None:
    assert ft.tree.structure(a) == ft.tree.structure(b)
    for x, y in zip(ft.tree.leaves(a), ft.tree.leaves(b), strict=True):
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, y, rtol=rtol, atol=1e-13)


# --- map -----------------------------------------------------------------------------------------

BATCHES = (None, 1, 3, 5, 7, 100)


def row(x: Any) -> Any:
    return {"norm": (x["a"] ** 2).sum(), "product": np.sin(x["a"]) * x["b"]}


def rows() -> Tree:
    rng = np.random.default_rng(0)
    return {"a": rng.normal(size=(7, 4)), "b": rng.normal(size=7)}


def one_by_one(x: Tree) -> Tree:
    found = [row({"a": a, "b": b}) for a, b in zip(x["a"], x["b"], strict=True)]
    return ft.tree.map(lambda *leaves: np.stack(leaves), *found)


@pytest.mark.parametrize("batch_size", BATCHES)
@pytest.mark.parametrize("how", [lambda f: f, ft.jit], ids=["eager", "jit"])
def test_map_is_a_loop(how: Callable[[Any], Any], batch_size: int | None) -> None:
    x = rows()
    same(how(lambda x: lax_map(row, x, batch_size=batch_size))(x), one_by_one(x))


@pytest.mark.parametrize("batch_size", BATCHES)
def test_map_has_derivatives_and_a_batch(batch_size: int | None) -> None:
    x = rows()

    def loss(function: Any, x: Tree) -> Any:
        found = function(x)
        return (found["norm"] * np.arange(7.0)).sum() + (found["product"] ** 2).sum()

    def mapped(x: Tree) -> Any:
        return lax_map(row, x, batch_size=batch_size)

    def plain(x: Tree) -> Any:
        norm = (x["a"] ** 2).sum(axis=1)
        return {"norm": norm, "product": np.sin(x["a"]) * x["b"][:, None]}

    expected = ft.grad(lambda x: loss(plain, x))(x)
    gradient = ft.grad(lambda x: loss(mapped, x))
    same(gradient(x), expected)
    same(ft.jit(gradient)(x), expected)
    tangent = ft.tree.map(np.cos, x)
    same(ft.jvp(mapped, (x,), (tangent,)), ft.jvp(plain, (x,), (tangent,)))
    many = ft.tree.map(lambda v: np.stack([v, 2 * v, -v]), x)
    same(ft.vmap(mapped)(many), ft.vmap(plain)(many))
    same(ft.vmap(gradient)(many), ft.vmap(ft.grad(lambda x: loss(plain, x)))(many))


@pytest.mark.parametrize("batch_size", [None, 2])
def test_map_of_no_rows_knows_the_types(batch_size: int | None) -> None:
    found = lax_map(lambda x: (x > 0, x.sum()), np.zeros((0, 3)), batch_size=batch_size)
    same(found, (np.zeros((0, 3), bool), np.zeros(0)))


def test_map_without_jit_runs_plain_python() -> None:
    seen = []
    with ft.disable_jit():
        found = lax_map(lambda x: seen.append(float(x)) or 2.0 * x, np.arange(3.0))
    assert seen == [0.0, 1.0, 2.0]
    same(found, np.array([0.0, 2.0, 4.0]))


def test_map_computes_so_many_rows_at_once() -> None:
    shapes = []

    def noted(x: Any) -> Any:
        shapes.append(x.shape)
        return x

    jaxpr = ft.make_jaxpr(lambda x: lax_map(noted, x, batch_size=3))(np.zeros((8, 2)))
    assert set(shapes) == {(2,)}
    scans = [e for e in jaxpr.eqns if e.primitive.name == "scan"]
    assert [e.params["length"] for e in scans] == [2, 1]
    assert [e.params["jaxpr"].in_avals[0].shape for e in scans] == [(3, 2), (2, 2)]


def test_map_says_what_it_cannot_do() -> None:
    with pytest.raises(ArgumentError, match="map needs a function, not 3"):
        lax_map(3, np.zeros(2))  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="batch_size is 0"):
        lax_map(np.sin, np.zeros(2), batch_size=0)
    with pytest.raises(OptionError, match=r"batch_size is 2\.5"):
        lax_map(np.sin, np.zeros(2), batch_size=2.5)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="no arrays in xs"):
        lax_map(np.sin, ())
    with pytest.raises(ShapeError, match=r"map got 1\.0 in xs"):
        lax_map(np.sin, 1.0)


# --- associative_scan ----------------------------------------------------------------------------

SIZES = (1, 2, 3, 4, 5, 8, 13)


def affine(a: Any, b: Any) -> Any:
    """First a, then b, of maps x -> m·x + t: associative, and not commutative."""
    return {"m": a["m"] * b["m"], "t": b["m"] * a["t"] + b["t"]}


def maps(n: int, *shape: int) -> Tree:
    rng = np.random.default_rng(n)
    return {"m": rng.normal(size=(n, *shape)), "t": rng.normal(size=(n, *shape))}


def running(x: Tree, reverse: bool = False) -> Tree:
    n = len(x["m"])
    order = [*range(n)]
    order = order[::-1] if reverse else order
    found: dict[int, Tree] = {}
    total = None
    for i in order:
        here = ft.tree.map(lambda v, i=i: v[i], x)
        total = here if total is None else affine(total, here)
        found[i] = total
    return ft.tree.map(lambda *leaves: np.stack(leaves), *(found[i] for i in range(n)))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("n", SIZES)
def test_associative_scan_is_a_loop(n: int, reverse: bool) -> None:
    x = maps(n, 2)

    def scanned(x: Tree) -> Tree:
        return associative_scan(affine, x, reverse=reverse)

    same(scanned(x), running(x, reverse))
    same(ft.jit(scanned)(x), running(x, reverse))
    with ft.disable_jit():
        same(scanned(x), running(x, reverse))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_associative_scan_has_derivatives_and_a_batch(n: int) -> None:
    x = maps(n)

    def loss(function: Any) -> Any:
        def total(x: Tree) -> Any:
            return sum((np.sin(leaf) * np.arange(1.0, n + 1)).sum() for leaf in leaves(function(x)))

        return total

    leaves = ft.tree.leaves
    ours, plain = loss(lambda x: associative_scan(affine, x)), loss(running)
    same(ft.grad(ours)(x), ft.grad(plain)(x))
    same(ft.jit(ft.grad(ours))(x), ft.grad(plain)(x))
    same(ft.hessian(ours)(x), ft.hessian(plain)(x))
    many = ft.tree.map(lambda v: np.stack([v, 2 * v]), x)
    same(ft.vmap(ft.grad(ours))(many), ft.vmap(ft.grad(plain))(many))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize(
    ("function", "expected"), [(np.add, np.cumsum), (np.maximum, np.maximum.accumulate)]
)
def test_associative_scan_along_an_axis(function: Any, expected: Any, axis: int) -> None:
    x = np.arange(30).reshape(5, 6) % 7
    found = associative_scan(function, x, axis=axis)
    assert found.dtype == x.dtype
    assert np.array_equal(found, expected(x, axis=axis))
    assert np.array_equal(
        associative_scan(function, x, reverse=True, axis=axis),
        np.flip(expected(np.flip(x, axis), axis=axis), axis),
    )


def test_associative_scan_calls_its_function_few_times() -> None:
    calls = []

    def noted(a: Any, b: Any) -> Any:
        calls.append(len(a))
        return a + b

    n = 1000
    same(associative_scan(noted, np.ones(n)), np.arange(1.0, n + 1))
    assert len(calls) <= 2 * np.log2(n)
    assert sum(calls) < 2 * n


@pytest.mark.parametrize("n", [0, 1])
def test_what_needs_no_combination_is_copied(n: int) -> None:
    x = np.ones((n, 3))
    found = associative_scan(np.add, x)
    assert found is not x
    assert not np.shares_memory(found, x)
    same(found, x)


def test_associative_scan_says_what_it_cannot_do() -> None:
    x = np.ones(4)
    with pytest.raises(ArgumentError, match="needs a function"):
        associative_scan(1, x)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"axis is 0\.5"):
        associative_scan(np.add, x, axis=0.5)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="no axis 1"):
        associative_scan(np.add, x, axis=1)
    with pytest.raises(ShapeError, match=r"\[4, 5\] rows"):
        associative_scan(lambda a, b: a, (x, np.ones(5)))
    with pytest.raises(TypeMismatchError, match=r"returned \(\*, \*\)"):
        associative_scan(lambda a, b: (a, b), x)
    with pytest.raises(TypeMismatchError, match=r"returned f64\[\]"):
        associative_scan(lambda a, b: (a + b).sum(), x)
    with pytest.raises(TypeMismatchError, match=r"got i64\[2\] and returned f64\[2\]"):
        associative_scan(lambda a, b: a + 0.5 * b, np.arange(4))
