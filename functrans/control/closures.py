"""Closures: what a function closes over becomes arguments; and derivatives given as closures."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from functrans import tree
from functrans.control.bodies import closed
from functrans.control.custom_rules import described, instantiated
from functrans.control.custom_vjp import custom_vjp
from functrans.core.avals import aval_of, is_inexact
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.core.trace import Tracer
from functrans.errors import CustomRuleError, TreeError
from functrans.transforms.stage import P, R, check_callable, stage, stage_tree


def closure_convert(
    fun: Callable[..., Any], *example_args: Any
) -> tuple[Callable[..., Any], list[Any]]:
    """A function that takes the traced values which ``fun`` closes over as further arguments.

    Rules of ``custom_jvp`` and ``custom_vjp`` are about arguments: a function that takes another
    one, which may close over values that are being differentiated, converts it first.

    Parameters
    ----------
    fun: a function of trees of arrays. It is traced at once, and not run again.
    example_args: arguments, or anything of their shapes and dtypes.

    Returns
    -------
    ``(converted, values)`` with ``converted(*args, *values)`` equal to ``fun(*args)``. Of what
    ``fun`` closes over, ``values`` has the floating and complex traced values; all other things
    stay inside.

    Raises
    ------
    TreeError: ``converted`` called with arguments of another structure than ``example_args``.

    >>> converted, values = ft.closure_convert(lambda x: 2.0 * x, 1.0)
    >>> float(converted(3.0, *values)), values
    (6.0, [])
    """
    check_callable("closure_convert", fun)
    jaxpr, in_tree, out_tree = stage_tree(fun, example_args, {})
    body = closed(jaxpr)
    hoisted = [isinstance(x, Tracer) and is_inexact(x.dtype) for x in body.captured]
    kept = [None if out else x for x, out in zip(body.captured, hoisted, strict=True)]
    count = sum(hoisted)

    def converted(*args: Any) -> Any:
        split = len(args) - count
        leaves, structure = tree.flatten((args[:split], {}))
        if structure != in_tree:
            raise TreeError(
                f"{described(fun)} was converted for arguments {in_tree.children[0]}, and called "
                f"with {structure.children[0]}.",
                "Call it with arguments like the examples, then the values that it closed over.",
            )
        values = iter(args[split:])
        constants = [next(values) if out else x for x, out in zip(kept, hoisted, strict=True)]
        return tree.unflatten(out_tree, evaluate(body.jaxpr, *constants, *leaves))

    return converted, [x for x, out in zip(body.captured, hoisted, strict=True) if out]


class _Pullback:
    """A function of cotangents as a program, without the values that it closed over."""

    __slots__ = ("jaxpr", "tree")

    def __init__(self, jaxpr: Jaxpr, out_tree: tree.PyTreeDef) -> None:
        self.jaxpr = jaxpr
        self.tree = out_tree


def custom_gradient(fun: Callable[P, tuple[R, Any]]) -> Callable[P, R]:
    """A function that returns its value together with its own reverse mode.

    Parameters
    ----------
    fun: returns ``(value, pullback)``, where ``pullback`` maps the value's cotangent to a tuple of
        cotangents of the arguments (of one argument: the cotangent itself).

    Returns
    -------
    The function that returns the value alone, and whose derivative is what ``pullback`` says: a
    :class:`functrans.custom_vjp`.

    >>> @ft.custom_gradient
    ... def clipped(x):
    ...     return x * x, lambda ct: ct * np.clip(2.0 * x, -1.0, 1.0)
    >>> float(clipped(3.0)), float(ft.grad(clipped)(3.0))
    (9.0, 1.0)
    """
    check_callable("custom_gradient", fun)

    def pair(*args: P.args, **kwargs: P.kwargs) -> tuple[R, Any]:
        result: Any = fun(*args, **kwargs)
        if not (isinstance(result, tuple | list) and len(result) == 2 and callable(result[1])):
            raise CustomRuleError(
                f"{described(fun)}, decorated with custom_gradient, returned {result!r:.80}.",
                "Return (value, pullback), where pullback is a function of the cotangent.",
            )
        return result[0], result[1]

    @wraps(fun)
    def value_alone(*args: P.args, **kwargs: P.kwargs) -> R:
        return pair(*args, **kwargs)[0]

    def forward(*args: P.args, **kwargs: P.kwargs) -> tuple[R, Any]:
        value, pullback = pair(*args, **kwargs)
        leaves, out_tree = tree.flatten(value)
        avals = [aval_of(x).strengthen() for x in leaves]
        structures: list[tree.PyTreeDef] = []

        def flat(*cotangents: Any) -> list[Any]:
            rest = iter(cotangents)
            given = [
                next(rest) if is_inexact(a.dtype) else instantiated(None, a, False) for a in avals
            ]
            found, structure = tree.flatten(pullback(tree.unflatten(out_tree, given)))
            structures.append(structure)
            return found

        jaxpr = stage(flat, [a for a in avals if is_inexact(a.dtype)])
        body = closed(jaxpr)
        return value, (list(body.captured), _Pullback(body.jaxpr, structures[0]))

    def backward(residuals: Any, cotangent: Any) -> tuple[Any, ...]:
        captured, pullback = residuals
        given = [ct for ct in tree.leaves(cotangent) if is_inexact(aval_of(ct).dtype)]
        found = tree.unflatten(pullback.tree, evaluate(pullback.jaxpr, *captured, *given))
        return found if isinstance(found, tuple) else (found,)

    function = custom_vjp(value_alone)
    function.defvjp(forward, backward)
    return function
