"""tf.keras.utils: what helps to prepare data and to repeat a run."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from functrans.tf.rooms import names, public
from functrans.tf.streams import set_seed


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray[Any, Any]:
    """A NumPy array with a 1 at each number of a class, on a new last axis.

    >>> import functrans.tf as tf
    >>> tf.keras.utils.to_categorical([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    numbers = np.asarray(x, np.int64)
    if numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    return np.eye(int(numbers.max()) + 1 if num_classes is None else num_classes)[numbers]


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray[Any, Any]:
    """A NumPy array divided by its norm along an axis; what is all zero stays.

    >>> import functrans.tf as tf
    >>> tf.keras.utils.normalize([[3.0, 4.0]]).tolist()
    [[0.6, 0.8]]
    """
    array = np.asarray(x)
    norm = np.linalg.norm(array, order, axis, keepdims=True)
    return array / np.where(norm == 0, 1, norm)


def set_random_seed(seed: int) -> None:
    """Begin the random numbers of tf.random, of Python and of NumPy again from a seed.

    >>> import functrans.tf as tf
    >>> tf.keras.utils.set_random_seed(1)
    >>> x = tf.random.normal([])
    >>> tf.keras.utils.set_random_seed(1)
    >>> bool(tf.random.normal([]) == x)
    True
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  # the global numbers are what it is about
    set_seed(seed)


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
