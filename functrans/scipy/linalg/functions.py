"""Functions of matrices, and forms that they are computed from, of ``scipy.linalg``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from functrans.control.branches import cond
from functrans.control.custom_jvp import custom_jvp
from functrans.control.loops import scan
from functrans.core.avals import dtype_of, native, shape_of
from functrans.errors import OptionError
from functrans.lax.linalg import householder_product
from functrans.numpy import creation as cr
from functrans.numpy import elementwise as el
from functrans.numpy import linalg as nla
from functrans.numpy import selecting as sel
from functrans.numpy.promote import cast
from functrans.numpy.solving import matrices, square
from functrans.primitives import layout, linear, marks, reduced, spectral
from functrans.primitives import sylvester as sylvester_
from functrans.primitives.matrices import (
    adjoint,
    columns,
    hermitian_part,
    identity_like,
    matmul,
    part_dtype,
    rows,
)
from functrans.scipy.doors import is_plain
from functrans.scipy.linalg.doors import door, scipy_function
from functrans.transforms.derived import jvp
from functrans.transforms.vmap import vmap
from functrans.typing import Array, ArrayLike

# --- the exponential -----------------------------------------------------------------------------

# Numerators of the [7/7] and [13/13] Padé approximants of the exponential, and the 1-norms up to
# which they are exact in float32 and float64: N. Higham, The scaling and squaring method for the
# matrix exponential revisited (2005), table 2.3 and (3.4).
_SINGLE = (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0)
_DOUBLE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0,
    129060195264000.0, 10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0,
    40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
_LIMITS = {np.dtype(np.float32): (_SINGLE, 3.925724783138660)}


def expm(A: ArrayLike, *, upper_triangular: bool = False, max_squarings: int = 16) -> Array:
    """The exponential of a square matrix, by scaling and squaring.

    Under a transform a matrix that needs more than ``max_squarings`` squarings (by default one of
    norm above 350,000) gives NaN. ``upper_triangular`` promises so, and makes no difference.

    >>> ft.scipy.linalg.expm(np.array([[0.0, 1.0], [0.0, 0.0]]))
    array([[1., 1.],
           [0., 1.]])
    """
    if is_plain((A,), {}):
        return scipy_function("expm")(native(np.asarray(A)))
    a = square("expm", A)
    lead = len(shape_of(a)) - 2
    function: Callable[..., Any] = partial(_exponential, most=max_squarings)
    for _ in range(lead):
        function = vmap(function)
    return function(a)


def _exponential(a: Any, most: int) -> Any:
    dtype = dtype_of(a)
    coefficients, limit = _LIMITS.get(part_dtype(dtype), (_DOUBLE, 5.371920351148152))
    size = marks.stop_gradient(nla.norm(a, 1))
    count = el.maximum(el.ceil(el.log2(size / limit)), 0)
    scaled = linear.mul(a, layout.broadcast_to(cast(el.exp2(-count), dtype), shape_of(a)))
    start = _approximant(scaled, coefficients)

    def square_once(x: Any, number: Any) -> tuple[Any, None]:
        return cond(number < count, lambda y: matmul(y, y), lambda y: y, x), None

    found, _ = scan(square_once, start, np.arange(most, dtype=dtype_of(count)))
    return sel.where(count > most, np.array(np.nan, dtype), found)


def _approximant(a: Any, coefficients: tuple[float, ...]) -> Any:
    """(V − U)⁻¹·(V + U), where U and V hold the odd and even powers."""
    scalar = dtype_of(a).type
    one, squared = identity_like(a), matmul(a, a)
    power = one
    odd: Any = None
    even: Any = None
    for k in range(0, len(coefficients), 2):
        if k:
            power = squared if k == 2 else matmul(power, squared)
        terms = [linear.mul(power, scalar(c)) for c in coefficients[k : k + 2]]
        even = terms[0] if even is None else linear.add(even, terms[0])
        odd = terms[1] if odd is None else linear.add(odd, terms[1])
    odd = matmul(a, odd)
    return nla.solve(linear.sub(even, odd), linear.add(even, odd))


@door
def expm_frechet(
    A: ArrayLike,
    E: ArrayLike,
    method: str | None = None,
    compute_expm: bool = True,
    check_finite: bool = True,
) -> Any:
    """The exponential of a matrix and its derivative in a direction, or that alone.

    >>> zero = np.zeros((2, 2))
    >>> ft.scipy.linalg.expm_frechet(zero, np.eye(2), compute_expm=False)
    array([[1., 0.],
           [0., 1.]])
    """
    a, e = matrices("expm_frechet", A, E)
    value, tangent = jvp(lambda x: _exponential(x, 16), (a,), (e,))
    return (value, tangent) if compute_expm else tangent


# --- other functions -----------------------------------------------------------------------------


def sqrtm(A: ArrayLike) -> Array:
    """The principal square root of a matrix; complex always.

    (SciPy gives a real array where it happens to be real; its type may not depend on values here.)

    >>> ft.scipy.linalg.sqrtm(np.diag([4.0, 9.0])).real
    array([[2., 0.],
           [0., 3.]])
    """
    return sylvester_.sqrtm(square("sqrtm", A))


def funm(A: ArrayLike, func: Callable[[Any], Any], disp: bool = True) -> Array:
    """The function of a matrix that ``func`` is of numbers, from eigenvectors; complex always.

    A matrix (nearly) without a basis of eigenvectors gives numbers of little accuracy, or NaN.

    >>> ft.scipy.linalg.funm(np.diag([4.0, 9.0]), np.sqrt).real
    array([[2., 0.],
           [0., 3.]])
    """
    if not disp:
        raise OptionError("funm estimates no error here.", "Leave out disp=False.")
    w, v = spectral.eig(square("funm", A))
    scaled = linear.mul(v, columns(func(w), shape_of(v)))
    return adjoint(nla.solve(adjoint(v), adjoint(scaled)))


@door
def solve_sylvester(a: ArrayLike, b: ArrayLike, q: ArrayLike) -> Array:
    """The solution x of a·x + x·b = q, of shapes ``(…, n, n)``, ``(…, m, m)`` and ``(…, n, m)``.

    Raises
    ------
    LinAlgError: an eigenvalue of a is the negative of one of b.

    >>> ft.scipy.linalg.solve_sylvester(np.eye(1), np.eye(1), np.array([[4.0]]))
    array([[2.]])
    """
    return sylvester_.sylvester(*matrices("solve_sylvester", a, b, q))


@door
def polar(a: ArrayLike, side: str = "right") -> tuple[Array, Array]:
    """U and P with U·P = a (P·U by ``side`` "left"): U has orthonormal columns, P is Hermitian.

    The derivative is infinite or NaN where the rank is not full.

    >>> u, p = ft.scipy.linalg.polar(np.diag([2.0, -3.0]))
    >>> p
    array([[2., 0.],
           [0., 3.]])
    """
    if side not in ("left", "right"):
        raise OptionError(f"side={side!r} is none.", 'Use "left" or "right".')
    (a,) = matrices("polar", a)
    tall = shape_of(a)[-2] >= shape_of(a)[-1]
    u = _unitary(a) if tall else adjoint(_unitary(adjoint(a)))
    p = matmul(a, adjoint(u)) if side == "left" else matmul(adjoint(u), a)
    return u, hermitian_part(p)


@custom_jvp
def _unitary(a: Any) -> Any:
    u, _, vh = spectral.svd(a)
    return matmul(u, vh)


@_unitary.defjvp
def _unitary_jvp(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    # With a = U·P and Ω = UᴴU̇, which is skew: P·Ω + Ω·P = Uᴴȧ − ȧᴴU, solved where P = V·s·Vᴴ is
    # diagonal; what ȧ has outside the columns of U goes through P⁻¹. (N. Higham 2008, §8.2)
    (a,), (t,) = primals, tangents
    left, s, vh = spectral.svd(a)
    u, v = matmul(left, vh), adjoint(vh)
    inner = matmul(adjoint(u), t)
    turned = matmul(vh, matmul(linear.sub(inner, adjoint(inner)), v))
    shape = shape_of(turned)
    total = linear.add(columns(s, shape), rows(s, shape))
    turn = linear.div(turned, linear.convert(total, dtype_of(u)))
    rest = matmul(linear.sub(t, matmul(u, inner)), v)
    rest = linear.div(rest, linear.convert(columns(s, shape_of(rest)), dtype_of(u)))
    return u, matmul(linear.add(matmul(matmul(u, v), turn), rest), vh)


# --- forms ---------------------------------------------------------------------------------------


@door
def schur(a: ArrayLike, output: str = "real") -> tuple[Array, Array]:
    """T and Z with Z·T·Zᴴ = a: Z is unitary, T a triangle, with 2×2 blocks when ``output`` is real.

    There is no derivative.

    >>> t, z = ft.scipy.linalg.schur(np.diag([2.0, 3.0]))
    >>> t
    array([[2., 0.],
           [0., 3.]])
    """
    if output not in ("real", "complex", "r", "c"):
        raise OptionError(f"output={output!r} is none.", 'Use "real" or "complex".')
    a = square("schur", a)
    if output[0] == "c":
        a = linear.convert(a, np.result_type(dtype_of(a), np.complex64))
    t, z = reduced.schur(a)
    return t, z


@door
def rsf2csf(T: ArrayLike, Z: ArrayLike, check_finite: bool = True) -> tuple[Array, Array]:
    """The complex Schur form of a real one. There is no derivative.

    >>> t, z = ft.scipy.linalg.rsf2csf(np.diag([2.0, 3.0]), np.eye(2))
    >>> t.real
    array([[2., 0.],
           [0., 3.]])
    """
    found, vectors = reduced.rsf2csf(*matrices("rsf2csf", T, Z))
    return found, vectors


@door
def hessenberg(
    a: ArrayLike, calc_q: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """H, zero below the first subdiagonal, and Q with Q·H·Qᴴ = a when ``calc_q``.

    There is no derivative.

    >>> ft.scipy.linalg.hessenberg(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 2.],
           [3., 4.]])
    """
    a = square("hessenberg", a)
    found, taus = reduced.hessenberg(a)
    n, axis = shape_of(a)[-1], len(shape_of(a)) - 2
    if n < 3:
        return (found, identity_like(a)) if calc_q else found
    h = cr.triu(found, -1)
    if not calc_q:
        return h
    below = layout.slice_axis(layout.slice_axis(found, axis, 1, n), axis + 1, 0, n - 1)
    inner = householder_product(below, taus)
    framed = linear.pad(
        inner, dtype_of(inner).type(0), (*((0, 0, 0),) * axis, (1, 0, 0), (1, 0, 0))
    )
    corner = np.zeros((n, n), dtype_of(inner))
    corner[0, 0] = 1
    return h, linear.add(framed, layout.broadcast_to(corner, shape_of(framed)))
