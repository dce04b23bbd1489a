"""What converted code calls for control flow: Python's way, or a staged one where tensors decide.

A tensor is staged while a ``tf.function`` is traced, and wherever its value is not known.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from functrans import lax
from functrans import numpy as fnp
from functrans.tf.autograph.convert import converted
from functrans.tf.autograph.loops import Rows, Until, run_loop
from functrans.tf.autograph.ranges import Range, iterated
from functrans.tf.autograph.state import (
    RESULT,
    UNDEFINED,
    Assigned,
    Attribute,
    Item,
    MissingReturnError,
    NewAssignmentsError,
    Packed,
    Place,
    State,
    assign,
    assigned,
    condition,
    is_staged,
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

__all__ = [
    "NOTHING",
    "Attribute",
    "Item",
    "and_",
    "chain",
    "converted",
    "for_",
    "if_",
    "if_expression",
    "iterated",
    "loop_options",
    "not_",
    "or_",
    "returned",
    "while_",
]

NOTHING = UNDEFINED
"""What a function returns as long as it has not."""

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda x, y: x in y,
    "not in": lambda x, y: x not in y,
}


def returned(result: Any) -> Any:
    """The function's result: None where no return was reached."""
    return None if result is UNDEFINED else result


def loop_options(
    parallel_iterations: Any = None,
    swap_memory: Any = None,
    maximum_iterations: Any = None,
    shape_invariants: Any = None,
) -> Any:
    """The options of a loop of which there is something to do: the number of iterations."""
    return maximum_iterations


# --- branches ------------------------------------------------------------------------------------


def if_(
    test: Any,
    body: Callable[[], None],
    other: Callable[[], None] | None,
    names: Sequence[str],
    handed_on: Sequence[str],
    places: Sequence[Place],
) -> None:
    """``if test: body() else: other()``."""
    if not is_staged(test):
        if test:
            body()
        elif other is not None:
            other()
        return
    state = State([body] if other is None else [body, other], names, handed_on, places)
    before = state.read()
    results = _either(
        condition(test, "if statement"),
        partial(_outcome, state, body),
        partial(_outcome, state, other or _nothing),
        partial(state.write, before),
    )
    for place in state.carried:
        place.set(results[place.name])


def _outcome(state: State, run: Callable[[], None]) -> dict[str, Any]:
    run()
    return {p.name: p.get() for p in state.carried}


def _nothing() -> None:
    pass


Outcome = Callable[[], dict[str, Any]]


def _either(
    pred: Any, main: Outcome, other: Outcome, restore: Callable[[], None]
) -> dict[str, Any]:
    """What one of two functions gives, by name; and it is left to the frame what it assigns.

    Both are traced, ``main`` first, after ``restore``. Names without a value in both have none.
    """
    before = assigned()
    keys: frozenset[int] = frozenset()
    while True:
        variables = Assigned(before, keys)
        branches = Branches(variables, restore)
        try:
            leaves, values = lax.cond(
                fnp.logical_not(pred), partial(branches.flat, other), partial(branches.flat, main)
            )
            break
        except NewAssignmentsError as new:
            keys = new.keys
        finally:
            restore()
    variables.put(values, before)
    return branches.rebuilt(leaves)


class Branches:
    """What the branches of one statement gave so far: nothing, main's results, and both."""

    def __init__(self, variables: Assigned, restore: Callable[[], None]) -> None:
        self.variables = variables
        self.restore = restore
        self.packed: list[dict[str, Packed]] = []
        self.missing: list[set[str]] = []

    def flat(self, run: Outcome) -> tuple[list[Any], list[Any]]:
        """The arrays that a branch gives, and the values of the variables that it assigns."""
        self.restore()
        found = run()
        values = self.variables.now()
        self.missing.append({name for name, v in found.items() if v is UNDEFINED})
        for name, v in found.items():
            if v is None:
                _refuse_none(name, _BRANCHES[len(self.packed)])
        packed = {name: Packed(v) for name, v in found.items() if v is not UNDEFINED}
        if self.packed:
            _check_defined(*self.missing)
            for name, here in packed.items():
                _check_branches(name, self.packed[0][name], here)
        self.packed.append(packed)
        return [x for p in packed.values() for x in p.leaves], values

    def rebuilt(self, leaves: Sequence[Any]) -> dict[str, Any]:
        """The results with these arrays in them."""
        rest = iter(leaves)
        results = {
            name: p.rebuilt([next(rest) for _ in p.leaves]) for name, p in self.packed[0].items()
        }
        return results | dict.fromkeys(self.missing[0], UNDEFINED)


_BRANCHES = ("main", "else")


def _refuse_none(name: str, branch: str) -> None:
    raise InvalidValueError(
        f"'{shown(name)}' is None at the end of the {branch} branch.",
        "Give it a tensor in both branches.",
    )


def _check_defined(main: set[str], other: set[str]) -> None:
    for branch, missing, given in (("main", main, other), ("else", other, main)):
        for name in sorted(missing - given):
            if name == RESULT:
                raise MissingReturnError(
                    f"the {branch} branch must also have a return statement.",
                    "Both branches are traced, so both have to return a value, or neither.",
                )
            raise InvalidValueError(
                f"'{name}' must also be initialized in the {branch} branch",
                f"Give {name} a value of the same dtype and shape before the if statement.",
            )


def _check_branches(name: str, main: Packed, other: Packed) -> None:
    text = shown(name)
    if main.structure != other.structure:
        raise InvalidTypeError(
            f"'{text}' does not have the same nested structure in the main and else branches: "
            f"{main.structure} and {other.structure}",
            "Return the same containers with the same keys from both.",
        )
    if not all(a.same(b) for a, b in zip(main.kinds, other.kinds, strict=True)):
        odd = next((a, b) for a, b in zip(main.kinds, other.kinds, strict=True) if not a.same(b))
        raise InvalidTypeError(
            f"'{text}' is {odd[0].what!r:.80} in the main branch and {odd[1].what!r:.80} in the "
            "else branch, and a tensor decides between them: neither is a tensor or a number",
            "Choose between tensors.",
        )
    for a, b in zip(main.leaves, other.leaves, strict=True):
        if a.dtype != b.dtype:
            raise InvalidTypeError(
                f"'{text}' has dtype {of(a.dtype).name} in the main branch, but dtype "
                f"{of(b.dtype).name} in the else branch",
                "Convert one of them with tf.cast, or write 1.0 for 1.",
            )
        if a.shape != b.shape:
            raise InvalidValueError(
                f"'{text}' has shape {tuple(a.shape)} in the main branch, but shape "
                f"{tuple(b.shape)} in the else branch",
                "Shapes are static here: give both branches' results one shape.",
            )


# --- expressions ---------------------------------------------------------------------------------


def if_expression(test: Any, body: Callable[[], Any], other: Callable[[], Any], text: str) -> Any:
    """``body() if test else other()``."""
    if not is_staged(test):
        return body() if test else other()
    return _chosen(condition(test, "if statement"), body, other, text)


def _chosen(pred: Any, body: Callable[[], Any], other: Callable[[], Any], text: str) -> Any:
    restore = partial(assign, assigned())
    return _either(pred, lambda: {text: body()}, lambda: {text: other()}, restore)[text]


def and_(first: Callable[[], Any], *rest: Callable[[], Any]) -> Any:
    """``a and b and …``."""
    x = first()
    if not rest:
        return x
    if not is_staged(x):
        return x and and_(*rest)
    return _chosen(_truth(x), lambda: and_(*rest), lambda: x, "and")


def or_(first: Callable[[], Any], *rest: Callable[[], Any]) -> Any:
    """``a or b or …``."""
    x = first()
    if not rest:
        return x
    if not is_staged(x):
        return x or or_(*rest)
    return _chosen(_truth(x), lambda: x, lambda: or_(*rest), "or")


def _truth(x: Any) -> Any:
    """The boolean of an operand of ``and`` or ``or``."""
    raw = value(x) if isinstance(x, Tensor) else x
    if raw.dtype != bool and isinstance(x, Tensor):
        raise InvalidArgumentError.at(
            f"Input 'pred' passed {x.dtype.name} expected bool", "Write the comparison: x != 0."
        )
    if raw.shape != ():
        raise InvalidArgumentError.at(
            f"The second input must be a scalar, but it has shape {list(raw.shape)}",
            "Use tf.logical_and and tf.logical_or for elements.",
        )
    return raw if raw.dtype == bool else raw != 0


def not_(x: Any) -> Any:
    """``not x``."""
    if not is_staged(x):
        return not x
    if isinstance(x, Tensor):
        if x._dtype.kind != "b":
            raise InvalidTypeError(
                f"Input 'x' of 'LogicalNot' Op has type {x.dtype.name} that does not match "
                "expected type of bool.",
                "Write the comparison: x == 0.",
            )
        return Tensor(fnp.logical_not(value(x)))
    return fnp.logical_not(x)


def chain(left: Any, *links: Any) -> Any:
    """``left < b < c``, of which each operand is evaluated once, and only where it matters."""
    word, right, *rest = links
    here = right()
    first = _COMPARE[word](left, here)
    return first if not rest else and_(lambda: first, lambda: chain(here, *rest))


# --- loops ---------------------------------------------------------------------------------------


def while_(
    test: Callable[[], Any],
    body: Callable[[], None],
    names: Sequence[str],
    carried: Sequence[str],
    places: Sequence[Place],
    most: Any,
) -> None:
    """``while test(): body()``, at most ``most`` times where that is given and tensors decide."""
    state = State([test, body], names, carried, places)
    before = state.read()
    going = test()
    if is_staged(going):
        state.write(before)
        run_loop(state, before, Until(test, body, most, condition(going, "while loop")))
        return
    while going:
        body()
        going = test()
        if is_staged(going):
            raise UnsupportedError(
                "The loop started as non-Tensor, then changed to Tensor. This may happen either "
                "because variables changed type, or when a break or return statement inside the "
                "loop depends on a Tensor condition. In both cases, changing to a TF loop should "
                "remove the error.",
                "Let a tensor decide from the start: while tf.constant(True), or i = tf.constant(0)"
                " before the loop.",
            )


def for_(
    rows: Any,
    more: Callable[[], Any] | None,
    body: Callable[[Any], None],
    names: Sequence[str],
    carried: Sequence[str],
    places: Sequence[Place],
    target: Sequence[str],
    most: Any,
) -> None:
    """``for item in rows: body(item)``, as long as ``more()``."""
    if isinstance(rows, Range) or (isinstance(rows, Tensor) and is_staged(rows)):
        state = State([body] if more is None else [body, more], names, carried, places)
        run_loop(state, state.read(), Rows(rows, more, body, most), target)
        return
    for item in rows:
        body(item)
        if more is None:
            continue
        going = more()
        if is_staged(going):
            raise UnsupportedError(
                "break and return statements which depend on a TF condition are not supported in "
                "Python for loops. Did you intend to make it a TF loop?",
                "Loop over a tensor: for i in tf.range(n).",
            )
        if not going:
            break
