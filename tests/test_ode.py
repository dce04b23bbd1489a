"""odeint: values against closed forms and SciPy, gradients by adjoint and through the steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.experimental.ode import odeint

TIMES = np.array([0.0, 0.3, 1.0, 2.5])


def pendulum(y: Any, t: Any, k: Any) -> Any:
    angle, speed = y
    return speed, -k * np.sin(angle) - 0.1 * speed + 0.2 * np.cos(t)


def end_of_pendulum(k: Any, start: Any, times: Any, **options: Any) -> Any:
    angle, speed = odeint(pendulum, (start, 0.5), times, k, **options)
    return np.sum(angle * speed) + speed[-1]


def test_values_are_those_of_scipy() -> None:
    from scipy.integrate import solve_ivp

    found = odeint(pendulum, (1.0, 0.5), TIMES, 2.0)
    want = solve_ivp(
        lambda t, y: pendulum(y, t, 2.0), (0.0, 2.5), [1.0, 0.5], t_eval=TIMES, rtol=1e-11,
        atol=1e-11,
    ).y  # fmt: skip
    np.testing.assert_allclose(np.stack(found), want, rtol=1e-6)
    np.testing.assert_allclose(
        ft.jit(lambda k: odeint(pendulum, (1.0, 0.5), TIMES, k))(2.0), found, rtol=1e-12
    )


@pytest.mark.parametrize("adjoint", [True, False])
def test_gradients_with_respect_to_everything(adjoint: bool) -> None:
    def loss(k: Any, start: Any, times: Any) -> Any:
        return end_of_pendulum(k, start, times, adjoint=adjoint)

    args = (2.0, 1.0, TIMES)
    found = ft.grad(loss, (0, 1, 2))(*args)
    compiled = ft.jit(ft.grad(loss, (0, 1, 2)))(*args)
    for i, (a, b) in enumerate(zip(found, compiled, strict=True)):
        np.testing.assert_allclose(a, b, rtol=1e-9)
        for place in np.ndindex(np.shape(args[i])):
            ends = []
            for h in (1e-5, -1e-5):
                moved = [np.array(x, float) for x in args]
                moved[i][place] += h
                ends.append(end_of_pendulum(moved[0][()], moved[1][()], moved[2], rtol=1e-11,
                                            atol=1e-11))  # fmt: skip
            slope = (ends[0] - ends[1]) / 2e-5
            np.testing.assert_allclose(np.asarray(a)[place], slope, rtol=2e-5, atol=1e-6)


def test_closures_are_differentiated() -> None:
    def last(k: Any) -> Any:
        return odeint(lambda y, t: -k * y, np.ones(2), np.array([0.0, 1.0]))[-1, 0]

    np.testing.assert_allclose(ft.grad(last)(0.5), -np.exp(-0.5), rtol=1e-6)
    np.testing.assert_allclose(ft.grad(ft.grad(last))(0.5), np.exp(-0.5), rtol=1e-5)


def test_forward_mode_through_the_steps() -> None:
    def last(k: Any) -> Any:
        return odeint(lambda y, t: -k * y, 1.0, np.array([0.0, 1.0]), adjoint=False)[-1]

    np.testing.assert_allclose(ft.jvp(last, (0.5,), (1.0,))[1], -np.exp(-0.5), rtol=1e-6)
    np.testing.assert_allclose(ft.hessian(last)(0.5), np.exp(-0.5), rtol=1e-5)


def test_examples_take_steps_of_their_own() -> None:
    ks = np.array([0.1, 1.0, 30.0])
    found = ft.vmap(lambda k: odeint(lambda y, t: -k * y, 1.0, TIMES))(ks)
    np.testing.assert_allclose(found, np.exp(-ks[:, None] * TIMES), rtol=1e-5, atol=1e-8)
    slopes = ft.vmap(ft.grad(lambda k: odeint(lambda y, t: -k * y, 1.0, TIMES)[1]))(ks)
    np.testing.assert_allclose(slopes, -0.3 * np.exp(-0.3 * ks), rtol=1e-4, atol=1e-7)


def test_complex_float32_and_trees() -> None:
    z = odeint(lambda y, t: 1j * y, 1.0 + 0j, TIMES)
    np.testing.assert_allclose(z, np.exp(1j * TIMES), rtol=1e-6)
    state = {"a": np.ones(2, np.float32), "b": np.float32(2.0)}
    found = odeint(lambda y, t: {"a": -y["a"], "b": y["b"] * 0}, state, TIMES.astype("f"),
                   rtol=1e-5, atol=1e-5)  # fmt: skip
    assert (found["a"].dtype, found["a"].shape) == (np.float32, (4, 2))
    np.testing.assert_allclose(found["b"], np.full(4, 2.0))


def test_too_few_steps_give_nan() -> None:
    found = odeint(lambda y, t: -100.0 * y, 1.0, np.array([0.0, 1.0]), mxstep=2)
    np.testing.assert_array_equal(found, [1.0, np.nan])


def test_times_that_go_back_give_nan() -> None:
    for solve in (odeint, ft.jit(odeint, static_argnums=0)):
        ys = solve(lambda y, t: -y, np.ones(2), np.array([1.0, 1.0, 0.5, 2.0]))
        np.testing.assert_array_equal(ys[:2], 1.0)
        assert np.all(np.isnan(ys[2]))
        np.testing.assert_allclose(ys[3], np.exp(-1.0), rtol=1e-6)


def test_bad_input() -> None:
    with pytest.raises(ft.errors.TypeMismatchError, match=r"slope\['a'\] has type f64\[2\]"):
        odeint(lambda y, t: {"a": np.ones(2)}, {"a": np.ones(3)}, TIMES)
    with pytest.raises(ft.errors.TypeMismatchError, match="structure"):
        odeint(lambda y, t: (y, y), 1.0, TIMES)
    with pytest.raises(ft.errors.ShapeError, match="rank-1"):
        odeint(lambda y, t: y, 1.0, 2.0)
    with pytest.raises(ft.errors.DtypeError, match="floats"):
        odeint(lambda y, t: y, np.arange(3), TIMES)
    with pytest.raises(ft.errors.OptionError, match="rtol"):
        odeint(lambda y, t: y, 1.0, TIMES, rtol=-1.0)
