"""Draws ``docs/pictures/gradient.svg``, the program of a gradient, which the README shows.

Run ``python docs/make_pictures.py`` when the transforms or the drawing change; with ``--check``
nothing is written and the exit status is 1 where another program would be drawn; where its boxes
lie may differ.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import functrans as ft  # noqa: E402  (found by the path)

GRADIENT = HERE / "pictures" / "gradient.svg"


def loss(w: Any, x: Any, y: Any) -> Any:
    """The README's function."""
    return np.mean((np.tanh(x @ w) - y) ** 2)


def gradient() -> str:
    """The drawing of its gradient; the places in this file are left out."""
    program = ft.make_jaxpr(ft.grad(loss))(np.zeros(3), np.ones((100, 3)), np.ones(100))
    return re.sub(r"<title>.*?</title>", "", ft.display.graph(program).svg, flags=re.DOTALL)


def words(svg: str) -> list[str]:
    """What stands in a drawing."""
    return sorted(re.findall(r">([^<>]+)</(?:text|tspan)>", svg))


def main() -> int:
    parser = argparse.ArgumentParser(description="Draw the README's picture.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if out of date")
    drawn = gradient()
    if parser.parse_args().check:
        return int(words(GRADIENT.read_text(encoding="utf-8")) != words(drawn))
    GRADIENT.parent.mkdir(exist_ok=True)
    GRADIENT.write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
