"""JAX and autograd as oracles: derivative conventions, and functions as people write them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
import functrans.scipy.special

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")


@pytest.fixture(autouse=True, scope="module")
def double_precision() -> None:
    jax.config.update("jax_enable_x64", True)


class Ours:
    """The names that a model uses, from functrans."""

    np = fnp
    special = functrans.scipy.special
    grad = staticmethod(ft.grad)
    stop_gradient = staticmethod(ft.stop_gradient)


class Theirs:
    """The same from JAX."""

    np = jnp
    grad = staticmethod(jax.grad)
    stop_gradient = staticmethod(jax.lax.stop_gradient)

    class special:
        def __getattr__(self, name: str) -> Any:
            return getattr(jax.scipy.special, name)

    special = special()


def agree(ours: Any, theirs: Any, rtol: float = 1e-10) -> None:
    left, right = ft.tree_util.tree_leaves(ours), jax.tree_util.tree_leaves(theirs)
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        b = np.asarray(b)
        assert np.shape(a) == b.shape
        assert a.dtype == b.dtype
        scale = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * scale, equal_nan=True)


# --- conventions ---------------------------------------------------------------------------------

TIED = np.array([1.0, 3.0, 3.0, -2.0])
ZEROS = np.array([2.0, 0.0, 5.0])
TWO_ZEROS = np.array([2.0, 0.0, 0.0])

CONVENTIONS: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "abs at 0": (lambda m, x: m.np.abs(x), 0.0),
    "abs at -0": (lambda m, x: m.np.abs(x), -0.0),
    "sqrt at 0": (lambda m, x: m.np.sqrt(x), 0.0),
    "x**0 at 0": (lambda m, x: x**0, 0.0),
    "x**0.0 at 0": (lambda m, x: m.np.power(x, 0.0), 0.0),
    "x**2 at 0": (lambda m, x: x**2, 0.0),
    "x**1 at 0": (lambda m, x: x**1, 0.0),
    "x**3.0 at -2": (lambda m, x: m.np.power(x, 3.0), -2.0),
    "0**y": (lambda m, y: m.np.power(0.0, y), 2.0),
    "2**x": (lambda m, x: 2.0**x, 1.5),
    "maximum tie": (lambda m, x: m.np.maximum(x, 3.0), 3.0),
    "maximum with itself": (lambda m, x: m.np.maximum(x, x), 3.0),
    "minimum tie": (lambda m, x: m.np.minimum(x, 3.0), 3.0),
    "max tie": (lambda m, x: m.np.max(x), TIED),
    "min tie": (lambda m, x: m.np.min(-x), TIED),
    "max all equal": (lambda m, x: m.np.max(x), np.ones(5)),
    "prod one zero": (lambda m, x: m.np.prod(x), ZEROS),
    "prod two zeros": (lambda m, x: m.np.prod(x), TWO_ZEROS),
    "cumprod zeros": (lambda m, x: m.np.sum(m.np.cumprod(x)), ZEROS),
    "norm at 0": (lambda m, x: m.np.linalg.norm(x), np.zeros(3)),
    "sign": (lambda m, x: m.np.sign(x), 0.0),
    "floor": (lambda m, x: m.np.floor(x), 1.0),
    "round": (lambda m, x: m.np.round(x), 1.5),
    "where": (lambda m, x: m.np.where(x > 1, x * 2, x * 3), 1.0),
    "clip at the bound": (lambda m, x: m.np.clip(x, 0.0, 1.0), 1.0),
    "clip below": (lambda m, x: m.np.clip(x, 0.0, 1.0), -1.0),
    "log at 0": (lambda m, x: m.np.log(x), 0.0),
    "arctan2 at 1, 0": (lambda m, x: m.np.arctan2(x, 0.0), 1.0),
    "reciprocal": (lambda m, x: 1 / x, 2.0),
    "mod": (lambda m, x: m.np.mod(x, 0.75), -1.3),
    "mod by": (lambda m, x: m.np.mod(5.3, x), 0.75),
    "fmod": (lambda m, x: m.np.fmod(x, 0.75), -1.3),
    "logaddexp of equal": (lambda m, x: m.np.logaddexp(x, 1.0), 1.0),
    "logaddexp of -inf": (lambda m, x: m.np.logaddexp(x, -np.inf), 1.0),
    "logsumexp of -inf": (
        lambda m, x: m.special.logsumexp(m.np.stack([x, x * 0 - np.inf])), 1.0),
    "sinc at 0": (lambda m, x: m.np.sinc(x), 0.0),
    "xlogy at 0": (lambda m, y: m.special.xlogy(0.0, y), 0.0),
    "xlogy": (lambda m, x: m.special.xlogy(x, 2.0), 3.0),
    "sort tie": (lambda m, x: m.np.sum(m.np.sort(x) * np.arange(4.0)), TIED),
    "median": (lambda m, x: m.np.median(x), TIED),
    "std of equal": (lambda m, x: m.np.var(x), np.ones(3)),
    "copysign": (lambda m, x: m.np.copysign(x, -1.0), 2.0),
    "hypot at 0": (lambda m, x: m.np.hypot(x, 0.0), 0.0),
    "real abs complex": (lambda m, x: m.np.abs(x * (1 + 2j)), 2.0),
    "angle": (lambda m, x: m.np.angle(x + 1j), 0.5),
    "integer power negative base": (lambda m, x: x**-2, -2.0),
    "relu": (lambda m, x: m.np.where(x > 0, x, 0.0), 0.0),
    "digamma": (lambda m, x: m.special.digamma(x), 2.5),
    "gammaln negative": (lambda m, x: m.special.gammaln(x), -1.5),
    "expit large": (lambda m, x: m.special.expit(x), 800.0),
    "erf": (lambda m, x: m.special.erf(x), 0.3),
}  # fmt: skip

DIFFER = {
    # Where functrans differs on purpose.
    "x**0.0 at 0": 0.0,  # as for the integer exponent; JAX has NaN
    "xlogy at 0": 0.0,  # xlogy(0, y) is constant; JAX has NaN
    "hypot at 0": math.nan,  # as for the norm; JAX takes the square root of a maximum
}


@pytest.mark.parametrize("name", CONVENTIONS)
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_conventions_are_jaxs(name: str, compiled: bool) -> None:
    h, x = CONVENTIONS[name]
    ours = ft.grad(lambda v: fnp.sum(h(Ours, v)))
    if compiled:
        ours = ft.jit(ours)
    with np.errstate(all="ignore"):
        if name in DIFFER:
            agree(ours(x), np.float64(DIFFER[name]))
            return
        agree(ours(x), jax.grad(lambda v: jnp.sum(h(Theirs, v)))(jnp.asarray(x)))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_stated_conventions() -> None:
    g = ft.grad
    assert g(abs)(0.0) == 1.0
    assert g(np.sqrt)(0.0) == math.inf
    assert g(lambda x: x**0)(0.0) == 0.0
    assert g(lambda x: np.maximum(x, 1.0))(1.0) == 0.5
    assert g(lambda x: np.clip(x, 0.0, 1.0))(1.0) == 0.5
    assert g(lambda x: np.clip(x, 0.0, 1.0))(0.0) == 0.5
    np.testing.assert_array_equal(g(np.max)(np.array([1.0, 1.0, 0.0])), [0.5, 0.5, 0.0])
    np.testing.assert_array_equal(g(np.prod)(np.array([0.0, 2.0, 3.0])), [6.0, 0.0, 0.0])
    with np.errstate(all="ignore"):
        assert np.isnan(g(np.linalg.norm)(np.zeros(2))).all()
    assert g(lambda z: abs(z) ** 2)(1 + 2j) == 2 - 4j


COMPLEX: dict[str, Callable[[Any, Any], Any]] = {
    "abs squared": lambda m, z: m.np.abs(z) ** 2,
    "real": lambda m, z: m.np.real(z * z),
    "imag": lambda m, z: m.np.imag(z**3),
    "angle": lambda m, z: m.np.angle(z),
    "exp": lambda m, z: m.np.real(m.np.exp(z) * m.np.conj(z)),
    "log": lambda m, z: m.np.imag(m.np.log(z)),
    "sqrt": lambda m, z: m.np.abs(m.np.sqrt(z)),
    "tanh": lambda m, z: m.np.real(m.np.tanh(z)),
    "division": lambda m, z: m.np.real(1 / (z + 2)),
    "power": lambda m, z: m.np.real(m.np.power(z, 2.5 + 0j)),
    "matmul": lambda m, z: m.np.real(m.np.vdot(m.np.stack([z, z * z]), np.array([1j, 2 + 1j]))),
    "prod": lambda m, z: m.np.real(m.np.prod(m.np.stack([z, z + 1, z - 1j]))),
    "where": lambda m, z: m.np.real(m.np.where(m.np.real(z) > 0, z * z, -z)),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_gradients_are_jaxs(name: str) -> None:
    h = COMPLEX[name]
    z = 0.7 - 1.3j
    agree(ft.grad(lambda v: h(Ours, v))(z), jax.grad(lambda v: h(Theirs, v))(z))
    agree(ft.jit(ft.grad(lambda v: h(Ours, v)))(z), jax.grad(lambda v: h(Theirs, v))(z))
    # Twice: the gradient's real part is a real function again.
    agree(
        ft.grad(lambda v: fnp.real(ft.grad(lambda w: h(Ours, w))(v)))(z),
        jax.grad(lambda v: jnp.real(jax.grad(lambda w: h(Theirs, w))(v)))(z),
    )


# --- functions as people write them --------------------------------------------------------------

RNG = np.random.default_rng(7)


def normal(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape)


def mlp(m: Any, params: Any, x: Any, labels: Any) -> Any:
    for w, b in params[:-1]:
        x = m.np.tanh(x @ w + b)
    w, b = params[-1]
    logits = x @ w + b
    scores = logits - m.special.logsumexp(logits, axis=1, keepdims=True)
    return -m.np.mean(m.np.take_along_axis(scores, labels[:, None], axis=1))


def logistic_regression(m: Any, w: Any, x: Any, y: Any) -> Any:
    p = m.special.expit(x @ w)
    return -m.np.sum(y * m.np.log(p) + (1 - y) * m.np.log1p(-p)) + 0.1 * m.np.sum(w * w)


def mixture(m: Any, params: Any, x: Any) -> Any:
    distance = (x[:, None, :] - params["mean"]) / m.np.exp(params["scale"])
    density = -0.5 * m.np.sum(distance**2 + 2 * params["scale"] + math.log(2 * math.pi), axis=-1)
    weights = params["weight"] - m.special.logsumexp(params["weight"])
    return -m.np.sum(m.special.logsumexp(density + weights, axis=1))


def rosenbrock(m: Any, x: Any) -> Any:
    return m.np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def gaussian(m: Any, params: Any, x: Any) -> Any:
    # log N(x | μ, (L Lᵀ)⁻¹): no factorisation is needed.
    mean, raw = params
    lower = m.np.tril(raw, -1) + m.np.diag(m.np.exp(m.np.diag(raw)))
    z = (x - mean) @ lower
    return 0.5 * m.np.sum(z * z) - len(x) * m.np.sum(m.np.diag(raw))


def convolution(m: Any, kernel: Any, image: Any) -> Any:
    h, w = image.shape
    patches = m.np.stack(
        [image[i : h - 2 + i, j : w - 2 + j] for i in range(3) for j in range(3)], axis=-1
    )
    out = m.np.maximum(patches @ kernel.reshape(9, -1), 0.0)
    return m.np.sum(out[::2, ::2] ** 2)


def attention(m: Any, params: Any, x: Any) -> Any:
    q, k, v = (x @ p for p in params)
    scores = m.np.einsum("tc,sc->ts", q, k) / math.sqrt(q.shape[1])
    scores = m.np.where(np.tril(np.ones(scores.shape, bool)), scores, -1e9)
    weights = m.special.softmax(scores, axis=-1)
    return m.np.sum(m.np.tanh(weights @ v))


def layer_norm(m: Any, params: Any, x: Any) -> Any:
    mean = m.np.mean(x, axis=-1, keepdims=True)
    scale = m.np.sqrt(m.np.var(x, axis=-1, keepdims=True) + 1e-5)
    return m.np.sum(((x - mean) / scale * params[0] + params[1]) ** 3)


def recurrence(m: Any, w: Any, xs: Any) -> Any:
    h = 0 * xs[0]
    for x in xs:
        h = m.np.tanh(w @ h + x)
    return m.np.sum(h)


def pendulum(m: Any, state: Any) -> Any:
    def field(s: Any) -> Any:
        return m.np.stack([s[1], -m.np.sin(s[0])])

    for _ in range(5):
        k1 = field(state)
        k2 = field(state + 0.05 * k1)
        k3 = field(state + 0.05 * k2)
        k4 = field(state + 0.1 * k3)
        state = state + 0.1 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return m.np.sum(state**2)


def bond_energy(m: Any, positions: Any) -> Any:
    i, j = np.triu_indices(len(positions), 1)
    difference = positions[i] - positions[j]
    r2 = m.np.sum(difference**2, axis=1)
    s6 = (1.0 / r2) ** 3
    return m.np.sum(4 * (s6 * s6 - s6))


def poisson(m: Any, w: Any, x: Any, counts: Any) -> Any:
    rate = x @ w
    return m.np.sum(m.np.exp(rate) - counts * rate + m.special.gammaln(counts + 1.0))


def ridge_of_gradients(m: Any, x: Any) -> Any:
    g = m.grad(lambda v: rosenbrock(m, v))(x)
    return m.np.sum(g * g)


def embedding(m: Any, table: Any, index: Any) -> Any:
    rows = table[index]
    return m.np.sum(m.np.cumsum(rows, axis=0) ** 2) + m.np.max(rows)


def quaternion(m: Any, q: Any, p: Any) -> Any:
    q = q / m.np.linalg.norm(q)
    w, v = q[0], q[1:]
    return m.np.sum((p + 2 * m.np.cross(v, m.np.cross(v, p) + w * p)) ** 3)


LABELS = RNG.integers(0, 3, 8)
PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "mlp": (mlp, ([(normal(4, 6), normal(6)), (normal(6, 3), normal(3))], normal(8, 4), LABELS)),
    "logistic regression": (
        logistic_regression,
        (normal(4), normal(8, 4), RNG.integers(0, 2, 8).astype(float)),
    ),
    "mixture": (
        mixture,
        ({"mean": normal(3, 2), "scale": normal(3, 2), "weight": normal(3)}, normal(6, 2)),
    ),
    "rosenbrock": (rosenbrock, (normal(6),)),
    "gaussian": (gaussian, ((normal(3), normal(3, 3)), normal(5, 3))),
    "convolution": (convolution, (normal(3, 3, 2), normal(7, 8))),
    "attention": (attention, ((normal(4, 4), normal(4, 4), normal(4, 4)), normal(5, 4))),
    "layer norm": (layer_norm, ((normal(4), normal(4)), normal(3, 4))),
    "recurrence": (recurrence, (normal(3, 3), normal(4, 3))),
    "pendulum": (pendulum, (np.array([1.0, 0.2]),)),
    "bond energy": (bond_energy, (np.arange(12.0).reshape(4, 3) * 0.6 + 0.1 * normal(4, 3),)),
    "poisson": (poisson, (normal(3) * 0.3, normal(7, 3), RNG.integers(0, 5, 7).astype(float))),
    "gradients inside": (ridge_of_gradients, (normal(4),)),
    "embedding": (embedding, (normal(5, 3), np.array([1, 4, 1, 0]))),
    "quaternion": (quaternion, (normal(4), normal(3))),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_jaxs(name: str) -> None:
    program, args = PROGRAMS[name]

    def ours(*xs: Any) -> Any:
        return program(Ours, *xs)

    def theirs(*xs: Any) -> Any:
        return program(Theirs, *xs)

    lifted = jax.tree_util.tree_map(jnp.asarray, args)
    agree(ours(*args), theirs(*lifted))
    expected = jax.value_and_grad(theirs)(*lifted)
    agree(ft.value_and_grad(ours)(*args), expected)
    agree(ft.jit(ft.value_and_grad(ours))(*args), expected, rtol=1e-9)
    agree(ft.value_and_grad(ft.jit(ours))(*args), expected, rtol=1e-9)
    one = args[0]
    if isinstance(one, np.ndarray) and one.ndim == 1:
        hessian = jax.hessian(theirs)(*lifted)
        agree(ft.hessian(ours)(*args), hessian, rtol=1e-9)
        agree(ft.jit(ft.hessian(ours))(*args), hessian, rtol=1e-9)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_in_float32(name: str) -> None:
    program, args = PROGRAMS[name]
    narrow = ft.tree_util.tree_map(
        lambda x: x.astype(np.float32) if x.dtype == np.float64 else x, args
    )
    value, g = ft.value_and_grad(lambda *xs: program(Ours, *xs))(*narrow)
    assert value.dtype == np.float32, "a constant widened the program"
    assert {x.dtype for x in ft.tree_util.tree_leaves(g)} == {np.dtype(np.float32)}
    compiled = ft.jit(ft.value_and_grad(lambda *xs: program(Ours, *xs)))(*narrow)
    for a, b in zip(
        ft.tree_util.tree_leaves(compiled), ft.tree_util.tree_leaves((value, g)), strict=True
    ):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-3 * float(np.abs(b).max()))


@pytest.mark.parametrize("name", ["rosenbrock", "pendulum", "bond energy", "gaussian"])
def test_batches_are_jaxs(name: str) -> None:
    program, args = PROGRAMS[name]
    batch = jax.tree_util.tree_map(lambda x: np.stack([x, x + 0.1, x - 0.2]), args)
    ours = ft.vmap(ft.grad(lambda *xs: program(Ours, *xs)))
    theirs = jax.vmap(jax.grad(lambda *xs: program(Theirs, *xs)))(
        *jax.tree_util.tree_map(jnp.asarray, batch)
    )
    agree(ours(*batch), theirs)
    agree(ft.jit(ours)(*batch), theirs, rtol=1e-9)


# --- plain NumPy against autograd ----------------------------------------------------------------


def plain_mlp(np: Any, params: Any, x: Any) -> Any:
    for w, b in params:
        x = np.tanh(np.dot(x, w) + b)
    return np.sum(x**2)


def plain_statistics(np: Any, x: Any) -> Any:
    return np.mean(x) * np.std(x) + np.var(x, axis=0).sum() + np.linalg.norm(x)


def plain_shapes(np: Any, x: Any) -> Any:
    y = np.concatenate([x, np.transpose(x)], axis=0)
    y = np.reshape(np.tile(y, (2, 1)), (-1, 2))
    return np.sum(np.cumsum(y, axis=0) * np.roll(y, 1, axis=0)) + np.trace(x)


def plain_special(np: Any, x: Any) -> Any:
    z = np.exp(-(x**2)) + np.sinh(x) * np.log1p(np.abs(x)) + np.arctan2(x, 1.0 + x**2)
    return np.sum(np.where(z > 0, np.sqrt(np.abs(z)), z**3)) + np.max(z) + np.prod(x + 2)


def plain_einsum(np: Any, x: Any) -> Any:
    return (
        np.sum(np.einsum("ij,jk->ik", x, x) ** 2)
        + np.sum(np.tensordot(x, x, 1))
        + np.dot(x[0], x[:, 1])
    )


PLAIN: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "mlp": (plain_mlp, ([(normal(3, 4), normal(4)), (normal(4, 2), normal(2))], normal(5, 3))),
    "statistics": (plain_statistics, (normal(3, 4),)),
    "shapes": (plain_shapes, (normal(2, 2),)),
    "special": (plain_special, (normal(3, 4),)),
    "einsum": (plain_einsum, (normal(3, 3),)),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_numpy_is_autograds(name: str) -> None:
    autograd = pytest.importorskip("autograd")
    import autograd.numpy as anp

    program, args = PLAIN[name]
    expected = autograd.grad(lambda *xs: program(anp, *xs))(*args)
    for g in (
        ft.grad(lambda *xs: program(np, *xs)),
        ft.jit(ft.grad(lambda *xs: program(np, *xs))),
        ft.grad(lambda *xs: program(fnp, *xs)),
    ):
        for a, b in zip(
            ft.tree_util.tree_leaves(g(*args)), ft.tree_util.tree_leaves(expected), strict=True
        ):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


# --- branches ------------------------------------------------------------------------------------


def steep(lax: Any, np: Any, x: Any, w: Any) -> Any:
    return lax.cond(x > 0, lambda: np.sqrt(x) * w + np.log(x), lambda: 3.0 * x + w)


def pieces(lax: Any, np: Any, x: Any, w: Any) -> Any:
    place = np.floor(x).astype("int64")
    return lax.switch(
        place, [lambda x: x * w, lambda x: w / (x - 1.0), lambda x: np.sin(x) ** w], x
    )


def guarded(lax: Any, np: Any, x: Any, w: Any) -> Any:
    """A branch whose slope is infinite, or not a number, where it is not taken."""
    return lax.cond(np.abs(x) < 1e-3, lambda x: x + w, lambda x: np.sin(x) / x + w / x, x)


def walking(lax: Any, np: Any, x: Any, w: Any) -> Any:
    def step(c: Any, k: Any) -> Any:
        c = lax.cond(c > 1.0, lambda c: c * 0.5 * w, lambda c: c + np.exp(-c) * w, c)
        return c, lax.switch(k, [lambda c: c, np.sin, lambda c: c * c], c)

    c, ys = lax.scan(step, x, np.arange(5) - 1)
    return c + np.sum(ys)


@pytest.mark.parametrize("f", [steep, pieces, guarded, walking])
def test_branches(f: Callable[..., Any]) -> None:
    x, w = np.array([-1.5, 0.0, 0.5, 1.0, 1.5, 2.5, 4.0]), 1.25
    axes = (0, None)

    def results(ft: Any, lax: Any, np: Any, x: Any, w: Any) -> Any:
        one = lambda x, w: f(lax, np, x, w)  # noqa: E731
        each = ft.vmap(one, axes)
        slopes = ft.grad(one, (0, 1))
        return (
            each(x, w),
            ft.vmap(slopes, axes)(x, w),
            ft.grad(lambda x, w: np.sum(each(x, w)), (0, 1))(x, w),
            ft.vmap(ft.grad(ft.grad(one)), axes)(x, w),
            slopes(x[4], w),
        )

    ours, theirs = partial(results, ft, ft.lax, np), partial(results, jax, jax.lax, jnp)
    expected = jax.jit(theirs)(x, w)
    agree(ours(x, w), expected)
    agree(ft.jit(ours)(x, w), expected)
