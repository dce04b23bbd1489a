"""Recordings and staging held open: what the tape layer stands on."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.core.trace import busy, current_trace
from functrans.errors import RecordingError
from functrans.extend import (
    ForwardRecording,
    Recording,
    Rows,
    RowSum,
    Staging,
    evaluate,
    known,
    open_recordings,
    settled,
)

Scalar = Callable[[Any], Any]


def slope(f: Scalar) -> Scalar:
    """The derivative by a recording."""

    def derivative(x: Any) -> Any:
        with Recording() as recording:
            variable = recording.watch(x)
            y = f(variable)
        return recording.pull([y], [1.0], [recording.tangent_of(variable)])[0]

    return derivative


def tangent(f: Scalar) -> Scalar:
    """The derivative by an open jvp."""

    def derivative(x: Any) -> Any:
        with ForwardRecording() as recording:
            y = f(recording.lift(x, 1.0))
            return recording.tangent_of(y)

    return derivative


def wave(x: Any) -> Any:
    return fnp.sin(x) * x + x**3


ORDERS = {
    "grad": ft.grad,
    "jit": lambda f: ft.jit(ft.grad(f)),
    "jvp": lambda f: lambda x: ft.jvp(f, (x,), (1.0,))[1],
    "recording": slope,
    "forward": tangent,
}


@pytest.mark.parametrize("outer", ORDERS)
@pytest.mark.parametrize("inner", ORDERS)
def test_recordings_nest_in_every_transform_and_each_other(outer: str, inner: str) -> None:
    second = ORDERS[outer](ORDERS[inner](wave))
    np.testing.assert_allclose(
        settled(second(0.7)), 2 * np.cos(0.7) - 0.7 * np.sin(0.7) + 6 * 0.7, rtol=1e-12
    )


def test_a_recording_maps_like_a_function() -> None:
    xs = np.linspace(0.0, 1.0, 5)
    np.testing.assert_allclose(ft.vmap(slope(wave))(xs), [slope(wave)(x) for x in xs])


def test_an_intermediate_counts_its_own_uses_alone() -> None:
    with Recording() as recording:
        x = recording.watch(2.0)
        y = x + 1.0  # its tangent is that of x; its variable must not be
        z = y * x
    found = recording.pull([z], [1.0], [recording.tangent_of(x), recording.tangent_of(y)])
    np.testing.assert_allclose(found, [5.0, 2.0])


def test_a_kept_recording_differentiates_its_own_pullbacks() -> None:
    with Recording(keep=True) as recording:
        x = recording.watch(2.0)
        y = x * x * x
        z = y * y + x
        wanted = [recording.tangent_of(x), recording.tangent_of(y)]
        first, middle = recording.pull([z], [1.0], wanted)
        [second] = recording.pull([first], [1.0], wanted[:1])
    np.testing.assert_allclose(known(first), 6 * 2.0**5 + 1)
    np.testing.assert_allclose(known(middle), 2 * 2.0**3)
    np.testing.assert_allclose(known(second), 30 * 2.0**4)
    np.testing.assert_allclose(recording.pull([second], [1.0], wanted[:1]), [120 * 2.0**3])
    np.testing.assert_allclose(recording.pull([middle], [1.0], wanted), [6 * 2.0**2, 2.0])


def test_paused_operations_are_not_recorded() -> None:
    with Recording() as recording:
        x = recording.watch(3.0)
        recording.pause()
        constant = x * x
        recording.resume()
        y = constant * x
    assert recording.pull([y], [1.0], [recording.tangent_of(x)]) == [9.0]


def test_a_recording_may_be_entered_again_elsewhere() -> None:
    recording = Recording(keep=True)
    with recording:
        x = recording.watch(3.0)
        y = x * x
    with Recording() as outer:
        with recording:
            z = y * x
        assert open_recordings() == [outer]
    np.testing.assert_allclose(recording.pull([z], [1.0], [recording.tangent_of(x)]), [27.0])


def test_recordings_may_close_in_any_order() -> None:
    first, second = Recording(), Recording()
    first.__enter__()
    x = first.watch(3.0)
    second.__enter__()
    w = second.watch(x)
    first.__exit__()
    y = w * w
    second.__exit__()
    assert current_trace() is None
    assert second.pull([y], [1.0], [second.tangent_of(w)]) == [6.0]
    assert first.pull([y], [1.0], [first.tangent_of(x)]) == [None]


def test_an_open_recording_cannot_be_entered() -> None:
    with Recording() as recording, pytest.raises(RecordingError, match="open already"):
        recording.__enter__()
    assert current_trace() is None


def test_an_exception_leaves_nothing_open() -> None:
    with pytest.raises(ZeroDivisionError), Recording():
        raise ZeroDivisionError
    assert current_trace() is None
    assert not busy


def test_values_outlive_their_recording() -> None:
    with Recording() as recording:
        y = recording.watch(np.arange(3.0)) * 2.0
    np.testing.assert_array_equal(settled(y), [0.0, 2.0, 4.0])
    with Recording() as later:
        w = later.watch(settled(y))
        z = fnp.sum(w * w)
    np.testing.assert_array_equal(later.pull([z], [1.0], [later.tangent_of(w)])[0], [0.0, 4.0, 8.0])


@pytest.mark.parametrize("keep", [False, True])
def test_memory_is_given_back(keep: bool) -> None:
    with Recording(keep) as recording:
        x = recording.watch(np.ones(100))
        middle = fnp.exp(x)
        y = fnp.sum(middle * x)
    residual = weakref.ref(known(middle))
    del middle
    recording.pull([y], [1.0], [recording.tangent_of(x)])
    if keep:
        assert residual() is not None
        del recording
    gc.collect()
    assert residual() is None
    assert known(y) == pytest.approx(100 * np.e)


def test_threads_do_not_see_each_others_recordings() -> None:
    seen: list[Any] = []
    with Recording() as recording:
        x = recording.watch(2.0)

        def elsewhere() -> None:
            seen.append((open_recordings(), settled(x) * 3.0, slope(wave)(1.0)))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        y = x * x
    assert seen[0][:2] == ([], 6.0)
    np.testing.assert_allclose(seen[0][2], ft.grad(wave)(1.0))
    assert recording.pull([y], [1.0], [recording.tangent_of(x)]) == [4.0]


def test_a_kept_recording_is_pulled_back_plainly_in_another_thread() -> None:
    found: list[Any] = []
    with Recording(keep=True) as recording:
        x = recording.watch(2.0)
        y = x * x

        def elsewhere() -> None:
            found.extend(recording.pull([y], [1.0], [recording.tangent_of(x)]))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert found == [4.0]


def test_staging_takes_inputs_as_they_turn_up() -> None:
    with Staging() as staging:
        x = staging.input(1.0)
        y = fnp.sin(x)
        w = staging.input(np.ones(2))
        z = y * w
        assert staging.owns(z)
    program = staging.program([z])
    [found] = evaluate(program, 2.0, np.array([1.0, 3.0]))
    np.testing.assert_allclose(found, np.sin(2.0) * np.array([1.0, 3.0]))
    assert current_trace() is None


def test_sizes_stay_known_while_staging() -> None:
    with Staging() as staging:
        x = staging.input(np.ones((2, 3)))
        size = fnp.prod(np.array(x.shape)) * 2
        large = fnp.sum(np.ones(3))
        assert known(size) == 12
        assert known(large) is None
        y = fnp.sum(x) * size
    assert len(staging.program([y]).eqns) < 5


def pulled(f: Callable[[Any], Any], x: Any) -> Any:
    """The gradient of the sum of f, where rows are kept apart."""
    with Recording() as recording:
        traced = recording.watch(x)
        y = f(traced)
    return recording.pull([y], [np.ones(y.shape)], [recording.tangent_of(traced)], RowSum)[0]


def read(x: Any, *rows: int) -> Any:
    return ft.lax.gather(x, (np.array(rows),), (0,))


def test_rows_read_are_kept_apart() -> None:
    x = np.arange(6.0).reshape(3, 2)
    found = pulled(lambda x: read(x, 2, 2) ** 2, x)
    assert isinstance(found, Rows)
    [(index, rows)] = found.parts
    assert index.tolist() == [2, 2]
    assert rows.tolist() == [[8.0, 10.0], [8.0, 10.0]]
    assert len(pulled(lambda x: read(x, 1) * read(x, 0), x).parts) == 2


@pytest.mark.parametrize(
    "f",
    [
        lambda x: read(x, 2, 2) + x[:2],
        lambda x: x[1:] * read(x, 0),
        lambda x: read(x, 1) * fnp.sum(x),
        lambda x: ft.lax.gather(x, (np.array([1]),), (1,)),
    ],
)
def test_a_sum_of_rows_and_more_is_an_array(f: Callable[[Any], Any]) -> None:
    x = np.arange(6.0).reshape(3, 2)
    np.testing.assert_allclose(pulled(f, x), ft.grad(lambda x: fnp.sum(f(x)))(x))


def test_what_rows_were_read_from_goes_on_backwards() -> None:
    x = np.arange(6.0).reshape(3, 2)
    with Recording() as recording:
        traced = recording.watch(x)
        square = traced * traced
        y = read(square, 1, 1)
    variables = [recording.tangent_of(t) for t in (square, traced)]
    rows, whole = recording.pull([y], [np.ones((2, 2))], variables, RowSum)
    assert isinstance(rows, Rows)
    np.testing.assert_allclose(whole, [[0, 0], [8, 12], [0, 0]])
