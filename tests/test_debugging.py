"""debug_nans, debug_infs and checking_leaks: what they find and where they say it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.core.trace import busy, current_trace
from tests.cases import PRIMITIVE_CASES, Case

FLOAT = ft.ShapeDtypeStruct((), float)
X = np.array([1.0, 2.0])


def logarithm(x: Any) -> Any:
    y = fnp.log(x)
    return y * 2.0


def root_in_a_loop(x: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        c = c - 1.0
        return c, fnp.sqrt(c)

    return ft.lax.scan(step, x, None, 5)


def logarithms(x: Any) -> Any:
    return ft.lax.while_loop(lambda s: s[0] < 5, lambda s: (s[0] + 1, fnp.log(s[1])), (0, x))[1]


def singular(x: Any) -> Any:
    return fnp.sqrt(x * x)


WAYS: dict[str, tuple[Callable[..., Any], Any, str, str]] = {
    "eager": (logarithm, np.array([2.0, -1.0]), "log", "fnp.log(x)"),
    "compiled": (ft.jit(logarithm), np.array([2.0, -1.0]), "log", "fnp.log(x)"),
    "in a call": (ft.jit(lambda x: ft.jit(logarithm)(x) + 1.0), -1.0, "log", "fnp.log(x)"),
    "vmap": (ft.jit(ft.vmap(logarithm)), np.array([2.0, -1.0]), "log", "fnp.log(x)"),
    "scan": (root_in_a_loop, 2.5, "sqrt", "fnp.sqrt(c)"),
    "scan compiled": (ft.jit(root_in_a_loop), 2.5, "sqrt", "fnp.sqrt(c)"),
    "while": (ft.jit(logarithms), 2.5, "log", "fnp.log(s[1])"),
    "scan of while": (
        ft.jit(lambda x: ft.lax.scan(lambda c, _: (logarithms(c), None), x, None, 2)[0]),
        2.5, "log", "fnp.log(s[1])",
    ),
    "grad": (ft.grad(singular), 0.0, "mul", "fnp.sqrt(x * x)"),
    "grad compiled": (ft.jit(ft.grad(singular)), 0.0, "mul", "fnp.sqrt(x * x)"),
    "grad of jit": (ft.grad(ft.jit(singular)), 0.0, "mul", "fnp.sqrt(x * x)"),
    "jvp": (lambda x: ft.jvp(singular, (x,), (1.0,)), 0.0, "mul", "fnp.sqrt(x * x)"),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_the_operation_and_the_line_of_the_first_nan(way: str) -> None:
    f, x, operation, line = WAYS[way]
    with np.errstate(all="ignore"), ft.debug_nans(), pytest.raises(FloatingPointError) as info:
        f(x)
    error = info.value
    assert isinstance(error, ft.errors.NonFiniteError)
    assert error.what.startswith(f"The operation {operation} made a NaN: from ")
    assert error.line is not None
    assert error.line.file == __file__
    assert line in error.line.text
    assert current_trace() is None
    assert not busy


def test_the_message_says_types_values_and_place() -> None:
    with ft.debug_nans():
        with pytest.raises(FloatingPointError, match=r"from f64\[2,2\] came .* index \[1, 0\]"):
            fnp.log(np.array([[1.0, 2.0], [-3.0, -4.0]]))
        with pytest.raises(FloatingPointError, match=r"from f64\[\] = -1.0 came f64\[\]\.\n"):
            fnp.log(np.float64(-1.0))
        with pytest.raises(FloatingPointError, match="given a NaN in operand 0 and passed it on"):
            fnp.sin(np.array([np.nan]))
        with pytest.raises(FloatingPointError, match="made a NaN: from c128"):
            fnp.multiply(np.array([complex(np.inf, 0)]), np.array([0j]))


@pytest.mark.parametrize(
    "case", [c for c in PRIMITIVE_CASES if not c.static], ids=lambda case: case.name
)
def test_every_operation_is_what_it_is_without(case: Case) -> None:
    args = case.draw(case.dtypes[0])
    expected = case.fun(*args)
    with ft.debug_nans(), ft.debug_infs():
        found = case.fun(*args)
    assert ft.tree.structure(found) == ft.tree.structure(expected)
    for a, b in zip(ft.tree.leaves(found), ft.tree.leaves(expected), strict=True):
        assert type(a) is type(b)
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_infinite_numbers_are_another_matter() -> None:
    x = np.array([0.0, 1.0])
    with ft.debug_nans(), np.errstate(divide="ignore"):
        np.testing.assert_array_equal(fnp.log(x), [-np.inf, 0.0])
    with ft.debug_infs():
        with pytest.raises(FloatingPointError, match="log made an infinite number"):
            ft.jit(logarithm)(x)
        assert np.isnan(fnp.log(np.float64(-1.0)))
        with ft.debug_nans(), pytest.raises(FloatingPointError, match="a NaN"):
            fnp.log(np.float64(-1.0))
        with ft.debug_infs(False), np.errstate(divide="ignore"):
            np.testing.assert_array_equal(fnp.log(x), [-np.inf, 0.0])


def test_what_is_finite_is_what_it_is_without() -> None:
    def f(x: Any) -> Any:
        z = fnp.zeros(3)
        if isinstance(z, np.ndarray):  # a plain array stays one that may be changed
            z[0] = 1.0
        mask = ft.lax.scan(lambda c, r: (c + r, c), 0.0, x)[1] > 0
        return fnp.where(mask, x, 0.0) @ z + fnp.sum(fnp.asarray([1, 2]))

    x = np.array([1.0, 2.0, 3.0])
    expected = f(x), ft.grad(f)(x), ft.jit(f)(x)
    with ft.debug_nans(), ft.debug_infs():
        found = f(x), ft.grad(f)(x), ft.jit(f)(x)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)
        assert type(a) is type(b)


def test_a_nan_that_compiled_code_does_not_return_is_none() -> None:
    f = ft.jit(lambda x: fnp.where(x > 0, fnp.log(x), 0.0))
    with ft.debug_nans():
        assert f(-1.0) == 0.0


def test_the_second_run_is_silent(capsys: Any) -> None:
    calls: list[Any] = []

    @ft.jit
    def f(x: Any) -> Any:
        ft.debug.print("{}", x)
        ft.debug.callback(calls.append, x)
        return fnp.log(x)

    with ft.debug_nans(), pytest.raises(FloatingPointError, match="operation log"):
        f(-1.0)
    assert capsys.readouterr().out == "-1.0\n"
    assert calls == [-1.0]
    g = ft.jit(lambda x: ft.experimental.io_callback(lambda x: calls.append(x) or np.nan, FLOAT, x))
    with ft.debug_nans(), pytest.raises(FloatingPointError, match="operation callback"):
        g(-2.0)
    assert calls == [-1.0, -2.0, -2.0]  # a result that is read has to be computed again


def test_a_program_compiled_ahead_of_time_is_one_operation() -> None:
    compiled = ft.jit(logarithm).lower(X).compile()
    with ft.debug_nans():
        np.testing.assert_array_equal(compiled(X), 2 * np.log(X))
        with pytest.raises(FloatingPointError, match=r"logarithm made a NaN: .* index \[1\]"):
            compiled(-X + 1.5)
    assert np.isnan(compiled(-X)).all()


def test_inside_a_function_that_is_differentiated() -> None:
    def f(x: Any) -> Any:
        with ft.debug_nans():
            return fnp.log(x)

    with pytest.raises(FloatingPointError, match="log"):
        ft.grad(f)(-1.0)
    assert current_trace() is None


def test_native_calls_are_back_afterwards() -> None:
    f = ft.jit(logarithm)
    f(np.ones(2))
    with ft.debug_nans():
        f(np.ones(2))
        assert busy.cell[0] == 1
    assert busy.cell[0] == 0


# --- leaks ---------------------------------------------------------------------------------------

TRANSFORMS: dict[str, Callable[..., Callable[..., Any]]] = {
    "jit": ft.jit,
    "grad": ft.grad,
    "value_and_grad": ft.value_and_grad,
    "jvp": lambda f: lambda x: ft.jvp(f, (x,), (1.0,)),
    "vmap": lambda f: lambda x: ft.vmap(f)(np.array([x])),
    "make_jaxpr": ft.make_jaxpr,
    "jit of grad": lambda f: ft.jit(ft.grad(f)),
    "grad of jit": lambda f: ft.grad(ft.jit(f)),
    "jacobian": ft.jacobian,
    "hessian": ft.hessian,
    "scan": lambda f: lambda x: ft.lax.scan(lambda c, _: (f(c), None), x, None, 2)[0],
}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_kept_value_is_found_when_the_transform_ends(transform: str) -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        y = fnp.sin(x)
        kept.append(y)
        return x * y

    with ft.checking_leaks(), pytest.raises(ft.errors.UnexpectedTracerError) as info:
        TRANSFORMS[transform](f)(np.float64(1.0))
    assert "made by sin, is kept after" in info.value.what
    assert info.value.line is not None
    assert "fnp.sin(x)" in info.value.line.text
    assert current_trace() is None
    assert not busy


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_kept_argument_is_found_too(transform: str) -> None:
    kept: list[Any] = []
    with (
        ft.checking_leaks(),
        pytest.raises(ft.errors.UnexpectedTracerError, match="as an argument"),
    ):
        TRANSFORMS[transform](lambda x: kept.append(x) or x * 2.0)(1.0)


def well_behaved(x: Any) -> Any:
    y = ft.lax.scan(lambda c, r: (c * fnp.sin(r), c), x, np.ones(3))[0]
    z = ft.lax.fori_loop(0, 3, lambda i, c: c * y, x)
    pair = {"a": [y, z], "b": (x,)}
    ft.debug.callback(lambda p: None, pair)
    return ft.jit(lambda y: y * z + x)(y)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_nothing_is_found_where_nothing_is_kept(transform: str) -> None:
    expected = TRANSFORMS[transform](well_behaved)(1.5)
    with ft.checking_leaks():
        found = TRANSFORMS[transform](well_behaved)(1.5)
    assert str(found) == str(expected)


def test_results_may_hold_arguments_and_each_other() -> None:
    def f(x: Any) -> Any:
        y = x + 1.0
        return {"x": x, "y": [y, y]}

    with ft.checking_leaks():
        assert ft.jit(f)(1.0) == {"x": 1.0, "y": [2.0, 2.0]}
        assert ft.vmap(f)(np.ones(1))["x"] == 1.0


def test_leaks_are_looked_for_within_the_block_alone() -> None:
    kept: list[Any] = []
    ft.jit(lambda x: kept.append(x) or x)(1.0)
    with ft.checking_leaks(), ft.checking_leaks(False):
        ft.jit(lambda x: kept.append(x) or x)(1.0)
    assert len(kept) == 2


# --- cost ----------------------------------------------------------------------------------------


def test_what_is_not_used_is_not_loaded() -> None:
    code = (
        "import functrans, sys; print([m for m in sys.modules if m.startswith('functrans') and "
        "m.split('.')[-1] in ('callback', 'nonfinite', 'leaks', 'checkify', 'debug')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


# --- disable_jit ---------------------------------------------------------------------------------


def test_control_flow_of_unknown_values_stays_an_operation_without_jit() -> None:
    def chosen(x: Any) -> Any:
        return ft.lax.cond(x > 0, fnp.sin, lambda x: -x, x)

    def switched(x: Any) -> Any:
        return ft.lax.switch(fnp.where(x > 0, 1, 0), [lambda x: -x, fnp.sin], x)

    def halved(x: Any) -> Any:
        return ft.lax.while_loop(lambda x: x > 1.0, lambda x: x / 2.0, x)

    x = np.array([2.5, -0.5])
    for f in (chosen, switched, halved):
        with ft.disable_jit():
            alone = [f(v) for v in x]
            np.testing.assert_array_equal(ft.vmap(f)(x), alone)
            carry, rows = ft.lax.scan(lambda c, r, f=f: (f(c), f(r)), 2.5, np.zeros(0))
            assert (carry, rows.shape) == (2.5, (0,))
            assert ft.grad(f)(2.5) == ft.grad(ft.jit(f))(2.5)
