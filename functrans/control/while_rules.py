"""The primitives of a loop that runs as long as a condition holds: the loop, and its way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from functrans import kernel
from functrans.control.bodies import Body, filled
from functrans.control.budget import Budget
from functrans.control.call import executable_of, jit_disabled
from functrans.control.hints import in_role, told, watched
from functrans.control.loop_programs import (
    Mask,
    Values,
    chosen,
    pushed,
)
from functrans.control.loops import NATIVE
from functrans.control.one_by_one import acts_for_each, one_by_one
from functrans.control.unwind import While, way_back
from functrans.control.while_batch import Dims, for_examples, spread_for_examples
from functrans.core.avals import Aval, aval_of, is_inexact
from functrans.core.jaxpr import Eqn, Jaxpr, Var, evaluate, remember
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind
from functrans.errors import TypeMismatchError
from functrans.kernel import Hints
from functrans.passes.dce import calmed
from functrans.passes.inline import Replacement
from functrans.passes.loops import reached_carries
from functrans.primitives.layout import batch_to_front, zeros
from functrans.transforms.stage import stage

T = TypeVar("T")


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
    if jit_disabled.get() or not NATIVE:
        cond, body = (
            partial(evaluate, p) if jit_disabled.get() else executable_of(p).run
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

    def while_pushforward(*tangents: Any) -> list[Any]:
        return run_while_tangents(While(**again), args, tangents[params["cond_constants"] :])

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


# --- the tangents --------------------------------------------------------------------------------


def run_while_tangents(loop: While, args: Values, dots: Values) -> list[Any]:
    """Tangents of the last carries from those of the body's constants and carries; None for zero.

    One operation that is linear in the tangents: its transpose is the way back. The loop with
    tangents is made only where it is to be run.
    """
    nonzero = tuple(t is not None for t in dots)
    given = [t for t in dots if t is not None]
    found = iter(bind(while_tangents_p, *args, *given, nonzero=nonzero, **loop.params))
    return [next(found) if on else None for on in _reached(loop, nonzero)]


def _reached(loop: While, nonzero: Mask) -> list[bool]:
    """Which carries may have tangents."""

    def make() -> list[bool]:
        depend = reached_carries(loop.body_jaxpr, loop.body_constants, loop.carries, nonzero)
        avals = loop.body_jaxpr.out_avals
        return [on and is_inexact(a.dtype) for on, a in zip(depend, avals, strict=True)]

    found: list[bool] = remember(loop.body_jaxpr, ("while reached", loop, nonzero), make)
    return found


def _dots_of(values: Values, nonzero: Mask) -> tuple[Values, list[Any]]:
    """The loop's operands, and a tangent or None for each constant of the body and carry."""
    end = len(values) - sum(nonzero)
    dots = iter(values[end:])
    return values[:end], [next(dots) if on else None for on in nonzero]


def _tangents_abstract(*avals: Aval, nonzero: Mask, **params: Any) -> list[Aval]:
    loop = While(**params)
    wanted = [*loop.in_avals, *chosen(loop.body_jaxpr.in_avals, nonzero)]
    if len(avals) != len(wanted) or not all(map(Aval.same_type, avals, wanted)):
        raise TypeMismatchError(f"while_tangents got operands of types {avals} for {wanted}.")
    outs = chosen(loop.body_jaxpr.out_avals, _reached(loop, nonzero))
    return [a.strengthen() for a in outs]


def _tangents_program(avals: Sequence[Aval], outs: Sequence[Aval], params: dict[str, Any]) -> Jaxpr:
    nonzero: Mask = params["nonzero"]
    loop = While(**{name: value for name, value in params.items() if name != "nonzero"})

    def forward(*args: Any) -> list[Any]:
        _, found = _with_tangents(loop, *_dots_of(args, nonzero)).run()
        return filled(found, loop.body_jaxpr.out_avals, _reached(loop, nonzero))

    program: Jaxpr = remember(
        loop.body_jaxpr,
        ("while tangents", loop, nonzero),
        lambda: stage(forward, [a.strengthen() for a in avals]),
    )
    return program


def _tangents_linearize(
    nonzero_args: Sequence[bool], *args: Any, nonzero: Mask, **params: Any
) -> Any:
    loop = While(**params)
    outs = bind(while_tangents_p, *args, nonzero=nonzero, **params)
    operands, dots = _dots_of(args, nonzero)
    known = not any(nonzero_args[loop.cond_constants : len(operands)])

    def while_tangents_pushforward(*tangents: Any) -> list[Any]:
        of_operands, of_dots = _dots_of(tangents, nonzero)
        if known:
            return chosen(run_while_tangents(loop, operands, of_dots), _reached(loop, nonzero))
        both = _with_tangents(loop, operands, dots)
        m = loop.body_constants
        _, of_body, of_carries = loop.parts(of_operands)
        given = [
            *of_body, *chosen(of_dots[:m], both.constants),
            *of_carries, *chosen(of_dots[m:], both.carried),
        ]  # fmt: skip
        found = run_while_tangents(both.loop, both.operands, given)[loop.carries :]
        rest = iter(found)
        each = [next(rest) if on else None for on in both.carried]
        return chosen(each, _reached(loop, nonzero))

    return outs, while_tangents_pushforward


def _tangents_transpose(cotangents: Values, *args: Any, nonzero: Mask, **params: Any) -> None:
    """The way back. Where operands too are linear, the loop is, and its derivative has none."""
    loop = While(**params)
    operands, sums = _dots_of(args, nonzero)
    known = [zeros(a.aval) if isinstance(a, Accumulator) else a for a in operands]
    given = iter(cotangents)
    last = [next(given) if on else None for on in _reached(loop, nonzero)]
    linear = tuple(isinstance(a, Accumulator) for a in sums)
    for a, ct in zip(sums, run_while_vjp(loop, known, last, linear), strict=True):
        if ct is not None:
            a.add(ct)


def _tangents_batch(size: int, args: Values, dims: Dims, *, nonzero: Mask, **params: Any) -> Any:
    loop = While(**params)
    operands, dots = _dots_of(args, nonzero)
    axes, of_dots = _dots_of(tuple(dims), nonzero)
    found = spread_for_examples(loop, size, operands, axes, nonzero)
    spread = [
        batch_to_front(size, t, d) if on else None
        for t, d, on in zip(dots, of_dots, nonzero, strict=True)
    ]
    outs = run_while_tangents(found.loop, found.operands, found.placed(spread, None))
    reached = _reached(loop, nonzero)
    avals = [a.with_shape((size, *a.shape)) for a in loop.body_jaxpr.out_avals]
    return filled(outs[found.flags :], avals, reached), [0] * sum(reached)


# --- the way back --------------------------------------------------------------------------------


def run_while_vjp(loop: While, args: Values, cotangents: Values, wanted: Mask) -> list[Any]:
    """Cotangents of the wanted constants of the body and initial carries; None for the others.

    ``args`` are the loop's operands, ``cotangents`` those of the last carries, None for zero.
    """
    given = tuple(ct is not None for ct in cotangents)
    last = [ct for ct in cotangents if ct is not None]
    found = iter(bind(while_vjp_p, *args, *last, wanted=wanted, given=given, **loop.params))
    return [next(found) if on else None for on in wanted]


def _vjp_abstract(*avals: Aval, wanted: Mask, given: Mask, **params: Any) -> list[Aval]:
    loop = While(**params)
    expected = [*loop.in_avals, *chosen(loop.body_jaxpr.out_avals, given)]
    if len(avals) != len(expected) or not all(map(Aval.same_type, avals, expected)):
        raise TypeMismatchError(f"while_vjp got operands of types {avals} for {expected}.")
    return [a.strengthen() for a in chosen(loop.body_jaxpr.in_avals, wanted)]


def _vjp_program(avals: Sequence[Aval], outs: Sequence[Aval], params: dict[str, Any]) -> Jaxpr:
    rest = dict(params)
    wanted, given = rest.pop("wanted"), rest.pop("given")
    loop = While(**rest)
    program: Jaxpr = remember(
        loop.body_jaxpr,
        ("while vjp", loop, wanted, given),
        lambda: way_back(loop, wanted, given, run_while),
    )
    return program


def _by_program(program: Any) -> Any:
    """The value of an operation that stands for a program."""

    def impl(*args: Any, **params: Any) -> Sequence[Any]:
        jaxpr = program([aval_of(x) for x in args], (), params)
        return evaluate(jaxpr, *args) if jit_disabled.get() else executable_of(jaxpr).run(*args)

    return impl


# Derivatives of the way back. With F the loop, H(x, c) = (dF at x)ᵀ c, and G(x, ẋ) = (F(x), dF at
# x of ẋ) the loop with tangents, which is a loop too:
#
#     (dG at x, ẋ)ᵀ (a, b) = ((dF at x)ᵀ a + ∂⟨b, dF at x of ẋ⟩/∂x,  (dF at x)ᵀ b)
#
# So the tangent of H along (ẋ, ċ) is what the way back of G gives for x from (ċ, c), and c gives
# H(x, c) for ẋ. The transpose of that tangent, at v: what the way back of G at (x, v) gives for x
# from (0, c), since second derivatives are symmetric; and dF at x of v.


def _split(values: Values, given: Mask) -> tuple[Values, list[Any]]:
    """The loop's operands, and a cotangent or None for each carry."""
    end = len(values) - sum(given)
    cotangents = iter(values[end:])
    return values[:end], [next(cotangents) if on else None for on in given]


def _vjp_jvp(primals: Values, tangents: Values, *, wanted: Mask, given: Mask, **params: Any) -> Any:
    loop = While(**params)
    args, cts = _split(primals, given)
    dots, ct_dots = _split(tangents, given)
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
    primals: Values, tangents: Values, *, wanted: Mask, given: Mask, **params: Any
) -> list[Any]:
    loop = While(**params)
    args, cts = _split(primals, given)
    dots, ct_dots = _split(tangents, given)
    both = _with_tangents(loop, args, dots[loop.cond_constants :])
    return chosen(both.way_back(ct_dots, cts, wanted, (False,) * len(wanted))[0], wanted)


def _vjp_transpose(
    cotangents: Values, *args: Any, wanted: Mask, given: Mask, **params: Any
) -> None:
    """What is linear in some operands is its own derivative there, taken anywhere."""
    loop = While(**params)
    operands, ct_sums = _split(args, given)
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


def _while_batch(size: int, args: Values, dims: Dims, **params: Any) -> Any:
    if acts_for_each(while_p, params):
        return one_by_one(while_p, size, args, dims, params)
    found = for_examples(While(**params), size, args, dims)
    outs = bind(while_p, *found.operands, **found.loop.params)
    return outs[found.flags :], [0 if on else None for on in found.carried]


def _vjp_batch(
    size: int,
    args: Values,
    dims: Dims,
    *,
    wanted: Mask,
    given: Mask,
    **params: Any,
) -> Any:
    """The way back of the loop for all examples. What is wanted differs between them."""
    loop = While(**params)
    operands, cts = _split(args, given)
    axes, ct_dims = _split(tuple(dims), given)
    found = spread_for_examples(loop, size, operands, axes, wanted)
    # A carry that is the same for all examples depends on nothing that is wanted.
    cotangents = [None] * found.flags + [
        batch_to_front(size, ct, d) if on and differs else None
        for ct, d, on, differs in zip(cts, ct_dims, given, found.carried, strict=True)
    ]
    mask = tuple(found.placed(wanted, False))
    outs = run_while_vjp(found.loop, found.operands, cotangents, mask)
    return [ct for ct in outs if ct is not None], [0] * sum(wanted)


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


def _tangents_linear_in(owned: Sequence[bool], *, nonzero: Mask, **params: Any) -> bool:
    return not any(owned[: len(owned) - sum(nonzero)])


while_tangents_p: Primitive = Primitive(
    "while_tangents",
    _tangents_abstract,
    _by_program(_tangents_program),
    _tangents_linearize,
    _tangents_transpose,
    _tangents_batch,
    Replacement(_tangents_program),
    linear_in=_tangents_linear_in,
    multiple=True,
)

while_vjp_p: Primitive = Primitive(
    "while_vjp",
    _vjp_abstract,
    _by_program(_vjp_program),
    _vjp_linearize,
    _vjp_transpose,
    _vjp_batch,
    Replacement(_vjp_program),
    jvp=_vjp_jvp,
    multiple=True,
)
