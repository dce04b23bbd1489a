"""Nothing public without a row in ``cases.py``, and no row without an operation."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.control
import functrans.lax.linalg
import functrans.numpy
import functrans.numpy.fft
import functrans.numpy.linalg
import functrans.primitives
import functrans.scipy.linalg
import functrans.scipy.special
from functrans.core.primitive import Primitive
from tests.cases import CASES, DOOR_CASES, PRIMITIVE_CASES

_OPERATIONS = {case.operation for case in CASES}

NO_ROW: dict[str, str] = {
    "scipy.linalg.dft": "SciPy's own, of a size",
    "scipy.linalg.hadamard": "SciPy's own, of a size",
    "scipy.linalg.helmert": "SciPy's own, of a size",
    "scipy.linalg.hilbert": "SciPy's own, of a size",
    "scipy.linalg.invhilbert": "SciPy's own, of a size",
    "scipy.linalg.invpascal": "SciPy's own, of a size",
    "scipy.linalg.pascal": "SciPy's own, of a size",
    # Functions that return no array, or take none.
    "numpy.broadcast_shapes": "of shapes, not arrays",
    "numpy.can_cast": "of dtypes",
    "numpy.promote_types": "of dtypes",
    "numpy.result_type": "of dtypes",
    "numpy.issubdtype": "of dtypes",
    "numpy.finfo": "of dtypes",
    "scipy.special.bernoulli": "of a Python int",
    "numpy.iinfo": "of dtypes",
    "numpy.dtype": "a type",
    "numpy.ndarray": "a type",
    "numpy.einsum_path": "a plan, not an array",
    "numpy.isscalar": "returns a Python bool",
    "numpy.ndim": "returns a Python int",
    "numpy.size": "returns a Python int",
    "numpy.array_repr": "returns a text",
    "numpy.array_str": "returns a text",
    "numpy.frombuffer": "NumPy's own, of bytes",
    "numpy.fromfile": "NumPy's own, of a file",
    "numpy.fromstring": "NumPy's own, of a text",
    "numpy.isdtype": "of dtypes",
    "numpy.iterable": "returns a Python bool",
    "numpy.min_scalar_type": "of dtypes",
    "numpy.iscomplexobj": "returns a Python bool",
    "numpy.isrealobj": "returns a Python bool",
}


def public_functions(module: ModuleType, prefix: str) -> list[str]:
    """Names of the functions that a module offers."""
    names = getattr(module, "__all__", None)
    if names is None:  # those that NumPy's or SciPy's module of that name has too
        original = importlib.import_module(prefix)
        names = [n for n in dir(module) if not n.startswith("_") and hasattr(original, n)]
    found = []
    for name in names:
        value = getattr(module, name)
        if isinstance(value, ModuleType | np.dtype | float | int) or value is None:
            continue
        if isinstance(value, type):
            continue
        if callable(value):
            found.append(f"{prefix}.{name}")
    return found


def test_every_primitive_has_a_row() -> None:
    names = set()
    for room in (functrans.primitives, functrans.control):
        for info in pkgutil.iter_modules(room.__path__):
            module = importlib.import_module(f"{room.__name__}.{info.name}")
            names |= {v.name for v in vars(module).values() if isinstance(v, Primitive)}
    rows = {case.operation for case in PRIMITIVE_CASES}
    assert not names - rows, f"primitives without a row: {sorted(names - rows)}"
    assert not rows - names, f"rows of no primitive: {sorted(rows - names)}"


@pytest.mark.parametrize(
    ("module", "prefix"),
    [
        (functrans.numpy, "numpy"),
        (functrans.lax.linalg, "lax.linalg"),
        (functrans.numpy.fft, "numpy.fft"),
        (functrans.numpy.linalg, "numpy.linalg"),
        (functrans.scipy.linalg, "scipy.linalg"),
        (functrans.scipy.special, "scipy.special"),
    ],
)
def test_every_public_function_has_a_row(module: ModuleType, prefix: str) -> None:
    missing = set(public_functions(module, prefix)) - _OPERATIONS - set(NO_ROW)
    assert not missing, f"functions without a row: {sorted(missing)}"


def test_every_row_is_of_a_public_function() -> None:
    for case in DOOR_CASES:
        value: Any = ft
        for part in case.operation.split("."):
            value = getattr(value, part)
        assert callable(value) or hasattr(value, "__getitem__")  # as r_ has


def test_names_of_rows_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names), {n for n in names if names.count(n) > 1}


def test_the_door_is_wide() -> None:
    functions = set(public_functions(functrans.numpy, "numpy"))
    assert len(functions) >= 200


def test_public_functions_have_docstrings() -> None:
    for name in ft.__all__:
        value = getattr(ft, name)
        if callable(value):
            assert inspect.getdoc(value), name
