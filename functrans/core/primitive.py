"""The primitive: a frozen record whose every slot holds a rule or says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from functrans.core.avals import Aval
from functrans.errors import MissingRuleError

Rule = Callable[..., Any]
Ints = tuple[int, ...]


class Absent:
    """A slot without a rule. Calling it raises :class:`MissingRuleError` with the reason.

    >>> ft.extend.Absent("the operation is not linear in any operand")
    Absent('the operation is not linear in any operand')
    """

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __call__(self, *args: Any, **params: Any) -> NoReturn:
        raise MissingRuleError(
            f"There is no rule here: {self.reason}.",
            "Use an operation that has this rule, or give one of your own.",
        )

    def __repr__(self) -> str:
        return f"Absent({self.reason!r})"


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """One operation and all that the transforms need to know of it.

    Arrays are positional, static parameters are keywords. A primitive never broadcasts or
    promotes: its array operands have the shapes and dtypes that ``abstract`` asks for. (An
    elementwise operand may also be a rank-0 constant.)

    Slots
    -----
    abstract(*avals, **params) -> Aval, or a list of them when ``multiple``:
        the type of the result; raises ShapeError or DtypeError.
    impl(*arrays, **params):
        the NumPy implementation. It may return a view of an operand.
    linearize(nonzero, *args, **params) -> (out, pushforward):
        computes the output and whatever the derivative needs, and returns a linear function from
        tangents to the output's tangent. ``nonzero`` says which arguments have a tangent; the
        others are passed as None. A ``pushforward`` of None means that the derivative is zero.
    transpose(cotangent, *args, **params) -> None:
        for primitives that are linear in some operands: each such operand arrives as an
        Accumulator and is given its share with ``add``. Of a ``multiple`` primitive the
        cotangents are a list, None for a zero.
    batch(size, args, dims, **params) -> (out, dim):
        the operation over one more axis; ``dims`` holds its position in each argument or None.
    lower(avals, out_avals, **params) -> kernel.Word:
        what the compiler is told.
    jvp(primals, tangents, **params) -> (out, tangent), optional:
        where forward mode can be cheaper than what ``linearize`` gives.
    effects(**params) -> bool, optional:
        whether an equation does something besides computing its results. It then runs exactly as
        often as the program says and in its order, whether or not anybody reads the results. A
        primitive that has this slot may also raise what Python code raises.
    failure(**params) -> Exception, optional:
        the error that some values of the operands raise, for compiled code, which says by a
        status that it met them. (An index out of bounds has no need of this slot.)
    linear_in(owned, **params) -> bool, optional:
        of a ``multiple`` primitive: whether all results are linear in these operands together, so
        that none is known where the operands are not.

    >>> ft.make_jaxpr(np.sin)(1.0).eqns[0].primitive
    sin
    """

    name: str
    abstract: Rule
    impl: Rule
    linearize: Rule | Absent
    transpose: Rule | Absent
    batch: Rule | Absent
    lower: Rule | Absent
    jvp: Rule | None = None
    effects: Callable[..., bool] | None = None
    failure: Callable[..., Exception] | None = None
    linear_in: Callable[..., bool] | None = None
    multiple: bool = False

    def __repr__(self) -> str:
        return self.name


SLOTS = ("abstract", "impl", "linearize", "transpose", "batch", "lower")
"""The slots of every primitive, in the order in which ``docs/rules.md`` shows them."""


class Accumulator:
    """What a transpose rule sees in place of a linear operand: it collects cotangents.

    ``aval`` is the operand's type. Adding into a part of the operand costs the size of the part,
    not of the whole.

    >>> def doubled_transpose(cotangent, x):
    ...     if isinstance(x, ft.extend.Accumulator):
    ...         x.add(2.0 * cotangent)
    """

    __slots__ = ()

    @property
    def aval(self) -> Aval:
        raise NotImplementedError

    def add(self, cotangent: Any) -> None:
        """Add a cotangent of the operand's shape."""
        raise NotImplementedError

    def take(self) -> Any:
        """What has been added so far, which counts no longer; None where nothing has been.

        A rule that adds to it in place, in a program that it holds, adds the whole again.
        """
        raise NotImplementedError

    def add_slice(self, cotangent: Any, start: Ints, limit: Ints, strides: Ints) -> None:
        """Add a cotangent of the shape of ``operand[start:limit:strides]``."""
        raise NotImplementedError

    def add_at(self, cotangent: Any, indices: tuple[Any, ...], axes: Ints, mode: str) -> None:
        """Add a cotangent of the shape of a gather at ``indices`` of ``axes``."""
        raise NotImplementedError
