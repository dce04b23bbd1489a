"""Losses as objects: a function of each example, weights, and a reduction to one number."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, Self

from functrans import numpy as fnp
from functrans.tf.convert import FLOAT32, as_tensor, numpy_dtype
from functrans.tf.dtypes import as_dtype
from functrans.tf.errors import InvalidValueError
from functrans.tf.keras import loss_functions as functions
from functrans.tf.keras.loss_functions import alike_ranks, in_dtype
from functrans.tf.keras.options import name_of, signature
from functrans.tf.logic import not_equal
from functrans.tf.reductions import reduce_sum
from functrans.tf.tensor import Tensor, value, wrap

_REDUCTIONS = (None, "none", "sum", "sum_over_batch_size", "mean", "mean_with_sample_weight")


class Loss:
    """Base of losses: a call computes ``call(y_true, y_pred)`` and reduces it.

    ``reduction`` is ``"sum_over_batch_size"`` or ``"mean"`` (the mean of all elements),
    ``"sum"``, ``"none"``, or ``"mean_with_sample_weight"`` (divided by the sum of weights).

    >>> import functrans.tf as tf
    >>> class Difference(tf.keras.losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return tf.reduce_mean(tf.abs(y_true - y_pred), -1)
    >>> Difference()([[1.0, 2.0]], [[2.0, 4.0]]).numpy()
    np.float32(1.5)
    """

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        if reduction not in _REDUCTIONS:
            raise InvalidValueError(
                f"Invalid value for argument `reduction`. Expected one of {_REDUCTIONS}. Received: "
                f"reduction={reduction}",
                "The usual one is 'sum_over_batch_size'.",
            )
        self.name = name_of(type(self)) if name is None else name
        self.reduction = reduction
        self._dtype = numpy_dtype(dtype) or FLOAT32

    @property
    def dtype(self) -> str:
        """The name of the dtype that labels and predictions are converted to."""
        return as_dtype(self._dtype).name

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each example; subclasses define it."""
        raise NotImplementedError

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The reduced loss; ``sample_weight`` weighs the examples."""
        true, predicted = in_dtype(y_true, self._dtype), in_dtype(y_pred, self._dtype)
        losses = as_tensor(self.call(true, predicted))
        return self._reduced(losses, sample_weight, self._counted(true))

    def _counted(self, y_true: Tensor) -> Tensor | None:
        """Weights 0 of the examples that do not count, if there may be some."""
        return None

    def _reduced(self, losses: Tensor, sample_weight: Any, counted: Tensor | None) -> Tensor:
        weights = None if sample_weight is None else in_dtype(sample_weight, self._dtype)
        if counted is not None:
            weights = counted if weights is None else weights * counted
        if weights is not None:
            losses, weights = alike_ranks(losses, weights)
            losses = losses * weights
        if self.reduction in (None, "none"):
            return losses
        total = reduce_sum(losses)
        if self.reduction == "sum" or not losses.ndim:
            return total
        if self.reduction == "mean_with_sample_weight" and weights is not None:
            return _quotient(total, reduce_sum(weights))
        if counted is not None:
            return _quotient(total, reduce_sum(counted))
        return total / float(losses._v.size)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make a loss like this one."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The loss of a configuration."""
        return cls(**config)


def _quotient(total: Tensor, count: Tensor) -> Tensor:
    """The quotient, 0 where there is nothing to count."""
    v, n = value(total), value(count)
    return wrap(fnp.where(n == 0, 0.0, v / fnp.where(n == 0, 1.0, n)).astype(v.dtype))


class FunctionLoss(Loss):
    """A loss of a function of labels, predictions and options."""

    __signature__: ClassVar[inspect.Signature]
    _function: ClassVar[Callable[..., Tensor]]
    _defaults: ClassVar[dict[str, Any]]

    def __init_subclass__(cls, function: Any = None, name: str = "", **options: Any) -> None:
        super().__init_subclass__()
        if function is not None:
            cls._function = staticmethod(function)
            common = {"reduction": "sum_over_batch_size", "name": name, "dtype": None}
            cls._defaults = options | {k: v for k, v in common.items() if k not in options}
            cls.__signature__ = signature(cls._defaults)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        chosen = self._defaults | self.__signature__.bind(*args, **kwargs).arguments
        common = {option: chosen.pop(option) for option in ("name", "reduction", "dtype")}
        super().__init__(**common)
        self._options = chosen

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each example."""
        return self._function(y_true, y_pred, **self._options)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make a loss like this one."""
        return super().get_config() | self._options


class MeanSquaredError(
    FunctionLoss, function=functions.mean_squared_error, name="mean_squared_error"
):
    """The mean of squared differences.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.MeanSquaredError()([[1.0, 2.0]], [[2.0, 4.0]]).numpy()
    np.float32(2.5)
    """


class MeanAbsoluteError(
    FunctionLoss, function=functions.mean_absolute_error, name="mean_absolute_error"
):
    """The mean of absolute differences.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.MeanAbsoluteError()([[1.0, 2.0]], [[2.0, 4.0]]).numpy()
    np.float32(1.5)
    """


class MeanAbsolutePercentageError(
    FunctionLoss,
    function=functions.mean_absolute_percentage_error,
    name="mean_absolute_percentage_error",
):
    """The mean of absolute differences in percent of the labels.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.MeanAbsolutePercentageError()([[1.0, 2.0]], [[2.0, 4.0]]).numpy()
    np.float32(100.0)
    """


class MeanSquaredLogarithmicError(
    FunctionLoss,
    function=functions.mean_squared_logarithmic_error,
    name="mean_squared_logarithmic_error",
):
    """The mean of squared differences of log(1 + x).

    >>> import functrans.tf as tf
    >>> tf.keras.losses.MeanSquaredLogarithmicError()([[1.0]], [[1.0]]).numpy()
    np.float32(0.0)
    """


class Huber(FunctionLoss, function=functions.huber, name="huber_loss", delta=1.0):
    """Half the squared difference where it is at most ``delta``, a line beyond.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.Huber()([[0.0, 0.0]], [[1.0, 3.0]]).numpy()
    np.float32(1.5)
    """


class LogCosh(FunctionLoss, function=functions.log_cosh, name="log_cosh"):
    """The mean of log(cosh(difference)), a smooth absolute value.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.LogCosh()([[1.0]], [[1.0]]).numpy()
    np.float32(0.0)
    """


class KLDivergence(FunctionLoss, function=functions.kl_divergence, name="kl_divergence"):
    """Σ true·log(true/predicted) of probabilities.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]).numpy()
    np.float32(0.0)
    """


class Poisson(FunctionLoss, function=functions.poisson, name="poisson"):
    """The mean of predicted − true·log(predicted).

    >>> import functrans.tf as tf
    >>> tf.keras.losses.Poisson()([[0.0, 0.0]], [[1.0, 3.0]]).numpy()
    np.float32(2.0)
    """


class CosineSimilarity(
    FunctionLoss, function=functions.cosine_similarity, name="cosine_similarity", axis=-1
):
    """Minus the cosine of the angle between labels and predictions.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.CosineSimilarity()([[0.0, 2.0]], [[0.0, 3.0]]).numpy()
    np.float32(-1.0)
    """


class Hinge(FunctionLoss, function=functions.hinge, name="hinge"):
    """The mean of max(1 − true·predicted, 0), of labels −1 and 1, or 0 and 1.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.Hinge()([[-1.0, 1.0]], [[0.5, 2.0]]).numpy()
    np.float32(0.75)
    """


class SquaredHinge(FunctionLoss, function=functions.squared_hinge, name="squared_hinge"):
    """The mean of max(1 − true·predicted, 0)², of labels −1 and 1, or 0 and 1.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.SquaredHinge()([[-1.0, 1.0]], [[1.0, 2.0]]).numpy()
    np.float32(2.0)
    """


class CategoricalHinge(
    FunctionLoss, function=functions.categorical_hinge, name="categorical_hinge"
):
    """max(1 + largest prediction of the wrong classes − that of the right one, 0).

    >>> import functrans.tf as tf
    >>> tf.keras.losses.CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
    np.float32(1.0)
    """


class BinaryCrossentropy(
    FunctionLoss,
    function=functions.binary_crossentropy,
    name="binary_crossentropy",
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """The cross entropy of labels 0 and 1 with probabilities, or with logits.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.BinaryCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
    np.float32(0.6931472)
    """


class BinaryFocalCrossentropy(
    FunctionLoss,
    function=functions.binary_focal_crossentropy,
    name="binary_focal_crossentropy",
    apply_class_balancing=False,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """The binary cross entropy, times (1 − probability of the label)**gamma.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.BinaryFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
    np.float32(0.1732868)
    """


class CategoricalCrossentropy(
    FunctionLoss,
    function=functions.categorical_crossentropy,
    name="categorical_crossentropy",
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """The cross entropy of probabilities of the classes with predicted ones, or with logits.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
    np.float32(0.6931472)
    """


class SparseCategoricalCrossentropy(
    FunctionLoss,
    function=functions.sparse_categorical_crossentropy,
    name="sparse_categorical_crossentropy",
    from_logits=False,
    ignore_class=None,
    reduction="sum_over_batch_size",
    axis=-1,
):
    """The cross entropy of numbers of classes with predicted probabilities, or with logits.

    >>> import functrans.tf as tf
    >>> loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    >>> loss([0, 1], [[0.0, 0.0], [0.0, 0.0]]).numpy()
    np.float32(0.6931472)
    """

    def _counted(self, y_true: Tensor) -> Tensor | None:
        ignored = self._options["ignore_class"]
        return None if ignored is None else in_dtype(not_equal(y_true, float(ignored)), self._dtype)


_FUNCTIONS: dict[str, Any] = {
    name: function
    for name, function in vars(functions).items()
    if callable(function) and function.__module__ == functions.__name__ and name[0] != "_"
} | {
    "mse": functions.mean_squared_error,
    "mae": functions.mean_absolute_error,
    "mape": functions.mean_absolute_percentage_error,
    "msle": functions.mean_squared_logarithmic_error,
    "kld": functions.kl_divergence,
    "kullback_leibler_divergence": functions.kl_divergence,
    "logcosh": functions.log_cosh,
}
for _helper in ("in_dtype", "pair", "alike_ranks", "cosine"):
    del _FUNCTIONS[_helper]


def get(identifier: Any) -> Any:
    """The loss of a name: of a function (``"mse"``) or a class; of a dict; or the one given.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.get("mse") is tf.keras.losses.mse
    True
    """
    if identifier is None or callable(identifier):
        return identifier() if isinstance(identifier, type) else identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if identifier in _FUNCTIONS:
        return _FUNCTIONS[identifier]
    classes = _classes()
    if identifier in classes:
        return classes[identifier]()
    raise InvalidValueError(
        f"Could not interpret loss identifier: {identifier}",
        f"The names are {', '.join([*_FUNCTIONS, *classes])}.",
    )


def _classes() -> dict[str, Any]:
    return {cls.__name__: cls for cls in FunctionLoss.__subclasses__()}


def serialize(loss: Any) -> Any:
    """A loss as a dict of plain values, a function as its name.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.serialize(tf.keras.losses.Huber(2.0))["class_name"]
    'Huber'
    """
    if not isinstance(loss, Loss):
        return loss.__name__
    return {
        "module": "keras.losses",
        "class_name": type(loss).__name__,
        "config": loss.get_config(),
        "registered_name": None,
    }


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The loss of what :func:`serialize` gave.

    >>> import functrans.tf as tf
    >>> tf.keras.losses.deserialize("mse") is tf.keras.losses.mse
    True
    """
    if not isinstance(name, dict):
        return (custom_objects or {}).get(name) or get(name)
    cls = (_classes() | (custom_objects or {}))[name["class_name"]]
    return cls.from_config(name["config"])
