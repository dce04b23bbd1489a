"""tf.DType and tf.as_dtype."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import lines

GROUP = Group("dtypes")
case = GROUP.case

NAMES = """
half float16 float32 float64 double int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool
complex64 complex128 string
""".split()

WHAT_THEY_ARE = """
name as_datatype_enum size is_floating is_complex is_integer is_bool is_numeric is_unsigned
is_quantized is_numpy_compatible real_dtype base_dtype as_numpy_dtype
""".split()


@case
def what_each_dtype_is(tf: Any) -> Any:
    return {
        name: {what: getattr(getattr(tf, name), what) for what in WHAT_THEY_ARE}
        | {"repr": repr(getattr(tf, name)), "str": str(getattr(tf, name))}
        for name in NAMES
    }


@case
def the_range_of_each_dtype(tf: Any) -> Any:
    def ends(name: str) -> Any:
        dtype = getattr(tf, name)
        return [raised(lambda what=what: getattr(dtype, what)) for what in ("min", "max", "limits")]

    return {name: ends(name) for name in NAMES}


lines(
    GROUP,
    """
tf.as_dtype(float)
tf.as_dtype(bool)
tf.as_dtype(object)
tf.as_dtype("float")
tf.as_dtype("double")
tf.as_dtype("half")
tf.as_dtype("int32")
tf.as_dtype("bool")
tf.as_dtype("string")
tf.as_dtype(np.float32)
tf.as_dtype(np.dtype("f8"))
tf.as_dtype(np.intc)
tf.as_dtype(np.longlong)
tf.as_dtype(np.uintp)
tf.as_dtype(np.bool_)
tf.as_dtype(np.str_)
tf.as_dtype(np.dtype("S3"))
tf.as_dtype(np.dtype("U3"))
tf.as_dtype(np.array(1.0))
tf.as_dtype(tf.float32)
tf.as_dtype(1)
tf.as_dtype(19)
tf.as_dtype(int)  # Cannot convert the argument `type_value`: <class 'int'> to a TensorFlow DType.
tf.as_dtype(complex)  # Cannot convert the argument `type_value`
tf.as_dtype(str)  # Cannot convert the argument `type_value`
tf.as_dtype(bytes)  # Cannot convert the argument `type_value`
tf.as_dtype("i4")  # Cannot convert the argument `type_value`: 'i4' to a TensorFlow DType.
tf.as_dtype("<f4")  # Cannot convert the argument `type_value`
tf.as_dtype("nope")  # Cannot convert the argument `type_value`
tf.as_dtype(None)  # Cannot convert the argument `type_value`: None to a TensorFlow DType.
tf.as_dtype(1.5)  # Cannot convert the argument `type_value`
tf.as_dtype([])  # Cannot convert the argument `type_value`: [] to a TensorFlow DType.
tf.as_dtype(np.longdouble)  # Cannot convert the argument `type_value`
tf.DType(1) == tf.float32
tf.DType(99)  # 99 does not correspond to a valid tensorflow::DataType
tf.float32 == "float32"
tf.float32 == np.float32
tf.float32 == np.dtype("f4")
tf.float32 == float
tf.float64 == float
tf.int32 == int
tf.int64 == int
tf.bool == bool
tf.string == str
tf.string == object
tf.complex128 == complex
tf.float32 == 1
tf.float32 == "foo"
tf.float32 == None
tf.float32 != None
tf.float32 != "float32"
np.float32 == tf.float32
np.dtype("f4") == tf.float32
"float32" == tf.float32
tf.half is tf.float16
tf.double is tf.float64
int(tf.float32)
{tf.float32: 1}[tf.float32]
tf.float32 in ["float32"]
tf.float32.is_compatible_with("float32")
tf.float32.is_compatible_with(tf.float64)
tf.float32.is_compatible_with("foo")  # Cannot convert the argument `type_value`
tf.float32.is_subtype_of(tf.float32)
tf.float32.nothing
tf.float32 < tf.float64
np.zeros(2, tf.float32)  # Cannot interpret
np.zeros(2, tf.float32.as_numpy_dtype)
pickle.loads(pickle.dumps(tf.float32)) is tf.float32
copy.deepcopy(tf.float32) is tf.float32
isinstance(tf.float32, tf.DType)
tf.dtypes.as_dtype is tf.as_dtype
tf.dtypes.float32 is tf.float32
tf.dtypes.bool is tf.bool
tf.dtypes.cast is tf.cast
""",
    pickle=pickle,
    copy=copy,
)


@case
def a_tensor_of_each_numpy_dtype_keeps_it(tf: Any) -> Any:
    kinds = "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool"
    return [tf.constant(np.array([1], kind)).dtype for kind in kinds.split()]
