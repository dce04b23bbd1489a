"""Convolutions, trends and spectra of signals, as in ``scipy.signal``.

Plain arrays go to SciPy, with all of its options.

>>> x, k = np.array([1.0, 2.0, 3.0]), np.array([1.0, -1.0])
>>> ft.jacobian(lambda k: ft.scipy.signal.convolve(x, k, mode="valid"))(k)
array([[2., 1.],
       [3., 2.]])
"""

from functrans.scipy.signal.convolutions import (
    convolve,
    convolve2d,
    correlate,
    correlate2d,
    fftconvolve,
)
from functrans.scipy.signal.spectra import csd, istft, stft, welch
from functrans.scipy.signal.trends import detrend

__all__ = [
    "convolve",
    "convolve2d",
    "correlate",
    "correlate2d",
    "csd",
    "detrend",
    "fftconvolve",
    "istft",
    "stft",
    "welch",
]
