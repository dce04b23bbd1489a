"""What converted code calls for control flow: Python's way, or a staged one where tensors decide.

A tensor is staged while a ``tf.function`` is traced, and wherever its value is not known.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from functrans import numpy as fnp
from functrans.tf.autograph.convert import converted
from functrans.tf.autograph.loops import Rows, Until, run_loop
from functrans.tf.autograph.ranges import Range, iterated
from functrans.tf.autograph.state import (
    RESULT,
    UNDEFINED,
    Attribute,
    Item,
    MissingReturnError,
    Packed,
    Place,
    Scope,
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
from functrans.tf.pieces import Piece, either
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
    scope = Scope([body] if other is None else [body, other], names, handed_on, places)

    def outcome(run: Callable[[], None]) -> dict[str, Any]:
        scope.restore()
        run()
        return scope.carried()

    pred = condition(test, "if statement")
    try:
        results = _either(pred, partial(outcome, body), partial(outcome, other or _nothing))
    finally:
        scope.restore()
    scope.enter(results)


def _nothing() -> None:
    pass


Outcome = Callable[[], dict[str, Any]]
_BRANCHES = ("main", "else")


def _either(pred: Any, main: Outcome, other: Outcome) -> dict[str, Any]:
    """What one of two functions gives, by name; names without a value in both have none.

    Both are traced, ``main`` first.
    """
    packed: list[dict[str, Packed]] = []
    missing: list[set[str]] = []

    def flat(run: Outcome, _: Any) -> list[Any]:
        found = run()
        missing.append({name for name, v in found.items() if v is UNDEFINED})
        for name, v in found.items():
            if v is None:
                _refuse_none(name, _BRANCHES[len(packed)])
        packed.append({name: Packed(v) for name, v in found.items() if v is not UNDEFINED})
        return [x for p in packed[-1].values() for x in p.leaves]

    pieces = [Piece(partial(flat, run), []) for run in (main, other)]
    _check_defined(*missing)
    for name, here in list(packed[0].items()):
        if here.is_outdated:  # by what the other branch wrote to an array
            packed[0][name] = Packed(here.whole)
            pieces[0].results = [x for p in packed[0].values() for x in p.leaves]
        _check_branches(name, packed[0][name], packed[1][name])
    leaves = iter(either(pred, *pieces))
    results = {name: p.rebuilt(leaves) for name, p in packed[0].items()}
    return results | dict.fromkeys(missing[0], UNDEFINED)


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
    if not main.has_structure_of(other):
        raise InvalidTypeError(
            f"'{text}' does not have the same nested structure in the main and else branches: "
            f"{main.whole} and {other.whole}",
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
    return _either(pred, lambda: {text: body()}, lambda: {text: other()})[text]


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
    scope = Scope([test, body], names, carried, places)
    going = test()
    if is_staged(going):
        scope.restore()
        run_loop(scope, Until(test, body, most, condition(going, "while loop")))
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
        scope = Scope([body] if more is None else [body, more], names, carried, places)
        run_loop(scope, Rows(rows, more, body, most), target)
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
