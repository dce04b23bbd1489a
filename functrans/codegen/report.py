"""What a compiled program consists of, for people: kernels, calls of libraries, and fallbacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from functrans.codegen.buffers import storages_of
from functrans.codegen.loops import For, Nests, Step
from functrans.codegen.statements import ByteCopy, Compute, Fold, Invoke, LibraryCall, NumpyCall
from functrans.core.jaxpr import Eqn
from functrans.errors import Source


@dataclass(frozen=True, slots=True)
class KernelRow:
    """One native function: the operations fused in it and the work that it does."""

    operations: tuple[str, ...]
    lines: tuple[str, ...]
    flops: int
    bytes: int


@dataclass(frozen=True, slots=True)
class LibraryRow:
    """One BLAS call."""

    call: str
    line: str
    flops: int
    bytes: int


@dataclass(frozen=True, slots=True)
class OpaqueRow:
    """A library's function that a kernel calls for its elements, ``calls`` of them a run."""

    routine: str
    calls: int
    line: str


@dataclass(frozen=True, slots=True)
class FallbackRow:
    """One equation that runs in NumPy, and why."""

    primitive: str
    reason: str
    source: Source | None

    @property
    def line(self) -> str:
        return str(self.source or "")


@dataclass(slots=True)
class Report:
    """The parts of a program in the order in which they run."""

    workspace: int  # bytes
    kernels: list[KernelRow] = field(default_factory=list)
    library_calls: list[LibraryRow] = field(default_factory=list)
    opaque_calls: list[OpaqueRow] = field(default_factory=list)
    fallbacks: list[FallbackRow] = field(default_factory=list)
    copies: int = 0

    @property
    def flops(self) -> int:
        native = sum(row.flops for row in self.kernels)
        return native + sum(row.flops for row in self.library_calls)

    def __str__(self) -> str:
        lines = [
            f"{len(self.kernels)} kernels, {len(self.library_calls)} library calls, "
            f"{len(self.opaque_calls)} opaque calls, {len(self.fallbacks)} fallbacks, "
            f"{self.copies} copies, workspace {self.workspace} bytes"
        ]
        for number, kernel in enumerate(self.kernels):
            work = f"{kernel.flops:>12,} flops {kernel.bytes:>12,} bytes"
            lines.append(f"  kernel {number:<3} {work}  {_counted(kernel.operations)}")
            if kernel.lines:
                lines.append(f"             {', '.join(kernel.lines)}")
        for call in self.library_calls:
            work = f"{call.flops:>12,} flops {call.bytes:>12,} bytes"
            lines.append(f"  library    {work}  {call.call}  {call.line}")
        for row in self.opaque_calls:
            lines.append(f"  opaque     {row.calls:>12,} calls of {row.routine}  {row.line}")
        lines += [f"  NumPy      {r.primitive}: {r.reason}  {r.line}" for r in self.fallbacks]
        return "\n".join(lines)


def report(nests: Nests, workspace: int) -> Report:
    """Count what a program does."""
    result = Report(workspace)
    for cluster, nest in nests.order:
        touched = sum(s.nbytes for s in storages_of(cluster, nest, nests))
        if nest is not None:
            steps = list(_counted_steps(nest.nodes))
            result.kernels.append(_kernel_row(steps, touched))
            result.opaque_calls += _opaque_rows(steps)
        elif isinstance(cluster, LibraryCall):
            s = cluster.gemm.sizes
            flops = 2 * s.products * s.batch
            row = LibraryRow(str(cluster.gemm), _line(cluster.eqn), flops, touched)
            result.library_calls.append(row)
        elif isinstance(cluster, NumpyCall):
            eqn = cluster.eqn
            result.fallbacks.append(FallbackRow(eqn.primitive.name, cluster.reason, eqn.source))
        elif isinstance(cluster, ByteCopy):
            result.copies += 1
    return result


def _counted_steps(
    nodes: list[Step | For], times: int = 1, runs: dict[int, int] | None = None
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
        yield from _counted_steps([*node.prologue, *node.epilogue], times, runs)
        yield from _counted_steps(node.body, inside, {**runs, node.variable: times})


def _kernel_row(steps: list[tuple[Step, int]], touched: int) -> KernelRow:
    eqns = {step.eqn: None for step, _ in steps if step.eqn is not None}
    lines = {_line(eqn): None for eqn in eqns if eqn.source}
    operations = tuple(eqn.primitive.name for eqn in eqns) or ("copy",)
    flops = sum(times for step, times in steps if isinstance(step.op, Compute | Invoke | Fold))
    return KernelRow(operations, tuple(lines), flops, touched)


def _opaque_rows(steps: list[tuple[Step, int]]) -> Iterator[OpaqueRow]:
    for step, times in steps:
        if isinstance(step.op, Invoke):
            yield OpaqueRow(step.op.routine, times, _line(step.eqn))


def _line(eqn: Eqn | None) -> str:
    return str(eqn.source) if eqn is not None and eqn.source else ""


def _counted(names: tuple[str, ...]) -> str:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{n} {name}" if n > 1 else name for name, n in counts.items())
