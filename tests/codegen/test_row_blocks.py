"""Rows of sums in blocks: the same sums, in loops whose sums fit into registers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.codegen import row_blocks
from functrans.codegen.fuse import fuse
from functrans.codegen.loops import build_nests
from functrans.codegen.lowering import lower
from functrans.codegen.nests import For, Nest, Nests, Step
from functrans.codegen.row_blocks import cut_rows, lanes
from functrans.codegen.statements import Fold
from functrans.passes.run import run


@pytest.fixture(autouse=True, params=[1, 4])
def few_registers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_blocks, "row_vectors", lambda: request.param)


def nests_of(f: Any, *args: Any) -> Nests:
    nests = build_nests(fuse(lower(run(ft.make_jaxpr(f)(*args)))))
    cut_rows(nests)
    return nests


def loops_of(nests: Nests) -> Iterator[tuple[int, For]]:
    """All loops with their depths."""

    def inside(nodes: list[Step | For], depth: int) -> Iterator[tuple[int, For]]:
        for node in nodes:
            if isinstance(node, For):
                yield depth, node
                yield from inside([*node.prologue, *node.body, *node.epilogue], depth + 1)

    for _, nest in nests.order:
        assert isinstance(nest, Nest)
        yield from inside(nest.nodes, 0)


def numbers(rng: np.random.Generator, *shape: int, dtype: Any = float) -> Any:
    return rng.integers(-8, 9, shape).astype(dtype)  # so that sums are exact in any order


def product(x: Any, a: Any) -> Any:
    return x @ a


def test_a_wide_row_is_cut() -> None:
    nests = nests_of(product, np.ones(40), np.ones((40, 200)))
    sums = [node for _, node in loops_of(nests) if any(map(is_fold, node.body))]
    step = next(part for part in sums[0].body if isinstance(part, Step))
    size = row_blocks.row_vectors() * lanes([step])
    assert [node.extent for node in sums] == [size, *([200 % size] if 200 % size else [])]
    assert {node.extent for _, node in loops_of(nests)} >= {40, 200 // size}


def is_fold(part: Step | For) -> bool:
    return isinstance(part, Step) and isinstance(part.op, Fold)


def test_a_short_row_stays() -> None:
    nests = nests_of(product, np.ones(40), np.ones((40, 2)))
    assert {node.extent for _, node in loops_of(nests)} == {40, 2}


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("n", [8, 31, 64, 65, 130, 200, 513])
@pytest.mark.parametrize("k", [8, 21])
def test_products_are_the_same(rng: np.random.Generator, k: int, n: int, dtype: Any) -> None:
    x, a = numbers(rng, k, dtype=dtype), numbers(rng, k, n, dtype=dtype)
    b = numbers(rng, n, dtype=dtype)
    assert np.array_equal(ft.jit(product)(x, a), x @ a)
    assert np.array_equal(ft.jit(lambda x, a, b: (x @ a + b) * 2)(x, a, b), (x @ a + b) * 2)


def test_products_of_two_matrices_in_one_loop(rng: np.random.Generator) -> None:
    h, w, u = numbers(rng, 12), numbers(rng, 12, 90), numbers(rng, 12, 90)

    def f(h: Any, w: Any, u: Any) -> Any:
        return h @ w, (2.0 * h) @ u, (h @ w) @ u.T

    for found, expected in zip(ft.jit(f)(h, w, u), f(h, w, u), strict=True):
        assert np.array_equal(found, expected)


def test_in_a_loop_and_its_gradient(rng: np.random.Generator) -> None:
    h, w = 0.1 * rng.normal(size=40), 0.1 * rng.normal(size=(40, 40))

    def f(h: Any, w: Any) -> Any:
        return ft.lax.scan(lambda h, _: (np.tanh(h @ w), h), h, None, 5)[1].sum()

    def python(h: Any, w: Any) -> Any:
        total = 0.0
        for _ in range(5):
            total, h = total + h.sum(), np.tanh(h @ w)
        return total

    for found, expected in zip(
        ft.jit(ft.grad(f, argnums=(0, 1)))(h, w),
        ft.grad(python, argnums=(0, 1))(h, w),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
