"""The operations below NumPy's: no broadcasting, no promotion, one function for each primitive.

And control flow, which traces the functions it is given: cond, switch, scan, map, fori_loop,
while_loop, associative_scan.

Operands of elementwise functions have one dtype and one shape; a constant of rank 0 goes with any
shape. Axes count from 0. Under a transform anything else raises ShapeError or DtypeError; plain
arrays go to NumPy as they are.

>>> import numpy as np
>>> import functrans as ft
>>> ft.grad(lambda x: ft.lax.reduce_sum(ft.lax.mul(x, x), (0,)))(np.array([1.0, 2.0]))
array([2., 4.])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from functrans import tree
from functrans.core.avals import aval_of, is_inexact
from functrans.primitives.contraction import dot_general
from functrans.primitives.elementwise import abs_ as abs
from functrans.primitives.elementwise import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    betainc,
    cbrt,
    ceil,
    cos,
    cosh,
    digamma,
    eq,
    erf,
    erf_inv,
    erfc,
    exp,
    exp2,
    expm1,
    floor,
    ge,
    gt,
    igamma,
    igammac,
    integer_pow,
    is_finite,
    le,
    lgamma,
    log,
    log1p,
    logistic,
    lt,
    ne,
    nextafter,
    population_count,
    rem,
    shift_left,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
    zeta,
)
from functrans.primitives.elementwise import and_ as bitwise_and
from functrans.primitives.elementwise import max_ as max
from functrans.primitives.elementwise import min_ as min
from functrans.primitives.elementwise import not_ as bitwise_not
from functrans.primitives.elementwise import or_ as bitwise_or
from functrans.primitives.elementwise import power as pow
from functrans.primitives.elementwise import round_ as round
from functrans.primitives.elementwise import xor as bitwise_xor
from functrans.primitives.indexing import gather, scatter
from functrans.primitives.layout import (
    broadcast_in_dim,
    concatenate,
    expand_dims,
    full,
    full_like,
    iota,
    reduce_sum,
    reshape,
    rev,
    transpose,
)
from functrans.primitives.layout import slice_ as slice
from functrans.primitives.linear import add, conj, div, imag, mul, neg, pad, real, select_n, sub
from functrans.primitives.linear import complex_ as complex
from functrans.primitives.linear import convert as convert_element_type
from functrans.primitives.linear import stop_gradient as _stop
from functrans.primitives.reductions import (
    argmax,
    argmin,
    cumulative,
    reduce_and,
    reduce_max,
    reduce_min,
    reduce_or,
    reduce_prod,
)

if TYPE_CHECKING:  # what few programs need is loaded when it is named
    from functrans.collectives import (
        all_gather,
        all_to_all,
        axis_index,
        axis_size,
        pmax,
        pmean,
        pmin,
        ppermute,
        pshuffle,
        psum,
        psum_scatter,
        pswapaxes,
    )
    from functrans.control.associative import associative_scan
    from functrans.control.branches import cond, switch
    from functrans.control.linear_call import linear_call
    from functrans.control.linear_solve import custom_linear_solve
    from functrans.control.loops import scan
    from functrans.control.root import custom_root
    from functrans.control.row_map import map
    from functrans.control.while_loop import fori_loop, while_loop


def stop_gradient(x: Any) -> Any:
    """A tree of values that every derivative treats as constants.

    >>> import functrans as ft
    >>> float(ft.grad(lambda x: x * ft.stop_gradient(x))(3.0))
    3.0
    """
    return tree.map_(lambda v: _stop(v) if is_inexact(aval_of(v).dtype) else v, x)


_LOADED_LATER = {
    "all_gather": "functrans.collectives",
    "all_to_all": "functrans.collectives",
    "associative_scan": "functrans.control.associative",
    "axis_index": "functrans.collectives",
    "axis_size": "functrans.collectives",
    "cond": "functrans.control.branches",
    "custom_linear_solve": "functrans.control.linear_solve",
    "custom_root": "functrans.control.root",
    "fori_loop": "functrans.control.while_loop",
    "linear_call": "functrans.control.linear_call",
    "map": "functrans.control.row_map",
    "pmax": "functrans.collectives",
    "pmean": "functrans.collectives",
    "pmin": "functrans.collectives",
    "ppermute": "functrans.collectives",
    "pshuffle": "functrans.collectives",
    "psum": "functrans.collectives",
    "psum_scatter": "functrans.collectives",
    "pswapaxes": "functrans.collectives",
    "scan": "functrans.control.loops",
    "switch": "functrans.control.branches",
    "while_loop": "functrans.control.while_loop",
}


def __getattr__(name: str) -> object:
    if name in _LOADED_LATER:
        return getattr(import_module(_LOADED_LATER[name]), name)
    raise AttributeError(f"module 'functrans.lax' has no attribute {name!r}")


__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "all_gather",
    "all_to_all",
    "argmax",
    "argmin",
    "asin",
    "asinh",
    "associative_scan",
    "atan",
    "atan2",
    "atanh",
    "axis_index",
    "axis_size",
    "betainc",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "broadcast_in_dim",
    "cbrt",
    "ceil",
    "complex",
    "concatenate",
    "cond",
    "conj",
    "convert_element_type",
    "cos",
    "cosh",
    "cumulative",
    "custom_linear_solve",
    "custom_root",
    "digamma",
    "div",
    "dot_general",
    "eq",
    "erf",
    "erf_inv",
    "erfc",
    "exp",
    "exp2",
    "expand_dims",
    "expm1",
    "floor",
    "fori_loop",
    "full",
    "full_like",
    "gather",
    "ge",
    "gt",
    "igamma",
    "igammac",
    "imag",
    "integer_pow",
    "iota",
    "is_finite",
    "le",
    "lgamma",
    "linear_call",
    "log",
    "log1p",
    "logistic",
    "lt",
    "map",
    "max",
    "min",
    "mul",
    "ne",
    "neg",
    "nextafter",
    "pad",
    "pmax",
    "pmean",
    "pmin",
    "population_count",
    "pow",
    "ppermute",
    "pshuffle",
    "psum",
    "psum_scatter",
    "pswapaxes",
    "real",
    "reduce_and",
    "reduce_max",
    "reduce_min",
    "reduce_or",
    "reduce_prod",
    "reduce_sum",
    "rem",
    "reshape",
    "rev",
    "round",
    "scan",
    "scatter",
    "select_n",
    "shift_left",
    "sign",
    "sin",
    "sinh",
    "slice",
    "sqrt",
    "stop_gradient",
    "sub",
    "switch",
    "tan",
    "tanh",
    "transpose",
    "while_loop",
    "zeta",
]
