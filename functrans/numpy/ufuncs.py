"""How the public function of a ufunc is made: NumPy's own for plain arrays, traced otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from functrans.core.primitive import Primitive
from functrans.core.trace import current_trace
from functrans.numpy.promote import (
    TRACED,
    apply_binary,
    apply_unary,
    cast,
    check_options,
    has_tracer,
    no_out,
    operand,
    strong,
)
from functrans.primitives import elementwise as ew
from functrans.transforms.stage import is_staging
from functrans.typing import ArrayLike, ArrayOrScalar

Function = Callable[..., Any]


def public(name: str, ufunc: np.ufunc, traced: Function, doc: str, arity: int) -> Function:
    """The public function of a ufunc: NumPy's own for plain arrays, ``traced`` otherwise."""

    def with_options(*args: Any, **options: Any) -> Any:
        if not options:
            return traced(*args)
        if len(args) > arity:
            no_out(name, args[arity])
        dtype = check_options(name, options)
        if dtype is None:
            return traced(*args[:arity])
        return cast(traced(*(cast(operand(a), dtype) for a in args[:arity])), dtype)

    def function(*args: Any, **options: Any) -> Any:
        trace = current_trace()
        if trace is None or (not has_tracer(args, options) and not is_staging(trace)):
            return ufunc(*args, **options)
        return with_options(*args, **options)

    TRACED[ufunc] = with_options
    if ufunc.nin == 2 and ufunc.nout == 1 and ufunc.signature is None:
        for method in ("reduce", "accumulate", "outer", "at"):
            setattr(function, method, getattr(ufunc, method))
    with_options.__name__ = function.__name__ = function.__qualname__ = name
    function.__module__ = "functrans.numpy"
    function.__dict__["__wrapped__"] = traced  # whose parameters help and editors show
    function.__doc__ = after_first(doc, f"As ``numpy.{ufunc.__name__}``.")
    return function


def after_first(doc: str, note: str) -> str:
    """A docstring with ``note`` as its second paragraph."""
    first, gap, rest = doc.partition("\n\n")
    return f"{first}\n\n    {note}{gap}{rest}"


def unary(ufunc: np.ufunc, primitive: Primitive, doc: str, example: str) -> Function:
    """A public function of one operand that is one primitive."""

    def traced(x: ArrayLike, /) -> ArrayOrScalar:
        return apply_unary(primitive, ufunc, x)

    return public(ufunc.__name__, ufunc, traced, ew.with_example(doc, example), 1)


def binary(ufunc: np.ufunc, primitive: Primitive, doc: str, example: str) -> Function:
    """A public function of two operands that is one primitive."""

    def traced(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
        return strong(apply_binary(primitive, ufunc, x, y))

    return public(ufunc.__name__, ufunc, traced, ew.with_example(doc, example), 2)


def derived(ufunc: np.ufunc) -> Callable[[Function], Function]:
    """A public function whose traced meaning is written in other functions."""

    def register(traced: Function) -> Function:
        home = traced.__module__
        function = public(ufunc.__name__, ufunc, traced, traced.__doc__ or "", ufunc.nin)
        function.__module__ = home  # where doctest looks for its example
        return function

    return register
