"""What lives where: which values have a storage, how large it is, and in which memory.

A value that is read only where it was made, at the same point, is a register. Otherwise it has a
storage: a whole buffer, or, if all its uses share outer loops, only the axes that these loops do
not fix.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from functrans.codegen.clusters import Kernel
from functrans.codegen.index import strides_of, unit
from functrans.codegen.nests import Storage
from functrans.codegen.statements import (
    LOCAL_BYTES,
    Access,
    Compute,
    Coordinate,
    Copy,
    Invoke,
    Lookup,
    Statement,
    Value,
)
from functrans.codegen.tiles import Tile

_STACK_BYTES = 32768  # of one kernel
_MAKES_REGISTER = (Compute, Invoke, Copy, Coordinate, Lookup)


class Places:
    """The storage of every value that has one, with the strides of its axes."""

    def __init__(self, tiles: Mapping[Kernel, Tile]) -> None:
        self.rows = {value: tile.rows for tile in tiles.values() for value in tile.values}
        self.storage: dict[Value, Storage] = {}
        self.strides: dict[Value, list[int]] = {}
        self.starts: dict[Value, int] = {}
        self.stack: dict[int, int] = {}  # bytes of locals in each cluster

    def decide(self, value: Value) -> None:
        if value.kind == "literal":
            return
        if value in self.rows:  # one block of it at a time
            shape = [self.rows[value], *value.shape[1:]]
            self.storage[value] = Storage(value, math.prod(shape), False)
            self.strides[value] = strides_of(shape)
            return
        uses = [
            (statement, access)
            for statement, access in value.readers
            if statement is None or not in_register(statement, access)
        ]
        pure = all(isinstance(w.op, _MAKES_REGISTER) for w in value.writers) and value.writers
        if value.kind == "temp" and value.output is None and not uses and pure and not value.parts:
            return
        inside = self._only_cluster(value, uses)
        shape = list(value.shape)
        if inside >= 0:
            for axis in _fixed_axes(value, uses):
                shape[axis] = 1
        size = math.prod(shape)
        storage = Storage(value, size, False)
        if inside >= 0 and storage.nbytes <= LOCAL_BYTES:
            stack = self.stack.get(inside, 0) + storage.nbytes
            storage.local = stack <= _STACK_BYTES
            if storage.local:
                self.stack[inside] = stack
        self.storage[value] = storage
        strides = strides_of(shape)
        self.strides[value] = [
            0 if n == 1 and m != 1 else s
            for n, m, s in zip(shape, value.shape, strides, strict=True)
        ]

    def share(self, value: Value) -> None:
        """The memory of a value that lies inside another one."""
        start, outer = 0, value
        while outer.within is not None:
            outer, offset = outer.within
            start += offset
        self.storage[value] = self.storage[outer]
        self.starts[value] = start
        self.strides[value] = strides_of(value.shape)

    def _only_cluster(self, value: Value, uses: list[Any]) -> int:
        """The one kernel that touches the value's memory, or −1."""
        if value.kind != "temp" or value.output is not None or not value.writers or value.parts:
            return -1
        clusters = {writer.cluster for writer in value.writers}
        clusters |= {-1 if statement is None else statement.cluster for statement, _ in uses}
        return clusters.pop() if len(clusters) == 1 else -1


def in_register(reader: Statement, access: Access) -> bool:
    """Whether what is read was made earlier in the same iteration, at the same point."""
    value = access.value
    if len(value.writers) != 1:
        return False
    writer = value.writers[0]
    depth = len(writer.path)
    return (
        writer.cluster == reader.cluster
        and isinstance(writer.op, _MAKES_REGISTER)
        and writer.path == reader.path[:depth]
        and writer.writes[0].groups == access.groups
    )


def _fixed_axes(value: Value, uses: list[tuple[Statement | None, Access]]) -> Iterator[int]:
    """The axes whose index is, in all uses, the variable of a loop that all uses share."""
    accesses = [(statement, access) for statement, access in uses if statement is not None]
    for writer in value.writers:
        accesses += [(writer, write) for write in writer.writes if write.value is value]
    if any(len(access.groups) != len(value.shape) for _, access in accesses):
        return
    paths = [statement.path for statement, _ in accesses]
    for depth, loops in enumerate(zip(*paths, strict=False)):
        if any(loop is not loops[0] for loop in loops):
            return
        here = (1, unit(depth))
        for axis in range(len(value.shape)):
            if all(access.groups[axis] == here for _, access in accesses):
                yield axis
                break
