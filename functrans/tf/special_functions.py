"""Bessel functions and functions that are integrals: what tf.math.special names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.scipy import special
from functrans.tf.words import Unary, elementwise, widened


def _special(name: str, function: Callable[[Any], Any], says: str, example: str) -> Unary:
    op = "".join(part.capitalize() for part in name.split("_"))
    return elementwise(__name__, name, op, widened(function), says, example, "f")


def _above(function: Callable[[Any], Any], below: float) -> Callable[[Any], Any]:
    """The function of what is not negative, and a constant of the rest."""

    def run(v: Any) -> Any:
        negative = v < 0
        safe = fnp.where(negative, v.dtype.type(1), v)
        return fnp.where(negative, v.dtype.type(below), function(safe))

    return run


bessel_i0 = _special(
    "bessel_i0",
    special.i0,
    "The modified Bessel function of the first kind, of order 0.",
    "tf.math.bessel_i0(0.0).numpy() → np.float32(1.0)",
)
bessel_i0e = _special(
    "bessel_i0e",
    special.i0e,
    "exp(−|x|)·I₀(x), with the modified Bessel function of order 0.",
    "tf.math.bessel_i0e(0.0).numpy() → np.float32(1.0)",
)
bessel_i1 = _special(
    "bessel_i1",
    special.i1,
    "The modified Bessel function of the first kind, of order 1.",
    "tf.math.bessel_i1(0.0).numpy() → np.float32(0.0)",
)
bessel_i1e = _special(
    "bessel_i1e",
    special.i1e,
    "exp(−|x|)·I₁(x), with the modified Bessel function of order 1.",
    "tf.math.bessel_i1e(0.0).numpy() → np.float32(0.0)",
)
bessel_j0 = _special(
    "bessel_j0",
    special.j0,
    "The Bessel function of the first kind, of order 0.",
    "tf.math.special.bessel_j0(0.0).numpy() → np.float32(1.0)",
)
bessel_j1 = _special(
    "bessel_j1",
    special.j1,
    "The Bessel function of the first kind, of order 1.",
    "tf.math.special.bessel_j1(0.0).numpy() → np.float32(0.0)",
)
bessel_k0 = _special(
    "bessel_k0",
    _above(special.k0, np.inf),
    "The modified Bessel function of the second kind, of order 0.",
    "tf.math.special.bessel_k0(0.0).numpy() → np.float32(inf)",
)
bessel_k0e = _special(
    "bessel_k0e",
    _above(special.k0e, np.inf),
    "exp(x)·K₀(x), with the modified Bessel function of order 0.",
    "tf.math.special.bessel_k0e(0.0).numpy() → np.float32(inf)",
)
bessel_k1 = _special(
    "bessel_k1",
    _above(special.k1, np.inf),
    "The modified Bessel function of the second kind, of order 1.",
    "tf.math.special.bessel_k1(0.0).numpy() → np.float32(inf)",
)
bessel_k1e = _special(
    "bessel_k1e",
    _above(special.k1e, np.inf),
    "exp(x)·K₁(x), with the modified Bessel function of order 1.",
    "tf.math.special.bessel_k1e(0.0).numpy() → np.float32(inf)",
)
bessel_y0 = _special(
    "bessel_y0",
    _above(special.y0, -np.inf),
    "The Bessel function of the second kind, of order 0.",
    "tf.math.special.bessel_y0(0.0).numpy() → np.float32(-inf)",
)
bessel_y1 = _special(
    "bessel_y1",
    _above(special.y1, -np.inf),
    "The Bessel function of the second kind, of order 1.",
    "tf.math.special.bessel_y1(-1.0).numpy() → np.float32(-inf)",
)
dawsn = _special(
    "dawsn",
    special.dawsn,
    "Dawson's integral exp(−x²)·∫exp(t²) from 0 to x.",
    "tf.math.special.dawsn(0.0).numpy() → np.float32(0.0)",
)
expint = _special(
    "expint",
    _above(special.expi, np.nan),
    "The exponential integral Ei(x); NaN below 0.",
    "tf.math.special.expint(0.0).numpy() → np.float32(-inf)",
)
fresnel_cos = _special(
    "fresnel_cos",
    lambda v: special.fresnel(v)[1],
    "The integral of cos(π·t²/2) from 0 to x.",
    "tf.math.special.fresnel_cos(0.0).numpy() → np.float32(0.0)",
)
fresnel_sin = _special(
    "fresnel_sin",
    lambda v: special.fresnel(v)[0],
    "The integral of sin(π·t²/2) from 0 to x.",
    "tf.math.special.fresnel_sin(0.0).numpy() → np.float32(0.0)",
)
spence = _special(
    "spence",
    special.spence,
    "The dilogarithm of 1 − x, −∫log(t)/(t − 1) from 1 to x.",
    "tf.math.special.spence(1.0).numpy() → np.float32(0.0)",
)
