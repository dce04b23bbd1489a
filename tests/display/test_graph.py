"""Drawings: what stands in them, and that boxes and wires keep apart and go down.

Coordinates are not compared with a golden drawing: versions of SciPy may choose another of several
layouts that are equally good.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import functrans as ft
from functrans.display.layout import Box, Wire, layout
from functrans.errors import OptionError


def words(jaxpr: ft.Jaxpr, **options: Any) -> list[str]:
    """The text of a drawing, in its order."""
    root = ElementTree.fromstring(ft.display.graph(jaxpr, **options).svg)
    return [e.text or "" for e in root.iter() if e.tag.endswith(("text", "title"))]


def network(x: Any, w: Any) -> Any:
    return np.sum(np.tanh(x @ w) * 2.0)


NETWORK = ft.make_jaxpr(network)(np.ones((5, 3)), np.ones((3, 2)))


def test_boxes_and_wires_of_a_small_program() -> None:
    found = words(NETWORK)
    boxes = ["a", "b", "dot_general", "tanh", "mul(·, 2)", "reduce_sum", "result"]
    assert [w for w in found if w in boxes] == boxes
    assert [w for w in found if "f64" in w and "=" not in w] == [
        "f64[5,3]", "f64[3,2]", "c:f64[5,2]", "d:f64[5,2]", "e:f64[5,2]", "f:f64[]",
    ]  # fmt: skip
    assert any("(network)  return np.sum(np.tanh(x @ w) * 2.0)" in w for w in found)
    assert found[-5:] == ["contraction", "elementwise", "input", "output", "reduction"]


def test_loops_and_branches_are_boxes_with_drawings_inside() -> None:
    def f(x: Any) -> Any:
        def grow(y: Any) -> Any:
            return ft.lax.while_loop(lambda z: z < 3.0, lambda z: z * 2.0, y)

        return ft.lax.cond(x > 0.0, np.sin, grow, x)

    jaxpr = ft.make_jaxpr(f)(1.0)
    found = words(jaxpr)
    assert {"cond_jaxpr", "body_jaxpr", "lt(·, 3)", "mul(·, 2)", "sin"} < set(found)
    folded = words(jaxpr, inner=0)
    assert "sin" not in folded
    assert any(w.startswith("branches[0]: 2 equations") for w in folded)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [(lambda: 1.0, ()), (lambda x: 1.0, (2.0,)), (lambda x, y: x, (1.0, 2.0))],
)
def test_programs_without_equations(function: Any, arguments: Any) -> None:
    assert any(w.startswith("result") for w in words(ft.make_jaxpr(function)(*arguments)))


def test_text_is_escaped() -> None:
    @ft.custom_jvp
    def f(x: Any) -> Any:
        return x * 1.0  # & <b>

    f.defjvp(lambda p, t: (f(*p), t[0]))
    drawing = ft.display.graph(ft.make_jaxpr(f)(1.0))
    ElementTree.fromstring(drawing.svg)
    assert "<b>" not in drawing._repr_html_()


def test_without_tags_of_svg_a_sentence_stands_for_the_words_of_a_drawing() -> None:
    html = ft.display.graph(ft.make_jaxpr(np.sin)(1.0))._repr_html_()
    hidden, _, rest = html.partition("</svg></div>")
    assert hidden.startswith('<div hidden="hidden" ')
    assert rest.startswith("<div>&lt;graph of 2 equations&gt;: ")


def test_saving(tmp_path: Path) -> None:
    drawing = ft.display.graph(NETWORK)
    drawing.save(tmp_path / "network.svg")
    assert (tmp_path / "network.svg").read_text(encoding="utf-8") == drawing._repr_svg_()
    with pytest.raises(OptionError, match=r"not as 'network\.png'"):
        drawing.save("network.png")


def test_long_programs_are_not_drawn() -> None:
    with pytest.raises(OptionError, match="4 equations cannot be read"):
        ft.display.graph(NETWORK, limit=3)


def test_the_layout_keeps_boxes_apart_and_wires_going_down() -> None:
    rng = np.random.default_rng(0)
    boxes = [Box(float(w), float(h)) for w, h in rng.integers(20, 90, (60, 2))]
    wires = []
    for k in range(59):
        sinks = rng.choice(np.arange(k + 1, 60), min(3, 59 - k), replace=False)
        wires.append(Wire(k, 5.0, tuple(sorted(int(s) for s in sinks))))
    drawing = layout(boxes, wires)
    for a, b in combinations(boxes, 2):
        beside = abs(a.x - b.x) >= (a.width + b.width) / 2
        assert beside or a.y + a.height < b.y or b.y + b.height < a.y
    for box in boxes:
        assert box.width / 2 - 1e-6 <= box.x <= drawing.width - box.width / 2 + 1e-6
        assert 0.0 <= box.y <= drawing.height - box.height
    for wire, segments in zip(wires, drawing.segments, strict=True):
        source = boxes[wire.source]
        assert segments[0].y == source.y + source.height
        assert segments[0].x == pytest.approx(source.x + 5.0)
        assert all(s.to_y > s.y for s in segments)
        assert sum(s.below is None for s in segments) == len(wire.sinks)


def test_a_chain_is_a_straight_line_and_the_wire_beside_it_has_no_turns() -> None:
    boxes = [Box(40.0, 20.0) for _ in range(6)]
    wires = [Wire(0, 0.0, (1, 5)), *(Wire(k, 0.0, (k + 1,)) for k in range(1, 5))]
    drawing = layout(boxes, wires)
    assert np.ptp([box.x for box in boxes[1:5]]) < 1e-6
    bends = [s.to_x for s in drawing.segments[0] if s.below is not None]
    assert len(bends) == 4
    assert np.ptp(bends) < 1e-6


def test_drawing_functions_are_loaded_when_they_are_named() -> None:
    code = (
        "import sys, functrans as ft; ft.display.html;"
        "assert 'scipy' not in sys.modules; ft.display.graph; assert 'scipy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
