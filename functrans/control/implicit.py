"""Derivatives of samples that have no formula: a gamma number as a function of its shape parameter.

A sample is the quantile x(a) of some probability, so dx/da = −(∂P/∂a)/(∂P/∂x), P being the
regularised lower incomplete gamma function (M. Figurnov, S. Mohamed and A. Mnih, "Implicit
reparameterization gradients", NeurIPS 2018). P and its derivative are summed together, term by
term: for x below a + 1 by the series 8.7.1 of the NIST Digital Library of Mathematical Functions,
above as 1 − P by the continued fraction 8.9.2, evaluated as W. J. Lentz does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.control.call import jit
from functrans.control.while_loop import while_loop
from functrans.core.avals import dtype_of, shape_of
from functrans.core.primitive import Primitive
from functrans.core.trace import bind
from functrans.primitives.elementwise import abs_, digamma, exp, log
from functrans.primitives.layout import full_like
from functrans.primitives.linear import elementwise, select_n
from functrans.primitives.reductions import reduce_or

_MOST = 100_000  # steps: enough for shape parameters up to 1e8


def _until_small(step: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    """``step(i, *state)`` for i = 1, 2, …; it also says where the result still changes."""

    def going(carry: Any) -> Any:
        i, changing, _ = carry
        return (i <= _MOST) & reduce_or(changing, tuple(range(len(shape_of(changing)))))

    def one(carry: Any) -> Any:
        i, _, state = carry
        changing, state = step(i, *state)
        return i + 1, changing, state

    found: tuple[Any, ...] = while_loop(going, one, (1.0, full_like(state[0], 1) > 0, state))[2]
    return found


def _counts(x: Any, total: Any) -> Any:
    """Whether adding ``x`` still changes ``total``."""
    return abs_(x) > abs_(total) * np.finfo(dtype_of(x)).eps


def _series(a: Any, x: Any) -> tuple[Any, Any]:
    """Σ xⁿ / ((a+1)…(a+n)) and its derivative in a."""

    def step(n: Any, term: Any, slope: Any, total: Any, total_slope: Any) -> Any:
        factor = x / (a + n)
        slope = factor * (slope - term / (a + n))
        term = term * factor
        state = term, slope, total + term, total_slope + slope
        return _counts(term, state[2]) | _counts(slope, state[3]), state

    one, zero = full_like(x, 1), full_like(x, 0)
    return _until_small(step, (one, zero, one, zero))[2:]


def _fraction(a: Any, x: Any) -> tuple[Any, Any]:
    """1/(x+1−a − 1(1−a)/(x+3−a − 2(2−a)/(x+5−a − …))) and its derivative in a."""

    def step(i: Any, b: Any, c: Any, dc: Any, d: Any, dd: Any, h: Any, dh: Any) -> Any:
        top = i * (a - i)
        b = b + 2.0
        bottom, dbottom = top * d + b, i * d + top * dd - 1.0
        d = 1.0 / bottom
        dd = -dbottom * d * d
        c, dc = b + top / c, (i - top * dc / c) / c - 1.0
        change, dchange = d * c, dd * c + d * dc
        state = b, c, dc, d, dd, h * change, dh * change + h * dchange
        return _counts((change - 1.0) * 0.5, change) | _counts(h * dchange, state[6]), state

    b = x + 1.0 - a
    d = 1.0 / b
    start = b, full_like(x, np.inf), full_like(x, 0), d, d * d, d, d * d
    return _until_small(step, start)[5:]


@jit
def _log_slope(a: Any, y: Any) -> Any:
    """d(log x)/da at fixed probability, for y = log x."""
    x = exp(y)
    below = x < a + 1.0
    total, slope = _series(a, select_n(below, full_like(x, 0), x))
    near = -(total * (y - digamma(a + 1.0)) + slope) / a
    total, slope = _fraction(a, select_n(below, x, a + 2.0))
    far = total * (y - digamma(a)) + slope
    return select_n(below, far, near)


def random_gamma_grad(a: Any, x: Any) -> Any:
    """How the sample ``x`` of a gamma distribution moves with the shape parameter ``a``."""
    zero = x == 0.0
    slope = x * _log_slope(a, log(select_n(zero, x, full_like(x, 1))))
    return select_n(zero, slope, full_like(x, 0))


def _slope(out: Any, a: Any, sample: Any, *, log: int) -> Any:
    # At ``out``, not at ``sample``: for a second derivative, x follows a.
    return _log_slope(a, out) if log else random_gamma_grad(a, out)


def _sample(a: Any, sample: Any, *, log: int) -> Any:
    return sample


gamma_sample_p: Primitive = elementwise(
    "gamma_sample", _sample, [_slope, None], static="log", scalar="second"
)


def gamma_sample(a: Any, sample: Any, log: bool) -> Any:
    """``sample``, or where ``log`` its logarithm, as a function of the shape parameter ``a``.

    The sample itself counts as a constant.
    """
    return bind(gamma_sample_p, a, sample, log=int(log))
