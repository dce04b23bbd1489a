"""tf.math inside functrans' transforms: vmap by rows, jit as eager, grad as the tape's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.tf as tf

X = np.array([[0.25, 0.5, 2.0], [1.5, 0.75, 0.5]], np.float32)
Y = np.array([[1.25, 0.5, -2.0], [0.5, 3.0, 0.25]], np.float32)
IDS = np.array([1, 0, 1])

UNARY = (
    "abs sign negative floor math.ceil round math.rint square sqrt math.rsqrt math.reciprocal"
    " math.reciprocal_no_nan exp math.expm1 math.log math.log1p sigmoid math.log_sigmoid"
    " math.softplus math.softsign sin cos tan atan sinh cosh tanh asinh math.is_nan math.is_finite"
    " math.erf math.lgamma math.digamma math.special.bessel_j0 math.special.dawsn"
    " math.special.fresnel_cos"
).split()
BINARY = (
    "add subtract multiply divide math.floordiv math.floormod truncatediv truncatemod pow maximum"
    " minimum atan2 math.squared_difference math.divide_no_nan math.multiply_no_nan math.xlogy"
    " math.xdivy math.nextafter less equal"
).split()
ROWS = (
    "reduce_sum reduce_mean reduce_prod reduce_max reduce_min reduce_logsumexp math.reduce_std"
    " math.reduce_variance math.reduce_euclidean_norm math.count_nonzero argmax argmin cumsum"
    " math.cumprod math.cumulative_logsumexp math.top_k math.lbeta math.zero_fraction"
    " math.is_non_decreasing"
).split()
SMOOTH = [n for n in UNARY if not n.startswith("math.is_")] + [
    n for n in ROWS if n not in "argmax argmin math.count_nonzero math.top_k".split()
]


def named(path: str) -> Any:
    found: Any = tf
    for part in path.split("."):
        found = getattr(found, part)
    return found


def everything(x: Any, y: Any) -> dict[str, Any]:
    """One result of each operation, of vectors."""
    tx, ty = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    return {
        **{name: named(name)(tx) for name in [*UNARY, *ROWS]},
        **{name: named(name)(tx, ty) for name in BINARY},
        "segment_sum": tf.math.segment_sum(tx, [0, 0, 2]),
        "unsorted_segment_max": tf.math.unsorted_segment_max(tx, IDS, 3),
        "unsorted_segment_mean": tf.math.unsorted_segment_mean(tx, IDS, 2),
        "polyval": tf.math.polyval([1.0, tx[0], 2.0], ty),
        "operators": -((2.0 * tx - 1.0 / ty) ** 2) % 3.0 + abs(ty) // 2,
        "igamma": tf.math.igamma(2.0, tx),
        "zeta": tf.math.zeta(2.0, tx),
        "polygamma": tf.math.polygamma(1.0, tx),
        "betainc": tf.math.betainc(2.0, 3.0, tf.sigmoid(tx)),
        "complex": tf.math.angle(tf.complex(tx, ty)),
    }


def agree(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name in wanted:
        for a, b in zip(tf.nest.flatten(found[name]), tf.nest.flatten(wanted[name]), strict=True):
            assert a.dtype == b.dtype, name
            np.testing.assert_allclose(a.numpy(), b.numpy(), 2e-5, 1e-6, err_msg=name)


def test_jit_gives_what_eager_execution_gives() -> None:
    agree(ft.jit(everything)(X[0], Y[0]), everything(X[0], Y[0]))


def test_vmap_gives_each_row() -> None:
    rows = [everything(x, y) for x, y in zip(X, Y, strict=True)]
    pairs = {
        name: tf.nest.map_structure(lambda a, b: tf.constant(np.stack([a, b])), rows[0][name], each)
        for name, each in rows[1].items()
    }
    agree(ft.vmap(everything)(X, Y), pairs)


@pytest.mark.parametrize("name", SMOOTH)
def test_grad_is_the_gradient_of_the_tape(name: str) -> None:
    x = tf.constant(X[0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.cast(named(name)(x), tf.float32) * 2.0)
    wanted = tape.gradient(y, x, unconnected_gradients="zero")
    found = ft.grad(lambda v: tf.reduce_sum(tf.cast(named(name)(v), tf.float32) * 2.0)._v)(X[0])
    np.testing.assert_allclose(found, wanted.numpy(), 2e-5, 1e-6)


@pytest.mark.parametrize("function", [tf.math.segment_sum, tf.math.bincount])
def test_lengths_that_depend_on_traced_values_are_refused(function: Any) -> None:
    arguments = (X[0],) if function is tf.math.segment_sum else ()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"known|traced"):
        ft.jit(lambda ids: function(*arguments, ids))(IDS)


def test_lengths_that_are_given_can_be_compiled() -> None:
    def counts(ids: Any) -> list[Any]:
        return [
            tf.math.bincount(ids, minlength=4, maxlength=4),
            tf.math.confusion_matrix(ids, ids, num_classes=2, weights=[1, 2, 3]),
        ]

    bins, matrix = ft.jit(counts)(IDS)
    assert bins.numpy().tolist() == [1, 2, 0, 0]
    assert matrix.numpy().tolist() == [[2, 0], [0, 4]]
