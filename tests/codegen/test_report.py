"""Reports: every cluster with its work, loops with how often they run, memory and times."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans import lax
from functrans.codegen.executable import STAGES
from functrans.codegen.report import CopyRow, KernelRow, LibraryRow, LoopRow, Report
from functrans.errors import OptionError

N = 48


def report_of(function: Any, *args: Any, **options: Any) -> Report:
    report: Report = ft.jit(function, **options).lower(*args).report()
    return report


def recurrent(w: Any, xs: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = np.tanh(w @ h + x)
        return h, np.sum(h)

    return lax.scan(step, np.zeros(N), xs)


def doubling(x: Any) -> Any:
    return lax.while_loop(lambda s: s[0] < 10.0, lambda s: (2.0 * s[0], s[1] + s[0]), (1.0, x))


def nested(x: Any) -> Any:
    def outer(i: Any, c: Any) -> Any:
        return lax.fori_loop(0, 7, lambda j, d: np.tanh(d) + c, c)

    return lax.fori_loop(0, 5, outer, x)


W, XS = np.ones((N, N)) / N, np.ones((20, N))


# --- work ----------------------------------------------------------------------------------------


def test_a_kernel_counts_operations_and_bytes() -> None:
    (row,) = report_of(lambda x, y: np.exp(x) * y, np.ones(100), np.ones(100)).rows
    assert isinstance(row, KernelRow)
    assert row.operations == ("exp", "mul")
    assert (row.flops, row.bytes, row.runs, row.label) == (200, 2400, 1, "0")
    assert "test_report.py" in row.line


@pytest.mark.parametrize("n", [4, 100, 5000])
@pytest.mark.parametrize("m", [3, 7, 40])
def test_unrolled_loops_count_every_iteration(n: int, m: int) -> None:
    report = report_of(lambda x: np.sum(x * x, axis=1), np.ones((n, m)))
    assert report.flops == 2 * n * m
    assert report.bytes == 8 * n * m + 8 * n


def test_library_calls_count_their_products() -> None:
    report = report_of(lambda a, b: a @ b, np.ones((30, 40)), np.ones((40, 50)))
    (row,) = report.library_calls
    assert isinstance(row, LibraryRow)
    assert row.flops == report.flops == 2 * 30 * 40 * 50
    assert row.bytes == 8 * (30 * 40 + 40 * 50 + 30 * 50)
    assert "dgemm" in str(report)


def test_a_lookup_moves_what_it_reads_and_not_the_table() -> None:
    report = report_of(lambda x, i: x[i], np.ones(100_000), np.arange(5))
    assert report.bytes == 5 * (8 + 8 + 8)


def test_copies_and_fallbacks_are_rows() -> None:
    report = report_of(lambda x: (x, np.sort(x)), np.ones(10))
    assert report.copies == sum(isinstance(row, CopyRow) for row in report.rows) >= 1
    (row,) = report.fallbacks
    assert row.primitive in ("sort", "argsort")
    assert row.reason in str(report)
    assert row.source is not None


# --- loops ---------------------------------------------------------------------------------------


def test_repeated_programs_count_as_often_as_they_run() -> None:
    report = report_of(recurrent, W, XS)
    (loop,) = report.loops
    assert (loop.length, loop.runs, loop.title) == (20, 1, "loop     repeat 20 times")
    inside = [row for row in report.rows if len(row.path) == 2]
    assert {row.runs for row in inside} == {20}
    assert {row.path[0] for row in inside} == {loop.path[0]}
    # A product, a sum, a tanh and a sum for each row.
    work = sum(row.flops for row in inside)
    assert 0 <= work - (2 * N * N + 3 * N) <= N
    assert report.flops == 20 * work + sum(r.flops for r in report.rows if len(r.path) == 1)


def test_loops_within_loops_multiply() -> None:
    report = report_of(nested, np.ones(N))
    assert [loop.runs for loop in report.loops] == [1, 5]
    deepest = [row for row in report.rows if len(row.path) == 3]
    assert {row.runs for row in deepest} == {35}
    assert report.flops >= 35 * 2 * N


def test_nobody_knows_how_often_a_while_loop_runs() -> None:
    report = report_of(doubling, np.ones(N))
    (loop,) = report.loops
    assert isinstance(loop, LoopRow)
    assert loop.length is None
    inside = [row for row in report.rows if len(row.path) == 2]
    assert [row.label for row in inside] == [f"{loop.label}.{k}" for k in range(len(inside))]
    assert {row.runs for row in inside} == {None}
    assert "? ×" in str(report)


# --- memory and times ----------------------------------------------------------------------------


def test_memory_of_a_call() -> None:
    table = np.arange(50.0)
    memory = report_of(lambda x: (np.sort(x + table), np.sum(x)), np.ones(50)).memory
    assert (memory.arguments, memory.constants, memory.results) == (400, 400, 408)
    assert memory.workspace >= 400
    assert memory.peak == 1208 + memory.workspace


def test_results_that_overwrite_an_argument_need_no_memory() -> None:
    report = report_of(lambda x: x * 2.0, np.ones(1000), donate_argnums=0)
    assert report.memory.results == 0
    assert report.memory.peak == 8000


def test_times_of_all_stages() -> None:
    f = ft.jit(lambda x: np.tanh(x) * 3.25)
    times = f.lower(np.ones(5)).report().times
    for seconds in (times.trace, times.passes, times.build, times.llvm):
        assert seconds is not None
        assert 0.0 < seconds < 60.0
    assert times.total == pytest.approx(
        sum(s or 0.0 for s in (times.trace, times.passes, times.build, times.llvm))
    )
    assert "trace" in str(times)


def test_the_report_says_what_came_from_the_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FUNCTRANS_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setenv("FUNCTRANS_CACHE", "1")

    def make() -> Report:
        return report_of(lambda x: np.tanh(x) * 4.75, np.ones(5))

    assert not make().times.cached
    again = make()
    assert again.times.cached
    assert "from the cache" in str(again)


# --- stages --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "args"),
    [(recurrent, (W, XS)), (doubling, (np.ones(N),)), (nested, (np.ones(N),))],
    ids=["scan", "while", "nested"],
)
@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_shows_loops(function: Any, args: Any, stage: str) -> None:
    text = ft.jit(function).lower(*args).as_text(stage)
    assert text.strip()
    if stage in ("statements", "clusters", "loops"):
        assert re.search(r"repeat \d+ times|while", text)
        assert re.search("tanh|mul", text)
    if stage == "buffers":
        assert "for a loop" in text


def test_statements_are_what_fusion_starts_from() -> None:
    lowered = ft.jit(lambda x: np.sum(np.tanh(x) * 2.0)).lower(np.ones(30))
    text = lowered.as_text("statements")
    assert text.count("for i0 < 30") == 3
    assert lowered.as_text("clusters").count("for i0 < 30") == 1
    assert lowered.as_text("statements") == text


# --- FUNCTRANS_DUMP ------------------------------------------------------------------------------


def dumped_loss(x: Any) -> Any:
    return np.sum(x * 1.5)


def test_stages_are_dumped_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FUNCTRANS_DUMP", "buffers, loops")
    ft.jit(dumped_loss)(np.ones(4))
    err = capsys.readouterr().err
    heads = re.findall(r"^--- (\d+)-(\w+): (\w+)$", err, re.MULTILINE)
    assert [(name, stage) for _, name, stage in heads] == [
        ("dumped_loss", "loops"),
        ("dumped_loss", "buffers"),
    ]
    assert "for i0 < 4" in err
    ft.jit(dumped_loss)(np.ones(5))
    numbers = re.findall(r"^--- (\d+)", capsys.readouterr().err, re.MULTILINE)
    assert int(numbers[0]) == int(heads[0][0]) + 1


def test_stages_are_dumped_to_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("FUNCTRANS_DUMP", "all")
    monkeypatch.setenv("FUNCTRANS_DUMP_DIR", str(tmp_path / "made"))
    ft.jit(dumped_loss)(np.ones(6))
    ft.jit(dumped_loss)(np.ones(7))
    assert capsys.readouterr().err == ""
    files = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert len(files) == 2 * len(STAGES)
    assert all(name.startswith(f"{os.getpid()}-") for name in files)
    assert {name.split(".")[1] for name in files} == set(STAGES)
    texts = [file.read_text() for file in (tmp_path / "made").glob("*.loops.txt")]
    assert sorted("< 7 unrolled" in text for text in texts) == [False, True]


def test_a_stage_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTRANS_DUMP", "loops,nonsense")
    with pytest.raises(OptionError, match=r"'nonsense'(.|\n)*jaxpr, passes, statements"):
        ft.jit(dumped_loss)(np.ones(8))
    monkeypatch.setenv("FUNCTRANS_DUMP", "")
    assert ft.jit(dumped_loss)(np.ones(8)) == 12.0
