"""Contracts that are easy to lose: memory, keys, aliases, interrupts, leaks and threads."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.core.trace import busy, current_trace
from functrans.errors import current_line
from functrans.testing import check_grads

X = np.array([0.5, 1.0, 2.0])


def f(x: Any) -> Any:
    return np.sum(np.sin(x) * x)


# --- memory --------------------------------------------------------------------------------------


def test_programs_die_with_their_functions() -> None:
    g = ft.jit(ft.value_and_grad(f))
    g(X)
    ft.vmap(g)(np.stack([X, X]))
    programs = [weakref.ref(entry.jaxpr) for entry in g._entries.values()]
    assert programs
    del g
    gc.collect()
    assert all(ref() is None for ref in programs)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.enable()


def _gradient(x: Any) -> None:
    ft.grad(f)(x)


def _pullback(x: Any) -> None:
    ft.vjp(np.sin, x)[1](x)


def _pushforward(x: Any) -> None:
    ft.linearize(np.sin, x)[1](x)


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("run", [_gradient, _pullback, _pushforward])
def test_residuals_are_freed_without_the_collector(run: Callable[[Any], None]) -> None:
    x = np.linspace(0.0, 1.0, 100_000)
    run(x)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5):
        run(x)
    assert tracemalloc.get_traced_memory()[0] - before < x.nbytes


@pytest.mark.usefixtures("no_collector")
def test_the_backward_pass_frees_residuals_as_it_goes() -> None:
    def chain(x: Any) -> Any:
        for _ in range(20):
            x = np.sin(x)
        return np.sum(x)

    x = np.linspace(0.0, 1.0, 100_000)
    ft.value_and_grad(chain)(x)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    ft.grad(chain)(x)
    peak = tracemalloc.get_traced_memory()[1] - before
    # 20 slopes, and the handful of arrays of the step at hand.
    assert peak < 26 * x.nbytes


def test_a_function_keeps_a_bounded_number_of_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functrans.control.call._PROGRAMS", 3)
    g = ft.jit(lambda x, n: x * n, static_argnums=1)
    for n in range(6):
        assert g(1.0, n) == n
    assert len(g._entries) == 3
    assert g(2.0, 0) == 0.0


def test_many_kinds_of_arguments_do_not_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    g, h = ft.jit(lambda x: x * 2.0), ft.jit(lambda tree: tree["x"] * 2.0)
    kinds = [np.ones(n + 1) for n in range(20)]

    def call_all() -> None:
        for x in kinds:
            np.testing.assert_array_equal(g(x), 2.0)
            np.testing.assert_array_equal(h({"x": x}), 2.0)
            np.testing.assert_array_equal(h({"x": np.ones(2 * x.size)[::2]}), 2.0)

    call_all()

    def answer_with(*_: Any) -> None:
        raise AssertionError("a chain of native stubs was made again")

    for function in (g, h):
        monkeypatch.setattr(type(function), "_answer_with", answer_with)
    call_all()


# --- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        (0.0, -0.0),
        (1, 1.0, True),
        ((1,), (1.0,), (True,)),
        ((0.0, "a"), (-0.0, "a")),
        (0j, -0j),
        (np.float32(1), np.float64(1)),
    ],
)
def test_static_arguments_that_python_calls_equal(values: tuple[Any, ...]) -> None:
    seen: list[str] = []

    def function(x: Any, value: Any) -> Any:
        seen.append(repr(value))
        return x

    g = ft.jit(function, static_argnums=1)
    for value in values * 2:
        g(1.0, value)
    assert seen == [repr(v) for v in values]


def test_a_static_nan_is_traced_once() -> None:
    g = ft.jit(lambda x, value: x * value, static_argnums=1)
    for _ in range(3):
        assert np.isnan(g(1.0, float("nan")))
    assert g.trace_count == 1


# --- aliases -------------------------------------------------------------------------------------


def test_stop_gradient_hands_out_no_array_of_ours() -> None:
    def function(x: Any) -> Any:
        fixed = ft.stop_gradient(x)
        fixed += 1.0
        return np.sum(x * fixed)

    x = np.ones(3)
    np.testing.assert_array_equal(ft.grad(function)(x), 2.0)
    np.testing.assert_array_equal(x, 1.0)


def test_auxiliary_results_are_copies() -> None:
    table, other = np.ones(3), np.ones(3)
    _, (a, b) = ft.grad(lambda x, y: (np.sum(x), (table, y)), has_aux=True)(X, other)
    assert not np.shares_memory(a, table)
    assert not np.shares_memory(b, other)


@pytest.mark.parametrize(
    "run",
    [
        lambda h: ft.grad(h, has_aux=True)(2.0)[1],
        lambda h: ft.value_and_grad(h, has_aux=True)(2.0)[0][1],
        lambda h: ft.vjp(h, 2.0, has_aux=True)[2],
        lambda h: ft.linearize(h, 2.0, has_aux=True)[2],
        lambda h: ft.jvp(h, (2.0,), (1.0,), has_aux=True)[2],
        lambda h: ft.jacfwd(h, has_aux=True)(2.0)[1],
        lambda h: ft.jacrev(h, has_aux=True)(2.0)[1],
        lambda h: ft.hessian(h, has_aux=True)(2.0)[1],
    ],
)
def test_auxiliary_results_may_be_anything(run: Callable[..., Any]) -> None:
    aux = run(lambda x: (x * x, {"name": "text", "none": None, "x": x, "set": {1}}))
    assert aux == {"name": "text", "none": None, "x": 2.0, "set": {1}}


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_subclasses_of_ndarray_become_arrays(tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "x", dtype=float, shape=(3,), mode="w+")
    mapped[:] = 1.0
    out, pullback = ft.vjp(lambda x: x * x, mapped)
    same = ft.vmap(lambda x: x)(mapped)
    mapped[:] = 7.0
    np.testing.assert_array_equal(pullback(np.ones(3))[0], 2.0)
    assert type(out) is type(same) is np.ndarray
    np.testing.assert_array_equal(same, 1.0)
    square = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    for function in (lambda x: np.sum(x * x), ft.jit(lambda x: np.sum(x * x))):
        np.testing.assert_array_equal(ft.grad(function)(square), 2 * np.asarray(square))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ft.grad(f)(x),
        lambda x: ft.jit(f)(x),
        lambda x: ft.vmap(np.sin)(x),
        lambda x: ft.vjp(f, x),
        lambda x: ft.jvp(f, (x,), (X,)),
        lambda x: ft.jacfwd(np.sin)(x),
        lambda x: ft.grad(lambda y: np.sum(x * y))(X),
        lambda x: ft.jit(lambda y: np.sum(x * y))(X),
    ],
)
def test_masks_are_not_lost_silently(call: Callable[[Any], Any]) -> None:
    with pytest.raises((ft.errors.ArgumentError, ft.errors.TracerArrayConversionError)):
        call(np.ma.array(X, mask=[False, True, False]))


# --- interrupts, generators, threads -------------------------------------------------------------


class _Interrupt(BaseException):
    pass


PROGRAMS: dict[str, Callable[[], Any]] = {
    "grad": lambda: ft.grad(f)(X),
    "hessian": lambda: ft.hessian(f)(X),
    "jit": lambda: ft.jit(f)(X),
    "grad of jit": lambda: ft.grad(ft.jit(f))(X),
    "vmap of vjp": lambda: ft.vmap(lambda x: ft.vjp(np.sin, x)[1](x))(X),
}


def _interrupted(run: Callable[[], Any], at: int) -> bool:
    """Run a program with an interrupt at one of its lines; whether the interrupt came."""
    package = str(Path(ft.__file__).parent)
    count = 0

    def tracer(frame: Any, event: str, arg: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(package):
            return None
        if event == "line" and frame.f_code.co_name != "<genexpr>":
            count += 1
            if count == at:
                raise _Interrupt
        return tracer

    former = sys.gettrace()
    sys.settrace(tracer)
    try:
        run()
    except _Interrupt:
        return True
    finally:
        sys.settrace(former)
    return False


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_interrupt_leaves_nothing_behind(name: str) -> None:
    run = PROGRAMS[name]
    expected = run()
    step = 7
    while _interrupted(run, step):
        assert current_trace() is None
        assert current_line.get() is None
        step = step * 3 // 2 + 1
    ft.tree.map_(np.testing.assert_array_equal, run(), expected)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_on_the_way_into_a_fallback_is_not_lost() -> None:
    g = ft.jit(lambda x: np.sum(np.sort(x)))
    expected = g(X)

    def tracer(frame: Any, event: str, arg: Any) -> None:
        if frame.f_code.co_filename.endswith("fallback.py"):
            raise KeyboardInterrupt

    former = sys.gettrace()
    sys.settrace(tracer)
    try:
        with pytest.raises(KeyboardInterrupt):
            g(X)
    finally:
        sys.settrace(former)
    assert g(X) == expected


def test_a_thread_that_lost_its_way_out_of_a_trace_recovers() -> None:
    g = ft.jit(lambda x: x * 2.0)
    g(1.0)
    busy.add(threading.get_ident())  # what an interrupt at the wrong moment leaves
    assert g(1.0) == 2.0
    assert busy.cell[0] == 0


def test_a_generator_that_outlives_its_trace() -> None:
    kept: list[Any] = []

    def parts(x: Any) -> Iterator[Any]:
        yield np.sin(x)
        yield np.cos(x)

    def function(x: Any) -> Any:
        kept.append(parts(x))
        return next(kept[0]) * x

    assert ft.grad(function)(1.0) == pytest.approx(np.sin(1.0) + np.cos(1.0))
    with pytest.raises(ft.errors.UnexpectedTracerError):
        next(kept[0])
    assert current_trace() is None
    assert busy.cell[0] == 0


@pytest.mark.parametrize(
    "use",
    [
        lambda t: t + 1.0,
        np.sin,
        lambda t: ft.jit(lambda y: y * 2)(t),
        lambda t: ft.jit(lambda y: y * t)(1.0),
        lambda t: ft.grad(lambda y: y * t)(1.0),
        lambda t: ft.value_and_grad(lambda y: t)(1.0),
        lambda t: ft.vmap(lambda y: y * t)(X),
        lambda t: ft.vmap(lambda y: t)(X),
        lambda t: ft.vjp(lambda y: t, 1.0),
        lambda t: ft.jvp(lambda y: y, (t,), (t,)),
    ],
)
@pytest.mark.parametrize(
    "transform", [ft.grad, ft.jit, lambda h: lambda x: ft.vmap(h)(np.array([x]))]
)
def test_a_leaked_value_is_refused(transform: Any, use: Callable[[Any], Any]) -> None:
    kept: list[Any] = []

    def function(x: Any) -> Any:
        kept.append(x)
        return x * x

    transform(function)(1.0)
    with pytest.raises(ft.errors.UnexpectedTracerError):
        use(kept[0])


def test_threads_share_jitted_functions() -> None:
    g = ft.jit(ft.grad(lambda x: np.sum(np.sort(x) * np.sin(x))))
    large = np.random.default_rng(0).normal(size=5000)
    expected = g(large)
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for k in range(20):
                np.testing.assert_allclose(g(large), expected)
                x = np.linspace(0.0, 1.0, 3 + (k + seed) % 5)
                np.testing.assert_allclose(
                    ft.grad(lambda x: np.sum(g(x)))(x),  # traces while others run native code
                    2 * np.cos(x) - x * np.sin(x),
                    atol=1e-12,
                )
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert busy.cell[0] == 0


@pytest.mark.parametrize("result", ["text", object(), np.array(["text"])])
@pytest.mark.parametrize("transform", [ft.jit, ft.vmap, ft.jacrev, ft.jacfwd, ft.grad])
def test_results_that_are_no_arrays_are_refused(transform: Any, result: Any) -> None:
    with pytest.raises(ft.errors.ArgumentError):
        transform(lambda x: result)(X)


# --- copies and pickles --------------------------------------------------------------------------


@ft.jit
def decorated(x: Any) -> Any:
    return x * 2.0


def test_jitted_functions_are_copied_and_pickled() -> None:
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    assert copy.deepcopy(decorated) is decorated
    for twin in (pickle.loads(pickle.dumps(ft.jit(f))), copy.deepcopy(ft.jit(f))):
        assert twin(X) == pytest.approx(f(X))


def test_errors_survive_pickling() -> None:
    with pytest.raises(ft.errors.IntegerInputError) as caught:
        ft.grad(f)(1)
    twin = pickle.loads(pickle.dumps(caught.value))
    assert type(twin) is type(caught.value)
    assert str(twin) == str(caught.value)
    assert twin.line == caught.value.line


# --- derivatives as values -----------------------------------------------------------------------


def test_pullbacks_pass_through_transforms() -> None:
    scale = np.float64(2.5)  # a residual of rank 0 beside arrays
    _, pullback = ft.vjp(lambda x: scale * x, X)
    eye = np.eye(3)
    apply = ft.jit(lambda p, ct: p(ct)[0])
    np.testing.assert_array_equal(apply(pullback, X), 2.5 * X)
    np.testing.assert_array_equal(ft.vmap(pullback)(eye)[0], 2.5 * eye)
    np.testing.assert_array_equal(ft.jit(lambda p, c: ft.vmap(p)(c)[0])(pullback, eye), 2.5 * eye)
    _, out = ft.jit(lambda x: ft.vjp(np.sin, x))(X)
    np.testing.assert_allclose(out(X)[0], X * np.cos(X))
    each = ft.vmap(lambda x: ft.vjp(np.sin, x)[1])(X)
    np.testing.assert_allclose(ft.vmap(lambda p, c: p(c)[0])(each, X), X * np.cos(X))


def test_python_integers_are_compared_as_integers() -> None:
    less, larger = ft.jit(lambda a, b: (a < b, np.where(a > b, a, b)))(3, 4)
    assert less
    assert larger == 4


def test_check_grads_of_reverse_mode_alone_sees_a_wrong_rule() -> None:
    def wrong(x: Any) -> Any:
        return np.sum(x * ft.stop_gradient(x))

    for modes in (["rev"], ["fwd"], ["fwd", "rev"]):
        with pytest.raises(ft.errors.CheckError):
            check_grads(wrong, (X,), modes=modes)
    check_grads(f, (X,), order=2, modes=["rev"])


def _wiping(x: Any) -> tuple[Any, Any]:
    """A function that changes its caller's array in the middle, and that array."""
    mine = np.array(x)

    def function(v: Any) -> Any:
        out = np.sum(v * v)
        mine[:] = 5.0
        return out

    return function, mine


@pytest.mark.parametrize("transform", [ft.grad, ft.jacrev, ft.jacfwd])
def test_a_function_that_changes_its_input_does_not_change_the_derivative(transform: Any) -> None:
    function, mine = _wiping([1.0, 2.0])
    np.testing.assert_array_equal(transform(function)(mine), [2.0, 4.0])
    np.testing.assert_array_equal(mine, [5.0, 5.0])


def test_what_a_later_iteration_reads_is_not_overwritten() -> None:
    """The difference took the memory of an operand that every row reads."""
    rng = np.random.default_rng(0)
    x, q, mu = rng.normal(size=(3, 2)), rng.normal(size=(300, 2, 2)), rng.normal(size=(300, 2))

    def f(q: Any, mu: Any, x: Any) -> Any:
        y = (x @ q.reshape(600, 2).T).reshape(3, 300, 2) - fnp.einsum("kij,kj->ki", q, mu)
        return fnp.sum(fnp.log(fnp.sum(fnp.exp(-0.01 * fnp.sum(y * y, axis=2)), axis=1)))

    gradient = ft.grad(f)
    np.testing.assert_allclose(ft.jit(gradient)(q, mu, x), gradient(q, mu, x), rtol=1e-12)
