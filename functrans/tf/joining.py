"""Tensors put together and taken apart: stack, concat, split, tile, pad, reverse, roll."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

import functrans
from functrans import lax
from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.convert import as_tensor, integer, integers, sizes_of
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidUseError,
    InvalidValueError,
    OperatorNotAllowedInGraphError,
)
from functrans.tf.layouts import Sizes, alike, axis_of, rearranged, shape_text
from functrans.tf.tensor import Tensor, TensorLike, frame, value, wrap

# --- together ------------------------------------------------------------------------------------


def stack(values: Any, axis: Any = 0, name: str = "stack") -> Tensor:
    """Tensors of one shape as the elements of a new axis.

    >>> import functrans.tf as tf
    >>> tf.stack([[1, 2], [3, 4]], axis=1).numpy()
    array([[1, 3],
           [2, 4]], dtype=int32)
    """
    if isinstance(values, list | tuple) and all(map(_is_number, values)):
        values = as_tensor(values)
    if isinstance(values, Tensor) and integer(axis) == 0:
        return rearranged("Pack", lambda v: v, values)
    tensors = _several(values, axis)
    sizes = tensors[0]._v.shape
    for i, t in enumerate(tensors):
        if t._v.shape != sizes:
            raise InvalidArgumentError.at(
                "Shapes of all inputs must match: values[0].shape = "
                f"{shape_text(sizes)} != values[{i}].shape = "
                f"{shape_text(t._v.shape)} [Op:Pack] name: {name}",
                "tf.concat joins tensors of different sizes.",
            )
    place = integer(axis)
    if not -len(sizes) - 1 <= place <= len(sizes):
        raise InvalidValueError(
            f"Argument `axis` = {place} not in range [{-len(sizes) - 1}, {len(sizes) + 1})",
            "The new axis stands before an axis, or last.",
        )
    place %= len(sizes) + 1
    longer = (*sizes[:place], 1, *sizes[place:])
    rows = [lax.reshape(value(t), longer) for t in tensors]
    return wrap(lax.concatenate(rows, place), tensors[0]._dtype)


def _several(values: Any, axis: Any) -> list[Tensor]:
    """The tensors to be stacked; one array is taken as a list of its rows."""
    if isinstance(values, np.ndarray) and integer(axis) != 0:
        raise InvalidValueError(
            f"expected a sequence for attr N, got an ndarray with rank {values.ndim} instead",
            "Pass a list of arrays.",
        )
    if isinstance(values, Tensor | TensorLike | np.ndarray):
        return unstack(values)
    return alike("Pack", values)


def _is_number(x: Any) -> bool:
    return isinstance(x, bool | int | float | complex)


def parallel_stack(values: Any, name: str = "parallel_stack") -> Tensor:
    """As ``tf.stack`` along the first axis, inside ``tf.function`` only.

    >>> import functrans.tf as tf
    >>> tf.function(tf.parallel_stack)([tf.constant(1), tf.constant(2)]).numpy()
    array([1, 2], dtype=int32)
    """
    if frame.get() is None:
        raise InvalidUseError(
            "tf.parallel_stack() is not compatible with eager execution.", "Use tf.stack."
        )
    return stack(values)


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Tensors joined along an axis that they have; the other sizes must agree.

    >>> import functrans.tf as tf
    >>> tf.concat([[1, 2], [3]], 0).numpy()
    array([1, 2, 3], dtype=int32)
    """
    if not isinstance(values, list | tuple):
        values = [values]
    tensors = alike("ConcatV2", values)
    if not tensors:
        raise InvalidArgumentError.at(
            "List argument 'values' to 'ConcatV2' Op with length 0 shorter than minimum length 2.",
            "Give one tensor or more.",
        )
    if len(tensors) == 1:
        return rearranged("Identity", lambda v: v, tensors[0])
    sizes = tensors[0]._v.shape
    place = integer(axis)
    if not -len(sizes) <= place < len(sizes):
        raise InvalidArgumentError.at(
            "ConcatOp : Expected concatenating dimensions in the range "
            f"[{-len(sizes)}, {len(sizes)}), but got {place} [Op:ConcatV2] name: {name}",
            "tf.stack joins tensors along a new axis.",
        )
    place %= len(sizes)
    for i, t in enumerate(tensors):
        theirs = t._v.shape
        if len(theirs) != len(sizes) or any(
            a != b for d, (a, b) in enumerate(zip(theirs, sizes, strict=True)) if d != place
        ):
            raise InvalidArgumentError.at(
                "ConcatOp : Dimension(s) of inputs should match: shape[0] = "
                f"{shape_text(sizes)} vs. shape[{i}] = {shape_text(theirs)} "
                f"[Op:ConcatV2] name: {name}",
                f"All sizes but that of axis {place} must agree.",
            )
    return wrap(lax.concatenate([value(t) for t in tensors], place), tensors[0]._dtype)


# --- apart ---------------------------------------------------------------------------------------


def unstack(
    value: Any, num: int | None = None, axis: int = 0, name: str = "unstack"
) -> list[Tensor]:
    """The elements of an axis as a list.

    >>> import functrans.tf as tf
    >>> [t.numpy().tolist() for t in tf.unstack([[1, 2], [3, 4]])]
    [[1, 2], [3, 4]]
    """
    x = as_tensor(value)
    sizes = x._v.shape
    if not -len(sizes) <= axis < len(sizes):
        raise InvalidValueError(
            f"Argument `axis` = {axis} not in range [{-len(sizes)}, {len(sizes)})",
            "Unstack an axis that the tensor has.",
        )
    count = sizes[axis]
    if num is not None and num != count:
        raise InvalidArgumentError.at(
            f"Axis {axis} has {count} elements, not num={num} [Op:Unpack] name: {name}",
            "num, if given, is the size of the axis.",
        )
    place = axis % len(sizes)
    rest = (*sizes[:place], *sizes[place + 1 :])
    cuts = [_cut(sizes, place, i, i + 1) for i in range(count)]
    return [rearranged("Unpack", partial(_without_axis, cut, rest), x) for cut in cuts]


Cut = Callable[[Any], Any]


def _cut(sizes: Sizes, axis: int, start: int, end: int) -> Cut:
    """What takes a part of an axis out of a tensor of some sizes."""
    after = len(sizes) - axis - 1
    first = (*(0,) * axis, start, *(0,) * after)
    last = (*sizes[:axis], end, *sizes[axis + 1 :])
    return lambda v: lax.slice(v, first, last)


def _without_axis(cut: Cut, rest: Sizes, v: Any) -> Any:
    return lax.reshape(cut(v), rest)


def split(
    value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str = "split"
) -> list[Tensor]:
    """Parts of an axis as a list: a number of equal ones, or of the given sizes.

    One of the sizes may be −1, for what is left.

    >>> import functrans.tf as tf
    >>> [t.numpy().tolist() for t in tf.split([1, 2, 3, 4], [1, -1])]
    [[1], [2, 3, 4]]
    """
    x = as_tensor(value)
    place = axis_of("Split", axis, len(x._v.shape))
    total = x._v.shape[place]
    parts = integers(num_or_size_splits)
    sizes = _parts(parts.tolist(), total) if parts.shape else _equal_parts(int(parts), total)
    ends = accumulate(sizes, initial=0)
    return [rearranged("Split", _cut(x._v.shape, place, a, b), x) for a, b in pairwise(ends)]


def _equal_parts(count: int, total: int) -> list[int]:
    if count < 1 or total % count:
        raise InvalidArgumentError.at(
            f"Number of ways to split should evenly divide the split dimension, but got split_dim "
            f"(size = {total}) and num_split {count} [Op:Split] name: split",
            "Give a list of sizes for parts that are not equal.",
        )
    return [total // count] * count


def _parts(sizes: list[int], total: int) -> list[int]:
    rest = total - sum(n for n in sizes if n != -1)
    if sizes.count(-1) > 1 or min(sizes, default=0) < -1 or rest < 0 or (rest and -1 not in sizes):
        raise InvalidArgumentError.at(
            "Determined shape must either match input shape along split_dim exactly if fully "
            f"specified, or be less than the size of the input along split_dim if not fully "
            f"specified. Got: {sum(sizes)} [Op:SplitV] name: split",
            f"The sizes must add up to {total}.",
        )
    return [rest if n == -1 else n for n in sizes]


# --- repeated ------------------------------------------------------------------------------------


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """The tensor repeated as a whole, so many times along each axis.

    >>> import functrans.tf as tf
    >>> tf.tile([1, 2], [2]).numpy()
    array([1, 2, 1, 2], dtype=int32)
    """
    x = as_tensor(input)
    times = sizes_of(multiples)
    if len(times) != len(x._v.shape) or isinstance(multiples, int):
        raise InvalidArgumentError.at(
            f"Expected multiples argument to be a vector of length {len(x._v.shape)} but got "
            f"length {len(times)} [Op:Tile]",
            "Give a number for each axis.",
        )
    if min(times, default=0) < 0:
        raise InvalidArgumentError.at(
            f"Expected multiples[{times.index(min(times))}] >= 0, but got {min(times)} [Op:Tile]",
            "Repeat 0 times or more.",
        )
    return rearranged("Tile", lambda v: fnp.tile(v, times), x)


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Each element of an axis, or of the flattened tensor, repeated one after the other.

    >>> import functrans.tf as tf
    >>> tf.repeat([1, 2], [2, 1]).numpy()
    array([1, 1, 2], dtype=int32)
    """
    x = as_tensor(input)
    times = integers(repeats)
    if axis is None:
        x, axis = rearranged("Reshape", lambda v: fnp.reshape(v, (-1,)), x), 0
    place = axis_of("Repeat", axis, len(x._v.shape))
    if times.size and times.min() < 0:
        raise InvalidArgumentError.at(
            "repeats must be >= 0 [Op:Repeat] name: ", "Repeat 0 times or more."
        )
    if times.size == 1:
        times = times.reshape(())
    elif times.shape != (x._v.shape[place],):
        raise InvalidValueError(
            f"Dimensions {x._v.shape[place]} and {times.size} are not compatible",
            "Give one number, or one for each element of the axis.",
        )
    return rearranged("Repeat", lambda v: fnp.repeat(v, times, axis=place), x)


def pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    constant_values: Any = 0,
    name: str | None = None,
) -> Tensor:
    """With elements added before and after along each axis, as ``paddings`` [rank, 2] says.

    ``mode`` is "CONSTANT", "REFLECT" (the edge is not repeated) or "SYMMETRIC" (it is).

    >>> import functrans.tf as tf
    >>> tf.pad([1, 2, 3], [[2, 1]], "REFLECT").numpy()
    array([3, 2, 1, 2, 3, 2], dtype=int32)
    """
    x = as_tensor(tensor)
    widths = _paddings(paddings, x._v.shape)
    mode = mode.upper()
    if not widths:
        return rearranged("Pad", lambda v: v, x)
    if mode == "CONSTANT":
        config = tuple((a, b, 0) for a, b in widths)
        if x._dtype.kind == "O":
            element: Any = b"" if constant_values == 0 else as_tensor(constant_values).numpy()
        else:
            element = functrans.stop_gradient(value(_padding_value(constant_values, x)))
        return rearranged("Pad", lambda v: lax.pad(v, element, config), x)
    if mode not in ("REFLECT", "SYMMETRIC"):
        raise InvalidValueError(
            "Value of argument `mode` expected to be one of 'CONSTANT', 'REFLECT', or 'SYMMETRIC'. "
            f"Received `mode` = {mode}",
            "Choose one of the three.",
        )
    shorter = mode == "REFLECT"
    for n, pair in zip(x._v.shape, widths, strict=True):
        if max(pair) > n - shorter:
            raise InvalidArgumentError.at(
                f"paddings must be {'less than' if shorter else 'no greater than'} the dimension "
                f"size: {pair[0]}, {pair[1]} {'not less than' if shorter else 'greater than'} {n} "
                "[Op:MirrorPad] name: ",
                "Mirrored elements come from the tensor once.",
            )
    return rearranged("MirrorPad", lambda v: fnp.pad(v, widths, mode=mode.lower()), x)


def _padding_value(element: Any, x: Tensor) -> Tensor:
    if isinstance(element, Tensor | TensorLike):
        return alike("PadV2", [x, element])[1]
    return as_tensor(element, x._dtype)


def _paddings(paddings: Any, shape: Sizes) -> list[tuple[int, int]]:
    widths = integers(paddings)
    if widths.shape != (len(shape), 2) and widths.size + len(shape) > 0:
        raise InvalidArgumentError.at(
            "The first dimension of paddings must be the rank of inputs"
            f"{shape_text(widths.shape)}{shape_text(shape)} [Op:Pad]",
            "Give a pair of integers for each axis.",
        )
    if widths.size and widths.min() < 0:
        raise InvalidArgumentError.at("Paddings must be non-negative [Op:Pad]", "Slice instead.")
    return [(a, b) for a, b in widths.tolist()]


# --- in another order ----------------------------------------------------------------------------


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """The elements of the axes listed in the opposite order.

    >>> import functrans.tf as tf
    >>> tf.reverse([1, 2, 3], [0]).numpy()
    array([3, 2, 1], dtype=int32)
    """
    x = as_tensor(tensor)
    listed = integers(axis)
    if listed.ndim != 1:
        raise InvalidArgumentError.at(
            f"'dims' must be 1-dimension, not {listed.ndim} [Op:ReverseV2]", "Give a list of axes."
        )
    axes = tuple(axis_of("ReverseV2", a, len(x._v.shape)) for a in listed.tolist())
    if len(set(axes)) != len(axes):
        raise InvalidArgumentError.at(
            f"axis {listed.tolist()} has one axis more than once [Op:ReverseV2]",
            "Give every axis once.",
        )
    return rearranged("ReverseV2", lambda v: lax.rev(v, axes), x)


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
) -> Tensor:
    """The first elements of ``seq_axis`` in the opposite order, as many as each batch has.

    >>> import functrans.tf as tf
    >>> tf.reverse_sequence([[1, 2, 3], [4, 5, 6]], [2, 3], seq_axis=1).numpy()
    array([[2, 1, 3],
           [6, 5, 4]], dtype=int32)
    """
    x = as_tensor(input)
    ndim = len(x._v.shape)
    along = axis_of("ReverseSequence", seq_axis or 0, ndim)
    batch = axis_of("ReverseSequence", batch_axis or 0, ndim)
    lengths = integers(seq_lengths)
    if lengths.shape != (x._v.shape[batch],):
        raise InvalidArgumentError.at(
            f"Length of seq_lengths != input.dims({batch}), ({lengths.size} vs. "
            f"{x._v.shape[batch]}) [Op:ReverseSequence] name: ",
            "Give a length for each element of the batch axis.",
        )
    size = x._v.shape[along]
    if lengths.size and (lengths.min() < 0 or lengths.max() > size):
        raise InvalidArgumentError.at(
            f"Invalid seq_lengths value: it should lie in [0, {size}] [Op:ReverseSequence]",
            "No length may exceed the axis.",
        )
    steps = np.arange(size)
    ends = lengths[:, None]
    order = np.where(steps < ends, ends - 1 - steps, steps)
    places = order if batch < along else order.T
    spread = [1] * ndim
    spread[batch], spread[along] = len(lengths), size
    where = np.broadcast_to(places.reshape(spread), x._v.shape)
    return rearranged("ReverseSequence", lambda v: fnp.take_along_axis(v, where, along), x)


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """Elements moved along axes; what leaves at the end comes back at the start.

    >>> import functrans.tf as tf
    >>> tf.roll([1, 2, 3], 1, 0).numpy()
    array([3, 1, 2], dtype=int32)
    """
    x = as_tensor(input)
    if not x._v.shape:
        raise InvalidArgumentError.at(
            "input must be 1-D or higher [Op:Roll] name: ", "A scalar has nothing to move."
        )
    amount = as_tensor(shift)
    if known(value(amount)) is None:
        return _rolled_later(x, value(amount), axis)
    shifts, listed = sizes_of(amount), sizes_of(axis)
    if len(shifts) != len(listed):
        raise InvalidArgumentError.at(
            "shift and axis must have the same size [Op:Roll] name: ", "Give one shift an axis."
        )
    axes = tuple(axis_of("Roll", a, len(x._v.shape)) for a in listed)
    return rearranged("Roll", lambda v: fnp.roll(v, shifts, axes), x)


def _rolled_later(x: Tensor, shift: Any, axis: Any) -> Tensor:
    """A roll along one axis by what is not known while tracing."""
    if shift.shape:
        raise OperatorNotAllowedInGraphError(
            "Shifts along several axes are not known while tracing.", "Roll along one at a time."
        )
    place = axis_of("Roll", axis, len(x._v.shape))
    size = x._v.shape[place]
    order = fnp.remainder(np.arange(size) - shift, size)
    return rearranged("Roll", lambda v: fnp.take(v, order, axis=place), x)
