"""custom_jvp: a function whose derivative is a rule of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol

from functrans import tree
from functrans.control import own_rules
from functrans.control.bodies import batched_to_front, operand, together
from functrans.control.custom_rules import (
    CustomFunction,
    Site,
    SymbolicZero,
    check_captured,
    described,
    hides_tracers,
    hints_at_closures,
    instantiated,
    only_derivatives,
    program_of,
    tracing_rules,
    with_numbers,
)
from functrans.core.avals import Aval, aval_of, float0, is_inexact
from functrans.core.axes import Name
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import Tracer, bind, current_trace
from functrans.errors import CustomRuleError
from functrans.primitives.layout import batch_to_front
from functrans.transforms.split import split_linear
from functrans.transforms.stage import P, R, unshared
from functrans.transforms.vmap import batch_flat, mapped_name

Values = Sequence[Any]


class JVPRule(Protocol):
    """What the operation holds: a rule from leaves to leaves.

    Tangents go with the arguments, not with the ``captured`` values; None is a zero, both ways.
    """

    def __call__(
        self, captured: Values, primals: Values, tangents: Values
    ) -> tuple[list[Any], list[Any]]: ...


# --- rules ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UsersRule:
    """The user's own function; run whenever a derivative is taken."""

    site: Site
    rule: Callable[..., Any]
    symbolic: bool

    def __call__(
        self, captured: Values, primals: Values, tangents: Values
    ) -> tuple[list[Any], list[Any]]:
        given = [
            instantiated(t, aval_of(x), self.symbolic)
            for x, t in zip(primals, tangents, strict=True)
        ]
        site = self.site
        with hints_at_closures(self):
            result = self.rule(*site.nondiff, site.values(primals), site.values(given))
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise CustomRuleError(
                f"{self} returned {result!r:.80}, which is no pair.",
                "Return (value, tangent): the function's value, and its derivative in the "
                "direction of the tangents.",
            )
        value, tangent = result
        outs = site.out.flatten(value, self)
        dots, structure = tree.flatten(tangent)
        if structure != site.out.structure:
            raise CustomRuleError(
                f"{self} returned a value of the structure {site.out.structure} and a tangent of "
                f"the structure {structure}.",
                "Value and tangent must have the same containers and keys.",
            )
        for i, (out, dot) in enumerate(zip(outs, dots, strict=True)):
            dots[i] = self._checked(out, dot, value, i)
        return unshared(outs), dots

    def _checked(self, out: Any, dot: Any, value: Any, leaf: int) -> Any:
        """The tangent of one result; None for a zero."""
        if isinstance(dot, SymbolicZero):
            return None
        wanted = aval_of(out).strengthen().tangent()
        found = aval_of(dot)
        if found.shape == wanted.shape and found.dtype == wanted.dtype:
            return None if wanted.dtype == float0 else dot
        if found.shape == wanted.shape and found.weak and wanted.dtype != float0:
            return operand(dot, wanted)
        path = tree.keystr(tree.leaves_with_path(value)[leaf][0])
        raise CustomRuleError(
            f"{self} returned a value{path} of type {aval_of(out).strengthen()} with "
            f"a tangent of type {found.strengthen()} instead of {wanted}.",
            "Give the tangent the value's shape and dtype; that of an integer is "
            "np.zeros(shape, functrans.float0).",
        )

    def __str__(self) -> str:
        return f"The jvp rule {described(self.rule)} of {self.site}"


@dataclass(frozen=True, slots=True)
class ProgramRule:
    """A rule that closes over traced values, as a program of them and of all tangents."""

    site: Site
    jaxpr: Jaxpr
    results: int

    def __call__(
        self, captured: Values, primals: Values, tangents: Values
    ) -> tuple[list[Any], list[Any]]:
        pairs = [(aval_of(x), t) for x, t in zip(primals, tangents, strict=True)]
        given = [instantiated(t, a, False) for a, t in pairs if is_inexact(a.dtype)]
        found = evaluate(self.jaxpr, *captured, *primals, *given)
        dots = iter(found[self.results :])
        outs = found[: self.results]
        return outs, [next(dots) if is_inexact(aval_of(x).dtype) else None for x in outs]

    def __str__(self) -> str:
        return f"The jvp rule of {self.site}"


@dataclass(frozen=True, slots=True)
class BatchedRule:
    """A rule over many examples, which come first in every result."""

    rule: JVPRule
    size: int
    dims: tuple[int | None, ...]  # of captured values and arguments
    name: Name | None  # of the axis

    def __call__(
        self, captured: Values, primals: Values, tangents: Values
    ) -> tuple[list[Any], list[Any]]:
        n, m = len(captured), len(captured) + len(primals)
        nonzero = [t is not None for t in tangents]
        live = [t for t in tangents if t is not None]
        found_nonzero: list[bool] = []

        def example(*args: Any) -> list[Any]:
            given = iter(args[m:])
            dots_in = [next(given) if on else None for on in nonzero]
            outs, dots = self.rule(args[:n], args[n:m], dots_in)
            found_nonzero.extend(d is not None for d in dots)
            return [*outs, *(d for d in dots if d is not None)]

        of_tangents = [d for d, on in zip(self.dims[n:], nonzero, strict=True) if on]
        values, axes = batch_flat(
            example,
            self.size,
            [*captured, *primals, *live],
            [*self.dims, *of_tangents],
            self.name,
        )
        front = [batch_to_front(self.size, x, d) for x, d in zip(values, axes, strict=True)]
        count = len(found_nonzero)
        dots = iter(front[count:])
        return front[:count], [next(dots) if on else None for on in found_nonzero]

    def __str__(self) -> str:
        return str(self.rule)


# --- the primitive -------------------------------------------------------------------------------
#
# ``jaxpr`` is the function's program, whose first ``captured`` operands are what the function
# closes over. Where derivatives are all that is going on it is the function itself.


def _linearize(
    nonzero: Sequence[bool], *args: Any, jaxpr: Any, rule: JVPRule, captured: int
) -> Any:
    check_captured(rule, nonzero[:captured])
    primals = args[captured:]
    outs: list[Any] = []

    def tangents_to_tangents(*tangents: Any) -> list[Any]:
        values, dots = rule(args[:captured], primals, tangents)
        outs.extend(values)
        return dots

    avals = [aval_of(x) if on else None for x, on in zip(primals, nonzero[captured:], strict=True)]
    linear = split_linear(tangents_to_tangents, avals, rule)
    if any(map(linear.tape.owns, outs)):
        raise CustomRuleError(
            f"{rule} returned a value that depends on the tangents.",
            "The first of the two results must be the function's value.",
        )

    def custom_jvp_pushforward(*tangents: Any) -> list[Any]:
        ins = [t for t in linear.ins if t is not None]
        return linear.tape.replay(ins, [t for t in tangents if t is not None], linear.outs)

    return outs, custom_jvp_pushforward


def _jvp(
    primals: Values, tangents: Values, *, jaxpr: Any, rule: JVPRule, captured: int
) -> tuple[Values, Values]:
    check_captured(rule, [t is not None for t in tangents[:captured]])
    return rule(primals[:captured], primals[captured:], tangents[captured:])


def _batch(
    size: int,
    args: Values,
    dims: Sequence[int | None],
    *,
    jaxpr: Jaxpr,
    rule: JVPRule,
    captured: int,
) -> Any:
    outs = bind(
        custom_jvp_call_p,
        *args,
        jaxpr=batched_to_front(jaxpr, size, tuple(dims)),
        rule=BatchedRule(rule, size, tuple(dims), mapped_name()),
        captured=captured,
    )
    return outs, [0] * len(outs)


custom_jvp_call_p: Primitive = Primitive(
    "custom_jvp_call",
    own_rules.types,
    own_rules.run,
    _linearize,
    Absent("a function with a rule is linearized by its rule before anything is transposed"),
    _batch,
    own_rules.lower,
    jvp=_jvp,
    multiple=True,
)


# --- the decorator -------------------------------------------------------------------------------


class custom_jvp(CustomFunction, Generic[P, R]):  # noqa: N801  (JAX's name)
    """A function whose derivative, in both modes, is what its rule says.

    Give the rule with :meth:`defjvp` or :meth:`defjvps`. Reverse mode transposes the rule, which
    must be linear in the tangents. Rules are functions like any other: they are differentiated
    for second derivatives, mapped by ``vmap`` and compiled by ``jit``.

    Parameters
    ----------
    fun: the function; arguments and results are trees of arrays. Keyword arguments and defaults
        are sorted into their positions.
    nondiff_argnums, nondiff_argnames: arguments that are no trees of arrays, or that the
        derivative is not about; the rule gets them first.

    Raises
    ------
    CustomRuleError: there is no rule, or it returns something other than a value and a tangent of
        the same structure, shapes and dtypes.
    LinearityError: reverse mode through a rule that is not linear in its tangents.
    UnexpectedTracerError: a derivative with respect to something that the function closes over.

    >>> import numpy as np
    >>> @ft.custom_jvp
    ... def log1pexp(x):
    ...     return np.log(1.0 + np.exp(x))
    >>> @log1pexp.defjvp
    ... def log1pexp_jvp(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return log1pexp(x), t * (1.0 - 1.0 / (1.0 + np.exp(x)))
    >>> float(ft.grad(log1pexp)(0.0))
    0.5
    """

    fun: Callable[..., R]

    def __init__(
        self,
        fun: Callable[P, R],
        nondiff_argnums: int | Sequence[int] = (),
        nondiff_argnames: str | Sequence[str] = (),
    ) -> None:
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.jvp: Callable[..., Any] | None = None
        self.symbolic_zeros = False

    def defjvp(
        self, jvp: Callable[..., tuple[R, Any]], symbolic_zeros: bool = False
    ) -> Callable[..., tuple[R, Any]]:
        """Set the rule, and return it: usable as a decorator.

        Parameters
        ----------
        jvp: called with the ``nondiff`` arguments, a tuple of primals and a tuple of tangents; it
            returns the value and the tangent of the result. Tangents of integers have the dtype
            ``float0``.
        symbolic_zeros: tangents that are known to be zero come as
            :class:`functrans.custom_derivatives.SymbolicZero` instead of arrays of zeros, and may
            be returned.
        """
        self.jvp = jvp
        self.symbolic_zeros = symbolic_zeros
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """Set the rule by one function for each argument; None stands for a derivative of zero.

        Each is called with the argument's tangent, the function's value and all arguments, and
        returns the result's tangent; these are summed. Not for functions with ``nondiff``
        arguments.
        """
        if self.nondiff_argnums:
            raise CustomRuleError(
                "defjvps takes one function for each argument, but some are nondiff_argnums.",
                "Use defjvp.",
            )

        function: Callable[..., Any] = self

        def jvp(primals: Any, tangents: Any) -> Any:
            value = function(*primals)
            if len(jvps) != len(primals):
                raise CustomRuleError(
                    f"defjvps got {len(jvps)} functions for {len(primals)} arguments of "
                    f"{self.name}.",
                    "Give one function, or None, for each argument.",
                )
            parts = [
                rule(t, value, *primals)
                for rule, t in zip(jvps, tangents, strict=True)
                if rule is not None
            ]
            if not parts:
                return value, tree.map_(lambda x: instantiated(None, aval_of(x), False), value)
            return value, tree.map_(lambda *ts: sum(ts[1:], ts[0]), *parts)

        self.defjvp(jvp)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.jvp is None:
            raise CustomRuleError(
                f"{self.name} is a custom_jvp function without a rule.",
                f"Give it one with {self.name}.defjvp before it is called.",
            )
        if current_trace() is None:
            return self.fun(*args, **kwargs)
        given = self.positional(args, kwargs)
        site, leaves = self.site(given)
        if not any(isinstance(x, Tracer) for x in leaves):
            return self.fun(*given)
        for x in leaves:
            aval_of(x)  # raises for what is no array
        rule = UsersRule(site, self.jvp, self.symbolic_zeros)
        if only_derivatives(current_trace()):
            outs = bind(custom_jvp_call_p, *leaves, jaxpr=site.run, rule=rule, captured=0)
        else:
            outs = _bind_program(site, rule, leaves)
        result: R = site.out.unflatten(outs)
        return result


def _bind_program(site: Site, rule: UsersRule, leaves: Values) -> Values:
    """Apply the operation in a form that can be written down."""
    avals = [aval_of(x) for x in leaves]
    program = program_of(with_numbers(site.run, leaves), avals)
    kept: JVPRule = rule
    if hides_tracers(program, site):
        with tracing_rules(site):
            of_rule = _rule_program(rule, avals)
        captured, (jaxpr, rule_jaxpr) = together([program, of_rule])
        kept = ProgramRule(site, rule_jaxpr, len(jaxpr.outvars))
    else:
        captured, (jaxpr,) = together([program])
    outs: Values = bind(
        custom_jvp_call_p, *captured, *leaves, jaxpr=jaxpr, rule=kept, captured=len(captured)
    )
    return outs


def _rule_program(rule: UsersRule, avals: Sequence[Aval]) -> Jaxpr:
    n = len(avals)
    active = [is_inexact(a.dtype) for a in avals]

    def flat(*args: Any) -> list[Any]:
        given = iter(args[n:])
        tangents = [next(given) if on else None for on in active]
        outs, dots = rule((), args[:n], tangents)
        pairs = [(aval_of(x), d) for x, d in zip(outs, dots, strict=True)]
        return [*outs, *(instantiated(d, a, False) for a, d in pairs if is_inexact(a.dtype))]

    tangent_avals = [a.strengthen() for a, on in zip(avals, active, strict=True) if on]
    return program_of(flat, [*avals, *tangent_avals])
