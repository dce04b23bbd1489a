"""Fits the polynomials of ``functrans.codegen.formats``: ``python -m tests.codegen.minimax``.

Remez's exchange (Remez 1934) in mpmath's arithmetic finds the coefficients that minimise the
largest weighted error on an interval; each is then rounded to the format.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath

mp = mpmath.mp
Function = Callable[[Any], Any]
DIGITS = 40
NODES = 24  # points of the grid for each coefficient


@dataclass(frozen=True)
class Fit:
    """What a polynomial approximates, where, and how an error in it counts in the result."""

    function: Function
    low: Any
    high: Any
    weight: Function
    terms: tuple[int, int]  # for float64 and for float32


def _odd(function: Function, leading: Any) -> Function:
    """``(f(√z)/√z − leading)/z``, the tail of an odd function's series in z = x²."""

    def tail(z: Any) -> Any:
        root = mp.sqrt(max(z, mp.mpf(10) ** -12))
        return (function(root) / root - leading) / root**2

    return tail


def _through_zero(function: Function, limit: Any) -> Function:
    return lambda x: function(x) if abs(x) > mp.mpf(10) ** -15 else limit


def _scaled_erfcx(t: Any) -> Any:
    """``(1 + 2x)·exp(x²)·erfc(x)`` at x = 3(1 + t)/(1 − t)."""
    x = 3 * (1 + t) / (1 - t)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def _tail_of_log2(z: Any) -> Any:
    """The third coefficient on of ``log2((1 + s)/(1 − s))/s`` as a series in z = s².

    The second one is the number that ``functrans.codegen.powers`` has.
    """
    z = max(z, mp.mpf(10) ** -14)
    s = mp.sqrt(z)
    return ((2 * mp.atanh(s) / s - 2) / z / mp.log(2) - float.fromhex("0x1.ec709dc3a03fdp-1")) / z


def _in_t(x: float) -> Any:
    return (mp.mpf(x) - 3) / (mp.mpf(x) + 3)


with mp.workdps(DIGITS):
    _ROOT_PI = mp.sqrt(mp.pi)
    _Z = (3 - 2 * mp.sqrt(2)) ** 2
    _LN2 = mp.log(2)
    FITS: dict[str, Fit] = {
        "tan": Fit(_odd(mp.tan, 1), 0, mp.mpf("0.6173"), lambda z: z, (14, 7)),
        "atan": Fit(_odd(mp.atan, 1), 0, mp.mpf(1) / 4, lambda z: z, (12, 6)),
        "asin": Fit(_odd(mp.asin, 1), 0, mp.mpf(1) / 4, lambda z: z, (12, 5)),
        "atanh": Fit(_odd(mp.atanh, 1), 0, mp.mpf("0.0796"), lambda z: z, (9, 4)),
        "cbrt": Fit(
            _through_zero(lambda h: (1 / mp.cbrt(1 - h) - 1) / h, mp.mpf(1) / 3),
            mp.mpf("-0.1026"), mp.mpf("0.1026"), lambda h: mp.mpf("0.1026"), (6, 3),
        ),
        "two_power": Fit(
            _through_zero(lambda r: (mp.mpf(2) ** r - 1) / r, _LN2),
            mp.mpf(-1) / 2, mp.mpf(1) / 2, lambda r: mp.mpf(1) / 2, (11, 6),
        ),
        "log2_tail": Fit(_tail_of_log2, mp.mpf(2) ** -16, _Z, lambda z: z * z / 2 * _LN2, (7, 3)),
        "erf": Fit(
            _odd(mp.erf, 2 / _ROOT_PI), 0, mp.mpf(1), lambda z: z * _ROOT_PI / 2, (11, 6)
        ),
        "erf_far": Fit(
            lambda x: mp.log(mp.erfc(x), 2) / x, 1, mp.mpf(6),
            lambda x: x * mp.erfc(x) * _LN2, (17, 7),
        ),
        "erfcx": Fit(
            _scaled_erfcx, _in_t(0.75), _in_t(27.3), lambda t: mp.mpf(1), (21, 11)
        ),
    }  # fmt: skip
    FAR_SINGLE = {"erf_far": (mp.mpf(1), mp.mpf(4)), "erfcx": (_in_t(0.75), _in_t(10.2))}


def fitted(name: str, single: bool) -> tuple[list[Any], float]:
    """The coefficients, lowest first, and the base-2 logarithm of the largest weighted error."""
    fit = FITS[name]
    low, high = FAR_SINGLE[name] if single and name in FAR_SINGLE else (fit.low, fit.high)
    return remez(fit.function, low, high, fit.terms[single], fit.weight)


def _value(coefficients: Sequence[Any], x: Any) -> Any:
    total = mp.mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def worst_error(name: str, single: bool, coefficients: Sequence[Any]) -> float:
    """The largest weighted error of given coefficients."""
    fit = FITS[name]
    low, high = FAR_SINGLE[name] if single and name in FAR_SINGLE else (fit.low, fit.high)
    with mp.workdps(DIGITS):
        errors = (
            (fit.function(x) - _value(coefficients, x)) * fit.weight(x)
            for x in (low + (mp.mpf(high) - low) * i / 200 for i in range(201))
        )
        return float(max(abs(e) for e in errors))


def remez(
    function: Function, low: Any, high: Any, terms: int, weight: Function
) -> tuple[list[Any], float]:
    """Exchange the points of largest error until these errors are equal to two percent."""
    with mp.workdps(DIGITS):
        count = terms + 1
        size = NODES * count
        middle, half = (mp.mpf(low) + high) / 2, (mp.mpf(high) - low) / 2
        x = [middle - half * mp.cos(mp.pi * i / size) for i in range(size + 1)]
        wanted = [function(p) for p in x]
        weights = [weight(p) or mp.mpf(10) ** -12 for p in x]
        chosen = [round(i * size / terms) for i in range(count)]
        for _ in range(20):
            system, target = mp.matrix(count, count), mp.matrix(count, 1)
            for row, k in enumerate(chosen):
                for column in range(terms):
                    system[row, column] = x[k] ** column
                system[row, terms] = (-1) ** row / weights[k]
                target[row] = wanted[k]
            solution = mp.lu_solve(system, target)
            coefficients = [solution[i] for i in range(terms)]
            errors = [
                (wanted[k] - _value(coefficients, x[k])) * weights[k] for k in range(size + 1)
            ]
            worst = max(abs(e) for e in errors)
            extremes = _alternating(errors)
            if worst < mp.mpf("1.02") * abs(solution[terms]) or len(extremes) < count:
                break
            while len(extremes) > count:
                extremes.pop(0 if abs(errors[extremes[0]]) < abs(errors[extremes[-1]]) else -1)
            chosen = extremes
        return coefficients, float(mp.log(worst, 2))


def _alternating(errors: list[Any]) -> list[int]:
    """Where the error is largest between its changes of sign."""
    extremes: list[int] = []
    for k, error in enumerate(errors):
        if not extremes or (error > 0) != (errors[extremes[-1]] > 0):
            extremes.append(k)
        elif abs(error) > abs(errors[extremes[-1]]):
            extremes[-1] = k
    return extremes


def main() -> None:
    """Print every fit in both formats."""
    import numpy as np

    for name in FITS:
        for single in (False, True):
            coefficients, error = fitted(name, single)
            kind = np.float32 if single else np.float64
            shown = ", ".join(str(kind(float(c))) for c in coefficients)
            print(f"{name} {'float32' if single else 'float64'} 2^{error:.1f}: ({shown})")


if __name__ == "__main__":
    main()
