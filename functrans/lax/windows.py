"""Reductions by any function, over whole axes or over windows that move along them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans import tree
from functrans.core.avals import dtype_of, shape_of
from functrans.errors import OptionError, ShapeError
from functrans.lax.slicing import slice_in_dim
from functrans.primitives.layout import (
    broadcast_in_dim,
    concatenate,
    full_like,
    move_axis,
    reshape,
)
from functrans.primitives.linear import pad
from functrans.typing import ArrayOrScalar, Operand

Ints = tuple[int, ...]
Combine = Callable[[Any, Any], Any]
Padding = str | Sequence[tuple[int, int]]


def reduce(operands: Any, init_values: Any, computation: Combine, dimensions: Sequence[int]) -> Any:
    """Fold axes by an associative function of two values, starting with ``init_values``.

    Parameters
    ----------
    operands, init_values: arrays and numbers, in equal trees.
    computation: combines two such trees, element by element.
    dimensions: the axes that go.

    >>> ft.lax.reduce(np.arange(1.0, 5.0), 1.0, ft.lax.mul, (0,))
    np.float64(24.0)
    """
    arrays, structure = tree.flatten(operands)
    starts, given = tree.flatten(init_values)
    if given != structure:
        raise ShapeError(f"reduce got operands {structure} and initial values {given}.")
    shape = shape_of(arrays[0])
    axes = tuple(sorted(d % len(shape) for d in dimensions))
    kept = tuple(n for d, n in enumerate(shape) if d not in axes)
    count = int(np.prod([shape[d] for d in axes], dtype=int))
    for i, d in enumerate(axes):
        arrays = [move_axis(x, d, i) for x in arrays]
    rows = [reshape(x, (count, *kept)) for x in arrays]

    def combined(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
        pair = tree.unflatten(structure, a), tree.unflatten(structure, b)
        return tree.leaves(computation(*pair))

    total = [broadcast_in_dim(_number(v, x), kept, ()) for v, x in zip(starts, rows, strict=True)]
    while count > 1:  # halves at a time: few operations, and rounding errors stay small
        half = count // 2
        first, second, rest = (
            [slice_in_dim(x, a, b) for x in rows]
            for a, b in ((0, half), (half, 2 * half), (2 * half, count))
        )
        both = combined(first, second)
        rows = [concatenate([a, b], 0) for a, b in zip(both, rest, strict=True)]
        count -= half
    if count:
        total = combined(total, [reshape(x, kept) for x in rows])
    return tree.unflatten(structure, total)


def _number(value: Any, x: Any) -> Any:
    """A Python number as one of the array's dtype."""
    return value if hasattr(value, "dtype") else dtype_of(x).type(value)


def padtype_to_pads(
    in_shape: Sequence[int],
    window_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: str,
) -> list[tuple[int, int]]:
    """How much ``"SAME"``, ``"SAME_LOWER"`` or ``"VALID"`` pads each axis, before and behind.

    >>> ft.lax.padtype_to_pads((5,), (3,), (2,), "SAME")
    [(1, 1)]
    """
    kind = padding.upper()
    if kind == "VALID":
        return [(0, 0)] * len(in_shape)
    if kind not in ("SAME", "SAME_LOWER"):
        raise OptionError(
            f"padding is {padding!r}.", 'Give "SAME", "SAME_LOWER", "VALID" or pairs of ints.'
        )
    found = []
    for n, window, stride in zip(in_shape, window_shape, window_strides, strict=True):
        total = max((-(-n // stride) - 1) * stride + window - n, 0)
        less, more = total // 2, total - total // 2
        found.append((more, less) if kind == "SAME_LOWER" else (less, more))
    return found


def dilated(shape: Sequence[int], dilation: Sequence[int]) -> Ints:
    """Lengths with ``dilation − 1`` gaps between elements."""
    return tuple(max((n - 1) * d + 1, 0) for n, d in zip(shape, dilation, strict=True))


def window_pads(
    shape: Sequence[int], window: Sequence[int], strides: Sequence[int], padding: Padding
) -> list[tuple[int, int]]:
    if isinstance(padding, str):
        return padtype_to_pads(shape, window, strides, padding)
    if len(padding) != len(shape):
        raise OptionError(f"padding has {len(padding)} pairs for {len(shape)} axes.")
    return [(int(low), int(high)) for low, high in padding]


def reduce_window(
    operand: Operand,
    init_value: Operand,
    computation: Combine,
    window_dimensions: Sequence[int],
    window_strides: Sequence[int],
    padding: Padding = "VALID",
    base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> ArrayOrScalar:
    """Fold each window of an array by an associative and commutative function, element by element.

    Windows are folded along one axis after the other, which takes the sum of their lengths in
    operations instead of the product.

    Parameters
    ----------
    init_value: the function's neutral element; it also fills what padding adds.
    window_dimensions, window_strides: lengths of the windows and steps between them, each axis.
    padding: ``"VALID"``, ``"SAME"``, ``"SAME_LOWER"`` or a pair for each axis.
    base_dilation, window_dilation: steps between elements of the array, and of the windows.

    Raises
    ------
    OptionError: options that do not fit the array's rank.

    >>> ft.lax.reduce_window(np.array([1.0, 3.0, 2.0, 5.0]), -np.inf, ft.lax.max, (2,), (2,))
    array([3., 5.])
    """
    shape = shape_of(operand)
    ones = (1,) * len(shape)
    base, gaps = base_dilation or ones, window_dilation or ones
    for option in (window_dimensions, window_strides, base, gaps):
        if len(option) != len(shape):
            raise OptionError(f"reduce_window got {option} for an array of shape {shape}.")
    window = dilated(window_dimensions, gaps)
    pads = window_pads(dilated(shape, base), window, window_strides, padding)
    start = _number(init_value, operand)
    config = tuple((low, high, d - 1) for (low, high), d in zip(pads, base, strict=True))
    found = pad(operand, start, config)
    for axis, (count, gap, stride) in enumerate(
        zip(window_dimensions, gaps, window_strides, strict=True)
    ):
        steps = max((shape_of(found)[axis] - window[axis]) // stride + 1, 0)
        parts = [
            slice_in_dim(found, k * gap, k * gap + (steps - 1) * stride + 1 if steps else k * gap,
                         stride, axis)
            for k in range(count)
        ]  # fmt: skip
        found = parts[0]
        for part in parts[1:]:
            found = computation(found, part)
    return computation(full_like(found, start), found)


__all__ = ["padtype_to_pads", "reduce", "reduce_window"]
