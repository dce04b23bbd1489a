"""Convolutions and spectra: SciPy's values in compiled code, and exact derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.signal

import functrans as ft
from functrans.errors import OptionError, ShapeError
from functrans.scipy import signal
from functrans.testing import check_grads, check_laws

RNG = np.random.default_rng(0)
MODES = ("full", "same", "valid")


def same(name: str, *args: Any, rtol: float = 1e-9, **options: Any) -> None:
    """The compiled function gives what SciPy gives, in its dtypes."""
    expected = getattr(scipy.signal, name)(*args, **options)
    actual = ft.jit(lambda *args: getattr(signal, name)(*args, **options))(*args)
    pairs = (
        zip(actual, expected, strict=True) if isinstance(expected, tuple) else [(actual, expected)]
    )
    for ours, theirs in pairs:
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol, rtol)


# --- convolutions --------------------------------------------------------------------------------

PAIRS = (
    (RNG.normal(size=7), RNG.normal(size=4)),
    (RNG.normal(size=3), RNG.normal(size=6)),
    (RNG.normal(size=(5, 6)), RNG.normal(size=(2, 3))),
    (RNG.normal(size=(2, 2)), RNG.normal(size=(4, 3))),
    (RNG.normal(size=6) + 1j, RNG.normal(size=3) - 2j * RNG.normal(size=3)),
    (RNG.normal(size=6), RNG.normal(size=3) - 2j * RNG.normal(size=3)),
)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["convolve", "correlate", "fftconvolve"])
def test_convolutions_are_scipys(name: str, mode: str) -> None:
    for x, kernel in PAIRS:
        same(name, x, kernel, mode=mode)
    if name != "fftconvolve":
        same(name, *PAIRS[2], mode=mode, method="fft")
        same(name, np.arange(6), np.array([1, -2]), mode=mode)
        same(name, RNG.normal(size=90), RNG.normal(size=70), mode=mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("boundary", ["fill", "wrap", "symm"])
@pytest.mark.parametrize("name", ["convolve2d", "correlate2d"])
def test_convolutions_of_images_are_scipys(name: str, mode: str, boundary: str) -> None:
    image = RNG.normal(size=(5, 6))
    for shape in ((3, 3), (2, 3), (4, 2)):
        same(name, image, RNG.normal(size=shape), mode=mode, boundary=boundary)
    if mode == "valid":
        same(name, image[:2, :2], image, mode=mode, boundary=boundary)
    same(name, image, RNG.normal(size=(2, 2)) + 1j, mode=mode, boundary=boundary, fillvalue=2.0)


def test_convolutions_along_some_axes() -> None:
    x, kernel = RNG.normal(size=(3, 5)), RNG.normal(size=(3, 2))
    same("fftconvolve", x, kernel, mode="full", axes=1)
    same("fftconvolve", x, kernel[:1], mode="same", axes=[1])


def test_convolutions_keep_the_laws() -> None:
    x, kernel = RNG.normal(size=(2, 5)), RNG.normal(size=(2, 2))
    check_laws(lambda x, k: signal.convolve(x, k, "same"), (x, kernel))
    check_grads(lambda x, k: signal.fftconvolve(x, k, "valid"), (x, kernel), order=1)
    check_grads(lambda x, k: signal.convolve2d(x, k, "same", "symm"), (x, kernel), order=1)


def test_what_convolutions_refuse() -> None:
    x, kernel = np.ones((3, 5)), np.ones((4, 2))
    for name, args, error in (
        ("convolve", (x, kernel[0]), ShapeError),
        ("convolve", (x, kernel, "valid"), ShapeError),
        ("convolve", (x, kernel, "some"), OptionError),
        ("convolve", (x, kernel, "full", "magic"), OptionError),
        ("convolve2d", (x[0], kernel[0]), ShapeError),
        ("convolve2d", (x, kernel, "full", "fold"), OptionError),
    ):
        with pytest.raises(error):
            ft.jit(lambda x, k, n=name, o=args[2:]: getattr(signal, n)(x, k, *o))(*args[:2])


# --- trends --------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"type": "constant"}, {"bp": [3, 7]}, {"bp": 1}])
def test_trends_are_taken_out_as_scipy_does(options: Any) -> None:
    data = RNG.normal(size=(3, 10)) + np.arange(10.0)
    same("detrend", data, **options)
    same("detrend", data.T.astype(np.float32), axis=0, rtol=1e-5, **options)
    check_grads(lambda x: signal.detrend(x, **options), (data,), order=1)


def test_what_detrend_refuses() -> None:
    for options in ({"type": "cubic"}, {"bp": 20}, {"overwrite_data": True}):
        with pytest.raises(OptionError):
            ft.jit(lambda x, o=options: signal.detrend(x, **o))(np.ones(5))


# --- spectra -------------------------------------------------------------------------------------

X = RNG.normal(size=(2, 50))
OPTIONS: tuple[dict[str, Any], ...] = (
    {"nperseg": 16},
    {"nperseg": 15, "noverlap": 4, "nfft": 20, "fs": 10.0, "window": "hamming"},
    {"nperseg": 16, "scaling": "spectrum", "average": "median", "detrend": "linear"},
    {"nperseg": 8, "detrend": False, "return_onesided": False, "window": ("tukey", 0.5)},
    {"window": np.hanning(10), "axis": -1},
)


@pytest.mark.parametrize("options", OPTIONS)
def test_power_spectra_are_scipys(options: Any) -> None:
    same("welch", X, **options)
    same("csd", X, np.roll(X, 3) + 0.1, **options)
    same("csd", X, X[:, :30], **options)


def test_power_spectra_of_other_numbers_and_axes() -> None:
    same("welch", X.astype(np.float32), nperseg=16, rtol=1e-5)
    same("welch", X.T, nperseg=16, axis=0)
    z = X + 1j * X[:, ::-1]
    expected = scipy.signal.csd(z, z[::-1], nperseg=8)
    actual = ft.jit(lambda z: signal.csd(z, z[::-1], nperseg=8))(z)
    np.testing.assert_allclose(actual[1], expected[1])
    with pytest.warns(UserWarning, match="nperseg"):
        same("welch", X)


def test_spectra_have_derivatives() -> None:
    check_grads(lambda x: signal.welch(x, 2.0, nperseg=16)[1], (X[0],), order=1)
    check_grads(lambda x, y: abs(signal.csd(x, y, nperseg=16)[1]), (X[0], X[1]), order=1)

    def there_and_back(x: Any) -> Any:
        return signal.istft(signal.stft(x, nperseg=8)[2] ** 2, nperseg=8)[1]

    check_grads(there_and_back, (X[0],), order=1)


STFT: tuple[dict[str, Any], ...] = (
    {"nperseg": 16},
    {"nperseg": 15, "noverlap": 10, "fs": 4.0, "scaling": "psd"},
    {"nperseg": 10, "nfft": 16, "boundary": None, "window": "boxcar"},
    {"nperseg": 8, "boundary": "odd", "padded": False, "return_onesided": False},
    {"nperseg": 8, "boundary": "even", "detrend": "constant"},
    {"nperseg": 8, "boundary": "constant", "axis": 0},
)


@pytest.mark.parametrize("options", STFT)
def test_short_time_transforms_are_scipys(options: Any) -> None:
    same("stft", X.T if options.get("axis") == 0 else X, **options)


@pytest.mark.parametrize("options", STFT[:3])
def test_short_time_transforms_are_inverted(options: Any) -> None:
    z = scipy.signal.stft(X, **options)[2]
    back: dict[str, Any] = {k: v for k, v in options.items() if k not in ("boundary", "padded")}
    back["boundary"] = options.get("boundary", "zeros") is not None
    same("istft", z[0], **back)
    x = ft.jit(lambda z: signal.istft(z, **back)[1])(z)
    np.testing.assert_allclose(x[:, : X.shape[1]], X[:, : x.shape[1]], atol=1e-12)


def test_short_time_transforms_with_other_axes() -> None:
    z = scipy.signal.stft(X, nperseg=8)[2]
    moved = np.moveaxis(z, (0, 1, 2), (1, 2, 0))
    actual = ft.jit(lambda z: signal.istft(z, nperseg=8, time_axis=0, freq_axis=2)[1])(moved)
    expected = scipy.signal.istft(moved, nperseg=8, time_axis=0, freq_axis=2)[1]
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_spectra_keep_the_laws() -> None:
    check_laws(lambda x: signal.welch(x, nperseg=8, average="median")[1], (X[0],))
    check_laws(lambda x: signal.istft(signal.stft(x, nperseg=8)[2], nperseg=8)[1], (X[0, :30],))


def test_what_spectra_refuse() -> None:
    x, z = X[0], np.ones((3, 4), complex)
    for name, array, options, error in (
        ("welch", x, {"scaling": "power"}, OptionError),
        ("welch", x, {"average": "mode"}, OptionError),
        ("welch", x, {"nperseg": 8, "noverlap": 8}, OptionError),
        ("welch", x, {"nperseg": 8, "nfft": 4}, OptionError),
        ("welch", x, {"window": np.ones(60)}, ShapeError),
        ("welch", x, {"window": np.ones(6), "nperseg": 8}, ShapeError),
        ("stft", x, {"boundary": "fold", "nperseg": 8}, OptionError),
        ("istft", z[0], {}, ShapeError),
        ("istft", z, {"time_axis": 0, "freq_axis": 0}, OptionError),
    ):
        with pytest.raises(error):
            ft.jit(lambda x, n=name, o=options: getattr(signal, n)(x, **o))(array)
