"""Iterative solvers of linear systems: cg, bicgstab and gmres.

The matrix may be a function, and the unknown a tree. Derivatives are those of the solution, by the
implicit function theorem: they solve the same system again, or its transpose, and do not look into
the iterations.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from functrans import numpy as fnp
from functrans import tree
from functrans.control.linear_solve import custom_linear_solve
from functrans.control.while_loop import while_loop
from functrans.core.avals import aval_of, is_complex, is_inexact
from functrans.errors import ArgumentError, DtypeError, OptionError, ShapeError, TreeError
from functrans.flatten_util import ravel_pytree
from functrans.numpy.promote import one_of
from functrans.primitives.triangular import triangular_solve

__all__ = ["bicgstab", "cg", "gmres"]

Operator = Callable[[Any], Any]


class _System(NamedTuple):
    """A system of vectors: the matrix and the preconditioner as functions, and when to stop."""

    apply: Operator
    precondition: Operator
    b: Any
    limit: Any  # of the residual's norm
    steps: int  # at most


Method = Callable[[_System, Any], tuple[Any, Any, Any]]  # start -> solution, residual, steps


def cg(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: float = 1e-5,
    atol: float = 0.0,
    maxiter: int | None = None,
    M: Any = None,
) -> tuple[Any, Any]:
    """Solve ``A x = b`` for a symmetric (Hermitian) positive definite A by conjugate gradients.

    Hestenes and Stiefel, *Methods of conjugate gradients for solving linear systems*, 1952.

    Parameters
    ----------
    A: a square matrix, or a linear function from trees like ``b`` to such.
    b: the right-hand side, an array or a tree of them.
    x0: where to start; zeros if it is not given.
    tol, atol: stop when the residual's norm is at most ``max(tol * norm(b), atol)``.
    maxiter: the most iterations; ten times the number of unknowns.
    M: an approximation of the inverse of A, as a matrix or function.

    Returns
    -------
    x like ``b``, and 0, or the number of iterations where the limit was not reached.

    Raises
    ------
    ShapeError, TreeError: a matrix, start or result of ``A`` that does not fit ``b``.
    DtypeError: a complex ``A`` for a real ``b``.

    >>> A = np.array([[4.0, 1.0], [1.0, 3.0]])
    >>> x, info = ft.scipy.sparse.linalg.cg(A, np.array([1.0, 2.0]))
    >>> np.round(A @ x, 6), int(info)
    (array([1., 2.]), 0)
    """
    return _solved("cg", _cg, A, b, x0, tol, atol, maxiter, M, symmetric=True)


def bicgstab(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: float = 1e-5,
    atol: float = 0.0,
    maxiter: int | None = None,
    M: Any = None,
) -> tuple[Any, Any]:
    """Solve ``A x = b`` by stabilised biconjugate gradients; arguments and results as :func:`cg`.

    A may be any regular matrix. An iteration applies it twice. van der Vorst, *Bi-CGSTAB*, 1992.

    >>> A = np.array([[4.0, 1.0], [-1.0, 3.0]])
    >>> x, _ = ft.scipy.sparse.linalg.bicgstab(A, np.array([1.0, 2.0]))
    >>> np.round(A @ x, 6)
    array([1., 2.])
    """
    return _solved("bicgstab", _bicgstab, A, b, x0, tol, atol, maxiter, M)


def gmres(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: float = 1e-5,
    atol: float = 0.0,
    restart: int = 20,
    maxiter: int | None = None,
    M: Any = None,
    solve_method: str = "batched",
) -> tuple[Any, Any]:
    """Solve ``A x = b`` by the generalised minimal residual method; as :func:`cg`.

    A may be any regular matrix. Saad and Schultz, *GMRES*, 1986; preconditioned from the right, so
    that the residual is that of the system as it is given.

    Parameters
    ----------
    restart: so many directions are kept, and then the method starts again from where it is.
    maxiter: the most restarts; ten times the number of unknowns.
    solve_method: "batched" or "incremental", accepted for compatibility: the residual is known in
        every step here, and the steps end when it is small enough.

    >>> A = np.array([[4.0, 1.0], [-1.0, 3.0]])
    >>> x, _ = ft.scipy.sparse.linalg.gmres(A, np.array([1.0, 2.0]))
    >>> np.round(A @ x, 6)
    array([1., 2.])
    """
    one_of("solve_method", solve_method, "batched", "incremental")
    kept = operator.index(restart)
    if kept < 1:
        raise OptionError(f"gmres got restart={restart!r}, which is no positive number.")
    return _solved("gmres", partial(_gmres, kept), A, b, x0, tol, atol, maxiter, M)


# --- what they share -----------------------------------------------------------------------------


def _solved(
    name: str,
    method: Method,
    A: Any,
    b: Any,
    x0: Any,
    tol: float,
    atol: float,
    maxiter: int | None,
    M: Any,
    symmetric: bool = False,
) -> tuple[Any, Any]:
    b = tree.map_(_inexact, b)
    matrix = _operator(name, "A", A, b)
    precondition = (lambda x: x) if M is None else _operator(name, "M", M, b)
    start = tree.map_(fnp.zeros_like, b) if x0 is None else _start(name, x0, b)
    size = sum(aval_of(x).size for x in tree.leaves(b))
    steps = 10 * size if maxiter is None else operator.index(maxiter)

    def solve(start: Any, matrix: Operator, b: Any) -> tuple[Any, Any]:
        vector, unravel = ravel_pytree(b)

        def flat(function: Operator, x: Any) -> Any:
            return ravel_pytree(function(unravel(x)))[0]

        limit = fnp.maximum(tol * _norm(vector), atol)
        system = _System(partial(flat, matrix), partial(flat, precondition), vector, limit, steps)
        x, residual, taken = method(system, ravel_pytree(start)[0])
        info = fnp.where(_norm(residual) <= limit, 0, fnp.maximum(taken, 1))
        return unravel(x), info

    real = all(x.dtype.kind == "f" for x in tree.leaves(b))
    result: tuple[Any, Any] = custom_linear_solve(
        matrix,
        b,
        partial(solve, start),
        partial(solve, tree.map_(fnp.zeros_like, b)),  # the start is that of another system
        symmetric=symmetric and real,
        has_aux=True,
    )
    return result


def _inexact(x: Any) -> Any:
    x = fnp.asarray(x)
    return x if is_inexact(x.dtype) else fnp.astype(x, np.float64)


def _operator(name: str, argument: str, A: Any, b: Any) -> Operator:
    """A matrix as a function; the right-hand side is then one vector."""
    if callable(A):
        return partial(_applied, f"{name} got a function {argument}", A)
    shape = getattr(A, "shape", None)
    if shape is None:
        raise ArgumentError(f"{name} needs a matrix or a function for {argument}, not {A!r:.60}.")
    found = aval_of(b).shape if tree.treedef_is_leaf(tree.structure(b)) else None
    if found is None or len(found) != 1 or tuple(shape) != (*found, *found):
        raise ShapeError(
            f"{name} got a matrix {argument} of shape {tuple(shape)} for a right-hand side of "
            f"{found or tree.structure(b)}.",
            "A matrix goes with one vector; give a function for anything else.",
        )
    matrix = fnp.asarray(A)
    return partial(_applied, f"{name} got a matrix {argument}", lambda x: matrix @ x)


def _applied(what: str, function: Operator, x: Any) -> Any:
    """``function(x)``, which has to be what can stand beside ``x``."""
    y = tree.map_(fnp.asarray, function(x))
    if tree.structure(y) != tree.structure(x):
        raise TreeError(
            f"{what} that makes the structure {tree.structure(y)} of {tree.structure(x)}."
        )
    for new, old in zip(tree.leaves(y), tree.leaves(x), strict=True):
        if new.shape != old.shape:
            raise ShapeError(f"{what} that makes the shape {new.shape} of {old.shape}.")
        if is_complex(new.dtype) and not is_complex(old.dtype):
            raise DtypeError(
                f"{what} that makes complex numbers of real ones.",
                "Give a complex right-hand side: b.astype(complex).",
            )
    return y


def _start(name: str, x0: Any, b: Any) -> Any:
    leaves, structure = tree.flatten(x0)
    wanted = tree.leaves(b)
    if structure != tree.structure(b):
        raise TreeError(
            f"{name} got a start of the structure {structure} for a right-hand side of "
            f"{tree.structure(b)}."
        )
    for x, y in zip(leaves, wanted, strict=True):
        if aval_of(x).shape != y.shape:
            raise ShapeError(f"{name} got a start of shape {aval_of(x).shape} for {y.shape}.")
    cast = [fnp.astype(fnp.asarray(x), y.dtype) for x, y in zip(leaves, wanted, strict=True)]
    return tree.unflatten(structure, cast)


def _dot(x: Any, y: Any) -> Any:
    return fnp.vdot(x, y)


def _squared(x: Any) -> Any:
    """The square of the norm, a real number."""
    return fnp.real(_dot(x, x))


def _norm(x: Any) -> Any:
    return fnp.sqrt(_squared(x))


# --- conjugate gradients -------------------------------------------------------------------------


class _Descent(NamedTuple):
    x: Any
    residual: Any
    direction: Any
    rho: Any
    step: Any


def _cg(system: _System, start: Any) -> tuple[Any, Any, Any]:
    bound = system.limit**2

    def goes_on(state: _Descent) -> Any:
        return (_squared(state.residual) > bound) & (state.step < system.steps)

    def iterate(state: _Descent) -> _Descent:
        image = system.apply(state.direction)
        alpha = state.rho / fnp.real(_dot(state.direction, image))
        residual = state.residual - alpha * image
        near = system.precondition(residual)
        rho = fnp.real(_dot(residual, near))
        direction = near + rho / state.rho * state.direction
        x = state.x + alpha * state.direction
        return _Descent(x, residual, direction, rho, state.step + 1)

    residual = system.b - system.apply(start)
    near = system.precondition(residual)
    first = _Descent(start, residual, near, fnp.real(_dot(residual, near)), 0)
    last = while_loop(goes_on, iterate, first)
    return last.x, last.residual, last.step


# --- stabilised biconjugate gradients ------------------------------------------------------------


class _Stabilised(NamedTuple):
    x: Any
    residual: Any
    direction: Any
    image: Any
    rho: Any
    alpha: Any
    omega: Any
    step: Any


def _bicgstab(system: _System, start: Any) -> tuple[Any, Any, Any]:
    bound = system.limit**2
    shadow = system.b - system.apply(start)

    def goes_on(state: _Stabilised) -> Any:
        broken = (state.rho == 0) | (state.omega == 0)
        unfinished = _squared(state.residual) > bound
        return unfinished & ~broken & (state.step < system.steps)

    def iterate(state: _Stabilised) -> _Stabilised:
        rho = _dot(shadow, state.residual)
        beta = rho / state.rho * state.alpha / state.omega
        direction = state.residual + beta * (state.direction - state.omega * state.image)
        near = system.precondition(direction)
        image = system.apply(near)
        alpha = rho / _dot(shadow, image)
        half = state.residual - alpha * image
        near_half = system.precondition(half)
        image_half = system.apply(near_half)
        squared = _squared(image_half)
        omega = _dot(image_half, half) / fnp.where(squared == 0, 1, squared)
        x = state.x + alpha * near + omega * near_half
        residual = half - omega * image_half
        return _Stabilised(x, residual, direction, image, rho, alpha, omega, state.step + 1)

    zeros, one = fnp.zeros_like(system.b), system.b.dtype.type(1)
    first = _Stabilised(start, shadow, zeros, zeros, one, one, one, 0)
    last = while_loop(goes_on, iterate, first)
    return last.x, last.residual, last.step


# --- generalised minimal residuals ---------------------------------------------------------------


class _Krylov(NamedTuple):
    """An orthonormal basis of residuals, and the least-squares problem in it.

    ``rotation`` brings the matrix in the basis into the upper triangle ``triangle``.
    """

    basis: Any
    triangle: Any
    rotation: Any
    step: Any


class _Restarted(NamedTuple):
    x: Any
    residual: Any
    step: Any


def _gmres(restart: int, system: _System, start: Any) -> tuple[Any, Any, Any]:
    size = system.b.shape[0]
    kept = min(restart, size)
    dtype = system.b.dtype

    def goes_on(state: _Restarted) -> Any:
        return (_norm(state.residual) > system.limit) & (state.step < system.steps)

    def cycle(state: _Restarted) -> _Restarted:
        length = _norm(state.residual)
        basis = fnp.at(fnp.zeros((kept + 1, size), dtype))[0].set(state.residual / length)
        rotation = fnp.eye(kept + 1, dtype=dtype)
        first = _Krylov(basis, fnp.zeros((kept, kept), dtype), rotation, 0)

        def unfinished(space: _Krylov) -> Any:
            remaining = length * fnp.abs(fnp.take(space.rotation[:, 0], space.step))
            return (space.step < kept) & (remaining > system.limit)

        space = while_loop(unfinished, partial(_longer, system), first)
        change = system.precondition(_least_squares(space, length) @ space.basis[:kept])
        x = state.x + change
        return _Restarted(x, system.b - system.apply(x), state.step + 1)

    last = while_loop(goes_on, cycle, _Restarted(start, system.b - system.apply(start), 0))
    return last.x, last.residual, last.step


def _longer(system: _System, space: _Krylov) -> _Krylov:
    """One more direction (Arnoldi), and its column of the triangle."""
    k, basis, rotation = space.step, space.basis, space.rotation
    image = system.apply(system.precondition(fnp.take(basis, k, axis=0)))
    column = fnp.zeros(basis.shape[0], basis.dtype)
    for _ in range(2):  # once more: rounding errors leave a part of the basis in what is left
        part = fnp.conj(basis) @ image
        image = image - part @ basis
        column = column + part
    left = _norm(image)
    basis = fnp.at(basis)[k + 1].set(image / fnp.where(left == 0, 1, left))
    column = rotation @ column
    pivot = fnp.take(column, k)
    length = fnp.sqrt(fnp.real(pivot * fnp.conj(pivot)) + left**2)
    whole = fnp.where(length == 0, 1, length)
    above, below = fnp.take(rotation, k, axis=0), fnp.take(rotation, k + 1, axis=0)
    c, s = fnp.where(length == 0, 1, fnp.conj(pivot) / whole), left / whole
    rotation = fnp.at(rotation)[k].set(c * above + s * below)
    rotation = fnp.at(rotation)[k + 1].set(fnp.conj(c) * below - s * above)
    column = fnp.at(column)[k].set(fnp.astype(length, column.dtype))
    known = fnp.where(fnp.arange(len(column)) <= k, column, 0)[:-1]
    return _Krylov(basis, fnp.at(space.triangle)[:, k].set(known), rotation, k + 1)


def _least_squares(space: _Krylov, length: Any) -> Any:
    """The coefficients of the basis with the least residual; 0 for directions that say nothing."""
    kept = space.triangle.shape[0]
    used = (fnp.arange(kept) < space.step) & (fnp.diagonal(space.triangle) != 0)
    right = fnp.where(used, length * space.rotation[:kept, 0], 0)
    filled = fnp.astype(~used, space.triangle.dtype)
    triangle = space.triangle + fnp.diag(filled)
    return fnp.ravel(triangular_solve(triangle, right[:, None]))
