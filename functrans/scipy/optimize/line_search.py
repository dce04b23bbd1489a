"""A step along a direction that satisfies the strong Wolfe conditions.

Nocedal and Wright, *Numerical Optimization*, 2nd edition (2006), algorithms 3.5 and 3.6, as one
loop: as long as a bracket has no upper end, that end is infinitely far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import functrans.numpy as fnp
from functrans import tree
from functrans.control.while_loop import while_loop

_DECREASE, _CURVATURE = 1e-4, 0.9  # c₁ and c₂ of (3.7)


class Point(NamedTuple):
    """A step, and the function there: its value, its slope along the line, its gradient."""

    step: Any
    value: Any
    slope: Any
    gradient: Any


class Search(NamedTuple):
    """The bracket, the step to try next, whether the search has ended, and after how many."""

    low: Point
    high: Point
    trial: Any
    found: Any
    count: Any


def line_search(
    along: Callable[[Any], Point], start: Point, first: Any, most: int
) -> tuple[Point, Any]:
    """A point that satisfies the strong Wolfe conditions, and how often ``along`` was called.

    After ``most`` calls it is the best point that decreases the function enough, which may be
    ``start``.
    """

    def searching(state: Search) -> Any:
        return fnp.logical_and(fnp.logical_not(state.found), state.count < most)

    def tried(state: Search) -> Search:
        point, low, high = along(state.trial), state.low, state.high
        enough = point.value <= start.value + _DECREASE * point.step * start.slope
        better = fnp.logical_and(enough, point.value < low.value)
        flat = fnp.absolute(point.slope) <= -_CURVATURE * start.slope
        # The low end is the best point yet; the function falls from it towards the high end.
        turned = point.slope * (high.step - low.step) >= 0
        high = _select(better, _select(turned, low, high), point)
        low = _select(better, point, low)
        found = fnp.logical_and(better, flat)
        return Search(low, high, _next(low, high), found, state.count + 1)

    nowhere = start._replace(step=fnp.full_like(start.step, fnp.inf))
    begin = Search(start, nowhere, first, fnp.asarray(False), fnp.asarray(0))
    end = while_loop(searching, tried, begin)
    return end.low, end.count


def _select(mask: Any, x: Point, y: Point) -> Point:
    return Point(*tree.map(lambda a, b: fnp.where(mask, a, b), tuple(x), tuple(y)))


def _next(low: Point, high: Point) -> Any:
    """Twice as far without a bracket; else the minimum of the cubic through both ends, (3.59)."""
    bracketed = fnp.isfinite(high.step)
    far = fnp.where(bracketed, high.step, low.step + 1.0)
    width = far - low.step
    d1 = low.slope + high.slope - 3.0 * (high.value - low.value) / width
    under = d1 * d1 - low.slope * high.slope
    root = fnp.sign(width) * fnp.sqrt(fnp.where(under > 0, under, 1.0))
    share = 1.0 - (high.slope + root - d1) / (high.slope - low.slope + 2.0 * root)
    # Near an end, or without a minimum in between: the middle.
    inside = fnp.logical_and(under > 0, fnp.logical_and(share > 0.1, share < 0.9))
    inner = low.step + fnp.where(inside, share, 0.5) * width
    return fnp.where(bracketed, inner, 2.0 * low.step)
