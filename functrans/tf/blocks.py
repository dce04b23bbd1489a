"""Blocks of pixels: space to batch and back, patches of images."""

from __future__ import annotations

from itertools import chain
from math import prod
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.convert import as_tensor, integers, sizes_of
from functrans.tf.errors import InvalidArgumentError
from functrans.tf.layouts import Sizes, rearranged
from functrans.tf.tensor import Tensor, wrap


def space_to_batch(input: Any, block_shape: Any, paddings: Any, name: str | None = None) -> Tensor:
    """Blocks of the axes after the first, once padded, moved into the batch axis.

    >>> import functrans.tf as tf
    >>> tf.space_to_batch([[[1], [2], [3], [4]]], [2], [[0, 0]]).numpy().tolist()
    [[[1], [3]], [[2], [4]]]
    """
    x = as_tensor(input)
    block, pads, rest = _arguments("SpaceToBatchND", x, block_shape, paddings)
    widths = [(0, 0), *pads, *((0, 0) for _ in rest)]
    batch, *space = (n + a + b for n, (a, b) in zip(x._v.shape, widths, strict=True))
    space = space[: len(block)]
    _divides("SpaceToBatchND", space, block)
    split = [(n // b, b) for n, b in zip(space, block, strict=True)]
    order = _order(len(block), len(rest))
    sizes = (batch * prod(block), *(n for n, _ in split), *rest)

    def moved(v: Any) -> Any:
        blocks = fnp.reshape(fnp.pad(v, widths), (batch, *chain(*split), *rest))
        return fnp.reshape(fnp.transpose(blocks, order), sizes)

    return rearranged("SpaceToBatchND", moved, x)


space_to_batch_nd = space_to_batch


def batch_to_space(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Tensor:
    """The batch axis moved back into blocks of the axes after it, which are cropped then.

    >>> import functrans.tf as tf
    >>> tf.batch_to_space([[[1], [3]], [[2], [4]]], [2], [[0, 0]]).numpy().tolist()
    [[[1], [2], [3], [4]]]
    """
    x = as_tensor(input)
    block, cuts, rest = _arguments("BatchToSpaceND", x, block_shape, crops)
    count = len(block)
    _divides("BatchToSpaceND", [x._v.shape[0]], [prod(block)])
    batch = x._v.shape[0] // prod(block)
    small = x._v.shape[1 : 1 + count]
    large = [n * b for n, b in zip(small, block, strict=True)]
    keys = [slice(a, n - b) for n, (a, b) in zip(large, cuts, strict=True)]
    order = tuple(int(i) for i in np.argsort(_order(count, len(rest))))

    def moved(v: Any) -> Any:
        blocks = fnp.reshape(v, (*block, batch, *small, *rest))
        whole = fnp.reshape(fnp.transpose(blocks, order), (batch, *large, *rest))
        return whole[(slice(None), *keys)]

    return rearranged("BatchToSpaceND", moved, x)


def _order(count: int, rest: int) -> Sizes:
    """From (batch, n1, b1, n2, b2, …, rest) to (b1, b2, …, batch, n1, n2, …, rest)."""
    within = range(2, 2 * count + 1, 2)
    between = range(1, 2 * count, 2)
    return (*within, 0, *between, *range(2 * count + 1, 2 * count + 1 + rest))


def _arguments(
    op: str, x: Tensor, block_shape: Any, widths: Any
) -> tuple[Sizes, list[tuple[int, int]], Sizes]:
    """The block, the pairs of widths, and the sizes of the axes after the blocks."""
    pairs = integers(widths)
    block = sizes_of(block_shape)
    if not integers(block_shape).shape and op == "BatchToSpaceND":
        block = block * len(pairs)
    if pairs.shape != (len(block), 2) or len(x._v.shape) < 1 + len(block):
        raise InvalidArgumentError.at(
            f"input rank should be >= {1 + len(block)} and the widths [{len(block)}, 2], instead "
            f"of {len(x._v.shape)} and {list(pairs.shape)} [Op:{op}]",
            "The first axis is the batch; a block size and a pair of widths go with each axis "
            "after it.",
        )
    if min(block, default=1) < 1 or (pairs.size and pairs.min() < 0):
        raise InvalidArgumentError.at(
            f"block_shape must be positive and the widths not negative [Op:{op}]",
            "Check the two arguments.",
        )
    return block, [(a, b) for a, b in pairs.tolist()], x._v.shape[1 + len(block) :]


def _divides(op: str, sizes: Any, block: Any) -> None:
    for n, b in zip(sizes, block, strict=True):
        if n % b:
            raise InvalidArgumentError.at(
                f"Size {n} is not divisible by the block size {b} [Op:{op}]",
                "Pad to a multiple of the block.",
            )


def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The paddings that make sizes multiples of the blocks, and the crops that undo them.

    >>> import functrans.tf as tf
    >>> [t.numpy().tolist() for t in tf.required_space_to_batch_paddings([5], [2])]
    [[[0, 1]], [[0, 1]]]
    """
    sizes, block = integers(input_shape), integers(block_shape)
    base = np.zeros((len(block), 2), int) if base_paddings is None else integers(base_paddings)
    more = -(sizes + base.sum(1)) % block
    padded = np.stack([base[:, 0], base[:, 1] + more], 1)
    cropped = np.stack([np.zeros_like(more), more], 1)
    return wrap(padded.astype(np.int32)), wrap(cropped.astype(np.int32))


def extract_patches(
    images: Any, sizes: Any, strides: Any, rates: Any, padding: str, name: str | None = None
) -> Tensor:
    """Patches of images [batch, rows, columns, depth], each laid out along the last axis.

    ``sizes``, ``strides`` and ``rates`` are [1, rows, columns, 1]; ``padding`` "VALID" or "SAME".

    >>> import functrans.tf as tf
    >>> images = tf.reshape(tf.range(9), [1, 3, 3, 1])
    >>> tf.image.extract_patches(images, [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], "VALID").shape
    TensorShape([1, 2, 2, 4])
    """
    x = as_tensor(images)
    if len(x._v.shape) != 4:
        raise InvalidArgumentError.at(
            f"input must be 4-dimensional, not {list(x._v.shape)} [Op:ExtractImagePatches]",
            "Give [batch, rows, columns, depth].",
        )
    batch, _, _, depth = x._v.shape
    size, stride, rate = (sizes_of(a)[1:3] for a in (sizes, strides, rates))
    pads, places = [], []
    for n, k, s, r in zip(x._v.shape[1:3], size, stride, rate, strict=True):
        reach = (k - 1) * r + 1
        count = -(-n // s) if padding.upper() == "SAME" else (n - reach) // s + 1
        missing = max((count - 1) * s + reach - n, 0) if padding.upper() == "SAME" else 0
        pads.append((missing // 2, missing - missing // 2))
        places.append(np.arange(count)[:, None] * s + np.arange(k) * r)
    rows, columns = places
    index = (slice(None), rows[:, None, :, None], columns[None, :, None, :])
    shape = (batch, len(rows), len(columns), prod(size) * depth)

    def cut(v: Any) -> Any:
        return fnp.reshape(fnp.pad(v, [(0, 0), *pads, (0, 0)])[index], shape)

    return rearranged("ExtractImagePatches", cut, x)


def space_to_depth(
    input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None
) -> Tensor:
    """Blocks of pixels of (batch, height, width, channels) moved into the channels.

    >>> import functrans.tf as tf
    >>> tf.nn.space_to_depth(tf.reshape(tf.range(4), (1, 2, 2, 1)), 2).numpy().ravel()
    array([0, 1, 2, 3], dtype=int32)
    """
    x, side, last = _pixels("SpaceToDepth", input, block_size, data_format)
    batch, height, width, depth = _sizes_with_channels_last(x, last)
    if height % side or width % side:
        raise InvalidArgumentError.at(
            f"Image width {width} and height {height} should be divisible by block_size: {side} "
            "[Op:SpaceToDepth] name: ",
            "Pad the images, or take another block_size.",
        )
    split = (batch, height // side, side, width // side, side, depth)
    whole = (batch, height // side, width // side, side * side * depth)
    return rearranged("SpaceToDepth", _channels_last(last, split, whole), x)


def depth_to_space(
    input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None
) -> Tensor:
    """Channels of (batch, height, width, channels) moved back into blocks of pixels.

    >>> import functrans.tf as tf
    >>> tf.nn.depth_to_space(tf.reshape(tf.range(4), (1, 1, 1, 4)), 2).numpy()[0, :, :, 0]
    array([[0, 1],
           [2, 3]], dtype=int32)
    """
    x, side, last = _pixels("DepthToSpace", input, block_size, data_format)
    batch, height, width, depth = _sizes_with_channels_last(x, last)
    if depth % (side * side):
        raise InvalidArgumentError.at(
            f"Input depth dimension {depth} should be divisible by: {side * side} "
            "[Op:DepthToSpace] name: ",
            "The channels hold the pixels of a block.",
        )
    rest = depth // (side * side)
    split = (batch, height, width, side, side, rest)
    whole = (batch, height * side, width * side, rest)
    return rearranged("DepthToSpace", _channels_last(last, split, whole), x)


def _pixels(op: str, input: Any, block_size: Any, data_format: str) -> tuple[Tensor, int, bool]:
    """The images, the side of a block, and whether the channels are the last axis."""
    x, side = as_tensor(input), int(block_size)
    problems = {
        f"Value for attr 'block_size' of {side} must be at least minimum 2": side < 2,
        f"Value for attr 'data_format' of \"{data_format}\" is not in the list of allowed values: "
        '"NHWC", "NCHW"': data_format not in ("NHWC", "NCHW"),
        f"Input rank should be 4 instead of {len(x._v.shape)}": len(x._v.shape) != 4,
    }
    for message, wrong in problems.items():
        if wrong:
            raise InvalidArgumentError.at(f"{message} [Op:{op}] name: ", "See its docstring.")
    return x, side, data_format == "NHWC"


def _sizes_with_channels_last(x: Tensor, last: bool) -> Sizes:
    batch, a, b, c = x._v.shape
    return (batch, a, b, c) if last else (batch, b, c, a)


def _channels_last(last: bool, split: Sizes, whole: Sizes) -> Any:
    """Two pairs of axes interchanged: rows of blocks and of pixels."""

    def moved(v: Any) -> Any:
        v = v if last else fnp.transpose(v, (0, 2, 3, 1))
        v = fnp.reshape(fnp.transpose(fnp.reshape(v, split), (0, 1, 3, 2, 4, 5)), whole)
        return v if last else fnp.transpose(v, (0, 3, 1, 2))

    return moved
