"""custom_lin: a linear function that is only known backwards, as bwd of custom_vjp gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from functrans import kernel
from functrans.control import own_rules
from functrans.control.bodies import filled
from functrans.core.avals import Aval, aval_of
from functrans.core.axes import Name
from functrans.core.primitive import Primitive
from functrans.core.trace import bind
from functrans.errors import CustomRuleError
from functrans.primitives.layout import batch_to_front, move_axis, reduce_sum
from functrans.transforms.vmap import batch_flat, mapped_name

Values = Sequence[Any]


class Backward(Protocol):
    """The second half: maps residuals and cotangents of the results to those of the arguments.

    None is a zero, both ways.
    """

    def __call__(self, residuals: Values, cotangents: Values) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class BatchedBackward:
    """A backward rule over many examples, which come first in every cotangent it is given."""

    backward: Backward
    size: int
    residual_dims: tuple[int | None, ...]
    in_dims: tuple[int | None, ...]
    name: Name | None  # of the axis

    def __call__(self, residuals: Values, cotangents: Values) -> list[Any]:
        nonzero = [ct is not None for ct in cotangents]
        live = [ct for ct in cotangents if ct is not None]
        n = len(residuals)
        given_back: list[bool] = []

        def example(*args: Any) -> list[Any]:
            rest = iter(args[n:])
            found = self.backward(args[:n], [next(rest) if on else None for on in nonzero])
            given_back.extend(ct is not None for ct in found)
            return [ct for ct in found if ct is not None]

        dims = [*self.residual_dims, *[0] * len(live)]
        values, axes = batch_flat(example, self.size, [*residuals, *live], dims, self.name)
        pairs = iter(zip(values, axes, strict=True))
        return [
            self._placed(*next(pairs), dim) if on else None
            for on, dim in zip(given_back, self.in_dims, strict=True)
        ]

    def _placed(self, cotangent: Any, axis: int | None, dim: int | None) -> Any:
        """The examples where the argument has them; summed where it was shared."""
        cotangent = batch_to_front(self.size, cotangent, axis)
        return reduce_sum(cotangent, (0,)) if dim is None else move_axis(cotangent, 0, dim)


# --- the primitive -------------------------------------------------------------------------------
#
# Operands: residuals, then the tangents of the arguments that ``perturbed`` says have one. It
# can only be transposed; ``out_avals`` are the types of the results that have tangents, among all
# those that ``inexact`` says.


def _impl(*args: Any, residuals: int, out_avals: tuple[Aval, ...], **params: Any) -> list[Any]:
    """Zeros for zeros; nothing else is known of the function forwards."""
    if any(np.any(t) for t in args[residuals:]):
        raise CustomRuleError(
            "Forward mode reached a custom_vjp function, which has a rule for reverse mode only.",
            "Use grad or vjp, or give the function a rule for both modes with custom_jvp.",
        )
    return [np.zeros(a.shape, a.dtype) for a in out_avals]


def _abstract(*avals: Aval, out_avals: tuple[Aval, ...], **params: Any) -> list[Aval]:
    return list(out_avals)


def _linearize(nonzero: Sequence[bool], *args: Any, residuals: int, **params: Any) -> Any:
    if any(nonzero[:residuals]):
        raise CustomRuleError(
            "The forward derivative of a custom_vjp function is differentiated again, but its "
            "rule is for reverse mode only.",
            "Give the function a rule for both modes with custom_jvp.",
        )
    avals = [aval_of(t) for t in args[residuals:]]
    apply = partial(bind, custom_lin_p, *args[:residuals], residuals=residuals, **params)

    def custom_lin_pushforward(*tangents: Any) -> Any:
        return apply(*filled(tangents[residuals:], avals, [True] * len(avals)))

    return apply(*args[residuals:]), custom_lin_pushforward


def _transpose(
    cotangents: Values,
    *args: Any,
    backward: Backward,
    residuals: int,
    perturbed: tuple[bool, ...],
    out_avals: tuple[Aval, ...],
    inexact: tuple[bool, ...],
) -> None:
    given = iter(cotangents)
    found = backward(args[:residuals], [next(given) if on else None for on in inexact])
    asked = [ct for ct, on in zip(found, perturbed, strict=True) if on]
    for target, ct in zip(args[residuals:], asked, strict=True):
        if ct is not None:
            target.add(ct)


def _batch(
    size: int,
    args: Values,
    dims: Sequence[int | None],
    *,
    backward: Backward,
    residuals: int,
    perturbed: tuple[bool, ...],
    out_avals: tuple[Aval, ...],
    inexact: tuple[bool, ...],
) -> Any:
    tangents = [
        batch_to_front(size, t, d) for t, d in zip(args[residuals:], dims[residuals:], strict=True)
    ]
    first = tuple([0] * len(perturbed))
    outs = bind(
        custom_lin_p,
        *args[:residuals],
        *tangents,
        backward=BatchedBackward(backward, size, tuple(dims[:residuals]), first, mapped_name()),
        residuals=residuals,
        perturbed=perturbed,
        out_avals=tuple(a.with_shape((size, *a.shape)) for a in out_avals),
        inexact=inexact,
    )
    return outs, [0] * len(outs)


def _lower(avals: Any, out: Any, **params: Any) -> kernel.Word:
    return kernel.Fallback("a linear function that is only known backwards")


custom_lin_p: Primitive = Primitive(
    "custom_lin",
    _abstract,
    _impl,
    _linearize,
    _transpose,
    _batch,
    _lower,
    linear_in=own_rules.linear_behind_residuals,
    multiple=True,
)
