"""The stages in order: statements, clusters, loop nests, buffers, LLVM IR."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from functrans.codegen import link, progress
from functrans.codegen.buffers import Buffers, plan
from functrans.codegen.clusters import Clusters, show_steps
from functrans.codegen.effort import spare
from functrans.codegen.emit import emit_module
from functrans.codegen.fallback import Evaluation, Pending, callback
from functrans.codegen.fuse import fuse
from functrans.codegen.loops import build_nests
from functrans.codegen.lowering import lower
from functrans.codegen.nests import Nests
from functrans.codegen.report import Footprint, Report, report
from functrans.codegen.row_blocks import cut_rows
from functrans.codegen.statements import NumpyCall
from functrans.core.avals import Aval
from functrans.core.jaxpr import Eqn, Jaxpr
from functrans.errors import CompileError, IndexBoundsError, current_line
from functrans.kernel import Progress

STAGES = ("jaxpr", "statements", "clusters", "loops", "buffers", "llvm")


@dataclass(slots=True, eq=False)
class Program:
    """A Jaxpr as LLVM IR, with all stages on the way and the tables that the code needs.

    Attributes
    ----------
    ir: the module; ``entry`` is its function ``i32 (ptr args, ptr outs, ptr consts, ptr work)``.
    workspace: bytes of memory, aligned to 64, that each call needs.
    entries: the table of constants: arrays, names of library routines, and equations for NumPy.
    constants: what the table points to: arrays, addresses of routines, and C callbacks.
    """

    jaxpr: Jaxpr
    clusters: Clusters
    nests: Nests
    buffers: Buffers
    entry: str
    ir: str = ""
    entries: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    failures: list[Eqn] = field(default_factory=list)
    pending: Pending = field(default_factory=Pending)

    @property
    def in_avals(self) -> list[Aval]:
        return self.jaxpr.in_avals

    @property
    def out_avals(self) -> list[Aval]:
        return self.jaxpr.out_avals

    @property
    def workspace(self) -> int:
        return self.buffers.workspace

    def error(self, status: int) -> BaseException:
        """The exception behind a status that the entry returned."""
        pending = self.pending.error(status)
        if pending is not None:
            return pending
        if not 1 <= status <= len(self.failures):
            return CompileError(f"The compiled program returned the unknown status {status}.")
        eqn = self.failures[status - 1]
        if eqn.primitive.failure is not None:
            return self._failure(eqn, eqn.primitive.failure)
        source = eqn.source
        return IndexBoundsError(
            "An index is out of bounds.",
            'Check the index, or say what should happen with mode="clip", "wrap" or "fill".',
            line=source,
        )

    def _failure(self, eqn: Eqn, failure: Callable[..., Exception]) -> Exception:
        token = current_line.set(eqn.source)
        try:
            return failure(**eqn.params)
        finally:
            current_line.reset(token)

    def as_text(self, stage: str) -> str:
        """One of :data:`STAGES` for people."""
        match stage:
            case "jaxpr":
                return str(self.jaxpr)
            case "statements":  # made again: fusing has moved those of the program
                return show_steps(lower(self.jaxpr))
            case "clusters":
                return str(self.clusters)
            case "loops":
                return str(self.nests)
            case "buffers":
                return str(self.buffers)
            case "llvm":
                return self.ir
        raise ValueError(f"{stage!r} is none of the stages {', '.join(STAGES)}")

    def report(self) -> Report:
        """Kernels, library calls and fallbacks, with their work and the user's lines."""
        overwriting = self.buffers.donors
        footprint = Footprint(
            arguments=sum(a.nbytes for a in self.in_avals),
            constants=sum(e.nbytes for e in self.entries if isinstance(e, np.ndarray)),
            results=sum(a.nbytes for i, a in enumerate(self.out_avals) if i not in overwriting),
            workspace=self.workspace,
        )
        return report(self.nests, footprint)

    def clocked(self) -> Program:
        """The same program with a clock around every cluster: see ``emit.emit_module``."""
        return _emitted(replace(self), clocked=True)


def build(
    jaxpr: Jaxpr, entry: str = link.ENTRY, donors: Mapping[int, Sequence[int]] | None = None
) -> Program:
    """All stages from a simplified Jaxpr to LLVM IR; ``donors`` as in ``buffers.plan``."""
    clusters = fuse(lower(jaxpr))
    nests = build_nests(clusters)
    cut_rows(nests)
    spare(nests)
    buffers = plan(nests, donors)
    return _emitted(Program(jaxpr, clusters, nests, buffers, entry))


def _emitted(program: Program, clocked: bool = False) -> Program:
    """The program with its text and tables."""
    emitted = emit_module(
        program.nests, program.buffers, program.jaxpr.consts, program.entry, clocked
    )
    program.ir = emitted.ir
    program.entries = emitted.constants
    program.failures = emitted.failures
    program.pending = Pending()
    program.constants = [_linked(thing, program.pending) for thing in emitted.constants]
    return program


def _linked(thing: Any, pending: Pending) -> Any:
    """A table entry in this process; calls of Python keep their exceptions in ``pending``."""
    if isinstance(thing, NumpyCall):
        return callback(Evaluation.of(thing), pending)
    if isinstance(thing, Progress):
        return progress.callback(thing, pending)
    return link.linked(thing)
