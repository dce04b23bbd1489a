"""What calls leave behind: references and bytes."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any


def assert_nothing_stays(
    once: Callable[[], None], watched: Sequence[Any], *, warm: int, runs: int, slack: int
) -> None:
    """Run ``once`` again and again: counts of references stay, memory does not grow.

    ``warm`` runs fill caches first; counts may differ by ``slack``.
    """

    def counts() -> list[int]:
        return [sys.getrefcount(thing) for thing in watched]

    for _ in range(warm):
        once()
    gc.collect()
    before = counts()
    tracemalloc.start()
    for _ in range(20):
        once()
    gc.collect()
    memory = tracemalloc.get_traced_memory()[0]
    for _ in range(runs):
        once()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - memory
    tracemalloc.stop()
    assert all(abs(a - b) <= slack for a, b in zip(counts(), before, strict=True))
    assert grown < 20_000
