"""A fresh process: import, trace, compile and first result of the network's gradient.

Once with empty caches on disk and once with full ones, ours and JAX's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
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


def in_fresh_process(code: str, cache: str | None = None) -> float:
    """Run ``code`` in a new interpreter and read the number that it prints.

    Compiled programs are kept in the folder ``cache``, by default nowhere.
    """
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # bytecode is cached, as when installed
    environment["FUNCTRANS_CACHE"] = "0"
    if cache is not None:
        environment |= {
            "FUNCTRANS_CACHE": "1",
            "FUNCTRANS_CACHE_DIR": cache,
            "JAX_COMPILATION_CACHE_DIR": cache + "-jax",
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)],
        cwd=Path(__file__).parent.parent,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


def first_gradient_seconds(library: str, cache: str | None = None) -> float:
    return in_fresh_process(FIRST_GRADIENT.format(library=library), cache)


def cold(library: str) -> float:
    with TemporaryDirectory() as folder:
        return first_gradient_seconds(library, str(Path(folder, "cache")))


def rows(rounds: int) -> Iterator[Row]:
    if not installed("jax"):
        return
    libraries = ("functrans", "jax")
    for library in libraries:
        first_gradient_seconds(library)  # writes bytecode and fills the file cache
    samples = [(cold("functrans"), cold("jax")) for _ in range(rounds)]
    yield Row("process: import to first MLP gradient", "jax", *columns(samples), most=0.5)
    with TemporaryDirectory() as folder:
        kept = str(Path(folder, "cache"))
        for library in libraries:
            first_gradient_seconds(library, kept)
        samples = [
            (first_gradient_seconds("functrans", kept), first_gradient_seconds("jax", kept))
            for _ in range(rounds)
        ]
    what = "process: the same, compiled programs on disk"
    yield Row(what, "jax", *columns(samples), most=0.5, most_seconds=0.25)


def columns(samples: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    ours, theirs = zip(*samples, strict=True)
    return list(ours), list(theirs)
