"""Special functions: error, gamma, beta, zeta and Bessel functions, and integrals."""

from __future__ import annotations

import numpy as np

from tests.tf.oracle import Group

GROUP = Group("special")
case, op = GROUP.case, GROUP.op

NAN, INF = np.nan, np.inf
X = np.array([[-1.5, -0.5, 0.25], [0.5, 1.75, 3.0]])
ABOVE = np.array([0.25, 0.5, 1.75, 3.0])
UNIT = np.array([0.1, 0.4, 0.75, 0.9])
WIDE = np.array([-2.5, -0.5, 0.5, 1.0, 2.0, 5.0, INF, NAN], np.float32)
FINE = 1e-6  # TensorFlow's own are not exact to the last digits

for name in "erf erfc lgamma digamma bessel_i0 bessel_i0e bessel_i1 bessel_i1e".split():
    op(f"math.{name}", [X], jvp=True, rtol=FINE)
    if name != "digamma":
        op(f"math.{name}", [X.astype(np.float16)], second=False, rtol=8e-3)
for name in "erf erfc lgamma".split():
    op(f"math.{name}", [WIDE], second=False)
for name in "ndtri erfcinv erfinv".split():
    op(f"math.{name}", [UNIT], jvp=True, rtol=FINE)
    op(f"math.{name}", [np.array([0.0, 0.5, 1.0], np.float32)], second=False)
for name in (
    "bessel_j0 bessel_j1 bessel_k0 bessel_k0e bessel_k1 bessel_k1e bessel_y0 bessel_y1 dawsn"
    " expint fresnel_cos fresnel_sin spence"
).split():
    op(f"math.special.{name}", [ABOVE], jvp=True, rtol=FINE)
    op(f"math.special.{name}", [ABOVE.astype(np.float32)], second=False, rtol=3e-5)
    op(f"math.special.{name}", [[-1.0, 1.0]])
for name in "math.erf math.lgamma math.bessel_i0 math.special.dawsn".split():
    op(name, [np.array([1, 2])])
    op(name, [np.array([1j])])
for name in ("igamma", "igammac"):
    for first in (0.5, 2.0, 7.0):
        op(f"math.{name}", [first, ABOVE], rtol=FINE, compiled=False)
    op(f"math.{name}", [[-1.0, 2.0, 2.0], [1.0, 0.0, -1.0]])
    op(f"math.{name}", [[2.0], [[1.0], [2.0]]])
SHAPES, POINTS = np.array([0.5, 2.0, 7.0, 3.0]), np.array([0.25, 3.0, 40.0, 0.0])
for name in ("igamma", "igammac"):
    op(f"math.{name}", [SHAPES, POINTS], rtol=FINE, second=False)
    op(f"math.{name}", [SHAPES.astype(np.float32), np.float32(2.5)], rtol=1e-4, second=False)
op("math.polygamma", [[1.0, 2.0, 0.0, 3.0], ABOVE], rtol=FINE, compiled=False)
op("math.polygamma", [np.float64(2), ABOVE], rtol=FINE, compiled=False)
op("math.polygamma", [[-1.0, 0.5], [1.0, 1.0]])
op("math.zeta", [np.array([2.0, 3.0, 1.5, 4.0]), ABOVE], rtol=FINE, second=False)
op("math.zeta", [[1.0, 0.5], [2.0, 2.0]])
A, B = np.array([0.5, 1.0, 2.0, 3.5]), np.array([0.5, 2.0, 3.0, 0.75])
op("math.betainc", [A, B, UNIT], rtol=FINE, second=False)
case("betainc of scalars and a tensor", lambda tf: tf.math.betainc(2.0, tf.constant(B), 0.5))
op("math.betainc", [[1.0, -1.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.5, 2.0]])
case(
    "betainc of two dtypes",
    lambda tf: tf.math.betainc(tf.constant(A), tf.constant(B), tf.constant([0.5] * 4)),
)
op("math.lbeta", [ABOVE], rtol=FINE, jvp=True)
op("math.lbeta", [np.stack([ABOVE, UNIT])], rtol=FINE, compiled=False)
op("math.lbeta", [np.zeros(0, np.float32)])
op("math.lbeta", [np.float32(1.0)])
op("math.sobol_sample", [3, 4])
op("math.sobol_sample", [2, 5], {"skip": 2, "dtype": np.float64})
op("math.sobol_sample", [1, 0])
