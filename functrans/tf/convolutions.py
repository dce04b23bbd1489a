"""Convolutions of tf.nn, and their transposes: functrans.lax' with TensorFlow's layouts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import functrans as ft
from functrans import numpy as fnp
from functrans.tf.convert import as_tensor, matched, sizes_of
from functrans.tf.errors import InvalidArgumentError
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.windows import Ints, Layout, checked_padding, layout, per_window
from functrans.tf.words import check_kind, operation

_SPACES = {3: 1, 4: 2, 5: 3}
"""The number of axes of windows by the rank of the input."""


def _operands(op: str, input: Any, filters: Any, count: int) -> tuple[Tensor, Any, Any]:
    """The input's tensor, and both values; a kernel has axes for windows, inputs and outputs."""
    x, k = matched(op, as_tensor(input), filters)
    check_kind(op, x._dtype, "fi")
    v, kernel = value(x), value(k)
    for name, shape, least in (("input", v.shape, count + 2), ("filter", kernel.shape, count + 2)):
        if len(shape) < least or (name == "filter" and len(shape) > least):
            raise InvalidArgumentError.at(
                f"{name} must be {least}-dimensional: {list(shape)} [Op:{op}] name: ",
                "Axes are (batch, windows…, channels), and (windows…, inputs, outputs) of filters.",
            )
    return x, v, kernel


def _convolved(
    op: str,
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    form: Layout,
    dilations: Any = None,
) -> Tensor:
    x, v, kernel = _operands(op, input, filters, form.spaces)
    steps, gaps = per_window("strides", strides, form), per_window("dilations", dilations, form)
    pads = checked_padding(op, padding, form)
    lead = v.shape[: len(v.shape) - form.spaces - 1]  # all but windows and channels is a batch
    flat = v if len(lead) == 1 else fnp.reshape(v, (math.prod(lead), *v.shape[len(lead) :]))
    features, inputs = flat.shape[form.channels], kernel.shape[-2]
    if features % inputs or kernel.shape[-1] % (features // inputs):
        raise InvalidArgumentError.at(
            f"input depth must be evenly divisible by filter depth: {features} vs {inputs} "
            f"[Op:{op}] name: ",
            "The filter's second to last axis has the input's channels, or those of one group.",
        )
    found = ft.lax.conv_general_dilated(
        flat, kernel, steps, pads, rhs_dilation=gaps, feature_group_count=features // inputs,
        dimension_numbers=(form.letters, form.kernel, form.letters),
    )  # fmt: skip
    return wrap(found if len(lead) == 1 else fnp.reshape(found, lead + found.shape[1:]), x._dtype)


@operation("Conv2D")
def conv1d(
    input: Any,
    filters: Any,
    stride: Any,
    padding: Any,
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Convolution of (batch, width, channels) by filters (width, inputs, outputs).

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 4, 1)), tf.ones((2, 1, 1))
    >>> tf.nn.conv1d(x, k, 1, "SAME").numpy().ravel()
    array([2., 2., 2., 1.], dtype=float32)
    """
    form = layout("Conv2D", 1, data_format)
    return _convolved("Conv2D", input, filters, stride, padding, form, dilations)


@operation("Conv2D")
def conv2d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Convolution of (batch, height, width, channels) by (height, width, inputs, outputs).

    ``strides`` and ``dilations`` are one number, two, or four; ``padding`` "SAME", "VALID" or
    pairs. Fewer inputs than channels make groups.

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 3, 3, 1)), tf.ones((2, 2, 1, 1))
    >>> tf.nn.conv2d(x, k, 1, "VALID").numpy()[0, :, :, 0]
    array([[4., 4.],
           [4., 4.]], dtype=float32)
    """
    form = layout("Conv2D", 2, data_format)
    return _convolved("Conv2D", input, filters, strides, padding, form, dilations)


@operation("Conv3D")
def conv3d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Convolution of (batch, depth, height, width, channels), as conv2d.

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 2, 2, 2, 1)), tf.ones((2, 2, 2, 1, 1))
    >>> tf.nn.conv3d(x, k, [1, 1, 1, 1, 1], "VALID").numpy().ravel()
    array([8.], dtype=float32)
    """
    form = layout("Conv3D", 3, data_format)
    return _convolved("Conv3D", input, filters, strides, padding, form, dilations)


def convolution(
    input: Any,
    filters: Any,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """conv1d, conv2d or conv3d, by the rank of the input.

    >>> import functrans.tf as tf
    >>> tf.nn.convolution(tf.ones((1, 4, 1)), tf.ones((2, 1, 1))).numpy().ravel()
    array([2., 2., 2.], dtype=float32)
    """
    count = len(as_tensor(filters)._v.shape) - 2
    kinds = {1: conv1d, 2: conv2d, 3: conv3d}
    letters = {1: "NWC", 2: "NHWC", 3: "NDHWC"}
    if count not in kinds:
        raise InvalidArgumentError.at(
            f"`filters` has {count + 2} axes [Op:Conv2D] name: ", "It needs 3, 4 or 5."
        )
    return kinds[count](
        input, filters, strides, padding, data_format or letters[count], dilations, name
    )


@operation("DepthwiseConv2dNative")
def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Convolution of each channel by its own filters, (height, width, channels, multiplier).

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 2, 2, 2)), tf.ones((2, 2, 2, 1))
    >>> tf.nn.depthwise_conv2d(x, k, [1, 1, 1, 1], "VALID").numpy().ravel()
    array([4., 4.], dtype=float32)
    """
    op = "DepthwiseConv2dNative"
    form = layout(op, 2, data_format)
    x, v, kernel = _operands(op, input, filter, 2)
    height, width, inputs, multiplier = kernel.shape
    if v.shape[form.channels] != inputs:
        raise InvalidArgumentError.at(
            f"input and filter must have the same depth: {v.shape[form.channels]} vs {inputs} "
            f"[Op:{op}] name: ",
            "The filter's third axis has the input's channels.",
        )
    groups = wrap(fnp.reshape(kernel, (height, width, 1, inputs * multiplier)), x._dtype)
    return _convolved(op, x, groups, strides, padding, form, dilations)


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """depthwise_conv2d, then a convolution by a 1 × 1 filter that mixes the channels.

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 2, 2, 2)), tf.ones((2, 2, 2, 1))
    >>> tf.nn.separable_conv2d(x, k, tf.ones((1, 1, 2, 1)), [1, 1, 1, 1], "VALID").numpy().ravel()
    array([8.], dtype=float32)
    """
    form = data_format or "NHWC"
    deep = depthwise_conv2d(input, depthwise_filter, strides, padding, form, dilations)
    return conv2d(deep, pointwise_filter, 1, "VALID", form)


def atrous_conv2d(
    value: Any, filters: Any, rate: int, padding: Any, name: str | None = None
) -> Tensor:
    """conv2d by a filter with ``rate − 1`` gaps between its elements.

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 3, 3, 1)), tf.ones((2, 2, 1, 1))
    >>> tf.nn.atrous_conv2d(x, k, 2, "VALID").numpy().ravel()
    array([4.], dtype=float32)
    """
    return conv2d(value, filters, 1, padding, dilations=rate)


# --- transposes ----------------------------------------------------------------------------------


def _transposed(
    op: str,
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any,
    form: Layout,
    dilations: Any,
) -> Tensor:
    """The input of given shape that a convolution's derivative flows back to."""
    x, v, kernel = _operands(op, input, filters, form.spaces)
    steps, gaps = per_window("strides", strides, form), per_window("dilations", dilations, form)
    outputs, inputs = kernel.shape[-2:]
    if v.shape[form.channels] != inputs:
        raise InvalidArgumentError.at(
            f"input depth must be evenly divisible by filter depth: {v.shape[form.channels]} vs "
            f"{inputs} [Op:{op}] name: ",
            "The filter's last axis has the input's channels.",
        )
    wanted = sizes_of(output_shape)
    if len(wanted) == form.spaces + 2:
        if wanted[form.channels] != outputs:
            raise InvalidArgumentError.at(
                "input depth must be evenly divisible by filter depth: the output shape has "
                f"{wanted[form.channels]} channels, the filter {outputs} [Op:{op}] name: ",
                "The filter's second to last axis has the channels of the result.",
            )
        wanted = wanted[form.windows]
    window = tuple((n - 1) * g + 1 for n, g in zip(kernel.shape, gaps, strict=False))
    pads = checked_padding(op, padding, form)
    before = _pads_before(op, pads, v.shape[form.windows], wanted, window, steps)
    config = []
    for low, n, out, w, s in zip(before, v.shape[form.windows], wanted, window, steps, strict=True):
        first = w - 1 - low
        config.append((first, out + w - 1 - (n - 1) * s - 1 - first))
    turned = fnp.flip(kernel, tuple(range(form.spaces)))
    return wrap(
        ft.lax.conv_general_dilated(
            v, turned, (1,) * form.spaces, config, lhs_dilation=steps, rhs_dilation=gaps,
            dimension_numbers=(form.letters, form.kernel.replace("IO", "OI"), form.letters),
        ),
        x._dtype,
    )  # fmt: skip


def _pads_before(
    op: str, pads: Any, sizes: Ints, wanted: Ints, window: Ints, steps: Ints
) -> list[int]:
    """How the convolution pads its input, ``wanted``, in front; it must give ``sizes``."""
    found = []
    for i, (n, out, w, s) in enumerate(zip(sizes, wanted, window, steps, strict=True)):
        if pads == "SAME":
            places = -(-out // s)
            low = max((places - 1) * s + w - out, 0) // 2
        else:
            low, high = (0, 0) if pads == "VALID" else pads[i]
            places = (out + low + high - w) // s + 1
        if places != n:
            raise InvalidArgumentError.at(
                "Conv2DCustomBackpropInput: Size of out_backprop doesn't match computed: actual = "
                f"{n}, computed = {places} spatial_dim: {i + 1} input: {out} filter: {w} output: "
                f"{n} stride: {s} [Op:{op}] name: ",
                "A convolution of an array of the output's shape must have the input's shape.",
            )
        found.append(low)
    return found


@operation("Conv2DBackpropInput")
def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transpose of conv1d, with a filter (width, outputs, inputs).

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 2, 1)), tf.ones((2, 1, 1))
    >>> tf.nn.conv1d_transpose(x, k, (1, 4, 1), 2).numpy().ravel()
    array([1., 1., 1., 1.], dtype=float32)
    """
    op = "Conv2DBackpropInput"
    form = layout(op, 1, data_format)
    return _transposed(op, input, filters, output_shape, strides, padding, form, dilations)


@operation("Conv2DBackpropInput")
def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transpose of conv2d (a "deconvolution"), with a filter (height, width, outputs, inputs).

    A convolution of ``output_shape`` must give the shape of the input: else
    InvalidArgumentError.

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 1, 2, 1)), tf.ones((1, 2, 1, 1))
    >>> tf.nn.conv2d_transpose(x, k, (1, 2, 4, 1), 2).numpy()[0, :, :, 0]
    array([[1., 1., 1., 1.],
           [0., 0., 0., 0.]], dtype=float32)
    """
    op = "Conv2DBackpropInput"
    form = layout(op, 2, data_format)
    return _transposed(op, input, filters, output_shape, strides, padding, form, dilations)


@operation("Conv3DBackpropInputV2")
def conv3d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transpose of conv3d, as conv2d_transpose.

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 1, 1, 1, 1)), tf.ones((2, 2, 2, 1, 1))
    >>> tf.nn.conv3d_transpose(x, k, (1, 2, 2, 2, 1), 2).shape
    TensorShape([1, 2, 2, 2, 1])
    """
    op = "Conv3DBackpropInputV2"
    form = layout(op, 3, data_format)
    return _transposed(op, input, filters, output_shape, strides, padding, form, dilations)


def conv_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """conv1d_transpose, conv2d_transpose or conv3d_transpose, by the rank of the input.

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 2, 1)), tf.ones((2, 1, 1))
    >>> tf.nn.conv_transpose(x, k, (1, 4, 1), 2).numpy().ravel()
    array([1., 1., 1., 1.], dtype=float32)
    """
    count = _SPACES.get(len(as_tensor(input)._v.shape), 0)
    kinds = {1: conv1d_transpose, 2: conv2d_transpose, 3: conv3d_transpose}
    letters = {1: "NWC", 2: "NHWC", 3: "NDHWC"}
    if count not in kinds:
        raise InvalidArgumentError.at(
            "`input` must have 3, 4 or 5 axes [Op:Conv2DBackpropInput] name: ",
            "They are (batch, windows…, channels).",
        )
    return kinds[count](
        input, filters, output_shape, strides, padding, data_format or letters[count], dilations
    )


def atrous_conv2d_transpose(
    value: Any,
    filters: Any,
    output_shape: Sequence[int],
    rate: int,
    padding: Any,
    name: str | None = None,
) -> Tensor:
    """conv2d_transpose by a filter with ``rate − 1`` gaps between its elements.

    >>> import functrans.tf as tf
    >>> x, k = tf.ones((1, 1, 1, 1)), tf.ones((2, 2, 1, 1))
    >>> tf.nn.atrous_conv2d_transpose(x, k, (1, 3, 3, 1), 2, "VALID").numpy()[0, :, :, 0]
    array([[1., 0., 1.],
           [0., 0., 0.],
           [1., 0., 1.]], dtype=float32)
    """
    return conv2d_transpose(value, filters, output_shape, 1, padding, dilations=rate)
