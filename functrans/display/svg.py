"""Pieces of SVG in the colours of the palette: boxes, words, wires, and the document around."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from functrans.display.layout import Segment
from functrans.display.style import PALETTE, colours, variable

LETTER = 7.3  # width of a letter of 12 px
SMALL_LETTER = 6.1  # of 10 px
_MARGIN = 12.0
_PAINT = [
    ("p", "fill", "paper"),
    ("k", "fill", "ink"),
    ("s", "fill", "faint"),
    ("l", "fill", "type"),
    ("w", "stroke", "faint"),
    ("a", "fill", "faint"),
    ("l", "stroke", "paper"),
]


def document(width: float, height: float, body: str, kinds: Sequence[str]) -> str:
    """A drawing with a margin, and below it what its colours mean."""
    legend, across, below = "", _MARGIN, height + 2 * _MARGIN
    for kind in kinds:
        legend += box(kind, across, below, 12.0, 12.0)
        legend += f'<text class="s" x="{across + 18:.0f}" y="{below + 10:.0f}">{kind}</text>'
        across += 30 + len(kind) * SMALL_LETTER
    w, h = max(width + 2 * _MARGIN, across), height + 4 * _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ftg" width="{w:.0f}" height="{h:.0f}" '
        f'viewBox="0 0 {w:.0f} {h:.0f}"><style>{_sheet(kinds)}</style>'
        f'<rect class="p" width="100%" height="100%"/>{group(_MARGIN, _MARGIN, body)}{legend}</svg>'
    )


def _sheet(kinds: Sequence[str]) -> str:
    """Colours are given twice: programs that know no variables of CSS take the light ones."""
    paint = [*_PAINT, *((kind, "fill", kind) for kind in kinds)]
    rules = "".join(
        f".ftg .{name}{{{what}:{PALETTE[colour][0]};{what}:{variable(colour)}}}"
        for name, what, colour in paint
    )
    return (
        f"{colours('.ftg')}{rules}"
        '.ftg text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",'
        "monospace;text-anchor:middle}.ftg .s,.ftg .l{font-size:10px}"
        ".ftg>.s{text-anchor:start}.ftg .l{paint-order:stroke;stroke-width:4px}"
        ".ftg .w{fill:none;stroke-width:1.1}.ftg .b{stroke:#8888;stroke-width:1}"
        ".ftg g:hover>.b{stroke-width:2}"
    )


def box(kind: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect class="b {kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="5"/>'
    )


def words(x: float, y: float, text: str) -> str:
    return f'<text class="k" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def small(x: float, y: float, text: str) -> str:
    return f'<text class="s" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def label(x: float, y: float, text: str) -> str:
    """What stands on a wire that leaves a box at (x, y)."""
    return f'<text class="l" x="{x:.1f}" y="{y + 13:.1f}">{escape(text)}</text>'


def label_width(text: str) -> float:
    """With some space at both sides."""
    return len(text) * SMALL_LETTER + 10.0


def group(x: float, y: float, body: str) -> str:
    return f'<g transform="translate({x:.1f} {y:.1f})">{body}</g>'


def hovering(text: str, body: str) -> str:
    """A part whose text appears on hover."""
    return f"<g><title>{escape(text)}</title>{body}</g>" if text else f"<g>{body}</g>"


def wire(segments: Sequence[Segment]) -> str:
    """The curves of a wire: they leave and arrive vertically, at boxes with an arrow's head."""
    curves, heads = "", ""
    for s in segments:
        middle = (s.y + s.first + s.to_y) / 2
        curves += f"M{s.x:.1f} {s.y:.1f}" + (f"v{s.first:.1f}" if s.first else "")
        curves += f"C{s.x:.1f} {middle:.1f} {s.to_x:.1f} {middle:.1f} {s.to_x:.1f} {s.to_y:.1f}"
        if s.below is None:
            heads += f"M{s.to_x:.1f} {s.to_y:.1f}l-3 -6h6z"
        else:
            curves += f"v{s.below:.1f}"
    return f'<path class="w" d="{curves}"/><path class="a" d="{heads}"/>'
