"""Where to draw a graph: Sugiyama's method, in layers from top to bottom.

Boxes are put into layers such that wires go down and are short in all, which is a linear program.
A wire that passes a layer has a bend there. The order in each layer comes from barycentres, swept
down and up. The places are those with the least that wires go sideways while the members of a layer
keep apart, which is a linear program again. Bends count more than boxes: a long wire is straight,
with one turn where it must have any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_array, eye_array

_GAP = 22.0  # between boxes of a layer
_BEND_GAP = 12.0  # beside a bend
_LAYER_GAP = 42.0  # between layers, at least
_STEEPNESS = 0.12  # more gap between layers for each pixel that a wire goes sideways
_SPREAD = 0.7  # of a box, over which wires arrive
_ORDER_SWEEPS = 16


@dataclass(slots=True)
class Box:
    """A node: its size, and the centre of its top side once it is placed."""

    width: float
    height: float
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, slots=True)
class Wire:
    """From a box to its readers; ``port`` is an offset from the centre of the lower side."""

    source: int
    port: float
    sinks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a wire between two layers, from (x, y) to (to_x, to_y).

    It goes straight down by ``first``, to the end of its layer: boxes beside it may be higher.
    ``below`` is how far it goes straight on where it ends in a bend, and None at a box.
    """

    x: float
    y: float
    first: float
    to_x: float
    to_y: float
    below: float | None


@dataclass(slots=True)
class Drawing:
    """The size of a layout, and the segments of each wire; boxes hold their places themselves."""

    width: float
    height: float
    segments: list[list[Segment]]


@dataclass(slots=True)
class _Member:
    """A box or a bend in its layer. ``links`` are the ends it is tied to, with their pull."""

    width: float
    gap: float
    layer: int
    x: float = 0.0
    place: int = 0
    above: list[_Link] = field(default_factory=list)
    below: list[_Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Link:
    other: _Member
    shift: float  # how far right of the other's centre this one would like to stand
    weight: float

    @property
    def wish(self) -> float:
        return self.other.x + self.shift


@dataclass(frozen=True, slots=True)
class _Hop:
    """A stretch of a wire from one layer to the next."""

    start: _Member
    end: _Member
    port: float

    @property
    def x(self) -> float:
        return self.start.x + self.port


def layout(boxes: Sequence[Box], wires: Sequence[Wire]) -> Drawing:
    """Place the boxes, and say how wires run between them.

    Boxes must be in an order in which wires go forward.
    """
    if not boxes:
        return Drawing(0.0, 0.0, [])
    ranks = _ranks(len(boxes), wires)
    members = [_Member(b.width, _GAP, r) for b, r in zip(boxes, ranks, strict=True)]
    layers: list[list[_Member]] = [[] for _ in range(max(ranks) + 1)]
    for member in members:
        layers[member.layer].append(member)
    hops = [_hops(wire, members, layers) for wire in wires]
    for hop in (hop for run in hops for hop in run):
        _link(hop)
    _order(layers)
    _place(layers)
    return _drawn(boxes, members, layers, hops)


# --- layers --------------------------------------------------------------------------------------


def _ranks(count: int, wires: Sequence[Wire]) -> list[int]:
    """The layer of each box, below all that it reads, such that all wires together are short.

    A wire is as long as the way to its last reader. The program's constraints are differences of
    two unknowns, so its corners, one of which is found, are whole numbers.
    """
    hops = [(k, wire.source, sink) for k, wire in enumerate(wires) for sink in wire.sinks]
    if not hops:
        return [0] * count
    wire, source, sink = (np.array([hop[i] for hop in hops]) for i in range(3))
    boxes, ends = eye_array(count, format="csr"), eye_array(len(wires), format="csr")
    program = block_array([[boxes[source] - boxes[sink], None], [boxes[sink], -ends[wire]]])
    cost = np.concatenate([np.zeros(count), np.ones(len(wires))])
    np.subtract.at(cost, [w.source for w in wires], 1.0)
    limits = np.repeat([-1.0, 0.0], len(hops))
    ranks = linprog(cost, program, limits, bounds=(0, None)).x[:count].round().astype(int)
    found: list[int] = (ranks - ranks.min()).tolist()
    return found


def _hops(wire: Wire, members: Sequence[_Member], layers: Sequence[list[_Member]]) -> list[_Hop]:
    """The stretches of a wire: one chain of bends for all of its readers."""
    start = members[wire.source]
    chain, found = start, []
    for layer in range(start.layer, max((members[s].layer for s in wire.sinks), default=0)):
        port = wire.port if chain is start else 0.0
        here = [members[s] for s in wire.sinks if members[s].layer == layer + 1]
        found += [_Hop(chain, sink, port) for sink in here]
        if any(members[s].layer > layer + 1 for s in wire.sinks):
            bend = _Member(1.0, _BEND_GAP, layer + 1)
            layers[layer + 1].append(bend)
            found.append(_Hop(chain, bend, port))
            chain = bend
    return found


def _link(hop: _Hop) -> None:
    """Tie the ends of a hop together: bends pull harder, so that long wires are straight."""
    bends = (hop.start.gap == _BEND_GAP) + (hop.end.gap == _BEND_GAP)
    weight = (1.0, 2.0, 8.0)[bends]
    hop.start.below.append(_Link(hop.end, -hop.port, weight))
    hop.end.above.append(_Link(hop.start, hop.port, weight))


# --- order ---------------------------------------------------------------------------------------


def _order(layers: Sequence[list[_Member]]) -> None:
    """Sort each layer by barycentres, down and up; the order with the fewest crossings stays."""
    _number(layers)
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(_ORDER_SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            layer.sort(key=lambda m: _barycentre(m, m.above if down else m.below))
            for place, member in enumerate(layer):
                member.place = place
        count = _crossings(layers)
        if count < fewest:
            best, fewest = [list(layer) for layer in layers], count
    for layer, order in zip(layers, best, strict=True):
        layer[:] = order
    _number(layers)


def _number(layers: Sequence[list[_Member]]) -> None:
    for layer in layers:
        for place, member in enumerate(layer):
            member.place = place


def _barycentre(member: _Member, links: Sequence[_Link]) -> float:
    if not links:
        return float(member.place)
    # Ports are told apart by a hair: of two wires from one box the left one goes left.
    return sum(k.other.place + 1e-3 * k.shift for k in links) / len(links)


def _crossings(layers: Sequence[list[_Member]]) -> int:
    total = 0
    for layer in layers:
        ends = np.array([(m.place, k.other.place) for m in layer for k in m.below]).reshape(-1, 2)
        ahead = ends[:, None] < ends[None, :]
        total += int((ahead[..., 0] & ahead.transpose(1, 0, 2)[..., 1]).sum())
    return total


# --- places --------------------------------------------------------------------------------------


def _place(layers: Sequence[list[_Member]]) -> None:
    """Across: the places with the least that wires go sideways, as a linear program."""
    members = [m for layer in layers for m in layer]
    number = {id(m): k for k, m in enumerate(members)}
    links = [(number[id(m)], number[id(k.other)], k) for m in members for k in m.below]
    neighbours = [pair for layer in layers for pair in pairwise(layer)]
    count, ties = len(members), len(links)
    tail, head = (np.array([link[i] for link in links], int) for i in (0, 1))
    port = np.array([-k.shift for *_, k in links])
    left = np.array([number[id(a)] for a, _ in neighbours], int)
    apart = np.array([(a.width + b.width) / 2 + min(a.gap, b.gap) for a, b in neighbours])
    places, distances = eye_array(count, format="csr"), eye_array(ties, format="csr")
    sideways = places[head] - places[tail]  # and then less the port
    program = block_array(
        [
            [sideways, -distances],
            [-sideways, -distances],
            [places[left] - places[left + 1], None],
        ]
    )
    cost = np.concatenate([np.zeros(count), [k.weight for *_, k in links]])
    found = linprog(cost, program, np.concatenate([port, -port, -apart]), bounds=(0, None))
    for member, x in zip(members, found.x.tolist(), strict=False):
        member.x = x


def _drawn(
    boxes: Sequence[Box],
    members: Sequence[_Member],
    layers: Sequence[list[_Member]],
    hops: Sequence[Sequence[_Hop]],
) -> Drawing:
    """Downwards: layers as high as their highest box, and wires from the boxes' lower sides."""
    left = min(m.x - m.width / 2 for layer in layers for m in layer)
    right = max(m.x + m.width / 2 for layer in layers for m in layer)
    heights = [0.0] * len(layers)
    sideways = [0.0] * len(layers)
    box_of = {id(m): box for m, box in zip(members, boxes, strict=True)}
    for member, box in zip(members, boxes, strict=True):
        heights[member.layer] = max(heights[member.layer], box.height)
    for hop in (hop for run in hops for hop in run):
        across = abs(hop.x - hop.end.x)
        sideways[hop.start.layer] = max(sideways[hop.start.layer], across)
    tops = [0.0]
    for height, across in zip(heights, sideways, strict=True):
        tops.append(tops[-1] + height + max(_LAYER_GAP, min(_STEEPNESS * across, 3 * _LAYER_GAP)))
    for member, box in zip(members, boxes, strict=True):
        box.x, box.y = member.x - left, tops[member.layer]

    ports = _ports([hop for run in hops for hop in run])

    def drawn(hop: _Hop) -> Segment:
        straight = None if id(hop.end) in box_of else heights[hop.end.layer]
        end = hop.end.x + ports[id(hop)] - left
        layer, box = hop.start.layer, box_of.get(id(hop.start))
        first = 0.0 if box is None else heights[layer] - box.height
        start = tops[layer] + heights[layer] - first
        return Segment(hop.x - left, start, first, end, tops[hop.end.layer], straight)

    end = max(box.y + box.height for box in boxes)
    return Drawing(right - left, end, [[drawn(hop) for hop in run] for run in hops])


def _ports(hops: Sequence[_Hop]) -> dict[int, float]:
    """Where hops arrive at the upper sides of boxes: spread out, in the order of their starts."""
    arriving: dict[int, list[_Hop]] = {}
    for hop in hops:
        arriving.setdefault(id(hop.end), []).append(hop)
    found = {}
    for group in arriving.values():
        spread = _SPREAD * group[0].end.width
        for k, hop in enumerate(sorted(group, key=lambda hop: hop.x), 1):
            found[id(hop)] = spread * (k / (len(group) + 1) - 0.5)
    return found
