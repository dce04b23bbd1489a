"""Eager derivatives find their memory again instead of asking the system for it each time."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNTED = """
import resource
import numpy as np
import functrans as ft

def energy(r):
    s = 1.0 / (r * r)
    s = s * s * s
    return np.sum(4.0 * (s * s - s))

gradient, r = ft.grad(energy), np.linspace(1.0, 2.0, 100_000)
gradient(r), gradient(r)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    gradient(r)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 10)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's heap alone")
def test_a_gradient_finds_the_pages_of_the_one_before() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNTED], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 800  # 100,000 doubles are 195 pages; all arrays together 2,400
