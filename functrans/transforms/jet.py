"""Taylor mode: a function of power series, computed coefficient by coefficient.

Under :class:`JetTrace` a value is a truncated series Σ c[k]·tᵏ. Linear operations act on every
coefficient, products are convolutions. For all else y′(t) = (derivative at x(t))·x′(t), the
operation's own ``linearize`` run on series: a coefficient of the right side needs lower ones of x
and of y alone, so the series are extended one after the other (Griewank and Walther, *Evaluating
Derivatives*, 2008, chapter 13; lazily as Karczmarczuk, *Functional Differentiation of Computer
Programs*, 2001). No operation needs a rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from functrans import kernel
from functrans.core.avals import Aval, aval_of, dtype_of, is_complex, is_inexact, native
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.core.primitive import Primitive
from functrans.core.trace import Trace, Tracer, bind_under, current_trace, run_under, running
from functrans.primitives import contraction, indexing, layout, linear, marks, reductions
from functrans.primitives import elementwise as ew
from functrans.transforms.stage import zeros_of

Coefficient = Any  # an array, or None for zero
Rule = Callable[..., Any]

_LINEAR: frozenset[Primitive] = frozenset(
    {
        layout.broadcast_in_dim_p,
        layout.concatenate_p,
        layout.reduce_sum_p,
        layout.reshape_p,
        layout.rev_p,
        layout.slice_p,
        layout.transpose_p,
        linear.add_p,
        linear.complex_p,
        linear.conj_p,
        linear.convert_p,
        linear.imag_p,
        linear.neg_p,
        linear.pad_p,
        linear.real_p,
        linear.select_n_p,
        linear.sub_p,
        indexing.gather_p,
        marks.barrier_p,
        marks.name_p,
        reductions.cumsum_p,
        # linear in pieces: which of them is decided by the value
        ew.max_p,
        ew.min_p,
        reductions.cummax_p,
        reductions.cummin_p,
        reductions.reduce_max_p,
        reductions.reduce_min_p,
    }
)
"""Operations whose pushforward maps each coefficient to the coefficient of the result."""


class JetTracer(Tracer):
    """A power series; coefficients are worked out when they are asked for."""

    __slots__ = ("_aval", "_find", "_known")
    made_by = "jet"

    def __init__(
        self, trace: JetTrace, value: Any, find: Callable[[int], Coefficient], aval: Aval | None
    ) -> None:
        self._trace = trace
        self._known: list[Coefficient] = [value]
        self._find = find
        self._aval = aval_of(value) if aval is None else aval

    @property
    def aval(self) -> Aval:
        return self._aval

    def concrete(self) -> Any:
        return self.coefficient(0)

    def coefficient(self, k: int) -> Coefficient:
        """The coefficient of tᵏ, None where it is known to be zero."""
        while len(self._known) <= k:
            self._known.append(self._find(len(self._known)))
        return self._known[k]


class JetTrace(Trace):
    """Applies operations to series.

    ``rules`` are those of operations that hold programs and are no calls:
    ``rule(trace, args, params)`` returns values under the trace.
    """

    __slots__ = ("_derivatives", "order", "rules")

    def __init__(self, parent: Trace | None, order: int, rules: Mapping[Primitive, Rule]) -> None:
        super().__init__(parent)
        self.order = order
        self.rules = rules
        # While a derivative is being written down: what its operations have made, by operands.
        self._derivatives: dict[Any, tuple[Sequence[Any], Any]] | None = None

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        if not any(map(self.owns, args)):
            return bind_under(self.parent, primitive, args, params)
        if primitive in self.rules:
            return self.rules[primitive](self, args, params)
        if _is_call(primitive, args, params):
            return evaluate(params["jaxpr"], *args)
        if self._derivatives is None:
            outer = True
            self._derivatives = {}
        else:
            outer = False
        try:
            out = self._series(primitive, args, params)
            if outer:  # long programs would otherwise be long chains of calls
                for tracer in out if primitive.multiple else [out]:
                    if self.owns(tracer):
                        tracer.coefficient(self.order)
        finally:
            if outer:
                self._derivatives = None
        return out

    def owns(self, x: Any) -> bool:
        return type(x) is JetTracer and x._trace is self

    def coefficient(self, x: Any, k: int) -> Coefficient:
        """The coefficient of anything met under this trace."""
        if self.owns(x):
            return x.coefficient(k)
        return None if k else x

    def series(self, value: Any, find: Callable[[int], Coefficient]) -> JetTracer:
        return JetTracer(self, value, find, None)

    def given(self, value: Any, terms: Sequence[Coefficient]) -> JetTracer:
        """The series with these coefficients from the first on."""
        return self.series(value, lambda k: terms[k - 1])

    def _series(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        key = (primitive, tuple(map(id, args)), tuple(map(id, params.values())))
        assert self._derivatives is not None
        if key in self._derivatives:
            return self._derivatives[key][1]
        if primitive in _PRODUCTS:
            out: Any = self._product(primitive, args, params)
        elif primitive is linear.div_p:
            out = self._quotient(*args)
        elif primitive in _LINEAR or _in_pieces(primitive, args):
            out = self._mapped(primitive, args, params)
        else:
            out = self._integrated(primitive, args, params)
        self._derivatives[key] = [*args, params], out  # kept alive: their identity is the key
        return out

    def _primals(self, args: Sequence[Any]) -> list[Any]:
        return [self.coefficient(a, 0) for a in args]

    def _mapped(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """A linear operation: its pushforward of each coefficient."""
        active = [self.owns(a) for a in args]
        primals = self._primals(args)
        with running(self.parent):
            out, pushforward = primitive.linearize(active, *primals, **params)

        def find(k: int) -> Any:
            terms = [self.coefficient(a, k) for a in args]
            if all(t is None for t in terms):
                return [None] * len(out) if primitive.multiple else None
            filled = [
                zeros_of(aval_of(a).tangent()) if on and t is None else t
                for a, t, on in zip(args, terms, active, strict=True)
            ]
            with running(self.parent):
                return pushforward(*filled)

        if pushforward is None:
            return out
        if not primitive.multiple:
            return self.series(out, find)
        every: list[Any] = []

        def find_one(i: int, k: int) -> Coefficient:
            while len(every) < k:
                every.append(find(len(every) + 1))
            return every[k - 1][i]

        return [
            self.series(v, partial(find_one, i)) if is_inexact(dtype_of(v)) else v
            for i, v in enumerate(out)
        ]

    def _product(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> JetTracer:
        """A bilinear operation: the convolution of the coefficients."""
        x, y = args

        def find(k: int) -> Coefficient:
            total = None
            for j in range(k + 1):
                a, b = self.coefficient(x, j), self.coefficient(y, k - j)
                if a is not None and b is not None:
                    total = self._sum(total, bind_under(self.parent, primitive, (a, b), params))
            return total

        return self.series(find(0), find)

    def _quotient(self, x: Any, y: Any) -> JetTracer:
        """c = x/y from x = c·y: c[k] = (x[k] − Σ y[j]·c[k−j]) / y[0]."""
        divisor = self.coefficient(y, 0)

        def find(k: int) -> Coefficient:
            total = self.coefficient(x, k)
            with running(self.parent):
                for j in range(1, k + 1):
                    b, c = self.coefficient(y, j), out.coefficient(k - j)
                    if b is not None and c is not None:
                        term = linear.neg(linear.mul(b, c))
                        total = term if total is None else linear.add(total, term)
                return None if total is None else linear.div(total, divisor)

        with running(self.parent):
            value = linear.div(self.coefficient(x, 0), divisor)
        out = self.series(value, find)
        return out

    def _integrated(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """Any operation, from y′ = (∂y/∂x)·x′."""
        active = [self.owns(a) for a in args]
        value = bind_under(self.parent, primitive, self._primals(args), params)
        values = value if primitive.multiple else [value]
        slopes: list[Any] = []  # y′, written down when the first coefficient is asked for

        def derivative() -> list[Any]:
            if not slopes:
                with running(self), _Writing(self):
                    _, pushforward = primitive.linearize(active, *args, **params)
                    tangents = [
                        self._slope(a) if on else None for a, on in zip(args, active, strict=True)
                    ]
                    found = None if pushforward is None else pushforward(*tangents)
                if found is None:
                    found = [None] * len(values)
                slopes.extend(found if isinstance(found, list) else [found])
            return slopes

        def find(i: int, k: int) -> Coefficient:
            term = self.coefficient(derivative()[i], k - 1) if derivative()[i] is not None else None
            return None if term is None else self._scaled(term, 1.0 / k)

        outs = [
            self.series(v, partial(find, i)) if is_inexact(dtype_of(v)) else v
            for i, v in enumerate(values)
        ]
        return outs if primitive.multiple else outs[0]

    def _slope(self, x: JetTracer) -> JetTracer:
        """x′(t), whose coefficients are (k + 1)·x[k + 1]."""

        def find(k: int) -> Coefficient:
            term = x.coefficient(k + 1)
            return None if term is None else self._scaled(term, k + 1.0)

        first = x.coefficient(1)
        return self.series(zeros_of(x.aval.tangent()) if first is None else first, find)

    def _scaled(self, term: Any, factor: float) -> Any:
        with running(self.parent):
            return linear.mul(term, dtype_of(term).type(factor))

    def _sum(self, total: Any, term: Any) -> Any:
        return term if total is None else bind_under(self.parent, linear.add_p, (total, term), {})


class _Writing:
    """While a derivative is written down its operations are not worked out at once."""

    __slots__ = ("_before", "_trace")

    def __init__(self, trace: JetTrace) -> None:
        self._trace = trace
        self._before = trace._derivatives

    def __enter__(self) -> None:
        if self._before is None:
            self._trace._derivatives = {}

    def __exit__(self, *_: object) -> None:
        self._trace._derivatives = self._before


_PRODUCTS = frozenset({linear.mul_p, contraction.dot_general_p})


def _in_pieces(primitive: Primitive, args: Sequence[Any]) -> bool:
    """Whether an operation is linear, in pieces, for such operands."""
    return primitive is ew.abs_p and not is_complex(dtype_of(args[0]))


def _is_call(primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> bool:
    """Whether the operation runs a program that can be run here as well."""
    if type(params.get("jaxpr")) is not Jaxpr:
        return False
    avals = [aval_of(a) for a in args]
    word = primitive.lower(avals, primitive.abstract(*avals, **params), **params)
    return isinstance(word, kernel.Call)


def jet_flat(
    function: Callable[..., Sequence[Any]],
    order: int,
    args: Sequence[Any],
    terms: Sequence[Sequence[Coefficient] | None],
    rules: Mapping[Primitive, Rule],
) -> tuple[list[Any], list[list[Coefficient]]]:
    """Values and coefficients 1…order of a flat function of series.

    ``terms[i]`` holds the coefficients of argument i from the first on, or is None for a constant.
    """
    trace = JetTrace(current_trace(), order, rules)

    series = [
        native(x) if found is None else trace.given(native(x), found)
        for x, found in zip(args, terms, strict=True)
    ]
    outs = run_under(trace, function, *series)
    values = [trace.coefficient(x, 0) for x in outs]
    found = [[trace.coefficient(x, k) for k in range(1, order + 1)] for x in outs]
    return values, found
