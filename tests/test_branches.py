"""Branches: cond and switch against Python's own if, under every transform."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.lax import cond, fori_loop, scan, switch, while_loop
from functrans.passes.run import run

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


# --- which branch runs ---------------------------------------------------------------------------


def raises_outside(i: Any, x: Any) -> Any:
    return cond(i < 3, lambda: ft.numpy.take(x, i, mode="raise"), lambda: -x[0])


@pytest.mark.parametrize("transform", [lambda f: f, ft.jit], ids=["eager", "jit"])
def test_an_index_is_looked_at_only_in_the_branch_that_runs(transform: Any) -> None:
    f, x = transform(raises_outside), np.arange(1.0, 4.0)
    assert [float(f(i, x)) for i in (0, 2, 3, 100)] == [1.0, 3.0, -1.0, -1.0]
    with pytest.raises(IndexError, match=r"test_branches\.py"):
        f(-4, x)
    g = transform(ft.grad(raises_outside, 1))
    same(g(2, x), np.array([0.0, 0.0, 1.0]))
    same(g(7, x), np.array([-1.0, 0.0, 0.0]))


@pytest.mark.parametrize("transform", [lambda f: f, ft.jit], ids=["eager", "jit"])
def test_no_example_raises_in_a_branch_of_others(transform: Any) -> None:
    x = np.arange(1.0, 4.0)
    f = transform(ft.vmap(raises_outside, (0, None)))
    same(f(np.array([2, 5, 0, 9]), x), np.array([3.0, -1.0, 1.0, -1.0]))
    same(f(np.array([5, 9]), x), np.array([-1.0, -1.0]))
    with pytest.raises(IndexError):
        f(np.array([5, -9]), x)
    g = transform(ft.grad(lambda i, x: ft.vmap(raises_outside, (0, None))(i, x).sum(), 1))
    same(g(np.array([2, 5, 0, 2]), x), np.array([0.0, 0.0, 2.0]))


@pytest.mark.parametrize("transform", [lambda f: f, ft.jit], ids=["eager", "jit"])
def test_no_example_loops_in_a_branch_of_others(transform: Any) -> None:
    def halvings(n: Any) -> Any:
        def count(n: Any) -> Any:
            return while_loop(lambda s: s[0] != 0, lambda s: (s[0] - 2, s[1] + 1), (n, 0))[1]

        return cond(n % 2 == 0, count, lambda n: -n, n)

    f = transform(ft.vmap(halvings))
    same(f(np.array([4, 3, 10, 5])), np.array([2, -3, 5, -5]))
    same(f(np.array([3, 5])), np.array([-3, -5]))


@pytest.mark.parametrize("transform", [lambda f: f, ft.jit], ids=["eager", "jit"])
def test_no_examples(transform: Any) -> None:
    f = transform(ft.vmap(lambda p, x: cond(p, lambda x: x * 2.0, np.sort, x)))
    assert f(np.zeros(0, bool), np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("transform", [lambda f: f, ft.jit], ids=["eager", "jit"])
@pytest.mark.parametrize("way", ["plain", "if any"])
def test_nan_and_inf_stay_in_the_branch_that_makes_them(transform: Any, way: str) -> None:
    """sqrt has an infinite slope at 0, log is −inf there; the examples at 0 go elsewhere."""

    def steep(x: Any, w: Any) -> Any:
        y = np.sqrt(x) * w + np.log(x)
        return y if way == "plain" else scan(lambda c, _: (c, None), y, None, 2)[0]

    def f(x: Any, w: Any) -> Any:
        return cond(x > 0, steep, lambda x, w: 3.0 * x + w, x, w)

    x, w = np.array([0.0, 4.0, -1.0, 1.0]), 2.0
    each = ft.vmap(f, (0, None))
    same(transform(each)(x, w), np.array([2.0, 4.0 + np.log(4.0), -1.0, 2.0]))
    slopes = np.array([3.0, 0.75, 3.0, 2.0])
    same(transform(ft.vmap(ft.grad(f), (0, None)))(x, w), slopes)
    total = transform(ft.grad(lambda x, w: each(x, w).sum(), (0, 1)))
    same(total(x, w), (slopes, np.float64(1 + 2 + 1 + 1)))
    pushed = transform(lambda x, w: ft.jvp(each, (x, w), (np.ones(4), 0.0))[1])
    same(pushed(x, w), slopes)


def test_a_known_condition_compiles_one_branch() -> None:
    def f(x: Any) -> Any:
        return cond(x > 0, lambda x: np.sin(x) * 2.0, lambda x: np.cos(x), x)

    f(1.0), ft.grad(f)(1.0)
    before = ft.debug.counters.compilations
    f(2.0), ft.grad(f)(2.0)
    assert ft.debug.counters.compilations == before
    f(-2.0)
    assert ft.debug.counters.compilations == before + 1


def test_disabled_jit_runs_python() -> None:
    seen: list[str] = []

    def yes(x: float) -> float:
        seen.append("yes")
        return 2.0 * x if x > 1.0 else x

    with ft.disable_jit():
        assert cond(True, yes, lambda x: x, 3.0) == 6.0
        assert switch(5, [lambda x: x, yes], 3.0) == 6.0
    assert seen == ["yes", "yes"]


def test_conditions() -> None:
    for pred in (True, 2, 0.5, np.float32(1.0), np.array(True), np.bool_(True)):
        assert cond(pred, lambda: 1.0, lambda: 2.0) == 1.0
        assert ft.jit(lambda p: cond(p, lambda: 1.0, lambda: 2.0))(pred) == 1.0
    for pred in (False, 0, 0.0, np.array(0)):
        assert cond(pred, lambda: 1.0, lambda: 2.0) == 2.0
        assert ft.jit(lambda p: cond(p, lambda: 1.0, lambda: 2.0))(pred) == 2.0
    three = [lambda: 0, lambda: 1, lambda: 2]
    for index in (np.uint64(2**63), np.int8(7), np.int64(2), 2):
        assert switch(index, three) == ft.jit(lambda i: switch(i, three))(index) == 2
    assert switch(np.int32(-1), three) == ft.jit(lambda i: switch(i, three))(np.int32(-1)) == 0
    assert switch(3, [lambda x: x + 1], 2) == 3
    many = [lambda x, k=k: x * k for k in range(300)]
    assert ft.jit(lambda i: switch(i, many, 2.0))(np.int8(100)) == 200.0


# --- types ---------------------------------------------------------------------------------------


def test_numbers_take_the_dtype_of_the_other_branch() -> None:
    x = np.float32(2.0)
    for f in (cond, ft.jit(cond, static_argnums=(1, 2))):
        assert f(True, lambda x: x, lambda x: 0.0, x).dtype == np.float32
        assert f(False, lambda x: x, lambda x: 0.0, x).dtype == np.float32
        assert f(True, lambda: 1, lambda: 2.5).dtype == np.float64
        assert f(True, lambda x: x, lambda x: x + 1.0, 1).dtype == np.float64


@pytest.mark.parametrize(
    ("yes", "no", "message"),
    [
        (lambda: np.zeros(2), lambda: np.zeros(3), r"f64\[3\] from false_fun.*f64\[2\] from true"),
        (lambda: np.float32(1.0), lambda: np.float64(1.0), r"f64\[\] from.*f32\[\]"),
        (lambda: {"a": [np.int64(1)]}, lambda: {"a": [2.5]}, r"The result\['a'\]\[0\] of cond"),
        (
            lambda: (1.0, 2.0),
            lambda: [1.0, 2.0],
            r"false_fun of cond returned \[\*, \*\], true_fun returned \(",
        ),
        (lambda: None, lambda: 1.0, r"true_fun returned None"),
    ],
)
def test_results_that_differ(yes: Any, no: Any, message: str) -> None:
    with pytest.raises(ft.errors.TypeMismatchError, match=message) as caught:
        cond(True, yes, no)
    assert "test_branches.py" in str(caught.value)
    with pytest.raises(ft.errors.TypeMismatchError, match=message):
        ft.jit(lambda p: cond(p, yes, no))(True)


def test_wrong_arguments() -> None:
    errors = ft.errors
    with pytest.raises(errors.TypeMismatchError, match=r"condition of cond is bool\[2\]"):
        cond(np.array([True, False]), lambda: 1, lambda: 2)
    with pytest.raises(errors.TypeMismatchError, match="no scalar"):
        ft.jit(lambda p: cond(p, lambda: 1, lambda: 2))(np.zeros(3))
    with pytest.raises(errors.TypeMismatchError, match="no scalar"):
        cond((True,), lambda: 1, lambda: 2)
    with pytest.raises(errors.ArgumentError):
        cond("yes", lambda: 1, lambda: 2)
    with pytest.raises(errors.ArgumentError, match="needs a function"):
        cond(True, 1.0, lambda: 2)
    with pytest.raises(errors.ArgumentError, match="needs a function"):
        switch(1, [lambda: 1, None])
    with pytest.raises(errors.OptionError, match="no functions"):
        switch(1, [])
    for index in (1.0, True, np.float32(0)):
        with pytest.raises(errors.DtypeError, match="no integer"):
            switch(index, [lambda: 1, lambda: 2])
    with pytest.raises(errors.TypeMismatchError, match="index of switch"):
        switch(np.array([1]), [lambda: 1, lambda: 2])
    with pytest.raises(errors.ArgumentError):
        cond(True, lambda x: x, lambda x: x, "text")


def test_errors_inside_a_branch_leave_no_trace_open() -> None:
    def broken(x: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ft.grad(lambda x: cond(x > 0, broken, lambda x: x, x))(1.0)
    assert ft.grad(lambda x: cond(x > 0, lambda x: x * x, lambda x: x, x))(1.0) == 2.0


# --- inside and around others --------------------------------------------------------------------


def collatz(n: Any) -> Any:
    def step(s: Any) -> Any:
        n, k = s
        return cond(n % 2 == 0, lambda: n // 2, lambda: 3 * n + 1), k + 1

    return while_loop(lambda s: s[0] != 1, step, (n, 0))[1]


def test_in_while_loops_under_vmap() -> None:
    def by_hand(n: int) -> int:
        k = 0
        while n != 1:
            n, k = (n // 2 if n % 2 == 0 else 3 * n + 1), k + 1
        return k

    numbers = np.arange(1, 30)
    want = np.array([by_hand(int(n)) for n in numbers])
    same(ft.vmap(collatz)(numbers), want)
    same(ft.jit(ft.vmap(collatz))(numbers), want)
    assert [int(collatz(n)) for n in (6, 27)] == [8, 111]


def walk(x: Any, w: Any, signs: Any) -> Any:
    def step(c: Any, s: Any) -> Any:
        up, down, still = (
            lambda c: (np.tanh(w @ c), c[0]),
            lambda c: (c * c[::-1], c.sum() * s),
            lambda c: (c, 0.0),
        )
        return switch(s + 1, [down, still, up], c)

    c, ys = scan(step, x, signs)
    return np.sum(c * c) + np.sum(np.sin(ys))


def plain_walk(x: Any, w: Any, signs: Any) -> Any:
    ys = []
    for s in signs:
        if s > 0:
            x, y = np.tanh(w @ x), x[0]
        elif s < 0:
            x, y = x * x[::-1], x.sum() * s
        else:
            y = x[0] * 0.0
        ys.append(y)
    return np.sum(x * x) + np.sum(np.sin(np.stack(ys)))


def test_in_scans() -> None:
    rng = np.random.default_rng(8)
    x, w, signs = rng.normal(size=3), rng.normal(size=(3, 3)), np.array([1, -1, 0, 1, 1, 0])
    want = plain_walk(x, w, signs)
    gradient = ft.grad(plain_walk, (0, 1))(x, w, signs)
    for jit in (lambda f: f, ft.jit):
        same(jit(walk)(x, w, signs), want)
        same(jit(ft.grad(walk, (0, 1)))(x, w, signs), gradient)
        curved = jit(ft.hessian(walk))(x, w, signs)
        same(curved, ft.hessian(plain_walk)(x, w, signs), 1e-8)
        xs = np.stack([x, 2 * x])
        found = jit(ft.vmap(ft.grad(walk, (0, 1)), (0, None, None)))(xs, w, signs)
        want_each = [ft.grad(plain_walk, (0, 1))(v, w, signs) for v in xs]
        same(found, stacked(want_each))
        many = np.stack([signs, -signs])
        found = jit(ft.vmap(ft.grad(walk, (0, 1)), (None, None, 0)))(x, w, many)
        same(found, stacked([ft.grad(plain_walk, (0, 1))(x, w, s) for s in many]))


def test_in_loops_with_a_traced_bound() -> None:
    def grown(x: Any, n: Any) -> Any:
        def step(i: Any, c: Any) -> Any:
            return cond(i % 2 == 0, lambda c: c * 1.5, lambda c: np.sin(c), c)

        return fori_loop(0, n, step, x)

    x = 0.7
    for i in range(5):
        x = x * 1.5 if i % 2 == 0 else np.sin(x)
    same(ft.jit(grown)(0.7, 5), np.float64(x))
    slope = ft.jit(lambda x, n: ft.jvp(lambda x: grown(x, n), (x,), (1.0,))[1])(0.7, 5)
    h = 1e-6
    same(slope, (ft.jit(grown)(0.7 + h, 5) - ft.jit(grown)(0.7 - h, 5)) / (2 * h), 1e-6)


def test_closures_made_anew_compile_nothing() -> None:
    def f(x: Any, k: int) -> Any:
        table = np.arange(3.0) * k
        return cond(x.sum() > 0, lambda: np.sum(x * table), lambda: np.sum(np.sin(x) + table))

    x = np.array([1.0, 2.0, -1.0])
    f(x, 1), ft.grad(f)(x, 1), ft.vmap(f, (0, None))(np.stack([x, -x]), 1)
    before = ft.debug.counters.compilations
    same(f(x, 3), np.sum(x * np.arange(3.0) * 3))
    same(ft.grad(f)(x, 2), np.arange(3.0) * 2)
    ft.vmap(f, (0, None))(np.stack([x, -x]), 5)
    assert ft.debug.counters.compilations == before


def test_programs_are_freed() -> None:
    def count() -> int:
        gc.collect()
        return sum(type(o).__name__ == "Jaxpr" for o in gc.get_objects())

    def once() -> None:
        f = ft.jit(ft.grad(lambda x: cond(x > 0, lambda x: np.sin(x), lambda x: x * x, x)))
        f(1.0)

    once(), once()
    before = count()
    for _ in range(5):
        once()
    assert count() <= before


# --- what is compiled ----------------------------------------------------------------------------


def branchings(jaxpr: Any) -> list[Any]:
    return [eqn for eqn in jaxpr.eqns if eqn.primitive.name == "cond"]


def passed(f: Callable[..., Any], *args: Any) -> Any:
    return run(ft.make_jaxpr(f)(*args))


def test_a_known_index_leaves_its_branch() -> None:
    jaxpr = passed(lambda x: cond(True, lambda x: np.sin(x), lambda x: np.exp(x), x), np.ones(99))
    assert [eqn.primitive.name for eqn in jaxpr.eqns] == ["sin"]
    inner = ft.jit(lambda i, x: switch(i, [np.sin, np.exp], x))
    jaxpr = passed(lambda x: inner(1, x), np.ones(99))
    assert [eqn.primitive.name for eqn in jaxpr.eqns] == ["exp"]


def test_cheap_branches_are_selected_from() -> None:
    jaxpr = passed(lambda p, x: cond(p, lambda x: x * 2.0, lambda x: -x, x), True, 1.0)
    assert "select_n" in str(jaxpr)
    assert not branchings(jaxpr)
    jaxpr = passed(lambda p, x: cond(p, lambda x: x * 2.0, lambda x: -x, x), True, np.ones(99))
    assert len(branchings(jaxpr)) == 1


def test_plain_branches_of_examples_are_selected_from() -> None:
    @ft.custom_jvp
    def ramp(x: Any) -> Any:
        return np.maximum(x, 0.0)

    ramp.defjvp(lambda p, t: (ramp(*p), np.where(p[0] > 0, t[0], 0.0)))
    softened = ft.jit(lambda x: np.log1p(np.exp(x)))
    f = ft.vmap(lambda x: cond(x > 1.0, ramp, softened, x))
    assert not branchings(passed(f, np.ones(9)))
    assert not branchings(passed(ft.grad(lambda x: f(x).sum()), np.ones(9)))
    g = ft.vmap(lambda x: cond(x > 1.0, lambda x: fori_loop(0, 9, lambda _, c: c * x, x), ramp, x))
    assert len(branchings(passed(g, np.ones(9)))) == 1


def test_what_nobody_needs_goes() -> None:
    def f(p: Any, x: Any, y: Any, z: Any) -> Any:
        def yes(x: Any, y: Any, z: Any, n: Any) -> Any:
            return np.sin(x) * n, np.exp(y) @ y, z, 0.0, np.sin(x) * n

        def no(x: Any, y: Any, z: Any, n: Any) -> Any:
            return np.cos(x) + n, np.sin(y) @ y, z, 0.0, np.cos(x) + n

        a, _, c, d, e = cond(p, yes, no, x, y, z, 3.0)
        return a, c + d, e

    jaxpr = passed(f, True, np.ones(99), np.ones(99), np.ones(99))
    [eqn] = branchings(jaxpr)
    assert len(eqn.invars) == 2  # the index and x
    assert len(eqn.outvars) == 1
    assert [len(b.eqns) for b in eqn.params["branches"]] == [2, 2]


def test_a_dead_carry_goes_through_branches() -> None:
    def f(p: Any, x: Any) -> Any:
        def step(c: Any, _: None) -> Any:
            live, dead = c
            return cond(
                p, lambda: (np.sin(live), dead * live), lambda: (np.cos(live), dead + live)
            ), None

        return scan(step, (x, x), None, 5)[0][0]

    [loop] = [e for e in passed(f, True, np.ones(99)).eqns if e.primitive.name == "scan"]
    assert loop.params["carries"] == 1


def test_residuals_share_their_places() -> None:
    def f(i: Any, x: Any) -> Any:
        return np.sum(switch(i, [lambda x: np.sin(np.sin(x)), lambda x: np.exp(np.tanh(x))], x))

    primal, linear = branchings(ft.make_jaxpr(ft.grad(f, 1))(0, np.ones(99)))
    assert len(primal.outvars) == 3  # the value, which is a slope too, and two slopes
    assert len(linear.invars) == 5  # the index, these, and a cotangent


def test_the_report_names_branches() -> None:
    f = ft.jit(lambda p, x: cond(p, lambda x: np.sin(x).sum(), lambda x: np.exp(x).sum(), x))
    report = f.lower(True, np.ones(99)).report()
    assert not report.loops
    titles = [row.title for row in report.rows if len(row.path) == 1]
    assert titles[-1] == "branch   one of 2 programs"
    assert "one of 2" in str(report)
    for stage in ("jaxpr", "passes", "statements", "clusters", "loops", "buffers", "llvm"):
        assert f.lower(True, np.ones(99)).as_text(stage)
    profile = f.profile(True, np.ones(99))
    assert sorted(row.runs for row in profile.rows if len(row.row.path) == 2) == [0, 1]


def shouted(p: Any, x: Any) -> Any:
    def yes(x: Any) -> Any:
        ft.debug.print("yes {}", x)
        return np.sin(x)

    def no(x: Any) -> Any:
        ft.debug.print("no {}", x)
        return 2.0 * x

    return cond(p, yes, no, x)


@pytest.mark.parametrize("transform", [lambda f: f, ft.jit], ids=["eager", "jit"])
def test_effects_are_those_of_the_branch_that_runs(transform: Any, capsys: Any) -> None:
    def printed() -> str:
        return str(capsys.readouterr().out)

    assert float(transform(shouted)(False, 2.0)) == 4.0
    assert printed() == "no 2.0\n"
    transform(ft.grad(shouted, 1))(True, 0.0)
    assert printed() == "yes 0.0\n"
    same(transform(ft.vmap(shouted, (None, 0)))(False, np.array([1.0, 2.0])), np.array([2.0, 4.0]))
    assert printed() == "no 1.0\nno 2.0\n"
    some, x = np.array([False, True, False]), np.array([1.0, 0.0, 3.0])
    same(transform(ft.vmap(shouted))(some, x), np.array([2.0, 0.0, 6.0]))
    assert printed() == "no 1.0\nyes 0.0\nno 3.0\n"
    transform(lambda p: cond(p, lambda: ft.debug.print("only this"), lambda: None))(True)
    assert printed() == "only this\n"


def test_reverse_mode_through_while_loops() -> None:
    def f(x: Any) -> Any:
        def step(s: Any) -> Any:
            n, v = s
            return n + 1, cond(v > 1.0, np.sin, lambda v: v * 1.5, v)

        return while_loop(lambda s: s[0] < 5, step, (0, x))[1]

    x, slope = 0.7, 1.0
    for _ in range(5):
        x, slope = (np.sin(x), slope * np.cos(x)) if x > 1.0 else (x * 1.5, slope * 1.5)
    same(ft.grad(f)(0.7), np.float64(slope))
    same(ft.jit(ft.grad(f))(0.7), np.float64(slope))


def test_rules_of_the_users_own_hold_in_branches() -> None:
    @ft.custom_jvp
    def f(x: Any) -> Any:
        return np.sin(x)

    @f.defjvp
    def f_jvp(primals: Any, tangents: Any) -> Any:
        return f(*primals), 10.0 * tangents[0]

    @ft.custom_vjp
    def g(x: Any) -> Any:
        return np.cos(x)

    g.defvjp(lambda x: (np.cos(x), None), lambda _, ct: (100.0 * ct,))

    def chosen(p: Any, x: Any) -> Any:
        return cond(p, f, g, x)

    def walked(ps: Any, x: Any) -> Any:
        return scan(lambda c, p: (chosen(p, c), None), x, ps)[0]

    some = np.array([True, False])
    for jit in (lambda f: f, ft.jit):
        slope = jit(ft.grad(chosen, 1))
        assert [float(slope(p, 1.0)) for p in some] == [10.0, 100.0]
        same(jit(ft.vmap(ft.grad(chosen, 1)))(some, np.ones(2)), np.array([10.0, 100.0]))
        assert float(jit(ft.grad(walked, 1))(some, 0.3)) == 1000.0


def test_collectives_in_branches() -> None:
    def f(p: Any, x: Any) -> Any:
        return cond(p, lambda: ft.lax.psum(x, "i"), lambda: x)

    x, some = np.arange(1.0, 4.0), np.array([True, False, True])
    for jit in (lambda f: f, ft.jit):
        shared = jit(ft.vmap(f, (None, 0), axis_name="i"))
        same(shared(True, x), np.full(3, 6.0))
        same(shared(False, x), x)
        own = jit(ft.vmap(f, axis_name="i"))
        same(own(some, x), np.array([6.0, 2.0, 6.0]))
        slopes = jit(ft.grad(lambda p, x: ft.vmap(f, axis_name="i")(p, x).sum(), 1))
        same(slopes(some, x), np.array([2.0, 3.0, 2.0]))


def test_checkpoints() -> None:
    f = ft.checkpoint(lambda p, x: cond(p, lambda: np.sin(np.sin(x)), lambda: x * x))
    for g in (ft.grad(f, 1), ft.jit(ft.grad(f, 1))):
        same(g(True, 1.0), np.float64(np.cos(np.sin(1.0)) * np.cos(1.0)))
        same(g(False, 1.5), np.float64(3.0))


# --- in place ------------------------------------------------------------------------------------


def bumped(s: Any, flags: Any, change: Callable[..., Any]) -> Any:
    """A loop that changes its state in some iterations."""

    def step(c: Any, flag: Any) -> Any:
        s, i = c
        return (cond(flag, lambda: change(s, i), lambda: s), (i + 1) % s.shape[0]), s[i]

    return scan(step, (s, 0), flags)


CHANGES: dict[str, Callable[..., Any]] = {
    "set": lambda s, i: s.at[i].set(2.0),
    "add what it reads": lambda s, i: s.at[i].add(s[i] * 0.5),
    "twice": lambda s, i: s.at[i].add(1.0).at[0].multiply(1.5),
    "reversed": lambda s, i: s[::-1].at[i].set(0.5),
    "add itself": lambda s, i: s.at[np.arange(5)].add(s[::-1]),
    "read afterwards": lambda s, i: s.at[i].set(4.0) + s[0] * 0.1,
    "all": lambda s, i: np.sin(s) + 1.0,
    "crossed": lambda s, i: s * 0.5 + s[::-1],
    "nested": lambda s, i: cond(s[0] > 1.0, lambda: s.at[0].set(0.0), lambda: s.at[i].add(1.0)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_states_that_branches_change(name: str) -> None:
    change = CHANGES[name]
    s, flags = np.linspace(0.0, 1.0, 5), np.array([1, 0, 1, 1, 0, 1, 1, 1], bool)
    state, seen, i = s, [], 0
    for flag in flags:
        seen.append(np.float64(state[i]))
        state = ft.jit(change)(state, i) if flag else state
        i = (i + 1) % 5
    (got, _), rows = ft.jit(lambda s: bumped(s, flags, change))(s)
    same(got, state)
    same(rows, np.array(seen))


def test_a_state_that_a_branch_changes_stays_where_it_is() -> None:
    s, flags = np.zeros(1000), np.zeros(10, bool)
    program = ft.jit(lambda s: bumped(s, flags, CHANGES["set"])[0]).lower(s)
    plan = program.as_text("buffers")
    assert "goes back and forth" not in plan
    assert program.report().workspace < 1000


def test_derivatives_of_changed_states_touch_what_changes() -> None:
    def change(s: Any, i: Any) -> Any:
        return s.at[i].set(2.0 * s[i] * s[i])

    def total(s: Any, flags: Any) -> Any:
        return np.sum(bumped(s, flags, change)[0][0])

    s, flags = np.linspace(0.0, 1.0, 1000), np.array([1, 0, 1], bool)
    gradient = ft.jit(ft.grad(total))
    want = np.ones(1000)
    want[[0, 2]] = 4.0 * s[[0, 2]]
    same(gradient(s, flags), want)
    rows = gradient.lower(s, flags).report().rows
    assert max(row.bytes for row in rows if len(row.path) > 1) < 1000


def test_sums_of_slopes_are_made_in_place() -> None:
    """The gradient of a table that branches read costs each iteration an element, not the table."""

    def total(table: Any, places: Any) -> Any:
        def step(c: Any, i: Any) -> Any:
            taken = i % 3 == 0
            return cond(taken, lambda: c * 0.5 + ft.numpy.take(table, i), lambda: c * 0.9), None

        return scan(step, 0.0, places)[0]

    table, places = np.linspace(0.0, 1.0, 1000), np.array([3, 4, 999, 6, 3])
    gradient = ft.jit(ft.grad(total))
    want = np.zeros(1000)
    want[999], want[6], want[3] = 0.25, 0.5, 1.0 + 0.9 * 0.5**3
    same(gradient(table, places), want)
    same(ft.grad(total)(table, places), want)
    report = gradient.lower(table, places).report()
    inside = [row for row in report.rows if len(row.path) > 1]
    assert max(row.bytes for row in inside) < 1000
