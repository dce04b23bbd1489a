"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.assertions import Assert as Assert
from functrans.tf.dtypes import DType as DType
from functrans.tf.tape import GradientTape as GradientTape
from functrans.tf.indexed import IndexedSlices as IndexedSlices
from functrans.tf.module import Module as Module
from functrans.tf.tensor import Tensor as Tensor
from functrans.tf.tensor_array import TensorArray as TensorArray
from functrans.tf.shapes import TensorShape as TensorShape
from functrans.tf.shapes import TensorSpec as TensorSpec
from functrans.tf.shapes import TypeSpec as TypeSpec
from functrans.tf.tape import UnconnectedGradients as UnconnectedGradients
from functrans.tf.variable import Variable as Variable
from functrans.tf.variable import VariableAggregation as VariableAggregation
from functrans.tf.variable import VariableSynchronization as VariableSynchronization
from functrans.tf.elementwise import abs as abs
from functrans.tf.elementwise import acos as acos
from functrans.tf.elementwise import acosh as acosh
from functrans.tf.arithmetic import add as add
from functrans.tf.arithmetic import add_n as add_n
from functrans.tf.reductions import argmax as argmax
from functrans.tf.reductions import argmin as argmin
from functrans.tf.sorting import argsort as argsort
from functrans.tf.dtypes import as_dtype as as_dtype
from functrans.tf.strings import as_string as as_string
from functrans.tf.elementwise import asin as asin
from functrans.tf.elementwise import asinh as asinh
from functrans.tf.assertions import assert_equal as assert_equal
from functrans.tf.assertions import assert_greater as assert_greater
from functrans.tf.assertions import assert_less as assert_less
from functrans.tf.shape_assertions import assert_rank as assert_rank
from functrans.tf.elementwise import atan as atan
from functrans.tf.arithmetic import atan2 as atan2
from functrans.tf.elementwise import atanh as atanh
from functrans.tf import autodiff as autodiff
from functrans.tf import autograph as autograph
from functrans.tf.blocks import batch_to_space as batch_to_space
from functrans.tf.shaping import bitcast as bitcast
from functrans.tf import bitwise as bitwise
from functrans.tf.dtypes import bool_ as bool
from functrans.tf.gathering import boolean_mask as boolean_mask
from functrans.tf.shaping import broadcast_dynamic_shape as broadcast_dynamic_shape
from functrans.tf.shaping import broadcast_static_shape as broadcast_static_shape
from functrans.tf.shaping import broadcast_to as broadcast_to
from functrans.tf.control import case as case
from functrans.tf.convert import cast as cast
from functrans.tf.clipping import clip_by_global_norm as clip_by_global_norm
from functrans.tf.clipping import clip_by_norm as clip_by_norm
from functrans.tf.clipping import clip_by_value as clip_by_value
from functrans.tf.elementwise import complex as complex
from functrans.tf.dtypes import complex128 as complex128
from functrans.tf.dtypes import complex64 as complex64
from functrans.tf.joining import concat as concat
from functrans.tf.control import cond as cond
from functrans.tf import config as config
from functrans.tf.convert import constant as constant
from functrans.tf.starting_values import constant_initializer as constant_initializer
from functrans.tf.scopes import control_dependencies as control_dependencies
from functrans.tf.convert import convert_to_tensor as convert_to_tensor
from functrans.tf.elementwise import cos as cos
from functrans.tf.elementwise import cosh as cosh
from functrans.tf.cumulative import cumsum as cumsum
from functrans.tf.custom_gradients import custom_gradient as custom_gradient
from functrans.tf import debugging as debugging
from functrans.tf.scopes import device as device
from functrans.tf.arithmetic import divide as divide
from functrans.tf.dtypes import double as double
from functrans.tf import dtypes as dtypes
from functrans.tf.scattering import dynamic_partition as dynamic_partition
from functrans.tf.scattering import dynamic_stitch as dynamic_stitch
from functrans.tf.spectra import eig as eig
from functrans.tf.spectra import eigvals as eigvals
from functrans.tf.products import einsum as einsum
from functrans.tf.shaping import ensure_shape as ensure_shape
from functrans.tf.logic import equal as equal
from functrans.tf import errors as errors
from functrans.tf.scopes import executing_eagerly as executing_eagerly
from functrans.tf.elementwise import exp as exp
from functrans.tf.shaping import expand_dims as expand_dims
from functrans.tf.creation import eye as eye
from functrans.tf.creation import fill as fill
from functrans.tf.dtypes import float16 as float16
from functrans.tf.dtypes import float32 as float32
from functrans.tf.dtypes import float64 as float64
from functrans.tf.elementwise import floor as floor
from functrans.tf.mapping import foldl as foldl
from functrans.tf.mapping import foldr as foldr
from functrans.tf.functions import function as function
from functrans.tf.gathering import gather as gather
from functrans.tf.gathering import gather_nd as gather_nd
from functrans.tf.scopes import get_current_name_scope as get_current_name_scope
from functrans.tf.printing import get_logger as get_logger
from functrans.tf.inspection import get_static_value as get_static_value
from functrans.tf.custom_gradients import grad_pass_through as grad_pass_through
from functrans.tf.graph_gradients import gradients as gradients
from functrans.tf.logic import greater as greater
from functrans.tf.logic import greater_equal as greater_equal
from functrans.tf.shaping import group as group
from functrans.tf.shaping import guarantee_const as guarantee_const
from functrans.tf.dtypes import half as half
from functrans.tf.graph_gradients import hessians as hessians
from functrans.tf.sorting import histogram_fixed_width as histogram_fixed_width
from functrans.tf.sorting import histogram_fixed_width_bins as histogram_fixed_width_bins
from functrans.tf.shaping import identity as identity
from functrans.tf.shaping import identity_n as identity_n
from functrans.tf import image as image
from functrans.tf.scopes import init_scope as init_scope
from functrans.tf.keras import initializers as initializers
from functrans.tf.scopes import inside_function as inside_function
from functrans.tf.dtypes import int16 as int16
from functrans.tf.dtypes import int32 as int32
from functrans.tf.dtypes import int64 as int64
from functrans.tf.dtypes import int8 as int8
from functrans.tf.inspection import is_symbolic_tensor as is_symbolic_tensor
from functrans.tf.convert import is_tensor as is_tensor
from functrans.tf import keras as keras
from functrans.tf.logic import less as less
from functrans.tf.logic import less_equal as less_equal
from functrans.tf import linalg as linalg
from functrans.tf.creation import linspace as linspace
from functrans.tf.logic import logical_and as logical_and
from functrans.tf.logic import logical_not as logical_not
from functrans.tf.logic import logical_or as logical_or
from functrans.tf.keras import losses as losses
from functrans.tf.mapping import map_fn as map_fn
from functrans.tf import math as math
from functrans.tf.products import matmul as matmul
from functrans.tf.arithmetic import maximum as maximum
from functrans.tf.creation import meshgrid as meshgrid
from functrans.tf.keras import metrics as metrics
from functrans.tf.arithmetic import minimum as minimum
from functrans.tf.arithmetic import multiply as multiply
from functrans.tf.scopes import name_scope as name_scope
from functrans.tf.elementwise import negative as negative
from functrans.tf import nest as nest
from functrans.tf.indexing import newaxis as newaxis
from functrans.tf import nn as nn
from functrans.tf.shaping import no_op as no_op
from functrans.tf.norms import norm as norm
from functrans.tf.logic import not_equal as not_equal
from functrans.tf.host import numpy_function as numpy_function
from functrans.tf.creation import one_hot as one_hot
from functrans.tf.creation import ones as ones
from functrans.tf.starting_values import ones_initializer as ones_initializer
from functrans.tf.creation import ones_like as ones_like
from functrans.tf.keras import optimizers as optimizers
from functrans.tf.joining import pad as pad
from functrans.tf.joining import parallel_stack as parallel_stack
from functrans.tf.arithmetic import pow as pow
from functrans.tf.printing import print as print
from functrans.tf.host import py_function as py_function
from functrans.tf import random as random
from functrans.tf.starting_values import random_normal_initializer as random_normal_initializer
from functrans.tf.starting_values import random_uniform_initializer as random_uniform_initializer
from functrans.tf.creation import range as range
from functrans.tf.shaping import rank as rank
from functrans.tf.arithmetic import realdiv as realdiv
from functrans.tf.custom_gradients import recompute_grad as recompute_grad
from functrans.tf.reductions import reduce_all as reduce_all
from functrans.tf.reductions import reduce_any as reduce_any
from functrans.tf.reductions import reduce_logsumexp as reduce_logsumexp
from functrans.tf.reductions import reduce_max as reduce_max
from functrans.tf.reductions import reduce_mean as reduce_mean
from functrans.tf.reductions import reduce_min as reduce_min
from functrans.tf.reductions import reduce_prod as reduce_prod
from functrans.tf.reductions import reduce_sum as reduce_sum
from functrans.tf.joining import repeat as repeat
from functrans.tf.blocks import required_space_to_batch_paddings as required_space_to_batch_paddings
from functrans.tf.shaping import reshape as reshape
from functrans.tf.joining import reverse as reverse
from functrans.tf.joining import reverse_sequence as reverse_sequence
from functrans.tf.joining import roll as roll
from functrans.tf.elementwise import round as round
from functrans.tf.saturation import saturate_cast as saturate_cast
from functrans.tf.arithmetic import scalar_mul as scalar_mul
from functrans.tf.mapping import scan as scan
from functrans.tf.scattering import scatter_nd as scatter_nd
from functrans.tf.sorting import searchsorted as searchsorted
from functrans.tf.creation import sequence_mask as sequence_mask
from functrans.tf.shaping import shape as shape
from functrans.tf.shaping import shape_n as shape_n
from functrans.tf.elementwise import sigmoid as sigmoid
from functrans.tf.elementwise import sign as sign
from functrans.tf import signal as signal
from functrans.tf.elementwise import sin as sin
from functrans.tf.elementwise import sinh as sinh
from functrans.tf.shaping import size as size
from functrans.tf.slicing import slice as slice
from functrans.tf.sorting import sort as sort
from functrans.tf.blocks import space_to_batch as space_to_batch
from functrans.tf.blocks import space_to_batch as space_to_batch_nd
from functrans.tf.joining import split as split
from functrans.tf.elementwise import sqrt as sqrt
from functrans.tf.elementwise import square as square
from functrans.tf.shaping import squeeze as squeeze
from functrans.tf.joining import stack as stack
from functrans.tf.shaping import stop_gradient as stop_gradient
from functrans.tf.slicing import strided_slice as strided_slice
from functrans.tf.dtypes import string as string
from functrans.tf import strings as strings
from functrans.tf.arithmetic import subtract as subtract
from functrans.tf.control import switch_case as switch_case
from functrans.tf.elementwise import tan as tan
from functrans.tf.elementwise import tanh as tanh
from functrans.tf.scattering import tensor_scatter_nd_add as tensor_scatter_nd_add
from functrans.tf.scattering import tensor_scatter_nd_max as tensor_scatter_nd_max
from functrans.tf.scattering import tensor_scatter_nd_min as tensor_scatter_nd_min
from functrans.tf.scattering import tensor_scatter_nd_sub as tensor_scatter_nd_sub
from functrans.tf.scattering import tensor_scatter_nd_update as tensor_scatter_nd_update
from functrans.tf.products import tensordot as tensordot
from functrans.tf import test as test
from functrans.tf.joining import tile as tile
from functrans.tf.printing import timestamp as timestamp
from functrans.tf.shaping import transpose as transpose
from functrans.tf.arithmetic import truediv as truediv
from functrans.tf.arithmetic import truncatediv as truncatediv
from functrans.tf.arithmetic import truncatemod as truncatemod
from functrans.tf.inspection import type_spec_from_value as type_spec_from_value
from functrans.tf.dtypes import uint16 as uint16
from functrans.tf.dtypes import uint32 as uint32
from functrans.tf.dtypes import uint64 as uint64
from functrans.tf.dtypes import uint8 as uint8
from functrans.tf.sorting import unique as unique
from functrans.tf.sorting import unique_with_counts as unique_with_counts
from functrans.tf.shaping import unravel_index as unravel_index
from functrans.tf.joining import unstack as unstack
from functrans.tf.mapping import vectorized_map as vectorized_map
from functrans.tf import version as version
from functrans.tf.gathering import where as where
from functrans.tf.control import while_loop as while_loop
from functrans.tf.creation import zeros as zeros
from functrans.tf.starting_values import zeros_initializer as zeros_initializer
from functrans.tf.creation import zeros_like as zeros_like

__all__ = [
    "Assert",
    "DType",
    "GradientTape",
    "IndexedSlices",
    "Module",
    "Tensor",
    "TensorArray",
    "TensorShape",
    "TensorSpec",
    "TypeSpec",
    "UnconnectedGradients",
    "Variable",
    "VariableAggregation",
    "VariableSynchronization",
    "abs",
    "acos",
    "acosh",
    "add",
    "add_n",
    "argmax",
    "argmin",
    "argsort",
    "as_dtype",
    "as_string",
    "asin",
    "asinh",
    "assert_equal",
    "assert_greater",
    "assert_less",
    "assert_rank",
    "atan",
    "atan2",
    "atanh",
    "autodiff",
    "autograph",
    "batch_to_space",
    "bitcast",
    "bitwise",
    "bool",
    "boolean_mask",
    "broadcast_dynamic_shape",
    "broadcast_static_shape",
    "broadcast_to",
    "case",
    "cast",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "complex",
    "complex128",
    "complex64",
    "concat",
    "cond",
    "config",
    "constant",
    "constant_initializer",
    "control_dependencies",
    "convert_to_tensor",
    "cos",
    "cosh",
    "cumsum",
    "custom_gradient",
    "debugging",
    "device",
    "divide",
    "double",
    "dtypes",
    "dynamic_partition",
    "dynamic_stitch",
    "eig",
    "eigvals",
    "einsum",
    "ensure_shape",
    "equal",
    "errors",
    "executing_eagerly",
    "exp",
    "expand_dims",
    "eye",
    "fill",
    "float16",
    "float32",
    "float64",
    "floor",
    "foldl",
    "foldr",
    "function",
    "gather",
    "gather_nd",
    "get_current_name_scope",
    "get_logger",
    "get_static_value",
    "grad_pass_through",
    "gradients",
    "greater",
    "greater_equal",
    "group",
    "guarantee_const",
    "half",
    "hessians",
    "histogram_fixed_width",
    "histogram_fixed_width_bins",
    "identity",
    "identity_n",
    "image",
    "init_scope",
    "initializers",
    "inside_function",
    "int16",
    "int32",
    "int64",
    "int8",
    "is_symbolic_tensor",
    "is_tensor",
    "keras",
    "less",
    "less_equal",
    "linalg",
    "linspace",
    "logical_and",
    "logical_not",
    "logical_or",
    "losses",
    "map_fn",
    "math",
    "matmul",
    "maximum",
    "meshgrid",
    "metrics",
    "minimum",
    "multiply",
    "name_scope",
    "negative",
    "nest",
    "newaxis",
    "nn",
    "no_op",
    "norm",
    "not_equal",
    "numpy_function",
    "one_hot",
    "ones",
    "ones_initializer",
    "ones_like",
    "optimizers",
    "pad",
    "parallel_stack",
    "pow",
    "print",
    "py_function",
    "random",
    "random_normal_initializer",
    "random_uniform_initializer",
    "range",
    "rank",
    "realdiv",
    "recompute_grad",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "repeat",
    "required_space_to_batch_paddings",
    "reshape",
    "reverse",
    "reverse_sequence",
    "roll",
    "round",
    "saturate_cast",
    "scalar_mul",
    "scan",
    "scatter_nd",
    "searchsorted",
    "sequence_mask",
    "shape",
    "shape_n",
    "sigmoid",
    "sign",
    "signal",
    "sin",
    "sinh",
    "size",
    "slice",
    "sort",
    "space_to_batch",
    "space_to_batch_nd",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "strided_slice",
    "string",
    "strings",
    "subtract",
    "switch_case",
    "tan",
    "tanh",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_max",
    "tensor_scatter_nd_min",
    "tensor_scatter_nd_sub",
    "tensor_scatter_nd_update",
    "tensordot",
    "test",
    "tile",
    "timestamp",
    "transpose",
    "truediv",
    "truncatediv",
    "truncatemod",
    "type_spec_from_value",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "unique",
    "unique_with_counts",
    "unravel_index",
    "unstack",
    "vectorized_map",
    "version",
    "where",
    "while_loop",
    "zeros",
    "zeros_initializer",
    "zeros_like",
]

__version__: str
