"""Nests that run over the same outer loops share them: items into trees of loops, then kernels.

::

    cluster ::= kernel | library call | NumPy call | byte copy
    kernel  ::= node*                    at most one loop; scalar statements around it
    node    ::= statement | loop
    loop    ::= extent, prologue: node*, body: node*, epilogue: node*

Items are placed greedily in program order. An item may join a loop when its own loop at that
depth has the same extent, it touches a value that the loop touches, and whatever it reads from
inside the loop was written there at the loop's own coordinate: iteration i then needs nothing of
another iteration. Every statement runs once for each point; nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from functrans.codegen.index import unit
from functrans.codegen.statements import (
    Access,
    ByteCopy,
    Call,
    FoldEnds,
    Item,
    LibraryCall,
    Lowered,
    NumpyCall,
    Region,
    Statement,
    Value,
    show_form,
)

_FULL = 160  # statements: the optimiser's cost grows faster than the size of a function
_FAR = 64  # nodes to look back at each level


@dataclass(slots=True, eq=False)
class Loop:
    """One loop. The statements inside carry it in their ``path``."""

    extent: int
    prologue: list[Node] = field(default_factory=list)
    body: list[Node] = field(default_factory=list)
    epilogue: list[Node] = field(default_factory=list)
    values: set[Value] = field(default_factory=set)  # all that the statements inside touch
    weight: int = 0  # number of statements inside


Node = Statement | Loop


@dataclass(slots=True, eq=False)
class Kernel:
    """One native function: scalar statements and at most one outermost loop."""

    nodes: list[Node] = field(default_factory=list)

    @property
    def statements(self) -> Iterator[Statement]:
        return statements_of(self.nodes)


Cluster = Kernel | LibraryCall | NumpyCall | ByteCopy


@dataclass(slots=True)
class Clusters:
    """The fused program."""

    values: list[Value]
    outputs: list[Value]
    order: list[Cluster]

    def __str__(self) -> str:
        lines: list[str] = []
        for number, cluster in enumerate(self.order):
            lines.append(f"{number}: {_title(cluster)}")
            if isinstance(cluster, Kernel):
                for node in cluster.nodes:
                    lines += _show_node(node, 0, "  ")
        return "\n".join(lines)


def fuse(lowered: Lowered) -> Clusters:
    """Place every step, then cut the program into clusters."""
    root: list[Node | Call] = []
    for step in lowered.steps:
        if isinstance(step, Item):
            _place(root, step)
        else:
            _note_call(step)
            root.append(step)
    return Clusters(lowered.values, lowered.outputs, _cut(root))


def statements_of(nodes: list[Node]) -> Iterator[Statement]:
    """All statements below, in the order in which they run."""
    for node in nodes:
        if isinstance(node, Statement):
            yield node
        else:
            yield from statements_of(node.prologue)
            yield from statements_of(node.body)
            yield from statements_of(node.epilogue)


# --- placing -------------------------------------------------------------------------------------


def _place(root: list[Node | Call], item: Item) -> None:
    external = _dependences(item)
    needed: set[object] = set()  # the nodes that hold what the item depends on
    for value, _ in external:
        for writer in value.writers:
            needed.update(writer.path)
            needed.add(writer)
            needed.add(writer.owner)
    touched = {access.value for access in _accesses(item) if access.value.kind != "literal"}
    calls = {value for value, _ in external if not value.writers}
    path: list[Loop] = []
    nodes: list[Node | Call] = root
    for depth, extent in enumerate(item.extents):
        loop = None
        for node in nodes[: -_FAR - 1 : -1]:
            if (
                isinstance(node, Loop)
                and node.extent == extent
                and node.weight < _FULL
                and not touched.isdisjoint(node.values)
                and (node not in needed or _pointwise(node, depth, external))
            ):
                loop = node
                break
            if node in needed or (
                not isinstance(node, Loop | Statement) and not calls.isdisjoint(_written(node))
            ):
                break
        if loop is None:
            loop = Loop(extent)
            nodes.append(loop)
        if item.fold is not None and item.fold.depth == depth:
            _place_ends(loop, item.fold, path)
        loop.values |= touched
        loop.weight += len(item.body)
        path.append(loop)
        nodes = loop.body  # type: ignore[assignment]
    for statement in item.body:
        _settle(statement, tuple(path))
        nodes.append(statement)


def _accesses(item: Item) -> Iterator[Access]:
    bodies = [item.body]
    if item.fold is not None:
        bodies += [item.fold.init, item.fold.finish]
    for body in bodies:
        for statement in body:
            yield from statement.reads
            yield from statement.writes


def _dependences(item: Item) -> list[tuple[Value, Access]]:
    """What the item needs of earlier nodes: what it reads, and what it writes a second time."""
    return [
        (access.value, access)
        for statement in item.body
        for access in (*statement.reads, *statement.writes)
        if access.value.kind == "temp"
    ]


def _pointwise(loop: Loop, depth: int, external: list[tuple[Value, Access]]) -> bool:
    """Whether all that is read from inside ``loop`` was written at the same coordinate."""
    here = (1, unit(depth))
    for value, access in external:
        for writer in value.writers:
            if writer.owner is loop:
                return False
            if loop not in writer.path:
                continue
            if not any(
                mine == here and theirs == here
                for write in writer.writes
                if write.value is value and len(write.groups) == len(access.groups)
                for mine, theirs in zip(access.groups, write.groups, strict=True)
            ):
                return False
    return True


def _place_ends(loop: Loop, fold: FoldEnds, path: list[Loop]) -> None:
    for target, body in ((loop.prologue, fold.init), (loop.epilogue, fold.finish)):
        if not body:
            continue
        inner = [Loop(extent) for extent in fold.extents]
        for outer, child in pairwise(inner):
            outer.body.append(child)
        nodes = inner[-1].body if inner else target
        for statement in body:
            _settle(statement, (*path, *inner), loop)
            nodes.append(statement)
        if inner:
            target.append(inner[0])


def _settle(statement: Statement, path: tuple[Loop, ...], owner: Loop | None = None) -> None:
    """Give a statement its loops; one at the ends of a loop counts as part of that loop."""
    statement.path = path
    statement.owner = owner
    for access in statement.reads:
        access.value.readers.append((statement, access))
    for access in statement.writes:
        access.value.writers.append(statement)


def _note_call(call: Call) -> None:
    for region in _regions(call):
        region.value.readers.append((None, _whole(region.value)))


def _regions(call: Call) -> tuple[Region, ...]:
    return (call.read,) if isinstance(call, ByteCopy) else call.reads


def _written(call: Call) -> tuple[Value, ...]:
    return call.writes if isinstance(call, NumpyCall) else (call.write,)


def _whole(value: Value) -> Access:
    return Access(value, tuple((1, None) for _ in value.shape))


# --- cutting -------------------------------------------------------------------------------------


def _cut(root: list[Node | Call]) -> list[Cluster]:
    order: list[Cluster] = []
    kernel: Kernel | None = None
    looped = False
    for node in root:
        if not isinstance(node, Statement | Loop):
            order.append(node)
            kernel = None
            continue
        loop = isinstance(node, Loop)
        if kernel is None or (looped and loop) or len(kernel.nodes) >= _FULL:
            kernel = Kernel()
            order.append(kernel)
            looped = False
        looped = looped or loop
        kernel.nodes.append(node)
    for number, cluster in enumerate(order):
        if isinstance(cluster, Kernel):
            for statement in cluster.statements:
                statement.cluster = number
    return order


# --- printing ------------------------------------------------------------------------------------


def _title(cluster: Cluster) -> str:
    match cluster:
        case Kernel():
            return "kernel"
        case LibraryCall():
            left, right = (region.value for region in cluster.reads)
            return f"{cluster.write} = {cluster.gemm} {left} {right}"
        case NumpyCall():
            made = ", ".join(map(repr, cluster.writes))
            read = " ".join(repr(r.value) for r in cluster.reads)
            return f"{made} = NumPy {cluster.eqn.primitive.name} {read} ({cluster.reason})"
        case ByteCopy():
            return f"{cluster.write} = copy {cluster.read.value}"


def _show_node(node: Node, depth: int, indent: str) -> list[str]:
    if isinstance(node, Statement):
        return [indent + str(node)]
    lines = []
    for end in node.prologue:
        lines += _show_node(end, depth, indent)
    lines.append(f"{indent}for {show_form(unit(depth))} < {node.extent}:")
    for child in node.body:
        lines += _show_node(child, depth + 1, indent + "  ")
    for end in node.epilogue:
        lines += _show_node(end, depth, indent)
    return lines
