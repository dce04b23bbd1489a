"""Segments against NumPy's loops, and trees as vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans import errors
from functrans.flatten_util import ravel_pytree
from functrans.ops import segment_max, segment_min, segment_prod, segment_sum

RNG = np.random.default_rng(0)
IDS = np.array([2, 0, 2, 5, -1, 0, 3, 2])
FOLDS: dict[str, tuple[Any, Any, float]] = {
    "sum": (segment_sum, np.sum, 0.0),
    "prod": (segment_prod, np.prod, 1.0),
    "max": (segment_max, np.max, -np.inf),
    "min": (segment_min, np.min, np.inf),
}


def by_loop(fold: Any, empty: float, data: Any, ids: Any, count: int) -> Any:
    rows = [data[ids == i] for i in range(count)]
    return np.stack([fold(r, axis=0) if len(r) else np.full(data.shape[1:], empty) for r in rows])


@pytest.mark.parametrize("bucket", [None, 1, 3, 8, 20])
@pytest.mark.parametrize("shape", [(8,), (8, 2, 3)])
@pytest.mark.parametrize("op", FOLDS)
def test_segments_fold_their_rows(op: str, shape: Any, bucket: int | None) -> None:
    function, fold, empty = FOLDS[op]
    data = RNG.normal(size=shape)
    for count in (0, 4, 7):
        expected = by_loop(fold, empty, data, IDS, count) if count else np.zeros((0, *shape[1:]))

        def run(x: Any, i: Any, count: int = count) -> Any:
            return function(x, i, count, bucket_size=bucket)

        for found in (run(data, IDS), ft.jit(run)(data, IDS)):
            np.testing.assert_allclose(found, expected, rtol=1e-13)
            assert found.dtype == data.dtype
    many = ft.vmap(lambda x, i: function(x, i, 4))(
        np.stack([data, -data]), np.stack([IDS, IDS[::-1]])
    )
    np.testing.assert_allclose(many[0], by_loop(fold, empty, data, IDS, 4), rtol=1e-13)
    np.testing.assert_allclose(many[1], by_loop(fold, empty, -data, IDS[::-1], 4), rtol=1e-13)


@pytest.mark.parametrize("op", FOLDS)
def test_derivatives_of_segments(op: str) -> None:
    data = RNG.normal(size=(8, 2))
    function = FOLDS[op][0]
    ids = np.where(IDS < 0, 4, IDS)

    def f(x: Any) -> Any:
        return function(x, ids, 6)[[0, 2, 3, 4, 5]]

    ft.testing.check_grads(f, (data,), order=2)
    compiled = ft.jit(ft.jacrev(f))(data)
    np.testing.assert_allclose(compiled, ft.jacfwd(f)(data), rtol=1e-12)


def test_products_with_zeros_have_exact_derivatives() -> None:
    x = np.array([0.0, 2.0, 3.0, 0.0, 5.0, 0.0])
    ids = np.array([1, 1, 1, 0, 0, 0])
    slope = ft.grad(lambda x: np.sum(segment_prod(x, ids)))
    assert slope(x).tolist() == [6.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    curvature = ft.jacfwd(slope)(x)
    expected = np.zeros((6, 6))
    expected[0, 1] = expected[1, 0] = 3.0
    expected[0, 2] = expected[2, 0] = 2.0
    expected[3, 5] = expected[5, 3] = 5.0
    np.testing.assert_array_equal(curvature, expected)


def test_equal_extremes_share_the_derivative() -> None:
    x = np.array([1.0, 1.0, 2.0])
    ids = np.array([0, 0, 1])
    assert ft.grad(lambda x: np.sum(segment_max(x, ids)))(x).tolist() == [0.5, 0.5, 1.0]


def test_ids_out_of_bounds() -> None:
    x = np.arange(8.0)
    np.testing.assert_array_equal(
        segment_sum(x, IDS, 3, mode="clip"), [1 + 5 + 4, 0, 0 + 2 + 7 + 3 + 6]
    )
    np.testing.assert_array_equal(segment_sum(x, IDS, 3, mode="drop"), [6, 0, 9])
    for bad in (IDS, np.abs(IDS)):
        with pytest.raises(IndexError):
            ft.jit(lambda x, i: segment_sum(x, i, 3, mode="raise"))(x, bad)


def test_the_number_of_segments_is_the_largest_id_and_one() -> None:
    assert segment_sum(np.ones(8), IDS).tolist() == [2.0, 0.0, 3.0, 1.0, 0.0, 1.0]
    assert ft.grad(lambda x: np.sum(segment_sum(x, IDS)))(np.ones(8)).tolist()[4] == 0.0
    assert segment_sum(np.zeros(0), np.zeros(0, int)).shape == (0,)
    with pytest.raises(errors.ConcretizationTypeError, match="Give num_segments"):
        ft.jit(segment_sum)(np.ones(8), IDS)


def test_integers_and_booleans() -> None:
    ids = np.array([0, 0, 2])
    assert segment_max(np.array([3, 4, 5], np.int16), ids).tolist() == [4, -(2**15), 5]
    assert segment_min(np.array([3, 4, 5], np.uint8), ids).tolist() == [3, 255, 5]
    assert segment_prod(np.array([3, 4, 5]), ids).tolist() == [12, 1, 5]
    assert segment_max(np.array([True, False, False]), ids).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: segment_sum(np.ones(3), np.ones(3)), errors.DtypeError),
        (lambda: segment_sum(np.ones(3), np.zeros(2, int)), errors.ShapeError),
        (lambda: segment_sum(np.ones((2, 3)), np.zeros((2, 3), int)), errors.ShapeError),
        (lambda: segment_sum(1.0, np.zeros(1, int)), errors.ShapeError),
        (lambda: segment_sum(np.ones(3), np.zeros(3, int), mode="sideways"), errors.OptionError),
        (lambda: segment_sum(np.ones(3), np.zeros(3, int), -1), errors.OptionError),
        (lambda: segment_sum(np.ones(3), np.zeros(3, int), 1, bucket_size=0), errors.OptionError),
    ],
)
def test_bad_segments(call: Any, error: type) -> None:
    with pytest.raises(error, match="segment_sum"):
        call()


# --- trees as vectors ----------------------------------------------------------------------------

TREES: dict[str, Any] = {
    "floats": {"w": RNG.normal(size=(2, 3)), "b": [np.float64(2.0), None]},
    "mixed": (np.arange(3), RNG.normal(size=(2, 1)).astype(np.float32), 1.5, np.array([True])),
    "complex": [np.ones(2), np.array([1j, 2.0])],
    "empty": {"nothing": []},
    "no elements": [np.zeros((0, 3)), np.ones(2)],
}


@pytest.mark.parametrize("name", TREES)
def test_trees_come_back_from_their_vector(name: str) -> None:
    pytree = TREES[name]
    vector, unravel = ravel_pytree(pytree)
    leaves = ft.tree.leaves(pytree)
    assert vector.shape == (sum(np.size(x) for x in leaves),)
    if leaves:
        assert vector.dtype == np.result_type(*(np.asarray(x).dtype for x in leaves))
    back = unravel(vector)
    assert ft.tree.structure(back) == ft.tree.structure(pytree)
    for a, b in zip(ft.tree.leaves(back), leaves, strict=True):
        assert a.dtype == np.asarray(b).dtype
        np.testing.assert_array_equal(a, b)


def test_vectors_are_differentiated_and_compiled() -> None:
    params = {"w": RNG.normal(size=(2, 2)), "b": RNG.normal(size=2)}

    def loss(p: Any) -> Any:
        return np.sum(np.tanh(p["w"] @ p["b"]) ** 2)

    vector, unravel = ravel_pytree(params)
    gradient = ft.grad(lambda v: loss(unravel(v)))(vector)
    np.testing.assert_allclose(gradient, ravel_pytree(ft.grad(loss)(params))[0])
    np.testing.assert_allclose(ft.jit(lambda p: ravel_pytree(p)[0])(params), vector)
    assert ft.hessian(lambda v: loss(unravel(v)))(vector).shape == (6, 6)
    # Where all leaves have one dtype, other vectors are welcome.
    assert unravel(vector.astype(np.float32))["b"].dtype == np.float32


def test_bad_vectors() -> None:
    _, unravel = ravel_pytree([np.ones(2), 3])
    with pytest.raises(errors.ShapeError, match=r"\(4,\).*3 elements"):
        unravel(np.ones(4))
    with pytest.raises(errors.TypeMismatchError, match="float32"):
        unravel(np.ones(3, np.float32))
