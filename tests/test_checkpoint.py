"""Checkpointed functions: the same values and derivatives, with less stored."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.ad_checkpoint import checkpoint_name, print_saved_residuals
from functrans.control.checkpoint import checkpoint_p
from functrans.core.jaxpr import Jaxpr
from functrans.testing import check_grads

POLICIES = {
    "nothing": None,
    "everything": ft.checkpoint_policies.everything_saveable,
    "dots": ft.checkpoint_policies.dots_saveable,
    "weights": ft.checkpoint_policies.dots_with_no_batch_dims_saveable,
    "names": ft.checkpoint_policies.save_only_these_names("product"),
    "others": ft.checkpoint_policies.save_any_names_but_these("product"),
    "rest": ft.checkpoint_policies.save_anything_except_these_names("product"),
    "both": ft.checkpoint_policies.save_from_both_policies(
        ft.checkpoint_policies.dots_saveable,
        ft.checkpoint_policies.save_only_these_names("product"),
    ),
}


def layer(w: Any, x: Any) -> Any:
    return np.tanh(checkpoint_name(w @ x, "product")) + np.sin(x)


def loss_of(layer: Callable[..., Any]) -> Callable[..., Any]:
    return lambda w, x: np.sum(layer(w, layer(w, layer(w, x))) ** 2)


def arguments() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 3)), rng.normal(size=3)


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("prevent_cse", [True, False])
def test_every_policy_keeps_values_and_derivatives(name: str, prevent_cse: bool) -> None:
    kept = ft.checkpoint(layer, policy=POLICIES[name], prevent_cse=prevent_cse)
    plain, again = loss_of(layer), loss_of(kept)
    args = arguments()
    for transform in (
        lambda f: f,
        lambda f: ft.grad(f, (0, 1)),
        lambda f: ft.jacfwd(ft.grad(f)),
        lambda f: ft.jacrev(ft.grad(f)),
        lambda f: lambda w, x: ft.vmap(ft.grad(f), (0, None))(np.stack([w, -w]), x),
        lambda f: lambda w, x: ft.linearize(f, w, x)[1](w, x),
    ):
        want = ft.tree.leaves(transform(plain)(*args))
        for found in (transform(again)(*args), ft.jit(transform(again))(*args)):
            for a, b in zip(ft.tree.leaves(found), want, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    check_grads(again, args, order=2)


def test_the_function_runs_once_for_its_value() -> None:
    runs: list[int] = []

    def counted(x: Any) -> Any:
        runs.append(1)
        return np.sin(x)

    ft.grad(ft.checkpoint(counted))(1.0)
    assert len(runs) == 1  # traced once; the second run is of the program


def test_inside_and_around_loops() -> None:
    kept = ft.checkpoint(layer, prevent_cse=False)
    w, x = arguments()

    def looped(layer: Any) -> Any:
        return lambda w, x: np.sum(ft.lax.scan(lambda c, _: (layer(w, c), None), x, None, 5)[0])

    want = ft.grad(looped(layer))(w, x)
    for f in (looped(kept), ft.checkpoint(looped(layer)), ft.checkpoint(looped(kept))):
        np.testing.assert_allclose(ft.grad(f)(w, x), want, rtol=1e-12)
        np.testing.assert_allclose(ft.jit(ft.grad(f))(w, x), want, rtol=1e-12)


def test_a_loop_stores_no_more_than_the_policy_says() -> None:
    def body(c: Any, _: Any) -> Any:
        return np.sin(np.exp(np.sin(np.exp(np.sin(c))))), None

    def stacks(body: Any) -> int:
        jaxpr = ft.make_jaxpr(ft.grad(lambda x: np.sum(ft.lax.scan(body, x, None, 7)[0])))
        first = next(e for e in jaxpr(np.ones(3)).eqns if e.primitive.name == "scan")
        return len(first.outvars) - 1

    assert stacks(ft.checkpoint(body)) == 1 < stacks(body)


def workspace(f: Callable[..., Any], *args: Any) -> int:
    return ft.jit(f).lower(*args).report().memory.workspace


def test_memory_of_a_deep_chain() -> None:
    width, rows, layers, part = 64, 512, 32, 8
    ws = [np.eye(width) * 0.9 for _ in range(layers)]
    x = np.ones((rows, width))

    def segment(x: Any, *ws: Any) -> Any:
        for w in ws:
            x = np.tanh(x @ w)
        return x

    def gradient(segment: Any) -> Any:
        def loss(ws: Any, x: Any) -> Any:
            for i in range(0, layers, part):
                x = segment(x, *ws[i : i + part])
            return np.sum(x * x)

        return ft.grad(loss)

    unit = x.nbytes
    plain = workspace(gradient(segment), ws, x) / unit
    again = workspace(gradient(ft.checkpoint(segment)), ws, x) / unit
    dots = ft.checkpoint_policies.dots_saveable
    between = workspace(gradient(ft.checkpoint(segment, policy=dots)), ws, x) / unit
    assert plain >= layers
    assert again <= layers / part + 2 * part + 2  # inputs of the parts, the inside of one of them
    assert again < between < plain
    want = ft.jit(gradient(segment))(ws, x)
    for a, b in zip(ft.jit(gradient(ft.checkpoint(segment)))(ws, x), want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_a_fence_keeps_updates_in_place_apart() -> None:
    def step(c: Any, i: Any) -> Any:
        f = ft.checkpoint(lambda c: np.sum(np.sin(c) * c.at[i].set(2.0)))
        value, back = ft.vjp(f, c)
        return ft.numpy.at(c)[i].add(0.1 * back(value)[0][i]), value

    args = np.linspace(0.1, 1.0, 5), np.array([3, 1, 3])
    with ft.disable_jit():
        want = ft.lax.scan(step, *args)
    for found in (ft.lax.scan(step, *args), ft.jit(lambda c, i: ft.lax.scan(step, c, i))(*args)):
        for a, b in zip(found, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


def test_trees_keywords_statics_and_closures() -> None:
    @ft.checkpoint(static_argnums=(1,))
    def f(p: Any, n: int, *, scale: Any) -> Any:
        assert isinstance(n, int)
        return {"y": scale * p["x"] ** n}

    def loss(x: Any) -> Any:
        inner = ft.checkpoint(lambda y: np.sin(y) * x)  # closes over a traced value
        return f({"x": x}, 3, scale=2.0)["y"] + inner(x)

    x = 0.7
    want = 6 * x**2 + np.cos(x) * x + np.sin(x)
    np.testing.assert_allclose(ft.grad(loss)(x), want)
    np.testing.assert_allclose(ft.jit(ft.grad(loss))(x), want)
    assert f.__name__ == "checkpoint_f"


def test_integer_arguments_and_results() -> None:
    f = ft.checkpoint(lambda x, n: (x[n], n + 1))
    value, back = ft.vjp(f, np.array([1.0, 2.0, 3.0]), np.array(1))
    assert value[1] == 2
    x_bar, n_bar = back((np.float64(5.0), np.zeros((), ft.float0)))
    np.testing.assert_array_equal(x_bar, [0.0, 5.0, 0.0])
    assert n_bar.dtype == ft.float0


def test_the_program_stays_checkpointed_until_it_is_compiled() -> None:
    def held(jaxpr: Jaxpr) -> int:
        inner = [v for e in jaxpr.eqns for v in e.params.values() if isinstance(v, Jaxpr)]
        return sum(e.primitive is checkpoint_p for e in jaxpr.eqns) + sum(map(held, inner))

    f = ft.jit(ft.checkpoint(np.sin))
    assert held(ft.make_jaxpr(ft.grad(lambda x: f(x)))(1.0)) >= 2


def test_what_is_saved_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_saved_residuals(layer, *arguments())
    lines = capsys.readouterr().out.splitlines()
    assert "f64[3,3] from the argument [0]" in lines
    assert any("output of cos from test_checkpoint.py" in line for line in lines)


def test_bad_options() -> None:
    with pytest.raises(ft.errors.OptionError, match="policy"):
        ft.checkpoint(np.sin, policy="all")
    with pytest.raises(ft.errors.OptionError, match="static_argnums"):
        ft.checkpoint(np.sin, static_argnums=3)(1.0)
    with pytest.raises(ft.errors.ArgumentError):
        ft.checkpoint(3)
    with pytest.raises(ft.errors.OptionError, match="name"):
        checkpoint_name(1.0, 2)  # type: ignore[arg-type]
    with pytest.raises(ft.errors.TracerBoolConversionError):
        ft.checkpoint(lambda x: x if x > 0 else -x)(1.0)


def test_eager_gradients_keep_no_more_than_compiled_ones() -> None:
    def part(x: Any) -> Any:
        for _ in range(8):
            x = np.sin(np.exp(-x * x))
        return x

    def peak(part: Any) -> float:
        gradient = ft.grad(lambda x: np.sum(part(part(part(part(x))))))
        x = np.linspace(0.0, 1.0, 20_000)
        gradient(x)
        tracemalloc.start()
        try:
            gradient(x)
            return tracemalloc.get_traced_memory()[1] / x.nbytes
        finally:
            tracemalloc.stop()

    assert peak(ft.checkpoint(part)) < 0.4 * peak(part)
