"""The 1,797 handwritten digits that functrans ships (source and licence in DIGITS.md)."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Digits(NamedTuple):
    """Images of shape (n, 64) with values in [0, 1]; the digits of shape (n,)."""

    images: NDArray[np.float64]
    labels: NDArray[np.int64]


def load() -> Digits:
    """All 1,797 images.

    >>> images, labels = load()
    >>> images.shape, images.dtype.name, float(images.max()), labels[:5].tolist()
    ((1797, 64), 'float64', 1.0, [0, 1, 2, 3, 4])
    """
    resource = files("functrans.demo").joinpath("digits.npz")
    with resource.open("rb") as file, np.load(file) as arrays:
        images = arrays["images"].reshape(-1, 64) / 16.0
        return Digits(images, arrays["labels"].astype(np.int64))


def split(digits: Digits, held_back: int, seed: int) -> tuple[Digits, Digits]:
    """Shuffle by ``seed``; the last ``held_back`` images are for testing only.

    >>> train, test = split(load(), held_back=360, seed=0)
    >>> len(train.labels), len(test.labels)
    (1437, 360)
    """
    order = np.random.default_rng(seed).permutation(len(digits.labels))
    train, test = order[:-held_back], order[-held_back:]
    return (
        Digits(digits.images[train], digits.labels[train]),
        Digits(digits.images[test], digits.labels[test]),
    )
