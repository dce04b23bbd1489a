"""The rules of the optimizers: pure functions of values, gradients and slots."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.errors import InvalidValueError
from functrans.tf.keras.optimizers.base import Gradient, Optimizer, Step


class SGD(Optimizer, learning_rate=0.01, momentum=0.0, nesterov=False):
    """Gradient descent, with momentum or Nesterov's momentum where asked for.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> _ = tf.keras.optimizers.SGD(0.5).apply_gradients([(tf.constant(1.0), w)])
    >>> float(w)
    0.5
    """

    momentum: float
    nesterov: bool

    def _prepare(self) -> None:
        if not 0 <= self.momentum <= 1:
            raise InvalidValueError(
                "`momentum` must be a float between [0, 1].", "0.9 is usual; 0 is none."
            )

    def slot_names(self) -> dict[str, float]:
        return {"momentum": 0.0} if self.momentum else {}

    def rule(self, step: Step, v: Any, gradient: Gradient, *slots: Any) -> tuple[Any, ...]:
        down = gradient.dense * step.rate
        if not slots:
            return (v - down,)
        speed = slots[0] * self.momentum - down
        if self.nesterov:
            return v + speed * self.momentum - down, speed
        return v + speed, speed


class Adam(Optimizer, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
    """Adam: steps of about the learning rate, by running means of gradients and their squares.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> _ = tf.keras.optimizers.Adam(0.1).apply_gradients([(tf.constant(5.0), w)])
    >>> round(float(w), 4)
    0.9
    """

    _together = ("momentum", "velocity")

    beta_1: float
    beta_2: float
    epsilon: float
    amsgrad: bool

    def slot_names(self) -> dict[str, float]:
        names = {"momentum": 0.0, "velocity": 0.0}
        return names | {"velocity_hat": 0.0} if self.amsgrad else names

    def rule(self, step: Step, v: Any, gradient: Gradient, *slots: Any) -> tuple[Any, ...]:
        mean, square, *largest = slots
        rate = step.rate * fnp.sqrt(1 - _power(self.beta_2, step.t))
        rate = rate / (1 - _power(self.beta_1, step.t))
        mean = _towards(mean, gradient.dense, self.beta_1)
        square = _towards(square, gradient.each(fnp.square), self.beta_2)
        bound = square
        if largest:
            bound = fnp.maximum(largest[0], square)
            largest = [bound]
        return v - mean * rate / (fnp.sqrt(bound) + self.epsilon), mean, square, *largest


class AdamW(
    Adam,
    learning_rate=0.001,
    weight_decay=0.004,
    beta_1=0.9,
    beta_2=0.999,
    epsilon=1e-7,
    amsgrad=False,
):
    """Adam with weight decay, 0.004 by default, that does not pass through the means.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> _ = tf.keras.optimizers.AdamW(0.1, 0.5).apply_gradients([(tf.constant(5.0), w)])
    >>> round(float(w), 4)
    0.85
    """


class RMSprop(Optimizer, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    """Gradients divided by the root of a running mean of their squares.

    ``centered`` takes the mean's own square off it; ``momentum`` adds up the steps.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> _ = tf.keras.optimizers.RMSprop(0.1).apply_gradients([(tf.constant(5.0), w)])
    >>> round(float(w), 4)
    0.6838
    """

    rho: float
    momentum: float
    epsilon: float
    centered: bool

    def slot_names(self) -> dict[str, float]:
        wanted = {
            "velocity": True,
            "momentum": self.momentum > 0,
            "average_gradient": self.centered,
        }
        return {name: 0.0 for name, is_wanted in wanted.items() if is_wanted}

    def rule(self, step: Step, v: Any, gradient: Gradient, *slots: Any) -> tuple[Any, ...]:
        state = dict(zip(self.slot_names(), slots, strict=True))
        square = gradient.each(fnp.square)
        state["velocity"] = spread = self.rho * state["velocity"] + (1 - self.rho) * square
        if self.centered:
            mean = self.rho * state["average_gradient"] + (1 - self.rho) * gradient.dense
            state["average_gradient"] = mean
            spread = spread - fnp.square(mean)
        down = step.rate * gradient.dense / fnp.sqrt(spread + self.epsilon)
        if self.momentum > 0:
            state["momentum"] = down = self.momentum * state["momentum"] + down
        return v - down, *state.values()


class Adagrad(Optimizer, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7):
    """Gradients divided by the root of the sum of all their squares so far.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> _ = tf.keras.optimizers.Adagrad(0.1).apply_gradients([(tf.constant(5.0), w)])
    >>> round(float(w), 4)
    0.9002
    """

    initial_accumulator_value: float
    epsilon: float

    def slot_names(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def rule(self, step: Step, v: Any, gradient: Gradient, *slots: Any) -> tuple[Any, ...]:
        total = slots[0] + gradient.each(fnp.square)
        return v - step.rate * gradient.dense / fnp.sqrt(total + self.epsilon), total


class Adadelta(Optimizer, learning_rate=0.001, rho=0.95, epsilon=1e-7):
    """Steps whose size follows from running means of squares, of gradients and of steps.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> _ = tf.keras.optimizers.Adadelta(1.0).apply_gradients([(tf.constant(5.0), w)])
    >>> round(float(w), 4)
    0.9986
    """

    _together = ("accumulated_grad", "accumulated_delta_var")

    rho: float
    epsilon: float

    def slot_names(self) -> dict[str, float]:
        return dict.fromkeys(self._together, 0.0)

    def rule(self, step: Step, v: Any, gradient: Gradient, *slots: Any) -> tuple[Any, ...]:
        squares, moves = slots
        squares = self.rho * squares + (1 - self.rho) * gradient.each(fnp.square)
        move = gradient.dense * fnp.sqrt(moves + self.epsilon) / fnp.sqrt(squares + self.epsilon)
        moves = self.rho * moves + (1 - self.rho) * fnp.square(move)
        return v - step.rate * move, squares, moves


class Adamax(Optimizer, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    """Adam with the largest gradient so far, fading, in the place of the root of their squares.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> _ = tf.keras.optimizers.Adamax(0.1).apply_gradients([(tf.constant(5.0), w)])
    >>> round(float(w), 4)
    0.9
    """

    _together = ("momentum", "norm")

    beta_1: float
    beta_2: float
    epsilon: float

    def slot_names(self) -> dict[str, float]:
        return dict.fromkeys(self._together, 0.0)

    def rule(self, step: Step, v: Any, gradient: Gradient, *slots: Any) -> tuple[Any, ...]:
        mean, norm = slots
        mean = _towards(mean, gradient.dense, self.beta_1)
        norm = fnp.maximum(self.beta_2 * norm, gradient.each(fnp.abs))
        rate = step.rate / (1 - _power(self.beta_1, step.t))
        return v - rate * mean / (norm + self.epsilon), mean, norm


class Nadam(Optimizer, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    """Adam with Nesterov's momentum.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> _ = tf.keras.optimizers.Nadam(0.1).apply_gradients([(tf.constant(5.0), w)])
    >>> round(float(w), 4)
    0.8937
    """

    _together = ("momentum", "velocity")

    beta_1: float
    beta_2: float
    epsilon: float

    def _prepare(self) -> None:
        self._product = self._state(np.float32(1.0), "product")

    def slot_names(self) -> dict[str, float]:
        return dict.fromkeys(self._together, 0.0)

    def _begin(self, t: Any) -> None:
        product = self._product._current()
        self._product._store(product * self.beta_1 * _grown(fnp.astype(t, product.dtype)))

    def rule(self, step: Step, v: Any, gradient: Gradient, *slots: Any) -> tuple[Any, ...]:
        mean, square = slots
        beta_1, beta_2 = _narrow(self.beta_1, v), _narrow(self.beta_2, v)
        share, next_share = beta_1 * _grown(step.t), beta_1 * _grown(step.t + 1)
        product = fnp.astype(self._product._current(), v.dtype)
        mean = _towards(mean, gradient.dense, beta_1)
        square = _towards(square, gradient.each(fnp.square), beta_2)
        ahead = next_share * mean / (1 - product * next_share)
        ahead = ahead + (1 - share) * gradient.dense / (1 - product)
        spread = fnp.sqrt(square / (1 - _power(self.beta_2, step.t)))
        return v - ahead * step.rate / (spread + self.epsilon), mean, square


class Ftrl(
    Optimizer,
    learning_rate=0.001,
    learning_rate_power=-0.5,
    initial_accumulator_value=0.1,
    l1_regularization_strength=0.0,
    l2_regularization_strength=0.0,
    l2_shrinkage_regularization_strength=0.0,
    beta=0.0,
):
    """ "Follow the regularised leader": the minimum of past gradients' planes and the penalties.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> _ = tf.keras.optimizers.Ftrl(0.1).apply_gradients([(tf.constant(5.0), w)])
    >>> round(float(w), 4)
    0.8371
    """

    _together = ("accumulator", "linear")

    learning_rate_power: float
    initial_accumulator_value: float
    l1_regularization_strength: float
    l2_regularization_strength: float
    l2_shrinkage_regularization_strength: float
    beta: float

    def slot_names(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def rule(self, step: Step, v: Any, gradient: Gradient, *slots: Any) -> tuple[Any, ...]:
        total, linear = slots
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        l2 = self.l2_regularization_strength + self.beta / (2.0 * step.rate)
        slope = gradient.dense + 2.0 * self.l2_shrinkage_regularization_strength * v
        more = total + gradient.each(fnp.square)
        weight = more**power
        linear = linear + slope - (weight - total**power) / step.rate * v
        steepness = weight / step.rate + 2.0 * l2
        return (fnp.clip(linear, -l1, l1) - linear) / steepness, more, linear


class Lion(Optimizer, learning_rate=0.001, beta_1=0.9, beta_2=0.99):
    """Steps of the learning rate in the direction of the signs of a running mean.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> _ = tf.keras.optimizers.Lion(0.25).apply_gradients([(tf.constant(5.0), w)])
    >>> float(w)
    0.75
    """

    beta_1: float
    beta_2: float

    def slot_names(self) -> dict[str, float]:
        return {"momentum": 0.0}

    def rule(self, step: Step, v: Any, gradient: Gradient, *slots: Any) -> tuple[Any, ...]:
        (mean,) = slots
        beta_1, beta_2 = _narrow(self.beta_1, v), _narrow(self.beta_2, v)
        direction = fnp.sign(mean * beta_1 + gradient.dense * (1 - beta_1))
        mean = mean * beta_2 + gradient.dense * (1 - beta_2)
        return v - step.rate * direction, mean


def _grown(t: Any) -> Any:
    """How far Nadam's momentum has grown in step ``t``: from about a half to one."""
    return 1.0 - 0.5 * _power(0.96, t)


def _towards(mean: Any, new: Any, keep: float) -> Any:
    """A running mean, brought nearer to a new value."""
    return mean + (new - mean) * (1 - keep)


def _narrow(constant: float, like: Any) -> Any:
    """A constant as Keras casts it: through float32, in float64 too."""
    return like.dtype.type(np.float32(constant))


def _power(base: float, t: Any) -> Any:
    return fnp.power(_narrow(base, t), t)
