"""Loops that were placed as strangers and belong together by now become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from functrans.codegen.clusters import (
    FAR,
    FULL,
    FULL_UNROLLED,
    Loop,
    Node,
    pointwise,
    regions,
    statements_of,
    written,
)
from functrans.codegen.statements import Call, Statement, Value


@dataclass(slots=True)
class _Effects:
    """The memory that a node reads and writes."""

    reads: set[Value] = field(default_factory=set)
    writes: set[Value] = field(default_factory=set)

    def order(self, other: _Effects) -> bool:
        """Whether the two must stay in their order."""
        return not (
            self.writes.isdisjoint(other.writes)
            and self.writes.isdisjoint(other.reads)
            and self.reads.isdisjoint(other.writes)
        )

    def add(self, other: _Effects) -> None:
        self.reads |= other.reads
        self.writes |= other.writes


N = TypeVar("N", Node, Node | Call)  # inside loops there are no calls


def joined(root: Sequence[N], depth: int) -> list[N]:
    """The nodes, with loops as one that were placed as strangers and belong together by now.

    An item joins the nearest of the loops whose values it touches: then these are no strangers.
    """
    nodes: list[N] = []
    effects: list[_Effects] = []
    for node in root:
        own = _effects(node)
        if isinstance(node, Loop):
            position = _place_to_join(nodes, effects, node, own, depth)
            if position is not None:
                other = nodes[position]
                assert isinstance(other, Loop)
                _join(other, node, depth)
                effects[position].add(own)
                if any(own.order(between) for between in effects[position + 1 :]):
                    nodes.append(nodes.pop(position))
                    effects.append(effects.pop(position))
                continue
        nodes.append(node)
        effects.append(own)
    for node in nodes:
        if isinstance(node, Loop):
            node.body = joined(node.body, depth + 1)
    return nodes


def _place_to_join(
    nodes: Sequence[Node | Call],
    effects: Sequence[_Effects],
    loop: Loop,
    own: _Effects,
    depth: int,
) -> int | None:
    """The nearest loop that ``loop`` can join: one of the two moves to the other."""
    between = _Effects()
    for position in range(len(nodes) - 1, max(len(nodes) - FAR, 0) - 1, -1):
        other = nodes[position]
        if (
            isinstance(other, Loop)
            and other.extent == loop.extent
            and not other.values.isdisjoint(loop.values)
            and not (own.order(between) and effects[position].order(between))
            and (depth > 0 or _room_for_both(other, loop))
            and _follows(loop, own, other, effects[position], depth)
        ):
            return position
        between.add(effects[position])
    return None


def _room_for_both(one: Loop, other: Loop) -> bool:
    if one.narrow and other.narrow:
        return one.unrolled + other.unrolled <= FULL_UNROLLED
    return one.weight + other.weight <= FULL


def _follows(loop: Loop, own: _Effects, other: Loop, before: _Effects, depth: int) -> bool:
    """Whether an iteration of ``loop`` needs of ``other`` nothing but the same iteration."""
    if not (own.writes.isdisjoint(before.reads) and own.writes.isdisjoint(before.writes)):
        return False
    inside = statements_of(loop.body)
    ends = statements_of([*loop.prologue, *loop.epilogue])
    if any(_memory(read.value) in before.writes for end in ends for read in end.reads):
        return False
    read = [
        (access.value, access)
        for statement in inside
        for access in statement.reads
        if _memory(access.value) in before.writes
    ]
    plain = all(value is _memory(value) and not value.parts for value, _ in read)
    return plain and pointwise(other, depth, read)


def _join(loop: Loop, other: Loop, depth: int) -> None:
    """Let ``loop`` do the work of ``other`` behind its own."""
    for statement in statements_of([other]):
        path = statement.path
        if path[depth : depth + 1] == (other,):
            statement.path = (*path[:depth], loop, *path[depth + 1 :])
        if statement.owner is other:
            statement.owner = loop
    loop.prologue += other.prologue
    loop.body += other.body
    loop.epilogue += other.epilogue
    loop.values |= other.values
    loop.weight += other.weight
    loop.unrolled += other.unrolled
    loop.narrow = loop.narrow and other.narrow


def _effects(node: Node | Call) -> _Effects:
    if isinstance(node, Statement | Loop):
        statements = list(statements_of([node]))
        return _Effects(
            {_memory(access.value) for statement in statements for access in statement.reads},
            {_memory(access.value) for statement in statements for access in statement.writes},
        )
    return _Effects(
        {_memory(region.value) for region in regions(node)}, set(map(_memory, written(node)))
    )


def _memory(value: Value) -> Value:
    """The value whose memory this one lies in, or takes over."""
    while True:
        if value.within is not None:
            value = value.within[0]
        elif value.over is not None:
            value = value.over
        else:
            return value
