"""What is derived from the programs of a branching: tangents, linear parts, transposes, batches.

All programs of one branching have the same operands and results. What one of them lacks, a tangent
or a residual, is a zero there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from functrans.control.loop_programs import Mask, written_zero
from functrans.control.residuals import Residuals
from functrans.core.avals import Aval
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Var, evaluate
from functrans.passes.branches import Branches, closed_together
from functrans.passes.loops import read_as, renamed
from functrans.primitives.layout import batch_to_front
from functrans.transforms.linearize import LinearizedJaxpr, jvp_jaxpr, linearize_jaxpr
from functrans.transforms.stage import stage
from functrans.transforms.transpose import transpose_jaxpr
from functrans.transforms.vmap import batch_jaxpr


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Programs without constants; their first inputs are the values in ``captured``."""

    branches: Branches
    captured: tuple[Any, ...] = ()


def alternatives(jaxprs: Sequence[Jaxpr]) -> Alternatives:
    captured, branches = closed_together(jaxprs)
    return Alternatives(branches, captured)


def _with_results(jaxpr: Jaxpr, results: Sequence[Atom | Aval]) -> Jaxpr:
    """The program with other results; a type stands for a zero."""
    outvars: list[Atom] = []
    eqns: list[Eqn] = []
    for result in results:
        if isinstance(result, Aval):
            result, made = written_zero(result.strengthen())
            eqns += made
        outvars.append(result)
    return Jaxpr(jaxpr.constvars, jaxpr.consts, jaxpr.invars, [*jaxpr.eqns, *eqns], outvars)


def _any(masks: Sequence[Sequence[bool]]) -> Mask:
    """What is on in one of the masks."""
    return tuple(map(any, zip(*masks, strict=True)))


def _with_tangents(
    found: Sequence[Atom], own: Sequence[bool], wanted: Mask, avals: Sequence[Aval]
) -> list[Atom | Aval]:
    """The tangents that a branch has, and types where only another one has them."""
    rest = iter(found)
    pairs = zip(own, wanted, avals, strict=True)
    return [next(rest) if has else aval for has, on, aval in pairs if on]


# --- derivatives ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pushed:
    """The programs with tangents beside their values: first all values, then the tangents."""

    programs: Alternatives
    out_nonzero: Mask


def pushed(branches: Branches, nonzero: Mask) -> Pushed:
    found = [jvp_jaxpr(branch, nonzero) for branch in branches]
    wanted = _any([own for _, own in found])
    avals = branches[0].out_avals
    n = len(avals)
    programs = [
        _with_results(
            program,
            [*program.outvars[:n], *_with_tangents(program.outvars[n:], own, wanted, avals)],
        )
        for program, own in found
    ]
    return Pushed(alternatives(programs), wanted)


Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Linearized:
    """Programs for values and residuals, and linear programs from residuals and tangents.

    ``residuals`` says where each residual comes from: an operand ``("in", k)`` or a result
    ``("out", k)`` of the former.
    """

    primal: Alternatives
    linear: Alternatives
    residuals: list[Place]
    out_nonzero: Mask


def linearized(branches: Branches, nonzero: Mask) -> Linearized:
    """Each program split in two. What one stores has the place of what another one stores.

    So there are as many residuals of each type as the branch with the most of them has.
    """
    splits = [linearize_jaxpr(branch, nonzero) for branch in branches]
    avals = branches[0].out_avals
    n = len(avals)
    kept = [_residuals(split, n) for split in splits]
    slots: list[Aval] = []
    filled = [_fill(slots, residuals.stored) for residuals in kept]  # slot -> what lies there
    programs = [split.primal for split in splits]
    primal = [
        _with_results(p, [*p.outvars[:n], *(held.get(i, a) for i, a in enumerate(slots))])
        for p, held in zip(programs, filled, strict=True)
    ]
    places = [_places(p, n, held) for p, held in zip(programs, filled, strict=True)]
    residuals = {
        place[leaf]: leaf.aval.strengthen()
        for own, place in zip(kept, places, strict=True)
        for leaf in own.leaves
    }
    wanted = _any([split.out_nonzero for split in splits])
    linear = [
        _with_results(
            _reading(split, own, place, residuals),
            _with_tangents(split.linear.outvars, split.out_nonzero, wanted, avals),
        )
        for split, own, place in zip(splits, kept, places, strict=True)
    ]
    return Linearized(alternatives(primal), alternatives(linear), list(residuals), wanted)


def _sources(split: LinearizedJaxpr) -> list[Any]:
    """What the linear program reads, in the program of values."""
    primal = split.primal
    return [primal.invars[k] if kind == "in" else primal.outvars[k] for kind, k in split.residuals]


def _residuals(split: LinearizedJaxpr, results: int) -> Residuals:
    """The least to store: operands and results are there, and what is cheap is made again."""
    primal = split.primal
    return Residuals(primal, _sources(split), {*primal.invars, *primal.outvars[:results]}, set())


def _fill(slots: list[Aval], stored: Sequence[Var]) -> dict[int, Atom]:
    """A slot for each variable, where no other has one of its type a new one."""
    held: dict[int, Atom] = {}
    for var in stored:
        free = (i for i, a in enumerate(slots) if i not in held and a.same_type(var.aval))
        slot = next(free, len(slots))
        if slot == len(slots):
            slots.append(var.aval.strengthen())
        held[slot] = var
    return held


def _places(primal: Jaxpr, results: int, held: Mapping[int, Atom]) -> dict[Atom, Place]:
    """Where each variable can be had once the program has run."""
    places: dict[Atom, Place] = {v: ("out", k) for k, v in enumerate(primal.outvars[:results])}
    places |= {v: ("out", results + slot) for slot, v in held.items()}
    places |= {v: ("in", k) for k, v in enumerate(primal.invars)}
    return places


def _reading(
    split: LinearizedJaxpr,
    kept: Residuals,
    places: Mapping[Atom, Place],
    residuals: Mapping[Place, Aval],
) -> Jaxpr:
    """The linear program as one that is given the residuals of all branches."""
    linear, sources = split.linear, _sources(split)
    given = {place: Var(aval) for place, aval in residuals.items()}
    names: dict[Atom, Atom] = {leaf: given[places[leaf]] for leaf in kept.leaves}
    again = [renamed(eqn, names) for eqn in kept.eqns]
    names |= {v: names[source] for v, source in zip(linear.invars, sources, strict=False)}
    invars = [*given.values(), *linear.invars[len(sources) :]]
    read = read_as(linear, names, invars)
    return Jaxpr(read.constvars, read.consts, invars, [*again, *read.eqns], read.outvars)


def transposed(branches: Branches, linear: Mask, nonzero: Mask, begun: Mask) -> Alternatives:
    """Programs from known operands and the nonzero cotangents to cotangents of linear operands.

    Those that have been ``begun`` come last among the operands and are added to: they go in as
    cotangents of one more output, the operand itself, so that a part is added in place.
    """

    def back(branch: Jaxpr) -> Jaxpr:
        inputs = compress(branch.invars, linear)
        outvars = [*branch.outvars, *compress(inputs, begun)]
        extended = Jaxpr(branch.constvars, branch.consts, branch.invars, branch.eqns, outvars)
        return transpose_jaxpr(extended, linear, (*nonzero, *[True] * sum(begun)))

    return alternatives([back(branch) for branch in branches])


# --- one more axis -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Batched:
    """The programs for all examples, which come first in the results that differ between them."""

    programs: Alternatives
    batched: Mask


def batched(branches: Branches, size: int, dims: tuple[int | None, ...]) -> Batched:
    found = [batch_jaxpr(branch, size, dims) for branch in branches]
    mask = _any([[d is not None for d in own] for _, own in found])

    def leading(program: Jaxpr, own: Sequence[int | None]) -> Jaxpr:
        def placed(*args: Any) -> list[Any]:
            outs = zip(evaluate(program, *args), own, mask, strict=True)
            return [batch_to_front(size, x, d) if on else x for x, d, on in outs]

        return stage(placed, program.in_avals)

    return Batched(alternatives([leading(*pair) for pair in found]), mask)
