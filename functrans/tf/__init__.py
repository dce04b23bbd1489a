"""TensorFlow's GradientTape layer on functrans' transforms: ``import functrans.tf as tf``.

>>> import functrans.tf as tf
>>> x = tf.Variable(3.0)
>>> with tf.GradientTape() as tape:
...     y = x * x
>>> tape.gradient(y, x)
<tf.Tensor: shape=(), dtype=float32, numpy=6.0>

The names are listed in ``functrans/tf/rooms.py`` and, beside TensorFlow's, on the page
``docs/tensorflow_names.md``; ``docs/tensorflow.md`` says what differs and why.
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
