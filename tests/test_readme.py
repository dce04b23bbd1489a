"""The README's examples print what it says."""

from __future__ import annotations

import doctest
import re
from pathlib import Path


class Checker(doctest.OutputChecker):
    """Where the README shows times, any number will do, and any name of the file."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        if " µs " in want:
            want, got = _without_numbers(want), _without_numbers(got)
        return super().check_output(want, got, optionflags)


def _without_numbers(text: str) -> str:
    text = re.sub(r"<doctest [^>]*>|\w+\.py", "FILE", text)
    return re.sub(r"\d[\d,.]*", "N", text)


def test_the_examples_of_the_readme_run() -> None:
    readme = Path(__file__).parents[1] / "README.md"
    text = readme.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {}, readme.name, str(readme), 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = doctest.DocTestRunner(Checker(), optionflags=flags).run(examples)
    assert results.attempted > 5
    assert results.failed == 0
