"""Linear algebra: products, solvers, factors, eigenvalues, diagonals, norms.

Factors are unique up to signs or phases: what is compared of them is what does not change.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tf.oracle import Group

GROUP = Group("linalg")
case, op = GROUP.case, GROUP.op

A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.25, -1.0, 5.0]], np.float32)
S = (A + A.T) / 2
B = np.array([[1.0, -2.0], [0.5, 3.0], [2.0, 1.0]], np.float32)
Z = A + 1j * np.array([[0.0, 1.0, 0.5], [-1.0, 0.5, 0.0], [0.25, 0.0, -1.0]])
H = Z @ Z.conj().T
V = np.array([1.0, -2.0, 0.5], np.float32)
STACK = np.stack([A, A.T + np.eye(3, dtype=np.float32)])
LOOSE = 1e-4  # float32 decompositions differ in the last digits, and their derivatives more

# Products

op("matmul", [A, B], jvp=True)
op("matmul", [A, B], {"transpose_a": True})
op("matmul", [B, B], {"transpose_b": True})
op("matmul", [Z, Z], {"adjoint_a": True})
op("matmul", [Z, Z], {"adjoint_b": True})
op("matmul", [STACK, B])
op("matmul", [STACK[:, None], np.stack([A, A])])
op("matmul", [A.astype(np.float16), B.astype(np.float16)])
op("matmul", [np.array([[1, 2]]), np.array([[3], [4]])])
op("matmul", [[[1.0, 2.0]], [[3], [4]]])
op("matmul", [np.zeros((2, 0), np.float32), np.zeros((0, 3), np.float32)])
op("matmul", [A, V])
op("matmul", [V, A])
op("matmul", [B, A])
op("matmul", [A, B.astype(np.float64)], call=lambda tf, a, b: tf.matmul(a, tf.identity(b)))
op("matmul", [np.ones((2, 3, 4), np.float32), np.ones((3, 4, 2), np.float32)])
op("matmul", [A, A], {"transpose_a": True, "adjoint_a": True})
op("matmul", [A, A], {"a_is_sparse": True})
op("matmul", [np.array([[True]]), np.array([[True]])])
case("a product with an array on the left", lambda tf: np.ones((2, 3)) @ tf.constant(B))
case("a product of lists", lambda tf: tf.constant(A) @ [[1.0], [2.0], [3.0]])
op("linalg.matvec", [A, V])
op("linalg.matvec", [Z, V.astype(np.complex128)], {"adjoint_a": True})
op("linalg.matvec", [STACK, V], {"transpose_a": True})
op("linalg.matvec", [A, V[:2]])
op("linalg.cross", [V, A[0]])
op("linalg.cross", [A, S])
op("linalg.cross", [np.array([1, 2, 3]), np.array([3, 2, 1])])
op("linalg.cross", [V[:2], V[:2]])
op("linalg.cross", [V, A])
op("tensordot", [A, B, 1])
op("tensordot", [A, A, 2])
op("tensordot", [V, V, 0])
op("tensordot", [A, B, [[0], [0]]])
op("tensordot", [STACK, A, [[1, 2], [1, 0]]])
op("tensordot", [A, A, (-1, 0)])
op("tensordot", [A, B, 3])
op("tensordot", [A, B, -1])
op("tensordot", [A, B, [[0, 1], [0]]])
op("tensordot", [A, V[:2], 1])
op("einsum", ["ij,jk->ik", A, B])
op("einsum", ["ij,jk", A, B])
op("einsum", ["ii->i", A])
op("einsum", ["ii", A])
op("einsum", ["bij, bjk -> bik", STACK, STACK])
op("einsum", ["...ij,jk->...ik", STACK, B])
op("einsum", ["i,j,k->ijk", V, V, V])
op("einsum", ["ij,jk,kl->il", A, A, B], {"optimize": "optimal"})
op("einsum", ["ij->ji", Z])
op("einsum", [",i->i", np.float32(2.0), V])
op("einsum", ["ij,jk->il", A, B])
op("einsum", ["ij,jk->ik", A])
op("einsum", ["ij,jk->ik", A, V])
op("einsum", ["ij,jk->ik", B, B])
op("einsum", ["ij->ii", A])
op("einsum", ["ij,jk", A, B], {"foo": 1})

# Transposes and diagonals

op("linalg.matrix_transpose", [STACK])
op("linalg.matrix_transpose", [Z], {"conjugate": True})
op("linalg.matrix_transpose", [V])
op("linalg.adjoint", [Z])
op("linalg.trace", [STACK])
op("linalg.trace", [B])
op("linalg.trace", [np.array([[1, 2], [3, 4]], np.int32)])
op("linalg.trace", [V])
op("linalg.diag_part", [STACK])
op("linalg.diag_part", [B], {"k": -1})
op("linalg.diag_part", [A], {"k": (-1, 2)})
op("linalg.diag_part", [A], {"k": (-1, 1), "padding_value": 9.0, "align": "LEFT_RIGHT"})
op("linalg.diag_part", [B], {"k": (-2, 1), "align": "LEFT_LEFT"})
op("linalg.diag_part", [B.T.copy()], {"k": (-1, 2), "align": "RIGHT_RIGHT"})
op("linalg.diag_part", [A], {"k": 5})
op("linalg.diag_part", [A], {"k": (1, 0)})
op("linalg.diag_part", [A], {"align": "x"})
op("linalg.diag_part", [V])
op("linalg.diag", [V])
op("linalg.diag", [A], {"k": (-1, 1)})
op("linalg.diag", [A], {"k": (-1, 1), "align": "LEFT_LEFT"})
op("linalg.diag", [V], {"k": 1, "padding_value": 7.0})
op("linalg.diag", [V], {"k": -1, "num_rows": 4})
op("linalg.diag", [V], {"num_cols": 5})
op("linalg.diag", [np.array([1, 2])], {"padding_value": 9, "num_cols": 3})
op("linalg.diag", [V], {"num_rows": 1})
op("linalg.diag", [V], {"num_rows": 4, "num_cols": 5})
op("linalg.diag", [B], {"k": (-1, 1)})
op("linalg.diag", [np.float32(1.0)])
op("linalg.set_diag", [A, V])
op("linalg.set_diag", [STACK, A[:2]])
op("linalg.set_diag", [A, V[:2]], {"k": 1})
op("linalg.set_diag", [A, A[:2]], {"k": (0, 1)})
op("linalg.set_diag", [A, V[:2]])
op("linalg.tensor_diag", [V])
op("linalg.tensor_diag", [B])
op("linalg.tensor_diag", [np.float32(1.0)])
op("linalg.tensor_diag_part", [A])
op("linalg.tensor_diag_part", [np.arange(16.0).reshape(2, 2, 2, 2)])
op("linalg.tensor_diag_part", [B])
op("linalg.tensor_diag_part", [V])
op("linalg.band_part", [A, 0, -1])
op("linalg.band_part", [STACK, 1, 0])
op("linalg.band_part", [np.array([[1, 2], [3, 4]]), 0, 0])
op("linalg.band_part", [A, 5, -1])
op("linalg.band_part", [V, 0, -1])

# Solvers

op("linalg.det", [A])
op("linalg.det", [STACK])
case("a complex determinant", lambda tf: tf.linalg.det(Z))
op("linalg.det", [B])
op("linalg.det", [V])
op("linalg.det", [np.array([[1, 2], [3, 4]])])
op("linalg.slogdet", [A], jvp=True)
case("slogdet of complex numbers", lambda tf: tuple(tf.linalg.slogdet(Z)))
op("linalg.logdet", [S])
op("linalg.logdet", [H])
case("logdet of an indefinite matrix", lambda tf: tf.linalg.logdet([[1.0, 2.0], [2.0, 1.0]]))
case("slogdet of a singular matrix", lambda tf: tuple(tf.linalg.slogdet([[1.0, 1.0], [1.0, 1.0]])))
op("linalg.inv", [A], jvp=True, rtol=LOOSE)
op("linalg.inv", [Z], {"adjoint": True})
op("linalg.inv", [STACK], rtol=LOOSE)
op("linalg.inv", [np.ones((2, 2), np.float32)])
op("linalg.inv", [B])
op("linalg.pinv", [B], rtol=LOOSE)
op("linalg.pinv", [B.T.astype(np.float64)])
case("pinv of few values", lambda tf: tf.linalg.pinv([[1.0, 0.0], [0.0, 1e-3]], rcond=0.01))
op("linalg.pinv", [np.array([[1, 2], [3, 4]])])
op("linalg.pinv", [V])
op("linalg.solve", [A, B], jvp=True, rtol=LOOSE)
op("linalg.solve", [Z, B.astype(np.complex128)], {"adjoint": True})
op("linalg.solve", [STACK, np.stack([B, B])], rtol=LOOSE)
op("linalg.solve", [A, V])
op("linalg.solve", [np.ones((3, 3), np.float32), B])
op("linalg.solve", [A, B.T.copy()])
op("linalg.solve", [STACK, B])
op("linalg.lstsq", [B, A[:, :1]], rtol=1e-3)
op("linalg.lstsq", [B.T.astype(np.float64), np.eye(2)], rtol=1e-6)
op("linalg.lstsq", [B.astype(np.float64), np.eye(3)], {"l2_regularizer": 0.5}, rtol=1e-6)
case(
    "least squares of low rank", lambda tf: tf.linalg.lstsq(np.ones((3, 2)), np.eye(3), fast=False)
)
op("linalg.triangular_solve", [A, B], rtol=LOOSE)
op("linalg.triangular_solve", [A, B], {"lower": False, "adjoint": True}, rtol=LOOSE)
op("linalg.triangular_solve", [Z, B.astype(np.complex128)], {"adjoint": True})
op("linalg.triangular_solve", [A, np.stack([B, B])], rtol=LOOSE)
op("linalg.triangular_solve", [A, V])
op("linalg.triangular_solve", [B, B])
op("linalg.triangular_solve", [A, B[:2]])
case(
    "a singular triangle",
    lambda tf: tf.linalg.triangular_solve([[1.0, 0.0], [1.0, 0.0]], [[1.0], [3.0]]),
)
op("linalg.cholesky", [S], jvp=True, rtol=LOOSE)
op("linalg.cholesky", [A], rtol=LOOSE)
op("linalg.cholesky", [H])
op("linalg.cholesky", [B])
op("linalg.cholesky_solve", [np.tril(A), B], rtol=LOOSE)


@case
def cholesky_of_an_indefinite_matrix(tf: Any) -> Any:
    found = tf.linalg.cholesky(np.stack([np.eye(2), [[1.0, 2.0], [2.0, 1.0]]]))
    return [found[0], bool(np.isnan(found[1].numpy()).any())]


@case
def lu(tf: Any) -> Any:
    factors = tf.linalg.lu(STACK)
    again = tf.linalg.lu_reconstruct(*factors)
    solved = tf.linalg.lu_solve(*factors, np.stack([B, B]))
    wide = tf.linalg.lu(A, output_idx_type=tf.int64).p
    return [tuple(factors), type(factors).__name__, wide, again, solved]


case("lu_matrix_inverse", lambda tf: tf.linalg.lu_matrix_inverse(*tf.linalg.lu(A)), rtol=LOOSE)
op("linalg.lu", [np.zeros((2, 2), np.float32)], compiled=False)
op("linalg.lu", [B])
op("linalg.lu_solve", [A, np.array([0, 1, 2], np.int32), V])
op("linalg.lu_solve", [A, np.array([0, 1, 2], np.int32), B[:2]])

DIAGONALS = np.array([[1.0, 2.0, 9.0], [4.0, 5.0, 6.0], [9.0, 3.0, 1.0]], np.float32)
SIDES = [DIAGONALS[0], DIAGONALS[1], DIAGONALS[2]]


def band(tf: Any, diagonals: Any, rhs: Any, **options: Any) -> Any:
    """TensorFlow takes tensors alone here."""
    diagonals = tf.nest.map_structure(tf.convert_to_tensor, diagonals)
    return tf.linalg.tridiagonal_solve(diagonals, tf.convert_to_tensor(rhs), **options)


op("linalg.tridiagonal_solve", [DIAGONALS, B], call=band, rtol=LOOSE)
op("linalg.tridiagonal_solve", [DIAGONALS, V], call=band, rtol=LOOSE)
op("linalg.tridiagonal_solve", [SIDES, V], {"diagonals_format": "sequence"}, call=band, rtol=LOOSE)
op(
    "linalg.tridiagonal_solve",
    [[SIDES[0][:2], SIDES[1], SIDES[2][1:]], V],
    {"diagonals_format": "sequence"},
    call=band,
    rtol=LOOSE,
)
op("linalg.tridiagonal_solve", [A, V], {"diagonals_format": "matrix"}, call=band, rtol=LOOSE)
op(
    "linalg.tridiagonal_solve",
    [DIAGONALS, B.T.copy()],
    {"transpose_rhs": True},
    call=band,
    rtol=LOOSE,
)
op("linalg.tridiagonal_solve", [DIAGONALS, V], {"diagonals_format": "x"}, call=band)
op("linalg.tridiagonal_solve", [DIAGONALS[:2], V], call=band)
case("a singular band", lambda tf: band(tf, np.zeros((3, 3)), np.ones(3)))
op("linalg.tridiagonal_matmul", [DIAGONALS, B])
op("linalg.tridiagonal_matmul", [SIDES, B], {"diagonals_format": "sequence"})
op("linalg.tridiagonal_matmul", [A, B], {"diagonals_format": "matrix"})
op("linalg.banded_triangular_solve", [DIAGONALS[:2], B], rtol=LOOSE)
op("linalg.banded_triangular_solve", [DIAGONALS[:2], B], {"lower": False}, rtol=LOOSE)
op("linalg.banded_triangular_solve", [DIAGONALS[:2], B], {"adjoint": True}, rtol=LOOSE)

# Factors, eigenvalues, functions of matrices


def squared(values: Any) -> Any:
    """What stays of columns with a sign or a phase of their own."""
    return abs(values) ** 2


op("linalg.qr", [B], call=lambda tf, x: squared(tf.linalg.qr(x).r), rtol=1e-3)
op("linalg.qr", [B], call=lambda tf, x: squared(tf.linalg.qr(x).q), rtol=1e-3, second=False)
op("linalg.qr", [B.T.astype(np.float64)], call=lambda tf, x: squared(tf.linalg.qr(x)[1]))
op("linalg.qr", [Z], call=lambda tf, x: tf.matmul(*tf.linalg.qr(x)), second=False)
case("all of q", lambda tf: [tuple(x.shape) for x in tf.linalg.qr(B, full_matrices=True)])
op("linalg.svd", [A], {"compute_uv": False}, rtol=1e-3)
op("linalg.svd", [B.astype(np.float64)], call=lambda tf, x: squared(tf.linalg.svd(x)[1]))
op("linalg.svd", [B.T.copy()], call=lambda tf, x: squared(tf.linalg.svd(x)[2]), rtol=1e-3)
case("shapes of svd", lambda tf: [tuple(x.shape) for x in tf.linalg.svd(B)])
case("shapes of all of svd", lambda tf: [tuple(x.shape) for x in tf.linalg.svd(B, True)])
case("real singular values", lambda tf: tf.linalg.svd(Z)[0])
op("linalg.svd", [V])
op("linalg.eigh", [A], call=lambda tf, x: tf.linalg.eigh(x)[0], rtol=1e-3)
op("linalg.eigh", [S.astype(np.float64)], call=lambda tf, x: squared(tf.linalg.eigh(x)[1]))
op("linalg.eigvalsh", [S], rtol=1e-3)
op("linalg.eigvalsh", [H])
op("linalg.eigh", [B])
op("linalg.eigvals", [A], call=lambda tf, x: tf.reduce_sum(tf.linalg.eigvals(x) ** 3), rtol=1e-3)
op("linalg.eig", [Z], call=lambda tf, x: tf.reduce_sum(tf.linalg.eig(x)[0] ** 2), rtol=1e-6)
op("linalg.eig", [B])
case("values of a band", lambda tf: tf.linalg.eigh_tridiagonal(V, B[:2, 0]), rtol=1e-3)
case(
    "some eigenvalues of a band",
    lambda tf: [
        tf.linalg.eigh_tridiagonal(V, B[:2, 0], select="i", select_range=(0, 1)),
        tf.linalg.eigh_tridiagonal(V, B[:2, 0], select="v", select_range=(-1.0, 2.0)),
        squared(tf.linalg.eigh_tridiagonal(V, B[:2, 0], eigvals_only=False)[1]),
    ],
    rtol=1e-3,
)
op("linalg.matrix_rank", [B])
op("linalg.matrix_rank", [np.ones((2, 3, 3))])
op("linalg.matrix_rank", [A], {"tol": 4.0})
op("linalg.matrix_rank", [V])
op("linalg.expm", [A / 4], rtol=1e-4)
op("linalg.expm", [np.stack([Z, H]) / 20], second=False)
op("linalg.expm", [np.array([[1, 2], [3, 4]])])
op("linalg.expm", [B])
op("linalg.sqrtm", [S], rtol=1e-3, second=False)
case("roots of complex matrices", lambda tf: tf.linalg.sqrtm(np.stack([Z, H])))
case("a root that is complex", lambda tf: tf.linalg.sqrtm([[1.0, 2.0], [3.0, 4.0]]))
case("a real root of a rotation", lambda tf: tf.linalg.sqrtm([[0.0, -1.0], [1.0, 0.0]]))
case("logm", lambda tf: tf.linalg.logm(np.stack([Z, H])))
op("linalg.logm", [A], compiled=False)

# Matrices without an inverse: the same errors compiled, and from gradients

SINGULAR = [[1.0, 1.0], [1.0, 1.0]]


def by_tape(tf: Any, function: Any, x: Any) -> Any:
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


case("a singular inverse, compiled", lambda tf: tf.function(tf.linalg.inv)(tf.constant(SINGULAR)))
case(
    "the slope of a singular determinant's logarithm",
    lambda tf: by_tape(tf, lambda x: tf.linalg.slogdet(x)[1], SINGULAR),
)
case(
    "the slope of a singular band",
    lambda tf: by_tape(tf, lambda x: band(tf, x, V), np.zeros((3, 3), "f")),
)
