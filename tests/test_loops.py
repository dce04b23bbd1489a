"""Loops: scan, fori_loop and while_loop against Python loops, under every transform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import functrans as ft
from functrans.core.avals import aval_of, float0
from functrans.lax import fori_loop, scan, while_loop
from functrans.passes.run import run
from tests.poison import compare

Tree = Any


def python_scan(
    f: Any, init: Any, xs: Any, length: int | None = None, reverse: bool = False
) -> Any:
    """What scan means, in terms of plain operations that every transform sees one by one."""
    leaves = ft.tree.leaves(xs)
    steps = leaves[0].shape[0] if leaves else length
    carry, ys = init, []
    for i in reversed(range(steps)) if reverse else range(steps):
        carry, y = f(carry, ft.tree.map(lambda x, i=i: x[i], xs))
        ys.append(y)
    if reverse:
        ys.reverse()
    return carry, ft.tree.map(lambda *rows: np.stack(rows), *ys)


def same(a: Tree, b: Tree, rtol: float = 1e-10) -> None:
    assert ft.tree.structure(a) == ft.tree.structure(b)
    for x, y in zip(ft.tree.leaves(a), ft.tree.leaves(b), strict=True):
        assert np.asarray(x).dtype == np.asarray(y).dtype
        if np.asarray(x).dtype != float0:
            np.testing.assert_allclose(x, y, rtol=rtol, atol=1e-11)


class State(NamedTuple):
    hidden: Any
    cell: Any


def lstm(p: Any, state: State, x: Any) -> tuple[State, Any]:
    """The diagonal cell of the benchmark, with gates in a dict of parameters."""
    forget = 1 / (1 + np.exp(-(x * p["f"] + p["b"])))
    ingate = 1 / (1 + np.exp(-(state.hidden * p["i"])))
    change = np.tanh(state.hidden * p["c"] + x)
    cell = state.cell * forget + ingate * change
    return State(ingate * np.tanh(cell), cell), {"y": cell * 2.0, "n": None}


def _cases() -> dict[str, tuple[Any, Any, Any, Any]]:
    """Name: body of (parameters, carry, row), parameters, carry, rows."""
    rng = np.random.default_rng(3)

    def normal(*shape: int) -> Any:
        return rng.normal(size=shape)

    def rnn(p: Any, c: Any, x: Any) -> Any:
        h = np.tanh(p @ c + x)
        return h, h * 2.0

    def counter(p: Any, c: Any, x: Any) -> Any:
        n, total = c
        return (n + 1, total + ft.numpy.take(p, n) * x), np.sin(total) * n

    def unused(p: Any, c: Any, x: Any) -> Any:
        a, b, dead = c
        return (a * x["u"] + p, b, dead * b), (a, x["v"])

    def constants_only(p: Any, c: Any, x: Any) -> Any:
        scale = np.exp(p) @ np.exp(p)
        return c * np.sin(scale) + x, c * c

    def matrix(p: Any, c: Any, x: Any) -> Any:
        return ft.numpy.at(c)[1].set(p * c[0] + x), c[2, 0]

    def triangle(p: Any, c: Any, x: Any) -> Any:
        _, b, d = c
        return (b * p, np.sin(d), d + x), None

    def nested(p: Any, c: Any, x: Any) -> Any:
        return scan(lambda a, y: (np.sin(a * y + p), a * x), c, np.stack([p, p * x]))

    def called(p: Any, c: Any, x: Any) -> Any:
        return ft.jit(lambda a, b: (np.sin(a) * b, a + b))(c, x * p)

    def stopped(p: Any, c: Any, x: Any) -> Any:
        a, b = c
        return (ft.stop_gradient(a) * x, b + a * p), np.where(a > 0, a, b)

    return {
        "rnn": (rnn, normal(3, 3), normal(3), normal(4, 3)),
        "scalars": (lambda p, c, x: (c * p + np.sin(x), c), 0.7, 1.3, normal(5)),
        "lstm": (
            lstm,
            {"f": normal(3), "i": normal(3), "c": normal(3), "b": 0.3},
            State(normal(3), normal(3)),
            normal(4, 3),
        ),
        "counter": (counter, normal(6), (np.int64(1), normal()[()]), normal(4)),
        "unused": (
            unused,
            normal(2),
            (normal(2), normal(2), normal(2)),
            {"u": normal(3, 2), "v": normal(3)},
        ),
        "constants only": (constants_only, normal(3), normal(2), normal(4, 2)),
        "matrix": (matrix, normal(2), normal(3, 2), normal(4, 2)),
        "triangle": (triangle, 0.8, (normal(2), normal(2), normal(2)), normal(5, 2)),
        "nested": (nested, normal(3), normal(3), normal(4)),
        "called": (called, normal(2), normal(2), normal(4, 2)),
        "stopped": (stopped, 0.4, (normal(2), normal(2)), normal(4, 2)),
        "one": (rnn, normal(3, 3), normal(3), normal(1, 3)),
    }


CASES = _cases()
each = pytest.mark.parametrize("name", CASES)
both_ways = pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])


def functions(name: str, reverse: bool = False) -> tuple[Any, Any, Any]:
    """A loop of parameters, carry and rows; the same in Python; its arguments."""
    body, *args = CASES[name]

    def loop(p: Any, c: Any, xs: Any) -> Any:
        return scan(lambda carry, x: body(p, carry, x), c, xs, reverse=reverse)

    def python(p: Any, c: Any, xs: Any) -> Any:
        return python_scan(lambda carry, x: body(p, carry, x), c, xs, reverse=reverse)

    return loop, python, tuple(args)


def summed(f: Callable[..., Any]) -> Callable[..., Any]:
    """All floating results in one number, none with the same weight."""

    def total(*args: Any) -> Any:
        leaves = [x for x in ft.tree.leaves(f(*args)) if aval_of(x).dtype.kind == "f"]
        return sum(np.sum(np.sin(x + i)) for i, x in enumerate(leaves))

    return total


def tangents(args: Any) -> Any:
    rng = np.random.default_rng(7)

    def tangent(x: Any) -> Any:
        x = np.asarray(x)
        return rng.normal(size=x.shape)[()] if x.dtype.kind == "f" else np.zeros(x.shape, float0)

    return ft.tree.map(tangent, args)


@each
@both_ways
def test_values(name: str, reverse: bool) -> None:
    loop, python, args = functions(name, reverse)
    expected = python(*args)
    same(loop(*args), expected)
    same(ft.jit(loop)(*args), expected)
    with ft.disable_jit():
        same(loop(*args), expected)


@each
@both_ways
def test_forward_mode(name: str, reverse: bool) -> None:
    loop, python, args = functions(name, reverse)
    dots = tangents(args)
    expected = ft.jvp(python, args, dots)
    same(ft.jvp(loop, args, dots), expected)
    same(ft.jit(lambda *a: ft.jvp(loop, a, dots))(*args), expected)
    same(ft.linearize(loop, *args)[1](*dots), expected[1])


@each
@both_ways
def test_reverse_mode(name: str, reverse: bool) -> None:
    loop, python, args = functions(name, reverse)

    def gradient(f: Any) -> Any:
        return ft.grad(summed(f), argnums=(0, 1, 2), allow_int=True)

    expected = gradient(python)(*args)
    same(gradient(loop)(*args), expected)
    same(ft.jit(gradient(loop))(*args), expected)
    same(gradient(ft.jit(loop))(*args), expected)


@each
def test_second_derivatives(name: str) -> None:
    loop, python, (p, c, xs) = functions(name)
    expected = ft.hessian(lambda p: summed(python)(p, c, xs))(p)
    for outer in (ft.jacfwd, ft.jacrev):
        for inner in (ft.jacfwd, ft.jacrev):
            same(outer(inner(lambda p: summed(loop)(p, c, xs)))(p), expected, 1e-8)
    same(ft.jit(ft.hessian(lambda p: summed(loop)(p, c, xs)))(p), expected, 1e-8)


@each
@pytest.mark.parametrize("mapped", [0, 1, 2], ids=["parameters", "carry", "rows"])
def test_vmap(name: str, mapped: int) -> None:
    loop, python, args = functions(name)
    rng = np.random.default_rng(5)

    def examples(x: Any) -> Any:
        x = np.asarray(x)
        if x.dtype.kind == "i":
            return np.array([1, 0, 2])
        return x + rng.normal(size=(3, *x.shape))

    batched = [ft.tree.map(examples, a) if i == mapped else a for i, a in enumerate(args)]
    axes = tuple(0 if i == mapped else None for i in range(3))
    expected = ft.vmap(python, axes)(*batched)
    same(ft.vmap(loop, axes)(*batched), expected)
    same(ft.jit(ft.vmap(loop, axes))(*batched), expected)

    def gradient(f: Any) -> Any:
        return ft.vmap(ft.grad(summed(f), argnums=(0, 1, 2), allow_int=True), axes)

    expected = gradient(python)(*batched)
    same(gradient(loop)(*batched), expected)
    same(
        ft.grad(lambda *a: np.sum(ft.vmap(summed(loop), axes)(*a)))(*batched),
        ft.grad(lambda *a: np.sum(ft.vmap(summed(python), axes)(*a)))(*batched),
    )


# --- fori_loop -----------------------------------------------------------------------------------


def powers(x: Any, n: int = 4) -> Any:
    return fori_loop(1, n, lambda i, a: ft.numpy.at(a)[i].set(a[i - 1] * x + i), np.zeros(n))


def test_fori_loop_is_a_python_loop() -> None:
    def python(x: Any) -> Any:
        out = [0.0]
        for i in range(1, 4):
            out.append(out[-1] * x + i)
        return ft.numpy.stack([ft.numpy.asarray(v, dtype=float) for v in out])

    x = 1.7
    same(powers(x), python(x))
    same(ft.jit(powers)(x), python(x))
    for jacobian in (ft.jacfwd, ft.jacrev):
        same(jacobian(powers)(x), ft.jacfwd(python)(x))
        same(jacobian(jacobian(powers))(x), ft.jacfwd(ft.jacfwd(python))(x))
    xs = np.array([0.5, 1.0, 2.0])
    same(ft.vmap(ft.jacrev(powers))(xs), np.stack([ft.jacfwd(python)(x) for x in xs]))
    with ft.disable_jit():
        same(powers(x), python(x))


def test_the_index_of_a_fori_loop_is_weak() -> None:
    out = fori_loop(0, 3, lambda i, c: c + i, np.float32(0.5))
    assert out.dtype == np.float32
    assert out == 3.5
    assert fori_loop(0, 3, lambda i, c: c + i, 0.5).dtype == np.float64
    assert fori_loop(2, 5, lambda i, c: i, 0) == 4


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        (-5, np.uint8(3)),
        (np.int8(0), 300),
        (np.uint8(250), np.int64(260)),
        (np.int64(-3), np.uint64(4)),
        (np.int8(-3), np.int8(127)),
    ],
)
def test_traced_bounds_of_integer_types_that_differ(lower: Any, upper: Any) -> None:
    traced = [x for x in (lower, upper) if isinstance(x, np.generic)]

    def count(*xs: Any) -> Any:
        rest = iter(xs)
        given = [next(rest) if isinstance(x, np.generic) else x for x in (lower, upper)]
        return ft.lax.fori_loop(*given, lambda i, n: n + 1, 0)

    assert int(ft.jit(count)(*traced)) == int(upper) - int(lower)


def test_fori_loop_that_does_not_run() -> None:
    for bounds in ((3, 3), (5, 2)):
        out = fori_loop(*bounds, lambda i, c: c * 2.0, np.ones(2))
        same(out, np.ones(2))
        slope = ft.grad(lambda x, b=bounds: np.sum(fori_loop(*b, lambda i, c: c * x, x)))(3.0)
        assert slope == 1.0


def test_fori_loop_with_traced_bounds() -> None:
    def power(x: Any, n: Any) -> Any:
        return fori_loop(0, n, lambda i, c: c * x, 1.0)

    compiled = ft.jit(power)
    for n in (0, 1, 5):
        assert compiled(2.0, n) == 2.0**n
        value, dot = ft.jvp(lambda x, n=n: compiled(x, n), (2.0,), (1.0,))
        assert (value, dot) == (2.0**n, n * 2.0 ** (n - 1))
    same(ft.vmap(power, (None, 0))(2.0, np.array([3, 0, 5])), np.array([8.0, 1.0, 32.0]))
    same(ft.vmap(power, (0, None))(np.array([1.0, 3.0]), 2), np.array([1.0, 9.0]))
    assert ft.grad(ft.jit(power))(2.0, 3) == 12.0


def test_bounds_are_integers() -> None:
    with pytest.raises(ft.errors.OptionError, match="no integer"):
        fori_loop(0, 2.5, lambda i, c: c, 0.0)
    with pytest.raises(ft.errors.OptionError, match="no integer"):
        ft.jit(lambda n: fori_loop(0, n, lambda i, c: c, 0.0))(2.5)
    assert fori_loop(np.int32(1), np.array(4), lambda i, c: c + i, 0) == 6


# --- while_loop ----------------------------------------------------------------------------------


def newton(a: Any, x: Any) -> Any:
    """Square root of a, and the number of steps."""

    def going(state: Any) -> Any:
        x, n = state
        return (np.abs(x * x - a) > 1e-13 * a) & (n < 100)

    def step(state: Any) -> Any:
        x, n = state
        return 0.5 * (x + a / x), n + 1

    return while_loop(going, step, (x, 0))


def python_newton(a: float, x: float) -> Any:
    n = 0
    while abs(x * x - a) > 1e-13 * a and n < 100:
        x, n = 0.5 * (x + a / x), n + 1
    return np.float64(x), np.int64(n)


def test_while_loop_is_a_python_loop() -> None:
    for a, x in ((2.0, 1.0), (9.0, 3.0), (50.0, 0.1)):
        same(newton(a, x), python_newton(a, x))
        same(ft.jit(newton)(a, x), python_newton(a, x))
        with ft.disable_jit():
            assert newton(a, x)[0] == python_newton(a, x)[0]


def test_while_loop_in_forward_mode() -> None:
    a = 3.0
    for f in (newton, ft.jit(newton)):
        value, dot = ft.jvp(lambda a, f=f: f(a, 1.0)[0], (a,), (1.0,))
        same((value, dot), (np.sqrt(a), 0.5 / np.sqrt(a)), 1e-9)
        same(ft.linearize(lambda a, f=f: f(a, 1.0)[0], a)[1](1.0), 0.5 / np.sqrt(a), 1e-9)
        same(ft.jacfwd(lambda a, f=f: f(a, 1.0)[0])(a), 0.5 / np.sqrt(a), 1e-9)
    curvature = ft.jacfwd(ft.jacfwd(lambda a: newton(a, 1.0)[0]))(a)
    same(curvature, np.float64(-0.25 * a**-1.5), 1e-5)


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)], ids=str)
def test_while_loop_runs_until_every_example_is_done(axes: tuple[int | None, ...]) -> None:
    args = (np.array([2.0, 81.0, 1e-3, 7.0]), np.array([1.0, 9.0, 50.0, 1e3]))
    args = tuple(x if d == 0 else x[1] for x, d in zip(args, axes, strict=True))
    expected = [
        python_newton(*(x[i] if d == 0 else x for x, d in zip(args, axes, strict=True)))
        for i in range(4)
    ]
    expected = ft.tree.map(lambda *xs: np.stack(xs), *expected)
    same(ft.vmap(newton, axes)(*args), expected)
    same(ft.jit(ft.vmap(newton, axes))(*args), expected)
    same(ft.vmap(ft.jit(newton), axes)(*args), expected)


def test_an_example_that_is_done_keeps_its_value() -> None:
    def shrink(x: Any) -> Any:
        return while_loop(lambda c: c > 1.0, lambda c: np.log(c), x)

    found = ft.vmap(shrink)(np.array([0.5, 30.0, 1e200]))  # log of what is done would be nan
    assert np.isfinite(found).all()
    same(found, np.array([float(shrink(x)) for x in (0.5, 30.0, 1e200)]))
    slopes = ft.jacfwd(ft.vmap(shrink))(np.array([0.5, 30.0]))
    assert np.isfinite(slopes).all()


def test_while_loop_with_a_shared_condition() -> None:
    def run(x: Any, n: Any) -> Any:
        return while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] * 2.0), (0, x))

    i, x = ft.vmap(run, (0, None), (None, 0))(np.arange(3.0), 4)
    assert i == 4
    same(x, 16.0 * np.arange(3.0))


def test_integers_go_through_reverse_mode() -> None:
    def f(x: Any) -> Any:
        n = while_loop(lambda n: n < 5, lambda n: n + 2, 0)
        return x**2 * n

    assert ft.grad(f)(3.0) == 36.0
    assert ft.grad(lambda x: while_loop(lambda c: c < 5.0, lambda c: c * x, x))(2.0) == 12.0


# --- what is accepted ----------------------------------------------------------------------------


def test_length_zero() -> None:
    def f(x: Any, rows: Any) -> Any:
        return scan(lambda c, r: (c * r, {"a": c + np.float32(1), "b": r}), x, rows)

    for call in (f, ft.jit(f)):
        last, ys = call(2.0, np.ones((0, 3))[:, 0])
        assert last == 2.0
        assert (ys["a"].shape, ys["a"].dtype, ys["b"].shape) == ((0,), np.float64, (0,))
    assert ft.grad(lambda x: f(x, np.zeros(0))[0])(2.0) == 1.0
    with ft.disable_jit():
        assert f(2.0, np.zeros(0))[1]["b"].shape == (0,)


def test_without_rows() -> None:
    last, ys = scan(lambda c, _: (c + 1, c), 0, None, length=3)
    assert last == 3
    same(ys, np.arange(3))
    assert scan(lambda c, x: (c + x, None), 0, np.arange(4), length=4)[1] is None
    last, ys = scan(lambda c, x: (c, x["a"] + x["b"][0]), (), {"a": np.ones(2), "b": [np.ones(2)]})
    assert last == ()
    same(ys, np.full(2, 2.0))


def test_numbers_take_the_dtype_they_are_given() -> None:
    x32 = np.ones(3, np.float32)
    assert scan(lambda c, x: (c + x, c), 0, x32)[0].dtype == np.float32
    assert scan(lambda c, x: (c + x, c), 0.0, x32)[1].dtype == np.float32
    assert scan(lambda c, x: (c + x, c), 0, np.ones(3))[0].dtype == np.float64
    assert scan(lambda c, x: (c * 2.0, c), np.float32(1), x32)[0].dtype == np.float32
    assert scan(lambda c, x: (0.0, c), np.float32(1), x32)[0].dtype == np.float32
    # Each widens the one before: several rounds.
    last, _ = scan(lambda c, x: ((c[1], c[2], x), None), (0, 0, 0), np.ones(4))
    assert [v.dtype for v in last] == [np.float64] * 3


def test_closed_over_arrays_may_change() -> None:
    table = np.arange(3.0)

    def f(x: Any) -> Any:
        return scan(lambda c, i: (c + table * x, None), np.zeros(3), np.arange(2))[0]

    same(f(1.0), 2 * np.arange(3.0))
    table[:] = 1.0
    same(f(1.0), np.full(3, 2.0))


def test_closed_over_tracers() -> None:
    def inner(w: Any) -> Any:
        def f(x: Any) -> Any:
            return scan(lambda c, r: (c * w + r * x, None), 1.0, np.arange(3.0))[0]

        return ft.grad(f)(2.0)

    same(inner(0.5), np.float64(0.5 + 2.0))
    same(ft.grad(inner)(0.5), np.float64(1.0))
    same(ft.jit(ft.grad(inner))(0.5), np.float64(1.0))
    same(ft.vmap(ft.grad(inner))(np.ones(2)), np.ones(2))


def test_nothing_is_traced_or_compiled_twice() -> None:
    def loss(w: Any, xs: Any) -> Any:
        return np.sum(scan(lambda c, x: (np.tanh(w * c + x), c), np.zeros(3), xs)[0])

    w, xs = np.ones(3), np.ones((4, 3))
    counters = ft.debug.counters
    ft.grad(loss)(w, xs), ft.jvp(loss, (w, xs), (w, xs)), ft.vmap(loss, (None, 0))(w, xs[None])
    compiled = counters.compilations
    ft.grad(loss)(w, xs), ft.jvp(loss, (w, xs), (w, xs)), ft.vmap(loss, (None, 0))(w, xs[None])
    assert counters.compilations == compiled

    runs = []

    def step(c: Any, x: Any) -> Any:
        runs.append(1)
        return c * x, None

    scan(step, np.float64(1), np.ones(5))
    assert len(runs) == 1


# --- what is refused -----------------------------------------------------------------------------


def test_a_carry_that_changes_its_type_is_named() -> None:
    def f(c: Any, x: Any) -> Any:
        return {"a": c["a"], "b": (c["b"][0][:1],)}, None

    with pytest.raises(ft.errors.TypeMismatchError) as raised:
        scan(f, {"a": 1.0, "b": (np.ones(3),)}, np.ones(2))
    text = str(raised.value)
    assert "carry['b'][0] of scan came in as f64[3] and went out as f64[1]" in text
    assert "test_loops.py" in text
    with pytest.raises(ft.errors.TypeMismatchError, match=r"f32\[\] and went out as f64\[\]"):
        scan(lambda c, x: (c + x, None), np.float32(0), np.ones(2))
    with pytest.raises(ft.errors.TypeMismatchError, match="containers"):
        scan(lambda c, x: ((c, c), None), 1.0, np.ones(2))
    with pytest.raises(ft.errors.TypeMismatchError, match="while_loop came in as i64"):
        while_loop(lambda c: c < 3, lambda c: c * 1.5, np.int64(1))
    with pytest.raises(ft.errors.TypeMismatchError, match="containers"):
        while_loop(lambda c: c < 3, lambda c: [c], 1)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: scan(lambda c, x: c, 1.0, np.ones(2)), "TypeMismatchError", "no pair"),
        (lambda: scan(lambda c, x: (c, c), 1.0), "OptionError", "no length"),
        (lambda: scan(lambda c, x: (c, c), 1.0, (np.ones(2), np.ones(3))), "ShapeError", "sizes"),
        (lambda: scan(lambda c, x: (c, c), 1.0, np.ones(2), length=3), "ShapeError", "length=3"),
        (lambda: scan(lambda c, x: (c, c), 1.0, None, length=2.5), "OptionError", "no Python int"),
        (lambda: scan(lambda c, x: (c, c), 1.0, None, length=-1), "OptionError", "fewer than 0"),
        (lambda: scan(lambda c, x: (c, c), 1.0, 3.0), "ShapeError", "leading axis"),
        (lambda: scan(lambda c, x: (c, c), 1.0, np.ones(2), unroll=0), "OptionError", "unroll"),
        (lambda: scan(3, 1.0, np.ones(2)), "ArgumentError", "needs a function"),
        (lambda: scan(lambda c, x: (c, "y"), 1.0, np.ones(2)), "ArgumentError", "not an array"),
        (lambda: while_loop(lambda c: c, lambda c: c, 1), "TypeMismatchError", "no boolean"),
        (
            lambda: while_loop(lambda c: c > 0, lambda c: c, np.ones(2)),
            "TypeMismatchError",
            "no boolean",
        ),
        (lambda: while_loop(lambda c: (c > 0,), lambda c: c, 1), "TypeMismatchError", "no boolean"),
    ],
)
def test_mistakes(call: Callable[[], Any], error: str, match: str) -> None:
    with pytest.raises(getattr(ft.errors, error), match=match):
        call()


def test_a_condition_on_a_traced_value_names_the_line() -> None:
    def f(c: Any, x: Any) -> Any:
        return (c if x > 0 else -c), None

    with pytest.raises(ft.errors.TracerBoolConversionError, match=r"test_loops\.py"):
        scan(f, 1.0, np.ones(2))


def test_an_exception_leaves_nothing_behind() -> None:
    def f(c: Any, x: Any) -> Any:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        ft.grad(lambda x: scan(f, x, np.ones(2))[0])(1.0)
    assert ft.core.trace.current_trace() is None


# --- JAX -----------------------------------------------------------------------------------------


def test_the_same_as_jax() -> None:
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    rng = np.random.default_rng(2)
    w, c, xs = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=(6, 3))

    def loss(np_: Any, lax: Any) -> Any:
        def step(carry: Any, x: Any) -> Any:
            (h, n), scale = carry
            h = np_.tanh(w @ h + x * scale)
            return ((h, n + 1), scale * 1.5), {"h": h[:2], "n": n}

        def f(c: Any, xs: Any) -> Any:
            last, ys = lax.scan(step, ((c, 0), 1.0), xs, reverse=True)
            z = lax.fori_loop(0, 5, lambda i, a: a.at[i % 3].add(a[0] * i), last[0][0])
            return np_.sum(z) + np_.sum(ys["h"] ** 2) + last[1] + np_.sum(ys["n"])

        return f

    ours, theirs = loss(ft.numpy, ft.lax), loss(jnp, jax.lax)
    same(ours(c, xs), np.asarray(theirs(c, xs))[()])
    for x, y in zip(ft.grad(ours, (0, 1))(c, xs), jax.grad(theirs, (0, 1))(c, xs), strict=True):
        same(x, np.asarray(y))
    same(ft.hessian(ours)(c, xs), np.asarray(jax.hessian(theirs)(c, xs)))
    batch = rng.normal(size=(4, 3))
    expected = np.asarray(jax.vmap(jax.grad(theirs), (0, None))(batch, xs))
    same(ft.vmap(ft.grad(ours), (0, None))(batch, xs), expected)


# --- passes --------------------------------------------------------------------------------------


def passed(f: Callable[..., Any], *args: Any) -> Any:
    """The equations of a function after the passes, and its loop."""
    jaxpr = run(ft.make_jaxpr(f)(*args))
    loops = [eqn for eqn in jaxpr.eqns if eqn.primitive.name in ("scan", "while")]
    assert len(loops) == 1
    return [eqn.primitive.name for eqn in jaxpr.eqns], loops[0]


def test_what_nobody_reads_leaves_the_loop() -> None:
    def f(x: Any, xs: Any) -> Any:
        def step(c: Any, row: Any) -> Any:
            a, b, dead = c
            return (a + row["u"], b * 2.0, dead * row["v"]), (np.sin(a), np.cos(b), dead)

        (a, _, _), (ys, _, _) = scan(step, (x, x, x), xs)
        return a, ys

    _, loop = passed(f, 1.0, {"u": np.ones(3), "v": np.ones(3)})
    assert (loop.params["carries"], len(loop.invars), len(loop.outvars)) == (1, 2, 2)
    assert [e.primitive.name for e in loop.params["jaxpr"].eqns] == ["add", "sin"]


def test_what_does_not_change_is_no_carry_and_what_is_copied_is_not_stored() -> None:
    def f(x: Any, w: Any, xs: Any) -> Any:
        def step(c: Any, row: Any) -> Any:
            a, w = c
            return (a * w + row, w), (row, a, a)

        return scan(step, (x, w), xs)

    names, loop = passed(f, 1.0, 2.0, np.ones(3))
    assert (loop.params["constants"], loop.params["carries"], len(loop.outvars)) == (1, 1, 2)
    assert names.count("scan") == 1
    same(ft.jit(f)(1.0, 2.0, np.ones(3)), f(1.0, 2.0, np.ones(3)))


def test_what_every_iteration_repeats_comes_before_the_loop() -> None:
    def f(w: Any, x: Any, xs: Any) -> Any:
        return scan(lambda c, r: (c * np.sum(np.exp(w)) + r * w[0], None), x, xs)[0]

    w = np.arange(3.0)
    names, loop = passed(f, w, 1.0, np.ones(4))
    body = [e.primitive.name for e in loop.params["jaxpr"].eqns]
    assert names.index("exp") < names.index("scan")
    assert "exp" not in body
    assert "reduce_sum" not in body
    assert "slice" in body  # reading through a layout is free
    same(ft.jit(f)(w, 1.0, np.ones(4)), f(w, 1.0, np.ones(4)))


def test_what_would_grow_stays_in_the_loop() -> None:
    def f(u: Any, xs: Any) -> Any:
        def step(c: Any, r: Any) -> Any:
            return c + np.sum(np.sin(u[:, None] * u[None, :] * c)), None

        return scan(step, 1.0, xs)[0]

    _, loop = passed(f, np.ones(1000), np.ones(3))
    assert all(v.aval.nbytes <= 8000 for v in loop.invars)


def test_numbers_and_repeated_rows_are_written_into_the_loop() -> None:
    def f(x: Any) -> Any:
        two = ft.numpy.full(3, 2.0)
        rows = ft.numpy.full((4, 3), 3.0)
        return scan(lambda c, r: (c * two + r, None), x, rows)[0]

    _, loop = passed(f, np.ones(3))
    assert (loop.params["constants"], loop.params["carries"], len(loop.invars)) == (0, 1, 1)
    same(ft.jit(f)(np.ones(3)), f(np.ones(3)))


def test_passes_of_a_while() -> None:
    def f(w: Any, x: Any) -> Any:
        def step(state: Any) -> Any:
            i, c, w, dead = state
            return i + 1, c * np.exp(w), w, dead + c

        return while_loop(lambda s: s[0] < 3, step, (0, x, w, x))[1]

    names, loop = passed(f, 0.5, 2.0)
    assert len(loop.outvars) == 2
    assert names.index("exp") < names.index("while")
    same(ft.jit(f)(0.5, 2.0), np.float64(2.0 * np.exp(1.5)))


def test_a_while_that_does_not_run_fails_at_nothing() -> None:
    def f(table: Any, i: Any, n: Any) -> Any:
        return while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] * table[i]), (0, 1.0))[1]

    compiled = ft.jit(f)
    assert compiled(np.ones(2), 7, 0) == 1.0
    with pytest.raises(IndexError):
        compiled(np.ones(2), 7, 1)


def test_the_least_is_stored_for_the_derivative() -> None:
    def f(w: Any, b: Any, x: Any, xs: Any) -> Any:
        def step(c: Any, r: Any) -> Any:
            return 1.0 / (1.0 + np.exp(-(w * c + b + r))), None

        return np.sum(scan(step, x, xs)[0])

    args = [np.ones(5)] * 3
    jaxpr = run(ft.make_jaxpr(ft.grad(f, (0, 1, 2)))(*args, np.ones((4, 5))))
    primal, linear = [e for e in jaxpr.eqns if e.primitive.name == "scan"]
    stacked = len(primal.outvars) - primal.params["carries"]
    assert stacked == 2  # the carry and the exponential
    rows = len(linear.invars) - linear.params["constants"] - linear.params["carries"]
    assert rows == 2


def test_slices_of_a_parameter_are_put_together_once() -> None:
    def f(p: Any, xs: Any) -> Any:
        return scan(lambda c, r: (np.sin(c * p[0] + r * p[1]), None), np.ones(3), xs)[0].sum()

    p, xs = np.ones((2, 3)), np.ones((4, 3))
    jaxpr = run(ft.make_jaxpr(ft.grad(f))(p, xs))
    _, linear = [e for e in jaxpr.eqns if e.primitive.name == "scan"]
    inner = {e.primitive.name for e in linear.params["jaxpr"].eqns}
    assert "pad" not in inner
    assert "concatenate" not in inner


def test_a_gather_from_a_constant_adds_in_place() -> None:
    def f(table: Any, rows: Any) -> Any:
        return scan(lambda c, i: (c * table[i], None), 1.0, rows)[0]

    table, rows = np.arange(1.0, 6.0), np.array([1, 3, 3, 0])
    jaxpr = run(ft.make_jaxpr(ft.grad(f))(table, rows))
    _, linear = [e for e in jaxpr.eqns if e.primitive.name == "scan"]
    body = linear.params["jaxpr"]
    [added] = [e for e in body.eqns if e.primitive.name == "scatter"]
    assert added.invars[0] in body.invars  # into the sum itself, not into zeros
    same(ft.grad(f)(table, rows), np.array([32.0, 16.0, 0.0, 16.0, 0.0]))


PRODUCTS = {
    "matrix first": lambda h, x, w, u, v: (np.tanh(w @ h + u @ x), v @ h),
    "matrix last": lambda h, x, w, u, v: (np.tanh(h @ w + x @ u), h @ v.T),
    "twice": lambda h, x, w, u, v: (np.tanh(w @ (w @ h) - u @ x), v @ h + x),
    "with itself": lambda h, x, w, u, v: (np.tanh(w @ h), np.outer(h, x) @ (u @ x)),
}


@pytest.mark.parametrize(
    ("name", "shape"), [*((name, (17,)) for name in PRODUCTS), ("matrix last", (5, 17))], ids=str
)
@both_ways
def test_products_leave_the_loop(name: str, shape: tuple[int, ...], reverse: bool) -> None:
    step = PRODUCTS[name]
    rng = np.random.default_rng(1)
    args = [rng.normal(size=s) / 4 for s in ((17, 17), (17, 17), (17, 17), shape, (4, *shape))]

    def loop(w: Any, u: Any, v: Any, h: Any, xs: Any) -> Any:
        return scan(lambda h, x: step(h, x, w, u, v), h, xs, reverse=reverse)

    def python(w: Any, u: Any, v: Any, h: Any, xs: Any) -> Any:
        return python_scan(lambda h, x: step(h, x, w, u, v), h, xs, reverse=reverse)

    same(ft.jit(loop)(*args), python(*args))
    gradient = ft.grad(summed(loop), argnums=tuple(range(5)))
    expected = ft.grad(summed(python), argnums=tuple(range(5)))(*args)
    same(gradient(*args), expected)
    same(ft.jit(gradient)(*args), expected)
    jaxpr = run(ft.make_jaxpr(gradient)(*args))
    names = [e.primitive.name for e in jaxpr.eqns]
    assert names.count("dot_general") >= 3
    if name != "with itself":
        loops = [e.params["jaxpr"] for e in jaxpr.eqns if e.primitive.name == "scan"]
        inner = [e.primitive.name for body in loops for e in body.eqns]
        assert inner.count("dot_general") <= (6 if name == "twice" else 2)  # none of them a sum


def test_a_loop_in_a_loop_works_in_the_same_memory() -> None:
    def filled(x: Any, n: Any, kept: bool) -> Any:
        def outer(i: Any, x: Any) -> Any:
            inner = fori_loop(0, n, lambda j, x: x.at[i, j].add(1.0 * j), x)
            return inner + x if kept else inner

        return fori_loop(0, n, outer, x)

    x = np.ones((20, 200))
    for kept in (False, True):
        compare(lambda x, n, kept=kept: filled(x, n, kept), x, np.int64(7))
    program = ft.jit(lambda x, n: filled(x, n, False)).lower(x, np.int64(7)).executable.program
    assert program.workspace < x.nbytes
