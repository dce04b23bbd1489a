"""The checker finds each way in which a program can break the grammar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from functrans.core.avals import Aval
from functrans.core.check import check
from functrans.core.jaxpr import Eqn, Jaxpr, Literal, Var
from functrans.errors import CheckError
from functrans.primitives.linear import add_p, neg_p

VECTOR, SHORT = Aval((3,), np.dtype(float)), Aval((2,), np.dtype(float))
X, Y, Z, S = Var(VECTOR), Var(VECTOR), Var(VECTOR), Var(SHORT)
NEG = Eqn(neg_p, [X], [Y], {})


def program(*eqns: Eqn, out: Any = Y, constants: tuple[Any, ...] = ()) -> Jaxpr:
    return Jaxpr([Z] * len(constants), constants, [X], eqns, [out])


def test_a_right_program_passes() -> None:
    jaxpr = program(NEG)
    assert check(jaxpr) is jaxpr


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (program(NEG, NEG), "again"),
        (program(Eqn(neg_p, [Z], [Y], {})), "before it is defined"),
        (program(NEG, out=Z), "before it is defined"),
        (program(Eqn(neg_p, [X], [S], {}), out=X), r"gives f64\[3\]"),
        (program(Eqn(add_p, [X, X], [Y, Z], {})), "should have 1 outputs"),
        (program(NEG, out=Literal(1.0, VECTOR)), "no scalar"),
        (program(NEG, out=Literal(1, Aval((), np.dtype(float)))), "no scalar"),
        (program(NEG, constants=(np.zeros(2),)), "a constant of type"),
        (Jaxpr([Z], [], [X], [NEG], [Y]), "differ in number"),
    ],
)
def test_a_wrong_program_is_found(wrong: Jaxpr, message: str) -> None:
    with pytest.raises(CheckError, match=message):
        check(wrong)
