"""Compiled loops while they run: they show how far they are, and an interrupt ends them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import pytest

import functrans as ft
from functrans.errors import IndexBoundsError, MissingPackageError, OptionError
from functrans.lax import fori_loop, scan, while_loop

# --- interrupts ----------------------------------------------------------------------------------

INTERRUPTED = """
import io, json, signal, sys, threading, time
import numpy as np
import functrans as ft
from functrans import lax, numpy as jnp

signal.signal(signal.SIGINT, signal.default_int_handler)
forever = 10**12

def steps(body, x, length):
    return lax.scan(lambda c, _: (body(c), None), x, None, length)[0]

out = io.StringIO()

def shown(x, n):
    def step(c, _):
        return c * 0.5 + 1.0, None
    return lax.scan(step, x, None, n, progress={"file": out, "desc": "bar"})[0]

def for_long(body, n):
    return lambda x: lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, body(s[1])), (0, x))[1]

programs = {
    "scan": (lambda x, n: steps(lambda c: c * 0.5 + 1.0, x, n), np.float64(1.0)),
    "rows": (lambda x, n: steps(lambda c: c[::-1] * 0.5 + 1.0, x, n), np.ones(300)),
    "product": (lambda x, n: steps(lambda c: jnp.tanh(c @ c), x, n), np.eye(90)),
    "in place": (lambda x, n: steps(lambda c: c.at[3].multiply(0.5), x, n), np.ones(5000)),
    "nested": (
        lambda x, n: steps(lambda c: steps(lambda d: d * 0.5 + 1.0, c, min(n, 3000)), x, n),
        np.float64(1.0),
    ),
    "while": (lambda x, n: for_long(lambda c: c * 0.5 + 1.0, n)(x), np.float64(1.0)),
    "vmap": (lambda x, n: ft.vmap(for_long(lambda c: c * 0.5 + 1.0, n))(x), np.ones(100)),
    "bar": (shown, np.float64(1.0)),
    "tangents": (lambda x, n: ft.jvp(for_long(jnp.sin, n), (x,), (x,))[1], np.float64(1.0)),
    "kept rows": (lambda x, n: ft.grad(for_long(jnp.sin, n))(x), np.float64(1.0)),
}
report = {}
for name, (function, x) in programs.items():
    long, short = (ft.jit(lambda x, n=n: function(x, n)) for n in (forever, 7))
    before = short(x)
    used = ft.debug.memory().used
    long.lower(x).compile()
    late = []
    for _ in range(2):
        def interrupt():
            late.append(time.monotonic())
            signal.raise_signal(signal.SIGINT)
        timer = threading.Timer(0.2, interrupt)
        try:
            timer.start()
            long(x)
            raise SystemExit(f"{name} was not interrupted")
        except KeyboardInterrupt:
            late[-1] = time.monotonic() - late[-1]
        timer.join()
    same = bool(np.all(short(x) == before))
    report[name] = [max(late), same, sys.getrefcount(x), ft.debug.memory().used - used]
bars = out.getvalue().replace("\\r", "\\n").splitlines()
print(json.dumps([report, bars]))
"""


@pytest.fixture(scope="module")
def interrupted() -> Any:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_interrupt_ends_a_loop_within_a_second(interrupted: Any) -> None:
    report, _ = interrupted
    assert len(report) == 10
    assert {name: late for name, (late, *_) in report.items() if late > 1.0} == {}


def test_the_next_call_after_an_interrupt_works(interrupted: Any) -> None:
    assert all(same for _, same, *_ in interrupted[0].values())


def test_an_interrupt_leaves_no_reference_to_arguments(interrupted: Any) -> None:
    kept = {name: count for name, (_, _, count, _) in interrupted[0].items()}
    assert set(kept.values()) == {3}, kept  # the table of programs, the variable, and the question


def test_an_interrupt_frees_what_the_loop_took(interrupted: Any) -> None:
    assert {name: more for name, (*_, more) in interrupted[0].items() if more} == {}


def test_an_interrupt_closes_the_bar(interrupted: Any) -> None:
    _, bars = interrupted
    ends = [text for text in bars if text.strip()][-1]
    assert "100%" in ends  # of the call after both interrupts
    assert sum("1000000000000" in text for text in bars) >= 2


def test_other_threads_run_while_a_loop_does() -> None:
    compiled = ft.jit(lambda x, n: while_loop(lambda s: s[0] < n, halved, (0, x))[1])
    compiled(1.0, 3)
    found: list[Any] = []
    worker = threading.Thread(target=lambda: found.append(compiled(1.0, 100_000_000)))
    worker.start()
    ticks = 0
    while worker.is_alive():
        ticks += 1
        time.sleep(0.001)
    worker.join()
    assert found == [0.0]
    assert ticks > 10


def halved(state: Any) -> Any:
    return state[0] + 1, state[1] * 0.5


# --- progress ------------------------------------------------------------------------------------

LONG = 60_000_000  # iterations: some tenths of a second


def step(c: Any, _: None) -> tuple[Any, None]:
    return c * 0.999 + 1.0, None


LOOPS: dict[str, Callable[[int, Any], Any]] = {
    "scan": lambda n, progress: scan(step, 1.0, None, n, progress=progress),
    "reverse": lambda n, progress: scan(step, 1.0, None, n, reverse=True, progress=progress),
    "unroll": lambda n, progress: scan(step, 1.0, None, n, unroll=4, progress=progress),
    "fori": lambda n, progress: fori_loop(0, n, lambda i, x: 0.5 * x, 1.0, progress=progress),
    "while": lambda n, progress: while_loop(
        lambda s: s[0] < n, halved, (0, 1.0), progress=progress
    ),
    "traced": lambda n, progress: ft.jit(
        lambda n: fori_loop(0, n, lambda i, x: 0.5 * x, 1.0, progress=progress)
    )(n),
}


def total_of(name: str, n: int) -> int | None:
    return None if name in ("while", "traced") else n


@pytest.mark.parametrize("name", LOOPS)
def test_a_function_is_told_how_far_the_loop_is(name: str) -> None:
    calls: list[tuple[int, int | None]] = []
    start = time.perf_counter()
    LOOPS[name](LONG, lambda done, total: calls.append((done, total)))
    seconds = time.perf_counter() - start
    done = [i for i, _ in calls]
    assert done == sorted(done)
    assert done[-1] == LONG
    assert len(calls) <= 10 * seconds + 2
    assert {total for _, total in calls} == {total_of(name, LONG)}


@pytest.mark.parametrize("name", ["scan", "fori", "while"])
def test_loops_in_python_show_themselves_too(name: str) -> None:
    calls: list[tuple[int, int | None]] = []
    with ft.disable_jit():
        LOOPS[name](7, lambda done, total: calls.append((done, total)))
    assert calls[-1] == (7, total_of(name, 7))


@pytest.mark.parametrize("name", LOOPS)
def test_what_is_shown_changes_no_value(name: str) -> None:
    for x, y in zip(
        ft.tree.leaves(LOOPS[name](9, None)),
        ft.tree.leaves(LOOPS[name](9, lambda done, total: None)),
        strict=True,
    ):
        assert x == y


class Bar:
    """What tqdm's bars are to us, and what became of them."""

    all: ClassVar[list[Bar]] = []

    def __init__(self, total: int | None = None, desc: str | None = None, **options: Any) -> None:
        self.total, self.desc, self.options = total, desc, options
        self.n = 0
        self.closed = 0
        self.all.append(self)

    def update(self, more: int) -> None:
        self.n += more

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Bar]]:
    import tqdm.auto

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    Bar.all = []
    yield Bar.all
    assert all(bar.closed == 1 for bar in Bar.all)


def sines(x: Any, progress: Any, n: int = 50) -> Any:
    return scan(lambda c, _: (np.sin(c), None), x, None, n, progress=progress)[0]


def test_bars_take_keywords(bars: list[Bar]) -> None:
    sines(1.0, True)
    sines(1.0, "steps")
    sines(1.0, {"desc": "days", "unit": "d", "leave": False})
    assert [bar.desc for bar in bars] == [None, "steps", "days"]
    assert [bar.options for bar in bars] == [{}, {}, {"unit": "d", "leave": False}]
    assert all((bar.n, bar.total) == (50, 50) for bar in bars)


def test_every_call_of_a_compiled_loop_has_a_bar(bars: list[Bar]) -> None:
    traced = []

    def f(x: Any) -> Any:
        traced.append(x)
        return sines(x, "steps")

    compiled = ft.jit(f)
    assert compiled(1.0) == compiled(1.0) == sines(1.0, None)
    assert len(traced) == 1
    assert [bar.n for bar in bars] == [50, 50]


def test_the_loops_of_a_gradient_say_what_they_are(bars: list[Bar]) -> None:
    slope = ft.jit(ft.grad(lambda x: sines(x, "f")))(1.0)
    assert slope == ft.grad(lambda x: sines(x, None))(1.0)
    assert [(bar.desc, bar.n, bar.total) for bar in bars] == [
        ("f", 50, 50),
        ("f (gradient)", 50, 50),
    ]
    bars.clear()
    ft.jvp(lambda x: sines(x, True), (1.0,), (1.0,))
    assert [bar.desc for bar in bars] == [None]
    bars.clear()
    ft.linearize(lambda x: sines(x, True), 1.0)[1](1.0)
    assert [bar.desc for bar in bars] == [None, "(tangents)"]


def sines_while(x: Any, progress: Any, n: int = 50) -> Any:
    def body(state: Any) -> Any:
        return state[0] + 1, np.sin(state[1])

    return while_loop(lambda state: state[0] < n, body, (0, x), progress=progress)[1]


def test_the_way_back_of_a_while_counts_there_and_back(bars: list[Bar]) -> None:
    slope = ft.jit(ft.value_and_grad(lambda x: sines_while(x, "f")))(1.0)
    assert slope == ft.value_and_grad(lambda x: sines_while(x, None))(1.0)
    assert [(bar.desc, bar.n) for bar in bars] == [("f", 50), ("f (gradient)", 100)]


def test_a_long_way_back_is_shown_while_it_runs() -> None:
    n = 4_000_000
    seen: list[int] = []
    start = time.perf_counter()
    ft.jit(ft.grad(lambda x: sines_while(x, lambda done, _: seen.append(done), n)))(1.0)
    seconds = time.perf_counter() - start
    assert seen == sorted(seen)
    assert seen[-1] == 2 * n
    assert len(seen) <= 10 * seconds + 2


def test_a_batch_of_loops_is_one_loop(bars: list[Bar]) -> None:
    ft.vmap(lambda x: sines(x, True))(np.arange(3.0))
    ft.vmap(lambda x: while_loop(lambda y: y > 0.5, lambda y: y - 0.5, x, progress=True))(
        np.arange(3.0)
    )
    assert [(bar.n, bar.total) for bar in bars] == [(50, 50), (3, None)]


def test_loops_in_loops_have_bars_of_their_own(bars: list[Bar]) -> None:
    scan(lambda c, _: (sines(c, "inner", 4), None), 1.0, None, 3, progress="outer")
    assert [(bar.desc, bar.n) for bar in bars] == [("outer", 3), *[("inner", 4)] * 3]


def test_an_error_closes_the_bar(bars: list[Bar]) -> None:
    table, rows = np.arange(3.0), np.array([0, 1, 3])
    fixed = ft.numpy.asarray(table)
    with pytest.raises(IndexBoundsError):
        scan(lambda c, i: (c + ft.numpy.take(fixed, i), None), 0.0, rows, progress=True)
    assert [bar.n for bar in bars] == [0]
    with ft.disable_jit(), pytest.raises(ZeroDivisionError):
        scan(lambda c, _: (1 / 0, None), 0.0, None, 3, progress=True)
    assert len(bars) == 2


def test_what_the_function_raises_arrives() -> None:
    class StopItError(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        raise StopItError

    def later(done: int, total: int | None) -> None:
        if done == LONG:
            raise StopItError

    for function in (stop, later):
        with pytest.raises(StopItError):
            LOOPS["scan"](LONG, function)
    assert np.isfinite(LOOPS["scan"](LONG // 100, lambda done, total: None)[0])


def test_a_bar_of_tqdm() -> None:
    pytest.importorskip("tqdm")
    text = io.StringIO()
    sines(1.0, {"file": text, "desc": "sines", "ascii": True})
    assert "sines: 100%" in text.getvalue()
    assert "50/50" in text.getvalue()


def test_a_loop_that_shows_nothing_is_as_ever() -> None:
    jaxpr = ft.make_jaxpr(lambda x: sines(x, None))(1.0)
    assert all("hints" not in eqn.params for eqn in jaxpr.eqns)
    shown = ft.jit(lambda x: sines(x, print)).lower(1.0).as_text("llvm")
    plain = ft.jit(lambda x: sines(x, False)).lower(1.0).as_text("llvm")
    assert "%bar" in shown
    assert "%bar" not in plain


def test_progress_says_what_it_cannot_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="progress is 3"):
        sines(1.0, 3)
    with pytest.raises(OptionError, match=r"colours=\['red'\], which cannot be hashed"):
        sines(1.0, {"colours": ["red"]})
    monkeypatch.setattr("functrans.control.hints.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="pip install tqdm"):
        sines(1.0, True)
