"""A fresh process: import, trace, compile and first result of the network's gradient."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

from benchmarks.harness import Row, installed

FIRST_GRADIENT = """
    import time
    start = time.perf_counter()
    import {library} as lib, {library}.numpy as np
    from benchmarks.models import mlp_arguments, mlp_loss
    params, x, targets = mlp_arguments()
    gradient = lib.jit(lib.grad(mlp_loss(np)))(params, x, targets)
    first = gradient[0][0][0, 0].item()
    print(time.perf_counter() - start)
    """


def in_fresh_process(code: str) -> float:
    """Run ``code`` in a new interpreter and read the number that it prints."""
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # bytecode is cached, as when installed
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)],
        cwd=Path(__file__).parent.parent,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


def first_gradient_seconds(library: str) -> float:
    return in_fresh_process(FIRST_GRADIENT.format(library=library))


def rows(rounds: int) -> Iterator[Row]:
    if not installed("jax"):
        return
    for library in ("functrans", "jax"):
        first_gradient_seconds(library)  # writes bytecode and fills the file cache
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(first_gradient_seconds("functrans"))
        theirs.append(first_gradient_seconds("jax"))
    yield Row("process: import to first MLP gradient", "jax", ours, theirs, most=0.6)
