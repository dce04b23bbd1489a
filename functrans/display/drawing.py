"""A program as a graph: boxes for operations, nested boxes for loops, wires with their types."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from functrans import kernel
from functrans.codegen.lowering import word_of
from functrans.core.avals import Aval
from functrans.core.jaxpr import Eqn, Jaxpr, Literal, Var
from functrans.core.show import atom_text, namer, param_text
from functrans.display import svg
from functrans.display.layout import Box, Wire, layout
from functrans.display.pieces import counted, place, shortened
from functrans.display.program import plain_params, programs_by_name
from functrans.errors import OptionError

_LIMIT = 400  # equations, beyond which nobody reads a drawing
_PADDING = 12.0
_LINE = 16.0
_WIDEST = 34  # letters in a box

_KINDS: dict[type, str] = {
    kernel.Map: "elementwise",
    kernel.Opaque: "elementwise",
    kernel.View: "movement",
    kernel.Reshape: "movement",
    kernel.Pad: "movement",
    kernel.Concat: "movement",
    kernel.Iota: "movement",
    kernel.Fence: "movement",
    kernel.Reduce: "reduction",
    kernel.ArgReduce: "reduction",
    kernel.Cumulative: "reduction",
    kernel.Contract: "contraction",
    kernel.Gather: "indexing",
    kernel.Scatter: "indexing",
    kernel.Routine: "library",
    kernel.Fourier: "library",
    kernel.Fallback: "python",
}
"""What the compiler is told of an operation says its colour; all other words hold programs."""


class Graph:
    """A drawing of a program; notebooks show it, and :meth:`save` writes it.

    >>> drawing = ft.display.graph(ft.make_jaxpr(np.sin)(1.0))
    >>> drawing.svg.startswith("<svg")
    True
    """

    def __init__(self, svg: str, equations: int) -> None:
        self.svg = svg
        self.equations = equations

    def __repr__(self) -> str:
        return f"<graph of {counted(self.equations, 'equation')}>"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        # An untrusted notebook drops tags of SVG and of styles (and attributes without values), and
        # would show the words alone.
        return (
            '<div hidden="hidden" class="ftg-drawn" style="overflow:auto;max-height:90vh"><style>'
            ".ftg-drawn.ftg-drawn{display:block!important}.ftg-drawn+div{display:none}"
            f"</style>{self.svg}</div>"
            f"<div>{escape(repr(self))}: run the cell, or trust the notebook, to see it.</div>"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing to a file.

        Raises
        ------
        OptionError: a name that does not end with ``.svg``.
        """
        if Path(path).suffix != ".svg":
            raise OptionError(
                f"Drawings are saved as SVG, not as {os.fspath(path)!r}.",
                "Give a name that ends with .svg; browsers and Inkscape convert it.",
            )
        Path(path).write_text(self.svg, encoding="utf-8")


def graph(jaxpr: Jaxpr, *, limit: int = _LIMIT, inner: int = 60) -> Graph:
    """Draw a program from top to bottom.

    Colours say what an operation is for the compiler; a wire is labelled with the name that its
    value has in the printed program and with its type. Equations appear on hover.

    Parameters
    ----------
    limit: how many equations may be drawn. Longer programs cannot be read as a drawing.
    inner: inner programs with more equations are one box.

    Raises
    ------
    OptionError: a program of more than ``limit`` equations.

    >>> ft.display.graph(ft.make_jaxpr(lambda x: np.sum(x * x))(np.ones(3)))
    <graph of 2 equations>
    """
    if len(jaxpr.eqns) > limit:
        raise OptionError(
            f"A drawing of {counted(len(jaxpr.eqns), 'equation')} cannot be read; the limit is "
            f"{limit:,}.",
            "Draw a part of the function, raise limit=, or show the program itself, which folds.",
        )
    panel = _panel(jaxpr, inner)
    drawing = svg.document(panel.width, panel.height, panel.body, sorted(panel.kinds))
    return Graph(drawing, len(jaxpr.eqns))


# --- nodes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Panel:
    """A program that is drawn: its size, its SVG, and the kinds of boxes in it."""

    width: float
    height: float
    body: str
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Node:
    """A box: what stands in it, what hovers over it, and the programs inside."""

    kind: str
    words: str
    small: str = ""
    hover: str = ""
    makes: tuple[Var, ...] = ()
    labels: tuple[str, ...] = ()
    reads: tuple[Var, ...] = ()
    inside: tuple[tuple[str, _Panel], ...] = ()

    def box(self) -> Box:
        """As wide as its words, the labels below it and the programs inside need."""
        words = max(len(self.words) * svg.LETTER, len(self.small) * svg.SMALL_LETTER)
        labels = sum(map(svg.label_width, self.labels))
        panels = sum(p.width + _PADDING for _, p in self.inside) + _PADDING * bool(self.inside)
        tallest = max((p.height for _, p in self.inside), default=-_LINE) + _LINE
        height = 8.0 + _LINE * (1 + bool(self.small)) + tallest + _PADDING * bool(self.inside)
        return Box(max(words + 16, labels, panels, 30.0), height)


def _panel(jaxpr: Jaxpr, inner: int) -> _Panel:
    nodes = _nodes(jaxpr, inner)
    boxes = [node.box() for node in nodes]
    wires, labels = _wires(nodes)
    drawing = layout(boxes, wires)
    parts = [svg.wire(segments) for segments in drawing.segments]
    for node, box in zip(nodes, boxes, strict=True):
        parts.append(_drawn(node, box))
    for wire, label in zip(wires, labels, strict=True):
        box = boxes[wire.source]
        parts.append(svg.label(box.x + wire.port, box.y + box.height, label))
    inside = (p.kinds for node in nodes for _, p in node.inside)
    kinds = frozenset(node.kind for node in nodes).union(*inside)
    return _Panel(drawing.width, drawing.height, "".join(parts), kinds)


def _nodes(jaxpr: Jaxpr, inner: int) -> list[_Node]:
    """Boxes in the program's order: constants, inputs, equations, results."""
    name = namer()

    def given(kind: str, var: Var) -> _Node:
        return _Node(kind, name(var), makes=(var,), labels=(str(var.aval),))

    nodes = [given("constant", v) for v in jaxpr.constvars]
    nodes += [given("input", v) for v in jaxpr.invars]
    nodes += [_operation(eqn, name, inner) for eqn in jaxpr.eqns]
    for k, atom in enumerate(jaxpr.outvars):
        words = "result" if len(jaxpr.outvars) == 1 else f"result {k}"
        if isinstance(atom, Literal):
            nodes.append(_Node("output", f"{words} = {atom_text(atom, name)}"))
        else:
            nodes.append(_Node("output", words, reads=(atom,)))
    return nodes


def _operation(eqn: Eqn, name: Callable[[Hashable], str], inner: int) -> _Node:
    labels = tuple(f"{name(v)}:{v.aval}" for v in eqn.outvars)
    operands = [atom_text(a, name) for a in eqn.invars]
    params = plain_params(eqn.params)
    made = {f"{what}={param_text(v)}" for out in eqn.outvars for what, v in _said_by(out.aval)}
    hover = f"{', '.join(labels)} = {eqn.primitive.name}[{' '.join(params)}] {' '.join(operands)}"
    programs = programs_by_name(eqn)
    panels = tuple((key, _panel(p, inner)) for key, p in programs if len(p.eqns) <= inner)
    folded = [
        f"{key}: {counted(len(p.eqns), 'equation')}" for key, p in programs if len(p.eqns) > inner
    ]
    return _Node(
        _KINDS.get(type(word_of(eqn)), "program"),
        shortened(_words(eqn), _WIDEST),
        shortened(" ".join(folded or [p for p in params if p not in made]), _WIDEST),
        "\n".join(filter(None, [shortened(hover), place(eqn.source)])),
        eqn.outvars,
        labels,
        tuple(dict.fromkeys(a for a in eqn.invars if isinstance(a, Var))),
        panels,
    )


def _said_by(aval: Aval) -> tuple[tuple[str, object], ...]:
    """Parameters that the type of a result says as well."""
    return ("shape", aval.shape), ("dtype", aval.dtype)


def _words(eqn: Eqn) -> str:
    """The operation, with its constant operands where they stand among the others."""
    if not any(isinstance(a, Literal) for a in eqn.invars):
        return eqn.primitive.name
    operands = (f"{a.value:.6g}" if isinstance(a, Literal) else "·" for a in eqn.invars)
    return f"{eqn.primitive.name}({', '.join(operands)})"


def _wires(nodes: Sequence[_Node]) -> tuple[list[Wire], list[str]]:
    """A wire for each value that is read, and its label, below which it leaves the box."""
    readers: dict[Var, list[int]] = {}
    for k, node in enumerate(nodes):
        for var in node.reads:
            readers.setdefault(var, []).append(k)
    wires, labels = [], []
    for k, node in enumerate(nodes):
        widths = [svg.label_width(label) for label in node.labels]
        port = -sum(widths) / 2
        for var, label, width in zip(node.makes, node.labels, widths, strict=True):
            if var in readers:
                wires.append(Wire(k, port + width / 2, tuple(readers[var])))
                labels.append(label)
            port += width
    return wires, labels


def _drawn(node: _Node, box: Box) -> str:
    left = box.x - box.width / 2
    parts = [svg.box(node.kind, left, box.y, box.width, box.height)]
    parts.append(svg.words(box.x, box.y + _LINE, node.words))
    if node.small:
        parts.append(svg.small(box.x, box.y + 2 * _LINE - 2, node.small))
    across, top = left + _PADDING, box.y + _LINE * (1 + bool(node.small)) + 8.0
    for key, panel in node.inside:
        parts.append(svg.small(across + panel.width / 2, top + _LINE - 6, key))
        parts.append(svg.group(across, top + _LINE, panel.body))
        across += panel.width + _PADDING
    return svg.hovering(node.hover, "".join(parts))
