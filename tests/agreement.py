"""Whether two trees of results agree."""

from __future__ import annotations

from typing import Any

import numpy as np

import functrans as ft


def same(actual: Any, expected: Any) -> None:
    """Equal but for rounding; a list stands for an array."""
    if isinstance(expected, list):
        expected = np.array(expected)
    left, structure = ft.tree.flatten(actual)
    right, wanted = ft.tree.flatten(expected)
    assert structure == wanted
    for a, b in zip(left, right, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-14)
