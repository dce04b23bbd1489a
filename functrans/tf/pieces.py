"""Pieces: Python functions traced once as programs, for branches and the bodies of loops.

Inside a ``tf.function`` a piece may read and assign variables. These become operands and results
of its program, so that what runs the program, a branch or a loop, passes them on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans import lax
from functrans.extend import Staging, evaluate
from functrans.tf.tensor import Frame, WatchedVariable, frame, seen

Values = Sequence[Any]


class _Use:
    """A variable in a piece: what stands for it at the start, and its value so far."""

    __slots__ = ("now", "start", "variable")

    def __init__(self, variable: WatchedVariable, start: Any) -> None:
        self.variable = variable
        self.start = self.now = start

    @property
    def is_assigned(self) -> bool:
        return self.now is not self.start


class _PieceFrame(Frame):
    """The frame of a piece: variables are its own, all else is the frame's around it."""

    def __init__(self, staging: Staging, around: Frame) -> None:
        self.uses: dict[int, _Use] = {}
        self._staging = staging
        self._around = around

    def captured(self, thing: Any, v: Any) -> Any:
        if isinstance(thing, WatchedVariable):
            return self._use(thing).now
        return self._around.captured(thing, v)

    def made(self, tensor: Any) -> None:
        self._around.made(tensor)

    def assigned(self, variable: WatchedVariable, v: Any) -> bool:
        self._use(variable).now = v
        return True

    def creating(self, initial: Any) -> Any:
        return self._around.creating(initial)

    def _use(self, variable: WatchedVariable) -> _Use:
        found = self.uses.get(id(variable))
        if found is None:
            found = _Use(variable, self._staging.input(variable._v))
            self.uses[id(variable)] = found
        return found


class Piece:
    """A function of flat values, traced: ``results`` are what it returned, as traced values."""

    __slots__ = ("_staging", "_uses", "results")

    def __init__(self, function: Callable[[Values], Values], operands: Values) -> None:
        staging = Staging()
        around = frame.get()
        inside = None if around is None else _PieceFrame(staging, around)
        token = frame.set(inside)
        try:
            with staging:
                self.results = function([staging.input(v) for v in operands])
        finally:
            frame.reset(token)
        self._staging = staging
        self._uses = {} if inside is None else inside.uses

    def program(self, state: State) -> Callable[[Values, Values], tuple[list[Any], list[Any]]]:
        """The piece as a function of its operands and of all variables of the state.

        It returns its results and the new values of the variables that are assigned.
        """
        uses, assigned = self._uses, state.assigned
        finals = [uses[id(v)].now for v in assigned if id(v) in uses]
        jaxpr = self._staging.program([*self.results, *finals])
        places = [state.place_of(use.variable) for use in uses.values()]
        kept = [None if id(v) in uses else state.place_of(v) for v in assigned]

        def run(operands: Values, variables: Values) -> tuple[list[Any], list[Any]]:
            found = evaluate(jaxpr, *operands, *(variables[i] for i in places))
            count = len(self.results)
            rest = iter(found[count:])
            news = [next(rest) if i is None else variables[i] for i in kept]
            return found[:count], news

        return run


class State:
    """The variables that some pieces use: their values now, and which are assigned."""

    __slots__ = ("_places", "assigned", "values")

    def __init__(self, *pieces: Piece) -> None:
        uses = [use for piece in pieces for use in piece._uses.values()]
        variables = {id(use.variable): use.variable for use in uses}
        changed = {id(use.variable) for use in uses if use.is_assigned}
        self.assigned = [v for key, v in variables.items() if key in changed]
        self._places = {key: i for i, key in enumerate(variables)}
        self.values = [seen(v, v._v, v.trainable) for v in variables.values()]

    def place_of(self, variable: WatchedVariable) -> int:
        """Where a variable stands among ``values``."""
        return self._places[id(variable)]

    def first(self) -> list[Any]:
        """The values of the variables that are assigned, before they are."""
        return [self.values[self.place_of(v)] for v in self.assigned]

    def with_assigned(self, news: Values) -> list[Any]:
        """The values of all variables where the assigned ones have these."""
        found = list(self.values)
        for variable, new in zip(self.assigned, news, strict=True):
            found[self.place_of(variable)] = new
        return found

    def store(self, news: Values) -> None:
        """Give the assigned variables their new values."""
        for variable, new in zip(self.assigned, news, strict=True):
            variable._store(new)


# --- what runs them ------------------------------------------------------------------------------


def either(pred: Any, main: Piece, other: Piece) -> list[Any]:
    """The results of one of two pieces without operands."""
    state = State(main, other)

    def branch(piece: Piece) -> Callable[[Values], tuple[list[Any], list[Any]]]:
        run = piece.program(state)
        return lambda variables: run([], variables)

    results, news = lax.cond(pred, branch(main), branch(other), state.values)
    state.store(news)
    return list(results)


def repeated(
    test: Callable[[Values], Values], step: Callable[[Values], Values], start: Values
) -> list[Any]:
    """What ``step`` makes of the values, over and over, as long as the one result of ``test``."""
    pieces = Piece(test, start), Piece(step, start)
    state = State(*pieces)
    run_test, run_step = (piece.program(state) for piece in pieces)

    def holds(carry: Any) -> Any:
        values, news = carry
        (found,), _ = run_test(values, state.with_assigned(news))
        return found

    def turn(carry: Any) -> Any:
        values, news = carry
        return run_step(values, state.with_assigned(news))

    values, news = lax.while_loop(holds, turn, (list(start), state.first()))
    state.store(news)
    return list(values)


def along(
    step: Callable[[Values], Values],
    start: Values,
    rows: Values,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[list[Any], list[Any]]:
    """``step`` along the rows of arrays: the last values, and what it yields, stacked.

    It maps values and a row of each array to the next values and what it yields.
    """
    count = len(start)
    each = [np.zeros(x.shape[1:], x.dtype) for x in rows]
    piece = Piece(step, [*start, *each])
    state = State(piece)
    run = piece.program(state)

    def turn(carry: Any, row: Any) -> Any:
        values, news = carry
        found, news = run([*values, *row], state.with_assigned(news))
        return (found[:count], news), found[count:]

    (values, news), stacks = lax.scan(
        turn, (list(start), state.first()), list(rows), length=length, reverse=reverse
    )
    state.store(news)
    return list(values), list(stacks)
