"""Blocks cut out of tensors: slice, strided_slice."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from functrans import lax
from functrans.tf.convert import as_tensor, sizes_of
from functrans.tf.errors import InvalidArgumentError, OperatorNotAllowedInGraphError
from functrans.tf.layouts import Sizes, rearranged
from functrans.tf.tensor import Tensor, value


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """The block that starts at ``begin`` and has the sizes ``size``; −1 is what is left.

    >>> import functrans.tf as tf
    >>> tf.slice([1, 2, 3, 4], [1], [2]).numpy()
    array([2, 3], dtype=int32)
    """
    x = as_tensor(input_)
    sizes = x._v.shape
    lengths = sizes_of(size)
    try:
        begins = sizes_of(begin)
    except OperatorNotAllowedInGraphError:
        return _moving_slice(x, value(as_tensor(begin)), lengths)
    if not len(begins) == len(lengths) == len(sizes):
        raise InvalidArgumentError.at(
            f"Expected begin and size arguments to be 1-D tensors of size {len(sizes)}, but got "
            f"shapes [{len(begins)}] and [{len(lengths)}] instead. [Op:Slice] name: ",
            "Give a number for each axis in both.",
        )
    keys = []
    for d, (a, k, n) in enumerate(zip(begins, lengths, sizes, strict=True)):
        end = n if k == -1 else a + k
        if not 0 <= a <= n or not a <= end <= n:
            what = f"begin[{d}] in [0, {n}]" if not 0 <= a <= n else f"size[{d}] in [0, {n - a}]"
            raise InvalidArgumentError.at(
                f"Expected {what}, but got {a if 'begin' in what else k} [Op:Slice] name: ",
                "The block must lie in the tensor.",
            )
        keys.append(builtins.slice(a, end))
    return rearranged("Slice", lambda v: v[tuple(keys)], x)


def _moving_slice(x: Tensor, begin: Any, lengths: Sizes) -> Tensor:
    """A block whose start is not known while tracing; its sizes are."""
    if -1 in lengths:
        raise OperatorNotAllowedInGraphError(
            "A size of −1 depends on begin, which is not known while tracing.",
            "Give all sizes as integers.",
        )
    axes = range(len(lengths))
    grid = np.indices(lengths)
    places = tuple(grid[d] + begin[d] for d in axes)
    return rearranged("Slice", lambda v: lax.gather(v, places, tuple(axes)), x)


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """``input_[begin:end:strides]`` for each axis; a bit of a mask changes what its axis does.

    The bits leave out begin or end, stand for ``...``, add an axis, or take the one at begin.

    >>> import functrans.tf as tf
    >>> tf.strided_slice([1, 2, 3, 4], [0], [4], [2]).numpy()
    array([1, 3], dtype=int32)
    """
    starts, ends = sizes_of(begin), sizes_of(end)
    steps = (1,) * len(starts) if strides is None else sizes_of(strides)
    if not len(starts) == len(ends) == len(steps):
        raise InvalidArgumentError.at(
            "Expected begin, end, and strides to be 1D equal size tensors, but got shapes "
            f"[{len(starts)}], [{len(ends)}], and [{len(steps)}] instead. [Op:StridedSlice] ",
            "Give a number for each axis in all three.",
        )
    keys: list[Any] = []
    for d, (a, b, step) in enumerate(zip(starts, ends, steps, strict=True)):
        bit = 1 << d
        if ellipsis_mask & bit:
            keys.append(Ellipsis)
        elif new_axis_mask & bit:
            keys.append(None)
        elif shrink_axis_mask & bit:
            keys.append(a)
        else:
            keys.append(
                builtins.slice(None if begin_mask & bit else a, None if end_mask & bit else b, step)
            )
    return as_tensor(input_)[tuple(keys)]
