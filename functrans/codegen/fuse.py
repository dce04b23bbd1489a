"""Nests that run over the same outer loops share them: items into trees of loops, then kernels.

::

    cluster ::= kernel | library call | routine call | NumPy call | byte copy
    kernel  ::= node*                    one loop at most that is not unrolled
    node    ::= statement | loop
    loop    ::= extent, prologue: node*, body: node*, epilogue: node*

Items are placed greedily in program order. An item may join a loop when its own loop at that
depth has the same extent, it touches a value that the loop touches, and whatever it reads from
inside the loop was written there at the loop's own coordinate: iteration i then needs nothing of
another iteration. Every statement runs once for each point; nothing is computed twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from functrans import kernel
from functrans.codegen.index import substitute, unit
from functrans.codegen.statements import (
    Access,
    ByteCopy,
    Call,
    Compute,
    Coordinate,
    Copy,
    Fence,
    FoldEnds,
    Item,
    LibraryCall,
    Lookup,
    Lowered,
    NumpyCall,
    Region,
    Repeat,
    RoutineCall,
    Statement,
    Value,
    show_form,
)
from functrans.kernel import Affine

_FULL = 160  # statements: the optimiser's cost grows faster than the size of a function
FULL_UNROLLED = 1600  # and with short loops unrolled
SHORT = 16  # iterations of a loop that may be unrolled
_SMALL = 64  # iterations of a loop so short that strangers may share it
NARROW = 7  # iterations; eight float64 fill a vector register: such a loop is left to LLVM
TINY = 64  # statements of a loop that becomes straight-line code
_STRAIGHT = 640  # statements of a kernel without a loop
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
    unrolled: int = 0  # and with all loops inside unrolled
    narrow: bool = True  # all loops inside are short


Node = Statement | Loop


@dataclass(slots=True, eq=False)
class Kernel:
    """One native function: straight-line code, and at most one outermost loop."""

    nodes: list[Node] = field(default_factory=list)

    @property
    def statements(self) -> Iterator[Statement]:
        return statements_of(self.nodes)


@dataclass(slots=True, eq=False)
class Repetition:
    """A repeated program, fused."""

    call: Repeat
    programs: tuple[Clusters, ...]


Cluster = Kernel | LibraryCall | RoutineCall | NumpyCall | ByteCopy | Repetition


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
            if isinstance(cluster, Repetition):
                for program in cluster.programs:
                    lines += ["    " + line for line in str(program).splitlines()]
        return "\n".join(lines)


def fuse(lowered: Lowered) -> Clusters:
    """Place every step, then cut the program into clusters."""
    placing = _Placing(lowered)
    for step in lowered.steps:
        placing.step(step)
    for value in list(placing.waiting):
        placing.demand(value, set())
    return Clusters(lowered.values, lowered.outputs, _cut(_joined(placing.root, 0)))


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
            for access in _accesses(step) if isinstance(step, Item) else _regions(step):
                self.reads[access.value] = self.reads.get(access.value, 0) + 1

    def step(self, step: Item | Call) -> None:
        if isinstance(step, Item):
            if _expands(step):
                self.waiting.setdefault(step.body[0].writes[0].value, []).append(step)
            else:
                self.place(step, set())
            return
        for region in _regions(step):
            self.demand(region.value, set())
        for value in _written(step):
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
        return loop not in self.nodes or _pointwise(loop, depth, self.external)

    def hold(self, node: Node | Call) -> bool:
        """Whether the item must stay behind this node."""
        if node in self.nodes:
            return True
        if isinstance(node, Loop | Statement):
            return False
        touched = (*_written(node), *(region.value for region in _regions(node)))
        return not (self.calls.isdisjoint(_written(node)) and self.ended.isdisjoint(touched))


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
        for node in nodes[: -_FAR - 1 : -1]:
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
    return loop.weight + len(item.body) <= _FULL


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


def _pointwise(loop: Loop, depth: int, external: list[tuple[Value, Access]]) -> bool:
    """Whether all that is read from inside ``loop`` was written at the same coordinate."""
    here = (1, unit(depth))
    for value, access in external:
        for writer in value.writers:
            if writer.owner is loop:
                return False
            if loop not in writer.path:
                continue
            if value is not access.value:  # written as a part, read as the whole
                return False
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
    return (call.write,) if isinstance(call, LibraryCall | ByteCopy) else call.writes


def _whole(value: Value) -> Access:
    return Access(value, tuple((1, None) for _ in value.shape))


# --- joining -------------------------------------------------------------------------------------


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


def _joined(root: Sequence[Node | Call], depth: int) -> list[Node | Call]:
    """The nodes, with loops as one that were placed as strangers and belong together by now.

    An item joins the nearest of the loops whose values it touches: then these are no strangers.
    """
    nodes: list[Node | Call] = []
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
            node.body = _joined(node.body, depth + 1)  # type: ignore[assignment]
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
    for position in range(len(nodes) - 1, max(len(nodes) - _FAR, 0) - 1, -1):
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
    return one.weight + other.weight <= _FULL


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
    return plain and _pointwise(other, depth, read)


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
        {_memory(region.value) for region in _regions(node)}, set(map(_memory, _written(node)))
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


# --- printing ------------------------------------------------------------------------------------


def _title(cluster: Cluster | Fence) -> str:
    match cluster:
        case Kernel():
            return "kernel"
        case LibraryCall():
            left, right = (region.value for region in cluster.reads)
            return f"{cluster.write} = {cluster.gemm} {left} {right}"
        case RoutineCall():
            made = ", ".join(map(repr, cluster.writes))
            read = " ".join(repr(r.value) for r in cluster.reads)
            return f"{made} = {cluster.routine} {read}"
        case NumpyCall():
            made = ", ".join(map(repr, cluster.writes))
            read = " ".join(repr(r.value) for r in cluster.reads)
            return f"{made} = NumPy {cluster.eqn.primitive.name} {read} ({cluster.reason})"
        case ByteCopy():
            return f"{cluster.write} = copy {cluster.read.value}"
        case Fence():
            made = ", ".join(map(repr, cluster.writes))
            return f"{made} = fence {' '.join(repr(r.value) for r in cluster.reads)}"
        case Repetition():
            return _repeat(cluster.call)


def show_steps(lowered: Lowered) -> str:
    """The program before anything is placed: each item with loops of its own."""
    lines: list[str] = []
    for number, step in enumerate(lowered.steps):
        if isinstance(step, Item):
            lines.append(f"{number}:")
            for node in _own_loops(step):
                lines += _show_node(node, 0, "  ")
        elif isinstance(step, Repeat):
            lines.append(f"{number}: {_repeat(step)}")
            for program in step.programs:
                lines += ["    " + line for line in show_steps(program).splitlines()]
        else:
            lines.append(f"{number}: {_title(step)}")
    return "\n".join(lines)


def _own_loops(item: Item) -> list[Node]:
    nodes: list[Node] = [*item.body]
    for depth in reversed(range(len(item.extents))):
        loop = Loop(item.extents[depth], body=nodes)
        if item.fold is not None and item.fold.depth == depth:
            loop.prologue = _perfect(item.fold.extents, item.fold.init)
            loop.epilogue = _perfect(item.fold.extents, item.fold.finish)
        nodes = [loop]
    return nodes


def _perfect(extents: Sequence[int], body: Sequence[Statement]) -> list[Node]:
    nodes: list[Node] = [*body]
    for extent in reversed(extents if nodes else ()):
        nodes = [Loop(extent, body=nodes)]
    return nodes


def _repeat(call: Repeat) -> str:
    made = ", ".join(map(repr, call.writes))
    read = " ".join(repr(r.value) for r in call.reads)
    return f"{made} = {repeat_title(call)} {read}"


def repeat_title(call: Repeat) -> str:
    """``repeat 10 times``, for people."""
    match call.word:
        case kernel.Loop(length=length):
            return f"repeat {length} times"
        case kernel.While():
            return "while"
        case kernel.Unwind():
            return "while, there and back"
        case kernel.Branch():
            return f"one of {len(call.programs)} programs"


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
