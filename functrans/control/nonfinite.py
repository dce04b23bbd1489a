"""debug_nans and debug_infs: the operation that made the first NaN or infinity, with its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from functrans.control.call import jit_disabled
from functrans.core.avals import aval_of, is_inexact
from functrans.core.primitive import Primitive
from functrans.core.trace import (
    Trace,
    Tracer,
    bind_under,
    busy,
    current_trace,
    known,
    leaked,
    running,
)
from functrans.errors import NonFiniteError
from functrans.passes.dce import calmed

_TESTS = {"a NaN": np.isnan, "an infinite number": np.isinf}


class FiniteTrace(Trace):
    """Evaluates and looks at every result. It stands below the transforms that are opened in it.

    A compiled program runs as it is. If its results are bad it runs once more, operation by
    operation and under this trace, which finds the one that made them so.
    """

    __slots__ = ("kinds",)
    wants_all = True

    def __init__(self, parent: Trace | None, kinds: frozenset[str]) -> None:
        super().__init__(parent)
        self.kinds = kinds

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        with np.errstate(all="ignore"):  # what is looked for raises
            out = self.evaluate(primitive, args, params)
        results = list(out) if primitive.multiple else [out]
        for kind in self.found(results):
            self.blame(kind, primitive, args, params, results)
        results = [_owned(x) for x in results]
        return results if primitive.multiple else results[0]

    def shown(self, name: str, args: Sequence[Any], results: Sequence[Any]) -> None:
        for kind in self.found(results):
            raise _error(kind, name, args, results)

    def found(self, results: Sequence[Any]) -> Iterator[str]:
        """What of the looked for is among the results."""
        for kind in sorted(self.kinds):
            if any(_first(x, kind) is not None for x in results):
                yield kind

    def evaluate(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        if self.parent is not None:  # opened within a transform
            return bind_under(self.parent, primitive, args, params)
        for arg in args:
            if isinstance(arg, Tracer):
                leaked(arg)
        return primitive.impl(*args, **params)

    def blame(
        self,
        kind: str,
        primitive: Primitive,
        args: Sequence[Any],
        params: dict[str, Any],
        results: Sequence[Any],
    ) -> NoReturn:
        """Raise the error of an operation with bad results, or of the one inside that made them."""
        # A callback is not called again; what programs did besides computing is not done again.
        if self.parent is None and primitive.effects is None and not jit_disabled.get():
            token = jit_disabled.set(True)
            try:
                self.process(primitive, args, {name: calmed(p) for name, p in params.items()})
            finally:
                jit_disabled.reset(token)
        raise _error(kind, primitive.name, args, results)


def _first(x: Any, kind: str) -> tuple[int, ...] | None:
    """The index of the first element of a kind, None where there is none or nothing is known."""
    x = known(x)
    if x is None or not is_inexact(aval_of(x).dtype):
        return None
    bad = np.atleast_1d(_TESTS[kind](x))
    if not bad.any():
        return None
    place = np.unravel_index(int(np.argmax(bad)), bad.shape)
    return tuple(int(i) for i in place)[: np.ndim(x)]


def _owned(x: Any) -> Any:
    """Results of plain arrays are the user's own, as if NumPy had made them: no views."""
    return x.copy() if isinstance(x, np.ndarray) and x.base is not None else x


def _error(
    kind: str, operation: str, args: Sequence[Any], results: Sequence[Any]
) -> NonFiniteError:
    number, place = next(
        (i, p) for i, x in enumerate(results) if (p := _first(x, kind)) is not None
    )
    result = aval_of(results[number])
    where = f", first at index {list(place)}" if place else ""
    operands = ", ".join(map(_described, args)) or "no operands"
    given = [i for i, x in enumerate(args) if _first(x, kind) is not None]
    if given:
        what = f"The operation {operation} was given {kind} in operand {given[0]} and passed it on"
    else:
        what = f"The operation {operation} made {kind}"
    return NonFiniteError(f"{what}: from {operands} came {result}{where}.")


def _described(x: Any) -> str:
    """The type of an operand, and its value if that is one number."""
    aval = aval_of(x)
    return f"{aval}" if aval.shape or isinstance(x, Tracer) else f"{aval} = {x!s}"


@contextmanager
def debug_nans(enable: bool = True) -> Iterator[None]:
    """Within the block an operation that gives a NaN raises an error that names it and its line.

    Operations are looked at one by one. A compiled function runs as it is; if its results hold a
    NaN, it runs again operation by operation, into calls, loops and branches, to find the first.
    Derivatives are looked at too, and blamed on the line that they are the derivative of. Plain
    NumPy functions on plain arrays are NumPy's own: for them there is ``np.errstate``. Programs
    that were compiled ahead of time are one operation.

    Without the block this costs nothing. Open it around transforms rather than inside them;
    ``debug_nans(False)`` closes it for a while.

    Raises
    ------
    NonFiniteError: a FloatingPointError; says which operation, its operands, and where.

    >>> f = ft.jit(lambda x: ft.numpy.sqrt(x - 1.0) * 2.0)
    >>> with ft.debug_nans():
    ...     try:
    ...         f(np.float64(0.0))
    ...     except FloatingPointError as error:
    ...         print(error.what)
    The operation sqrt made a NaN: from f64[] = -1.0 came f64[].
    """
    with _looking_for("a NaN", enable):
        yield


@contextmanager
def debug_infs(enable: bool = True) -> Iterator[None]:
    """Within the block an operation that gives an infinity raises, as in :func:`debug_nans`.

    Raises
    ------
    NonFiniteError: a FloatingPointError; says which operation, its operands, and where.

    >>> f = ft.jit(lambda x: ft.numpy.log(x) * 2.0)
    >>> with ft.debug_infs():
    ...     try:
    ...         f(np.float64(0.0))
    ...     except FloatingPointError as error:
    ...         print(error.what)
    The operation log made an infinite number: from f64[] = 0.0 came f64[].
    """
    with _looking_for("an infinite number", enable):
        yield


@contextmanager
def _looking_for(kind: str, enable: bool) -> Iterator[None]:
    outer = current_trace()
    kinds: frozenset[str] = frozenset()
    if isinstance(outer, FiniteTrace):
        kinds = outer.kinds
        outer = outer.parent
    kinds = kinds | {kind} if enable else kinds - {kind}
    reason = object()
    try:
        busy.add(reason)
        with running(FiniteTrace(outer, kinds) if kinds else outer):
            yield
    finally:
        busy.remove(reason)
