"""Cosine transforms, as in ``scipy.fft``: by real Fourier transforms of twice the length.

Their types and norms are SciPy's (Rao and Yip, *Discrete Cosine Transform*, 1990).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

import functrans.numpy as fnp
from functrans.errors import DtypeError, OptionError, ShapeError
from functrans.numpy.fft import _fitted
from functrans.numpy.promote import array_like, axes_tuple, axis_index, cast
from functrans.scipy.doors import scipy_door
from functrans.typing import Array, ArrayLike

__all__ = ["dct", "dctn", "idct", "idctn"]

_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}
_OTHER_WAY = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


P = ParamSpec("P")
R = TypeVar("R")


def _door(traced: Callable[P, R]) -> Callable[P, R]:
    """A public function: SciPy's of the same name for plain arrays, ``traced`` otherwise."""
    return scipy_door("fft", traced)


@_door
def dct(
    x: ArrayLike, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Array:
    """The discrete cosine transform of a type, 1 to 4, along an axis.

    Parameters
    ----------
    x: real; cut, or padded with zeros, to ``n`` points. float32 stays float32.
    norm: "backward" (default), "forward" or "ortho".

    Raises
    ------
    OptionError, DtypeError, ShapeError: another type or norm, complex numbers, too few points.

    >>> ft.scipy.fft.dct(np.array([1.0, 2.0]))
    array([ 6.        , -1.41421356])
    """
    kind, norm = _options(type, norm)
    return _along(_real(x), kind, n, axis, norm)


@_door
def idct(
    x: ArrayLike, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Array:
    """The inverse of :func:`dct`.

    >>> ft.scipy.fft.idct(np.array([6.0, 0.0]))
    array([1.5, 1.5])
    """
    kind, norm = _options(type, norm)
    return _along(_real(x), _INVERSE[kind], n, axis, _OTHER_WAY[norm])


@_door
def dctn(
    x: ArrayLike,
    type: int = 2,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Array:
    """:func:`dct` along several axes, by default all, or as many last ones as ``s`` has sizes.

    >>> ft.scipy.fft.dctn(np.ones((2, 2)), norm="ortho").round(12)
    array([[2., 0.],
           [0., 0.]])
    """
    kind, norm = _options(type, norm)
    return _along_all(x, kind, s, axes, norm)


@_door
def idctn(
    x: ArrayLike,
    type: int = 2,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Array:
    """The inverse of :func:`dctn`.

    >>> ft.scipy.fft.idctn(np.array([[2.0, 0.0], [0.0, 0.0]]), norm="ortho").round(12)
    array([[1., 1.],
           [1., 1.]])
    """
    kind, norm = _options(type, norm)
    return _along_all(x, _INVERSE[kind], s, axes, _OTHER_WAY[norm])


def _options(kind: int, norm: str | None) -> tuple[int, str]:
    name = "backward" if norm is None else norm
    if kind not in _INVERSE:
        raise OptionError(f"A cosine transform of type {kind} is not known.", "Use 1, 2, 3 or 4.")
    if name not in _OTHER_WAY:
        raise OptionError(f"norm={norm!r} is none.", 'Use "backward", "ortho" or "forward".')
    return kind, name


def _real(x: Any) -> Any:
    x = array_like(x)
    if x.dtype.kind == "c":
        raise DtypeError("A cosine transform got complex numbers.", "Transform x.real and x.imag.")
    return cast(x, np.dtype(np.float32 if x.dtype.char in "ef" else np.float64))


def _along_all(
    x: Any, kind: int, s: Sequence[int] | None, axes: Sequence[int] | None, norm: str
) -> Any:
    x = _real(x)
    if axes is None:
        axes = range(x.ndim) if s is None else range(x.ndim - len(s), x.ndim)
    axes = axes_tuple(tuple(axes), x.ndim)
    sizes = [None] * len(axes) if s is None else list(s)
    if len(sizes) != len(axes):
        raise ShapeError(f"A transform of {len(axes)} axes got {len(sizes)} sizes.")
    for axis, size in zip(axes, sizes, strict=True):
        x = _along(x, kind, size, axis, norm)
    return x


def _along(x: Any, kind: int, n: int | None, axis: int, norm: str) -> Any:
    axis = axis_index(axis, x.ndim)
    points = x.shape[axis] if n is None else n
    if points < (2 if kind == 1 else 1):
        raise ShapeError(f"A cosine transform of type {kind} of {points} points is none.")
    x = fnp.moveaxis(_fitted(x, axis, points), axis, -1)
    period = 2 * (points - 1) if kind == 1 else 2 * points
    if norm == "ortho":
        x = x * _ends(kind, points, {1: (0, -1), 3: (0,)}, math.sqrt(2.0), x.dtype)
    x = _TRANSFORMS[kind](x)
    if norm == "ortho":
        x = x * _ends(kind, points, {1: (0, -1), 2: (0,)}, math.sqrt(0.5), x.dtype)
    scale = {"backward": 1.0, "forward": 1.0 / period, "ortho": math.sqrt(1.0 / period)}[norm]
    return fnp.moveaxis(x * scale, -1, axis)


def _ends(kind: int, n: int, which: dict[int, tuple[int, ...]], factor: float, dtype: Any) -> Any:
    """Ones, but for the end points that an orthogonal transform weighs otherwise."""
    weights = np.ones(n, dtype)
    weights[list(which.get(kind, ()))] = factor
    return weights


def _turns(angles: Any, x: Any) -> Any:
    """exp(i·angle) in the precision of ``x``."""
    return np.exp(1j * angles).astype(np.result_type(x.dtype, np.complex64))


def _first(x: Any) -> Any:
    return fnp.real(fnp.fft.rfft(fnp.concatenate([x, fnp.flip(x, -1)[..., 1:-1]], -1)))


def _second(x: Any) -> Any:
    n = x.shape[-1]
    spectrum = fnp.fft.rfft(fnp.concatenate([x, fnp.flip(x, -1)], -1))[..., :n]
    return fnp.real(spectrum * _turns(-math.pi * np.arange(n) / (2 * n), x))


def _third(x: Any) -> Any:
    n = x.shape[-1]
    turned = x * _turns(math.pi * np.arange(n) / (2 * n), x)
    return fnp.fft.irfft(turned, 2 * n, norm="forward")[..., :n]


def _fourth(x: Any) -> Any:
    n = x.shape[-1]
    turned = x * _turns(-math.pi * np.arange(n) / (2 * n), x)
    spectrum = fnp.fft.fft(turned, 2 * n)[..., :n]
    return 2.0 * fnp.real(spectrum * _turns(-math.pi * (2 * np.arange(n) + 1) / (4 * n), x))


_TRANSFORMS = {1: _first, 2: _second, 3: _third, 4: _fourth}
