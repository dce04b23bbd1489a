"""In which order the axes of each computed array lie in memory: as its readers want them.

An order lists axes from the outermost to the innermost. Outputs lie in row-major order. Walking
back from them, every equation hands its own order on to its operands; a transpose turns it. So a
transpose at the end of a program costs nothing: what it reads is computed in its order at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from functrans import kernel
from functrans.codegen import blas
from functrans.codegen.index import strides_of
from functrans.core.avals import Aval
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Var

Order = tuple[int, ...]

_LANES = 16  # an axis from this length on fills vectors
SHORT_SUM = 16  # products: so short a sum is unrolled
_LARGER = 7  # times: so much larger an operand keeps its own order
_FEW = 7  # an axis so short may be the innermost one: its loop is unrolled


def orders(jaxpr: Jaxpr, word_of: Callable[[Eqn], kernel.Word]) -> dict[Var, Order]:
    """The orders of all variables whose order is not row-major."""
    words = [word_of(eqn) for eqn in jaxpr.eqns]
    wanted: dict[Var, Order] = {}
    for atom in jaxpr.outvars:
        if isinstance(atom, Var):
            wanted.setdefault(atom, _row_major(atom))
    for eqn, word in zip(reversed(jaxpr.eqns), reversed(words), strict=True):
        if not isinstance(word, _FREE):
            wanted.update({var: _row_major(var) for var in eqn.outvars})
            continue
        out = eqn.outvars[0]
        order = wanted.get(out, _row_major(out))
        for position, atom in enumerate(eqn.invars):
            if isinstance(atom, Var) and atom.aval.ndim > 1 and atom not in wanted:
                found = _handed_on(word, eqn, position, order)
                if found is not None:
                    wanted[atom] = found
    for eqn, word in zip(jaxpr.eqns, words, strict=True):
        if (
            isinstance(word, _FREE) and eqn.outvars[0] not in wanted
        ):  # nobody cares: as the operands lie
            taken = _taken_over(word, eqn, wanted)
            if taken is not None:
                wanted[eqn.outvars[0]] = taken
    return {var: order for var, order in wanted.items() if order != _row_major(var)}


def _row_major(atom: Atom) -> Order:
    return tuple(range(atom.aval.ndim))


_FREE = (
    kernel.Map
    | kernel.Opaque
    | kernel.View
    | kernel.Reshape
    | kernel.Pad
    | kernel.Concat
    | kernel.Iota
    | kernel.Reduce
    | kernel.Contract
    | kernel.Gather
)


def _handed_on(word: kernel.Word, eqn: Eqn, position: int, order: Order) -> Order | None:
    """What an operand's order should be, for a result that is wanted in ``order``."""
    atom, out = eqn.invars[position], eqn.outvars[0]
    straight = order == _row_major(out)
    if isinstance(word, kernel.Reduce):
        return _through_reduce(word, atom.aval, out.aval, order)
    if isinstance(word, kernel.Contract):
        return _through_contract(word, eqn, position, order)
    if straight and not isinstance(word, kernel.View):
        return None
    if atom.aval.size > _LARGER * out.aval.size:  # the larger array decides
        return None
    match word:
        case kernel.Map() | kernel.Opaque() | kernel.Pad() | kernel.Concat():
            return order if atom.aval.ndim == len(order) else None
        case kernel.View():
            return _through_view(word, atom, eqn.outvars[0].aval.shape, order)
        case kernel.Reshape():
            return _through_reshape(atom.aval.shape, eqn.outvars[0].aval.shape, order)
        case kernel.Gather():
            return _through_gather(word, eqn, position, order)
    return None


def _through_view(word: kernel.View, atom: Atom, shape: Sequence[int], order: Order) -> Order:
    rank = {axis: number for number, axis in enumerate(order)}

    def key(axis: int) -> int:
        terms = word.index[axis].terms
        if terms and shape[terms[0][0]] != 1:
            return rank[terms[0][0]]
        return len(order) if atom.aval.shape[axis] <= _FEW else -1

    return tuple(sorted(range(atom.aval.ndim), key=key))


def _through_reshape(old: Sequence[int], new: Sequence[int], order: Order) -> Order:
    """The order of the operand: axes that the reshape splits or joins stay together."""
    rank = {axis: number for number, axis in enumerate(order)}
    places: list[tuple[int, list[int]]] = []
    for left, right in _blocks(old, new):
        places.append((min((rank[axis] for axis in right if new[axis] != 1), default=-1), left))
    return tuple(axis for _, left in sorted(places, key=lambda place: place[0]) for axis in left)


def _blocks(old: Sequence[int], new: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """The axes of two shapes in pairs of neighbours with the same number of elements."""
    if 0 in old:  # any neighbours would do, and none decides anything
        yield list(range(len(old))), list(range(len(new)))
        return
    i = j = 0
    while i < len(old) or j < len(new):
        left: list[int] = []
        right: list[int] = []
        n = m = 1
        while not (left or right) or n != m:
            if i < len(old) and (n <= m or j == len(new)):
                n *= old[i]
                left.append(i)
                i += 1
            else:
                m *= new[j]
                right.append(j)
                j += 1
        yield left, right


def _through_reduce(word: kernel.Reduce, aval: Aval, out: Aval, order: Order) -> Order | None:
    """Kept axes in their order, summed ones where they are.

    A short one lies around the innermost kept axis where that is longer: it makes vector code.
    """
    last = aval.ndim - 1
    kept = [a for a in range(aval.ndim) if a not in word.axes]
    moved = [kept[a] for a in order]
    rows = word.axes == (last,) and len(moved) > 1
    if rows and aval.shape[last] < _LANES <= aval.shape[moved[-1]]:
        return (*moved[:-1], last, moved[-1])
    if order == tuple(range(len(order))) or aval.size > _LARGER * out.size:
        return None
    return (*moved, *word.axes) if last in word.axes else (*word.axes, *moved)


def _taken_over(word: kernel.Word, eqn: Eqn, known: dict[Var, Order]) -> Order | None:
    """The order of a result that nobody wants in one, from the orders of its operands."""
    out = eqn.outvars[0]
    found = [
        known.get(atom, _row_major(atom)) if isinstance(atom, Var) else () for atom in eqn.invars
    ]
    match word:
        case kernel.Map() | kernel.Opaque():
            for atom, order in zip(eqn.invars, found, strict=True):
                if atom.aval.shape == out.aval.shape and order != _row_major(out):
                    return order
        case kernel.View():
            terms = [word.index[axis].terms for axis in found[0]]
            axes = [term[0][0] for term in terms if term]
            if axes != sorted(axes):
                return (*(a for a in range(out.aval.ndim) if a not in axes), *axes)
        case kernel.Reduce():
            kept = [a for a in range(eqn.invars[0].aval.ndim) if a not in word.axes]
            return tuple(kept.index(axis) for axis in found[0] if axis in kept)
        case kernel.Contract():
            return of_operands(blas.sides(word, len(found[0]), len(found[1])), *found)
    return None


def of_operands(sides: blas.Sides, lhs: Order, rhs: Order) -> Order:
    """The order of a product whose free axes lie as those of its operands."""
    batch = len(sides.lhs_batch)
    down = [batch + sides.lhs_free.index(a) for a in lhs if a in sides.lhs_free]
    first = batch + len(down)
    across = [first + sides.rhs_free.index(a) for a in rhs if a in sides.rhs_free]
    return (*range(batch), *down, *across)


def _through_gather(word: kernel.Gather, eqn: Eqn, position: int, order: Order) -> Order | None:
    batch = eqn.invars[1].aval.ndim if len(eqn.invars) > 1 else 0
    if position:
        return tuple(axis for axis in order if axis < batch)
    rest = [a for a in range(eqn.invars[0].aval.ndim) if a not in word.axes]
    return (*word.axes, *(rest[axis - batch] for axis in order if axis >= batch))


def _through_contract(word: kernel.Contract, eqn: Eqn, position: int, order: Order) -> Order | None:
    """All axes as the product has them, and the summed ones where they help.

    BLAS wants batch axes outermost, and the summed axes on one side of the free ones. A short sum
    is unrolled, and its axes lie around the innermost loop, which becomes vector code.
    """
    shapes = [atom.aval.shape for atom in eqn.invars]
    sides = blas.sides(word, len(shapes[0]), len(shapes[1]))
    sizes = sides.sizes(*shapes)
    first = len(sides.lhs_batch) + (len(sides.lhs_free) if position else 0)
    batch = sides.rhs_batch if position else sides.lhs_batch
    free = sides.rhs_free if position else sides.lhs_free
    summed = sides.rhs_contract if position else sides.lhs_contract
    moved = tuple(free[a - first] for a in order if first <= a < first + len(free))
    if blas.pays(sizes, eqn.outvars[0].aval.dtype):
        shape = shapes[position]
        sides_of = (batch, summed, moved) if position else (batch, moved, summed)
        if blas.matrix(shape, strides_of(shape), *sides_of) is not None:
            return None
        return (*batch, *summed, *moved) if position else (*batch, *moved, *summed)
    if order == tuple(range(len(order))) or sizes.k > SHORT_SUM:
        return None
    axes = {**dict(enumerate(batch)), **{first + k: axis for k, axis in enumerate(free)}}
    kept = [axes[a] for a in order if a in axes]
    if order[-1] in axes:
        return (*kept[:-1], *summed, kept[-1])
    return (*kept, *summed)


def of_contract(sides: blas.Sides, order: Order) -> tuple[blas.Sides, Order]:
    """The roles with free axes as ``order`` has them, and the order of the product."""
    batch, rows = len(sides.lhs_batch), len(sides.lhs_free)
    down = [a - batch for a in order if batch <= a < batch + rows]
    across = [a - batch - rows for a in order if a >= batch + rows]
    made = blas.Sides(
        sides.lhs_batch,
        tuple(sides.lhs_free[a] for a in down),
        sides.lhs_contract,
        sides.rhs_batch,
        sides.rhs_contract,
        tuple(sides.rhs_free[a] for a in across),
    )
    product = [*range(batch), *(batch + a for a in down), *(batch + rows + a for a in across)]
    return made, tuple(product)
