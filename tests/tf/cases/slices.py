"""IndexedSlices, the sparse gradients of gather."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("slices")
case = GROUP.case


def slices(tf: Any, rows: int | None = 4) -> Any:
    shape = None if rows is None else tf.constant([rows, 2])
    return tf.IndexedSlices(tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([2, 0]), shape)


case("its parts", lambda tf: [slices(tf).values, slices(tf).indices, slices(tf).dense_shape])
case("its shape and dtype", lambda tf: [slices(tf).shape, slices(tf).dtype, slices(tf, None).shape])
case("to a tensor", lambda tf: tf.convert_to_tensor(slices(tf)))
case("to a tensor without a shape", lambda tf: tf.convert_to_tensor(slices(tf, None)))
case("to a tensor of another dtype", lambda tf: tf.convert_to_tensor(slices(tf), tf.float64))
case("added", lambda tf: slices(tf) + 1.0)
case("multiplied", lambda tf: slices(tf) * 2.0)
case("subtracted from a tensor", lambda tf: tf.ones([4, 2]) - slices(tf))
case("negated", lambda tf: raised(lambda: -slices(tf)))
case("indexed", lambda tf: slices(tf)[0])
case("its length", lambda tf: len(slices(tf)))
case("a function of it", lambda tf: [tf.reduce_sum(slices(tf)), tf.square(slices(tf)).shape])
case("tf.add of it", lambda tf: tf.add(slices(tf), 1.0))
case("as an array", lambda tf: np.asarray(slices(tf)).shape)
case("numpy", lambda tf: slices(tf).numpy())
case(
    "whether it is a tensor",
    lambda tf: [tf.is_tensor(slices(tf)), isinstance(slices(tf), tf.Tensor)],
)
case("its string", lambda tf: str(slices(tf)).partition("(")[0])


@case
def duplicates_add_up(tf: Any) -> Any:
    s = tf.IndexedSlices(tf.constant([1.0, 2.0, 3.0]), tf.constant([1, 1, 0]), tf.constant([3]))
    return tf.convert_to_tensor(s)


@case
def assigning_slices_to_a_variable(tf: Any) -> Any:
    v = tf.Variable(tf.ones([4, 2]))
    added = raised(lambda: v.assign_add(slices(tf)).numpy())
    scattered = v.scatter_add(slices(tf))
    return [added, scattered.numpy(), v.scatter_sub(slices(tf)).numpy(), v]


# --- gradients of gather -------------------------------------------------------------------------

READS: dict[str, Any] = {
    "rows": lambda tf, x: tf.gather(x, [0, 0, 2]),
    "rows in a matrix": lambda tf, x: tf.gather(x, [[0, 1], [2, 2]]),
    "one row": lambda tf, x: tf.gather(x, 1),
    "rows at int64": lambda tf, x: tf.gather(x, tf.constant([1, 0], tf.int64)),
    "columns": lambda tf, x: tf.gather(x, [1, 0], axis=1),
    "rows by a negative axis": lambda tf, x: tf.gather(x, [0], axis=-2),
    "a batch": lambda tf, x: tf.gather(x, [[0], [1], [0]], batch_dims=1),
    "rows twice": lambda tf, x: tf.gather(x, [0]) * 2.0 + tf.gather(x, [1]),
    "rows and the whole": lambda tf, x: [tf.gather(x, [0]), x * x],
    "gather_nd of rows": lambda tf, x: tf.gather_nd(x, [[0], [2]]),
    "gather_nd of elements": lambda tf, x: tf.gather_nd(x, [[0, 1], [2, 1]]),
    "gather_nd of a matrix of rows": lambda tf, x: tf.gather_nd(x, [[[0]], [[2]]]),
    "a mask": lambda tf, x: tf.boolean_mask(x, [True, False, True]),
    "a mask as a key": lambda tf, x: x[tf.constant([True, False, True])],
    "a slice": lambda tf, x: x[1],
    "a tensor as a key": lambda tf, x: x[tf.constant(1)],
    "partitions": lambda tf, x: tf.dynamic_partition(x, [0, 1, 0], 2),
    "repeated rows": lambda tf, x: tf.repeat(x, [1, 2, 0], axis=0),
    "a sorted column": lambda tf, x: tf.sort(x[:, 0]),
    "the parts": lambda tf, x: tf.unstack(x)[0],
    "what follows rows": lambda tf, x: tf.exp(tf.gather(x, [2, 0])),
    "a vector": lambda tf, x: tf.gather(tf.reshape(x, [6]), [3]),
    "embeddings": lambda tf, x: tf.nn.embedding_lookup(x, [[1, 1], [0, 2]]),
}


def table(tf: Any) -> Any:
    return tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def gradient_of(tf: Any, read: Any, **options: Any) -> Any:
    x = table(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = read(tf, x)
    return tape.gradient(y, x, **options)


def compiled_gradient_of(tf: Any, read: Any) -> Any:
    return tf.function(lambda: gradient_of(tf, read))()


for title, read in READS.items():
    case(f"the gradient of {title}", lambda tf, read=read: gradient_of(tf, read))
for title in ("rows", "a tensor as a key", "rows and the whole"):
    program = READS[title]
    case(
        f"inside tf.function, the gradient of {title}",
        lambda tf, read=program: compiled_gradient_of(tf, read),
    )


@case
def output_gradients_of_rows(tf: Any) -> Any:
    return gradient_of(tf, READS["rows"], output_gradients=tf.ones([3, 2]) * 3.0)


@case
def rows_of_a_variable_and_of_an_intermediate(tf: Any) -> Any:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        double = v * 2.0
        y = [tf.gather(v, [1]) ** 2.0, tf.gather(double, [0])]
    return tape.gradient(y, [v, double])


@case
def rows_inside_the_context(tf: Any) -> Any:
    x = table(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        slope = tape.gradient(tf.gather(x, [0, 2]) ** 2.0, x)
        again = tape.gradient(slope.values, x)
    return [slope, again]


@case
def rows_of_rows(tf: Any) -> Any:
    x = table(tf)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.gather(x, [0, 0]) ** 3.0
        slope = inner.gradient(y, x)
        dense = tf.convert_to_tensor(slope)
    return [slope, outer.gradient(slope.values, x), tf.convert_to_tensor(outer.gradient(dense, x))]


@case
def jacobians_are_dense(tf: Any) -> Any:
    x = table(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.gather(x, [2, 0])
    return tape.jacobian(y, x)


@case
def rows_of_complex_numbers(tf: Any) -> Any:
    z = tf.constant([1 + 2j, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = tf.gather(z, [0, 0]) ** 2.0
    return tape.gradient(y, z)


@case
def what_keeps_rows_apart(tf: Any) -> Any:
    s = slices(tf)
    kept = [tf.cast(s, tf.float64), tf.identity(s), tf.stop_gradient(s), tf.scalar_mul(2.0, s)]
    return [*kept, tf.sign(s), tf.zeros_like(s), tf.shape(s), tf.stack([s, s])[0]]


@case
def operators_with_tensors(tf: Any) -> Any:
    s = slices(tf)
    return [tf.ones([4, 2]) * s, s * tf.ones([4, 2]), tf.ones([4, 2]) == s]


@case
def its_components(tf: Any) -> Any:
    s = slices(tf)
    return [len(tf.nest.flatten(s)), tf.nest.flatten(s, expand_composites=True)]


OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {},
    "SGD clipped by norm": {"clipnorm": 0.5},
    "SGD clipped by value": {"clipvalue": 0.05},
    "SGD clipped by the global norm": {"global_clipnorm": 0.5},
    "Adam": {},
    "Adam clipped by norm": {"clipnorm": 0.5},
    "Adagrad": {},
    "RMSprop": {},
}


def trained(tf: Any, name: str, options: dict[str, Any], compiled: bool) -> Any:
    embedding = tf.Variable(tf.reshape(tf.range(8.0), [4, 2]) / 4.0)
    w = tf.Variable([1.0, 2.0])
    optimizer = getattr(tf.keras.optimizers, name.partition(" ")[0])(0.1, **options)

    def step(i: Any) -> Any:
        with tf.GradientTape() as tape:
            sums = tf.reduce_sum(tf.nn.embedding_lookup(embedding, i) * w, 1)
            loss = tf.reduce_mean(tf.square(sums - 1.0))
        sources = [embedding, w]
        optimizer.apply_gradients(zip(tape.gradient(loss, sources), sources, strict=True))
        return loss

    run = tf.function(step) if compiled else step
    losses = [run(tf.constant(i)) for i in ([0, 2, 2], [1, 0, 1], [0, 2, 2])]
    return [losses, embedding.numpy()]


for name, options in OPTIMIZERS.items():
    case(
        f"embeddings trained by {name}",
        lambda tf, name=name, options=options: trained(tf, name, options, compiled=False),
        rtol=1e-4,
    )
case(
    "embeddings trained in a tf.function",
    lambda tf: trained(tf, "Adam", {"clipnorm": 0.5}, compiled=True),
    rtol=1e-4,
)


@case
def rows_in_maps_branches_and_loops(tf: Any) -> Any:
    x = table(tf)

    def slope(x: Any, i: Any = (0, 0)) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.gather(x, i) ** 2.0
        return tape.gradient(y, x)

    @tf.function
    def branch(p: Any) -> Any:
        return tf.convert_to_tensor(tf.cond(p, lambda: slope(x), lambda: slope(2.0 * x)))

    @tf.function
    def loop(x: Any) -> Any:
        for _ in tf.range(3):
            x = x - 0.1 * tf.convert_to_tensor(slope(x))
        return x

    return [
        tf.vectorized_map(slope, tf.stack([x, 2.0 * x])),
        tf.vectorized_map(lambda i: slope(x, i), tf.constant([[0, 1], [2, 2]])),
        branch(tf.constant(True)),
        branch(tf.constant(False)),
        loop(x),
    ]
