"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.fourier import dct as dct
from functrans.tf.fourier import fft as fft
from functrans.tf.fourier import fft2d as fft2d
from functrans.tf.fourier import fft3d as fft3d
from functrans.tf.fourier import fftshift as fftshift
from functrans.tf.frames import frame as frame
from functrans.tf.frames import hamming_window as hamming_window
from functrans.tf.frames import hann_window as hann_window
from functrans.tf.fourier import idct as idct
from functrans.tf.fourier import ifft as ifft
from functrans.tf.fourier import ifft2d as ifft2d
from functrans.tf.fourier import ifft3d as ifft3d
from functrans.tf.fourier import ifftshift as ifftshift
from functrans.tf.frames import inverse_mdct as inverse_mdct
from functrans.tf.frames import inverse_stft as inverse_stft
from functrans.tf.frames import inverse_stft_window_fn as inverse_stft_window_fn
from functrans.tf.fourier import irfft as irfft
from functrans.tf.fourier import irfft2d as irfft2d
from functrans.tf.fourier import irfft3d as irfft3d
from functrans.tf.frames import kaiser_bessel_derived_window as kaiser_bessel_derived_window
from functrans.tf.frames import kaiser_window as kaiser_window
from functrans.tf.frames import linear_to_mel_weight_matrix as linear_to_mel_weight_matrix
from functrans.tf.frames import mdct as mdct
from functrans.tf.frames import mfccs_from_log_mel_spectrograms as mfccs_from_log_mel_spectrograms
from functrans.tf.frames import overlap_and_add as overlap_and_add
from functrans.tf.fourier import rfft as rfft
from functrans.tf.fourier import rfft2d as rfft2d
from functrans.tf.fourier import rfft3d as rfft3d
from functrans.tf.frames import stft as stft
from functrans.tf.frames import vorbis_window as vorbis_window

__all__ = [
    "dct",
    "fft",
    "fft2d",
    "fft3d",
    "fftshift",
    "frame",
    "hamming_window",
    "hann_window",
    "idct",
    "ifft",
    "ifft2d",
    "ifft3d",
    "ifftshift",
    "inverse_mdct",
    "inverse_stft",
    "inverse_stft_window_fn",
    "irfft",
    "irfft2d",
    "irfft3d",
    "kaiser_bessel_derived_window",
    "kaiser_window",
    "linear_to_mel_weight_matrix",
    "mdct",
    "mfccs_from_log_mel_spectrograms",
    "overlap_and_add",
    "rfft",
    "rfft2d",
    "rfft3d",
    "stft",
    "vorbis_window",
]
