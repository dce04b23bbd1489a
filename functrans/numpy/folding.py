"""Functions of two numbers folded over an axis: any ufunc's ``reduce`` and ``accumulate``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from functrans.control.loops import scan
from functrans.core.avals import dtype_of, native, shape_of
from functrans.errors import ArgumentError, MissingRuleError, ShapeError
from functrans.numpy import elementwise as el
from functrans.numpy.promote import (
    TRACED,
    array_like,
    axes_tuple,
    axis_index,
    cast,
    loop,
    no_out,
    operand,
    to_shape,
)
from functrans.numpy.reductions import kept
from functrans.numpy.shaping import take_slice
from functrans.numpy.vectorizing import vectorize
from functrans.primitives import layout

Binary = Callable[[Any, Any], Any]


_ANY_ORDER = frozenset(
    {
        np.logaddexp, np.logaddexp2, np.fmax, np.fmin, np.hypot, np.gcd, np.lcm, np.bitwise_and,
        np.bitwise_or, np.bitwise_xor, np.logical_xor,
    }
)  # fmt: skip
"""Associative and commutative ufuncs: their folds halve the rows until one is left."""


def fold(
    function: Binary, x: Any, axis: Any, keepdims: bool, initial: Any, any_order: bool = False
) -> Any:
    """``function(…function(function(x₀, x₁), x₂)…)`` along an axis or several.

    ``any_order`` says that the order of the elements does not matter.

    Raises
    ------
    ShapeError: there are no elements, and no initial value.
    """
    shape, dtype = shape_of(x), dtype_of(x)
    axes = axes_tuple(axis, len(shape))
    rest = tuple(d for d in range(len(shape)) if d not in axes)
    row = tuple(shape[d] for d in rest)
    count = math.prod(shape[d] for d in axes)
    rows = layout.reshape(layout.transpose(x, axes + rest), (count, *row))
    if initial is not None:
        start = to_shape(cast(operand(initial), dtype), row)
    elif count:
        start, rows = take_slice(rows, 0, 0), layout.slice_axis(rows, 0, 1, count)
    else:
        raise ShapeError("A fold of no elements has no value.", "Give initial=.")

    def step(total: Any, item: Any) -> tuple[Any, None]:
        return cast(function(total, item), dtype), None

    if any_order and shape_of(rows)[0]:
        total = step(start, _halved(function, rows))[0]
    else:
        total = scan(step, start, rows)[0]
    return layout.reshape(total, kept(shape, axes) if keepdims else row)


def _halved(function: Binary, rows: Any) -> Any:
    """The fold of all rows: one half with the other, until one row is left."""
    dtype = dtype_of(rows)
    while (count := shape_of(rows)[0]) > 1:
        half = count // 2
        pairs = (layout.slice_axis(rows, 0, k * half, (k + 1) * half) for k in (0, 1))
        folded = cast(function(*pairs), dtype)
        rest = layout.slice_axis(rows, 0, 2 * half, count)
        rows = layout.concatenate([folded, rest], 0) if count % 2 else folded
    return take_slice(rows, 0, 0)


def running_fold(function: Binary, x: Any, axis: Any) -> Any:
    """All steps of a :func:`fold` along one axis."""
    axis = axis_index(axis, len(shape_of(x)))
    rows = layout.move_axis(x, axis, 0)
    count = shape_of(rows)[0]
    if not count:
        return x

    def step(total: Any, item: Any) -> tuple[Any, Any]:
        total = cast(function(total, item), dtype_of(x))
        return total, total

    first = take_slice(rows, 0, 0)
    later = scan(step, first, layout.slice_axis(rows, 0, 1, count))[1]
    steps = layout.concatenate([layout.expand_dims(first, (0,)), later], 0)
    return layout.move_axis(steps, 0, axis)


# --- of ufuncs -----------------------------------------------------------------------------------


def reduce(
    ufunc: np.ufunc, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None,
    keepdims: bool = False, initial: Any = None, where: Any = True,
) -> Any:  # fmt: skip
    """``ufunc.reduce`` of a traced array, of a ufunc that no reduction is made for."""
    no_out(f"{ufunc.__name__}.reduce", out)
    if where is not True:
        raise ArgumentError(
            f"{ufunc.__name__}.reduce takes no where= under a transform.",
            "Put the identity there: functrans.numpy.where(mask, x, identity).",
        )
    x = _elements(ufunc, array, dtype)
    empty = not math.prod(shape_of(x)) and initial is None
    start = ufunc.identity if empty else initial
    return fold(TRACED[ufunc], x, axis, keepdims, start, ufunc in _ANY_ORDER)


def accumulate(ufunc: np.ufunc, array: Any, axis: Any, dtype: Any) -> Any:
    """``ufunc.accumulate`` of a traced array."""
    return running_fold(TRACED[ufunc], _elements(ufunc, array, dtype), axis)


def _elements(ufunc: np.ufunc, array: Any, dtype: Any) -> Any:
    """The elements in the dtype in which the ufunc folds them."""
    x = array_like(array)
    if ufunc is np.logical_xor:
        return el.truth(x)
    kind = dtype_of(x) if dtype is None else np.dtype(dtype)
    first, _, result = loop(ufunc, kind, kind)
    if first != result:
        raise MissingRuleError(
            f"{ufunc.__name__} of {first} gives {result}, so it cannot be folded.",
            "Compare with functrans.numpy.diff, or write the loop with functrans.lax.scan.",
        )
    return cast(x, result)


# --- of Python functions -------------------------------------------------------------------------


class Ufunc:
    """A function of numbers for arrays of any shape, as :func:`frompyfunc` makes it.

    ``reduce``, ``accumulate`` and ``outer`` are there for functions of two numbers with one result.

    >>> add = fnp.frompyfunc(lambda x, y: x + y, 2, 1, identity=0)
    >>> add.outer(np.array([1, 2]), np.array([10, 20]))
    array([[11, 21],
           [12, 22]])
    """

    def __init__(self, func: Any, nin: int, nout: int, identity: Any) -> None:
        self.nin, self.nout, self.identity = nin, nout, identity
        self._vectorized = vectorize(func)
        self.__name__ = getattr(func, "__name__", "ufunc")
        self.__doc__ = func.__doc__

    def __repr__(self) -> str:
        return f"<functrans ufunc {self.__name__!r}>"

    def __call__(self, *args: Any) -> Any:
        if len(args) != self.nin:
            raise ArgumentError(f"{self.__name__} takes {self.nin} operands, not {len(args)}.")
        return self._vectorized(*args)

    def reduce(self, a: Any, axis: Any = 0, *, keepdims: bool = False, initial: Any = None) -> Any:
        """The function folded along an axis, or along all for None, from the first element on."""
        self._check_binary("reduce")
        x = native(array_like(a))
        empty = not math.prod(shape_of(x)) and initial is None
        return fold(self._vectorized, x, axis, keepdims, self.identity if empty else initial)

    def accumulate(self, a: Any, axis: Any = 0) -> Any:
        """All steps of :meth:`reduce` along an axis."""
        self._check_binary("accumulate")
        return running_fold(self._vectorized, native(array_like(a)), axis)

    def outer(self, a: Any, b: Any) -> Any:
        """The function of every element of ``a`` with every one of ``b``."""
        self._check_binary("outer")
        x, y = array_like(a), array_like(b)
        return self._vectorized(layout.reshape(x, shape_of(x) + (1,) * len(shape_of(y))), y)

    def _check_binary(self, method: str) -> None:
        if (self.nin, self.nout) != (2, 1):
            raise ArgumentError(
                f"{self.__name__} has no {method}: it takes {self.nin} numbers and gives "
                f"{self.nout}.",
                "It is there for functions of two numbers with one result.",
            )


def frompyfunc(func: Callable[..., Any], /, nin: int, nout: int, *, identity: Any = None) -> Ufunc:
    """A :class:`Ufunc` of ``func``, which takes ``nin`` numbers and returns ``nout``.

    As in JAX and unlike NumPy, results are arrays of numbers, not of objects: ``func`` is traced
    once, by vmap. ``identity`` is what ``reduce`` gives for no elements.

    >>> both = fnp.frompyfunc(lambda x, y: x * y + y, 2, 1)
    >>> both(np.array([1.0, 2.0]), 10.0)
    array([20., 30.])
    >>> both.reduce(np.array([1.0, 2.0, 3.0]))
    np.float64(15.0)
    """
    return Ufunc(func, nin, nout, identity)


ufunc = Ufunc  # JAX's name for the class
