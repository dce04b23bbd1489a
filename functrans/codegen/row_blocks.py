"""Long rows of sums in blocks that fit into registers.

A product of a vector with a wide matrix adds rows up, one for each term, and loads and stores every
sum for every term. So the columns are cut into blocks, and each block adds all terms up::

    for i < k:                             for b < n / block:
      for j < n:            becomes          for i < k:
        t[j] += x[i]·a[i, j]                   for j < block:
                                                 t[block·b + j] += x[i]·a[i, block·b + j]

What is left over makes such loops of its own. ``emit_kernel`` then unrolls the innermost loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from functrans.codegen import host
from functrans.codegen.nests import Cell, For, Nest, Nests, Operand, Step, steps_of
from functrans.codegen.statements import Compute, Fold
from functrans.kernel import Affine

ROW_STEPS = 4
_LEAST_TERMS = 8
Shift = Callable[[Affine], Affine]


def row_vectors() -> int:
    """How many vectors of sums a loop holds: about half of the registers."""
    return 16 if host.vector_bits() == 512 else 8


def lanes(steps: list[Step]) -> int:
    """How many iterations fill a vector, going by the widest numbers."""
    widest = max((step.result.dtype.itemsize for step in steps), default=8)
    return host.vector_bits() // (8 * widest)


def cut_rows(nests: Nests) -> None:
    """Cut the rows of sums of all kernels."""
    for _, nest in nests.order:
        if isinstance(nest, Nest):
            nest.nodes = _cut(nest.nodes, _Numbers(nest))
        elif nest is not None:
            for program in nest:
                cut_rows(program)


class _Numbers:
    """New loop variables of a nest."""

    def __init__(self, nest: Nest) -> None:
        self.last = max((f.variable for f in _loops(nest.nodes)), default=-1)

    def fresh(self) -> int:
        self.last += 1
        return self.last


def _loops(nodes: list[Step | For]) -> list[For]:
    found = [node for node in nodes if isinstance(node, For)]
    return [*found, *(f for n in found for f in _loops([*n.prologue, *n.body, *n.epilogue]))]


def _cut(nodes: list[Step | For], numbers: _Numbers) -> list[Step | For]:
    result: list[Step | For] = []
    for node in nodes:
        if isinstance(node, Step) or node.unroll:
            result.append(node)
            continue
        row = _row(node)
        if row is None:
            node.body = _cut(node.body, numbers)
            result.append(node)
        else:
            result += _blocks(node, row, numbers.fresh())
    return result


def _row(node: For) -> For | None:
    """The loop inside, if it is long and does nothing but add to a row that stays the same."""
    if len(node.body) != 1 or node.extent < _LEAST_TERMS or node.left is not None:
        return None
    (row,) = node.body
    if isinstance(row, Step) or row.unroll or row.left or row.prologue or row.epilogue:
        return None
    steps = [step for step in row.body if isinstance(step, Step)]
    if len(steps) < len(row.body) or len(steps) > ROW_STEPS:
        return None
    folds = [step for step in steps if isinstance(step.op, Fold)]
    others = [step for step in steps if not isinstance(step.op, Fold)]
    if not folds or not all(isinstance(s.op, Compute) and not s.targets for s in others):
        return None
    if row.extent * len(folds) <= row_vectors() * lanes(steps):
        return None
    totals = {step.targets[0].storage for step in folds}
    if any(isinstance(o, Cell) and o.storage in totals for step in steps for o in step.operands):
        return None
    for step in folds:
        cell = step.targets[0]
        terms = dict(cell.address.terms)
        if not cell.storage.local or terms.get(row.variable) != 1 or node.variable in terms:
            return None
    return row


def _blocks(node: For, row: For, variable: int) -> list[Step | For]:
    steps = list(steps_of(row.body))
    folds = sum(isinstance(step.op, Fold) for step in steps)
    size = max(row_vectors() // folds, 1) * lanes(steps)
    count, left = divmod(row.extent, size)

    def in_block(form: Affine) -> Affine:
        more = tuple((variable, c * size) for v, c in form.terms if v == row.variable and count > 1)
        return Affine(form.offset, form.terms + more)

    def behind(form: Affine) -> Affine:
        moved = sum(c * count * size for v, c in form.terms if v == row.variable)
        return Affine(form.offset + moved, form.terms)

    parts = [_part(node, row, size, in_block)]
    if count > 1:
        parts = [For(variable, count, body=[*parts])]
    if left:
        parts.append(_part(node, row, left, behind))
    parts[0].prologue, parts[-1].epilogue = node.prologue, node.epilogue
    return [*parts]


def _part(node: For, row: For, extent: int, shift: Shift) -> For:
    """The loops over some columns."""
    body: list[Step | For] = [_shifted(step, shift) for step in steps_of(row.body)]
    return For(node.variable, node.extent, body=[For(row.variable, extent, body=body)])


def _shifted(step: Step, shift: Shift) -> Step:
    def moved(operand: Operand) -> Operand:
        return (
            replace(operand, address=shift(operand.address))
            if isinstance(operand, Cell)
            else operand
        )

    targets = [replace(cell, address=shift(cell.address)) for cell in step.targets]
    return replace(step, operands=[moved(o) for o in step.operands], targets=targets)
