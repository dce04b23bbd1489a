"""The stages of the compiler as golden texts: read the difference when one changes.

``pytest tests/test_stages.py --update-golden`` writes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft

X = np.ones((4, 3))
W = np.ones((3, 2))

PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    # Elementwise work and reductions in one loop nest; no scalar functions of the platform.
    "normalise": (lambda x: (x - np.mean(x, axis=1, keepdims=True)) * 2.0, (X,)),
    # A contraction between fused elementwise clusters, and its gradient.
    "layer": (
        ft.grad(lambda w, x: np.sum(np.maximum(x @ w, 0.0) ** 2)),
        (W, X),
    ),
    # Layout words are index maps: nothing is copied.
    "layout": (lambda x: x.T[::-1, 1:3] + x[1:3, 0].reshape(1, 2), (X,)),
    # Gather and scatter with bounds checks; an integer program.
    "indices": (lambda x, i: x.at[i].add(1) + x[i[0]], (np.arange(5), np.array([1, 1, 4]))),
    # What has no native code calls NumPy, visibly.
    "fallback": (lambda x: np.sort(x * 2.0, axis=1), (X,)),
}


@pytest.mark.parametrize("stage", ["jaxpr", "passes", "clusters", "loops", "buffers"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_stage(name: str, stage: str, golden: Any) -> None:
    function, args = PROGRAMS[name]
    golden.check(f"{name}.{stage}", ft.jit(function).lower(*args).as_text(stage=stage))


def test_llvm(golden: Any) -> None:
    function, args = PROGRAMS["normalise"]
    golden.check("normalise.llvm", ft.jit(function).lower(*args).as_text(stage="llvm"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_texts_are_the_same_every_time(name: str) -> None:
    function, args = PROGRAMS[name]
    for stage in ("jaxpr", "passes", "clusters", "loops", "buffers", "llvm"):
        first = ft.jit(function).lower(*args).as_text(stage=stage)
        assert ft.jit(function).lower(*args).as_text(stage=stage) == first


def test_fusion_is_seen_in_the_report() -> None:
    function, args = PROGRAMS["normalise"]
    report = ft.jit(function).lower(*args).report()
    assert not report.fallbacks
    report = ft.jit(PROGRAMS["fallback"][0]).lower(*PROGRAMS["fallback"][1]).report()
    assert [f for f in report.fallbacks if "sort" in str(f)]
    assert "test_stages.py" in str(report)
