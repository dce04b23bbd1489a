"""Unrolling: loops with several iterations in one are the loops that they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.errors import IndexBoundsError, OptionError
from functrans.lax import fori_loop, scan
from functrans.passes.run import run

both_ways = pytest.mark.parametrize("reverse", [False, True])


def body(c: Any, x: Any) -> Any:
    return np.sin(c) * x["a"], (c + x["a"], {"two": 2.0, "flag": x["b"] > 0})


def rows(n: int) -> Any:
    rng = np.random.default_rng(n)
    return {"a": rng.normal(size=(n, 3)), "b": rng.integers(-2, 3, n)}


def loop(unroll: int | bool, reverse: bool) -> Any:
    return lambda c, xs: scan(body, c, xs, reverse=reverse, unroll=unroll)


def same(a: Any, b: Any) -> None:
    assert ft.tree.structure(a) == ft.tree.structure(b)
    for x, y in zip(ft.tree.leaves(a), ft.tree.leaves(b), strict=True):
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, y, rtol=1e-13, atol=1e-15)


@both_ways
@pytest.mark.parametrize("unroll", [2, 3, 4, 5, 9, 10, 20, True])
def test_an_unrolled_loop_computes_the_same(unroll: int | bool, reverse: bool) -> None:
    c, xs = np.linspace(0.5, 1.0, 3), rows(10)
    plain, unrolled = loop(1, reverse), loop(unroll, reverse)
    same(unrolled(c, xs), plain(c, xs))
    same(ft.jit(unrolled)(c, xs), plain(c, xs))

    def gradient(f: Any) -> Any:
        def total(c: Any, a: Any, b: Any) -> Any:
            last, (ys, _) = f(c, {"a": a, "b": b})
            return (np.cos(last) * ys).sum()

        return ft.grad(total, argnums=(0, 1))

    arguments = c, xs["a"], xs["b"]
    same(ft.jit(gradient(unrolled))(*arguments), gradient(plain)(*arguments))
    many = np.stack([c, -c])
    batched = ft.jit(ft.vmap(unrolled, in_axes=(0, None)))
    same(batched(many, xs), ft.vmap(plain, in_axes=(0, None))(many, xs))


@pytest.mark.parametrize(
    ("unroll", "length", "inside"),
    [(1, 10, 1), (3, 3, 3), (5, 2, 5), (6, None, 10), (True, None, 10)],
)
def test_so_many_iterations_become_one(unroll: int | bool, length: int | None, inside: int) -> None:
    jaxpr = run(ft.make_jaxpr(loop(unroll, False))(np.ones(3), rows(10)))
    scans = [eqn for eqn in jaxpr.eqns if eqn.primitive.name == "scan"]
    assert [eqn.params["length"] for eqn in scans] == ([] if length is None else [length])
    program = scans[0].params["jaxpr"] if scans else jaxpr
    assert [eqn.primitive.name for eqn in program.eqns].count("sin") == inside
    assert all("hints" not in eqn.params or unroll == 1 for eqn in scans)


def test_elementwise_iterations_fuse() -> None:
    def f(m: Any) -> Any:
        return fori_loop(0, 6, lambda i, x: x * x - m, m, unroll=True)

    report = ft.jit(f).lower(np.ones(50)).report()
    assert len(report.rows) == 1


def test_an_unrolled_loop_in_a_loop() -> None:
    def f(x: Any, unroll: int) -> Any:
        def inner(c: Any, _: Any) -> Any:
            return scan(lambda d, i: (np.cos(d) + i, d), c, np.arange(5.0), unroll=unroll)

        return scan(inner, x, None, 4)

    same(ft.jit(f, static_argnums=1)(0.3, 2), f(0.3, 1))


def test_an_index_out_of_bounds_is_found_in_the_iteration_that_has_it() -> None:
    def f(table: Any, rows: Any) -> Any:
        return scan(lambda c, i: (c + table[i], None), 0.0, rows, unroll=2)[0]

    table = np.arange(3.0)
    assert ft.jit(f)(table, np.array([0, 1, 2, 2, 1])) == 6.0
    with pytest.raises(IndexBoundsError):
        ft.jit(f)(table, np.array([0, 1, 2, 2, 3]))


def test_traced_bounds_cannot_be_unrolled() -> None:
    with pytest.raises(OptionError, match="unroll=2 and traced bounds"):
        ft.jit(lambda n: fori_loop(0, n, lambda i, x: x + i, 0, unroll=2))(3)
    assert fori_loop(0, 5, lambda i, x: x + i, 0, unroll=2) == 10


@pytest.mark.parametrize("unroll", [0, -1, 1.5, "all"])
def test_unroll_is_a_positive_number(unroll: Any) -> None:
    with pytest.raises(OptionError, match="unroll is"):
        scan(lambda c, x: (c, x), 0.0, np.ones(3), unroll=unroll)
