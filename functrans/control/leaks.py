"""checking_leaks: traced values that outlive their transform, found when it ends."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from sys import getrefcount
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
        given = [x for x in tree.leaves(args) if isinstance(x, Tracer) and x._trace is trace]
        before = _references(given)
        with running(recorder):
            result = function(*args)
        returned = set(map(id, tree.leaves(result)))

        def outliving() -> Iterator[tuple[Tracer, str, Source | None]]:
            for made, origin, line in recorder.made:
                x = made()
                if x is not None and id(x) not in returned:
                    yield x, origin, line
            for x, then, now in zip(given, before, _references(given), strict=True):
                if now > then and id(x) not in returned:
                    yield x, "given as an argument", None

        if any(outliving()):  # what lies in rings of garbage is not kept
            gc.collect()
        for x, origin, line in outliving():
            raise _error(x, origin, line)
        return result

    return run


def _references(values: Sequence[Tracer]) -> list[int]:
    """How many references there are to each of the values."""
    return list(map(getrefcount, values))


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
    the line that made it. A transform that seems to leak collects garbage, which is slow.

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
