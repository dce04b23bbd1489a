"""functrans.lax against jax.lax: slices, windows, convolutions, sorts, and small functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.testing import check_grads


@pytest.fixture(scope="module")
def jax() -> Any:
    module = pytest.importorskip("jax")
    module.config.update("jax_enable_x64", True)
    return module


def draw(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


X = draw(4, 5)
N = np.array([[5, -3, 7], [0, 2, -8]])

SAME: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "square": (lambda m, x: m.square(x), (X,)),
    "reciprocal": (lambda m, x: m.reciprocal(x), (X,)),
    "rsqrt": (lambda m, x: m.rsqrt(x), (X * X + 1,)),
    "clamp": (lambda m, x: m.clamp(-0.5, x, 0.7), (X,)),
    "select": (lambda m, x: m.select(x > 0, x, 2 * x), (X,)),
    "dot": (lambda m, x: m.dot(x, x.T), (X,)),
    "dot:vectors": (lambda m, x: m.dot(x[0], x[1]), (X,)),
    "batch_matmul": (lambda m, x: m.batch_matmul(x, x), (draw(3, 4, 4),)),
    "slice_in_dim": (lambda m, x: m.slice_in_dim(x, -4, None, 2, 1), (X,)),
    "index_in_dim": (lambda m, x: m.index_in_dim(x, -1, 1), (X,)),
    "squeeze": (lambda m, x: m.squeeze(x, (0, -1)), (draw(1, 3, 1),)),
    "split": (lambda m, x: m.split(x, (2, 3), 1), (X,)),
    "tile": (lambda m, x: m.tile(x, (2, 3)), (X,)),
    "collapse": (lambda m, x: m.collapse(x, 0, 2), (draw(2, 3, 4),)),
    "broadcast": (lambda m, x: m.broadcast(x, (2, 3)), (X,)),
    "broadcast_to_rank": (lambda m, x: m.broadcast_to_rank(x, 4), (X,)),
    "dynamic_slice": (lambda m, x: m.dynamic_slice(x, (1, 3), (2, 2)), (X,)),
    "dynamic_slice:ends": (lambda m, x: m.dynamic_slice(x, (-1, 99), (3, 2)), (X,)),
    "dynamic_index": (lambda m, x: m.dynamic_index_in_dim(x, -2, 1, keepdims=False), (X,)),
    "dynamic_slice_in_dim": (lambda m, x: m.dynamic_slice_in_dim(x, 1, 2, 0), (X,)),
    "dynamic_update": (lambda m, x, u: m.dynamic_update_slice(x, u, (1, 9)), (X, draw(2, 3))),
    "dynamic_update_index": (
        lambda m, x, u: m.dynamic_update_index_in_dim(x, u, 2, 1), (X, draw(4))
    ),
    "sort": (lambda m, x: m.sort(x, dimension=0), (X,)),
    "sort_key_val": (lambda m, x: m.sort_key_val(x, 2 * x, 1), (X,)),
    "top_k": (lambda m, x: m.top_k(x, 3)[0], (X,)),
    "cumsum": (lambda m, x: m.cumsum(x, 1, reverse=True), (X,)),
    "cumprod": (lambda m, x: m.cumprod(x, 0), (X,)),
    "cummax": (lambda m, x: m.cummax(x, 1), (X,)),
    "cummin": (lambda m, x: m.cummin(x, 1, reverse=True), (X,)),
    "cumlogsumexp": (lambda m, x: m.cumlogsumexp(x, 1), (X,)),
    "reduce": (lambda m, x: m.reduce(x, 1.0, m.mul, (0,)), (X,)),
    "reduce:trees": (
        lambda m, x: m.reduce((x, 2 * x), (0.0, -np.inf), lambda a, b: (a[0] + b[0],
                              m.max(a[1], b[1])), (1,)), (X,),
    ),
    "reduce_window:max": (
        lambda m, x: m.reduce_window(x, -np.inf, m.max, (2, 3), (1, 2), "SAME"), (X,)
    ),
    "reduce_window:sum": (
        lambda m, x: m.reduce_window(x, 0.0, m.add, (2, 2), (2, 1), [(1, 0), (0, 2)], (1, 2),
                                     (2, 1)), (X,),
    ),
    "conv": (lambda m, x, k: m.conv(x, k, (1, 2), "SAME"), (draw(2, 3, 5, 6), draw(4, 3, 2, 3))),
    "conv:dilated": (
        lambda m, x, k: m.conv_general_dilated(x, k, (2,), [(2, 1)], (2,), (3,)),
        (draw(2, 3, 9), draw(4, 3, 2)),
    ),
    "conv:letters": (
        lambda m, x, k: m.conv_general_dilated(
            x, k, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")),
        (draw(2, 5, 6, 3), draw(2, 3, 3, 4)),
    ),
    "conv:features": (
        lambda m, x, k: m.conv_general_dilated(x, k, (1,), "SAME_LOWER", feature_group_count=2),
        (draw(2, 4, 6), draw(6, 2, 3)),
    ),
    "conv:batches": (
        lambda m, x, k: m.conv_general_dilated(x, k, (1,), "VALID", batch_group_count=2),
        (draw(4, 3, 6), draw(6, 3, 2)),
    ),
    "conv:cropped": (
        lambda m, x, k: m.conv_general_dilated(x, k, (1,), [(-1, 2)]),
        (draw(2, 3, 6), draw(4, 3, 2)),
    ),
    "conv_transpose": (
        lambda m, x, k: m.conv_transpose(x, k, (2, 3), "SAME"), (draw(2, 4, 5, 3), draw(3, 2, 3, 4))
    ),
    "conv_transpose:valid": (
        lambda m, x, k: m.conv_transpose(x, k, (2,), "VALID", transpose_kernel=True),
        (draw(2, 4, 3), draw(3, 5, 3)),
    ),
    "patches": (
        lambda m, x: m.conv_general_dilated_patches(x, (2, 3), (1, 1), "SAME"), (draw(2, 3, 4, 5),)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_equals_jax(name: str, jax: Any) -> None:
    f, args = SAME[name]
    want = jax.tree.leaves(f(jax.lax, *args))

    def compare(found: Any) -> None:
        for a, b in zip(ft.tree.leaves(found), want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)

    compare(f(ft.lax, *args))
    compare(ft.jit(lambda *xs: f(ft.lax, *xs))(*args))
    mapped = ft.vmap(lambda *xs: f(ft.lax, *xs))(*(np.stack([x, x]) for x in args))
    compare(ft.tree.map(lambda y: y[1], mapped))

    def total(m: Any, lax: Any) -> Any:
        leaves = lambda *xs: [m.numpy.sum(m.numpy.sin(y)) for y in m.tree.leaves(f(lax, *xs))]  # noqa: E731
        return lambda *xs: sum(leaves(*xs))

    numbers = tuple(range(len(args)))
    slopes = jax.grad(total(jax, jax.lax), numbers)(*args)
    for a, b in zip(ft.grad(total(ft, ft.lax), numbers)(*args), slopes, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", ["conv", "conv_transpose", "reduce_window:sum", "dynamic_update"])
def test_derivatives(name: str) -> None:
    f, args = SAME[name]
    check_grads(lambda *xs: f(ft.lax, *xs), args, order=2)


def test_starts_known_at_run_time(jax: Any) -> None:
    def f(m: Any, x: Any, i: Any) -> Any:
        found = m.lax.dynamic_slice(x, (i, 0), (2, 5))
        return m.lax.dynamic_update_slice(x, 2.0 * found, (i + 1, 0))

    for i in (-5, -1, 0, 2, 3, 7):
        want = f(jax, X, i)
        np.testing.assert_array_equal(ft.jit(lambda x, i: f(ft, x, i))(X, i), want)
        np.testing.assert_array_equal(ft.vmap(lambda i: f(ft, X, i))(np.array([i]))[0], want)
    rows = ft.lax.scan(
        lambda x, i: (ft.lax.dynamic_update_slice(x, np.ones((1, 5)), (i, 0)), x[i]), X,
        np.array([0, 2]),
    )[0]  # fmt: skip
    np.testing.assert_array_equal(rows[[0, 2]], np.ones((2, 5)))


def test_integers(jax: Any) -> None:
    small = N.astype(np.int8)
    for name in ("shift_right_logical", "shift_right_arithmetic"):
        shifts = np.abs(small) % 8
        want = getattr(jax.lax, name)(small, shifts)
        found = getattr(ft.lax, name)(small, shifts)
        np.testing.assert_array_equal(found, want)
        np.testing.assert_array_equal(ft.jit(getattr(ft.lax, name))(small, shifts), want)
        assert found.dtype == np.int8
    np.testing.assert_array_equal(ft.lax.reduce_xor(N, (1,)), np.bitwise_xor.reduce(N, 1))
    ties = np.array([1, 3, 3, 1])
    for a, b in zip(ft.lax.top_k(ties, 3), jax.lax.top_k(ties, 3), strict=True):
        np.testing.assert_array_equal(a, b)
    keys = np.array([1, 0, 1, 0]), np.array([2, 2, 1, 1]), np.arange(4)
    for a, b in zip(ft.lax.sort(keys, num_keys=2), jax.lax.sort(keys, num_keys=2), strict=True):
        np.testing.assert_array_equal(a, b)


def test_bad_input() -> None:
    with pytest.raises(ft.errors.ShapeError, match="features"):
        ft.lax.conv(draw(1, 2, 3), draw(1, 3, 2), (1,), "VALID")
    with pytest.raises(ft.errors.OptionError, match="padding"):
        ft.lax.conv(draw(1, 2, 3), draw(1, 2, 2), (1,), "EQUAL")
    with pytest.raises(ft.errors.OptionError, match="letters"):
        ft.lax.conv_dimension_numbers((1, 2, 3), (1, 2, 3), ("NCH", "OIW", "NCH"))
    with pytest.raises(ft.errors.DtypeError, match="mixes"):
        ft.lax.conv(draw(1, 2, 3), draw(1, 2, 2).astype("f"), (1,), "VALID")
    with pytest.raises(ft.errors.ShapeError, match="sizes"):
        ft.lax.dynamic_slice(X, (0, 0), (5, 5))
    with pytest.raises(ft.errors.ArgumentError, match="integer"):
        ft.lax.dynamic_slice(X, (0.5, 0), (1, 1))
    with pytest.raises(ft.errors.OptionError, match="top_k"):
        ft.lax.top_k(X, 9)
    with pytest.raises(ft.errors.OptionError, match="num_keys"):
        ft.lax.sort(X, num_keys=2)
    with pytest.raises(ft.errors.ShapeError, match="squeeze"):
        ft.lax.squeeze(X, (0,))
    with pytest.raises(ft.errors.ShapeError, match="split"):
        ft.lax.split(X, (1, 1))
