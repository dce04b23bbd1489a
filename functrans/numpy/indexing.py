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
    ArgumentError,
    IndexBoundsError,
    NonConcreteBooleanIndexError,
    OptionError,
    ShapeError,
)
from functrans.numpy import elementwise as el
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
    result_dtype,
    shape_tuple,
    strong,
    to_shape,
)
from functrans.numpy.shaping import ravel
from functrans.primitives import layout, linear
from functrans.primitives import reductions as red
from functrans.primitives.indexing import MODES, gather, scatter

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
            indexed[axis] = _bounded(entry, shape[axis], axis)
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
            new = _entry(item, shape, used if ellipsis is None else None, items)
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


def _entry(item: Any, shape: Ints, axis: int | None, items: tuple[Any, ...]) -> list[Any]:
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


def _bounded(entry: Any, length: int, axis: int) -> Any:
    return np.asarray(entry) if isinstance(entry, int) else entry


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
        return _fold(self, values, el.power, "pow", options)

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


def at(x: Any) -> Any:
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
    a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise",
    fill_value: Any = None,
) -> Any:  # fmt: skip
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
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
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


@door(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> Any:
    """Refused: traced arrays are never changed in place.

    Plain arrays are changed by NumPy's function.

    >>> x = np.array([[3, 1], [2, 5]])
    >>> fnp.at(x)[np.arange(2), fnp.argmin(x, axis=1)].set(0)
    array([[3, 0],
           [0, 5]])
    """
    raise ArgumentError(
        "put_along_axis changes an array in place, which a traced array cannot do.",
        "Write x = x.at[…].set(values).",
    )


@door(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
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


# --- choosing by masks ---------------------------------------------------------------------------


def where(
    condition: Any, x: Any = None, y: Any = None, /, *, size: int | None = None,
    fill_value: Any = None,
) -> Any:  # fmt: skip
    """``x`` where the condition holds, else ``y``; the derivative of the other does not leak.

    With the condition alone: its indices, as :func:`nonzero` gives them.

    >>> ft.vmap(ft.grad(lambda x: fnp.where(x > 0.0, x * x, 0.0)))(np.array([3.0, -1.0]))
    array([ 6., -0.])
    >>> ft.jit(lambda x: fnp.where(x > 1, size=3, fill_value=-1))(np.array([5, 0, 7]))
    (array([ 0,  2, -1]),)
    """
    if x is None and y is None:
        return nonzero(condition, size=size, fill_value=fill_value)
    if x is None or y is None:
        raise ArgumentError("where takes either both or neither of x and y.")
    return _either(condition, x, y)


def _numpy_where(condition: Any, x: Any, y: Any) -> Any:
    return np.where(condition, x, y)


@door(_numpy_where)
def _either(condition: Any, x: Any, y: Any) -> Any:
    return strong(el.select(condition, x, y))


@door(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """The first choice whose condition holds, elsewhere the default.

    >>> x = np.array([1, 5, 9])
    >>> fnp.select([x < 3, x < 7], [x, 10 * x], -1)
    array([ 1, 50, -1])
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ArgumentError("select needs as many conditions as choices, and at least one.")
    result = default
    for condition, choice in list(zip(condlist, choicelist, strict=True))[::-1]:
        result = el.select(condition, choice, result)
    dtype = result_dtype(*map(operand, choicelist), operand(default))
    return cast(result, dtype)


@door(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """``choices[a]`` elementwise; ``a`` must be in range, or ``mode`` clip or wrap.

    >>> fnp.choose(np.array([0, 1, 0]), [np.array([1, 2, 3]), 10])
    array([ 1, 10,  3])
    """
    no_out("choose", out)
    index = array_like(a)
    items = [operand(c) for c in choices]
    dtype = result_dtype(*items)
    if mode == "wrap":
        index = el.mod(index, len(items))
    elif mode == "clip":
        index = el.clip(index, 0, len(items) - 1)
    shape = common_shape(shape_of(index), *map(shape_of, items))
    cases = layout.concatenate(
        [layout.expand_dims(to_shape(cast(c, dtype), shape), (0,)) for c in items], 0
    )
    picked = red.take_along_axis(cases, layout.expand_dims(to_shape(index, shape), (0,)), 0)
    return layout.reshape(picked, shape)


@door(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Functions (or numbers) chosen by conditions; every function is evaluated everywhere.

    >>> x = np.array([-1.0, 2.0])
    >>> fnp.piecewise(x, [x < 0, x >= 0], [lambda v: -v, lambda v: v * v])
    array([1., 4.])
    """
    x = array_like(x)
    conditions = condlist if isinstance(condlist, list | tuple) else [condlist]
    functions = list(funclist)
    default: Any = functions.pop() if len(functions) == len(conditions) + 1 else 0
    if len(functions) != len(conditions):
        raise ArgumentError("piecewise needs one function for each condition, or one more.")

    def value(f: Any) -> Any:
        return f(x, *args, **kw) if callable(f) else f

    result = cast(to_shape(array_like(value(default)), shape_of(x)), dtype_of(x))
    for condition, f in zip(conditions, functions, strict=True):
        result = cast(el.select(condition, value(f), result), dtype_of(x))
    return result


@door(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """The sub-arrays along an axis where a known condition holds.

    Under jit and vmap the condition must be a plain array: it decides the shape.

    >>> fnp.compress([True, False, True], np.array([1, 2, 3]))
    array([1, 3])
    """
    no_out("compress", out)
    mask = _counted("compress", array_like(condition))
    return take(a, np.flatnonzero(mask), axis)


@door(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    """The elements where a known condition holds.

    Under jit and vmap the condition must be a plain array: it decides the shape.

    >>> fnp.extract(np.array([True, False, True]), np.array([1, 2, 3]))
    array([1, 3])
    """
    mask = _counted("extract", array_like(condition))
    return take(ravel(arr), np.flatnonzero(mask), 0)


# --- places of true elements ---------------------------------------------------------------------


def _counted(name: str, mask: Any) -> Any:
    value = concrete(mask)
    if value is None:
        raise NonConcreteBooleanIndexError(
            f"{name} needs to know how many elements are not zero: they decide the result's shape.",
            "Give the number to fnp.nonzero, flatnonzero, argwhere or unique, as size=n; or keep "
            "all elements with fnp.where(mask, x, 0).",
        )
    return value


def nonzero_traced(a: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The indices of the elements that are not zero, one array for each axis."""
    x = array_like(a)
    shape = shape_of(x)
    if size is None:
        return _counted("nonzero", x).nonzero()
    if not shape:
        raise ShapeError("nonzero needs at least one axis.", "Use fnp.atleast_1d.")
    mask = ravel(el.truth(x))
    total = math.prod(shape)
    # A stable sort of the negated mask puts the places of true elements first, in order.
    order = red.argsort(el.logical_not(mask), 0)
    if total < size:
        order = linear.pad(order, np.int64(0), ((0, size - total, 0),))
    flat = layout.slice_axis(order, 0, 0, size)
    count = layout.reduce_sum(cast(mask, np.dtype(np.int64)), (0,))
    real = el.less(np.arange(size), count)
    fill_value = 0 if fill_value is None else fill_value
    fills = fill_value if isinstance(fill_value, tuple) else (fill_value,) * len(shape)
    result = []
    for d, n in enumerate(shape):
        inner = math.prod(shape[d + 1 :])
        place = el.remainder(el.floor_divide(flat, max(inner, 1)), max(n, 1))
        result.append(cast(el.select(real, place, fills[d]), np.dtype(np.int64)))
    return tuple(result)


def nonzero(a: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The indices of the elements that are not zero, one array for each axis.

    ``size`` fixes their number, which jit and vmap need: the first ``size`` places, then
    ``fill_value`` (0 when not given).

    >>> ft.jit(lambda x: fnp.nonzero(x, size=2))(np.array([0, 7, 0, 9]))
    (array([1, 3]),)
    """
    if size is None and current_trace() is None and not isinstance(a, Tracer):
        return np.nonzero(a)
    return nonzero_traced(a, size=size, fill_value=fill_value)


def flatnonzero(a: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The indices of the elements that are not zero in the flattened array.

    ``size`` and ``fill_value`` as in :func:`nonzero`.

    >>> fnp.flatnonzero(np.array([[0, 7], [9, 0]]))
    array([1, 2])
    """
    if size is None:
        return np.flatnonzero(_counted("flatnonzero", array_like(a)))
    return nonzero_traced(ravel(a), size=size, fill_value=fill_value)[0]


def argwhere(a: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The indices of the elements that are not zero, one row for each.

    ``size`` and ``fill_value`` as in :func:`nonzero`.

    >>> fnp.argwhere(np.array([[0, 7], [9, 0]]))
    array([[0, 1],
           [1, 0]])
    """
    if size is None and current_trace() is None and not isinstance(a, Tracer):
        return np.argwhere(a)
    columns = nonzero_traced(a, size=size, fill_value=fill_value)
    if isinstance(columns[0], Tracer):
        return layout.concatenate([layout.expand_dims(c, (1,)) for c in columns], 1)
    return np.stack(columns, 1)


def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
    axis: Any = None, *, equal_nan: bool = True, size: int | None = None, fill_value: Any = None,
) -> Any:  # fmt: skip
    """The sorted distinct elements; derivatives follow the first occurrence.

    ``size`` fixes their number, which jit and vmap need; then only the flattened array is
    supported, and missing elements are ``fill_value`` (the smallest element when not given).

    >>> fnp.unique(np.array([3, 1, 3]))
    array([1, 3])
    >>> ft.jit(lambda x: fnp.unique(x, size=3, fill_value=0))(np.array([3, 1, 3]))
    array([1, 3, 0])
    """
    if size is None and current_trace() is None and not isinstance(ar, Tracer):
        return np.unique(  # type: ignore[call-overload]
            ar, return_index, return_inverse, return_counts, axis, equal_nan=equal_nan
        )
    if size is None:
        value = _counted("unique", array_like(ar))
        results: Any = np.unique(  # type: ignore[call-overload]
            value, True, return_inverse, return_counts, axis, equal_nan=equal_nan
        )
        first = results[1]
        values = take(ravel(ar) if axis is None else ar, first, 0 if axis is None else axis)
        chosen = [values, *([first] if return_index else []), *results[2:]]
        return chosen[0] if len(chosen) == 1 else tuple(chosen)
    if axis is not None:
        raise OptionError("unique with size= works on the flattened array.", "Leave out axis.")
    return _unique_sized(ravel(ar), return_index, return_inverse, return_counts, size, fill_value)


def _unique_sized(
    x: Any, index: bool, inverse: bool, counts: bool, size: int, fill_value: Any
) -> Any:
    n = shape_of(x)[0]
    order = red.argsort(x, 0)
    ordered = red.take_along_axis(x, order, 0)
    changed = el.not_equal(
        layout.slice_axis(ordered, 0, 1, n), layout.slice_axis(ordered, 0, 0, n - 1)
    )
    fresh = layout.concatenate([np.ones(1, bool), changed], 0)
    starts = nonzero_traced(fresh, size=size, fill_value=0)[0]
    total = layout.reduce_sum(cast(fresh, np.dtype(np.int64)), (0,))
    real = el.less(np.arange(size), total)
    values = gather(ordered, (starts,), (0,))
    if fill_value is not None:
        values = el.select(real, values, dtype_of(x).type(fill_value))
    results = [values]
    if index:
        results.append(gather(order, (starts,), (0,)))
    group = el.subtract(red.cumulative("add", cast(fresh, np.dtype(np.int64)), 0), 1)
    zeros = layout.broadcast_in_dim(np.int64(0), (n,), ())
    if inverse:
        results.append(scatter(zeros, group, (order,), (0,), "set"))
    if counts:
        slots = layout.broadcast_in_dim(np.int64(0), (size,), ())
        results.append(scatter(slots, el.add(zeros, 1), (group,), (0,), "add", "drop"))
    return results[0] if len(results) == 1 else tuple(results)


# --- indices of known shapes ---------------------------------------------------------------------


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, ...]:
    """Rows and columns of the elements at and below a diagonal.

    >>> fnp.tril_indices(2)
    (array([0, 1, 1]), array([0, 0, 1]))
    """
    return np.tril_indices(n, k, m)


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, ...]:
    """Rows and columns of the elements at and above a diagonal.

    >>> fnp.triu_indices(2)
    (array([0, 0, 1]), array([0, 1, 1]))
    """
    return np.triu_indices(n, k, m)


def diag_indices(n: int, ndim: int = 2) -> tuple[Any, ...]:
    """The indices of the main diagonal.

    >>> fnp.diag_indices(2)
    (array([0, 1]), array([0, 1]))
    """
    return np.diag_indices(n, ndim)


@door(np.tril_indices_from)
def tril_indices_from(arr: Any, k: int = 0) -> tuple[Any, ...]:
    """:func:`tril_indices` for the shape of a matrix.

    >>> x = np.array([[1, 2], [3, 4]])
    >>> x[fnp.tril_indices_from(x)]
    array([1, 3, 4])
    """
    rows, columns = shape_of(operand(arr))
    return np.tril_indices(rows, k, columns)


@door(np.triu_indices_from)
def triu_indices_from(arr: Any, k: int = 0) -> tuple[Any, ...]:
    """:func:`triu_indices` for the shape of a matrix.

    >>> x = np.array([[1, 2], [3, 4]])
    >>> x[fnp.triu_indices_from(x)]
    array([1, 2, 4])
    """
    rows, columns = shape_of(operand(arr))
    return np.triu_indices(rows, k, columns)


@door(np.ix_)
def ix_(*args: Any) -> tuple[Any, ...]:
    """Vectors of indices shaped so that together they index a grid.

    >>> np.arange(9).reshape(3, 3)[fnp.ix_([0, 2], [1, 2])]
    array([[1, 2],
           [7, 8]])
    """
    result = []
    for place, a in enumerate(args):
        x = array_like(a)
        x = _counted("nonzero", x).nonzero()[0] if dtype_of(x).kind == "b" else x
        shape = tuple(shape_of(x)[0] if d == place else 1 for d in range(len(args)))
        result.append(layout.reshape(x, shape))
    return tuple(result)


@door(np.unravel_index)
def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Any, ...]:
    """Coordinates from indices into the flattened array; out of range they wrap.

    NumPy raises where these wrap.

    >>> fnp.unravel_index(np.array([1, 5]), (2, 3))
    (array([0, 1]), array([1, 2]))
    """
    flat = array_like(indices)
    dims = shape_tuple(shape)
    places = []
    for n in dims[::-1] if order == "C" else dims:
        places.append(el.remainder(flat, n))
        flat = el.floor_divide(flat, n)
    return tuple(places[::-1] if order == "C" else places)


@door(np.ravel_multi_index)
def ravel_multi_index(multi_index: Any, dims: Any, mode: str = "raise", order: str = "C") -> Any:
    """Indices into the flattened array from coordinates, which are not checked.

    >>> fnp.ravel_multi_index((np.array([0, 1]), np.array([1, 2])), (2, 3))
    array([1, 5])
    """
    lengths = shape_tuple(dims)
    pairs = list(zip(multi_index, lengths, strict=True))
    flat: Any = 0
    for i, n in pairs if order == "C" else pairs[::-1]:
        if mode == "clip":
            i = el.clip(i, 0, n - 1)
        elif mode == "wrap":
            i = el.remainder(i, n)
        flat = el.add(el.multiply(flat, n), i)
    return flat


@door(np.isin)
def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False,
    *, kind: Any = None,
) -> Any:  # fmt: skip
    """True where an element is one of ``test_elements``, by comparing with each.

    >>> fnp.isin(np.array([1, 2, 3]), [1, 3])
    array([ True, False,  True])
    """
    x, tests = array_like(element), ravel(test_elements)
    same = el.equal(layout.expand_dims(x, (len(shape_of(x)),)), tests)
    found = red.reduce_or(same, (len(shape_of(x)),))
    return el.logical_not(found) if invert else found


TRACED |= {
    np.where: where,
    np.nonzero: nonzero_traced,
    np.flatnonzero: flatnonzero,
    np.argwhere: argwhere,
    np.unique: unique,
}
