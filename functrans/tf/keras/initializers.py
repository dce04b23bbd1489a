"""tf.keras.initializers, which is tf.initializers: values that variables start from."""

from __future__ import annotations

from math import prod, sqrt
from typing import Any, Self

import numpy as np

from functrans import numpy as fnp
from functrans.tf.convert import FLOAT32, NumpyDtype, numpy_dtype, sizes_of
from functrans.tf.errors import InvalidValueError
from functrans.tf.rooms import names, public
from functrans.tf.scopes import init_scope, snake_case
from functrans.tf.stateless import stateless_normal, stateless_truncated_normal, stateless_uniform
from functrans.tf.streams import next_key
from functrans.tf.tensor import Tensor, value, wrap

_TRUNCATED = 0.87962566103423978
"""The standard deviation of normal numbers within two standard deviations."""


class Initializer:
    """Base of initialisers: a call takes a shape and a dtype, and gives the values.

    >>> import functrans.tf as tf
    >>> class Counting(tf.keras.initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return tf.reshape(tf.range(9.0), shape)
    >>> tf.Variable(Counting()([3, 3])).shape
    TensorShape([3, 3])
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        """Values of a shape; float32 unless another dtype is given."""
        return self._values(sizes_of(shape), numpy_dtype(dtype) or FLOAT32)

    def _values(self, shape: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initialiser like this one."""
        return {k: v for k, v in vars(self).items() if k[0] != "_"}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The initialiser of a configuration."""
        return cls(**config)

    def clone(self) -> Self:
        """Another of the same configuration."""
        return self.from_config(self.get_config())


class Constant(Initializer):
    """One value everywhere.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.Constant(2.0)([2]).numpy()
    array([2., 2.], dtype=float32)
    """

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def _values(self, shape: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
        return wrap(np.full(shape, self.value, dtype)[()])


class Zeros(Initializer):
    """Zeros.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.Zeros()([2]).numpy()
    array([0., 0.], dtype=float32)
    """

    def _values(self, shape: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
        return wrap(np.zeros(shape, dtype)[()])


class Ones(Initializer):
    """Ones.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.Ones()([2]).numpy()
    array([1., 1.], dtype=float32)
    """

    def _values(self, shape: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
        return wrap(np.ones(shape, dtype)[()])


class Identity(Initializer):
    """``gain`` on the diagonal of a matrix, zeros beside it.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.Identity()([2, 2]).numpy().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def _values(self, shape: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
        if len(shape) != 2:
            raise InvalidValueError(
                "Identity matrix initializer can only be used for 2D matrices. Received: "
                f"shape={list(shape)} of rank {len(shape)}.",
                "Give the shape of a matrix.",
            )
        return wrap(np.eye(*shape, dtype=dtype) * dtype.type(self.gain))


class RandomInitializer(Initializer):
    """Base of random initialisers: one object gives the same numbers each time.

    Without a ``seed`` they come from tf.random's global stream, when the object is made.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed
        with init_scope():
            words = next_key("Initializer", None) if seed is None else (int(seed) % 2**32, 0)
        self._seed = wrap(np.asarray(words, np.uint32).astype(np.int32))


class RandomNormal(RandomInitializer):
    """Normally distributed numbers.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.RandomNormal(stddev=1.0, seed=1)([2, 3]).shape
    TensorShape([2, 3])
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def _values(self, shape: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
        return stateless_normal(shape, self._seed, self.mean, self.stddev, dtype)


class TruncatedNormal(RandomInitializer):
    """Normally distributed numbers within two standard deviations.

    >>> import functrans.tf as tf
    >>> values = tf.keras.initializers.TruncatedNormal(stddev=1.0)([100])
    >>> bool(tf.reduce_all(tf.abs(values) <= 2.0))
    True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def _values(self, shape: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
        return stateless_truncated_normal(shape, self._seed, self.mean, self.stddev, dtype)


class RandomUniform(RandomInitializer):
    """Evenly distributed numbers.

    >>> import functrans.tf as tf
    >>> values = tf.keras.initializers.RandomUniform(0.0, 1.0)([100])
    >>> bool(tf.reduce_all((values >= 0.0) & (values < 1.0)))
    True
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def _values(self, shape: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
        return stateless_uniform(shape, self._seed, self.minval, self.maxval, dtype)


class VarianceScaling(RandomInitializer):
    """Numbers of the variance ``scale`` divided by how many inputs, or outputs, a unit has.

    ``mode`` is ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``, the mean of both; ``distribution``
    is ``"truncated_normal"``, ``"untruncated_normal"`` or ``"uniform"``.

    >>> import functrans.tf as tf
    >>> values = tf.keras.initializers.VarianceScaling(3.0, distribution="uniform")([9, 2])
    >>> bool(tf.reduce_all(tf.abs(values) <= 1.0))
    True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        if scale <= 0.0:
            raise InvalidValueError(
                f"Argument `scale` must be positive float. Received: scale={scale}", "1 is usual."
            )
        _check_choice("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        kinds = ("uniform", "truncated_normal", "untruncated_normal", "normal")
        _check_choice("distribution", distribution, kinds)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution

    def _values(self, shape: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
        inputs, outputs = _fans(shape)
        fans = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}
        variance = self.scale / max(1.0, fans[self.mode])
        if self.distribution == "uniform":
            limit = sqrt(3.0 * variance)
            return stateless_uniform(shape, self._seed, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return stateless_normal(shape, self._seed, 0.0, sqrt(variance), dtype)
        spread = sqrt(variance) / _TRUNCATED
        return stateless_truncated_normal(shape, self._seed, 0.0, spread, dtype)


def _check_choice(name: str, chosen: str, choices: tuple[str, ...]) -> None:
    if chosen not in choices:
        raise InvalidValueError(
            f"Invalid `{name}` argument: {chosen}. Please use one of {set(choices)}",
            f"Say {name}={choices[0]!r}.",
        )


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs and outputs a unit has that holds weights of a shape."""
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class _Scaled(VarianceScaling):
    """Variance scaling with its options fixed by the class."""

    _options: tuple[float, str, str]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self._options, seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initialiser like this one."""
        return {"seed": self.seed}


class GlorotNormal(_Scaled):
    """Truncated normal numbers of variance 2/(inputs + outputs).

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.GlorotNormal()([2, 3]).shape
    TensorShape([2, 3])
    """

    _options = (1.0, "fan_avg", "truncated_normal")


class GlorotUniform(_Scaled):
    """Evenly distributed numbers of variance 2/(inputs + outputs).

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.GlorotUniform()([2, 3]).shape
    TensorShape([2, 3])
    """

    _options = (1.0, "fan_avg", "uniform")


class HeNormal(_Scaled):
    """Truncated normal numbers of variance 2/inputs.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.HeNormal()([2, 3]).shape
    TensorShape([2, 3])
    """

    _options = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Scaled):
    """Evenly distributed numbers of variance 2/inputs.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.HeUniform()([2, 3]).shape
    TensorShape([2, 3])
    """

    _options = (2.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal numbers of variance 1/inputs.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.LecunNormal()([2, 3]).shape
    TensorShape([2, 3])
    """

    _options = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Evenly distributed numbers of variance 1/inputs.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.LecunUniform()([2, 3]).shape
    TensorShape([2, 3])
    """

    _options = (1.0, "fan_in", "uniform")


class Orthogonal(RandomInitializer):
    """An orthogonal matrix times ``gain``: of random numbers, by their QR decomposition.

    >>> import functrans.tf as tf
    >>> q = tf.keras.initializers.Orthogonal(seed=1)([3, 3])
    >>> bool(tf.reduce_all(tf.abs(tf.matmul(q, q, transpose_a=True) - tf.eye(3)) < 1e-5))
    True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def _values(self, shape: tuple[int, ...], dtype: NumpyDtype) -> Tensor:
        if len(shape) < 2:
            raise InvalidValueError(
                "The tensor to initialize must be at least two-dimensional. Received: "
                f"shape={list(shape)} of rank {len(shape)}.",
                "Give the shape of a matrix.",
            )
        rows, columns = prod(shape[:-1]), shape[-1]
        tall = max(rows, columns), min(rows, columns)
        q, r = fnp.linalg.qr(value(stateless_normal(tall, self._seed, dtype=dtype)))
        q = q * fnp.sign(fnp.diagonal(r))
        q = q.T if rows < columns else q
        return wrap(fnp.reshape(q, shape) * dtype.type(self.gain), dtype)


# --- by name -------------------------------------------------------------------------------------


def _classes() -> dict[str, Any]:
    """The classes by name, and by name in snake_case."""
    public = {
        name: cls
        for name, cls in globals().items()
        if isinstance(cls, type) and issubclass(cls, Initializer) and name[0] != "_"
    }
    return public | {snake_case(name): cls for name, cls in public.items()}


def get(identifier: Any) -> Any:
    """The initialiser of a name, of a class, of a dict, or the one given.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.get("zeros")([2]).numpy()
    array([0., 0.], dtype=float32)
    """
    if identifier is None or callable(identifier):
        return identifier() if isinstance(identifier, type) else identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    cls = _classes().get(identifier) if isinstance(identifier, str) else None
    if cls is None:
        raise InvalidValueError(
            f"Could not interpret initializer identifier: {identifier}",
            f"The names are {', '.join(name for name in _classes() if name.islower())}.",
        )
    return cls()


def serialize(initializer: Initializer) -> dict[str, Any]:
    """An initialiser as a dict of plain values.

    >>> import functrans.tf as tf
    >>> tf.keras.initializers.serialize(tf.keras.initializers.Constant(2.0))["config"]
    {'value': 2.0}
    """
    return {
        "module": "keras.initializers",
        "class_name": type(initializer).__name__,
        "config": initializer.get_config(),
        "registered_name": None,
    }


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The initialiser of a dict that :func:`serialize` gave.

    >>> import functrans.tf as tf
    >>> initializers = tf.keras.initializers
    >>> initializers.deserialize(initializers.serialize(initializers.Constant(2.0))).value
    2.0
    """
    cls = (_classes() | (custom_objects or {}))[config["class_name"]]
    return cls.from_config(config["config"])


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
