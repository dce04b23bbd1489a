"""Error functions, gamma, beta and zeta functions and their inverses: those of SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.extend import known
from functrans.scipy import special
from functrans.tf.convert import as_tensor, numpy_dtype
from functrans.tf.dtypes import float32
from functrans.tf.errors import InvalidArgumentError
from functrans.tf.tensor import Tensor, TensorLike, value, wrap
from functrans.tf.words import (
    binary,
    check_kind,
    elementwise,
    is_plain,
    operation,
    stopped,
    widened,
)

erf = elementwise(
    __name__,
    "erf",
    "Erf",
    widened(special.erf),
    "The error function.",
    "tf.math.erf([0.0, 10.0]).numpy() → array([0., 1.], dtype=float32)",
    "f",
)
erfc = elementwise(
    __name__,
    "erfc",
    "Erfc",
    widened(special.erfc),
    "1 − erf(x), exact for large x too.",
    "tf.math.erfc([0.0, -10.0]).numpy() → array([1., 2.], dtype=float32)",
    "f",
)
erfinv = elementwise(
    __name__,
    "erfinv",
    "Erfinv",
    widened(special.erfinv),
    "The inverse of erf, on −1 to 1.",
    "tf.math.erfinv([0.0, 1.0]).numpy() → array([ 0., inf], dtype=float32)",
    "f",
)
erfcinv = elementwise(
    __name__,
    "erfcinv",
    "Ndtri",
    widened(lambda v: special.ndtri(v * v.dtype.type(0.5)) * v.dtype.type(-np.sqrt(0.5))),
    "The inverse of erfc, on 0 to 2.",
    "tf.math.erfcinv(0.0).numpy() → np.float32(inf)",
    "f",
)
ndtri = elementwise(
    __name__,
    "ndtri",
    "Ndtri",
    widened(special.ndtri),
    "The quantile of the standard normal distribution.",
    "tf.math.ndtri(0.5).numpy() → np.float32(0.0)",
    "f",
)
lgamma = elementwise(
    __name__,
    "lgamma",
    "Lgamma",
    widened(special.gammaln),
    "The logarithm of |Γ(x)|.",
    "tf.math.lgamma(1.0).numpy() → np.float32(0.0)",
    "f",
)
digamma = elementwise(
    __name__,
    "digamma",
    "Digamma",
    widened(special.digamma),
    "The derivative of lgamma.",
    "tf.math.digamma(1.0).numpy() → np.float32(-0.5772157)",
    "f",
)


def igamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The regularised lower incomplete gamma function P(a, x); its gradient for a is a series.

    >>> import functrans.tf as tf
    >>> tf.math.igamma(1.0, 0.0).numpy()
    np.float32(0.0)
    """
    return binary("Igamma", widened(_igamma), a, x, "f")


def igammac(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The regularised upper incomplete gamma function Q(a, x) = 1 − P(a, x); as igamma.

    >>> import functrans.tf as tf
    >>> tf.math.igammac(1.0, 0.0).numpy()
    np.float32(1.0)
    """
    return binary("Igammac", widened(_igammac), a, x, "f")


def _igamma(a: Any, x: Any) -> Any:
    lower = special.gammainc(stopped(a), x)
    return lower if is_plain(a) else fnp.add(lower, _change(a, x))


def _igammac(a: Any, x: Any) -> Any:
    upper = special.gammaincc(stopped(a), x)
    return upper if is_plain(a) else fnp.subtract(upper, _change(a, x))


_TERMS = 256
"""Terms of the series where x is not known: enough for x up to 100."""


def _change(a: Any, x: Any) -> Any:
    """Zeros that have the derivative of P(a, x) for a: that of its series of positive terms,
    x**(a+n)·exp(−x)/Γ(a+n+1) for n = 0, 1, 2, …, which fall off beyond n = x."""
    x = stopped(x)
    largest = known(x)
    terms = _TERMS
    if largest is not None and largest.size:
        top = float(np.max(largest, where=np.isfinite(largest), initial=1.0))
        terms = int(top + 10 * np.sqrt(top)) + 30
    inside = (x > 0) & fnp.isfinite(x)
    safe = fnp.where(inside, x, x.dtype.type(1))
    power = a[..., None] + np.arange(terms, dtype=a.dtype)
    logs = power * fnp.log(safe)[..., None] - safe[..., None] - special.gammaln(power + 1)
    series = fnp.where(inside, fnp.sum(fnp.exp(logs), axis=-1), x.dtype.type(0))
    return fnp.subtract(series, stopped(series))


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The derivative of order a of digamma, at x; it has no gradient for a.

    >>> import functrans.tf as tf
    >>> tf.math.polygamma(1.0, 1.0).numpy()
    np.float32(1.644934)
    """
    return binary("Polygamma", widened(_polygamma), a, x, "f")


def _polygamma(a: Any, x: Any) -> Any:
    order = stopped(a)
    whole = (order == fnp.floor(order)) & (order >= 0)
    above = fnp.where(order > 0, order, order.dtype.type(1))
    sign = fnp.where(fnp.remainder(above, 2) == 0, order.dtype.type(-1), order.dtype.type(1))
    scale = fnp.multiply(sign, fnp.exp(special.gammaln(above + 1)))
    derivative = fnp.multiply(scale, special.zeta(above + 1, x))
    result = fnp.where(order == 0, special.digamma(x), derivative)
    return fnp.where(whole, result, order.dtype.type(np.nan))


def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """Hurwitz' zeta function, the sum of (q + n)**−x over n ≥ 0; it has no gradient for x.

    >>> import functrans.tf as tf
    >>> tf.math.zeta(2.0, 1.0).numpy()
    np.float32(1.644934)
    """
    return binary("Zeta", widened(lambda x, q: special.zeta(stopped(x), q)), x, q, "f")


@operation("Betainc")
def betainc(a: Any, b: Any, x: Any, name: str | None = None) -> Tensor:
    """The regularised incomplete beta function; it has a gradient for x alone.

    >>> import functrans.tf as tf
    >>> tf.math.betainc(1.0, 1.0, 0.25).numpy()
    np.float32(0.25)
    """
    given = (Tensor, TensorLike, np.ndarray)
    dtype = as_tensor(next((v for v in (a, b, x) if isinstance(v, given)), a))._dtype
    p, q, at = (as_tensor(v) if isinstance(v, given) else as_tensor(v, dtype) for v in (a, b, x))
    if not p._dtype == q._dtype == at._dtype:
        raise InvalidArgumentError.at(
            f"cannot compute Betainc of {p.dtype.name}, {q.dtype.name} and {at.dtype.name} "
            "[Op:Betainc] name: ",
            "Convert them to one dtype with tf.cast.",
        )
    check_kind("Betainc", p._dtype, "f")
    function = widened(lambda p, q, at: special.betainc(stopped(p), stopped(q), at))
    return wrap(function(value(p), value(q), value(at)), p._dtype)


def lbeta(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of |B(x)| over the last axis: the sum of lgamma(x) less lgamma of the sum.

    >>> import functrans.tf as tf
    >>> tf.math.lbeta([1.0, 1.0]).numpy()
    np.float32(0.0)
    """
    x = as_tensor(x)
    check_kind("Lgamma", x._dtype, "f")
    v = value(x)
    if not v.ndim:
        raise InvalidArgumentError.at(
            "Invalid reduction dimension (-1 for input with 0 dimension(s) [Op:Sum] name: ",
            "Give a vector of parameters.",
        )
    with np.errstate(all="ignore"):
        return wrap(widened(_lbeta)(v), x._dtype)


def _lbeta(v: Any) -> Any:
    logs = fnp.sum(special.gammaln(v), axis=-1, dtype=v.dtype)
    return fnp.subtract(logs, special.gammaln(fnp.sum(v, axis=-1, dtype=v.dtype)))


def sobol_sample(
    dim: Any, num_results: Any, skip: Any = 0, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """Points of Sobol's sequence in the unit cube of ``dim`` axes, ``skip`` of them left out.

    >>> import functrans.tf as tf
    >>> tf.math.sobol_sample(1, 3).numpy()[:, 0]
    array([0.5 , 0.75, 0.25], dtype=float32)
    """
    from scipy.stats import qmc  # heavy, and few programs sample so

    axes, count, start = (int(as_tensor(n).numpy()) for n in (dim, num_results, skip))
    if count < 1:
        raise InvalidArgumentError.at(
            "num_results must be at least one [Op:SobolSample] name: ", "Ask for a point."
        )
    points = qmc.Sobol(axes, scramble=False).fast_forward(start + 1).random(count)
    return wrap(np.asarray(points, numpy_dtype(dtype)))
