"""What SciPy's ``sparse`` has for linear functions: the iterative solvers of ``sparse.linalg``."""

from functrans.scipy.sparse import linalg

__all__ = ["linalg"]
