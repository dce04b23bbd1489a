"""Random compositions of operations: the laws hold for whole programs too."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, note, settings
from hypothesis import strategies as st

import functrans as ft
from functrans.testing import check_grads, inner, random_tangent

# HYPOTHESIS_PROFILE=explore looks longer, at other programs each time.
LONGER = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "explore" else 1
MASK = np.array([True, False, True])
PICK = np.array([2, 0, 0, 1])

# Each keeps values of order one, so that compositions stay smooth and finite.
UNARY: dict[str, Callable[[Any], Any]] = {
    "sin": np.sin,
    "tanh": np.tanh,
    "square": lambda x: np.square(x) / 2,
    "gauss": lambda x: np.exp(-x * x),
    "softplus": lambda x: np.logaddexp(x, 0.0),
    "sqrt": lambda x: np.sqrt(x * x + 1.0),
    "arctan": np.arctan,
    "reciprocal": lambda x: 1.0 / (2.0 + np.cos(x)),
    "power": lambda x: (x * x + 1.0) ** -1.5,
    "negative": np.negative,
    "transpose": np.transpose,
    "flip": np.flip,
    "ravel": np.ravel,
    "mean": np.mean,
    "sum first": lambda x: np.sum(x, axis=0) / 3 if np.ndim(x) else x,
    "sum last": lambda x: np.sum(x, axis=-1) / 3 if np.ndim(x) else x,
    "keepdims": lambda x: x - np.mean(x, axis=-1, keepdims=True) if np.ndim(x) else x,
    "var": lambda x: np.var(x, axis=0) if np.ndim(x) else x,
    "cumsum": lambda x: np.cumsum(x, axis=-1) / 3 if np.ndim(x) else x,
    "first": lambda x: x[0] if np.ndim(x) else x,
    "tail": lambda x: x[..., 1:] if np.ndim(x) and np.shape(x)[-1] > 1 else x,
    "every other": lambda x: x[::2] if np.ndim(x) else x,
    "backwards": lambda x: x[..., ::-1] if np.ndim(x) else x,
    "new axis": lambda x: x[None] if np.ndim(x) < 3 else x,
    "gather": lambda x: x[PICK] if np.ndim(x) and len(x) == 3 else x,
    "mask": lambda x: x[MASK] if np.ndim(x) and len(x) == 3 else x,
    "where": lambda x: np.where(MASK, x, 0.5) if np.ndim(x) and np.shape(x)[-1] == 3 else x,
    "roll": lambda x: np.roll(x, 1),
    "pad": lambda x: np.pad(x, 1) if np.ndim(x) == 1 else x,
    "outer": lambda x: np.outer(x, x) / 2 if np.ndim(x) == 1 and len(x) < 5 else x,
    "gram": lambda x: x.T @ x / 3 if np.ndim(x) == 2 else x,
    "norm": lambda x: np.sqrt(np.sum(x * x) + 1.0),
    "prod": lambda x: np.prod(np.tanh(x), axis=0) if np.ndim(x) else x,
    "twice": lambda x: np.concatenate([x, x * 0.5]) if 0 < np.ndim(x) < 3 else x,
    "split": lambda x: sum(np.split(x, 3)) if np.ndim(x) and len(x) == 3 else x,
    "maximum": lambda x: np.maximum(x, -7.3),
    "jit": ft.jit(lambda x: np.sin(x) * 0.5),
    "stop": lambda x: x + ft.stop_gradient(0.1) * x,
    "einsum": lambda x: np.einsum("ij->j", x) / 3 if np.ndim(x) == 2 else x,
}


def same_shape(f: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """``f`` where the operands broadcast, else the first operand."""

    def guarded(x: Any, y: Any) -> Any:
        try:
            np.broadcast_shapes(np.shape(x), np.shape(y))
        except ValueError:
            return x
        return f(x, y)

    return guarded


def _matmul(x: Any, y: Any) -> Any:
    if np.ndim(x) == 2 and np.ndim(y) in (1, 2) and np.shape(x)[1] == np.shape(y)[0]:
        return x @ y / 3
    return x


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": same_shape(np.add),
    "multiply": same_shape(lambda x, y: np.tanh(x) * y),
    "subtract": same_shape(np.subtract),
    "divide": same_shape(lambda x, y: x / (1.0 + y * y)),
    "hypot": same_shape(lambda x, y: np.sqrt(x * x + y * y + 1.0)),
    "arctan2": same_shape(lambda x, y: np.arctan2(x, 2.0 + y * y)),
    "select": same_shape(lambda x, y: np.where(np.ones(3, bool) & MASK, x, y)
                         if np.shape(x)[-1:] == (3,) and np.shape(y)[-1:] == (3,) else x + y),
    "matmul": _matmul,
}  # fmt: skip

STEP = st.one_of(
    st.tuples(st.sampled_from(sorted(UNARY)), st.integers(0, 9)),
    st.tuples(st.sampled_from(sorted(BINARY)), st.integers(0, 9), st.integers(0, 9)),
)
PROGRAM = st.lists(STEP, min_size=2, max_size=12)
SHAPES = st.tuples(*[st.sampled_from([(), (3,), (2, 3), (3, 3), (1, 3), (3, 1)])] * 2)


def run(program: Any, *inputs: Any) -> Any:
    """Run the steps, each on values made before; return the last values."""
    values = list(inputs)
    for name, *places in program:
        operands = [values[-1 - place % len(values)] for place in places]
        out = (UNARY if len(operands) == 1 else BINARY)[name](*operands)
        if np.size(out) <= 64:
            values.append(out)
    return values[-1], np.sum(values[len(values) // 2])


def inputs_of(shapes: Any, dtype: str, seed: int = 0) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return tuple(np.asarray(rng.uniform(-1.5, 1.5, s).astype(dtype))[()] for s in shapes)


def close(actual: Any, expected: Any, rtol: float) -> None:
    for a, b in zip(
        ft.tree_util.tree_leaves(actual), ft.tree_util.tree_leaves(expected), strict=True
    ):
        assert (np.shape(a), a.dtype) == (np.shape(b), np.asarray(b).dtype)
        scale = 1.0 + float(np.max(np.abs(b), initial=0.0))
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * scale)


@settings(max_examples=60 * LONGER)
@given(PROGRAM, SHAPES)
def test_derivatives(program: Any, shapes: Any) -> None:
    args = inputs_of(shapes, "float64")
    check_grads(lambda *xs: run(program, *xs), args, order=2, eps=1e-5, atol=3e-5, rtol=3e-5)


@settings(max_examples=40 * LONGER)
@given(PROGRAM, SHAPES, st.sampled_from(["float64", "float32"]))
def test_compiled_is_eager(program: Any, shapes: Any, dtype: str) -> None:
    def f(*xs: Any) -> Any:
        return run(program, *xs)

    rtol = 1e-11 if dtype == "float64" else 3e-4
    args = inputs_of(shapes, dtype)
    eager = f(*args)
    note(str(ft.make_jaxpr(f)(*args)))
    close(ft.jit(f)(*args), eager, rtol)

    def gradient(*xs: Any) -> Any:
        return ft.grad(lambda *ys: np.sum(np.sin(f(*ys)[0])) + f(*ys)[1], (0, 1))(*xs)

    expected = gradient(*args)
    close(ft.jit(gradient)(*args), expected, 10 * rtol)
    close(
        ft.grad(lambda *ys: np.sum(np.sin(ft.jit(f)(*ys)[0])) + ft.jit(f)(*ys)[1], (0, 1))(*args),
        expected,
        10 * rtol,
    )


@settings(max_examples=60 * LONGER)
@given(PROGRAM, SHAPES, st.sampled_from([(0, 0), (0, None), (None, 0), (-1, 0)]))
def test_vmap_is_a_loop(program: Any, shapes: Any, axes: Any) -> None:
    draws = [inputs_of(shapes, "float64", seed) for seed in range(3)]
    args = tuple(
        draws[0][k] if a is None else np.stack([d[k] for d in draws], a) for k, a in enumerate(axes)
    )

    def f(*xs: Any) -> Any:
        return run(program, *xs)

    outs = [f(*(draws[0][k] if a is None else d[k] for k, a in enumerate(axes))) for d in draws]
    expected = ft.tree_util.tree_map(lambda *xs: np.stack(xs), *outs)
    # The last value may be one that was there before: broadcast results are compared as such.
    close(ft.vmap(f, in_axes=axes)(*args), expected, 1e-11)


@settings(max_examples=25 * LONGER)
@given(PROGRAM, SHAPES)
def test_compiled_vmap_of_the_pullback(program: Any, shapes: Any) -> None:
    draws = [inputs_of(shapes, "float64", seed) for seed in range(2)]
    args = tuple(np.stack(xs) for xs in zip(*draws, strict=True))

    def gradient(*xs: Any) -> Any:
        return ft.grad(lambda *ys: run(program, *ys)[1], (0, 1))(*xs)

    outs = [gradient(*d) for d in draws]
    expected = ft.tree_util.tree_map(lambda *xs: np.stack(xs), *outs)
    close(ft.jit(ft.vmap(gradient))(*args), expected, 1e-10)


@settings(max_examples=40 * LONGER)
@given(PROGRAM, SHAPES)
def test_forward_and_reverse_agree(program: Any, shapes: Any) -> None:
    rng = np.random.default_rng(3)
    args = inputs_of(shapes, "float64")
    tangents = tuple(random_tangent(x, rng) for x in args)

    def f(*xs: Any) -> Any:
        return run(program, *xs)

    value, dot = ft.jvp(f, args, tangents)
    out, pull = ft.vjp(f, *args)
    close(value, out, 1e-13)
    _, push = ft.linearize(f, *args)
    close(push(*tangents), dot, 1e-11)
    cotangent = ft.tree_util.tree_map(lambda x: random_tangent(x, rng), out)
    left, right = inner(cotangent, dot), inner(pull(cotangent), tangents)
    np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-10)
