"""The records are still true: the cases on TensorFlow itself, where it is installed."""

from __future__ import annotations

import pytest

from tests.tf.oracle import Case, Row, groups, read

tf = pytest.importorskip("tensorflow", reason="needs the dependency group tensorflow")


@pytest.mark.parametrize("name", groups())
def test_tensorflow_gives_what_was_recorded(name: str) -> None:
    recorded = read(name)
    assert {c.name: found for c in groups()[name].cases if (found := _stale(c, recorded))} == {}


def _stale(case: Case | Row, recorded: dict[str, object]) -> list[str]:
    return case.check(tf, recorded[case.name])
