"""Recordings: linearize and jvp held open, for derivatives of what runs between two statements.

``grad`` is handed a function; a recording is opened, code runs, and it is closed again. Values
met meanwhile are tracers of the recording's trace. Unlike other tracers they may outlive it:
:func:`settled` gives what stands for one where its recording no longer runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

from functrans.core.avals import aval_of
from functrans.core.primitive import Primitive
from functrans.core.trace import (
    Trace,
    Tracer,
    _current,
    bind,
    bind_under,
    busy,
    current_trace,
    run_under,
    runs_above,
    runs_here,
)
from functrans.errors import RecordingError
from functrans.primitives.linear import add_p, convert_p
from functrans.rich import Rich
from functrans.transforms.linearize import (
    DualTracer,
    JVPTrace,
    LinearizeTrace,
    LinearTracer,
)
from functrans.transforms.stage import is_staging
from functrans.transforms.transpose import Sum, backward


class Step:
    """One operation as a recording saw it, kept so that it can be run again."""

    __slots__ = ("args", "outs", "params", "primitive")

    def __init__(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any], outs: list[Any]
    ) -> None:
        self.primitive = primitive
        self.args = args
        self.params = params
        self.outs = outs


class RecordingTrace(LinearizeTrace):
    """A linearize that can pause, be left and entered again; ``steps`` are kept where wanted."""

    __slots__ = ("owner", "recording", "steps")

    def __init__(self, owner: Recording, keep: bool) -> None:
        super().__init__(None)
        self.owner = ref(owner)  # weak: a recorded value must not keep the tape alive
        self.live = False
        self.recording = False
        self.steps: list[Step] | None = [] if keep else None

    def enter(self, parent: Trace | None) -> None:
        """Run under ``parent``, which may be another one than before."""
        self.parent = self.tape.parent = parent
        self.tape.staged = is_staging(parent)

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        if not self.recording:
            return bind_under(self.parent, primitive, [self.split(a)[0] for a in args], params)
        out = super().process(primitive, args, params)
        outs = out if primitive.multiple else [out]
        recorded = False
        for o in outs:
            if type(o) is DualTracer and o._trace is self:
                recorded = True
                self._own_variable(o, args)
        if recorded and self.steps is not None:
            self.steps.append(Step(primitive, args, params, outs))
        return out

    def _own_variable(self, out: DualTracer, args: Sequence[Any]) -> None:
        """Part a result's variable from an operand's: x + 1 has the tangent of x itself, but a
        derivative with respect to it must not count the other uses of x."""
        for a in args:
            if type(a) is DualTracer and a.tangent is out.tangent:
                if a.tangent._aval is None:  # known here, and asked for by the pullback
                    a.tangent._aval = a.aval.strengthen()
                out.tangent = self.tape.process(convert_p, (out.tangent,), {"dtype": out.dtype})
                return

    def steps_to(self, targets: Sequence[LinearTracer | None]) -> list[Step]:
        """The steps that the targets need, in order."""
        assert self.steps is not None  # kept for this
        needed = {t.index for t in targets if t is not None}
        found = []
        for step in reversed(self.steps):
            outs = (o.tangent.index for o in step.outs if self.is_own(o))
            if not needed.isdisjoint(outs):
                found.append(step)
                needed.update(a.tangent.index for a in step.args if self.is_own(a))
        return found[::-1]

    def is_own(self, x: Any) -> bool:
        return type(x) is DualTracer and x._trace is self


class ForwardTrace(JVPTrace):
    """A jvp that can be left and entered again."""

    __slots__ = ("owner", "recording")

    def __init__(self, owner: ForwardRecording) -> None:
        super().__init__(None)
        self.owner = ref(owner)
        self.live = False
        self.recording = False

    def enter(self, parent: Trace | None) -> None:
        """Run under ``parent``, which may be another one than before."""
        self.parent = self.target = parent

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        if not self.recording:
            return bind_under(self.parent, primitive, [self.split(a)[0] for a in args], params)
        return super().process(primitive, args, params)


def settled(x: Any) -> Any:
    """``x`` without the tracers of recordings that do not run here.

    >>> recording = ft.extend.Recording()
    >>> with recording:
    ...     y = recording.watch(3.0) * 2.0
    >>> float(ft.extend.settled(y))
    6.0
    """
    if type(x) is not DualTracer or not isinstance(x._trace, RecordingTrace | ForwardTrace):
        return x
    if x._trace is _current.get() and type(x.primal) is not DualTracer:
        return x
    primal = settled(x.primal)
    if not runs_here(x._trace):
        return primal
    return x if primal is x.primal else DualTracer(x._trace, primal, x.tangent)


def detached(x: Any) -> Any:
    """``x`` without the tracers of any recording, open or not; other transforms' stay.

    >>> recording = ft.extend.Recording()
    >>> with recording:
    ...     y = recording.watch(3.0) * 2.0
    ...     float(ft.extend.detached(y)), recording.tangent_of(ft.extend.detached(y))
    (6.0, None)
    """
    if type(x) is not DualTracer:
        return x
    primal = detached(x.primal)
    if isinstance(x._trace, RecordingTrace | ForwardTrace):
        return primal
    return x if primal is x.primal else DualTracer(x._trace, primal, x.tangent)


def open_recordings() -> list[AnyRecording]:
    """The recordings that run here, the outermost first.

    >>> with ft.extend.Recording() as recording:
    ...     ft.extend.open_recordings() == [recording]
    True
    """
    found: list[AnyRecording] = []
    trace = current_trace()
    while trace is not None:
        if isinstance(trace, RecordingTrace | ForwardTrace) and trace.recording:
            owner = trace.owner()
            if owner is not None:
                found.append(owner)
        trace = trace.parent
    found.reverse()
    return found


class _Opened:
    """What both directions share: being open, paused and closed, and finding their tracers."""

    __slots__ = ("__weakref__", "trace")

    trace: RecordingTrace | ForwardTrace

    @property
    def is_open(self) -> bool:
        """Whether the block is running; a paused recording is open."""
        return self.trace.live

    def __enter__(self) -> Any:
        trace = self.trace
        if runs_here(trace):
            raise RecordingError(
                "A recording was entered that is open already.", "Close it first, or make another."
            )
        trace.enter(_current.get())
        trace.live = trace.recording = True
        busy.add(self)
        _current.set(trace)
        return self

    def __exit__(self, *error: object) -> None:
        trace = self.trace
        trace.live = trace.recording = False
        busy.remove(self)
        around = _current.get()
        # Left in another order than entered, a recording stays below the others and is idle.
        while isinstance(around, RecordingTrace | ForwardTrace) and not around.live:
            around = around.parent
        _current.set(around)

    def pause(self) -> None:
        """Let operations pass unrecorded, until :meth:`resume`."""
        self.trace.recording = False

    def resume(self) -> None:
        """Record again."""
        self.trace.recording = self.trace.live

    def tangent_of(self, x: Any) -> Any:
        """The tangent of ``x`` in this recording, or None where it does not depend on an input."""
        while type(x) is DualTracer:
            if x._trace is self.trace:
                return x.tangent
            x = x.primal
        return None

    def lift(self, x: Any, tangent: Any) -> Any:
        """``x`` with a tangent here; what an inner transform traces already passes unchanged."""
        x = settled(x)
        if isinstance(x, Tracer) and self.is_open and runs_above(x._trace, self.trace):
            if type(x) is not DualTracer:
                return x
            return DualTracer(x._trace, self.lift(x.primal, tangent), x.tangent)
        return DualTracer(self.trace, x, tangent)


class Recording(_Opened, Rich):
    """An open linearize: what runs in its ``with`` block can be pulled back afterwards.

    Parameters
    ----------
    keep: keep what pullbacks of pullbacks need, taken while the recording itself is open; and
        the tape after :meth:`pull`. Without it the tape can be pulled back once, and is freed.

    Values made in the block are traced; :func:`settled` gives their plain values afterwards.
    Recordings nest, in one another and in every transform. Each thread has its own.

    >>> with ft.extend.Recording() as recording:
    ...     x = recording.watch(3.0)
    ...     y = x * x
    >>> [slope] = recording.pull([y], [1.0], [recording.tangent_of(x)])
    >>> float(slope)
    6.0
    """

    __slots__ = ("keep",)

    trace: RecordingTrace

    def __init__(self, keep: bool = False) -> None:
        self.keep = keep
        self.trace = RecordingTrace(self, keep)

    def variable(self, x: Any) -> LinearTracer:
        """A new input of the tape, of the type of ``x``, to :meth:`lift` values with."""
        return self.trace.tape.input(aval_of(x).strengthen())

    def watch(self, x: Any) -> Any:
        """``x`` as an input of the recording."""
        return self.lift(x, self.variable(x))

    def pull(
        self,
        outs: Sequence[Any],
        cotangents: Sequence[Any],
        variables: Sequence[LinearTracer],
        gather: Callable[[LinearTracer], Sum] = Sum,
    ) -> list[Any]:
        """Cotangents of tape variables, inputs or intermediates, from those of traced ``outs``.

        None is zero: nothing that counts was found between the two. ``gather`` makes what sums
        the cotangents of the given variables. Taken while the recording runs, the pullback is
        recorded too if the recording was told to ``keep``.
        """
        if self.keep and self.trace.recording and runs_here(self.trace):
            return self._pull_recorded(outs, cotangents, variables, gather)
        return backward(
            self.trace.tape,
            [self.tangent_of(o) for o in outs],
            cotangents,
            variables,
            once=not self.keep,
            read=settled,
            gather=gather,
        )

    def _pull_recorded(
        self,
        outs: Sequence[Any],
        cotangents: Sequence[Any],
        variables: Sequence[LinearTracer],
        gather: Callable[[LinearTracer], Sum],
    ) -> list[Any]:
        """The pullback as operations of this recording: its steps are linearized once more, at
        the values that it knows itself."""
        targets = [self.tangent_of(o) for o in outs]
        inner = LinearizeTrace(current_trace())
        inputs = {v.index: inner.tape.input(v.aval) for v in variables}
        tangents = dict(inputs)

        def dual(a: Any) -> Any:
            variable = self.tangent_of(a)
            tangent = None if variable is None else tangents.get(variable.index)
            return a if tangent is None else DualTracer(inner, a, tangent)

        def run_again() -> None:
            for step in self.trace.steps_to(targets):
                args = [dual(a) for a in step.args]
                if all(new is a for new, a in zip(args, step.args, strict=True)):
                    continue
                out = bind(step.primitive, *args, **step.params)
                news = out if step.primitive.multiple else [out]
                for old, new in zip(step.outs, news, strict=True):
                    variable, tangent = self.tangent_of(old), inner.split(new)[1]
                    if variable is None or tangent is None:
                        continue
                    if variable.index in inputs:  # an intermediate is an input too
                        more = inputs[variable.index]
                        tangent = bind_under(inner.tape, add_p, (tangent, more), {})
                    tangents[variable.index] = tangent

        run_under(inner, run_again)
        found = [None if t is None else tangents.get(t.index) for t in targets]
        return backward(
            inner.tape,
            found,
            cotangents,
            [inputs[v.index] for v in variables],
            once=True,
            gather=gather,
        )

    def free(self) -> None:
        """Give back what the tape holds; values that were recorded stay usable."""
        trace = self.trace
        for eqn in trace.tape.eqns:
            eqn.args = ()
        trace.tape.eqns.clear()
        if trace.steps is not None:
            trace.steps.clear()

    def __del__(self) -> None:
        # Recorded values hold their tape: without this, one of them would keep all residuals.
        if hasattr(self, "trace"):  # a subclass that raised before has none
            self.free()


class ForwardRecording(_Opened):
    """An open jvp: values met in its ``with`` block carry tangents.

    >>> with ft.extend.ForwardRecording() as recording:
    ...     x = recording.lift(3.0, 1.0)
    ...     y = x * x
    >>> float(recording.tangent_of(y))
    6.0
    """

    __slots__ = ()

    trace: ForwardTrace

    def __init__(self) -> None:
        self.trace = ForwardTrace(self)


AnyRecording = Recording | ForwardRecording
