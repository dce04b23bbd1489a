"""tf.DType: one object per dtype, around NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.tf.errors import InvalidTypeError, InvalidValueError
from functrans.tf.rooms import names, public

NumpyDtype = np.dtype[Any]


class DType:
    """The dtype of tensors' elements; ``tf.float32`` and its like are its only instances.

    It equals the NumPy dtype, the name and the number of the same dtype. ``np`` is NumPy's dtype.

    >>> import numpy as np
    >>> import functrans.tf as tf
    >>> tf.float32, tf.float32 == np.float32, tf.DType(1) == "float32"
    (tf.float32, True, True)
    """

    __slots__ = (
        "as_datatype_enum",
        "as_numpy_dtype",
        "is_bool",
        "is_complex",
        "is_floating",
        "is_integer",
        "is_numeric",
        "is_unsigned",
        "name",
        "np",
        "size",
    )
    as_datatype_enum: int
    as_numpy_dtype: type[Any]
    is_bool: bool
    is_complex: bool
    is_floating: bool
    is_integer: bool
    is_numeric: bool
    is_unsigned: bool
    name: str
    np: NumpyDtype
    size: int

    is_numpy_compatible = True
    is_quantized = False

    def __new__(cls, type_enum: int) -> DType:
        found = _BY_KEY.get(type_enum) if isinstance(type_enum, int) else None
        if found is None:
            raise InvalidTypeError(
                f"{type_enum} does not correspond to a valid tensorflow::DataType",
                "Use tf.as_dtype with a name or a NumPy dtype.",
            )
        return found

    @property
    def base_dtype(self) -> DType:
        """This dtype: there are no reference dtypes here."""
        return self

    @property
    def real_dtype(self) -> DType:
        """The dtype of real and imaginary parts; of what is not complex, this dtype."""
        return _REAL.get(self.name, self)

    @property
    def min(self) -> Any:
        """The smallest finite value: a Python integer, or a NumPy float of this dtype."""
        return self._extreme("min", "minimum")

    @property
    def max(self) -> Any:
        """The largest finite value: a Python integer, or a NumPy float of this dtype."""
        return self._extreme("max", "maximum")

    def _extreme(self, end: str, word: str) -> Any:
        if self.is_floating:
            return getattr(np.finfo(self.np), end)
        if self.is_integer:
            return int(getattr(np.iinfo(self.np), end))
        raise InvalidTypeError(
            f"Cannot find {word} value of {self} with type {self}.",
            "Ask a floating or an integer dtype.",
        )

    @property
    def limits(self) -> tuple[Any, Any]:
        """The range of intensities as TensorFlow's images have it, from 0."""
        if self.is_integer:
            return 0, self.max
        if self.is_bool:
            return 0, True
        if self is float32 or self is float64:
            return 0, 1
        raise InvalidValueError(f"{self} does not have defined limits.", "Use min and max.")

    def is_compatible_with(self, other: Any) -> bool:
        """Whether ``other`` (a dtype or its name) is the same dtype."""
        return as_dtype(other) is self

    def is_subtype_of(self, other: Any) -> bool:
        """Whether ``other`` is the same dtype."""
        return bool(self == other)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if other is None:
            return False
        try:
            return as_dtype(other) is self
        except TypeError:
            return False

    def __hash__(self) -> int:
        return self.as_datatype_enum

    def __int__(self) -> int:
        return self.as_datatype_enum

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __reduce__(self) -> Any:
        return as_dtype, (self.name,)

    def __copy__(self) -> DType:
        return self

    def __deepcopy__(self, memo: Any) -> DType:
        return self


_BY_KEY: dict[Any, DType] = {}
"""The dtype under its name, its number, its NumPy dtype and its NumPy scalar type."""

_BY_NUMPY: dict[NumpyDtype, DType] = {}


def _make(number: int, name: str, np_type: type[Any]) -> DType:
    dtype = object.__new__(DType)
    dtype.np = np.dtype(np_type)
    dtype.name = name
    dtype.as_datatype_enum = number
    dtype.as_numpy_dtype = np_type
    kind = dtype.np.kind
    dtype.is_floating = kind == "f"
    dtype.is_complex = kind == "c"
    dtype.is_integer = kind in "iu"
    dtype.is_unsigned = kind == "u"
    dtype.is_bool = kind == "b"
    dtype.is_numeric = kind in "fciu"
    dtype.size = 0 if kind == "O" else dtype.np.itemsize
    _BY_NUMPY[dtype.np] = dtype
    for key in (name, number, np_type, dtype.np):
        _BY_KEY[key] = dtype
    return dtype


float32 = _make(1, "float32", np.float32)
float64 = double = _make(2, "float64", np.float64)
int32 = _make(3, "int32", np.int32)
uint8 = _make(4, "uint8", np.uint8)
int16 = _make(5, "int16", np.int16)
int8 = _make(6, "int8", np.int8)
string = _make(7, "string", object)
complex64 = _make(8, "complex64", np.complex64)
int64 = _make(9, "int64", np.int64)
bool_ = _make(10, "bool", np.bool_)
uint16 = _make(17, "uint16", np.uint16)
complex128 = _make(18, "complex128", np.complex128)
float16 = half = _make(19, "float16", np.float16)
uint32 = _make(22, "uint32", np.uint32)
uint64 = _make(23, "uint64", np.uint64)

_BY_KEY.update(
    {
        float: float32,
        "float": float32,
        "double": float64,
        "half": float16,
        bool: bool_,
        np.str_: string,
        np.bytes_: string,
    }
)
_REAL = {"complex64": float32, "complex128": float64}
_ELSEWHERE = frozenset(
    "bfloat16 variant resource qint8 quint8 qint16 quint16 qint32 int4 uint4 int2 uint2"
    " float8_e4m3fn float8_e5m2".split()
)
_REMEDIES: dict[Any, str] = {
    int: "Name the size: tf.int32 or tf.int64.",
    complex: "Name the size: tf.complex64 or tf.complex128.",
    str: "Use tf.string.",
    bytes: "Use tf.string.",
}


def of(dtype: NumpyDtype) -> DType:
    """The DType of a NumPy dtype."""
    found = _BY_NUMPY.get(dtype)
    return as_dtype(dtype) if found is None else found


def as_dtype(type_value: Any) -> DType:
    """The DType of a name, a NumPy dtype or scalar type, ``float`` (float32), ``bool``, a number.

    Anything else, ``int`` among it, is a TypeError.

    >>> import functrans.tf as tf
    >>> tf.as_dtype("double"), tf.as_dtype(float)
    (tf.float64, tf.float32)
    """
    if isinstance(type_value, DType):
        return type_value
    try:
        found = _BY_KEY.get(type_value)
    except TypeError:  # what cannot be hashed can still have a dtype, as arrays do
        found = None
    if found is None:
        found = _by_parts(type_value)
    if found is None:
        raise InvalidTypeError(
            f"Cannot convert the argument `type_value`: {type_value!r} to a TensorFlow DType.",
            _remedy(type_value),
        )
    return found


def _by_parts(value: Any) -> DType | None:
    """The DType of an array, a tensor, a string dtype or one of another byte order."""
    if isinstance(value, type) and issubclass(value, np.generic):
        value = np.dtype(value)
    if isinstance(value, np.dtype):
        return string if value.kind in "SU" else _BY_NUMPY.get(value.newbyteorder("="))
    inner = None if isinstance(value, type) else getattr(value, "dtype", None)
    return as_dtype(inner) if isinstance(inner, DType | np.dtype) else None


def _remedy(value: Any) -> str:
    name = getattr(value, "name", value)
    if isinstance(name, str) and name in _ELSEWHERE:
        return f"tf.{name} does not exist here; compute in tf.float32 or an integer dtype."
    if isinstance(value, type) and value in _REMEDIES:
        return _REMEDIES[value]
    return "Give a dtype such as tf.float32, its name, or NumPy's dtype."


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
