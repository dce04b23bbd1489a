"""Rows of tables by their numbers."""

from __future__ import annotations

from typing import Any

from functrans.tf.clipping import clip_by_norm
from functrans.tf.convert import as_tensor
from functrans.tf.errors import InvalidValueError
from functrans.tf.gathering import gather
from functrans.tf.joining import concat
from functrans.tf.tensor import Tensor


def embedding_lookup(
    params: Any, ids: Any, max_norm: float | None = None, name: str | None = None
) -> Tensor:
    """The rows of a table, or of a list of tables one after the other, at integer positions.

    ``max_norm`` scales longer rows down. The gradient is a tf.IndexedSlices for one table.

    >>> import functrans.tf as tf
    >>> tf.nn.embedding_lookup([[1.0, 2.0], [3.0, 4.0]], [1, 0]).numpy()
    array([[3., 4.],
           [1., 2.]], dtype=float32)
    """
    tables = list(params) if isinstance(params, list | tuple) and _are_tables(params) else [params]
    if not tables:
        raise InvalidValueError("params must be non-empty", "Give a table.")
    rows = gather(tables[0] if len(tables) == 1 else concat(tables, 0), ids)
    if max_norm is None:
        return rows
    first = len(as_tensor(ids)._v.shape)
    found: Tensor = clip_by_norm(rows, max_norm, list(range(first, len(rows._v.shape))))
    return found


def _are_tables(params: Any) -> bool:
    return all(len(as_tensor(p)._v.shape) > 1 for p in params)
