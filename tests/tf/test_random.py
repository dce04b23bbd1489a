"""The numbers of tf.random have the distributions that they should have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import functrans.tf as tf

SEED = [3, 4]
N = 2000


def generator() -> Any:
    return tf.random.Generator.from_seed(9)


CONTINUOUS: dict[str, tuple[Callable[[], Any], Any]] = {
    "normal": (lambda: tf.random.normal([N], 1.0, 2.0), stats.norm(1, 2)),
    "normal of float16": (lambda: tf.random.normal([N], dtype=tf.float16), stats.norm()),
    "uniform": (lambda: tf.random.uniform([N], -1.0, 3.0), stats.uniform(-1, 4)),
    "truncated_normal": (
        lambda: tf.random.truncated_normal([N], 1.0, 2.0, tf.float64),
        stats.truncnorm(-2, 2, 1, 2),
    ),
    "gamma": (lambda: tf.random.gamma([N], 2.5, 0.5), stats.gamma(2.5, scale=2.0)),
    "gamma below 1": (lambda: tf.random.gamma([N], 0.3), stats.gamma(0.3)),
    "stateless_normal": (
        lambda: tf.random.stateless_normal([N], SEED, 1.0, 2.0),
        stats.norm(1, 2),
    ),
    "stateless_uniform": (lambda: tf.random.stateless_uniform([N], SEED), stats.uniform()),
    "stateless_truncated_normal": (
        lambda: tf.random.stateless_truncated_normal([N], SEED),
        stats.truncnorm(-2, 2),
    ),
    "stateless_parameterized_truncated_normal": (
        lambda: tf.random.stateless_parameterized_truncated_normal([N], SEED, 1.0, 2.0, 0.0, 2.0),
        stats.truncnorm(-0.5, 0.5, 1, 2),
    ),
    "stateless_gamma": (lambda: tf.random.stateless_gamma([N], SEED, 2.5), stats.gamma(2.5)),
    "a generator's normal": (lambda: generator().normal([N]), stats.norm()),
    "a generator's uniform": (lambda: generator().uniform([N], 2.0, 5.0), stats.uniform(2, 3)),
    "a generator's truncated_normal": (
        lambda: generator().truncated_normal([N]),
        stats.truncnorm(-2, 2),
    ),
    "a generator's integers of all values": (
        lambda: generator().uniform_full_int([N], tf.int32),
        stats.uniform(-(2**31), 2**32),
    ),
    "calls one by one": (
        lambda: tf.stack([tf.random.uniform([]) for _ in range(N // 4)]),
        stats.uniform(),
    ),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_numbers_are_distributed_as_they_should(name: str) -> None:
    draw, distribution = CONTINUOUS[name]
    tf.random.set_seed(11)
    numbers = np.asarray(draw().numpy(), float)
    assert stats.kstest(numbers, distribution.cdf).pvalue > 1e-3


COUNTS: dict[str, tuple[Callable[[], Any], Any]] = {
    "uniform": (lambda: tf.random.uniform([N], 2, 7, tf.int32), stats.randint(2, 7)),
    "poisson": (lambda: tf.random.poisson([N], 2.5), stats.poisson(2.5)),
    "categorical": (
        lambda: tf.random.categorical([[0.0, float(np.log(3.0))]], N)[0],
        stats.bernoulli(0.75),
    ),
    "stateless_uniform": (
        lambda: tf.random.stateless_uniform([N], SEED, 2, 7, tf.int64),
        stats.randint(2, 7),
    ),
    "stateless_poisson": (
        lambda: tf.random.stateless_poisson([N], SEED, 2.5),
        stats.poisson(2.5),
    ),
    "stateless_binomial": (
        lambda: tf.random.stateless_binomial([N], SEED, 5, 0.3),
        stats.binom(5, 0.3),
    ),
    "stateless_categorical": (
        lambda: tf.random.stateless_categorical([[0.0, float(np.log(3.0))]], N, SEED)[0],
        stats.bernoulli(0.75),
    ),
    "a generator's binomial": (lambda: generator().binomial([N], 5, 0.3), stats.binom(5, 0.3)),
    "shuffle": (
        lambda: tf.stack([tf.random.shuffle(tf.range(4))[0] for _ in range(N // 4)]),
        stats.randint(0, 4),
    ),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_distributed_as_they_should(name: str) -> None:
    draw, distribution = COUNTS[name]
    tf.random.set_seed(12)
    numbers = draw().numpy().astype(int)
    found = np.bincount(numbers, minlength=12)
    wanted = distribution.pmf(np.arange(len(found))) * len(numbers)
    often = wanted > 5
    assert not found[wanted == 0.0].any()
    rest = found[~often].sum(), wanted[~often].sum()
    cells = np.append(found[often], rest[0]), np.append(wanted[often], rest[1])
    live = cells[1] > 0
    total = cells[0][live].sum() / cells[1][live].sum()
    assert stats.chisquare(cells[0][live], cells[1][live] * total).pvalue > 1e-3


def test_the_gradient_of_gamma_moves_the_quantile() -> None:
    alpha = tf.constant([0.5, 1.5, 4.0], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(alpha)
        x = tf.random.stateless_gamma([3], SEED, alpha, dtype=tf.float64)
    slope = tape.gradient(x, alpha).numpy()
    quantile = stats.gamma.cdf(x.numpy(), alpha.numpy())
    step = 1e-5
    ends = [stats.gamma.ppf(quantile, alpha.numpy() + d) for d in (step, -step)]
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * step), rtol=1e-4)


def test_a_function_first_called_within_rows_is_for_all_calls() -> None:
    draw = tf.function(lambda: tf.random.uniform([]))
    rows = tf.vectorized_map(lambda x: x + draw(), tf.zeros([3]))
    assert float(draw()) not in rows.numpy().tolist()
