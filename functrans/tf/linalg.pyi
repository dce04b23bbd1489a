"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.diagonals import adjoint as adjoint
from functrans.tf.diagonals import band_part as band_part
from functrans.tf.solvers import banded_triangular_solve as banded_triangular_solve
from functrans.tf.solvers import cholesky as cholesky
from functrans.tf.solvers import cholesky_solve as cholesky_solve
from functrans.tf.products import cross as cross
from functrans.tf.solvers import det as det
from functrans.tf.diagonals import diag as diag
from functrans.tf.diagonals import diag_part as diag_part
from functrans.tf.spectra import eig as eig
from functrans.tf.spectra import eigh as eigh
from functrans.tf.spectra import eigh_tridiagonal as eigh_tridiagonal
from functrans.tf.spectra import eigvals as eigvals
from functrans.tf.spectra import eigvalsh as eigvalsh
from functrans.tf.products import einsum as einsum
from functrans.tf.spectra import expm as expm
from functrans.tf.creation import eye as eye
from functrans.tf.clipping import global_norm as global_norm
from functrans.tf.solvers import inv as inv
from functrans.tf.norms import l2_normalize as l2_normalize
from functrans.tf.solvers import logdet as logdet
from functrans.tf.spectra import logm as logm
from functrans.tf.solvers import lstsq as lstsq
from functrans.tf.solvers import lu as lu
from functrans.tf.solvers import lu_matrix_inverse as lu_matrix_inverse
from functrans.tf.solvers import lu_reconstruct as lu_reconstruct
from functrans.tf.solvers import lu_solve as lu_solve
from functrans.tf.products import matmul as matmul
from functrans.tf.spectra import matrix_rank as matrix_rank
from functrans.tf.diagonals import matrix_transpose as matrix_transpose
from functrans.tf.products import matvec as matvec
from functrans.tf.norms import norm as norm
from functrans.tf.norms import normalize as normalize
from functrans.tf.solvers import pinv as pinv
from functrans.tf.spectra import qr as qr
from functrans.tf.diagonals import set_diag as set_diag
from functrans.tf.solvers import slogdet as slogdet
from functrans.tf.solvers import solve as solve
from functrans.tf.spectra import sqrtm as sqrtm
from functrans.tf.spectra import svd as svd
from functrans.tf.diagonals import tensor_diag as tensor_diag
from functrans.tf.diagonals import tensor_diag_part as tensor_diag_part
from functrans.tf.products import tensordot as tensordot
from functrans.tf.diagonals import trace as trace
from functrans.tf.solvers import triangular_solve as triangular_solve
from functrans.tf.solvers import tridiagonal_matmul as tridiagonal_matmul
from functrans.tf.solvers import tridiagonal_solve as tridiagonal_solve

__all__ = [
    "adjoint",
    "band_part",
    "banded_triangular_solve",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eig",
    "eigh",
    "eigh_tridiagonal",
    "eigvals",
    "eigvalsh",
    "einsum",
    "expm",
    "eye",
    "global_norm",
    "inv",
    "l2_normalize",
    "logdet",
    "logm",
    "lstsq",
    "lu",
    "lu_matrix_inverse",
    "lu_reconstruct",
    "lu_solve",
    "matmul",
    "matrix_rank",
    "matrix_transpose",
    "matvec",
    "norm",
    "normalize",
    "pinv",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "sqrtm",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "triangular_solve",
    "tridiagonal_matmul",
    "tridiagonal_solve",
]
