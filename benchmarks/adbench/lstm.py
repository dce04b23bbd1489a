"""A diagonal LSTM over a text: the gradient of its loss through a ``scan``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.adbench.case import Array, Case, Function, Program, joined, load

SIZES = ((2, 1024), (4, 1024), (2, 4096), (4, 4096))


def cases(large: bool) -> Iterator[Case]:
    for layers, characters in SIZES:
        yield case(f"LSTM l{layers} c{characters}", instance(layers, characters))


def case(name: str, data: dict[str, Array]) -> Case:
    parameters = tuple(data[key] for key in ("main", "extra", "state"))
    arguments = (*parameters, data["seq"].astype(float))
    gradient = [data[key] for key in ("J_main", "J_extra") if key in data]

    def program(step: Function, unroll: int, lib: Any) -> Program:
        objective = partial(loss, lib, step, unroll)
        return Program(objective, lib.grad(objective, (0, 1)), arguments)

    return Case(
        name,
        {
            "gate by gate": partial(program, gate_by_gate, 1),
            "gate by gate, unroll 4": partial(program, gate_by_gate, 4),
            "gates together": partial(program, gates_together, 1),
            "gates together, unroll 4": partial(program, gates_together, 4),
        },
        lambda manual: manual.lstm(*arguments),
        most=0.25,
        value=data.get("F"),
        expected=joined(gradient) if gradient else None,
    )


def loss(lib: Any, step: Function, unroll: int, main: Any, extra: Any, state: Any, seq: Any) -> Any:
    """The recurrence gives its outputs, and the loss of all steps follows at once."""
    weights = main.reshape(len(state) // 2, 2, 4, -1)

    def scanned(carry: Any, x: Any) -> Any:
        return step(lib, weights, carry, x * extra[0])

    start = (tuple(state[0::2]), tuple(state[1::2]))
    _, outputs = lib.lax.scan(scanned, start, seq[:-1], unroll=unroll)
    return -lib.numpy.mean(log_likelihood(lib, extra, outputs, seq[1:]))


def gate_by_gate(lib: Any, weights: Any, carry: Any, x: Any) -> Any:
    """One step, as the definition has it: the new vectors of all layers, the output of the last."""
    sigmoid, tanh = lib.lax.logistic, lib.numpy.tanh
    hidden, cells = [], []
    for (w, b), h, s in zip(weights, *carry, strict=True):
        forget, ingate = sigmoid(x * w[0] + b[0]), sigmoid(h * w[1] + b[1])
        outgate, change = sigmoid(x * w[2] + b[2]), tanh(h * w[3] + b[3])
        cells.append(s * forget + ingate * change)
        x = outgate * tanh(cells[-1])
        hidden.append(x)
    return (tuple(hidden), tuple(cells)), x


def gates_together(lib: Any, weights: Any, carry: Any, x: Any) -> Any:
    """The same in fewer operations: what needs no other layer's output is done for all layers."""
    sigmoid, tanh = lib.lax.logistic, lib.numpy.tanh
    w, b = weights[:, 0], weights[:, 1]
    h = lib.numpy.stack(carry[0])
    added = sigmoid(h * w[:, 1] + b[:, 1]) * tanh(h * w[:, 3] + b[:, 3])
    hidden, cells = [], []
    for i, s in enumerate(carry[1]):
        forget, outgate = sigmoid(x * w[i, 0::2] + b[i, 0::2])
        cells.append(s * forget + added[i])
        x = outgate * tanh(cells[-1])
        hidden.append(x)
    return (tuple(hidden), tuple(cells)), x


def log_likelihood(lib: Any, extra: Any, output: Any, target: Any) -> Any:
    """Of the target's bits, elementwise; the 2 under the logarithm is ADBench's."""
    y = output * extra[1] + extra[2]
    total = lib.numpy.sum(lib.numpy.exp(y), axis=-1, keepdims=True)
    return target * (y - lib.numpy.log(2.0 + total))


def instance(depth: int, characters: int) -> dict[str, Array]:
    """ADBench's file; a longer text repeats its text."""
    data = load(f"lstm_l{depth}_c1024")
    text = data["seq"]
    if characters == len(text):
        return data
    parameters = {key: data[key] for key in ("main", "extra", "state")}
    return {**parameters, "seq": np.tile(text, (characters // len(text), 1))}
