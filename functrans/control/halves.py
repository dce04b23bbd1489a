"""Halves of reverse mode as functions: the transpose of a linear function, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import tree
from functrans.control.call import jit
from functrans.control.custom_rules import described
from functrans.core.avals import Aval, aval_of, is_inexact
from functrans.errors import DtypeError
from functrans.transforms.derived import (
    Argnums,
    Pullback,
    checked_argnums,
    resolved_argnums,
    vjp,
)
from functrans.transforms.split import split_linear
from functrans.transforms.stage import check_callable, type_of


def linear_transpose(fun: Callable[..., Any], *primals: Any, reduce_axes: Any = ()) -> Pullback:
    """The transpose of a function that is linear in all its arguments together.

    Parameters
    ----------
    fun: a function of trees of floating or complex arrays. It is run once, on types.
    primals: arguments, or anything with their shapes and dtypes, such as ShapeDtypeStruct.
    reduce_axes: accepted for compatibility.

    Returns
    -------
    A function of one cotangent, of the result's tree, that returns a tuple with a cotangent for
    each argument. No complex conjugation takes place.

    Raises
    ------
    LinearityError: names the operation that is not linear, with its line.
    DtypeError: arguments that are integers or booleans.

    >>> scalar = ft.ShapeDtypeStruct((), float)
    >>> ft.linear_transpose(lambda x: np.arange(3.0) * x, scalar)(np.ones(3))
    (np.float64(3.0),)
    """
    check_callable("linear_transpose", fun)
    leaves, in_tree = tree.flatten(primals)
    in_avals = [type_of(x).strengthen() for x in leaves]
    for aval in in_avals:
        if not is_inexact(aval.dtype):
            raise DtypeError(
                f"linear_transpose got an argument of type {aval}, which has no cotangents.",
                "Give floating or complex arguments, and bind the others with functools.partial.",
            )
    out_avals: list[Aval] = []
    out_trees: list[tree.PyTreeDef] = []

    def flat(*args: Any) -> list[Any]:
        outs, out_tree = tree.flatten(fun(*tree.unflatten(in_tree, args)))
        out_avals.extend(aval_of(x).strengthen() for x in outs)
        out_trees.append(out_tree)
        return outs

    linear = split_linear(flat, in_avals, described(fun))
    linear.out_avals = out_avals
    return Pullback(linear, in_tree, out_trees[0])


def fwd_and_bwd(
    fun: Callable[..., Any], argnums: Argnums, has_aux: bool = False, jitted: bool = True
) -> tuple[Callable[..., Any], Callable[[Any, Any], Any]]:
    """Reverse mode as two functions, ``fwd`` and ``bwd``, that may be run far apart.

    Parameters
    ----------
    argnums: which positional arguments to differentiate; an int gives a bare cotangent, a tuple a
        tuple of them.
    has_aux: ``fun`` returns ``(output, aux)``.
    jitted: compile both.

    Returns
    -------
    ``fwd(*args)``, which returns ``(output, pullback)``, or ``(output, pullback, aux)``; and
    ``bwd(pullback, cotangent)``, which returns what ``pullback(cotangent)`` does. The pullback is a
    tree of residuals.

    >>> fwd, bwd = ft.fwd_and_bwd(lambda x, y: x * np.sin(y), argnums=0)
    >>> value, pullback = fwd(2.0, 0.5)
    >>> round(float(bwd(pullback, 1.0)), 6)
    0.479426
    """
    numbers = checked_argnums(argnums)

    def fwd(*args: Any, **kwargs: Any) -> Any:
        places = resolved_argnums(numbers, len(args))

        def chosen(*values: Any) -> Any:
            merged = list(args)
            for place, value in zip(places, values, strict=True):
                merged[place] = value
            return fun(*merged, **kwargs)

        return vjp(chosen, *(args[i] for i in places), has_aux=has_aux)

    def bwd(pullback: Any, cotangent: Any) -> Any:
        found = pullback(cotangent)
        return found[0] if isinstance(argnums, int | np.integer) else found

    return (jit(fwd), jit(bwd)) if jitted else (fwd, bwd)
