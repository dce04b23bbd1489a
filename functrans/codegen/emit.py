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

from functrans.codegen import blas, library, vector_math
from functrans.codegen.buffers import Buffers, Place, cells_of
from functrans.codegen.fallback import DONE, FAILED
from functrans.codegen.loops import (
    Cell,
    For,
    Nest,
    Nests,
    Number,
    Operand,
    Register,
    Step,
    Storage,
)
from functrans.codegen.statements import (
    ByteCopy,
    Compute,
    Coordinate,
    Copy,
    Fold,
    Invoke,
    LibraryCall,
    Lookup,
    NumpyCall,
    Op,
    Region,
    Update,
    Value,
)
from functrans.core.jaxpr import Eqn
from functrans.kernel import Affine

Dtype = np.dtype[Any]
_INT64 = np.dtype(np.int64)


@dataclass(slots=True)
class Emitted:
    """The module, and what its tables and statuses mean."""

    ir: str
    constants: list[Any] = field(default_factory=list)  # by position in the table
    failures: list[Eqn] = field(default_factory=list)  # status s is failures[s − 1]


@dataclass(frozen=True, slots=True)
class RoutineAddress:
    """A table entry: the address of a BLAS routine."""

    routine: str


@dataclass(frozen=True, slots=True)
class PythonAddress:
    """A table entry: the address of a function of Python's C API."""

    function: str


@dataclass(frozen=True, slots=True)
class LoopAddress:
    """A table entry: a record of the inner loop of a ufunc, the addresses of code and data."""

    routine: str
    types: str


Routine = RoutineAddress | LoopAddress | PythonAddress


def emit_module(nests: Nests, buffers: Buffers, constants: Sequence[Any], entry: str) -> Emitted:
    """The whole program as LLVM IR."""
    return _Module(nests, buffers, list(constants)).emit(entry)


# --- one kernel ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Scope:
    """An open loop, or the function itself: code that runs once on entering each iteration."""

    depth: int
    head: list[str]
    cache: dict[Any, str] = field(default_factory=dict)


Text = list[Any]  # lines, and texts that are still growing


class _Kernel:
    """Emits one nest as a function; what ``vector_math`` sees as its emitter."""

    def __init__(self, module: _Module, nest: Nest, buffers: Buffers) -> None:
        self.module = module
        self.nest = nest
        self.places = buffers.places
        self.declare = module.declare
        self.define = module.define
        self.count = 0
        self.label = "entry"
        self.allocas: list[str] = []
        self.params: dict[Place, str] = {}
        self.locals: dict[Storage, str] = {}
        self.failures: list[Eqn] = []
        self.registers: dict[Value, str] = {}
        self.variables: dict[int, str | int] = {}
        self.scopes: dict[str, _Scope] = {}
        self.root = _Scope(0, [])
        self.text: Text = [self.root.head]
        written = {cell.storage for step in nest.steps() for cell in step.targets}
        self.written = {self.places.get(storage, storage) for storage in written}

    def emit(self) -> tuple[str, str]:
        """The return type, and the function's text from its parameters on."""
        for step in self.nest.steps():
            for cell in cells_of(step):
                self.base(cell.storage)
        for node in self.nest.nodes:
            self.node(node)
        kind = "i32" if self.failures else "void"
        if self.failures:
            self.allocas += ["  %status = alloca i32", "  store i32 0, ptr %status"]
            self.line("%failed = load i32, ptr %status")
            self.line("ret i32 %failed")
        else:
            self.line("ret void")
        params = ", ".join(f"ptr noalias {name}" for name in self.params.values())
        lines = [f"({params}) noinline nounwind {{", "entry:", *self.allocas]
        _flatten(self.text, lines)
        lines.append("}")
        return kind, "\n".join(lines)

    # What vector_math needs.

    def line(self, text: str) -> None:
        self.text.append("  " + text)

    def fresh(self) -> str:
        self.count += 1
        return f"%x{self.count}"

    # Loops.

    def node(self, node: Step | For) -> None:
        if isinstance(node, Step):
            self.step(node)
            return
        for end in node.prologue:
            self.node(end)
        if node.unroll:
            for i in range(node.extent):
                self.variables[node.variable] = i
                for child in node.body:
                    self.node(child)
        elif node.extent:
            self.loop(node)
        for end in node.epilogue:
            self.node(end)

    def loop(self, node: For) -> None:
        limit = self.limit(node)
        self.count += 1
        number = self.count
        variable, following = f"%i{number}", f"%n{number}"
        self.line(f"br label %b{number}")
        self.text.append(f"b{number}:")
        phi = len(self.text)
        text, before = self.text, self.label
        text.append("")
        scope = _Scope(len(self.scopes) + 1, [])
        text.append(scope.head)
        self.label = f"b{number}"
        self.scopes[variable] = scope
        self.variables[node.variable] = variable
        for child in node.body:
            self.node(child)
        text[phi] = f"  {variable} = phi i64 [ 0, %{before} ], [ {following}, %{self.label} ]"
        self.line(f"{following} = add nuw nsw i64 {variable}, 1")
        self.line(f"%c{number} = icmp eq i64 {following}, {limit}")
        mark = self.module.interleaved() if _interleaves(node) else ""
        self.line(f"br i1 %c{number}, label %e{number}, label %b{number}{mark}")
        text.append(f"e{number}:")
        self.label = f"e{number}"
        del self.scopes[variable]

    def limit(self, node: For) -> str:
        """How many iterations run, at least one."""
        if node.left is None:
            return str(node.extent)
        self.declare("declare i64 @llvm.umin.i64(i64, i64)")
        left = self.coordinate(node.left)
        return self.instruction(f"call i64 @llvm.umin.i64(i64 {left}, i64 {node.extent})")

    # Memory.

    def base(self, storage: Storage) -> str:
        if storage.local:
            name = self.locals.get(storage)
            if name is None:
                name = self.locals[storage] = f"%l{len(self.locals)}"
                t = vector_math.memory_type(storage.dtype)
                many = t if storage.size == 1 else f"[{storage.size} x {t}]"
                self.allocas.append(f"  {name} = alloca {many}, align 64")
            return name
        return self.parameter(self.places[storage])

    def parameter(self, place: Place) -> str:
        name = self.params.get(place)
        if name is None:
            name = self.params[place] = f"%p{len(self.params)}"
        return name

    def resolved(self, form: Affine) -> tuple[int, tuple[tuple[str, int], ...]]:
        """A form over the loops that are open now; unrolled loops have become numbers."""
        offset = form.offset
        terms = []
        for variable, coefficient in form.terms:
            name = self.variables[variable]
            if isinstance(name, int):
                offset += name * coefficient
            else:
                terms.append((name, coefficient))
        if len(terms) > 1:  # outermost loop first
            terms.sort(key=lambda term: self.scopes[term[0]].depth)
        return offset, tuple(terms)

    def scope_of(self, terms: Sequence[tuple[str, int]]) -> _Scope:
        return self.scopes[terms[-1][0]] if terms else self.root

    def scaled(self, name: str, coefficient: int) -> str:
        if coefficient == 1:
            return name
        scope = self.scopes[name]
        key = ("mul", coefficient)
        result = scope.cache.get(key)
        if result is None:
            result = scope.cache[key] = self.fresh()
            scope.head.append(f"  {result} = mul nsw i64 {name}, {coefficient}")
        return result

    def pointer(self, cell: Cell) -> str:
        offset, terms = self.resolved(cell.address)
        t = vector_math.memory_type(cell.storage.dtype)
        result = self.base(cell.storage)
        for k in range(len(terms)):
            scope = self.scope_of(terms[: k + 1])
            key = (result, terms[k], t)
            found = scope.cache.get(key)
            if found is None:
                found = scope.cache[key] = self.fresh()
                index = self.scaled(*terms[k])
                at = f"getelementptr inbounds {t}, ptr {result}, i64 {index}"
                scope.head.append(f"  {found} = {at}")
            result = found
        if offset:
            scope = self.scope_of(terms)
            offset_key = (result, offset, t)
            found = scope.cache.get(offset_key)
            if found is None:
                found = scope.cache[offset_key] = self.fresh()
                scope.head.append(
                    f"  {found} = getelementptr inbounds {t}, ptr {result}, i64 {offset}"
                )
            result = found
        return result

    def load(self, cell: Cell) -> str:
        storage = cell.storage
        pointer = self.pointer(cell)
        if self.places.get(storage, storage) in self.written:
            return self.load_from(pointer, storage.dtype, self.text)
        scope = self.scope_of(self.resolved(cell.address)[1])
        result = scope.cache.get(pointer)
        if result is None:
            result = scope.cache[pointer] = self.load_from(pointer, storage.dtype, scope.head)
        return result

    def load_from(self, pointer: str, dtype: Dtype, lines: Any) -> str:
        result = self.fresh()
        t = vector_math.memory_type(dtype)
        lines.append(f"  {result} = load {t}, ptr {pointer}")
        if dtype.kind != "b":
            return result
        bit = self.fresh()
        lines.append(f"  {bit} = icmp ne i8 {result}, 0")
        return bit

    def store(self, value: str, dtype: Dtype, pointer: str) -> None:
        if dtype.kind == "b":
            byte = self.fresh()
            self.line(f"{byte} = zext i1 {value} to i8")
            value = byte
        self.line(f"store {vector_math.memory_type(dtype)} {value}, ptr {pointer}")

    def read(self, operand: Operand) -> str:
        if isinstance(operand, Number):
            return vector_math.literal(operand.value, operand.dtype)
        if isinstance(operand, Register):
            value, dtype = self.registers[operand.value], operand.value.dtype
        else:
            value, dtype = self.load(operand), operand.storage.dtype
        if operand.cast is None:
            return value
        return self.convert(value, dtype, operand.cast)

    def convert(self, value: str, source: Dtype, target: Dtype) -> str:
        if source == target:
            return value
        return vector_math.scalar(self, "convert", (), [value], [source], target)

    # Steps.

    def step(self, step: Step) -> None:
        op = step.op
        match op:
            case Compute():
                args = [self.read(operand) for operand in step.operands]
                dtypes = [dtype_of(operand) for operand in step.operands]
                out = step.result.dtype
                result = vector_math.scalar(self, op.scalar, op.static, args, dtypes, out)
            case Invoke():
                args = [self.read(operand) for operand in step.operands]
                dtypes = [dtype_of(operand) for operand in step.operands]
                types = library.signature(dtypes, step.result.dtype)
                place = self.module.constant(LoopAddress(op.routine, types))
                result = vector_math.invoke(self, self.parameter(place), args, step.result.dtype)
            case Copy():
                result = self.read(step.operands[0])
            case Coordinate():
                result = self.convert(self.coordinate(op.form), _INT64, step.result.dtype)
            case Lookup():
                result = self.lookup(step, op)
            case Fold():
                self.fold(step, op)
                return
            case Update():
                self.update(step, op)
                return
        self.registers[step.result] = result
        for cell in step.targets:
            self.store(result, cell.storage.dtype, self.pointer(cell))

    def coordinate(self, form: Affine) -> str:
        offset, terms = self.resolved(form)
        total = str(offset)
        for name, coefficient in terms:
            part = self.scaled(name, coefficient)
            if total == "0":
                total = part
                continue
            result = self.fresh()
            self.line(f"{result} = add nsw i64 {total}, {part}")
            total = result
        return total

    def fold(self, step: Step, op: Fold) -> None:
        x = self.read(step.operands[0])
        cell = step.targets[0]
        pointer, dtype = self.pointer(cell), cell.storage.dtype
        total = self.load_from(pointer, dtype, self.text)
        self.store(self.combine(op.op, total, x, dtype), dtype, pointer)

    def combine(self, op: str, a: str, b: str, dtype: Dtype) -> str:
        """One step of a fold; only its order may change, never NaN or infinity.

        Which zero an extreme of −0 and +0 gives is open, as in NumPy.
        """
        t = vector_math.llvm_type(dtype)
        result = self.fresh()
        if dtype.kind == "f" and op in ("add", "mul"):
            self.line(f"{result} = f{op} reassoc contract {t} {a}, {b}")
        elif dtype.kind == "f":
            name = f"llvm.{op}imum.f{8 * dtype.itemsize}"
            self.declare(f"declare {t} @{name}({t}, {t})")
            self.line(f"{result} = call nsz {t} @{name}({t} {a}, {t} {b})")
        elif dtype.kind == "b":
            word = {"add": "or", "max": "or", "mul": "and", "min": "and"}.get(op, op)
            self.line(f"{result} = {word} i1 {a}, {b}")
        elif op in ("max", "min"):
            name = f"llvm.{'s' if dtype.kind == 'i' else 'u'}{op}.{t}"
            self.declare(f"declare {t} @{name}({t}, {t})")
            self.line(f"{result} = call {t} @{name}({t} {a}, {t} {b})")
        else:
            self.line(f"{result} = {op} {t} {a}, {b}")
        return result

    def select(self, condition: str, a: str, b: str, t: str) -> str:
        result = self.fresh()
        self.line(f"{result} = select i1 {condition}, {t} {a}, {t} {b}")
        return result

    # Coordinates found at run time.

    def lookup(self, step: Step, op: Lookup) -> str:
        cell = step.operands[0]
        assert isinstance(cell, Cell)
        dtype = cell.storage.dtype
        valid, pointer = self.element(step, cell, step.operands[1:], op.mode)
        fill = vector_math.literal(op.fill if op.mode == "fill" else 0, dtype)
        if pointer is None:
            return fill
        x = self.load_from(pointer, dtype, self.text)
        if valid is None:
            return x
        return self.select(valid, x, fill, vector_math.llvm_type(dtype))

    def update(self, step: Step, op: Update) -> None:
        x = self.read(step.operands[0])
        cell = step.targets[0]
        dtype = cell.storage.dtype
        valid, pointer = self.element(step, cell, step.operands[1:], op.mode)
        if pointer is None:
            return
        if op.op != "set" or valid is not None:
            old = self.load_from(pointer, dtype, self.text)
            if op.op != "set":
                x = vector_math.scalar(self, op.op, (), [old, x], [dtype, dtype], dtype)
            if valid is not None:
                x = self.select(valid, x, old, vector_math.llvm_type(dtype))
        self.store(x, dtype, pointer)

    def element(
        self, step: Step, cell: Cell, indices: Sequence[Operand], mode: str
    ) -> tuple[str | None, str | None]:
        """Validity (None where all are valid) and pointer (None if the array is empty there)."""
        if 0 in step.bounds:
            if mode == "raise":
                self.fail_where("true", step)
            return None, None
        t = vector_math.memory_type(cell.storage.dtype)
        pointer = self.pointer(cell)
        valid: str | None = None
        order = sorted(range(len(indices)), key=lambda k: step.op.axes[k])  # type: ignore[union-attr]
        for stride, k in zip(cell.strides, order, strict=True):
            n = step.bounds[k]
            index = self.convert(self.read(indices[k]), dtype_of(indices[k]), _INT64)
            index, inside = self.in_range(index, n, mode)
            if inside is not None and mode == "raise":
                outside = self.fresh()
                self.line(f"{outside} = xor i1 {inside}, true")
                self.fail_where(outside, step)
            elif inside is not None:
                if valid is not None:
                    both = self.fresh()
                    self.line(f"{both} = and i1 {valid}, {inside}")
                    inside = both
                valid = inside
            scaled, moved = self.fresh(), self.fresh()
            self.line(f"{scaled} = mul nsw i64 {index}, {stride}")
            self.line(f"{moved} = getelementptr inbounds {t}, ptr {pointer}, i64 {scaled}")
            pointer = moved
        return valid, pointer

    def in_range(self, index: str, n: int, mode: str) -> tuple[str, str | None]:
        """An index that is safe to use, and whether it was one (None where always)."""
        if mode == "wrap":
            index = self.instruction(f"srem i64 {index}, {n}")
        negative = self.instruction(f"icmp slt i64 {index}, 0")
        raised = self.instruction(f"add i64 {index}, {n}")
        index = self.select(negative, raised, index, "i64")
        if mode == "wrap":
            return index, None
        if mode == "clip":
            for name, limit in (("smax", 0), ("smin", n - 1)):
                self.declare(f"declare i64 @llvm.{name}.i64(i64, i64)")
                index = self.instruction(f"call i64 @llvm.{name}.i64(i64 {index}, i64 {limit})")
            return index, None
        inside = self.instruction(f"icmp ult i64 {index}, {n}")
        return self.select(inside, index, "0", "i64"), inside

    def instruction(self, text: str) -> str:
        result = self.fresh()
        self.line(f"{result} = {text}")
        return result

    def fail_where(self, condition: str, step: Step) -> None:
        """Note the failure of an equation; the kernel runs on, on safe indices."""
        assert step.eqn is not None
        if step.eqn not in self.failures:
            self.failures.append(step.eqn)
        code = self.failures.index(step.eqn) + 1
        before = self.instruction("load i32, ptr %status")
        after = self.select(condition, str(code), before, "i32")
        self.line(f"store i32 {after}, ptr %status")


def dtype_of(operand: Operand) -> Dtype:
    """The dtype in which an operand arrives at its operation."""
    if isinstance(operand, Number):
        return operand.dtype
    if operand.cast is not None:
        return operand.cast
    return operand.value.dtype if isinstance(operand, Register) else operand.storage.dtype


_INTERLEAVED_FROM = 256  # iterations
_INTERLEAVED_STEPS = 8


def _interleaves(node: For) -> bool:
    """Whether several accumulators pay: a long loop that does little but fold.

    They hide the latency of the fold. Where a function is called there is enough to do meanwhile,
    and the code would only grow.
    """
    steps = [part for part in node.body if isinstance(part, Step)]
    return (
        node.extent >= _INTERLEAVED_FROM
        and len(node.body) == len(steps) <= _INTERLEAVED_STEPS
        and any(isinstance(step.op, Fold) for step in steps)
        and not any(_calls(step.op) for step in steps)
    )


def _calls(op: Op) -> bool:
    return isinstance(op, Invoke) or (isinstance(op, Compute) and vector_math.is_long(op.scalar))


def _flatten(text: Any, lines: list[str]) -> None:
    for part in text:
        if isinstance(part, str):
            lines.append(part)
        else:
            _flatten(part, lines)


# --- the module ----------------------------------------------------------------------------------


class _Module:
    def __init__(self, nests: Nests, buffers: Buffers, constants: list[Any]) -> None:
        self.nests = nests
        self.buffers = buffers
        self.constants = constants
        self.routines: dict[Routine, Place] = {}
        self.declarations: dict[str, None] = {}
        self.helpers: dict[str, str] = {}
        self.functions: dict[str, str] = {}  # text to name
        self.failures: list[Eqn] = []
        self.metadata: list[str] = []
        self.lines: list[str] = []
        self.pointers: dict[Place, str] = {}
        self.count = 0

    def declare(self, text: str) -> None:
        self.declarations[text] = None

    def define(self, name: str, text: str) -> None:
        self.helpers[name] = text

    def interleaved(self) -> str:
        """A mark on the end of a loop that asks for several accumulators."""
        self.metadata = [
            "!0 = distinct !{!0, !1}",
            '!1 = !{!"llvm.loop.interleave.count", i32 4}',
        ]
        return ", !llvm.loop !0"

    def emit(self, entry: str) -> Emitted:
        for cluster, nest in self.nests.order:
            match cluster:
                case LibraryCall():
                    self.library(cluster)
                case NumpyCall():
                    self.numpy(cluster)
                case ByteCopy():
                    self.byte_copy(cluster)
                case _:
                    assert nest is not None
                    self.kernel(nest)
        if any(isinstance(routine, LoopAddress) for routine in self.routines):
            self.check_python()
        tables = ", ".join(f"ptr noalias %{n}" for n in ("args", "outs", "consts", "workspace"))
        parts = [
            *self.declarations,
            *self.helpers.values(),
            *(text.replace("@NAME", name) for text, name in self.functions.items()),
            f"define i32 @{entry}({tables}) {{",
            "entry:",
            *self.lines,
            "  ret i32 0",
            "}",
            *self.metadata,
            "",
        ]
        return Emitted("\n".join(parts), self.constants, self.failures)

    def function(self, text: str) -> str:
        name = self.functions.get(text)
        if name is None:
            name = self.functions[text] = f"@kernel{len(self.functions)}"
        return name

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
                result = self.table_entry(place.kind + "s", place.index)
            self.pointers[place] = result
        return result

    def value(self, value: Value) -> str:
        return self.pointer(self.buffers.places[self.nests.storage[value]])

    def region(self, region: Region) -> str:
        if region.value.kind == "literal":
            self.constants.append(np.asarray(region.value.literal, region.dtype))
            return self.table_entry("consts", len(self.constants) - 1)
        pointer = self.value(region.value)
        if region.offset:
            moved = self.fresh()
            offset = region.offset * region.dtype.itemsize
            self.line(f"{moved} = getelementptr i8, ptr {pointer}, i64 {offset}")
            pointer = moved
        return pointer

    def constant(self, routine: Routine) -> Place:
        """Where the table of constants holds a routine."""
        if routine not in self.routines:
            self.routines[routine] = Place("const", len(self.constants))
            self.constants.append(routine)
        return self.routines[routine]

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
        function = self.pointer(self.constant(PythonAddress("PyErr_Occurred")))
        error, raised, status = self.fresh(), self.fresh(), self.fresh()
        self.line(f"{error} = call ptr {function}()")
        self.line(f"{raised} = icmp ne ptr {error}, null")
        self.line(f"{status} = sext i1 {raised} to i32")
        self.check(status, 0)

    def kernel(self, nest: Nest) -> None:
        kernel = _Kernel(self, nest, self.buffers)
        kind, text = kernel.emit()
        name = self.function(f"define internal {kind} @NAME{text}")
        args = ", ".join(f"ptr {self.pointer(place)}" for place in kernel.params)
        if kind == "void":
            self.line(f"call void {name}({args})")
            return
        status = self.fresh()
        self.line(f"{status} = call i32 {name}({args})")
        base = len(self.failures)
        self.failures += kernel.failures
        self.check(status, base)

    def library(self, call: LibraryCall) -> None:
        routine = self.pointer(self.constant(RoutineAddress(call.gemm.routine)))
        pointers = [routine, *map(self.region, call.reads), self.value(call.write)]
        blas.emit(call.gemm, self, pointers)

    def numpy(self, call: NumpyCall) -> None:
        number = len(self.constants)
        self.constants.append(call)
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
        self.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        self.line(
            f"call void @llvm.memcpy.p0.p0.i64(ptr {target}, ptr {source}, i64 {nbytes}, i1 false)"
        )
