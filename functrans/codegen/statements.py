"""Statements over index spaces: what the steps of a program are made of.

An *item* is one perfect loop nest that has not been placed yet::

    item      ::= extents, statement*, fold?
    statement ::= access* = op access*        all index forms are over the item's loop depths
    fold      ::= depth, init statements, finish statements, for reductions: what runs before and
                  after the loop at that depth
    step      ::= item | library call | routine call | NumPy call | byte copy | repeat

Axes of length one have no loop. Layout words make no statement: they compose into the accesses of
their readers, and are copied only where a reader needs what no layout says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from functrans import kernel
from functrans.codegen import blas
from functrans.codegen.fourier import Fourier
from functrans.codegen.routines import Routine
from functrans.core.jaxpr import Eqn, Jaxpr
from functrans.kernel import Affine

Dtype = np.dtype[Any]
LOCAL_BYTES = 4096  # what is larger goes to the arena, not on the stack of its kernel


class Value:
    """One array of the program: an input, a constant, a scalar literal or a computed one."""

    __slots__ = (
        "dtype", "kind", "literal", "number", "output", "over", "parts", "readers", "shape",
        "within", "writers",
    )  # fmt: skip

    def __init__(
        self,
        kind: str,
        number: int,
        shape: tuple[int, ...],
        dtype: Dtype,
        literal: Any = None,
    ) -> None:
        self.kind = kind  # "arg", "const", "literal" or "temp"
        self.number = number
        self.shape = shape
        self.dtype = dtype
        self.literal = literal
        self.output: int | None = None
        self.within: tuple[Value, int] | None = None  # memory inside another value, from an element
        self.parts: list[Value] = []  # the values whose memory lies inside this one
        self.over: Value | None = None  # the value that this one overwrites
        self.writers: list[Statement] = []
        self.readers: list[tuple[Statement | None, Access]] = []

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __repr__(self) -> str:
        if self.kind == "literal":
            return str(self.literal)
        return f"{self.kind[0]}{self.number}"


@dataclass(slots=True, eq=False)
class Access:
    """A value read or written at an index; a group of None holds a coordinate found at run time.

    ``cast`` converts what was read to the dtype that the operation computes in.
    """

    value: Value
    groups: tuple[tuple[int, Affine | None], ...]
    cast: Dtype | None = None

    @property
    def dtype(self) -> Dtype:
        return self.cast or self.value.dtype

    def __str__(self) -> str:
        if self.value.kind == "literal":
            return repr(self.value)
        inner = ", ".join("?" if form is None else show_form(form) for _, form in self.groups)
        return f"{self.value}[{inner}]"


def show_form(form: Affine, names: str = "i") -> str:
    """``2·i0 + 3``, for people."""
    parts = [f"{'' if c == 1 else f'{c}·'}{names}{a}" for a, c in form.terms]
    if form.offset or not parts:
        parts.append(str(form.offset))
    return " + ".join(parts)


@dataclass(frozen=True, slots=True)
class Compute:
    """One scalar function of what is read."""

    scalar: str
    static: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Invoke:
    """One call of a library's function on what is read."""

    routine: str


@dataclass(frozen=True, slots=True)
class Copy:
    """What is read, as it is."""


@dataclass(frozen=True, slots=True)
class Coordinate:
    """An index form as a number."""

    form: Affine


@dataclass(frozen=True, slots=True)
class Fold:
    """Fold what is read into the accumulator that is written."""

    op: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """Read the first operand at coordinates that the other operands hold."""

    axes: tuple[int, ...]
    mode: str
    fill: float


@dataclass(frozen=True, slots=True)
class Update:
    """Fold the first operand into what is written, at coordinates that the others hold."""

    op: str
    axes: tuple[int, ...]
    mode: str


Op = Compute | Invoke | Copy | Coordinate | Fold | Lookup | Update


def show_op(op: Op) -> str:
    """``integer_pow[3]``, ``fold add``, for people."""
    match op:
        case Compute():
            return op.scalar + (str(list(op.static)) if op.static else "")
        case Invoke():
            return f"call {op.routine}"
        case Coordinate():
            return f"index {show_form(op.form)}"
        case Fold() | Update():
            return f"{type(op).__name__.lower()} {op.op}"
        case Copy() | Lookup():
            return type(op).__name__.lower()


@dataclass(slots=True, eq=False)
class Statement:
    """One operation at one point of its loops. ``path`` holds these loops once it is placed."""

    op: Op
    writes: tuple[Access, ...]
    reads: tuple[Access, ...]
    eqn: Eqn | None
    path: tuple[Any, ...] = ()
    cluster: int = -1
    owner: Any = None  # the loop at whose ends it stands, if it does

    def __str__(self) -> str:
        left = ", ".join(map(str, self.writes))
        right = " ".join(map(str, self.reads))
        return f"{left} = {show_op(self.op)} {right}".rstrip()


@dataclass(slots=True, eq=False)
class FoldEnds:
    """What runs before and after the outermost reduced loop, as nests inside its parents."""

    depth: int
    extents: list[int]  # of the kept loops inside
    init: list[Statement]
    finish: list[Statement]


@dataclass(slots=True, eq=False)
class Item:
    """One perfect nest with its statements, not yet placed."""

    extents: list[int]
    body: list[Statement]
    fold: FoldEnds | None = None


@dataclass(slots=True, eq=False)
class Region:
    """A row-major piece of a value that a call reads."""

    value: Value
    offset: int  # in elements
    shape: tuple[int, ...]
    dtype: Dtype


@dataclass(slots=True, eq=False)
class LibraryCall:
    """A contraction that BLAS computes."""

    gemm: blas.Gemm
    reads: tuple[Region, Region]
    write: Value
    eqn: Eqn


@dataclass(slots=True, eq=False)
class RoutineCall:
    """A matrix routine, which may need room: the last of what it writes; or a Fourier transform."""

    routine: Routine | Fourier
    reads: tuple[Region, ...]
    writes: tuple[Value, ...]
    eqn: Eqn


@dataclass(slots=True, eq=False)
class NumpyCall:
    """An equation that runs its NumPy implementation."""

    eqn: Eqn
    reason: str
    reads: tuple[Region, ...]
    writes: tuple[Value, ...]


@dataclass(slots=True, eq=False)
class ByteCopy:
    """A whole value copied to an output."""

    read: Region
    write: Value


Inner = kernel.Loop | kernel.While | kernel.Unwind | kernel.Branch


@dataclass(slots=True, eq=False)
class Fence:
    """What is read, under other names, for those that come after. It makes no code."""

    reads: tuple[Region, ...]
    writes: tuple[Value, ...]


@dataclass(slots=True, eq=False)
class Repeat:
    """Inner programs: a body that runs again and again, a condition and a body, or branches.

    ``carried`` says of each program where its carries begin among its inputs, and how many it has;
    ``over`` which results of branches take the memory of which of their operands.
    """

    word: Inner
    eqn: Eqn
    jaxprs: tuple[Jaxpr, ...]
    programs: tuple[Lowered, ...]
    carried: tuple[tuple[int, int], ...]
    reads: tuple[Region, ...]
    writes: tuple[Value, ...]
    over: dict[int, int] = field(default_factory=dict)

    def carries(self) -> Iterator[tuple[int, int]]:
        """The carries that become results: their places among the operands and the results."""
        match self.word:
            case kernel.Loop(constants=begin):
                pass
            case kernel.While(cond_constants=asked, body_constants=fixed):
                begin = asked + fixed
            case kernel.Unwind(cond_constants=asked, body_constants=fixed, carries=there) as word:
                begin = asked + fixed + there + word.back_constants
            case kernel.Branch():
                return
        _, count = self.carried[-1]
        for k in range(count):
            yield begin + k, k


Call = LibraryCall | RoutineCall | NumpyCall | ByteCopy | Repeat | Fence
Step = Item | Call


def is_native(dtype: Dtype) -> bool:
    """Whether compiled code computes with this dtype."""
    return dtype.kind in "biuf" and dtype.itemsize <= 8 and dtype.char != "e"


@dataclass(slots=True)
class Lowered:
    """The program as steps in order; every output is one value."""

    values: list[Value]
    steps: list[Step]
    outputs: list[Value]
