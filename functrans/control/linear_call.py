"""linear_call: a linear function that brings its own transpose, as one operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from functrans import tree
from functrans.control import own_rules
from functrans.control.bodies import batched_to_front, filled, finished_together, operand
from functrans.core.avals import Aval, aval_of, is_inexact
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind, current_trace
from functrans.errors import (
    DtypeError,
    MissingRuleError,
    TreeError,
    TypeMismatchError,
)
from functrans.primitives.layout import batch_to_front
from functrans.primitives.linear import add
from functrans.transforms.linearize import linearize_flat
from functrans.transforms.stage import check_callable, stage

# --- the primitive -------------------------------------------------------------------------------
#
# ``jaxpr`` maps residuals and linear operands to results, ``transposed`` the same residuals and
# cotangents of the results to cotangents of the linear operands.


def _abstract(*avals: Aval, jaxpr: Jaxpr, transposed: Jaxpr, residuals: int) -> list[Aval]:
    wanted = jaxpr.in_avals
    if len(avals) != len(wanted) or not all(map(Aval.same_type, avals, wanted)):
        raise TypeMismatchError(f"linear_call got operands {avals} for a program of {wanted}.")
    return [a.strengthen() for a in jaxpr.out_avals]


def _linearize(
    nonzero: Sequence[bool], *args: Any, jaxpr: Jaxpr, transposed: Jaxpr, residuals: int
) -> Any:
    apply = partial(bind, linear_call_p, jaxpr=jaxpr, transposed=transposed, residuals=residuals)
    outs = apply(*args)
    of_residuals, of_linear = nonzero[:residuals], nonzero[residuals:]
    derivative = None
    if any(of_residuals):
        mask = [*of_residuals, *[False] * len(of_linear)]
        _, derivative = linearize_flat(partial(evaluate, jaxpr), args, mask)
    avals = jaxpr.in_avals[residuals:]

    def linear_call_pushforward(*tangents: Any) -> list[Any]:
        dots: list[Any] = [None] * len(outs)
        if any(of_linear):
            dots = apply(
                *args[:residuals], *filled(tangents[residuals:], avals, [True] * len(avals))
            )
        if derivative is None:
            return dots
        given = [t for t, on in zip(tangents, mask, strict=True) if on]
        ins = [t for t in derivative.ins if t is not None]
        found = derivative.tape.replay(ins, given, derivative.outs)
        return [
            b if a is None else a if b is None else add(a, b)
            for a, b in zip(dots, found, strict=True)
        ]

    return outs, linear_call_pushforward


def _transpose(
    cotangents: Sequence[Any], *args: Any, jaxpr: Jaxpr, transposed: Jaxpr, residuals: int
) -> None:
    fixed, linear = args[:residuals], args[residuals:]
    if any(isinstance(a, Accumulator) for a in fixed):
        raise MissingRuleError(
            "linear_call is linear in its linear arguments only, but the derivative reaches it "
            "through a residual argument or a value that its function closes over.",
            "Pass what the result depends on linearly in linear_args.",
        )
    given = filled(cotangents, jaxpr.out_avals, [True] * len(cotangents))
    found = bind(
        linear_call_p, *fixed, *given, jaxpr=transposed, transposed=jaxpr, residuals=residuals
    )
    for a, ct in zip(linear, found, strict=True):
        if isinstance(a, Accumulator):
            a.add(ct)


def _batch(
    size: int,
    args: Sequence[Any],
    dims: Sequence[int | None],
    *,
    jaxpr: Jaxpr,
    transposed: Jaxpr,
    residuals: int,
) -> Any:
    # Linear operands and results all get the examples, as their transposes have them: the
    # cotangent of an operand that examples share is then summed where it is spread.
    linear = [
        batch_to_front(size, x, d) for x, d in zip(args[residuals:], dims[residuals:], strict=True)
    ]
    fixed = tuple(dims[:residuals])
    outs = bind(
        linear_call_p,
        *args[:residuals],
        *linear,
        jaxpr=batched_to_front(jaxpr, size, (*fixed, *[0] * len(linear))),
        transposed=batched_to_front(transposed, size, (*fixed, *[0] * len(jaxpr.outvars))),
        residuals=residuals,
    )
    return outs, [0] * len(outs)


linear_call_p: Primitive = Primitive(
    "linear_call",
    _abstract,
    own_rules.run,
    _linearize,
    _transpose,
    _batch,
    own_rules.lower,
    linear_in=own_rules.linear_behind_residuals,
    multiple=True,
)


# --- the function --------------------------------------------------------------------------------


def linear_call(
    fun: Callable[[Any, Any], Any],
    fun_transpose: Callable[[Any, Any], Any],
    residual_args: Any,
    linear_args: Any,
) -> Any:
    """``fun(residual_args, linear_args)`` of a linear function whose transpose is given.

    Reverse mode runs ``fun_transpose`` in the place of what it would find itself, and the other
    way round where that is differentiated again.

    Parameters
    ----------
    fun: maps residuals and linear arguments, two trees, to a tree of results that are linear in
        the latter.
    fun_transpose: maps the same residuals and the results' cotangents to cotangents of the linear
        arguments, a tree like theirs.
    residual_args: what the function depends on in any way. Derivatives with respect to it are
        those of ``fun`` itself, or of ``fun_transpose`` in a transposed call.
    linear_args: a tree of floating or complex arrays.

    Raises
    ------
    TreeError, TypeMismatchError: a transpose whose results do not match the linear arguments.
    DtypeError: linear arguments or results that are integers or booleans.

    Reference: R. Frostig et al., "Decomposing reverse-mode automatic differentiation", 2021.

    >>> import numpy as np
    >>> def scaled(x):
    ...     return ft.lax.linear_call(lambda r, v: v / r, lambda r, ct: ct / r, 2.0, x)
    >>> ft.grad(lambda x: np.sum(scaled(x)))(np.ones(2))
    array([0.5, 0.5])
    """
    check_callable("linear_call", fun, fun_transpose)
    residuals, residual_tree = tree.flatten(residual_args)
    linear, linear_tree = tree.flatten(linear_args)
    fixed_avals = [aval_of(x).strengthen() for x in residuals]
    linear_avals = [aval_of(x).strengthen() for x in linear]
    _check_inexact("argument", linear_avals)
    residuals = [operand(x, a) for x, a in zip(residuals, fixed_avals, strict=True)]
    linear = [operand(x, a) for x, a in zip(linear, linear_avals, strict=True)]
    out_tree: list[tree.PyTreeDef] = []

    def forward(*leaves: Any) -> list[Any]:
        n = len(residuals)
        out = fun(
            tree.unflatten(residual_tree, leaves[:n]), tree.unflatten(linear_tree, leaves[n:])
        )
        outs, structure = tree.flatten(out)
        out_tree.append(structure)
        return outs

    def backward(*leaves: Any) -> list[Any]:
        n = len(residuals)
        out = fun_transpose(
            tree.unflatten(residual_tree, leaves[:n]), tree.unflatten(out_tree[0], leaves[n:])
        )
        outs, structure = tree.flatten(out)
        if structure != linear_tree:
            raise TreeError(
                f"The transpose given to linear_call returned {structure} for linear arguments "
                f"{linear_tree}.",
                "Return one cotangent for each linear argument, in the same containers.",
            )
        return [_checked(x, a) for x, a in zip(outs, linear_avals, strict=True)]

    if current_trace() is None:
        outs = [operand(x, aval_of(x).strengthen()) for x in forward(*residuals, *linear)]
        return tree.unflatten(out_tree[0], outs)
    program = stage(forward, [*fixed_avals, *linear_avals])
    out_avals = [a.strengthen() for a in program.out_avals]
    _check_inexact("result", out_avals)
    back = stage(backward, [*fixed_avals, *out_avals])
    captured, (jaxpr, transposed) = finished_together([program, back], ())
    outs = bind(
        linear_call_p,
        *captured,
        *residuals,
        *linear,
        jaxpr=jaxpr,
        transposed=transposed,
        residuals=len(captured) + len(residuals),
    )
    return tree.unflatten(out_tree[0], outs)


def _check_inexact(what: str, avals: Sequence[Aval]) -> None:
    for aval in avals:
        if not is_inexact(aval.dtype):
            raise DtypeError(
                f"linear_call got a linear {what} of type {aval}.",
                "Linear functions map floating or complex arrays to such; pass the rest in "
                "residual_args.",
            )


def _checked(cotangent: Any, aval: Aval) -> Any:
    found = aval_of(cotangent)
    if found.shape != aval.shape or not (found.weak or found.dtype == aval.dtype):
        raise TypeMismatchError(
            f"The transpose given to linear_call returned {found} for a linear argument of type "
            f"{aval}.",
            "Return cotangents of the linear arguments' shapes and dtypes.",
        )
    return operand(cotangent, aval)
