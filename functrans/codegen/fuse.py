"""Nests that run over the same outer loops share them: items into trees of loops, then kernels.

Items are placed greedily in program order. An item may join a loop when its own loop at that
depth has the same extent, it touches a value that the loop touches, and whatever it reads from
inside the loop was written there at the loop's own coordinate: iteration i then needs nothing of
another iteration. Every statement runs once for each point; nothing is computed twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from functrans.codegen.clusters import (
    FAR,
    FULL,
    FULL_UNROLLED,
    NARROW,
    SHORT,
    TINY,
    Cluster,
    Clusters,
    Kernel,
    Loop,
    Node,
    Repetition,
    pointwise,
    regions,
    written,
)
from functrans.codegen.index import substitute, unit
from functrans.codegen.joining import joined
from functrans.codegen.statements import (
    Access,
    Call,
    Compute,
    Coordinate,
    Copy,
    Fence,
    FoldEnds,
    Item,
    Lookup,
    Lowered,
    Repeat,
    Statement,
    Value,
)
from functrans.kernel import Affine

_SMALL = 64  # iterations of a loop so short that strangers may share it
_STRAIGHT = 640  # statements of a kernel without a loop


def fuse(lowered: Lowered) -> Clusters:
    """Place every step, then cut the program into clusters."""
    placing = _Placing(lowered)
    for step in lowered.steps:
        placing.step(step)
    for value in list(placing.waiting):
        placing.demand(value, set())
    return Clusters(lowered.values, lowered.outputs, _cut(joined(placing.root, 0)))


class _Placing:
    """The loops made so far, and the items that wait for their first reader.

    An item waits if it makes more than it reads: filled, broadcast, gathered, an outer product. It
    becomes a part of its only reader, or it is placed by the loops of the first one.
    """

    def __init__(self, lowered: Lowered) -> None:
        self.root: list[Node | Call] = []
        self.waiting: dict[Value, list[Item]] = {}
        self.values = lowered.values
        self.reads: dict[Value, int] = {}  # how often each value is read
        for step in lowered.steps:
            for access in _accesses(step) if isinstance(step, Item) else regions(step):
                self.reads[access.value] = self.reads.get(access.value, 0) + 1

    def step(self, step: Item | Call) -> None:
        if isinstance(step, Item):
            if _expands(step):
                self.waiting.setdefault(step.body[0].writes[0].value, []).append(step)
            else:
                self.place(step, set())
            return
        for region in regions(step):
            self.demand(region.value, set())
        for value in written(step):
            if value.over is not None:  # whoever waits to read it must do so now
                self.demand_readers(value.over)
        _note_call(step)
        self.root.append(step)

    def place(self, item: Item, near: set[Value]) -> None:
        """Place an item by the loops that touch what it touches or what is ``near``."""
        overwrites = any(w.value.over for s in item.body for w in s.writes)
        for statement in () if overwrites else list(item.body):
            self.absorb(item, statement)
        touched = dict.fromkeys(a.value for a in _accesses(item) if a.value.kind != "literal")
        near = near | touched.keys()
        for value in touched:
            self.demand(value, near)
            if value.over is not None:  # whoever waits to read what is overwritten must do so now
                self.demand_readers(value.over)
        _place(self.root, item, near)

    def absorb(self, item: Item, statement: Statement) -> None:
        """Let the item compute what its statement alone reads of what waits."""
        for position, read in enumerate(statement.reads):
            value = read.value
            found = self.waiting.get(value, ())
            if (
                len(found) != 1
                or self.reads[value] != 2  # the accesses are that of the writer and this one
                or value.output is not None
                or value.parts
                or value.within
                or math.prod(item.extents) > value.size
            ):
                continue
            moved = _moved(found[0], read, item.extents)
            if moved is None:
                continue
            del self.waiting[value]
            fresh = Value("temp", len(self.values), tuple(item.extents), value.dtype)
            self.values.append(fresh)
            here = tuple((1, unit(depth)) for depth in range(len(item.extents)))
            source = found[0].body[0]
            maker = Statement(source.op, (Access(fresh, here),), moved, source.eqn)
            item.body.insert(item.body.index(statement), maker)
            reads = list(statement.reads)
            reads[position] = Access(fresh, here, read.cast)
            statement.reads = tuple(reads)
            self.absorb(item, maker)

    def demand(self, value: Value, near: set[Value]) -> None:
        """Place what ``value`` waits for."""
        for part in (value, *value.parts):
            for item in self.waiting.pop(part, ()):
                self.place(item, near)

    def demand_readers(self, value: Value) -> None:
        for result, items in list(self.waiting.items()):
            if any(read.value is value for item in items for read in item.body[0].reads):
                self.demand(result, set())


def _moved(item: Item, read: Access, extents: Sequence[int]) -> tuple[Access, ...] | None:
    """What the item's statement reads for the one element that ``read`` wants in these loops."""
    (statement,) = item.body
    if isinstance(statement.op, Coordinate):
        return None
    (write,) = statement.writes
    if len(read.groups) != len(write.groups):
        return None
    forms: dict[int, Affine] = {}
    for (span, mine), (other, wanted) in zip(write.groups, read.groups, strict=True):
        if mine is None or wanted is None or span != other:
            return None
        if not mine.terms and not mine.offset:  # an axis of length one
            continue
        if len(mine.terms) != 1 or mine.terms[0][1] != 1 or mine.offset:
            return None
        forms[mine.terms[0][0]] = wanted
    if len(forms) != len(item.extents):
        return None
    if isinstance(statement.op, Lookup) and statement.op.mode == "raise":
        places = sorted(form.terms for form in forms.values())  # all is read, or an error is lost
        if places != [((axis, 1),) for axis in range(len(extents))] or any(
            form.offset or extents[form.terms[0][0]] != item.extents[depth]
            for depth, form in forms.items()
        ):
            return None
    axes = [forms[depth] for depth in range(len(item.extents))]
    return tuple(
        Access(
            access.value,
            tuple((n, f if f is None else substitute(f, axes)) for n, f in access.groups),
            access.cast,
        )
        for access in statement.reads
    )


def _expands(item: Item) -> bool:
    """Whether an item writes one value that is larger than all that it reads of computed ones."""
    if item.fold is not None or len(item.body) != 1:
        return False
    (statement,) = item.body
    if not isinstance(statement.op, Compute | Copy | Coordinate | Lookup):
        return False
    read = {access.value for access in statement.reads if access.value.kind == "temp"}
    return 2 * sum(value.size for value in read) <= statement.writes[0].value.size


# --- placing -------------------------------------------------------------------------------------


class _Needs:
    """What an item needs of the nodes placed before it."""

    def __init__(self, item: Item) -> None:
        self.external = _dependences(item)
        self.calls = {value for value, _ in self.external if not value.writers}
        self.ended = {value.over for value, _ in self.external if value.over is not None}
        self.behind: set[object] = set()  # the nodes that touch what the item overwrites
        for value in self.ended:
            for statement in (*value.writers, *(reader for reader, _ in value.readers)):
                if statement is not None:
                    self.behind.update((*statement.path, statement, statement.owner))
        self.nodes: set[object] = set(self.behind)  # the nodes that hold what it depends on
        for value, _ in self.external:
            for writer in value.writers:
                self.nodes.update((*writer.path, writer, writer.owner))
        self.nodes.discard(None)

    def allows(self, loop: Loop, depth: int) -> bool:
        """Whether an iteration of the loop needs nothing of another one."""
        if loop in self.behind:
            return False
        return loop not in self.nodes or pointwise(loop, depth, self.external)

    def hold(self, node: Node | Call) -> bool:
        """Whether the item must stay behind this node."""
        if node in self.nodes:
            return True
        if isinstance(node, Loop | Statement):
            return False
        touched = (*written(node), *(region.value for region in regions(node)))
        return not (self.calls.isdisjoint(written(node)) and self.ended.isdisjoint(touched))


def _place(root: list[Node | Call], item: Item, touched: set[Value]) -> None:
    needs = _Needs(item)
    size, short = _size_inside(item)

    def joins(loop: Loop, depth: int, extent: int) -> bool:
        return (
            loop.extent == extent
            and (depth > 0 or _has_room(loop, item, size, short))
            and (extent <= _SMALL or not touched.isdisjoint(loop.values))
            and needs.allows(loop, depth)
        )

    path: list[Loop] = []
    nodes: list[Node | Call] = root
    for depth, extent in enumerate(item.extents):
        loop = None
        for node in nodes[: -FAR - 1 : -1]:
            if isinstance(node, Loop) and joins(node, depth, extent):
                loop = node
                break
            if needs.hold(node):
                break
        if loop is None:
            loop = Loop(extent)
            nodes.insert(_earliest(nodes, needs.nodes) if path else len(nodes), loop)
        if item.fold is not None and item.fold.depth == depth:
            _place_ends(loop, item.fold, path)
        loop.values |= touched
        loop.weight += len(item.body)
        if depth == 0:
            loop.unrolled += size
            loop.narrow = loop.narrow and short
        path.append(loop)
        nodes = loop.body  # type: ignore[assignment]
    start = _earliest(nodes, needs.nodes) if path else len(nodes)
    for statement in item.body:
        _settle(statement, tuple(path))
    nodes[start:start] = item.body


def _earliest(nodes: Sequence[Node | Call], needed: set[object]) -> int:
    """The position behind all that is needed: whoever comes later may join what is behind."""
    for position in range(len(nodes), 0, -1):
        if nodes[position - 1] in needed:
            return position
    return 0


def _size_inside(item: Item) -> tuple[int, bool]:
    """Statements in one iteration of the outermost loop, and whether the loops inside are short."""
    inner = item.extents[1:]
    return len(item.body) * math.prod(inner), all(extent <= SHORT for extent in inner)


def _has_room(loop: Loop, item: Item, size: int, short: bool) -> bool:
    """Whether the optimiser can take the loop with the item in it."""
    if loop.narrow and short:
        return loop.unrolled + size <= FULL_UNROLLED
    return loop.weight + len(item.body) <= FULL


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
        (part, access)
        for statement in item.body
        for access in (*statement.reads, *statement.writes)
        if access.value.kind == "temp"
        for part in (access.value, *access.value.parts)
    ]


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
    for region in regions(call):
        region.value.readers.append((None, _whole(region.value)))


def _whole(value: Value) -> Access:
    return Access(value, tuple((1, None) for _ in value.shape))


# --- cutting -------------------------------------------------------------------------------------


def _cut(root: list[Node | Call]) -> list[Cluster]:
    order: list[Cluster] = []
    kernel: Kernel | None = None
    looped = False  # the kernel has its loop
    size = 0
    for node in root:
        if not isinstance(node, Statement | Loop):
            if isinstance(node, Repeat):
                order.append(Repetition(node, tuple(map(fuse, node.programs))))
            elif not isinstance(node, Fence):
                order.append(node)
            kernel = None
            continue
        straight = 1 if isinstance(node, Statement) else _straight_size(node)
        loop = straight > TINY
        if kernel is None or (looped and (loop or straight > 1)) or size + straight > _STRAIGHT:
            kernel = Kernel()
            order.append(kernel)
            looped = False
            size = 0
        looped = looped or loop
        size += 0 if loop else straight
        kernel.nodes.append(node)
    for number, cluster in enumerate(order):
        if isinstance(cluster, Kernel):
            for statement in cluster.statements:
                statement.cluster = number
    return order


def _straight_size(node: Node) -> int:
    """Statements with all loops unrolled; too many where that does not pay."""
    if isinstance(node, Statement):
        return 1
    if node.extent > NARROW:
        return TINY + 1
    ends = sum(map(_straight_size, [*node.prologue, *node.epilogue]))
    return ends + node.extent * sum(map(_straight_size, node.body))
