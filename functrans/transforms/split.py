"""Split: run a function that is linear in some arguments; its linear part goes onto a tape.

A user's derivative rule computes known values and tangents in one go. Known values are computed at
once, under the trace around; what is done to tangents is written down, to be run or transposed
later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans.core.avals import Aval, aval_of
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import Trace, bind_under, current_trace, run_under, running
from functrans.errors import LinearityError
from functrans.primitives.contraction import dot_general_p
from functrans.primitives.layout import zeros
from functrans.primitives.linear import add_p, div_p, mul_p, sub_p
from functrans.primitives.marks import stop_gradient_p
from functrans.transforms.linearize import Linearized, LinearTracer, Tape


class SplitTrace(Trace):
    """Writes operations on tape variables down, and hands all others to the trace around.

    An operation that holds a program may have known results beside linear ones. Its linearization
    tells them apart: that of a linear function is the same everywhere, so it is taken at zero.
    ``who`` is the function's name, or what prints as such, for errors.
    """

    __slots__ = ("tape", "who")

    def __init__(self, tape: Tape, who: object) -> None:
        super().__init__(tape.parent)
        self.tape = tape
        self.who = who

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        owned = [self.tape.owns(a) for a in args]
        if True not in owned:
            return bind_under(self.parent, primitive, args, params)
        if primitive.effects is not None and not primitive.abstract(*map(aval_of, args), **params):
            return []  # tangents that are written down have no values that it could be told of
        if primitive is stop_gradient_p:
            return zeros(aval_of(args[0]))
        whole = primitive.linear_in is not None and primitive.linear_in(owned, **params)
        if primitive.multiple and not whole:
            return self._apart(primitive, args, owned, params)
        if not _is_linear(primitive, args, owned):
            raise LinearityError(
                f"{self.who} must be linear, but applies {primitive.name} to what it must be "
                "linear in.",
                "Use sums, products with values that are known, and what is built from these.",
            )
        return self.tape.process(primitive, args, params)

    def _apart(
        self,
        primitive: Primitive,
        args: Sequence[Any],
        owned: Sequence[bool],
        params: dict[str, Any],
    ) -> Any:
        """Results that do not depend on tape variables as values, the others as tape variables."""
        with running(self.parent):
            anywhere = [zeros(a.aval) if on else a for a, on in zip(args, owned, strict=True)]
            outs, pushforward = primitive.linearize(owned, *anywhere, **params)
        if pushforward is None:
            return outs
        with running(self.tape):
            dots = pushforward(*(a if on else None for a, on in zip(args, owned, strict=True)))
        return [out if dot is None else dot for out, dot in zip(outs, dots, strict=True)]


def _is_linear(primitive: Primitive, args: Sequence[Any], owned: Sequence[bool]) -> bool:
    """Whether an operation is linear in these operands together, as far as that is known."""
    if primitive is add_p or primitive is sub_p:
        return not any(_is_other_than_zero(a) for a in args)
    if primitive is mul_p or primitive is dot_general_p:
        return sum(owned) == 1
    if primitive is div_p:
        return not owned[1]
    return not isinstance(primitive.transpose, Absent)


def _is_other_than_zero(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.generic | int | float | complex) and bool(np.any(x))


def split_linear(
    function: Callable[..., Sequence[Any]],
    avals: Sequence[Aval | None],
    who: object,
) -> Linearized:
    """The linear program of a flat function, which is given None where ``avals`` has None.

    An output is None where the function returned None or a value that depends on no argument.

    Raises
    ------
    LinearityError: an operation that is not linear, or a result known to be other than zero.
    """
    tape = Tape(current_trace())
    ins = [None if a is None else tape.input(a.strengthen()) for a in avals]
    found = run_under(SplitTrace(tape, who), function, *ins)
    outs: list[LinearTracer | None] = []
    for out in found:
        if tape.owns(out):
            outs.append(out)
            continue
        if _is_other_than_zero(out):
            raise LinearityError(
                f"{who} must be linear, but returned {out!r:.60} whatever it was given.",
                "Multiply every result by something that the result shall be linear in.",
            )
        outs.append(None)
    return Linearized(tape, ins, outs, [t.aval for t in ins if t is not None], [])
