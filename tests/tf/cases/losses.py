"""tf.keras.losses: functions of each example with their gradients, and classes that reduce them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("losses")
case, op = GROUP.case, GROUP.op

TRUE = np.array([[0, 1, 0], [1, 0, 0]], np.float32)
PREDICTED = np.array([[0.3, 0.6, 0.1], [0.7, 0.1, 0.2]], np.float32)
LOGITS = np.array([[0.3, 2.0, -1.0], [-0.5, 1.5, 3.0]], np.float32)
TARGETS = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, 4.0]], np.float32)
CLASSES = np.array([1, 0], np.int32)

for name in ("mse", "mae", "huber", "logcosh"):
    op(f"keras.losses.{name}", [TARGETS, LOGITS])
for name in ("mape", "msle", "kld", "poisson", "categorical_hinge", "dice", "tversky"):
    op(f"keras.losses.{name}", [TRUE + 0.25, PREDICTED])
for name in ("hinge", "squared_hinge"):
    op(f"keras.losses.{name}", [TRUE, LOGITS], second=False)
    op(f"keras.losses.{name}", [2 * TRUE - 1, LOGITS], second=False)
op("keras.losses.cosine_similarity", [TARGETS, LOGITS])
op("keras.losses.cosine_similarity", [TARGETS, LOGITS], {"axis": 0})
op("keras.losses.huber", [TARGETS, LOGITS], {"delta": 0.5})
op("keras.losses.binary_crossentropy", [TRUE, PREDICTED])
op("keras.losses.binary_crossentropy", [TRUE, LOGITS], {"from_logits": True})
op("keras.losses.binary_crossentropy", [TRUE, PREDICTED], {"label_smoothing": 0.2, "axis": 0})
op("keras.losses.categorical_crossentropy", [TRUE, PREDICTED])
# TensorFlow's second derivative leaves out what the labels contribute to the first one's.
op("keras.losses.categorical_crossentropy", [TRUE, LOGITS], {"from_logits": True}, second=False)
op("keras.losses.categorical_crossentropy", [TRUE, PREDICTED], {"label_smoothing": 0.1})
op("keras.losses.categorical_crossentropy", [TRUE, PREDICTED], {"axis": 0})
op("keras.losses.sparse_categorical_crossentropy", [CLASSES, PREDICTED])
op("keras.losses.sparse_categorical_crossentropy", [CLASSES[:, None], PREDICTED])
op("keras.losses.sparse_categorical_crossentropy", [CLASSES, LOGITS], {"from_logits": True})
op("keras.losses.sparse_categorical_crossentropy", [CLASSES, LOGITS], {"ignore_class": 0})
for name in ("binary_focal_crossentropy", "categorical_focal_crossentropy"):
    op(f"keras.losses.{name}", [TRUE, PREDICTED], rtol=1e-4)
    op(f"keras.losses.{name}", [TRUE, LOGITS], {"from_logits": True}, rtol=1e-4)
op("keras.losses.binary_focal_crossentropy", [TRUE, PREDICTED, True, 0.5, 3.0], rtol=1e-4)
op("keras.losses.tversky", [TRUE, PREDICTED, 0.25, 0.75])

CLASSES_OF_LOSSES: list[tuple[str, dict[str, Any]]] = [
    ("MeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
    ("Huber", {"delta": 0.5}),
    ("LogCosh", {}),
    ("MeanAbsolutePercentageError", {}),
    ("MeanSquaredLogarithmicError", {}),
    ("KLDivergence", {}),
    ("Poisson", {}),
    ("CosineSimilarity", {"axis": 0}),
    ("Hinge", {}),
    ("SquaredHinge", {}),
    ("CategoricalHinge", {}),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}),
    ("BinaryFocalCrossentropy", {"gamma": 1.0}),
    ("CategoricalCrossentropy", {"from_logits": True}),
]
for kind, options in CLASSES_OF_LOSSES:

    @case(f"{kind} {options or ''}".strip())
    def _(tf: Any, kind: str = kind, options: dict[str, Any] = options) -> Any:
        make = getattr(tf.keras.losses, kind)
        given = [
            make(reduction=reduction, **options)(TRUE, PREDICTED)
            for reduction in ("sum_over_batch_size", "sum", "none", "mean", None)
        ]
        weights = np.array([1.0, 3.0], np.float32)
        loss = make(**options)
        return [*given, loss(TRUE, PREDICTED, sample_weight=weights), loss.name, loss.reduction]


def each(name: str, **programs: Any) -> None:
    """One case a keyword, named after it."""
    for label, program in programs.items():
        case(f"{name}: {label.replace('_', ' ').strip()}", program)


def mse(tf: Any, **options: Any) -> Any:
    return tf.keras.losses.MeanSquaredError(**options)


each(
    "dtypes",
    lists=lambda tf: tf.keras.losses.MSE([1.0, 2.0], [2.0, 4.0]),
    integers=lambda tf: tf.keras.losses.MSE(tf.constant([1, 2]), tf.constant([2, 4])),
    float64_labels=lambda tf: tf.keras.losses.mse(TRUE.astype(np.float64), PREDICTED),
    float64_predictions=lambda tf: tf.keras.losses.mse(
        tf.constant(TRUE), tf.constant(PREDICTED.astype(np.float64))
    ),
    a_class_of_float64=lambda tf: mse(tf)(TRUE.astype(np.float64), PREDICTED.astype(np.float64)),
    a_class_asked_for_float64=lambda tf: mse(tf, dtype="float64")(TRUE, PREDICTED),
    variables=lambda tf: tf.keras.losses.mse(tf.Variable(TRUE), tf.Variable(PREDICTED)),
    a_class_says=lambda tf: mse(tf).dtype,
)
each(
    "shapes",
    labels_of_less_rank=lambda tf: tf.keras.losses.mse([1.0, 2.0], [[1.0], [3.0]]),
    predictions_of_less_rank=lambda tf: tf.keras.losses.mse([[1.0], [2.0]], [1.0, 3.0]),
    a_class_too=lambda tf: mse(tf)(tf.constant([1.0, 2.0]), tf.constant([[1.0], [3.0]])),
    binary_logits_of_a_column=lambda tf: tf.keras.losses.BinaryCrossentropy(from_logits=True)(
        tf.constant([1.0, 0.0]), tf.constant([[0.3], [0.2]])
    ),
    a_list_of_arrays=lambda tf: mse(tf)([TRUE, TRUE], [PREDICTED, PREDICTED]),
    categories_of_less_rank=lambda tf: tf.keras.losses.categorical_crossentropy(
        tf.constant([1.0, 0.0]), tf.constant(PREDICTED)
    ),
    scalars=lambda tf: tf.keras.losses.mse(tf.constant(1.0), tf.constant(2.0)),
)
each(
    "classes of examples",
    unknown=lambda tf: tf.keras.losses.sparse_categorical_crossentropy(
        tf.constant([5, 0]), PREDICTED
    ),
    as_floats=lambda tf: tf.keras.losses.sparse_categorical_crossentropy(
        tf.constant([1.0, 0.0]), tf.constant(PREDICTED)
    ),
    as_a_loss=lambda tf: tf.keras.losses.SparseCategoricalCrossentropy()(CLASSES, PREDICTED),
    of_logits=lambda tf: tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
        CLASSES, LOGITS
    ),
    one_ignored=lambda tf: tf.keras.losses.SparseCategoricalCrossentropy(ignore_class=0)(
        CLASSES, PREDICTED
    ),
)
each(
    "certain",
    right=lambda tf: tf.keras.losses.binary_crossentropy(TRUE, TRUE),
    wrong=lambda tf: tf.keras.losses.binary_crossentropy(TRUE, 1.0 - TRUE),
    wrong_class=lambda tf: tf.keras.losses.categorical_crossentropy(TRUE, TRUE[::-1].copy()),
)
each(
    "weights",
    a_scalar=lambda tf: mse(tf)(TRUE, PREDICTED, sample_weight=2.0),
    a_column=lambda tf: mse(tf, reduction="sum")(TRUE, PREDICTED, sample_weight=[[1.0], [3.0]]),
    not_reduced=lambda tf: mse(tf, reduction=None)(TRUE, PREDICTED, sample_weight=[1.0, 3.0]),
    their_mean=lambda tf: mse(tf, reduction="mean_with_sample_weight")(
        TRUE, PREDICTED, sample_weight=[1.0, 3.0]
    ),
)
each(
    "found",
    a_reduction=lambda tf: mse(tf, reduction="foo"),
    a_function=lambda tf: tf.keras.losses.get("mse") is tf.keras.losses.MSE,
    a_class=lambda tf: tf.keras.losses.get("MeanSquaredError").name,
    a_long_name=lambda tf: (
        tf.keras.losses.get("sparse_categorical_crossentropy")
        is tf.keras.losses.sparse_categorical_crossentropy
    ),
    nothing=lambda tf: tf.keras.losses.get("foo"),
    None_=lambda tf: tf.keras.losses.get(None),
    names=lambda tf: [
        getattr(tf.keras.losses, name).__name__ for name in ("mse", "mae", "kld", "logcosh")
    ],
    config=lambda tf: tf.keras.losses.MeanAbsoluteError(name="mine").get_config(),
    config_with_options=lambda tf: tf.keras.losses.SparseCategoricalCrossentropy(
        from_logits=True
    ).get_config()["from_logits"],
    the_same_classes=lambda tf: tf.losses.MeanSquaredError is tf.keras.losses.MeanSquaredError,
)


@case
def a_loss_of_ones_own(tf: Any) -> Any:
    class Difference(tf.keras.losses.Loss):  # type: ignore[misc]
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return tf.reduce_mean(tf.abs(y_true - y_pred), -1)

    found = [Difference()(TRUE, PREDICTED), Difference(reduction="sum")(TRUE, PREDICTED)]
    return [found, raised(lambda: tf.keras.losses.Loss()(TRUE, PREDICTED))]


@case
def a_gradient_through_a_loss(tf: Any) -> Any:
    w = tf.Variable(LOGITS)
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        y = loss(CLASSES, w)
    return tape.gradient(y, w)
