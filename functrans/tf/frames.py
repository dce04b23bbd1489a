"""Signals in overlapping frames: windows, short-time Fourier and cosine transforms, mel scales."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.arithmetic import multiply
from functrans.tf.convert import FLOAT32, as_tensor, integer, numpy_dtype
from functrans.tf.errors import InvalidArgumentError, InvalidValueError
from functrans.tf.fourier import dct, idct, irfft, rfft
from functrans.tf.layouts import rearranged
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import operation

# --- frames --------------------------------------------------------------------------------------


@operation("Frame")
def frame(
    signal: Any,
    frame_length: Any,
    frame_step: Any,
    pad_end: bool = False,
    pad_value: Any = 0,
    axis: int = -1,
    name: str | None = None,
) -> Tensor:
    """Frames of an axis that begin ``frame_step`` apart; ``pad_end`` fills up the last ones.

    >>> import functrans.tf as tf
    >>> tf.signal.frame([1, 2, 3, 4], 2, 1).numpy().tolist()
    [[1, 2], [2, 3], [3, 4]]
    """
    x = as_tensor(signal)
    length, step = integer(frame_length), integer(frame_step)
    if not step:
        raise InvalidArgumentError.at(
            "Integer division by zero [Op:FloorDiv] name: ", "frame_step must be positive."
        )
    place = axis % len(x._v.shape)
    size = x._v.shape[place]
    count = -(-size // step) if pad_end else max((size - length + step) // step, 0)
    places = np.arange(count)[:, None] * step + np.arange(length)
    missing = max(places.max(initial=-1) + 1 - size, 0)
    fill = value(as_tensor(pad_value, x._dtype))

    def framed(v: Any) -> Any:
        if missing:
            widths = [(0, 0)] * len(v.shape)
            widths[place] = 0, missing
            v = fnp.pad(v, widths, constant_values=fill)
        return fnp.take(v, places, axis=place)

    return rearranged("Frame", framed, x)


def overlap_and_add(signal: Any, frame_step: Any, name: str | None = None) -> Tensor:
    """The sum of frames, the last axis, that begin ``frame_step`` apart.

    >>> import functrans.tf as tf
    >>> tf.signal.overlap_and_add([[1, 2, 3], [4, 5, 6]], 2).numpy()
    array([1, 2, 7, 5, 6], dtype=int32)
    """
    x, step = as_tensor(signal), integer(frame_step)
    if len(x._v.shape) < 2:
        raise InvalidValueError(
            f"Shape {x.shape} must have rank at least 2", "The last two axes are those of frames."
        )
    *lead, count, length = x._v.shape
    pieces = -(-length // step)

    def summed(v: Any) -> Any:
        zeros = [(0, 0)] * len(lead)
        padded = fnp.pad(v, [*zeros, (0, 0), (0, pieces * step - length)])
        parts = fnp.reshape(padded, (*lead, count, pieces, step))
        shifted = [
            fnp.pad(parts[..., i, :], [*zeros, (i, pieces - 1 - i), (0, 0)]) for i in range(pieces)
        ]
        total = fnp.sum(fnp.stack(shifted), axis=0, dtype=x._dtype)
        flat = fnp.reshape(total, (*lead, (count + pieces - 1) * step))
        return flat[..., : (count - 1) * step + length]

    return rearranged("OverlapAndAdd", summed, x)


# --- windows -------------------------------------------------------------------------------------


def _window(length: Any, dtype: Any, shape: Callable[[int], Any]) -> Tensor:
    wanted = numpy_dtype(dtype) or FLOAT32
    if wanted.kind != "f":
        raise InvalidValueError(
            f"dtype must be a floating point type. Found {dtype!r}", "Use tf.float32."
        )
    size = integer(length)
    values = np.ones(size) if size < 2 else shape(size)
    return wrap(values.astype(wanted))


def _raised_cosine(length: Any, periodic: bool, dtype: Any, a: float, b: float) -> Tensor:
    def shape(n: int) -> Any:
        period = n - (1 if n % 2 else 0 if periodic else 1)
        return a - b * np.cos(2 * np.pi * np.arange(n) / period)

    return _window(length, dtype, shape)


def hann_window(
    window_length: Any, periodic: bool = True, dtype: Any = np.float32, name: str | None = None
) -> Tensor:
    """½ − ½·cos(2πk/n); of even length and ``periodic`` the next period begins at k = n.

    >>> import functrans.tf as tf
    >>> tf.signal.hann_window(4).numpy()
    array([0. , 0.5, 1. , 0.5], dtype=float32)
    """
    return _raised_cosine(window_length, periodic, dtype, 0.5, 0.5)


def hamming_window(
    window_length: Any, periodic: bool = True, dtype: Any = np.float32, name: str | None = None
) -> Tensor:
    """0.54 − 0.46·cos(2πk/n), as ``hann_window``.

    >>> import functrans.tf as tf
    >>> tf.signal.hamming_window(4).numpy()
    array([0.08, 0.54, 1.  , 0.54], dtype=float32)
    """
    return _raised_cosine(window_length, periodic, dtype, 0.54, 0.46)


def kaiser_window(
    window_length: Any, beta: Any = 12.0, dtype: Any = np.float32, name: str | None = None
) -> Tensor:
    """Kaiser's window, a ratio of Bessel functions; ``beta`` makes it narrow.

    >>> import functrans.tf as tf
    >>> tf.signal.kaiser_window(3, beta=1.0).numpy().round(4)
    array([0.7898, 1.    , 0.7898], dtype=float32)
    """
    return _window(window_length, dtype, lambda n: np.kaiser(n, float(as_tensor(beta))))


def kaiser_bessel_derived_window(
    window_length: Any, beta: Any = 12.0, dtype: Any = np.float32, name: str | None = None
) -> Tensor:
    """The root of running sums of a Kaiser window, which suits ``mdct``.

    >>> import functrans.tf as tf
    >>> tf.signal.kaiser_bessel_derived_window(2).numpy()
    array([0.70710677, 0.70710677], dtype=float32)
    """

    def shape(n: int) -> Any:
        sums = np.cumsum(np.kaiser(n // 2 + 1, float(as_tensor(beta))))
        half = np.sqrt(sums[:-1] / sums[-1])
        return np.concatenate([half, half[::-1]])

    return _window(window_length, dtype, shape)


def vorbis_window(window_length: Any, dtype: Any = np.float32, name: str | None = None) -> Tensor:
    """sin(½π·sin²(π(k + ½)/n)), which suits ``mdct``.

    >>> import functrans.tf as tf
    >>> tf.signal.vorbis_window(2).numpy()
    array([0.70710677, 0.70710677], dtype=float32)
    """

    def shape(n: int) -> Any:
        return np.sin(np.pi / 2 * np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2)

    return _window(window_length, dtype, shape)


# --- short-time transforms -----------------------------------------------------------------------


def _windowed(frames: Tensor, window_fn: Any) -> Tensor:
    if window_fn is None:
        return frames
    return multiply(frames, window_fn(frames._v.shape[-1], dtype=frames.dtype))


def _enclosing_power(n: int) -> int:
    return int(2 ** np.ceil(np.log2(n)))


def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Any = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Tensor:
    """The ``rfft`` of each windowed frame of the last axis, of the next power of two.

    >>> import functrans.tf as tf
    >>> tf.signal.stft(tf.ones(8), 4, 2).shape
    TensorShape([3, 3])
    """
    length = integer(frame_length)
    wanted = _enclosing_power(length) if fft_length is None else integer(fft_length)
    frames = frame(signals, length, frame_step, pad_end)
    return rfft(_windowed(frames, window_fn), [wanted])


def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Any = hann_window,
    name: str | None = None,
) -> Tensor:
    """The signal of a ``stft``, if ``window_fn`` is of ``inverse_stft_window_fn``.

    >>> import functrans.tf as tf
    >>> window = tf.signal.inverse_stft_window_fn(2)
    >>> frames = tf.signal.stft(tf.ones(8), 4, 2)
    >>> tf.signal.inverse_stft(frames, 4, 2, window_fn=window).numpy()[2:6]
    array([1., 1., 1., 1.], dtype=float32)
    """
    length = integer(frame_length)
    wanted = _enclosing_power(length) if fft_length is None else integer(fft_length)
    frames = irfft(as_tensor(stfts), [wanted])

    def fitted(v: Any) -> Any:
        short = max(length - v.shape[-1], 0)
        widths = [*[(0, 0)] * (len(v.shape) - 1), (0, short)]
        return fnp.pad(v, widths)[..., :length] if short else v[..., :length]

    fitting = rearranged("Slice", fitted, frames)
    return overlap_and_add(_windowed(fitting, window_fn), frame_step)


def inverse_stft_window_fn(
    frame_step: Any, forward_window_fn: Any = hann_window, name: str | None = None
) -> Callable[..., Tensor]:
    """The function of windows for ``inverse_stft`` that undoes those of ``stft``.

    >>> import functrans.tf as tf
    >>> tf.signal.inverse_stft_window_fn(2)(4, dtype=tf.float32).numpy().round(4)
    array([0., 1., 1., 1.], dtype=float32)
    """

    def window(frame_length: Any, dtype: Any) -> Tensor:
        length, step = integer(frame_length), integer(frame_step)
        forward = value(forward_window_fn(length, dtype=dtype))
        overlaps = -(-length // step)
        squares = fnp.pad(forward * forward, (0, overlaps * step - length))
        total = fnp.sum(fnp.reshape(squares, (overlaps, step)), axis=0)
        return wrap(forward / fnp.tile(total, overlaps)[:length], forward.dtype)

    return window


def mdct(
    signals: Any,
    frame_length: Any,
    window_fn: Any = vorbis_window,
    pad_end: bool = False,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The modified cosine transform: frames that overlap by half, folded, and their ``dct`` IV.

    >>> import functrans.tf as tf
    >>> tf.signal.mdct(tf.ones(8), 4).shape
    TensorShape([3, 2])
    """
    length = integer(frame_length)
    frames = frame(signals, length, length // 2, pad_end)

    def folded(v: Any) -> Any:
        a, b, c, d = fnp.split(v, 4, axis=-1)
        return fnp.concatenate([-fnp.flip(c, -1) - d, a - fnp.flip(b, -1)], -1)

    return dct(rearranged("Concat", folded, _windowed(frames, window_fn)), type=4, norm=norm)


def inverse_mdct(
    mdcts: Any,
    window_fn: Any = vorbis_window,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The signal of a ``mdct``, but for its first and last half frame.

    >>> import functrans.tf as tf
    >>> tf.signal.inverse_mdct(tf.signal.mdct(tf.ones(8), 4)).numpy().round(5)[2:6]
    array([1., 1., 1., 1.], dtype=float32)
    """
    half = as_tensor(mdcts)._v.shape[-1]
    found = idct(mdcts, type=4, norm=norm)
    if norm is None:
        found = multiply(found, 0.5 / half)

    def unfolded(v: Any) -> Any:
        first, second = fnp.split(v, 2, axis=-1)
        parts = [second, -fnp.flip(second, -1), -fnp.flip(first, -1), -first]
        return fnp.concatenate(parts, -1)

    return overlap_and_add(_windowed(rearranged("Concat", unfolded, found), window_fn), half)


# --- mel scales ----------------------------------------------------------------------------------


def linear_to_mel_weight_matrix(
    num_mel_bins: Any = 20,
    num_spectrogram_bins: Any = 129,
    sample_rate: Any = 8000,
    lower_edge_hertz: Any = 125.0,
    upper_edge_hertz: Any = 3800.0,
    dtype: Any = np.float32,
    name: str | None = None,
) -> Tensor:
    """Triangular weights that take a spectrum of linear frequencies to one of mels.

    >>> import functrans.tf as tf
    >>> tf.signal.linear_to_mel_weight_matrix(4, 9).shape
    TensorShape([9, 4])
    """
    bands, bins = integer(num_mel_bins), integer(num_spectrogram_bins)
    rate, low, high = (
        float(as_tensor(x)) for x in (sample_rate, lower_edge_hertz, upper_edge_hertz)
    )
    problems = {
        f"num_mel_bins must be positive. Got: {bands}": bands <= 0,
        f"lower_edge_hertz must be non-negative. Got: {low}": low < 0,
        f"lower_edge_hertz {low} >= upper_edge_hertz {high}": low >= high,
        f"sample_rate must be positive. Got: {rate}": rate <= 0,
        "upper_edge_hertz must not be larger than the Nyquist frequency (sample_rate / 2). Got "
        f"{high} for sample_rate: {rate}": high > rate / 2,
    }
    for message, wrong in problems.items():
        if wrong:
            raise InvalidValueError(message, "Frequencies are in hertz.")

    def mels(hertz: Any) -> Any:
        return 1127.0 * np.log1p(hertz / 700.0)

    pitches = mels(np.linspace(0.0, rate / 2, bins)[1:])[:, None]
    edges = np.linspace(mels(low), mels(high), bands + 2)
    lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (pitches - lower) / (center - lower), (upper - pitches) / (upper - center)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    return wrap(np.pad(weights, [(1, 0), (0, 0)]).astype(numpy_dtype(dtype) or FLOAT32))


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: str | None = None) -> Tensor:
    """Cepstral coefficients: the orthonormal ``dct`` II of logarithms of a mel spectrum.

    >>> import functrans.tf as tf
    >>> tf.signal.mfccs_from_log_mel_spectrograms([1.0, 1.0]).numpy()
    array([2., 0.], dtype=float32)
    """
    x = as_tensor(log_mel_spectrograms)
    return multiply(dct(x), 1.0 / np.sqrt(2.0 * x._v.shape[-1]))
