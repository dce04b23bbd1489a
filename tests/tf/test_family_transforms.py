"""Linear algebra, networks, signals and images inside functrans' own transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.tf as tf

RNG = np.random.default_rng(0)
A = (RNG.normal(size=(3, 3)) + 4 * np.eye(3)).astype(np.float32)
S = A @ A.T
B = RNG.normal(size=(3, 2)).astype(np.float32)
V = RNG.normal(size=3).astype(np.float32)
X = RNG.normal(size=(2, 4, 4, 3)).astype(np.float32)
K = RNG.normal(size=(2, 2, 3, 4)).astype(np.float32)

FUNCTIONS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "matmul": (tf.matmul, [A, B]),
    "einsum": (lambda a, b: tf.einsum("ij,jk->ik", a, b), [A, B]),
    "slogdet": (lambda a: tf.linalg.slogdet(a)[1], [A]),
    "inv": (tf.linalg.inv, [A]),
    "solve": (tf.linalg.solve, [A, B]),
    "cholesky": (tf.linalg.cholesky, [S]),
    "logdet": (tf.linalg.logdet, [S]),
    "eigh": (lambda s: tf.linalg.eigh(s)[0], [S]),
    "svd": (lambda a: tf.linalg.svd(a)[0], [A]),
    "qr": (lambda a: tf.linalg.qr(a)[1] ** 2, [A]),
    "pinv": (tf.linalg.pinv, [B]),
    "lu": (lambda a: tf.linalg.lu_reconstruct(*tf.linalg.lu(a)), [A]),
    "triangular_solve": (tf.linalg.triangular_solve, [A, B]),
    "tridiagonal_solve": (tf.linalg.tridiagonal_solve, [A, V]),
    "expm": (lambda a: tf.linalg.expm(a / 5), [A]),
    "sqrtm": (tf.linalg.sqrtm, [S]),
    "set_diag": (tf.linalg.set_diag, [A, V]),
    "norm": (tf.norm, [A]),
    "relu": (tf.nn.relu, [A]),
    "gelu": (tf.nn.gelu, [A]),
    "log_softmax": (tf.nn.log_softmax, [A]),
    "softmax_cross_entropy": (tf.nn.softmax_cross_entropy_with_logits, [S / 30, A]),
    "sparse_cross_entropy": (
        lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits([0, 1, 2], x),
        [A],
    ),
    "sigmoid_cross_entropy": (tf.nn.sigmoid_cross_entropy_with_logits, [S, A]),
    "moments": (lambda a: tf.nn.moments(a, [0])[1], [A]),
    "conv2d": (lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"), [X, K]),
    "max_pool2d": (lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME"), [X]),
    "avg_pool2d": (lambda x: tf.nn.avg_pool2d(x, 2, 1, "SAME"), [X]),
    "bias_add": (tf.nn.bias_add, [A, V]),
    "embedding_lookup": (lambda a: tf.nn.embedding_lookup(a, [0, 2]), [A]),
    "rfft": (lambda a: tf.abs(tf.signal.rfft(a)), [A]),
    "stft": (lambda a: tf.abs(tf.signal.stft(tf.reshape(a, [-1]), 4, 2)), [A]),
    "resize": (lambda x: tf.image.resize(x, [3, 3]), [X]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_grad_and_vmap_see_what_a_tape_sees(name: str) -> None:
    function, arrays = FUNCTIONS[name]

    def loss(*xs: Any) -> Any:
        y = function(*xs)
        return tf.reduce_sum(y * y)

    def slopes(*xs: Any) -> list[Any]:
        tensors = [tf.convert_to_tensor(x) for x in xs]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            target = loss(*tensors)
        return [tf.convert_to_tensor(g) for g in tape.gradient(target, tensors)]

    wanted = [g.numpy() for g in slopes(*arrays)]
    grads = ft.grad(loss, argnums=tuple(range(len(arrays))))(*arrays)
    batched = ft.vmap(slopes)(*[np.stack([x, x]) for x in arrays])
    for slope, grad, batch in zip(wanted, grads, batched, strict=True):
        scale = max(1.0, float(np.abs(slope).max()))
        for found in (np.asarray(grad), *np.asarray(batch)):
            np.testing.assert_allclose(found, slope, rtol=1e-3, atol=1e-3 * scale)
