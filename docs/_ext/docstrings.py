"""Docstrings for Sphinx: sections of ``name: text`` as field lists, whatever the name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from typing import Any

FIELDS = {
    "Parameters": "param",
    "Raises": "raises",
    "Returns": "returns",
    "Attributes": "var",
    "Options": "param",
}
_RULE = re.compile(r"-{3,}\s*$")
_NEXT_ERROR = re.compile(r"(?<=\.) (?=\w+Error: )")


def converted(lines: list[str]) -> Iterator[str]:
    """The lines with underlined sections made field lists, or bold headings with text below."""
    field, begun = "", False
    i = 0
    while i < len(lines):
        line = lines[i]
        if i + 1 < len(lines) and _RULE.match(lines[i + 1]) and line.strip():
            title = line.strip()
            field, begun = FIELDS.get(title, ""), False
            yield ""
            if not field:
                yield f".. rubric:: {title}"
            yield ""
            i += 2
            continue
        if line.startswith(">>>"):
            field = ""  # an example ends the section
        if field == "returns" and line:
            yield f"   {line}" if begun else f":returns: {line}"
            begun = True
        elif field and line and not line.startswith(" "):
            yield from _entry(field, line)
            if ":" not in line:
                field = ""
        else:
            yield line
        i += 1


def _entry(field: str, line: str) -> Iterator[str]:
    """``a, b: text`` as a field, and of two errors in a line each as one; other text as it is.

    A space between names would make the first a type.
    """
    for part in _NEXT_ERROR.split(line):
        names, colon, text = part.partition(":")
        if not colon or not re.fullmatch(r"[\w.*, ]+", names):
            yield ""
            yield part
            continue
        joined = names.replace(" ", "").replace("*", r"\*")
        yield f":{field} {joined}:{text}"


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
