"""Shapes asked for and changed: shape, reshape, transpose, broadcasts, and values passed on."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

import functrans
from functrans import lax
from functrans import numpy as fnp
from functrans.tf.convert import (
    INT32,
    NumpyDtype,
    as_tensor,
    integers,
    is_traced,
    numpy_dtype,
    sizes_of,
)
from functrans.tf.dtypes import as_dtype, int32
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
)
from functrans.tf.indexed import over_values
from functrans.tf.layouts import Sizes, axis_of, own, rearranged, shape_text
from functrans.tf.shapes import TensorShape, as_shape
from functrans.tf.tensor import Tensor, value, wrap

# --- asking --------------------------------------------------------------------------------------


def shape(input: Any, out_type: Any = None, name: str | None = None) -> Tensor:
    """The shape as a vector of integers.

    >>> import functrans.tf as tf
    >>> tf.shape([[1.0, 2.0]]).numpy()
    array([1, 2], dtype=int32)
    """
    return wrap(np.array(as_tensor(input)._v.shape, numpy_dtype(out_type) or INT32))


def shape_n(input: Any, out_type: Any = int32, name: str | None = None) -> list[Tensor]:
    """The shapes of several tensors, as vectors.

    >>> import functrans.tf as tf
    >>> [s.numpy().tolist() for s in tf.shape_n([[1.0], [2.0, 3.0]])]
    [[1], [2]]
    """
    return [shape(x, out_type) for x in input]


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes.

    >>> import functrans.tf as tf
    >>> tf.rank([[1.0]]).numpy()
    np.int32(2)
    """
    return wrap(np.int32(len(as_tensor(input)._v.shape)))


def size(input: Any, out_type: Any = None, name: str | None = None) -> Tensor:
    """The number of elements.

    >>> import functrans.tf as tf
    >>> tf.size([[1.0, 2.0]]).numpy()
    np.int32(2)
    """
    return wrap((numpy_dtype(out_type) or INT32).type(prod(as_tensor(input)._v.shape)))


# --- the same elements in another shape ----------------------------------------------------------


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The elements in another shape; one size may be −1, for what is left.

    >>> import functrans.tf as tf
    >>> tf.reshape([1, 2, 3, 4], [2, -1]).numpy()
    array([[1, 2],
           [3, 4]], dtype=int32)
    """
    x = as_tensor(tensor)
    sizes = _complete(_sizes(shape), x._v.shape)
    return rearranged("Reshape", lambda v: lax.reshape(v, sizes), x)


def _sizes(shape: Any) -> Sizes:
    try:
        return sizes_of(shape)
    except InvalidTypeError as error:
        raise InvalidArgumentError.at(
            "Value for attr 'Tshape' of float is not in the list of allowed values: int32, int64 "
            "[Op:Reshape] name: ",
            error.remedy,
        ) from error


def _complete(sizes: Sizes, old: Sizes) -> Sizes:
    """The sizes with −1 replaced, for the elements of a tensor with the ``old`` ones."""
    count = prod(old)
    if -1 not in sizes:
        if min(sizes, default=0) < 0:
            raise InvalidArgumentError.at(
                f"Size {sizes.index(min(sizes))} must be non-negative, not {min(sizes)} "
                "[Op:Reshape]",
                "Only −1 stands for a size to be found.",
            )
        if prod(sizes) != count:
            raise InvalidArgumentError.at(
                f"Input to reshape is a tensor with {count} values, but the requested shape has "
                f"{prod(sizes)} [Op:Reshape]",
                "The numbers of elements must agree; −1 for one size is computed.",
            )
        return sizes
    if sizes.count(-1) > 1:
        raise InvalidArgumentError.at(
            "Only one input size may be -1 [Op:Reshape]", "Give all sizes but one."
        )
    # Sizes of 0 on both sides do not keep −1 from being found.
    rest = -prod(n for n in sizes if n)
    count = prod(n for n in old if n or 0 not in sizes)
    if count % rest:
        raise InvalidArgumentError.at(
            f"Input to reshape is a tensor with {count} values, but the requested shape requires "
            f"a multiple of {rest} [Op:Reshape]",
            "The other sizes must divide the number of elements.",
        )
    return tuple(count // rest if n == -1 else n for n in sizes)


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Without the axes of size 1, or without those given.

    >>> import functrans.tf as tf
    >>> tf.squeeze([[1, 2]]).numpy()
    array([1, 2], dtype=int32)
    """
    x = as_tensor(input)
    sizes = x._v.shape
    given = () if axis is None else sizes_of(axis)
    if not given:
        kept = tuple(n for n in sizes if n != 1)
        return rearranged("Squeeze", lambda v: lax.reshape(v, kept), x)
    axes = {axis_of("Squeeze", a, len(sizes)) for a in given}
    for a in sorted(axes):
        if sizes[a] != 1:
            raise InvalidArgumentError.at(
                f"Can not squeeze dim[{a}], expected a dimension of 1, got {sizes[a]} "
                "[Op:Squeeze] name: ",
                "Only axes of size 1 can be left out.",
            )
    kept = tuple(n for d, n in enumerate(sizes) if d not in axes)
    return rearranged("Squeeze", lambda v: lax.reshape(v, kept), x)


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Tensor:
    """With a new axis of size 1.

    >>> import functrans.tf as tf
    >>> tf.expand_dims([1, 2], 1).shape
    TensorShape([2, 1])
    """
    x = as_tensor(input)
    sizes = x._v.shape
    if type(axis) is not int and integers(axis).size != 1:
        raise InvalidArgumentError.at(
            "'dim' input must be a tensor with a single value [Op:ExpandDims] name: ",
            "Add axes one by one, or with tf.reshape.",
        )
    place = axis_of("ExpandDims", axis, len(sizes), extra=1)
    return rearranged(
        "ExpandDims", lambda v: lax.reshape(v, (*sizes[:place], 1, *sizes[place:])), x
    )


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str = "transpose") -> Tensor:
    """The axes in the order ``perm``, or turned around; ``conjugate`` conjugates elements too.

    >>> import functrans.tf as tf
    >>> tf.transpose([[1, 2], [3, 4]]).numpy()
    array([[1, 3],
           [2, 4]], dtype=int32)
    """
    x = as_tensor(a)
    ndim = len(x._v.shape)
    axes = tuple(range(ndim))[::-1] if perm is None else sizes_of(perm)
    if len(axes) != ndim:
        raise InvalidArgumentError.at(
            f"transpose expects a vector of size {ndim}. But input(1) is a vector of size "
            f"{len(axes)} [Op:Transpose] name: ",
            "perm has every axis once.",
        )
    if sorted(d % ndim for d in axes) != list(range(ndim)) or min(axes, default=0) < -ndim:
        raise InvalidArgumentError.at(
            f"{shape_text(axes)} is not a permutation of the axes [Op:Transpose] name: ",
            "perm has every axis once.",
        )
    order = tuple(d % ndim for d in axes)
    turned = rearranged("Transpose", lambda v: lax.transpose(v, order), x)
    if conjugate and x._dtype.kind == "c":
        return wrap(fnp.conj(value(turned)), x._dtype)
    return turned


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """The tensor itself, once its shape is found to be the one given, which may have None.

    >>> import functrans.tf as tf
    >>> tf.ensure_shape([1, 2], [None]).numpy()
    array([1, 2], dtype=int32)
    """
    tensor = as_tensor(x)
    if not tensor.shape.is_compatible_with(shape):
        raise InvalidArgumentError.at(
            f"Shape of tensor input {shape_text(tensor._v.shape)} is not compatible with expected "
            f"shape {as_shape(shape)} [Op:EnsureShape] name: ",
            "Reshape the tensor, or expect another shape.",
        )
    return rearranged("EnsureShape", lambda v: v, tensor)


# --- broadcasts ----------------------------------------------------------------------------------


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """The tensor repeated along axes of size 1 and new leading axes, to a shape.

    >>> import functrans.tf as tf
    >>> tf.broadcast_to([1, 2], [2, 2]).numpy()
    array([[1, 2],
           [1, 2]], dtype=int32)
    """
    x = as_tensor(input)
    wanted = sizes_of(shape)
    mine = x._v.shape
    fits = len(mine) <= len(wanted) and all(
        m in (1, n) for m, n in zip(mine[::-1], wanted[::-1], strict=False)
    )
    if not fits:
        raise InvalidArgumentError.at(
            f"Incompatible shapes: {shape_text(mine)} vs. {shape_text(wanted)} "
            "[Op:BroadcastTo] name: ",
            "Sizes must be equal or 1, counted from the last axis.",
        )
    return rearranged("BroadcastTo", lambda v: fnp.broadcast_to(v, wanted), x)


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The TensorShape that two shapes broadcast to; ValueError where they don't.

    >>> import functrans.tf as tf
    >>> tf.broadcast_static_shape(tf.TensorShape([2, 1]), tf.TensorShape([3]))
    TensorShape([2, 3])
    """
    x, y = as_shape(shape_x), as_shape(shape_y)
    if x.dims is None or y.dims is None:
        return TensorShape(None)
    longer, shorter = sorted((x.dims, y.dims), key=len, reverse=True)
    pairs = zip(longer, [1] * (len(longer) - len(shorter)) + shorter, strict=True)
    return TensorShape([_common(a, b, x, y) for a, b in pairs])


def _common(a: int | None, b: int | None, x: TensorShape, y: TensorShape) -> int | None:
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if a is None or b is None:
        return b if a is None else a
    raise InvalidValueError(
        f"Incompatible shapes for broadcasting: {x} and {y}",
        "Sizes must be equal or 1, counted from the last axis.",
    )


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The shape that two shapes, given as vectors, broadcast to.

    >>> import functrans.tf as tf
    >>> tf.broadcast_dynamic_shape([2, 1], [3]).numpy()
    array([2, 3], dtype=int32)
    """
    dtype = shape_x._dtype if isinstance(shape_x, Tensor) else INT32
    sizes = sizes_of(shape_x), sizes_of(shape_y)
    try:
        return wrap(np.array(np.broadcast_shapes(*sizes), dtype))
    except ValueError as error:
        raise InvalidArgumentError.at(
            f"Incompatible shapes: {shape_text(sizes[0])} vs. {shape_text(sizes[1])} "
            "[Op:BroadcastArgs] name: ",
            "Sizes must be equal or 1, counted from the last axis.",
        ) from error


# --- passed on -----------------------------------------------------------------------------------


def identity(input: Any, name: str | None = None) -> Any:
    """A tensor of the same value, which is an object of its own.

    >>> import functrans.tf as tf
    >>> x = tf.constant(1.0)
    >>> tf.identity(x) is x
    False
    """
    return over_values(lambda x: rearranged("Identity", lambda v: v, x), input)


def identity_n(input: Any, name: str | None = None) -> list[Any]:
    """``tf.identity`` of several tensors.

    >>> import functrans.tf as tf
    >>> len(tf.identity_n([tf.constant(1.0), tf.constant(2)]))
    2
    """
    return [identity(x) for x in input]


def stop_gradient(input: Any, name: str | None = None) -> Any:
    """The value, through which no gradient flows.

    >>> import functrans.tf as tf
    >>> tf.stop_gradient(2.0).numpy()
    np.float32(2.0)
    """
    return over_values(lambda x: wrap(functrans.stop_gradient(value(x)), x._dtype), input)


def guarantee_const(input: Any, name: str | None = None) -> Any:
    """The value, promised to be a constant; as ``tf.identity``.

    >>> import functrans.tf as tf
    >>> tf.guarantee_const(2.0).numpy()
    np.float32(2.0)
    """
    return identity(input)


def no_op(name: str | None = None) -> None:
    """Does nothing.

    >>> import functrans.tf as tf
    >>> tf.no_op()
    """


def group(*inputs: Any, **kwargs: Any) -> None:
    """Does nothing: what is handed over has run already.

    >>> import functrans.tf as tf
    >>> tf.group(tf.no_op(), tf.no_op())
    """


def bitcast(input: Any, type: Any, name: str | None = None) -> Tensor:
    """The same bits read as another dtype; a last axis is made or used up where sizes differ.

    >>> import functrans.tf as tf
    >>> tf.bitcast(1.0, tf.int32).numpy()
    np.int32(1065353216)
    """
    x, wanted = as_tensor(input), as_dtype(type).np
    shape = _shape_of_bits(x, wanted)
    v = value(x)
    if not is_traced(v):
        return wrap(own(_bits(np.asarray(v), wanted)))
    kind = functrans.ShapeDtypeStruct(shape, wanted)
    read = partial(_bits, dtype=wanted)
    v = functrans.stop_gradient(v)
    return wrap(functrans.pure_callback(read, kind, v, vmap_method="expand_dims"), wanted)


def _shape_of_bits(x: Tensor, dtype: NumpyDtype) -> Sizes:
    ours, theirs = x._dtype.itemsize, dtype.itemsize
    sizes: Sizes = x._v.shape
    if ours > theirs:
        return (*sizes, ours // theirs)
    if ours == theirs:
        return sizes
    ratio = theirs // ours
    if not sizes or sizes[-1] != ratio:
        raise InvalidArgumentError.at(
            f"Cannot bitcast from {x._dtype.name} to {dtype.name}: shape {shape_text(sizes)} "
            "[Op:Bitcast] name: ",
            f"The last axis must have {ratio} elements.",
        )
    return sizes[:-1]


def _bits(v: np.ndarray[Any, Any], dtype: NumpyDtype) -> np.ndarray[Any, Any]:
    """The bits of an array's elements as another dtype's; sizes concern the last axis alone."""
    if v.dtype.itemsize > dtype.itemsize:
        return np.array(v)[..., None].view(dtype)
    seen = np.array(v, order="C").view(dtype)
    return seen if v.dtype.itemsize == dtype.itemsize else seen[..., 0]


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """The coordinates, one row for each axis of an array of shape ``dims``, of flat positions.

    >>> import functrans.tf as tf
    >>> tf.unravel_index([2, 5], [3, 3]).numpy()
    array([[0, 1],
           [2, 2]], dtype=int32)
    """
    flat = as_tensor(indices)
    sizes = sizes_of(dims)
    v = value(flat)
    if flat._plain and v.size and (v.min() < 0 or v.max() >= prod(sizes)):
        raise InvalidArgumentError.at(
            "index is out of bound as with dims [Op:UnravelIndex] name: ",
            f"Positions run from 0 to {prod(sizes) - 1}.",
        )
    return wrap(fnp.stack([fnp.astype(c, flat._dtype) for c in fnp.unravel_index(v, sizes)]))
