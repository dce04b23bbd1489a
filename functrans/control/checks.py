"""Checks: conditions on values, as an operation that raises or that ``checkify`` makes a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from functrans import kernel, tree
from functrans.control.bodies import operand
from functrans.control.branches import cond_p
from functrans.control.callback import check_format
from functrans.core.avals import Aval, aval_of
from functrans.core.jaxpr import Eqn, Jaxpr, Literal, Var
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import Tracer, bind, current_trace
from functrans.errors import (
    ArgumentError,
    ConcretizationTypeError,
    FailedCheckError,
    Source,
    user_source,
)
from functrans.primitives.elementwise import ne, not_
from functrans.primitives.layout import batch_to_front
from functrans.primitives.linear import convert_p
from functrans.primitives.reductions import reduce_or
from functrans.transforms.stage import is_staging

Place = tuple[int, ...]
Line = tuple[Place, str, Source | None]

# --- what can go wrong ---------------------------------------------------------------------------


class Site(Protocol):
    """A place in a program where something can go wrong."""

    def lines(self, payload: Sequence[Any]) -> list[Line]:
        """What went wrong, from the values kept of it: which examples, the text, the line."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text with places for the values kept."""

    fmt: str
    values: tree.PyTreeDef
    line: Source | None

    def lines(self, payload: Sequence[Any]) -> list[Line]:
        args, kwargs = tree.unflatten(self.values, [np.asarray(x)[()] for x in payload])
        return [((), self.fmt.format(*args, **kwargs), self.line)]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A site for many examples: who failed, then the values of all of them."""

    site: Site

    def lines(self, payload: Sequence[Any]) -> list[Line]:
        return _lines_of_examples(payload[0], payload[1:], self.site)


@dataclass(frozen=True, slots=True)
class Passed:
    """An error value that was found elsewhere: its code, then all values kept."""

    sites: tuple[Site, ...]
    counts: tuple[int, ...]

    def lines(self, payload: Sequence[Any]) -> list[Line]:
        rest = iter(payload[1:])
        kept = tuple(tuple(next(rest) for _ in range(n)) for n in self.counts)
        return Error(payload[0], kept, self.sites).lines()


@tree.register_pytree_node_class
class Error:
    """What went wrong first in a run of a function made by ``checkify``, if anything did.

    A tree of arrays, so that it goes through transforms as results do; under :func:`vmap` it
    holds an error for each example.

    >>> from functrans.experimental import checkify
    >>> def f(x):
    ...     checkify.check(x > 0, "{} is not positive", x)
    ...     return x
    >>> error, _ = checkify.checkify(f)(-1.0)
    >>> error.get().splitlines()[0]
    '-1.0 is not positive (`check` failed)'
    """

    __slots__ = ("code", "kept", "sites")

    def __init__(
        self, code: Any, kept: tuple[tuple[Any, ...], ...], sites: tuple[Site, ...]
    ) -> None:
        self.code = code  # 0, or the number of the site, from 1
        self.kept = kept  # the values of each site
        self.sites = sites

    def tree_flatten(self) -> tuple[tuple[Any, ...], Any]:
        return (self.code, self.kept), self.sites

    @classmethod
    def tree_unflatten(cls, sites: Any, children: Any) -> Error:
        code, kept = children
        return cls(code, kept, sites)

    def lines(self) -> list[Line]:
        """Which examples, what went wrong, and where, for all that failed."""
        if isinstance(self.code, Tracer):
            raise ConcretizationTypeError(
                "What an Error says is not known while it is traced.",
                "Return it from the transformed function, and look at it outside.",
            )
        code = np.asarray(self.code)
        if code.ndim:
            flat = [x for values in self.kept for x in values]
            passed = Passed(self.sites, tuple(map(len, self.kept)))
            return _lines_of_examples(code, [code, *flat], passed)
        if not code:
            return []
        number = int(code) - 1
        return self.sites[number].lines(self.kept[number])

    def get(self) -> str | None:
        """What went wrong, with the user's line; None if nothing did."""
        return "\n".join(_written(*line) for line in self.lines()) or None

    def throw(self) -> None:
        """Raise FailedCheckError, a ValueError, if something went wrong.

        >>> from functrans.experimental import checkify
        >>> error, root = checkify.checkify(np.sqrt, checkify.nan_checks)(4.0)
        >>> error.throw()
        >>> root
        np.float64(2.0)
        """
        found = self.lines()
        if not found:
            return
        where, text, line = found[0]
        texts = [_written(*entry) for entry in found] if len(found) > 1 else [_prefix(where) + text]
        raise FailedCheckError("\n".join(texts), line=line)

    def __str__(self) -> str:
        return f"Error({self.code if isinstance(self.code, Tracer) else self.get() or ''})"

    __repr__ = __str__


def _lines_of_examples(failed: Any, payload: Sequence[Any], site: Site) -> list[Line]:
    return [
        ((int(i), *place), text, line)
        for i in np.flatnonzero(np.asarray(failed).reshape(len(failed), -1).any(axis=1))
        for place, text, line in site.lines([x[i] for x in payload])
    ]


def _prefix(place: Place) -> str:
    return f"at mapped index {', '.join(map(str, place))}: " if place else ""


def _written(place: Place, text: str, line: Source | None) -> str:
    if line is None:
        return _prefix(place) + text
    where = f"  at {line.place}, in {line.function}\n    {line.text}"
    return f"{_prefix(place)}{text}\n{where}"


# --- the primitive -------------------------------------------------------------------------------
#
# ``jaxpr`` is what a compiler makes of it where no checkify came before: a branch that calls Python
# only if the check failed. The equation in that branch has none, and raises. A ``quiet`` one is
# nothing without checkify.


def _check_abstract(
    failed: Aval, *payload: Aval, site: Site, jaxpr: Jaxpr | None, quiet: bool
) -> list[Aval]:
    return []


def _check_impl(
    failed: Any, *payload: Any, site: Site, jaxpr: Jaxpr | None, quiet: bool
) -> list[Any]:
    if failed and not quiet:
        Error(np.int64(1), (payload,), (site,)).throw()
    return []


def _check_linearize(nonzero: Sequence[bool], *args: Any, **params: Any) -> Any:
    return bind(check_p, *args, **params), None


def _check_batch(
    size: int,
    args: Sequence[Any],
    dims: Sequence[int | None],
    *,
    site: Site,
    jaxpr: Jaxpr | None,
    quiet: bool,
) -> Any:
    failed, *payload = (batch_to_front(size, x, d) for x, d in zip(args, dims, strict=True))
    _bind_check(reduce_or(failed, (0,)), [failed, *payload], Mapped(site), quiet)
    return [], []


def _check_lower(
    avals: Sequence[Aval], out: Sequence[Aval], *, site: Site, jaxpr: Jaxpr | None, quiet: bool
) -> kernel.Word:
    if jaxpr is None:
        return kernel.Fallback("a check that failed")
    return kernel.Call(own_rules=True)


def _check_effects(**_: Any) -> bool:
    return True


check_p: Primitive = Primitive(
    "check",
    _check_abstract,
    _check_impl,
    _check_linearize,
    Absent("a check has no results"),
    _check_batch,
    _check_lower,
    effects=_check_effects,
    multiple=True,
)


def _bind_check(failed: Any, payload: Sequence[Any], site: Site, quiet: bool = False) -> None:
    avals = list(map(aval_of, payload))
    jaxpr = None
    if is_staging(current_trace()):
        jaxpr = _nothing(avals) if quiet else _branching(site, avals)
    bind(check_p, failed, *payload, site=site, jaxpr=jaxpr, quiet=quiet)


def _nothing(avals: Sequence[Aval]) -> Jaxpr:
    """The program that is left of a quiet check."""
    return Jaxpr((), (), [Var(Aval((), np.dtype(bool))), *map(Var, avals)], (), ())


def _branching(site: Site, avals: Sequence[Aval]) -> Jaxpr:
    """The program that raises if its first operand is True."""
    failed, index = Var(Aval((), np.dtype(bool))), Var(Aval((), np.dtype(np.int64)))
    given, passed, raised = ([Var(a) for a in avals] for _ in range(3))
    params = {"site": site, "jaxpr": None, "quiet": False}
    raising = Eqn(check_p, [Literal(np.True_), *raised], [], params)
    branches = Jaxpr((), (), passed, (), ()), Jaxpr((), (), raised, [raising], ())
    eqns = [
        Eqn(convert_p, [failed], [index], {"dtype": index.aval.dtype}),
        Eqn(cond_p, [index, *given], [], {"branches": branches}),
    ]
    return Jaxpr((), (), [failed, *given], eqns, ())


# --- the functions -------------------------------------------------------------------------------


def check(pred: Any, msg: str, *fmt_args: Any, debug: bool = False, **fmt_kwargs: Any) -> None:
    """Raise an error if ``pred`` is false, or make it a value under ``checkify``.

    Parameters
    ----------
    pred: a boolean of rank 0.
    msg: the text of the error, a format as of ``str.format``.
    fmt_args, fmt_kwargs: trees of arrays and numbers for the format.
    debug: do nothing where no ``checkify`` is around.

    Raises
    ------
    FailedCheckError: where no ``checkify`` is around, when the program gets there, compiled too.
    ArgumentError: ``pred`` is no boolean of rank 0. OptionError: the format does not fit.

    >>> from functrans.experimental import checkify
    >>> try:
    ...     checkify.check(2 < 1, "{} is not less than {}", 2, 1)
    ... except ValueError as error:
    ...     print(error.what)
    2 is not less than 1 (`check` failed)
    """
    aval = aval_of(pred)
    if aval.shape or aval.dtype != bool:
        raise ArgumentError(
            f"check needs a boolean of rank 0, not a value of type {aval}.",
            "Combine an array of conditions with .all() or .any().",
        )
    check_format("check", msg, fmt_args, fmt_kwargs)
    leaves, values = tree.flatten((fmt_args, fmt_kwargs))
    payload = [operand(x, aval_of(x).strengthen()) for x in leaves]
    site = Message(msg + " (`check` failed)", values, user_source())
    _bind_check(not_(operand(pred, aval)), payload, site, debug)


def debug_check(pred: Any, msg: str, *fmt_args: Any, **fmt_kwargs: Any) -> None:
    """A :func:`check` that does nothing, and costs nothing compiled, without ``checkify``.

    Raises
    ------
    ArgumentError: ``pred`` is no boolean of rank 0. OptionError: the format does not fit.

    >>> from functrans.experimental import checkify
    >>> checkify.debug_check(2 < 1, "not seen")
    >>> error, _ = checkify.checkify(lambda x: checkify.debug_check(x < 1, "seen"))(2)
    >>> error.get().splitlines()[0]
    'seen (`check` failed)'
    """
    check(pred, msg, *fmt_args, debug=True, **fmt_kwargs)


def check_error(error: Error) -> None:
    """Raise what an Error value says went wrong, or pass it on to the ``checkify`` around.

    Raises
    ------
    FailedCheckError: as :func:`check`. ArgumentError: ``error`` is no Error.

    >>> from functrans.experimental import checkify
    >>> error, _ = checkify.checkify(lambda x: checkify.check(x > 0, "negative"))(1.0)
    >>> checkify.check_error(error)
    """
    if not isinstance(error, Error):
        raise ArgumentError(f"check_error needs an Error, not {error!r:.60}.")
    site = Passed(error.sites, tuple(map(len, error.kept)))
    failed = ne(error.code, np.int64(0))
    axes = tuple(range(aval_of(error.code).ndim))
    flat = [x for values in error.kept for x in values]
    _bind_check(reduce_or(failed, axes), [error.code, *flat], site)
