"""``functrans.explain``: every equation once, beside its line, its kernel, time and bytes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans.errors import ArgumentError


def layer(x: Any, w: Any) -> Any:
    y = np.tanh(x @ w)
    return np.sum(y * 2.0)


def walk(h: Any, xs: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        return np.tanh(h + x), h

    return np.sum(ft.lax.scan(step, h, xs)[1])


def test_lines_equations_kernels_times_and_bytes_stand_side_by_side() -> None:
    found = ft.explain(layer, np.ones((30, 40)), np.ones((40, 50)))
    assert [part.kernel for part in found.parts] == [
        "0 library dgemm (30×40)·(40×50)",
        "1 kernel",
    ]
    texts = [[e.text for e in part.equations] for part in found.parts]
    assert [len(t) for t in texts] == [1, 3]
    assert texts[1][0] == "d:f64[30,50] = tanh c"
    assert [e.line.split("  ")[1] for e in found.parts[1].equations] == [
        "y = np.tanh(x @ w)",
        "return np.sum(y * 2.0)",
        "return np.sum(y * 2.0)",
    ]
    row = next(line for line in str(found).split("\n") if "tanh c" in line)
    pattern = r"test_explanation.py:\d+ \(layer\)  y = .*  d:f64.*  1 kernel +\d+\.\d\d +12\.0 kB"
    assert re.fullmatch(pattern, row)


def test_every_equation_of_the_program_appears_once() -> None:
    function = ft.jit(ft.grad(walk))
    arguments = np.ones(3), np.ones((9, 3))
    found = ft.explain(function, *arguments)
    program = function.lower(*arguments).executable.program.jaxpr
    shown = [e for part in found.parts for e in part.equations] + list(found.free)

    def count(jaxpr: ft.Jaxpr) -> int:
        inner = (v for e in jaxpr.eqns for v in e.params.values() if isinstance(v, ft.Jaxpr))
        return len(jaxpr.eqns) + sum(map(count, inner))

    assert len(shown) >= count(program)
    assert {"scan", "tanh", "mul"} <= {e.primitive for e in shown}
    nested = [part.kernel for part in found.parts if part.kernel.startswith("  ")]
    assert nested[0] == "  0.0 kernel"


def test_html_has_a_row_for_each_kernel() -> None:
    found = ft.explain(layer, np.ones((3, 4)), np.ones((4, 5)))
    html = found._repr_html_()
    assert html.count("<tr>") == len(found.parts) + bool(found.free) + 2
    assert re.search(r'title="test_explanation.py:\d+ \(layer\)  y = np.tanh\(x @ w\)"', html)


def test_arguments_need_values() -> None:
    with pytest.raises(ArgumentError, match="Only a call with values"):
        ft.explain(np.sin, ft.ShapeDtypeStruct((3,), float))
