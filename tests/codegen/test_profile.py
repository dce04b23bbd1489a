"""Profiles: the time of every cluster, however the function is called and whatever it holds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans import lax
from functrans.codegen import executable
from functrans.codegen import profile as profiling
from functrans.codegen.compile import Compiled, compile_ir
from functrans.codegen.profile import Profile, _Costs, _own_times
from functrans.codegen.report import CopyRow, LoopRow
from functrans.errors import ArgumentError, IndexBoundsError


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "_SECONDS", 0.02)


def recurrent(w: Any, xs: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = np.tanh(w @ h + x)
        return h, np.sum(h)

    h, ys = lax.scan(step, np.zeros(w.shape[0]), xs)
    return np.sum(h * h) + np.sum(ys)


W, XS = np.ones((48, 48)) / 48, np.ones((20, 48))


def check(profile: Profile) -> None:
    """What holds for every profile."""
    assert profile.calls >= 1
    assert profile.seconds > 0.0
    assert all(row.seconds >= 0.0 for row in profile.rows)
    total = sum(row.seconds for row in profile.rows)
    if total:
        assert math.isclose(sum(row.share for row in profile.rows), 1.0)
    for row in profile.rows:
        assert row.row.runs in (None, row.runs)
    assert profile.name in str(profile)


def test_rows_are_those_of_the_report() -> None:
    f = ft.jit(ft.value_and_grad(recurrent))
    profile = f.profile(W, XS)
    check(profile)
    assert [row.row for row in profile.rows] == f.lower(W, XS).report().rows
    assert any(isinstance(row.row, LoopRow) for row in profile.rows)
    assert any(row.runs == 20 for row in profile.rows)
    work = sum(row.flops for row in profile.rows)
    assert work == f.lower(W, XS).report().flops


def test_the_slow_kernel_is_found_and_its_line_shown() -> None:
    def f(x: Any, y: Any) -> Any:
        heavy = np.sum(np.sin(x) * np.exp(x))
        return heavy, y + 1.0

    profile = ft.jit(f).profile(np.ones(200_000), np.ones(50))
    check(profile)
    slowest = max(profile.rows, key=lambda row: row.seconds)
    assert slowest.share > 0.9
    assert "heavy = np.sum(np.sin(x) * np.exp(x))" in str(profile).splitlines()[3]
    assert slowest.gflops > 0.0
    assert slowest.gbytes > 0.0
    # Together they are about the time of a call.
    total = sum(row.seconds for row in profile.rows) + profile.outside
    assert 0.5 < total / profile.clocked_seconds < 1.5


def test_while_loops_tell_how_often_they_ran() -> None:
    def f(x: Any) -> Any:
        return lax.while_loop(lambda s: s[0] < 10.0, lambda s: (2.0 * s[0], np.sin(s[1])), (1.0, x))

    profile = ft.jit(f).profile(np.ones(30))
    check(profile)
    assert [row.runs for row in profile.rows if len(row.row.path) == 2][:2] == [5, 4]


def test_loops_within_loops() -> None:
    def outer(i: Any, c: Any) -> Any:
        return lax.fori_loop(0, 7, lambda j, d: np.tanh(d) + c, c)

    profile = ft.jit(lambda x: lax.fori_loop(0, 5, outer, x)).profile(np.ones(300))
    check(profile)
    assert max(row.runs for row in profile.rows) == 35
    slowest = max(profile.rows, key=lambda row: row.seconds)
    assert len(slowest.row.path) == 3


def test_donated_arguments_are_copied() -> None:
    def update(p: Any, g: Any) -> Any:
        return {k: p[k] - 0.1 * g[k] for k in p}

    f = ft.jit(update, donate_argnums=0)
    p = {k: np.ones(100) for k in "ab"}
    check(f.profile(p, {k: np.ones(100) for k in "ab"}))
    np.testing.assert_array_equal(p["a"], np.ones(100))
    read_only = np.ones(5)
    read_only.flags.writeable = False
    check(ft.jit(lambda x: x + 1.0, donate_argnums=0).profile(read_only))


def test_static_arguments_keywords_and_trees() -> None:
    def f(x: Any, n: int, *, mode: str) -> Any:
        return np.sum(x["a"] ** n) if mode == "sum" else x

    compiled = ft.jit(f, static_argnums=1, static_argnames="mode")
    check(compiled.profile({"a": np.ones(10, np.float32)}, 3, mode="sum"))
    profile = compiled.profile({"a": np.ones(10)}, n=2, mode="other")
    assert [type(row.row) for row in profile.rows] == [CopyRow] * len(profile.rows)


@pytest.mark.parametrize(
    "args",
    [
        (2.0, 3),
        (np.float32(2.0), True),
        (np.ones((4, 6)).T, np.ones(6)[::-1][:4]),
        (np.ones(4, ">f8"), np.ones(4, np.int8)),
        (np.ones(0), np.ones(0)),
        (np.ones(3, complex), 1.0),
    ],
    ids=["python", "numpy", "strides", "order", "empty", "complex"],
)
def test_arguments_of_every_kind(args: Any) -> None:
    check(ft.jit(lambda x, y: x * y + 1).profile(*args))


def test_programs_without_inputs_or_work() -> None:
    check(ft.jit(lambda: 3.0).profile())
    check(ft.jit(lambda x: x).profile(np.ones(3)))
    check(ft.jit(lambda: ()).profile())
    check(ft.jit(lambda x, t: x * 2.0).profile(np.ones(3), np.zeros(3, ft.float0)))


def test_fallbacks_are_timed() -> None:
    profile = ft.jit(lambda x: np.sort(x) * 2.0).profile(np.ones(1000))
    check(profile)
    assert "NumPy" in str(profile)


def test_errors_are_the_users() -> None:
    with pytest.raises(IndexBoundsError):
        ft.jit(lambda x, i: x[i]).profile(np.ones(3), np.array([5]))


def test_only_calls_with_values_can_be_measured() -> None:
    f: Any = ft.jit(np.sum)
    with pytest.raises(ArgumentError, match="Only a call with values"):
        f.profile(ft.ShapeDtypeStruct((3,), float))
    with pytest.raises(ArgumentError, match="outside of functions that are traced"):
        ft.grad(lambda x: (f.profile(x), x)[1])(1.0)
    with pytest.raises(ArgumentError):
        ft.jit(lambda x: (f.profile(np.ones(3)), x)[1])(1.0)


def test_the_counting_program_is_made_once_and_the_other_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    f: Any = ft.jit(recurrent)
    before = f(W, XS)
    made = []

    def counted(ir: str, entry: str) -> Compiled:
        made.append(ir)
        return compile_ir(ir, entry)

    monkeypatch.setattr(executable, "compile_ir", counted)
    for _ in range(2):
        f.profile(W, XS)
    assert len(made) == 1
    assert f.trace_count == 1
    assert f(W, XS) == before


def test_a_counter_that_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "_now", lambda: 0)
    f: Any = ft.jit(np.sin)
    profile = f.profile(np.ones(100))
    assert profile.rows == ()
    assert profile.seconds > 0.0
    assert "cannot be read" in str(profile)


def test_the_cost_of_clocks_is_taken_off() -> None:
    rows = ft.jit(recurrent).lower(W, XS).report().rows
    inside = [k for k, row in enumerate(rows) if len(row.path) == 2]
    (loop,) = [k for k, row in enumerate(rows) if isinstance(row, LoopRow)]
    costs = _Costs(between=1.0, whole=3.0)
    # Each cluster inside runs 20 times for 10 s; the loop itself needs 100 s.
    spent, runs = [10.0] * len(rows), [1] * len(rows)
    for k in inside:
        spent[k], runs[k] = 200.0 + 20 * costs.between, 20
    spent[loop] = 100.0 + len(inside) * 20 * (10.0 + costs.whole) + costs.between
    own, _ = _own_times(rows, spent, runs, costs)
    assert own[loop] == pytest.approx(100.0)
    assert {own[k] for k in inside} == {200.0}


def test_rates_need_runs_that_last() -> None:
    f: Any = ft.jit(lambda x: x + 1.0)
    profile = f.profile(np.ones(2))
    assert math.isnan(profile.rows[0].gflops)
    assert "nan" not in str(profile)
