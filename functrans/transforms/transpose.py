"""Transpose: run a linear program backwards, pushing cotangents into accumulators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from functrans.core.avals import Aval
from functrans.core.jaxpr import Jaxpr, evaluate, remember
from functrans.core.primitive import Accumulator, Ints
from functrans.core.trace import Tracer, current_trace, run_under
from functrans.errors import current_line
from functrans.primitives.indexing import scatter, scatter_into
from functrans.primitives.layout import broadcast_in_dim, slices, zeros
from functrans.primitives.linear import add, pad_for_slice
from functrans.transforms.linearize import LinearEqn, LinearTracer, Tape
from functrans.transforms.stage import stage


class Sum(Accumulator):
    """The cotangents met so far of one tape variable; added in place where that is safe.

    It is what ``Recording.pull`` takes as ``gather``.

    >>> with ft.extend.Recording() as recording:
    ...     x = recording.watch(3.0)
    ...     y = x * x
    >>> [slope] = recording.pull([y], [1.0], [recording.tangent_of(x)], ft.extend.Sum)
    >>> float(slope)
    6.0
    """

    __slots__ = ("owned", "value", "variable")

    def __init__(self, variable: LinearTracer) -> None:
        self.variable = variable
        self.value: Any = None
        self.owned = False  # value is an array that nobody else holds

    @property
    def aval(self) -> Aval:
        return self.variable.aval

    def add(self, cotangent: Any) -> None:
        value = self.value
        if value is None:
            self.value = cotangent
        elif self.owned and type(cotangent) is np.ndarray and current_trace() is None:
            np.add(value, cotangent, out=value)
        else:
            self.value = total = add(value, cotangent)
            self.owned = type(total) is np.ndarray

    def result(self) -> Any:
        """What was added up, for who asked for this variable."""
        return self.value

    def take(self) -> Any:
        value, self.value, self.owned = self.value, None, False
        return value

    def add_slice(self, cotangent: Any, start: Ints, limit: Ints, strides: Ints) -> None:
        if self._open(cotangent):
            self.value[slices(start, limit, strides)] += cotangent
        else:
            self.add(pad_for_slice(cotangent, self.aval.shape, start, limit, strides))

    def add_at(self, cotangent: Any, indices: tuple[Any, ...], axes: Ints, mode: str) -> None:
        if not any(isinstance(i, Tracer) for i in indices) and self._open(cotangent):
            scatter_into(self.value, cotangent, indices, "add", axes, mode)
            return
        base = self.value
        if base is None:
            aval = self.aval
            base = broadcast_in_dim(aval.dtype.type(0), aval.shape, ())
        self.value = scatter(base, cotangent, indices, axes, "add", mode)
        self.owned = False

    def _open(self, cotangent: Any) -> bool:
        """Make ``value`` a real array of our own, if evaluation is eager."""
        if (
            current_trace() is not None
            or isinstance(cotangent, Tracer)
            or isinstance(self.value, Tracer)
        ):
            return False
        if self.value is None:
            aval = self.aval
            self.value = np.zeros(aval.shape, aval.dtype)
        elif not self.owned:
            self.value = np.array(self.value)
        self.owned = True
        return True


def backward(
    tape: Tape,
    outs: Sequence[LinearTracer | None],
    cotangents: Sequence[Any],
    ins: Sequence[LinearTracer | None],
    *,
    once: bool = False,
    read: Callable[[Any], Any] | None = None,
    gather: Callable[[LinearTracer], Sum] = Sum,
) -> list[Any]:
    """Cotangents of the inputs (None for zero) from cotangents of the outputs (None for zero).

    ``ins`` may be variables in the middle of the program too. A tape that is read only ``once``
    is taken apart on the way: residuals are freed as the pass goes. ``read`` gives the values
    that stand for those the tape knows, ``gather`` what sums the cotangents of the inputs.
    """
    sums: list[Sum | None] = [None] * tape.count
    kept = {t.index for t in ins if t is not None}
    if gather is not Sum:
        for t in ins:
            if t is not None:
                sums[t.index] = gather(t)
    for out, cotangent in zip(outs, cotangents, strict=True):
        if out is not None and cotangent is not None:
            _sum_of(out, sums).add(cotangent)
    token = current_line.set(None)
    try:
        for eqn in _taken(tape) if once else reversed(tape.eqns):
            cotangent = _arrived(eqn, sums, kept)
            if cotangent is None:
                continue
            args = []
            for a in eqn.args:
                if type(a) is LinearTracer and a._trace is tape:
                    a = sums[a.index] or _sum_of(a, sums)
                elif read is not None:
                    a = read(a)
                args.append(a)
            if eqn.source is not None:
                current_line.set(eqn.source)
            eqn.primitive.transpose(cotangent, *args, **eqn.params)
    finally:
        current_line.reset(token)
    found = (None if t is None else sums[t.index] for t in ins)
    return [None if final is None else final.result() for final in found]


def _arrived(eqn: LinearEqn, sums: list[Sum | None], kept: set[int]) -> Any:
    """The cotangent of an equation's results, a list for several; None if there is none."""
    if eqn.primitive.multiple:
        found = [sums[t.index] for t in eqn.outs]
        several = [None if s is None else s.value for s in found]
        return None if all(ct is None for ct in several) else several
    index = eqn.outs[0].index
    single = sums[index]
    if single is None:
        return None
    if index not in kept:
        sums[index] = None  # memory is freed as the pass goes
    return single.value


def _taken(tape: Tape) -> Iterator[LinearEqn]:
    """The equations from the last to the first; each loses its operands when the next is due."""
    while tape.eqns:
        eqn = tape.eqns.pop()
        yield eqn
        eqn.args = ()


def _sum_of(variable: LinearTracer, sums: list[Sum | None]) -> Sum:
    found = sums[variable.index]
    if found is None:
        found = sums[variable.index] = Sum(variable)
    return found


def transpose_jaxpr(jaxpr: Jaxpr, linear: tuple[bool, ...], nonzero: tuple[bool, ...]) -> Jaxpr:
    """The transpose of a Jaxpr that is linear in some inputs; remembered.

    It maps the other inputs and the cotangents of the ``nonzero`` outputs to the cotangents of
    the linear inputs.
    """
    result: Jaxpr = remember(
        jaxpr, ("transpose", linear, nonzero), lambda: _transpose_jaxpr(jaxpr, linear, nonzero)
    )
    return result


def _transpose_jaxpr(jaxpr: Jaxpr, linear: tuple[bool, ...], nonzero: tuple[bool, ...]) -> Jaxpr:
    known = [v.aval for v, on in zip(jaxpr.invars, linear, strict=True) if not on]
    cotangent_avals = [v.aval for v, on in zip(jaxpr.outvars, nonzero, strict=True) if on]

    def transposed(*args: Any) -> list[Any]:
        values = iter(args[: len(known)])
        given = iter(args[len(known) :])
        tape = Tape(current_trace())
        ins = [
            tape.input(v.aval) if on else None for v, on in zip(jaxpr.invars, linear, strict=True)
        ]
        outs = run_under(tape, evaluate, jaxpr, *(next(values) if t is None else t for t in ins))
        out_tracers = [t if tape.owns(t) else None for t in outs]
        cotangents = [next(given) if on else None for on in nonzero]
        found = backward(tape, out_tracers, cotangents, ins)
        pairs = [(ct, t) for ct, t in zip(found, ins, strict=True) if t is not None]
        return [zeros(t.aval) if ct is None else ct for ct, t in pairs]

    return stage(transposed, [*known, *cotangent_avals])
