"""``numpy.fft``: discrete Fourier transforms.

float32 and complex64 stay as they are, as in NumPy 2. The derivative of a real input is real.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import OptionError, ShapeError
from functrans.numpy.promote import array_like, axes_tuple, axis_index, cast, door, no_out
from functrans.numpy.shaping import roll
from functrans.primitives import layout, linear
from functrans.primitives.fourier import OTHER_WAY, Kind, Norm, fourier
from functrans.typing import Array, ArrayLike, Axes


def _norm(norm: Any) -> Norm:
    name: Any = "backward" if norm is None else norm
    if name not in OTHER_WAY:
        raise OptionError(f"norm={norm!r} is none.", 'Use "backward", "ortho" or "forward".')
    return name


def _operand(x: Any, kind: str) -> Any:
    """``x`` in the dtype that the transform takes."""
    x = array_like(x)
    dtype = dtype_of(x)
    if kind == "rfft" and dtype.kind == "c":
        raise OptionError("A real transform got complex numbers.", "Use fft, or x.real.")
    if dtype.kind not in "fc":
        dtype = np.dtype(np.float64)
    elif dtype.char == "e":  # NumPy computes these in single precision
        dtype = np.dtype(np.float32)
    return cast(x, dtype if kind == "rfft" else np.dtype(np.result_type(dtype, np.complex64)))


def _fitted(x: Any, axis: int, length: int) -> Any:
    """``x`` with zeros at the end of an axis, or without what is too much."""
    ndim, n = len(shape_of(x)), shape_of(x)[axis]
    if n == length:
        return x
    config = tuple((0, length - n if d == axis else 0, 0) for d in range(ndim))
    return linear.pad(x, dtype_of(x).type(0), config)


def _along(x: Any, kind: Kind, n: Any, axis: Any, norm: Norm) -> Any:
    x = _operand(x, kind)
    axis = axis_index(axis, len(shape_of(x)))
    here = shape_of(x)[axis]
    points = int(n) if n is not None else 2 * (here - 1) if kind == "irfft" else here
    if points < 1:
        raise ShapeError(f"A Fourier transform needs at least one point, not {points}.")
    x = _fitted(x, axis, points // 2 + 1 if kind == "irfft" else points)
    last = len(shape_of(x)) - 1
    y = fourier(layout.move_axis(x, axis, last), kind, points, norm)
    return layout.move_axis(y, last, axis)


@door(np.fft.fft)
def fft(
    a: ArrayLike,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """The discrete Fourier transform along an axis, cut or padded with zeros to ``n`` points.

    >>> fnp.fft.fft(np.array([1.0, 2.0]))
    array([ 3.+0.j, -1.+0.j])
    """
    no_out("fft", out)
    return _along(a, "fft", n, axis, _norm(norm))


@door(np.fft.ifft)
def ifft(
    a: ArrayLike,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """The inverse of :func:`fft`.

    >>> fnp.fft.ifft(np.array([3.0, -1.0]))
    array([1.+0.j, 2.+0.j])
    """
    no_out("ifft", out)
    return _along(a, "ifft", n, axis, _norm(norm))


@door(np.fft.rfft)
def rfft(
    a: ArrayLike,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """The first half of the spectrum of real numbers; the rest is its mirror image.

    >>> fnp.fft.rfft(np.array([1.0, 2.0, 3.0, 4.0]))
    array([10.+0.j, -2.+2.j, -2.+0.j])
    """
    no_out("rfft", out)
    return _along(a, "rfft", n, axis, _norm(norm))


@door(np.fft.irfft)
def irfft(
    a: ArrayLike,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """The inverse of :func:`rfft`: ``n`` real numbers, by default an even number of them.

    >>> fnp.fft.irfft(np.array([10.0, -2.0 + 2.0j, -2.0]))
    array([1., 2., 3., 4.])
    """
    no_out("irfft", out)
    return _along(a, "irfft", n, axis, _norm(norm))


@door(np.fft.hfft)
def hfft(
    a: ArrayLike,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """The real spectrum of a signal given by the first half of its Hermitian values.

    >>> fnp.fft.hfft(np.array([1.0, 2.0, 3.0]))
    array([ 8., -2.,  0., -2.])
    """
    no_out("hfft", out)
    return _along(linear.conj(_operand(a, "irfft")), "irfft", n, axis, OTHER_WAY[_norm(norm)])


@door(np.fft.ihfft)
def ihfft(
    a: ArrayLike,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """The inverse of :func:`hfft`.

    >>> fnp.fft.ihfft(np.array([8.0, -2.0, 0.0, -2.0])).real
    array([1., 2., 3.])
    """
    no_out("ihfft", out)
    return linear.conj(_along(a, "rfft", n, axis, OTHER_WAY[_norm(norm)]))


def _plan(x: Any, s: Any, axes: Any, kind: str) -> tuple[list[Any], list[int]]:
    """The lengths and axes of a transform along several axes."""
    ndim = len(shape_of(x))
    if axes is None:
        axes = range(ndim) if s is None else range(ndim - len(s), ndim)
    places = [axis_index(axis, ndim) for axis in axes]
    lengths = [None] * len(places) if s is None else [None if n == -1 else n for n in s]
    if len(lengths) != len(places):
        raise ShapeError(f"{kind} got {len(lengths)} lengths for {len(places)} axes.")
    return lengths, places


def _several(x: Any, kind: Kind, s: Any, axes: Any, norm: Any, last: Kind | None = None) -> Any:
    """One transform after the other from the last axis on; ``last`` is the kind on that one."""
    x = array_like(x)
    lengths, places = _plan(x, s, axes, kind)
    name = _norm(norm)
    pairs = list(zip(lengths, places, strict=True))
    if not pairs:
        return x
    *others, (length, axis) = pairs
    if last == "irfft":
        for n, place in others:
            x = _along(x, kind, n, place, name)
        return _along(x, "irfft", length, axis, name)
    x = _along(x, last or kind, length, axis, name)
    for n, place in reversed(others):
        x = _along(x, kind, n, place, name)
    return x


@door(np.fft.fftn)
def fftn(
    a: ArrayLike,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """The discrete Fourier transform along several axes, all by default.

    >>> fnp.fft.fftn(np.eye(2))
    array([[2.+0.j, 0.+0.j],
           [0.+0.j, 2.+0.j]])
    """
    no_out("fftn", out)
    return _several(a, "fft", s, axes, norm)


@door(np.fft.ifftn)
def ifftn(
    a: ArrayLike,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """The inverse of :func:`fftn`.

    >>> fnp.fft.ifftn(np.eye(2)).real
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    no_out("ifftn", out)
    return _several(a, "ifft", s, axes, norm)


@door(np.fft.rfftn)
def rfftn(
    a: ArrayLike,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """The transform of real numbers: :func:`rfft` along the last axis, :func:`fft` along others.

    >>> fnp.fft.rfftn(np.ones((2, 2))).real
    array([[4., 0.],
           [0., 0.]])
    """
    no_out("rfftn", out)
    return _several(a, "fft", s, axes, norm, "rfft")


@door(np.fft.irfftn)
def irfftn(
    a: ArrayLike,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """The inverse of :func:`rfftn`.

    >>> fnp.fft.irfftn(np.array([[4.0, 0.0], [0.0, 0.0]]))
    array([[1., 1.],
           [1., 1.]])
    """
    no_out("irfftn", out)
    return _several(a, "ifft", s, axes, norm, "irfft")


@door(np.fft.fft2)
def fft2(
    a: ArrayLike,
    s: Sequence[int] | None = None,
    axes: Sequence[int] = (-2, -1),
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """:func:`fftn` along two axes.

    >>> fnp.fft.fft2(np.eye(2)).real
    array([[2., 0.],
           [0., 2.]])
    """
    return fftn(a, s, axes, norm, out)


@door(np.fft.ifft2)
def ifft2(
    a: ArrayLike,
    s: Sequence[int] | None = None,
    axes: Sequence[int] = (-2, -1),
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """:func:`ifftn` along two axes.

    >>> fnp.fft.ifft2(np.eye(2)).real
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    return ifftn(a, s, axes, norm, out)


@door(np.fft.rfft2)
def rfft2(
    a: ArrayLike,
    s: Sequence[int] | None = None,
    axes: Sequence[int] = (-2, -1),
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """:func:`rfftn` along two axes.

    >>> fnp.fft.rfft2(np.ones((2, 2))).real
    array([[4., 0.],
           [0., 0.]])
    """
    return rfftn(a, s, axes, norm, out)


@door(np.fft.irfft2)
def irfft2(
    a: ArrayLike,
    s: Sequence[int] | None = None,
    axes: Sequence[int] = (-2, -1),
    norm: str | None = None,
    out: Array | None = None,
) -> Array:
    """:func:`irfftn` along two axes.

    >>> fnp.fft.irfft2(np.array([[4.0, 0.0], [0.0, 0.0]]))
    array([[1., 1.],
           [1., 1.]])
    """
    return irfftn(a, s, axes, norm, out)


def fftfreq(n: int, d: float = 1.0) -> Array:
    """The frequencies of :func:`fft` of ``n`` points at the distance ``d``.

    >>> fnp.fft.fftfreq(4, 0.5)
    array([ 0. ,  0.5, -1. , -0.5])
    """
    return np.fft.fftfreq(n) / d


def rfftfreq(n: int, d: float = 1.0) -> Array:
    """The frequencies of :func:`rfft` of ``n`` points at the distance ``d``.

    >>> fnp.fft.rfftfreq(4, 0.5)
    array([0. , 0.5, 1. ])
    """
    return np.fft.rfftfreq(n) / d


@door(np.fft.fftshift)
def fftshift(x: ArrayLike, axes: Axes = None) -> Array:
    """The spectrum with frequency 0 moved to the middle.

    >>> fnp.fft.fftshift(np.array([0, 1, -2, -1]))
    array([-2, -1,  0,  1])
    """
    return _turned(x, axes, 1)


@door(np.fft.ifftshift)
def ifftshift(x: ArrayLike, axes: Axes = None) -> Array:
    """The inverse of :func:`fftshift`.

    >>> fnp.fft.ifftshift(np.array([-2, -1, 0, 1]))
    array([ 0,  1, -2, -1])
    """
    return _turned(x, axes, -1)


def _turned(x: Any, axes: Any, way: int) -> Any:
    x = array_like(x)
    ndim = len(shape_of(x))
    places = axes_tuple(axes, ndim)
    # Towards the middle by n // 2, back by as much.
    return roll(x, tuple(way * (shape_of(x)[axis] // 2) for axis in places), places)


__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]
