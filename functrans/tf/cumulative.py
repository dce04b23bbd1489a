"""Running sums, products and log-sum-exps along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.lax import associative_scan
from functrans.tf.convert import as_tensor
from functrans.tf.reductions import checked_axis
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind


def cumsum(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The sums of the elements up to each along an axis.

    ``exclusive`` leaves each element out of its own sum; ``reverse`` sums from the end.

    >>> import functrans.tf as tf
    >>> tf.cumsum([1, 2, 3]).numpy(), tf.cumsum([1, 2, 3], exclusive=True).numpy()
    (array([1, 3, 6], dtype=int32), array([0, 1, 3], dtype=int32))
    """
    return _scanned("Cumsum", _sums, 0, x, axis, exclusive, reverse, "fciu")


def cumprod(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The products of the elements up to each along an axis; as :func:`cumsum`.

    >>> import functrans.tf as tf
    >>> tf.math.cumprod([1.0, 2.0, 3.0]).numpy()
    array([1., 2., 6.], dtype=float32)
    """
    return _scanned("Cumprod", _products, 1, x, axis, exclusive, reverse, "fciu")


def cumulative_logsumexp(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """log(sum(exp(x))) of the elements up to each along an axis, without overflow.

    >>> import functrans.tf as tf
    >>> tf.math.cumulative_logsumexp([0.0, 0.0]).numpy()
    array([0.       , 0.6931472], dtype=float32)
    """
    return _scanned("CumulativeLogsumexp", _logsumexps, -np.inf, x, axis, exclusive, reverse, "f")


def _sums(v: Any, axis: int) -> Any:
    return fnp.cumsum(v, axis=axis, dtype=v.dtype)


def _products(v: Any, axis: int) -> Any:
    return fnp.cumprod(v, axis=axis, dtype=v.dtype)


def _logsumexps(v: Any, axis: int) -> Any:
    return associative_scan(fnp.logaddexp, v, axis=axis) if v.shape[axis] else v


def _scanned(
    op: str,
    function: Callable[[Any, int], Any],
    start: float,
    x: Any,
    axis: Any,
    exclusive: bool,
    reverse: bool,
    kinds: str,
) -> Tensor:
    x = as_tensor(x)
    check_kind(op, x._dtype, kinds)
    v = value(x)
    axis = checked_axis(op, axis, v.ndim)
    with np.errstate(all="ignore"):
        v = fnp.flip(v, axis) if reverse else v
        v = function(_shifted(v, axis, start) if exclusive else v, axis)
        return wrap(fnp.flip(v, axis) if reverse else v, x._dtype)


def _shifted(v: Any, axis: int, start: float) -> Any:
    """The elements moved on by one, with the neutral number first."""
    before = (slice(None),) * axis
    first = np.full((*v.shape[:axis], min(v.shape[axis], 1), *v.shape[axis + 1 :]), start, v.dtype)
    return fnp.concatenate([first, v[(*before, slice(None, -1))]], axis=axis)
