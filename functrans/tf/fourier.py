"""Fourier and cosine transforms of the last axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.errors import FunctransError
from functrans.scipy import fft as cosines
from functrans.tf.convert import COMPLEX64, FLOAT32, as_tensor, cast, is_traced, sizes_of
from functrans.tf.errors import InvalidArgumentError, InvalidTypeError, InvalidValueError
from functrans.tf.layouts import rearranged
from functrans.tf.tensor import Tensor, TensorLike, value, wrap
from functrans.tf.words import check_kind, operation

# --- Fourier -------------------------------------------------------------------------------------


def _converted(x: Any, dtype: np.dtype[Any]) -> Tensor:
    """A tensor as it is, and any other value in the operation's own dtype."""
    if isinstance(x, Tensor | TensorLike) or is_traced(x):
        return as_tensor(x)
    return wrap(value(cast(x, dtype)), dtype)


def _complex(op: str, function: Callable[..., Any], x: Any, axes: int) -> Tensor:
    """A transform of complex numbers over the last axes."""
    tensor = _converted(x, COMPLEX64)
    check_kind(op, tensor._dtype, "c")
    v = value(tensor)
    if len(v.shape) < axes:
        raise InvalidArgumentError.at(
            f"Input must have rank of at least {axes} but got: {list(v.shape)} [Op:{op}] name: ",
            "The transform is one of the last axes.",
        )
    return wrap(function(v, axes=tuple(range(-axes, 0))), tensor._dtype)


def _of_rank(tensor: Tensor, axes: int) -> Any:
    v = value(tensor)
    if len(v.shape) < axes:
        raise InvalidValueError(
            f"Shape {tensor.shape} must have rank at least {axes}",
            "The transform is one of the last axes.",
        )
    return v


@operation("FFT")
def fft(input: Any, name: str | None = None) -> Tensor:
    """The discrete Fourier transform of complex numbers along the last axis.

    >>> import functrans.tf as tf
    >>> tf.signal.fft(tf.constant([1 + 0j, 1 + 0j])).numpy()
    array([2.+0.j, 0.+0.j])
    """
    return _complex("FFT", fnp.fft.fftn, input, 1)


@operation("IFFT")
def ifft(input: Any, name: str | None = None) -> Tensor:
    """The inverse of ``fft``.

    >>> import functrans.tf as tf
    >>> tf.signal.ifft(tf.constant([2 + 0j, 0j])).numpy()
    array([1.+0.j, 1.+0.j])
    """
    return _complex("IFFT", fnp.fft.ifftn, input, 1)


@operation("FFT2D")
def fft2d(input: Any, name: str | None = None) -> Tensor:
    """The Fourier transform over the last two axes.

    >>> import functrans.tf as tf
    >>> tf.signal.fft2d(tf.ones((1, 2), tf.complex64)).numpy()
    array([[2.+0.j, 0.+0.j]], dtype=complex64)
    """
    return _complex("FFT2D", fnp.fft.fftn, input, 2)


@operation("IFFT2D")
def ifft2d(input: Any, name: str | None = None) -> Tensor:
    """The inverse of ``fft2d``.

    >>> import functrans.tf as tf
    >>> tf.signal.ifft2d(tf.ones((1, 2), tf.complex64)).numpy()
    array([[1.+0.j, 0.+0.j]], dtype=complex64)
    """
    return _complex("IFFT2D", fnp.fft.ifftn, input, 2)


@operation("FFT3D")
def fft3d(input: Any, name: str | None = None) -> Tensor:
    """The Fourier transform over the last three axes.

    >>> import functrans.tf as tf
    >>> tf.signal.fft3d(tf.ones((1, 1, 2), tf.complex64)).numpy()
    array([[[2.+0.j, 0.+0.j]]], dtype=complex64)
    """
    return _complex("FFT3D", fnp.fft.fftn, input, 3)


@operation("IFFT3D")
def ifft3d(input: Any, name: str | None = None) -> Tensor:
    """The inverse of ``fft3d``.

    >>> import functrans.tf as tf
    >>> tf.signal.ifft3d(tf.ones((1, 1, 2), tf.complex64)).numpy()
    array([[[1.+0.j, 0.+0.j]]], dtype=complex64)
    """
    return _complex("IFFT3D", fnp.fft.ifftn, input, 3)


def _real(op: str, x: Any, fft_length: Any, axes: int) -> Tensor:
    """The half of a transform of real numbers that determines the rest."""
    tensor = _converted(x, FLOAT32)
    if tensor._dtype.kind != "f":
        raise InvalidValueError(
            f"{op} requires tf.float32 or tf.float64 inputs, got: {x}", "Use tf.cast."
        )
    v = _of_rank(tensor, axes)
    lengths = None if fft_length is None else sizes_of(fft_length)
    return wrap(fnp.fft.rfftn(v, lengths, tuple(range(-axes, 0))))


def _real_inverse(op: str, x: Any, fft_length: Any, axes: int) -> Tensor:
    tensor = _converted(x, COMPLEX64)
    if tensor._dtype.kind != "c":
        raise InvalidValueError(
            f"{op} requires tf.complex64 or tf.complex128 inputs, got: {x}", "Use tf.cast."
        )
    v = _of_rank(tensor, axes)
    lengths = None if fft_length is None else sizes_of(fft_length)
    return wrap(fnp.fft.irfftn(v, lengths, tuple(range(-axes, 0))))


@operation("RFFT")
def rfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The first half of the Fourier transform of real numbers, n/2 + 1 of the last axis.

    ``fft_length`` is a list of one length, to which the axis is cut or padded.

    >>> import functrans.tf as tf
    >>> tf.signal.rfft([1.0, 1.0]).numpy()
    array([2.+0.j, 0.+0.j], dtype=complex64)
    """
    return _real("RFFT", input_tensor, fft_length, 1)


@operation("IRFFT")
def irfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The inverse of ``rfft``; ``fft_length`` tells odd lengths.

    >>> import functrans.tf as tf
    >>> tf.signal.irfft(tf.constant([2, 0], tf.complex64)).numpy()
    array([1., 1.], dtype=float32)
    """
    return _real_inverse("IRFFT", input_tensor, fft_length, 1)


@operation("RFFT2D")
def rfft2d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """As ``rfft``, over the last two axes.

    >>> import functrans.tf as tf
    >>> tf.signal.rfft2d([[1.0, 1.0]]).numpy()
    array([[2.+0.j, 0.+0.j]], dtype=complex64)
    """
    return _real("RFFT2D", input_tensor, fft_length, 2)


@operation("IRFFT2D")
def irfft2d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The inverse of ``rfft2d``.

    >>> import functrans.tf as tf
    >>> tf.signal.irfft2d(tf.constant([[2, 0]], tf.complex64)).numpy()
    array([[1., 1.]], dtype=float32)
    """
    return _real_inverse("IRFFT2D", input_tensor, fft_length, 2)


@operation("RFFT3D")
def rfft3d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """As ``rfft``, over the last three axes.

    >>> import functrans.tf as tf
    >>> tf.signal.rfft3d([[[1.0, 1.0]]]).numpy()
    array([[[2.+0.j, 0.+0.j]]], dtype=complex64)
    """
    return _real("RFFT3D", input_tensor, fft_length, 3)


@operation("IRFFT3D")
def irfft3d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The inverse of ``rfft3d``.

    >>> import functrans.tf as tf
    >>> tf.signal.irfft3d(tf.constant([[[2, 0]]], tf.complex64)).numpy()
    array([[[1., 1.]]], dtype=float32)
    """
    return _real_inverse("IRFFT3D", input_tensor, fft_length, 3)


def fftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """Axes, all by default, rolled so that the frequency 0 is in the middle.

    >>> import functrans.tf as tf
    >>> tf.signal.fftshift([0, 1, 2, 3, 4]).numpy()
    array([3, 4, 0, 1, 2], dtype=int32)
    """
    return rearranged("Roll", lambda v: fnp.fft.fftshift(v, axes), as_tensor(x))


def ifftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """The inverse of ``fftshift``.

    >>> import functrans.tf as tf
    >>> tf.signal.ifftshift([3, 4, 0, 1, 2]).numpy()
    array([0, 1, 2, 3, 4], dtype=int32)
    """
    return rearranged("Roll", lambda v: fnp.fft.ifftshift(v, axes), as_tensor(x))


# --- cosines -------------------------------------------------------------------------------------

_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}


@operation("DCT")
def dct(
    input: Any,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The cosine transform of type 1 to 4 along the last axis, cut or padded to length ``n``.

    ``norm`` is None or "ortho". Other types and norms raise ValueError.

    >>> import functrans.tf as tf
    >>> tf.signal.dct([1.0, 1.0]).numpy()
    array([4., 0.], dtype=float32)
    """
    x = as_tensor(input)
    if axis not in (-1, len(x._v.shape) - 1):
        raise UnsupportedAxisError(f"axis must be -1. Got: {axis}", "Transpose the tensor.")
    if type not in _INVERSE:
        raise InvalidValueError(
            "Types I, II, III and IV (I)DCT are supported.", f"The type was {type}."
        )
    if norm not in (None, "ortho"):
        raise InvalidValueError(
            f"Unknown normalization. Expected None or 'ortho', got: {norm}", "See its docstring."
        )
    if type == 1 and norm is not None:
        raise InvalidValueError(
            "Normalization is not supported for the Type-I DCT.", "Leave norm=None."
        )
    if x._dtype.kind != "f":
        raise InvalidTypeError(
            f"Cannot convert 0.0 to EagerTensor of dtype {x.dtype.name}", "Use tf.cast."
        )
    v = value(x)
    if type == 1 and (v.shape[-1] if n is None else n) < 2:
        raise InvalidValueError(
            "Type-I DCT requires the dimension to be greater than one.", "Use another type."
        )
    return wrap(cosines.dct(v, type, n, -1, norm), x._dtype)


class UnsupportedAxisError(FunctransError, NotImplementedError):
    """A transform along another axis than the last."""


def idct(
    input: Any,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The inverse of ``dct``, but for a factor 1/(2·n) unless ``norm`` is "ortho".

    >>> import functrans.tf as tf
    >>> tf.signal.idct([4.0, 0.0]).numpy() / 4
    array([1., 1.], dtype=float32)
    """
    return dct(input, _INVERSE.get(type, type), n, axis, norm)
