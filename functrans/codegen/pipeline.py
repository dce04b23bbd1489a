"""The stages in order: statements, clusters, loop nests, buffers, LLVM IR."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from functrans.codegen import host, library
from functrans.codegen.buffers import Buffers, plan
from functrans.codegen.emit import LoopAddress, PythonAddress, RoutineAddress, emit_module
from functrans.codegen.fallback import FAILED, Pending, callback
from functrans.codegen.fuse import Clusters, fuse
from functrans.codegen.loops import Nests, build_nests
from functrans.codegen.report import Report, report
from functrans.codegen.statements import NumpyCall, lower
from functrans.core.avals import Aval
from functrans.core.jaxpr import Eqn, Jaxpr
from functrans.errors import CompileError, IndexBoundsError

STAGES = ("jaxpr", "clusters", "loops", "buffers", "llvm")


@dataclass(slots=True, eq=False)
class Program:
    """A Jaxpr as LLVM IR, with all stages on the way and the tables that the code needs.

    Attributes
    ----------
    ir: the module; ``entry`` is its function ``i32 (ptr args, ptr outs, ptr consts, ptr work)``.
    workspace: bytes of memory, aligned to 64, that each call needs.
    constants: what the table of constants points to: arrays, addresses of library routines, and
        C callbacks.
    """

    jaxpr: Jaxpr
    clusters: Clusters
    nests: Nests
    buffers: Buffers
    ir: str
    entry: str
    constants: list[Any]
    failures: list[Eqn]
    pending: Pending
    _table: np.ndarray[Any, Any] | None = field(default=None)

    @property
    def in_avals(self) -> list[Aval]:
        return self.jaxpr.in_avals

    @property
    def out_avals(self) -> list[Aval]:
        return self.jaxpr.out_avals

    @property
    def workspace(self) -> int:
        return self.buffers.workspace

    def constant_table(self) -> np.ndarray[Any, Any]:
        """The addresses of ``constants`` as an array, alive as long as the program."""
        if self._table is None:
            self._table = np.array([_address(c) for c in self.constants] or [0], np.uintp)
        return self._table

    def error(self, status: int) -> BaseException:
        """The exception behind a status that the entry returned."""
        pending = self.pending.take()
        if pending is not None:
            return pending
        if status == FAILED:  # no Python code of the callback ran: only an interrupt does that
            return KeyboardInterrupt()
        if not 1 <= status <= len(self.failures):
            return CompileError(f"The compiled program returned the unknown status {status}.")
        source = self.failures[status - 1].source
        return IndexBoundsError(
            "An index is out of bounds.",
            'Check the index, or say what should happen with mode="clip", "wrap" or "fill".',
            line=source,
        )

    def as_text(self, stage: str) -> str:
        """One stage for people: jaxpr, clusters, loops, buffers or llvm."""
        match stage:
            case "jaxpr":
                return str(self.jaxpr)
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
        return report(self.nests, self.workspace)


def build(jaxpr: Jaxpr, entry: str = "functrans_entry") -> Program:
    """All stages from a simplified Jaxpr to LLVM IR."""
    clusters = fuse(lower(jaxpr))
    nests = build_nests(clusters)
    buffers = plan(nests)
    arrays = [_constant(c, v.aval) for c, v in zip(jaxpr.consts, jaxpr.constvars, strict=True)]
    emitted = emit_module(nests, buffers, arrays, entry)
    pending = Pending()
    constants = [_linked(c, pending) for c in emitted.constants]
    return Program(
        jaxpr, clusters, nests, buffers, emitted.ir, entry, constants, emitted.failures, pending
    )


def _constant(value: Any, aval: Aval) -> np.ndarray[Any, Any]:
    return np.require(value, aval.dtype, ["C", "A"])


def _linked(constant: Any, pending: Pending) -> Any:
    match constant:
        case RoutineAddress():
            return library.blas_routine(constant.routine)
        case PythonAddress():
            return host.python_function(constant.function)
        case LoopAddress():
            return np.array(library.special_loop(constant.routine, constant.types), np.uintp)
        case NumpyCall():
            return callback(constant, pending)
    return constant


def _address(constant: Any) -> int:
    if isinstance(constant, int):
        return constant
    if isinstance(constant, np.ndarray):
        return constant.ctypes.data
    return ctypes.cast(constant, ctypes.c_void_p).value or 0
