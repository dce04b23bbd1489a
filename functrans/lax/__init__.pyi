"""Written by ``python docs/make_stubs.py``; do not edit."""

import builtins
from typing import Any, TypedDict, Unpack, overload

from functrans.typing import Array, ArrayLike, ArrayOrScalar, Axes, DTypeLike, Elementwise, Number
from functrans.typing import Operand

from functrans.collectives import all_gather as all_gather
from functrans.collectives import all_to_all as all_to_all
from functrans.collectives import axis_index as axis_index
from functrans.collectives import axis_size as axis_size
from functrans.collectives import pmax as pmax
from functrans.collectives import pmean as pmean
from functrans.collectives import pmin as pmin
from functrans.collectives import ppermute as ppermute
from functrans.collectives import pshuffle as pshuffle
from functrans.collectives import psum as psum
from functrans.collectives import psum_scatter as psum_scatter
from functrans.collectives import pswapaxes as pswapaxes
from functrans.control.associative import associative_scan as associative_scan
from functrans.control.branches import cond as cond
from functrans.control.branches import switch as switch
from functrans.control.linear_call import linear_call as linear_call
from functrans.control.linear_solve import custom_linear_solve as custom_linear_solve
from functrans.control.loops import scan as scan
from functrans.control.root import custom_root as custom_root
from functrans.control.row_map import map as map
from functrans.control.while_loop import fori_loop as fori_loop
from functrans.control.while_loop import while_loop as while_loop
from functrans.lax import linalg as linalg
from functrans.lax.convolution import ConvDimensionNumbers as ConvDimensionNumbers
from functrans.lax.convolution import conv as conv
from functrans.lax.convolution import conv_dimension_numbers as conv_dimension_numbers
from functrans.lax.convolution import conv_general_dilated as conv_general_dilated
from functrans.lax.convolution import conv_general_dilated_patches as conv_general_dilated_patches
from functrans.lax.convolution import conv_transpose as conv_transpose
from functrans.lax.convolution import conv_with_general_padding as conv_with_general_padding
from functrans.lax.derived import batch_matmul as batch_matmul
from functrans.lax.derived import clamp as clamp
from functrans.lax.derived import dot as dot
from functrans.lax.derived import optimization_barrier as optimization_barrier
from functrans.lax.derived import polygamma as polygamma
from functrans.lax.derived import reciprocal as reciprocal
from functrans.lax.derived import reduce_xor as reduce_xor
from functrans.lax.derived import rsqrt as rsqrt
from functrans.lax.derived import select as select
from functrans.lax.derived import shift_right_arithmetic as shift_right_arithmetic
from functrans.lax.derived import shift_right_logical as shift_right_logical
from functrans.lax.derived import square as square
from functrans.lax.slicing import broadcast as broadcast
from functrans.lax.slicing import broadcast_shapes as broadcast_shapes
from functrans.lax.slicing import broadcast_to_rank as broadcast_to_rank
from functrans.lax.slicing import broadcasted_iota as broadcasted_iota
from functrans.lax.slicing import collapse as collapse
from functrans.lax.slicing import dynamic_index_in_dim as dynamic_index_in_dim
from functrans.lax.slicing import dynamic_slice as dynamic_slice
from functrans.lax.slicing import dynamic_slice_in_dim as dynamic_slice_in_dim
from functrans.lax.slicing import dynamic_update_index_in_dim as dynamic_update_index_in_dim
from functrans.lax.slicing import dynamic_update_slice as dynamic_update_slice
from functrans.lax.slicing import dynamic_update_slice_in_dim as dynamic_update_slice_in_dim
from functrans.lax.slicing import index_in_dim as index_in_dim
from functrans.lax.slicing import slice_in_dim as slice_in_dim
from functrans.lax.slicing import split as split
from functrans.lax.slicing import squeeze as squeeze
from functrans.lax.slicing import stack as stack
from functrans.lax.slicing import tile as tile
from functrans.lax.slicing import unstack as unstack
from functrans.lax.sorting import cumlogsumexp as cumlogsumexp
from functrans.lax.sorting import cummax as cummax
from functrans.lax.sorting import cummin as cummin
from functrans.lax.sorting import cumprod as cumprod
from functrans.lax.sorting import cumsum as cumsum
from functrans.lax.sorting import sort as sort
from functrans.lax.sorting import sort_key_val as sort_key_val
from functrans.lax.sorting import top_k as top_k
from functrans.lax.windows import padtype_to_pads as padtype_to_pads
from functrans.lax.windows import reduce as reduce
from functrans.lax.windows import reduce_window as reduce_window
from functrans.primitives.contraction import dot_general as dot_general
from functrans.primitives.elementwise import betainc as betainc
from functrans.primitives.elementwise import integer_pow as integer_pow
from functrans.primitives.indexing import gather as gather
from functrans.primitives.indexing import scatter as scatter
from functrans.primitives.layout import broadcast_in_dim as broadcast_in_dim
from functrans.primitives.layout import concatenate as concatenate
from functrans.primitives.layout import expand_dims as expand_dims
from functrans.primitives.layout import full as full
from functrans.primitives.layout import full_like as full_like
from functrans.primitives.layout import iota as iota
from functrans.primitives.layout import reduce_sum as reduce_sum
from functrans.primitives.layout import reshape as reshape
from functrans.primitives.layout import rev as rev
from functrans.primitives.layout import slice_ as slice
from functrans.primitives.layout import transpose as transpose
from functrans.primitives.linear import add as add
from functrans.primitives.linear import complex_ as complex
from functrans.primitives.linear import conj as conj
from functrans.primitives.linear import convert as convert_element_type
from functrans.primitives.linear import div as div
from functrans.primitives.linear import imag as imag
from functrans.primitives.linear import mul as mul
from functrans.primitives.linear import neg as neg
from functrans.primitives.linear import pad as pad
from functrans.primitives.linear import real as real
from functrans.primitives.linear import select_n as select_n
from functrans.primitives.linear import sub as sub
from functrans.primitives.reductions import argmax as argmax
from functrans.primitives.reductions import argmin as argmin
from functrans.primitives.reductions import cumulative as cumulative
from functrans.primitives.reductions import reduce_and as reduce_and
from functrans.primitives.reductions import reduce_max as reduce_max
from functrans.primitives.reductions import reduce_min as reduce_min
from functrans.primitives.reductions import reduce_or as reduce_or
from functrans.primitives.reductions import reduce_prod as reduce_prod

def abs(x: Operand) -> ArrayOrScalar:
    """Absolute value."""

def acos(x: Operand) -> ArrayOrScalar:
    """Inverse cosine, in radians."""

def acosh(x: Operand) -> ArrayOrScalar:
    """Inverse hyperbolic cosine."""

def asin(x: Operand) -> ArrayOrScalar:
    """Inverse sine, in radians."""

def asinh(x: Operand) -> ArrayOrScalar:
    """Inverse hyperbolic sine."""

def atan(x: Operand) -> ArrayOrScalar:
    """Inverse tangent, in radians."""

def atan2(x: Operand, y: Operand) -> ArrayOrScalar:
    """Angle of the point (second, first) in radians."""

def atanh(x: Operand) -> ArrayOrScalar:
    """Inverse hyperbolic tangent."""

def bitwise_and(x: Operand, y: Operand) -> ArrayOrScalar:
    """Bitwise, of booleans logical, and."""

def bitwise_not(x: Operand) -> ArrayOrScalar:
    """Bitwise, of booleans logical, negation."""

def bitwise_or(x: Operand, y: Operand) -> ArrayOrScalar:
    """Bitwise, of booleans logical, or."""

def bitwise_xor(x: Operand, y: Operand) -> ArrayOrScalar:
    """Bitwise, of booleans logical, exclusive or."""

def cbrt(x: Operand) -> ArrayOrScalar:
    """Cube root of a real number."""

def ceil(x: Operand) -> ArrayOrScalar:
    """Smallest integer not below x."""

def cos(x: Operand) -> ArrayOrScalar:
    """Cosine of x radians."""

def cosh(x: Operand) -> ArrayOrScalar:
    """Hyperbolic cosine."""

def digamma(x: Operand) -> ArrayOrScalar:
    """Derivative of log Γ."""

def eq(x: Operand, y: Operand) -> ArrayOrScalar:
    """x = y."""

def erf(x: Operand) -> ArrayOrScalar:
    """Error function."""

def erf_inv(x: Operand) -> ArrayOrScalar:
    """Inverse of erf."""

def erfc(x: Operand) -> ArrayOrScalar:
    """1 − erf(x), accurate for large x."""

def exp(x: Operand) -> ArrayOrScalar:
    """eˣ."""

def exp2(x: Operand) -> ArrayOrScalar:
    """2ˣ."""

def expm1(x: Operand) -> ArrayOrScalar:
    """eˣ − 1, accurate near 0."""

def floor(x: Operand) -> ArrayOrScalar:
    """Largest integer not above x."""

def ge(x: Operand, y: Operand) -> ArrayOrScalar:
    """x ≥ y."""

def gt(x: Operand, y: Operand) -> ArrayOrScalar:
    """x > y."""

def igamma(x: Operand, y: Operand) -> ArrayOrScalar:
    """Regularised lower incomplete gamma function P(a, x)."""

def igammac(x: Operand, y: Operand) -> ArrayOrScalar:
    """Regularised upper incomplete gamma function Q(a, x)."""

def is_finite(x: Operand) -> ArrayOrScalar:
    """True where x is neither infinite nor NaN."""

def le(x: Operand, y: Operand) -> ArrayOrScalar:
    """x ≤ y."""

def lgamma(x: Operand) -> ArrayOrScalar:
    """Logarithm of |Γ(x)|."""

def log(x: Operand) -> ArrayOrScalar:
    """Natural logarithm."""

def log1p(x: Operand) -> ArrayOrScalar:
    """log(1 + x), accurate near 0."""

def logistic(x: Operand) -> ArrayOrScalar:
    """1 / (1 + e⁻ˣ)."""

def lt(x: Operand, y: Operand) -> ArrayOrScalar:
    """x < y."""

def max(x: Operand, y: Operand) -> ArrayOrScalar:
    """The greater; NaN if either is. Equal operands share the derivative."""

def min(x: Operand, y: Operand) -> ArrayOrScalar:
    """The smaller; NaN if either is. Equal operands share the derivative."""

def ne(x: Operand, y: Operand) -> ArrayOrScalar:
    """x ≠ y."""

def nextafter(x: Operand, y: Operand) -> ArrayOrScalar:
    """Next floating number after x towards y."""

def population_count(x: Operand) -> ArrayOrScalar:
    """Number of one bits in |x|."""

def pow(x: Operand, y: Operand) -> ArrayOrScalar:
    """xʸ of operands of one dtype."""

def rem(x: Operand, y: Operand) -> ArrayOrScalar:
    """x − y·trunc(x / y): the sign of x."""

def round(x: Operand) -> ArrayOrScalar:
    """Nearest integer, halves to the even one."""

def shift_left(x: Operand, y: Operand) -> ArrayOrScalar:
    """x·2ʸ in the bits of x."""

def sign(x: Operand) -> ArrayOrScalar:
    """−1, 0 or 1; z/|z| of a complex number."""

def sin(x: Operand) -> ArrayOrScalar:
    """Sine of x radians."""

def sinh(x: Operand) -> ArrayOrScalar:
    """Hyperbolic sine."""

def sqrt(x: Operand) -> ArrayOrScalar:
    """Square root."""

def stop_gradient(x: Any) -> Any:
    """A tree of values that every derivative treats as constants."""

def tan(x: Operand) -> ArrayOrScalar:
    """Tangent of x radians."""

def tanh(x: Operand) -> ArrayOrScalar:
    """Hyperbolic tangent."""

def zeta(x: Operand, y: Operand) -> ArrayOrScalar:
    """Hurwitz zeta function."""

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
