"""Linearize: run a function once, and write its derivative down as a linear program.

Every operation with a differentiable operand runs its ``linearize`` rule: the output is computed
at once under the trace around, and the pushforward writes linear operations onto a tape. Forward
mode (:class:`JVPTrace`) runs the pushforward at once instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from functrans.core.avals import Aval, aval_of, dtype_of, is_weak, native, shape_of
from functrans.core.jaxpr import Atom, Jaxpr, Literal, Var, evaluate, remember
from functrans.core.pages import keep_pages
from functrans.core.primitive import Primitive
from functrans.core.trace import (
    Trace,
    Tracer,
    _current,
    bind,
    bind_under,
    current_trace,
    run_under,
)
from functrans.errors import ConcretizationTypeError, Source, current_line, user_source
from functrans.transforms.stage import JaxprTracer, is_staging, stage, zeros_of

# --- the tape ------------------------------------------------------------------------------------


class LinearTracer(Tracer):
    """A variable of the linear program; its type is worked out when it is asked for."""

    __slots__ = ("_aval", "eqn", "index")
    made_by = "linearize"

    def __init__(self, tape: Tape, aval: Aval | None, eqn: LinearEqn | None) -> None:
        self._trace = tape
        self._aval = aval
        self.eqn = eqn
        self.index = tape.count
        tape.count += 1

    @property
    def aval(self) -> Aval:
        if self._aval is None:
            infer(self)
            assert self._aval is not None
        return self._aval


class LinearEqn:
    """A linear primitive applied to tape variables and known values."""

    __slots__ = ("args", "outs", "params", "primitive", "source")

    def __init__(
        self,
        primitive: Primitive,
        args: Sequence[Any],
        params: dict[str, Any],
        source: Source | None,
    ) -> None:
        self.primitive = primitive
        self.args = args
        self.params = params
        self.source = source
        self.outs: list[LinearTracer] = []

    def infer(self) -> None:
        """Fill in the types of the outputs from those of the arguments."""
        out = self.primitive.abstract(*map(aval_of, self.args), **self.params)
        for tracer, aval in zip(self.outs, out if self.primitive.multiple else [out], strict=True):
            tracer._aval = aval


def infer(tracer: LinearTracer) -> None:
    """Work out the type of a variable, and before it those that it follows from.

    Without recursion: programs may be longer than Python's stack is deep.
    """
    pending = [tracer]
    while pending:
        eqn = pending[-1].eqn
        assert eqn is not None
        before = [a for a in eqn.args if type(a) is LinearTracer and a._aval is None]
        if before:
            pending += before
        elif pending.pop()._aval is None:
            eqn.infer()


class Tape(Trace):
    """Writes linear operations down; operations on known values run under the trace around."""

    __slots__ = ("count", "eqns", "staged")

    def __init__(self, parent: Trace | None) -> None:
        self.parent = parent
        self.live = True
        self.eqns: list[LinearEqn] = []
        self.count = 0
        # Lines are looked up only where programs are written down: eagerly nobody reads them.
        self.staged = is_staging(parent)

    def input(self, aval: Aval) -> LinearTracer:
        return LinearTracer(self, aval, None)

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        for a in args:
            if type(a) is LinearTracer and a._trace is self:
                break
        else:
            return bind_under(self.parent, primitive, args, params)
        eqn = LinearEqn(primitive, args, params, user_source() if self.staged else None)
        if primitive.multiple:
            avals = primitive.abstract(*map(aval_of, args), **params)
            eqn.outs = [LinearTracer(self, a, eqn) for a in avals]
            self.eqns.append(eqn)
            return eqn.outs
        out = LinearTracer(self, None, eqn)
        eqn.outs.append(out)
        self.eqns.append(eqn)
        return out

    def replay(
        self,
        ins: Sequence[LinearTracer],
        values: Sequence[Any],
        outs: Sequence[LinearTracer | None],
        read: Callable[[Any], Any] = lambda known: known,
    ) -> list[Any]:
        """Run the program on values for its inputs, under the current trace; None stays None.

        ``read`` gives the values that stand for those the tape knows.
        """
        env: list[Any] = [None] * self.count
        for tracer, value in zip(ins, values, strict=True):
            env[tracer.index] = value
        token = current_line.set(None)
        try:
            for eqn in self.eqns:
                current_line.set(eqn.source)
                args = [env[a.index] if self.owns(a) else read(a) for a in eqn.args]
                out = bind(eqn.primitive, *args, **eqn.params)
                results = out if eqn.primitive.multiple else [out]
                for tracer, value in zip(eqn.outs, results, strict=True):
                    env[tracer.index] = value
        finally:
            current_line.reset(token)
        return [None if t is None else env[t.index] for t in outs]

    def owns(self, x: Any) -> bool:
        return type(x) is LinearTracer and x._trace is self

    def residuals(self) -> list[Any]:
        """The known values that the program reads, in order."""
        return [a for eqn in self.eqns for a in eqn.args if not self.owns(a)]

    def with_residuals(
        self,
        residuals: Sequence[Any],
        ins: Sequence[LinearTracer | None],
        outs: Sequence[LinearTracer | None],
    ) -> tuple[Tape, list[LinearTracer | None], list[LinearTracer | None]]:
        """The same program reading other values, with its inputs and outputs."""
        copy = Tape(None)
        copy.live = False
        values = iter(residuals)
        twin: dict[int, LinearTracer] = {}

        def twin_of(t: LinearTracer) -> LinearTracer:
            if t.index not in twin:
                made = LinearTracer(copy, t._aval, None)
                made.index = t.index
                twin[t.index] = made
            return twin[t.index]

        for eqn in self.eqns:
            args = [twin_of(a) if self.owns(a) else next(values) for a in eqn.args]
            new = LinearEqn(eqn.primitive, args, eqn.params, eqn.source)
            for t in eqn.outs:
                out = twin_of(t)
                out.eqn = new
                new.outs.append(out)
            copy.eqns.append(new)
        copied = [None if t is None else twin_of(t) for t in (*ins, *outs)]
        copy.count = self.count
        return copy, copied[: len(ins)], copied[len(ins) :]


# --- the traces ----------------------------------------------------------------------------------


class DualTracer(Tracer):
    """A value with its tangent: a tape variable (linearize) or a value (jvp)."""

    __slots__ = ("primal", "tangent")
    made_by = "differentiation"

    def __init__(self, trace: Trace, primal: Any, tangent: Any) -> None:
        self._trace = trace
        self.primal = primal
        self.tangent = tangent
        # A real array's type is at hand: it spares the tape working the tangent's out later.
        if type(tangent) is LinearTracer and type(primal) is np.ndarray and tangent._aval is None:
            tangent._aval = Aval(primal.shape, primal.dtype)

    @property
    def aval(self) -> Aval:
        return aval_of(self.primal)

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.primal)

    @property
    def dtype(self) -> np.dtype[Any]:
        return dtype_of(self.primal)

    @property
    def weak(self) -> bool:
        return is_weak(self.primal)

    @property
    def ndim(self) -> int:
        return len(shape_of(self.primal))

    def concrete(self) -> Any:
        return self.primal

    def _scalar(self, conversion: str) -> NoReturn:
        raise ConcretizationTypeError(
            f"{conversion} of a value of type {self.aval} that is being differentiated would lose "
            "its derivative.",
            "Keep it an array, with np functions instead of math functions; or say that its value "
            "is a constant: functrans.stop_gradient(x).",
        )

    def __repr__(self) -> str:
        return f"Traced<{self.aval}> with value {self.primal!r}"


class DualTrace(Trace):
    """Carries tangents beside values; the two modes differ in ``target``, the trace under which
    pushforwards run."""

    __slots__ = ("target",)

    target: Trace | None

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        primals: list[Any] = []
        tangents: list[Any] = []
        nonzero: list[bool] = []
        for a in args:
            if type(a) is DualTracer and a._trace is self:
                primals.append(a.primal)
                tangents.append(a.tangent)
                nonzero.append(True)
            else:
                primals.append(a)
                tangents.append(None)
                nonzero.append(False)
        if True not in nonzero:
            return bind_under(self.parent, primitive, primals, params)
        if False in nonzero:
            # What the user may change in place later is copied before it becomes a residual;
            # forward mode keeps none.
            plain = native if self.target is self.parent else snapshot
            for i, on in enumerate(nonzero):
                if not on and isinstance(primals[i], np.ndarray):
                    primals[i] = plain(primals[i])
        token = _current.set(self.parent)
        try:
            out, tangent = self.differentiate(primitive, primals, tangents, nonzero, params)
        finally:
            _current.reset(token)
        if tangent is None:
            return out
        if not primitive.multiple:
            return DualTracer(self, out, tangent)
        return [
            o if t is None else DualTracer(self, o, t) for o, t in zip(out, tangent, strict=True)
        ]

    def differentiate(
        self,
        primitive: Primitive,
        primals: list[Any],
        tangents: list[Any],
        nonzero: list[bool],
        params: dict[str, Any],
    ) -> tuple[Any, Any]:
        """Output and tangent (None for zero) of one operation; runs under the trace around."""
        out, pushforward = primitive.linearize(nonzero, *primals, **params)
        if pushforward is None:
            return out, None
        _current.set(self.target)
        return out, pushforward(*tangents)

    def split(self, x: Any) -> tuple[Any, Any]:
        """Value and tangent (None for zero) of anything met under this trace."""
        if type(x) is DualTracer and x._trace is self:
            return x.primal, x.tangent
        return x, None


class LinearizeTrace(DualTrace):
    """Reverse mode's first half: pushforwards go onto the tape."""

    __slots__ = ("tape",)

    def __init__(self, parent: Trace | None) -> None:
        self.parent = parent
        self.live = True
        keep_pages()
        self.target = self.tape = Tape(parent)


class JVPTrace(DualTrace):
    """Forward mode: pushforwards run at once."""

    __slots__ = ()

    def __init__(self, parent: Trace | None) -> None:
        super().__init__(parent)
        self.target = parent

    def differentiate(
        self,
        primitive: Primitive,
        primals: list[Any],
        tangents: list[Any],
        nonzero: list[bool],
        params: dict[str, Any],
    ) -> tuple[Any, Any]:
        if primitive.jvp is None:
            return super().differentiate(primitive, primals, tangents, nonzero, params)
        out, tangent = primitive.jvp(primals, tangents, **params)
        return out, tangent


def snapshot(a: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A read-only copy of an array; repeated elements of a broadcast view are copied once."""
    a = native(a)
    if _is_frozen(a):
        return a
    if 0 in a.strides and a.size:
        once = tuple(slice(0, 1) if s == 0 else slice(None) for s in a.strides)
        return np.broadcast_to(a[once].copy(), a.shape)
    copy = a.copy()
    copy.flags.writeable = False
    return copy


def _is_frozen(a: np.ndarray[Any, Any]) -> bool:
    """Whether nobody can change the elements: neither through ``a`` nor through what it views."""
    while not a.flags.writeable:
        if a.base is None:
            return True
        if type(a.base) is not np.ndarray:
            return False
        a = a.base
    return False


# --- programs from functions and Jaxprs ----------------------------------------------------------


class Linearized:
    """The derivative of a function at a point: inputs, tape and outputs of the linear program.

    ``ins[i]`` is None for an input that has no derivative, ``outs[i]`` for an output whose
    derivative is zero.
    """

    __slots__ = ("in_avals", "ins", "out_avals", "outs", "tape")

    def __init__(
        self,
        tape: Tape,
        ins: Sequence[LinearTracer | None],
        outs: Sequence[LinearTracer | None],
        in_avals: Sequence[Aval],
        out_avals: Sequence[Aval],
    ) -> None:
        self.tape = tape
        self.ins = ins
        self.outs = outs
        self.in_avals = in_avals
        self.out_avals = out_avals

    def __del__(self) -> None:
        # A tape's objects form rings. Opened here, they free their arrays at once; the collector
        # counts objects, not bytes, and would come too late.
        for eqn in self.tape.eqns:
            eqn.args = ()


def linearize_flat(
    function: Callable[..., Sequence[Any]], primals: Sequence[Any], active: Sequence[bool]
) -> tuple[list[Any], Linearized]:
    """Run a flat function at ``primals``, differentiating where ``active``."""
    trace = LinearizeTrace(current_trace())
    tape = trace.tape
    primals = [native(x) for x in primals]
    in_avals = [aval_of(x) for x in primals]
    ins = [
        tape.input(a.strengthen()) if on else None for a, on in zip(in_avals, active, strict=True)
    ]
    duals = [x if t is None else DualTracer(trace, x, t) for x, t in zip(primals, ins, strict=True)]
    pairs = [trace.split(x) for x in run_under(trace, function, *duals)]
    values = [value for value, _ in pairs]
    out_avals = [aval_of(v) for v in values]
    return values, Linearized(tape, ins, [t for _, t in pairs], in_avals, out_avals)


def jvp_flat(
    function: Callable[..., Sequence[Any]], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """Values and tangents (None for zero) of a flat function; tangents None are zero."""
    trace = JVPTrace(current_trace())
    duals = [
        native(x) if t is None else DualTracer(trace, native(x), native(t))
        for x, t in zip(primals, tangents, strict=True)
    ]
    pairs = [trace.split(x) for x in run_under(trace, function, *duals)]
    return [value for value, _ in pairs], [tangent for _, tangent in pairs]


def jvp_jaxpr(jaxpr: Jaxpr, nonzero: tuple[bool, ...]) -> tuple[Jaxpr, list[bool]]:
    """The program of values and tangents, and which outputs have a tangent; remembered.

    It maps the inputs and the tangents of the nonzero ones to the outputs and their tangents.
    """

    def make() -> tuple[Jaxpr, list[bool]]:
        out_nonzero: list[bool] = []

        def both(*args: Any) -> list[Any]:
            values, given = args[: len(nonzero)], iter(args[len(nonzero) :])

            def run(*xs: Any) -> list[Any]:
                return evaluate(jaxpr, *xs)

            outs, dots = jvp_flat(run, values, [next(given) if on else None for on in nonzero])
            out_nonzero.extend(d is not None for d in dots)
            return [*outs, *(d for d in dots if d is not None)]

        live = [a.strengthen() for a, on in zip(jaxpr.in_avals, nonzero, strict=True) if on]
        return stage(both, [*jaxpr.in_avals, *live]), out_nonzero

    result: tuple[Jaxpr, list[bool]] = remember(jaxpr, ("jvp", nonzero), make)
    return result


class LinearizedJaxpr:
    """A Jaxpr split in two: values and residuals, and the linear program over them.

    ``residuals[i]`` says where residual i of ``linear`` comes from: ``("in", k)`` an input of the
    original, ``("out", k)`` an output of ``primal`` (beyond the original outputs, or one of them).
    ``linear`` maps residuals and the tangents of the nonzero inputs to the tangents of the
    outputs listed by ``out_nonzero``.
    """

    __slots__ = ("linear", "out_nonzero", "primal", "residuals")

    def __init__(
        self,
        primal: Jaxpr,
        linear: Jaxpr,
        residuals: Sequence[tuple[str, int]],
        out_nonzero: Sequence[bool],
    ) -> None:
        self.primal = primal
        self.linear = linear
        self.residuals = residuals
        self.out_nonzero = out_nonzero


def linearize_jaxpr(jaxpr: Jaxpr, nonzero: tuple[bool, ...]) -> LinearizedJaxpr:
    """Split ``jaxpr`` for derivatives with respect to the nonzero inputs; remembered."""
    result: LinearizedJaxpr = remember(
        jaxpr, ("linearize", nonzero), lambda: _linearize_jaxpr(jaxpr, nonzero)
    )
    return result


def _linearize_jaxpr(jaxpr: Jaxpr, nonzero: tuple[bool, ...]) -> LinearizedJaxpr:
    program: list[Linearized] = []
    residual_tracers: dict[int, JaxprTracer] = {}

    def primal_function(*args: Any) -> list[Any]:
        def run(*xs: Any) -> list[Any]:
            return evaluate(jaxpr, *xs)

        values, linear = linearize_flat(run, args, nonzero)
        program.append(linear)
        for eqn in linear.tape.eqns:
            for a in eqn.args:
                if isinstance(a, JaxprTracer):
                    residual_tracers.setdefault(id(a), a)
        return [*values, *residual_tracers.values()]

    primal = stage(primal_function, [a.strengthen() for a in jaxpr.in_avals])
    linear = program[0]
    n_out = len(jaxpr.outvars)
    kept, residuals = _place_residuals(primal, n_out)
    residual_avals = [t.aval for t in residual_tracers.values()]
    order = {key: i for i, key in enumerate(residual_tracers)}
    ins = [t for t in linear.ins if t is not None]
    outs = [t for t in linear.outs if t is not None]

    def linear_function(*args: Any) -> list[Any]:
        values, tangents = args[: len(order)], args[len(order) :]

        def read(known: Any) -> Any:
            return values[order[id(known)]] if id(known) in order else known

        return linear.tape.replay(ins, tangents, outs, read)

    linear_jaxpr = stage(linear_function, [*residual_avals, *(t.aval for t in ins)])
    return LinearizedJaxpr(
        primal.replace(outvars=kept), linear_jaxpr, residuals, [t is not None for t in linear.outs]
    )


def _place_residuals(primal: Jaxpr, n_out: int) -> tuple[list[Atom], list[tuple[str, int]]]:
    """Outputs of the primal without residuals that are inputs or outputs already."""
    kept = list(primal.outvars[:n_out])
    inputs = {v: i for i, v in enumerate(primal.invars)}
    outputs = {v: i for i, v in enumerate(kept) if not isinstance(v, Literal)}
    places: list[tuple[str, int]] = []
    for v in primal.outvars[n_out:]:
        assert isinstance(v, Var)  # residuals are tracers
        if v in inputs:
            places.append(("in", inputs[v]))
        elif v in outputs:
            places.append(("out", outputs[v]))
        else:
            outputs[v] = len(kept)
            places.append(("out", len(kept)))
            kept.append(v)
    return kept, places


def instantiate(tangent: Any, aval: Aval) -> Any:
    """A tangent or cotangent with zeros in the place of None."""
    return zeros_of(aval.tangent()) if tangent is None else tangent
