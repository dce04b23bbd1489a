"""Primitives that move elements and compute nothing, and the sum that undoes a broadcast.

Closed under transposition: broadcast_in_dim ↔ reduce_sum, reshape, transpose, rev, slice,
concatenate. All are linear, and index maps to the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of, shape_of
from functrans.core.primitive import Absent, Accumulator, Primitive, Rule
from functrans.core.trace import bind
from functrans.errors import ShapeError
from functrans.primitives.types import Ints, check_axes, native_or_fallback, same_dtype
from functrans.typing import ArrayOrScalar, DTypeLike, Operand


def batch_to_front(size: int, x: Operand, dim: int | None) -> ArrayOrScalar:
    """``x`` with its batch axis first, spread over one where it has none.

    >>> ft.extend.batch_to_front(3, np.ones(2), None).shape
    (3, 2)
    """
    return spread(x, size) if dim is None else move_axis(x, dim, 0)


def linear_layout(
    name: str,
    abstract: Rule,
    impl: Rule,
    transpose: Rule,
    batch: Rule,
    lower: Rule | Absent,
) -> Primitive:
    """A primitive that moves elements and is linear in its first operand, the only array."""

    def linearize(nonzero: Sequence[bool], x: Any, **params: Any) -> Any:
        def pushforward(t: Any) -> Any:
            return bind(primitive, t, **params)

        return bind(primitive, x, **params), pushforward

    primitive = Primitive(name, abstract, impl, linearize, transpose, batch, lower)
    return primitive


# --- broadcast_in_dim ↔ reduce_sum ---------------------------------------------------------------


def _broadcast_abstract(x: Aval, *, shape: Ints, broadcast_dimensions: Ints) -> Aval:
    if len(broadcast_dimensions) != x.ndim or any(
        n not in (1, shape[d]) for n, d in zip(x.shape, broadcast_dimensions, strict=True)
    ):
        raise ShapeError(
            f"An array of shape {x.shape} cannot be broadcast to {shape} along axes "
            f"{broadcast_dimensions}."
        )
    return Aval(shape, x.dtype)


@lru_cache(maxsize=1024)
def _broadcast_strides(shape: Ints, strides: Ints, ndim: int, dimensions: Ints) -> Ints:
    spread_strides = [0] * ndim
    for n, stride, d in zip(shape, strides, dimensions, strict=True):
        if n != 1:
            spread_strides[d] = stride
    return tuple(spread_strides)


def _broadcast_impl(x: Any, *, shape: Ints, broadcast_dimensions: Ints) -> Any:
    if not shape:
        return x
    x = np.asarray(x)
    strides = _broadcast_strides(x.shape, x.strides, len(shape), broadcast_dimensions)
    if x.flags.c_contiguous:  # an eighth of the cost of np.broadcast_to
        return np.ndarray(shape, x.dtype, x, 0, strides)
    view = np.lib.stride_tricks.as_strided(x, shape, strides)
    view.flags.writeable = False
    return view


def _broadcast_transpose(
    ct: Any, x: Accumulator, *, shape: Ints, broadcast_dimensions: Ints
) -> None:
    new = tuple(d for d in range(len(shape)) if d not in broadcast_dimensions)
    grown = tuple(
        d
        for n, d in zip(x.aval.shape, broadcast_dimensions, strict=True)
        if n == 1 and shape[d] != 1
    )
    x.add(reshape(reduce_sum(ct, (*new, *grown)), x.aval.shape))


def _broadcast_batch(
    size: int, args: Any, dims: Any, *, shape: Ints, broadcast_dimensions: Ints
) -> Any:
    x = move_axis(args[0], dims[0], 0)
    inner = (0, *(d + 1 for d in broadcast_dimensions))
    return broadcast_in_dim(x, (size, *shape), inner), 0


def _broadcast_lower(
    avals: Sequence[Aval], out: Aval, *, shape: Ints, broadcast_dimensions: Ints
) -> kernel.Word:
    index = tuple(
        kernel.Affine(0, ()) if n == 1 else kernel.Affine(0, ((d, 1),))
        for n, d in zip(avals[0].shape, broadcast_dimensions, strict=True)
    )
    return kernel.View(index)


broadcast_in_dim_p: Primitive = linear_layout(
    "broadcast_in_dim",
    _broadcast_abstract,
    _broadcast_impl,
    _broadcast_transpose,
    _broadcast_batch,
    _broadcast_lower,
)


def broadcast_in_dim(x: Operand, shape: Ints, broadcast_dimensions: Ints) -> ArrayOrScalar:
    """``x`` repeated to ``shape``; its axis i becomes axis ``broadcast_dimensions[i]``.

    >>> ft.lax.broadcast_in_dim(np.array([1, 2]), (2, 3), (0,))
    array([[1, 1, 1],
           [2, 2, 2]])
    """
    return bind(broadcast_in_dim_p, x, shape=shape, broadcast_dimensions=broadcast_dimensions)


def broadcast_to(x: Any, shape: Ints) -> Any:
    """``x`` repeated to ``shape`` by NumPy's rule: trailing axes are aligned."""
    old = shape_of(x)
    if old == shape:
        return x
    lead = len(shape) - len(old)
    return broadcast_in_dim(x, shape, tuple(range(lead, len(shape))))


def spread(x: Any, size: int) -> Any:
    """``x`` repeated along a new leading axis."""
    shape = shape_of(x)
    return broadcast_in_dim(x, (size, *shape), tuple(range(1, len(shape) + 1)))


def zeros(aval: Aval) -> Any:
    """A zero of a type, as an operation: a program writes it down as one number."""
    zero = aval.dtype.type(0)
    return full(aval.shape, zero) if aval.shape else zero


def full_like(x: Operand, value: Operand) -> ArrayOrScalar:
    """An array of the shape and dtype of ``x`` filled with one number.

    >>> ft.lax.full_like(np.array([1.0, 2.0]), 7)
    array([7., 7.])
    """
    return full(shape_of(x), dtype_of(x).type(value))


def full(shape: Ints, value: Operand) -> ArrayOrScalar:
    """An array filled with one NumPy scalar.

    >>> ft.lax.full((2,), np.float32(1.5))
    array([1.5, 1.5], dtype=float32)
    """
    return broadcast_in_dim(value, shape, ())


def _reduced(name: str, x: Aval, axes: Ints) -> Aval:
    check_axes(name, axes, x.ndim)
    return x.with_shape(tuple(n for d, n in enumerate(x.shape) if d not in axes))


def _reduce_sum_abstract(x: Aval, *, axes: Ints) -> Aval:
    return _reduced("reduce_sum", x, axes)


def _reduce_sum_impl(x: Any, *, axes: Ints) -> Any:
    x = np.asarray(x)
    return np.add.reduce(x, axis=axes, dtype=x.dtype)


def _reduce_sum_transpose(ct: Any, x: Accumulator, *, axes: Ints) -> None:
    shape = x.aval.shape
    x.add(broadcast_in_dim(ct, shape, tuple(d for d in range(len(shape)) if d not in axes)))


def batch_reduction(get: Callable[[], Primitive]) -> Rule:
    """The batch rule of reductions: the reduced axes move out of the batch axis' way."""

    def batch(size: int, args: Any, dims: Any, *, axes: Ints) -> Any:
        x, dim = args[0], dims[0]
        moved = tuple(a + (a >= dim) for a in axes)
        return bind(get(), x, axes=moved), dim - sum(a < dim for a in moved)

    return batch


def lower_reduction(op: str) -> Rule:
    """The lowering of reductions to the word Reduce."""

    def lower(avals: Sequence[Aval], out: Aval, *, axes: Ints) -> kernel.Word:
        return native_or_fallback([*avals, out], kernel.Reduce(op, axes))

    return lower


reduce_sum_p: Primitive = linear_layout(
    "reduce_sum",
    _reduce_sum_abstract,
    _reduce_sum_impl,
    _reduce_sum_transpose,
    batch_reduction(lambda: reduce_sum_p),
    lower_reduction("add"),
)


def reduce_sum(x: Operand, axes: Ints) -> ArrayOrScalar:
    """Sum over ``axes`` in the dtype of ``x``.

    >>> ft.lax.reduce_sum(np.array([[1, 2], [3, 4]]), (0,))
    array([4, 6])
    """
    return bind(reduce_sum_p, x, axes=axes) if axes else x


# --- reshape, transpose, rev ---------------------------------------------------------------------


def _reshape_abstract(x: Aval, *, shape: Ints) -> Aval:
    out = x.with_shape(shape)
    if out.size != x.size:
        raise ShapeError(f"An array of shape {x.shape} cannot be reshaped to {shape}.")
    return out


def _reshape_impl(x: Any, *, shape: Ints) -> Any:
    return np.asarray(x).reshape(shape)


def _reshape_transpose(ct: Any, x: Accumulator, *, shape: Ints) -> None:
    x.add(reshape(ct, x.aval.shape))


def _reshape_batch(size: int, args: Any, dims: Any, *, shape: Ints) -> Any:
    return reshape(move_axis(args[0], dims[0], 0), (size, *shape)), 0


def _reshape_lower(avals: Sequence[Aval], out: Aval, *, shape: Ints) -> kernel.Word:
    return kernel.Reshape()


reshape_p: Primitive = linear_layout(
    "reshape",
    _reshape_abstract,
    _reshape_impl,
    _reshape_transpose,
    _reshape_batch,
    _reshape_lower,
)


def reshape(x: Operand, shape: Ints) -> ArrayOrScalar:
    """The same elements in row-major order under another shape.

    >>> ft.lax.reshape(np.array([1, 2, 3, 4]), (2, 2))
    array([[1, 2],
           [3, 4]])
    """
    return x if shape_of(x) == shape else bind(reshape_p, x, shape=shape)


def expand_dims(x: Operand, axes: Ints) -> ArrayOrScalar:
    """``x`` with axes of length one at the given positions of the result.

    >>> ft.lax.expand_dims(np.ones(3), (0, 2)).shape
    (1, 3, 1)
    """
    shape = list(shape_of(x))
    for axis in sorted(axes):
        shape.insert(axis, 1)
    return reshape(x, tuple(shape))


def _transpose_abstract(x: Aval, *, permutation: Ints) -> Aval:
    if sorted(permutation) != list(range(x.ndim)):
        raise ShapeError(f"{permutation} is no permutation of the axes of {x.shape}.")
    return x.with_shape(tuple(x.shape[p] for p in permutation))


def _transpose_impl(x: Any, *, permutation: Ints) -> Any:
    return x.transpose(permutation)


def inverse_permutation(permutation: Ints) -> Ints:
    inverse = [0] * len(permutation)
    for i, p in enumerate(permutation):
        inverse[p] = i
    return tuple(inverse)


def _transpose_transpose(ct: Any, x: Accumulator, *, permutation: Ints) -> None:
    x.add(transpose(ct, inverse_permutation(permutation)))


def _transpose_batch(size: int, args: Any, dims: Any, *, permutation: Ints) -> Any:
    dim = dims[0]
    return transpose(args[0], (dim, *(p + (p >= dim) for p in permutation))), 0


def _transpose_lower(avals: Sequence[Aval], out: Aval, *, permutation: Ints) -> kernel.Word:
    inverse = inverse_permutation(permutation)
    return kernel.View(tuple(kernel.Affine(0, ((axis, 1),)) for axis in inverse))


transpose_p: Primitive = linear_layout(
    "transpose",
    _transpose_abstract,
    _transpose_impl,
    _transpose_transpose,
    _transpose_batch,
    _transpose_lower,
)


def transpose(x: Operand, permutation: Ints) -> ArrayOrScalar:
    """Axes in another order: axis i of the result is axis ``permutation[i]`` of ``x``.

    >>> ft.lax.transpose(np.ones((2, 3, 4)), (1, 2, 0)).shape
    (3, 4, 2)
    """
    if permutation == tuple(range(len(permutation))):
        return x
    return bind(transpose_p, x, permutation=permutation)


def move_axis(x: Operand, source: int, destination: int) -> ArrayOrScalar:
    """``x`` with one axis moved, the others in order.

    >>> ft.extend.move_axis(np.ones((2, 3, 4)), 2, 0).shape
    (4, 2, 3)
    """
    if source == destination:
        return x
    order = [d for d in range(len(shape_of(x))) if d != source]
    order.insert(destination, source)
    return transpose(x, tuple(order))


def _rev_abstract(x: Aval, *, dimensions: Ints) -> Aval:
    check_axes("rev", dimensions, x.ndim)
    return x.strengthen()


def _rev_impl(x: Any, *, dimensions: Ints) -> Any:
    return np.flip(x, dimensions)


def _rev_transpose(ct: Any, x: Accumulator, *, dimensions: Ints) -> None:
    x.add(rev(ct, dimensions))


def _rev_batch(size: int, args: Any, dims: Any, *, dimensions: Ints) -> Any:
    dim = dims[0]
    return rev(args[0], tuple(d + (d >= dim) for d in dimensions)), dim


def _rev_lower(avals: Sequence[Aval], out: Aval, *, dimensions: Ints) -> kernel.Word:
    return kernel.View(
        tuple(
            kernel.Affine(n - 1, ((d, -1),)) if d in dimensions else kernel.Affine(0, ((d, 1),))
            for d, n in enumerate(out.shape)
        )
    )


rev_p: Primitive = linear_layout(
    "rev", _rev_abstract, _rev_impl, _rev_transpose, _rev_batch, _rev_lower
)


def rev(x: Operand, dimensions: Ints) -> ArrayOrScalar:
    """``x`` read backwards along ``dimensions``.

    >>> ft.lax.rev(np.array([1, 2, 3]), (0,))
    array([3, 2, 1])
    """
    return bind(rev_p, x, dimensions=dimensions) if dimensions else x


# --- slice ↔ pad, concatenate, iota --------------------------------------------------------------


def _slice_length(start: int, limit: int, stride: int) -> int:
    return max(0, -(-(limit - start) // stride))


def _slice_abstract(x: Aval, *, start: Ints, limit: Ints, strides: Ints) -> Aval:
    if not len(start) == len(limit) == len(strides) == x.ndim or any(
        not (0 <= a <= b <= n and s > 0)
        for a, b, s, n in zip(start, limit, strides, x.shape, strict=True)
    ):
        raise ShapeError(f"slice {start}:{limit}:{strides} does not fit the shape {x.shape}.")
    return x.with_shape(tuple(map(_slice_length, start, limit, strides)))


def slices(start: Ints, limit: Ints, strides: Ints) -> tuple[slice, ...]:
    return tuple(map(slice, start, limit, strides))


def _slice_impl(x: Any, *, start: Ints, limit: Ints, strides: Ints) -> Any:
    return x[slices(start, limit, strides)]


def _slice_transpose(ct: Any, x: Accumulator, *, start: Ints, limit: Ints, strides: Ints) -> None:
    x.add_slice(ct, start, limit, strides)


def _slice_batch(
    size: int, args: Any, dims: Any, *, start: Ints, limit: Ints, strides: Ints
) -> Any:
    d = dims[0]

    def put(values: Ints, value: int) -> Ints:
        return (*values[:d], value, *values[d:])

    return slice_(args[0], put(start, 0), put(limit, size), put(strides, 1)), d


def _slice_lower(
    avals: Sequence[Aval], out: Aval, *, start: Ints, limit: Ints, strides: Ints
) -> kernel.Word:
    return kernel.View(
        tuple(
            kernel.Affine(a, ((d, s),)) for d, (a, s) in enumerate(zip(start, strides, strict=True))
        )
    )


slice_p: Primitive = linear_layout(
    "slice", _slice_abstract, _slice_impl, _slice_transpose, _slice_batch, _slice_lower
)


def slice_(x: Operand, start: Ints, limit: Ints, strides: Ints | None = None) -> ArrayOrScalar:
    """``x[start:limit:strides]`` with non-negative starts and positive strides, every axis.

    >>> ft.lax.slice(np.arange(6), (1,), (6,), (2,))
    array([1, 3, 5])
    """
    strides = (1,) * len(start) if strides is None else strides
    if limit == shape_of(x) and not any(start) and all(s == 1 for s in strides):
        return x
    return bind(slice_p, x, start=start, limit=limit, strides=strides)


def slice_axis(x: Any, axis: int, start: int, limit: int, stride: int = 1) -> Any:
    """A slice along one axis."""
    shape = shape_of(x)
    starts, limits, strides = [0] * len(shape), list(shape), [1] * len(shape)
    starts[axis], limits[axis], strides[axis] = start, limit, stride
    return slice_(x, tuple(starts), tuple(limits), tuple(strides))


def _concatenate_abstract(*xs: Aval, dimension: int) -> Aval:
    first = xs[0]
    rest = first.shape[:dimension] + first.shape[dimension + 1 :]
    for x in xs:
        if x.ndim != first.ndim or x.shape[:dimension] + x.shape[dimension + 1 :] != rest:
            raise ShapeError(
                f"Arrays of shapes {', '.join(str(a.shape) for a in xs)} cannot be joined along "
                f"axis {dimension}.",
                "All axes but the joined one must agree.",
            )
    total = sum(x.shape[dimension] for x in xs)
    shape = (*first.shape[:dimension], total, *first.shape[dimension + 1 :])
    return Aval(shape, same_dtype("concatenate", xs))


def _concatenate_impl(*xs: Any, dimension: int) -> Any:
    return np.concatenate(xs, dimension)


def _concatenate_linearize(nonzero: Sequence[bool], *xs: Any, dimension: int) -> Any:
    out = bind(concatenate_p, *xs, dimension=dimension)
    zeros = [None if nz else full_like(x, 0) for nz, x in zip(nonzero, xs, strict=True)]

    def pushforward(*tangents: Any) -> Any:
        filled = [z if t is None else t for t, z in zip(tangents, zeros, strict=True)]
        return bind(concatenate_p, *filled, dimension=dimension)

    return out, pushforward


def _concatenate_transpose(ct: Any, *xs: Any, dimension: int) -> None:
    start = 0
    for x in xs:
        linear = isinstance(x, Accumulator)
        stop = start + (x.aval.shape if linear else shape_of(x))[dimension]
        if linear:
            x.add(slice_axis(ct, dimension, start, stop))
        start = stop


def _concatenate_batch(size: int, args: Any, dims: Any, *, dimension: int) -> Any:
    moved = [batch_to_front(size, x, d) for x, d in zip(args, dims, strict=True)]
    return bind(concatenate_p, *moved, dimension=dimension + 1), 0


def _concatenate_lower(avals: Sequence[Aval], out: Aval, *, dimension: int) -> kernel.Word:
    return kernel.Concat(dimension)


concatenate_p: Primitive = Primitive(
    "concatenate",
    _concatenate_abstract,
    _concatenate_impl,
    _concatenate_linearize,
    _concatenate_transpose,
    _concatenate_batch,
    _concatenate_lower,
)


def concatenate(xs: Sequence[Any], dimension: int) -> ArrayOrScalar:
    """Arrays of one dtype joined along an existing axis.

    >>> ft.lax.concatenate([np.array([1, 2]), np.array([3])], 0)
    array([1, 2, 3])
    """
    return xs[0] if len(xs) == 1 else bind(concatenate_p, *xs, dimension=dimension)


def _iota_abstract(*, dtype: np.dtype[Any], shape: Ints, dimension: int) -> Aval:
    return Aval(shape, dtype)


def _iota_impl(*, dtype: np.dtype[Any], shape: Ints, dimension: int) -> Any:
    line = np.arange(shape[dimension], dtype=dtype)
    return np.broadcast_to(line.reshape((-1,) + (1,) * (len(shape) - dimension - 1)), shape)


def _iota_lower(
    avals: Sequence[Aval], out: Aval, *, dtype: np.dtype[Any], shape: Ints, dimension: int
) -> kernel.Word:
    return native_or_fallback([out], kernel.Iota(dimension))


iota_p: Primitive = Primitive(
    "iota",
    _iota_abstract,
    _iota_impl,
    Absent("iota has no operands"),
    Absent("iota has no operands"),
    Absent("iota has no operands"),
    _iota_lower,
)


def iota(dtype: DTypeLike, shape: Ints, dimension: int) -> ArrayOrScalar:
    """The coordinate along ``dimension`` at every element of an array of ``shape``.

    >>> ft.lax.iota(np.int64, (2, 3), 1)
    array([[0, 1, 2],
           [0, 1, 2]])
    """
    return bind(iota_p, dtype=np.dtype(dtype), shape=shape, dimension=dimension)
