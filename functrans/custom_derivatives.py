"""Functions with derivative rules of the user's own, and what their rules are given.

>>> import numpy as np
>>> import functrans as ft
>>> clipped = ft.custom_derivatives.custom_jvp(lambda x: np.clip(x, 0.0, 1.0))
>>> clipped.defjvps(lambda t, value, x: t)
>>> float(ft.grad(clipped)(2.0))
1.0
"""

from functrans.control.closures import closure_convert, custom_gradient
from functrans.control.custom_jvp import custom_jvp
from functrans.control.custom_rules import SymbolicZero, zero_from_primal
from functrans.control.custom_vjp import (
    CustomVJPPrimal,
    custom_vjp,
    custom_vjp_primal_tree_values,
)
from functrans.control.linear_call import linear_call

__all__ = [
    "CustomVJPPrimal",
    "SymbolicZero",
    "closure_convert",
    "custom_gradient",
    "custom_jvp",
    "custom_vjp",
    "custom_vjp_primal_tree_values",
    "linear_call",
    "zero_from_primal",
]
