"""The measured programs give the derivatives that come with ADBench's data, to 1e-8."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import functrans as ft
from benchmarks.adbench import ba, gmm, hand, lstm
from benchmarks.adbench.case import Case, difference, joined, load
from benchmarks.adbench.run import TOLERANCE

GMM = ("gmm_test", "gmm_1k_d2_K5", "gmm_1k_d10_K25", "gmm_1k_d20_K50", "gmm_1k_d32_K50")
LSTM = ("lstm_tiny", "lstm_l2_c1024", "lstm_l4_c1024")


def cases() -> Iterator[Case]:
    for name in GMM:
        yield gmm.case(name, load(name))
    yield ba.case("ba_varied", load("ba_varied"))
    yield ba.case("ba_ba1", ba.replicated(*ba.SIZES["ba1"]))
    for model in ("small", "big"):
        for kind in hand.KINDS:
            name = f"hand_{kind}_{model}_c100"
            yield hand.case(name, load(f"hand_model_{model}"), load(name), most=1.0)
    for name in LSTM:
        yield lstm.case(name, load(name))


PROGRAMS = [
    pytest.param(case, name, id=f"{case.name}-{name}")
    for case in cases()
    for name in case.formulations
]


@pytest.mark.parametrize(("case", "formulation"), PROGRAMS)
def test_reference(case: Case, formulation: str) -> None:
    program = case.formulations[formulation](ft)
    assert case.value is not None
    assert case.expected is not None
    value = joined(ft.jit(program.objective)(*program.arguments))
    assert difference(value, np.ravel(case.value)) <= TOLERANCE
    derivative = joined(ft.jit(program.derivative)(*program.arguments))
    assert difference(derivative, case.expected) <= TOLERANCE


def test_difference_sees_what_is_wrong() -> None:
    one = np.ones(2)
    assert difference(one, one + 1e-6) > TOLERANCE
    assert difference(one, np.ones(3)) == float("inf")
    assert difference(np.array([np.nan, 1.0]), one) == float("inf")


@pytest.mark.parametrize("full", [False, True])
def test_case_names_are_distinct(full: bool) -> None:
    names = [case.name for problem in (gmm, lstm) for case in problem.cases(full)]
    assert len(set(names)) == len(names)
