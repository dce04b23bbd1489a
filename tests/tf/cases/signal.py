"""Fourier and cosine transforms, frames and windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group

GROUP = Group("signal")
case, op = GROUP.case, GROUP.op

X = np.sin(np.arange(24) * 1.3).astype(np.float32).reshape(2, 12)
Z = (X + 1j * X[::-1]).astype(np.complex128)

for name in ("fft", "ifft", "fft2d", "ifft2d"):
    op(f"signal.{name}", [Z])
for name in ("fft3d", "ifft3d"):
    op(f"signal.{name}", [Z.reshape(2, 3, 4)], second=False)
op("signal.fft", [Z.astype(np.complex64)])
op("signal.fft", [X])
op("signal.fft2d", [Z[0]])
op("signal.rfft", [X])
case("rfft of fewer", lambda tf: tf.signal.rfft(tf.constant(X), [8]))
case("rfft of more", lambda tf: tf.signal.rfft(tf.constant(X, tf.float64), [15]))
op("signal.rfft", [[1, 2, 3]])
op("signal.rfft", [Z])
op("signal.rfft2d", [X])
case("rfft2d of fewer", lambda tf: tf.signal.rfft2d(tf.constant(X), [2, 8]))
op("signal.rfft2d", [X[0]])
case("rfft3d", lambda tf: tf.signal.rfft3d(X.reshape(2, 3, 4)))
op("signal.irfft", [Z])
case("irfft of fewer", lambda tf: tf.signal.irfft(tf.constant(Z), [9]))
op("signal.irfft", [X])
op("signal.irfft2d", [Z])
case("irfft3d", lambda tf: tf.signal.irfft3d(tf.constant(Z.reshape(2, 3, 4))))
op("signal.fftshift", [X])
op("signal.ifftshift", [X], {"axes": 1})
for kind in (1, 2, 3, 4):
    op("signal.dct", [X], {"type": kind})
    op("signal.idct", [X], {"type": kind})
for kind in (1, 2, 3, 4):
    op("signal.dct", [X], {"type": kind, "norm": "ortho"})
    op("signal.idct", [X], {"type": kind, "norm": "ortho"})
op("signal.dct", [X], {"n": 5})
op("signal.dct", [X], {"n": 16})
op("signal.dct", [X], {"axis": 0})
op("signal.dct", [X], {"type": 5})
op("signal.dct", [X], {"norm": "x"})
op("signal.dct", [np.array([1, 2])])
op("signal.dct", [X[:, :1]], {"type": 1})

# Frames

op("signal.frame", [X, 5, 3])
op("signal.frame", [np.arange(7), 3, 3], {"pad_end": True, "pad_value": 9})
op("signal.frame", [X, 2, 1], {"axis": 0})
op("signal.frame", [X, 20, 1])
op("signal.frame", [X, 20, 5], {"pad_end": True})
op("signal.frame", [X, 2, 4])
op("signal.overlap_and_add", [X.reshape(2, 4, 3), 2])
op("signal.overlap_and_add", [X.reshape(2, 4, 3), 5])
op("signal.overlap_and_add", [np.array([[1, 2, 3], [4, 5, 6]]), 1])
op("signal.overlap_and_add", [X[0], 1])
for window in ("hann_window", "hamming_window"):
    for length in (0, 1, 4, 5, 6):
        op(f"signal.{window}", [length], rtol=1e-4)
    op(f"signal.{window}", [6], {"periodic": False}, rtol=1e-4)
case("a window of integers", lambda tf: tf.signal.hann_window(4, dtype=tf.int32))
op("signal.vorbis_window", [6])
op("signal.kaiser_window", [5])
op("signal.kaiser_window", [6], {"beta": 2.0})
op("signal.kaiser_bessel_derived_window", [6])
op("signal.stft", [X, 6, 3])
op("signal.stft", [X, 6, 3], {"fft_length": 16, "pad_end": True}, second=False)
op("signal.stft", [X, 6, 3], {"window_fn": None}, second=False)
op("signal.inverse_stft", [Z[:, :10].reshape(2, 2, 5), 6, 3])
op("signal.inverse_stft", [Z[:, :6].reshape(2, 2, 3), 6, 3], {"fft_length": 4}, second=False)
op("signal.mdct", [X, 4])
op("signal.mdct", [X, 4], {"norm": "ortho", "pad_end": True}, second=False)
op("signal.inverse_mdct", [X.reshape(2, 3, 4)], rtol=1e-4)
op("signal.linear_to_mel_weight_matrix", [4, 9, 16000], rtol=1e-3)
op("signal.linear_to_mel_weight_matrix", [4, 9], {"upper_edge_hertz": 5000.0})
op("signal.mfccs_from_log_mel_spectrograms", [X])


@case
def a_signal_and_back(tf: Any) -> Any:
    frames = tf.signal.stft(X, 6, 3)
    window = tf.signal.inverse_stft_window_fn(3)
    return [window(6, dtype=tf.float32), tf.signal.inverse_stft(frames, 6, 3, window_fn=window)]
