"""TensorFlow's GradientTape layer on functrans' transforms: ``import functrans.tf as tf``.

The names are listed in ``functrans/tf/rooms.py``.
"""

from __future__ import annotations

from typing import Any

from functrans.tf import operators as _operators  # noqa: F401  # attaches the operators
from functrans.tf.rooms import names, public
from functrans.tf.version import VERSION

__version__ = VERSION


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
