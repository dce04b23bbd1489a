"""Choosing by masks, the places of true elements, and index arrays of known shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.core.trace import Tracer, current_trace, running
from functrans.errors import (
    ArgumentError,
    NonConcreteBooleanIndexError,
    OptionError,
    ShapeError,
)
from functrans.numpy import elementwise as el
from functrans.numpy.indexing import take
from functrans.numpy.promote import (
    TRACED,
    array_like,
    cast,
    common_shape,
    concrete,
    door,
    no_out,
    operand,
    result_dtype,
    shape_tuple,
    strong,
    to_shape,
)
from functrans.numpy.shaping import ravel
from functrans.primitives import layout, linear
from functrans.primitives import reductions as red
from functrans.primitives.indexing import gather, scatter
from functrans.typing import Array, ArrayLike, ArrayOrScalar, Arrays, Shape

# --- choosing by masks ---------------------------------------------------------------------------


def where(
    condition: ArrayLike,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    /,
    *,
    size: int | None = None,
    fill_value: ArrayLike | None = None,
) -> Any:
    """``x`` where the condition holds, else ``y``; the derivative of the other does not leak.

    With the condition alone: its indices, as :func:`nonzero` gives them.

    >>> ft.vmap(ft.grad(lambda x: fnp.where(x > 0.0, x * x, 0.0)))(np.array([3.0, -1.0]))
    array([ 6., -0.])
    >>> ft.jit(lambda x: fnp.where(x > 1, size=3, fill_value=-1))(np.array([5, 0, 7]))
    (array([ 0,  2, -1]),)
    """
    if x is None and y is None:
        return nonzero(condition, size=size, fill_value=fill_value)
    if x is None or y is None:
        raise ArgumentError("where takes either both or neither of x and y.")
    return _either(condition, x, y)


def _numpy_where(condition: Any, x: Any, y: Any) -> Any:
    return np.where(condition, x, y)


@door(_numpy_where)
def _either(condition: Any, x: Any, y: Any) -> Any:
    return strong(el.select(condition, x, y))


@door(np.select)
def select(
    condlist: Sequence[ArrayLike], choicelist: Sequence[ArrayLike], default: ArrayLike = 0
) -> Array:
    """The first choice whose condition holds, elsewhere the default.

    >>> x = np.array([1, 5, 9])
    >>> fnp.select([x < 3, x < 7], [x, 10 * x], -1)
    array([ 1, 50, -1])
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ArgumentError("select needs as many conditions as choices, and at least one.")
    result = default
    for condition, choice in list(zip(condlist, choicelist, strict=True))[::-1]:
        result = el.select(condition, choice, result)
    dtype = result_dtype(*map(operand, choicelist), operand(default))
    return cast(result, dtype)


@door(np.choose)
def choose(
    a: ArrayLike, choices: Arrays, out: Array | None = None, mode: str = "raise"
) -> ArrayOrScalar:
    """``choices[a]`` elementwise; ``a`` must be in range, or ``mode`` clip or wrap.

    >>> fnp.choose(np.array([0, 1, 0]), [np.array([1, 2, 3]), 10])
    array([ 1, 10,  3])
    """
    no_out("choose", out)
    index = array_like(a)
    items = [operand(c) for c in choices]
    dtype = result_dtype(*items)
    if mode == "wrap":
        index = el.mod(index, len(items))
    elif mode == "clip":
        index = el.clip(index, 0, len(items) - 1)
    shape = common_shape(shape_of(index), *map(shape_of, items))
    cases = layout.concatenate(
        [layout.expand_dims(to_shape(cast(c, dtype), shape), (0,)) for c in items], 0
    )
    picked = red.take_along_axis(cases, layout.expand_dims(to_shape(index, shape), (0,)), 0)
    return layout.reshape(picked, shape)


@door(np.piecewise)
def piecewise(
    x: ArrayLike, condlist: Sequence[ArrayLike], funclist: Sequence[Any], *args: Any, **kw: Any
) -> ArrayOrScalar:
    """Functions (or numbers) chosen by conditions; every function is evaluated everywhere.

    >>> x = np.array([-1.0, 2.0])
    >>> fnp.piecewise(x, [x < 0, x >= 0], [lambda v: -v, lambda v: v * v])
    array([1., 4.])
    """
    x = array_like(x)
    conditions = condlist if isinstance(condlist, list | tuple) else [condlist]
    functions = list(funclist)
    default: Any = functions.pop() if len(functions) == len(conditions) + 1 else 0
    if len(functions) != len(conditions):
        raise ArgumentError("piecewise needs one function for each condition, or one more.")

    def value(f: Any) -> Any:
        return f(x, *args, **kw) if callable(f) else f

    result = cast(to_shape(array_like(value(default)), shape_of(x)), dtype_of(x))
    for condition, f in zip(conditions, functions, strict=True):
        result = cast(el.select(condition, value(f), result), dtype_of(x))
    return result


@door(np.compress)
def compress(
    condition: ArrayLike, a: ArrayLike, axis: int | None = None, out: Array | None = None
) -> Array:
    """The sub-arrays along an axis where a known condition holds.

    Under jit and vmap the condition must be a plain array: it decides the shape.

    >>> fnp.compress([True, False, True], np.array([1, 2, 3]))
    array([1, 3])
    """
    no_out("compress", out)
    mask = counted("compress", array_like(condition))
    return take(a, np.flatnonzero(mask), axis)


@door(np.extract)
def extract(condition: ArrayLike, arr: ArrayLike) -> Array:
    """The elements where a known condition holds.

    Under jit and vmap the condition must be a plain array: it decides the shape.

    >>> fnp.extract(np.array([True, False, True]), np.array([1, 2, 3]))
    array([1, 3])
    """
    mask = counted("extract", array_like(condition))
    return take(ravel(arr), np.flatnonzero(mask), 0)


# --- places of true elements ---------------------------------------------------------------------


def counted(name: str, mask: Any) -> Any:
    """The values of what decides the shape of a result."""
    value = concrete(mask)
    if value is None:
        raise NonConcreteBooleanIndexError(
            f"{name} needs to know how many elements are not zero: they decide the result's shape.",
            "Give the number to fnp.nonzero, flatnonzero, argwhere or unique, as size=n; or keep "
            "all elements with fnp.where(mask, x, 0).",
        )
    return value


def nonzero_traced(a: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The indices of the elements that are not zero, one array for each axis."""
    x = array_like(a)
    shape = shape_of(x)
    if size is None:
        return counted("nonzero", x).nonzero()
    if not shape:
        raise ShapeError("nonzero needs at least one axis.", "Use fnp.atleast_1d.")
    mask = ravel(el.truth(x))
    total = math.prod(shape)
    # A stable sort of the negated mask puts the places of true elements first, in order.
    order = red.argsort(el.logical_not(mask), 0)
    if total < size:
        order = linear.pad(order, np.int64(0), ((0, size - total, 0),))
    flat = layout.slice_axis(order, 0, 0, size)
    count = layout.reduce_sum(cast(mask, np.dtype(np.int64)), (0,))
    real = el.less(np.arange(size), count)
    fill_value = 0 if fill_value is None else fill_value
    fills = fill_value if isinstance(fill_value, tuple) else (fill_value,) * len(shape)
    result = []
    for d, n in enumerate(shape):
        inner = math.prod(shape[d + 1 :])
        place = el.remainder(el.floor_divide(flat, max(inner, 1)), max(n, 1))
        result.append(cast(el.select(real, place, fills[d]), np.dtype(np.int64)))
    return tuple(result)


def nonzero(
    a: ArrayLike, *, size: int | None = None, fill_value: ArrayLike | None = None
) -> tuple[Array, ...]:
    """The indices of the elements that are not zero, one array for each axis.

    ``size`` fixes their number, which jit and vmap need: the first ``size`` places, then
    ``fill_value`` (0 when not given).

    >>> ft.jit(lambda x: fnp.nonzero(x, size=2))(np.array([0, 7, 0, 9]))
    (array([1, 3]),)
    """
    if size is None and current_trace() is None and not isinstance(a, Tracer):
        return np.nonzero(np.asarray(a))
    return nonzero_traced(a, size=size, fill_value=fill_value)


def flatnonzero(
    a: ArrayLike, *, size: int | None = None, fill_value: ArrayLike | None = None
) -> Array:
    """The indices of the elements that are not zero in the flattened array.

    ``size`` and ``fill_value`` as in :func:`nonzero`.

    >>> fnp.flatnonzero(np.array([[0, 7], [9, 0]]))
    array([1, 2])
    """
    if size is None:
        return np.flatnonzero(counted("flatnonzero", array_like(a)))
    return nonzero_traced(ravel(a), size=size, fill_value=fill_value)[0]


def argwhere(
    a: ArrayLike, *, size: int | None = None, fill_value: ArrayLike | None = None
) -> Array:
    """The indices of the elements that are not zero, one row for each.

    ``size`` and ``fill_value`` as in :func:`nonzero`.

    >>> fnp.argwhere(np.array([[0, 7], [9, 0]]))
    array([[0, 1],
           [1, 0]])
    """
    if size is None and current_trace() is None and not isinstance(a, Tracer):
        return np.argwhere(np.asarray(a))
    columns = nonzero_traced(a, size=size, fill_value=fill_value)
    if isinstance(columns[0], Tracer):
        return layout.concatenate([layout.expand_dims(c, (1,)) for c in columns], 1)
    return np.stack(columns, 1)


def first_where(x: Any, mask: Any, size: int, fill_value: Any) -> Any:
    """The first ``size`` elements where the mask holds, then the fill value, else the first one."""
    if not shape_of(x)[0]:
        return layout.full((size,), dtype_of(x).type(0 if fill_value is None else fill_value))
    places = nonzero_traced(mask, size=size)[0]
    count = layout.reduce_sum(cast(mask, np.dtype(np.int64)), (0,))
    real = el.less(np.arange(size), count)
    if fill_value is None:
        first = layout.slice_axis(places, 0, 0, min(size, 1))
        return gather(x, (el.select(real, places, first),), (0,))
    return el.select(real, gather(x, (places,), (0,)), dtype_of(x).type(fill_value))


@overload
def unique(
    ar: ArrayLike,
    return_index: Literal[False] = False,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    size: int | None = None,
    fill_value: ArrayLike | None = None,
) -> Array: ...
@overload
def unique(
    ar: ArrayLike,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    size: int | None = None,
    fill_value: ArrayLike | None = None,
) -> Any: ...
def unique(
    ar: ArrayLike,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    size: int | None = None,
    fill_value: ArrayLike | None = None,
) -> Any:
    """The sorted distinct elements; derivatives follow the first occurrence.

    ``size`` fixes their number, which jit and vmap need; then only the flattened array is
    supported, and missing elements are ``fill_value`` (the smallest element when not given).

    >>> fnp.unique(np.array([3, 1, 3]))
    array([1, 3])
    >>> ft.jit(lambda x: fnp.unique(x, size=3, fill_value=0))(np.array([3, 1, 3]))
    array([1, 3, 0])
    """
    if size is None and current_trace() is None and not isinstance(ar, Tracer):
        return np.unique(  # type: ignore[call-overload]
            ar, return_index, return_inverse, return_counts, axis, equal_nan=equal_nan
        )
    if size is None:
        value = counted("unique", array_like(ar))
        results: Any = np.unique(  # type: ignore[call-overload]
            value, True, return_inverse, return_counts, axis, equal_nan=equal_nan
        )
        first = results[1]
        values = take(ravel(ar) if axis is None else ar, first, 0 if axis is None else axis)
        chosen = [values, *([first] if return_index else []), *results[2:]]
        return chosen[0] if len(chosen) == 1 else tuple(chosen)
    if axis is not None:
        raise OptionError("unique with size= works on the flattened array.", "Leave out axis.")
    flags = return_index, return_inverse, return_counts
    return _unique_sized(array_like(ar), *flags, equal_nan, size, fill_value)


def _unique_sized(
    array: Any, index: bool, inverse: bool, counts: bool, equal_nan: bool, size: int,
    fill_value: Any,
) -> Any:  # fmt: skip
    x = ravel(array)
    n = shape_of(x)[0]
    order = red.argsort(x, 0)
    ordered = red.take_along_axis(x, order, 0)
    later = layout.slice_axis(ordered, 0, min(n, 1), n)
    before = layout.slice_axis(ordered, 0, 0, max(n - 1, 0))
    changed = el.not_equal(later, before)
    if equal_nan and dtype_of(x).kind in "fc":  # NaN sorts last
        changed = el.logical_and(changed, el.logical_not(el.isnan(before)))
    fresh = layout.concatenate([np.ones(min(n, 1), bool), changed], 0)
    starts = nonzero_traced(fresh, size=size, fill_value=0)[0]
    results = [first_where(ordered, fresh, size, fill_value)]
    if index:
        results.append(gather(order, (starts,), (0,)))
    group = el.subtract(red.cumulative("add", cast(fresh, np.dtype(np.int64)), 0), 1)
    zeros = layout.broadcast_in_dim(np.int64(0), (n,), ())
    if inverse:
        places = scatter(zeros, group, (order,), (0,), "set")
        results.append(layout.reshape(places, shape_of(array)))
    if counts:
        slots = layout.broadcast_in_dim(np.int64(0), (size,), ())
        results.append(scatter(slots, el.add(zeros, 1), (group,), (0,), "add", "drop"))
    return results[0] if len(results) == 1 else tuple(results)


# --- indices of known shapes ---------------------------------------------------------------------


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Array, ...]:
    """Rows and columns of the elements at and below a diagonal.

    >>> fnp.tril_indices(2)
    (array([0, 1, 1]), array([0, 0, 1]))
    """
    return np.tril_indices(n, k, m)


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Array, ...]:
    """Rows and columns of the elements at and above a diagonal.

    >>> fnp.triu_indices(2)
    (array([0, 0, 1]), array([0, 1, 1]))
    """
    return np.triu_indices(n, k, m)


def diag_indices(n: int, ndim: int = 2) -> tuple[Array, ...]:
    """The indices of the main diagonal.

    >>> fnp.diag_indices(2)
    (array([0, 1]), array([0, 1]))
    """
    return np.diag_indices(n, ndim)


@door(np.diag_indices_from)
def diag_indices_from(arr: ArrayLike) -> tuple[Array, ...]:
    """:func:`diag_indices` for the shape of an array whose axes have one length.

    >>> x = np.array([[1, 2], [3, 4]])
    >>> x[fnp.diag_indices_from(x)]
    array([1, 4])
    """
    shape = shape_of(operand(arr))
    if len(shape) < 2 or len(set(shape)) > 1:
        raise ShapeError(
            f"diag_indices_from got an array of shape {shape}.",
            "Give two or more axes of one length.",
        )
    return np.diag_indices(shape[0], len(shape))


def mask_indices(n: int, mask_func: Callable[..., Any], k: int = 0) -> tuple[Array, ...]:
    """Where ``mask_func(ones, k)`` of an n×n matrix is not 0: triu and tril are such functions.

    >>> np.arange(4).reshape(2, 2)[fnp.mask_indices(2, fnp.triu)]
    array([0, 1, 3])
    """
    with running(None):  # of constants alone, so that the places are known under jit too
        return np.mask_indices(n, mask_func, k)


@door(np.tril_indices_from)
def tril_indices_from(arr: ArrayLike, k: int = 0) -> tuple[Array, ...]:
    """:func:`tril_indices` for the shape of a matrix.

    >>> x = np.array([[1, 2], [3, 4]])
    >>> x[fnp.tril_indices_from(x)]
    array([1, 3, 4])
    """
    rows, columns = shape_of(operand(arr))
    return np.tril_indices(rows, k, columns)


@door(np.triu_indices_from)
def triu_indices_from(arr: ArrayLike, k: int = 0) -> tuple[Array, ...]:
    """:func:`triu_indices` for the shape of a matrix.

    >>> x = np.array([[1, 2], [3, 4]])
    >>> x[fnp.triu_indices_from(x)]
    array([1, 2, 4])
    """
    rows, columns = shape_of(operand(arr))
    return np.triu_indices(rows, k, columns)


@door(np.ix_)
def ix_(*args: Any) -> tuple[Array, ...]:
    """Vectors of indices shaped so that together they index a grid.

    >>> np.arange(9).reshape(3, 3)[fnp.ix_([0, 2], [1, 2])]
    array([[1, 2],
           [7, 8]])
    """
    result = []
    for place, a in enumerate(args):
        x = array_like(a)
        x = counted("nonzero", x).nonzero()[0] if dtype_of(x).kind == "b" else x
        shape = tuple(shape_of(x)[0] if d == place else 1 for d in range(len(args)))
        result.append(layout.reshape(x, shape))
    return tuple(result)


@door(np.unravel_index)
def unravel_index(indices: ArrayLike, shape: Shape, order: str = "C") -> tuple[Array, ...]:
    """Coordinates from indices into the flattened array; out of range they wrap.

    NumPy raises where these wrap.

    >>> fnp.unravel_index(np.array([1, 5]), (2, 3))
    (array([0, 1]), array([1, 2]))
    """
    flat = array_like(indices)
    dims = shape_tuple(shape)
    places = []
    for n in dims[::-1] if order == "C" else dims:
        places.append(el.remainder(flat, n))
        flat = el.floor_divide(flat, n)
    return tuple(places[::-1] if order == "C" else places)


@door(np.ravel_multi_index)
def ravel_multi_index(
    multi_index: Arrays, dims: Shape, mode: str = "raise", order: str = "C"
) -> ArrayOrScalar:
    """Indices into the flattened array from coordinates, which are not checked.

    >>> fnp.ravel_multi_index((np.array([0, 1]), np.array([1, 2])), (2, 3))
    array([1, 5])
    """
    lengths = shape_tuple(dims)
    pairs = list(zip(multi_index, lengths, strict=True))
    flat: Any = 0
    for i, n in pairs if order == "C" else pairs[::-1]:
        if mode == "clip":
            i = el.clip(i, 0, n - 1)
        elif mode == "wrap":
            i = el.remainder(i, n)
        flat = el.add(el.multiply(flat, n), i)
    return flat


@door(np.isin)
def isin(
    element: ArrayLike, test_elements: ArrayLike, assume_unique: bool = False, invert: bool = False,
    *, kind: str | None = None,
) -> ArrayOrScalar:  # fmt: skip
    """True where an element is one of ``test_elements``, by comparing with each.

    >>> fnp.isin(np.array([1, 2, 3]), [1, 3])
    array([ True, False,  True])
    """
    x, tests = array_like(element), ravel(test_elements)
    same = el.equal(layout.expand_dims(x, (len(shape_of(x)),)), tests)
    found = red.reduce_or(same, (len(shape_of(x)),))
    return el.logical_not(found) if invert else found


TRACED |= {
    np.where: where,
    np.nonzero: nonzero_traced,
    np.flatnonzero: flatnonzero,
    np.argwhere: argwhere,
    np.unique: unique,
}
