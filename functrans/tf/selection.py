"""The largest elements of rows, and whether a class is among them; permutations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.convert import BOOL, FLOAT32, INT32, as_tensor, convert_to_tensor
from functrans.tf.dtypes import as_dtype, int32
from functrans.tf.errors import InvalidArgumentError
from functrans.tf.reductions import checked_axis
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind, stopped


class TopKV2(NamedTuple):
    """The largest elements and their positions."""

    values: Tensor
    indices: Tensor


class ApproxTopK(NamedTuple):
    """The extreme elements and their positions."""

    values: Tensor
    indices: Tensor


def top_k(
    input: Any, k: Any = 1, sorted: bool = True, index_type: Any = int32, name: str | None = None
) -> TopKV2:
    """The k largest elements of each row, and where they are; of equals the first come first.

    >>> import functrans.tf as tf
    >>> tf.math.top_k([1.0, 3.0, 2.0], k=2).indices.numpy()
    array([1, 2], dtype=int32)
    """
    x = as_tensor(input)
    check_kind("TopKV2", x._dtype, "fiu")
    v, count = value(x), int(as_tensor(k).numpy())
    if not v.ndim:
        raise _refused("input must be >= 1-D, got shape []", "Give a vector.")
    if count < 0:
        raise _refused(f"Need k >= 0, got {count}", "Ask for none at least.")
    if count > v.shape[-1]:
        raise _refused(
            f"input must have at least k columns. Had {v.shape[-1]}, needed {count}",
            "Take k from the shape of the input.",
        )
    places = _order(v, largest=True)[..., :count]
    indices = fnp.astype(places, as_dtype(index_type).np)
    return TopKV2(wrap(fnp.take_along_axis(v, places, axis=-1), x._dtype), wrap(indices))


def _refused(what: str, remedy: str) -> InvalidArgumentError:
    return InvalidArgumentError.at(f"{what} [Op:TopKV2] name: ", remedy)


def _order(v: Any, largest: bool) -> Any:
    """The positions of the last axis, the most extreme element's first; NaN comes last."""
    key = stopped(v)
    if largest:
        key = fnp.negative(key) if key.dtype.kind == "f" else fnp.invert(key)
    return fnp.argsort(key, axis=-1, stable=True)


def approx_max_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
    name: str | None = None,
) -> ApproxTopK:
    """The k largest elements along an axis, and where they are; exact here.

    >>> import functrans.tf as tf
    >>> tf.math.approx_max_k([1.0, 3.0, 2.0], 2).values.numpy()
    array([3., 2.], dtype=float32)
    """
    return _extremes(operand, k, reduction_dimension, largest=True)


def approx_min_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
    name: str | None = None,
) -> ApproxTopK:
    """The k smallest elements along an axis, and where they are; exact here.

    >>> import functrans.tf as tf
    >>> tf.math.approx_min_k([1.0, 3.0, 2.0], 2).values.numpy()
    array([1., 2.], dtype=float32)
    """
    return _extremes(operand, k, reduction_dimension, largest=False)


def _extremes(operand: Any, k: int, axis: int, largest: bool) -> ApproxTopK:
    x = as_tensor(operand)
    check_kind("ApproxTopK", x._dtype, "f")
    axis = checked_axis("ApproxTopK", axis, len(x._v.shape))
    v = fnp.moveaxis(value(x), axis, -1)
    places = _order(v, largest)[..., :k]
    values = fnp.moveaxis(fnp.take_along_axis(v, places, axis=-1), -1, axis)
    return ApproxTopK(wrap(values), wrap(fnp.astype(fnp.moveaxis(places, -1, axis), INT32)))


def in_top_k(targets: Any, predictions: Any, k: Any, name: str | None = None) -> Tensor:
    """Whether each row's target class is among its k largest predictions, ties counted in.

    A row with a prediction that is not finite, and a class that does not exist, give False.

    >>> import functrans.tf as tf
    >>> tf.math.in_top_k([0, 1], [[0.1, 0.9], [0.2, 0.8]], k=1).numpy()
    array([False,  True])
    """
    v, c = value(as_tensor(predictions, FLOAT32)), value(as_tensor(targets))
    if v.ndim != 2 or c.shape != v.shape[:1]:
        raise InvalidArgumentError.at(
            "predictions must be 2-dimensional, and their first dimension must match length of "
            f"targets; got {list(v.shape)} and {list(c.shape)} [Op:InTopKV2] name: ",
            "Give a row of predictions for each target.",
        )
    inside = (c >= 0) & (c < v.shape[1])
    own = fnp.take_along_axis(v, fnp.where(inside, c, 0)[:, None], axis=1)
    larger = fnp.sum(v > own, axis=1)
    sure = fnp.all(fnp.isfinite(v), axis=1)
    return wrap(inside & sure & (larger < value(as_tensor(k))), BOOL)


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """Where each of 0, 1, 2, … is in a permutation of them.

    >>> import functrans.tf as tf
    >>> tf.math.invert_permutation([2, 0, 1]).numpy()
    array([1, 2, 0], dtype=int32)
    """
    x = convert_to_tensor(x, dtype_hint=int32)
    check_kind("InvertPermutation", x._dtype, "i")
    v = value(x)
    if v.ndim != 1:
        raise _no_permutation("invert_permutation expects a 1D vector.")
    found = known(v)
    if found is not None:
        size = len(found)
        for number in found[(found < 0) | (found >= size)].tolist():
            raise _no_permutation(f"{number} is not between 0 and {size}")
        numbers, counts = np.unique(found, return_counts=True)
        for number in numbers[counts > 1].tolist():
            raise _no_permutation(f"{number} is duplicated in the input.")
    return wrap(fnp.astype(fnp.argsort(v), x._dtype), x._dtype)


def _no_permutation(what: str) -> InvalidArgumentError:
    return InvalidArgumentError.at(
        f"{what} [Op:InvertPermutation] name: ", "Give each of 0, 1, …, n − 1 once."
    )
