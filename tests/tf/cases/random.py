"""Random numbers: shapes, dtypes, states and errors. The numbers are each library's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.tf.oracle import Group, raised

GROUP = Group("random")
case = GROUP.case


def alike(name: str, *programs: Callable[[Any], Any]) -> None:
    """The types of what the programs draw, or their errors."""

    def run(tf: Any, program: Callable[[Any], Any]) -> Any:
        return tf.nest.map_structure(lambda x: [x.dtype, x.shape], program(tf))

    case(name, lambda tf: [raised(partial(run, tf, program)) for program in programs])


alike(
    "normal",
    lambda tf: tf.random.normal([2, 3]),
    lambda tf: tf.random.normal(()),
    lambda tf: tf.random.normal([]),
    lambda tf: tf.random.normal([2], dtype=tf.float64),
    lambda tf: tf.random.normal([2], dtype=tf.float16),
    lambda tf: tf.random.normal([2], [1.0, 2.0], 3.0),
    lambda tf: tf.random.normal([2], mean=[[1.0], [2.0]]),
    lambda tf: tf.random.normal(tf.constant([2, 3])),
    lambda tf: tf.random.normal(tf.ones([2, 3]).shape),
    lambda tf: tf.random.normal([tf.constant(2), 3]),
    lambda tf: tf.random.normal([2], dtype=tf.int32),
    lambda tf: tf.random.normal([2], dtype=tf.complex64),
    lambda tf: tf.random.normal(3),
    lambda tf: tf.random.normal([-1]),
    lambda tf: tf.random.normal([2.0]),
    lambda tf: tf.random.normal([2], tf.constant(0.0, tf.float64)),
    lambda tf: tf.random.truncated_normal([2], dtype=tf.float64),
    lambda tf: tf.random.truncated_normal(3),
)

alike(
    "uniform",
    lambda tf: tf.random.uniform([2]),
    lambda tf: tf.random.uniform([2], 0, 1, tf.float64),
    lambda tf: tf.random.uniform([2], 0, 10, dtype=tf.int32),
    lambda tf: tf.random.uniform([2], maxval=5, dtype=tf.int64),
    lambda tf: tf.random.uniform([2, 3], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]),
    lambda tf: tf.random.uniform([3], minval=5.0),
    lambda tf: tf.random.uniform([2], dtype=tf.int32),
    lambda tf: tf.random.uniform([2], 10, 0, dtype=tf.int32),
    lambda tf: tf.random.uniform([2], maxval=5, dtype=tf.bool),
    lambda tf: tf.random.uniform([2], maxval=5.5, dtype=tf.int32),
    lambda tf: tf.random.uniform([2, 3], [1, 2, 3], [2, 3, 4], dtype=tf.int32),
    lambda tf: tf.random.uniform(3),
)

LOGITS = [[0.0, 1.0], [2.0, -1.0], [0.0, 0.0]]

alike(
    "other distributions",
    lambda tf: tf.random.gamma([10], [0.5, 1.5]),
    lambda tf: tf.random.gamma([7, 5], alpha=[[1.0], [3.0], [5.0]], beta=[[3.0, 4.0]]),
    lambda tf: tf.random.gamma([], 1),
    lambda tf: tf.random.gamma(3, 2.0),
    lambda tf: tf.random.gamma([2], tf.constant(1.0, tf.float64)),
    lambda tf: tf.random.poisson([10], [0.5, 1.5]),
    lambda tf: tf.random.poisson([2], 1.5, dtype=tf.int32),
    lambda tf: tf.random.poisson(3, 2.0),
    lambda tf: tf.random.categorical(LOGITS, 5),
    lambda tf: tf.random.categorical(LOGITS, tf.constant(5), dtype=tf.int32),
    lambda tf: tf.random.categorical(LOGITS[0], 5),
    lambda tf: tf.random.categorical(LOGITS, -1),
    lambda tf: tf.random.shuffle(tf.range(5)),
    lambda tf: tf.random.shuffle([[1, 2], [3, 4], [5, 6]]),
    lambda tf: tf.random.shuffle(1.0),
)

SEED = [1, 2]

alike(
    "without a state",
    lambda tf: tf.random.stateless_normal([2], seed=SEED),
    lambda tf: tf.random.stateless_normal([2], seed=SEED, dtype=tf.float16),
    lambda tf: tf.random.stateless_normal([2], seed=[1, 2, 3]),
    lambda tf: tf.random.stateless_normal([2], seed=1),
    lambda tf: tf.random.stateless_normal([2], seed=[1.0, 2.0]),
    lambda tf: tf.random.stateless_truncated_normal([2], SEED),
    lambda tf: tf.random.stateless_parameterized_truncated_normal([3], SEED, 1.0, 2.0, 0.0, 2.0),
    lambda tf: tf.random.stateless_uniform([2], SEED, 0, 5, tf.int32),
    lambda tf: tf.random.stateless_uniform([2], SEED, None, None, tf.uint32),
    lambda tf: tf.random.stateless_uniform([2], SEED, None, None, tf.int64),
    lambda tf: tf.random.stateless_uniform([2], SEED, dtype=tf.int32),
    lambda tf: tf.random.stateless_gamma([3, 2], SEED, [1.0, 2.0]),
    lambda tf: tf.random.stateless_gamma([3, 4], SEED, [1.0, 2.0]),
    lambda tf: tf.random.stateless_poisson([3, 2], SEED, [1.0, 2.0]),
    lambda tf: tf.random.stateless_binomial([3], SEED, 10, 0.5),
    lambda tf: tf.random.stateless_binomial([3, 2], SEED, [10, 20], [0.5, 0.9], tf.float32),
    lambda tf: tf.random.stateless_categorical(LOGITS, 3, SEED),
    lambda tf: tf.random.split(SEED, 3),
    lambda tf: tf.random.fold_in(SEED, 3),
    lambda tf: tf.random.experimental.stateless_split(tf.constant(SEED, tf.int64)),
    lambda tf: tf.random.experimental.stateless_shuffle([1, 2, 3], SEED),
)


@case
def states_of_generators(tf: Any) -> Any:
    make = tf.random.Generator
    g = make.from_seed(1)
    states = []
    for draw in (
        lambda: g.normal([2]),
        lambda: g.uniform([2, 3], maxval=5, dtype=tf.int32),
        lambda: g.truncated_normal([]),
        lambda: g.uniform_full_int([2]),
        lambda: g.make_seeds(3),
        lambda: g.split(2),
        lambda: g.skip(5),
    ):
        draw()
        states.append(g.state.numpy())
    g.reset_from_key_counter(3, [1, 2])
    states.append(g.state.numpy())
    g.reset([4, 5, 6])
    states.append(g.state.numpy())
    g.reset_from_seed(7)
    return [*states, g.state.numpy(), g.key, g.algorithm, make(copy_from=g).state.numpy()]


case(
    "first states of generators",
    lambda tf: [
        tf.random.Generator.from_seed(2**70).state,
        tf.random.Generator.from_seed(-5).state,
        tf.random.Generator.from_seed([1, 2, 3]).state,
        tf.random.Generator.from_seed(1, alg="threefry").state,
        tf.random.Generator.from_key_counter(1, [2, 3], "philox").state,
        tf.random.Generator.from_state([1, 2, 3], "philox").state,
        tf.random.Generator.from_non_deterministic_state().state.shape,
        tf.random.create_rng_state([1, 2], "threefry"),
        list(tf.random.Algorithm),
    ],
)

alike(
    "generators",
    lambda tf: tf.random.Generator.from_seed(1).normal([2], mean=[1.0, 2.0]),
    lambda tf: tf.random.Generator.from_seed(1).uniform([2], dtype=tf.float64),
    lambda tf: tf.random.Generator.from_seed(1).uniform([2], dtype=tf.int32),
    lambda tf: tf.random.Generator.from_seed(1).uniform_full_int([2]),
    lambda tf: tf.random.Generator.from_seed(1).binomial([2], 10.0, 0.5),
    lambda tf: tf.random.Generator.from_seed(1).make_seeds(),
    lambda tf: tf.random.Generator.from_seed(1, alg="other").state,
    lambda tf: tf.random.Generator.from_state([1, 2], "philox").state,
)


def repeats(tf: Any, *draws: Callable[[], Any]) -> list[bool]:
    """Whether numbers are those of the first round, in rounds that begin with set_seed."""
    rounds = []
    for _ in range(2):
        tf.random.set_seed(5)
        rounds.append([float(draw()) for draw in draws])
    first, second = rounds
    return [*(a == b for a, b in zip(first, second, strict=True)), len(set(first)) == len(first)]


@case
def set_seed_begins_again(tf: Any) -> Any:
    def plain() -> Any:
        return tf.random.uniform([])

    def seeded() -> Any:
        return tf.random.uniform([], seed=1)

    def normal() -> Any:
        return tf.random.normal([], seed=1)

    function = tf.function(plain)
    seeded_function = tf.function(seeded)
    return [
        repeats(tf, plain, plain, plain),
        repeats(tf, seeded, seeded, normal, normal),
        repeats(tf, plain, seeded, plain, seeded),
        repeats(tf, function, function, plain),
        repeats(tf, seeded_function, seeded_function),
    ]


@case
def a_seed_has_a_sequence_of_its_own(tf: Any) -> Any:
    tf.random.set_seed(5)
    alone = [float(tf.random.uniform([], seed=1)) for _ in range(2)]
    tf.random.set_seed(5)
    mixed = [float(tf.random.uniform([], seed=s)) for s in (1, 2, None, 1)]
    tf.random.set_seed(6)
    other = float(tf.random.uniform([], seed=1))
    return [alone == [mixed[0], mixed[3]], other == alone[0]]


@case
def the_same_seed_twice_in_a_function(tf: Any) -> Any:
    @tf.function
    def pair() -> Any:
        return tf.random.uniform([], seed=1), tf.random.uniform([], seed=1)

    (a, b), (c, d) = pair(), pair()
    return [float(a) == float(b), float(c) == float(d), float(a) == float(c)]


@case
def the_state_of_random_numbers_is_no_variable(tf: Any) -> Any:
    v = tf.Variable(1.0)
    function = tf.function(lambda: v + tf.random.uniform([]))
    return [w.name for w in function.get_concrete_function().variables]


@case
def new_numbers_in_every_turn(tf: Any) -> Any:
    loop = tf.function(lambda: tf.map_fn(lambda x: x + tf.random.uniform([]), tf.zeros([4])))
    rows = tf.vectorized_map(lambda x: x + tf.random.uniform([]), tf.zeros([4]))
    turns = [float(x) for values in (loop(), loop()) for x in values]
    return [len(set(turns)), len({float(x) for x in rows})]


@case
def stateless_numbers_repeat(tf: Any) -> Any:
    def draw(seed: Any) -> Any:
        return float(tf.random.stateless_normal([], seed))

    compiled = tf.function(lambda s: tf.random.stateless_normal([], s))
    a = draw(SEED)
    return [
        a == draw(SEED),
        a == draw([2, 1]),
        a == draw([1, 3]),
        a == float(compiled(tf.constant(SEED))),
    ]


@case
def generators_repeat(tf: Any) -> Any:
    def numbers(g: Any) -> list[float]:
        return [float(x) for x in g.normal([3])]

    first, second = (tf.random.Generator.from_seed(1) for _ in range(2))
    a, b = numbers(first), numbers(first)
    compiled = tf.function(lambda: second.normal([3]))
    c = [float(x) for x in compiled()]
    d = [float(x) for x in compiled()]
    one, two = first.split(2)
    return [a == b, a == c, b == d, numbers(one) == numbers(two)]


def slopes(tf: Any, function: Any, *sources: float) -> list[bool]:
    """Whether each source has a gradient."""
    xs = [tf.constant(x) for x in sources]
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = function(*xs)
    return [g is not None for g in tape.gradient(y, xs)]


case(
    "gradients",
    lambda tf: [
        slopes(tf, lambda m, s: tf.random.normal([2], m, s), 1.0, 2.0),
        slopes(tf, lambda a, b: tf.random.uniform([2], a, b), 1.0, 2.0),
        slopes(tf, lambda m, s: tf.random.truncated_normal([2], m, s), 1.0, 2.0),
        slopes(tf, lambda a, b: tf.random.gamma([2], a, b), 1.0, 2.0),
        slopes(tf, lambda m: tf.random.categorical([[m, 1.0]], 3), 1.0),
        slopes(tf, lambda m: tf.random.shuffle([m, 1.0]), 1.0),
        slopes(tf, lambda m, s: tf.random.stateless_normal([2], SEED, m, s), 1.0, 2.0),
    ],
)
