"""Indexing: NumPy's rules resolved once, then slices, a gather or a scatter."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.core.trace import Tracer, current_trace
from functrans.errors import (
    IndexBoundsError,
    NonConcreteBooleanIndexError,
    OptionError,
    ShapeError,
)
from functrans.numpy import elementwise as el
from functrans.numpy import powers
from functrans.numpy.promote import (
    TRACED,
    Ints,
    array_like,
    axis_index,
    cast,
    common_shape,
    concrete,
    door,
    has_tracer,
    no_out,
    operand,
    to_shape,
)
from functrans.numpy.shaping import ravel
from functrans.primitives import layout
from functrans.primitives import reductions as red
from functrans.primitives.indexing import MODES, gather, scatter
from functrans.typing import Array, ArrayLike, ArrayOrScalar

# --- reading an index ----------------------------------------------------------------------------


class Plan:
    """An index into a shape, resolved: what happens to each axis, and where results go.

    ``slices[d]`` is (start, stop, step) of axis d, or None where an array indexes it.
    ``arrays`` are the index arrays by axis, all of one shape ``block``; ``layout`` lists the axes
    of the result: an axis number for a slice, None for a new axis, and "block" for the place of
    the index arrays' axes.
    """

    __slots__ = ("arrays", "block", "layout", "slices")

    def __init__(
        self,
        slices: list[tuple[int, int, int] | None],
        arrays: dict[int, Any],
        block: Ints,
        layout: list[Any],
    ) -> None:
        self.slices = slices
        self.arrays = arrays
        self.block = block
        self.layout = layout


def resolve(shape: Ints, index: Any) -> Plan:
    """Understand ``index`` into an array of ``shape`` by NumPy's rules."""
    entries = _expand(shape, index)
    arrays = any(isinstance(e, np.ndarray | Tracer) for e in entries)
    slices: list[tuple[int, int, int] | None] = []
    indexed: dict[int, Any] = {}
    layout: list[Any] = []
    axis = 0
    apart = True  # whether the next index array would start a new run
    runs = 0
    for entry in entries:
        if entry is None:
            layout.append(None)
            apart = True
        elif isinstance(entry, slice):
            start, stop, step = entry.indices(shape[axis])
            slices.append((start, stop, step))
            layout.append(axis)
            axis += 1
            apart = True
        elif arrays:  # beside arrays, an int counts as an array
            indexed[axis] = np.asarray(entry) if isinstance(entry, int) else entry
            slices.append(None)
            if apart:
                runs += 1
                layout.append("block")
            apart = False
            axis += 1
        else:
            place = _position(entry, shape[axis], axis)
            slices.append((place, place + 1, 1))
            axis += 1
    if runs > 1:
        layout = ["block", *(item for item in layout if item != "block")]
    block = common_shape(*map(shape_of, indexed.values())) if indexed else ()
    return Plan(slices, indexed, block, layout)


def _expand(shape: Ints, index: Any) -> list[Any]:
    """The index as one entry for each axis and new axis: None, slice, int or integer array."""
    items = index if isinstance(index, tuple) else (index,)
    entries: list[Any] = []
    ellipsis = None
    used = 0
    for item in items:
        if item is Ellipsis:
            if ellipsis is not None:
                raise ShapeError("An index can only have a single ellipsis ('...').")
            ellipsis = len(entries)
        elif item is None or isinstance(item, slice):
            entries.append(item)
            used += item is not None
        else:
            new = _entry(item, shape, used if ellipsis is None else None)
            entries += new
            used += len(new)
    if used > len(shape):
        raise IndexBoundsError(
            f"Too many indices: the array has {len(shape)} axes, but {used} were indexed.",
            "Leave out indices, or add axes with None.",
        )
    rest = [slice(None)] * (len(shape) - used)
    if ellipsis is None:
        return entries + rest
    if not rest:  # an empty ellipsis still separates index arrays
        return entries
    return entries[:ellipsis] + rest + entries[ellipsis:]


def _entry(item: Any, shape: Ints, axis: int | None) -> list[Any]:
    """One item as ints and integer arrays; a mask gives one array for each of its axes."""
    kind = type(item)
    if kind is int or isinstance(item, np.integer):
        return [int(item)]
    if isinstance(item, float | complex | str | np.inexact):
        raise _bad_index(item)
    x = np.asarray(item) if kind is bool or isinstance(item, np.bool) else operand(item)
    if isinstance(x, list | tuple):
        x = array_like(x)
    if dtype_of(x).kind == "b":
        return _mask_arrays(x, shape, axis)
    if dtype_of(x).kind not in "iu":
        if not isinstance(x, Tracer) and shape_of(x) == (0,):  # x[[]]
            return [np.zeros(0, np.int64)]
        raise _bad_index(item)
    return [x if isinstance(x, Tracer) else np.asarray(x)]


def _bad_index(item: Any) -> IndexBoundsError:
    what = f"of dtype {item.dtype}" if hasattr(item, "dtype") else f"{item!r:.40}"
    return IndexBoundsError(
        f"An index {what} is no integer, slice, None, ellipsis, or integer or boolean array.",
        "Convert floating indices with .astype(int).",
    )


def _mask_arrays(mask: Any, shape: Ints, axis: int | None) -> list[Any]:
    value = concrete(mask)
    if value is None:
        raise NonConcreteBooleanIndexError(
            f"A boolean mask of shape {shape_of(mask)} as an index: how many of its elements are "
            "true is not known under jit and vmap.",
            "Write fnp.where(mask, x, other) or x.at[…] with integer indices; or give "
            "fnp.nonzero(mask, size=n) a fixed number.",
        )
    if value.ndim == 0:
        raise OptionError(
            "A single boolean as an index is not supported under a transform.",
            "Use fnp.where, or an if on a known value.",
        )
    if axis is not None and shape[axis : axis + value.ndim] != value.shape:
        raise IndexBoundsError(
            f"A boolean mask of shape {value.shape} does not fit the axes "
            f"{shape[axis : axis + value.ndim]} of the array.",
            "A mask has the shape of the axes it indexes.",
        )
    return list(value.nonzero())


def _position(entry: Any, length: int, axis: int) -> int:
    place = operator.index(entry)
    if not -length <= place < length:
        raise _out_of_bounds(place, length, axis)
    return place + length if place < 0 else place


def _out_of_bounds(place: int, length: int, axis: int) -> IndexBoundsError:
    return IndexBoundsError(
        f"Index {place} is out of bounds for axis {axis} with size {length}.",
        "Indices run from −size to size − 1.",
    )


# --- x[index] ------------------------------------------------------------------------------------


def getitem(x: Any, index: Any, mode: str = "raise", fill: Any = 0.0) -> Any:
    """``x[index]`` by NumPy's rules; indices and ``x`` may be traced."""
    shape = shape_of(x)
    short = _ints_and_slices(shape, index if type(index) is tuple else (index,))
    if short is not None:
        starts, limits, steps, kept = short
        return layout.reshape(layout.slice_(x, starts, limits, steps), kept)
    plan = resolve(shape, index)
    x = _apply_slices(x, plan)
    if plan.arrays:
        axes = tuple(plan.arrays)
        indices = tuple(to_shape(i, plan.block) for i in plan.arrays.values())
        x = gather(x, indices, axes, mode, fill)
        x = _place_block(x, plan)
    return layout.reshape(x, _result_shape(plan))


def _ints_and_slices(shape: Ints, items: tuple[Any, ...]) -> tuple[Ints, Ints, Ints, Ints] | None:
    """The short path of ints and forward slices: starts, limits, steps and the result's shape."""
    if len(items) > len(shape):
        return None
    starts, limits, steps, kept = [], [], [], []
    for axis, item in enumerate(items):
        kind = type(item)
        if kind is int:
            start = _position(item, shape[axis], axis)
            stop, step = start + 1, 1
        elif kind is slice:
            start, stop, step = item.indices(shape[axis])
            if step < 0:
                return None
            stop = max(start, stop)
            kept.append(len(range(start, stop, step)))
        else:
            return None
        starts.append(start)
        limits.append(stop)
        steps.append(step)
    rest = shape[len(items) :]
    zeros, ones = (0,) * len(rest), (1,) * len(rest)
    return (*starts, *zeros), (*limits, *rest), (*steps, *ones), (*kept, *rest)


def _apply_slices(x: Any, plan: Plan) -> Any:
    shape = shape_of(x)
    starts, limits, steps, backwards = [], [], [], []
    for d, (n, cut) in enumerate(zip(shape, plan.slices, strict=True)):
        start, stop, step = (0, n, 1) if cut is None else cut
        if step < 0:  # read forwards from the last element, then turn around
            backwards.append(d)
            count = max(0, -(-(start - stop) // -step))
            start, stop, step = start + (count - 1) * step, start + 1, -step
            start, stop = (start, stop) if count else (0, 0)
        stop = max(start, stop)
        starts.append(start)
        limits.append(stop)
        steps.append(step)
    out = layout.slice_(x, tuple(starts), tuple(limits), tuple(steps))
    return layout.rev(out, tuple(backwards))


def _place_block(x: Any, plan: Plan) -> Any:
    """Move the index arrays' axes, which a gather puts first, to their place in the layout."""
    before = 0
    for item in plan.layout:
        if item == "block":
            break
        before += item is not None
    width = len(plan.block)
    if not before or not width:
        return x
    order = (
        *range(width, width + before),
        *range(width),
        *range(width + before, len(shape_of(x))),
    )
    return layout.transpose(x, order)


def _result_shape(plan: Plan) -> Ints:
    shape: list[int] = []
    for item in plan.layout:
        if item == "block":
            shape += plan.block
        elif item is None:
            shape.append(1)
        else:
            cut = plan.slices[item]
            assert cut is not None
            shape.append(len(range(*cut)))
    return tuple(shape)


# --- at ------------------------------------------------------------------------------------------


class _At:
    """``at(x)``: give it an index, then say what to do there."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> _Place:
        return _Place(self.array, index)

    def __repr__(self) -> str:
        return f"at({self.array!r})"


class _Place:
    """``at(x)[index]``: each method returns a new array with the elements there changed."""

    __slots__ = ("array", "index")

    def __init__(self, array: Any, index: Any) -> None:
        self.array = array
        self.index = index

    def set(self, values: Any, **options: Any) -> Any:
        """The elements replaced by ``values``; of repeated indices the last wins."""
        return _update(self.array, self.index, values, "set", **options)

    def add(self, values: Any, **options: Any) -> Any:
        """``values`` added; repeated indices add up."""
        return _update(self.array, self.index, values, "add", **options)

    def subtract(self, values: Any, **options: Any) -> Any:
        """``values`` subtracted; repeated indices add up."""
        return _update(self.array, self.index, el.negative(values), "add", **options)

    def multiply(self, values: Any, **options: Any) -> Any:
        """Multiplied by ``values``; repeated indices multiply up."""
        return _fold(self, values, el.multiply, "mul", options)

    mul = multiply

    def divide(self, values: Any, **options: Any) -> Any:
        """Divided by ``values``; repeated indices divide again."""
        return _fold(self, values, el.divide, "div", options)

    def power(self, values: Any, **options: Any) -> Any:
        """Raised to the power ``values``; repeated indices raise again."""
        return _fold(self, values, powers.power, "pow", options)

    def min(self, values: Any, **options: Any) -> Any:
        """The smaller of element and value; equal ones share the derivative."""
        return _update(self.array, self.index, values, "min", **options)

    def max(self, values: Any, **options: Any) -> Any:
        """The greater of element and value; equal ones share the derivative."""
        return _update(self.array, self.index, values, "max", **options)

    def apply(self, function: Callable[[Any], Any], **options: Any) -> Any:
        """The elements replaced by ``function`` of them; once each, however often indexed."""
        return _update(self.array, self.index, function(self.get(**options)), "set", **options)

    def get(self, *, mode: str | None = None, fill_value: Any = None, **options: Any) -> Any:
        """The elements themselves; ``mode`` says what indices out of bounds read."""
        _check_hints(options)
        x = array_like(self.array)
        chosen = _mode(mode, reading=True)
        if not has_tracer((x, self.index), {}) and current_trace() is None and chosen == "raise":
            return x[self.index]
        fill = _filling(dtype_of(x)) if fill_value is None else fill_value
        return getitem(x, _with_arrays(self.index, chosen), chosen, fill)

    def __repr__(self) -> str:
        return f"at({self.array!r})[{self.index!r}]"


def at(x: ArrayLike) -> Any:
    """Indexed updates that return a new array: ``at(x)[i].set(v)``, for plain and traced arrays.

    Methods: set, add, subtract, multiply, divide, power, min, max, apply and get. ``mode`` says
    what an index out of bounds does: "raise" (the default) raises IndexError, "drop" leaves the
    update out, "clip" and "wrap" move the index; for ``get``, "fill" reads ``fill_value``.

    >>> import numpy as np
    >>> at(np.zeros(3))[1].set(5.0)
    array([0., 5., 0.])
    """
    return _At(x)


def _mode(mode: str | None, reading: bool) -> str:
    chosen = {None: "raise", "promise_in_bounds": "raise"}.get(mode, mode)
    if reading and chosen == "drop":
        chosen = "fill"
    if not reading and chosen == "fill":
        chosen = "drop"
    if chosen not in MODES:
        raise OptionError(f"mode={mode!r} is not known.", f"Use one of {', '.join(MODES)}.")
    return chosen


def _check_hints(options: dict[str, Any]) -> None:
    for hint in ("indices_are_sorted", "unique_indices", "wrap_negative_indices", "out_sharding"):
        options.pop(hint, None)
    if options:
        raise OptionError(f"at does not know the option {next(iter(options))!r}.")


def _with_arrays(index: Any, mode: str) -> Any:
    """The index with ints as arrays, so that ``mode`` applies to them too."""
    if mode == "raise":
        return index
    items = index if isinstance(index, tuple) else (index,)
    return tuple(np.asarray(i) if type(i) is int or isinstance(i, np.integer) else i for i in items)


def _update(
    array: Any, index: Any, values: Any, op: str, *, mode: str | None = None, **options: Any
) -> Any:
    _check_hints(options)
    x = array_like(array)
    values = cast(operand(values), dtype_of(x))
    chosen = _mode(mode, reading=False)
    shape = shape_of(x)
    plan = resolve(shape, _with_arrays(index, chosen))
    result = _result_shape(plan)
    if common_shape(shape_of(values), result) != result:
        raise ShapeError(
            f"Values of shape {shape_of(values)} do not fit an indexed part of shape {result}.",
            "They must have that shape or broadcast to it.",
        )
    axes, indices, order, part = _scatter_plan(shape, plan)
    values = layout.reshape(to_shape(values, result), part)
    if not axes:
        return _whole(x, values, op)
    updates = layout.transpose(values, order)
    return scatter(x, updates, indices, axes, op, chosen)


_WHOLE = {"add": el.add, "mul": el.multiply, "min": el.minimum, "max": el.maximum}


def _whole(x: Any, values: Any, op: str) -> Any:
    """An update of every element."""
    if op == "set":
        return values.copy() if isinstance(values, np.ndarray) else values
    return _WHOLE[op](x, values)


def _scatter_plan(shape: Ints, plan: Plan) -> tuple[Ints, tuple[Any, ...], Ints, Ints]:
    """Axes and index arrays of the scatter, and how the values get its shape.

    Whole axes stay whole; a partial slice becomes a range of coordinates. The last two results
    are the order of the values' axes for the scatter, and the values' shape without new axes.
    """
    whole = [d for d, n in enumerate(shape) if d in plan.layout and plan.slices[d] == (0, n, 1)]
    dims: list[Any] = []  # the values' axes: an axis number, or "block" once per block axis
    for item in plan.layout:
        if item == "block":
            dims += [("block", i) for i in range(len(plan.block))]
        elif item is not None:
            dims.append(item)
    lengths = {d: len(range(*cut)) for d, cut in enumerate(plan.slices) if cut is not None}
    part = tuple(plan.block[d[1]] if isinstance(d, tuple) else lengths[d] for d in dims)
    front = [i for i, d in enumerate(dims) if d not in whole]
    back = [i for i, d in enumerate(dims) if d in whole]
    outer = tuple(part[i] for i in front)
    axes, indices = [], []
    for d in range(len(shape)):
        if d in whole:
            continue
        cut = plan.slices[d]
        if cut is None:
            local = to_shape(plan.arrays[d], plan.block)
            places = [i for i, f in enumerate(front) if isinstance(dims[f], tuple)]
            index = layout.broadcast_in_dim(local, outer, tuple(places)) if outer else local
        elif d in dims:
            coordinates = np.arange(*cut)
            index = layout.broadcast_in_dim(coordinates, outer, (front.index(dims.index(d)),))
        else:  # an int
            index = np.broadcast_to(np.int64(cut[0]), outer)
        axes.append(d)
        indices.append(index)
    return tuple(axes), tuple(indices), (*front, *back), part


def _fold(place: _Place, values: Any, function: Any, op: str, options: dict[str, Any]) -> Any:
    """Multiply, divide or raise: through reading and setting where no index repeats."""
    if _unique(shape_of(operand(place.array)), place.index) and options.get("mode") is None:
        x = array_like(place.array)
        changed = function(getitem(x, place.index), values)
        return _update(x, place.index, changed, "set", **options)
    x = array_like(place.array)
    if op == "mul":
        return _update(x, place.index, values, "mul", **options)
    factor = _update(el.add(el.multiply(x, 0), 1), place.index, values, "mul", **options)
    return cast(function(x, factor), dtype_of(x))


def _unique(shape: Ints, index: Any) -> bool:
    """Whether it is known that the index names no element twice."""
    items = index if isinstance(index, tuple) else (index,)
    arrays = [i for i in items if isinstance(i, Tracer | np.ndarray | list)]
    if any(concrete_index(i) is None for i in arrays):
        return all(shape_of(i) == () for i in arrays)
    known = tuple(concrete_index(i) if isinstance(i, Tracer | list) else i for i in items)
    if not arrays:
        return True
    places = np.arange(math.prod(shape)).reshape(shape)[known]
    return bool(np.unique(places).size == places.size)


def concrete_index(x: Any) -> Any:
    """The known array behind an index item, or None."""
    return concrete(array_like(x)) if has_tracer((x,), {}) else np.asarray(x)


def _filling(dtype: np.dtype[Any]) -> Any:
    """What stands for a missing element: NaN, the integer farthest from 0, True."""
    if dtype.kind in "fc":
        return np.nan
    if dtype.kind == "b":
        return True
    return np.iinfo(dtype).min if dtype.kind == "i" else np.iinfo(dtype).max


# --- functions that read at indices --------------------------------------------------------------


def take(
    a: ArrayLike,
    indices: ArrayLike,
    axis: int | None = None,
    out: Array | None = None,
    mode: str = "raise",
    fill_value: ArrayLike | None = None,
) -> ArrayOrScalar:
    """Elements at integer indices along an axis, or of the flattened array.

    ``mode``: raise, clip, wrap, or fill (with ``fill_value``, by default NaN, or for integers the
    value farthest from 0).

    >>> ft.vjp(lambda x: fnp.take(x, [0, 0, 2]), np.zeros(3))[1](np.ones(3))
    (array([2., 0., 1.]),)
    """
    if mode == "fill":  # which NumPy does not have
        return take_traced(a, indices, axis, out, mode, fill_value)
    return _take(a, indices, axis, out, mode)


def _numpy_take(a: Any, indices: Any, axis: Any, out: Any, mode: Any) -> Any:
    return np.take(a, indices, axis, out, mode)


def take_traced(
    a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise",
    fill_value: Any = None,
) -> Any:  # fmt: skip
    """:func:`take` for traced values."""
    no_out("take", out)
    x = array_like(a)
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_index(axis, len(shape_of(x)))
    index = np.asarray(indices) if isinstance(indices, int) else array_like(indices)
    if dtype_of(index).kind not in "iu":
        if shape_of(index) != (0,):
            raise _bad_index(index)
        index = np.zeros(0, np.int64)
    if mode == "clip":  # NumPy's take clips negative indices to 0
        index = el.maximum(index, 0)
    fill = _filling(dtype_of(x)) if fill_value is None else fill_value
    y = gather(x, (index,), (axis,), _mode(mode, reading=True), fill)
    width = len(shape_of(index))
    order = (*range(width, width + axis), *range(width), *range(width + axis, len(shape_of(y))))
    return layout.transpose(y, order)


_take = door(_numpy_take)(take_traced)
TRACED[np.take] = take_traced


@door(np.take_along_axis)
def take_along_axis(arr: ArrayLike, indices: ArrayLike, axis: int | None = -1) -> Array:
    """Along an axis, one element for each of ``indices``, as argsort and argmax give them.

    >>> x = np.array([[3.0, 1.0], [2.0, 5.0]])
    >>> fnp.take_along_axis(x, fnp.argsort(x, axis=1), axis=1)
    array([[1., 3.],
           [2., 5.]])
    """
    x, index = array_like(arr), array_like(indices)
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_index(axis, len(shape_of(x)))
    if len(shape_of(x)) != len(shape_of(index)):
        raise ShapeError(
            f"take_along_axis got {len(shape_of(index))} axes of indices for an array of "
            f"{len(shape_of(x))} axes.",
            "Both have the same number of axes.",
        )
    rest = tuple(1 if d == axis else n for d, n in enumerate(shape_of(x)))
    index_rest = tuple(1 if d == axis else n for d, n in enumerate(shape_of(index)))
    outer = common_shape(rest, index_rest)
    x = to_shape(x, _replaced(outer, axis, shape_of(x)[axis]))
    index = to_shape(index, _replaced(outer, axis, shape_of(index)[axis]))
    return red.take_along_axis(x, index, axis)


def _replaced(shape: Ints, axis: int, length: int) -> Ints:
    return (*shape[:axis], length, *shape[axis + 1 :])


@door(np.diagonal)
def diagonal(a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """A diagonal of two axes, as the last axis of the result.

    >>> fnp.diagonal(np.array([[1, 2], [3, 4]]))
    array([1, 4])
    """
    x = array_like(a)
    rank = len(shape_of(x))
    first, second = axis_index(axis1, rank), axis_index(axis2, rank)
    if first == second:
        raise ShapeError("The two axes of a diagonal must differ.")
    rest = tuple(d for d in range(rank) if d not in (first, second))
    rows, columns = shape_of(x)[first], shape_of(x)[second]
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    places = np.arange(length)
    y = gather(x, (places - min(offset, 0), places + max(offset, 0)), (first, second))
    return layout.transpose(y, (*range(1, len(rest) + 1), 0))
