"""The page for people who come from TensorFlow: its code prints what it says."""

from __future__ import annotations

import doctest

from tests.tf.oracle import ROOT

PAGE = ROOT / "docs" / "tensorflow.md"


def test_the_page_runs() -> None:
    text = PAGE.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    assert len(examples.examples) > 30
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    runner = doctest.DocTestRunner(optionflags=flags)
    assert runner.run(examples).failed == 0
