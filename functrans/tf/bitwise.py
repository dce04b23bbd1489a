"""tf.bitwise: operations on the bits of integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from functrans import numpy as fnp
from functrans.tf.rooms import names, public
from functrans.tf.words import elementwise, pairwise

bitwise_and = pairwise(
    __name__,
    "bitwise_and",
    "BitwiseAnd",
    fnp.bitwise_and,
    "The bits that both have.",
    "tf.bitwise.bitwise_and(6, 3).numpy() → np.int32(2)",
    "iu",
)
bitwise_or = pairwise(
    __name__,
    "bitwise_or",
    "BitwiseOr",
    fnp.bitwise_or,
    "The bits that one of them has.",
    "tf.bitwise.bitwise_or(6, 3).numpy() → np.int32(7)",
    "iu",
)
bitwise_xor = pairwise(
    __name__,
    "bitwise_xor",
    "BitwiseXor",
    fnp.bitwise_xor,
    "The bits that exactly one of them has.",
    "tf.bitwise.bitwise_xor(6, 3).numpy() → np.int32(5)",
    "iu",
)
invert = elementwise(
    __name__,
    "invert",
    "Invert",
    fnp.invert,
    "All bits turned.",
    "tf.bitwise.invert(5).numpy() → np.int32(-6)",
    "iu",
)


def _shift(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A shift by 0 to all but one of the bits: other distances are clipped to these."""

    def run(a: Any, b: Any) -> Any:
        return function(a, fnp.clip(b, 0, a.dtype.itemsize * 8 - 1))

    return run


left_shift = pairwise(
    __name__,
    "left_shift",
    "LeftShift",
    _shift(fnp.left_shift),
    "The bits of x moved up by y places.",
    "tf.bitwise.left_shift(5, 2).numpy() → np.int32(20)",
    "iu",
)
right_shift = pairwise(
    __name__,
    "right_shift",
    "RightShift",
    _shift(fnp.right_shift),
    "The bits of x moved down by y places; the sign is kept.",
    "tf.bitwise.right_shift(20, 2).numpy() → np.int32(5)",
    "iu",
)


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
