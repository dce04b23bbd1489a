"""Trees of arrays as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import functrans as ft
from functrans.errors import MissingPackageError


class Pair(NamedTuple):
    left: Any
    right: Any


@ft.tree.register_dataclass
@dataclass
class Layer:
    weights: Any
    bias: Any


@ft.tree.register_pytree_with_keys_class
class Crate:
    def __init__(self, content: Any) -> None:
        self.content = content

    def tree_flatten_with_keys(self) -> Any:
        return ((ft.tree.GetAttrKey("content"), self.content),), None

    @classmethod
    def tree_unflatten(cls, aux: Any, children: Any) -> Crate:
        return cls(*children)


@ft.tree.register_pytree_node_class
class Box:
    def __init__(self, content: Any) -> None:
        self.content = content

    def tree_flatten(self) -> Any:
        return (self.content,), None

    @classmethod
    def tree_unflatten(cls, aux: Any, children: Any) -> Box:
        return cls(*children)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (np.ones((3, 4)), "f64[3,4]"),
        (np.arange(3, dtype=np.int8), "i8[3]"),
        (ft.ShapeDtypeStruct((2,), np.float32), "f32[2]"),
        (ft.tf.constant([1.0]), "f32[1]"),
        (Pair(np.ones(2), 1), "Pair(left=f64[2], right=1)"),
        (Layer(np.ones((2, 3)), None), "Layer(weights=f64[2,3], bias=None)"),
        (Crate([np.ones(2)]), "Crate(content=[f64[2]])"),
        (Box({"x": np.ones(2)}), "Box({'x': f64[2]})"),
        ({"b": (True, 2.5), "a": "text"}, "{'b': (True, 2.5), 'a': 'text'}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_trees_consist_of(tree: Any, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    ft.display.show(tree)
    assert capsys.readouterr().out == f"{text}\n"


def test_long_lines_are_broken(capsys: pytest.CaptureFixture[str]) -> None:
    ft.display.show([Layer(np.ones((64, 64)), np.ones(64))] * 2, width=44)
    assert capsys.readouterr().out == (
        "[\n  Layer(weights=f64[64,64], bias=f64[64]),\n"
        "  Layer(weights=f64[64,64], bias=f64[64])\n]\n"
    )


def test_traced_values_show_their_types(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x: Any) -> Any:
        ft.display.show({"x": x})
        return x

    ft.make_jaxpr(f)(np.ones((2, 2)))
    assert capsys.readouterr().out == "{'x': f64[2,2]}\n"


def test_without_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("functrans.display.trees.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="plain=True"):
        ft.display.show([np.ones(2)])
    ft.display.show([np.ones(2), {"n": 3}], plain=True)
    assert capsys.readouterr().out == "[f64[2], {'n': 3}]\n"
