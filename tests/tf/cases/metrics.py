"""tf.keras.metrics: their results batch by batch, weights, state and names."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("metrics")
case, op = GROUP.case, GROUP.op

TRUE = np.array([[0, 1, 0], [1, 0, 0]], np.float32)
PREDICTED = np.array([[0.3, 0.6, 0.1], [0.2, 0.7, 0.1]], np.float32)
CLASSES = np.array([1, 0], np.int32)
WEIGHTS = np.array([1.0, 3.0], np.float32)

op("keras.metrics.binary_accuracy", [TRUE, PREDICTED])
op("keras.metrics.binary_accuracy", [TRUE, PREDICTED], {"threshold": 0.65})
op("keras.metrics.categorical_accuracy", [TRUE, PREDICTED])
op("keras.metrics.sparse_categorical_accuracy", [CLASSES, PREDICTED])
op("keras.metrics.sparse_categorical_accuracy", [CLASSES[:, None], PREDICTED])
op("keras.metrics.top_k_categorical_accuracy", [TRUE, PREDICTED], {"k": 2})
op("keras.metrics.sparse_top_k_categorical_accuracy", [CLASSES, PREDICTED], {"k": 2})

PAIRS = """MeanSquaredError MeanAbsoluteError RootMeanSquaredError MeanSquaredLogarithmicError
MeanAbsolutePercentageError LogCoshError CosineSimilarity KLDivergence Poisson Hinge SquaredHinge
CategoricalHinge BinaryCrossentropy CategoricalCrossentropy Accuracy BinaryAccuracy
CategoricalAccuracy TopKCategoricalAccuracy Precision Recall TruePositives FalsePositives
TrueNegatives FalseNegatives""".split()
NUMBERED = "SparseCategoricalAccuracy SparseTopKCategoricalAccuracy SparseCategoricalCrossentropy"


def batches(metric: Any, first: Any, second: Any) -> Any:
    """The results after each batch, after a weighed one, and when started again."""
    results = [metric(*first).numpy()]
    metric.update_state(*second)
    results.append(metric.result().numpy())
    metric.update_state(*first, sample_weight=WEIGHTS)
    results.append(metric.result().numpy())
    state = [v.numpy() for v in metric.variables]
    metric.reset_state()
    return [results, state, metric.result(), metric.dtype]


for kind in PAIRS:

    @case(kind)
    def _(tf: Any, kind: str = kind) -> Any:
        options = {"k": 2} if "TopK" in kind else {}
        metric = getattr(tf.keras.metrics, kind)(**options)
        return batches(metric, (TRUE, PREDICTED), (TRUE[:1], PREDICTED[1:]))


for kind in NUMBERED.split():

    @case(kind)
    def _(tf: Any, kind: str = kind) -> Any:
        options = {"k": 2} if "TopK" in kind else {}
        metric = getattr(tf.keras.metrics, kind)(**options)
        return batches(metric, (CLASSES, PREDICTED), (CLASSES[:1], PREDICTED[1:]))


for kind in ("Precision", "Recall"):

    @case(f"{kind} at thresholds")
    def _(tf: Any, kind: str = kind) -> Any:
        several = getattr(tf.keras.metrics, kind)(thresholds=[0.25, 0.5, 0.65])
        one = getattr(tf.keras.metrics, kind)(thresholds=0.65)
        return [several(TRUE, PREDICTED), one(TRUE, PREDICTED)]


def each(name: str, **programs: Any) -> None:
    """One case a keyword, named after it."""
    for label, program in programs.items():
        case(f"{name}: {label.replace('_', ' ').strip()}", program)


def mean(tf: Any, *values: Any, **options: Any) -> Any:
    return tf.keras.metrics.Mean()(*values, **options)


each(
    "mean",
    nothing_yet=lambda tf: tf.keras.metrics.Mean().result(),
    a_scalar=lambda tf: mean(tf, 10.0),
    a_list=lambda tf: mean(tf, [1.0, 2.0, 6.0]),
    integers=lambda tf: mean(tf, tf.constant([1, 2])),
    a_matrix=lambda tf: mean(tf, [[1.0, 2.0], [3.0, 4.0]]),
    weights=lambda tf: mean(tf, [1.0, 3.0], sample_weight=[1.0, 0.0]),
    weights_of_rows=lambda tf: mean(tf, [[1.0, 2.0], [3.0, 4.0]], sample_weight=[1.0, 3.0]),
    weights_of_elements=lambda tf: mean(
        tf, [[1.0, 2.0], [3.0, 4.0]], sample_weight=[[1.0, 0.0], [0.0, 3.0]]
    ),
    weights_of_zero=lambda tf: mean(tf, [1.0, 3.0], sample_weight=[0.0, 0.0]),
    float64=lambda tf: tf.keras.metrics.Mean(dtype="float64")([1.0, 2.0]),
    says_nothing=lambda tf: tf.keras.metrics.Mean().update_state([1.0]),
    shown=lambda tf: [repr(tf.keras.metrics.Mean()), tf.keras.metrics.Mean(name="loss").name],
    state=lambda tf: [v.path for v in tf.keras.metrics.Mean(name="loss").variables],
    formatted=lambda tf: f"{mean(tf, [1.0, 2.0]):.2f}",
    config=lambda tf: tf.keras.metrics.Mean(name="loss").get_config(),
    reset_states=lambda tf: tf.keras.metrics.Mean().reset_states,
    a_sum=lambda tf: tf.keras.metrics.Sum()([1.0, 2.0]),
    a_weighed_sum=lambda tf: tf.keras.metrics.Sum()([1.0, 2.0], sample_weight=[1.0, 3.0]),
    a_wrapper=lambda tf: tf.keras.metrics.MeanMetricWrapper(lambda y, p: tf.abs(y - p))(
        TRUE, PREDICTED
    ),
)
each(
    "found",
    by_short_name=lambda tf: repr(tf.keras.metrics.get("mse")),
    accuracy=lambda tf: repr(tf.keras.metrics.get("accuracy")),
    by_class=lambda tf: repr(tf.keras.metrics.get("SparseCategoricalAccuracy")),
    nothing=lambda tf: tf.keras.metrics.get("foo"),
    the_same_classes=lambda tf: tf.metrics.Mean is tf.keras.metrics.Mean,
    a_bad_threshold=lambda tf: tf.keras.metrics.Precision(thresholds=2.0),
)


@case
def metrics_in_a_tf_function(tf: Any) -> Any:
    mean, accuracy = tf.keras.metrics.Mean(), tf.keras.metrics.SparseCategoricalAccuracy()

    @tf.function
    def step(x: Any, labels: Any) -> Any:
        mean.update_state(x)
        accuracy.update_state(labels, x)
        return mean.result()

    found = [step(tf.constant(PREDICTED), tf.constant(CLASSES)) for _ in range(2)]
    return [found, mean.result(), accuracy.result()]


@case
def a_metric_of_ones_own(tf: Any) -> Any:
    class Largest(tf.keras.metrics.Metric):  # type: ignore[misc]
        def __init__(self, name: str = "largest", **options: Any) -> None:
            super().__init__(name=name, **options)
            self.seen = self.add_weight(name="seen", initializer="zeros")

        def update_state(self, values: Any, sample_weight: Any = None) -> None:
            self.seen.assign(tf.maximum(self.seen, tf.reduce_max(values)))

        def result(self) -> Any:
            return self.seen + 0.0

    metric = Largest()
    first = metric(tf.constant([1.0, 3.0]))
    metric.reset_state()
    return [first, metric.result(), metric.name, raised(lambda: tf.keras.metrics.Metric().result())]


@case
def a_metric_under_a_tape(tf: Any) -> Any:
    v, mean = tf.Variable(2.0), tf.keras.metrics.Mean()
    with tf.GradientTape() as tape:
        loss = v * v
        mean.update_state(loss)
        after = loss * mean.result()
    return [tape.gradient(after, v), mean.result(), [w.name for w in tape.watched_variables()]]
