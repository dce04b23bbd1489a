"""Numbers in programs: when two are the same, and arrays of one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.core.jaxpr import Atom, Eqn, Literal, Var
from functrans.errors import Source
from functrans.primitives.layout import broadcast_in_dim_p


def strong(literal: Literal) -> Literal:
    """The literal as a NumPy scalar of its dtype."""
    if not literal.aval.weak:
        return literal
    return Literal(literal.aval.dtype.type(literal.value))


def filled(out: Var, atom: Atom, source: Source | None) -> Eqn:
    """The equation ``out = broadcast of the rank-0 atom``."""
    params = {"shape": out.aval.shape, "broadcast_dimensions": ()}
    return Eqn(broadcast_in_dim_p, [atom], [out], params, source)


def same_literal(a: Atom, b: Atom) -> bool:
    """Whether two atoms are one number, to the bit and of one type."""
    return isinstance(a, Literal) and isinstance(b, Literal) and literal_key(a) == literal_key(b)


def literal_key(literal: Literal) -> tuple[Any, ...]:
    """Equal for numbers of one type and the same bits: −0.0 is not 0.0, a NaN is itself."""
    value = literal.value
    bits = value.tobytes() if isinstance(value, np.generic) else np.asarray(value).tobytes()
    return (type(value), literal.aval, bits)
