"""Making arrays: from numbers, shapes and nested lists."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, overload

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.core.trace import Tracer, bind, current_trace
from functrans.errors import ArgumentError, OptionError
from functrans.numpy import elementwise as el
from functrans.numpy import powers
from functrans.numpy.indexing import at, diagonal, getitem
from functrans.numpy.joining import stack
from functrans.numpy.promote import (
    TRACED,
    array_like,
    cast,
    concrete,
    door,
    float_dtype,
    has_tracer,
    operand,
    result_dtype,
    shape_tuple,
    to_shape,
)
from functrans.numpy.shaping import moveaxis, ravel, reshape
from functrans.primitives import layout, linear
from functrans.primitives.elementwise import with_example
from functrans.transforms.stage import is_staging
from functrans.typing import Array, ArrayLike, ArrayOrScalar, DTypeLike, Shape

# --- from values ---------------------------------------------------------------------------------

Order: TypeAlias = Literal["K", "A", "C", "F"]


class TableArray(np.ndarray[Any, Any]):
    """A plain array that a traced index can read, under transforms that leave constants alone.

    What is computed from it is a plain array again.
    """

    def __getitem__(self, index: Any) -> Any:
        if has_tracer((index,), {}):
            return getitem(self.view(np.ndarray), index)
        return self.view(np.ndarray)[index]

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        plain = array.view(np.ndarray)
        return plain[()] if return_scalar else plain

    @property
    def at(self) -> Any:
        """Indexed updates, as traced values have them."""
        return at(self.view(np.ndarray))


def lifted(x: Any) -> Any:
    """``x`` such that traced values can index it: part of the program, or a readable table."""
    trace = current_trace()
    if trace is None or isinstance(x, Tracer):
        return x
    if is_staging(trace):
        return bind(linear.convert_p, x, dtype=dtype_of(x))
    return x.view(TableArray) if isinstance(x, np.ndarray) and x.ndim else x


def asarray(
    a: Any,
    dtype: DTypeLike | None = None,
    order: Order | None = None,
    *,
    copy: bool | None = None,
    **options: Any,
) -> Array:
    """An array from an array, a number, or nested lists, which may hold traced values.

    Inside a transform the result can be indexed by traced integers.

    >>> table = np.array([10.0, 20.0, 30.0])
    >>> ft.jit(lambda i: fnp.asarray(table)[i])(2)
    np.float64(30.0)
    """
    if current_trace() is None and not has_tracer((a,), {}):
        return np.asarray(a, dtype, order, copy=copy, **options)
    x = array_like(a)
    x = cast(x, np.dtype(dtype)) if dtype is not None else x
    return lifted(x.copy() if copy and isinstance(x, np.ndarray) else x)


def array(
    object: Any, dtype: DTypeLike | None = None, *, copy: bool | None = True, order: Order = "K",
    subok: bool = False, ndmin: int = 0,
) -> Array:  # fmt: skip
    """A new array from an array, a number, or nested lists, which may hold traced values.

    >>> ft.jacobian(lambda x: fnp.array([x, x * x]))(3.0)
    array([1., 6.])
    """
    if current_trace() is None and not has_tracer((object,), {}):
        return np.array(object, dtype, copy=copy, order=order, subok=subok, ndmin=ndmin)
    x = asarray(object, dtype, copy=copy)
    rank = len(shape_of(x))
    return reshape(x, (1,) * (ndmin - rank) + shape_of(x)) if rank < ndmin else x


asanyarray = ascontiguousarray = asarray


@door(np.copy)
def copy(a: Any, order: str = "K", subok: bool = False) -> Array:
    """A copy; of traced values, which never change, the value itself.

    >>> fnp.copy(np.array([1, 2]))
    array([1, 2])
    """
    x = array_like(a)
    return x.copy() if isinstance(x, np.ndarray) else x


@door(np.astype)
def astype(x: ArrayLike, dtype: DTypeLike, /, *, copy: bool = True, device: Any = None) -> Array:
    """``x`` in another dtype; complex to real keeps the real part.

    >>> fnp.astype(np.array([1.5, 2.5]), int)
    array([1, 2])
    """
    return cast(array_like(x), np.dtype(dtype))


# --- from shapes ---------------------------------------------------------------------------------


def _filled(shape: Any, value: Any, dtype: Any) -> Any:
    """A staged constant under jit, else a plain array that the caller owns."""
    value = operand(value)
    dtype = dtype_of(array_like(value)) if dtype is None else np.dtype(dtype)
    dims = shape_tuple(shape)
    if isinstance(value, Tracer) or shape_of(value) != () or is_staging(current_trace()):
        return to_shape(cast(value, dtype), dims)
    return np.full(dims, value, dtype)


def zeros(shape: Shape, dtype: DTypeLike | None = float, order: str = "C") -> Array:
    """An array of zeros.

    >>> fnp.zeros((2, 2))
    array([[0., 0.],
           [0., 0.]])
    """
    return _filled(shape, 0, float if dtype is None else dtype)


def ones(shape: Shape, dtype: DTypeLike | None = None, order: str = "C") -> Array:
    """An array of ones.

    >>> fnp.ones(2, np.float32)
    array([1., 1.], dtype=float32)
    """
    return _filled(shape, 1, float if dtype is None else dtype)


def empty(shape: Shape, dtype: DTypeLike | None = float, order: str = "C") -> Array:
    """An array of zeros: uninitialised memory has no meaning in a program.

    >>> fnp.empty(2)
    array([0., 0.])
    """
    return _filled(shape, 0, float if dtype is None else dtype)


def full(
    shape: Shape, fill_value: ArrayLike, dtype: DTypeLike | None = None, order: str = "C"
) -> Array:
    """An array filled with a value, which may be traced.

    >>> ft.grad(lambda v: fnp.sum(fnp.full(3, v)))(2.0)
    np.float64(3.0)
    """
    return _filled(shape, fill_value, dtype)


def _like(a: Any, value: Any, dtype: Any, shape: Any) -> Any:
    a = array_like(a)
    dims = shape_of(a) if shape is None else shape_tuple(shape)
    return _filled(dims, value, dtype_of(a) if dtype is None else dtype)


@door(np.zeros_like)
def zeros_like(
    a: ArrayLike,
    dtype: DTypeLike | None = None,
    order: str = "K",
    subok: bool = True,
    shape: Shape | None = None,
) -> Array:
    """An array of zeros with the shape and dtype of another.

    >>> fnp.zeros_like(np.array([1, 2]))
    array([0, 0])
    """
    return _like(a, 0, dtype, shape)


@door(np.ones_like)
def ones_like(
    a: ArrayLike,
    dtype: DTypeLike | None = None,
    order: str = "K",
    subok: bool = True,
    shape: Shape | None = None,
) -> Array:
    """An array of ones with the shape and dtype of another.

    >>> fnp.ones_like(np.array([1.5, 2.5]))
    array([1., 1.])
    """
    return _like(a, 1, dtype, shape)


@door(np.empty_like)
def empty_like(
    prototype: ArrayLike,
    dtype: DTypeLike | None = None,
    order: str = "K",
    subok: bool = True,
    shape: Shape | None = None,
) -> Array:
    """An array of zeros with the shape and dtype of another.

    >>> fnp.shape(fnp.empty_like(np.ones((2, 3))))
    (2, 3)
    """
    return _like(prototype, 0, dtype, shape)


@door(np.full_like)
def full_like(
    a: ArrayLike,
    fill_value: ArrayLike,
    dtype: DTypeLike | None = None,
    order: str = "K",
    subok: bool = True,
    shape: Shape | None = None,
) -> Array:
    """An array with the shape and dtype of another, filled with a value.

    >>> fnp.full_like(np.array([1, 2]), 7)
    array([7, 7])
    """
    return _like(a, fill_value, dtype, shape)


# --- ranges and grids ----------------------------------------------------------------------------


def _constant(value: Any) -> Any:
    """A NumPy array as the program's constant: indexable by traced values."""
    return lifted(value)


def arange(
    start: ArrayLike,
    stop: ArrayLike | None = None,
    step: ArrayLike | None = None,
    dtype: DTypeLike | None = None,
) -> Array:
    """Evenly spaced numbers below ``stop``; the bounds must be known.

    Under jit a range of whole numbers from 0 is computed, not stored.

    >>> ft.jit(lambda x: x * fnp.arange(3))(2.0)
    array([0., 2., 4.])
    """
    known: list[Any] = [None if b is None else concrete(b) for b in (start, stop, step)]
    if any(k is None and b is not None for k, b in zip(known, (start, stop, step), strict=True)):
        raise ArgumentError(
            "arange needs known bounds: they decide the length of the result.",
            "Use a Python number, for example a static argument or x.shape[0].",
        )
    first, last, stride = known[0], known[1], known[2]
    if last is None:
        first, last = 0, first
    by: Any = 1 if stride is None else stride
    line: Any = np.arange(first, last, by, dtype=dtype)
    if not is_staging(current_trace()):
        return _constant(line)
    whole = line.dtype.kind in "iu" and line.size and line[0] == 0 and stride in (None, 1)
    return layout.iota(line.dtype, line.shape, 0) if whole else _constant(line)


@overload
def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: Literal[False] = False,
    dtype: DTypeLike | None = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Array: ...
@overload
def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    *,
    retstep: Literal[True],
    dtype: DTypeLike | None = None,
    axis: int = 0,
    device: Any = None,
) -> tuple[Array, ArrayOrScalar]: ...
@overload
def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DTypeLike | None = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any: ...
@door(np.linspace)
def linspace(
    start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: DTypeLike | None = None, axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    """``num`` evenly spaced numbers; the bounds may be traced arrays.

    >>> ft.jacobian(lambda stop: fnp.linspace(0.0, stop, 3))(1.0)
    array([0. , 0.5, 1. ])
    """
    num = operator.index(num)
    if num < 0:
        raise OptionError(f"The number of samples, {num}, must not be negative.")
    start, stop = array_like(start), array_like(stop)
    work = result_dtype(start, stop, 1.0)
    start, stop = el.add(cast(start, work), work.type(0)), cast(stop, work)
    intervals = num - 1 if endpoint else num
    span = el.subtract(stop, start)
    step = el.divide(span, intervals) if intervals > 0 else el.multiply(span, np.nan)
    rank = len(shape_of(span))
    places = np.arange(num, dtype=work.type(0).real.dtype).reshape((-1,) + (1,) * rank)
    fraction = places / intervals if intervals > 0 else places
    result = el.add(el.multiply(fraction.astype(work), span), start)
    if endpoint and num > 1:
        last = to_shape(stop, shape_of(span))
        body = layout.slice_axis(result, 0, 0, num - 1)
        result = layout.concatenate([body, layout.expand_dims(last, (0,))], 0)
    out = np.dtype(work if dtype is None else dtype)
    if out.kind in "iu":
        result = el.floor(result)
    result = moveaxis(cast(result, out), 0, axis)
    return (result, step) if retstep else result


@door(np.logspace)
def logspace(
    start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, base: ArrayLike = 10.0,
    dtype: DTypeLike | None = None, axis: int = 0,
) -> Array:  # fmt: skip
    """``num`` numbers evenly spaced on a logarithmic scale.

    >>> fnp.logspace(0, 2, 3)
    array([  1.,  10., 100.])
    """
    y = powers.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return y if dtype is None else cast(y, np.dtype(dtype))


@door(np.geomspace)
def geomspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Array:
    """``num`` numbers in geometric progression; real bounds have one sign.

    >>> fnp.geomspace(1.0, 8.0, 4)
    array([1., 2., 4., 8.])
    """
    start, stop = array_like(start), array_like(stop)
    sign = el.sign(cast(start, float_dtype(start)))
    low, high = el.log10(el.divide(start, sign)), el.log10(el.divide(stop, sign))
    y = el.multiply(sign, logspace(low, high, num, endpoint, axis=0))
    y = moveaxis(y, 0, axis)
    return y if dtype is None else cast(y, np.dtype(dtype))


@door(np.meshgrid)
def meshgrid(
    *xi: ArrayLike, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Array, ...]:
    """Coordinate arrays of a grid; ``indexing="xy"`` exchanges the first two axes.

    >>> fnp.meshgrid(np.array([1, 2, 3]), np.array([10, 20]))[0]
    array([[1, 2, 3],
           [1, 2, 3]])
    """
    if indexing not in ("xy", "ij"):
        raise OptionError(f"indexing={indexing!r} is not known.", 'Use "xy" or "ij".')
    arrays = [ravel(a) for a in xi]
    rank = len(arrays)
    places = list(range(rank))
    if indexing == "xy" and rank > 1:
        places[0], places[1] = 1, 0
    lengths = [0] * rank
    for a, d in zip(arrays, places, strict=True):
        lengths[d] = shape_of(a)[0]
    if sparse:
        dims = [tuple(n if e == d else 1 for e, n in enumerate(lengths)) for d in places]
        return tuple(layout.reshape(a, s) for a, s in zip(arrays, dims, strict=True))
    grid = tuple(lengths)
    return tuple(
        layout.broadcast_in_dim(a, grid, (d,)) for a, d in zip(arrays, places, strict=True)
    )


def indices(dimensions: Sequence[int], dtype: DTypeLike | None = int, sparse: bool = False) -> Any:
    """The coordinates along each axis of a grid.

    >>> fnp.indices((2, 2))[0]
    array([[0, 0],
           [1, 1]])
    """
    grid = np.indices(shape_tuple(dimensions), dtype, sparse)  # type: ignore[call-overload]
    return tuple(map(_constant, grid)) if sparse else _constant(grid)


def fromfunction(
    function: Callable[..., Any],
    shape: Sequence[int],
    *,
    dtype: DTypeLike | None = float,
    **kwargs: Any,
) -> Any:
    """``function`` called with the coordinates along each axis of an array of ``shape``.

    >>> fnp.fromfunction(lambda i, j: 10 * i + j, (2, 2))
    array([[ 0.,  1.],
           [10., 11.]])
    """
    return function(*indices(shape, dtype), **kwargs)


def _window(name: str, example: str) -> Callable[[int], Array]:
    numpy_function: Callable[[int], Array] = getattr(np, name)

    def window(M: int) -> Array:
        return _constant(numpy_function(M))

    window.__name__ = window.__qualname__ = name
    window.__doc__ = with_example(
        f"The {name} window of M points.\n\n    As ``numpy.{name}``.", example
    )
    return window


bartlett = _window("bartlett", "fnp.bartlett(3) → array([0., 1., 0.])")
blackman = _window("blackman", "fnp.blackman(5)[1:4] → array([0.34, 1.  , 0.34])")
hamming = _window("hamming", "fnp.hamming(3) → array([0.08, 1.  , 0.08])")
hanning = _window("hanning", "fnp.hanning(3) → array([0., 1., 0.])")


# --- matrices ------------------------------------------------------------------------------------


def eye(
    N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = float, order: str = "C"
) -> Array:
    """Ones on a diagonal, zeros elsewhere.

    >>> fnp.eye(2)
    array([[1., 0.],
           [0., 1.]])
    """
    return _constant(np.eye(N, M, k, float if dtype is None else dtype))


def identity(n: int, dtype: DTypeLike | None = None) -> Array:
    """The identity matrix.

    >>> fnp.identity(2)
    array([[1., 0.],
           [0., 1.]])
    """
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = float) -> Array:
    """Ones at and below a diagonal, zeros above.

    >>> fnp.tri(3)
    array([[1., 0., 0.],
           [1., 1., 0.],
           [1., 1., 1.]])
    """
    return _constant(np.tri(N, M, k, float if dtype is None else dtype))


def _triangle(m: Any, k: int, lower: bool) -> Any:
    x = array_like(m)
    dims = shape_of(x)
    dims = dims if len(dims) > 1 else dims * 2
    mask = np.tri(dims[-2], dims[-1], k if lower else k - 1, dtype=bool)
    zero = dtype_of(x).type(0)
    return el.select(mask, x, zero) if lower else el.select(mask, zero, x)


@door(np.tril)
def tril(m: ArrayLike, k: int = 0) -> Array:
    """The elements at and below a diagonal, zeros above.

    >>> fnp.tril(np.array([[1, 2], [3, 4]]))
    array([[1, 0],
           [3, 4]])
    """
    return _triangle(m, k, True)


@door(np.triu)
def triu(m: ArrayLike, k: int = 0) -> Array:
    """The elements at and above a diagonal, zeros below.

    >>> fnp.triu(np.array([[1, 2], [3, 4]]))
    array([[1, 2],
           [0, 4]])
    """
    return _triangle(m, k, False)


@door(np.diag)
def diag(v: ArrayLike, k: int = 0) -> Array:
    """A matrix with the vector on a diagonal, or the diagonal of a matrix.

    >>> fnp.diag(np.array([1, 2]))
    array([[1, 0],
           [0, 2]])
    """
    v = array_like(v)
    if len(shape_of(v)) == 2:
        return diagonal(v, k)
    if len(shape_of(v)) != 1:
        raise ArgumentError("diag takes a vector or a matrix.", "Use diagonal for more axes.")
    return _on_diagonal(v, k)


def _on_diagonal(v: Any, k: int) -> Any:
    # Padding between the elements with n zeros puts them on the diagonal of the reshaped line.
    (n,) = shape_of(v)
    width = n + (k if k > 0 else -k)
    if n == 0:
        return layout.full((width, width), dtype_of(v).type(0))
    first = k if k > 0 else -k * width
    total = width * width
    line = linear.pad(
        v, dtype_of(v).type(0), ((first, total - first - (n - 1) * (width + 1) - 1, width),)
    )
    return layout.reshape(line, (width, width))


@door(np.diagflat)
def diagflat(v: ArrayLike, k: int = 0) -> Array:
    """A matrix with all elements of ``v`` on a diagonal.

    >>> fnp.diagflat(np.array([[1, 2]]), 1)
    array([[0, 1, 0],
           [0, 0, 2],
           [0, 0, 0]])
    """
    return _on_diagonal(ravel(v), k)


@door(np.vander)
def vander(x: ArrayLike, N: int | None = None, increasing: bool = False) -> Array:
    """The matrix of powers of each element of a vector.

    >>> fnp.vander(np.array([1, 2, 3]), 3)
    array([[1, 1, 1],
           [4, 2, 1],
           [9, 3, 1]])
    """
    x = array_like(x)
    n = shape_of(x)[0] if N is None else N
    dtype = result_dtype(x, 0)
    x = cast(x, dtype)
    columns = [powers.power(x, i) for i in range(n)]
    if not columns:
        return layout.full((shape_of(x)[0], 0), dtype.type(0))
    return stack(columns if increasing else columns[::-1], 1)


for _numpy_function, _traced in (
    (np.asarray, asarray), (np.array, array), (np.zeros, zeros), (np.ones, ones),
    (np.full, full), (np.empty, empty), (np.arange, arange),
):  # fmt: skip
    TRACED[_numpy_function] = _traced
