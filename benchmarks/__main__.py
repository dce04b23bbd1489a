"""The one command: ``python -m benchmarks [NAME …] [--rounds N] [--json FILE] [--only PART]``.

Everything runs in one thread on one core; the environment that says so must be set before NumPy
and JAX are imported, hence the imports inside ``main``.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

GROUPS = {
    "import": "benchmarks.importing",
    "eager": "benchmarks.eager",
    "jitted": "benchmarks.jitted",
    "call": "benchmarks.calling",
    "compile": "benchmarks.compiling",
    "process": "benchmarks.process",
    "functions": "benchmarks.functions",
    "fused": "benchmarks.fused",
    "loops": "benchmarks.loops",
    "budgets": "benchmarks.budgets",
    "random": "benchmarks.random_numbers",
    "linalg": "benchmarks.linalg",
    "tf": "benchmarks.tf",
    "adbench": "benchmarks.adbench.run",
}

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
    "FUNCTRANS_CACHE": "0",  # what is compiled is measured; benchmarks.process turns it on
}


def use_one_core() -> None:
    """Keep this process and its children on one core and one thread."""
    os.environ.update(ONE_THREAD)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main() -> int:
    """Measure the named groups, or all of them, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(GROUPS)}")
    parser.add_argument("--rounds", type=int, default=15, help="interleaved repetitions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the samples here")
    parser.add_argument("--only", default="", metavar="PART", help="cases whose name contains it")
    parser.add_argument("--full", action="store_true", help="adbench: larger cases too")
    parser.add_argument("--memory", action="store_true", help="adbench: peak memory, on Linux")
    parser.add_argument(
        "--manual", type=Path, metavar="LIBRARY", help="adbench: ADBench's C++, built separately"
    )
    options = parser.parse_args()
    unknown = set(options.names) - set(GROUPS)
    if unknown:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")

    use_one_core()
    from benchmarks import harness

    harness.print_versions()
    print(f"\n{harness.HEADER}")
    rows: list[harness.Row] = []
    for name in options.names or GROUPS:
        group = importlib.import_module(GROUPS[name])
        print(f"\npython -m benchmarks {name}", flush=True)
        chosen = {option: getattr(options, option) for option in getattr(group, "OPTIONS", ())}
        for row in group.rows(options.rounds, **chosen):
            rows.append(row)
            harness.print_row(row)
    harness.print_summary(rows)
    if options.json:
        records = [harness.record(row) for row in rows]
        options.json.write_text(json.dumps(records, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
