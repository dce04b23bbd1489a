"""Loop nests over memory, one for each kernel: what they are made of, and how they print.

::

    nest    ::= node*
    node    ::= step | for
    for     ::= variable, extent, unroll?, left?, prologue: node*, body: node*, epilogue: node*
    step    ::= target* = op operand*
    operand ::= register | cell | number
    cell    ::= storage at an affine address over loop variables
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from functrans.codegen.blas import Gemm
from functrans.codegen.clusters import Cluster, Repetition, repeat_title
from functrans.codegen.statements import Op, Value, show_form, show_op
from functrans.core.jaxpr import Eqn
from functrans.kernel import Affine

Dtype = np.dtype[Any]


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


def _show(node: Step | For, indent: str) -> list[str]:
    if isinstance(node, Step):
        return [indent + str(node)]
    how = " unrolled" if node.unroll else " scalar" if node.scalar else ""
    lines = [line for end in node.prologue for line in _show(end, indent)]
    extent = node.extent if node.left is None else f"min({node.extent}, {show_form(node.left)})"
    lines.append(f"{indent}for i{node.variable} < {extent}{how}:")
    lines += [line for child in node.body for line in _show(child, indent + "  ")]
    return lines + [line for end in node.epilogue for line in _show(end, indent)]
