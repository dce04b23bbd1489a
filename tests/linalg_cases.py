"""The rows of factorisations and of the functions made of them; matrices are drawn well apart
from singular ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from functrans.primitives import (
    fourier,
    lu,
    orthogonal,
    pseudoinverse,
    reduced,
    spectral,
    sylvester,
    triangular,
    tridiagonal,
)
from functrans.primitives.elementwise import abs_
from functrans.primitives.linear import add
from functrans.primitives.marks import stop_gradient
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


def _orthogonal_rows() -> list[Case]:
    rows = []
    for shape in ((4, 4), (5, 3), (3, 5), (2, 4, 3), (20, 12)):
        for full in (False, True):
            name = f"qr:{'full ' if full else ''}{'×'.join(map(str, shape))}"
            mode = "complete" if full else "reduced"
            rows.append(
                Case(
                    name,
                    lambda a, full=full: orthogonal.qr(a, full),
                    lambda a, mode=mode: list(np.linalg.qr(a, mode)),
                    (Arg(shape, apart=True),),
                    dtypes="dD" if math.prod(shape) < 30 else "d",
                    order=2 if shape == (4, 4) else 1,
                    tolerance=1000,
                )
            )
    return rows


def _spectral_rows() -> list[Case]:
    square, flags = Arg((4, 4), apart=True), {"dtypes": "dD", "tolerance": 1000.0, "order": 1}
    rows = [
        Case("eigh", lambda a: _modulus(spectral.eigh(_definite(a))),
             lambda a: _modulus(np.linalg.eigh(_definite(a))), (square,), **flags),
        Case("eigh:values", lambda a: spectral.eigh(_definite(a), False)[0],
             lambda a: np.linalg.eigvalsh(_definite(a)), (square,), **flags),
        Case("eig", lambda a: spectral.eig(a), _oracle_eig, (square,), **flags),
        Case("eig:left", lambda a: spectral.eig(a, left=True, right=False),
             lambda a: _oracle_eig(a, left=True, right=False), (square,), **flags),
    ]  # fmt: skip
    for shape in ((4, 4), (5, 3), (3, 5), (2, 4, 3), (20, 12)):
        rows.append(
            Case(
                f"svd:{'×'.join(map(str, shape))}",
                lambda a: _modulus(spectral.svd(a)),
                lambda a: _modulus(np.linalg.svd(a, full_matrices=False)),
                (Arg(shape, apart=True),),
                **flags,
            )
        )
    return rows


def _modulus(found: Any) -> Any:
    """Vectors without their phases, which are LAPACK's to choose."""
    return [abs_(x) for x in found]


def _oracle_eig(a: Any, **which: bool) -> Any:
    found = _scipy("eig")(a, **which)
    return [x.astype(np.result_type(a, np.complex64)) for x in found]


def _scipy(name: str) -> Any:
    import scipy.linalg

    return getattr(scipy.linalg, name)


def _lapack(name: str, a: Any, **options: Any) -> Any:
    import scipy.linalg.lapack

    return scipy.linalg.lapack.get_lapack_funcs(name, (a,))(a, **options)


def _fixed(a: Any) -> Any:
    """The pseudoinverse as a constant."""
    import functrans.numpy as fnp

    return stop_gradient(fnp.linalg.pinv(a))


def _tridiagonal(low: Any, middle: Any, high: Any, b: Any) -> Any:
    return tridiagonal.tridiagonal_solve(low, middle, high, b)


def _tridiagonal_oracle(low: Any, middle: Any, high: Any, b: Any) -> Any:
    a = np.diag(middle) + np.diag(low[1:], -1) + np.diag(high[:-1], 1)
    return np.linalg.solve(a, b)


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
    *_orthogonal_rows(),
    *_spectral_rows(),
    Case("tridiagonal_solve", _tridiagonal, _tridiagonal_oracle,
         (Arg((5,)), Arg((5,), low=5, high=6), Arg((5,)), Arg((5, 2))), dtypes="dfDF",
         tolerance=10),
    Case("tridiagonal_solve:vector", _tridiagonal, _tridiagonal_oracle,
         (Arg((5,)), Arg((5,), low=5, high=6), Arg((5,)), Arg((5, 1))), dtypes="dD",
         tolerance=10),
    Case("pinv", lambda a: pseudoinverse.pinv(_fixed(a), a),
         np.linalg.pinv, (Arg((4, 2), apart=True),), dtypes="dD", tolerance=100, order=1),
    *(Case(f"fft:{kind} {n}", lambda x, kind=kind, n=n: fourier.fourier(x, kind, n),
           lambda x, kind=kind, n=n: getattr(np.fft, kind)(x, n),
           (Arg((3, n // 2 + 1 if kind == "irfft" else n)),),
           dtypes="df" if kind == "rfft" else "DF", tolerance=4)
      for kind in ("fft", "ifft", "rfft", "irfft") for n in (1, 4, 5)),
    Case("schur", reduced.schur, lambda a: list(_scipy("schur")(a)), (_SQUARE,), dtypes="dD",
         smooth=False, tolerance=100),
    Case("rsf2csf", lambda a: reduced.rsf2csf(*reduced.schur(a)),
         lambda a: list(_scipy("rsf2csf")(*_scipy("schur")(a))), (_SQUARE,), dtypes="d",
         smooth=False, tolerance=100),
    Case("sylvester", lambda a, b, q: sylvester.sylvester(_solid(a), _solid(b), q),
         lambda a, b, q: _scipy("solve_sylvester")(_solid(a), _solid(b), q),
         (_SQUARE, Arg((3, 3), low=-1, high=1), Arg((4, 3))), dtypes="dD", tolerance=100),
    Case("sqrtm", lambda a: sylvester.sqrtm(_definite(a)),
         lambda a: _scipy("sqrtm")(_definite(a)).astype(complex), (_SQUARE,), dtypes="dD",
         tolerance=100, order=1),
    Case("column_order", lambda a: orthogonal.column_order(a),
         lambda a: _scipy("qr")(a, pivoting=True)[2], (Arg((4, 3), apart=True),), dtypes="dD",
         smooth=False),
    Case("hessenberg", lambda a: reduced.hessenberg(a)[0],
         lambda a: _lapack("gehrd", a)[0], (_SQUARE,), dtypes="dD", smooth=False,
         tolerance=100),
    Case("tridiagonal", lambda a: reduced.tridiagonal(a)[1:3],
         lambda a: list(_lapack("hetrd" if a.dtype.kind == "c" else "sytrd", a, lower=1)[1:3]),
         (_SQUARE,), dtypes="dD", smooth=False, tolerance=100),
]  # fmt: skip


def _complex_door(name: str) -> Any:
    import functrans.numpy as fnp

    return getattr(fnp.linalg, name)


def _complex_oracle(name: str, a: Any) -> Any:
    found = getattr(np.linalg, name)(a)
    if name == "eigvals":
        return found.astype(complex)
    return type(found)(*(x.astype(complex) for x in found))


def _moved(x: Any) -> Any:
    return x + 4 * np.eye(x.shape[-1])


_APART = Arg((4, 4), apart=True)
_TALL = Arg((4, 3), apart=True)
_LOOSE: dict[str, Any] = {"tolerance": 100, "order": 1}


def _fourier_doors() -> list[Case]:
    x, even, odd = Arg((3, 4)), Arg((2, 6)), Arg((2, 5))
    rows = [
        door(f"fft.{name}:{n}:{norm}",
             lambda m, a, name=name, n=n, norm=norm: getattr(m.fft, name)(a, n, 0, norm), x,
             dtypes=_dtypes(name) if (n, norm) == (None, None) else "d", tolerance=4)
        for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
        for n, norm in ((None, None), (5, "ortho"), (2, "forward"))
    ]  # fmt: skip
    for name in ("fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"):
        kept = _dtypes(name)
        rows += [
            door(f"fft.{name}", lambda m, a, name=name: getattr(m.fft, name)(a), even,
                 dtypes=kept, tolerance=4),
            door(f"fft.{name}:s", lambda m, a, name=name: getattr(m.fft, name)(a, (3, 4), (1, 0)),
                 odd, dtypes=kept[0], tolerance=4),
        ]  # fmt: skip
    rows += [
        door("fft.fftshift", lambda m, a: m.fft.fftshift(a), odd, dtypes="dDl"),
        door("fft.ifftshift", lambda m, a: m.fft.ifftshift(a, 1), odd, dtypes="dl"),
        door("fft.fftfreq", lambda m, d: m.fft.fftfreq(5, d), Arg((), low=1.0), dtypes="d",
             spelled=False),
        door("fft.rfftfreq", lambda m, d: m.fft.rfftfreq(5, d), Arg((), low=1.0), dtypes="d",
             spelled=False),
    ]  # fmt: skip
    return rows


def _dtypes(name: str) -> str:
    return "dfl" if name.startswith(("rfft", "ihfft")) else "dDfl"


LINALG_DOORS: list[Case] = [
    *_fourier_doors(),
    door("linalg.cholesky", lambda m, a: m.linalg.cholesky(a @ a.T + np.eye(4)), _SQUARE,
         dtypes="d", tolerance=10),
    door("linalg.cholesky:upper", lambda m, a: m.linalg.cholesky(a @ a.T + np.eye(4), upper=True),
         _SQUARE, dtypes="d", tolerance=10),
    *(door(f"linalg.qr:{mode}", lambda m, a, mode=mode: m.linalg.qr(a, mode), _TALL, dtypes="dD",
           **_LOOSE) for mode in ("reduced", "complete", "r")),
    *(door(f"linalg.eigh:{triangle}",
           lambda m, a, triangle=triangle: abs(m.linalg.eigh(a, triangle)[1]), _APART, dtypes="d",
           smooth=False, tolerance=100) for triangle in "LU"),
    door("linalg.eigvalsh", lambda m, a: m.linalg.eigvalsh(a + m.conj(a).T), _APART, dtypes="dD",
         **_LOOSE),
    door("linalg.svd", lambda m, a: abs(m.linalg.svd(a)[0]), _APART, dtypes="dD", **_LOOSE),
    door("linalg.svd:values", lambda m, a: m.linalg.svd(a, compute_uv=False), _TALL, dtypes="dD",
         **_LOOSE),
    door("linalg.svd:hermitian", lambda m, a: (lambda u, s, vh: [s, (u * s) @ vh])(
        *m.linalg.svd(a + a.T, hermitian=True)), _APART, dtypes="d", **_LOOSE),
    door("linalg.svdvals", lambda m, a: m.linalg.svdvals(a), Arg((2, 3, 4), apart=True),
         dtypes="d", **_LOOSE),
    door("linalg.pinv", lambda m, a: m.linalg.pinv(a), _TALL, dtypes="dD", **_LOOSE),
    door("linalg.pinv:wide", lambda m, a: m.linalg.pinv(a.T), _TALL, dtypes="d", **_LOOSE),
    door("linalg.pinv:rank", lambda m, a: m.linalg.pinv(a @ a.T, rtol=1e-10), _TALL, dtypes="d",
         tolerance=1e5, order=1),
    door("linalg.lstsq", lambda m, a, b: m.linalg.lstsq(a, b), _TALL, Arg((4, 2)), dtypes="dD",
         **_LOOSE),
    door("linalg.lstsq:vector", lambda m, a, b: m.linalg.lstsq(a, b)[0], _TALL, _VECTOR,
         dtypes="d", **_LOOSE),
    door("linalg.matrix_rank", lambda m, a: m.linalg.matrix_rank(a @ a.T), _TALL, dtypes="d",
         smooth=False),
    door("linalg.matrix_rank:vector", lambda m, a: m.linalg.matrix_rank(a), _VECTOR, dtypes="d",
         smooth=False),
    *(door(f"linalg.cond:{p}", lambda m, a, p=p: m.linalg.cond(a, p), _APART, dtypes="dD",
           **_LOOSE) for p in (None, -2, 1, "fro")),
    *(door(f"linalg.norm:matrix {p}", lambda m, a, p=p: m.linalg.norm(a, p), _TALL,
           dtypes="dD", **_LOOSE) for p in ("nuc", 2, -2, -1, np.inf)),
    door("linalg.norm:keepdims",
         lambda m, a: m.linalg.norm(a, 2, axis=(2, 0), keepdims=True),
         Arg((3, 2, 4), apart=True), dtypes="d", **_LOOSE),
    *(Case(f"numpy.linalg.{name}", lambda a, name=name: _complex_door(name)(a),
           lambda a, name=name: _complex_oracle(name, a), (_APART,), dtypes="dD", door=True,
           **_LOOSE) for name in ("eig", "eigvals")),
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
