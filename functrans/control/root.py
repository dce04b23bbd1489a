"""custom_root: a root of a function, found by any method, with derivatives of the root itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from functrans.control.bodies import filled, finished_together
from functrans.control.custom_jvp import custom_jvp_call_p
from functrans.control.solvers import Space
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.core.trace import bind, current_trace
from functrans.primitives.linear import neg
from functrans.transforms.derived import linearize
from functrans.transforms.linearize import jvp_flat
from functrans.transforms.stage import stage

Values = Sequence[Any]


@dataclass(frozen=True, slots=True)
class RootRule:
    """The implicit function theorem: ∂f/∂x·ẋ = −∂f/∂c·ċ, where c is what ``f`` closes over.

    All programs are given c first: ``function`` then x, ``solve`` the initial guess, and
    ``tangent_solve`` x and the right-hand side.
    """

    function: Jaxpr
    solve: Jaxpr
    tangent_solve: Jaxpr

    def __call__(
        self, captured: Values, primals: Values, tangents: Values
    ) -> tuple[list[Any], list[Any]]:
        count = len(self.function.outvars)
        closed_over = primals[: len(primals) - count]
        outs = bind_root(self, primals)
        x = outs[:count]

        def residual(*values: Any) -> list[Any]:
            return evaluate(self.function, *values, *x)

        _, moved = jvp_flat(residual, closed_over, tangents[: len(closed_over)])
        if all(t is None for t in moved):
            return outs, [None] * len(outs)
        right = [None if t is None else neg(t) for t in moved]
        given = filled(right, self.function.out_avals, [True] * count)
        dots = evaluate(self.tangent_solve, *closed_over, *x, *given)
        return outs, [*dots, *[None] * (len(outs) - count)]

    def __str__(self) -> str:
        return "tangent_solve of custom_root"


def bind_root(rule: RootRule, operands: Values) -> list[Any]:
    """Solve, as one operation whose derivative is the rule's."""
    outs: list[Any] = bind(custom_jvp_call_p, *operands, jaxpr=rule.solve, rule=rule, captured=0)
    return outs


def custom_root(
    f: Callable[[Any], Any],
    initial_guess: Any,
    solve: Callable[[Callable[[Any], Any], Any], Any],
    tangent_solve: Callable[[Callable[[Any], Any], Any], Any],
    has_aux: bool = False,
) -> Any:
    """The x with ``f(x) = 0``, found by ``solve``; derivatives by the implicit function theorem.

    Parameters
    ----------
    f: a function from trees like the initial guess to such. Derivatives are taken with respect to
        what it closes over.
    initial_guess: where ``solve`` starts; the root has no derivative with respect to it.
    solve: ``solve(f, initial_guess)`` returns the root. It is not differentiated.
    tangent_solve: ``tangent_solve(g, y)`` returns the x with ``g(x) = y``, where g is linear: the
        derivative of ``f`` at the root. Reverse mode transposes it, so it must be linear in y;
        :func:`custom_linear_solve` helps. For scalars: ``lambda g, y: y / g(1.0)``.
    has_aux: ``solve`` returns ``(root, aux)``; so does this function. ``aux`` has no derivative.

    Raises
    ------
    CustomRuleError: one of the functions returns other structures, shapes or dtypes than those of
        the initial guess.

    >>> def square_root(a):
    ...     def newton(f, x):
    ...         return ft.lax.fori_loop(0, 6, lambda i, x: 0.5 * (x + a / x), x)
    ...     return ft.lax.custom_root(lambda x: x * x - a, 1.0, newton, lambda g, y: y / g(1.0))
    >>> float(square_root(4.0)), float(ft.grad(square_root)(4.0))
    (2.0, 0.25)
    """
    space = Space("custom_root", initial_guess, has_aux)
    space.check_functions(f, solve, tangent_solve)
    avals = space.avals

    def solved(*start: Any) -> list[Any]:
        return space.flat_with_aux(solve, solve(f, space.tree(start)))

    def residual(*x: Any) -> list[Any]:
        return space.flat(f, f(space.tree(x)))

    def tangent_solved(*values: Any) -> list[Any]:
        x, y = values[: len(avals)], values[len(avals) :]
        slope = linearize(f, space.tree(x))[1]
        return space.flat(tangent_solve, tangent_solve(slope, space.tree(y)))

    if current_trace() is None:
        return space.result(solved(*space.leaves))
    programs = [stage(residual, avals), stage(solved, avals), stage(tangent_solved, avals * 2)]
    captured, closed = finished_together(programs, ())
    return space.result(bind_root(RootRule(*closed), [*captured, *space.leaves]))
