"""Constants: an elementwise equation of numbers becomes the number it computes."""

from __future__ import annotations

import numpy as np

from functrans.core.jaxpr import Eqn, Jaxpr, Literal
from functrans.core.primitive import Primitive
from functrans.passes.match import Result, Scope, walk
from functrans.primitives import elementwise, layout, linear

ELEMENTWISE = frozenset(
    {
        linear.add_p,
        linear.sub_p,
        linear.neg_p,
        linear.mul_p,
        linear.div_p,
        linear.convert_p,
        linear.real_p,
        linear.imag_p,
        linear.complex_p,
        linear.conj_p,
        linear.select_n_p,
    }
    | {p for p in vars(elementwise).values() if isinstance(p, Primitive)}
)
"""The primitives that map one scalar function over their operands: cheap on one number."""

_LAYOUT = frozenset({layout.broadcast_in_dim_p, layout.reshape_p, layout.transpose_p})


def fold(jaxpr: Jaxpr) -> Jaxpr:
    """``jaxpr`` with elementwise equations of literals computed; they round as NumPy does."""
    return walk(jaxpr, [fold_equation])


def fold_equation(eqn: Eqn, scope: Scope) -> Result:
    """The rewrite: a literal for an equation of literals."""
    for atom in eqn.invars:
        if not isinstance(atom, Literal):
            return None
    primitive = eqn.primitive
    if primitive not in ELEMENTWISE and primitive not in _LAYOUT:
        return None
    aval = eqn.outvars[0].aval
    if aval.shape or aval.weak:  # Python scalars compute with Python's own errors
        return None
    values = [a.value for a in eqn.invars if isinstance(a, Literal)]
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(primitive.impl(*values, **eqn.params))[()]
    except (ArithmeticError, ValueError):  # an integer to a negative power: raised when it runs
        return None
    return [Literal(value)] if value.dtype == aval.dtype else None
