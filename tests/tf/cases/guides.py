"""Programs that make the calls of TensorFlow's own guides, in their order, with numbers of ours.

The guides are "autodiff", "advanced_autodiff", "basic_training_loops", "tensor", "variable",
"customization/basics" and the walkthrough of custom training. Left out of them: Keras layers,
models, losses and metrics (a ``Dense`` written as a ``tf.Module`` stands in), ``compile`` and
``fit``, ``saved_model``, ``tf.data``, ``tfds``, plots, ragged and sparse tensors, ``tf.image`` (an
operation without a gradient stands in), and decoding of bytes and Unicode.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised

GROUP = Group("guides")
case = GROUP.case


def batch(tf: Any, *shape: int) -> Any:
    """Fixed numbers where a guide draws normal ones."""
    return tf.reshape(tf.sin(3.0 * tf.range(float(np.prod(shape)))), shape)


def dense(tf: Any, inputs: int, outputs: int, activation: Any = None) -> Any:
    """What the guides take from Keras."""

    class Dense(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = tf.Variable(0.5 * batch(tf, inputs, outputs), name="kernel")
            self.bias = tf.Variable(tf.zeros([outputs]), name="bias")

        def __call__(self, x: Any) -> Any:
            y = x @ self.kernel + self.bias
            return y if activation is None else activation(y)

    return Dense()


# Automatic differentiation


@case
def the_first_gradient(tf: Any) -> Any:
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x**2
    return tape.gradient(y, x).numpy()


@case
def gradients_of_weights_and_biases(tf: Any) -> Any:
    w = tf.Variable(batch(tf, 3, 2), name="w")
    b = tf.Variable(tf.zeros(2, dtype=tf.float32), name="b")
    x = [[1.0, 2.0, 3.0]]
    with tf.GradientTape(persistent=True) as tape:
        y = x @ w + b
        loss = tf.reduce_mean(y**2)
    [dl_dw, dl_db] = tape.gradient(loss, [w, b])
    by_name = tape.gradient(loss, {"w": w, "b": b})
    return [dl_dw, dl_db, str(w.shape), str(dl_dw.shape), by_name["b"]]


@case
def gradients_of_a_layer(tf: Any) -> Any:
    layer = dense(tf, 3, 2, tf.nn.relu)
    x = tf.constant([[1.0, 2.0, 3.0]])
    with tf.GradientTape() as tape:
        y = layer(x)
        loss = tf.reduce_mean(y**2)
    grad = tape.gradient(loss, layer.trainable_variables)
    shapes = [
        f"{var.name}, shape: {g.shape}"
        for var, g in zip(layer.trainable_variables, grad, strict=True)
    ]
    return [grad, shapes]


@case
def what_the_tape_watches(tf: Any) -> Any:
    x0 = tf.Variable(3.0, name="x0")
    x1 = tf.Variable(3.0, name="x1", trainable=False)
    x2 = tf.Variable(2.0, name="x2") + 1.0
    x3 = tf.constant(3.0, name="x3")
    with tf.GradientTape() as tape:
        y = (x0**2) + (x1**2) + (x2**2)
    grad = tape.gradient(y, [x0, x1, x2, x3])
    return [[str(g) for g in grad], [var.name for var in tape.watched_variables()]]


@case
def watching_by_hand(tf: Any) -> Any:
    x0, x1 = tf.Variable(0.0), tf.Variable(10.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x1)
        y0 = tf.math.sin(x0)
        y1 = tf.nn.softplus(x1)
        y = y0 + y1
        ys = tf.reduce_sum(y)
    grad = tape.gradient(ys, {"x0": x0, "x1": x1})
    return [f"dy/dx0: {grad['x0']}", grad["x1"].numpy()]


@case
def intermediate_results(tf: Any) -> Any:
    x = tf.constant([1, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    found = [tape.gradient(z, x).numpy(), tape.gradient(y, x).numpy(), tape.gradient(z, y)]
    del tape
    return found


@case
def targets_that_are_not_scalar(tf: Any) -> Any:
    x = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        y0 = x**2
        y1 = 1 / x
        y2 = x * [3.0, 4.0]
    found = [tape.gradient(y0, x), tape.gradient(y1, x)]
    return [*found, tape.gradient({"y0": y0, "y1": y1}, x), tape.gradient(y2, x)]


@case
def elementwise_derivatives_by_one_gradient(tf: Any) -> Any:
    x = tf.linspace(-10.0, 10.0, 20 + 1)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.nn.sigmoid(x)
    return [y, tape.gradient(y, x)]


@case
def a_branch_of_Python(tf: Any) -> Any:
    x = tf.constant(1.0)
    v0, v1 = tf.Variable(2.0), tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        if x > 0.0:
            result = v0
        else:
            result = v1**2
    dv0, dv1 = tape.gradient(result, [v0, v1])
    return [dv0, dv1, tape.gradient(result, x)]


@case
def a_variable_replaced_by_a_tensor(tf: Any) -> Any:
    x = tf.Variable(2.0)
    found = []
    for _ in range(2):
        with tf.GradientTape() as tape:
            y = x + 1
        found.append([isinstance(x, tf.Variable), tape.gradient(y, x)])
        x = x + 1
    return found


@case
def calculations_outside_of_TensorFlow(tf: Any) -> Any:
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0]], dtype=tf.float32)
    with tf.GradientTape() as tape:
        x2 = x**2
        y = np.mean(x2, axis=0)
        y = tf.reduce_mean(y, axis=0)
    return [y, tape.gradient(y, x)]


@case
def an_integer(tf: Any) -> Any:
    x = tf.constant(10)
    with tf.GradientTape() as g:
        g.watch(x)
        y = x * x
    return g.gradient(y, x)


@case
def a_stateful_object(tf: Any) -> Any:
    x0, x1 = tf.Variable(3.0), tf.Variable(0.0)
    with tf.GradientTape() as tape:
        x1.assign_add(x0)
        y = x1**2
    return tape.gradient(y, x0)


@case("no gradient registered", says="gradient registry has no entry for: Unique")
def _(tf: Any) -> Any:
    x = tf.Variable([0.5, 0.0])
    with tf.GradientTape() as tape:
        y, _ = tf.unique(x)
    return tape.gradient(y, x)


@case
def zeros_instead_of_None(tf: Any) -> Any:
    x, y = tf.Variable([2.0, 2.0]), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        z = y**2
    return tape.gradient(z, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)


# Advanced automatic differentiation


@case
def recording_stopped(tf: Any) -> Any:
    x, y = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as t:
        x_sq = x * x
        with t.stop_recording():
            y_sq = y * y
        z = x_sq + y_sq
    grad = t.gradient(z, {"x": x, "y": y})
    return [f"dz/dx: {grad['x']}", f"dz/dy: {grad['y']}"]


@case
def recording_started_from_scratch(tf: Any) -> Any:
    x, y = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as t:
        y_sq = y * y
        t.reset()
        z = x * x + y_sq
    return t.gradient(z, {"x": x, "y": y})


@case
def the_gradient_stopped(tf: Any) -> Any:
    x, y = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as t:
        y_sq = y**2
        z = x**2 + tf.stop_gradient(y_sq)
    return t.gradient(z, {"x": x, "y": y})


@case
def a_custom_gradient(tf: Any) -> Any:
    @tf.custom_gradient
    def clip_gradients(y: Any) -> Any:
        def backward(dy: Any) -> Any:
            return tf.clip_by_norm(dy, 0.5)

        return y, backward

    class Clip(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec(None)])
        def call(self, x: Any) -> Any:
            return clip_gradients(x)

    v = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as t:
        output = clip_gradients(v * v)
        compiled = Clip().call(v * v)
    return [t.gradient(output, v), t.gradient(compiled, v)]


@case
def several_tapes(tf: Any) -> Any:
    x0, x1 = tf.constant(0.0), tf.constant(0.0)
    with tf.GradientTape() as tape0, tf.GradientTape() as tape1:
        tape0.watch(x0)
        tape1.watch(x1)
        y0 = tf.math.sin(x0)
        y1 = tf.nn.sigmoid(x1)
        ys = tf.reduce_sum(y0 + y1)
    return [tape0.gradient(ys, x0).numpy(), tape1.gradient(ys, x1).numpy()]


@case
def regularisation_by_the_gradient_of_the_input(tf: Any) -> Any:
    x = batch(tf, 7, 5)
    layer = dense(tf, 5, 10, tf.nn.relu)
    with tf.GradientTape() as t2:
        with tf.GradientTape(watch_accessed_variables=False) as t1:
            t1.watch(x)
            out = tf.reduce_sum(layer(x) ** 2)
        g1 = t1.gradient(out, x)
        g1_mag = tf.norm(g1)
    return [g1_mag, t2.gradient(g1_mag, layer.trainable_variables)]


@case
def a_jacobian_with_a_scalar_source(tf: Any) -> Any:
    x, delta = tf.linspace(-10.0, 10.0, 20 + 1), tf.Variable(0.0)
    with tf.GradientTape() as tape:
        y = tf.nn.sigmoid(x + delta)
    return [y.shape, tape.jacobian(y, delta)]


@case
def a_jacobian_with_a_tensor_source(tf: Any) -> Any:
    x, layer = batch(tf, 7, 5), dense(tf, 5, 10, tf.nn.relu)
    with tf.GradientTape(persistent=True) as tape:
        y = layer(x)
    j = tape.jacobian(y, layer.kernel)
    g = tape.gradient(y, layer.kernel)
    j_sum = tf.reduce_sum(j, axis=[0, 1])
    return [y.shape, j.shape, g, bool(tf.reduce_max(abs(g - j_sum)).numpy() < 1e-3)]


@case
def a_hessian_and_a_step_of_Newton(tf: Any) -> Any:
    x = batch(tf, 7, 3)
    layer1, layer2 = dense(tf, 3, 4, tf.nn.relu), dense(tf, 4, 2, tf.nn.relu)
    with tf.GradientTape() as t2:
        with tf.GradientTape() as t1:
            x = layer1(x)
            x = layer2(x)
            loss = tf.reduce_mean(x**2)
        g = t1.gradient(loss, layer1.kernel)
    h = t2.jacobian(g, layer1.kernel)
    n_params = tf.reduce_prod(layer1.kernel.shape)
    g_vec = tf.reshape(g, [n_params, 1])
    h_mat = tf.reshape(h, [n_params, n_params])
    eye = tf.eye(h_mat.shape[0])
    update = tf.linalg.solve(h_mat + eye, g_vec)
    layer1.kernel.assign_sub(tf.reshape(update, layer1.kernel.shape))
    return [h_mat, layer1.kernel]


@case
def a_batch_jacobian(tf: Any) -> Any:
    x = batch(tf, 4, 5)
    layer1, layer2 = dense(tf, 5, 8, tf.nn.elu), dense(tf, 8, 6, tf.nn.elu)
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = layer2(layer1(x))
    j = tape.jacobian(y, x)
    j_sum = tf.reduce_sum(j, axis=2)
    j_select = tf.einsum("bxby->bxy", j)
    jb = tape.batch_jacobian(y, x)
    error = tf.reduce_max(abs(jb - j_sum))
    return [j.shape, j_sum.shape, j_select, jb, bool(error < 1e-3)]


@case
def patches_of_a_jacobian(tf: Any) -> Any:
    j = batch(tf, 2, 3, 2, 2)
    j = tf.transpose(j, [1, 0, 3, 2])
    lim = tf.reduce_max(abs(j))
    j = tf.pad(j, [[0, 0], [1, 1], [0, 0], [1, 1]], constant_values=-lim)
    s = j.shape
    return tf.reshape(j, [s[0] * s[1], s[2] * s[3]])


# Basic training loops


@case
def a_linear_model(tf: Any) -> Any:
    count = 201
    x = tf.cast(tf.linspace(-2, 2, count), tf.float32)
    y = x * 3.0 + 2.0 + batch(tf, count)

    class Model(tf.Module):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.w = tf.Variable(5.0)
            self.b = tf.Variable(0.0)

        def __call__(self, x: Any) -> Any:
            return self.w * x + self.b

    def loss(target: Any, predicted: Any) -> Any:
        return tf.reduce_mean(tf.square(target - predicted))

    def train(model: Any, x: Any, y: Any, learning_rate: float) -> None:
        with tf.GradientTape() as t:
            current_loss = loss(y, model(x))
        dw, db = t.gradient(current_loss, [model.w, model.b])
        model.w.assign_sub(learning_rate * dw)
        model.b.assign_sub(learning_rate * db)

    def report(model: Any, loss: Any) -> str:
        return f"W = {model.w.numpy():1.2f}, b = {model.b.numpy():1.2f}, loss={loss:2.5f}"

    model = Model()
    found: list[Any] = [model.variables, model(3.0).numpy(), f"{loss(y, model(x)).numpy():1.3f}"]
    for _ in range(10):
        train(model, x, y, learning_rate=0.1)
        found.append(report(model, loss(y, model(x))))
    return found


# Custom training


def network(tf: Any) -> Any:
    class Net(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = dense(tf, 4, 10, tf.nn.relu)
            self.out = dense(tf, 10, 3)

        def __call__(self, x: Any) -> Any:
            return self.out(self.hidden(x))

    return Net()


@case
def a_classifier(tf: Any) -> Any:
    model, features = network(tf), batch(tf, 12, 4)
    labels = tf.constant([0, 1, 2] * 4)

    def loss(model: Any, x: Any, y: Any) -> Any:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=model(x))
        return tf.reduce_mean(losses)

    def grad(model: Any, inputs: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(model, inputs, targets)
        return value, tape.gradient(value, model.trainable_variables)

    found = [tf.nn.softmax(model(features)[:5]), tf.math.argmax(model(features), axis=1)]
    optimizer = tf.keras.optimizers.SGD(learning_rate=0.1)
    losses = []
    for _ in range(20):
        value, grads = grad(model, features, labels)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
        losses.append(value)
    logits = model(features)
    prediction = tf.math.argmax(logits, axis=1, output_type=tf.int64)
    right = tf.cast(prediction, tf.int32) == labels
    return [
        *found,
        tf.stack(losses),
        int(optimizer.iterations.numpy()),
        tf.stack([tf.cast(labels, tf.int64), prediction], axis=1),
        float(tf.reduce_mean(tf.cast(right, tf.float32))),
    ]


@case
def the_prediction_of_a_classifier(tf: Any) -> Any:
    model, names = network(tf), ["one", "two", "three"]
    data = tf.convert_to_tensor([[0.3, 0.8, 0.4, 0.5], [0.4, 0.1, 0.8, 0.5], [0.7, 0.9, 0.8, 0.4]])
    lines = []
    for i, logits in enumerate(model(data)):
        class_idx = tf.math.argmax(logits).numpy()
        p = tf.nn.softmax(logits)[class_idx]
        lines.append(f"Example {i} prediction: {names[class_idx]} ({100 * p:4.1f}%)")
    return lines


@case
def a_compiled_training_step(tf: Any) -> Any:
    model, features = network(tf), batch(tf, 12, 4)
    targets = batch(tf, 12, 3)
    rate = tf.constant(0.1)

    @tf.function
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(tf.square(model(x) - y))
        variables = model.trainable_variables
        for v, g in zip(variables, tape.gradient(value, variables), strict=True):
            v.assign_sub(rate * g)
        return value

    return [tf.stack([step(features, targets) for _ in range(5)]), model.out.kernel]


# Customization basics, tensors and variables


@case
def basics(tf: Any) -> Any:
    x = tf.linalg.matmul([[1]], [[2, 3]])
    tensor = tf.math.multiply(np.ones([3, 3]), 42)
    with tf.device("CPU:0"):
        u = tf.random.uniform([10, 10])
        on_cpu = u.device.endswith("CPU:0")
    return [
        str(tf.math.add(1, 2)),
        str(tf.math.add([1, 2], [3, 4])),
        str(tf.math.square(5)),
        str(tf.math.reduce_sum([1, 2, 3])),
        str(tf.math.square(2) + tf.math.square(3)),
        [str(x), str(x.shape), str(x.dtype)],
        tensor,
        np.add(tensor, 1),
        tensor.numpy(),
        on_cpu,
        tf.linalg.matmul(u, u).shape,
    ]


@case
def tensors(tf: Any) -> Any:
    half = tf.constant([[1, 2], [3, 4], [5, 6]], dtype=tf.float16)
    deep = tf.reshape(tf.range(30), [3, 2, 5])
    a, b = tf.constant([[1, 2], [3, 4]]), tf.constant([[1, 1], [1, 1]])
    c = tf.constant([[4.0, 5.0], [10.0, 1.0]])
    four = tf.zeros([3, 2, 4, 5])
    return [
        [str(half), str(deep), str(tf.constant(4)), str(tf.constant("Gray wolf"))],
        [np.array(half), tf.add(a, b), tf.multiply(a, b), tf.matmul(a, b), a + b, a * b, a @ b],
        [tf.reduce_max(c), tf.math.argmax(c), tf.nn.softmax(c)],
        [
            tf.convert_to_tensor([1, 2, 3]),
            tf.reduce_max([1, 2, 3]),
            tf.reduce_max(np.array([1, 2])),
        ],
        [four.dtype, four.ndim, four.shape, four.shape[0], four.shape[-1], tf.size(four).numpy()],
        [tf.rank(four), tf.shape(four), deep[:, :, 4], half[1, 1].numpy(), half[1:, :].numpy()],
        [tf.reshape(deep, [-1]), tf.reshape(deep, [3 * 2, 5]), tf.reshape(deep, [3, -1])],
        raised(lambda: tf.reshape(deep, [7, -1])),
        tf.cast(tf.cast(tf.constant([2.2, 3.3], dtype=tf.float64), tf.float16), dtype=tf.uint8),
        tf.multiply(tf.reshape(tf.constant([1, 2, 3]), [3, 1]), tf.range(1, 5)),
        tf.broadcast_to(tf.constant([1, 2, 3]), [3, 3]),
        raised(lambda: tf.constant([[0, 1, 2, 3], [4, 5]])),
        tf.constant("🥳👍"),
    ]


@case
def variables(tf: Any) -> Any:
    tensor = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    v = tf.Variable(tensor)
    a = tf.Variable([2.0, 3.0])
    b = tf.Variable(a)
    a.assign([5, 6])
    with tf.device("CPU:0"):
        c = tf.matmul(tf.Variable([[1.0, 2.0, 3.0]]), tf.constant([[1.0], [3.0], [5.0]]))
    return [
        [tf.Variable([False, True]), tf.Variable([5 + 4j, 6 + 1j])],
        [v.shape, v.dtype, v.numpy(), str(v), tf.convert_to_tensor(v), tf.math.argmax(v)],
        tf.reshape(v, [1, 4]),
        [a.numpy(), b.numpy(), raised(lambda: a.assign([1.0, 2.0, 3.0]))],
        [a.assign_add([2, 3]).numpy(), a.assign_sub([7, 9]).numpy()],
        tf.Variable(tensor, name="Mark") == tf.Variable(tensor + 1, name="Mark"),
        tf.Variable(1, trainable=False).trainable,
        c,
    ]
