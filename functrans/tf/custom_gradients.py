"""Gradients of one's own: custom_gradient, recompute_grad, grad_pass_through; and the absent ones.

The function runs once, under all tapes. Its results are then taken from the tapes and given back
with the rule: one operation, whose pullback is the user's function of tensors. Under tapes alone
that function is Python, conditions on values included. While a ``tf.function`` or a transform of
functrans traces, it becomes a program, whose arguments are the traced values that it closes over.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, update_wrapper
from typing import Any

import numpy as np

import functrans as ft
from functrans import numpy as fnp
from functrans.extend import AnyRecording, ForwardRecording, Recording, detached, open_recordings
from functrans.tf import nest
from functrans.tf.convert import as_tensor, is_traced
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
)
from functrans.tf.tape import GradientTape
from functrans.tf.tensor import Tensor, TensorLike, WatchedVariable, Watcher, value, wrap

Function = Callable[..., Any]
Values = Sequence[Any]


class _VariablesRead(Watcher, ForwardRecording):
    """Notes which trainable variables are read in its block, and records nothing."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[int, WatchedVariable] = {}

    def watched_value(self, thing: Any, v: Any) -> Any:
        if isinstance(thing, WatchedVariable):
            self.found.setdefault(id(thing), thing)
        return v


def _pushing() -> list[ForwardRecording]:
    """The forward recordings that run here."""
    return [r for r in open_recordings() if isinstance(r, ForwardRecording)]


@contextmanager
def _paused(recordings: Sequence[AnyRecording]) -> Iterator[None]:
    """A block in which some recordings do not record."""
    for recording in recordings:
        recording.pause()
    try:
        yield
    finally:
        for recording in recordings:
            recording.resume()


class _Custom:
    """A function with a gradient of its own; it binds as functions do in classes."""

    def __init__(self, function: Function) -> None:
        self._function = function
        update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _run(self._function, args, kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else _Custom(self._function.__get__(instance, owner))


def custom_gradient(f: Any = None) -> Any:
    """Decorator for a function that returns its result with the function of its gradient.

    The decorated function returns ``(y, grad_fn)``. ``grad_fn`` gets the gradient of each result
    and returns one for each positional argument, None for none. If variables are read that are
    no arguments, it takes them as ``variables=`` and returns ``(gradients, variable_gradients)``.

    Raises
    ------
    InvalidTypeError: variables were read, but ``grad_fn`` has no argument ``variables``.
    InvalidValueError: a wrong number of gradients.

    >>> import functrans.tf as tf
    >>> @tf.custom_gradient
    ... def clipped(x):
    ...     return x * x, lambda dy: tf.minimum(dy * 2.0 * x, 1.0)
    >>> x = tf.constant(3.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = clipped(x)
    >>> tape.gradient(y, x).numpy()
    np.float32(1.0)
    """
    return custom_gradient if f is None else _Custom(f)


def _run(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with _VariablesRead() as read:
        result, grad_fn = function(*args, **kwargs)
    given = nest.flatten(args)
    named = nest.flatten(list(kwargs.values()))
    variables = [v for v in read.found.values() if all(v is not x for x in [*given, *named])]
    if variables and not _takes_variables(grad_fn):
        raise InvalidTypeError(
            "@tf.custom_gradient grad_fn must accept keyword argument 'variables', since function "
            f"uses variables: {variables}",
            "Write def grad(dy, variables=None), and return (gradients, variable_gradients).",
        )
    results = [as_tensor(x) for x in nest.flatten(result)]
    rule = _Rule(grad_fn, given, variables, results)
    return nest.pack_sequence_as(result, rule.connected())


def _takes_variables(grad_fn: Function) -> bool:
    parameters = inspect.signature(grad_fn).parameters
    if "variables" in parameters:
        return True
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())


class _Rule:
    """One call: what it was given, what it returned, and the function of its gradient."""

    __slots__ = ("arguments", "function", "inputs", "places", "results", "smooth", "variables")

    def __init__(
        self,
        function: Function,
        given: Sequence[Any],
        variables: Sequence[WatchedVariable],
        results: Sequence[Tensor],
    ) -> None:
        self.function = function
        self.arguments = len(given)
        self.variables = variables
        self.results = results
        self.smooth = [i for i, r in enumerate(results) if r._dtype.kind in "fc"]
        things = [
            as_tensor(x) if isinstance(x, Tensor | TensorLike) else None
            for x in [*given, *variables]
        ]
        self.places = [i for i, x in enumerate(things) if x is not None and x._dtype.kind in "fc"]
        self.inputs = [value(x) for x in things if x is not None and x._dtype.kind in "fc"]

    def connected(self) -> list[Tensor]:
        """The results as results of the operation with this rule."""
        values = [value(r) for r in self.results]
        outs = [detached(v) for v in values]
        only_tapes = not any(is_traced(v) for v in [*outs, *map(detached, self.inputs)])
        if not only_tapes:
            outs = [ft.stop_gradient(v) for v in outs]
        pushing = _pushing()
        if self.inputs and self.smooth:
            with _paused(pushing):
                found = self._with_pullback([outs[i] for i in self.smooth], only_tapes)
            for i, y in zip(self.smooth, found, strict=True):
                outs[i] = y
        for recording in pushing:  # forward derivatives are those of what ran
            for i in self.smooth:
                tangent = recording.tangent_of(values[i])
                if tangent is not None:
                    outs[i] = recording.lift(outs[i], tangent)
        return [wrap(o, r._dtype) for o, r in zip(outs, self.results, strict=True)]

    def _with_pullback(self, ys: Values, only_tapes: bool) -> Values:
        if only_tapes:
            return _with_pullback(self._pulled, (), self.inputs, ys)
        program, closed_over = ft.closure_convert(lambda *cts: self.gradients(cts), *ys)

        def pullback(closed_over: Values, cotangents: Values) -> Values:
            pulled: Values = program(*cotangents, *closed_over)
            return pulled

        return _with_pullback(pullback, closed_over, self.inputs, ys)

    def _pulled(self, _: Values, cotangents: Values) -> Values:
        return self.gradients(cotangents)

    def gradients(self, cotangents: Values) -> list[Any]:
        """What the user's function returns for the inputs, in functrans' convention."""
        of_smooth = dict(zip(self.smooth, cotangents, strict=True))
        seeds = [
            wrap(_turned(of_smooth[i]) if i in of_smooth else np.zeros(r._v.shape, r._dtype)[()])
            for i, r in enumerate(self.results)
        ]
        found = [*self._called(seeds)]
        return [
            None if found[place] is None else self._fitting(found[place], v)
            for place, v in zip(self.places, self.inputs, strict=True)
        ]

    def _called(self, seeds: Sequence[Tensor]) -> Sequence[Any]:
        """The gradients of all arguments, then of all variables."""
        of_variables: Sequence[Any] = ()
        if self.variables:
            found, of_variables = self.function(*seeds, variables=self.variables)
            if len(of_variables) != len(self.variables):
                raise InvalidValueError(
                    "Must return gradient for each variable from @custom_gradient grad_fn.",
                    "Return (gradients, [one for each of variables]).",
                )
        else:
            found = self.function(*seeds)
        of_arguments = nest.flatten(found)
        if len(of_arguments) != self.arguments:
            raise InvalidValueError(
                f"custom_gradient function expected to return {self.arguments} gradients, but "
                f"returned {len(of_arguments)} instead.",
                "Return a gradient, or None, for each positional argument.",
            )
        return [*of_arguments, *of_variables]

    def _fitting(self, gradient: Any, v: Any) -> Any:
        """A gradient of the input ``v`` as a cotangent."""
        tensor = as_tensor(gradient)
        if tensor._dtype != v.dtype or tuple(tensor._v.shape) != tuple(v.shape):
            raise InvalidArgumentError.at(
                f"custom_gradient function returned a gradient of shape {tensor.shape} and dtype "
                f"{tensor.dtype.name} for an argument of shape {tuple(v.shape)} and dtype "
                f"{v.dtype.name}.",
                "Return gradients of their arguments' shapes and dtypes.",
            )
        return _turned(value(tensor))


def _turned(v: Any) -> Any:
    """To TensorFlow's gradient from the cotangent, and back: they are conjugates."""
    return fnp.conj(v) if v.dtype.kind == "c" else v


@partial(ft.custom_vjp, nondiff_argnums=(0,))
def _with_pullback(pullback: Function, residuals: Values, xs: Values, ys: Values) -> Values:
    """``ys`` as functions of ``xs`` with this pullback, at every level of derivatives."""
    return ys


def _forward(pullback: Function, residuals: Values, xs: Values, ys: Values) -> Any:
    if any(is_traced(x) for x in (*residuals, *xs, *ys)):  # an outer derivative finds the rule too
        ys = _with_pullback(pullback, residuals, xs, ys)
    return ys, residuals


def _backward(pullback: Function, residuals: Values, cotangents: Values) -> Any:
    return None, pullback(residuals, cotangents), None


_with_pullback.defvjp(_forward, _backward)


# --- ready-made ----------------------------------------------------------------------------------


def grad_pass_through(f: Any) -> Any:
    """``f`` with the gradient of the identity: that of the result goes to the argument.

    >>> import functrans.tf as tf
    >>> rounded = tf.grad_pass_through(tf.round)
    >>> x = tf.constant(1.6)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = rounded(x)
    >>> tape.gradient(y, x).numpy()
    np.float32(1.0)
    """

    def passed(*args: Any, **kwargs: Any) -> Any:
        def grad(*dys: Any, variables: Any = None) -> Any:
            return dys if variables is None else (dys, [None] * len(variables))

        return f(*args, **kwargs), grad

    return update_wrapper(_Custom(passed), f)


def recompute_grad(f: Any) -> Any:
    """``f``, of which tapes keep nothing but the arguments: the gradient runs it again.

    >>> import functrans.tf as tf
    >>> x = tf.constant(3.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = tf.recompute_grad(lambda x: x * x)(x)
    >>> tape.gradient(y, x).numpy()
    np.float32(6.0)
    """

    def recomputed(*args: Any, **kwargs: Any) -> Any:
        with _paused([r for r in open_recordings() if isinstance(r, Recording)]):
            result = f(*args, **kwargs)

        def grad(*dys: Tensor, variables: Any = None) -> Any:
            leaves = [
                wrap(value(as_tensor(x))) if isinstance(x, Tensor | TensorLike) else x
                for x in nest.flatten(args)
            ]
            sources = [x for x in leaves if isinstance(x, Tensor)]
            with GradientTape() as tape:
                tape.watch([x for x in sources if x.dtype.is_floating or x.dtype.is_complex])
                again = f(*nest.pack_sequence_as(args, leaves), **kwargs)
            found = tape.gradient(
                nest.flatten(again), [sources, list(variables or ())], output_gradients=dys
            )
            rest = iter(found[0])
            of_arguments = [next(rest) if isinstance(x, Tensor) else None for x in leaves]
            return of_arguments if variables is None else (of_arguments, found[1])

        return result, grad

    return update_wrapper(_Custom(recomputed), f)
