"""Unrolling: several iterations of a loop written one after the other, where the user asks for it.

Array code gains most: elementwise iterations fuse, and what goes from one to the next stays in
registers. A loop shorter than two rounds becomes straight-line code.
"""

from __future__ import annotations

from collections.abc import Sequence

from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Var
from functrans.errors import Source
from functrans.kernel import Hints
from functrans.passes.literals import filled
from functrans.passes.loop_products import write
from functrans.passes.loops import Constants, Env, OpenLoop, is_loop, opened, renamed
from functrans.primitives.layout import concatenate_p, reshape_p, slice_p


def unroll_loops(jaxpr: Jaxpr) -> Jaxpr:
    """Loops with as many iterations in one as their hints say."""
    if not any(_times(eqn) > 1 for eqn in jaxpr.eqns):
        return jaxpr
    constants = Constants(jaxpr)
    names: Env = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = eqn.with_invars([names.get(a, a) for a in eqn.invars])
        if _times(eqn) > 1:
            results = _Unrolled(opened(eqn, eqn.invars, constants), eqns).run()
            names.update(zip(eqn.outvars, results, strict=True))
        else:
            eqns.append(eqn)
    pairs = constants.known.values()
    outs = [names.get(a, a) for a in jaxpr.outvars]
    return Jaxpr([v for v, _ in pairs], [c for _, c in pairs], jaxpr.invars, eqns, outs)


def _times(eqn: Eqn) -> int:
    """How many iterations of an equation become one; a bar wants to see every single one."""
    hints: Hints | None = eqn.params.get("hints")
    if not is_loop(eqn) or hints is None or hints.progress is not None:
        return 1
    length: int = eqn.params["length"]
    return min(hints.unroll, length)


class _Unrolled:
    """One loop: whole rounds, which stay a loop, and then the iterations that are left over."""

    def __init__(self, loop: OpenLoop, eqns: list[Eqn]) -> None:
        self.loop = loop
        self.eqns = eqns
        self.source = loop.eqn.source
        self.reverse: bool = loop.eqn.params["reverse"]
        length: int = loop.eqn.params["length"]
        self.times = _times(loop.eqn)
        self.rounds = length // self.times if length >= 2 * self.times else 0
        self.left = length - self.rounds * self.times

    def run(self) -> list[Atom]:
        """Writes the equations; returns the last carries and the stacked results."""
        carries: list[Atom] = [a for a, *_ in self.loop.carries]
        inside = self.rounds * self.times
        parts: list[list[Atom]] = []
        if self.rounds:
            carries, stacks = self._as_loop(carries, self.left if self.reverse else 0)
            parts.append(stacks)
        if self.left:
            first = 0 if self.reverse else inside
            rows = [(a, first) for a, _ in self.loop.rows]
            outside: Env = {v: a for a, v in self.loop.constants}
            carries, stacks = _iterations(
                self.loop, self.eqns, outside, carries, rows, self.left, self.reverse
            )
            parts.append(stacks)
        if self.reverse:
            parts.reverse()
        return [*carries, *_joined(self.eqns, parts, self.source)]

    def _as_loop(self, carries: Sequence[Atom], start: int) -> tuple[list[Atom], list[Atom]]:
        """The loop over whole rounds; its rows are the rows of one round."""
        loop, shape = self.loop, (self.rounds, self.times)
        inside = self.rounds * self.times
        operands: list[Atom] = [*(a for a, _ in loop.constants), *carries]
        for a, _ in loop.rows:
            cut = _cut(self.eqns, a, start, start + inside, self.source)
            operands.append(_reshaped(self.eqns, cut, (*shape, *a.aval.shape[1:]), self.source))
        fixed = [Var(v.aval) for _, v in loop.constants]
        carried = [Var(v.aval) for _, v, *_ in loop.carries]
        rows = [Var(v.aval.with_shape((self.times, *v.aval.shape))) for _, v in loop.rows]
        eqns: list[Eqn] = []
        names: Env = {v: new for (_, v), new in zip(loop.constants, fixed, strict=True)}
        last, stacks = _iterations(
            loop, eqns, names, carried, [(v, 0) for v in rows], self.times, self.reverse
        )
        body = Jaxpr((), (), [*fixed, *carried, *rows], eqns, [*last, *stacks])
        params = {
            **loop.eqn.params, "jaxpr": body, "constants": len(fixed), "length": self.rounds
        }  # fmt: skip
        del params["hints"]
        results = [Var(v.aval) for v in carried]
        wide = [Var(a.aval.with_shape((self.rounds, *a.aval.shape))) for a in stacks]
        self.eqns.append(Eqn(loop.eqn.primitive, operands, [*results, *wide], params, self.source))
        flat = [
            _reshaped(self.eqns, v, (inside, *v.aval.shape[2:]), self.source) for v in wide
        ]  # fmt: skip
        return [*results], flat


def _iterations(
    loop: OpenLoop,
    eqns: list[Eqn],
    outside: Env,
    carries: Sequence[Atom],
    rows: Sequence[tuple[Atom, int]],
    count: int,
    reverse: bool,
) -> tuple[list[Atom], list[Atom]]:
    """So many iterations, on rows from the given ones on; the results of each are stacked."""
    source = loop.eqn.source
    found: list[list[Atom]] = []
    for i in reversed(range(count)) if reverse else range(count):
        names = dict(outside)
        names.update(zip((v for _, v, *_ in loop.carries), carries, strict=True))
        for (_, var), (whole, first) in zip(loop.rows, rows, strict=True):
            cut = _cut(eqns, whole, first + i, first + i + 1, source)
            names[var] = _reshaped(eqns, cut, var.aval.shape, source)
        eqns += [renamed(eqn, names, source) for eqn in loop.body.eqns]
        carries = [names.get(out, out) for _, _, out, _ in loop.carries]
        found.append([_as_row(eqns, names.get(out, out), source) for out, _ in loop.stacks])
    if reverse:
        found.reverse()
    return [*carries], _joined(eqns, found, source)


def _joined(eqns: list[Eqn], parts: Sequence[Sequence[Atom]], source: Source | None) -> list[Atom]:
    """Arrays joined along their first axis."""
    if len(parts) == 1:
        return [*parts[0]]
    return [
        write(eqns, concatenate_p, some, {"dimension": 0}, source)
        for some in zip(*parts, strict=True)
    ]


def _as_row(eqns: list[Eqn], atom: Atom, source: Source | None) -> Atom:
    if atom.aval.shape:
        return _reshaped(eqns, atom, (1, *atom.aval.shape), source)
    out = Var(atom.aval.with_shape((1,)))
    eqns.append(filled(out, atom, source))
    return out


def _cut(eqns: list[Eqn], atom: Atom, start: int, stop: int, source: Source | None) -> Atom:
    shape = atom.aval.shape
    if (start, stop) == (0, shape[0]):
        return atom
    params = {
        "start": (start, *[0] * (len(shape) - 1)),
        "limit": (stop, *shape[1:]),
        "strides": (1,) * len(shape),
    }
    return write(eqns, slice_p, [atom], params, source)


def _reshaped(eqns: list[Eqn], atom: Atom, shape: tuple[int, ...], source: Source | None) -> Atom:
    if atom.aval.shape == shape:
        return atom
    return write(eqns, reshape_p, [atom], {"shape": shape}, source)
