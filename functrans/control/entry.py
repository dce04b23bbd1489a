"""One program of a jitted function: what is known of it between tracing and calling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from functrans import tree
from functrans.core.jaxpr import Jaxpr

if TYPE_CHECKING:
    from functrans.codegen.call import Signature


class Entry:
    """One traced program of a jitted function."""

    __slots__ = ("donated", "in_tree", "jaxpr", "lifted", "out_tree", "seconds", "shortened")

    def __init__(
        self,
        jaxpr: Jaxpr,
        lifted: Sequence[Any],
        in_tree: tree.PyTreeDef,
        out_tree: tree.PyTreeDef,
        donated: tuple[int, ...] = (),
        seconds: float = 0.0,
    ) -> None:
        self.jaxpr = jaxpr
        self.seconds = seconds  # that tracing took
        self.lifted = lifted  # tracers of outer transforms that the function closed over
        self.in_tree = in_tree
        self.out_tree = out_tree
        self.donated = donated  # leaves whose memory results may take
        self.shortened = False  # whether it has had its place among the native signatures


def call_signature(
    in_tree: tree.PyTreeDef, out_tree: tree.PyTreeDef, statics: Mapping[int | str, Any]
) -> Signature:
    """The arguments as they are passed: static ones, by position or name, among those of
    ``in_tree``."""
    from functrans.codegen.call import Argument, Signature, Static  # heavy: with the compiler

    dynamic, keywords = in_tree.children
    fixed: dict[int | str, Argument] = {place: Static(value) for place, value in statics.items()}
    numbers = [place for place in fixed if isinstance(place, int)]
    rest = iter(dynamic.children)
    count = len(dynamic.children) + len(numbers)
    positional = [fixed[i] if i in fixed else next(rest) for i in range(count)]
    named = dict(zip(keywords.aux, keywords.children, strict=True))
    named |= {place: fixed[place] for place in fixed if isinstance(place, str)}
    return Signature(tuple(positional), named, out_tree)
