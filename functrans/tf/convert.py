"""From Python values to tensors: constant, convert_to_tensor, cast, and how operands are matched.

TensorFlow never converts one tensor to another's dtype. Python and NumPy values do adapt to the
tensor beside them; alone, Python floats are float32, integers int32, and arrays keep their dtype.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.extend import known, settled
from functrans.tf.dtypes import DType, as_dtype
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
    OperatorNotAllowedInGraphError,
    UnimplementedError,
)
from functrans.tf.shapes import TensorShape
from functrans.tf.tensor import Tensor, TensorLike, value, wrap

NumpyDtype = np.dtype[Any]

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
INT32, INT64 = np.dtype(np.int32), np.dtype(np.int64)
BOOL = np.dtype(np.bool_)
COMPLEX64, COMPLEX128 = np.dtype(np.complex64), np.dtype(np.complex128)
STRING = np.dtype(object)

_TYPE_NAMES = {"float32": "float", "float64": "double", "float16": "half", "object": "string"}


def type_name(dtype: NumpyDtype) -> str:
    """TensorFlow's name of a dtype in messages of operations."""
    return _TYPE_NAMES.get(dtype.name, dtype.name)


def is_traced(x: Any) -> bool:
    """Whether ``x`` is a value that a functrans transform traces."""
    return hasattr(x, "aval") and hasattr(x, "concrete")


# --- conversion ----------------------------------------------------------------------------------


def as_tensor(x: Any, dtype: NumpyDtype | None = None) -> Tensor:
    """The tensor of anything that operations accept; a tensor itself is returned as it is.

    Raises
    ------
    InvalidValueError: a tensor of another dtype than the one asked for; what has no tensor.
    InvalidTypeError: a Python value that the dtype cannot hold.
    """
    kind = type(x)
    if kind is Tensor:
        tensor: Tensor = x
    elif kind is float or kind is int:
        return wrap(_python_scalar(x, dtype))
    elif isinstance(x, np.ndarray | np.generic):
        return wrap(_from_numpy(x, dtype))
    elif isinstance(x, TensorLike):
        tensor = x._as_tensor()
    elif is_traced(x):
        return wrap(_from_traced(settled(x), dtype))
    else:
        return _from_python(x, dtype)
    if dtype is not None and tensor._dtype != dtype:
        raise InvalidValueError(
            f"Tensor conversion requested dtype {as_dtype(dtype).name} for Tensor with dtype "
            f"{tensor.dtype.name}: {tensor!r}",
            f"Convert it with tf.cast(x, tf.{as_dtype(dtype).name}).",
        )
    return tensor


def _python_scalar(x: Any, dtype: NumpyDtype | None) -> Any:
    """A Python number as a NumPy scalar."""
    kind = type(x)
    if dtype is None:
        if kind is float:
            return np.float32(x)
        if kind is int:
            return _integer(x)
        return np.complex128(x) if kind is complex else np.bool_(x)
    if not _holds(dtype, kind):
        raise InvalidTypeError(
            f"Cannot convert {x!r} to EagerTensor of dtype {type_name(dtype)}",
            f"Convert the number first, or make a tensor of it and cast that: "
            f"tf.cast({x!r}, tf.{as_dtype(dtype).name}).",
        )
    if kind is int and dtype.kind in "iu":
        return np.asarray(x).astype(dtype)[()]  # wraps around, as TensorFlow does
    return dtype.type(x)


def _integer(x: int) -> Any:
    if -(2**31) <= x < 2**31:
        return np.int32(x)
    if -(2**63) <= x < 2**63:
        return np.int64(x)
    raise InvalidValueError(
        "Can't convert Python sequence with out-of-range integer to Tensor.",
        "Integers have at most 64 bits; use a float.",
    )


def _holds(dtype: NumpyDtype, kind: type) -> bool:
    """Whether Python numbers of a kind become tensors of a dtype."""
    if dtype.kind in "fc":
        return kind is not complex or dtype.kind == "c"
    if dtype.kind in "iu":
        return kind is int or kind is bool
    return dtype.kind == "b" and kind is bool


def _from_numpy(x: Any, dtype: NumpyDtype | None) -> Any:
    """A copy of an array or scalar as a tensor's value."""
    array = np.asarray(x)
    if array.dtype.kind in "SUO":
        return _strings(array)
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > 16 or array.dtype.char in "gG":
        raise InvalidValueError(
            f"Failed to convert a NumPy array to a Tensor (Unsupported numpy type: {array.dtype}).",
            "Convert it with x.astype(float) first.",
        )
    copy = array.astype(dtype or array.dtype.newbyteorder("="), copy=True, order="C")
    return copy if copy.shape else copy[()]


def _strings(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array of byte strings, of strings in any form."""
    flat = [s.encode() if isinstance(s, str) else s for s in array.ravel().tolist()]
    if not all(isinstance(s, bytes) for s in flat):
        odd = next(s for s in flat if not isinstance(s, bytes))
        raise InvalidValueError(
            "Failed to convert a NumPy array to a Tensor (Unsupported object type "
            f"{type(odd).__name__}).",
            "Give numbers or strings in a rectangular array.",
        )
    made = np.empty(len(flat), object)
    made[:] = flat
    return made.reshape(array.shape)


def _from_traced(x: Any, dtype: NumpyDtype | None) -> Any:
    """A value that a transform traces; a Python scalar's takes a Python scalar's dtype."""
    if dtype is None and x.weak:
        dtype = {"f": FLOAT32, "i": INT32}.get(x.dtype.kind, x.dtype)
    return x if dtype is None or x.dtype == dtype else fnp.asarray(x, dtype)


def _from_python(x: Any, dtype: NumpyDtype | None) -> Tensor:
    """A tensor of bools, complex numbers, strings, nested sequences and array-likes."""
    if isinstance(x, complex | float | int):
        return wrap(_python_scalar(_plain_number(x), dtype))
    if isinstance(x, str | bytes):
        if dtype is not None and dtype != STRING:
            raise InvalidTypeError(
                f"Cannot convert {x!r} to EagerTensor of dtype {type_name(dtype)}",
                "Use tf.strings.to_number for numbers in strings.",
            )
        return wrap(_strings(np.asarray(x, object)))
    if isinstance(x, TensorShape):
        x = x.as_list()
    if isinstance(x, list | tuple | range):
        leaves = list(_leaves(x))
        if any(isinstance(a, Tensor | TensorLike) or is_traced(a) for a in leaves):
            return _packed(x, dtype, leaves)
        return wrap(_from_sequence(list(x), leaves, dtype))
    if (x is not None and hasattr(x, "__array__")) or isinstance(x, memoryview):
        return wrap(_from_numpy(_settled_array(np.asarray(x)), dtype))
    raise InvalidValueError(
        f"Attempt to convert a value ({x!r}) with an unsupported type ({type(x)}) to a Tensor.",
        "Pass a tensor, a NumPy array, a number or a list of numbers.",
    )


def _plain_number(x: complex) -> complex:
    """A number of a subclass, such as an enumeration's, as one of Python's own."""
    if isinstance(x, bool | int | float):
        kind: type[int] | type[float] = next(k for k in (bool, int, float) if isinstance(x, k))
        return kind(x)
    return complex(x)


def _settled_array(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(np.int32) if array.dtype == np.uint8 and array.base is not None else array


def _leaves(x: Any) -> Any:
    if isinstance(x, list | tuple | range):
        for item in x:
            yield from _leaves(item)
    else:
        yield x


def _from_sequence(x: Any, leaves: list[Any], dtype: NumpyDtype | None) -> Any:
    """The array of nested Python sequences of numbers or strings."""
    kinds = {_kind(a) for a in leaves}
    if _is_mixed(kinds, leaves):
        raise InvalidValueError(
            "Can't convert Python sequence with mixed types to Tensor.",
            "Make all elements numbers, all bools or all strings.",
        )
    if None in kinds:
        odd = next(a for a in leaves if _kind(a) is None)
        raise InvalidValueError(
            f"Attempt to convert a value ({odd!r}) with an unsupported type ({type(odd)}) "
            "to a Tensor.",
            "Pass numbers, strings or arrays.",
        )
    try:
        array = np.array(x, object if kinds == {"string"} else None)
    except ValueError as error:
        raise _ragged() from error
    except OverflowError as error:
        raise InvalidValueError(
            "Can't convert Python sequence with out-of-range integer to Tensor.",
            "Integers have at most 64 bits; use floats.",
        ) from error
    if kinds == {"string"}:
        if any(isinstance(s, list | tuple) for s in array.ravel()):
            raise _ragged()
        return _strings(array)
    if array.dtype == object:
        raise _ragged()
    if dtype is not None:
        return _fitting(x, array, dtype)
    return array.astype(_sequence_dtype(array, leaves))


def _is_mixed(kinds: set[str | None], leaves: list[Any]) -> bool:
    """Whether elements don't fit the first: strings go with strings alone, bools after numbers,
    complex numbers in front of others."""
    if not leaves or (len(kinds) == 1 and "number" not in kinds):
        return False
    if "string" in kinds or (_kind(leaves[0]) == "bool" and "number" in kinds):
        return len(kinds & {"bool", "number", "string"}) > 1
    complexes = [isinstance(a, complex | np.complexfloating) for a in leaves]
    return any(complexes) and not complexes[0]


def _ragged() -> InvalidValueError:
    return InvalidValueError(
        "Can't convert non-rectangular Python sequence to Tensor.",
        "Make all rows the same length.",
    )


def _kind(x: Any) -> str | None:
    if isinstance(x, bool | np.bool_):
        return "bool"
    if isinstance(x, int | float | complex | np.number):
        return "number"
    if isinstance(x, str | bytes):
        return "string"
    return "array" if isinstance(x, np.ndarray) else None


def _sequence_dtype(array: np.ndarray[Any, Any], leaves: list[Any]) -> NumpyDtype:
    """Python numbers are narrow; NumPy floats among them keep their dtype."""
    if not leaves:
        return FLOAT32
    if array.dtype.kind in "iu" and not any(isinstance(a, np.ndarray) for a in leaves):
        small = array.size == 0 or bool(array.min() >= -(2**31) and array.max() < 2**31)
        return INT32 if small else INT64
    dtype: NumpyDtype = array.dtype
    if dtype.kind != "f":
        return dtype
    floats: list[NumpyDtype] = [a.dtype for a in leaves if isinstance(a, np.floating | np.ndarray)]
    return floats[0] if floats else FLOAT32


def _fitting(x: Any, array: np.ndarray[Any, Any], dtype: NumpyDtype) -> np.ndarray[Any, Any]:
    """The array in the dtype asked for, where that can hold such numbers."""
    kind = {"b": bool, "i": int, "u": int, "f": float, "c": complex}[array.dtype.kind]
    if array.size and not _holds(dtype, kind):
        raise InvalidTypeError(
            f"Cannot convert {x!r} to EagerTensor of dtype {type_name(dtype)}",
            "Convert the numbers first, or use tf.cast on the tensor.",
        )
    return array.astype(dtype)


def _packed(x: Any, dtype: NumpyDtype | None, leaves: list[Any]) -> Tensor:
    """Nested sequences with tensors among the leaves, stacked."""
    if dtype is None:
        tensors = (a for a in leaves if isinstance(a, Tensor | TensorLike) or is_traced(a))
        dtype = as_tensor(next(tensors))._dtype

    def build(item: Any, place: int) -> Tensor:
        if isinstance(item, list | tuple):
            rows = [value(build(a, i)) for i, a in enumerate(item)]
            return wrap(fnp.stack(rows))
        if isinstance(item, Tensor | TensorLike):
            tensor = as_tensor(item)
            if tensor._dtype != dtype:
                raise mismatch("Pack", place, dtype, tensor._dtype, "packed")
            return tensor
        return as_tensor(item, dtype)

    try:
        return build(x, 0)
    except ValueError as error:
        if isinstance(error, InvalidValueError):
            raise
        raise InvalidArgumentError.at(
            "Shapes of all inputs must match [Op:Pack] name: packed",
            "Stack tensors of one shape.",
        ) from error


# --- operands side by side -----------------------------------------------------------------------


def mismatch(
    op: str, place: int, expected: NumpyDtype, found: NumpyDtype, name: str = ""
) -> InvalidArgumentError:
    """The error of operands whose dtypes differ."""
    return InvalidArgumentError.at(
        f"cannot compute {op} as input #{place}(zero-based) was expected to be a "
        f"{type_name(expected)} tensor but is a {type_name(found)} tensor [Op:{op}] name: {name}",
        f"Tensors are not converted to each other's dtype: use tf.cast(x, "
        f"tf.{as_dtype(expected).name}) or make both of one dtype.",
    )


def matched(op: str, x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Two operands as tensors of one dtype: a tensor's dtype prevails over other values'."""
    if type(x) is Tensor or isinstance(x, TensorLike):
        x = as_tensor(x)
        y = as_tensor(y) if isinstance(y, Tensor | TensorLike) else _adapted(op, y, x, 1)
    elif type(y) is Tensor or isinstance(y, TensorLike):
        y = as_tensor(y)
        x = _adapted(op, x, y, 0)
    else:
        x = as_tensor(x)
        y = _adapted(op, y, x, 1)
    if x._dtype != y._dtype:
        raise mismatch(op, 1, x._dtype, y._dtype)
    return x, y


_HINTED = frozenset({("AddV2", 1), ("MatMul", 1)})
"""Operands that TensorFlow adapts where it can, and else finds to be of another dtype."""


def _adapted(op: str, x: Any, beside: Tensor, place: int) -> Tensor:
    """A value that is no tensor, in the dtype of the tensor beside it."""
    if is_traced(x) and not x.weak:
        return as_tensor(x)
    try:
        return as_tensor(x, beside._dtype)
    except InvalidTypeError as error:
        if (op, place) not in _HINTED:
            raise
        found = as_tensor(x)._dtype
        raise mismatch(op, place, beside._dtype, found) from error


# --- the public functions ------------------------------------------------------------------------


def numpy_dtype(dtype: Any) -> NumpyDtype | None:
    """NumPy's dtype of an optional dtype argument."""
    if dtype is None:
        return None
    return (dtype if type(dtype) is DType else as_dtype(dtype)).np


def sizes_of(shape: Any) -> tuple[int, ...]:
    """The sizes of a shape given as a TensorShape, a sequence, an integer or a tensor."""
    if type(shape) is tuple and all(type(n) is int for n in shape):
        return shape
    return tuple(integers(shape).reshape(-1).tolist())


def integer(x: Any) -> int:
    """One integer that must be known: an axis, a number of elements."""
    return x if type(x) is int else int(integers(x).reshape(-1)[0])


def integers(x: Any) -> np.ndarray[Any, Any]:
    """The integers of an argument that shapes depend on: numbers, tensors and lists of them."""
    if type(x) is int:
        return np.asarray(x)
    if isinstance(x, TensorShape):
        return np.asarray(x.as_list(), np.int64)
    if isinstance(x, list | tuple | range):
        rows = [integers(item) for item in x]
        if len({r.shape for r in rows}) > 1:
            raise _ragged()
        return np.asarray(rows, np.int64)
    tensor = as_tensor(x)
    v = tensor._v if tensor._plain else known(value(tensor))
    if v is None:
        raise OperatorNotAllowedInGraphError(
            "A shape, size or axis depends on values that are not known while tracing.",
            "Inside tf.function, jit or vmap sizes must follow from shapes: compute them from "
            "x.shape, or pass them as Python integers.",
        )
    if tensor._dtype.kind in "iu":
        return np.asarray(v)
    if tensor._dtype.kind == "f" and not v.size:  # what an empty list was made of
        return np.asarray(v).astype(np.int64)
    what = f"Cannot convert {x!r} to EagerTensor of dtype int32"
    remedy = "Sizes, axes and positions are integers."
    if isinstance(x, Tensor | TensorLike):
        raise InvalidArgumentError.at(what, remedy)
    raise InvalidTypeError(what, remedy)


def convert_to_tensor(
    value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None
) -> Tensor:
    """The tensor of a number, array, list or variable; a tensor itself is returned as it is.

    ``dtype`` is required of the result, ``dtype_hint`` taken where it fits.

    >>> import functrans.tf as tf
    >>> tf.convert_to_tensor([1.0, 2.0])
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>
    """
    if dtype is None and dtype_hint is not None:
        try:
            return as_tensor(value, numpy_dtype(dtype_hint))
        except (InvalidTypeError, InvalidValueError):
            return as_tensor(value)
    return as_tensor(value, numpy_dtype(dtype))


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor with a copy of a number, an array or nested lists, reshaped to ``shape``.

    A single element fills the shape.

    >>> import functrans.tf as tf
    >>> tf.constant([1, 2, 3, 4], shape=(2, 2)).numpy()
    array([[1, 2],
           [3, 4]], dtype=int32)
    """
    wanted = numpy_dtype(dtype)
    if type(value) is Tensor and wanted is not None and value._dtype != wanted:
        raise InvalidTypeError(
            f"Expected tensor {value.numpy()} with dtype {as_dtype(dtype)!r}, but got dtype "
            f"{value.dtype!r}.",
            f"Convert it with tf.cast(x, {as_dtype(dtype)!r}).",
        )
    tensor = as_tensor(value, wanted)
    if shape is None:
        return tensor
    sizes = sizes_of(shape)
    v = tensor._v
    if v.size == 1:
        return wrap(np.full(sizes, v)[()] if tensor._plain else fnp.broadcast_to(v, sizes))
    if v.size != prod(sizes):
        raise InvalidTypeError(
            f"Eager execution of tf.constant with unsupported shape. Tensor {tensor.numpy()} "
            f"(converted from {value!r}) has {v.size} elements, but got `shape` {shape} with "
            f"{prod(sizes)} elements).",
            "Give as many elements as the shape has, or one.",
        )
    return wrap(v.reshape(sizes))


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """``x`` in another dtype; a tensor that has it is returned as it is.

    Floats are cut off towards zero. Only casts between floating and complex dtypes have a
    gradient.

    >>> import functrans.tf as tf
    >>> tf.cast([1.7, -1.7], tf.int32).numpy()
    array([ 1, -1], dtype=int32)
    """
    if isinstance(x, TensorLike):
        return x._over(lambda tensor: cast(tensor, dtype))
    tensor = as_tensor(x)
    wanted = as_dtype(dtype).np
    if tensor._dtype == wanted:
        return tensor
    if object in (tensor._dtype, wanted):
        raise UnimplementedError.at(
            f"Cast {tensor.dtype.name} to {as_dtype(dtype).name} is not supported [Op:Cast] name: ",
            "Use tf.strings.to_number or tf.strings.as_string.",
        )
    v = value(tensor)
    if tensor._dtype.kind == "c" and wanted.kind != "c":
        v = fnp.real(v)
    with np.errstate(over="ignore", invalid="ignore"):  # what doesn't fit is infinite, or anything
        return wrap(fnp.astype(v, wanted), wanted)


def is_tensor(x: Any) -> bool:
    """Whether ``x`` is a tensor or a variable.

    >>> import functrans.tf as tf
    >>> tf.is_tensor(tf.constant(1.0)), tf.is_tensor(1.0)
    (True, False)
    """
    return isinstance(x, Tensor | TensorLike)
