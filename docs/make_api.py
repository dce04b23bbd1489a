"""Writes ``docs/api``: a page for each public room, with every public name and its docstring.

``docs/conf.py`` runs it before a build; the pages are not kept in the repository. A function that
several rooms offer is described once, in the first of them; the others point there.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from sphinx.pycode import ModuleAnalyzer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.test_docs import ROOMS, public_names  # noqa: E402  # the tests hold the list

FOLDER = HERE / "api"
TITLE = (
    "# API reference\n\nEvery public name, room by room, with an example that the tests run.\n\n"
)


def write() -> None:
    """Write the pages, and the table of contents."""
    FOLDER.mkdir(exist_ok=True)
    homes: dict[int, str] = {}
    for room in ROOMS:
        text = "\n".join(page(importlib.import_module(room), room, homes))
        write_changed(FOLDER / f"{room}.md", text)
    toc = "\n".join(["```{toctree}", ":maxdepth: 1", "", *ROOMS, "```", ""])
    write_changed(FOLDER / "index.md", TITLE + toc)


def write_changed(file: Path, text: str) -> None:
    """A file that stays as it is keeps its date: Sphinx reads only what has changed."""
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


def page(module: ModuleType, room: str, homes: dict[int, str]) -> Iterator[str]:
    """The lines of a room's page."""
    yield f"# {room}"
    yield ""
    yield (inspect.getdoc(module) or "").partition("\n")[0]
    yield ""
    for name in sorted(public_names(module), key=str.lower):
        value = getattr(module, name)
        if inspect.ismodule(value) or name.startswith("__"):
            continue
        if ("", name) in ModuleAnalyzer.for_module(room).find_attr_docs():
            yield from ["```{eval-rst}", f".. autodata:: {room}.{name}", "   :no-value:", "```", ""]
        else:
            yield from entry(f"{room}.{name}", value, homes)


def entry(path: str, value: Any, homes: dict[int, str]) -> Iterator[str]:
    """One name: its docstring, or where that stands."""
    described = inspect.isroutine(value) or inspect.isclass(value)
    if not described or not str(value.__module__).startswith("functrans"):
        return
    home = homes.setdefault(id(value), path)
    yield "```{eval-rst}"
    if home == path:
        kind = "class" if inspect.isclass(value) else "function"
        yield f".. auto{kind}:: {path}"
        if kind == "class":
            yield "   :members:"
    else:
        role = "class" if inspect.isclass(value) else "func"
        yield f".. py:data:: {path}"
        yield ""
        yield f"   The same as :{role}:`{home}`."
    yield "```"
    yield ""


if __name__ == "__main__":
    write()
