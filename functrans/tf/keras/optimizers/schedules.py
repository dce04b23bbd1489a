"""tf.keras.optimizers.schedules: learning rates as functions of the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from functrans import numpy as fnp
from functrans.tf.convert import FLOAT32, as_tensor
from functrans.tf.errors import InvalidValueError
from functrans.tf.rooms import names, public
from functrans.tf.tensor import value, wrap


class LearningRateSchedule:
    """Base of schedules: a call takes the step, from 0, and gives the learning rate.

    >>> import functrans.tf as tf
    >>> class Halved(tf.keras.optimizers.schedules.LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.5 ** tf.cast(step, tf.float32)
    >>> float(tf.keras.optimizers.SGD(Halved()).learning_rate)
    1.0
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step; subclasses of one's own define it."""
        return wrap(fnp.astype(self.rate(fnp.astype(value(as_tensor(step)), FLOAT32)), FLOAT32))

    def rate(self, step: Any) -> Any:
        """The value at a step that is a plain or traced float."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments that make a schedule like this one."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The schedule of a configuration."""
        return cls(**config)


class ExponentialDecay(LearningRateSchedule):
    """``initial_learning_rate * decay_rate ** (step / decay_steps)``; ``staircase`` in jumps.

    >>> import functrans.tf as tf
    >>> decay = tf.keras.optimizers.schedules.ExponentialDecay(1.0, 10, 0.5)
    >>> float(decay(20))
    0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def rate(self, step: Any) -> Any:
        part = _part(step, self.decay_steps, self.staircase)
        return self.initial_learning_rate * fnp.power(np.float32(self.decay_rate), part)


class InverseTimeDecay(LearningRateSchedule):
    """``initial_learning_rate / (1 + decay_rate * step / decay_steps)``; ``staircase`` in jumps.

    >>> import functrans.tf as tf
    >>> decay = tf.keras.optimizers.schedules.InverseTimeDecay(1.0, 10, 0.5)
    >>> float(decay(20))
    0.5
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def rate(self, step: Any) -> Any:
        part = _part(step, self.decay_steps, self.staircase)
        return self.initial_learning_rate / (1.0 + self.decay_rate * part)


class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[0]`` up to the step ``boundaries[0]`` and with it, then ``values[1]``, and so on.

    >>> import functrans.tf as tf
    >>> decay = tf.keras.optimizers.schedules.PiecewiseConstantDecay([10], [1.0, 0.5])
    >>> float(decay(10)), float(decay(11))
    (1.0, 0.5)
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise InvalidValueError(
                "The length of boundaries should be 1 less than the length of values. Received: "
                f"boundaries={boundaries} of length {len(boundaries)}, and values={values} of "
                f"length {len(values)}.",
                "Give a value for before, between and after the boundaries.",
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def rate(self, step: Any) -> Any:
        result = np.float32(self.values[0])
        for boundary, later in zip(self.boundaries, self.values[1:], strict=True):
            result = fnp.where(step > boundary, np.float32(later), result)
        return result


class PolynomialDecay(LearningRateSchedule):
    """From ``initial_learning_rate`` to ``end_learning_rate`` along ``(1 - step/steps)**power``.

    ``cycle`` starts again, in more steps each time, where it would stay at the end.

    >>> import functrans.tf as tf
    >>> decay = tf.keras.optimizers.schedules.PolynomialDecay(1.0, 10, 0.0)
    >>> float(decay(5)), float(decay(50))
    (0.5, 0.0)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def rate(self, step: Any) -> Any:
        steps = np.float32(self.decay_steps)
        if self.cycle:
            steps = steps * fnp.maximum(fnp.ceil(step / steps), np.float32(1.0))
        part = fnp.minimum(step, steps) / steps
        span = self.initial_learning_rate - self.end_learning_rate
        return span * fnp.power(1.0 - part, np.float32(self.power)) + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """Down along half a cosine to ``alpha`` times the start, after a warmup where asked for.

    The warmup rises from ``initial_learning_rate`` to ``warmup_target`` in ``warmup_steps``.

    >>> import functrans.tf as tf
    >>> decay = tf.keras.optimizers.schedules.CosineDecay(1.0, 10)
    >>> round(float(decay(5)), 4), float(decay(10))
    (0.5, 0.0)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def rate(self, step: Any) -> Any:
        start, target, steps = self.initial_learning_rate, self.warmup_target, self.warmup_steps
        if target is None:
            return start * _cosine(_until(step, self.decay_steps), self.alpha)
        rising = start + (target - start) * step / max(steps, 1)
        falling = target * _cosine(_until(step - steps, self.decay_steps), self.alpha)
        return fnp.where(step < steps, rising, falling)


class CosineDecayRestarts(LearningRateSchedule):
    """Half cosines one after the other, each ``t_mul`` times as long and ``m_mul`` times as high.

    >>> import functrans.tf as tf
    >>> decay = tf.keras.optimizers.schedules.CosineDecayRestarts(1.0, 10)
    >>> float(decay(0)), round(float(decay(9)), 4), float(decay(10))
    (1.0, 0.0245, 1.0)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def rate(self, step: Any) -> Any:
        part = step / np.float32(self.first_decay_steps)
        if self.t_mul == 1.0:
            restarts = fnp.floor(part)
            part = part - restarts
        else:
            grown = 1.0 - part * (1.0 - self.t_mul)
            restarts = fnp.floor(fnp.log(grown) / math.log(self.t_mul))
            length = fnp.power(np.float32(self.t_mul), restarts)
            part = (part - (1.0 - length) / (1.0 - self.t_mul)) / length
        height = fnp.power(np.float32(self.m_mul), restarts)
        return self.initial_learning_rate * _cosine(part, self.alpha, height)


def _part(step: Any, steps: int, staircase: bool) -> Any:
    part = step / np.float32(steps)
    return fnp.floor(part) if staircase else part


def _until(step: Any, steps: int) -> Any:
    """How much of the steps is over, at most all."""
    return fnp.minimum(step, np.float32(steps)) / np.float32(steps)


def _cosine(part: Any, end: float, height: Any = 1.0) -> Any:
    """From ``height`` at 0 to ``end`` at 1."""
    wave = 0.5 * height * (1.0 + fnp.cos(np.float32(math.pi) * part))
    return (1.0 - end) * wave + end


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """A schedule as a dict of plain values.

    >>> import functrans.tf as tf
    >>> schedules = tf.keras.optimizers.schedules
    >>> schedules.serialize(schedules.ExponentialDecay(1.0, 10, 0.5))["class_name"]
    'ExponentialDecay'
    """
    return {
        "module": "keras.optimizers.schedules",
        "class_name": type(learning_rate_schedule).__name__,
        "config": learning_rate_schedule.get_config(),
        "registered_name": None,
    }


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The schedule of a dict that :func:`serialize` gave.

    >>> import functrans.tf as tf
    >>> schedules = tf.keras.optimizers.schedules
    >>> same = schedules.deserialize(schedules.serialize(schedules.CosineDecay(1.0, 10)))
    >>> float(same(0))
    1.0
    """
    known = {cls.__name__: cls for cls in LearningRateSchedule.__subclasses__()}
    cls = ((custom_objects or {}) | known)[config["class_name"]]
    return cls.from_config(config["config"])


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
