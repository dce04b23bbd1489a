"""Reverse mode through loops that run as long as a condition holds."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.codegen import link
from functrans.codegen.compile import compile_ir
from functrans.codegen.link import PoolAddress
from functrans.codegen.pipeline import build
from functrans.control.budget import _stride
from functrans.control.while_rules import run_while
from functrans.lax import cond, fori_loop, scan, while_loop
from functrans.passes.run import run as simplified
from tests.leaks import assert_nothing_stays
from tests.poison import compare


def same(found: Any, expected: Any, rtol: float = 1e-11) -> None:
    ft.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-11), found, expected
    )


def step(x: Any, w: Any, i: Any) -> Any:
    return fnp.tanh(w @ x) + 0.1 * x * i


def by_while(x: Any, w: Any, n: Any) -> Any:
    """Any number of steps; the condition reads carries, the body a constant."""
    state = while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, step(s[1], w, s[0])), (0, x))
    return fnp.sum(state[1] ** 2)


def by_scan(x: Any, w: Any, n: int) -> Any:
    """The same with a number of steps that is known."""
    out, _ = scan(lambda c, i: (step(c, w, i), None), x, np.arange(n))
    return fnp.sum(out**2)


X = np.array([0.3, -0.5, 0.8])
W = np.array([[0.5, -0.2, 0.1], [0.3, 0.9, -0.7], [-0.4, 0.2, 0.6]])


@pytest.mark.parametrize("n", [0, 1, 5, 40])
def test_gradients_are_those_of_a_scan(n: int) -> None:
    expected = ft.grad(by_scan, (0, 1))(X, W, n)
    same(ft.grad(by_while, (0, 1))(X, W, n), expected)
    same(ft.jit(ft.grad(by_while, (0, 1)))(X, W, n), expected)
    same(ft.grad(ft.jit(by_while), (0, 1))(X, W, n), expected)
    same(ft.value_and_grad(by_while)(X, W, n)[0], by_scan(X, W, n))


def test_many_iterations() -> None:
    """More than one chunk of rows, of every size that chunks have."""

    def decayed(x: Any, n: Any) -> Any:
        return while_loop(
            lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] * fnp.cos(s[1] * 1e-3)), (0, x)
        )[1]

    def plain(x: Any, n: int) -> Any:
        return scan(lambda c, _: (c * fnp.cos(c * 1e-3), None), x, None, n)[0]

    for n in (511, 512, 513, 1024, 3000, 300_000):
        same(ft.grad(decayed)(1.5, n), ft.grad(plain)(1.5, n))


SECOND: list[tuple[str, Callable[..., Any]]] = [
    ("hessian", lambda f: ft.hessian(f, (0, 1))),
    ("reverse over reverse", lambda f: ft.jacrev(ft.grad(f, (0, 1)), (0, 1))),
    ("reverse over forward", lambda f: ft.jacrev(ft.jacfwd(f, (0, 1)), (0, 1))),
    ("jit inside", lambda f: ft.jacfwd(ft.jit(ft.grad(f, (0, 1))), (0, 1))),
    ("jit inside reverse", lambda f: ft.jacrev(ft.jit(ft.grad(f, (0, 1))), (0, 1))),
    ("jit outside", lambda f: ft.jit(ft.hessian(f, (0, 1)))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "twice"), SECOND, ids=[name for name, _ in SECOND])
def test_second_derivatives(name: str, twice: Callable[..., Any]) -> None:
    for n in (0, 4):
        expected = twice(lambda x, w, n=n: by_scan(x, w, n))(X, W)
        same(twice(by_while)(X, W, n), expected)


def test_third_derivatives() -> None:
    def power(x: Any, n: Any) -> Any:
        return while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] * x), (0, x))[1]

    for third in (
        ft.grad(ft.grad(ft.grad(power))),
        ft.jit(ft.grad(ft.jacfwd(ft.grad(power)))),
        ft.jacfwd(ft.grad(ft.grad(power))),
    ):
        same(third(1.5, 5), 6 * 5 * 4 * 1.5**3)


def test_examples_that_stop_at_different_times() -> None:
    xs, counts = np.stack([X, 2 * X, -X, X + 1]), np.array([3, 0, 5, 1])
    expected = [ft.grad(by_scan, (0, 1))(x, W, int(n)) for x, n in zip(xs, counts, strict=True)]
    expected = [np.stack(rows) for rows in zip(*expected, strict=True)]
    gradient = ft.grad(by_while, (0, 1))
    same(ft.vmap(gradient, (0, None, 0))(xs, W, counts), tuple(expected))
    same(ft.jit(ft.vmap(gradient, (0, None, 0)))(xs, W, counts), tuple(expected))
    same(ft.vmap(ft.grad(ft.jit(by_while), (0, 1)), (0, None, 0))(xs, W, counts), tuple(expected))

    def total(x: Any, w: Any) -> Any:
        return fnp.sum(ft.vmap(by_while, (0, None, 0))(x, w, counts))

    same(ft.grad(total, (0, 1))(xs, W), (expected[0], expected[1].sum(0)))
    same(ft.jit(ft.grad(total, (0, 1)))(xs, W), (expected[0], expected[1].sum(0)))


def test_examples_that_are_done_do_nothing() -> None:
    """Not even what would be wrong on the values where they ended."""

    def countdown(x: Any, n: Any, w: Any) -> Any:
        """The square root has no derivative where an example ends."""
        body = lambda s: (s[0] + w * fnp.sqrt(s[1]), s[1] - 1.0)  # noqa: E731
        return while_loop(lambda s: s[1] > 0.5, body, (x, n))[0]

    table = np.linspace(1.0, 2.0, 4)

    def read(x: Any, n: Any, w: Any) -> Any:
        """The table has no number where an example ends."""
        body = lambda s: (s[0] + 1, fnp.sin(s[1] + w) * fnp.asarray(table)[s[0]])  # noqa: E731
        return while_loop(lambda s: s[0] < 4, body, (n, x))[1]

    def multiplied(x: Any, n: Any, w: Any) -> Any:
        """The matrix is more than the carries; what it is multiplied with ends infinite."""
        matrix = fnp.eye(9) * w
        body = lambda s: (matrix @ (s[0] * fnp.log(s[1])), s[1] - 1.0)  # noqa: E731
        return fnp.sum(while_loop(lambda s: s[1] > 0.5, body, (x * fnp.ones(9), n))[0])

    xs, w = np.array([1.0, 0.5, 2.0]), 0.7
    for f, counts, wanted in (
        (countdown, np.array([1.0, 3.0, 0.0]), (0, 1, 2)),
        (read, np.array([3, 0, 4]), (0, 2)),
        (multiplied, np.array([2.0, 4.0, 0.0]), (0, 1, 2)),
    ):
        each = [ft.value_and_grad(f, wanted)(x, n, w) for x, n in zip(xs, counts, strict=True)]
        values, slopes = zip(*each, strict=True)
        mapped = ft.vmap(f, (0, 0, None))
        same(mapped(xs, counts, w), np.stack(values))
        expected = tuple(np.stack(part) for part in zip(*slopes, strict=True))
        same(ft.vmap(ft.grad(f, wanted), (0, 0, None))(xs, counts, w), expected)
        total = ft.grad(lambda *args, f=mapped: fnp.sum(f(*args)), wanted)(xs, counts, w)
        same(total, (*expected[:-1], expected[-1].sum()))


def test_a_batch_with_one_condition() -> None:
    xs = np.stack([X, 2 * X])
    expected = np.stack([ft.grad(by_scan)(x, W, 3) for x in xs])
    same(ft.vmap(ft.grad(by_while), (0, None, None))(xs, W, 3), expected)
    rows = np.stack([ft.grad(lambda x, k=k: step(x, W, 0)[k])(X) for k in range(3)])
    once = ft.jacrev(
        lambda x: while_loop(lambda s: s[0] < 1, lambda s: (s[0] + 1, step(s[1], W, 0)), (0, x))[1]
    )
    same(once(X), rows)


def test_second_derivatives_of_a_batch() -> None:
    xs, counts = np.stack([X, 2 * X]), np.array([3, 1])
    expected = np.stack(
        [ft.hessian(by_scan)(x, W, int(n)) for x, n in zip(xs, counts, strict=True)]
    )
    same(ft.vmap(ft.hessian(by_while), (0, None, 0))(xs, W, counts), expected)
    same(ft.jit(ft.vmap(ft.jacrev(ft.grad(by_while)), (0, None, 0)))(xs, W, counts), expected)


def loops_in_loops(kind: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A function with a while beside one without, of x and a count."""

    def counted(n: int, body: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: scan(lambda c, _: (body(c), None), x, None, n)[0]

    def going(n: Any, body: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, body(s[1])), (0, x))[1]

    def once(x: Any) -> Any:
        return fnp.sin(x) * 1.3

    if kind == "while in scan":
        return (
            lambda x: counted(3, lambda c: x * going(2, once)(c))(x),
            lambda x: counted(3, lambda c: x * counted(2, once)(c))(x),
        )
    if kind == "scan in while":
        return (
            lambda x: going(3, lambda c: x * counted(2, once)(c))(x),
            lambda x: counted(3, lambda c: x * counted(2, once)(c))(x),
        )
    if kind == "while in while":
        return (
            lambda x: going(3, lambda c: x * going(2, once)(c))(x),
            lambda x: counted(3, lambda c: x * counted(2, once)(c))(x),
        )
    if kind == "cond in while":
        return (
            lambda x: going(3, lambda c: cond(c > 0.5, once, lambda c: c * x, c))(x),
            lambda x: counted(3, lambda c: cond(c > 0.5, once, lambda c: c * x, c))(x),
        )
    if kind == "while in cond":
        return (
            lambda x: cond(x > 0.0, going(3, once), lambda c: c, x * x),
            lambda x: cond(x > 0.0, counted(3, once), lambda c: c, x * x),
        )
    assert kind == "gradient of a while in while"
    return (
        lambda x: going(3, lambda c: x * ft.grad(going(2, once))(c))(x),
        lambda x: counted(3, lambda c: x * ft.grad(counted(2, once))(c))(x),
    )


@pytest.mark.parametrize(
    "kind",
    [
        "while in scan",
        "scan in while",
        "while in while",
        "cond in while",
        "while in cond",
        "gradient of a while in while",
    ],
)
def test_loops_in_loops(kind: str) -> None:
    found, expected = loops_in_loops(kind)
    for x in (0.7, -1.1):
        same(ft.grad(found)(x), ft.grad(expected)(x))
        same(ft.jit(ft.grad(found))(x), ft.grad(expected)(x))
        same(ft.grad(ft.grad(found))(x), ft.grad(ft.grad(expected))(x))
        same(ft.jacfwd(ft.grad(found))(x), ft.grad(ft.grad(expected))(x))


def test_a_condition_that_reads_what_is_differentiated() -> None:
    def root(a: Any) -> Any:
        def improve(s: Any) -> Any:
            return (s[0] + a / s[0]) / 2.0, s[0]

        return while_loop(lambda s: fnp.abs(s[0] - s[1]) > 1e-14, improve, (a, 0.0 * a))[0]

    same(ft.grad(root)(2.0), 0.5 / np.sqrt(2.0))
    many = np.linspace(0.5, 90.0, 50)
    same(ft.vmap(ft.grad(root))(many), 0.5 / np.sqrt(many))
    same(ft.jit(ft.vmap(ft.grad(ft.grad(root))))(many), -0.25 * many**-1.5, 1e-8)


def test_carries_of_all_kinds() -> None:
    """Integers, booleans, one that never changes, and an array that is written in place."""

    def f(x: Any, n: Any) -> Any:
        def body(s: Any) -> Any:
            i, odd, table, scale, y = s
            y = fnp.where(odd, y * scale, fnp.sin(y))
            return i + 1, ~odd, table.at[i].set(y), scale, y

        start = (0, fnp.asarray(False), fnp.zeros(6), x, x)
        _, _, table, scale, y = while_loop(lambda s: s[0] < n, body, start)
        return fnp.sum(table**2) + y + scale

    def plain(x: Any, n: int) -> Any:
        total, y = 0.0, x
        for i in range(n):
            y = y * x if i % 2 else fnp.sin(y)
            total = total + y**2
        return total + y + x

    for n in (0, 1, 5):
        same(ft.grad(f)(0.8, n), ft.grad(plain)(0.8, n))
        same(ft.jit(ft.grad(f))(0.8, n), ft.grad(plain)(0.8, n))
        same(ft.grad(ft.grad(f))(0.8, n), ft.grad(ft.grad(plain))(0.8, n))


def test_float32_and_complex_numbers() -> None:
    found = ft.grad(by_while, (0, 1))(X.astype(np.float32), W.astype(np.float32), 5)
    assert [g.dtype for g in found] == [np.float32] * 2
    same(found, ft.grad(by_scan, (0, 1))(X, W, 5), 1e-4)

    def f(z: Any, n: Any) -> Any:
        out = while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, fnp.sin(s[1]) * z), (0, z))[1]
        return fnp.real(out)

    def plain(z: Any, n: int) -> Any:
        out = z
        for _ in range(n):
            out = fnp.sin(out) * z
        return fnp.real(out)

    same(ft.grad(f)(0.4 + 0.3j, 3), ft.grad(plain)(0.4 + 0.3j, 3))


def test_fori_loop_with_bounds_known_when_it_runs() -> None:
    def f(x: Any, low: Any, high: Any) -> Any:
        return fori_loop(low, high, lambda i, c: fnp.sin(c) + x * i, x)

    def plain(x: Any, low: int, high: int) -> Any:
        return fori_loop(low, high, lambda i, c: fnp.sin(c) + x * i, x)

    gradient = ft.jit(ft.grad(f))
    for low, high in ((0, 4), (2, 3), (5, 1)):
        same(gradient(0.3, low, high), ft.grad(plain)(0.3, low, high))


def test_linear_transpose_of_a_loop() -> None:
    def f(v: Any, n: Any) -> Any:
        return while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, W @ s[1]), (0, v))[1]

    ct = np.array([1.0, 2.0, 3.0])
    same(ft.vjp(lambda v: f(v, 3), X)[1](ct)[0], np.linalg.matrix_power(W, 3).T @ ct)
    _, push = ft.linearize(lambda v: f(v, 3), X)
    same(ft.vjp(push, X)[1](ct)[0], np.linalg.matrix_power(W, 3).T @ ct)


def test_in_poisoned_memory() -> None:
    compare(ft.grad(by_while, (0, 1)), X, W, 5)
    compare(ft.grad(by_while, (0, 1)), X, W, 0)
    many = np.linspace(0.0, 1.0, 300).reshape(3, 100)
    compare(ft.grad(by_while), many, W, 20)


def test_functions_with_a_rule_for_reverse_mode_alone() -> None:
    @ft.custom_vjp
    def scaled(x: Any) -> Any:
        return fnp.sin(x)

    scaled.defvjp(lambda x: (fnp.sin(x), x), lambda x, ct: (7.0 * ct * fnp.cos(x),))

    def f(x: Any, n: Any, budget: Any = None) -> Any:
        body = lambda s: (s[0] + 1, scaled(s[1]))  # noqa: E731
        return while_loop(lambda s: s[0] < n, body, (0, x), checkpoint=budget)[1]

    expected = ft.grad(lambda x: scaled(scaled(x)))(0.4)
    same(ft.grad(f)(0.4, 2), expected)
    same(ft.jit(ft.grad(lambda x, n: f(x, n, 2)))(0.4, 2), expected)
    same(ft.grad(ft.jit(f))(0.4, 2), expected)
    many = ft.vmap(ft.grad(f), (0, 0))(np.array([0.4, 0.4]), np.array([2, 0]))
    same(many, np.array([expected, 1.0]))
    with pytest.raises(ft.errors.CustomRuleError, match="reverse mode only"):
        ft.jvp(lambda x: f(x, 2), (0.4,), (1.0,))


def test_a_way_back_within_other_transforms() -> None:
    def f(x: Any) -> Any:
        return while_loop(lambda s: s[0] < 4, lambda s: (s[0] + 1, fnp.sin(s[1]) * x), (0, x))[1]

    def g(x: Any) -> Any:
        y = x
        for _ in range(4):
            y = fnp.sin(y) * x
        return y

    slope = ft.grad(g)(1.3)
    same(ft.grad(ft.checkpoint(f))(1.3), slope)
    series = ft.experimental.jet.jet(ft.grad(f), (1.3,), ((1.0, 0.0, 0.0),))
    same(series, ft.experimental.jet.jet(ft.grad(g), (1.3,), ((1.0, 0.0, 0.0),)), 1e-9)
    error, found = ft.experimental.checkify.checkify(ft.grad(f))(1.3)
    error.throw()
    same(found, slope)
    curved = ft.linear_transpose(lambda v: ft.jvp(ft.grad(f), (1.3,), (v,))[1], 1.0)(2.0)
    same(curved, (2.0 * ft.grad(ft.grad(g))(1.3),))
    with ft.disable_jit():
        same(ft.grad(f)(1.3), slope)


# --- memory --------------------------------------------------------------------------------------


def test_memory_is_given_back() -> None:
    gradient = ft.jit(ft.grad(by_while))
    gradient(X, W, 10_000)
    before = ft.debug.memory().used

    def run() -> None:
        gradient(X, W, 10_000)

    assert_nothing_stays(run, [X, W], warm=3, runs=20, slack=0)
    assert ft.debug.memory().used == before


def test_an_error_frees_the_stack() -> None:
    table = np.linspace(0.0, 1.0, 1000)

    def f(x: Any, n: Any) -> Any:
        body = lambda s: (s[0] + 1, s[1] * fnp.cos(s[1]) + fnp.asarray(table)[s[0]])  # noqa: E731
        return while_loop(lambda s: s[0] < n, body, (0, x))[1]

    gradient = ft.jit(ft.grad(f))
    gradient(0.5, 999)
    before = ft.debug.memory().used
    for _ in range(3):
        with pytest.raises(IndexError):
            gradient(0.5, 2000)
    assert ft.debug.memory().used == before


def test_no_memory_for_more_iterations() -> None:
    """The pool refuses the third chunk: the program says so, and gives back the other two."""
    jaxpr = ft.make_jaxpr(ft.grad(by_while))(X, W, np.int64(0))
    program = build(simplified(jaxpr))
    code = compile_ir(program.ir, program.entry)
    place = program.entries.index(PoolAddress("pool.take"))
    kind = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    real = kind(program.constants[place])
    taken: list[Any] = []

    def take(pool: Any, size: int) -> Any:
        taken.append(real(pool, size) if len(taken) < 2 else None)
        return taken[-1]

    callback = kind(take)
    constants = link.table(program.constants)
    constants[place] = ctypes.cast(callback, ctypes.c_void_p).value
    args, out, work = (
        [X, W, np.array(5000)],
        np.empty(3),
        np.empty(program.workspace + 64, np.uint8),
    )
    tables = [np.array([a.ctypes.data for a in arrays], np.uintp) for arrays in (args, [out])]
    entry = ctypes.PYFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4)(code.address)
    before = ft.debug.memory().used
    status = entry(
        *(t.ctypes.data for t in (*tables, constants)), work.ctypes.data + -work.ctypes.data % 64
    )
    with pytest.raises(MemoryError, match="checkpoint="):
        raise program.error(status)
    assert len(taken) == 3
    assert ft.debug.memory().used == before


def test_what_fails_does_so_only_in_an_iteration() -> None:
    table = np.arange(3.0)

    def f(x: Any, w: Any, k: Any, n: Any) -> Any:
        body = lambda s: (s[0] + 1, s[1] * fnp.asarray(table)[k] * w[k])  # noqa: E731
        return while_loop(lambda s: s[0] < n, body, (0, x))[1]

    gradient = ft.jit(ft.grad(f, (0, 1)))
    same(gradient(2.0, table, 7, 0), (1.0, np.zeros(3)))
    with pytest.raises(IndexError):
        gradient(2.0, table, 7, 1)
    same(gradient(2.0, table, 2, 1), (4.0, np.array([0.0, 0.0, 4.0])))


# --- budgets -------------------------------------------------------------------------------------


def within(budget: Any) -> Callable[..., Any]:
    """``by_while`` with a budget."""

    def f(x: Any, w: Any, n: Any) -> Any:
        state = while_loop(
            lambda s: s[0] < n,
            lambda s: (s[0] + 1, step(s[1], w, s[0])),
            (0, x),
            checkpoint=budget,
        )
        return fnp.sum(state[1] ** 2)

    return f


@pytest.mark.parametrize("budget", [1, 2, 3, 7, 100, "log"])
def test_budgets_change_no_gradient(budget: Any) -> None:
    gradient = ft.jit(ft.grad(within(budget), (0, 1)))
    for n in (0, 1, 2, 3, 6, 29):
        same(gradient(X, W, n), ft.grad(by_scan, (0, 1))(X, W, n))
    same(ft.grad(within(budget))(X, W, 5), ft.grad(by_scan)(X, W, 5))


def test_budgets_under_other_transforms() -> None:
    xs, counts = np.stack([X, 2 * X, -X]), np.array([3, 0, 9])
    expected = np.stack([ft.grad(by_scan)(x, W, int(n)) for x, n in zip(xs, counts, strict=True)])
    same(ft.vmap(ft.grad(within(2)), (0, None, 0))(xs, W, counts), expected)
    second = ft.hessian(lambda x: by_scan(x, W, 6))(X)
    same(ft.hessian(within(2))(X, W, 6), second)
    same(ft.jit(ft.jacrev(ft.grad(within("log"))))(X, W, 6), second)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_with_a_budget(reverse: bool) -> None:
    rows = np.linspace(-1.0, 1.0, 24).reshape(8, 3)

    def f(x: Any, w: Any, rows: Any, budget: Any) -> Any:
        def body(c: Any, row: Any) -> Any:
            c = step(c, w, 1) + row
            return c, {"double": 2 * c, "row": row}

        last, ys = scan(body, x, rows, reverse=reverse, checkpoint=budget)
        return fnp.sum(last) + fnp.sum(ys["double"] ** 2) + fnp.sum(ys["row"][0])

    for transform in (
        lambda f: f,
        lambda f: ft.grad(f, (0, 1, 2)),
        lambda f: ft.jit(ft.grad(f, (0, 1, 2)), static_argnums=3),
        lambda f: ft.hessian(f, 1),
    ):
        same(transform(f)(X, W, rows, 3), transform(f)(X, W, rows, None))
    nothing = rows[:0]
    last, ys = scan(lambda c, r: (c, r), X, nothing, checkpoint=2)
    same((last, ys), (X, nothing))


def test_a_fori_loop_with_a_budget() -> None:
    def f(x: Any, budget: Any) -> Any:
        return fori_loop(0, 20, lambda i, c: fnp.sin(c) + x * i, x, checkpoint=budget)

    same(ft.grad(f)(0.3, 4), ft.grad(f)(0.3, None))


def test_the_schedule_is_the_best() -> None:
    """Against the least number of steps, by trying all places for the next saved state."""
    stride = ft.jit(lambda left, states: _stride(left, states, run_while))

    @cache
    def least(left: int, states: int) -> int:
        if left == 1 or states == 1:
            return left * (left - 1) // 2
        return min(m + least(left - m, states - 1) + least(m, states) for m in range(1, left))

    @cache
    def ours(left: int, states: int) -> int:
        if left == 1 or states == 1:
            return left * (left - 1) // 2
        m = int(stride(left, states))
        return m + ours(left - m, states - 1) + ours(m, states)

    for states in (2, 3, 5):
        assert [ours(n, states) for n in range(1, 60)] == [least(n, states) for n in range(1, 60)]


def test_memory_stays_within_the_budget() -> None:
    x = np.linspace(0.0, 1.0, 500)

    def f(x: Any, n: Any, budget: Any) -> Any:
        body = lambda s: (s[0] + 1, s[1] - 1e-3 * fnp.sin(s[1]))  # noqa: E731
        return fnp.sum(while_loop(lambda s: s[0] < n, body, (0, x), checkpoint=budget)[1])

    def taken(budget: Any, n: int) -> int:
        """The memory of a call, which the pool keeps afterwards."""
        gradient = ft.jit(ft.grad(lambda x, n: f(x, n, budget)))
        gradient(x, np.int64(n))
        ft.debug.clear_memory()
        gradient(x, np.int64(n))
        return ft.debug.memory().idle

    assert taken(None, 3000) > 3000 * x.nbytes
    for budget, states in ((20, 20), (60, 60), ("log", 32)):
        assert taken(budget, 30) == taken(budget, 3000)
        assert states * x.nbytes < taken(budget, 3000) < (states + 10) * x.nbytes


@pytest.mark.parametrize("budget", [0, -1, True, 2.0, "binomial"])
def test_budgets_that_are_none(budget: Any) -> None:
    with pytest.raises(ft.errors.OptionError, match="no budget"):
        while_loop(lambda c: c < 1.0, lambda c: c + 1.0, 0.0, checkpoint=budget)
    with pytest.raises(ft.errors.OptionError, match="no budget"):
        scan(lambda c, _: (c, None), 0.0, None, 3, checkpoint=budget)
