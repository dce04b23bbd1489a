"""custom_vjp: a function whose reverse mode is a pair of the user's own functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol

import numpy as np

from functrans import tree
from functrans.control import own_rules
from functrans.control.bodies import batched_to_front, operand, together
from functrans.control.custom_lin import Backward, BatchedBackward, custom_lin_p
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
from functrans.errors import CustomRuleError, TreeError, UnexpectedTracerError
from functrans.primitives.layout import batch_to_front
from functrans.transforms.linearize import snapshot
from functrans.transforms.stage import P, R, unshared
from functrans.transforms.vmap import batch_flat, mapped_name

Values = Sequence[Any]


class VJPRules(Protocol):
    """What the operation holds: from arguments to results, residuals, and the second half."""

    def __call__(
        self, captured: Values, primals: Values, nonzero: Sequence[bool]
    ) -> tuple[list[Any], list[Any], Backward]: ...


class CustomVJPPrimal:
    """What a forward rule with ``symbolic_zeros`` is given for each array.

    ``value`` is the array, ``perturbed`` whether a derivative with respect to it is asked for.

    >>> ft.custom_derivatives.CustomVJPPrimal(2.0, True).perturbed
    True
    """

    __slots__ = ("perturbed", "value")

    def __init__(self, value: Any, perturbed: bool) -> None:
        self.value = value
        self.perturbed = perturbed

    def __repr__(self) -> str:
        return f"CustomVJPPrimal({self.value!r}, perturbed={self.perturbed})"


def custom_vjp_primal_tree_values(primals: Any) -> Any:
    """A tree with the values of its :class:`CustomVJPPrimal` leaves in their place.

    >>> primal = ft.custom_derivatives.CustomVJPPrimal(2.0, True)
    >>> ft.custom_derivatives.custom_vjp_primal_tree_values([primal, primal])
    [2.0, 2.0]
    """
    return tree.map_(lambda leaf: leaf.value, primals)


# --- rules ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UsersRules:
    """The user's own pair; run whenever a derivative is taken."""

    site: Site
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    symbolic: bool

    def __call__(
        self, captured: Values, primals: Values, nonzero: Sequence[bool]
    ) -> tuple[list[Any], list[Any], Backward]:
        site = self.site
        given = primals
        if self.symbolic:
            given = [CustomVJPPrimal(x, on) for x, on in zip(primals, nonzero, strict=True)]
        with hints_at_closures(self):
            result = self.forward(*_merged(site, site.values(given)))
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise CustomRuleError(
                f"{self} returned {result!r:.80}, which is no pair.",
                "Return (value, residuals): the function's value, and a tree of what the backward "
                "rule needs; it may be None.",
            )
        value, kept = result
        outs = unshared(site.out.flatten(value, self))
        leaves, structure = tree.flatten(kept)
        # What is no array, a Python int for example, reaches the backward rule as it is.
        arrays = [x for x in leaves if isinstance(x, Tracer | np.ndarray)]
        fixed = [None if isinstance(x, Tracer | np.ndarray) else (x,) for x in leaves]
        residuals = [snapshot(x) if isinstance(x, np.ndarray) else x for x in arrays]
        in_avals = [aval_of(x).strengthen() for x in primals]
        out_avals = [aval_of(x).strengthen() for x in outs]
        backward = UsersBackward(self, structure, tuple(fixed), in_avals, out_avals)
        return outs, residuals, backward

    def __str__(self) -> str:
        return f"The forward rule {described(self.forward)} of {self.site}"


def _merged(site: Site, values: Sequence[Any]) -> list[Any]:
    """The arguments in their places, as the forward rule is given them."""
    fixed = {i: static.value for i, static in site.fixed}
    rest = iter(values)
    return [fixed[i] if i in fixed else next(rest) for i in range(len(fixed) + len(values))]


@dataclass(frozen=True, slots=True, eq=False)
class UsersBackward:
    """The backward rule for one run of the forward rule."""

    rules: UsersRules
    structure: tree.PyTreeDef  # of residuals
    fixed: tuple[tuple[Any] | None, ...]  # residuals that are no arrays
    in_avals: Sequence[Aval]
    out_avals: Sequence[Aval]

    def __call__(self, residuals: Values, cotangents: Values) -> list[Any]:
        rules = self.rules
        site = rules.site
        rest = iter(residuals)
        kept = tree.unflatten(
            self.structure, [next(rest) if x is None else x[0] for x in self.fixed]
        )
        given = [
            instantiated(ct, a, rules.symbolic)
            for ct, a in zip(cotangents, self.out_avals, strict=True)
        ]
        with hints_at_closures(self):
            found = rules.backward(*site.nondiff, kept, site.out.unflatten(given))
        return self._checked(found)

    def _checked(self, found: Any) -> list[Any]:
        """A cotangent for each array; None for zeros and for integers."""
        wanted = self.rules.site.in_tree
        count = len(wanted.children)
        if not isinstance(found, tuple | list) or len(found) != count:
            raise CustomRuleError(
                f"{self} returned {found!r:.80} for {count} arguments.",
                "Return a tuple with one cotangent, or None for a zero, for each argument that is "
                "not in nondiff_argnums.",
            )
        leaves: list[Any] = []
        for i, (structure, cotangent) in enumerate(zip(wanted.children, found, strict=True)):
            leaves += self._leaves(i, structure, cotangent)
        return [self._typed(ct, a) for ct, a in zip(leaves, self.in_avals, strict=True)]

    def _leaves(self, argument: int, structure: tree.PyTreeDef, cotangent: Any) -> list[Any]:
        try:
            return _spread(structure, cotangent)
        except TreeError as error:
            raise CustomRuleError(
                f"{self} returned {tree.structure(cotangent)} for argument {argument}, whose "
                f"structure is {structure}.",
                "A cotangent has its argument's containers and keys; None in the place of a part "
                "says that it is zero.",
            ) from error

    def _typed(self, cotangent: Any, aval: Aval) -> Any:
        if cotangent is None or isinstance(cotangent, SymbolicZero):
            return None
        found, wanted = aval_of(cotangent), aval.tangent()
        if wanted.dtype == float0:
            return None
        if found.shape == wanted.shape and (found.weak or found.dtype == wanted.dtype):
            return operand(cotangent, wanted)
        raise CustomRuleError(
            f"{self} returned a cotangent of type {found.strengthen()} for an argument of type "
            f"{aval}.",
            "Give each cotangent the shape and dtype of its argument.",
        )

    def __str__(self) -> str:
        return f"The backward rule {described(self.rules.backward)} of {self.rules.site}"


def _spread(structure: tree.PyTreeDef, cotangent: Any) -> list[Any]:
    """The leaves of a cotangent; None in the place of a subtree stands for zeros there."""
    if cotangent is None:
        return [None] * structure.num_leaves
    if structure.type is None:
        if tree.structure(cotangent) != tree.LEAF:
            raise TreeError(f"There is a {tree.structure(cotangent)} in the place of an array.")
        return [cotangent]
    count = len(structure.children)
    level = tree.PyTreeDef(structure.type, structure.aux, (tree.LEAF,) * count, count)
    parts = tree.flatten_up_to(level, cotangent)
    pairs = zip(structure.children, parts, strict=True)
    return [leaf for inner, part in pairs for leaf in _spread(inner, part)]


@dataclass(frozen=True, slots=True)
class ProgramRules:
    """Rules that close over traced values, as programs of them."""

    site: Site
    forward: Jaxpr
    backward: Jaxpr
    results: int
    out_avals: tuple[Aval, ...]
    given: tuple[bool, ...]  # the arguments that the backward program returns cotangents of

    def __call__(
        self, captured: Values, primals: Values, nonzero: Sequence[bool]
    ) -> tuple[list[Any], list[Any], Backward]:
        found = evaluate(self.forward, *captured, *primals)
        outs, residuals = found[: self.results], found[self.results :]
        return outs, [*captured, *residuals], ProgramBackward(self)

    def __str__(self) -> str:
        return f"The pair of rules of {self.site}"


@dataclass(frozen=True, slots=True)
class ProgramBackward:
    """The backward rule of :class:`ProgramRules`."""

    rules: ProgramRules

    def __call__(self, residuals: Values, cotangents: Values) -> list[Any]:
        pairs = zip(cotangents, self.rules.out_avals, strict=True)
        given = [instantiated(ct, a, False) for ct, a in pairs if is_inexact(a.dtype)]
        found = iter(evaluate(self.rules.backward, *residuals, *given))
        return [next(found) if on else None for on in self.rules.given]


@dataclass(frozen=True, slots=True)
class BatchedRules:
    """Rules over many examples, which come first in every result."""

    rules: VJPRules
    size: int
    dims: tuple[int | None, ...]  # of captured values and arguments
    name: Name | None  # of the axis

    def __call__(
        self, captured: Values, primals: Values, nonzero: Sequence[bool]
    ) -> tuple[list[Any], list[Any], Backward]:
        n = len(captured)
        backward: list[Backward] = []
        counts: list[int] = []

        def example(*args: Any) -> list[Any]:
            outs, residuals, second = self.rules(args[:n], args[n:], nonzero)
            backward.append(second)
            counts.append(len(outs))
            return [*outs, *residuals]

        values, axes = batch_flat(example, self.size, [*captured, *primals], self.dims, self.name)
        count = counts[0]
        outs = [
            batch_to_front(self.size, x, d)
            for x, d in zip(values[:count], axes[:count], strict=True)
        ]
        second = BatchedBackward(
            backward[0], self.size, tuple(axes[count:]), self.dims[n:], self.name
        )
        return outs, values[count:], second

    def __str__(self) -> str:
        return str(self.rules)


# --- the primitive -------------------------------------------------------------------------------
#
# ``jaxpr`` is the function's program, whose first ``captured`` operands are what the function
# closes over. Where derivatives are all that is going on it is the function itself.


def _linearize(
    nonzero: Sequence[bool], *args: Any, jaxpr: Any, rules: VJPRules, captured: int
) -> Any:
    check_captured(rules, nonzero[:captured])
    asked = tuple(nonzero[captured:])
    outs, residuals, backward = rules(args[:captured], args[captured:], asked)
    out_avals = [aval_of(x).strengthen() for x in outs]
    inexact = tuple(is_inexact(a.dtype) for a in out_avals)

    def custom_vjp_pushforward(*tangents: Any) -> list[Any]:
        dots = iter(
            bind(
                custom_lin_p,
                *residuals,
                *(t for t in tangents if t is not None),
                backward=backward,
                residuals=len(residuals),
                perturbed=asked,
                out_avals=tuple(a for a, on in zip(out_avals, inexact, strict=True) if on),
                inexact=inexact,
            )
        )
        return [next(dots) if on else None for on in inexact]

    return outs, custom_vjp_pushforward


def _batch(
    size: int,
    args: Values,
    dims: Sequence[int | None],
    *,
    jaxpr: Jaxpr,
    rules: VJPRules,
    captured: int,
) -> Any:
    outs = bind(
        custom_vjp_call_p,
        *args,
        jaxpr=batched_to_front(jaxpr, size, tuple(dims)),
        rules=BatchedRules(rules, size, tuple(dims), mapped_name()),
        captured=captured,
    )
    return outs, [0] * len(outs)


custom_vjp_call_p: Primitive = Primitive(
    "custom_vjp_call",
    own_rules.types,
    own_rules.run,
    _linearize,
    Absent("a function with rules is linearized by them before anything is transposed"),
    _batch,
    own_rules.lower,
    multiple=True,
)


# --- the decorator -------------------------------------------------------------------------------


class custom_vjp(CustomFunction, Generic[P, R]):  # noqa: N801  (JAX's name)
    """A function whose reverse mode is a pair of functions, given with :meth:`defvjp`.

    The pair is differentiated for second derivatives, mapped by ``vmap`` and compiled by ``jit``
    like any other code. Forward mode through such a function raises CustomRuleError.

    Parameters
    ----------
    fun: the function; arguments and results are trees of arrays. Keyword arguments and defaults
        are sorted into their positions.
    nondiff_argnums, nondiff_argnames: arguments that are no arrays; the forward rule gets them in
        their places, the backward rule gets them first. They cannot be traced values.

    Raises
    ------
    CustomRuleError: there are no rules, or one returns something of another structure, shape or
        dtype than it must.
    UnexpectedTracerError: a traced value as a ``nondiff`` argument, or a derivative with respect
        to something that the function closes over.

    >>> import numpy as np
    >>> @ft.custom_vjp
    ... def clipped_gradient(x):
    ...     return x
    >>> clipped_gradient.defvjp(lambda x: (x, None), lambda _, ct: (np.clip(ct, -1.0, 1.0),))
    >>> float(ft.grad(lambda x: 5.0 * clipped_gradient(x))(2.0))
    1.0
    """

    fun: Callable[..., R]

    def __init__(
        self,
        fun: Callable[P, R],
        nondiff_argnums: int | Sequence[int] = (),
        nondiff_argnames: str | Sequence[str] = (),
    ) -> None:
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.fwd: Callable[..., Any] | None = None
        self.bwd: Callable[..., Any] | None = None
        self.symbolic_zeros = False

    def defvjp(
        self,
        fwd: Callable[..., tuple[R, Any]],
        bwd: Callable[..., Any],
        symbolic_zeros: bool = False,
        optimize_remat: bool = False,
    ) -> None:
        """Set the rules.

        Parameters
        ----------
        fwd: takes the function's arguments and returns its value and residuals, a tree of
            anything that ``bwd`` needs. What in it is no array stays as it is.
        bwd: takes the ``nondiff`` arguments, the residuals and the cotangent of the value; it
            returns a tuple with a cotangent for each other argument. None is a zero; so is
            whatever it gives for an integer.
        symbolic_zeros: ``fwd`` gets a :class:`functrans.custom_derivatives.CustomVJPPrimal` for
            each array, and cotangents that are known to be zero come as
            :class:`functrans.custom_derivatives.SymbolicZero`.
        optimize_remat: accepted for compatibility; it changes nothing here.
        """
        self.fwd = fwd
        self.bwd = bwd
        self.symbolic_zeros = symbolic_zeros

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.fwd is None or self.bwd is None:
            raise CustomRuleError(
                f"{self.name} is a custom_vjp function without rules.",
                f"Give it some with {self.name}.defvjp before it is called.",
            )
        if current_trace() is None:
            return self.fun(*args, **kwargs)
        given = self.positional(args, kwargs)
        site, leaves = self.site(given)
        if any(isinstance(x, Tracer) for x in tree.leaves(site.nondiff)):
            raise UnexpectedTracerError(
                f"{self.name} got a traced value for an argument that nondiff_argnums names.",
                "Leave arrays out of nondiff_argnums, and let the backward rule return None for "
                "them.",
            )
        if not any(isinstance(x, Tracer) for x in leaves):
            return self.fun(*given)
        for x in leaves:
            aval_of(x)  # raises for what is no array
        rules = UsersRules(site, self.fwd, self.bwd, self.symbolic_zeros)
        if only_derivatives(current_trace()):
            outs = bind(custom_vjp_call_p, *leaves, jaxpr=site.run, rules=rules, captured=0)
        else:
            outs = _bind_program(site, rules, leaves)
        result: R = site.out.unflatten(outs)
        return result


def _bind_program(site: Site, rules: UsersRules, leaves: Values) -> Values:
    """Apply the operation in a form that can be written down."""
    avals = [aval_of(x) for x in leaves]
    program = program_of(with_numbers(site.run, leaves), avals)
    kept: VJPRules = rules
    if hides_tracers(program, site):
        with tracing_rules(site):
            forward, backward, out_avals, given = _rule_programs(rules, avals)
        captured, (jaxpr, fwd, bwd) = together([program, forward, backward])
        results = len(jaxpr.outvars)
        kept = ProgramRules(site, fwd, bwd, results, out_avals, given)
    else:
        captured, (jaxpr,) = together([program])
    outs: Values = bind(
        custom_vjp_call_p, *captured, *leaves, jaxpr=jaxpr, rules=kept, captured=len(captured)
    )
    return outs


def _rule_programs(
    rules: UsersRules, avals: Sequence[Aval]
) -> tuple[Jaxpr, Jaxpr, tuple[Aval, ...], tuple[bool, ...]]:
    """Both rules as programs, the types of the results, and which arguments get cotangents."""
    second: list[Backward] = []
    counts: list[int] = []
    given: list[bool] = []

    def forward(*primals: Any) -> list[Any]:
        outs, residuals, backward = rules((), primals, [is_inexact(a.dtype) for a in avals])
        second.append(backward)
        counts.append(len(outs))
        return [*outs, *residuals]

    first = program_of(forward, avals)
    results = first.out_avals
    out_avals = tuple(a.strengthen() for a in results[: counts[-1]])
    residual_avals = results[counts[-1] :]
    inexact = [is_inexact(a.dtype) for a in out_avals]

    def backward(*args: Any) -> list[Any]:
        n = len(residual_avals)
        rest = iter(args[n:])
        found = second[-1](args[:n], [next(rest) if on else None for on in inexact])
        given.extend(ct is not None for ct in found)
        return [ct for ct in found if ct is not None]

    cotangents = [a for a, on in zip(out_avals, inexact, strict=True) if on]
    last = program_of(backward, [*residual_avals, *cotangents])
    return first, last, out_avals, tuple(given)
