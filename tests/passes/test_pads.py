"""Sums of padded parts: exact, whatever overlaps, repeats or is not a part at all."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.passes.inline import inline
from functrans.passes.pads import assemble
from functrans.passes.run import algebra, run


def names(f: Any, *args: Any) -> list[str]:
    return [eqn.primitive.name for eqn in run(ft.make_jaxpr(f)(*args)).eqns]


def both(f: Any, *args: Any, same_zeros: bool = False) -> Jaxpr:
    """The pass on its own changes nothing but the sign of zeros; returns what it makes."""
    before = algebra(inline(ft.make_jaxpr(f)(*args)))
    after = assemble(before)
    flat = ft.tree.leaves(args)
    with ft.disable_jit(), np.errstate(all="ignore"):
        for x, y in zip(evaluate(after, *flat), evaluate(before, *flat), strict=True):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y)
            if same_zeros:
                np.testing.assert_array_equal(np.signbit(x), np.signbit(y))
        for x, y in zip(ft.tree.leaves(ft.jit(f)(*args)), evaluate(before, *flat), strict=True):
            np.testing.assert_array_equal(x, y)
    return after


ODD = np.array([np.inf, -0.0, 1.0, np.nan, -np.inf, 3.0])


@pytest.mark.parametrize("shift", range(9))
def test_two_parts_at_every_distance(shift: int) -> None:
    both(lambda x: np.pad(x, (0, 9)) + np.pad(x, (shift, 9 - shift)), ODD)
    both(lambda x: np.pad(x, (shift, 9 - shift)) + np.pad(x, (0, 9)), ODD)


def test_many_orders_of_many_parts() -> None:
    """Halves, the whole, a gap and an overlap, added in every order."""
    parts = [
        lambda x: np.pad(x[:2], (0, 6)),
        lambda x: np.pad(x[2:4], (2, 4)),
        lambda x: np.pad(x[1:3], (3, 3)),
        lambda x: np.pad(x[:1], (7, 0)),
    ]
    x = np.arange(1.0, 6.0)
    for order in itertools.permutations(range(4)):

        def f(x: Any, order: Any = order) -> Any:
            total = parts[order[0]](x)
            for k in order[1:]:
                total = parts[k](x) + total
            return total

        both(f, x)


@pytest.mark.parametrize("corner", range(4))
def test_three_of_four_corners(corner: int) -> None:
    x = np.arange(6.0).reshape(2, 3)

    def f(x: Any) -> Any:
        total: Any = 0.0
        for k, (down, across) in enumerate(itertools.product((0, 2), (0, 3))):
            if k != corner:
                total = total + np.pad(x + k, ((down, 2 - down), (across, 3 - across)))
        return total

    both(f, x)


def test_four_corners_are_no_sum() -> None:
    def f(x: Any) -> Any:
        corners = [
            np.pad(x, ((down, 2 - down), (across, 3 - across)))
            for down, across in itertools.product((0, 2), (0, 3))
        ]
        return (corners[0] + corners[3]) + (corners[2] + corners[1])

    made = [eqn.primitive.name for eqn in both(f, np.arange(6.0).reshape(2, 3)).eqns]
    assert "concatenate" in made
    assert "add" not in made


@pytest.mark.parametrize("values", [(1e308, 1e308, -1e308), (1e16, 1.0, -1e16)])
def test_sums_of_no_parts_keep_their_order(values: Any) -> None:
    """A pad elsewhere is no licence to add the user's numbers in another order."""
    for shape in ((), (3,)):
        args = [np.full(shape, v)[()] for v in values]
        for f in (
            lambda a, b, c, d: (a + (b + c), np.pad(d, 1)),
            lambda a, b, c, d: ((a + b) + (c + a), np.pad(d, 1)),
            lambda a, b, c, d: (a + (b + (c + a)), np.pad(d, 1) + np.pad(d, (2, 0))),
        ):
            both(f, *args, np.ones(3))


def test_whole_addends_keep_their_order_beside_parts() -> None:
    a, b, c = (np.full(6, v) for v in (1e308, 1e308, -1e308))

    def f(a: Any, b: Any, c: Any, d: Any) -> Any:
        return np.pad(d, (0, 3)) + np.pad(d, (3, 0)) + (a + (b + c))

    both(f, a, b, c, np.ones(3))


def test_sums_that_are_read_twice() -> None:
    x = np.arange(1.0, 4.0)

    def f(x: Any) -> Any:
        inner = np.pad(x, (0, 3)) + np.pad(x, (3, 0))
        outer = inner + np.pad(x, (2, 1))
        return outer + inner, inner, outer * inner, inner + inner

    both(f, x)


def test_a_part_twice() -> None:
    both(lambda x: np.pad(x, (0, 3)) + np.pad(x, (0, 3)) + np.pad(x * 2, (3, 0)), np.arange(3.0))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint8", "complex128", "bool"])
def test_dtypes(dtype: str) -> None:
    x = np.array([1, 0, 200]).astype(dtype)
    if dtype == "bool":
        both(lambda x: np.pad(x, (0, 3)) | np.pad(x, (3, 0)), x)
    else:
        both(lambda x: np.pad(x, (0, 4)) + np.pad(x, (3, 1)) + np.pad(x, (1, 3)), x)


def test_other_fills() -> None:
    x = np.array([1.0, -0.0])

    def f(x: Any) -> Any:
        ones = np.pad(x, (0, 2), constant_values=1.0) + np.pad(x, (2, 0))
        minus = np.pad(x, (0, 2), constant_values=-0.0) + np.pad(x, (2, 0), constant_values=-0.0)
        return ones, minus

    both(f, x)


def test_empty_parts() -> None:
    x = np.arange(4.0)
    both(lambda x: np.pad(x[:0], (2, 4)) + np.pad(x, (1, 1)) + np.pad(x[2:2], (6, 0)), x)
    both(lambda x: np.pad(x[:0], (0, 4)) + np.pad(x[:0], (4, 0)), x)


def test_interior_and_negative_padding_stay() -> None:
    pad = ft.lax.pad

    def f(x: Any) -> Any:
        apart = pad(x, 0.0, ((0, 1, 1),)) + pad(x, 0.0, ((1, 0, 1),))
        cropped = pad(x, 0.0, ((-1, 7, 0),)) + pad(x, 0.0, ((3, 3, 0),))
        return apart, cropped

    both(f, np.arange(1.0, 4.0)[:3])


def test_gradient_of_slices_is_a_concatenation() -> None:
    def f(x: Any) -> Any:
        a, b, c = x[:2], x[2:5], x[5:]
        return np.sum(a * a) + np.sum(np.sin(b)) + np.sum(c * c * c)

    x = np.linspace(0.0, 1.0, 9)
    assert "pad" not in names(ft.grad(f), x)
    expected = np.concatenate([2 * x[:2], np.cos(x[2:5]), 3 * x[5:] ** 2])
    np.testing.assert_allclose(ft.jit(ft.grad(f))(x), expected, rtol=1e-14)


def test_random_sums(rng: np.random.Generator) -> None:
    for _ in range(60):
        shape = tuple(int(n) for n in rng.integers(1, 6, int(rng.integers(1, 4))))
        boxes = []
        for _ in range(int(rng.integers(2, 7))):
            start = [int(rng.integers(n)) for n in shape]
            stop = [int(rng.integers(a, n + 1)) for a, n in zip(start, shape, strict=True)]
            boxes.append((start, stop))
        order = rng.random(len(boxes))

        def f(x: Any, boxes: Any = boxes, shape: Any = shape, order: Any = order) -> Any:
            total: Any = None
            for k, (start, stop) in enumerate(boxes):
                part = x[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] * (k + 1.0)
                widths = [(a, n - b) for a, b, n in zip(start, stop, shape, strict=True)]
                padded = np.pad(part, widths)
                total = padded if total is None else total + padded
                if order[k] < 0.2:
                    total = padded + (total + x)
            return total, total * 2.0

        both(f, rng.integers(-4, 5, shape).astype(float))
