"""Comparisons, tests of numbers and logic: operations whose results are bools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.convert import BOOL, as_tensor, is_traced
from functrans.tf.errors import InvalidArgumentError, InvalidTypeError
from functrans.tf.tensor import Tensor, TensorLike, value, wrap
from functrans.tf.words import binary, check_kind, compared

ANY = "fciubO"


def _outcome(
    function: Callable[[Any, Any], Any], strings: Callable[[Any, Any], Any]
) -> Callable[[Any, Any], Any]:
    """A comparison of numbers or, by NumPy's function, of strings."""

    def run(a: Any, b: Any) -> Any:
        return function(a, b) if a.dtype.kind != "O" else np.asarray(strings(a, b), bool)[()]

    return run


equal = compared(
    __name__,
    "equal",
    "Equal",
    _outcome(fnp.equal, np.equal),
    "Whether x is y, elementwise.",
    "tf.equal([1, 2], 2).numpy() → array([False,  True])",
    ANY,
)
not_equal = compared(
    __name__,
    "not_equal",
    "NotEqual",
    _outcome(fnp.not_equal, np.not_equal),
    "Whether x is not y, elementwise.",
    "tf.not_equal([1, 2], 2).numpy() → array([ True, False])",
    ANY,
)
less = compared(
    __name__,
    "less",
    "Less",
    fnp.less,
    "x < y, elementwise.",
    "tf.less([1, 3], 2).numpy() → array([ True, False])",
)
less_equal = compared(
    __name__,
    "less_equal",
    "LessEqual",
    fnp.less_equal,
    "x ≤ y, elementwise.",
    "tf.less_equal([1, 3], 3).numpy() → array([ True,  True])",
)
greater = compared(
    __name__,
    "greater",
    "Greater",
    fnp.greater,
    "x > y, elementwise.",
    "tf.greater([1, 3], 2).numpy() → array([False,  True])",
)
greater_equal = compared(
    __name__,
    "greater_equal",
    "GreaterEqual",
    fnp.greater_equal,
    "x ≥ y, elementwise.",
    "tf.greater_equal([1, 3], 3).numpy() → array([False,  True])",
)


def _test(op: str, function: Callable[[Any], Any], x: Any, kinds: str) -> Tensor:
    x = as_tensor(x)
    if x._dtype.kind not in kinds:
        check_kind(op, x._dtype, kinds)
    return wrap(function(value(x)), BOOL)


def is_nan(x: Any, name: str | None = None) -> Tensor:
    """Whether x is not a number, elementwise.

    >>> import functrans.tf as tf
    >>> tf.math.is_nan([1.0, float("nan")]).numpy()
    array([False,  True])
    """
    return _test("IsNan", fnp.isnan, x, "f")


def is_inf(x: Any, name: str | None = None) -> Tensor:
    """Whether x is infinite, elementwise.

    >>> import functrans.tf as tf
    >>> tf.math.is_inf([1.0, float("inf")]).numpy()
    array([False,  True])
    """
    return _test("IsInf", fnp.isinf, x, "f")


def is_finite(x: Any, name: str | None = None) -> Tensor:
    """Whether x is neither infinite nor not a number, elementwise.

    >>> import functrans.tf as tf
    >>> tf.math.is_finite([1.0, float("inf")]).numpy()
    array([ True, False])
    """
    return _test("IsFinite", fnp.isfinite, x, "f")


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Whether no element is less than the one before it, in reading order.

    >>> import functrans.tf as tf
    >>> tf.math.is_non_decreasing([1, 1, 2]).numpy()
    np.True_
    """
    return _ordered(fnp.greater_equal, x)


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Whether every element is greater than the one before it, in reading order.

    >>> import functrans.tf as tf
    >>> tf.math.is_strictly_increasing([1, 1, 2]).numpy()
    np.False_
    """
    return _ordered(fnp.greater, x)


def _ordered(function: Callable[[Any, Any], Any], x: Any) -> Tensor:
    x = as_tensor(x)
    if x._dtype.kind not in "fiu":
        raise InvalidTypeError(
            f"Expected x to be numeric, instead found: {x}", "Give real numbers."
        )
    flat = fnp.ravel(value(x))
    return wrap(fnp.all(function(flat[1:], flat[:-1])), BOOL)


# --- logic ---------------------------------------------------------------------------------------


def logical_not(x: Any, name: str | None = None) -> Tensor:
    """Not x, elementwise, of bools.

    >>> import functrans.tf as tf
    >>> tf.logical_not([True, False]).numpy()
    array([False,  True])
    """
    return wrap(fnp.logical_not(value(_bools("LogicalNot", x))), BOOL)


def logical_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether both are true, elementwise, of bools.

    >>> import functrans.tf as tf
    >>> tf.logical_and([True, False], True).numpy()
    array([ True, False])
    """
    return _combined("LogicalAnd", fnp.logical_and, x, y)


def logical_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether one of them is true, elementwise, of bools.

    >>> import functrans.tf as tf
    >>> tf.logical_or([True, False], False).numpy()
    array([ True, False])
    """
    return _combined("LogicalOr", fnp.logical_or, x, y)


def logical_xor(x: Any, y: Any, name: str | None = "LogicalXor") -> Tensor:
    """Whether exactly one of them is true, elementwise, of bools.

    >>> import functrans.tf as tf
    >>> tf.math.logical_xor([True, False], True).numpy()
    array([False,  True])
    """
    return _combined("LogicalXor", fnp.logical_xor, x, y)


def _combined(op: str, function: Callable[[Any, Any], Any], x: Any, y: Any) -> Tensor:
    return binary(op, function, _bools(op, x), _bools(op, y), "b")


def as_bools(x: Any) -> Tensor:
    """The tensor of ``x``, made of bools unless it is a tensor already."""
    return as_tensor(x, None if isinstance(x, Tensor | TensorLike) or is_traced(x) else BOOL)


def _bools(op: str, x: Any) -> Tensor:
    """The operand as a tensor of bools; a tensor of another dtype is refused."""
    tensor = as_bools(x)
    if tensor._dtype != BOOL:
        raise InvalidArgumentError.at(
            f"cannot compute {op} as input was expected to be a bool tensor but is a "
            f"{tensor.dtype.name} tensor [Op:{op}] name: ",
            "Compare first (x != 0), or use tf.bitwise for integers.",
        )
    return tensor
