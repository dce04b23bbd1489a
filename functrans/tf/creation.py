"""New tensors: constants of a shape, ranges, identities, one-hot rows, masks of lengths."""

from __future__ import annotations

from typing import Any

import numpy as np

import functrans
from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.convert import (
    FLOAT32,
    FLOAT64,
    NumpyDtype,
    as_tensor,
    integer,
    mismatch,
    numpy_dtype,
    sizes_of,
)
from functrans.tf.dtypes import DType, as_dtype, float32
from functrans.tf.dtypes import bool_ as tf_bool
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
    OperatorNotAllowedInGraphError,
)
from functrans.tf.layouts import check_indices, own, rearranged
from functrans.tf.tensor import Tensor, TensorLike, value, wrap

# --- constants of a shape ------------------------------------------------------------------------


def zeros(shape: Any, dtype: Any = float32, name: str | None = None, layout: Any = None) -> Tensor:
    """A tensor of zeros, empty strings or False.

    >>> import functrans.tf as tf
    >>> tf.zeros([2]).numpy()
    array([0., 0.], dtype=float32)
    """
    wanted = as_dtype(dtype).np
    return _filled("Zeros", shape, wanted, b"" if wanted.kind == "O" else 0)


def ones(shape: Any, dtype: Any = float32, name: str | None = None, layout: Any = None) -> Tensor:
    """A tensor of ones or True.

    >>> import functrans.tf as tf
    >>> tf.ones([2], tf.int32).numpy()
    array([1, 1], dtype=int32)
    """
    wanted = as_dtype(dtype).np
    if wanted.kind == "O":
        raise InvalidTypeError(
            "Expected string, got 1 of type 'int' instead.", "tf.fill takes a string."
        )
    return _filled("Ones", shape, wanted, 1)


def _filled(op: str, shape: Any, dtype: NumpyDtype, element: Any) -> Tensor:
    return wrap(own(np.full(_valid("Fill", sizes_of(shape)), element, dtype)), dtype)


def _valid(op: str, sizes: tuple[int, ...]) -> tuple[int, ...]:
    if min(sizes, default=0) < 0:
        raise InvalidArgumentError.at(
            f"Dimension {min(sizes)} must be >= 0 [Op:{op}] name: ", "Give sizes of 0 or more."
        )
    return sizes


def zeros_like(
    input: Any, dtype: Any = None, name: str | None = None, layout: Any = None
) -> Tensor:
    """Zeros of the shape and dtype of another tensor; no gradient flows to that.

    >>> import functrans.tf as tf
    >>> tf.zeros_like([1, 2]).numpy()
    array([0, 0], dtype=int32)
    """
    like = as_tensor(input)
    return zeros(like._v.shape, like.dtype if dtype is None else dtype)


def ones_like(input: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Tensor:
    """Ones of the shape and dtype of another tensor; no gradient flows to that.

    >>> import functrans.tf as tf
    >>> tf.ones_like([1.0, 2.0]).numpy()
    array([1., 1.], dtype=float32)
    """
    like = as_tensor(input)
    return ones(like._v.shape, like.dtype if dtype is None else dtype)


def fill(dims: Any, value: Any, name: str | None = None, layout: Any = None) -> Tensor:
    """A tensor of the shape ``dims`` whose elements are all one scalar.

    >>> import functrans.tf as tf
    >>> tf.fill([2], 7).numpy()
    array([7, 7], dtype=int32)
    """
    sizes = _valid("Fill", sizes_of(dims))
    scalar = as_tensor(value)
    if scalar._v.shape:
        raise InvalidArgumentError.at(
            f"value must be a scalar, got shape {list(scalar._v.shape)} [Op:Fill] name: ",
            "tf.broadcast_to repeats arrays.",
        )
    return rearranged("Fill", lambda v: fnp.broadcast_to(v, sizes), scalar)


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = float32,
    name: str | None = None,
) -> Tensor:
    """Identity matrices, of ``batch_shape`` if given.

    >>> import functrans.tf as tf
    >>> tf.eye(2).numpy()
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    rows = integer(num_rows)
    columns = rows if num_columns is None else integer(num_columns)
    batch = () if batch_shape is None else sizes_of(batch_shape)
    _valid("Fill", (rows, columns, *batch))
    wanted = as_dtype(dtype).np
    return wrap(np.broadcast_to(np.eye(rows, columns, dtype=wanted), (*batch, rows, columns)))


# --- ranges --------------------------------------------------------------------------------------

_HIERARCHY = [np.dtype(t) for t in (np.float16, np.int32, np.int64, np.float32, np.float64)]
"""The dtypes that ends of a range may have; the last that occurs is the range's."""


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range"
) -> Tensor:
    """The numbers from ``start`` (or 0) in steps of ``delta``, before ``limit``.

    >>> import functrans.tf as tf
    >>> tf.range(1, 7, 2).numpy()
    array([1, 3, 5], dtype=int32)
    """
    if limit is None:
        start, limit = 0, start
    wanted = numpy_dtype(dtype)
    tensors = [_given(a, wanted) for a in (start, limit, delta)]
    common = wanted or _highest([t._dtype for t in tensors])
    first, last, step = [_end(t).astype(common) for t in tensors]
    if step == 0:
        raise InvalidArgumentError.at(
            "Requires delta != 0 [Op:Range] name: ", "Give a step up or down."
        )
    if (first > last) if step > 0 else (first < last):
        sign = "<=" if step > 0 else ">="
        raise InvalidArgumentError.at(
            f"Requires start {sign} limit when delta {sign.replace('=', '')[::-1]} 0 "
            f"[Op:Range] name: ",
            "Turn the ends around, or the sign of delta.",
        )
    return wrap(np.arange(first, last, step, dtype=common))


def _given(x: Any, dtype: NumpyDtype | None) -> Tensor:
    """A tensor as it is, or another value in a dtype."""
    return as_tensor(x, None if isinstance(x, Tensor | TensorLike) else dtype)


def _end(end: Tensor) -> Any:
    v = known(value(end))
    if v is None:
        raise OperatorNotAllowedInGraphError(
            "The ends of tf.range are not known while tracing, so its length is not.",
            "Pass them as Python integers, or take them from x.shape.",
        )
    if v.shape:
        raise InvalidArgumentError.at(
            f"start, limit and delta must be scalars, not of shape {list(v.shape)} [Op:Range] ",
            "Give one number each.",
        )
    return v


def _highest(dtypes: list[NumpyDtype]) -> NumpyDtype:
    return max(dtypes, key=lambda d: _HIERARCHY.index(d) if d in _HIERARCHY else -1)


def linspace(start: Any, stop: Any, num: Any, name: str | None = None, axis: int = 0) -> Tensor:
    """``num`` numbers at equal distances from ``start`` to ``stop``, both included.

    >>> import functrans.tf as tf
    >>> tf.linspace(0.0, 1.0, 3).numpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    first = as_tensor(start)
    last = _given(stop, first._dtype)
    if first._dtype != last._dtype:
        raise InvalidValueError(
            f"Tensor conversion requested dtype {first.dtype.name} for Tensor with dtype "
            f"{last.dtype.name}: {last!r}",
            "Give both ends in one dtype.",
        )
    dtype = FLOAT64 if first._dtype.kind in "iu" else first._dtype
    a, b = (fnp.astype(value(t), dtype) for t in (first, last))
    v = fnp.linspace(a, b, max(integer(num), 0), axis=axis, dtype=dtype)
    return wrap(own(v), dtype)


# --- one-hot rows, masks, grids ------------------------------------------------------------------


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """A new axis of size ``depth`` with ``on_value`` at the index and ``off_value`` elsewhere.

    An index out of range has no ``on_value``. No gradient flows.

    >>> import functrans.tf as tf
    >>> tf.one_hot([0, 2], 3).numpy()
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    wanted = numpy_dtype(dtype)
    positions = value(as_tensor(indices))
    ndim = len(positions.shape)
    check_indices("OneHot", "TI", as_tensor(indices), "uint8 int8 int32 int64")
    count = integer(depth)
    if count < 0:
        raise InvalidArgumentError.at(
            f"depth must be non-negative, got: {count} [Op:OneHot]", "Give the number of classes."
        )
    place = -1 if axis is None else axis
    if not -1 <= place <= ndim:
        raise InvalidArgumentError.at(
            f"Expected axis to be -1 or between [0, {ndim + 1}).  But received: {place} "
            "[Op:OneHot] name: ",
            "The new axis is −1 for the last one.",
        )
    column = fnp.expand_dims(positions, place)
    steps = [1] * (ndim + 1)
    steps[place] = -1
    classes = np.arange(count, dtype=positions.dtype).reshape(steps)
    hot = fnp.equal(column, classes)
    if on_value is None and off_value is None and (wanted is None or wanted.kind != "O"):
        return wrap(fnp.astype(hot, wanted or FLOAT32))
    on, off = _hot_values(on_value, off_value, wanted)
    a, b = value(on), value(off)
    if on._dtype.kind != "O":
        a, b = functrans.stop_gradient(a), functrans.stop_gradient(b)
    return wrap(own(fnp.where(hot, a, b)), on._dtype)


def _hot_values(on: Any, off: Any, wanted: NumpyDtype | None) -> tuple[Tensor, Tensor]:
    """The two values of one dtype: the one asked for, or that of a value, or float32."""
    given = [_given(v, wanted) for v in (on, off) if v is not None]
    common = wanted or (given[0]._dtype if given else FLOAT32)
    if any(t._dtype != common for t in given):
        odd = next(t for t in given if t._dtype != common)
        raise InvalidTypeError(
            f"dtype {odd.dtype.name} of on_value or off_value does not match dtype parameter "
            f"{as_dtype(common).name}",
            "Give both values in the dtype of the result.",
        )
    if common.kind == "O" and len(given) < 2:
        raise InvalidTypeError(
            "on_value and off_value must be given for strings.", "Give both values."
        )
    hot = as_tensor(common.type(1)) if on is None else given.pop(0)
    return hot, as_tensor(common.type(0)) if off is None else given.pop(0)


def sequence_mask(
    lengths: Any, maxlen: Any = None, dtype: DType | Any = tf_bool, name: str | None = None
) -> Tensor:
    """For each length n a row of n True elements followed by False, of ``maxlen`` in all.

    >>> import functrans.tf as tf
    >>> tf.sequence_mask([1, 3]).numpy()
    array([[ True, False, False],
           [ True,  True,  True]])
    """
    counts = as_tensor(lengths)
    width = _longest(counts) if maxlen is None else integer(maxlen)
    steps = np.arange(width, dtype=counts._dtype)
    mask = fnp.less(steps, fnp.expand_dims(value(counts), -1))
    return wrap(own(fnp.astype(mask, as_dtype(dtype).np)))


def _longest(counts: Tensor) -> int:
    v = known(value(counts))
    if v is None:
        raise OperatorNotAllowedInGraphError(
            "The longest of the lengths is not known while tracing.", "Give maxlen as an integer."
        )
    return max(int(np.max(v)), 0) if v.size else 0


def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """Coordinate arrays of a grid from vectors; ``indexing`` is "xy" (the default) or "ij".

    >>> import functrans.tf as tf
    >>> [a.numpy().tolist() for a in tf.meshgrid([1, 2], [3, 4, 5])]
    [[[1, 2], [1, 2], [1, 2]], [[3, 3], [4, 4], [5, 5]]]
    """
    indexing = kwargs.pop("indexing", "xy")
    kwargs.pop("name", None)
    if kwargs:
        raise InvalidTypeError(
            f"'{next(iter(kwargs))}' is an invalid keyword argument for this function",
            "Only indexing and name are keywords.",
        )
    if indexing not in ("xy", "ij"):
        raise InvalidValueError(
            f"Argument `indexing` parameter must be either 'xy' or 'ij', got '{indexing}'",
            "xy has rows for the second vector, ij for the first.",
        )
    tensors = [as_tensor(a) for a in args]
    for t in tensors:
        if t._dtype != tensors[0]._dtype:
            raise mismatch("Mul", 1, t._dtype, tensors[0]._dtype)
    vectors = [value(t) for t in tensors]
    grids = fnp.meshgrid(*[fnp.reshape(v, (-1,)) for v in vectors], indexing=indexing)
    return [wrap(own(g, *vectors), t._dtype) for g, t in zip(grids, tensors, strict=True)]
