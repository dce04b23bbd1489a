"""Convolutions of any number of axes: as sums of shifted arrays, or by Fourier transforms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.errors import ShapeError
from functrans.numpy.promote import array_like, axes_tuple, cast, one_of, result_dtype
from functrans.primitives import linear
from functrans.scipy.signal.doors import door
from functrans.typing import Array, ArrayLike, Axes

_DIRECT = 32  # with more elements in the kernel, Fourier transforms take less time

Bounds = list[tuple[int, int]]
"""Of the full convolution, for each axis: where the result starts, and its length."""


@door
def convolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto") -> Array:
    """The convolution of two arrays of equally many axes.

    Parameters
    ----------
    mode: "full"; "same", its middle of the shape of ``in1``; or "valid", where the arrays overlap
        completely.
    method: "direct", "fft", or "auto": direct for small kernels and for integers.

    Raises
    ------
    ShapeError, OptionError: shapes, mode or method that do not fit.

    >>> ft.jit(ft.scipy.signal.convolve)(np.array([1, 2, 3]), np.array([1, 1]))
    array([1, 3, 5, 3])
    """
    one_of("method", method, "auto", "direct", "fft")
    x, kernel = _pair(in1, in2)
    if method == "auto":
        small = min(math.prod(x.shape), math.prod(kernel.shape)) <= _DIRECT
        method = "direct" if small or x.dtype.kind in "iub" else "fft"
    return _fourier(x, kernel, mode) if method == "fft" else _direct(x, kernel, mode)


@door
def correlate(in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto") -> Array:
    """The cross-correlation: the convolution with the second array turned round and conjugated.

    Arguments and errors as those of :func:`convolve`.

    >>> x = np.array([1.0, 2.0, 3.0])
    >>> ft.jit(lambda x: ft.scipy.signal.correlate(x, x, "same"))(x)
    array([ 8., 14.,  8.])
    """
    kernel = array_like(in2)
    return convolve(in1, fnp.flip(fnp.conj(kernel)), mode, method)


@door
def fftconvolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", axes: Axes = None) -> Array:
    """The convolution by Fourier transforms, along the given axes or all; others broadcast.

    Integers become float64. Errors as those of :func:`convolve`.

    >>> ft.jit(ft.scipy.signal.fftconvolve)(np.array([1.0, 2.0]), np.array([1.0, 1.0])).round(8)
    array([1., 3., 2.])
    """
    x, kernel = _pair(in1, in2)
    return _fourier(x, kernel, mode, axes_tuple(axes, x.ndim))


@door
def convolve2d(
    in1: ArrayLike,
    in2: ArrayLike,
    mode: str = "full",
    boundary: str = "fill",
    fillvalue: ArrayLike = 0,
) -> Array:
    """The convolution of two matrices, with a choice of what surrounds the first.

    Parameters
    ----------
    mode: as that of :func:`convolve`.
    boundary: "fill" (``fillvalue``), "wrap" or "symm": the first matrix repeated, or reflected.

    Raises
    ------
    ShapeError, OptionError: shapes, mode or boundary that do not fit.

    >>> x = np.arange(4.0).reshape(2, 2)
    >>> ft.jit(lambda x: ft.scipy.signal.convolve2d(x, np.ones((1, 2)), "same", "wrap"))(x)
    array([[1., 1.],
           [5., 5.]])
    """
    return _surrounded(in1, in2, mode, boundary, fillvalue)


@door
def correlate2d(
    in1: ArrayLike,
    in2: ArrayLike,
    mode: str = "full",
    boundary: str = "fill",
    fillvalue: ArrayLike = 0,
) -> Array:
    """The cross-correlation of two matrices; arguments and errors as those of convolve2d.

    >>> x = np.arange(4.0).reshape(2, 2)
    >>> ft.jit(lambda x: ft.scipy.signal.correlate2d(x, x, "valid"))(x)
    array([[14.]])
    """
    kernel = fnp.flip(fnp.conj(array_like(in2)))
    return _surrounded(in1, kernel, mode, boundary, fillvalue, 1)  # the middle is SciPy's


_SURROUNDINGS = {"fill": "constant", "wrap": "wrap", "symm": "symmetric"}


def _surrounded(
    in1: Any, in2: Any, mode: str, boundary: str, fillvalue: Any, shift: int = 0
) -> Any:
    x, kernel = _pair(in1, in2)
    if x.ndim != 2:
        raise ShapeError(f"A convolution of images got arrays of {x.ndim} axes.", "Use convolve.")
    one_of("boundary", boundary, *_SURROUNDINGS)
    x, kernel, bounds = _bounds(x, kernel, mode, (0, 1), shift)
    options = {"constant_values": fillvalue} if boundary == "fill" else {}
    widths = _margins(x.shape, kernel.shape, bounds)
    return _direct(fnp.pad(x, widths, mode=_SURROUNDINGS[boundary], **options), kernel, "valid")


def _pair(in1: Any, in2: Any) -> tuple[Any, Any]:
    x, kernel = array_like(in1), array_like(in2)
    if x.ndim != kernel.ndim or not math.prod(x.shape) or not math.prod(kernel.shape):
        raise ShapeError(
            f"A convolution got shapes {x.shape} and {kernel.shape}.",
            "Give arrays of equally many axes that are not empty.",
        )
    dtype = result_dtype(x, kernel)
    return cast(x, dtype), cast(kernel, dtype)


def _bounds(
    x: Any, kernel: Any, mode: str, axes: Sequence[int], shift: int = 0
) -> tuple[Any, Any, Bounds]:
    """Array and kernel, which "valid" exchanges where the kernel is the larger, and the bounds.

    ``shift`` 1 puts the middle of an even kernel half a place later.
    """
    one_of("mode", mode, "full", "same", "valid")
    pairs = [(x.shape[d], kernel.shape[d]) for d in axes]
    if mode == "full":
        return x, kernel, [(0, n + k - 1) for n, k in pairs]
    if mode == "same":
        return x, kernel, [((k - 1 + shift) // 2, n) for n, k in pairs]
    if any(n < k for n, k in pairs):
        x, kernel, pairs = kernel, x, [(k, n) for n, k in pairs]
    if any(n < k for n, k in pairs):
        raise ShapeError(
            f"Arrays of shapes {x.shape} and {kernel.shape} have no valid convolution.",
            "One of them must be at least as large as the other along every axis.",
        )
    return x, kernel, [(k - 1, n - k + 1) for n, k in pairs]


def _margins(shape: Sequence[int], window: Sequence[int], bounds: Bounds) -> Bounds:
    """How many elements the windows reach beyond the array, before and after."""
    return [
        (k - 1 - start, start + count - n)
        for n, k, (start, count) in zip(shape, window, bounds, strict=True)
    ]


def _direct(x: Any, kernel: Any, mode: str) -> Any:
    x, kernel, bounds = _bounds(x, kernel, mode, tuple(range(x.ndim)))
    if mode == "full" and math.prod(kernel.shape) > math.prod(x.shape):
        x, kernel = kernel, x
    widths = [(low, high, 0) for low, high in _margins(x.shape, kernel.shape, bounds)]
    padded = fnp.asarray(linear.pad(x, x.dtype.type(0), tuple(widths)))
    kernel, counts = fnp.flip(kernel), [count for _, count in bounds]
    if math.prod(kernel.shape) > _DIRECT:
        return fnp.tensordot(_windows(padded, kernel.shape, counts), kernel, x.ndim)
    total: Any = 0
    for tap in np.ndindex(kernel.shape):  # these fuse into one loop over the result
        part = tuple(slice(t, t + count) for t, count in zip(tap, counts, strict=True))
        total = total + padded[part] * kernel[tap]
    return total


def _windows(x: Any, window: Sequence[int], counts: Sequence[int]) -> Any:
    """What lies under a window at each place: of shape (*counts, *window)."""
    ndim = x.ndim
    places = []
    for d, count in enumerate(counts):
        index = np.arange(count)[:, None] + np.arange(window[d])
        shape = [1] * (2 * ndim)
        shape[d], shape[ndim + d] = index.shape
        places.append(index.reshape(shape))
    return x[tuple(places)]


def _fourier(x: Any, kernel: Any, mode: str, axes: Sequence[int] | None = None) -> Any:
    axes = tuple(range(x.ndim)) if axes is None else axes
    x, kernel, bounds = _bounds(x, kernel, mode, axes)
    shape = [x.shape[d] + kernel.shape[d] - 1 for d in axes]
    if x.dtype.kind == "c":
        spectrum = fnp.fft.fftn(x, shape, axes) * fnp.fft.fftn(kernel, shape, axes)
        full = fnp.fft.ifftn(spectrum, shape, axes)
    else:
        spectrum = fnp.fft.rfftn(x, shape, axes) * fnp.fft.rfftn(kernel, shape, axes)
        full = fnp.fft.irfftn(spectrum, shape, axes)
    cut = [slice(None)] * x.ndim
    for d, (start, count) in zip(axes, bounds, strict=True):
        cut[d] = slice(start, start + count)
    return full[tuple(cut)]
