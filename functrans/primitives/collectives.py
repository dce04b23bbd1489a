"""Operations across a named axis: each example of a vmap reads what the others have.

Each is across one axis, which its parameter ``axis_name`` names. ``groups`` divides the axis into
parts of equal size that have nothing to do with each other; None is all of it. The vmap of that
name replaces the operation by one on the array of all examples; until then it stands in Jaxprs,
and nothing can compute it.

Closed under transposition: the sum and all_to_all (each its own transpose), all_gather (whose is
all_to_all and a sum), ppermute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from functrans.core.avals import Aval, dtype_of, shape_of
from functrans.core.axes import HERE, Name
from functrans.core.primitive import Absent, Accumulator, Primitive, Rule
from functrans.core.trace import bind
from functrans.errors import ShapeError, UnboundAxisError
from functrans.primitives.elementwise import eq
from functrans.primitives.indexing import gather
from functrans.primitives.layout import (
    batch_to_front,
    broadcast_in_dim,
    full_like,
    iota,
    move_axis,
    reduce_sum,
    spread,
)
from functrans.primitives.linear import convert, div, mul, select_n
from functrans.primitives.reductions import reduce_max, reduce_min
from functrans.primitives.types import ZERO, Ints

Groups = tuple[Ints, ...] | None


def _unbound(*_: Any, axis_name: Name, **__: Any) -> NoReturn:
    """Value and lowering of a collective: what no vmap has removed."""
    raise UnboundAxisError(
        f"A program across the axis {axis_name!r} was to be run outside of the vmap of that name."
    )


def _collective(
    name: str,
    abstract: Rule,
    linearize: Rule | Absent,
    transpose: Rule | Absent,
    here: Callable[..., Any],
    elsewhere: Rule | Absent,
) -> Primitive:
    """A collective primitive. ``here(size, x, dim, **params)`` is its value and batch axis where
    its axis is mapped, ``elsewhere`` is the batch rule for other axes."""

    def batch(size: int, args: Any, dims: Any, *, axis_name: Name, **params: Any) -> Any:
        if axis_name is HERE:
            return here(size, *args, *dims, **params)
        return elsewhere(args[0], dims[0], axis_name=axis_name, **params)

    return Primitive(name, abstract, _unbound, linearize, transpose, batch, _unbound)


def _linearize_linear(get: Callable[[], Primitive]) -> Rule:
    def linearize(nonzero: Sequence[bool], x: Any, **params: Any) -> Any:
        def collective_pushforward(t: Any) -> Any:
            return bind(get(), t, **params)

        return bind(get(), x, **params), collective_pushforward

    return linearize


# --- groups --------------------------------------------------------------------------------------


def _divided(x: Any, groups: tuple[Ints, ...]) -> Any:
    """Examples first → (groups, members, …)."""
    order = np.array(groups)
    return gather(x, (order,), (0,))


def _joined(x: Any, groups: tuple[Ints, ...]) -> Any:
    """(groups, members, …) → examples first, in their own order."""
    order = np.array(groups)
    places = np.empty(order.size, np.int64)
    places[order.reshape(-1)] = np.arange(order.size)
    return gather(x, (places // order.shape[1], places % order.shape[1]), (0, 1))


def _among(x: Any, count: int) -> Any:
    """(groups, …) → (groups, members, …): what a group has in common, for each member."""
    shape = shape_of(x)
    return broadcast_in_dim(
        x, (shape[0], count, *shape[1:]), (0, *(d + 2 for d in range(len(shape) - 1)))
    )


# --- reductions ----------------------------------------------------------------------------------

_REDUCTIONS = {"sum": reduce_sum, "max": reduce_max, "min": reduce_min}


def _reduce_abstract(x: Aval, *, op: str, axis_name: Name, groups: Groups) -> Aval:
    return x.strengthen()


def _reduce_here(size: int, x: Any, dim: int | None, *, op: str, groups: Groups) -> Any:
    if dim is None:
        if op == "sum":
            x = mul(x, dtype_of(x).type(size if groups is None else len(groups[0])))
        return x, None
    if groups is None:
        return _REDUCTIONS[op](x, (dim,)), None
    members = _divided(move_axis(x, dim, 0), groups)
    return _joined(_among(_REDUCTIONS[op](members, (1,)), len(groups[0])), groups), 0


def _reduce_elsewhere(x: Any, dim: int, **params: Any) -> Any:
    return bind(axis_reduce_p, x, **params), dim


def _reduce_linearize(nonzero: Sequence[bool], x: Any, *, op: str, **params: Any) -> Any:
    out = bind(axis_reduce_p, x, op=op, **params)
    weight: Any = None
    if op != "sum":  # equal extremes share the derivative, as in reduce_max
        ties = convert(eq(x, out), dtype_of(x))
        weight = div(ties, bind(axis_reduce_p, ties, op="sum", **params))

    def axis_reduce_pushforward(t: Any) -> Any:
        return bind(axis_reduce_p, t if weight is None else mul(weight, t), op="sum", **params)

    return out, axis_reduce_pushforward


def _reduce_transpose(ct: Any, x: Accumulator, *, op: str, **params: Any) -> None:
    x.add(bind(axis_reduce_p, ct, op=op, **params))


axis_reduce_p: Primitive = _collective(
    "axis_reduce",
    _reduce_abstract,
    _reduce_linearize,
    _reduce_transpose,
    _reduce_here,
    _reduce_elsewhere,
)
"""The sum, maximum or minimum over the examples, for each of them."""


# --- all_gather ----------------------------------------------------------------------------------


def _all_gather_abstract(x: Aval, *, axis_name: Name, count: int, groups: Groups) -> Aval:
    return x.with_shape((count, *x.shape))


def _all_gather_here(size: int, x: Any, dim: int | None, *, count: int, groups: Groups) -> Any:
    if dim is None:
        return spread(x, count), None
    x = move_axis(x, dim, 0)
    if groups is None:
        return x, None
    return _joined(_among(_divided(x, groups), count), groups), 0


def _all_gather_elsewhere(x: Any, dim: int, **params: Any) -> Any:
    return bind(all_gather_p, x, **params), dim + 1


def _all_gather_transpose(ct: Any, x: Accumulator, **params: Any) -> None:
    x.add(reduce_sum(bind(all_to_all_p, ct, **params), (0,)))


all_gather_p: Primitive = _collective(
    "all_gather",
    _all_gather_abstract,
    _linearize_linear(lambda: all_gather_p),
    _all_gather_transpose,
    _all_gather_here,
    _all_gather_elsewhere,
)
"""All examples' values along a new first axis of ``count``, for each of them."""


# --- all_to_all ----------------------------------------------------------------------------------


def _all_to_all_abstract(x: Aval, *, axis_name: Name, count: int, groups: Groups) -> Aval:
    if not x.shape or x.shape[0] != count:
        raise ShapeError(
            f"all_to_all got an array of shape {x.shape}; the first axis must have one row for "
            f"each of the {count} examples."
        )
    return x.strengthen()


def _all_to_all_here(size: int, x: Any, dim: int | None, *, count: int, groups: Groups) -> Any:
    x = batch_to_front(size, x, dim)
    if groups is None:
        return x, 1
    return _joined(move_axis(_divided(x, groups), 1, 2), groups), 0


def _all_to_all_elsewhere(x: Any, dim: int, **params: Any) -> Any:
    return bind(all_to_all_p, move_axis(x, dim, 1), **params), 1


def _all_to_all_transpose(ct: Any, x: Accumulator, **params: Any) -> None:
    x.add(bind(all_to_all_p, ct, **params))


all_to_all_p: Primitive = _collective(
    "all_to_all",
    _all_to_all_abstract,
    _linearize_linear(lambda: all_to_all_p),
    _all_to_all_transpose,
    _all_to_all_here,
    _all_to_all_elsewhere,
)
"""Row j of example i becomes row i of example j; there are ``count`` rows."""


# --- ppermute ------------------------------------------------------------------------------------


def _ppermute_abstract(x: Aval, *, axis_name: Name, pairs: tuple[tuple[int, int], ...]) -> Aval:
    return x.strengthen()


def _ppermute_here(
    size: int, x: Any, dim: int | None, *, pairs: tuple[tuple[int, int], ...]
) -> Any:
    x = batch_to_front(size, x, dim)
    sources = np.zeros(size, np.int64)
    filled = np.zeros(size, bool)
    for source, target in pairs:
        sources[target], filled[target] = source, True
    out = gather(x, (sources,), (0,))
    if not filled.all():
        mask = broadcast_in_dim(filled, shape_of(out), (0,))
        out = select_n(mask, full_like(out, 0), out)
    return out, 0


def _ppermute_elsewhere(x: Any, dim: int, **params: Any) -> Any:
    return bind(ppermute_p, x, **params), dim


def _ppermute_transpose(
    ct: Any, x: Accumulator, *, axis_name: Name, pairs: tuple[tuple[int, int], ...]
) -> None:
    back = tuple((target, source) for source, target in pairs)
    x.add(bind(ppermute_p, ct, axis_name=axis_name, pairs=back))


ppermute_p: Primitive = _collective(
    "ppermute",
    _ppermute_abstract,
    _linearize_linear(lambda: ppermute_p),
    _ppermute_transpose,
    _ppermute_here,
    _ppermute_elsewhere,
)
"""The value of example ``source`` for example ``target``; zeros for those that get none."""


# --- axis_index ----------------------------------------------------------------------------------


def _index_abstract(*, axis_name: Name) -> Aval:
    return Aval((), np.dtype(np.int64))


def _index_here(size: int) -> Any:
    return iota(np.int64, (size,), 0), 0


axis_index_p: Primitive = _collective(
    "axis_index",
    _index_abstract,
    ZERO,
    Absent("the operation has no operands"),
    _index_here,
    Absent("the operation has no operands"),
)
"""The number of each example."""
