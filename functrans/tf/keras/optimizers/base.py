"""What all optimizers do: their state, what happens to gradients before a rule, and after it.

A rule is a pure function of plain or traced values, so that a step runs eagerly in few NumPy
calls and compiles inside a ``tf.function``.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from functrans import numpy as fnp
from functrans.extend import detached
from functrans.tf.convert import NumpyDtype, as_tensor
from functrans.tf.errors import InvalidTypeError, InvalidValueError
from functrans.tf.keras.optimizers.schedules import LearningRateSchedule
from functrans.tf.keras.options import name_of, signature
from functrans.tf.keras.state import State
from functrans.tf.scopes import init_scope
from functrans.tf.tape import GradientTape
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.variable import Variable, check_update

_COMMON: dict[str, Any] = {
    "weight_decay": None,
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
    "name": None,
}
"""The arguments that all optimizers have after their own, and their defaults."""


class Gradient:
    """A gradient as rules use it: ``dense``, and functions of the elements of what was given.

    Of sparse rows given twice, functions see each, and the sum is theirs: as in Keras.
    """

    __slots__ = ("_rows", "dense")

    def __init__(self, dense: Any, rows: Any = None) -> None:
        self.dense = dense
        self._rows = rows

    def each(self, function: Callable[[Any], Any]) -> Any:
        """A function of each element."""
        if self._rows is None:
            return function(self.dense)
        indices, values = self._rows
        return fnp.at(fnp.zeros_like(self.dense))[indices].add(function(values))

    @property
    def given(self) -> Any:
        """The elements that were given."""
        return self.dense if self._rows is None else self._rows[1]

    def after(self, function: Callable[[Any], Any]) -> Gradient:
        """The gradient whose elements given are a function of these together."""
        if self._rows is None:
            return Gradient(function(self.dense))
        return Gradient(self.each(function), (self._rows[0], function(self._rows[1])))


class Step:
    """What is the same for all variables of a dtype in one step: the rate, and the count from 1."""

    __slots__ = ("rate", "t")

    def __init__(self, rate: Any, t: Any) -> None:
        self.rate = rate
        self.t = t


class Optimizer:
    """Base of the optimizers: what they have in common.

    Parameters
    ----------
    learning_rate: a number, a schedule of the step, or a function that gives a number.
    weight_decay: the part of the variables, times the learning rate, taken off in each step.
    clipnorm, clipvalue, global_clipnorm: bounds of each gradient's norm, of each element, or of
        the norm of all gradients together; at most one of them.
    use_ema, ema_momentum, ema_overwrite_frequency: keep running averages of the variables, which
        replace them every so many steps, or at :meth:`finalize_variable_values`.
    loss_scale_factor: what the loss was multiplied by: gradients are divided by it.

    >>> import functrans.tf as tf
    >>> w = tf.Variable(1.0)
    >>> optimizer = tf.keras.optimizers.SGD(learning_rate=0.1)
    >>> _ = optimizer.apply_gradients([(tf.constant(2.0), w)])
    >>> float(w), int(optimizer.iterations)
    (0.800000011920929, 1)
    """

    __signature__: ClassVar[inspect.Signature]
    _defaults: ClassVar[dict[str, Any]] = {"learning_rate": 0.001, **_COMMON}

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str

    def __init_subclass__(cls, **own: Any) -> None:
        """The optimizer's own arguments, with their defaults, in their order."""
        super().__init_subclass__()
        if own:
            cls._defaults = own | {k: v for k, v in _COMMON.items() if k not in own}
            cls.__signature__ = signature(cls._defaults)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.pop("decay", None) is not None:
            warnings.warn(
                "Argument `decay` is no longer supported and will be ignored.", stacklevel=2
            )
        unknown = {k: v for k, v in kwargs.items() if k not in self._defaults}
        if unknown:
            raise InvalidValueError(
                f"Argument(s) not recognized: {unknown}",
                "The learning rate is `learning_rate`; for decay pass a schedule.",
            )
        options = self._defaults | signature(self._defaults).bind(*args, **kwargs).arguments
        learning_rate = options.pop("learning_rate")
        if options["name"] is None:
            options["name"] = name_of(type(self))
        for option, chosen in options.items():
            setattr(self, option, chosen)
        self._check()
        self.built = False
        self._iterations = self._state(np.int64(0), "iteration")
        self._rate = self._checked_rate(learning_rate)
        self._places: dict[int, int] = {}
        self._trained: list[Variable] = []
        self._slots: list[tuple[State, ...]] = []
        self._averages: list[State] = []
        self._not_decayed: set[int] = set()
        self._not_decayed_names: tuple[str, ...] = ()
        self._prepare()

    def _prepare(self) -> None:
        """What an optimizer does with its own arguments."""

    def _check(self) -> None:
        clipnorm, clipvalue, global_clipnorm = self.clipnorm, self.clipvalue, self.global_clipnorm
        bounds = [b for b in (clipnorm, clipvalue, global_clipnorm) if b is not None]
        if len(bounds) > 1:
            raise InvalidValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: "
                f"clipnorm={clipnorm}, clipvalue={clipvalue}, global_clipnorm={global_clipnorm}",
                "Choose one.",
            )
        if self.gradient_accumulation_steps is not None:
            raise InvalidValueError(
                "`gradient_accumulation_steps` is not supported here.",
                "Add up gradients in the training loop, and apply their mean.",
            )
        momentum, frequency = self.ema_momentum, self.ema_overwrite_frequency
        if self.use_ema and not 0 <= momentum <= 1:
            raise InvalidValueError(
                f"`ema_momentum` must be in the range [0, 1]. Received: ema_momentum={momentum}",
                "0.99 is usual.",
            )
        if self.use_ema and frequency is not None and frequency < 1:
            raise InvalidValueError(
                "`ema_overwrite_frequency` must be an integer >= 1 or None. Received: "
                f"ema_overwrite_frequency={frequency}",
                "Give a number of steps.",
            )

    def _checked_rate(self, rate: Any) -> Any:
        if isinstance(rate, LearningRateSchedule) or callable(rate):
            return rate
        if not isinstance(rate, int | float | np.number | Tensor | Variable):
            raise InvalidValueError(
                "Argument `learning_rate` should be float, or an instance of "
                "LearningRateSchedule, or a callable (that takes in the current iteration "
                "value and returns the corresponding learning rate value). Received instead: "
                f"learning_rate={rate}",
                "Give a number, or a schedule of tf.keras.optimizers.schedules.",
            )
        return self._state(np.float32(float(rate)), "learning_rate")

    def _state(self, initial: Any, name: str) -> State:
        return State(initial, name, f"{self.name}/{name}")

    # --- the learning rate and the count

    @property
    def iterations(self) -> State:
        """The number of steps made."""
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate: a variable, or what the schedule gives for the next step."""
        rate = self._rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)
        return rate if isinstance(rate, State) else rate()

    @learning_rate.setter
    def learning_rate(self, new: Any) -> None:
        if isinstance(new, LearningRateSchedule):
            self._rate = new
        elif isinstance(self._rate, State):
            self._rate.assign(new)
        elif isinstance(self._rate, LearningRateSchedule):
            raise InvalidTypeError(
                "This optimizer was created with a `LearningRateSchedule` object as its "
                "`learning_rate` constructor argument, hence its learning rate is not settable. If "
                "you need the learning rate to be settable, you should instantiate the optimizer "
                "with a float `learning_rate` argument.",
                "Make the optimizer with a number.",
            )
        else:
            self._rate = new if callable(new) else self._state(np.float32(new), "learning_rate")

    # --- state

    @property
    def variables(self) -> list[State]:
        """The optimizer's own variables: the count, the learning rate, and those of the rule."""
        rate = [self._rate] if isinstance(self._rate, State) else []
        return [self._iterations, *rate, *self._own_state()]

    def _own_state(self) -> list[State]:
        grouped = len(self._together)
        slots = [s for slots in self._slots for s in slots[:grouped]]
        for place in range(grouped, max(map(len, self._slots), default=0)):
            slots += [slots_of[place] for slots_of in self._slots]
        return [*self._averages, *slots]

    _together: tuple[str, ...] = ()
    """The slots that come variable by variable in ``variables``, before the others."""

    def slot_names(self) -> dict[str, float]:
        """The names of the rule's variables for each trained one, and what they are filled with."""
        return {}

    def build(self, var_list: Iterable[Any]) -> None:
        """Make the state for the variables that shall be trained."""
        if self.built:
            return
        self._trained = [_root(v) for v in var_list]
        self._places = {id(v): i for i, v in enumerate(self._trained)}
        with init_scope():
            if self.use_ema:
                self._averages = [self._slot(v, "average", 0.0) for v in self._trained]
            names = self.slot_names()
            self._slots = [
                tuple(self._slot(v, name, fill) for name, fill in names.items())
                for v in self._trained
            ]
        self.built = True

    def _slot(self, variable: Variable, name: str, fill: float) -> State:
        prefix = variable.name.replace("/", "_").replace(":", "_")
        v = variable._v
        return self._state(np.full(v.shape, np.float32(fill), v.dtype)[()], f"{prefix}_{name}")

    # --- steps

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> State:
        """Change variables by their gradients, as pairs; returns the count of steps.

        Variables whose gradient is None stay, and a warning names them.

        Raises
        ------
        InvalidValueError: no gradient at all; a variable that was not there in the first step.
        """
        grads, variables = zip(*grads_and_vars, strict=True)
        self.apply(grads, variables)
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """As :meth:`apply_gradients`, of two lists; without variables, those it was built with."""
        if trainable_variables is None:
            if not self.built:
                raise InvalidValueError(
                    "When passing `grads` without `variables`, the optimizer must already be built "
                    "on a list of variables. Call `optimizer.build(trainable_variables)` first. ",
                    "Pass the variables too.",
                )
            variables = self._trained
        else:
            variables = [_root(v) for v in trainable_variables]
            self.build(variables)
        pairs = _with_gradients(list(zip(grads, variables, strict=False)))
        with np.errstate(all="ignore"):
            self._step(pairs)

    def minimize(self, loss: Any, var_list: Any, tape: GradientTape | None = None) -> State:
        """One step down the gradient of a loss: a function, or a tensor with its tape.

        Keras 3 has no such method, TensorFlow's optimizers before it did.
        """
        if callable(loss):
            tape = GradientTape() if tape is None else tape
            with tape:
                loss = loss()
        elif tape is None:
            raise InvalidValueError(
                "`tape` is required when a `Tensor` loss is passed.",
                "Pass the tape that saw the loss computed, or a function that computes it.",
            )
        variables = list(var_list() if callable(var_list) else var_list)
        return self.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def _step(self, pairs: list[tuple[Any, Variable]]) -> None:
        count = self._iterations._current()
        rate = _value(self.learning_rate)
        gradients = self._clipped([self._gradient(g, v) for g, v in pairs])
        steps: dict[NumpyDtype, Step] = {}
        self._begin(count + 1)
        for gradient, (_, variable) in zip(gradients, pairs, strict=True):
            place = self._place(variable)
            dtype = variable._dtype
            if dtype not in steps:
                steps[dtype] = Step(fnp.astype(rate, dtype), fnp.astype(count + 1, dtype))
            step = steps[dtype]
            v = variable._current()
            check_update("AssignSubVariableOp", v, gradient.dense)
            if self.weight_decay is not None and self._decays(variable):
                v = v - v * self.weight_decay * step.rate
            slots = self._slots[place]
            new, *state = self.rule(step, v, gradient, *[s._current() for s in slots])
            if self.use_ema:
                new = self._averaged(place, new, count)
            if variable._constraint is not None:
                new = _value(variable._constraint(wrap(new)))
            variable._store(_as(new, dtype))
            for slot, s in zip(slots, state, strict=True):
                slot._store(_as(s, dtype))
        self._iterations._store(count + 1)

    def _begin(self, t: Any) -> None:
        """What a rule does once a step, before the variables."""

    def rule(self, step: Step, v: Any, gradient: Gradient, *slots: Any) -> tuple[Any, ...]:
        """The new value of a variable and of its slots; the rule that makes the optimizer."""
        raise NotImplementedError

    def _place(self, variable: Variable) -> int:
        place = self._places.get(id(variable))
        if place is None:
            raise InvalidValueError(
                f"Unknown variable: {variable}. This optimizer can only be called for the "
                "variables it was originally built with. When working with a new set of variables, "
                "you should recreate a new optimizer instance.",
                "Make an optimizer for these variables, or call build with all of them first.",
            )
        return place

    def _gradient(self, given: Any, variable: Variable) -> Gradient:
        """What was given as a gradient, in the variable's dtype."""
        dtype = variable._dtype
        dense = _as(detached(value(as_tensor(given))), dtype)
        rows = None
        if type(given) is not Tensor and hasattr(given, "indices"):
            indices, values = as_tensor(given.indices), as_tensor(given.values)
            rows = detached(value(indices)), _as(detached(value(values)), dtype)
        if self.loss_scale_factor is not None:
            dense = dense / self.loss_scale_factor
            rows = None if rows is None else (rows[0], rows[1] / self.loss_scale_factor)
        return Gradient(dense, rows)

    # --- before and after the rule

    def _clipped(self, gradients: list[Gradient]) -> list[Gradient]:
        if self.clipnorm is not None and self.clipnorm > 0:
            limit = self.clipnorm
            return [g.after(lambda x: _within_norm(x, limit)) for g in gradients]
        if self.clipvalue is not None and self.clipvalue > 0:
            bound = self.clipvalue
            return [g.after(lambda x: fnp.clip(x, -bound, bound)) for g in gradients]
        if self.global_clipnorm is not None and self.global_clipnorm > 0:
            bound = self.global_clipnorm
            norm = fnp.sqrt(sum(fnp.sum(fnp.square(g.given)) for g in gradients))
            scale = bound * fnp.minimum(1.0 / norm, 1.0 / bound) + (norm - norm)  # NaN stays NaN
            return [g.after(lambda x: x * scale) for g in gradients]
        return gradients

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        """Leave variables, or those with a part of their name, out of the weight decay."""
        self._not_decayed = {id(_root(v)) for v in var_list or ()}
        self._not_decayed_names = tuple(var_names or ())

    def _decays(self, variable: Variable) -> bool:
        named = any(part in variable.name for part in self._not_decayed_names)
        return not named and id(variable) not in self._not_decayed

    def _averaged(self, place: int, v: Any, count: Any) -> Any:
        """The variable's value after its running average is brought up to date."""
        average = self._averages[place]
        momentum = fnp.where(count == 0, 0.0, self.ema_momentum).astype(v.dtype)
        mean = momentum * average._current() + (1 - momentum) * v
        average._store(mean)
        if self.ema_overwrite_frequency is None:
            return v
        return fnp.where((count + 1) % self.ema_overwrite_frequency == 0, mean, v)

    def finalize_variable_values(self, var_list: Any) -> None:
        """With ``use_ema``, put the running averages into the variables."""
        if self.use_ema:
            for variable in map(_root, var_list):
                variable.assign(self._averages[self._place(variable)])

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the factor that gradients are divided by."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # --- configuration

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an optimizer like this one."""
        config = {n: getattr(self, n) for n in self._defaults if n != "learning_rate"}
        rate = self._rate
        return {"learning_rate": float(rate) if isinstance(rate, State) else rate, **config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The optimizer of a configuration."""
        return cls(**config)


def _root(variable: Any) -> Variable:
    if not isinstance(variable, Variable):
        raise InvalidTypeError(
            f"Optimizers change variables, but got {variable!r}.",
            "Make it a tf.Variable, and take the gradient with respect to that.",
        )
    return variable._root()


def _with_gradients(pairs: list[tuple[Any, Variable]]) -> list[tuple[Any, Variable]]:
    """The pairs that have a gradient."""
    found = [(g, v) for g, v in pairs if g is not None]
    if len(found) == len(pairs):
        return pairs
    if not found:
        raise InvalidValueError(
            "No gradients provided for any variable.",
            "Compute the loss from the variables inside the tape's block.",
        )
    missing = [v.name for g, v in pairs if g is None]
    warnings.warn(
        f"Gradients do not exist for variables {missing} when minimizing the loss. If using "
        "`model.compile()`, did you forget to provide a `loss` argument?",
        stacklevel=4,
    )
    return found


def _value(x: Any) -> Any:
    return detached(value(as_tensor(x)))


def _as(v: Any, dtype: NumpyDtype) -> Any:
    return v if v.dtype == dtype else fnp.astype(v, dtype)


def _within_norm(g: Any, bound: float) -> Any:
    total = fnp.sum(fnp.square(g))
    norm = fnp.sqrt(fnp.where(total > 0, total, 1.0).astype(g.dtype))
    norm = fnp.where(total > 0, norm, total)
    return (g * bound / fnp.maximum(norm, bound)).astype(g.dtype)
