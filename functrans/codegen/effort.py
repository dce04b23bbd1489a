"""Where machine code pays for the time that it takes to make.

LLVM's time goes into loops: to make vectors of one takes longer than all else that is done to it.
So what hardly counts gets less, judged by the number of operations that the whole program runs:

- Loops that together do one fiftieth of the work become scalar code, and of the loops in them only
  those stay unrolled that are shorter that way.
- Kernels that together do one two-hundredth are not optimised at all.

Neither takes a millisecond, however long the program runs.

Loops that pick their elements far apart become scalar code, too. Vectors must be put together from
these one by one, which takes longer than it saves unless there is much to do with them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from functrans import kernel
from functrans.codegen import vector_math
from functrans.codegen.clusters import Cluster, Repetition
from functrans.codegen.nests import (
    Cell,
    For,
    Multiply,
    Nest,
    Nests,
    Operand,
    Register,
    Step,
    Storage,
)
from functrans.codegen.statements import (
    ByteCopy,
    Compute,
    Fold,
    Inner,
    Invoke,
    LibraryCall,
    Lookup,
    NumpyCall,
    RoutineCall,
    Update,
)

_COLD = 0.02  # of all work, and not more than a million operations: 0.1 to 0.5 ms
_COLD_MOST = 1_000_000
_PLAIN = 0.005
_PLAIN_MOST = 200_000
_LOOP_COST = 32  # operations: LLVM takes as long for a loop as for so much more text
_NEAR = 4  # elements: LLVM loads so long a stretch whole, and shuffles
_FAR_COST = 2
_FOLD_GAIN = 8  # operations: a sum in one accumulator waits for each addition
_WHILE_RUNS = 100  # a guess
_INNER_WHILE_RUNS = 4  # of one in a loop: else what is around it would seem not worth the trouble
_COSTS = {"div": 4, "sqrt": 4, "rem": 4, "mod": 4, "floor_div": 4, "threefry2x32": 100}
_LONG_COST = 20
_INVOKE_COST = 50
_AT_ONCE = 2_000_000  # operations: 0.1 to 8 ms
_INLINED_MOST = 1_000  # operations in the text of a repeated program that is inlined
_LIBRARY_GAIN = 4  # BLAS is so much faster than loops


def spare(nests: Nests) -> None:
    """Mark the loops and kernels of a program that get less, and roll up what hardly counts."""
    survey = _Survey()
    survey.program(nests, 1)
    allowance = min(_PLAIN * survey.work, _PLAIN_MOST)
    for nest, work in sorted(survey.kernels, key=lambda pair: pair[1]):
        allowance -= work
        nest.plain = allowance >= 0
    allowance = min(_COLD * survey.work, _COLD_MOST)
    for part in sorted(survey.parts, key=lambda part: part.work / part.text):
        if part.slow <= allowance:
            allowance -= part.slow
            part.roll_up()
        elif part.innermost and part.scattered():
            part.node.scalar = True


def iterations_at_once(programs: Sequence[Nests]) -> int:
    """How many runs of the programs take about a millisecond, at least one."""
    survey = _Survey()
    for program in programs:
        survey.program(program, 1)
    if survey.calls_python:  # nobody knows how long that takes
        return 1
    return max(1, _AT_ONCE // max(survey.work, 1))


def is_small(nests: Nests) -> bool:
    """Whether a program is so short that what runs it had better contain it."""
    return _text(nests) <= _INLINED_MOST


def _text(nests: Nests) -> float:
    """Operations in the text of a program; infinite where it loops or calls others."""
    text = 0.0
    for cluster, nest in nests.order:
        if isinstance(nest, Nest):
            text += sum(map(_size, nest.nodes))
        elif isinstance(cluster, Repetition) and isinstance(cluster.call.word, kernel.Branch):
            text += sum(map(_text, nest or ()))
        elif not isinstance(cluster, ByteCopy):
            return math.inf
    return text


@dataclass(slots=True)
class _Part:
    """A loop that stays one in the text, or one unrolled outside of all loops.

    It has what stands directly in it, with the unrolled loops inside.
    """

    node: For
    innermost: bool = True
    work: int = 0  # operations in all its runs
    text: int = 1  # operations in its text
    gain: int = 0  # operations that vectors make faster
    far: dict[tuple[Storage, object], int] = field(default_factory=dict)
    begun: set[Storage] = field(default_factory=set)
    folded: dict[Storage, int] = field(default_factory=dict)
    summed: dict[Storage, int] = field(default_factory=dict)  # additions to one and the same cell

    @property
    def slow(self) -> int:
        """The work, with what sums take longer in scalar code: not those begun anew inside."""
        sums = sum(runs for storage, runs in self.summed.items() if storage not in self.begun)
        return self.work + _FOLD_GAIN * sums

    def add(self, step: Step, runs: int, short: Mapping[int, int]) -> None:
        """Count a step that stands in the text once for each iteration of the short loops."""
        copies = math.prod(short.values())
        cost = _cost(step)
        self.work += runs * cost
        self.text += copies * cost
        if isinstance(step.op, Compute | Invoke | Fold):
            self.gain += copies * cost
        for cell in (*step.operands, *step.targets):
            if isinstance(cell, Cell) and self.lies_far(cell, step.operands):
                self.far[cell.storage, cell.address] = _elements(cell, short)
        for cell in step.targets:
            if isinstance(step.op, Fold):
                self.folded[cell.storage] = _elements(cell, short)
                if self.sums_up(step):
                    self.summed[cell.storage] = self.summed.get(cell.storage, 0) + runs
            else:
                self.begun.add(cell.storage)

    def sums_up(self, step: Step) -> bool:
        """Whether a step folds into one and the same cell in every iteration."""
        return isinstance(step.op, Fold) and not any(
            v == self.node.variable for v, _ in step.targets[0].address.terms
        )

    def lies_far(self, cell: Cell, operands: Sequence[Operand]) -> bool:
        """Whether the cells of two neighbouring iterations lie far apart."""
        if cell.strides and any(map(self.moves, operands[1:])):
            return True
        return abs(dict(cell.address.terms).get(self.node.variable, 0)) > _NEAR

    def moves(self, index: Operand) -> bool:
        if isinstance(index, Cell):
            return any(v == self.node.variable for v, _ in index.address.terms)
        return isinstance(index, Register)

    def scattered(self) -> bool:
        """Whether putting vectors together costs more than they save."""
        sums = sum(n for storage, n in self.folded.items() if storage not in self.begun)
        return _FAR_COST * sum(self.far.values()) > self.gain + _FOLD_GAIN * sums

    def roll_up(self) -> None:
        for loop in [*_unrolled(self.node), self.node]:
            _roll_up(loop)


def _elements(cell: Cell, short: Mapping[int, int]) -> int:
    """How many elements a cell is in the text."""
    return math.prod(short.get(variable, 1) for variable, _ in cell.address.terms)


def _roll_up(node: For) -> None:
    node.scalar = True
    if node.unroll and (node.extent - 1) * sum(map(_size, node.body)) > _LOOP_COST:
        node.unroll = False


def _unrolled(node: For) -> Iterator[For]:
    """The loops that stand unrolled in another."""
    for child in (*node.prologue, *node.body, *node.epilogue):
        if isinstance(child, For) and child.unroll:
            yield from _unrolled(child)
            yield child


def _size(node: Step | For) -> int:
    """Operations in the text of a node."""
    if isinstance(node, Step):
        return _cost(node)
    ends = sum(map(_size, (*node.prologue, *node.epilogue)))
    return ends + sum(map(_size, node.body)) * (node.extent if node.unroll else 1)


class _Survey:
    """Counts the work of a program, and of each part of it."""

    def __init__(self) -> None:
        self.work = 0
        self.calls_python = False
        self.parts: list[_Part] = []
        self.kernels: list[tuple[Nest, int]] = []

    def program(self, nests: Nests, runs: int) -> None:
        for cluster, nest in nests.order:
            if isinstance(nest, Nest):
                before = self.work
                self.nodes(nest.nodes, runs, None, {})
                self.kernels.append((nest, self.work - before))
            elif isinstance(cluster, Repetition):
                times = _runs(cluster.call.word, runs)
                for program in nest or ():
                    self.program(program, runs * times)
            else:
                self.work += runs * _call_work(cluster)
                self.calls_python |= isinstance(cluster, NumpyCall)

    def nodes(
        self, nodes: Sequence[Step | For], runs: int, part: _Part | None, short: Mapping[int, int]
    ) -> None:
        """``short``: the extents of the unrolled loops between ``part`` and the nodes."""
        for node in nodes:
            if isinstance(node, Step):
                self.work += runs * _cost(node)
                if part is not None:
                    part.add(node, runs, short)
                continue
            self.nodes(node.prologue, runs, part, short)
            self.nodes(node.epilogue, runs, part, short)
            if part is not None and node.unroll:
                inside = {**short, node.variable: node.extent}
                self.nodes(node.body, runs * node.extent, part, inside)
                continue
            if part is not None:
                part.innermost = False
            inner = _Part(node)
            self.parts.append(inner)
            short = {node.variable: node.extent} if node.unroll else {}
            self.nodes(node.body, runs * node.extent, inner, short)


def _runs(word: Inner, times: int) -> int:
    """How often inner programs run each time; the word's own program runs so many times."""
    match word:
        case kernel.Loop():
            return word.length
        case kernel.While() | kernel.Unwind():
            return _WHILE_RUNS if times == 1 else _INNER_WHILE_RUNS
        case kernel.Branch():
            return 1


def _cost(step: Step) -> int:
    """About how many operations a step is."""
    match step.op:
        case Compute(scalar):
            return _LONG_COST if vector_math.is_long(scalar) else _COSTS.get(scalar, 1)
        case Invoke():
            return _INVOKE_COST
        case Multiply(gemm):
            return 2 * gemm.sizes.products // _LIBRARY_GAIN
        case Lookup() | Update():
            return 4
        case _:
            return 1


def _call_work(cluster: Cluster) -> int:
    match cluster:
        case LibraryCall():
            sizes = cluster.gemm.sizes
            return 2 * sizes.products * sizes.batch // _LIBRARY_GAIN
        case RoutineCall():
            return cluster.routine.flops
        case NumpyCall():
            return sum(value.size for value in cluster.writes)
        case ByteCopy():
            return cluster.write.size
        case _:
            return 0
