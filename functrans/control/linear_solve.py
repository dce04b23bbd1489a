"""custom_linear_solve: the solution of A·x = b, for A given as a function and by any method.

The derivative does not look into the method: ẋ solves A·ẋ = ḃ − Ȧ·x, and cotangents solve the
transposed system.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from functrans.control import own_rules
from functrans.control.bodies import batched_to_front, filled, finished_together
from functrans.control.halves import linear_transpose
from functrans.control.solvers import Space
from functrans.core.jaxpr import Jaxpr, evaluate, remember
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind, current_trace
from functrans.errors import MissingRuleError
from functrans.passes.dce import dce
from functrans.primitives.layout import batch_to_front
from functrans.primitives.linear import neg, sub
from functrans.transforms.linearize import linearize_flat
from functrans.transforms.stage import ShapeDtypeStruct, stage

Values = Sequence[Any]
Transposed = tuple[Jaxpr, Jaxpr] | None

# --- the primitive -------------------------------------------------------------------------------
#
# Operands: ``residuals`` values that all programs are given, then b. ``matvec`` maps x to A·x,
# ``jaxpr`` maps b to x and other results that have no derivative. ``transposed`` is the pair of
# these for Aᵀ, or None.


def _solution_alone(jaxpr: Jaxpr, count: int) -> Jaxpr:
    """The program of the method without its other results."""
    if len(jaxpr.outvars) == count:
        return jaxpr
    result: Jaxpr = remember(
        jaxpr, ("first", count), lambda: dce(jaxpr.replace(outvars=jaxpr.outvars[:count]))
    )
    return result


def _linearize(
    nonzero: Sequence[bool],
    *args: Any,
    jaxpr: Jaxpr,
    matvec: Jaxpr,
    transposed: Transposed,
    residuals: int,
) -> Any:
    params = {"matvec": matvec, "transposed": transposed, "residuals": residuals}
    outs = bind(linear_solve_p, *args, jaxpr=jaxpr, **params)
    count = len(matvec.outvars)
    fixed, x = args[:residuals], outs[:count]
    of_matvec = None
    if any(nonzero[:residuals]):
        mask = [*nonzero[:residuals], *[False] * count]

        def applied(*values: Any) -> list[Any]:
            return evaluate(matvec, *values)

        _, of_matvec = linearize_flat(applied, [*fixed, *x], mask)
    alone = _solution_alone(jaxpr, count)

    def linear_solve_pushforward(*tangents: Any) -> list[Any]:
        right: Values = tangents[residuals:]
        if of_matvec is not None:
            ins = [t for t in of_matvec.ins if t is not None]
            given = [t for t in tangents[:residuals] if t is not None]
            moved = of_matvec.tape.replay(ins, given, of_matvec.outs)
            right = [_difference(a, b) for a, b in zip(right, moved, strict=True)]
        if all(t is None for t in right):
            return [None] * len(outs)
        right = filled(right, matvec.out_avals, [True] * count)
        dots = bind(linear_solve_p, *fixed, *right, jaxpr=alone, **params)
        return [*dots, *[None] * (len(outs) - count)]

    return outs, linear_solve_pushforward


def _difference(a: Any, b: Any) -> Any:
    """a − b, where None is zero."""
    if b is None:
        return a
    return neg(b) if a is None else sub(a, b)


def _transpose(
    cotangents: Values,
    *args: Any,
    jaxpr: Jaxpr,
    matvec: Jaxpr,
    transposed: Transposed,
    residuals: int,
) -> None:
    if transposed is None:
        raise MissingRuleError(
            "Reverse mode through custom_linear_solve needs a solution of the transposed system.",
            "Give it transpose_solve, or symmetric=True where the matrix is symmetric.",
        )
    if any(isinstance(a, Accumulator) for a in args[:residuals]):
        raise MissingRuleError(
            "custom_linear_solve is linear in b only, but here a value that it closes over is "
            "transposed too.",
            "Take its derivative with grad, vjp or linearize.",
        )
    count = len(matvec.outvars)
    back, solve = transposed
    given = filled(cotangents[:count], matvec.out_avals, [True] * count)
    found = bind(
        linear_solve_p,
        *args[:residuals],
        *given,
        jaxpr=solve,
        matvec=back,
        transposed=(matvec, _solution_alone(jaxpr, count)),
        residuals=residuals,
    )
    for target, ct in zip(args[residuals:], found, strict=True):
        if isinstance(target, Accumulator):
            target.add(ct)


def _batch(
    size: int,
    args: Values,
    dims: Sequence[int | None],
    *,
    jaxpr: Jaxpr,
    matvec: Jaxpr,
    transposed: Transposed,
    residuals: int,
) -> Any:
    inner = (*dims[:residuals], *[0] * (len(args) - residuals))
    right = [
        batch_to_front(size, b, d) for b, d in zip(args[residuals:], dims[residuals:], strict=True)
    ]
    back = transposed
    if transposed is not None:
        first, second = transposed
        back = batched_to_front(first, size, inner), batched_to_front(second, size, inner)
    outs = bind(
        linear_solve_p,
        *args[:residuals],
        *right,
        jaxpr=batched_to_front(jaxpr, size, inner),
        matvec=batched_to_front(matvec, size, inner),
        transposed=back,
        residuals=residuals,
    )
    return outs, [0] * len(outs)


def _linear_in(
    owned: Sequence[bool], *, jaxpr: Jaxpr, matvec: Jaxpr, residuals: int, **params: Any
) -> bool:
    return not any(owned[:residuals]) and len(jaxpr.outvars) == len(matvec.outvars)


linear_solve_p: Primitive = Primitive(
    "custom_linear_solve",
    own_rules.strong_types,
    own_rules.run,
    _linearize,
    _transpose,
    _batch,
    own_rules.lower,
    linear_in=_linear_in,
    multiple=True,
)


# --- the function --------------------------------------------------------------------------------


def custom_linear_solve(
    matvec: Callable[[Any], Any],
    b: Any,
    solve: Callable[[Callable[[Any], Any], Any], Any],
    transpose_solve: Callable[[Callable[[Any], Any], Any], Any] | None = None,
    symmetric: bool = False,
    has_aux: bool = False,
) -> Any:
    """The x with ``matvec(x) = b``, found by ``solve``, with derivatives that do not look into it.

    Parameters
    ----------
    matvec: a linear function from trees like ``b`` to such; derivatives with respect to what it
        closes over are taken by the implicit function theorem.
    b: the right-hand side, a tree of floating or complex arrays.
    solve: ``solve(matvec, b)`` returns x. What else it closes over is treated as constant.
    transpose_solve: the same for the transposed function; needed for reverse mode.
    symmetric: ``matvec`` is its own transpose, and ``solve`` serves for both.
    has_aux: ``solve`` and ``transpose_solve`` return ``(x, aux)``; so does this function. ``aux``
        has no derivative.

    Raises
    ------
    CustomRuleError: one of the functions returns other structures, shapes or dtypes than b's.
    MissingRuleError: reverse mode without ``transpose_solve``.
    LinearityError: ``matvec`` is not linear.

    >>> A = np.array([[2.0, 1.0], [0.0, 4.0]])
    >>> def solution(A, b):
    ...     def by_inverse(matvec, b):
    ...         return np.linalg.inv(np.stack([matvec(e) for e in np.eye(2)], axis=1)) @ b
    ...     return ft.lax.custom_linear_solve(lambda x: A @ x, b, by_inverse, by_inverse)
    >>> solution(A, np.array([3.0, 4.0]))
    array([1., 1.])
    """
    space = Space("custom_linear_solve", b, has_aux)
    space.check_functions(matvec, solve)
    if transpose_solve is None and symmetric:
        transpose_solve = solve

    def solved(*right: Any) -> list[Any]:
        return space.flat_with_aux(solve, solve(matvec, space.tree(right)))

    def applied(*x: Any) -> list[Any]:
        return space.flat(matvec, matvec(space.tree(x)))

    if current_trace() is None:
        return space.result(solved(*space.leaves))
    programs = [stage(solved, space.avals), stage(applied, space.avals)]
    if transpose_solve is not None:
        programs += _transposed(space, matvec, transpose_solve, symmetric)
    captured, (jaxpr, of_matvec, *others) = finished_together(programs, ())
    outs = bind(
        linear_solve_p,
        *captured,
        *space.leaves,
        jaxpr=jaxpr,
        matvec=of_matvec,
        transposed=tuple(others) or None,
        residuals=len(captured),
    )
    return space.result(outs)


def _transposed(
    space: Space, matvec: Callable[[Any], Any], method: Callable[..., Any], symmetric: bool
) -> list[Jaxpr]:
    """The programs of the transposed function and of its solution."""
    shapes = space.tree([ShapeDtypeStruct(a.shape, a.dtype) for a in space.avals])

    def vecmat(y: Any) -> Any:
        return matvec(y) if symmetric else linear_transpose(matvec, shapes)(y)[0]

    def applied(*y: Any) -> list[Any]:
        return space.flat(matvec, vecmat(space.tree(y)))

    def solved(*right: Any) -> list[Any]:
        outs = space.flat_with_aux(method, method(vecmat, space.tree(right)))
        return outs[: len(space.avals)]

    return [stage(applied, space.avals), stage(solved, space.avals)]
