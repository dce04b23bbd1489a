"""What surrounds variables: scopes, what assignments return, state inside functions."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("state")
case = GROUP.case


def each(name: str, **programs: Any) -> None:
    """One case a keyword, named after it."""
    for label, program in programs.items():
        case(f"{name}: {label.replace('_', ' ').strip()}", program)


def pair(tf: Any, **options: Any) -> Any:
    return tf.Variable([1.0, 2.0], **options)


def entered(scope: Any) -> Any:
    with scope as given:
        return given


each(
    "name_scope",
    given=lambda tf: [entered(tf.name_scope("a")), tf.name_scope("a").name],
    a_whole_prefix=lambda tf: entered(tf.name_scope("a/b/")),
    None_=lambda tf: tf.name_scope(None),
    None_as_a_name=lambda tf: tf.Variable(1.0, name=3),
)
each(
    "device",
    the_processor=lambda tf: entered(tf.device("/CPU:0")),
    None_=lambda tf: entered(tf.device(None)),
    another=lambda tf: entered(tf.device("/device:GPU:0")),
    no_device=lambda tf: entered(tf.device("foo")),
)


@case
def names_in_a_scope_entered_by_its_prefix(tf: Any) -> Any:
    with tf.name_scope("a") as prefix:
        pass
    with tf.name_scope("b"), tf.name_scope(prefix):
        return [tf.Variable(1.0, name="x").name, tf.executing_eagerly()]


@case
def init_scope_in_a_tape(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with tf.init_scope():
            y = x * x
        z = y * x
    return [tape.gradient(y, x), tape.gradient(z, x)]


@case
def init_scope_in_a_function(tf: Any) -> Any:
    made = []

    @tf.function
    def f(x: Any) -> Any:
        with tf.init_scope():
            made.append([tf.executing_eagerly(), tf.constant(1.0) + 1.0])
        with tf.control_dependencies([x]):
            return x + made[0][1]

    return [f(tf.constant(1.0)), made, f(tf.constant(2.0)), len(made)]


# What assignments return


@case
def what_an_assignment_returns_stands_for_the_variable(tf: Any) -> Any:
    v = pair(tf)
    returned = v.assign([3.0, 4.0])
    v.assign([5.0, 6.0])
    before = returned.numpy()
    returned.assign_add([1.0, 1.0])
    with tf.GradientTape() as tape:
        again = v.assign_add([1.0, 1.0])
        y = again * again
    by_itself = tape.gradient(y, again)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(returned)
        y = v * v
    return [before, v.numpy(), by_itself, tape.gradient(y, v), returned.name]


@case
def slices_of_all_kinds_are_assigned(tf: Any) -> Any:
    v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    v[::-1, 1:].assign([[10.0, 20.0], [30.0, 40.0]])
    v[..., 0].assign([7.0, 8.0])
    v[tf.constant(1), None].assign([[0.5, 0.5, 0.5]])
    v[0].assign(1.5)
    return [
        v,
        raised(lambda: v[0].assign([1.0, 2.0])),
        raised(lambda: v[0].assign(tf.constant([1, 2, 3]))),
        raised(lambda: v[v > 1.0].assign(0.0)),
        raised(lambda: tf.constant([1.0])[0].assign(2.0)),
    ]


@case
def assigning_to_a_slice_is_not_differentiated(tf: Any) -> Any:
    v, x = pair(tf), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        v[0].assign(x)
        y = v * v
    return tape.gradient(y, [v, x])


each(
    "scattered",
    batches=lambda tf: (
        tf.Variable([[1.0, 2.0], [3.0, 4.0]])
        .batch_scatter_update(
            tf.IndexedSlices(tf.constant([[9.0], [8.0]]), tf.constant([[0], [1]]))
        )
        .numpy()
    ),
    a_scalar=lambda tf: (
        pair(tf).scatter_add(tf.IndexedSlices(tf.constant(1.0), tf.constant([0, 1]))).numpy()
    ),
    another_shape=lambda tf: pair(tf).scatter_add(
        tf.IndexedSlices(tf.constant([1.0, 2.0]), tf.constant([0]))
    ),
    another_dtype=lambda tf: pair(tf).scatter_add(
        tf.IndexedSlices(tf.constant([1]), tf.constant([0]))
    ),
    coordinates_out_of_range=lambda tf: pair(tf).scatter_nd_update([[5]], [2.0]),
    too_many_updates=lambda tf: pair(tf).scatter_nd_update([[0]], [2.0, 3.0]),
    rows_out_of_range=lambda tf: pair(tf).sparse_read([-1]),
)
each(
    "kept",
    what_is_not_a_number=lambda tf: [
        tf.Variable(True).assign(False).numpy(),
        tf.Variable("a").assign("b").numpy(),
        raised(lambda: tf.Variable(True).assign_add(True)),
        raised(lambda: tf.Variable("a").assign_add("b")),
        tf.Variable(1).assign_add(True).numpy(),
    ],
    what_is_made_of_tensors=lambda tf: tf.Variable([tf.constant(1.0), pair(tf)[1]]),
    a_frozen_copy=lambda tf: copy.deepcopy(pair(tf, trainable=False, name="w")).trainable,
    another_dtype_of_a_variable=lambda tf: tf.Variable(pair(tf), dtype=tf.float64),
    a_bad_constraint=lambda tf: pair(tf, constraint=3),
    read_synchronised=lambda tf: [
        pair(tf, synchronization=tf.VariableSynchronization.ON_READ).trainable,
        pair(tf, aggregation=tf.VariableAggregation.MEAN).aggregation.value,
    ],
    from_NumPy=lambda tf: [np.ones(2) + pair(tf), np.asarray(pair(tf), np.float64)],
)


@case
def state_in_a_function(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0, 3.0])

    @tf.function
    def step(i: Any) -> Any:
        v[1].assign(i)
        v.scatter_add(tf.IndexedSlices(tf.constant([1.0, 1.0]), tf.constant([0, 0])))
        v.scatter_nd_sub([[2]], [0.5])
        return v.assign_add(v) * 2.0

    return [step(tf.constant(5.0)), step(tf.constant(7.0)), v]
