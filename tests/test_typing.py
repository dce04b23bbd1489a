"""Two type checkers agree on what public signatures say, and find the mistakes they should."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import functrans.typing
from tests import test_docs
from tests.test_docs import ROOMS

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


def public_names(file: Path) -> Path:
    """A file that reads every name of every public room, to be found without mistakes."""
    rooms = {room: test_docs.public_names(importlib.import_module(room)) for room in ROOMS}
    lines = [f"import {room}" for room in rooms]
    for number, (room, names) in enumerate(rooms.items()):
        lines.append(f"names{number} = {', '.join(f'{room}.{name}' for name in names)}")
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def run(command: tuple[str, ...], folder: Path) -> str:
    """What a checker of this environment prints about the cases and the public names."""
    files = [*CASES, public_names(folder / "names.py")]
    module = [sys.executable, "-m", *command, *map(str, files)]
    done = subprocess.run(module, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr  # mistakes were found, and no crash
    return done.stdout


def test_mypy_finds_the_mistakes_and_no_others(tmp_path: Path) -> None:
    found = re.findall(r"^.*?(\w+\.py):(\d+): error", run(MYPY, tmp_path), re.MULTILINE)
    ours = {file.name for file in CASES} | {"names.py"}  # and not what else mypy reads
    assert sorted({(file, int(line)) for file, line in found if file in ours}) == expected()


def test_pyright_finds_the_mistakes_and_no_others(tmp_path: Path) -> None:
    found = json.loads(run(PYRIGHT, tmp_path))["generalDiagnostics"]
    lines = {(Path(e["file"]).name, e["range"]["start"]["line"] + 1) for e in found}
    assert sorted(lines) == expected()


def test_the_stubs_are_current() -> None:
    command = [sys.executable, "docs/make_stubs.py", "--check"]
    stale = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert stale.stdout == "", "run python docs/make_stubs.py"
    assert stale.returncode == 0, stale.stderr


def test_the_page_on_types_is_complete() -> None:
    page = (ROOT / "docs" / "howto" / "types.md").read_text(encoding="utf-8")
    rows = " ".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    assert sorted(re.findall(r"`(\w+)`", rows)) == sorted(functrans.typing.__all__)
