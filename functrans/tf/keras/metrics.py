"""tf.keras.metrics, which is tf.metrics: running means, accuracies and counts."""

from __future__ import annotations

from typing import Any

from functrans.tf.rooms import names, public


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
