"""What operations share that are a program, but for rules of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from functrans import kernel
from functrans.core.avals import Aval
from functrans.core.jaxpr import Jaxpr, evaluate


def types(*avals: Aval, jaxpr: Jaxpr, **params: Any) -> list[Aval]:
    """The types of the program's results; those of a user's function may be weak."""
    return jaxpr.out_avals


def strong_types(*avals: Aval, jaxpr: Jaxpr, **params: Any) -> list[Aval]:
    """The types of the program's results, none of them weak."""
    return [a.strengthen() for a in jaxpr.out_avals]


def run(*args: Any, jaxpr: Any, **params: Any) -> Sequence[Any]:
    """The program's results, or those of the function itself that stands in its place."""
    return evaluate(jaxpr, *args) if isinstance(jaxpr, Jaxpr) else jaxpr(*args)


def lower(avals: Sequence[Aval], out: Sequence[Aval], **params: Any) -> kernel.Word:
    """To the compiler the operation is its program."""
    return kernel.Call(own_rules=True)


def linear_behind_residuals(owned: Sequence[bool], *, residuals: int, **params: Any) -> bool:
    """Linear in the operands behind the first ``residuals``, which must be known."""
    return not any(owned[:residuals])
