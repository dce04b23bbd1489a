"""What neural networks are made of: activations, softmax and its kin, attention.

Values and derivatives follow ``jax.nn``: where a function has a kink, its derivative is that of the
flat side (``relu'(0)`` is 0). Integers count as floats. ``nn.initializers`` makes weights.

>>> import numpy as np
>>> import functrans as ft
>>> ft.nn.softmax(np.array([0.0, np.log(3.0)]))
array([0.25, 0.75])
"""

from importlib import import_module
from typing import TYPE_CHECKING

from functrans.nn.activations import (
    celu,
    elu,
    gelu,
    glu,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    identity,
    leaky_relu,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_sign,
    softplus,
    sparse_plus,
    sparse_sigmoid,
    squareplus,
    swish,
    tanh,
)
from functrans.nn.attention import dot_product_attention
from functrans.nn.normal import (
    log1mexp,
    log_softmax,
    logmeanexp,
    logsumexp,
    one_hot,
    softmax,
    standardize,
)

if TYPE_CHECKING:
    from functrans.nn import initializers

__all__ = [
    "celu",
    "dot_product_attention",
    "elu",
    "gelu",
    "glu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "identity",
    "initializers",
    "leaky_relu",
    "log1mexp",
    "log_sigmoid",
    "log_softmax",
    "logmeanexp",
    "logsumexp",
    "mish",
    "one_hot",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_sign",
    "softmax",
    "softplus",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "standardize",
    "swish",
    "tanh",
]


if not TYPE_CHECKING:  # which see the names above, and miss what is not there

    def __getattr__(name: str) -> object:
        if name == "initializers":  # loaded when it is named, and with it functrans.random
            return import_module("functrans.nn.initializers")
        raise AttributeError(f"module 'functrans.nn' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return list(__all__)
