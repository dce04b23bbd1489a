"""Bodies: a user's function as a program without constants, one object for equal programs.

Operations that hold a program get everything the function closes over as operands. Programs with
the same text are the same object, so what has been derived from one and compiled for it serves
every later call, even where the user's function is made anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from functrans import tree
from functrans.core.avals import Aval, native
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, evaluate, remember
from functrans.core.trace import Tracer, bind
from functrans.errors import FunctransError, TypeMismatchError
from functrans.passes.branches import Branches, closed_together
from functrans.passes.inline import inline
from functrans.passes.literals import literal_key, strong
from functrans.primitives.layout import batch_to_front, zeros
from functrans.primitives.linear import convert_p
from functrans.transforms.stage import stage
from functrans.transforms.vmap import batch_jaxpr

_PYTHON_ZEROS: dict[str, Any] = {"i": 0, "u": 0, "f": 0.0, "c": 0j, "b": False}


@dataclass(frozen=True, slots=True)
class Body:
    """A program without constants; its first inputs are the values in ``captured``."""

    jaxpr: Jaxpr
    captured: tuple[Any, ...] = ()


def closed(jaxpr: Jaxpr) -> Body:
    """The program with its constants as first inputs."""
    if not jaxpr.constvars:
        return Body(jaxpr)
    inputs = (*jaxpr.constvars, *jaxpr.invars)
    return Body(Jaxpr((), (), inputs, jaxpr.eqns, jaxpr.outvars), jaxpr.consts)


def staged(function: Callable[..., Sequence[Any]], avals: Sequence[Aval]) -> Body:
    """A flat function as a closed program of arrays, the same object for the same text."""
    return _finished(stage(function, avals), ())


def _finished(jaxpr: Jaxpr, carry: Sequence[Aval]) -> Body:
    body = closed(_strengthened(inline(jaxpr, own_rules=False), carry))
    return Body(interned(body.jaxpr), body.captured)


def finished_together(
    jaxprs: Sequence[Jaxpr], outs: Sequence[Aval]
) -> tuple[tuple[Any, ...], Branches]:
    """Programs of arrays, with results of the given types, that are given the same values."""
    return together([_strengthened(inline(jaxpr, own_rules=False), outs) for jaxpr in jaxprs])


def together(jaxprs: Sequence[Jaxpr]) -> tuple[tuple[Any, ...], Branches]:
    """The constants of all programs, and the programs with them as first inputs."""
    captured, programs = closed_together(jaxprs)
    return captured, tuple(map(interned, programs))


# --- one object for equal programs ---------------------------------------------------------------

_KEPT = 512
_programs: dict[Hashable, Jaxpr] = {}


def interned(jaxpr: Jaxpr) -> Jaxpr:
    """The first program met that has the same equations, types and source lines."""
    try:
        key = _text(jaxpr)
        known = _programs.setdefault(key, jaxpr)
    except TypeError:  # a parameter without a hash
        return jaxpr
    if len(_programs) > _KEPT:
        _programs.pop(next(iter(_programs)), None)
    return known


def _text(jaxpr: Jaxpr) -> Hashable:
    """What programs that are equal but for the names of variables have in common."""
    numbers: dict[Atom, int] = {}
    for var in (*jaxpr.constvars, *jaxpr.invars):
        numbers[var] = len(numbers)

    def atom(a: Atom) -> Hashable:
        return literal_key(a) if isinstance(a, Literal) else numbers[a]

    def written(eqn: Eqn) -> Hashable:
        operands = tuple([atom(a) for a in eqn.invars])
        for var in eqn.outvars:
            numbers[var] = len(numbers)
        types = tuple([v.aval for v in eqn.outvars])
        return eqn.primitive, operands, _frozen(eqn.params), types, eqn.source

    # Constants go by identity: the program that is kept keeps them alive.
    constants = tuple([id(c) for c in jaxpr.consts])
    eqns = tuple([written(eqn) for eqn in jaxpr.eqns])
    outs = tuple([atom(a) for a in jaxpr.outvars])
    return constants, tuple(jaxpr.in_avals), eqns, outs


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return tuple([(k, _frozen(v)) for k, v in sorted(value.items())])
    if isinstance(value, tuple):
        return tuple(map(_frozen, value))
    if isinstance(value, Jaxpr):
        return _text(value)
    if isinstance(value, bool | int | float | complex):
        return type(value), repr(value)
    hash(value)
    return value  # type: ignore[no-any-return]


# --- carried values ------------------------------------------------------------------------------


def stage_carried(
    function: Callable[..., Sequence[Any]],
    carry: Sequence[Aval],
    rows: Sequence[Aval],
    mismatch: Callable[[int, Aval, Aval], Exception],
) -> tuple[Body, list[Aval]]:
    """A function from carries and rows to as many carries and other results, and the carry types.

    The program takes arrays; inside it a carry whose type is weak promotes as a Python scalar.
    A carry that starts as a Python scalar takes the dtype that it is given later; a carry that
    becomes a Python scalar keeps its dtype. Any other change of type raises ``mismatch`` of the
    carry's number, its type, and the type that the function gave it.
    """
    types = list(carry)
    while True:
        jaxpr = stage(function, [*types, *rows])
        found = jaxpr.out_avals[: len(types)]
        widened = [_widened(a, b) for a, b in zip(types, found, strict=True)]
        if widened == types:
            break
        types = widened
    for i, (a, b) in enumerate(zip(types, found, strict=True)):
        if not a.same_type(b) and not (b.weak and _meeting(b, a) == a.dtype and b.shape == a.shape):
            raise mismatch(i, a, b)
    return _finished(jaxpr, types), types


def _widened(start: Aval, later: Aval) -> Aval:
    """The type of a carry that starts as a Python scalar and is given ``later``."""
    if not start.weak or later.shape != start.shape:
        return start
    return Aval(start.shape, _meeting(start, later), later.weak)


def common_type(avals: Sequence[Aval]) -> Aval | None:
    """The type of a result that is one or the other of these, None where they differ.

    A Python scalar takes the dtype of the arrays beside it.
    """
    strong = next((a for a in avals if not a.weak), None)
    if strong is None:
        return Aval((), np.result_type(*(a.dtype for a in avals)))

    def fits(aval: Aval) -> bool:
        dtype = _meeting(aval, strong) if aval.weak else aval.dtype
        return aval.shape == strong.shape and dtype == strong.dtype

    return strong if all(map(fits, avals)) else None


def _meeting(weak: Aval, other: Aval) -> np.dtype[Any]:
    """The dtype of a Python scalar that meets another value."""
    if other.weak:
        return np.result_type(weak.dtype, other.dtype)
    return np.result_type(_PYTHON_ZEROS[weak.dtype.kind], other.dtype)


def _strengthened(jaxpr: Jaxpr, carry: Sequence[Aval]) -> Jaxpr:
    """The program with arrays in the place of all Python scalars, and carries of their types.

    Every equation is typed already: what a Python scalar met has been converted where it was
    traced.
    """
    arrays: dict[Atom, Atom] = {}

    def array(atom: Atom) -> Any:
        if not atom.aval.weak:
            return atom
        if isinstance(atom, Literal):
            return strong(atom)
        return arrays.setdefault(atom, Var(atom.aval.strengthen()))

    constvars = [array(v) for v in jaxpr.constvars]
    consts = [operand(c, v.aval) for c, v in zip(jaxpr.consts, constvars, strict=True)]
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        if any(a.aval.weak for a in (*eqn.invars, *eqn.outvars)):
            operands = [array(a) for a in eqn.invars]
            results = [array(v) for v in eqn.outvars]
            params = {k: v for k, v in eqn.params.items() if k != "weak"}
            eqn = Eqn(eqn.primitive, operands, results, params, eqn.source)
        eqns.append(eqn)

    def typed(out: Atom, aval: Aval) -> Atom:
        if out.aval.dtype == aval.dtype:
            return out
        if isinstance(out, Literal):
            return Literal(aval.dtype.type(out.value))
        var = Var(aval.strengthen())
        eqns.append(Eqn(convert_p, [out], [var], {"dtype": aval.dtype}))
        return var

    outs = [array(a) for a in jaxpr.outvars]
    carried = [typed(a, aval) for a, aval in zip(outs, carry, strict=False)]
    invars = [array(v) for v in jaxpr.invars]
    return Jaxpr(constvars, consts, invars, eqns, [*carried, *outs[len(carry) :]])


def operand(x: Any, aval: Aval) -> Any:
    """A value as an operand of the given type: an array, a NumPy scalar or a tracer."""
    if isinstance(x, Tracer):
        if x.dtype == aval.dtype and not x.weak:
            return x
        return bind(convert_p, x, dtype=aval.dtype)
    x = native(x)
    if isinstance(x, np.ndarray) and x.shape:
        return x.astype(aval.dtype, copy=False)
    return np.asarray(x, aval.dtype)[()]


def batched_to_front(jaxpr: Jaxpr, size: int, dims: tuple[int | None, ...]) -> Jaxpr:
    """The program over all examples, which come first in every result; remembered."""

    def make() -> Jaxpr:
        program, axes = batch_jaxpr(jaxpr, size, dims)

        def aligned(*args: Any) -> list[Any]:
            outs = evaluate(program, *args)
            return [batch_to_front(size, x, d) for x, d in zip(outs, axes, strict=True)]

        return stage(aligned, program.in_avals)

    result: Jaxpr = remember(jaxpr, ("examples first", size, dims), make)
    return result


def filled(values: Sequence[Any], avals: Sequence[Aval], wanted: Sequence[bool]) -> list[Any]:
    """The wanted ones of ``values``, zeros in the place of None."""
    return [
        zeros(aval) if value is None else value
        for value, aval, on in zip(values, avals, wanted, strict=True)
        if on
    ]


# --- errors --------------------------------------------------------------------------------------


def changed_structure(loop: str, before: tree.PyTreeDef, after: tree.PyTreeDef) -> FunctransError:
    """The error of a carry with another structure after an iteration."""
    return TypeMismatchError(
        f"The carry of {loop} came in as {before} and went out as {after}.",
        "Return a carry with the containers and keys of the initial one.",
    )


def changed_type(loop: str, init: Any, leaf: int, before: Aval, after: Aval) -> FunctransError:
    """The error of a carry with another type after an iteration; names the leaf."""
    path = tree.keystr(tree.leaves_with_path(init)[leaf][0])
    name = f"The carry{path} of {loop}"
    if before.shape == after.shape:
        remedy = (
            f"Start with it as {after.dtype}, or return it with .astype({str(before.dtype)!r})."
        )
    else:
        remedy = (
            f"Start with it in the shape {after.shape}, or return it in the shape {before.shape}."
        )
    return TypeMismatchError(
        f"{name} came in as {before} and went out as {after}; every iteration must keep its type.",
        remedy,
    )
