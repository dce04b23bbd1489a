"""Names that every docstring's example may use without importing them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

# Before pytest imports single files for their doctests: it would make packages a second time.
import functrans as ft
import functrans.numpy as fnp


@pytest.fixture(autouse=True)
def _example_names(doctest_namespace: dict[str, Any]) -> None:
    doctest_namespace |= {"np": np, "ft": ft, "fnp": fnp}
