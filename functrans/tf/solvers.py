"""Linear systems: determinants, inverses, solutions, Cholesky and LU factors, bands."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np

import functrans as ft
from functrans import numpy as fnp
from functrans.extend import known
from functrans.lax import linalg as routines
from functrans.tf.convert import INT32, as_tensor, is_traced, matched, numpy_dtype
from functrans.tf.diagonals import diag_part
from functrans.tf.errors import InvalidArgumentError, InvalidTypeError, InvalidValueError
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import check_kind, connected_zero, operation

P = ParamSpec("P")
R = TypeVar("R")

NUMBERS = "fc"


def factoring(op: str, message: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator as ``operation``, for what fails on some matrices, with TensorFlow's message."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @operation(op)
        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except np.linalg.LinAlgError as error:
                raise InvalidArgumentError.at(
                    f"{message} [Op:{op}] name: ", f"The routine says: {error}."
                ) from error

        return run

    return decorate


def matrices(op: str, x: Any, square: bool = True) -> tuple[Tensor, Any]:
    """A tensor of floating or complex matrices, and its value."""
    tensor = as_tensor(x)
    check_kind(op, tensor._dtype, NUMBERS)
    v = value(tensor)
    if len(v.shape) < 2:
        raise InvalidArgumentError.at(
            f"Input tensor 0 must have rank >= 2, got {len(v.shape)} [Op:{op}] name: ",
            "The last two axes are those of matrices.",
        )
    if square and v.shape[-1] != v.shape[-2]:
        raise InvalidArgumentError.at(
            f"Input matrix must be square. [Op:{op}] name: ", f"Its shape is {list(v.shape)}."
        )
    return tensor, v


def adjoint_of(v: Any) -> Any:
    """The conjugate transpose of a value."""
    turned = fnp.matrix_transpose(v)
    return fnp.conj(turned) if turned.dtype.kind == "c" else turned


# --- determinants and inverses -------------------------------------------------------------------


@operation("MatrixDeterminant")
def det(input: Any, name: str | None = None) -> Tensor:
    """The determinants of matrices.

    >>> import functrans.tf as tf
    >>> tf.linalg.det([[2.0, 1.0], [0.0, 3.0]]).numpy()
    np.float32(6.0)
    """
    tensor, v = matrices("MatrixDeterminant", input)
    return wrap(fnp.linalg.det(v), tensor._dtype)


class LogMatrixDeterminant(NamedTuple):
    """Signs and logarithms of absolute values of determinants."""

    sign: Tensor
    log_abs_determinant: Tensor


@operation("LogMatrixDeterminant")
def slogdet(input: Any, name: str | None = None) -> LogMatrixDeterminant:
    """Signs (0 of singular matrices) and logarithms of absolute values of determinants.

    >>> import functrans.tf as tf
    >>> tf.linalg.slogdet([[0.0, 1.0], [1.0, 0.0]]).sign.numpy()
    np.float32(-1.0)
    """
    tensor, v = matrices("LogMatrixDeterminant", input)
    sign, logarithm = fnp.linalg.slogdet(v)
    if is_traced(sign):  # its derivative is 0, not None
        sign = fnp.add(sign, connected_zero(fnp.sum(v, axis=(-2, -1))))
    logarithm = fnp.astype(logarithm, tensor._dtype)
    return LogMatrixDeterminant(wrap(sign, tensor._dtype), wrap(logarithm, tensor._dtype))


@operation("Cholesky")
def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithms of determinants of positive definite matrices; NaN of others.

    >>> import functrans.tf as tf
    >>> tf.linalg.logdet([[4.0, 0.0], [0.0, 0.25]]).numpy()
    np.float32(0.0)
    """
    factor = value(cholesky(matrix))
    logarithms = fnp.log(fnp.real(fnp.diagonal(factor, axis1=-2, axis2=-1)))
    return wrap(fnp.sum(logarithms, axis=-1) * 2)


@factoring("MatrixInverse", "Input is not invertible.")
def inv(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverses of matrices, or of their adjoints. Singular ones raise InvalidArgumentError.

    >>> import functrans.tf as tf
    >>> tf.linalg.inv([[2.0, 0.0], [0.0, 4.0]]).numpy()
    array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)
    """
    tensor, v = matrices("MatrixInverse", input)
    return wrap(fnp.linalg.inv(adjoint_of(v) if adjoint else v), tensor._dtype)


@operation("Svd")
def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """The pseudo-inverses of real matrices.

    Singular values below ``rcond`` times the largest count as 0; by default 10 times the longer
    side times the dtype's epsilon.

    >>> import functrans.tf as tf
    >>> tf.linalg.pinv([[2.0], [0.0]]).numpy()
    array([[0.5, 0. ]], dtype=float32)
    """
    tensor, v = real_matrices(a)
    if rcond is None:
        rcond = 10.0 * max(v.shape[-2:]) * np.finfo(tensor._dtype).eps
    return wrap(fnp.linalg.pinv(v, value(as_tensor(rcond, tensor._dtype))), tensor._dtype)


def real_matrices(a: Any) -> tuple[Tensor, Any]:
    """A tensor of floating matrices and its value, or the errors of ``pinv``."""
    tensor = as_tensor(a)
    if tensor._dtype.kind != "f":
        raise InvalidTypeError(
            f"Input `a` must have `float`-like `dtype` (saw {tensor.dtype.name}).",
            "Convert it with tf.cast.",
        )
    v = value(tensor)
    if len(v.shape) < 2:
        raise InvalidValueError(
            f"Input `a` must have at least 2 dimensions (saw: {len(v.shape)}).",
            "The last two axes are those of matrices.",
        )
    return tensor, v


# --- solutions -----------------------------------------------------------------------------------


@factoring("MatrixSolve", "Input matrix is not invertible.")
def solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The solutions x of matrix·x = rhs, or of adjoint(matrix)·x = rhs; batches do not broadcast.

    Singular matrices and other shapes raise InvalidArgumentError.

    >>> import functrans.tf as tf
    >>> tf.linalg.solve([[2.0, 0.0], [0.0, 4.0]], [[1.0], [1.0]]).numpy()
    array([[0.5 ],
           [0.25]], dtype=float32)
    """
    op = "MatrixSolve"
    a, b = matched(op, as_tensor(matrix), rhs)
    check_kind(op, a._dtype, NUMBERS)
    x, y = value(a), value(b)
    problems = {
        "All input tensors must have the same rank.": len(x.shape) != len(y.shape),
        "All input tensors must have the same outer dimensions.": x.shape[:-2] != y.shape[:-2],
        "First input (lhs) must be a square matrix.": x.shape[-1:] != x.shape[-2:-1],
        "Input matrix and rhs are incompatible.": x.shape[-2:-1] != y.shape[-2:-1],
    }
    for message, wrong in problems.items():
        if wrong:
            raise InvalidArgumentError.at(
                f"{message} [Op:{op}] name: ",
                f"The shapes are {list(x.shape)} and {list(y.shape)}; a vector is a matrix of one "
                "column.",
            )
    return wrap(fnp.linalg.solve(adjoint_of(x) if adjoint else x, y), a._dtype)


@factoring("MatrixSolveLs", "Input matrix is not invertible.")
def lstsq(
    matrix: Any,
    rhs: Any,
    l2_regularizer: Any = 0.0,
    fast: bool = True,
    name: str | None = None,
) -> Tensor:
    """The x of least |matrix·x − rhs|² + l2_regularizer·|x|², and of least |x| among several.

    ``fast`` solves the normal equations, which needs full rank; otherwise the regularizer is not
    looked at.

    >>> import functrans.tf as tf
    >>> tf.linalg.lstsq([[1.0], [1.0]], [[1.0], [3.0]]).numpy()
    array([[2.]], dtype=float32)
    """
    a, b = matched("MatrixSolveLs", as_tensor(matrix), rhs)
    _, x = matrices("MatrixSolveLs", a, square=False)
    _, y = matrices("MatrixSolveLs", b, square=False)
    rows, columns = x.shape[-2:]
    if not fast:
        return wrap(fnp.linalg.pinv(x) @ y, a._dtype)
    turned = adjoint_of(x)
    ridge = np.eye(min(rows, columns), dtype=a._dtype) * value(as_tensor(l2_regularizer, a._dtype))
    if rows >= columns:
        found = fnp.linalg.solve(turned @ x + ridge, turned @ y)
    else:
        found = turned @ fnp.linalg.solve(x @ turned + ridge, y)
    return wrap(found, a._dtype)


@operation("MatrixTriangularSolve")
def triangular_solve(
    matrix: Any,
    rhs: Any,
    lower: bool = True,
    adjoint: bool = False,
    name: str | None = None,
) -> Tensor:
    """The solutions x of matrix·x = rhs, of which only one triangle is read; batches broadcast.

    A zero on the diagonal gives infinities.

    >>> import functrans.tf as tf
    >>> tf.linalg.triangular_solve([[2.0, 0.0], [1.0, 1.0]], [[2.0], [3.0]]).numpy()
    array([[1.],
           [2.]], dtype=float32)
    """
    op = "MatrixTriangularSolve"
    a, b = matched(op, as_tensor(matrix), rhs)
    check_kind(op, a._dtype, NUMBERS)
    x, y = value(a), value(b)
    for place, v in enumerate((x, y)):
        if len(v.shape) < 2:
            raise InvalidArgumentError.at(
                f"In[{place}] ndims must be >= 2: {len(v.shape)} [Op:{op}] name: ",
                "A vector is a matrix of one column: x[:, tf.newaxis].",
            )
    if x.shape[-1] != x.shape[-2]:
        raise InvalidArgumentError.at(
            "In[0] matrices in the last dimensions must be square "
            f"({x.shape[-1]} =/= {x.shape[-2]}) [Op:{op}] name: ",
        )
    if x.shape[-1] != y.shape[-2]:
        raise InvalidArgumentError.at(
            f"In[0] mismatch In[1] shape: {x.shape[-1]} vs. {y.shape[-2]}: {list(x.shape)} "
            f"{list(y.shape)} [Op:{op}] name: ",
            "The right side needs as many rows as the matrix.",
        )
    return wrap(_triangular(x, y, lower, adjoint), a._dtype)


def _triangular(x: Any, y: Any, lower: bool, adjoint: bool = False) -> Any:
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    x = fnp.broadcast_to(x, (*batch, *x.shape[-2:]))
    y = fnp.broadcast_to(y, (*batch, *y.shape[-2:]))
    return routines.triangular_solve(
        x, y, left_side=True, lower=lower, transpose_a=adjoint, conjugate_a=adjoint
    )


# --- Cholesky ------------------------------------------------------------------------------------


@operation("Cholesky")
def cholesky(input: Any, name: str | None = None) -> Tensor:
    """The lower triangular L with L·adjoint(L) = input, of which the lower triangle is read.

    Matrices that are not positive definite give NaN; inside tf.function they raise.

    >>> import functrans.tf as tf
    >>> tf.linalg.cholesky([[4.0, 2.0], [2.0, 5.0]]).numpy()
    array([[2., 0.],
           [1., 2.]], dtype=float32)
    """
    tensor, v = matrices("Cholesky", input)
    if is_traced(v):
        # The values of the upper triangle are not read, yet it has its half of the derivative.
        v = v + ft.stop_gradient(hermitian(v) - v)
    return wrap(_factor(v), tensor._dtype)


def hermitian(v: Any) -> Any:
    """The matrices whose lower triangles are those of ``v`` and that equal their adjoints."""
    return fnp.tril(v) + adjoint_of(fnp.tril(v, -1))


def _factor(v: Any) -> Any:
    try:
        return routines.cholesky(v) if is_traced(v) else fnp.linalg.cholesky(v)
    except np.linalg.LinAlgError:
        if len(v.shape) == 2:
            return fnp.tril(v * np.asarray(np.nan, v.dtype))
        return fnp.stack([_factor(v[i]) for i in range(v.shape[0])])


@operation("MatrixTriangularSolve")
def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """The solutions x of chol·adjoint(chol)·x = rhs.

    >>> import functrans.tf as tf
    >>> tf.linalg.cholesky_solve([[2.0, 0.0], [0.0, 1.0]], [[4.0], [1.0]]).numpy()
    array([[1.],
           [1.]], dtype=float32)
    """
    return triangular_solve(chol, triangular_solve(chol, rhs), adjoint=True)


# --- LU ------------------------------------------------------------------------------------------


class Lu(NamedTuple):
    """L without its diagonal of ones and U in one matrix, and the order of rows."""

    lu: Tensor
    p: Tensor


@operation("Lu")
def lu(input: Any, output_idx_type: Any = np.int32, name: str | None = None) -> Lu:
    """L and U in one matrix and the order p of rows, with x[p] = L·U.

    Singular matrices raise InvalidArgumentError where their values are known.

    >>> import functrans.tf as tf
    >>> tf.linalg.lu([[1.0, 2.0], [2.0, 2.0]]).p.numpy()
    array([1, 0], dtype=int32)
    """
    tensor, v = matrices("Lu", input)
    found, _, order = routines.lu(v)
    pivots = known(found)
    if pivots is not None and not np.diagonal(pivots, axis1=-2, axis2=-1).all():
        raise InvalidArgumentError.at(
            "Input is not invertible. [Op:Lu] name: ", "A pivot of the matrix is 0."
        )
    order = fnp.astype(order, numpy_dtype(output_idx_type) or INT32)
    return Lu(wrap(found, tensor._dtype), wrap(order))


@operation("Lu")
def lu_reconstruct(
    lower_upper: Any, perm: Any, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """The matrices whose ``lu`` is given.

    >>> import functrans.tf as tf
    >>> tf.linalg.lu_reconstruct(*tf.linalg.lu([[1.0, 2.0], [2.0, 2.0]])).numpy()
    array([[1., 2.],
           [2., 2.]], dtype=float32)
    """
    factors, v = matrices("Lu", lower_upper)
    lower = fnp.tril(v, -1) + np.eye(v.shape[-1], dtype=factors._dtype)
    return wrap(_in_order(lower @ fnp.triu(v), fnp.argsort(value(as_tensor(perm)))), factors._dtype)


def _in_order(v: Any, order: Any) -> Any:
    """The rows of matrices in another order."""
    batch = np.broadcast_shapes(v.shape[:-2], order.shape[:-1])
    v = fnp.broadcast_to(v, (*batch, *v.shape[-2:]))
    order = fnp.broadcast_to(order, (*batch, order.shape[-1]))
    return fnp.take_along_axis(v, fnp.expand_dims(order, -1), axis=-2)


@operation("Lu")
def lu_solve(
    lower_upper: Any,
    perm: Any,
    rhs: Any,
    validate_args: bool = False,
    name: str | None = None,
) -> Tensor:
    """The solutions x of matrix·x = rhs, from the ``lu`` of the matrix.

    >>> import functrans.tf as tf
    >>> tf.linalg.lu_solve(*tf.linalg.lu([[2.0, 0.0], [0.0, 4.0]]), [[1.0], [1.0]]).numpy()
    array([[0.5 ],
           [0.25]], dtype=float32)
    """
    factors, b = matched("MatrixTriangularSolve", as_tensor(lower_upper), rhs)
    _, v = matrices("Lu", factors)
    y = value(b)
    if len(y.shape) < 2:
        raise InvalidValueError(
            "Input `rhs` must have at least 2 dimensions.", "A vector is a matrix of one column."
        )
    if v.shape[-1] != y.shape[-2]:
        raise InvalidValueError(
            "`lower_upper.shape[-1]` must equal `rhs.shape[-1]`.",
            f"The shapes are {list(v.shape)} and {list(y.shape)}.",
        )
    lower = fnp.tril(v, -1) + np.eye(v.shape[-1], dtype=factors._dtype)
    half = _triangular(lower, _in_order(y, value(as_tensor(perm))), lower=True)
    return wrap(_triangular(v, half, lower=False), factors._dtype)


def lu_matrix_inverse(
    lower_upper: Any, perm: Any, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """The inverses of matrices whose ``lu`` is given.

    >>> import functrans.tf as tf
    >>> tf.linalg.lu_matrix_inverse(*tf.linalg.lu([[2.0, 0.0], [0.0, 4.0]])).numpy()
    array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)
    """
    factors = as_tensor(lower_upper)
    identity = wrap(np.eye(factors._v.shape[-1], dtype=factors._dtype))
    return lu_solve(factors, perm, identity, validate_args)


# --- bands ---------------------------------------------------------------------------------------


def _three(diagonals: Any, form: str) -> tuple[Tensor, list[Any]]:
    """The upper, main and lower diagonal of a tridiagonal matrix, all of one length."""
    if form == "matrix":
        compact = diag_part(diagonals, k=(-1, 1), align="LEFT_RIGHT")
    elif form == "compact":
        compact = as_tensor(diagonals)
    elif form == "sequence":
        return _sequence(list(diagonals))
    else:
        raise InvalidValueError(
            f"Unrecognized diagonals_format: {form}", 'Give "compact", "sequence" or "matrix".'
        )
    v = value(compact)
    if v.shape[-2] != 3:
        raise InvalidValueError(
            f"Expected 3 diagonals got {v.shape[-2]}",
            "The rows are the upper, the main and the lower diagonal.",
        )
    return compact, [v[..., i, :] for i in range(3)]


def _sequence(diagonals: list[Any]) -> tuple[Tensor, list[Any]]:
    if len(diagonals) != 3:
        raise InvalidValueError(
            "Expected diagonals to be a sequence of length 3.",
            "They are the upper, the main and the lower diagonal.",
        )
    main = as_tensor(diagonals[1])
    size = main._v.shape[-1]
    parts = []
    for i, d in enumerate(diagonals):
        v = value(matched("TridiagonalSolve", main, d)[1])
        if v.shape[-1] == size - 1:  # the element that is not read
            v = fnp.pad(v, [(0, 0)] * (len(v.shape) - 1) + [(0, 1) if i == 0 else (1, 0)])
        parts.append(v)
    return main, parts


@operation("TridiagonalSolve")
def tridiagonal_solve(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    transpose_rhs: bool = False,
    conjugate_rhs: bool = False,
    name: str | None = None,
    partial_pivoting: bool = True,
    perturb_singular: bool = False,
) -> Tensor:
    """The solutions of tridiagonal systems, for vectors or matrices on the right side.

    ``diagonals`` are the rows (upper, main, lower) of an array ("compact"), three arrays
    ("sequence") or those of a "matrix". Singular systems give NaN.

    >>> import functrans.tf as tf
    >>> tf.linalg.tridiagonal_solve([[0.0, 0.0], [2.0, 4.0], [0.0, 0.0]], [1.0, 1.0]).numpy()
    array([0.5 , 0.25], dtype=float32)
    """
    main, (upper, middle, lower) = _three(diagonals, diagonals_format)
    _, b = matched("TridiagonalSolve", main, rhs)
    v = value(b)
    vector = len(v.shape) == len(middle.shape)
    if conjugate_rhs:
        v = fnp.conj(v)
    if vector:
        v = fnp.expand_dims(v, -1)
    elif transpose_rhs:
        v = fnp.matrix_transpose(v)
    try:
        found = routines.tridiagonal_solve(lower, middle, upper, v)
    except np.linalg.LinAlgError:
        found = (v + fnp.expand_dims(lower + middle + upper, -1)) * main._dtype.type(np.nan)
    return wrap(fnp.squeeze(found, -1) if vector else found, main._dtype)


@operation("TridiagonalMatMul")
def tridiagonal_matmul(
    diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: str | None = None
) -> Tensor:
    """The products of tridiagonal matrices and matrices; diagonals as in tridiagonal_solve.

    >>> import functrans.tf as tf
    >>> tf.linalg.tridiagonal_matmul([[1.0, 0.0], [2.0, 2.0], [0.0, 1.0]], [[1.0], [1.0]]).numpy()
    array([[3.],
           [3.]], dtype=float32)
    """
    main, (upper, middle, lower) = _three(diagonals, diagonals_format)
    v = value(matched("TridiagonalMatMul", main, rhs)[1])
    if len(v.shape) < 2 or v.shape[-2] != middle.shape[-1]:
        raise InvalidArgumentError.at(
            "The number of rows of right hand side must be the length of the diagonals. "
            "[Op:TridiagonalMatMul] name: ",
            f"The shapes are {list(middle.shape)} and {list(v.shape)}.",
        )
    upper, middle, lower = (fnp.expand_dims(d, -1) for d in (upper, middle, lower))
    none = fnp.zeros_like(v[..., :1, :])
    below = fnp.concatenate([v[..., 1:, :], none], -2)
    above = fnp.concatenate([none, v[..., :-1, :]], -2)
    return wrap(upper * below + middle * v + lower * above, main._dtype)


@operation("BandedTriangularSolve")
def banded_triangular_solve(
    bands: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """The solutions of triangular systems with few diagonals, which are the rows of ``bands``.

    Diagonal i begins at its i-th element; the main one is the first row if ``lower``, else the
    last one, whose neighbours end with their last elements.

    >>> import functrans.tf as tf
    >>> tf.linalg.banded_triangular_solve([[1.0, 2.0], [0.0, 1.0]], [[1.0], [3.0]]).numpy()
    array([[1.],
           [1.]], dtype=float32)
    """
    a, b = matched("BandedTriangularSolve", as_tensor(bands), rhs)
    _, v = matrices("BandedTriangularSolve", a, square=False)
    count, size = v.shape[-2:]
    row, column = np.indices((size, size))
    away = row - column if lower else column - row
    place = away if lower else count - 1 - away
    inside = (away >= 0) & (away < count)
    full = fnp.where(inside, v[..., np.where(inside, place, 0), row], np.zeros((), a._dtype))
    return triangular_solve(wrap(full, a._dtype), b, lower, adjoint)
