"""tf.version: the public room of the version of TensorFlow that this follows."""

from __future__ import annotations

from typing import Any

from functrans.tf.rooms import names, public

VERSION = "2.21.0+functrans"
"""The TensorFlow whose behaviour was recorded, marked as not being TensorFlow itself."""


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
