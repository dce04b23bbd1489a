"""What a compiled program consists of, for people: kernels, library calls and fallbacks."""

from __future__ import annotations

from dataclasses import dataclass

from functrans.codegen.buffers import storages_of
from functrans.codegen.loops import For, Nest, Nests, Step
from functrans.codegen.statements import ByteCopy, Compute, Fold, LibraryCall, NumpyCall
from functrans.core.jaxpr import Eqn


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
class FallbackRow:
    """One equation that runs in NumPy, and why."""

    operation: str
    reason: str
    line: str


@dataclass(frozen=True, slots=True)
class Report:
    """The parts of a program in the order in which they run."""

    kernels: tuple[KernelRow, ...]
    library_calls: tuple[LibraryRow, ...]
    fallbacks: tuple[FallbackRow, ...]
    copies: int
    workspace: int

    @property
    def flops(self) -> int:
        native = sum(row.flops for row in self.kernels)
        return native + sum(row.flops for row in self.library_calls)

    def __str__(self) -> str:
        lines = [
            f"{len(self.kernels)} kernels, {len(self.library_calls)} library calls, "
            f"{len(self.fallbacks)} fallbacks, {self.copies} copies, "
            f"workspace {self.workspace} bytes"
        ]
        for number, kernel in enumerate(self.kernels):
            work = f"{kernel.flops:>12,} flops {kernel.bytes:>12,} bytes"
            lines.append(f"  kernel {number:<3} {work}  {_counted(kernel.operations)}")
            if kernel.lines:
                lines.append(f"             {', '.join(kernel.lines)}")
        for call in self.library_calls:
            work = f"{call.flops:>12,} flops {call.bytes:>12,} bytes"
            lines.append(f"  library    {work}  {call.call}  {call.line}")
        lines += [f"  NumPy      {r.operation}: {r.reason}  {r.line}" for r in self.fallbacks]
        return "\n".join(lines)


def report(nests: Nests, workspace: int) -> Report:
    """Count what a program does."""
    kernels: list[KernelRow] = []
    calls: list[LibraryRow] = []
    fallbacks: list[FallbackRow] = []
    copies = 0
    for cluster, nest in nests.order:
        touched = sum(s.nbytes for s in storages_of(cluster, nest, nests))
        if nest is not None:
            kernels.append(_kernel_row(nest, touched))
        elif isinstance(cluster, LibraryCall):
            s = cluster.gemm.sizes
            flops = 2 * s.products * s.batch
            calls.append(LibraryRow(str(cluster.gemm), _line(cluster.eqn), flops, touched))
        elif isinstance(cluster, NumpyCall):
            name = cluster.eqn.primitive.name
            fallbacks.append(FallbackRow(name, cluster.reason, _line(cluster.eqn)))
        elif isinstance(cluster, ByteCopy):
            copies += 1
    return Report(tuple(kernels), tuple(calls), tuple(fallbacks), copies, workspace)


def _kernel_row(nest: Nest, touched: int) -> KernelRow:
    eqns: dict[Eqn, None] = {}
    for step in nest.steps():
        if step.eqn is not None:
            eqns[step.eqn] = None
    lines = {_line(eqn): None for eqn in eqns if eqn.source}
    operations = tuple(eqn.primitive.name for eqn in eqns) or ("copy",)
    return KernelRow(operations, tuple(lines), sum(map(_flops, nest.nodes)), touched)


def _flops(node: Step | For) -> int:
    if isinstance(node, Step):
        return int(isinstance(node.op, Compute | Fold))
    around = sum(map(_flops, [*node.prologue, *node.epilogue]))
    return around + node.extent * sum(map(_flops, node.body))


def _line(eqn: Eqn) -> str:
    return str(eqn.source) if eqn.source else ""


def _counted(names: tuple[str, ...]) -> str:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{n} {name}" if n > 1 else name for name, n in counts.items())
