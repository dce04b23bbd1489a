"""tf.IndexedSlices: the rows of a gradient that are not zero, and where they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans import lax, tree_util
from functrans import numpy as fnp
from functrans.extend import Rows, RowSum
from functrans.tf.convert import as_tensor, sizes_of
from functrans.tf.dtypes import DType
from functrans.tf.errors import AbsentNameError, InvalidValueError
from functrans.tf.shapes import TensorShape
from functrans.tf.tensor import DEVICE, Tensor, TensorLike, value, wrap

Sizes = tuple[int, ...]


class IndexedSlices(TensorLike):
    """Rows ``values`` at the positions ``indices`` of a tensor that is zero elsewhere.

    Rows of one position add up. It is what the gradient of ``tf.gather`` is. Functions take it
    as the tensor that it stands for, once ``dense_shape`` is known; operators do not.

    >>> import functrans.tf as tf
    >>> rows = tf.IndexedSlices(tf.constant([5.0]), tf.constant([1]), tf.constant([3]))
    >>> tf.convert_to_tensor(rows).numpy()
    array([0., 5., 0.], dtype=float32)
    """

    __slots__ = ("_dense_shape", "_indices", "_sizes", "_values")

    _sizes: Sizes | None
    """The shape where it is known, which it stays in branches and loops of compiled programs."""

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape
        is_known = (
            type(dense_shape) is Tensor and dense_shape._plain and dense_shape._dtype.kind == "i"
        )
        self._sizes = sizes_of(dense_shape) if is_known else None

    @property
    def values(self) -> Any:
        """The rows."""
        return self._values

    @property
    def indices(self) -> Any:
        """The position of each row."""
        return self._indices

    @property
    def dense_shape(self) -> Any:
        """The shape of the tensor that it stands for, or None."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """The shape of the tensor that it stands for, as far as it is known."""
        return TensorShape(None if self._dense_shape is None else self._whole())

    def _whole(self) -> Sizes:
        return sizes_of(self._dense_shape) if self._sizes is None else self._sizes

    @property
    def dtype(self) -> DType:
        """The dtype of the rows."""
        return as_tensor(self._values).dtype

    @property
    def device(self) -> str:
        """Where the rows are: always the processor."""
        return DEVICE

    def __getattr__(self, name: str) -> Any:
        if name in ("name", "op", "graph"):
            return getattr(self._values, name)
        raise AbsentNameError(
            f"'IndexedSlices' object has no attribute '{name}'",
            "tf.convert_to_tensor(x) gives the tensor that it stands for.",
        )

    def __str__(self) -> str:
        dense = "" if self._dense_shape is None else f", dense_shape={self._dense_shape!s}"
        return f"IndexedSlices(indices={self._indices!s}, values={self._values!s}{dense})"

    def __neg__(self) -> IndexedSlices:
        return self._over(lambda values: -values)

    def _over(self, function: Callable[[Tensor], Tensor]) -> IndexedSlices:
        return IndexedSlices(function(as_tensor(self._values)), self._indices, self._dense_shape)

    def _components(self) -> list[Any]:
        parts = [self._values, self._indices, self._dense_shape]
        return [p for p in parts if p is not None]

    def _rebuilt(self, components: Sequence[Any]) -> IndexedSlices:
        rebuilt = IndexedSlices(*components)
        if rebuilt._sizes is None:
            rebuilt._sizes = self._sizes
        return rebuilt

    def _as_tensor(self) -> Tensor:
        if self._dense_shape is None:
            raise InvalidValueError(
                "Tensor conversion requested for IndexedSlices for argument `value` without "
                f"dense_shape: {self!s}",
                "Give dense_shape to tf.IndexedSlices.",
            )
        rows, places = as_tensor(self._values), as_tensor(self._indices)
        empty = np.zeros(self._whole(), rows._dtype)
        return wrap(lax.scatter(empty, value(rows), (value(places),), (0,), "add"), rows._dtype)


def over_values(function: Callable[[Tensor], Tensor], x: Any) -> Any:
    """``function`` of a tensor, or of the rows of an IndexedSlices."""
    return x._over(function) if isinstance(x, TensorLike) else function(as_tensor(x))


# --- gradients of tf.gather ----------------------------------------------------------------------

_SIGNED = {np.dtype(f"u{name}"): np.dtype(name) for name in ("int16", "int32", "int64")}
_UNSIGNED = {signed: unsigned for unsigned, signed in _SIGNED.items()}


def from_the_front(index: Any) -> Any:
    """Positions of rows that never count from the end: unsigned, so that below 0 is out of range.

    No other operation reads at unsigned positions: :class:`GatheredRows` knows tf.gather by them.
    """
    return fnp.astype(index, _UNSIGNED[index.dtype])


class GatheredRows(RowSum):
    """The gradient of a source: rows, if it was read by tf.gather alone."""

    __slots__ = ()

    def keeps(self, index: Any) -> bool:
        return index.dtype in _SIGNED


def slices_of(rows: Rows, source: Tensor | TensorLike, conjugated: bool) -> IndexedSlices:
    """The gradient with respect to a source as TensorFlow has it, its parts one after the other."""
    shape: tuple[Any, ...] = tuple(source.shape)
    indices = [
        fnp.reshape(fnp.astype(index, _SIGNED[index.dtype]), (-1,)) for index, _ in rows.parts
    ]
    values = [fnp.reshape(row, (-1, *shape[1:])) for _, row in rows.parts]
    found = values[0] if len(values) == 1 else fnp.concatenate(values)
    where = indices[0] if len(indices) == 1 else fnp.concatenate(indices)
    return IndexedSlices(
        wrap(fnp.conj(found) if conjugated else found),
        wrap(where),
        wrap(np.array(shape, np.int32)),
    )


def _flatten(x: IndexedSlices) -> tuple[tuple[Any, ...], None]:
    return (x.values, x.indices, x.dense_shape), None


def _unflatten(_: None, children: Any) -> IndexedSlices:
    return IndexedSlices(*children)


tree_util.register_pytree_node(IndexedSlices, _flatten, _unflatten)
