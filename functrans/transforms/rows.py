"""Cotangents kept as rows: what is added where rows were read, while nothing else is added."""

from __future__ import annotations

from typing import Any, NamedTuple

from functrans.core.primitive import Ints
from functrans.transforms.linearize import LinearTracer
from functrans.transforms.transpose import Sum


class Rows(NamedTuple):
    """A sum of rows: ``parts`` are pairs of positions on the first axis, and the rows there.

    >>> ft.extend.Rows(((np.array([2]), np.array([5.0])),)).parts[0]
    (array([2]), array([5.]))
    """

    parts: tuple[tuple[Any, Any], ...]


class RowSum(Sum):
    """A sum of cotangents that results in :class:`Rows` if rows alone were added.

    Pass it to ``Recording.pull`` as ``gather``. A subclass says which reads :meth:`keeps` rows.

    >>> with ft.extend.Recording() as recording:
    ...     x = recording.watch(np.zeros(4))
    ...     y = ft.lax.gather(x, (np.array([2, 0]),), (0,))
    >>> recording.pull([y], [np.ones(2)], [recording.tangent_of(x)], ft.extend.RowSum)
    [Rows(parts=((array([2, 0]), array([1., 1.])),))]
    """

    __slots__ = ("_dense", "parts")

    def __init__(self, variable: LinearTracer) -> None:
        self.parts: list[tuple[Any, Any, str]] = []
        super().__init__(variable)

    def keeps(self, index: Any) -> bool:
        """Whether the rows of a read at these positions are kept apart."""
        return True

    @property
    def value(self) -> Any:
        """The whole sum, which what came before the variable is made of."""
        return self._scattered() if self.parts else self._dense

    @value.setter
    def value(self, value: Any) -> None:
        self._dense = value

    def result(self) -> Any:
        if not self.parts:
            return self._dense
        return Rows(tuple((index, cotangent) for index, cotangent, _ in self.parts))

    def add(self, cotangent: Any) -> None:
        self._spread()
        super().add(cotangent)

    def add_slice(self, cotangent: Any, start: Ints, limit: Ints, strides: Ints) -> None:
        self._spread()
        super().add_slice(cotangent, start, limit, strides)

    def add_at(self, cotangent: Any, indices: tuple[Any, ...], axes: Ints, mode: str) -> None:
        if self._dense is None and axes == (0,) and self.keeps(indices[0]):
            self.parts.append((indices[0], cotangent, mode))
        else:
            self._spread()
            super().add_at(cotangent, indices, axes, mode)

    def _spread(self) -> None:
        """Go on without rows: something else is to be added."""
        if self.parts:
            self._dense = self._scattered()
            self.parts = []

    def _scattered(self) -> Any:
        total = Sum(self.variable)
        for index, cotangent, mode in self.parts:
            total.add_at(cotangent, (index,), (0,), mode)
        return total.value
