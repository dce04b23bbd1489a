"""Checks that derivatives are right, and that a function keeps all laws of the transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans import tree
from functrans.control.call import jit
from functrans.core.avals import aval_of, float0, is_complex, is_inexact
from functrans.errors import CheckError, OptionError
from functrans.transforms.derived import jvp, vjp
from functrans.transforms.stage import ShapeDtypeStruct, eval_shape
from functrans.transforms.vmap import vmap

_EPS = {"e": 1e-1, "f": 3e-3, "F": 3e-3}
_LOOSE = {"e": 1e-2, "f": 1e-5, "F": 1e-5}
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


def check_laws(
    f: Callable[..., Any],
    args: Sequence[Any],
    oracle: Callable[..., Any] | None = None,
    order: int = 2,
    rtol: float = 1e-10,
    modes: Sequence[str] = ("fwd", "rev"),
) -> None:
    """Check that all transforms of ``f`` agree with each other at ``args``, arrays and numbers.

    The laws: the value is the oracle's; abstract types are the actual ones; compiled code gives
    the same; ``vmap`` is a loop, over any axis, for every choice of mapped arguments; derivatives
    are finite differences up to ``order`` and forward mode agrees with reverse mode; compiled and
    mapped pullbacks are the plain ones. An ``order`` of 0 leaves the derivatives out.

    Parameters
    ----------
    oracle: a plain NumPy function that gives the same values.
    rtol: tolerance of everything but finite differences, relative to the largest element.

    Raises
    ------
    CheckError: which law does not hold, and the values.

    >>> check_laws(lambda x, y: np.sin(x) * y, (np.array([0.5, 1.0]), 2.0))
    """
    args = tuple(np.asarray(x)[()] for x in args)
    value = f(*args)
    if oracle is not None:
        _equal("the value is the oracle's", value, oracle(*args), rtol)
    shapes = tree.map_(lambda x: ShapeDtypeStruct(np.shape(x), aval_of(x).dtype), value)
    if eval_shape(f, *args) != shapes:
        raise CheckError(f"eval_shape gives {eval_shape(f, *args)}, but the result is {shapes}.")
    _equal("compiled code gives the same", jit(f)(*args), value, rtol)
    _check_vmap("vmap is a loop", f, args, rtol)
    inexact = [is_inexact(aval_of(x).dtype) for x in args]
    if not order or not any(inexact):
        return
    check_grads(f, args, order, modes)
    if "rev" not in modes:
        return

    def pulled(cotangent: Any, *xs: Any) -> Any:
        found = vjp(f, *xs)[1](cotangent)
        return [ct for ct, on in zip(found, inexact, strict=True) if on]

    cotangent = tree.map_(lambda x: random_tangent(x, np.random.default_rng(1)), value)
    pullback = pulled(cotangent, *args)
    _equal("compiled pullbacks are the plain ones", jit(pulled)(cotangent, *args), pullback, rtol)
    if all(aval_of(ct).dtype != float0 for ct in tree.leaves(cotangent)):
        flat, structure = tree.flatten(cotangent)

        def pulled_flat(*leaves: Any) -> Any:
            n = len(flat)
            return pulled(tree.unflatten(structure, leaves[:n]), *leaves[n:])

        _check_vmap("vmap of the pullback is a loop", pulled_flat, (*flat, *args), rtol)


def _check_vmap(law: str, f: Callable[..., Any], args: tuple[Any, ...], rtol: float) -> None:
    """Map over each argument alone, over all of them, and over the last axis."""
    count = len(args)
    alone = [tuple(0 if i == k else None for i in range(count)) for k in range(count)]
    for axes in {*alone, (0,) * count, (-1,) * count}:
        # The second example is the first one backwards: it has the same domain.
        pairs = [[x, np.flip(x)] for x in args]
        stacked = [
            pair[0] if axis is None else np.stack(pair, axis)
            for pair, axis in zip(pairs, axes, strict=True)
        ]
        examples = [
            f(*(pair[0 if axis is None else k] for pair, axis in zip(pairs, axes, strict=True)))
            for k in range(2)
        ]
        expected = tree.map_(lambda *xs: np.stack(xs), *examples)
        found = vmap(f, in_axes=axes)(*stacked)
        _equal(f"{law} with in_axes={axes}", found, expected, rtol)


def _equal(law: str, actual: Any, expected: Any, rtol: float) -> None:
    left, structure = tree.flatten(actual)
    right, wanted = tree.flatten(expected)
    if structure != wanted:
        raise CheckError(f"The law “{law}” does not hold: {structure} is not {wanted}.")
    for a, b in zip(left, right, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype == b.dtype == float0 and a.shape == b.shape:
            continue
        scale = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
        tolerance = max(rtol, _LOOSE.get(b.dtype.char, 0.0))
        same = a.shape == b.shape and a.dtype == b.dtype
        if not (same and np.allclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True)):
            raise CheckError(
                f"The law “{law}” does not hold: {a!r:.200} of {aval_of(a)} is not {b!r:.200} of "
                f"{aval_of(b)}.",
                "The rule that the law is about is wrong, or was given operands that it does not "
                "expect.",
            )
