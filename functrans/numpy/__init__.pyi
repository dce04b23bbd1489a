"""Written by ``python docs/make_stubs.py``; do not edit."""

import builtins
from typing import Any, TypedDict, Unpack, overload

from functrans.typing import Array, ArrayLike, ArrayOrScalar, Axes, DTypeLike, Elementwise, Number
from functrans.typing import Operand

class _Options(TypedDict, total=False):
    where: ArrayLike
    dtype: DTypeLike | None
    casting: str
    order: str
    subok: builtins.bool

class _Unary(Elementwise):
    @overload
    def __call__(
        self, x: Number, /, out: None = None, **options: Unpack[_Options]
    ) -> ArrayOrScalar: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]
    ) -> Array: ...

class _Binary(Elementwise):
    @overload
    def __call__(
        self, x: Number, y: Number, /, out: None = None, **options: Unpack[_Options]
    ) -> ArrayOrScalar: ...
    @overload
    def __call__(
        self, x: ArrayLike, y: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]
    ) -> Array: ...

class _Folding(_Binary):
    def reduce(
        self, array: ArrayLike, axis: Axes = 0, dtype: DTypeLike | None = None,
        out: Array | None = None, keepdims: builtins.bool = False, initial: ArrayLike = ...,
        where: ArrayLike = True,
    ) -> ArrayOrScalar: ...
    def accumulate(
        self, array: ArrayLike, axis: int = 0, dtype: DTypeLike | None = None,
        out: Array | None = None,
    ) -> Array: ...
    def outer(self, A: ArrayLike, B: ArrayLike, /, **options: Unpack[_Options]) -> Array: ...
    def at(self, a: Array, indices: Any, b: ArrayLike | None = None, /) -> None: ...

from functrans.numpy import fft as fft
from functrans.numpy import linalg as linalg
from functrans.numpy.complex_numbers import angle as angle
from functrans.numpy.complex_numbers import imag as imag
from functrans.numpy.complex_numbers import iscomplex as iscomplex
from functrans.numpy.complex_numbers import iscomplexobj as iscomplexobj
from functrans.numpy.complex_numbers import isreal as isreal
from functrans.numpy.complex_numbers import isrealobj as isrealobj
from functrans.numpy.complex_numbers import real as real
from functrans.numpy.contraction import cross as cross
from functrans.numpy.contraction import dot as dot
from functrans.numpy.contraction import einsum as einsum
from functrans.numpy.contraction import einsum_path as einsum_path
from functrans.numpy.contraction import inner as inner
from functrans.numpy.contraction import kron as kron
from functrans.numpy.contraction import outer as outer
from functrans.numpy.contraction import tensordot as tensordot
from functrans.numpy.contraction import trace as trace
from functrans.numpy.contraction import vdot as vdot
from functrans.numpy.creation import arange as arange
from functrans.numpy.creation import array as array
from functrans.numpy.creation import asanyarray as asanyarray
from functrans.numpy.creation import asarray as asarray
from functrans.numpy.creation import ascontiguousarray as ascontiguousarray
from functrans.numpy.creation import astype as astype
from functrans.numpy.creation import copy as copy
from functrans.numpy.creation import diag as diag
from functrans.numpy.creation import diagflat as diagflat
from functrans.numpy.creation import empty as empty
from functrans.numpy.creation import empty_like as empty_like
from functrans.numpy.creation import eye as eye
from functrans.numpy.creation import fromfunction as fromfunction
from functrans.numpy.creation import full as full
from functrans.numpy.creation import full_like as full_like
from functrans.numpy.creation import geomspace as geomspace
from functrans.numpy.creation import identity as identity
from functrans.numpy.creation import indices as indices
from functrans.numpy.creation import linspace as linspace
from functrans.numpy.creation import logspace as logspace
from functrans.numpy.creation import meshgrid as meshgrid
from functrans.numpy.creation import ones as ones
from functrans.numpy.creation import ones_like as ones_like
from functrans.numpy.creation import tri as tri
from functrans.numpy.creation import tril as tril
from functrans.numpy.creation import triu as triu
from functrans.numpy.creation import vander as vander
from functrans.numpy.creation import zeros as zeros
from functrans.numpy.creation import zeros_like as zeros_like
from functrans.numpy.elementwise import around as around
from functrans.numpy.elementwise import clip as clip
from functrans.numpy.elementwise import fix as fix
from functrans.numpy.elementwise import isclose as isclose
from functrans.numpy.elementwise import isneginf as isneginf
from functrans.numpy.elementwise import isposinf as isposinf
from functrans.numpy.elementwise import nan_to_num as nan_to_num
from functrans.numpy.elementwise import round as round
from functrans.numpy.folding import frompyfunc as frompyfunc
from functrans.numpy.folding import ufunc as ufunc
from functrans.numpy.grids import c_ as c_
from functrans.numpy.grids import fromiter as fromiter
from functrans.numpy.grids import r_ as r_
from functrans.numpy.histograms import histogram as histogram
from functrans.numpy.histograms import histogram2d as histogram2d
from functrans.numpy.histograms import histogram_bin_edges as histogram_bin_edges
from functrans.numpy.histograms import histogramdd as histogramdd
from functrans.numpy.ignoring_nan import nanargmax as nanargmax
from functrans.numpy.ignoring_nan import nanargmin as nanargmin
from functrans.numpy.ignoring_nan import nancumprod as nancumprod
from functrans.numpy.ignoring_nan import nancumsum as nancumsum
from functrans.numpy.ignoring_nan import nanmax as nanmax
from functrans.numpy.ignoring_nan import nanmean as nanmean
from functrans.numpy.ignoring_nan import nanmin as nanmin
from functrans.numpy.ignoring_nan import nanprod as nanprod
from functrans.numpy.ignoring_nan import nanstd as nanstd
from functrans.numpy.ignoring_nan import nansum as nansum
from functrans.numpy.ignoring_nan import nanvar as nanvar
from functrans.numpy.indexing import at as at
from functrans.numpy.indexing import diagonal as diagonal
from functrans.numpy.indexing import take as take
from functrans.numpy.indexing import take_along_axis as take_along_axis
from functrans.numpy.integers import packbits as packbits
from functrans.numpy.integers import unpackbits as unpackbits
from functrans.numpy.joining import append as append
from functrans.numpy.joining import array_split as array_split
from functrans.numpy.joining import block as block
from functrans.numpy.joining import column_stack as column_stack
from functrans.numpy.joining import concat as concat
from functrans.numpy.joining import concatenate as concatenate
from functrans.numpy.joining import dsplit as dsplit
from functrans.numpy.joining import dstack as dstack
from functrans.numpy.joining import hsplit as hsplit
from functrans.numpy.joining import hstack as hstack
from functrans.numpy.joining import split as split
from functrans.numpy.joining import stack as stack
from functrans.numpy.joining import unstack as unstack
from functrans.numpy.joining import vsplit as vsplit
from functrans.numpy.joining import vstack as vstack
from functrans.numpy.order import argpartition as argpartition
from functrans.numpy.order import median as median
from functrans.numpy.order import nanmedian as nanmedian
from functrans.numpy.order import nanpercentile as nanpercentile
from functrans.numpy.order import nanquantile as nanquantile
from functrans.numpy.order import partition as partition
from functrans.numpy.order import percentile as percentile
from functrans.numpy.order import quantile as quantile
from functrans.numpy.placing import fill_diagonal as fill_diagonal
from functrans.numpy.placing import place as place
from functrans.numpy.placing import put as put
from functrans.numpy.placing import put_along_axis as put_along_axis
from functrans.numpy.polynomials import poly as poly
from functrans.numpy.polynomials import polydiv as polydiv
from functrans.numpy.polynomials import polyfit as polyfit
from functrans.numpy.polynomials import polyint as polyint
from functrans.numpy.polynomials import roots as roots
from functrans.numpy.polynomials import trim_zeros as trim_zeros
from functrans.numpy.promote import result_type as result_type
from functrans.numpy.reductions import all_ as all
from functrans.numpy.reductions import allclose as allclose
from functrans.numpy.reductions import amax as amax
from functrans.numpy.reductions import amin as amin
from functrans.numpy.reductions import any_ as any
from functrans.numpy.reductions import argmax as argmax
from functrans.numpy.reductions import argmin as argmin
from functrans.numpy.reductions import argsort as argsort
from functrans.numpy.reductions import array_equal as array_equal
from functrans.numpy.reductions import array_equiv as array_equiv
from functrans.numpy.reductions import average as average
from functrans.numpy.reductions import count_nonzero as count_nonzero
from functrans.numpy.reductions import cumprod as cumprod
from functrans.numpy.reductions import cumsum as cumsum
from functrans.numpy.reductions import cumulative_prod as cumulative_prod
from functrans.numpy.reductions import cumulative_sum as cumulative_sum
from functrans.numpy.reductions import lexsort as lexsort
from functrans.numpy.reductions import max as max
from functrans.numpy.reductions import mean as mean
from functrans.numpy.reductions import min as min
from functrans.numpy.reductions import prod as prod
from functrans.numpy.reductions import ptp as ptp
from functrans.numpy.reductions import sort as sort
from functrans.numpy.reductions import sort_complex as sort_complex
from functrans.numpy.reductions import std as std
from functrans.numpy.reductions import sum as sum
from functrans.numpy.reductions import var as var
from functrans.numpy.selecting import argwhere as argwhere
from functrans.numpy.selecting import choose as choose
from functrans.numpy.selecting import compress as compress
from functrans.numpy.selecting import diag_indices as diag_indices
from functrans.numpy.selecting import diag_indices_from as diag_indices_from
from functrans.numpy.selecting import extract as extract
from functrans.numpy.selecting import flatnonzero as flatnonzero
from functrans.numpy.selecting import isin as isin
from functrans.numpy.selecting import ix_ as ix_
from functrans.numpy.selecting import mask_indices as mask_indices
from functrans.numpy.selecting import nonzero as nonzero
from functrans.numpy.selecting import piecewise as piecewise
from functrans.numpy.selecting import ravel_multi_index as ravel_multi_index
from functrans.numpy.selecting import select as select
from functrans.numpy.selecting import tril_indices as tril_indices
from functrans.numpy.selecting import tril_indices_from as tril_indices_from
from functrans.numpy.selecting import triu_indices as triu_indices
from functrans.numpy.selecting import triu_indices_from as triu_indices_from
from functrans.numpy.selecting import unique as unique
from functrans.numpy.selecting import unravel_index as unravel_index
from functrans.numpy.selecting import where as where
from functrans.numpy.sets import intersect1d as intersect1d
from functrans.numpy.sets import setdiff1d as setdiff1d
from functrans.numpy.sets import setxor1d as setxor1d
from functrans.numpy.sets import union1d as union1d
from functrans.numpy.sets import unique_all as unique_all
from functrans.numpy.sets import unique_counts as unique_counts
from functrans.numpy.sets import unique_inverse as unique_inverse
from functrans.numpy.sets import unique_values as unique_values
from functrans.numpy.shaping import atleast_1d as atleast_1d
from functrans.numpy.shaping import atleast_2d as atleast_2d
from functrans.numpy.shaping import atleast_3d as atleast_3d
from functrans.numpy.shaping import broadcast_arrays as broadcast_arrays
from functrans.numpy.shaping import broadcast_to as broadcast_to
from functrans.numpy.shaping import delete as delete
from functrans.numpy.shaping import expand_dims as expand_dims
from functrans.numpy.shaping import flip as flip
from functrans.numpy.shaping import fliplr as fliplr
from functrans.numpy.shaping import flipud as flipud
from functrans.numpy.shaping import insert as insert
from functrans.numpy.shaping import matrix_transpose as matrix_transpose
from functrans.numpy.shaping import moveaxis as moveaxis
from functrans.numpy.shaping import ndim as ndim
from functrans.numpy.shaping import pad as pad
from functrans.numpy.shaping import permute_dims as permute_dims
from functrans.numpy.shaping import ravel as ravel
from functrans.numpy.shaping import repeat as repeat
from functrans.numpy.shaping import reshape as reshape
from functrans.numpy.shaping import resize as resize
from functrans.numpy.shaping import roll as roll
from functrans.numpy.shaping import rollaxis as rollaxis
from functrans.numpy.shaping import rot90 as rot90
from functrans.numpy.shaping import shape as shape
from functrans.numpy.shaping import size as size
from functrans.numpy.shaping import squeeze as squeeze
from functrans.numpy.shaping import swapaxes as swapaxes
from functrans.numpy.shaping import tile as tile
from functrans.numpy.shaping import transpose as transpose
from functrans.numpy.signal import bincount as bincount
from functrans.numpy.signal import convolve as convolve
from functrans.numpy.signal import corrcoef as corrcoef
from functrans.numpy.signal import correlate as correlate
from functrans.numpy.signal import cov as cov
from functrans.numpy.signal import diff as diff
from functrans.numpy.signal import digitize as digitize
from functrans.numpy.signal import ediff1d as ediff1d
from functrans.numpy.signal import gradient as gradient
from functrans.numpy.signal import interp as interp
from functrans.numpy.signal import polyadd as polyadd
from functrans.numpy.signal import polyder as polyder
from functrans.numpy.signal import polymul as polymul
from functrans.numpy.signal import polysub as polysub
from functrans.numpy.signal import polyval as polyval
from functrans.numpy.signal import searchsorted as searchsorted
from functrans.numpy.signal import trapezoid as trapezoid
from functrans.numpy.texts import array_repr as array_repr
from functrans.numpy.texts import array_str as array_str
from functrans.numpy.vectorizing import apply_along_axis as apply_along_axis
from functrans.numpy.vectorizing import apply_over_axes as apply_over_axes
from functrans.numpy.vectorizing import vectorize as vectorize
from functrans.numpy.waves import i0 as i0
from functrans.numpy.waves import kaiser as kaiser
from functrans.numpy.waves import sinc as sinc
from functrans.numpy.waves import unwrap as unwrap
from numpy import False_ as False_
from numpy import True_ as True_
from numpy import bool as bool
from numpy import bool_ as bool_
from numpy import broadcast_shapes as broadcast_shapes
from numpy import byte as byte
from numpy import can_cast as can_cast
from numpy import cdouble as cdouble
from numpy import character as character
from numpy import complex128 as complex128
from numpy import complex128 as complex_
from numpy import complex64 as complex64
from numpy import complexfloating as complexfloating
from numpy import csingle as csingle
from numpy import double as double
from numpy import dtype as dtype
from numpy import e as e
from numpy import errstate as errstate
from numpy import euler_gamma as euler_gamma
from numpy import finfo as finfo
from numpy import flexible as flexible
from numpy import float16 as float16
from numpy import float32 as float32
from numpy import float64 as float64
from numpy import float64 as float_
from numpy import floating as floating
from numpy import frombuffer as frombuffer
from numpy import fromfile as fromfile
from numpy import fromstring as fromstring
from numpy import generic as generic
from numpy import half as half
from numpy import iinfo as iinfo
from numpy import index_exp as index_exp
from numpy import inexact as inexact
from numpy import inf as inf
from numpy import int16 as int16
from numpy import int32 as int32
from numpy import int64 as int64
from numpy import int8 as int8
from numpy import int_ as int_
from numpy import intc as intc
from numpy import integer as integer
from numpy import intp as intp
from numpy import isdtype as isdtype
from numpy import isscalar as isscalar
from numpy import issubdtype as issubdtype
from numpy import iterable as iterable
from numpy import longlong as longlong
from numpy import mgrid as mgrid
from numpy import min_scalar_type as min_scalar_type
from numpy import nan as nan
from numpy import ndarray as ndarray
from numpy import ndindex as ndindex
from numpy import newaxis as newaxis
from numpy import number as number
from numpy import object_ as object_
from numpy import ogrid as ogrid
from numpy import pi as pi
from numpy import promote_types as promote_types
from numpy import s_ as s_
from numpy import short as short
from numpy import signedinteger as signedinteger
from numpy import single as single
from numpy import ubyte as ubyte
from numpy import uint as uint
from numpy import uint16 as uint16
from numpy import uint32 as uint32
from numpy import uint64 as uint64
from numpy import uint8 as uint8
from numpy import uintc as uintc
from numpy import ulonglong as ulonglong
from numpy import unsignedinteger as unsignedinteger
from numpy import ushort as ushort
from numpy.exceptions import ComplexWarning as ComplexWarning

abs: _Unary
"""Absolute value; its derivative at 0 is 1."""

absolute: _Unary
"""Absolute value; its derivative at 0 is 1."""

acos: _Unary
"""Inverse cosine, in radians; its derivative at ±1 is −inf."""

acosh: _Unary
"""Inverse hyperbolic cosine; its derivative at 1 is inf."""

add: _Folding
"""x + y."""

arccos: _Unary
"""Inverse cosine, in radians; its derivative at ±1 is −inf."""

arccosh: _Unary
"""Inverse hyperbolic cosine; its derivative at 1 is inf."""

arcsin: _Unary
"""Inverse sine, in radians; its derivative at ±1 is inf."""

arcsinh: _Unary
"""Inverse hyperbolic sine."""

arctan: _Unary
"""Inverse tangent, in radians."""

arctan2: _Folding
"""Angle of the point (y, x), in radians; its derivatives at (0, 0) are NaN."""

arctanh: _Unary
"""Inverse hyperbolic tangent."""

asin: _Unary
"""Inverse sine, in radians; its derivative at ±1 is inf."""

asinh: _Unary
"""Inverse hyperbolic sine."""

atan: _Unary
"""Inverse tangent, in radians."""

atan2: _Folding
"""Angle of the point (y, x), in radians; its derivatives at (0, 0) are NaN."""

atanh: _Unary
"""Inverse hyperbolic tangent."""

def bartlett(M: int) -> Array:
    """The bartlett window of M points."""

bitwise_and: _Folding
"""Bitwise, of booleans logical, and."""

bitwise_count: _Unary
"""Number of one bits in |x|."""

bitwise_invert: _Unary
"""Bitwise, of booleans logical, not."""

bitwise_left_shift: _Folding
"""x·2ʸ in the bits of x."""

bitwise_not: _Unary
"""Bitwise, of booleans logical, not."""

bitwise_or: _Folding
"""Bitwise, of booleans logical, or."""

bitwise_right_shift: _Folding
"""⌊x / 2ʸ⌋."""

bitwise_xor: _Folding
"""Bitwise, of booleans logical, exclusive or."""

def blackman(M: int) -> Array:
    """The blackman window of M points."""

cbrt: _Unary
"""Cube root of real numbers; its derivative at 0 is inf."""

ceil: _Unary
"""The smallest integer not below x; its derivative is 0."""

conj: _Unary
"""Complex conjugate."""

conjugate: _Unary
"""Complex conjugate."""

copysign: _Folding
"""|x| with the sign of y; its derivative in y is 0."""

cos: _Unary
"""Cosine of radians."""

cosh: _Unary
"""Hyperbolic cosine."""

deg2rad: _Unary
"""Degrees to radians."""

degrees: _Unary
"""Radians to degrees."""

divide: _Folding
"""x / y."""

def divmod(x: ArrayLike, y: ArrayLike, /, out: Any = None, **options: Unpack[_Options]) -> tuple[ArrayOrScalar, ArrayOrScalar]:
    """⌊x / y⌋ and the remainder."""

equal: _Folding
"""x = y."""

exp: _Unary
"""Exponential function."""

exp2: _Unary
"""2 to the power x."""

expm1: _Unary
"""exp(x) − 1, accurate near 0."""

fabs: _Unary
"""Absolute value of real numbers, floating; its derivative at 0 is 1."""

float_power: _Folding
"""x to the power y in at least float64."""

floor: _Unary
"""The largest integer not above x; its derivative is 0."""

floor_divide: _Folding
"""⌊x / y⌋; its derivatives are 0."""

fmax: _Folding
"""The greater; a number where the other operand is NaN."""

fmin: _Folding
"""The smaller; a number where the other operand is NaN."""

fmod: _Folding
"""x − y·trunc(x / y): the sign of x; derivatives 1 and −trunc(x / y)."""

def frexp(x: ArrayLike, /, out: Any = None, **options: Unpack[_Options]) -> tuple[ArrayOrScalar, ArrayOrScalar]:
    """The mantissa, of magnitude in [0.5, 1), and the exponent of 2, whose product is x."""

gcd: _Folding
"""The greatest common divisor of whole numbers, by Euclid's algorithm."""

greater: _Folding
"""x > y."""

greater_equal: _Folding
"""x ≥ y."""

def hamming(M: int) -> Array:
    """The hamming window of M points."""

def hanning(M: int) -> Array:
    """The hanning window of M points."""

heaviside: _Folding
"""0 below zero, ``y`` at zero, 1 above; NaN stays."""

hypot: _Folding
"""√(x² + y²) without overflow; its derivatives at (0, 0) are NaN."""

invert: _Unary
"""Bitwise, of booleans logical, not."""

isfinite: _Unary
"""True where x is neither infinite nor NaN."""

isinf: _Unary
"""True where x is infinite."""

isnan: _Unary
"""True where x is NaN."""

lcm: _Folding
"""The least common multiple of whole numbers; 0 if one of them is 0."""

ldexp: _Folding
"""x·2ⁱ."""

left_shift: _Folding
"""x·2ʸ in the bits of x."""

less: _Folding
"""x < y."""

less_equal: _Folding
"""x ≤ y."""

log: _Unary
"""Natural logarithm."""

log10: _Unary
"""Logarithm to base 10."""

log1p: _Unary
"""log(1 + x), accurate near 0."""

log2: _Unary
"""Logarithm to base 2."""

logaddexp: _Folding
"""log(exp(x) + exp(y)) without overflow."""

logaddexp2: _Folding
"""log₂(2ˣ + 2ʸ) without overflow."""

logical_and: _Folding
"""True where both are not zero."""

logical_not: _Unary
"""True where x is zero."""

logical_or: _Folding
"""True where either is not zero."""

logical_xor: _Folding
"""True where exactly one is not zero."""

def matmul(x: ArrayLike, y: ArrayLike, /, out: Any = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """``x @ y``: matrix products over the last two axes, the others broadcast."""

def matvec(x1: ArrayLike, x2: ArrayLike, /, out: Any = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Products of matrices and vectors, Σ x1[…, i, j]·x2[…, j], the other axes broadcast."""

maximum: _Folding
"""The greater; equal operands get ½ of the derivative each."""

minimum: _Folding
"""The smaller; equal operands get ½ of the derivative each."""

mod: _Folding
"""x − y·⌊x / y⌋: the sign of y; derivatives 1 and −⌊x / y⌋."""

def modf(x: ArrayLike, /, out: Any = None, **options: Unpack[_Options]) -> tuple[ArrayOrScalar, ArrayOrScalar]:
    """The fraction and the whole part of x, both with its sign."""

multiply: _Folding
"""x·y."""

negative: _Unary
"""−x."""

nextafter: _Folding
"""The next floating number after x towards y; its derivatives are 0."""

not_equal: _Folding
"""x ≠ y."""

positive: _Unary
"""+x."""

pow: _Folding
"""x to the power y. A Python int as y is a fixed exponent; ``x**0`` has derivative 0."""

power: _Folding
"""x to the power y. A Python int as y is a fixed exponent; ``x**0`` has derivative 0."""

rad2deg: _Unary
"""Radians to degrees."""

radians: _Unary
"""Degrees to radians."""

reciprocal: _Unary
"""1 / x; of integers the integer part."""

remainder: _Folding
"""x − y·⌊x / y⌋: the sign of y; derivatives 1 and −⌊x / y⌋."""

right_shift: _Folding
"""⌊x / 2ʸ⌋."""

rint: _Unary
"""The nearest integer, halves to the even one; its derivative is 0."""

sign: _Unary
"""−1, 0 or 1, with derivative 0; z/|z| of complex numbers."""

signbit: _Unary
"""True where the sign bit is set, −0.0 included."""

sin: _Unary
"""Sine of radians."""

sinh: _Unary
"""Hyperbolic sine."""

spacing: _Unary
"""The distance to the next number away from zero, with the sign of x; its derivative is 0."""

sqrt: _Unary
"""Square root; its derivative at 0 is inf."""

square: _Unary
"""x·x."""

subtract: _Folding
"""x − y."""

tan: _Unary
"""Tangent of radians."""

tanh: _Unary
"""Hyperbolic tangent."""

true_divide: _Folding
"""x / y."""

trunc: _Unary
"""x without its fraction; its derivative is 0."""

def vecdot(x1: ArrayLike, x2: ArrayLike, /, *, axis: int = -1, out: Any = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Σ conj(x1)·x2 along an axis, the others broadcast."""

def vecmat(x1: ArrayLike, x2: ArrayLike, /, out: Any = None, **options: Unpack[_Options]) -> ArrayOrScalar:
    """Products of vectors and matrices, Σ conj(x1[…, i])·x2[…, i, j], the other axes broadcast."""

__all__ = [
    "ComplexWarning",
    "False_",
    "True_",
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "all",
    "allclose",
    "amax",
    "amin",
    "angle",
    "any",
    "append",
    "apply_along_axis",
    "apply_over_axes",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "argwhere",
    "around",
    "array",
    "array_equal",
    "array_equiv",
    "array_repr",
    "array_split",
    "array_str",
    "asanyarray",
    "asarray",
    "ascontiguousarray",
    "asin",
    "asinh",
    "astype",
    "at",
    "atan",
    "atan2",
    "atanh",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "average",
    "bartlett",
    "bincount",
    "bitwise_and",
    "bitwise_count",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "blackman",
    "block",
    "bool",
    "bool_",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "byte",
    "c_",
    "can_cast",
    "cbrt",
    "cdouble",
    "ceil",
    "character",
    "choose",
    "clip",
    "column_stack",
    "complex128",
    "complex64",
    "complex_",
    "complexfloating",
    "compress",
    "concat",
    "concatenate",
    "conj",
    "conjugate",
    "convolve",
    "copy",
    "copysign",
    "corrcoef",
    "correlate",
    "cos",
    "cosh",
    "count_nonzero",
    "cov",
    "cross",
    "csingle",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "deg2rad",
    "degrees",
    "delete",
    "diag",
    "diag_indices",
    "diag_indices_from",
    "diagflat",
    "diagonal",
    "diff",
    "digitize",
    "divide",
    "divmod",
    "dot",
    "double",
    "dsplit",
    "dstack",
    "dtype",
    "e",
    "ediff1d",
    "einsum",
    "einsum_path",
    "empty",
    "empty_like",
    "equal",
    "errstate",
    "euler_gamma",
    "exp",
    "exp2",
    "expand_dims",
    "expm1",
    "extract",
    "eye",
    "fabs",
    "fft",
    "fill_diagonal",
    "finfo",
    "fix",
    "flatnonzero",
    "flexible",
    "flip",
    "fliplr",
    "flipud",
    "float16",
    "float32",
    "float64",
    "float_",
    "float_power",
    "floating",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "frexp",
    "frombuffer",
    "fromfile",
    "fromfunction",
    "fromiter",
    "frompyfunc",
    "fromstring",
    "full",
    "full_like",
    "gcd",
    "generic",
    "geomspace",
    "gradient",
    "greater",
    "greater_equal",
    "half",
    "hamming",
    "hanning",
    "heaviside",
    "histogram",
    "histogram2d",
    "histogram_bin_edges",
    "histogramdd",
    "hsplit",
    "hstack",
    "hypot",
    "i0",
    "identity",
    "iinfo",
    "imag",
    "index_exp",
    "indices",
    "inexact",
    "inf",
    "inner",
    "insert",
    "int16",
    "int32",
    "int64",
    "int8",
    "int_",
    "intc",
    "integer",
    "interp",
    "intersect1d",
    "intp",
    "invert",
    "isclose",
    "iscomplex",
    "iscomplexobj",
    "isdtype",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "isrealobj",
    "isscalar",
    "issubdtype",
    "iterable",
    "ix_",
    "kaiser",
    "kron",
    "lcm",
    "ldexp",
    "left_shift",
    "less",
    "less_equal",
    "lexsort",
    "linalg",
    "linspace",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logaddexp2",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logspace",
    "longlong",
    "mask_indices",
    "matmul",
    "matrix_transpose",
    "matvec",
    "max",
    "maximum",
    "mean",
    "median",
    "meshgrid",
    "mgrid",
    "min",
    "min_scalar_type",
    "minimum",
    "mod",
    "modf",
    "moveaxis",
    "multiply",
    "nan",
    "nan_to_num",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
    "ndarray",
    "ndim",
    "ndindex",
    "negative",
    "newaxis",
    "nextafter",
    "nonzero",
    "not_equal",
    "number",
    "object_",
    "ogrid",
    "ones",
    "ones_like",
    "outer",
    "packbits",
    "pad",
    "partition",
    "percentile",
    "permute_dims",
    "pi",
    "piecewise",
    "place",
    "poly",
    "polyadd",
    "polyder",
    "polydiv",
    "polyfit",
    "polyint",
    "polymul",
    "polysub",
    "polyval",
    "positive",
    "pow",
    "power",
    "prod",
    "promote_types",
    "ptp",
    "put",
    "put_along_axis",
    "quantile",
    "r_",
    "rad2deg",
    "radians",
    "ravel",
    "ravel_multi_index",
    "real",
    "reciprocal",
    "remainder",
    "repeat",
    "reshape",
    "resize",
    "result_type",
    "right_shift",
    "rint",
    "roll",
    "rollaxis",
    "roots",
    "rot90",
    "round",
    "s_",
    "searchsorted",
    "select",
    "setdiff1d",
    "setxor1d",
    "shape",
    "short",
    "sign",
    "signbit",
    "signedinteger",
    "sin",
    "sinc",
    "single",
    "sinh",
    "size",
    "sort",
    "sort_complex",
    "spacing",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "swapaxes",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "trace",
    "transpose",
    "trapezoid",
    "tri",
    "tril",
    "tril_indices",
    "tril_indices_from",
    "trim_zeros",
    "triu",
    "triu_indices",
    "triu_indices_from",
    "true_divide",
    "trunc",
    "ubyte",
    "ufunc",
    "uint",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "uintc",
    "ulonglong",
    "union1d",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "unpackbits",
    "unravel_index",
    "unsignedinteger",
    "unstack",
    "unwrap",
    "ushort",
    "vander",
    "var",
    "vdot",
    "vecdot",
    "vecmat",
    "vectorize",
    "vsplit",
    "vstack",
    "where",
    "zeros",
    "zeros_like",
]
