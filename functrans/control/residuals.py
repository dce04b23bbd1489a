"""Residuals: the least that a loop has to store in each iteration for its derivative.

The linear part of a loop reads values of the loop itself. Storing costs memory and time for every
iteration, so what few cheap operations make from what is stored anyway is made again instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from functrans.core.primitive import Primitive
from functrans.passes.loops import FREE
from functrans.primitives import elementwise as ew
from functrans.primitives import linear as ln

_CHEAP: frozenset[Primitive] = frozenset(
    {
        ln.add_p,
        ln.sub_p,
        ln.neg_p,
        ln.mul_p,
        ln.div_p,
        ln.convert_p,
        ln.select_n_p,
        ln.real_p,
        ln.imag_p,
        ln.complex_p,
        ln.conj_p,
        ew.max_p,
        ew.min_p,
        ew.abs_p,
        ew.sign_p,
        ew.integer_pow_p,
        ew.eq_p,
        ew.ne_p,
        ew.lt_p,
        ew.le_p,
        ew.gt_p,
        ew.ge_p,
        ew.and_p,
        ew.or_p,
        ew.xor_p,
        ew.not_p,
    }
)

_MOST = 6  # cheap operations that replace one stored value


class Residuals:
    """What to store for ``targets``, variables of a loop's program, and how they are made of it.

    Attributes
    ----------
    leaves: the variables that the linear part is given: constants, rows, results and invariant
        values of the loop, and ``stored``, what has to be stored beyond them.
    eqns: the operations, in order, that make the other targets from the leaves.
    """

    def __init__(
        self, program: Jaxpr, targets: Sequence[Var], given: set[Atom], same: set[Atom]
    ) -> None:
        self._maker: dict[Atom, Eqn] = {v: eqn for eqn in program.eqns for v in eqn.outvars}
        self._given = set(given)
        self._same = same
        order = {eqn: i for i, eqn in enumerate(program.eqns)}
        place = {v: order[eqn] for v, eqn in self._maker.items()}
        self.stored: list[Var] = []
        for target in sorted(targets, key=lambda v: place.get(v, -1)):
            if self._cost(target) > _MOST:
                self._store(target)
        leaves: dict[Var, None] = {}
        needed: set[Eqn] = set()
        for target in targets:
            self._collect(target, leaves, needed)
        self.leaves = list(leaves)
        self.eqns = [eqn for eqn in program.eqns if eqn in needed]

    def _is_leaf(self, atom: Atom) -> bool:
        """Whether a variable is there without being stored. Free layouts are made again."""
        if atom in self._given:
            return True
        return atom in self._same and not (
            atom in self._maker and self._maker[atom].primitive in FREE
        )

    def _cost(self, atom: Atom) -> int:
        """How many cheap operations make ``atom`` from leaves; more than allowed if none do."""
        if isinstance(atom, Literal) or self._is_leaf(atom):
            return 0
        eqn = self._maker.get(atom)
        if eqn is None or not (eqn.primitive in _CHEAP or eqn.primitive in FREE):
            return _MOST + 1
        cost = int(eqn.primitive in _CHEAP)
        for a in eqn.invars:
            if cost > _MOST:
                break
            cost += self._cost(a)
        return cost

    def _store(self, target: Var) -> None:
        """Store the target, or a smaller thing that it is made of."""
        while True:
            eqn = self._maker.get(target)
            if eqn is None or not (eqn.primitive in _CHEAP or eqn.primitive in FREE):
                break
            missing = [a for a in eqn.invars if isinstance(a, Var) and self._cost(a) > _MOST]
            if len(missing) != 1:
                break
            size, smaller = target.aval.nbytes, missing[0].aval.nbytes
            if smaller > size or (smaller == size and eqn.primitive not in FREE):
                break
            target = missing[0]
        self._given.add(target)
        self.stored.append(target)

    def _collect(self, atom: Atom, leaves: dict[Var, None], needed: set[Eqn]) -> None:
        if isinstance(atom, Literal):
            return
        if self._is_leaf(atom):
            leaves[atom] = None
            return
        eqn = self._maker[atom]
        if eqn not in needed:
            needed.add(eqn)
            for a in eqn.invars:
                self._collect(a, leaves, needed)
