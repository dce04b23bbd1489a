"""Images: turned, cut, lit, coloured, resized."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group

GROUP = Group("image")
case, op = GROUP.case, GROUP.op

X = ((np.arange(24) * 7) % 24 / 24).astype(np.float32).reshape(2, 4, 3)
BATCH = np.stack([X, 1 - X])
BYTES = (X * 240).astype(np.uint8)


def of_tensor(name: str) -> Any:
    """The function, where TensorFlow takes tensors alone."""
    return lambda tf, image: getattr(tf.image, name)(tf.convert_to_tensor(image))


for name in ("flip_left_right", "flip_up_down", "rot90", "transpose"):
    op(f"image.{name}", [BATCH], compiled=name != "rot90")
    op(f"image.{name}", [BYTES])
op("image.flip_left_right", [X[0]])
op("image.rot90", [X], {"k": 3})
op("image.rot90", [X], {"k": -1})
op("image.crop_to_bounding_box", [BATCH, 0, 1, 2, 2])
op("image.crop_to_bounding_box", [X, 0, 3, 2, 2])
op("image.pad_to_bounding_box", [X, 1, 2, 5, 7])
op("image.pad_to_bounding_box", [X, 1, 2, 2, 7])
for size in ((3, 3), (1, 7), (5, 2), (1, 1)):
    op("image.resize_with_crop_or_pad", [X, *size], compiled=False)
op("image.central_crop", [np.arange(64, dtype=np.float32).reshape(8, 8, 1), 0.5])
op("image.central_crop", [np.arange(49, dtype=np.float32).reshape(7, 7, 1), 0.4])
op("image.central_crop", [X, 0.0])

# Light and colours

op("image.convert_image_dtype", [BYTES, np.float32])
op("image.convert_image_dtype", [BYTES, np.uint16])
op("image.convert_image_dtype", [np.array([300, 65535], np.uint16), np.uint8])
op("image.convert_image_dtype", [X, np.uint8])
op("image.convert_image_dtype", [X * 2, np.uint8], {"saturate": True})
op("image.convert_image_dtype", [X, np.float64])
op("image.convert_image_dtype", [X, np.float32])
op("image.adjust_brightness", [X, 0.25])
op("image.adjust_brightness", [BYTES, 0.25])
case("more contrast", lambda tf: tf.image.adjust_contrast(BATCH, 2.0))
op("image.adjust_contrast", [BYTES, 0.5])
op("image.adjust_gamma", [X[:, 1:], 2.0, 3.0])
op("image.adjust_gamma", [X, -1.0])
op("image.per_image_standardization", [X], rtol=1e-4, second=False)
op("image.per_image_standardization", [BYTES], rtol=1e-4)
op("image.rgb_to_grayscale", [X])
op("image.rgb_to_grayscale", [BYTES])
op("image.grayscale_to_rgb", [X[:, :, :1]], call=of_tensor("grayscale_to_rgb"))
op("image.grayscale_to_rgb", [X], call=of_tensor("grayscale_to_rgb"))
for name in ("rgb_to_yiq", "yiq_to_rgb", "rgb_to_yuv", "yuv_to_rgb"):
    op(f"image.{name}", [X], rtol=1e-4)

COLOURS = np.array([[[0.2, 0.5, 0.3], [0.7, 0.1, 0.6]]], np.float32)
GREY = np.array([[[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]]], np.float32)
op("image.rgb_to_hsv", [COLOURS], second=False, rtol=1e-4)
case("hues", lambda tf: tf.image.rgb_to_hsv(X))
op("image.rgb_to_hsv", [X[:, :, :2]])
op("image.hsv_to_rgb", [COLOURS])
op("image.hsv_to_rgb", [X * 1.5 - 0.2])
case("hues of grey", lambda tf: tf.image.rgb_to_hsv(GREY))
case("more colour", lambda tf: tf.image.adjust_saturation(COLOURS, 1.5))
case("less colour in bytes", lambda tf: tf.image.adjust_saturation(BYTES, 0.5))
case("another hue", lambda tf: tf.image.adjust_hue(COLOURS, 0.3))
op("image.adjust_hue", [COLOURS, 3.0], compiled=False)

# Differences

op("image.total_variation", [BATCH], call=of_tensor("total_variation"), second=False)
op("image.total_variation", [X], call=of_tensor("total_variation"), second=False)
op("image.total_variation", [X[0]], call=of_tensor("total_variation"))
op("image.image_gradients", [BATCH], call=of_tensor("image_gradients"))
op("image.image_gradients", [X], call=of_tensor("image_gradients"))
op("image.sobel_edges", [BATCH], call=of_tensor("sobel_edges"))
op("image.psnr", [BATCH, BATCH * 0.9, 1.0])
case("psnr of bytes", lambda tf: tf.image.psnr(BYTES, BYTES + np.uint8(1), 255))

# Sizes

METHODS = ("bilinear", "bicubic", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")
ROUGH = {"bicubic": 2e-3}  # TensorFlow reads its weights from a table
for method in METHODS:
    rtol = ROUGH.get(method, 1e-4)
    op("image.resize", [X, [3, 5]], {"method": method}, second=False, rtol=rtol)
    op("image.resize", [X, [1, 2]], {"method": method}, second=False, rtol=rtol)
case("means of areas", lambda tf: [tf.image.resize(X, s, "area") for s in ((3, 5), (1, 2))])
for method in ("bilinear", "bicubic", "lanczos3"):
    op("image.resize", [X, [1, 3]], {"method": method, "antialias": True}, second=False, rtol=1e-4)
op("image.resize", [BATCH, [3, 5]], {"method": "nearest"})
op("image.resize", [X, [1, 2]], {"method": "nearest"})
op("image.resize", [BYTES, [3, 5]])
op("image.resize", [BYTES, [3, 5]], {"method": "nearest"})
op("image.resize", [X, [8, 8]], {"preserve_aspect_ratio": True}, second=False)
op("image.resize", [X, [8]])
op("image.resize", [X, [3, 5]], {"method": "x"})
op("image.resize", [X[0], [3, 5]])
