"""Python functions as operations: numpy_function, py_function.

Where values are known they are called at once. While a ``tf.function``, ``jit`` or ``vmap``
traces, the program that is made calls them when it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import functrans as ft
from functrans.experimental import io_callback
from functrans.extend import known
from functrans.tf.convert import as_tensor, type_name
from functrans.tf.custom_gradients import custom_gradient
from functrans.tf.dtypes import DType, as_dtype
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
    OutOfRangeError,
    ResourceExhaustedError,
    UnimplementedError,
    UnknownError,
)
from functrans.tf.tape import GradientTape
from functrans.tf.tensor import Tensor, TensorLike, value, wrap

Function = Callable[..., Any]


def numpy_function(
    func: Any = None,
    inp: Any = None,
    Tout: Any = None,  # TensorFlow's name
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """The results of a function of NumPy arrays, as tensors; it has no gradient.

    ``Tout`` is the dtype of the result or a list of dtypes, which inside tf.function the results
    must have. There the function is also called while it is traced, with ones, to find the
    shapes of its results.

    >>> import functrans.tf as tf
    >>> tf.numpy_function(lambda x: x + 1, [tf.constant([1.0, 2.0])], tf.float32).numpy()
    array([2., 3.], dtype=float32)
    """
    _check_function(func)
    tensors = [as_tensor(x) for x in inp]
    if _all_known(tensors):
        result = func(*map(_array, inp))
        if not isinstance(result, list | tuple):
            return None if result is None else as_tensor(result)
        found = [as_tensor(x) for x in result]
        return found[0] if len(found) == 1 else found

    def host(*arrays: Any) -> list[Any]:
        return _checked(func(*map(np.array, arrays)), _dtypes(Tout))

    found = _called_back(host, tensors, _shapes_of(host, tensors))
    return found[0] if len(found) == 1 else found


def py_function(
    func: Any = None,
    inp: Any = None,
    Tout: Any = None,  # TensorFlow's name
    name: str | None = None,
) -> Any:
    """The results of a Python function of tensors whose values are known; it has a gradient.

    ``Tout`` is the dtype of the result or a list of dtypes. Inside tf.function the function is
    also called while it is traced, with ones, to find the shapes of its results; the gradient
    calls it again under a tape.

    Raises
    ------
    UnknownError: any error of the function's own; InvalidArgumentError for a ValueError or a
        TypeError, or where the results are not what ``Tout`` says.

    >>> import functrans.tf as tf
    >>> tf.py_function(lambda x: x * x.numpy(), [tf.constant(3.0)], tf.float32).numpy()
    np.float32(9.0)
    """
    _check_function(func)
    tensors = [as_tensor(x) for x in inp]
    dtypes = _dtypes(Tout)
    if _all_known(tensors):
        found = _of_dtypes(_run(func, tensors), dtypes)
    else:
        found = _differentiable(func, dtypes)(*tensors)
    return found if isinstance(Tout, list | tuple) else found[0]


def _differentiable(func: Function, dtypes: Sequence[DType]) -> Function:
    """The function called when a program runs, and its gradient likewise."""

    def forward(*arrays: Any) -> list[Any]:
        found = _of_dtypes(_run(func, [as_tensor(a) for a in arrays]), dtypes)
        return [x.numpy() for x in found]

    def backward(*arrays: Any) -> list[Any]:
        xs = [as_tensor(a) for a in arrays[: len(arrays) - len(dtypes)]]
        seeds = [as_tensor(a) for a in arrays[len(xs) :]]
        with GradientTape() as tape:
            tape.watch([x for x in xs if _is_smooth(x)])
            ys = _of_dtypes(_run(func, xs), dtypes)
        pairs = [(y, s) for y, s in zip(ys, seeds, strict=True) if _is_smooth(y)]
        found = tape.gradient(
            [y for y, _ in pairs],
            [x for x in xs if _is_smooth(x)],
            output_gradients=[s for _, s in pairs],
            unconnected_gradients="zero",
        )
        return [g.numpy() for g in found]

    def operation(*xs: Tensor) -> Any:
        def gradient(*dys: Tensor) -> list[Any]:
            shapes = [ft.ShapeDtypeStruct(tuple(x._v.shape), x._dtype) for x in xs if _is_smooth(x)]
            found = iter(_called_back(backward, [*xs, *dys], shapes))
            return [next(found) if _is_smooth(x) else None for x in xs]

        return _called_back(forward, xs, _shapes_of(forward, xs)), gradient

    custom: Function = custom_gradient(operation)
    return custom


# --- helpers -------------------------------------------------------------------------------------


def _check_function(func: Any) -> None:
    if not callable(func):
        raise InvalidValueError(
            f"Expected func to be callable. Received func={func} of type {type(func)}.",
            "Give a function.",
        )


def _all_known(tensors: Sequence[Tensor]) -> bool:
    return all(known(value(x)) is not None for x in tensors)


def _array(x: Any) -> np.ndarray[Any, Any]:
    """What a NumPy function is given: a copy of a tensor's values, or what NumPy makes of ``x``."""
    return np.array(known(value(as_tensor(x))) if isinstance(x, Tensor | TensorLike) else x)


def _is_smooth(x: Tensor) -> bool:
    return x._dtype.kind in "fc"


def _dtypes(given: Any) -> list[DType]:
    listed = given if isinstance(given, list | tuple) else [given]
    return [as_dtype(d) for d in listed]


_ERRORS: dict[type[Exception], Any] = {
    StopIteration: OutOfRangeError,
    TypeError: InvalidArgumentError,
    ValueError: InvalidArgumentError,
    MemoryError: ResourceExhaustedError,
    NotImplementedError: UnimplementedError,
}


def _run(func: Function, tensors: Sequence[Tensor]) -> Any:
    """The function's result; its errors as TensorFlow's of an operation that failed."""
    try:
        return func(*tensors)
    except Exception as error:
        kinds = (kind for own, kind in _ERRORS.items() if isinstance(error, own))
        kind = next(kinds, UnknownError)
        raise kind.at(
            f"{type(error).__name__}: {error}", "The function given to py_function raised this."
        ) from error


def _listed(result: Any) -> list[Any]:
    if isinstance(result, list | tuple):
        return list(result)
    return [] if result is None else [result]


def _of_dtypes(result: Any, dtypes: Sequence[DType]) -> list[Tensor]:
    found = _listed(result)
    if len(found) != len(dtypes):
        raise InvalidArgumentError.at(
            f"py_function returned {len(found)} values, but Tout has {len(dtypes)} dtypes.",
            "Make Tout a list with a dtype for each result.",
        )
    try:
        return [as_tensor(x, d.np) for x, d in zip(found, dtypes, strict=True)]
    except (InvalidTypeError, InvalidValueError) as error:
        raise InvalidArgumentError.at(f"ValueError: {error.what}", error.remedy) from error


def _checked(result: Any, dtypes: Sequence[DType]) -> list[Any]:
    """The results of a NumPy function in a program, which has to keep what it promised."""
    found = [np.asarray(x) for x in _listed(result)]
    for i, (x, dtype) in enumerate(zip(found, dtypes, strict=True)):
        if x.dtype != dtype.np:
            raise InvalidArgumentError.at(
                f"{i}-th value returned by the function is {type_name(x.dtype)}, but expects "
                f"{type_name(dtype.np)}",
                "Correct Tout, or convert the result with astype.",
            )
    return found


def _shapes_of(host: Function, tensors: Sequence[Tensor]) -> list[ft.ShapeDtypeStruct]:
    """The types of a function's results, from a call with ones."""
    ones = (np.ones(tuple(x._v.shape), x._dtype)[()] for x in tensors)
    with ft.ensure_compile_time_eval():
        found = [np.asarray(x) for x in host(*ones)]
    return [ft.ShapeDtypeStruct(x.shape, x.dtype) for x in found]


def _called_back(
    host: Function, tensors: Sequence[Tensor], types: Sequence[ft.ShapeDtypeStruct]
) -> list[Tensor]:
    """The results of a function that the program calls when it runs."""
    values = (ft.stop_gradient(value(x)) for x in tensors)
    return [wrap(v) for v in io_callback(host, list(types), *values)]
