"""Parts of complex numbers, and what tells them from real ones."""

from __future__ import annotations

import math

import numpy as np

from functrans.core.avals import dtype_of
from functrans.numpy import elementwise as el
from functrans.numpy.promote import array_like, cast, door, key_of, loop, operand, strong
from functrans.numpy.ufuncs import derived
from functrans.primitives import layout, linear
from functrans.typing import ArrayLike, ArrayOrScalar


@door(np.real)
def real(val: ArrayLike) -> ArrayOrScalar:
    """Real part.

    >>> fnp.real(np.array([1 + 2j, 3.0]))
    array([1., 3.])
    """
    x = array_like(val)
    return linear.real(x) if dtype_of(x).kind == "c" else strong(x)


@door(np.imag)
def imag(val: ArrayLike) -> ArrayOrScalar:
    """Imaginary part; zero of real numbers.

    Gradients of real functions at x + iy are ∂f/∂x − i ∂f/∂y.

    >>> ft.grad(fnp.imag)(1 + 2j)
    np.complex128(-1j)
    """
    x = array_like(val)
    return linear.imag(x) if dtype_of(x).kind == "c" else layout.full_like(x, 0)


@derived(np.conjugate)
def conjugate(x: ArrayLike, /) -> ArrayOrScalar:
    """Complex conjugate.

    >>> fnp.conjugate(np.array([1 + 2j]))
    array([1.-2.j])
    """
    x = operand(x)
    return linear.conj(cast(x, loop(np.conjugate, key_of(x))[0]))


conj = conjugate


@door(np.angle)
def angle(z: ArrayLike, deg: bool = False) -> ArrayOrScalar:
    """Angle of complex numbers, in radians unless ``deg``.

    >>> fnp.angle(np.array([1.0, 1j]), deg=True)
    array([ 0., 90.])
    """
    z = array_like(z)
    if dtype_of(z).kind == "c":
        result = el.arctan2(linear.imag(z), linear.real(z))
    else:
        result = el.arctan2(0, z)
    return el.multiply(result, 180.0 / math.pi) if deg else result


@door(np.iscomplexobj)
def iscomplexobj(x: ArrayLike) -> bool:
    """Whether the dtype is complex.

    >>> fnp.iscomplexobj(np.ones(2, complex))
    True
    """
    return dtype_of(array_like(x)).kind == "c"


@door(np.isrealobj)
def isrealobj(x: ArrayLike) -> bool:
    """Whether the dtype is not complex.

    >>> fnp.isrealobj(np.ones(2))
    True
    """
    return not iscomplexobj(x)


@door(np.isreal)
def isreal(x: ArrayLike) -> ArrayOrScalar:
    """True where the imaginary part is zero.

    >>> fnp.isreal(np.array([1.0, 2j]))
    array([ True, False])
    """
    return el.equal(imag(x), 0)


@door(np.iscomplex)
def iscomplex(x: ArrayLike) -> ArrayOrScalar:
    """True where the imaginary part is not zero.

    >>> fnp.iscomplex(np.array([1.0, 2j]))
    array([False,  True])
    """
    return el.not_equal(imag(x), 0)
