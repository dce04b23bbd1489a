"""Sums, products, quotients, remainders, powers and extremes of two operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.extend import known, open_recordings
from functrans.tf.convert import FLOAT32, FLOAT64, as_tensor, matched, numpy_dtype
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
    NotFoundError,
)
from functrans.tf.shapes import TensorShape
from functrans.tf.tensor import Tensor, TensorLike, value, wrap
from functrans.tf.words import (
    binary,
    check_kind,
    chosen,
    connected_zero,
    is_plain,
    pairwise,
    stopped,
)

# --- sums and products ---------------------------------------------------------------------------


def add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x + y; strings are joined.

    >>> import functrans.tf as tf
    >>> tf.add([1.0, 2.0], 1.0).numpy()
    array([2., 3.], dtype=float32)
    """
    return binary("AddV2", plus, as_tensor(x), y, "fciuO")


def plus(a: Any, b: Any) -> Any:
    """The sum of values; strings are joined."""
    return fnp.add(a, b) if a.dtype.kind != "O" else np.asarray(np.add(a, b), object)


subtract = pairwise(
    __name__, "subtract", "Sub", fnp.subtract, "x − y.", "tf.subtract(3, 1).numpy() → np.int32(2)"
)
multiply = pairwise(
    __name__,
    "multiply",
    "Mul",
    fnp.multiply,
    "x · y, elementwise.",
    "tf.multiply([1.0, 2.0], 3.0).numpy() → array([3., 6.], dtype=float32)",
)


def _multiply_no_nan(a: Any, b: Any) -> Any:
    # Where b is 0 and a finite the product is right, and so is its derivative for b: a.
    safe = fnp.where((b == 0) & ~fnp.isfinite(a), a.dtype.type(0), a)
    return fnp.multiply(safe, b)


def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x · y, and 0 where y is 0, even if x is infinite or not a number.

    >>> import functrans.tf as tf
    >>> tf.math.multiply_no_nan(float("inf"), 0.0).numpy()
    np.float32(0.0)
    """
    x = as_tensor(x)
    return binary("MulNoNan", _multiply_no_nan, x, as_tensor(y, x._dtype), "fc")


def _squared_difference(a: Any, b: Any) -> Any:
    difference = fnp.subtract(a, b)
    if difference.dtype.kind == "c":
        return fnp.multiply(difference, fnp.conj(difference))
    return fnp.square(difference)


squared_difference = pairwise(
    __name__,
    "squared_difference",
    "SquaredDifference",
    _squared_difference,
    "The square of the absolute value of x − y.",
    "tf.math.squared_difference(1.0, 4.0).numpy() → np.float32(9.0)",
)


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """A scalar times x, in the dtype of x; a scalar with axes is a ValueError.

    >>> import functrans.tf as tf
    >>> tf.scalar_mul(2, [1.0, 2.0]).numpy()
    array([2., 4.], dtype=float32)
    """
    if isinstance(x, TensorLike):
        return x._over(lambda rows: scalar_mul(scalar, rows))
    x = as_tensor(x)
    scalar = as_tensor(scalar, x._dtype)
    if scalar._v.shape:
        raise InvalidValueError(
            f"The input scalar must be a 0-D value. Received shape {scalar.shape}.",
            "Use tf.multiply for operands that broadcast.",
        )
    return multiply(scalar, x)


def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """The sum of a list of tensors of one shape and dtype.

    >>> import functrans.tf as tf
    >>> tf.add_n([1.0, 2.0, 3.0]).numpy()
    np.float32(6.0)
    """
    tensors = _terms(inputs, "AddN")
    for place, other in enumerate(tensors):
        if other._v.shape != tensors[0]._v.shape:
            raise InvalidArgumentError.at(
                "Inputs to operation AddN of type AddN must have the same size and shape. Input 0: "
                f"{list(tensors[0]._v.shape)} != input {place}: {list(other._v.shape)} "
                "[Op:AddN] name: ",
                "Use + for operands that broadcast.",
            )
    return _summed(tensors)


def accumulate_n(
    inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Tensor:
    """The sum of a list of tensors, whose shape and dtype may be checked.

    >>> import functrans.tf as tf
    >>> tf.math.accumulate_n([1.0, 2.0, 3.0], shape=[]).numpy()
    np.float32(6.0)
    """
    tensors = _terms(inputs, "AccumulateN")
    wanted = tensors[0].shape if shape is None else TensorShape(shape)
    for other in tensors:
        if not wanted.is_compatible_with(other.shape):
            raise InvalidValueError(
                f"Shapes {wanted} and {other.shape} are not compatible",
                "Use + for operands that broadcast.",
            )
    if tensor_dtype is not None and numpy_dtype(tensor_dtype) != tensors[0]._dtype:
        raise InvalidTypeError(
            f"The `tensor_dtype` argument is {tensor_dtype}, but `input` is of type "
            f"{tensors[0].dtype}. These must be equal.",
            "Convert the tensors with tf.cast.",
        )
    return _summed(tensors)


def _terms(inputs: Any, op: str) -> list[Tensor]:
    if not isinstance(inputs, list | tuple):
        inputs = as_tensor(inputs)
        if not inputs._v.shape:
            raise InvalidTypeError(
                "Cannot iterate over a scalar tensor.", "Give a list of tensors."
            )
    terms = [as_tensor(term) for term in inputs]
    if not terms:
        raise InvalidValueError(
            "Inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype "
            "and shape.",
            "Give at least one.",
        )
    check_kind(op, terms[0]._dtype, "fciu")
    return [matched(op, terms[0], term)[1] for term in terms]


def _summed(tensors: list[Tensor]) -> Tensor:
    with np.errstate(all="ignore"):
        total = value(tensors[0])
        for tensor in tensors[1:]:
            total = fnp.add(total, value(tensor))
    return wrap(total, tensors[0]._dtype)


def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """The polynomial of x with these coefficients, the highest power's first, in a list.

    >>> import functrans.tf as tf
    >>> tf.math.polyval([1.0, 0.0, -1.0], 3.0).numpy()
    np.float32(8.0)
    """
    if not isinstance(coeffs, list):
        raise InvalidValueError(
            f"Argument coeffs must be list type. Received type {type(coeffs)}.",
            "Give a list of coefficients.",
        )
    x = as_tensor(x)
    if not coeffs:
        return wrap(fnp.zeros_like(stopped(value(x))), x._dtype)
    total = as_tensor(coeffs[0])
    for coefficient in coeffs[1:]:
        total = add(multiply(total, x), coefficient)
    return total


# --- quotients and remainders --------------------------------------------------------------------


def divide(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y. Integers give float64, those of 8 and 16 bits float32.

    >>> import functrans.tf as tf
    >>> tf.divide(3, 2).numpy()
    np.float64(1.5)
    """
    return _quotient(fnp.divide, "__truediv__", x, y)


def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y. Integers give float64, those of 8 and 16 bits float32.

    >>> import functrans.tf as tf
    >>> tf.truediv([1.0, 2.0], 4.0).numpy()
    array([0.25, 0.5 ], dtype=float32)
    """
    return _quotient(fnp.divide, "__truediv__", x, y)


def divide_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, and 0 with the gradient 0 where y is 0.

    >>> import functrans.tf as tf
    >>> tf.math.divide_no_nan([1.0, 2.0], [0.0, 4.0]).numpy()
    array([0. , 0.5], dtype=float32)
    """
    return _quotient(_divide_no_nan, "tf.math.divide_no_nan", x, y)


def _divide_no_nan(a: Any, b: Any) -> Any:
    zero = b == 0
    safe = fnp.where(zero, b.dtype.type(1), b)
    return fnp.where(zero, b.dtype.type(0), fnp.divide(a, safe))


def _quotient(function: Callable[[Any, Any], Any], op: str, x: Any, y: Any) -> Tensor:
    if type(x) is not Tensor or type(y) is not Tensor or x._dtype is not y._dtype:
        try:
            x, y = matched(op, x, y)
        except InvalidArgumentError as error:
            raise InvalidTypeError(
                f"`x` and `y` must have the same dtype, got {as_tensor(x).dtype!r} != "
                f"{as_tensor(y).dtype!r}.",
                "Convert one of them with tf.cast.",
            ) from error
    dtype = x._dtype
    if dtype.kind in "iu":
        wide = FLOAT64 if dtype.itemsize > 2 else FLOAT32
        x, y = (wrap(fnp.astype(value(operand), wide), wide) for operand in (x, y))
    elif dtype.kind not in "fc":
        raise InvalidTypeError(
            f"Invalid dtype {x.dtype!r} in {op}. Expected a numeric one.", "Use tf.cast first."
        )
    return binary("RealDiv", function, x, y, "fc")


realdiv = pairwise(
    __name__,
    "realdiv",
    "RealDiv",
    fnp.divide,
    "x / y, of floats and complex numbers.",
    "tf.realdiv(1.0, 4.0).numpy() → np.float32(0.25)",
    "fc",
)


def _checked(op: str, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A division whose integers are not divided by zero, as far as values are known."""

    def run(a: Any, b: Any) -> Any:
        if b.dtype.kind in "iu":
            divisor = known(b)
            if divisor is not None and not divisor.all():
                raise InvalidArgumentError.at(
                    f"Integer division by zero [Op:{op}] name: ",
                    "Divide floats, or use tf.where to replace the zeros first.",
                )
        return function(a, b)

    return run


def _floordiv(a: Any, b: Any) -> Any:
    _check_real("FloorDiv", a)
    if a.dtype.kind in "iu":
        return fnp.floor_divide(a, b)
    return fnp.floor(fnp.divide(stopped(a), stopped(b)))


def _check_real(op: str, a: Any) -> None:
    if a.dtype.kind == "c":
        raise NotFoundError.at(
            f"Could not find device for node: {{{{node {op}}}}} = {op}[T={a.dtype}]",
            "Complex numbers have no whole quotients: divide with /.",
        )


def _truncatediv(a: Any, b: Any) -> Any:
    _check_real("TruncateDiv", a)
    if a.dtype.kind in "iu":
        return fnp.floor_divide(fnp.subtract(a, fnp.fmod(a, b)), b)
    return fnp.trunc(fnp.divide(stopped(a), stopped(b)))


floordiv = pairwise(
    __name__,
    "floordiv",
    "FloorDiv",
    _checked("FloorDiv", _floordiv),
    "The whole quotient, rounded down; it has no gradient. Integers by 0 raise.",
    "tf.math.floordiv(-7, 2).numpy() → np.int32(-4)",
    "fciu",
)
floormod = pairwise(
    __name__,
    "floormod",
    "FloorMod",
    _checked("FloorMod", fnp.remainder),
    "The remainder with the sign of y, as Python's %. Integers by 0 raise.",
    "tf.math.floormod(-7, 2).numpy() → np.int32(1)",
    "fiu",
)
mod = floormod
truncatediv = pairwise(
    __name__,
    "truncatediv",
    "TruncateDiv",
    _checked("TruncateDiv", _truncatediv),
    "The whole quotient, rounded towards zero; it has no gradient.",
    "tf.truncatediv(-7, 2).numpy() → np.int32(-3)",
    "fciu",
)
truncatemod = pairwise(
    __name__,
    "truncatemod",
    "TruncateMod",
    _checked("TruncateMod", fnp.fmod),
    "The remainder with the sign of x.",
    "tf.truncatemod(-7, 2).numpy() → np.int32(-1)",
    "fiu",
)


# --- products with logarithms --------------------------------------------------------------------


def _xlogy(a: Any, b: Any) -> Any:
    return fnp.multiply(a, fnp.log(fnp.where(a == 0, b.dtype.type(1), b)))


def _xlog1py(a: Any, b: Any) -> Any:
    return fnp.multiply(a, fnp.log1p(fnp.where(a == 0, b.dtype.type(0), b)))


def _xdivy(a: Any, b: Any) -> Any:
    zero = a == 0
    safe = fnp.where(zero, b.dtype.type(1), b)
    return fnp.where(zero, b.dtype.type(0), fnp.divide(a, safe))


xlogy = pairwise(
    __name__,
    "xlogy",
    "Xlogy",
    _xlogy,
    "x · log(y), and 0 with the gradient 0 where x is 0.",
    "tf.math.xlogy([0.0, 2.0], [0.0, 1.0]).numpy() → array([0., 0.], dtype=float32)",
    "fc",
)
xlog1py = pairwise(
    __name__,
    "xlog1py",
    "Xlog1py",
    _xlog1py,
    "x · log(1 + y), and 0 with the gradient 0 where x is 0.",
    "tf.math.xlog1py([0.0, 2.0], [-1.0, 0.0]).numpy() → array([0., 0.], dtype=float32)",
    "fc",
)
xdivy = pairwise(
    __name__,
    "xdivy",
    "Xdivy",
    _xdivy,
    "x / y, and 0 with the gradient 0 where x is 0.",
    "tf.math.xdivy([0.0, 2.0], [0.0, 4.0]).numpy() → array([0. , 0.5], dtype=float32)",
    "fc",
)


# --- powers and extremes -------------------------------------------------------------------------


def _power(a: Any, b: Any) -> Any:
    """The power with TensorFlow's gradients y·x**(y−1) and log(x)·x**y, the latter 0 for x ≤ 0."""
    kind = a.dtype.kind
    if kind in "iu":
        _check_exponent(b)
        return fnp.power(a, b)
    if is_plain(b):
        if b.shape == () and b == 2 and len(open_recordings()) < 3:
            return fnp.square(a)  # quicker; the third derivative would not be connected
        if is_plain(a) or b.all():
            return fnp.power(a, b)
        return _nan_at_0_to_the_0(a, b, fnp.power(a, b))
    base = known(a)
    if base is not None and kind == "f" and (base > 0).all():
        return fnp.power(a, b)
    positive = a > 0 if kind == "f" else a != 0
    one = a.dtype.type(1)
    above, below = fnp.where(positive, a, one), fnp.where(positive, one, a)
    smooth = fnp.where(positive, fnp.power(above, b), fnp.power(below, stopped(b)))
    return _nan_at_0_to_the_0(a, stopped(b), fnp.add(smooth, connected_zero(b)))


def _nan_at_0_to_the_0(a: Any, b: Any, power: Any) -> Any:
    """The power; at x = y = 0 with the derivative 0 · 0**−1, as TensorFlow has it."""
    corner = (a == 0) & (b == 0)
    one = a.dtype.type(1)
    root = fnp.sqrt(fnp.square(fnp.where(corner, a, one)))  # 0, with the derivative NaN
    return fnp.where(corner, fnp.add(root, one), power)


def _check_exponent(b: Any) -> None:
    exponent = known(b)
    if exponent is not None and np.any(exponent < 0):
        raise InvalidArgumentError.at(
            "Integers to negative integer powers are not allowed [Op:Pow] name: ",
            "Raise floats to negative powers: tf.cast(x, tf.float32) ** y.",
        )


def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x to the power y. Integers to negative powers raise InvalidArgumentError.

    >>> import functrans.tf as tf
    >>> tf.pow([2.0, 3.0], 2.0).numpy()
    array([4., 9.], dtype=float32)
    """
    return binary("Pow", _power, x, y, "fci")


def _maximum(a: Any, b: Any) -> Any:
    if is_plain(a, b) or a.dtype.kind != "f":
        return fnp.maximum(a, b)
    x, y = _masks(a, b)
    return chosen((y > x) | (y != y), b, a)


def _masks(a: Any, b: Any) -> tuple[Any, Any]:
    """What to compare: the values where they are known, which is quicker."""
    x, y = known(a), known(b)
    return (a, b) if x is None or y is None else (x, y)


def _minimum(a: Any, b: Any) -> Any:
    if is_plain(a, b) or a.dtype.kind != "f":
        return fnp.minimum(a, b)
    x, y = _masks(a, b)
    return chosen((y < x) | (y != y), b, a)


maximum = pairwise(
    __name__,
    "maximum",
    "Maximum",
    _maximum,
    "The larger of x and y; where they are equal the gradient goes to x.",
    "tf.maximum([1.0, 5.0], 3.0).numpy() → array([3., 5.], dtype=float32)",
    "fiu",
)
minimum = pairwise(
    __name__,
    "minimum",
    "Minimum",
    _minimum,
    "The smaller of x and y; where they are equal the gradient goes to x.",
    "tf.minimum([1.0, 5.0], 3.0).numpy() → array([1., 3.], dtype=float32)",
    "fiu",
)


def atan2(y: Any, x: Any, name: str | None = None) -> Tensor:
    """The angle of the point (x, y), from −π to π.

    >>> import functrans.tf as tf
    >>> tf.atan2(1.0, 0.0).numpy().round(4)
    np.float32(1.5708)
    """
    return binary("Atan2", fnp.arctan2, y, x, "f")


def nextafter(x1: Any, x2: Any, name: str | None = None) -> Tensor:
    """The next representable number after x1 in the direction of x2.

    >>> import functrans.tf as tf
    >>> tf.math.nextafter(1.0, 2.0).numpy()
    np.float32(1.0000001)
    """
    return binary("NextAfter", _nextafter, x1, x2, "f")


def _nextafter(a: Any, b: Any) -> Any:
    if is_plain(a, b):
        return fnp.nextafter(a, b)
    start = stopped(a)
    step = fnp.subtract(fnp.nextafter(start, stopped(b)), start)
    return fnp.add(fnp.add(a, step), connected_zero(b))
