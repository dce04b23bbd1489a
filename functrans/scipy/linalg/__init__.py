"""Linear algebra of ``scipy.linalg``, for plain and traced arrays.

Plain arrays go to SciPy, with all of its options. Traced matrices have shape ``(…, n, m)``, square
where nothing else is said; leading axes are batches, and other shapes raise ShapeError. Vectors and
numbers that a matrix is made of have no batches. Integers are converted to float64. What overwrites
operands, or looks whether they are finite, is accepted and changes nothing.

>>> a = np.array([[4.0, 2.0], [2.0, 5.0]])
>>> factor = ft.scipy.linalg.cho_factor(a)
>>> ft.grad(lambda b: ft.scipy.linalg.cho_solve(factor, b).sum())(np.ones(2))
array([0.1875, 0.125 ])
"""

from functrans.scipy.linalg.functions import (
    expm,
    expm_frechet,
    funm,
    hessenberg,
    polar,
    rsf2csf,
    schur,
    solve_sylvester,
    sqrtm,
)
from functrans.scipy.linalg.special_matrices import (
    block_diag,
    circulant,
    companion,
    convolution_matrix,
    dft,
    fiedler,
    fiedler_companion,
    hadamard,
    hankel,
    helmert,
    hilbert,
    invhilbert,
    invpascal,
    leslie,
    pascal,
    toeplitz,
)
from functrans.scipy.linalg.systems import (
    cho_factor,
    cho_solve,
    cholesky,
    det,
    eigh,
    eigh_tridiagonal,
    inv,
    lu,
    lu_factor,
    lu_solve,
    qr,
    qr_multiply,
    solve,
    solve_triangular,
    svd,
)

__all__ = [
    "block_diag",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "circulant",
    "companion",
    "convolution_matrix",
    "det",
    "dft",
    "eigh",
    "eigh_tridiagonal",
    "expm",
    "expm_frechet",
    "fiedler",
    "fiedler_companion",
    "funm",
    "hadamard",
    "hankel",
    "helmert",
    "hessenberg",
    "hilbert",
    "inv",
    "invhilbert",
    "invpascal",
    "leslie",
    "lu",
    "lu_factor",
    "lu_solve",
    "pascal",
    "polar",
    "qr",
    "qr_multiply",
    "rsf2csf",
    "schur",
    "solve",
    "solve_sylvester",
    "solve_triangular",
    "sqrtm",
    "svd",
    "toeplitz",
]
