"""tf.Variable: making, showing, assigning, scattering, and what it refuses."""

from __future__ import annotations

import copy
import operator
from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import matrix, three, vector

GROUP = Group("variable")
case = GROUP.case


def each(name: str, **programs: Any) -> None:
    """One case a keyword, named after it."""
    for label, program in programs.items():
        case(f"{name}: {label.replace('_', ' ').strip()}", program)


def pair(tf: Any, **options: Any) -> Any:
    return tf.Variable([1.0, 2.0], **options)


each(
    "made of",
    a_float=lambda tf: tf.Variable(1.5),
    an_integer=lambda tf: tf.Variable(3),
    a_list=lambda tf: tf.Variable([[1, 2], [3, 4]]),
    an_array=lambda tf: tf.Variable(np.array([1.0, 2.0])),
    a_tensor=lambda tf: tf.Variable(vector(tf)),
    a_variable=lambda tf: tf.Variable(pair(tf)),
    a_string=lambda tf: tf.Variable("a"),
    a_boolean=lambda tf: tf.Variable(True),
    a_callable=lambda tf: tf.Variable(lambda: tf.ones([2])),
    a_callable_that_gives_a_list=lambda tf: tf.Variable(lambda: [1.0, 2.0]),
    a_dtype=lambda tf: tf.Variable([1, 2], dtype=tf.float64),
    a_dtype_by_name=lambda tf: tf.Variable(1, dtype="float16"),
    a_tensor_of_another_dtype=lambda tf: tf.Variable(vector(tf), dtype=tf.float64),
    an_array_of_another_dtype=lambda tf: tf.Variable(np.array([1.0]), dtype=tf.float32),
    a_name=lambda tf: tf.Variable(1.0, name="w"),
    a_name_by_position=lambda tf: tf.Variable(1.0, False, name="w").trainable,
    nothing=lambda tf: tf.Variable(),
    None_=lambda tf: tf.Variable(None),
    a_wrong_shape=lambda tf: tf.Variable([1.0, 2.0], shape=[3]),
    a_shape=lambda tf: tf.Variable([1.0, 2.0], shape=[2]),
    a_bad_name=lambda tf: tf.Variable(1.0, name="a b").name,
    ragged_lists=lambda tf: tf.Variable([[1.0], [2.0, 3.0]]),
)


@case
def a_shape_with_an_unknown_dimension(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0], shape=[None])
    before = v.shape
    v.assign([1.0, 2.0, 3.0])
    return [before, v.shape, tf.shape(v), v.numpy(), raised(lambda: v.assign([[1.0]]))]


@case
def an_unknown_shape(tf: Any) -> Any:
    v = tf.Variable(1.0, shape=tf.TensorShape(None))
    v.assign([[1.0, 2.0]])
    return [v.shape, v.numpy()]


@case
def a_variable_copies_its_array(tf: Any) -> Any:
    source = np.array([1.0, 2.0])
    v = tf.Variable(source)
    source[0] = 5.0
    v.numpy()[1] = 7.0
    return v


@case
def a_variable_of_a_variable_is_another(tf: Any) -> Any:
    v = pair(tf)
    w = tf.Variable(v)
    w.assign_add([1.0, 1.0])
    return [v, w]


each(
    "attributes",
    names=lambda tf: [pair(tf).name, pair(tf, name="w").name, tf.Variable(1, name="a/b").name],
    shape=lambda tf: [pair(tf).shape, tf.Variable(1.0).shape, pair(tf).get_shape()],
    dtype=lambda tf: [pair(tf).dtype, tf.Variable(1).dtype, tf.Variable("a").dtype],
    trainable=lambda tf: [pair(tf).trainable, pair(tf, trainable=False).trainable],
    trainable_integer=lambda tf: tf.Variable(1).trainable,
    numpy=lambda tf: [pair(tf).numpy(), tf.Variable(1.5).numpy()],
    value=lambda tf: [pair(tf).value(), pair(tf).read_value()],
    device=lambda tf: pair(tf).device.endswith("CPU:0"),
    constraint=lambda tf: [
        pair(tf).constraint,
        pair(tf, constraint=tf.nn.relu).constraint is tf.nn.relu,
    ],
    synchronization=lambda tf: pair(tf).synchronization.name,
    aggregation=lambda tf: pair(tf).aggregation.name,
    initialized_value=lambda tf: pair(tf).initialized_value(),
    eval=lambda tf: pair(tf).eval(),
    ndim=lambda tf: pair(tf).ndim,
    rank=lambda tf: tf.rank(matrix(tf)),
    T=lambda tf: pair(tf).T,
    op=lambda tf: pair(tf).op is None,
    set_shape=lambda tf: pair(tf).set_shape([2]),
    set_another_shape=lambda tf: pair(tf).set_shape([3]),
    nope=lambda tf: pair(tf).nope,
    mine=lambda tf: (setattr(v := pair(tf), "mine", 3), v.mine)[1],
    is_initialized=lambda tf: pair(tf).is_initialized(),
    class_=lambda tf: [
        isinstance(pair(tf), tf.Tensor),
        tf.is_tensor(pair(tf)),
        isinstance(pair(tf), tf.Variable),
    ],
    trainable_set=lambda tf: setattr(pair(tf), "trainable", False),
    name_set=lambda tf: setattr(pair(tf), "name", "x"),
)
each(
    "shown",
    a_vector=lambda tf: [repr(pair(tf, name="w")), str(pair(tf, name="w"))],
    a_scalar=lambda tf: str(tf.Variable(1.0)),
    a_matrix=lambda tf: str(tf.Variable([[1, 2], [3, 4]], name="m")),
    a_string=lambda tf: str(tf.Variable("a")),
    a_float=lambda tf: str(tf.Variable(0.1)),
    formatted=lambda tf: [f"{tf.Variable(1.0)}", "{}".format(tf.Variable([1]))],  # noqa: UP032
    with_a_format=lambda tf: f"{tf.Variable(1.0):.1f}",
    unknown=lambda tf: str(tf.Variable([1.0], shape=[None])),
)
each(
    "refused",
    len=lambda tf: len(pair(tf)),
    hash=lambda tf: hash(pair(tf)),
    an_item=lambda tf: operator.setitem(pair(tf), 0, 1.0),
    add_in_place=lambda tf: operator.iadd(pair(tf), 1.0),
    subtract_in_place=lambda tf: operator.isub(pair(tf), 1.0),
    multiply_in_place=lambda tf: operator.imul(pair(tf), 2.0),
    divide_in_place=lambda tf: operator.itruediv(pair(tf), 2.0),
    divide_whole_in_place=lambda tf: operator.ifloordiv(pair(tf), 2.0),
    power_in_place=lambda tf: operator.ipow(pair(tf), 2.0),
    float_of_many=lambda tf: float(pair(tf)),
    bool_of_many=lambda tf: bool(pair(tf)),
    another_dtype=lambda tf: pair(tf) + tf.Variable(1.0, dtype=tf.float64),
    iterating_a_scalar=lambda tf: list(tf.Variable(1.0)),
)
each(
    "python",
    numbers=lambda tf: [int(tf.Variable(3)), float(tf.Variable(1.5)), bool(tf.Variable(0.0))],
    index=lambda tf: [1, 2, 3][tf.Variable(1)],
    iteration=lambda tf: list(pair(tf)),
    unpacking=lambda tf: (lambda a, b: [b, a])(*pair(tf)),
    ref=lambda tf: [
        (v := pair(tf)).ref().deref() is v,
        v.ref() == v.ref(),
        v.ref() == pair(tf).ref(),
    ],
    equality=lambda tf: [pair(tf) == [1.0, 3.0], pair(tf) != [1.0, 3.0]],
    equality_with_None=lambda tf: pair(tf) == None,  # noqa: E711
    deepcopy=lambda tf: copy.deepcopy(pair(tf, name="w")),
    copy_shares=lambda tf: (w := copy.copy(v := tf.Variable(1.0)), w.assign(2.0), v)[2],
    max=lambda tf: max(tf.Variable(1.0), tf.Variable(2.0)),
    sum=lambda tf: sum(pair(tf)),
    asarray=lambda tf: [np.asarray(pair(tf)), np.sum(pair(tf)), np.array([2.0, 1.0]) * pair(tf)],
    string_format=lambda tf: "%.1f" % tf.Variable(1.25),  # noqa: UP031
)


@case
def every_operator_gives_a_tensor(tf: Any) -> Any:
    v, w = pair(tf), tf.Variable([3.0, -4.0])
    names = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "ge", "eq", "ne")
    both = [getattr(operator, name)(v, w) for name in names]
    left = [getattr(operator, name)(2.0, w) for name in names[:7]]
    return [both, left, -v, abs(w), ~tf.Variable([True, False])]


@case
def matmul(tf: Any) -> Any:
    m = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    return [m @ m, matrix(tf) @ m, m @ np.eye(2), tf.matmul(m, m, transpose_b=True)]


@case
def as_arguments_of_functions(tf: Any) -> Any:
    v = pair(tf)
    return [tf.sin(v), tf.reduce_sum(v), tf.reshape(v, [2, 1]), tf.stack([v, v]), tf.identity(v)]


# Assignments


@case
def assignments(tf: Any) -> Any:
    v = pair(tf)
    found = []
    for step in (
        lambda: v.assign([3.0, 4.0]),
        lambda: v.assign_add([1.0, 1.0]),
        lambda: v.assign_sub([0.5, 0.5]),
        lambda: v.assign(vector(tf)[:2]),
        lambda: v.assign(np.array([1, 2])),
        lambda: v.assign(np.array([1.5, 2.5])),
        lambda: v.assign_add(tf.Variable([1.0, 1.0])),
    ):
        step()
        found.append(v.numpy())
    return found


@case
def what_an_assignment_returns(tf: Any) -> Any:
    v = pair(tf, name="w")
    returned = [v.assign([3.0, 4.0]), v.assign_add([1.0, 1.0]), v.assign_sub([1.0, 1.0])]
    return [
        [r is v for r in returned],
        [isinstance(r, tf.Variable) for r in returned],
        [tf.is_tensor(r) for r in returned],
        v.assign([5.0, 6.0]).numpy(),
        v.assign_add([1.0, 1.0]) * 2.0,
        v.assign([1.0, 2.0], read_value=False),
        v.assign_add([1.0, 2.0], read_value=False),
        v.assign_sub([1.0, 2.0], read_value=False),
        v.assign([1.0, 2.0], use_locking=True, name="n").shape,
        v.assign([1.0, 2.0]).assign_add([1.0, 1.0]).numpy(),
    ]


each(
    "assigned",
    another_shape=lambda tf: pair(tf).assign([1.0, 2.0, 3.0]),
    a_scalar=lambda tf: pair(tf).assign(1.0),
    added_another_shape=lambda tf: pair(tf).assign_add([1.0, 2.0, 3.0]),
    added_a_scalar=lambda tf: pair(tf).assign_add(1.0),
    subtracted_a_scalar=lambda tf: pair(tf).assign_sub(1.0),
    a_tensor_of_float64=lambda tf: pair(tf).assign(tf.constant([1.0, 2.0], tf.float64)),
    a_tensor_of_integers=lambda tf: pair(tf).assign(tf.constant([1, 2])),
    added_a_tensor_of_float64=lambda tf: pair(tf).assign_add(tf.constant([1.0, 2.0], tf.float64)),
    integers=lambda tf: pair(tf).assign([1, 2]).numpy(),
    a_float_into_an_integer=lambda tf: tf.Variable(1).assign(2.5),
    added_a_float_to_an_integer=lambda tf: tf.Variable(1).assign_add(2.5),
    a_whole_float_into_an_integer=lambda tf: tf.Variable(1).assign(2.0),
    an_integer_into_an_integer=lambda tf: tf.Variable(1).assign(2).numpy(),
    a_string=lambda tf: pair(tf).assign("a"),
    None_=lambda tf: pair(tf).assign(None),
    ragged=lambda tf: pair(tf).assign([[1.0], [1.0, 2.0]]),
    itself=lambda tf: (v := pair(tf)).assign(v * 2.0).numpy(),
)


@case
def assigning_to_a_slice(tf: Any) -> Any:
    v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    v[0, 1].assign(20.0)
    v[1].assign([7.0, 8.0, 9.0])
    v[:, :1].assign([[0.0], [1.0]])
    whole = v.numpy()
    v[0].assign([1.0])
    return [whole, v, raised(lambda: v[5].assign([1.0, 2.0, 3.0]))]


@case
def what_assigning_to_a_slice_returns(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0, 3.0])
    returned = v[1:].assign([8.0, 9.0])
    return [
        returned.numpy(),
        isinstance(returned, tf.Variable),
        raised(lambda: v[0].assign_add(1.0)),
    ]


@case
def an_assignment_under_a_tape(tf: Any) -> Any:
    v, x = tf.Variable(2.0), three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        a = v.assign(x * x)
        b = a * 2.0
        c = v * 2.0
    return [
        tape.gradient(b, x),
        tape.gradient(b, v),
        tape.gradient(c, v),
        tape.gradient(c, x),
        len(tape.watched_variables()),
    ]


@case
def assign_add_under_a_tape_watches(tf: Any) -> Any:
    v = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = v.assign_add(1.0) * 3.0
    return [tape.gradient(y, v), len(tape.watched_variables()), v]


@case
def a_read_keeps_the_value_of_its_time(tf: Any) -> Any:
    v = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        before = v * v
        v.assign(5.0)
        after = v * v
    return [before, after, tape.gradient([before, after], v)]


@case
def a_gradient_after_an_assignment_is_of_the_old_value(tf: Any) -> Any:
    v = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = v * v
    v.assign(10.0)
    return tape.gradient(y, v)


@case
def a_gradient_with_respect_to_a_read_value(tf: Any) -> Any:
    v = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        read = v.read_value()
        value = v.value()
        y = read * value * v
    return [tape.gradient(y, read), tape.gradient(y, value), tape.gradient(y, v)]


# Scattering and gathering


def scattered(tf: Any, method: str) -> Any:
    v = tf.Variable([4.0, 8.0, 16.0])
    update = tf.IndexedSlices(tf.constant([2.0, 10.0]), tf.constant([0, 2]))
    returned = getattr(v, method)(update)
    return [v.numpy(), returned.numpy()]


for name in ("add", "sub", "update", "mul", "div", "min", "max"):
    case(f"scatter_{name}", lambda tf, name=name: scattered(tf, f"scatter_{name}"))
for name in ("add", "sub", "update", "min", "max"):

    @case(f"scatter_nd_{name}")
    def _(tf: Any, name: str = name) -> Any:
        v = tf.Variable([[4.0, 8.0], [16.0, 32.0]])
        getattr(v, f"scatter_nd_{name}")([[0, 1], [1, 0]], [3.0, 20.0])
        return v


each(
    "gathered",
    rows=lambda tf: tf.Variable([[1.0, 2.0], [3.0, 4.0]]).sparse_read([1, 0, 1]),
    elements=lambda tf: tf.Variable([[1.0, 2.0], [3.0, 4.0]]).gather_nd([[0, 1], [1, 1]]),
    scatter_with_repeats=lambda tf: (
        tf.Variable([0.0, 0.0])
        .scatter_add(tf.IndexedSlices(tf.constant([1.0, 2.0, 4.0]), tf.constant([1, 1, 0])))
        .numpy()
    ),
    scatter_with_a_tensor=lambda tf: tf.Variable([0.0, 0.0]).scatter_add(tf.constant([1.0, 2.0])),
    scatter_out_of_range=lambda tf: tf.Variable([0.0]).scatter_add(
        tf.IndexedSlices(tf.constant([1.0]), tf.constant([3]))
    ),
)


@case
def a_gradient_through_sparse_read(tf: Any) -> Any:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        y = v.sparse_read([1, 1]) ** 2
    return tape.gradient(y, v)


# Names


@case
def names_inside_scopes(tf: Any) -> Any:
    with tf.name_scope("outer"):
        a = tf.Variable(1.0, name="a")
        with tf.name_scope("inner") as scope:
            b = tf.Variable(1.0, name="b")
            c = tf.Variable(1.0)
    return [a.name, b.name, c.name, scope]


@case
def names_are_not_made_unique(tf: Any) -> Any:
    return [tf.Variable(1.0, name="w").name for _ in range(2)]
