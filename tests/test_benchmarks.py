"""The benchmarks judge rows by their medians and let the peers take turns."""

from __future__ import annotations

import pytest

from benchmarks.harness import Row, take_turns


@pytest.mark.parametrize(
    ("most", "most_seconds", "met"),
    [
        (None, None, None),
        (0.5, None, True),
        (0.49, None, False),
        (0.5, 0.9, False),
        (None, 1.0, True),
    ],
)
def test_target(most: float | None, most_seconds: float | None, met: bool | None) -> None:
    row = Row("what", "peer", [9.0, 1.0, 1.0], [2.0, 2.0, 0.1], most, most_seconds)
    assert row.ratio == 0.5
    assert row.met is met


def test_calls_take_turns() -> None:
    order: list[str] = []
    calls = {name: lambda name=name: order.append(name) for name in "ab"}
    samples = take_turns(calls, rounds=2, shortest=0.0)
    assert "".join(order[-4:]) == "abba"
    assert [len(s) for s in samples.values()] == [2, 2]
