"""The passes in order, checked and dumped on demand."""

from __future__ import annotations

import os
import sys
from typing import Any

from functrans.core.check import check
from functrans.core.jaxpr import Eqn, Jaxpr, inner_programs
from functrans.errors import CheckError
from functrans.passes.branches import settle_branching, trim_branches
from functrans.passes.cse import common_equation
from functrans.passes.dce import dce
from functrans.passes.fold import fold_equation
from functrans.passes.inline import inline
from functrans.passes.loop_products import gather_products
from functrans.passes.loops import hoist, trim_loops
from functrans.passes.match import walk
from functrans.passes.pads import assemble
from functrans.passes.simplify import table_rewrite
from functrans.passes.unroll import unroll_loops


def algebra(jaxpr: Jaxpr) -> Jaxpr:
    """Constants, branches, the table of rewrites and common subexpressions, in one walk."""
    return walk(jaxpr, [fold_equation, settle_branching, table_rewrite(), common_equation()])


def simplify_bodies(jaxpr: Jaxpr) -> Jaxpr:
    """Programs held by equations, of loops and branches, as the compiler wants them."""
    eqns = [_with_simple_bodies(eqn) for eqn in jaxpr.eqns]
    if all(new is old for new, old in zip(eqns, jaxpr.eqns, strict=True)):
        return jaxpr
    return jaxpr.replace(eqns=eqns)


PIPELINE = (
    inline,
    trim_branches,
    trim_loops,
    simplify_bodies,
    trim_branches,
    trim_loops,
    hoist,
    gather_products,
    unroll_loops,
    algebra,
    assemble,
    dce,
)


def run(jaxpr: Jaxpr) -> Jaxpr:
    """``jaxpr`` as the compiler wants it: no calls, nothing computed twice or in vain.

    Inner programs (of loops and branches) are simplified too. With ``FUNCTRANS_CHECK=1`` every
    pass is checked; ``FUNCTRANS_DUMP=passes`` prints the program after each to stderr, unless
    ``FUNCTRANS_DUMP_DIR`` says that files are wanted.

    >>> import numpy as np
    >>> import functrans as ft
    >>> print(run(ft.make_jaxpr(lambda x: -x * -2.0 + np.arange(3.0))(np.ones(3))))
    { lambda a:f64[3] ; b:f64[3]. let
        c:f64[3] = mul b 2.0:f64[]
        d:f64[3] = add c a
      in (d,) }
    """
    checked = os.environ.get("FUNCTRANS_CHECK") == "1"
    names = {name.strip() for name in os.environ.get("FUNCTRANS_DUMP", "").split(",")}
    dumped = not names.isdisjoint({"passes", "all"}) and not os.environ.get("FUNCTRANS_DUMP_DIR")
    for step in PIPELINE:
        jaxpr = step(jaxpr)
        if checked:
            _checked(jaxpr, step.__name__)
        if dumped:
            print(f"--- after {step.__name__}\n{jaxpr}", file=sys.stderr)
    return jaxpr


def _checked(jaxpr: Jaxpr, name: str) -> None:
    try:
        check(jaxpr)
    except CheckError as error:
        error.add_note(f"after the pass {name}")
        raise


def _with_simple_bodies(eqn: Eqn) -> Eqn:
    if not any(True for _ in inner_programs(eqn)):
        return eqn
    params = {k: _simple(v) for k, v in eqn.params.items()}
    return Eqn(eqn.primitive, eqn.invars, eqn.outvars, params, eqn.source)


def _simple(value: Any) -> Any:
    if type(value) is tuple:
        return tuple(map(_simple, value))
    return run(value) if type(value) is Jaxpr else value
