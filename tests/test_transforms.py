"""What the transforms promise, line by line: arguments, trees, types, caching, aliasing, state."""

from __future__ import annotations

import functools
import gc
import inspect
import itertools
import sys
import threading
import weakref
from collections import namedtuple
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans import errors
from functrans.core.trace import busy, current_trace

X = np.array([0.5, -1.5, 2.0])
Point = namedtuple("Point", ["x", "y"])


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    assert current_trace() is None
    assert busy.cell[0] == 0


def f(x: Any) -> Any:
    return np.sum(np.sin(x) * x)


def df(x: Any) -> Any:
    return np.cos(x) * x + np.sin(x)


def is_float0(x: Any, shape: tuple[int, ...]) -> bool:
    return isinstance(x, np.ndarray) and x.dtype == ft.float0 and x.shape == shape


# --- grad, value_and_grad ------------------------------------------------------------------------


class TestGrad:
    def test_of_an_array(self) -> None:
        g = ft.grad(f)(X)
        assert type(g) is np.ndarray
        assert g.dtype == np.float64
        np.testing.assert_allclose(g, df(X), rtol=1e-14)

    def test_of_a_python_float_is_a_numpy_scalar(self) -> None:
        g = ft.grad(lambda x: x * x)(3.0)
        assert type(g) is np.float64
        assert g == 6.0

    def test_float32_stays_float32(self) -> None:
        value, g = ft.value_and_grad(f)(X.astype(np.float32))
        assert value.dtype == g.dtype == np.float32

    def test_an_int_argnum_is_bare_and_a_tuple_a_tuple(self) -> None:
        def h(x: Any, y: Any) -> Any:
            return np.sum(x * y**2)

        y = X + 5
        np.testing.assert_allclose(ft.grad(h, 1)(X, y), 2 * X * y)
        np.testing.assert_allclose(ft.grad(h, -1)(X, y), 2 * X * y)
        one = ft.grad(h, (0,))(X, y)
        assert type(one) is tuple
        assert len(one) == 1
        both = ft.grad(h, (1, 0))(X, y)
        assert type(both) is tuple
        np.testing.assert_allclose(both[0], 2 * X * y)
        np.testing.assert_allclose(both[1], y**2)
        as_list = ft.grad(h, [0, 1])(X, y)
        assert type(as_list) is tuple

    def test_keywords_are_not_differentiated(self) -> None:
        g = ft.grad(lambda x, *, scale: scale * np.sum(x))(X, scale=3)
        np.testing.assert_array_equal(g, [3.0, 3.0, 3.0])

    def test_has_aux(self) -> None:
        def h(x: Any) -> Any:
            return np.sum(x**2), {"double": 2 * x, "none": None, "text": 3}

        g, aux = ft.grad(h, has_aux=True)(X)
        np.testing.assert_allclose(g, 2 * X)
        assert type(aux["double"]) is np.ndarray
        np.testing.assert_array_equal(aux["double"], 2 * X)
        assert aux["none"] is None
        (value, aux), g = ft.value_and_grad(h, has_aux=True)(X)
        assert value == np.sum(X**2)
        assert not isinstance(aux["double"], ft.core.trace.Tracer)

    def test_trees(self) -> None:
        params = {"w": X, "b": (1.0, [np.float32(2.0)]), "none": None, "p": Point(X, 2 * X)}

        def h(p: Any) -> Any:
            return np.sum(p["w"] * p["p"].x) + p["b"][0] * p["b"][1][0] + np.sum(p["p"].y ** 2)

        g = ft.grad(h)(params)
        assert set(g) == set(params)
        assert g["none"] is None
        assert type(g["p"]) is Point
        np.testing.assert_array_equal(g["w"], X)
        np.testing.assert_array_equal(g["p"].y, 4 * X)
        assert g["b"][0] == 2.0
        assert g["b"][1][0] == 1.0
        assert g["b"][1][0].dtype == np.float32

    def test_python_conditions_see_values(self) -> None:
        def h(x: Any) -> Any:
            if x > 0:
                return x**2
            return -x

        assert ft.grad(h)(3.0) == 6.0
        assert ft.grad(h)(-3.0) == -1.0

    def test_values_can_be_taken_out_as_constants(self) -> None:
        assert ft.grad(lambda x: float(ft.stop_gradient(x)) * x)(3.0) == 3.0
        assert ft.grad(lambda x: x * int(x))(3.0) == 3.0
        assert ft.grad(lambda x: x * len(f"{x:.3f}"))(3.0) == 5.0

    def test_subclasses_of_arrays_are_arrays(self) -> None:
        class Strange(np.ndarray):
            def __array_finalize__(self, obj: Any) -> None:
                self.seen = True

        strange = np.ones((2, 2)).view(Strange)
        for transform in (ft.grad, lambda h: ft.jit(ft.grad(h)), lambda h: ft.grad(ft.jit(h))):
            g = transform(lambda x: np.sum(x * x * x))(strange)
            assert type(g) is np.ndarray
            np.testing.assert_array_equal(g, 3 * np.ones((2, 2)))
        for call in CALLS.values():
            for out in ft.tree_util.tree_leaves(call(lambda x: x * 1.0, np.ones(3).view(Strange))):
                assert type(out) is np.ndarray

    def test_subclasses_are_snapshotted_too(self) -> None:
        class Strange(np.ndarray):
            pass

        x, y = X.copy().view(Strange), X.copy().view(Strange)
        _, pull = ft.vjp(lambda a: a * a * y, x)
        expected = pull(np.ones(3))[0]
        x[:], y[:] = 0.0, 0.0
        np.testing.assert_array_equal(pull(np.ones(3))[0], expected)

    def test_unused_argument(self) -> None:
        g = ft.grad(lambda x, y: y * 2.0, 0)(X, 1.0)
        np.testing.assert_array_equal(g, np.zeros(3))
        assert ft.grad(lambda x: 3.0)(1.0) == 0.0

    def test_allow_int(self) -> None:
        g = ft.grad(lambda n, x: x * n, (0, 1), allow_int=True)(3, 2.0)
        assert is_float0(g[0], ())
        assert g[1] == 3.0
        g = ft.grad(lambda n: np.sum(n * 2.0), allow_int=True)(np.arange(3))
        assert is_float0(g, (3,))

    def test_gradient_of_a_real_function_of_complex_numbers(self) -> None:
        g = ft.grad(lambda z: abs(z) ** 2)(1 + 2j)
        assert g == 2 - 4j
        assert g.dtype == np.complex128
        g = ft.grad(lambda z: np.sum(np.abs(z) ** 2))(np.array([1 + 2j]))
        np.testing.assert_allclose(g, [2 - 4j])
        assert ft.grad(lambda z: np.real(z) ** 2)(3 + 1j) == 6
        assert ft.grad(lambda z: np.imag(z) ** 2)(3 + 1j) == -2j

    def test_holomorphic(self) -> None:
        g = ft.grad(lambda z: np.sin(z) * z, holomorphic=True)(1 + 2j)
        z = 1 + 2j
        np.testing.assert_allclose(g, np.cos(z) * z + np.sin(z), rtol=1e-14)

    def test_names(self) -> None:
        assert ft.grad(f).__name__ == "grad_f"
        assert ft.grad(f).__wrapped__ is f

    @pytest.mark.parametrize(
        ("transform", "begins"),
        [
            (ft.grad, "The gradient of ``loss``, which takes the same arguments."),
            (ft.value_and_grad, "The value and the gradient of ``loss``, which takes"),
            (ft.jacfwd, "The Jacobian of ``loss``"),
            (ft.hessian, "The Hessian of ``loss``"),
            (ft.vmap, "``loss`` mapped over an axis of its arguments."),
            (ft.checkpoint, "``loss``, run again in the backward pass."),
            (ft.make_jaxpr, "The Jaxpr of ``loss`` for the types"),
            (ft.jit, "How far off."),
            (ft.custom_jvp, "How far off."),
            (ft.custom_vjp, "How far off."),
        ],
    )
    def test_help(self, transform: Callable[..., Any], begins: str) -> None:
        def loss(w: float, x: float = 1.0, *, scale: float = 2.0) -> float:
            """How far off.

            Not to be run.
            """
            raise AssertionError

        one = transform(loss)
        assert inspect.signature(one) == inspect.signature(loss)
        doc = inspect.getdoc(one) or ""
        assert doc.startswith(begins)
        assert doc.endswith("How far off.\n\nNot to be run.")
        partial = transform(functools.partial(loss, x=3.0))
        assert partial.__name__ == one.__name__  # not of functools
        assert inspect.getdoc(partial) == doc
        assert str(inspect.signature(partial)).startswith("(w: 'float', *, x: 'float' = 3.0")

        class Model:
            """A model."""

            def __call__(self, w: float) -> float:
                return w

        called = transform(Model())
        assert called.__name__.endswith("Model")
        assert (inspect.getdoc(called) or "").endswith("A model.")
        assert list(inspect.signature(called).parameters) == ["w"]

    def test_second_argument_tree_and_repeated_use(self) -> None:
        g = ft.grad(lambda x: np.sum(x["a"] * x["a"] + x["a"] * x["b"]))({"a": X, "b": X})
        np.testing.assert_allclose(g["a"], 3 * X)
        np.testing.assert_allclose(g["b"], X)

    def test_the_same_array_twice(self) -> None:
        gx, gy = ft.grad(lambda x, y: np.sum(x * y), (0, 1))(X, X)
        np.testing.assert_array_equal(gx, X)
        assert gx is not gy
        assert not np.shares_memory(gx, gy)


# --- vjp, jvp, linearize -------------------------------------------------------------------------


class TestVjpAndJvp:
    def test_vjp_returns_a_tuple(self) -> None:
        out, pull = ft.vjp(lambda x, y: {"p": x * y, "s": np.sum(x)}, X, 2.0)
        assert set(out) == {"p", "s"}
        found = pull({"p": np.ones(3), "s": 1.0})
        assert type(found) is tuple
        np.testing.assert_array_equal(found[0], [3.0, 3.0, 3.0])
        assert found[1] == np.sum(X)

    def test_vjp_does_not_conjugate(self) -> None:
        _, pull = ft.vjp(lambda z: z * (2 + 3j), 1 + 1j)
        assert pull(1.0 + 0j)[0] == 2 + 3j
        _, pull = ft.vjp(np.conj, 1 + 1j)
        assert pull(1j)[0] == -1j

    def test_pullback_many_times(self) -> None:
        _, pull = ft.vjp(f, X)
        np.testing.assert_array_equal(pull(1.0)[0], pull(1.0)[0])
        np.testing.assert_allclose(pull(2.0)[0], 2 * df(X))

    def test_integer_outputs_take_float0(self) -> None:
        out, pull = ft.vjp(lambda x: (x * 2, np.argmax(x)), X)
        g = pull((np.ones(3), np.zeros((), ft.float0)))[0]
        np.testing.assert_array_equal(g, [2.0, 2.0, 2.0])
        assert out[1] == 2
        with pytest.raises(errors.TypeMismatchError):
            pull((np.ones(3), 1))

    def test_integer_inputs_get_float0(self) -> None:
        _, pull = ft.vjp(lambda x, n: x * n, X, np.arange(3))
        gx, gn = pull(np.ones(3))
        np.testing.assert_array_equal(gx, [0.0, 1.0, 2.0])
        assert is_float0(gn, (3,))

    def test_jvp(self) -> None:
        out, dot = ft.jvp(f, (X,), (np.ones(3),))
        np.testing.assert_allclose(out, f(X))
        np.testing.assert_allclose(dot, np.sum(df(X)))
        out, dot, aux = ft.jvp(lambda x: (x * 2, x), (X,), (X,), has_aux=True)
        np.testing.assert_array_equal(dot, 2 * X)
        np.testing.assert_array_equal(aux, X)

    def test_jvp_of_integers(self) -> None:
        out, dot = ft.jvp(lambda x, n: (x * n, n + 1), (2.0, 3), (1.0, np.zeros((), ft.float0)))
        assert out == (6.0, 4)
        assert dot[0] == 3.0
        assert is_float0(dot[1], ())

    @pytest.mark.parametrize(
        ("primals", "tangents", "error"),
        [
            ((X,), (np.ones(4),), errors.TypeMismatchError),
            ((X,), (np.ones(3, np.float32),), errors.TypeMismatchError),
            ((X,), (np.ones(3), np.ones(3)), errors.TreeError),
            (({"a": X},), ({"b": X},), errors.TreeError),
            ((3,), (1.0,), errors.TypeMismatchError),
            ((3,), (1,), errors.TypeMismatchError),
            (X, X, errors.ArgumentError),
        ],
    )
    def test_jvp_mismatch(self, primals: Any, tangents: Any, error: type) -> None:
        with pytest.raises(error):
            ft.jvp(lambda *a: a, primals, tangents)

    @pytest.mark.parametrize("cotangent", [np.ones(4), np.ones(3, np.float32), (X,), 1.0])
    def test_vjp_mismatch(self, cotangent: Any) -> None:
        _, pull = ft.vjp(lambda x: x * 2, X)
        with pytest.raises((errors.TypeMismatchError, errors.TreeError)):
            pull(cotangent)

    def test_linearize_runs_the_function_once(self) -> None:
        runs = []

        def h(x: Any) -> Any:
            runs.append(1)
            return np.sin(x) * x

        out, push = ft.linearize(h, X)
        np.testing.assert_allclose(push(np.ones(3)), df(X))
        np.testing.assert_allclose(push(2 * np.ones(3)), 2 * df(X))
        np.testing.assert_allclose(out, np.sin(X) * X)
        assert len(runs) == 1
        with pytest.raises(errors.TypeMismatchError):
            push(np.ones(2))

    def test_linearize_aux(self) -> None:
        out, push, aux = ft.linearize(lambda x: (x * x, {"a": x}), 3.0, has_aux=True)
        assert (out, push(1.0), aux["a"]) == (9.0, 6.0, 3.0)

    def test_pullback_is_a_tree_and_passes_through_jit(self) -> None:
        _, pull = ft.vjp(f, X)
        assert ft.tree_util.tree_leaves(pull)
        g = ft.jit(lambda p, c: p(c))(pull, 1.0)[0]
        np.testing.assert_allclose(g, df(X))

    def test_vjp_inside_vmap(self) -> None:
        rows = np.stack([X, 2 * X])
        out = ft.vmap(lambda x: ft.vjp(f, x)[1](1.0)[0])(rows)
        np.testing.assert_allclose(out, np.stack([df(X), df(2 * X)]))

    def test_output_that_is_the_input(self) -> None:
        out, pull = ft.vjp(lambda x: (x, x), X)
        assert not np.shares_memory(out[0], X)
        assert not np.shares_memory(out[0], out[1])
        np.testing.assert_array_equal(pull((X, X))[0], 2 * X)

    def test_constant_output(self) -> None:
        out, dot = ft.jvp(lambda x: 3.0, (1.0,), (1.0,))
        assert (out, dot) == (3.0, 0.0)
        assert isinstance(dot, np.float64)


# --- Jacobians -----------------------------------------------------------------------------------


class TestJacobians:
    @pytest.mark.parametrize("jacobian", [ft.jacfwd, ft.jacrev, ft.jacobian])
    def test_shapes_are_output_then_input(self, jacobian: Any) -> None:
        a = np.arange(6.0).reshape(2, 3)
        j = jacobian(lambda x: np.outer(x, a[:, 0]))(X)
        assert j.shape == (3, 2, 3)
        expected = np.einsum("j,ik->ijk", a[:, 0], np.eye(3))
        np.testing.assert_allclose(j, expected)

    @pytest.mark.parametrize("jacobian", [ft.jacfwd, ft.jacrev])
    def test_trees_nest_input_inside_output(self, jacobian: Any) -> None:
        def h(p: Any) -> Any:
            return {"u": p["x"] * p["y"], "v": (np.sum(p["x"]),)}

        j = jacobian(h)({"x": X, "y": 2.0})
        assert set(j) == {"u", "v"}
        assert j["u"]["x"].shape == (3, 3)
        assert j["u"]["y"].shape == (3,)
        np.testing.assert_array_equal(j["v"][0]["x"], np.ones(3))
        assert j["v"][0]["y"] == 0.0

    @pytest.mark.parametrize("jacobian", [ft.jacfwd, ft.jacrev])
    def test_argnums_and_aux(self, jacobian: Any) -> None:
        def h(x: Any, y: Any) -> Any:
            return x * y, x

        (jx, jy), aux = jacobian(h, (0, 1), has_aux=True)(X, 2 * X)
        np.testing.assert_allclose(jx, np.diag(2 * X))
        np.testing.assert_allclose(jy, np.diag(X))
        np.testing.assert_array_equal(aux, X)

    def test_hessian_of_a_dict_is_a_dict_of_dicts(self) -> None:
        h = ft.hessian(lambda p: np.sum(p["a"] ** 2) * p["b"])({"a": X, "b": 3.0})
        assert set(h) == {"a", "b"}
        assert set(h["a"]) == {"a", "b"}
        np.testing.assert_allclose(h["a"]["a"], 6 * np.eye(3))
        np.testing.assert_allclose(h["a"]["b"], 2 * X)
        np.testing.assert_allclose(h["b"]["a"], 2 * X)
        assert h["b"]["b"] == 0.0

    def test_complex_needs_holomorphic(self) -> None:
        z = np.array([1 + 2j, 3 - 1j])
        for jacobian in (ft.jacfwd, ft.jacrev):
            with pytest.raises(errors.ComplexInputError):
                jacobian(np.sin)(z)
            j = jacobian(np.sin, holomorphic=True)(z)
            np.testing.assert_allclose(j, np.diag(np.cos(z)), rtol=1e-14)

    def test_float32(self) -> None:
        assert ft.jacrev(np.sin)(X.astype(np.float32)).dtype == np.float32
        assert ft.jacfwd(np.sin)(X.astype(np.float32)).dtype == np.float32

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
    @pytest.mark.parametrize("jacobian", [ft.jacfwd, ft.jacrev])
    def test_programs_of_large_ones_hold_no_matrix(self, jacobian: Any, dtype: Any) -> None:
        x = np.linspace(0.5, 1.5, 90).reshape(9, 10).astype(dtype)
        whole = jacobian(lambda x: x**3, holomorphic=dtype is np.complex128)
        expected = np.diag(3 * x.ravel() ** 2).reshape(9, 10, 9, 10)
        for j in (whole(x), ft.jit(whole)(x)):
            assert j.dtype == dtype
            np.testing.assert_allclose(j, expected, rtol=1e-6)
        assert all(np.size(c) <= x.size for c in ft.make_jaxpr(whole)(x).consts)

    def test_empty(self) -> None:
        assert ft.jacrev(lambda x: x * 2)(np.ones(0)).shape == (0, 0)
        assert ft.jacfwd(lambda x: x * 2)(np.ones(0)).shape == (0, 0)
        assert ft.jacfwd(lambda x: np.ones((2, 0)) * np.sum(x))(X).shape == (2, 0, 3)

    def test_integers(self) -> None:
        with pytest.raises(errors.IntegerInputError):
            ft.jacfwd(lambda x: x)(np.arange(3))
        j = ft.jacrev(lambda n, x: n * x, (0, 1), allow_int=True)(np.arange(3), X)
        assert is_float0(j[0], (3, 3))

    def test_scalar_functions(self) -> None:
        assert ft.hessian(lambda x: x**3)(2.0) == 12.0
        assert ft.jacfwd(lambda x: x**3)(2.0) == 12.0
        assert isinstance(ft.jacrev(lambda x: x**3)(2.0), np.float64)


# --- vmap ----------------------------------------------------------------------------------------


class TestVmap:
    A = np.arange(24.0).reshape(2, 3, 4)

    def test_in_axes_and_out_axes(self) -> None:
        a = self.A
        np.testing.assert_array_equal(ft.vmap(np.sum)(a), a.sum((1, 2)))
        np.testing.assert_array_equal(ft.vmap(np.sum, in_axes=1)(a), a.sum((0, 2)))
        np.testing.assert_array_equal(ft.vmap(np.sum, in_axes=-1)(a), a.sum((0, 1)))
        out = ft.vmap(lambda x: x, in_axes=2, out_axes=1)(a)
        np.testing.assert_array_equal(out, np.moveaxis(a, 2, 1))
        out = ft.vmap(lambda x: (x, np.sum(x)), in_axes=1, out_axes=(-1, 0))(a)
        np.testing.assert_array_equal(out[0], np.moveaxis(a, 1, -1))

    def test_in_axes_is_a_prefix_of_the_arguments(self) -> None:
        args = {"x": self.A, "y": (self.A[0], 3.0)}
        out = ft.vmap(lambda p, s: p["x"] * p["y"][1] * s, in_axes=({"x": 0, "y": None}, None))(
            args, 2.0
        )
        np.testing.assert_array_equal(out, self.A * 6)
        out = ft.vmap(lambda p: p["x"] + p["y"], in_axes=({"x": 0, "y": 0},))(
            {"x": self.A, "y": self.A}
        )
        np.testing.assert_array_equal(out, self.A * 2)
        out = ft.vmap(lambda x, y: x * y, in_axes=[0, None])(self.A, 2.0)
        np.testing.assert_array_equal(out, self.A * 2)

    def test_keywords_map_axis_0(self) -> None:
        out = ft.vmap(lambda x, *, y: x @ y, in_axes=1)(self.A[0], y=np.ones((4, 3)))
        np.testing.assert_array_equal(out, self.A[0].sum(0))

    def test_unbatched_output(self) -> None:
        out = ft.vmap(lambda x: 3.0)(self.A)
        np.testing.assert_array_equal(out, [3.0, 3.0])
        assert ft.vmap(lambda x: 3.0, out_axes=None)(self.A) == 3.0
        out = ft.vmap(lambda x, y: (x, y), in_axes=(0, None), out_axes=(0, None))(self.A, X)
        np.testing.assert_array_equal(out[1], X)

    def test_out_axes_none_of_a_batched_output(self) -> None:
        with pytest.raises(ValueError, match="out_axes"):
            ft.vmap(lambda x: x, out_axes=None)(self.A)

    def test_nothing_to_map(self) -> None:
        with pytest.raises(ValueError, match="None"):
            ft.vmap(lambda x: x, in_axes=None)(X)
        out = ft.vmap(lambda x: x, in_axes=None, axis_size=2)(X)
        np.testing.assert_array_equal(out, np.stack([X, X]))

    @pytest.mark.parametrize("axes", [True, (0, False), "0", 0.0])
    def test_axes_are_ints(self, axes: Any) -> None:
        with pytest.raises((ValueError, TypeError)):
            ft.vmap(lambda *a: a[0], in_axes=axes)(X)

    def test_bad_axes(self) -> None:
        for axes in (1, -2, 5):
            with pytest.raises(errors.VmapError):
                ft.vmap(lambda x: x, in_axes=axes)(X)
        with pytest.raises(errors.VmapError):
            ft.vmap(lambda x: x, out_axes=3)(X)
        with pytest.raises(errors.VmapError):
            ft.vmap(lambda x, y: x)(np.ones(2), np.ones(3))
        with pytest.raises(errors.VmapError):
            ft.vmap(lambda x, y: x, in_axes=(0,))(X, X)
        with pytest.raises(errors.VmapError):
            ft.vmap(lambda x: x)(3.0)
        with pytest.raises(errors.TreeError):
            ft.vmap(lambda x: x["a"], in_axes=({"b": 0},))({"a": X})
        with pytest.raises(errors.VmapError):
            ft.vmap(lambda x: x, axis_size=2)(X)

    def test_python_scalars_and_none(self) -> None:
        out = ft.vmap(lambda x, n: x * 2.0 if n is None else x)(self.A, None)
        np.testing.assert_array_equal(out, self.A * 2)

    def test_nested(self) -> None:
        out = ft.vmap(ft.vmap(np.dot, (0, None)), (None, 1))(self.A[0], self.A[1].T)
        np.testing.assert_array_equal(out, (self.A[0] @ self.A[1].T).T)

    def test_dtypes(self) -> None:
        for dtype in (np.float32, np.int8, bool, np.complex64):
            out = ft.vmap(lambda x: x)(np.ones((2, 2), dtype))
            assert out.dtype == dtype

    def test_zero_examples(self) -> None:
        assert ft.vmap(lambda x: np.sum(np.sin(x)))(np.ones((0, 3))).shape == (0,)

    def test_of_grad_and_grad_of(self) -> None:
        rows = np.stack([X, X + 1])
        np.testing.assert_allclose(ft.vmap(ft.grad(f))(rows), df(rows))
        np.testing.assert_allclose(ft.grad(lambda r: np.sum(ft.vmap(f)(r)))(rows), df(rows))


# --- jit -----------------------------------------------------------------------------------------


class TestJit:
    def test_value_and_types(self) -> None:
        out = ft.jit(lambda x: (x * 2, np.sum(x), {"n": x.shape[0]}))(X)
        assert type(out[0]) is np.ndarray
        assert type(out[1]) is np.float64
        assert isinstance(out[2]["n"], np.integer)

    def test_static_argnums_and_names(self) -> None:
        @functools.partial(ft.jit, static_argnums=1)
        def power(x: Any, n: int) -> Any:
            return x**n if n > 1 else x

        np.testing.assert_allclose(power(X, 3), X**3)
        np.testing.assert_allclose(power(X, n=3), X**3)
        assert power.trace_count in (1, 2)

        @ft.jit(static_argnames="mode")
        def h(x: Any, mode: str) -> Any:
            return np.sin(x) if mode == "sin" else np.cos(x)

        np.testing.assert_allclose(h(X, mode="sin"), np.sin(X))
        np.testing.assert_allclose(h(X, "cos"), np.cos(X))

    def test_static_negative(self) -> None:
        g = ft.jit(lambda x, n: x * n, static_argnums=-1)
        np.testing.assert_allclose(g(X, 2), 2 * X)

    def test_statics_are_keyed_by_value_and_type(self) -> None:
        seen = []

        def h(x: Any, n: Any) -> Any:
            seen.append(type(n))
            return x * n

        g = ft.jit(h, static_argnums=1)
        assert g(np.float32(2), 1).dtype == np.float32
        g(np.float32(2), 1.0)
        g(np.float32(2), True)
        assert seen == [int, float, bool]
        g(np.float32(2), 1.0)
        assert len(seen) == 3

    def test_static_must_be_hashable(self) -> None:
        with pytest.raises(errors.StaticArgumentError):
            ft.jit(lambda x, n: x, static_argnums=1)(X, [1])

    def test_cache_is_keyed_by_types(self) -> None:
        g = ft.jit(lambda x: x * 2)
        for x in (
            X,
            X + 1,
            X.astype(np.float32),
            np.ones((3, 1)),
            2.0,
            np.float64(2),
            2,
            np.ones(3),
        ):
            g(x)
        assert g.trace_count == 6

    def test_methods(self) -> None:
        class Model:
            def __init__(self, scale: float) -> None:
                self.scale = scale

            @functools.partial(ft.jit, static_argnums=0)
            def apply(self, x: Any) -> Any:
                return self.scale * x

        a, b = Model(2.0), Model(3.0)
        np.testing.assert_array_equal(a.apply(X), 2 * X)
        np.testing.assert_array_equal(b.apply(X), 3 * X)

    def test_partial_and_nested(self) -> None:
        inner = ft.jit(lambda x, y: x * y)
        outer = ft.jit(lambda x: inner(x, 3.0) + inner(x, x))
        np.testing.assert_allclose(outer(X), 3 * X + X * X)
        np.testing.assert_allclose(ft.jit(functools.partial(np.power, 2.0))(X), 2.0**X)
        assert ft.jit(ft.jit(f))(X) == pytest.approx(f(X))

    def test_donation_is_accepted(self) -> None:
        g = ft.jit(lambda x: x + 1, donate_argnums=0)
        np.testing.assert_array_equal(g(X.copy()), X + 1)

    def test_constants_are_snapshotted(self) -> None:
        table = np.ones(3)
        g = ft.jit(lambda x: x * table)
        first = g(X)
        table[:] = 100.0
        np.testing.assert_array_equal(g(X), first)

    def test_operations_on_constants_are_staged(self) -> None:
        jaxpr = ft.make_jaxpr(lambda: fnp.sin(np.ones(3)))()
        assert len(jaxpr.eqns) == 1

    def test_python_scalars_are_weak(self) -> None:
        def h(x: Any, s: Any) -> Any:
            return x * s

        x = X.astype(np.float32)
        for s in (2, 2.5):
            assert ft.jit(h)(x, s).dtype == h(x, s).dtype == np.float32
        assert ft.jit(h)(x, np.float64(2.5)).dtype == h(x, np.float64(2.5)).dtype == np.float64
        assert ft.jit(h)(np.arange(3, dtype=np.int8), 2).dtype == np.int8
        assert ft.jit(h)(np.arange(3), 2.5).dtype == np.float64
        # Weak times weak stays weak; a function makes it strong.
        assert ft.jit(lambda x, s: x * (s * s + 1))(x, 2.0).dtype == np.float32
        assert ft.jit(lambda x, s: x * (s / 2))(x, 2).dtype == np.float32
        assert ft.jit(lambda x, s: x * np.sin(s))(x, 2.0).dtype == (x * np.sin(2.0)).dtype
        assert ft.jit(lambda x, s: x * (-s))(x, 2.0).dtype == np.float32
        assert ft.jit(lambda x, s: x * abs(s))(x, 2.0).dtype == np.float32
        assert ft.jit(lambda x, s: x * s**2)(x, 2.0).dtype == np.float32

    def test_scalars_given_to_inner_functions_keep_their_value(self) -> None:
        inner = ft.jit(lambda n, x: (n % 10, x))
        assert ft.jit(lambda x: inner(2**60 + 3, x))(np.ones(2))[0] == (2**60 + 3) % 10

    def test_weak_scalars_under_grad_and_vmap(self) -> None:
        x = X.astype(np.float32)
        value, g = ft.value_and_grad(lambda s: np.sum(x * s))(2.0)
        assert value.dtype == np.float32
        assert g.dtype == np.float64
        value, g = ft.jit(ft.value_and_grad(lambda s: np.sum(x * s)))(2.0)
        assert value.dtype == np.float32
        assert g.dtype == np.float64
        out = ft.vmap(lambda r: r * 2.0)(x[None])
        assert out.dtype == np.float32

    def test_bool_and_int_results(self) -> None:
        out = ft.jit(lambda x: (x > 0, np.argmax(x), x.astype(np.int8)))(X)
        assert [o.dtype for o in out] == [np.bool_, np.int64, np.int8]
        assert isinstance(out[1], np.int64)
        assert ft.jit(lambda x: x > 1)(2.0) is np.True_ or ft.jit(lambda x: x > 1)(2.0)

    def test_no_outputs_and_constant_outputs(self) -> None:
        assert ft.jit(lambda x: None)(X) is None
        assert ft.jit(lambda x: ())(X) == ()
        assert ft.jit(lambda x: 3.0)(X) == 3.0
        out = ft.jit(lambda x: (x, x, 1, np.ones(2)))(X)
        np.testing.assert_array_equal(out[0], X)
        np.testing.assert_array_equal(out[3], [1, 1])

    def test_no_arguments(self) -> None:
        assert ft.jit(lambda: fnp.sin(1.0))() == np.sin(1.0)

    def test_disable_jit(self) -> None:
        runs = []

        @ft.jit
        def h(x: Any) -> Any:
            runs.append(isinstance(x, ft.core.trace.Tracer))
            return x * 2

        h(X)
        with ft.disable_jit():
            h(X)
            h(X)
        assert runs == [True, False, False]
        h(X)
        assert len(runs) == 3

    def test_lower(self) -> None:
        lowered = ft.jit(lambda x: np.sum(np.sin(x))).lower(X)
        for stage in ("jaxpr", "passes", "clusters", "loops", "buffers", "llvm"):
            assert lowered.as_text(stage=stage).strip()
        assert "sin" in lowered.as_text(stage="jaxpr")
        assert lowered.out_info == ft.ShapeDtypeStruct((), np.float64)
        np.testing.assert_allclose(lowered.compile()(X), np.sum(np.sin(X)))
        with pytest.raises(errors.OptionError):
            lowered.as_text(stage="nonsense")
        with pytest.raises(errors.ArgumentError):
            lowered.compile()(np.ones(4))
        assert "fallback" in str(lowered.report()).lower() or str(lowered.report())

    def test_fallbacks_are_counted(self) -> None:
        report = ft.jit(np.sin).lower(np.array([1j])).report()
        assert len(report.fallbacks) == 1
        assert not ft.jit(np.sin).lower(X).report().fallbacks
        assert "c128" in str(report) or "complex" in str(report)

    def test_exotic_arguments(self) -> None:
        g = ft.jit(lambda x: x * 2)
        strided = np.arange(10.0)[::3]
        np.testing.assert_array_equal(g(strided), strided * 2)
        np.testing.assert_array_equal(g(np.asfortranarray(np.ones((2, 3)))), 2 * np.ones((2, 3)))
        np.testing.assert_array_equal(g(X.astype(">f8")), 2 * X)
        assert g(np.array(3.0)) == 6.0
        assert g(np.ones((0, 3))).shape == (0, 3)
        assert g(True) == 2
        assert g(np.float16(1.5)) == 3.0
        assert g(np.longdouble(1.5)) == 3.0

    def test_many_signatures(self) -> None:
        g = ft.jit(lambda x: x + 1)
        for n in range(25):
            np.testing.assert_array_equal(g(np.zeros(n)), np.ones(n))
        for n in range(25):
            np.testing.assert_array_equal(g(np.zeros(n)), np.ones(n))
        assert g.trace_count == 25

    def test_caches_do_not_keep_arguments_alive(self) -> None:
        class Array(np.ndarray):
            pass

        x = np.ones(3).view(Array)
        alive = weakref.ref(x)
        ft.jit(lambda x: x * 2)(x)
        ft.grad(f)(x)
        del x
        gc.collect()
        assert alive() is None


class TestCounters:
    def counted(self, run: Callable[[], Any]) -> tuple[int, int]:
        counters = ft.debug.counters
        before = counters.traces, counters.compilations
        run()
        return counters.traces - before[0], counters.compilations - before[1]

    @pytest.mark.parametrize(
        "make",
        [
            lambda: ft.jit(f),
            lambda: ft.jit(ft.grad(f)),
            lambda: ft.grad(ft.jit(f)),
            lambda: ft.jit(ft.grad(ft.jit(f))),
            lambda: ft.value_and_grad(ft.jit(f)),
            lambda: ft.vmap(ft.jit(lambda x: x * 2)),
            lambda: ft.jit(ft.vmap(np.sin)),
            lambda: ft.hessian(ft.jit(f)),
            lambda: ft.jit(ft.hessian(f)),
            lambda: ft.jacfwd(ft.jit(np.sin)),
            lambda: ft.grad(lambda x: np.sum(ft.vmap(J)(x))),
            lambda: lambda x: ft.vjp(J, x)[1](x),
            lambda: lambda x: ft.jvp(J, (x,), (x,)),
            lambda: lambda x: ft.linearize(J, x)[1](x),
        ],
    )
    def test_a_second_call_retraces_nothing(self, make: Any) -> None:
        g = make()
        first = self.counted(lambda: g(X))
        assert first[0] >= 0
        assert self.counted(lambda: g(X + 1)) == (0, 0)
        assert self.counted(lambda: g(X + 2)) == (0, 0)

    def test_both_orders_compile(self) -> None:
        assert self.counted(lambda: ft.jit(ft.grad(f))(X)) == (1, 1)
        traces, compilations = self.counted(lambda: ft.grad(ft.jit(f))(X))
        assert traces == 1
        assert compilations >= 1


J = ft.jit(lambda x: np.sin(x) * x)


# --- staging -------------------------------------------------------------------------------------


class TestStaging:
    def test_make_jaxpr_text(self, golden: Any) -> None:
        texts = []
        programs: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
            (f, (X,)),
            (lambda x: x * 2 + 1, (np.float32(2),)),
            (lambda x, s: x * s, (X, 2.0)),
            (lambda x: J(x) + np.arange(3), (X,)),
            (ft.grad(f), (X,)),
            (lambda x: x[1:, None] @ x[None, :2], (X,)),
            (ft.vmap(np.dot, (0, None)), (np.ones((2, 3)), X)),
        ]
        for function, args in programs:
            texts.append(str(ft.make_jaxpr(function)(*args)))
        golden.check("jaxpr", "\n\n".join(texts))

    def test_source_lines(self) -> None:
        jaxpr = ft.make_jaxpr(lambda x: np.sin(x) * 2)(X)
        assert all(eqn.source.file == __file__ for eqn in jaxpr.eqns)

    def test_static_argnums_and_shapes(self) -> None:
        jaxpr, shape = ft.make_jaxpr(lambda x, n: x**n, static_argnums=1, return_shape=True)(X, 3)
        assert len(jaxpr.invars) == 1
        assert shape == ft.ShapeDtypeStruct((3,), float)

    def test_eval_shape_computes_nothing(self) -> None:
        class Duck:
            shape = (1_000_000, 1_000_000)
            dtype = np.dtype(np.float32)

        out = ft.eval_shape(lambda x: {"y": x @ x.T}, Duck())
        assert out["y"].shape == (1_000_000, 1_000_000)
        assert out["y"].dtype == np.float32
        out = ft.eval_shape(lambda x, y: x + y, ft.ShapeDtypeStruct((3, 1), "int32"), np.ones(4))
        assert (out.shape, out.dtype) == ((3, 4), np.float64)

    def test_dead_equations_vanish(self) -> None:
        def h(x: Any) -> Any:
            np.cos(x)
            return np.sin(x)

        assert [e.primitive.name for e in ft.make_jaxpr(h)(X).eqns] == ["sin"]

    def test_operations_can_be_kept_out_of_the_program(self) -> None:
        def h(x: Any) -> Any:
            with ft.ensure_compile_time_eval():
                table = fnp.sin(np.arange(3.0))
                assert type(table) is np.ndarray
            return x * table

        assert [e.primitive.name for e in ft.make_jaxpr(h)(X).eqns] == ["mul"]
        np.testing.assert_array_equal(ft.jit(h)(X), X * np.sin(np.arange(3.0)))

    def test_device_functions_are_the_identity(self) -> None:
        tree = {"a": X, "b": [1.0, None]}
        for function in (ft.device_put, ft.device_get, ft.block_until_ready):
            out = function(tree)
            np.testing.assert_array_equal(out["a"], X)
            assert out["b"][1] is None
        np.testing.assert_array_equal(ft.grad(lambda x: np.sum(ft.device_put(x)))(X), np.ones(3))

    def test_linear_programs_hold_linear_primitives_only(self) -> None:
        from functrans.core.primitive import Absent

        _, push = ft.linearize(lambda x: np.sum(np.tanh(x @ np.ones((3, 2))) ** 2), X)
        for eqn in ft.make_jaxpr(push)(X).eqns:
            assert not isinstance(eqn.primitive.transpose, Absent), eqn

    def test_stop_gradient(self) -> None:
        tree = {"a": X, "n": 3, "none": None}
        out = ft.stop_gradient(tree)
        assert out["n"] == 3
        assert ft.grad(lambda x: x * ft.stop_gradient(x))(3.0) == 3.0
        assert ft.jvp(ft.stop_gradient, (3.0,), (1.0,))[1] == 0.0
        assert ft.jit(ft.grad(lambda x: x * ft.stop_gradient(x)))(3.0) == 3.0
        np.testing.assert_array_equal(ft.vmap(ft.stop_gradient)(X), X)


@pytest.mark.parametrize(
    "staged", [ft.make_jaxpr, ft.vmap, lambda f: lambda x: ft.jvp(f, (x,), (x,))]
)
def test_programs_may_be_longer_than_the_stack_is_deep(staged: Any) -> None:
    def chain(x: Any) -> Any:
        for _ in range(sys.getrecursionlimit()):
            x = np.tanh(x) + 1.0
        return np.sum(x)

    staged(ft.grad(chain))(np.ones((2, 3)))


# --- aliasing ------------------------------------------------------------------------------------

IDENTITIES: dict[str, Callable[[Any], Any]] = {
    "x": lambda x: x,
    "twice": lambda x: (x, x),
    "view": lambda x: x[1:],
    "reshape": lambda x: np.reshape(x, (3, 1)),
    "transpose": lambda x: np.transpose(x),
    "broadcast": lambda x: np.broadcast_to(x, (2, 3)),
    "stop": ft.stop_gradient,
    "real": np.real,
    "convert": lambda x: x.astype(np.float64),
}
CALLS: dict[str, Callable[..., Any]] = {
    "jit": lambda h, x: ft.jit(h)(x),
    "vmap": lambda h, x: ft.vmap(h)(np.stack([x, x])),
    "vmap unbatched": lambda h, x: ft.vmap(lambda _: h(x), out_axes=None)(np.ones(2)),
    "vjp": lambda h, x: ft.vjp(h, x)[0],
    "pullback": lambda h, x: ft.vjp(h, x)[1](h(x)),
    "jvp": lambda h, x: ft.jvp(h, (x,), (x,)),
    "linearize": lambda h, x: (ft.linearize(h, x)[0], ft.linearize(h, x)[1](x)),
    "aux": lambda h, x: ft.grad(lambda y: (np.sum(y), h(y)), has_aux=True)(x),
    "grad of jit": lambda h, x: ft.vjp(ft.jit(h), x)[0],
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("identity", IDENTITIES)
def test_no_output_aliases_anything(identity: str, call: str) -> None:
    x = X.copy()
    outs = list(ft.tree_util.tree_leaves(CALLS[call](IDENTITIES[identity], x)))
    for a, b in itertools.combinations([x, *outs], 2):
        assert not np.shares_memory(a, b)
    before = [np.copy(o) for o in outs]
    for out in outs:
        assert out.flags.writeable
    x[:] = 99.0
    for out, old in zip(outs, before, strict=True):
        np.testing.assert_array_equal(out, old)


def test_constants_are_not_handed_out() -> None:
    table = np.ones(3)
    for call in (
        lambda h: ft.jit(h)(X),
        lambda h: ft.vjp(h, X)[0],
        lambda h: ft.jvp(h, (X,), (X,))[0],
    ):
        out = call(lambda x: table)
        assert not np.shares_memory(out, table)
        out[:] = 5.0
        np.testing.assert_array_equal(table, 1.0)
    g = ft.jit(lambda x: table)
    g(X)[:] = 7.0
    np.testing.assert_array_equal(g(X), 1.0)


@pytest.mark.parametrize("make", [ft.vjp, ft.linearize])
@pytest.mark.parametrize("compiled", [False, True])
def test_changing_inputs_in_place_never_changes_a_derivative(make: Any, compiled: bool) -> None:
    def h(x: Any, y: Any) -> Any:
        return x * x * y * np.sin(x)

    x, y, scale = X.copy(), X + 1, np.full(3, 2.0)
    function = ft.jit(h) if compiled else h
    out, applied = make(lambda a: function(a, y) * scale, x)
    seed = np.ones(3)
    expected = ft.tree_util.tree_map(np.copy, applied(seed))
    x[:], y[:], scale[:], out[:] = 0.0, 0.0, 0.0, 0.0
    found = applied(seed)
    for a, b in zip(
        ft.tree_util.tree_leaves(found), ft.tree_util.tree_leaves(expected), strict=True
    ):
        np.testing.assert_array_equal(a, b)
        a[:] = 9.0
    np.testing.assert_array_equal(
        ft.tree_util.tree_leaves(applied(seed))[0], ft.tree_util.tree_leaves(expected)[0]
    )


def test_changing_an_array_during_the_function() -> None:
    buffer = np.ones(3)

    def h(x: Any) -> Any:
        total = 0.0
        for k in range(3):
            buffer[:] = k
            total = total + np.sum(x * buffer)
        return total

    np.testing.assert_array_equal(ft.grad(h)(X), [3.0, 3.0, 3.0])
    np.testing.assert_array_equal(ft.jit(ft.grad(h))(X), [3.0, 3.0, 3.0])


def test_changing_a_result_changes_no_later_one() -> None:
    g = ft.jit(ft.grad(f))
    first = g(X)
    kept = first.copy()
    first[:] = 0.0
    np.testing.assert_array_equal(g(X), kept)


# --- perturbation confusion, nesting -------------------------------------------------------------


class TestNesting:
    def test_perturbation_confusion(self) -> None:
        assert ft.grad(lambda x: x * ft.grad(lambda y: x + y)(1.0))(1.0) == 1.0

        def by_jvp(x: Any) -> Any:
            return x * ft.jvp(lambda y: x + y, (1.0,), (1.0,))[1]

        assert ft.jvp(by_jvp, (1.0,), (1.0,))[1] == 1
        assert ft.grad(lambda x: ft.grad(lambda y: x * x * y)(2.0))(3.0) == 6.0
        assert ft.grad(lambda x: x * ft.jvp(lambda y: x * y, (2.0,), (1.0,))[1])(3.0) == 6.0

        # The curried function that breaks tags and levels alike.
        def shift(g: Any) -> Any:
            return lambda u: lambda x: g(x + u)

        def outer(u: Any) -> Any:
            return ft.grad(lambda x: x * shift(lambda v: v * v)(u)(x))(1.0)

        assert ft.grad(outer)(2.0) == 2 * (1 + 2) + 2

    def test_inner_function_ignores_its_argument(self) -> None:
        assert ft.grad(lambda x: ft.grad(lambda y: x * x)(1.0))(3.0) == 0.0
        out = ft.vmap(lambda x: ft.vmap(lambda y: x)(np.ones(2)))(X)
        np.testing.assert_array_equal(out, np.stack([X, X], 1))

    FUNCTIONS: ClassVar[dict[str, Callable[[Any], Any]]] = {
        "product": lambda x: np.sin(x) * x**3 / (1 + x * x),
        "jitted": ft.jit(lambda x: np.tanh(x) * x**2),
        "branches": lambda x: np.where(x > 0, np.exp(x), x**3) + np.maximum(x, 0.1) ** 4,
        "loop": lambda x: functools.reduce(lambda a, k: a * x + k, range(4), x),
    }
    TRANSFORMS: ClassVar[dict[str, Callable[[Any], Any]]] = {
        "grad": lambda h: ft.grad(h),
        "jvp": lambda h: lambda x: ft.jvp(h, (x,), (1.0,))[1],
        "jit": lambda h: ft.jit(h),
        "vmap": lambda h: lambda x: ft.vmap(h)(fnp.stack([x, x * 2]))[0],
        "linearize": lambda h: lambda x: ft.linearize(h, x)[1](1.0),
        "vjp": lambda h: lambda x: ft.vjp(h, x)[1](1.0)[0],
    }

    @pytest.mark.parametrize("function", FUNCTIONS)
    @pytest.mark.parametrize("order", [1, 2, 3])
    def test_every_order_of_transforms(self, function: str, order: int) -> None:
        jax = pytest.importorskip("jax")

        h = self.FUNCTIONS[function]
        plain: dict[str, Callable[[Any], Any]] = {
            "product": lambda x: jax.numpy.sin(x) * x**3 / (1 + x * x),
            "jitted": lambda x: jax.numpy.tanh(x) * x**2,
            "branches": lambda x: (
                jax.numpy.where(x > 0, jax.numpy.exp(x), x**3) + jax.numpy.maximum(x, 0.1) ** 4
            ),
            "loop": lambda x: functools.reduce(lambda a, k: a * x + k, range(4), x),
        }
        x = 0.7
        derivatives = [plain[function]]
        for _ in range(order):
            derivatives.append(jax.grad(derivatives[-1]))
        values = [float(d(x)) for d in derivatives]
        for names in itertools.product(self.TRANSFORMS, repeat=order):
            g = h
            for name in names:
                g = self.TRANSFORMS[name](g)
            expected = values[sum(name not in ("jit", "vmap") for name in names)]
            np.testing.assert_allclose(g(x), expected, rtol=1e-10, err_msg=str(names))

    def test_fourth_order(self) -> None:
        g = self.FUNCTIONS["product"]
        h = ft.jit(ft.grad(ft.grad(ft.jit(ft.grad(ft.grad(g))))))

        def pushed(h: Any) -> Any:
            return lambda x: ft.jvp(h, (x,), (1.0,))[1]

        k = pushed(ft.grad(pushed(ft.grad(g))))
        assert h(0.3) == pytest.approx(k(0.3), rel=1e-11)

    def test_vmap_of_jit_of_grad_of_vmap(self) -> None:
        rows = np.stack([X, X + 1])
        g = ft.vmap(ft.jit(ft.grad(lambda x: np.sum(ft.vmap(np.sin)(x) * x))))
        np.testing.assert_allclose(g(rows), np.cos(rows) * rows + np.sin(rows))

    def test_hessian_vector_products(self) -> None:
        h = ft.hessian(f)(X)
        v = np.array([1.0, 2.0, 3.0])
        forward = ft.jvp(ft.grad(f), (X,), (v,))[1]
        reverse = ft.grad(lambda x: np.vdot(ft.grad(f)(x), v))(X)
        np.testing.assert_allclose(forward, h @ v)
        np.testing.assert_allclose(reverse, h @ v)
        np.testing.assert_allclose(ft.jacrev(ft.jacfwd(f))(X), h, atol=1e-14)
        np.testing.assert_allclose(ft.jit(ft.jacfwd(ft.jacrev(ft.jit(f))))(X), h, atol=1e-14)

    def test_closure_over_an_outer_tracer_in_jit(self) -> None:
        def h(x: Any) -> Any:
            return ft.jit(lambda y: x * y)(x)

        assert ft.grad(h)(3.0) == 6.0
        assert ft.jit(ft.grad(h))(3.0) == 6.0
        np.testing.assert_array_equal(ft.vmap(h)(X), X * X)
        assert ft.grad(ft.grad(h))(3.0) == 2.0


# --- state: threads, generators, exceptions ------------------------------------------------------


class TestState:
    def test_exceptions_leave_clean_state(self) -> None:
        def bad(x: Any) -> Any:
            np.sin(x)
            raise KeyError("mine")

        for transform in (ft.grad, ft.jit, ft.vmap, ft.jacfwd, ft.hessian, ft.make_jaxpr):
            with pytest.raises(KeyError):
                transform(bad)(X)
            assert current_trace() is None
            assert busy.cell[0] == 0
        with pytest.raises(KeyError):
            ft.jit(ft.grad(ft.vmap(bad)))(X)
        np.testing.assert_allclose(ft.grad(f)(X), df(X))

    def test_threads(self) -> None:
        start = threading.Barrier(4)
        results: list[Any] = [None] * 4
        g = ft.jit(ft.grad(f))

        def work(i: int) -> None:
            start.wait()
            for _ in range(20):
                a = ft.grad(f)(X + i)
                b = g(X + i)
                c = ft.vmap(ft.grad(f))(np.stack([X + i]))[0]
            results[i] = (a, b, c)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for i, found in enumerate(results):
            for value in found:
                np.testing.assert_allclose(value, df(X + i), rtol=1e-12)

    def test_a_thread_inside_a_trace_is_outside_it(self) -> None:
        found = []

        def h(x: Any) -> Any:
            thread = threading.Thread(target=lambda: found.append((current_trace(), ft.grad(f)(X))))
            thread.start()
            thread.join()
            return np.sum(x)

        ft.grad(h)(X)
        assert found[0][0] is None
        np.testing.assert_allclose(found[0][1], df(X))

    def test_generator_in_the_middle_of_a_trace(self) -> None:
        def steps() -> Iterator[Any]:
            yield ft.grad(f)(X)
            yield ft.grad(f)(X + 1)

        source = steps()

        def h(x: Any) -> Any:
            next(source)
            return np.sum(x * x)

        np.testing.assert_array_equal(ft.grad(h)(X), 2 * X)
        np.testing.assert_allclose(next(source), df(X + 1))

    def test_generator_that_stops_inside_a_transform(self) -> None:
        def interrupted() -> Iterator[Any]:
            with pytest.raises(ZeroDivisionError):
                ft.grad(lambda x: 1 // 0)(1.0)
            yield 1

        assert list(interrupted()) == [1]

    def test_leaked_tracer(self) -> None:
        kept = []

        def h(x: Any) -> Any:
            kept.append(x)
            return np.sum(x)

        for transform in (ft.grad, ft.jit, ft.vmap):
            kept.clear()
            transform(h)(X)
            with pytest.raises(errors.UnexpectedTracerError):
                np.sin(kept[0])
            with pytest.raises(errors.UnexpectedTracerError):
                ft.grad(lambda y, k=kept: np.sum(y * k[0]))(X)
            with pytest.raises(errors.UnexpectedTracerError):
                ft.jit(lambda y, k=kept: y * k[0])(X)

    def test_interrupt(self) -> None:
        def h(x: Any) -> Any:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ft.jit(h)(X)
        assert busy.cell[0] == 0

    def test_recursion(self) -> None:
        @ft.jit
        def power(x: Any, n: Any) -> Any:
            return x

        def factorial(x: Any, n: int) -> Any:
            return x if n == 0 else x * factorial(x, n - 1)

        assert ft.grad(factorial)(2.0, 4) == pytest.approx(80.0)
        assert power(1.0, 2) == 1.0


# --- trees ---------------------------------------------------------------------------------------


class TestTrees:
    def test_registered_class(self) -> None:
        @ft.tree_util.register_pytree_node_class
        class Pair:
            def __init__(self, a: Any, b: Any) -> None:
                self.a, self.b = a, b

            def tree_flatten(self) -> Any:
                return (self.a, self.b), None

            @classmethod
            def tree_unflatten(cls, aux: Any, children: Any) -> Any:
                return cls(*children)

        g = ft.jit(ft.grad(lambda p: np.sum(p.a * p.b)))(Pair(X, 2 * X))
        assert isinstance(g, Pair)
        np.testing.assert_array_equal(g.a, 2 * X)

    def test_none_is_an_empty_subtree(self) -> None:
        leaves, structure = ft.tree_util.tree_flatten({"a": None, "b": [1, None]})
        assert leaves == [1]
        assert ft.tree_util.tree_unflatten(structure, [2]) == {"a": None, "b": [2, None]}
        assert ft.tree_util.tree_map(lambda x: x + 1, None) is None

    def test_dict_keys_are_sorted(self) -> None:
        assert ft.tree_util.tree_leaves({"b": 1, "a": 2}) == [2, 1]

    def test_tree_map_prefix(self) -> None:
        out = ft.tree_util.tree_map(lambda a, b: (a, b), {"x": 1}, {"x": [2, 3]})
        assert out == {"x": (1, [2, 3])}
        with pytest.raises(errors.TreeError):
            ft.tree_util.tree_map(lambda a, b: a, {"x": [1]}, {"x": (1,)})

    def test_unflatten_takes_sentinels(self) -> None:
        structure = ft.tree_util.tree_structure({"a": 1, "b": (2,)})
        marker = object()
        assert ft.tree_util.tree_unflatten(structure, [marker, marker])["b"] == (marker,)

    def test_keystr(self) -> None:
        paths = ft.tree_util.tree_leaves_with_path({"a": [1, (2,)]})
        assert [ft.tree_util.keystr(p) for p, _ in paths] == ["['a'][0]", "['a'][1][0]"]
