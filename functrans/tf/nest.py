"""tf.nest: structures of lists, tuples, dicts and their like, flattened, rebuilt and compared.

The leaves of dicts come in the order of sorted keys; a rebuilt dict keeps its own order. Strings,
arrays, tensors and sets are leaves. Classes of the package attrs are structures of their fields,
and so are those that have ``__tf_flatten__`` and ``__tf_unflatten__``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, MappingView, Sequence
from typing import Any, NamedTuple

import numpy as np

from functrans.tf.errors import InvalidTypeError, InvalidValueError
from functrans.tf.rooms import names, public
from functrans.tf.tensor import Tensor

_NESTED = frozenset((list, tuple, dict))
_LEAVES = frozenset((Tensor, np.ndarray, float, int, bool, str, bytes, type(None)))
"""The usual types, which need no closer look."""


def is_nested(seq: Any) -> bool:
    """Whether this is a list, tuple, dict or their like, which holds other values.

    >>> import functrans.tf as tf
    >>> tf.nest.is_nested([1]), tf.nest.is_nested("text")
    (True, False)
    """
    kind = type(seq)
    if kind in _NESTED or kind in _LEAVES:
        return kind in _NESTED
    if isinstance(seq, Sequence | Mapping | MappingView):
        return not isinstance(seq, str | bytes)
    return hasattr(kind, "__attrs_attrs__") or hasattr(kind, "__tf_flatten__")


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves as a list; a leaf alone gives a list of one.

    ``expand_composites`` makes leaves of the tensors in IndexedSlices.

    >>> import functrans.tf as tf
    >>> tf.nest.flatten({"b": [1, 2], "a": 3})
    [3, 1, 2]
    """
    leaves: list[Any] = []
    _gather(structure, leaves, expand_composites)
    return leaves


def _gather(structure: Any, leaves: list[Any], expand: bool) -> None:
    if is_nested(structure):
        for value in _values(structure):
            _gather(value, leaves, expand)
    elif expand and hasattr(type(structure), "_components"):
        leaves.extend(structure._components())
    else:
        leaves.append(structure)


def _values(structure: Any) -> Iterable[Any]:
    kind: Any = type(structure)
    values: Iterable[Any] = structure
    if isinstance(structure, Mapping):
        values = [structure[key] for key in _keys(structure)]
    elif hasattr(kind, "__attrs_attrs__"):
        values = [getattr(structure, field.name) for field in kind.__attrs_attrs__]
    elif hasattr(kind, "__tf_flatten__"):
        _, values = structure.__tf_flatten__()
    return values


def _keys(structure: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(structure)
    except TypeError as error:
        raise InvalidTypeError(
            f"{error}: nest only supports dicts with sortable keys.",
            "Give the dict keys of one type.",
        ) from None


def pack_sequence_as(
    structure: Any, flat_sequence: Sequence[Any], expand_composites: bool = False
) -> Any:
    """A structure like the first with the leaves of the second; ValueError where they are not as
    many.

    >>> import functrans.tf as tf
    >>> tf.nest.pack_sequence_as({"b": 0, "a": 0}, [1, 2])
    {'b': 2, 'a': 1}
    """
    if not is_nested(flat_sequence):
        raise InvalidTypeError(
            f"Attempted to pack value:\n  {flat_sequence}\ninto a structure, but found"
            f" incompatible type `{type(flat_sequence)}` instead.",
            "Give the leaves as a list.",
        )
    count = len(flatten(structure, expand_composites))
    if count == len(flat_sequence):
        return _pack(structure, iter(flat_sequence), expand_composites)
    if not is_nested(structure):
        raise InvalidValueError(
            f"The target structure is of type `{type(structure)}`\n  {structure}\nHowever the input"
            f" is a sequence ({type(flat_sequence)}) of length {len(flat_sequence)}.\n "
            f" {flat_sequence}\nnest cannot guarantee that it is safe to map one to the other.",
            "Give a list of one leaf.",
        )
    raise InvalidValueError(
        f"Could not pack sequence. Structure had {count} atoms, but flat_sequence had"
        f" {len(flat_sequence)} items.  Structure: {structure}, flat_sequence: {flat_sequence}.",
        "Give as many leaves as tf.nest.flatten(structure) has.",
    )


def _pack(structure: Any, leaves: Iterator[Any], expand: bool) -> Any:
    if not is_nested(structure):
        if expand and hasattr(type(structure), "_components"):
            return structure._rebuilt([next(leaves) for _ in structure._components()])
        return next(leaves)
    if isinstance(structure, Mapping):
        packed = {key: _pack(structure[key], leaves, expand) for key in _keys(structure)}
        return _like_dict(structure, {key: packed[key] for key in structure})
    values = [_pack(value, leaves, expand) for value in _values(structure)]
    return _like_sequence(structure, values)


def _like_dict(structure: Mapping[Any, Any], items: dict[Any, Any]) -> Any:
    kind: Any = type(structure)
    if isinstance(structure, defaultdict):
        return kind(structure.default_factory, items)
    return items if kind is dict else kind(items)


def _like_sequence(structure: Any, values: list[Any]) -> Any:
    kind: Any = type(structure)
    if kind is tuple:
        return tuple(values)
    if kind is list or isinstance(structure, range | MappingView):
        return values
    if hasattr(kind, "__tf_unflatten__"):
        metadata, _ = structure.__tf_flatten__()
        return kind.__tf_unflatten__(metadata, tuple(values))
    has_fields = _is_namedtuple(structure) or hasattr(kind, "__attrs_attrs__")
    return kind(*values) if has_fields else kind(values)


def _is_namedtuple(structure: Any) -> bool:
    return isinstance(structure, tuple) and hasattr(structure, "_fields")


def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """The structure of the results of ``func`` on the leaves that stand in the same places.

    Structures that differ are a ValueError, or a TypeError where only their containers' types do;
    ``check_types=False`` leaves these alone. The result is like the first structure.

    >>> import functrans.tf as tf
    >>> tf.nest.map_structure(lambda x, y: x + y, {"a": 1, "b": (2,)}, {"a": 3, "b": (4,)})
    {'a': 4, 'b': (6,)}
    """
    if not callable(func):
        raise InvalidTypeError(f"func must be callable, got: {func}", "Give a function first.")
    if not structure:
        raise InvalidValueError("Must provide at least one structure", "Give one after func.")
    check_types = kwargs.pop("check_types", True)
    expand = kwargs.pop("expand_composites", False)
    if kwargs:
        raise InvalidValueError(
            "Only valid keyword arguments are `check_types` and `expand_composites`, not:"
            f" `{'`, `'.join(kwargs)}`",
            "Close over other arguments of func.",
        )
    first, *others = structure
    for other in others:
        assert_same_structure(first, other, check_types)
    columns = zip(*(flatten(each, expand) for each in structure), strict=True)
    return _pack(first, iter([func(*leaves) for leaves in columns]), expand)


def assert_same_structure(
    nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Raise ValueError where nesting, lengths or keys differ, TypeError where containers do.

    >>> import functrans.tf as tf
    >>> tf.nest.assert_same_structure({"a": 1, "b": [2]}, {"b": [3], "a": 4})
    """
    found = _difference(nest1, nest2, check_types)
    if found is None:
        return
    kind = InvalidTypeError if found.of_types else InvalidValueError
    raise kind(
        "The two structures don't have the same nested structure.\n\n"
        f"First structure: {_shown(nest1)}\n\nSecond structure: {_shown(nest2)}\n\n"
        f"More specifically: {found.what}\nEntire first structure:\n{_outline(nest1)}\n"
        f"Entire second structure:\n{_outline(nest2)}",
        "Give both the same containers with the same keys.",
    )


class _Difference(NamedTuple):
    of_types: bool
    what: str


def _difference(a: Any, b: Any, check_types: bool) -> _Difference | None:
    """The first place, from outside in, where the two structures differ."""
    if is_nested(a) != is_nested(b):
        inner, leaf = (a, b) if is_nested(a) else (b, a)
        what = f'"{_shown(inner)}" is a sequence, while substructure "{_shown(leaf)}" is not'
        return _Difference(False, f"Substructure {what}")
    if not is_nested(a):
        return None
    if check_types and (found := _difference_of_types(a, b)):
        return found
    if len(list(_values(a))) != len(list(_values(b))):
        what = f"First structure: {_shown(a)}. Second structure: {_shown(b)}"
        return _Difference(
            False, f"The two structures don't have the same number of elements. {what}"
        )
    pairs = zip(_values(a), _values(b), strict=True)
    return next((d for x, y in pairs if (d := _difference(x, y, check_types))), None)


def _difference_of_types(a: Any, b: Any) -> _Difference | None:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if set(a) == set(b):
            return None
        what = f"{_shown(list(a))}, while second structure has keys {_shown(list(b))}"
        return _Difference(
            False,
            "The two dictionaries don't have the same set of keys. First structure has keys "
            + what,
        )
    if _same_sequence_type(a, b):
        return None
    return _Difference(
        True,
        "The two namedtuples don't have the same sequence type. First structure"
        f" {_shown(a)} has type {type(a).__name__}, while second structure"
        f" {_shown(b)} has type {type(b).__name__}",
    )


def _same_sequence_type(a: Any, b: Any) -> bool:
    if _is_namedtuple(a) or _is_namedtuple(b):
        fields = getattr(a, "_fields", None) == getattr(b, "_fields", None)
        return fields and type(a).__name__ == type(b).__name__
    return isinstance(a, type(b)) or isinstance(b, type(a))


def _shown(structure: Any) -> str:
    return f"type={type(structure).__name__} str={structure}"


class _Dot:
    def __repr__(self) -> str:
        return "."


def _outline(structure: Any) -> str:
    """The containers alone, with a dot for every leaf."""
    return str(_pack(structure, iter([_Dot()] * len(flatten(structure))), False))


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
