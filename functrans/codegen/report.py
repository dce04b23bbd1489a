"""What a compiled program consists of, for people: what runs, how often, and how much work it is.

A program is a sequence of clusters, and a loop holds programs of its own. Every cluster is one row.
Its label says where it stands: ``2.0`` is the first cluster inside the loop ``2``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from functrans import kernel
from functrans.codegen.clusters import Cluster, Repetition, repeat_title
from functrans.codegen.nests import Cell, For, Multiply, Nest, Nests, Number, Step, Storage
from functrans.codegen.statements import (
    ByteCopy,
    Compute,
    Copy,
    Fold,
    Invoke,
    LibraryCall,
    NumpyCall,
    Region,
    RoutineCall,
    Update,
    Value,
)
from functrans.core.jaxpr import Eqn
from functrans.errors import Source
from functrans.rich import Rich


@dataclass(frozen=True, slots=True)
class Row:
    """One cluster.

    Attributes
    ----------
    path: its position in the program, after those of the loops around it.
    runs: how often one call runs it; None inside a while loop.
    flops, bytes: operations on numbers, and what is read and written, of one run. Bytes count
        memory that is read or written again once, as if caches held it.
    eqns: the equations that it computes.
    sources: the lines of the user's code behind them.
    """

    path: tuple[int, ...]
    runs: int | None
    flops: int
    bytes: int
    eqns: tuple[Eqn, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(dict.fromkeys(e.source for e in self.eqns if e.source is not None))

    @property
    def label(self) -> str:
        return ".".join(map(str, self.path))

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(map(str, self.sources))

    @property
    def line(self) -> str:
        """The first of its lines."""
        return str(self.sources[0]) if self.sources else ""

    @property
    def title(self) -> str:
        """What it is, in a few words."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class OpaqueRow:
    """A library's function that a kernel calls for its elements, ``calls`` of them a run."""

    routine: str
    calls: int
    line: str


@dataclass(frozen=True, slots=True)
class KernelRow(Row):
    """One native function: the operations fused in it, and the library's functions it calls."""

    operations: tuple[str, ...]
    opaque: tuple[OpaqueRow, ...] = ()

    @property
    def title(self) -> str:
        return f"kernel   {_counted(self.operations)}"


@dataclass(frozen=True, slots=True)
class LibraryRow(Row):
    """One BLAS call."""

    call: str

    @property
    def title(self) -> str:
        return f"library  {self.call}"


@dataclass(frozen=True, slots=True)
class FallbackRow(Row):
    """One equation that runs in NumPy, and why."""

    primitive: str
    reason: str

    @property
    def source(self) -> Source | None:
        return self.sources[0] if self.sources else None

    @property
    def title(self) -> str:
        return f"NumPy    {self.primitive}: {self.reason}"


@dataclass(frozen=True, slots=True)
class CopyRow(Row):
    """A whole array copied to an output."""

    @property
    def title(self) -> str:
        return "copy"


@dataclass(frozen=True, slots=True)
class InnerRow(Row):
    """Programs inside the program: their clusters are the rows below it."""

    call: str


@dataclass(frozen=True, slots=True)
class BranchRow(InnerRow):
    """Programs one of which runs."""

    @property
    def title(self) -> str:
        return f"branch   {self.call}"


@dataclass(frozen=True, slots=True)
class LoopRow(InnerRow):
    """Programs that run again and again. ``length`` is None where only the values say how often."""

    length: int | None

    @property
    def title(self) -> str:
        return f"loop     {self.call}"


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of memory while a call runs; ``results`` that overwrite an argument are not counted."""

    arguments: int = 0
    constants: int = 0
    results: int = 0
    workspace: int = 0

    @property
    def peak(self) -> int:
        """All of it: nothing is given back before the call ends."""
        return self.arguments + self.constants + self.results + self.workspace


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds that making the program took; None for a stage that has not run.

    ``build`` is the way from the simplified program to LLVM's text. ``cached`` says that LLVM did
    not run, because the cache on disk had the machine code; ``llvm`` is the time to load it.
    """

    trace: float | None = None
    passes: float | None = None
    build: float | None = None
    llvm: float | None = None
    cached: bool = False

    @property
    def total(self) -> float:
        return sum(s for s in (self.trace, self.passes, self.build, self.llvm) if s is not None)

    def __str__(self) -> str:
        llvm = "machine code from the cache" if self.cached else "LLVM"
        stages = ("trace", self.trace), ("passes", self.passes), ("build", self.build)
        known = [(name, s) for name, s in (*stages, (llvm, self.llvm)) if s is not None]
        parts = ", ".join(f"{name} {s * 1e3:.1f}" for name, s in known)
        return f"made in {self.total * 1e3:.1f} ms: {parts}" if known else "not compiled yet"


@dataclass(slots=True)
class Report(Rich):
    """The parts of a program in the order in which they run.

    >>> report = ft.jit(lambda x: np.sum(np.tanh(x) * 2.0)).lower(np.ones(100)).report()
    >>> [kernel.operations for kernel in report.kernels], report.flops
    ([('tanh', 'mul', 'reduce_sum')], 300)
    >>> report.memory.arguments, report.memory.results, len(report.fallbacks)
    (800, 8, 0)
    """

    rows: list[Row]
    memory: Footprint = field(default_factory=Footprint)
    times: Times = field(default_factory=Times)

    @property
    def kernels(self) -> list[KernelRow]:
        return [row for row in self.rows if isinstance(row, KernelRow)]

    @property
    def library_calls(self) -> list[LibraryRow]:
        return [row for row in self.rows if isinstance(row, LibraryRow)]

    @property
    def opaque_calls(self) -> list[OpaqueRow]:
        return [row for kernel in self.kernels for row in kernel.opaque]

    @property
    def fallbacks(self) -> list[FallbackRow]:
        return [row for row in self.rows if isinstance(row, FallbackRow)]

    @property
    def loops(self) -> list[LoopRow]:
        return [row for row in self.rows if isinstance(row, LoopRow)]

    @property
    def copies(self) -> int:
        return sum(isinstance(row, CopyRow) for row in self.rows)

    @property
    def workspace(self) -> int:
        """Bytes of memory that a call needs besides its arguments and results."""
        return self.memory.workspace

    @property
    def flops(self) -> int:
        """Operations on numbers in one call; what is in a while loop counts as if it ran once."""
        return sum(row.flops * _once(row.runs) for row in self.rows)

    @property
    def bytes(self) -> int:
        """Bytes that the clusters of one call read and write, counted like the operations."""
        return sum(row.bytes * _once(row.runs) for row in self.rows)

    def __str__(self) -> str:
        loops = f"{len(self.loops)} loops, " if self.loops else ""
        m = self.memory
        lines = [
            f"{len(self.kernels)} kernels, {len(self.library_calls)} library calls, "
            f"{len(self.opaque_calls)} opaque calls, {len(self.fallbacks)} fallbacks, "
            f"{self.copies} copies, {loops}{self.flops:,} flops, {self.bytes:,} bytes moved",
            f"memory {m.peak:,} bytes: arguments {m.arguments:,}, constants {m.constants:,}, "
            f"results {m.results:,}, workspace {m.workspace:,}",
            str(self.times),
        ]
        width = max((len(row.label) for row in self.rows), default=0)
        for row in self.rows:
            lines += _shown(row, width)
        return "\n".join(lines)


def report(nests: Nests, memory: Footprint) -> Report:
    """Count what a program does."""
    return Report(list(_rows(nests, (), 1)), memory)


# --- rows ----------------------------------------------------------------------------------------


def _rows(nests: Nests, around: tuple[int, ...], runs: int | None, first: int = 0) -> Iterator[Row]:
    """The clusters in the order in which a clocked module numbers them: a loop before its own."""
    for number, (cluster, nest) in enumerate(nests.order, first):
        path = (*around, number)
        yield _row(cluster, nest, path, runs)
        if isinstance(cluster, Repetition) and isinstance(nest, tuple):
            length = _length(cluster)
            inside = None if runs is None or length is None else runs * length
            count = 0
            for program in nest:
                yield from _rows(program, path, inside, count)
                count += len(program.order)


def _row(
    cluster: Cluster, nest: Nest | tuple[Nests, ...] | None, path: tuple[int, ...], runs: int | None
) -> Row:
    match cluster:
        case LibraryCall():
            sizes = cluster.gemm.sizes
            moved = _region_bytes(*cluster.reads) + _bytes(cluster.write)
            flops = 2 * sizes.products * sizes.batch
            return LibraryRow(path, runs, flops, moved, (cluster.eqn,), str(cluster.gemm))
        case RoutineCall():
            moved = _region_bytes(*cluster.reads) + _bytes(*cluster.writes)
            flops, title = cluster.routine.flops, str(cluster.routine)
            return LibraryRow(path, runs, flops, moved, (cluster.eqn,), title)
        case NumpyCall():
            moved = _region_bytes(*cluster.reads) + _bytes(*cluster.writes)
            name = cluster.eqn.primitive.name
            return FallbackRow(path, runs, 0, moved, (cluster.eqn,), name, cluster.reason)
        case ByteCopy():
            return CopyRow(path, runs, 0, 2 * _bytes(cluster.write), ())
        case Repetition():
            title, eqns = repeat_title(cluster.call), (cluster.call.eqn,)
            if isinstance(cluster.call.word, kernel.Branch):
                return BranchRow(path, runs, 0, 0, eqns, title)
            return LoopRow(path, runs, 0, 0, eqns, title, _length(cluster))
        case _:
            assert isinstance(nest, Nest)
            return _kernel_row(list(_counted_steps(nest.nodes)), path, runs)


def _kernel_row(
    steps: Sequence[tuple[Step, int]], path: tuple[int, ...], runs: int | None
) -> KernelRow:
    steps = sorted(steps, key=lambda counted: _begins(counted[0]))
    eqns = tuple(dict.fromkeys(step.eqn for step, _ in steps if step.eqn is not None))
    operations = tuple(eqn.primitive.name for eqn in eqns) or ("copy",)
    opaque = tuple(
        OpaqueRow(step.op.routine, times, _first_line(step.eqn))
        for step, times in steps
        if isinstance(step.op, Invoke)
    )
    flops = sum(times * _flops(step) for step, times in steps)
    return KernelRow(path, runs, flops, _moved(steps), eqns, operations, opaque)


def _begins(step: Step) -> bool:
    """Whether a step only sets something up: a reduction is named where it folds."""
    return isinstance(step.op, Copy) and isinstance(step.operands[0], Number)


def _flops(step: Step) -> int:
    op = step.op
    if isinstance(op, Multiply):
        return 2 * op.gemm.sizes.products
    computes = isinstance(op, Compute | Invoke | Fold)
    return int(computes or (isinstance(op, Update) and op.op != "set"))


def _moved(steps: Sequence[tuple[Step, int]]) -> int:
    """Bytes of buffers read and written; no buffer counts more often than it has elements."""
    read: dict[Storage, int] = {}
    written: dict[Storage, int] = {}
    for step, times in steps:
        if isinstance(step.op, Multiply):
            sizes = step.op.gemm.sizes
            moves = [times * sizes.m * sizes.k, times * sizes.k * sizes.n]
            written[step.targets[0].storage] = times * sizes.m * sizes.n
        else:
            moves = [times] * len(step.operands)
            for cell in step.targets:
                written[cell.storage] = written.get(cell.storage, 0) + times
        for operand, count in zip(step.operands, moves, strict=True):
            if isinstance(operand, Cell):
                read[operand.storage] = read.get(operand.storage, 0) + count
    return sum(
        min(times, storage.size) * storage.dtype.itemsize
        for counted in (read, written)
        for storage, times in counted.items()
        if not storage.local
    )


def _counted_steps(
    nodes: Sequence[Step | For], times: int = 1, runs: dict[int, int] | None = None
) -> Iterator[tuple[Step, int]]:
    """All steps below, each with the number of times that it runs.

    ``runs`` says of each loop around how often it is entered.
    """
    runs = runs or {}
    for node in nodes:
        if isinstance(node, Step):
            yield node, times
            continue
        inside = times * node.extent
        if node.left is not None:  # together, the blocks of a sum make a loop over all that is left
            inside = min(runs[variable] for variable, _ in node.left.terms) * node.left.offset
        yield from _counted_steps(node.prologue, times, runs)
        yield from _counted_steps(node.body, inside, {**runs, node.variable: times})
        yield from _counted_steps(node.epilogue, times, runs)


def _length(cluster: Repetition) -> int | None:
    word = cluster.call.word
    return word.length if isinstance(word, kernel.Loop) else None


def _once(runs: int | None) -> int:
    return 1 if runs is None else runs


def _bytes(*values: Value) -> int:
    return sum(value.size * value.dtype.itemsize for value in values)


def _region_bytes(*regions: Region) -> int:
    return sum(math.prod(r.shape) * r.dtype.itemsize for r in regions if r.value.kind != "literal")


def _first_line(eqn: Eqn | None) -> str:
    return str(eqn.source) if eqn is not None and eqn.source else ""


# --- printing ------------------------------------------------------------------------------------


def _shown(row: Row, width: int) -> Iterator[str]:
    runs = "? ×" if row.runs is None else f"{row.runs:,} ×" if row.runs != 1 else ""
    work = f"{runs:>9} {row.flops:>13,} flops {row.bytes:>13,} bytes"
    if isinstance(row, InnerRow):
        work = f"{runs:>9} {'':>39}"
    yield f"  {row.label:<{width}} {work}  {row.title}"
    margin = " " * (width + 55)
    if row.sources:
        yield f"{margin}{', '.join(row.lines)}"
    for call in row.opaque if isinstance(row, KernelRow) else ():
        yield f"{margin}{call.calls:,} calls of {call.routine}  {call.line}"


def _counted(names: tuple[str, ...]) -> str:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{n} {name}" if n > 1 else name for name, n in counts.items())
