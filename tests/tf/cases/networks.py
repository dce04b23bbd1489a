"""Networks as notebooks and papers' code write them, by hand, with small numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group
from tests.tf.shorthand import Layers, numbers

GROUP = Group("networks")
case = GROUP.case


@case
def the_style_of_a_picture(tf: Any) -> Any:
    filters = [tf.constant(numbers(3, 3, 2, 4, scale=0.3)), tf.constant(numbers(3, 3, 4, 5))]
    content, style = (tf.constant(np.abs(numbers(1, 8, 8, 2, seed=s))) for s in (1, 2))
    image = tf.Variable(content)

    def features(x: Any) -> Any:
        found = []
        for w in filters:
            x = tf.nn.relu(tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME"))
            found.append(x)
            x = tf.nn.avg_pool2d(x, ksize=2, strides=2, padding="VALID")
        return found

    def gram_matrix(input_tensor: Any) -> Any:
        result = tf.linalg.einsum("bijc,bijd->bcd", input_tensor, input_tensor)
        input_shape = tf.shape(input_tensor)
        num_locations = tf.cast(input_shape[1] * input_shape[2], tf.float32)
        return result / num_locations

    style_targets = [gram_matrix(f) for f in features(style)]
    content_target = features(content)[-1]
    opt = tf.keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)

    def total_variation(image: Any) -> Any:
        x_var = image[:, :, 1:, :] - image[:, :, :-1, :]
        y_var = image[:, 1:, :, :] - image[:, :-1, :, :]
        return tf.reduce_sum(tf.abs(x_var)) + tf.reduce_sum(tf.abs(y_var))

    @tf.function()
    def train_step(image: Any) -> Any:
        with tf.GradientTape() as tape:
            outputs = features(image)
            loss = tf.add_n(
                [
                    tf.reduce_mean((gram_matrix(f) - target) ** 2)
                    for f, target in zip(outputs, style_targets, strict=True)
                ]
            )
            loss *= 1e-2 / len(outputs)
            loss += 1e2 * tf.reduce_mean((outputs[-1] - content_target) ** 2)
            loss += 0.3 * total_variation(image)
        grad = tape.gradient(loss, image)
        opt.apply_gradients([(grad, image)])
        image.assign(tf.clip_by_value(image, clip_value_min=0.0, clip_value_max=1.0))
        return loss

    return [[train_step(image) for _ in range(3)], image.numpy()]


@case
def a_dream_by_gradient_ascent(tf: Any) -> Any:
    kernel = tf.constant(numbers(3, 3, 3, 4, scale=0.3))

    class DeepDream(tf.Module):  # type: ignore[misc]
        @tf.function(
            input_signature=(
                tf.TensorSpec(shape=[None, None, 3], dtype=tf.float32),
                tf.TensorSpec(shape=[], dtype=tf.int32),
                tf.TensorSpec(shape=[], dtype=tf.float32),
            )
        )
        def __call__(self, img: Any, steps: Any, step_size: Any) -> Any:
            loss = tf.constant(0.0)
            for _ in tf.range(steps):
                with tf.GradientTape() as tape:
                    tape.watch(img)
                    layers = [tf.nn.elu(tf.nn.conv2d(img[tf.newaxis], kernel, 1, "VALID"))]
                    losses = []
                    for act in layers:
                        losses.append(tf.math.reduce_mean(act))
                    loss = tf.reduce_sum(losses)
                gradients = tape.gradient(loss, img)
                gradients /= tf.math.reduce_std(gradients) + 1e-8
                img = img + gradients * step_size
                img = tf.clip_by_value(img, -1, 1)
            return loss, img

    dream = DeepDream()
    found = [dream(tf.constant(numbers(6, 6, 3)), tf.constant(4), tf.constant(0.05))]
    return [*found, dream(tf.constant(numbers(5, 7, 3)), tf.constant(0), tf.constant(0.05))]


@case
def saliency_by_gradients_and_by_their_integral(tf: Any) -> Any:
    nets = Layers(tf)
    model = nets.Sequential([nets.Dense(6, 8, tf.nn.relu), nets.Dense(8, 3)])
    image, baseline = tf.constant(numbers(6)), tf.zeros(shape=(6,))

    def compute_gradients(images: Any, target: int) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            probs = tf.nn.softmax(model(images), axis=-1)[:, target]
        return tape.gradient(probs, images)

    alphas = tf.linspace(start=0.0, stop=1.0, num=11)
    path = baseline[tf.newaxis, :] + alphas[:, tf.newaxis] * (image - baseline)[tf.newaxis, :]
    grads = compute_gradients(path, 1)
    averaged = tf.math.reduce_mean((grads[:-1] + grads[1:]) / tf.constant(2.0), axis=0)
    smooth = tf.reduce_mean(compute_gradients(image + numbers(4, 6, scale=0.1), 1), axis=0)
    scaled = (tf.abs(smooth) - tf.reduce_min(tf.abs(smooth))) / tf.reduce_max(tf.abs(smooth))
    adversarial = image + 0.1 * tf.sign(compute_gradients(image[None], 0)[0])
    return [(image - baseline) * averaged, scaled.numpy(), tf.clip_by_value(adversarial, -1, 1)]


@case
def heat_from_the_last_convolution(tf: Any) -> Any:
    kernel = tf.Variable(numbers(3, 3, 1, 4))
    head = tf.Variable(numbers(4, 3))
    with tf.GradientTape() as tape:
        conv = tf.nn.relu(tf.nn.conv2d(numbers(1, 7, 7, 1), kernel, strides=2, padding="SAME"))
        preds = tf.nn.softmax(tf.reduce_mean(conv, axis=(1, 2)) @ head)
        index = tf.argmax(preds[0])
        channel = preds[:, index]
    grads = tape.gradient(channel, conv)
    pooled = tf.reduce_mean(grads, axis=(0, 1, 2))
    heatmap = conv[0] @ pooled[..., tf.newaxis]
    heatmap = tf.squeeze(heatmap)
    return [index, (tf.maximum(heatmap, 0) / tf.math.reduce_max(heatmap)).numpy()]


@case
def long_short_term_memory_by_hand(tf: Any) -> Any:
    n, units = 3, 4
    w = tf.Variable(numbers(n + units, 4 * units, scale=0.4), name="kernel")
    b = tf.Variable(tf.zeros([4 * units]), name="bias")
    x = tf.constant(numbers(2, 5, n))  # batch, time, features

    def cell(x_t: Any, h: Any, c: Any) -> Any:
        z = tf.concat([x_t, h], axis=-1) @ w + b
        i, f, o, g = tf.split(z, 4, axis=-1)
        c = tf.sigmoid(f + 1.0) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c

    start = tf.zeros([2, units]), tf.zeros([2, units])

    def by_python() -> Any:
        h, c = start
        for t in range(x.shape[1]):
            h, c = cell(x[:, t], h, c)
        return h

    def by_scan() -> Any:
        states = tf.scan(
            lambda state, x_t: cell(x_t, *state), tf.transpose(x, [1, 0, 2]), initializer=start
        )
        return states[0][-1]

    def by_while_loop() -> Any:
        _, h, _ = tf.while_loop(
            lambda t, h, c: t < tf.shape(x)[1],
            lambda t, h, c: [t + 1, *cell(x[:, t], h, c)],
            [tf.constant(0), *start],
        )
        return h

    def by_autograph() -> Any:
        h, c = start
        outputs = tf.TensorArray(tf.float32, size=x.shape[1])
        for t in tf.range(tf.shape(x)[1]):
            h, c = cell(x[:, t], h, c)
            outputs = outputs.write(t, h)
        return tf.transpose(outputs.stack(), [1, 0, 2])[:, -1]

    def by_unstack() -> Any:
        h, c = start
        for x_t in tf.unstack(x, axis=1):
            h, c = cell(x_t, h, c)
        return h

    def slopes(way: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(way()))
        return loss, tape.gradient(loss, [w, b])

    ways = [by_python, by_scan, by_while_loop, by_autograph, by_unstack]
    eager = [slopes(way) for way in ways]
    return [eager[0], *[slopes(tf.function(way)) for way in ways], *eager[1:]]


@case
def attention_with_a_mask(tf: Any) -> Any:
    batch, length, heads, depth = 2, 5, 2, 3
    x = tf.constant(numbers(batch, length, heads * depth))
    wq, wk, wv, wo = (
        tf.Variable(numbers(heads * depth, heads * depth, seed=s, scale=0.4)) for s in range(4)
    )
    lengths = tf.constant([5, 3])
    mask = 1 - tf.linalg.band_part(tf.ones((length, length)), -1, 0)
    padding = tf.cast(tf.math.logical_not(tf.sequence_mask(lengths, length)), tf.float32)
    mask = tf.maximum(padding[:, tf.newaxis, tf.newaxis, :], mask)

    def split_heads(x: Any) -> Any:
        x = tf.reshape(x, (tf.shape(x)[0], -1, heads, depth))
        return tf.transpose(x, perm=[0, 2, 1, 3])

    def by_matmul(q: Any, k: Any, v: Any) -> Any:
        dk = tf.cast(tf.shape(k)[-1], tf.float32)
        logits = tf.matmul(q, k, transpose_b=True) / tf.math.sqrt(dk)
        weights = tf.nn.softmax(logits + mask * -1e9, axis=-1)
        return tf.matmul(weights, v)

    def by_einsum(q: Any, k: Any, v: Any) -> Any:
        logits = tf.einsum("bhqd,bhkd->bhqk", q, k) * depth**-0.5
        weights = tf.nn.softmax(tf.where(mask > 0, tf.float32.min, logits))
        return tf.einsum("...qk,...kd->...qd", weights, v)

    def position() -> Any:
        angles = np.arange(length)[:, None] / np.power(10000, 2 * (np.arange(6) // 2) / 6)
        angles[:, 0::2], angles[:, 1::2] = np.sin(angles[:, 0::2]), np.cos(angles[:, 1::2])
        return tf.cast(angles[np.newaxis, ...], dtype=tf.float32)

    def norm(x: Any) -> Any:
        mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-6)

    def step(way: Any) -> Any:
        with tf.GradientTape() as tape:
            y = norm(x + position())
            mixed = way(*(split_heads(y @ w) for w in (wq, wk, wv)))
            mixed = tf.transpose(mixed, perm=[0, 2, 1, 3])
            out = y + tf.nn.gelu(tf.reshape(mixed, (batch, -1, heads * depth)) @ wo)
            loss = tf.reduce_mean(tf.boolean_mask(out, padding == 0.0) ** 2)
            kept = 1.0 - padding
            masked = tf.reduce_sum(tf.reduce_mean(out**2, -1) * kept) / tf.reduce_sum(kept)
        return loss, masked, tape.gradient([loss, masked], [wq, wk, wv, wo])

    return [step(by_matmul), step(by_einsum)]


@case
def a_decoder_of_words(tf: Any) -> Any:
    table = tf.Variable(numbers(7, 4), name="embedding")
    hidden = tf.Variable(numbers(4, 4, scale=0.5))
    tokens, targets = tf.constant([[1, 2, 2, 0], [3, 1, 0, 0]]), tf.constant([[2, 2, 5, 0]] * 2)
    scce = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    optimizer = tf.keras.optimizers.Adagrad(0.1)

    def loss_function(real: Any, pred: Any) -> Any:
        mask = tf.math.logical_not(tf.math.equal(real, 0))
        loss_ = scce(real, pred)
        mask = tf.cast(mask, dtype=loss_.dtype)
        loss_ *= mask
        return tf.reduce_mean(loss_)

    @tf.function
    def train_step() -> Any:
        with tf.GradientTape() as tape:
            state, loss = tf.zeros([2, 4]), 0.0
            for t in range(tokens.shape[1]):
                state = tf.tanh(tf.nn.embedding_lookup(table, tokens[:, t]) + state @ hidden)
                logits = tf.matmul(state, table, transpose_b=True)
                loss += loss_function(targets[:, t], logits)
        grads = tape.gradient(loss, [table, hidden])
        optimizer.apply_gradients(zip(grads, [table, hidden], strict=True))
        return loss / int(tokens.shape[1])

    losses = [train_step() for _ in range(3)]
    with tf.GradientTape() as tape:
        looked_up = tf.gather(table, tokens)
        total = tf.reduce_sum(looked_up**2)
    return [losses, tape.gradient(total, table), table.numpy()]
