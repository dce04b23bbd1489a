"""The operations below NumPy's: no broadcasting, no promotion, one function for each primitive."""

from typing import Any

from functrans import tree
from functrans.core.avals import aval_of, is_inexact
from functrans.primitives.contraction import dot_general
from functrans.primitives.elementwise import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    betainc,
    cbrt,
    ceil,
    cos,
    cosh,
    digamma,
    eq,
    erf,
    erf_inv,
    erfc,
    exp,
    exp2,
    expm1,
    floor,
    ge,
    gt,
    igamma,
    igammac,
    integer_pow,
    is_finite,
    le,
    lgamma,
    log,
    log1p,
    logistic,
    lt,
    ne,
    nextafter,
    population_count,
    rem,
    shift_left,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
    zeta,
)
from functrans.primitives.elementwise import abs_ as abs  # noqa: A004
from functrans.primitives.elementwise import and_ as bitwise_and
from functrans.primitives.elementwise import max_ as max  # noqa: A004
from functrans.primitives.elementwise import min_ as min  # noqa: A004
from functrans.primitives.elementwise import not_ as bitwise_not
from functrans.primitives.elementwise import or_ as bitwise_or
from functrans.primitives.elementwise import power as pow  # noqa: A004
from functrans.primitives.elementwise import round_ as round  # noqa: A004
from functrans.primitives.elementwise import xor as bitwise_xor
from functrans.primitives.indexing import gather, scatter
from functrans.primitives.linear import (
    add,
    broadcast_in_dim,
    concatenate,
    conj,
    div,
    expand_dims,
    full,
    full_like,
    imag,
    iota,
    mul,
    neg,
    pad,
    real,
    reduce_sum,
    reshape,
    rev,
    select_n,
    sub,
    transpose,
)
from functrans.primitives.linear import complex_ as complex  # noqa: A004
from functrans.primitives.linear import convert as convert_element_type
from functrans.primitives.linear import slice_ as slice  # noqa: A004
from functrans.primitives.linear import stop_gradient as _stop
from functrans.primitives.reductions import (
    argmax,
    argmin,
    cumulative,
    reduce_and,
    reduce_max,
    reduce_min,
    reduce_or,
    reduce_prod,
)


def stop_gradient(x: Any) -> Any:
    """A tree of values that every derivative treats as constants.

    >>> import functrans as ft
    >>> float(ft.grad(lambda x: x * ft.stop_gradient(x))(3.0))
    3.0
    """
    return tree.map_(lambda v: _stop(v) if is_inexact(aval_of(v).dtype) else v, x)


__all__ = [name for name in dir() if not name.startswith("_") and name not in ("Any", "tree")]
