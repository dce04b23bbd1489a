"""How long a program may run: whether other threads should get their turn meanwhile.

Letting go of the interpreter's lock costs 30 ns, and taking it back can cost a whole turn of a
thread that computes in Python. So short programs keep it.
"""

from __future__ import annotations

import math

from functrans.core.jaxpr import Eqn, Jaxpr
from functrans.primitives.contraction import dot_general_p

_LONG = 10_000  # elements: a few µs


def is_long(jaxpr: Jaxpr) -> bool:
    """Whether a run takes more than a few µs.

    >>> f = ft.make_jaxpr(lambda x: np.sin(x))
    >>> is_long(f(np.ones(10))), is_long(f(np.ones(100_000)))
    (False, True)
    """
    return _work(jaxpr) >= _LONG


def _work(jaxpr: Jaxpr) -> float:
    """About how many elements are computed; infinite where only the values say how many."""
    return sum(map(_eqn_work, jaxpr.eqns))


def _eqn_work(eqn: Eqn) -> float:
    params = eqn.params
    if "cond_jaxpr" in params:
        return math.inf
    if "branches" in params:
        return max(map(_work, params["branches"]))
    inner = [p for p in params.values() if isinstance(p, Jaxpr)]
    if inner:
        times: float = params.get("length", 1)
        return times * sum(map(_work, inner))
    sizes = [atom.aval.size for atom in (*eqn.invars, *eqn.outvars)]
    if eqn.primitive is dot_general_p:
        return math.sqrt(math.prod(sizes)) / 4  # of x[m, k], y[k, n] and z[m, n]
    return max(sizes, default=0)
