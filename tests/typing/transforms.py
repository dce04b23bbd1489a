"""What checkers know of transformed functions: parameters stay, and values keep their type.

Nothing here is run; ``tests/test_typing.py`` has two checkers read it. The comment "expected"
marks a mistake that both must find.
"""

from collections.abc import Callable
from typing import Any, assert_type

import numpy as np

import functrans as ft
import functrans.numpy as fnp

Array = np.ndarray[Any, np.dtype[np.float64]]
x = np.ones(3)


def loss(weights: Array, rate: float = 0.5, *, scale: int = 1) -> float:
    """A function with a parameter of each kind."""
    return float(np.sum(weights)) * rate * scale


def with_aux(weights: Array, rate: float) -> tuple[float, str]:
    """A function with an auxiliary result."""
    return loss(weights, rate), "aux"


def derivatives() -> None:
    gradient = ft.grad(loss)
    gradient(x, 2.0, scale=3)
    gradient(weights=x)
    gradient(x, step=2.0)  # expected
    gradient("text")  # expected

    assert_type(ft.value_and_grad(loss)(x), tuple[float, Any])
    assert_type(ft.value_and_grad(loss, 1)(x), tuple[float, Any])
    assert_type(ft.value_and_grad(loss, (0, 1))(x), tuple[float, tuple[Any, ...]])
    assert_type(ft.grad(loss, [0, 1])(x), tuple[Any, ...])
    ft.value_and_grad(loss)(x, step=2.0)  # expected

    assert_type(ft.grad(with_aux, has_aux=True)(x, 2.0), tuple[Any, str])
    assert_type(ft.grad(with_aux, (0, 1), True)(x, 2.0), tuple[tuple[Any, ...], str])
    assert_type(ft.value_and_grad(with_aux, has_aux=True)(x, 2.0), tuple[tuple[float, str], Any])
    assert_type(
        ft.value_and_grad(with_aux, argnums=(0,), has_aux=True)(x, 2.0),
        tuple[tuple[float, str], tuple[Any, ...]],
    )
    ft.grad(loss, has_aux=True)  # expected

    assert_type(ft.jacfwd(with_aux, has_aux=True)(x, 2.0), tuple[Any, str])
    assert_type(ft.hessian(with_aux, 0, True)(x, 2.0), tuple[Any, str])
    ft.jacrev(loss)(x, 2.0, scale=2)
    ft.hessian(loss)(x, step=2.0)  # expected


def ufuncs() -> None:
    ft.vmap(np.sin)(x)
    ft.vmap(ft.grad(np.sin))(x)
    ft.jit(np.add)(x, 1.0)
    ft.jit(np.matmul)(x, x)
    ft.jit(fnp.exp)(x)
    ft.grad(fnp.exp)(1.0)
    ft.vmap(ft.grad(ft.scipy.special.gammaln))(x)
    ft.vmap(fnp.add, in_axes=(0, None))(x, 1.0)
    ft.value_and_grad(fnp.power, (0, 1))(2.0, 3.0)[1]
    ft.hessian(fnp.exp)(x)
    ft.checkpoint(np.sin)(x)
    ft.jit(fnp.exp, axis=0)  # expected


def unknown(function: Any) -> None:
    """Of a function without types nothing is known, but that it is no decorator."""
    ft.jit(function).lower(x)
    ft.tf.function(function).get_concrete_function(x)
    ft.checkpoint(function)(x, y=x)
    assert_type(ft.grad(function, has_aux=True)(x), tuple[Any, Any])


def modes() -> None:
    assert_type(ft.jvp(loss, (x,), (x,)), tuple[float, float])
    assert_type(ft.jvp(with_aux, (x, 2.0), (x, 0.0), True), tuple[float, float, str])
    value, pullback = ft.vjp(loss, x)
    assert_type(value, float)
    assert_type(pullback(1.0), tuple[Any, ...])
    _, slope, aux = ft.linearize(with_aux, x, 2.0, has_aux=True)
    slope(x, 0.0)
    assert_type(aux, str)


def compiled_and_mapped() -> None:
    step = ft.jit(ft.value_and_grad(loss))
    assert_type(step(x, rate=2.0), tuple[float, Any])
    step.lower(x, 2.0).compile()
    step(x, step=2.0)  # expected

    mapped = ft.vmap(loss, in_axes=(0, None))
    mapped(np.ones((2, 3)), 2.0)
    mapped(np.ones((2, 3)), step=2.0)  # expected

    assert_type(ft.checkpoint(loss)(x, scale=2), float)


@ft.jit(static_argnames="count")
def repeated(weights: Array, count: int) -> Array:
    return np.tile(weights, count)


@ft.checkpoint(policy=ft.checkpoint_policies.nothing_saveable)
def block(weights: Array) -> Array:
    return np.sin(weights)


@ft.custom_jvp
def rounded(weights: Array) -> Array:
    return np.round(weights)


@rounded.defjvp
def rounded_rule(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return rounded(*primals), tangents[0]


@ft.custom_vjp
def clipped(weights: Array) -> Array:
    return weights


@ft.custom_gradient
def doubled(weights: Array) -> tuple[Array, Callable[[Array], Array]]:
    return 2.0 * weights, lambda cotangent: 2.0 * cotangent


def decorated() -> None:
    assert_type(repeated(x, count=2), Array)
    assert_type(block(x), Array)
    assert_type(rounded(x), Array)
    assert_type(clipped(weights=x), Array)
    assert_type(doubled(x), Array)
    repeated(x, counts=2)  # expected
    block(x, 2.0)  # expected
    rounded("text")  # expected
    clipped(x, 2.0)  # expected
    doubled()  # expected
