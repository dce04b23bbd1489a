"""Contraction: the sum of products over paired axes, and its two transposes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, shape_of
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind
from functrans.errors import ShapeError
from functrans.primitives.layout import move_axis, spread, transpose
from functrans.primitives.linear import add
from functrans.primitives.types import Ints, native_or_fallback, same_dtype
from functrans.typing import ArrayOrScalar, Operand

Dims = tuple[tuple[Ints, Ints], tuple[Ints, Ints]]
"""((contracted axes of lhs, of rhs), (batch axes of lhs, of rhs))."""


def free_axes(ndim: int, contract: Ints, batch: Ints) -> Ints:
    """The axes that are neither contracted nor batch axes, in order."""
    return tuple(d for d in range(ndim) if d not in contract and d not in batch)


def _dot_abstract(x: Aval, y: Aval, *, dims: Dims) -> Aval:
    (xc, yc), (xb, yb) = dims
    if [x.shape[a] for a in xc] != [y.shape[a] for a in yc]:
        raise ShapeError(
            f"The contracted axes {xc} of {x.shape} and {yc} of {y.shape} differ in length."
        )
    if [x.shape[a] for a in xb] != [y.shape[a] for a in yb]:
        raise ShapeError(f"The batch axes {xb} of {x.shape} and {yb} of {y.shape} differ.")
    batch = tuple(x.shape[a] for a in xb)
    x_free = tuple(x.shape[a] for a in free_axes(x.ndim, xc, xb))
    y_free = tuple(y.shape[a] for a in free_axes(y.ndim, yc, yb))
    return Aval(batch + x_free + y_free, same_dtype("dot_general", [x, y]))


@lru_cache(maxsize=1024)
def _plan(dims: Dims, x_ndim: int, y_ndim: int) -> Callable[[Any, Any], Any]:
    """The NumPy call for a contraction: matmul on views where two axes and no batch allow it."""
    (xc, yc), (xb, yb) = dims
    if not xb and len(xc) == 1 and x_ndim <= 2 and y_ndim <= 2:
        flip_x, flip_y = x_ndim == 2 and xc == (0,), y_ndim == 2 and yc == (1,)
        if flip_x and flip_y:
            return lambda x, y: np.matmul(x.T, y.T)
        if flip_x:
            return lambda x, y: np.matmul(x.T, y)
        if flip_y:
            return lambda x, y: np.matmul(x, y.T)
        return np.matmul
    x_free, y_free = free_axes(x_ndim, xc, xb), free_axes(y_ndim, yc, yb)
    n = len(xb)

    def general(x: Any, y: Any) -> Any:
        xt = x.transpose(xb + x_free + xc)
        yt = y.transpose(yb + yc + y_free)
        batch, k = xt.shape[:n], np.prod([x.shape[a] for a in xc], dtype=int)
        rows, cols = xt.shape[n : n + len(x_free)], yt.shape[n + len(yc) :]
        left = xt.reshape((*batch, int(np.prod(rows, dtype=int)), k))
        right = yt.reshape((*batch, k, int(np.prod(cols, dtype=int))))
        out = np.matmul(left, right).reshape(batch + rows + cols)
        return out if out.ndim else out[()]

    return general


def _dot_impl(x: Any, y: Any, *, dims: Dims) -> Any:
    x, y = np.asarray(x), np.asarray(y)
    return _plan(dims, x.ndim, y.ndim)(x, y)


def _dot_linearize(nonzero: Sequence[bool], x: Any, y: Any, *, dims: Dims) -> Any:
    def pushforward(tx: Any, ty: Any) -> Any:
        if tx is None:
            return dot_general(x, ty, dims)
        if ty is None:
            return dot_general(tx, y, dims)
        return add(dot_general(tx, y, dims), dot_general(x, ty, dims))

    return bind(dot_general_p, x, y, dims=dims), pushforward


@lru_cache(maxsize=1024)
def _transpose_plan(dims: Dims, x_ndim: int, y_ndim: int, left: bool) -> tuple[Dims, Ints]:
    """The contraction and the order of axes that give the cotangent of one operand."""
    (xc, yc), (xb, yb) = dims
    n = len(xb)
    batch = tuple(range(n))
    x_free, y_free = free_axes(x_ndim, xc, xb), free_axes(y_ndim, yc, yb)
    ct_x = tuple(range(n, n + len(x_free)))
    ct_y = tuple(range(n + len(x_free), n + len(x_free) + len(y_free)))
    if left:  # Σ ct·y over y's free axes: axes come as batch, x free, y contracted in y's order
        by_y = sorted(range(len(yc)), key=lambda i: yc[i])
        order = xb + x_free + tuple(xc[i] for i in by_y)
        return ((ct_y, y_free), (batch, yb)), _positions(order)
    by_x = sorted(range(len(xc)), key=lambda i: xc[i])
    order = yb + tuple(yc[i] for i in by_x) + y_free
    return ((x_free, ct_x), (xb, batch)), _positions(order)


def _positions(order: Ints) -> Ints:
    return tuple(sorted(range(len(order)), key=lambda i: order[i]))


def _dot_transpose(ct: Any, x: Any, y: Any, *, dims: Dims) -> None:
    if isinstance(x, Accumulator):
        inner, order = _transpose_plan(dims, x.aval.ndim, len(shape_of(y)), True)
        x.add(transpose(dot_general(ct, y, inner), order))
    else:
        inner, order = _transpose_plan(dims, len(shape_of(x)), y.aval.ndim, False)
        y.add(transpose(dot_general(x, ct, inner), order))


def _dot_batch(size: int, args: Any, axes: Any, *, dims: Dims) -> Any:
    (x, y), (xd, yd) = args, axes
    (xc, yc), (xb, yb) = dims
    if xd is not None and yd is not None:
        x, y = move_axis(x, xd, 0), move_axis(y, yd, 0)
        grown = (_shifted(xc), _shifted(yc)), ((0, *_shifted(xb)), (0, *_shifted(yb)))
        return dot_general(x, y, grown), 0
    n = len(xb)
    if xb:  # the free axis of one side would land behind the batch axes: spread the other side
        x = spread(x, size) if xd is None else move_axis(x, xd, 0)
        y = spread(y, size) if yd is None else move_axis(y, yd, 0)
        return _dot_batch(size, (x, y), (0, 0), dims=dims)
    if yd is None:
        x = move_axis(x, xd, 0)
        return dot_general(x, y, ((_shifted(xc), yc), ((), ()))), n
    ndim = len(shape_of(x)) - len(xc)
    y = move_axis(y, yd, 0)
    return dot_general(x, y, ((xc, _shifted(yc)), ((), ()))), ndim


def _shifted(axes: Ints) -> Ints:
    return tuple(a + 1 for a in axes)


def _dot_lower(avals: Sequence[Aval], out: Aval, *, dims: Dims) -> kernel.Word:
    (xc, yc), (xb, yb) = dims
    return native_or_fallback(avals, kernel.Contract(xc, yc, xb, yb))


dot_general_p: Primitive = Primitive(
    "dot_general",
    _dot_abstract,
    _dot_impl,
    _dot_linearize,
    _dot_transpose,
    _dot_batch,
    _dot_lower,
)


def dot_general(x: Operand, y: Operand, dims: Dims) -> ArrayOrScalar:
    """Σ x·y over the contracted axes; axes of the result: batch, free of x, free of y.

    ``dims`` is ((contracted axes of x, of y), (batch axes of x, of y)).

    Raises ShapeError where paired axes differ in length, DtypeError where the dtypes differ.

    >>> x, y = np.ones((5, 2, 3)), np.ones((5, 3, 4))
    >>> ft.lax.dot_general(x, y, (((2,), (1,)), ((0,), (0,)))).shape
    (5, 2, 4)
    """
    return bind(dot_general_p, x, y, dims=dims)
