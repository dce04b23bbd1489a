"""Models of statistics, physics and finance as papers' code writes them, with small numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group
from tests.tf.shorthand import numbers

GROUP = Group("sciences")
case = GROUP.case


@case
def the_adjoint_of_a_differential_equation(tf: Any) -> Any:
    w = tf.Variable(numbers(2, 2, scale=0.5), name="w")
    steps, dt = 5, 0.1

    def field(y: Any) -> Any:
        return tf.tanh(tf.linalg.matvec(w, y))

    @tf.custom_gradient
    def solve(y: Any) -> Any:
        for _ in range(steps):
            y = y + dt * field(y)
        end = y

        def grad(upstream: Any, variables: Any = None) -> Any:
            y, a = end, upstream
            sums = [tf.zeros_like(v) for v in variables]
            for _ in range(steps):
                with tf.GradientTape() as tape:
                    tape.watch(y)
                    slope = field(y)
                by_y, *by_w = tape.gradient(slope, [y, *variables], output_gradients=a)
                y, a = y - dt * slope, a + dt * by_y
                sums = [s + dt * g for s, g in zip(sums, by_w, strict=True)]
            return a, sums

        return end, grad

    y = tf.constant([1.0, -0.5])
    with tf.GradientTape() as tape:
        tape.watch(y)
        loss = tf.reduce_sum(solve(y) ** 2)
    return [loss, tape.gradient(loss, [y, w])]


@case
def the_likelihood_of_a_Gaussian_process(tf: Any) -> Any:
    x = tf.constant(np.linspace(0.0, 1.0, 6)[:, None])
    y = tf.sin(5.0 * x)
    length, amplitude, noise = [tf.Variable(v, dtype=tf.float64) for v in (0.0, 0.0, -2.0)]

    @tf.function
    def loss() -> Any:
        distance = tf.reduce_sum((x[:, None] - x[None]) ** 2, axis=-1)
        kernel = tf.exp(amplitude - 0.5 * distance / tf.exp(2.0 * length))
        kernel += tf.exp(noise) * tf.eye(6, dtype=tf.float64)
        factor = tf.linalg.cholesky(kernel)
        fit = tf.squeeze(tf.matmul(y, tf.linalg.cholesky_solve(factor, y), transpose_a=True))
        return 0.5 * fit + tf.reduce_sum(tf.math.log(tf.linalg.diag_part(factor)))

    variables = [length, amplitude, noise]
    optimizer = tf.keras.optimizers.Adam(0.1)
    losses = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            losses.append(loss())
        gradients = tape.gradient(losses[-1], variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
    return [losses, gradients]


@case
def the_likelihood_of_a_sequence_of_tags(tf: Any) -> Any:
    scores, moves = tf.Variable(numbers(5, 3)), tf.Variable(numbers(3, 3))
    tags = tf.constant([0, 1, 1, 2, 0])

    def forward(alpha: Any, score: Any) -> Any:
        return tf.reduce_logsumexp(alpha[:, None] + moves, axis=0) + score

    with tf.GradientTape() as tape:
        alphas = tf.scan(forward, scores[1:], initializer=scores[0])
        of_tags = tf.reduce_sum(tf.gather_nd(scores, tf.stack([tf.range(5), tags], axis=1)))
        of_moves = tf.reduce_sum(tf.gather_nd(moves, tf.stack([tags[:-1], tags[1:]], axis=1)))
        loss = tf.reduce_logsumexp(alphas[-1]) - of_tags - of_moves
    return [loss, tape.gradient(loss, [scores, moves])]


@case
def a_flow_whose_volume_is_a_batch_of_Jacobians(tf: Any) -> Any:
    w = tf.Variable(numbers(1, 2, scale=0.3))
    x = tf.constant(numbers(4, 2))

    def flow(x: Any) -> Any:
        kept, moved = tf.split(x, 2, axis=-1)
        scale, shift = tf.split(kept @ w, 2, axis=-1)
        scale = tf.tanh(scale)
        return tf.concat([kept, moved * tf.exp(scale) + shift], axis=-1), scale[:, 0]

    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y, volume = flow(x)
        jacobians = inner.batch_jacobian(y, x)
        found = tf.math.log(tf.abs(tf.linalg.det(jacobians)))
        loss = tf.reduce_mean(0.5 * tf.reduce_sum(y**2, axis=-1) - found)
    return [volume, found, loss, outer.gradient(loss, w)]


@case
def the_Greeks_of_an_option(tf: Any) -> Any:
    spot, strike, rate, sigma, time = [
        tf.Variable(v, dtype=tf.float64) for v in (100.0, 105.0, 0.02, 0.2, 1.0)
    ]

    def normal(x: Any) -> Any:
        return 0.5 * (1.0 + tf.math.erf(x / np.sqrt(2.0)))

    with tf.GradientTape(persistent=True) as second:
        with tf.GradientTape() as first:
            spread = sigma * tf.sqrt(time)
            d1 = (tf.math.log(spot / strike) + (rate + sigma**2 / 2) * time) / spread
            price = spot * normal(d1)
            price -= strike * tf.exp(-rate * time) * normal(d1 - spread)
        delta, vega, theta, rho = first.gradient(price, [spot, sigma, time, rate])
    gamma, vanna = second.gradient(delta, [spot, sigma])
    return [price, delta, vega, theta, rho, gamma, vanna, second.gradient(vega, sigma)]


@case
def conjugate_gradients_with_the_Hessian(tf: Any) -> Any:
    w = tf.Variable(numbers(3))
    x = tf.constant(numbers(8, 3))
    labels = tf.cast(x[:, 0] > 0, tf.float32)

    def product(v: Any) -> Any:
        with tf.autodiff.ForwardAccumulator(w, v) as accumulator:
            with tf.GradientTape() as tape:
                logits = tf.linalg.matvec(x, w)
                loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))
                loss += 0.1 * tf.nn.l2_loss(w)
            gradient = tape.gradient(loss, w)
        return accumulator.jvp(gradient)

    @tf.function
    def solve(b: Any) -> Any:
        found, r, p = tf.zeros_like(b), b, b
        size = tf.tensordot(r, r, 1)
        for _ in tf.range(10):
            if size < 1e-10:
                break
            image = product(p)
            step = size / tf.tensordot(p, image, 1)
            found += step * p
            r -= step * image
            p = r + tf.tensordot(r, r, 1) / size * p
            size = tf.tensordot(r, r, 1)
        return found

    found = solve(tf.constant([1.0, 2.0, 3.0]))
    return [found.numpy().round(2), product(found).numpy().round(3)]


@case
def Hamiltonian_steps(tf: Any) -> Any:
    @tf.function
    def leapfrog(q: Any, p: Any, size: Any, steps: Any) -> Any:
        def slope(q: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(q)
                energy = tf.reduce_sum(q**4 / 4 - q**2 / 2)
            return tape.gradient(energy, q)

        p = p - size * slope(q) / 2.0
        for i in tf.range(steps):
            q = q + size * p
            if i != steps - 1:
                p = p - size * slope(q)
        return q, -(p - size * slope(q) / 2.0)

    q, p = tf.Variable([1.0, 0.5]), tf.constant([0.3, -0.2])
    with tf.GradientTape() as tape:
        end = leapfrog(q, p, tf.constant(0.1), tf.constant(10))
    return [end, tape.gradient(end, q)]


@case
def a_schedule_of_ones_own(tf: Any) -> Any:
    class Warmup(tf.keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __call__(self, step: Any) -> Any:
            step = tf.cast(step, tf.float32)
            return 0.25 * tf.math.minimum(tf.math.rsqrt(step), step * 4**-1.5)

    v = tf.Variable([1.0, 2.0])
    optimizer = tf.keras.optimizers.Adam(Warmup(), beta_1=0.9, beta_2=0.98, epsilon=1e-9)

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(v**2)
        optimizer.apply_gradients([(tape.gradient(loss, v), v)])
        return loss

    return [[step() for _ in range(4)], v.numpy(), Warmup()(tf.range(1, 6))]
