"""Pooling: the largest element and the mean of each window."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import functrans as ft
from functrans import numpy as fnp
from functrans.tf.convert import as_tensor, numpy_dtype
from functrans.tf.errors import InvalidArgumentError, InvalidValueError
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.windows import Layout, checked_padding, layout, per_window
from functrans.tf.words import check_kind, operation

_LETTERS = {1: "NWC", 2: "NHWC", 3: "NDHWC"}


class _Windows(NamedTuple):
    """A tensor, and what windows there are in it, one entry an axis."""

    tensor: Tensor
    sizes: list[int]
    steps: list[int]
    gaps: list[int]
    pads: list[tuple[int, int]]

    def folded(self, v: Any, start: Any, combine: Any) -> Any:
        """Each window folded, row by row: the last axis of windows first."""
        rank = len(self.sizes)
        order = tuple(range(rank))[::-1]
        turned = [[option[i] for i in order] for option in (self.sizes, self.steps, self.gaps)]
        found = ft.lax.reduce_window(
            fnp.transpose(v, order), start, combine, turned[0], turned[1],
            [self.pads[i] for i in order], window_dilation=turned[2],
        )  # fmt: skip
        return fnp.transpose(found, order)


def _windows(
    op: str,
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    form: Layout,
    dilations: Any = None,
    kinds: str = "f",
) -> _Windows:
    x = as_tensor(input)
    check_kind(op, x._dtype, kinds)
    shape = x._v.shape
    if len(shape) != form.spaces + 2:
        raise InvalidArgumentError.at(
            f"tensor_in must be {form.spaces + 2}-dimensional: {list(shape)} [Op:{op}] name: ",
            f"The axes are {form.letters}.",
        )
    sizes, steps, gaps = (
        per_window(name, given, form)
        for name, given in (("ksize", ksize), ("strides", strides), ("dilations", dilations))
    )
    spread = [(n - 1) * g + 1 for n, g in zip(sizes, gaps, strict=True)]
    pads = checked_padding(op, padding, form)
    if isinstance(pads, str):
        pads = ft.lax.padtype_to_pads(shape[form.windows], spread, steps, pads)
    for n, w, s, (low, high) in zip(shape[form.windows], spread, steps, pads, strict=True):
        if n + low + high < w:
            raise InvalidArgumentError.at(
                f"Computed output size would be negative: {(n + low + high - w) // s} [input_size: "
                f"{n}, effective_filter_size: {w}, stride: {s}] [Op:{op}] name: ",
                'The window is longer than the input: use padding="SAME".',
            )
    spaced = [form.spread(option, 1) for option in (sizes, steps, gaps)]
    return _Windows(x, spaced[0], spaced[1], spaced[2], form.spread(pads, (0, 0)))


# --- the largest ---------------------------------------------------------------------------------


def _first_larger(a: Any, b: Any) -> Any:
    """The larger one; of equal ones the first, which has all of the derivative."""
    return fnp.where(a >= b, a, b)


def _largest(windows: _Windows) -> Tensor:
    dtype = windows.tensor._dtype
    least = -np.inf if dtype.kind == "f" else np.iinfo(dtype).min
    found = windows.folded(value(windows.tensor), dtype.type(least), _first_larger)
    return wrap(found, dtype)


@operation("MaxPool")
def max_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NWC",
    name: str | None = None,
) -> Tensor:
    """The largest element of each window of (batch, width, channels).

    >>> import functrans.tf as tf
    >>> tf.nn.max_pool1d([[[1.0], [3.0], [2.0]]], 2, 1, "VALID").numpy().ravel()
    array([3., 3.], dtype=float32)
    """
    form = layout("MaxPool", 1, data_format)
    return _largest(_windows("MaxPool", input, ksize, strides, padding, form, kinds="fi"))


@operation("MaxPool")
def max_pool2d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    name: str | None = None,
) -> Tensor:
    """The largest element of each window of (batch, height, width, channels).

    The first of equal ones has the derivative.

    >>> import functrans.tf as tf
    >>> x = tf.reshape(tf.range(4.0), (1, 2, 2, 1))
    >>> tf.nn.max_pool2d(x, 2, 2, "VALID").numpy().ravel()
    array([3.], dtype=float32)
    """
    form = layout("MaxPool", 2, data_format)
    return _largest(_windows("MaxPool", input, ksize, strides, padding, form, kinds="fi"))


@operation("MaxPool3D")
def max_pool3d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """The largest element of each window of (batch, depth, height, width, channels).

    >>> import functrans.tf as tf
    >>> x = tf.reshape(tf.range(8.0), (1, 2, 2, 2, 1))
    >>> tf.nn.max_pool3d(x, 2, 2, "VALID").numpy().ravel()
    array([7.], dtype=float32)
    """
    form = layout("MaxPool3D", 3, data_format)
    return _largest(_windows("MaxPool3D", input, ksize, strides, padding, form))


class MaxPoolWithArgmax(NamedTuple):
    """The largest elements, and where they are."""

    output: Tensor
    argmax: Tensor


@operation("MaxPoolWithArgmax")
def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    output_dtype: Any = np.int64,
    include_batch_in_index: bool = False,
    name: str | None = None,
) -> MaxPoolWithArgmax:
    """The largest element of each window, and its place (y·width + x)·channels + channel.

    >>> import functrans.tf as tf
    >>> x = tf.reshape(tf.range(4.0), (1, 2, 2, 1))
    >>> tf.nn.max_pool_with_argmax(x, 2, 2, "VALID").argmax.numpy().ravel()
    array([3])
    """
    op = "MaxPoolWithArgmax"
    form = layout(op, 2, data_format)
    windows = _windows(op, input, ksize, strides, padding, form, kinds="fi")
    dtype = windows.tensor._dtype
    v = value(windows.tensor)
    counted = np.arange(v.size if include_batch_in_index else int(np.prod(v.shape[1:])))
    places = np.broadcast_to(counted.reshape((-1, *v.shape[1:])), v.shape)
    least = -np.inf if dtype.kind == "f" else np.iinfo(dtype).min

    def larger(a: Any, b: Any) -> Any:
        first = a[0] >= b[0]
        return fnp.where(first, a[0], b[0]), fnp.where(first, a[1], b[1])

    found, where = _folded_pairs(windows, v, places, least, larger)
    argmax = fnp.astype(where, numpy_dtype(output_dtype) or np.dtype(np.int64))
    return MaxPoolWithArgmax(wrap(found, dtype), wrap(argmax))


def _folded_pairs(windows: _Windows, v: Any, places: Any, least: Any, larger: Any) -> Any:
    """The fold of elements with their places, one after the other in each window."""
    fill = [(low, high) for low, high in windows.pads]
    padded = fnp.pad(v, fill, constant_values=least), np.pad(places, fill)
    shape = padded[0].shape
    ends = [n - w + 1 for n, w in zip(shape, windows.sizes, strict=True)]
    best: Any = None
    for tap in np.ndindex(*windows.sizes):
        here = tuple(
            slice(a, a + end, s) for a, end, s in zip(tap, ends, windows.steps, strict=True)
        )
        part = padded[0][here], padded[1][here]
        best = part if best is None else larger(best, part)
    return best


# --- the mean ------------------------------------------------------------------------------------


def _mean(windows: _Windows) -> Tensor:
    """The means of what lies inside: padding is not counted."""
    dtype = windows.tensor._dtype
    v = value(windows.tensor)
    zero = dtype.type(0)
    total = windows.folded(v, zero, fnp.add)
    counts = windows.folded(np.ones(v.shape, dtype), zero, np.add)
    return wrap(total / counts, dtype)


@operation("AvgPool")
def avg_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NWC",
    name: str | None = None,
) -> Tensor:
    """The mean of each window of (batch, width, channels); padding is not counted.

    >>> import functrans.tf as tf
    >>> tf.nn.avg_pool1d([[[1.0], [3.0], [2.0]]], 2, 1, "SAME").numpy().ravel()
    array([2. , 2.5, 2. ], dtype=float32)
    """
    form = layout("AvgPool", 1, data_format)
    return _mean(_windows("AvgPool", input, ksize, strides, padding, form))


@operation("AvgPool")
def avg_pool2d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    name: str | None = None,
) -> Tensor:
    """The mean of each window of (batch, height, width, channels); padding is not counted.

    >>> import functrans.tf as tf
    >>> x = tf.reshape(tf.range(4.0), (1, 2, 2, 1))
    >>> tf.nn.avg_pool2d(x, 2, 2, "VALID").numpy().ravel()
    array([1.5], dtype=float32)
    """
    form = layout("AvgPool", 2, data_format)
    return _mean(_windows("AvgPool", input, ksize, strides, padding, form))


@operation("AvgPool3D")
def avg_pool3d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """The mean of each window of (batch, depth, height, width, channels).

    >>> import functrans.tf as tf
    >>> x = tf.reshape(tf.range(8.0), (1, 2, 2, 2, 1))
    >>> tf.nn.avg_pool3d(x, 2, 2, "VALID").numpy().ravel()
    array([3.5], dtype=float32)
    """
    form = layout("AvgPool3D", 3, data_format)
    return _mean(_windows("AvgPool3D", input, ksize, strides, padding, form))


# --- by rank -------------------------------------------------------------------------------------


def _count(op: str, input: Any) -> int:
    count = len(as_tensor(input)._v.shape) - 2
    if count not in _LETTERS:
        raise InvalidValueError(
            f"`input.shape.rank` must be 3, 4 or 5 [Op:{op}]. Received: input.shape.rank="
            f"{count + 2}",
            "The axes are (batch, windows…, channels).",
        )
    return count


def max_pool(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    name: str | None = None,
) -> Tensor:
    """max_pool1d, max_pool2d or max_pool3d, by the rank of the input.

    >>> import functrans.tf as tf
    >>> tf.nn.max_pool([[[1.0], [3.0], [2.0]]], 2, 1, "VALID").numpy().ravel()
    array([3., 3.], dtype=float32)
    """
    count = _count("MaxPool", input)
    function = {1: max_pool1d, 2: max_pool2d, 3: max_pool3d}[count]
    return function(input, ksize, strides, padding, data_format or _LETTERS[count])


def avg_pool(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    name: str | None = None,
) -> Tensor:
    """avg_pool1d, avg_pool2d or avg_pool3d, by the rank of the input.

    >>> import functrans.tf as tf
    >>> tf.nn.avg_pool([[[1.0], [3.0], [2.0]]], 2, 1, "VALID").numpy().ravel()
    array([2. , 2.5], dtype=float32)
    """
    count = _count("AvgPool", input)
    function = {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d}[count]
    return function(input, ksize, strides, padding, data_format or _LETTERS[count])


@operation("Pool")
def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Pooling of the type "MAX" or "AVG", with strides and dilations.

    >>> import functrans.tf as tf
    >>> tf.nn.pool([[[1.0], [3.0], [2.0]]], [2], "MAX").numpy().ravel()
    array([3., 3.], dtype=float32)
    """
    count = _count("Pool", input)
    form = layout("Pool", count, data_format)
    kinds = {"MAX": _largest, "AVG": _mean}
    if pooling_type not in kinds:
        raise InvalidValueError(
            f"{count}-D {pooling_type} pooling is not supported.", 'Write "MAX" or "AVG".'
        )
    windows = _windows("Pool", input, window_shape, strides, padding, form, dilations)
    if padding == "SAME" and max(windows.gaps) > 1:
        raise InvalidValueError(
            "pooling with 'SAME' padding is not implemented for `dilation_rate` > 1. Received: "
            f"padding={padding} and dilation_rate={dilations}",
            'Use padding="VALID".',
        )
    return kinds[pooling_type](windows)
