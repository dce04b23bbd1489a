"""The README's examples print what it says, and its picture is what the library draws."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_examples_of_the_readme_run() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {}, readme.name, str(readme), 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = doctest.DocTestRunner(optionflags=flags).run(examples)
    assert results.attempted > 5
    assert results.failed == 0


def test_the_picture_is_current() -> None:
    command = [sys.executable, "docs/make_pictures.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or "run python docs/make_pictures.py"
