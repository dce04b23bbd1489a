"""Initial value problems of ordinary differential equations, with the adjoint equation as gradient.

The solver is the pair of explicit Runge–Kutta formulas of Dormand and Prince (*J. Comput. Appl.
Math.* 6, 1980): order 5 with an error estimate of order 4, and quartic interpolation between steps
(Shampine, *Math. Comp.* 46, 1986). The step is chosen as in Hairer, Nørsett and Wanner, *Solving
Ordinary Differential Equations I*, section II.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans import tree
from functrans.control.bodies import operand, staged
from functrans.control.custom_vjp import custom_vjp
from functrans.control.loops import scan
from functrans.control.while_loop import while_loop
from functrans.core.avals import Aval, aval_of, is_inexact
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.errors import DtypeError, OptionError, ShapeError, TypeMismatchError
from functrans.lax import stop_gradient
from functrans.transforms.derived import vjp
from functrans.transforms.stage import check_callable

Leaves = Sequence[Any]
Dynamics = Callable[[Leaves, Any], list[Any]]

_NODES = (1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
_STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_SOLUTION = (*_STAGES[-1], 0.0)
_ERROR = tuple(
    a - b
    for a, b in zip(
        _SOLUTION,
        (1951 / 21600, 0.0, 22642 / 50085, 451 / 720, -12231 / 42400, 649 / 6300, 1 / 60),
        strict=True,
    )
)
_MIDDLE = (
    6025192743 / 30085553152 / 2,
    0.0,
    51252292925 / 65400821598 / 2,
    -2691868925 / 45128329728 / 2,
    187940372067 / 1594534317056 / 2,
    -1776094331 / 19743644256 / 2,
    11237099 / 235043384 / 2,
)


@dataclass(frozen=True, slots=True)
class _Control:
    """How exactly an equation is to be solved; errors of the first ``measured`` values count."""

    rtol: float
    atol: float
    mxstep: float
    hmax: float
    measured: int | None = None


@dataclass(frozen=True, slots=True)
class _Problem:
    """The right-hand side as a program, and how exactly it is to be solved.

    ``jaxpr`` maps ``count`` values of the state, the time, and parameters to the state's slope.
    """

    jaxpr: Jaxpr
    count: int
    control: _Control

    def at(self, parameters: Leaves) -> Dynamics:
        return lambda y, t: evaluate(self.jaxpr, *y, t, *parameters)


def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    *args: Any,
    rtol: float = 1.4e-8,
    atol: float = 1.4e-8,
    mxstep: float = math.inf,
    hmax: float = math.inf,
    adjoint: bool = True,
) -> Any:
    """The solution of y′ = func(y, t, \\*args) with y(t[0]) = y0, at the times ``t``.

    The gradient with respect to ``y0``, ``t``, ``args`` and whatever ``func`` closes over comes
    from the adjoint equation, solved backwards with the same tolerances: it needs memory for the
    solution at ``t`` alone, and is as exact as the solver, not to the last digit.

    Parameters
    ----------
    func: maps a state, a time and ``args`` to the slope, of the structure, shapes and dtypes of
        the state.
    y0: the first state, a tree of floating arrays.
    t: increasing times, of rank 1; the solution is NaN at a time that is too early.
    rtol, atol: tolerances of a step's error, relative and absolute.
    mxstep: the most steps between two times; where they do not suffice the solution is NaN.
    hmax: the longest step.
    adjoint: False differentiates the solver's own steps instead, in forward and in reverse
        mode; reverse mode then needs memory for every step.

    Returns
    -------
    The tree of states, with the times as leading axis.

    Raises
    ------
    TypeMismatchError: a slope that does not match the state. ShapeError: ``t`` of another rank.
    DtypeError: a state that is not floating. OptionError: tolerances that are not positive.

    >>> from functrans.experimental.ode import odeint
    >>> odeint(lambda y, t, k: -k * y, 1.0, np.array([0.0, 1.0, 2.0]), 0.5)
    array([1.        , 0.606530..., 0.367879...])
    >>> end = lambda k: odeint(lambda y, t: -k * y, 1.0, np.array([0.0, 1.0]))[-1]
    >>> print(f"{ft.grad(end)(0.5):.6f}")
    -0.606531
    """
    for name, value in (("rtol", rtol), ("atol", atol), ("mxstep", mxstep), ("hmax", hmax)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise OptionError(f"{name} is {value!r:.60}, which is no positive number.")
    check_callable("odeint", func)
    control = _Control(float(rtol), float(atol), float(mxstep), float(hmax))
    return _integrate(func, y0, t, args, control, adjoint)[0]


def _integrate(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Sequence[Any],
    control: _Control,
    adjoint: bool,
    step: Any = None,
) -> tuple[Any, Any]:
    """The states, and how long a step should be at the end; ``step`` is that at the beginning."""
    times = fnp.asarray(t)
    if times.ndim != 1 or not times.size:
        raise ShapeError(
            f"odeint got times of shape {times.shape}.", "Give a rank-1 array, y0's time first."
        )
    state, state_tree = tree.flatten(y0)
    types = [_floating(aval_of(x)) for x in state]
    dtype = np.result_type(*(a.dtype for a in types), np.float32)
    times = times.astype(dtype if dtype.kind == "f" else np.dtype(dtype.char.lower()))
    parameters, args_tree = tree.flatten(tuple(args))

    def slope(*leaves: Any) -> list[Any]:
        y, time, rest = leaves[: len(types)], leaves[len(types)], leaves[len(types) + 1 :]
        given = tree.unflatten(state_tree, y), time, *tree.unflatten(args_tree, rest)
        found, structure = tree.flatten(func(*given))
        _check_slope(structure, state_tree, found, types, y0)
        return [operand(x, a) for x, a in zip(found, types, strict=True)]

    avals = [*types, Aval((), times.dtype), *(aval_of(x).strengthen() for x in parameters)]
    body = staged(slope, avals)
    captured = len(body.captured)
    order = [*body.jaxpr.invars[captured:], *body.jaxpr.invars[:captured]]
    program = Jaxpr((), (), order, body.jaxpr.eqns, body.jaxpr.outvars)
    problem = _Problem(program, len(types), control)
    first = [operand(x, a) for x, a in zip(state, types, strict=True)]
    known = [operand(x, aval_of(x).strengthen()) for x in parameters]
    solve = _solve_with_adjoint if adjoint else _solve
    ys, step = solve(problem, first, times, [*known, *body.captured], step)
    return tree.unflatten(state_tree, ys), step


def _floating(aval: Aval) -> Aval:
    if aval.weak and aval.dtype.kind == "i":
        return Aval(aval.shape, np.dtype(np.float64))
    if not is_inexact(aval.dtype):
        raise DtypeError(f"odeint got a state of dtype {aval.dtype}.", "Start with floats.")
    return aval.strengthen()


def _check_slope(
    found_tree: tree.PyTreeDef,
    state_tree: tree.PyTreeDef,
    found: Leaves,
    types: Sequence[Aval],
    y0: Any,
) -> None:
    if found_tree != state_tree:
        raise TypeMismatchError(
            f"The slope has the structure {found_tree}, the state has {state_tree}.",
            "Return one slope for each array of the state, in the same containers.",
        )
    paths = [tree.keystr(path) for path, _ in tree.leaves_with_path(y0)]
    for path, x, aval in zip(paths, found, types, strict=True):
        have = aval_of(x)
        if have.shape != aval.shape or (have.dtype != aval.dtype and not have.weak):
            raise TypeMismatchError(
                f"The slope{path} has type {have.strengthen()}, the state{path} has {aval}.",
                "Return slopes of the state's shapes and dtypes.",
            )


# --- one solution --------------------------------------------------------------------------------


def _solve(
    problem: _Problem, y0: Leaves, times: Any, parameters: Leaves, step: Any
) -> tuple[list[Any], Any]:
    """The states at all times, and the length of a next step; without a first one it is found."""
    dynamics = problem.at(parameters)
    slope = dynamics(y0, times[0])
    if step is None:
        step = _first_step(problem, dynamics, *map(stop_gradient, (y0, slope, times[0])))
    step = stop_gradient(fnp.minimum(step, problem.control.hmax))
    polynomial = [[y, *[fnp.zeros_like(y)] * 4] for y in y0]
    start = list(y0), slope, times[0], step, times[0], polynomial

    def to_next(state: Any, target: Any) -> tuple[Any, list[Any]]:
        _, state = while_loop(
            lambda s: (s[1][2] < target) & (s[0] < problem.control.mxstep) & (s[1][3] > 0),
            lambda s: (s[0] + 1, _step(problem, dynamics, s[1])),
            (0, state),
        )
        _, _, t, _, last, polynomial = state
        reached = (t >= target) & (target >= last)  # nothing is known before the last step
        place = (target - last) / fnp.where(t > last, t - last, 1.0)
        found = [
            fnp.where(reached, _horner(coefficients, place), np.nan).astype(y.dtype)
            for coefficients, y in zip(polynomial, y0, strict=True)
        ]
        return state, found

    last, later = scan(to_next, start, times[1:])
    ys = [fnp.concatenate([y[None], rest]) for y, rest in zip(y0, later, strict=True)]
    return ys, last[3]


def _step(problem: _Problem, dynamics: Dynamics, state: Any) -> Any:
    """One attempt; a step whose error is too large is tried again, shorter."""
    y, slope, t, step, last, polynomial = state
    slopes = [slope]
    for node, weights in zip(_NODES, _STAGES, strict=True):
        slopes.append(dynamics(_combined(y, step, weights, slopes), t + step * node))
    end = _combined(y, step, _SOLUTION, slopes)
    errors = _combined(None, step, _ERROR, slopes)
    # The length of steps is a choice: no derivative goes through it.
    ratio = _error_ratio(problem.control, *map(stop_gradient, (errors, y, end)))
    middle = _combined(y, step, _MIDDLE, slopes)
    fitted = [
        _quartic(*values, step) for values in zip(y, end, middle, slope, slopes[-1], strict=True)
    ]
    next_step = fnp.clip(_next_step(step, ratio), 0.0, problem.control.hmax)
    accepted = end, slopes[-1], t + step, next_step, t, fitted
    refused = y, slope, t, next_step, last, polynomial
    return tree.map_(partial(fnp.where, ratio <= 1.0), accepted, refused)


def _combined(
    y: Leaves | None, step: Any, weights: Sequence[float], slopes: Sequence[Leaves]
) -> list[Any]:
    """y + step·Σ weight·slope, for each array of the state."""
    sums = [
        step * sum(w * k for w, k in zip(weights, ks, strict=False) if w)
        for ks in zip(*slopes, strict=True)
    ]
    return sums if y is None else [a + b for a, b in zip(y, sums, strict=True)]


def _rms(values: Leaves) -> Any:
    """The root of the mean square over all numbers of a state."""
    squares = sum(fnp.sum(_square(v)) for v in values)
    return fnp.sqrt(squares / sum(v.size for v in values))


def _square(x: Any) -> Any:
    return fnp.real(x) ** 2 + fnp.imag(x) ** 2 if x.dtype.kind == "c" else x * x


def _error_ratio(control: _Control, errors: Leaves, start: Leaves, end: Leaves) -> Any:
    """The error in units of what is tolerated."""
    ratios = [
        error / (control.atol + control.rtol * fnp.maximum(fnp.abs(a), fnp.abs(b)))
        for error, a, b in zip(errors, start, end, strict=True)
    ]
    return _rms(ratios[: control.measured])


def _next_step(step: Any, ratio: Any) -> Any:
    """At most 10 times longer or 5 times shorter, for 0.9 of what the error allows."""
    number = ratio.dtype.type
    shrink = fnp.where(ratio < 1.0, number(1.0), number(0.2))
    safe = fnp.where(ratio > 0.0, ratio, 1.0)
    factor = fnp.clip(0.9 * safe**-0.2, shrink, 10.0)
    return fnp.where(ratio > 0.0, step * factor, step * 10.0)


def _first_step(problem: _Problem, dynamics: Dynamics, y: Leaves, slope: Leaves, t: Any) -> Any:
    """Hairer, Nørsett and Wanner, page 169."""
    control = problem.control
    scale = [control.atol + fnp.abs(v) * control.rtol for v in y[: control.measured]]
    d0 = _rms([a / s for a, s in zip(y, scale, strict=False)])
    d1 = _rms([a / s for a, s in zip(slope, scale, strict=False)])
    safe = fnp.where(d1 > 0.0, d1, 1.0)
    h0 = fnp.where((d0 < 1e-5) | (d1 < 1e-5), 1e-6, 0.01 * d0 / safe)
    there = dynamics(_combined(y, h0, (1.0,), [slope]), t + h0)
    d2 = _rms([(a - b) / s for a, b, s in zip(there, slope, scale, strict=False)]) / h0
    largest = fnp.maximum(d1, d2)
    small = largest <= 1e-15
    h1 = fnp.where(
        small, fnp.maximum(1e-6, h0 * 1e-3), (0.01 / fnp.where(small, 1.0, largest)) ** 0.2
    )
    return fnp.minimum(100.0 * h0, h1).astype(t.dtype)


def _quartic(y0: Any, y1: Any, middle: Any, slope0: Any, slope1: Any, step: Any) -> list[Any]:
    """Coefficients, lowest first, of the polynomial on [0, 1] through these values and slopes."""
    d0, d1 = step * slope0, step * slope1
    return [
        y0,
        d0,
        -4.0 * d0 + d1 - 11.0 * y0 - 5.0 * y1 + 16.0 * middle,
        5.0 * d0 - 3.0 * d1 + 18.0 * y0 + 14.0 * y1 - 32.0 * middle,
        -2.0 * d0 + 2.0 * d1 - 8.0 * y0 - 8.0 * y1 + 16.0 * middle,
    ]


def _horner(coefficients: Leaves, x: Any) -> Any:
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


# --- the adjoint equation ------------------------------------------------------------------------


@partial(custom_vjp, nondiff_argnums=(0,))
def _solve_with_adjoint(
    problem: _Problem, y0: Leaves, times: Any, parameters: Leaves, step: Any
) -> tuple[list[Any], Any]:
    return _solve(problem, y0, times, parameters, step)


def _forward(
    problem: _Problem, y0: Leaves, times: Any, parameters: Leaves, step: Any
) -> tuple[Any, Any]:
    ys, step = _solve_with_adjoint(problem, y0, times, parameters, step)
    return (ys, step), (ys, times, parameters, step)


def _backward(
    problem: _Problem, kept: Any, of_results: tuple[Leaves, Any]
) -> tuple[Any, Any, Any, None]:
    """Solve for state and adjoint from the last time to the first (Pontryagin's equations).

    With a = ∂loss/∂y: a′ = −a·∂f/∂y, and the cotangents of time and parameters are integrals of
    −a·∂f/∂t and −a·∂f/∂p. Time runs backwards: the unknowns are functions of −t.
    """
    ys, times, parameters, step = kept
    cotangents, _ = of_results
    active = [is_inexact(aval_of(p).dtype) for p in parameters]
    floating = [p for p, on in zip(parameters, active, strict=True) if on]

    def with_parameters(y: Leaves, t: Any, floats: Leaves) -> list[Any]:
        rest = iter(floats)
        merged = [next(rest) if on else p for p, on in zip(parameters, active, strict=True)]
        return problem.at(merged)(y, t)

    def augmented(state: Any, minus_t: Any, *floats: Any) -> Any:
        y, a = state[0], state[1]
        slopes, pullback = vjp(with_parameters, y, -minus_t, floats)
        y_bar, t_bar, p_bar = pullback(a)
        return [-s for s in slopes], y_bar, t_bar, p_bar

    # The other two are integrals along the solution: their errors do not grow, and do not choose
    # the steps (Kidger, Chen and Lyons, "Hey, that's not an ODE", 2021).
    control = replace(problem.control, measured=2 * problem.count)

    def segment(state: Any, row: Any) -> tuple[Any, Any]:
        a, t0_bar, p_bar, step = state
        y, here, before, from_here, from_before = row
        t_bar = sum(
            fnp.real(fnp.sum(s * g))
            for s, g in zip(problem.at(parameters)(y, here), from_here, strict=True)
        )
        unknowns = y, a, t0_bar - t_bar, p_bar
        back = fnp.stack([-here, -before])
        found, step = _integrate(augmented, unknowns, back, floating, control, True, step)
        _, a, t0_bar, p_bar = tree.map_(lambda x: x[1], found)
        a = [x + g for x, g in zip(a, from_before, strict=True)]
        return (a, t0_bar, p_bar, step), t_bar

    zeros = tuple(fnp.zeros_like(p) for p in floating)
    start = [g[-1] for g in cotangents], times[0] * 0.0, zeros, step
    rows = (
        [y[1:] for y in ys], times[1:], times[:-1],
        [g[1:] for g in cotangents], [g[:-1] for g in cotangents],
    )  # fmt: skip
    (y0_bar, t0_bar, p_bar, _), later = scan(segment, start, rows, reverse=True)
    rest = iter(p_bar)
    return (
        y0_bar,
        fnp.concatenate([t0_bar[None], later]),
        [next(rest) if on else None for on in active],
        None,
    )


_solve_with_adjoint.defvjp(_forward, _backward)

__all__ = ["odeint"]
