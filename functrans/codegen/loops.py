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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from functrans.codegen.blas import Gemm
from functrans.codegen.fuse import (
    _FULL_UNROLLED,
    _NARROW,
    _SHORT,
    _TINY,
    Cluster,
    Clusters,
    Kernel,
    Loop,
    Node,
    Repetition,
    repeat_title,
)
from functrans.codegen.index import address, strides_of, unit
from functrans.codegen.statements import (
    Access,
    Compute,
    Coordinate,
    Copy,
    Fold,
    Invoke,
    LibraryCall,
    Lookup,
    Op,
    Statement,
    Update,
    Value,
    show_form,
    show_op,
)
from functrans.codegen.tiles import Tile, tiled
from functrans.core.jaxpr import Eqn
from functrans.kernel import Affine

Dtype = np.dtype[Any]
_LOCAL_BYTES = 4096  # larger temporaries go to the arena
_STACK_BYTES = 32768  # of one kernel
_UNROLLED_STEPS = 64
_MAKES_REGISTER = (Compute, Invoke, Copy, Coordinate, Lookup)


@dataclass(frozen=True, slots=True)
class Multiply:
    """A product by BLAS for one block: ``axis`` of it (``"m"`` or ``"k"``) is what is cut.

    Where fewer than the block's rows are left only these count. A cut sum adds to the result.
    """

    gemm: Gemm
    axis: str
    left: Affine | None = None

    def __str__(self) -> str:
        return f"{self.gemm}"


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

    op: Op | Multiply
    operands: list[Operand]
    targets: list[Cell]
    result: Value
    eqn: Eqn | None
    bounds: tuple[int, ...] = ()  # lengths of the axes that run-time coordinates address

    def __str__(self) -> str:
        left = ", ".join([*([] if self.targets else [repr(self.result)]), *map(str, self.targets)])
        op = str(self.op) if isinstance(self.op, Multiply) else show_op(self.op)
        return f"{left} = {op} {' '.join(map(str, self.operands))}".rstrip()


@dataclass(slots=True, eq=False)
class For:
    """One loop of a nest."""

    variable: int
    extent: int
    prologue: list[Step | For] = field(default_factory=list)
    body: list[Step | For] = field(default_factory=list)
    epilogue: list[Step | For] = field(default_factory=list)
    unroll: bool = False
    scalar: bool = False  # no vector code
    left: Affine | None = None  # where fewer iterations than the extent are left, only these run


@dataclass(slots=True, eq=False)
class Nest:
    """One kernel ready for emission."""

    nodes: list[Step | For]
    plain: bool = False  # not worth the optimiser's time

    def steps(self) -> Iterator[Step]:
        return steps_of(self.nodes)

    def __str__(self) -> str:
        return "\n".join(line for node in self.nodes for line in _show(node, "  "))


@dataclass(slots=True)
class Nests:
    """All clusters; kernels as nests. ``storage`` holds every value that lives in memory."""

    order: list[tuple[Cluster, Nest | tuple[Nests, ...] | None]]
    storage: dict[Value, Storage]
    starts: dict[Value, int]  # the element of its storage where a value within another begins
    outputs: list[Value]

    def __str__(self) -> str:
        lines = []
        for number, (cluster, nest) in enumerate(self.order):
            title = type(cluster).__name__
            if isinstance(cluster, Repetition):
                title = repeat_title(cluster.call)
            lines.append(f"{number}: {title}")
            if isinstance(nest, Nest):
                lines.append(str(nest))
            for program in nest if isinstance(nest, tuple) else ():
                lines += ["    " + line for line in str(program).splitlines()]
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
    tiles = tiled(clusters)
    places = _Places(tiles)
    for value in clusters.values:
        if value.within is None:
            places.decide(value)
    for value in clusters.values:
        if value.within is not None:
            places.share(value)
    order: list[tuple[Cluster, Nest | tuple[Nests, ...] | None]] = []
    for cluster in clusters.order:
        nest: Nest | tuple[Nests, ...] | None = None
        if isinstance(cluster, Repetition):
            nest = tuple(map(build_nests, cluster.programs))
        if isinstance(cluster, Kernel):
            nest = _nest(cluster, tiles.get(cluster), places)
        order.append((cluster, nest))
    return Nests(order, places.storage, places.starts, clusters.outputs)


def _nest(kernel: Kernel, tile: Tile | None, places: _Places) -> Nest:
    writer = _Writer(places)
    nodes = writer.nodes(kernel.nodes, [])
    rows = writer.made[tile.loop] if tile else None
    if rows is not None:
        rows.body = [_collapsed(child) for child in rows.body]
    nodes = [node if node is rows else _collapsed(node) for node in nodes]
    for node in nodes:
        _mark(node)
    blocks = _Blocks(writer.count)
    return Nest([
        blocks.tile(node, tile, places) if tile and node is rows else blocks.cut(node, {})
        for node in nodes
    ])  # fmt: skip


# --- what lives where ----------------------------------------------------------------------------


class _Places:
    """The storage of every value that has one, with the strides of its axes."""

    def __init__(self, tiles: Mapping[Kernel, Tile]) -> None:
        self.rows = {value: tile.rows for tile in tiles.values() for value in tile.values}
        self.storage: dict[Value, Storage] = {}
        self.strides: dict[Value, list[int]] = {}
        self.starts: dict[Value, int] = {}
        self.stack: dict[int, int] = {}  # bytes of locals in each cluster

    def decide(self, value: Value) -> None:
        if value.kind == "literal":
            return
        if value in self.rows:  # one block of it at a time
            shape = [self.rows[value], *value.shape[1:]]
            self.storage[value] = Storage(value, math.prod(shape), False)
            self.strides[value] = strides_of(shape)
            return
        uses = [
            (statement, access)
            for statement, access in value.readers
            if statement is None or not in_register(statement, access)
        ]
        pure = all(isinstance(w.op, _MAKES_REGISTER) for w in value.writers) and value.writers
        if value.kind == "temp" and value.output is None and not uses and pure and not value.parts:
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

    def share(self, value: Value) -> None:
        """The memory of a value that lies inside another one."""
        start, outer = 0, value
        while outer.within is not None:
            outer, offset = outer.within
            start += offset
        self.storage[value] = self.storage[outer]
        self.starts[value] = start
        self.strides[value] = strides_of(value.shape)

    def _only_cluster(self, value: Value, uses: list[Any]) -> int:
        """The one kernel that touches the value's memory, or −1."""
        if value.kind != "temp" or value.output is not None or not value.writers or value.parts:
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
        self.made: dict[Loop, For] = {}

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
        self.made[loop] = made = For(
            variable,
            loop.extent,
            self.nodes(loop.prologue, variables),
            self.nodes(loop.body, [*variables, variable]),
            self.nodes(loop.epilogue, variables),
        )
        return made

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
        start = self.places.starts.get(access.value, 0)
        where = Affine(where.offset + start, where.terms)
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


def _move(
    part: Step | For, moved: Callable[[Cell], Cell], shifted: Callable[[Affine], Affine]
) -> None:
    """Give a part other cells, and other forms where it counts iterations."""
    if isinstance(part, For):
        part.left = part.left and shifted(part.left)
        for child in (*part.prologue, *part.body, *part.epilogue):
            _move(child, moved, shifted)
        return
    part.operands = [moved(o) if isinstance(o, Cell) else o for o in part.operands]
    part.targets = [moved(cell) for cell in part.targets]
    if isinstance(part.op, Coordinate):
        part.op = replace(part.op, form=shifted(part.op.form))
    if isinstance(part.op, Multiply):
        part.op = replace(part.op, left=part.op.left and shifted(part.op.left))


def _product(
    call: LibraryCall, axis: str, rows: int, block: int, left: Affine | None, places: _Places
) -> Step:
    """The part of a product that belongs to one block of rows."""
    gemm = call.gemm
    sizes = replace(gemm.sizes, **{axis: rows})
    cells: list[Operand] = []
    for matrix, region, lengthwise in (
        (gemm.lhs, call.reads[0], axis == "m"),
        (gemm.rhs, call.reads[1], axis == "k"),
    ):
        start = region.offset + places.starts.get(region.value, 0)
        step = 0 if region.value in places.rows else rows
        if axis == "m" and not lengthwise:
            step = 0
        elif lengthwise != matrix.transposed:
            step *= matrix.leading
        terms = ((block, step),) if step else ()
        cells.append(Cell(places.storage[region.value], Affine(start, terms)))
    start = places.starts.get(call.write, 0)
    target = Cell(places.storage[call.write], Affine(start))
    op = Multiply(replace(gemm, sizes=sizes), axis, left)
    return Step(op, cells, [target], call.write, call.eqn)


class _Blocks:
    """Long float sums as sums of the sums of blocks, so that rounding errors grow far more slowly.

    A loop is cut into blocks, many blocks into groups, and many groups again; the last one of each
    may be shorter. Each accumulator gets a partial one for the block, set up as the whole one is,
    and folded into it behind the block.
    """

    def __init__(self, variables: int) -> None:
        self.variables = variables  # numbers of loops in use
        self.partials: dict[Value, int] = {}
        self.kept: set[Storage] = set()  # of these only one block is kept

    def cut(self, node: Step | For, outer: dict[Storage, Step]) -> Step | For:
        """``node`` with its long sums cut; ``outer`` has what begins the sums of loops around."""
        if isinstance(node, Step):
            return node
        begun = outer | {s.targets[0].storage: s for s in node.prologue if isinstance(s, Step)}
        node.body = [self.cut(child, begun) for child in node.body]
        sums = self.sums(node, outer)
        if sums is None:
            return node
        simple = all(isinstance(child, Step) or child.unroll for child in node.body)
        return self.grouped(self.blocks(node, _BLOCK if simple else _GROUP, *sums), *sums)

    def sums(
        self, node: For, outer: dict[Storage, Step]
    ) -> tuple[list[Step | For], dict[Storage, Fold]] | None:
        """What begins the sums of a long loop, and how each is folded; None if it is not cut."""
        if node.extent < _BLOCKED_FROM:
            return None
        steps = list(steps_of(node.body))
        folds = {step.targets[0].storage: step.op for step in steps if isinstance(step.op, Fold)}
        setup = [*node.prologue, *(step for total, step in outer.items() if total in folds)]
        totals = {cell.storage for step in steps_of(setup) for cell in step.targets}
        read = {o.storage for step in steps for o in step.operands if isinstance(o, Cell)}
        sums = any(s.dtype.kind == "f" and s in folds and folds[s].op == "add" for s in totals)
        if not sums or totals & read or not all(s.local and s in folds for s in totals):
            return None
        return setup, folds

    def grouped(self, node: For, setup: list[Step | For], folds: dict[Storage, Fold]) -> For:
        """Many blocks in groups, and many groups in groups."""
        while node.extent >= 2 * _GROUP:
            node = self.blocks(node, _GROUP, setup, folds)
        return node

    def tile(self, node: For, tile: Tile, places: _Places) -> For:
        """A loop over rows in blocks, each between the products that make and take its rows."""
        self.kept = {places.storage[value] for value in tile.values}
        sums = self.sums(node, {}) or ([], {})
        rows, variable = tile.rows, self.variables
        node = self.blocks(node, rows, *sums)
        part = node.body[0]
        assert isinstance(part, For)
        left = part.left
        if tile.before is not None:
            node.body.insert(0, _product(tile.before, "m", rows, variable, left, places))
        if tile.after is not None:
            node.body.append(_product(tile.after, "k", rows, variable, left, places))
            node.prologue.append(self.cleared(places.storage[tile.after.write]))
        return self.grouped(node, *sums) if sums[0] else node

    def cleared(self, storage: Storage) -> For:
        variable = self.variables
        self.variables += 1
        cell = Cell(storage, Affine(0, ((variable, 1),)))
        zero = Number(0, storage.dtype)
        return For(variable, storage.size, [], [Step(Copy(), [zero], [cell], storage.value, None)])

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
            if cell.storage in self.kept:
                return cell
            storage = partial.get(cell.storage, cell.storage)
            return replace(cell, address=shifted(cell.address), storage=storage)

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
            _move(part, moved, shifted)
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


_LANES_FROM = 16  # iterations of an outer loop that becomes vector code
_VECTOR = 8  # float64 fill a vector register
_UNEVEN = 400  # steps, for the sake of loops that would leave registers half empty


def _mark(node: Step | For) -> None:
    """Decide which loops of a kernel are unrolled.

    Where all loops inside an outer one are short they are unrolled, and LLVM makes vector code of
    the outer loop: its temporaries are registers.
    """
    if isinstance(node, For) and node.extent >= _LANES_FROM:
        inner = [*node.body]
        total = sum(map(_unrolled_size, inner))
        work = sum(_work(child) for child in inner)
        wide = sum(_work(child, _NARROW + 1) for child in inner)
        even = sum(_work(child, _NARROW + 1, _VECTOR) for child in inner)
        pays = 2 * wide <= work or (2 * even <= work and total <= _UNEVEN)
        if (
            total <= _FULL_UNROLLED
            and any(isinstance(child, For) for child in inner)
            and pays
            and work
        ):
            for child in inner:
                _unroll_all(child)
            for child in (*node.prologue, *node.epilogue):
                _mark_unrolled(child)
            return
    if _unrolled_size(node, _NARROW) <= _TINY:
        _unroll_all(node)
        return
    _mark_unrolled(node)


def _work(node: Step | For, extent: int = 1, multiple: int = 1, counts: bool = False) -> int:
    """Operations of a node: those in loops of at least this extent, and a multiple of that."""
    if isinstance(node, Step):
        return int((counts or extent == 1) and isinstance(node.op, Compute | Invoke | Fold))
    counts = counts or (node.extent >= extent and node.extent % multiple == 0)
    return node.extent * sum(_work(child, extent, multiple, counts) for child in node.body)


def _unrolled_size(node: Step | For, short: int = _SHORT) -> int:
    """Steps with all loops unrolled; too many if one is not short."""
    if isinstance(node, Step):
        return 1
    if node.extent > short:
        return _FULL_UNROLLED + 1
    inside = sum(_unrolled_size(child, short) for child in node.body) * node.extent
    return inside + sum(_unrolled_size(end, short) for end in [*node.prologue, *node.epilogue])


def _unroll_all(node: Step | For) -> None:
    if isinstance(node, Step):
        return
    node.unroll = True
    for child in (*node.prologue, *node.body, *node.epilogue):
        _unroll_all(child)


def _mark_unrolled(node: Step | For, short: int = _NARROW) -> int:
    """Mark short loops with small bodies; returns the steps that the node makes, or too many.

    The loops inside one that fills vectors may be longer, if all of them become straight-line code:
    that one is the better vector code then.
    """
    if isinstance(node, Step):
        return 1
    limit = _SHORT if node.extent >= _LANES_FROM else _NARROW
    inside = sum(_mark_unrolled(child, limit) for child in node.body)
    if inside > _UNROLLED_STEPS and limit > _NARROW:
        inside = sum(_mark_unrolled(child, _NARROW) for child in node.body)
    inside *= node.extent
    around = sum(_mark_unrolled(end, short) for end in [*node.prologue, *node.epilogue])
    node.unroll = node.extent <= short and inside <= _UNROLLED_STEPS
    return around + (inside if node.unroll else _UNROLLED_STEPS + 1)


# --- printing ------------------------------------------------------------------------------------


def _show(node: Step | For, indent: str) -> list[str]:
    if isinstance(node, Step):
        return [indent + str(node)]
    how = " unrolled" if node.unroll else " scalar" if node.scalar else ""
    lines = [line for end in node.prologue for line in _show(end, indent)]
    extent = node.extent if node.left is None else f"min({node.extent}, {show_form(node.left)})"
    lines.append(f"{indent}for i{node.variable} < {extent}{how}:")
    lines += [line for child in node.body for line in _show(child, indent + "  ")]
    return lines + [line for end in node.epilogue for line in _show(end, indent)]
