"""tf.keras.activations, initializers and utils."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group

GROUP = Group("keras")
case, op = GROUP.case, GROUP.op

X = np.array([[-3.0, -0.75, 0.25], [0.5, 2.5, 7.0]], np.float32)
CORNERS = np.array([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0], np.float32)

for name in """celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
leaky_relu log_sigmoid mish relu relu6 selu sigmoid silu soft_shrink softplus softsign sparse_plus
sparse_sigmoid squareplus swish tanh tanh_shrink softmax log_softmax""".split():
    op(f"keras.activations.{name}", [X], compiled=name in ("gelu", "hard_silu", "sparse_plus"))
for name in "celu elu hard_shrink hard_sigmoid hard_tanh leaky_relu relu relu6 soft_shrink".split():
    op(f"keras.activations.{name}", [CORNERS], second=False, compiled=False)
op("keras.activations.relu", [X], {"negative_slope": 0.1, "max_value": 5.0, "threshold": 0.3})
op("keras.activations.leaky_relu", [X], {"negative_slope": 0.5})
op("keras.activations.elu", [X], {"alpha": 0.5})
op("keras.activations.celu", [X], {"alpha": 0.5})
op("keras.activations.gelu", [X], {"approximate": True})
op("keras.activations.softmax", [X], {"axis": 0})
op("keras.activations.threshold", [X, 0.3, 9.0])
op("keras.activations.squareplus", [X], {"b": 1.0})


def each(name: str, **programs: Any) -> None:
    """One case a keyword, named after it."""
    for label, program in programs.items():
        case(f"{name}: {label.replace('_', ' ').strip()}", program)


each(
    "activations",
    by_name=lambda tf: tf.keras.activations.get("relu") is tf.keras.activations.relu,
    None_=lambda tf: tf.keras.activations.get(None) is tf.keras.activations.linear,
    a_function=lambda tf: tf.keras.activations.get(tf.nn.relu) is tf.nn.relu,
    unknown=lambda tf: tf.keras.activations.get("foo"),
    names=lambda tf: [
        tf.keras.activations.serialize(tf.keras.activations.relu),
        tf.keras.activations.deserialize("tanh") is tf.keras.activations.tanh,
    ],
    linear=lambda tf: (x := tf.constant(1.0), tf.keras.activations.linear(x) is x)[1],
    integers=lambda tf: tf.keras.activations.relu(tf.constant([1, -2])),
    a_list=lambda tf: tf.keras.activations.relu([1.0, -2.0]),
)


def values(tf: Any, kind: str, shape: Any, *args: Any, **options: Any) -> Any:
    return getattr(tf.keras.initializers, kind)(*args)(shape, **options)


each(
    "initializers",
    constants=lambda tf: [
        values(tf, "Zeros", [2]),
        values(tf, "Ones", (2, 1), dtype="float64"),
        values(tf, "Constant", [2], 3.0),
        values(tf, "Constant", [2], 3, dtype="int32"),
        values(tf, "Identity", [2, 3], 2.0),
    ],
    an_identity_of_rank_1=lambda tf: values(tf, "Identity", [2]),
    orthogonal_of_rank_1=lambda tf: values(tf, "Orthogonal", [2]),
    a_bad_scale=lambda tf: tf.keras.initializers.VarianceScaling(scale=-1.0),
    a_bad_mode=lambda tf: tf.keras.initializers.VarianceScaling(mode="x"),
    a_bad_distribution=lambda tf: tf.keras.initializers.VarianceScaling(distribution="x"),
    by_name=lambda tf: [
        type(tf.keras.initializers.get(name)).__name__
        for name in ("zeros", "glorot_uniform", "HeNormal", "orthogonal")
    ],
    by_class=lambda tf: type(tf.keras.initializers.get(tf.keras.initializers.Ones)).__name__,
    None_=lambda tf: tf.keras.initializers.get(None),
    unknown=lambda tf: tf.keras.initializers.get("foo"),
    a_number=lambda tf: tf.keras.initializers.get(3.0),
    aliases=lambda tf: [
        tf.keras.initializers.zeros is tf.keras.initializers.Zeros,
        tf.keras.initializers.glorot_uniform is tf.keras.initializers.GlorotUniform,
        tf.initializers.HeNormal is tf.keras.initializers.HeNormal,
    ],
    configurations=lambda tf: [
        sorted(tf.keras.initializers.RandomNormal(seed=1).get_config().items()),
        tf.keras.initializers.Constant(2).get_config(),
        tf.keras.initializers.Zeros().get_config(),
    ],
)

RANDOM: dict[str, tuple[Any, ...]] = {
    "RandomNormal": (1.0, 2.0),
    "RandomUniform": (-1.0, 2.4),
    "TruncatedNormal": (1.0, 2.0),
    "GlorotNormal": (),
    "GlorotUniform": (),
    "HeNormal": (),
    "HeUniform": (),
    "LecunNormal": (),
    "LecunUniform": (),
    "VarianceScaling": (2.0, "fan_out", "untruncated_normal"),
    "Orthogonal": (2.0,),
}
for kind, args in RANDOM.items():

    @case(f"what {kind} draws")
    def _(tf: Any, kind: str = kind, args: Any = args) -> Any:
        """Shapes and dtypes, the spread to a few per cent, and that a seed decides."""
        shape = [3, 20, 15] if kind == "Orthogonal" else [3, 200, 150]
        initializer = getattr(tf.keras.initializers, kind)(*args, seed=7)
        x = np.asarray(initializer(shape))
        again = np.array_equal(x, np.asarray(initializer(shape)))
        other = getattr(tf.keras.initializers, kind)(*args, seed=8)(shape)
        spread = round(float(x.std()), 2)
        return [x.shape, x.dtype, spread, again, np.array_equal(x, np.asarray(other))]


@case
def an_orthogonal_matrix(tf: Any) -> Any:
    tall = np.asarray(tf.keras.initializers.Orthogonal()([5, 3]))
    wide = np.asarray(tf.keras.initializers.Orthogonal(gain=2.0)([3, 5]))
    return [
        np.allclose(tall.T @ tall, np.eye(3), atol=1e-5),
        np.allclose(wide @ wide.T, 4 * np.eye(3), atol=1e-5),
    ]


each(
    "starting values",
    zeros=lambda tf: [tf.zeros_initializer()([2]), tf.zeros_initializer()([2], tf.int32)],
    ones=lambda tf: tf.ones_initializer()(shape=(2, 1), dtype=tf.bool),
    a_constant=lambda tf: [
        tf.constant_initializer(3)([2]),
        tf.constant_initializer(3)([2], dtype=tf.float64),
        tf.constant_initializer([1.0, 2.0, 3.0, 4.0])([2, 2]),
    ],
    too_few=lambda tf: tf.constant_initializer([1.0, 2.0, 3.0])([2, 2]),
    a_function=lambda tf: tf.constant_initializer(lambda: 3),
    strings=lambda tf: tf.zeros_initializer()([2], tf.string),
    random_integers=lambda tf: tf.random_normal_initializer()([2], dtype=tf.int32),
    random=lambda tf: [
        round(float(np.std(make(seed=seed)([300, 300]))), 3)
        for make in (tf.random_normal_initializer, tf.random_uniform_initializer)
        for seed in (None, 3)
    ],
    a_seed_decides=lambda tf: [
        np.array_equal(make([2]), make([2]))
        for make in (tf.random_uniform_initializer(seed=3), tf.random_normal_initializer())
    ],
    configuration=lambda tf: tf.random_uniform_initializer().get_config(),
)
each(
    "utils",
    categories=lambda tf: [
        tf.keras.utils.to_categorical([0, 2, 1]),
        tf.keras.utils.to_categorical([[0], [1]], 3),
        tf.keras.utils.to_categorical([[0, 1], [1, 0]]),
    ],
    a_class_too_many=lambda tf: tf.keras.utils.to_categorical([5], 2),
    normalised=lambda tf: tf.keras.utils.normalize(np.array([[3.0, 4.0], [0.0, 0.0]])),
    a_seed=lambda tf: tf.keras.utils.set_random_seed(3),
)
