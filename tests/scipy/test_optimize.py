"""Minimisation: known minima, compiled and batched, and how it fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize

import functrans as ft
import functrans.numpy as fnp
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.scipy.optimize import minimize


def rosenbrock(x: Any) -> Any:
    return fnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def himmelblau(x: Any) -> Any:
    return (x[0] ** 2 + x[1] - 11.0) ** 2 + (x[0] + x[1] ** 2 - 7.0) ** 2


def test_a_known_minimum_is_found_as_scipy_finds_it() -> None:
    start = np.array([-1.2, 1.0, -0.5, 0.8])
    found = ft.jit(lambda x: minimize(rosenbrock, x, method="BFGS"))(start)
    theirs = scipy.optimize.minimize(rosenbrock, start, jac=ft.grad(rosenbrock), method="BFGS")
    np.testing.assert_allclose(found.x, theirs.x, atol=1e-5)
    assert found.success
    assert found.status == 0
    assert found.nit <= 1.5 * theirs.nit
    assert found.nfev == found.njev <= 1.5 * theirs.nfev
    assert found.fun == pytest.approx(rosenbrock(found.x))
    np.testing.assert_allclose(found.jac, ft.grad(rosenbrock)(found.x))
    assert np.max(np.abs(found.jac)) < 1e-5


def test_the_inverse_hessian_of_a_quadratic_is_found() -> None:
    a = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
    found = minimize(lambda x: 0.5 * x @ a @ x, np.ones(3), method="bfgs", tol=1e-10)
    np.testing.assert_allclose(found.hess_inv @ a, np.eye(3), atol=1e-3)


def test_each_example_of_a_batch_stops_by_itself() -> None:
    starts = np.array([[3.0, 3.0], [-3.0, 3.0], [-3.0, -3.0], [3.0, -2.0]])
    found = ft.jit(ft.vmap(lambda x: minimize(himmelblau, x, method="BFGS")))(starts)
    for i, start in enumerate(starts):
        alone = minimize(himmelblau, start, method="BFGS")
        np.testing.assert_allclose(found.x[i], alone.x, 1e-7)
        assert found.nit[i] == alone.nit
    assert found.success.all()
    assert len(set(found.nit.tolist())) > 1


def test_a_minimum_has_derivatives_in_the_arguments() -> None:
    def solve(a: Any) -> Any:
        loss = lambda x, a: fnp.sum((x - a) ** 2 * (2.0 + x**2))  # noqa: E731
        return minimize(loss, np.zeros(2), (a,), method="BFGS", tol=1e-9).x

    a = np.array([0.3, 0.5])
    np.testing.assert_allclose(ft.jacfwd(solve)(a), np.eye(2), atol=1e-4)
    np.testing.assert_allclose(ft.jacrev(solve)(a), np.eye(2), atol=1e-4)


def test_how_it_ends_without_success() -> None:
    short = minimize(rosenbrock, np.zeros(2), method="BFGS", options={"maxiter": 2})
    assert (bool(short.success), int(short.status), int(short.nit)) == (False, 1, 2)
    # The gradient lies: no step along it makes the function smaller.
    lie = ft.custom_jvp(lambda x: x @ x)
    lie.defjvp(lambda x, dx: (x[0] @ x[0], -2.0 * x[0] @ dx[0]))
    stuck = minimize(lie, np.ones(2), method="BFGS")
    assert (bool(stuck.success), int(stuck.status)) == (False, 3)
    np.testing.assert_array_equal(stuck.x, np.ones(2))


def test_a_function_with_a_pole_near_the_start_is_minimised() -> None:
    found = minimize(lambda x: fnp.sum(x - 2.0 * fnp.log(x)), np.full(2, 0.01), method="BFGS")
    np.testing.assert_allclose(found.x, [2.0, 2.0], rtol=1e-4)


def test_float32_stays_float32() -> None:
    found = minimize(lambda x: x @ x, np.ones(2, np.float32), method="BFGS")
    assert found.success
    assert {found.x.dtype, found.jac.dtype, found.hess_inv.dtype} == {np.dtype(np.float32)}


def test_what_it_refuses() -> None:
    x = np.zeros(2)
    with pytest.raises(OptionError, match="nelder"):
        minimize(rosenbrock, x, method="nelder-mead")
    with pytest.raises(OptionError, match="maxfev"):
        minimize(rosenbrock, x, method="BFGS", options={"maxfev": 3})
    with pytest.raises(ArgumentError, match="args is a float"):
        minimize(rosenbrock, x, 1.0, method="BFGS")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="ravel_pytree"):
        minimize(rosenbrock, np.zeros((2, 2)), method="BFGS")
