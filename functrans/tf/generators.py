"""tf.random.Generator: random numbers whose state is a variable."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np

from functrans import random as keys
from functrans.tf.convert import FLOAT32, INT64, as_tensor
from functrans.tf.drawing import (
    integers,
    real_dtype,
    sample_shape,
    standard_normal,
    standard_uniform,
    within_two,
)
from functrans.tf.dtypes import as_dtype, float32, int32, uint64
from functrans.tf.errors import InvalidValueError
from functrans.tf.stateless import any_integers, binomials
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.variable import Variable

_STEP = 256
"""How far the counter goes for each number, as TensorFlow's does."""


class Algorithm(Enum):
    """The names of TensorFlow's algorithms; they say how many words a state has.

    >>> import functrans.tf as tf
    >>> tf.random.Algorithm.PHILOX
    <Algorithm.PHILOX: 1>
    """

    PHILOX = 1
    THREEFRY = 2
    AUTO_SELECT = 3


def _algorithm(alg: Any) -> Algorithm:
    if isinstance(alg, Algorithm):
        found = alg
    elif isinstance(alg, str):
        known = {each.name.lower(): each for each in Algorithm}
        if alg not in known:
            raise InvalidValueError(
                f"Argument `alg` got unsupported value {alg}. Supported values are philox for the "
                "Philox algorithm, threefry for the ThreeFry algorithm, and auto_select for "
                "auto-selection.",
                "Leave it out.",
            )
        found = known[alg]
    else:
        found = Algorithm.PHILOX if alg is None else Algorithm(int(alg))
    return Algorithm.PHILOX if found is Algorithm.AUTO_SELECT else found


def _words(algorithm: Algorithm) -> int:
    return 3 if algorithm is Algorithm.PHILOX else 2


def create_rng_state(seed: Any, alg: Any) -> Tensor:
    """The state of a generator that begins with a seed, an integer or a list of them.

    >>> import functrans.tf as tf
    >>> tf.random.create_rng_state(1, "philox").numpy()
    array([1, 0, 0])
    """
    count = _words(_algorithm(alg))
    if isinstance(seed, int):
        words = [(seed >> 64 * i) % 2**64 for i in range(count)]
        return wrap(np.array(words, np.uint64).view(INT64))
    given = np.ravel(as_tensor(seed).numpy()).astype(INT64)[:count]
    return wrap(np.pad(given, (0, count - len(given))))


class Generator:
    """A source of random numbers whose state is a variable of two or three integers.

    Made by ``from_seed``, ``from_state``, ``from_key_counter``, ``from_non_deterministic_state``,
    or as a copy. Every call uses the state up and goes on to the next, in functions too. The
    numbers are functrans.random's.

    >>> import functrans.tf as tf
    >>> g = tf.random.Generator.from_seed(1)
    >>> x = g.normal([2])
    >>> g.reset_from_seed(1)
    >>> bool(tf.reduce_all(g.normal([2]) == x))
    True
    """

    def __init__(self, copy_from: Generator | None = None, state: Any = None, alg: Any = None):
        if copy_from is not None:
            state, alg = copy_from.state, copy_from.algorithm
        if state is None:
            raise InvalidValueError(
                "A generator needs a state or another one to copy.",
                "Write tf.random.Generator.from_seed(1).",
            )
        self._algorithm = _algorithm(alg)
        words = as_tensor(state, None if isinstance(state, Tensor | Variable) else INT64)
        count = _words(self._algorithm)
        if words._v.shape != (count,):
            raise InvalidValueError(
                f"Shapes {tuple(words._v.shape)} and [{count}] are incompatible",
                f"A state of this algorithm has {count} integers.",
            )
        self._state = Variable(words, trainable=False, dtype="int64", name="StateVar")

    @classmethod
    def from_state(cls, state: Any, alg: Any) -> Generator:
        """A generator that goes on from a state."""
        return cls(state=state, alg=alg)

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> Generator:
        """A generator that begins with a seed, an integer or a list of them."""
        return cls(state=create_rng_state(seed, alg), alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """A generator that begins somewhere."""
        words = np.random.default_rng().integers(-(2**63), 2**63, _words(_algorithm(alg)))
        return cls(state=words, alg=alg)

    @classmethod
    def from_key_counter(cls, key: Any, counter: Any, alg: Any) -> Generator:
        """A generator that begins with a key and a counter."""
        return cls(state=_key_counter(key, counter), alg=alg)

    # --- the state

    @property
    def state(self) -> Variable:
        """The variable that holds the state: the counter, then the key."""
        return self._state

    @property
    def algorithm(self) -> int:
        """The number of the algorithm."""
        return self._algorithm.value

    @property
    def key(self) -> Tensor:
        """The key, which stays when numbers are drawn."""
        return self._state[-1]

    def reset(self, state: Any) -> None:
        """Go on from a state."""
        self._state.assign(as_tensor(state, INT64))

    def reset_from_seed(self, seed: Any) -> None:
        """Begin again with a seed."""
        self._state.assign(create_rng_state(seed, self._algorithm))

    def reset_from_key_counter(self, key: Any, counter: Any) -> None:
        """Begin again with a key and a counter."""
        self._state.assign(_key_counter(key, counter))

    def skip(self, delta: Any) -> Tensor:
        """Leave out ``delta`` numbers; returns the state before."""
        before = self._state.read_value()
        step = as_tensor(delta, None if isinstance(delta, Tensor) else INT64) * _STEP
        ahead = np.array([1] + [0] * (_words(self._algorithm) - 1), INT64)
        self._state.assign(before + step * ahead)
        return before

    def _next(self, sizes: tuple[int, ...]) -> Any:
        """The key of functrans.random for numbers of this shape."""
        words = value(self.skip(int(np.prod(sizes, dtype=int))))
        key = keys.fold_in(keys.PRNGKey(words[-1]), words[0])
        return keys.fold_in(key, (words[0] >> 32) ^ words[-2])

    # --- numbers

    def normal(
        self,
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Any = float32,
        name: str | None = None,
    ) -> Tensor:
        """Normally distributed numbers."""
        kind, sizes = real_dtype(dtype), sample_shape("StatelessRandomNormalV2", shape)
        drawn = standard_normal(self._next(sizes), sizes, kind)
        return drawn * as_tensor(stddev, kind) + as_tensor(mean, kind)

    def truncated_normal(
        self,
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Any = float32,
        name: str | None = None,
    ) -> Tensor:
        """Normal numbers within two standard deviations."""
        kind, sizes = real_dtype(dtype), sample_shape("StatelessTruncatedNormalV2", shape)
        drawn = within_two(self._next(sizes), sizes, kind)
        return drawn * as_tensor(stddev, kind) + as_tensor(mean, kind)

    def uniform(
        self,
        shape: Any,
        minval: Any = 0,
        maxval: Any = None,
        dtype: Any = float32,
        name: str | None = None,
    ) -> Tensor:
        """Evenly distributed numbers from ``minval`` up to ``maxval``, which is left out.

        Integers are of all values where both are None.
        """
        wanted, sizes = as_dtype(dtype), sample_shape("StatelessRandomUniformV2", shape)
        if not wanted.is_integer:
            low = as_tensor(minval, wanted.np)
            high = as_tensor(1 if maxval is None else maxval, wanted.np)
            return standard_uniform(self._next(sizes), sizes, wanted.np) * (high - low) + low
        if (minval is None) != (maxval is None):
            raise InvalidValueError(
                f"For integer dtype {wanted!s}, minval and maxval must be both `None` or both "
                f"non-`None`; got minval={minval} and maxval={maxval}",
                "Give both ends of the range, or None for both.",
            )
        if minval is None:
            return any_integers(self._next(sizes), sizes, wanted.np)
        ends = as_tensor(minval, wanted.np), as_tensor(maxval, wanted.np)
        return integers("StatelessRandomUniformIntV2", self._next(sizes), sizes, *ends)

    def uniform_full_int(self, shape: Any, dtype: Any = uint64, name: str | None = None) -> Tensor:
        """Integers of all values of the dtype."""
        sizes = sample_shape("StatelessRandomUniformFullIntV2", shape)
        return any_integers(self._next(sizes), sizes, as_dtype(dtype).np)

    def binomial(
        self, shape: Any, counts: Any, probs: Any, dtype: Any = int32, name: str | None = None
    ) -> Tensor:
        """Numbers of successes in ``counts`` trials."""
        sizes = sample_shape("StatefulRandomBinomial", shape)
        chances = as_tensor(probs, None if isinstance(probs, Tensor) else FLOAT32)
        key = self._next(sizes)
        return binomials(key, sizes, as_tensor(counts), chances, as_dtype(dtype).np)

    # --- other generators

    def make_seeds(self, count: int = 1) -> Tensor:
        """``count`` seeds for stateless functions, the columns of a tensor."""
        seeds = self.uniform_full_int([count], "int64").numpy()
        return wrap(np.stack([seeds, np.zeros_like(seeds)]))

    def split(self, count: int = 1) -> list[Generator]:
        """``count`` generators that are independent of this one and of each other."""
        algorithm = self._algorithm
        zeros = [0] * (_words(algorithm) - 1)
        found = self.uniform_full_int([count], "int64").numpy().tolist()
        return [Generator(state=[*zeros, key], alg=algorithm) for key in found]


def _key_counter(key: Any, counter: Any) -> np.ndarray[Any, Any]:
    return np.array([*np.ravel(as_tensor(counter).numpy()), int(as_tensor(key))], INT64)


class _Global:
    generator: Generator | None = None


def get_global_generator() -> Generator:
    """The generator that all share; made where there is none, from a state by chance.

    >>> import functrans.tf as tf
    >>> tf.random.get_global_generator() is tf.random.get_global_generator()
    True
    """
    if _Global.generator is None:
        _Global.generator = Generator.from_non_deterministic_state()
    return _Global.generator


def set_global_generator(generator: Generator) -> None:
    """Make a generator the one that all share.

    >>> import functrans.tf as tf
    >>> tf.random.set_global_generator(tf.random.Generator.from_seed(1))
    """
    _Global.generator = generator
