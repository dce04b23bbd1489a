"""Indexing: gather reads at integer coordinates, scatter writes or folds there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of, is_inexact, shape_of
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind
from functrans.errors import DtypeError, IndexBoundsError, MissingRuleError, ShapeError
from functrans.primitives.elementwise import eq
from functrans.primitives.layout import (
    batch_to_front,
    broadcast_in_dim,
    full_like,
    iota,
    move_axis,
    reshape,
)
from functrans.primitives.linear import mul, select_n
from functrans.primitives.types import NOT_LINEAR, Ints, native_or_fallback
from functrans.typing import ArrayOrScalar, Operand

MODES = ("raise", "clip", "wrap", "fill", "drop")


def _index_shape(x: Aval, indices: Sequence[Aval], axes: Ints) -> Ints:
    if len(indices) != len(axes) or not indices:
        raise ShapeError(f"{len(indices)} index arrays for {len(axes)} axes.")
    for index in indices:
        if index.dtype.kind not in "iu":
            raise DtypeError(f"Index arrays hold integers, not {index.dtype}.")
        if index.shape != indices[0].shape:
            raise ShapeError("Index arrays of one gather have one shape.")
    if any(not 0 <= a < x.ndim for a in axes) or len(set(axes)) != len(axes):
        raise ShapeError(f"The axes {axes} do not fit an array of {x.ndim} axes.")
    return indices[0].shape


def _rest(shape: Ints, axes: Ints) -> Ints:
    return tuple(n for d, n in enumerate(shape) if d not in axes)


def _checked(index: Any, size: int, axis: int) -> Any:
    index = np.asarray(index)
    if index.size and (index.min() < -size or index.max() >= size):
        bad = index[(index < -size) | (index >= size)].flat[0]
        raise IndexBoundsError(
            f"Index {bad} is out of bounds for axis {axis} with size {size}.",
            'Check the index, or say what should happen with mode="clip", "wrap" or "fill".',
        )
    return index


def _resolve(x: Any, indices: Sequence[Any], axes: Ints, mode: str) -> tuple[list[Any], Any]:
    """Indices in bounds, and a mask of the valid ones (None where all are)."""
    resolved, valid = [], None
    for index, axis in zip(indices, axes, strict=True):
        n = x.shape[axis]
        index = np.asarray(index)
        if mode == "raise":
            resolved.append(_checked(index, n, axis))
        elif mode == "wrap":
            resolved.append(index % n)
        elif mode == "clip":
            resolved.append(np.clip(np.where(index < 0, index + n, index), 0, n - 1))
        else:
            ok = (index >= -n) & (index < n)
            valid = ok if valid is None else valid & ok
            resolved.append(np.where(ok, index, 0))
    return resolved, valid


def _gather_abstract(x: Aval, *indices: Aval, axes: Ints, mode: str, fill: float) -> Aval:
    return x.with_shape(_index_shape(x, indices, axes) + _rest(x.shape, axes))


def _front(x: Any, axes: Ints) -> Any:
    """A view of an array with the indexed axes first."""
    if axes == tuple(range(len(axes))):
        return x
    return x.transpose(axes + tuple(d for d in range(x.ndim) if d not in axes))


def _gather_impl(x: Any, *indices: Any, axes: Ints, mode: str, fill: float) -> Any:
    resolved, valid = _resolve(x, indices, axes, mode)
    if valid is not None and 0 in (x.shape[a] for a in axes):
        return np.full(resolved[0].shape + _rest(x.shape, axes), fill, x.dtype)
    out = _front(x, axes)[tuple(resolved)]
    if valid is not None and not valid.all():
        mask = valid.reshape(valid.shape + (1,) * (x.ndim - len(axes)))
        out = np.where(mask, out, np.asarray(fill).astype(x.dtype))
    return out if np.ndim(out) else out[()]


def _gather_linearize(nonzero: Sequence[bool], x: Any, *indices: Any, **params: Any) -> Any:
    inner = {**params, "fill": 0.0}

    def pushforward(t: Any, *_: Any) -> Any:
        return bind(gather_p, t, *indices, **inner)

    return bind(gather_p, x, *indices, **params), pushforward


def _gather_transpose(
    ct: Any, x: Accumulator, *indices: Any, axes: Ints, mode: str, fill: float
) -> None:
    x.add_at(ct, indices, axes, "drop" if mode == "fill" else mode)


def _batched_indices(size: int, indices: Sequence[Any], dims: Sequence[int | None]) -> Any:
    """Index arrays with the batch axis first, and the coordinate along that axis."""
    moved = [batch_to_front(size, i, d) for i, d in zip(indices, dims, strict=True)]
    return (iota(np.int64, shape_of(moved[0]), 0), *moved)


def _gather_batch(size: int, args: Any, dims: Any, *, axes: Ints, mode: str, fill: float) -> Any:
    x, *indices = args
    xd, *ids = dims
    if xd is None:
        moved = [batch_to_front(size, i, d) for i, d in zip(indices, ids, strict=True)]
        return gather(x, tuple(moved), axes, mode, fill), 0
    x = move_axis(x, xd, 0)
    shifted = tuple(a + 1 for a in axes)
    if all(d is None for d in ids):
        return gather(x, tuple(indices), shifted, mode, fill), len(shape_of(indices[0]))
    moved = _batched_indices(size, indices, ids)
    return gather(x, moved, (0, *shifted), mode, fill), 0


def _gather_lower(
    avals: Sequence[Aval], out: Aval, *, axes: Ints, mode: str, fill: float
) -> kernel.Word:
    return native_or_fallback([*avals, out], kernel.Gather(axes, mode, fill))


gather_p: Primitive = Primitive(
    "gather",
    _gather_abstract,
    _gather_impl,
    _gather_linearize,
    _gather_transpose,
    _gather_batch,
    _gather_lower,
)


def gather(
    x: Operand, indices: tuple[Any, ...], axes: Ints, mode: str = "raise", fill: float = 0.0
) -> ArrayOrScalar:
    """``x`` read at integer arrays of one shape B along ``axes``.

    Shape: B followed by the other axes of ``x``. Out of bounds, ``mode`` "raise" raises
    IndexError, "clip" and "wrap" move the index, "fill" reads ``fill``.

    >>> ft.lax.gather(np.array([[1, 2], [3, 4]]), (np.array([0, 1]), np.array([1, 0])), (0, 1))
    array([2, 3])
    """
    return bind(gather_p, x, *indices, axes=axes, mode=mode, fill=fill)


# --- scatter -------------------------------------------------------------------------------------

_FOLDS: dict[str, np.ufunc] = {
    "add": np.add,
    "mul": np.multiply,
    "min": np.minimum,
    "max": np.maximum,
}


def _scatter_abstract(
    x: Aval, updates: Aval, *indices: Aval, op: str, axes: Ints, mode: str
) -> Aval:
    expected = _index_shape(x, indices, axes) + _rest(x.shape, axes)
    if updates.shape != expected:
        raise ShapeError(f"Updates of shape {updates.shape} where {expected} is needed.")
    if updates.dtype != x.dtype:
        raise DtypeError(f"Updates of dtype {updates.dtype} for an array of {x.dtype}.")
    return x.strengthen()


def scatter_into(
    x: Any, updates: Any, indices: Sequence[Any], op: str, axes: Ints, mode: str
) -> None:
    """Write or fold ``updates`` into the array ``x`` in place."""
    resolved, valid = _resolve(x, indices, axes, mode)
    view = _front(x, axes)
    updates = np.asarray(updates)
    if valid is not None and not valid.all():
        resolved = [i[valid] for i in resolved]
        updates = updates[valid]
    where = tuple(resolved)
    if op == "set":
        view[where] = updates
    else:
        _FOLDS[op].at(view, where, updates)


def _scatter_impl(x: Any, updates: Any, *indices: Any, op: str, axes: Ints, mode: str) -> Any:
    out = np.array(x)
    scatter_into(out, updates, indices, op, axes, mode)
    return out


def _winners(updates: Any, indices: Sequence[Any], x: Any, axes: Ints, mode: str) -> Any:
    """True at the updates that survive a set: the last one at each place."""
    shape = shape_of(updates)
    count = int(np.prod(shape, dtype=int))
    number = reshape(iota(np.int64, (count,), 0), shape)
    place = broadcast_in_dim(np.int64(-1), shape_of(x), ())
    written = scatter(place, number, tuple(indices), axes, "set", mode)
    return eq(gather(written, tuple(indices), axes, "fill" if mode == "drop" else mode, -1), number)


def _scatter_linearize(
    nonzero: Sequence[bool], x: Any, updates: Any, *indices: Any, op: str, axes: Ints, mode: str
) -> Any:
    out = bind(scatter_p, x, updates, *indices, op=op, axes=axes, mode=mode)
    if not is_inexact(dtype_of(out)):
        return out, None
    where = tuple(indices)
    if op == "add":

        def add_pushforward(tx: Any, tu: Any, *_: Any) -> Any:
            if tu is None:
                return tx
            base = full_like(x, 0) if tx is None else tx
            return scatter(base, tu, where, axes, "add", mode)

        return out, add_pushforward
    if op == "set":
        several = any(np.prod(shape_of(i), dtype=int) > 1 for i in indices)  # one wins anyway
        wins = _winners(updates, indices, x, axes, mode) if several else None
        zero = dtype_of(x).type(0)
        blank = full_like(updates, 0)

        def set_pushforward(tx: Any, tu: Any, *_: Any) -> Any:
            base = full_like(x, 0) if tx is None else scatter(tx, blank, where, axes, "set", mode)
            if tu is None:
                return base
            given = tu if wins is None else select_n(wins, zero, tu)
            return scatter(base, given, where, axes, "add", mode)

        return out, set_pushforward
    if op == "mul":
        factor = scatter(full_like(x, 1), updates, where, axes, "mul", mode)
        if nonzero[1]:
            raise MissingRuleError(
                "Scatter with multiply has no derivative with respect to the updates.",
                "Use x.at[i].set(x[i] * updates) when no index is repeated.",
            )

        def mul_pushforward(tx: Any, *_: Any) -> Any:
            return mul(tx, factor)

        return out, mul_pushforward
    return _extreme_scatter(out, x, updates, where, axes, mode)


def _extreme_scatter(out: Any, x: Any, updates: Any, where: Any, axes: Ints, mode: str) -> Any:
    # Equal candidates at a place share the derivative, as in reductions.
    read = "fill" if mode == "drop" else mode
    dtype = dtype_of(x)
    x_wins = _as_number(eq(x, out), dtype)
    u_wins = _as_number(eq(updates, gather(out, where, axes, read)), dtype)
    count = scatter(x_wins, u_wins, where, axes, "add", mode)
    x_share = x_wins / count
    u_share = u_wins / gather(count, where, axes, read, 1.0)

    def extreme_pushforward(tx: Any, tu: Any, *_: Any) -> Any:
        base = full_like(x, 0) if tx is None else mul(tx, x_share)
        return base if tu is None else scatter(base, mul(tu, u_share), where, axes, "add", mode)

    return out, extreme_pushforward


def _as_number(mask: Any, dtype: Any) -> Any:
    return select_n(mask, dtype.type(0), dtype.type(1))


def _scatter_transpose(
    ct: Any, x: Any, updates: Any, *indices: Any, op: str, axes: Ints, mode: str
) -> None:
    if op not in ("add", "set"):
        NOT_LINEAR()
    if isinstance(x, Accumulator):
        if op == "add":
            x.add(ct)
        else:
            blank = broadcast_in_dim(
                dtype_of(ct).type(0), shape_of(indices[0]) + _rest(shape_of(ct), axes), ()
            )
            x.add(scatter(ct, blank, indices, axes, "set", mode))
    if isinstance(updates, Accumulator):
        updates.add(gather(ct, indices, axes, "fill" if mode == "drop" else mode))


def _scatter_batch(size: int, args: Any, dims: Any, *, op: str, axes: Ints, mode: str) -> Any:
    x, updates, *indices = args
    xd, ud, *ids = dims
    x, updates = batch_to_front(size, x, xd), batch_to_front(size, updates, ud)
    moved = _batched_indices(size, indices, ids)
    shifted = tuple(a + 1 for a in axes)
    return scatter(x, updates, moved, (0, *shifted), op, mode), 0


def _scatter_lower(
    avals: Sequence[Aval], out: Aval, *, op: str, axes: Ints, mode: str
) -> kernel.Word:
    return native_or_fallback([*avals, out], kernel.Scatter(op, axes, mode))


scatter_p: Primitive = Primitive(
    "scatter",
    _scatter_abstract,
    _scatter_impl,
    _scatter_linearize,
    _scatter_transpose,
    _scatter_batch,
    _scatter_lower,
)


def scatter(
    x: Operand,
    updates: Operand,
    indices: tuple[Any, ...],
    axes: Ints,
    op: str = "set",
    mode: str = "raise",
) -> ArrayOrScalar:
    """A copy of ``x`` with ``updates`` set, or folded in by add, mul, min or max, at the indices.

    Shapes as in :func:`gather`; the last of several sets at one place wins. Mode "drop" leaves
    out indices out of bounds.

    >>> ft.lax.scatter(np.zeros(3), np.array([1.0, 2.0]), (np.array([0, 0]),), (0,), "add")
    array([3., 0., 0.])
    """
    return bind(scatter_p, x, updates, *indices, op=op, axes=axes, mode=mode)
