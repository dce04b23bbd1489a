"""Identities that mean something to a transform or to the compiler: constants, names, barriers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind, bind_many
from functrans.primitives.types import NOT_LINEAR


def _identity_lower(avals: Sequence[Aval], out: Aval, **params: Any) -> kernel.Word:
    return kernel.Reshape()


# --- stop_gradient -------------------------------------------------------------------------------


def _stop_abstract(x: Aval) -> Aval:
    return x


def _stop_impl(x: Any) -> Any:
    # A copy: the result is no traced value, so that the user may change it in place.
    return x.copy() if type(x) is np.ndarray else x


def _stop_linearize(nonzero: Sequence[bool], x: Any) -> Any:
    return bind(stop_gradient_p, x), None


def _stop_batch(size: int, args: Any, dims: Any) -> Any:
    return bind(stop_gradient_p, *args), dims[0]


stop_gradient_p: Primitive = Primitive(
    "stop_gradient",
    _stop_abstract,
    _stop_impl,
    _stop_linearize,
    NOT_LINEAR,
    _stop_batch,
    _identity_lower,
)


def stop_gradient(x: Any) -> Any:
    """``x`` as a constant for every derivative."""
    return bind(stop_gradient_p, x)


# --- names ---------------------------------------------------------------------------------------


def _name_abstract(x: Aval, *, name: str) -> Aval:
    return x.strengthen()


def _name_impl(x: Any, *, name: str) -> Any:
    return x


def _name_linearize(nonzero: Sequence[bool], x: Any, *, name: str) -> Any:
    return bind(name_p, x, name=name), lambda t: t


def _name_transpose(cotangent: Any, x: Accumulator, *, name: str) -> None:
    x.add(cotangent)


def _name_batch(size: int, args: Any, dims: Any, *, name: str) -> Any:
    return bind(name_p, *args, name=name), dims[0]


name_p: Primitive = Primitive(
    "name",
    _name_abstract,
    _name_impl,
    _name_linearize,
    _name_transpose,
    _name_batch,
    _identity_lower,
)
"""A value that policies of rematerialisation know by its name."""


# --- barriers ------------------------------------------------------------------------------------


def _barrier_abstract(*avals: Aval, kept: int) -> list[Aval]:
    return [a.strengthen() for a in avals[:kept]]


def _barrier_impl(*args: Any, kept: int) -> list[Any]:
    return list(args[:kept])


def _barrier_linearize(nonzero: Sequence[bool], *args: Any, kept: int) -> Any:
    return bind(barrier_p, *args, kept=kept), lambda *tangents: list(tangents[:kept])


def _barrier_transpose(cotangents: Sequence[Any], *args: Any, kept: int) -> None:
    for x, cotangent in zip(args, cotangents, strict=False):
        if isinstance(x, Accumulator) and cotangent is not None:
            x.add(cotangent)


def _barrier_batch(size: int, args: Any, dims: Any, *, kept: int) -> Any:
    return bind(barrier_p, *args, kept=kept), dims[:kept]


def _barrier_lower(avals: Sequence[Aval], out: Sequence[Aval], *, kept: int) -> kernel.Word:
    return kernel.Fence(kept)


barrier_p: Primitive = Primitive(
    "barrier",
    _barrier_abstract,
    _barrier_impl,
    _barrier_linearize,
    _barrier_transpose,
    _barrier_batch,
    _barrier_lower,
    multiple=True,
)
"""The first ``kept`` operands, once all operands are known.

No pass sees that a result is its operand: what is computed from it is not what was computed from
the operand before, and comes after it.
"""


def barrier(kept: Sequence[Any], awaited: Sequence[Any]) -> list[Any]:
    """The values ``kept`` for what must not be computed before ``awaited`` is."""
    if not kept:
        return []
    return bind_many(barrier_p, *kept, *awaited, kept=len(kept))
