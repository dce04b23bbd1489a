"""Loops that tensors decide: what goes from one iteration to the next, and how they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import numpy as np

import functrans as ft
from functrans import debug, lax
from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.autograph.ranges import Range
from functrans.tf.autograph.state import (
    RESULT,
    UNDEFINED,
    Assigned,
    MissingReturnError,
    NewAssignmentsError,
    Packed,
    Snapshot,
    State,
    condition,
    shown,
)
from functrans.tf.dtypes import of
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
    UnsupportedError,
)
from functrans.tf.tensor import Tensor, value

Leaves = list[Any]


class Carry:
    """The values that go from one iteration of a loop to the next, as arrays."""

    def __init__(self, state: State, before: Snapshot, variables: Assigned) -> None:
        self.state = state
        self.before = before
        self.variables = variables
        values = {p.name: v for p, v in zip(state.places, before.values, strict=True)}
        own = {p.name: values[p.name] for p in state.carried}
        self.empty = [name for name, v in own.items() if v is UNDEFINED or v is None]
        """The names that have no value before the loop."""
        self.packed = {name: Packed(v) for name, v in own.items() if name not in self.empty}

    def start(self) -> Leaves:
        """The arrays before the loop."""
        return [*(x for p in self.packed.values() for x in p.leaves), *self.variables.first()]

    def enter(self, leaves: Sequence[Any]) -> None:
        """Give the variables the values of these arrays."""
        self.state.write(self.before)
        rest = iter(leaves)
        for place in self.state.carried:
            if place.name in self.packed:
                packed = self.packed[place.name]
                place.set(packed.rebuilt([next(rest) for _ in packed.leaves]))
        self.variables.put(list(rest), self.before.assigned)

    def leave(self) -> Leaves:
        """The arrays of the variables after an iteration."""
        values = self.variables.now()
        found = {p.name: p.get() for p in self.state.carried}
        after = {name: Packed(found[name]) for name in self.packed}
        for name, packed in after.items():
            _check(name, self.packed[name], packed)
        return [*(x for p in after.values() for x in p.leaves), *values]

    def fill(self, iteration: Callable[[], None]) -> None:
        """Give names without a value zeros of the types that they have after an iteration.

        A name that has an object then, or still nothing, has no value after the loop.
        """

        def trace(*leaves: Any) -> None:
            self.enter(leaves)
            iteration()
            self.variables.now()
            found = {p.name: p.get() for p in self.state.carried}
            for name in self.empty:
                _refuse_none(name, found[name])
            packed = {n: Packed(found[n]) for n in self.empty if found[n] is not UNDEFINED}
            types.update({n: p for n, p in packed.items() if p.is_carried})

        if not self.empty:
            return
        types: dict[str, Packed] = {}
        try:
            ft.eval_shape(trace, *self.start())
        except NameError as error:
            raise InvalidValueError(
                f"'{self.empty[0]}' must be defined before the loop\nNote: AutoGraph tried to "
                f"define it automatically, but ran into a {type(error).__name__}: {error}",
                "Give it a value before the loop.",
            ) from error
        except MissingReturnError as error:
            raise UnsupportedError(
                "a return statement cannot be placed inside this TensorFlow loop; this may happen "
                "if a return statement depends on a static Python condition such as a "
                "hyperparameter",
                "Keep the result in a variable, leave the loop with break, and return after it.",
            ) from error
        for name, packed in types.items():
            zeros = [np.zeros(x.shape, x.dtype)[()] for x in packed.leaves]
            self.packed[name] = packed.with_leaves(zeros)
        order = [p.name for p in self.state.carried]
        self.packed = {name: self.packed[name] for name in order if name in self.packed}


class Until:
    """``while test(): body()``, at most ``most`` times; ``starts`` is the first condition."""

    def __init__(
        self, test: Callable[[], Any], body: Callable[[], None], most: Any, starts: Any
    ) -> None:
        self.test = test
        self.iteration = body
        self.most = most
        self.starts = starts

    def run(self, carry: Carry) -> Leaves:
        """The arrays after the loop."""

        def going(k: Any, leaves: Leaves) -> Any:
            carry.enter(leaves)
            test = condition(self.test(), "while loop")
            return test if self.most is None else fnp.logical_and(test, k < self.most)

        def step(k: Any, leaves: Leaves) -> Leaves:
            carry.enter(leaves)
            self.iteration()
            return carry.leave()

        return _run_while(going, step, carry.start())


class Rows:
    """``for item in rows: body(item)``, as long as ``more()``, at most ``most`` times."""

    def __init__(
        self, rows: Tensor | Range, more: Callable[[], Any] | None, body: Any, most: Any
    ) -> None:
        self.range: Any = None
        self.array: Any = None
        if isinstance(rows, Range):
            self.range = rows
            self.count = rows.count
        else:
            self.array = value(rows)
            self.count = _length(self.array)
        if most is not None:
            self.count = fnp.minimum(self.count, most)
        self.more = more
        self.body = body
        self.starts = self.count > 0

    def item(self, k: Any) -> Tensor:
        """The row of an iteration."""
        if self.range is not None:
            return Tensor(self.range.item(k))
        return Tensor(lax.dynamic_index_in_dim(self.array, k, keepdims=False))

    def iteration(self) -> None:
        """Any iteration, to see its types: there need not be a row."""
        if self.array is None:
            item = self.range.item(np.int64(0))
        else:
            item = fnp.zeros(self.array.shape[1:], self.array.dtype)
        self.body(Tensor(item))

    def run(self, carry: Carry) -> Leaves:
        """The arrays after the loop."""
        count = known(self.count)
        if count == 0:
            return carry.start()
        if self.more is None and count is not None:
            return self._run_all(carry, int(count))

        def going(k: Any, leaves: Leaves) -> Any:
            inside = k < self.count
            if self.more is None:
                return inside
            carry.enter(leaves)
            return fnp.logical_and(inside, _raw(self.more()))

        def step(k: Any, leaves: Leaves) -> Leaves:
            carry.enter(leaves)
            self.body(self.item(k))
            return carry.leave()

        return _run_while(going, step, carry.start())

    def _run_all(self, carry: Carry, count: int) -> Leaves:
        def step(state: tuple[Any, Leaves], row: Any) -> Any:
            k, leaves = state
            carry.enter(leaves)
            self.body(self.item(k) if row is None else Tensor(row))
            return (k + 1, carry.leave()), None

        rows = self.array if self.array is None or len(self.array) == count else self.array[:count]
        last, _ = lax.scan(step, (np.int64(0), carry.start()), rows, length=count)
        return list(last[1])


def _run_while(
    going: Callable[[Any, Leaves], Any], step: Callable[[Any, Leaves], Leaves], start: Leaves
) -> Leaves:
    last = lax.while_loop(
        lambda state: going(*state),
        lambda state: (state[0] + 1, step(*state)),
        (np.int64(0), start),
    )
    return list(last[1])


def _length(array: Any) -> Any:
    if not array.shape:
        raise InvalidValueError(
            "len requires a non-scalar tensor, got one of shape ()",
            "Loop over a range: for i in tf.range(n).",
        )
    return array.shape[0]


def _raw(test: Any) -> Any:
    return value(test) if isinstance(test, Tensor) else test


def run_loop(
    state: State, before: Snapshot, loop: Until | Rows, target: Sequence[str] = ()
) -> None:
    """Trace and run a loop; ``target`` may stay without a value if there is no iteration."""
    keys: frozenset[int] = frozenset()
    while True:
        carry = Carry(state, before, Assigned(before.assigned, keys))
        try:
            carry.fill(loop.iteration)
            leaves = loop.run(carry)
            break
        except NewAssignmentsError as new:
            keys = new.keys
        finally:
            state.write(before)
    unset = [n for n in carry.empty if n in carry.packed and n not in target]
    if unset:
        _check_ran(loop.starts, unset[0])
    carry.enter(leaves)


def _check_ran(starts: Any, name: str) -> None:
    """Raise, when the program runs, if there is no iteration that gives the name its value."""
    text = "the function return value" if name == RESULT else name
    error = InvalidArgumentError.at(
        f"assertion failed: [loop must iterate at least once to initialize {text}]",
        "Give it a value before the loop.",
    )

    def check(ran: Any) -> None:
        if not ran:
            raise copy(error)  # a new one each time, of the loop's own line

    debug.callback(check, starts)


def _refuse_none(name: str, after: Any) -> None:
    if after is None:
        raise InvalidValueError(
            f"'{shown(name)}' is not allowed to be None before the loop",
            "Give it a tensor before the loop.",
        )


def _check(name: str, before: Packed, after: Packed) -> None:
    text = shown(name)
    if before.structure != after.structure:
        raise InvalidTypeError(
            f"'{text}' does not have the same nested structure after one iteration: "
            f"{before.structure} before the loop, {after.structure} after it",
            "Keep the same containers with the same keys.",
        )
    for a, b in zip(before.kinds, after.kinds, strict=True):
        if not a.same(b):
            raise InvalidTypeError(
                f"'{text}' is {a.what!r:.80} before the loop, and {b.what!r:.80} after one "
                "iteration: Failed to convert elements to Tensor.",
                "Change only tensors and numbers in a loop that a tensor decides.",
            )
    for a, b in zip(before.leaves, after.leaves, strict=True):
        if a.dtype != b.dtype:
            raise InvalidTypeError(
                f"'{text}' has dtype {of(a.dtype).name} before the loop, but dtype "
                f"{of(b.dtype).name} after one iteration",
                "Start with a value of the dtype that the loop gives.",
            )
        if a.shape != b.shape:
            raise InvalidValueError(
                f"'{text}' has shape {tuple(a.shape)} before the loop, but shape "
                f"{tuple(b.shape)} after one iteration. Use tf.autograph.experimental."
                "set_loop_options to set shape invariants.",
                "Shapes are static here: start with a tensor as large as it gets, or collect "
                "rows in a tf.TensorArray.",
            )
