"""Factorisations where the laws of ``test_laws`` do not look: degenerate matrices, errors, JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
import functrans.scipy.linalg as sla
from functrans.primitives import lu, orthogonal, spectral, triangular, tridiagonal
from functrans.testing import check_grads


def _rng() -> np.random.Generator:
    """Numbers of their own for each test, the same in whatever order tests run."""
    return np.random.default_rng(4)


_RNG = np.random.default_rng(3)
_A = _RNG.normal(size=(4, 4))
_C = _A + 1j * _RNG.normal(size=(4, 4))
_S = _A @ _A.T + np.eye(4)
_H = _C @ _C.conj().T + np.eye(4)
_TALL = _RNG.normal(size=(5, 3))
_V = _RNG.normal(size=4)


# --- machine code --------------------------------------------------------------------------------

_NATIVE: dict[str, Callable[[Any], Any]] = {
    "solve": lambda a: np.linalg.solve(a, a[0]),
    "inv": np.linalg.inv,
    "det": lambda a: np.linalg.det(a / a[0, 0]),
    "slogdet": np.linalg.slogdet,
    "cholesky": lambda a: np.linalg.cholesky(a @ a.T),
    "qr": np.linalg.qr,
    "eigh": np.linalg.eigh,
    "eigvalsh": np.linalg.eigvalsh,
    "svd": np.linalg.svd,
    "pinv": np.linalg.pinv,
    "lstsq": lambda a: np.linalg.lstsq(a, a[0])[0],
    "nuclear norm": lambda a: np.linalg.norm(a, "nuc"),
    "matrix_power": lambda a: np.linalg.matrix_power(a, -3),
    "cond": np.linalg.cond,
    "expm": lambda a: sla.expm(a / 4),
    "solve_triangular": lambda a: sla.solve_triangular(a, a[0]),
    "lu": lambda a: lu.lu(a)[0],
}


@pytest.mark.parametrize(("n", "dtype"), [(1, "d"), (4, "f"), (8, "d"), (9, "f"), (30, "d")])
@pytest.mark.parametrize("name", _NATIVE)
def test_compiled_code_calls_no_python(name: str, n: int, dtype: str) -> None:
    x = np.random.default_rng(n).normal(size=(n, n)) + 3 * np.sqrt(n) * np.eye(n)
    x = (x + x.T).astype(dtype)
    f = ft.jit(_NATIVE[name])
    assert not f.lower(x).report().fallbacks
    tolerance = 1e-8 if dtype == "d" else 2e-2
    for a, b in zip(
        ft.tree_util.tree_leaves(f(x)), ft.tree_util.tree_leaves(_NATIVE[name](x)), strict=True
    ):
        b = np.asarray(b)
        assert a.dtype == b.dtype
        a, b = (a, b) if name not in ("eigh", "svd", "qr") else (abs(a), abs(b))
        np.testing.assert_allclose(a, b, tolerance, tolerance * np.abs(b).max())


@pytest.mark.parametrize("n", [3, 20])
@pytest.mark.parametrize("name", ["solve", "slogdet", "cholesky", "qr", "svd", "expm"])
def test_compiled_gradients_of_batches_call_no_python(name: str, n: int) -> None:
    xs = np.random.default_rng(n).normal(size=(3, n, n)) / n + 2 * np.diag(np.arange(1.0, n + 1))

    def loss(x: Any) -> Any:
        leaves = ft.tree_util.tree_leaves(_NATIVE[name](x))
        return sum(fnp.sum(fnp.cos(leaf)) for leaf in leaves)

    if name == "svd":
        loss = lambda x: fnp.sum(fnp.sin(np.linalg.svd(x, compute_uv=False)))  # noqa: E731
    f = ft.jit(ft.vmap(ft.grad(loss)))
    assert not f.lower(xs).report().fallbacks
    expected = np.stack([ft.grad(loss)(x) for x in xs])
    np.testing.assert_allclose(f(xs), expected, 1e-9, 1e-9 * np.abs(expected).max())


def test_one_factorisation_serves_value_and_gradient() -> None:
    def likelihood(s: Any, r: Any) -> Any:
        return r @ np.linalg.solve(s, r) + np.linalg.slogdet(s)[1]

    text = ft.jit(ft.value_and_grad(likelihood)).lower(_S, _V).as_text("clusters")
    assert text.count("= lu ") == 1


def test_in_a_loop() -> None:
    def run(f: Any) -> Any:
        def step(p: Any, _: Any) -> Any:
            s = f @ p @ f.T + np.eye(4)
            return np.linalg.solve(s, p), np.linalg.slogdet(s)[1]

        p, logs = ft.lax.scan(step, np.eye(4), None, length=5)
        return fnp.sum(p) + fnp.sum(logs)

    check_grads(run, (_A,), order=1)
    expected = ft.grad(run)(_A)
    compiled = ft.jit(ft.grad(run))
    np.testing.assert_allclose(compiled(_A), expected, 1e-10)
    report = compiled.lower(_A).report()
    assert not report.fallbacks


def test_no_memory_is_read_beyond_a_batch_of_none() -> None:
    empty = np.zeros((0, 3, 3))
    assert ft.jit(np.linalg.inv)(empty).shape == (0, 3, 3)
    assert ft.jit(np.linalg.slogdet)(empty)[1].shape == (0,)
    q, r = ft.jit(lambda a: np.linalg.qr(a, "complete"))(np.zeros((3, 0)))
    np.testing.assert_array_equal(q, np.eye(3))
    assert r.shape == (3, 0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 20), (20, 1), (9, 3), (2, 1, 12)])
def test_thin_matrices(shape: tuple[int, ...]) -> None:
    a = _rng().normal(size=shape)
    for f in (lu.lu, orthogonal.qr, lambda a: orthogonal.qr(a, True), spectral.singular_values):
        for found, expected in zip(
            ft.tree_util.tree_leaves(ft.jit(f)(a)), ft.tree_util.tree_leaves(f(a)), strict=True
        ):
            np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 3), (5, 4)])
def test_tridiagonal_systems_of_any_size(n: int, m: int) -> None:
    rng = _rng()
    low, high = rng.normal(size=(2, 2, n))
    middle, b = rng.normal(size=(2, n)) + 5, rng.normal(size=(2, n, m))
    x = tridiagonal.tridiagonal_solve(low, middle, high, b)
    np.testing.assert_allclose(ft.jit(tridiagonal.tridiagonal_solve)(low, middle, high, b), x)
    product = middle[..., None] * x
    product[:, 1:] += low[:, 1:, None] * x[:, :-1]
    product[:, :-1] += high[:, :-1, None] * x[:, 1:]
    np.testing.assert_allclose(product, b, atol=1e-13)


# --- errors --------------------------------------------------------------------------------------

_SINGULAR = np.ones((3, 3))
_RAISES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "solve": (lambda a: np.linalg.solve(a, np.ones(3)), _SINGULAR),
    "inv": (np.linalg.inv, _SINGULAR),
    "large inv": (np.linalg.inv, np.ones((20, 20))),
    "cholesky": (np.linalg.cholesky, -np.eye(3)),
    "large cholesky": (np.linalg.cholesky, -np.eye(20)),
    "cho_factor": (lambda a: sla.cho_factor(a)[0], -np.eye(3)),
    "solve_triangular": (lambda a: sla.solve_triangular(a, np.ones(3)), np.diag([1.0, 0.0, 2.0])),
    "tridiagonal": (
        lambda a: tridiagonal.tridiagonal_solve(a[0], a[1], a[2], np.ones((3, 1))),
        np.zeros((3, 3)),
    ),
    "svd": (np.linalg.svd, np.full((3, 3), np.nan)),
}


@pytest.mark.parametrize("name", _RAISES)
def test_what_has_no_answer_raises_at_the_users_line(name: str) -> None:
    f, bad = _RAISES[name]
    with pytest.raises(np.linalg.LinAlgError):
        f(bad)

    def first(a: Any) -> Any:
        return fnp.sum(ft.tree_util.tree_leaves(f(a))[0])  # the line of the user

    for transformed in (ft.jit(first), ft.grad(first), ft.jit(ft.grad(first))):
        with pytest.raises(np.linalg.LinAlgError) as caught:
            transformed(bad)
        assert isinstance(caught.value, ft.errors.LinAlgError)
        assert caught.value.line is not None
        assert caught.value.line.file == __file__
    good = 3 * np.eye(len(bad)) if name != "tridiagonal" else np.ones((3, 3)) * [[0], [1], [0]]
    for batched in (ft.vmap(first), ft.jit(ft.vmap(first))):
        batched(np.stack([good, good]))
        with pytest.raises(np.linalg.LinAlgError):
            batched(np.stack([good, bad]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("n", [3, 20])
def test_nan_is_no_failure_of_a_factorisation(n: int) -> None:
    bad = np.full((n, n), np.nan)
    for f in (np.linalg.cholesky, np.linalg.inv, np.linalg.det):
        assert np.isnan(f(bad)).any()
        assert np.isnan(ft.jit(f)(bad)).any()


def test_a_failure_in_a_loop_ends_it() -> None:
    @ft.jit
    def f(a: Any) -> Any:
        return ft.lax.fori_loop(0, 5, lambda i, x: np.linalg.inv(x - np.eye(2)), a)

    with pytest.raises(ft.errors.LinAlgError):
        f(2 * np.eye(2))
    assert np.isfinite(f(np.diag([5.0, 7.0]))).all()


def test_a_dead_factorisation_does_not_raise() -> None:
    assert ft.jit(lambda a: (np.linalg.inv(a), 1.0)[1])(_SINGULAR) == 1.0


def test_shapes_are_checked() -> None:
    for f in (np.linalg.inv, np.linalg.det, np.linalg.cholesky, np.linalg.eigh, sla.expm):
        with pytest.raises(ft.errors.ShapeError, match="square"):
            ft.jit(f)(np.ones((2, 3)))
        with pytest.raises(ft.errors.ShapeError):
            ft.jit(f)(np.ones(3))
    with pytest.raises(ft.errors.ShapeError):
        ft.jit(np.linalg.solve)(np.eye(3), np.ones(2))
    with pytest.raises(ft.errors.OptionError):
        ft.jit(lambda a: np.linalg.norm(a, "odd"))(np.eye(3))
    with pytest.raises(ft.errors.ShapeError, match="do not fit"):
        ft.lax.linalg.householder_product(np.ones((2, 2)), np.ones(3))


def test_full_vectors_have_no_derivative() -> None:
    with pytest.raises(ft.errors.MissingRuleError, match="full_matrices=False"):
        ft.grad(lambda a: fnp.sum(np.linalg.svd(a)[0]))(_TALL)
    with pytest.raises(ft.errors.MissingRuleError, match="Schur"):
        ft.grad(lambda a: fnp.sum(sla.schur(a)[0]))(_A)


# --- degenerate matrices -------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("wrap", [lambda f: f, ft.jit])
def test_the_gradient_of_det_is_the_adjugate(n: int, wrap: Any) -> None:
    rng = np.random.default_rng(n)
    regular = rng.normal(size=(n, n))
    short = regular.copy()
    short[:, 0] = 0  # rank n − 1, with the zero pivot first
    shorter = short.copy()
    shorter[:, -1] = 0

    def cofactors(a: Any) -> Any:
        found = np.empty_like(a)
        for i, j in np.ndindex(a.shape):
            minor = np.delete(np.delete(a, i, 0), j, 1)
            found[i, j] = (-1) ** (i + j) * np.linalg.det(minor)
        return found

    for a in (regular, short, shorter, np.ones((n, n)), np.zeros((n, n))):
        expected = cofactors(a)
        scale = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(wrap(ft.grad(np.linalg.det))(a), expected, 1e-9, 1e-9 * scale)


def test_second_derivatives_of_det_at_singular_matrices() -> None:
    small = ft.hessian(np.linalg.det)(np.zeros((2, 2)))
    assert small[0, 0, 1, 1] == 1
    assert small[0, 1, 1, 0] == -1
    large = np.diag([0.0, 1.0, 2.0, 3.0])
    with np.errstate(all="ignore"):
        assert np.isnan(ft.hessian(np.linalg.det)(large)).any()


def test_slogdet_of_singular_matrices() -> None:
    for f in (np.linalg.slogdet, ft.jit(np.linalg.slogdet)):
        sign, logarithm = f(np.zeros((3, 3)))
        assert (sign, logarithm) == (0.0, -np.inf)
    with pytest.raises(np.linalg.LinAlgError):
        ft.grad(lambda a: np.linalg.slogdet(a)[1])(_SINGULAR)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("wrap", [lambda f: f, ft.jit])
def test_coinciding_eigenvalues(wrap: Any) -> None:
    a = np.diag([1.0, 1.0, 2.0])
    values = wrap(ft.grad(lambda a: fnp.sum(np.linalg.eigvalsh(a) ** 2)))(a)
    np.testing.assert_allclose(values, 2 * a, atol=1e-12)
    # From both results, values alone: the infinite slopes of the vectors do not get in.
    both = wrap(ft.grad(lambda a: fnp.sum(np.linalg.eigh(a)[0] ** 2)))(a)
    np.testing.assert_allclose(both, 2 * a, atol=1e-12)
    weights = np.arange(9.0).reshape(3, 3)
    vectors = wrap(ft.grad(lambda a: fnp.sum(weights * np.linalg.eigh(a)[1])))(a)
    assert not np.isfinite(vectors).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("wrap", [lambda f: f, ft.jit])
def test_coinciding_singular_values(wrap: Any) -> None:
    a = np.diag([2.0, 2.0, 1.0])
    values = wrap(ft.grad(lambda a: fnp.sum(np.linalg.svdvals(a) ** 2)))(a)
    np.testing.assert_allclose(values, 2 * a, atol=1e-12)
    nuclear = wrap(ft.grad(lambda a: np.linalg.norm(a, "nuc")))(a)
    np.testing.assert_allclose(nuclear, np.eye(3), atol=1e-12)
    weights = np.arange(9.0).reshape(3, 3)
    vectors = wrap(ft.grad(lambda a: fnp.sum(weights * np.linalg.svd(a)[0])))(a)
    assert not np.isfinite(vectors).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("n", [3, 12])
@pytest.mark.parametrize("wrap", [lambda f: f, ft.jit])
def test_qr_of_dependent_columns(wrap: Any, n: int) -> None:
    a = np.zeros((n, n))
    a[0] = 1.0
    q, r = wrap(np.linalg.qr)(a)
    np.testing.assert_allclose(q @ r, a, atol=1e-12)
    slope = wrap(ft.grad(lambda a: fnp.sum(fnp.sin(np.linalg.qr(a)[0]))))(a)
    assert not np.isfinite(slope).all()


def test_pinv_and_lstsq_at_fixed_rank() -> None:
    def low(x: Any) -> Any:
        return x[:, None] * np.array([1.0, 2.0, 3.0])

    x = np.array([1.0, -2.0, 0.5, 3.0])
    check_grads(lambda x: np.linalg.pinv(low(x), 1e-10), (x,), order=1)
    check_grads(lambda x, b: np.linalg.lstsq(low(x), b)[0], (x, _V), order=1)
    zero = np.zeros((3, 2))
    np.testing.assert_array_equal(ft.jit(np.linalg.pinv)(zero), np.zeros((2, 3)))
    np.testing.assert_array_equal(
        ft.grad(lambda a: fnp.sum(np.linalg.pinv(a)))(zero), np.zeros((3, 2))
    )


def test_hermitian_matrices_have_hermitian_gradients() -> None:
    for f in (
        lambda a: fnp.sum(fnp.sin(np.linalg.cholesky(a))),
        lambda a: fnp.sum(fnp.sin(np.linalg.eigh(a)[1])),
        lambda a: np.linalg.eigvalsh(a)[0],
    ):
        gradient = ft.grad(f)(_S)
        np.testing.assert_allclose(gradient, gradient.T, 1e-12)


def test_an_exponential_beyond_the_squarings_is_nan() -> None:
    f = ft.jit(lambda a: sla.expm(a, max_squarings=2))
    assert np.isnan(f(100 * np.eye(2))).all()
    np.testing.assert_allclose(f(5 * np.eye(2)), np.exp(5) * np.eye(2), 1e-13)


def test_factors_of_one_matrix_serve_many_right_sides() -> None:
    solve = ft.vmap(lambda b: np.linalg.solve(_A, b), in_axes=1, out_axes=1)
    program = ft.make_jaxpr(solve)(np.ones((4, 7)))
    shapes = [e.outvars[0].aval.shape for e in program.eqns if e.primitive.name == "lu_solve"]
    assert shapes == [(4, 7)]
    upper = np.triu(_A)
    right = ft.vmap(lambda b: triangular.triangular_solve(upper, b, left=False))
    b = _rng().normal(size=(3, 2, 4))
    np.testing.assert_allclose(right(b), b @ np.linalg.inv(upper), 1e-9)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)])
def test_polar_factors_of_equal_singular_values(side: str, shape: tuple[int, int]) -> None:
    a = 2 * np.eye(*shape)
    for wrap in (lambda f: f, ft.jit):
        check_grads(wrap(lambda a: sla.polar(a, side)[0]), (a,), order=1)
    if (shape[0] >= shape[1]) == (side == "right"):
        check_grads(lambda a: sla.polar(a, side)[1], (a,), order=1)
    generic = a + 0.3 * np.random.default_rng(3).normal(size=shape)  # well conditioned
    check_grads(lambda a: sla.polar(a, side), (generic,), order=1)


def test_phases_of_complex_vectors_are_kept() -> None:
    def up(x: Any) -> Any:
        return spectral.eig(x)[1]

    v = up(_C)
    largest = v[np.abs(v).argmax(0), np.arange(4)]
    np.testing.assert_allclose(largest.imag, 0, atol=1e-15)
    check_grads(up, (_C,), order=1)
    check_grads(lambda x: orthogonal.qr(x)[1], (_C,), order=2)


# --- JAX -----------------------------------------------------------------------------------------

_SAME_AS_JAX: dict[str, tuple[Callable[[Any, Any, Any], Any], Any]] = {
    "cholesky": (lambda n, s, x: n.linalg.cholesky(x), _S),
    "cholesky of complex": (lambda n, s, x: n.linalg.cholesky(x), _H),
    "eigh": (lambda n, s, x: n.linalg.eigh(x), _S),
    "eigvalsh": (lambda n, s, x: n.linalg.eigvalsh(x), _S),
    "eigvalsh of complex": (lambda n, s, x: n.linalg.eigh(x)[0], _H),
    "svd": (lambda n, s, x: n.linalg.svd(x, full_matrices=False), _TALL),
    "svd of complex": (lambda n, s, x: n.linalg.svd(x, full_matrices=False), _C),
    "qr": (lambda n, s, x: n.linalg.qr(x), _TALL),
    "complete qr": (lambda n, s, x: n.linalg.qr(x, "complete"), _TALL),
    "wide qr": (lambda n, s, x: n.linalg.qr(x), _TALL.T.copy()),
    "qr of complex": (lambda n, s, x: n.linalg.qr(x), _C),
    "eigvals": (lambda n, s, x: n.linalg.eigvals(x), _A),
    "det": (lambda n, s, x: n.linalg.det(x), _A),
    "det of complex": (lambda n, s, x: n.linalg.det(x), _C),
    "slogdet": (lambda n, s, x: n.linalg.slogdet(x), _C),
    "inv": (lambda n, s, x: n.linalg.inv(x), _C),
    "solve": (lambda n, s, x: n.linalg.solve(x, _V), _C),
    "pinv": (lambda n, s, x: n.linalg.pinv(x), _C),
    "lstsq": (lambda n, s, x: n.linalg.lstsq(x, _TALL[:, 0])[0], _TALL),
    "nuclear norm": (lambda n, s, x: n.linalg.norm(x, "nuc"), _TALL),
    "norm 2": (lambda n, s, x: n.linalg.norm(x, 2), _TALL),
    "norm -2": (lambda n, s, x: n.linalg.norm(x, -2), _TALL),
    "cond": (lambda n, s, x: n.linalg.cond(x), _TALL),
    "expm": (lambda n, s, x: s.expm(x), _C),
    "lu": (lambda n, s, x: s.lu(x)[1:], _A),
    "lu_factor": (lambda n, s, x: s.lu_factor(x)[0], _C),
    "solve_triangular": (lambda n, s, x: s.solve_triangular(x, _V, 2, lower=True), _C),
    "rfft": (lambda n, s, x: n.fft.rfft(x), _A),
    "irfft": (lambda n, s, x: n.fft.irfft(x), _C),
    "hfft": (lambda n, s, x: n.fft.hfft(x), _C),
    "ihfft": (lambda n, s, x: n.fft.ihfft(x), _A),
    "fftn": (lambda n, s, x: n.fft.fftn(x), _C),
}


@pytest.mark.parametrize("name", _SAME_AS_JAX)
def test_gradients_are_jaxs(name: str) -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    import jax.scipy.linalg  # part of the oracle

    function, x = _SAME_AS_JAX[name]

    def loss(numpy: Any, scipy: Any) -> Any:
        def total(x: Any) -> Any:
            found = function(numpy, scipy, x)
            parts = found if isinstance(found, tuple | list) else (found,)
            return sum(numpy.sin(3 * numpy.abs(part) + 1).sum() for part in parts)

        return total

    expected = np.asarray(jax.grad(loss(jax.numpy, jax.scipy.linalg))(jax.numpy.asarray(x)))
    tolerance = 1e-11 * np.abs(expected).max()
    found = ft.grad(loss(fnp, sla))(x)
    np.testing.assert_allclose(found, expected, 1e-11, tolerance)
    np.testing.assert_allclose(ft.jit(ft.grad(loss(fnp, sla)))(x), expected, 1e-11, tolerance)
