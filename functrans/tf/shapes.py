"""tf.TensorShape and tf.TensorSpec: shapes of which parts may be unknown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from operator import index
from typing import Any, NoReturn, overload

from functrans.tf.dtypes import DType, as_dtype, float32
from functrans.tf.errors import (
    InvalidIndexError,
    InvalidTypeError,
    InvalidValueError,
)

Dimension = int | None


class TensorShape:
    """The shape of a tensor: sizes, None for a size unknown, or ``None`` for an unknown rank.

    It equals the list and the tuple of its sizes. ``dims`` may be one size, an iterable of sizes,
    a shape or None; a size below zero is a ValueError, one that is no integer a TypeError.

    >>> import functrans.tf as tf
    >>> tf.TensorShape([2, None]), tf.ones([2, 3]).shape == [2, 3]
    (TensorShape([2, None]), True)
    """

    __slots__ = ("_dims",)
    _dims: tuple[Dimension, ...] | None

    def __init__(self, dims: Any) -> None:
        self._dims = _sizes(dims)

    @property
    def rank(self) -> int | None:
        """The number of dimensions, or None."""
        return None if self._dims is None else len(self._dims)

    @property
    def ndims(self) -> int | None:
        """The number of dimensions, or None."""
        return self.rank

    @property
    def dims(self) -> list[Dimension] | None:
        """The sizes as a list, or None for an unknown rank."""
        return None if self._dims is None else list(self._dims)

    def as_list(self) -> list[Dimension]:
        """The sizes as a list; an unknown rank is a ValueError."""
        if self._dims is None:
            _refuse("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def num_elements(self) -> int | None:
        """The number of elements, or None where a size is unknown."""
        dims = self._dims
        if dims is None or None in dims:
            return None
        return math.prod(size for size in dims if size is not None)

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self) -> None:
        """Raise ValueError where a size is unknown."""
        if not self.is_fully_defined():
            _refuse(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other: Any) -> bool:
        """Whether one tensor can have both shapes."""
        mine, theirs = self._dims, as_shape(other)._dims
        if mine is None or theirs is None:
            return True
        return len(mine) == len(theirs) and all(
            a is None or b is None or a == b for a, b in zip(mine, theirs, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError where no tensor can have both shapes."""
        if not self.is_compatible_with(other):
            _refuse(f"Shapes {self} and {other} are incompatible")

    def assert_same_rank(self, other: Any) -> None:
        """Raise ValueError where the ranks are known and differ."""
        other = as_shape(other)
        if self.rank is not None and other.rank is not None and self.rank != other.rank:
            _refuse(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank: int) -> None:
        """Raise ValueError where the rank is known and another."""
        if self.rank not in (None, rank):
            _refuse(f"Shape {self} must have rank {rank}")

    def with_rank(self, rank: int) -> TensorShape:
        """This shape with the rank, whose sizes are unknown where the rank was; or ValueError."""
        self.assert_has_rank(rank)
        return TensorShape([None] * rank) if self._dims is None else self

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """This shape; ValueError where its rank is less."""
        if self.rank is not None and self.rank < rank:
            _refuse(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """This shape; ValueError where its rank is more."""
        if self.rank is not None and self.rank > rank:
            _refuse(f"Shape {self} must have rank at most {rank}")
        return self

    def merge_with(self, other: Any) -> TensorShape:
        """The shape with all sizes that either of the two knows; ValueError where they differ."""
        other = as_shape(other)
        if not self.is_compatible_with(other):
            _refuse(f"Shapes {self} and {other} are not compatible")
        if self._dims is None or other._dims is None:
            return other if self._dims is None else self
        pairs = zip(self._dims, other._dims, strict=True)
        return TensorShape([b if a is None else a for a, b in pairs])

    def concatenate(self, other: Any) -> TensorShape:
        """The sizes of this shape followed by the other's."""
        mine, theirs = self._dims, as_shape(other)._dims
        return TensorShape(None if mine is None or theirs is None else mine + theirs)

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """The most exact shape that both shapes fit."""
        mine, theirs = self._dims, as_shape(other)._dims
        if mine is None or theirs is None or len(mine) != len(theirs):
            return TensorShape(None)
        return TensorShape([a if a == b else None for a, b in zip(mine, theirs, strict=True)])

    def most_specific_common_supertype(self, others: Iterable[Any]) -> TensorShape:
        """The most exact shape that this and all the others fit."""
        shape = self
        for other in others:
            shape = shape.most_specific_compatible_shape(other)
        return shape

    def is_subtype_of(self, other: Any) -> bool:
        """Whether every tensor of this shape has the other shape too."""
        mine, theirs = self._dims, as_shape(other)._dims
        if theirs is None:
            return True
        return (
            mine is not None
            and len(mine) == len(theirs)
            and all(b is None or a == b for a, b in zip(mine, theirs, strict=True))
        )

    def __len__(self) -> int:
        if self._dims is None:
            _refuse("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    def __bool__(self) -> bool:
        return self._dims is not None

    def __iter__(self) -> Iterator[Dimension]:
        if self._dims is None:
            _refuse("Cannot iterate over a shape with unknown rank.")
        return iter(self._dims)

    @overload
    def __getitem__(self, key: int) -> Dimension: ...
    @overload
    def __getitem__(self, key: slice) -> TensorShape: ...
    def __getitem__(self, key: int | slice) -> Dimension | TensorShape:
        if self._dims is None:
            return TensorShape(_unknown_part(key)) if isinstance(key, slice) else None
        if isinstance(key, slice):
            return TensorShape(self._dims[key])
        try:
            return self._dims[key]
        except IndexError:
            raise InvalidIndexError(
                "tuple index out of range", f"The shape {self} has {len(self)} dimensions."
            ) from None

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return as_shape(other).concatenate(self)

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == as_shape(other)._dims
        except (TypeError, ValueError):
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self._dims)

    def __repr__(self) -> str:
        return f"TensorShape({None if self._dims is None else list(self._dims)})"

    def __str__(self) -> str:
        return "<unknown>" if self._dims is None else str(self._dims)

    def __reduce__(self) -> Any:
        return TensorShape, (self._dims,)


def shape_of(dims: tuple[int, ...]) -> TensorShape:
    """The TensorShape of an array's shape, which needs no check."""
    shape = TensorShape.__new__(TensorShape)
    shape._dims = dims
    return shape


def as_shape(shape: Any) -> TensorShape:
    """``shape`` itself if it is a TensorShape, or the TensorShape made of it."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def _refuse(what: str) -> NoReturn:
    raise InvalidValueError(what, "Look at the shapes on that line, for example print(x.shape).")


def _unknown_part(key: slice) -> list[None] | None:
    """A slice of a shape of unknown rank: of known length where it starts and stops by number."""
    if key.step not in (None, 1):
        _refuse("Steps are not yet handled")
    start, stop = key.start or 0, key.stop
    if stop is None or start < 0 or stop < 0:
        return None
    return [None] * max(stop - start, 0)


def _sizes(dims: Any) -> tuple[Dimension, ...] | None:
    if dims is None:
        return None
    if isinstance(dims, TensorShape):
        return dims._dims
    if isinstance(dims, str | bytes):
        raise InvalidTypeError(
            f"Failed to convert {dims!r} to a shape: {dims[:1]!r} could not be converted to a"
            " dimension.",
            "Give one size (10) or an iterable of sizes ([1, 10, None]).",
        )
    try:
        sizes = iter(dims)
    except TypeError:
        return (_size(dims),)
    return tuple(_size(size) for size in sizes)


def _size(value: Any) -> Dimension:
    if value is None:
        return None
    try:
        size = index(value)
    except TypeError:
        raise InvalidTypeError(
            "Dimension value must be integer or None or have an __index__ method, got value"
            f" '{value!r}' with type '{type(value)!r}'",
            "Give one size (10) or an iterable of sizes ([1, 10, None]).",
        ) from None
    if size < 0:
        raise InvalidValueError(
            f"Dimension {size} must be >= 0", "Use None for a size that is not known."
        )
    return size


class TypeSpec:
    """What kind of value a signature expects; ``tf.TensorSpec`` is the kind there is.

    >>> import functrans.tf as tf
    >>> isinstance(tf.TensorSpec([2]), tf.TypeSpec)
    True
    """

    __slots__ = ()


class TensorSpec(TypeSpec):
    """The shape, dtype and name that a tensor must have, as ``tf.function`` takes signatures.

    >>> import functrans.tf as tf
    >>> tf.TensorSpec([2, None], tf.float32)
    TensorSpec(shape=(2, None), dtype=tf.float32, name=None)
    """

    __slots__ = ("_dtype", "_name", "_shape")

    def __init__(self, shape: Any, dtype: Any = float32, name: str | None = None) -> None:
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)
        self._name = name

    @property
    def shape(self) -> TensorShape:
        """The shape, of which parts may be unknown."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The dtype."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """The name of the argument, or None."""
        return self._name

    @property
    def value_type(self) -> type:
        """``tf.Tensor``."""
        from functrans.tf.tensor import Tensor  # a tensor's file stands on this one

        return Tensor

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """The spec with the shape and dtype of another, under ``name`` or its own."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """The spec of a tensor; ValueError for anything else, variables too."""
        from functrans.tf.tensor import Tensor  # a tensor's file stands on this one

        if not isinstance(tensor, Tensor):
            raise InvalidValueError(
                f"`tensor` should be a tf.Tensor, but got type {type(tensor)}.",
                "Convert the value with tf.convert_to_tensor.",
            )
        return cls(tensor.shape, tensor.dtype, name)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a tensor or spec has this dtype and a shape that fits; others never do."""
        from functrans.tf.tensor import Tensor  # a tensor's file stands on this one

        other = spec_or_value
        return (
            isinstance(other, TensorSpec | Tensor)
            and self._dtype is other.dtype
            and self._shape.is_compatible_with(other.shape)
        )

    def is_subtype_of(self, other: Any) -> bool:
        """Whether every tensor of this spec is one of the other too."""
        return (
            isinstance(other, TensorSpec)
            and self._dtype is other._dtype
            and self._name == other._name
            and self._shape.is_subtype_of(other._shape)
        )

    def most_specific_common_supertype(self, others: Iterable[Any]) -> TensorSpec | None:
        """The most exact spec that this and the others fit; None where dtypes or names differ."""
        shape = self._shape
        for other in others:
            if (self._dtype, self._name) != (other.dtype, other.name):
                return None
            shape = shape.most_specific_compatible_shape(other.shape)
        return TensorSpec(shape, self._dtype, self._name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TensorSpec):
            return NotImplemented
        return (self._shape, self._dtype, self._name) == (other._shape, other._dtype, other._name)

    def __hash__(self) -> int:
        return hash((self._shape, self._dtype))

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"

    def __reduce__(self) -> Any:
        return TensorSpec, (self._shape, self._dtype, self._name)
