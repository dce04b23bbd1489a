"""Loops and branches of power series: their programs carry coefficients beside values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate, chain, pairwise
from typing import Any, TypeVar

from functrans.control.bodies import Body, closed
from functrans.control.branch_programs import alternatives
from functrans.control.branches import cond_p, run_branches
from functrans.control.loop_programs import Mask, Values, parts
from functrans.control.loops import run_scan, scan_p
from functrans.control.while_rules import run_while, while_p
from functrans.core.avals import Aval, is_inexact
from functrans.core.jaxpr import Jaxpr, Var, evaluate, remember
from functrans.core.trace import running
from functrans.transforms.jet import JetTrace, jet_flat
from functrans.transforms.stage import stage, zeros_of

T = TypeVar("T")


def _program(
    jaxpr: Jaxpr,
    groups: Sequence[int],
    carries: int,
    mask: Mask,
    wanted: Sequence[bool],
    order: int,
) -> tuple[Jaxpr, Mask]:
    """The program with coefficients, and the results that have some.

    Inputs come in groups of the given sizes, each followed by the coefficients of those in
    ``mask``. Results come as carries and others, each followed by the coefficients of those that
    are ``wanted`` or not known to be zero.
    """
    found: list[bool] = []
    ends = list(accumulate(groups))

    def cut(values: Sequence[T]) -> list[Sequence[T]]:
        return [values[a:b] for a, b in pairwise([0, *ends])]

    def both(*args: Any) -> list[Any]:
        values: list[Any] = []
        terms: list[Any] = []
        rest = iter(args)
        for group in cut(mask):
            values += [next(rest) for _ in group]
            terms += [[next(rest) for _ in range(order)] if on else None for on in group]
        outs, rows = jet_flat(partial(evaluate, jaxpr), order, values, terms, RULES)
        found[:] = [
            want or any(c is not None for c in row) for want, row in zip(wanted, rows, strict=True)
        ]
        coefficients = [
            [zeros_of(a) if c is None else c for c in row] if on else []
            for a, row, on in zip(jaxpr.out_avals, rows, found, strict=True)
        ]
        return [
            *outs[:carries], *chain(*coefficients[:carries]),
            *outs[carries:], *chain(*coefficients[carries:]),
        ]  # fmt: skip

    avals: list[Aval] = []
    for group, types in zip(cut(mask), cut(jaxpr.in_avals), strict=True):
        avals += types
        avals += [a for a, on in zip(types, group, strict=True) if on for _ in range(order)]
    return stage(both, avals), tuple(found)


def _given(trace: JetTrace, args: Values) -> tuple[Mask, list[Any], list[list[Any]]]:
    """Which operands are series, their values and their coefficients (for the others none)."""
    mask = tuple(trace.owns(x) and is_inexact(x.dtype) for x in args)
    terms = [
        [_filled(trace.coefficient(x, k), x) for k in range(1, trace.order + 1)] if on else []
        for x, on in zip(args, mask, strict=True)
    ]
    return mask, [trace.coefficient(x, 0) for x in args], terms


def _filled(term: Any, x: Any) -> Any:
    return zeros_of(x.aval.tangent()) if term is None else term


def _series(trace: JetTrace, values: Values, mask: Mask, terms: Values) -> list[Any]:
    """Results as series; ``terms`` are the coefficients of those in the mask, in order."""
    rest = iter(terms)
    return [
        trace.given(value, [next(rest) for _ in range(trace.order)]) if on else value
        for value, on in zip(values, mask, strict=True)
    ]


def _started(
    terms: Sequence[list[Any]], carried: Mask, avals: Sequence[Aval], order: int
) -> list[Any]:
    """The first coefficients of the carries that will have some."""
    return [
        c
        for row, on, aval in zip(terms, carried, avals, strict=True)
        if on
        for c in (row or [zeros_of(aval)] * order)
    ]


def _looped(
    jaxpr: Jaxpr, constants: int, carries: int, mask: Mask, order: int
) -> tuple[Body, Mask, Mask]:
    """A loop's program with coefficients; the carries and the rows that have some."""
    rows = len(jaxpr.invars) - constants - carries
    groups = (constants, carries, rows)
    none = [False] * (len(jaxpr.outvars) - carries)
    while True:
        of_constants, of_carries, of_rows = parts(mask, constants, carries)
        program, found = _program(jaxpr, groups, carries, mask, [*of_carries, *none], order)
        if found[:carries] == tuple(of_carries):
            return closed(program), tuple(of_carries), found[carries:]
        mask = (*of_constants, *found[:carries], *of_rows)


def _scan(trace: JetTrace, args: Values, params: dict[str, Any]) -> list[Any]:
    jaxpr, constants, carries = params["jaxpr"], params["constants"], params["carries"]
    order = trace.order
    mask, values, terms = _given(trace, args)
    body, carried, rows = remember(
        jaxpr,
        ("scan jet", constants, carries, mask, order),
        lambda: _looped(jaxpr, constants, carries, mask, order),
    )
    fixed, starts, given = parts(values, constants, carries)
    of_fixed, of_starts, of_rows = parts(terms, constants, carries)
    avals = jaxpr.in_avals[constants : constants + carries]
    with running(trace.parent):
        last, stacks = run_scan(
            body,
            [*fixed, *chain(*of_fixed)],
            [*starts, *_started(of_starts, carried, avals, order)],
            [*given, *chain(*of_rows)],
            params["length"],
            params["reverse"],
            params.get("hints"),
        )
    n = len(rows)
    return [
        *_series(trace, last[:carries], carried, last[carries:]),
        *_series(trace, stacks[:n], rows, stacks[n:]),
    ]


def _while(trace: JetTrace, args: Values, params: dict[str, Any]) -> list[Any]:
    cond_jaxpr, body_jaxpr = params["cond_jaxpr"], params["body_jaxpr"]
    cond_constants, body_constants = params["cond_constants"], params["body_constants"]
    order = trace.order
    of_cond = [trace.coefficient(x, 0) for x in args[:cond_constants]]
    mask, values, terms = _given(trace, args[cond_constants:])
    carries = len(body_jaxpr.outvars)

    def make() -> tuple[Body, Body, Mask]:
        body, carried, _ = _looped(body_jaxpr, body_constants, carries, mask, order)
        types = [a for a, on in zip(body_jaxpr.out_avals, carried, strict=True) if on]
        unread = [Var(a) for a in types for _ in range(order)]
        invars = [*cond_jaxpr.invars, *unread]
        return Body(Jaxpr((), (), invars, cond_jaxpr.eqns, cond_jaxpr.outvars)), body, carried

    cond, body, carried = remember(
        body_jaxpr, ("while jet", cond_jaxpr, body_constants, mask, order), make
    )
    fixed, starts = values[:body_constants], values[body_constants:]
    of_fixed, of_starts = terms[:body_constants], terms[body_constants:]
    with running(trace.parent):
        last = run_while(
            cond,
            body,
            of_cond,
            [*fixed, *chain(*of_fixed)],
            [*starts, *_started(of_starts, carried, body_jaxpr.out_avals, order)],
            params["checkpoint"],
            params.get("hints"),
        )
    return _series(trace, last[:carries], carried, last[carries:])


def _cond(trace: JetTrace, args: Values, params: dict[str, Any]) -> list[Any]:
    branches: tuple[Jaxpr, ...] = params["branches"]
    order = trace.order
    mask, values, terms = _given(trace, args[1:])

    def make() -> tuple[Any, Mask]:
        wanted: Mask = (False,) * len(branches[0].outvars)
        while True:
            made = [_program(b, (len(b.invars),), 0, mask, wanted, order) for b in branches]
            found = tuple(map(any, zip(*(on for _, on in made), strict=True)))
            if found == wanted:
                return alternatives([program for program, _ in made]), found
            wanted = found

    programs, found = remember(branches[0], ("cond jet", branches, mask, order), make)
    with running(trace.parent):
        index = trace.coefficient(args[0], 0)
        outs = run_branches(programs, index, [*values, *chain(*terms)])
    return _series(trace, outs[: len(found)], found, outs[len(found) :])


RULES = {scan_p: _scan, while_p: _while, cond_p: _cond}
"""For :class:`functrans.transforms.jet.JetTrace`."""
