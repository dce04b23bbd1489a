"""Solvers: what custom_root and custom_linear_solve check of the functions they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from functrans import tree
from functrans.control.bodies import operand
from functrans.control.custom_rules import described
from functrans.core.avals import Aval, aval_of
from functrans.errors import CustomRuleError
from functrans.transforms.stage import check_callable


class Space:
    """The trees that a problem's functions map to each other: those like an ``example``.

    Attributes
    ----------
    leaves, avals: the example's arrays and their types.
    """

    def __init__(self, problem: str, example: Any, has_aux: bool) -> None:
        given, self._structure = tree.flatten(example)
        self.avals = [aval_of(x).strengthen() for x in given]
        self.leaves = [operand(x, a) for x, a in zip(given, self.avals, strict=True)]
        self._problem = problem
        self._has_aux = has_aux
        self._aux_tree: tree.PyTreeDef | None = None

    def check_functions(self, *functions: Any) -> None:
        check_callable(self._problem, *functions)

    def tree(self, leaves: Sequence[Any]) -> Any:
        """A tree like the example."""
        return tree.unflatten(self._structure, leaves)

    def flat(self, function: Callable[..., Any], result: Any) -> list[Any]:
        """The leaves of what a function returned, which must be like the example."""
        outs, found = tree.flatten(result)
        types = [aval_of(x).strengthen() for x in outs]
        if found != self._structure or not all(map(Aval.same_type, types, self.avals)):
            raise CustomRuleError(
                f"{described(function)} in {self._problem} returned {found} of types "
                f"{', '.join(map(str, types))} where {self._structure} of types "
                f"{', '.join(map(str, self.avals))} is needed.",
                "It must return the containers, shapes and dtypes of the problem's solution.",
            )
        return outs

    def flat_with_aux(self, function: Callable[..., Any], result: Any) -> list[Any]:
        """The leaves of what a method returned: the solution's, then those of ``aux``."""
        if not self._has_aux:
            return self.flat(function, result)
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise CustomRuleError(
                f"{described(function)} in {self._problem} returned {result!r:.60}.",
                "With has_aux=True it must return a pair: the solution and aux.",
            )
        aux, self._aux_tree = tree.flatten(result[1])
        return [*self.flat(function, result[0]), *aux]

    def result(self, outs: Sequence[Any]) -> Any:
        """What the problem's function returns, from the leaves of a method's result."""
        count = len(self.avals)
        solution = self.tree(outs[:count])
        if self._aux_tree is None:
            return solution
        return solution, tree.unflatten(self._aux_tree, outs[count:])
