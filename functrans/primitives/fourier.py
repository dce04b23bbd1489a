"""Discrete Fourier transforms along the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of, shape_of
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind
from functrans.errors import DtypeError, ShapeError
from functrans.primitives.layout import broadcast_to, linear_layout, move_axis
from functrans.primitives.linear import conj, mul, pad, real

Kind = Literal["fft", "ifft", "rfft", "irfft"]
Norm = Literal["backward", "ortho", "forward"]

OTHER_WAY: dict[Norm, Norm] = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
"""The normalisation that the transform back has where this one has the first."""

_IN = {"fft": "FD", "ifft": "FD", "rfft": "fd", "irfft": "FD"}
_OUT = {"f": "F", "d": "D", "F": "f", "D": "d"}


def _abstract(x: Aval, *, kind: Kind, n: int, norm: Norm) -> Aval:
    if x.dtype.char not in _IN[kind]:
        raise DtypeError(
            f"{kind} is not defined for {x.dtype}.",
            "fft, ifft and irfft take complex64 or complex128, rfft float32 or float64.",
        )
    found = x.shape[-1] if x.ndim else 0
    if n < 1 or found != (n // 2 + 1 if kind == "irfft" else n):
        raise ShapeError(f"{kind} of length {n} got an array of shape {x.shape}.")
    if kind in ("fft", "ifft"):
        return x
    length = n // 2 + 1 if kind == "rfft" else n
    return Aval((*x.shape[:-1], length), np.dtype(_OUT[x.dtype.char]))


def _impl(x: Any, *, kind: Kind, n: int, norm: Norm) -> Any:
    return getattr(np.fft, kind)(x, n, norm=norm)


def _transpose(ct: Any, x: Accumulator, *, kind: Kind, n: int, norm: Norm) -> None:
    # The matrix of a complex transform is symmetric; pairings have no conjugate.
    if kind in ("fft", "ifft"):
        x.add(fourier(ct, kind, n, norm))
    elif kind == "rfft":
        none = ((0, 0, 0),) * (len(shape_of(ct)) - 1)
        whole = pad(ct, dtype_of(ct).type(0), (*none, (0, n - shape_of(ct)[-1], 0)))
        x.add(real(fourier(whole, "fft", n, norm)))
    else:
        half = conj(fourier(ct, "rfft", n, OTHER_WAY[norm]))
        x.add(mul(half, broadcast_to(_multiplicities(n, dtype_of(half)), shape_of(half))))


def _multiplicities(n: int, dtype: np.dtype[Any]) -> Any:
    """How often each number of a half spectrum stands in the whole one."""
    counts = np.full(n // 2 + 1, 2, dtype)
    counts[0] = 1
    if n % 2 == 0:
        counts[-1] = 1
    return counts


def _batch(size: int, args: Any, dims: Any, **params: Any) -> Any:
    return bind(fft_p, move_axis(args[0], dims[0], 0), **params), 0


def _lower(avals: Sequence[Aval], out: Aval, *, kind: Kind, n: int, norm: Norm) -> kernel.Word:
    name = f"rfft_n_{'odd' if n % 2 else 'even'}" if kind == "rfft" else kind
    return kernel.Fourier(name, _scale(kind, n, norm))


def _scale(kind: Kind, n: int, norm: Norm) -> float:
    if norm == "ortho":
        return float(1 / np.sqrt(n))
    return 1 / n if (norm == "backward") == (kind in ("ifft", "irfft")) else 1.0


fft_p: Primitive = linear_layout("fft", _abstract, _impl, _transpose, _batch, _lower)


def fourier(x: Any, kind: Kind, n: int, norm: Norm = "backward") -> Any:
    """The transform of ``kind`` along the last axis.

    ``n`` is the number of points in time: the length of the axis, except for "irfft", whose operand
    has n // 2 + 1 numbers. ``norm`` is NumPy's.
    """
    return bind(fft_p, x, kind=kind, n=n, norm=norm)
