"""Taylor mode: equal to nested forward mode, for operations, loops and branches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.experimental.jet import jet

ORDER = 4


def nested(f: Callable[..., Any], x: Any, series: Any) -> list[Any]:
    """The derivatives of t ↦ f(x(t)) at 0, by forward mode in forward mode."""

    def curve(t: Any) -> Any:
        return f(x + sum(c * t ** (k + 1) / math.factorial(k + 1) for k, c in enumerate(series)))

    found = []
    for _ in series:
        curve = (lambda g: lambda t: ft.jvp(g, (t,), (1.0,))[1])(curve)
        found.append(curve(0.0))
    return found


def looped(x: Any) -> Any:
    return ft.lax.scan(lambda c, r: (np.sin(c) * r, c + r), x, np.stack([x, 2.0 * x]))[0]


def repeated(x: Any) -> Any:
    state = (0, x)
    return ft.lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, np.sin(s[1]) * x), state)[1]


def chosen(x: Any) -> Any:
    return ft.lax.cond(np.sum(x) > 0, lambda x: (np.sin(x) * x, x), lambda x: (x, 1.0 + x), x)[0]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sin": np.sin,
    "exp": np.exp,
    "tan": np.tan,
    "tanh": np.tanh,
    "log": np.log,
    "sqrt": np.sqrt,
    "arcsin": np.arcsin,
    "cube": lambda x: x**3,
    "power": lambda x: x**2.5,
    "self power": lambda x: x**x,
    "reciprocal": lambda x: 1.0 / x,
    "quotient": lambda x: np.sin(x) / (1.0 + x),
    "abs": lambda x: np.abs(x - 0.5) * x,
    "cumprod": np.cumprod,
    "prod": np.prod,
    "sort": np.sort,
    "max": np.max,
    "outer": lambda x: np.outer(x, x) @ x,
    "arctan2": lambda x: np.arctan2(x, x[::-1]),
    "norm": np.linalg.norm,
    "gammaln": lambda x: ft.scipy.special.gammaln(x),
    "where": lambda x: np.where(x > 0.5, x * x, np.sin(x)),
    "step": lambda x: np.heaviside(x - 0.5, 1.0) + x,
    "constant": lambda x: np.floor(x),
    "jit": lambda x: ft.jit(np.sin)(x) * x,
    "checkpoint": ft.checkpoint(np.tan),
    "scan": looped,
    "while": repeated,
    "cond": chosen,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_equals_nested_forward_mode(name: str) -> None:
    f = FUNCTIONS[name]
    rng = np.random.default_rng(1)
    x = np.array([0.3, 0.6, 0.9])
    series = [rng.normal(size=3) for _ in range(ORDER)]
    want = nested(f, x, series)
    y, found = jet(f, (x,), (series,))
    np.testing.assert_allclose(y, f(x), rtol=1e-12)
    compiled = ft.jit(lambda x, series: jet(f, (x,), (series,)))(x, series)[1]
    for a, b, c in zip(found, compiled, want, strict=True):
        np.testing.assert_allclose(a, c, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(b, c, rtol=1e-9, atol=1e-9)


def test_taylor_coefficients_of_known_functions() -> None:
    order = 12
    ray = [1.0, *[0.0] * (order - 1)]
    for f, want in (
        (np.exp, [1.0] * order),
        (np.sin, [math.sin(k * math.pi / 2) for k in range(1, order + 1)]),
        (lambda x: np.log(1.0 + x), [(-1.0) ** (k + 1) * math.factorial(k - 1)
                                     for k in range(1, order + 1)]),
        (lambda x: 1.0 / (1.0 - x), [math.factorial(k) for k in range(1, order + 1)]),
    ):  # fmt: skip
        np.testing.assert_allclose(jet(f, (0.0,), (ray,))[1], want, rtol=1e-9, atol=1e-9)
        scaled = jet(f, (0.0,), (ray,), factorial_scaled=False)[1]
        taylor = [w / math.factorial(k + 1) for k, w in enumerate(want)]
        np.testing.assert_allclose(scaled, taylor, rtol=1e-9, atol=1e-12)


def test_several_arguments_and_trees() -> None:
    def f(p: Any, y: Any) -> Any:
        return {"a": p["x"] * y, "b": (np.sin(y), 3)}

    primals = {"x": 2.0}, 3.0
    y, found = jet(f, primals, ([{"x": 1.0}, {"x": 0.5}], [0.0, 1.0]))
    assert float(y["a"]) == 6.0
    np.testing.assert_allclose(found["a"], [3.0, 2 * 1.0 + 0.5 * 3.0])
    np.testing.assert_allclose(found["b"][0], [0.0, math.cos(3.0)])
    assert [d.dtype for d in found["b"][1]] == [ft.float0, ft.float0]


def test_under_other_transforms() -> None:
    def third(x: Any) -> Any:
        return jet(np.sin, (x,), ([1.0, 0.0, 0.0],))[1][2]

    x = 0.4
    np.testing.assert_allclose(third(x), -math.cos(x))
    np.testing.assert_allclose(ft.grad(third)(x), math.sin(x))
    np.testing.assert_allclose(ft.vmap(third)(np.array([x, 2 * x])), -np.cos([x, 2 * x]))
    inner = jet(ft.grad(np.sin), (x,), ([1.0, 0.0],))[1]
    np.testing.assert_allclose(inner, [-math.sin(x), -math.cos(x)])
    twice = jet(lambda x: jet(np.sin, (x,), ([1.0],))[1][0], (x,), ([1.0, 0.0],))[1]
    np.testing.assert_allclose(twice, [-math.sin(x), -math.cos(x)])


def test_float32_and_complex_are_kept() -> None:
    y, (d,) = jet(np.exp, (np.float32(1.0),), ([np.float32(1.0)],))
    assert y.dtype == d.dtype == np.float32
    z = 0.3 + 0.4j
    _, (d1, d2) = jet(np.sin, (z,), ([1.0 + 0j, 0j],))
    np.testing.assert_allclose([d1, d2], [np.cos(z), -np.sin(z)])


def test_the_work_grows_slowly_with_the_order() -> None:
    def equations(order: int) -> int:
        series = [np.ones(3), *[np.zeros(3)] * (order - 1)]
        return len(ft.make_jaxpr(lambda x: jet(lambda x: np.tanh(np.sin(x)), (x,), (series,)))(
            np.ones(3)).eqns)  # fmt: skip

    assert equations(16) < 20 * equations(4)  # quadratic; nested forward mode: 2¹² times as many


def test_bad_input() -> None:
    with pytest.raises(ft.errors.ArgumentError, match="2 primals and 1 series"):
        jet(np.add, (1.0, 2.0), ([1.0],))
    with pytest.raises(ft.errors.ArgumentError, match="lengths"):
        jet(np.add, (1.0, 2.0), ([1.0], [1.0, 2.0]))
    with pytest.raises(ft.errors.TypeMismatchError, match="Derivative 1"):
        jet(np.sin, (np.ones(3),), ([np.ones(2)],))
    with pytest.raises(ft.errors.TypeMismatchError, match="structure"):
        jet(lambda p: p["x"], ({"x": 1.0},), ([1.0],))


def test_loops_of_series_run_as_they_were_told() -> None:
    def told(f: Callable[[Any], Any]) -> dict[str, Any]:
        program = ft.make_jaxpr(lambda x: jet(f, (x,), ([1.0, 0.0],)))(0.5)
        (loop,) = (e for e in program.eqns if e.primitive.name in ("scan", "while"))
        return loop.params

    def step(c: Any, _: None) -> tuple[Any, None]:
        return np.sin(c), None

    assert told(lambda x: ft.lax.scan(step, x, length=3, unroll=3)[0])["hints"].unroll == 3
    halved = told(
        lambda x: ft.lax.while_loop(
            lambda s: s > 0.1, lambda s: np.sin(s) / 2, x, checkpoint=2, progress=lambda n, _: None
        )
    )
    assert halved["checkpoint"] == 2
    assert halved["hints"].progress is not None


def test_integers_beside_series_in_a_checkpointed_loop() -> None:
    def loss(x: Any, n: Any) -> Any:
        def step(s: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
            return np.sin(s[0]) * x * (s[1] % 2), s[1] * 2 + 1, s[2] + 1

        held = ft.checkpoint(
            lambda x, n: ft.lax.while_loop(lambda s: s[2] < 2, step, (x, n, 0))[:2]
        )
        return held(x, n)[0]

    def plain(x: Any) -> Any:
        return np.sin(np.sin(x) * x) * x

    slope = ft.grad(plain)
    actual = jet(lambda x: ft.grad(loss)(x, np.int64(3)), (0.5,), ([1.0, 0.0],))
    np.testing.assert_allclose(actual[0], slope(0.5))
    np.testing.assert_allclose(actual[1], jet(slope, (0.5,), ([1.0, 0.0],))[1])
