"""functrans: composable function transforms for people whose data are NumPy arrays.

>>> import numpy as np
>>> import functrans as ft
>>> ft.grad(lambda x: np.sum(np.tanh(x) ** 2))(np.array([0.0, 1.0]))
array([0.        , 0.63970001])
"""

from importlib import import_module
from typing import TYPE_CHECKING

from functrans import errors, lax, numpy, tree, tree_util, typing
from functrans.control.call import disable_jit, jit
from functrans.core import __version__
from functrans.core.avals import float0
from functrans.core.jaxpr import Jaxpr
from functrans.device import block_until_ready, device_get, device_put
from functrans.lax import stop_gradient
from functrans.transforms.derived import grad, jvp, linearize, value_and_grad, vjp
from functrans.transforms.jacobian import hessian, jacfwd, jacobian, jacrev
from functrans.transforms.stage import (
    ShapeDtypeStruct,
    ensure_compile_time_eval,
    eval_shape,
    make_jaxpr,
)
from functrans.transforms.vmap import vmap

if TYPE_CHECKING:
    from functrans import ad_checkpoint as ad_checkpoint
    from functrans import custom_batching as custom_batching
    from functrans import custom_derivatives as custom_derivatives
    from functrans import debug as debug
    from functrans import display as display
    from functrans import experimental as experimental
    from functrans import extend as extend
    from functrans import flatten_util as flatten_util
    from functrans import nn as nn
    from functrans import ops as ops
    from functrans import random as random
    from functrans import scipy as scipy
    from functrans import testing as testing
    from functrans import tf as tf
    from functrans.ad_checkpoint import checkpoint, checkpoint_policies
    from functrans.ad_checkpoint import checkpoint as remat
    from functrans.control.aot import load
    from functrans.control.callback import pure_callback
    from functrans.control.halves import fwd_and_bwd, linear_transpose
    from functrans.control.leaks import checking_leaks
    from functrans.control.nonfinite import debug_infs, debug_nans
    from functrans.custom_derivatives import (
        closure_convert,
        custom_gradient,
        custom_jvp,
        custom_vjp,
    )
    from functrans.display.explanation import explain

__all__ = [
    "Jaxpr",
    "ShapeDtypeStruct",
    "__version__",
    "block_until_ready",
    "checking_leaks",
    "checkpoint",
    "checkpoint_policies",
    "closure_convert",
    "custom_gradient",
    "custom_jvp",
    "custom_vjp",
    "debug_infs",
    "debug_nans",
    "device_get",
    "device_put",
    "disable_jit",
    "ensure_compile_time_eval",
    "errors",
    "eval_shape",
    "explain",
    "float0",
    "fwd_and_bwd",
    "grad",
    "hessian",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jit",
    "jvp",
    "lax",
    "linear_transpose",
    "linearize",
    "load",
    "make_jaxpr",
    "numpy",
    "pure_callback",
    "random",
    "remat",
    "stop_gradient",
    "testing",
    "tree",
    "tree_util",
    "typing",
    "value_and_grad",
    "vjp",
    "vmap",
]


# What few programs need is loaded when it is named.
_ROOMS = (
    "ad_checkpoint",
    "custom_batching",
    "custom_derivatives",
    "debug",
    "display",
    "experimental",
    "extend",
    "flatten_util",
    "ops",
    "nn",
    "random",
    "scipy",
    "testing",
    "tf",
)
_LATER = {
    "closure_convert": "functrans.custom_derivatives",
    "custom_gradient": "functrans.custom_derivatives",
    "fwd_and_bwd": "functrans.control.halves",
    "linear_transpose": "functrans.control.halves",
    "checking_leaks": "functrans.control.leaks",
    "checkpoint": "functrans.ad_checkpoint",
    "checkpoint_policies": "functrans.ad_checkpoint",
    "custom_jvp": "functrans.custom_derivatives",
    "debug_infs": "functrans.control.nonfinite",
    "explain": "functrans.display.explanation",
    "debug_nans": "functrans.control.nonfinite",
    "custom_vjp": "functrans.custom_derivatives",
    "load": "functrans.control.aot",
    "pure_callback": "functrans.control.callback",
    "remat": "functrans.ad_checkpoint",
}


if not TYPE_CHECKING:  # which see the names above, and miss what is not there

    def __getattr__(name: str) -> object:
        if name in _ROOMS:
            return import_module(f"functrans.{name}")
        if name in _LATER:
            value: object = getattr(import_module(_LATER[name]), name)
            return value
        from functrans.absent import absent  # late: most programs ask for no such name

        raise absent(name)

    def __dir__() -> list[str]:
        return sorted({*__all__, *_ROOMS})
