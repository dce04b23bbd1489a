"""``import functrans`` against ``import numpy`` alone, each in fresh processes, in turn."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.harness import Row
from benchmarks.process import in_fresh_process


def rows(rounds: int) -> Iterator[Row]:
    for module in ("numpy", "functrans"):
        import_seconds(module)  # writes bytecode and fills the file cache
    numpy, ours = [], []
    for _ in range(rounds):
        numpy.append(import_seconds("numpy"))
        ours.append(import_seconds("functrans"))
    yield Row("import functrans", "import numpy", ours, numpy)
    base = median(numpy)
    extra = [seconds - base for seconds in ours]
    yield Row("import functrans, less NumPy", "import numpy", extra, numpy, most_seconds=0.040)


def import_seconds(module: str) -> float:
    """Seconds that a fresh process takes for one import."""
    return in_fresh_process(
        f"""
        import time
        start = time.perf_counter()
        import {module}
        print(time.perf_counter() - start)
        """
    )
