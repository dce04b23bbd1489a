"""Programs, compiled functions and tapes as HTML: golden texts, escaping, folding, lazy loading."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.errors import ArgumentError

GOLDEN = Path(__file__).parent.parent / "golden" / "display"


def tiny(x: Any) -> Any:
    return np.sum(np.tanh(x) ** 2)


def walk(h: Any, xs: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = np.tanh(0.5 * h + x)
        return h, np.sum(h)

    h, sums = ft.lax.scan(step, h, xs)
    return np.sum(sums)


def compare(name: str, text: str) -> None:
    """Against ``tests/golden/display``; FUNCTRANS_GOLDEN=1 writes what is there now."""
    path = GOLDEN / name
    if os.environ.get("FUNCTRANS_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def normalised(html: str) -> str:
    """A line for each block, without the style sheet and numbers of lines."""
    bare = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    bare = re.sub(r"(\w+\.py):\d+", r"\1:0", bare)
    return re.sub(r"(</details>|</div>|</tr>|</summary>)", r"\1\n", bare)


class Balance(HTMLParser):
    """Checks that tags are closed in order, and collects what a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.folds = 0
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        self.folds += tag == "details"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.seen.append(data)


def read(html: str) -> Balance:
    parser = Balance()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def text_of(thing: Any) -> str:
    return "".join(read(thing._repr_html_()).seen)


@pytest.mark.parametrize(
    ("name", "function", "arguments"),
    [
        ("tiny.html", tiny, (np.ones((100, 3)),)),
        ("scan.html", ft.grad(walk), (np.ones(3), np.ones((50, 3)))),
    ],
)
def test_programs_look_as_they_did(name: str, function: Any, arguments: Any) -> None:
    compare(name, normalised(ft.make_jaxpr(function)(*arguments)._repr_html_()))


def test_rows_name_the_users_line_on_hover() -> None:
    html = ft.make_jaxpr(tiny)(np.ones(3))._repr_html_()
    assert re.search(r'title="test_html.py:\d+ \(tiny\)  return np.sum\(np.tanh\(x\)', html)


def test_rows_read_well_without_the_style_sheet() -> None:
    """Which notebooks drop that are not trusted, and sites that show notebooks."""
    text = text_of(ft.make_jaxpr(tiny)(np.ones(3)))
    assert "b:f64[3] = tanh a · 24 B" in text
    assert "<br>" in ft.explain(tiny, np.ones(3))._repr_html_()


def test_a_step_of_a_jitted_function_from_call_to_machine_code() -> None:
    jitted = ft.jit(tiny)
    assert "has not been called yet" in text_of(jitted)
    jitted.lower(np.ones(7))
    assert "not compiled yet" in text_of(jitted)
    jitted(np.ones(7))
    assert "1 kernels" in text_of(jitted)
    stage = jitted.lower(np.ones(7))
    assert "tiny" in text_of(jitted.trace(np.ones(7)))
    assert all(word in text_of(stage) for word in ("simplified", "clusters", "define"))
    assert "machine code" in text_of(stage.compile())
    assert "tanh" in text_of(stage.report())


def test_lowered_programs_are_shown_without_running_llvm() -> None:
    stage = ft.jit(lambda x: np.cosh(x) * 3.25).lower(np.ones(11))
    assert "not compiled yet" in text_of(stage)


def test_loaded_programs_show_their_text(tmp_path: Path) -> None:
    ft.jit(tiny).lower(np.ones(3)).compile().save(tmp_path / "tiny.ftp")
    assert "reduce_sum" in text_of(ft.load(tmp_path / "tiny.ftp"))


def test_profiles_show_shares() -> None:
    text = text_of(ft.jit(tiny).profile(np.ones(100)))
    assert "µs a call" in text
    assert "100%" in text


def test_recordings_show_what_they_hold() -> None:
    recording = ft.extend.Recording()
    assert "empty" in text_of(recording)
    with recording:
        x = recording.watch(np.ones(4))
        y = np.sum(x * np.full(4, 2.0))
        assert "open" in text_of(recording)
    assert "holds 32 B" in text_of(recording)
    recording.pull([y], [1.0], [recording.tangent_of(x)])
    assert "empty" in text_of(recording)


def test_gradient_tapes_show_their_recording() -> None:
    tape = ft.tf.GradientTape(persistent=True)
    assert "empty" in text_of(tape)
    x = ft.tf.constant([1.0, 2.0])
    with tape:
        tape.watch(x)
        y = x * x
    assert y.shape == (2,)
    assert "GradientTape(persistent=True) · closed" in text_of(tape)


def test_what_comes_from_outside_is_escaped() -> None:
    def nasty(x: Any) -> Any:
        return x * 2.0  # <script>alert("&")</script>

    nasty.__name__ = nasty.__qualname__ = "<img src=x>"
    jitted = ft.jit(nasty)
    jitted(np.ones(2))
    for thing in (jitted, jitted.lower(np.ones(2)), ft.make_jaxpr(nasty)(1.0)):
        html = thing._repr_html_()
        assert "<script" not in html
        assert "<img" not in html
        read(html)


def test_long_programs_fold_and_stay_small() -> None:
    def long(x: Any) -> Any:
        for k in range(1000):
            x = np.sin(x) * (1.0 + k)
        return x

    html = ft.make_jaxpr(long)(np.ones((10, 10)))._repr_html_()
    parser = read(html)
    assert "2,000 equations" in "".join(parser.seen)
    assert parser.folds == 21
    assert html.count("<details open") == 2
    assert len(html) < 2_000_000


def test_the_text_beside_a_picture_is_for_people() -> None:
    report = ft.jit(np.sin).lower(np.ones(2)).report()
    assert report._repr_mimebundle_() == {"text/plain": str(report)}
    assert str(report).startswith("1 kernels, ")


def test_other_things_have_no_picture() -> None:
    with pytest.raises(ArgumentError, match="no picture of a list"):
        ft.display.html([1])


def test_pictures_are_loaded_when_something_is_shown() -> None:
    code = (
        "import sys, functrans as ft; program = ft.make_jaxpr(abs)(1.0); repr(program);"
        "assert 'functrans.display' not in sys.modules; program._repr_html_();"
        "assert 'functrans.display' in sys.modules; assert 'llvmlite' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
