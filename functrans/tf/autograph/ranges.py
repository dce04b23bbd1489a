"""Ranges that a for loop counts through, whose bounds may be traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.autograph.convert import converted
from functrans.tf.autograph.state import is_staged
from functrans.tf.convert import as_tensor, numpy_dtype
from functrans.tf.tensor import Tensor, TensorLike, value


class Range:
    """The numbers start, start + delta, … before limit; how many need not be known."""

    def __init__(self, start: Any, limit: Any, delta: Any, dtype: np.dtype[Any]) -> None:
        self.start, self.delta = fnp.asarray(start, dtype), fnp.asarray(delta, dtype)
        limit = fnp.asarray(limit, dtype)
        self.dtype = dtype
        self.count = _count(self.start, limit, self.delta)
        """A number, or a traced one."""

    def item(self, k: Any) -> Any:
        """The number at place ``k``."""
        return self.start + fnp.asarray(k, self.dtype) * self.delta


def _count(start: Any, limit: Any, delta: Any) -> Any:
    span = limit - start
    if start.dtype.kind == "f":
        steps = fnp.ceil(span / delta).astype(np.int64)
    else:
        one = fnp.where(delta > 0, delta - 1, delta + 1).astype(start.dtype)
        steps = ((span + one) // delta).astype(np.int64)
    return fnp.maximum(steps, np.int64(0))


def iterated(called: Any) -> Callable[..., Any]:
    """As ``converted``, for what a for loop runs over: tensors' ranges are not made arrays."""
    if called is range or _is_tensorflows_range(called):
        return lambda *args, **kwargs: _range(called, args, kwargs)
    function: Callable[..., Any] = converted(called)
    return function


def _is_tensorflows_range(called: Any) -> bool:
    module = getattr(called, "__module__", None) or ""
    return getattr(called, "__name__", "") == "range" and module.startswith("functrans.tf.")


def _range(called: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    bounds = dict(zip(("start", "limit", "delta"), args, strict=False)) | kwargs
    if len(args) == 1 and "limit" not in kwargs:
        bounds = {"limit": bounds.pop("start")} | bounds
    given = [bounds.get(k) for k in ("start", "limit", "delta")]
    if not any(map(is_staged, given)):
        return called(*args, **kwargs)
    dtype = numpy_dtype(bounds.get("dtype")) or _common(given)
    start, limit, delta = (
        value(as_tensor(default if x is None else x))
        for x, default in zip(given, (0, None, 1), strict=True)
    )
    return Range(start, limit, delta, dtype)


def _common(given: list[Any]) -> np.dtype[Any]:
    """The widest dtype of the tensors among the bounds, and of floats."""
    dtypes = [as_tensor(x)._dtype for x in given if x is not None]
    tensors = [as_tensor(x)._dtype for x in given if isinstance(x, Tensor | TensorLike)]
    same_kind = all(d.kind == tensors[0].kind for d in dtypes)
    return np.result_type(*(tensors if same_kind else dtypes))
