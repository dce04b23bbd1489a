"""Sine, cosine, tangent and their inverses."""

from __future__ import annotations

import math

from functrans.codegen.exponentials import nearest
from functrans.codegen.far_angles import Circular, of_far_angle
from functrans.codegen.values import Value, polynomial


def _reduce(x: Value) -> tuple[Value, Value, Value]:
    """r and a tail with ``x = k·π/2 + r + tail``, |r| ≤ π/4, and the low bits of k."""
    form = x.format
    high, middle, low = form.half_pi
    k, bits = nearest(x, 2 / math.pi)
    k = -k
    partly = k.fma(high, x)  # exact
    step = k * middle
    r = partly + step
    tail = ((partly - r) + step) + k.fma(low, k.fma(middle, -step))
    return r, tail, bits - form.bias


def _everywhere(x: Value, name: str, formula: Circular) -> Value:
    """The formula of r, tail and k; three parts of π/2 are too few for them where x is large."""
    size = x.abs()
    far = size.compare("ogt", x.format.circle_limit) & size.compare("one", math.inf)
    result = formula(*_reduce(x))
    (result,) = x.body.rarely(
        far.any(), [result], lambda: [far.where(of_far_angle(x, name), result)]
    )
    return result


def _sine(r: Value, tail: Value, k: Value) -> Value:
    z = r * r
    sine = r + (r * z).fma(polynomial(z, r.format.sin), tail)
    square = z * 0.5
    near = 1.0 - square
    lost = (1.0 - near) - square
    cosine = near + (lost + (z * z).fma(polynomial(z, r.format.cos), -(r * tail)))
    result = (k & 1).compare("ne", 0).where(cosine, sine)
    sign = (k & 2) << (r.bits - 2)
    return (result.as_int() ^ sign).as_float()


def _cosine(r: Value, tail: Value, k: Value) -> Value:
    return _sine(r, tail, k + 1)


def _tangent(r: Value, tail: Value, k: Value) -> Value:
    z = r * r
    tangent = r + (r * z).fma(polynomial(z, r.format.tan), z.fma(tail, tail))
    odd = (k & 1).compare("ne", 0)
    return odd.where(-1.0, tangent) / odd.where(tangent, 1.0)


FAR: dict[str, Circular] = {"sin": _sine, "cos": _cosine, "tan": _tangent}


def sin(x: Value) -> Value:
    return x.compare("oeq", 0.0).where(x, _everywhere(x, "sin", _sine))  # keeps −0


def cos(x: Value) -> Value:
    return _everywhere(x, "cos", _cosine)


def tan(x: Value) -> Value:
    return x.compare("oeq", 0.0).where(x, _everywhere(x, "tan", _tangent))


def _half_angle(x: Value) -> tuple[Value, Value, Value]:
    """Whether |x| > 1/2, and asin of |x| or of √((1 − |x|)/2) there, as a sum."""
    size = x.abs()
    far = size.compare("ogt", 0.5)
    z = far.where(size.fma(-0.5, 0.5), size * size)
    root = far.where(z.sqrt(), size)
    return far, root, root * z * polynomial(z, x.format.asin)


def asin(x: Value) -> Value:
    """asin(a) = π/2 − 2·asin(√((1 − a)/2)), where a is large."""
    high, low, _ = x.format.half_pi
    far, root, rest = _half_angle(x)
    base = far.where(high, 0.0, x)
    factor = far.where(-2.0, 1.0, x)
    nearly = factor.fma(root, base)
    lost = factor.fma(root, base - nearly)
    return (nearly + (lost + factor.fma(rest, far.where(low, 0.0, x)))).copysign(x)


def acos(x: Value) -> Value:
    high, low, _ = x.format.half_pi
    far, root, rest = _half_angle(x)
    minus = x.compare("olt", 0.0)
    base = far.where(minus.where(2 * high, 0.0, x), high)
    base_low = far.where(minus.where(2 * low, 0.0, x), low)
    factor = _with_sign_of(x, far.where(2.0, -1.0, x))
    return factor.fma(root, base) + factor.fma(rest, base_low)


def _with_sign_of(x: Value, y: Value) -> Value:
    """y, or −y where the sign bit of x is set."""
    return (y.as_int() ^ (x.as_int() & (1 << (x.bits - 1)))).as_float()


def atan(x: Value) -> Value:
    size = x.abs()
    far = size.compare("ogt", 2.0)
    middle = size.compare("ogt", 0.5)
    top = far.where(-1.0, middle.where(size - 1.0, size))
    bottom = far.where(size, middle.where(size + 1.0, 1.0))
    quarters = far.where(2.0, middle.where(1.0, 0.0, x))
    return _atan_of_ratio(top / bottom, quarters).copysign(x)


def _atan_of_ratio(t: Value, quarters: Value) -> Value:
    """quarters·π/4 + atan(t), |t| ≤ 1/2."""
    high, low, _ = t.format.half_pi
    z = t * t
    rest = (t * z).fma(polynomial(z, t.format.atan), quarters * (0.5 * low))
    nearly = quarters.fma(0.5 * high, t)
    lost = quarters.fma(0.5 * high, -nearly) + t
    return nearly + (lost + rest)


def atan2(y: Value, x: Value) -> Value:
    """From the angle between 0 and π/4 with the same tangent or cotangent."""
    form = x.format
    top_bits, bottom_bits = y.abs().as_int(), x.abs().as_int()
    a = top_bits.intrinsic("umin", bottom_bits).as_float()
    b = top_bits.intrinsic("umax", bottom_bits).as_float()  # NaN above infinity
    huge = 2.0 ** (form.bias - 1)

    def repaired() -> list[Value]:
        quarter = b.compare("oge", huge).where(0.25, 1.0, x)
        infinite = a.compare("oeq", math.inf) & b.compare("oeq", math.inf)
        zero = b.compare("oeq", 0.0)
        return [infinite.where(1.0, a * quarter), (infinite | zero).where(1.0, b * quarter)]

    special = b.compare("uge", huge) | b.compare("oeq", 0.0)
    a, b = x.body.rarely(special.any(), [a, b], repaired)
    middle = (a + a).compare("ogt", b)
    t = middle.where(a - b, a) / middle.where(a + b, b)
    steep, left = top_bits.compare("ugt", bottom_bits), x.as_int().compare("slt", 0)
    base = steep.where(2.0, left.where(4.0, 0.0, x))
    down = steep ^ left
    quarters = base + middle.where(down.where(-1.0, 1.0, x), 0.0)
    return _atan_of_ratio(down.where(-t, t), quarters).copysign(y)
