"""What hardly counts gets less of the compiler's time, and gives the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
from benchmarks.models import mlp_arguments, mlp_loss
from functrans import numpy as fnp


def stages(function: Any, *args: Any) -> tuple[str, str]:
    lowered = ft.jit(function).lower(*args)
    return lowered.as_text("loops"), lowered.as_text("llvm")


def beside_a_sine(function: Any) -> Any:
    """The function, in a program whose work is elsewhere."""
    return lambda x, big: (function(x), fnp.sin(big))


SMALL = np.random.default_rng(0).normal(size=(8, 8))
BIG = np.linspace(0.0, 1.0, 200_000)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: fnp.exp(x) @ fnp.sin(x),
        lambda x: fnp.tanh(x).sum(axis=0) / fnp.cos(x).max(axis=1),
        lambda x: fnp.concatenate([x, 0.0 * x, fnp.zeros_like(x), x.T]),
        lambda x: x[np.array([3, 1, 7])] * fnp.arange(8),
        lambda x: fnp.cumsum(x, axis=1),
        lambda x: fnp.argmax(x, axis=0),
        lambda x: fnp.where(x > 0, x, -1.0),
    ],
)
def test_small_parts_of_a_large_program_are_not_optimised(function: Any) -> None:
    both = beside_a_sine(function)
    _, ir = stages(both, SMALL, BIG)
    assert "optnone" in ir
    small, large = ft.jit(both)(SMALL, BIG)
    np.testing.assert_allclose(small, function(SMALL), rtol=1e-13)
    np.testing.assert_allclose(large, np.sin(BIG), rtol=1e-14)


def test_a_program_of_one_loop_becomes_vector_code() -> None:
    text, ir = stages(lambda x: fnp.sin(x) + 1.0, SMALL)
    assert "scalar" not in text
    assert "optnone" not in ir


def test_many_equal_loops_all_become_vector_code() -> None:
    def f(xs: list[Any]) -> list[Any]:
        return [fnp.sin(x) for x in xs]

    text, ir = stages(f, [np.ones(100 + n) for n in range(40)])
    assert "scalar" not in text
    assert "optnone" not in ir


def test_long_loops_inside_a_while_loop_count() -> None:
    def f(x: Any) -> Any:
        return ft.lax.while_loop(lambda s: s[0] < 50, lambda s: (s[0] + 1, fnp.sin(s[1])), (0, x))

    text, _ = stages(f, np.ones(1000))
    assert "< 1000:" in text


def test_elements_far_apart_are_not_put_into_vectors() -> None:
    def f(x: Any) -> Any:
        return [x[:, 2 * k] * x[:, 2 * k + 1] for k in range(3)]

    x = np.random.default_rng(0).normal(size=(1000, 20))
    text, _ = stages(f, x)
    assert "< 1000 scalar" in text
    for k, product in enumerate(ft.jit(f)(x)):
        np.testing.assert_array_equal(product, x[:, 2 * k] * x[:, 2 * k + 1])


def test_sums_of_elements_far_apart_have_several_accumulators() -> None:
    text, _ = stages(lambda x: x[:, 3].sum(), np.ones((1000, 20)))
    assert "scalar" not in text


def test_stretches_are_copied_and_cleared_by_calls() -> None:
    def f(x: Any, y: Any) -> Any:
        return fnp.concatenate([x, fnp.zeros(40), y])

    x, y = np.arange(50.0), np.arange(60.0)
    _, ir = stages(f, x, y)
    assert "memcpy" in ir
    assert "phi" not in ir
    np.testing.assert_array_equal(ft.jit(f)(x, y), np.concatenate([x, np.zeros(40), y]))


def test_a_stretch_of_negative_zeros_is_not_cleared() -> None:
    def f(x: Any) -> Any:
        return fnp.concatenate([x, fnp.full(40, -0.0)])

    assert np.signbit(ft.jit(f)(np.ones(3))[3:]).all()


def test_sums_begun_anew_for_each_row_are_no_reason_for_vectors() -> None:
    text, _ = stages(ft.grad(mlp_loss(np)), *mlp_arguments())
    rows = [line for line in text.splitlines() if line.startswith("  for i0 < 32")]
    assert len(rows) > 4
    assert all("scalar" in line for line in rows)  # that of the softmax, of 10 classes, too
