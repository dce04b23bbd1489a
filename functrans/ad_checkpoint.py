"""Rematerialisation: what a derivative stores, and what it computes again.

>>> block = checkpoint(lambda x: np.sin(np.cos(x)))
>>> print_saved_residuals(block, np.ones(()))
f64[] from the argument [0]
"""

from collections.abc import Callable
from typing import Any

from functrans import tree
from functrans.control import policies as checkpoint_policies
from functrans.control.call import jit_p
from functrans.control.checkpoint import checkpoint, checkpoint_name, checkpoint_p
from functrans.control.checkpoint import checkpoint as remat
from functrans.core.avals import Aval, is_inexact
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Var
from functrans.primitives.marks import name_p
from functrans.transforms.linearize import linearize_jaxpr
from functrans.transforms.stage import stage_tree


def print_saved_residuals(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Print what the derivative of ``fun`` at such arguments stores: types, and where they arise.

    One line for each array: an argument, a value with a name, or the result of an operation with
    the line of your code that calls it. Arguments may be arrays or anything with ``shape`` and
    ``dtype``.

    >>> print_saved_residuals(lambda x: np.sin(x) * 2.0, np.ones(3))
    f64[3] output of cos
    """
    for aval, origin in _saved_residuals(fun, args, kwargs):
        print(f"{aval} {origin}")


def _saved_residuals(
    fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[tuple[Aval, str]]:
    jaxpr, in_tree, _ = stage_tree(fun, args, kwargs)
    split = linearize_jaxpr(jaxpr, tuple(is_inexact(a.dtype) for a in jaxpr.in_avals))
    primal = split.primal
    paths = [path for path, _ in tree.leaves_with_path(tree.unflatten(in_tree, primal.invars))]
    found: list[tuple[Aval, str]] = []
    for kind, k in split.residuals:
        residual = primal.invars[k] if kind == "in" else primal.outvars[k]
        origin = _origin(primal, residual)
        if isinstance(origin, Eqn):
            found.append((residual.aval, _described(origin)))
        elif origin in primal.invars:
            path = _shown(paths[primal.invars.index(origin)])
            found.append((residual.aval, f"from the argument {path}"))
    return found


def _origin(jaxpr: Jaxpr, atom: Atom) -> Eqn | Atom:
    """The equation that computes a variable, inside of calls too; what none computes itself."""
    for eqn in jaxpr.eqns:
        if atom in eqn.outvars:
            inner = eqn.params.get("jaxpr")
            if eqn.primitive not in (jit_p, checkpoint_p) or not isinstance(inner, Jaxpr):
                return eqn
            origin = _origin(inner, inner.outvars[eqn.outvars.index(atom)])
            if isinstance(origin, Var) and origin in inner.invars:
                return _origin(jaxpr, eqn.invars[inner.invars.index(origin)])
            return origin
    return atom


def _described(eqn: Eqn) -> str:
    name = eqn.params["name"] if eqn.primitive is name_p else None
    origin = f"output of {eqn.primitive}" if name is None else f"named {name!r}"
    if eqn.source is not None and not eqn.source.file.startswith("<"):
        origin += f" from {eqn.source}"
    return origin


def _shown(path: tree.KeyPath) -> str:
    """A path below ``(args, kwargs)``."""
    return tree.keystr(path[1:])


__all__ = ["checkpoint", "checkpoint_name", "checkpoint_policies", "print_saved_residuals", "remat"]
