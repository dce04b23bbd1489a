"""The rows of ``scipy.linalg`` and ``lax.linalg``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.case import Arg, Case

_SQUARE = Arg((4, 4), low=-1.0, high=1.0)
_APART = Arg((4, 4), apart=True)
_TALL = Arg((4, 3), apart=True)
_UNEVEN = Arg((4, 3))
_VECTOR = Arg((4,))
_LOOSE: dict[str, Any] = {"tolerance": 1000, "order": 1, "dtypes": "d"}
_FIXED: dict[str, Any] = {"tolerance": 1000, "smooth": False, "dtypes": "d"}


def scipy_row(name: str, expression: Callable[..., Any], *args: Arg, **flags: Any) -> Case:
    """A row of ``functrans.scipy.linalg`` against SciPy."""

    def fun(*xs: Any) -> Any:
        import functrans.scipy.linalg as m

        return expression(m, *xs)

    def oracle(*xs: Any) -> Any:
        import scipy.linalg as m

        return expression(m, *xs)

    return Case(f"scipy.linalg.{name}", fun, oracle, args, door=True, **(_LOOSE | flags))


def lax_row(
    name: str, fun: Callable[..., Any], oracle: Callable[..., Any], *args: Arg, **flags: Any
) -> Case:
    """A row of ``functrans.lax.linalg``; ``fun`` gets the module."""

    def call(*xs: Any) -> Any:
        import functrans.lax.linalg as m

        return fun(m, *xs)

    return Case(f"lax.linalg.{name}", call, oracle, args, door=True, **(_LOOSE | flags))


def _solid(x: Any) -> Any:
    return x + 4 * np.eye(x.shape[-1])


def _definite(x: Any) -> Any:
    return x @ x.T + np.eye(x.shape[-1])


def _triangle(m: Any, a: Any, **options: Any) -> Any:
    """A triangle of an LAPACK result whose other half is anything."""
    return np.triu(m.cho_factor(_definite(a), **options)[0])


def _complex(x: Any) -> Any:
    return x.astype(complex)


def _scipy(name: str) -> Any:
    import scipy.linalg

    return getattr(scipy.linalg, name)


SCIPY_LINALG: list[Case] = [
    *(scipy_row(f"solve:{kind}", lambda m, a, b, kind=kind: m.solve(_definite(a), b, assume_a=kind),
                _SQUARE, _VECTOR) for kind in ("gen", "pos", "sym", "her")),
    scipy_row("solve:transposed", lambda m, a, b: m.solve(_solid(a), b, transposed=True), _SQUARE,
              _VECTOR),
    *(scipy_row(f"solve_triangular:{trans}", lambda m, a, b, trans=trans:
                m.solve_triangular(_solid(a), b, trans, lower=trans != "T"), _SQUARE, _VECTOR)
      for trans in ("N", "T", 2)),
    scipy_row("inv", lambda m, a: m.inv(_solid(a)), _SQUARE),
    scipy_row("det", lambda m, a: m.det(_solid(a)), _SQUARE),
    scipy_row("cholesky", lambda m, a: m.cholesky(_definite(a)), _SQUARE),
    scipy_row("cholesky:lower", lambda m, a: m.cholesky(_definite(a), lower=True), _SQUARE),
    scipy_row("cho_factor", _triangle, _SQUARE),
    *(scipy_row(f"cho_solve:{lower}", lambda m, a, b, lower=lower:
                m.cho_solve(m.cho_factor(_definite(a), lower=lower), b), _SQUARE, _VECTOR)
      for lower in (True, False)),
    scipy_row("lu_factor", lambda m, a: m.lu_factor(_solid(a))[0], _SQUARE),
    *(scipy_row(f"lu_solve:{trans}", lambda m, a, b, trans=trans:
                m.lu_solve(m.lu_factor(a), b, trans), _APART, _VECTOR) for trans in (0, 1, 2)),
    *(scipy_row(f"lu:{name}", lambda m, a, options=options: m.lu(a, **options), _UNEVEN)
      for name, options in (("three", {}), ("two", {"permute_l": True}))),
    scipy_row("lu:indices", lambda m, a: m.lu(a, p_indices=True)[1:], _UNEVEN),
    scipy_row("qr", lambda m, a: m.qr(a), _TALL),
    scipy_row("qr:economic", lambda m, a: m.qr(a, mode="economic"), _TALL),
    scipy_row("qr:r", lambda m, a: m.qr(a, mode="r"), _TALL),
    scipy_row("qr:pivoting", lambda m, a: m.qr(a, pivoting=True), _TALL),
    scipy_row("qr_multiply", lambda m, a, c: m.qr_multiply(a, c), _TALL, _VECTOR),
    scipy_row("qr_multiply:left", lambda m, a, c: m.qr_multiply(a, c, "left"), _TALL,
              Arg((3, 2))),
    scipy_row("svd", lambda m, a: m.svd(a, compute_uv=False), _TALL),
    scipy_row("svd:vectors", lambda m, a: abs(m.svd(a, full_matrices=False)[0]), _TALL),
    scipy_row("eigh", lambda m, a: abs(m.eigh(a + a.T)[1]), _APART),
    scipy_row("eigh:subset", lambda m, a: m.eigh(a + a.T, eigvals_only=True,
                                                 subset_by_index=(1, 2)), _APART),
    scipy_row("eigh:two", lambda m, a, b: [abs(x) for x in m.eigh(a + a.T, _definite(b))], _APART,
              _SQUARE),
    scipy_row("eigh_tridiagonal", lambda m, d, e: m.eigh_tridiagonal(d, e, eigvals_only=True),
              Arg((4,), apart=True), Arg((3,), low=0.5)),
    scipy_row("expm", lambda m, a: m.expm(a), _SQUARE),
    scipy_row("expm:batch", lambda m, a: m.expm(a), Arg((2, 3, 3))),
    scipy_row("expm:large", lambda m, a: m.expm(10 * a), Arg((3, 3)), tolerance=1e6),
    scipy_row("expm_frechet", lambda m, a, e: m.expm_frechet(a, e), _SQUARE, _SQUARE),
    scipy_row("sqrtm", lambda m, a: _complex(m.sqrtm(_definite(a))), _SQUARE),
    scipy_row("funm", lambda m, a: _complex(m.funm(a, np.exp)), _APART, tolerance=1e5),
    scipy_row("solve_sylvester", lambda m, a, b, q: m.solve_sylvester(_solid(a), _solid(b), q),
              _SQUARE, Arg((3, 3), low=-1, high=1), Arg((4, 3))),
    scipy_row("polar", lambda m, a: m.polar(a), _APART),
    scipy_row("polar:left", lambda m, a: m.polar(a, "left"), _TALL),
    scipy_row("schur", lambda m, a: m.schur(a), _SQUARE, **_FIXED),
    scipy_row("schur:complex", lambda m, a: m.schur(a, "complex"), _SQUARE, **_FIXED),
    scipy_row("rsf2csf", lambda m, a: m.rsf2csf(*m.schur(a)), _SQUARE, **_FIXED),
    scipy_row("hessenberg", lambda m, a: m.hessenberg(a, calc_q=True), _SQUARE, **_FIXED),
    scipy_row("block_diag", lambda m, a, b: m.block_diag(a, b), Arg((2, 3)), Arg((2,))),
    scipy_row("toeplitz", lambda m, a, b: m.toeplitz(a, b), _VECTOR, Arg((3,)), dtypes="dD"),
    scipy_row("toeplitz:one", lambda m, a: m.toeplitz(a), _VECTOR, dtypes="dD"),
    scipy_row("hankel", lambda m, a, b: m.hankel(a, b), _VECTOR, Arg((3,))),
    scipy_row("hankel:one", lambda m, a: m.hankel(a), _VECTOR, dtypes="dl"),
    scipy_row("circulant", lambda m, a: m.circulant(a), _VECTOR, dtypes="dl"),
    *(scipy_row(f"convolution_matrix:{mode}", lambda m, a, mode=mode:
                m.convolution_matrix(a, 3, mode), _VECTOR) for mode in ("full", "same", "valid")),
    scipy_row("companion", lambda m, a: m.companion(a), Arg((4,), low=0.5)),
    scipy_row("fiedler_companion", lambda m, a: m.fiedler_companion(a), Arg((6,), low=0.5)),
    scipy_row("fiedler", lambda m, a: m.fiedler(a), Arg((4,), apart=True)),
    scipy_row("leslie", lambda m, a, b: m.leslie(a, b), _VECTOR, Arg((3,))),
]  # fmt: skip


def _symmetric(a: Any) -> Any:
    return (a + a.T) / 2


def _reflections(a: Any) -> Any:
    import scipy.linalg

    (found, taus), _ = scipy.linalg.qr(a, mode="raw")
    return np.ascontiguousarray(found), taus


def _reflected(a: Any) -> Any:
    import scipy.linalg.lapack

    return np.ascontiguousarray(scipy.linalg.lapack.dorgqr(*_reflections(a))[0])


LAX_LINALG: list[Case] = [
    lax_row("cholesky", lambda m, a: m.cholesky(_solid(a)),
            lambda a: np.linalg.cholesky(_symmetric(_solid(a))), _SQUARE),
    lax_row("cholesky_update", lambda m, r, w: m.cholesky_update(_solid(r), w),
            lambda r, w: np.linalg.cholesky(np.triu(_solid(r)).T @ np.triu(_solid(r))
                                            + np.outer(w, w)).T.copy(), _SQUARE, _VECTOR),
    lax_row("symmetric_product", lambda m, a, c: m.symmetric_product(a, c, alpha=2.0, beta=3.0),
            lambda a, c: 2 * a @ a.T + 3 * c, _TALL, _SQUARE),
    lax_row("lu", lambda m, a: m.lu(a)[0], lambda a: _scipy("lu_factor")(a)[0], _APART),
    lax_row("lu_pivots_to_permutation",
            lambda m, p: m.lu_pivots_to_permutation(np.maximum(p, np.arange(3, dtype=np.int32)), 5),
            lambda p: _permuted(np.maximum(p, np.arange(3)), 5),
            Arg((3,), low=0, high=4, dtype="i"), smooth=False),
    lax_row("triangular_solve",
            lambda m, a, b: m.triangular_solve(_solid(a), b, left_side=True, lower=True),
            lambda a, b: np.linalg.solve(np.tril(_solid(a)), b), _SQUARE, _VECTOR),
    lax_row("triangular_solve:right", lambda m, a, b: m.triangular_solve(_solid(a), b),
            lambda a, b: np.linalg.solve(np.triu(_solid(a)).T, b), _SQUARE, _VECTOR),
    lax_row("tridiagonal_solve", lambda m, d, b: m.tridiagonal_solve(d, d + 6, d, b),
            lambda d, b: np.linalg.solve(np.diag(d + 6) + np.diag(d[1:], -1)
                                         + np.diag(d[:-1], 1), b), _VECTOR, Arg((4, 2))),
    lax_row("tridiagonal", lambda m, a: m.tridiagonal(a)[1],
            lambda a: np.diag(_scipy("hessenberg")(_mirrored(a))).copy(), Arg((2, 2)), **_FIXED),
    lax_row("qr", lambda m, a: m.qr(a), lambda a: tuple(np.linalg.qr(a, "complete")), _TALL),
    lax_row("qr:pivoting", lambda m, a: m.qr(a, pivoting=True, full_matrices=False)[:2],
            lambda a: _scipy("qr")(a, mode="economic", pivoting=True)[:2], _TALL),
    lax_row("householder_product", lambda m, a: m.householder_product(*_constant(a)),
            lambda a: _reflected(_numbers()) + 0 * a, _TALL, smooth=False),
    lax_row("ormqr", lambda m, c: m.ormqr(*_reflections(_numbers()), c),
            lambda c: _scipy("qr")(_numbers())[0] @ c, Arg((4, 2))),
    lax_row("ormqr:right", lambda m, c: m.ormqr(*_reflections(_numbers()), c, left=False,
                                               transpose=True),
            lambda c: c @ _scipy("qr")(_numbers())[0].T, Arg((2, 4))),
    lax_row("hessenberg", lambda m, a: np.triu(m.hessenberg(a)[0], -1),
            lambda a: _scipy("hessenberg")(a), _SQUARE, **_FIXED),
    lax_row("eigh", lambda m, a: abs(m.eigh(a)[0]),
            lambda a: abs(np.linalg.eigh(_symmetric(a))[1]), _APART),
    lax_row("eigh:subset", lambda m, a: m.eigh(a, subset_by_index=(1, 3))[1],
            lambda a: np.linalg.eigvalsh(_symmetric(a))[1:3], _APART),
    lax_row("eig", lambda m, a: m.eig(a)[0], lambda a: _complex(np.linalg.eigvals(a)), _APART),
    lax_row("svd", lambda m, a: m.svd(a, compute_uv=False),
            lambda a: np.linalg.svd(a, compute_uv=False), _TALL),
    lax_row("svd:vectors", lambda m, a: abs(m.svd(a, full_matrices=False)[2]),
            lambda a: abs(np.linalg.svd(a, full_matrices=False)[2]), _TALL),
    lax_row("schur", lambda m, a: m.schur(a), lambda a: _scipy("schur")(a), _SQUARE, **_FIXED),
]  # fmt: skip


def _numbers() -> Any:
    return np.sin(np.arange(12.0) ** 2).reshape(4, 3)


def _constant(a: Any) -> Any:
    found, taus = _reflections(_numbers())
    return found + 0 * a, taus


def _mirrored(a: Any) -> Any:
    return np.tril(a) + np.tril(a, -1).T


def _permuted(pivots: Any, size: int) -> Any:
    order = np.arange(size, dtype=np.int32)
    for i, other in enumerate(pivots):
        order[[i, other]] = order[[other, i]]
    return order


SCIPY_LINALG_CASES = [*SCIPY_LINALG, *LAX_LINALG]
