"""The README's examples print what it says."""

from __future__ import annotations

import doctest
from pathlib import Path


def test_the_examples_of_the_readme_run() -> None:
    readme = Path(__file__).parents[1] / "README.md"
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = doctest.testfile(str(readme), module_relative=False, optionflags=flags)
    assert results.attempted > 5
    assert results.failed == 0
