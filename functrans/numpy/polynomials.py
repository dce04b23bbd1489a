"""Polynomials by their coefficients, highest first: roots, quotients, integrals and fits."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.core.trace import current_trace
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.numpy import complex_numbers, joining, powers
from functrans.numpy import contraction as con
from functrans.numpy import elementwise as el
from functrans.numpy import reductions as red
from functrans.numpy import shaping as sh
from functrans.numpy.creation import vander
from functrans.numpy.decompositions import eigvals, lstsq
from functrans.numpy.promote import (
    TRACED,
    array_like,
    axes_tuple,
    cast,
    concrete,
    door,
    float_dtype,
    has_tracer,
    result_dtype,
)
from functrans.numpy.solving import inv
from functrans.primitives import layout
from functrans.typing import Array, ArrayLike, Axes


def _coefficients(p: Any) -> Any:
    x = sh.atleast_1d(p)
    if len(shape_of(x)) != 1:
        raise ShapeError(f"Coefficients are a vector, not of shape {shape_of(x)}.")
    return x


@door(np.poly)
def poly(seq_of_zeros: ArrayLike) -> Array:
    """Coefficients of the polynomial with the given roots, or of a matrix' characteristic one.

    Under a transform complex roots give complex coefficients, conjugate pairs of them too.

    >>> ft.jit(fnp.poly)(np.array([1.0, 2.0]))
    array([ 1., -3.,  2.])
    """
    x = sh.atleast_1d(seq_of_zeros)
    shape = shape_of(x)
    if len(shape) == 2 and shape[0] == shape[1] > 0:
        found = poly(eigvals(x))
        return found if dtype_of(x).kind == "c" else complex_numbers.real(found)
    if len(shape) != 1:
        raise ShapeError(f"poly got an array of shape {shape}.", "Give roots or a square matrix.")
    dtype = float_dtype(x)
    x = cast(x, dtype)
    p: Any = np.ones(1, dtype)
    zero = np.zeros(1, dtype)
    for i, _ in enumerate(range(shape[0])):
        root = sh.take_slice(x, 0, i)
        shifted = layout.concatenate([zero, el.multiply(p, root)], 0)
        p = el.subtract(layout.concatenate([p, zero], 0), shifted)
    return p


@door(np.polydiv)
def polydiv(u: ArrayLike, v: ArrayLike) -> tuple[Array, Array]:
    """Quotient and remainder of two polynomials.

    Under a transform the remainder keeps the length of ``u``, where NumPy drops leading zeros: a
    shape cannot depend on values. The leading coefficient of ``v`` must not be 0.

    >>> ft.jit(fnp.polydiv)(np.array([1.0, 0.0, 1.0]), np.array([1.0, 1.0]))
    (array([ 1., -1.]), array([0., 0., 2.]))
    """
    u, v = _coefficients(u), _coefficients(v)
    dtype = result_dtype(u, v, 1.0)
    rest, v = cast(u, dtype), cast(v, dtype)
    m, n = shape_of(rest)[0], shape_of(v)[0]
    if m < n:
        return layout.full((1,), dtype.type(0)), rest
    scale = el.divide(1.0, sh.take_slice(v, 0, 0))
    digits = []
    for k, _ in enumerate(range(m - n + 1)):
        digit = el.multiply(scale, sh.take_slice(rest, 0, k))
        digits.append(digit)
        rest = el.subtract(rest, sh.pad(el.multiply(digit, v), (k, m - n - k)))
    return joining.stack(digits), rest


@door(np.polyint)
def polyint(p: ArrayLike, m: int = 1, k: ArrayLike | None = None) -> Array:
    """Coefficients of the m-th antiderivative; ``k`` are the m constants, 0 when not given.

    >>> fnp.polyint(np.array([2.0, 3.0]), k=5.0)
    array([1., 3., 5.])
    """
    m = operator.index(m)
    if m < 0:
        raise OptionError(f"The order of integration, {m}, must not be negative.")
    x = _coefficients(p)
    constants = sh.atleast_1d(0.0 if k is None else k)
    if shape_of(constants) == (1,):
        constants = sh.broadcast_to(constants, (m,))
    if shape_of(constants) != (m,):
        raise ShapeError(f"polyint takes {m} constants, not {shape_of(constants)[0]}.")
    for i, _ in enumerate(range(m)):
        n = shape_of(x)[0]
        terms = el.divide(x, np.arange(n, 0, -1))
        x = joining.concatenate([terms, layout.slice_axis(constants, 0, i, i + 1)], 0)
    return x


def roots(p: ArrayLike, *, strip_zeros: bool = True) -> Array:
    """The roots of a polynomial, complex, as eigenvalues of its companion matrix.

    Leading zeros lower the degree, so that under jit and vmap, where values are not known,
    ``strip_zeros=False`` is needed: it takes the first coefficient as it is.

    >>> np.sort(ft.jit(lambda p: fnp.roots(p, strip_zeros=False))(np.array([1.0, -3.0, 2.0])))
    array([1.+0.j, 2.+0.j])
    """
    if strip_zeros and current_trace() is None and not has_tracer((p,), {}):
        return np.roots(np.asarray(p))
    x = _coefficients(p)
    x = cast(x, float_dtype(x))
    trailing = 0
    if strip_zeros:
        known = concrete(x)
        if known is None:
            raise ArgumentError(
                "roots needs to know which leading coefficients are 0: they decide the number "
                "of roots.",
                "Write fnp.roots(p, strip_zeros=False) if the first one is never 0.",
            )
        places = np.flatnonzero(known)
        if not places.size:
            return np.zeros(0, np.result_type(known, np.complex64))
        trailing = known.size - 1 - int(places[-1])
        x = layout.slice_axis(x, 0, int(places[0]), int(places[-1]) + 1)
    n = shape_of(x)[0] - 1
    kind = np.result_type(dtype_of(x), np.complex64)
    zeros = layout.full((trailing,), kind.type(0))
    if n < 1:
        return zeros
    top = el.divide(el.negative(layout.slice_axis(x, 0, 1, n + 1)), sh.take_slice(x, 0, 0))
    below = np.eye(n, k=-1, dtype=dtype_of(x))[1:]
    companion = layout.concatenate([layout.expand_dims(top, (0,)), below], 0)
    return layout.concatenate([cast(eigvals(companion), kind), zeros], 0)


TRACED[np.roots] = roots


@door(np.polyfit)
def polyfit(
    x: ArrayLike,
    y: ArrayLike,
    deg: int,
    rcond: ArrayLike | None = None,
    full: bool = False,
    w: ArrayLike | None = None,
    cov: bool | str = False,
) -> Any:
    """Coefficients of the polynomial of degree ``deg`` nearest to points, by least squares.

    ``deg`` is a known int. ``y`` may have several columns, ``w`` weighs the points, ``full`` and
    ``cov`` add results as in NumPy. A poor condition gives no warning under a transform.

    >>> fnp.round(ft.jit(fnp.polyfit, static_argnums=2)([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1), 12)
    array([2., 1.])
    """
    order = operator.index(deg) + 1
    x, y = el.add(array_like(x), 0.0), el.add(array_like(y), 0.0)
    n = shape_of(x)[0] if len(shape_of(x)) == 1 else 0
    if order < 1 or not n or len(shape_of(y)) not in (1, 2) or shape_of(y)[0] != n:
        raise ShapeError(
            f"polyfit got points of shapes {shape_of(x)} and {shape_of(y)} and the degree {deg}.",
            "x is a vector, y has as many rows, and the degree is not negative.",
        )
    rcond = n * float(np.finfo(dtype_of(x)).eps) if rcond is None else rcond
    left, right = vander(x, order), y
    if w is not None:
        w = el.add(array_like(w), 0.0)
        if shape_of(w) != (n,):
            raise ShapeError(f"polyfit got weights of shape {shape_of(w)} for {n} points.")
        left = el.multiply(left, sh.expand_dims(w, 1))
        right = el.multiply(right, w if len(shape_of(y)) == 1 else sh.expand_dims(w, 1))
    scale = el.sqrt(red.sum(powers.square(el.absolute(left)), 0))
    left = el.divide(left, scale)
    solution, residuals, rank, singular = lstsq(left, right, rcond)
    c = sh.transpose(el.divide(sh.transpose(solution), scale))
    if full:
        return c, residuals, rank, singular, rcond
    if not cov:
        return c
    spread = el.divide(inv(con.matmul(sh.transpose(left), left)), con.outer(scale, scale))
    if cov == "unscaled":
        factor: Any = 1.0
    elif n <= order:
        raise ShapeError(
            f"The covariance of {order} coefficients needs more than {n} points.",
            'Use cov="unscaled".',
        )
    else:
        rest = el.subtract(con.matmul(left, solution), right)
        factor = el.divide(red.sum(powers.square(el.absolute(rest)), 0), n - order)
    wide = spread if len(shape_of(y)) == 1 else sh.expand_dims(spread, 2)
    return c, el.multiply(wide, factor)


@door(np.trim_zeros)
def trim_zeros(filt: ArrayLike, trim: str = "fb", axis: Axes = None) -> Array:
    """``filt`` without zeros at its front ("f"), its back ("b"), or both, along the axes.

    Under jit and vmap the values must be known: they decide the shape.

    >>> fnp.trim_zeros(np.array([0, 0, 3, 0, 4, 0]))
    array([3, 0, 4])
    """
    x = array_like(filt)
    known = concrete(x)
    if known is None:
        raise ArgumentError(
            "trim_zeros needs to know which elements are 0: they decide the result's shape.",
            "Keep the zeros, or call it outside the transform.",
        )
    if not set(trim.lower()) <= set("fb"):
        raise OptionError(f"trim={trim!r} is not known.", "Use f, b or fb.")
    for d in axes_tuple(axis, known.ndim):
        others = tuple(i for i in range(known.ndim) if i != d)
        places = np.flatnonzero(known.any(others))
        n = known.shape[d]
        start = (int(places[0]) if places.size else n) if "f" in trim.lower() else 0
        stop = (int(places[-1]) + 1 if places.size else 0) if "b" in trim.lower() else n
        x = layout.slice_axis(x, d, start, max(start, stop))
    return x
