"""Images of another size: each row and column a weighted mean of those near it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.convert import FLOAT32, as_tensor, integers
from functrans.tf.errors import InvalidValueError
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import operation

Array = Any
"""A NumPy array."""


class ResizeMethod:
    """The names of the methods of ``resize``.

    >>> import functrans.tf as tf
    >>> tf.image.ResizeMethod.BILINEAR
    'bilinear'
    """

    AREA = "area"
    BICUBIC = "bicubic"
    BILINEAR = "bilinear"
    GAUSSIAN = "gaussian"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    MITCHELLCUBIC = "mitchellcubic"
    NEAREST_NEIGHBOR = "nearest"


def _cubic(b: float, c: float) -> Callable[[Array], Array]:
    """The family of piecewise cubic kernels of Mitchell and Netravali, 1988."""

    def kernel(x: Array) -> Array:
        near = ((12 - 9 * b - 6 * c) * x + (-18 + 12 * b + 6 * c)) * x * x + (6 - 2 * b)
        far = (((-b - 6 * c) * x + (6 * b + 30 * c)) * x + (-12 * b - 48 * c)) * x
        far = far + (8 * b + 24 * c)
        return np.where(x < 1, near, np.where(x < 2, far, 0.0)) / 6

    return kernel


def _lanczos(radius: int) -> Callable[[Array], Array]:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


_KERNELS: dict[str, Callable[[Array], Array]] = {
    "bilinear": lambda x: np.maximum(0.0, 1.0 - x),
    "bicubic": _cubic(0.0, 0.5),
    "mitchellcubic": _cubic(1 / 3, 1 / 3),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
    "gaussian": lambda x: np.where(x < 1.5, np.exp(-2.0 * x * x), 0.0),
}
"""The weight of a pixel by its distance from where the new pixel's center is."""


def _weights(method: str, old: int, new: int, antialias: bool) -> Array:
    """What the pixels of a line contribute to those of the new one: (new, old)."""
    scale = old / new
    if method == "area":
        starts = np.arange(new)[:, None] * scale
        pixels = np.arange(old)
        shared = np.minimum(starts + scale, pixels + 1) - np.maximum(starts, pixels)
        return np.maximum(shared, 0.0) / scale
    width = max(scale, 1.0) if antialias else 1.0
    centers = (np.arange(new)[:, None] + 0.5) * scale - 0.5
    weights = _KERNELS[method](np.abs(centers - np.arange(old)) / width)
    return weights / weights.sum(axis=1, keepdims=True)


@operation("Resize")
def resize(
    images: Any,
    size: Any,
    method: str = "bilinear",
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    name: str | None = None,
) -> Tensor:
    """Images of (…, height, width, channels) in another size, [height, width].

    The result is float32, but for the method "nearest", which keeps the dtype. ``antialias`` widens
    the windows where images get smaller.

    >>> import functrans.tf as tf
    >>> tf.image.resize([[[1.0], [3.0]]], [1, 4]).numpy().ravel()
    array([1. , 1.5, 2.5, 3. ], dtype=float32)
    """
    tensor = as_tensor(images)
    shape = tensor._v.shape
    if len(shape) not in (3, 4):
        raise InvalidValueError(
            "'images' must have either 3 or 4 dimensions.",
            "The axes are (batch, height, width, channels), or without the batch.",
        )
    sizes = integers(size)
    if sizes.shape != (2,):
        raise InvalidValueError(
            "'size' must be a 1-D Tensor of 2 elements: new_height, new_width",
            f"The size was {size}.",
        )
    if method not in (*_KERNELS, "area", "nearest"):
        raise InvalidValueError(
            f"Resize method is not implemented: {method}", "See tf.image.ResizeMethod."
        )
    height, width = shape[-3:-1]
    new_height, new_width = map(int, sizes)
    if preserve_aspect_ratio:
        scale = min(new_height / height, new_width / width)
        new_height, new_width = round(height * scale), round(width * scale)
    v = value(tensor)
    if method == "nearest":
        rows, columns = _nearest(height, new_height), _nearest(width, new_width)
        return wrap(fnp.take(fnp.take(v, rows, axis=-3), columns, axis=-2), tensor._dtype)
    down = _weights(method, height, new_height, antialias).astype(FLOAT32)
    across = _weights(method, width, new_width, antialias).astype(FLOAT32)
    v = fnp.astype(v, FLOAT32)
    return wrap(fnp.einsum("hi,...ijc,wj->...hwc", down, v, across, optimize=True), FLOAT32)


def _nearest(old: int, new: int) -> Array:
    return np.minimum(((np.arange(new) + 0.5) * (old / new)).astype(int), old - 1)
