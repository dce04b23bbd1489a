"""tf.keras.layers, the few that tape code is written with, and the base of layers of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from functrans.tf.convert import FLOAT32, NumpyDtype, as_tensor, cast, numpy_dtype
from functrans.tf.drawing import uniform
from functrans.tf.errors import AbsentNameError, InvalidValueError
from functrans.tf.functions import function
from functrans.tf.gathering import where
from functrans.tf.keras import activations, initializers
from functrans.tf.keras.options import name_of
from functrans.tf.keras.state import State
from functrans.tf.products import matmul, tensordot
from functrans.tf.rooms import names, public
from functrans.tf.scopes import init_scope
from functrans.tf.shapes import TensorSpec
from functrans.tf.shaping import reshape
from functrans.tf.tensor import Tensor
from functrans.tf.variable import Variable


class Layer:
    """Base of layers: ``build`` makes the variables at the first call, ``call`` computes.

    Variables come in the order in which they were made or set as attributes, those of layers in
    attributes, lists and dicts after the layer's own. Floating inputs are cast to the dtype.

    >>> import functrans.tf as tf
    >>> class Scale(tf.keras.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")
    ...     def call(self, x):
    ...         return x * self.factor
    >>> layer = Scale()
    >>> layer(tf.constant([[1.0, 2.0]])).numpy(), len(layer.trainable_variables)
    (array([[1., 2.]], dtype=float32), 1)
    """

    def __init__(
        self, *, trainable: bool = True, dtype: Any = None, name: str | None = None
    ) -> None:
        self.name = name_of(type(self)) if name is None else name
        self.trainable = trainable
        self.built = False
        self._dtype: NumpyDtype = numpy_dtype(dtype) or FLOAT32

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "build" in vars(cls):
            cls.build = _noting(cls.build)  # type: ignore[method-assign]  # it is the same method

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the variables for inputs of a shape."""
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute; layers define it."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute, after making the variables if this is the first time."""
        args = tuple(self._cast(a) for a in args)
        if not self.built:
            with init_scope():
                self.build(args[0]._v.shape if args and isinstance(args[0], Tensor) else ())
        return self.call(*args, **kwargs)

    def _cast(self, x: Any) -> Any:
        if isinstance(x, bool | str) or x is None or not _is_array(x):
            return x
        tensor = as_tensor(x)
        return cast(tensor, self._dtype) if tensor._dtype.kind == "f" else tensor

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        constraint: Any = None,
        name: str | None = None,
    ) -> State:
        """A variable of the layer, from an initialiser or its name; GlorotUniform by default."""
        make = initializers.get("glorot_uniform" if initializer is None else initializer)
        label = "variable" if name is None else name
        with init_scope():
            initial = make(shape, dtype=numpy_dtype(dtype) or self._dtype)
            state = State(initial, label, f"{self.name}/{label}", trainable, constraint)
        vars(self).setdefault("_made", []).append(state)
        return state

    @property
    def weights(self) -> list[Any]:
        """All variables, those of the layers held too."""
        return list(_variables(self, set()))

    @property
    def variables(self) -> list[Any]:
        """All variables, those of the layers held too."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Any]:
        """The variables that tapes watch by themselves; none if the layer is not ``trainable``."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def trainable_weights(self) -> list[Any]:
        """As ``trainable_variables``."""
        return self.trainable_variables

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The other variables."""
        trained = {id(v) for v in self.trainable_variables}
        return [v for v in self.weights if id(v) not in trained]

    def get_weights(self) -> list[NDArray[Any]]:
        """The values of all variables."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Give all variables values, in the order of ``get_weights``."""
        variables = self.weights
        if len(weights) != len(variables):
            raise InvalidValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of "
                f"length {len(weights)}, but the layer was expecting {len(variables)} weights.",
                "Make the variables first: call the layer, or its build(input_shape).",
            )
        for variable, value in zip(variables, weights, strict=True):
            wanted, given = tuple(variable.shape), np.shape(value)
            if wanted != given:
                raise InvalidValueError(
                    f"Layer {self.name} weight shape {wanted} is not compatible with provided "
                    f"weight shape {given}."
                )
        for variable, value in zip(variables, weights, strict=True):
            variable.assign(value)

    @property
    def dtype(self) -> str:
        """The name of the dtype of variables and floating inputs."""
        return self._dtype.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _noting(build: Callable[..., None]) -> Callable[..., None]:
    """A ``build`` after which the layer knows that it is built, whoever called it."""

    @wraps(build)
    def building(self: Layer, *args: Any, **options: Any) -> None:
        build(self, *args, **options)
        self.built = True

    return building


def _is_array(x: Any) -> bool:
    return isinstance(x, Tensor | Variable | float | list) or hasattr(x, "__array__")


def _variables(layer: Layer, seen: set[int]) -> Iterator[Any]:
    """A layer's variables, its own before those of the layers it holds, each once."""
    held = [leaf for attribute in vars(layer).values() for leaf in _leaves(attribute)]
    for leaf in held:
        if isinstance(leaf, Variable) and id(leaf) not in seen:
            seen.add(id(leaf))
            yield leaf
    for leaf in held:
        if isinstance(leaf, Layer) and id(leaf) not in seen:
            seen.add(id(leaf))
            yield from _variables(leaf, seen)


def _leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, list | tuple):
        for item in x:
            yield from _leaves(item)
    else:
        yield x


class Dense(Layer):
    """``activation(x @ kernel + bias)`` over the last axis.

    >>> import functrans.tf as tf
    >>> layer = tf.keras.layers.Dense(2, kernel_initializer="ones")
    >>> layer(tf.constant([[1.0, 2.0, 3.0]])).numpy()
    array([[6., 6.]], dtype=float32)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(units, int) or units <= 0:
            raise InvalidValueError(
                "Received an invalid value for `units`, expected a positive integer. Received: "
                f"units={units}",
                "It is how many numbers the layer gives for each example.",
            )
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._kernel = kernel_initializer, kernel_constraint
        self._bias = bias_initializer, bias_constraint

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the kernel and the bias."""
        start, constraint = self._kernel
        shape = input_shape[-1], self.units
        self.kernel = self.add_weight(shape, start, constraint=constraint, name="kernel")
        start, constraint = self._bias
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight((self.units,), start, constraint=constraint, name="bias")

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        x = matmul(inputs, self.kernel) if inputs.ndim == 2 else tensordot(inputs, self.kernel, 1)
        return self.activation(x if self.bias is None else x + self.bias)


class Activation(Layer):
    """A function of tf.keras.activations, by its name or itself.

    >>> import functrans.tf as tf
    >>> tf.keras.layers.Activation("relu")(tf.constant([-1.0, 2.0])).numpy()
    array([0., 2.], dtype=float32)
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        return self.activation(inputs)


class Flatten(Layer):
    """All axes but the first as one.

    >>> import functrans.tf as tf
    >>> tf.keras.layers.Flatten()(tf.ones([2, 3, 4])).shape
    TensorShape([2, 12])
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if data_format not in (None, "channels_last"):
            raise InvalidValueError(
                f"data_format={data_format!r} is not supported here.",
                "Transpose the channels to the end, or leave the option out.",
            )

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        return reshape(inputs, [inputs.shape[0], -1])


class Dropout(Layer):
    """With ``training=True``, zeros at random, the share ``rate``, and the rest larger for it.

    >>> import functrans.tf as tf
    >>> tf.keras.layers.Dropout(0.5)(tf.constant([1.0, 2.0])).numpy()
    array([1., 2.], dtype=float32)
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise InvalidValueError(
                "Invalid value received for argument `rate`. Expected a float value between 0 and "
                f"1. Received: rate={rate}",
                "It is the share that is set to zero.",
            )
        self.rate = rate

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The outputs."""
        if not training or self.rate == 0:
            return inputs
        kept = uniform(inputs.shape, dtype=inputs.dtype) >= self.rate
        return where(kept, inputs / max(1.0 - self.rate, 1e-7), cast(0.0, inputs.dtype))


class Model(Layer):
    """A layer of layers: what they are to be called on is written in ``call``.

    >>> import functrans.tf as tf
    >>> class Two(tf.keras.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = tf.keras.layers.Dense(4, activation="tanh")
    ...         self.out = tf.keras.layers.Dense(1)
    ...     def call(self, x):
    ...         return self.out(self.hidden(x))
    >>> model = Two()
    >>> model(tf.ones([3, 2])).shape, len(model.trainable_variables)
    (TensorShape([3, 1]), 4)
    """

    def __getattr__(self, name: str) -> NoReturn:
        remedy = "See dir(model) for what models have."
        if name in ("compile", "fit", "evaluate", "predict", "summary", "save", "load_weights"):
            remedy = (
                "Write the loop: tf.GradientTape for the gradients, tf.keras.optimizers for the "
                "steps, tf.keras.metrics for what is to be followed."
            )
        raise AbsentNameError(f"{type(self).__name__!r} object has no attribute {name!r}", remedy)

    @property
    def layers(self) -> list[Layer]:
        """The layers in attributes, lists and dicts."""
        held = (leaf for attribute in vars(self).values() for leaf in _leaves(attribute))
        return list({id(leaf): leaf for leaf in held if isinstance(leaf, Layer)}.values())


class Sequential(Model):
    """Layers, or functions, one after the other.

    >>> import functrans.tf as tf
    >>> layers = tf.keras.layers
    >>> model = tf.keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1)])
    >>> model(tf.ones([3, 2])).shape, len(model.trainable_variables)
    (TensorShape([3, 1]), 4)
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self._parts = list(layers or [])

    def add(self, layer: Any) -> None:
        """Put a layer at the end."""
        self._parts.append(layer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the variables of all layers, for inputs of a shape; None is any number of rows."""
        shape = [1 if n is None else n for n in input_shape]
        function(self.call).get_concrete_function(TensorSpec(shape, self._dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute; each layer makes its variables as it is called."""
        self.built = True
        return super().__call__(*args, **kwargs)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The last layer's outputs."""
        x = inputs
        for part in self._parts:
            x = part(x, training=training) if isinstance(part, Dropout | Sequential) else part(x)
        return x


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
