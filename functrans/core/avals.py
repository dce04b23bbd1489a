"""Abstract values: the shape and dtype of an array, and whether it is a weak Python scalar."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from functrans.errors import ArgumentError

float0: np.dtype[Any] = np.dtype([("float0", np.void, 0)])
"""The dtype of tangents of integers and booleans: it carries no information."""

_SHORT = {
    "float64": "f64", "float32": "f32", "float16": "f16", "complex128": "c128",
    "complex64": "c64", "int64": "i64", "int32": "i32", "int16": "i16", "int8": "i8",
    "uint64": "u64", "uint32": "u32", "uint16": "u16", "uint8": "u8", "bool": "bool",
}  # fmt: skip

_PYTHON_SCALARS: dict[type, np.dtype[Any]] = {
    bool: np.dtype(bool),
    int: np.dtype(np.int64),
    float: np.dtype(np.float64),
    complex: np.dtype(np.complex128),
}


class Aval:
    """Shape, dtype and weakness; immutable by convention and hashable.

    A weak aval stands for a Python scalar: it takes part in NumPy 2's promotion as one, so that
    traced and untraced code promote alike.

    >>> ft.extend.Aval((2, 3), np.dtype(float)).with_shape((6,))
    Aval(f64[6])
    """

    __slots__ = ("dtype", "shape", "weak")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], weak: bool = False) -> None:
        self.shape = shape
        self.dtype = dtype
        self.weak = weak

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is Aval
            and self.shape == other.shape
            and self.dtype == other.dtype
            and self.weak == other.weak
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype, self.weak))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def same_type(self, other: Aval) -> bool:
        """Whether shape and dtype agree; weakness does not count."""
        return self.shape == other.shape and self.dtype == other.dtype

    def strengthen(self) -> Aval:
        """The aval without weakness."""
        return Aval(self.shape, self.dtype) if self.weak else self

    def with_shape(self, shape: tuple[int, ...]) -> Aval:
        return Aval(shape, self.dtype)

    def with_dtype(self, dtype: Any) -> Aval:
        return Aval(self.shape, np.dtype(dtype))

    def tangent(self) -> Aval:
        """The aval of this value's tangents: float0 for integers and booleans."""
        return Aval(self.shape, self.dtype if is_inexact(self.dtype) else float0)

    def __str__(self) -> str:
        dims = ",".join(map(str, self.shape))
        weak = "~" if self.weak else ""
        return f"{weak}{short_dtype(self.dtype)}[{dims}]"

    def __repr__(self) -> str:
        return f"Aval({self})"


def short_dtype(dtype: np.dtype[Any]) -> str:
    """JAX's short name: f64, i32, c128, …"""
    return "float0" if dtype == float0 else _SHORT.get(dtype.name, dtype.name)


_INEXACT = {np.dtype(t) for t in (np.float16, np.float32, np.float64, np.complex64, np.complex128)}
if np.dtype(np.longdouble) != np.dtype(np.float64):
    _INEXACT |= {np.dtype(np.longdouble), np.dtype(np.clongdouble)}


def is_inexact(dtype: np.dtype[Any]) -> bool:
    """Whether values of this dtype have derivatives: floating and complex ones."""
    return dtype in _INEXACT


def is_complex(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "c"


def aval_of(x: Any) -> Aval:
    """The aval of an array, NumPy scalar, Python scalar or traced value.

    Raises
    ------
    ArgumentError: for anything else; lists must become arrays first.
    """
    kind = type(x)
    if kind is np.ndarray:
        if x.dtype.kind in "OSUMmV" and x.dtype != float0:
            raise ArgumentError(
                f"An array of dtype {x.dtype} has no numbers to compute with.",
                "Convert it to a numeric dtype first, for example with x.astype(float).",
            )
        dtype = x.dtype
        return Aval(x.shape, dtype if dtype.isnative else dtype.newbyteorder("="))
    python = _PYTHON_SCALARS.get(kind)
    if python is not None:
        return Aval((), python, kind is not bool)
    if isinstance(x, np.generic | np.ndarray) and not kind.__module__.startswith("numpy.ma"):
        return aval_of(np.asarray(x))
    aval = getattr(x, "aval", None)
    if isinstance(aval, Aval):
        return aval
    raise ArgumentError(
        f"{x!r:.80} of type {kind.__name__} is not an array or a number.",
        "Pass NumPy arrays, NumPy or Python numbers; turn a list into an array with np.asarray.",
    )


def array_behind(x: Any) -> Any:
    """What an object with the method ``__functrans_array__`` stands for; all else, itself."""
    method = getattr(x, "__functrans_array__", None)
    return x if method is None else method()


def native(x: Any) -> Any:
    """``x``; an array of a subclass or in the other byte order as a plain one of the machine's."""
    if isinstance(x, np.ndarray):
        if type(x) is not np.ndarray:
            aval_of(x)  # raises for masked arrays, whose mask would be lost
            x = np.asarray(x)
        if not x.dtype.isnative:
            return x.astype(x.dtype.newbyteorder("="))
    return x


def shape_of(x: Any) -> tuple[int, ...]:
    """Shape of an array, tracer or scalar; Python scalars have shape ``()``."""
    try:
        return x.shape  # type: ignore[no-any-return]
    except AttributeError:
        return ()


def dtype_of(x: Any) -> np.dtype[Any]:
    """Dtype of an array, tracer or scalar; Python scalars have NumPy's default for their kind."""
    try:
        return x.dtype  # type: ignore[no-any-return]
    except AttributeError:
        return _PYTHON_SCALARS[type(x)]


def is_weak(x: Any) -> bool:
    """Whether ``x`` is a Python scalar or a tracer that stands for one."""
    kind = type(x)
    if kind is float or kind is int or kind is complex:
        return True
    if kind is np.ndarray:
        return False
    weak: bool = getattr(x, "weak", False)  # a tracer has it; its aval would take longer
    return weak
