"""Custom rules: what functions with derivative rules of the user's own have in common."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property, update_wrapper
from typing import Any

import numpy as np

from functrans import tree
from functrans.control.call import Static
from functrans.core.avals import Aval, aval_of, float0
from functrans.core.jaxpr import Jaxpr, is_literal_value
from functrans.core.trace import Trace, Tracer
from functrans.errors import ArgumentError, CustomRuleError, OptionError, UnexpectedTracerError
from functrans.passes.inline import inline
from functrans.primitives.layout import zeros
from functrans.transforms.linearize import DualTrace
from functrans.transforms.split import SplitTrace
from functrans.transforms.stage import behind, check_callable, name_of, stage


class SymbolicZero:
    """A tangent or cotangent that is known to be zero, where a rule asked to be told.

    ``aval`` is its type, ``shape`` and ``dtype`` are its parts.

    >>> zero = ft.custom_derivatives.SymbolicZero(ft.eval_shape(np.sin, 1.0))
    >>> zero.shape, zero.dtype
    ((), dtype('float64'))
    """

    __slots__ = ("aval",)

    def __init__(self, aval: Any) -> None:
        self.aval = aval

    @staticmethod
    def from_primal_value(value: Any) -> SymbolicZero:
        """The zero tangent of a value."""
        return SymbolicZero(aval_of(value).strengthen().tangent())

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the zero."""
        return self.aval.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the zero; float0 for integers and booleans."""
        return self.aval.dtype  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"SymbolicZero({self.aval})"


def zero_from_primal(value: Any, symbolic_zeros: bool = False) -> Any:
    """The zero tangent of a value: an array, or with ``symbolic_zeros`` a SymbolicZero.

    >>> ft.custom_derivatives.zero_from_primal(np.ones(2))
    array([0., 0.])
    """
    return instantiated(None, aval_of(value), symbolic_zeros)


def instantiated(value: Any, aval: Aval, symbolic: bool) -> Any:
    """A tangent or cotangent of a value of type ``aval`` as a rule is given it; None is zero."""
    if value is not None:
        return value
    wanted = aval.strengthen().tangent()
    if symbolic:
        return SymbolicZero(wanted)
    return np.zeros(wanted.shape, float0) if wanted.dtype == float0 else zeros(wanted)


def described(function: Callable[..., Any]) -> str:
    """A function's name and where it is defined."""
    name = name_of(function)
    code = getattr(function, "__code__", None)
    return name if code is None else f"{name} ({code.co_filename}:{code.co_firstlineno})"


# --- calls ---------------------------------------------------------------------------------------


class CustomFunction:
    """A function with rules: which arguments they are about, and how it is called."""

    def __init__(
        self,
        fun: Callable[..., Any],
        nondiff_argnums: int | Sequence[int] = (),
        nondiff_argnames: str | Sequence[str] = (),
    ) -> None:
        check_callable(type(self).__name__, fun)
        wrapper: Any = self
        update_wrapper(wrapper, behind(fun))
        wrapper.__wrapped__, wrapper.__name__ = fun, name_of(fun)
        self.fun = fun
        numbers = (nondiff_argnums,) if isinstance(nondiff_argnums, int) else nondiff_argnums
        names = (nondiff_argnames,) if isinstance(nondiff_argnames, str) else nondiff_argnames
        self.nondiff_argnums = (*numbers, *(self._number(name) for name in names))

    @cached_property
    def _signature(self) -> inspect.Signature | None:
        if isinstance(self.fun, np.ufunc):  # its options are no arguments
            return None
        try:
            return inspect.signature(self.fun)
        except (TypeError, ValueError):  # functions written in C may have none
            return None

    @cached_property
    def _count(self) -> int | None:
        """The number of arguments, of a function that takes a fixed number by position."""
        parameters = [] if self._signature is None else list(self._signature.parameters.values())
        fixed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return len(parameters) if all(p.kind in fixed for p in parameters) else None

    @property
    def name(self) -> str:
        """The function's name, for messages."""
        return name_of(self.fun)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def _number(self, name: str) -> int:
        parameters = list(inspect.signature(self.fun).parameters)
        if name not in parameters:
            raise OptionError(f"nondiff_argnames has {name!r}, which {self.name} does not take.")
        return parameters.index(name)

    def positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by position, with defaults in the place of those left out."""
        signature = self._signature
        if signature is None:
            if kwargs:
                raise ArgumentError(
                    f"{self.name} has no signature that Python can read.",
                    "Pass all arguments by position.",
                )
            return args
        if not kwargs and len(args) == self._count:
            return args
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        named = [name for name in bound.kwargs if name in kwargs]
        if named:
            raise ArgumentError(
                f"Rules take arguments by position, but {self.name} takes "
                f"{', '.join(map(repr, named))} by keyword only.",
                "Leave out the * of its signature.",
            )
        return bound.args

    def site(self, args: tuple[Any, ...]) -> tuple[Site, list[Any]]:
        """How it is called, and the leaves of the arguments that the rules are about."""
        fixed = []
        for i in self.nondiff_argnums:
            if not -len(args) <= i < len(args):
                raise OptionError(
                    f"nondiff_argnums names argument {i}, but {self.name} got {len(args)}."
                )
            fixed.append(i % len(args))
        rest = tuple(x for i, x in enumerate(args) if i not in fixed)
        leaves, in_tree = tree.flatten(rest)
        statics = tuple((i, Static(args[i])) for i in sorted(fixed))
        return Site(self, statics, in_tree), leaves


class OutTree:
    """The structure of a function's result, which the function and its rules must agree on."""

    __slots__ = ("structure",)

    def __init__(self) -> None:
        self.structure: tree.PyTreeDef | None = None

    def flatten(self, out: Any, who: object) -> list[Any]:
        """The leaves of a result of ``who``."""
        leaves, structure = tree.flatten(out)
        if self.structure is None:
            self.structure = structure
        elif self.structure != structure:
            raise CustomRuleError(
                f"{who} gave a result of the structure {structure}, but it is {self.structure} "
                "elsewhere.",
                "The function and its rules must return the same containers and keys.",
            )
        return leaves

    def unflatten(self, leaves: Sequence[Any]) -> Any:
        assert self.structure is not None
        return tree.unflatten(self.structure, leaves)


@dataclass(frozen=True, slots=True)
class Site:
    """One way of calling a function with rules; sites are equal where rules cannot differ."""

    owner: CustomFunction
    fixed: tuple[tuple[int, Static], ...]
    in_tree: tree.PyTreeDef
    out: OutTree = field(default_factory=OutTree, compare=False)

    @property
    def nondiff(self) -> list[Any]:
        """The arguments that the rules get first."""
        return [static.value for _, static in self.fixed]

    def values(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments that the rules are about."""
        values: tuple[Any, ...] = tree.unflatten(self.in_tree, leaves)
        return values

    def run(self, *leaves: Any) -> list[Any]:
        """The function itself, from leaves to leaves."""
        fixed = {i: static.value for i, static in self.fixed}
        rest = iter(self.values(leaves))
        count = len(fixed) + len(self.in_tree.children)
        args = [fixed[i] if i in fixed else next(rest) for i in range(count)]
        return self.out.flatten(self.owner.fun(*args), self.owner.name)

    def __str__(self) -> str:
        return self.owner.name


def only_derivatives(trace: Trace | None) -> bool:
    """Whether derivatives are all that is going on, so that values are known and nothing is staged.

    Rules can then be run at once, and Python conditions on values work.
    """
    while trace is not None:
        if not isinstance(trace, DualTrace | SplitTrace):
            return False
        trace = trace.parent
    return True


def program_of(function: Callable[..., Sequence[Any]], avals: Sequence[Aval]) -> Jaxpr:
    """A flat function as a program; Python scalars stay what they are, rules stay whole."""
    return inline(stage(function, avals), own_rules=False)


def with_numbers(
    function: Callable[..., Sequence[Any]], leaves: Sequence[Any]
) -> Callable[..., Sequence[Any]]:
    """The function with those of the leaves that are plain numbers written into it."""

    def numbered(*args: Any) -> Sequence[Any]:
        pairs = zip(leaves, args, strict=True)
        return function(*(x if is_literal_value(x) else a for x, a in pairs))

    return numbered


_tracing_rules: ContextVar[tuple[CustomFunction, ...]] = ContextVar("functrans_rules", default=())


def hides_tracers(program: Jaxpr, site: Site) -> bool:
    """Whether the function, and hence perhaps its rules too, closes over traced values.

    Such rules are traced while these are alive. Not so where a rule that is being traced calls
    its own function: that would go on for ever.
    """
    hidden = [*program.consts, *tree.leaves(site.nondiff)]
    return site.owner not in _tracing_rules.get() and any(isinstance(x, Tracer) for x in hidden)


@contextmanager
def tracing_rules(site: Site) -> Iterator[None]:
    """Within the block, rules of the site's function are being traced."""
    token = _tracing_rules.set((*_tracing_rules.get(), site.owner))
    try:
        yield
    finally:
        _tracing_rules.reset(token)


@contextmanager
def hints_at_closures(rule: object) -> Iterator[None]:
    """An error about tracers that comes from within a rule says what is behind it."""
    try:
        yield
    except UnexpectedTracerError as error:
        error.add_note(
            f"{rule}, or the function itself, reads a traced value that it closes over: make the "
            "value an argument of both."
        )
        raise


def check_captured(rule: object, nonzero: Sequence[bool]) -> None:
    """Raise where a derivative is asked for with respect to something that is no argument."""
    if any(nonzero):
        raise UnexpectedTracerError(
            f"{rule} is about the function's arguments; here the derivative is asked for with "
            "respect to a value that it closes over, or that nondiff_argnums names.",
            "Pass the value as an argument of the function and its rules, or say that it is a "
            "constant: functrans.stop_gradient(x).",
        )
