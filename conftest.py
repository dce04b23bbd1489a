"""Names that every docstring's example may use without importing them."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _example_names(doctest_namespace: dict[str, Any]) -> None:
    import numpy as np

    import functrans as ft
    import functrans.numpy as fnp

    doctest_namespace |= {"np": np, "ft": ft, "fnp": fnp}
