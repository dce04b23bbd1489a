"""The tutorial that the layer began with: its code runs as it is written, with its own asserts."""

from __future__ import annotations

import re
from typing import Any

import functrans.tf as tf
from tests.tf.oracle import RECORDS

TUTORIAL = RECORDS / "seed_tutorial.zh.md"


def test_the_tutorial_runs() -> None:
    text = TUTORIAL.read_text(encoding="utf-8")
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert len(blocks) == 5
    names: dict[str, Any] = {"tf": tf}
    for block in blocks:
        above = text.count("\n", 0, block.start(1))  # so that an error names the tutorial's line
        exec(compile("\n" * above + block[1], str(TUTORIAL), "exec"), names)
    # What the comments of the third block say, and a last result of each of the others.
    assert names["dz_dx"].numpy() == 108.0
    assert names["dy_dx"].numpy() == 3.0
    assert names["dz_dy"].numpy() == 8.0
    assert names["d2y_dx2"].numpy() == 6.0
