"""Nests and the plan into LLVM IR text: one function for each kernel, and the entry that runs them.

The entry is ``i32 entry(ptr args, ptr outs, ptr consts, ptr workspace)``; it returns 0 or a status
that says which equation failed. All addresses come through its tables, so that the machine code
holds none. The status −1 says that a Python exception is set. Kernels with the same text are
emitted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from functrans import kernel
from functrans.codegen import blas
from functrans.codegen.buffers import Buffers, Place
from functrans.codegen.clusters import Repetition
from functrans.codegen.emit_kernel import Kernel
from functrans.codegen.emit_module import Module, SharedPlace
from functrans.codegen.fallback import DONE, FAILED
from functrans.codegen.link import LoopAddress, PythonAddress, Routine, RoutineAddress
from functrans.codegen.nests import Nest, Nests, Storage
from functrans.codegen.repeat import driver, watched
from functrans.codegen.statements import (
    ByteCopy,
    LibraryCall,
    NumpyCall,
    Region,
    RoutineCall,
    Value,
)
from functrans.core.jaxpr import Eqn

_COUNTERS = "COUNTERS"  # stands for the number of the constant until that is known


@dataclass(slots=True)
class Emitted:
    """The module, and what its tables and statuses mean."""

    ir: str
    constants: list[Any] = field(default_factory=list)  # by position in the table
    failures: list[Eqn] = field(default_factory=list)  # status s is failures[s − 1]


def emit_module(
    nests: Nests, buffers: Buffers, constants: Sequence[Any], entry: str, clocked: bool = False
) -> Emitted:
    """The whole program as LLVM IR.

    A ``clocked`` one counts in each cluster: its last constant is an array with a row for each, in
    the order of the text and a loop before what is in it. It holds processor cycles and runs.
    """
    module = Module(list(constants))
    module.clocked = clocked
    program = _Program(module, nests, buffers, 0)
    main = program.text(f"define i32 @{entry}", calls_python=True)
    if module.clocked:
        main = main.replace(_COUNTERS, str(len(module.constants)))
        module.functions = {
            text.replace(_COUNTERS, str(len(module.constants))): name
            for text, name in module.functions.items()
        }
        module.constants.append(np.zeros((module.clusters, 2), np.int64))
    parts = [
        *module.declarations,
        *module.helpers.values(),
        *(text.replace("@NAME", name) for text, name in module.functions.items()),
        main,
        *(
            f"{name} = distinct !{{{name}, {name}9}}\n{name}9 = !{{{hint}}}"
            for hint, name in module.metadata.items()
        ),
        "",
    ]
    return Emitted("\n".join(parts), module.constants, module.failures)


class _Program:
    """One function ``i32 (ptr args, ptr outs, ptr consts, ptr workspace)``: kernels in order."""

    def __init__(
        self, module: Module, nests: Nests, buffers: Buffers, constants: int, inlined: bool = False
    ) -> None:
        self.module = module
        self.nests = nests
        self.buffers = buffers
        self.constants = constants  # where the table of constants holds those of this program
        self.inlined = inlined  # whether it becomes part of the loop that repeats it
        self.lines: list[str] = []
        self.pointers: dict[Place, str] = {}
        self.count = 0
        self.define = module.define

    def text(self, head: str, calls_python: bool = False) -> str:
        """The whole function."""
        for cluster, nest in self.nests.order:
            began = self.clock()
            match cluster:
                case LibraryCall():
                    self.library(cluster)
                case RoutineCall():
                    self.matrices(cluster)
                case NumpyCall():
                    self.numpy(cluster)
                case ByteCopy():
                    self.byte_copy(cluster)
                case Repetition():
                    self.repeat(cluster, nest)
                case _:
                    assert isinstance(nest, Nest)
                    self.kernel(nest)
            self.count_cycles(*began)
        if calls_python and any(isinstance(r, LoopAddress) for r in self.module.routines):
            self.check_python()
        tables = ", ".join(f"ptr noalias %{n}" for n in ("args", "outs", "consts", "workspace"))
        effort = " alwaysinline" if self.inlined else ""
        lines = [f"{head}({tables}){effort} {{", "entry:", *self.lines, "  ret i32 0", "}"]
        return "\n".join(lines)

    def clock(self) -> tuple[str, int]:
        """The cycle counter now, and the number of the cluster that begins; of a clocked module."""
        if not self.module.clocked:
            return "", 0
        self.module.declare("declare i64 @llvm.readcyclecounter()")
        number = self.module.clusters
        self.module.clusters += 1
        now = self.fresh()
        self.line(f"{now} = call i64 @llvm.readcyclecounter()")
        return now, number

    def count_cycles(self, began: str, number: int) -> None:
        if not began:
            return
        at, counters, ended, spent = (self.fresh() for _ in range(4))
        self.line(f"{ended} = call i64 @llvm.readcyclecounter()")
        self.line(f"{at} = getelementptr ptr, ptr %consts, i64 {_COUNTERS}")
        self.line(f"{counters} = load ptr, ptr {at}")
        self.line(f"{spent} = sub i64 {ended}, {began}")
        for column, amount in enumerate((spent, "1")):
            cell, before, after = (self.fresh() for _ in range(3))
            self.line(f"{cell} = getelementptr i64, ptr {counters}, i64 {2 * number + column}")
            self.line(f"{before} = load i64, ptr {cell}")
            self.line(f"{after} = add i64 {before}, {amount}")
            self.line(f"store i64 {after}, ptr {cell}")

    def fresh(self) -> str:
        self.count += 1
        return f"%x{self.count}"

    def line(self, text: str) -> None:
        self.lines.append("  " + text)

    def table_entry(self, table: str, index: int) -> str:
        at, pointer = self.fresh(), self.fresh()
        self.line(f"{at} = getelementptr ptr, ptr %{table}, i64 {index}")
        self.line(f"{pointer} = load ptr, ptr {at}")
        return pointer

    def pointer(self, place: Place) -> str:
        result = self.pointers.get(place)
        if result is None:
            if place.kind == "arena":
                result = self.fresh()
                self.line(f"{result} = getelementptr i8, ptr %workspace, i64 {place.index}")
            else:
                result = self.table_entry(place.kind + "s", self.index(place))
            self.pointers[place] = result
        return result

    def index(self, place: Place) -> int:
        shared = place.kind == "const" and not isinstance(place, SharedPlace)
        return place.index + (self.constants if shared else 0)

    def value(self, value: Value) -> str:
        storage = self.nests.storage[value]
        pointer = self.pointer(self.buffers.places[storage])
        return self.moved(pointer, self.nests.starts.get(value, 0) * storage.dtype.itemsize)

    def moved(self, pointer: str, offset: int) -> str:
        """A pointer some bytes further."""
        if not offset:
            return pointer
        moved = self.fresh()
        self.line(f"{moved} = getelementptr i8, ptr {pointer}, i64 {offset}")
        return moved

    def region(self, region: Region) -> str:
        if region.value.kind == "literal":
            constants = self.module.constants
            constants.append(np.asarray(region.value.literal, region.dtype))
            return self.table_entry("consts", len(constants) - 1)
        return self.moved(self.value(region.value), region.offset * region.dtype.itemsize)

    def check(self, status: str, base: int) -> None:
        """Leave the entry with the program's status when a call returned one of its own."""
        failed, total, number = self.fresh(), self.fresh(), self.count
        self.line(f"{failed} = icmp ne i32 {status}, 0")
        self.line(f"br i1 {failed}, label %fail{number}, label %go{number}")
        self.lines.append(f"fail{number}:")
        self.line(f"{total} = add i32 {status}, {base}")
        self.line(f"ret i32 {total}")
        self.lines.append(f"go{number}:")

    def check_python(self) -> None:
        """Leave with −1 when a library's function has raised a Python exception."""
        function = self.pointer(self.module.constant(PythonAddress("PyErr_Occurred")))
        error, raised, status = self.fresh(), self.fresh(), self.fresh()
        self.line(f"{error} = call ptr {function}()")
        self.line(f"{raised} = icmp ne ptr {error}, null")
        self.line(f"{status} = sext i1 {raised} to i32")
        self.check(status, 0)

    def kernel(self, nest: Nest) -> None:
        kernel = Kernel(self.module, nest, self.buffers, self.index_constant, self.inlined)
        kind, text = kernel.emit()
        name = self.module.function(f"define internal {kind} @NAME{text}")
        args = ", ".join(f"ptr {self.pointer(place)}" for place in kernel.params)
        if kind == "void":
            self.line(f"call void {name}({args})")
            return
        status = self.fresh()
        self.line(f"{status} = call i32 {name}({args})")
        base = len(self.module.failures)
        self.module.failures += kernel.failures
        self.check(status, base)

    def index_constant(self, storage: Storage) -> np.ndarray[Any, Any] | None:
        """What a storage holds, if it is a constant array of integers."""
        place = self.buffers.places.get(storage)
        if place is None or place.kind != "const" or storage.dtype.kind not in "iu":
            return None
        return np.asarray(self.module.constants[self.index(place)])

    def library(self, call: LibraryCall) -> None:
        routine = self.pointer(self.module.constant(RoutineAddress(call.gemm.routine)))
        pointers = [routine, *map(self.region, call.reads), self.value(call.write)]
        blas.emit(call.gemm, self, pointers)

    def matrices(self, call: RoutineCall) -> None:
        pointers = [
            *(self.pointer(self.module.constant(a)) for a in call.routine.addresses),
            *map(self.region, call.reads),
            *map(self.value, call.writes),
        ]
        name = self.module.function(f"define internal i32 @NAME{call.routine.text(self.module)}")
        status = self.fresh()
        self.line(f"{status} = call i32 {name}({', '.join(f'ptr {p}' for p in pointers)})")
        if call.eqn.primitive.failure is not None:
            base = len(self.module.failures)
            self.module.failures.append(call.eqn)
            self.check(status, base)

    def numpy(self, call: NumpyCall) -> None:
        number = len(self.module.constants)
        self.module.constants.append(call)
        function = self.table_entry("consts", number)
        regions = [region for region in call.reads if region.value.kind != "literal"]
        tables = []
        for pointers in (
            [self.region(region) for region in regions],
            [self.value(value) for value in call.writes],
        ):
            table = self.fresh()
            self.line(f"{table} = alloca [{max(len(pointers), 1)} x ptr]")
            for i, pointer in enumerate(pointers):
                at = self.fresh()
                self.line(f"{at} = getelementptr ptr, ptr {table}, i64 {i}")
                self.line(f"store ptr {pointer}, ptr {at}")
            tables.append(table)
        result, failed, status = self.fresh(), self.fresh(), self.fresh()
        self.line(f"{result} = call i32 {function}(ptr {tables[0]}, ptr {tables[1]})")
        self.line(f"{failed} = icmp ne i32 {result}, {DONE}")
        self.line(f"{status} = select i1 {failed}, i32 {FAILED}, i32 0")
        self.check(status, 0)

    def byte_copy(self, call: ByteCopy) -> None:
        nbytes = call.write.size * call.write.dtype.itemsize
        source, target = self.region(call.read), self.value(call.write)
        self.module.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        self.line(
            f"call void @llvm.memcpy.p0.p0.i64(ptr {target}, ptr {source}, i64 {nbytes}, i1 false)"
        )

    def repeat(self, cluster: Repetition, programs: Any) -> None:
        """A call of a function that runs the inner programs."""
        call, plan = cluster.call, self.buffers.repeats[cluster]
        names = []
        for k, (nests, buffers) in enumerate(zip(programs, plan.programs, strict=True)):
            first = len(self.module.constants)
            inner = _Program(self.module, nests, buffers, first, plan.inlined)
            self.module.constants += call.jaxprs[k].consts
            names.append(self.module.function(inner.text("define internal i32 @NAME")))
        inputs = [self.region(region) for region in call.reads]
        outputs = [self.value(value) for value in call.writes]
        scratch = self.pointer(self.buffers.places[plan.scratch])
        self.module.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        if plan.every is not None:
            self.module.declare("declare i64 @llvm.umin.i64(i64, i64)")
        same = [(i, k) for i, k in call.carries() if inputs[i] == outputs[k]]
        function = self.module.function(driver(call, plan, names, self.routine, same))
        if not isinstance(call.word, kernel.Branch) and call.word.progress is not None:
            function = self.module.function(watched(call, call.word, function, self.routine, same))
        args = ", ".join(f"ptr {p}" for p in ("%consts", scratch, *inputs, *outputs))
        status = self.fresh()
        self.line(f"{status} = call i32 {function}({args})")
        self.check(status, 0)

    def routine(self, routine: Routine) -> str:
        """Where the table of constants has a routine."""
        return str(self.module.constant(routine).index)
