"""One nest as the text of an LLVM function: its loops, addresses, loads, steps and checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from functrans.codegen import blas, library, vector_math
from functrans.codegen.buffers import Buffers, Place, cells_of
from functrans.codegen.emit_module import Module
from functrans.codegen.link import LoopAddress, RoutineAddress
from functrans.codegen.nests import (
    Cell,
    For,
    Multiply,
    Nest,
    Number,
    Operand,
    Register,
    Step,
    Storage,
)
from functrans.codegen.row_blocks import ROW_STEPS, lanes, row_vectors
from functrans.codegen.statements import (
    Compute,
    Coordinate,
    Copy,
    Fold,
    Invoke,
    Lookup,
    Update,
    Value,
)
from functrans.codegen.vectors import ACCUMULATORS, calls, full_vectors, interleaves
from functrans.core.jaxpr import Eqn
from functrans.kernel import Affine

Dtype = np.dtype[Any]
_INT64 = np.dtype(np.int64)


@dataclass(slots=True)
class _Scope:
    """An open loop, or the function itself: code that runs once on entering each iteration."""

    depth: int
    head: list[str]
    cache: dict[Any, Any] = field(default_factory=dict)


_FOLLOWUP = "llvm.loop.vectorize.followup_vectorized"

Text = list[Any]  # lines, and texts that are still growing


class Kernel:
    """Emits one nest as a function; what ``vector_math`` sees as its emitter."""

    def __init__(
        self,
        module: Module,
        nest: Nest,
        buffers: Buffers,
        constant_of: Callable[[Storage], np.ndarray[Any, Any] | None],
        inlined: bool,
    ) -> None:
        self.module = module
        self.inlined = inlined
        self.constant_of = constant_of
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
        self.straight = _straight(nest)
        self.slots: dict[tuple[Storage, int], str] = {}

    def emit(self) -> tuple[str, str]:
        """The return type, and the function's text from its parameters on."""
        for step in self.nest.steps():
            for cell in cells_of(step):
                if cell.storage not in self.straight:
                    self.base(cell.storage)
        for node in self.nest.nodes:
            self.node(node)
        kind = "i32" if self.failures else "void"
        if self.failures:
            self.allocas += ["  %status = alloca i32", "  store i32 0, ptr %status"]
            self.declare("declare i32 @llvm.cttz.i32(i32, i1)")
            self.line("%bits = load i32, ptr %status")
            self.line("%first = call i32 @llvm.cttz.i32(i32 %bits, i1 false)")
            self.line("%number = add i32 %first, 1")
            self.line("%failed = icmp ne i32 %bits, 0")
            self.line("%result = select i1 %failed, i32 %number, i32 0")
            self.line("ret i32 %result")
        else:
            self.line("ret void")
        params = ", ".join(f"ptr noalias {name}" for name in self.params.values())
        lines = [f"({params}) {self.effort()} nounwind {{", "entry:", *self.allocas]
        _flatten(self.text, lines)
        lines.append("}")
        return kind, "\n".join(lines)

    def effort(self) -> str:
        """How much time LLVM is to spend on the function, and where."""
        if self.inlined:
            return "alwaysinline"
        return "noinline optnone" if self.nest.plain else "noinline"

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
        elif node.extent and self.is_block_move(node):
            self.variables[node.variable] = 0
            for step in node.body:
                self.block_move(step, node.extent)
        elif node.extent:
            full = full_vectors(node)
            if full:
                self.loop(node, 0, full)
            self.loop(node, full, node.extent)
        for end in node.epilogue:
            self.node(end)

    def is_block_move(self, node: For) -> bool:
        """Whether a loop only copies stretches of memory, or clears them.

        LLVM would find out too, but take a millisecond.
        """
        if node.left is not None:
            return False
        read, written = set(), set()
        for step in node.body:
            if not (isinstance(step, Step) and isinstance(step.op, Copy) and step.targets):
                return False
            source = step.operands[0]
            cells = list(step.targets)
            if isinstance(source, Cell):
                cells.append(source)
                read.add(self.places.get(source.storage, source.storage))
            elif not (isinstance(source, Number) and _is_zero(source)):
                return False
            dtype = dtype_of(source)
            for cell in cells:
                moves = dict(cell.address.terms).get(node.variable) == 1
                if not moves or cell.strides or cell.storage.dtype != dtype:
                    return False
            written |= {self.places.get(c.storage, c.storage) for c in step.targets}
        return read.isdisjoint(written)

    def block_move(self, step: Step | For, extent: int) -> None:
        assert isinstance(step, Step)
        source = step.operands[0]
        for target in step.targets:
            size = extent * target.storage.dtype.itemsize
            to = self.pointer(target)
            if isinstance(source, Cell):
                self.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
                arguments = f"ptr {to}, ptr {self.pointer(source)}, i64 {size}, i1 false"
                self.line(f"call void @llvm.memcpy.p0.p0.i64({arguments})")
            else:
                self.declare("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
                self.line(f"call void @llvm.memset.p0.i64(ptr {to}, i8 0, i64 {size}, i1 false)")

    def loop(self, node: For, start: int, end: int) -> None:
        limit = self.limit(node) if node.left is not None else str(end)
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
        text[phi] = f"  {variable} = phi i64 [ {start}, %{before} ], [ {following}, %{self.label} ]"
        self.line(f"{following} = add nuw nsw i64 {variable}, 1")
        self.line(f"%c{number} = icmp eq i64 {following}, {limit}")
        mark = self.mark(node, end - start, self.holds_row(node, end - start))
        self.line(f"br i1 %c{number}, label %e{number}, label %b{number}{mark}")
        text.append(f"e{number}:")
        self.label = f"e{number}"
        del self.scopes[variable]

    def mark(self, node: For, iterations: int, holds_row: bool) -> str:
        """What the end of a loop tells the vectoriser."""
        if node.scalar:
            return self.module.loop_mark('!"llvm.loop.vectorize.enable", i1 false')
        if holds_row:
            return self.module.loop_mark(f'!"{_FOLLOWUP}", !{{!"llvm.loop.unroll.full"}}')
        if interleaves(node, iterations):
            return self.module.loop_mark(f'!"llvm.loop.interleave.count", i32 {ACCUMULATORS}')
        return ""

    def holds_row(self, node: For, iterations: int) -> bool:
        """Whether a loop adds to a few vectors that stay the same in the loop around it.

        Written out, these are registers.
        """
        steps = [part for part in node.body if isinstance(part, Step)]
        folds = [step for step in steps if isinstance(step.op, Fold)]
        if not folds or len(steps) < len(node.body) or len(steps) > ROW_STEPS:
            return False
        if len(self.scopes) == 1 or any(calls(step.op) for step in steps):
            return False
        around, row = list(self.scopes)[-2:]
        for step in folds:
            cell = step.targets[0]
            moving = [name for name, _ in self.resolved(cell.address)[1]]
            if not cell.storage.local or row not in moving or around in moving:
                return False
        return len(folds) * iterations <= row_vectors() * lanes(steps)

    def limit(self, node: For) -> str:
        """How many iterations run of a loop that may end early, at least one."""
        assert node.left is not None
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
        if storage in self.straight:
            return self.slots[storage, self.resolved(cell.address)[0]]
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
            case Multiply():
                self.multiply(step, op)
                return
            case Update():
                self.update(step, op)
                return
        self.registers[step.result] = result
        for cell in step.targets:
            self.write(cell, result)

    def write(self, cell: Cell, value: str) -> None:
        if cell.storage in self.straight:
            self.slots[cell.storage, self.resolved(cell.address)[0]] = value
        else:
            self.store(value, cell.storage.dtype, self.pointer(cell))

    def multiply(self, step: Step, op: Multiply) -> None:
        routine = self.module.constant(RoutineAddress(op.gemm.routine))
        cells = [cell for cell in (*step.operands, *step.targets) if isinstance(cell, Cell)]
        rows = None
        if op.left is not None:
            self.declare("declare i64 @llvm.umin.i64(i64, i64)")
            size = getattr(op.gemm.sizes, op.axis)
            left = self.coordinate(op.left)
            least = self.instruction(f"call i64 @llvm.umin.i64(i64 {left}, i64 {size})")
            short = self.instruction(f"trunc i64 {least} to i32")
            rows = self.fresh()
            self.allocas.append(f"  {rows} = alloca i32")
            self.line(f"store i32 {short}, ptr {rows}")
        pointers = [self.parameter(routine), *map(self.pointer, cells)]
        blas.emit_block(op.gemm, self, pointers, op.axis, rows)

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
        dtype = cell.storage.dtype
        if cell.storage in self.straight:
            self.write(cell, self.combine(op.op, self.load(cell), x, dtype))
            return
        pointer = self.pointer(cell)
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
            index, inside = self.safe_index(step, indices[k], n, mode)
            if inside is not None and mode != "raise":
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

    def safe_index(self, step: Step, operand: Operand, n: int, mode: str) -> tuple[str, str | None]:
        """An index into ``n`` elements, and whether it is valid (None where always).

        What memory holds is looked at once, where the loops around it begin an iteration.
        """
        scope = self.scope_of_read(operand)
        if scope is None:
            return self.checked_index(step, operand, n, mode)
        assert isinstance(operand, Cell)
        place = (operand.storage, self.resolved(operand.address), operand.cast)
        key = (place, n, mode, step.eqn)
        found = scope.cache.get(key)
        if found is None:
            text, self.text = self.text, scope.head
            found = scope.cache[key] = self.checked_index(step, operand, n, mode)
            self.text = text
        return found

    def scope_of_read(self, operand: Operand) -> _Scope | None:
        """The loop in whose iterations an operand is one number that nothing here writes."""
        if not isinstance(operand, Cell) or operand.strides or operand.storage in self.straight:
            return None
        if self.places.get(operand.storage, operand.storage) in self.written:
            return None
        return self.scope_of(self.resolved(operand.address)[1])

    def checked_index(
        self, step: Step, operand: Operand, n: int, mode: str
    ) -> tuple[str, str | None]:
        index = self.convert(self.read(operand), dtype_of(operand), _INT64)
        if self.lies_within(operand, n):
            return index, None
        index, inside = self.in_range(index, n, mode)
        if inside is not None and mode == "raise":
            outside = self.fresh()
            self.line(f"{outside} = xor i1 {inside}, true")
            self.fail_where(outside, step)
        return index, inside

    def lies_within(self, operand: Operand, n: int) -> bool:
        """Whether an index is read from a constant that holds nothing out of bounds."""
        if not isinstance(operand, Cell):
            return False
        known = self.constant_of(operand.storage)
        return known is not None and known.size > 0 and known.min() >= 0 and known.max() < n

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
        # One bit for each: LLVM makes vector code of a sum of bits, not of a chain of choices.
        bit = 1 << min(self.failures.index(step.eqn), _MOST_FAILURES - 1)
        before = self.instruction("load i32, ptr %status")
        found = self.select(condition, str(bit), "0", "i32")
        after = self.instruction(f"or i32 {before}, {found}")
        self.line(f"store i32 {after}, ptr %status")


def _straight(nest: Nest) -> set[Storage]:
    """The local storages that need no memory.

    All that touches such a one stands in the same loop, at addresses that are numbers once the
    short loops are unrolled. So its elements are registers.
    """
    places: dict[Storage, tuple[int, ...] | None] = {}

    def visit(nodes: Sequence[Step | For], loops: tuple[int, ...]) -> None:
        for node in nodes:
            if isinstance(node, For):
                visit(node.prologue, loops)
                visit(node.body, loops if node.unroll else (*loops, node.variable))
                visit(node.epilogue, loops)
                continue
            for cell in cells_of(node):
                moving = cell.strides or any(v in loops for v, _ in cell.address.terms)
                if moving or places.setdefault(cell.storage, loops) != loops:
                    places[cell.storage] = None

    visit(nest.nodes, ())
    return {s for s, loops in places.items() if s.local and loops is not None}


def _is_zero(number: Number) -> bool:
    """Whether a number is all zero bits."""
    return not any(np.asarray(number.value, number.dtype).tobytes())


_MOST_FAILURES = 31  # that a kernel tells apart


def dtype_of(operand: Operand) -> Dtype:
    """The dtype in which an operand arrives at its operation."""
    if isinstance(operand, Number):
        return operand.dtype
    if operand.cast is not None:
        return operand.cast
    return operand.value.dtype if isinstance(operand, Register) else operand.storage.dtype


def _flatten(text: Any, lines: list[str]) -> None:
    for part in text:
        if isinstance(part, str):
            lines.append(part)
        else:
            _flatten(part, lines)
