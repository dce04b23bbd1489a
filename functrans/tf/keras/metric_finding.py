"""Metrics by name, and as dicts."""

from __future__ import annotations

from typing import Any

from functrans.tf.errors import InvalidValueError
from functrans.tf.keras import metric_classes, metric_counts
from functrans.tf.keras.metric_classes import Metric
from functrans.tf.scopes import snake_case

_SHORT = {
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
    "rmse": "RootMeanSquaredError",
    "bce": "BinaryCrossentropy",
}


def _classes() -> dict[str, Any]:
    """The classes by name, and by name in snake_case."""
    public = {
        name: cls
        for room in (metric_classes, metric_counts)
        for name, cls in vars(room).items()
        if isinstance(cls, type) and issubclass(cls, Metric) and name[0] != "_"
    }
    snaked = {snake_case(name): cls for name, cls in public.items()}
    return public | snaked | {short: public[name] for short, name in _SHORT.items()}


def get(identifier: Any) -> Any:
    """The metric of a name, of a dict, or the one given.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.get("mse")
    <MeanSquaredError name=mean_squared_error>
    """
    if identifier is None or callable(identifier):
        return identifier() if isinstance(identifier, type) else identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    classes = _classes()
    if identifier not in classes:
        raise InvalidValueError(
            f"Could not interpret metric identifier: {identifier}",
            f"The names are {', '.join(classes)}.",
        )
    return classes[identifier]()


def serialize(metric: Metric) -> dict[str, Any]:
    """A metric as a dict of plain values.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.serialize(tf.keras.metrics.Mean())["class_name"]
    'Mean'
    """
    return {
        "module": "keras.metrics",
        "class_name": type(metric).__name__,
        "config": metric.get_config(),
        "registered_name": None,
    }


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Metric:
    """The metric of a dict that :func:`serialize` gave.

    >>> import functrans.tf as tf
    >>> metrics = tf.keras.metrics
    >>> metrics.deserialize(metrics.serialize(metrics.Mean("loss")))
    <Mean name=loss>
    """
    cls: type[Metric] = (_classes() | (custom_objects or {}))[config["class_name"]]
    return cls.from_config(config["config"])
