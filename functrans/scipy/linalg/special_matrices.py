"""Matrices of a special form of ``scipy.linalg``; those made of sizes alone are SciPy's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import OptionError, ShapeError
from functrans.numpy import shaping as sh
from functrans.numpy.promote import array_like, cast, result_dtype
from functrans.primitives import layout, linear
from functrans.primitives.indexing import gather
from functrans.scipy.linalg.doors import door, scipy_function
from functrans.typing import Array, ArrayLike, DTypeLike


def _picked(values: Any, places: Any) -> Any:
    """The matrix of the numbers of a vector at these places."""
    return gather(values, (np.asarray(places, np.int64),), (0,))


def _vector(name: str, x: Any) -> Array:
    x = array_like(x)
    if len(shape_of(x)) != 1:
        raise ShapeError(f"{name} needs a vector, not an array of shape {shape_of(x)}.")
    return x


def _together(*xs: Any) -> list[Array]:
    dtype = result_dtype(*xs)
    return [cast(x, dtype) for x in xs]


@door
def block_diag(*arrs: ArrayLike) -> Array:
    """Matrices along the diagonal of one, zeros elsewhere; a vector counts as one row.

    >>> ft.scipy.linalg.block_diag(np.eye(1), np.array([[2.0, 3.0]]))
    array([[1., 0., 0.],
           [0., 2., 3.]])
    """
    blocks = _together(*(sh.atleast_2d(array_like(x)) for x in arrs))
    if not blocks:
        return np.zeros((1, 0))
    zero = dtype_of(blocks[0]).type(0)
    width = sum(shape_of(b)[-1] for b in blocks)
    rows, start = [], 0
    for block in blocks:
        if len(shape_of(block)) != 2:
            raise ShapeError(f"block_diag got an array of shape {shape_of(block)}.")
        after = width - start - shape_of(block)[-1]
        rows.append(linear.pad(block, zero, ((0, 0, 0), (start, after, 0))))
        start += shape_of(block)[-1]
    return layout.concatenate(rows, 0)


@door
def toeplitz(c: ArrayLike, r: ArrayLike | None = None) -> Array:
    """The matrix with first column c, first row r (conj(c) by default) and constant diagonals.

    >>> ft.scipy.linalg.toeplitz(np.array([1, 2]), np.array([1, 3]))
    array([[1, 3],
           [2, 1]])
    """
    c = _vector("toeplitz", c)
    r = linear.conj(c) if r is None else _vector("toeplitz", r)
    c, r = _together(c, r)
    m, n = shape_of(c)[0], shape_of(r)[0]
    values = layout.concatenate([layout.rev(c, (0,)), layout.slice_axis(r, 0, 1, n)], 0)
    return _picked(values, (m - 1) - np.arange(m)[:, None] + np.arange(n))


@door
def hankel(c: ArrayLike, r: ArrayLike | None = None) -> Array:
    """The matrix with first column c, last row r (zeros by default) and constant antidiagonals.

    >>> ft.scipy.linalg.hankel(np.array([1, 2]), np.array([2, 3]))
    array([[1, 2],
           [2, 3]])
    """
    c = _vector("hankel", c)
    r = layout.full_like(c, 0) if r is None else _vector("hankel", r)
    c, r = _together(c, r)
    m, n = shape_of(c)[0], shape_of(r)[0]
    values = layout.concatenate([c, layout.slice_axis(r, 0, 1, n)], 0)
    return _picked(values, np.arange(m)[:, None] + np.arange(n))


@door
def circulant(c: ArrayLike) -> Array:
    """The matrix whose columns are c, turned on by one place each.

    >>> ft.scipy.linalg.circulant(np.array([1, 2, 3]))
    array([[1, 3, 2],
           [2, 1, 3],
           [3, 2, 1]])
    """
    c = _vector("circulant", c)
    places = np.arange(shape_of(c)[0])
    return _picked(c, (places[:, None] - places) % max(places.size, 1))


@door
def convolution_matrix(a: ArrayLike, n: int, mode: str = "full") -> Array:
    """The matrix whose product with a vector of length n is its convolution with a.

    >>> ft.scipy.linalg.convolution_matrix(np.array([1, 2]), 2)
    array([[1, 0],
           [2, 1],
           [0, 2]])
    """
    if n <= 0 or mode not in ("full", "same", "valid"):
        raise OptionError(f"convolution_matrix got n={n} and mode={mode!r}.")
    a = _vector("convolution_matrix", a)
    m = shape_of(a)[0]
    padded = linear.pad(a, dtype_of(a).type(0), ((n - 1, n - 1, 0),))
    whole = _picked(padded, (n - 1) + np.arange(m + n - 1)[:, None] - np.arange(n))
    if mode == "full":
        return whole
    length = max(m, n) if mode == "same" else max(m, n) - min(m, n) + 1
    start = (m + n - 1 - length) // 2
    return layout.slice_axis(whole, 0, start, start + length)


@door
def companion(a: ArrayLike) -> Array:
    """The matrix whose characteristic polynomial has the coefficients a, the highest first.

    >>> ft.scipy.linalg.companion(np.array([1.0, -3.0, 2.0]))
    array([[ 3., -2.],
           [ 1.,  0.]])
    """
    return _patterned("companion", a)


@door
def fiedler_companion(a: ArrayLike) -> Array:
    """A companion matrix of five diagonals.

    >>> ft.scipy.linalg.fiedler_companion(np.array([1.0, -3.0, 2.0]))
    array([[ 3., -2.],
           [ 1.,  0.]])
    """
    return _patterned("fiedler_companion", a)


def _patterned(name: str, a: Any) -> Any:
    """A matrix of zeros, ones and numbers −aᵢ/a₀; SciPy's of 1, 2, 3, … shows which stand where."""
    a = _vector(name, a)
    dtype = np.result_type(dtype_of(a), np.float64) if dtype_of(a).kind not in "fc" else dtype_of(a)
    a = cast(a, dtype)
    n = shape_of(a)[0]
    pattern = scipy_function(name)(np.arange(1.0, n + 1))
    places = np.where(pattern < 0, -pattern - 1, 0).astype(np.int64)
    first = layout.broadcast_to(layout.slice_axis(a, 0, 0, 1), (n,))
    values = linear.neg(linear.div(a, first))
    fixed = np.maximum(pattern, 0).astype(dtype)
    return linear.select_n(pattern < 0, fixed, _picked(values, places))


@door
def fiedler(a: ArrayLike) -> Array:
    """The symmetric matrix |aᵢ − aⱼ|.

    >>> ft.scipy.linalg.fiedler(np.array([1, 4]))
    array([[0, 3],
           [3, 0]])
    """
    a = _vector("fiedler", a)
    return abs(a[:, None] - a)


@door
def leslie(f: ArrayLike, s: ArrayLike) -> Array:
    """The matrix with f in its first row and s below the diagonal.

    >>> ft.scipy.linalg.leslie(np.array([0.5, 2.0]), np.array([0.9]))
    array([[0.5, 2. ],
           [0.9, 0. ]])
    """
    f, s = _together(_vector("leslie", f), _vector("leslie", s))
    n = shape_of(f)[0]
    if shape_of(s) != (n - 1,) or n < 2:
        raise ShapeError(f"leslie got vectors of {n} and {shape_of(s)[0]} numbers.")
    values = layout.concatenate([f, s, layout.full((1,), dtype_of(f).type(0))], 0)
    places = np.full((n, n), 2 * n - 1)
    places[0] = np.arange(n)
    places[np.arange(1, n), np.arange(n - 1)] = n + np.arange(n - 1)
    return _picked(values, places)


# --- of sizes alone ------------------------------------------------------------------------------


def hilbert(n: int) -> Array:
    """The matrix 1/(i + j + 1).

    >>> ft.scipy.linalg.hilbert(2)
    array([[1.        , 0.5       ],
           [0.5       , 0.33333333]])
    """
    return scipy_function("hilbert")(n)


def invhilbert(n: int, exact: bool = False) -> Array:
    """The inverse of :func:`hilbert`.

    >>> ft.scipy.linalg.invhilbert(2)
    array([[ 4., -6.],
           [-6., 12.]])
    """
    return scipy_function("invhilbert")(n, exact)


def pascal(n: int, kind: str = "symmetric", exact: bool = True) -> Array:
    """The matrix of binomial coefficients.

    >>> ft.scipy.linalg.pascal(3, "lower")
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 2, 1]], dtype=uint64)
    """
    return scipy_function("pascal")(n, kind, exact)


def invpascal(n: int, kind: str = "symmetric", exact: bool = True) -> Array:
    """The inverse of :func:`pascal`.

    >>> ft.scipy.linalg.invpascal(2)
    array([[ 2, -1],
           [-1,  1]])
    """
    return scipy_function("invpascal")(n, kind, exact)


def hadamard(n: int, dtype: DTypeLike = int) -> Array:
    """Hadamard's matrix of ±1, for n a power of 2.

    >>> ft.scipy.linalg.hadamard(2)
    array([[ 1,  1],
           [ 1, -1]])
    """
    return scipy_function("hadamard")(n, dtype)


def helmert(n: int, full: bool = False) -> Array:
    """Helmert's orthogonal matrix, without its first row unless ``full``.

    >>> ft.scipy.linalg.helmert(2).shape
    (1, 2)
    """
    return scipy_function("helmert")(n, full)


def dft(n: int, scale: str | None = None) -> Array:
    """The matrix of the discrete Fourier transform; ``scale`` is None, "sqrtn" or "n".

    >>> ft.scipy.linalg.dft(2).real
    array([[ 1.,  1.],
           [ 1., -1.]])
    """
    return scipy_function("dft")(n, scale)
