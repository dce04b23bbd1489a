"""The words that operations are declared with: dtype checks, quiet arithmetic, TensorFlow's errors.

An operation takes tensors apart (:func:`functrans.tf.tensor.value`), computes with functions of
``functrans.numpy``, and wraps the result. NumPy's warnings of overflow and invalid values stay
silent, as TensorFlow is; errors of shapes become ``InvalidArgumentError`` and name the operation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, ParamSpec, Protocol, TypeVar

import numpy as np

from functrans import lax, stop_gradient
from functrans import numpy as fnp
from functrans.errors import DtypeError, FunctransError, IndexBoundsError, OptionError, ShapeError
from functrans.extend import open_recordings
from functrans.tf.convert import BOOL, NumpyDtype, as_tensor, matched, type_name
from functrans.tf.errors import InvalidArgumentError, NoGradientError
from functrans.tf.tensor import Tensor, value, wrap

P = ParamSpec("P")
R = TypeVar("R")

_ALLOWED = {
    "f": ("half", "float", "double"),
    "c": ("complex64", "complex128"),
    "i": ("int8", "int16", "int32", "int64"),
    "u": ("uint8", "uint16", "uint32", "uint64"),
    "b": ("bool",),
    "O": ("string",),
}


def check_kind(op: str, dtype: NumpyDtype, kinds: str) -> None:
    """Raise TensorFlow's error for a dtype whose kind (f, c, i, u, b, O) ``op`` does not take."""
    if dtype.kind not in kinds:
        allowed = ", ".join(name for kind in kinds for name in _ALLOWED[kind])
        raise InvalidArgumentError.at(
            f"Value for attr 'T' of {type_name(dtype)} is not in the list of allowed values: "
            f"{allowed} [Op:{op}] name: ",
            "Convert the tensor with tf.cast.",
        )


def failed(op: str, error: FunctransError) -> NoReturn:
    """Raise an error of functrans' own functions as TensorFlow's of the operation."""
    raise InvalidArgumentError.at(f"{error.what} [Op:{op}] name: ", error.remedy) from error


OURS = (ShapeError, DtypeError, OptionError, IndexBoundsError)
"""Errors of functrans.numpy that TensorFlow reports as an InvalidArgumentError."""


def operation(op: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator for a function of tensors that computes: quiet, and with TensorFlow's errors."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                with np.errstate(all="ignore"):
                    return function(*args, **kwargs)
            except OURS as error:
                if isinstance(error, InvalidArgumentError):
                    raise
                failed(op, error)

        return run

    return decorate


def unary(op: str, function: Callable[[Any], Any], x: Any, kinds: str = "fc") -> Tensor:
    """``function`` of one operand, elementwise and of its dtype."""
    x = as_tensor(x)
    dtype = x._dtype
    if dtype.kind not in kinds:
        check_kind(op, dtype, kinds)
    with np.errstate(all="ignore"):
        return wrap(function(value(x)), dtype)


def binary(
    op: str, function: Callable[[Any, Any], Any], x: Any, y: Any, kinds: str = "fciu"
) -> Tensor:
    """``function`` of two operands that broadcast, of their dtype."""
    a, b, dtype = _operands(op, x, y)
    if dtype.kind not in kinds:
        check_kind(op, dtype, kinds)
    try:
        with np.errstate(all="ignore"):
            return wrap(function(a, b), dtype)
    except ValueError as error:
        incompatible(op, a, b, error)


def comparison(
    op: str, function: Callable[[Any, Any], Any], x: Any, y: Any, kinds: str = "fiu"
) -> Tensor:
    """``function`` of two operands that broadcast, giving bools; it has no gradient."""
    a, b, dtype = _operands(op, x, y)
    if dtype.kind not in kinds:
        check_kind(op, dtype, kinds)
    try:
        return wrap(function(a, b), BOOL)
    except ValueError as error:
        incompatible(op, a, b, error)


def _operands(op: str, x: Any, y: Any) -> tuple[Any, Any, NumpyDtype]:
    """The values of two operands, and their dtype; Python's numbers need not become tensors."""
    if type(x) is Tensor:
        dtype = x._dtype
        if type(y) is Tensor:
            if y._dtype is dtype:
                return value(x), value(y), dtype
        elif dtype.kind == "f" and (type(y) is float or type(y) is int):
            return value(x), dtype.type(y), dtype
    elif type(y) is Tensor and y._dtype.kind == "f" and (type(x) is float or type(x) is int):
        return y._dtype.type(x), value(y), y._dtype
    x, y = matched(op, x, y)
    return value(x), value(y), x._dtype


def incompatible(op: str, a: Any, b: Any, error: ValueError) -> NoReturn:
    """Raise TensorFlow's error of shapes that do not broadcast, if that is what went wrong."""
    shapes = a.shape, b.shape
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        left, right = (f"[{','.join(map(str, s))}]" for s in shapes)
        raise InvalidArgumentError.at(
            f"Incompatible shapes: {left} vs. {right} [Op:{op}] name: ",
            "Sizes must be equal or 1, counted from the last axis.",
        ) from error
    raise error


# --- families of operations that are alike --------------------------------------------------------


class Unary(Protocol):
    """An operation of one operand."""

    def __call__(self, x: Any, name: str | None = None) -> Tensor: ...


class Binary(Protocol):
    """An operation of two operands."""

    def __call__(self, x: Any, y: Any, name: str | None = None) -> Tensor: ...


def elementwise(
    module: str,
    name: str,
    op: str,
    function: Callable[[Any], Any],
    says: str,
    example: str,
    kinds: str = "fc",
) -> Unary:
    """The public operation ``name(x)``; ``example`` is an expression → what it shows."""

    def operation(x: Any, name: str | None = None) -> Tensor:
        return unary(op, function, x, kinds)

    return _named(operation, module, name, says, example)


def pairwise(
    module: str,
    name: str,
    op: str,
    function: Callable[[Any, Any], Any],
    says: str,
    example: str,
    kinds: str = "fciu",
) -> Binary:
    """The public operation ``name(x, y)``; ``example`` is an expression → what it shows."""

    def operation(x: Any, y: Any, name: str | None = None) -> Tensor:
        return binary(op, function, x, y, kinds)

    return _named(operation, module, name, says, example)


def compared(
    module: str,
    name: str,
    op: str,
    function: Callable[[Any, Any], Any],
    says: str,
    example: str,
    kinds: str = "fiu",
) -> Binary:
    """The public comparison ``name(x, y)``; ``example`` is an expression → what it shows."""

    def operation(x: Any, y: Any, name: str | None = None) -> Tensor:
        return comparison(op, function, x, y, kinds)

    return _named(operation, module, name, says, example)


F = TypeVar("F", bound=Callable[..., Any])


def _named(function: F, module: str, name: str, says: str, example: str) -> F:
    expression, shown = example.split(" → ")
    function.__module__ = module
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{says}\n\n>>> import functrans.tf as tf\n>>> {expression}\n{shown}\n"
    return function


def widened(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of values, float16 ones in float32: where halves are not computed with."""

    def run(*values: Any) -> Any:
        dtype = values[0].dtype
        if dtype.itemsize > 2:
            return function(*values)
        return fnp.astype(function(*(fnp.astype(v, np.float32) for v in values)), dtype)

    return run


# --- derivatives ---------------------------------------------------------------------------------


def is_plain(*values: Any) -> bool:
    """Whether no transform looks on: all values are arrays or scalars."""
    return all(isinstance(v, np.ndarray | np.generic) for v in values)


def stopped(v: Any) -> Any:
    """The value without derivatives: what comes of it is not connected."""
    return v if is_plain(v) else stop_gradient(v)


def without_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of values whose results are not connected to its operands."""

    def run(*values: Any) -> Any:
        return function(*map(stopped, values))

    return run


def chosen(mask: Any, x: Any, y: Any) -> Any:
    """``x`` where the mask is true, else ``y``; both have one dtype. Quick where shapes agree."""
    if mask.shape == x.shape == y.shape:
        return lax.select_n(mask, y, x)
    return fnp.where(mask, x, y)


def connected_zero(v: Any) -> Any:
    """Zeros like ``v`` that are connected to it, with the gradient 0."""
    return fnp.where(np.False_, v, v.dtype.type(0))


def bent(x: Any, y: Any) -> Any:
    """``y``, whose derivative by x is constant in pieces: TensorFlow's second one is 0, not None.

    A square of zeros is added where several tapes look on, who alone can ask for it.
    """
    if is_plain(y) or len(open_recordings()) < 2:
        return y
    zero = connected_zero(x)
    return fnp.add(y, fnp.multiply(zero, zero))


def refusing_gradient(op: str, result: Any, operand: Any) -> Any:
    """``result``, connected with ``operand`` by a gradient that raises TensorFlow's error."""
    if is_plain(operand) or operand.dtype.kind not in "fc":
        return result
    # Rules of one's own are much to load, and few programs get here.
    from functrans import custom_vjp

    @custom_vjp
    def connected(result: Any, operand: Any) -> Any:
        return result

    def backward(_: None, cotangent: Any) -> NoReturn:
        raise NoGradientError(
            f"gradient registry has no entry for: {op}",
            "Take the gradient around it, or write one with tf.custom_gradient; tf.stop_gradient "
            "of its result says that it has none.",
        )

    connected.defvjp(lambda result, operand: (result, None), backward)
    return connected(result, operand)
