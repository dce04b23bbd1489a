"""The way back through a loop with a budget: few states are saved, the rest is computed again.

The states to save are those of the binomial schedule, which computes least for a given number of
saved states: A. Griewank and A. Walther, "Algorithm 799: revolve", ACM TOMS 26 (2000). It is an
ordinary program of loops. The loop runs once to count its iterations; then each turn of the outer
loop goes one iteration back. It descends from the last saved state to the iteration that is due,
and saves states on the way while there is room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from functrans.control.bodies import Body, staged
from functrans.core.avals import aval_of
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.errors import OptionError
from functrans.primitives.elementwise import floor_div, max_, min_
from functrans.primitives.indexing import gather, scatter
from functrans.primitives.layout import zeros
from functrans.primitives.linear import select_n

Values = Sequence[Any]
Budget = int | str | None
Run = Callable[[Body, Body, Values, Values, Values], list[Any]]

_LOG_MOST = 32  # states: enough for a second visit at most of 4 billion iterations


def checked_budget(budget: Any) -> Budget:
    """What a loop was given as ``checkpoint``."""
    if budget is None or (isinstance(budget, str) and budget == "log"):
        return budget
    if isinstance(budget, int | np.integer) and not isinstance(budget, bool) and budget > 0:
        return int(budget)
    raise OptionError(
        f"checkpoint is {budget!r:.60}, which is no budget of saved states.",
        'Give a positive int, "log" for about log2 of the number of iterations, or None to keep '
        "what the derivative needs of every iteration.",
    )


@dataclass(frozen=True, slots=True)
class Steps:
    """A loop's programs with their operands.

    ``going`` says whether to go on and ``forward`` makes the next carries, both of all carries;
    ``advance`` maps constants and the carries that the derivative needs to such carries, ``record``
    to the rows of the iteration. ``back`` maps constants, sums and rows to sums.
    """

    going: Callable[..., Any]
    forward: Callable[..., Any]
    starts: Values
    advance: Jaxpr
    record: Jaxpr
    constants: Values
    states: Values
    back: Jaxpr
    of_back: Values
    sums: Values


def go_back(steps: Steps, budget: int | str, run: Run) -> list[Any]:
    """The sums after the way back; ``run`` applies a while."""
    count = _counted(steps, run)
    room, most = (budget, budget) if isinstance(budget, int) else (_LOG_MOST, _log(count, run))
    stacks = [scatter(_room(x, room), x, (np.int64(0),), (0,), "set", "clip") for x in steps.states]
    states = len(stacks)

    def go_one_back(end: Any, top: Any, places: Any, *rest: Any) -> list[Any]:
        last = end - 1
        state = [_at(x, top) for x in rest[:states]]

        def descend(place: Any, top: Any, places: Any, *rest: Any) -> list[Any]:
            free = most - 1 - top
            left = end - place
            ahead = select_n(free > 0, left - 1, _stride(left, max_(free, np.int64(1)) + 1, run))
            place = place + ahead
            later = _advanced(steps, rest[states:], ahead, run)
            top = select_n(free > 0, top, top + 1)
            slot = select_n(free > 0, np.int64(room), top)  # there is none: nothing is written
            stacks = [_put(x, y, slot) for x, y in zip(rest[:states], later, strict=True)]
            return [place, top, _put(places, place, slot), *stacks, *later]

        begin = [_at(places, top), top, places, *rest[:states], *state]
        _, top, places, *found = _while(lambda place, *_: place < last, descend, begin, run)
        rows = evaluate(steps.record, *steps.constants, *found[states:])
        sums = evaluate(steps.back, *steps.of_back, *rest[states:], *rows)
        top = select_n(_at(places, top) == last, top, top - 1)
        return [last, top, places, *found[:states], *sums]

    places = _room(np.int64(0), room)
    begin = [count, np.int64(0), places, *stacks, *steps.sums]
    return _while(lambda end, *_: end > 0, go_one_back, begin, run)[3 + states :]


def _while(
    going: Callable[..., Any], step: Callable[..., Any], carries: Values, run: Run
) -> list[Any]:
    avals = [aval_of(x).strengthen() for x in carries]
    cond, body = staged(lambda *xs: [going(*xs)], avals), staged(step, avals)
    return run(cond, body, (), (), carries)


def _counted(steps: Steps, run: Run) -> Any:
    """How many iterations there are."""
    return _while(
        lambda i, *carries: steps.going(*carries),
        lambda i, *carries: [i + 1, *steps.forward(*carries)],
        [np.int64(0), *steps.starts],
        run,
    )[0]


def _advanced(steps: Steps, state: Values, count: Any, run: Run) -> list[Any]:
    """The state so many iterations later."""
    return _while(
        lambda left, *_: left > 0,
        lambda left, *state: [left - 1, *evaluate(steps.advance, *steps.constants, *state)],
        [count, *state],
        run,
    )[1:]


def _log(count: Any, run: Run) -> Any:
    """About the logarithm of a count: so many states are used of those there is room for."""
    bits = _while(
        lambda bits, reached: reached < count,
        lambda bits, reached: [bits + 1, reached * 2],
        [np.int64(1), np.int64(1)],
        run,
    )[0]
    return min_(bits, np.int64(_LOG_MOST))


def _stride(left: Any, states: Any, run: Run) -> Any:
    """How far to go before the next state is saved, with ``left`` iterations to take back.

    The first state is saved already and one of ``states``. So many suffice for
    C(states + visits, states) iterations that are visited ``visits`` times each, besides the visit
    that takes them back.
    """
    visits, fewer, _ = _while(
        lambda visits, fewer, reach: reach < left,
        lambda visits, fewer, reach: [
            visits + 1, reach, floor_div(reach * (states + visits + 1), visits + 1)
        ],
        [np.int64(0), np.int64(0), np.int64(1)],
        run,
    )  # fmt: skip
    return min_(fewer, left - floor_div(fewer * states, states + visits - 1))


def _room(x: Any, states: int) -> Any:
    aval = aval_of(x)
    return zeros(aval.strengthen().with_shape((states, *aval.shape)))


def _at(stack: Any, place: Any) -> Any:
    return gather(stack, (place,), (0,), "clip")


def _put(stack: Any, x: Any, place: Any) -> Any:
    return scatter(stack, x, (place,), (0,), "set", "drop")
