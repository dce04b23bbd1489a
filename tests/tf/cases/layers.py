"""tf.keras.layers: the few layers, models of them, and layers of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("layers")
case = GROUP.case

X = np.array([[1.0, -2.0, 3.0], [0.5, 1.0, -1.0]], np.float32)


def dense(tf: Any, *args: Any, **options: Any) -> Any:
    return tf.keras.layers.Dense(*args, kernel_initializer="ones", **options)


def each(name: str, **programs: Any) -> None:
    """One case a keyword, named after it."""
    for label, program in programs.items():
        case(f"{name}: {label.replace('_', ' ').strip()}", program)


each(
    "dense",
    linear=lambda tf: dense(tf, 2)(X),
    an_activation=lambda tf: dense(tf, 2, activation="relu")(X),
    a_function=lambda tf: dense(tf, 2, tf.nn.tanh)(X),
    no_bias=lambda tf: dense(tf, 2, use_bias=False, name="d")(X),
    three_axes=lambda tf: dense(tf, 2)(X[None]),
    float64=lambda tf: dense(tf, 2)(X.astype(np.float64)),
    of_float64=lambda tf: dense(tf, 2, dtype="float64")(X),
    a_list=lambda tf: dense(tf, 2)(tf.constant([[1.0, 2.0]])),
    variables=lambda tf: (d := dense(tf, 2, name="d"), d(X), [v.path for v in d.variables])[2],
    shapes=lambda tf: (d := dense(tf, 2), d(X), [tuple(v.shape) for v in d.weights])[2],
    nothing_made_yet=lambda tf: [dense(tf, 2).weights, dense(tf, 2).built],
    no_units=lambda tf: tf.keras.layers.Dense(0),
)
each(
    "layers",
    flatten=lambda tf: tf.keras.layers.Flatten()(np.ones([2, 3, 4], np.float32)).shape,
    activation=lambda tf: tf.keras.layers.Activation("relu")(X),
    dropout_in_use=lambda tf: tf.keras.layers.Dropout(0.5)(X),
    dropout_of_nothing=lambda tf: tf.keras.layers.Dropout(0.0)(X, training=True),
    a_bad_rate=lambda tf: tf.keras.layers.Dropout(2.0),
)


@case
def dropout_keeps_the_mean(tf: Any) -> Any:
    y = tf.keras.layers.Dropout(0.2)(np.ones([200, 200], np.float32), training=True).numpy()
    return [sorted({round(float(v), 4) for v in y.flat}), round(float((y == 0).mean()), 1)]


@case
def a_model_in_a_row(tf: Any) -> Any:
    layers = [dense(tf, 4, activation="tanh"), dense(tf, 1)]
    model = tf.keras.Sequential(layers)
    optimizer = tf.keras.optimizers.SGD(0.01)
    losses = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(X, training=True)))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        losses.append(loss)
    return [losses, len(model.layers), [tuple(v.shape) for v in model.trainable_variables]]


@case
def a_compiled_step_of_a_model(tf: Any) -> Any:
    model = tf.keras.Sequential([dense(tf, 4, activation="tanh"), dense(tf, 1)])
    optimizer = tf.keras.optimizers.Adam(0.01)

    @tf.function
    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x)))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return [step(tf.constant(X)) for _ in range(3)]


@case
def a_model_of_ones_own(tf: Any) -> Any:
    class Two(tf.keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden = dense(tf, 2, activation="relu")
            self.out = dense(tf, 1, use_bias=False)

        def call(self, x: Any) -> Any:
            return self.out(self.hidden(x))

    model = Two()
    return [model(X), [v.name for v in model.trainable_variables], len(model.layers)]


@case
def a_layer_of_ones_own(tf: Any) -> Any:
    class Scale(tf.keras.layers.Layer):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(
                shape=(input_shape[-1],), initializer="ones", name="factor"
            )
            self.count = self.add_weight(initializer="zeros", trainable=False, name="count")

        def call(self, x: Any) -> Any:
            self.count.assign_add(1.0)
            return x * self.factor

    layer = Scale()
    found = [layer(X), layer(X), float(layer.count.numpy())]
    names = [[v.name for v in vs] for vs in (layer.trainable_variables, layer.weights)]
    layer.trainable = False
    return [found, names, len(layer.trainable_variables), len(layer.non_trainable_variables)]


case("a layer that computes nothing", lambda tf: raised(lambda: tf.keras.layers.Layer()(X)))


@case
def variables_made_by_build(tf: Any) -> Any:
    layer = tf.keras.layers.Dense(2)
    layer.build((None, 3))
    model = tf.keras.Sequential([dense(tf, 4), tf.keras.layers.Flatten(), dense(tf, 1)])
    unbuilt = model.built
    model.build((None, 3))
    shapes = [[tuple(v.shape) for v in made.weights] for made in (layer, model)]
    layer(X), model(X)
    return [unbuilt, model.built, layer.built, shapes, len(layer.weights), len(model.weights)]


@case
def building_runs_nothing(tf: Any) -> Any:
    class Counting(tf.keras.layers.Layer):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            self.count = self.add_weight(initializer="zeros", name="count")

        def call(self, x: Any) -> Any:
            self.count.assign_add(1.0)
            return x

    model = tf.keras.Sequential([Counting()])
    model.build((None, 3))
    before = float(model.weights[0].numpy())
    model(X)
    return [before, float(model.weights[0].numpy())]


@case
def weights_given_and_taken(tf: Any) -> Any:
    model = tf.keras.Sequential([dense(tf, 2), dense(tf, 1)])
    model.build((None, 3))
    model.set_weights([np.ones([3, 2]), np.zeros(2), np.array([[1.0], [2.0]]), np.ones(1)])
    return [model(X), model.get_weights(), tf.keras.layers.Dense(2).get_weights()]


def built(tf: Any) -> Any:
    layer = tf.keras.layers.Dense(4, name="d")
    layer.build((None, 3))
    return layer


each(
    "set_weights",
    too_few=lambda tf: built(tf).set_weights([np.ones([3, 4])]),
    another_shape=lambda tf: built(tf).set_weights([np.ones([4, 3]), np.zeros(4)]),
    of_a_layer_not_built=lambda tf: tf.keras.layers.Dense(2, name="d").set_weights([np.ones(2)]),
)
