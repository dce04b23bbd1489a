"""Results that differ are told apart, and results that agree are not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tf.encoding import differences

ARRAY = {"tensor": "float32[2]", "values": [1.0, 2.0]}
ERROR = {"raises": ["ValueError", "Exception"], "message": "what TensorFlow said"}
OURS = {"raises": ["ShapeError", "FunctransError", "ValueError", "Exception"], "message": "what"}


@pytest.mark.parametrize(
    ("found", "recorded"),
    [
        (ARRAY, ARRAY),
        (ARRAY | {"values": [1.000001, 2.0]}, ARRAY),
        (ARRAY | {"values": [float("nan"), 2.0]}, ARRAY | {"values": [float("nan"), 2.0]}),
        ([None, 1, "a", 0.30000001], [None, 1, "a", 0.3]),
        ({"tuple": [ARRAY]}, {"tuple": [ARRAY]}),
        (OURS, ERROR),
    ],
)
def test_these_agree(found: Any, recorded: Any) -> None:
    assert list(differences(found, recorded, None)) == []


@pytest.mark.parametrize(
    ("found", "recorded"),
    [
        (ARRAY | {"values": [1.001, 2.0]}, ARRAY),
        (ARRAY | {"values": [float("nan"), 2.0]}, ARRAY),
        (ARRAY | {"tensor": "float64[2]"}, ARRAY),
        (ARRAY | {"tensor": "float32[2,1]"}, ARRAY),
        ({"ndarray": "float32[2]", "values": [1.0, 2.0]}, ARRAY),
        ({"tensor": "int32[1]", "values": [2]}, {"tensor": "int32[1]", "values": [3]}),
        ([ARRAY], {"tuple": [ARRAY]}),
        ([None], [ARRAY]),
        ([ARRAY], [ARRAY, ARRAY]),
        (1, 1.0),
        (True, 1),
        ("a", "b"),
        (OURS | {"raises": ["TypeError", "Exception"]}, ERROR),
        (OURS | {"raises": ["TypeError", "ValueError", "Exception"]}, ERROR),
        (ARRAY, ERROR),
        (ERROR, ARRAY),
    ],
)
def test_these_differ(found: Any, recorded: Any) -> None:
    assert list(differences(found, recorded, None)) != []
