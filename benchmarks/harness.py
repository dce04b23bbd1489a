"""How things are timed and shown: peers take turns, medians are compared."""

from __future__ import annotations

import gc
import importlib.util
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from statistics import median
from typing import Any

Call = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured comparison: seconds of every round, ours and the peer's.

    ``most`` is the largest ratio of medians that meets the target; ``most_seconds`` the largest
    median of ours. A row without a target only informs.
    """

    what: str
    peer: str
    ours: list[float]
    theirs: list[float]
    most: float | None = None
    most_seconds: float | None = None

    @property
    def ratio(self) -> float:
        return median(self.ours) / median(self.theirs)

    @property
    def met(self) -> bool | None:
        if self.most is not None and self.ratio > self.most:
            return False
        if self.most_seconds is not None and median(self.ours) > self.most_seconds:
            return False
        return None if self.most is None and self.most_seconds is None else True


def installed(*names: str) -> bool:
    """Whether the peers can be imported; says so where they cannot."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    for name in missing:
        print(f"  {name} is not installed: its rows are skipped.")
    return not missing


def take_turns(
    calls: Mapping[str, Call], rounds: int, shortest: float = 0.005
) -> dict[str, list[float]]:
    """Seconds a call in each round, for each name; the calls run in turn within a round.

    A short call is repeated so that one timing lasts about ``shortest`` seconds. The first call
    of each is not timed.
    """
    repeats = {name: _repeats(call, shortest) for name, call in calls.items()}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for round_number in range(rounds):
        for name in names if round_number % 2 == 0 else reversed(names):
            samples[name].append(_time(calls[name], repeats[name]))
    return samples


def _repeats(call: Call, shortest: float) -> int:
    call()
    repeats = 1
    while (elapsed := _time(call, repeats) * repeats) < shortest / 2:
        repeats *= 2 if elapsed > shortest / 20 else 10
    return max(1, round(repeats * shortest / elapsed)) if elapsed < shortest else repeats


def _time(call: Call, repeats: int) -> float:
    collecting = gc.isenabled()
    gc.disable()
    try:
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        return (time.perf_counter() - start) / repeats
    finally:
        if collecting:
            gc.enable()


def print_versions() -> None:
    """The machine and the versions that the figures belong to."""
    names = ["numpy", "numba", "llvmlite", "jax", "autograd"]
    found = [f"{n} {version(n)}" for n in names if importlib.util.find_spec(n) is not None]
    print(f"Python {platform.python_version()}, {', '.join(found)}")
    print(f"{platform.machine()}, one thread on one core")


HEADER = f"  {'what':<46}{'ours':>11}  {'peer':<22}{'its time':>11}{'ratio':>9}{'target':>18}  met"


def print_row(row: Row) -> None:
    """One line: medians, their ratio, the target and whether it is met."""
    targets = []
    if row.most is not None:
        targets.append(f"≤ {row.most:g} ×")
    if row.most_seconds is not None:
        targets.append(f"≤ {_seconds(row.most_seconds)}")
    met = {True: "yes", False: "NO", None: ""}[row.met]
    print(
        f"  {row.what:<46}{_seconds(median(row.ours)):>11}  "
        f"{row.peer:<22}{_seconds(median(row.theirs)):>11}"
        f"{row.ratio:>9.3g}{', '.join(targets):>18}  {met}",
        flush=True,
    )


def print_summary(rows: list[Row]) -> None:
    """How many targets are met."""
    judged = [row for row in rows if row.met is not None]
    print(f"\n{sum(bool(row.met) for row in judged)} of {len(judged)} targets met.")


def record(row: Row) -> dict[str, Any]:
    """The row with its medians, for a JSON file."""
    return {
        **asdict(row),
        "ours_median": median(row.ours),
        "theirs_median": median(row.theirs),
        "ratio": row.ratio,
        "median_of_ratios": median(a / b for a, b in zip(row.ours, row.theirs, strict=True)),
        "met": row.met,
    }


def _seconds(value: float) -> str:
    if abs(value) >= 1.0:
        return f"{value:.2f} s"
    if abs(value) >= 1e-3:
        return f"{1e3 * value:.3g} ms"
    return f"{1e6 * value:.3g} µs"
