"""Python functions inside programs: when they run, what they get, what their results become."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.codegen.key import program_key
from functrans.core.jaxpr import has_effects, is_effectful
from functrans.experimental import io_callback
from functrans.passes.dce import without_effects
from functrans.passes.run import run
from functrans.transforms.linearize import linearize_jaxpr
from functrans.transforms.transpose import transpose_jaxpr
from tests.random_calls import RandomProgram

FLOAT = ft.ShapeDtypeStruct((), float)
INT = ft.ShapeDtypeStruct((), int)


class Log:
    """Keeps what it is called with."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        self.seen.append(tuple(args) if not kwargs else (*args, kwargs))

    def taken(self) -> list[Any]:
        seen, self.seen = self.seen, []
        return [x[0] if len(x) == 1 else x for x in seen]


@pytest.fixture
def log() -> Log:
    return Log()


def both(f: Callable[..., Any]) -> list[Callable[..., Any]]:
    return [f, ft.jit(f)]


# --- effects -------------------------------------------------------------------------------------


def test_a_program_without_results_runs(log: Log) -> None:
    f = ft.jit(lambda x: ft.debug.callback(log, x + 1.0))
    assert f(1.0) is None
    assert f(2.0) is None
    assert log.taken() == [2.0, 3.0]


def test_equal_calls_are_not_merged(log: Log) -> None:
    @ft.jit
    def f(x: Any) -> Any:
        ft.debug.callback(log, x)
        y = np.sin(x)
        ft.debug.callback(log, x)
        ft.debug.callback(log, np.sin(x))
        return y

    f(2.0)
    assert log.taken() == [2.0, 2.0, np.sin(2.0)]


def test_a_count_that_nobody_reads_goes_on() -> None:
    count = iter(range(100))

    @ft.jit
    def f(x: Any) -> Any:
        io_callback(lambda x: next(count), INT, x)
        return io_callback(lambda x: next(count), INT, x)

    assert [f(0.0), f(0.0)] == [1, 3]


def test_an_effect_stays_in_every_iteration(log: Log) -> None:
    def step(c: Any, x: Any, k: Any) -> Any:
        ft.debug.callback(log, k, x)
        return c + io_callback(lambda k: 2.0 * k, FLOAT, k), np.sin(k)

    @ft.jit
    def f(k: Any, xs: Any) -> Any:
        return ft.lax.scan(lambda c, x: step(c, x, k), 0.0, xs)

    total, rows = f(3.0, np.arange(3.0))
    assert (total, list(rows)) == (18.0, [np.sin(3.0)] * 3)
    assert log.taken() == [(3.0, 0.0), (3.0, 1.0), (3.0, 2.0)]


def test_a_loop_whose_results_nobody_reads_runs_for_its_effects(log: Log) -> None:
    @ft.jit
    def f(c: Any, xs: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            ft.debug.callback(log, c)
            return c * x, np.cos(c)

        ft.lax.scan(step, c, xs)
        ft.lax.while_loop(
            lambda s: s[0] < 2,
            lambda s: (ft.debug.callback(log, s[1]) or s[0] + 1, s[1] * 3),
            (0, c),
        )
        return c

    assert f(5.0, np.array([2.0, 4.0])) == 5.0
    assert log.taken() == [5.0, 10.0, 5.0, 15.0]


def test_calls_of_different_loops_keep_their_order(log: Log) -> None:
    @ft.jit
    def f(x: Any) -> Any:
        ft.debug.callback(log, "start")
        out = ft.lax.fori_loop(0, 2, lambda i, c: ft.debug.callback(log, i, c) or c + 1.0, x)
        ft.debug.callback(log, "between", np.sin(x))
        rows = np.cumsum(np.full(3, 1.0) * x)
        ft.lax.fori_loop(0, 2, lambda i, c: ft.debug.callback(log, i, c) or c * 2.0, rows[1])
        ft.debug.callback(log, "end", rows[2])
        return out

    f(1.0)
    assert log.taken() == [
        "start", (0, 1.0), (1, 2.0), ("between", np.sin(1.0)), (0, 2.0), (1, 4.0), ("end", 3.0),
    ]  # fmt: skip


def test_a_call_sees_arrays_as_they_are_at_its_place(log: Log) -> None:
    """What is updated in place afterwards is read before."""

    def step(x: Any, i: Any) -> Any:
        ft.debug.callback(log, x)
        x = x.at[i].set(10.0)
        ft.debug.callback(log, x)
        x = x.at[i].add(1.0)
        ft.debug.callback(log, x, np.sin(x).sum())
        return x, None

    f = ft.jit(lambda x: ft.lax.scan(step, x, np.arange(2))[0], donate_argnums=0)
    np.testing.assert_array_equal(f(np.zeros(2)), [11.0, 11.0])
    first, second, (third, total), *rest = log.taken()
    np.testing.assert_array_equal([first, second, third], [[0, 0], [10, 0], [11, 0]])
    np.testing.assert_allclose(total, np.sin(11.0))
    last, (final, _) = rest[1:]
    np.testing.assert_array_equal([rest[0], last, final], [[11, 0], [11, 10], [11, 11]])


def test_effects_within_a_call_and_within_a_condition_count() -> None:
    jaxpr = ft.make_jaxpr(lambda x: ft.jit(lambda y: ft.debug.print("{}", y))(x))(1.0)
    assert is_effectful(jaxpr)
    assert [has_effects(eqn) for eqn in jaxpr.eqns] == [True]

    def asked(s: Any) -> Any:
        ft.debug.print("{}", s)
        return s < 3

    loop = ft.make_jaxpr(lambda x: ft.lax.while_loop(asked, lambda s: s + 1, x))(0)
    assert is_effectful(loop)
    assert is_effectful(run(loop))
    calm = without_effects(loop)
    assert not is_effectful(calm)
    assert len(calm.eqns) == len(loop.eqns)
    assert without_effects(calm) is calm


def test_what_is_pure_may_be_dropped_and_hoisted() -> None:
    calls: list[float] = []

    def count(x: Any) -> Any:
        calls.append(float(x))
        return x

    @ft.jit
    def f(k: Any, xs: Any) -> Any:
        ft.pure_callback(count, FLOAT, k + 1.0)
        return ft.lax.scan(lambda c, x: (c + ft.pure_callback(count, FLOAT, k) * x, None), 0.0, xs)[
            0
        ]

    assert f(2.0, np.ones(4)) == 8.0
    assert calls == [2.0]


def test_a_call_that_may_raise_does_not_leave_a_while() -> None:
    def fail(x: Any) -> Any:
        raise RuntimeError("called")

    @ft.jit
    def f(n: Any, k: Any) -> Any:
        def step(s: Any) -> Any:
            return s[0] + 1, s[1] + ft.pure_callback(fail, FLOAT, k)

        return ft.lax.while_loop(lambda s: s[0] < n, step, (0, 0.0))[1]

    assert f(0, 1.0) == 0.0
    with pytest.raises(RuntimeError, match="called"):
        f(1, 1.0)


# --- derivatives ---------------------------------------------------------------------------------


@pytest.mark.parametrize("compiled", [False, True])
def test_derivatives_show_values_once(log: Log, compiled: bool) -> None:
    def f(x: Any) -> Any:
        y = np.sin(x)
        ft.debug.callback(log, y)
        return y * x

    if compiled:
        f = ft.jit(f)
    value = np.sin(2.0)
    for derivative in (ft.grad(f), ft.jit(ft.grad(f)), lambda x: ft.jvp(f, (x,), (1.0,))[1]):
        np.testing.assert_allclose(derivative(2.0), 2 * np.cos(2.0) + value)
        assert log.taken() == [value]
    np.testing.assert_allclose(ft.grad(ft.grad(f))(2.0), 2 * np.cos(2.0) - 2 * value)
    assert log.taken() == [value]


def test_the_linear_program_has_no_effects() -> None:
    def f(x: Any) -> Any:
        def step(c: Any, _: Any) -> Any:
            ft.debug.print("{}", c)
            return np.sin(c), None

        return ft.lax.scan(step, x, None, 3)[0]

    split = linearize_jaxpr(ft.make_jaxpr(f)(1.0), (True,))
    assert is_effectful(split.primal)
    assert not is_effectful(split.linear)
    linear = [False] * len(split.residuals) + [True]
    assert not is_effectful(transpose_jaxpr(split.linear, tuple(linear), (True,)))


def test_a_loop_that_runs_again_for_its_derivative_is_silent(log: Log) -> None:
    def f(x: Any) -> Any:
        def step(s: Any) -> Any:
            ft.debug.callback(log, s[1])
            return s[0] + 1, 2.0 * s[1]

        return ft.lax.while_loop(lambda s: s[0] < 3, step, (0, x))[1]

    assert ft.linearize(f, 1.0)[1](1.0) == 8.0
    assert log.taken() == [1.0, 2.0, 4.0]
    assert ft.jvp(f, (1.0,), (1.0,)) == (8.0, 8.0)
    assert log.taken() == [1.0, 2.0, 4.0]


def test_branches_and_rules_and_parts_computed_again(log: Log) -> None:
    def chosen(x: Any) -> Any:
        return ft.lax.cond(x > 0, lambda x: ft.debug.callback(log, x) or np.sin(x), lambda x: x, x)

    @ft.custom_jvp
    def ruled(x: Any) -> Any:
        ft.debug.callback(log, x)
        return np.sin(x)

    @ruled.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        ft.debug.callback(log, primals[0])
        ft.debug.callback(log, tangents[0])  # written down, so there is no value to show
        return np.sin(primals[0]), tangents[0] * np.cos(primals[0])

    again = ft.checkpoint(lambda x: ft.debug.callback(log, x) or np.sin(np.sin(x)))
    for f in (chosen, ruled, again):
        for derivative in (ft.grad(f), ft.jit(ft.grad(f)), ft.grad(ft.jit(f))):
            derivative(1.5)
            assert log.taken() == [1.5]
    ft.jvp(ruled, (1.5,), (2.0,))
    assert log.taken() == [1.5, 2.0]


def test_results_with_derivatives_are_refused_and_others_are_not() -> None:
    def f(x: Any) -> Any:
        return ft.pure_callback(np.sin, FLOAT, x) * x

    with pytest.raises(ft.errors.MissingRuleError, match=r"custom_jvp") as info:
        ft.grad(f)(1.0)
    assert "pure_callback(np.sin" in str(info.value)
    with pytest.raises(ft.errors.MissingRuleError, match=r"io_callback"):
        ft.jvp(lambda x: io_callback(np.sin, FLOAT, x), (1.0,), (1.0,))
    # Without a tangent it is a constant; integers have no derivative.
    np.testing.assert_allclose(ft.grad(lambda x: f(ft.stop_gradient(x)) * x)(1.0), np.sin(1.0))
    sign = ft.grad(lambda x: ft.pure_callback(lambda x: int(np.sign(x)), INT, x) * x)
    assert sign(-3.0) == -1.0
    assert ft.jit(sign)(-3.0) == -1.0


# --- vmap ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [lambda f: f, ft.jit], ids=["eager", "compiled"])
def test_vmap_calls_for_each_example_in_order(log: Log, wrap: Any) -> None:
    def f(x: Any, k: Any) -> Any:
        ft.debug.callback(log, x, k)
        ft.debug.callback(log, k)
        return x

    wrap(ft.vmap(f, in_axes=(1, None)))(np.array([[1.0, 2.0], [3.0, 4.0]]), 7)
    first, second, shared = log.seen
    np.testing.assert_array_equal(first[0], [1.0, 3.0])
    np.testing.assert_array_equal(second[0], [2.0, 4.0])
    assert (first[1], second[1], shared) == (7, 7, (7,))


@pytest.mark.parametrize("wrap", [lambda f: f, ft.jit], ids=["eager", "compiled"])
def test_examples_that_go_different_ways_have_effects_of_their_own(log: Log, wrap: Any) -> None:
    def chosen(x: Any) -> Any:
        def below(x: Any) -> Any:
            ft.debug.callback(log, "below", x)
            return -x

        return ft.lax.cond(x > 0, lambda x: ft.debug.callback(log, "above", x) or x, below, x)

    np.testing.assert_array_equal(wrap(ft.vmap(chosen))(np.array([1.0, -2.0, 3.0])), [1, 2, 3])
    assert log.taken() == [("above", 1.0), ("below", -2.0), ("above", 3.0)]

    def counted(n: Any, k: Any) -> Any:
        def going(i: Any) -> Any:
            ft.debug.callback(log, "asked", i)
            return i < n

        return ft.lax.while_loop(going, lambda i: ft.debug.callback(log, i, k) or i + 1, 0)

    found = wrap(ft.vmap(counted, (0, None)))(np.array([1, 0, 2]), 7)
    np.testing.assert_array_equal(found, [1, 0, 2])
    assert log.taken() == [
        ("asked", 0), (0, 7), ("asked", 1),
        ("asked", 0),
        ("asked", 0), (0, 7), ("asked", 1), (1, 7), ("asked", 2),
    ]  # fmt: skip


def test_nested_vmap_calls_for_each_pair(log: Log) -> None:
    f = ft.vmap(ft.vmap(lambda x, y: ft.debug.callback(log, x, y), (None, 0)), (0, None))
    f(np.array([1, 2]), np.array([10, 20, 30]))
    assert log.taken() == [(x, y) for x in (1, 2) for y in (10, 20, 30)]


@pytest.mark.parametrize(
    ("method", "shapes"),
    [
        ("sequential", [((3,), ())] * 2),
        ("sequential_unrolled", [((3,), ())] * 2),
        ("expand_dims", [((2, 3), (1,))]),
        ("broadcast_all", [((2, 3), (2,))]),
    ],
)
def test_vmap_methods(method: str, shapes: Any) -> None:
    found: list[Any] = []

    def host(x: Any, y: Any) -> Any:
        found.append((np.shape(x), np.shape(y)))
        return x * np.expand_dims(y, -1) if np.ndim(x) > 1 else x * y

    def f(x: Any, y: Any) -> Any:
        return ft.pure_callback(
            host, ft.ShapeDtypeStruct(x.shape, x.dtype), x, y, vmap_method=method
        )

    xs = np.arange(6.0).reshape(3, 2)
    for g in both(ft.vmap(f, in_axes=(1, None), out_axes=1)):
        np.testing.assert_array_equal(g(xs, 2.0), 2 * xs)
        assert found == shapes
        found.clear()


def test_nested_vmap_methods() -> None:
    def f(x: Any, y: Any) -> Any:
        return ft.pure_callback(np.add, FLOAT, x, y, vmap_method="expand_dims")

    for g in both(ft.vmap(ft.vmap(f, (None, 0)), (0, None))):
        np.testing.assert_array_equal(
            g(np.arange(3.0), np.arange(2.0)), np.add.outer(np.arange(3.0), np.arange(2.0))
        )


def test_vmap_over_no_examples() -> None:
    def f(x: Any) -> Any:
        return ft.pure_callback(np.sin, FLOAT, x, vmap_method="sequential")

    assert ft.vmap(f)(np.zeros(0)).shape == (0,)


def test_vmap_must_be_told() -> None:
    with pytest.raises(ft.errors.VmapError, match="vmap_method"):
        ft.vmap(lambda x: ft.pure_callback(np.sin, FLOAT, x))(np.ones(2))
    with pytest.raises(ft.errors.OptionError, match="'all'"):
        ft.pure_callback(np.sin, FLOAT, 1.0, vmap_method="all")
    with pytest.raises(ft.errors.VmapError, match="ordered"):
        ft.vmap(lambda x: io_callback(np.sin, FLOAT, x, ordered=True))(np.ones(2))
    np.testing.assert_array_equal(
        ft.vmap(lambda x: io_callback(np.sin, FLOAT, x))(np.ones(2)), np.sin(np.ones(2))
    )


# --- what goes in and comes out ------------------------------------------------------------------


def test_arguments_are_copies_of_numpys_types() -> None:
    kept: list[Any] = []

    def f(x: Any, n: Any) -> Any:
        ft.debug.callback(
            lambda *a, **k: kept.append((a, k)), {"x": x}, 2, n, "text", None, flag=True
        )
        return x + n

    x = np.arange(3.0)
    for g in both(f):
        kept.clear()
        g(x, 4)
        ((tree, two, n, text, none), keywords) = kept[0]
        assert type(tree["x"]) is np.ndarray
        tree["x"][:] = -1.0
        np.testing.assert_array_equal(x, np.arange(3.0))
        assert (type(two), type(n), type(keywords["flag"])) == (np.int64, np.int64, np.bool_)
        assert (two, n, text, none, keywords["flag"]) == (2, 4, "text", None, True)
        g(x + 5.0, 4)
        np.testing.assert_array_equal(tree["x"], [-1.0, -1.0, -1.0])


def test_results_are_the_callers_own() -> None:
    table = np.arange(3.0)
    f = ft.jit(lambda i: ft.pure_callback(lambda i: table, ft.ShapeDtypeStruct((3,), float), i))
    for g in (f, f.__wrapped__):
        g(0)[:] = 7.0
        np.testing.assert_array_equal(table, np.arange(3.0))


@pytest.mark.parametrize(
    ("promised", "returned", "error", "text"),
    [
        (FLOAT, np.ones(2), ft.errors.TypeMismatchError, r"float64\[2\] .* float64\[\] was"),
        (FLOAT, np.float32(1.0), ft.errors.TypeMismatchError, r"float32\[\] .* float64\[\] was"),
        (INT, 1.0, ft.errors.TypeMismatchError, r"float64\[\] .* int64\[\] was"),
        ((FLOAT, FLOAT), 1.0, ft.errors.TreeError, "promised"),
        (None, 1.0, ft.errors.TreeError, "promised"),
        ({"a": FLOAT}, {"b": 1.0}, ft.errors.TreeError, "promised"),
        (FLOAT, "one", ft.errors.TypeMismatchError, "promised"),
    ],
)
def test_promises_are_checked(promised: Any, returned: Any, error: Any, text: str) -> None:
    for f in both(lambda x: io_callback(lambda x: returned, promised, x)):
        with pytest.raises(error, match=text) as info:
            f(1.0)
        assert "io_callback(lambda x: returned" in str(info.value)


def test_python_numbers_take_the_promised_dtype() -> None:
    small = ft.ShapeDtypeStruct((), np.float32)
    for f in both(lambda x: ft.pure_callback(lambda x: 2, small, x)):
        assert f(1.0).dtype == np.float32


def test_what_is_no_function_is_refused() -> None:
    for call in (ft.debug.callback, lambda f: io_callback(f, None)):
        with pytest.raises(ft.errors.ArgumentError, match="function"):
            call(3)
    with pytest.raises(ft.errors.ArgumentError, match="not an array"):
        ft.pure_callback(len, INT, "text")


# --- exceptions ----------------------------------------------------------------------------------


class Boom(Exception):
    pass


def test_the_exception_itself_arrives_from_a_compiled_loop() -> None:
    raised: list[Boom] = []

    def fail(c: Any) -> None:
        if c > 2.0:
            raised.append(Boom("too large"))
            raise raised[-1]

    @ft.jit
    def f(c: Any, xs: Any) -> Any:
        def inner(c: Any, x: Any) -> Any:
            ft.debug.callback(fail, c)
            return c + x, c

        return ft.lax.scan(lambda c, x: ft.lax.scan(inner, c, xs), c, xs)

    with pytest.raises(Boom) as info:
        f(0.0, np.ones(4))
    assert info.value is raised[0]
    assert len(raised) == 1
    assert ft.core.trace.current_trace() is None
    assert f(-100.0, np.ones(4))[0] == -84.0
    with pytest.raises(Boom):
        ft.grad(lambda c: f(c, np.ones(4))[0])(0.0)
    with pytest.raises(Boom):
        ft.vmap(f, (0, None))(np.array([-9.0, 0.0]), np.ones(4))
    assert ft.core.trace.busy.cell[0] == 0


def test_interrupts_and_exits_arrive_too() -> None:
    for kind in (KeyboardInterrupt, SystemExit, MemoryError):

        def fail(x: Any, kind: Any = kind) -> None:
            raise kind

        f = ft.jit(lambda x, fail=fail: ft.lax.fori_loop(
            0, 3, lambda i, c: ft.debug.callback(fail, c) or c, x
        ))  # fmt: skip
        with pytest.raises(kind):
            f(1.0)
    assert ft.core.trace.current_trace() is None


def test_threads_get_their_own_exceptions_from_long_programs() -> None:
    """Programs that run long let other threads run; the callback takes the lock back."""

    def fail(name: Any) -> None:
        raise Boom(f"in {int(name)}")

    @ft.jit
    def f(name: Any, x: Any) -> Any:
        y = np.sin(x).sum()
        ft.debug.callback(fail, name + 0.0 * y)
        return y

    x = np.ones(200_000)
    found: dict[int, str] = {}

    def call(name: int) -> None:
        for _ in range(5):
            try:
                f(float(name), x)
            except Boom as error:
                found[name] = found.get(name, "") + str(error)

    threads = [threading.Thread(target=call, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: f"in {i}" * 5 for i in range(4)}


def test_an_exception_leaves_no_memory_behind() -> None:
    def fail(x: Any) -> None:
        raise Boom

    @ft.jit
    def f(x: Any) -> Any:
        def step(c: Any, _: Any) -> Any:
            ft.debug.callback(fail, c[0])
            return np.cumsum(c), np.sin(c)

        return ft.lax.scan(step, x, None, 3)

    x = np.ones(100_000)

    def run() -> None:
        with pytest.raises(Boom):
            f(x)

    run()
    gc.collect()
    before = ft.debug.memory()
    for _ in range(5):
        run()
    gc.collect()
    assert ft.debug.memory() == before


def test_no_file_keeps_a_program_with_a_callback() -> None:
    jaxpr = ft.make_jaxpr(lambda x: ft.pure_callback(np.sin, FLOAT, x))(1.0)
    assert program_key(jaxpr) is None
    assert program_key(ft.make_jaxpr(lambda x: ft.debug.print("{}", x))(1.0)) is None
    assert program_key(ft.make_jaxpr(lambda x: x + 1.0)(1.0)) is not None


def test_functrans_may_be_used_within() -> None:
    inner = ft.jit(lambda x: ft.lax.scan(lambda c, _: (c * 2.0, None), x, None, 3)[0])

    def host(x: Any) -> Any:
        return ft.grad(lambda y: inner(y) ** 2)(x)

    for f in both(lambda x: ft.pure_callback(host, FLOAT, x) + 1.0):
        assert f(1.0) == 129.0


# --- debug.print ---------------------------------------------------------------------------------


def test_print_formats_values_when_they_are_there(capsys: Any) -> None:
    def f(x: Any) -> Any:
        ft.debug.print("{} {y:.3f} {}", x, "s", y=x.sum())
        return x

    for g in both(f):
        g(np.array([1.0, 2.0]))
        assert capsys.readouterr().out == "[1. 2.] 3.000 s\n"
    ft.vmap(lambda x: ft.debug.print("{}", x))(np.arange(3))
    assert capsys.readouterr().out == "0\n1\n2\n"


def test_print_finds_mistakes_in_the_format_at_once() -> None:
    with pytest.raises(ft.errors.OptionError, match="arguments 1, k"):
        ft.debug.print("{}", 1, 2, k=3)
    with pytest.raises(IndexError):
        ft.debug.print("{} {}", 1)
    with pytest.raises(KeyError):
        ft.debug.print("{x}", 1)
    with pytest.raises(ft.errors.ArgumentError, match="format string"):
        ft.debug.print(np.ones(2))  # type: ignore[arg-type]


def test_a_format_is_one_program_however_often_it_is_traced() -> None:
    def f(x: Any) -> Any:
        return ft.lax.scan(lambda c, x: (ft.debug.print("") or c + x, None), 0.0, x)[0]

    f(np.ones(2))
    before = ft.debug.counters.compilations
    f(np.ones(2))
    assert ft.debug.counters.compilations == before


# --- JAX -----------------------------------------------------------------------------------------


def of_values(np_: Any, lib: Any, log: Any, wrap: Any) -> Any:
    def f(x: Any) -> Any:
        y = np_.sin(x)
        lib.debug.callback(log, y)
        return y * x

    return wrap(f)(1.5)


def of_a_scan(np_: Any, lib: Any, log: Any, wrap: Any) -> Any:
    def step(c: Any, r: Any) -> Any:
        lib.debug.callback(log, c, r)
        return np_.sin(c) * r, c

    return wrap(lambda x: lib.lax.scan(step, x, np_.arange(1.0, 4.0))[0])(1.5)


def of_a_while(np_: Any, lib: Any, log: Any, wrap: Any) -> Any:
    def step(s: Any) -> Any:
        lib.debug.callback(log, *s)
        return s[0] + 1, np_.sin(s[1])

    return wrap(lambda x: lib.lax.while_loop(lambda s: s[0] < 3, step, (0, x))[1])(1.5)


def of_a_branch(np_: Any, lib: Any, log: Any, wrap: Any) -> Any:
    def shown(x: Any) -> Any:
        lib.debug.callback(log, x)
        return np_.sin(x)

    return wrap(lambda x: lib.lax.cond(x > 1.0, shown, lambda x: x, x))(1.5)


def of_a_rule(np_: Any, lib: Any, log: Any, wrap: Any) -> Any:
    @lib.custom_jvp
    def f(x: Any) -> Any:
        lib.debug.callback(log, x)
        return np_.sin(x)

    @f.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        lib.debug.callback(log, primals[0], 7.0)
        return np_.sin(primals[0]), tangents[0] * np_.cos(primals[0])

    return wrap(f)(1.5)


def of_nobody(np_: Any, lib: Any, log: Any, wrap: Any) -> Any:
    def f(x: Any) -> Any:
        lib.debug.callback(log, x * 2.0)
        return x

    return wrap(f)(1.5)


WRAPS: dict[str, Callable[[Any], Callable[[Any], Any]]] = {
    "plain": lambda lib: lambda f: f,
    "jit": lambda lib: lib.jit,
    "grad": lambda lib: lib.grad,
    "jit of grad": lambda lib: lambda f: lib.jit(lib.grad(f)),
    "grad of jit": lambda lib: lambda f: lib.grad(lib.jit(f)),
    "jvp": lambda lib: lambda f: lambda x: lib.jvp(f, (x,), (1.0,)),
    "vmap": lambda lib: lambda f: lambda x: lib.vmap(f)(np.array([x, x + 1.0])),
    "jacobian": lambda lib: lib.jacfwd,
}


@pytest.mark.parametrize(
    ("program", "wrap"),
    [
        (program, wrap)
        for program in (of_values, of_a_scan, of_a_while, of_a_branch, of_a_rule, of_nobody)
        for wrap in WRAPS
        if program is not of_a_while or "grad" not in wrap  # JAX has no such derivative
    ],
)
def test_jax_calls_back_alike(log: Log, program: Any, wrap: str) -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    expected = program(jax.numpy, jax, log, WRAPS[wrap](jax))
    jax.effects_barrier()
    theirs = [np.asarray(c, float) for c in log.taken()]
    found = program(fnp, ft, log, WRAPS[wrap](ft))
    ours = [np.asarray(c, float) for c in log.taken()]
    for a, b in zip(ft.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    if wrap == "vmap":  # JAX does not say in which order
        ours, theirs = (sorted(calls, key=lambda c: c.tolist()) for calls in (ours, theirs))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


# --- random programs -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(16))
def test_random_programs_call_back_as_python_does(log: Log, seed: int) -> None:
    def shown(x: Any, tag: int) -> Any:
        ft.debug.callback(log, tag, x)
        return x

    def asked(x: Any, tag: int) -> Any:
        return io_callback(lambda x: log(tag, x) or 0.5 * x, FLOAT, x) + x

    def passed(x: Any, tag: int) -> Any:
        ft.debug.callback(log, tag)
        return x * 0.5

    f = RandomProgram([shown, asked, passed], seed)

    def calls(g: Callable[[Any], Any], x: Any) -> Any:
        value = g(x)
        return value, log.taken()

    def same(found: Any, expected: Any) -> None:
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
        assert [np.size(c) for c in found[1]] == [np.size(c) for c in expected[1]]
        for a, b in zip(found[1], expected[1], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)

    expected = []
    for x in (np.float64(0.7), np.float64(2.3)):
        with ft.disable_jit():
            expected.append(calls(f, x))
        same(calls(f, x), expected[-1])
        same(calls(ft.jit(f), x), expected[-1])
    # Of two examples each calls with the values that it calls with alone.
    _, mixed = calls(ft.jit(ft.vmap(f)), np.array([0.7, 2.3]))
    alone = [*expected[0][1], *expected[1][1]]
    pairs = [sorted((int(c[0]), c[1]) for c in log if np.size(c) == 2) for log in (mixed, alone)]
    assert [tag for tag, _ in pairs[0]] == [tag for tag, _ in pairs[1]]
    np.testing.assert_allclose([x for _, x in pairs[0]], [x for _, x in pairs[1]], rtol=1e-12)
