"""Every formulation in both libraries; the fastest of each meet, and Manual, in turn."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

import numpy as np

from benchmarks.adbench import ba, gmm, hand, lstm
from benchmarks.adbench.case import Array, Case, Program, difference, joined
from benchmarks.adbench.manual import Manual
from benchmarks.harness import Call, Row, installed, take_turns

OPTIONS = ("only", "manual", "full", "memory")
PROBLEMS = (gmm, ba, hand, lstm)
TOLERANCE = 1e-8


def rows(
    rounds: int,
    only: str = "",
    manual: Path | None = None,
    full: bool = False,
    memory: bool = False,
) -> Iterator[Row]:
    """The derivative and the objective of each case whose name contains ``only``."""
    reference = Manual(manual) if manual else None
    libraries = ["functrans", *(["jax"] if installed("jax") else [])]
    tally = Tally()
    for case in all_cases(full):
        if only.lower() in case.name.lower():
            for row in measured(case, libraries, rounds, reference, memory):
                tally.add(case, row)
                yield row
    tally.show()


def all_cases(full: bool = False) -> Iterator[Case]:
    for problem in PROBLEMS:
        yield from problem.cases(full)


@dataclass(frozen=True)
class Candidate:
    """A compiled formulation; ``compiling``: seconds from trace to callable of its derivative."""

    formulation: str
    calls: dict[str, Call]  # "value" and "derivative"
    compiling: float
    result: Array


@dataclass(frozen=True)
class Entry:
    """What is timed: one function of one formulation in one library, or of Manual."""

    library: str
    what: str
    formulation: str
    call: Call


def measured(
    case: Case, libraries: list[str], rounds: int, manual: Manual | None, memory: bool
) -> Iterator[Row]:
    """Rows of one case; wrong results are said and left out."""
    handle = case.prepare(manual) if manual else None
    expected = case.expected
    entries = []
    if handle is not None:
        handle.derivative()
        expected = case.ours_from(handle.result()[1])
        entries.append(Entry("Manual", "derivative", "", handle.derivative))
        entries.append(Entry("Manual", "value", "", handle.objective))
    found: dict[str, list[Candidate]] = {}
    for library in libraries:
        found[library] = candidates(case, library, expected)
        if not found[library]:
            print(f"  {case.name}: {library} has no right answer")
            return
        expected = found[library][0].result if expected is None else expected
        for candidate in found[library]:
            for what, call in candidate.calls.items():
                entries.append(Entry(library, what, candidate.formulation, call))
    samples, chosen = contest(entries, rounds)
    print(f"  {case.name}: " + "; ".join(f"{name}, {chosen[name]}" for name in found))
    yield from compared(case, samples)
    if "jax" in found:
        ours = [c.compiling for c in found["functrans"] if c.formulation == chosen["functrans"]]
        yield Row(f"{case.name} compile", "jax", ours, [min(c.compiling for c in found["jax"])])
    if memory:
        for library in found:
            peak = peak_memory(case, library, chosen[library])
            print(f"    peak memory, {library}: {peak:.1f} MB")


def contest(entries: list[Entry], rounds: int) -> tuple[dict[str, list[float]], dict[str, str]]:
    """The samples of each library's fastest value and derivative, and the latter's formulations.

    A trial leaves out what is clearly slower than a library's best; the rest meets in turn.
    """
    trial = taking_turns(entries, 3, 0.002)
    least: dict[tuple[str, str], float] = {}
    for entry, seconds in zip(entries, trial, strict=True):
        kind = entry.library, entry.what
        least[kind] = min(least.get(kind, math.inf), *seconds)
    finalists = [
        entry
        for entry, seconds in zip(entries, trial, strict=True)
        if min(seconds) <= 1.5 * least[entry.library, entry.what]
    ]
    samples: dict[str, list[float]] = {}
    chosen = {}
    for entry, seconds in zip(finalists, taking_turns(finalists, rounds, 0.005), strict=True):
        name = f"{entry.library} {entry.what}"
        if name not in samples or median(seconds) < median(samples[name]):
            samples[name] = seconds
            if entry.what == "derivative":
                chosen[entry.library] = entry.formulation
    return samples, chosen


def taking_turns(entries: list[Entry], rounds: int, shortest: float) -> list[list[float]]:
    calls = {str(i): entry.call for i, entry in enumerate(entries)}
    return list(take_turns(calls, rounds, shortest).values())


def compared(case: Case, samples: dict[str, list[float]]) -> Iterator[Row]:
    ours = samples["functrans derivative"]
    for what in ("derivative", "value"):
        for peer in ("Manual", "jax"):
            if f"{peer} {what}" in samples:
                judged = what == "derivative"
                most = (case.most if peer == "Manual" else 1.0) if judged else None
                mine, theirs = samples[f"functrans {what}"], samples[f"{peer} {what}"]
                yield Row(f"{case.name} {what}", peer, mine, theirs, most)
    if "jax derivative" in samples and "Manual derivative" in samples:
        theirs, manual = samples["jax derivative"], samples["Manual derivative"]
        yield Row(f"{case.name} derivative, of jax", "Manual", theirs, manual)
    yield Row(f"{case.name} derivative ÷ value", "own value", ours, samples["functrans value"])


def candidates(case: Case, library: str, expected: Array | None) -> list[Candidate]:
    """The formulations that compile and give the right derivative."""
    found = []
    for name, make in case.formulations.items():
        try:
            candidate = compiled(library, name, make)
        except Exception as error:  # one formulation that fails leaves the others
            first = str(error).partition("\n")[0]
            print(f"  {case.name}, {library}, {name}: {type(error).__name__}: {first}")
            continue
        wrong = 0.0 if expected is None else difference(candidate.result, expected)
        if wrong <= TOLERANCE:
            found.append(candidate)
        else:
            print(f"  {case.name}, {library}, {name}: WRONG by {wrong:.1e}")
    return found


def compiled(library: str, name: str, make: Callable[[Any], Program]) -> Candidate:
    lib = imported(library)
    program = make(lib)
    arguments = program.arguments
    derivative, objective = lib.jit(program.derivative), lib.jit(program.objective)
    if library == "jax":
        arguments = lib.tree.map(lib.numpy.asarray, arguments)
        start = time.perf_counter()
        derivative = derivative.lower(*arguments).compile()
        compiling = time.perf_counter() - start
        result = derivative(*arguments)
    else:
        start = time.perf_counter()
        result = derivative(*arguments)  # the first result is included
        compiling = time.perf_counter() - start

    def ready(function: Callable[..., Any]) -> Call:
        if library == "jax":
            return lambda: lib.block_until_ready(function(*arguments))
        return lambda: function(*arguments)

    calls = {"value": ready(objective), "derivative": ready(derivative)}
    return Candidate(name, calls, compiling, joined(result))


def imported(library: str) -> Any:
    """A library with its ``numpy``: JAX's names, whichever it is."""
    if library == "jax":
        import jax
        import jax.numpy

        return jax
    import functrans
    import functrans.numpy

    return functrans


# --- memory --------------------------------------------------------------------------------------


def peak_memory(case: Case, library: str, formulation: str) -> float:
    """MB that a fresh process needs for the derivative, beyond its libraries and arguments."""
    command = [sys.executable, "-m", "benchmarks.adbench.run", case.name, library]
    command.append(formulation)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def print_peak_memory(case_name: str, library: str, formulation: str) -> None:
    """What :func:`peak_memory` reads. Linux counts resident pages; compiling is left out.

    Pages that stay with a library between calls are counted, since the base is taken before the
    first call.
    """
    case = next(case for case in all_cases(full=True) if case.name == case_name)
    lib = imported(library)
    program = case.formulations[formulation](lib)
    small = lib.jit(lambda x: lib.numpy.sin(x))
    small(np.ones(3))  # the compiler is loaded
    arguments = program.arguments
    if library == "jax":
        arguments = lib.tree.map(lib.numpy.asarray, arguments)
    derivative = lib.jit(program.derivative)
    base = resident("VmRSS")
    lib.block_until_ready(derivative(*arguments))
    released()
    Path("/proc/self/clear_refs").write_text("5")
    lib.block_until_ready(derivative(*arguments))
    print((resident("VmHWM") - base) / 1e6)


def resident(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return 1024 * int(line.split()[1])
    raise RuntimeError(f"/proc/self/status has no {field}")


def released() -> None:
    """Give what the compiler has freed back to the system."""
    import ctypes
    import gc

    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


# --- summary -------------------------------------------------------------------------------------


class Tally:
    """The ratios of all rows, by what they compare."""

    def __init__(self) -> None:
        self.ratios: dict[tuple[str, str, str], list[float]] = {}

    def add(self, case: Case, row: Row) -> None:
        what = row.what.removeprefix(f"{case.name} ")
        for problem in (case.name.partition(" ")[0], "all"):
            self.ratios.setdefault((what, row.peer, problem), []).append(row.ratio)

    def show(self) -> None:
        print("\n  geometric means of the ratios; against its own value, the median")
        for (what, peer, problem), ratios in sorted(self.ratios.items()):
            mean = median(ratios) if peer == "own value" else geometric_mean(ratios)
            print(f"  {what + ' ÷ ' + peer:<36}{problem:<6}{len(ratios):>3} cases{mean:9.3g}")


if __name__ == "__main__":
    print_peak_memory(*sys.argv[1:])
