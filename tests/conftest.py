"""Strict switches for every test: checked Jaxprs, one thread, no cache, the same examples."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

# These are read on import, so they come before functrans, NumPy and JAX.
os.environ["FUNCTRANS_CHECK"] = "1"
os.environ["FUNCTRANS_CACHE"] = "0"  # the tests of the cache turn it on, in folders of their own
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np
from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden texts instead of comparing with them",
    )


def pytest_collection_finish() -> None:
    """Spare the collector what lives as long as the run: tens of thousands of tests."""
    gc.collect()
    gc.freeze()


class Golden:
    """Compares a text with the file of that name in ``tests/golden``."""

    def __init__(self, update: bool) -> None:
        self.update = update

    def check(self, name: str, text: str) -> None:
        """Fail where ``text`` differs from the file; with ``--update-golden`` write the file."""
        file = GOLDEN / f"{name}.txt"
        text = text.rstrip() + "\n"
        if self.update:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.exists(), f"no {file}; run pytest --update-golden and read what it wrote"
        assert text == file.read_text(encoding="utf-8")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(request.config.getoption("--update-golden"))


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(0)
