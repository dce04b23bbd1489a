"""The primitives of a loop that runs as long as a condition holds: the loop, and its way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from functrans import kernel
from functrans.control.bodies import Body, closed, filled
from functrans.control.call import _disabled, executable_of, jit_p
from functrans.control.loop_programs import (
    Mask,
    Pushed,
    Values,
    batched,
    examples_first,
    parts,
    pushed,
)
from functrans.control.loops import NATIVE
from functrans.control.unwind import Loop, way_back
from functrans.core.avals import Aval
from functrans.core.jaxpr import Eqn, Jaxpr, Var, evaluate, remember
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind
from functrans.errors import TypeMismatchError
from functrans.passes.dce import calmed
from functrans.primitives.layout import batch_to_front, broadcast_in_dim, zeros
from functrans.primitives.linear import select_n
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


def _with_tangents(
    of_cond: Values,
    of_body: Values,
    carries: Values,
    body_dots: Values,
    carry_dots: Values,
    *,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
) -> _WithTangents:
    """The loop with tangents beside its values; None is a tangent of zero."""
    constants = len(of_body)
    nonzero = tuple(t is not None for t in (*body_dots, *carry_dots))
    cond, program = remember(
        body_jaxpr,
        ("while jvp", cond_jaxpr, constants, nonzero),
        lambda: _pushed_programs(cond_jaxpr, body_jaxpr, constants, nonzero),
    )
    return _WithTangents(
        cond,
        program.body,
        [*of_cond],
        [*of_body, *(t for t in body_dots if t is not None)],
        [*carries, *filled(carry_dots, body_jaxpr.out_avals, program.carried)],
        nonzero[:constants],
        program.carried,
    )


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
    loop = _with_tangents(
        of_cond, of_body, carries, body_dots, carry_dots,
        cond_jaxpr=cond_jaxpr, body_jaxpr=body_jaxpr,
    )  # fmt: skip
    return loop.run()


def _while_linearize(nonzero: Sequence[bool], *args: Any, **params: Any) -> Any:
    """The pushforward runs the loop again, with tangents: how often is not known before."""
    outs = bind(while_p, *args, **params)
    again = {name: calmed(value) for name, value in params.items()}
    if not any(nonzero[params["cond_constants"] :]):
        return outs, None

    def while_pushforward(*tangents: Any) -> Any:
        return _while_jvp(args, tangents, **again)[1]

    return outs, while_pushforward


def _while_transpose(cotangents: Values, *args: Any, **params: Any) -> None:
    """A loop that is linear in some of what it carries is its own derivative, taken anywhere."""
    linear = [isinstance(a, Accumulator) for a in args]
    anywhere = [zeros(a.aval) if on else a for a, on in zip(args, linear, strict=True)]
    wanted = tuple(linear[params["cond_constants"] :])
    found = run_while_vjp(anywhere, cotangents, wanted, **params)
    for a, ct in zip(args[params["cond_constants"] :], found, strict=True):
        if ct is not None:
            a.add(ct)


# --- derivatives: reverse mode -------------------------------------------------------------------


def run_while_vjp(
    args: Values,
    cotangents: Values,
    wanted: Mask,
    *,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
) -> list[Any]:
    """Cotangents of the wanted constants of the body and initial carries; None for the others.

    ``args`` are the loop's operands, ``cotangents`` those of the last carries, None for zero.
    """
    given = tuple(ct is not None for ct in cotangents)
    loop = Loop(cond_jaxpr, body_jaxpr, cond_constants, body_constants)
    program = remember(
        body_jaxpr,
        ("while vjp", cond_jaxpr, cond_constants, wanted, given),
        lambda: way_back(loop, wanted, given),
    )
    found = iter(
        bind(
            while_vjp_p,
            *args,
            *(ct for ct in cotangents if ct is not None),
            jaxpr=program,
            cond_jaxpr=cond_jaxpr,
            body_jaxpr=body_jaxpr,
            cond_constants=cond_constants,
            body_constants=body_constants,
            wanted=wanted,
            given=given,
        )
    )
    return [next(found) if on else None for on in wanted]


def _vjp_abstract(*avals: Aval, jaxpr: Jaxpr, **params: Any) -> list[Aval]:
    if not all(map(Aval.same_type, avals, jaxpr.in_avals)):
        raise TypeMismatchError(f"while_vjp got operands of types {avals} for {jaxpr.in_avals}.")
    return [a.strengthen() for a in jaxpr.out_avals]


def _vjp_impl(*args: Any, jaxpr: Jaxpr, **params: Any) -> Sequence[Any]:
    if _disabled.get():
        return evaluate(jaxpr, *args)
    return executable_of(jaxpr).run(*args)


# Derivatives of the way back. With F the loop, H(x, c) = (dF at x)ᵀ c, and G(x, ẋ) = (F(x), dF at
# x of ẋ) the loop with tangents, which is a loop too:
#
#     (dG at x, ẋ)ᵀ (a, b) = ((dF at x)ᵀ a + ∂⟨b, dF at x of ẋ⟩/∂x,  (dF at x)ᵀ b)
#
# So the tangent of H along (ẋ, ċ) is what the way back of G gives for x from (ċ, c), and c gives
# H(x, c) for ẋ. The transpose of that tangent, at v: what the way back of G at (x, v) gives for x
# from (0, c), since second derivatives are symmetric; and dF at x of v.


@dataclass(frozen=True, slots=True)
class _WithTangents:
    """G at (x, ẋ): its programs and operands, and which carries have tangents."""

    cond: Body
    body: Body
    of_cond: list[Any]
    of_body: list[Any]
    carries: list[Any]
    constants: Mask  # which constants of the body have tangents
    carried: Mask

    def way_back(self, values: Values, tangents: Values, wanted: Mask, dots: Mask) -> list[Any]:
        """Cotangents of the wanted inputs, then of the tangents that there are, where ``dots``.

        ``values`` and ``tangents`` are the cotangents of the last carries and of their tangents.
        """
        m = len(self.constants)
        first = len(self.body.captured)
        found = run_while_vjp(
            [*self.cond.captured, *self.of_cond, *self.body.captured, *self.of_body, *self.carries],
            [*values, *(ct for ct, on in zip(tangents, self.carried, strict=True) if on)],
            (
                *[False] * first,
                *wanted[:m],
                *(on for on, there in zip(dots[:m], self.constants, strict=True) if there),
                *wanted[m:],
                *(on for on, there in zip(dots[m:], self.carried, strict=True) if there),
            ),
            cond_jaxpr=self.cond.jaxpr,
            body_jaxpr=self.body.jaxpr,
            cond_constants=len(self.cond.captured) + len(self.of_cond),
            body_constants=first + len(self.of_body),
        )[first:]
        count = len(self.carried)
        starts = m + sum(self.constants)
        of_dots = iter([*found[m:starts], *found[starts + count :]])
        of_values = [*found[:m], *found[starts : starts + count]]
        there = (*self.constants, *self.carried)
        return [*of_values, *(next(of_dots) if on else None for on in there)]

    def run(self) -> tuple[list[Any], list[Any]]:
        """The last carries, and their tangents, None for zero."""
        outs = run_while(self.cond, self.body, self.of_cond, self.of_body, self.carries)
        count = len(self.carried)
        dots = iter(outs[count:])
        return outs[:count], [next(dots) if on else None for on in self.carried]


def _operands(
    values: Values, given: Mask, cond_constants: int, body_constants: int
) -> tuple[Values, Values, Values, list[Any]]:
    """Constants of condition and body, carries, and a cotangent or None for each carry."""
    of_cond, of_body, rest = parts(values, cond_constants, body_constants)
    cotangents = iter(rest[len(given) :])
    return of_cond, of_body, rest[: len(given)], [next(cotangents) if on else None for on in given]


def _vjp_jvp(
    primals: Values,
    tangents: Values,
    *,
    jaxpr: Jaxpr,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
    wanted: Mask,
    given: Mask,
) -> Any:
    counts = cond_constants, body_constants
    of_cond, of_body, carries, cts = _operands(primals, given, *counts)
    _, body_dots, carry_dots, ct_dots = _operands(tangents, given, *counts)
    inputs = len(of_body) + len(carries)
    dots = [
        zeros(a.strengthen()) if on and t is None else t
        for t, on, a in zip([*body_dots, *carry_dots], wanted, body_jaxpr.in_avals, strict=True)
    ]
    loop = _with_tangents(
        of_cond, of_body, carries, dots[: len(of_body)], dots[len(of_body) :],
        cond_jaxpr=cond_jaxpr, body_jaxpr=body_jaxpr,
    )  # fmt: skip
    found = loop.way_back(ct_dots, cts, wanted, wanted)
    chosen = [k for k, on in enumerate(wanted) if on]
    return [found[inputs + k] for k in chosen], [found[k] for k in chosen]


def _vjp_linearize(nonzero: Sequence[bool], *args: Any, **params: Any) -> Any:
    outs = bind(while_vjp_p, *args, **params)
    if not any(nonzero[params["cond_constants"] :]):
        return outs, None

    def while_vjp_pushforward(*tangents: Any) -> Any:
        return _vjp_tangents(args, tangents, **params)

    return outs, while_vjp_pushforward


def _vjp_tangents(
    primals: Values,
    tangents: Values,
    *,
    jaxpr: Jaxpr,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
    wanted: Mask,
    given: Mask,
) -> list[Any]:
    counts = cond_constants, body_constants
    of_cond, of_body, carries, cts = _operands(primals, given, *counts)
    _, body_dots, carry_dots, ct_dots = _operands(tangents, given, *counts)
    loop = _with_tangents(
        of_cond, of_body, carries, body_dots, carry_dots,
        cond_jaxpr=cond_jaxpr, body_jaxpr=body_jaxpr,
    )  # fmt: skip
    found = loop.way_back(ct_dots, cts, wanted, (False,) * len(wanted))
    return [ct for ct, on in zip(found, wanted, strict=False) if on]


def _vjp_transpose(
    cotangents: Values,
    *args: Any,
    jaxpr: Jaxpr,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
    wanted: Mask,
    given: Mask,
) -> None:
    """What is linear in some operands is its own derivative there, taken anywhere."""
    anywhere = [zeros(a.aval) if isinstance(a, Accumulator) else a for a in args]
    counts = cond_constants, body_constants
    of_cond, of_body, carries, cts = _operands(anywhere, given, *counts)
    _, body_sums, carry_sums, ct_sums = _operands(args, given, *counts)
    along = iter(cotangents)
    dots = [next(along) if on else None for on in wanted]
    loop = _with_tangents(
        of_cond, of_body, carries, dots[: len(of_body)], dots[len(of_body) :],
        cond_jaxpr=cond_jaxpr, body_jaxpr=body_jaxpr,
    )  # fmt: skip
    sums = [*body_sums, *carry_sums]
    linear = tuple(isinstance(a, Accumulator) for a in sums)
    known = [None if isinstance(a, Accumulator) else ct for a, ct in zip(ct_sums, cts, strict=True)]
    if any(linear) and any(ct is not None for ct in known):
        nothing = [None] * len(carries)
        found = loop.way_back(nothing, known, linear, (False,) * len(linear))
        for a, ct, on in zip(sums, found, linear, strict=False):
            if on:
                a.add(ct)
    if any(isinstance(a, Accumulator) for a in ct_sums):
        for a, dot in zip(ct_sums, loop.run()[1], strict=True):
            if isinstance(a, Accumulator) and dot is not None:
                a.add(dot)


def _vjp_lower(avals: Sequence[Aval], out: Sequence[Aval], **params: Any) -> kernel.Word:
    return kernel.Call(own_rules=True)


# --- one more axis -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batched:
    """A while for all examples: its programs, and its operands without and with examples first.

    Where examples stop at different times (``flags``) one more carry, the first, says who goes on,
    and all constants belong to the body.
    """

    cond: Body
    body: Body
    of_cond: Values
    of_body: Values
    carries: list[Any]
    carried: Sequence[bool]
    flags: bool


def _for_examples(
    size: int,
    args: Values,
    dims: Sequence[int | None],
    *,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    cond_constants: int,
    body_constants: int,
) -> _Batched:
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
        starts = spread(carried)
        return _Batched(cond, program.body, of_cond, of_body, starts, carried, flags=False)
    # Examples stop at different times: all carries differ, and those that are done stay.
    going, stepping, asking = remember(
        body_jaxpr,
        ("while frozen", *key),
        lambda: _frozen_programs(cond_jaxpr, body_jaxpr, size, cond_dims, body_dims, len(carries)),
    )
    everyone = [True] * len(carries)
    starts = spread(everyone)
    [first] = bind(jit_p, *of_cond, *starts, jaxpr=asking, name="while_condition")
    constants = [*of_cond, *of_body]
    return _Batched(going, stepping, (), constants, [first, *starts], everyone, flags=True)


def _while_batch(size: int, args: Values, dims: Sequence[int | None], **params: Any) -> Any:
    loop = _for_examples(size, args, dims, **params)
    outs = run_while(loop.cond, loop.body, loop.of_cond, loop.of_body, loop.carries)
    return outs[loop.flags :], [0 if on else None for on in loop.carried]


def _vjp_batch(
    size: int,
    args: Values,
    dims: Sequence[int | None],
    *,
    jaxpr: Jaxpr,
    wanted: Mask,
    given: Mask,
    **params: Any,
) -> Any:
    """The way back of the loop for all examples. What is wanted differs between them."""
    n, m = params["cond_constants"], params["body_constants"]
    end = n + len(params["body_jaxpr"].invars)
    asked = [False] * n
    operands = [
        batch_to_front(size, x, d) if on else x
        for x, d, on in zip(args[:end], dims, (*asked, *wanted), strict=False)
    ]
    axes = [0 if on else d for d, on in zip(dims, (*asked, *wanted), strict=False)]
    loop = _for_examples(size, operands, axes, **params)
    rest = iter(zip(args[end:], dims[end:], strict=True))
    cotangents: list[Any] = [None] * loop.flags
    for on, differs in zip(given, loop.carried, strict=True):
        ct, d = next(rest) if on else (None, None)
        # A carry that is the same for all examples depends on nothing that is wanted.
        cotangents.append(batch_to_front(size, ct, d) if on and differs else None)
    mask = (*wanted[:m], *[False] * loop.flags, *wanted[m:])
    if loop.flags:
        mask = (*asked, *mask)
    captured = [*loop.cond.captured, *loop.of_cond], [*loop.body.captured, *loop.of_body]
    found = run_while_vjp(
        [*captured[0], *captured[1], *loop.carries],
        cotangents,
        (*[False] * len(loop.body.captured), *mask),
        cond_jaxpr=loop.cond.jaxpr,
        body_jaxpr=loop.body.jaxpr,
        cond_constants=len(captured[0]),
        body_constants=len(captured[1]),
    )
    outs = [ct for ct in found if ct is not None]
    return outs, [0] * len(outs)


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
    _while_transpose,
    _while_batch,
    _while_lower,
    jvp=_while_jvp,
    multiple=True,
)

while_vjp_p: Primitive = Primitive(
    "while_vjp",
    _vjp_abstract,
    _vjp_impl,
    _vjp_linearize,
    _vjp_transpose,
    _vjp_batch,
    _vjp_lower,
    jvp=_vjp_jvp,
    multiple=True,
)
