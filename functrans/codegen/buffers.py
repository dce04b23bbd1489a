"""Who lives where in memory: every buffer gets a place in an input, an output or the one arena.

::

    place ::= argument i | constant i | output i | arena offset      offsets are multiples of 64

Buffers whose lifetimes do not meet share memory. A buffer may also take over the memory of one
that dies in the kernel that makes it, where each element is read before its place is written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from functrans import kernel
from functrans.codegen.clusters import Cluster, Repetition
from functrans.codegen.effort import is_small, iterations_at_once
from functrans.codegen.nests import Cell, For, Nest, Nests, Step, Storage, steps_of
from functrans.codegen.statements import (
    ByteCopy,
    Compute,
    Coordinate,
    Copy,
    Invoke,
    LibraryCall,
    NumpyCall,
    Repeat,
    RoutineCall,
    Value,
)
from functrans.kernel import Affine

_ALIGNMENT = 64
_HELD_MOST = 64  # bytes of a carry that a loop holds in its own variables: what registers hold

Kind = Literal["arg", "const", "out", "arena"]


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of memory; ``index`` is a byte offset in the arena, else a position in a table."""

    kind: Kind
    index: int

    def __str__(self) -> str:
        return f"{self.kind}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Carried:
    """Where the carries of a repeated program are between two of its runs.

    The ``held`` ones are local to the loop: registers, if they are numbers. Every other one has a
    home: an output of the loop, or memory of its own, ``homes``. One that is not updated
    ``in_place`` is there and in its spare buffer in turn. Homes and ``spares`` are byte offsets in
    the loop's part of the arena.
    """

    nbytes: tuple[int, ...]
    held: frozenset[int]
    in_place: frozenset[int]
    homes: dict[int, int]
    spares: dict[int, int]

    def __str__(self) -> str:
        lines = [f"    carry {k} goes back and forth: loop[{at}]" for k, at in self.spares.items()]
        lines += [f"    carry {k} is held by the loop" for k in sorted(self.held)]
        return "\n".join(lines)


@dataclass(slots=True)
class Repeated:
    """The memory of repeated programs: plans of their own in a part of the arena.

    ``inlined`` programs are part of the loop. ``carried`` is about the carries of each. The loop
    looks at signals when it has run ``every`` so many times; None where it is over before. Of each
    branch ``moved`` has the results that take an operand's memory but are not made there: the byte
    offsets in the scratch where they are made.
    """

    programs: tuple[Buffers, ...]
    scratch: Storage
    inlined: bool
    every: int | None
    carried: tuple[Carried, ...] = ()
    moved: tuple[dict[int, int], ...] = ()


@dataclass(slots=True)
class Buffers:
    """The plan."""

    places: dict[Storage, Place] = field(default_factory=dict)
    repeats: dict[Repetition, Repeated] = field(default_factory=dict)
    workspace: int = 0  # bytes of the arena
    donors: dict[int, int] = field(default_factory=dict)  # output -> argument that it overwrites

    def __str__(self) -> str:
        lines = [f"workspace {self.workspace} bytes"]
        scratch = {repeated.scratch for repeated in self.repeats.values()}
        for storage, place in self.places.items():
            if storage.value.kind not in ("arg", "const") and storage not in scratch:
                lines.append(f"  {storage.value} ({storage.nbytes} bytes): {place}")
        for cluster, repeated in self.repeats.items():
            what = "branches" if isinstance(cluster.call.word, kernel.Branch) else "a loop"
            place = self.places[repeated.scratch]
            lines.append(f"  for {what} ({repeated.scratch.nbytes} bytes): {place}")
            lines += [text for carried in repeated.carried if (text := str(carried))]
            for program in repeated.programs:
                lines += ["    " + line for line in str(program).splitlines()]
        return "\n".join(lines)


def storages_of(cluster: Cluster, nest: Any, nests: Nests) -> set[Storage]:
    """All buffers that a cluster touches."""
    if isinstance(nest, Nest):
        cells = {cell.storage for step in nest.steps() for cell in cells_of(step)}
        return {storage for storage in cells if not storage.local}
    return {nests.storage[value] for value in _touched(cluster) if value.kind != "literal"}


def cells_of(step: Step) -> Iterator[Cell]:
    """What a step reads from memory, then what it writes."""
    for operand in step.operands:
        if isinstance(operand, Cell):
            yield operand
    yield from step.targets


def plan(nests: Nests, donors: Mapping[int, Sequence[int]] | None = None) -> Buffers:
    """Give every buffer its place; ``donors`` says which arguments an output may overwrite."""
    buffers = Buffers()
    touched = [storages_of(cluster, nest, nests) for cluster, nest in nests.order]
    for (cluster, nest), storages in zip(nests.order, touched, strict=True):
        if isinstance(cluster, Repetition):
            repeated = buffers.repeats[cluster] = _repeated(cluster, nest)
            storages.add(repeated.scratch)
    first: dict[Storage, int] = {}
    last: dict[Storage, int] = {}
    for position, storages in enumerate(touched):
        for storage in storages:
            first.setdefault(storage, position)
            last[storage] = position
    buffers.donors = _overwritten(donors or {}, nests, first, last)
    arena = _Arena()
    for position, (cluster, nest) in enumerate(nests.order):
        in_order = sorted(touched[position], key=lambda s: s.value.number)
        dying = [s for s in in_order if last[s] == position]
        for storage in in_order:
            if first[storage] == position:
                place = _fixed(storage, buffers.donors)
                if place is None:
                    older = [s for s in dying if s in arena.starts and s.nbytes == storage.nbytes]
                    fit = (s for s in older if _may_overwrite(s, storage, cluster, nest, nests))
                    place = Place("arena", arena.take(storage, next(fit, None)))
                buffers.places[storage] = place
        for storage in dying:
            arena.give(storage)
    buffers.workspace = arena.top
    return buffers


def _branches(over: Mapping[int, int], nests: Sequence[Nests]) -> Repeated:
    donors = {k: [j] for k, j in over.items()}
    programs = tuple(plan(body, donors) for body in nests)
    size = max(program.workspace for program in programs)
    moved = []
    for body, program in zip(nests, programs, strict=True):
        offsets: dict[int, int] = {}
        for k, j in over.items():
            if not _is_made_in(j, body.storage[body.outputs[k]], program):
                offsets[k] = size
                size += _rounded(body.storage[body.outputs[k]].nbytes)
        moved.append(offsets)
    return Repeated(programs, _scratch(size), all(map(is_small, nests)), None, (), tuple(moved))


def _is_made_in(argument: int, storage: Storage, program: Buffers) -> bool:
    """Whether a program makes an output in the memory of an argument, or leaves it there."""
    return (program.places.get(storage) or _fixed(storage, {})) == Place("arg", argument)


def _scratch(size: int) -> Storage:
    return Storage(Value("temp", -1, (size,), np.dtype(np.uint8)), size, False)


def _repeated(cluster: Repetition, nests: Any) -> Repeated:
    word = cluster.call.word
    if isinstance(word, kernel.Branch):
        return _branches(cluster.call.over, nests)
    bounds = cluster.call.carried
    programs = tuple(
        plan(body, {k: [start + k] for k in range(count)})
        for body, (start, count) in zip(nests, bounds, strict=True)
    )
    size = max(program.workspace for program in programs)
    inlined = all(map(is_small, nests))
    last = len(programs) - 1  # the carries of this one end in the outputs
    carried = []
    for number, (body, (start, count)) in enumerate(zip(nests, bounds, strict=True)):
        storages = [body.storage[body.outputs[k]] for k in range(count)]
        in_place = frozenset(
            k for k in range(count) if _is_made_in(start + k, storages[k], programs[number])
        )
        held = frozenset(k for k in range(count) if inlined and storages[k].nbytes <= _HELD_MOST)
        homes: dict[int, int] = {}
        spares: dict[int, int] = {}
        for k, storage in enumerate(storages):
            for offsets, wanted in (
                (homes, number < last and k not in held),
                (spares, k not in held | in_place),
            ):
                if wanted:
                    offsets[k] = size
                    size += _rounded(storage.nbytes)
        nbytes = tuple(storage.nbytes for storage in storages)
        carried.append(Carried(nbytes, held, in_place, homes, spares))
    at_once = iterations_at_once(nests)
    short = isinstance(word, kernel.Loop) and word.length <= at_once
    every = None if short else at_once
    return Repeated(programs, _scratch(size), inlined, every, tuple(carried))


def _fixed(storage: Storage, donors: Mapping[int, int]) -> Place | None:
    value = storage.value
    if value.output is not None:
        donor = donors.get(value.output)
        return Place("out", value.output) if donor is None else Place("arg", donor)
    if value.kind == "arg":
        return Place("arg", value.number)
    return Place("const", value.number) if value.kind == "const" else None


def _touched(cluster: Cluster) -> Iterator[Value]:
    match cluster:
        case LibraryCall():
            yield from (region.value for region in cluster.reads)
            yield cluster.write
        case RoutineCall() | NumpyCall():
            yield from (region.value for region in cluster.reads)
            yield from cluster.writes
        case ByteCopy():
            yield cluster.read.value
            yield cluster.write
        case Repetition():
            yield from (region.value for region in cluster.call.reads)
            yield from cluster.call.writes


# --- in place ------------------------------------------------------------------------------------


def _may_overwrite(old: Storage, new: Storage, cluster: Cluster, nest: Any, nests: Nests) -> bool:
    """Whether the cluster, the last reader of ``old``, may make ``new`` in its memory."""
    if isinstance(nest, Nest):
        return _read_before_written(old, new, nest)
    return isinstance(cluster, Repetition) and _is_carried(cluster.call, old, new, nests)


def _is_carried(call: Repeat, old: Storage, new: Storage, nests: Nests) -> bool:
    """Whether a loop carries ``new`` on from ``old``, and reads that for nothing else."""
    readers = [
        k
        for k, region in enumerate(call.reads)
        if region.value.kind != "literal" and nests.storage[region.value] is old
    ]
    return any(
        readers == [source]
        and nests.storage[call.writes[result]] is new
        and old.size == new.size == math.prod(call.reads[source].shape)
        and old.dtype == new.dtype
        for source, result in call.carries()
    )


def _overwritten(
    donors: Mapping[int, Sequence[int]],
    nests: Nests,
    first: Mapping[Storage, int],
    last: Mapping[Storage, int],
) -> dict[int, int]:
    """Output -> the argument that it overwrites: nothing needs that one any more by then."""
    given = {s.value.number: s for s in first if s.value.kind == "arg"}
    made = {s.value.output: s for s in first if s.value.output is not None}

    def is_free(donor: int, new: Storage) -> bool:
        old = given.get(donor)
        if old is None or last[old] < first[new]:
            return True
        cluster, nest = nests.order[first[new]]
        return last[old] == first[new] and _may_overwrite(old, new, cluster, nest, nests)

    found: dict[int, int] = {}
    for output, candidates in donors.items():
        for donor in candidates:
            if output in made and donor not in found.values() and is_free(donor, made[output]):
                found[output] = donor
                break
    return found


def _read_before_written(old: Storage, new: Storage, nest: Nest) -> bool:
    """Whether each element of ``old`` is read, once and for all, before its place is written."""
    if old.dtype.itemsize != new.dtype.itemsize:
        return False
    return _at_one_place(old, new, nest) or _row_by_row(old, new, nest)


def _at_one_place(old: Storage, new: Storage, nest: Nest) -> bool:
    """The simple case: both are used at one and the same address."""
    address: Affine | None = None
    written = False
    for step, loops in _steps_in_loops(nest.nodes, frozenset()):
        for cell in cells_of(step):
            if cell.storage is old:
                again = loops - {variable for variable, _ in cell.address.terms}
                if written or cell.strides or again:
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


def _row_by_row(old: Storage, new: Storage, nest: Nest) -> bool:
    """Each iteration uses a row of its own, and is done with the old one before it writes."""
    rows: list[For] = []  # the loops around, outermost first
    nodes: Sequence[Step | For] = nest.nodes
    while True:
        holders = [node for node in nodes if any(_cells_below([node], old, new))]
        if len(holders) != 1:
            break
        (node,) = holders
        if not isinstance(node, For) or any(
            _cells_below([*node.prologue, *node.epilogue], old, new)
        ):
            return False
        rows.append(node)
        nodes = node.body
    return bool(rows) and _rows_apart(rows, nodes, old, new) and _reads_come_first(nodes, old, new)


def _rows_apart(
    rows: Sequence[For], nodes: Sequence[Step | For], old: Storage, new: Storage
) -> bool:
    """Whether all cells of one iteration lie in a row that no other iteration touches."""
    extents = {node.variable: node.extent for node in _loops(nodes)}
    strides: set[tuple[int, ...]] = set()
    last = 0  # the last place inside a row
    for cell in _cells_below(nodes, old, new):
        terms = dict(cell.address.terms)
        strides.add(tuple(terms.pop(node.variable, 0) for node in rows))
        if cell.strides or cell.address.offset < 0 or any(c < 0 for c in terms.values()):
            return False
        inner = sum(c * (extents[variable] - 1) for variable, c in terms.items())
        last = max(last, cell.address.offset + inner)
    if len(strides) != 1:
        return False
    for node, stride in zip(reversed(rows), reversed(strides.pop()), strict=True):
        if stride <= last:
            return False
        last += stride * (node.extent - 1)
    return True


def _reads_come_first(nodes: Sequence[Step | For], old: Storage, new: Storage) -> bool:
    """Whether nothing reads ``old`` from the first node on that writes ``new``."""
    began = False
    for node in nodes:
        steps = list(steps_of([node]))
        writes = any(cell.storage is new for step in steps for cell in step.targets)
        reads = {o.storage for step in steps for o in step.operands if isinstance(o, Cell)}
        if old in reads and (writes or began):
            return False
        if new in reads and not began:
            return False
        if any(cell.storage is old for step in steps for cell in step.targets):
            return False
        began = began or writes
    return began


def _cells_below(nodes: Sequence[Step | For], *storages: Storage) -> Iterator[Cell]:
    for step in steps_of(list(nodes)):
        yield from (cell for cell in cells_of(step) if cell.storage in storages)


def _loops(nodes: Sequence[Step | For]) -> Iterator[For]:
    for node in nodes:
        if isinstance(node, For):
            yield node
            yield from _loops([*node.prologue, *node.body, *node.epilogue])


def _steps_in_loops(
    nodes: Sequence[Step | For], loops: frozenset[int]
) -> Iterator[tuple[Step, frozenset[int]]]:
    """All steps in order, each with the variables of the loops around it."""
    for node in nodes:
        if isinstance(node, Step):
            yield node, loops
            continue
        inside = loops if node.extent == 1 else loops | {node.variable}
        yield from _steps_in_loops(node.prologue, loops)
        yield from _steps_in_loops(node.body, inside)
        yield from _steps_in_loops(node.epilogue, loops)


def _rounded(nbytes: int) -> int:
    return max(-(-nbytes // _ALIGNMENT), 1) * _ALIGNMENT


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
        size = _rounded(storage.nbytes)
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
