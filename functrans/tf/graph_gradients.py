"""tf.gradients and tf.hessians: derivatives between values that a ``tf.function`` has staged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import functrans as ft
from functrans import numpy as fnp
from functrans.extend import Staging, detached
from functrans.tf import nest
from functrans.tf.convert import as_tensor
from functrans.tf.errors import InvalidUseError
from functrans.tf.functions import TracingFrame
from functrans.tf.tape import GradientTape, UnconnectedGradients
from functrans.tf.tensor import Tensor, frame, value, wrap


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str | None = "gradients",
    gate_gradients: bool = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Any]:
    """The gradients of the sum of ``ys`` with respect to each of ``xs``, inside ``tf.function``.

    Both are tensors of the running trace, or variables it has read. ``stop_gradients`` are
    constants.

    Raises
    ------
    InvalidUseError: outside ``tf.function``, where only a tape knows what was computed.

    >>> import functrans.tf as tf
    >>> slope = tf.function(lambda x: tf.gradients(x**3, x)[0])
    >>> slope(tf.constant(2.0)).numpy()
    np.float32(12.0)
    """
    staging = _staging("tape.gradient(ys, xs)")
    sources = [as_tensor(x) for x in nest.flatten(xs)]
    fixed = [as_tensor(x) for x in nest.flatten([] if stop_gradients is None else stop_gradients)]
    targets = [as_tensor(y) for y in nest.flatten(ys)]
    again = _again(staging, [*sources, *fixed], targets)
    given = [wrap(v) for v in _values(sources)]
    with GradientTape() as tape:
        tape.watch(given)
        outs = [wrap(v) for v in again(*map(value, given), *_values(fixed))]
    found: list[Any] = tape.gradient(outs, given, grad_ys, unconnected_gradients)
    return found


def hessians(
    ys: Any,
    xs: Any,
    gate_gradients: bool = False,
    aggregation_method: Any = None,
    name: str | None = "hessians",
) -> list[Tensor]:
    """The Hessians of the sum of ``ys`` with respect to each of ``xs``, inside ``tf.function``.

    Raises
    ------
    InvalidUseError: outside ``tf.function``.

    >>> import functrans.tf as tf
    >>> bend = tf.function(lambda x: tf.hessians(tf.reduce_prod(x), x)[0])
    >>> bend(tf.constant([2.0, 3.0])).numpy()
    array([[0., 1.],
           [1., 0.]], dtype=float32)
    """
    staging = _staging("outer.jacobian(inner.gradient(ys, xs), xs), of two tapes")
    targets = [as_tensor(y) for y in nest.flatten(ys)]
    found = []
    for x in map(as_tensor, nest.flatten(xs)):
        again = _again(staging, [x], targets)

        def total(v: Any, again: Callable[..., list[Any]] = again) -> Any:
            return sum(fnp.sum(y) for y in again(v))

        found.append(wrap(ft.hessian(total)(_values([x])[0])))
    return found


def _staging(instead: str) -> Staging:
    around = frame.get()
    if not isinstance(around, TracingFrame):
        raise InvalidUseError(
            "tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape "
            "instead.",
            f"Compute inside with tf.GradientTape() as tape, and ask for {instead}.",
        )
    return around.staging


def _again(
    staging: Staging, ins: Sequence[Tensor], outs: Sequence[Tensor]
) -> Callable[..., list[Any]]:
    """What was staged between tensors, as a function."""
    return staging.between(_values(ins), _values(outs))


def _values(tensors: Sequence[Tensor]) -> list[Any]:
    """The staged values, without what tapes know of them."""
    return [detached(value(t)) for t in tensors]
