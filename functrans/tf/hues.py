"""Colours by hue, saturation and value, each in [0, 1]."""

from __future__ import annotations

from typing import Any

from functrans import numpy as fnp
from functrans.tf.convert import as_tensor
from functrans.tf.errors import FailedPreconditionError, InvalidValueError
from functrans.tf.pictures import as_floats, convert_image_dtype
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind, operation, stopped


def _channels(op: str, images: Any) -> tuple[Tensor, list[Any]]:
    x = as_tensor(images)
    check_kind(op, x._dtype, "f")
    v = value(x)
    if v.shape[-1:] != (3,):
        raise FailedPreconditionError.at(
            f"input must have 3 channels but input only has {v.shape[-1]} channels. [Op:{op}] ",
            "The last axis holds the channels.",
        )
    return x, [v[..., i] for i in range(3)]


@operation("RGBToHSV")
def rgb_to_hsv(images: Any, name: str | None = None) -> Tensor:
    """Red, green and blue as hue, saturation and value.

    >>> import functrans.tf as tf
    >>> tf.image.rgb_to_hsv([[[0.0, 0.5, 0.0]]]).numpy().ravel()
    array([0.33333334, 1.        , 0.5       ], dtype=float32)
    """
    x, (red, green, blue) = _channels("RGBToHSV", images)
    most = _larger(_larger(red, green), blue)
    spread = most - _smaller(_smaller(red, green), blue)
    grey = spread == 0
    safe, bright = fnp.where(grey, 1, spread), fnp.where(most > 0, most, 1)
    sixths = fnp.where(
        most == red,
        (green - blue) / safe,
        fnp.where(most == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    hue = fnp.where(grey, 0, sixths / 6)
    hue = fnp.where(hue < 0, hue + 1, hue)
    saturation = fnp.where(most > 0, spread / bright, 0)
    return wrap(fnp.stack([hue, saturation, most], -1), x._dtype)


def _larger(a: Any, b: Any) -> Any:
    return fnp.where(a >= b, a, b)


def _smaller(a: Any, b: Any) -> Any:
    return fnp.where(a <= b, a, b)


@operation("HSVToRGB")
def hsv_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Hue, saturation and value as red, green and blue; it has no gradient.

    >>> import functrans.tf as tf
    >>> tf.image.hsv_to_rgb([[[0.0, 1.0, 0.5]]]).numpy().ravel()
    array([0.5, 0. , 0. ], dtype=float32)
    """
    x, channels = _channels("HSVToRGB", images)
    hue, saturation, bright = map(stopped, channels)
    sixths = fnp.clip(hue, 0, 1) * 6
    parts = (fnp.abs(sixths - 3) - 1, 2 - fnp.abs(sixths - 2), 2 - fnp.abs(sixths - 4))
    colours = [((fnp.clip(p, 0, 1) - 1) * saturation + 1) * bright for p in parts]
    return wrap(fnp.stack(colours, -1), x._dtype)


def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Tensor:
    """Images with their saturation times a factor, at most 1; it has no gradient.

    >>> import functrans.tf as tf
    >>> tf.image.adjust_saturation([[[0.5, 0.25, 0.25]]], 2.0).numpy().ravel()
    array([0.5, 0. , 0. ], dtype=float32)
    """
    return _with_channel(image, 1, lambda s: fnp.clip(s * saturation_factor, 0, 1))


def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Tensor:
    """Images with their hue turned by ``delta`` of a full turn, in [−1, 1]; it has no gradient.

    >>> import functrans.tf as tf
    >>> tf.image.adjust_hue([[[0.5, 0.0, 0.0]]], 0.5).numpy().ravel()
    array([0. , 0.5, 0.5], dtype=float32)
    """
    if not isinstance(delta, Tensor) and not -1 <= delta <= 1:
        raise InvalidValueError("delta must be in the interval [-1, 1]", "1 is a full turn.")
    return _with_channel(image, 0, lambda h: fnp.mod(h + delta, 1))


def _with_channel(image: Any, place: int, change: Any) -> Tensor:
    """Images of which one of hue, saturation and value is changed."""
    x, dtype = as_floats(image)
    _, parts = _channels("RGBToHSV", rgb_to_hsv(x))
    parts[place] = fnp.astype(change(parts[place]), x._dtype)
    return convert_image_dtype(hsv_to_rgb(wrap(fnp.stack(parts, -1), x._dtype)), dtype)
