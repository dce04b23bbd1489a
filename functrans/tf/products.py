"""Products of matrices and tensors: matmul, matvec, tensordot, einsum, cross."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.convert import as_tensor, matched
from functrans.tf.dtypes import as_dtype
from functrans.tf.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    InvalidIndexError,
    InvalidTypeError,
    InvalidValueError,
)
from functrans.tf.layouts import shape_text
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind

# --- matrices ------------------------------------------------------------------------------------


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    output_type: Any = None,
    grad_a: bool = False,
    grad_b: bool = False,
    name: str | None = None,
) -> Tensor:
    """Matrix products over the last two axes of two tensors; the axes before broadcast.

    Either may be transposed or adjoint (conjugated too) first. ``output_type`` is the dtype in
    which to compute. Vectors and matrices that do not fit raise InvalidArgumentError.

    >>> import functrans.tf as tf
    >>> tf.matmul([[1.0, 2.0]], [[3.0, 4.0]], transpose_b=True).numpy()
    array([[11.]], dtype=float32)
    """
    if type(a) is not Tensor or type(b) is not Tensor or a._dtype is not b._dtype:
        a, b = matched("MatMul", as_tensor(a), b)
    if a._dtype.kind not in "fciu":
        check_kind("MatMul", a._dtype, "fciu")
    x, y = value(a), value(b)
    if transpose_a or adjoint_a:
        x = _turned("a", x, transpose_a, adjoint_a)
    if transpose_b or adjoint_b:
        y = _turned("b", y, transpose_b, adjoint_b)
    if output_type is not None:
        wanted = as_dtype(output_type).np
        x, y = fnp.astype(x, wanted), fnp.astype(y, wanted)
    _check_matrices(x.shape, y.shape)
    with np.errstate(all="ignore"):
        return wrap(fnp.matmul(x, y))


def product(a: Any, b: Any) -> Tensor:
    """``a @ b``: as :func:`matmul`, and a value on the left adapts to a tensor on the right."""
    return matmul(*matched("MatMul", a, b))


def _turned(which: str, x: Any, transposed: bool, adjoint: bool) -> Any:
    if transposed and adjoint:
        raise InvalidValueError(
            f"Only one of `transpose_{which}` and `adjoint_{which}` can be True. Received "
            f"`transpose_{which}`={transposed}, `adjoint_{which}`={adjoint}.",
            "The adjoint is the conjugate of the transpose.",
        )
    if len(x.shape) < 2:
        raise _no_matrix(0 if which == "a" else 1)
    turned = fnp.matrix_transpose(x)
    return fnp.conj(turned) if adjoint else turned


def _no_matrix(place: int) -> InvalidArgumentError:
    return InvalidArgumentError.at(
        f"In[{place}] ndims must be >= 2 [Op:MatMul] name: ",
        "A vector is a matrix of one column: x[:, tf.newaxis]. tf.linalg.matvec takes vectors.",
    )


def _check_matrices(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    if len(x) < 2 or len(y) < 2:
        raise _no_matrix(0 if len(x) < 2 else 1)
    if x[-1] != y[-2]:
        raise InvalidArgumentError.at(
            f"Matrix size-incompatible: In[0]: {shape_text(x)}, In[1]: {shape_text(y)} "
            "[Op:MatMul] name: ",
            "The columns of the first must be as many as the rows of the second.",
        )
    if len(x) > 2 and len(y) > 2 and x[:-2] != y[:-2]:
        try:
            np.broadcast_shapes(x[:-2], y[:-2])
        except ValueError as error:
            raise InvalidArgumentError.at(
                f"In[0] and In[1] must have compatible batch dimensions: {shape_text(x)} vs. "
                f"{shape_text(y)} [Op:BatchMatMulV2] name: ",
                "Sizes before the last two must be equal or 1.",
            ) from error


def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Products of matrices in the last two axes of ``a`` and vectors in the last axis of ``b``.

    >>> import functrans.tf as tf
    >>> tf.linalg.matvec([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]).numpy()
    array([3., 7.], dtype=float32)
    """
    a, b = matched("MatMul", as_tensor(a), b)
    column = wrap(fnp.expand_dims(value(b), -1))
    found = matmul(a, column, transpose_a=transpose_a, adjoint_a=adjoint_a)
    return wrap(fnp.squeeze(value(found), -1), found._dtype)


# --- tensors -------------------------------------------------------------------------------------


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """Sum of products over paired axes: the last and first ``axes``, or the two lists of them.

    >>> import functrans.tf as tf
    >>> tf.tensordot([1.0, 2.0], [3.0, 4.0], axes=1).numpy()
    np.float32(11.0)
    """
    a, b = matched("MatMul", as_tensor(a), b)
    x, y = value(a), value(b)
    first, second = _paired(axes, x.ndim, y.ndim)
    lengths = [[v.shape[i] for i in places] for v, places in ((x, first), (y, second))]
    if lengths[0] != lengths[1]:
        raise InvalidArgumentError.at(
            f"Matrix size-incompatible: In[0]: {shape_text(x.shape)}, In[1]: {shape_text(y.shape)} "
            "[Op:MatMul] name: ",
            "Axes that are summed over must have the same lengths.",
        )
    with np.errstate(all="ignore"):
        return wrap(fnp.asarray(fnp.tensordot(x, y, (first, second)))[()], a._dtype)


def _paired(axes: Any, m: int, n: int) -> tuple[list[int], list[int]]:
    """The axes of both operands that are summed over, counted from 0."""
    if isinstance(axes, int | np.integer):
        if axes < 0:
            raise InvalidValueError(
                f"`axes` must be at least 0. Received: {axes}.", "0 gives the outer product."
            )
        if axes > min(m, n):
            raise InvalidValueError(
                f"`axes` must not be larger than the number of dimensions of tensor. Received "
                f"{axes}, vs tensor dimensions {min(m, n)}.",
                "Sum over as many axes as both tensors have.",
            )
        return list(range(m - axes, m)), list(range(axes))
    pair = axes if isinstance(axes, list | tuple) else as_tensor(axes).numpy()
    if len(pair) != 2:
        raise InvalidValueError(
            f"`axes` must be an integer or have length 2. Received {axes}.",
            "Give the axes of the first tensor and those of the second.",
        )
    first, second = (np.atleast_1d(as_tensor(p).numpy()).tolist() for p in pair)
    if len(first) != len(second):
        raise InvalidValueError(
            f"Different number of contraction axes `a` and `b`, {len(first)} != {len(second)}.",
            "Every axis of the one needs its axis of the other.",
        )
    for place in (*first, *second):
        if not -max(m, n) <= place < max(m, n):
            raise InvalidIndexError(
                f"list index out of range: axis {place}", f"The tensors have {m} and {n} axes."
            )
    return [i % m for i in first], [i % n for i in second]


_EINSUM_OPTIONS = "name", "optimize", "greedy"


def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Tensor:
    """Sums of products over the axes that letters name, as ``"ij,jk->ik"`` is a matrix product.

    ``optimize`` is accepted. Wrong equations raise ValueError, shapes that do not fit them
    InvalidArgumentError.

    >>> import functrans.tf as tf
    >>> tf.einsum("ij->ji", tf.constant([[1.0, 2.0]])).numpy()
    array([[1.],
           [2.]], dtype=float32)
    """
    unknown = [k for k in kwargs if k not in _EINSUM_OPTIONS]
    if unknown:
        raise InvalidTypeError(
            f"Invalid keyword arguments for einsum: {', '.join(unknown)}. Valid arguments: "
            f"{', '.join(_EINSUM_OPTIONS)}.",
            "Leave them out.",
        )
    terms = equation.replace(" ", "").partition("->")[0].split(",")
    if len(terms) != len(inputs):
        raise InvalidValueError(
            f'Got {len(inputs)} inputs for equation "{equation}", expecting {len(terms)}',
            "Terms of the equation are separated by commas.",
        )
    first = as_tensor(inputs[0])
    tensors = [first, *(matched("Einsum", first, x)[1] for x in inputs[1:])]
    _check_lengths(terms, tensors)
    try:
        with np.errstate(all="ignore"):
            found = fnp.einsum(equation, *map(value, tensors), optimize=len(tensors) > 2)
    except ValueError as error:
        raise InvalidValueError(
            f"Subscripts have incorrect format: {equation}", f"NumPy says: {error}"
        ) from error
    return wrap(fnp.asarray(found)[()], first._dtype)


def _check_lengths(terms: list[str], tensors: list[Tensor]) -> None:
    """One length for each letter, and as many letters as axes."""
    lengths: dict[str, int] = {}
    for place, (term, tensor) in enumerate(zip(terms, tensors, strict=True)):
        shape = tensor._v.shape
        head, dots, tail = term.partition("...")
        count = len(head) + len(tail)
        if len(shape) < count or (not dots and len(shape) > count):
            raise InvalidArgumentError.at(
                f"Expected input {place} to have rank {count} but got: {len(shape)} [Op:Einsum] "
                "name: ",
                f"The term {term!r} has a letter for each axis.",
            )
        places = (*range(len(head)), *range(len(shape) - len(tail), len(shape)))
        for letter, axis in zip(head + tail, places, strict=True):
            if lengths.setdefault(letter, shape[axis]) != shape[axis]:
                raise InvalidArgumentError.at(
                    f"Expected dimension {lengths[letter]} at axis {axis} of the input shaped "
                    f"{shape_text(shape)} but got dimension {shape[axis]} [Op:Einsum] name: ",
                    f"Axes named {letter!r} must have one length.",
                )


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """Vector products of vectors of three components in the last axis, of one shape.

    >>> import functrans.tf as tf
    >>> tf.linalg.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).numpy()
    array([0., 0., 1.], dtype=float32)
    """
    a, b = matched("Cross", a, b)
    check_kind("Cross", a._dtype, "fiu")
    x, y = value(a), value(b)
    if x.shape != y.shape:
        raise InvalidArgumentError.at(
            f"Both inputs must be of same shape: {shape_text(x.shape)} vs. {shape_text(y.shape)} "
            "[Op:Cross] name: ",
            "Repeat the shorter one with tf.broadcast_to.",
        )
    if x.shape[-1:] != (3,):
        raise FailedPreconditionError.at(
            "Cross-products are only defined for 3-element vectors. [Op:Cross] name: ",
            "The last axis must have length 3.",
        )
    return wrap(fnp.cross(x, y), a._dtype)
