"""Traces, tracers and ``bind``: the current trace alone decides what an operation does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock, get_ident
from typing import Any, NoReturn, TypeVar

import numpy as np

from functrans.core.avals import Aval
from functrans.core.primitive import Primitive
from functrans.errors import (
    ConcretizationTypeError,
    TracerArrayConversionError,
    TracerBoolConversionError,
    TracerIntegerConversionError,
    TracerItemAssignmentError,
    UnexpectedTracerError,
)

R = TypeVar("R")

_current: ContextVar[Trace | None] = ContextVar("functrans_trace", default=None)
current_trace = _current.get
"""The trace that is running now, or None when operations are simply evaluated."""


class Trace:
    """An interpretation of operations; ``parent`` is the one under which it runs.

    One that ``wants_all`` is shown operations on constants too, with their lines.
    """

    __slots__ = ("live", "parent")
    wants_all = False
    axis: tuple[Any, int] | None = None
    """The name and size of the axis that it maps, where that has a name."""

    def __init__(self, parent: Trace | None) -> None:
        self.parent = parent
        self.live = True

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """Interpret one operation whose arguments are constants or tracers."""
        raise NotImplementedError

    def shown(self, name: str, args: Sequence[Any], results: Sequence[Any]) -> None:
        """Be told of a program that ran, which transforms do not go through."""


def bind(primitive: Primitive, *args: Any, **params: Any) -> Any:
    """Apply ``primitive`` under the current trace; without one, evaluate it.

    >>> add_p = ft.make_jaxpr(lambda x: x + 1.0)(1.0).eqns[0].primitive
    >>> float(ft.extend.bind(add_p, 1.0, 2.0))
    3.0
    """
    trace = _current.get()
    if trace is not None:
        return trace.process(primitive, args, params)
    for arg in args:
        if isinstance(arg, Tracer):
            leaked(arg)
    return primitive.impl(*args, **params)


def bind_many(primitive: Primitive, *args: Any, **params: Any) -> list[Any]:
    """As :func:`bind`, of an operation with several results."""
    results: list[Any] = bind(primitive, *args, **params)
    return results


def bind_under(
    trace: Trace | None, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
) -> Any:
    """Apply ``primitive`` under the given trace, whatever the current one is."""
    token = _current.set(trace)
    try:
        return bind(primitive, *args, **params)
    finally:
        _current.reset(token)


@contextmanager
def running(trace: Trace | None) -> Iterator[None]:
    """Make ``trace`` the current one within the block, exceptions included."""
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)


def runs_here(trace: Trace) -> bool:
    """Whether ``trace`` is the current one or around it."""
    around = _current.get()
    while around is not None:
        if around is trace:
            return True
        around = around.parent
    return False


def runs_above(trace: Trace, other: Trace) -> bool:
    """Whether ``trace`` runs here under ``other``: it was started later."""
    around = _current.get()
    while around is not None and around is not other:
        if around is trace:
            return True
        around = around.parent
    return False


class _Busy:
    """What forbids native shortcuts, over all threads: the threads with open traces, and others.

    Compiled functions look at ``cell`` from machine code: while it is not zero they take the
    Python path, which then decides. Reasons are kept, rather than counted, so that taking one
    away is safe to repeat.
    """

    __slots__ = ("_lock", "_reasons", "_word", "cell")

    def __init__(self) -> None:
        self._lock = Lock()
        self._reasons: set[object] = set()
        self.cell = np.zeros(1, np.int64)
        self._word = memoryview(self.cell)  # type: ignore[arg-type]  # a third of the cost of the array's own indexing

    def __bool__(self) -> bool:
        return bool(self._reasons)

    def add(self, reason: object) -> None:
        with self._lock:
            self._reasons.add(reason)
            self._word[0] = len(self._reasons)

    def remove(self, reason: object) -> None:
        with self._lock:
            self._reasons.discard(reason)
            self._word[0] = len(self._reasons)


busy = _Busy()


watcher: ContextVar[Callable[[Trace, Callable[..., Any]], Callable[..., Any]] | None] = ContextVar(
    "functrans_watcher", default=None
)
"""What wraps every function that runs under a new trace, while somebody looks for leaks."""


def run_under(trace: Trace, function: Callable[..., R], *args: Any) -> R:
    """``function(*args)`` under a new trace, which is closed afterwards: its tracers are dead.

    A function with ``try`` rather than a context manager: an interrupt at the edge of a ``with``
    block could leave the trace behind.
    """
    outer = _current.get()
    watch = watcher.get()
    if watch is not None:
        function = watch(trace, function)
    try:
        _current.set(trace)
        if outer is None:
            busy.add(get_ident())
        return function(*args)
    except ValueError as error:
        # NumPy puts an error of its own before ours where a tracer is stored into its array.
        if isinstance(error.__cause__, TracerItemAssignmentError):
            raise error.__cause__.with_traceback(error.__traceback__) from None
        raise
    finally:
        _current.set(outer)
        trace.live = False
        if outer is None:
            busy.remove(get_ident())


def leaked(tracer: Tracer) -> NoReturn:
    """Raise the error of a tracer that is used outside the transform that made it."""
    raise UnexpectedTracerError(
        f"A traced value of type {tracer.aval} was used after or outside the "
        f"{tracer.made_by} that made it.",
        "Return the value from the transformed function instead of storing it in a global, "
        "an attribute or a list; use has_aux=True for extra results.",
    )


def known(x: Any) -> Any:
    """The plain value behind ``x``, or None where only its type is known.

    >>> ft.grad(lambda x: x * float(ft.extend.known(x)))(3.0)
    np.float64(3.0)
    """
    while isinstance(x, Tracer):
        x = x.concrete()
    return x


_KEEP = (
    "Keep it an array: functrans.numpy functions and plain np functions accept it; "
    "use x.astype(dtype) to convert."
)


class Tracer:
    """Stands for an array while a function is being transformed.

    Arithmetic, indexing and the array methods are attached by ``functrans.numpy``.
    """

    __slots__ = ("__weakref__", "_trace")
    __array_priority__ = 1000
    made_by = "transform"

    _trace: Trace

    @property
    def aval(self) -> Aval:
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, ...]:
        return self.aval.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.aval.dtype

    @property
    def weak(self) -> bool:
        return self.aval.weak

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return self.aval.size

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.aval.nbytes

    def concrete(self) -> Any:
        """The value where it is known, else None."""
        return None

    def _value(self, kind: type[ConcretizationTypeError], conversion: str, remedy: str) -> Any:
        value = known(self)
        if value is None:
            raise kind(
                f"{conversion} needs the value of an array of type {self.aval}, but under "
                f"{self.made_by} only its type is known.",
                remedy,
            )
        return value

    def __bool__(self) -> bool:
        return bool(
            self._value(
                TracerBoolConversionError,
                "A Python condition (if, while, and, or, not, bool, assert)",
                "Use functrans.numpy.where(condition, a, b) to choose between values, "
                "functrans.lax.cond or while_loop for what runs, & and | between conditions, or "
                "mark the argument with static_argnums.",
            )
        )

    def __index__(self) -> int:
        remedy = (
            "To index a NumPy array with a traced value write fnp.asarray(table)[i] or "
            "fnp.take(table, i); a length or an axis must be a Python int, for example a static "
            "argument."
        )
        value = self._value(TracerIntegerConversionError, "A Python integer or index", remedy)
        return int(np.asarray(value).__index__())

    def __int__(self) -> int:
        return int(self._value(ConcretizationTypeError, "int()", _KEEP))

    def __float__(self) -> float:
        return float(self._scalar("float()"))

    def __complex__(self) -> complex:
        return complex(self._scalar("complex()"))

    def _scalar(self, conversion: str) -> Any:
        """The value for a conversion that keeps all of it."""
        return self._value(ConcretizationTypeError, conversion, _KEEP)

    def item(self, *index: int) -> Any:
        """The Python scalar, where the value is known."""
        return np.asarray(self._scalar(".item()")).item(*index)

    def tolist(self) -> Any:
        """The nested list of Python scalars, where the value is known."""
        return np.asarray(self._scalar(".tolist()")).tolist()

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        raise TracerArrayConversionError(
            f"NumPy asked for the real array behind a traced value of type {self.aval}: taking "
            "it out would lose its derivative.",
            "Build arrays from traced values with functrans.numpy.array, stack or concatenate "
            "instead of np.array([…]), and write into arrays with functrans.numpy.at(x)[i].set(v) "
            "instead of x[i] = v. To index a NumPy array with a traced value write "
            "fnp.asarray(table)[i] or fnp.take(table, i). A list as an argument arrives as a list: "
            "pass np.asarray(values).",
        )

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TracerItemAssignmentError(
            f"A traced value of type {self.aval} cannot be changed in place.",
            "Write x = x.at[i].set(v) (also .add, .multiply, .min, .max), or "
            "functrans.numpy.at(x)[i].set(v), which works for plain arrays too.",
        )

    def __repr__(self) -> str:
        return f"Traced<{self.aval}>"

    def __hash__(self) -> int:
        return id(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tracer:
        return self

    def __copy__(self) -> Tracer:
        return self
