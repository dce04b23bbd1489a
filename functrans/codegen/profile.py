"""Where a program's time goes: the same code, counting the processor's cycles in every cluster.

Reading the counter takes time too, unless the processor does it beside its other work. A loop of
nothing but readings says how much at most; the same program without clocks says how much in all.
That is taken off again: off each cluster what lies between its two readings, off a loop what the
clocks inside it cost. Each row's time is its own, without that of the clusters inside it.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from functrans.codegen.compile import Compiled, compile_ir
from functrans.codegen.executable import Executable, Loaded, MadeOnce, normal, without_float0
from functrans.codegen.host import once
from functrans.codegen.report import InnerRow, Row
from functrans.core.avals import float0
from functrans.core.jaxpr import remember
from functrans.rich import Rich

if TYPE_CHECKING:
    from functrans.codegen.pipeline import Program

_SECONDS = 0.3  # of measuring
_PATIENCE = 3.0  # of measuring fewer than _FEWEST runs
_FEWEST = 5
_MOST = 1000  # runs
_LINES = 6  # of the user's code shown for each row
_SHARP = 20e-9  # seconds: what takes less overlaps with its neighbours in the processor


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One cluster: ``seconds`` of each call are spent in it and not in clusters inside it.

    ``runs`` is how often a call ran it, also inside while loops.
    """

    row: Row
    seconds: float
    share: float
    runs: int

    @property
    def flops(self) -> int:
        """Operations on numbers in one call."""
        return self.row.flops * self.runs

    @property
    def bytes(self) -> int:
        """Bytes read and written in one call."""
        return self.row.bytes * self.runs

    @property
    def gflops(self) -> float:
        """Billions of operations a second; NaN where a run is too short to say."""
        return self._rate(self.flops)

    @property
    def gbytes(self) -> float:
        """Billions of bytes a second; NaN where a run is too short to say."""
        return self._rate(self.bytes)

    def _rate(self, amount: int) -> float:
        sharp = self.runs and self.seconds >= _SHARP * self.runs
        return amount / self.seconds * 1e-9 if sharp else math.nan

    def __str__(self) -> str:
        return (
            f"{self.seconds * 1e6:10.2f} {self.share:7.1%} {self.runs:9,} {_rate(self.gflops)} "
            f"{_rate(self.gbytes)}  {self.row.label} {self.row.title}"
        )


@dataclass(frozen=True, slots=True)
class Profile(Rich):
    """The time of one call, cluster by cluster; printed, it is a table with the slowest first.

    Attributes
    ----------
    name: of the function.
    seconds: of one call of the program as it is; the median of ``calls``.
    clocked_seconds: of one call while cycles are counted.
    rows: in the order of the program, as in the report; empty where the processor's counter cannot
        be read.
    outside: seconds of a call that no cluster spends: taking arguments apart, making results.

    >>> profile = ft.jit(lambda x, y: np.sum(np.exp(x) @ y)).profile(*np.ones((2, 40, 40)))
    >>> [row.row.title for row in profile.rows]
    ['kernel   exp', 'library  dgemm (40×40)·(40×40)', 'kernel   reduce_sum']
    >>> 0.0 < max(row.seconds for row in profile.rows) <= profile.clocked_seconds
    True
    """

    name: str
    seconds: float
    clocked_seconds: float
    calls: int
    outside: float
    rows: tuple[ProfileRow, ...]

    def __str__(self) -> str:
        lines = [
            f"{self.name}: {self.seconds * 1e6:.2f} µs a call, "
            f"{self.clocked_seconds * 1e6:.2f} µs while measured (medians of {self.calls} calls)"
        ]
        if not self.rows:
            lines.append("no times of kernels: this processor's cycle counter cannot be read")
            return "\n".join(lines)
        lines.append(f"{'µs':>10} {'share':>7} {'runs':>9} {'GFlop/s':>8} {'GB/s':>8}")
        for row in sorted(self.rows, key=lambda row: -row.seconds):
            lines.append(str(row))
            lines += [f"{'':49}{line}" for line in _source_lines(row.row)]
        lines.append(f"{self.outside * 1e6:10.2f} {'':35}  outside: arguments and results")
        return "\n".join(lines)


def profile(executable: Executable, leaves: Sequence[Any], name: str = "program") -> Profile:
    """Run the program of ``executable`` on flat arguments, with and without clocks, and compare.

    It takes 0.3 s, or five calls where they take longer, but no more than about 3 s unless a single
    call does. Arguments that the program may overwrite are copied for every run.
    """
    counting, arguments = _counting(executable, leaves)
    run = counting.plain.stub(_missed)
    counted = counting.stub(_missed)
    with counting.lock:
        _now()  # compiled by now
        began, began_cycles = time.perf_counter(), _now()
        plain: list[float] = []
        clocked: list[float] = []
        samples: list[np.ndarray[Any, Any]] = []
        while _is_too_few(len(samples), time.perf_counter() - began):
            plain.append(_timed(run, arguments()))
            counting.counters[:] = 0
            clocked.append(_timed(counted, arguments()))
            samples.append(counting.counters.copy())
        cycles = _now() - began_cycles
        seconds = time.perf_counter() - began
    if len(samples) > 1:  # the first run warms up
        del plain[0], clocked[0], samples[0]
    wall, clocked_wall = float(np.median(plain)), float(np.median(clocked))
    if cycles <= 0:
        return Profile(name, wall, clocked_wall, len(samples), 0.0, ())
    tick = seconds / cycles
    spent = (np.median([sample[:, 0] for sample in samples], axis=0) * tick).tolist()
    runs = samples[-1][:, 1].tolist()
    rows = counting.plain.program.report().rows
    costs = _costs(tick).at_most(max(clocked_wall - wall, 0.0), sum(runs))
    own, around = _own_times(rows, spent, runs, costs)
    total = sum(own) or 1.0
    return Profile(
        name,
        wall,
        clocked_wall,
        len(samples),
        max(clocked_wall - around, 0.0),
        tuple(ProfileRow(row, s, s / total, n) for row, s, n in zip(rows, own, runs, strict=True)),
    )


# --- the program that counts ---------------------------------------------------------------------


class _Counting(Executable):
    """The program of ``plain`` with a clock around every cluster."""

    def __init__(self, plain: Executable) -> None:
        super().__init__(plain.jaxpr, plain.donated)
        self.plain = plain

    @MadeOnce
    def program(self) -> Program:
        return self.plain.program.clocked()

    @MadeOnce
    def loaded(self) -> Loaded:
        return self._made()

    @property
    def counters(self) -> np.ndarray[Any, Any]:
        """Cycles and runs of every cluster so far."""
        counters: np.ndarray[Any, Any] = self.loaded.constants[-1]
        return counters


def _counting(
    executable: Executable, leaves: Sequence[Any]
) -> tuple[_Counting, Callable[[], list[Any]]]:
    """The counting program, made once for each Jaxpr, and what makes its arguments."""
    jaxpr = executable.jaxpr
    dense = [i for i, a in enumerate(jaxpr.in_avals) if a.dtype != float0]
    donated = frozenset(executable.donated)

    def make() -> _Counting:
        empty = len(dense) < len(jaxpr.invars)
        return _Counting(Executable(without_float0(jaxpr)) if empty else executable)

    counting: _Counting = remember(jaxpr, ("counting", donated), make)
    given = [normal(leaves[i], jaxpr.in_avals[i]) for i in dense]
    fresh = {k for k, i in enumerate(dense) if i in donated and isinstance(given[k], np.ndarray)}

    def arguments() -> list[Any]:
        return [x.copy() if k in fresh else x for k, x in enumerate(given)]

    return counting, arguments


def _missed(*args: Any) -> Any:
    raise AssertionError(f"the call stub refused {[type(x).__name__ for x in args]}")


def _timed(function: Callable[..., Any], arguments: Sequence[Any]) -> float:
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def _is_too_few(runs: int, seconds: float) -> bool:
    if runs < _FEWEST:
        return runs == 0 or seconds < _PATIENCE
    return runs < _MOST and seconds < _SECONDS


# --- clocks --------------------------------------------------------------------------------------

_CLOCK = """
declare i64 @llvm.readcyclecounter()

define i64 @now() {
  %t = call i64 @llvm.readcyclecounter()
  ret i64 %t
}

define void @pairs(ptr %cell, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %began = call i64 @llvm.readcyclecounter()
  %ended = call i64 @llvm.readcyclecounter()
  %spent = sub i64 %ended, %began
  %before = load volatile i64, ptr %cell
  %after = add i64 %before, %spent
  store volatile i64 %after, ptr %cell
  %next = add i64 %i, 1
  %done = icmp eq i64 %next, %n
  br i1 %done, label %exit, label %loop
exit:
  ret void
}
"""


@once
def _clock() -> Compiled:
    return compile_ir(_CLOCK, "now")


def _now() -> int:
    """The processor's cycle counter; always the same number where it cannot be read."""
    now: int = ctypes.CFUNCTYPE(ctypes.c_int64)(_clock().address)()
    return now


@dataclass(frozen=True, slots=True)
class _Costs:
    """Seconds that a clock adds: between its two readings, and in all."""

    between: float
    whole: float

    def at_most(self, seconds: float, clocks: int) -> _Costs:
        """These costs, less where so many clocks took no more than ``seconds``."""
        factor = min(1.0, seconds / (clocks * self.whole)) if clocks else 1.0
        return _Costs(factor * self.between, factor * self.whole)


def _costs(tick: float) -> _Costs:
    pairs = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(_clock().address_of("pairs"))
    cell = np.zeros(1, np.int64)
    n = 1000
    found = []
    for _ in range(9):
        cell[0] = 0
        start = time.perf_counter()
        pairs(cell.ctypes.data, n)
        whole = (time.perf_counter() - start) / n
        found.append(_Costs(float(cell[0]) / n * tick, whole))
    return min(found, key=lambda costs: costs.whole)


def _own_times(
    rows: Sequence[Row], spent: Sequence[float], runs: Sequence[int], costs: _Costs
) -> tuple[list[float], float]:
    """Seconds of each cluster alone, and of all clusters with their clocks.

    ``spent`` includes what lies inside a cluster.
    """
    own = [s - n * costs.between for s, n in zip(spent, runs, strict=True)]
    around = [s + n * (costs.whole - costs.between) for s, n in zip(spent, runs, strict=True)]
    numbers = {row.path: k for k, row in enumerate(rows)}
    top = 0.0
    for k, row in enumerate(rows):
        if len(row.path) > 1:
            own[numbers[row.path[:-1]]] -= around[k]
        else:
            top += around[k]
    return [max(seconds, 0.0) for seconds in own], top


# --- printing ------------------------------------------------------------------------------------


def _rate(value: float) -> str:
    return f"{value:8.2f}" if value > 0 else f"{'':8}"


def _source_lines(row: Row) -> Iterator[str]:
    """The user's lines; those of a loop stand at what is inside."""
    sources = row.sources[:1] if isinstance(row, InnerRow) else row.sources
    for source in sources[:_LINES]:
        yield f"{source}  {source.text:.80}".rstrip()
    if len(sources) > _LINES:
        yield f"and {len(sources) - _LINES} lines more"
