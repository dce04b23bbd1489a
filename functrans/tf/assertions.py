"""Assertions about values and dtypes, with TensorFlow's messages.

What is known is checked at once. Values that are only known when a compiled program runs are
checked then; dtypes, ranks and shapes always while it is traced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

import functrans as ft
from functrans import debug
from functrans.extend import known
from functrans.tf.convert import FLOAT32, as_tensor, matched
from functrans.tf.custom_gradients import custom_gradient
from functrans.tf.dtypes import DType, as_dtype
from functrans.tf.errors import InvalidArgumentError, InvalidTypeError, InvalidValueError
from functrans.tf.shape_assertions import prefix
from functrans.tf.tensor import Tensor, TensorLike, value, wrap
from functrans.tf.words import check_kind

_REMEDY = "The assertion is yours: look at where the values come from."


def _checked_now_or_later(check: Callable[..., None], *tensors: Tensor) -> None:
    """Run ``check`` on the tensors' arrays: now if they are known, else when the program runs."""
    values = [value(x) for x in tensors]
    plain = [known(v) for v in values]
    if all(p is not None for p in plain):
        check(*plain)
    else:
        debug.callback(check, *(ft.stop_gradient(v) for v in values))


# --- pairs of values -----------------------------------------------------------------------------


def assert_equal(
    x: Any,
    y: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """InvalidArgumentError unless all elements of x and y, broadcast, are equal.

    ``message`` stands before the error's text, which shows ``summarize`` elements.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_equal(tf.constant([1, 2]), [1, 2])
    """
    _compare("Equal", "==", np.equal, x, y, message, summarize)


def assert_none_equal(
    x: Any,
    y: Any,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> None:
    """InvalidArgumentError if any elements of x and y, broadcast, are equal.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_none_equal([1, 2], 3)
    """
    _compare("NotEqual", "!=", np.not_equal, x, y, message, summarize)


def assert_less(
    x: Any,
    y: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """InvalidArgumentError unless x < y for all elements, broadcast.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_less([1, 2], 3)
    """
    _compare("Less", "<", np.less, x, y, message, summarize)


def assert_less_equal(
    x: Any,
    y: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """InvalidArgumentError unless x ≤ y for all elements, broadcast.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_less_equal([1, 2], 2)
    """
    _compare("LessEqual", "<=", np.less_equal, x, y, message, summarize)


def assert_greater(
    x: Any,
    y: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """InvalidArgumentError unless x > y for all elements, broadcast.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_greater([1, 2], 0)
    """
    _compare("Greater", ">", np.greater, x, y, message, summarize)


def assert_greater_equal(
    x: Any,
    y: Any,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """InvalidArgumentError unless x ≥ y for all elements, broadcast.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_greater_equal([1, 2], 1)
    """
    _compare("GreaterEqual", ">=", np.greater_equal, x, y, message, summarize)


def _compare(
    op: str,
    sign: str,
    test: Callable[[Any, Any], Any],
    x: Any,
    y: Any,
    message: str | None,
    summarize: int | None,
) -> None:
    x, y = matched(op, as_tensor(x), as_tensor(y))
    if op not in ("Equal", "NotEqual"):
        check_kind(op, x._dtype, "fiu")
    try:
        np.broadcast_shapes(x._v.shape, y._v.shape)
    except ValueError as error:
        shapes = [f"[{','.join(map(str, t._v.shape))}]" for t in (x, y)]
        raise InvalidArgumentError.at(
            f"Incompatible shapes: {shapes[0]} vs. {shapes[1]} [Op:{op}] name: ",
            "Sizes must be equal or 1, counted from the last axis.",
        ) from error

    def check(a: Any, b: Any) -> None:
        holds = test(a, b)
        if not np.all(holds):
            text = _comparison_text(
                sign, np.asarray(holds), np.asarray(a), np.asarray(b), summarize
            )
            raise InvalidArgumentError.at(f"{message}\n{text}" if message else text, _REMEDY)

    _checked_now_or_later(check, x, y)


def _comparison_text(sign: str, holds: Any, a: Any, b: Any, summarize: int | None) -> str:
    most = 3 if summarize is None else summarize
    lines = [f"Condition x {sign} y did not hold."]
    if a.shape == b.shape and a.ndim:
        wrong = ~holds
        places = np.argwhere(wrong)
        count = len(places) if most < 0 else min(most, len(places))
        lines += [
            f"Indices of first {count} different values:",
            str(places[:count]),
            "Corresponding x values:",
            str(a[wrong][:count]),
            "Corresponding y values:",
            str(b[wrong][:count]),
        ]
    for letter, array in (("x", a), ("y", b)):
        flat = array.reshape(-1)
        count = flat.size if most < 0 else min(most, flat.size)
        lines += [f"First {count} elements of {letter}:", str(flat[:count])]
    return "\n".join(lines)


# --- single values -------------------------------------------------------------------------------


def assert_positive(
    x: Any, message: str | None = None, summarize: int | None = None, name: str | None = None
) -> None:
    """InvalidArgumentError unless all elements are > 0.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_positive([1.0, 2.0])
    """
    _against_zero("> 0", lambda v: v > 0, x, message, summarize)


def assert_negative(
    x: Any, message: str | None = None, summarize: int | None = None, name: str | None = None
) -> None:
    """InvalidArgumentError unless all elements are < 0.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_negative([-1.0, -2.0])
    """
    _against_zero("< 0", lambda v: v < 0, x, message, summarize)


def assert_non_negative(
    x: Any, message: str | None = None, summarize: int | None = None, name: str | None = None
) -> None:
    """InvalidArgumentError unless all elements are ≥ 0.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_non_negative([0.0, 2.0])
    """
    _against_zero(">= 0", lambda v: v >= 0, x, message, summarize)


def assert_non_positive(
    x: Any, message: str | None = None, summarize: int | None = None, name: str | None = None
) -> None:
    """InvalidArgumentError unless all elements are ≤ 0.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_non_positive([0.0, -2.0])
    """
    _against_zero("<= 0", lambda v: v <= 0, x, message, summarize)


def _against_zero(
    condition: str,
    test: Callable[[Any], Any],
    x: Any,
    message: str | None,
    summarize: int | None,
) -> None:
    x = as_tensor(x)
    if x._dtype.kind not in "fiu":
        raise InvalidTypeError(
            f"Cannot convert 0 to EagerTensor of dtype {x.dtype.name}", "Give real numbers."
        )

    def check(v: Any) -> None:
        if np.all(test(v)):
            return
        shown = str(v)
        if v.shape:
            shown = str(_elements(v, summarize))
        line = "" if condition == "<= 0" else "\n"  # TensorFlow's own texts differ in this
        raise InvalidArgumentError.at(
            f"{prefix(message)}\nCondition x {condition} did not hold "
            f"element-wise:{line}x (shape={v.shape} dtype={v.dtype.name}) = \n{shown}",
            _REMEDY,
        )

    _checked_now_or_later(check, x)


def _elements(v: Any, summarize: int | None) -> list[str]:
    """The first elements as texts, three unless told."""
    flat = np.asarray(v).reshape(-1)
    most = 3 if summarize is None else summarize
    if 0 <= most < flat.size:
        return [*(str(e) for e in flat[:most]), "..."]
    return [str(e) for e in flat]


def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """InvalidArgumentError unless |x − y| ≤ atol + rtol · |y| for all elements, broadcast.

    Both tolerances are ten times the dtype's epsilon by default. NaN is near nothing.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_near([1.0, 2.0], [1.0, 2.0000001])
    """
    x = as_tensor(x)
    y = as_tensor(y, x._dtype)
    if x._dtype.kind not in "fc":
        raise InvalidValueError(
            f"data type {x._dtype.type} not inexact", "Use tf.debugging.assert_equal for integers."
        )
    real = np.dtype(x._dtype.type(0).real.dtype)
    epsilon = 10 * np.finfo(x._dtype).eps
    relative, absolute = (as_tensor(epsilon if t is None else t, real) for t in (rtol, atol))

    def check(a: Any, b: Any, r: Any, t: Any) -> None:
        if np.all(np.abs(a - b) <= t + r * np.abs(b)):
            return
        heads = [f"{n} (shape={v.shape} dtype={v.dtype.name}) = " for n, v in (("x", a), ("y", b))]
        data: list[Any] = [
            prefix(message),
            f"x and y not equal to tolerance rtol = {wrap(r)!s}, atol = {wrap(t)!s}",
            *(heads[0], a, heads[1], b),
        ]
        raise _failed("tf.Tensor(False, shape=(), dtype=bool)", data, summarize)

    try:
        _checked_now_or_later(check, x, y, relative, absolute)
    except ValueError as error:
        shapes = [f"[{','.join(map(str, t._v.shape))}]" for t in (x, y)]
        raise InvalidArgumentError.at(
            f"Incompatible shapes: {shapes[0]} vs. {shapes[1]} [Op:Sub] name: ",
            "Sizes must be equal or 1, counted from the last axis.",
        ) from error


def Assert(  # noqa: N802  # TensorFlow's name
    condition: Any, data: Any, summarize: int | None = None, name: str | None = None
) -> None:
    """InvalidArgumentError that shows ``data``, a list of tensors, unless the condition holds.

    >>> import functrans.tf as tf
    >>> tf.debugging.Assert(tf.constant(True), ["fine"])
    """
    if not isinstance(data, list | tuple):
        raise InvalidTypeError("values must be a sequence.", "Give a list of tensors.")
    tensors = [as_tensor(x) for x in data]

    def check(holds: Any, *values: Any) -> None:
        if not bool(holds):
            shown = condition if not isinstance(condition, Tensor | TensorLike) else wrap(holds)
            raise _failed(str(shown), list(values), summarize)

    texts = {i: x._v for i, x in enumerate(tensors) if x._dtype.kind == "O"}
    numbers = [x for i, x in enumerate(tensors) if i not in texts]

    def with_texts(holds: Any, *values: Any) -> None:
        rest = iter(values)
        check(holds, *(texts[i] if i in texts else next(rest) for i in range(len(tensors))))

    _checked_now_or_later(with_texts, as_tensor(condition), *numbers)


def _failed(condition: str, data: Iterable[Any], summarize: int | None) -> InvalidArgumentError:
    texts = [
        repr(x.encode()) if isinstance(x, str) else ", ".join(_elements(x, summarize)) for x in data
    ]
    return InvalidArgumentError.at(
        f"Expected '{condition}' to be true. Summarized data: " + "\n".join(texts), _REMEDY
    )


# --- numbers that are no numbers -----------------------------------------------------------------


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """The tensor, if it holds no infinities and NaNs; its gradient is held to the same.

    Raises
    ------
    InvalidArgumentError: with ``message`` and what was found.

    >>> import functrans.tf as tf
    >>> tf.debugging.check_numerics(tf.constant([1.0]), "x").numpy()
    array([1.], dtype=float32)
    """
    x = as_tensor(tensor)
    check_kind("CheckNumerics", x._dtype, "f")
    _checked_now_or_later(partial(_only_finite, message), x)

    def gradient(dy: Tensor) -> Tensor:
        found = "Not a number (NaN) or infinity (Inf) values detected in gradient."
        check = partial(_only_finite, f"{found} {message.encode()!r}")
        _checked_now_or_later(check, dy)
        return dy

    checked: Tensor = custom_gradient(lambda x: (x, gradient))(x)
    return checked


def _only_finite(message: str, v: Any) -> None:
    found = [name for name, bad in (("Inf", np.isinf(v)), ("NaN", np.isnan(v))) if np.any(bad)]
    if found:
        raise InvalidArgumentError.at(
            f"{message} : Tensor had {' and '.join(found)} values [Op:CheckNumerics] name: ",
            "Look for a division by zero, a logarithm or root of a value out of range, or a step "
            "that was too long.",
        )


def assert_all_finite(x: Any, message: str, name: str | None = None) -> Tensor:
    """The tensor, if it holds no infinities and NaNs: as :func:`check_numerics`.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_all_finite(tf.constant([1.0]), "x").numpy()
    array([1.], dtype=float32)
    """
    return check_numerics(x, message)


# --- dtypes --------------------------------------------------------------------------------------


def assert_type(
    tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None
) -> None:
    """TypeError unless the tensor has the dtype.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_type(tf.constant(1.0), tf.float32)
    """
    found, wanted = as_tensor(tensor).dtype, as_dtype(tf_type)
    if found is not wanted:
        raise InvalidTypeError(
            f"{prefix(message)}tensor must be of type {wanted!r}; got {found!r}", "Use tf.cast."
        )


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> None:
    """TypeError unless the tensor holds integers.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_integer(3)
    """
    found = as_tensor(x).dtype
    if not found.is_integer:
        raise InvalidTypeError(
            f'{prefix(message)}Expected "x" to be integer type.  Found: tensor of dtype {found!s}',
            "Use tf.cast.",
        )


def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> DType:
    """The one floating dtype of the tensors, which is ``dtype`` if that is given; else ValueError.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_same_float_dtype([tf.constant(1.0)])
    tf.float32
    """
    wanted = None if dtype is None else as_dtype(dtype)
    first = None
    for x in tensors or ():
        if wanted is None:
            wanted, first = x.dtype, x
        elif x.dtype is not wanted:
            beside = "" if first is None else f" as {first}"
            raise InvalidValueError(
                f"{x}, type={x.dtype!s}, must be of the same type ({wanted!s}){beside}.",
                "Use tf.cast.",
            )
    wanted = wanted or as_dtype(FLOAT32)
    if not wanted.is_floating:
        raise InvalidValueError(f"Expected floating point type, got {wanted!s}.", "Use tf.cast.")
    return wanted


def assert_proper_iterable(values: Any) -> None:
    """TypeError unless ``values`` is an iterable that is no tensor, array or text.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_proper_iterable([1, 2])
    """
    remedy = "Give a list or a tuple."
    if isinstance(values, Tensor | TensorLike | np.ndarray | str | bytes):
        raise InvalidTypeError(
            f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}', remedy
        )
    if not isinstance(values, Iterable):
        raise InvalidTypeError(
            f'Expected argument "values" to be iterable.  Found: {type(values)}', remedy
        )


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether this is a tensor of numbers.

    >>> import functrans.tf as tf
    >>> tf.debugging.is_numeric_tensor(tf.constant(1)), tf.debugging.is_numeric_tensor(1)
    (True, False)
    """
    return isinstance(tensor, Tensor) and tensor.dtype.is_numeric
