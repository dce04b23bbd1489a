"""checkpoint: a part of a function whose residuals are computed again instead of stored.

Its derivative keeps the inputs, and what a policy says; the rest is made again when the tangents
or cotangents come. A checkpointed part is one equation that holds the part's program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from functrans import tree
from functrans.control import own_rules
from functrans.control.bodies import Body, closed, operand, staged
from functrans.control.policies import Policy, nothing_saveable
from functrans.core.avals import aval_of
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Var, remember
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind, bind_many
from functrans.errors import OptionError
from functrans.passes.dce import dce
from functrans.passes.loops import renamed
from functrans.primitives.marks import barrier, name_p
from functrans.transforms.linearize import jvp_jaxpr, linearize_jaxpr
from functrans.transforms.stage import P, R, named
from functrans.transforms.transpose import transpose_jaxpr
from functrans.transforms.vmap import batch_jaxpr

if TYPE_CHECKING:
    from functrans.typing import Ufunc


@dataclass(frozen=True, slots=True)
class _Split:
    """A program in two, of which the second makes again what the first does not save.

    ``primal`` returns the results, then ``saved`` values; ``linear`` maps the inputs in ``read``,
    the saved values and the tangents of the nonzero inputs to the tangents of the results in
    ``out_nonzero``.
    """

    primal: Body
    linear: Body
    read: tuple[int, ...]
    out_nonzero: tuple[bool, ...]


def _split(jaxpr: Jaxpr, nonzero: tuple[bool, ...], policy: Policy) -> _Split:
    split = linearize_jaxpr(jaxpr, nonzero)
    primal, count = split.primal, len(jaxpr.outvars)
    makers = {v: eqn for eqn in primal.eqns for v in eqn.outvars}
    sources: list[Atom] = [
        primal.invars[k] if kind == "in" else primal.outvars[k] for kind, k in split.residuals
    ]
    saved: dict[Var, None] = {}
    again: set[Eqn] = set()
    stack = [v for v in sources if v in makers]
    while stack:
        var = stack.pop()
        eqn = makers[var]
        if var in saved or eqn in again:
            continue
        if policy(eqn.primitive, *(a.aval for a in eqn.invars), **eqn.params):
            saved[var] = None
        else:
            again.add(eqn)
            stack += [a for a in eqn.invars if a in makers]
    # Of an equation that is computed again all results are there: none of them is saved.
    kept = [v for v in saved if makers[v] not in again]

    given = {v: Var(v.aval) for v in (*primal.constvars, *primal.invars, *kept)}
    names: dict[Atom, Atom] = dict(given.items())
    eqns = [renamed(eqn, names) for eqn in primal.eqns if eqn in again]
    linear = split.linear
    residuals = linear.invars[: len(sources)]
    names.update(zip(residuals, [names.get(a, a) for a in sources], strict=True))
    eqns += [e.with_invars([names.get(a, a) for a in e.invars]) for e in linear.eqns]
    whole = dce(
        Jaxpr(
            [*(given[v] for v in primal.constvars), *linear.constvars],
            [*primal.consts, *linear.consts],
            [*(given[v] for v in (*primal.invars, *kept)), *linear.invars[len(sources) :]],
            eqns,
            [names.get(a, a) for a in linear.outvars],
        )
    )
    used = {a for eqn in whole.eqns for a in eqn.invars} | set(whole.outvars)
    read = tuple(k for k, v in enumerate(primal.invars) if given[v] in used)
    inputs = [*(given[primal.invars[k]] for k in read), *whole.invars[len(primal.invars) :]]
    return _Split(
        closed(dce(primal.replace(outvars=[*primal.outvars[:count], *kept]))),
        closed(Jaxpr(whole.constvars, whole.consts, inputs, whole.eqns, whole.outvars)),
        read,
        tuple(split.out_nonzero),
    )


# --- the primitive -------------------------------------------------------------------------------


def _bind(body: Body, args: Sequence[Any], policy: Policy, prevent_cse: bool) -> list[Any]:
    values = [*body.captured, *args]
    return bind_many(
        checkpoint_p, *values, jaxpr=body.jaxpr, policy=policy, prevent_cse=prevent_cse
    )


def _linearize(
    nonzero: Sequence[bool], *args: Any, jaxpr: Jaxpr, policy: Policy, prevent_cse: bool
) -> Any:
    mask = tuple(nonzero)
    split: _Split = remember(
        jaxpr, ("checkpoint", mask, policy), lambda: _split(jaxpr, mask, policy)
    )
    outs = _bind(split.primal, args, policy, prevent_cse)
    n = len(jaxpr.outvars)
    if not any(split.out_nonzero):
        return outs[:n], None
    known = [*(args[k] for k in split.read), *outs[n:]]

    def checkpoint_pushforward(*tangents: Any) -> list[Any]:
        live = [t for t in tangents if t is not None]
        found = iter(_bind(split.linear, [*known, *live], policy, prevent_cse))
        return [next(found) if on else None for on in split.out_nonzero]

    return outs[:n], checkpoint_pushforward


def _jvp(
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    jaxpr: Jaxpr,
    policy: Policy,
    prevent_cse: bool,
) -> Any:
    program, out_nonzero = jvp_jaxpr(jaxpr, tuple(t is not None for t in tangents))
    live = [t for t in tangents if t is not None]
    found = _bind(closed(program), [*primals, *live], policy, prevent_cse)
    n = len(jaxpr.outvars)
    dots = iter(found[n:])
    return found[:n], [next(dots) if on else None for on in out_nonzero]


def _transpose(
    cotangents: Sequence[Any], *args: Any, jaxpr: Jaxpr, policy: Policy, prevent_cse: bool
) -> None:
    linear = tuple(isinstance(a, Accumulator) for a in args)
    nonzero = tuple(ct is not None for ct in cotangents)
    transposed = transpose_jaxpr(jaxpr, linear, nonzero)
    known = [a for a in args if not isinstance(a, Accumulator)]
    given = [ct for ct in cotangents if ct is not None]
    if prevent_cse:  # what is made again is made when its cotangents are there, not before
        known = barrier(known, given)
    found = _bind(closed(transposed), [*known, *given], policy, prevent_cse)
    targets = [a for a in args if isinstance(a, Accumulator)]
    for target, ct in zip(targets, found, strict=True):
        target.add(ct)


def _batch(
    size: int, args: Any, dims: Any, *, jaxpr: Jaxpr, policy: Policy, prevent_cse: bool
) -> Any:
    batched, out_dims = batch_jaxpr(jaxpr, size, tuple(dims))
    return _bind(closed(batched), args, policy, prevent_cse), out_dims


checkpoint_p: Primitive = Primitive(
    "checkpoint",
    own_rules.strong_types,
    own_rules.run,
    _linearize,
    _transpose,
    _batch,
    own_rules.lower,
    jvp=_jvp,
    multiple=True,
)


# --- the transform -------------------------------------------------------------------------------


@overload
def checkpoint(
    fun: Ufunc,
    *,
    prevent_cse: bool = True,
    policy: Policy | None = None,
    static_argnums: int | Sequence[int] = (),
) -> Callable[..., Any]: ...
@overload
def checkpoint(
    fun: Callable[P, R],
    *,
    prevent_cse: bool = True,
    policy: Policy | None = None,
    static_argnums: int | Sequence[int] = (),
) -> Callable[P, R]: ...
@overload
def checkpoint(
    *,
    prevent_cse: bool = True,
    policy: Policy | None = None,
    static_argnums: int | Sequence[int] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def checkpoint(
    fun: Callable[..., Any] | None = None,
    *,
    prevent_cse: bool = True,
    policy: Policy | None = None,
    static_argnums: int | Sequence[int] = (),
) -> Any:
    """``fun``, whose derivative stores its inputs and computes the rest again when it is needed.

    A gradient through a chain of checkpointed functions needs the memory of the values between
    them and of one function's inside, for about one more run of each. The function is traced, as
    by jit.

    Parameters
    ----------
    prevent_cse: keep compiled code from reading the values of the first run instead. It can be
        turned off where that cannot happen: in the body of a loop.
    policy: says what is stored beside the inputs, one of ``checkpoint_policies``; without it
        nothing.
    static_argnums: arguments that are Python values and not traced.

    Raises
    ------
    ArgumentError: what is no function. OptionError: static_argnums that the call does not have.

    >>> layer = ft.checkpoint(lambda x: np.sin(np.sin(x)))
    >>> ft.grad(lambda x: np.sum(layer(layer(x))))(np.array([0.0, 1.0]))
    array([1.        , 0.20593521])
    """
    if fun is None:

        def decorate(f: Callable[..., Any]) -> Any:
            return checkpoint(
                f, prevent_cse=prevent_cse, policy=policy, static_argnums=static_argnums
            )

        return decorate
    if policy is not None and not callable(policy):
        raise OptionError(
            f"policy is {policy!r:.60}, which is no function of a primitive and its operands.",
            "Choose one of functrans.checkpoint_policies.",
        )
    statics = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
    rule = nothing_saveable if policy is None else policy

    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        fixed = _static_places(statics, len(args))
        dynamic = [a for i, a in enumerate(args) if i not in fixed]
        leaves, in_tree = tree.flatten((dynamic, kwargs))
        out_tree: list[tree.PyTreeDef] = []

        def flat_function(*flat: Any) -> list[Any]:
            values, keywords = tree.unflatten(in_tree, flat)
            rest = iter(values)
            merged = [a if i in fixed else next(rest) for i, a in enumerate(args)]
            outs, structure = tree.flatten(fun(*merged, **keywords))
            out_tree.append(structure)
            return outs

        avals = [aval_of(x) for x in leaves]
        body = staged(flat_function, avals)
        values = [operand(x, a.strengthen()) for x, a in zip(leaves, avals, strict=True)]
        outs = _bind(body, values, rule, prevent_cse)
        return tree.unflatten(out_tree[0], outs)

    return named(checkpointed, fun, "checkpoint", "{}, run again in the backward pass.")


def checkpoint_name(x: Any, name: str) -> Any:
    """``x``, a tree of arrays, which policies of :func:`functrans.checkpoint` know by a name.

    >>> policy = ft.checkpoint_policies.save_only_these_names("hidden")
    >>> @ft.checkpoint(policy=policy)
    ... def f(x):
    ...     return np.cos(ft.ad_checkpoint.checkpoint_name(np.sin(x), "hidden"))
    >>> ft.ad_checkpoint.print_saved_residuals(f, np.ones(3))
    f64[3] from the argument [0]
    f64[3] named 'hidden'
    """
    if not isinstance(name, str):
        raise OptionError(f"The name of a value is {name!r:.60}, which is no string.")
    return tree.map_(lambda v: bind(name_p, v, name=name), x)


def _static_places(numbers: Sequence[int], count: int) -> set[int]:
    for i in numbers:
        if not -count <= i < count:
            raise OptionError(f"static_argnums names argument {i} of {count}.")
    return {i % count for i in numbers}
