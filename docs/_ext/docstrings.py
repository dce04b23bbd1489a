"""Docstrings for Sphinx: sections of ``name: text`` as field lists, whatever the name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from typing import Any

FIELDS = {"Parameters": "param", "Raises": "raises", "Attributes": "var", "Options": "param"}
_RULE = re.compile(r"-{3,}\s*$")


def converted(lines: list[str]) -> Iterator[str]:
    """The lines with underlined sections made field lists, or bold headings with text below."""
    field = ""
    i = 0
    while i < len(lines):
        line = lines[i]
        if i + 1 < len(lines) and _RULE.match(lines[i + 1]) and line.strip():
            title = line.strip()
            field = FIELDS.get(title, "")
            yield ""
            if not field:
                yield f".. rubric:: {title}"
            yield ""
            i += 2
            continue
        if line.startswith(">>>"):
            field = ""  # an example ends the section
        if field and line and not line.startswith(" "):
            yield from _entry(field, line)
            if ":" not in line:
                field = ""
        else:
            yield line
        i += 1


def _entry(field: str, line: str) -> Iterator[str]:
    """``a, b: text`` as one field for each name, the text at the last; other text as it is."""
    names, colon, text = line.partition(":")
    if not colon or not re.fullmatch(r"[\w.*, ]+", names):
        yield ""
        yield line
        return
    parts = [name.strip().replace("*", r"\*") for name in names.split(",")]
    for name in parts[:-1]:
        yield f":{field} {name}:"
    yield f":{field} {parts[-1]}:{text}"


_STARS = re.compile(r"\*\*(?=\w)|(?<=[(, ])\*(?=\w+[,)])")
"""The stars of ``*args`` and ``**kwargs`` in a signature, which start no emphasis."""


def _escaped(stars: re.Match[str]) -> str:
    return stars[0].replace("*", r"\*")


def _plain(line: str) -> str:
    """A line whose ``|x|`` is an absolute value, not one of Sphinx's substitutions."""
    if line.lstrip().startswith((">>>", "...")):
        return line
    return "``".join(
        part if inside else _STARS.sub(_escaped, part.replace("|", r"\|"))
        for part, inside in zip(line.split("``"), cycle([False, True]), strict=False)
    )


def process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """What Sphinx calls for each docstring."""
    lines[:] = list(converted([_plain(line) for line in lines]))


def setup(app: Any) -> dict[str, Any]:
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": True}
