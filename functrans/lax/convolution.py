"""Convolutions as matrix products: the patches under the windows, times the kernel.

Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.errors import DtypeError, OptionError, ShapeError
from functrans.lax.windows import Padding, dilated, padtype_to_pads, window_pads
from functrans.primitives.contraction import dot_general
from functrans.primitives.layout import concatenate, expand_dims, reshape, rev, slice_, transpose
from functrans.primitives.linear import pad
from functrans.typing import Array, DTypeLike, Operand

Ints = tuple[int, ...]


class ConvDimensionNumbers(NamedTuple):
    """Where batch or outputs, features or inputs, then the windows' axes are.

    >>> ft.lax.conv_dimension_numbers((1, 3, 5), (4, 3, 2), ("NHC", "HIO", "NHC")).rhs_spec
    (2, 1, 0)
    """

    lhs_spec: Ints
    rhs_spec: Ints
    out_spec: Ints


DimensionNumbers = ConvDimensionNumbers | tuple[str, str, str] | None


def conv_dimension_numbers(
    lhs_shape: Sequence[int], rhs_shape: Sequence[int], dimension_numbers: DimensionNumbers
) -> ConvDimensionNumbers:
    """The axes that letters name: N, C and windows in arrays, O, I and windows in kernels.

    None stands for ``("NCHW…", "OIHW…", "NCHW…")``. Raises OptionError for other letters.

    >>> ft.lax.conv_dimension_numbers((1, 3, 5), (4, 3, 2), None).lhs_spec
    (0, 1, 2)
    """
    rank = len(lhs_shape)
    if len(rhs_shape) != rank or rank < 2:
        raise ShapeError(f"A convolution of {tuple(lhs_shape)} by {tuple(rhs_shape)} has no axes.")
    if isinstance(dimension_numbers, ConvDimensionNumbers):
        return dimension_numbers
    if dimension_numbers is None:
        order = tuple(range(rank))
        return ConvDimensionNumbers(order, order, order)
    lhs, rhs, out = dimension_numbers
    windows = [c for c in lhs if c not in "NC"]
    for name, letters, first in (
        ("array", lhs, "NC"),
        ("kernel", rhs, "OI"),
        ("result", out, "NC"),
    ):
        if sorted(letters) != sorted([*first, *windows]) or len(set(letters)) != rank:
            raise OptionError(f"The letters {letters!r} of the {name} do not fit {lhs!r}.")
    return ConvDimensionNumbers(
        tuple(lhs.index(c) for c in ("N", "C", *windows)),
        tuple(rhs.index(c) for c in ("O", "I", *windows)),
        tuple(out.index(c) for c in ("N", "C", *windows)),
    )


def _numbers(value: Sequence[int] | None, count: int, name: str) -> Ints:
    found = (1,) * count if value is None else tuple(map(int, value))
    if len(found) != count or min(found, default=1) < 1:
        raise OptionError(f"{name} is {value}; a convolution needs {count} positive numbers.")
    return found


def conv_general_dilated(
    lhs: Operand,
    rhs: Operand,
    window_strides: Sequence[int],
    padding: Padding,
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: DimensionNumbers = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: Any = None,
    preferred_element_type: DTypeLike | None = None,
) -> Array:
    """The sums of products of a kernel with each window of an array, as neural networks use it.

    (The kernel is not turned round: mathematicians call this a correlation.)

    Parameters
    ----------
    lhs, rhs: array and kernel of one floating dtype. Without ``dimension_numbers`` their axes are
        (batch, features, windows…) and (outputs, inputs, windows…).
    window_strides: steps between windows.
    padding: ``"VALID"``, ``"SAME"``, ``"SAME_LOWER"`` or a pair for each axis of the window;
        negative numbers crop.
    lhs_dilation, rhs_dilation: steps between the elements of the array, and of the kernel.
    feature_group_count: features in so many groups, each with its own outputs.
    batch_group_count: the batch in so many groups, each with its own outputs.
    precision, preferred_element_type: accepted; the dtype of the operands is kept.

    Raises
    ------
    ShapeError, DtypeError, OptionError: operands or options that do not go together.

    >>> x, k = np.arange(5.0).reshape(1, 1, 5), np.array([[[1.0, 0.0, -1.0]]])
    >>> ft.lax.conv_general_dilated(x, k, (1,), "VALID")
    array([[[-2., -2., -2.]]])
    """
    if dtype_of(lhs) != dtype_of(rhs):
        raise DtypeError(f"A convolution of {dtype_of(lhs)} by {dtype_of(rhs)} mixes dtypes.")
    specs = conv_dimension_numbers(shape_of(lhs), shape_of(rhs), dimension_numbers)
    x, k = transpose(lhs, specs.lhs_spec), transpose(rhs, specs.rhs_spec)
    (batch, features, *sizes), (outputs, inputs, *window) = shape_of(x), shape_of(k)
    count = len(sizes)
    strides = _numbers(window_strides, count, "window_strides")
    base = _numbers(lhs_dilation, count, "lhs_dilation")
    gaps = _numbers(rhs_dilation, count, "rhs_dilation")
    groups, parts = feature_group_count, batch_group_count
    if features != inputs * groups or outputs % groups or batch % parts or outputs % parts:
        raise ShapeError(
            f"A kernel of {inputs} inputs and {outputs} outputs does not fit {features} features "
            f"in {groups} groups and a batch of {batch} in {parts} groups."
        )
    if groups > 1 and parts > 1:
        raise OptionError("Either features or the batch can be in groups, not both.")
    spread = dilated(window, gaps)
    pads = window_pads(dilated(sizes, base), spread, strides, padding)
    patches, steps = _patches(x, window, strides, pads, base, gaps)
    # patches: (windows, batch, features, places), the kernel: (windows, outputs, inputs)
    taps = math.prod(window)
    flat = transpose(reshape(k, (outputs, inputs, taps)), (2, 0, 1))
    places = math.prod(steps)
    if parts > 1:
        patches = reshape(patches, (taps, parts, batch // parts, features, places))
        flat = reshape(flat, (taps, parts, outputs // parts, inputs))
        found = dot_general(flat, patches, (((0, 3), (0, 3)), ((1,), (1,))))
        found = transpose(found, (2, 0, 1, 3))  # (batch, group, outputs, places)
        shape = (batch // parts, outputs, *steps)
    else:
        patches = reshape(patches, (taps, batch, groups, inputs, places))
        flat = reshape(flat, (taps, groups, outputs // groups, inputs))
        found = dot_general(flat, patches, (((0, 3), (0, 3)), ((1,), (2,))))
        found = transpose(found, (2, 0, 1, 3))
        shape = (batch, outputs, *steps)
    return transpose(reshape(found, shape), tuple(np.argsort(specs.out_spec).tolist()))


def _patches(
    x: Any,
    window: Sequence[int],
    strides: Ints,
    pads: Sequence[tuple[int, int]],
    base: Ints,
    gaps: Ints,
) -> tuple[Any, Ints]:
    """What lies under each element of the window: (windows, batch, features, places)."""
    config = ((0, 0, 0), (0, 0, 0), *((a, b, d - 1) for (a, b), d in zip(pads, base, strict=True)))
    padded = pad(x, dtype_of(x).type(0), config)
    batch, features, *sizes = shape_of(padded)
    steps = tuple(
        max((n - w) // s + 1, 0)
        for n, w, s in zip(sizes, dilated(window, gaps), strides, strict=True)
    )
    parts = []
    for tap in product(*map(range, window)):
        starts = [t * g for t, g in zip(tap, gaps, strict=True)]
        limits = [a + max((n - 1) * s + 1, 0) if n else a
                  for a, n, s in zip(starts, steps, strides, strict=True)]  # fmt: skip
        part = slice_(padded, (0, 0, *starts), (batch, features, *limits), (1, 1, *strides))
        parts.append(expand_dims(reshape(part, (batch, features, math.prod(steps))), (0,)))
    return concatenate(parts, 0), steps


def conv(lhs: Operand, rhs: Operand, window_strides: Sequence[int], padding: str) -> Array:
    """:func:`conv_general_dilated` of (batch, features, windows…) and (outputs, inputs, windows…).

    >>> ft.lax.conv(np.ones((1, 1, 4)), np.ones((1, 1, 2)), (1,), "SAME")
    array([[[2., 2., 2., 1.]]])
    """
    return conv_general_dilated(lhs, rhs, window_strides, padding)


def conv_with_general_padding(
    lhs: Operand,
    rhs: Operand,
    window_strides: Sequence[int],
    padding: Padding,
    lhs_dilation: Sequence[int] | None,
    rhs_dilation: Sequence[int] | None,
) -> Array:
    """As :func:`conv`, with padding in numbers and dilation.

    >>> ft.lax.conv_with_general_padding(
    ...     np.ones((1, 1, 2)), np.ones((1, 1, 2)), (1,), [(1, 1)], None, None)
    array([[[1., 2., 1.]]])
    """
    return conv_general_dilated(lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation)


def conv_transpose(
    lhs: Operand,
    rhs: Operand,
    strides: Sequence[int],
    padding: Padding,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: DimensionNumbers = None,
    transpose_kernel: bool = False,
) -> Array:
    """A convolution that makes arrays longer by ``strides``, as the transpose of one does.

    Without ``dimension_numbers`` axes are (batch, windows…, features) and (windows…, inputs,
    outputs). ``transpose_kernel`` takes the kernel of the convolution whose transpose is wanted.

    >>> x, k = np.ones((1, 2, 1)), np.ones((2, 1, 1))
    >>> ft.lax.conv_transpose(x, k, (2,), "VALID")[0, :, 0]
    array([1., 1., 1., 1.])
    """
    rank = len(shape_of(lhs))
    count = rank - 2
    if dimension_numbers is None:
        windows = "DHW"[-count:] if count <= 3 else "".join(map(chr, range(97, 97 + count)))
        dimension_numbers = f"N{windows}C", f"{windows}IO", f"N{windows}C"
    specs = conv_dimension_numbers(shape_of(lhs), shape_of(rhs), dimension_numbers)
    gaps = _numbers(rhs_dilation, count, "rhs_dilation")
    window = dilated([shape_of(rhs)[d] for d in specs.rhs_spec[2:]], gaps)
    if isinstance(padding, str):
        kind = padding.upper()
        if kind not in ("SAME", "VALID"):
            raise OptionError(f"padding is {padding!r}; a transpose needs SAME, VALID or numbers.")
        pads = [_transposed_pads(w, s, kind) for w, s in zip(window, strides, strict=True)]
    else:
        pads = [(int(a), int(b)) for a, b in padding]
    if transpose_kernel:
        rhs = rev(rhs, specs.rhs_spec[2:])
        outs, ins, *rest = specs.rhs_spec
        specs = specs._replace(rhs_spec=(ins, outs, *rest))
    return conv_general_dilated(lhs, rhs, (1,) * count, pads, strides, rhs_dilation, specs)


def _transposed_pads(window: int, stride: int, padding: str) -> tuple[int, int]:
    if padding == "SAME":
        total = window + stride - 2
        before = window - 1 if stride > window - 1 else -(-total // 2)
    else:
        total = window + stride - 2 + max(window - stride, 0)
        before = window - 1
    return before, total - before


def conv_general_dilated_patches(
    lhs: Operand,
    filter_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Padding,
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: DimensionNumbers = None,
) -> Array:
    """What lies under each window, as features: (batch, features × windows, places…).

    >>> x = np.arange(4.0).reshape(1, 1, 4)
    >>> ft.lax.conv_general_dilated_patches(x, (2,), (1,), "VALID")
    array([[[0., 1., 2.],
            [1., 2., 3.]]])
    """
    count = len(filter_shape)
    kernel_shape = (1, 1, *filter_shape)
    if dimension_numbers is not None and not isinstance(dimension_numbers, ConvDimensionNumbers):
        letters = [c for c in dimension_numbers[0] if c not in "NC"]
        dimension_numbers = dimension_numbers[0], "OI" + "".join(letters), dimension_numbers[2]
    specs = conv_dimension_numbers(shape_of(lhs), kernel_shape, dimension_numbers)
    x = transpose(lhs, specs.lhs_spec)
    batch, features, *sizes = shape_of(x)
    strides = _numbers(window_strides, count, "window_strides")
    base = _numbers(lhs_dilation, count, "lhs_dilation")
    gaps = _numbers(rhs_dilation, count, "rhs_dilation")
    pads = window_pads(dilated(sizes, base), dilated(filter_shape, gaps), strides, padding)
    patches, steps = _patches(x, filter_shape, strides, pads, base, gaps)
    found = reshape(
        transpose(patches, (1, 2, 0, 3)), (batch, features * math.prod(filter_shape), *steps)
    )
    return transpose(found, tuple(np.argsort(specs.out_spec).tolist()))


__all__ = [
    "ConvDimensionNumbers",
    "conv",
    "conv_dimension_numbers",
    "conv_general_dilated",
    "conv_general_dilated_patches",
    "conv_transpose",
    "conv_with_general_padding",
    "padtype_to_pads",
]
