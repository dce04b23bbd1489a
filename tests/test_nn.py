"""functrans.nn against jax.nn: values, derivatives at kinks, masks, initial weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.testing import check_grads

POINTS = np.array([-1000.0, -4.0, -3.0, -2.5, -1.0, -0.3, 0.0, 0.3, 1.0, 2.5, 3.0, 6.0, 1000.0])

ACTIVATIONS: dict[str, tuple[Any, ...]] = {
    "celu": (1.5,), "elu": (1.5,), "gelu": (), "hard_sigmoid": (), "hard_silu": (),
    "hard_swish": (), "hard_tanh": (), "identity": (), "leaky_relu": (0.2,), "log_sigmoid": (),
    "mish": (), "relu": (), "relu6": (), "selu": (), "sigmoid": (), "silu": (), "soft_sign": (),
    "softplus": (), "sparse_plus": (), "sparse_sigmoid": (), "squareplus": (3.0,), "swish": (),
    "tanh": (),
}  # fmt: skip


@pytest.fixture(scope="module")
def jax() -> Any:
    module = pytest.importorskip("jax")
    module.config.update("jax_enable_x64", True)
    return module


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_and_their_slopes(name: str, jax: Any) -> None:
    extra = ACTIVATIONS[name]
    f, g = getattr(ft.nn, name), getattr(jax.nn, name)
    want = np.asarray(g(POINTS, *extra))
    np.testing.assert_allclose(f(POINTS, *extra), want, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(ft.jit(f)(POINTS, *extra), want, rtol=1e-12, atol=1e-15)
    slopes = jax.vmap(jax.grad(lambda x: g(x, *extra)))(POINTS)
    found = ft.vmap(ft.grad(lambda x: f(x, *extra)))(POINTS)
    np.testing.assert_allclose(found, slopes, rtol=1e-10, atol=1e-12)
    with np.errstate(invalid="ignore"):
        assert np.isnan(f(np.nan, *extra))
    assert f(POINTS.astype("f"), *extra).dtype == np.float32
    check_grads(lambda x: f(x, *extra), (np.array([-2.2, -0.4, 0.7, 2.2]),), order=2)


@pytest.mark.parametrize("name", [*ACTIVATIONS, "glu"])
def test_halves_stay_halves(name: str, jax: Any) -> None:
    f = getattr(ft.nn, name)
    x = np.array([-2.5, -0.3, 0.7, 2.0], np.float16)
    want = np.asarray(getattr(jax.nn, name)(x))
    for run in (f, ft.jit(f)):
        assert run(x).dtype == want.dtype == np.float16
        np.testing.assert_allclose(run(x), want, rtol=8e-3, atol=2e-3)
    slope = ft.grad(lambda x: f(x).sum())
    assert slope(x).dtype == ft.grad(lambda x: slope(x).sum())(x).dtype == np.float16


def test_the_sigmoid_of_complex_numbers(jax: Any) -> None:
    z = np.array([0.3 + 1j, -2 - 0.5j])
    np.testing.assert_allclose(ft.nn.sigmoid(z), jax.nn.sigmoid(z), rtol=1e-12)


def test_gelu_by_the_error_function(jax: Any) -> None:
    want = jax.nn.gelu(POINTS, approximate=False)
    np.testing.assert_allclose(ft.nn.gelu(POINTS, approximate=False), want, rtol=1e-12)


def test_integers_count_as_floats(jax: Any) -> None:
    for name in ACTIVATIONS.keys() - {"relu", "relu6", "identity", "hard_tanh"}:
        found = getattr(ft.nn, name)(np.array([1, -2]))
        np.testing.assert_allclose(found, getattr(jax.nn, name)(np.array([1.0, -2.0])), rtol=1e-6)


@pytest.mark.parametrize("axis", [-1, 0, (0, 1)])
@pytest.mark.parametrize("masked", [False, True])
def test_functions_of_an_axis(axis: Any, masked: bool, jax: Any) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 5)) * 10
    where = None
    if masked:
        where = rng.random((4, 5)) < 0.6
        where[0], where[:, 0] = True, True  # of nothing there is no softmax
    for name in ("softmax", "log_softmax", "logsumexp", "logmeanexp", "standardize"):
        f = lambda x, m, name=name: getattr(m.nn, name)(x, axis=axis, where=where)  # noqa: E731
        want = f(x, jax)
        np.testing.assert_allclose(f(x, ft), want, rtol=1e-9, atol=1e-12, err_msg=name)
        weights = rng.normal(size=np.shape(want))

        def total(x: Any, m: Any, f: Any = f, weights: Any = weights) -> Any:
            y = f(x, m)
            return (m.numpy.where(m.numpy.isfinite(y), y, 0.0) * weights).sum()

        slopes = jax.grad(total)(x, jax)
        np.testing.assert_allclose(ft.grad(total)(x, ft), slopes, rtol=1e-8, atol=1e-10,
                                   err_msg=name)  # fmt: skip


def test_softmax_of_masked_rows_and_infinities() -> None:
    np.testing.assert_array_equal(ft.nn.softmax(np.array([-np.inf, 0.0])), [0.0, 1.0])
    slopes = ft.grad(lambda x: ft.nn.log_softmax(x)[1])(np.array([-np.inf, 0.0]))
    assert np.all(np.isfinite(slopes))


def test_log1mexp(jax: Any) -> None:
    x = np.array([1e-20, 0.1, np.log(2.0), 1.0, 40.0])
    np.testing.assert_allclose(ft.nn.log1mexp(x), jax.nn.log1mexp(x), rtol=1e-13)
    np.testing.assert_allclose(
        ft.vmap(ft.grad(ft.nn.log1mexp))(x), jax.vmap(jax.grad(jax.nn.log1mexp))(x), rtol=1e-12
    )


def test_glu_and_one_hot(jax: Any) -> None:
    x = np.linspace(-1, 1, 24).reshape(2, 3, 4)
    np.testing.assert_allclose(ft.nn.glu(x), jax.nn.glu(x), rtol=1e-12)
    np.testing.assert_allclose(ft.nn.glu(x, 0), jax.nn.glu(x, 0), rtol=1e-12)
    with pytest.raises(ft.errors.ShapeError, match="halve"):
        ft.nn.glu(x, 1)
    where = np.array([[0, 2], [5, -1]])
    for axis in (-1, 0, 1):
        want = jax.nn.one_hot(where, 3, axis=axis)
        np.testing.assert_array_equal(ft.nn.one_hot(where, 3, axis=axis), want)
        np.testing.assert_array_equal(
            ft.jit(lambda w, axis=axis: ft.nn.one_hot(w, 3, axis=axis))(where), want
        )
    assert ft.nn.one_hot(where, 3, dtype=np.int8).dtype == np.int8
    with pytest.raises(ft.errors.OptionError, match="num_classes"):
        ft.nn.one_hot(where, 2.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attention(heads: int, jax: Any) -> None:
    rng = np.random.default_rng(heads)
    q = rng.normal(size=(2, 5, 4, 3))
    k, v = rng.normal(size=(2, 2, 6, heads, 3))
    bias, mask = rng.normal(size=(2, 4, 5, 6)), rng.random((2, 1, 5, 6)) < 0.8
    lengths = np.array([3, 5], np.int32)
    for options in (
        {}, {"bias": bias}, {"mask": mask}, {"is_causal": True}, {"scale": 0.3},
        {"local_window_size": 1}, {"local_window_size": (2, 0)},
        {"query_seq_lengths": lengths, "key_value_seq_lengths": lengths},
    ):  # fmt: skip
        want = jax.nn.dot_product_attention(q, k, v, **options)
        found = ft.nn.dot_product_attention(q, k, v, **options)
        # JAX's products are float32.
        np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-5, err_msg=str(options))
    f = lambda m: lambda q, k, v: (m.nn.dot_product_attention(q, k, v, mask=mask) ** 2).sum()  # noqa: E731
    want = jax.grad(f(jax), (0, 1, 2))(q, k, v)
    for a, b in zip(ft.grad(f(ft), (0, 1, 2))(q, k, v), want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        ft.nn.dot_product_attention(q[0], k[0], v[0]),
        jax.nn.dot_product_attention(q[0], k[0], v[0]), rtol=1e-5, atol=1e-5,
    )  # fmt: skip
    with pytest.raises(ft.errors.ShapeError, match="query of shape"):
        ft.nn.dot_product_attention(q[0], k, v)


INITIALIZERS: dict[str, tuple[Any, ...]] = {
    "constant": (3.0,), "delta_orthogonal": (), "glorot_normal": (), "glorot_uniform": (),
    "he_normal": (), "he_uniform": (), "kaiming_normal": (), "kaiming_uniform": (),
    "lecun_normal": (), "lecun_uniform": (), "normal": (), "orthogonal": (2.0,),
    "truncated_normal": (), "uniform": (), "xavier_normal": (), "xavier_uniform": (),
    "variance_scaling": (2.0, "fan_geo_avg", "normal"),
}  # fmt: skip


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("dtype", ["f", "d"])
def test_initial_weights_are_those_of_jax(name: str, dtype: str, jax: Any) -> None:
    args = INITIALIZERS[name]
    for shape in [(3, 3, 4, 5)] if name == "delta_orthogonal" else [(4, 3), (3, 4), (2, 3, 4)]:
        want = getattr(jax.nn.initializers, name)(*args)(jax.random.key(7), shape, dtype)
        found = getattr(ft.nn.initializers, name)(*args)(ft.random.key(7), shape, dtype)
        assert found.dtype == np.dtype(dtype)
        np.testing.assert_allclose(found, want, rtol=1e-5 if dtype == "f" else 1e-12, atol=1e-7)


def test_zeros_and_ones() -> None:
    key = ft.random.key(0)
    np.testing.assert_array_equal(ft.nn.initializers.zeros(key, (2,), "f"), np.zeros(2, "f"))
    np.testing.assert_array_equal(ft.nn.initializers.ones(key, (2,), "f"), np.ones(2, "f"))


def test_bad_initializers() -> None:
    with pytest.raises(ft.errors.OptionError, match="mode"):
        ft.nn.initializers.variance_scaling(1.0, "fan", "normal")
    with pytest.raises(ft.errors.OptionError, match="distribution"):
        ft.nn.initializers.variance_scaling(1.0, "fan_in", "cauchy")
    with pytest.raises(ft.errors.ShapeError, match="two axes"):
        ft.nn.initializers.he_normal()(ft.random.key(0), (3,))
