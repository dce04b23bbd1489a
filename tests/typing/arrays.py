"""What checkers know of functions of arrays: arrays and lists go in, arrays come out.

Nothing here is run; see ``tests/typing/transforms.py``.
"""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import functrans as ft
import functrans.numpy as fnp
from functrans.random import PRNGKeyArray
from functrans.typing import Array, ArrayLike

x = np.ones(3)
rows = [x, x]
key = ft.random.key(0)


def takes_floats(values: NDArray[np.float64]) -> float:
    """A function with NumPy's types: results of functrans' functions fit."""
    total: float = fnp.sum(fnp.tanh(values) ** 2)
    return total


def energy(values: ArrayLike, stiffness: ArrayLike = 1.0) -> Array:
    """A function with functrans' types."""
    return fnp.multiply(stiffness, fnp.square(values))


def converts(values: ArrayLike) -> Array:
    """What is array-like is an array from here on, and stays one."""
    values = fnp.asarray(values)
    values = values @ values * 2.0
    return fnp.exp(values)


def of_results() -> None:
    takes_floats(fnp.reshape(x, (3, 1)))
    takes_floats(fnp.exp(x))
    takes_floats(energy([1.0, 2.0]))
    ft.grad(takes_floats)(fnp.zeros(3))
    ft.jit(ft.vmap(energy))([[1.0]], stiffness=x).sum()
    assert_type(energy(x).shape, Any)


def of_ufuncs(some: Any, number: float) -> None:
    assert_type(fnp.exp(x), Array)
    assert_type(fnp.exp([1.0, 2.0]), Array)
    assert_type(fnp.exp(number), Any)
    assert_type(fnp.exp(some), Any)
    assert_type(fnp.exp(np.float32(1.0), dtype=np.float64), Any)
    assert_type(fnp.add(x, number), Array)
    assert_type(fnp.add.outer(x, x), Array)
    assert_type(fnp.modf(x), tuple[Any, Any])
    assert_type(fnp.less(x, 1, where=x > 0.0, out=x), Array)
    assert_type(ft.scipy.special.gammaln(x), Array)
    fnp.exp("text")  # expected
    fnp.exp(None)  # expected
    fnp.exp(x, axis=0)  # expected
    fnp.add(x)  # expected
    fnp.add(x, {1.0})  # expected
    fnp.expp(x)  # expected
    ft.scipy.special.betainc(x, x)  # expected


def of_shapes() -> None:
    fnp.at(x)[0].set(1.0).sum()
    takes_floats(fnp.array(rows).T)
    fnp.zeros(3, dtype=complex).real.sum()
    assert_type(fnp.zeros((2, 3), dtype="float32"), Array)
    fnp.eye(3, dtype=None)
    assert_type(fnp.ones_like(rows, np.float32), Array)
    assert_type(fnp.concatenate([x, [1.0], x[:1]]), Array)
    assert_type(fnp.stack(rows, axis=-1), Array)
    assert_type(fnp.vstack((x, x)), Array)
    assert_type(fnp.split(x, 3), list[Array])
    assert_type(fnp.where(x > 0.0, x, 0.0), Any)
    assert_type(fnp.transpose(x, (0,)), Array)
    assert_type(fnp.linspace(0.0, 1.0, num=5), Array)
    assert_type(fnp.linspace(0.0, 1.0, retstep=True), tuple[Array, Any])
    assert_type(fnp.unique([1, 2]), Array)
    len(fnp.unique(x, return_counts=True))
    assert_type(fnp.meshgrid(x, x), tuple[Array, ...])
    fnp.zeros("2")  # expected
    fnp.zeros(3, dtype=3)  # expected
    fnp.reshape(x, 2.0)  # expected
    fnp.stack(rows, axis="rows")  # expected
    fnp.concatenate(rows, dim=0)  # expected
    fnp.transpose(x, axes=0)  # expected


def of_reductions() -> None:
    fnp.sum(x, axis=(0, 1), keepdims=True)
    fnp.mean([[1.0, 2.0]], axis=None, where=[True])
    float(fnp.max(x, initial=0.0))
    assert_type(fnp.cumsum(x, axis=0), Array)
    assert_type(fnp.argsort(x, stable=True), Array)
    fnp.sum(x, axis="0")  # expected
    fnp.sum(x, axes=0)  # expected
    fnp.mean(x, keepdims="yes")  # expected
    fnp.median(lambda: x)  # expected


def of_rooms() -> None:
    assert_type(fnp.linalg.solve(np.eye(3), x), Array)
    assert_type(fnp.linalg.svd(np.eye(2), compute_uv=False), Array)
    assert_type(fnp.linalg.qr(np.eye(2), "r"), Array)
    fnp.linalg.eigh(np.eye(2)).eigenvectors @ x
    fnp.linalg.qr(np.eye(2)).Q.sum()
    float(fnp.linalg.slogdet(np.eye(2)).logabsdet)
    assert_type(fnp.fft.rfft(x, n=8, norm="ortho"), Array)
    assert_type(ft.scipy.linalg.expm(np.eye(2)), Array)
    assert_type(ft.scipy.signal.welch(x, nperseg=2), tuple[Array, Array])
    assert_type(ft.nn.softmax(x, axis=-1), Array)
    assert_type(ft.ops.segment_sum(x, np.array([0, 0, 1]), num_segments=2), Array)
    assert_type(ft.random.split(key, 3), PRNGKeyArray)
    ft.random.normal(key, (2,), dtype=np.float32)
    ft.random.uniform(ft.random.PRNGKey(0), 3)
    ft.nn.relu([1.0])
    ft.lax.add(x, 1.0)
    ft.scipy.stats.norm.logpdf(x, loc=[0.0], scale=2.0)
    assert_type(fnp.atleast_1d(1.0), Array)
    fnp.fft.fft(x, norm=2)  # expected
    fnp.linalg.solve(np.eye(3))  # expected
    fnp.linalg.eigh(np.eye(2)).vectors.sum()  # expected
    ft.nn.softmax(x, dim=-1)  # expected
    ft.random.normal(0)  # expected
    ft.random.normal(key, shape="2")  # expected
    ft.random.normall(key)  # expected
    ft.lax.sin([1.0])  # expected
    ft.scipy.stats.norm.logpdf("0")  # expected
    ft.lax.sinn(x)  # expected
    ft.gradd(np.sin)  # expected
