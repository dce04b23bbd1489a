"""Functions over the rows of tensors: map_fn, scan, foldl, foldr, vectorized_map.

Like the loops in :mod:`functrans.tf.control`, they are run by Python where values are known, and
are one operation where functions are traced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import functrans as ft
from functrans.tf import nest
from functrans.tf.control import (
    check_callable,
    is_known,
    is_traced_by_function,
    with_control_flow,
)
from functrans.tf.convert import as_tensor, convert_to_tensor
from functrans.tf.dtypes import as_dtype
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidIndexError,
    InvalidValueError,
    OutOfRangeError,
)
from functrans.tf.pieces import along
from functrans.tf.tensor import Tensor, mapped_rows, value, wrap
from functrans.tf.tensor_array import TensorArray

Function = Callable[..., Any]


def map_fn(
    fn: Any,
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """``fn`` of every row of ``elems``, with the results stacked.

    ``elems`` may be a structure of tensors with equally many rows; ``fn`` is given one such
    structure. ``fn_output_signature`` (or ``dtype``) says the structure and dtypes of its results
    where they aren't those of ``elems``.

    Raises
    ------
    InvalidValueError: results of another structure, or of several shapes.
    InvalidArgumentError: results of another dtype.

    >>> import functrans.tf as tf
    >>> tf.map_fn(lambda x: x * x, tf.constant([1.0, 2.0])).numpy()
    array([1., 4.], dtype=float32)
    """
    check_callable("fn", fn)
    fn = with_control_flow(fn)
    rows = _rows_of(elems)
    signature = fn_output_signature if fn_output_signature is not None else dtype
    if signature is None:
        signature = nest.map_structure(lambda x: as_tensor(x).dtype, elems)
    dtypes = nest.map_structure(_dtype_of, signature)

    def call(leaves: Sequence[Tensor]) -> list[Tensor]:
        return _results(fn(nest.pack_sequence_as(elems, leaves)), dtypes)

    if _runs_compiled(rows):
        _, stacks = _scanned(lambda _, leaves: ([], call(leaves)), [], rows, reverse=False)
    else:
        kept = [call(leaves) for leaves in zip(*rows, strict=True)]
        stacks = _stacks(kept, nest.flatten(dtypes), infer_shape)
    return nest.pack_sequence_as(dtypes, stacks)


def _stacks(kept: Sequence[Sequence[Tensor]], dtypes: Sequence[Any], infer: bool) -> list[Tensor]:
    """The tensors that stand in the same places of several lists, stacked."""
    arrays = [TensorArray(d, size=len(kept), infer_shape=infer) for d in dtypes]
    for i, tensors in enumerate(kept):
        for array, x in zip(arrays, tensors, strict=True):
            array.write(i, x)
    return [array.stack() for array in arrays]


def _scanned(
    step: Callable[[Sequence[Tensor], Sequence[Tensor]], tuple[Sequence[Tensor], Sequence[Tensor]]],
    start: Sequence[Tensor],
    rows: Sequence[Tensor],
    reverse: bool,
) -> tuple[list[Tensor], list[Tensor]]:
    """A loop over rows as one operation: the last carried tensors, and those it yields, stacked."""
    carried = [value(x) for x in start]
    count = len(carried)

    def flat(leaves: Sequence[Any]) -> list[Any]:
        tensors = [wrap(v) for v in leaves]
        after, each = step(tensors[:count], tensors[count:])
        return [value(x) for x in (*after, *each)]

    last, each = along(flat, carried, [value(x) for x in rows], reverse=reverse)
    return [wrap(v) for v in last], [wrap(v) for v in each]


def _dtype_of(spec: Any) -> Any:
    return as_dtype(getattr(spec, "dtype", spec))


def _results(result: Any, dtypes: Any) -> list[Tensor]:
    """What one call returned, in the dtypes promised."""
    nest.assert_same_structure(dtypes, result)
    found = []
    for x, dtype in zip(nest.flatten(result), nest.flatten(dtypes), strict=True):
        tensor = convert_to_tensor(x, dtype_hint=dtype)
        if tensor.dtype is not dtype:
            raise InvalidArgumentError.at(
                f"TensorArray dtype is {dtype.name} but Op is trying to write dtype "
                f"{tensor.dtype.name} ",
                f"Say what is returned: fn_output_signature=tf.{tensor.dtype.name}.",
            )
        found.append(tensor)
    return found


def scan(
    fn: Any,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """All states ``a = fn(a, row)`` along the rows of ``elems``, stacked.

    It starts with ``initializer``, or with the first row, which is then the first state.
    ``reverse`` goes from the last row to the first; states keep the places of their rows.

    >>> import functrans.tf as tf
    >>> tf.scan(lambda a, x: a + x, tf.constant([1, 2, 3])).numpy()
    array([1, 3, 6], dtype=int32)
    """
    check_callable("fn", fn)
    states, _ = _fold(fn, elems, initializer, reverse, keep=True)
    return states


def foldl(
    fn: Any,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """The last state of ``a = fn(a, row)`` along the rows of ``elems``.

    It starts with ``initializer``, or with the first row.

    >>> import functrans.tf as tf
    >>> tf.foldl(lambda a, x: a - x, tf.constant([1, 2, 3])).numpy()
    np.int32(-4)
    """
    check_callable("fn", fn)
    _, last = _fold(fn, elems, initializer, reverse=False, keep=False)
    return last


def foldr(
    fn: Any,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """As :func:`foldl`, from the last row to the first.

    >>> import functrans.tf as tf
    >>> tf.foldr(lambda a, x: a - x, tf.constant([1, 2, 3])).numpy()
    np.int32(0)
    """
    check_callable("fn", fn)
    _, last = _fold(fn, elems, initializer, reverse=True, keep=False)
    return last


def _fold(fn: Function, elems: Any, initializer: Any, reverse: bool, keep: bool) -> Any:
    """All states, where they are to be kept, and the last one."""
    rows = _rows_of(elems)
    count = len(rows[0])
    if initializer is None:
        if not count:
            raise OutOfRangeError.at(
                "Tried to read from index 0 but array size is: 0 ", "Give an initializer."
            )
        end = count - 1 if reverse else 0
        state = nest.pack_sequence_as(elems, [x[end] for x in rows])
        first = [state]
        rows = [x[:-1] if reverse else x[1:] for x in rows]
    else:
        state = nest.map_structure(as_tensor, initializer)
        first = []

    def call(before: Any, leaves: Sequence[Tensor]) -> Any:
        result = fn(before, nest.pack_sequence_as(elems, leaves))
        nest.assert_same_structure(state, result)
        return nest.map_structure(
            lambda s, x: convert_to_tensor(x, dtype_hint=s.dtype), state, result
        )

    if not _runs_compiled(rows):
        kept = [nest.flatten(x) for x in first]
        steps = list(zip(*rows, strict=True))
        last = state
        for leaves in reversed(steps) if reverse else steps:
            last = call(last, leaves)
            if keep:
                kept.append(nest.flatten(last))
        kept = kept[::-1] if reverse else kept
        dtypes = [x.dtype for x in nest.flatten(last)]
        return nest.pack_sequence_as(state, _stacks(kept, dtypes, infer=True)), last

    def turn(carry: Sequence[Tensor], leaves: Sequence[Tensor]) -> Any:
        after = nest.flatten(call(nest.pack_sequence_as(state, carry), leaves))
        return after, after if keep else []

    ends, stacks = _scanned(turn, nest.flatten(state), rows, reverse)
    last = nest.pack_sequence_as(state, ends)
    if not keep:
        return None, last
    states = nest.pack_sequence_as(state, stacks)
    return (_joined(first[0], states, reverse) if first else states), last


def _joined(first: Any, states: Any, reverse: bool) -> Any:
    """The states with the first one in its place at an end."""

    def join(one: Tensor, many: Tensor) -> Tensor:
        parts = [value(one[None]), value(many)]
        return wrap(ft.numpy.concatenate(parts[::-1] if reverse else parts))

    return nest.map_structure(join, first, states)


def _rows_of(elems: Any) -> list[Tensor]:
    """The tensors in a structure, which must have equally many rows."""
    tensors = [as_tensor(x) for x in nest.flatten(elems)]
    if not tensors:
        raise InvalidValueError(
            "elems must be a Tensor or (possibly nested) sequence of Tensors. Got "
            f"{elems}, which does not contain any Tensors.",
            "Give at least one tensor.",
        )
    for x in tensors:
        if not x._v.shape:
            raise InvalidValueError(
                "Elements in elems must be 1+ dimensional Tensors, not scalars",
                "A list is a structure here: make a tensor of it, tf.constant([…]).",
            )
    sizes = [int(x._v.shape[0]) for x in tensors]
    for size in sizes:
        if size != sizes[0]:
            raise InvalidValueError(
                f"Dimensions {sizes[0]} and {size} are not compatible",
                "All tensors need equally many rows.",
            )
    return tensors


def _runs_compiled(rows: list[Tensor]) -> bool:
    return is_traced_by_function() or not all(is_known(x) for x in rows)


def vectorized_map(
    fn: Any, elems: Any, fallback_to_while_loop: bool = True, warn: bool = True
) -> Any:
    """``fn`` of every row of ``elems``, computed for all rows at once by functrans.vmap.

    ``elems`` may be a structure of tensors; one with a single row serves all rows of the others.
    ``fn`` may use tapes. Python doesn't see single values in it. ``fallback_to_while_loop`` and
    ``warn`` are accepted: every operation here has its rule.

    >>> import functrans.tf as tf
    >>> tf.vectorized_map(lambda x: x * x, tf.constant([1.0, 2.0])).numpy()
    array([1., 4.], dtype=float32)
    """
    check_callable("fn", fn)
    tensors = [as_tensor(x) for x in nest.flatten(elems)]
    if any(not x._v.shape for x in tensors):
        raise InvalidIndexError(
            "list index out of range: vectorized_map was given a scalar.", "Give tensors with rows."
        )
    size = max((int(x._v.shape[0]) for x in tensors), default=0)
    if any(x._v.shape[0] not in (1, size) for x in tensors):
        raise InvalidArgumentError.at(
            f"vectorized_map was given tensors of {[int(x._v.shape[0]) for x in tensors]} rows.",
            "All tensors need equally many rows, or one.",
        )
    shared = [size > 1 and x._v.shape[0] == 1 for x in tensors]
    structures: list[Any] = []

    def each(row: Any, leaves: list[Any]) -> list[Any]:
        token = mapped_rows.set((*mapped_rows.get(), row))
        try:
            result = fn(nest.pack_sequence_as(elems, [wrap(v) for v in leaves]))
        finally:
            mapped_rows.reset(token)
        structures.append(result)
        return [None if x is None else value(as_tensor(x)) for x in nest.flatten(result)]

    values = [value(x[0] if one else x) for x, one in zip(tensors, shared, strict=True)]
    axes = [None if one else 0 for one in shared]
    found = ft.vmap(each, in_axes=(0, axes), axis_size=size)(np.arange(size), values)
    leaves = [None if v is None else wrap(v) for v in found]
    return nest.pack_sequence_as(structures[0], leaves)
