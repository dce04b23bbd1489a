"""Casts that stop at the ends of a dtype's range: tf.saturate_cast."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf import elementwise
from functrans.tf.convert import as_tensor, cast
from functrans.tf.dtypes import DType, as_dtype
from functrans.tf.tensor import Tensor, value, wrap


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """``value`` in another dtype; what that cannot hold becomes its least or greatest number.

    Bools are a TypeError.

    >>> import functrans.tf as tf
    >>> tf.saturate_cast([300.0, -1.0], tf.uint8).numpy()
    array([255,   0], dtype=uint8)
    """
    x: Tensor = as_tensor(value)
    wanted = as_dtype(dtype)
    if x.dtype.is_complex and wanted.is_complex:
        real, imag = (
            saturate_cast(part, wanted.real_dtype)
            for part in (elementwise.real(x), elementwise.imag(x))
        )
        return elementwise.complex(real, imag)
    if x.dtype.is_complex:
        x = elementwise.real(x)
    made: Tensor = cast(_within(x, wanted.real_dtype), wanted)
    return made


def _within(x: Tensor, wanted: DType) -> Tensor:
    """The values, clipped to the range of a real dtype."""
    kind = x._dtype.type
    low = kind(max(x.dtype.min, wanted.min))
    high = kind(min(x.dtype.max, wanted.max))
    if wanted.is_integer and int(high) > wanted.max:  # rounded up
        high = np.nextafter(high, kind(0))
    return wrap(fnp.clip(value(x), low, high), x._dtype)
