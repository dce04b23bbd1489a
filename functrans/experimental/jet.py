"""Taylor-mode differentiation: higher derivatives along a curve at polynomial cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from functrans import tree
from functrans.control.jets import RULES
from functrans.core.avals import Aval, aval_of, is_inexact
from functrans.core.trace import Tracer
from functrans.errors import ArgumentError, DtypeError, TypeMismatchError
from functrans.primitives.linear import convert, mul
from functrans.transforms.jet import jet_flat
from functrans.transforms.stage import own, unshared, zeros_of


def jet(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    series: Sequence[Sequence[Any]],
    factorial_scaled: bool = True,
) -> tuple[Any, Any]:
    """Value and higher derivatives of ``fun`` along a curve through ``primals``.

    With x(t) = Σ xₖ·tᵏ/k!, where x₀ is the primal and x₁, x₂, … are its series, the result is
    y₀ and y₁, y₂, … of y(t) = fun(x(t)). All orders are computed together, in time that grows as a
    small power of the order; nested :func:`functrans.jvp` doubles it with every order.

    Parameters
    ----------
    primals: one value for each argument, arrays or trees of them.
    series: for each argument a list of derivatives, each of the type of the primal; all lists
        have one length.
    factorial_scaled: False takes and gives Taylor coefficients xₖ/k! in the place of derivatives.

    Returns
    -------
    The value, and a tree of its structure with a list of derivatives in the place of each array.

    Raises
    ------
    ArgumentError: lists of different lengths, or not one for each argument.
    TypeMismatchError: a derivative of another shape, dtype or structure than its primal.

    >>> from functrans.experimental.jet import jet
    >>> y, (y1, y2, y3) = jet(np.sin, (0.0,), ([1.0, 0.0, 0.0],))
    >>> float(y), float(y1), float(y2), float(y3)
    (0.0, 1.0, 0.0, -1.0)
    """
    if len(primals) != len(series):
        raise ArgumentError(
            f"jet got {len(primals)} primals and {len(series)} series.",
            "Give one list of derivatives for each argument.",
        )
    orders = {len(terms) for terms in series}
    if len(orders) != 1:
        raise ArgumentError(
            f"The series have the lengths {sorted(orders)}.",
            "Give as many derivatives for each argument; zeros where there are none.",
        )
    order = orders.pop()
    flat, in_tree = tree.flatten(tuple(primals))
    rows = [_leaves(in_tree, [terms[k] for terms in series]) for k in range(order)]
    terms = [
        _coefficients(aval_of(x), [row[i] for row in rows], factorial_scaled)
        for i, x in enumerate(flat)
    ]
    out_tree: list[tree.PyTreeDef] = []

    def flat_function(*leaves: Any) -> list[Any]:
        outs, structure = tree.flatten(fun(*tree.unflatten(in_tree, leaves)))
        out_tree.append(structure)
        return unshared(outs)

    values, found = jet_flat(flat_function, order, flat, terms, RULES)
    avals = [aval_of(v) for v in values]
    derivatives = [
        own([_derivative(c, k + 1, a, factorial_scaled) for k, c in enumerate(row)], flat)
        for row, a in zip(found, avals, strict=True)
    ]
    return tree.unflatten(out_tree[0], own(values, flat)), tree.unflatten(out_tree[0], derivatives)


def _leaves(in_tree: tree.PyTreeDef, terms: Sequence[Any]) -> list[Any]:
    leaves, found = tree.flatten(tuple(terms))
    if found != in_tree:
        raise TypeMismatchError(
            f"A term of the series has the structure {found}, the primals have {in_tree}.",
            "Give each term the containers of its primal.",
        )
    return leaves


def _coefficients(aval: Aval, terms: Sequence[Any], factorial_scaled: bool) -> list[Any] | None:
    """The Taylor coefficients of an argument, None for one without derivatives."""
    if not is_inexact(aval.dtype):
        return None
    coefficients = []
    for k, term in enumerate(terms):
        have = aval_of(term)
        if have.shape != aval.shape or (have.dtype != aval.dtype and not have.weak):
            raise TypeMismatchError(
                f"Derivative {k + 1} of a value of type {aval.strengthen()} has type "
                f"{have.strengthen()}.",
                "Give each derivative the shape and dtype of the primal.",
            )
        if have.dtype.kind != aval.dtype.kind and aval.dtype.kind != "c" and have.dtype.kind == "c":
            raise DtypeError(f"Derivative {k + 1} of a real value is complex.")
        term = convert(term, aval.dtype) if isinstance(term, Tracer) or have.weak else term
        scale = aval.dtype.type(1.0 / math.factorial(k + 1))
        coefficients.append(mul(term, scale) if factorial_scaled else term)
    return coefficients


def _derivative(coefficient: Any, order: int, aval: Aval, factorial_scaled: bool) -> Any:
    if coefficient is None:
        return zeros_of(aval.tangent())
    if not factorial_scaled:
        return coefficient
    return mul(coefficient, aval.dtype.type(math.factorial(order)))


__all__ = ["jet"]
