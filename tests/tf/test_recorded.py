"""functrans.tf gives what TensorFlow gave, case by case."""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib import import_module
from typing import Any

import pytest

from tests.tf.oracle import ROOT, Case, Group, Row, groups, read

CASES = [
    pytest.param(case, id=f"{group.name}/{case.name}")
    for group in groups().values()
    for case in group.cases
]
COMPILED = [
    param
    for param in CASES
    if isinstance(row := param.values[0], Row) and row.compiled and not row.differs
]
record = cache(read)


@pytest.fixture(scope="module")
def tf() -> Any:
    return import_module("functrans.tf")


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_tensorflow_gave(case: Case | Row, tf: Any) -> None:
    differences = case.check(tf, record(case.group)[case.name])
    if case.differs:
        assert differences, "it agrees with TensorFlow now: take its mark away"
    else:
        _agree(differences)


def test_differences_are_documented() -> None:
    """In the words of the case, on the page for people who come from TensorFlow."""
    page = " ".join((ROOT / "docs" / "tensorflow.md").read_text(encoding="utf-8").split())
    reasons = {c.differs for group in groups().values() for c in group.cases if c.differs}
    assert [r for r in sorted(reasons) if r not in page] == []


@pytest.mark.parametrize("row", COMPILED)
def test_it_is_the_same_compiled(row: Row, tf: Any) -> None:
    _agree(row.check_compiled(tf, record(row.group)[row.name]))


@pytest.mark.parametrize("group", groups().values(), ids=lambda g: g.name)
def test_every_case_has_its_record_and_no_other(group: Group) -> None:
    names = Counter(case.name for case in group.cases)
    assert [name for name, count in names.items() if count > 1] == []
    assert list(record(group.name)) == list(names), "record the group again"


def _agree(differences: list[str]) -> None:
    assert not differences, "\n".join(differences)
