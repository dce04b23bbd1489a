"""What fusing makes: loops and kernels, in trees and in order, and how they print.

::

    cluster ::= kernel | library call | routine call | NumPy call | byte copy | repetition
    kernel  ::= node*                    one loop at most that is not unrolled
    node    ::= statement | loop
    loop    ::= extent, prologue: node*, body: node*, epilogue: node*
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from functrans import kernel
from functrans.codegen.index import unit
from functrans.codegen.statements import (
    Access,
    ByteCopy,
    Call,
    Fence,
    Item,
    LibraryCall,
    Lowered,
    NumpyCall,
    Region,
    Repeat,
    RoutineCall,
    Statement,
    Value,
    show_form,
)

FULL = 160  # statements: the optimiser's cost grows faster than the size of a function
FULL_UNROLLED = 1600  # and with short loops unrolled
SHORT = 16  # iterations of a loop that may be unrolled
NARROW = 7  # iterations; eight float64 fill a vector register: such a loop is left to LLVM
TINY = 64  # statements of a loop that becomes straight-line code
FAR = 64  # nodes to look back at each level


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


def statements_of(nodes: list[Node]) -> Iterator[Statement]:
    """All statements below, in the order in which they run."""
    for node in nodes:
        if isinstance(node, Statement):
            yield node
        else:
            yield from statements_of(node.prologue)
            yield from statements_of(node.body)
            yield from statements_of(node.epilogue)


def pointwise(loop: Loop, depth: int, external: list[tuple[Value, Access]]) -> bool:
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


def regions(call: Call) -> tuple[Region, ...]:
    """What a call reads."""
    return (call.read,) if isinstance(call, ByteCopy) else call.reads


def written(call: Call) -> tuple[Value, ...]:
    """What a call writes."""
    return (call.write,) if isinstance(call, LibraryCall | ByteCopy) else call.writes


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
