"""Loops that tensors decide: what goes from one iteration to the next, and how they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Any

import numpy as np

from functrans import debug, lax
from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.autograph.ranges import Range
from functrans.tf.autograph.state import (
    RESULT,
    UNDEFINED,
    MissingReturnError,
    Packed,
    Scope,
    condition,
    in_arrays,
    shown,
)
from functrans.tf.dtypes import of
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
    UnsupportedError,
)
from functrans.tf.pieces import Piece, along, repeated
from functrans.tf.tensor import Tensor, value, wrap

Leaves = Sequence[Any]


class Carry:
    """The values that go from one iteration of a loop to the next, as arrays."""

    def __init__(self, scope: Scope, most: int | None) -> None:
        self.scope = scope
        values = scope.carried()
        if most is not None:  # arrays that may grow need room
            values = {name: in_arrays(lambda a: a._growing(most), v) for name, v in values.items()}
        self.empty = [name for name, v in values.items() if v is UNDEFINED or v is None]
        """The names that have no value before the loop."""
        self.packed = {name: Packed(v) for name, v in values.items() if name not in self.empty}

    def start(self) -> list[Any]:
        """The arrays before the loop."""
        return [x for p in self.packed.values() for x in p.leaves]

    def enter(self, leaves: Leaves) -> None:
        """Give the variables the values of these arrays."""
        rest = iter(leaves)
        self.scope.enter({name: p.rebuilt(rest) for name, p in self.packed.items()})

    def leave(self) -> list[Any]:
        """The arrays of the variables after an iteration."""
        found = self.scope.carried()
        after = {name: Packed(found[name]) for name in self.packed}
        for name, packed in after.items():
            _check(name, self.packed[name], packed)
        return [x for p in after.values() for x in p.leaves]

    def fill(self, iteration: Callable[[], None]) -> None:
        """Find values for what has none yet, by one trace of the body.

        Names without a value get zeros of the types that they have after an iteration; a name
        that has an object then, or still nothing, has no value after the loop. Arrays that nobody
        wrote to learn the shape of their elements.
        """
        shapeless = [name for name, p in self.packed.items() if p.has_unknown_rows]
        if not self.empty and not shapeless:
            return

        def trace(leaves: Leaves) -> Leaves:
            self.enter(leaves)
            iteration()
            found = self.scope.carried()
            for name in self.empty:
                _refuse_none(name, found[name])
                if found[name] is not UNDEFINED and (p := Packed(found[name])).is_carried:
                    types[name] = p
            return []

        types: dict[str, Packed] = {}
        try:
            Piece(trace, self.start())  # which keeps to itself what variables are assigned
        except NameError as error:
            raise _not_defined(self.empty, error) from error
        except MissingReturnError as error:
            raise UnsupportedError(
                "a return statement cannot be placed inside this TensorFlow loop; this may happen "
                "if a return statement depends on a static Python condition such as a "
                "hyperparameter",
                "Keep the result in a variable, leave the loop with break, and return after it.",
            ) from error
        self.packed |= {name: p.with_zeros() for name, p in types.items()}
        for name in shapeless:  # their shape has been learnt meanwhile
            self.packed[name] = Packed(self.packed[name].whole)


def _not_defined(names: Sequence[str], error: NameError) -> Exception:
    if not names:
        return error
    return InvalidValueError(
        f"'{names[0]}' must be defined before the loop\nNote: AutoGraph tried to define it "
        f"automatically, but ran into a {type(error).__name__}: {error}",
        "Give it a value before the loop.",
    )


class Until:
    """``while test(): body()``, at most ``most`` times; ``starts`` is the first condition."""

    def __init__(
        self, test: Callable[[], Any], body: Callable[[], None], most: Any, starts: Any
    ) -> None:
        self.test = test
        self.iteration = body
        self.most = most
        self.starts = starts
        self.most_iterations = None

    def run(self, carry: Carry) -> Leaves:
        """The arrays after the loop."""

        def going(counted: Leaves) -> Leaves:
            k, *leaves = counted
            carry.enter(leaves)
            test = condition(self.test(), "while loop")
            return [test if self.most is None else fnp.logical_and(test, k < self.most)]

        def step(counted: Leaves) -> Leaves:
            k, *leaves = counted
            carry.enter(leaves)
            self.iteration()
            return [k + 1, *carry.leave()]

        return repeated(going, step, [np.int64(0), *carry.start()])[1:]


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
        count = known(self.count)
        self.most_iterations = None if count is None else int(count)

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

        def going(counted: Leaves) -> Leaves:
            k, *leaves = counted
            inside = k < self.count
            if self.more is None:
                return [inside]
            carry.enter(leaves)
            return [fnp.logical_and(inside, _raw(self.more()))]

        def step(counted: Leaves) -> Leaves:
            k, *leaves = counted
            carry.enter(leaves)
            self.body(self.item(k))
            return [k + 1, *carry.leave()]

        return repeated(going, step, [np.int64(0), *carry.start()])[1:]

    def _run_all(self, carry: Carry, count: int) -> Leaves:
        rows = [] if self.array is None else [self.array[:count]]
        start = [np.int64(0), *carry.start()]

        def step(values: Leaves) -> Leaves:
            k, *leaves = values[: len(start)]
            carry.enter(leaves)
            self.body(wrap(values[-1]) if rows else self.item(k))
            return [k + 1, *carry.leave()]

        return along(step, start, rows, length=count)[0][1:]


def _length(array: Any) -> Any:
    if not array.shape:
        raise InvalidValueError(
            "len requires a non-scalar tensor, got one of shape ()",
            "Loop over a range: for i in tf.range(n).",
        )
    return array.shape[0]


def _raw(test: Any) -> Any:
    return value(test) if isinstance(test, Tensor) else test


def run_loop(scope: Scope, loop: Until | Rows, target: Sequence[str] = ()) -> None:
    """Trace and run a loop; ``target`` may stay without a value if there is no iteration."""
    try:
        carry = Carry(scope, loop.most_iterations)
        carry.fill(loop.iteration)
        leaves = loop.run(carry)
    finally:
        scope.restore()
    unset = [n for n in carry.empty if n in carry.packed and n not in target]
    if unset:
        _check_ran(loop.starts, unset[0])
    carry.enter(leaves)
    scope.change(partial(in_arrays, lambda array: array._grown()))


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
    if not before.has_structure_of(after):
        raise InvalidTypeError(
            f"'{text}' does not have the same nested structure after one iteration: "
            f"{before.whole} before the loop, {after.whole} after it",
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
