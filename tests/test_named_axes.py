"""Named axes: collectives under vmap against NumPy on whole arrays, under every transform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.lax import (
    all_gather,
    all_to_all,
    axis_index,
    axis_size,
    pmax,
    pmean,
    pmin,
    ppermute,
    pshuffle,
    psum,
    psum_scatter,
    pswapaxes,
)

X = np.random.default_rng(0).normal(size=(4, 3))
W = np.random.default_rng(1).normal(size=(4, 3))
SQUARE = np.random.default_rng(2).normal(size=(4, 4, 3))
BLOCKS = np.random.default_rng(3).normal(size=(4, 8, 3))
PAIRS = [[0, 2], [3, 1]]


def every(x: Any) -> Any:
    """The same for all four examples."""
    return np.broadcast_to(x, (4, *np.shape(x)))


def by_pairs(fold: Callable[..., Any]) -> Callable[[Any], Any]:
    def oracle(x: Any) -> Any:
        out = np.empty_like(x)
        for pair in PAIRS:
            out[pair] = fold(x[pair], axis=0)
        return out

    return oracle


def shifted(x: Any) -> Any:
    return np.concatenate([np.zeros_like(x[:1]), x[:-1]])


def exchanged_by_pairs(x: Any) -> Any:
    out = np.empty_like(x)
    for pair in PAIRS:
        for i, me in enumerate(pair):
            for j, other in enumerate(pair):
                out[me, j] = x[other, i]
    return out


# Name: the function of an example, the same by NumPy on all examples, all examples.
COLLECTIVES: dict[str, tuple[Callable[..., Any], Callable[..., Any], Any]] = {
    "psum": (lambda x: psum(x, "i"), lambda x: every(x.sum(0)), X),
    "pmean": (lambda x: pmean(x, "i"), lambda x: every(x.mean(0)), X),
    "pmax": (lambda x: pmax(x, "i"), lambda x: every(x.max(0)), X),
    "pmin": (lambda x: pmin(x, "i"), lambda x: every(x.min(0)), X),
    "psum groups": (lambda x: psum(x, "i", axis_index_groups=PAIRS), by_pairs(np.sum), X),
    "pmean groups": (lambda x: pmean(x, "i", axis_index_groups=PAIRS), by_pairs(np.mean), X),
    "pmax groups": (lambda x: pmax(x, "i", axis_index_groups=PAIRS), by_pairs(np.max), X),
    "all_gather": (lambda x: all_gather(x, "i"), every, X),
    "all_gather axis": (lambda x: all_gather(x, "i", axis=-1), lambda x: every(x.T), X),
    "all_gather tiled": (
        lambda x: all_gather(x, "i", tiled=True), lambda x: every(x.reshape(-1)), X,
    ),
    "all_gather tiled axis": (
        lambda x: all_gather(x, "i", axis=1, tiled=True),
        lambda x: every(np.concatenate(list(x), 1)), SQUARE,
    ),
    "all_gather groups": (
        lambda x: all_gather(x, "i", axis_index_groups=PAIRS),
        lambda x: np.stack([x[[0, 2]], x[[3, 1]], x[[0, 2]], x[[3, 1]]]), X,
    ),
    "all_to_all": (
        lambda x: all_to_all(x, "i", 0, 0), lambda x: x.swapaxes(0, 1), SQUARE,
    ),
    "all_to_all concat": (
        lambda x: all_to_all(x, "i", 0, 1), lambda x: x.transpose(1, 2, 0), SQUARE,
    ),
    "all_to_all split": (
        lambda x: all_to_all(x.T, "i", 1, 0), lambda x: x.swapaxes(0, 1), SQUARE,
    ),
    "all_to_all tiled": (
        lambda x: all_to_all(x, "i", 0, 1, tiled=True),
        lambda x: np.concatenate(
            [np.stack(np.split(x[i], 4)) for i in range(4)], 2
        ), BLOCKS,
    ),
    "all_to_all groups": (
        lambda x: all_to_all(x, "i", 0, 0, axis_index_groups=PAIRS), exchanged_by_pairs,
        SQUARE[:, :2],
    ),
    "psum_scatter": (lambda x: psum_scatter(x, "i"), lambda x: x.sum(0), SQUARE),
    "psum_scatter tiled": (
        lambda x: psum_scatter(x, "i", tiled=True),
        lambda x: x.sum(0).reshape(4, 2, 3), BLOCKS,
    ),
    "psum_scatter dimension": (
        lambda x: psum_scatter(x.T, "i", scatter_dimension=1), lambda x: x.sum(0), SQUARE,
    ),
    "ppermute": (
        lambda x: ppermute(x, "i", [(0, 2), (1, 0), (2, 3), (3, 1)]),
        lambda x: x[[1, 3, 0, 2]], X,
    ),
    "ppermute open": (lambda x: ppermute(x, "i", [(0, 1), (1, 2), (2, 3)]), shifted, X),
    "pshuffle": (lambda x: pshuffle(x, "i", [1, 3, 0, 2]), lambda x: x[[1, 3, 0, 2]], X),
    "pswapaxes": (lambda x: pswapaxes(x, "i", 0), lambda x: x.swapaxes(0, 1), SQUARE),
    "axis_index": (
        lambda x: x * axis_index("i"), lambda x: x * np.arange(4.0)[:, None], X,
    ),
    "axis_size": (lambda x: x * axis_size("i"), lambda x: x * 4.0, X),
}  # fmt: skip
FORMS: dict[str, Callable[..., Any]] = {
    "eager": lambda f: ft.vmap(f, axis_name="i"),
    "jit outside": lambda f: ft.jit(ft.vmap(f, axis_name="i")),
    "jit inside": lambda f: ft.vmap(ft.jit(f), axis_name="i"),
    "last axis": lambda f: lambda x: ft.vmap(f, in_axes=-1, axis_name="i")(np.moveaxis(x, 0, -1)),
    "in a scan": lambda f: ft.vmap(
        lambda x: ft.lax.scan(lambda c, _: (c, f(x)), 0.0, length=2)[1][1], axis_name="i"
    ),
    "in a vmap": lambda f: lambda x: ft.vmap(ft.vmap(f, axis_name="i"), axis_name="j")(x[None])[0],
    "around a vmap": lambda f: (
        lambda x: ft.vmap(ft.vmap(f, axis_name="j", out_axes=-1), axis_name="i")(x[:, None])[..., 0]
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", COLLECTIVES)
def test_collectives_do_what_numpy_does_on_the_whole(name: str, form: str) -> None:
    f, oracle, x = COLLECTIVES[name]
    np.testing.assert_allclose(FORMS[form](f)(x), oracle(x), rtol=1e-13)


@pytest.mark.parametrize("name", COLLECTIVES)
def test_derivatives_of_collectives(name: str) -> None:
    f, _, x = COLLECTIVES[name]
    ft.testing.check_grads(ft.vmap(f, axis_name="i"), (x,), order=2, modes=("fwd", "rev"))


@pytest.mark.parametrize("wrapped", [lambda f: f, ft.jit, ft.checkpoint])
@pytest.mark.parametrize("name", COLLECTIVES)
def test_transposes_within_the_vmap(name: str, wrapped: Callable[..., Any]) -> None:
    """⟨ȳ, J ẋ⟩ = ⟨Jᵀ ȳ, ẋ⟩, summed over the examples, for pullbacks taken of each of them."""
    f, _, x = COLLECTIVES[name]
    f = wrapped(f)
    rng = np.random.default_rng(4)
    dot = rng.normal(size=x.shape)

    def pushed(x: Any, t: Any) -> Any:
        return ft.jvp(f, (x,), (t,))[1]

    def pulled(x: Any, ct: Any) -> Any:
        return ft.vjp(f, x)[1](ct)[0]

    out = ft.vmap(pushed, axis_name="i")(x, dot)
    bar = rng.normal(size=out.shape)
    back = ft.vmap(pulled, axis_name="i")(x, bar)
    np.testing.assert_allclose(np.vdot(bar, out), np.vdot(back, dot), rtol=1e-11)


def test_gradients_within_agree_with_jax() -> None:
    # A gradient within counts what each example's result owes to the others: psum is its own
    # transpose.
    x, w = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 5.0])

    def gradients(f: Any, *args: Any) -> Any:
        return ft.vmap(ft.grad(f), axis_name="i")(*args)

    assert gradients(lambda x, w: psum(x * w, "i"), x, w).tolist() == [6.0, 9.0, 15.0]
    assert gradients(lambda x, w: psum(x * w, "i") ** 2, x, w).tolist() == [276.0, 414.0, 690.0]
    gathered = gradients(lambda x, w: (all_gather(x * w, "i") ** 2).sum(), x, w)
    assert gathered.tolist() == [24.0, 108.0, 450.0]
    shared = ft.vmap(lambda w: ft.grad(lambda y: psum(y * 2.0, "i"))(3.0), axis_name="i")(w)
    assert shared.tolist() == [6.0, 6.0, 6.0]


def test_equal_maxima_share_the_derivative() -> None:
    tied = np.array([1.0, 5.0, 5.0])
    slope = ft.grad(lambda x: ft.vmap(lambda v: pmax(v, "i"), axis_name="i")(x)[0])(tied)
    assert slope.tolist() == [0.0, 0.5, 0.5]


# --- names ---------------------------------------------------------------------------------------


def test_several_names_count_the_first_as_outermost() -> None:
    x = np.arange(6.0).reshape(2, 3)

    def both(f: Callable[..., Any]) -> Any:
        return ft.vmap(ft.vmap(f, axis_name="j"), axis_name="i")(x)

    assert both(lambda v: psum(v, ("i", "j"))).tolist() == [[15.0] * 3] * 2
    assert both(lambda v: psum(v, "i")).tolist() == [[3.0, 5.0, 7.0]] * 2
    assert both(lambda v: pmax(v, "j")).tolist() == [[2.0] * 3, [5.0] * 3]
    assert both(lambda v: axis_index(("i", "j"))).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert both(lambda v: axis_index(("j", "i"))).tolist() == [[0, 2, 4], [1, 3, 5]]
    assert both(lambda v: all_gather(v, ("i", "j")))[1, 2].tolist() == list(range(6))
    assert both(lambda v: all_gather(v, ("j", "i")))[0, 1].tolist() == [0, 3, 1, 4, 2, 5]
    turn = [(i, (i + 1) % 6) for i in range(5)]
    assert both(lambda v: ppermute(v + 1, ("i", "j"), turn)).tolist() == [[0, 1, 2], [3, 4, 5]]
    rows = np.random.default_rng(5).normal(size=(2, 3, 6, 2))
    dealt = ft.vmap(
        ft.vmap(lambda v: all_to_all(v, ("i", "j"), 0, 0), axis_name="j"), axis_name="i"
    )(rows)
    expected = rows.reshape(6, 6, 2).swapaxes(0, 1).reshape(2, 3, 6, 2)
    np.testing.assert_array_equal(dealt, expected)
    assert both(lambda v: v + axis_size(("i", "j")))[0, 0] == 6.0


def test_the_inner_axis_hides_an_outer_one_of_its_name() -> None:
    inner = ft.vmap(lambda v: psum(v, "i") + 0 * axis_size("i"), axis_name="i")
    assert ft.vmap(inner, axis_name="i")(np.ones((2, 3))).tolist() == [[3.0] * 3] * 2


def test_constants_are_combined_at_once() -> None:
    seen: list[Any] = []

    def f(x: Any) -> Any:
        seen.extend([psum(1, "i"), psum(2.5, "i"), psum(True, "i"), pmean(3, "i"), axis_size("i")])
        seen.append(psum({"a": np.ones(2), "b": None}, "i"))
        return x * psum(1, "i")

    assert ft.vmap(f, axis_name="i")(np.ones(3)).tolist() == [3.0] * 3
    assert seen[:5] == [3, 7.5, 3, 3.0, 3]
    assert [type(v) for v in seen[:5]] == [int, float, int, float, int]
    assert seen[5]["a"].tolist() == [3.0, 3.0]


def test_what_is_shared_counts_once_for_each_example() -> None:
    def f(x: Any, y: Any) -> Any:
        return x * 0.0 + psum(np.sin(y), "i"), pmax(y, "i"), all_gather(y, "i")

    mapped = ft.vmap(f, in_axes=(0, None), axis_name="i", out_axes=(0, None, 0))
    total, largest, all_of_them = mapped(np.ones(3), 0.5)
    np.testing.assert_allclose(total, 3 * np.sin(0.5))
    assert largest == 0.5
    assert all_of_them.shape == (3, 3)


def test_sums_of_trees_and_dtypes() -> None:
    def f(x: Any) -> Any:
        return psum({"half": x, "flag": x > 0, "count": axis_index("i")}, "i")

    out = ft.vmap(f, axis_name="i")(np.float32([-1.0, 2.0, 3.0]))
    assert out["half"].dtype == np.float32
    assert out["flag"].tolist() == [2, 2, 2]
    assert out["count"].tolist() == [3, 3, 3]


# --- programs ------------------------------------------------------------------------------------


def test_a_jitted_function_serves_axes_of_any_name_and_size() -> None:
    @ft.jit
    def share(x: Any) -> Any:
        return x / psum(x, "i") * axis_size("i")

    one = ft.vmap(share, axis_name="i")
    assert one(np.array([1.0, 3.0])).tolist() == [0.5, 1.5]
    assert one(np.array([1.0, 3.0, 4.0])).tolist() == [0.375, 1.125, 1.5]
    # A name further out is another axis, though the program and the types are the same.
    x = np.arange(1.0, 5.0).reshape(2, 2)
    columns = ft.vmap(ft.vmap(share, axis_name="j"), axis_name="i")(x)
    np.testing.assert_allclose(columns, x / x.sum(0) * 2)
    rows = ft.vmap(ft.vmap(share, axis_name="i"), axis_name="j")(x)
    np.testing.assert_allclose(rows, x / x.sum(1, keepdims=True) * 2)
    before = ft.debug.counters.traces
    one(np.array([2.0, 5.0]))
    assert ft.debug.counters.traces == before


def test_equal_bodies_under_other_names_are_not_confused() -> None:
    def total(x: Any) -> Any:
        return ft.lax.scan(lambda c, _: (c + psum(x, "i"), None), 0.0, length=3)[0]

    x = np.arange(6.0).reshape(2, 3)
    outer = ft.vmap(ft.vmap(total, axis_name="j"), axis_name="i")(x)
    inner = ft.vmap(ft.vmap(total, axis_name="i"), axis_name="j")(x)
    np.testing.assert_allclose(outer, np.broadcast_to(3 * x.sum(0), (2, 3)))
    np.testing.assert_allclose(inner, np.broadcast_to(3 * x.sum(1, keepdims=True), (2, 3)))


def test_loops_whose_state_is_shared_between_examples() -> None:
    def f(x: Any) -> Any:
        # Stops when the largest of all is above 100: the same iteration for every example.
        return ft.lax.while_loop(lambda v: pmax(v, "i") < 100.0, lambda v: 2.0 * v, x)

    assert ft.vmap(f, axis_name="i")(np.array([1.0, 3.0])).tolist() == [64.0, 192.0]
    assert ft.jit(ft.vmap(f, axis_name="i"))(np.array([1.0, 3.0])).tolist() == [64.0, 192.0]

    def descend(x: Any, w: Any) -> Any:
        def step(c: Any, _: Any) -> Any:
            return c - 0.1 * ft.grad(lambda c: psum((c * x - w) ** 2, "i"))(c), None

        return ft.lax.scan(step, 0.0, length=200)[0]

    x, w = np.array([1.0, 2.0, 0.5]), np.array([2.0, 1.0, 0.0])

    def centred(x: Any, w: Any) -> Any:
        return ft.vmap(descend, axis_name="i")(x / 10, w).sum()

    value = ft.value_and_grad(centred)(x, w)
    again = ft.jit(ft.value_and_grad(centred))(x, w)
    np.testing.assert_allclose(value[0], again[0])
    np.testing.assert_allclose(value[1], again[1])
    ft.testing.check_grads(lambda x: centred(x, w), (x,), order=1)


def test_a_program_without_mapped_operands_still_meets_its_axis() -> None:
    out = ft.vmap(lambda x: x + ft.jit(lambda: axis_index("i") * 2)(), axis_name="i")(np.zeros(3))
    assert out.tolist() == [0.0, 2.0, 4.0]


def test_batch_normalisation_trains() -> None:
    """The statistics couple the examples; the gradient is that of the same by hand."""
    x = np.random.default_rng(6).normal(size=(5, 3))
    scale = np.array([1.0, 2.0, 0.5])

    def normal(x: Any, scale: Any) -> Any:
        centred = x - pmean(x, "batch")
        return scale * centred / np.sqrt(pmean(centred**2, "batch") + 1e-3)

    def by_hand(x: Any, scale: Any) -> Any:
        centred = x - x.mean(0)
        return scale * centred / np.sqrt((centred**2).mean(0) + 1e-3)

    def loss(f: Any) -> Any:
        return lambda x, scale: np.sum(np.tanh(f(x, scale)) ** 2)

    mapped = ft.vmap(normal, in_axes=(0, None), axis_name="batch")
    for found in (ft.grad(loss(mapped), (0, 1)), ft.jit(ft.grad(loss(mapped), (0, 1)))):
        for a, b in zip(found(x, scale), ft.grad(loss(by_hand), (0, 1))(x, scale), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


# --- other operations that hold programs or rules ------------------------------------------------


@ft.custom_jvp
def centred(x: Any) -> Any:
    return x - pmean(x, "i")


@centred.defjvp
def centred_jvp(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    return centred(x), 2.0 * (t - pmean(t, "i"))  # twice what it is: the rule must be asked


@ft.custom_vjp
def shared(x: Any) -> Any:
    return psum(x, "i") * axis_size("i")


shared.defvjp(lambda x: (shared(x), x), lambda x, ct: (psum(ct * x, "i"),))


@pytest.mark.parametrize("wrapped", [lambda f: f, ft.jit, ft.checkpoint])
def test_rules_of_the_users_own_may_go_across_axes(wrapped: Callable[..., Any]) -> None:
    x = np.array([1.0, 2.0, 4.0])

    def total(f: Any) -> Any:
        return lambda x: np.sum(ft.vmap(wrapped(f), axis_name="i")(x) ** 2)

    centre = x - x.mean()
    for outside in (lambda f: f, ft.jit):
        np.testing.assert_allclose(outside(total(centred))(x), np.sum(centre**2))
        np.testing.assert_allclose(outside(ft.grad(total(centred)))(x), 4 * centre, atol=1e-14)
        slope = outside(lambda x: ft.jvp(total(centred), (x,), (x,))[1])(x)
        np.testing.assert_allclose(slope, 4 * centre @ centre)
        # shared: 9 Σ x for each; the rule says Σ ct x for each, with ct = 18 Σ x.
        back = outside(ft.grad(total(shared)))(x)
        np.testing.assert_allclose(back, np.full(3, 6 * 7.0 * 7.0))

    def within(f: Any) -> Any:
        return ft.vmap(ft.grad(lambda x: wrapped(f)(x) ** 2), axis_name="i")(x)

    scaled = 2 * 2 * (2 * centre)
    np.testing.assert_allclose(within(centred), scaled / 2, atol=1e-14)
    np.testing.assert_allclose(within(shared), np.full(3, 2 * 21.0 * 7.0))


@pytest.mark.parametrize("jitted", [False, True])
def test_branches_may_go_across_axes(jitted: bool) -> None:
    x = np.array([1.0, -2.0, 4.0])

    def f(x: Any, flag: Any) -> Any:
        return ft.lax.cond(flag, lambda x: psum(x, "i"), lambda x: x * axis_index("i"), x)

    def both(x: Any, flag: Any) -> Any:
        return ft.vmap(f, in_axes=(0, None), axis_name="i")(x, flag)

    each = ft.vmap(lambda x: f(x, x > 0), axis_name="i")
    run = ft.jit if jitted else lambda f: f
    assert run(both)(x, True).tolist() == [3.0] * 3
    assert run(both)(x, False).tolist() == [0.0, -2.0, 8.0]
    assert run(each)(x).tolist() == [3.0, -2.0, 3.0]
    slope = run(ft.grad(lambda x: np.sum(each(x) * np.array([1.0, 10.0, 100.0]))))(x)
    # The sum holds the value of the second example, which takes the other branch. (In JAX the
    # slope leaves it out.)
    assert slope.tolist() == [101.0, 111.0, 101.0]


def test_a_system_of_equations_may_be_spread_over_the_examples() -> None:
    """Each example holds one row and one right-hand side; derivatives go through all of them."""
    a = np.random.default_rng(7).normal(size=(3, 3)) + 4 * np.eye(3)
    b = np.array([1.0, 3.0, 2.0])

    def share(row: Any, right: Any) -> Any:
        def solved(transposed: bool) -> Callable[..., Any]:
            def solve(_: Any, y: Any) -> Any:
                whole = all_gather(row, "i", axis=1 if transposed else 0)
                return fnp.linalg.solve(whole, all_gather(y, "i"))[axis_index("i")]

            return solve

        return ft.lax.custom_linear_solve(
            lambda x: row @ all_gather(x, "i"), right, solved(False), solved(True)
        )

    def loss(a: Any, b: Any) -> Any:
        return np.sum(ft.vmap(share, axis_name="i")(a, b) ** 2)

    def direct(a: Any, b: Any) -> Any:
        return np.sum(fnp.linalg.solve(a, b) ** 2)

    for run in (lambda f: f, ft.jit):
        np.testing.assert_allclose(run(loss)(a, b), direct(a, b))
        found = run(ft.grad(loss, (0, 1)))(a, b)
        for x, y in zip(found, ft.grad(direct, (0, 1))(a, b), strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-10)


def test_an_unnamed_vmap_within_hides_nothing_and_catches_nothing() -> None:
    def f(x: Any) -> Any:
        inner = ft.vmap(lambda y: ft.jit(lambda y: psum(x * y, "i"))(y))
        return inner(np.array([1.0, 2.0])), ft.jacrev(lambda x: centred(x) * psum(x, "i"))(x)

    outs, slopes = ft.vmap(f, axis_name="i")(np.array([1.0, 2.0]))
    assert outs.tolist() == [[3.0, 6.0]] * 2
    # d/dx_i of Σ_j c_j s with the transposes of sums: s · 2 (1 - 1) + Σ_j c_j.
    np.testing.assert_allclose(slopes, [0.0, 0.0], atol=1e-14)


# --- against JAX ---------------------------------------------------------------------------------


def _while_of_each(ft: Any, m: Any, x: Any) -> Any:
    def step(s: Any) -> Any:
        return s[0] + ft.lax.psum(s[0], "i"), s[1] + 1

    return ft.lax.while_loop(lambda s: s[0] < 10, step, (x, 0))


def _pullback_within(ft: Any, m: Any, x: Any) -> Any:
    return ft.vjp(lambda y: y * ft.lax.psum(x * y, "i"), x)[1](1.0)[0]


def _switch(ft: Any, m: Any, x: Any) -> Any:
    branches = [lambda x: x, lambda x: ft.lax.psum(x, "i"), lambda x: -x]
    return ft.lax.switch(ft.lax.axis_index("i"), branches, x)


def _relaxed(ft: Any, m: Any, x: Any) -> Any:
    return ft.lax.fori_loop(0, 3, lambda i, s: s * 0.5 + ft.lax.pmean(s, "i") * i, x)


def _checkpointed_scan(ft: Any, m: Any, x: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        return m.sin(c) + ft.lax.pmean(c, "i"), c

    return ft.lax.scan(ft.checkpoint(step), x, None, 4)[1]


def _tangent(ft: Any, m: Any, x: Any) -> Any:
    return ft.jvp(lambda x: m.tanh(ft.lax.psum(x, "i")) * x, (x,), (x,))[1]


def _mapped_rows(ft: Any, m: Any, x: Any) -> Any:
    return ft.lax.map(lambda y: y * ft.lax.psum(x, "i") + ft.lax.psum(y, "i"), m.arange(3.0))


WITHIN = [
    _while_of_each,
    _pullback_within,
    _switch,
    _relaxed,
    lambda ft, m, x: ft.grad(lambda x: _relaxed(ft, m, x) ** 2)(x),
    _checkpointed_scan,
    _tangent,
    _mapped_rows,
    lambda ft, m, x: ft.jacrev(lambda x: _checkpointed_scan(ft, m, x))(x),
    lambda ft, m, x: ft.jit(lambda x: ft.lax.all_gather(x, "i"))(x),
]


@pytest.mark.parametrize("function", WITHIN)
def test_programs_across_axes_agree_with_jax(function: Callable[..., Any]) -> None:
    jax = pytest.importorskip("jax")
    x = np.array([1.0, 3.0, 2.0])

    def mapped(lib: Any, m: Any) -> Any:
        return lib.vmap(lambda x: function(lib, m, x), axis_name="i")

    jax.config.update("jax_enable_x64", True)
    expected = [np.asarray(v) for v in jax.tree.leaves(mapped(jax, jax.numpy)(x))]
    for f in (mapped(ft, np), ft.jit(mapped(ft, np))):
        found = ft.tree.leaves(f(x))
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


# --- errors --------------------------------------------------------------------------------------


def test_a_name_that_is_not_bound_is_named_with_those_that_are() -> None:
    with pytest.raises(ft.errors.UnboundAxisError, match=r"psum.*'j'.*named axes here are 'i'"):
        ft.vmap(lambda x: psum(x, "j"), axis_name="i")(X)
    with pytest.raises(NameError, match="named axes here are none"):
        ft.jit(lambda x: psum(x, "i"))(X)
    with pytest.raises(ft.errors.UnboundAxisError, match="axis_index"):
        axis_index("i")


def test_programs_across_an_axis_cannot_leave_its_vmap() -> None:
    programs: list[Any] = []

    def f(x: Any) -> Any:
        programs.append(ft.make_jaxpr(lambda x: psum(x, "i"))(x))
        return x

    ft.vmap(f, axis_name="i")(X)
    assert "axis_reduce[axis_name=i" in str(programs[0])
    from functrans.core.jaxpr import evaluate

    with pytest.raises(ft.errors.UnboundAxisError, match="outside of the vmap"):
        evaluate(programs[0], X[0])
    with pytest.raises(ft.errors.UnboundAxisError, match="outside of the vmap"):
        ft.vmap(lambda x: ft.jit(lambda x: psum(x, "i")).lower(x).compile() and x, axis_name="i")(X)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: all_to_all(x, "i", 0, 0), ValueError, r"axis 0.*\(3,\).*4 examples"),
        (lambda x: all_to_all(x, "i", 0, 0, tiled=True), ValueError, "multiple"),
        (lambda x: all_to_all(x, "i", 1, 0), ValueError, "split_axis is 1"),
        (lambda x: psum_scatter(x, "i"), ValueError, "psum_scatter"),
        (lambda x: ppermute(x, "i", [(0, 1), (0, 2)]), ValueError, "pairs"),
        (lambda x: ppermute(x, "i", [(0, 4)]), ValueError, "size 4"),
        (lambda x: pshuffle(x, "i", [0, 0, 1, 2]), ValueError, "no permutation"),
        (lambda x: psum(x, "i", axis_index_groups=[[0, 1]]), ValueError, "once"),
        (lambda x: psum(x, "i", axis_index_groups=[[0], [1, 2, 3]]), ValueError, "size"),
        (lambda x: psum(x, ("i", "i")), ValueError, "twice"),
        (lambda x: psum("text", "i"), TypeError, "str"),
    ],
)
def test_bad_calls_say_what_is_wrong(call: Any, error: type, says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        ft.vmap(call, axis_name="i")(X)
    assert isinstance(caught.value, ft.errors.FunctransError)
    assert caught.value.line.file == __file__


@pytest.mark.parametrize("name", [0, True, ("i", "j"), ["i"], {}])
def test_names_are_hashable_and_no_numbers(name: Any) -> None:
    with pytest.raises(ft.errors.OptionError, match="axis_name"):
        ft.vmap(lambda x: x, axis_name=name)
