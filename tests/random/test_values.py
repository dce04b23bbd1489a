"""Equal keys give JAX's numbers: recorded ones, and those of the JAX that is installed."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

import functrans as ft
from tests.random.calls import CALLS, SEED, Call
from tests.random.record import DATA, MOST, jax_value, written

LOOSE = {"float64": 1e-12, "complex128": 1e-12, "float32": 2e-5, "complex64": 2e-5, "float16": 3e-3}
"""Relative and absolute: JAX's own logarithms are off by some hundred ulps near their zeros."""

INDICES = ("categorical",)  # JAX's are of 32 bits where it sorts, NumPy's of 64


@cache
def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return found


def ours(call: Call) -> Any:
    return np.asarray(
        getattr(ft.random, call.name)(ft.random.key(SEED), *call.args, **call.options)
    )


def agree(call: Call, actual: dict[str, Any], expected: dict[str, Any]) -> None:
    assert actual["shape"] == expected["shape"]
    if call.name not in INDICES:
        assert actual["dtype"] == expected["dtype"]
    if call.exact:
        assert actual["values"] == expected["values"]
    else:
        loose = LOOSE[expected["dtype"]]
        np.testing.assert_allclose(actual["values"], expected["values"], loose, loose)


@pytest.mark.parametrize("call", CALLS, ids=lambda c: c.label)
def test_numbers_are_the_recorded_ones(call: Call) -> None:
    agree(call, written(ours(call)), recorded()[call.label])


@pytest.mark.parametrize("call", {c.name: c for c in CALLS}.values(), ids=lambda c: c.name)
def test_numbers_are_jaxs(call: Call) -> None:
    pytest.importorskip("jax")
    expected = jax_value(call)
    agree(call, written(ours(call)), written(expected))


def test_every_record_is_of_a_call() -> None:
    assert set(recorded()) == {call.label for call in CALLS}
    assert all(len(row["values"]) <= 2 * MOST for row in recorded().values())


NOT_DRAWN = {
    "KeyType", "PRNGKey", "PRNGKeyArray", "clone", "fold_in", "key", "key_data", "key_dtype",
    "key_impl", "split", "wrap_key_data",
}  # fmt: skip


def test_every_sampler_has_a_call() -> None:
    assert {call.name for call in CALLS} == set(ft.random.__all__) - NOT_DRAWN


def test_all_of_jaxs_names_are_there() -> None:
    """But for a primitive, and a type for annotations."""
    jax = pytest.importorskip("jax")
    names = {n for n in dir(jax.random) if not n.startswith("_")} - {"random_gamma_p", "Key"}
    assert names <= set(ft.random.__all__)
