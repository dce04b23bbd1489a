"""What a branch or a loop changes: variables in cells, attributes, items, and the frame's values.

:class:`State` reads and writes them as one list; :class:`Leaves` flattens such values to what
``lax.cond`` and its kin carry, and puts results back in their structure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from functrans import tree
from functrans.extend import known
from functrans.tf.convert import as_tensor, is_traced
from functrans.tf.errors import InvalidValueError
from functrans.tf.tensor import Tensor, frame, value


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


class State:
    """The places that a statement may change, and which of them have a value after it.

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
        self.places = [*own, *places]
        self.carried = [p for p in own if p.name in handed_on] + list(places)

    def read(self) -> Snapshot:
        """All values, to be written back."""
        return Snapshot([p.get() for p in self.places], assigned())

    def write(self, snapshot: Snapshot) -> None:
        """Put all values back."""
        for place, old in zip(self.places, snapshot.values, strict=True):
            place.set(old)
        assign(snapshot.assigned)


class Snapshot:
    """Values of places, and of the variables that were assigned in the frame."""

    __slots__ = ("assigned", "values")

    def __init__(self, values: list[Any], assigned: dict[int, Any]) -> None:
        self.values = values
        self.assigned = assigned


def assigned() -> dict[int, Any]:
    """The variables that were assigned in the ``tf.function`` that is traced, and their values."""
    around = frame.get()
    return {} if around is None else dict(around.values())


def assign(values: dict[int, Any]) -> None:
    """Make these the variables that were assigned."""
    around = frame.get()
    if around is not None:
        around.set_values(values)


class NewAssignmentsError(Exception):
    """Variables were assigned that are not carried yet: trace again, carrying them too."""

    def __init__(self, keys: frozenset[int]) -> None:
        super().__init__()
        self.keys = keys


class Assigned:
    """The variables of the frame that a statement assigns, found by tracing it."""

    __slots__ = ("keys", "start")

    def __init__(self, start: dict[int, Any], keys: frozenset[int] = frozenset()) -> None:
        around = frame.get()
        self.keys = sorted(keys)
        self.start = dict(start)
        if around is not None:
            self.start |= {k: around.first_value(k) for k in self.keys if k not in start}

    def first(self) -> list[Any]:
        """Their values before the statement."""
        return [self.start[k] for k in self.keys]

    def now(self) -> list[Any]:
        """Their values now.

        Raises
        ------
        NewAssignmentsError: others have been assigned meanwhile.
        """
        values = assigned()
        new = {k for k, v in values.items() if k not in self.start or v is not self.start[k]}
        if not new <= set(self.keys):
            raise NewAssignmentsError(frozenset(new | set(self.keys)))
        return [values.get(k, self.start[k]) for k in self.keys]

    def put(self, values: Sequence[Any], before: dict[int, Any]) -> None:
        """Assign them these values, and all others those of before."""
        assign(before | dict(zip(self.keys, values, strict=True)))


# --- values as leaves ----------------------------------------------------------------------------


class Packed:
    """A value taken apart: what can be carried, as arrays; the rest; and how they were together."""

    __slots__ = ("kinds", "leaves", "structure")

    def __init__(self, whole: Any) -> None:
        found, self.structure = tree.flatten(whole, is_leaf=_is_tensor)
        self.kinds: list[Any] = []
        self.leaves: list[Any] = []
        for leaf in found:
            kind, array = _carried(leaf)
            self.kinds.append(kind)
            if kind in (_TENSOR, _ARRAY):
                self.leaves.append(array)

    @property
    def is_carried(self) -> bool:
        """Whether all of it is arrays."""
        return len(self.leaves) == len(self.kinds)

    def rebuilt(self, leaves: Sequence[Any]) -> Any:
        """The value with other arrays in it."""
        rest = iter(leaves)
        made = [
            Tensor(next(rest)) if kind is _TENSOR else next(rest) if kind is _ARRAY else kind.what
            for kind in self.kinds
        ]
        return tree.unflatten(self.structure, made)

    def with_leaves(self, leaves: Sequence[Any]) -> Packed:
        """The same structure around other arrays."""
        new = Packed.__new__(Packed)
        new.structure, new.kinds, new.leaves = self.structure, self.kinds, list(leaves)
        return new


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


def _is_tensor(x: Any) -> bool:
    return isinstance(x, Tensor)


def _carried(leaf: Any) -> tuple[_Kind, Any]:
    if isinstance(leaf, Tensor):
        if leaf._dtype.kind == "O":
            return _Kind(leaf), None
        return _TENSOR, value(leaf)
    if isinstance(leaf, bool | int | float | complex | np.ndarray | np.generic):
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
