"""Training, sciences and games as notebooks and papers' code write them, with small numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.optimize

from tests.tf.oracle import Group
from tests.tf.shorthand import Layers, numbers

GROUP = Group("programs")
case = GROUP.case


# Generative models


@case
def the_gradient_penalty_of_a_critic(tf: Any) -> Any:
    nets = Layers(tf)
    critic = nets.Sequential([nets.Dense(3, 8, tf.nn.leaky_relu), nets.Dense(8, 1)])
    real, fake = tf.constant(numbers(5, 3)), tf.constant(numbers(5, 3, seed=1))
    alpha = tf.constant(np.linspace(0.1, 0.9, 5, dtype=np.float32)[:, None])
    optimizer = tf.keras.optimizers.Adam(learning_rate=1e-2, beta_1=0.0, beta_2=0.9)

    def gradient_penalty() -> Any:
        mixed = alpha * real + (1 - alpha) * fake
        with tf.GradientTape() as gp_tape:
            gp_tape.watch(mixed)
            pred = critic(mixed)
        grads = gp_tape.gradient(pred, [mixed])[0]
        norm = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=[1]) + 1e-12)
        return tf.reduce_mean((norm - 1.0) ** 2)

    @tf.function
    def train_step() -> Any:
        with tf.GradientTape() as tape:
            cost = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(real))
            loss = cost + gradient_penalty() * 10.0
        gradient = tape.gradient(loss, critic.trainable_variables)
        optimizer.apply_gradients(zip(gradient, critic.trainable_variables, strict=True))
        return loss, gradient

    return [train_step() for _ in range(3)]


@case
def a_variational_autoencoder(tf: Any) -> Any:
    nets = Layers(tf)
    encoder, decoder = nets.Dense(6, 4), nets.Dense(2, 6)
    x = tf.constant((numbers(4, 6) > 0).astype(np.float32))
    eps = tf.constant(numbers(4, 2, seed=3))
    optimizer = tf.keras.optimizers.Adam(0.05)

    def log_normal_pdf(sample: Any, mean: Any, logvar: Any, raxis: int = 1) -> Any:
        log2pi = tf.math.log(2.0 * np.pi)
        return tf.reduce_sum(
            -0.5 * ((sample - mean) ** 2.0 * tf.exp(-logvar) + logvar + log2pi), axis=raxis
        )

    def compute_loss() -> Any:
        mean, logvar = tf.split(encoder(x), num_or_size_splits=2, axis=1)
        z = eps * tf.exp(logvar * 0.5) + mean
        x_logit = decoder(z)
        cross_ent = tf.nn.sigmoid_cross_entropy_with_logits(logits=x_logit, labels=x)
        logpx_z = -tf.reduce_sum(cross_ent, axis=[1])
        logpz = log_normal_pdf(z, 0.0, 0.0)
        logqz_x = log_normal_pdf(z, mean, logvar)
        kl = -0.5 * tf.reduce_mean(1 + logvar - tf.square(mean) - tf.exp(logvar))
        return -tf.reduce_mean(logpx_z + logpz - logqz_x), kl

    variables = [*encoder.trainable_variables, *decoder.trainable_variables]
    losses = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss, kl = compute_loss()
            total = loss + 0.1 * kl
        optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        losses.append(total)
    return [losses, [v.numpy() for v in variables]]


@case
def two_tapes_of_a_generator_and_a_discriminator(tf: Any) -> Any:
    nets = Layers(tf)
    generator = nets.Sequential([nets.Dense(2, 4, tf.nn.relu), nets.Dense(4, 3, tf.tanh)])
    discriminator = nets.Sequential([nets.Dense(3, 4, tf.nn.leaky_relu), nets.Dense(4, 1)])
    bce = tf.keras.losses.BinaryCrossentropy(from_logits=True)
    g_opt, d_opt = tf.keras.optimizers.Adam(1e-2), tf.keras.optimizers.Adam(1e-2)
    noise, images = tf.constant(numbers(4, 2)), tf.constant(numbers(4, 3))

    @tf.function
    def train_step(images: Any) -> Any:
        with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
            generated = generator(noise)
            real_output = discriminator(images)
            fake_output = discriminator(generated)
            gen_loss = bce(tf.ones_like(fake_output), fake_output)
            disc_loss = bce(tf.ones_like(real_output), real_output) + bce(
                tf.zeros_like(fake_output), fake_output
            )
        g = gen_tape.gradient(gen_loss, generator.trainable_variables)
        d = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
        g_opt.apply_gradients(zip(g, generator.trainable_variables, strict=True))
        d_opt.apply_gradients(zip(d, discriminator.trainable_variables, strict=True))
        return gen_loss, disc_loss

    return [train_step(images) for _ in range(4)]


# Differential equations, geometry, optimisation


@case
def a_physics_informed_network(tf: Any) -> Any:
    nets = Layers(tf)
    net = nets.Sequential(
        [nets.Dense(2, 8, tf.nn.tanh), nets.Dense(8, 8, tf.nn.tanh), nets.Dense(8, 1)]
    )
    t, x = (tf.constant(np.abs(numbers(6, 1, seed=s))) for s in (1, 2))
    optimizer = tf.optimizers.Adam(learning_rate=0.01)
    viscosity = 0.01 / np.pi

    def residual() -> Any:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(t)
            tape.watch(x)
            u = net(tf.stack([t[:, 0], x[:, 0]], axis=1))
            u_x = tape.gradient(u, x)
        u_t = tape.gradient(u, t)
        u_xx = tape.gradient(u_x, x)
        del tape
        return u_t + u * u_x - viscosity * u_xx

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(residual()))
        grads = tape.gradient(loss, net.trainable_variables)
        optimizer.apply_gradients(zip(grads, net.trainable_variables, strict=True))
        return loss

    return [residual(), [step() for _ in range(3)], residual()]


@case
def minimisation_by_SciPy(tf: Any) -> Any:
    nets = Layers(tf)
    net = nets.Sequential([nets.Dense(1, 5, tf.nn.tanh), nets.Dense(5, 1)])
    x = tf.constant(np.linspace(-1, 1, 9, dtype=np.float32)[:, None])
    y = tf.sin(2.0 * x)
    shapes = tf.nest.map_structure(lambda v: v.shape, list(net.trainable_variables))
    sizes = [int(np.prod(s)) for s in shapes]

    def assign(flat: Any) -> None:
        parts = tf.split(tf.convert_to_tensor(flat, dtype=tf.float32), sizes)
        for v, part, shape in zip(net.trainable_variables, parts, shapes, strict=True):
            v.assign(tf.reshape(part, shape))

    def value_and_gradient(flat: Any) -> Any:
        assign(flat)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.math.squared_difference(net(x), y))
        grads = tape.gradient(loss, net.trainable_variables)
        flat = tf.concat([tf.reshape(g, [-1]) for g in grads], axis=0)
        return loss.numpy().astype(np.float64), flat.numpy().astype(np.float64)

    start = tf.concat([tf.reshape(v, [-1]) for v in net.trainable_variables], 0).numpy()
    first = value_and_gradient(start)
    found = scipy.optimize.minimize(
        value_and_gradient, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}
    )
    return [[np.float32(f) for f in first], bool(found.fun < 1e-3)]


@case
def products_with_the_Hessian_four_ways(tf: Any) -> Any:
    x = tf.Variable(numbers(4))
    v = tf.constant(numbers(4, seed=1))

    def function(x: Any) -> Any:
        return tf.reduce_sum(tf.sin(x) * tf.square(x)) * tf.reduce_prod(x)

    def forward_over_back() -> Any:
        with tf.autodiff.ForwardAccumulator(x, v) as acc:
            with tf.GradientTape() as tape:
                y = function(x)
            grad = tape.gradient(y, x)
        return acc.jvp(grad)

    def back_over_forward() -> Any:
        with tf.GradientTape() as tape:
            with tf.autodiff.ForwardAccumulator(x, v) as acc:
                y = function(x)
            slope = acc.jvp(y)
        return tape.gradient(slope, x)

    def back_over_back() -> Any:
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = function(x)
            grad = inner.gradient(y, x)
            dot = tf.tensordot(grad, v, 1)
        return outer.gradient(dot, x)

    def back_over_back_weighted() -> Any:
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = function(x)
            grad = inner.gradient(y, x)
        return outer.gradient(grad, x, output_gradients=v)

    ways = [forward_over_back, back_over_forward, back_over_back, back_over_back_weighted]
    return [[way(), tf.function(way)()] for way in ways]


@case
def the_metric_of_a_surface_and_its_Christoffel_symbols(tf: Any) -> Any:
    p = tf.constant([0.7, 1.1], tf.float64)

    def torus(p: Any) -> Any:
        u, v = tf.unstack(p)
        ring = 2.0 + tf.cos(v)
        return tf.stack([ring * tf.cos(u), ring * tf.sin(u), tf.sin(v)])

    with tf.GradientTape() as outer:
        outer.watch(p)
        with tf.GradientTape() as inner:
            inner.watch(p)
            q = torus(p)
        j = inner.jacobian(q, p)
        metric = tf.einsum("ki,kj->ij", j, j)
    slopes = outer.jacobian(metric, p)
    lowered = 0.5 * (
        tf.einsum("lij->lij", slopes)
        + tf.einsum("lji->lij", slopes)
        - tf.einsum("ijl->lij", slopes)
    )
    return [metric, tf.einsum("kl,lij->kij", tf.linalg.inv(metric), lowered)]


@case
def newtons_method(tf: Any) -> Any:
    x = tf.Variable(tf.constant([1.5, -0.5], dtype=tf.float64))

    def rosenbrock(x: Any) -> Any:
        return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2

    path = []
    for _ in range(6):
        with tf.GradientTape() as t2:
            with tf.GradientTape() as t1:
                loss = rosenbrock(x)
            g = t1.gradient(loss, x)
        h = t2.jacobian(g, x)
        update = tf.linalg.solve(h, tf.expand_dims(g, -1))
        x.assign_sub(tf.squeeze(update, axis=-1))
        path.append(loss.numpy())
    return [path, x.numpy()]


@case
def lagranges_equations(tf: Any) -> Any:
    def lagrangian(q: Any, v: Any) -> Any:
        kinetic = 0.5 * (2 * v[0] ** 2 + v[1] ** 2 + 2 * v[0] * v[1] * tf.cos(q[0] - q[1]))
        return kinetic + 2 * 9.8 * tf.cos(q[0]) + 9.8 * tf.cos(q[1])

    @tf.function
    def acceleration(q: Any, v: Any) -> Any:
        with tf.GradientTape(persistent=True) as outer:
            outer.watch([q, v])
            with tf.GradientTape() as inner:
                inner.watch([q, v])
                value = lagrangian(q, v)
            by_q, by_v = inner.gradient(value, [q, v])
        mass = outer.jacobian(by_v, v)
        mixed = outer.jacobian(by_v, q)
        return tf.linalg.solve(mass, (by_q - tf.linalg.matvec(mixed, v))[:, None])[:, 0]

    q, v = tf.constant([0.3, -0.2]), tf.constant([0.0, 0.5])
    for _ in range(5):
        a = acceleration(q, v)
        v = v + 0.05 * a
        q += 0.05 * v
    return [q, v]


# Reinforcement learning


@case
def a_step_of_deep_Q_learning(tf: Any) -> Any:
    nets = Layers(tf)
    q_net, target_net = nets.Dense(4, 3), nets.Dense(4, 3)
    target_net.w.assign(q_net.w * 0.9)
    states, next_states = numbers(5, 4), numbers(5, 4, seed=1)
    actions = np.array([0, 2, 1, 1, 0])
    rewards = np.array([1, 0, -1, 0.5, 2], dtype=np.float32)
    done = np.array([False, False, True, False, True])
    huber = tf.keras.losses.Huber()
    optimizer = tf.keras.optimizers.RMSprop(learning_rate=0.01, rho=0.95, clipnorm=1.0)

    def step(way: int) -> Any:
        future = tf.reduce_max(target_net(next_states), axis=1)
        updated = rewards + 0.99 * future * (1.0 - tf.cast(done, tf.float32))
        with tf.GradientTape() as tape:
            q_values = q_net(states)
            if way == 0:
                picked = tf.reduce_sum(tf.multiply(q_values, tf.one_hot(actions, 3)), axis=1)
                loss = huber(updated, picked)
            elif way == 1:
                indices = tf.stack([tf.range(5), tf.cast(actions, tf.int32)], axis=1)
                picked = tf.gather_nd(q_values, indices)
                loss = tf.reduce_mean(tf.square(tf.stop_gradient(updated) - picked))
            else:
                picked = tf.gather(q_values, actions, axis=1, batch_dims=1)
                loss = tf.reduce_mean(tf.keras.losses.MSE(updated, picked))
        grads = tape.gradient(loss, q_net.trainable_variables)
        optimizer.apply_gradients(zip(grads, q_net.trainable_variables, strict=True))
        return loss, grads

    found = [step(way) for way in (0, 1, 2)]
    for target, online in zip(target_net.variables, q_net.variables, strict=True):
        target.assign(0.005 * online + (1 - 0.005) * target)
    return [found, [v.numpy() for v in target_net.variables]]


@case
def an_actor_and_a_critic(tf: Any) -> Any:
    nets = Layers(tf)
    common, actor, critic = nets.Dense(4, 6, tf.nn.relu), nets.Dense(6, 2), nets.Dense(6, 1)
    states = tf.constant(numbers(7, 4))
    taken = [0, 1, 1, 0, 1, 0, 0]
    rewards = tf.ones([7])
    eps = np.finfo(np.float32).eps.item()

    def expected_return(rewards: Any, gamma: float) -> Any:
        n = tf.shape(rewards)[0]
        returns = tf.TensorArray(dtype=tf.float32, size=n)
        rewards = tf.cast(rewards[::-1], dtype=tf.float32)
        discounted = tf.constant(0.0)
        shape = discounted.shape
        for i in tf.range(n):
            discounted = rewards[i] + gamma * discounted
            discounted.set_shape(shape)
            returns = returns.write(i, discounted)
        returns = returns.stack()[::-1]
        return (returns - tf.math.reduce_mean(returns)) / (tf.math.reduce_std(returns) + eps)

    @tf.function
    def train_step() -> Any:
        with tf.GradientTape() as tape:
            probs = tf.TensorArray(dtype=tf.float32, size=0, dynamic_size=True)
            values = tf.TensorArray(dtype=tf.float32, size=0, dynamic_size=True)
            for t in tf.range(7):
                hidden = common(tf.expand_dims(states[t], 0))
                logits, value = actor(hidden), critic(hidden)
                action_probs = tf.nn.softmax(logits)
                values = values.write(t, tf.squeeze(value))
                probs = probs.write(t, action_probs[0, tf.gather(taken, t)])
            action_probs, values = probs.stack(), values.stack()
            returns = expected_return(rewards, 0.99)
            action_probs, values, returns = (
                tf.expand_dims(x, 1) for x in (action_probs, values, returns)
            )
            advantage = returns - values
            actor_loss = -tf.math.reduce_sum(tf.math.log(action_probs) * advantage)
            huber = tf.keras.losses.Huber(reduction="sum")
            loss = actor_loss + huber(values, returns)
        variables = [
            *common.trainable_variables,
            *actor.trainable_variables,
            *critic.trainable_variables,
        ]
        return loss, tape.gradient(loss, variables)

    return train_step()


@case
def a_clipped_policy_with_an_entropy(tf: Any) -> Any:
    logits = tf.Variable(numbers(6, 3))
    actions = tf.constant([0, 2, 1, 1, 0, 2])
    advantages = tf.constant(numbers(6))
    old = tf.constant(-np.abs(numbers(6, seed=5)))

    with tf.GradientTape() as tape:
        log_probs = tf.nn.log_softmax(logits)
        taken = tf.reduce_sum(tf.one_hot(actions, 3) * log_probs, axis=-1)
        ratio = tf.exp(taken - old)
        clipped = tf.where(advantages > 0, 1.2 * advantages, 0.8 * advantages)
        policy = -tf.reduce_mean(tf.minimum(ratio * advantages, clipped))
        clipped2 = tf.clip_by_value(ratio, 0.8, 1.2)
        second = -tf.reduce_mean(tf.minimum(ratio * advantages, clipped2 * advantages))
        probs = tf.nn.softmax(logits)
        entropy = -tf.reduce_mean(tf.reduce_sum(probs * tf.math.log(probs + 1e-10), axis=1))
        loss = policy + 0.5 * second - 0.01 * entropy
    grad = tape.gradient(loss, logits)
    clipped_grads, norm = tf.clip_by_global_norm([grad], 0.1)
    crossing = -tf.nn.sparse_softmax_cross_entropy_with_logits(labels=actions, logits=logits)
    kl = tf.reduce_mean(old - taken)
    return [loss, entropy, clipped_grads, norm, crossing, kl]


# Training


@case
def learning_to_learn(tf: Any) -> Any:
    theta = [tf.Variable(numbers(1, 6)), tf.Variable(tf.zeros([6])), tf.Variable(numbers(6, 1))]
    optimizer = tf.keras.optimizers.SGD(learning_rate=0.05)

    def forward(x: Any, params: Any) -> Any:
        return tf.nn.relu(x @ params[0] + params[1]) @ params[2]

    def mse(x: Any, y: Any, params: Any) -> Any:
        return tf.reduce_mean(tf.square(forward(x, params) - y))

    def meta_step(tasks: Any) -> Any:
        with tf.GradientTape() as outer_tape:
            losses = []
            for amplitude, phase in tasks:
                x = tf.reshape(tf.linspace(-2.0, 2.0, 5), (-1, 1))
                y = amplitude * tf.sin(x + phase)
                fast = list(theta)
                for _ in range(2):
                    with tf.GradientTape() as inner_tape:
                        inner_tape.watch(fast)
                        inner_loss = mse(x, y, fast)
                    grads = inner_tape.gradient(inner_loss, fast)
                    fast = [p - 0.1 * g for p, g in zip(fast, grads, strict=True)]
                losses.append(mse(x + 0.3, amplitude * tf.sin(x + 0.3 + phase), fast))
            meta_loss = tf.reduce_mean(tf.stack(losses))
        meta_grads = outer_tape.gradient(meta_loss, theta)
        optimizer.apply_gradients(zip(meta_grads, theta, strict=True))
        return meta_loss, meta_grads

    tasks = [(1.0, 0.0), (0.5, 1.0)]
    return [meta_step(tasks), tf.function(meta_step)(tasks), [v.numpy() for v in theta]]


@case
def a_training_loop_with_metrics(tf: Any) -> Any:
    nets = Layers(tf)
    model = nets.Sequential([nets.Dense(4, 8, tf.nn.relu), nets.Dense(8, 3)], name="net")
    features = numbers(12, 4)
    labels = np.argmax(features[:, :3], axis=1)
    schedule = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.9, staircase=True)
    optimizer = tf.keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True)
    loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    train_loss = tf.keras.metrics.Mean(name="train_loss")
    accuracy = tf.keras.metrics.SparseCategoricalAccuracy(name="train_accuracy")

    @tf.function
    def train_step(x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            predictions = model(x)
            loss = loss_object(y, predictions)
            loss += 1e-3 * tf.add_n([tf.nn.l2_loss(v) for v in model.trainable_variables])
        gradients = tape.gradient(loss, model.trainable_variables)
        gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        train_loss(loss)
        accuracy(y, predictions)

    lines = []
    for epoch in range(3):
        train_loss.reset_state()
        accuracy.reset_state()
        for start in range(0, 12, 4):
            train_step(features[start : start + 4], labels[start : start + 4])
        lines.append(
            f"Epoch {epoch + 1}, Loss: {train_loss.result():.3f}, "
            f"Accuracy: {accuracy.result() * 100:.1f}"
        )
    names = [f"{v.name} {v.shape}" for v in model.trainable_variables]
    return [lines, names, int(optimizer.iterations), model(features)]


@case
def accumulated_gradients(tf: Any) -> Any:
    w, b = tf.Variable(numbers(3, 1)), tf.Variable([0.0])
    step = tf.Variable(0, trainable=False, dtype=tf.int64)
    sums = [tf.Variable(tf.zeros_like(v), trainable=False) for v in (w, b)]
    x, y = tf.constant(numbers(8, 3)), tf.constant(numbers(8, 1))

    @tf.function
    def train(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.losses.MeanSquaredError()(y, tf.linalg.matmul(x, w) + b)
        for total, g in zip(sums, tape.gradient(loss, [w, b]), strict=True):
            total.assign_add(g)
        step.assign_add(1)
        if step % 2 == 0:
            for v, total in zip((w, b), sums, strict=True):
                v.assign_sub(0.1 * total / 2.0)
                total.assign(tf.zeros_like(total))
        return loss

    losses = [train(x[i : i + 2], y[i : i + 2]) for i in range(0, 8, 2)]
    return [losses, w.numpy(), b.numpy(), step.numpy(), sums[0].numpy()]


@case
def normalisation_with_moving_averages(tf: Any) -> Any:
    class BatchNorm(tf.Module):  # type: ignore[misc]
        def __init__(self, size: int, momentum: float = 0.9) -> None:
            super().__init__(name="batch_norm")
            self.gamma = tf.Variable(tf.ones([size]), name="gamma")
            self.beta = tf.Variable(tf.zeros([size]), name="beta")
            self.mean = tf.Variable(tf.zeros([size]), trainable=False, name="mean")
            self.variance = tf.Variable(tf.ones([size]), trainable=False, name="variance")
            self.momentum = momentum

        @tf.function
        def __call__(self, x: Any, training: bool = False) -> Any:
            if training:
                mean, variance = tf.nn.moments(x, axes=[0])
                self.mean.assign(self.momentum * self.mean + (1 - self.momentum) * mean)
                self.variance.assign(self.variance * self.momentum + variance * (1 - self.momentum))
            else:
                mean, variance = self.mean, self.variance
            return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, 1e-5)

    layer, x = BatchNorm(3), tf.constant(numbers(6, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(layer(x, training=True) ** 3)
    grads = tape.gradient(y, [x, *layer.trainable_variables])
    return [grads, layer(x), [v.name for v in layer.variables], layer.mean.numpy()]


@case
def derivatives_of_any_order(tf: Any) -> Any:
    def nth(f: Any, x: Any, n: int) -> Any:
        if n == 0:
            return f(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = nth(f, x, n - 1)
        return tape.gradient(y, x)

    x = tf.constant([0.3, 1.2], tf.float64)
    found = [nth(lambda x: tf.sin(x) * tf.exp(x), x, n) for n in range(6)]
    return [found, tf.function(lambda x: nth(tf.math.tanh, x, 4))(x)]


@case
def a_gradient_for_each_example(tf: Any) -> Any:
    w = tf.Variable(numbers(3, 2))
    x, y = tf.constant(numbers(5, 3)), tf.constant([0, 1, 1, 0, 1])

    def losses() -> Any:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x @ w)

    def one(args: Any) -> Any:
        xi, yi = args
        with tf.GradientTape() as tape:
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=yi[None], logits=xi[None] @ w
            )
        return tape.gradient(loss, w)

    with tf.GradientTape(persistent=True) as tape:
        each = losses()
        parts = tf.unstack(each)
    jacobian = tape.jacobian(each, w)
    norms = tf.norm(tf.reshape(jacobian, [5, -1]), axis=1)
    factor = 1.0 / tf.maximum(1.0, norms / 0.5)
    return [
        jacobian,
        tf.vectorized_map(one, (x, y)),
        tf.map_fn(one, (x, y), fn_output_signature=tf.float32),
        [tape.gradient(part, w) for part in parts],
        tf.einsum("i,ijk->jk", factor, jacobian),
    ]


@case
def a_mixture_by_its_likelihood(tf: Any) -> Any:
    data = tf.constant(np.concatenate([numbers(6) - 2, numbers(6, seed=1) + 2]))
    logits, means = tf.Variable(tf.zeros(2)), tf.Variable([-1.0, 1.0])
    raw = tf.Variable(tf.zeros(2), constraint=lambda v: tf.clip_by_value(v, -2.0, 2.0))
    opt = tf.optimizers.Nadam(0.1)

    def nll() -> Any:
        scale = tf.nn.softplus(raw) + 1e-3
        z = (data[:, None] - means[None, :]) / scale
        logs = -0.5 * z**2 - tf.math.log(scale) - 0.5 * tf.math.log(2 * np.pi)
        return -tf.reduce_mean(tf.reduce_logsumexp(logs + tf.nn.log_softmax(logits), axis=-1))

    losses = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            tape.watch([means, logits])
            loss = nll()
        variables = tape.watched_variables()
        opt.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        losses.append(loss)
    return [losses, means.numpy(), raw.numpy(), tf.nn.softmax(logits)]


@case
def a_layer_whose_gradient_is_reversed(tf: Any) -> Any:
    @tf.custom_gradient
    def reverse(x: Any) -> Any:
        def grad(dy: Any) -> Any:
            return -0.5 * dy

        return tf.identity(x), grad

    @tf.custom_gradient
    def binarize(x: Any) -> Any:
        return tf.sign(x), lambda dy: dy * tf.cast(tf.abs(x) <= 1.0, dy.dtype)

    def straight_through(x: Any) -> Any:
        return x + tf.stop_gradient(tf.round(x) - x)

    def logistic(x: Any) -> Any:
        @tf.custom_gradient
        def stable(x: Any) -> Any:
            e = tf.exp(x)
            return tf.math.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))

        return stable(x)

    x = tf.Variable([-1.5, -0.4, 0.3, 100.0])
    found = []
    for f in (reverse, binarize, straight_through, logistic, tf.function(reverse)):
        with tf.GradientTape() as tape:
            y = f(x * 1.0)
        found.append([y, tape.gradient(y, x)])
    return found
