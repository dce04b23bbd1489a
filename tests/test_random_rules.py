"""Functions with right rules of their own, within random nestings of transforms, are as without."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans import lax

Function = Callable[[Any, Any], Any]


def plain(x: Any, y: Any) -> Any:
    return np.sin(x) * y + x * x


def slope(x: Any, y: Any) -> Any:
    return np.cos(x) * y + 2.0 * x


by_jvp = ft.custom_jvp(plain)


@by_jvp.defjvp
def plain_jvp(primals: Any, tangents: Any) -> Any:
    (x, y), (dx, dy) = primals, tangents
    return by_jvp(x, y), slope(x, y) * dx + np.sin(x) * dy


by_vjp = ft.custom_vjp(plain)
by_vjp.defvjp(
    lambda x, y: (plain(x, y), (x, y)),
    lambda kept, ct: (slope(*kept) * ct, np.sin(kept[0]) * ct),
)


@ft.custom_gradient
def by_gradient(x: Any, y: Any) -> Any:
    return plain(x, y), lambda ct: (slope(x, y) * ct, np.sin(x) * ct)


by_vmap = ft.custom_batching.custom_vmap(plain)


@by_vmap.def_vmap
def plain_vmap(size: int, batched: list[bool], x: Any, y: Any) -> Any:
    x, y = (
        v if on else np.broadcast_to(v, (size, *np.shape(v)))
        for v, on in zip((x, y), batched, strict=True)
    )
    return by_vmap(x, y), True


def by_linear_call(x: Any, y: Any) -> Any:
    turned = lambda r, ct: np.sin(r) * ct  # noqa: E731
    return lax.linear_call(lambda r, v: np.sin(r) * v, turned, x, y) + x * x


def by_solution(x: Any, y: Any) -> Any:
    scale = 2.0 + x * x

    def divided(matvec: Any, b: Any) -> Any:
        return b / matvec(np.ones_like(b))

    return lax.custom_linear_solve(lambda u: scale * u, plain(x, y) * scale, divided, divided)


def by_root(x: Any, y: Any) -> Any:
    value = plain(x, y)
    return lax.custom_root(
        lambda u: 2.0 * u - 2.0 * value,
        0.0 * value,
        lambda f, u: u - f(u) / 2.0,
        lambda g, b: b / g(np.ones_like(b)),
    )


FUNCTIONS: dict[str, Function] = {
    "custom_jvp": by_jvp,
    "custom_vjp": by_vjp,
    "custom_gradient": by_gradient,
    "custom_vmap": by_vmap,
    "linear_call": by_linear_call,
    "custom_linear_solve": by_solution,
    "custom_root": by_root,
}

NESTINGS: dict[str, Callable[[Function], Function]] = {
    "jit": ft.jit,
    "checkpoint": ft.checkpoint,
    "vmap": lambda g: lambda x, y: ft.vmap(g)(fnp.stack([x, y]), fnp.stack([y, y]))[1],
    "vmap, shared": lambda g: lambda x, y: ft.vmap(g, (None, 0))(x, fnp.stack([y, x])).sum(0),
    "vmap, last axis": lambda g: (
        lambda x, y: ft.vmap(g, (-1, None), -1)(fnp.stack([x, y], -1), y).sum(-1)
    ),
    "scan": lambda g: (
        lambda x, y: lax.scan(lambda c, r: (g(c, y) * r, c), x, np.array([0.3, 0.1]))[0]
    ),
    "while": lambda g: (
        lambda x, y: lax.while_loop(
            lambda s: s[1] < 2, lambda s: (0.3 * g(s[0], y), s[1] + 1), (x, 0)
        )[0]
    ),
    "cond": lambda g: lambda x, y: lax.cond(fnp.sum(x) > 0.3, g, lambda x, y: g(y, x), x, y),
    "grad": lambda g: lambda x, y: ft.grad(lambda x: fnp.sum(g(x, y)))(x),
    "vjp": lambda g: lambda x, y: ft.vjp(lambda y: g(x, y), y)[1](x)[0],
    "jvp": lambda g: lambda x, y: ft.jvp(g, (x, y), (y, x))[1],
    "linearize": lambda g: lambda x, y: ft.linearize(lambda x: g(x, y), x)[1](y),
}

DERIVATIVES = {"grad", "vjp", "jvp", "linearize"}
FORWARD = {"jvp", "linearize"}
REVERSE_ONLY = {"custom_vjp", "custom_gradient"}


def drawn(name: str, rng: random.Random) -> list[str]:
    """Nestings, innermost first, with derivatives of at most second order that the rules have."""
    while True:
        names = rng.choices(list(NESTINGS), k=rng.randint(2, 4))
        order = sum(n in DERIVATIVES for n in names)
        # The second derivative of a while differentiates its body forwards.
        forward = not FORWARD.isdisjoint(names) or ("while" in names and order > 1)
        if 1 <= order <= 2 and not (name in REVERSE_ONLY and forward):
            return names


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", FUNCTIONS)
def test_rules_change_nothing_where_they_are_right(name: str, seed: int) -> None:
    rng = random.Random(f"{name} {seed}")
    names = drawn(name, rng)
    actual, expected = FUNCTIONS[name], plain
    for nesting in names:
        actual, expected = NESTINGS[nesting](actual), NESTINGS[nesting](expected)
    x = np.array([0.4, 0.5]) if rng.random() < 0.5 else np.float64(0.4)
    try:
        np.testing.assert_allclose(actual(x, x + 0.3), expected(x, x + 0.3), rtol=1e-9)
    except Exception as error:
        error.add_note(f"nested in {names}")
        raise
