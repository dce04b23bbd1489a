"""checking_leaks: traced values that outlive their transform, found when it ends."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any
from weakref import ref

from functrans import tree
from functrans.core.primitive import Primitive
from functrans.core.trace import Trace, Tracer, running, watcher
from functrans.errors import Source, UnexpectedTracerError, user_source
from functrans.transforms.linearize import Tape


class Recorder(Trace):
    """Hands operations on to a trace and writes down which values it made of them, and where."""

    __slots__ = ("made",)

    def __init__(self, watched: Trace) -> None:
        super().__init__(watched)
        self.made: list[tuple[ref[Tracer], str, Source | None]] = []

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        assert self.parent is not None
        out = self.parent.process(primitive, args, params)
        line = user_source()
        for x in out if primitive.multiple else [out]:
            if isinstance(x, Tracer) and x._trace is self.parent:
                self.made.append((ref(x), f"made by {primitive}", line))
        return out


def _watched(trace: Trace, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which raises when somebody keeps a traced value that it does not return."""
    if isinstance(trace, Tape):  # linear programs keep their variables, and users never see them
        return function

    def run(*args: Any) -> Any:
        recorder = Recorder(trace)
        given = [x for x in gc.get_referrers(trace) if issubclass(type(x), Tracer)]
        before = _holders(given)
        with running(recorder):
            result = function(*args)
        gc.collect()
        returned = set(map(id, tree.leaves(result)))
        for made, origin, line in recorder.made:
            x = made()
            if x is not None and id(x) not in returned:
                raise _error(x, origin, line)
        given = [x for x in given if id(x) not in returned]
        known = {id(given), *map(id, before)}
        for holder in _holders(given):
            if id(holder) not in known:
                held = next(x for x in given if any(x is y for y in gc.get_referents(holder)))
                raise _error(held, "given as an argument", None)
        return result

    return run


def _holders(values: Sequence[Tracer]) -> list[Any]:
    """The objects that refer to some of the values, but for variables of running functions."""
    return [holder for holder in gc.get_referrers(*values) if not isinstance(holder, FrameType)]


def _error(x: Tracer, origin: str, line: Source | None) -> UnexpectedTracerError:
    return UnexpectedTracerError(
        f"A traced value of type {x.aval}, {origin}, is kept after the {x.made_by} that made it.",
        "Return the value from the transformed function instead of storing it in a global, an "
        "attribute, a list or a closure; use has_aux=True for extra results.",
        line=line,
    )


@contextmanager
def checking_leaks(enable: bool = True) -> Iterator[None]:
    """Within the block a transform raises when a traced value that it made outlives it.

    The error comes when the transform ends, rather than at the next use of the value, and names
    the line that made it. Every transform then collects garbage, which is slow.

    Raises
    ------
    UnexpectedTracerError: something other than the function's result holds a traced value.

    >>> kept = []
    >>> with ft.checking_leaks():
    ...     try:
    ...         ft.grad(lambda x: kept.append(x * 2.0) or x)(np.float64(1.0))
    ...     except ft.errors.UnexpectedTracerError as error:
    ...         print(error.what)
    A traced value of type f64[], made by mul, is kept after the differentiation that made it.
    """
    token = watcher.set(_watched if enable else None)
    try:
        yield
    finally:
        watcher.reset(token)
