"""Where the values of a program lie, and how to read and write them there.

A variable is a value of its own or a layout of another. It becomes a piece of memory where a step
needs one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from functrans.codegen import orders
from functrans.codegen.index import (
    ZERO,
    Groups,
    axis_strides,
    identity,
    is_contiguous,
    substitute_groups,
    unit,
)
from functrans.codegen.statements import (
    Access,
    ByteCopy,
    Copy,
    Dtype,
    FoldEnds,
    Item,
    Region,
    Statement,
    Step,
    Value,
    is_native,
)
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from functrans.kernel import Affine

Layout = tuple[Value, Groups]


@dataclass(slots=True)
class Space:
    """The loops over a shape: one for each axis longer than one, and each axis as a form."""

    extents: list[int] = field(default_factory=list)
    forms: list[Affine] = field(default_factory=list)

    @staticmethod
    def over(shape: Sequence[int]) -> Space:
        space = Space()
        for n in shape:
            space.add(n)
        return space

    @staticmethod
    def in_order(shape: Sequence[int], order: Sequence[int]) -> Space:
        """The same with the loops in another order."""
        space = Space()
        forms = {axis: space.add(shape[axis]) for axis in order}
        space.forms = [forms[axis] for axis in range(len(shape))]
        return space

    def add(self, n: int) -> Affine:
        form = ZERO
        if n != 1:
            form = unit(len(self.extents))
            self.extents.append(n)
        self.forms.append(form)
        return form


class Values:
    """The values of a program, and the steps that lay them out."""

    def __init__(self, jaxpr: Jaxpr) -> None:
        self.values: list[Value] = []
        self.steps: list[Step] = []
        self.layouts: dict[Var, Layout] = {}
        self.copies: dict[Var, Value] = {}
        self.overwriting: dict[Var, Var] = {}  # results that may overwrite an operand
        self.finals: dict[Var, int] = {}  # the outputs that the last of them make
        self.orders: dict[Var, orders.Order] = {}  # of variables that are not in row-major order
        for kind, variables in (("const", jaxpr.constvars), ("arg", jaxpr.invars)):
            for i, var in enumerate(variables):
                self.define(var, Value(kind, i, var.aval.shape, var.aval.dtype))

    def define(self, var: Var, value: Value) -> Value:
        self.values.append(value)
        self.layouts[var] = (value, identity(len(value.shape)))
        return value

    def new(self, shape: Sequence[int], dtype: Dtype) -> Value:
        value = Value("temp", len(self.values), tuple(shape), dtype)
        self.values.append(value)
        return value

    def result(self, eqn: Eqn) -> Value:
        aval = eqn.outvars[0].aval
        value = self.new(aval.shape, aval.dtype)
        self.layouts[eqn.outvars[0]] = (value, identity(aval.ndim))
        return value

    def order(self, eqn: Eqn) -> orders.Order:
        """The order of the axes of the result in memory."""
        var = eqn.outvars[0]
        return self.orders.get(var) or tuple(range(var.aval.ndim))

    def ordered(self, eqn: Eqn, order: orders.Order) -> Value:
        """The result, with its axes in another order in memory."""
        var = eqn.outvars[0]
        value = self.new([var.aval.shape[axis] for axis in order], var.aval.dtype)
        self.layouts[var] = (value, tuple((1, unit(axis)) for axis in order))
        return value

    def layout(self, atom: Atom) -> Layout:
        if isinstance(atom, Literal):
            return Value("literal", -1, (), atom.aval.dtype, atom.value), ()
        return self.layouts[atom]

    def read(self, atom: Atom, forms: Sequence[Affine], cast: Dtype | None = None) -> Access:
        if isinstance(atom, Literal):
            return literal(atom.value, cast or atom.aval.dtype)
        value, groups = self.layouts[atom]
        if cast is not None and cast == value.dtype:
            cast = None
        if value.kind == "literal":
            return literal(value.literal, cast or value.dtype)
        return Access(value, substitute_groups(groups, forms), cast)

    def item(self, extents: list[int], body: list[Statement], fold: FoldEnds | None = None) -> None:
        self.steps.append(Item(extents, body, fold))

    def copy(self, atom: Atom, target: Value, eqn: Eqn | None) -> None:
        """A nest that writes what ``atom`` is into ``target``."""
        space = Space.over(atom.aval.shape)
        write = Access(target, identity_at(space.forms))
        reads = (self.read(atom, space.forms),)
        self.item(space.extents, [Statement(Copy(), (write,), reads, eqn)])

    def owned(self, var: Var, eqn: Eqn | None) -> Value:
        """``var`` as a value of its own, copied where it is only a layout."""
        if var in self.copies:
            return self.copies[var]
        value, groups = self.layouts[var]
        if groups == identity(len(value.shape)) and value.shape == var.aval.shape:
            return value
        fresh = self.copies[var] = self.new(var.aval.shape, var.aval.dtype)
        self.copy(var, fresh, eqn)
        return fresh

    def strides(self, var: Var) -> tuple[Value, int, list[int]]:
        value, groups = self.layouts[var]
        offset, strides = axis_strides(groups, value.shape, var.aval.ndim)
        return value, offset, strides

    def region(self, atom: Atom, eqn: Eqn | None) -> Region:
        """``atom`` as one row-major piece of memory, copied where it is none."""
        if isinstance(atom, Literal):
            value = Value("literal", -1, (), atom.aval.dtype, atom.value)
            return Region(value, 0, (), atom.aval.dtype)
        shape, dtype = atom.aval.shape, atom.aval.dtype
        value, offset, strides = self.strides(atom)
        if value.kind == "literal" or not is_contiguous(shape, strides):
            value, offset = self.owned(atom, eqn), 0
        return Region(value, offset, shape, dtype)

    def output(self, number: int, atom: Atom) -> Value:
        """The value that becomes output ``number``; outputs never share memory."""
        aval = atom.aval
        if isinstance(atom, Var):
            value, offset, strides = self.strides(atom)
            whole = value.size == aval.size and offset == 0 and is_contiguous(aval.shape, strides)
            kept = value.over is not None or value.kind == "arg"
            if whole and kept and self.finals.get(atom) == number:
                return value  # in the memory of the input that carries it on
            if whole and value.kind == "temp" and value.output is None and value.within is None:
                value.output = number
                return value
        fresh = self.new(aval.shape, aval.dtype)
        fresh.output = number
        if isinstance(atom, Var) and whole and value.kind != "literal":
            self.steps.append(ByteCopy(Region(value, 0, aval.shape, aval.dtype), fresh))
        elif isinstance(atom, Literal) and not is_native(aval.dtype):
            self.steps.append(ByteCopy(self.region(atom, None), fresh))
        else:
            self.copy(atom, fresh, None)
        return fresh

    def results(self, eqn: Eqn) -> tuple[Value, ...]:
        """The results of an equation as values of their own."""
        writes = []
        for var in eqn.outvars:
            value = self.new(var.aval.shape, var.aval.dtype)
            self.layouts[var] = (value, identity(var.aval.ndim))
            writes.append(value)
        return tuple(writes)

    def spread(self, var: Var) -> bool:
        """Whether ``var`` is a layout of another value and not the value itself."""
        value, groups = self.layouts[var]
        return value.kind == "literal" or not (
            value.shape == var.aval.shape and groups == identity(len(value.shape))
        )

    def may_overwrite(self, atom: Atom, reads: Sequence[Atom]) -> bool:
        """Whether ``atom`` has memory of its own that the other operands do not lie in."""
        if not isinstance(atom, Var) or self.spread(atom):
            return False
        memory = _root(self.layouts[atom][0])
        return not any(isinstance(a, Var) and _root(self.layouts[a][0]) is memory for a in reads)

    def overwrite(self, out: Value, atom: Atom) -> None:
        """Let ``out`` take the memory of ``atom``, which nobody reads any more."""
        source, _ = self.layout(atom)
        out.within = (source, 0)
        out.over = source

    def made_within(self, whole: Value, start: int, atom: Atom, order: orders.Order) -> bool:
        """Give what ``atom`` is its memory inside ``whole``, where it has none of its own yet."""
        if not isinstance(atom, Var) or atom.aval.dtype != whole.dtype:
            return False
        value, offset, strides = self.strides(atom)
        if (
            value.kind != "temp"
            or value.within is not None
            or value.parts
            or offset
            or value.size != atom.aval.size
            or not is_contiguous([atom.aval.shape[a] for a in order], [strides[a] for a in order])
        ):
            return False
        value.within = (whole, start)
        whole.parts.append(value)
        return True

    def memory_order(self, var: Var) -> orders.Order:
        """The axes of ``var`` from the largest stride to the smallest."""
        strides = self.strides(var)[2]
        return tuple(sorted(range(var.aval.ndim), key=lambda axis: -abs(strides[axis])))

    def permuted(self, var: Var, order: tuple[int, ...], eqn: Eqn) -> Value:
        shape = [var.aval.shape[a] for a in order]
        value = self.new(shape, var.aval.dtype)
        space = Space.over(shape)
        forms = [space.forms[order.index(a)] for a in range(len(order))]
        write = Access(value, identity_at(space.forms))
        statement = Statement(Copy(), (write,), (self.read(var, forms),), eqn)
        self.item(space.extents, [statement])
        return value


def _root(value: Value) -> Value:
    """The value whose memory holds this one."""
    while value.within is not None:
        value = value.within[0]
    return value


def literal(value: Any, dtype: Dtype) -> Access:
    """A scalar constant as something to read."""
    return Access(Value("literal", -1, (), dtype, value), ())


def at(forms: Sequence[Affine], order: Sequence[int]) -> Groups:
    """The groups of a value whose axes lie in ``order``, at one form for each axis."""
    return tuple((1, forms[axis]) for axis in order)


def identity_at(forms: Sequence[Affine]) -> Groups:
    """The groups of a value of its own, at one form for each axis."""
    return tuple((1, form) for form in forms)
