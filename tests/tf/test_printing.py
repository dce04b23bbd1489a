"""tf.print under functrans' own transforms, and where it means to differ from TensorFlow's."""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.tf as tf


def say(*things: Any, **options: Any) -> None:
    tf.print(*things, output_stream=sys.stdout, **options)


def out(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_compiled_code_prints_at_each_run(capsys: pytest.CaptureFixture[str]) -> None:
    @ft.jit
    def f(x: Any) -> Any:
        say("x:", x, [x * 2.0, "text", tf.constant("string")])
        say("no number")
        return x

    f(1.0)
    f(np.array([1.0, 2.0]))
    f(np.array([3.0, 4.0]))
    assert out(capsys) == [
        *("x: 1 [2, 'text', \"string\"]", "no number"),
        *("x: [1 2] [[2 4], 'text', \"string\"]", "no number"),
        *("x: [3 4] [[6 8], 'text', \"string\"]", "no number"),
    ]


def test_derivatives_print_once_and_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x: Any) -> Any:
        say("x:", x)
        return x * x

    assert ft.grad(f)(3.0) == 6.0
    assert ft.jit(ft.grad(f))(4.0) == 8.0
    assert out(capsys) == ["x: 3", "x: 4"]


def test_vmap_prints_a_line_for_each_example(capsys: pytest.CaptureFixture[str]) -> None:
    ft.vmap(lambda x: (say("x:", x), x)[1])(np.arange(3.0))
    assert out(capsys) == ["x: 0", "x: 1", "x: 2"]


def test_a_stream_that_took_stderrs_place_is_written_to(capsys: pytest.CaptureFixture[str]) -> None:
    tf.print("here")
    assert capsys.readouterr().err == "here\n"


def test_complex_numbers_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    say(tf.constant(1 + 2j), tf.constant([0.5 - 1j, 1 / 3 + 0j], tf.complex64))  # TensorFlow: ?
    assert out(capsys) == ["(1+2j) [(0.5-1j) (0.333333343+0j)]"]


def test_ordered_dicts_keep_their_values_apart(capsys: pytest.CaptureFixture[str]) -> None:
    say(OrderedDict(z=tf.constant(1), a=tf.constant(2)))  # TensorFlow exchanges the two
    assert out(capsys) == [str(OrderedDict(z=1, a=2))]  # as this Python writes it


def test_rows_without_elements_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    say(tf.constant(np.zeros((2, 0))))  # TensorFlow: an ellipsis
    assert out(capsys) == ["[[]", " []]"]


def test_a_string_with_characters_of_private_use(capsys: pytest.CaptureFixture[str]) -> None:
    say("\ue000\ue001", ["\ue000\ue001", tf.constant(1)])
    assert out(capsys) == ["\ue000\ue001 ['\\ue000\\ue001', 1]"]


def test_timestamps_are_of_each_run() -> None:
    now = ft.jit(lambda: tf.timestamp())
    assert float(now()) < float(now())
