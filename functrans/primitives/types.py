"""What every primitive checks and says of types: shapes, dtypes, native or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, is_inexact, short_dtype
from functrans.core.primitive import Absent
from functrans.errors import DtypeError, ShapeError

Ints = tuple[int, ...]

_NATIVE = frozenset("fiub")

ZERO = Absent("the function is piecewise constant, its derivative is zero everywhere")

NOT_LINEAR = Absent("the operation is not linear in any operand")


def is_native(aval: Aval) -> bool:
    """Whether compiled code computes with this dtype itself."""
    return aval.dtype.kind in _NATIVE and aval.dtype.itemsize <= 8 and aval.dtype.char != "e"


def native_or_fallback(avals: Sequence[Aval], word: kernel.Word) -> kernel.Word:
    """``word`` where every dtype is native, else a fallback that names the dtype."""
    for aval in avals:
        if not is_native(aval):
            return kernel.Fallback(f"no native {short_dtype(aval.dtype)} arithmetic yet")
    return word


def elementwise_shape(name: str, avals: Sequence[Aval]) -> Ints:
    """The common shape of elementwise operands; rank-0 operands fit any shape."""
    shape: Ints = ()
    for aval in avals:
        if aval.shape == ():
            continue
        if shape not in ((), aval.shape):
            raise ShapeError(
                f"{name} got operands of shapes {', '.join(str(a.shape) for a in avals)}.",
                "Elementwise primitives do not broadcast; functrans.numpy functions do.",
            )
        shape = aval.shape
    return shape


def same_dtype(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    """The one dtype that all operands have.

    >>> ft.extend.same_dtype("sum", [ft.extend.Aval((3,), np.dtype("i4"))] * 2)
    dtype('int32')
    """
    strong = [a for a in avals if not a.weak] or avals
    dtype = strong[0].dtype
    for aval in strong[1:]:
        if aval.dtype != dtype:
            raise DtypeError(
                f"{name} got operands of dtypes {', '.join(str(a.dtype) for a in avals)}.",
                "Primitives do not promote; functrans.numpy functions do.",
            )
    return dtype


def inexact_dtype(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    """The one dtype that all operands have, which must be floating or complex.

    >>> ft.extend.inexact_dtype("sum", [ft.extend.Aval((3,), np.dtype("f4"))] * 2)
    dtype('float32')
    """
    dtype = same_dtype(name, avals)
    if not is_inexact(dtype):
        raise DtypeError(f"{name} needs floating or complex numbers, not {dtype}.")
    return dtype


def bool_dtype(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    """Comparisons: operands of one dtype, result boolean."""
    same_dtype(name, avals)
    return np.dtype(bool)


def check_axes(name: str, axes: Ints, ndim: int) -> None:
    if len(set(axes)) != len(axes) or any(not 0 <= a < ndim for a in axes):
        raise ShapeError(f"{name} got the axes {axes} for an array of {ndim} axes.")
