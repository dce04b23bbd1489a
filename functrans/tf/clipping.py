"""Values and gradients kept small: clip_by_value, clip_by_norm, clip_by_global_norm."""

from __future__ import annotations

from typing import Any

import numpy as np

import functrans
from functrans import numpy as fnp
from functrans.tf.convert import as_tensor, cast, is_traced, sizes_of
from functrans.tf.dtypes import DType, as_dtype
from functrans.tf.errors import InvalidArgumentError, InvalidTypeError, InvalidValueError
from functrans.tf.indexed import IndexedSlices, over_values
from functrans.tf.layouts import alike, own, shape_text
from functrans.tf.tensor import Tensor, TensorLike, value, wrap
from functrans.tf.words import operation


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """Elements below or above the limits replaced by them; the limits broadcast to ``t``.

    >>> import functrans.tf as tf
    >>> tf.clip_by_value([-1.0, 0.5, 3.0], 0.0, 1.0).numpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return over_values(lambda x: _between(x, clip_value_min, clip_value_max), t)


def _between(x: Tensor, low: Any, high: Any) -> Tensor:
    x, low, high = alike("Minimum", [x, low, high])
    sizes = x._v.shape
    for limit in (low, high):
        if limit._v.shape:
            _check_fits(limit._v.shape, sizes)
    v, a, b = value(x), value(low), value(high)
    if not any(map(is_traced, (v, a, b))):
        return wrap(np.maximum(np.minimum(v, b), a), x._dtype)
    # At a limit all of the gradient is the element's; the limits have the rest.
    plain = functrans.stop_gradient(v)
    inside = fnp.logical_and(fnp.greater_equal(plain, a), fnp.less_equal(plain, b))
    clipped = fnp.maximum(fnp.minimum(plain, b), a)
    if is_traced(a) or is_traced(b):
        clipped = fnp.where(plain < a, a, fnp.where(plain > b, b, clipped))
    return wrap(own(fnp.where(inside, v, clipped)) if is_traced(v) else clipped, x._dtype)


def _check_fits(shape: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    """Raise where limits of ``shape`` do not broadcast to ``sizes``."""
    what = f"Incompatible shapes: {shape_text(sizes)} vs. {shape_text(shape)}"
    remedy = "The limits broadcast to the tensor, not the other way."
    try:
        common = np.broadcast_shapes(sizes, shape)
    except ValueError as error:
        raise InvalidArgumentError.at(f"{what} [Op:Minimum] name: ", remedy) from error
    if common != sizes:
        raise InvalidValueError(what, remedy)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """The tensor scaled down to a Euclidean norm, over all axes or those given, if it is larger.

    >>> import functrans.tf as tf
    >>> tf.clip_by_norm([3.0, 4.0], 1.0).numpy()
    array([0.6, 0.8], dtype=float32)
    """
    over = None if axes is None else sizes_of(axes)
    return over_values(lambda x: _within_norm(x, clip_norm, over), t)


@operation("Mul")
def _within_norm(x: Tensor, clip_norm: Any, axes: tuple[int, ...] | None) -> Tensor:
    v, most = value(x), fnp.astype(value(as_tensor(clip_norm)), x._dtype)
    squares = fnp.sum(v * v, axis=axes, keepdims=True)
    positive = squares > 0
    # Two wheres, so that the gradient at a norm of zero is zero.
    safe = fnp.where(positive, squares, fnp.ones_like(squares))
    norm = fnp.where(positive, fnp.sqrt(safe), squares)
    larger = fnp.where(norm >= most, norm, most)
    return wrap(own(fnp.true_divide(v * most, larger)), x._dtype)


@operation("L2Loss")
def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """The Euclidean norm of several tensors together; None among them is left out.

    >>> import functrans.tf as tf
    >>> tf.linalg.global_norm([tf.constant(3.0), None, tf.constant(4.0)]).numpy()
    np.float32(5.0)
    """
    values = [value(_rows(t)) for t in _listed(t_list) if t is not None]
    if not values:
        return wrap(np.float32(0))
    halves = [fnp.true_divide(fnp.sum(v * v), v.dtype.type(2)) for v in values]
    total = fnp.sum(fnp.stack(halves))
    return wrap(own(fnp.sqrt(total * total.dtype.type(2))), values[0].dtype)


def _rows(t: Any) -> Tensor:
    return as_tensor(t.values if isinstance(t, IndexedSlices) else t)


def _listed(t_list: Any) -> list[Any]:
    if isinstance(t_list, list | tuple):
        return list(t_list)
    raise InvalidTypeError(
        f"`t_list` should be a sequence of tensors. Received {type(t_list)}.",
        "Put the tensor in a list.",
    )


@operation("Mul")
def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Any]:
    """Tensors scaled down together to a global norm if theirs is larger; and that norm of theirs.

    A norm that is not finite makes all of them NaN.

    >>> import functrans.tf as tf
    >>> clipped, norm = tf.clip_by_global_norm([tf.constant([3.0, 4.0])], 1.0)
    >>> clipped[0].numpy(), norm.numpy()
    (array([0.6, 0.8], dtype=float32), np.float32(5.0))
    """
    tensors = _listed(t_list)
    norm = global_norm(tensors) if use_norm is None else as_tensor(use_norm)
    given = isinstance(clip_norm, Tensor | TensorLike)
    n, most = value(norm), value(as_tensor(clip_norm, None if given else norm._dtype))
    inverse, least = fnp.true_divide(norm._dtype.type(1), n), fnp.true_divide(1.0, most)
    scale = most * fnp.where(inverse <= least, inverse, least)
    scale = scale + (n - n)  # NaN where the norm is not finite

    def scaled(x: Tensor) -> Tensor:
        return wrap(own(value(x) * fnp.astype(scale, x._dtype)), x._dtype)

    clipped = [t if t is None else over_values(scaled, t) for t in tensors]
    return clipped, norm if use_norm is None else use_norm


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """``value`` in another dtype; what that cannot hold becomes the nearest number that it can.

    >>> import functrans.tf as tf
    >>> tf.saturate_cast([300.0, -5.0, 3.7], tf.uint8).numpy()
    array([255,   0,   3], dtype=uint8)
    """
    x, wanted = as_tensor(value), as_dtype(dtype)
    if x._dtype.kind == "c" and wanted.np.kind != "c":
        x = cast(x, x.dtype.real_dtype)
    if wanted.np.kind in "fiu" and x._dtype.kind in "fiu":
        low, high = _common_limits(x.dtype, wanted)
        x = _between(x, wrap(low), wrap(high))
    return as_tensor(cast(x, wanted))


def _common_limits(x: DType, y: DType) -> tuple[Any, Any]:
    """The least and the largest number of the first dtype that the second holds too."""
    low, high = max(x.min, y.min), min(x.max, y.max)
    a, b = x.np.type(low), x.np.type(high)
    if x.np.kind == "f":  # rounded to this dtype, they may have left the other
        a = np.nextafter(a, x.np.type(0)) if int(a) < int(low) else a
        b = np.nextafter(b, x.np.type(0)) if int(b) > int(high) else b
    return a, b
