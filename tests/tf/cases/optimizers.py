"""Optimizers: their rules, options and state, and the schedules of learning rates."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("optimizers")
case = GROUP.case

GRADIENTS = ([[2.0, -1.0]], [[1.0, 0.0]], [[-3.0, 0.5]], [[0.25, 4.0]])


def trained(tf: Any, optimizer: Any, dtype: Any = np.float32) -> Any:
    """A variable after four steps, and the optimizer's own variables."""
    v = tf.Variable(np.array([[1.0, -2.0]], dtype), name="w")
    b = tf.Variable(np.array(0.5, dtype), name="layer/b")
    for gradient in GRADIENTS:
        g = tf.constant(np.array(gradient, dtype))
        optimizer.apply_gradients([(g, v), (g[0, 0] * 2.0, b)])
    state = [x.numpy() for x in optimizer.variables[:6]]
    return [v.numpy(), b.numpy(), int(optimizer.iterations), state]


RULES: dict[str, list[dict[str, Any]]] = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"weight_decay": 0.1}],
    "Adam": [{}, {"amsgrad": True}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01}],
    "AdamW": [{}, {"weight_decay": 0.2}],
    "RMSprop": [{}, {"momentum": 0.5, "centered": True}, {"rho": 0.5, "centered": True}],
    "Adagrad": [{}, {"initial_accumulator_value": 0.0}],
    "Adadelta": [{}],
    "Adamax": [{}],
    "Nadam": [{}],
    "Ftrl": [
        {},
        {
            "l1_regularization_strength": 0.1,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.5,
        },
    ],
    "Lion": [{}],
}
OPTIONS: list[dict[str, Any]] = [
    {"clipnorm": 1.0},
    {"clipvalue": 0.5},
    {"global_clipnorm": 1.5},
    {"loss_scale_factor": 4.0},
    {"use_ema": True, "ema_momentum": 0.5},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
]

for rule, variants in RULES.items():
    for options in variants:

        @case(f"{rule}({', '.join(f'{k}={v}' for k, v in options.items())})")
        def _(tf: Any, rule: str = rule, options: dict[str, Any] = options) -> Any:
            return trained(tf, getattr(tf.keras.optimizers, rule)(0.1, **options))

    for dtype in ("float64", "float16"):
        if dtype == "float64" or rule in ("SGD", "Adam"):
            # Nadam's product of momenta is a float32, whose last digits depend on the order.
            @case(f"{rule} of {dtype}", rtol=1e-7 if rule == "Nadam" else None)
            def _(tf: Any, rule: str = rule, dtype: str = dtype) -> Any:
                return trained(tf, getattr(tf.keras.optimizers, rule)(0.1), np.dtype(dtype))

    @case(f"{rule} with rows given twice")
    def _(tf: Any, rule: str = rule) -> Any:
        v = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        optimizer = getattr(tf.keras.optimizers, rule)(0.1)
        values = tf.constant([[1.0, -1.0], [0.5, -2.0]])
        for _ in range(2):
            sparse = tf.IndexedSlices(values, tf.constant([0, 0]), tf.constant([3, 2]))
            optimizer.apply_gradients([(sparse, v)])
        return v.numpy()

    @case(f"the configuration of {rule}")
    def _(tf: Any, rule: str = rule) -> Any:
        config = getattr(tf.keras.optimizers, rule)(0.5, name="mine").get_config()
        return {k: config[k] for k in sorted(config)}

    @case(f"{rule} in a tf.function")
    def _(tf: Any, rule: str = rule) -> Any:
        v = tf.Variable([1.0, -2.0])
        optimizer = getattr(tf.keras.optimizers, rule)(0.1)

        @tf.function
        def step(x: Any) -> Any:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.square(v - x))
            optimizer.apply_gradients(zip(tape.gradient(loss, [v]), [v], strict=True))
            return loss

        losses = [step(tf.constant([1.5, 1.0])) for _ in range(3)]
        return [losses, v.numpy(), int(optimizer.iterations)]


for options in OPTIONS:

    @case(f"options: {options}")
    def _(tf: Any, options: dict[str, Any] = options) -> Any:
        return trained(tf, tf.keras.optimizers.Adam(0.1, **options))


def each(name: str, **programs: Any) -> None:
    """One case a keyword, named after it."""
    for label, program in programs.items():
        case(f"{name}: {label.replace('_', ' ').strip()}", program)


def sgd(tf: Any, *args: Any, **options: Any) -> Any:
    return tf.keras.optimizers.SGD(*args or (0.1,), **options)


def applied(tf: Any, optimizer: Any, *gradients: Any) -> Any:
    """Variables after one step of these gradients."""
    variables = [tf.Variable([1.0, 2.0], name=f"v{i}") for i in range(len(gradients))]
    optimizer.apply_gradients(zip(gradients, variables, strict=True))
    return [v.numpy() for v in variables]


each(
    "gradients",
    a_list=lambda tf: applied(tf, sgd(tf), [1.0, 1.0]),
    an_array=lambda tf: applied(tf, sgd(tf), np.ones(2)),
    float64=lambda tf: applied(tf, sgd(tf), tf.constant([1.0, 1.0], tf.float64)),
    None_alone=lambda tf: applied(tf, sgd(tf), None),
    another_shape=lambda tf: applied(tf, sgd(tf), tf.constant([1.0, 2.0, 3.0])),
    a_scalar=lambda tf: applied(tf, sgd(tf), tf.constant(1.0)),
    none_at_all=lambda tf: sgd(tf).apply_gradients([]),
)


@case
def a_gradient_of_None_warns(tf: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = applied(tf, sgd(tf), None, tf.constant([1.0, 1.0]))
    said = [str(w.message).split(" when")[0] for w in caught if w.category is UserWarning]
    return [found, said]


@case
def another_variable_later(tf: Any) -> Any:
    optimizer, v = sgd(tf), tf.Variable(1.0)
    optimizer.apply_gradients([(tf.constant(1.0), v)])
    return raised(lambda: optimizer.apply_gradients([(tf.constant(1.0), tf.Variable(1.0))]))


@case
def a_part_of_the_variables_later(tf: Any) -> Any:
    optimizer, v, w = tf.keras.optimizers.Adam(0.1), tf.Variable(1.0), tf.Variable(1.0)
    optimizer.build([v, w])
    optimizer.apply_gradients([(tf.constant(1.0), w)])
    optimizer.apply([tf.constant(1.0), tf.constant(2.0)])
    return [v.numpy(), w.numpy(), raised(lambda: sgd(tf).apply([tf.constant(1.0)]))]


@case
def a_constraint_holds_after_a_step(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0], constraint=tf.nn.relu)
    sgd(tf, 1.0).apply_gradients([(tf.constant([5.0, -5.0]), v)])
    return v.numpy()


@case
def a_step_inside_a_tape(tf: Any) -> Any:
    v, x = tf.Variable(1.0), tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            loss = v * v * x
        gradient = tape.gradient(loss, v)
        sgd(tf, momentum=0.5).apply_gradients([(gradient, v)])
        after = v * x
    return [v.numpy(), outer.gradient(after, x), [w.name for w in outer.watched_variables()]]


each(
    "learning rate",
    read=lambda tf: [sgd(tf, 0.5).learning_rate.numpy(), float(sgd(tf, 0.5).learning_rate)],
    multiplied=lambda tf: sgd(tf, 0.5).learning_rate * 2.0,
    set=lambda tf: (o := sgd(tf), setattr(o, "learning_rate", 0.25), o.learning_rate.numpy())[2],
    assigned=lambda tf: (o := sgd(tf), o.learning_rate.assign(0.25), o.learning_rate.numpy())[2],
    a_string=lambda tf: sgd(tf, "x"),
    a_function=lambda tf: applied(tf, sgd(tf, lambda: 0.5), tf.constant([1.0, 1.0])),
    an_unknown_argument=lambda tf: sgd(tf, lr=0.1),
    lr=lambda tf: sgd(tf).lr,
    two_bounds=lambda tf: sgd(tf, clipnorm=1.0, clipvalue=1.0),
    a_large_momentum=lambda tf: sgd(tf, momentum=2.0),
    an_ema_momentum=lambda tf: sgd(tf, use_ema=True, ema_momentum=2.0),
    an_ema_frequency=lambda tf: sgd(tf, use_ema=True, ema_overwrite_frequency=-1),
    iterations_set=lambda tf: setattr(sgd(tf), "iterations", 3),
    scaled_loss=lambda tf: sgd(tf, loss_scale_factor=2.0).scale_loss(3.0),
)


@case
def a_changed_learning_rate_counts_in_a_traced_function(tf: Any) -> Any:
    optimizer, v = sgd(tf, 1.0), tf.Variable(10.0)
    step = tf.function(lambda: optimizer.apply_gradients([(tf.constant(1.0), v)]) is None)
    step()
    optimizer.learning_rate = 0.5
    step()
    return [v.numpy(), step.experimental_get_tracing_count()]


@case
def the_names_of_state(tf: Any) -> Any:
    optimizer = tf.keras.optimizers.Adam(0.1, amsgrad=True, name="mine")
    optimizer.build([tf.Variable([1.0], name="a"), tf.Variable(1.0, name="b/c")])
    shown = [repr(optimizer.iterations), optimizer.iterations.name]
    return [[x.path for x in optimizer.variables], shown, optimizer.built]


@case
def averages_are_put_in_at_the_end(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0])
    optimizer = sgd(tf, use_ema=True, ema_momentum=0.5)
    for _ in range(3):
        optimizer.apply_gradients([(tf.constant([1.0, 1.0]), v)])
    before = v.numpy()
    optimizer.finalize_variable_values([v])
    return [before, v.numpy()]


@case
def left_out_of_the_weight_decay(tf: Any) -> Any:
    v, w, u = (tf.Variable(1.0, name=name) for name in ("kernel", "bias", "other"))
    optimizer = tf.keras.optimizers.AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[u], var_names=["bias"])
    optimizer.apply_gradients([(tf.constant(0.0), x) for x in (v, w, u)])
    return [v.numpy(), w.numpy(), u.numpy()]


each(
    "found",
    by_name=lambda tf: tf.keras.optimizers.get("adam").get_config()["beta_2"],
    as_RMSprop=lambda tf: type(tf.keras.optimizers.get("RMSprop")).__name__,
    nothing=lambda tf: tf.keras.optimizers.get("nope"),
    itself=lambda tf: (o := sgd(tf), tf.keras.optimizers.get(o) is o)[1],
    from_a_config=lambda tf: tf.keras.optimizers.SGD.from_config({"learning_rate": 0.5}).momentum,
    from_a_dict=lambda tf: (
        tf.keras.optimizers.deserialize(
            tf.keras.optimizers.serialize(sgd(tf, 0.5, momentum=0.25))
        ).momentum
    ),
    the_same_classes=lambda tf: tf.optimizers.Adam is tf.keras.optimizers.Adam,
)

# Schedules

SCHEDULES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("ExponentialDecay", (0.1, 10, 0.5), {}),
    ("ExponentialDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("PiecewiseConstantDecay", ([3, 6], [1.0, 0.5, 0.1]), {}),
    ("PolynomialDecay", (0.1, 10, 0.01, 2.0), {}),
    ("PolynomialDecay", (0.1, 10, 0.01), {"cycle": True}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("CosineDecay", (0.1, 10, 0.1), {}),
    ("CosineDecay", (0.01, 10), {"warmup_target": 0.1, "warmup_steps": 5}),
    ("CosineDecayRestarts", (0.1, 5, 2.0, 0.9, 0.1), {}),
    ("CosineDecayRestarts", (0.1, 5, 1.0, 0.9, 0.1), {}),
]
for kind, args, options in SCHEDULES:

    @case(f"{kind}{args}{options or ''}")
    def _(tf: Any, kind: str = kind, args: Any = args, options: dict[str, Any] = options) -> Any:
        schedule = getattr(tf.keras.optimizers.schedules, kind)(*args, **options)
        rates = [schedule(step) for step in (0, 1, 3, 4, 6, 10, 14, 25)]
        traced = tf.function(schedule)(tf.constant(7))
        return [rates, traced, schedule(tf.constant(2)), schedule.get_config()]


@case
def a_schedule_in_an_optimizer(tf: Any) -> Any:
    schedule = tf.keras.optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
    optimizer, v = sgd(tf, schedule), tf.Variable(10.0)
    for _ in range(3):
        optimizer.apply_gradients([(tf.constant(1.0), v)])
    return [
        v.numpy(),
        optimizer.learning_rate,
        raised(lambda: setattr(optimizer, "learning_rate", 0.5)),
    ]


@case
def a_schedule_of_ones_own(tf: Any) -> Any:
    class Halved(tf.keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __call__(self, step: Any) -> Any:
            return 1.0 / (tf.cast(step, tf.float32) + 1.0)

    optimizer, v = sgd(tf, Halved()), tf.Variable(10.0)
    for _ in range(3):
        optimizer.apply_gradients([(tf.constant(1.0), v)])
    return [v.numpy(), optimizer.learning_rate]


case(
    "boundaries without their values",
    lambda tf: tf.keras.optimizers.schedules.PiecewiseConstantDecay([3, 6], [1.0, 0.5]),
)
