"""Functions of one operand, element by element: roots, trigonometry, rounding, complex parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import nn
from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.convert import COMPLEX64, COMPLEX128, FLOAT32, FLOAT64, as_tensor
from functrans.tf.errors import InvalidTypeError
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import (
    bent,
    connected_zero,
    elementwise,
    is_plain,
    stopped,
    unary,
    without_gradient,
)

# --- signs, squares and roots --------------------------------------------------------------------


def _absolute(v: Any) -> Any:
    if is_plain(v) or v.dtype.kind != "f":
        return fnp.abs(v)
    x = known(v)
    sign = np.sign(x) if x is not None else stopped(fnp.sign(v))
    return bent(v, fnp.multiply(v, sign))  # with the gradient 0 at 0


def abs(x: Any, name: str | None = None) -> Tensor:
    """The absolute value; real of complex numbers. The gradient at 0 is 0.

    >>> import functrans.tf as tf
    >>> tf.abs([-1.5, 2.0]).numpy()
    array([1.5, 2. ], dtype=float32)
    """
    x = as_tensor(x)
    if x._dtype.kind != "c":
        return unary("Abs", _absolute, x, "fi")
    with np.errstate(all="ignore"):
        return wrap(fnp.abs(value(x)))


def _sign(v: Any) -> Any:
    if is_plain(v):
        return fnp.sign(v)
    if v.dtype.kind == "c":
        zero = v == 0
        direction = fnp.where(zero, v.dtype.type(1), v)
        return fnp.where(zero, v.dtype.type(0), fnp.divide(direction, fnp.abs(direction)))
    return fnp.add(stopped(fnp.sign(v)), connected_zero(v))


sign = elementwise(
    __name__,
    "sign",
    "Sign",
    _sign,
    "−1, 0 or 1 by the sign of x, with the gradient 0; or x/|x| of complex numbers.",
    "tf.sign([-2.0, 0.0, 3.0]).numpy() → array([-1.,  0.,  1.], dtype=float32)",
    "fci",
)
negative = elementwise(
    __name__,
    "negative",
    "Neg",
    fnp.negative,
    "−x.",
    "(-tf.constant(2)).numpy() → np.int32(-2)",
    "fci",
)
square = elementwise(
    __name__,
    "square",
    "Square",
    fnp.square,
    "x².",
    "tf.square([2.0, 3.0]).numpy() → array([4., 9.], dtype=float32)",
    "fciu",
)
sqrt = elementwise(
    __name__,
    "sqrt",
    "Sqrt",
    fnp.sqrt,
    "The square root; of negative floats NaN.",
    "tf.sqrt([4.0, 9.0]).numpy() → array([2., 3.], dtype=float32)",
)
rsqrt = elementwise(
    __name__,
    "rsqrt",
    "Rsqrt",
    lambda v: fnp.reciprocal(fnp.sqrt(v)),
    "1/√x.",
    "tf.math.rsqrt(4.0).numpy() → np.float32(0.5)",
)
reciprocal = elementwise(
    __name__,
    "reciprocal",
    "Reciprocal",
    fnp.reciprocal,
    "1/x.",
    "tf.math.reciprocal(4.0).numpy() → np.float32(0.25)",
)


def _reciprocal_no_nan(v: Any) -> Any:
    zero = v == 0
    return fnp.where(zero, v.dtype.type(0), fnp.reciprocal(fnp.where(zero, v.dtype.type(1), v)))


reciprocal_no_nan = elementwise(
    __name__,
    "reciprocal_no_nan",
    "Reciprocal",
    _reciprocal_no_nan,
    "1/x, and 0 with the gradient 0 where x is 0.",
    "tf.math.reciprocal_no_nan([4.0, 0.0]).numpy() → array([0.25, 0.  ], dtype=float32)",
)

# --- exponentials and logarithms -----------------------------------------------------------------

exp = elementwise(
    __name__, "exp", "Exp", fnp.exp, "e to the power x.", "tf.exp(0.0).numpy() → np.float32(1.0)"
)
expm1 = elementwise(
    __name__,
    "expm1",
    "Expm1",
    fnp.expm1,
    "exp(x) − 1, exact for small x too.",
    "tf.math.expm1(1e-8).numpy() → np.float32(1e-08)",
)
log = elementwise(
    __name__,
    "log",
    "Log",
    fnp.log,
    "The natural logarithm; −inf at 0, NaN of negative floats.",
    "tf.math.log(1.0).numpy() → np.float32(0.0)",
)
log1p = elementwise(
    __name__,
    "log1p",
    "Log1p",
    fnp.log1p,
    "log(1 + x), exact for small x too.",
    "tf.math.log1p(1e-8).numpy() → np.float32(1e-08)",
)


sigmoid = elementwise(
    __name__,
    "sigmoid",
    "Sigmoid",
    nn.sigmoid,
    "1/(1 + exp(−x)).",
    "tf.sigmoid(0.0).numpy() → np.float32(0.5)",
)
log_sigmoid = elementwise(
    __name__,
    "log_sigmoid",
    "Softplus",
    nn.log_sigmoid,
    "The logarithm of sigmoid(x), without overflow.",
    "tf.math.log_sigmoid(-1000.0).numpy() → np.float32(-1000.0)",
    "f",
)


def softplus(features: Any, name: str | None = None) -> Tensor:
    """log(1 + exp(x)), without overflow.

    >>> import functrans.tf as tf
    >>> tf.math.softplus([0.0, 1000.0]).numpy()
    array([6.931472e-01, 1.000000e+03], dtype=float32)
    """
    return unary("Softplus", nn.softplus, features, "f")


def softsign(features: Any, name: str | None = None) -> Tensor:
    """x/(1 + |x|).

    >>> import functrans.tf as tf
    >>> tf.math.softsign([1.0, -3.0]).numpy()
    array([ 0.5 , -0.75], dtype=float32)
    """
    return unary("Softsign", _softsign, features, "f")


def _softsign(v: Any) -> Any:
    if is_plain(v):
        return nn.soft_sign(v)
    size = fnp.abs(v)  # the quotient's derivative is exact for small x only, the sum's for large
    inner = nn.soft_sign(fnp.where(size < 1, v, v.dtype.type(0)))
    one = v.dtype.type(1)
    outer = fnp.multiply(stopped(fnp.sign(v)), one - fnp.reciprocal(one + size))
    return fnp.where(size < 1, inner, outer)


# --- trigonometry --------------------------------------------------------------------------------

sin = elementwise(
    __name__, "sin", "Sin", fnp.sin, "Sine of radians.", "tf.sin(0.0).numpy() → np.float32(0.0)"
)
cos = elementwise(
    __name__, "cos", "Cos", fnp.cos, "Cosine of radians.", "tf.cos(0.0).numpy() → np.float32(1.0)"
)
tan = elementwise(
    __name__, "tan", "Tan", fnp.tan, "Tangent of radians.", "tf.tan(0.0).numpy() → np.float32(0.0)"
)
asin = elementwise(
    __name__,
    "asin",
    "Asin",
    fnp.arcsin,
    "The angle, in radians, of a sine.",
    "tf.asin(1.0).numpy() → np.float32(1.5707964)",
)
acos = elementwise(
    __name__,
    "acos",
    "Acos",
    fnp.arccos,
    "The angle, in radians, of a cosine.",
    "tf.acos(1.0).numpy() → np.float32(0.0)",
)
atan = elementwise(
    __name__,
    "atan",
    "Atan",
    fnp.arctan,
    "The angle, in radians, of a tangent.",
    "tf.atan(1.0).numpy() → np.float32(0.7853982)",
)
sinh = elementwise(
    __name__, "sinh", "Sinh", fnp.sinh, "Hyperbolic sine.", "tf.sinh(0.0).numpy() → np.float32(0.0)"
)
cosh = elementwise(
    __name__,
    "cosh",
    "Cosh",
    fnp.cosh,
    "Hyperbolic cosine.",
    "tf.cosh(0.0).numpy() → np.float32(1.0)",
)
tanh = elementwise(
    __name__,
    "tanh",
    "Tanh",
    fnp.tanh,
    "Hyperbolic tangent.",
    "tf.tanh([0.0, 100.0]).numpy() → array([0., 1.], dtype=float32)",
)
asinh = elementwise(
    __name__,
    "asinh",
    "Asinh",
    fnp.arcsinh,
    "Inverse of the hyperbolic sine.",
    "tf.asinh(0.0).numpy() → np.float32(0.0)",
)
acosh = elementwise(
    __name__,
    "acosh",
    "Acosh",
    fnp.arccosh,
    "Inverse of the hyperbolic cosine; NaN below 1.",
    "tf.acosh(1.0).numpy() → np.float32(0.0)",
)
atanh = elementwise(
    __name__,
    "atanh",
    "Atanh",
    fnp.arctanh,
    "Inverse of the hyperbolic tangent; NaN outside of −1 to 1.",
    "tf.atanh(0.0).numpy() → np.float32(0.0)",
)

# --- rounding ------------------------------------------------------------------------------------

floor = elementwise(
    __name__,
    "floor",
    "Floor",
    without_gradient(fnp.floor),
    "The largest integer that is not greater, as a float; it has no gradient.",
    "tf.floor([1.5, -1.5]).numpy() → array([ 1., -2.], dtype=float32)",
    "f",
)
ceil = elementwise(
    __name__,
    "ceil",
    "Ceil",
    without_gradient(fnp.ceil),
    "The smallest integer that is not less, as a float; it has no gradient.",
    "tf.math.ceil([1.5, -1.5]).numpy() → array([ 2., -1.], dtype=float32)",
    "f",
)
rint = elementwise(
    __name__,
    "rint",
    "Rint",
    without_gradient(fnp.rint),
    "The nearest integer as a float, of two the even one; it has no gradient.",
    "tf.math.rint([0.5, 1.5]).numpy() → array([0., 2.], dtype=float32)",
    "f",
)
round = elementwise(
    __name__,
    "round",
    "Round",
    lambda v: without_gradient(fnp.rint)(v) if v.dtype.kind == "f" else v,
    "The nearest integer in the dtype of x, of two the even one; it has no gradient.",
    "tf.round([0.5, 1.5]).numpy() → array([0., 2.], dtype=float32)",
    "fiu",
)

# --- complex numbers -----------------------------------------------------------------------------


def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """The complex numbers of real and imaginary parts, both float32 or both float64.

    >>> import functrans.tf as tf
    >>> tf.complex(1.0, 2.0).numpy()
    np.complex64(1+2j)
    """
    real, imag = as_tensor(real), as_tensor(imag)
    if real._dtype != imag._dtype or real._dtype not in (FLOAT32, FLOAT64):
        raise InvalidTypeError(
            f"The `real` and `imag` components have incorrect types: {real.dtype.name} "
            f"{imag.dtype.name}. They must be consistent, and one of [tf.float32, tf.float64]",
            "Convert them with tf.cast.",
        )
    dtype = COMPLEX64 if real._dtype == FLOAT32 else COMPLEX128
    turned = fnp.multiply(fnp.astype(value(imag), dtype), dtype.type(1j))
    return wrap(fnp.add(fnp.astype(value(real), dtype), turned), dtype)


def real(input: Any, name: str | None = None) -> Tensor:
    """The real parts; a real tensor itself.

    >>> import functrans.tf as tf
    >>> tf.math.real(1 + 2j).numpy()
    np.float64(1.0)
    """
    x = as_tensor(input)
    if x._dtype.kind == "c":
        return wrap(fnp.real(value(x)))
    if x._dtype.kind in "fiu":
        return x
    raise InvalidTypeError(
        f"input must be a numeric tensor, but got tensor with dtype {x.dtype}", "Use tf.cast."
    )


def imag(input: Any, name: str | None = None) -> Tensor:
    """The imaginary parts; zeros of a real tensor.

    >>> import functrans.tf as tf
    >>> tf.math.imag(1 + 2j).numpy()
    np.float64(2.0)
    """
    x = as_tensor(input)
    if x._dtype.kind == "c":
        return wrap(fnp.imag(value(x)))
    return wrap(np.zeros(x._v.shape, x._dtype)[()])


def conj(x: Any, name: str | None = None) -> Tensor:
    """The conjugate; a real tensor itself.

    >>> import functrans.tf as tf
    >>> tf.math.conj(1 + 2j).numpy()
    np.complex128(1-2j)
    """
    tensor = as_tensor(x)
    if tensor._dtype.kind == "c":
        return wrap(fnp.conj(value(tensor)), tensor._dtype)
    if tensor._dtype.kind in "fiu":
        return tensor
    raise InvalidTypeError(
        f"Expected numeric or variant tensor, got dtype {tensor.dtype!r}.", "Use tf.cast."
    )


def angle(input: Any, name: str | None = None) -> Tensor:
    """The argument of complex numbers; 0 or π of real ones, without a gradient.

    >>> import functrans.tf as tf
    >>> tf.math.angle([1j, -1.0]).numpy()
    array([1.57079633, 3.14159265])
    """
    x = as_tensor(input)
    if x._dtype.kind == "c":
        with np.errstate(all="ignore"):
            return wrap(fnp.angle(value(x)))
    if x._dtype.kind == "f":
        kind = x._dtype.type
        return wrap(fnp.where(value(x) < 0, kind(np.pi), kind(0)), x._dtype)
    raise InvalidTypeError(
        f"Cannot convert {np.pi} to EagerTensor of dtype {x.dtype.name}", "Use tf.cast."
    )
