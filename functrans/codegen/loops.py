"""Clusters into loop nests over memory: what is a register, what needs storage, which loops join.

::

    nest    ::= node*
    node    ::= step | for
    for     ::= variable, extent, unroll?, left?, prologue: node*, body: node*, epilogue: node*
    step    ::= target* = op operand*
    operand ::= register | cell | number
    cell    ::= storage at an affine address over loop variables

A value that is read only where it was made, at the same point, is a register. Otherwise it has a
storage: a whole buffer, or, if all its uses share outer loops, only the axes that these loops do
not fix. Two nested loops become one where every address walks through both as through one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from functrans.codegen.fuse import Cluster, Clusters, Kernel, Loop, Node
from functrans.codegen.index import address, strides_of, unit
from functrans.codegen.statements import (
    Access,
    Compute,
    Coordinate,
    Copy,
    Fold,
    Invoke,
    Lookup,
    Op,
    Statement,
    Update,
    Value,
    show_form,
    show_op,
)
from functrans.core.jaxpr import Eqn
from functrans.kernel import Affine

Dtype = np.dtype[Any]
_LOCAL_BYTES = 4096  # larger temporaries go to the arena
_STACK_BYTES = 32768  # of one kernel
_UNROLLED_EXTENT = 7  # eight float64 fill a vector register: that loop is better left to LLVM
_UNROLLED_STEPS = 64
_MAKES_REGISTER = (Compute, Invoke, Copy, Coordinate, Lookup)


@dataclass(slots=True, eq=False)
class Storage:
    """Memory for one value: local to a kernel, or a buffer that the plan places."""

    value: Value
    size: int  # in elements
    local: bool
    inside: int = -1  # the one cluster that uses it, -1 when it carries values between clusters
    partial: int = 0  # a number where this is an accumulator for blocks of a long sum

    @property
    def dtype(self) -> Dtype:
        return self.value.dtype

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __repr__(self) -> str:
        return f"{self.value}{'′' * self.partial}"


@dataclass(frozen=True, slots=True)
class Register:
    """The value that an earlier step of the same iteration made."""

    value: Value
    cast: Dtype | None

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class Cell:
    """One element of a storage. ``strides`` belong to coordinates that are found at run time."""

    storage: Storage
    address: Affine
    cast: Dtype | None = None
    strides: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.storage}[{show_form(self.address)}]"


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: Any
    dtype: Dtype

    def __str__(self) -> str:
        return str(self.value)


Operand = Register | Cell | Number


@dataclass(slots=True, eq=False)
class Step:
    """One operation; its result is a register of ``result`` and is stored in the targets."""

    op: Op
    operands: list[Operand]
    targets: list[Cell]
    result: Value
    eqn: Eqn | None
    bounds: tuple[int, ...] = ()  # lengths of the axes that run-time coordinates address

    def __str__(self) -> str:
        left = ", ".join([*([] if self.targets else [repr(self.result)]), *map(str, self.targets)])
        return f"{left} = {show_op(self.op)} {' '.join(map(str, self.operands))}".rstrip()


@dataclass(slots=True, eq=False)
class For:
    """One loop of a nest."""

    variable: int
    extent: int
    prologue: list[Step | For] = field(default_factory=list)
    body: list[Step | For] = field(default_factory=list)
    epilogue: list[Step | For] = field(default_factory=list)
    unroll: bool = False
    left: Affine | None = None  # where fewer iterations than the extent are left, only these run


@dataclass(slots=True, eq=False)
class Nest:
    """One kernel ready for emission."""

    nodes: list[Step | For]

    def steps(self) -> Iterator[Step]:
        return steps_of(self.nodes)

    def __str__(self) -> str:
        return "\n".join(line for node in self.nodes for line in _show(node, "  "))


@dataclass(slots=True)
class Nests:
    """All clusters; kernels as nests. ``storage`` holds every value that lives in memory."""

    order: list[tuple[Cluster, Nest | None]]
    storage: dict[Value, Storage]
    outputs: list[Value]

    def __str__(self) -> str:
        lines = []
        for number, (cluster, nest) in enumerate(self.order):
            lines.append(f"{number}: {type(cluster).__name__}")
            if nest is not None:
                lines.append(str(nest))
        return "\n".join(lines)


def steps_of(nodes: list[Step | For]) -> Iterator[Step]:
    """All steps below, in the order in which they run."""
    for node in nodes:
        if isinstance(node, Step):
            yield node
        else:
            yield from steps_of(node.prologue)
            yield from steps_of(node.body)
            yield from steps_of(node.epilogue)


def build_nests(clusters: Clusters) -> Nests:
    """Decide what lives where, then write every kernel over memory."""
    places = _Places()
    for value in clusters.values:
        places.decide(value)
    order: list[tuple[Cluster, Nest | None]] = []
    for cluster in clusters.order:
        nest = None
        if isinstance(cluster, Kernel):
            writer = _Writer(places)
            nodes = [_collapsed(node) for node in writer.nodes(cluster.nodes, [])]
            for node in nodes:
                _mark_unrolled(node)
            blocks = _Blocks(writer.count)
            nest = Nest([blocks.cut(node, {}) for node in nodes])
        order.append((cluster, nest))
    return Nests(order, places.storage, clusters.outputs)


# --- what lives where ----------------------------------------------------------------------------


class _Places:
    """The storage of every value that has one, with the strides of its axes."""

    def __init__(self) -> None:
        self.storage: dict[Value, Storage] = {}
        self.strides: dict[Value, list[int]] = {}
        self.stack: dict[int, int] = {}  # bytes of locals in each cluster

    def decide(self, value: Value) -> None:
        if value.kind == "literal":
            return
        uses = [
            (statement, access)
            for statement, access in value.readers
            if statement is None or not in_register(statement, access)
        ]
        pure = all(isinstance(w.op, _MAKES_REGISTER) for w in value.writers) and value.writers
        if value.kind == "temp" and value.output is None and not uses and pure:
            return
        inside = self._only_cluster(value, uses)
        shape = list(value.shape)
        if inside >= 0:
            for axis in _fixed_axes(value, uses):
                shape[axis] = 1
        size = math.prod(shape)
        storage = Storage(value, size, False, inside)
        if inside >= 0 and storage.nbytes <= _LOCAL_BYTES:
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

    def _only_cluster(self, value: Value, uses: list[Any]) -> int:
        """The one kernel that touches the value's memory, or −1."""
        if value.kind != "temp" or value.output is not None or not value.writers:
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


# --- writing nests -------------------------------------------------------------------------------


class _Writer:
    """Rewrites a kernel's tree over memory and loop variables."""

    def __init__(self, places: _Places) -> None:
        self.places = places
        self.count = 0

    def nodes(self, nodes: list[Node], variables: list[int]) -> list[Step | For]:
        result: list[Step | For] = []
        for node in nodes:
            if isinstance(node, Loop):
                result.append(self.loop(node, variables))
            else:
                result.append(self.step(node, variables))
        return result

    def loop(self, loop: Loop, variables: list[int]) -> For:
        variable = self.count
        self.count += 1
        return For(
            variable,
            loop.extent,
            self.nodes(loop.prologue, variables),
            self.nodes(loop.body, [*variables, variable]),
            self.nodes(loop.epilogue, variables),
        )

    def step(self, statement: Statement, variables: list[int]) -> Step:
        op = statement.op
        if isinstance(op, Coordinate):
            op = replace(op, form=_renamed(op.form, variables))
        operands = [self.operand(statement, access, variables) for access in statement.reads]
        targets = [
            self.cell(write, variables)
            for write in statement.writes
            if write.value in self.places.storage
        ]
        bounds: tuple[int, ...] = ()
        if isinstance(op, Lookup | Update):
            access = statement.reads[0] if isinstance(op, Lookup) else statement.writes[0]
            bounds = tuple(access.value.shape[axis] for axis in op.axes)
        return Step(op, operands, targets, statement.writes[0].value, statement.eqn, bounds)

    def operand(self, statement: Statement, access: Access, variables: list[int]) -> Operand:
        value = access.value
        if value.kind == "literal":
            return Number(value.literal, access.dtype)
        if in_register(statement, access):
            return Register(value, access.cast)
        return self.cell(access, variables)

    def cell(self, access: Access, variables: list[int]) -> Cell:
        strides = self.places.strides[access.value]
        known = tuple((span, form) for span, form in access.groups if form is not None)
        if len(known) == len(access.groups):
            where = address(known, strides)
            unknown: tuple[int, ...] = ()
        else:
            kept = [s for s, (_, form) in zip(strides, access.groups, strict=True) if form]
            where = address(known, kept)
            unknown = tuple(
                s for s, (_, form) in zip(strides, access.groups, strict=True) if form is None
            )
        storage = self.places.storage[access.value]
        return Cell(storage, _renamed(where, variables), access.cast, unknown)


def _renamed(form: Affine, variables: list[int]) -> Affine:
    if all(variables[axis] == axis for axis, _ in form.terms):
        return form
    return Affine(form.offset, tuple((variables[axis], c) for axis, c in form.terms))


# --- joining and unrolling loops -----------------------------------------------------------------


def _collapsed(node: Step | For) -> Step | For:
    if isinstance(node, Step):
        return node
    node.body = [_collapsed(child) for child in node.body]
    while len(node.body) == 1 and isinstance(node.body[0], For):
        inner = node.body[0]
        if inner.prologue or inner.epilogue:
            break
        steps = list(steps_of(inner.body))
        if not all(
            _walks_as_one(form, node.variable, inner.variable, inner.extent)
            for step in steps
            for form in _forms(step)
        ):
            break
        for step in steps:
            _forget(step, node.variable)
        node.variable = inner.variable
        node.extent *= inner.extent
        node.body = inner.body
    return node


def _walks_as_one(form: Affine, outer: int, inner: int, extent: int) -> bool:
    far = near = 0
    for variable, coefficient in form.terms:
        if variable == outer:
            far = coefficient
        elif variable == inner:
            near = coefficient
    return far == near * extent


def _forms(step: Step) -> Iterator[Affine]:
    if isinstance(step.op, Coordinate):
        yield step.op.form
    for operand in step.operands:
        if isinstance(operand, Cell):
            yield operand.address
    for cell in step.targets:
        yield cell.address


def _forget(step: Step, variable: int) -> None:
    def without(form: Affine) -> Affine:
        return Affine(form.offset, tuple(t for t in form.terms if t[0] != variable))

    if isinstance(step.op, Coordinate):
        step.op = replace(step.op, form=without(step.op.form))
    step.operands = [
        replace(o, address=without(o.address)) if isinstance(o, Cell) else o for o in step.operands
    ]
    step.targets = [replace(cell, address=without(cell.address)) for cell in step.targets]


_BLOCKED_FROM = 2048
_BLOCK = 1024  # iterations of a loop that becomes vector code
_GROUP = 32  # iterations of any other: rows, or blocks


class _Blocks:
    """Long float sums as sums of the sums of blocks, so that rounding errors grow far more slowly.

    A loop is cut into blocks, many blocks into groups, and many groups again; the last one of each
    may be shorter. Each accumulator gets a partial one for the block, set up as the whole one is,
    and folded into it behind the block.
    """

    def __init__(self, variables: int) -> None:
        self.variables = variables  # numbers of loops in use
        self.partials: dict[Value, int] = {}

    def cut(self, node: Step | For, outer: dict[Storage, Step]) -> Step | For:
        """``node`` with its long sums cut; ``outer`` has what begins the sums of loops around."""
        if isinstance(node, Step):
            return node
        begun = outer | {s.targets[0].storage: s for s in node.prologue if isinstance(s, Step)}
        node.body = [self.cut(child, begun) for child in node.body]
        if node.extent < _BLOCKED_FROM:
            return node
        steps = list(steps_of(node.body))
        folds = {step.targets[0].storage: step.op for step in steps if isinstance(step.op, Fold)}
        setup = [*node.prologue, *(step for total, step in outer.items() if total in folds)]
        totals = {cell.storage for step in steps_of(setup) for cell in step.targets}
        read = {o.storage for step in steps for o in step.operands if isinstance(o, Cell)}
        sums = any(s.dtype.kind == "f" and s in folds and folds[s].op == "add" for s in totals)
        if not sums or totals & read or not all(s.local and s in folds for s in totals):
            return node
        simple = all(isinstance(child, Step) or child.unroll for child in node.body)
        node = self.blocks(node, _BLOCK if simple else _GROUP, setup, folds)
        while node.extent >= 2 * _GROUP:
            node = self.blocks(node, _GROUP, setup, folds)
        return node

    def blocks(
        self, node: For, size: int, setup: list[Step | For], folds: dict[Storage, Fold]
    ) -> For:
        """A loop over blocks of ``node``; ``setup`` begins the sums that its body folds into."""
        totals = {cell.storage for step in steps_of(setup) for cell in step.targets}
        partial = {total: self.partial(total) for total in totals}
        number = self.variables
        self.variables += 1

        def shifted(form: Affine) -> Affine:
            more = tuple((number, c * size) for axis, c in form.terms if axis == node.variable)
            return Affine(form.offset, form.terms + more)

        def moved(cell: Cell) -> Cell:
            storage = partial.get(cell.storage, cell.storage)
            return replace(cell, address=shifted(cell.address), storage=storage)

        def move(part: Step | For) -> None:
            if isinstance(part, For):
                part.left = part.left and shifted(part.left)
                for child in (*part.prologue, *part.body, *part.epilogue):
                    move(child)
                return
            part.operands = [moved(o) if isinstance(o, Cell) else o for o in part.operands]
            part.targets = [moved(cell) for cell in part.targets]
            if isinstance(part.op, Coordinate):
                part.op = replace(part.op, form=shifted(part.op.form))

        def begin(part: Step | For) -> Step | For:
            if isinstance(part, For):
                return replace(part, body=[begin(child) for child in part.body])
            return replace(part, targets=[moved(cell) for cell in part.targets])

        def finish(part: Step | For) -> Step | For:
            if isinstance(part, For):
                return replace(part, body=[finish(child) for child in part.body])
            (target,) = part.targets
            return replace(part, op=folds[target.storage], operands=[moved(target)])

        for part in node.body:
            move(part)
        block = For(
            node.variable,
            size,
            [begin(part) for part in setup],
            node.body,
            [finish(part) for part in setup],
            left=Affine(node.extent, ((number, -size),)) if node.extent % size else None,
        )
        count = -(-node.extent // size)
        return For(number, count, node.prologue, [block], node.epilogue)

    def partial(self, total: Storage) -> Storage:
        count = self.partials[total.value] = self.partials.get(total.value, 0) + 1
        return replace(total, partial=count)


def _mark_unrolled(node: Step | For) -> int:
    """Mark short loops with small bodies; returns the steps that the node makes, or too many."""
    if isinstance(node, Step):
        return 1
    inside = sum(map(_mark_unrolled, node.body)) * node.extent
    around = sum(map(_mark_unrolled, [*node.prologue, *node.epilogue]))
    node.unroll = node.extent <= _UNROLLED_EXTENT and inside <= _UNROLLED_STEPS
    return around + (inside if node.unroll else _UNROLLED_STEPS + 1)


# --- printing ------------------------------------------------------------------------------------


def _show(node: Step | For, indent: str) -> list[str]:
    if isinstance(node, Step):
        return [indent + str(node)]
    how = " unrolled" if node.unroll else ""
    lines = [line for end in node.prologue for line in _show(end, indent)]
    extent = node.extent if node.left is None else f"min({node.extent}, {show_form(node.left)})"
    lines.append(f"{indent}for i{node.variable} < {extent}{how}:")
    lines += [line for child in node.body for line in _show(child, indent + "  ")]
    return lines + [line for end in node.epilogue for line in _show(end, indent)]
