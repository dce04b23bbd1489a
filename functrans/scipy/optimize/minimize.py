"""The door to minimisation: ``scipy.optimize.minimize``, by exact gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import functrans.numpy as fnp
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.numpy.promote import array_like, cast, float_dtype
from functrans.scipy.optimize.bfgs import bfgs

_OPTIONS = ("maxiter", "norm", "gtol", "line_search_maxiter")


class OptimizeResults(NamedTuple):
    """What a minimisation found: a tree, so that it goes through transforms.

    ``status`` is 0 for success, 1 after ``maxiter`` steps, and 3 where no step along a direction
    made the function smaller.

    >>> found = ft.scipy.optimize.minimize(lambda x: x @ x, np.ones(2), method="BFGS")
    >>> bool(found.success), int(found.status)
    (True, 0)
    """

    x: Any
    success: Any
    status: Any
    fun: Any
    jac: Any
    hess_inv: Any
    nfev: Any
    njev: Any
    nit: Any


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    method: str,
    tol: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> OptimizeResults:
    """A local minimum of ``fun(x, *args)``, a real scalar, from a start x0 of shape (n,).

    Parameters
    ----------
    method: "BFGS", the only one.
    tol: the same as the option gtol.
    options: maxiter (200·n), gtol (1e-5: how small the gradient is at the end), norm (∞: by which
        norm), line_search_maxiter (20: calls of the function along one direction).

    It can be compiled, batched (each example stops by itself) and differentiated, through its
    steps. Raises ArgumentError, OptionError or ShapeError for what it does not take.

    >>> def rosenbrock(x, a):
    ...     return (a - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    >>> solve = lambda a: ft.scipy.optimize.minimize(rosenbrock, np.zeros(2), (a,), method="BFGS").x
    >>> ft.jit(solve)(1.0).round(6)
    array([1., 1.])
    """
    if not isinstance(args, tuple):
        raise ArgumentError(f"args is a {type(args).__name__}.", "Give a tuple.")
    if method.lower() != "bfgs":
        raise OptionError(f"method={method!r} is not known.", 'Use "BFGS".')
    given = dict(options or {})
    if tol is not None:
        given.setdefault("gtol", tol)
    if unknown := given.keys() - set(_OPTIONS):
        raise OptionError(f"minimize knows no {sorted(unknown)}.", f"Use {', '.join(_OPTIONS)}.")
    start = array_like(x0)
    if start.ndim != 1 or not start.shape[0]:
        raise ShapeError(
            f"minimize got a start of shape {start.shape}.",
            "Give a vector; ravel_pytree makes one.",
        )
    start = cast(start, float_dtype(start))
    end = bfgs(lambda x: fun(x, *args), start, **given)
    status = fnp.where(end.small, 0, fnp.where(end.stuck, 3, 1))
    return OptimizeResults(
        x=end.x,
        success=end.small,
        status=status,
        fun=end.value,
        jac=end.gradient,
        hess_inv=end.inverse,
        nfev=end.calls,
        njev=end.calls,
        nit=end.steps,
    )
