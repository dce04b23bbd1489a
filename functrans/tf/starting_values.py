"""tf.zeros_initializer and its like: values that variables start from."""

from __future__ import annotations

from typing import Any, Self

from functrans.tf.convert import FLOAT32, NumpyDtype, constant, numpy_dtype, sizes_of
from functrans.tf.creation import ones, zeros
from functrans.tf.drawing import normal, uniform
from functrans.tf.dtypes import as_dtype
from functrans.tf.errors import InvalidTypeError, InvalidValueError
from functrans.tf.stateless import stateless_normal, stateless_uniform
from functrans.tf.tensor import Tensor


class _Initializer:
    """What they have in common: a call takes a shape and a dtype."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make one like this."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The one of a configuration."""
        return cls(**config)


def _checked(dtype: Any, kinds: str, expected: str) -> NumpyDtype:
    wanted = numpy_dtype(dtype) or FLOAT32
    if wanted.kind not in kinds:
        raise InvalidValueError(
            f"Argument `dtype` {expected}. Received: {as_dtype(wanted)!r}.",
            "Leave dtype out for float32.",
        )
    return wanted


class zeros_initializer(_Initializer):  # noqa: N801  # TensorFlow's name
    """Zeros.

    >>> import functrans.tf as tf
    >>> tf.zeros_initializer()([2]).numpy()
    array([0., 0.], dtype=float32)
    """

    def __call__(self, shape: Any, dtype: Any = FLOAT32, **kwargs: Any) -> Tensor:
        """Zeros of a shape."""
        return zeros(shape, _checked(dtype, "fciub", "expected to be numeric or boolean"))


class ones_initializer(_Initializer):  # noqa: N801  # TensorFlow's name
    """Ones.

    >>> import functrans.tf as tf
    >>> tf.ones_initializer()([2]).numpy()
    array([1., 1.], dtype=float32)
    """

    def __call__(self, shape: Any, dtype: Any = FLOAT32, **kwargs: Any) -> Tensor:
        """Ones of a shape."""
        return ones(shape, _checked(dtype, "fciub", "expected to be numeric or boolean"))


class constant_initializer(_Initializer):  # noqa: N801  # TensorFlow's name
    """One value everywhere, or the values of a list in order.

    >>> import functrans.tf as tf
    >>> tf.constant_initializer(3.0)([2]).numpy()
    array([3., 3.], dtype=float32)
    """

    def __init__(self, value: Any = 0, support_partition: bool = False) -> None:
        if callable(value):
            raise InvalidTypeError(
                f"Invalid type for initial value: {type(value).__name__}. Expected Python scalar, "
                "list or tuple of values, or numpy.ndarray.",
                "Give the values themselves.",
            )
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """The values in a shape."""
        return constant(self.value, dtype, sizes_of(shape))


class random_normal_initializer(_Initializer):  # noqa: N801  # TensorFlow's name
    """Normally distributed numbers, with a ``seed`` the same ones each time.

    >>> import functrans.tf as tf
    >>> tf.random_normal_initializer(stddev=1.0)([2, 3]).shape
    TensorShape([2, 3])
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = FLOAT32, **kwargs: Any) -> Tensor:
        """Numbers of a shape."""
        wanted = _checked(dtype, "f", "is expected to be floating point")
        if self.seed is None:
            return normal(shape, self.mean, self.stddev, wanted)
        return stateless_normal(shape, [self.seed, 0], self.mean, self.stddev, wanted)


class random_uniform_initializer(_Initializer):  # noqa: N801  # TensorFlow's name
    """Evenly distributed numbers, with a ``seed`` the same ones each time.

    >>> import functrans.tf as tf
    >>> values = tf.random_uniform_initializer(0.0, 1.0)([100])
    >>> bool(tf.reduce_all((values >= 0.0) & (values < 1.0)))
    True
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = FLOAT32, **kwargs: Any) -> Tensor:
        """Numbers of a shape."""
        wanted = _checked(dtype, "f", "is expected to be floating point")
        if self.seed is None:
            return uniform(shape, self.minval, self.maxval, wanted)
        return stateless_uniform(shape, [self.seed, 0], self.minval, self.maxval, wanted)
