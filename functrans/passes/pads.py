"""Sums of padded arrays: the parts side by side, where the sum would add mostly zeros.

Transposes of slices are pads with zeros, and what was read in many slices gets their sum. Parts
that fill different places are concatenated instead; parts of one place are added first, in their
order. Where no two parts share a place the result is exact up to the sign of zeros: −0 + 0 is 0,
and a part alone stays −0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from functrans.core.primitive import Primitive
from functrans.errors import Source
from functrans.passes.dce import dce
from functrans.primitives.layout import broadcast_in_dim_p, concatenate_p
from functrans.primitives.linear import add_p, pad_p

Ints = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """An array at ``start`` of a larger one, zero elsewhere."""

    start: Ints
    stop: Ints
    atom: Atom

    def __post_init__(self) -> None:
        assert self.atom.aval.shape == tuple(
            b - a for a, b in zip(self.start, self.stop, strict=True)
        )

    def across(self, axis: int) -> tuple[Ints, Ints]:
        """The box in all axes but one."""
        start, stop = self.start, self.stop
        return start[:axis] + start[axis + 1 :], stop[:axis] + stop[axis + 1 :]


def assemble(jaxpr: Jaxpr) -> Jaxpr:
    """``jaxpr`` with sums of padded parts assembled from the parts.

    >>> import numpy as np
    >>> import functrans as ft
    >>> from functrans.passes.run import algebra, inline
    >>> f = ft.grad(lambda x: (x[:2] * x[2:]).sum())
    >>> print(assemble(algebra(inline(ft.make_jaxpr(f)(np.ones(4))))))
    { lambda ; a:f64[4]. let
        b:f64[2] = slice[limit=(2,) start=(0,) strides=(1,)] a
        c:f64[2] = slice[limit=(4,) start=(2,) strides=(1,)] a
        d:f64[4] = concatenate[dimension=0] c b
      in (d,) }
    """
    if not any(eqn.primitive is pad_p for eqn in jaxpr.eqns):
        return jaxpr
    sums = _Sums(jaxpr)
    eqns: list[Eqn] = []
    names: dict[Atom, Atom] = {}
    for eqn in jaxpr.eqns:
        if sums.is_outermost(eqn):
            parts = [_part(atom, sums.makers, names) for atom in sums.addends(eqn)]
            writer = _Writer(eqn.source)
            total = writer.assembled(parts, eqn.outvars[0].aval.shape)
            if total is not None:
                names[eqn.outvars[0]] = total
                eqns += writer.eqns
                continue
        if any(a in names for a in eqn.invars):
            eqn = eqn.with_invars([names.get(a, a) for a in eqn.invars])
        eqns.append(eqn)
    if not names:
        return jaxpr
    outvars = [names.get(a, a) for a in jaxpr.outvars]
    return dce(jaxpr.replace(eqns=eqns, outvars=outvars))


class _Sums:
    """Which additions make one sum: those that nobody else reads."""

    def __init__(self, jaxpr: Jaxpr) -> None:
        self.makers: dict[Atom, Eqn] = {v: eqn for eqn in jaxpr.eqns for v in eqn.outvars}
        self.uses = Counter(atom for eqn in jaxpr.eqns for atom in eqn.invars)
        self.uses.update(jaxpr.outvars)
        self.inner = {
            atom
            for eqn in jaxpr.eqns
            if _is_sum(eqn)
            for atom in eqn.invars
            if self.uses[atom] == 1
        }

    def is_outermost(self, eqn: Eqn) -> bool:
        return _is_sum(eqn) and eqn.outvars[0] not in self.inner

    def addends(self, eqn: Eqn) -> Iterator[Atom]:
        for atom in eqn.invars:
            maker = self.makers.get(atom)
            if maker is not None and _is_sum(maker) and self.uses[atom] == 1:
                yield from self.addends(maker)
            else:
                yield atom


def _is_sum(eqn: Eqn) -> bool:
    if eqn.primitive is not add_p:
        return False
    shape = eqn.outvars[0].aval.shape
    return all(a.aval.shape == shape for a in eqn.invars)


def _part(atom: Atom, makers: dict[Atom, Eqn], names: dict[Atom, Atom]) -> _Part:
    shape = atom.aval.shape
    eqn = makers.get(atom)
    if eqn is not None and eqn.primitive is pad_p:
        x, fill = eqn.invars
        config = eqn.params["config"]
        plain = all(low >= 0 and high >= 0 and not inner for low, high, inner in config)
        if plain and isinstance(fill, Literal) and fill.value == 0 and x.aval.dtype.kind in "fiu":
            start = tuple(low for low, _, _ in config)
            stop = tuple(n - high for n, (_, high, _) in zip(shape, config, strict=True))
            return _Part(start, stop, names.get(x, x))
    return _Part((0,) * len(shape), shape, names.get(atom, atom))


class _Writer:
    """The equations that put parts together."""

    def __init__(self, source: Source | None) -> None:
        self.source = source
        self.eqns: list[Eqn] = []

    def emit(self, primitive: Primitive, invars: Sequence[Atom], **params: object) -> Var:
        out = Var(primitive.abstract(*(a.aval for a in invars), **params))
        self.eqns.append(Eqn(primitive, invars, [out], params, self.source))
        return out

    def assembled(self, parts: list[_Part], shape: Ints) -> Atom | None:
        """The sum of the parts, or None where nothing is gained."""
        padded = sum(part.atom.aval.shape != shape for part in parts)
        if padded < 2 or len(parts) - padded > 1:
            return None
        merged = self.merged(parts, shape)
        return self.total(merged, shape) if len(merged) < len(parts) else None

    def merged(self, parts: list[_Part], shape: Ints) -> list[_Part]:
        """Fewer and larger parts with the same sum: added where they cover one another."""
        boxes: dict[tuple[Ints, Ints], _Part] = {}
        for part in parts:
            box = (part.start, part.stop)
            known = boxes.get(box)
            boxes[box] = (
                part
                if known is None
                else replace(part, atom=self.emit(add_p, [known.atom, part.atom]))
            )
        whole = [part for part in boxes.values() if part.atom.aval.shape == shape]
        parts = [part for part in boxes.values() if part.atom.aval.shape != shape]
        axis = 0
        while len(parts) > 1 and axis < len(shape):
            joined = self.joined(parts, axis)
            axis = 0 if len(joined) < len(parts) else axis + 1
            parts = joined
        return whole + parts

    def joined(self, parts: list[_Part], axis: int) -> list[_Part]:
        """Parts that lie one after the other along ``axis``, concatenated."""
        rows: dict[tuple[Ints, Ints], list[_Part]] = {}
        for part in parts:
            rows.setdefault(part.across(axis), []).append(part)
        result: list[_Part] = []
        for row in rows.values():
            row.sort(key=lambda part: part.start[axis])
            apart = all(a.stop[axis] <= b.start[axis] for a, b in pairwise(row))
            result += [self.concatenated(row, axis)] if len(row) > 1 and apart else row
        return result

    def concatenated(self, row: list[_Part], axis: int) -> _Part:
        pieces: list[Atom] = []
        end = row[0].start[axis]
        for part in row:
            gap = part.start[axis] - end
            if gap:
                shape = list(part.atom.aval.shape)
                shape[axis] = gap
                zero = Literal(part.atom.aval.dtype.type(0))
                params = {"shape": tuple(shape), "broadcast_dimensions": ()}
                pieces.append(self.emit(broadcast_in_dim_p, [zero], **params))
            pieces.append(part.atom)
            end = part.stop[axis]
        whole = self.emit(concatenate_p, pieces, dimension=axis)
        return _Part(row[0].start, row[-1].stop, whole)

    def total(self, parts: list[_Part], shape: Ints) -> Atom:
        """The sum of ``parts``, each padded to the whole."""
        total: Atom | None = None
        for part in parts:
            atom = part.atom
            if atom.aval.shape != shape:
                config = tuple(
                    (a, n - b, 0) for n, a, b in zip(shape, part.start, part.stop, strict=True)
                )
                zero = Literal(atom.aval.dtype.type(0))
                atom = self.emit(pad_p, [atom, zero], config=config)
            total = atom if total is None else self.emit(add_p, [total, atom])
        assert total is not None
        return total
