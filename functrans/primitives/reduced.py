"""Schur, Hessenberg and tridiagonal forms: orthogonal similarities without derivatives here.

They are computed by LAPACK through SciPy, one matrix after the other, in compiled programs too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval
from functrans.core.primitive import Absent, Primitive, Rule
from functrans.core.trace import bind_many
from functrans.primitives.matrices import batch_matrices, check_square, fortran, part_dtype
from functrans.primitives.spectral import no_convergence
from functrans.primitives.types import NOT_LINEAR

_NO_DERIVATIVE = Absent(
    "no derivative of Schur, Hessenberg and tridiagonal forms is known here; eigh, eig, svd and qr "
    "have one"
)


def _form(name: str, abstract: Rule, impl: Rule) -> Primitive:
    def lower(avals: Sequence[Aval], out: Any, **params: Any) -> kernel.Word:
        return kernel.Fallback(f"{name} is computed by SciPy")

    primitive = Primitive(
        name, abstract, impl, _NO_DERIVATIVE, NOT_LINEAR, batch_matrices(lambda: primitive), lower,
        failure=no_convergence, multiple=True,
    )  # fmt: skip
    return primitive


def _of_each(a: Any, avals: Sequence[Aval], one: Rule) -> list[Any]:
    """The results for each matrix of a batch."""
    found = [np.empty(aval.shape, aval.dtype) for aval in avals]
    for k in np.ndindex(*a.shape[:-2]):
        for target, value in zip(found, one(a[k]), strict=True):
            target[k] = value
    return found


# --- schur ---------------------------------------------------------------------------------------


def _schur_abstract(a: Aval) -> list[Aval]:
    check_square("schur", a)
    return [a, a]


def _schur_impl(a: Any) -> Any:
    import scipy.linalg  # one of SciPy's larger parts, for few programs

    output = "complex" if a.dtype.kind == "c" else "real"

    def one(x: Any) -> Any:
        try:
            return scipy.linalg.schur(x, output) if x.size else (x, x)
        except np.linalg.LinAlgError:
            raise no_convergence() from None

    return _of_each(a, _schur_abstract(_aval(a)), one)


def _aval(a: Any) -> Aval:
    return Aval(a.shape, a.dtype)


schur_p: Primitive = _form("schur", _schur_abstract, _schur_impl)


def schur(a: Any) -> list[Any]:
    """T and Z with Z·T·Zᴴ = a: Z is unitary, T an upper triangle (with 2×2 blocks when real)."""
    return bind_many(schur_p, a)


# --- hessenberg, tridiagonal ---------------------------------------------------------------------


def _hessenberg_abstract(a: Aval) -> list[Aval]:
    n = check_square("hessenberg", a)
    return [a, a.with_shape((*a.shape[:-2], max(n - 1, 0)))]


def _hessenberg_impl(a: Any) -> Any:
    gehrd = fortran("lapack", "gehrd", a.dtype)
    return _of_each(
        a, _hessenberg_abstract(_aval(a)), lambda x: gehrd(x)[:2] if x.size else (x, x[0:0, 0])
    )


hessenberg_p: Primitive = _form("hessenberg", _hessenberg_abstract, _hessenberg_impl)


def hessenberg(a: Any) -> list[Any]:
    """LAPACK's ``gehrd``: H and, below it, Householder reflections; and their factors."""
    return bind_many(hessenberg_p, a)


def _tridiagonal_abstract(a: Aval, *, lower: bool) -> list[Aval]:
    n = check_square("tridiagonal", a)
    lead, real = a.shape[:-2], part_dtype(a.dtype)
    off = (*lead, max(n - 1, 0))
    return [a, Aval((*lead, n), real), Aval(off, real), a.with_shape(off)]


def _tridiagonal_impl(a: Any, *, lower: bool) -> Any:
    name = "hetrd" if a.dtype.kind == "c" else "sytrd"
    routine = fortran("lapack", name, a.dtype)
    return _of_each(
        a, _tridiagonal_abstract(_aval(a), lower=lower), lambda x: routine(x, lower=lower)[:4]
    )


tridiagonal_p: Primitive = _form("tridiagonal", _tridiagonal_abstract, _tridiagonal_impl)


def tridiagonal(a: Any, lower: bool = True) -> list[Any]:
    """LAPACK's ``sytrd`` of Hermitian matrices: reflections, both diagonals, their factors."""
    return bind_many(tridiagonal_p, a, lower=lower)


# --- rsf2csf -------------------------------------------------------------------------------------


def _complex_abstract(t: Aval, z: Aval) -> list[Aval]:
    check_square("rsf2csf", t)
    dtype = np.dtype(np.result_type(t.dtype, np.complex64))
    return [Aval(t.shape, dtype), Aval(z.shape, dtype)]


def _complex_impl(t: Any, z: Any) -> Any:
    import scipy.linalg  # one of SciPy's larger parts, for few programs

    found = [np.empty(a.shape, a.dtype) for a in _complex_abstract(_aval(t), _aval(z))]
    for k in np.ndindex(*t.shape[:-2]):
        found[0][k], found[1][k] = scipy.linalg.rsf2csf(t[k], z[k])
    return found


rsf2csf_p: Primitive = _form("rsf2csf", _complex_abstract, _complex_impl)


def rsf2csf(t: Any, z: Any) -> list[Any]:
    """The complex Schur form, an upper triangle, of a real one with 2×2 blocks."""
    return bind_many(rsf2csf_p, t, z)
