"""Elementwise functions that are integrals, Bessel or hypergeometric functions: SciPy's by address.

Derivatives are those of the NIST Digital Library of Mathematical Functions, chapters 6 (exponential
integrals), 7 (error functions), 10 (Bessel), 13 and 15 (hypergeometric) and 25 (dilogarithm), and
of Owen, *Annals of Mathematical Statistics* 27, 1956.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from functrans import kernel
from functrans.core.avals import dtype_of
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import bind
from functrans.primitives import elementwise as ew
from functrans.primitives.elementwise import cos, erf, exp, log, sign, sin
from functrans.primitives.linear import elementwise, select_n

_SQRT_TWO_PI = math.sqrt(2.0 * math.pi)
_TWO_OVER_SQRT_PI = 2.0 / math.sqrt(math.pi)
_NO_PARAMETER = Absent("the derivative with respect to a parameter has no closed form")


def _number(x: Any, value: float) -> Any:
    return dtype_of(x).type(value)


def _guarded(x: Any, pole: float, value: Any, limit: float) -> Any:
    """``value(x)``, and its limit where x is the pole."""
    there = ew.eq(x, _number(x, pole))
    safe = select_n(there, x, _number(x, pole + 1.0))
    return select_n(there, value(safe), _number(x, limit))


def _integral(name: str, partials: Sequence[Any]) -> Primitive:
    """SciPy's ufunc of that name, in compiled code too."""
    return elementwise(
        name, ew.special_function(name), partials, dtype=ew.real_inexact, opaque=name
    )


def _half_of_fresnel(name: str, half: int, slope: Callable[[Any], Any]) -> Primitive:
    """One of the two results of SciPy's ufunc; compiled code calls Python for it."""

    def lower(avals: Sequence[Any], out: Any) -> kernel.Word:
        return kernel.Fallback("scipy.special.fresnel has two results")

    partial = [lambda y, x: slope((0.5 * math.pi) * x * x)]
    return elementwise(
        name,
        ew.special_function("fresnel", half),
        partial,
        dtype=ew.real_inexact,
        lower=lower,
    )


ndtri_p: Primitive = _integral(
    "ndtri",
    [lambda y, p: _SQRT_TWO_PI * exp(0.5 * y * y)],
)
i0_p: Primitive = _integral(
    "i0",
    [lambda y, x: bind(i1_p, x)],
)
i1_p: Primitive = _integral(
    "i1",
    [lambda y, x: bind(i0_p, x) - _guarded(x, 0.0, lambda x: bind(i1_p, x) / x, 0.5)],
)
i0e_p: Primitive = _integral(
    "i0e",
    [lambda y, x: bind(i1e_p, x) - sign(x) * y],
)
i1e_p: Primitive = _integral(
    "i1e",
    # I₀ − I₁·(1/x + sign x), scaled; I₁(x)/x tends to ½
    [
        lambda y, x: (
            bind(i0e_p, x) - y * sign(x) - _guarded(x, 0.0, lambda x: bind(i1e_p, x) / x, 0.5)
        )
    ],
)
j0_p: Primitive = _integral(
    "j0",
    [lambda y, x: -bind(j1_p, x)],
)
j1_p: Primitive = _integral(
    "j1",
    [lambda y, x: bind(j0_p, x) - _guarded(x, 0.0, lambda x: bind(j1_p, x) / x, 0.5)],
)
y0_p: Primitive = _integral(
    "y0",
    [lambda y, x: -bind(y1_p, x)],
)
y1_p: Primitive = _integral(
    "y1",
    [lambda y, x: bind(y0_p, x) - y / x],
)
k0_p: Primitive = _integral(
    "k0",
    [lambda y, x: -bind(k1_p, x)],
)
k1_p: Primitive = _integral(
    "k1",
    [lambda y, x: -bind(k0_p, x) - y / x],
)
k0e_p: Primitive = _integral(
    "k0e",
    [lambda y, x: y - bind(k1e_p, x)],
)
k1e_p: Primitive = _integral(
    "k1e",
    [lambda y, x: y - y / x - bind(k0e_p, x)],
)
fresnel_sin_p: Primitive = _half_of_fresnel("fresnel_sin", 0, sin)
fresnel_cos_p: Primitive = _half_of_fresnel("fresnel_cos", 1, cos)
dawsn_p: Primitive = _integral(
    "dawsn",
    [lambda y, x: 1.0 - 2.0 * x * y],
)
erfcx_p: Primitive = _integral(
    "erfcx",
    [lambda y, x: 2.0 * x * y - _TWO_OVER_SQRT_PI],
)
exp1_p: Primitive = _integral(
    "exp1",
    [lambda y, x: -exp(-x) / x],
)
expi_p: Primitive = _integral(
    "expi",
    [lambda y, x: exp(x) / x],
)
expn_p: Primitive = _integral(
    "expn",
    [_NO_PARAMETER, lambda y, n, x: -_expn_below(n, x)],
)
spence_p: Primitive = _integral(
    "spence",
    [lambda y, x: _guarded(x, 1.0, lambda x: log(x) / (1.0 - x), -1.0)],
)
hyp1f1_p: Primitive = _integral(
    "hyp1f1",
    [
        _NO_PARAMETER,
        _NO_PARAMETER,
        lambda y, a, b, x: (a / b) * bind(hyp1f1_p, a + 1.0, b + 1.0, x),
    ],
)
hyp2f1_p: Primitive = _integral(
    "hyp2f1",
    [
        _NO_PARAMETER,
        _NO_PARAMETER,
        _NO_PARAMETER,
        lambda y, a, b, c, x: (a * b / c) * bind(hyp2f1_p, a + 1.0, b + 1.0, c + 1.0, x),
    ],
)
owens_t_p: Primitive = _integral(
    "owens_t",
    [
        lambda y, h, a: (-0.5 / _SQRT_TWO_PI) * exp(-0.5 * h * h) * erf((math.sqrt(0.5) * a) * h),
        lambda y, h, a: exp(-0.5 * h * h * (1.0 + a * a)) / ((2.0 * math.pi) * (1.0 + a * a)),
    ],
)


def _expn_below(n: Any, x: Any) -> Any:
    """The exponential integral of order n − 1; that of order −1 is exp(−x)·(1 + 1/x)/x."""
    zero = ew.eq(n, _number(n, 0.0))
    below = bind(expn_p, select_n(zero, n - 1.0, _number(n, 0.0)), x)
    return select_n(zero, below, exp(-x) * (1.0 + 1.0 / x) / x)
