"""while_loop: a loop that runs as long as a condition holds; and fori_loop, one of either kind."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from functrans import kernel, tree
from functrans.control.bodies import (
    Body,
    changed_structure,
    changed_type,
    check_unroll,
    closed,
    filled,
    operand,
    stage_carried,
    staged,
)
from functrans.control.call import _disabled, executable_of, jit_p
from functrans.control.loop_programs import (
    Pushed,
    Values,
    batched,
    examples_first,
    parts,
    pushed,
)
from functrans.control.loops import NATIVE, scan
from functrans.core.avals import Aval, aval_of
from functrans.core.jaxpr import Eqn, Jaxpr, Var, evaluate, remember
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import Tracer, bind
from functrans.errors import ArgumentError, OptionError, TypeMismatchError
from functrans.passes.dce import calmed
from functrans.primitives.layout import batch_to_front, broadcast_in_dim
from functrans.primitives.linear import add, select_n
from functrans.primitives.reductions import reduce_or
from functrans.transforms.stage import stage
from functrans.transforms.vmap import batch_flat


def run_while(
    cond: Body, body: Body, of_cond: Values, of_body: Values, carries: Values
) -> list[Any]:
    """Apply the operation; returns the last carries."""
    of_cond, of_body = [*cond.captured, *of_cond], [*body.captured, *of_body]
    outs: list[Any] = bind(
        while_p,
        *of_cond,
        *of_body,
        *carries,
        cond_jaxpr=cond.jaxpr,
        body_jaxpr=body.jaxpr,
        cond_constants=len(of_cond),
        body_constants=len(of_body),
    )
    return outs


# --- type and value ------------------------------------------------------------------------------


def _while_abstract(
    *avals: Aval, cond_jaxpr: Jaxpr, body_jaxpr: Jaxpr, cond_constants: int, body_constants: int
) -> list[Aval]:
    wanted = [*cond_jaxpr.in_avals[:cond_constants], *body_jaxpr.in_avals]
    outs = body_jaxpr.out_avals
    carried = wanted[cond_constants + body_constants :]
    if len(avals) != len(wanted) or not all(map(Aval.same_type, [*avals, *outs], wanted + carried)):
        raise TypeMismatchError(
            f"while_loop got operands of types {avals} for a program from {wanted} to {outs}."
        )
    return [a.strengthen() for a in outs]


def _while_impl(
    *args: Any, cond_jaxpr: Jaxpr, body_jaxpr: Jaxpr, cond_constants: int, body_constants: int
) -> Sequence[Any]:
    if _disabled.get() or not NATIVE:
        cond, body = (
            partial(evaluate, p) if _disabled.get() else executable_of(p).run
            for p in (cond_jaxpr, body_jaxpr)
        )
        of_cond, of_body, carries = parts(args, cond_constants, body_constants)
        while cond(*of_cond, *carries)[0]:
            carries = body(*of_body, *carries)
        return carries

    def make() -> Jaxpr:
        """The program of this one equation."""
        invars = [Var(a) for a in (*cond_jaxpr.in_avals[:cond_constants], *body_jaxpr.in_avals)]
        params: dict[str, Any] = {
            "cond_jaxpr": cond_jaxpr, "body_jaxpr": body_jaxpr,
            "cond_constants": cond_constants, "body_constants": body_constants,
        }  # fmt: skip
        outvars = [Var(a.strengthen()) for a in body_jaxpr.out_avals]
        return Jaxpr((), (), invars, [Eqn(while_p, invars, outvars, params)], outvars)

    key = ("while program", cond_jaxpr, cond_constants, body_constants)
    return executable_of(remember(body_jaxpr, key, make)).run(*args)


# --- derivatives: forward mode -------------------------------------------------------------------


def _pushed_programs(
    cond_jaxpr: Jaxpr, body_jaxpr: Jaxpr, body_constants: int, nonzero: tuple[bool, ...]
) -> tuple[Body, Pushed]:
    """The condition, which ignores tangents, and the body with tangents beside its values."""
    carries = len(body_jaxpr.outvars)
    program = pushed(body_jaxpr, body_constants, carries, nonzero)
    unread = [Var(a) for a, on in zip(body_jaxpr.out_avals, program.carried, strict=True) if on]
    invars = [*cond_jaxpr.invars, *unread]
    return Body(Jaxpr((), (), invars, cond_jaxpr.eqns, cond_jaxpr.outvars)), program


def _while_jvp(
    primals: Values,
    tangents: Values,
    *,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
) -> Any:
    of_cond, of_body, carries = parts(primals, cond_constants, body_constants)
    _, body_dots, carry_dots = parts(tangents, cond_constants, body_constants)
    nonzero = tuple(t is not None for t in (*body_dots, *carry_dots))
    cond, program = remember(
        body_jaxpr,
        ("while jvp", cond_jaxpr, body_constants, nonzero),
        lambda: _pushed_programs(cond_jaxpr, body_jaxpr, body_constants, nonzero),
    )
    outs = run_while(
        cond,
        program.body,
        of_cond,
        [*of_body, *(t for t in body_dots if t is not None)],
        [*carries, *filled(carry_dots, body_jaxpr.out_avals, program.carried)],
    )
    n = len(carries)
    dots = iter(outs[n:])
    return outs[:n], [next(dots) if on else None for on in program.carried]


def _while_linearize(nonzero: Sequence[bool], *args: Any, **params: Any) -> Any:
    """The pushforward runs the loop again, with tangents: how often is not known before."""
    outs = bind(while_p, *args, **params)
    again = {name: calmed(value) for name, value in params.items()}
    if not any(nonzero[params["cond_constants"] :]):
        return outs, None

    def while_pushforward(*tangents: Any) -> Any:
        return _while_jvp(args, tangents, **again)[1]

    return outs, while_pushforward


_NO_WAY_BACK = Absent(
    "reverse mode (grad, vjp, jacrev) finds no way back through a while_loop, or a fori_loop with "
    "traced bounds, since how often it ran is not kept; use scan, or fori_loop with Python ints as "
    "bounds, or forward mode (jvp, jacfwd)"
)


# --- one more axis -------------------------------------------------------------------------------


def _while_batch(
    size: int,
    args: Values,
    dims: Sequence[int | None],
    *,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
) -> Any:
    of_cond, of_body, carries = parts(args, cond_constants, body_constants)
    cond_dims, body_dims, carry_dims = parts(tuple(dims), cond_constants, body_constants)
    inner = tuple(None if d is None else 0 for d in carry_dims)
    key = (cond_jaxpr, body_constants, size, tuple(cond_dims), tuple(body_dims), inner)
    program = remember(
        body_jaxpr,
        ("while batch", *key),
        lambda: batched(body_jaxpr, body_constants, len(carries), size, (*body_dims, *inner)),
    )
    carried = program.carried
    cond, varies = remember(
        body_jaxpr,
        ("while condition", *key),
        lambda: _batched_condition(cond_jaxpr, size, cond_dims, carried),
    )

    def spread(mask: Sequence[bool]) -> list[Any]:
        return [
            batch_to_front(size, x, d) if on else x
            for x, d, on in zip(carries, carry_dims, mask, strict=True)
        ]

    if not varies:
        outs = run_while(cond, program.body, of_cond, of_body, spread(carried))
        return outs, [0 if on else None for on in carried]
    # Examples stop at different times: all carries differ, and those that are done stay.
    going, stepping, asking = remember(
        body_jaxpr,
        ("while frozen", *key),
        lambda: _frozen_programs(cond_jaxpr, body_jaxpr, size, cond_dims, body_dims, len(carries)),
    )
    starts = spread([True] * len(carries))
    [first] = bind(jit_p, *of_cond, *starts, jaxpr=asking, name="while_condition")
    outs = run_while(going, stepping, (), [*of_cond, *of_body], [first, *starts])
    return outs[1:], [0] * len(carries)


def _batched_condition(
    cond_jaxpr: Jaxpr, size: int, cond_dims: Sequence[int | None], carried: Sequence[bool]
) -> tuple[Body, bool]:
    """The condition for all examples, and whether it differs between them."""
    dims = [*cond_dims, *(0 if on else None for on in carried)]
    found: list[int | None] = []

    def condition(*args: Any) -> list[Any]:
        outs, found[:] = batch_flat(partial(evaluate, cond_jaxpr), size, args, dims)
        return outs

    program = stage(condition, examples_first(cond_jaxpr.in_avals, dims, size))
    return closed(program), found[0] is not None


def _frozen_programs(
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    size: int,
    cond_dims: Sequence[int | None],
    body_dims: Sequence[int | None],
    carries: int,
) -> tuple[Body, Body, Jaxpr]:
    """Condition, body and first condition of the loop over (who is going on, all carries).

    The loop runs while any example goes on; an example that is done keeps its carries.
    """
    of_cond, of_body = len(cond_dims), len(body_dims)
    lead = [0] * carries

    def ask(*args: Any) -> list[Any]:
        [on], [dim] = batch_flat(partial(evaluate, cond_jaxpr), size, args, [*cond_dims, *lead])
        return [batch_to_front(size, on, dim)]

    def step(*args: Any) -> list[Any]:
        known, inner, (going, *old) = parts(args, of_cond, of_body)
        new, found = batch_flat(
            partial(evaluate, body_jaxpr), size, [*inner, *old], [*body_dims, *lead]
        )
        kept = [
            select_n(_wide(going, x), x, batch_to_front(size, y, d))
            for x, y, d in zip(old, new, found, strict=True)
        ]
        return [*ask(*known, *kept), *kept]

    flags = Aval((size,), np.dtype(bool))
    cond_avals = examples_first(cond_jaxpr.in_avals, [*cond_dims, *lead], size)
    body_avals = examples_first(body_jaxpr.in_avals, [*body_dims, *lead], size)
    state = [flags, *body_avals[of_body:]]
    going = stage(lambda on, *rest: [reduce_or(on, (0,))], state)
    stepping = stage(step, [*cond_avals[:of_cond], *body_avals[:of_body], *state])
    return closed(going), closed(stepping), stage(ask, cond_avals)


def _wide(going: Any, x: Any) -> Any:
    """One flag for each element of ``x``."""
    return broadcast_in_dim(going, x.shape, (0,))


def _while_lower(
    avals: Sequence[Aval],
    out: Sequence[Aval],
    *,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
) -> kernel.Word:
    if not NATIVE:
        return kernel.Fallback("loops are not native yet")
    return kernel.While(cond_constants, body_constants)


while_p: Primitive = Primitive(
    "while",
    _while_abstract,
    _while_impl,
    _while_linearize,
    _NO_WAY_BACK,
    _while_batch,
    _while_lower,
    jvp=_while_jvp,
    multiple=True,
)


# --- the functions -------------------------------------------------------------------------------


def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any:
    """``while cond_fun(val): val = body_fun(val)``, traced once and compiled.

    Forward mode goes through it, reverse mode does not: how often it runs is not known before.
    Under :func:`vmap` the loop runs until every example is done; those that are done stay.

    Parameters
    ----------
    cond_fun: maps the value to one boolean.
    body_fun: maps the value to the next one, of the same structure, shapes and dtypes.
    init_val: the first value, a tree of arrays and numbers. A Python number takes the dtype that
        ``body_fun`` gives it.

    Raises
    ------
    TypeMismatchError: a value that changes its structure, shape or dtype; a condition that is
        no boolean of rank 0.
    MissingRuleError: reverse-mode differentiation.

    >>> int(ft.lax.while_loop(lambda n: n < 100, lambda n: 2 * n, 3))
    192
    """
    for f in (cond_fun, body_fun):
        if not callable(f):
            raise ArgumentError(f"while_loop needs functions, not {f!r:.60}.")
    if _disabled.get():
        value = init_val
        while cond_fun(value):
            value = body_fun(value)
        return value
    start, in_tree = tree.flatten(init_val)

    def flat_body(*leaves: Any) -> list[Any]:
        outs, out_tree = tree.flatten(body_fun(tree.unflatten(in_tree, leaves)))
        if out_tree != in_tree:
            raise changed_structure("while_loop", in_tree, out_tree)
        return outs

    def flat_cond(*leaves: Any) -> list[Any]:
        found = cond_fun(tree.unflatten(in_tree, leaves))
        if tree.structure(found).type is None:
            aval = aval_of(found)
            if aval.shape == () and aval.dtype == bool:
                return [found]
            found = aval
        raise TypeMismatchError(
            f"The condition of while_loop returned {found!s:.80}, which is no boolean of rank 0.",
            "Return one comparison, or combine an array of them with .any() or .all().",
        )

    body, types = stage_carried(
        flat_body, [aval_of(x) for x in start], (), partial(changed_type, "while_loop", init_val)
    )
    cond = staged(flat_cond, types)
    carries = [operand(x, a) for x, a in zip(start, types, strict=True)]
    return tree.unflatten(in_tree, run_while(cond, body, (), (), carries))


def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
) -> Any:
    """``for i in range(lower, upper): val = body_fun(i, val)``, compiled.

    With bounds that are known when it is called the loop is a :func:`scan` and can be
    differentiated in both modes; with traced bounds it is a :func:`while_loop`, which has forward
    mode alone. The index stands for a Python int.

    Raises
    ------
    TypeMismatchError: a value that changes its structure, shape or dtype.
    OptionError: bounds that are no integers.

    >>> import numpy as np
    >>> ft.lax.fori_loop(0, 4, lambda i, x: x.at[i].set(i * 2.0), np.zeros(4))
    array([0., 2., 4., 6.])
    """
    if not callable(body_fun):
        raise ArgumentError(f"fori_loop needs a function, not {body_fun!r:.60}.")
    if unroll is not None:
        check_unroll(unroll)
    first, stop = _bound(lower), _bound(upper)
    if isinstance(first, Tracer) or isinstance(stop, Tracer):
        return while_loop(
            lambda state: state[0] < stop,
            lambda state: (state[0] + 1, body_fun(*state)),
            (first, init_val),
        )[1]
    steps = max(stop - first, 0)
    if _disabled.get():
        value = init_val
        for i in range(first, stop):
            value = body_fun(i, value)
        return value

    def step(state: Any, _: None) -> tuple[Any, None]:
        i, value = state
        return (add(i, 1), body_fun(i, value)), None

    (_, value), _ = scan(step, (first, init_val), None, steps)
    return value


def _bound(x: Any) -> Any:
    """A bound as a Python int, or a tracer of an integer."""
    if isinstance(x, Tracer):
        concrete = x.concrete()
        if concrete is not None and not isinstance(concrete, Tracer):
            x = concrete
        elif x.dtype.kind in "iu" and x.shape == ():
            return x
    try:
        return operator.index(np.asarray(x)[()] if isinstance(x, np.ndarray) else x)
    except TypeError:
        raise OptionError(
            f"fori_loop got the bound {x!r:.60}, which is no integer.",
            "Give ints, or traced integers of rank 0.",
        ) from None
