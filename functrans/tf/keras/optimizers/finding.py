"""Optimizers by name, and as dicts."""

from __future__ import annotations

from typing import Any

from functrans.tf.errors import InvalidValueError
from functrans.tf.keras.optimizers import rules
from functrans.tf.keras.optimizers.base import Optimizer
from functrans.tf.keras.optimizers.schedules import LearningRateSchedule
from functrans.tf.keras.optimizers.schedules import deserialize as schedule_of
from functrans.tf.keras.optimizers.schedules import serialize as schedule_as_dict

_BY_NAME = {
    cls.__name__.lower(): cls
    for cls in vars(rules).values()
    if isinstance(cls, type) and issubclass(cls, Optimizer) and cls is not Optimizer
}


def get(identifier: Any) -> Optimizer:
    """The optimizer of a name like ``"adam"``, of a dict, or the one given.

    >>> import functrans.tf as tf
    >>> round(float(tf.keras.optimizers.get("sgd").learning_rate), 4)
    0.01
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    cls = _BY_NAME.get(identifier.lower()) if isinstance(identifier, str) else None
    if cls is None:
        raise InvalidValueError(
            f"Could not interpret optimizer identifier: {identifier}",
            f"The names are {', '.join(_BY_NAME)}.",
        )
    return cls()


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """An optimizer's configuration as a dict of plain values.

    >>> import functrans.tf as tf
    >>> tf.keras.optimizers.serialize(tf.keras.optimizers.SGD(0.5))["config"]["learning_rate"]
    0.5
    """
    config = optimizer.get_config()
    rate = config["learning_rate"]
    if isinstance(rate, LearningRateSchedule):
        config["learning_rate"] = schedule_as_dict(rate)
    return {
        "module": "keras.optimizers",
        "class_name": type(optimizer).__name__,
        "config": config,
        "registered_name": None,
    }


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Optimizer:
    """The optimizer of a dict that :func:`serialize` gave.

    >>> import functrans.tf as tf
    >>> optimizers = tf.keras.optimizers
    >>> float(optimizers.deserialize(optimizers.serialize(optimizers.SGD(0.5))).learning_rate)
    0.5
    """
    known: dict[str, Any] = _BY_NAME | {
        name.lower(): cls for name, cls in (custom_objects or {}).items()
    }
    options = dict(config["config"])
    if isinstance(options["learning_rate"], dict):
        options["learning_rate"] = schedule_of(options["learning_rate"])
    cls: type[Optimizer] = known[config["class_name"].lower()]
    return cls.from_config(options)
