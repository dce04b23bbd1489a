"""Differences, integrals, interpolation, polynomials, convolution and counting."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.core.trace import current_trace
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.numpy import complex_numbers, joining
from functrans.numpy import elementwise as el
from functrans.numpy import reductions as red
from functrans.numpy import shaping as sh
from functrans.numpy.contraction import matmul
from functrans.numpy.indexing import diagonal, take
from functrans.numpy.promote import (
    TRACED,
    array_like,
    axis_index,
    cast,
    concrete,
    door,
    float_dtype,
    has_tracer,
    listed,
    operand,
    result_dtype,
    to_shape,
)
from functrans.primitives import layout, linear
from functrans.primitives.contraction import dot_general
from functrans.primitives.indexing import gather, scatter
from functrans.typing import Array, ArrayLike, ArrayOrScalar, Axes, DTypeLike

_UNSET: Any = np._NoValue

# --- differences and integrals -------------------------------------------------------------------


def _cut(x: Any, axis: int, start: int, stop: int, step: int = 1) -> Any:
    return layout.slice_axis(x, axis, start, max(start, stop), step)


@door(np.diff)
def diff(
    a: ArrayLike,
    n: int = 1,
    axis: int = -1,
    prepend: ArrayLike = _UNSET,
    append: ArrayLike = _UNSET,
) -> Array:
    """Differences of neighbours along an axis, ``n`` times.

    >>> ft.jacobian(fnp.diff)(np.array([1.0, 4.0, 9.0]))
    array([[-1.,  1.,  0.],
           [ 0., -1.,  1.]])
    """
    x = array_like(a)
    if n < 0:
        raise OptionError(f"The order of differences, {n}, must not be negative.")
    if not shape_of(x):
        raise ShapeError("diff needs at least one axis.")
    axis = axis_index(axis, len(shape_of(x)))
    parts = []
    for part in (prepend, x, append):
        if part is _UNSET:
            continue
        part = array_like(part)
        if shape_of(part) == ():
            dims = tuple(1 if d == axis else m for d, m in enumerate(shape_of(x)))
            part = to_shape(part, dims)
        parts.append(part)
    x = joining.concatenate(parts, axis) if len(parts) > 1 else x
    for _ in range(n):
        length = shape_of(x)[axis]
        later, earlier = _cut(x, axis, 1, length), _cut(x, axis, 0, max(length - 1, 0))
        x = el.not_equal(later, earlier) if dtype_of(x).kind == "b" else el.subtract(later, earlier)
    return x


@door(np.ediff1d)
def ediff1d(
    ary: ArrayLike, to_end: ArrayLike | None = None, to_begin: ArrayLike | None = None
) -> Array:
    """Differences of neighbours in the flattened array.

    >>> fnp.ediff1d(np.array([1, 4, 9]), to_begin=0)
    array([0, 3, 5])
    """
    parts = [diff(sh.ravel(ary))]
    parts = ([] if to_begin is None else [sh.ravel(to_begin)]) + parts
    parts += [] if to_end is None else [sh.ravel(to_end)]
    return joining.concatenate(parts, 0)


@door(np.gradient)
def gradient(f: ArrayLike, *varargs: ArrayLike, axis: Axes = None, edge_order: int = 1) -> Any:
    """Central differences in the interior, one-sided ones at the ends.

    Spacings are numbers or coordinate vectors, one for all axes or one for each.

    >>> fnp.gradient(np.array([0.0, 1.0, 4.0, 9.0]))
    array([1., 2., 4., 5.])
    """
    x = array_like(f)
    x = cast(x, float_dtype(x))
    rank = len(shape_of(x))
    axes = range(rank) if axis is None else [axis_index(a, rank) for a in listed(axis)]
    axes = list(axes)
    spacings = list(varargs) or [1.0]
    if len(spacings) == 1:
        spacings = spacings * len(axes)
    if len(spacings) != len(axes):
        raise ArgumentError("gradient takes no spacing, one, or one for each axis.")
    if edge_order not in (1, 2):
        raise OptionError("edge_order must be 1 or 2.")
    results = [_gradient(x, operand(h), d, edge_order) for h, d in zip(spacings, axes, strict=True)]
    return results[0] if len(results) == 1 else tuple(results)


def _gradient(x: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    n = shape_of(x)[axis]
    if n < edge_order + 1:
        raise ShapeError(
            f"gradient needs at least {edge_order + 1} elements along axis {axis}, not {n}.",
            "Choose a smaller edge_order or leave the axis out.",
        )

    def at(i: int) -> Any:
        i = i % n
        return _cut(x, axis, i, i + 1)

    before, here, after = _cut(x, axis, 0, n - 2), _cut(x, axis, 1, n - 1), _cut(x, axis, 2, n)
    if shape_of(spacing) == ():
        middle = el.divide(el.subtract(after, before), 2.0 * spacing)
        steps: Any = None
    else:
        dims = tuple(-1 if d == axis else 1 for d in range(len(shape_of(x))))
        steps = sh.reshape(diff(spacing), dims)
        h1, h2 = _cut(steps, axis, 0, n - 2), _cut(steps, axis, 1, n - 1)
        total = el.add(h1, h2)
        middle = _weighted(
            (el.divide(el.negative(h2), el.multiply(h1, total)), before),
            (el.divide(el.subtract(h2, h1), el.multiply(h1, h2)), here),
            (el.divide(h1, el.multiply(h2, total)), after),
        )

    def step(i: int) -> Any:
        return spacing if steps is None else _cut(steps, axis, i % (n - 1), i % (n - 1) + 1)

    if edge_order == 1:
        first = el.divide(el.subtract(at(1), at(0)), step(0))
        last = el.divide(el.subtract(at(-1), at(-2)), step(-1))
    else:
        first = _one_sided(at(0), at(1), at(2), step(0), step(1))
        last = el.negative(_one_sided(at(-1), at(-2), at(-3), step(-1), step(-2)))
    return joining.concatenate([first, middle, last], axis)


def _one_sided(x0: Any, x1: Any, x2: Any, h1: Any, h2: Any) -> Any:
    """Second-order derivative at x0 from three points at distances 0, h1, h1 + h2."""
    total = h1 + h2
    return _weighted(
        (-(h1 + total) / (h1 * total), x0), (total / (h1 * h2), x1), (-h1 / (h2 * total), x2)
    )


def _weighted(*terms: tuple[Any, Any]) -> Any:
    """Σ weight·value."""
    total: Any = None
    for weight, value in terms:
        term = el.multiply(weight, value)
        total = term if total is None else el.add(total, term)
    return total


@door(np.trapezoid)
def trapezoid(
    y: ArrayLike, x: ArrayLike | None = None, dx: ArrayLike = 1.0, axis: int = -1
) -> ArrayOrScalar:
    """Integral along an axis by the trapezoidal rule.

    >>> ft.grad(fnp.trapezoid)(np.array([1.0, 2.0, 3.0]))
    array([0.5, 1. , 0.5])
    """
    y = array_like(y)
    axis = axis_index(axis, len(shape_of(y)))
    n = shape_of(y)[axis]
    if x is None:
        width: Any = dx
    else:
        x = array_like(x)
        if len(shape_of(x)) == 1:
            dims = tuple(-1 if d == axis else 1 for d in range(len(shape_of(y))))
            width = sh.reshape(diff(x), dims)
        else:
            width = diff(x, axis=axis)
    heights = el.add(_cut(y, axis, 1, n), _cut(y, axis, 0, n - 1))
    return red.sum(el.divide(el.multiply(width, heights), 2.0), axis)


# --- interpolation and polynomials ---------------------------------------------------------------


@door(np.interp)
def interp(
    x: ArrayLike,
    xp: ArrayLike,
    fp: ArrayLike,
    left: ArrayLike | None = None,
    right: ArrayLike | None = None,
    period: ArrayLike | None = None,
) -> ArrayOrScalar:
    """Piecewise linear interpolation of the points (xp, fp) at ``x``.

    The derivative in ``x`` is the slope of the piece, at an inner point of the piece on its right,
    and 0 outside the points.

    >>> ft.grad(fnp.interp)(1.0, np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 5.0]))
    np.float64(4.0)
    """
    dtype = result_dtype(operand(x), operand(xp), operand(fp), 1.0, np.float64(0))
    x, xp, fp = (cast(array_like(v), dtype) for v in (x, xp, fp))
    if len(shape_of(xp)) != 1 or shape_of(xp) != shape_of(fp) or not shape_of(xp)[0]:
        raise ShapeError(
            f"interp got points of shapes {shape_of(xp)} and {shape_of(fp)}.",
            "xp and fp are vectors of one length, not empty.",
        )
    n = shape_of(xp)[0]
    if period is not None:
        x, xp = el.mod(x, period), el.mod(xp, period)
        order = red.argsort(xp)
        xp, fp = take(xp, order), take(fp, order)
        ends = (_cut(xp, 0, n - 1, n), _cut(xp, 0, 0, 1))
        xp = joining.concatenate([el.subtract(ends[0], period), xp, el.add(ends[1], period)])
        fp = joining.concatenate([_cut(fp, 0, n - 1, n), fp, _cut(fp, 0, 0, 1)])
        n += 2
    if n == 1:
        inside = to_shape(layout.reshape(fp, ()), shape_of(x))
    else:
        i = el.clip(searchsorted(xp, x, "right"), 1, n - 1)
        low = el.subtract(i, 1)
        x0, x1 = gather(xp, (low,), (0,)), gather(xp, (i,), (0,))
        y0, y1 = gather(fp, (low,), (0,)), gather(fp, (i,), (0,))
        width = el.subtract(x1, x0)
        flat = el.equal(width, 0)
        slope = el.divide(el.subtract(y1, y0), el.select(flat, dtype.type(1), width))
        offset = el.subtract(x, x0)
        inside = el.select(flat, y1, el.add(y0, el.multiply(offset, slope)))
    if period is not None:
        return inside
    first, last = sh.take_slice(fp, 0, 0), sh.take_slice(fp, 0, n - 1)
    below = first if left is None else left
    above = last if right is None else right
    inside = el.select(el.less(x, sh.take_slice(xp, 0, 0)), below, inside)
    return el.select(el.greater(x, sh.take_slice(xp, 0, n - 1)), above, inside)


@door(np.searchsorted)
def searchsorted(
    a: ArrayLike, v: ArrayLike, side: str = "left", sorter: ArrayLike | None = None
) -> ArrayOrScalar:
    """Where ``v`` would be inserted into the sorted vector ``a``: by counting smaller elements.

    >>> fnp.searchsorted(np.array([1.0, 3.0, 5.0]), np.array([3.0, 4.0]))
    array([1, 2])
    """
    if side not in ("left", "right"):
        raise OptionError(f"side={side!r} is not known.", 'Use "left" or "right".')
    a, v = array_like(a), array_like(v)
    a = a if sorter is None else take(a, sorter)
    before = el.less if side == "left" else el.less_equal
    counted = before(a, sh.expand_dims(v, -1))
    return red.sum(counted, -1, np.int64)


@door(np.digitize)
def digitize(x: ArrayLike, bins: ArrayLike | str, right: bool = False) -> ArrayOrScalar:
    """The number of the bin of each element; ``bins`` must be known.

    >>> fnp.digitize(np.array([0.5, 2.5]), np.array([0.0, 1.0, 2.0]))
    array([1, 3])
    """
    edges = concrete(operand(bins) if not isinstance(bins, list | tuple) else array_like(bins))
    if edges is None:
        raise ArgumentError("digitize needs known bins.", "Pass bins as a plain NumPy array.")
    if edges.size > 1 and edges[0] > edges[-1]:
        side = "left" if right else "right"  # the edges descend: count from the other end
        return el.subtract(edges.size, searchsorted(edges[::-1].copy(), x, side))
    return searchsorted(edges, x, "left" if right else "right")


@door(np.polyval)
def polyval(p: ArrayLike, x: ArrayLike) -> ArrayOrScalar:
    """The polynomial with coefficients ``p``, highest first, at ``x``.

    >>> ft.grad(fnp.polyval, argnums=1)(np.array([1.0, 0.0, -1.0]), 3.0)
    np.float64(6.0)
    """
    p, x = array_like(p), array_like(x)
    dtype = result_dtype(p, x)
    x = cast(x, dtype)
    y: Any = to_shape(dtype.type(0), shape_of(x))
    for i in range(shape_of(p)[0]):
        y = el.add(el.multiply(y, x), sh.take_slice(p, 0, i))
    return y


@door(np.polyder)
def polyder(p: ArrayLike, m: int = 1) -> Array:
    """Coefficients of the m-th derivative of a polynomial.

    >>> fnp.polyder(np.array([1, 2, 3]))
    array([2, 2])
    """
    x = array_like(p)
    for _ in range(m):
        n = shape_of(x)[0] - 1
        x = el.multiply(_cut(x, 0, 0, n), np.arange(n, 0, -1))
    return x


@door(np.polyadd)
def polyadd(a1: ArrayLike, a2: ArrayLike) -> Array:
    """Coefficients of the sum of two polynomials.

    >>> fnp.polyadd(np.array([1, 2]), np.array([1, 0, 0]))
    array([1, 1, 2])
    """
    x, y = sh.atleast_1d(a1, a2)
    n = max(shape_of(x)[0], shape_of(y)[0])
    return el.add(sh.pad(x, (n - shape_of(x)[0], 0)), sh.pad(y, (n - shape_of(y)[0], 0)))


@door(np.polysub)
def polysub(a1: ArrayLike, a2: ArrayLike) -> Array:
    """Coefficients of the difference of two polynomials.

    >>> fnp.polysub(np.array([1, 2]), np.array([1, 0, 0]))
    array([-1,  1,  2])
    """
    return polyadd(a1, el.negative(a2))


@door(np.polymul)
def polymul(a1: ArrayLike, a2: ArrayLike) -> Array:
    """Coefficients of the product of two polynomials.

    Under a transform leading zeros of the factors stay, where NumPy drops them: a shape cannot
    depend on values.

    >>> fnp.polymul(np.array([1, 1]), np.array([1, -1]))
    array([ 1,  0, -1])
    """
    return convolve(*sh.atleast_1d(a1, a2))


# --- convolution ---------------------------------------------------------------------------------


@door(np.convolve)
def convolve(a: ArrayLike, v: ArrayLike, mode: str = "full") -> Array:
    """Convolution of two vectors; ``mode`` full, same or valid.

    >>> fnp.convolve(np.array([1, 2, 3]), np.array([1, 1]), mode="same")
    array([1, 3, 5])
    """
    x, y = array_like(a), array_like(v)
    dtype = result_dtype(x, y)
    x, y = sh.atleast_1d(cast(x, dtype), cast(y, dtype))
    if len(shape_of(x)) != 1 or len(shape_of(y)) != 1 or not shape_of(x)[0] or not shape_of(y)[0]:
        raise ShapeError("convolve takes two vectors that are not empty.")
    if shape_of(y)[0] > shape_of(x)[0]:
        x, y = y, x
    n, m = shape_of(x)[0], shape_of(y)[0]
    ends = {"full": (m - 1, m - 1), "same": (m // 2, (m - 1) // 2), "valid": (0, 0)}
    if mode not in ends:
        raise OptionError(f"mode={mode!r} is not known.", "Use full, same or valid.")
    low, high = ends[mode]
    padded = linear.pad(x, dtype.type(0), ((low, high, 0),))
    count = n + low + high - m + 1
    windows = np.arange(count)[:, None] + np.arange(m)
    return dot_general(
        gather(padded, (windows,), (0,)), layout.rev(y, (0,)), (((1,), (0,)), ((), ()))
    )


@door(np.correlate)
def correlate(a: ArrayLike, v: ArrayLike, mode: str = "valid") -> Array:
    """Correlation of two vectors, Σ a[n + k]·conj(v[n]).

    >>> fnp.correlate(np.array([1, 2, 3]), np.array([0, 1]))
    array([2, 3])
    """
    x, y = array_like(a), array_like(v)
    swapped = shape_of(y)[0] > shape_of(x)[0]
    if swapped:
        result = convolve(linear.conj(y), sh.flip(x), mode)
        return linear.conj(sh.flip(linear.conj(result)))
    return convolve(x, sh.flip(linear.conj(y)), mode)


# --- counting ------------------------------------------------------------------------------------


def bincount(
    x: ArrayLike, weights: ArrayLike | None = None, minlength: int = 0, *, length: int | None = None
) -> Array:
    """How often each non-negative integer occurs, or the sum of its weights.

    ``length`` fixes the size of the result, which jit and vmap need; larger numbers are left out.

    >>> ft.jit(lambda x: fnp.bincount(x, length=4))(np.array([1, 1, 3]))
    array([0, 2, 0, 1])
    """
    if length is None and not has_tracer((x, weights), {}) and current_trace() is None:
        given: tuple[Any, Any] = x, weights
        return np.bincount(*given, minlength)
    return bincount_traced(x, weights, minlength, length=length)


def bincount_traced(
    x: Any, weights: Any = None, minlength: int = 0, *, length: int | None = None
) -> Any:
    """:func:`bincount` for traced values."""
    x = array_like(x)
    if length is None:
        value = concrete(x)
        if value is None:
            raise ArgumentError(
                "bincount needs to know the size of its result.",
                "Give it: fnp.bincount(x, length=n).",
            )
        length = max(int(value.max()) + 1 if value.size else 0, operator.index(minlength))
    if weights is None:
        ones: Any = layout.broadcast_in_dim(np.int64(1), shape_of(x), ())
    else:
        ones = cast(array_like(weights), np.dtype(np.float64))
    slots = layout.broadcast_in_dim(dtype_of(ones).type(0), (length,), ())
    return scatter(slots, ones, (x,), (0,), "add", "drop")


TRACED[np.bincount] = bincount_traced


@door(np.cov)
def cov(
    m: ArrayLike,
    y: ArrayLike | None = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: ArrayLike | None = None,
    aweights: ArrayLike | None = None,
    *,
    dtype: DTypeLike | None = None,
) -> ArrayOrScalar:
    """Covariance matrix of variables in rows (``rowvar=False``: columns).

    >>> fnp.cov(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    if fweights is not None or aweights is not None:
        raise ArgumentError("cov takes no weights under a transform.")
    x = sh.atleast_2d(m)
    x = cast(x, float_dtype(x) if dtype is None else np.dtype(dtype))
    x = x if rowvar or len(shape_of(array_like(m))) == 1 else sh.transpose(x)
    if y is not None:
        other = sh.atleast_2d(y)
        other = other if rowvar or len(shape_of(array_like(y))) == 1 else sh.transpose(other)
        x = joining.concatenate([x, other], 0)
    n = shape_of(x)[1]
    ddof = (0 if bias else 1) if ddof is None else ddof
    x = el.subtract(x, red.mean(x, 1, keepdims=True))
    product = matmul(x, linear.conj(sh.transpose(x)))
    return sh.squeeze(el.divide(product, dtype_of(product).type(max(n - ddof, 0))))


@door(np.corrcoef)
def corrcoef(
    x: ArrayLike, y: ArrayLike | None = None, rowvar: bool = True, **options: Any
) -> ArrayOrScalar:
    """Correlation coefficients of variables in rows.

    >>> fnp.corrcoef(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    c = cov(x, y, rowvar)
    if not shape_of(c):
        return el.divide(c, c)
    deviation = el.sqrt(complex_numbers.real(diagonal(c)))
    c = el.divide(el.divide(c, sh.expand_dims(deviation, 1)), sh.expand_dims(deviation, 0))
    if dtype_of(c).kind == "c":
        return linear.complex_(
            el.clip(complex_numbers.real(c), -1, 1), el.clip(complex_numbers.imag(c), -1, 1)
        )
    return el.clip(c, -1, 1)
