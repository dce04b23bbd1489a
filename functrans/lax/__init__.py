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

from __future__ import annotations

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
from functrans.primitives.marks import stop_gradient as _stop
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
    from functrans.lax import linalg as linalg
    from functrans.lax.convolution import (
        ConvDimensionNumbers,
        conv,
        conv_dimension_numbers,
        conv_general_dilated,
        conv_general_dilated_patches,
        conv_transpose,
        conv_with_general_padding,
    )
    from functrans.lax.derived import (
        batch_matmul,
        clamp,
        dot,
        optimization_barrier,
        polygamma,
        reciprocal,
        reduce_xor,
        rsqrt,
        select,
        shift_right_arithmetic,
        shift_right_logical,
        square,
    )
    from functrans.lax.slicing import (
        broadcast,
        broadcast_shapes,
        broadcast_to_rank,
        broadcasted_iota,
        collapse,
        dynamic_index_in_dim,
        dynamic_slice,
        dynamic_slice_in_dim,
        dynamic_update_index_in_dim,
        dynamic_update_slice,
        dynamic_update_slice_in_dim,
        index_in_dim,
        slice_in_dim,
        split,
        squeeze,
        stack,
        tile,
        unstack,
    )
    from functrans.lax.sorting import (
        cumlogsumexp,
        cummax,
        cummin,
        cumprod,
        cumsum,
        sort,
        sort_key_val,
        top_k,
    )
    from functrans.lax.windows import (
        padtype_to_pads,
        reduce,
        reduce_window,
    )


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
    "broadcast": "functrans.lax.slicing",
    "broadcast_shapes": "functrans.lax.slicing",
    "broadcast_to_rank": "functrans.lax.slicing",
    "broadcasted_iota": "functrans.lax.slicing",
    "collapse": "functrans.lax.slicing",
    "dynamic_index_in_dim": "functrans.lax.slicing",
    "dynamic_slice": "functrans.lax.slicing",
    "dynamic_slice_in_dim": "functrans.lax.slicing",
    "dynamic_update_index_in_dim": "functrans.lax.slicing",
    "dynamic_update_slice": "functrans.lax.slicing",
    "dynamic_update_slice_in_dim": "functrans.lax.slicing",
    "index_in_dim": "functrans.lax.slicing",
    "slice_in_dim": "functrans.lax.slicing",
    "split": "functrans.lax.slicing",
    "squeeze": "functrans.lax.slicing",
    "stack": "functrans.lax.slicing",
    "tile": "functrans.lax.slicing",
    "unstack": "functrans.lax.slicing",
    "cumlogsumexp": "functrans.lax.sorting",
    "cummax": "functrans.lax.sorting",
    "cummin": "functrans.lax.sorting",
    "cumprod": "functrans.lax.sorting",
    "cumsum": "functrans.lax.sorting",
    "sort": "functrans.lax.sorting",
    "sort_key_val": "functrans.lax.sorting",
    "top_k": "functrans.lax.sorting",
    "padtype_to_pads": "functrans.lax.windows",
    "reduce": "functrans.lax.windows",
    "reduce_window": "functrans.lax.windows",
    "ConvDimensionNumbers": "functrans.lax.convolution",
    "conv": "functrans.lax.convolution",
    "conv_dimension_numbers": "functrans.lax.convolution",
    "conv_general_dilated": "functrans.lax.convolution",
    "conv_general_dilated_patches": "functrans.lax.convolution",
    "conv_transpose": "functrans.lax.convolution",
    "conv_with_general_padding": "functrans.lax.convolution",
    "batch_matmul": "functrans.lax.derived",
    "clamp": "functrans.lax.derived",
    "dot": "functrans.lax.derived",
    "optimization_barrier": "functrans.lax.derived",
    "polygamma": "functrans.lax.derived",
    "reciprocal": "functrans.lax.derived",
    "reduce_xor": "functrans.lax.derived",
    "rsqrt": "functrans.lax.derived",
    "select": "functrans.lax.derived",
    "shift_right_arithmetic": "functrans.lax.derived",
    "shift_right_logical": "functrans.lax.derived",
    "square": "functrans.lax.derived",
}


if not TYPE_CHECKING:  # which see the names above, and miss what is not there

    def __getattr__(name: str) -> object:
        if name == "linalg":  # few programs need it
            return import_module("functrans.lax.linalg")
        if name in _LOADED_LATER:
            return getattr(import_module(_LOADED_LATER[name]), name)
        raise AttributeError(f"module 'functrans.lax' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return list(__all__)


__all__ = [
    "ConvDimensionNumbers",
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
    "batch_matmul",
    "betainc",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "broadcast",
    "broadcast_in_dim",
    "broadcast_shapes",
    "broadcast_to_rank",
    "broadcasted_iota",
    "cbrt",
    "ceil",
    "clamp",
    "collapse",
    "complex",
    "concatenate",
    "cond",
    "conj",
    "conv",
    "conv_dimension_numbers",
    "conv_general_dilated",
    "conv_general_dilated_patches",
    "conv_transpose",
    "conv_with_general_padding",
    "convert_element_type",
    "cos",
    "cosh",
    "cumlogsumexp",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative",
    "custom_linear_solve",
    "custom_root",
    "digamma",
    "div",
    "dot",
    "dot_general",
    "dynamic_index_in_dim",
    "dynamic_slice",
    "dynamic_slice_in_dim",
    "dynamic_update_index_in_dim",
    "dynamic_update_slice",
    "dynamic_update_slice_in_dim",
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
    "index_in_dim",
    "integer_pow",
    "iota",
    "is_finite",
    "le",
    "lgamma",
    "linalg",
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
    "optimization_barrier",
    "pad",
    "padtype_to_pads",
    "pmax",
    "pmean",
    "pmin",
    "polygamma",
    "population_count",
    "pow",
    "ppermute",
    "pshuffle",
    "psum",
    "psum_scatter",
    "pswapaxes",
    "real",
    "reciprocal",
    "reduce",
    "reduce_and",
    "reduce_max",
    "reduce_min",
    "reduce_or",
    "reduce_prod",
    "reduce_sum",
    "reduce_window",
    "reduce_xor",
    "rem",
    "reshape",
    "rev",
    "round",
    "rsqrt",
    "scan",
    "scatter",
    "select",
    "select_n",
    "shift_left",
    "shift_right_arithmetic",
    "shift_right_logical",
    "sign",
    "sin",
    "sinh",
    "slice",
    "slice_in_dim",
    "sort",
    "sort_key_val",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "sub",
    "switch",
    "tan",
    "tanh",
    "tile",
    "top_k",
    "transpose",
    "unstack",
    "while_loop",
    "zeta",
]
