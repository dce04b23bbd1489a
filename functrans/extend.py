"""For authors of new primitives: the record, what fills it, and a check of all laws.

A primitive is a frozen record of rules. There is nothing to register: a function that binds it
works under every transform. See the page "Primitives of your own" of the documentation.

>>> import numpy as np
>>> import functrans as ft
>>> from functrans import extend
>>> softsign_p = extend.elementwise(
...     "softsign",
...     lambda x: x / (1.0 + np.abs(x)),
...     partials=[lambda y, x: (1.0 - abs(y)) ** 2],
...     native=lambda x: x / (1.0 + abs(x)),
... )
>>> def softsign(x):
...     return extend.bind(softsign_p, x)
>>> softsign(np.array([-1.0, 3.0]))
array([-0.5 ,  0.75])
>>> ft.jit(ft.vmap(ft.grad(softsign)))(np.array([-1.0, 3.0]))
array([0.25  , 0.0625])
>>> extend.check_laws(softsign, (np.array([-1.0, 0.5, 3.0]),))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval
from functrans.core.jaxpr import evaluate
from functrans.core.primitive import Absent, Accumulator, Primitive
from functrans.core.trace import bind, known
from functrans.errors import TypeMismatchError
from functrans.passes.inline import Replacement
from functrans.primitives.layout import batch_to_front, move_axis
from functrans.primitives.linear import elementwise as _elementwise
from functrans.primitives.types import inexact_dtype, same_dtype
from functrans.testing import check_laws
from functrans.transforms.recording import (
    AnyRecording,
    ForwardRecording,
    Recording,
    detached,
    open_recordings,
    settled,
)
from functrans.transforms.rows import Rows, RowSum
from functrans.transforms.stage import Staging, stage
from functrans.transforms.transpose import Sum

__all__ = [
    "Absent",
    "Accumulator",
    "AnyRecording",
    "Aval",
    "ForwardRecording",
    "Primitive",
    "Recording",
    "RowSum",
    "Rows",
    "Staging",
    "Sum",
    "batch_to_front",
    "bind",
    "check_laws",
    "detached",
    "elementwise",
    "evaluate",
    "inexact_dtype",
    "kernel",
    "known",
    "lowered_as",
    "move_axis",
    "open_recordings",
    "same_dtype",
    "settled",
]


def lowered_as(name: str, function: Callable[..., Any]) -> Replacement:
    """A rule for the slot ``lower``: compiled code runs ``function`` in the primitive's place.

    Parameters
    ----------
    name: the primitive's, for messages.
    function: takes the operands as traced arrays and the parameters by keyword, and returns what
        the primitive does, written in operators, NumPy functions and other primitives. What it
        consists of is fused like any other code. A ``multiple`` primitive's returns a sequence.

    Raises
    ------
    TypeMismatchError: when a program is compiled, if the function's results have other types than
        the rule ``abstract`` says.

    >>> rule = ft.extend.lowered_as("double", lambda x: x + x)
    >>> print(rule.program([ft.extend.Aval((2,), np.dtype(float))] * 1,
    ...                    [ft.extend.Aval((2,), np.dtype(float))], {}))
    { lambda ; a:f64[2]. let
        b:f64[2] = add a a
      in (b,) }
    """

    def program(avals: Sequence[Aval], outs: Sequence[Aval], params: dict[str, Any]) -> Any:
        def flat(*args: Any) -> Sequence[Any]:
            result = function(*args, **params)
            return result if isinstance(result, tuple | list) else [result]

        jaxpr = stage(flat, avals)
        found = jaxpr.out_avals
        if len(found) != len(outs) or not all(map(Aval.same_type, found, outs)):
            raise TypeMismatchError(
                f"The native code of {name} returns {', '.join(map(str, found))}, but its rule "
                f"abstract says {', '.join(map(str, outs))}.",
                "Make the two agree, for example with x.astype(dtype).",
            )
        return jaxpr

    return Replacement(program)


def elementwise(
    name: str,
    impl: Callable[..., Any],
    partials: Sequence[Callable[..., Any] | Absent | None] = (),
    *,
    native: Callable[..., Any] | None = None,
    opaque: str | None = None,
    dtype: Callable[[str, Sequence[Aval]], np.dtype[Any]] = inexact_dtype,
) -> Primitive:
    """A primitive that maps one scalar function over operands of one shape; every slot is filled.

    Parameters
    ----------
    impl: the NumPy function.
    partials: for each operand ``p(y, *args)``, the derivative of the result y, or None where it
        is zero. Written in operators and functions that can be differentiated again. Without any
        the function counts as piecewise constant.
    native: the same function in operators and functions of ``functrans.numpy``, for compiled code.
    opaque: the ufunc of ``scipy.special`` that compiled code calls, by its address.
        Without either, compiled code calls ``impl``, and the report says so.
    dtype: the dtype of the result from the primitive's name and the operands' types; by default
        that of the operands, which must be floating or complex. ``same_dtype`` allows integers.

    >>> cube_p = ft.extend.elementwise("cube", lambda x: x**3, [lambda y, x: 3.0 * x * x])
    >>> float(ft.grad(lambda x: ft.extend.bind(cube_p, x))(2.0))
    12.0
    """

    def fallback(avals: Sequence[Aval], out: Aval) -> kernel.Word:
        return kernel.Fallback(f"{name} has no native code")

    lower: Callable[..., Any] | None = fallback
    if native is not None:
        lower = lowered_as(name, native)
    elif opaque is not None:
        lower = None  # the usual rule
    return _elementwise(name, impl, partials, dtype=dtype, opaque=opaque, lower=lower)
