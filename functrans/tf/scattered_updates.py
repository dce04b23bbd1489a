"""The methods of variables that read and write at positions: sparse_read, scatter_add, …"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from functrans import numpy as fnp
from functrans.tf.convert import as_tensor
from functrans.tf.errors import InvalidArgumentError, InvalidTypeError
from functrans.tf.gathering import (
    batch_positions,
    check_positions,
    gather,
    gather_nd,
    nd_positions,
)
from functrans.tf.indexed import IndexedSlices
from functrans.tf.layouts import check_indices, shape_text
from functrans.tf.tensor import Tensor, one_update, value
from functrans.tf.words import operation

_VERBS = {
    "add": ("add", "Add the rows of a tf.IndexedSlices"),
    "sub": ("subtract", "Subtract the rows of a tf.IndexedSlices"),
    "update": ("set", "Write the rows of a tf.IndexedSlices"),
    "mul": ("multiply", "Multiply by the rows of a tf.IndexedSlices"),
    "div": ("divide", "Divide by the rows of a tf.IndexedSlices"),
    "min": ("min", "Keep the smaller of a row and that of a tf.IndexedSlices"),
    "max": ("max", "Keep the larger of a row and that of a tf.IndexedSlices"),
}
"""What is done at positions: the method of ``functrans.numpy.at``, and the same in words."""

_ND_VERBS = {
    "add": "Add updates",
    "sub": "Subtract updates",
    "update": "Write updates",
    "min": "Keep the smaller of elements and updates",
    "max": "Keep the larger of elements and updates",
}


def attach(cls: type) -> None:
    """Give the class of variables these methods."""
    for verb in _VERBS:
        setattr(cls, f"scatter_{verb}", _alone(_scatter(verb)))
    for verb in _ND_VERBS:
        setattr(cls, f"scatter_nd_{verb}", _alone(_scatter_nd(verb)))
    for method in (sparse_read, _alone(batch_scatter_update)):
        setattr(cls, method.__name__, method)
    cls.gather_nd = read_nd  # type: ignore[attr-defined]  # as the others, under a taken name


def _alone(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that reads and stores, so that no update of another thread comes between."""

    @wraps(method)
    def run(*args: Any, **kwargs: Any) -> Any:
        with one_update:
            return method(*args, **kwargs)

    return run


def sparse_read(self: Any, indices: Any, name: str | None = None) -> Tensor:
    """The rows at some positions; their gradient is a tf.IndexedSlices."""
    return gather(self, indices)


def read_nd(self: Any, indices: Any, name: str | None = None) -> Tensor:
    """The slices at coordinates, which lie along the last axis of ``indices``."""
    return gather_nd(self, indices)


def batch_scatter_update(
    self: Any, sparse_delta: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Write updates at positions of the last axis that the indices have, batch by batch."""
    indices, updates = _parts(self, sparse_delta)
    i = value(indices)
    places = (*batch_positions(i.shape, len(i.shape) - 1), i)
    self._store(_changed("BatchScatterUpdate", "set", self._current(), places, value(updates)))
    return self._after(read_value=True)


def _scatter(verb: str) -> Callable[..., Any]:
    how, does = _VERBS[verb]
    op = f"ResourceScatter{verb.capitalize()}"

    def scatter(
        self: Any, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        indices, updates = _parts(self, sparse_delta)
        i, new, v = value(indices), value(updates), self._current()
        check_positions(op, "indices", i, v.shape[0])
        if new.shape and new.shape != i.shape + v.shape[1:]:
            raise InvalidArgumentError.at(
                f"The shape of indices ({shape_text(i.shape)}) must be a prefix of the shape of "
                f"updates ({shape_text(new.shape)}) [Op:{op}] name: ",
                "Give one row for each index, or a scalar for all.",
            )
        self._store(_changed(op, how, v, i, new))
        return self._after(read_value=True)

    scatter.__name__ = f"scatter_{verb}"
    scatter.__doc__ = f"{does} at its indices; the rows in between stay."
    return scatter


def _scatter_nd(verb: str) -> Callable[..., Any]:
    how = _VERBS[verb][0]
    op = f"ResourceScatterNd{verb.capitalize()}"

    def scatter_nd(self: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
        where = as_tensor(indices)
        check_indices(op, "Tindices", where)
        i, new, v = value(where), value(as_tensor(updates, self._dtype)), self._current()
        places = tuple(nd_positions(op, i, v.shape))
        expected = i.shape[:-1] + v.shape[i.shape[-1] :]
        if new.shape != expected:
            raise InvalidArgumentError.at(
                f"Dimensions [0,{len(i.shape) - 1}) of indices[shape={shape_text(i.shape)}] must "
                f"match those of updates[shape={shape_text(new.shape)}], which should have the "
                f"shape {shape_text(expected)} [Op:{op}] name: ",
                "There is one update for each coordinate, of the shape of what it changes.",
            )
        self._store(_changed(op, how, v, places, new))
        return self._after(read_value=True)

    scatter_nd.__name__ = f"scatter_nd_{verb}"
    scatter_nd.__doc__ = f"{_ND_VERBS[verb]} at coordinates, the last axis of ``indices``."
    return scatter_nd


def _parts(variable: Any, slices: Any) -> tuple[Tensor, Tensor]:
    """The indices of rows, and the rows in the variable's dtype."""
    if not isinstance(slices, IndexedSlices):
        raise InvalidTypeError(
            f"Argument `sparse_delta` must be a `tf.IndexedSlices`. Received arg: {slices}",
            "Write tf.IndexedSlices(values, indices).",
        )
    return as_tensor(slices.indices), as_tensor(slices.values, variable._dtype)


def _changed(op: str, how: str, v: Any, places: Any, new: Any) -> Any:
    return operation(op)(getattr(fnp.at(v)[places], how))(new)
