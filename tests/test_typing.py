"""Two type checkers agree on what public signatures say, and find the mistakes they should."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CASES = sorted((ROOT / "tests" / "typing").glob("*.py"))
MYPY = "mypy", "--no-error-summary", "--hide-error-context"
PYRIGHT = "basedpyright", "--level", "error", "--outputjson", "--pythonpath", sys.executable


def expected() -> list[tuple[str, int]]:
    """Files and lines of the mistakes."""
    return [
        (file.name, number)
        for file in CASES
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if line.endswith("  # expected")
    ]


def run(command: tuple[str, ...]) -> str:
    """What a checker of this environment prints about the cases."""
    module = [sys.executable, "-m", *command, *map(str, CASES)]
    done = subprocess.run(module, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr  # mistakes were found, and no crash
    return done.stdout


def test_mypy_finds_the_mistakes_and_no_others() -> None:
    found = re.findall(r"^.*?(\w+\.py):(\d+): error", run(MYPY), re.MULTILINE)
    assert sorted({(file, int(line)) for file, line in found}) == expected()


def test_pyright_finds_the_mistakes_and_no_others() -> None:
    found = json.loads(run(PYRIGHT))["generalDiagnostics"]
    lines = {(Path(e["file"]).name, e["range"]["start"]["line"] + 1) for e in found}
    assert sorted(lines) == expected()


def test_the_stubs_are_current() -> None:
    command = [sys.executable, "docs/make_stubs.py", "--check"]
    stale = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert stale.stdout == "", "run python docs/make_stubs.py"
    assert stale.returncode == 0, stale.stderr
