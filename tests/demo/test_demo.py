"""The demo learns the digits and says what it did."""

from __future__ import annotations

import re

import pytest

from functrans.demo import demo


def test_demo_prints_what_it_promises(capsys: pytest.CaptureFixture[str]) -> None:
    demo.run()
    text = capsys.readouterr().out
    assert "{ lambda" in text
    assert "(0 fallbacks to NumPy)" in text
    accuracy = re.search(r"held-back images: ([\d.]+)%", text)
    assert accuracy is not None
    assert float(accuracy[1]) >= 96.0
    error = re.search(r"largest relative error (\S+)\.", text)
    assert error is not None
    assert float(error[1]) < 1e-4
    assert len(re.findall(r"\d ms$", text, re.MULTILINE)) == 4


def test_bar_is_silent_where_the_output_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(demo.progress(3, lambda: "note")) == [0, 1, 2]
    assert capsys.readouterr().out == ""


def test_bar_is_drawn_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert list(demo.progress(2, lambda: "note")) == [0, 1]
    assert capsys.readouterr().out.endswith("2/2  note\n")


def test_long_texts_are_shortened_to_so_many_lines() -> None:
    text = "\n".join(map(str, range(100)))
    assert demo.shortened(text, 12).splitlines()[8:] == [
        "8",
        "    … 88 more lines …",
        "97",
        "98",
        "99",
    ]
    assert demo.shortened("a\nb", 12) == "a\nb"
