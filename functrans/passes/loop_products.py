"""Products leave loops: many small matrix products, one for each iteration, become one large one.

Three kinds need nothing that is carried, or give nothing to it:

- rows times a constant, ``W @ x[t]``, are computed for all rows before the loop;
- a stacked result that is such a product of something else, ``y[t] = W @ h[t]``, is computed
  after it from the stacked ``h``;
- sums of products, ``total += outer(g[t], h[t])``, are one product of the stacked factors, which
  also contracts the iterations. Reverse mode makes these for every matrix in the loop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, has_effects
from functrans.core.primitive import Primitive
from functrans.errors import Source
from functrans.passes.dce import dce
from functrans.passes.loops import (
    Constants,
    Env,
    OpenLoop,
    invariant,
    is_loop,
    opened,
    renamed,
    trim_loops,
)
from functrans.primitives.contraction import Dims, dot_general_p, free_axes
from functrans.primitives.layout import transpose_p
from functrans.primitives.linear import add_p, sub_p

_WORTH = 256  # numbers in a matrix from which one large product is faster


def gather_products(jaxpr: Jaxpr) -> Jaxpr:
    """Loops whose matrix products are done at once, outside, where the iterations allow it.

    Sums are formed in another order. More is stored for all iterations only where that is less
    than twice the sum that it replaces, each iteration.
    """
    if not any(is_loop(eqn) and _has_products(eqn.params["jaxpr"]) for eqn in jaxpr.eqns):
        return jaxpr
    constants = Constants(jaxpr)
    eqns: list[Eqn] = []
    changed = False
    for eqn in jaxpr.eqns:
        if is_loop(eqn) and _has_products(eqn.params["jaxpr"]):
            move = _Move(opened(eqn, eqn.invars, constants))
            written = move.run()
            changed = changed or len(written) > 1
            eqns += written
        else:
            eqns.append(eqn)
    if not changed:
        return jaxpr
    pairs = constants.known.values()
    return trim_loops(
        Jaxpr([v for v, _ in pairs], [c for _, c in pairs], jaxpr.invars, eqns, jaxpr.outvars)
    )


def _has_products(body: Jaxpr) -> bool:
    return any(_is_large(eqn) for eqn in body.eqns)


def _is_large(eqn: Eqn) -> bool:
    if eqn.primitive is not dot_general_p:
        return False
    return max(a.aval.size for a in (*eqn.invars, *eqn.outvars)) >= _WORTH


@dataclass(slots=True)
class _Term:
    """A product that is added to a carry, or subtracted, maybe transposed before."""

    eqn: Eqn
    permutation: tuple[int, ...] | None
    negative: bool


class _Move:
    """One loop, and the equations that come before and after it."""

    def __init__(self, loop: OpenLoop) -> None:
        self.loop = loop
        self.length: int = loop.eqn.params["length"]
        self.source = loop.eqn.source
        self.before: list[Eqn] = []
        self.after: list[Eqn] = []
        self.maker: dict[Atom, Eqn] = {v: e for e in loop.body.eqns for v in e.outvars}
        # What is the same in every iteration is computed outside once more: layouts are left.
        variables = [v for _, v in loop.constants]
        program = Jaxpr((), (), variables, loop.body.eqns, ())
        self.same = invariant(program, len(variables))
        self.constants: Env = {v: a for a, v in loop.constants}
        self.rows: Env = {v: a for a, v in loop.rows}

    def run(self) -> list[Eqn]:
        for eqn in self.loop.body.eqns:
            if _is_large(eqn):
                self._rows_times_constant(eqn)
        self._stacked_products()
        self._sums_of_products()
        return [*self.before, self.loop.written(), *self.after]

    # --- the three kinds -------------------------------------------------------------------------

    def _rows_times_constant(self, eqn: Eqn) -> None:
        """``W @ x[t]`` becomes a row: that of the product for all rows."""
        sides = [a in self.rows for a in eqn.invars]
        if sides not in ([True, False], [False, True]):
            return
        side = sides.index(True)
        other = eqn.invars[1 - side]
        if other not in self.same:
            return
        whole = self._batched(
            eqn, side, self.rows[eqn.invars[side]], self._outside(other), self.before
        )
        out = eqn.outvars[0]
        self.loop.rows.append((whole, out))
        self.rows[out] = whole
        self._drop(eqn)

    def _stacked_products(self) -> None:
        """``y[t] = W @ h[t]``, needed nowhere else, becomes the product of all ``h``."""
        uses = self._uses()
        kept: list[tuple[Atom, Var]] = []
        for out, result in self.loop.stacks:
            eqn = self.maker.get(out)
            if eqn is None or not _is_large(eqn) or uses[out] != 1:
                kept.append((out, result))
                continue
            constant = [a in self.same for a in eqn.invars]
            side = constant.index(False) if True in constant and False in constant else None
            factor = None if side is None else eqn.invars[side]
            if side is None or factor is None or factor.aval.size > 2 * out.aval.size:
                kept.append((out, result))
                continue
            stacked = self._stacked(factor, kept)
            other = self._outside(eqn.invars[1 - side])
            self._batched(eqn, side, stacked, other, self.after, result)
        self.loop.stacks = kept

    def _sums_of_products(self) -> None:
        """``total += product`` becomes one product of all factors, added after the loop."""
        uses = self._uses()
        carries = []
        for atom, var, out, result in self.loop.carries:
            terms: list[_Term] = []
            rest = self._without_products(out, var, uses, terms)
            if not terms:
                carries.append((atom, var, out, result))
                continue
            total = Var(result.aval)
            carries.append((atom, var, rest, total))
            for i, term in enumerate(terms):
                share = self._contracted(term)
                last = result if i == len(terms) - 1 else Var(result.aval)
                primitive = sub_p if term.negative else add_p
                self.after.append(Eqn(primitive, [total, share], [last], {}, self.source))
                total = last
        self.loop.carries = carries

    def _without_products(
        self, out: Atom, carry: Var, uses: Counter[Atom], terms: list[_Term]
    ) -> Atom:
        """The new carry without the products that are added to the old one."""
        eqn = self.maker.get(out)
        if eqn is None or eqn.primitive not in (add_p, sub_p) or uses[out] != 1:
            return out
        side = next((i for i, a in enumerate(eqn.invars) if self._holds(a, carry, uses)), None)
        if side is None or (side == 1 and eqn.primitive is sub_p):
            return out
        inner = self._without_products(eqn.invars[side], carry, uses, terms)
        other = eqn.invars[1 - side]
        term = self._term(other, uses, eqn.primitive is sub_p)
        if term is not None:
            terms.append(term)
            return inner
        if inner is eqn.invars[side]:
            return out
        changed = Var(out.aval)
        operands = list(eqn.invars)
        operands[side] = inner
        new = Eqn(eqn.primitive, operands, [changed], eqn.params, eqn.source)
        self._replace_body([*self.loop.body.eqns, new])
        return changed

    def _holds(self, atom: Atom, carry: Var, uses: Counter[Atom]) -> bool:
        """Whether ``atom`` is the old carry with things added, and nothing else reads it."""
        if uses[atom] != 1:
            return False
        if atom is carry:
            return True
        eqn = self.maker.get(atom)
        if eqn is None or eqn.primitive not in (add_p, sub_p):
            return False
        operands = eqn.invars if eqn.primitive is add_p else eqn.invars[:1]
        return any(self._holds(a, carry, uses) for a in operands)

    def _term(self, atom: Atom, uses: Counter[Atom], negative: bool) -> _Term | None:
        """The product behind a term, where it is one whose factors are cheap to store."""
        eqn = self.maker.get(atom)
        permutation = None
        if eqn is not None and eqn.primitive is transpose_p and uses[atom] == 1:
            permutation = eqn.params["permutation"]
            atom = eqn.invars[0]
            eqn = self.maker.get(atom)
        if eqn is None or not _is_large(eqn) or uses[atom] != 1:
            return None
        if any(isinstance(a, Literal) or a in self.same for a in eqn.invars):
            return None
        known = {*self.rows, *(out for out, _ in self.loop.stacks)}
        new = sum(a.aval.size for a in {*eqn.invars} - known)
        if new > 2 * atom.aval.size:
            return None
        return _Term(eqn, permutation, negative)

    # --- pieces ----------------------------------------------------------------------------------

    def _contracted(self, term: _Term) -> Atom:
        """The product of the stacked factors of a term, iterations contracted too."""
        x, y = (self._stacked(a, self.loop.stacks) for a in term.eqn.invars)
        (xc, yc), (xb, yb) = term.eqn.params["dims"]
        dims: Dims = (((0, *_later(xc)), (0, *_later(yc))), (_later(xb), _later(yb)))
        share: Atom = write(self.after, dot_general_p, [x, y], {"dims": dims}, self.source)
        if term.permutation is not None:
            params = {"permutation": term.permutation}
            share = write(self.after, transpose_p, [share], params, self.source)
        return share

    def _batched(
        self,
        eqn: Eqn,
        side: int,
        stacked: Atom,
        other: Atom,
        eqns: list[Eqn],
        result: Var | None = None,
    ) -> Var:
        """The product for all iterations, which come first in the result."""
        (xc, yc), (xb, yb) = eqn.params["dims"]
        contract, batch = ((xc, yc), (xb, yb)) if side == 0 else ((yc, xc), (yb, xb))
        dims: Dims = ((_later(contract[0]), contract[1]), (_later(batch[0]), batch[1]))
        # Order: batch axes, iterations, free axes of the stacked factor, free axes of the other.
        count = len(batch[0])
        mine = len(free_axes(eqn.invars[side].aval.ndim, contract[0], batch[0]))
        others = eqn.outvars[0].aval.ndim - count - mine
        first = range(count + 1, count + 1 + mine)
        second = range(count + 1 + mine, count + 1 + mine + others)
        order = (count, *range(count), *((*first, *second) if side == 0 else (*second, *first)))
        plain = order == tuple(range(len(order)))
        out = write(
            eqns, dot_general_p, [stacked, other], {"dims": dims}, eqn.source,
            result if plain else None,
        )  # fmt: skip
        if plain:
            return out
        return write(eqns, transpose_p, [out], {"permutation": order}, eqn.source, result)

    def _stacked(self, atom: Atom, stacks: list[tuple[Atom, Var]]) -> Atom:
        """The values of a variable in all iterations: rows, or what the loop stores."""
        if atom in self.rows:
            return self.rows[atom]
        for out, result in stacks:
            if out is atom:
                return result
        result = Var(atom.aval.with_shape((self.length, *atom.aval.shape)))
        stacks.append((atom, result))
        return result

    def _outside(self, atom: Atom) -> Atom:
        """An invariant variable outside the loop."""
        if isinstance(atom, Literal):
            return atom
        if atom not in self.constants:
            inputs = [v for _, v in self.loop.constants]
            names = dict(self.constants)
            pure = [eqn for eqn in self.loop.body.eqns if not has_effects(eqn)]
            for eqn in dce(Jaxpr((), (), inputs, pure, [atom])).eqns:
                self.before.append(renamed(eqn, names, self.source))
            self.constants[atom] = names[atom]
        return self.constants[atom]

    def _uses(self) -> Counter[Atom]:
        """How often each variable of the program is read."""
        loop = self.loop
        live = dce(Jaxpr((), (), (), loop.body.eqns, self._outs())).eqns
        return Counter([*(a for eqn in live for a in eqn.invars), *self._outs()])

    def _outs(self) -> Sequence[Atom]:
        return [*(out for _, _, out, _ in self.loop.carries), *(out for out, _ in self.loop.stacks)]

    def _drop(self, eqn: Eqn) -> None:
        self._replace_body([e for e in self.loop.body.eqns if e is not eqn])
        for v in eqn.outvars:
            self.maker.pop(v, None)

    def _replace_body(self, eqns: Sequence[Eqn]) -> None:
        body = self.loop.body
        self.loop.body = Jaxpr(body.constvars, body.consts, body.invars, eqns, body.outvars)


def _later(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(a + 1 for a in axes)


def write(
    eqns: list[Eqn],
    primitive: Primitive,
    operands: Sequence[Atom],
    params: dict[str, Any],
    source: Source | None,
    result: Var | None = None,
) -> Var:
    """One more equation; returns its result, a new variable where none is given."""
    out = result or Var(primitive.abstract(*(a.aval for a in operands), **params))
    eqns.append(Eqn(primitive, operands, [out], params, source))
    return out
