"""Which loops join, which are cut into blocks, and which are written out.

Two nested loops become one where every address walks through both as through one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from functrans.codegen.clusters import FULL_UNROLLED, NARROW, SHORT, TINY
from functrans.codegen.nests import Cell, For, Multiply, Number, Operand, Step, Storage, steps_of
from functrans.codegen.places import Places
from functrans.codegen.statements import Compute, Coordinate, Copy, Fold, Invoke, LibraryCall, Value
from functrans.codegen.tiles import Tile
from functrans.kernel import Affine

_UNROLLED_STEPS = 64


def collapsed(node: Step | For) -> Step | For:
    if isinstance(node, Step):
        return node
    node.body = [collapsed(child) for child in node.body]
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
    call: LibraryCall, axis: str, rows: int, block: int, left: Affine | None, places: Places
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


class Blocks:
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

    def tile(self, node: For, tile: Tile, places: Places) -> For:
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


def mark(node: Step | For) -> None:
    """Decide which loops of a kernel are unrolled.

    Where all loops inside an outer one are short they are unrolled, and LLVM makes vector code of
    the outer loop: its temporaries are registers.
    """
    if isinstance(node, For) and node.extent >= _LANES_FROM:
        inner = [*node.body]
        total = sum(map(_unrolled_size, inner))
        work = sum(_work(child) for child in inner)
        wide = sum(_work(child, NARROW + 1) for child in inner)
        even = sum(_work(child, NARROW + 1, _VECTOR) for child in inner)
        pays = 2 * wide <= work or (2 * even <= work and total <= _UNEVEN)
        if (
            total <= FULL_UNROLLED
            and any(isinstance(child, For) for child in inner)
            and pays
            and work
        ):
            for child in inner:
                _unroll_all(child)
            for child in (*node.prologue, *node.epilogue):
                _mark_unrolled(child)
            return
    if _unrolled_size(node, NARROW) <= TINY:
        _unroll_all(node)
        return
    _mark_unrolled(node)


def _work(node: Step | For, extent: int = 1, multiple: int = 1, counts: bool = False) -> int:
    """Operations of a node: those in loops of at least this extent, and a multiple of that."""
    if isinstance(node, Step):
        return int((counts or extent == 1) and isinstance(node.op, Compute | Invoke | Fold))
    counts = counts or (node.extent >= extent and node.extent % multiple == 0)
    return node.extent * sum(_work(child, extent, multiple, counts) for child in node.body)


def _unrolled_size(node: Step | For, short: int = SHORT) -> int:
    """Steps with all loops unrolled; too many if one is not short."""
    if isinstance(node, Step):
        return 1
    if node.extent > short:
        return FULL_UNROLLED + 1
    inside = sum(_unrolled_size(child, short) for child in node.body) * node.extent
    return inside + sum(_unrolled_size(end, short) for end in [*node.prologue, *node.epilogue])


def _unroll_all(node: Step | For) -> None:
    if isinstance(node, Step):
        return
    node.unroll = True
    for child in (*node.prologue, *node.body, *node.epilogue):
        _unroll_all(child)


def _mark_unrolled(node: Step | For, short: int = NARROW) -> int:
    """Mark short loops with small bodies; returns the steps that the node makes, or too many.

    The loops inside one that fills vectors may be longer, if all of them become straight-line code:
    that one is the better vector code then.
    """
    if isinstance(node, Step):
        return 1
    limit = SHORT if node.extent >= _LANES_FROM else NARROW
    inside = sum(_mark_unrolled(child, limit) for child in node.body)
    if inside > _UNROLLED_STEPS and limit > NARROW:
        inside = sum(_mark_unrolled(child, NARROW) for child in node.body)
    inside *= node.extent
    around = sum(_mark_unrolled(end, short) for end in [*node.prologue, *node.epilogue])
    node.unroll = node.extent <= short and inside <= _UNROLLED_STEPS
    return around + (inside if node.unroll else _UNROLLED_STEPS + 1)
