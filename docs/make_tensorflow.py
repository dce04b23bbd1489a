"""Writes docs/tensorflow_names.md, the table of TensorFlow's names, and the data of its hints.

Run ``python docs/make_tensorflow.py`` after adding a name to ``functrans/tf/rooms.py``, or after
``python -m tests.tf.record_names``; with ``--check`` nothing is written and the exit status is 1
where something is out of date.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tensorflow_names.md"
DATA = ROOT / "functrans" / "tf" / "absent.txt"
RECORD = ROOT / "tests" / "data" / "tf" / "names.json"
sys.path.insert(0, str(ROOT))

import functrans.tf as tf  # noqa: E402  (found by the path)
from functrans.tf.absent import what_to_use  # noqa: E402
from functrans.tf.rooms import NAMES, names  # noqa: E402

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>|'[^']*'")

WHOLE = frozenset(
    "autodiff bitwise debugging dtypes errors linalg math nest nn random strings".split()
)
"""Rooms of tf that have a table of their own, with all that TensorFlow has in them."""

INTRODUCTION = """\
# TensorFlow's names

Written by `python docs/make_tensorflow.py` from the signatures of TensorFlow {version}; do not
edit. {there} of TensorFlow's names are in `functrans.tf`, each with TensorFlow's arguments in
TensorFlow's order where nothing else is said.

● is there; ◐ is there with fewer arguments, which are named; ○ is not there, and what to use is
said. Rooms of TensorFlow's of which nothing is there are listed at the end.
"""


def rooms() -> dict[str, dict[str, str]]:
    """TensorFlow's names and signatures by room."""
    found: dict[str, dict[str, str]] = json.loads(RECORD.read_text(encoding="utf-8"))["rooms"]
    return found


ABSENT = object()


def ours(room: str, name: str) -> Any:
    """Our value of a name, or ABSENT."""
    if room not in NAMES or name not in names(f"functrans.tf.{room}".rstrip(".")):
        return ABSENT
    value: Any = tf
    for part in [*filter(None, room.split(".")), name]:
        value = getattr(value, part)
    return value


def arguments(text: str) -> list[str]:
    """The names of the arguments in a signature's text.

    >>> arguments("(x, axis=(0, 1), *, name=None, **kwargs)")
    ['x', 'axis', 'name']
    """
    inside = text.partition("(")[2].rpartition(")")[0]
    while (bare := _BRACKETED.sub("", inside)) != inside:
        inside = bare
    parts = (part.partition("=")[0].strip() for part in inside.split(","))
    return [part for part in parts if part and not part.startswith(("*", "/"))]


def missing(theirs: str, value: Any) -> list[str]:
    """TensorFlow's arguments that ours lacks."""
    if not callable(value) or "(" not in theirs:
        return []
    own = inspect.signature(value).parameters
    return [name for name in arguments(theirs) if name not in own]


def row(room: str, name: str, theirs: str) -> tuple[str, str]:
    """The sign of our state, and the line of the table."""
    shown = "`" + ".".join(filter(None, ("tf", room, name))) + "`"
    signature = theirs.removeprefix("class ").replace("|", "\\|")
    signature = f"`{signature}`" if signature.startswith("(") else signature
    value = ours(room, name)
    if value is ABSENT:
        return "○", f"| {shown} | {signature} | ○ {what_to_use(room, name)} |"
    lacking = missing(theirs, value)
    if lacking:
        return "◐", f"| {shown} | {signature} | ◐ without {', '.join(f'`{a}`' for a in lacking)} |"
    return "●", f"| {shown} | {signature} | ● |"


def tables() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each room that has a table, with its rows."""
    for room, theirs in rooms().items():
        if room in NAMES or room in WHOLE:
            yield room, [row(room, name, theirs[name]) for name in theirs]


def page() -> str:
    """The text of the page."""
    found = list(tables())
    signs = Counter(sign for _, rows in found for sign, _ in rows)
    version = json.loads(RECORD.read_text(encoding="utf-8"))["tensorflow"]
    parts = [INTRODUCTION.format(version=version, there=signs["●"] + signs["◐"])]
    for room, rows in found:
        count = Counter(sign for sign, _ in rows)
        parts.append(
            f"## {'.'.join(filter(None, ('tf', room)))}\n\n"
            f"{count['●'] + count['◐']} of {len(rows)}.\n\n"
            "| name | TensorFlow's signature | here |\n|---|---|---|\n"
            + "\n".join(line for _, line in rows)
            + "\n"
        )
    absent_rooms = [r for r in rooms() if r and r not in NAMES and r not in WHOLE]
    listed = "\n".join(f"| `tf.{r}` | {len(rooms()[r])} |" for r in absent_rooms)
    parts.append(f"## Rooms that are not here\n\n| room | names |\n|---|---|\n{listed}\n")
    return "\n".join(parts)


def data() -> str:
    """TensorFlow's names, a room a line, for the hints about names that are not here."""
    return "".join(f"{room}:{' '.join(theirs)}\n" for room, theirs in rooms().items())


MADE = {DATA: data, PAGE: page}
"""What is written, in the order in which one depends on the other."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if out of date")
    check = parser.parse_args().check
    stale = []
    for file, make in MADE.items():
        if check and file.exists() and file.read_text(encoding="utf-8") == make():
            continue
        stale.append(file)
        if not check:
            file.write_text(make(), encoding="utf-8")
    for file in stale if check else ():
        print(f"{file} is out of date: run python docs/make_tensorflow.py")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
