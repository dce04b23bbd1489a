"""custom_vmap: a function that vmap maps by a rule of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol

from functrans import kernel, tree
from functrans.control import own_rules
from functrans.control.bodies import together
from functrans.control.custom_rules import (
    CustomFunction,
    Site,
    described,
    only_derivatives,
    program_of,
    with_numbers,
)
from functrans.control.loops import scan
from functrans.core.avals import Aval, aval_of, shape_of
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import Tracer, bind, current_trace
from functrans.errors import CustomRuleError, TreeError
from functrans.primitives.layout import batch_to_front, zeros
from functrans.transforms.linearize import jvp_flat, linearize_flat
from functrans.transforms.stage import P, R, stage, unshared

Values = Sequence[Any]
Bools = Sequence[bool]


class BatchRule(Protocol):
    """What the operation holds: arguments with the examples first where ``batched`` says so.

    Returns the results, and which of them have the examples first.
    """

    def __call__(self, size: int, batched: Bools, args: Values) -> tuple[list[Any], list[bool]]: ...


# --- rules ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UsersRule:
    """The user's own function."""

    site: Site
    rule: Callable[..., Any]

    def __call__(self, size: int, batched: Bools, args: Values) -> tuple[list[Any], list[bool]]:
        site = self.site
        result = self.rule(size, list(site.values(batched)), *site.values(args))
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise CustomRuleError(
                f"{self} returned {result!r:.80}, which is no pair.",
                "Return (value, batched): the value for all examples, and a tree of bools that "
                "says which parts of it have the examples first.",
            )
        value, out_batched = result
        outs = site.out.flatten(value, self)
        try:
            flags = tree.broadcast_prefix(out_batched, value)
        except TreeError as error:
            raise CustomRuleError(
                f"{self} returned a value {tree.structure(value)} and, for what is batched in it, "
                f"{tree.structure(out_batched)}.",
                "The second result has the containers of the first, or is one bool for all of it.",
            ) from error
        for out, on in zip(outs, flags, strict=True):
            shape = shape_of(out)
            if on and (not shape or shape[0] != size):
                raise CustomRuleError(
                    f"{self} returned an array of shape {shape} that should have {size} examples "
                    "along its first axis.",
                    "Move the axis of examples to the front, or say that the result is the same "
                    "for all of them.",
                )
        return unshared(outs), [bool(on) for on in flags]

    def __str__(self) -> str:
        return f"The vmap rule {described(self.rule)} of {self.site}"


@dataclass(frozen=True, slots=True)
class PushedRule:
    """The rule with tangents beside its values: ``nonzero`` says which arguments have one.

    ``out_nonzero`` lists the results that have tangents.
    """

    rule: BatchRule
    nonzero: tuple[bool, ...]
    out_nonzero: tuple[bool, ...]

    def __call__(self, size: int, batched: Bools, args: Values) -> tuple[list[Any], list[bool]]:
        n = len(self.nonzero)
        given = iter(zip(args[n:], batched[n:], strict=True))
        pairs = [next(given) if on else (None, False) for on in self.nonzero]
        # A value and its tangent are batched both or neither.
        both = [a or b for a, (_, b) in zip(batched, pairs, strict=False)]
        primals = [
            batch_to_front(size, x, 0 if have else None) if want else x
            for x, have, want in zip(args, batched, both, strict=False)
        ]
        tangents = [
            batch_to_front(size, t, 0 if have else None) if want and t is not None else t
            for (t, have), want in zip(pairs, both, strict=True)
        ]
        flags: list[bool] = []

        def ruled(*xs: Any) -> list[Any]:
            outs, out_batched = self.rule(size, both, xs)
            flags.extend(out_batched)
            return outs

        outs, dots = jvp_flat(ruled, primals, tangents)
        wanted = [i for i, on in enumerate(self.out_nonzero) if on]
        filled = [zeros(aval_of(outs[i])) if dots[i] is None else dots[i] for i in wanted]
        return [*outs, *filled], [*flags, *(flags[i] for i in wanted)]

    def __str__(self) -> str:
        return str(self.rule)


# --- the primitive -------------------------------------------------------------------------------
#
# ``jaxpr`` is the function's program, whose first ``captured`` operands are what the function
# closes over.


def _linearize(nonzero: Bools, *args: Any, jaxpr: Jaxpr, rule: BatchRule, captured: int) -> Any:
    # Values by the operation, which vmap around maps by the rule; the derivative is the program's.
    outs = bind(custom_vmap_call_p, *args, jaxpr=jaxpr, rule=rule, captured=captured)
    _, linear = linearize_flat(partial(evaluate, jaxpr), args, nonzero)

    def custom_vmap_pushforward(*tangents: Any) -> list[Any]:
        ins = [t for t in linear.ins if t is not None]
        return linear.tape.replay(ins, [t for t in tangents if t is not None], linear.outs)

    return outs, custom_vmap_pushforward


def _jvp(primals: Values, tangents: Values, *, jaxpr: Jaxpr, rule: BatchRule, captured: int) -> Any:
    nonzero = tuple(t is not None for t in tangents)
    out_nonzero: list[bool] = []
    count = len(primals)

    def both(*args: Any) -> list[Any]:
        given = iter(args[count:])
        outs, dots = jvp_flat(
            partial(evaluate, jaxpr), args[:count], [next(given) if on else None for on in nonzero]
        )
        out_nonzero.extend(d is not None for d in dots)
        return [*outs, *(d for d in dots if d is not None)]

    live = [t for t in tangents if t is not None]
    program = stage(both, [aval_of(x) for x in (*primals, *live)])
    if any(nonzero[:captured]):  # the rule knows nothing of these: vmap maps the program itself
        found = evaluate(program, *primals, *live)
    else:
        pushed = PushedRule(rule, nonzero[captured:], tuple(out_nonzero))
        found = bind(
            custom_vmap_call_p, *primals, *live, jaxpr=program, rule=pushed, captured=captured
        )
    n = len(out_nonzero)
    dots = iter(found[n:])
    return found[:n], [next(dots) if on else None for on in out_nonzero]


def _batch(
    size: int,
    args: Values,
    dims: Sequence[int | None],
    *,
    jaxpr: Jaxpr,
    rule: BatchRule,
    captured: int,
) -> Any:
    if any(d is not None for d in dims[:captured]):
        raise CustomRuleError(
            f"{rule} is about the function's arguments, but vmap also maps over a value that the "
            "function closes over.",
            "Pass the value as an argument.",
        )
    given = zip(args[captured:], dims[captured:], strict=True)
    front = [x if d is None else batch_to_front(size, x, d) for x, d in given]
    outs, batched = rule(size, [d is not None for d in dims[captured:]], front)
    return outs, [0 if on else None for on in batched]


def _lower(avals: Sequence[Aval], out: Sequence[Aval], **params: Any) -> kernel.Word:
    return kernel.Call(own_rules=True, own_batch=True)


custom_vmap_call_p: Primitive = Primitive(
    "custom_vmap_call",
    own_rules.types,
    own_rules.run,
    _linearize,
    Absent("linear programs hold the derivative of the function's own program instead"),
    _batch,
    _lower,
    jvp=_jvp,
    multiple=True,
)


# --- the decorators ------------------------------------------------------------------------------


class custom_vmap(CustomFunction, Generic[P, R]):  # noqa: N801  (JAX's name)
    """A function that ``vmap`` maps by a rule of its own, given with :meth:`def_vmap`.

    Its derivatives are those of the function. Forward mode under ``vmap`` differentiates the rule;
    reverse mode under ``vmap`` takes values from the rule, and maps the derivative of the
    function itself.

    Parameters
    ----------
    fun: a function of trees of arrays. Keyword arguments and defaults are sorted into their
        positions.

    Raises
    ------
    CustomRuleError: there is no rule, it returns something else than a value and what is batched
        in it, or ``vmap`` maps over something that the function closes over.

    >>> @ft.custom_batching.custom_vmap
    ... def product(A, x):
    ...     return A @ x
    >>> @product.def_vmap
    ... def product_of_many(axis_size, in_batched, A, x):
    ...     print("batched:", in_batched)
    ...     return x @ A.T, True
    >>> ft.vmap(product, in_axes=(None, 0))(np.eye(2), np.ones((3, 2))).shape
    batched: [False, True]
    (3, 2)
    """

    fun: Callable[..., R]

    def __init__(self, fun: Callable[P, R]) -> None:
        super().__init__(fun)
        self.vmap_rule: Callable[..., Any] | None = None

    def def_vmap(self, vmap_rule: Callable[..., Any]) -> Callable[..., Any]:
        """Set the rule, and return it: usable as a decorator.

        Parameters
        ----------
        vmap_rule: called with the number of examples, a list with a tree of bools for each
            argument that says what has a leading axis of examples, and the arguments. It returns
            a value and a tree of bools of its structure (or one bool) that says the same of it.
        """
        self.vmap_rule = vmap_rule
        return vmap_rule

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.vmap_rule is None:
            raise CustomRuleError(
                f"{self.name} is a custom_vmap function without a rule.",
                f"Give it one with {self.name}.def_vmap before it is called.",
            )
        # Where no vmap is around and nothing is written down, no vmap will ever see it.
        if only_derivatives(current_trace()):
            return self.fun(*args, **kwargs)
        given = self.positional(args, kwargs)
        site, leaves = self.site(given)
        if not any(isinstance(x, Tracer) for x in leaves):
            return self.fun(*given)
        program = program_of(with_numbers(site.run, leaves), [aval_of(x) for x in leaves])
        captured, (jaxpr,) = together([program])
        outs = bind(
            custom_vmap_call_p,
            *captured,
            *leaves,
            jaxpr=jaxpr,
            rule=UsersRule(site, self.vmap_rule),
            captured=len(captured),
        )
        result: R = site.out.unflatten(outs)
        return result


def sequential_vmap(fun: Callable[P, R]) -> custom_vmap[P, R]:
    """A function that ``vmap`` runs for one example after the other, in a loop.

    Memory is then that of one example, and conditions stay conditions: a ``while_loop`` stops
    for each example on its own.

    >>> @ft.custom_batching.sequential_vmap
    ... def halvings(x):
    ...     def halve(s):
    ...         return s[0] / 2, s[1] + 1
    ...     return ft.lax.while_loop(lambda s: s[0] > 1.0, halve, (x, 0))[1]
    >>> ft.vmap(halvings)(np.array([1.0, 5.0, 100.0]))
    array([0, 3, 7])
    """
    function = custom_vmap(fun)
    run: Callable[..., Any] = function

    @function.def_vmap
    def one_by_one(size: int, in_batched: Any, *args: Any) -> tuple[Any, bool]:
        leaves, structure = tree.flatten(args)
        flags = tree.leaves(in_batched)

        def example(_: None, rows: list[Any]) -> tuple[None, Any]:
            row = iter(rows)
            given = [next(row) if on else x for x, on in zip(leaves, flags, strict=True)]
            return None, run(*tree.unflatten(structure, given))

        rows = [x for x, on in zip(leaves, flags, strict=True) if on]
        return scan(example, None, rows, length=size)[1], True

    return function
