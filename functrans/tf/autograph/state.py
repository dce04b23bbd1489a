"""What a branch or a loop changes: variables in cells, attributes and items.

:class:`Scope` reads and writes them; :class:`Packed` flattens a value to the arrays that programs
carry, and puts results back in its structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from functrans.extend import known
from functrans.tf import nest
from functrans.tf.convert import as_tensor, is_traced
from functrans.tf.errors import InvalidTypeError, InvalidValueError
from functrans.tf.tensor import Tensor, TensorLike, frame, value, wrap
from functrans.tf.tensor_array import TensorArray


class Undefined:
    """Stands for the value of a name that has none."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()
RESULT = "ag__result"
"""The variable of what a function of several returns will return."""


class Place(Protocol):
    """Something that has a value, or none, and can be given another one."""

    name: str

    def get(self) -> Any: ...
    def set(self, new: Any) -> None: ...


class Cell:
    """A local variable that nested functions share."""

    __slots__ = ("cell", "name")

    def __init__(self, name: str, cell: Any) -> None:
        self.name = name
        self.cell = cell

    def get(self) -> Any:
        try:
            return self.cell.cell_contents
        except ValueError:
            return UNDEFINED

    def set(self, new: Any) -> None:
        if new is not UNDEFINED:
            self.cell.cell_contents = new
        elif self.get() is not UNDEFINED:
            del self.cell.cell_contents


class Global:
    """A global variable."""

    __slots__ = ("name", "names")

    def __init__(self, name: str, names: dict[str, Any]) -> None:
        self.name = name
        self.names = names

    def get(self) -> Any:
        return self.names.get(self.name, UNDEFINED)

    def set(self, new: Any) -> None:
        if new is UNDEFINED:
            self.names.pop(self.name, None)
        else:
            self.names[self.name] = new


class Attribute:
    """An attribute of an object: ``self.v``."""

    __slots__ = ("attribute", "name", "owner")

    def __init__(self, name: str, owner: Callable[[], Any], attribute: Callable[[], str]) -> None:
        self.name = name
        self.owner = owner
        self.attribute = attribute

    def get(self) -> Any:
        return getattr(self.owner(), self.attribute(), UNDEFINED)

    def set(self, new: Any) -> None:
        if new is not UNDEFINED:
            setattr(self.owner(), self.attribute(), new)
        elif self.get() is not UNDEFINED:
            delattr(self.owner(), self.attribute())


class Item:
    """An item of a container: ``d["k"]``."""

    __slots__ = ("key", "name", "owner")

    def __init__(self, name: str, owner: Callable[[], Any], key: Callable[[], Any]) -> None:
        self.name = name
        self.owner = owner
        self.key = key

    def get(self) -> Any:
        try:
            return self.owner()[self.key()]
        except (LookupError, TypeError):
            return UNDEFINED

    def set(self, new: Any) -> None:
        if new is not UNDEFINED:
            self.owner()[self.key()] = new
        elif self.get() is not UNDEFINED:
            del self.owner()[self.key()]


class Scope:
    """The places that a statement may change, and which of them are handed on.

    ``functions`` are those generated for the statement; ``names`` the variables that they bind,
    ``handed_on`` those of them that are read afterwards.
    """

    def __init__(
        self,
        functions: Sequence[Callable[..., Any]],
        names: Sequence[str],
        handed_on: Sequence[str],
        places: Sequence[Place],
    ) -> None:
        cells: dict[str, Any] = {}
        for function in functions:
            free = function.__code__.co_freevars
            cells.update(zip(free, function.__closure__ or (), strict=True))
        variables = functions[0].__globals__
        own: list[Place] = [
            Cell(name, cells[name]) if name in cells else Global(name, variables) for name in names
        ]
        self._places = [*own, *places]
        self._before = [p.get() for p in self._places]
        self._carried = [p for p in own if p.name in handed_on] + list(places)

    def restore(self) -> None:
        """Put all values back that the places had before the statement."""
        for place, old in zip(self._places, self._before, strict=True):
            place.set(in_arrays(TensorArray._copy, old))  # writing changes them in place

    def carried(self) -> dict[str, Any]:
        """The values of the places that are handed on, by name."""
        return {p.name: p.get() for p in self._carried}

    def change(self, change: Callable[[Any], Any]) -> None:
        """Change the values of the places that are handed on."""
        for place in self._carried:
            place.set(change(place.get()))

    def enter(self, values: dict[str, Any]) -> None:
        """Give places that are handed on these values, and all others those of before."""
        self.restore()
        for place in self._carried:
            if place.name in values:
                place.set(values[place.name])


def in_arrays(change: Callable[[TensorArray], TensorArray], whole: Any) -> Any:
    """The value with other TensorArrays in the place of its own."""
    if isinstance(whole, TensorArray):
        return change(whole)
    if nest.is_nested(whole) and any(isinstance(x, TensorArray) for x in nest.flatten(whole)):
        return nest.map_structure(partial(in_arrays, change), whole)
    return whole


# --- values as arrays ----------------------------------------------------------------------------


class Packed:
    """A value taken apart: what can be carried, as arrays; the rest; and how they were together."""

    __slots__ = ("kinds", "leaves", "whole")

    def __init__(self, whole: Any) -> None:
        self.whole = whole
        self.kinds: list[_Kind] = []
        self.leaves: list[Any] = []
        for leaf in nest.flatten(whole, expand_composites=True):
            kind, array = _carried(leaf)
            self.kinds.append(kind)
            if array is not None:
                self.leaves.append(array)

    @property
    def has_unknown_rows(self) -> bool:
        """Whether there are arrays in it that nobody wrote to: their elements have no shape yet."""
        found = nest.flatten(self.whole)
        return any(isinstance(x, TensorArray) and not x._has_rows() for x in found)

    @property
    def is_outdated(self) -> bool:
        """Whether an array in it has learnt since what its elements are."""
        return len(self.kinds) != len(nest.flatten(self.whole, expand_composites=True))

    @property
    def is_carried(self) -> bool:
        """Whether all of it is arrays."""
        return len(self.leaves) == len(self.kinds)

    def has_structure_of(self, other: Packed) -> bool:
        """Whether both are the same containers, with the same keys."""
        try:
            nest.assert_same_structure(self.whole, other.whole, expand_composites=True)
        except (InvalidTypeError, InvalidValueError):
            return False
        return len(self.kinds) == len(other.kinds)

    def rebuilt(self, leaves: Iterator[Any]) -> Any:
        """The value with the next of other arrays in it."""
        made = [
            wrap(next(leaves)) if kind is _TENSOR else next(leaves) if kind is _ARRAY else kind.what
            for kind in self.kinds
        ]
        return nest.pack_sequence_as(self.whole, made, expand_composites=True)

    def with_zeros(self) -> Packed:
        """The same with zeros in it."""
        zeros = (np.zeros(x.shape, x.dtype)[()] for x in self.leaves)
        return Packed(self.rebuilt(zeros))


class _Kind:
    """How a leaf is carried; ``what`` is the leaf itself where it is not."""

    __slots__ = ("what",)

    def __init__(self, what: Any) -> None:
        self.what = what

    def same(self, other: _Kind) -> bool:
        if self is other:
            return True
        if self in (_TENSOR, _ARRAY) or other in (_TENSOR, _ARRAY):
            return False
        return self.what is other.what or (
            isinstance(self.what, str) and bool(self.what == other.what)
        )


_TENSOR, _ARRAY = _Kind("tensor"), _Kind("array")


def _carried(leaf: Any) -> tuple[_Kind, Any]:
    if isinstance(leaf, Tensor):
        if leaf._dtype.kind == "O":
            return _Kind(leaf), None
        return _TENSOR, value(leaf)
    if isinstance(leaf, bool | int | float | complex | np.ndarray | np.generic | TensorLike):
        return _TENSOR, value(as_tensor(leaf))
    if is_traced(leaf):
        return _ARRAY, leaf
    return _Kind(leaf), None


# --- conditions ----------------------------------------------------------------------------------


def is_staged(x: Any) -> bool:
    """Whether control flow that depends on ``x`` is traced rather than run."""
    if isinstance(x, Tensor):
        return frame.get() is not None or known(x._v) is None
    return is_traced(x) and known(x) is None


def condition(test: Any, what: str) -> Any:
    """The traced boolean of a condition.

    Raises
    ------
    InvalidValueError: a condition that is no boolean of rank 0.
    """
    raw = value(test) if isinstance(test, Tensor) else test
    if raw.dtype != bool and isinstance(test, Tensor):
        raise InvalidValueError(
            f"condition of {what} expected to be `tf.bool` scalar, got {test!r}; to use as "
            "boolean Tensor, use `tf.cast`; to check for None, use `is not None`",
            "Write the comparison: x != 0.",
        )
    if raw.size != 1:
        raise InvalidValueError(
            f"condition of {what} expected to be `tf.bool` scalar, got {test!r}; to check for "
            "None, use `is not None`",
            "Combine the elements with tf.reduce_all or tf.reduce_any.",
        )
    raw = raw if raw.shape == () else raw.reshape(())
    return raw if raw.dtype == bool else raw != 0


class MissingReturnError(InvalidValueError):
    """One branch of a staged ``if`` returns a value and the other one does not."""


def shown(name: str) -> str:
    """What messages call a variable: that of the function's result is TensorFlow's own."""
    return "retval_" if name == RESULT else name
