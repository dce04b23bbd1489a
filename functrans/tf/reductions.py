"""Reductions over axes: sums, means, extremes, products, logic, positions of extremes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.convert import BOOL, FLOAT32, INT32, INT64, NumpyDtype, as_tensor, numpy_dtype
from functrans.tf.errors import InvalidArgumentError, InvalidTypeError
from functrans.tf.logic import as_bools
from functrans.tf.tensor import Tensor, TensorLike, value, wrap
from functrans.tf.words import check_kind, is_plain, stopped

Axes = tuple[int, ...] | int | None
Reduction = Callable[[Any, Axes, bool], Any]


def reduce_sum(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The sum over one axis, several or all, in the dtype of the tensor.

    >>> import functrans.tf as tf
    >>> tf.reduce_sum([[1.0, 2.0], [3.0, 4.0]], axis=0).numpy()
    array([4., 6.], dtype=float32)
    """
    return _reduced("Sum", _sum, input_tensor, axis, keepdims, "fciu")


def _sum(v: Any, axes: Axes, keepdims: bool) -> Any:
    if type(v) is np.ndarray:
        return v.sum(axis=axes, dtype=v.dtype, keepdims=keepdims)
    return fnp.sum(v, axis=axes, dtype=v.dtype, keepdims=keepdims)


def reduce_mean(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The mean over axes, in the dtype of the tensor: of integers it is cut off.

    >>> import functrans.tf as tf
    >>> tf.reduce_mean([1.0, 2.0]).numpy(), tf.reduce_mean([1, 2]).numpy()
    (np.float32(1.5), np.int32(1))
    """
    return _reduced("Mean", _mean, input_tensor, axis, keepdims, "fciu")


def _mean(v: Any, axes: Axes, keepdims: bool) -> Any:
    if v.dtype.kind in "fc":
        if type(v) is not np.ndarray and v.size:
            return fnp.mean(v, axis=axes, keepdims=keepdims)
        total, count = _sum(_single(v), axes, keepdims), _count(v, axes)
        mean = fnp.divide(total, total.dtype.type(count))
        return mean if mean.dtype == v.dtype else fnp.astype(mean, v.dtype)
    total = fnp.sum(v, axis=axes, dtype=INT64, keepdims=keepdims)
    whole = fnp.floor_divide(fnp.abs(total), max(_count(v, axes), 1))
    return fnp.astype(fnp.multiply(fnp.sign(total), whole), v.dtype)


def _single(v: Any) -> Any:
    """The values, halves as float32, in which their sums are made."""
    return fnp.astype(v, np.float32) if v.dtype == np.float16 else v


def _count(v: Any, axes: Axes) -> int:
    """How many elements each result is made of."""
    if axes is None:
        return int(v.size)
    return prod(v.shape[axis] for axis in (axes if isinstance(axes, tuple) else (axes,)))


def reduce_prod(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The product over axes; its gradient is exact where elements are 0.

    >>> import functrans.tf as tf
    >>> tf.reduce_prod([2.0, 3.0]).numpy()
    np.float32(6.0)
    """
    return _reduced("Prod", _prod, input_tensor, axis, keepdims, "fciu")


def _prod(v: Any, axes: Axes, keepdims: bool) -> Any:
    return fnp.prod(v, axis=axes, dtype=v.dtype, keepdims=keepdims)


def reduce_max(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The largest elements over axes, which share the gradient; of none, the least number.

    >>> import functrans.tf as tf
    >>> tf.reduce_max([[1.0, 5.0], [7.0, 2.0]], axis=1).numpy()
    array([5., 7.], dtype=float32)
    """
    return _reduced("Max", _max, input_tensor, axis, keepdims, "fiu")


def reduce_min(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The smallest elements over axes, which share the gradient; of none, the greatest number.

    >>> import functrans.tf as tf
    >>> tf.reduce_min([[1.0, 5.0], [7.0, 2.0]], axis=1).numpy()
    array([1., 2.], dtype=float32)
    """
    return _reduced("Min", _min, input_tensor, axis, keepdims, "fiu")


def _max(v: Any, axes: Axes, keepdims: bool) -> Any:
    if not v.size:
        return _nothing(v, axes, keepdims, "min")
    if type(v) is np.ndarray:
        return v.max(axis=axes, keepdims=keepdims)
    return fnp.max(v, axis=axes, keepdims=keepdims)


def _min(v: Any, axes: Axes, keepdims: bool) -> Any:
    if not v.size:
        return _nothing(v, axes, keepdims, "max")
    if type(v) is np.ndarray:
        return v.min(axis=axes, keepdims=keepdims)
    return fnp.min(v, axis=axes, keepdims=keepdims)


def _nothing(v: Any, axes: Axes, keepdims: bool, end: str) -> Any:
    """The extreme of no elements, connected to them."""
    return fnp.add(_sum(v, axes, keepdims), v.dtype.type(_bound(v.dtype, end)))


def _bound(dtype: NumpyDtype, end: str) -> Any:
    """The number that no other of the dtype passes."""
    if dtype.kind == "f":
        return -np.inf if end == "min" else np.inf
    return getattr(np.iinfo(dtype), end)


def reduce_all(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """Whether all bools over axes are true.

    >>> import functrans.tf as tf
    >>> tf.reduce_all([True, False]).numpy()
    np.False_
    """
    return _judged("All", fnp.all, input_tensor, axis, keepdims)


def reduce_any(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """Whether one of the bools over axes is true.

    >>> import functrans.tf as tf
    >>> tf.reduce_any([True, False]).numpy()
    np.True_
    """
    return _judged("Any", fnp.any, input_tensor, axis, keepdims)


def _judged(op: str, function: Callable[..., Any], x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = as_bools(x)
    if x._dtype != BOOL:
        raise InvalidArgumentError.at(
            f"cannot compute {op} as input #0(zero-based) was expected to be a bool tensor but is "
            f"a {x.dtype.name} tensor [Op:{op}] name: ",
            "Compare first: x != 0.",
        )

    def run(v: Any, axes: Axes, keepdims: bool) -> Any:
        return function(v, axis=axes, keepdims=keepdims)

    return _reduced(op, run, x, axis, keepdims, "b")


def reduce_logsumexp(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """log(sum(exp(x))) over axes, without overflow.

    >>> import functrans.tf as tf
    >>> tf.reduce_logsumexp([1000.0, 1000.0]).numpy().round(2)
    np.float32(1000.69)
    """
    return _reduced("LogSumExp", _logsumexp, input_tensor, axis, keepdims, "f")


def _logsumexp(v: Any, axes: Axes, keepdims: bool) -> Any:
    largest = _max(stopped(v), axes, True)
    largest = fnp.where(fnp.isfinite(largest), largest, v.dtype.type(0))
    logarithm = fnp.log(_sum(fnp.exp(fnp.subtract(v, largest)), axes, True))
    result = fnp.add(logarithm, largest)
    return result if keepdims else fnp.squeeze(result, axis=axes)


def reduce_variance(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The mean of the squared distances to the mean, over axes; integers are a TypeError.

    >>> import functrans.tf as tf
    >>> tf.math.reduce_variance([1.0, 3.0]).numpy()
    np.float32(1.0)
    """
    return _reduced("Variance", _variance, _inexact(input_tensor), axis, keepdims, "fc")


def reduce_std(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The square root of the variance over axes; integers are a TypeError.

    >>> import functrans.tf as tf
    >>> tf.math.reduce_std([1.0, 3.0]).numpy()
    np.float32(1.0)
    """
    return _reduced("Std", _std, _inexact(input_tensor), axis, keepdims, "fc")


def _inexact(x: Any) -> Tensor:
    tensor = as_tensor(x)
    if tensor._dtype.kind in "iu":
        raise InvalidTypeError(
            f"Input must be either real or complex. Received integer type {tensor.dtype}.",
            "Convert it with tf.cast(x, tf.float32).",
        )
    return tensor


def _variance(v: Any, axes: Axes, keepdims: bool) -> Any:
    distance = fnp.subtract(v, _mean(v, axes, True))
    if v.dtype.kind == "c":
        squares = fnp.real(fnp.multiply(distance, fnp.conj(distance)))
    else:
        squares = fnp.square(distance)
    return _mean(squares, axes, keepdims)


def _std(v: Any, axes: Axes, keepdims: bool) -> Any:
    return fnp.sqrt(_variance(v, axes, keepdims))


def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The square root of the sum of squares over axes, in the dtype of the tensor.

    >>> import functrans.tf as tf
    >>> tf.math.reduce_euclidean_norm([3.0, 4.0]).numpy()
    np.float32(5.0)
    """
    return _reduced("EuclideanNorm", _norm, input_tensor, axis, keepdims, "fciu")


def _norm(v: Any, axes: Axes, keepdims: bool) -> Any:
    squares = fnp.multiply(v, fnp.conj(v)) if v.dtype.kind == "c" else fnp.square(v)
    return fnp.astype(fnp.sqrt(_sum(squares, axes, keepdims)), v.dtype)


def count_nonzero(
    input: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    dtype: Any = INT64,
    name: str | None = None,
) -> Tensor:
    """How many elements over axes are not 0, or no empty strings.

    >>> import functrans.tf as tf
    >>> tf.math.count_nonzero([0, 3, 4]).numpy()
    np.int64(2)
    """
    x = as_tensor(input)
    v = value(x)
    nonzero = np.asarray(v != b"", bool) if v.dtype.kind == "O" else v != 0
    wanted = numpy_dtype(dtype)

    def run(v: Any, axes: Axes, keepdims: bool) -> Any:
        return fnp.sum(v, axis=axes, dtype=wanted, keepdims=keepdims)

    return _reduced("Sum", run, wrap(nonzero), axis, bool(keepdims), "b")


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The share of the elements that are 0, as float32; NaN of no elements.

    >>> import functrans.tf as tf
    >>> tf.nn.zero_fraction([0.0, 3.0]).numpy()
    np.float32(0.5)
    """
    x = as_tensor(value)
    zeros = x._v.size - count_nonzero(x)._v
    with np.errstate(all="ignore"):
        return wrap(fnp.astype(fnp.divide(zeros, np.float64(x._v.size)), FLOAT32))


# --- positions of extremes -----------------------------------------------------------------------


def argmax(
    input: Any, axis: Any = None, output_type: Any = INT64, name: str | None = None
) -> Tensor:
    """The position of the largest element along an axis, 0 by default; of several the first.

    >>> import functrans.tf as tf
    >>> tf.argmax([[1.0, 9.0], [7.0, 2.0]], axis=1).numpy()
    array([1, 0])
    """
    return _position("ArgMax", fnp.argmax, -np.inf, input, axis, output_type)


def argmin(
    input: Any, axis: Any = None, output_type: Any = INT64, name: str | None = None
) -> Tensor:
    """The position of the smallest element along an axis, 0 by default; of several the first.

    >>> import functrans.tf as tf
    >>> tf.argmin([[1.0, 9.0], [7.0, 2.0]], axis=1).numpy()
    array([0, 1])
    """
    return _position("ArgMin", fnp.argmin, np.inf, input, axis, output_type)


def _position(
    op: str, function: Callable[..., Any], least: float, x: Any, axis: Any, output_type: Any
) -> Tensor:
    x = as_tensor(x)
    check_kind(op, x._dtype, "fiub")
    dtype = numpy_dtype(output_type)
    if dtype is None or dtype.name not in ("int16", "uint16", "int32", "int64"):
        raise InvalidArgumentError.at(
            f"Value for attr 'output_type' of {output_type!r} is not in the list of allowed "
            f"values: int16, uint16, int32, int64 [Op:{op}] name: ",
            "Convert the result with tf.cast.",
        )
    v = stopped(value(x))
    axis = checked_axis(op, 0 if axis is None else axis, v.ndim)
    if not v.shape[axis]:
        raise InvalidArgumentError.at(
            f"Reduction axis {axis} is empty in shape {list(v.shape)} [Op:{op}] name: ",
            "Nothing has no largest element.",
        )
    if x._dtype.kind == "f" and not (is_plain(v) and np.isfinite(v).all()):
        v = fnp.where(fnp.isnan(v), v.dtype.type(least), v)
    return wrap(fnp.astype(function(v, axis=axis), dtype), dtype)


# --- axes ----------------------------------------------------------------------------------------


def _reduced(op: str, function: Reduction, x: Any, axis: Any, keepdims: bool, kinds: str) -> Tensor:
    """``function`` of the values, the axes as NumPy takes them and ``keepdims``."""
    x = as_tensor(x)
    if x._dtype.kind not in kinds:
        check_kind(op, x._dtype, kinds)
    v = value(x)
    with np.errstate(all="ignore"):
        return wrap(function(v, axes_of(op, axis, v.ndim), bool(keepdims)))


def axes_of(op: str, axis: Any, ndim: int) -> Axes:
    """Axes from 0 as NumPy takes them; one twice or out of range is an InvalidArgumentError."""
    if axis is None:
        return None
    if isinstance(axis, int):
        return checked_axis(op, axis, ndim)
    axes = tuple(checked_axis(op, a, ndim) for a in np.ravel(_indices(axis)).tolist())
    if len(set(axes)) < len(axes):
        twice = next(a for a in axes if axes.count(a) > 1)
        raise InvalidArgumentError.at(
            f"Invalid reduction arguments: Axes contains duplicate dimension: {twice} [Op:{op}] "
            "name: ",
            "Name each axis once; negative ones count from the last.",
        )
    return axes


def _indices(axis: Any) -> Any:
    if isinstance(axis, Tensor | TensorLike | np.ndarray | np.integer):
        return as_tensor(axis).numpy()
    return as_tensor(axis, INT32).numpy()


def checked_axis(op: str, axis: Any, ndim: int) -> int:
    """An axis from 0; one out of range is an InvalidArgumentError."""
    place = axis if type(axis) is int else int(_indices(axis))
    if not -ndim <= place < ndim:
        raise InvalidArgumentError.at(
            f"Invalid reduction dimension ({place} for input with {ndim} dimension(s) [Op:{op}] "
            "name: ",
            f"Expected dimension in the range [{-ndim}, {ndim}).",
        )
    return place % ndim
