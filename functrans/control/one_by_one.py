"""One example after the other: vmap of operations whose effects differ between examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from functrans.control.bodies import staged
from functrans.control.loops import run_scan
from functrans.core.avals import aval_of
from functrans.core.axes import HERE, concerns
from functrans.core.jaxpr import is_effectful, programs_among
from functrans.core.primitive import Primitive
from functrans.core.trace import bind
from functrans.primitives.layout import move_axis


def acts_for_each(primitive: Primitive, params: dict[str, Any]) -> bool:
    """Whether examples that go different ways must run apart, each for its own effects.

    Programs that go across the examples cannot.
    """
    effectful = any(map(is_effectful, programs_among(params)))
    return effectful and not concerns(primitive, params, HERE)


def one_by_one(
    primitive: Primitive,
    size: int,
    args: Sequence[Any],
    dims: Sequence[int | None],
    params: dict[str, Any],
) -> tuple[list[Any], list[int | None]]:
    """The operation as a loop over the examples; all results have them first."""
    fixed = [x for x, d in zip(args, dims, strict=True) if d is None]
    rows = [move_axis(x, d, 0) for x, d in zip(args, dims, strict=True) if d is not None]

    def example(*xs: Any) -> list[Any]:
        shared, own = iter(xs[: len(fixed)]), iter(xs[len(fixed) :])
        outs: list[Any] = bind(
            primitive, *(next(shared) if d is None else next(own) for d in dims), **params
        )
        return outs

    row_avals = [aval_of(x).with_shape(aval_of(x).shape[1:]) for x in rows]
    body = staged(example, [*map(aval_of, fixed), *row_avals])
    _, outs = run_scan(body, fixed, (), rows, size, False)
    return outs, [0] * len(outs)
