"""Checks that derivatives are right: against finite differences, and forward against reverse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans import tree
from functrans.core.avals import aval_of, float0, is_complex, is_inexact
from functrans.errors import CheckError, OptionError
from functrans.transforms.derived import jvp, vjp

_EPS = {"e": 1e-1, "f": 3e-3, "F": 3e-3}
_TOLERANCE = {"e": 1e-1, "f": 2e-2, "F": 2e-2}


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 1,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
    seed: int = 0,
) -> None:
    """Check the derivatives of ``f`` at ``args`` up to ``order``, in random directions.

    Forward mode is compared with central differences, reverse mode with forward mode (with the
    differences, where forward mode is not asked for) by ⟨ȳ, J t⟩ = ⟨Jᵀ ȳ, t⟩ (the real part, for
    complex numbers).

    Parameters
    ----------
    f: any function of pytrees of arrays; integer arguments are held fixed.
    modes: "fwd", "rev" or both.
    atol, rtol: tolerances, by default from the coarsest dtype met: 1e-6 for float64.
    eps: step of the differences, by default 1e-5 for float64 and 3e-3 for float32.

    Raises
    ------
    CheckError: which derivative is wrong, by how much, in which mode and order.

    >>> check_grads(lambda x: np.sin(x) * x, (np.linspace(0.1, 1.0, 4),), order=2)
    """
    if not set(modes) <= {"fwd", "rev"} or order < 1:
        raise OptionError(
            f"check_grads got modes {tuple(modes)} and order {order}.",
            'Modes are "fwd" and "rev"; the order is at least 1.',
        )
    rng = np.random.default_rng(seed)
    _check(f, tuple(args), order, tuple(modes), atol, rtol, eps, rng, "")


def _check(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    order: int,
    modes: tuple[str, ...],
    atol: float | None,
    rtol: float | None,
    eps: float | None,
    rng: np.random.Generator,
    path: str,
) -> None:
    tangents = tree.map_(lambda x: random_tangent(x, rng), args)
    value = f(*args)
    kinds = {aval_of(x).dtype.char for x in tree.leaves((args, value))}
    tolerance = max(_TOLERANCE.get(k, 1e-6) for k in kinds)
    limits = (tolerance if atol is None else atol, tolerance if rtol is None else rtol)
    step = max(_EPS.get(k, 1e-5) for k in kinds) if eps is None else eps
    dot = numerical_jvp(f, args, tangents, step)
    if "fwd" in modes:
        _, pushed_dot = jvp(f, args, tangents)
        _compare(f"{path}forward mode", pushed_dot, dot, limits)
        dot = pushed_dot
    if "rev" in modes:
        _, pullback = vjp(f, *args)
        cotangent = tree.map_(lambda x: random_tangent(x, rng), value)
        left = inner(cotangent, dot)
        right = inner(pullback(cotangent), tangents)
        _compare(f"{path}reverse mode", np.asarray(right), np.asarray(left), limits)
    if order == 1:
        return
    if "fwd" in modes:

        def pushed(*xs: Any) -> Any:
            return jvp(f, xs, tangents)[1]

        _check(pushed, args, order - 1, modes, atol, rtol, eps, rng, f"{path}forward mode of ")
    if "rev" in modes:
        fixed = tree.map_(lambda x: random_tangent(x, rng), value)

        def pulled(*xs: Any) -> Any:
            return [ct for ct in tree.leaves(vjp(f, *xs)[1](fixed)) if aval_of(ct).dtype != float0]

        _check(pulled, args, order - 1, modes, atol, rtol, eps, rng, f"{path}reverse mode of ")


def random_tangent(x: Any, rng: np.random.Generator) -> Any:
    """A random direction of the type of ``x``'s tangents; float0 for integers.

    >>> ft.testing.random_tangent(np.ones((2, 3)), np.random.default_rng(0)).shape
    (2, 3)
    """
    aval = aval_of(x)
    if not is_inexact(aval.dtype):
        return np.zeros(aval.shape, float0)
    draw = rng.standard_normal(aval.shape)
    if is_complex(aval.dtype):
        draw = draw + 1j * rng.standard_normal(aval.shape)
    return np.asarray(draw).astype(aval.dtype)[()]


def numerical_jvp(f: Callable[..., Any], args: Any, tangents: Any, eps: float = 1e-5) -> Any:
    """(f(x + εt) − f(x − εt)) / 2ε on trees; integers are held fixed.

    >>> fnp.round(ft.testing.numerical_jvp(lambda x: x**2, (3.0,), (1.0,)), 6)
    np.float64(6.0)
    """

    def moved(sign: float) -> Any:
        def move(x: Any, t: Any) -> Any:
            if aval_of(t).dtype == float0:
                return x
            return (np.asarray(x) + sign * eps * np.asarray(t)).astype(aval_of(x).dtype)[()]

        return f(*tree.map_(move, args, tangents))

    def difference(a: Any, b: Any) -> Any:
        a, b = np.asarray(a), np.asarray(b)
        if not is_inexact(a.dtype):
            return np.zeros(a.shape, float0)
        return (a - b) / (2.0 * eps)

    return tree.map_(difference, moved(1.0), moved(-1.0))


def inner(a: Any, b: Any) -> float:
    """Re Σ a·b over two trees, without conjugation; float0 leaves count nothing.

    >>> ft.testing.inner([np.array([1.0, 2.0]), 3.0], [np.array([4.0, 5.0]), 6.0])
    32.0
    """
    total = 0.0
    for x, y in zip(tree.leaves(a), tree.leaves(b), strict=True):
        if aval_of(x).dtype != float0:
            total += float(np.real(np.sum(np.asarray(x) * np.asarray(y), dtype=complex)))
    return total


def _compare(what: str, actual: Any, expected: Any, limits: tuple[float, float]) -> None:
    atol, rtol = limits
    pairs = zip(tree.leaves_with_path(actual), tree.leaves(expected), strict=True)
    for (path, a), b in pairs:
        if aval_of(a).dtype == float0:
            continue
        if not np.allclose(a, b, atol=atol, rtol=rtol, equal_nan=True):
            error = np.max(np.abs(np.asarray(a) - np.asarray(b)))
            where = f" at {tree.keystr(path)}" if path else ""
            raise CheckError(
                f"The derivative by {what}{where} is {np.asarray(a)!r:.200}, but {b!r:.200} was "
                f"expected (largest difference {error:.3g}, allowed {atol:.3g} + {rtol:.3g}·|…|).",
                "If the function is smooth there, a rule is wrong; near a kink or with tiny "
                "steps choose other points or eps.",
            )
