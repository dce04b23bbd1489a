"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.elementwise import abs as abs
from functrans.tf.arithmetic import accumulate_n as accumulate_n
from functrans.tf.elementwise import acos as acos
from functrans.tf.elementwise import acosh as acosh
from functrans.tf.arithmetic import add as add
from functrans.tf.arithmetic import add_n as add_n
from functrans.tf.elementwise import angle as angle
from functrans.tf.selection import approx_max_k as approx_max_k
from functrans.tf.selection import approx_min_k as approx_min_k
from functrans.tf.reductions import argmax as argmax
from functrans.tf.reductions import argmin as argmin
from functrans.tf.elementwise import asin as asin
from functrans.tf.elementwise import asinh as asinh
from functrans.tf.elementwise import atan as atan
from functrans.tf.arithmetic import atan2 as atan2
from functrans.tf.elementwise import atanh as atanh
from functrans.tf.special_functions import bessel_i0 as bessel_i0
from functrans.tf.special_functions import bessel_i0e as bessel_i0e
from functrans.tf.special_functions import bessel_i1 as bessel_i1
from functrans.tf.special_functions import bessel_i1e as bessel_i1e
from functrans.tf.gammas import betainc as betainc
from functrans.tf.segments import bincount as bincount
from functrans.tf.elementwise import ceil as ceil
from functrans.tf.segments import confusion_matrix as confusion_matrix
from functrans.tf.elementwise import conj as conj
from functrans.tf.elementwise import cos as cos
from functrans.tf.elementwise import cosh as cosh
from functrans.tf.reductions import count_nonzero as count_nonzero
from functrans.tf.cumulative import cumprod as cumprod
from functrans.tf.cumulative import cumsum as cumsum
from functrans.tf.cumulative import cumulative_logsumexp as cumulative_logsumexp
from functrans.tf.gammas import digamma as digamma
from functrans.tf.arithmetic import divide as divide
from functrans.tf.arithmetic import divide_no_nan as divide_no_nan
from functrans.tf.logic import equal as equal
from functrans.tf.gammas import erf as erf
from functrans.tf.gammas import erfc as erfc
from functrans.tf.gammas import erfcinv as erfcinv
from functrans.tf.gammas import erfinv as erfinv
from functrans.tf.elementwise import exp as exp
from functrans.tf.elementwise import expm1 as expm1
from functrans.tf.elementwise import floor as floor
from functrans.tf.arithmetic import floordiv as floordiv
from functrans.tf.arithmetic import floormod as floormod
from functrans.tf.logic import greater as greater
from functrans.tf.logic import greater_equal as greater_equal
from functrans.tf.gammas import igamma as igamma
from functrans.tf.gammas import igammac as igammac
from functrans.tf.elementwise import imag as imag
from functrans.tf.selection import in_top_k as in_top_k
from functrans.tf.selection import invert_permutation as invert_permutation
from functrans.tf.logic import is_finite as is_finite
from functrans.tf.logic import is_inf as is_inf
from functrans.tf.logic import is_nan as is_nan
from functrans.tf.logic import is_non_decreasing as is_non_decreasing
from functrans.tf.logic import is_strictly_increasing as is_strictly_increasing
from functrans.tf.norms import l2_normalize as l2_normalize
from functrans.tf.gammas import lbeta as lbeta
from functrans.tf.logic import less as less
from functrans.tf.logic import less_equal as less_equal
from functrans.tf.gammas import lgamma as lgamma
from functrans.tf.elementwise import log as log
from functrans.tf.elementwise import log1p as log1p
from functrans.tf.elementwise import log_sigmoid as log_sigmoid
from functrans.tf.cross_entropies import log_softmax as log_softmax
from functrans.tf.logic import logical_and as logical_and
from functrans.tf.logic import logical_not as logical_not
from functrans.tf.logic import logical_or as logical_or
from functrans.tf.logic import logical_xor as logical_xor
from functrans.tf.arithmetic import maximum as maximum
from functrans.tf.arithmetic import minimum as minimum
from functrans.tf.arithmetic import mod as mod
from functrans.tf.arithmetic import multiply as multiply
from functrans.tf.arithmetic import multiply_no_nan as multiply_no_nan
from functrans.tf.gammas import ndtri as ndtri
from functrans.tf.elementwise import negative as negative
from functrans.tf.arithmetic import nextafter as nextafter
from functrans.tf.logic import not_equal as not_equal
from functrans.tf.gammas import polygamma as polygamma
from functrans.tf.arithmetic import polyval as polyval
from functrans.tf.arithmetic import pow as pow
from functrans.tf.elementwise import real as real
from functrans.tf.elementwise import reciprocal as reciprocal
from functrans.tf.elementwise import reciprocal_no_nan as reciprocal_no_nan
from functrans.tf.reductions import reduce_all as reduce_all
from functrans.tf.reductions import reduce_any as reduce_any
from functrans.tf.reductions import reduce_euclidean_norm as reduce_euclidean_norm
from functrans.tf.reductions import reduce_logsumexp as reduce_logsumexp
from functrans.tf.reductions import reduce_max as reduce_max
from functrans.tf.reductions import reduce_mean as reduce_mean
from functrans.tf.reductions import reduce_min as reduce_min
from functrans.tf.reductions import reduce_prod as reduce_prod
from functrans.tf.reductions import reduce_std as reduce_std
from functrans.tf.reductions import reduce_sum as reduce_sum
from functrans.tf.reductions import reduce_variance as reduce_variance
from functrans.tf.elementwise import rint as rint
from functrans.tf.elementwise import round as round
from functrans.tf.elementwise import rsqrt as rsqrt
from functrans.tf.arithmetic import scalar_mul as scalar_mul
from functrans.tf.segments import segment_max as segment_max
from functrans.tf.segments import segment_mean as segment_mean
from functrans.tf.segments import segment_min as segment_min
from functrans.tf.segments import segment_prod as segment_prod
from functrans.tf.segments import segment_sum as segment_sum
from functrans.tf.elementwise import sigmoid as sigmoid
from functrans.tf.elementwise import sign as sign
from functrans.tf.elementwise import sin as sin
from functrans.tf.elementwise import sinh as sinh
from functrans.tf.gammas import sobol_sample as sobol_sample
from functrans.tf.cross_entropies import softmax as softmax
from functrans.tf.elementwise import softplus as softplus
from functrans.tf.elementwise import softsign as softsign
from functrans.tf.math import special as special
from functrans.tf.elementwise import sqrt as sqrt
from functrans.tf.elementwise import square as square
from functrans.tf.arithmetic import squared_difference as squared_difference
from functrans.tf.arithmetic import subtract as subtract
from functrans.tf.elementwise import tan as tan
from functrans.tf.elementwise import tanh as tanh
from functrans.tf.selection import top_k as top_k
from functrans.tf.arithmetic import truediv as truediv
from functrans.tf.segments import unsorted_segment_max as unsorted_segment_max
from functrans.tf.segments import unsorted_segment_mean as unsorted_segment_mean
from functrans.tf.segments import unsorted_segment_min as unsorted_segment_min
from functrans.tf.segments import unsorted_segment_prod as unsorted_segment_prod
from functrans.tf.segments import unsorted_segment_sqrt_n as unsorted_segment_sqrt_n
from functrans.tf.segments import unsorted_segment_sum as unsorted_segment_sum
from functrans.tf.arithmetic import xdivy as xdivy
from functrans.tf.arithmetic import xlog1py as xlog1py
from functrans.tf.arithmetic import xlogy as xlogy
from functrans.tf.reductions import zero_fraction as zero_fraction
from functrans.tf.gammas import zeta as zeta

__all__ = [
    "abs",
    "accumulate_n",
    "acos",
    "acosh",
    "add",
    "add_n",
    "angle",
    "approx_max_k",
    "approx_min_k",
    "argmax",
    "argmin",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bessel_i0",
    "bessel_i0e",
    "bessel_i1",
    "bessel_i1e",
    "betainc",
    "bincount",
    "ceil",
    "confusion_matrix",
    "conj",
    "cos",
    "cosh",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "cumulative_logsumexp",
    "digamma",
    "divide",
    "divide_no_nan",
    "equal",
    "erf",
    "erfc",
    "erfcinv",
    "erfinv",
    "exp",
    "expm1",
    "floor",
    "floordiv",
    "floormod",
    "greater",
    "greater_equal",
    "igamma",
    "igammac",
    "imag",
    "in_top_k",
    "invert_permutation",
    "is_finite",
    "is_inf",
    "is_nan",
    "is_non_decreasing",
    "is_strictly_increasing",
    "l2_normalize",
    "lbeta",
    "less",
    "less_equal",
    "lgamma",
    "log",
    "log1p",
    "log_sigmoid",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "multiply_no_nan",
    "ndtri",
    "negative",
    "nextafter",
    "not_equal",
    "polygamma",
    "polyval",
    "pow",
    "real",
    "reciprocal",
    "reciprocal_no_nan",
    "reduce_all",
    "reduce_any",
    "reduce_euclidean_norm",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_std",
    "reduce_sum",
    "reduce_variance",
    "rint",
    "round",
    "rsqrt",
    "scalar_mul",
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sobol_sample",
    "softmax",
    "softplus",
    "softsign",
    "special",
    "sqrt",
    "square",
    "squared_difference",
    "subtract",
    "tan",
    "tanh",
    "top_k",
    "truediv",
    "unsorted_segment_max",
    "unsorted_segment_mean",
    "unsorted_segment_min",
    "unsorted_segment_prod",
    "unsorted_segment_sqrt_n",
    "unsorted_segment_sum",
    "xdivy",
    "xlog1py",
    "xlogy",
    "zero_fraction",
    "zeta",
]
