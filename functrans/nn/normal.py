"""Functions of a whole axis: softmax, sums of exponentials, standardised and one-hot values."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.errors import OptionError
from functrans.lax import stop_gradient
from functrans.nn.activations import floating
from functrans.scipy import special
from functrans.typing import Array, ArrayLike, ArrayOrScalar, DTypeLike

Axis = int | tuple[int, ...] | None


def log1mexp(x: ArrayLike) -> ArrayOrScalar:
    """log(1 − exp(−x)) of positive x, exact for small and for large ones.

    Mächler, *Accurately computing log(1 − exp(−|a|))*, 2012.

    >>> ft.nn.log1mexp(np.array([1e-20, 50.0]))
    array([-4.60517019e+01, -1.92874985e-22])
    """
    x = floating(x)
    small = x < math.log(2.0)
    near = fnp.log(-fnp.expm1(-fnp.where(small, x, 1.0)))
    return fnp.where(small, near, fnp.log1p(-fnp.exp(-fnp.where(small, 1.0, x))))


def softmax(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    """exp(x) over its sum along ``axis``, without overflow.

    Elements that ``where`` leaves out count as exp(−∞), and are 0.

    >>> ft.nn.softmax(np.array([0.0, 0.0, 1000.0]))
    array([0., 0., 1.])
    """
    x = floating(x)
    powers = fnp.exp(_shifted(x, axis, where))
    if where is not None:
        powers = fnp.where(where, powers, 0.0)
    return powers / fnp.sum(powers, axis=axis, keepdims=True)


def log_softmax(x: ArrayLike, axis: Axis = -1, where: ArrayLike | None = None) -> Array:
    """The logarithm of :func:`softmax`, without rounding to 0 on the way; −∞ where it is 0.

    >>> ft.nn.log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    x = floating(x)
    shifted = _shifted(x, axis, where)
    powers = fnp.exp(shifted)
    if where is not None:
        powers = fnp.where(where, powers, 0.0)
    found = shifted - fnp.log(fnp.sum(powers, axis=axis, keepdims=True))
    return found if where is None else fnp.where(where, found, -np.inf)


def _shifted(x: Any, axis: Axis, where: Any) -> Any:
    """x minus its maximum, which is a constant: it cancels."""
    seen = x if where is None else fnp.where(where, x, -np.inf)
    top = stop_gradient(fnp.max(seen, axis=axis, keepdims=True, initial=-np.inf))
    shifted = x - fnp.where(fnp.isneginf(top), 0.0, top)
    return shifted if where is None else fnp.where(where, shifted, 0.0)


def logsumexp(
    a: ArrayLike,
    axis: Axis = None,
    b: ArrayLike | None = None,
    keepdims: bool = False,
    return_sign: bool = False,
    where: ArrayLike | None = None,
) -> Any:
    """log Σ b·exp(a) along ``axis``, without overflow; of the elements where ``where`` says so.

    With ``return_sign`` also the sign of the sum.

    >>> float(ft.nn.logsumexp(np.array([1000.0, 1000.0]), where=np.array([True, False])))
    1000.0
    """
    if where is not None:
        a = fnp.where(where, a, -np.inf)
    return special.logsumexp(a, axis, b, keepdims, return_sign)


def logmeanexp(
    x: ArrayLike, axis: Axis = None, where: ArrayLike | None = None, keepdims: bool = False
) -> ArrayOrScalar:
    """The logarithm of the mean of exp(x) along ``axis``, without overflow.

    >>> float(ft.nn.logmeanexp(np.array([1000.0, 1000.0])))
    1000.0
    """
    x = floating(x)
    if where is None:
        count: Any = np.ones(x.shape).sum(axis=axis, keepdims=keepdims)
    else:
        count = fnp.sum(fnp.broadcast_to(where, x.shape), axis=axis, keepdims=keepdims)
    total = logsumexp(x, axis=axis, keepdims=keepdims, where=where)
    return total - fnp.log(count).astype(x.dtype)


def standardize(
    x: ArrayLike,
    axis: Axis = -1,
    mean: ArrayLike | None = None,
    variance: ArrayLike | None = None,
    epsilon: ArrayLike = 1e-5,
    where: ArrayLike | None = None,
) -> Array:
    """(x − mean)/√(variance + ``epsilon``) along ``axis``; both are computed unless given.

    >>> ft.nn.standardize(np.array([1.0, 3.0]), epsilon=0.0)
    array([-1.,  1.])
    """
    x = floating(x)
    chosen: dict[str, Any] = {} if where is None else {"where": where}
    if mean is None:
        mean = fnp.mean(x, axis=axis, keepdims=True, **chosen)
    if variance is None:
        distance = x - fnp.asarray(mean)
        squares = fnp.real(distance * fnp.conj(distance))
        variance = fnp.mean(squares, axis=axis, keepdims=True, **chosen)
    return (x - fnp.asarray(mean)) / fnp.sqrt(fnp.asarray(variance) + fnp.asarray(epsilon))


def one_hot(x: ArrayLike, num_classes: int, *, dtype: DTypeLike = float, axis: int = -1) -> Array:
    """An array that is 1 at the positions ``x`` along a new axis of length ``num_classes``.

    Positions outside give zeros alone.

    >>> ft.nn.one_hot(np.array([0, 2, 5]), 3)
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 0., 0.]])
    """
    try:
        count = operator.index(num_classes)
    except TypeError:
        raise OptionError(
            f"num_classes is {num_classes!r:.60}, which is no int.",
            "The length of an axis must be known before the function runs.",
        ) from None
    x = fnp.asarray(x)
    place = axis % (x.ndim + 1)
    shape = [1] * (x.ndim + 1)
    shape[place] = count
    classes = np.arange(count, dtype=x.dtype).reshape(shape)
    return (fnp.expand_dims(x, place) == classes).astype(dtype)


__all__ = [
    "log1mexp",
    "log_softmax",
    "logmeanexp",
    "logsumexp",
    "one_hot",
    "softmax",
    "standardize",
]
