"""Linear functions and implicit ones: linear_call, linear_transpose, linear systems and roots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans import errors, lax
from functrans.testing import check_grads
from tests.agreement import same

X = np.linspace(0.1, 1.0, 3)
Y = np.array([0.5, 2.0, -1.5])
SINGLE = np.float32(1)

# --- linear_call ---------------------------------------------------------------------------------


def turned(x: Any, y: Any) -> Any:
    """sin(x)·y, linear in y, with a transpose that says 5 times too much on purpose."""
    return lax.linear_call(lambda r, v: np.sin(r) * v, lambda r, ct: 5.0 * np.sin(r) * ct, x, y)


def test_transposes_of_linear_call_under_every_transform() -> None:
    f = turned
    for wrap in (lambda g: g, ft.jit):
        same(wrap(ft.grad(f, 1))(0.7, 2.0), 5 * np.sin(0.7))
        same(ft.grad(wrap(f), 1)(0.7, 2.0), 5 * np.sin(0.7))
        same(wrap(ft.grad(f, 0))(0.7, 2.0), 2.0 * np.cos(0.7))
        mapped = wrap(ft.vmap(f, (0, None)))
        same(ft.grad(lambda y, g=mapped: g(X, y).sum())(2.0), 5 * np.sin(X).sum())
        looped = wrap(lambda y: lax.scan(lambda c, r: (f(r, c), None), y, X)[0])
        same(ft.grad(looped)(2.0), 125 * np.prod(np.sin(X)))
    # The transposed call is differentiated by the transpose, and transposed again by the function.
    same(ft.grad(lambda x: ft.grad(f, 1)(x, 2.0))(0.7), 5 * np.cos(0.7))
    back = ft.linear_transpose(lambda y: f(0.7, y), 1.0)
    same(ft.linear_transpose(lambda ct: back(ct)[0], 1.0)(1.0)[0], np.sin(0.7))


def test_linear_call_takes_derivatives_of_what_it_closes_over() -> None:
    def f(a: Any, x: Any) -> Any:
        return lax.linear_call(lambda _, v: a * a * v, lambda _, ct: a * a * ct, (), x)

    check_grads(f, (2.0, 3.0), order=2)
    check_grads(ft.jit(f), (2.0, 3.0), order=2)


# --- roots and linear systems --------------------------------------------------------------------


def jacobi(matvec: Any, b: Any) -> Any:
    """A method whose own derivative would take a while loop, for matrices near 4."""

    def step(state: Any) -> Any:
        x, i = state
        return x + 0.2 * (b - matvec(x)), i + 1

    return lax.while_loop(lambda s: s[1] < 150, step, (0.0 * b, 0))[0]


MATRIX = np.array([[4.0, 1.0, 0.0], [0.5, 4.0, -1.0], [0.3, 0.0, 4.0]])


def solution(a: Any, b: Any) -> Any:
    return lax.custom_linear_solve(lambda x: a @ x, b, jacobi, jacobi)


def cube_root(a: Any, guess: Any = 1.0) -> Any:
    def newton(f: Any, x: Any) -> Any:
        return lax.fori_loop(0, 20, lambda i, x: x - f(x) / (3.0 * x * x), x)

    return lax.custom_root(lambda x: x**3 - a, guess, newton, lambda g, y: y / g(1.0))


def equilibrium(a: Any, b: Any) -> Any:
    """The root of a system, whose tangents need a linear solution."""

    def iterated(f: Any, x: Any) -> Any:
        return lax.fori_loop(0, 150, lambda i, x: x - 0.2 * f(x), x)

    def tangent_solve(g: Any, y: Any) -> Any:
        return lax.custom_linear_solve(g, y, jacobi, jacobi)

    return lax.custom_root(
        lambda x: a @ x + 0.1 * np.sin(x) - b, np.zeros(3), iterated, tangent_solve
    )


IMPLICIT: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "solve": (solution, (MATRIX, Y)),
    "solve, right sides": (ft.vmap(solution, (None, 0)), (MATRIX, np.stack([Y, X]))),
    "solve, matrices": (ft.vmap(solution, (0, None)), (np.stack([MATRIX, MATRIX.T]), Y)),
    "solve in a loop": (
        lambda a, b: lax.scan(lambda c, r: (solution(a, c) + r, c), b, np.eye(3)), (MATRIX, Y)
    ),
    "root": (cube_root, (8.0,)),
    "roots": (ft.vmap(cube_root), (np.array([1.0, 8.0, 27.0]),)),
    "root in a loop": (
        lambda a: lax.scan(lambda c, r: (cube_root(c) + r, c), a, np.ones(3)), (8.0,)
    ),
    "system": (equilibrium, (MATRIX, Y)),
}  # fmt: skip


@pytest.mark.parametrize("wrap", [lambda f: f, ft.jit], ids=["eager", "jit"])
@pytest.mark.parametrize("name", IMPLICIT)
def test_implicit_derivatives(name: str, wrap: Any) -> None:
    f, args = IMPLICIT[name]
    check_grads(wrap(f), args, order=2)


def test_solutions_are_right() -> None:
    same(solution(MATRIX, Y), np.linalg.solve(MATRIX, Y))
    same(ft.jit(ft.vmap(solution, (None, 0)))(MATRIX, np.eye(3)), np.linalg.inv(MATRIX).T)
    same(cube_root(8.0), 2.0)
    same(ft.grad(cube_root, (0, 1))(8.0, 1.0), (1 / 12, 0.0))
    x = equilibrium(MATRIX, Y)
    same(MATRIX @ x + 0.1 * np.sin(x), Y)


def test_symmetric_systems_of_trees_with_aux() -> None:
    def by_jacobi(matvec: Any, b: Any) -> Any:
        return {"u": jacobi(lambda u: matvec({"u": u})["u"], b["u"])}, 150

    def f(a: Any, b: Any) -> Any:
        a = (a + a.T) / 2.0
        return lax.custom_linear_solve(
            lambda x: {"u": a @ x["u"]}, {"u": b}, by_jacobi, symmetric=True, has_aux=True
        )

    for g in (f, ft.jit(f)):
        x, steps = g(MATRIX, Y)
        same(x["u"], np.linalg.solve((MATRIX + MATRIX.T) / 2.0, Y))
        assert steps == 150
        check_grads(lambda a, b, g=g: g(a, b)[0], (MATRIX, Y), order=2)


def test_loops_with_implicit_functions_are_native() -> None:
    f = ft.jit(lambda a: lax.scan(lambda c, r: (cube_root(c) + r, None), a, np.ones(3))[0])
    assert "0 fallbacks" in str(f.lower(8.0).report())
    assert "0 fallbacks" in str(ft.jit(ft.grad(f)).lower(8.0).report())
    assert "0 fallbacks" in str(
        ft.jit(ft.grad(lambda b: solution(MATRIX, b).sum())).lower(Y).report()
    )


# --- linear_transpose ----------------------------------------------------------------------------


LINEAR: dict[str, Callable[..., Any]] = {
    "matrix": lambda x: MATRIX @ x,
    "jit": lambda x: ft.jit(lambda x: MATRIX @ x)(x),
    "scan": lambda x: lax.scan(lambda c, r: (c * r + x, c.sum()), x, X),
    "vmap": lambda x: ft.vmap(lambda a: (a * x).sum())(MATRIX),
    "cond": lambda x: lax.cond(X[0] > 0, lambda x: 2.0 * x, lambda x: x, x),
    "mixed jit": lambda x: ft.jit(lambda x, y: (np.sin(y), y * x))(x, Y)[1],
    "tree": lambda x: {"a": -x, "b": [x[0] / 3.0, x[::-1]]},
}


@pytest.mark.parametrize("name", LINEAR)
def test_linear_transpose(name: str) -> None:
    f = LINEAR[name]
    transposed = ft.linear_transpose(f, ft.ShapeDtypeStruct((3,), float))
    _, pullback = ft.vjp(f, Y)
    cotangent = ft.tree.map(lambda x: np.cos(np.arange(x.size)).reshape(x.shape), f(Y))
    same(transposed(cotangent), pullback(cotangent))
    same(ft.jit(lambda ct: ft.linear_transpose(f, Y)(ct))(cotangent), pullback(cotangent))


def test_linear_transpose_is_differentiable() -> None:
    def f(a: Any) -> Any:
        return ft.linear_transpose(lambda x: a * a * x, 1.0)(3.0)[0]

    assert ft.grad(f)(2.0) == 12.0
    assert ft.grad(ft.jit(f))(2.0) == 12.0


# --- mistakes ------------------------------------------------------------------------------------

MISTAKES: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "linear_call: structure": (
        lambda x: lax.linear_call(lambda r, v: v, lambda r, ct: (ct,), (), x),
        errors.TreeError, "linear_call",
    ),
    "linear_call: type": (
        lambda x: lax.linear_call(lambda r, v: v, lambda r, ct: SINGLE, (), x),
        errors.TypeMismatchError, "f32",
    ),
    "linear_call: integers": (
        lambda x: lax.linear_call(lambda r, v: v, lambda r, ct: ct, (), 1) * x,
        errors.DtypeError, "i64",
    ),
    "solve: type": (
        lambda x: lax.custom_linear_solve(lambda v: v, x, lambda f, b: b * np.ones(2)),
        errors.CustomRuleError, r"f64\[2\]",
    ),
    "solve: no transpose": (
        lambda x: lax.custom_linear_solve(lambda v: v, x, lambda f, b: b),
        errors.MissingRuleError, "transpose_solve",
    ),
    "solve: not linear": (
        lambda x: lax.custom_linear_solve(np.sin, x, lambda f, b: b, lambda f, b: b),
        errors.LinearityError, "applies sin",
    ),
    "root: structure": (
        lambda x: lax.custom_root(lambda v: (v, x), x, lambda f, v: v, lambda g, y: y),
        errors.CustomRuleError, "custom_root",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize("wrap", [lambda f: f, ft.jit], ids=["eager", "jit"])
def test_mistakes_are_explained(name: str, wrap: Any) -> None:
    f, kind, text = MISTAKES[name]
    with pytest.raises(kind, match=text) as raised:
        ft.grad(lambda x: np.sum(wrap(f)(x)))(2.0)
    assert isinstance(raised.value, errors.FunctransError)
    assert raised.value.line is not None
    assert raised.value.line.file == __file__
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("f", "operation"),
    [(np.sin, "sin"), (lambda x: x * x, "mul"), (lambda x: x + 1.0, "add"),
     (lambda x: 1.0 - x, "sub"), (lambda x: 1.0 / x, "div"), (lambda x: abs(x), "abs")],
)  # fmt: skip
def test_linear_transpose_names_what_is_not_linear(f: Any, operation: str) -> None:
    with pytest.raises(errors.LinearityError, match=f"applies {operation}"):
        ft.linear_transpose(f, 1.0)
    with pytest.raises(errors.LinearityError, match="whatever it was given"):
        ft.linear_transpose(lambda x: 2.0, 1.0)
    with pytest.raises(errors.DtypeError, match="i64"):
        ft.linear_transpose(lambda x: x, 1)
