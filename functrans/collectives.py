"""Functions across the examples of a vmap, by the name of its axis; ``functrans.lax`` has them.

Under ``vmap(f, axis_name="i")`` the examples can be combined within ``f``. Trees are combined leaf
by leaf. Where several axes are named by a tuple, the first one is outermost. A value that all
examples share counts once for each of them.

Each raises UnboundAxisError, a NameError, for a name that no vmap around has given.

>>> ft.vmap(lambda x: x - ft.lax.pmean(x, "i"), axis_name="i")(np.array([1.0, 2.0, 6.0]))
array([-2., -1.,  3.])
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans import tree
from functrans.core.avals import aval_of, native, shape_of
from functrans.core.axes import Name, bound_axes
from functrans.core.trace import Tracer, bind
from functrans.errors import OptionError, ShapeError, UnboundAxisError
from functrans.primitives.collectives import (
    Groups,
    all_gather_p,
    all_to_all_p,
    axis_index_p,
    axis_reduce_p,
    ppermute_p,
)
from functrans.primitives.layout import move_axis, reduce_sum, reshape

Names = Name | tuple[Name, ...]
GroupLists = Sequence[Sequence[int]] | None


def _sizes(function: str, axis_name: Names) -> dict[Name, int]:
    """The named axes, outermost first, and their sizes."""
    names = axis_name if isinstance(axis_name, tuple) else (axis_name,)
    bound = bound_axes()
    for name in names:
        if name not in bound:
            raise UnboundAxisError(
                f"{function} goes across the axis {name!r}, but the named axes here are "
                f"{', '.join(map(repr, bound)) or 'none'}.",
            )
    if len(set(names)) < len(names):
        raise OptionError(f"{function} got an axis twice in {names!r}.")
    return {name: bound[name] for name in names}


def _checked_groups(function: str, groups: GroupLists, sizes: dict[Name, int]) -> Groups:
    """Groups as tuples: parts of equal size that hold every index of one axis once."""
    if groups is None:
        return None
    parts = tuple(tuple(map(operator.index, group)) for group in groups)
    count = math.prod(sizes.values())
    if len(sizes) != 1:
        raise OptionError(f"{function} takes axis_index_groups with one axis, not {list(sizes)}.")
    if sorted(i for part in parts for i in part) != list(range(count)):
        raise OptionError(
            f"axis_index_groups {groups!r:.100} do not hold each index below {count} once."
        )
    if len({len(part) for part in parts}) > 1:
        raise OptionError(f"axis_index_groups {groups!r:.100} differ in size.")
    return parts


def _operand(x: Any) -> Any:
    """A leaf as a tracer, an array or a NumPy scalar."""
    aval_of(x)  # raises for what is no array
    return x if isinstance(x, Tracer) else np.asarray(native(x))[()]


def _axis(name: str, value: int, ndim: int) -> int:
    if not -ndim <= value < ndim:
        raise OptionError(f"{name} is {value}, but the array has {ndim} axes.")
    return value % ndim


# --- reductions ----------------------------------------------------------------------------------


def psum(x: Any, axis_name: Names, *, axis_index_groups: GroupLists = None) -> Any:
    """The sum over the examples, leaf by leaf; booleans count as int64.

    ``psum(1, name)`` is the size of the axis, as a Python int. Its transpose is itself: within a
    vmap, the gradient of ``psum(x, name)`` counts every example's share.

    Parameters
    ----------
    axis_name: the name of an axis, or a tuple of names.
    axis_index_groups: parts of the axis, of equal size, that are summed apart.

    >>> ft.vmap(lambda x: ft.lax.psum(x, "i"), axis_name="i")(np.array([1.0, 2.0]))
    array([3., 3.])
    """
    sizes = _sizes("psum", axis_name)
    groups = _checked_groups("psum", axis_index_groups, sizes)
    count = len(groups[0]) if groups else math.prod(sizes.values())

    def one(leaf: Any) -> Any:
        if not isinstance(leaf, Tracer):  # the same for all
            aval_of(leaf)
            return np.multiply(leaf, count) if hasattr(leaf, "shape") else leaf * count
        return _reduced("sum", fnp.astype(leaf, np.int64) if leaf.dtype == bool else leaf, sizes,
                        groups)  # fmt: skip

    return tree.map_(one, x)


def _reduced(op: str, leaf: Any, sizes: dict[Name, int], groups: Groups) -> Any:
    for name in reversed(sizes):
        leaf = bind(axis_reduce_p, leaf, op=op, axis_name=name, groups=groups)
    return leaf


def pmean(x: Any, axis_name: Names, *, axis_index_groups: GroupLists = None) -> Any:
    """The mean over the examples, leaf by leaf; integers become float64.

    >>> ft.vmap(lambda x: ft.lax.pmean(x, "i"), axis_name="i")(np.array([1.0, 2.0]))
    array([1.5, 1.5])
    """
    total = psum(x, axis_name, axis_index_groups=axis_index_groups)
    count = psum(1, axis_name, axis_index_groups=axis_index_groups)
    return tree.map_(lambda leaf: leaf / count, total)


def pmax(x: Any, axis_name: Names, *, axis_index_groups: GroupLists = None) -> Any:
    """The maximum over the examples, leaf by leaf. Equal maxima share the derivative.

    >>> ft.vmap(lambda x: ft.lax.pmax(x, "i"), axis_name="i")(np.array([1.0, 2.0]))
    array([2., 2.])
    """
    return _extreme("pmax", "max", x, axis_name, axis_index_groups)


def pmin(x: Any, axis_name: Names, *, axis_index_groups: GroupLists = None) -> Any:
    """The minimum over the examples, leaf by leaf. Equal minima share the derivative.

    >>> ft.vmap(lambda x: ft.lax.pmin(x, "i"), axis_name="i")(np.array([1.0, 2.0]))
    array([1., 1.])
    """
    return _extreme("pmin", "min", x, axis_name, axis_index_groups)


def _extreme(function: str, op: str, x: Any, axis_name: Names, given: GroupLists) -> Any:
    sizes = _sizes(function, axis_name)
    groups = _checked_groups(function, given, sizes)
    return tree.map_(lambda leaf: _reduced(op, _operand(leaf), sizes, groups), x)


# --- exchanges -----------------------------------------------------------------------------------


def all_gather(
    x: Any,
    axis_name: Names,
    *,
    axis_index_groups: GroupLists = None,
    axis: int = 0,
    tiled: bool = False,
) -> Any:
    """The values of all examples, leaf by leaf, stacked along a new axis.

    Parameters
    ----------
    axis: where the new axis is.
    tiled: join the values along the existing ``axis`` instead.

    >>> ft.vmap(lambda x: ft.lax.all_gather(x, "i"), axis_name="i")(np.array([1.0, 2.0]))
    array([[1., 2.],
           [1., 2.]])
    """
    sizes = _sizes("all_gather", axis_name)
    groups = _checked_groups("all_gather", axis_index_groups, sizes)

    def one(leaf: Any) -> Any:
        out = _operand(leaf)
        shape = shape_of(out)
        place = _axis("axis", axis, len(shape) + (not tiled))
        for name in reversed(sizes):
            count = len(groups[0]) if groups else sizes[name]
            out = bind(all_gather_p, out, axis_name=name, count=count, groups=groups)
        total = math.prod(shape_of(out)[: len(sizes)])
        out = move_axis(reshape(out, (total, *shape)), 0, place)
        if tiled:
            out = reshape(out, (*shape[:place], total * shape[place], *shape[place + 1 :]))
        return out

    return tree.map_(one, x)


def all_to_all(
    x: Any,
    axis_name: Names,
    split_axis: int,
    concat_axis: int,
    *,
    axis_index_groups: GroupLists = None,
    tiled: bool = False,
) -> Any:
    """Deal ``x`` out to all examples, leaf by leaf, and put together what the others deal.

    Parameters
    ----------
    split_axis: the axis along which example j gets row j; it has one row for each example, and
        goes.
    concat_axis: where the new axis of the rows received is.
    tiled: keep the axes instead: ``split_axis`` is divided into equal blocks, and the blocks
        received are joined along ``concat_axis``.

    Raises
    ------
    ShapeError: a ``split_axis`` that cannot be dealt out.

    >>> x = np.array([[1, 2], [3, 4]])
    >>> ft.vmap(lambda row: ft.lax.all_to_all(row, "i", 0, 0), axis_name="i")(x)
    array([[1, 3],
           [2, 4]])
    """
    sizes = _sizes("all_to_all", axis_name)
    groups = _checked_groups("all_to_all", axis_index_groups, sizes)
    counts = [len(groups[0])] if groups else list(sizes.values())
    total = math.prod(counts)

    def one(leaf: Any) -> Any:
        leaf = _operand(leaf)
        shape = shape_of(leaf)
        split = _axis("split_axis", split_axis, len(shape))
        concat = _axis("concat_axis", concat_axis, len(shape))
        if shape[split] % total if tiled else shape[split] != total:
            raise ShapeError(
                f"all_to_all cannot deal axis {split} of an array of shape {shape} out to "
                f"{total} examples.",
                "With tiled=True the axis needs a multiple of that many rows, else that many.",
            )
        block = shape[split] // total
        rows = move_axis(
            reshape(leaf, (*shape[:split], total, block, *shape[split + 1 :])), split, 0
        )
        kept = shape_of(rows)[1:]  # those of x, with ``block`` for the split axis
        rows = reshape(rows, (*counts, *kept))
        for i, name in enumerate(sizes):
            rows = move_axis(rows, i, 0)
            rows = bind(all_to_all_p, rows, axis_name=name, count=counts[i], groups=groups)
            rows = move_axis(rows, 0, i)
        rows = reshape(rows, (total, *kept))
        if tiled:
            joined = (*kept[:concat], total * kept[concat], *kept[concat + 1 :])
            return reshape(move_axis(rows, 0, concat), joined)
        return move_axis(reshape(rows, (total, *kept[:split], *kept[split + 1 :])), 0, concat)

    return tree.map_(one, x)


def psum_scatter(
    x: Any,
    axis_name: Names,
    *,
    scatter_dimension: int = 0,
    axis_index_groups: GroupLists = None,
    tiled: bool = False,
) -> Any:
    """The sum over the examples, of which each example keeps its own row, leaf by leaf.

    Parameters
    ----------
    scatter_dimension: the axis of the rows; it has one for each example, and goes.
    tiled: keep the axis instead; each example keeps an equal block of it.

    >>> ft.vmap(lambda x: ft.lax.psum_scatter(x, "i"), axis_name="i")(np.ones((2, 2)))
    array([2., 2.])
    """
    count = psum(1, axis_name, axis_index_groups=axis_index_groups)

    def one(leaf: Any) -> Any:
        leaf = _operand(leaf)
        shape = shape_of(leaf)
        place = _axis("scatter_dimension", scatter_dimension, len(shape))
        if shape[place] % count if tiled else shape[place] != count:
            raise ShapeError(
                f"psum_scatter cannot divide axis {place} of an array of shape {shape} between "
                f"{count} examples."
            )
        kept = (shape[place] // count,) if tiled else ()
        rows = reshape(leaf, (*shape[:place], count, *kept, *shape[place + 1 :]))
        dealt = all_to_all(rows, axis_name, place, place, axis_index_groups=axis_index_groups)
        return reduce_sum(dealt, (place,))

    return tree.map_(one, x)


def ppermute(x: Any, axis_name: Names, perm: Sequence[tuple[int, int]]) -> Any:
    """Send values from example to example, leaf by leaf; who gets nothing gets zeros.

    Parameters
    ----------
    perm: pairs (source, target) of indices along the axis; no source and no target comes twice.

    >>> def shifted(x):
    ...     return ft.lax.ppermute(x, "i", [(0, 1), (1, 2)])
    >>> ft.vmap(shifted, axis_name="i")(np.array([5.0, 6.0, 7.0]))
    array([0., 5., 6.])
    """
    sizes = _sizes("ppermute", axis_name)
    count = math.prod(sizes.values())
    pairs = tuple((operator.index(a), operator.index(b)) for a, b in perm)
    for ends in zip(*pairs, strict=True):
        if len(set(ends)) < len(ends) or not all(0 <= i < count for i in ends):
            raise OptionError(
                f"ppermute got the pairs {perm!r:.100} for an axis of size {count}.",
                "Each index below the size may be a source once, and a target once.",
            )
    if len(sizes) == 1:
        [name] = sizes
        return tree.map_(
            lambda leaf: bind(ppermute_p, _operand(leaf), axis_name=name, pairs=pairs), x
        )
    sources = np.full(count, -1)
    for source, target in pairs:
        sources[target] = source
    source = fnp.take(sources, axis_index(axis_name))

    def one(leaf: Any) -> Any:
        found = fnp.take(all_gather(leaf, axis_name), fnp.maximum(source, 0), axis=0)
        return fnp.where(source >= 0, found, fnp.zeros_like(found))

    return tree.map_(one, x)


def pshuffle(x: Any, axis_name: Names, perm: Sequence[int]) -> Any:
    """Example i gets the value of example ``perm[i]``, leaf by leaf.

    >>> def turned(x):
    ...     return ft.lax.pshuffle(x, "i", [2, 0, 1])
    >>> ft.vmap(turned, axis_name="i")(np.array([5.0, 6.0, 7.0]))
    array([7., 5., 6.])
    """
    if sorted(perm) != list(range(axis_size(axis_name))):
        raise OptionError(
            f"pshuffle got {perm!r:.100}, which is no permutation of the axis of size "
            f"{axis_size(axis_name)}."
        )
    return ppermute(x, axis_name, [(source, target) for target, source in enumerate(perm)])


def pswapaxes(x: Any, axis_name: Names, axis: int, *, axis_index_groups: GroupLists = None) -> Any:
    """Swap the named axis with an axis of the same size, leaf by leaf.

    >>> x = np.array([[1, 2], [3, 4]])
    >>> ft.vmap(lambda row: ft.lax.pswapaxes(row, "i", 0), axis_name="i")(x)
    array([[1, 3],
           [2, 4]])
    """
    return all_to_all(x, axis_name, axis, axis, axis_index_groups=axis_index_groups)


# --- the axis itself -----------------------------------------------------------------------------


def axis_index(axis_name: Names) -> Any:
    """The number of the example along the axis, an int64; of a tuple of axes in row-major order.

    >>> ft.vmap(lambda x: ft.lax.axis_index("i") + x, axis_name="i")(np.zeros(3, int))
    array([0, 1, 2])
    """
    index: Any = None
    for name, size in _sizes("axis_index", axis_name).items():
        own = bind(axis_index_p, axis_name=name)
        index = own if index is None else index * size + own
    return index


def axis_size(axis_name: Names) -> int:
    """The number of examples along the axis, as a Python int.

    >>> ft.vmap(lambda x: x / ft.lax.axis_size("i"), axis_name="i")(np.ones(4))
    array([0.25, 0.25, 0.25, 0.25])
    """
    return math.prod(_sizes("axis_size", axis_name).values())
