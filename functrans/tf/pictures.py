"""Images turned, cut, lit and coloured; how they differ; their edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.arithmetic import add, divide, maximum, multiply, pow, subtract
from functrans.tf.clipping import saturate_cast
from functrans.tf.convert import FLOAT32, as_tensor, cast, integer
from functrans.tf.dtypes import as_dtype
from functrans.tf.elementwise import abs, log, square
from functrans.tf.errors import InvalidValueError
from functrans.tf.layouts import rearranged
from functrans.tf.reductions import reduce_mean, reduce_std, reduce_sum
from functrans.tf.tensor import Tensor, value, wrap


def _images(image: Any) -> Tensor:
    x = as_tensor(image)
    if len(x._v.shape) < 3:
        raise InvalidValueError(
            f"'image' (shape {x.shape}) must be at least three-dimensional.",
            "The last axes are (height, width, channels).",
        )
    return x


# --- turned and cut ------------------------------------------------------------------------------


def flip_left_right(image: Any) -> Tensor:
    """Images mirrored: their columns reversed.

    >>> import functrans.tf as tf
    >>> tf.image.flip_left_right([[[1], [2]]]).numpy().ravel()
    array([2, 1], dtype=int32)
    """
    return rearranged("ReverseV2", lambda v: fnp.flip(v, -2), _images(image))


def flip_up_down(image: Any) -> Tensor:
    """Images upside down: their rows reversed.

    >>> import functrans.tf as tf
    >>> tf.image.flip_up_down([[[1]], [[2]]]).numpy().ravel()
    array([2, 1], dtype=int32)
    """
    return rearranged("ReverseV2", lambda v: fnp.flip(v, -3), _images(image))


def rot90(image: Any, k: Any = 1, name: str | None = None) -> Tensor:
    """Images turned ``k`` times by 90° against the clock.

    >>> import functrans.tf as tf
    >>> tf.image.rot90([[[1], [2]]]).numpy()[:, 0, 0]
    array([2, 1], dtype=int32)
    """
    turns = integer(k)
    return rearranged("Transpose", lambda v: fnp.rot90(v, turns, (-3, -2)), _images(image))


def transpose(image: Any, name: str | None = None) -> Tensor:
    """Rows and columns of images exchanged.

    >>> import functrans.tf as tf
    >>> tf.image.transpose(tf.ones((2, 3, 1))).shape
    TensorShape([3, 2, 1])
    """
    return rearranged("Transpose", lambda v: fnp.swapaxes(v, -3, -2), _images(image))


def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """The part of images of a given size that begins at a row and a column.

    >>> import functrans.tf as tf
    >>> tf.image.crop_to_bounding_box([[[1], [2], [3]]], 0, 1, 1, 2).numpy().ravel()
    array([2, 3], dtype=int32)
    """
    x = _images(image)
    top, left = integer(offset_height), integer(offset_width)
    height, width = integer(target_height), integer(target_width)
    rows, columns = x._v.shape[-3:-1]
    _require(
        {
            "offset_width must be >= 0.": left < 0,
            "offset_height must be >= 0.": top < 0,
            "target_width must be > 0.": width <= 0,
            "target_height must be > 0.": height <= 0,
            "width must be >= target + offset.": columns < width + left,
            "height must be >= target + offset.": rows < height + top,
        },
        f"The images have {rows} rows and {columns} columns.",
    )
    return rearranged("Slice", lambda v: v[..., top : top + height, left : left + width, :], x)


def _require(problems: dict[str, bool], remedy: str) -> None:
    for message, wrong in problems.items():
        if wrong:
            raise InvalidValueError(message, remedy)


def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """Images with zeros around them, of a given size, that begin at a row and a column of it.

    >>> import functrans.tf as tf
    >>> tf.image.pad_to_bounding_box([[[1], [2]]], 0, 1, 1, 4).numpy().ravel()
    array([0, 1, 2, 0], dtype=int32)
    """
    x = _images(image)
    rows, columns = x._v.shape[-3:-1]
    top, left = integer(offset_height), integer(offset_width)
    below, right = (
        integer(target_height) - top - rows,
        integer(target_width) - left - columns,
    )
    _require(
        {
            "offset_height must be >= 0": top < 0,
            "offset_width must be >= 0": left < 0,
            "width must be <= target - offset": right < 0,
            "height must be <= target - offset": below < 0,
        },
        f"The images have {rows} rows and {columns} columns.",
    )
    widths = [(0, 0)] * (len(x._v.shape) - 3) + [(top, below), (left, right), (0, 0)]
    return rearranged("Pad", lambda v: fnp.pad(v, widths), x)


def resize_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Tensor:
    """The middle of images in a given size: cut, or with zeros around.

    >>> import functrans.tf as tf
    >>> tf.image.resize_with_crop_or_pad([[[1], [2], [3]]], 1, 1).numpy().ravel()
    array([2], dtype=int32)
    """
    x = _images(image)
    height, width = integer(target_height), integer(target_width)
    rows, columns = x._v.shape[-3:-1]
    cut = crop_to_bounding_box(
        x,
        max((rows - height) // 2, 0),
        max((columns - width) // 2, 0),
        min(height, rows),
        min(width, columns),
    )
    top, left = max((height - rows) // 2, 0), max((width - columns) // 2, 0)
    return pad_to_bounding_box(cut, top, left, height, width)


def central_crop(image: Any, central_fraction: float) -> Tensor:
    """The middle of images, ``central_fraction`` of their height and width.

    >>> import functrans.tf as tf
    >>> tf.image.central_crop(tf.ones((8, 8, 3)), 0.5).shape
    TensorShape([4, 4, 3])
    """
    if not 0 < central_fraction <= 1:
        raise InvalidValueError("central_fraction must be within (0, 1]", "1 keeps all.")
    x = _images(image)
    rows, columns = x._v.shape[-3:-1]
    top, left = (int((n - n * central_fraction) / 2) for n in (rows, columns))
    return crop_to_bounding_box(x, top, left, rows - 2 * top, columns - 2 * left)


# --- lit and coloured ----------------------------------------------------------------------------


def convert_image_dtype(
    image: Any, dtype: Any, saturate: bool = False, name: str | None = None
) -> Tensor:
    """Images in another dtype: floats of [0, 1], integers of all their range.

    ``saturate`` keeps numbers outside from wrapping around.

    >>> import functrans.tf as tf
    >>> tf.image.convert_image_dtype(tf.constant([0, 255], tf.uint8), tf.float32).numpy()
    array([0., 1.], dtype=float32)
    """
    x, wanted = as_tensor(image), as_dtype(dtype)
    here = x.dtype
    if here == wanted:
        return x
    found: Any
    if here.is_integer and wanted.is_integer:
        old, new = here.max, wanted.max
        if old > new:
            found = cast(_divided(x, (old + 1) // (new + 1)), wanted)
        else:
            found = multiply(cast(x, wanted), (new + 1) // (old + 1))
    elif here.is_floating and wanted.is_floating:
        found = cast(x, wanted)
    elif here.is_integer:
        found = multiply(cast(x, wanted), 1.0 / here.max)
    else:
        scaled = multiply(x, wanted.max + 0.5)
        found = saturate_cast(scaled, wanted) if saturate else cast(scaled, wanted)
    return as_tensor(found)


def _divided(x: Tensor, whole: int) -> Tensor:
    return wrap(fnp.floor_divide(value(x), x._dtype.type(whole)), x._dtype)


def as_floats(image: Any) -> tuple[Tensor, Any]:
    """Images as floats, and the dtype they came in."""
    x = as_tensor(image)
    return (x if x._dtype.kind == "f" else convert_image_dtype(x, FLOAT32)), x.dtype


def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """Images with ``delta`` added, where floats are of [0, 1].

    >>> import functrans.tf as tf
    >>> tf.image.adjust_brightness([[[0.5]]], 0.25).numpy().ravel()
    array([0.75], dtype=float32)
    """
    x, dtype = as_floats(image)
    return convert_image_dtype(add(x, cast(delta, x._dtype)), dtype, saturate=True)


def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """Each channel's distance from its mean times a factor.

    >>> import functrans.tf as tf
    >>> tf.image.adjust_contrast([[[1.0], [3.0]]], 2.0).numpy().ravel()
    array([0., 4.], dtype=float32)
    """
    x, dtype = as_floats(images)
    mean = reduce_mean(x, (-3, -2), True)
    found = add(multiply(subtract(x, mean), cast(contrast_factor, x._dtype)), mean)
    return convert_image_dtype(found, dtype, saturate=True)


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Tensor:
    """gain·imageᵞ, where floats are of [0, 1].

    >>> import functrans.tf as tf
    >>> tf.image.adjust_gamma([[[0.5]]], 2.0).numpy().ravel()
    array([0.25], dtype=float32)
    """
    if not isinstance(gamma, Tensor) and gamma < 0:
        raise InvalidValueError("Gamma should be a non-negative real number.", "1 changes nothing.")
    x, dtype = as_floats(image)
    found = multiply(pow(x, cast(gamma, x._dtype)), cast(gain, x._dtype))
    return convert_image_dtype(found, dtype, saturate=True)


def per_image_standardization(image: Any) -> Tensor:
    """Each image minus its mean, over its standard deviation or 1/√n if that is larger.

    >>> import functrans.tf as tf
    >>> tf.image.per_image_standardization([[[1.0], [3.0]]]).numpy().ravel()
    array([-1.,  1.], dtype=float32)
    """
    x = _images(image)
    if x._dtype.kind != "f":
        x = cast(x, FLOAT32)
    over = (-3, -2, -1)
    least = 1.0 / np.sqrt(np.prod(x._v.shape[-3:]))
    spread = maximum(reduce_std(x, over, True), least)
    return divide(subtract(x, reduce_mean(x, over, True)), spread)


_LUMA = 0.2989, 0.587, 0.114
_YIQ = (
    (0.299, 0.59590059, 0.2115),
    (0.587, -0.27455667, -0.52273617),
    (0.114, -0.32134392, 0.31119955),
)
_RGB_OF_YIQ = (
    (1, 1, 1),
    (0.95598634, -0.27201283, -1.10674021),
    (0.6208248, -0.64720424, 1.70423049),
)
_YUV = (
    (0.299, -0.14714119, 0.61497538),
    (0.587, -0.28886916, -0.51496512),
    (0.114, 0.43601035, -0.10001026),
)
_RGB_OF_YUV = ((1, 1, 1), (0, -0.394642334, 2.03206185), (1.13988303, -0.58062185, 0))


def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """The brightness of colours, in one channel.

    >>> import functrans.tf as tf
    >>> tf.image.rgb_to_grayscale([[[1.0, 1.0, 1.0]]]).numpy().ravel().round(3)
    array([1.], dtype=float32)
    """
    x, dtype = as_floats(images)
    weighted = multiply(x, np.asarray(_LUMA, x._dtype))
    return convert_image_dtype(reduce_sum(weighted, -1, True), dtype)


def grayscale_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """One channel three times.

    >>> import functrans.tf as tf
    >>> tf.image.grayscale_to_rgb([[[1.0]]]).numpy().ravel()
    array([1., 1., 1.], dtype=float32)
    """
    x = as_tensor(images)
    if x._v.shape[-1:] != (1,):
        raise InvalidValueError(
            "Last dimension of a grayscale image should be size 1.", f"The shape is {x.shape}."
        )
    return rearranged("Tile", lambda v: fnp.repeat(v, 3, axis=-1), x)


def _mixed(images: Any, weights: tuple[tuple[float, ...], ...]) -> Tensor:
    x = as_tensor(images)
    return wrap(fnp.matmul(value(x), np.asarray(weights, x._dtype)), x._dtype)


def rgb_to_yiq(images: Any) -> Tensor:
    """Colours as brightness and two differences, as American television has them.

    >>> import functrans.tf as tf
    >>> tf.image.rgb_to_yiq([[[1.0, 1.0, 1.0]]]).numpy()[0, 0, 0]
    np.float32(1.0)
    """
    return _mixed(images, _YIQ)


def yiq_to_rgb(images: Any) -> Tensor:
    """The inverse of ``rgb_to_yiq``.

    >>> import functrans.tf as tf
    >>> tf.image.yiq_to_rgb([[[1.0, 0.0, 0.0]]]).numpy().ravel()
    array([1., 1., 1.], dtype=float32)
    """
    return _mixed(images, _RGB_OF_YIQ)


def rgb_to_yuv(images: Any) -> Tensor:
    """Colours as brightness and two differences, as European television has them.

    >>> import functrans.tf as tf
    >>> tf.image.rgb_to_yuv([[[1.0, 1.0, 1.0]]]).numpy()[0, 0, 0]
    np.float32(1.0)
    """
    return _mixed(images, _YUV)


def yuv_to_rgb(images: Any) -> Tensor:
    """The inverse of ``rgb_to_yuv``.

    >>> import functrans.tf as tf
    >>> tf.image.yuv_to_rgb([[[1.0, 0.0, 0.0]]]).numpy().ravel()
    array([1., 1., 1.], dtype=float32)
    """
    return _mixed(images, _RGB_OF_YUV)


# --- differences and edges -----------------------------------------------------------------------


def total_variation(images: Any, name: str | None = None) -> Tensor:
    """The sum of absolute differences of neighbouring pixels, of each image.

    >>> import functrans.tf as tf
    >>> tf.image.total_variation([[[1.0], [3.0]]]).numpy()
    np.float32(2.0)
    """
    x = as_tensor(images)
    if len(x._v.shape) not in (3, 4):
        raise InvalidValueError(
            "'images' must be either 3 or 4-dimensional.", f"The shape is {x.shape}."
        )
    over = (-3, -2, -1)
    v = value(x)
    down = wrap(v[..., 1:, :, :] - v[..., :-1, :, :], x._dtype)
    across = wrap(v[..., :, 1:, :] - v[..., :, :-1, :], x._dtype)
    return add(reduce_sum(abs(down), over), reduce_sum(abs(across), over))


def image_gradients(image: Any) -> tuple[Tensor, Tensor]:
    """The differences to the next row and to the next column, 0 for the last ones.

    >>> import functrans.tf as tf
    >>> tf.image.image_gradients(tf.reshape(tf.range(4), (1, 2, 2, 1)))[0].numpy().ravel()
    array([2, 2, 0, 0], dtype=int32)
    """
    x = as_tensor(image)
    if len(x._v.shape) != 4:
        raise InvalidValueError(
            f"image_gradients expects a 4D tensor [batch_size, h, w, d], not {x.shape}.",
            "Put a batch axis in front.",
        )
    v = value(x)
    down = fnp.pad(v[:, 1:] - v[:, :-1], [(0, 0), (0, 1), (0, 0), (0, 0)])
    across = fnp.pad(v[:, :, 1:] - v[:, :, :-1], [(0, 0), (0, 0), (0, 1), (0, 0)])
    return wrap(down, x._dtype), wrap(across, x._dtype)


def sobel_edges(image: Any) -> Tensor:
    """Sobel's derivatives down and across, in a last axis of two; edges are mirrored.

    >>> import functrans.tf as tf
    >>> tf.image.sobel_edges(tf.reshape(tf.range(9.0), (1, 3, 3, 1))).numpy()[0, 1, 1, 0]
    array([24.,  8.], dtype=float32)
    """
    x = as_tensor(image)
    v = fnp.pad(value(x), [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
    rows = v[:, 2:] - v[:, :-2]
    columns = v[:, :, 2:] - v[:, :, :-2]
    down = rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]
    across = columns[:, :-2] + 2 * columns[:, 1:-1] + columns[:, 2:]
    return wrap(fnp.stack([down, across], -1), x._dtype)


def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Tensor:
    """The ratio of the largest signal to the mean square error, in decibels, of each image.

    >>> import functrans.tf as tf
    >>> tf.image.psnr(tf.zeros((2, 2, 1)), tf.fill((2, 2, 1), 0.1), 1.0).numpy().round(4)
    np.float32(20.0)
    """
    x, y = (convert_image_dtype(i, FLOAT32) for i in (a, b))
    most = convert_image_dtype(cast(max_val, as_tensor(a)._dtype), FLOAT32)
    error = reduce_mean(square(subtract(x, y)), (-3, -2, -1))
    ten = float(np.log(10.0))
    return subtract(multiply(log(most), 20.0 / ten), multiply(log(error), 10.0 / ten))
