"""Orthogonal factors, eigenvalues, singular values, and functions of matrices made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import functrans as ft
from functrans import numpy as fnp
from functrans.scipy import linalg as functions
from functrans.tf.convert import INT32, as_tensor, convert_to_tensor, matched
from functrans.tf.errors import InvalidValueError
from functrans.tf.solvers import adjoint_of, factoring, hermitian, matrices, real_matrices
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind, operation

# --- factors -------------------------------------------------------------------------------------


class Qr(NamedTuple):
    """Q and R."""

    q: Tensor
    r: Tensor


@operation("Qr")
def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Qr:
    """Q with orthonormal columns and upper triangular R, with Q·R = input.

    >>> import functrans.tf as tf
    >>> abs(tf.linalg.qr([[3.0], [4.0]]).r.numpy())
    array([[5.]], dtype=float32)
    """
    tensor, v = matrices("Qr", input, square=False)
    q, r = fnp.linalg.qr(v, "complete" if full_matrices else "reduced")
    return Qr(wrap(q, tensor._dtype), wrap(r, tensor._dtype))


@operation("Svd")
def svd(
    tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None
) -> Any:
    """Singular values s, u and v (not its adjoint) with u·diag(s)·adjoint(v) = tensor.

    Only s without ``compute_uv``.

    >>> import functrans.tf as tf
    >>> tf.linalg.svd([[0.0, 2.0], [1.0, 0.0]], compute_uv=False).numpy()
    array([2., 1.], dtype=float32)
    """
    x, v = matrices("Svd", tensor, square=False)
    if not compute_uv:
        return wrap(fnp.linalg.svd(v, compute_uv=False))
    u, s, vh = fnp.linalg.svd(v, full_matrices)
    return wrap(s), wrap(u, x._dtype), wrap(adjoint_of(vh), x._dtype)


@operation("Svd")
def matrix_rank(
    a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """How many singular values of matrices exceed ``tol``.

    By default the largest one times the longer side times the dtype's epsilon.

    >>> import functrans.tf as tf
    >>> tf.linalg.matrix_rank([[1.0, 2.0], [2.0, 4.0]]).numpy()
    np.int32(1)
    """
    x = convert_to_tensor(a, dtype_hint=np.float32)
    _, v = real_matrices(x)
    s = ft.stop_gradient(fnp.linalg.svd(v, compute_uv=False))
    if tol is None:
        scale = max(v.shape[-2:]) * np.finfo(x._dtype).eps
        limit = fnp.max(s, axis=-1, keepdims=True, initial=0) * x._dtype.type(scale)
    else:
        limit = fnp.expand_dims(value(as_tensor(tol, x._dtype)), -1)
    return wrap(fnp.sum(s > limit, axis=-1, dtype=INT32), INT32)


# --- eigenvalues ---------------------------------------------------------------------------------

_NO_EIGENVALUES = "decomposition was not successful. The input might not be valid."


@factoring("SelfAdjointEigV2", f"Self-adjoint eigen {_NO_EIGENVALUES}")
def eigh(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Ascending eigenvalues and eigenvectors of matrices that equal their adjoints.

    Only the lower triangle is read, and has the derivative.

    >>> import functrans.tf as tf
    >>> tf.linalg.eigh([[2.0, 0.0], [0.0, 1.0]])[0].numpy()
    array([1., 2.], dtype=float32)
    """
    x, v = matrices("SelfAdjointEigV2", tensor)
    found, vectors = fnp.linalg.eigh(hermitian(v))
    return wrap(fnp.astype(found, x._dtype), x._dtype), wrap(vectors, x._dtype)


@factoring("SelfAdjointEigV2", f"Self-adjoint eigen {_NO_EIGENVALUES}")
def eigvalsh(tensor: Any, name: str | None = None) -> Tensor:
    """Ascending eigenvalues of matrices that equal their adjoints, as in ``eigh``.

    >>> import functrans.tf as tf
    >>> tf.linalg.eigvalsh([[2.0, 0.0], [0.0, 1.0]]).numpy()
    array([1., 2.], dtype=float32)
    """
    x, v = matrices("SelfAdjointEigV2", tensor)
    return wrap(fnp.astype(fnp.linalg.eigvalsh(hermitian(v)), x._dtype), x._dtype)


@factoring("Eig", f"Eigen {_NO_EIGENVALUES}")
def eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Complex eigenvalues, in no order, and the eigenvectors of matrices.

    >>> import functrans.tf as tf
    >>> tf.linalg.eig(tf.constant([[2.0]]))[0].numpy()
    array([2.+0.j], dtype=complex64)
    """
    _, v = matrices("Eig", tensor)
    found, vectors = fnp.linalg.eig(_complex(v))
    return wrap(found), wrap(vectors)


@factoring("Eig", f"Eigen {_NO_EIGENVALUES}")
def eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """Complex eigenvalues of matrices, in no order.

    >>> import functrans.tf as tf
    >>> tf.linalg.eigvals(tf.constant([[2.0]])).numpy()
    array([2.+0.j], dtype=complex64)
    """
    _, v = matrices("Eig", tensor)
    return wrap(fnp.linalg.eigvals(_complex(v)))


def _complex(v: Any) -> Any:
    return fnp.astype(v, np.result_type(v.dtype, np.complex64))


@operation("EighTridiagonal")
def eigh_tridiagonal(
    alpha: Any,
    beta: Any,
    eigvals_only: bool = True,
    select: str = "a",
    select_range: Any = None,
    tol: Any = None,
    name: str | None = None,
) -> Any:
    """Ascending eigenvalues of a matrix with diagonal ``alpha`` and ``beta`` above it.

    Also eigenvectors unless ``eigvals_only``. ``select`` "i" takes those numbered in
    ``select_range``, both ends included, "v" those between two values.

    >>> import functrans.tf as tf
    >>> tf.linalg.eigh_tridiagonal([1.0, 1.0], [1.0]).numpy().round(5)
    array([0., 2.], dtype=float32)
    """
    a, b = matched("EighTridiagonal", as_tensor(alpha), beta)
    check_kind("EighTridiagonal", a._dtype, "fc")
    main, side = value(a), value(b)
    full = fnp.diag(main) + fnp.diag(side, 1) + fnp.diag(fnp.conj(side), -1)
    found, vectors = fnp.linalg.eigh(full)
    chosen = _chosen(found, select, select_range)
    values = wrap(found[chosen])
    return values if eigvals_only else (values, wrap(vectors[:, chosen]))


def _chosen(found: Any, select: str, bounds: Any) -> Any:
    if select == "a":
        return slice(None)
    if select not in ("i", "v") or bounds is None:
        raise InvalidValueError(
            f"'select must have a value in {{'a', 'i', 'v'}}, got {select}, and select_range "
            f"{bounds}.",
            "'i' and 'v' need a select_range of two numbers.",
        )
    low, high = (value(as_tensor(n)) for n in bounds)
    if select == "i":
        return slice(int(low), int(high) + 1)
    return (found > low) & (found <= high)


# --- functions of matrices -----------------------------------------------------------------------


def _each(function: Callable[[Any], Any], v: Any) -> Any:
    """A function of one matrix, of a batch."""
    for _ in v.shape[:-2]:
        function = ft.vmap(function)
    return function(v)


@operation("MatrixExponential")
def expm(input: Any, name: str | None = None) -> Tensor:
    """The exponentials of matrices.

    >>> import functrans.tf as tf
    >>> tf.linalg.expm([[0.0, 1.0], [0.0, 0.0]]).numpy()
    array([[1., 1.],
           [0., 1.]], dtype=float32)
    """
    x = as_tensor(input)
    if x._dtype.kind not in "fc":
        raise InvalidValueError(
            f"tf.linalg.expm does not support matrices of type {x.dtype}",
            "Convert the matrix with tf.cast.",
        )
    _, v = matrices("MatMul", x)
    return wrap(_each(functions.expm, v), x._dtype)


@operation("MatrixSquareRoot")
def sqrtm(input: Any, name: str | None = None) -> Tensor:
    """The square roots of matrices; NaN where the root of a real matrix is complex.

    >>> import functrans.tf as tf
    >>> tf.linalg.sqrtm([[4.0, 0.0], [0.0, 9.0]]).numpy()
    array([[2., 0.],
           [0., 3.]], dtype=float32)
    """
    x, v = matrices("MatrixSquareRoot", input)
    root = _each(functions.sqrtm, _complex(v))
    if x._dtype.kind == "c":
        return wrap(root, x._dtype)
    real, rest = fnp.real(root), fnp.abs(ft.stop_gradient(fnp.imag(root)))
    limit = 1e3 * np.finfo(x._dtype).eps * fnp.max(fnp.abs(ft.stop_gradient(real)), initial=0)
    is_real = fnp.max(rest, axis=(-2, -1), keepdims=True, initial=0) <= limit
    return wrap(fnp.where(is_real, real, np.nan), x._dtype)


@operation("MatrixLogarithm")
def logm(input: Any, name: str | None = None) -> Tensor:
    """The principal logarithms of complex matrices.

    >>> import functrans.tf as tf
    >>> abs(tf.linalg.logm(tf.eye(2, dtype=tf.complex64)).numpy()).max()
    np.float32(0.0)
    """
    x = as_tensor(input)
    check_kind("MatrixLogarithm", x._dtype, "c")
    _, v = matrices("MatrixLogarithm", x)
    return wrap(_each(lambda m: functions.funm(m, fnp.log), v), x._dtype)
