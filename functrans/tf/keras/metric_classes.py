"""Metrics: numbers that are brought up to date batch by batch, and started again."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np

from functrans import numpy as fnp
from functrans.extend import detached
from functrans.tf.convert import FLOAT32, NumpyDtype, as_tensor, numpy_dtype
from functrans.tf.dtypes import as_dtype
from functrans.tf.keras import loss_functions, metric_functions
from functrans.tf.keras.loss_functions import alike_ranks, in_dtype
from functrans.tf.keras.options import name_of, signature
from functrans.tf.keras.state import State
from functrans.tf.scopes import init_scope
from functrans.tf.tensor import value, wrap


class Metric:
    """Base of metrics: ``update_state`` takes a batch, ``result`` gives the number so far.

    A call does both. ``reset_state`` starts again. Subclasses make their variables with
    ``add_weight``.

    >>> import functrans.tf as tf
    >>> class Largest(tf.keras.metrics.Metric):
    ...     def __init__(self, name="largest", **kwargs):
    ...         super().__init__(name=name, **kwargs)
    ...         self.seen = self.add_weight(name="seen", initializer="zeros")
    ...     def update_state(self, values, sample_weight=None):
    ...         self.seen.assign(tf.maximum(self.seen, tf.reduce_max(values)))
    ...     def result(self):
    ...         return self.seen + 0.0
    >>> float(Largest()(tf.constant([1.0, 3.0])))
    3.0
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name_of(type(self)) if name is None else name
        self._dtype: NumpyDtype = numpy_dtype(dtype) or FLOAT32
        self._states: list[tuple[State, Any]] = []

    @property
    def dtype(self) -> str:
        """The name of the dtype of the state."""
        return as_dtype(self._dtype).name

    @property
    def variables(self) -> list[State]:
        """The metric's own variables."""
        return [state for state, _ in self._states]

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> State:
        """A variable of the metric: zeros, or what the initialiser (or its name) makes."""
        kind = numpy_dtype(dtype) or self._dtype
        with init_scope():
            if initializer is None or initializer in ("zeros", "ones"):
                initial = np.full(shape, initializer == "ones", kind)[()]
            else:
                initial = value(as_tensor(initializer(shape, dtype=kind)))
            name = f"variable_{len(self._states)}" if name is None else name
            state = State(initial, name, f"{self.name}/{name}")
        self._states.append((state, initial))
        return state

    add_variable = add_weight

    def reset_state(self) -> None:
        """Start again."""
        for state, initial in self._states:
            state._store(initial)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take a batch; subclasses define it."""
        raise NotImplementedError

    def result(self) -> Any:
        """The number so far; subclasses define it."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take a batch, and give the number so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make a metric like this one."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The metric of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"

    def _add(self, state: State, amount: Any) -> None:
        state._store(state._current() + fnp.astype(detached(amount), state._dtype))


def _weighed(values: Any, sample_weight: Any, dtype: NumpyDtype) -> tuple[Any, Any]:
    """Values of each example times their weights, and the weights if there are any."""
    tensor = in_dtype(values, dtype)
    if sample_weight is None:
        v = value(tensor)
        axes = tuple(range(1, len(v.shape)))
        return (fnp.mean(v, axis=axes) if axes else v), None
    tensor, weights = alike_ranks(tensor, in_dtype(sample_weight, dtype))
    v, w = value(tensor), value(weights)
    axes = tuple(range(len(w.shape), len(v.shape)))
    v = fnp.mean(v, axis=axes) if axes and w.shape else v
    return v * w, fnp.broadcast_to(w, v.shape)


class Mean(Metric):
    """The mean of all values so far, weighed where weights are given.

    >>> import functrans.tf as tf
    >>> mean = tf.keras.metrics.Mean()
    >>> mean.update_state([1.0, 3.0])
    >>> mean.update_state([5.0])
    >>> mean.result().numpy()
    np.float32(3.0)
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_weight(name="total")
        self.count = self.add_weight(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take values, and their weights."""
        self._take(values, sample_weight)

    def _take(self, values: Any, sample_weight: Any) -> None:
        v, weights = _weighed(values, sample_weight, self._dtype)
        self._add(self.total, fnp.sum(v))
        if weights is None:
            self._add(self.count, np.int64(v.shape[0] if v.shape else 1))
        else:
            self._add(self.count, fnp.sum(weights))

    def result(self) -> Any:
        """The mean so far, 0 before the first value."""
        return wrap(_quotient(self.total, self.count))


def _quotient(total: State, count: State) -> Any:
    """The quotient of two states, 0 where there is nothing to count."""
    v, n = total._current(), count._current()
    nothing = n == 0
    quotient = fnp.where(nothing, 0.0, v / fnp.where(nothing, 1.0, n)).astype(v.dtype)
    return quotient if quotient.shape or not isinstance(quotient, np.ndarray) else quotient[()]


class Sum(Metric):
    """The sum of all values so far, weighed where weights are given.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.Sum()([1.0, 3.0]).numpy()
    np.float32(4.0)
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_weight(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take values, and their weights."""
        v = value(in_dtype(values, self._dtype))
        if sample_weight is not None:
            v, _ = _weighed(values, sample_weight, self._dtype)
        self._add(self.total, fnp.sum(v))

    def result(self) -> Any:
        """The sum so far."""
        return self.total.read_value()


class MeanMetricWrapper(Mean):
    """The mean of a function of labels and predictions.

    >>> import functrans.tf as tf
    >>> metric = tf.keras.metrics.MeanMetricWrapper(lambda y, p: tf.abs(y - p), name="distance")
    >>> metric([1.0, 2.0], [2.0, 4.0]).numpy()
    np.float32(1.5)
    """

    __signature__: ClassVar[inspect.Signature]
    _function: Callable[..., Any]
    _defaults: ClassVar[dict[str, Any]]

    def __init_subclass__(cls, function: Any = None, name: str = "", **options: Any) -> None:
        super().__init_subclass__()
        if function is not None:
            cls._function = staticmethod(function)
            common = {"name": name, "dtype": None}
            first = {"k": options.pop("k")} if "k" in options else {}
            cls._defaults = first | common | options
            cls.__signature__ = signature(cls._defaults)
            cls.__init__ = _from_table  # type: ignore[method-assign]  # the table is its signature

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name, dtype)
        self._function = fn
        self._options = kwargs

    def update_state(  # type: ignore[override]  # a mean of functions of pairs takes pairs
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Take labels, predictions and weights of a batch."""
        true, predicted = in_dtype(y_true, self._dtype), in_dtype(y_pred, self._dtype)
        self._take(self._function(true, predicted, **self._options), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make a metric like this one."""
        return super().get_config() | self._options


def _from_table(self: MeanMetricWrapper, *args: Any, **kwargs: Any) -> None:
    """A metric of a function that its class knows."""
    chosen = self._defaults | self.__signature__.bind(*args, **kwargs).arguments
    Mean.__init__(self, chosen.pop("name"), chosen.pop("dtype"))
    self._options = chosen


class MeanSquaredError(
    MeanMetricWrapper, function=loss_functions.mean_squared_error, name="mean_squared_error"
):
    """The mean of squared differences.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.MeanSquaredError()([1.0, 2.0], [2.0, 4.0]).numpy()
    np.float32(2.5)
    """


class MeanAbsoluteError(
    MeanMetricWrapper, function=loss_functions.mean_absolute_error, name="mean_absolute_error"
):
    """The mean of absolute differences.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.MeanAbsoluteError()([1.0, 2.0], [2.0, 4.0]).numpy()
    np.float32(1.5)
    """


class MeanAbsolutePercentageError(
    MeanMetricWrapper,
    function=loss_functions.mean_absolute_percentage_error,
    name="mean_absolute_percentage_error",
):
    """The mean of absolute differences in percent of the labels.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.MeanAbsolutePercentageError()([1.0, 2.0], [2.0, 4.0]).numpy()
    np.float32(100.0)
    """


class MeanSquaredLogarithmicError(
    MeanMetricWrapper,
    function=loss_functions.mean_squared_logarithmic_error,
    name="mean_squared_logarithmic_error",
):
    """The mean of squared differences of log(1 + x).

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.MeanSquaredLogarithmicError()([1.0], [1.0]).numpy()
    np.float32(0.0)
    """


class LogCoshError(MeanMetricWrapper, function=loss_functions.log_cosh, name="logcosh"):
    """The mean of log(cosh(difference)).

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.LogCoshError()([1.0], [1.0]).numpy()
    np.float32(0.0)
    """


class CosineSimilarity(
    MeanMetricWrapper, function=loss_functions.cosine, name="cosine_similarity", axis=-1
):
    """The mean cosine of the angle between labels and predictions.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.CosineSimilarity()([[0.0, 2.0]], [[0.0, 3.0]]).numpy()
    np.float32(1.0)
    """


class KLDivergence(MeanMetricWrapper, function=loss_functions.kl_divergence, name="kl_divergence"):
    """The mean of Σ true·log(true/predicted).

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]).numpy()
    np.float32(0.0)
    """


class Poisson(MeanMetricWrapper, function=loss_functions.poisson, name="poisson"):
    """The mean of predicted − true·log(predicted).

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.Poisson()([[0.0, 0.0]], [[1.0, 3.0]]).numpy()
    np.float32(2.0)
    """


class Hinge(MeanMetricWrapper, function=loss_functions.hinge, name="hinge"):
    """The mean of max(1 − true·predicted, 0).

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.Hinge()([[-1.0, 1.0]], [[0.5, 2.0]]).numpy()
    np.float32(0.75)
    """


class SquaredHinge(MeanMetricWrapper, function=loss_functions.squared_hinge, name="squared_hinge"):
    """The mean of max(1 − true·predicted, 0)².

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.SquaredHinge()([[-1.0, 1.0]], [[1.0, 2.0]]).numpy()
    np.float32(2.0)
    """


class CategoricalHinge(
    MeanMetricWrapper, function=loss_functions.categorical_hinge, name="categorical_hinge"
):
    """The mean of max(1 + largest wrong prediction − the right one, 0).

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
    np.float32(1.0)
    """


class BinaryCrossentropy(
    MeanMetricWrapper,
    function=loss_functions.binary_crossentropy,
    name="binary_crossentropy",
    from_logits=False,
    label_smoothing=0,
):
    """The mean cross entropy of labels 0 and 1.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.BinaryCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
    np.float32(0.6931472)
    """


class CategoricalCrossentropy(
    MeanMetricWrapper,
    function=loss_functions.categorical_crossentropy,
    name="categorical_crossentropy",
    from_logits=False,
    label_smoothing=0,
    axis=-1,
):
    """The mean cross entropy of probabilities of classes.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
    np.float32(0.6931472)
    """


class SparseCategoricalCrossentropy(
    MeanMetricWrapper,
    function=loss_functions.sparse_categorical_crossentropy,
    name="sparse_categorical_crossentropy",
    from_logits=False,
    ignore_class=None,
    axis=-1,
):
    """The mean cross entropy of numbers of classes.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]).numpy()
    np.float32(0.6931472)
    """


class Accuracy(MeanMetricWrapper, function=metric_functions.accuracy, name="accuracy"):
    """The share of predictions equal to the labels.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.Accuracy()([1, 2, 3, 4], [1, 2, 3, 5]).numpy()
    np.float32(0.75)
    """


class BinaryAccuracy(
    MeanMetricWrapper,
    function=metric_functions.binary_accuracy,
    name="binary_accuracy",
    threshold=0.5,
):
    """The share of predictions on the labels' side of the threshold.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.BinaryAccuracy()([1, 0, 1, 1], [0.9, 0.8, 0.7, 0.6]).numpy()
    np.float32(0.75)
    """


class CategoricalAccuracy(
    MeanMetricWrapper, function=metric_functions.categorical_accuracy, name="categorical_accuracy"
):
    """The share of examples whose most probable class is the labels'.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.CategoricalAccuracy()([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]).numpy()
    np.float32(0.5)
    """


class SparseCategoricalAccuracy(
    MeanMetricWrapper,
    function=metric_functions.sparse_categorical_accuracy,
    name="sparse_categorical_accuracy",
):
    """The share of examples whose most probable class is the label.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.SparseCategoricalAccuracy()([1, 0], [[0.1, 0.9], [0.2, 0.8]]).numpy()
    np.float32(0.5)
    """


class TopKCategoricalAccuracy(
    MeanMetricWrapper,
    function=metric_functions.top_k_categorical_accuracy,
    name="top_k_categorical_accuracy",
    k=5,
):
    """The share of examples whose class is among the k most probable.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.TopKCategoricalAccuracy()([[0, 1]], [[0.1, 0.9]]).numpy()
    np.float32(1.0)
    """


class SparseTopKCategoricalAccuracy(
    MeanMetricWrapper,
    function=metric_functions.sparse_top_k_categorical_accuracy,
    name="sparse_top_k_categorical_accuracy",
    k=5,
    from_sorted_ids=False,
):
    """The share of examples whose label is among the k most probable classes.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.SparseTopKCategoricalAccuracy()([1, 0], [[0.1, 0.9], [0.2, 0.8]]).numpy()
    np.float32(1.0)
    """


class RootMeanSquaredError(Mean):
    """The root of the mean of squared differences.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.RootMeanSquaredError()([1.0, 2.0], [4.0, 5.0]).numpy()
    np.float32(3.0)
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(  # type: ignore[override]  # a mean of functions of pairs takes pairs
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Take labels, predictions and weights of a batch."""
        true, predicted = in_dtype(y_true, self._dtype), in_dtype(y_pred, self._dtype)
        true, predicted = alike_ranks(true, predicted)
        self._take((true - predicted) ** 2.0, sample_weight)

    def result(self) -> Any:
        """The root of the mean so far."""
        return wrap(fnp.sqrt(_quotient(self.total, self.count)))
