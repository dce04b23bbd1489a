"""The types in public signatures: what functions take, and what they give.

``Array`` stands for traced values too: under a transform they take the place of arrays, and types
do not tell the two apart. Shapes and dtypes are no part of types.

>>> from functrans.typing import Array, ArrayLike
>>> def energy(x: Array, stiffness: ArrayLike = 1.0) -> Array:
...     return 0.5 * stiffness * x**2
>>> ft.grad(lambda x: energy(x).sum())(np.array([1.0, 2.0]))
array([1., 2.])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, TypeAlias

import numpy as np

__all__ = [
    "Array",
    "ArrayLike",
    "ArrayOrScalar",
    "Arrays",
    "Axes",
    "DTypeLike",
    "Nested",
    "Number",
    "Operand",
    "Shape",
    "SupportsArray",
    "SupportsDType",
]


class SupportsArray(Protocol):
    """What NumPy can make an array of: arrays, its scalars, tensors, data frames.

    >>> x: ft.typing.SupportsArray = np.float32(1.0)
    """

    def __array__(self) -> np.ndarray[Any, Any]: ...


class SupportsDType(Protocol):
    """What has a dtype of its own, to be taken for it.

    >>> x: ft.typing.SupportsDType = np.zeros(3)
    """

    @property
    def dtype(self) -> np.dtype[Any]: ...


class Nested(Protocol):
    """Lists and tuples, and lists of them, of arrays and numbers.

    >>> x: ft.typing.Nested = [[1.0, 2.0], [3.0, 4.0]]
    """

    # Text is left out by __contains__, which takes text alone; a dict has no count.
    def __len__(self) -> int: ...
    def __contains__(self, item: object, /) -> bool: ...
    def __getitem__(self, index: int, /) -> Operand | Nested: ...
    def count(self, item: Any, /) -> int: ...


Array: TypeAlias = np.ndarray[Any, Any]
"""An array, of any shape and dtype."""

ArrayOrScalar: TypeAlias = Any
"""An array, or a NumPy scalar where no axis is left; checkers let it be either."""

Number: TypeAlias = complex | np.number[Any] | np.bool
"""A number of Python's or NumPy's."""

Operand: TypeAlias = SupportsArray | complex
"""An array or a number; no list."""

ArrayLike: TypeAlias = Operand | Nested
"""An array, a number, or nested lists or tuples of them; no text."""

Arrays: TypeAlias = Array | Sequence[ArrayLike]
"""Several arrays, or one whose rows they are."""

DTypeLike: TypeAlias = np.dtype[Any] | type[Any] | str | SupportsDType
"""A dtype, a type of Python's or NumPy's, or a dtype's name."""

Shape: TypeAlias = SupportsIndex | Sequence[SupportsIndex]
"""Lengths of axes, or one length."""

Axes: TypeAlias = int | Sequence[int] | None
"""One axis, several, or all."""

if TYPE_CHECKING:

    class Elementwise:
        """What the stubs say that a function made from a ufunc is."""

        __name__: str

        def __call__(self, *operands: Any, **options: Any) -> Any: ...

    # One overload is for numbers, and one for arrays. A parameter specification would take the
    # first alone: transforms have an overload for these, which takes all arguments.
    Ufunc: TypeAlias = np.ufunc | Elementwise
