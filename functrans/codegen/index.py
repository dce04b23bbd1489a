"""Where an element lies: affine index forms and layouts, so that views are read and never copied.

A *layout* says how a value is found inside another one, its base::

    layout ::= base, group*        the groups partition the base's axes, in order
    group  ::= (span, form)        `span` consecutive axes of the base, taken as one row-major axis
    form   ::= offset + Σ coefficient·axis        over the axes of the value itself

Slices, reversals, transposes, broadcasts and most reshapes compose into one layout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from functrans.kernel import Affine

Group = tuple[int, Affine]
Groups = tuple[Group, ...]

ZERO = Affine()
_UNITS = [Affine(0, ((axis, 1),)) for axis in range(32)]


def unit(axis: int) -> Affine:
    """The form that is the axis itself."""
    return _UNITS[axis] if axis < 32 else Affine(0, ((axis, 1),))


def identity(ndim: int) -> Groups:
    """The groups of a value that is its own base."""
    return tuple((1, unit(axis)) for axis in range(ndim))


def weighted(parts: Sequence[tuple[Affine, int]], offset: int = 0) -> Affine:
    """``offset + Σ weight·form``."""
    terms: dict[int, int] = {}
    for form, weight in parts:
        offset += form.offset * weight
        for axis, coefficient in form.terms:
            terms[axis] = terms.get(axis, 0) + coefficient * weight
    return Affine(offset, tuple(sorted((a, c) for a, c in terms.items() if c)))


def substitute(form: Affine, axes: Sequence[Affine]) -> Affine:
    """``form`` with each of its axes replaced by a form."""
    terms = form.terms
    if not terms:
        return form
    if len(terms) == 1 and terms[0][1] == 1 and form.offset == 0:
        return axes[terms[0][0]]
    return weighted([(axes[axis], coefficient) for axis, coefficient in terms], form.offset)


def substitute_groups(groups: Groups, axes: Sequence[Affine]) -> Groups:
    """Every form of a layout with its axes replaced."""
    return tuple((span, substitute(form, axes)) for span, form in groups)


def strides_of(shape: Sequence[int]) -> list[int]:
    """Row-major strides, counted in elements."""
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return strides


def address(groups: Groups, strides: Sequence[int]) -> Affine:
    """The element offset inside a base with these strides."""
    parts: list[tuple[Affine, int]] = []
    axis = -1
    for span, form in groups:
        axis += span
        if form.terms or form.offset:
            parts.append((form, strides[axis]))
    if len(parts) == 1 and parts[0][1] == 1:
        return parts[0][0]
    return weighted(parts)


def axis_strides(groups: Groups, base_shape: Sequence[int], ndim: int) -> tuple[int, list[int]]:
    """Offset and one stride for each axis of a value, counted in elements of its base."""
    form = address(groups, strides_of(base_shape))
    strides = [0] * ndim
    for axis, coefficient in form.terms:
        strides[axis] = coefficient
    return form.offset, strides


def is_contiguous(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether these strides are row-major; axes of length one do not count."""
    return math.prod(shape) == 0 or all(
        n == 1 or s == t for n, s, t in zip(shape, strides, strides_of(shape), strict=True)
    )


def reshape_groups(
    groups: Groups, base_shape: Sequence[int], old: tuple[int, ...], new: tuple[int, ...]
) -> Groups | None:
    """The layout of a row-major reshape of a value, or None where no layout says it."""
    if math.prod(old) == 0:
        return tuple((span, ZERO) for span, _ in groups)
    exact, merged = _split_reshape(old, new)
    result: list[Group] = list(groups)
    for number, (axes, _) in enumerate(merged):
        result = _merge_bases(result, base_shape, axes)
        for k, (span, form) in enumerate(result):
            replaced = _replace_product(form, axes, len(old) + number)
            if replaced is None:
                return None
            result[k] = (span, replaced)
    forms = [exact.get(axis, ZERO) for axis in range(len(old))] + [line for _, line in merged]
    return substitute_groups(tuple(result), forms)


Product = list[tuple[int, int]]  # (old axis, its stride inside the product)


def _split_reshape(
    old: tuple[int, ...], new: tuple[int, ...]
) -> tuple[dict[int, Affine], list[tuple[Product, Affine]]]:
    """Old axes as forms over new ones, and products of old axes that only have a form together."""
    exact: dict[int, Affine] = {}
    merged: list[tuple[Product, Affine]] = []
    sources = [axis for axis, n in enumerate(old) if n > 1]
    targets = [axis for axis, n in enumerate(new) if n > 1]
    i = j = 0
    while i < len(sources):
        first, second = i, j
        left, right = old[sources[i]], new[targets[j]]
        i, j = i + 1, j + 1
        while left != right:
            if left < right:
                left *= old[sources[i]]
                i += 1
            else:
                right *= new[targets[j]]
                j += 1
        axes, parts = sources[first:i], targets[second:j]
        line = weighted(
            [
                (unit(axis), s)
                for axis, s in zip(parts, strides_of([new[a] for a in parts]), strict=True)
            ]
        )
        if len(axes) == 1:
            exact[axes[0]] = line
        else:
            merged.append((list(zip(axes, strides_of([old[a] for a in axes]), strict=True)), line))
    return exact, merged


def _merge_bases(groups: list[Group], base_shape: Sequence[int], axes: Product) -> list[Group]:
    """Join the base groups over which a product of axes is spread, where they are neighbours."""
    names = {axis for axis, _ in axes}
    holders = [k for k, (_, form) in enumerate(groups) if any(a in names for a, _ in form.terms)]
    if len(holders) < 2:
        return groups
    first, last = holders[0], holders[-1]
    strides = strides_of(base_shape)
    ends, position = [], -1
    for span, _ in groups:
        position += span
        ends.append(position)
    unit_stride = strides[ends[last]]
    form = weighted(
        [(groups[k][1], strides[ends[k]] // unit_stride) for k in range(first, last + 1)]
    )
    span = sum(groups[k][0] for k in range(first, last + 1))
    return [*groups[:first], (span, form), *groups[last + 1 :]]


def _replace_product(form: Affine, axes: Product, name: int) -> Affine | None:
    """Write ``c·Σ stride·axis`` as ``c·name``; None where the form holds no such multiple."""
    terms = dict(form.terms)
    coefficients = [terms.pop(axis, 0) for axis, _ in axes]
    factor = coefficients[-1]
    if any(c != factor * stride for c, (_, stride) in zip(coefficients, axes, strict=True)):
        return None
    if factor:
        terms[name] = factor
    return Affine(form.offset, tuple(sorted(terms.items())))
