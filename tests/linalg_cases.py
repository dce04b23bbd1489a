"""The rows of factorisations and of the functions made of them; matrices are drawn well apart
from singular ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.primitives import lu, triangular
from functrans.primitives.linear import add
from functrans.primitives.matrices import adjoint, matmul
from tests.case import Arg, Case, door

_SQUARE = Arg((4, 4), low=-1.0, high=1.0)
_BATCH = Arg((2, 3, 3), low=-1.0, high=1.0)
_RIGHT = Arg((4, 2))
_VECTOR = Arg((4,))


def _solid(x: Any) -> Any:
    """A matrix with a large diagonal, far from singular."""
    return add(x, np.broadcast_to(4 * np.eye(x.shape[-1], dtype=x.dtype), x.shape))


def _definite(x: Any) -> Any:
    """A positive definite matrix."""
    return _solid(matmul(x, adjoint(x)))


def _oracle_lu(x: Any) -> Any:
    import scipy.linalg

    factors, pivots = scipy.linalg.lu_factor(x)
    order = np.arange(len(x), dtype=np.int32)
    for i, other in enumerate(pivots):
        order[[i, other]] = order[[other, i]]
    return [factors, pivots.astype(np.int32), order]


def _triangular_rows() -> list[Case]:
    import scipy.linalg

    rows = []
    for left in (True, False):
        for lower in (True, False):
            for transposed, unit in ((False, False), (True, False), (False, True)):
                options = {"lower": lower, "transposed": transposed, "unit": unit, "left": left}

                def fun(a: Any, b: Any, options: dict[str, bool] = options) -> Any:
                    return triangular.triangular_solve(_solid(a), b, **options)

                def oracle(a: Any, b: Any, options: dict[str, bool] = options) -> Any:
                    a, lower, transposed = _solid(a), options["lower"], options["transposed"]
                    if not options["left"]:
                        b, transposed = b.T, not transposed
                    x = scipy.linalg.solve_triangular(
                        a, b, lower=lower, trans=int(transposed), unit_diagonal=options["unit"]
                    )
                    return np.ascontiguousarray(x if options["left"] else x.T)

                names = [n for n, on in options.items() if on]
                args = (_SQUARE, _RIGHT if left else Arg((2, 4)))
                name = f"triangular_solve:{' '.join(names)}"
                rows.append(Case(name, fun, oracle, args, dtypes="dfD", tolerance=10))
    return rows


LINALG_PRIMITIVES: list[Case] = [
    Case("cholesky", lambda x: triangular.cholesky(_definite(x)),
         lambda x: np.linalg.cholesky(_definite(x)), (_SQUARE,), dtypes="dfDF", tolerance=10),
    Case("cholesky:batch", lambda x: triangular.cholesky(_definite(x)),
         lambda x: np.linalg.cholesky(_definite(x)), (_BATCH,), dtypes="d", tolerance=10),
    Case("cholesky:large", lambda x: triangular.cholesky(_definite(x)),
         lambda x: np.linalg.cholesky(_definite(x)), (Arg((20, 20), low=-1, high=1),),
         dtypes="d", order=1, tolerance=100),
    *_triangular_rows(),
    Case("triangular_solve:batch", lambda a, b: triangular.triangular_solve(_solid(a), b),
         lambda a, b: np.linalg.solve(np.triu(_solid(a)), b), (_BATCH, Arg((2, 3, 2))),
         dtypes="d", tolerance=10),
    Case("triangular_solve:large", lambda a, b: triangular.triangular_solve(_solid(a), b),
         lambda a, b: np.linalg.solve(np.triu(_solid(a)), b),
         (Arg((20, 20), low=-0.2, high=0.2), Arg((20, 3))), dtypes="d", order=1, tolerance=100),
    Case("lu", lambda x: lu.lu(_solid(x)), lambda x: _oracle_lu(_solid(x)), (_SQUARE,),
         dtypes="dfDF", tolerance=10),
    Case("lu:pivots", lambda x: lu.lu(x), _oracle_lu, (Arg((5, 5), apart=True),),
         dtypes="dfD", order=1, tolerance=100),
    Case("lu:wide", lambda x: lu.lu(x), _oracle_lu, (Arg((3, 5), apart=True),),
         dtypes="dD", order=1, tolerance=100),
    Case("lu:tall", lambda x: lu.lu(x), _oracle_lu, (Arg((5, 3), apart=True),),
         dtypes="dD", order=1, tolerance=100),
    Case("lu:large", lambda x: lu.lu(x), _oracle_lu, (Arg((20, 20), apart=True),),
         dtypes="d", order=1, tolerance=1000),
    Case("lu_solve", lambda a, b: lu.lu_solve(_solid(a), *lu.factored(_solid(a)), b),
         lambda a, b: np.linalg.solve(_solid(a), b), (_SQUARE, _RIGHT), dtypes="dfDF",
         tolerance=10),
    Case("lu_solve:transposed",
         lambda a, b: lu.lu_solve(_solid(a), *lu.factored(_solid(a)), b, transposed=True),
         lambda a, b: np.linalg.solve(_solid(a).T, b), (_SQUARE, _RIGHT), dtypes="dfD",
         tolerance=10),
    Case("det", lambda a: lu.det(_solid(a), *lu.factored(_solid(a))),
         lambda a: np.linalg.det(_solid(a)), (_SQUARE,), dtypes="dfDF", tolerance=10),
    Case("slogdet", lambda a: lu.slogdet(_solid(a), *lu.factored(_solid(a))),
         lambda a: list(np.linalg.slogdet(_solid(a))), (_SQUARE,), dtypes="dfDF", tolerance=10),
    Case("slogdet:pivots", lambda a: lu.slogdet(a, *lu.factored(a)),
         lambda a: list(np.linalg.slogdet(a)), (Arg((5, 5), apart=True),), dtypes="dD", order=1,
         tolerance=1000),
]  # fmt: skip


def _moved(x: Any) -> Any:
    return x + 4 * np.eye(x.shape[-1])


LINALG_DOORS: list[Case] = [
    door("linalg.solve", lambda m, a, b: m.linalg.solve(_moved(a), b), _SQUARE, _RIGHT,
         dtypes="dDl", tolerance=10),
    door("linalg.solve:vector", lambda m, a, b: m.linalg.solve(_moved(a), b), _SQUARE,
         _VECTOR, dtypes="d", tolerance=10),
    door("linalg.solve:batch", lambda m, a, b: m.linalg.solve(_moved(a), b), _BATCH,
         Arg((3, 2)), dtypes="d", tolerance=10),
    door("linalg.inv", lambda m, a: m.linalg.inv(_moved(a)), _SQUARE, dtypes="dD",
         tolerance=10),
    door("linalg.inv:batch", lambda m, a: m.linalg.inv(_moved(a)), _BATCH, dtypes="d",
         tolerance=10),
    door("linalg.det", lambda m, a: m.linalg.det(a), _SQUARE, dtypes="dDl", tolerance=100,
         order=1),
    *(door(f"linalg.det:{n}", lambda m, a: m.linalg.det(a), Arg((n, n)), dtypes="dD",
           tolerance=100) for n in (1, 2, 3)),
    door("linalg.slogdet", lambda m, a: m.linalg.slogdet(_moved(a)), _SQUARE, dtypes="dD",
         tolerance=10),
    door("linalg.tensorsolve",
         lambda m, a, b: m.linalg.tensorsolve(_moved(a).reshape(2, 2, 4), b), _SQUARE,
         Arg((2, 2)), dtypes="d", tolerance=10),
    door("linalg.tensorinv", lambda m, a: m.linalg.tensorinv(_moved(a).reshape(2, 2, 4)),
         _SQUARE, dtypes="d", tolerance=10),
    door("linalg.matrix_power:-2", lambda m, a: m.linalg.matrix_power(_moved(a), -2), _SQUARE,
         dtypes="d", tolerance=10),
]  # fmt: skip
