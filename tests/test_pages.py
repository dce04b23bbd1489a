"""The pages of the documentation: their examples print what they say, their links work."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import functrans.errors
import functrans.tf

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for path in (ROOT / "docs").rglob("*.md")
    if path.parent.name not in ("api", "notebooks")  # written from the code when the site is built
)
WITH_EXAMPLES = [path for path in PAGES if ">>> " in path.read_text(encoding="utf-8")]
LINK = re.compile(r"\]\(([^)\s]+)\)")
ids = [str(path.relative_to(ROOT / "docs")) for path in PAGES]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda p: p.stem)
def test_examples_of_a_page_run(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = doctest.DocTestRunner(optionflags=flags).run(examples)
    assert results.attempted
    assert results.failed == 0


@pytest.mark.parametrize("page", [*PAGES, *ROOT.glob("*.md")], ids=lambda p: p.stem)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = []
    for link in LINK.findall(re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = page if not path else (page.parent / path).resolve()
        made = {ROOT / "docs" / "api" / "index.md", ROOT / "docs" / "notebooks" / "index.md"}
        if target in made:
            continue
        if target.parent == ROOT / "docs" / "notebooks":  # copied there when the site is built
            target = ROOT / "notebooks" / target.name
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """The places of a page that a link can name: its headings, and what has a name of its own."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
    return slugs | set(re.findall(r"^\(([\w-]+)\)=$", text, flags=re.MULTILINE))


def classes(base: type) -> set[type]:
    """What derives from a class, however far."""
    return {base}.union(*(classes(below) for below in base.__subclasses__()))


def test_every_error_is_explained() -> None:
    known = anchors(ROOT / "docs" / "errors.md")
    for found in pkgutil.walk_packages(functrans.tf.__path__, "functrans.tf."):
        importlib.import_module(found.name)
    shipped = {
        kind.__name__
        for kind in classes(functrans.errors.FunctransError)
        if kind.__module__.startswith("functrans.")
    }
    assert {"ShapeError", "InvalidUseError", "UnsupportedAxisError"} < shipped
    unexplained = {name for name in shipped if name.lower() not in known}
    assert unexplained == {"FunctransError", "_CodedError"}


def test_the_numpy_page_is_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "make_numpy.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
