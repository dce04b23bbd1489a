"""Train a small neural network on handwritten digits: the example of how to use functrans.

The model is plain NumPy. Training needs one call of the library, ``jit(value_and_grad(loss))``; the
rest of this file prints what happened along the way.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

import functrans as ft
from functrans.demo import digits
from functrans.testing import check_grads
from functrans.tree_util import tree_leaves, tree_map

Array = NDArray[np.float64]
Params = list[tuple[Array, Array]]  # weights and bias of each layer

SEED = 0
LAYERS = (64, 64, 32, 10)
HELD_BACK = 360
BATCH = 32
EPOCHS = 30


# The model, in plain NumPy.


def logits(params: Params, images: Array) -> Array:
    """Scores of shape (n, 10) for images of shape (n, 64)."""
    *hidden, (weights, bias) = params
    x = images
    for w, b in hidden:
        x = np.tanh(x @ w + b)
    return x @ weights + bias


def loss(params: Params, images: Array, targets: Array) -> Any:
    """Mean cross entropy; ``targets`` of shape (n, 10) has a one at each image's digit."""
    z = logits(params, images)
    z = z - np.max(z, axis=1, keepdims=True)
    log_total = np.log(np.sum(np.exp(z), axis=1))
    return np.mean(log_total - np.sum(z * targets, axis=1))


eager_value_and_grad = ft.value_and_grad(loss)
value_and_grad = ft.jit(eager_value_and_grad)


def initial_params(rng: np.random.Generator) -> Params:
    """Small random weights, biases of zero."""
    return [
        (rng.normal(0.0, 1.0 / np.sqrt(n_in), (n_in, n_out)), np.zeros(n_out))
        for n_in, n_out in pairwise(LAYERS)
    ]


# Training: the compiled gradient and an optimiser of two lines.


def momentum_step(
    params: Params, velocity: Params, gradient: Params, rate: float
) -> tuple[Params, Params]:
    """One step of gradient descent with momentum."""
    velocity = tree_map(lambda v, g: 0.9 * v - rate * g, velocity, gradient)
    return tree_map(np.add, params, velocity), velocity


def train(params: Params, images: Array, targets: Array, rng: np.random.Generator) -> Params:
    """Minimise the loss over shuffled batches; the learning rate falls linearly to zero."""
    velocity = tree_map(np.zeros_like, params)
    batches = len(images) // BATCH
    losses: list[float] = []
    for epoch in progress(EPOCHS, lambda: f"loss {losses[-1]:.4f}"):
        order = rng.permutation(len(images))
        rate = 0.1 * (1.0 - epoch / EPOCHS)
        for batch in np.split(order[: batches * BATCH], batches):
            value, gradient = value_and_grad(params, images[batch], targets[batch])
            params, velocity = momentum_step(params, velocity, gradient, rate)
        losses.append(value)
    return params


def accuracy(params: Params, held_back: digits.Digits) -> float:
    """The share of images whose highest score is at their digit."""
    predicted = np.argmax(logits(params, held_back.images), axis=1)
    return float(np.mean(predicted == held_back.labels))


# What the demo shows beside training.


def progress(total: int, note: Callable[[], str]) -> Iterator[int]:
    """Count to ``total`` behind a bar; silent where the output is no terminal."""
    show = sys.stdout.isatty()
    for i in range(total):
        yield i
        if show:
            bar = "█" * (24 * (i + 1) // total)
            print(f"\r  {bar:░<24} {i + 1}/{total}  {note()}", end="", flush=True)
    if show:
        print()


def shortened(text: str, lines: int) -> str:
    """The first and last lines of a long text."""
    all_lines = text.splitlines()
    left_out = len(all_lines) - lines
    if left_out <= 1:
        return text
    head, tail = all_lines[: lines - 3], all_lines[-3:]
    return "\n".join([*head, f"    … {left_out} more lines …", *tail])


def gradient_error(params: Params, images: Array, targets: Array) -> float:
    """Largest relative error of the compiled gradient, against central differences.

    Both are compared along 20 random directions in the space of all parameters.
    """
    rng = np.random.default_rng(SEED)
    _, gradient = value_and_grad(params, images, targets)
    step, errors = 1e-5, []
    for _ in range(20):
        direction = tree_map(lambda p: rng.normal(size=p.shape), params)
        ahead = tree_map(lambda p, d: p + step * d, params, direction)
        behind = tree_map(lambda p, d: p - step * d, params, direction)
        numeric = (loss(ahead, images, targets) - loss(behind, images, targets)) / (2 * step)
        products = tree_map(lambda g, d: np.sum(g * d), gradient, direction)
        exact = sum(tree_leaves(products))
        errors.append(abs(exact - numeric) / abs(numeric))
    return float(max(errors))


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """Median time of one call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def indented(text: object) -> str:
    return "\n".join(f"  {line}".rstrip() for line in str(text).splitlines())


def run() -> None:
    """Run the demo; its one result is the text it prints."""
    rng = np.random.default_rng(SEED)
    training, held_back = digits.split(digits.load(), HELD_BACK, SEED)
    targets = np.eye(10)[training.labels]
    params = initial_params(rng)
    batch = training.images[:BATCH], targets[:BATCH]

    sizes = " → ".join(map(str, LAYERS))
    print(f"Digits: {len(training.labels)} images to learn from, {HELD_BACK} held back.")
    print(f"Network: {sizes}, tanh, cross entropy.\n")

    print("The loss as a program (jaxpr):")
    print(indented(shortened(str(ft.make_jaxpr(loss)(params, *batch)), 12)) + "\n")

    first = seconds(lambda: value_and_grad(params, *batch), repeats=1)
    report = value_and_grad.lower(params, *batch).report()
    print(f"Its value and gradient, compiled ({len(report.fallbacks)} fallbacks to NumPy).")
    check_grads(lambda p: loss(p, *batch), (params,), order=1)
    error = gradient_error(params, *batch)
    print(f"Gradient against finite differences: largest relative error {error:.1e}.\n")

    print(f"Training, {EPOCHS} epochs in batches of {BATCH}:")
    start = time.perf_counter()
    params = train(params, training.images, targets, rng)
    print(f"  {time.perf_counter() - start:.2f} s")
    print(f"Accuracy on the held-back images: {accuracy(params, held_back):.1%}\n")

    print(f"Times, batch of {BATCH}:")
    rows = [
        ("first result (trace, compile, run)", first),
        ("value and gradient, eager", seconds(lambda: eager_value_and_grad(params, *batch), 100)),
        ("value and gradient, compiled", seconds(lambda: value_and_grad(params, *batch), 1000)),
        ("NumPy forward pass alone", seconds(lambda: loss(params, *batch), 1000)),
    ]
    for what, duration in rows:
        print(f"  {what:<36}{1e3 * duration:9.3f} ms")
