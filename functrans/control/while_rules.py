"""The primitives of a loop that runs as long as a condition holds: the loop, and its way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from functrans import kernel
from functrans.control.bodies import Body, closed, filled
from functrans.control.budget import Budget
from functrans.control.call import _disabled, executable_of, jit_p
from functrans.control.examples import following, guarded, wide
from functrans.control.hints import in_role, told, watched
from functrans.control.loop_programs import (
    Mask,
    Values,
    batched,
    chosen,
    examples_first,
    parts,
    pushed,
)
from functrans.control.loops import NATIVE
from functrans.control.one_by_one import acts_for_each, one_by_one
from functrans.control.unwind import While, way_back
from functrans.core.avals import Aval, is_inexact
from functrans.core.axes import HERE, concerns
from functrans.core.jaxpr import Eqn, Jaxpr, Var, evaluate, remember
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind
from functrans.errors import TypeMismatchError
from functrans.kernel import Hints
from functrans.passes.branches import is_plain
from functrans.passes.dce import calmed
from functrans.primitives.layout import batch_to_front, zeros
from functrans.primitives.linear import select_n
from functrans.primitives.reductions import reduce_or
from functrans.transforms.stage import stage
from functrans.transforms.vmap import batch_flat


def run_while(
    cond: Body,
    body: Body,
    of_cond: Values,
    of_body: Values,
    carries: Values,
    checkpoint: Budget = None,
    hints: Hints | None = None,
) -> list[Any]:
    """Apply the operation; returns the last carries."""
    of_cond, of_body = [*cond.captured, *of_cond], [*body.captured, *of_body]
    loop = While(cond.jaxpr, body.jaxpr, len(of_cond), len(of_body), checkpoint, hints)
    outs: list[Any] = bind(while_p, *of_cond, *of_body, *carries, **loop.params)
    return outs


# --- type and value ------------------------------------------------------------------------------


def _while_abstract(*avals: Aval, **params: Any) -> list[Aval]:
    loop = While(**params)
    outs = loop.body_jaxpr.out_avals
    wanted = loop.in_avals
    found = [*avals, *outs]
    if len(avals) != len(wanted) or not all(
        map(Aval.same_type, found, [*wanted, *loop.parts(wanted)[2]])
    ):
        raise TypeMismatchError(
            f"while_loop got operands of types {avals} for a program from {wanted} to {outs}."
        )
    return [a.strengthen() for a in outs]


def _while_impl(*args: Any, **params: Any) -> Sequence[Any]:
    loop = While(**params)
    if _disabled.get() or not NATIVE:
        cond, body = (
            partial(evaluate, p) if _disabled.get() else executable_of(p).run
            for p in (loop.cond_jaxpr, loop.body_jaxpr)
        )
        of_cond, of_body, carries = loop.parts(args)
        with watched(loop.hints, None) as tick:
            while cond(*of_cond, *carries)[0]:
                carries = body(*of_body, *carries)
                tick()
        return carries

    def make() -> Jaxpr:
        """The program of this one equation."""
        invars = [Var(a) for a in loop.in_avals]
        outvars = [Var(a.strengthen()) for a in loop.body_jaxpr.out_avals]
        return Jaxpr((), (), invars, [Eqn(while_p, invars, outvars, loop.params)], outvars)

    return executable_of(remember(loop.body_jaxpr, ("while program", loop), make)).run(*args)


def _while_lower(
    avals: Sequence[Aval],
    out: Sequence[Aval],
    *,
    cond_constants: int,
    body_constants: int,
    hints: Hints | None = None,
    **_: Any,
) -> kernel.Word:
    if not NATIVE:
        return kernel.Fallback("loops are not native yet")
    progress = None if hints is None else hints.progress
    return kernel.While(cond_constants, body_constants, progress)


# --- derivatives of the loop ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _WithTangents:
    """The loop with tangents beside its values, and its operands.

    ``constants`` and ``carried`` say which constants of the body, and which carries, have tangents.
    """

    loop: While
    operands: list[Any]
    constants: Mask
    carried: Mask

    def run(self) -> tuple[list[Any], list[Any]]:
        """The last carries, and their tangents, None for zero."""
        outs = bind(while_p, *self.operands, **self.loop.params)
        count = len(self.carried)
        dots = iter(outs[count:])
        return outs[:count], [next(dots) if on else None for on in self.carried]

    def way_back(
        self, values: Values, tangents: Values, wanted: Mask, dots: Mask
    ) -> tuple[list[Any], list[Any]]:
        """Cotangents of the ``wanted`` inputs, and of the tangents of the inputs in ``dots``.

        ``values`` and ``tangents`` are the cotangents of the last carries and of their tangents.
        None is a zero, or not wanted.
        """
        m, n = len(self.constants), len(self.carried)
        found = run_while_vjp(
            self.loop,
            self.operands,
            [*values, *chosen(tangents, self.carried)],
            (
                *wanted[:m],
                *chosen(dots[:m], self.constants),
                *wanted[m:],
                *chosen(dots[m:], self.carried),
            ),
        )
        start = m + sum(self.constants)
        of_dots = iter([*found[m:start], *found[start + n :]])
        there = (*self.constants, *self.carried)
        of_values = [*found[:m], *found[start : start + n]]
        return of_values, [next(of_dots) if on else None for on in there]


def _with_tangents(loop: While, args: Values, dots: Values) -> _WithTangents:
    """The loop at operands and tangents, None for zero, of the body's constants and the carries."""
    nonzero = tuple(t is not None for t in dots)
    pushed_loop, carried = remember(
        loop.body_jaxpr, ("while jvp", loop, nonzero), lambda: _pushed(loop, nonzero)
    )
    of_cond, of_body, carries = loop.parts(args)
    m = loop.body_constants
    avals = loop.body_jaxpr.out_avals
    operands = [
        *of_cond, *of_body, *(t for t in dots[:m] if t is not None),
        *carries, *filled(dots[m:], avals, carried),
    ]  # fmt: skip
    return _WithTangents(pushed_loop, operands, nonzero[:m], carried)


def _pushed(loop: While, nonzero: Mask) -> tuple[While, Mask]:
    """The loop with tangents, which the condition ignores; and which carries have them."""
    cond, body = loop.cond_jaxpr, loop.body_jaxpr
    program = pushed(body, loop.body_constants, loop.carries, nonzero)
    assert not program.body.captured, "programs of loops have no constants"
    unread = [Var(a) for a in chosen(body.out_avals, program.carried)]
    cond = Jaxpr((), (), [*cond.invars, *unread], cond.eqns, cond.outvars)
    constants = loop.body_constants + sum(nonzero[: loop.body_constants])
    both = replace(loop, cond_jaxpr=cond, body_jaxpr=program.body.jaxpr, body_constants=constants)
    return both, program.carried


def _while_jvp(primals: Values, tangents: Values, **params: Any) -> Any:
    loop = While(**params)
    return _with_tangents(loop, primals, tangents[loop.cond_constants :]).run()


def _while_linearize(nonzero: Sequence[bool], *args: Any, **params: Any) -> Any:
    """The pushforward runs the loop again, with tangents: how often is not known before."""
    outs = bind(while_p, *args, **params)
    again = {name: calmed(value) for name, value in params.items()}
    again |= told(in_role(params.get("hints"), "tangents"))
    if not any(nonzero[params["cond_constants"] :]):
        return outs, None

    def while_pushforward(*tangents: Any) -> Any:
        return _while_jvp(args, tangents, **again)[1]

    return outs, while_pushforward


def _while_transpose(cotangents: Values, *args: Any, **params: Any) -> None:
    """A loop that is linear in some of what it carries is its own derivative, taken anywhere."""
    loop = While(**params)
    linear = tuple(isinstance(a, Accumulator) for a in args)
    anywhere = [zeros(a.aval) if on else a for a, on in zip(args, linear, strict=True)]
    found = run_while_vjp(loop, anywhere, cotangents, linear[loop.cond_constants :])
    for a, ct in zip(args[loop.cond_constants :], found, strict=True):
        if ct is not None:
            a.add(ct)


# --- the way back --------------------------------------------------------------------------------


def run_while_vjp(loop: While, args: Values, cotangents: Values, wanted: Mask) -> list[Any]:
    """Cotangents of the wanted constants of the body and initial carries; None for the others.

    ``args`` are the loop's operands, ``cotangents`` those of the last carries, None for zero.
    """
    given = tuple(ct is not None for ct in cotangents)
    program = remember(
        loop.body_jaxpr,
        ("while vjp", loop, wanted, given),
        lambda: way_back(loop, wanted, given, run_while),
    )
    found = iter(
        bind(
            while_vjp_p,
            *args,
            *(ct for ct in cotangents if ct is not None),
            jaxpr=program,
            wanted=wanted,
            given=given,
            **loop.params,
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


def _vjp_lower(avals: Sequence[Aval], out: Sequence[Aval], **params: Any) -> kernel.Word:
    return kernel.Call(own_rules=True)


# Derivatives of the way back. With F the loop, H(x, c) = (dF at x)ᵀ c, and G(x, ẋ) = (F(x), dF at
# x of ẋ) the loop with tangents, which is a loop too:
#
#     (dG at x, ẋ)ᵀ (a, b) = ((dF at x)ᵀ a + ∂⟨b, dF at x of ẋ⟩/∂x,  (dF at x)ᵀ b)
#
# So the tangent of H along (ẋ, ċ) is what the way back of G gives for x from (ċ, c), and c gives
# H(x, c) for ẋ. The transpose of that tangent, at v: what the way back of G at (x, v) gives for x
# from (0, c), since second derivatives are symmetric; and dF at x of v.


def _split(loop: While, values: Values, given: Mask) -> tuple[Values, list[Any]]:
    """The loop's operands, and a cotangent or None for each carry."""
    end = len(values) - sum(given)
    cotangents = iter(values[end:])
    return values[:end], [next(cotangents) if on else None for on in given]


def _vjp_jvp(
    primals: Values, tangents: Values, *, jaxpr: Jaxpr, wanted: Mask, given: Mask, **params: Any
) -> Any:
    loop = While(**params)
    args, cts = _split(loop, primals, given)
    dots, ct_dots = _split(loop, tangents, given)
    # What is wanted has tangents, if only of zero: among their cotangents is then H itself.
    dots = [
        zeros(a.strengthen()) if on and t is None else t
        for t, on, a in zip(
            dots[loop.cond_constants :], wanted, loop.body_jaxpr.in_avals, strict=True
        )
    ]
    of_values, of_dots = _with_tangents(loop, args, dots).way_back(ct_dots, cts, wanted, wanted)
    return chosen(of_dots, wanted), chosen(of_values, wanted)


def _vjp_linearize(nonzero: Sequence[bool], *args: Any, **params: Any) -> Any:
    outs = bind(while_vjp_p, *args, **params)
    if not any(nonzero[params["cond_constants"] :]):
        return outs, None

    def while_vjp_pushforward(*tangents: Any) -> Any:
        return _vjp_tangents(args, tangents, **params)

    return outs, while_vjp_pushforward


def _vjp_tangents(
    primals: Values, tangents: Values, *, jaxpr: Jaxpr, wanted: Mask, given: Mask, **params: Any
) -> list[Any]:
    loop = While(**params)
    args, cts = _split(loop, primals, given)
    dots, ct_dots = _split(loop, tangents, given)
    both = _with_tangents(loop, args, dots[loop.cond_constants :])
    return chosen(both.way_back(ct_dots, cts, wanted, (False,) * len(wanted))[0], wanted)


def _vjp_transpose(
    cotangents: Values, *args: Any, jaxpr: Jaxpr, wanted: Mask, given: Mask, **params: Any
) -> None:
    """What is linear in some operands is its own derivative there, taken anywhere."""
    loop = While(**params)
    operands, ct_sums = _split(loop, args, given)
    anywhere = [zeros(a.aval) if isinstance(a, Accumulator) else a for a in operands]
    along = iter(cotangents)
    both = _with_tangents(loop, anywhere, [next(along) if on else None for on in wanted])
    sums = operands[loop.cond_constants :]
    linear = tuple(isinstance(a, Accumulator) for a in sums)
    known = [None if isinstance(ct, Accumulator) else ct for ct in ct_sums]
    if any(linear) and any(ct is not None for ct in known):
        nothing: list[Any] = [None] * len(known)
        found, _ = both.way_back(nothing, known, linear, (False,) * len(linear))
        for a, ct in zip(sums, found, strict=True):
            if ct is not None:
                a.add(ct)
    if any(isinstance(a, Accumulator) for a in ct_sums):
        for a, dot in zip(ct_sums, both.run()[1], strict=True):
            if isinstance(a, Accumulator) and dot is not None:
                a.add(dot)


# --- one more axis -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batched:
    """A while for all examples, with its operands; ``carried`` says which carries differ.

    Where examples stop at different times (``flags``) one more carry, the first, says who goes on,
    and all constants belong to the body.
    """

    loop: While
    operands: list[Any]
    carried: Sequence[bool]
    flags: bool


def _for_examples(loop: While, size: int, args: Values, dims: Sequence[int | None]) -> _Batched:
    of_cond, of_body, carries = loop.parts(args)
    cond_dims, body_dims, carry_dims = loop.parts(tuple(dims))
    inner = tuple(None if d is None else 0 for d in carry_dims)
    key = (loop, size, tuple(cond_dims), tuple(body_dims), inner)
    cond, body, carried, varies = remember(
        loop.body_jaxpr,
        ("while batch", *key),
        lambda: _batched_programs(loop, size, cond_dims, body_dims, inner),
    )

    def spread(mask: Sequence[bool]) -> list[Any]:
        return [
            batch_to_front(size, x, d) if on else x
            for x, d, on in zip(carries, carry_dims, mask, strict=True)
        ]

    def found(
        cond: Body, body: Body, asked: Values, fixed: Values, *starts: Any
    ) -> tuple[While, list[Any]]:
        asked, fixed = [*cond.captured, *asked], [*body.captured, *fixed]
        programs = replace(
            loop, cond_jaxpr=cond.jaxpr, body_jaxpr=body.jaxpr, cond_constants=len(asked),
            body_constants=len(fixed),
        )  # fmt: skip
        return programs, [*asked, *fixed, *starts]

    if not varies:
        return _Batched(
            *found(cond, body, of_cond, of_body, *spread(carried)), carried, flags=False
        )
    # Examples stop at different times: all carries differ, and those that are done stay.
    going, stepping, asking = remember(
        loop.body_jaxpr,
        ("while frozen", *key),
        lambda: _frozen_programs(
            loop.cond_jaxpr, loop.body_jaxpr, size, cond_dims, body_dims, len(carries)
        ),
    )
    everyone = [True] * len(carries)
    starts = spread(everyone)
    [first] = bind(jit_p, *of_cond, *starts, jaxpr=asking, name="while_condition")
    constants = [*of_cond, *of_body]
    return _Batched(*found(going, stepping, (), constants, first, *starts), everyone, flags=True)


def _batched_programs(
    loop: While,
    size: int,
    cond_dims: Sequence[int | None],
    body_dims: Sequence[int | None],
    carry_dims: Sequence[int | None],
) -> tuple[Body, Body, Mask, bool]:
    """Condition and body for all examples, which carries differ, and whether the condition does."""
    dims = (*body_dims, *carry_dims)
    body = batched(loop.body_jaxpr, loop.body_constants, loop.carries, size, dims)
    cond, varies = _batched_condition(loop.cond_jaxpr, size, cond_dims, body.carried)
    return cond, body.body, body.carried, varies


def _while_batch(size: int, args: Values, dims: Sequence[int | None], **params: Any) -> Any:
    if acts_for_each(while_p, params):
        return one_by_one(while_p, size, args, dims, params)
    found = _for_examples(While(**params), size, args, dims)
    outs = bind(while_p, *found.operands, **found.loop.params)
    return outs[found.flags :], [0 if on else None for on in found.carried]


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
    loop = While(**params)
    n, m = loop.cond_constants, loop.body_constants
    operands, cts = _split(loop, args, given)
    axes, ct_dims = _split(loop, tuple(dims), given)
    spread = (*[False] * n, *wanted)
    found = _for_examples(
        loop,
        size,
        [
            batch_to_front(size, x, d) if on else x
            for x, d, on in zip(operands, axes, spread, strict=True)
        ],
        [0 if on else d for d, on in zip(axes, spread, strict=True)],
    )
    # A carry that is the same for all examples depends on nothing that is wanted.
    cotangents = [None] * found.flags + [
        batch_to_front(size, ct, d) if on and differs else None
        for ct, d, on, differs in zip(cts, ct_dims, given, found.carried, strict=True)
    ]
    unwanted = [False] * (found.loop.body_constants - m)  # what is captured, or was the condition's
    mask = (*unwanted, *wanted[:m], *[False] * found.flags, *wanted[m:])
    outs = [
        ct for ct in run_while_vjp(found.loop, found.operands, cotangents, mask) if ct is not None
    ]
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

    The loop runs while any example goes on; an example that is done keeps its carries. For it the
    body runs too, on values that make no difference to it.
    """
    of_cond, of_body = len(cond_dims), len(body_dims)
    lead = [0] * carries
    safe = partial(_guarded if _may_be_guarded(body_jaxpr, body_dims) else _following, size)

    def ask(*args: Any) -> list[Any]:
        [on], [dim] = batch_flat(partial(evaluate, cond_jaxpr), size, args, [*cond_dims, *lead])
        return [batch_to_front(size, on, dim)]

    def step(*args: Any) -> list[Any]:
        known, inner, (going, *old) = parts(args, of_cond, of_body)
        operands, dims = safe([*inner, *old], [*body_dims, *lead], going)
        new, found = batch_flat(partial(evaluate, body_jaxpr), size, operands, dims)
        kept = [
            select_n(wide(going, x), x, batch_to_front(size, y, d))
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


def _may_be_guarded(body: Jaxpr, dims: Sequence[int | None]) -> bool:
    """Whether the body can run on any values, without much more memory.

    What goes across the axis must see all examples as they are.
    """
    if concerns(while_p, {"body_jaxpr": body}, HERE):
        return True
    shared, carried = body.in_avals[: len(dims)], body.in_avals[len(dims) :]
    spread = sum(a.nbytes for a, d in zip(shared, dims, strict=True) if d is None)
    return is_plain(body) and spread <= sum(a.nbytes for a in carried)


Dims = Sequence[int | None]


def _guarded(size: int, operands: Values, dims: Dims, going: Any) -> tuple[list[Any], Dims]:
    """The body's operands; no derivative comes back to them from examples that are done."""
    floats = [is_inexact(x.dtype) for x in operands]
    safe = [
        guarded(batch_to_front(size, x, d), going) if on else x
        for x, d, on in zip(operands, dims, floats, strict=True)
    ]
    return safe, [0 if on else d for d, on in zip(dims, floats, strict=True)]


def _following(size: int, operands: Values, dims: Dims, going: Any) -> tuple[list[Any], Dims]:
    """The body's operands, where examples that are done do as the first one that is not."""
    safe = [
        x if d is None else following(batch_to_front(size, x, d), going, size)
        for x, d in zip(operands, dims, strict=True)
    ]
    return safe, [None if d is None else 0 for d in dims]


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
