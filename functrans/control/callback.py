"""Callbacks: Python functions of the user as operations, called with real arrays when they run."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from functrans import kernel, tree
from functrans.control.bodies import operand
from functrans.core.avals import Aval, aval_of, is_inexact
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import bind
from functrans.errors import (
    ArgumentError,
    MissingRuleError,
    OptionError,
    TreeError,
    TypeMismatchError,
    VmapError,
    current_line,
)
from functrans.primitives.layout import batch_to_front, expand_dims
from functrans.transforms.stage import check_callable, type_of, unshared

# --- what is called ------------------------------------------------------------------------------

_ONE_BY_ONE = ("sequential", "sequential_unrolled")
_AT_ONCE = ("expand_dims", "broadcast_all")


@dataclass(frozen=True, slots=True)
class Host:
    """A function of the user on flat arrays, and what is said about it.

    Attributes
    ----------
    name: the public function that it was given to.
    statics: leaves of the arguments that are no arrays, with their places.
    results: the types that it promises.
    pure: it does nothing besides computing its results.
    method: what vmap does with it, by name; None if that was not said.
    """

    name: str
    function: Callable[..., Any]
    in_tree: tree.PyTreeDef
    statics: tuple[tuple[int, Any], ...]
    out_tree: tree.PyTreeDef
    results: tuple[Aval, ...]
    pure: bool
    method: str | None

    def __str__(self) -> str:
        return f"{self.name} {getattr(self.function, '__name__', self.function)!s}"

    def __call__(self, *arrays: Any) -> list[Any]:
        # Copies: a compiled program uses its memory again, and the function may keep what it gets.
        leaves = [np.array(x) if isinstance(x, np.ndarray) else x for x in arrays]
        for place, static in self.statics:  # in order, so that each finds its place
            leaves.insert(place, static)
        args, kwargs = tree.unflatten(self.in_tree, leaves)
        line = current_line.set(None)  # errors of functrans in there are at lines in there
        try:
            returned = self.function(*args, **kwargs)
        finally:
            current_line.reset(line)
        return self._checked(returned)

    def _checked(self, returned: Any) -> list[Any]:
        leaves, found = tree.flatten(returned)
        if found != self.out_tree:
            raise TreeError(
                f"The function given to {self.name} returned {found}, but {self.out_tree} was "
                "promised.",
                "Make result_shape_dtypes and what the function returns the same containers.",
            )
        pairs = zip(leaves, self.results, strict=True)
        return [self._result(i, x, aval) for i, (x, aval) in enumerate(pairs)]

    def _result(self, number: int, x: Any, aval: Aval) -> Any:
        """One result as an array. A Python number takes the promised dtype, if that can hold it."""
        value = np.asarray(x)
        weak = isinstance(x, bool | int | float | complex)
        fits = np.can_cast(value.dtype, aval.dtype, "same_kind" if weak else "equiv")
        if fits and value.shape == aval.shape:
            return value.astype(aval.dtype, copy=False)[()]
        found = f"{value.dtype}{list(value.shape)}"
        raise TypeMismatchError(
            f"The function given to {self.name} returned {found} as its result {number}, but "
            f"{aval.dtype}{list(aval.shape)} was promised.",
            "Correct result_shape_dtypes, or convert what the function returns.",
        )


@dataclass(frozen=True, slots=True)
class Each:
    """A function called for one example after the other."""

    one: Callback
    size: int
    dims: tuple[int | None, ...]

    def __str__(self) -> str:
        return f"each of {self.size}: {self.one}"

    @property
    def name(self) -> str:
        return self.one.name

    @property
    def pure(self) -> bool:
        return self.one.pure

    @property
    def method(self) -> str | None:
        return self.one.method

    @property
    def results(self) -> tuple[Aval, ...]:
        return tuple(a.with_shape((self.size, *a.shape)) for a in self.one.results)

    def __call__(self, *arrays: Any) -> list[Any]:
        stacks = [np.empty(a.shape, a.dtype) for a in self.results]
        for i in range(self.size):
            pairs = zip(arrays, self.dims, strict=True)
            example = [x if d is None else np.take(x, i, d) for x, d in pairs]
            for stack, value in zip(stacks, self.one(*example), strict=True):
                stack[i] = value
        return stacks


Callback = Host | Each

# --- the primitive -------------------------------------------------------------------------------


def _callback_abstract(*avals: Aval, callback: Callback) -> list[Aval]:
    return list(callback.results)


def _callback_impl(*args: Any, callback: Callback) -> list[Any]:
    return callback(*args)


def _callback_linearize(nonzero: Sequence[bool], *args: Any, callback: Callback) -> Any:
    """Values are handed over without their tangents, so no result can have one."""
    if any(is_inexact(a.dtype) for a in callback.results):
        raise MissingRuleError(
            f"The function given to {callback.name} has no derivative: it is Python code that sees "
            "values alone.",
            "Give the derivative: call it in a function decorated with functrans.custom_jvp or "
            "functrans.custom_vjp. If it is zero, pass functrans.stop_gradient(x).",
        )
    outs: list[Any] = bind(callback_p, *args, callback=callback)
    return outs, None


def _callback_batch(
    size: int, args: Sequence[Any], dims: Sequence[int | None], *, callback: Callback
) -> Any:
    if callback.method is None:
        raise VmapError(
            f"The {callback.name} does not say what vmap shall do with its function.",
            'Give vmap_method="sequential" to call it for each example, "expand_dims" or '
            '"broadcast_all" to call it once for all; an ordered io_callback has no vmap.',
        )
    many: Callback
    if isinstance(callback, Each) or callback.method in _ONE_BY_ONE:
        many = Each(callback, size, tuple(dims))
    else:
        pairs = zip(args, dims, strict=True)
        args = [_examples_first(x, d, size, callback.method) for x, d in pairs]
        results = tuple(a.with_shape((size, *a.shape)) for a in callback.results)
        many = replace(callback, results=results)
    outs: list[Any] = bind(callback_p, *args, callback=many)
    return outs, [0] * len(outs)


def _examples_first(x: Any, dim: int | None, size: int, method: str) -> Any:
    """All examples of an argument; of one that they share, one where that is asked for."""
    if dim is None and method == "expand_dims":
        return expand_dims(x, (0,))
    return batch_to_front(size, x, dim)


def _callback_lower(
    avals: Sequence[Aval], out: Sequence[Aval], *, callback: Callback
) -> kernel.Word:
    return kernel.Fallback("a Python function of the user")


def _callback_effects(*, callback: Callback) -> bool:
    return not callback.pure


callback_p: Primitive = Primitive(
    "callback",
    _callback_abstract,
    _callback_impl,
    _callback_linearize,
    Absent("what a Python function does with a value is not known to be linear"),
    _callback_batch,
    _callback_lower,
    effects=_callback_effects,
    multiple=True,
)


# --- the functions -------------------------------------------------------------------------------


def call_back(
    name: str,
    callback: Callable[..., Any],
    promised: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    pure: bool = False,
    method: str | None = "sequential",
    has_statics: bool = False,
) -> Any:
    """Call a Python function as an operation; ``promised`` is the tree of its results' types.

    With ``has_statics`` leaves of the arguments that are no arrays are handed on as they are.
    """
    check_callable(name, callback)
    shapes, out_tree = tree.flatten(promised)
    results = tuple(type_of(x).strengthen() for x in shapes)
    leaves, in_tree = tree.flatten((args, kwargs))
    statics = [(i, x) for i, x in enumerate(leaves) if has_statics and not _is_array(x)]
    places = {i for i, _ in statics}
    arrays = [operand(x, aval_of(x).strengthen()) for i, x in enumerate(leaves) if i not in places]
    host = Host(name, callback, in_tree, tuple(statics), out_tree, results, pure, method)
    outs: list[Any] = bind(callback_p, *arrays, callback=host)
    return tree.unflatten(out_tree, unshared(outs))


def check_format(name: str, fmt: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse a format that does not fit its arguments, before their values are there."""
    if not isinstance(fmt, str):
        raise ArgumentError(
            f"{name} needs a format string, not {fmt!r:.60}.", 'Write for example "x = {}", x.'
        )
    _Format(name).vformat(fmt, args, kwargs)


class _Format(string.Formatter):
    """Finds fields without arguments, and arguments without fields."""

    def __init__(self, name: str) -> None:
        self.name = name

    def format_field(self, value: Any, format_spec: str) -> str:
        return ""

    def check_unused_args(
        self, used_args: set[int | str], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        unused = [str(k) for k in (*range(len(args)), *kwargs) if k not in used_args]
        if unused:
            raise OptionError(
                f"The format of {self.name} does not use the arguments {', '.join(unused)}.",
                "Write {} or {name} where the value shall stand, and no f before the quotes.",
            )


def _is_array(x: Any) -> bool:
    try:
        aval_of(x)
    except ArgumentError:
        return False
    return True


def pure_callback(
    callback: Callable[..., Any],
    result_shape_dtypes: Any,
    *args: Any,
    vmap_method: str | None = None,
    **kwargs: Any,
) -> Any:
    """The result of a Python function, as one operation that any program can hold.

    The function runs when the program does, compiled programs and loops included, and gets copies
    of the arguments: arrays, and NumPy scalars for rank 0. It must be a function of its arguments
    alone. It may be called fewer or more times than the program says; what it raises arrives as
    it is at the caller of the program.

    Parameters
    ----------
    callback: called as ``callback(*args, **kwargs)``.
    result_shape_dtypes: the tree that it returns, with anything that has ``shape`` and ``dtype``
        for leaves.
    args, kwargs: trees of arrays and numbers.
    vmap_method: what :func:`vmap` does. ``"sequential"`` calls the function for each example;
        ``"expand_dims"`` and ``"broadcast_all"`` call it once, with the examples as leading axis
        of all arguments and results, where an argument that the examples share has one example,
        or all of them.

    Raises
    ------
    TreeError, TypeMismatchError: the function returned something else than it promised.
    VmapError: under vmap without a ``vmap_method``.
    MissingRuleError: a derivative, where a result is floating or complex. Give it by
        ``custom_jvp``.

    >>> def count(x):
    ...     return np.count_nonzero(x)
    >>> f = ft.jit(lambda x: 2 * ft.pure_callback(count, ft.ShapeDtypeStruct((), int), x))
    >>> f(np.array([1.0, 0.0, 3.0]))
    np.int64(4)
    """
    if vmap_method not in (None, *_ONE_BY_ONE, *_AT_ONCE):
        names = ", ".join(map(repr, (*_ONE_BY_ONE, *_AT_ONCE)))
        raise OptionError(f"vmap_method is {vmap_method!r}.", f"Choose from {names}, or None.")
    return call_back(
        "pure_callback", callback, result_shape_dtypes, args, kwargs, pure=True, method=vmap_method
    )


def io_callback(
    callback: Callable[..., Any],
    result_shape_dtypes: Any,
    *args: Any,
    ordered: bool = False,
    **kwargs: Any,
) -> Any:
    """The result of a Python function that does something besides computing it.

    It is called exactly as often as the program says and in the program's order, also where
    nobody reads the result. All else is as for :func:`functrans.pure_callback`.

    Parameters
    ----------
    callback: called as ``callback(*args, **kwargs)``.
    result_shape_dtypes: the tree that it returns, with anything that has ``shape`` and ``dtype``
        for leaves; None for nothing.
    ordered: refuse :func:`vmap`, which otherwise calls the function for each example. Calls of
        one program are in order either way.

    Raises
    ------
    TreeError, TypeMismatchError: the function returned something else than it promised.
    VmapError: under vmap, if ordered.
    MissingRuleError: a derivative, where a result is floating or complex.

    >>> from functrans.experimental import io_callback
    >>> seen = []
    >>> def step(total, x):
    ...     io_callback(lambda t: seen.append(float(t)), None, total)
    ...     return total + x, None
    >>> _ = ft.lax.scan(step, 0.0, np.array([1.0, 2.0, 3.0]))
    >>> seen
    [0.0, 1.0, 3.0]
    """
    method = None if ordered else "sequential"
    return call_back("io_callback", callback, result_shape_dtypes, args, kwargs, method=method)
