"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.forward import ForwardAccumulator as ForwardAccumulator
from functrans.tf.tape import GradientTape as GradientTape

__all__ = [
    "ForwardAccumulator",
    "GradientTape",
]
