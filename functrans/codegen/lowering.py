"""Equations as statements: what each lowering word does at one point of its index space.

Each equation becomes a few steps, in the order of the program. Layout words make none: they compose
into the accesses of their readers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.codegen import blas, library, orders, vector_math
from functrans.codegen.fourier import Fourier
from functrans.codegen.index import (
    ZERO,
    Groups,
    identity,
    reshape_groups,
    strides_of,
    substitute,
    substitute_groups,
    unit,
    weighted,
)
from functrans.codegen.layouts import Space, Values, at, identity_at, literal
from functrans.codegen.overwriting import overwriting
from functrans.codegen.routines import Routine
from functrans.codegen.statements import (
    LOCAL_BYTES,
    Access,
    Compute,
    Coordinate,
    Copy,
    Dtype,
    Fence,
    Fold,
    FoldEnds,
    Inner,
    Invoke,
    LibraryCall,
    Lookup,
    Lowered,
    NumpyCall,
    Op,
    Region,
    Repeat,
    RoutineCall,
    Statement,
    Update,
    Value,
    is_native,
)
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from functrans.core.primitive import Absent
from functrans.kernel import Affine

_INT64 = np.dtype(np.int64)
_BOOL = np.dtype(bool)


def lower(jaxpr: Jaxpr, carried: Sequence[tuple[int, int]] = ()) -> Lowered:
    """Turn every equation into steps, in the order of the program.

    ``carried`` pairs inputs with outputs that become these inputs when the program runs again; such
    an output may overwrite its input.
    """
    lowering = _Lowering(jaxpr)
    lowering.overwriting, lowering.finals = overwriting(jaxpr, carried, word_of)
    lowering.orders = orders.orders(jaxpr, word_of)
    for eqn in jaxpr.eqns:
        lowering.equation(eqn)
    outputs = [lowering.output(i, atom) for i, atom in enumerate(jaxpr.outvars)]
    return Lowered(lowering.values, lowering.steps, outputs)


class _Lowering(Values):
    """What each word does with the values of its equation."""

    def equation(self, eqn: Eqn) -> None:
        word = word_of(eqn)
        if not isinstance(word, _ANY_DTYPE):
            for atom in (*eqn.invars, *eqn.outvars):
                if not is_native(atom.aval.dtype):
                    word = kernel.Fallback(f"no native {atom.aval.dtype} arithmetic yet")
                    break
        if isinstance(word, kernel.Branch):
            self.branch(eqn, word)
        elif isinstance(word, Inner):
            self.repeat(eqn, word)
        elif isinstance(word, kernel.Fence):
            self.fence(eqn, word)
        elif isinstance(word, kernel.Fallback):
            self.fallback(eqn, word.reason)
        elif isinstance(word, kernel.Call):
            self.fallback(eqn, "the inner program was not inlined")
        else:
            _LOWERINGS[type(word)](self, eqn, word)

    def fence(self, eqn: Eqn, word: kernel.Fence) -> None:
        """Other values for the same memory, which begin to live when all operands do."""
        bases = dict.fromkeys(self.layout(a)[0] for a in eqn.invars if isinstance(a, Var))
        reads = [value for value in bases if value.kind != "literal"]
        twins: dict[Value, Value] = {}
        for atom, var in zip(eqn.invars, eqn.outvars, strict=False):
            value, groups = self.layout(atom)
            if value.kind != "literal" and value not in twins:
                twins[value] = self.new(value.shape, value.dtype)
                twins[value].within = (value, 0)
            self.layouts[var] = (twins.get(value, value), groups)
        regions = tuple(Region(value, 0, value.shape, value.dtype) for value in reads)
        self.steps.append(Fence(regions, tuple(twins.values())))

    def fallback(self, eqn: Eqn, reason: str) -> None:
        reads = tuple(self.region(atom, eqn) for atom in eqn.invars)
        self.steps.append(NumpyCall(eqn, reason, reads, self.results(eqn)))

    def routine(self, eqn: Eqn, word: kernel.Routine) -> None:
        operands = [eqn.invars[k] for k in word.uses]
        if not all(atom.aval.size for atom in operands):
            return self.fallback(eqn, "an empty matrix")
        routine = Routine(
            word.name,
            word.options,
            operands[0].aval.dtype,
            tuple(atom.aval.shape for atom in operands),
            tuple(var.aval.shape for var in eqn.outvars),
        )
        reads = tuple(self.region(atom, eqn) for atom in operands)
        writes = [*self.results(eqn)]
        if routine.scratch:
            writes.append(self.new((routine.scratch,), routine.dtype))
        return self.steps.append(RoutineCall(routine, reads, tuple(writes), eqn))

    def fourier(self, eqn: Eqn, word: kernel.Fourier) -> None:
        x, y = eqn.invars[0].aval, eqn.outvars[0].aval
        call = Fourier(word.name, word.scale, x.dtype, y.dtype, x.shape, y.shape)
        if not call.is_known:
            return self.fallback(eqn, f"this NumPy has no loop {word.name}")
        reads = (self.region(eqn.invars[0], eqn),)
        return self.steps.append(RoutineCall(call, reads, (self.result(eqn),), eqn))

    def map(self, eqn: Eqn, word: kernel.Map) -> None:
        dtypes = _computed_dtypes(eqn)
        if not vector_math.supports(word.scalar, dtypes, eqn.outvars[0].aval.dtype):
            names = ", ".join(str(d) for d in dtypes)
            return self.fallback(eqn, f"no native {word.scalar} of {names} yet")
        return self.pointwise(eqn, Compute(word.scalar, word.static))

    def opaque(self, eqn: Eqn, word: kernel.Opaque) -> None:
        types = library.signature(_computed_dtypes(eqn), eqn.outvars[0].aval.dtype)
        if library.special_loop(word.routine, types) is None:
            return self.fallback(eqn, f"this SciPy has no {word.routine} of types {types}")
        return self.pointwise(eqn, Invoke(word.routine))

    def pointwise(self, eqn: Eqn, op: Op) -> None:
        order = self.order(eqn)
        space = Space.in_order(eqn.outvars[0].aval.shape, order)
        reads = tuple(
            self.read(atom, space.forms if atom.aval.shape else (), cast)
            for atom, cast in zip(eqn.invars, _casts(eqn), strict=True)
        )
        write = Access(self.ordered(eqn, order), at(space.forms, order))
        self.item(space.extents, [Statement(op, (write,), reads, eqn)])

    def view(self, eqn: Eqn, word: kernel.View) -> None:
        value, groups = self.layout(eqn.invars[0])
        self.layouts[eqn.outvars[0]] = (value, substitute_groups(groups, word.index))

    def reshape(self, eqn: Eqn, word: kernel.Reshape) -> None:
        atom, out = eqn.invars[0], eqn.outvars[0]
        value, groups = self.layout(atom)
        old, new = atom.aval.shape, out.aval.shape
        if isinstance(atom, Literal) or old == new:
            self.layouts[out] = (value, groups)
            return
        composed = reshape_groups(groups, value.shape, old, new)
        if composed is None:
            value = self.owned(atom, eqn)
            composed = reshape_groups(identity(len(old)), old, old, new)
            assert composed is not None
        self.layouts[out] = (value, composed)

    def pad(self, eqn: Eqn, word: kernel.Pad) -> None:
        x, fill = eqn.invars
        order = self.order(eqn)
        out = self.ordered(eqn, order)
        shape = eqn.outvars[0].aval.shape
        space = Space.in_order(shape, order)
        whole = Access(out, at(space.forms, order))
        if any(low or high or inner for low, high, inner in _config(word)):
            filled = (self.read(fill, (), out.dtype),)
            self.item(space.extents, [Statement(Copy(), (whole,), filled, eqn)])
        starts: list[int] = []
        counts: list[int] = []
        for n, m, (low, _, inner) in zip(x.aval.shape, shape, _config(word), strict=True):
            step = inner + 1
            first = max(0, -(low // step))  # the first element that lands at or after 0
            starts.append(first)
            counts.append(max(0, min(n, -(-(m - low) // step)) - first))
        inside = Space.in_order(counts, order)
        targets: list[Affine] = []
        sources: list[Affine] = []
        for form, first, (low, _, inner) in zip(inside.forms, starts, _config(word), strict=True):
            sources.append(weighted([(form, 1)], first))
            targets.append(weighted([(form, inner + 1)], low + first * (inner + 1)))
        write = Access(out, at(targets, order))
        reads = (self.read(x, sources, out.dtype),)
        self.item(inside.extents, [Statement(Copy(), (write,), reads, eqn)])

    def concat(self, eqn: Eqn, word: kernel.Concat) -> None:
        order = self.order(eqn)
        out = self.ordered(eqn, order)
        start = 0
        place = order.index(word.axis)
        row = math.prod(out.shape[place + 1 :])
        outermost = math.prod(out.shape[:place]) == 1
        for atom in eqn.invars:
            length = atom.aval.shape[word.axis]
            large = length * row * out.dtype.itemsize > LOCAL_BYTES
            if not (outermost and large and self.made_within(out, start * row, atom, order)):
                space = Space.in_order(atom.aval.shape, order)
                targets = list(space.forms)
                targets[word.axis] = weighted([(targets[word.axis], 1)], start)
                write = Access(out, at(targets, order))
                reads = (self.read(atom, space.forms, out.dtype),)
                self.item(space.extents, [Statement(Copy(), (write,), reads, eqn)])
            start += length

    def branch(self, eqn: Eqn, word: kernel.Branch) -> None:
        _, *operands = eqn.invars
        over: dict[int, int] = {}  # results and the operands whose memory they take
        for k, var in enumerate(eqn.outvars):
            operand = self.overwriting.get(var)
            if operand is not None:
                others = [a for a in eqn.invars if a is not operand]
                if operands.count(operand) == 1 and self.may_overwrite(operand, others):
                    over[k] = operands.index(operand)
        branches = eqn.params["branches"]
        programs = tuple(lower(b, [(j, k) for k, j in over.items()]) for b in branches)
        reads = tuple(self.region(atom, eqn) for atom in eqn.invars)
        writes = self.results(eqn)
        for k, j in over.items():
            self.overwrite(writes[k], operands[j])
        carried = ((0, 0),) * len(programs)
        self.steps.append(Repeat(word, eqn, branches, programs, carried, reads, writes, over))

    def repeat(self, eqn: Eqn, word: kernel.Loop | kernel.While | kernel.Unwind) -> None:
        reads = tuple(self.region(atom, eqn) for atom in eqn.invars)
        writes = self.results(eqn)
        if isinstance(word, kernel.Loop):
            bodies = [(eqn.params["jaxpr"], word.constants, word.carries)]
        else:
            count = word.carries if isinstance(word, kernel.Unwind) else len(eqn.outvars)
            bodies = [
                (eqn.params["cond_jaxpr"], word.cond_constants, 0),
                (eqn.params["body_jaxpr"], word.body_constants, count),
            ]
        if isinstance(word, kernel.Unwind):
            bodies.append((eqn.params["back_jaxpr"], word.back_constants, len(eqn.outvars)))
        programs = tuple(
            lower(jaxpr, [(start + k, k) for k in range(carries)])
            for jaxpr, start, carries in bodies
        )
        jaxprs = tuple(jaxpr for jaxpr, _, _ in bodies)
        carried = tuple((start, count) for _, start, count in bodies)
        self.steps.append(Repeat(word, eqn, jaxprs, programs, carried, reads, writes))

    def iota(self, eqn: Eqn, word: kernel.Iota) -> None:
        order = self.order(eqn)
        space = Space.in_order(eqn.outvars[0].aval.shape, order)
        write = Access(self.ordered(eqn, order), at(space.forms, order))
        op = Coordinate(space.forms[word.axis])
        self.item(space.extents, [Statement(op, (write,), (), eqn)])

    def reduce(self, eqn: Eqn, word: kernel.Reduce) -> None:
        atom, order = eqn.invars[0], self.order(eqn)
        axes: Sequence[int] = range(atom.aval.ndim)
        if isinstance(atom, Var) and atom in self.orders:
            axes = self.orders[atom]
        space = Space.in_order(atom.aval.shape, axes)
        kept = [f for axis, f in enumerate(space.forms) if axis not in word.axes]
        kept = [kept[axis] for axis in order]
        read = self.read(atom, space.forms, eqn.outvars[0].aval.dtype)
        self.folded(eqn, space, kept, word.op, [], read, self.ordered(eqn, order))

    def folded(
        self,
        eqn: Eqn,
        space: Space,
        kept: list[Affine],
        op: str,
        before: list[Statement],
        read: Access,
        out: Value,
    ) -> None:
        """A nest that folds ``read`` over the loops that ``kept``, the axes of ``out``, lacks."""
        depths = {axis for form in kept for axis, _ in form.terms}
        reduced = [d for d in range(len(space.extents)) if d not in depths]
        if not reduced:
            write = Access(out, identity_at(kept))
            self.item(space.extents, [*before, Statement(Copy(), (write,), (read,), eqn)])
            return
        ends, total, renamed = self.accumulator(space, kept, reduced[0], out.dtype, out, eqn)
        init = literal(_start(op, out.dtype), out.dtype)
        ends.init = [Statement(Copy(), (Access(total.value, identity_at(renamed)),), (init,), eqn)]
        body = [*before, Statement(Fold(op), (total,), (read,), eqn)]
        self.item(space.extents, body, ends)

    def accumulator(
        self,
        space: Space,
        kept: list[Affine],
        depth: int,
        dtype: Dtype,
        out: Value | None,
        eqn: Eqn,
    ) -> tuple[FoldEnds, Access, list[Affine]]:
        """Where a fold over the loop at ``depth`` keeps its running values.

        A small one is a value of its own, copied into ``out`` behind the loop, so that it can
        live in registers; a large one is ``out`` itself.
        """
        inner = sorted({a for form in kept for a, _ in form.terms if a > depth})
        extents = [space.extents[d] for d in inner]
        place = {d: unit(d) for d in range(depth)}
        place |= {d: unit(depth + k) for k, d in enumerate(inner)}
        renamed = [place[form.terms[0][0]] if form.terms else ZERO for form in kept]
        ends = FoldEnds(depth, extents, [], [])
        small = math.prod(extents) * dtype.itemsize <= LOCAL_BYTES
        shape = [space.extents[f.terms[0][0]] if f.terms else 1 for f in kept]
        target = self.new(shape, dtype) if small or out is None else out
        if out is not None and target is not out:
            write = Access(out, identity_at(renamed))
            reads = (Access(target, identity_at(renamed)),)
            ends.finish = [Statement(Copy(), (write,), reads, eqn)]
        return ends, Access(target, identity_at(kept)), renamed

    def arg_reduce(self, eqn: Eqn, word: kernel.ArgReduce) -> None:
        """The extreme, then the least coordinate of the elements that equal it or are NaN."""
        atom, out = eqn.invars[0], self.result(eqn)
        shape, dtype = atom.aval.shape, atom.aval.dtype
        space = Space.over(shape)
        kept = [f for axis, f in enumerate(space.forms) if axis != word.axis]
        best = self.new(out.shape, dtype)
        x = self.read(atom, space.forms)
        self.folded(eqn, space, kept, word.op, [], x, best)
        body: list[Statement] = []

        def note(op: Op, dtype: Dtype, *reads: Access) -> Access:
            value = self.new(space.extents, dtype)
            place = Access(value, tuple((1, unit(d)) for d in range(len(space.extents))))
            body.append(Statement(op, (place,), reads, eqn))
            return Access(value, place.groups)

        wins = note(Compute("eq"), _BOOL, x, Access(best, identity_at(kept)))
        if dtype.kind == "f":
            wins = note(Compute("or"), _BOOL, wins, note(Compute("ne"), _BOOL, x, x))
        here = note(Coordinate(space.forms[word.axis]), _INT64)
        none = literal(shape[word.axis], _INT64)
        spot = note(Compute("select_n"), _INT64, wins, none, here)
        if out.dtype != _INT64:
            spot = note(Compute("convert"), out.dtype, spot)
        self.folded(eqn, space, kept, "min", body, spot, out)

    def cumulative(self, eqn: Eqn, word: kernel.Cumulative) -> None:
        atom, out = eqn.invars[0], self.result(eqn)
        space = Space.over(atom.aval.shape)
        along = space.forms[word.axis]
        forms = list(space.forms)
        if word.reverse and along.terms:
            forms[word.axis] = weighted([(along, -1)], atom.aval.shape[word.axis] - 1)
        read = self.read(atom, forms, out.dtype)
        write = Access(out, identity_at(forms))
        if not along.terms:
            return self.item(space.extents, [Statement(Copy(), (write,), (read,), eqn)])
        kept = [f for axis, f in enumerate(space.forms) if axis != word.axis]
        depth = along.terms[0][0]
        ends, total, renamed = self.accumulator(space, kept, depth, out.dtype, None, eqn)
        init = literal(_start(word.op, out.dtype), out.dtype)
        ends.init = [Statement(Copy(), (Access(total.value, identity_at(renamed)),), (init,), eqn)]
        body = [
            Statement(Fold(word.op), (total,), (read,), eqn),
            Statement(Copy(), (write,), (Access(total.value, total.groups),), eqn),
        ]
        return self.item(space.extents, body, ends)

    def contract(self, eqn: Eqn, word: kernel.Contract) -> None:
        lhs, rhs = eqn.invars
        sides = blas.sides(word, lhs.aval.ndim, rhs.aval.ndim)
        dtype = eqn.outvars[0].aval.dtype
        if isinstance(lhs, Var) and isinstance(rhs, Var) and lhs.aval.dtype == rhs.aval.dtype:
            sizes = sides.sizes(lhs.aval.shape, rhs.aval.shape)
            if blas.pays(sizes, dtype):
                self.library(eqn, sides, sizes, lhs, rhs)
                return
        if math.prod(lhs.aval.shape[a] for a in sides.lhs_contract) <= orders.SHORT_SUM:
            self.short_sums(eqn, sides)
            return
        left: list[Affine] = [ZERO] * lhs.aval.ndim
        right: list[Affine] = [ZERO] * rhs.aval.ndim
        space = Space()

        def paired(lhs_axes: Sequence[int], rhs_axes: Sequence[int]) -> None:
            for a, b in zip(lhs_axes, rhs_axes, strict=True):
                left[a] = right[b] = space.add(lhs.aval.shape[a])

        def free(forms: list[Affine], atom: Atom, axes: Sequence[int]) -> None:
            for axis in axes:
                forms[axis] = space.add(atom.aval.shape[axis])

        paired(sides.lhs_batch, sides.rhs_batch)
        if self.runs_along_free(rhs, sides.rhs_free, sides.rhs_contract):
            free(left, lhs, sides.lhs_free)
            paired(sides.lhs_contract, sides.rhs_contract)
            free(right, rhs, sides.rhs_free)
        elif self.runs_along_free(lhs, sides.lhs_free, sides.lhs_contract):
            free(right, rhs, sides.rhs_free)
            paired(sides.lhs_contract, sides.rhs_contract)
            free(left, lhs, sides.lhs_free)
        else:
            free(left, lhs, sides.lhs_free)
            free(right, rhs, sides.rhs_free)
            paired(sides.lhs_contract, sides.rhs_contract)
        self.products(eqn, sides, space, left, right)

    def short_sums(self, eqn: Eqn, sides: blas.Sides) -> None:
        """A product whose sums are unrolled: the loops around them go as the result lies."""
        lhs, rhs = eqn.invars
        left: list[Affine] = [ZERO] * lhs.aval.ndim
        right: list[Affine] = [ZERO] * rhs.aval.ndim
        space = Space()
        rows = (*sides.lhs_batch, *sides.lhs_free)
        columns = (*sides.rhs_batch, *[-1] * len(sides.lhs_free), *sides.rhs_free)
        for axis in self.order(eqn):
            form = space.add(eqn.outvars[0].aval.shape[axis])
            if axis < len(rows):
                left[rows[axis]] = form
            if columns[axis] >= 0:
                right[columns[axis]] = form
        for a, b in zip(sides.lhs_contract, sides.rhs_contract, strict=True):
            left[a] = right[b] = space.add(lhs.aval.shape[a])
        self.products(eqn, sides, space, left, right)

    def products(
        self,
        eqn: Eqn,
        sides: blas.Sides,
        space: Space,
        left: list[Affine],
        right: list[Affine],
    ) -> None:
        """A nest that sums the products of both operands at these forms."""
        (lhs, rhs), order = eqn.invars, self.order(eqn)
        dtype = eqn.outvars[0].aval.dtype
        kept = [left[a] for a in (*sides.lhs_batch, *sides.lhs_free)]
        kept += [right[b] for b in sides.rhs_free]
        kept = [kept[axis] for axis in order]
        out = self.ordered(eqn, order)
        product = self.new(space.extents, dtype)
        here = tuple((1, unit(d)) for d in range(len(space.extents)))
        reads = (self.read(lhs, left, dtype), self.read(rhs, right, dtype))
        times = Statement(Compute("mul"), (Access(product, here),), reads, eqn)
        self.folded(eqn, space, kept, "add", [times], Access(product, here), out)

    def runs_along_free(self, atom: Atom, free: Sequence[int], contract: Sequence[int]) -> bool:
        """Whether the operand lies along a free axis, so that the innermost loop should too."""
        if not isinstance(atom, Var):
            return False
        shape = atom.aval.shape
        _, _, strides = self.strides(atom)
        across = [abs(strides[axis]) for axis in free if shape[axis] > 1]
        along = [abs(strides[axis]) for axis in contract if shape[axis] > 1]
        return bool(across) and (not along or across[-1] <= along[-1])

    def library(self, eqn: Eqn, sides: blas.Sides, sizes: blas.Sizes, lhs: Var, rhs: Var) -> None:
        sides, product = self.product_order(eqn, sides, lhs, rhs)
        regions: list[Region] = []
        matrices: list[blas.Matrix] = []
        roles = (
            (lhs, sides.lhs_batch, sides.lhs_free, sides.lhs_contract),
            (rhs, sides.rhs_batch, sides.rhs_contract, sides.rhs_free),
        )
        for var, batch, rows, columns in roles:
            shape, dtype = var.aval.shape, var.aval.dtype
            value, offset, strides = self.strides(var)
            matrix = blas.matrix(shape, strides, batch, rows, columns)
            if matrix is None or value.kind == "literal":
                value, offset = self.owned(var, eqn), 0
                matrix = blas.matrix(shape, strides_of(shape), batch, rows, columns)
            if matrix is None:  # its axes come in an order that no stride says: lay it out anew
                order = (*batch, *rows, *columns)
                value = self.permuted(var, order, eqn)
                permuted = strides_of([shape[a] for a in order])
                strides = [permuted[order.index(a)] for a in range(len(shape))]
                matrix = blas.matrix(shape, strides, batch, rows, columns)
            assert matrix is not None
            matrices.append(matrix)
            regions.append(Region(value, offset, shape, dtype))
        gemm = blas.Gemm(sizes, eqn.outvars[0].aval.dtype, matrices[0], matrices[1])
        out = self.ordered(eqn, product)
        self.steps.append(LibraryCall(gemm, (regions[0], regions[1]), out, eqn))

    def product_order(
        self, eqn: Eqn, sides: blas.Sides, lhs: Var, rhs: Var
    ) -> tuple[blas.Sides, orders.Order]:
        """The order in which BLAS leaves the product: as wanted, or as the operands lie."""
        wanted = orders.of_contract(sides, self.order(eqn))
        lying = orders.of_operands(sides, *(self.memory_order(var) for var in (lhs, rhs)))
        for roles, order in (wanted, orders.of_contract(sides, lying)):
            left = (roles.lhs_batch, roles.lhs_free, roles.lhs_contract)
            right = (roles.rhs_batch, roles.rhs_contract, roles.rhs_free)
            if all(
                blas.matrix(var.aval.shape, self.strides(var)[2], *axes) is not None
                for var, axes in ((lhs, left), (rhs, right))
            ):
                return roles, order
        return wanted

    def gather(self, eqn: Eqn, word: kernel.Gather) -> None:
        atom, *indices = eqn.invars
        if isinstance(atom, Literal):
            return self.fallback(eqn, "an index into a scalar")
        found = self.looked_up(atom, word.axes)
        if found is None:
            source = self.owned(atom, eqn)
            found = source, identity(atom.aval.ndim), word.axes
        source, layout, axes = found
        order = self.order(eqn)
        space = Space.in_order(eqn.outvars[0].aval.shape, order)
        ndim = indices[0].aval.ndim if indices else 0
        rest = iter(space.forms[ndim:])
        forms = [ZERO if axis in word.axes else next(rest) for axis in range(atom.aval.ndim)]
        groups = tuple(
            (span, None if number in axes else substitute(form, forms))
            for number, (span, form) in enumerate(layout)
        )
        spots = tuple(self.read(i, space.forms[:ndim]) for i in indices)
        write = Access(self.ordered(eqn, order), at(space.forms, order))
        op = Lookup(axes, word.mode, word.fill)
        reads = (Access(source, groups), *spots)
        return self.item(space.extents, [Statement(op, (write,), reads, eqn)])

    def looked_up(
        self, atom: Var, indexed: Sequence[int]
    ) -> tuple[Value, Groups, tuple[int, ...]] | None:
        """Where to look up elements of ``atom``: a value, its layout there, and its indexed axes.

        None where an indexed axis is not one whole axis of the value.
        """
        value, groups = self.layouts[atom]
        if value.kind == "literal" or any(span != 1 for span, _ in groups):
            return None
        places = []
        for axis in indexed:
            place = next((k for k, (_, form) in enumerate(groups) if form == unit(axis)), None)
            if place is None or value.shape[place] != atom.aval.shape[axis]:
                return None
            places.append(place)
        for number, (_, form) in enumerate(groups):
            if number not in places and any(axis in indexed for axis, _ in form.terms):
                return None
        return value, groups, tuple(places)

    def scatter(self, eqn: Eqn, word: kernel.Scatter) -> None:
        atom, updates, *indices = eqn.invars
        out = self.result(eqn)
        in_place = eqn.outvars[0] in self.overwriting
        if in_place and self.may_overwrite(atom, [updates, *indices]):
            self.overwrite(out, atom)
        else:
            self.copy(atom, out, eqn)
        space = Space.over(updates.aval.shape)
        ndim = indices[0].aval.ndim if indices else 0
        rest = iter(space.forms[ndim:])
        groups = tuple(
            (1, None if axis in word.axes else next(rest)) for axis in range(len(out.shape))
        )
        spots = tuple(self.read(i, space.forms[:ndim]) for i in indices)
        op = Update(word.op, word.axes, word.mode)
        reads = (self.read(updates, space.forms, out.dtype), *spots)
        self.item(space.extents, [Statement(op, (Access(out, groups),), reads, eqn)])


_LOWERINGS: dict[type, Callable[[_Lowering, Eqn, Any], None]] = {
    kernel.Map: _Lowering.map,
    kernel.Opaque: _Lowering.opaque,
    kernel.View: _Lowering.view,
    kernel.Reshape: _Lowering.reshape,
    kernel.Pad: _Lowering.pad,
    kernel.Concat: _Lowering.concat,
    kernel.Iota: _Lowering.iota,
    kernel.Reduce: _Lowering.reduce,
    kernel.ArgReduce: _Lowering.arg_reduce,
    kernel.Cumulative: _Lowering.cumulative,
    kernel.Contract: _Lowering.contract,
    kernel.Gather: _Lowering.gather,
    kernel.Scatter: _Lowering.scatter,
    kernel.Routine: _Lowering.routine,
    kernel.Fourier: _Lowering.fourier,
}


# Words that move values without computing with them, or hand them on.
_ANY_DTYPE = kernel.Fallback | kernel.Call | Inner | kernel.Fence | kernel.Fourier


def word_of(eqn: Eqn) -> kernel.Word:
    """What the compiler is told of an equation."""
    rule = eqn.primitive.lower
    if isinstance(rule, Absent):
        return kernel.Fallback(rule.reason)
    outs = [v.aval for v in eqn.outvars]
    out = outs if eqn.primitive.multiple else outs[0]
    word: kernel.Word = rule([a.aval for a in eqn.invars], out, **eqn.params)
    return word


def _casts(eqn: Eqn) -> list[Dtype | None]:
    """Weak operands are computed with in the dtype of the others, but truth values stay so."""
    avals = [a.aval for a in eqn.invars]
    strong = [a.dtype for a in avals if not a.weak]
    if not strong or len(strong) == len(avals):
        return [None] * len(avals)
    out = eqn.outvars[0].aval.dtype
    target = strong[0] if out.kind == "b" else out
    return [target if a.weak and a.dtype.kind != "b" and a.dtype != target else None for a in avals]


def _computed_dtypes(eqn: Eqn) -> list[Dtype]:
    return [cast or a.aval.dtype for a, cast in zip(eqn.invars, _casts(eqn), strict=True)]


def _config(word: kernel.Pad) -> list[tuple[int, int, int]]:
    return list(zip(word.low, word.high, word.interior, strict=True))


def _start(op: str, dtype: Dtype) -> Any:
    """The neutral element of a fold."""
    if op in ("add", "or"):
        return 0
    if op == "mul":
        return 1
    if op == "and":
        return True if dtype.kind == "b" else -1 if dtype.kind == "i" else int(np.iinfo(dtype).max)
    if dtype.kind == "b":
        return op == "min"
    if dtype.kind == "f":
        return -math.inf if op == "max" else math.inf
    limits = np.iinfo(dtype)
    return int(limits.min if op == "max" else limits.max)
