"""The derivative of the pseudoinverse, given its value.

G. Golub, V. Pereyra, The differentiation of pseudo-inverses and nonlinear least squares problems
whose variables separate (1973), theorem 4.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from functrans import kernel
from functrans.core.avals import Aval
from functrans.core.primitive import Primitive
from functrans.core.trace import bind
from functrans.errors import ShapeError
from functrans.primitives.linear import add, neg, sub
from functrans.primitives.matrices import adjoint, batch_matrices, check_matrix, matmul
from functrans.primitives.types import NOT_LINEAR


def _abstract(value: Aval, a: Aval) -> Aval:
    *lead, m, n = check_matrix("pinv", a)
    if value.shape != (*lead, n, m) or value.dtype != a.dtype:
        raise ShapeError(f"{value} is no pseudoinverse of {a}.")
    return value


def _impl(value: Any, a: Any) -> Any:
    return value


def _linearize(nonzero: Sequence[bool], value: Any, a: Any) -> Any:
    p = bind(pinv_p, value, a)
    if not nonzero[1]:
        return p, None

    def pushforward(_value: Any, t: Any) -> Any:
        total = neg(matmul(p, matmul(t, p)))
        th, ph = adjoint(t), adjoint(p)
        left = matmul(matmul(p, ph), th)  # A⁺·A⁺ᴴ·Ȧᴴ·(1 − A·A⁺)
        total = add(total, sub(left, matmul(left, matmul(a, p))))
        right = matmul(th, matmul(ph, p))  # (1 − A⁺·A)·Ȧᴴ·A⁺ᴴ·A⁺
        return add(total, sub(right, matmul(matmul(p, a), right)))

    return p, pushforward


def _lower(avals: Sequence[Aval], out: Aval) -> kernel.Word:
    return kernel.Reshape()


pinv_p: Primitive = Primitive(
    "pinv",
    _abstract,
    _impl,
    _linearize,
    NOT_LINEAR,
    batch_matrices(lambda: pinv_p),
    _lower,
)


def pinv(value: Any, a: Any) -> Any:
    """``value``, the pseudoinverse of ``a``, with its derivative at fixed rank."""
    return bind(pinv_p, value, a)
