"""tf.Tensor: how it is made, what it has, how it prints, what it refuses."""

from __future__ import annotations

import copy
import operator
import pickle
from typing import Any

import numpy as np

from tests.tf.oracle import Group, fails, raised
from tests.tf.shorthand import matrix, three, vector

GROUP = Group("tensor")
case = GROUP.case


def each(name: str, **programs: Any) -> None:
    """One case a keyword, named after it."""
    for label, program in programs.items():
        case(f"{name}: {label.replace('_', ' ').strip()}", program)


# Defaults of dtypes

each(
    "constant",
    a_float=lambda tf: tf.constant(1.5),
    an_integer=lambda tf: tf.constant(3),
    a_large_integer=lambda tf: tf.constant(2**40),
    a_negative_large_integer=lambda tf: tf.constant(-(2**40)),
    too_large=lambda tf: tf.constant(2**64),
    the_largest_int32=lambda tf: [tf.constant(2**31 - 1), tf.constant(2**31)],
    a_complex=lambda tf: tf.constant(1 + 2j),
    a_boolean=lambda tf: tf.constant(True),
    a_string=lambda tf: tf.constant("abc"),
    unicode=lambda tf: tf.constant("ä"),
    bytes=lambda tf: tf.constant(b"abc"),
    a_list_of_strings=lambda tf: tf.constant(["a", "bcd"]),
    a_list=lambda tf: tf.constant([1, 2, 3]),
    mixed_numbers=lambda tf: tf.constant([1, 2.5]),
    integers_and_a_large_one=lambda tf: tf.constant([1, 2**40]),
    an_integer_and_a_boolean=lambda tf: tf.constant([1, True]),
    a_boolean_and_an_integer=lambda tf: tf.constant([True, 1]),
    a_number_and_a_string=lambda tf: tf.constant([1, "a"]),
    a_complex_list=lambda tf: tf.constant([1.0, 2j]),
    a_complex_number_first=lambda tf: [tf.constant([2j, 1.0]), tf.constant([2j, True])],
    a_float_and_a_boolean=lambda tf: tf.constant([1.5, True]),
    nested=lambda tf: tf.constant([[1, 2], [3, 4]]),
    a_tuple=lambda tf: tf.constant((1.0, 2.0)),
    an_empty_list=lambda tf: tf.constant([]),
    nested_empty_lists=lambda tf: tf.constant([[], []]),
    a_float64_array=lambda tf: tf.constant(np.array([1.0, 2.0])),
    an_int64_array=lambda tf: tf.constant(np.array([1, 2])),
    an_int16_array=lambda tf: tf.constant(np.array([1, 2], np.int16)),
    a_boolean_array=lambda tf: tf.constant(np.array([True])),
    a_numpy_float64=lambda tf: tf.constant(np.float64(1.5)),
    a_numpy_float32=lambda tf: tf.constant(np.float32(1.5)),
    a_numpy_int64=lambda tf: tf.constant(np.int64(1)),
    a_list_of_numpy_int64=lambda tf: tf.constant([np.int64(1)]),
    a_list_of_numpy_float64=lambda tf: tf.constant([np.float64(1.5)]),
    a_list_of_arrays=lambda tf: tf.constant([np.array([1.0, 2.0]), np.array([3.0, 4.0])]),
    a_range=lambda tf: tf.constant(range(3)),
    ragged=lambda tf: tf.constant([[1, 2], [3]]),
    None_=lambda tf: tf.constant(None),
    a_list_with_None=lambda tf: tf.constant([1, None]),
    an_object=lambda tf: tf.constant(object()),
    a_dict=lambda tf: tf.constant({"a": 1}),
    a_set=lambda tf: tf.constant({1}),
    with_a_dtype=lambda tf: tf.constant([1, 2], tf.float64),
    with_a_dtype_by_name=lambda tf: tf.constant([1, 2], dtype="float16"),
    with_a_numpy_dtype=lambda tf: tf.constant(1, dtype=np.uint8),
    dtype_float=lambda tf: tf.constant(1, dtype=float),
    dtype_int=lambda tf: tf.constant(1, dtype=int),
    dtype_bool=lambda tf: tf.constant([True, False], dtype=bool),
    float_into_int=lambda tf: tf.constant(1.5, tf.int32),
    whole_float_into_int=lambda tf: tf.constant(1.0, tf.int32),
    a_float_array_into_int=lambda tf: tf.constant(np.array([1.5]), tf.int32),
    int_into_bool=lambda tf: tf.constant(1, tf.bool),
    bool_into_int=lambda tf: tf.constant(True, tf.int32),
    complex_into_float=lambda tf: tf.constant(1j, tf.float32),
    string_into_float=lambda tf: tf.constant("1", tf.float32),
    out_of_the_range_of_uint8=lambda tf: tf.constant(300, tf.uint8),
    an_unknown_dtype=lambda tf: tf.constant(1, "nope"),
    with_a_shape=lambda tf: tf.constant([1, 2, 3, 4], shape=(2, 2)),
    filled_to_a_shape=lambda tf: tf.constant(0.5, shape=[2, 3]),
    of_a_bad_shape=lambda tf: tf.constant([1, 2, 3], shape=(2, 2)),
    a_name=lambda tf: tf.constant(1.0, name="one"),
)
each(
    "convert_to_tensor",
    a_float=lambda tf: tf.convert_to_tensor(1.5),
    an_array=lambda tf: tf.convert_to_tensor(np.array([1.0, 2.0])),
    an_array_to_float32=lambda tf: tf.convert_to_tensor(np.array([1.0, 2.0]), tf.float32),
    an_int_array_to_float32=lambda tf: tf.convert_to_tensor(np.array([1, 2]), tf.float32),
    a_variable=lambda tf: tf.convert_to_tensor(tf.Variable([1.0, 2.0])),
    a_list_of_tensors=lambda tf: tf.convert_to_tensor([three(tf), 1.0]),
    a_list_of_variables=lambda tf: tf.convert_to_tensor([tf.Variable(1.0), tf.Variable(2.0)]),
    tensors_of_two_dtypes=lambda tf: tf.convert_to_tensor([three(tf), tf.constant(1)]),
    a_tensor_of_another_dtype=lambda tf: tf.convert_to_tensor(three(tf), tf.float64),
    dtype_hint=lambda tf: tf.convert_to_tensor([1, 2], dtype_hint=tf.float64),
    dtype_hint_that_does_not_fit=lambda tf: tf.convert_to_tensor([1.5], dtype_hint=tf.int32),
    None_=lambda tf: tf.convert_to_tensor(None),
)
each(
    "default dtype",
    ones=lambda tf: [tf.ones((2, 2)), tf.zeros([2]), tf.ones(3), tf.zeros([])],
    range=lambda tf: [tf.range(3), tf.range(1, 7, 2), tf.range(3.0), tf.range(0.0, 1.0, 0.25)],
    range_mixed=lambda tf: tf.range(0, 1, 0.5),
    linspace=lambda tf: [tf.linspace(0, 1, 3), tf.linspace(0.0, 1.0, 3)],
    argmax=lambda tf: [tf.argmax([1.0, 2.0]), tf.argmin([3, 1], output_type=tf.int32)],
    shape=lambda tf: [tf.shape(matrix(tf)), tf.size(matrix(tf)), tf.rank(matrix(tf))],
    fill=lambda tf: [tf.fill([2], 1.5), tf.fill([2], 1), tf.eye(2)],
    one_hot=lambda tf: tf.one_hot([0, 2], 3),
    mean_of_integers=lambda tf: tf.reduce_mean([1, 2, 4]),
    where=lambda tf: tf.where([True, False, True]),
    zeros_like=lambda tf: [tf.zeros_like([1, 2]), tf.ones_like(matrix(tf), dtype=tf.int32)],
)

# What a tensor has

each(
    "attributes",
    shape=lambda tf: [matrix(tf).shape, three(tf).shape],
    dtype=lambda tf: [matrix(tf).dtype, tf.constant(1).dtype],
    ndim=lambda tf: [matrix(tf).ndim, three(tf).ndim],
    numpy=lambda tf: [matrix(tf).numpy(), three(tf).numpy(), tf.constant("a").numpy()],
    numpy_of_an_integer=lambda tf: [tf.constant(3).numpy(), tf.constant([True]).numpy()],
    device=lambda tf: matrix(tf).device.endswith("CPU:0"),
    get_shape=lambda tf: matrix(tf).get_shape(),
    shape_as_list=lambda tf: [matrix(tf).shape.as_list(), matrix(tf).shape[0]],
    shape_is_a_tuple=lambda tf: [matrix(tf).shape == (2, 2), matrix(tf).shape == [2, 2]],
    set_shape=lambda tf: matrix(tf).set_shape([2, None]),
    set_another_shape=lambda tf: matrix(tf).set_shape([3, 2]),
    class_=lambda tf: [isinstance(three(tf), tf.Tensor), tf.is_tensor(three(tf))],
    is_tensor=lambda tf: [tf.is_tensor(1.0), tf.is_tensor(np.ones(1)), tf.is_tensor([three(tf)])],
    experimental_ref=lambda tf: three(tf).ref().deref(),
    equal_refs=lambda tf: [(x := three(tf)).ref() == x.ref(), x.ref() == three(tf).ref()],
    refs_in_a_dict=lambda tf: {(x := three(tf)).ref(): "here"}[x.ref()],
    array_priority=lambda tf: three(tf).__array_priority__,
    is_symbolic=lambda tf: hasattr(three(tf), "graph"),
)
for attribute in ("T", "reshape", "astype", "size", "sum", "item", "mean", "tolist", "ravel"):
    case(f"it has no {attribute}", lambda tf, a=attribute: getattr(matrix(tf), a))
for attribute in ("name", "op", "graph", "value_index", "nope", "assign"):
    case(f"it has no {attribute}", lambda tf, a=attribute: getattr(matrix(tf), a))

# Printing

SHOWN: dict[str, Any] = {
    "a scalar": three,
    "a vector": vector,
    "a matrix": matrix,
    "0.1": lambda tf: tf.constant(0.1),
    "a float64": lambda tf: tf.constant(0.1, tf.float64),
    "an integer": lambda tf: tf.constant(3),
    "booleans": lambda tf: tf.constant([True, False]),
    "a complex number": lambda tf: tf.constant(1 + 2j),
    "a string": lambda tf: tf.constant("a"),
    "strings": lambda tf: tf.constant(["a", "bc"]),
    "nothing": lambda tf: tf.constant([]),
    "large and small": lambda tf: tf.constant([1e10, 1e-10]),
    "nan": lambda tf: tf.constant([float("nan"), float("inf")]),
    "a cube": lambda tf: tf.reshape(tf.range(8), [2, 2, 2]),
}
for label, make in SHOWN.items():
    case(f"shown: {label}", lambda tf, make=make: [repr(make(tf)), str(make(tf))])
each(
    "formatted",
    many=lambda tf: str(tf.range(2000)),
    a_scalar=lambda tf: [f"{three(tf):.2f}", f"{three(tf)}", f"{tf.constant(3):d}"],
    percent=lambda tf: ["%d" % tf.constant(3), "%.1f" % three(tf), "%s" % three(tf)],  # noqa: UP031
    a_vector=lambda tf: ["{}".format(vector(tf)), f"{vector(tf)}"],  # noqa: UP032
    a_vector_with_a_format=lambda tf: f"{vector(tf):.2f}",
    representation=lambda tf: f"{three(tf)!r} {three(tf)!s}",
    in_a_list=lambda tf: [str([three(tf)]), str({"a": tf.constant(1)})],
)

# Immutable, unhashable

each(
    "refused",
    assigning_an_item=lambda tf: operator.setitem(vector(tf), 0, 1.0),
    deleting_an_item=lambda tf: operator.delitem(vector(tf), 0),
    in_a_set=lambda tf: {three(tf)},
    round=lambda tf: fails(lambda: round(three(tf))),
    divmod=lambda tf: divmod(three(tf), 2.0),
    plus=lambda tf: +three(tf),
    shift=lambda tf: tf.constant(1) << 2,
    bool_of_many=lambda tf: bool(vector(tf)),
    bool_of_a_string=lambda tf: [bool(tf.constant("a")), bool(tf.constant(""))],
    int_of_many=lambda tf: int(vector(tf)),
    float_of_many=lambda tf: float(vector(tf)),
    len_of_a_scalar=lambda tf: len(three(tf)),
    iterating_a_scalar=lambda tf: list(three(tf)),
    index_of_a_float=lambda tf: fails(lambda: [1, 2, 3][three(tf)]),
    calling=lambda tf: three(tf)(),
    containing=lambda tf: 1.0 in vector(tf),
    range_of_a_float=lambda tf: fails(lambda: range(three(tf))),
    reversed_scalar=lambda tf: list(reversed(three(tf))),
)

case(
    "hashing says what to use",
    lambda tf: hash(three(tf)),
    says="Tensor is unhashable. Instead, use tensor.ref() as the key.",
)


@case
def augmented_assignment_makes_a_new_tensor(tf: Any) -> Any:
    x = y = three(tf)
    x += 1.0
    x *= 2.0
    return [x, y, x is y]


@case
def numpy_shares_nothing(tf: Any) -> Any:
    source = np.array([1.0, 2.0])
    x = tf.constant(source)
    source[0] = 5.0
    taken = x.numpy()
    found = raised(lambda: taken.__setitem__(1, 7.0))
    return [x, found]


@case
def convert_to_tensor_of_an_array_shares_nothing(tf: Any) -> Any:
    source = np.array([1.0, 2.0], np.float32)
    x = tf.identity(tf.convert_to_tensor(source))
    source[0] = 5.0
    return x


# What Python does with it

each(
    "python",
    bool=lambda tf: [bool(three(tf)), bool(tf.constant([0])), bool(tf.constant([[True]]))],
    not_=lambda tf: not tf.constant(False),
    int=lambda tf: [int(tf.constant(3.7)), int(tf.constant(True))],
    float=lambda tf: [float(tf.constant(3)), float(three(tf))],
    complex=lambda tf: [complex(tf.constant(1 + 2j)), complex(three(tf))],
    index=lambda tf: [[10, 20, 30][tf.constant(1)], list(range(tf.constant(2)))],
    index_of_a_list=lambda tf: [10, 20][tf.constant([1])],
    iteration=lambda tf: [list(vector(tf)), list(matrix(tf))],
    unpacking=lambda tf: (lambda a, b, c: [c, a])(*vector(tf)),
    len=lambda tf: [len(vector(tf)), len(matrix(tf)), len(tf.zeros([0, 2]))],
    sum=lambda tf: sum(vector(tf)),
    max=lambda tf: [max(vector(tf)), max(three(tf), 2.0), min(vector(tf))],
    sorted=lambda tf: sorted(tf.constant([3, 1, 2])),
    zip=lambda tf: [a * b for a, b in zip(vector(tf), vector(tf), strict=True)],
    enumerate=lambda tf: [(i, v) for i, v in enumerate(matrix(tf))],
    abs=lambda tf: abs(tf.constant([-1.0, 2.0])),
    pow=lambda tf: pow(three(tf), 2),
    reversed=lambda tf: list(reversed(vector(tf))),
    pickle=lambda tf: pickle.loads(pickle.dumps(matrix(tf))),
    copy=lambda tf: [copy.copy(matrix(tf)), copy.deepcopy([three(tf)])],
    copies_of_strings=lambda tf: copy.deepcopy([tf.constant("a"), tf.constant(["b", "c"])]),
    equality_of_lists=lambda tf: [three(tf)] == [tf.constant(3.0)],
    if_expression=lambda tf: 1 if three(tf) > 2.0 else 2,
    chained=lambda tf: 1.0 < three(tf) < 4.0,
    and_or=lambda tf: [three(tf) and 1, tf.constant(0.0) or 2],
    math_module=lambda tf: __import__("math").sqrt(tf.constant(4.0)),
    dir=lambda tf: [name in dir(three(tf)) for name in ("numpy", "shape", "dtype", "ref")],
    string_equality=lambda tf: [tf.constant("a") == "a", tf.constant("a") != "b"],
    conditional_while=lambda tf: next(n for n in range(9) if tf.constant(n) * n > 20),
)

# What NumPy does with it

each(
    "numpy",
    asarray=lambda tf: np.asarray(matrix(tf)),
    array_with_a_dtype=lambda tf: np.array(matrix(tf), dtype=np.int64),
    a_ufunc=lambda tf: [np.sin(vector(tf)), np.add(vector(tf), 1.0)],
    a_reduction=lambda tf: [np.sum(matrix(tf)), np.mean(matrix(tf), axis=0), np.max(vector(tf))],
    a_function=lambda tf: [np.concatenate([vector(tf), vector(tf)]), np.linalg.norm(vector(tf))],
    dot=lambda tf: np.dot(matrix(tf), matrix(tf)),
    allclose=lambda tf: np.allclose(vector(tf), [1.0, 2.0, 3.0]),
    testing=lambda tf: np.testing.assert_array_equal(vector(tf), [1.0, 2.0, 3.0]),
    float=lambda tf: [np.float32(three(tf)), np.isnan(three(tf))],
    from_the_left=lambda tf: [np.array([2.0]) * three(tf), np.float64(2.0) * three(tf)],
    matmul_from_the_left=lambda tf: np.eye(2) @ matrix(tf),
    comparison_from_the_left=lambda tf: np.array([2.0, 4.0]) < three(tf),
    as_an_index=lambda tf: np.arange(5)[tf.constant([1, 3])],
    stacked=lambda tf: np.stack([vector(tf), vector(tf)]).dtype,
    array_of_tensors=lambda tf: np.array([three(tf), three(tf)]),
    dtype=lambda tf: [np.asarray(three(tf)).dtype, np.asarray(tf.constant("a"))],
    assigned_into=lambda tf: np.ones(3) * 0 + vector(tf),
)

# The same object, or another


@case
def what_returns_the_same_object(tf: Any) -> Any:
    x = matrix(tf)
    return [
        tf.constant(x) is x,
        tf.convert_to_tensor(x) is x,
        tf.cast(x, tf.float32) is x,
        tf.identity(x) is x,
        tf.reshape(x, [2, 2]) is x,
        tf.stop_gradient(x) is x,
        tf.cast(x, "float32") is x,
        tf.convert_to_tensor(x, tf.float32) is x,
        x[...] is x,
        tf.squeeze(x) is x,
        tf.transpose(x) is x,
    ]


each(
    "cast",
    a_number=lambda tf: [tf.cast(1.7, tf.int32), tf.cast(-1.7, tf.int32), tf.cast(2, tf.float64)],
    to_bool=lambda tf: tf.cast([0.0, 0.5, -1.0], tf.bool),
    from_bool=lambda tf: tf.cast([True, False], tf.float32),
    by_name=lambda tf: tf.cast([1.5], "float64"),
    to_uint8=lambda tf: tf.cast([1.0, 200.0], tf.uint8),
    wrapping=lambda tf: tf.cast(tf.constant([300, -1]), tf.uint8),
    complex_to_float=lambda tf: tf.cast(tf.constant(1 + 2j), tf.float64),
    to_complex=lambda tf: tf.cast([1.0], tf.complex64),
    a_string=lambda tf: tf.cast(tf.constant("1"), tf.float32),
    a_variable=lambda tf: tf.cast(tf.Variable(1.5), tf.float64),
    python_type=lambda tf: [tf.cast([1, 2], float), tf.cast([1, 2], bool)],
    to_int=lambda tf: tf.cast([1.5], int),
    saturate=lambda tf: tf.saturate_cast(tf.constant([300.0, -1.0]), tf.uint8),
    float16=lambda tf: tf.cast([65519.0, 70000.0], tf.float16),
)

# Shapes and specifications


each(
    "TensorShape",
    of_a_list=lambda tf: [tf.TensorShape([2, 3]), tf.TensorShape(None), tf.TensorShape([None, 2])],
    text=lambda tf: [
        str(tf.TensorShape([2, 3])),
        repr(tf.TensorShape([2, None])),
        str(tf.TensorShape(None)),
    ],
    equality=lambda tf: [
        tf.TensorShape([2]) == [2],
        tf.TensorShape([2]) == (2,),
        tf.TensorShape([2]) == [2],
    ],
    parts=lambda tf: [(s := tf.TensorShape([2, 3])).rank, s.ndims, s.num_elements(), s.as_list()],
    concatenated=lambda tf: tf.TensorShape([2]).concatenate([3, None]),
    compatible=lambda tf: [
        tf.TensorShape([2, None]).is_compatible_with(s) for s in ([2, 3], [3, 3], [2])
    ],
    fully_defined=lambda tf: [tf.TensorShape(s).is_fully_defined() for s in ([2], [None], None)],
    indexed=lambda tf: [
        tf.TensorShape([2, 3])[1],
        tf.TensorShape([2, 3])[1:],
        list(tf.TensorShape([2, 3])),
    ],
    unpacked=lambda tf: (lambda a, b: a * b)(*matrix(tf).shape),
    length=lambda tf: [
        len(tf.TensorShape([2, 3])),
        bool(tf.TensorShape([])),
        bool(tf.TensorShape(None)),
    ],
    length_unknown=lambda tf: len(tf.TensorShape(None)),
    added=lambda tf: [tf.TensorShape([2]) + tf.TensorShape([3]), sum([tf.TensorShape([2])], [1])],
)
each(
    "TensorSpec",
    parts=lambda tf: [
        tf.TensorSpec([2, None]),
        tf.TensorSpec([], tf.int32, "n"),
        tf.TensorSpec(None),
    ],
    text=lambda tf: [repr(tf.TensorSpec([2, None])), str(tf.TensorSpec([], tf.int32, "n"))],
    from_tensor=lambda tf: tf.TensorSpec.from_tensor(matrix(tf)),
    compatible=lambda tf: [
        tf.TensorSpec([None, 2]).is_compatible_with(matrix(tf)),
        tf.TensorSpec([None, 3]).is_compatible_with(matrix(tf)),
        tf.TensorSpec([2, 2], tf.int32).is_compatible_with(matrix(tf)),
    ],
    equality=lambda tf: tf.TensorSpec([2]) == tf.TensorSpec([2], tf.float32),
)
each(
    "DType",
    names=lambda tf: [tf.float32.name, tf.bool.name, tf.string.name, tf.double.name, tf.half.name],
    numpy=lambda tf: [tf.float32.as_numpy_dtype, tf.bool.as_numpy_dtype],
    equality=lambda tf: [tf.float32 == np.float32, tf.float32 == "float32", tf.float32 == tf.int32],
    kinds=lambda tf: [tf.int32.is_integer, tf.float16.is_floating, tf.complex64.is_complex],
    limits=lambda tf: [tf.int8.min, tf.int8.max, float(tf.float32.max), tf.float64.size],
    text=lambda tf: [str(tf.float32), repr(tf.float32), f"{tf.int64}"],
    as_dtype=lambda tf: [tf.as_dtype(np.int16), tf.as_dtype("int64"), tf.as_dtype(float)],
    unknown=lambda tf: tf.as_dtype("nope"),
    in_a_dict=lambda tf: {tf.float32: 1}[tf.as_dtype("float32")],
    real=lambda tf: [tf.complex64.real_dtype, tf.float64.real_dtype],
)
