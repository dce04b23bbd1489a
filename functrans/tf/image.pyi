"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.resizing import ResizeMethod as ResizeMethod
from functrans.tf.pictures import adjust_brightness as adjust_brightness
from functrans.tf.pictures import adjust_contrast as adjust_contrast
from functrans.tf.pictures import adjust_gamma as adjust_gamma
from functrans.tf.hues import adjust_hue as adjust_hue
from functrans.tf.hues import adjust_saturation as adjust_saturation
from functrans.tf.pictures import central_crop as central_crop
from functrans.tf.pictures import convert_image_dtype as convert_image_dtype
from functrans.tf.pictures import crop_to_bounding_box as crop_to_bounding_box
from functrans.tf.blocks import extract_patches as extract_patches
from functrans.tf.pictures import flip_left_right as flip_left_right
from functrans.tf.pictures import flip_up_down as flip_up_down
from functrans.tf.pictures import grayscale_to_rgb as grayscale_to_rgb
from functrans.tf.hues import hsv_to_rgb as hsv_to_rgb
from functrans.tf.pictures import image_gradients as image_gradients
from functrans.tf.pictures import pad_to_bounding_box as pad_to_bounding_box
from functrans.tf.pictures import per_image_standardization as per_image_standardization
from functrans.tf.pictures import psnr as psnr
from functrans.tf.resizing import resize as resize
from functrans.tf.pictures import resize_with_crop_or_pad as resize_with_crop_or_pad
from functrans.tf.pictures import rgb_to_grayscale as rgb_to_grayscale
from functrans.tf.hues import rgb_to_hsv as rgb_to_hsv
from functrans.tf.pictures import rgb_to_yiq as rgb_to_yiq
from functrans.tf.pictures import rgb_to_yuv as rgb_to_yuv
from functrans.tf.pictures import rot90 as rot90
from functrans.tf.pictures import sobel_edges as sobel_edges
from functrans.tf.pictures import total_variation as total_variation
from functrans.tf.pictures import transpose as transpose
from functrans.tf.pictures import yiq_to_rgb as yiq_to_rgb
from functrans.tf.pictures import yuv_to_rgb as yuv_to_rgb

__all__ = [
    "ResizeMethod",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "central_crop",
    "convert_image_dtype",
    "crop_to_bounding_box",
    "extract_patches",
    "flip_left_right",
    "flip_up_down",
    "grayscale_to_rgb",
    "hsv_to_rgb",
    "image_gradients",
    "pad_to_bounding_box",
    "per_image_standardization",
    "psnr",
    "resize",
    "resize_with_crop_or_pad",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "rgb_to_yiq",
    "rgb_to_yuv",
    "rot90",
    "sobel_edges",
    "total_variation",
    "transpose",
    "yiq_to_rgb",
    "yuv_to_rgb",
]
