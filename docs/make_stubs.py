"""Writes the stubs of rooms: their names for editors and type checkers.

A room of ``functrans.tf`` finds its names in the table ``functrans/tf/rooms.py`` when they are
used, which no checker follows. Run ``python docs/make_stubs.py`` after adding a name to the table;
with ``--check`` nothing is written and the exit status is 1 where a stub is out of date. A room
whose file defines functions itself has no stub: checkers read the file. The rooms of ufuncs are
those of :mod:`array_stubs`.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import array_stubs  # noqa: E402  (found by the path)

from functrans.tf.rooms import NAMES, SAME, names  # noqa: E402

TF = ROOT / "functrans" / "tf"
HEAD = '"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""'


def stubs() -> dict[Path, str]:
    """The text of each stub, by its file."""
    sources = {room: source_of(room) for room in NAMES if room not in SAME}
    return array_stubs.stubs() | {
        source.with_suffix(".pyi"): text(room)
        for room, source in sources.items()
        if is_empty(source)
    }


def source_of(room: str) -> Path:
    """The file of a room."""
    place = TF.joinpath(*room.split(".")) if room else TF
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def is_empty(source: Path) -> bool:
    """Whether a room's file offers nothing but the names of the table."""
    body = ast.parse(source.read_text(encoding="utf-8")).body
    defined = [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return defined == ["__getattr__", "__dir__"] and source.stem != "version"


def text(room: str) -> str:
    """The stub of a room: imports by file, then the public names."""
    module = f"functrans.tf.{room}".rstrip(".")
    listed = [f"    {name!r}," for name in names(module)]
    lines = [HEAD, "", *imports(room, module), "", "__all__ = [", *listed, "]"]
    return "\n".join(lines if room else [*lines, "", "__version__: str"]).replace("'", '"') + "\n"


def imports(room: str, module: str) -> Iterator[str]:
    """One line for each public name of a room."""
    homes = {}
    for file, listed in NAMES[room].items():
        for entry in listed.split():
            name, _, own = entry.partition(":")
            homes[name] = f"functrans.tf.{file}", own or name
    for name in names(module):
        if name not in homes:  # a room in this one
            inner = f"{room}.{name}".lstrip(".")
            folder, _, own = f"functrans.tf.{SAME.get(inner, inner)}".rpartition(".")
            homes[name] = folder, own
        file, own = homes[name]
        yield f"from {file} import {own} as {name}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the stubs of rooms.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if out of date")
    check = parser.parse_args().check
    made = stubs()
    stale = [f for f, text in made.items() if not f.exists() or f.read_text("utf-8") != text]
    stale += [file for file in (ROOT / "functrans").rglob("*.pyi") if file not in made]
    for file in stale:
        print(file.relative_to(ROOT))
        if not check:
            file.unlink() if file not in made else file.write_text(made[file], encoding="utf-8")
    return int(check and bool(stale))


if __name__ == "__main__":
    raise SystemExit(main())
