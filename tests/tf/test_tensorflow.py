"""The records are still true: the cases on TensorFlow itself, where it is installed.

Each group has a process of its own, as when it was recorded: TensorFlow remembers constants and
names from one program to the next.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.tf.oracle import ROOT, groups

pytest.importorskip("tensorflow", reason="needs the dependency group tensorflow")


@pytest.mark.parametrize("name", groups())
def test_tensorflow_gives_what_was_recorded(name: str) -> None:
    command = [sys.executable, "-m", "tests.tf.record", "--check", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
