"""Indexing and indexed updates follow NumPy's rules for every kind of index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans import errors
from functrans.core.jaxpr import evaluate

X = np.arange(120.0).reshape(4, 5, 6)
R = np.array([2, 0, -1])
Q = np.array([[1], [3]])
MASK1 = np.array([True, False, True, True])
MASK2 = X[:, :, 0] % 4 < 2

INDICES: list[Any] = [
    0,
    -1,
    np.int64(2),
    (1, 2),
    (1, 2, 3),
    (1, -2, 3),
    ...,
    (),
    None,
    (None, 1),
    (1, None, ..., None),
    slice(None),
    slice(1, 3),
    slice(None, None, -1),
    slice(3, 0, -2),
    slice(-2, None),
    slice(10, 2),
    slice(5, None, -1),
    (slice(None), 2),
    (..., 0),
    (0, ..., 1),
    (slice(1, 3), slice(None, None, 2), slice(4, 1, -1)),
    (slice(None), None, slice(0, 0)),
    R,
    Q,
    [1, 2, 0],
    [[1, 2], [0, 3]],
    (R, R),
    (R, Q),
    (R, slice(None), R),
    (slice(None), R, R),
    (slice(None), R, Q),
    (0, slice(None), R),
    (slice(None), 0, R),
    (R, None, R),
    (None, R, R),
    (slice(1, None), R),
    (..., R),
    (R, ...),
    (R, ..., R),
    (0, R),
    (slice(None), R, slice(0, 4, 2)),
    (R, slice(None, None, -1), Q),
    (slice(None), None, R, R),
    (0, slice(None), Q),
    (R, 1, 2),
    (slice(None), R, 1),
    (slice(None), 1, slice(None)),
    (R[:, None], R, slice(1, 3)),
    MASK1,
    MASK2,
    (MASK1, 0),
    (slice(None), np.array([True, False, True, False, True])),
    (MASK2, slice(2, 4)),
    (slice(None), slice(None), np.array([1, 1, 5])),
    [],
    (slice(None), []),
    (MASK1, [0, 2, 4]),
    X > 60.0,
    [True, False, True, False],
    np.array(1),
    (np.array(1), slice(None), R),
    (np.array(1), 2),
    (slice(None), np.array(1)),
    np.zeros((0, 2), int),
]


@pytest.mark.parametrize("index", INDICES, ids=lambda i: repr(i)[:60].replace("\n", ""))
def test_getitem(index: Any) -> None:
    expected = X[index]
    jaxpr = ft.make_jaxpr(lambda x: x[index])(X)
    (staged,) = evaluate(jaxpr, X)
    assert np.shape(staged) == np.shape(expected)
    np.testing.assert_array_equal(staged, expected)
    # The derivative scatters ones onto the places that were read.
    counts = np.zeros(X.shape)
    np.add.at(counts, index, 1.0)
    np.testing.assert_array_equal(ft.grad(lambda x: x[index].sum())(X), counts)


def _traced_index(index: Any) -> Any:
    items = index if isinstance(index, tuple) else (index,)
    return [i for i in items if isinstance(i, np.ndarray) and i.dtype.kind == "i"]


@pytest.mark.parametrize(
    "index", [i for i in INDICES if _traced_index(i)], ids=lambda i: repr(i)[:60].replace("\n", "")
)
def test_getitem_with_traced_indices(index: Any) -> None:
    items = index if isinstance(index, tuple) else (index,)

    def read(x: Any, *arrays: Any) -> Any:
        rest = iter(arrays)
        traced = tuple(
            next(rest) if isinstance(i, np.ndarray) and i.dtype.kind == "i" else i for i in items
        )
        return x[traced]

    arrays = _traced_index(index)
    (out,) = evaluate(ft.make_jaxpr(read)(X, *arrays), X, *arrays)
    np.testing.assert_array_equal(out, X[index])
    assert np.shape(out) == np.shape(X[index])


@pytest.mark.parametrize(
    "index",
    [i for i in INDICES if "[]" not in repr(i)],
    ids=lambda i: repr(i)[:60].replace("\n", ""),
)
def test_at(index: Any) -> None:
    shape = X[index].shape
    values = np.arange(1.0, np.size(X[index]) + 1).reshape(shape)
    unique = np.unique(np.arange(X.size).reshape(X.shape)[index]).size == np.size(X[index])
    added = X.copy()
    np.add.at(added, index, values)
    greater = X.copy()
    np.maximum.at(greater, index, values + 50)
    for run in (lambda f: f(X), lambda f: evaluate(ft.make_jaxpr(f)(X), X)[0]):
        np.testing.assert_array_equal(run(lambda x: fnp.at(x)[index].add(values)), added)
        np.testing.assert_array_equal(run(lambda x: fnp.at(x)[index].max(values + 50)), greater)
        np.testing.assert_array_equal(run(lambda x: fnp.at(x)[index].get()), X[index])
        if unique:
            put = X.copy()
            put[index] = values
            np.testing.assert_array_equal(run(lambda x: fnp.at(x)[index].set(values)), put)
            put = X.copy()
            put[index] *= values
            np.testing.assert_array_equal(run(lambda x: fnp.at(x)[index].multiply(values)), put)
            put = X.copy()
            put[index] = 7.0
            np.testing.assert_array_equal(run(lambda x: fnp.at(x)[index].set(7)), put)
            np.testing.assert_allclose(
                ft.grad(lambda v: (fnp.at(X)[index].set(v) * X).sum())(values), X[index]
            )


def test_at_modes_and_repeats() -> None:
    x = np.arange(4.0)
    i = np.array([1, 1, 9, -1])
    assert fnp.at(x)[i].add(1.0, mode="drop").tolist() == [0, 3, 2, 4]
    assert fnp.at(x)[i].set(9.0, mode="clip").tolist() == [0, 9, 2, 9]
    assert fnp.at(x)[i].get(mode="fill", fill_value=-1).tolist() == [1, 1, -1, 3]
    assert np.isnan(fnp.at(x)[9].get(mode="fill"))
    assert fnp.at(x)[np.array([1, 1])].multiply(3.0).tolist() == [0, 9, 2, 3]
    assert fnp.at(x)[np.array([2, 2])].divide(2.0).tolist() == [0, 1, 0.5, 3]
    assert fnp.at(x)[1:3].power(3).tolist() == [0, 1, 8, 3]
    assert fnp.at(x)[2].apply(np.sqrt)[2] == np.sqrt(2.0)
    assert fnp.at(x)[2].subtract(5.0).tolist() == [0, 1, -3, 3]
    assert x.tolist() == [0, 1, 2, 3]
    with pytest.raises(IndexError):
        fnp.at(x)[9].set(1.0)
    with pytest.raises(errors.OptionError):
        fnp.at(x)[1].set(1.0, mode="sometimes")
    with pytest.raises(errors.ShapeError):
        fnp.at(x)[1:3].set(np.ones(3))


def test_tables_read_at_traced_places() -> None:
    table = np.array([10.0, 20.0, 30.0])
    i = np.array([2, 0])
    for read in (lambda k: fnp.asarray(table)[k], lambda k: fnp.take(table, k)):
        assert ft.vmap(read)(i).tolist() == [30.0, 10.0]
        assert evaluate(ft.make_jaxpr(read)(2), 2)[0] == 30.0
        slope = ft.vmap(ft.grad(lambda x, k, read=read: read(k) * x))
        assert slope(np.ones(2), i).tolist() == [30.0, 10.0]
    assert type(ft.vmap(lambda k: fnp.asarray(table) + 0 * k, out_axes=0)(i)) is np.ndarray


def test_index_errors() -> None:
    def error_of(f: Any) -> Exception:
        with pytest.raises(Exception) as info:  # noqa: PT011
            ft.make_jaxpr(f)(X)
        return info.value

    assert isinstance(error_of(lambda x: x[4]), errors.IndexBoundsError)
    assert isinstance(error_of(lambda x: x[0, 0, 0, 0]), errors.IndexBoundsError)
    assert isinstance(error_of(lambda x: x[1.0]), IndexError)
    assert isinstance(error_of(lambda x: x["a"]), IndexError)
    assert isinstance(error_of(lambda x: x[np.ones(3)]), IndexError)
    assert isinstance(error_of(lambda x: x[np.ones(3, bool)]), IndexError)
    assert isinstance(error_of(lambda x: x[x > 2]), errors.NonConcreteBooleanIndexError)
    assert isinstance(error_of(lambda x: x[R, np.arange(2)]), errors.ShapeError)
    assert ft.grad(lambda x: x[x > 2].sum())(np.arange(4.0)).tolist() == [0, 0, 0, 1]


def test_places_of_true_elements() -> None:
    x = np.array([[0.0, 2.0], [3.0, 0.0]])
    rows, columns = evaluate(ft.make_jaxpr(lambda x: fnp.nonzero(x, size=3, fill_value=7))(x), x)
    assert (rows.tolist(), columns.tolist()) == ([0, 1, 7], [1, 0, 7])
    (flat,) = evaluate(ft.make_jaxpr(lambda x: fnp.flatnonzero(x, size=1))(x), x)
    assert flat.tolist() == [1]
    (where,) = evaluate(ft.make_jaxpr(lambda x: fnp.argwhere(x, size=2))(x), x)
    assert where.tolist() == np.argwhere(x).tolist()
    with pytest.raises(errors.NonConcreteBooleanIndexError):
        ft.make_jaxpr(fnp.nonzero)(x)
    y = np.array([3, 1, 3, 2, 1])
    outs = evaluate(
        ft.make_jaxpr(lambda y: fnp.unique(y, True, True, True, size=4, fill_value=9))(y), y
    )
    values, first, inverse, counts = np.unique(y, True, True, True)
    assert outs[0].tolist() == [*values, 9]
    assert outs[1][:3].tolist() == first.tolist()
    assert outs[2].tolist() == inverse.tolist()
    assert outs[3].tolist() == [*counts, 0]
    assert ft.grad(lambda x: (fnp.unique(x) * np.array([1.0, 2.0])).sum())(
        np.array([4.0, 3.0, 4.0])
    ).tolist() == [2, 1, 0]
