"""vectorize against NumPy's loop, and its errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp

RNG = np.random.default_rng(0)
SHAPES = [
    ((), ()), ((3,), ()), ((2, 3), (3,)), ((2, 1), (1, 3)), ((1,), (1, 1)), ((4, 1, 3), (2, 1)),
    ((0, 3), (3,)), ((2, 0, 1), (1, 3)),
]  # fmt: skip


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("jitted", [False, True])
def test_numbers_broadcast(shapes: Any, jitted: bool) -> None:
    x, y = (np.asarray(RNG.normal(size=s)) for s in shapes)
    f = fnp.vectorize(lambda u, v: u * np.sin(v))
    out = (ft.jit(f) if jitted else f)(x, y)
    np.testing.assert_allclose(out, x * np.sin(y), rtol=1e-14)
    assert np.shape(out) == np.broadcast_shapes(*shapes)


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_signatures_keep_their_axes(shapes: Any) -> None:
    a = RNG.normal(size=(*shapes[0], 2, 4))
    b = RNG.normal(size=(*shapes[1], 4))
    f = fnp.vectorize(lambda m, v: (m @ v, np.sum(v)), signature="(m, n),(n)->(m),()")
    products, sums = f(a, b)
    np.testing.assert_allclose(products, np.einsum("...mn,...n->...m", a, b), rtol=1e-13)
    np.testing.assert_allclose(
        sums, np.broadcast_to(b.sum(-1), np.broadcast_shapes(*shapes)), rtol=1e-13
    )


def test_results_may_be_trees_and_have_new_axes() -> None:
    out = fnp.vectorize(lambda x: {"x": x, "row": np.stack([x, 2 * x])})(np.ones((3, 1)))
    assert out["x"].shape == (3, 1)
    assert out["row"].shape == (3, 1, 2)
    new = fnp.vectorize(lambda x: np.stack([x, x, x]), signature="()->(k)")(np.arange(2.0))
    assert new.tolist() == [[0.0] * 3, [1.0] * 3]


def test_exclusions_keywords_and_none() -> None:
    @fnp.vectorize(excluded={1, "scale"})
    def f(x: Any, names: list[str], y: Any, extra: Any = None, *, scale: str = "1") -> Any:
        assert extra is None
        return x * len(names) * float(scale) + y

    x = np.arange(3.0)
    assert f(x, ["a", "b"], 1.0).tolist() == [1.0, 3.0, 5.0]
    assert f(x, ["a"], y=x[:, None], scale="10").shape == (3, 3)
    assert f(x, ["a"], 0.0, None).tolist() == [0.0, 1.0, 2.0]
    assert f.__name__ == "vectorize_f"

    def weighted(x: Any, w: Any) -> Any:
        return np.sum(x * w)

    total = fnp.vectorize(weighted, signature="(n),(n)->()")
    assert total(np.ones((2, 3)), w=np.arange(3.0)).tolist() == [3.0, 3.0]
    assert fnp.vectorize(lambda: 3.0)() == 3.0


def test_derivatives_and_nesting() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sum(fnp.vectorize(lambda u, v: np.tanh(u @ v), signature="(n),(n)->()")(x, y))

    x, y = RNG.normal(size=(3, 1, 2)), RNG.normal(size=(4, 2))
    ft.testing.check_grads(f, (x, y), order=2)
    np.testing.assert_allclose(
        ft.vmap(f, in_axes=(0, None))(x, y), [f(row, y) for row in x], rtol=1e-13
    )


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: fnp.vectorize(len, signature="(n)"), ft.errors.OptionError, "cannot read"),
        (lambda: fnp.vectorize(len, excluded={-1}), ft.errors.OptionError, "-1"),
        (lambda: fnp.vectorize(3), ft.errors.ArgumentError, "function"),
        (
            lambda: fnp.vectorize(np.sum, signature="(n),(n)->()")(np.ones(3)),
            ft.errors.ArgumentError, "1 arguments",
        ),
        (
            lambda: fnp.vectorize(np.dot, signature="(n),(n)->()")(np.ones(3), np.ones(4)),
            ft.errors.ShapeError, "axis n .* size 4 instead of 3",
        ),
        (
            lambda: fnp.vectorize(np.sum, signature="(3)->()")(np.ones((2, 4))),
            ft.errors.ShapeError, "instead of 3",
        ),
        (
            lambda: fnp.vectorize(np.trace, signature="(n,n)->()")(np.ones(3)),
            ft.errors.ShapeError, r"lacks the axes \(n,n\)",
        ),
        (
            lambda: fnp.vectorize(np.add)(np.ones(3), np.ones(4)),
            ft.errors.ShapeError, "do not broadcast",
        ),
        (
            lambda: fnp.vectorize(np.sin, signature="(n)->()")(np.ones(3)),
            ft.errors.ShapeError, r"result of shape \(3,\)",
        ),
        (
            lambda: fnp.vectorize(np.sin, signature="(n)->(n),()")(np.ones(3)),
            ft.errors.ArgumentError, "1 results",
        ),
        (
            lambda: fnp.vectorize(lambda x: x if x > 0 else -x)(np.ones(3)),
            ft.errors.TracerBoolConversionError, "where",
        ),
    ],
)  # fmt: skip
def test_bad_calls_say_what_is_wrong(call: Any, error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        call()
