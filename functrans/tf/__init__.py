"""TensorFlow's GradientTape layer on functrans' transforms: ``import functrans.tf as tf``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from functrans.tf import operators as _operators  # noqa: F401  # attaches the operators
from functrans.tf.tensor import Tensor

_NAMES = {
    "convert": "cast constant convert_to_tensor is_tensor",
    "dtypes": "DType as_dtype",
    "math": "add less multiply negative sin subtract",
    "products": "einsum matmul tensordot",
    "scopes": "control_dependencies device executing_eagerly init_scope name_scope",
    "tape": "GradientTape UnconnectedGradients",
    "shapes": "TensorShape TensorSpec TypeSpec",
    "variable": "Variable VariableAggregation VariableSynchronization",
}
"""The public names of each file; files load when one of their names is used."""

_ROOMS = frozenset("linalg math".split())
"""Public rooms: ``tf.linalg`` and its like."""

_HOME = {name: home for home, names in _NAMES.items() for name in names.split()}

__all__ = ["Tensor", *sorted(_HOME), *sorted(_ROOMS)]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if name in _ROOMS:
        return import_module(f"functrans.tf.{name}")
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"functrans.tf.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
