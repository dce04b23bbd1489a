"""Minimisation by the method of Broyden, Fletcher, Goldfarb and Shanno.

Nocedal and Wright, *Numerical Optimization*, 2nd edition (2006), algorithm 6.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import functrans.numpy as fnp
from functrans.control.while_loop import while_loop
from functrans.scipy.optimize.line_search import Point, line_search
from functrans.transforms.derived import value_and_grad


class State(NamedTuple):
    """Where the minimisation is, and what it knows of the function there."""

    x: Any
    value: Any
    gradient: Any
    inverse: Any
    steps: Any
    calls: Any
    small: Any
    stuck: Any


def bfgs(
    function: Callable[[Any], Any],
    x0: Any,
    *,
    maxiter: int | None = None,
    norm: float = fnp.inf,
    gtol: float = 1e-5,
    line_search_maxiter: int = 20,
) -> State:
    """The last state: its gradient is less than ``gtol`` where it succeeded.

    It is stuck when no step along a direction makes the function smaller.
    """
    n = x0.shape[0]
    most = 200 * n if maxiter is None else maxiter
    value, gradient = value_and_grad(function)(x0)
    identity = fnp.eye(n, dtype=x0.dtype)
    zero, no = fnp.asarray(0), fnp.asarray(False)

    def small(gradient: Any) -> Any:
        return fnp.linalg.norm(gradient, norm) < gtol

    def going(s: State) -> Any:
        ended = fnp.logical_or(s.small, s.stuck)
        return fnp.logical_and(fnp.logical_not(ended), s.steps < most)

    def improved(s: State) -> State:
        direction = -(s.inverse @ s.gradient)

        def along(step: Any) -> Point:
            value, gradient = value_and_grad(function)(s.x + step * direction)
            return Point(step, value, gradient @ direction, gradient)

        start = Point(s.x[0] * 0.0, s.value, s.gradient @ direction, s.gradient)
        # The first direction has no scale of its own: a step of length 1 at most.
        unit = 1.0 / fnp.sqrt(fnp.where(s.steps == 0, fnp.sum(fnp.square(s.gradient)), 1.0))
        first = fnp.minimum(fnp.ones_like(unit), unit)
        found, calls = line_search(along, start, first, line_search_maxiter)
        moved, change = found.step * direction, found.gradient - s.gradient
        return State(
            x=s.x + moved,
            value=found.value,
            gradient=found.gradient,
            inverse=_updated(s.inverse, moved, change, identity),
            steps=s.steps + 1,
            calls=s.calls + calls,
            small=small(found.gradient),
            stuck=found.step == 0,
        )

    begin = State(x0, value, gradient, identity, zero, zero + 1, small(gradient), no)
    end: State = while_loop(going, improved, begin)
    return end


def _updated(inverse: Any, moved: Any, change: Any, identity: Any) -> Any:
    """(6.17): the inverse Hessian after a step, unchanged by one without positive curvature."""
    curvature = moved @ change
    positive = curvature > 0
    rho = 1.0 / fnp.where(positive, curvature, 1.0)
    left = identity - rho * fnp.outer(moved, change)
    return fnp.where(positive, left @ inverse @ left.T + rho * fnp.outer(moved, moved), inverse)
