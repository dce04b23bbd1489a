"""``python -m functrans explain``: what it shows, and what it says when it cannot."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from functrans.__main__ import main


def scalar(x: Any, y: Any) -> Any:
    return np.sum(np.sin(x) * y)


def vector(x: Any, n: Any) -> Any:
    return np.tanh(x) * n


def parity(n: Any) -> Any:
    return n % 2


def explain(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["explain", *arguments]) == 0
    return capsys.readouterr().out


def test_scalar_function_shows_its_gradient(capsys: pytest.CaptureFixture[str]) -> None:
    text = explain(capsys, f"{__name__}:scalar", "--args", "np.ones(3)", "2.0")
    assert "Gradient for arguments 0, 1" in text
    assert "cos" in text
    assert "compile " in text


def test_other_functions_show_their_pullback(capsys: pytest.CaptureFixture[str]) -> None:
    text = explain(capsys, f"{__name__}:vector", "--args", "np.ones(3)", "2")
    assert "Pullback (vjp) for argument 0" in text


def test_integers_have_no_derivative(capsys: pytest.CaptureFixture[str]) -> None:
    text = explain(capsys, f"{__name__}:parity", "--args", "3")
    assert "no argument consists of floating-point numbers" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "not of the form MODULE:FUNCTION"),
        (["some/model.py:f"], "name the module, such as some.model:f"),
        (["no_such_module:f"], "Cannot import 'no_such_module'"),
        (["math:nothing"], "'math' has no 'nothing'"),
        (["math:pi"], "is a float, not a function"),
        (["math:sqrt", "--args", "np.oops"], "Cannot evaluate the argument 'np.oops'"),
        ([f"{__name__}:vector", "--args", "1.0"], "missing a required argument: 'n'"),
        ([f"{__name__}:vector", "--args", "'text'", "1"], "Error"),
    ],
)
def test_mistakes_end_with_a_message_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["explain", *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_command_line_from_outside(flag: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "functrans", flag], capture_output=True, text=True, check=True
    )
    assert "functrans" in done.stdout
