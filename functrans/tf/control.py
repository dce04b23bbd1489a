"""Control flow by functions: cond, case, switch_case, while_loop.

Where the condition's value is known, Python runs the branch or the loop, under tapes too. While a
``tf.function``, ``jit`` or ``vmap`` traces, functrans.lax makes one operation of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from functrans import lax
from functrans import numpy as fnp
from functrans.errors import TypeMismatchError
from functrans.extend import known
from functrans.tf import nest
from functrans.tf.convert import INT32, as_tensor, type_name
from functrans.tf.errors import InvalidArgumentError, InvalidTypeError, InvalidValueError
from functrans.tf.pieces import Piece, State, repeated
from functrans.tf.tensor import Tensor, TensorLike, frame, tracing, value, wrap
from functrans.tf.tensor_array import TensorArray

Function = Callable[..., Any]


def is_known(x: Any) -> bool:
    """Whether Python can have the value of a tensor, variable or plain value now."""
    return not isinstance(x, Tensor | TensorLike) or known(value(as_tensor(x))) is not None


def is_traced_by_function() -> bool:
    """Whether a ``tf.function`` is being traced here."""
    return bool(tracing.count) and frame.get() is not None


def check_callable(name: str, function: Any) -> None:
    """Raise TensorFlow's error for what has to be a function and is none."""
    if not callable(function):
        raise InvalidTypeError(
            f"'{name}' must be callable.", "Pass a function: lambda: x, rather than x."
        )


def with_control_flow(function: Function) -> Function:
    """The function as tf.function traces it: with control flow that tensors may decide."""
    if not is_traced_by_function():
        return function
    from functrans.tf.autograph.convert import converted  # which eager programs never need

    traced: Function = converted(function)
    return traced


# --- one of several functions --------------------------------------------------------------------


def cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: str | None = None) -> Any:
    """The result of ``true_fn()`` if ``pred`` holds, else of ``false_fn()``.

    One of them runs. Inside tf.function both are traced, and return the same structure of tensors
    of the same dtypes and shapes.

    >>> import functrans.tf as tf
    >>> x = tf.constant(3.0)
    >>> tf.cond(x > 2.0, lambda: x * 2.0, lambda: x).numpy()
    np.float32(6.0)
    """
    check_callable("true_fn", true_fn)
    check_callable("false_fn", false_fn)
    if pred is None:
        pred = as_tensor(pred)  # raises the error of what is no tensor
    if is_known(pred):
        return true_fn() if pred else false_fn()
    pred = as_tensor(pred)
    if pred._dtype.kind != "b":
        raise InvalidArgumentError.at(
            f"Input 'pred' passed {type_name(pred._dtype)} expected bool",
            "Compare it: tf.cond(x != 0.0, …).",
        )
    return _branched("cond", pred, [false_fn, true_fn])


def case(
    pred_fn_pairs: Any,
    default: Any = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str | None = "case",
) -> Any:
    """The result of the function of the first pair ``(pred, function)`` whose ``pred`` holds.

    Of ``default`` if none does; without it that is an InvalidArgumentError. ``exclusive``, beside a
    default, makes an error of two that hold.

    >>> import functrans.tf as tf
    >>> x = tf.constant(3)
    >>> tf.case([(x < 2, lambda: "small"), (x < 5, lambda: "fair")], default=lambda: "large")
    'fair'
    """
    pairs = _pairs_of_case(pred_fn_pairs, exclusive)
    if default is not None:
        check_callable("false_fn", default)
    preds = [pred for pred, _ in pairs]
    if all(is_known(p) for p in preds):
        return _first_of(pairs, default, exclusive)
    chosen = fnp.argmax(fnp.stack([*(value(p) for p in preds), np.bool_(True)]))
    functions = [function for _, function in pairs]
    return _branched("case", wrap(chosen), [*functions, default or functions[-1]])


def _pairs_of_case(given: Any, exclusive: bool) -> list[tuple[Tensor, Function]]:
    if isinstance(given, dict):
        if not exclusive:
            raise InvalidValueError(
                "Unordered dictionaries are not supported for the 'pred_fn_pairs' argument when "
                "`exclusive=False` and eager mode is enabled.",
                "Give a list of pairs.",
            )
        given = list(given.items())
    if not isinstance(given, list | tuple):
        raise InvalidTypeError(
            f"'pred_fn_pairs' must be a list, tuple, or dict. Received {type(given)}",
            "Give a list of pairs (pred, function).",
        )
    if not given:
        raise InvalidValueError(
            "'pred_fn_pairs' needs at least one pair (pred, function).", "Give a list of pairs."
        )
    pairs = []
    for pair in given:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise InvalidTypeError(
                f"Each entry in 'pred_fn_pairs' must be a 2-tuple. Received {pair}.",
                "Give pairs (pred, function).",
            )
        pred, function = pair
        if isinstance(pred, TensorLike) and not isinstance(pred, Tensor):
            pred = as_tensor(pred)
        if not isinstance(pred, Tensor):
            raise InvalidTypeError(
                f"pred must be a Tensor, got: {pred}", "Compare tensors, or use tf.constant."
            )
        if pred._dtype.kind != "b":
            raise InvalidTypeError(
                f"pred must be Tensor of type bool, got: {pred.dtype.name}", "Compare tensors."
            )
        if not callable(function):
            raise InvalidTypeError(
                f"fn for pred {pred} must be callable.", "Pass lambda: x, rather than x."
            )
        pairs.append((pred, function))
    return pairs


def _first_of(pairs: Sequence[tuple[Tensor, Function]], default: Any, exclusive: bool) -> Any:
    held = [bool(pred) for pred, _ in pairs]
    shown = ", ".join(map(str, held))
    if exclusive and default is not None and sum(held) > 1:
        raise _failed_case(
            f"Input error: exclusive=True: more than 1 conditions ({', '.join('?' * len(held))}) "
            "evaluated as True:",
            shown,
        )
    if any(held):
        return pairs[held.index(True)][1]()
    if default is None:
        raise _failed_case("Input error: None of conditions evaluated as True:", shown)
    return default()


def _failed_case(what: str, shown: str) -> InvalidArgumentError:
    return InvalidArgumentError.at(
        "Expected 'tf.Tensor(False, shape=(), dtype=bool)' to be true. Summarized data: "
        f"{what.encode()!r}\n{shown}",
        "Give a default, or conditions of which one holds.",
    )


def switch_case(
    branch_index: Any, branch_fns: Any, default: Any = None, name: str | None = "switch_case"
) -> Any:
    """The result of the function at a place: of ``default``, or the last, where there is none.

    ``branch_fns`` is a list, a list of pairs ``(place, function)`` or a dict; the places are 0, 1,
    and so on. Else as :func:`cond`.

    >>> import functrans.tf as tf
    >>> tf.switch_case(tf.constant(1), [lambda: "a", lambda: "b"], default=lambda: "other")
    'b'
    """
    functions = _functions_by_place(branch_fns)
    if default is not None:
        check_callable("default", default)
    if not isinstance(branch_index, Tensor | TensorLike):
        raise InvalidTypeError(
            f"'branch_index' must be a Tensor, got {type(branch_index)}",
            "Write tf.constant(index).",
        )
    index = as_tensor(branch_index)
    if index._dtype.kind not in "iu":
        raise InvalidTypeError(
            f"'branch_index' must be an integer Tensor, got {index.dtype!s}", "Use tf.cast."
        )
    functions.append(functions[-1] if default is None else default)
    last = len(functions) - 1
    if is_known(index):
        place = int(index)
        return functions[place if 0 <= place < last else last]()
    i = value(index)
    place = fnp.where((i >= 0) & (i < last), i, np.asarray(last, index._dtype)[()])
    return _branched("switch_case", wrap(place), functions)


def _functions_by_place(given: Any) -> list[Function]:
    if not isinstance(given, list | tuple | dict):
        raise InvalidTypeError(
            "'branch_fns' must be a list, tuple, or dict", "Give a list of functions."
        )
    if not given:
        raise InvalidValueError(
            "Must provide at least one item in 'branch_fns'", "Give a list of functions."
        )
    pairs: list[Any] = list(given.items()) if isinstance(given, dict) else list(given)
    if all(callable(f) for f in pairs):
        return pairs
    for pair in pairs:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise InvalidTypeError(
                f"Each entry in 'branch_fns' must be a 2-tuple. Received {pair}.",
                "Give functions alone, or pairs (place, function).",
            )
        if not isinstance(pair[0], int):
            raise InvalidTypeError(
                f"key must be a Python `int`, got {type(pair[0])}", "Number the functions from 0."
            )
        if not callable(pair[1]):
            raise InvalidTypeError(
                f"fn for key {pair[0]} must be callable.", "Pass lambda: x, rather than x."
            )
    places = sorted(key for key, _ in pairs)
    if places != list(range(len(pairs))):
        raise InvalidValueError(
            f"branch indices (keys) must form contiguous range of [0 to {len(pairs)}) but found "
            f"{{{','.join(map(str, places))}}}",
            "Number the functions 0, 1, 2, …; default catches other places.",
        )
    return [function for _, function in sorted(pairs, key=lambda pair: pair[0])]


def _branched(what: str, index: Tensor, functions: Sequence[Function]) -> Any:
    """One operation that runs one of the functions."""
    found: list[Any] = []

    def flat(function: Function, _: Sequence[Any]) -> list[Any]:
        result = function()
        found.append(result)
        return [value(as_tensor(x)) for x in leaves_of(result) if x is not None]

    pieces = [Piece(partial(flat, with_control_flow(f)), []) for f in functions]
    for other in found[1:]:
        _check_same(what, found[0], other)
    state = State(*pieces)

    def branch(piece: Piece) -> Function:
        run = piece.program(state)
        return lambda variables: run([], variables)

    branches = [branch(piece) for piece in pieces]
    try:
        if index._dtype.kind == "b":
            leaves, news = lax.cond(value(index), branches[1], branches[0], state.values)
        else:
            leaves, news = lax.switch(value(index), branches, state.values)
    except TypeMismatchError as error:
        raise _unlike(what, found[0], found[1:], f"{error.what} {error.remedy}") from error
    state.store(news)
    rest = iter(leaves)
    return rebuilt(found[0], [None if x is None else next(rest) for x in leaves_of(found[0])])


def _check_same(what: str, first: Any, other: Any) -> None:
    try:
        nest.assert_same_structure(first, other, expand_composites=True)
        same = [x is None for x in leaves_of(first)] == [x is None for x in leaves_of(other)]
    except (InvalidTypeError, InvalidValueError):
        same = False
    if not same:
        raise _unlike(what, first, [other], "Return the same containers of tensors.")


def _unlike(what: str, first: Any, others: Sequence[Any], remedy: str) -> InvalidTypeError:
    return InvalidTypeError(
        f"true_fn and false_fn arguments to tf.{what} must have the same number, type, and overall "
        f"structure of return values.\n\ntrue_fn output: {first}\nfalse_fn output: "
        f"{', '.join(map(str, others))}",
        remedy,
    )


# --- repetition ----------------------------------------------------------------------------------


def while_loop(
    cond: Any,
    body: Any,
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: Any = None,
    name: str | None = None,
) -> Any:
    """Call ``body`` on the variables while ``cond`` of them holds; the variables at the end.

    ``body`` returns a list of all variables. Inside tf.function it is traced once, and variables
    keep their dtypes and shapes. ``shape_invariants``, ``parallel_iterations``, ``back_prop`` and
    ``swap_memory`` are accepted and change nothing.

    >>> import functrans.tf as tf
    >>> i, x = tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2.0), (0, 1.0))
    >>> x.numpy()
    np.float32(8.0)
    """
    check_callable("cond", cond)
    check_callable("body", body)
    if not isinstance(loop_vars, list | tuple) or not loop_vars:
        raise InvalidValueError("'loop_vars' must be provided.", "Give a list of variables.")
    if parallel_iterations < 1:
        raise InvalidTypeError(
            "'parallel_iterations' must be a positive integer.", "Leave the option out."
        )
    most = None if maximum_iterations is None else as_tensor(maximum_iterations)
    if is_traced_by_function() or not (most is None or is_known(most)):
        return _staged_while(cond, body, loop_vars, most)
    return _python_while(cond, body, loop_vars, most)


def _python_while(cond: Function, body: Function, loop_vars: Any, most: Tensor | None) -> Any:
    """The loop run by Python, as long as the condition is known."""
    left = None if most is None else int(most)
    packed = loop_vars
    while left is None or left > 0:
        holds = cond(*packed)
        if not is_known(holds):
            rest = None if left is None else as_tensor(left)
            return _staged_while(cond, body, packed, rest)
        if not holds:
            break
        found = body(*packed)
        packed = found if isinstance(found, list | tuple) else list(found)
        nest.assert_same_structure(list(loop_vars), list(packed))
        left = None if left is None else left - 1
    return nest.map_structure(lambda x: x if isinstance(x, TensorArray) else as_tensor(x), packed)


def _staged_while(cond: Function, body: Function, loop_vars: Any, most: Tensor | None) -> Any:
    """The loop as one operation."""
    loop_vars = _with_shaped_arrays(body, loop_vars)
    start = [value(as_tensor(x)) for x in leaves_of(loop_vars)]

    def test(carry: Sequence[Any]) -> list[Any]:
        count, *leaves = carry
        found = value(as_tensor(cond(*rebuilt(loop_vars, leaves))))
        return [found if most is None else found & (count < value(most))]

    def step(carry: Sequence[Any]) -> list[Any]:
        count, *leaves = carry
        found = body(*rebuilt(loop_vars, leaves))
        found = found if isinstance(found, list | tuple) else [found]
        nest.assert_same_structure(list(found), list(loop_vars))
        after = [
            value(as_tensor(x) if isinstance(x, Tensor | TensorLike) else as_tensor(x, s.dtype))
            for x, s in zip(leaves_of(found), start, strict=True)
        ]
        return [count + 1, *after]

    counter = INT32.type(0) if most is None else most._dtype.type(0)
    try:
        _, *leaves = repeated(test, step, [counter, *start])
    except TypeMismatchError as error:
        raise InvalidValueError(
            "A variable enters the loop with another shape or dtype than it has after one "
            f"iteration. {error.what}",
            f"{error.remedy} Compiled loops keep shapes and dtypes, and shape_invariants cannot "
            "change that.",
        ) from error
    return rebuilt(loop_vars, leaves)


def _with_shaped_arrays(body: Function, loop_vars: Any) -> Any:
    """The variables, where arrays that nobody wrote to yet know the shape that ``body`` writes."""
    if all(not isinstance(x, TensorArray) or x._has_rows() for x in nest.flatten(loop_vars)):
        return loop_vars
    found: list[Any] = []

    def once(leaves: Sequence[Any]) -> list[Any]:
        found.append(body(*rebuilt(loop_vars, leaves)))
        return []

    Piece(once, [value(as_tensor(x)) for x in leaves_of(loop_vars)])

    def shaped(before: Any, after: Any) -> Any:
        return before._of_elements(after) if isinstance(before, TensorArray) else before

    return nest.map_structure(shaped, loop_vars, type(loop_vars)(found[0]))


# --- structures of tensors as flat values --------------------------------------------------------


def leaves_of(structure: Any) -> list[Any]:
    """The leaves of a structure, the tensors in TensorArrays among them."""
    return nest.flatten(structure, expand_composites=True)


def rebuilt(structure: Any, leaves: Sequence[Any]) -> Any:
    """The structure with tensors of these values as its leaves; None stays."""
    tensors = [None if v is None else wrap(v) for v in leaves]
    return nest.pack_sequence_as(structure, tensors, expand_composites=True)
