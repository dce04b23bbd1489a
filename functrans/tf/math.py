"""tf.math, elementwise: arithmetic, powers, trigonometry, comparisons, rounding."""

from __future__ import annotations

from typing import Any

from functrans import numpy as fnp
from functrans.tf.rooms import names, public
from functrans.tf.tensor import Tensor
from functrans.tf.words import binary, comparison, unary

NUMBERS = "fciu"


def add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x + y, of numbers or strings.

    >>> import functrans.tf as tf
    >>> tf.add([1.0, 2.0], 1.0).numpy()
    array([2., 3.], dtype=float32)
    """
    return binary("AddV2", fnp.add, x, y)


def subtract(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x − y.

    >>> import functrans.tf as tf
    >>> tf.subtract(3, 1).numpy()
    np.int32(2)
    """
    return binary("Sub", fnp.subtract, x, y)


def multiply(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x · y, elementwise.

    >>> import functrans.tf as tf
    >>> tf.multiply([1.0, 2.0], 3.0).numpy()
    array([3., 6.], dtype=float32)
    """
    return binary("Mul", fnp.multiply, x, y)


def negative(x: Any, name: str | None = None) -> Tensor:
    """−x.

    >>> import functrans.tf as tf
    >>> tf.negative(1.0).numpy()
    np.float32(-1.0)
    """
    return unary("Neg", fnp.negative, x, "fci")


def sin(x: Any, name: str | None = None) -> Tensor:
    """Sine of x in radians.

    >>> import functrans.tf as tf
    >>> tf.sin(0.0).numpy()
    np.float32(0.0)
    """
    return unary("Sin", fnp.sin, x)


def less(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x < y, elementwise.

    >>> import functrans.tf as tf
    >>> tf.less([1, 3], 2).numpy()
    array([ True, False])
    """
    return comparison("Less", fnp.less, x, y)


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
