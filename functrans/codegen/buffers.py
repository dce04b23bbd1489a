"""Who lives where in memory: every buffer gets a place in an input, an output or the one arena.

::

    place ::= argument i | constant i | output i | arena offset      offsets are multiples of 64

Buffers whose lifetimes do not meet share memory. A buffer may also take over the memory of one
that dies in the kernel that makes it, where each element is read before its place is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from functrans.codegen.fuse import Cluster
from functrans.codegen.loops import Cell, Nest, Nests, Step, Storage
from functrans.codegen.statements import (
    ByteCopy,
    Compute,
    Coordinate,
    Copy,
    Invoke,
    LibraryCall,
    NumpyCall,
    Value,
)
from functrans.kernel import Affine

_ALIGNMENT = 64

Kind = Literal["arg", "const", "out", "arena"]


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of memory; ``index`` is a byte offset in the arena, else a position in a table."""

    kind: Kind
    index: int

    def __str__(self) -> str:
        return f"{self.kind}[{self.index}]"


@dataclass(slots=True)
class Buffers:
    """The plan."""

    places: dict[Storage, Place] = field(default_factory=dict)
    workspace: int = 0  # bytes of the arena

    def __str__(self) -> str:
        lines = [f"workspace {self.workspace} bytes"]
        for storage, place in self.places.items():
            if place.kind not in ("arg", "const"):
                lines.append(f"  {storage.value} ({storage.nbytes} bytes): {place}")
        return "\n".join(lines)


def storages_of(cluster: Cluster, nest: Nest | None, nests: Nests) -> set[Storage]:
    """All buffers that a cluster touches."""
    if nest is not None:
        cells = {cell.storage for step in nest.steps() for cell in cells_of(step)}
        return {storage for storage in cells if not storage.local}
    return {nests.storage[value] for value in _touched(cluster) if value.kind != "literal"}


def cells_of(step: Step) -> Iterator[Cell]:
    """What a step reads from memory, then what it writes."""
    for operand in step.operands:
        if isinstance(operand, Cell):
            yield operand
    yield from step.targets


def plan(nests: Nests) -> Buffers:
    """Give every buffer its place."""
    buffers = Buffers()
    touched = [storages_of(cluster, nest, nests) for cluster, nest in nests.order]
    first: dict[Storage, int] = {}
    last: dict[Storage, int] = {}
    for position, storages in enumerate(touched):
        for storage in storages:
            first.setdefault(storage, position)
            last[storage] = position
    arena = _Arena()
    for position, (_, nest) in enumerate(nests.order):
        in_order = sorted(touched[position], key=lambda s: s.value.number)
        dying = [s for s in in_order if last[s] == position]
        for storage in in_order:
            if first[storage] == position:
                buffers.places[storage] = _fixed(storage) or Place(
                    "arena", arena.take(storage, _take_over(storage, dying, nest, arena))
                )
        for storage in dying:
            arena.give(storage)
    buffers.workspace = arena.top
    return buffers


def _fixed(storage: Storage) -> Place | None:
    value = storage.value
    if value.output is not None:
        return Place("out", value.output)
    if value.kind == "arg":
        return Place("arg", value.number)
    return Place("const", value.number) if value.kind == "const" else None


def _touched(cluster: Cluster) -> Iterator[Value]:
    match cluster:
        case LibraryCall():
            yield from (region.value for region in cluster.reads)
            yield cluster.write
        case NumpyCall():
            yield from (region.value for region in cluster.reads)
            yield from cluster.writes
        case ByteCopy():
            yield cluster.read.value
            yield cluster.write


# --- in place ------------------------------------------------------------------------------------


def _take_over(
    new: Storage, dying: list[Storage], nest: Nest | None, arena: _Arena
) -> Storage | None:
    """A buffer that dies here and whose memory ``new`` may overwrite."""
    if nest is None:
        return None
    for old in dying:
        if (
            old in arena.starts
            and old.nbytes == new.nbytes
            and _read_before_written(old, new, nest)
        ):
            return old
    return None


def _read_before_written(old: Storage, new: Storage, nest: Nest) -> bool:
    if old.dtype.itemsize != new.dtype.itemsize:
        return False
    address: Affine | None = None
    written = False
    for step in nest.steps():
        for cell in cells_of(step):
            if cell.storage is old:
                if written or cell.strides:
                    return False
                if address is None:
                    address = cell.address
                elif cell.address != address:
                    return False
        for cell in step.targets:
            if cell.storage is not new:
                continue
            if written or address is None or cell.address != address:
                return False
            if not isinstance(step.op, Compute | Invoke | Copy | Coordinate):
                return False
            written = True
    return written


class _Arena:
    """First fit among the free gaps."""

    def __init__(self) -> None:
        self.used: list[tuple[int, int]] = []  # (start, end), ascending
        self.starts: dict[Storage, int] = {}
        self.top = 0

    def take(self, storage: Storage, heir_of: Storage | None) -> int:
        """An offset for ``storage``: that of the buffer it takes over, or a free one."""
        if heir_of is not None:
            start = self.starts[storage] = self.starts.pop(heir_of)
            return start
        size = max(-(-storage.nbytes // _ALIGNMENT), 1) * _ALIGNMENT
        start = 0
        position = len(self.used)
        for number, (begin, end) in enumerate(self.used):
            if begin - start >= size:
                position = number
                break
            start = end
        self.used.insert(position, (start, start + size))
        self.top = max(self.top, start + size)
        self.starts[storage] = start
        return start

    def give(self, storage: Storage) -> None:
        start = self.starts.pop(storage, None)
        if start is not None:
            self.used = [piece for piece in self.used if piece[0] != start]
