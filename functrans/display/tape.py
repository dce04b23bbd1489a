"""A recording as HTML: the linear operations on its tape, and the bytes that it holds for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from functrans.core.avals import aval_of
from functrans.core.show import namer
from functrans.display.pieces import amount, counted, fold, place, span
from functrans.display.program import in_stretches, operation, row
from functrans.transforms.linearize import LinearEqn, LinearTracer
from functrans.transforms.recording import Recording

if TYPE_CHECKING:
    from functrans.tf.tape import GradientTape

_EMPTY = "empty: nothing was recorded yet, or its one pullback was taken"


def recording(tape: Recording, what: str = "recording") -> str:
    """The operations in the order in which they ran; a pullback goes through them from the end.

    Known operands are shown by their types; the bytes of a row are those that it holds.
    """
    eqns = tape.trace.tape.eqns
    state = "open" if tape.is_open else "closed"
    keeps = ", kept after a pullback" * tape.keep
    if not eqns:
        return f"<div><b>{what}</b> {span('f', f'{state}{keeps}, {_EMPTY}')}</div>"
    held = {id(a): a.nbytes for eqn in eqns for a in eqn.args if isinstance(a, np.ndarray)}
    head = (
        f"<b>{what}</b> · {state}{keeps} · {counted(len(eqns), 'linear operation')} · "
        f"holds {amount(sum(held.values()))}"
    )
    names = _Names()
    return fold(head, f"<div>{in_stretches([_row(e, names) for e in eqns])}</div>", is_open=True)


def gradient_tape(tape: GradientTape) -> str:
    """A gradient tape's recording, which it has not before and after its use."""
    what = f"GradientTape{'(persistent=True)' * tape._persistent}"
    if tape._recording is None:
        return f"<div><b>{what}</b> {span('f', _EMPTY)}</div>"
    return recording(tape._recording, what)


class _Names:
    """Names for what stands on a tape: letters for its variables, types for known values."""

    def __init__(self) -> None:
        self._name = namer()

    def __call__(self, x: Any) -> str:
        return self._name(x) if isinstance(x, LinearTracer) else str(aval_of(x))

    def typed(self, x: LinearTracer) -> str:
        return f"{span('n', self(x))}{span('t', f':{x.aval}')}"


def _row(eqn: LinearEqn, names: _Names) -> str:
    operands = " ".join(map(names, eqn.args))
    left = " ".join(map(names.typed, eqn.outs))
    held = sum(a.nbytes for a in eqn.args if isinstance(a, np.ndarray))
    right = operation(eqn.primitive.name, eqn.params, operands)
    return row(left, right, amount(held) if held else "", place(eqn.source))
