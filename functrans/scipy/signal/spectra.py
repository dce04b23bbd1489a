"""Spectra of signals in windowed segments: Welch (1967), and the short-time Fourier transform."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.errors import OptionError, ShapeError
from functrans.numpy.promote import array_like, axis_index, cast, common_shape, float_dtype, one_of
from functrans.scipy.doors import scipy_function
from functrans.scipy.signal.doors import door
from functrans.scipy.signal.trends import detrend as without_trend
from functrans.typing import Array, ArrayLike

_LENGTH = 256


@dataclass(frozen=True)
class _Segments:
    """The window, how far segments overlap, and the length of their transforms."""

    window: Any
    overlap: int
    points: int

    @property
    def length(self) -> int:
        return int(self.window.shape[0])

    @property
    def step(self) -> int:
        return self.length - self.overlap

    def places(self, size: int) -> Any:
        """For each segment of a signal its places."""
        starts = np.arange(0, size - self.length + 1, self.step)
        return starts[:, None] + np.arange(self.length)


def _window(window: Any, length: int, dtype: Any) -> Any:
    if isinstance(window, str | tuple):
        return scipy_function("signal", "get_window")(window, length).astype(dtype)
    values = cast(array_like(window), dtype)
    if values.shape != (length,):
        raise ShapeError(f"A window of shape {values.shape} does not fit segments of {length}.")
    return values


def _segments(
    window: Any, nperseg: int | None, noverlap: int | None, nfft: int | None, size: int, dtype: Any
) -> _Segments:
    named = isinstance(window, str | tuple)
    length = nperseg or (_LENGTH if named else np.shape(window)[0])
    if length > size:
        if not named:
            raise ShapeError(f"A window of {length} is longer than the signal of {size}.")
        warnings.warn(f"nperseg={length} becomes {size}, the number of samples.", stacklevel=4)
        length = size
    overlap = length // 2 if noverlap is None else noverlap
    points = length if nfft is None else nfft
    if length < 1 or not 0 <= overlap < length or points < length:
        raise OptionError(
            f"Segments of {length} samples cannot overlap by {overlap} in transforms of {points}.",
            "Give noverlap < nperseg ≤ nfft.",
        )
    return _Segments(_window(window, length, dtype), overlap, points)


def _spectra(x: Any, segments: _Segments, flatten: Callable[[Any], Any], onesided: bool) -> Any:
    """The transforms of a signal's segments: of shape (…, segments, frequencies)."""
    pieces = flatten(x[..., segments.places(x.shape[-1])]) * segments.window
    if onesided:
        return fnp.fft.rfft(pieces, segments.points)
    return fnp.fft.fft(pieces, segments.points)


def _flattening(detrend: Any) -> Callable[[Any], Any]:
    if isinstance(detrend, str):
        return lambda x: without_trend(x, type=detrend)
    if callable(detrend):
        return detrend
    one_of("detrend", detrend, False)
    return lambda x: x


def _scale(segments: _Segments, fs: Any, scaling: str) -> Any:
    """The factor of a power."""
    if scaling == "density":
        return 1.0 / (fs * fnp.sum(fnp.square(segments.window)))
    return 1.0 / fnp.square(fnp.sum(segments.window))


def _frequencies(segments: _Segments, fs: Any, onesided: bool) -> Any:
    steps = np.fft.rfftfreq(segments.points) if onesided else np.fft.fftfreq(segments.points)
    return steps * fs


def _floating(x: Any, axis: int) -> Any:
    """``x`` as floating numbers, its axis of time last."""
    x = array_like(x)
    return fnp.moveaxis(cast(x, float_dtype(x)), axis_index(axis, x.ndim), -1)


def _lengthened(x: Any, size: int) -> Any:
    widths = [(0, 0)] * (x.ndim - 1) + [(0, size - x.shape[-1])]
    return fnp.pad(x, widths) if size > x.shape[-1] else x


@door
def csd(
    x: ArrayLike,
    y: ArrayLike | None,
    fs: float = 1.0,
    window: str | tuple[Any, ...] | ArrayLike = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: str | bool | Callable[..., Any] = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    average: str = "mean",
) -> tuple[Array, Array]:
    """The cross power spectrum of two signals, by Welch's method: frequencies and powers.

    Parameters
    ----------
    x, y: signals along ``axis``; the shorter is padded with zeros. ``y=None`` stands for x.
    fs: how often the signals are sampled.
    window: of each segment: an array, or a name that ``scipy.signal.get_window`` knows.
    nperseg, noverlap, nfft: the length of a segment (256, or the window's), its overlap with the
        next (half), and the points of its transform (nperseg).
    detrend: "constant", "linear", False, or a function of segments (along the last axis).
    return_onesided: only frequencies that are not negative, of real signals.
    scaling: "density" or "spectrum".
    average: over segments, "mean" or "median".

    Raises
    ------
    OptionError, ShapeError: options and shapes that do not go together.

    >>> t = np.arange(64) / 8.0
    >>> power = lambda a: ft.scipy.signal.welch(a * np.sin(2 * np.pi * t), 8.0, nperseg=16)[1].max()
    >>> bool(np.isclose(ft.grad(power)(3.0), 2 * power(3.0) / 3.0))
    True
    """
    one_of("scaling", scaling, "density", "spectrum")
    one_of("average", average, "mean", "median")
    first = _floating(x, axis)
    second = first if y is None else _floating(y, axis)
    dtype = np.result_type(first.dtype, second.dtype)
    size = max(first.shape[-1], second.shape[-1])
    common_shape(first.shape[:-1], second.shape[:-1])
    segments = _segments(window, nperseg, noverlap, nfft, size, np.finfo(dtype).dtype)
    onesided = return_onesided and dtype.kind == "f"
    flatten = _flattening(detrend)
    power = _spectra(_lengthened(first, size), segments, flatten, onesided)
    other = power if y is None else _spectra(_lengthened(second, size), segments, flatten, onesided)
    power = fnp.conj(power) * other * _scale(segments, fs, scaling)
    if onesided:  # each frequency stands for its negative, too, but 0 and the highest
        twice = np.full(segments.points // 2 + 1, 2.0, np.finfo(dtype).dtype)
        twice[0] = 1.0
        if segments.points % 2 == 0:
            twice[-1] = 1.0
        power = power * twice
    power = _average(power, average)
    if y is None:
        power = fnp.real(power)
    return _frequencies(segments, fs, onesided), fnp.moveaxis(power, -1, axis)


def _average(power: Any, average: str) -> Any:
    if average == "mean":
        return fnp.mean(power, -2)
    # The median of squares is less than their mean: Allen et al., arXiv:gr-qc/0509116, (B12).
    steps = np.arange(2.0, power.shape[-2], 2.0)
    bias = float(1.0 + np.sum(1.0 / (steps + 1.0) - 1.0 / steps))
    real, imag = fnp.median(fnp.real(power), -2), fnp.median(fnp.imag(power), -2)
    return (real + 1j * imag) / bias


@door
def welch(
    x: ArrayLike,
    fs: float = 1.0,
    window: str | tuple[Any, ...] | ArrayLike = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: str | bool | Callable[..., Any] = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    average: str = "mean",
) -> tuple[Array, Array]:
    """The power spectrum of a signal; arguments and errors as those of :func:`csd`.

    >>> x = np.sin(np.arange(32.0))
    >>> ft.jit(lambda x: ft.scipy.signal.welch(x, nperseg=4))(x)[1].round(2)
    array([0.23, 0.71, 0.07])
    """
    return csd(
        x, None, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis,
        average,
    )  # fmt: skip


_EXTENSIONS = {"even": "reflect", "constant": "edge", "zeros": "constant"}


def _extended(x: Any, boundary: str, width: int) -> Any:
    if boundary == "odd":
        low = 2.0 * x[..., :1] - fnp.flip(x[..., 1 : width + 1], -1)
        high = 2.0 * x[..., -1:] - fnp.flip(x[..., -width - 1 : -1], -1)
        return fnp.concatenate([low, x, high], -1) if width else x
    widths = [(0, 0)] * (x.ndim - 1) + [(width, width)]
    return fnp.pad(x, widths, mode=_EXTENSIONS[boundary])


@door
def stft(
    x: ArrayLike,
    fs: float = 1.0,
    window: str | tuple[Any, ...] | ArrayLike = "hann",
    nperseg: int | None = 256,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: str | bool | Callable[..., Any] = False,
    return_onesided: bool = True,
    boundary: str | None = "zeros",
    padded: bool = True,
    axis: int = -1,
    scaling: str = "spectrum",
) -> tuple[Array, Array, Array]:
    """The short-time Fourier transform: frequencies, times, and the transform of each segment.

    Frequencies stand on ``axis``, times on the last one.

    Parameters
    ----------
    boundary: how half a segment is put at either end: "zeros", "even", "odd", "constant", None.
    padded: whether zeros fill up the last segment.
    scaling: "spectrum" or "psd".
    others: as those of :func:`csd`.

    Raises
    ------
    OptionError, ShapeError: options and shapes that do not go together.

    >>> x = np.array([1.0, 2.0, 3.0, 2.0])
    >>> ft.jit(lambda x: ft.scipy.signal.stft(x, nperseg=2))(x)[2].real
    array([[ 1.,  2.,  3.,  2.,  0.],
           [-1., -2., -3., -2.,  0.]])
    """
    one_of("scaling", scaling, "spectrum", "psd")
    one_of("boundary", boundary, *_EXTENSIONS, "odd", None)
    signal = _floating(x, axis)
    real = np.finfo(signal.dtype).dtype
    segments = _segments(window, nperseg, noverlap, nfft, signal.shape[-1], real)
    half = segments.length // 2
    if boundary is not None:
        signal = _extended(signal, boundary, half)
    if padded:
        missing = -(signal.shape[-1] - segments.length) % segments.step
        signal = _lengthened(signal, signal.shape[-1] + missing % segments.length)
    onesided = return_onesided and signal.dtype.kind == "f"
    spectra = _spectra(signal, segments, _flattening(detrend), onesided)
    power = _scale(segments, fs, "density" if scaling == "psd" else scaling)
    starts = segments.places(signal.shape[-1])[:, 0] + 0.5 * segments.length
    times = (starts - (0.5 * segments.length if boundary is not None else 0.0)) / fs
    place = axis_index(axis, signal.ndim)
    found = fnp.moveaxis(spectra * fnp.sqrt(power), -1, place)
    return _frequencies(segments, fs, onesided), times, found


@door
def istft(
    Zxx: ArrayLike,
    fs: float = 1.0,
    window: str | tuple[Any, ...] | ArrayLike = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    input_onesided: bool = True,
    boundary: bool = True,
    time_axis: int = -1,
    freq_axis: int = -2,
    scaling: str = "spectrum",
) -> tuple[Array, Array]:
    """Times and the signal of a short-time Fourier transform: the inverse of :func:`stft`.

    ``input_onesided`` and ``boundary`` say how the transform was made. Where no window reaches
    the signal it is 0. Errors as those of stft.

    >>> x = np.array([1.0, 2.0, 3.0, 2.0])
    >>> z = ft.scipy.signal.stft(x, nperseg=2)[2]
    >>> ft.jit(lambda z: ft.scipy.signal.istft(z, nperseg=2))(z)[1]
    array([1., 2., 3., 2.])
    """
    one_of("scaling", scaling, "spectrum", "psd")
    z = array_like(Zxx)
    if z.ndim < 2:
        raise ShapeError(f"istft got a transform of shape {z.shape}.", "Give two axes or more.")
    time, freq = axis_index(time_axis, z.ndim), axis_index(freq_axis, z.ndim)
    if time == freq:
        raise OptionError("istft got one axis for both times and frequencies.")
    z = fnp.moveaxis(z, (time, freq), (-2, -1))
    usual = 2 * (z.shape[-1] - 1) if input_onesided else z.shape[-1]
    length = usual if nperseg is None else nperseg
    if nfft is None:
        nfft = usual + 1 if input_onesided and length == usual + 1 else usual
    real = np.finfo(np.result_type(z.dtype, np.complex64)).dtype
    segments = _segments(window, length, noverlap, nfft, length, real)
    inverse = fnp.fft.irfft if input_onesided else fnp.fft.ifft
    pieces = inverse(z, nfft)[..., : segments.length]
    pieces = pieces / fnp.sqrt(_scale(segments, fs, "density" if scaling == "psd" else scaling))
    size = segments.length + (z.shape[-2] - 1) * segments.step
    signal = _overlapped(pieces * segments.window, segments, size)
    weights = fnp.broadcast_to(fnp.square(segments.window), pieces.shape[-2:])
    weight = _overlapped(weights, segments, size)
    if boundary:
        half = segments.length // 2
        signal, weight = signal[..., half : size - half], weight[half : size - half]
    signal = signal / fnp.where(weight > 1e-10, weight, 1.0)
    times = np.arange(signal.shape[-1]) / fs
    return times, fnp.moveaxis(signal, -1, time - (freq < time)) if signal.ndim > 1 else signal


def _overlapped(pieces: Any, segments: _Segments, size: int) -> Any:
    """The sum of segments, each at its place."""
    empty = fnp.zeros((*pieces.shape[:-2], size), pieces.dtype)
    return fnp.at(empty)[..., segments.places(size)].add(pieces)
