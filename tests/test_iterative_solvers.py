"""cg, bicgstab and gmres against direct solutions, with derivatives, and SciPy's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse.linalg

import functrans as ft
import functrans.numpy as fnp
from functrans import errors
from functrans.scipy.sparse.linalg import bicgstab, cg, gmres

RNG = np.random.default_rng(0)
N = 12
ROOT = RNG.normal(size=(N, N))
SYMMETRIC = ROOT @ ROOT.T / N + np.eye(N)
GENERAL = np.eye(N) * 3 + 0.6 * RNG.normal(size=(N, N))
B = RNG.normal(size=N)
METHODS = {"cg": (cg, SYMMETRIC), "bicgstab": (bicgstab, GENERAL), "gmres": (gmres, GENERAL)}


@pytest.mark.parametrize("jitted", [False, True])
@pytest.mark.parametrize("name", METHODS)
def test_solutions_are_those_of_the_system(name: str, jitted: bool) -> None:
    method, a = METHODS[name]

    def solve(a: Any, b: Any) -> Any:
        return method(a, b, tol=1e-12)

    x, info = (ft.jit(solve) if jitted else solve)(a, B)
    np.testing.assert_allclose(x, np.linalg.solve(a, B), rtol=1e-9)
    assert info == 0
    np.testing.assert_allclose(method(lambda v: a @ v, B, tol=1e-12)[0], x, rtol=1e-9)


@pytest.mark.parametrize("restart", [1, 3, N, 50])
def test_restarts_reach_the_solution(restart: int) -> None:
    x, info = gmres(GENERAL, B, tol=1e-10, restart=restart, solve_method="incremental")
    np.testing.assert_allclose(GENERAL @ x, B, atol=1e-9 * np.linalg.norm(B))
    assert info == 0


@pytest.mark.parametrize("name", METHODS)
def test_solutions_have_the_derivatives_of_the_inverse(name: str) -> None:
    method, a = METHODS[name]

    def f(a: Any, b: Any) -> Any:
        if name == "cg":
            a = (a + a.T) / 2
        return method(a, b, tol=1e-13)[0]

    def direct(a: Any, b: Any) -> Any:
        if name == "cg":
            a = (a + a.T) / 2
        return fnp.linalg.solve(a, b)

    weights = RNG.normal(size=N)
    for wrap in (lambda g: g, ft.jit):
        found = wrap(ft.grad(lambda a, b: weights @ f(a, b), (0, 1)))(a, B)
        expected = ft.grad(lambda a, b: weights @ direct(a, b), (0, 1))(a, B)
        for x, y in zip(found, expected, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-8, atol=1e-10)
        slope = wrap(lambda a, b: ft.jvp(f, (a, b), (a.T, b * b))[1])(a, B)
        np.testing.assert_allclose(
            slope, ft.jvp(direct, (a, B), (a.T, B * B))[1], rtol=1e-8, atol=1e-10
        )


@pytest.mark.parametrize("name", METHODS)
def test_many_systems_at_once(name: str) -> None:
    method, a = METHODS[name]
    scales, many = np.array([1.0, 2.0, 3.0]), RNG.normal(size=(3, N))

    def solve(s: Any, b: Any) -> Any:
        return method(s * a + np.eye(N), b, tol=1e-11)

    for wrap in (lambda g: g, ft.jit):
        found, info = wrap(ft.vmap(solve))(scales, many)
        for s, b, x in zip(scales, many, found, strict=True):
            np.testing.assert_allclose(x, np.linalg.solve(s * a + np.eye(N), b), rtol=1e-8)
        assert info.tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", METHODS)
def test_unknowns_may_be_trees(name: str) -> None:
    method, _ = METHODS[name]

    def apply(t: Any) -> Any:
        return {"x": 6 * t["x"] + t["y"].sum(), "y": 5 * t["y"] + t["x"].sum()}

    b = {"x": np.ones(2), "y": np.arange(6.0).reshape(2, 3)}
    found = method(apply, b, tol=1e-12)[0]
    for x, y in zip(ft.tree.leaves(apply(found)), ft.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, atol=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_complex_and_single_precision(name: str) -> None:
    method, a = METHODS[name]
    phase = np.exp(1j * np.arange(N))
    hermitian = phase[:, None] * a * phase.conj()
    x, info = method(hermitian, B + 1j, tol=1e-11)
    np.testing.assert_allclose(x, np.linalg.solve(hermitian, B + 1j), rtol=1e-8)
    assert info == 0
    single, _ = method(a.astype(np.float32), B.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(a @ single, B, atol=1e-4)
    whole, _ = method(a, np.arange(N), tol=1e-11)
    np.testing.assert_allclose(a @ whole, np.arange(N), atol=1e-8)


@pytest.mark.parametrize("name", METHODS)
def test_starts_preconditioners_and_limits(name: str) -> None:
    method, a = METHODS[name]
    exact = np.linalg.solve(a, B)
    x, info = method(a, B, exact, maxiter=0, tol=1e-8)
    assert x.tolist() == exact.tolist()
    assert info == 0
    inverse = np.linalg.inv(a)
    for m in (inverse, lambda v: inverse @ v):
        x, info = method(a, B, M=m, maxiter=2, tol=1e-10)
        np.testing.assert_allclose(x, exact, rtol=1e-8)
        assert info == 0
    x, info = method(a, np.zeros(N))
    assert x.tolist() == [0.0] * N
    assert info == 0
    options = {"restart": 2} if name == "gmres" else {}
    _, info = method(a, B, maxiter=1, tol=1e-12, **options)
    assert info == 1
    loose, _ = method(a, B, atol=np.linalg.norm(B) / 2, tol=0.0)
    assert 0 < np.linalg.norm(a @ loose - B) <= np.linalg.norm(B) / 2


def test_the_iterations_are_those_of_scipy() -> None:
    found = cg(SYMMETRIC, B, tol=0.0, maxiter=5)[0]
    expected = scipy.sparse.linalg.cg(SYMMETRIC, B, rtol=0.0, maxiter=5)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    found = bicgstab(GENERAL, B, tol=0.0, maxiter=4)[0]
    expected = scipy.sparse.linalg.bicgstab(GENERAL, B, rtol=0.0, maxiter=4)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-7)
    found = gmres(GENERAL, B, tol=0.0, restart=5, maxiter=1)[0]
    expected = scipy.sparse.linalg.gmres(GENERAL, B, rtol=0.0, restart=5, maxiter=1)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_a_singular_system_ends_and_says_so() -> None:
    a = np.diag([1.0, 2.0, 0.0])
    for method in (cg, bicgstab, gmres):
        _, info = method(a, np.ones(3), maxiter=20)
        assert info > 0
    x, info = gmres(a, np.array([1.0, 1.0, 0.0]))
    np.testing.assert_allclose(x, [1.0, 0.5, 0.0], atol=1e-6)
    assert info == 0


@pytest.mark.parametrize("name", METHODS)
def test_bad_systems(name: str) -> None:
    method, a = METHODS[name]
    with pytest.raises(errors.ShapeError, match=r"matrix A of shape \(2, 3\)"):
        method(np.ones((2, 3)), B)
    with pytest.raises(errors.ShapeError, match="give a function"):
        method(a, {"b": B})
    with pytest.raises(errors.ArgumentError, match="matrix or a function"):
        method("matrix", B)
    with pytest.raises(errors.ShapeError, match="start of shape"):
        method(a, B, np.zeros(3))
    with pytest.raises(errors.TreeError, match="start of the structure"):
        method(a, B, [B])
    with pytest.raises(errors.FunctransError, match="lambda"):
        ft.jit(lambda b: method(lambda v: v[:2], b))(B)
    with pytest.raises(errors.ShapeError, match=r"makes the shape \(1, 12\) of \(12,\)"):
        method(lambda v: v[None], B)
    with pytest.raises(errors.TreeError, match="makes the structure"):
        method(lambda v: (v, v), B)
    with pytest.raises(errors.DtypeError, match="complex"):
        method(a + 0j, B)


def test_bad_options_of_gmres() -> None:
    with pytest.raises(errors.OptionError, match="restart"):
        gmres(GENERAL, B, restart=0)
    with pytest.raises(errors.OptionError, match="solve_method"):
        gmres(GENERAL, B, solve_method="guessing")
